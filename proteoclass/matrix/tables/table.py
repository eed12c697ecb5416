"""Bounded reading of one untrusted table: delimited text or an Excel sheet."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.headers import plain
from proteoclass.matrix.tables.cells import (
    MISSING,
    is_missing,
    is_number_type,
    numbers,
    spells_number,
)
from proteoclass.matrix.tables.content import (
    GZIP_MAGIC,
    PARQUET_MAGIC,
    is_workbook,
    read_bytes,
    table_text,
)
from proteoclass.matrix.tables.delimited import Parsed, Select, parse_delimited, refuse_repeats
from proteoclass.matrix.tables.plain_file import read_plain
from proteoclass.matrix.tables.workbook import cell_text, parse_workbook
from proteoclass.matrix.wording import counted


@dataclass(frozen=True, eq=False)
class Table:
    """A rectangle of cells with named columns, and where each row stood in the file.

    Parameters
    ----------
    path : str
        File name as given.
    where : str
        File, and sheet of a workbook, for messages.
    sha256 : str
        Hash of the file's bytes.
    frame : DataFrame, shape (n_rows, n_columns)
        A column is float, or text where any cell is not a number. The first column
        may have the name "".
    rows : array of int, shape (n_rows,)
        Row numbers in the file, the first line being 1.
    separator : str
        "" for a workbook.
    decimal : str
        Decimal mark that number columns were parsed with.
    notes : tuple of str
        What was assumed or left out.
    unread : tuple of str
        Names of columns of the file that were not asked for.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["s1"], "P1": [1.0]})
    >>> table = Table("a.tsv", "a.tsv", "", frame, np.array([2]))
    >>> table.text("id"), table.numbers(["P1"])[0].to_numpy().tolist()
    (['s1'], [[1.0]])
    """

    path: str
    where: str
    sha256: str
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    separator: str = ""
    decimal: str = "."
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [str(name) for name in self.frame.columns]

    def text(self, column: str) -> list[str]:
        """Return a column as text, stripped of blanks, "" where empty."""
        cells = self.frame[column]
        if is_number_type(cells.dtype):
            cells = cells.astype(object).where(cells.notna(), "")
        # By way of an array of objects: Arrow's strings are slow one at a time.
        return [_stripped(cell) for cell in cells.to_numpy(dtype=object)]

    def told(self, column: str | None) -> list[str]:
        """Return a column as text, or "" for each row where the table has no such column."""
        return self.text(column) if column in self.names else [""] * len(self.rows)

    @cached_property
    def textual(self) -> frozenset[str]:
        """Columns that hold something that is not a number."""
        return frozenset(
            str(name) for name, dtype in self.frame.dtypes.items() if not is_number_type(dtype)
        )

    def holds_number(self, column: str) -> bool:
        """Say whether at least one cell of a column is a number, or none holds a thing."""
        if column not in self.textual:
            return True
        filled = [cell for cell in self.text(column) if cell not in MISSING]
        return not filled or any(map(spells_number, filled))

    def numbers(self, columns: Iterable[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Return columns as floats, with a note where decimal commas were read.

        Raises
        ------
        InputError
            As `proteoclass.matrix.tables.cells.numbers`.
        """
        chosen = self.frame[list(columns)]
        return numbers(
            chosen, self.rows, self.where, decimal=self.decimal, separator=self.separator
        )


def read_table(
    path: str | os.PathLike[str],
    *,
    sheet: str | None = None,
    text_columns: Collection[str] = (),
    all_text: bool = False,
    required: Callable[[list[str]], int] = len,
    select: Select | None = None,
) -> Table:
    r"""Read a TSV, CSV, semicolon-separated, XLSX or Parquet table; text may be gzipped.

    Parameters
    ----------
    path : path-like
    sheet : str, optional
        Sheet of a workbook; the first where left out.
    text_columns : collection of str
        Names, whatever their case and punctuation, of columns that are kept as written
        ("007" stays "007"). The first column always is.
    all_text : bool
        Keep every column as written.
    required : callable
        As for `proteoclass.matrix.tables.delimited.parse_delimited`.
    select : callable, optional
        ``select(header)`` returns the names of the columns to read; all where left out.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the file is absent, empty, too large, not a table, ragged, has no rows, or
        repeats a column name.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "a.csv"
    ...     _ = target.write_text("id,P1\n007,2\n")
    ...     read_table(target).text("id")
    ['007']
    """
    kept = {plain(name) for name in text_columns}

    def is_text(position: int, name: str) -> bool:
        return all_text or position == 0 or plain(name) in kept

    where = str(path)
    notes: tuple[str, ...] = ()
    regular = read_plain(path, is_text, select) if sheet is None else None
    if regular is not None:
        parsed, sha256 = regular
    else:
        data = read_bytes(path)
        parsed, where, notes = _parsed(path, data, sheet, is_text, required, select)
        sha256 = hashlib.sha256(data).hexdigest()
    frame, rows, more = _named(parsed, where)
    return Table(
        path=str(path),
        where=where,
        sha256=sha256,
        frame=frame,
        rows=rows,
        separator=parsed.separator,
        decimal=parsed.decimal,
        notes=(*notes, *parsed.notes, *more),
        unread=_unread(parsed),
    )


def _parsed(
    path: str | os.PathLike[str],
    data: bytes,
    sheet: str | None,
    is_text: Callable[[int, str], bool],
    required: Callable[[list[str]], int],
    select: Select | None,
) -> tuple[Parsed, str, tuple[str, ...]]:
    """Parse a file of any kind; return where the table stands in it, and what was assumed."""
    where = str(path)
    if is_workbook(data):
        return *parse_workbook(data, where, is_text, sheet, select=select), ()
    if sheet is not None:
        raise InputError(f"{where}: is not a workbook and has no sheet {sheet!r}; drop --sheet")
    if data.startswith(PARQUET_MAGIC):
        from proteoclass.matrix.tables.parquet import parse_parquet

        return parse_parquet(path, is_text, select=select), where, ()
    text, notes = table_text(data, where)
    # Text that is plain on the disk was tried already.
    quick = data.startswith(GZIP_MAGIC)
    parsed = parse_delimited(text, where, is_text, required=required, select=select, quick=quick)
    return parsed, where, notes


def _stripped(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    return "" if cell is None or cell != cell else cell_text(cell).strip()


def _unread(parsed: Parsed) -> tuple[str, ...]:
    read = frozenset(int(str(i)) for i in parsed.frame.columns)
    return tuple(name for i, name in enumerate(parsed.header) if i not in read)


def _named(
    parsed: Parsed, where: str
) -> tuple[pd.DataFrame, npt.NDArray[np.int64], tuple[str, ...]]:
    """Give columns their names and leave out rows and columns that hold nothing."""
    refuse_repeats(parsed.header, where)
    notes: list[str] = []
    frame = parsed.frame
    unnamed = [i for i, name in enumerate(parsed.header) if not name and i > 0]
    for i in unnamed:
        if not is_missing(frame[i]).all():
            raise InputError(
                f"{where}: column {i + 1} has values and no name in the header, which reads "
                f"{name_list(name for name in parsed.header if name)}; name the column, or remove "
                "title rows above the header"
            )
    if unnamed:
        notes.append(f"Left out: {counted(len(unnamed), 'empty column')} without a name.")
        frame = frame.drop(columns=unnamed)
    empty = _empty_rows(frame)
    rows = parsed.rows
    if len(empty):
        notes.append(f"Left out: {counted(len(empty), 'empty row')}.")
        frame = frame.drop(index=empty.tolist()).reset_index(drop=True)
        rows = np.delete(rows, empty)
    if frame.empty:
        raise InputError(f"{where}: has a header and no rows; export the table again")
    frame = frame.set_axis([parsed.header[int(str(i))] for i in frame.columns], axis=1)
    return frame, rows, tuple(notes)


def _empty_rows(frame: pd.DataFrame) -> npt.NDArray[np.intp]:
    suspects = np.arange(len(frame))
    for column in frame.columns:
        suspects = suspects[is_missing(frame[column].iloc[suspects]).to_numpy()]
        if not len(suspects):
            break
    return suspects
