"""Imputers and the test that recommends one, against arithmetic done another way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.errors import InputError
from proteoclass.matrix.normalisation.censoring import (
    left_censoring,
    not_measured,
    recommend_imputation,
)
from proteoclass.matrix.normalisation.impute import METHODS, Imputer, fewest_detected


@pytest.fixture
def censored():
    """Forty samples of 120 proteins; the weak ones are missing more often."""
    rng = np.random.default_rng(0)
    mean = np.linspace(15, 30, 120)
    values = mean + rng.normal(size=(40, 120))
    return np.where(rng.random(values.shape) < 1 / (1 + np.exp(mean - 18)), np.nan, values)


@pytest.fixture
def at_random():
    rng = np.random.default_rng(1)
    values = np.linspace(15, 30, 120) + rng.normal(size=(40, 120))
    return np.where(rng.random(values.shape) < 0.3, np.nan, values)


@pytest.mark.parametrize("method", METHODS)
def test_is_a_scikit_learn_estimator(method):
    results = check_estimator(Imputer(method), on_fail=None, on_skip=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []


def test_unknown_method_is_refused():
    with pytest.raises(InputError, match="found 'knn', expected auto, none, low, min-prob"):
        Imputer("knn").fit(np.ones((2, 2)))


def test_low_and_half_min_equal_their_formulas():
    values = np.array([[1.0, 9], [2.0, 9], [3.0, 9], [4.0, 9], [np.nan, 9]])
    detected = values[:4, 0]
    assert Imputer("low").fit(values).fill_[0] == pytest.approx(
        np.quantile(detected, 0.05) - detected.std() / 2
    )
    # On the raw scale half the minimum: log2(2^1 / 2).
    assert Imputer("half-min").fit(values).fill_[0] == np.log2(2.0**1 / 2)


def test_min_prob_does_not_go_by_the_order_of_rows_or_columns():
    rng = np.random.default_rng(0)
    values = rng.normal(20, 2, size=(20, 30))
    values[rng.random(values.shape) < 0.2] = np.nan
    rows, columns = rng.permutation(20), rng.permutation(30)
    filled = Imputer("min-prob", 3).fit_transform(values)
    assert not np.isnan(filled).any()
    by_column = Imputer("min-prob", 3).fit_transform(values[:, columns])
    np.testing.assert_array_equal(by_column, filled[:, columns])
    by_row = Imputer("min-prob", 3).fit_transform(values[rows])
    # A standard deviation may differ by its last bit.
    np.testing.assert_allclose(by_row, filled[rows], rtol=1e-13)


def test_min_prob_draws_as_imputelcmd_does():
    """impute.MinProb(q = 0.01, tune.sigma = 1) of imputeLCMD, written out: normal draws
    around the 1 % quantile, with the median SD of proteins found in more than half."""
    rng = np.random.default_rng(5)
    values = np.linspace(18, 30, 300) + rng.normal(0, 0.8, size=(60, 300))
    values[:45, :40] = np.nan  # in a quarter of the samples: not among the SDs
    imputer = Imputer("min-prob", random_state=3).fit(values)
    usual = values[:, (~np.isnan(values)).mean(axis=0) > 0.5]
    spread = np.median([column.std(ddof=1) for column in usual.T])
    centre = np.median([np.nanquantile(row, 0.01) for row in values])
    assert imputer.spread_ == pytest.approx(spread)
    np.testing.assert_allclose(imputer.fill_, centre)
    drawn = imputer.transform(values)[np.isnan(values)]
    # Samples with the same pattern of gaps share their draws.
    other = values.copy()
    other[np.arange(60), 50 + np.arange(60)] = np.nan
    drawn = imputer.transform(other)[:45, :40].ravel()
    assert stats.kstest((drawn - centre) / spread, "norm").pvalue > 0.01
    assert np.array_equal(imputer.transform(values), Imputer("min-prob", 3).fit_transform(values))
    assert not np.array_equal(
        imputer.transform(values), Imputer("min-prob", 4).fit_transform(values)
    )


def test_min_prob_without_a_usual_protein_fills_with_the_quantile():
    values = np.array([[5.0, np.nan, np.nan], [np.nan, 6.0, np.nan], [np.nan, np.nan, 7.0]])
    imputer = Imputer("min-prob").fit(values)
    assert imputer.spread_ == 0
    np.testing.assert_allclose(imputer.transform(values)[0], [5, 6, 6])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(METHODS), st.integers(0, 39), st.sampled_from([np.nan, 1e300, 0.0]))
def test_neighbours_and_order_leave_the_same_bits(method, row, poison):
    rng = np.random.default_rng(0)
    values = rng.normal(20, 2, size=(40, 60))
    values[rng.random(values.shape) < 0.2] = np.nan
    imputer = Imputer(method).fit(values)
    alone = imputer.transform(values[[row]])[0]
    among = values[::-1].copy()
    among[39 - row - 1 if row < 39 else 1] = poison
    np.testing.assert_array_equal(imputer.transform(among)[39 - row], alone)
    np.testing.assert_array_equal(
        alone[~np.isnan(values[row])], values[row][~np.isnan(values[row])]
    )


def test_auto_fills_where_weak_proteins_are_missing_and_only_there(censored, at_random):
    assert Imputer("auto").fit(censored).method_ == "low"
    assert Imputer("auto").fit(at_random).method_ == "none"
    assert left_censoring(censored) < -0.6


def test_shallow_samples_are_not_filled(censored):
    imputer = Imputer("low").fit(censored)
    assert not imputer.shallow(censored).any()
    found = (~np.isnan(censored[:, imputer.complete_])).sum(axis=1)
    width = max((found.max() - found.min()) / 2, 0.1 * len(imputer.complete_))
    assert imputer.fewest_ == int(found.min() - width)
    sample = censored[0].copy()
    there = imputer.complete_[~np.isnan(sample[imputer.complete_])]
    sample[there[imputer.fewest_ :]] = np.nan
    filled = imputer.transform(np.array([sample]))
    assert not np.isnan(filled).any()  # as deep as is asked for
    sample[there[0]] = np.nan
    np.testing.assert_array_equal(imputer.transform(np.array([sample]))[0], sample)
    careless = Imputer("low", judge_depth=False).fit(censored)
    assert not np.isnan(careless.transform(np.array([sample]))).any()


def test_a_sample_that_could_not_be_normalised_is_not_filled_and_teaches_nothing(censored):
    failed = np.vstack([censored, np.full(120, np.nan)])
    imputer = Imputer("low").fit(failed)
    assert imputer.fewest_ == Imputer("low").fit(censored).fewest_
    np.testing.assert_array_equal(imputer.fill_, Imputer("low").fit(censored).fill_)
    assert np.isnan(imputer.transform(failed)[-1]).all()
    assert fewest_detected(np.empty((3, 0))) == 0


def test_left_censoring_equals_spearman_by_pandas(censored):
    # pandas ranks and correlates on its own.
    frame = pd.DataFrame(censored)
    rate = frame.isna().mean()
    partly = (rate > 0) & (rate < 1)
    expected = rate[partly].corr(frame.mean()[partly], method="spearman")
    assert left_censoring(censored) == pytest.approx(expected)
    assert np.isnan(left_censoring(censored[:, :15]))  # fewer than 20 proteins
    tied = np.ones((4, 30))
    tied[0] = np.nan
    assert np.isnan(left_censoring(tied))


def test_depth_and_outcome_equal_scikit_learns_auc(censored):
    rng = np.random.default_rng(2)
    values = censored.copy()
    values[:8][rng.random((8, 120)) < 0.5] = np.nan  # eight shallow samples
    y = np.r_[np.ones(20), np.zeros(19), np.nan]
    found = recommend_imputation(values, y)
    gaps = np.isnan(values)
    wins = pairs = 0.0
    for protein in range(120):
        lacking = gaps[:, protein]
        if lacking.all() or not lacking.any():
            continue
        others = np.delete(gaps, protein, axis=1).sum(axis=1)
        n = lacking.sum() * (~lacking).sum()
        wins += n * roc_auc_score(lacking, others)
        pairs += n
    assert found.depth == pytest.approx(wins / pairs)
    assert found.depth > 0.6
    assert found.outcome == pytest.approx(roc_auc_score(y[:39], gaps[:39].mean(axis=1)))
    assert found.method == "low"


@pytest.mark.parametrize("flip", [False, True])
def test_the_outcome_never_decides(censored, at_random, flip):
    for values in (censored, at_random):
        # Labels that the missing rate predicts as well as any could, and their opposite.
        rate = np.isnan(values).mean(axis=1)
        y = (rate > np.median(rate)).astype(float)
        y = 1 - y if flip else y
        told, blind = recommend_imputation(values, y), recommend_imputation(values)
        assert (told.method, told.censoring) == (blind.method, blind.censoring)
        assert told.outcome > 0.9 or told.outcome < 0.1
        assert np.isnan(blind.outcome)


def test_reasons_are_said_in_words(censored, at_random):
    assert recommend_imputation(np.ones((5, 30))).reason == "no value is missing"
    few = np.ones((5, 30))
    few[0, 0] = np.nan
    assert "fewer than 20 proteins" in recommend_imputation(few).reason
    assert recommend_imputation(few).method == "none"
    low = recommend_imputation(censored, np.arange(40) % 2)
    assert low.reason.startswith("weak proteins are missing more often (Spearman -0.")
    assert "reads AUC 0." in low.reason
    none = recommend_imputation(at_random)
    assert none.reason.startswith("weak proteins are not clearly missing more often")
    assert "of pairs" in none.reason
    assert none.method == "none"


def test_gaps_of_a_whole_plex_are_told_from_single_ones():
    rng = np.random.default_rng(0)
    values = rng.normal(20, 1, size=(30, 4))
    groups = np.repeat(["A", "B", None], [10, 10, 10])
    values[:10, 0] = np.nan  # not in plex A
    values[::2, 1] = np.nan  # every second one, in all
    values[15, 2] = np.nan
    values[:, 3] = np.nan  # nowhere: nothing says that A alone lacks it
    marked = not_measured(values, groups)
    assert marked[:10, 0].all()
    assert marked.sum() == 10
    # Ten gaps in a protein that is missing in nine of ten elsewhere may be chance.
    rare = np.full((60, 1), np.nan)
    rare[50:55] = 20
    assert not not_measured(rare, np.repeat(["A", "B"], [10, 50])).any()
    assert not not_measured(values, ["A"] * 30).any()


@pytest.mark.parametrize("method", ["low", "min-prob", "half-min", "none"])
def test_training_gaps_of_a_whole_batch_are_no_evidence(censored, method):
    samples = pd.DataFrame({"batch": np.repeat(["A", "B"], 20)})
    values = censored.copy()
    values[20:, 100:] = np.nan  # batch B did not measure the strongest proteins
    imputer = Imputer(method)
    filled = imputer.fit_transform(values, samples=samples)
    plain = Imputer(method).fit_transform(values)
    expected = plain.copy()
    if method != "none":
        assert (plain[20:, 100:] < np.nanmin(values[:20, 100:], axis=0) + 1).any()
        expected[20:, 100:] = np.nanmedian(values[:, 100:], axis=0)
    np.testing.assert_allclose(filled, expected)
    # A new sample is filled by what was learnt, whichever batch it comes from.
    np.testing.assert_array_equal(imputer.transform(values), plain)
