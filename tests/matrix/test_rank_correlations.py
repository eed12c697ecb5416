"""Spearman's correlation of many columns at once, and its interval."""

import math

import numpy as np
import pytest
from scipy import stats

from proteoclass.matrix.quality.rank_correlation import (
    spearman,
    spearman_columns,
    spearman_interval,
)

#: Example of the R package statpsych, `ci.spear(.05, y, x)`, as its documentation prints it:
#: estimate 0.8699639, limits 0.5840951 and 0.9638297.
Y = (21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19)
X = (67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51)


@pytest.fixture(scope="module")
def pairs():
    """Correlated columns with ties and gaps of their own."""
    rng = np.random.default_rng(4)
    first = np.round(rng.normal(size=(30, 40)), 1)
    second = np.round(0.5 * first + rng.normal(size=(30, 40)), 1)
    first[rng.random(first.shape) < 0.2] = np.nan
    second[rng.random(second.shape) < 0.2] = np.nan
    return first, second


def test_columns_are_scipys_one_by_one(pairs):
    """Independent route: scipy.stats.spearmanr on the complete pairs of each column."""
    rho, p, n = spearman_columns(*pairs)
    for column, (x, y) in enumerate(zip(*(values.T for values in pairs), strict=True)):
        both = ~np.isnan(x) & ~np.isnan(y)
        expected = stats.spearmanr(x[both], y[both])
        assert n[column] == both.sum() >= 10
        assert rho[column] == pytest.approx(expected.statistic, abs=1e-12)
        assert p[column] == pytest.approx(expected.pvalue, rel=1e-9)
        assert (rho[column], p[column]) == pytest.approx(spearman(x[both], y[both]), rel=1e-9)


def test_too_few_pairs_and_constant_columns_have_no_correlation(pairs):
    first, second = pairs[0][:, :3].copy(), pairs[1][:, :3].copy()
    first[9:, 0] = np.nan
    second[:, 1] = 7.0
    rho, p, n = spearman_columns(first, second)
    assert n[0] < 10
    assert np.isnan(rho).tolist() == np.isnan(p).tolist() == [True, True, False]


def test_the_minimum_never_falls_to_where_the_t_approximation_fails():
    rising = np.arange(8.0)[:, None]
    assert np.isnan(spearman_columns(rising, rising, minimum=3)[0]).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_order_is_never_impossible(sign):
    """Closed form: 2 of the n! orders correlate as strongly."""
    rising = np.arange(12.0)[:, None]
    rho, p, _ = spearman_columns(rising, sign * rising)
    assert rho[0] == pytest.approx(sign)
    assert p[0] == pytest.approx(2 / math.factorial(12), rel=1e-9)


def test_interval_is_the_one_that_statpsych_prints():
    rho, _ = spearman(np.array(X, float), np.array(Y, float))
    assert rho == pytest.approx(0.8699639, abs=5e-8)
    assert spearman_interval(rho, 15) == pytest.approx((0.5840951, 0.9638297), abs=5e-8)


@pytest.mark.parametrize(("rho", "n"), [(0.5, 3), (1.0, 40), (-1.0, 40), (math.nan, 40)])
def test_no_interval_without_pairs_or_without_width(rho, n):
    assert np.isnan(spearman_interval(rho, n)).all()


@pytest.mark.parametrize("n", [10, 24, 26, 40])
def test_a_perfect_order_has_no_interval_however_it_rounds(n):
    rising = np.arange(float(n))
    for sign in (1, -1):
        rho, _ = spearman(rising, sign * rising)
        assert np.isnan(spearman_interval(rho, n)).all()
