"""Observed shares against mean probabilities, by scikit-learn, statsmodels and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from held_out_scores import FIRST, SECOND, scored, twice
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from statsmodels.stats.proportion import proportion_confint

from proteoclass.scorer.performance.locked_calibration import FLAT, SEPARATED
from proteoclass.scorer.performance.probability import brier, calibration, recalibration
from proteoclass.scorer.performance.shares import calibration_shares
from proteoclass.stats import expit

RNG = np.random.default_rng(6)
MANY = RNG.normal(size=200)
MANY_LABELS = (RNG.random(200) < expit(MANY)).astype(float)


def test_in_the_large_is_counted_by_hand():
    found = calibration_shares(scored(FIRST, SECOND))["in_the_large"]
    expected = np.mean([expit(FIRST), expit(SECOND)])
    assert found["difference"] == pytest.approx(21 / 45 - expected)
    # Independent route: statsmodels' Wilson interval of 21 of 45.
    low, high = proportion_confint(21, 45, method="wilson")
    assert found["interval"] == pytest.approx([low - expected, high - expected])


def test_bins_are_those_of_scikit_learn():
    bins = calibration_shares(scored(MANY, labels=MANY_LABELS))["curve"]["bins"]
    observed, predicted = calibration_curve(
        MANY_LABELS, expit(MANY), n_bins=10, strategy="quantile"
    )
    assert [row["n"] for row in bins] == [20.0] * 10
    np.testing.assert_allclose([row["observed"] for row in bins], observed)
    np.testing.assert_allclose([row["predicted"] for row in bins], predicted)
    limits = proportion_confint(20 * observed, 20, method="wilson")
    np.testing.assert_allclose([row["interval"] for row in bins], np.transpose(limits), atol=1e-12)


def test_ece_is_the_mean_distance_of_scikit_learns_bins():
    found = calibration_shares(scored(MANY, labels=MANY_LABELS))["ece"]
    observed, predicted = calibration_curve(
        MANY_LABELS, expit(MANY), n_bins=10, strategy="quantile"
    )
    assert found["value"] == pytest.approx(np.abs(observed - predicted).mean())
    few = calibration_shares(scored(MANY[1:], labels=MANY_LABELS[1:]))["ece"]
    assert few["value"] is None
    assert few["reason"].startswith("199 patients, expected at least 200")


def test_ece_of_repeats_is_their_mean_and_not_that_of_a_mean():
    each = [calibration_shares(scored(s, labels=MANY_LABELS)) for s in (MANY, -MANY)]
    both = calibration_shares(scored(MANY, -MANY, labels=MANY_LABELS))
    expected = np.mean([one["ece"]["value"] for one in each])
    assert both["ece"]["value"] == pytest.approx(expected)


def test_samples_of_one_patient_count_once():
    held = scored(FIRST, SECOND)
    one, two = (calibration_shares(h)["curve"]["bins"] for h in (held, twice(held)))
    assert [row["n"] for row in one] == pytest.approx([row["n"] for row in two])
    assert [row["observed"] for row in one] == pytest.approx([row["observed"] for row in two])


def test_equal_probabilities_stay_in_one_bin():
    labels = np.repeat([0.0, 1.0], 10)
    bins = calibration_shares(scored(np.zeros(20), labels=labels))["curve"]["bins"]
    # Nobody is left for the first of the two.
    assert [(row["bin"], row["n"], row["observed"]) for row in bins] == [(2, 20.0, 0.5)]
    assert bins[0]["predicted"] == 0.5


def test_a_bin_that_one_repeat_leaves_empty_is_that_of_the_others():
    held = scored(MANY, np.zeros(200), labels=MANY_LABELS)
    found = calibration_shares(held)
    assert len(found["curve"]["bins"]) == 10
    # All at one half: the distance is that of the prevalence.
    alone = calibration_shares(scored(MANY, labels=MANY_LABELS))["ece"]["value"]
    expected = (alone + abs(MANY_LABELS.mean() - 0.5)) / 2
    assert found["ece"]["value"] == pytest.approx(expected)


def test_brier_and_its_limits_are_those_of_scikit_learn_on_redrawn_patients():
    held, labels = scored(MANY, -MANY, labels=MANY_LABELS), MANY_LABELS
    found = brier(held, seed=1)
    each = [brier_score_loss(labels, expit(s)) for s in (MANY, -MANY)]
    assert found["mean_over_repeats"] == pytest.approx(np.mean(each))
    # Independent route: patients of each class redrawn by index, another generator.
    errors = np.mean([(expit(s) - labels) ** 2 for s in (MANY, -MANY)], axis=0)
    rng, classes = np.random.default_rng(5), [np.flatnonzero(labels == c) for c in (0, 1)]
    drawn = [
        errors[np.concatenate([rng.choice(c, len(c)) for c in classes])].mean() for _ in range(2000)
    ]
    np.testing.assert_allclose(found["interval"], np.quantile(drawn, [0.025, 0.975]), atol=0.003)
    share = labels.mean()
    assert found["reference"] == pytest.approx(share * (1 - share))


def test_slope_and_intercept_are_told_with_their_range():
    found = calibration(scored(MANY, 2 * MANY, labels=MANY_LABELS))
    # Log-odds doubled: half the slope, the same intercept.
    assert found["slope"]["low"] == pytest.approx(found["slope"]["high"] / 2, rel=1e-4)
    assert found["intercept"]["low"] == pytest.approx(found["intercept"]["high"], abs=1e-4)
    assert found["slope"]["median"] == pytest.approx(0.75 * found["slope"]["high"], rel=1e-4)


def test_weighted_recalibration_is_that_of_statsmodels_however_flat_the_scores():
    weights = np.where(np.arange(200) % 3, 0.5, 1.0)
    for scale in (1.0, 1e-5):
        design = sm.add_constant(MANY)
        fit = sm.GLM(MANY_LABELS, design, family=sm.families.Binomial(), freq_weights=weights)
        intercept, slope = fit.fit(tol=1e-12).params
        found = recalibration(MANY_LABELS, scale * MANY, weights)
        assert found == pytest.approx((slope / scale, intercept), rel=1e-6)


def test_a_slope_that_no_number_is_is_none_with_the_reason():
    apart = calibration(scored(MANY, 10 * MANY_LABELS + MANY, labels=MANY_LABELS))
    tied = calibration(scored(np.full(200, 0.3), labels=MANY_LABELS))
    for name in ("slope", "intercept"):
        assert apart[name]["median"] is apart[name]["low"] is apart[name]["high"] is None
        assert apart[name]["reason"] == f"1 of 2 repeats have no finite one: {SEPARATED}"
        assert tied[name]["median"] is None
        assert tied[name]["reason"] == f"1 of 1 repeats have no finite one: {FLAT}"
