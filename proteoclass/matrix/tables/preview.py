"""What can be seen of a file without reading it: its kind, its sheets, its first rows."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from proteoclass.errors import InputError
from proteoclass.matrix.headers import plain
from proteoclass.matrix.tables.content import (
    GZIP_MAGIC,
    HDF5_MAGIC,
    PARQUET_MAGIC,
    is_workbook,
    open_binary,
    read_bytes,
    table_text,
)
from proteoclass.matrix.tables.delimited import find_separator
from proteoclass.matrix.tables.workbook import cell_text, open_workbook

Container = Literal["text", "workbook", "parquet", "hdf5"]

#: How much of a text is looked at.
PREVIEW_BYTES = 1 << 22
_ROWS = 40
_LINES = 1000


@dataclass(frozen=True)
class Preview:
    r"""The start of a file, enough to recognise its format.

    Parameters
    ----------
    path : str
        File name as given.
    container : {"text", "workbook", "parquet", "hdf5"}
    names : tuple of str
        The first row of a text or of a workbook's first sheet, the columns of a Parquet
        file; empty for HDF5.
    rows : tuple of tuple of str
        At most 39 rows under it, as text; empty for Parquet and HDF5.
    separator : str
        Of a text; "" otherwise.
    gzipped : bool
        Whether the text is compressed.
    sheets : mapping of str to tuple of rows
        For a workbook: at most 40 rows of each sheet, as text.

    Examples
    --------
    >>> seen = Preview("a.tsv", "text", ("Protein.Group", "s1"), (("P02768", "2.5"),), "\t")
    >>> seen.has("protein group"), seen.column("s1")
    (True, ('2.5',))
    """

    path: str
    container: Container
    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    separator: str = ""
    gzipped: bool = False
    sheets: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Say whether all these columns are there, whatever their case and punctuation."""
        found = {plain(name) for name in self.names}
        return all(plain(name) in found for name in names)

    def named(self, *names: str) -> str | None:
        """Return the first of these columns that is there, as written in the file."""
        found = {plain(name): name for name in reversed(self.names)}
        return next((found[plain(name)] for name in names if plain(name) in found), None)

    def column(self, name: str) -> tuple[str, ...]:
        """Return the first cells of a column, "" where a row is shorter."""
        at = self.names.index(name)
        return tuple(row[at] if at < len(row) else "" for row in self.rows)

    def of_sheet(self, name: str | None) -> Preview:
        """Return what is seen of one sheet of a workbook, the same where it has none of that name.

        Examples
        --------
        >>> book = Preview("a.xlsx", "workbook", ("x",), sheets={"A": (("x",),), "B": (("id",),)})
        >>> book.of_sheet("B").names
        ('id',)
        """
        if name not in self.sheets:
            return self
        names, rows = _header_and_rows(self.sheets[name])
        return replace(self, names=names, rows=rows, sheets={name: self.sheets[name]})


def look_at(path: str | os.PathLike[str]) -> Preview:
    r"""Look at the start of a file, whatever its name says.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Preview

    Raises
    ------
    InputError
        If the file is absent, empty, damaged or no table.
    SystemFailureError
        If the operating system refuses.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "a.csv"
    ...     _ = target.write_text("id;P1\ns1;2.5\n")
    ...     look_at(target).names
    ('id', 'P1')
    """
    with open_binary(path) as stream:
        start = stream.read(PREVIEW_BYTES // 4)
        if start.count(b"\n") <= _ROWS:
            start += stream.read(PREVIEW_BYTES - len(start))
        whole = not stream.read(1)
    if not start or start.isspace():
        raise InputError(f"{path}: is empty, a table was expected; export it again")
    if start.startswith(PARQUET_MAGIC):
        return _parquet(path)
    if start.startswith(HDF5_MAGIC):
        return Preview(str(path), "hdf5")
    if start.startswith(b"PK\x03\x04"):
        data = read_bytes(path)
        if is_workbook(data):
            return _workbook(path, data)
    return _text(path, start, whole)


def _parquet(path: str | os.PathLike[str]) -> Preview:
    from proteoclass.matrix.tables.parquet import parquet_names  # pyarrow loads when it is needed

    return Preview(str(path), "parquet", tuple(parquet_names(path)))


def _workbook(path: str | os.PathLike[str], data: bytes) -> Preview:
    sheets = {}
    with open_workbook(data, str(path)) as book:
        for page in book.worksheets:
            page.reset_dimensions()
            sheets[page.title] = tuple(_first_rows(page.iter_rows(values_only=True)))
    first: tuple[tuple[str, ...], ...] = next(iter(sheets.values()), ())
    return Preview(str(path), "workbook", *_header_and_rows(first), sheets=sheets)


def _header_and_rows(
    rows: tuple[tuple[str, ...], ...],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    filled = tuple(row for row in rows if any(row))
    return (filled[0] if filled else ()), filled[1:]


def _first_rows(rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[str, ...]]:
    for number, row in enumerate(rows):
        if number == _ROWS:
            return
        yield tuple(cell_text(cell).strip() for cell in row)


def _text(path: str | os.PathLike[str], start: bytes, whole: bool) -> Preview:
    gzipped = start.startswith(GZIP_MAGIC)
    if gzipped:
        start, whole = _unzipped_start(path)
    text, _ = table_text(start if whole else _whole_lines(start), str(path))
    _, separator, body = find_separator(text)
    # The last piece is all that follows the lines in question.
    several = body.split(b"\n", _LINES)[:_LINES]
    lines = [line.decode("utf-8", errors="replace") for line in several if line.strip()]
    rows = _split(lines[:_ROWS], separator) if lines else [[]]
    return Preview(
        str(path),
        "text",
        tuple(name.strip() for name in rows[0]),
        tuple(tuple(cell.strip() for cell in row) for row in rows[1:]),
        separator,
        gzipped,
    )


def _unzipped_start(path: str | os.PathLike[str]) -> tuple[bytes, bool]:
    with open_binary(path) as stream, gzip.GzipFile(fileobj=stream) as text:
        try:
            start = text.read(PREVIEW_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{path}: damaged gzip file ({error}); copy it again") from error
    return start, len(start) < PREVIEW_BYTES


def _whole_lines(start: bytes) -> bytes:
    # UTF-16 text is cut between characters of two bytes; a cut line is left out of the rows.
    even = start[: len(start) // 2 * 2]
    if even.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in even[:64]:
        return even
    cut = max(even.rfind(b"\n"), even.rfind(b"\r"))
    return even[: cut + 1] if cut > 0 else even.decode("utf-8", errors="ignore").encode()


def _split(lines: list[str], separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator)) or [[]]
    except csv.Error:  # a cell beyond the module's limit; the reader will name it
        return [line.split(separator) for line in lines]
