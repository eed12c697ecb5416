"""Tables in delimited text: the separator, the header, rows of equal length."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.tables.cells import DECIMAL_COMMAS, MAYBE_THOUSANDS, MISSING

#: Largest table, in cells, that is parsed: 12,000 proteins of 4,000 samples.
MAX_CELLS = 48_000_000

#: Most rows and columns, blank lines included: each takes time, whatever is in it. No study
#: has as many samples or proteins; long reports are streamed elsewhere.
MAX_ROWS = 1 << 20
MAX_COLUMNS = 50_000
#: Longest line that is read; a header of a thousand long paths has a thousandth of it.
LONGEST_LINE = 1 << 26

#: Size of a text from which the quicker parser is worth loading.
QUICK_FROM = 1 << 20

#: Names the columns to read out of a header.
Select = Callable[[list[str]], Collection[str]]

#: Separators that are looked for, and what they are called in messages.
SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
# Read only where a first line says so.
_OTHER_SEPARATORS = frozenset(":~^!#$&")

# pandas 3.1 parses floats exactly and deprecates the option that asked for it before.
_EXACT: dict[str, str] = (
    {}
    if tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (3, 1)
    else {"float_precision": "round_trip"}
)


@dataclass(frozen=True)
class Parsed:
    """Cells of a table before anything is known of their meaning.

    Parameters
    ----------
    header : list of str, length n_columns
        Names as written, stripped of blanks; may repeat or be empty.
    frame : DataFrame, shape (n_rows, n_columns)
        Columns numbered from 0; a column is float, or text where any cell is not a
        number.
    rows : array of int, shape (n_rows,)
        Number of each row in the file, the first line being 1.
    separator : str
        "" for a workbook.
    decimal : str
        Decimal mark that number columns were parsed with.
    notes : tuple of str
    """

    header: list[str]
    frame: pd.DataFrame
    rows: npt.NDArray[np.int64]
    separator: str = ""
    decimal: str = "."
    notes: tuple[str, ...] = ()


def parse_delimited(
    text: bytes,
    where: str,
    is_text: Callable[[int, str], bool],
    *,
    required: Callable[[list[str]], int] = len,
    select: Select | None = None,
    size: int | None = None,
    quick: bool = True,
) -> Parsed:
    r"""Parse tab-, semicolon-, comma- or bar-separated text.

    Parameters
    ----------
    text : bytes
        UTF-8 with ``\n`` line ends.
    where : str
        Name of the file, for messages.
    is_text : callable
        ``is_text(position, name)`` says whether a column is kept as written.
    required : callable
        ``required(header)`` is the least number of cells in a row. All of them, unless
        a format ends in columns that nobody reads and that editors trim when empty.
    select : callable, optional
        ``select(header)`` returns the names of the columns to read; all where left out.
        Columns without a name are always read.
    size : int, optional
        Largest number of cells that are read; `MAX_CELLS` where left out.
    quick : bool
        Whether a large text may be parsed by `proteoclass.matrix.tables.arrow_text`, which gives
        the same or nothing.

    Returns
    -------
    Parsed

    Raises
    ------
    InputError
        If there is no row under the header, rows differ in length, quotes are not
        closed, a line is too long, or there are too many cells.

    Examples
    --------
    >>> parsed = parse_delimited(b"id;P1\ns1;2.5\n", "a.csv", lambda i, name: i == 0)
    >>> parsed.separator, parsed.header, parsed.frame[1].tolist()
    (';', ['id', 'P1'], [2.5])
    """
    _refuse_lines(text, where)
    declared, separator, text = find_separator(text)

    def allow(n_rows: int, n_columns: int) -> None:
        refuse_size(where, n_rows, n_columns, size)

    def choose(header: list[str]) -> list[int]:
        return chosen_columns(header, select)

    has_commas = separator != "," and has_decimal_commas(text, separator)
    if quick and len(text) >= QUICK_FROM and not has_commas:
        from proteoclass.matrix.tables.arrow_text import parse_regular, pieces_of

        regular = parse_regular(pieces_of(text), separator, is_text, choose, allow)
        if regular is not None:
            header, frame = regular
            rows = np.arange(len(frame)) + (3 if declared else 2)
            return Parsed(header, frame, rows, separator)
    layout = None
    if b'"' in text:
        layout = _quoted_layout(text, separator, where)
    quoting = csv.QUOTE_NONE if layout is None else csv.QUOTE_MINIMAL
    header, widths, rows, body = layout or _plain_layout(text, separator)
    if declared:
        rows = rows + 1
    header, notes = _checked_widths(
        [name.strip() for name in header], widths, rows, separator, where, required
    )
    kept = choose(header)
    allow(len(rows), len(kept))
    decimal = "," if has_commas else "."
    if has_commas:
        notes = (*notes, DECIMAL_COMMAS)
    frame = _parsed(body, (separator, decimal, quoting), header, kept, is_text, where)
    return Parsed(header, frame, rows, separator, decimal, notes)


def refuse_size(where: str, n_rows: int, n_columns: int, size: int | None = None) -> None:
    """Refuse a table of too many cells, rows or columns.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_size("a.tsv", 10, 5)
    """
    limit = MAX_CELLS if size is None else size
    if n_rows * n_columns > limit:
        raise InputError(
            f"{where}: has {n_rows} rows x {n_columns} columns, at most {limit} cells "
            "are read; split the table"
        )
    if n_rows > MAX_ROWS or n_columns > MAX_COLUMNS:
        raise InputError(
            f"{where}: has {n_rows} rows x {n_columns} columns, at most {MAX_ROWS} rows and "
            f"{MAX_COLUMNS} columns are read; split the table"
        )


def _refuse_lines(text: bytes, where: str) -> None:
    """Refuse what would take too much memory once it is cut into lines."""
    lines = text.count(b"\n")
    if lines > 2 * MAX_ROWS:
        raise InputError(
            f"{where}: has {lines} lines, at most {2 * MAX_ROWS} are read, blank ones included; "
            "split the table"
        )
    at = 0
    # A line that is twice as long spans one of these windows.
    while at + LONGEST_LINE < len(text):
        if text.find(b"\n", at, at + LONGEST_LINE) < 0:
            row = text.count(b"\n", 0, at) + 1
            raise InputError(
                f"{where}: row {row} has more than {LONGEST_LINE} bytes, which no row of a table "
                "has; export the table again"
            )
        at += LONGEST_LINE


def chosen_columns(header: list[str], select: Select | None) -> list[int]:
    """Return the positions of the columns that `select` names, and of those without a name.

    Examples
    --------
    >>> chosen_columns(["id", "x", ""], lambda names: ["id"])
    [0, 2]
    """
    if select is None:
        return list(range(len(header)))
    wanted = frozenset(select(header))
    return [i for i, name in enumerate(header) if name in wanted or not name]


def refuse_repeats(header: list[str], where: str) -> None:
    """Refuse a header that names two columns alike.

    Raises
    ------
    InputError

    Examples
    --------
    >>> refuse_repeats(["id", "P1", "", ""], "a.tsv")
    """
    named = [name for name in header if name]
    if len(set(named)) == len(named):
        return
    places: dict[str, list[int]] = {}
    for i, name in enumerate(header, start=1):
        if name:
            places.setdefault(name, []).append(i)
    repeated = [f"{name!r} (columns {name_list(at)})" for name, at in places.items() if len(at) > 1]
    if repeated:
        raise InputError(
            f"{where}: {len(repeated)} column names repeat in the header: {name_list(repeated)}; "
            "rename or remove the repeats"
        )


def find_separator(text: bytes) -> tuple[bool, str, bytes]:
    r"""Find what separates the cells of a text.

    Parameters
    ----------
    text : bytes
        UTF-8 with ``\n`` line ends.

    Returns
    -------
    declared : bool
        Whether a first line such as ``sep=;`` said so.
    separator : str
    text : bytes
        Without that line.

    Examples
    --------
    >>> find_separator(b"sep=;\nid;P1\n")
    (True, ';', b'id;P1\n')
    """
    declared, body = _declared_separator(text)
    return bool(declared), declared or _separator(body), body


def _declared_separator(text: bytes) -> tuple[str, bytes]:
    # Excel writes and obeys a first line "sep=;".
    first, _, _ = text[:16].partition(b"\n")
    mark = first[4:5].decode("ascii", errors="replace")
    # A letter, a digit or a quote would cut through the cells themselves.
    fit = mark in SEPARATORS or mark in _OTHER_SEPARATORS
    if first[:4].lower() == b"sep=" and len(first.rstrip(b" \r")) == 5 and fit:
        return mark, text.partition(b"\n")[2]
    return "", text


def _separator(text: bytes) -> str:
    """Choose the separator that cuts the header and the first rows into equal parts."""
    start = text[: 1 << 20].split(b"\n")
    if len(text) > 1 << 20 and len(start) > 1:
        start.pop()  # cut short
    lines = [line.decode("utf-8", errors="replace") for line in start if line.strip()][:50]
    if "\t" in lines[0]:
        return "\t"
    counts = {mark: _counts(lines, mark) for mark in SEPARATORS}
    several = {mark: widths for mark, widths in counts.items() if widths[0] > 1}
    even = {
        mark: widths
        for mark, widths in several.items()
        if all(width in (widths[0], widths[0] + 1) for width in widths)
    }
    candidates = even or several or {"\t": [1]}
    return max(candidates, key=lambda mark: candidates[mark][0])


def _counts(lines: list[str], mark: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(lines, delimiter=mark)]
    except csv.Error:  # a cell beyond the module's limit; the layout will name it
        return [line.count(mark) + 1 for line in lines]


_Layout = tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64], bytes]


def _plain_layout(text: bytes, separator: str) -> _Layout:
    mark = separator.encode()
    lines = text.split(b"\n")
    kept = [i for i, line in enumerate(lines) if line.strip(b" ")]
    header = lines[kept[0]].decode("utf-8").split(separator)
    body = [lines[i] for i in kept[1:]]
    widths = np.array([line.count(mark) + 1 for line in body], dtype=np.int64)
    return header, widths, np.array(kept[1:], dtype=np.int64) + 1, b"\n".join(body)


def _quoted_layout(text: bytes, separator: str, where: str) -> _Layout | None:
    """Lay out text with quotes, or None where the quotes are plain characters."""
    # A text of Python's own would take four bytes for each character.
    lines = io.TextIOWrapper(io.BytesIO(text), "utf-8", newline="\n")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    header: list[str] = []
    body_starts = 0
    widths, rows = [], []
    line = 0
    try:
        for record in reader:
            if record and header:
                widths.append(len(record))
                rows.append(line + 1)
            elif record:
                header, body_starts = record, reader.line_num
            line = reader.line_num
    except csv.Error as error:
        if separator == "\t":
            return None
        raise InputError(
            f"{where}: row {reader.line_num}: quotes are not closed or a cell is too long "
            f"({error}); export the table again"
        ) from error
    # Inch marks at the start of cells may swallow whole rows: where the lines alone make an
    # even table, and quotes another one, they are no quotes.
    plain = _plain_layout(text, separator)
    if set(plain[1].tolist()) == {len(plain[0])} and plain[1].tolist() != widths:
        return None
    body = text.split(b"\n", body_starts)[body_starts] if rows else b""
    return header, np.array(widths, dtype=np.int64), np.array(rows, dtype=np.int64), body


def _checked_widths(
    header: list[str],
    widths: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    separator: str,
    where: str,
    required: Callable[[list[str]], int],
) -> tuple[list[str], tuple[str, ...]]:
    if not len(widths):
        raise InputError(f"{where}: has a header and no rows; export the table again")
    if (widths == len(header) + 1).all():
        return ["", *header], (
            "The header has one name fewer than the rows have cells; the first column was "
            "taken for row names, as R writes them.",
        )
    least = required(header)
    wrong = np.flatnonzero((widths > len(header)) | (widths < least))
    if len(wrong):
        row, found = rows[wrong[0]], widths[wrong[0]]
        raise InputError(
            f"{where}: row {row} has {found} cells, expected {len(header)} as in the header "
            f"({SEPARATORS.get(separator, separator)}-separated; rows {name_list(rows[wrong])}); "
            "complete or shorten them"
        )
    short = int((widths < len(header)).sum())
    if short:
        return header, (
            f"{short} rows end early, inside columns that are not used ({header[least - 1]!r} is "
            "the last one needed and is complete).",
        )
    return header, ()


def has_decimal_commas(body: bytes, separator: str) -> bool:
    r"""Look in the first megabyte for a cell like 1,5 that cannot be thousands.

    Examples
    --------
    >>> has_decimal_commas(b"a;1,5\n", ";"), has_decimal_commas(b"a;1,500\n", ";")
    (True, False)
    """
    start = body[: 1 << 20]
    if b"," not in start:
        return False
    mark = re.escape(separator.encode())
    cells = re.compile(rb'(?:^|\n|%b)"?([-+]?\d+,\d+)(?:[eE][-+]?\d+)?"?(?=%b|\n|$)' % (mark, mark))
    found = (match.group(1).decode() for match in cells.finditer(start))
    return any(not MAYBE_THOUSANDS.fullmatch(cell) for cell in found)


def _parsed(
    body: bytes,
    dialect: tuple[str, str, int],
    header: list[str],
    kept: list[int],
    is_text: Callable[[int, str], bool],
    where: str,
) -> pd.DataFrame:
    separator, decimal, quoting = dialect
    as_written = {i: str for i in kept if is_text(i, header[i])}
    missing = {i: MISSING for i in kept if i not in as_written}
    options: dict[str, object] = {"dtype": as_written, "na_values": missing, **_EXACT}
    with warnings.catch_warnings():
        # Columns of mixed content are looked at cell by cell later on.
        warnings.simplefilter("ignore", pd.errors.DtypeWarning)
        try:
            return pd.read_csv(  # type: ignore[call-overload]
                io.BytesIO(body),
                sep=separator,
                decimal=decimal,
                header=None,
                names=range(len(header)),
                usecols=kept if len(kept) < len(header) else None,
                index_col=False,
                keep_default_na=False,
                low_memory=False,
                quoting=quoting,
                encoding="utf-8",
                **options,
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise InputError(f"{where}: cannot be parsed ({error}); export it again") from error
