"""Splits broken on purpose: the run stops, and nobody gets a figure."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from proteoclass.cli.evaluate import _sentences
from proteoclass.folds import assert_not_fitted_on
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, crossfit, evaluate, inner_folds, train
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.prepared_fold import prepare_fold

QUICK = Settings(size=4, bags=1, rounds=2)
OUTCOME = Outcome("severity", "severe")
DESIGN = {"settings": QUICK, "folds": 3, "repeats": 1, "permutations": 0, "describe": False}


@pytest.fixture(scope="module")
def matrix(make_toy):
    return make_toy(patients=24, proteins=30, visits=1)


def test_a_patient_on_both_sides_stops_the_run(matrix, monkeypatch):
    kept = Cohort.rows_of

    def with_a_stranger(self, patients):
        # The samples of one more patient slip into every group of patients.
        return np.union1d(kept(self, patients), [0])

    monkeypatch.setattr(Cohort, "rows_of", with_a_stranger)
    with pytest.raises(AssertionError, match="1 patients are in both training and test rows"):
        evaluate(matrix, OUTCOME, **DESIGN)
    cohort = build_cohort(matrix, OUTCOME)
    test = np.array(["P03", "P04"], dtype=object)
    with pytest.raises(AssertionError, match="1 patients are in both"):
        prepare_fold(cohort, test, QUICK.resolve(cohort.matrix), (0, 0, 0))


@pytest.mark.parametrize("inner", [False, True])
def test_a_fit_that_takes_test_rows_stops_the_run(matrix, monkeypatch, inner):
    # The split is right and the fit is not: it learns from all rows, as `fit_transform` on
    # the whole matrix does.
    kept = crossfit.fit_procedure

    def on_all_rows(cohort, rows, *rest):
        outer = len(rows) == 16
        return kept(cohort, rows if inner == outer else cohort.index_rows(), *rest)

    for room in (crossfit, inner_folds):
        monkeypatch.setattr(room, "fit_procedure", on_all_rows)
    with pytest.raises(AssertionError, match=r"[0-9]+ test samples were fitted on"):
        evaluate(matrix, OUTCOME, **DESIGN)


def test_a_calibrator_that_takes_test_rows_stops_the_run(matrix, monkeypatch):
    kept = crossfit.inner_folds

    def on_everybody(cohort, patients, *rest):
        return kept(cohort, cohort.training_patients[0], *rest)

    monkeypatch.setattr(crossfit, "inner_folds", on_everybody)
    with pytest.raises(AssertionError, match="8 test samples were fitted on"):
        evaluate(matrix, OUTCOME, **DESIGN)


@pytest.fixture(scope="module")
def twice(matrix):
    """An evaluation of a cohort in which two patients stand under two names."""
    values = matrix.values.copy()
    values.loc["S07v0"], values.loc["S11v0"] = values.loc["S04v0"], values.loc["S05v0"]
    return evaluate(replace(matrix, values=values), OUTCOME, **DESIGN)


def test_an_honest_split_runs_and_a_patient_under_two_names_is_counted(twice):
    [said] = [text for text in twice.summary["warnings"] if "same values" in text]
    assert said.startswith("2 pairs of samples of different patients have the same values, named")
    assert "is in training and test at once" in said
    named = twice.summary["duplicates"]
    assert [(pair["first"], pair["second"]) for pair in named] == [
        ("S04v0", "S07v0"),
        ("S05v0", "S11v0"),
    ]
    assert any("S04v0 = S07v0, S05v0 = S11v0" in text for text in _sentences(twice.summary))


def test_a_model_names_no_sample_and_no_patient_whatever_was_warned_of(matrix, twice):
    model = train(matrix, OUTCOME, evaluation=twice)
    warned = model.content.evaluation["warnings"]
    assert any("2 pairs of samples" in text for text in warned)
    ids = [*matrix.samples.index, *matrix.samples["patient_id"]]
    assert not set(ids) & set(re.findall(r"\w+", model.to_json()))


def test_ids_are_compared_as_text():
    assert_not_fitted_on([1, 2], ["3"])
    with pytest.raises(AssertionError, match="1 test samples were fitted on"):
        assert_not_fitted_on([1, 2], ["2"])
