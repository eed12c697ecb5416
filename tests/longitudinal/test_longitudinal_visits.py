"""Scores and sheet become visits; what cannot be placed in time is refused or counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.longitudinal.group_labels import patient_groups
from proteoclass.longitudinal.visits import place_in_time


def scores_of(**columns):
    return pd.DataFrame({"sample_id": ["a", "b", "c"], "score": [80.0, 50.0, 20.0]} | columns)


def sheet_of(**columns):
    frame = {"patient_id": ["p", "p", "q"], "day": [0, 7, 3]} | columns
    return pd.DataFrame(frame, index=["a", "b", "c"])


def test_weeks_are_days_over_seven_and_rows_are_sorted():
    visits = place_in_time(scores_of().iloc[::-1], sheet_of()).frame
    assert visits["patient_id"].tolist() == ["p", "p", "q"]
    assert visits["week"].tolist() == [0.0, 1.0, 3 / 7]
    assert visits["score"].tolist() == [80.0, 50.0, 20.0]


def test_same_day_samples_are_averaged_on_the_log_odds():
    # Log-odds of 80 and 20 are ±1.386: their mean is 0, a score of 50; the mean of 90
    # and 50 is 1.0986, a score of 75, not 70.
    placed = place_in_time(scores_of(score=[90.0, 50.0, 20.0]), sheet_of(day=[0, 0, 3]))
    assert placed.frame.loc[0, "score"] == pytest.approx(75.0)
    assert placed.frame["n_samples"].tolist() == [2, 1]
    assert any("2 samples of the same patient and day" in note for note in placed.notes)


def test_mean_of_equal_scores_is_that_score():
    placed = place_in_time(
        scores_of(score=[30.1, 30.1, 30.1]), sheet_of(patient_id="p", day=[1, 1, 1])
    )
    assert placed.frame["score"].tolist() == [30.1]


def test_rows_left_out_are_counted():
    scores = pd.DataFrame(
        {
            "sample_id": list("abcdefg"),
            "score": [80.0, np.nan, 20.0, 30.0, 40.0, 0.0, 10.0],
            "status": ["final", "not reportable"] + ["final"] * 5,
            "origin": "out-of-fold",
        }
    )
    sheet = pd.DataFrame(
        {
            "patient_id": ["p", "p", "p", None, "q", "q"],
            "day": [0, 3, 7, 1, None, 5],
            "replicate_of": ["", "", "a", "", "", ""],
        },
        index=list("abcdef"),
    )
    placed = place_in_time(scores, sheet)
    assert placed.frame["score"].tolist() == [80.0, 0.0]
    for sentence in (
        "1 sample not reportable",
        "1 scored sample not in the sample sheet",
        "1 replicate sample for noise alone",
        "1 sample without patient_id",
        "1 sample without a day",
        "1 score of exactly 0 or 100",
        "Scores come from: out-of-fold (6 samples).",
        "Out-of-fold scores share fold models",
    ):
        assert any(note.startswith(sentence) for note in placed.notes), sentence


def test_sample_id_may_be_the_index_and_status_may_be_absent():
    scores = scores_of(score=[80.0, None, 20.0]).set_index("sample_id")
    assert place_in_time(scores, sheet_of()).frame["score"].tolist() == [80.0, 20.0]


@pytest.mark.parametrize(
    ("scores", "sheet", "message"),
    [
        (scores_of().drop(columns="score"), sheet_of(), "scores: no column 'score'; found"),
        (scores_of(sample_id=["a", "a", "c"]), sheet_of(), "1 sample ids have more than one row"),
        (scores_of(score=[80, 101, 2]), sheet_of(), "sample 'b' is 101 .* from 0 to 100"),
        (scores_of(score=[80, -1, 2]), sheet_of(), "sample 'b' is -1 .* from 0 to 100"),
        (scores_of(score=["80", "high", "2"]), sheet_of(), "sample 'b' reads 'high'"),
        (
            scores_of(score=[1, None, 2], status="final"),
            sheet_of(),
            "sample 'b' is empty .* 'not reportable'",
        ),
        (scores_of(status=["final", "odd", "final"]), sheet_of(), "sample 'b' reads 'odd'"),
        (scores_of(sample_id=["x", "y", "z"]), sheet_of(), "none of 3 sample ids is in the"),
        (scores_of(), sheet_of().drop(columns="patient_id"), "no column 'patient_id'"),
        (scores_of(), sheet_of().drop(columns="day"), "no column 'day' .* add the day"),
        (
            scores_of(),
            sheet_of(visit=["T1", "T2", "T1"], day=None),
            "'visit' gives an order but without days no slope per week can be given",
        ),
        (scores_of(), sheet_of(day=[0, "soon", 3]), "column 'day' of sample 'b' reads 'soon'"),
        (scores_of(), sheet_of(day=[0, np.inf, 3]), "column 'day' of sample 'b' is infinite"),
        (
            scores_of(),
            sheet_of(day=[20240301, 20240308, 3]),
            r"'day' of sample 'a' is 20240301 \(2 such rows\), expected days from a start",
        ),
        (scores_of(), sheet_of(day=[0, -1e300, 3]), r"'b' is -1e\+300 \(1 such rows\)"),
        (scores_of(), sheet_of().set_axis(["a", "a", "c"]), "1 sample ids repeat .a."),
    ],
)
def test_poisoned_input_gets_one_clear_line(scores, sheet, message):
    with pytest.raises(InputError, match=message):
        place_in_time(scores, sheet)


def test_nothing_dated_is_too_little():
    with pytest.raises(TooLittleDataError, match="found 0 of 3 scored samples with a patient"):
        place_in_time(scores_of(), sheet_of(replicate_of="other"))


def test_groups_by_patient_or_by_sample_are_the_same():
    by_patient, order = patient_groups(pd.Series({"p": "severe", "q": "mild"}), sheet_of())
    by_sample, _ = patient_groups(
        pd.Series({"a": "severe", "b": "severe", "c": "mild"}), sheet_of()
    )
    pd.testing.assert_series_equal(by_patient, by_sample, check_names=False)
    assert order == ["mild", "severe"]


def test_a_categorical_gives_the_order():
    groups = pd.Series(pd.Categorical(["b", "a"], categories=["b", "a", "c"]), index=["p", "q"])
    assert patient_groups(groups, sheet_of())[1] == ["b", "a"]


def test_numeric_labels_lose_their_decimal():
    assert patient_groups(pd.Series({"p": 1.0, "q": np.nan}), sheet_of())[0].to_dict() == {"p": "1"}


@pytest.mark.parametrize("groups", [None, pd.Series({"p": None}), pd.Series(dtype=object)])
def test_no_labels_mean_no_groups(groups):
    labels, order = patient_groups(groups, sheet_of())
    assert labels.empty
    assert order == []


def test_groups_of_strangers_are_refused():
    with pytest.raises(InputError, match="names neither samples nor patients"):
        patient_groups(pd.Series({"x": "severe"}), sheet_of())


def test_two_labels_of_one_patient_are_refused():
    with pytest.raises(InputError, match=r"1 patients carry more than one label \(p\)"):
        patient_groups(pd.Series({"a": "severe", "b": "mild"}), sheet_of())


def test_scores_of_which_none_is_reportable_say_so():
    scores = scores_of().assign(score=None, status="not reportable")
    with pytest.raises(TooLittleDataError, match="none of 3 samples is reportable"):
        place_in_time(scores, sheet_of())
