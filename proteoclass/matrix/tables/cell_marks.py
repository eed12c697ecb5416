"""Where the cells of delimited text end, found without looking at each of them in Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: The csv module's own limit, which the exact parser obeys.
LONGEST_CELL = 131_072

_Places = npt.NDArray[Any]
_Flags = npt.NDArray[np.bool_]
_NEWLINE = 10
_QUOTE = 34


@dataclass(frozen=True, eq=False)
class CellMarks:
    r"""Separators and line ends of whole rows of equal length.

    Parameters
    ----------
    flags : array of bool, shape (n_words, 8)
        Whether a byte ends a cell, eight bytes a word; no byte of the last word may.
    upto : array of int, shape (n_words,)
        Cells that end in a word or before it.
    ends : array of int, shape (n_rows,)
        Where the line ends stand.
    width : int
        Cells in a row.

    Examples
    --------
    >>> find_marks(b"a\tb\nc\td\n", "\t", 2, quoted=False).after(0).tolist()
    [1, 5]
    """

    flags: _Flags
    upto: _Places
    ends: _Places
    width: int

    def after(self, column: int) -> _Places:
        """Return for each row where the cell of a column ends."""
        cells = np.arange(column, len(self.ends) * self.width, self.width)
        word = np.searchsorted(self.upto, cells, side="right")
        before = np.where(word > 0, self.upto[word - 1], 0)
        within = np.cumsum(self.flags[word], axis=1) > (cells - before)[:, None]
        places: _Places = 8 * word + within.argmax(axis=1)
        return places


def find_marks(text: bytes, separator: str, width: int, *, quoted: bool) -> CellMarks | None:
    r"""Find where the cells of rows of one length end.

    Parameters
    ----------
    text : bytes
        Whole lines, the last with its line end.
    separator : str
        One character.
    width : int
        Cells in a row.
    quoted : bool
        Whether the text has quotes.

    Returns
    -------
    CellMarks or None
        None where a row has another length, or quotes do not enclose whole cells of one
        line.

    Notes
    -----
    Cells are counted eight bytes at a time; only those asked for are then looked up.

    Examples
    --------
    >>> find_marks(b"a\tb\nc\n", "\t", 2, quoted=False) is None
    True
    """
    chunk = np.frombuffer(text, np.uint8)
    is_end = chunk == _NEWLINE
    # A word more than there is text: a search beyond the last cell finds an empty one.
    flags = np.zeros((len(chunk) // 8 + 1) * 8, dtype=bool)
    marked = flags[: len(chunk)]
    np.equal(chunk, ord(separator), out=marked)
    marked |= is_end
    if quoted:
        inside = _inside_quotes(chunk, ord(separator))
        if inside is None or (inside & is_end).any():
            return None
        marked &= ~inside
    upto = np.cumsum(np.bitwise_count(flags.view(np.uint64)), dtype=np.int32)
    ends = np.flatnonzero(is_end)
    marks = CellMarks(flags.reshape(-1, 8), upto, ends, width)
    even = int(upto[-1]) == len(ends) * width
    return marks if even and np.array_equal(marks.after(width - 1), ends) else None


def _inside_quotes(chunk: npt.NDArray[np.uint8], separator: int) -> _Flags | None:
    """Say which bytes stand within quotes; None where a quote is not at a cell's edge."""
    quotes = chunk == _QUOTE
    places = np.flatnonzero(quotes)
    if len(places) % 2:
        return None
    opened, closed = places[::2], places[1::2]
    edges = (_NEWLINE, separator)
    # Before the first byte stands the last, which is a line end, as before a row.
    at_edges = np.isin(chunk[opened - 1], edges).all() and np.isin(chunk[closed + 1], edges).all()
    if not at_edges or (len(places) and (closed - opened).max() > LONGEST_CELL):
        return None
    inside: _Flags = np.logical_xor.accumulate(quotes)
    return inside
