"""Time to an event: the numbers of R's survival, and what is left out is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_survival import made

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.longitudinal.time_to_event import ONE_AT_RISK, time_to_event

COLUMNS = {"time": "days", "status": "event"}
#: Printed by golden_survival.R (R 4.2.2, survival 3.5.3): day, at risk, survival, limits.
KAPLAN_MEIER = """
1 9 0.888888889 0.43296509023 0.983564029
2 8 0.666666667 0.28168224222 0.878306758
3 6 0.555555556 0.20424177564 0.804525016
4 5 0.444444444 0.13587247762 0.719314590
5 4 0.333333333 0.07828947346 0.622627303
6 3 0.222222222 0.03371145505 0.513068324
10 2 0.111111111 0.00612924165 0.387664758
"""
LOG_RANK = (1.09787542, 0.577563024)
COX = (1.47354176, 0.870754082, 2.49361487, 0.148642854)


@pytest.fixture
def patients():
    table = made()
    sheet = table.set_index("sample_id")[["days", "event"]]
    return table[["sample_id", "score", "band"]], sheet.assign(patient_id=sheet.index.to_numpy())


def test_every_number_is_that_of_survival(patients):
    found = time_to_event(*patients, **COLUMNS)
    curve = found["curves"][0]
    assert (curve["band"], curve["n_patients"], curve["at_risk"][-1]) == ("high", 9, 1)
    expected = np.array(KAPLAN_MEIER.split(), dtype=float).reshape(7, 5)
    for column, name in enumerate(("days", "at_risk", "survival", "lower", "upper")):
        np.testing.assert_allclose(curve[name][:7], expected[:, column], rtol=1e-7)
    assert (curve["survival"][7], curve["lower"][7]) == (0.0, None)
    rank, cox = found["log_rank"], found["cox"]
    assert (rank["statistic"], rank["p"]) == pytest.approx(LOG_RANK, rel=1e-7)
    assert (cox["hazard_ratio"], *cox["interval"], cox["p"]) == pytest.approx(COX, rel=1e-6)
    assert found["n_events"] == cox["n_events"] == 24


def test_the_first_score_counts_and_nothing_after_it(patients):
    scores, sheet = patients
    later = scores.assign(sample_id="T" + scores["sample_id"], score=50.0, band="middle")
    both = pd.concat([later, scores])
    visits = sheet.set_axis("T" + sheet.index, axis=0).assign(day=9)
    everything = pd.concat([visits, sheet.assign(day=0)])
    assert time_to_event(both, everything, **COLUMNS) == time_to_event(scores, sheet, **COLUMNS)


def test_who_is_left_out_is_counted_and_few_events_give_no_number(patients):
    scores, sheet = patients
    sheet = sheet.astype({"event": object, "days": object})
    sheet.iloc[:2, sheet.columns.get_loc("event")] = ""
    sheet.iloc[2, sheet.columns.get_loc("days")] = None
    scores.loc[5, "score"] = np.nan
    found = time_to_event(scores, sheet, **COLUMNS)
    assert found["n_patients"] == 26
    assert found["notes"] == [
        "1 sample without a score, a patient or a row of the sheet, or replicates: not used for "
        "the time to event.",
        "3 patients without days or event: left out.",
    ]
    sheet["event"] = ["yes"] * 4 + ["censored"] * 26
    found = time_to_event(scores, sheet, **COLUMNS)
    few = f"{found['n_events']} events, expected at least 5"
    assert found["cox"] == {"hazard_ratio": None, "reason": few}
    assert found["log_rank"] == {"p": None, "reason": few}
    none = [curve for curve in found["curves"] if not curve["n_events"]]
    assert all(curve["survival"] == [] for curve in none)


def test_without_a_difference_there_is_no_test(patients):
    scores, sheet = patients
    found = time_to_event(scores.assign(score=40.0, band="low"), sheet, **COLUMNS)
    assert found["log_rank"] == {"p": None, "reason": "all patients are in one band"}
    assert found["cox"] == {"hazard_ratio": None, "reason": "all first scores are equal"}


def few(bands, days, events):
    ids = [f"T{i}" for i in range(len(bands))]
    scores = pd.DataFrame({"sample_id": ids, "score": np.arange(len(ids)) + 10.0, "band": bands})
    return scores, pd.DataFrame({"patient_id": ids, "days": days, "event": events}, index=ids)


def test_a_band_of_which_nobody_was_left_at_the_first_event_has_no_degree_of_freedom():
    days, events = [1, 1, 5, 6, 7, 8, 9, 10, 11], [0, 0, 1, 1, 1, 1, 1, 0, 0]
    rank = time_to_event(*few([*"aabbbbccc"], days, events), **COLUMNS)["log_rank"]
    # survdiff of R's survival 3.5.3, chisq and 1 degree of freedom.
    assert (rank["statistic"], rank["df"]) == (pytest.approx(5.62868521, rel=1e-8), 1)
    assert rank["p"] == pytest.approx(0.0176688791, rel=1e-8)
    # R: "Chisq= 0 on 0 degrees of freedom".
    alone = time_to_event(*few([*"aabbbbbbb"], days, events), **COLUMNS)["log_rank"]
    assert alone == {"p": None, "reason": ONE_AT_RISK}
    at_once = time_to_event(*few([*"aabbbbbbb"], [5] * 9, [1] * 9), **COLUMNS)["log_rank"]
    assert at_once == {"p": None, "reason": ONE_AT_RISK}


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("scores", "status", "not reportable"),
        ("sheet", "patient_id", ""),
        ("sheet", "replicate_of", "S01"),
    ],
)
def test_what_is_no_score_of_a_visit_is_counted(patients, table, column, value):
    scores, sheet = patients
    scores, sheet = scores.assign(status="final"), sheet.assign(replicate_of="")
    given = {"scores": scores, "sheet": sheet}[table]
    given.loc[given.index[0], column] = value
    found = time_to_event(scores, sheet, **COLUMNS)
    assert found["n_patients"] == 29
    assert "1 sample without a score, a patient or a row" in found["notes"][0]


def test_dates_are_no_days(patients):
    scores, sheet = patients
    dates = sheet.assign(days=pd.date_range("2024-01-01", periods=30))
    with pytest.raises(InputError, match=r"reads '2024-01-01 00:00:00' .30 such rows"):
        time_to_event(scores, dates, **COLUMNS)


def test_a_score_that_orders_all_events_has_no_hazard_ratio(patients):
    scores, sheet = patients
    ordered = sheet.assign(days=100 - scores["score"].to_numpy(), event=1)
    found = time_to_event(scores, ordered, **COLUMNS)
    assert found["cox"]["hazard_ratio"] is None
    assert "has no maximum" in found["cox"]["reason"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("days", "soon", "column 'days' of sample 'S04' reads 'soon'"),
        ("days", -1, "reads '-1' .1 such rows., expected days from 0"),
        ("event", "perhaps", "expected 1 where the event came, 0 where not"),
    ],
)
def test_cells_that_cannot_be_read(patients, column, value, message):
    scores, sheet = patients
    sheet = sheet.astype({column: object})
    sheet.loc["S04", column] = value
    with pytest.raises(InputError, match=message):
        time_to_event(scores, sheet, **COLUMNS)


def test_tables_that_do_not_fit(patients):
    scores, sheet = patients
    with pytest.raises(InputError, match="sample sheet: no column 'death'"):
        time_to_event(scores, sheet, time="days", status="death")
    with pytest.raises(InputError, match="scores: no column 'band'"):
        time_to_event(scores.drop(columns="band"), sheet, **COLUMNS)
    two = sheet.assign(patient_id="P")
    with pytest.raises(InputError, match="1 patients have more than one time"):
        time_to_event(scores, two, **COLUMNS)
    with pytest.raises(TooLittleDataError, match="found 0 of 30 scored patients with days"):
        time_to_event(scores, sheet.assign(event=""), **COLUMNS)
