"""Columns of a sample sheet that are no clinical value, refused with the reason."""

from __future__ import annotations

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.wording import counted, label_text, near_columns

_IDS = ("sample_id", "patient_id", "second_id", "replicate_of")
#: Above this share of cells that read as numbers, the others are taken for slips.
_MOSTLY = 0.5
#: Squares of larger numbers are none any more: their spread could not be told.
_LARGEST = 1e100
#: Levels from which on each should have two patients at least.
_MANY = 10


def check_name(name: str, sheet: pd.DataFrame, outcome: str, where: str) -> None:
    """Refuse a column that is not there, is the outcome, or tells who is who.

    Parameters
    ----------
    name : str
    sheet : DataFrame, shape (n_patients, n_columns)
    outcome : str
        Column of the outcome.
    where : str
        File, for messages.

    Raises
    ------
    InputError
    """
    if name == outcome:
        raise InputError(
            f"--clinical {name}: is the outcome itself; name columns that are known without it"
        )
    if name in _IDS:
        raise InputError(
            f"--clinical {name}: tells samples or patients apart and is no clinical value; "
            "leave it out"
        )
    if name in sheet:
        return
    others = [str(column) for column in sheet.columns if column not in (outcome, *_IDS)]
    hint = near_columns(name, others, "--clinical")
    raise InputError(f"{where}: no column {name!r} for --clinical; {hint}")


def check_levels(name: str, column: pd.Series, where: str) -> None:
    """Refuse numbers with slips among them, and names that hardly two patients share.

    Parameters
    ----------
    name : str
    column : Series of str, shape (n_patients,)
    where : str
        File, for messages.

    Raises
    ------
    InputError
    """
    known = column.dropna()
    wrong = known[pd.to_numeric(known, errors="coerce").isna()]
    if len(wrong) and len(wrong) <= _MOSTLY * len(known):
        raise InputError(
            f"{where}: column {name!r} for --clinical holds numbers and text "
            f"({name_list(sorted(set(wrong)))}, {counted(len(wrong), 'patient')}), expected one of "
            "the two; correct the cells or leave them empty"
        )
    if not len(wrong):
        # An infinite value makes text of a column of numbers.
        _check_size(name, pd.to_numeric(known), where)
    levels = known.nunique()
    if levels > 2 and (levels == len(known) or levels > max(_MANY, len(known) / 2)):
        raise InputError(
            f"{where}: column {name!r} for --clinical has {levels} levels in {len(known)} "
            "patients, hardly two patients share one: nothing can be learnt from it; leave it out"
        )


def _check_size(name: str, numbers: pd.Series, where: str) -> None:
    if (numbers.astype(float).abs() > _LARGEST).any():
        raise InputError(
            f"{where}: column {name!r} for --clinical holds an infinite value, or one above "
            f"{_LARGEST:g}; correct the cell"
        )


def check_values(name: str, column: pd.Series, labels: pd.Series, where: str) -> None:
    """Refuse a column that is empty, the same in all patients, or the outcome over again.

    Parameters
    ----------
    name : str
    column : Series of float or str, shape (n_patients,)
    labels : Series of float, shape (n_patients,)
    where : str
        File, for messages.

    Raises
    ------
    InputError
    """
    known = column.dropna()
    if pd.api.types.is_numeric_dtype(known):
        _check_size(name, known, where)
    if known.empty:
        raise InputError(
            f"{where}: column {name!r} for --clinical is empty in all {len(column)} index samples; "
            "leave it out"
        )
    values = known.unique()
    if len(values) == 1 and len(known) == len(column):
        raise InputError(
            f"{where}: column {name!r} for --clinical is {label_text(values[0])!r} in all "
            f"{len(column)} patients; leave it out"
        )
    agrees = (column == values[0]).to_numpy() == (labels == 1.0).to_numpy()
    if len(known) == len(column) and len(values) == 2 and agrees.all() | ~agrees.any():
        raise InputError(
            f"{where}: column {name!r} for --clinical says the same as the outcome in all "
            f"{len(column)} patients; leave it out"
        )


def check_units(sheet: pd.DataFrame, where: str) -> None:
    """Refuse creatinine in several units.

    Parameters
    ----------
    sheet : DataFrame, shape (n_patients, n_columns)
        With `creatinine_unit`, where it is known.
    where : str
        File, for messages.

    Raises
    ------
    InputError
    """
    if "creatinine_unit" not in sheet:
        return
    units = sorted(sheet["creatinine_unit"].dropna().unique())
    if len(units) > 1:
        raise InputError(
            f"{where}: column 'creatinine' is in {len(units)} units ({name_list(units)}), "
            "expected one for --clinical; convert it to one unit"
        )
