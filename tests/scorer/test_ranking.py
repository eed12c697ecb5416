"""PR-AUC and rates at a fixed rate, against scikit-learn and pROC."""

from __future__ import annotations

import json

import numpy as np
import pytest
from held_out_scores import FIRST, LABELS, SECOND, cohort_of, scored, twice
from scipy import stats as scipy_stats
from sklearn.metrics import average_precision_score, roc_curve
from statsmodels.stats.proportion import proportion_confint

from proteoclass.io import json_text
from proteoclass.scorer.performance.held_out import held_out
from proteoclass.scorer.performance.patient_bootstrap import resampled
from proteoclass.scorer.performance.ranking import average_precision, rates_at_fixed

# tests/scorer/golden_fixed_rates.R, pROC 1.18.0: sensitivity at a specificity of 0.80, 0.90
# and 0.95, then specificity at such a sensitivity; first and second scores.
PROC = {
    "sensitivity": [
        [0.47619047619, 0.428571428571, 0.428571428571],
        [0.761904761905, 0.666666666667, 0.571428571429],
    ],
    "specificity": [
        [0.541666666667, 0.458333333333, 0.416666666667],
        [0.791666666667, 0.708333333333, 0.625],
    ],
}


def values(rows):
    return [row["value"] for row in rows]


@pytest.mark.parametrize("read", ["sensitivity", "specificity"])
def test_rates_are_those_of_proc_and_the_mean_over_repeats_is_their_mean(read):
    for scores, expected in zip((FIRST, SECOND), PROC[read], strict=True):
        found = rates_at_fixed(scored(scores), seed=0)[read]
        np.testing.assert_allclose(values(found), expected, rtol=1e-10)
    both = rates_at_fixed(scored(FIRST, SECOND), seed=0)[read]
    np.testing.assert_allclose(values(both), np.mean(PROC[read], axis=0), rtol=1e-10)


def test_rates_with_weights_are_those_of_scikit_learn():
    # Independent route: roc_curve with sample weights, the best cut that holds the rate.
    weights = 1 + np.arange(45) % 3
    found = rates_at_fixed(scored(FIRST, weights=weights), seed=0)
    false, true, _ = roc_curve(LABELS, FIRST, sample_weight=weights, drop_intermediate=False)
    for row in found["sensitivity"]:
        assert row["value"] == pytest.approx(true[1 - false >= row["specificity"] - 1e-9].max())
    for row in found["specificity"]:
        assert row["value"] == pytest.approx((1 - false)[true >= row["sensitivity"] - 1e-9].max())


def test_average_precision_is_that_of_scikit_learn():
    weights = 1 + np.arange(45) % 3
    found = average_precision(scored(FIRST, SECOND, weights=weights), seed=0)
    each = [average_precision_score(LABELS, s, sample_weight=weights) for s in (FIRST, SECOND)]
    assert found["mean_over_repeats"] == pytest.approx(np.mean(each))
    low, high = found["interval"]
    assert 0 < low < found["mean_over_repeats"] < high < 1
    plain = average_precision(scored(FIRST), seed=0)
    assert plain["prevalence"] == pytest.approx(21 / 45)
    assert "test-sampling error only" in plain["interval_kind"]


def test_limits_are_those_of_the_binomial():
    # Closed form: redrawing n patients, of whom k are above a cut, counts Binomial(n, k/n).
    def sensitivity(log_odds, weights):
        drawn = weights * (LABELS == 1)
        return (drawn @ (log_odds > 1)[:, None]) / drawn.sum(axis=1, keepdims=True)

    value, limits = resampled(scored(FIRST), sensitivity, seed=3)
    n, share = 21, value[0]
    expected = scipy_stats.binom.ppf([0.025, 0.975], n, share) / n
    # Within one patient: a thousand draws.
    np.testing.assert_allclose(limits[0], expected, atol=1.01 / n)


def test_samples_of_one_patient_are_drawn_together():
    # Split in two samples of half the weight, each patient is what it was.
    held = scored(FIRST, SECOND)
    for figure in (average_precision, rates_at_fixed):
        whole, split = figure(held, 5), figure(twice(held), 5)
        assert json_text(split) == json_text(whole)


def test_a_class_too_small_for_the_rate_is_not_reported():
    # 19 positive and 9 negative patients: 95 % needs 20, 90 % needs 10, 80 % needs 5.
    labels = np.repeat([1.0, 0.0], [19, 9])
    scores = np.sin(np.arange(28.0)) + labels
    found = json.loads(json_text(rates_at_fixed(scored(scores, labels=labels), seed=0)))
    # 9 are near the 5 that 80 % needs, 19 near the 10 that 90 % needs.
    assert found["sensitivity"][0]["caution"].startswith("9 patients are close to the 5 that")
    assert found["specificity"][1]["caution"].startswith("19 patients are close to the 10 that")
    assert "caution" not in found["specificity"][0]
    assert [row["value"] is None for row in found["sensitivity"]] == [False, True, True]
    assert [row["value"] is None for row in found["specificity"]] == [False, False, True]
    assert found["specificity"][2] == {
        "sensitivity": 0.95,
        "value": None,
        "interval": None,
        "reason": "19 positive patients, expected at least 20 to hold 95 % of them fixed",
    }
    # Twenty are enough: the last digits of 1 - 0.95 do not ask for a twenty-first.
    labels = np.repeat([1.0, 0.0], [20, 4])
    found = rates_at_fixed(scored(np.sin(np.arange(24.0)) + labels, labels=labels), seed=0)
    assert found["specificity"][2]["reason"] == "4 negative patients, expected at least 5"


def test_classes_apart_leave_no_interval():
    found = rates_at_fixed(scored(10 * LABELS + FIRST), seed=0)["sensitivity"][0]
    assert (found["value"], found["interval"]) == (1.0, None)
    assert found["reason"] == "every draw of patients gave the same value, which is no certainty"


def test_repeats_stand_side_by_side_whatever_the_order_of_the_file():
    held = held_out(*cohort_of())
    np.testing.assert_array_equal(held.log_odds, [FIRST, SECOND])
    np.testing.assert_array_equal(held.labels, LABELS)
    shuffled = held_out(*cohort_of(np.random.default_rng(1).permutation(45)))
    np.testing.assert_array_equal(shuffled.log_odds, held.log_odds)
    assert json_text(average_precision(shuffled, 2)) == json_text(average_precision(held, 2))


def test_what_a_repeat_did_not_hold_out_is_not_counted():
    cohort, by_repeat = cohort_of()
    by_repeat[1] = by_repeat[1][1:]
    gone = len(cohort.labels) - sum(len(result.rows) for result in by_repeat[1])
    assert held_out(cohort, by_repeat).n_patients == 45 - gone < 45


def test_evaluation_gives_rates_that_can_be_found_in_its_predictions(evaluated):
    table = evaluated.predictions.query("used == 'index'")
    each = []
    for _, rows in table.groupby("repeat"):
        truth = rows["outcome"] == "severe"
        false, true, _ = roc_curve(truth, rows["probability"], drop_intermediate=False)
        each.append(true[1 - false >= 0.8 - 1e-9].max())
    found = evaluated.summary["sensitivity_at_specificity"]["sensitivity"][0]
    assert found["value"] == pytest.approx(np.mean(each))


def test_rates_at_the_limits_have_statsmodels_wilson_interval(evaluated):
    for row in evaluated.summary["thresholds"]:
        for rate, n in (("sensitivity", row["n_positive"]), ("specificity", row["n_negative"])):
            expected = proportion_confint(row[rate] * n, n, method="wilson")
            assert row[f"{rate}_interval"] == pytest.approx(expected, abs=1e-12)
        assert "test-sampling error only" in row["interval_kind"]


@pytest.mark.long
def test_intervals_cover_the_rates_of_a_score_that_was_not_fitted_here():
    # Two normal distributions 1.5 apart: sensitivity at a specificity has a closed form.
    distance, n_cohorts, rng = 1.5, 300, np.random.default_rng(8)
    labels = np.repeat([0.0, 1.0], [70, 30])
    hits = {"sensitivity": np.zeros(3), "specificity": np.zeros(3)}
    for seed in range(n_cohorts):
        found = rates_at_fixed(
            scored(rng.normal(size=100) + distance * labels, labels=labels), seed
        )
        for read, fixed in (("sensitivity", "specificity"), ("specificity", "sensitivity")):
            for place, row in enumerate(found[read]):
                # Two normals of one width: the same rate either way round.
                cut = scipy_stats.norm.ppf(row[fixed])
                low, high = row["interval"]
                hits[read][place] += low <= scipy_stats.norm.cdf(distance - cut) <= high
    assert (hits["sensitivity"] / n_cohorts > 0.92).all()
    assert (hits["specificity"][:2] / n_cohorts > 0.88).all()
    # 30 positive patients for a sensitivity of 95 %: what the caution is for.
    assert hits["specificity"][2] / n_cohorts < 0.92
