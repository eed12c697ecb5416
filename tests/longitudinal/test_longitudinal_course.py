"""Threshold crossings, numbers at risk and weekly means, by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from proteoclass.errors import InputError
from proteoclass.longitudinal.at_risk import at_risk, weekly_means
from proteoclass.longitudinal.crossing import crossings
from proteoclass.stats import log_odds


def course(scores, patient="p"):
    days = 7.0 * np.arange(len(scores))
    odds = log_odds(np.array(scores) / 100)
    return pd.DataFrame({"patient_id": patient, "day": days, "log_odds": odds})


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([80, 60, 20, 10], (7.0, 14.0)),
        ([80, 20, 60, 20, 10], (14.0, 21.0)),  # one visit below is not confirmed
        ([80, 60, 20], None),  # the last visit cannot be confirmed
        ([20, 10, 5], None),  # below from the start
        ([40, 39.9, 39.9], (0.0, 7.0)),  # at the threshold is not below it
        ([80, 20, 10, 90], (0.0, 7.0)),  # a later return does not undo it
        ([80], None),
    ],
)
def test_bracket_of_the_first_confirmed_fall(scores, expected):
    brackets, _ = crossings(course(scores), 40)
    found = brackets.loc["p"].to_numpy()
    np.testing.assert_array_equal(found, expected or (np.nan, np.nan))


@given(st.lists(st.sampled_from([10.0, 39.0, 40.0, 70.0]), min_size=1, max_size=8))
def test_bracket_holds_its_definition(scores):
    brackets, _ = crossings(course(scores), 40)
    start, end = brackets.loc["p"] / 7
    below = [score < 40 for score in scores]
    confirmed = [i for i in range(len(scores) - 1) if below[i] and below[i + 1]]
    if np.isnan(end):
        assert below[0] or not confirmed
        return
    assert not below[0]
    assert int(end) == confirmed[0]
    assert start == end - 1
    assert not below[int(start)]


def test_crossings_are_counted_in_words():
    visits = pd.concat([course([80, 20, 10, 90], "p"), course([80, 90], "q"), course([1, 2], "r")])
    _, notes = crossings(visits, 40)
    assert notes == [
        "2 of 3 patients were at or above 40 points at their first visit; "
        "1 of them have a confirmed visit below it.",
        "1 of these went back to the threshold or above it later.",
    ]


def test_without_a_threshold_the_columns_are_empty():
    brackets, notes = crossings(course([80, 20, 10]), None)
    assert brackets.isna().all(axis=None)
    assert notes == ["No threshold was given: crossings are empty."]


@pytest.mark.parametrize("threshold", [0, 100, -5, 0.4 + 100, float("nan")])
def test_threshold_out_of_range_is_refused(threshold):
    with pytest.raises(InputError, match="expected score points above 0 and below 100"):
        crossings(course([80]), threshold)


COHORT = pd.DataFrame(
    [
        ("p", "severe", 1.0, 90.0),
        ("p", "severe", 15.0, 60.0),
        ("q", "severe", 0.0, 70.0),
        ("q", "severe", 2.0, 50.0),
        ("q", "severe", 8.0, 40.0),
        ("r", "mild", -2.0, 20.0),
        ("r", "mild", 3.0, 30.0),
    ],
    columns=["patient_id", "group", "day", "score"],
)


def test_at_risk_counts_by_hand():
    rows = pd.DataFrame(at_risk(COHORT, ["mild", "severe"]))
    table = rows.pivot_table(index="group", columns="day", values="n_patients")
    # p is under observation in week 1 although without a visit in it; r starts in week -1.
    assert table.loc["severe"].to_dict() == {-7: 0, 0: 2, 7: 2, 14: 1}
    assert table.loc["mild"].to_dict() == {-7: 1, 0: 1, 7: 0, 14: 0}


def test_weekly_means_count_each_patient_once():
    rows = weekly_means(COHORT, ["severe"])
    assert [(row["day"], row["n"]) for row in rows] == [(0, 2), (7, 1), (14, 1)]
    first = rows[0]
    assert first["mean_score"] == 75.0  # 90 and the mean of 70 and 50
    assert first["mean_day"] == 1.0
    low, high = stats.t.interval(0.95, 1, loc=75.0, scale=stats.sem([90.0, 60.0]))
    assert first["lower"] == max(0.0, low) == 0.0
    assert first["upper"] == min(100.0, high) == 100.0
    assert rows[1]["lower"] is rows[1]["upper"] is None


def test_interval_of_the_weekly_mean_is_scipys():
    scores = [40.0, 45.0, 50.0, 61.0]
    visits = pd.DataFrame({"patient_id": list("abcd"), "group": "all", "day": 0.0, "score": scores})
    row = weekly_means(visits, ["all"])[0]
    expected = stats.t.interval(0.95, 3, loc=np.mean(scores), scale=stats.sem(scores))
    assert (row["lower"], row["upper"]) == pytest.approx(expected)
