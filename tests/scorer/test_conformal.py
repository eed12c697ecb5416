"""Prediction sets: against hand, crepes and enumeration; nothing touches calibration patients."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from proteoclass.errors import TooLittleDataError
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, conformal, inner_folds
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.conformal import (
    FoldSets,
    class_conditional_p,
    conformal_p,
    exact_coverage,
    fewest_calibration,
    fewest_patients,
    fold_sets,
    n_set_aside,
)
from proteoclass.scorer.prediction_sets import conformal_figures, describe_sets
from proteoclass.scorer.splits import fold_units
from proteoclass.stats import wilson_interval

TUNED = Settings(size=4, bags=2, rounds=5)
QUICK = replace(TUNED, tune="none")
ALPHA = 0.25


@pytest.fixture(scope="module")
def cohort(make_toy):
    return build_cohort(make_toy(patients=36, proteins=20, visits=1), Outcome("severity", "severe"))


@pytest.fixture(scope="module")
def units(cohort):
    return fold_units(cohort, QUICK.resolve(cohort.matrix), (), 3, 1, 0)


@pytest.fixture(scope="module")
def sets(units):
    return [fold_sets(*unit, ALPHA) for unit in units]


def test_p_by_hand():
    """Worked by hand: of 1, 2, 2 and 4, three are at least 2, one is at least 3, none is 5."""
    p = conformal_p([2.0, 4.0, 1.0, 2.0], [0.5, 2.0, 3.0, 5.0])
    assert p.tolist() == [1.0, 4 / 5, 2 / 5, 1 / 5]


def test_p_without_calibration_patients_rules_nothing_out():
    assert conformal_p([], [1.0, -1.0]).tolist() == [1.0, 1.0]


def test_p_is_that_of_crepes():
    """Golden: crepes 0.9.1, class-conditional, not smoothed (golden_conformal.py)."""
    place = np.arange(30)
    classes = (place % 3 == 0).astype(int)
    margins = np.round(np.sin(7.0 * place) + classes, 1)
    new = np.linspace(-1.2, 2.1, 12).round(1)
    negative = (1.0, 0.952381, 0.809524, 0.619048, 0.52381, 0.47619,
                0.428571, 0.333333, 0.047619, 0.047619, 0.047619, 0.047619)  # fmt: skip
    positive = (0.090909, 0.090909, 0.090909, 0.090909, 0.272727, 0.363636,
                0.363636, 0.363636, 0.545455, 0.727273, 1.0, 1.0)  # fmt: skip
    expected = np.column_stack([negative, positive])
    assert class_conditional_p(margins, classes, new) == pytest.approx(expected, abs=6e-7)


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2, 0.25, 0.4])
@pytest.mark.parametrize("n", [1, 4, 5])
def test_coverage_is_exact_over_all_orders(n, alpha):
    """Closed form by enumeration: every order of 1 + n exchangeable patients once."""
    held = [conformal_p(order[:-1], order[-1:])[0] > alpha for order in permutations(range(n + 1))]
    assert np.mean(held) == pytest.approx(exact_coverage(n, alpha), abs=1e-12)
    assert exact_coverage(n, alpha) >= 1 - alpha - 1e-12


def test_ties_never_cost_coverage():
    """Enumeration: all scores from three values, 1 + 4 patients, each as often as any other."""
    held = [
        conformal_p(scores[:-1], scores[-1:])[0] > 0.4 for scores in product(range(3), repeat=5)
    ]
    assert np.mean(held) > exact_coverage(4, 0.4)


def test_the_fewest_patients_are_those_with_which_a_class_can_be_ruled_out():
    for alpha in (0.01, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.49):
        n = fewest_calibration(alpha)
        strangest = [conformal_p(np.zeros(size), [1.0])[0] for size in (n, n - 1)]
        assert strangest[0] <= alpha < strangest[1]
        enough = fewest_patients(alpha)
        left = [size - n_set_aside(size, alpha) for size in (enough, enough - 1)]
        assert left[0] >= 5 > left[1]


def test_each_fold_sets_a_third_aside_and_tests_every_patient_once(cohort, sets):
    names, classes = cohort.training_patients
    assert sorted(np.concatenate([fold.patients for fold in sets])) == sorted(names)
    for fold in sets:
        assert fold.n_calibration == (6, 3)
        tested = np.bincount(fold.classes, minlength=2)
        all_of_them = np.add(fold.n_calibration, fold.n_training) + tested
        assert all_of_them.tolist() == np.bincount(classes).tolist()
        # p of a class goes in steps of 1 / (1 + n).
        for label, n in enumerate(fold.n_calibration):
            steps = fold.p[:, label] * (n + 1)
            assert steps == pytest.approx(np.round(steps), abs=1e-9)


def spy_on_fits(monkeypatch):
    fits = []

    def spied(cohort, rows, *rest):
        fits.append((rows, real(cohort, rows, *rest)))
        return fits[-1][1]

    real = inner_folds.fit_procedure
    monkeypatch.setattr(inner_folds, "fit_procedure", spied)
    return fits


def test_calibration_patients_touch_nothing_that_is_fitted(cohort, units, sets, monkeypatch):
    """Poison: calibration and test patients' values at 1e9 change no fitted number."""
    fits = spy_on_fits(monkeypatch)
    _, test, _, seed_path, fixed = units[0]
    rest = (test, TUNED.resolve(cohort.matrix), seed_path, fixed, ALPHA)
    fold_sets(cohort, *rest)
    # Tuning on inner folds first, then the fit itself.
    clean = fits.copy()
    rows = clean[-1][0]
    assert len(rows) == sum(sets[0].n_training)
    assert all(np.isin(used, rows).all() for used, _ in clean)
    values = cohort.values.copy()
    values.iloc[np.setdiff1d(np.arange(len(values)), rows)] = 1e9
    poisoned = build_cohort(
        type(cohort.matrix).build(values, cohort.matrix.samples, scale="log2", fluid="urine"),
        cohort.outcome,
    )
    fits.clear()
    fold_sets(poisoned, *rest)
    assert len(clean) == 6
    for (used, before), (again, after) in zip(clean, fits, strict=True):
        assert again.tolist() == used.tolist()
        assert after.panel == before.panel
        assert after.fill.tolist() == pytest.approx(before.fill.tolist(), nan_ok=True)
        for part in ("centre", "spread", "median", "coefficients", "intercepts"):
            assert getattr(after.blend, part).tolist() == getattr(before.blend, part).tolist()


def test_the_order_of_the_file_changes_nothing(cohort, units, sets):
    turned = cohort.matrix.take(cohort.values.index[::-1].to_list())
    reversed_cohort = build_cohort(turned, cohort.outcome)
    fold = fold_sets(reversed_cohort, *units[0][1:], ALPHA)
    assert fold.patients.tolist() == sets[0].patients.tolist()
    assert fold.p.tolist() == sets[0].p.tolist()


def test_figures_by_hand():
    """Four patients a class twice; hand-made p at alpha 0.3."""
    p = np.array([[0.9, 0.1], [0.9, 0.5], [0.2, 0.2], [0.1, 0.9]])
    fold = FoldSets(np.array(list("abcd"), object), np.array([0, 0, 1, 1]), p, (9, 4), (10, 6))
    other = FoldSets(fold.patients, fold.classes, p[::-1], (9, 4), (11, 5))
    found = describe_sets([fold, other], ("mild", "severe"), 0.3)
    severe, mild = found["classes"]
    # Severe: {} and {severe}, then {mild, severe} and {mild}. Mild: {mild} and both, then
    # {severe} and {}.
    assert (severe["label"], severe["coverage"], severe["n_patients"]) == ("severe", 0.5, 2)
    assert [severe[key] for key in ("empty", "single", "both", "single_wrong")] == [
        *(0.25, 0.5, 0.25, 0.25)
    ]
    assert mild["coverage"] == 0.5
    assert mild["single_wrong"] == 0.25
    assert severe["interval"] == list(wilson_interval(1, 2))
    assert "test-sampling error only" in severe["interval_kind"]
    assert (severe["n_calibration"], severe["n_training"]) == ([4, 4], [5, 6])
    assert severe["expected"] == pytest.approx(1 - 1 / 5)
    assert mild["expected"] == pytest.approx(1 - 3 / 10)
    assert found["sets"] == {
        **{"empty": 0.25, "single": 0.5, "both": 0.25},
        **{"n_patients": 4, "n_sets": 8},
    }
    assert found["text"].startswith(
        "Prediction sets that promise 0.7 in each class held the true class of 50% of 2 patients "
        "of 'severe' (interval "
    )


def test_the_figures_are_those_of_the_folds(units, sets):
    found = conformal_figures(units, ALPHA)
    assert found["alpha"] == ALPHA
    p, classes = (np.concatenate([getattr(f, part) for f in sets]) for part in ("p", "classes"))
    severe = found["classes"][0]
    assert severe["coverage"] == (p[classes == 1, 1] > ALPHA).mean()
    assert severe["expected"] == pytest.approx(0.75)
    assert found["sets"]["n_sets"] == 36


def test_too_few_patients_are_a_reason_and_no_error(units):
    found = conformal_figures(units, 0.1)
    assert found["classes"] is None
    assert found["reason"] == (
        "a training fold holds 8 patients of 'severe', expected at least 14, to set aside 9 or "
        "more (1/alpha - 1 at alpha 0.1) and to fit on 5 or more; ask for a larger alpha, or add "
        "patients"
    )
    assert found["text"].startswith("Prediction sets are not reportable: a training fold holds 8")


def test_not_asked_for_is_said(units):
    assert conformal_figures(units, 0.0) == {
        **{"alpha": None, "classes": None, "reason": "not asked for"}
    }


def test_a_fold_that_cannot_be_fitted_is_a_reason(units, monkeypatch):
    def refuse(*_):
        raise TooLittleDataError("too few reference proteins")

    monkeypatch.setattr(conformal, "tuned_margins", refuse)
    fold = fold_sets(*units[0], ALPHA)
    assert fold.reason == "too few reference proteins"
    assert np.isnan(fold.p).all()
    found = conformal_figures(units, ALPHA)
    assert found["reason"] == "3 of 3 folds could not be fitted: too few reference proteins"


def test_several_index_samples_of_a_patient_are_one(make_toy):
    matrix = make_toy(patients=30, proteins=12, visits=2, seed=5)
    every = build_cohort(matrix, Outcome("severity", "severe"), index="all")
    settings = QUICK.resolve(every.matrix)
    fold = fold_sets(*fold_units(every, settings, (), 3, 1, 0)[0], 0.4)
    assert len(fold.patients) == len(set(fold.patients)) == len(fold.p) == 10
    # One calibration patient is one step of p, however many samples it has.
    steps = fold.p * (1 + np.array(fold.n_calibration))
    assert steps == pytest.approx(np.round(steps), abs=1e-9)


@pytest.mark.long
def test_coverage_over_many_cohorts_is_the_promised_one(make_toy):
    """Each class, 60 cohorts: nominal less 1 %, and the exact one within three errors."""
    held = {0: [], 1: []}
    for seed in range(60):
        matrix = make_toy(patients=60, proteins=20, visits=1, seed=seed)
        cohort = build_cohort(matrix, Outcome("severity", "severe"))
        units = fold_units(cohort, QUICK.resolve(cohort.matrix), (), 4, 1, seed)
        for fold in (fold_sets(*unit, 0.2) for unit in units):
            for label in held:
                held[label] += (fold.p[fold.classes == label, label] > 0.2).tolist()
    # 15 training patients a class at least: 5 and 10 of them set aside.
    for label, n in ((0, 10), (1, 5)):
        coverage, exact = np.mean(held[label]), exact_coverage(n, 0.2)
        assert coverage >= 0.79
        assert abs(coverage - exact) < 3 * np.sqrt(exact * (1 - exact) / len(held[label])) + 0.02
