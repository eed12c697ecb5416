"""--sizes and --swaps of evaluate and of study.toml."""

import json

import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.cli.evaluate import evaluate
from proteoclass.errors import InputError
from proteoclass.matrix import simulate_cohort, write_cohort
from proteoclass.panel.evidence.table import panel_sentences
from proteoclass.panel.toml import check_schema
from proteoclass.scorer.panel_size import LARGEST, SIZES
from proteoclass.study_file import EvaluatePart, Study

pytestmark = pytest.mark.usefixtures("quick_boosters", "few_half_samples")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sizes") / "cohort"
    write_cohort(simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1), folder)
    return folder


def run(cohort, *options):
    return CliRunner().invoke(
        main,
        [
            *("evaluate", str(cohort / "matrix.tsv"), "--samples", str(cohort / "samples.tsv")),
            *("--outcome", "severity", "--positive", "severe", "--fluid", "urine", "--json"),
            *("--folds", "2", "--repeats", "1", "--permutations", "0", "--size", "2"),
            *options,
        ],
    )


def test_sizes_and_swaps_reach_the_json_and_are_said(cohort):
    result = run(cohort, "--sizes", "2,1", "--swaps")
    assert result.exit_code == 0, result.stderr
    panel = json.loads(result.stdout)["panel"]
    assert [point["size"] for point in panel["size_curve"]] == [1, 2]
    assert {"auc", "interval", "n_folds"} <= set(panel["size_curve"][0])
    assert panel["best_single_protein"]["verdict"]
    said = " ".join(result.stderr.split())
    for part in ("smallest_within_one_se", "swaps"):
        assert panel[part]["text"] in said


@pytest.mark.parametrize("given", ["few", "1;2", "", "1.5", "1,,2"])
def test_what_is_no_list_of_sizes_is_a_mistake_of_usage(cohort, given):
    result = run(cohort, "--sizes", given)
    assert result.exit_code == 2
    assert f"found {given!r}, expected whole numbers like 1,5,20, or none" in result.stderr


@pytest.mark.parametrize("size", [0, LARGEST + 1])
def test_a_size_out_of_range_is_a_mistake_of_usage(cohort, size):
    result = run(cohort, "--sizes", f"5,{size}")
    assert result.exit_code == 2
    assert f"found {size}, expected whole numbers from 1 to {LARGEST}" in result.stderr
    assert "note:" not in result.stderr


def test_the_command_the_study_file_and_the_room_have_the_same_sizes():
    [option] = [each for each in evaluate.params if each.name == "sizes"]
    assert option.type.convert(option.default, None, None) == SIZES
    assert option.type.convert("none", None, None) == ()
    assert tuple(EvaluatePart().sizes) == SIZES
    assert EvaluatePart(sizes=[]).sizes == []


def test_a_study_file_with_a_size_out_of_range_is_refused():
    parts = {
        "input": {"matrix": "m.tsv", "samples": "s.tsv"},
        "outcome": {"column": "severity", "positive": "severe"},
        "evaluate": {"sizes": [5, 51]},
    }
    with pytest.raises(InputError, match="sizes"):
        check_schema(Study, parts, "study.toml")


def test_nothing_found_is_nothing_said():
    assert panel_sentences({}) == []
