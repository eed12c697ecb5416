"""Tables in Excel workbooks (.xlsx), read row by row with bounds."""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.tables.delimited import MAX_CELLS, Parsed, Select, chosen_columns

#: Largest size that a workbook may unpack to.
MAX_UNPACKED = 1 << 30
#: Rows that a worksheet of Excel has.
MAX_ROWS = 1 << 20

#: Sheets that are looked at.
MAX_SHEETS = 1000
#: Bytes, and elements, of a part outside of rows: they are in memory at once, and older
#: parsers of XML go through a long comment or attribute again with each piece of it.
_LARGEST_PIECE = 1 << 24
_MOST_TAGS = 1 << 23
_PIECE = 1 << 20

# Some writers put a prefix before each name, or other attributes before the place. Nothing
# here may be gone through twice: a comment can hold a million beginnings of cells.
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?c(\s[^<>]*)?>\s*<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_PLACE = re.compile(rb'\sr="([A-Z]+\d+)"')

# What openpyxl lets through from a damaged or crafted archive.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    EOFError,
    OSError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
)


def parse_workbook(
    data: bytes,
    where: str,
    is_text: Callable[[int, str], bool],
    sheet: str | None = None,
    *,
    select: Select | None = None,
    size: int | None = None,
) -> tuple[Parsed, str]:
    """Parse one sheet of a workbook.

    Parameters
    ----------
    data : bytes
        The .xlsx file.
    where : str
        Its name, for messages.
    is_text : callable
        ``is_text(position, name)`` says whether a column is kept as text.
    sheet : str, optional
        Name of the sheet; the first one where left out, and said so if there are others.
    select : callable, optional
        ``select(header)`` returns the names of the columns to keep; all where left out.
    size : int, optional
        Largest number of cells; `MAX_CELLS` where left out.

    Returns
    -------
    parsed : Parsed
    where : str
        File and sheet, for messages.

    Raises
    ------
    InputError
        If the workbook is damaged, unpacks to more than 1 GiB, has no such sheet, no
        rows, or too many cells.

    Examples
    --------
    >>> from openpyxl import Workbook
    >>> book, stream = Workbook(), io.BytesIO()
    >>> for row in (["sample_id", "P1"], ["007", 2.5]):
    ...     book.active.append(row)
    >>> book.save(stream)
    >>> parsed, place = parse_workbook(stream.getvalue(), "a.xlsx", lambda i, name: i == 0)
    >>> parsed.header, parsed.frame[0].tolist(), place
    (['sample_id', 'P1'], ['007'], "a.xlsx, sheet 'Sheet'")
    """
    limit = MAX_CELLS if size is None else size
    with open_workbook(data, where) as book:
        names = [page.title for page in book.worksheets]
        chosen = _chosen(names, sheet, where)
        several = sheet is None and len(names) > 1
        more = f" (the first of {len(names)}: {name_list(names)})" if several else ""
        where = f"{where}, sheet {chosen!r}{more}"
        page = book[chosen]
        # Some writers state a size of one cell; the rows themselves know better.
        page.reset_dimensions()
        rows, table = _rows(page.iter_rows(values_only=True), where, limit)
        _refuse_uncomputed(data, page, where)
    if len(table) < 2:
        found = "has a header and no rows" if table else "is empty"
        raise InputError(f"{where}: {found}; name another sheet with --sheet")
    notes: tuple[str, ...] = ()
    if sheet is None and len(names) > 1:
        others = name_list(name for name in names if name != chosen)
        notes = (
            f"The workbook has {len(names)} sheets; the first, {chosen!r}, was read, not {others}.",
        )
    header = [cell_text(cell).strip() for cell in table[0]]
    columns = {
        i: sheet_column([row[i] for row in table[1:]], as_text=is_text(i, header[i]))
        for i in chosen_columns(header, select)
    }
    return Parsed(header, pd.DataFrame(columns), np.array(rows[1:]), notes=notes), where


def sheet_rows(data: bytes, book: Any, sheet: str, where: str) -> tuple[list[int], list[list[Any]]]:
    """Return the rows of a sheet that hold something, all equally long, and their numbers.

    Parameters
    ----------
    data : bytes
        The .xlsx file that `book` was opened from.
    book : openpyxl.Workbook
        As `open_workbook` gives it.
    sheet : str
    where : str
        File and sheet, for messages.

    Returns
    -------
    numbers : list of int
        The first row being 1.
    rows : list of list

    Raises
    ------
    InputError
        If there are too many cells, or formulas without a stored result.
    """
    page = book[sheet]
    # Some writers state a size of one cell; the rows themselves know better.
    page.reset_dimensions()
    found = _rows(page.iter_rows(values_only=True), where, MAX_CELLS)
    _refuse_uncomputed(data, page, where)
    return found


def cell_text(cell: Any) -> str:
    """Write a cell as text: whole numbers without a point, dates as ISO.

    Examples
    --------
    >>> cell_text(7.0), cell_text(None), cell_text(datetime.datetime(2020, 3, 1))
    ('7', '', '2020-03-01')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, (datetime.datetime, datetime.date, datetime.time)):
        return cell.isoformat()
    return str(cell)


@contextmanager
def open_workbook(data: bytes, where: str) -> Iterator[Any]:
    """Open a workbook for reading row by row; what is wrong inside becomes one line.

    Parameters
    ----------
    data : bytes
        The .xlsx file.
    where : str
        Its name, for messages.

    Yields
    ------
    openpyxl.Workbook
        Read-only, with the stored results of formulas.

    Raises
    ------
    InputError
        If the workbook is damaged, unpacks to more than 1 GiB, or would take more memory
        than its rows need.

    Examples
    --------
    >>> from openpyxl import Workbook
    >>> book, stream = Workbook(), io.BytesIO()
    >>> book.save(stream)
    >>> with open_workbook(stream.getvalue(), "a.xlsx") as opened:
    ...     opened.sheetnames
    ['Sheet']
    """
    _refuse_bomb(data, where)
    with _openpyxl(where), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # extensions and styles that carry no values
        from openpyxl import load_workbook  # 0.2 s that text tables need not pay

        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()


@contextmanager
def _openpyxl(where: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise  # a ValueError too, and said better already
    except _DAMAGE as error:
        raise InputError(
            f"{where}: damaged workbook ({type(error).__name__}: {error}); save it again as .xlsx"
        ) from error


def _refuse_bomb(data: bytes, where: str) -> None:
    with _openpyxl(where), zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED:
        raise InputError(
            f"{where}: unpacks to {unpacked} bytes, at most {MAX_UNPACKED} are read; "
            "save the sheet as TSV"
        )
    with _openpyxl(where), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            _refuse_swollen(archive, member, where)


def _refuse_swollen(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> None:
    """Refuse a part of a workbook whose elements would fill the memory.

    Rows are read one by one, and all the rest at once: four bytes of it take eighty.
    """
    if not _is_markup(archive, member):
        return
    size = tags = sheets = 0
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            row = piece.rfind(b"row>") + 1
            text = max(row, piece.rfind(b"si>") + 1)
            # Texts shared by cells stand in no row, and what is left of each takes memory.
            tags = piece.count(b"<", row) + (0 if row else tags)
            size = len(piece) - text + (0 if text else size)
            sheets += piece.count(b"sheetId=")
            for found, limit, what in (
                (sheets, MAX_SHEETS, "sheets"),
                (tags, _MOST_TAGS, "elements outside of whole rows"),
                (size, _LARGEST_PIECE, "bytes outside of whole rows and texts"),
            ):
                if found > limit:
                    raise InputError(
                        f"{where}: its part {member.filename[:80]!r} has more than {limit} {what}; "
                        "save the sheet as TSV"
                    )


def _is_markup(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Say whether a part is XML, whatever its name says; a picture may have any size."""
    with archive.open(member) as stream:
        start = stream.read(64)
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff"))


def _refuse_uncomputed(data: bytes, page: Any, where: str) -> None:
    """Refuse formulas without a stored result: openpyxl reads them as empty cells."""
    part = getattr(page, "_worksheet_path", None)
    if part is None:
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read(part.lstrip("/"))
    told = (found.group(1) or b"" for found in _UNCOMPUTED.finditer(text))
    # A cell of type "str" with an empty result holds an empty text, which is a result.
    places = [_PLACE.search(each) for each in told if b't="str"' not in each]
    cells = [place[1].decode() if place else "of no stated place" for place in places]
    if cells:
        raise InputError(
            f"{where}: {len(cells)} formulas have no stored result (cells {name_list(cells)}); "
            "open and save the workbook in a spreadsheet program, or save the sheet as TSV"
        )


def _chosen(names: list[str], sheet: str | None, where: str) -> str:
    if not names:
        raise InputError(f"{where}: the workbook has no sheet with cells; save the table again")
    if sheet is None:
        return names[0]
    if sheet not in names:
        raise InputError(f"{where}: no sheet {sheet!r}; found {name_list(names)}; correct --sheet")
    return sheet


def _rows(
    rows: Iterator[tuple[Any, ...]], where: str, limit: int
) -> tuple[list[int], list[list[Any]]]:
    """Collect the rows that hold something, all as long as the longest."""
    numbers: list[int] = []
    kept: list[list[Any]] = []
    cells = width = seen = 0
    for number, row in enumerate(rows, start=1):
        # Empty cells are no data, but looking at them takes time.
        seen += len(row)
        if number > MAX_ROWS or seen > 4 * limit:
            raise InputError(
                f"{where}: rows reach beyond row {MAX_ROWS} or hold more than {4 * limit} cells, "
                "empty ones included; delete the empty rows and columns, or save the sheet as TSV"
            )
        filled = [i for i, cell in enumerate(row) if cell is not None and cell != ""]
        if not filled:
            continue
        width = max(width, filled[-1] + 1)
        cells = width * (len(kept) + 1)
        if cells > limit:
            raise InputError(
                f"{where}: has more than {limit} cells; save the sheet as TSV in parts"
            )
        numbers.append(number)
        kept.append(list(row[: filled[-1] + 1]))
    return numbers, [row + [None] * (width - len(row)) for row in kept]


def sheet_column(cells: list[Any], *, as_text: bool = False) -> pd.Series:
    """Return cells as floats, or as text where any of them is no number."""
    if not as_text and all(
        cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool))
        for cell in cells
    ):
        return pd.Series([np.nan if cell is None else float(cell) for cell in cells], dtype=float)
    return pd.Series([cell_text(cell) for cell in cells], dtype=object)
