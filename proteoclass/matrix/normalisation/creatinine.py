"""Protein per creatinine, for urine that was loaded by volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.normalisation.ratio import has_pool
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.samples.roles import creatinine_unit
from proteoclass.matrix.wording import counted

#: g/mol, https://pubchem.ncbi.nlm.nih.gov/compound/588
_MOLAR_MASS = 113.12
#: mg/dL in one unit.
_TO_MG_PER_DL: Mapping[str, float] = {
    "mg/dL": 1.0,
    "mg/L": 0.1,
    "g/L": 100.0,
    "mmol/L": _MOLAR_MASS / 10,
    "umol/L": _MOLAR_MASS / 10_000,
}
#: Medians, in mg/dL, that no cohort of urines has. Spot urines lie between 30 and 300
#: (Barr et al. 2005, doi 10.1289/ehp.7337); serum, and a wrong unit, lie off by more.
_LOWEST_MEDIAN, _HIGHEST_MEDIAN = 1.0, 1000.0
#: mL/min/1.73 m2, stage G3 of KDIGO and beyond.
_LOW_EGFR = 60.0

WARNING = (
    "Creatinine excretion falls in acute kidney injury, changes on dialysis and depends on "
    "muscle mass, age and sex: a protein per creatinine can rise without more protein."
)


def per_creatinine(matrix: ProteinMatrix, unit: str = "") -> ProteinMatrix:
    """Divide intensities by the sample's own urinary creatinine.

    Parameters
    ----------
    matrix : ProteinMatrix
        Intensities of urine loaded by volume, raw or log2, with the role `creatinine`.
    unit : str
        Unit of `creatinine` (``mg/dL mg/L g/L mmol/L umol/L``); "" where the sample sheet's
        column `creatinine_unit` tells it. There is no default.

    Returns
    -------
    ProteinMatrix
        log2 intensity minus log2 creatinine in mg/dL, kind "ratio". A sample without
        creatinine is NaN throughout.

    Raises
    ------
    InputError
        If there is no creatinine or no unit, the unit is unknown, the sheet tells another
        one, a creatinine is not positive, the median is no urine's in that unit, the fluid
        is another, or the values are ratios, NPX or of plexes with a pool.

    Notes
    -----
    Only where the same volume of urine was digested: with the same amount of peptide the
    dilution is gone before creatinine could correct it. In kidney injury creatinine is no
    steady measure of dilution: Waikar et al. 2010, Kidney Int 78:486, doi
    10.1038/ki.2010.165.

    Examples
    --------
    >>> values = pd.DataFrame([[1024.0]], index=["s1"], columns=["P1"])
    >>> sheet = pd.DataFrame({"creatinine": [64.0]}, index=["s1"])
    >>> matrix = ProteinMatrix.build(values, sheet, scale="raw", fluid="urine")
    >>> per_creatinine(matrix, "mg/dl").values.loc["s1", "P1"].item()
    4.0
    """
    where = matrix.source.sheet or "sample sheet"
    _refuse_other_kind(matrix)
    amount = _milligrams(matrix.samples, unit, where)
    log2 = matrix.on_log2()
    values = log2.values.sub(pd.Series(np.log2(amount), index=log2.values.index), axis=0)
    notes = ["log2 intensities minus log2 creatinine in mg/dL.", WARNING]
    without = amount.index[amount.isna()]
    if len(without):
        notes.append(
            f"{counted(len(without), 'sample')} without creatinine, not reportable and missing "
            f"throughout: {name_list(without)}."
        )
    return replace(log2, values=values, kind="ratio").with_notes(
        *notes, *_kidney_notes(matrix.samples)
    )


def _refuse_other_kind(matrix: ProteinMatrix) -> None:
    where = matrix.source.path or "matrix"
    if matrix.kind != "intensity":
        raise InputError(
            f"{where}: kind is {matrix.kind}, creatinine corrects intensities; leave the step out"
        )
    if matrix.fluid not in ("urine", "not stated"):
        raise InputError(f"{where}: is {matrix.fluid}, creatinine corrects urine; leave it out")
    if has_pool(matrix):
        raise InputError(
            f"{where}: has pool channels, and plexes are loaded by peptide, not by volume; use "
            "tmt-ratio instead of creatinine"
        )


def _milligrams(samples: pd.DataFrame, unit: str, where: str) -> pd.Series:
    """Return creatinine in mg/dL, NaN where there is none."""
    if "creatinine" not in samples or samples["creatinine"].isna().all():
        raise InputError(
            f"{where}: no column 'creatinine' with numbers; name it with --column creatinine=NAME"
        )
    given = samples["creatinine"].astype(float)
    wrong = given.index[(given <= 0) | np.isinf(given)]
    if len(wrong):
        raise InputError(
            f"{where}: {counted(len(wrong), 'creatinine')} not above 0: {name_list(wrong)}; "
            "correct them or leave them empty"
        )
    units = _units(samples, given.notna(), unit, where)
    amount = given * units.map(_TO_MG_PER_DL)
    middle = float(amount.median())
    if not _LOWEST_MEDIAN <= middle <= _HIGHEST_MEDIAN:
        raise InputError(
            f"{where}: median creatinine is {middle:.3g} mg/dL as {name_list(units.unique())}, "
            f"expected {_LOWEST_MEDIAN:.0f} to {_HIGHEST_MEDIAN:.0f} in urine; correct the unit"
        )
    return amount.reindex(samples.index)


def _units(samples: pd.DataFrame, known: pd.Series, unit: str, where: str) -> pd.Series:
    asked = creatinine_unit(unit)
    if unit and not asked:
        raise InputError(
            f"creatinine unit: found {unit!r}, expected one of {', '.join(_TO_MG_PER_DL)}"
        )
    told = samples.get("creatinine_unit", pd.Series(index=samples.index, dtype=object))[known]
    read = told.map(lambda cell: creatinine_unit(str(cell)), na_action="ignore")
    other = read.index[read.notna() & (read != asked)] if asked else read.index[read == ""]
    if len(other):
        raise InputError(
            f"{where}: column 'creatinine_unit' reads {str(told[other[0]])!r} for {other[0]!r} "
            f"({counted(len(other), 'such sample')}), expected "
            f"{asked or 'one of ' + ', '.join(_TO_MG_PER_DL)}; correct it"
        )
    filled = read.where(read.notna(), asked or None)
    silent = filled.index[filled.isna()]
    if len(silent):
        raise InputError(
            f"{where}: {counted(len(silent), 'creatinine')} without a unit: {name_list(silent)}; "
            "add the column creatinine_unit or pass --creatinine-unit"
        )
    return filled


def _kidney_notes(samples: pd.DataFrame) -> list[str]:
    notes = []
    egfr = pd.to_numeric(samples.get("egfr", pd.Series(dtype=float)), errors="coerce")
    low = egfr.index[egfr < _LOW_EGFR]
    if len(low):
        notes.append(
            f"{counted(len(low), 'sample')} with an eGFR below {_LOW_EGFR:.0f}, where creatinine "
            f"misleads: {name_list(low)}."
        )
    cells = samples.get("dialysis", pd.Series(dtype=object)).dropna().astype(str)
    words = cells.str.strip().str.lower()
    treated = words.index[~words.isin(["", "no", "n", "0", "0.0", "false", "none"])]
    if len(treated):
        notes.append(
            f"{counted(len(treated), 'sample')} on dialysis, where creatinine misleads: "
            f"{name_list(treated)}."
        )
    return notes
