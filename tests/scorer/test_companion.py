"""Companions of all bags at once, against a solver that knows nothing of bounds or bags."""

import numpy as np
import pytest
from scipy import optimize

from proteoclass.scorer import companion
from proteoclass.scorer.companion import signed_ridge, signed_ridges


def loss(theta, X, y, weights, penalty):
    margin = (2 * y - 1) * (X @ theta[1:] + theta[0])
    return (weights * np.logaddexp(0, -margin)).sum() + penalty / 2 * (theta[1:] ** 2).sum()


def by_squares(X, y, signs, weights, penalty):
    """Return the loss that scipy's BFGS reaches where each coefficient is a signed square."""

    def free(theta):
        return loss(np.concatenate([theta[:1], signs * theta[1:] ** 2]), X, y, weights, penalty)

    starts = (np.full(X.shape[1] + 1, value) for value in (0.3, 0.9))
    return min(optimize.minimize(free, start, options={"gtol": 1e-9}).fun for start in starts)


def cohort(seed, n=40, proteins=5):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3 == 0).astype(float)
    X = rng.normal(size=(n, proteins)) + y[:, None] * rng.normal(size=proteins)
    return X, y, rng


@pytest.mark.parametrize("penalty", [0.1, 10.0, 1000.0])
def test_every_bag_reaches_the_smallest_loss(penalty):
    X, y, rng = cohort(0)
    signs = np.array([1.0, -1.0, 1.0, 0.0, -1.0])
    weights = rng.integers(0, 4, (3, len(y))) + 0.0
    intercepts, coefficients = signed_ridges(X, y, signs, weights, penalty)
    assert (coefficients * signs >= 0).all()
    assert (coefficients[:, 3] == 0).all()
    for bag, weight in enumerate(weights):
        theta = np.concatenate([[intercepts[bag]], coefficients[bag]])
        reached, other = (
            loss(theta, X, y, weight, penalty),
            by_squares(X, y, signs, weight, penalty),
        )
        assert reached == pytest.approx(other, rel=1e-6)
        assert reached <= other * (1 + 1e-9)
        alone = signed_ridge(X, y, signs, weight, penalty)
        np.testing.assert_allclose(coefficients[bag], alone[1], atol=1e-9)


def test_a_weight_of_two_is_a_patient_twice():
    X, y, _ = cohort(1)
    signs = np.ones(5)
    twice = np.where(np.arange(40) < 10, 2.0, 1.0)
    rows = np.concatenate([np.arange(40), np.arange(10)])
    ours = signed_ridge(X, y, signs, twice, 3.0)
    theirs = signed_ridge(X[rows], y[rows], signs, np.ones(50), 3.0)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-9)
    assert ours[0] == pytest.approx(theirs[0], abs=1e-9)


def test_nearly_equal_proteins_under_a_weak_penalty_are_solved_too(monkeypatch):
    X, y, rng = cohort(3, proteins=12)
    X = X[:, :1] + 0.03 * X
    signs = rng.choice([-1.0, 1.0], 12)
    slow = []
    solver = companion._solved_slowly
    monkeypatch.setattr(
        companion, "_solved_slowly", lambda *given: slow.append(1) or solver(*given)
    )
    monkeypatch.setattr(companion, "MAX_STEPS", 2)
    intercept, coefficients = signed_ridge(X, y, signs, np.ones(40), 0.01)
    assert slow
    theta = np.concatenate([[intercept], coefficients])
    reached = loss(theta, X, y, np.ones(40), 0.01)
    assert reached == pytest.approx(by_squares(X, y, signs, np.ones(40), 0.01), rel=1e-4)
    assert (coefficients * signs >= 0).all()


def test_separated_classes_and_empty_signs_have_a_solution():
    y = np.repeat([0.0, 1.0], 10)
    X = np.column_stack([100 * y, np.ones(20)])
    intercept, coefficients = signed_ridge(X, y, np.array([1.0, 0.0]), np.ones(20), 1e-3)
    assert np.isfinite(intercept)
    assert ((X @ coefficients + intercept > 0) == (y == 1)).all()
    intercept, coefficients = signed_ridge(X, y, np.zeros(2), np.where(y == 1, 3.0, 1.0), 1.0)
    assert coefficients.tolist() == [0.0, 0.0]
    assert intercept == pytest.approx(np.log(3), abs=1e-9)  # the log-odds of the weights
