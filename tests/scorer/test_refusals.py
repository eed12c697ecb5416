"""Files from which nothing can be learnt: `proteoclass evaluate` refuses, or warns in words."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.errors import TooLittleDataError
from proteoclass.matrix import Outcome, ProteinMatrix
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.uninformative import uninformative

N, PROTEINS = 24, 40
IDS = [f"S{i:02d}" for i in range(N)]
SEVERE = np.arange(N) % 3 == 0


def tables(**columns):
    """Return log2 values of 24 patients, eight of them severe, and their sheet."""
    rng = np.random.default_rng(3)
    values = 20 + rng.normal(size=(N, PROTEINS))
    values[:, :5] += 1.5 * SEVERE[:, None]
    named = pd.DataFrame(values, index=IDS, columns=[f"Q{i:02d}" for i in range(PROTEINS)])
    sheet = pd.DataFrame({"severity": np.where(SEVERE, "severe", "mild")} | columns, index=IDS)
    return named.rename_axis("sample_id"), sheet.rename_axis("sample_id")


@pytest.fixture
def run(tmp_path):
    def run(values, sheet, outcome="severity"):
        values.to_csv(tmp_path / "m.tsv", sep="\t")
        sheet.to_csv(tmp_path / "s.tsv", sep="\t")
        arguments = [
            "evaluate", tmp_path / "m.tsv", "--samples", tmp_path / "s.tsv", "--scale", "log2",
            "--outcome", outcome, "--positive", "severe", "--folds", "3", "--repeats", "1",
            "--permutations", "0", "-o", tmp_path / "run",
        ]  # fmt: skip
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        folder = tmp_path / "run" / "evaluation.json"
        summary = json.loads(folder.read_text(encoding="utf-8")) if folder.exists() else None
        return done, summary

    return run


def refused(done, exit_code):
    """Return the one line of a refusal."""
    assert done.exit_code == exit_code, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "AUC" not in done.stderr
    return last


def test_one_class_alone_is_refused(run):
    done, summary = run(*tables(severity="severe"))
    assert "1 labels (severe), expected two; one class alone" in refused(done, 3)
    # What was refused leaves no result behind.
    assert summary is None


def test_too_few_patients_of_a_class_are_refused(run):
    few = np.where(np.arange(N) < 4, "severe", "mild")
    done, _ = run(*tables(severity=few))
    line = refused(done, 6)
    assert "found 4 positive and 20 negative patients" in line
    assert "expected at least 5 of each" in line


def test_proteins_that_are_all_constant_are_refused(run):
    values, sheet = tables()
    values.loc[:, :] = 12.0
    values.iloc[:, 0] = np.nan
    line = refused(run(values, sheet)[0], 6)
    assert "m.tsv: no protein varies between index samples" in line
    assert "1 were found in none and 39 have one value" in line


def test_proteins_that_are_all_missing_are_refused(run):
    values, sheet = tables()
    assert "no cell holds a number" in refused(run(values * np.nan, sheet)[0], 3)


def test_a_class_without_any_value_is_refused(run):
    values, sheet = tables()
    values.loc[SEVERE] = np.nan
    line = refused(run(values, sheet)[0], 6)
    assert "none of the 8 index samples with severity 'severe' has any value" in line


def test_an_outcome_that_equals_the_batch_and_idle_proteins_are_warned_of(run, quick_boosters):
    # The label of each patient, run in a batch of its own; three idle proteins of each kind.
    values, sheet = tables(batch=np.where(SEVERE, "B1", "B2"))
    values.iloc[:, 34:37], values.iloc[:, 37:] = 12.0, np.nan
    done, summary = run(values, sheet)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stderr.split())
    expected = (
        "The batch and the outcome cannot be told apart",
        "3 of 40 proteins were found in no index sample: Q37, Q38, Q39.",
        "3 of 40 proteins have one and the same value in every index sample that has it: "
        "Q34, Q35, Q36.",
    )
    for words in expected:
        assert words in said
        assert any(words in warning for warning in summary["warnings"])
    counts = summary["cohort"]
    assert counts["n_proteins_never_found"] == counts["n_proteins_constant"] == 3
    assert counts["n_index_samples_empty"] == 0
    # Within a batch of one class there is no AUC, and that is said too.
    [batch] = [entry for entry in summary["subgroups"]["by"] if entry["column"] == "batch"]
    assert (batch["groups"], batch["n_not_reportable"]) == ([], 2)
    assert batch["not_reportable"][0]["reason"].startswith("8 positive and 0 negative patients")


def cohort(values):
    sheet = tables()[1].assign(patient_id=IDS)
    matrix = ProteinMatrix.build(values, sheet, scale="log2")
    return build_cohort(matrix, Outcome("severity", "severe"))


def test_a_sample_without_any_value_is_named():
    values = tables()[0]
    values.iloc[[2, 5]] = np.nan
    found = uninformative(cohort(values))
    assert list(found.empty) == ["S02", "S05"]
    assert found.counts()["index_samples_empty"] == "S02, S05"
    # Warnings go into the locked model, which names no sample.
    [said] = found.warnings()
    assert said.startswith("2 index samples without any value, named under `cohort`")
    assert "S02" not in said


def test_a_protein_found_once_is_neither_constant_nor_never_found():
    values = tables()[0]
    values.iloc[1:, 7] = np.nan
    found = uninformative(cohort(values))
    assert found.warnings() == []
    assert set(found.counts().values()) == {0, ""}


def test_one_idle_protein_is_said_in_the_singular():
    values = tables()[0]
    values.iloc[:, 7], values.iloc[:, 8] = 12.0, np.nan
    never, same = uninformative(cohort(values)).warnings()
    assert never == "1 of 40 proteins was found in no index sample: Q08."
    assert same.startswith("1 of 40 proteins has one and the same value")


def test_a_matrix_made_in_memory_is_named_too():
    values = tables()[0]
    values.loc[:, :] = 12.0
    with pytest.raises(TooLittleDataError, match=r"^the matrix: no protein varies"):
        uninformative(cohort(values))
    values.loc[SEVERE] = np.nan
    with pytest.raises(TooLittleDataError, match="with severity 'severe' has any value"):
        uninformative(cohort(values))
