"""Test rows set to absurd values, sheet included, move no number that was fitted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, crossfit, inner_folds
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.crossfit import FoldOptions, run_fold
from proteoclass.scorer.leave_out import left_out
from proteoclass.scorer.rivals.clinical import clinical_table
from proteoclass.scorer.rivals.evidence import patients_of
from proteoclass.scorer.rivals.nuisance import Nuisances

QUICK = Settings(size=6, bags=2, rounds=5)
OUTCOME = Outcome("severity", "severe")
POISON = 1e9
#: Numbers and names of the sheet that a rival may learn from.
COVARIATES = ("age", "crp_mg_l", "sex", "batch")
#: The one test patient who is left as measured: what the fits say of it must not move.
SPARED = "P00"


@pytest.fixture(scope="module")
def matrix(make_toy):
    """Forty-five patients of three sites with clinical columns and gaps."""
    toy = make_toy(patients=45, proteins=40, visits=1)
    rng = np.random.default_rng(4)
    patient = np.arange(45)
    samples = toy.samples.assign(
        site=np.array(["A", "B", "C"])[patient // 15],
        age=40.0 + patient,
        crp_mg_l=rng.normal(20, 5, 45) + 10 * (patient % 3 == 0),
        sex=np.where(patient % 2, "f", "m"),
        batch=np.array(["b1", "b2"])[patient % 2],
    )
    samples.loc["S05v0", "age"] = np.nan
    return replace(toy, samples=samples)


def poisoned(matrix, test):
    """Return the matrix with all of the test patients but one beyond any range."""
    struck = matrix.samples["patient_id"].isin(set(test) - {SPARED}).to_numpy()
    values, samples = matrix.values.copy(), matrix.samples.copy()
    values[struck] = POISON
    samples.loc[struck, ["age", "crp_mg_l"]] = POISON
    samples.loc[struck, "sex"] = "poison"
    samples.loc[struck, "batch"] = "poison"
    return replace(matrix, values=values, samples=samples)


def state(fitted):
    """Return every number of a fitted procedure."""
    pipeline, blend = fitted.pipeline, fitted.blend
    arrays = (
        pipeline["normalise"].profile_,
        pipeline["normalise"].reference_,
        pipeline["impute"].fill_,
        *(blend.intercepts, blend.coefficients, blend.centre, blend.spread, blend.median),
        fitted.filled,
        fitted.candidates,
    )
    return (
        fitted.panel,
        list(fitted.fitted_on),
        fitted.single,
        fitted.imputation,
        fitted.min_reference_detected,
        [booster.save_raw("json") for booster in blend.boosters],
        [np.asarray(array).tobytes() for array in arrays],
    )


def fold_of(matrix, monkeypatch, leave_out):
    """Run one fold; return its result, all that was fitted in it, and the spared rows."""
    cohort = build_cohort(matrix, OUTCOME)
    settings = QUICK.resolve(cohort.matrix)
    patients = patients_of(cohort)
    options = FoldOptions(
        prevalence=cohort.prevalence,
        clinical=clinical_table(cohort, patients, COVARIATES),
        nuisances=Nuisances.of(patients),
    )
    unit = (cohort, np.array([f"P{p:02d}" for p in range(8)], dtype=object), settings, (0, 0, 0))
    if leave_out:
        unit = left_out(cohort, "site").units(cohort, settings, (), 0)[0]
    fitted, calibrated = [], []
    kept_fit, kept_platt = crossfit.fit_procedure, crossfit.fit_platt
    with monkeypatch.context() as patch:
        for room in (crossfit, inner_folds):
            patch.setattr(
                room, "fit_procedure", lambda *a: fitted.append(kept_fit(*a)) or fitted[-1]
            )
        patch.setattr(
            crossfit, "fit_platt", lambda *a: calibrated.append(kept_platt(*a)) or calibrated[-1]
        )
        result = run_fold(*unit[:4], (), options)
    spared = cohort.patients[result.rows] == SPARED
    return result, [state(each) for each in fitted], calibrated, spared, set(unit[1])


@pytest.mark.parametrize("leave_out", [False, True])
def test_poisoned_test_rows_move_nothing_that_was_fitted(matrix, monkeypatch, leave_out):
    clean, fitted, calibrated, spared, test = fold_of(matrix, monkeypatch, leave_out)
    worse, refitted, recalibrated, _, _ = fold_of(poisoned(matrix, test), monkeypatch, leave_out)
    # Inner folds and the outer fit; one calibrator.
    assert len(fitted) >= 6
    assert refitted == fitted
    assert recalibrated == calibrated
    assert len(calibrated) == 1
    assert (worse.panel, worse.single_protein) == (clean.panel, clean.single_protein)
    assert (worse.thresholds, worse.imputation) == (clean.thresholds, clean.imputation)
    # The rivals are fitted inside too: what they say of the patient left alone must stand.
    assert spared.sum() == 1
    assert len(clean.rival_margins) > 6
    for name, margins in clean.rival_margins.items():
        assert worse.rival_margins[name][spared] == margins[spared], name
    for name in ("log_odds", "margin", "bag_limits"):
        before, after = getattr(clean, name), getattr(worse, name)
        np.testing.assert_array_equal(after[spared], before[spared])
        # And the poison did reach the rows that it was meant for.
        assert not np.array_equal(after[~spared], before[~spared])


def test_a_poisoned_training_row_does_move_the_fit(matrix, monkeypatch):
    # The comparison above would see a leak: the same poison in a training row is seen by it.
    _, fitted, _, _, _ = fold_of(matrix, monkeypatch, False)
    values = matrix.values.copy()
    values.loc["S20v0", "Q001"] = POISON
    _, refitted, _, _, _ = fold_of(replace(matrix, values=values), monkeypatch, False)
    assert refitted[-1] != fitted[-1]
