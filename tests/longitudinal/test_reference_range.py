"""Proteins of a panel against the range of the reference group, week by week."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from proteoclass.longitudinal.reference_range import NO_REFERENCE, reference_courses

GENES = pd.Series({"P1": "LCN2", "P2": "UMOD"})
GROUPS = {"reference": "mild", "group": "severe"}


@pytest.fixture
def courses():
    """Twelve mild patients between 0 and 11; four severe who fall from 20 by 5 a week."""
    rows = []
    for patient in range(12):
        rows += [
            (f"m{patient:02d}", week, "mild", patient + 0.1 * week) for week in (0.0, 1.0, 2.0)
        ]
    for patient in range(4):
        rows += [(f"s{patient}", w + 0.3, "severe", 20 - 5 * w + patient / 10) for w in range(4)]
    frame = pd.DataFrame(rows, columns=["patient_id", "week", "group", "P1"])
    return frame[["patient_id", "week", "group"]], frame[["P1"]].assign(P2=frame["P1"] * -1.0)


def test_the_range_and_the_week_by_hand(courses):
    visits, values = courses
    found = reference_courses(visits, values, GENES, **GROUPS)
    first = found[found["protein_id"] == "P1"]
    medians = [patient + 0.1 for patient in range(12)]
    assert first["low"].iloc[0] == pytest.approx(np.quantile(medians, 0.05))
    assert first["high"].iloc[0] == pytest.approx(np.quantile(medians, 0.95))
    assert first["mean"].tolist() == pytest.approx([20.15, 15.15, 10.15, 5.15])
    assert first["inside"].tolist() == [False, False, True, True]
    assert first["first_inside_week"].eq(2).all()
    assert first[["n_reference", "n_patients"]].iloc[0].tolist() == [12, 4]
    assert found["gene"].unique().tolist() == ["LCN2", "UMOD"]


def test_a_mean_that_leaves_again_is_not_back(courses):
    visits, values = courses
    values.loc[visits["week"] == 3.3, "P1"] = 30.0
    found = reference_courses(visits, values, GENES, **GROUPS)
    assert found.loc[found["protein_id"] == "P1", "first_inside_week"].isna().all()


def test_weeks_with_few_patients_and_groups_without_a_range(courses):
    visits, values = courses
    values.loc[(visits["week"] == 3.3) & visits["patient_id"].isin(["s0", "s1"]), "P1"] = np.nan
    found = reference_courses(visits, values, GENES, **GROUPS)
    assert found.loc[found["protein_id"] == "P1", "week"].tolist() == [0, 1, 2]
    few = ~visits["patient_id"].isin(["m00", "m01", "m02"])
    found = reference_courses(visits[few], values[few], GENES, **GROUPS)
    assert found["reason"].eq(NO_REFERENCE).all()
    assert found[["low", "high", "first_inside_week"]].isna().all(axis=None)
    assert found["inside"].isna().all()
    assert found["n_reference"].eq(9).all()
