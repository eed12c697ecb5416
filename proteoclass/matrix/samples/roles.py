"""What cells of a sample sheet mean: units of creatinine, dates, sexes, replicates."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.headers import plain
from proteoclass.matrix.wording import counted

#: Units of creatinine, by their plain spelling in a column name or in `creatinine_unit`.
CREATININE_UNITS: Mapping[str, str] = {
    "mgdl": "mg/dL",
    "mgl": "mg/L",
    "gl": "g/L",
    "mmoll": "mmol/L",
    "umoll": "umol/L",
}

_MALE = frozenset({"m", "male", "man", "men", "boy"})
_FEMALE = frozenset({"f", "w", "female", "woman", "women", "girl"})

# ISO 8601, https://www.iso.org/iso-8601-date-and-time-format.html; a time may follow.
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ].*)?")


def creatinine_unit(text: str) -> str:
    """Return the unit that a word or the end of a column name spells, or "".

    Parameters
    ----------
    text : str
        A unit ("mmol/l"), or a column name such as "creatinine_mg_dl".

    Returns
    -------
    str
        One of ``mg/dL mg/L g/L mmol/L umol/L``, or "".

    Examples
    --------
    >>> creatinine_unit("creatinine_mg_dl"), creatinine_unit("µmol/L"), creatinine_unit("sex")
    ('mg/dL', 'umol/L', '')
    """
    # The micro sign and the Greek letter are two characters that look alike.
    bare = plain(text.replace("\u00b5", "u").replace("\u03bc", "u"))
    return CREATININE_UNITS.get(bare.removeprefix("creatinine"), "")


def creatinine_column(names: Sequence[str], where: str) -> str | None:
    """Find the column that holds creatinine and carries its unit in its name.

    Parameters
    ----------
    names : sequence of str
        Columns of the sample sheet.
    where : str
        For messages.

    Returns
    -------
    str, optional
        None where a column `creatinine` is there, or none has a unit in its name.

    Raises
    ------
    InputError
        If two columns give creatinine in two units.

    Examples
    --------
    >>> creatinine_column(["sample_id", "creatinine_mmol_l"], "samples.tsv")
    'creatinine_mmol_l'
    """
    if "creatinine" in names:
        return None
    found = [n for n in names if plain(n).startswith("creatinine") and creatinine_unit(n)]
    if len(found) > 1:
        raise InputError(
            f"{where}: {len(found)} columns give creatinine: {name_list(found)}; "
            f"choose one with --column creatinine={found[0]}"
        )
    return found[0] if found else None


def with_creatinine_unit(
    frame: pd.DataFrame, named: str, where: str, rows: Sequence[int]
) -> pd.DataFrame:
    """Write the unit of creatinine, in one spelling, into the column `creatinine_unit`.

    Parameters
    ----------
    frame : DataFrame of str, shape (n_samples, n_columns)
        Cells as written, NaN where blank.
    named : str
        What the column of creatinine was called in the sheet; its end may be a unit.
    where : str
        For messages.
    rows : sequence of int
        Row numbers in the file.

    Returns
    -------
    DataFrame, shape (n_samples, n_columns or n_columns + 1)

    Raises
    ------
    InputError
        If a unit is unknown, or the column's name says another one than its rows.
    """
    unit = creatinine_unit(named)
    if "creatinine" not in frame or not (unit or "creatinine_unit" in frame):
        return frame
    given = frame.get("creatinine_unit", pd.Series(index=frame.index, dtype=object))
    read = given.map(lambda cell: creatinine_unit(str(cell)), na_action="ignore")
    wrong = given.notna() & ((read == "") | (read != (unit or read)))
    if wrong.any():
        expected = unit or f"one of {', '.join(CREATININE_UNITS.values())}"
        places = np.flatnonzero(wrong.to_numpy()).tolist()
        found = name_list(f"row {rows[i]}: {given.iloc[i]!r}" for i in places)
        raise InputError(
            f"{where}: column 'creatinine_unit' expects {expected}; found {found}; correct it"
        )
    filled = frame.copy()
    units = read.astype(object).where(read.notna(), unit or np.nan)
    filled["creatinine_unit"] = units.where(frame["creatinine"].notna())
    return filled


def sex_of(text: str) -> str:
    """Return "male" or "female" for what people write in a column `sex`, else "".

    Examples
    --------
    >>> sex_of("M"), sex_of("Female "), sex_of("1")
    ('male', 'female', '')
    """
    word = text.strip().lower()
    return "male" if word in _MALE else "female" if word in _FEMALE else ""


def sex_notes(samples: pd.DataFrame) -> tuple[str, ...]:
    """Say which words in the column `sex` are not understood.

    Examples
    --------
    >>> sex_notes(pd.DataFrame({"sex": ["m", "2"]}))
    ("Column 'sex': not known as male or female in 1 sample ('2').",)
    """
    if "sex" not in samples:
        return ()
    words = samples["sex"].dropna().astype(str)
    odd = words[[not sex_of(word) for word in words]]
    if odd.empty:
        return ()
    return (
        f"Column 'sex': not known as male or female in {counted(len(odd), 'sample')} "
        f"({name_list(repr(word) for word in odd.unique())}).",
    )


def days_from_dates(
    samples: pd.DataFrame, where: str, rows: Sequence[int]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Count the days from `day_zero` to `collected` where the sheet has no `day`.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_columns)
        Cells of both columns as text, NaN where blank.
    where : str
        For messages.
    rows : sequence of int
        Row numbers in the file.

    Returns
    -------
    samples : DataFrame
        With a column `day` (days) where it could be counted.
    notes : tuple of str

    Raises
    ------
    InputError
        If a date is not written with the year first: 03/04/2020 is the third of April
        or the fourth of March.

    Examples
    --------
    >>> dates = pd.DataFrame({"day_zero": ["2020-02-27"], "collected": ["2020-03-01 08:30"]})
    >>> days_from_dates(dates, "samples.tsv", [2])[0]["day"].tolist()
    [3.0]
    """
    known = "day" in samples and samples["day"].notna().any()
    if known or not {"day_zero", "collected"} <= set(samples.columns):
        return samples, ()
    start, end = (_dates(samples[role], where, rows) for role in ("day_zero", "collected"))
    days = [
        float("nan") if a is None or b is None else float((b - a).days)
        for a, b in zip(start, end, strict=True)
    ]
    counted_days = samples.assign(day=pd.Series(days, index=samples.index, dtype=float))
    blank = int(counted_days["day"].isna().sum())
    rest = f"; {counted(blank, 'sample')} without both dates have none" if blank else ""
    notes = [f"Column 'day' was counted from 'day_zero' to 'collected'{rest}."]
    if "patient_id" in samples:
        starts = pd.Series(start, index=samples["patient_id"].to_numpy(), dtype=object).dropna()
        several = starts.groupby(level=0, sort=False).nunique()
        moved = [str(patient) for patient in several.index[several > 1]]
        if moved:
            notes.append(
                f"Days are counted from several 'day_zero' within {counted(len(moved), 'patient')} "
                f"({name_list(moved)}): they are not in one order."
            )
    return counted_days, tuple(notes)


def _dates(cells: pd.Series, where: str, rows: Sequence[int]) -> list[datetime.date | None]:
    dates: list[datetime.date | None] = []
    wrong = []
    for row, cell in zip(rows, cells, strict=True):
        date = None if pd.isna(cell) else _date(str(cell))
        if date is None and not pd.isna(cell):
            wrong.append(f"row {row}: {str(cell)[:30]!r}")
        dates.append(date)
    if wrong:
        raise InputError(
            f"{where}: column {cells.name!r} expects dates as YYYY-MM-DD to count days from; "
            f"found {name_list(wrong)}, which may be read in two ways or in none; "
            "rewrite them or add a column 'day'"
        )
    return dates


def _date(text: str) -> datetime.date | None:
    found = _YEAR_FIRST.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return datetime.date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:  # 2020-13-45
        return None


def first_replicates(
    samples: pd.DataFrame, where: str, rows: Sequence[int]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Check `replicate_of`, and let a replicate of a replicate name the first sample.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_columns)
        Indexed by sample id.
    where : str
        For messages.
    rows : sequence of int
        Row numbers in the file.

    Returns
    -------
    samples : DataFrame
    notes : tuple of str
        Counts the chains that were resolved.

    Raises
    ------
    InputError
        If a replicate names no sample of the sheet, itself, or replicates name each
        other in a circle.

    Examples
    --------
    >>> sheet = pd.DataFrame({"replicate_of": [None, "a", "b"]}, index=["a", "b", "c"])
    >>> first_replicates(sheet, "samples.tsv", [2, 3, 4])[0]["replicate_of"].tolist()[1:]
    ['a', 'a']
    """
    if "replicate_of" not in samples:
        return samples, ()
    named = {str(name): str(of) for name, of in samples["replicate_of"].dropna().items()}
    row_of = dict(zip(map(str, samples.index), rows, strict=True))
    absent = [f"row {row_of[s]}: {of!r}" for s, of in named.items() if of not in row_of]
    if absent:
        raise InputError(
            f"{where}: column 'replicate_of' names samples that the sheet does not have: "
            f"{name_list(absent)}; correct them or leave them empty"
        )
    roots = {sample: _root(sample, named) for sample in named}
    circular = [f"row {row_of[s]}: {named[s]!r}" for s, root in roots.items() if root is None]
    if circular:
        raise InputError(
            f"{where}: column 'replicate_of' names the sample itself or goes in a circle: "
            f"{name_list(circular)}; leave it empty for the first sample"
        )
    chained = [sample for sample, root in roots.items() if root != named[sample]]
    if not chained:
        return samples, ()
    resolved = samples.copy()
    resolved.loc[chained, "replicate_of"] = [roots[sample] for sample in chained]
    return resolved, (
        f"Replicates of replicates, taken for replicates of the first sample: "
        f"{counted(len(chained), 'sample')} ({name_list(chained)}).",
    )


def _root(sample: str, named: Mapping[str, str]) -> str | None:
    seen = {sample}
    while sample in named:
        sample = named[sample]
        if sample in seen:
            return None
        seen.add(sample)
    return sample
