"""The course of every protein: found where it was drawn, and what was left out is counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.longitudinal import proteome_recovery
from proteoclass.longitudinal.random_intercept import fit_random_intercepts
from proteoclass.longitudinal.recovery import weekly_values
from proteoclass.matrix.protein_matrix import ProteinMatrix

LABELS = {"reference": "mild", "group": "severe"}


@pytest.fixture(scope="module")
def matrix():
    """Thirty patients, four visits: P00 to P04 fall by half a unit a week in the severe."""
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(30), 4)
    severe = patient < 10
    day = np.tile([0, 7, 14, 21], 30)
    values = 20 + rng.normal(size=(30, 40))[patient] + 0.3 * rng.normal(size=(120, 40))
    values[:, :5] += np.where(severe, 2 - 0.5 * day / 7, 0)[:, None]
    values[rng.random(values.shape) < 0.1] = np.nan
    ids = [f"S{i:03d}" for i in range(120)]
    sheet = pd.DataFrame(
        {
            "patient_id": [f"P{p:02d}" for p in patient],
            "day": day,
            "severity": np.where(severe, "severe", "mild"),
        },
        index=ids,
    )
    frame = pd.DataFrame(values, ids, [f"P{i:02d}" for i in range(40)])
    return ProteinMatrix.build(frame, sheet, scale="log2", fluid="plasma")


@pytest.fixture(scope="module")
def found(matrix):
    return proteome_recovery(matrix, matrix.samples["severity"], normalise="none", **LABELS)


def test_the_proteins_that_fall_are_found_and_no_others(found):
    table = found.table.set_index("protein_id")
    hits = table.index[table["interaction_q"] <= 0.05]
    assert set(table.index[:5]) <= set(hits)
    assert len(hits) <= 7
    moved = table.loc["P00":"P04"]
    inside = moved["slope_lower"].lt(-0.5) & moved["slope_upper"].gt(-0.5)
    assert inside.sum() >= 4
    assert found.summary["significant"]["interaction"] == len(hits)
    assert moved["intraclass_correlation"].between(0.7, 1).all()


def test_limits_p_and_q_follow_from_the_fit(matrix, found):
    # scipy's t and its Benjamini-Hochberg, on the fit of one protein by itself.
    sheet, table = matrix.samples, found.table
    severe, week = (sheet["severity"] == "severe").to_numpy(float), sheet["day"].to_numpy() / 7
    effects = np.column_stack([np.ones(120), severe, week, severe * week])
    values = matrix.values.to_numpy(dtype=float)[:, [7]]
    alone = fit_random_intercepts(values, effects, sheet["patient_id"].to_numpy())
    t, df = alone.coefficients[0, 3] / alone.errors[0, 3], alone.df[0, 3]
    row = table.iloc[7]
    assert row["interaction_p"] == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-6)
    assert row["interaction_df"] == pytest.approx(df, rel=1e-6)
    half = stats.t.ppf(0.975, df) * alone.errors[0, 3]
    assert row["interaction_upper"] - row["interaction"] == pytest.approx(half, rel=1e-6)
    q = stats.false_discovery_control(table["interaction_p"])
    np.testing.assert_allclose(table["interaction_q"], q)
    assert row["slope"] == pytest.approx(row["reference_slope"] + row["interaction"])


def test_what_is_left_out_is_counted(matrix, found):
    sheet = matrix.samples.copy()
    sheet["day"] = sheet["day"].astype(object)
    sheet.loc["S001", "day"] = ""
    sheet.loc["S006", "day"] = 0
    sheet.loc[["S116", "S117", "S118", "S119"], "severity"] = ""
    sheet["replicate_of"] = ""
    sheet.loc["S010", "replicate_of"] = "S009"
    values = matrix.values.copy()
    values.iloc[3:, 39] = np.nan
    odd = replace(matrix, samples=sheet, values=values)
    result = proteome_recovery(odd, sheet["severity"], normalise="none", **LABELS)
    notes = result.summary["notes"]
    assert "1 sample left out: replicates." in notes
    assert "1 sample left out: no day." in notes
    assert "4 samples left out: of patients who are neither mild nor severe." in notes
    assert any(note.startswith("114 samples are 113 visits") for note in notes)
    assert "1 protein without a fit: fewer values than effects." in notes
    last = result.table.iloc[39]
    assert last["reason"] == "fewer values than effects"
    assert last[["slope", "slope_p", "slope_q", "intraclass_correlation"]].isna().all()
    assert result.summary["n_fitted"] == 39


def test_weekly_values_are_means_over_patients(matrix, found):
    frame = weekly_values(found, most=6)
    first = found.table.sort_values(["interaction_p", "protein_id"])["protein_id"].head(6)
    assert frame["protein_id"].drop_duplicates().tolist() == first.tolist()
    name = first.iloc[0]
    row = frame[(frame["protein_id"] == name) & (frame["group"] == "severe")].iloc[1]
    sheet = matrix.samples
    of_week = (sheet["severity"] == "severe") & (sheet["day"] == 7)
    assert row["week"] == 1
    assert row["mean"] == pytest.approx(matrix.values.loc[of_week, name].mean())
    assert row["n_patients"] == matrix.values.loc[of_week, name].notna().sum()
    mild = matrix.values.loc[sheet["severity"] == "mild", name]
    assert row["z"] == pytest.approx((row["mean"] - mild.mean()) / mild.std())


def test_order_of_rows_does_not_matter(matrix, found):
    order = np.random.default_rng(0).permutation(matrix.values.index)
    turned = proteome_recovery(
        matrix.take(list(order)), matrix.samples["severity"], normalise="none", **LABELS
    )
    pd.testing.assert_frame_equal(turned.table, found.table, rtol=1e-9)


def test_what_cannot_be_followed_is_refused(matrix):
    labels = matrix.samples["severity"]
    bare = replace(matrix, samples=matrix.samples.drop(columns="day"))
    with pytest.raises(InputError, match="sample sheet: no column 'day'"):
        proteome_recovery(bare, labels, **LABELS)
    first = matrix.take([f"S{i:03d}" for i in range(0, 120, 4)])
    with pytest.raises(TooLittleDataError, match="none of 30 patients has two days"):
        proteome_recovery(first, labels, normalise="none", **LABELS)
    few = matrix.take([f"S{i:03d}" for i in range(32, 120)])
    with pytest.raises(TooLittleDataError, match="group 'severe' has 2 patients with a day"):
        proteome_recovery(few, labels, normalise="none", **LABELS)


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("D3", "column 'day' of sample 'S000' reads 'D3' .1 such row"),
        (np.inf, "column 'day' of sample 'S000' is infinite"),
        (20240301, "'day' of sample 'S000' is 20240301 .*; a date such as"),
        (pd.Timestamp("2024-03-01"), "column 'day' of sample 'S000' reads '2024-03-01 00:00:00'"),
    ],
)
def test_a_day_that_is_none_is_refused(matrix, day, message):
    sheet = matrix.samples.astype({"day": object})
    sheet.loc["S000", "day"] = day
    with pytest.raises(InputError, match=message):
        proteome_recovery(replace(matrix, samples=sheet), sheet["severity"], **LABELS)
