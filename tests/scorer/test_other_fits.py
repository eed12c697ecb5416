"""`evaluate` with what takes fits of its own: the learning curve and prediction sets."""

import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, evaluate
from proteoclass.scorer.prediction_sets import conformal_figures
from proteoclass.scorer.splits import fold_units

QUICK = Settings(size=4, bags=2, rounds=5, tune="none")
DESIGN = {"settings": QUICK, "permutations": 0, "describe": False}


@pytest.fixture(scope="module")
def matrix(make_toy):
    return make_toy(patients=36, proteins=20, visits=1)


@pytest.fixture(scope="module")
def asked(matrix):
    return evaluate(
        *(matrix, Outcome("severity", "severe")),
        **DESIGN,
        folds=3,
        repeats=1,
        learning_curve=True,
        conformal=0.25,
    )


def test_the_curve_ends_at_the_auc_itself(asked):
    auc, curve = asked.summary["auc"], asked.summary["learning_curve"]
    last = curve["points"][-1]
    assert last["auc"] == pytest.approx(auc["mean_over_folds"], abs=1e-12)
    assert last["interval"] == pytest.approx(auc["interval"], abs=1e-12)
    assert [point["share"] for point in curve["points"]] == [0.4, 0.55, 0.7, 0.85, 1.0]
    assert asked.summary["design"]["learning_curve"] is True


def test_the_sets_are_those_of_the_same_folds(asked):
    units = fold_units(asked.cohort, asked.settings, (), 3, 1, 0)
    assert asked.summary["conformal"] == conformal_figures(units, 0.25)
    assert asked.summary["design"]["conformal"] == 0.25


def test_what_was_not_asked_for_is_null_with_the_reason(matrix):
    """And levels as folds are said to promise nothing."""
    found = evaluate(
        matrix, Outcome("severity", "severe"), **DESIGN, leave_out="site", conformal=0.3
    ).summary
    assert found["learning_curve"] == {"points": None, "reason": "not asked for"}
    assert found["conformal"]["caution"].startswith(
        "calibration and test patients are of different levels of 'site'"
    )


@pytest.mark.parametrize("alpha", [-0.1, 0.5, 1.0])
def test_a_share_of_errors_that_is_none_is_refused(matrix, alpha):
    with pytest.raises(InputError, match=r"--conformal .* expected 0 \(off\), or a share of err"):
        evaluate(matrix, Outcome("severity", "severe"), conformal=alpha)
