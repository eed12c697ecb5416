"""--clinical of evaluate, and clinical in a study file."""

import json

import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.errors import InputError
from proteoclass.matrix import simulate_cohort, write_cohort
from proteoclass.panel.toml import check_schema
from proteoclass.study_file import EvaluatePart, Study

pytestmark = pytest.mark.usefixtures("quick_boosters", "few_half_samples")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clinical") / "cohort"
    write_cohort(simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1), folder)
    return folder


def run(cohort, *options):
    return CliRunner().invoke(
        main,
        [
            *("evaluate", str(cohort / "matrix.tsv"), "--samples", str(cohort / "samples.tsv")),
            *("--outcome", "severity", "--positive", "severe", "--fluid", "urine", "--json"),
            *("--folds", "2", "--repeats", "1", "--permutations", "0", "--size", "2"),
            *("--sizes", "none", *options),
        ],
    )


def test_clinical_columns_reach_the_json_and_the_verdicts_are_said(cohort):
    result = run(cohort, "--clinical", "age, sex", "--clinical", "age")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert [column["name"] for column in summary["clinical"]["columns"]] == ["age", "sex"]
    said = [line for line in result.stderr.splitlines() if line.startswith("note: ")]
    assert f"note: {summary['clinical']['text']}" in said
    for row in summary["comparisons"]:
        assert said.count(f"note: {row['verdict']}") == 1
    # A line each, and few enough to be read.
    assert sum("the interval of the difference is" in line for line in said) <= 8


def test_a_column_that_the_sheet_lacks_is_bad_input(cohort):
    result = run(cohort, "--clinical", "age,sexx")
    assert result.exit_code == 3
    assert "no column 'sexx' for --clinical; did you mean 'sex'?" in result.stderr


def test_roles_go_by_their_own_names(cohort):
    result = run(cohort, "--column", "creatinine=age", "--clinical", "creatinin")
    assert "no column 'creatinin' for --clinical; did you mean 'creatinine'?" in result.stderr
    result = run(cohort, "--column", "creatinine=age", "--clinical", "age")
    assert "no column 'age' for --clinical" in result.stderr


@pytest.mark.parametrize("given", ["", "age,,sex", ","])
def test_an_empty_name_is_a_mistake_of_usage(cohort, given):
    result = run(cohort, "--clinical", given)
    assert result.exit_code == 2
    assert "an empty name, expected names of columns as in age,sex,crp_mg_l" in result.stderr


def test_a_study_file_takes_the_same_columns():
    assert EvaluatePart().clinical == []
    parts = {
        "input": {"matrix": "m.tsv", "samples": "s.tsv"},
        "outcome": {"column": "severity", "positive": "severe"},
        "evaluate": {"clinical": ["age", "crp_mg_l"]},
    }
    assert Study.model_validate(parts).evaluate.clinical == ["age", "crp_mg_l"]
    parts["evaluate"] = {"clinical": [""]}
    with pytest.raises(InputError, match="clinical"):
        check_schema(Study, parts, "study.toml")
