"""The assembled table and summary: contract, words, comparison of groups."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from proteoclass.errors import InputError
from proteoclass.io import json_text, table_text
from proteoclass.longitudinal import Trajectories, slopes, track
from proteoclass.longitudinal.comparison import interaction
from proteoclass.longitudinal.slopes import fit_slopes

SUMMARY_KEYS = {
    "method", "why", "formula", "scale", "df", "interval", "groups", "interaction", "noise",
    "at_risk", "means", "notes",
}  # fmt: skip


def own_slopes(groups, seed=0):
    """Two visits a week apart, few patients: per-patient slopes are the changes."""
    rng = np.random.default_rng(seed)
    rows = []
    for name, changes in groups.items():
        for i, change in enumerate(changes):
            start = rng.normal()
            rows += [(f"{name}{i}", name, w, start + w * change) for w in (0.0, 1.0)]
    return pd.DataFrame(rows, columns=["patient_id", "group", "week", "log_odds"])


def test_contract_of_table_and_summary(draw_cohort):
    drawn = draw_cohort(0, visits=[1, 3, 5])
    result = track(drawn.scores, drawn.samples, groups=drawn.groups, threshold=40)
    assert isinstance(result, Trajectories)
    assert table_text(result.table).splitlines()[0].split("\t") == [
        "patient_id", "n_visits", "first_day", "last_day", "first", "last", "change",
        "slope_per_week", "slope_lower", "slope_upper", "beyond_noise",
        "below_threshold_from", "below_threshold_to",
    ]  # fmt: skip
    assert set(result.summary) == SUMMARY_KEYS
    assert result.summary["scale"] == "log-odds per week"
    assert [group["group"] for group in result.summary["groups"]] == ["non-severe", "severe"]
    assert sum(group["n_samples"] for group in result.summary["groups"]) == len(drawn.scores)
    single = result.table["n_visits"] == 1
    assert result.table.loc[single, ["change", "slope_per_week"]].isna().all(axis=None)
    assert result.table.loc[~single, ["change", "slope_lower"]].notna().all(axis=None)
    said = [note for note in result.summary["notes"] if "one visit: no slope" in note]
    assert [int(note.split()[0]) for note in said] == [single.sum()]


def test_interaction_is_the_difference_of_the_slopes(draw_cohort):
    drawn = draw_cohort(1)
    summary = track(drawn.scores, drawn.samples, groups=drawn.groups).summary
    mild, severe = summary["groups"]
    contrast = summary["interaction"]
    assert contrast["contrast"] == "severe minus non-severe"
    assert contrast["estimate"] == pytest.approx(severe["slope_per_week"] - mild["slope_per_week"])
    assert contrast["df"] == 28 == mild["df"]
    half = [(group["upper"] - group["lower"]) / 2 for group in (mild, severe)]
    assert (contrast["upper"] - contrast["lower"]) / 2 == pytest.approx(np.hypot(*half))
    t = contrast["estimate"] / ((contrast["upper"] - contrast["lower"]) / 2)
    assert contrast["p"] == pytest.approx(2 * stats.t.sf(abs(t) * stats.t.ppf(0.975, 28), 28))


def test_bootstrap_agrees_with_the_t_interval(draw_cohort):
    # Two routes to the same interval; 5 % points of 2,000 draws at n = 40 differ little.
    drawn = draw_cohort(2, sizes=(40, 20))
    for group in track(drawn.scores, drawn.samples, groups=drawn.groups).summary["groups"]:
        width = group["upper"] - group["lower"]
        assert group["bootstrap_lower"] == pytest.approx(group["lower"], abs=0.3 * width)
        assert group["bootstrap_upper"] == pytest.approx(group["upper"], abs=0.3 * width)


def test_seed_moves_the_bootstrap_only(draw_cohort):
    drawn = draw_cohort(2)
    one, two = (track(drawn.scores, drawn.samples, seed=seed) for seed in (1, 2))
    assert table_text(one.table) == table_text(two.table)
    first, second = one.summary["groups"][0], two.summary["groups"][0]
    assert first["bootstrap_lower"] != second["bootstrap_lower"]
    assert first["lower"] == second["lower"]


def test_difference_of_own_slopes_is_welchs_t():
    changes = {"a": [0.1, -0.3], "b": [-0.9, -1.4]}
    found = interaction(fit_slopes(own_slopes(changes), ["a", "b"]))
    welch = stats.ttest_ind(changes["b"], changes["a"], equal_var=False)
    interval = welch.confidence_interval()
    assert found["p"] == pytest.approx(welch.pvalue)
    assert found["df"] == pytest.approx(welch.df)
    assert (found["lower"], found["upper"]) == pytest.approx((interval.low, interval.high))


def test_three_groups_of_own_slopes_are_welchs_anova(monkeypatch):
    monkeypatch.setattr(slopes, "MINIMUM_DF", 10)
    changes = {"a": [0.1, -0.3], "b": [-0.9, -1.5], "c": [0.0, 0.7]}
    found = interaction(fit_slopes(own_slopes(changes), ["a", "b", "c"]))
    welch = anova_oneway(list(changes.values()), use_var="unequal", welch_correction=True)
    assert found["estimate"] is None
    assert found["p"] == pytest.approx(welch.pvalue)
    assert found["contrast"] == "equal slopes in all 3 groups"


def test_three_groups_of_a_mixed_model_with_two_visits_are_anova():
    # With two visits a week apart the model is the analysis of variance of the changes.
    rng = np.random.default_rng(8)
    shifts = {"a": 0.0, "b": -0.4, "c": 0.3}
    changes = {name: rng.normal(shift, 0.5, 6) for name, shift in shifts.items()}
    fit = fit_slopes(own_slopes(changes), list("abc"))
    assert fit.method == "mixed model, random intercept"
    assert interaction(fit)["p"] == pytest.approx(
        stats.f_oneway(*changes.values()).pvalue, rel=1e-4
    )


def test_changes_without_any_spread_are_not_tested():
    same = {"a": [0.5, 0.5], "b": [0.5, 0.5], "c": [0.5, 0.5]}
    found = interaction(fit_slopes(own_slopes(same), list("abc")))
    assert found["p"] is None
    assert (
        interaction(fit_slopes(own_slopes({"a": [0.5, 0.5], "b": [1, 1]}), ["a", "b"]))["p"] is None
    )


def test_patients_without_a_label_get_slopes_from_the_model_without_groups(draw_cohort):
    drawn = draw_cohort(3)
    labels = drawn.groups.copy()
    labels.iloc[:5] = None
    result = track(drawn.scores, drawn.samples, groups=labels)
    whole = track(drawn.scores, drawn.samples).table.set_index("patient_id")
    table = result.table.set_index("patient_id")
    outside = labels.index[labels.isna()]
    pd.testing.assert_frame_equal(table.loc[outside], whole.loc[outside])
    notes = " ".join(result.summary["notes"])
    assert "5 patients have no group label" in notes
    assert "Slopes of 5 patients outside the groups come from the model without groups" in notes
    assert sum(group["n_patients"] for group in result.summary["groups"]) == 25


def test_a_group_of_one_has_no_slope(draw_cohort):
    drawn = draw_cohort(3)
    labels = drawn.groups.copy()
    labels.iloc[0] = "odd"
    summary = track(drawn.scores, drawn.samples, groups=labels).summary
    assert [group["group"] for group in summary["groups"]] == ["non-severe", "severe"]
    assert any("Group 'odd' has 1 patients with two visits" in note for note in summary["notes"])


def test_no_group_with_a_slope_leaves_one_model(draw_cohort):
    drawn = draw_cohort(3, sizes=(1, 1))
    summary = track(drawn.scores, drawn.samples, groups=drawn.groups).summary
    assert [group["group"] for group in summary["groups"]] == ["all"]
    assert "No group has a slope: the model is fitted without groups." in summary["notes"]


def test_one_visit_each_is_not_reportable(draw_cohort):
    drawn = draw_cohort(4, visits=1)
    result = track(drawn.scores, drawn.samples, groups=drawn.groups)
    assert result.summary["method"] == "not reportable"
    assert result.summary["why"] == "no patient has two visits"
    assert result.table["slope_per_week"].isna().all()
    assert (result.table["beyond_noise"] == "not reportable").all()
    assert result.summary["groups"][0]["slope_per_week"] is None


def with_replicates(drawn, n):
    """Append a technical replicate of the first sample of the first n patients."""
    firsts = drawn.samples.groupby("patient_id").head(1).head(n)
    rng = np.random.default_rng(0)
    names = [f"{name}_again" for name in firsts.index]
    again = firsts.set_axis(names).assign(replicate_of=firsts.index.to_numpy())
    score = drawn.scores.set_index("sample_id").loc[firsts.index, "score"].to_numpy()
    noisy = np.clip(score + rng.normal(0, 1, n), 0.1, 99.9)
    scores = pd.concat([drawn.scores, pd.DataFrame({"sample_id": names, "score": noisy})])
    return scores, pd.concat([drawn.samples.assign(replicate_of=None), again])


def test_changes_are_judged_against_replicates(draw_cohort):
    drawn = draw_cohort(5)
    scores, samples = with_replicates(drawn, 20)
    result = track(scores, samples, groups=drawn.groups)
    plain = track(drawn.scores, drawn.samples, groups=drawn.groups)
    pd.testing.assert_frame_equal(
        result.table.drop(columns="beyond_noise"), plain.table.drop(columns="beyond_noise")
    )
    limit = result.summary["noise"]["smallest_change_log_odds"]
    odds = np.log(result.table[["first", "last"]] / (100 - result.table[["first", "last"]]))
    moved = odds["last"] - odds["first"]
    expected = np.select([moved < -limit, moved > limit], ["fell", "rose"], "did not change")
    assert result.table["beyond_noise"].tolist() == expected.tolist()
    assert {"fell", "rose"} <= set(expected)
    assert any("analytical variation only" in note for note in result.summary["notes"])


def test_too_few_replicates_are_said(draw_cohort):
    scores, samples = with_replicates(draw_cohort(5), 3)
    result = track(scores, samples)
    note = "Change beyond noise is not reportable: 3 pairs, expected at least 20."
    assert note in result.summary["notes"]


def test_stable_pairs_carry_no_warning_about_replicates(draw_cohort):
    drawn = draw_cohort(6)
    pairs = [(f"p{i:03d}_0", f"p{i:03d}_1") for i in range(22)]
    summary = track(drawn.scores, drawn.samples, stable_pairs=pairs).summary
    assert summary["noise"]["source"] == "stable pairs"
    assert not any("technical" in note for note in summary["notes"])


def test_words_never_promise_a_better_patient(draw_cohort):
    drawn = draw_cohort(7, slopes=(0.0, -1.5))
    result = track(drawn.scores, drawn.samples, groups=drawn.groups, threshold=40)
    words = json_text(result.summary) + table_text(result.table)
    assert not re.search("improv|recover|better|worse", words, re.IGNORECASE)


def test_errors_of_the_parts_reach_the_caller(draw_cohort):
    drawn = draw_cohort(0)
    with pytest.raises(InputError, match="no slope per week can be given"):
        track(drawn.scores, drawn.samples.drop(columns="day"))
    with pytest.raises(InputError, match="threshold 140"):
        track(drawn.scores, drawn.samples, threshold=140)
