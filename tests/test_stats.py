import itertools
import math
import statistics
import warnings

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score

from proteoclass.stats import (
    auc,
    corrected_resampled_auc_interval,
    corrected_resampled_error,
    corrected_resampled_interval,
    corrected_resampled_p,
    expit,
    log_odds,
    nan_quantile,
)

# Few distinct scores, so that most draws hold ties.
scored = st.lists(
    st.tuples(st.booleans(), st.integers(-3, 3), st.floats(0.01, 10)), min_size=2, max_size=40
).filter(lambda rows: len({label for label, _, _ in rows}) == 2)
fold_values = st.lists(
    st.floats(-1, 1).map(lambda value: round(value, 3)), min_size=2, max_size=25
).filter(lambda values: len(set(values)) > 1)


@given(scored)
def test_auc_equals_scikit_learn_with_ties_and_weights(rows):
    labels, scores, weights = zip(*rows, strict=True)
    assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    assert auc(labels, scores, weights) == pytest.approx(
        roc_auc_score(labels, scores, sample_weight=weights)
    )


@given(scored)
def test_auc_equals_the_mann_whitney_statistic_of_scipy(rows):
    positive = [score for label, score, _ in rows if label]
    negative = [score for label, score, _ in rows if not label]
    u = scipy_stats.mannwhitneyu(positive, negative, method="asymptotic").statistic
    labels, scores, _ = zip(*rows, strict=True)
    assert auc(labels, scores) == pytest.approx(u / (len(positive) * len(negative)))


def test_auc_equals_hanley_and_mcneil_1982():
    # Radiology 143:29, table I: CT images of 58 normal and 51 abnormal patients rated 1 to 5;
    # the paper prints an area of 0.893.
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    labels = np.repeat([0, 1], [58, 51])
    ratings = np.repeat([1, 2, 3, 4, 5, 1, 2, 3, 4, 5], normal + abnormal)
    assert round(auc(labels, ratings), 3) == 0.893


@given(scored, st.lists(st.integers(1, 4), min_size=40, max_size=40))
def test_a_whole_weight_is_so_many_equal_samples(rows, counts):
    labels, scores, _ = zip(*rows, strict=True)
    counts = counts[: len(rows)]
    repeated = auc(np.repeat(labels, counts), np.repeat(scores, counts))
    assert auc(labels, scores, counts) == pytest.approx(repeated)


@given(scored)
def test_auc_of_the_reversed_score_is_the_rest_to_one(rows):
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    assert auc(labels, -scores, weights) == pytest.approx(1 - auc(labels, scores, weights))


def test_a_sample_of_no_class_and_one_of_no_weight_do_not_count():
    assert auc([0, 1, np.nan], [0.1, 0.9, 0.0]) == 1.0
    assert auc([0, 1, 1], [0.1, 0.9, 0.0], [1, 1, 0]) == 1.0


@pytest.mark.parametrize(
    ("labels", "scores", "weights"),
    [
        ([], [], None),
        ([1, 1], [0.1, 0.2], None),
        ([0, 0], [0.1, 0.2], None),
        ([0, 1], [0.1, np.nan], None),
        ([0, 1], [0.1, 0.2], [1, 0]),
        ([np.nan, 1], [0.1, 0.2], None),
    ],
)
def test_auc_is_not_a_number_where_there_is_nothing_to_rank(labels, scores, weights):
    assert math.isnan(auc(labels, scores, weights))


def test_auc_ranks_infinite_scores():
    assert auc([0, 0, 1, 1], [-np.inf, 1, 1, np.inf]) == 0.875


def test_interval_equals_nadeau_and_bengio_by_hand():
    # Mean 0.825, S² = 0.0125 / 3, variance of the mean (1/4 + 1/3) S², and 3.182446 from
    # the printed table of Student's t for 3 degrees of freedom.
    half = 3.182446 * math.sqrt((1 / 4 + 1 / 3) * 0.0125 / 3)
    found = corrected_resampled_interval([0.8, 0.9, 0.85, 0.75], 1 / 3)
    assert found == pytest.approx((0.825 - half, 0.825 + half), abs=1e-7)


@pytest.mark.parametrize(
    "differences", [[0.1, 0.2, 0.1, 0.2], [-0.3, 0.1, 0.05, 0.02], [1.0, 1.0, 1.0, 1.1]]
)
@pytest.mark.parametrize("share", [0.0, 0.25, 1 / 3, 1.0])
def test_p_equals_nadeau_and_bengio_by_hand(differences, share):
    # Student's distribution has a closed form for 3 degrees of freedom.
    variance = (1 / 4 + share) * statistics.variance(differences)
    t = abs(statistics.mean(differences)) / math.sqrt(variance)
    x = t / math.sqrt(3)
    below = 0.5 + (x / (1 + x * x) + math.atan(x)) / math.pi
    assert corrected_resampled_p(differences, share) == pytest.approx(2 * (1 - below), rel=1e-9)


@given(fold_values, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_without_a_test_share_both_are_the_t_test_of_scipy(values, level):
    result = scipy_stats.ttest_1samp(values, 0)
    assert corrected_resampled_p(values, 0) == pytest.approx(result.pvalue, rel=1e-6, abs=1e-300)
    assert corrected_resampled_interval(values, 0, level) == pytest.approx(
        tuple(result.confidence_interval(level)), rel=1e-6, abs=1e-9
    )


@given(fold_values, st.floats(0.01, 2))
def test_the_correction_widens_the_interval_by_its_factor(values, share):
    plain_low, plain_high = corrected_resampled_interval(values, 0)
    low, high = corrected_resampled_interval(values, share)
    factor = math.sqrt(1 + share * len(values))
    assert high - low == pytest.approx(factor * (plain_high - plain_low))
    assert (low + high) / 2 == pytest.approx(statistics.mean(values), abs=1e-9)


@given(fold_values, st.floats(0, 2))
def test_p_is_below_a_twentieth_where_the_interval_leaves_zero_out(values, share):
    low, high = corrected_resampled_interval(values, share)
    assume(min(abs(low), abs(high)) > 1e-9)
    assert (corrected_resampled_p(values, share) < 0.05) == (not low < 0 < high)


def test_interval_of_an_auc_on_the_logit_scale_by_hand():
    # As above, mean 0.825; its odds 0.825 / 0.175 times and over exp(half / (0.825 · 0.175)).
    half = 3.182446 * math.sqrt((1 / 4 + 1 / 3) * 0.0125 / 3)
    factor = math.exp(half / (0.825 * 0.175))
    low, high = 0.825 / 0.175 / factor, 0.825 / 0.175 * factor
    found = corrected_resampled_auc_interval([0.8, 0.9, 0.85, 0.75], 1 / 3)
    assert found == pytest.approx((low / (1 + low), high / (1 + high)), abs=1e-7)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.floats(0, 2))
def test_interval_of_an_auc_holds_its_mean_and_stays_within_0_and_1(values, share):
    assume(max(values) - min(values) > 1e-9)
    low, high = corrected_resampled_auc_interval(values, share)
    assert 0 <= low <= statistics.mean(values) + 1e-9
    assert statistics.mean(values) - 1e-9 <= high <= 1
    # The mirror image: what is worth 1 - AUC has the mirrored interval.
    mirrored = corrected_resampled_auc_interval([1 - value for value in values], share)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-6)


def test_interval_of_an_auc_in_the_middle_is_nearly_that_on_its_own_scale():
    values = [0.48, 0.52, 0.49, 0.51]
    plain = corrected_resampled_interval(values, 1 / 3)
    assert corrected_resampled_auc_interval(values, 1 / 3) == pytest.approx(plain, abs=1e-3)


@pytest.mark.parametrize("value", [0.0, 0.5, 0.9, 1.0])
def test_folds_that_are_all_alike_have_no_interval(value):
    # One without width would pass for certainty, and leave the mean over repeats outside.
    assert np.isnan(corrected_resampled_auc_interval([value] * 5, 0.25)).all()


@pytest.mark.parametrize("values", [[], [0.5], [0.5, np.nan], [np.nan, np.nan]])
def test_fewer_than_two_folds_have_neither_interval_nor_p(values):
    assert np.isnan(corrected_resampled_auc_interval(values, 0.25)).all()
    assert np.isnan(corrected_resampled_interval(values, 0.25)).all()
    assert math.isnan(corrected_resampled_p(values, 0.25))


def test_folds_without_a_value_are_left_out():
    values, gaps = [0.8, 0.9, 0.7], [0.8, np.nan, 0.9, 0.7, np.nan]
    assert corrected_resampled_interval(gaps, 0.25) == corrected_resampled_interval(values, 0.25)
    assert corrected_resampled_p(gaps, 0.25) == corrected_resampled_p(values, 0.25)


def test_differences_that_are_all_zero_have_p_1():
    assert corrected_resampled_p([0.0] * 6, 0.25) == 1


# 0.9 - 0.8 and 0.8 - 0.7 differ in the last bits, and are the same difference in AUC.
@pytest.mark.parametrize("alike", [[0.25] * 6, [0.9 - 0.8, 0.8 - 0.7, 0.3 - 0.2]])
def test_equal_differences_that_are_not_zero_are_not_testable(alike):
    assert math.isnan(corrected_resampled_p(alike, 0.25))
    assert corrected_resampled_error(alike, 0.25) == 0


def test_standard_error_equals_nadeau_and_bengio_by_hand():
    expected = math.sqrt((1 / 4 + 1 / 3) * 0.0125 / 3)
    assert corrected_resampled_error([0.8, 0.9, 0.85, 0.75], 1 / 3) == pytest.approx(expected)
    assert math.isnan(corrected_resampled_error([0.8, np.nan], 1 / 3))


tables = hnp.arrays(
    float,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
    elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)),
)


@given(tables, st.floats(0, 1), st.sampled_from([0, 1]))
@example(np.full((3, 2), np.nan), 0.5, 0)
@example(np.array([[np.nan, 1.0], [np.nan, 2.0]]), 1.0, 0)
@example(np.array([[np.nan, 1.0], [np.nan, np.nan]]), 0.0, 1)
def test_nan_quantile_equals_numpy(values, share, axis):
    with warnings.catch_warnings():
        # NumPy warns of columns without a value; here they are part of the contract.
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = np.nanquantile(values, share, axis=axis)
    kept = values.copy()
    np.testing.assert_allclose(nan_quantile(values, share, axis), expected, rtol=1e-9, atol=1e-6)
    np.testing.assert_array_equal(values, kept)


@given(tables)
def test_the_ends_are_the_smallest_and_the_largest(values):
    seen = ~np.isnan(values).all(axis=0)
    low, high = nan_quantile(values, 0.0)[seen], nan_quantile(values, 1.0)[seen]
    np.testing.assert_array_equal(low, np.nanmin(values[:, seen], axis=0))
    np.testing.assert_array_equal(high, np.nanmax(values[:, seen], axis=0))


@pytest.mark.parametrize(("shape", "axis", "length"), [((0, 3), 0, 3), ((3, 0), 1, 3)])
def test_no_values_at_all_have_no_quantile(shape, axis, length):
    found = nan_quantile(np.empty(shape), 0.5, axis)
    assert found.shape == (length,)
    assert np.isnan(found).all()


@pytest.mark.parametrize(("shape", "axis"), [((0, 3), 1), ((3, 0), 0)])
def test_no_columns_have_no_quantiles(shape, axis):
    assert nan_quantile(np.empty(shape), 0.5, axis).shape == (0,)


@given(st.floats(1e-5, 1 - 1e-5))
def test_log_odds_by_its_definition_and_back(probability):
    odds = log_odds(probability)
    assert float(odds) == pytest.approx(math.log(probability / (1 - probability)), abs=1e-9)
    assert float(expit(odds)) == pytest.approx(probability, rel=1e-9)


@pytest.mark.parametrize("limit", [1e-6, 0.01])
def test_certain_probabilities_have_finite_log_odds(limit):
    bound = math.log((1 - limit) / limit)
    assert log_odds([0.0, 1.0], limit) == pytest.approx([-bound, bound])


@given(st.floats(-700, 700))
def test_expit_by_its_definition(margin):
    assert float(expit(margin)) == pytest.approx(1 / (1 + math.exp(-margin)), rel=1e-9)
    assert float(expit(margin) + expit(-margin)) == pytest.approx(1)


def test_expit_of_margins_beyond_the_exponential_is_certain():
    assert expit([-1e6, 1e6]).tolist() == [0.0, 1.0]


@given(hnp.arrays(float, st.integers(1, 70), elements=st.floats(-40, 40)))
def test_expit_of_a_value_does_not_depend_on_its_neighbours(margins):
    together = expit(margins)
    assert [float(expit(margin)) for margin in margins] == together.tolist()
    assert [float(expit([margin])[0]) for margin in margins] == together.tolist()


def test_expit_and_log_odds_rise():
    margins = np.linspace(-20, 20, 401)
    assert all(a < b for a, b in itertools.pairwise(expit(margins)))
    shares = np.linspace(0.001, 0.999, 401)
    assert all(a < b for a, b in itertools.pairwise(log_odds(shares)))
