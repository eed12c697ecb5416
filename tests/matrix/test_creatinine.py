"""Protein per creatinine, against division on the raw scale."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix import ProteinMatrix, prepare
from proteoclass.matrix.normalisation.creatinine import WARNING, per_creatinine
from proteoclass.matrix.normalisation.normalise import default_normalisation


def urine(fluid="urine", kind="intensity", **columns):
    values = pd.DataFrame(
        [[800.0, 200.0], [400.0, 0.0], [100.0, 50.0]], ["s1", "s2", "s3"], ["P1", "P2"]
    )
    sheet = pd.DataFrame({"creatinine": [100.0, 50.0, 200.0]}, index=values.index)
    sheet = sheet.assign(**columns)
    if kind != "intensity":
        return ProteinMatrix.build(np.log2(values + 1), sheet, scale="log2", kind=kind, fluid=fluid)
    return ProteinMatrix.build(values, sheet, scale="raw", fluid=fluid)


def test_divides_on_the_raw_scale():
    result = per_creatinine(urine(), "mg/dl")
    expected = [[8, 2], [8, np.nan], [0.5, 0.25]]
    np.testing.assert_allclose(2.0**result.values, expected)
    assert (result.kind, result.scale, result.quantity_scope) == ("ratio", "log2", "run")
    assert default_normalisation(result) == "none"
    assert WARNING in result.source.notes
    pd.testing.assert_frame_equal(prepare(urine(), "creatinine", "mg/dL").values, result.values)


@pytest.mark.parametrize(
    ("unit", "factor"),
    # 113.12 g/mol, https://pubchem.ncbi.nlm.nih.gov/compound/588: 1 mmol/L is 11.312 mg/dL.
    [("mg/L", 10.0), ("g/L", 0.01), ("mmol/L", 1 / 11.312), ("µmol/L", 1000 / 11.312)],
)
def test_every_unit_means_the_same_urine(unit, factor):
    other = urine(creatinine=np.array([100.0, 50.0, 200.0]) * factor)
    expected = per_creatinine(urine(), "mg/dL").values
    np.testing.assert_allclose(per_creatinine(other, unit).values, expected)
    told = urine(creatinine=np.array([100.0, 50.0, 200.0]) * factor, creatinine_unit=unit)
    np.testing.assert_allclose(per_creatinine(told).values, expected)


def test_units_may_differ_from_sample_to_sample():
    mixed = urine(
        creatinine=[100.0, 50.0 / 11.312, 200.0], creatinine_unit=["mg/dL", "mmol/l", "mg/dl"]
    )
    np.testing.assert_allclose(
        per_creatinine(mixed).values, per_creatinine(urine(), "mg/dL").values
    )


def test_a_sample_does_not_depend_on_its_neighbours():
    whole = per_creatinine(urine(), "mg/dL").values
    alone = per_creatinine(urine().take(["s3"]), "mg/dL").values
    assert alone.loc["s3"].equals(whole.loc["s3"])


def test_a_sample_without_creatinine_is_missing_and_named():
    result = per_creatinine(urine(creatinine=[100.0, np.nan, 200.0]), "mg/dL")
    assert result.values.loc["s2"].isna().all()
    assert result.values.loc["s1"].notna().all()
    note = "1 sample without creatinine, not reportable and missing throughout: s2."
    assert note in result.source.notes


def test_kidney_injury_is_pointed_at():
    matrix = urine(egfr=[90.0, 25.0, np.nan], dialysis=["no", "", "yes"])
    notes = per_creatinine(matrix, "mg/dL").source.notes
    assert "1 sample with an eGFR below 60, where creatinine misleads: s2." in notes
    assert "1 sample on dialysis, where creatinine misleads: s3." in notes
    assert not any("eGFR" in n for n in per_creatinine(urine(), "mg/dL").source.notes)


@pytest.mark.parametrize(
    ("matrix", "unit", "message"),
    [
        (urine(), "", "3 creatinines without a unit: s1, s2, s3; add the column creatinine_unit"),
        (urine(), "mg", "creatinine unit: found 'mg', expected one of mg/dL, mg/L"),
        (urine(creatinine_unit="mg/dL"), "mmol/L", r"reads 'mg/dL' for 's1' \(3 such samples\)"),
        (urine(creatinine_unit="stone"), "", "reads 'stone' for 's1'"),
        (urine(creatinine=[1.0, 0.0, -2.0]), "mg/dL", "2 creatinines not above 0: s2, s3"),
        (urine(creatinine=np.inf), "mg/dL", "3 creatinines not above 0"),
        (urine(creatinine=[0.9, 0.8, 1.1]), "mg/dL", "median creatinine is 0.9 mg/dL as mg/dL"),
        (urine(), "mmol/L", "median creatinine is 1.13e.03 mg/dL as mmol/L, expected 1 to 1000"),
        (urine(creatinine=np.nan), "mg/dL", "no column 'creatinine' with numbers"),
        (urine(kind="npx"), "mg/dL", "kind is npx, creatinine corrects intensities"),
        (urine(kind="ratio"), "mg/dL", "kind is ratio, creatinine corrects intensities"),
        (urine(fluid="plasma"), "mg/dL", "is plasma, creatinine corrects urine"),
        (urine(channel=["1", "2", "pool"], plex="A"), "mg/dL", "has pool channels"),
    ],
)
def test_refusals(matrix, unit, message):
    with pytest.raises(InputError, match=message):
        per_creatinine(matrix, unit)


def test_twice_is_refused():
    with pytest.raises(InputError, match="kind is ratio"):
        per_creatinine(per_creatinine(urine(), "mg/dL"), "mg/dL")


def test_steps_are_named():
    with pytest.raises(InputError, match="step: found 'loess', expected one of auto, none"):
        prepare(urine(), "loess")
    with pytest.raises(InputError, match="a creatinine unit goes with the step creatinine"):
        prepare(urine(), "none", "mg/dL")
    assert prepare(urine(), "none").values.loc["s3", "P1"] == np.log2(100)
