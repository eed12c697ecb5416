"""SDRF-Proteomics, the community's sample sheet: one row a run (or a channel of it)."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.headers import ROLES, plain
from proteoclass.matrix.samples.runs import run_name
from proteoclass.matrix.tables.content import read_bytes, table_text
from proteoclass.matrix.tables.delimited import parse_delimited
from proteoclass.matrix.wording import counted

#: Columns whose names may be those of a matrix, the finest first.
LEVELS = ("data_file", "assay_name", "source_name")

_BLANK = frozenset({"", "not available", "not applicable", "anonymized", "na", "n/a"})
_BRACKETED = re.compile(r"(characteristics|comment|factor value) ?\[(.+)\]", re.IGNORECASE)
# What the specification calls "76Y4M10D"; months and days may be left out.
_AGE = re.compile(r"(?:(\d+(?:\.\d+)?)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?", re.IGNORECASE)
_ABOUT_RUNS = {
    "data file": "data_file",
    "fraction identifier": "fraction",
    "technical replicate": "technical replicate",
    "label": "channel",
    "instrument": "instrument",
    "batch": "batch",
}
#: Names of rows, which no value of a factor is.
_NAMES = frozenset(("sample_id", *LEVELS))
#: What rows of one sample differ in by their nature.
_OF_RUNS = frozenset((*LEVELS, "fraction", "technical replicate", "replicate_of", "instrument"))
_NO_CHANNEL = "label free sample"


@dataclass(frozen=True, eq=False)
class Sdrf:
    """An SDRF file as the columns of a sample sheet.

    Parameters
    ----------
    frame : DataFrame of str, shape (n_rows, n_columns)
        With `sample_id`; "" where the file says "not available".
    rows : list of int, length n_rows
        Row numbers in the file.
    levels : tuple of str
        Columns that may stand for `sample_id`, where a matrix is named by them.
    notes : tuple of str
    """

    frame: pd.DataFrame
    rows: list[int]
    levels: tuple[str, ...]
    notes: tuple[str, ...]


def is_sdrf(names: Collection[str]) -> bool:
    """Say whether a header is that of an SDRF file.

    Examples
    --------
    >>> is_sdrf(["source name", "characteristics[organism]", "comment[data file]"])
    True
    """
    lower = [name.lower() for name in names]
    return "source name" in lower and any(_BRACKETED.fullmatch(name) for name in lower)


def read_sdrf(path: str | os.PathLike[str]) -> Sdrf:
    r"""Read an SDRF file.

    Parameters
    ----------
    path : path-like
        Tab-separated text.

    Returns
    -------
    Sdrf

    Raises
    ------
    InputError
        If there is no `source name` in a row, or rows cannot be told apart.

    Notes
    -----
    https://github.com/bigbio/proteomics-sample-metadata: `patient_id` is
    ``characteristics[individual]``, else `source name`; ``comment[label]`` is `channel`;
    of the technical replicates of one source the first is named in `replicate_of` of the
    others. A ``factor value[x]`` or ``characteristics[x]`` is the column x.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> header = "source name\tcharacteristics[individual]\tassay name\tcomment[data file]"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "a.sdrf.tsv"
    ...     _ = target.write_text(header + "\nurine 1\tP1\trun 1\ta.raw\n")
    ...     read_sdrf(target).frame[["sample_id", "patient_id"]].to_numpy().tolist()
    [['a', 'P1']]
    """
    where = str(path)
    text, notes = table_text(read_bytes(path), where)
    parsed = parse_delimited(text, where, lambda position, name: True)
    cells = [
        ["" if cell is None or cell != cell else str(cell).strip() for cell in parsed.frame[i]]
        for i in parsed.frame.columns
    ]
    rows = [int(row) for row in parsed.rows]
    frame, more = _columns([parsed.header[int(str(i))] for i in parsed.frame.columns], cells)
    frame, rows, levels, emptied = _identified(frame, where, rows)
    return Sdrf(frame, rows, levels, (*notes, *parsed.notes, *more, *emptied))


def bare_name(column: str) -> str:
    """Return the column of a sample sheet that an SDRF column becomes.

    Examples
    --------
    >>> bare_name("factor value[disease]"), bare_name("source name"), bare_name("day")
    ('disease', 'source_name', 'day')
    """
    if column.lower() in ("source name", "assay name"):
        return column.lower().replace(" ", "_")
    found = _BRACKETED.fullmatch(column)
    if found is None:
        return f"column[{column}]" if column in _NAMES else column
    word = found[2].strip()
    if found[1].lower() == "comment":
        return _ABOUT_RUNS.get(word.lower(), "")
    name = _role(word)
    return column if name in _NAMES else name


def _role(word: str) -> str:
    if plain(word) == "individual":
        return "patient_id"
    roles = (role for role in ROLES[1:] if plain(role) == plain(word))
    return next(roles, word)


def _columns(header: Sequence[str], cells: list[list[str]]) -> tuple[pd.DataFrame, list[str]]:
    """Name the columns, factor values before characteristics; leave out what is about runs."""
    order = sorted(range(len(header)), key=lambda i: not header[i].lower().startswith("factor"))
    found: dict[str, list[str]] = {}
    aside: list[str] = []
    for i in order:
        name = bare_name(header[i])
        if not name or (name in found and header[i].lower().startswith("comment")):
            aside.append(header[i])
            continue
        blank = [("" if cell.lower() in _BLANK else _term(cell)) for cell in cells[i]]
        if name not in found:
            found[name] = blank
        elif found[name] != blank:
            # A second column of the name that says something else keeps its brackets.
            found.setdefault(header[i], blank)
    notes = []
    if aside:
        notes.append(
            f"Left out, about runs and not about samples: {counted(len(aside), 'column')} of the "
            f"SDRF file ({name_list(dict.fromkeys(aside))})."
        )
    frame = pd.DataFrame({name: found[name] for name in _file_order(header, found)}, dtype=object)
    return _read_ages(_read_channels(frame), notes), notes


def _file_order(header: Sequence[str], found: Collection[str]) -> list[str]:
    names = [name for column in header for name in (bare_name(column), column) if name in found]
    return list(dict.fromkeys(names))


def _term(cell: str) -> str:
    """Return the name in "NT=TMT126;AC=MS:1002616", other cells as they are."""
    fields = dict(part.strip().split("=", 1) for part in cell.split(";") if "=" in part)
    named = {key.strip().upper(): value.strip() for key, value in fields.items()}
    return named.get("NT", cell)


def _read_channels(frame: pd.DataFrame) -> pd.DataFrame:
    if "channel" not in frame:
        return frame
    channels = frame["channel"].where(frame["channel"].str.lower() != _NO_CHANNEL, "")
    return (
        frame.assign(channel=channels) if channels.ne("").any() else frame.drop(columns="channel")
    )


def _read_ages(frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    if "age" not in frame:
        return frame
    years = [age_in_years(cell) for cell in frame["age"]]
    lost = [c for c, y in zip(frame["age"], years, strict=True) if c and y is None]
    if lost:
        notes.append(
            f"Ages that are no single number of years, left empty: {counted(len(lost), 'row')} "
            f"({name_list(dict.fromkeys(lost))})."
        )
    return frame.assign(age=["" if y is None else f"{y:.10g}" for y in years])


def age_in_years(text: str) -> float | None:
    """Read an age as SDRF writes it.

    Parameters
    ----------
    text : str
        Such as "76Y", "76Y4M" or "8M2W3D"; a plain number is years.

    Returns
    -------
    float, optional
        Years; None for a range or what is no age.

    Examples
    --------
    >>> age_in_years("76Y"), age_in_years("76Y6M"), age_in_years("40Y-50Y")
    (76.0, 76.5, None)
    """
    word = text.strip()
    if re.fullmatch(r"\d{1,3}(\.\d+)?", word):
        return float(word)
    found = _AGE.fullmatch(word)
    if not word or len(word) > 20 or found is None:
        return None
    years, months, weeks, days = (float(part or 0) for part in found.groups())
    return years + months / 12 + (weeks * 7 + days) / 365.25


def _identified(
    frame: pd.DataFrame, where: str, rows: Sequence[int]
) -> tuple[pd.DataFrame, list[int], tuple[str, ...], tuple[str, ...]]:
    """Give rows the finest names that tell samples apart, a patient and a first replicate."""
    nameless = [row for row, name in zip(rows, frame["source_name"], strict=True) if not name]
    if nameless:
        raise InputError(
            f"{where}: column 'source name' is empty in rows {name_list(nameless)}; "
            "name the samples or remove the rows"
        )
    if "data_file" in frame:
        frame = frame.assign(data_file=frame["data_file"].map(run_name).astype(object))
    told = frame.get("patient_id", pd.Series("", index=frame.index, dtype=object))
    # A source whose other rows name the individual is no patient of its own in this one.
    elsewhere = told.where(told != "").groupby(frame["source_name"].to_numpy()).transform("first")
    told = told.where(told != "", elsewhere)
    frame = frame.assign(patient_id=told.where(told.notna(), frame["source_name"]))
    frame.index = pd.Index([str(row) for row in rows], name="sample_id")
    levels = tuple(level for level in LEVELS if _names_samples(frame, level))
    named = at_level(_with_first_replicates(frame), levels[0])
    first_rows = [rows[i] for i in np.flatnonzero(~frame[levels[0]].duplicated()).tolist()]
    return named.fillna("").reset_index(), first_rows, levels, emptied(frame, levels[0])


def _names_samples(frame: pd.DataFrame, level: str) -> bool:
    """Say whether a name of this column is one sample: a run of a plex is several."""
    if level == "source_name":
        return True
    if level not in frame or frame[level].eq("").any():
        return False
    identity = [column for column in ("source_name", "channel") if column in frame]
    return not frame.drop_duplicates([level, *identity])[level].duplicated().any()


def _with_first_replicates(frame: pd.DataFrame) -> pd.DataFrame:
    if "technical replicate" not in frame:
        return frame
    same = [c for c in ("source_name", "fraction", "channel") if c in frame]
    number = pd.to_numeric(frame["technical replicate"], errors="coerce")
    ordered = frame.assign(number=number).sort_values("number", kind="stable")
    first = ordered.groupby(same, sort=False).transform(lambda cells: cells.index[0])
    lowest = ordered.groupby(same, sort=False)["number"].transform("min")
    repeats = ordered["number"] > lowest
    replicate_of = first["number"].where(repeats, "").reindex(frame.index)
    if not repeats.any():
        return frame.drop(columns="technical replicate")
    return frame.drop(columns="technical replicate").assign(replicate_of=replicate_of)


def emptied(samples: pd.DataFrame, level: str) -> tuple[str, ...]:
    """Say which columns `at_level` leaves empty, those that tell runs apart aside.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_columns)
    level : str
        Column with the new names.

    Returns
    -------
    tuple of str
        One sentence, or none.

    Examples
    --------
    >>> emptied(pd.DataFrame({"source_name": ["u1", "u1"], "sex": ["f", "m"]}), "source_name")
    ('Rows of one source_name were joined, 2 to 1 sample; empty where they do not agree: sex.',)
    """
    about = [c for c in samples if c != level and c not in _OF_RUNS]
    grouped = samples[about].groupby(samples[level].to_numpy(), sort=False)
    most = grouped.nunique(dropna=False).max()
    columns = [str(column) for column in most.index[most > 1]]
    if not columns:
        return ()
    return (
        f"Rows of one {level} were joined, {len(samples)} to {counted(grouped.ngroups, 'sample')}; "
        f"empty where they do not agree: {name_list(columns)}.",
    )


def at_level(samples: pd.DataFrame, level: str) -> pd.DataFrame:
    """Name the rows of a sample sheet by another of its columns, one row for each name.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_columns)
        Indexed by sample id.
    level : str
        Column with the new names.

    Returns
    -------
    DataFrame, shape (n_names, n_columns)
        A cell is empty where the rows of a name do not agree: six fractions of one sample
        have six numbers.

    Examples
    --------
    >>> runs = pd.DataFrame({"source_name": ["u1", "u1"], "fraction": ["1", "2"], "sex": "f"})
    >>> at_level(runs, "source_name").fillna("").iloc[0].tolist()
    ['u1', '', 'f']
    """
    names = samples[level].to_numpy()
    grouped = samples.groupby(names, sort=False, dropna=False)
    one_each = grouped.head(1).set_index(pd.Index(pd.unique(samples[level]), name="sample_id"))
    agree = grouped.nunique(dropna=False).reindex(one_each.index) == 1
    one_each = one_each.where(agree, None)
    if "replicate_of" in one_each:
        new_name = dict(zip(samples.index, names, strict=True))
        first = one_each["replicate_of"].map(lambda old: new_name.get(old, old))
        one_each["replicate_of"] = first.where(first != one_each.index, None)
    return one_each
