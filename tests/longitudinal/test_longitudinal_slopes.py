"""Each step of the ladder is reached, says why, and keeps its intervals honest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from proteoclass.longitudinal import track
from proteoclass.longitudinal.slopes import fit_slopes
from proteoclass.stats import expit


def visits_of(odds_by_patient, group="all", gap=1.0):
    rows = [
        (patient, group, gap * visit, value)
        for patient, values in odds_by_patient.items()
        for visit, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["patient_id", "group", "week", "log_odds"])


def random_visits(seed, n, visits, spread=0.0):
    rng = np.random.default_rng(seed)
    cohort = {}
    for patient in range(n):
        line = rng.normal() + np.arange(visits) * rng.normal(-0.3, spread)
        cohort[f"p{patient:02d}"] = line + rng.normal(0, 0.3, visits)
    return visits_of(cohort)


def test_first_step_random_intercept_and_slope():
    fit = fit_slopes(random_visits(0, 20, 5, spread=0.5), ["all"])
    assert fit.method == "mixed model, random intercept and slope"
    assert fit.formula == "log-odds of score ~ week + (1 + week | patient)"


def test_second_step_without_correlation():
    # Levels and slopes share one random number: their true correlation is 1.
    rng = np.random.default_rng(5)
    shared = rng.normal(size=20)
    cohort = {
        f"p{i:02d}": 3 * a + 0.4 * a * np.arange(5) + rng.normal(0, 0.4, 5)
        for i, a in enumerate(shared)
    }
    fit = fit_slopes(visits_of(cohort), ["all"])
    assert fit.method == "mixed model, uncorrelated random intercept and slope"
    assert "perfectly correlated" in fit.why


def test_third_step_random_intercept_with_two_visits_is_the_paired_t_test():
    # scipy.stats.ttest_1samp on the differences is the independent route.
    visits = random_visits(1, 12, 2)
    fit = fit_slopes(visits, ["all"])
    assert fit.method == "mixed model, random intercept"
    assert "0 patients with three or more visits, expected at least 5" in fit.why
    change = visits.groupby("patient_id")["log_odds"].agg(lambda odds: odds.iloc[1] - odds.iloc[0])
    test = stats.ttest_1samp(change, 0)
    line = fit.groups.loc["all"]
    assert line["slope"] == pytest.approx(change.mean(), rel=1e-6)
    assert line["slope"] / line["error"] == pytest.approx(test.statistic, rel=1e-6)
    assert line["df"] == test.df


def test_without_a_random_slope_patients_keep_their_own():
    fit = fit_slopes(random_visits(1, 12, 2), ["all"])
    assert fit.patients["slope"].nunique() == 12
    assert fit.patients["lower"].isna().all()


def test_last_step_per_patient_slopes_by_linregress():
    visits = random_visits(2, 3, 4)
    fit = fit_slopes(visits, ["all"])
    assert fit.method == "per-patient least-squares slopes"
    assert "2 degrees of freedom, expected at least 3" in fit.why
    lines = visits.groupby("patient_id").apply(
        lambda rows: stats.linregress(rows["week"], rows["log_odds"])[:1]
    )
    slopes = np.array([line[0] for line in lines])
    assert fit.groups.loc["all", "slope"] == pytest.approx(slopes.mean())
    assert fit.groups.loc["all", "error"] == pytest.approx(stats.sem(slopes))
    np.testing.assert_allclose(fit.patients["slope"], slopes)


def test_own_slope_intervals_use_the_pooled_residual_variance():
    # One patient alone: the interval is ordinary regression's (scipy linregress).
    visits = random_visits(2, 1, 6)
    fit = fit_slopes(visits, ["all"])
    line = stats.linregress(visits["week"], visits["log_odds"])
    half = stats.t.ppf(0.975, 4) * line.stderr
    assert fit.patients["upper"].item() == pytest.approx(line.slope + half)
    assert fit.patients["lower"].item() == pytest.approx(line.slope - half)


def test_parallel_perfect_lines_leave_no_residual():
    fit = fit_slopes(visits_of({f"p{i}": i - 0.2 * np.arange(4) for i in range(8)}), ["all"])
    assert fit.method == "per-patient least-squares slopes"
    assert fit.why.count("no variation around the fitted lines") == 3
    assert fit.groups.loc["all", "slope"] == pytest.approx(-0.2)


def test_nothing_where_nobody_came_twice():
    fit = fit_slopes(visits_of({"p": [0.1], "q": [0.4]}), ["all"])
    assert (fit.method, fit.why) == ("not reportable", "no patient has two visits")
    assert fit.patients.isna().all(axis=None)


def test_flat_scores_have_slope_zero_and_no_interval():
    scores = pd.DataFrame({"sample_id": list("abcdef"), "score": 40.0})
    sheet = pd.DataFrame({"patient_id": list("ppqqrr"), "day": [0, 7] * 3}, index=list("abcdef"))
    result = track(scores, sheet)
    group = result.summary["groups"][0]
    assert group["slope_per_week"] == pytest.approx(0.0, abs=1e-12)
    assert group["lower"] is group["upper"] is group["p"] is None


def test_intervals_cover_the_truth(draw_cohort):
    """Simulation from the model itself: 40 cohorts, wide bounds (SE of a rate of 0.95: 0.034)."""
    groups, patients, differences = [], [], []
    for seed in range(40):
        drawn = draw_cohort(seed, sizes=(16, 9))
        result = track(drawn.scores, drawn.samples, groups=drawn.groups)
        for row, true in zip(result.summary["groups"], (0.0, -0.4), strict=True):
            groups.append(row["lower"] <= true <= row["upper"])
        difference = result.summary["interaction"]
        differences.append(difference["lower"] <= -0.4 <= difference["upper"])
        table = result.table.set_index("patient_id")
        inside = table["slope_lower"].le(drawn.true_slopes) & table["slope_upper"].ge(
            drawn.true_slopes
        )
        patients.append(inside.mean())
    assert 0.88 <= np.mean(groups) <= 0.995
    assert 0.86 <= np.mean(differences) <= 1.0
    assert 0.88 <= np.mean(patients) <= 0.98


def test_change_in_the_first_week_is_read_off_the_group_line():
    # One perfect line from log-odds 1 down by 0.5 a week: 73.1 to 62.2 points.
    fit_on = {f"p{i}": 1 - 0.5 * np.arange(3.0) for i in range(2)}
    frame = visits_of(fit_on)
    frame["sample_id"] = frame["patient_id"] + frame["week"].astype(str)
    scores = frame.assign(score=100 * expit(frame["log_odds"]))[["sample_id", "score"]]
    sheet = frame.set_index("sample_id").assign(day=7 * frame["week"].to_numpy())
    group = track(scores, sheet[["patient_id", "day"]]).summary["groups"][0]
    assert group["change_points_first_week"] == pytest.approx(62.2459331 - 73.1058579)
    assert group["start_day"] == 0.0
