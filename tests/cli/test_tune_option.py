"""--tune of evaluate and train, and tune in a study file."""

import json

import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.errors import InputError
from proteoclass.matrix import simulate_cohort, write_cohort
from proteoclass.panel.toml import check_schema
from proteoclass.scorer import Settings
from proteoclass.study_file import ScorerPart, Study

pytestmark = pytest.mark.usefixtures("quick_boosters", "few_half_samples")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tune") / "cohort"
    write_cohort(simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1), folder)
    return folder


def run(command, cohort, *options):
    return CliRunner().invoke(
        main,
        [
            *(command, str(cohort / "matrix.tsv"), "--samples", str(cohort / "samples.tsv")),
            *("--outcome", "severity", "--positive", "severe", "--fluid", "urine"),
            *("--folds", "2", "--repeats", "1", "--size", "2", *options),
        ],
    )


@pytest.mark.parametrize("asked", ["auto", "none"])
def test_evaluate_says_which_blend_was_used(cohort, asked):
    quick = ("--permutations", "0", "--sizes", "none", "--json", "--tune", asked)
    result = run("evaluate", cohort, *quick)
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["settings"]["tune"] == summary["tuning"]["asked"] == asked
    assert sum(summary["tuning"]["chosen"].values()) == 2
    assert len(summary["tuning"]["candidates"]) == (4 if asked == "auto" else 1)
    assert f"note: {summary['tuning']['text']}" in result.stderr.splitlines()


def test_train_says_it_and_the_model_holds_it(cohort, tmp_path):
    result = run("train", cohort, "--tune", "none", "-o", str(tmp_path / "m.json"))
    assert result.exit_code == 0, result.stderr
    text = "Nothing was tuned (--tune none): blend, ridge penalty 10, in every fit."
    assert f"note: {text}" in result.stderr.splitlines()
    content = json.loads((tmp_path / "m.json").read_text())["content"]
    assert content["evaluation"]["tuning"]["text"] == text
    assert content["booster_weight"] == 0.5


def test_a_study_file_may_ask_for_it():
    document = {
        "input": {"matrix": "m.tsv", "samples": "s.tsv"},
        "outcome": {"column": "severity", "positive": "severe"},
        "scorer": {"tune": "none", "booster_weight": 1.0},
    }
    settings = Settings(**check_schema(Study, document, "study.toml").settings_fields())
    assert (settings.tune, settings.booster_weight) == ("none", 1.0)
    assert (ScorerPart().tune, ScorerPart().booster_weight) == ("auto", 0.5)
    document["scorer"] = {"tune": "hard"}
    with pytest.raises(InputError, match=r"scorer\.tune: found 'hard', input should be 'auto'"):
        check_schema(Study, document, "study.toml")
