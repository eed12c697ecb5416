"""evaluate, train, model, score and explain: what they hand on and what they print.

The scorer itself is replaced by stand-ins that record their arguments; it has tests of its own.
"""

import json
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.errors import TooLittleDataError

PATIENTS = {"n_patients": 50, "n_positive": 11}
AUC = {
    "mean_over_repeats": 0.861,
    "interval": [0.78, 0.93],
    "interval_kind": "Nadeau-Bengio",
    **PATIENTS,
}
SETTINGS = {"constraints": {"sentences": ["Left out of the choice by default: 2 keratins."]}}
TUNING = {"text": "Nothing was tuned (--tune none): blend, ridge penalty 10, in every fit."}
SUMMARY = {
    "panel": {},
    "settings": SETTINGS,
    "imputation": {"text": "Values that were not detected, --impute auto: low in 20 of 20."},
    "tuning": TUNING,
    "comparators": [],
    "learning_curve": {},
    "conformal": {},
    "auc": AUC,
    "permutation": {"p": 0.0099},
    "cohort": PATIENTS,
    "warnings": ["batch and outcome are associated"],
    "duplicates": [],
}
MODEL = {
    "settings": SETTINGS,
    "normalise": {"method": "pqn", "n_reference": 50},
    "impute": {"asked": "auto", "method": "low"},
    "name": "urine-20",
    "sha256": "ab" * 32,
    "created": "2024-01-01",
    "fluid": "urine",
    "kind": "intensity",
    "outcome": {"column": "severity", "positive": "severe", "negative": "non-severe"},
    "thresholds": {
        "lower": 20.04,
        "upper": 61.0,
        "rule": "sensitivity 0.9",
        "externally_validated": False,
    },
    "training": {"n_patients": 50, "n_positive": 11, "n_negative": 39, "n_sites": 1},
    "auc": AUC,
    "evaluation": {"tuning": TUNING},
    "panel": [{"id": "P1", "accessions": "P1", "gene": "G1", "direction": "up"}],
    "intended_use": "research",
    "not_for": ["diagnosis", "another fluid"],
}
EXPLANATION = pd.DataFrame(
    {
        "sample_id": ["s1", "s1", "s1", "s2"],
        "origin": "locked",
        "protein_id": ["(base)", "P1", "P2", "P1"],
        "gene": [None, "G1", "G2", "G1"],
        "value": [float("nan"), 8.0, float("nan"), 9.0],
        "low": [float("nan"), 7.0, 6.0, 7.0],
        "high": [float("nan"), 9.5, 8.0, 9.5],
        "contribution": [-1.25, 0.5, 2.0, 9.0],
    }
)
OUTCOME = ("--outcome", "severity", "--positive", "severe", "--negative", "mild")


class StandInEvaluation:
    summary = SUMMARY

    def write(self, folder):
        (folder / "evaluation.json").write_text("{}")


class StandInModel:
    sha256 = "ab" * 32
    name = "severity@abababababab"
    content = SimpleNamespace(
        panel=[SimpleNamespace(id="P1"), SimpleNamespace(id="P2")],
        input=SimpleNamespace(kind="intensity", scale="raw"),
        training=SimpleNamespace(matrix_sha256="cd" * 32),
        control_pool=None,
    )

    def summary(self):
        return MODEL

    def wanted(self):
        return pd.DataFrame({"accessions": ["P1", ""], "gene": ["G1", ""]}, index=["P1", "P2"])

    def to_json(self):
        return '{"model": 1}\n'

    def score(self, matrix, *, prevalence=None):
        assert prevalence is None
        status = ["final", "not reportable"] * matrix.n_samples
        return pd.DataFrame(
            {
                "sample_id": matrix.values.index,
                "score": 1.5,
                "status": status[: matrix.n_samples],
                "reason": "only 2 were detected",
                "panel_found": len({"P1", "P2"} & set(matrix.values.columns)),
            }
        )

    def explain(self, matrix):
        return EXPLANATION


@pytest.fixture
def files(tmp_path, monkeypatch):
    (tmp_path / "m.tsv").write_text("sample_id\tP1\tP2\ns1\t200\t4\ns2\t\t8\n")
    (tmp_path / "s.tsv").write_text("sample_id\tseverity\ns1\tsevere\ns2\tmild\n")
    (tmp_path / "model.json").write_text("{}")
    monkeypatch.setattr("proteoclass.scorer.load_model", lambda path: StandInModel())
    return tmp_path


@pytest.fixture
def stand_in(monkeypatch):
    """Replace a function of the scorer; give the list of calls it received."""

    def replace(name, result):
        calls = []

        def fake(matrix, outcome, **options):
            calls.append({"n": matrix.n_samples, "outcome": outcome, **options})
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(f"proteoclass.scorer.{name}", fake)
        return calls

    return replace


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def matrix_arguments(files):
    return (files / "m.tsv", "--samples", files / "s.tsv")


def test_evaluate_hands_on_its_options_and_says_one_line(files, stand_in):
    calls = stand_in("evaluate", StandInEvaluation())
    result = run(
        *("evaluate", *matrix_arguments(files), *OUTCOME, "-o", files / "out", "--folds", 3),
        *(
            "--repeats",
            2,
            "--permutations",
            10,
            "--seed",
            4,
            "--impute",
            "low",
            "--index",
            "visit=1",
        ),
        *("--normalise", "median", "--panel", "kidney-injury-urine"),
    )
    assert result.exit_code == 0, result.output
    [call] = calls
    wanted = {"folds": 3, "repeats": 2, "permutations": 10, "seed": 4, "index": "visit=1"}
    assert wanted.items() <= call.items()
    assert call["jobs"] == 1
    assert call["progress"] is None
    assert call["panel"].name == "kidney-injury-urine"
    assert (call["settings"].impute, call["settings"].normalise) == ("low", "median")
    assert call["outcome"].negative == "mild"
    assert result.stdout == ""
    assert result.stderr.splitlines()[-5:] == [
        "note: Values that were not detected, --impute auto: low in 20 of 20.",
        f"note: {TUNING['text']}",
        "note: Left out of the choice by default: 2 keratins.",
        "note: batch and outcome are associated",
        "AUC 0.86 (interval 0.78 to 0.93, Nadeau-Bengio), permutation p 0.0099; "
        "50 patients, 11 positive",
    ]
    assert (files / "out" / "evaluation.json").is_file()


def test_evaluate_prints_json_without_a_folder(files, stand_in):
    stand_in("evaluate", StandInEvaluation())
    result = run("evaluate", *matrix_arguments(files), *OUTCOME, "--json")
    assert json.loads(result.stdout) == SUMMARY


def test_evaluate_wants_somewhere_to_put_its_result(files, stand_in):
    calls = stand_in("evaluate", StandInEvaluation())
    result = run("evaluate", *matrix_arguments(files), *OUTCOME)
    assert result.exit_code == 2
    assert "give -o DIR for the files, or --json" in result.stderr
    assert not calls


def test_evaluate_refuses_a_folder_that_exists_before_the_work(files, stand_in):
    calls = stand_in("evaluate", StandInEvaluation())
    (files / "out").mkdir()
    (files / "out" / "mine.txt").write_text("mine")
    result = run("evaluate", *matrix_arguments(files), *OUTCOME, "-o", files / "out", "--force")
    assert result.exit_code == 3
    assert "was not written by proteoclass" in result.stderr
    assert not calls


def test_an_evaluation_that_fails_leaves_nothing_behind(files, stand_in):
    stand_in("evaluate", TooLittleDataError("found 1 positive patient, expected at least 5"))
    before = sorted(files.iterdir())
    result = run("evaluate", *matrix_arguments(files), *OUTCOME, "-o", files / "out")
    assert result.exit_code == 6
    assert result.stderr.splitlines()[-1] == "error: found 1 positive patient, expected at least 5"
    assert sorted(files.iterdir()) == before


def test_what_cannot_be_reported_is_said(files, stand_in):
    evaluation = StandInEvaluation()
    evaluation.summary = {
        **SUMMARY,
        "auc": {"mean_over_repeats": 0.5, "interval": None, **PATIENTS},
        "permutation": {"p": None, "reason": "none were asked for"},
        "warnings": [],
    }
    stand_in("evaluate", evaluation)
    result = run("evaluate", *matrix_arguments(files), *OUTCOME, "-o", files / "out")
    assert result.stderr.splitlines()[-1] == (
        "AUC 0.50, no better than chance (interval not reportable), no permutation p (none were "
        "asked for); 50 patients, 11 positive"
    )


def test_train_writes_one_file(files, stand_in):
    calls = stand_in("train", StandInModel())
    target = files / "new.json"
    arguments = ("train", *matrix_arguments(files), *OUTCOME, "-o", target, "--name", "ours")
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert target.read_text() == '{"model": 1}\n'
    assert result.stderr.splitlines()[-1] == (
        "model abababababab: AUC 0.86 (interval 0.78 to 0.93, Nadeau-Bengio)"
    )
    assert "values that were not detected, --impute auto: low" in result.stderr
    assert f"note: {TUNING['text']}" in result.stderr
    assert (calls[0]["panel"], calls[0]["name"]) == (None, "ours")
    assert run(*arguments).exit_code == 3
    assert len(calls) == 1


def test_model_show_prints_the_summary_as_json(files):
    assert json.loads(run("model", "show", files / "model.json", "--json").stdout) == MODEL


def test_score_writes_a_row_a_sample_and_counts_refusals(files):
    arguments = ("score", files / "m.tsv", "--model", files / "model.json")
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    why = "only 2 were detected"
    assert result.stdout == (
        "sample_id\tscore\tstatus\treason\tpanel_found\n"
        f"s1\t1.5\tfinal\t{why}\t2\ns2\t1.5\tnot reportable\t{why}\t2\n"
    )
    assert result.stderr.splitlines()[-2:] == [
        "1 to be read with care: see their reason",
        "scored 1 samples, 1 not reportable",
    ]
    assert json.loads(run(*arguments, "--json").stdout)[0]["sample_id"] == "s1"
    assert run(*arguments, "-o", files / "scores.tsv").exit_code == 0
    assert (files / "scores.tsv").read_text() == result.stdout


def test_score_refuses_a_matrix_with_none_of_the_panel(files):
    (files / "m.tsv").write_text("sample_id\tX1\tX2\ns1\t200\t4\ns2\t\t8\n")
    arguments = ("score", files / "m.tsv", "--model", files / "model.json")
    result = run(*arguments, "-o", files / "scores.tsv")
    assert result.exit_code == 4
    assert "has none of the 2 panel proteins of model severity@abababababab" in result.stderr
    assert "(P1, P2); found X1, X2; give accessions or genes" in result.stderr
    assert not (files / "scores.tsv").exists()


def test_explain_orders_by_what_moved_the_score_most(files):
    arguments = ("explain", files / "m.tsv", "--model", files / "model.json", "--sample")
    lines = run(*arguments, "s1").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["P2", "(base)", "P1"]
    assert lines[1].split()[2:] == ["not", "detected", "6.00", "to", "8.00", "+2.000"]
    assert lines[2].split() == ["(base)", "-1.250"]
    rows = json.loads(run(*arguments, "s1", "--json").stdout)
    assert {row["sample_id"] for row in rows} == {"s1"}
    assert run(*arguments, "s2", "-o", files / "why.tsv").exit_code == 0
    assert (files / "why.tsv").read_text().count("\n") == 2


def test_explain_of_a_sample_without_a_score_gives_the_reason(files, monkeypatch):
    monkeypatch.setattr(StandInModel, "explain", lambda self, matrix: EXPLANATION.iloc[:3])
    result = run("explain", files / "m.tsv", "--model", files / "model.json", "--sample", "s2")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].endswith(
        "m.tsv: sample 's2' is not reportable and has no score to explain: only 2 were detected"
    )
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("sample", "hint"), [("s11", "did you mean 's1'?"), ("X", "its 2 samples have other names")]
)
def test_explain_of_an_unknown_sample_says_so(files, sample, hint):
    result = run("explain", files / "m.tsv", "--model", files / "model.json", "--sample", sample)
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].endswith(f"m.tsv: no sample {sample!r}; {hint}")


def test_no_input_is_ever_replaced(files):
    runner = CliRunner()
    for name in ("model.json", "m.tsv", "s.tsv"):
        before = (files / name).read_bytes()
        matrix, sheet, model = (str(files / each) for each in ("m.tsv", "s.tsv", "model.json"))
        arguments = ["score", matrix, "--samples", sheet, "--model", model]
        arguments += ["--force", "-o", str(files / name)]
        done = runner.invoke(main, arguments)
        assert done.exit_code == 3
        assert "is an input of this command" in done.stderr
        assert (files / name).read_bytes() == before
