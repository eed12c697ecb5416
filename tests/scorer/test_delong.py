"""DeLong's variance and test against R's pROC, brute force and scikit-learn."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.metrics import roc_auc_score

from proteoclass.errors import InputError
from proteoclass.scorer.performance.delong import (
    NO_SPREAD,
    NO_SPREAD_OF_DIFFERENCE,
    delong_covariance,
    delong_interval,
    delong_test,
)

# Twelve negative and eight positive patients with ties within and between the classes: the
# data of golden_delong.R, whose output by R's pROC 1.18.0 are the numbers expected below.
LABELS = np.array([0.0] * 12 + [1.0] * 8)
FIRST = [1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4, 4.5, 5, 6, 2.5, 3.5, 4, 4.5, 5, 5.5, 6, 7]
SECOND = [2, 1, 3, 2.5, 4, 1.5, 5, 3, 2, 6, 3.5, 4, 3, 3, 5.5, 2, 6, 4, 7, 4.5]
THIRD = [-4, -3, -1, -2, -5, -6, -7, -8, -2, -1, -3, -4, -8, -2, -1, -3, -7, -5, -6, -4]


def test_variances_and_covariances_are_those_of_proc():
    aucs, covariance = delong_covariance(LABELS, np.column_stack([FIRST, SECOND, THIRD]))
    np.testing.assert_allclose(aucs, [0.78125, 0.713541666666667, 0.416666666666667], atol=1e-14)
    variances = [0.0111494408369408, 0.0146082758387446, 0.0188548430735931]
    np.testing.assert_allclose(np.diag(covariance), variances, rtol=1e-13)
    pairs = [0.006255354888167389, 0.000312838203463204, -0.001779795725108226]
    np.testing.assert_allclose(covariance[[0, 0, 1], [1, 2, 2]], pairs, rtol=1e-12)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-18)


@pytest.mark.parametrize(
    ("rival", "p", "interval"),
    [
        (SECOND, 0.556345132519004, [-0.157874980547163, 0.293291647213830]),
        (THIRD, 0.0334145012814552, [0.0286418042922760, 0.7005248623743907]),
    ],
)
def test_the_paired_test_is_that_of_proc(rival, p, interval):
    test = delong_test(LABELS, FIRST, rival)
    assert test["p"] == pytest.approx(p, rel=1e-10)
    np.testing.assert_allclose(test["interval"], interval, rtol=1e-10)
    mirrored = delong_test(LABELS, rival, FIRST)
    assert mirrored["mean"] == -test["mean"]
    assert mirrored["p"] == pytest.approx(test["p"])


@pytest.mark.parametrize(
    ("scores", "interval"),
    [
        (FIRST, [0.515491757167118, 0.923008575691369]),
        (SECOND, [0.438732485567212, 0.888112375676707]),
        (THIRD, [0.190966326897862, 0.683693697865695]),
    ],
)
def test_the_interval_is_the_logit_transform_of_procs_variance(scores, interval):
    found = delong_interval(LABELS, scores)
    np.testing.assert_allclose(found["interval"], interval, rtol=1e-12)
    assert (found["n_positive"], found["n_negative"]) == (8, 12)
    assert "logit" in found["interval_kind"]
    # Turned round, AUC and interval mirror at one half.
    turned = delong_interval(LABELS, -np.asarray(scores))
    np.testing.assert_allclose(turned["interval"], 1 - np.array(interval)[::-1], rtol=1e-12)


def brute_force(labels, ours, theirs):
    """Return the covariance by definition: every pair of patients is looked at."""
    kernels = []
    for scores in (ours, theirs):
        up, down = scores[labels == 1], scores[labels == 0]
        kernels.append((up[:, None] > down).astype(float) + 0.5 * (up[:, None] == down))
    by_positive = np.cov(*(kernel.mean(axis=1) for kernel in kernels))
    by_negative = np.cov(*(kernel.mean(axis=0) for kernel in kernels))
    return by_positive / (labels == 1).sum() + by_negative / (labels == 0).sum()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 15), st.integers(2, 15), st.integers(1, 12))
def test_midranks_give_what_all_pairs_give(seed, n_positive, n_negative, n_values):
    # Few values: many ties.
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([1.0, 0.0], [n_positive, n_negative]))
    scores = rng.integers(0, n_values, (len(labels), 2)).astype(float)
    aucs, covariance = delong_covariance(labels, scores)
    expected = [roc_auc_score(labels, column) for column in scores.T]
    np.testing.assert_allclose(aucs, expected, atol=1e-12)
    np.testing.assert_allclose(covariance, brute_force(labels, *scores.T), atol=1e-12)


def test_the_order_of_patients_and_the_scale_of_scores_do_not_matter():
    order = np.random.default_rng(3).permutation(20)
    shuffled = delong_test(LABELS[order], np.array(FIRST)[order], np.array(THIRD)[order])
    assert shuffled["p"] == pytest.approx(delong_test(LABELS, FIRST, THIRD)["p"], rel=1e-12)
    assert delong_interval(LABELS, np.exp(FIRST)) == delong_interval(LABELS, FIRST)


def test_a_hundred_thousand_patients_take_no_pairwise_table():
    # All pairs would be 2.5e9 comparisons.
    rng = np.random.default_rng(0)
    labels = np.repeat([0.0, 1.0], 50_000)
    start = time.perf_counter()
    found = delong_interval(labels, rng.normal(labels))
    assert time.perf_counter() - start < 2
    # Of two normals one SD apart: Φ(1/√2).
    assert found["value"] == pytest.approx(0.7602, abs=4 * found["standard_error"])


def test_no_spread_is_no_certainty():
    apart = delong_interval(LABELS, LABELS)
    assert (apart["value"], apart["reason"]) == (1.0, NO_SPREAD)
    assert np.isnan(apart["interval"]).all()
    constant = delong_interval(LABELS, np.zeros(20))
    assert (constant["value"], constant["reason"]) == (0.5, NO_SPREAD)
    same = delong_test(LABELS, FIRST, np.multiply(FIRST, 3))
    assert (same["mean"], same["p"], same["interval"]) == (0.0, 1.0, [0.0, 0.0])
    opposite = delong_test(LABELS, LABELS, np.zeros(20))
    assert opposite["mean"] == 0.5
    assert math.isnan(opposite["p"])
    assert opposite["reason"] == NO_SPREAD_OF_DIFFERENCE


@pytest.mark.parametrize(
    ("labels", "value", "words"),
    [
        ([1, 0, 0], 1.0, "1 positive and 2 negative patients, expected at least 2 of each"),
        ([0, 0, 0], math.nan, "0 positive and 3 negative patients"),
        ([], math.nan, "0 positive and 0 negative patients"),
    ],
)
def test_too_few_patients_have_no_variance(labels, value, words):
    found = delong_interval(labels, [3, 2, 1][: len(labels)])
    assert found["value"] == pytest.approx(value, nan_ok=True)
    assert np.isnan(found["interval"]).all()
    assert words in found["reason"]
    assert words in delong_test(labels, [3, 2, 1][: len(labels)], labels)["reason"]


def test_refuses_what_is_not_a_score_or_a_label():
    with pytest.raises(InputError, match="1 of 3 patients lack a score, expected one for each"):
        delong_interval([0, 1, 1], [1, np.nan, 2])
    with pytest.raises(InputError, match="1 of 3 labels are neither 0 nor 1"):
        delong_interval([0, 1, 2], [1, 2, 3])


@pytest.mark.long
@pytest.mark.parametrize(("positive", "negative"), [(11, 39), (30, 70)])
def test_intervals_cover_and_the_test_keeps_its_level(positive, negative):
    # Two normals: AUC = Φ(d/√2). Two scores that share half their noise have one AUC.
    rng = np.random.default_rng(positive)
    labels = np.repeat([1.0, 0.0], [positive, negative])
    true = float(special.ndtr(1.5 / np.sqrt(2)))
    covered, rejected, n = 0, 0, 4000
    for _ in range(n):
        common = rng.normal(size=len(labels))
        first, second = (
            1.5 * labels + np.sqrt(0.5) * (common + rng.normal(size=len(labels))) for _ in range(2)
        )
        low, high = delong_interval(labels, first)["interval"]
        # No interval, where the classes are apart, is no claim: it counts as missed.
        covered += low <= true <= high
        rejected += delong_test(labels, first, second)["p"] < 0.05
    assert 0.93 < covered / n < 0.975
    assert 0.03 < rejected / n < 0.07
