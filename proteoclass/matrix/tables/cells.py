"""Cells into numbers: missing marks, decimal commas, and where text stands in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list

#: What programs write for "no value": R, Python, Excel, Spectronaut, laboratory sheets.
MISSING = frozenset(
    (
        "",
        "NA",
        "N/A",
        "n/a",
        "NaN",
        "nan",
        "-nan",
        "#N/A",
        "n.d.",
        "null",
        "NULL",
        "None",
        "Filtered",
    )
)
#: A cell like 1,234 may be one and a bit, or more than a thousand.
MAYBE_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
#: The note that goes with decimal commas.
DECIMAL_COMMAS = "Decimal commas were read as decimal points."

_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")

_CELLS_AT_ONCE = 1 << 18

_Cell = tuple[int, int, str]


def is_number_type(dtype: Any) -> bool:
    """Say whether a column type holds numbers (truth values are none).

    Examples
    --------
    >>> is_number_type(np.dtype(float)), is_number_type(np.dtype(bool))
    (True, False)
    """
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def is_missing(cells: pd.Series) -> pd.Series:
    """Say for each cell whether it holds no value.

    Examples
    --------
    >>> is_missing(pd.Series(["1", " NA ", None])).tolist()
    [False, True, True]
    """
    return cells.isna() if is_number_type(cells.dtype) else _text(cells).isin(MISSING)


def spells_number(cell: str) -> bool:
    """Say whether a cell is a number, with a decimal point or comma.

    Examples
    --------
    >>> [spells_number(cell) for cell in ("1.5", "-2,5e3", "1_000", "high")]
    [True, True, False, False]
    """
    if not cell.isascii() or "_" in cell:  # which Python takes within numbers
        return False
    try:
        float(cell.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def numbers(
    frame: pd.DataFrame,
    rows: npt.NDArray[np.int64],
    where: str,
    *,
    decimal: str = ".",
    separator: str = "",
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Turn columns into floats, or say which cells are not numbers.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        Columns to convert, named as in the file.
    rows : array of int, shape (n_rows,)
        Row numbers in the file, for messages.
    where : str
        File and sheet, for messages.
    decimal : {".", ","}
        Decimal mark that the number columns were parsed with.
    separator : str
        In a comma-separated file a comma is never a decimal one.

    Returns
    -------
    values : DataFrame of float, same shape
        Missing marks are NaN.
    notes : tuple of str
        Says so where decimal commas were found.

    Raises
    ------
    InputError
        If a cell is text; at most five are located and the rest counted. Also where
        decimal commas and points are mixed, or a comma may mark thousands.

    Examples
    --------
    >>> frame = pd.DataFrame({"P1": ["1,5", "NA"]})
    >>> values, notes = numbers(frame, np.array([2, 3]), "a.tsv")
    >>> values["P1"].tolist(), notes
    ([1.5, nan], ('Decimal commas were read as decimal points.',))
    """
    if all(dtype == np.float64 for dtype in frame.dtypes.unique()):
        return frame, ()
    # One block of memory: a block for each of 12,000 columns makes all that follows slow.
    values = np.empty(frame.shape, order="F")
    commas: list[_Cell] = []
    text: list[_Cell] = []
    for i, dtype in enumerate(frame.dtypes):
        if is_number_type(dtype):
            values[:, i] = frame.iloc[:, i].to_numpy(dtype=float)
    for columns, cells in _textual(frame):
        as_points = cells.str.fullmatch(_DECIMAL_COMMA).to_numpy(dtype=bool)
        plain = cells.where(~as_points, cells.str.replace(",", ".", n=1, regex=False))
        missing = cells.isin(MISSING)
        found = _parsed(plain, missing)
        values[:, columns] = found.reshape(len(columns), len(frame)).T
        wrong = np.isnan(found) & ~missing.to_numpy()
        text += _located(cells, wrong, columns, len(frame))
        commas += _located(cells, as_points, columns, len(frame))
    places = _Places(frame, rows, where)
    if text:
        raise InputError(
            f"{where}: {len(text)} cells with text where a number was expected: {places(text)}; "
            "correct them or leave them empty"
        )
    if commas and decimal == ".":
        _require_decimal_commas(commas, values, frame, places, separator)
    elif decimal == ",":
        _refuse_points(frame, places)
    notes = (DECIMAL_COMMAS,) if commas and decimal == "." else ()
    return pd.DataFrame(values, frame.index, frame.columns), notes


class _Places:
    """Names cells by row and column of the file."""

    def __init__(self, frame: pd.DataFrame, rows: npt.NDArray[np.int64], where: str) -> None:
        self.frame = frame
        self.rows = rows
        self.where = where

    def __call__(self, cells: Sequence[_Cell]) -> str:
        return name_list(
            f"row {self.rows[r]}, column {str(self.frame.columns[i])[:30]!r}: {cell[:30]!r}"
            for r, i, cell in cells
        )


def _parsed(cells: pd.Series, missing: pd.Series) -> npt.NDArray[np.float64]:
    """Return the numbers that cells spell, NaN where they spell none."""
    found = pd.to_numeric(cells.where(~missing), errors="coerce").to_numpy(dtype=float, copy=True)
    spelt = np.flatnonzero(~np.isnan(found))
    # pandas before 3.1 misses the nearest float by one in a third of 17-digit texts.
    found[spelt] = cells.iloc[spelt].to_numpy(dtype=object).astype(float)
    return found


def _textual(frame: pd.DataFrame) -> Iterator[tuple[list[int], pd.Series]]:
    """Return the cells of columns of text, many columns at a time, one under the other.

    A footnote turns each of 12,000 columns into text, and pandas takes milliseconds for each.
    """
    places = [i for i, dtype in enumerate(frame.dtypes) if not is_number_type(dtype)]
    at_once = max(1, _CELLS_AT_ONCE // max(1, len(frame)))
    for start in range(0, len(places), at_once):
        columns = places[start : start + at_once]
        block = frame.iloc[:, columns].to_numpy(dtype=object)
        yield columns, _text(pd.Series(block.ravel(order="F"), dtype=object))


def _located(
    cells: pd.Series, which: npt.NDArray[np.bool_], columns: Sequence[int], n_rows: int
) -> list[_Cell]:
    """Return some cells of `_textual` by row and column."""
    return [
        (int(at) % n_rows, columns[int(at) // n_rows], cells.iloc[at])
        for at in np.flatnonzero(which)
    ]


def _text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def _require_decimal_commas(
    commas: Sequence[_Cell],
    values: npt.NDArray[np.float64],
    frame: pd.DataFrame,
    places: _Places,
    separator: str,
) -> None:
    if separator == ",":
        raise InputError(
            f"{places.where}: decimal commas in a comma-separated table: {places(commas)}; "
            "save it tab-separated or with decimal points"
        )
    if all(MAYBE_THOUSANDS.fullmatch(cell) for _, _, cell in commas):
        raise InputError(
            f"{places.where}: a comma may mark decimals or thousands: {places(commas)}; "
            "write the numbers with decimal points and no thousands separator"
        )
    known = {(r, i) for r, i, _ in commas}
    fractions = np.argwhere(np.isfinite(values) & (values != np.round(values)))
    points = [(int(r), int(i), str(frame.iloc[r, i])) for r, i in fractions if (r, i) not in known]
    _refuse_mixture(commas, [point for point in points if "." in point[2]], places)


def _refuse_points(frame: pd.DataFrame, places: _Places) -> None:
    # Number columns were parsed with commas; a decimal point has made its column text.
    for columns, cells in _textual(frame):
        found = (cells.str.contains(".", regex=False) & ~cells.isin(MISSING)).to_numpy(dtype=bool)
        _refuse_mixture([], _located(cells, found, columns, len(frame)), places)


def _refuse_mixture(commas: Sequence[_Cell], points: Sequence[_Cell], places: _Places) -> None:
    """Refuse a table of both kinds: it went through two programs, and one may mean thousands."""
    if points:
        example = f" ({places(commas[:1])})" if commas else ""
        raise InputError(
            f"{places.where}: decimal commas{example} and decimal points ({places(points[:1])}) "
            "in one table; use one of them"
        )
