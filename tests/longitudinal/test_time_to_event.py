"""Time to an event: the numbers of R's survival, and what is left out is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from golden_survival import made

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.longitudinal.time_to_event import time_to_event

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
    assert found["notes"] == ["3 patients have no days or event: left out."]
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
