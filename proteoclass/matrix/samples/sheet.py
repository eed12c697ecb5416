"""Sample sheets: who and when each sample is, with roles under fixed names.

Urinary creatinine is the numeric role `creatinine`, its unit the column `creatinine_unit`
(``mg/dL mg/L g/L mmol/L umol/L`` in this spelling, a cell a sample), which the sheet gives
as such a column or in the name of its own (`creatinine_mg_dl`, `creatinine_mmol_l`).
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.headers import ROLES, plain
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.samples.controls import control_notes, is_control
from proteoclass.matrix.samples.roles import (
    creatinine_column,
    creatinine_unit,
    days_from_dates,
    first_replicates,
    sex_notes,
    with_creatinine_unit,
)
from proteoclass.matrix.samples.sdrf import bare_name, is_sdrf, read_sdrf
from proteoclass.matrix.tables.cells import MAYBE_THOUSANDS
from proteoclass.matrix.tables.preview import look_at
from proteoclass.matrix.tables.table import Table, read_table
from proteoclass.matrix.wording import counted

#: Roles that are numbers; text in them is an error, never a missing value.
NUMERIC_ROLES = ("day", "age", "creatinine", "egfr", "freeze_thaw")

#: Said of a sample sheet without `patient_id`.
NO_PATIENTS = "The sample sheet has no patient_id: each sample is its own patient."

# "None" is a label that people use, so it is not among them.
_BLANK = frozenset({"", "NA", "N/A", "n/a", "NaN", "nan", "#N/A", "null", "NULL"})

_TO_FILL = (
    "patient_id",
    "severity",
    "day",
    "visit",
    "batch",
    "plex",
    "channel",
    "replicate_of",
    "site",
    "age",
    "sex",
)


def read_samples(
    path: str | os.PathLike[str],
    *,
    sheet: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    r"""Read a sample sheet.

    Parameters
    ----------
    path : path-like
        TSV, CSV or XLSX, one row a sample; or SDRF, one row a run.
    sheet : str, optional
        Sheet of a workbook; the first where left out, which is said.
    columns : mapping of str to str, optional
        Role to the column that plays it, such as ``{"patient_id": "Subject"}``.

    Returns
    -------
    DataFrame, shape (n_samples, n_roles_and_covariates)
        Indexed by sample id (text as written). Roles that are names are text, numeric
        roles float, a covariate float where each of its filled cells is a number.
        ``attrs["notes"]`` lists what was assumed, ``attrs["levels"]`` the columns of an
        SDRF file that a matrix may name its samples by.

    Raises
    ------
    InputError
        If `sample_id` is absent, a sample id is empty or repeats, a numeric role holds
        text, `replicate_of` names no sample, a date is ambiguous, a unit of creatinine is
        unknown, or `columns` names what does not exist.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "samples.csv"
    ...     _ = target.write_text("sample_id,patient_id,day\n007,p1,0\n008,p1,7\n")
    ...     read_samples(target)["day"].to_dict()
    {'007': 0.0, '008': 7.0}
    """
    seen = look_at(path)
    if seen.container == "text" and sheet is None and is_sdrf(seen.names):
        sdrf = read_sdrf(path)
        wanted = {role: bare_name(name) or name for role, name in (columns or {}).items()}
        samples = _finished(sdrf.frame, wanted, str(path), sdrf.rows)
        samples.attrs["levels"] = [level for level in sdrf.levels if level in samples]
        samples.attrs["notes"] = [*sdrf.notes, *samples.attrs["notes"]]
        return samples
    table = _sheet_table(path, sheet)
    frame = pd.DataFrame({name: table.text(name) for name in table.names}, dtype=object)
    frame = frame.rename(columns={"": "(unnamed)"})
    samples = _finished(frame, columns, table.where, [int(row) for row in table.rows])
    samples.attrs["notes"] = [*table.notes, *samples.attrs["notes"]]
    return samples


def _sheet_table(path: str | os.PathLike[str], sheet: str | None) -> Table:
    try:
        return read_table(path, sheet=sheet, all_text=True)
    except InputError as error:
        # The workbook with the samples has an option of its own.
        raise InputError(re.sub(r"--sheet\b", "--samples-sheet", str(error))) from error


def complete_samples(
    frame: pd.DataFrame, columns: Mapping[str, str] | None = None, where: str = "sample sheet"
) -> pd.DataFrame:
    """Bring a sample sheet in memory into the form that `read_samples` gives.

    Parameters
    ----------
    frame : DataFrame
        With a column `sample_id`, or indexed by sample id.
    columns : mapping of str to str, optional
        As for `read_samples`.
    where : str
        What to call it in messages.

    Returns
    -------
    DataFrame, shape (n_samples, n_roles_and_covariates)

    Raises
    ------
    InputError
        As `read_samples`; rows are counted from 1.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": [7], "day": [3]})
    >>> complete_samples(frame, {"sample_id": "id"})["day"].to_dict()
    {'7': 3.0}
    """
    plain = frame.copy()
    plain.attrs = {}
    wanted = (columns or {}).get("sample_id", "sample_id")
    if wanted not in plain.columns:
        plain.insert(0, wanted, plain.index)
    plain.columns = plain.columns.astype(str)
    text = pd.DataFrame(
        {name: [_as_text(cell) for cell in plain[name]] for name in plain.columns}, dtype=object
    )
    samples = _finished(text, columns, where, list(range(1, len(text) + 1)))
    samples.attrs |= {name: told for name, told in frame.attrs.items() if name == "levels"}
    notes = [*frame.attrs.get("notes", []), *samples.attrs["notes"]]
    samples.attrs["notes"] = list(dict.fromkeys(notes))
    return samples


def blank_sheet(matrix: ProteinMatrix) -> pd.DataFrame:
    """Return a sample sheet to fill in, with the matrix's own sample names.

    Parameters
    ----------
    matrix : ProteinMatrix

    Returns
    -------
    DataFrame, shape (n_samples, >= 12)
        `sample_id`, the usual roles and `severity` (the outcome), blank where the
        matrix does not know them, and what else the file says of its samples.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0]], index=["s1"], columns=["P1"])
    >>> matrix = ProteinMatrix.build(values, scale="raw")
    >>> blank_sheet(matrix).iloc[0, :3].tolist()
    ['s1', '', '']
    """
    sheet = pd.DataFrame({"sample_id": matrix.values.index.to_numpy()}, dtype=object)
    ids = matrix.values.index.to_series()
    others = [str(name) for name in matrix.samples.columns if name not in _TO_FILL]
    for column in (*_TO_FILL, *others):
        known = matrix.samples.get(column)
        if column == "patient_id" and known is not None and (known == ids).all():
            known = None  # filled in by the reader, not told by anyone
        sheet[column] = "" if known is None else [_as_text(cell) for cell in known]
    return sheet


def all_names(samples: pd.DataFrame) -> list[str]:
    """Return what a matrix may call the samples of a sheet: ids, and an SDRF file's levels.

    Parameters
    ----------
    samples : DataFrame
        As `read_samples` gives.

    Returns
    -------
    list of str

    Examples
    --------
    >>> all_names(pd.DataFrame(index=["s1", "s2"]))
    ['s1', 's2']
    """
    names = [str(name) for name in samples.index]
    for level in samples.attrs.get("levels", ()):
        names += [str(name) for name in samples[level].dropna()]
    return list(dict.fromkeys(names))


def _as_text(cell: object) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        cell = int(cell)
    return str(cell).strip()


def _finished(
    frame: pd.DataFrame, columns: Mapping[str, str] | None, where: str, rows: list[int]
) -> pd.DataFrame:
    notes: list[str] = []
    asked = dict(columns or {})
    measured = None if "creatinine" in asked else creatinine_column(list(frame.columns), where)
    if measured is not None:
        asked["creatinine"] = measured
    frame = _renamed(frame, asked, where, notes)
    _check_sample_ids(frame, where, rows)
    frame = frame.where(~frame.isin(_BLANK) | (frame.columns == "sample_id"))
    frame = with_creatinine_unit(frame, asked.get("creatinine", ""), where, rows)
    typed = {"sample_id": frame["sample_id"]}
    for name in frame.columns.drop("sample_id"):
        typed[name] = _typed(frame[name], name, where, rows)
    samples = pd.DataFrame(typed).set_index("sample_id")
    samples.index = samples.index.astype(str)
    samples, of_days = days_from_dates(samples, where, rows)
    samples, of_replicates = first_replicates(samples, where, rows)
    notes += [*of_days, *of_replicates, *sex_notes(samples), *control_notes(samples)]
    if measured is not None:
        notes.append(f"Column {measured!r} was read as creatinine, {creatinine_unit(measured)}.")
    notes += _unread_roles([str(name) for name in samples.columns])
    if "patient_id" not in samples:
        notes.append(NO_PATIENTS)
    elif samples["patient_id"].isna().any():
        # A replicate without one goes with the sample it repeats.
        first = samples.get("replicate_of", samples["patient_id"]).isna()
        unknown = samples.index[samples["patient_id"].isna() & first & ~is_control(samples)]
        if len(unknown):
            notes.append(
                f"Without patient_id, each taken for a patient of its own: "
                f"{counted(len(unknown), 'sample')} ({name_list(unknown)})."
            )
    samples.attrs["notes"] = notes
    return samples


def _renamed(
    frame: pd.DataFrame, columns: Mapping[str, str], where: str, notes: list[str]
) -> pd.DataFrame:
    _refuse_shared(columns)
    for role, column in columns.items():
        if role not in ROLES:
            near = difflib.get_close_matches(role, ROLES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(ROLES)}"
            raise InputError(f"--column {role}={column}: no role {role!r}; {hint}")
        if column not in frame:
            raise InputError(
                f"{where}: no column {column!r} for the role {role!r}; "
                f"found {name_list(frame.columns, 12)}; correct --column"
            )
        # Of two roles that change their columns neither is left out.
        if role in frame and role not in columns.values():
            notes.append(
                f"Column {column!r} plays {role!r}; the sheet's own {role!r} was left out."
            )
            frame = frame.drop(columns=role)
    frame = frame.rename(columns={column: role for role, column in columns.items()})
    if "sample_id" not in frame:
        like = [column for column in frame.columns if plain(column) == "sampleid"]
        remedy = f"pass --column sample_id={like[0] if like else 'NAME'}"
        raise InputError(
            f"{where}: no column 'sample_id'; found {name_list(frame.columns, 12)}; {remedy}"
        )
    return frame


def _refuse_shared(columns: Mapping[str, str]) -> None:
    played: dict[str, list[str]] = {}
    for role, column in columns.items():
        played.setdefault(column, []).append(role)
    if "sample_id" not in columns and "sample_id" in played:
        played["sample_id"].insert(0, "sample_id")
    for column, roles in played.items():
        if len(roles) > 1:
            raise InputError(
                f"--column: {column!r} is to play {len(roles)} roles ({name_list(roles)}), "
                "expected one; copy the column in the sheet under another name"
            )


def _unread_roles(names: Collection[str]) -> list[str]:
    """Say which columns are called like a role but for case or signs, and are none."""
    free = {plain(role): role for role in ROLES[1:] if role not in names}
    like = [f"{name} ({free[plain(name)]})" for name in names if plain(name) in free]
    if not like:
        return []
    return [
        f"Named nearly like a role and not read as one: {counted(len(like), 'column')} "
        f"({name_list(like, 12)}); rename, or name in a sample sheet by --column ROLE=NAME."
    ]


def _check_sample_ids(frame: pd.DataFrame, where: str, rows: list[int]) -> None:
    ids = frame["sample_id"]
    places: dict[str, list[int]] = {}
    for row, name in zip(rows, ids, strict=True):
        places.setdefault(name, []).append(row)
    if "" in places:
        raise InputError(
            f"{where}: column 'sample_id' is empty in rows {name_list(places[''])}; "
            "name the samples or remove the rows"
        )
    repeats = [f"{name!r} (rows {name_list(at)})" for name, at in places.items() if len(at) > 1]
    if repeats:
        raise InputError(
            f"{where}: {len(repeats)} duplicate sample ids, expected each once: "
            f"{name_list(repeats)}; rename or remove the repeats"
        )


def _with_points(cells: pd.Series) -> pd.Series:
    """Write decimal commas as points, unless each of them may mark thousands."""
    commas = cells[cells.str.fullmatch(r"[-+]?\d+,\d+", na=False)] if cells.notna().any() else cells
    if not len(commas) or commas.isna().all() or commas.str.fullmatch(MAYBE_THOUSANDS).all():
        return cells
    return cells.where(~cells.index.isin(commas.index), commas.str.replace(",", ".", regex=False))


def _typed(cells: pd.Series, name: str, where: str, rows: list[int]) -> pd.Series:
    parsed = pd.to_numeric(_with_points(cells), errors="coerce").astype(float)
    wrong = np.flatnonzero((cells.notna() & ~np.isfinite(parsed)).to_numpy())
    if name in NUMERIC_ROLES:
        if len(wrong):
            found = name_list(f"row {rows[i]}: {cells.iloc[i][:30]!r}" for i in wrong)
            raise InputError(
                f"{where}: column {name!r} expects numbers; found {found}; "
                "correct them or leave them empty"
            )
        return parsed
    # 007 is a name; as a number it would lose its zeros.
    zeros = cells.notna().any() and cells.str.match(r"0\d", na=False).any()
    if name in ROLES or len(wrong) or zeros or not cells.notna().any():
        return cells
    return parsed
