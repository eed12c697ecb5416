"""The learning curve: nested parts of the training patients, and the sentence it comes to."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats as scipy_stats

from proteoclass.errors import TooLittleDataError
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, learning_curve
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import fold_auc
from proteoclass.scorer.crossfit import run_fold
from proteoclass.scorer.learning_curve import (
    SHARES,
    FoldCurve,
    curve_sentence,
    describe_curve,
    fold_curve,
    nested_subsamples,
)
from proteoclass.scorer.learning_curve import learning_curve as curve_of
from proteoclass.scorer.splits import fold_units

TUNED = Settings(size=4, bags=2, rounds=5)
QUICK = replace(TUNED, tune="none")


@pytest.fixture(scope="module")
def cohort(make_toy):
    return build_cohort(make_toy(patients=45, proteins=20, visits=1), Outcome("severity", "severe"))


@pytest.fixture(scope="module")
def units(cohort):
    return fold_units(cohort, QUICK.resolve(cohort.matrix), (), 3, 1, 0)


@pytest.fixture(scope="module")
def tuned_units(cohort):
    return fold_units(cohort, TUNED.resolve(cohort.matrix), (), 3, 1, 0)


@pytest.fixture(scope="module")
def results(units):
    return [run_fold(*unit) for unit in units]


@pytest.fixture(scope="module")
def full(cohort, results):
    return np.array([fold_auc(cohort, result.rows, result.margin) for result in results])


@pytest.fixture(scope="module")
def curve(units, full):
    return curve_of(units, full, 1 / 2)


def test_subsamples_are_nested_and_stratified():
    classes = np.repeat([0, 1], [40, 13])
    parts = nested_subsamples(classes, SHARES, np.random.default_rng(0))
    for smaller, larger in pairwise(parts):
        assert set(smaller) < set(larger)
    # 0.4, 0.55, 0.7 and 0.85 of 40 and of 13, rounded.
    assert [np.bincount(classes[part]).tolist() for part in parts] == [
        *([16, 5], [22, 7], [28, 9], [34, 11], [40, 13])
    ]


def test_the_last_point_is_the_evaluation_itself(curve, full):
    last = curve["points"][-1]
    assert (last["share"], last["n_training"]) == (1.0, 30)
    assert last["auc"] == full.mean()
    assert last["n_folds"] == 3


def test_a_part_is_the_procedure_on_a_cohort_of_these_patients_alone(cohort, tuned_units):
    """Independent route: `run_fold` on a matrix that holds no other training patient."""
    _, test, settings, seed_path, fixed = tuned_units[0]
    found = fold_curve(*tuned_units[0], SHARES)
    names, classes = cohort.training_patients
    train = ~np.isin(names, test)
    drawn = nested_subsamples(
        classes[train], SHARES, learning_curve.spawn(*seed_path, learning_curve._DRAW)
    )
    kept = np.concatenate([names[train][drawn[3]], test])
    ids = cohort.values.index[cohort.rows_of(kept)].to_list()
    alone = build_cohort(cohort.matrix.take(ids), cohort.outcome)
    result = run_fold(alone, test, settings, seed_path, fixed)
    assert found.auc[3] == fold_auc(alone, result.rows, result.margin)
    assert found.n_training[3] == (17, 9)


def test_points_below_five_patients_of_a_class_are_not_fitted(curve):
    # 15 severe patients, 10 of them in a training fold: 40 % are 4, 55 % are 6.
    first = curve["points"][0]
    assert np.isnan([first["auc"], *first["interval"]]).all()
    assert first["reason"] == (
        "3 of 3 folds could not be fitted: the subsample holds 4 patients of a class, expected at "
        "least 5"
    )
    assert first["n_folds"] == 0
    assert all("reason" not in point for point in curve["points"][1:])
    assert curve["cost"] == "9 more fits of the procedure, uncalibrated"
    assert curve["whole_curve"]["shares"] == [0.55, 1.0]


def test_the_curve_says_whether_more_patients_would_help(curve):
    assert "more patients would" in curve["text"].lower()
    assert "from 26 to 30 training patients" in curve["text"]


def hand_made(auc, full):
    """Three folds with 20 negative and 10 positive training patients."""
    folds = [FoldCurve([value], [(17, 8), (20, 10)], ["", ""]) for value in auc]
    return describe_curve(folds, np.array(full), (0.85, 1.0), 0.25)


def test_interval_of_a_step_by_the_published_formula():
    """Closed form: Nadeau & Bengio's variance (1/J + test/train) S², t with J - 1."""
    auc, full = np.array([0.70, 0.74, 0.81]), np.array([0.78, 0.77, 0.86])
    found = hand_made(auc, full)
    difference = full - auc
    # At 85 % the test share of 1/4 becomes 1/4 / 0.85.
    error = np.sqrt((1 / 3 + 0.25 / 0.85) * difference.var(ddof=1))
    half = scipy_stats.t.ppf(0.975, 2) * error
    step = found["last_step"]
    assert step["mean"] == pytest.approx(difference.mean())
    assert step["interval"] == pytest.approx([step["mean"] - half, step["mean"] + half])
    assert step["p"] == pytest.approx(2 * scipy_stats.t.sf(step["mean"] / error, 2))
    assert step["n_training"] == [25, 30]
    # The point's own interval takes the same share, on the logit scale.
    point = found["points"][0]
    error = np.sqrt((1 / 3 + 0.25 / 0.85) * auc.var(ddof=1))
    half = scipy_stats.t.ppf(0.975, 2) * error / (auc.mean() * (1 - auc.mean()))
    odds = auc.mean() / (1 - auc.mean()) * np.exp([-half, half])
    assert point["interval"] == pytest.approx(odds / (1 + odds))
    assert found["whole_curve"] == step


@pytest.mark.parametrize(
    ("auc", "full", "start"),
    [
        ([0.70, 0.74, 0.81], [0.80, 0.85, 0.92], "More patients would help as far as can be seen"),
        ([0.80, 0.81, 0.82], [0.801, 0.811, 0.821001], "More patients would help"),
        ([0.80, 0.81, 0.82], [0.799, 0.811, 0.82], "More patients would not help as far as can"),
        ([0.80, 0.81, 0.82], [0.72, 0.70, 0.74], "More patients would not help as far as can"),
        ([0.80, 0.81, 0.82], [0.75, 0.89, 0.83], "Whether more patients would help cannot be told"),
        ([0.80, 0.81, 0.82], [0.85, 0.86, 0.87], "Whether more patients would help cannot be told"),
    ],
)
def test_the_sentence_keeps_to_its_rule(auc, full, start):
    assert hand_made(auc, full)["text"].startswith(start)


def test_the_same_gain_in_every_fold_is_no_certainty():
    assert (
        "every fold gave the same difference" in hand_made([0.5, 0.6, 0.7], [0.6, 0.7, 0.8])["text"]
    )


def test_a_reason_takes_the_place_of_the_interval():
    assert curve_sentence({"reason": "too few"}) == (
        "Whether more patients would help cannot be told: too few."
    )


def test_where_no_part_can_be_fitted_nothing_is_claimed(tuned_units, full, monkeypatch):
    def refuse(*_):
        raise TooLittleDataError("too few reference proteins")

    monkeypatch.setattr(learning_curve, "tuned_margins", refuse)
    found = curve_of(tuned_units, full, 1 / 2)
    assert found["points"][1]["reason"] == (
        "3 of 3 folds could not be fitted: too few reference proteins"
    )
    assert found["text"].startswith("Whether more patients would help cannot be told: 3 of 3 folds")
    assert np.isnan(found["whole_curve"]["mean"])
    assert found["cost"] == (
        "0 more fits of the procedure, each with 5 inner folds for tuning, uncalibrated"
    )


@pytest.mark.long
def test_more_patients_are_seen_to_help_where_they_do(make_toy):
    """Planted signal: from 40 % of the patients to all the AUC rises, in 12 cohorts on average."""
    gains = []
    for seed in range(12):
        matrix = make_toy(patients=60, proteins=100, visits=1, signal=0.8, seed=seed)
        cohort = build_cohort(matrix, Outcome("severity", "severe"))
        units = fold_units(cohort, QUICK.resolve(cohort.matrix), (), 4, 1, seed)
        results = [run_fold(*unit) for unit in units]
        full = np.array([fold_auc(cohort, result.rows, result.margin) for result in results])
        gains.append(curve_of(units, full, 1 / 3)["whole_curve"]["mean"])
    assert scipy_stats.ttest_1samp(gains, 0, alternative="greater").pvalue < 0.01
