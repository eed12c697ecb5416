"""evaluate --model and --leave-out, and leave_out in a study file."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.errors import InputError
from proteoclass.matrix import simulate_cohort, write_cohort
from proteoclass.panel.toml import check_schema
from proteoclass.study import run_study
from proteoclass.study_file import EvaluatePart, Study

pytestmark = pytest.mark.usefixtures("quick_boosters", "few_half_samples")

STUDY = """
[input]
matrix = "sited/matrix.tsv"
samples = "sited/samples.tsv"
fluid = "urine"
[outcome]
column = "severity"
positive = "severe"
[panel]
size = 3
[scorer]
bags = 2
rounds = 5
[evaluate]
leave_out = "site"
permutations = 0
sizes = [1, 3]
[report]
patients = "none"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two cohorts, the first with two sites of fifteen patients each, and a model of it."""
    folder = tmp_path_factory.mktemp("external")
    for name, seed in (("sited", 1), ("elsewhere", 2)):
        cohort = simulate_cohort(patients=30, severe=14, proteins=60, visits=1, seed=seed)
        write_cohort(cohort, folder / name)
    sheet = pd.read_csv(folder / "sited" / "samples.tsv", sep="\t")
    within = sheet.groupby("severity").cumcount()
    sheet["site"] = (within % 2).map({0: "Mill Road", 1: "Old Town"})
    sheet.to_csv(folder / "sited" / "samples.tsv", sep="\t", index=False)
    options = ("--folds", "2", "--repeats", "1", "--size", "4", "--name", "first")
    trained = call(folder, "train", "sited", *options, "-o", str(folder / "first.json"))
    assert trained.exit_code == 0, trained.stderr
    return folder


def call(folder, command, cohort, *options):
    matrix, samples = (str(folder / cohort / f"{name}.tsv") for name in ("matrix", "samples"))
    outcome = ("--outcome", "severity", "--positive", "severe", "--fluid", "urine")
    return CliRunner().invoke(main, [command, matrix, "--samples", samples, *outcome, *options])


def model(place, *names):
    return [part for name in names for part in ("--model", str(place / f"{name}.json"))]


def test_a_locked_model_on_another_cohort(place):
    target = place / "external"
    result = call(place, "evaluate", "elsewhere", *model(place, "first"), "-o", str(target))
    assert result.exit_code == 0, result.stderr
    summary = json.loads((target / "evaluation.json").read_text())
    assert summary["model"]["name"].startswith("first@")
    last = result.stderr.splitlines()[-1]
    assert last.startswith(f"AUC {summary['auc']['mean_over_repeats']:.2f}")
    assert "DeLong" in last
    # Simulated proteins of another seed have other levels: some samples fit no known profile.
    auc = summary["auc"]
    assert auc["n_patients"] + summary["not_reportable"]["n"] == 30
    assert last.endswith(f"{auc['n_patients']} patients, {auc['n_positive']} positive")
    for row in summary["comparators"]:
        assert f"note: {row['verdict']}" in result.stderr
    table = pd.read_csv(target / "predictions.tsv", sep="\t")
    assert (table["used"] == "index").sum() == 30


def test_two_models_are_compared(place):
    result = call(place, "evaluate", "elsewhere", *model(place, "first", "first"), "--json")
    assert result.exit_code == 0, result.stderr
    [row] = json.loads(result.stdout)["comparisons"]
    assert row["model"]["name"].startswith("first@")
    assert row["difference"]["kind"].startswith("DeLong, paired by patient")


def test_the_training_cohort_is_refused(place):
    result = call(place, "evaluate", "sited", *model(place, "first"), "--json")
    assert result.exit_code == 3
    assert "was trained on this very file, which is no external cohort" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--folds", "3"),
        ("--permutations", "5"),
        ("--size", "3"),
        ("--sizes", "1,2"),
        ("--leave-out", "site"),
        ("--clinical", "age"),
        ("--normalise", "none"),
    ],
)
def test_an_option_that_a_locked_model_cannot_heed_is_refused(place, options):
    result = call(place, "evaluate", "elsewhere", *model(place, "first"), "--json", *options)
    assert result.exit_code == 2
    assert f"--model excludes {options[0]}: a locked model is not fitted again" in result.stderr


def test_leave_out_excludes_folds_and_repeats(place):
    result = call(place, "evaluate", "sited", "--leave-out", "site", "--folds", "3", "--json")
    assert result.exit_code == 2
    assert "--leave-out excludes --folds: each level is held out once" in result.stderr
    with pytest.raises(InputError, match="leave_out excludes folds, repeats: each level"):
        check_schema(
            EvaluatePart, {"leave_out": "site", "folds": 3, "repeats": 1}, "study.toml [evaluate]"
        )
    assert (
        Study.model_validate(
            {
                "input": {"matrix": "m", "samples": "s"},
                "outcome": {"column": "c", "positive": "p"},
                "evaluate": {"leave_out": "site"},
            }
        ).evaluate.leave_out
        == "site"
    )


def test_a_column_that_the_sheet_lacks_is_bad_input(place):
    result = call(place, "evaluate", "sited", "--leave-out", "ward", "--json")
    assert result.exit_code == 3
    assert "--leave-out ward: the sample sheet has no such column; found" in result.stderr


def test_an_empty_column_is_not_ignored(place):
    result = call(place, "evaluate", "sited", "--leave-out", " ", "--json")
    assert result.exit_code == 2
    assert "an empty name, expected the name of a column as in site" in result.stderr


@pytest.mark.long
def test_a_study_leaves_sites_out_and_reports_it(place):
    (place / "study.toml").write_text(STUDY)
    run_study(place / "study.toml", place / "run")
    evaluation = json.loads((place / "run" / "evaluation.json").read_text())
    auc = evaluation["auc"]
    assert evaluation["design"]["leave_out"] == "site"
    assert [row["level"] for row in auc["levels"]] == ["Mill Road", "Old Town"]
    # Two sites tell no spread: null in the file, words in the line and in the report.
    assert auc["interval"] == [None, None]
    assert "2 levels with an AUC" in auc["reason"]
    html = (place / "run" / "study.html").read_text()
    assert "nan" not in html.split("<body", 1)[1].casefold().split()
    assert "Each of 2 levels of site held out once, each patient in one fold only" in html
    assert "site ranked together; mean AUC within them" in html
    assert "no cohort but this one has tested it" in html
    assert "each of 2 levels of site held out once, grouped by patient" in html
    line = call(
        *(place, "evaluate", "sited", "--leave-out", "site", "--permutations", "0"),
        *("--size", "3", "--sizes", "none", "--json"),
    )
    assert line.exit_code == 0, line.stderr
    assert "(interval not reportable)" in line.stderr.splitlines()[-1]
