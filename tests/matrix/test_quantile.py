"""Quantile normalisation, against the classical method written out and other packages' rules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as extra
from scipy import stats

from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.matrix.normalisation.quantile import (
    quantile_normalised,
    quantile_shift,
    reference_quantiles,
)


def classical(values):
    """Bolstad 2003 with limma's ties: mean of order statistics, taken at the mean rank.

    ``normalizeQuantiles(ties=TRUE)`` of limma interpolates the mean quantiles at
    ``(rank(x) - 1) / (n - 1)``; scipy's rankdata is the independent ranking.
    """
    n = values.shape[1]
    target = np.mean([np.sort(row) for row in values], axis=0)
    steps = np.linspace(0, 1, n)
    return np.array(
        [np.interp((stats.rankdata(row) - 1) / (n - 1), steps, target) for row in values]
    )


@pytest.mark.parametrize("tied", [False, True])
def test_equals_the_classical_method_where_every_protein_is_reference(tied):
    rng = np.random.default_rng(3)
    values = rng.normal(20, 3, size=(12, 70)) + rng.normal(size=(12, 1))
    if tied:
        values = np.round(values)
        assert len(np.unique(values[0])) < 30
    normaliser = Normaliser("quantile", max_reference=70).fit(values)
    np.testing.assert_allclose(normaliser.transform(values), classical(values), atol=1e-12)


def test_published_example_of_four_genes_in_three_arrays():
    # The worked example of https://en.wikipedia.org/wiki/Quantile_normalization: means of
    # order statistics 2, 3, 14/3, 17/3; the tied fours of the second array share 31/6.
    values = np.array([[5.0, 2, 3, 4], [4, 1, 4, 2], [3, 4, 6, 8]])
    expected = [
        [17 / 3, 2, 3, 14 / 3],
        [31 / 6, 2, 31 / 6, 3],
        [2, 3, 14 / 3, 17 / 3],
    ]
    normaliser = Normaliser("quantile", max_reference=4).fit(values)
    np.testing.assert_allclose(normaliser.transform(values), expected)


def test_a_missing_protein_is_compared_with_the_quantiles_of_the_others():
    # Each protein holds one quantile; without the weakest the second weakest is compared
    # with the second weakest, not with the weakest.
    profile = np.arange(10.0)
    sample = profile + 3
    sample[0] = np.nan
    mapped = quantile_normalised(sample[None], sample[None], profile)[0]
    np.testing.assert_allclose(mapped[1:], profile[1:])
    assert np.isnan(mapped[0])
    assert quantile_shift(sample[None], profile)[0] == 3


def test_gaps_in_training_samples_do_not_move_the_distribution():
    rng = np.random.default_rng(0)
    profile = np.linspace(15, 30, 40)
    complete = profile + rng.normal(size=(30, 1))
    weak = complete.copy()
    weak[:6, :8] = np.nan  # the weakest are the ones that are missing
    np.testing.assert_allclose(
        reference_quantiles(weak, np.median(complete, axis=0)),
        reference_quantiles(complete, np.median(complete, axis=0)),
        atol=1e-9,
    )


def test_between_and_beyond_the_reference_proteins():
    held = np.array([0.0, 10.0, 30.0])
    sample = np.array([[1.0, 2.0, 4.0]])
    others = np.array([[-5.0, 1.0, 1.5, 3.0, 4.0, 9.0, np.nan]])
    by_hand = [[-6.0, 0.0, 5.0, 20.0, 30.0, 35.0, np.nan]]
    np.testing.assert_allclose(quantile_normalised(others, sample, held), by_hand)


def test_a_sample_without_reference_proteins_is_missing():
    gone = np.full((1, 3), np.nan)
    assert np.isnan(quantile_normalised(np.ones((1, 5)), gone, np.arange(3.0))).all()
    assert np.isnan(quantile_shift(gone, np.arange(3.0))).all()


VALUES = st.floats(-60, 60) | st.just(np.nan)


@settings(max_examples=150, deadline=None)
@given(
    extra.arrays(float, 9, elements=st.floats(-60, 60)),
    extra.arrays(float, 9, elements=VALUES),
    extra.arrays(float, 30, elements=VALUES),
)
def test_monotone_within_a_sample_finite_and_element_by_element(held, reference, values):
    mapped = quantile_normalised(values[None], reference[None], held)[0]
    if np.isnan(reference).all():
        assert np.isnan(mapped).all()
        return
    assert (np.isnan(mapped) == np.isnan(values)).all()
    seen = ~np.isnan(values)
    order = np.argsort(values[seen])
    assert (np.diff(mapped[seen][order]) >= 0).all()
    assert np.isfinite(mapped[seen]).all()
    alone = [quantile_normalised(v[None, None], reference[None], held)[0, 0] for v in values]
    np.testing.assert_array_equal(alone, mapped)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_neighbours_order_and_extra_rows_leave_the_same_bits(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    training = rng.normal(20, 3, size=(15, 40)) + rng.normal(size=(15, 1))
    training[rng.random(training.shape) < 0.1] = np.nan
    method = data.draw(st.sampled_from(["none", "median", "pqn", "quantile"]))
    normaliser = Normaliser(method, max_reference=10).fit(training)
    sample = training[[0]]
    alone = normaliser.transform(sample)
    poison = data.draw(st.sampled_from([np.nan, 1e300, -1e300, 0.0]))
    extra_rows = np.full((data.draw(st.integers(0, 5)), 40), poison)
    among = normaliser.transform(np.vstack([extra_rows, sample, training[::-1]]))
    np.testing.assert_array_equal(among[len(extra_rows)], alone[0])


def test_reference_proteins_lie_over_the_whole_range():
    # The fifty steadiest would all be strong ones here: weak proteins are noisier.
    rng = np.random.default_rng(2)
    profile = np.sort(rng.uniform(15, 30, 500))
    noise = rng.normal(size=(40, 500)) * np.linspace(2, 0.1, 500)
    values = profile + noise
    chosen = Normaliser("quantile").fit(values).reference_
    assert len(chosen) == 50
    # One in each ten proteins of rising intensity.
    rank = np.argsort(np.argsort(np.median(values, axis=0)))
    np.testing.assert_array_equal(np.sort(rank[chosen]) // 10, np.arange(50))
    steady = Normaliser("pqn").fit(values).reference_
    assert steady.min() > 300
