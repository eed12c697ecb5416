"""The figures of an evaluation against the truth, over cohorts drawn from a known population."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats as distributions
from sklearn import config_context
from sklearn.metrics import roc_auc_score

from proteoclass.scorer import evaluate
from proteoclass.stats import corrected_resampled_auc_interval


@pytest.fixture(scope="module")
def study():
    """The study's functions, and their own globals, which a test may replace."""
    path = Path(__file__).parents[1] / "benchmarks" / "study_validity.py"
    with pytest.MonkeyPatch.context() as patch:
        # Where a script finds what lies beside it.
        patch.syspath_prepend(str(path.parent))
        return SimpleNamespace(**runpy.run_path(str(path)))


@pytest.fixture(scope="module")
def population(study):
    classes = np.repeat([0.0, 1.0], 8_000)
    values = study.draw(classes, study.DISTANCE, np.random.default_rng(0))
    return classes, values


def test_a_protein_separates_as_the_normal_distribution_says(study, population):
    # Two normal classes of unit variance, d apart, have the AUC Φ(d / √2).
    classes, values = population
    step = study.PROTEINS // study.INFORMATIVE
    expected = distributions.norm.cdf(np.sqrt(study.SHARED / 2) * study.DISTANCE)
    for half in (0, study.PROTEINS):
        for protein in (0, step, study.PROTEINS - step):
            found = roc_auc_score(classes, values[:, half + protein])
            assert found == pytest.approx(expected, abs=0.015)
        for protein in (1, step + 1, study.PROTEINS - 1):
            assert roc_auc_score(classes, values[:, half + protein]) == pytest.approx(0.5, abs=0.02)


def test_the_halves_are_alike_in_mean_and_covariance_so_that_their_comparison_is_a_true_null(
    study, population
):
    classes, values = population
    severe = values[classes == 1]
    first, second = severe[:, : study.PROTEINS], severe[:, study.PROTEINS :]
    # Standard errors: 1 / √8000 of a mean, at most √2 / √8000 of a covariance.
    np.testing.assert_allclose(first.mean(axis=0), second.mean(axis=0), atol=0.08)
    np.testing.assert_allclose(np.cov(first.T), np.cov(second.T), atol=0.1)
    # Not the same values: two copies would never differ, and the comparison be a formality.
    across = np.corrcoef(first[:, 0], second[:, 0])[0, 1]
    assert across == pytest.approx(study.SHARED, abs=0.05)
    assert np.corrcoef(first[:, 1], second[:, 1])[0, 1] == pytest.approx(0, abs=0.05)


def test_without_distance_no_protein_tells_the_classes_apart(study):
    classes = np.repeat([0.0, 1.0], 4_000)
    values = study.draw(classes, 0.0, np.random.default_rng(1))
    difference = values[classes == 1].mean(axis=0) - values[classes == 0].mean(axis=0)
    assert np.abs(difference).max() < 5 * np.sqrt(2 / 4_000)


def test_a_randomised_p_is_uniform_under_ties_and_the_printed_one_is_not(study):
    rng = np.random.default_rng(2)
    draws = rng.integers(0, 6, size=(3_000, 20)).astype(float)
    p = np.array([study.randomised_p(row[0], row[1:], rng) for row in draws])
    assert distributions.kstest(p, "uniform").pvalue > 0.01
    printed = np.array([(1 + (row[1:] >= row[0]).sum()) / 20 for row in draws])
    assert distributions.kstest(printed, "uniform").pvalue < 1e-6


def test_a_randomised_p_lies_in_the_step_that_the_rank_leaves(study):
    rng = np.random.default_rng(3)
    best = [study.randomised_p(1.0, np.zeros(19), rng) for _ in range(200)]
    assert 0 < min(best) < max(best) < 1 / 20
    worst = [study.randomised_p(-1.0, np.zeros(19), rng) for _ in range(200)]
    assert 19 / 20 < min(worst) < max(worst) < 1


def test_the_halves_of_a_cohort_count_as_one_draw(study):
    # Two cohorts whose halves agree: SD of 1 and 0 over √2 draws, not over √4.
    assert study.share_of([[True, True], [False, False]]) == (0.5, pytest.approx(0.5))
    assert study.share_of([True, False, False, False]) == (0.25, pytest.approx(0.25))


def test_wherever_a_run_stops_the_arms_are_complete_alike(study):
    order = [arm for arm, _ in study.schedule(1_000)]
    for stop in (500, 1_500, len(order)):
        shares = [order[:stop].count(arm) / order.count(arm) for arm in study.ARMS]
        assert max(shares) - min(shares) < 0.1
    assert [order.count(arm) for arm in study.ARMS] == [
        round(1_000 * arm.share) for arm in study.ARMS
    ]


def test_a_second_run_goes_on_where_the_first_one_stopped(study, tmp_path, monkeypatch):
    ran = []

    def cohort(arm, number):
        ran.append((arm.name, number))
        return {"arm": arm.name, "number": number}

    monkeypatch.setitem(study.study.__globals__, "run_cohort", cohort)
    scratch = tmp_path / "rows.jsonl"
    study.study(20, scratch, part=0, parts=2)
    first = list(ran)
    assert {number % 2 for _, number in first} == {0}
    rows = study.study(20, scratch)
    assert len(ran) == len(set(ran)) == len(rows) == len(list(study.schedule(20)))
    lines = scratch.read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows == study.read(scratch)


def half(model_auc, per_fold):
    return {"per_fold": per_fold, "model_auc": model_auc}


def test_coverage_is_of_the_mean_over_models_and_of_each_model(study):
    # By hand: logit 0.8 ± t(3) · 0.0577 / 0.16 is 0.56 to 0.93; the second is all above 0.97.
    wide, high = [[0.7, 0.9], [0.8, 0.8]], [[0.99, 0.98], [0.99, 0.985]]
    # The mean of the four models' AUCs is 0.75.
    rows = [
        {"arm": "a", "halves": [half(0.50, wide), half(0.95, wide)]},
        {"arm": "a", "halves": [half(0.77, wide), half(0.78, high)]},
        {"arm": "b", "halves": []},
    ]
    found = study.figures(rows, "a")
    assert found["cohorts"] == 2
    assert found["expected AUC"][0] == pytest.approx(0.75)
    assert found["mean over folds"][0] == pytest.approx((3 * 0.8 + 0.98625) / 4)
    assert found["covers expected"][0] == 0.75
    assert found["above expected"][0] == 0.25
    assert found["below expected"][0] == 0
    assert found["covers this model"][0] == 0.25


def test_a_comparison_counts_what_is_rejected_and_what_is_covered(study):
    # The first cohort is rejected by patient alone and above chance, the second by fold alone;
    # in the third nothing could be tested.
    high, middle, gap = [[0.8, 0.9], [0.85, 0.8]], [[0.5, 0.6], [0.55, 0.4]], float("nan")
    rows = [
        {"arm": arm, "p_difference": p, "interval": interval, "by_fold": by_fold,
         "halves": [half(0.9, first), half(0.7, middle)]}
        for arm in ("50/11, null, compared", "50/11, signal against null")
        for p, interval, by_fold, first in (
            (0.01, [0.1, 0.3], {"p": 0.2, "interval": [-0.1, 0.3]}, high),
            (0.30, [-0.1, 0.3], {"p": 0.01, "interval": [0.1, 0.15]}, middle),
            (gap, [gap, gap], {"p": gap, "interval": [gap, gap]}, middle),
        )
    ]  # fmt: skip
    alike, apart = (study.figures(rows, rows[place]["arm"]) for place in (0, 3))
    for found in (alike, apart):
        assert found["cohorts"] == 3
        assert found["expected difference"][0] == pytest.approx(0.2)
        assert found["mean difference"][0] == pytest.approx(0.325 / 3)
        assert found["difference rejected"][0] == pytest.approx(1 / 3)
        assert found["by fold, difference rejected"][0] == pytest.approx(1 / 3)
        assert found["rejected, and the better score is above chance"][0] == pytest.approx(1 / 3)
        assert found["median width"] == pytest.approx(0.3)
    # Halves that are alike differ by 0, the others by 0.2.
    name = "covers expected difference"
    assert (alike[name][0], alike[f"by fold, {name}"][0]) == pytest.approx((1 / 3, 1 / 3))
    assert (apart[name][0], apart[f"by fold, {name}"][0]) == pytest.approx((2 / 3, 1 / 3))


def test_the_halves_of_a_cohort_are_compared_on_the_folds_of_an_evaluation(study, monkeypatch):
    for name, value in (("FOLDS", 3), ("REPEATS", 2)):
        monkeypatch.setitem(study.fold_aucs.__globals__, name, value)
    arm = study.Arm("x", 30, 9, study.DISTANCE, 1.0, "comparison", other=0.0)
    classes = (np.arange(30) < 9).astype(float)
    row = study._compared(arm, 11, classes, np.random.default_rng(4))
    found = []
    for matrix, _, _ in study.halves_of(arm, classes, np.random.default_rng(4)):
        cohort = study.build_cohort(matrix, study.OUTCOME)
        found.append(study.fold_aucs(cohort, study.NOT_TUNED.resolve(cohort.matrix), 11))
    assert [each["per_fold"] for each in row["halves"]] == found
    # The half without a distance is worth nothing.
    strong, worthless = (each["model_auc"] for each in row["halves"])
    assert strong > 0.7
    assert abs(worthless - 0.5) < 0.1
    low, high = row["interval"]
    assert low < np.mean(found[0]) - np.mean(found[1]) < high
    assert (row["p_difference"] < 0.05) == (not low <= 0 <= high)


def test_the_short_way_to_the_aucs_of_the_folds_is_that_of_the_evaluation(study, monkeypatch):
    # Most cohorts of the study take it; that nothing else is measured has to be shown.
    for name, value in (("FOLDS", 3), ("REPEATS", 2)):
        monkeypatch.setitem(study.fold_aucs.__globals__, name, value)
    classes = (np.arange(30) < 9).astype(float)
    arm = study.ARMS[0]
    matrix, _, _ = next(study.halves_of(arm, classes, np.random.default_rng(4)))
    whole = evaluate(
        matrix, study.OUTCOME, settings=study.NOT_TUNED, folds=3, repeats=2, permutations=0,
        describe=False, seed=11,
    )  # fmt: skip
    short = study.fold_aucs(whole.cohort, whole.settings, 11)
    assert short == whole.summary["auc"]["per_fold"]
    rows = [{"halves": [half(0.5, short)]}]
    low, high = study.limits(rows, corrected_resampled_auc_interval)
    # `limits` takes the folds of the study, here 3 instead of 5.
    assert [low[0, 0], high[0, 0]] == whole.summary["auc"]["interval"]
    assert np.unique(short).size > 2


def within(share, low, high):
    """Say whether a share is in a range, given three of its Monte Carlo errors."""
    value, error = share
    # No event seen has an error too.
    error = max(error, 0.01)
    return low - 3 * error <= value <= high + 3 * error


def share_within(figures, name, low, high):
    """Say whether a share of cohorts is in a range, given three binomial errors of its ends.

    Of the ends, not of the share: a share that is far off has a large error of its own.
    """
    share, cohorts = figures[name][0], figures["cohorts"]
    below, above = (3 * np.sqrt(end * (1 - end) / cohorts) for end in (low, high))
    return low - below <= share <= high + above


def test_a_share_far_off_is_outside_however_few_cohorts_there_are():
    # 6 of 20 is in 0.03 to 0.07 by its own error of 0.105, and four of those of 0.07 above it.
    assert within((0.3, 0.105), 0.03, 0.07)
    assert not share_within({"x": (0.3, 0.105), "cohorts": 20}, "x", 0.03, 0.07)
    assert share_within({"x": (0.2, 0.09), "cohorts": 20}, "x", 0.03, 0.07)
    assert share_within({"x": (0.0, 0.0), "cohorts": 20}, "x", 0.03, 0.07)
    assert not share_within({"x": (0.0, 0.0), "cohorts": 300}, "x", 0.03, 0.07)


#: Cohorts of each arm: about five minutes. A whole evaluation takes seven times as long as folds.
COHORTS = {
    "50/11, signal": 120,
    "100/30, signal": 40,
    "50/11, null": 20,
    "50/11, signal, whole evaluation": 10,
    "100/30, signal, whole evaluation": 4,
    "50/11, sets at 0.75": 15,
    "100/30, sets at 0.9": 15,
    "50/11, signal, compared": 40,
    "100/30, signal, compared": 20,
    "50/11, null, compared": 60,
}


@pytest.mark.long
def test_the_figures_of_an_evaluation_mean_what_they_say(study):
    # The first cohorts of the study. Fewer of them widen no range, only its Monte Carlo errors.
    with config_context(assume_finite=True, skip_parameter_validation=True):
        rows = [
            study.run_cohort(arm, number)
            for arm in study.ARMS
            for number in range(COHORTS.get(arm.name, 0))
        ]
    assert len(rows) == sum(COHORTS.values())
    for size in ("50/11", "100/30"):
        found = study.figures(rows, f"{size}, signal")
        assert share_within(found, "covers expected", 0.93, 1.0), found
        # Too narrow where folds come close to 1, as it is off the logit scale, it lies above.
        error = np.sqrt(0.025 * 0.975 / found["cohorts"])
        assert found["above expected"][0] < 0.025 + 3 * error, found
        compared = study.figures(rows, f"{size}, signal, compared")
        assert share_within(compared, "difference rejected", 0.03, 0.07), compared
        whole = study.figures(rows, f"{size}, signal, whole evaluation")
        assert 0.8 <= whole["slope"][0] <= 1.25, whole
        # Fewer patients to learn from in a fold than in the whole cohort: never too high.
        assert whole["headline minus expected"][0] < 3 * whole["headline minus expected"][1], whole
    for name, promised in (("50/11, sets at 0.75", 0.75), ("100/30, sets at 0.9", 0.9)):
        sets = study.figures(rows, name)
        assert within(sets["covers severe"], promised - 0.01, 1.0), sets
        assert within(sets["covers mild"], promised - 0.01, 1.0), sets
    compared = study.figures(rows, "50/11, null, compared")
    assert share_within(compared, "difference rejected", 0.0, 0.07), compared
    null = study.figures(rows, "50/11, null")
    assert null["permutation KS p"] > 0.01, null
    assert within(null["mean over folds"], 0.45, 0.55), null
