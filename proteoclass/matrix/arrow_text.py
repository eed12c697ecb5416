"""Regular delimited text, read by Arrow: only the columns that are wanted, on all cores."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.cells import MISSING

_CHUNK = 1 << 19
_BLOCK = 1 << 22
_WORKERS = 2
_SAMPLE_ROWS = 8
_SAMPLE = 1 << 22
_LONGEST_HEADER = 1 << 24
#: The csv module's own limit, which the exact parser obeys.
_LONGEST_CELL = 131_072
#: From here on a whole number may differ from the float that stands for it.
_EXACT_INTEGERS = 2.0**53
_TRUTHS = frozenset(("true", "false"))

_Places = npt.NDArray[Any]


@dataclass(frozen=True)
class _Text:
    """Text of whole rows under a header, and where in it they start."""

    text: bytes
    start: int
    separator: str
    width: int
    quoted: bool


def parse_regular(
    text: bytes,
    separator: str,
    is_text: Callable[[int, str], bool],
    choose: Callable[[list[str]], Sequence[int]],
    allow: Callable[[int, int], None],
) -> tuple[list[str], pd.DataFrame] | None:
    r"""Parse text in which nothing is out of the ordinary, or leave it to the exact parser.

    Parameters
    ----------
    text : bytes
        UTF-8 with ``\n`` line ends, the header in the first line.
    separator : str
        One character.
    is_text : callable
        ``is_text(position, name)`` says whether a column is kept as written.
    choose : callable
        ``choose(header)`` returns the positions of the columns to read, ascending.
    allow : callable
        ``allow(n_rows, n_columns)`` raises where the table is too large.

    Returns
    -------
    tuple of list of str and DataFrame, or None
        The whole header, and the chosen columns numbered by position. None where a row
        is longer or shorter than the header, a line is blank, quotes do not enclose whole
        cells of one line, a number is not written plainly, or is infinite or beyond 2^53:
        the exact parser then says what is wrong, or reads it.

    Notes
    -----
    A cell that this function accepts has the value that the exact parser gives it: both
    round decimals correctly (Lemire 2021, doi 10.1002/spe.2984), and what only one of them
    takes for a number is left to the exact one.

    Examples
    --------
    >>> parse_regular(
    ...     b"id\tx\tP1\na\t?\t2.5\n", "\t", lambda i, name: i == 0, lambda names: [0, 2], max
    ... )[1]
       0    2
    0  a  2.5
    """
    header = _header(text, separator)
    if len(header) < 2:
        return None
    end = text.index(b"\n") + 1
    source = _Text(text, end, separator, len(header), b'"' in text)
    kept = list(choose(header))
    body = _body(source, kept)
    if body is None:
        return None
    lines, n_rows, longest = body
    allow(n_rows, len(kept))
    words = _words(source, header, kept, is_text)
    table = _arrow(lines, source, kept, words, longest)
    if table is None or table.num_rows != n_rows:
        return None
    return _frame(table, header, kept, words, is_text)


def _header(text: bytes, separator: str) -> list[str]:
    """Return the names, none where the first line is blank, alone or hides a separator."""
    end = text.find(b"\n", 0, _LONGEST_HEADER)
    names = text[: max(end, 0)].decode("utf-8", errors="replace")
    if not names.strip() or end + 1 == len(text):
        return []
    cells = names.split(separator)
    if '"' in names:
        try:
            quoted = next(csv.reader([names], delimiter=separator, strict=True))
        except csv.Error:
            return []
        return [name.strip() for name in quoted] if len(quoted) == len(cells) else []
    return [name.strip() for name in cells]


def _body(source: _Text, kept: list[int]) -> tuple[Any, int, int] | None:
    """Return the text of the kept columns, the number of rows and the longest row."""
    whole = len(kept) == source.width
    runs = [] if whole else _runs(kept)
    # NumPy lets go of Python's lock while it looks for separators.
    with ThreadPoolExecutor(_WORKERS) as pool:
        parts = list(pool.map(lambda chunk: _part(source, chunk, runs), _chunks(source)))
    if not parts or None in parts:
        return None
    found = [part for part in parts if part is not None]
    n_rows, longest = sum(part[1] for part in found), max(part[2] for part in found)
    if whole:
        return memoryview(source.text)[source.start :], n_rows, longest
    return b"".join(part[0] for part in found), n_rows, longest


def _part(
    source: _Text, chunk: npt.NDArray[np.uint8], runs: list[tuple[int, int]]
) -> tuple[bytes, int, int] | None:
    """Return the wanted spans of a chunk's rows, how many they are, and the longest."""
    if not runs and not source.quoted:
        ends, text = np.flatnonzero(chunk == 10), b""  # Arrow compares the widths of whole rows
    else:
        marks = _marks(chunk, source)
        if marks is None:
            return None
        ends, text = marks[:, -1], _cut(source, chunk, marks, runs) if runs else b""
    return text, len(ends), int(np.diff(ends, prepend=-1).max())


def _runs(kept: list[int]) -> list[tuple[int, int]]:
    """Return neighbouring columns as spans from first to last."""
    places = np.array(kept)
    breaks = np.flatnonzero(np.diff(places) != 1)
    firsts = places[np.concatenate(([0], breaks + 1))]
    lasts = places[np.concatenate((breaks, [len(places) - 1]))]
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]


def _chunks(source: _Text) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the bytes of whole lines, chunk by chunk, each with a line end."""
    at, text = source.start, source.text
    while at < len(text):
        end = text.rfind(b"\n", at, at + _CHUNK) + 1 or text.find(b"\n", at) + 1 or len(text)
        chunk = np.frombuffer(text, np.uint8, end - at, at)
        yield chunk if chunk[-1] == 10 else np.append(chunk, np.uint8(10))
        at = end


def _marks(chunk: npt.NDArray[np.uint8], source: _Text) -> _Places | None:
    """Return the place after each cell, rows x columns; None where rows differ in length."""
    ends = chunk == 10
    marked = ends | (chunk == ord(source.separator))
    if source.quoted:
        inside = _inside_quotes(chunk, source)
        if inside is None or (inside & ends).any():
            return None
        marked &= ~inside
    marks = np.flatnonzero(marked)
    n_rows = int(np.count_nonzero(ends))
    if len(marks) != n_rows * source.width:
        return None
    by_row: _Places = marks.reshape(n_rows, source.width)
    return by_row if ends[by_row[:, -1]].all() else None


def _inside_quotes(chunk: npt.NDArray[np.uint8], source: _Text) -> npt.NDArray[np.bool_] | None:
    """Say which bytes stand within quotes; None where a quote is not at a cell's edge."""
    quotes = chunk == 34
    places = np.flatnonzero(quotes)
    if len(places) % 2:
        return None
    opened, closed = places[::2], places[1::2]
    edges = (10, ord(source.separator))
    before = chunk[opened - 1]
    if opened[:1].tolist() == [0]:
        before[0] = 10  # the chunk starts a row
    if not (np.isin(before, edges).all() and np.isin(chunk[closed + 1], edges).all()):
        return None
    if len(places) and (closed - opened).max() > _LONGEST_CELL:
        return None
    inside: npt.NDArray[np.bool_] = np.logical_xor.accumulate(quotes)
    return inside


def _cut(
    source: _Text,
    chunk: npt.NDArray[np.uint8],
    marks: _Places,
    runs: list[tuple[int, int]],
) -> bytes:
    """Return the rows with only these spans of columns."""
    starts = np.concatenate(([0], marks[:-1, -1] + 1))
    mark = source.separator.encode()
    # Pieces of bytes: thousands of views would keep Python's collector of garbage busy.
    text = chunk.tobytes()
    spans = [
        (
            (starts if first == 0 else marks[:, first - 1] + 1).tolist(),
            marks[:, last].tolist(),
            b"\n" if (first, last) == runs[-1] else mark,
        )
        for first, last in runs
    ]
    pieces: list[Any] = [b""] * (2 * len(spans) * len(marks))
    for i, (froms, tos, after) in enumerate(spans):
        pieces[2 * i :: 2 * len(spans)] = [text[a:b] for a, b in zip(froms, tos, strict=True)]
        pieces[2 * i + 1 :: 2 * len(spans)] = [after] * len(marks)
    return b"".join(pieces)


def _words(
    source: _Text, header: list[str], kept: list[int], is_text: Callable[[int, str], bool]
) -> list[int]:
    """Return the columns that are text, by declaration or by their first cells."""
    sample = source.text[source.start : source.start + _SAMPLE].split(b"\n", _SAMPLE_ROWS)
    lines = [line.decode("utf-8", errors="replace") for line in sample[:_SAMPLE_ROWS] if line]
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if source.quoted else csv.QUOTE_NONE
    try:
        rows = list(csv.reader(lines, delimiter=source.separator, quoting=quoting))
    except csv.Error:  # a cell beyond the module's limit
        rows = []
    rows = [row for row in rows if len(row) == source.width]
    return [i for i in kept if is_text(i, header[i]) or any(_is_word(row[i]) for row in rows)]


def _is_word(cell: str) -> bool:
    if cell in MISSING:
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


def _arrow(lines: Any, source: _Text, kept: list[int], words: list[int], longest: int) -> Any:
    """Return Arrow's table of the text, or None where it meets something unexpected."""
    import pyarrow as pa  # 0.2 s that small tables need not pay
    import pyarrow.csv as pc

    names = [str(i) for i in kept]
    kinds = dict.fromkeys(names, pa.float64()) | {str(i): pa.string() for i in words}
    try:
        return pc.read_csv(
            pa.BufferReader(pa.py_buffer(lines)),
            # A row must fit within a block.
            read_options=pc.ReadOptions(
                column_names=names, block_size=min(max(_BLOCK, 2 * longest), (1 << 31) - 1)
            ),
            parse_options=pc.ParseOptions(
                delimiter=source.separator, quote_char='"' if source.quoted else False
            ),
            convert_options=pc.ConvertOptions(
                column_types=kinds, null_values=sorted(MISSING), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowCapacityError):
        return None


def _frame(
    table: Any,
    header: list[str],
    kept: list[int],
    words: list[int],
    is_text: Callable[[int, str], bool],
) -> tuple[list[str], pd.DataFrame] | None:
    textual = frozenset(words)
    counted = [i for i in kept if i not in textual]
    columns = table.select([str(i) for i in counted])
    numbers: pd.DataFrame = columns.to_pandas().set_axis(counted, axis=1)
    if not _agreed(numbers, sum(column.null_count for column in columns.itercolumns())):
        return None
    told = {}
    for i in words:
        cells = pd.Series(table.column(str(i)).to_pandas(), dtype=str)
        if not is_text(i, header[i]):
            cells = cells.where(~cells.isin(MISSING))
            first = cells.first_valid_index()
            # A column of truth values is one to the exact parser.
            if first is not None and str(cells.loc[first]).lower() in _TRUTHS:
                return None
        told[i] = cells
    if not told:
        return header, numbers
    frame = pd.concat([pd.DataFrame(told), numbers], axis=1)
    return header, frame if list(frame.columns) == kept else frame[kept]


def _agreed(numbers: pd.DataFrame, missing: int) -> bool:
    """Say whether all numbers are such as both parsers read alike."""
    values = numbers.to_numpy(dtype=float)
    within = (values < _EXACT_INTEGERS) & (values > -_EXACT_INTEGERS)
    return int(np.count_nonzero(within)) + missing == values.size
