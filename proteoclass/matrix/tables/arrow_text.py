"""Regular delimited text, read by Arrow: only the columns that are wanted, on all cores."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import numpy as np
import pandas as pd

from proteoclass.matrix.tables.cell_marks import CellMarks, find_marks
from proteoclass.matrix.tables.cells import MISSING

_CHUNK = 1 << 20
_BLOCK = 1 << 22
_WORKERS = 2
_WAITING = 8
_SAMPLE_ROWS = 8
_LONGEST_HEADER = 1 << 24
# Each takes a millisecond here, and less in the exact parser.
_MOST_WORDS = 1000
# With many more, and little memory left, Arrow breaks down instead of saying so.
_MOST_COLUMNS = 20_000
#: From here on a whole number may differ from the float that stands for it.
_EXACT_INTEGERS = 2.0**53
_TRUTHS = frozenset(("true", "false"))

_IsText = Callable[[int, str], bool]
_Choose = Callable[[list[str]], Sequence[int]]
_Allow = Callable[[int, int], None]


@dataclass(frozen=True)
class _Form:
    """What the lines of a table look like, and which of their cells are wanted."""

    separator: str
    header: list[str]
    kept: list[int]
    runs: list[tuple[int, int]]

    @property
    def whole(self) -> bool:
        return len(self.kept) == len(self.header)


@dataclass(frozen=True)
class _Part:
    """The wanted cells of a few lines."""

    text: bytes
    n_rows: int
    longest: int
    quoted: bool


def parse_regular(
    lines: Iterable[bytes], separator: str, is_text: _IsText, choose: _Choose, allow: _Allow
) -> tuple[list[str], pd.DataFrame] | None:
    r"""Parse text in which nothing is out of the ordinary, or leave it to the exact parser.

    Parameters
    ----------
    lines : iterable of bytes
        UTF-8 in pieces of whole lines with ``\n`` line ends, the header in the first line.
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
        cells of one line, a number is not written plainly, or is infinite or beyond 2^53,
        or there are thousands of columns of text: the exact parser then says what is wrong,
        or reads it.

    Notes
    -----
    A cell that this function accepts has the value that the exact parser gives it: both
    round decimals correctly (Lemire 2021, doi 10.1002/spe.2984), and what only one of them
    takes for a number is left to the exact one.

    Examples
    --------
    >>> parse_regular(
    ...     [b"id\tx\tP1\na\t?\t2.5\n"], "\t", lambda i, name: i == 0, lambda names: [0, 2], max
    ... )[1]
       0    2
    0  a  2.5
    """
    pieces = iter(lines)
    first = next(pieces, b"")
    header = _header(first, separator)
    if len(header) < 2:
        return None
    kept = list(choose(header))
    form = _Form(separator, header, kept, _runs(kept))
    first = first[first.index(b"\n") + 1 :]
    parts = _parts(chain([first] if first else [], pieces), form)
    n_rows = sum(part.n_rows for part in parts or ())
    if not parts or not n_rows:
        return None
    allow(n_rows, len(kept))
    words = _words(parts[0], form, is_text)
    if len(words) > _MOST_WORDS or len(kept) > _MOST_COLUMNS:
        return None
    table = _arrow(parts, form, words)
    if table is None or table.num_rows != n_rows:
        return None
    return _frame(table, header, kept, words, is_text)


def pieces_of(text: bytes) -> Iterator[bytes]:
    r"""Cut a text into pieces of whole lines.

    Examples
    --------
    >>> list(pieces_of(b"id\nx\n"))
    [b'id\nx\n']
    """
    at = 0
    while at < len(text):
        end = text.rfind(b"\n", at, at + _CHUNK) + 1 or text.find(b"\n", at) + 1 or len(text)
        yield text[at:end]
        at = end


def _header(first: bytes, separator: str) -> list[str]:
    """Return the names, none where the first line is blank or hides a separator."""
    end = first.find(b"\n", 0, _LONGEST_HEADER)
    names = first[: max(end, 0)].decode("utf-8", errors="replace")
    if not names.strip():
        return []
    cells = names.split(separator)
    if '"' in names:
        try:
            quoted = next(csv.reader([names], delimiter=separator, strict=True))
        except csv.Error:
            return []
        return [name.strip() for name in quoted] if len(quoted) == len(cells) else []
    return [name.strip() for name in cells]


def _runs(kept: list[int]) -> list[tuple[int, int]]:
    """Return neighbouring columns as spans from first to last."""
    places = np.array(kept)
    breaks = np.flatnonzero(np.diff(places) != 1)
    firsts = places[np.concatenate(([0], breaks + 1))]
    lasts = places[np.concatenate((breaks, [len(places) - 1]))]
    return [(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]


def _parts(pieces: Iterable[bytes], form: _Form) -> list[_Part] | None:
    """Return the wanted cells of all lines, None where a line is irregular."""
    found: list[_Part | None] = []
    waiting: deque[Future[_Part | None]] = deque()
    # NumPy lets go of Python's lock while it looks for separators.
    with ThreadPoolExecutor(_WORKERS) as pool:
        for piece in pieces:
            waiting.append(pool.submit(_part, piece, form))
            if len(waiting) > _WAITING:
                found.append(waiting.popleft().result())
                if found[-1] is None:
                    break
        found += [part.result() for part in waiting]
    regular = [part for part in found if part is not None]
    return regular if len(regular) == len(found) else None


def _part(piece: bytes, form: _Form) -> _Part | None:
    text = piece if piece.endswith(b"\n") else piece + b"\n"
    quoted = b'"' in text
    if form.whole and not quoted:
        # Arrow itself compares the widths of whole rows, and passes over blank lines.
        if text.startswith(b"\n") or b"\n\n" in text:
            return None
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    else:
        marks = find_marks(text, form.separator, len(form.header), quoted=quoted)
        if marks is None:
            return None
        ends = marks.ends
        if not form.whole:
            text = _cut(text, marks, form)
    return _Part(text, len(ends), int(np.diff(ends, prepend=-1).max()), quoted)


def _cut(text: bytes, marks: CellMarks, form: _Form) -> bytes:
    """Return the rows with only the wanted spans of columns."""
    starts = np.concatenate(([0], marks.ends[:-1] + 1))
    between, step = form.separator.encode(), 2 * len(form.runs)
    view = memoryview(text)
    pieces: list[bytes | memoryview] = [b""] * (step * len(starts))
    for i, (first, last) in enumerate(form.runs):
        froms = (starts if first == 0 else marks.after(first - 1) + 1).tolist()
        tos = marks.after(last).tolist()
        after = b"\n" if 2 * i == step - 2 else between
        pieces[2 * i :: step] = [view[a:b] for a, b in zip(froms, tos, strict=True)]
        pieces[2 * i + 1 :: step] = [after] * len(starts)
    return b"".join(pieces)


def _words(part: _Part, form: _Form, is_text: _IsText) -> list[int]:
    """Return the columns that are text, by declaration or by their first cells."""
    sample = part.text.split(b"\n", _SAMPLE_ROWS)[:_SAMPLE_ROWS]
    lines = [line.decode("utf-8", errors="replace") for line in sample if line]
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if part.quoted else csv.QUOTE_NONE
    try:
        rows = list(csv.reader(lines, delimiter=form.separator, quoting=quoting))
    except csv.Error:  # a cell beyond the module's limit
        rows = []
    rows = [row for row in rows if len(row) == len(form.kept)]
    return [
        place
        for i, place in enumerate(form.kept)
        if is_text(place, form.header[place]) or any(_is_word(row[i]) for row in rows)
    ]


def _is_word(cell: str) -> bool:
    if cell in MISSING:
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return False


class _Stream(io.RawIOBase):
    """The texts of parts as one file, each let go once it is read."""

    def __init__(self, parts: list[_Part]) -> None:
        super().__init__()
        self._parts = deque(part.text for part in parts)
        parts.clear()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found, length = [], 0
        while self._parts and length < size:
            piece = self._parts.popleft()
            if length + len(piece) > size:
                self._parts.appendleft(piece[size - length :])
                piece = piece[: size - length]
            found.append(piece)
            length += len(piece)
        return b"".join(found)


def _arrow(parts: list[_Part], form: _Form, words: list[int]) -> Any:
    """Return Arrow's table of the text, or None where it meets something unexpected."""
    import pyarrow as pa  # 0.2 s that small tables need not pay
    import pyarrow.csv as pc

    names = [str(i) for i in form.kept]
    kinds = dict.fromkeys(names, pa.float64()) | {str(i): pa.string() for i in words}
    quoted = any(part.quoted for part in parts)
    # A row must fit within a block.
    block = min(max(_BLOCK, 2 * max(part.longest for part in parts)), (1 << 31) - 1)
    try:
        return pc.read_csv(
            pa.PythonFile(_Stream(parts), mode="r"),
            read_options=pc.ReadOptions(column_names=names, block_size=block),
            parse_options=pc.ParseOptions(
                delimiter=form.separator, quote_char='"' if quoted else False
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
    is_text: _IsText,
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
    # pandas before 3 warns of joining the names of no columns.
    frame = pd.concat([pd.DataFrame(told), numbers], axis=1) if counted else pd.DataFrame(told)
    return header, frame if list(frame.columns) == kept else frame[kept]


def _agreed(numbers: pd.DataFrame, missing: int) -> bool:
    """Say whether all numbers are such as both parsers read alike."""
    values = numbers.to_numpy(dtype=float)
    within = (values < _EXACT_INTEGERS) & (values > -_EXACT_INTEGERS)
    return int(np.count_nonzero(within)) + missing == values.size
