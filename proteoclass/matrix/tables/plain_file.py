"""Large plain text tables, read once from the disk: hashed, checked and parsed piece by piece."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np

from proteoclass.errors import InputError
from proteoclass.matrix.tables import content, delimited
from proteoclass.matrix.tables.content import open_binary, table_text
from proteoclass.matrix.tables.delimited import Parsed, Select

_PIECE = 1 << 20
_LONGEST_LINE = 1 << 26
#: How much decides on separator and decimal mark, as it does for the exact parser.
_START = 1 << 20


class _Lines:
    """The lines of a file in pieces, each checked to be plain text; `sound` says if all were."""

    def __init__(self, stream: BinaryIO, start: bytes) -> None:
        self._stream = stream
        self._rest = start
        self._digest = hashlib.sha256(start)
        self.sound = True

    def __iter__(self) -> Iterator[bytes]:
        rest = self._rest.removeprefix(codecs.BOM_UTF8)
        ended = False
        while not ended:
            data = self._stream.read(_PIECE)
            self._digest.update(data)
            ended = not data
            rest += data
            end = len(rest) if ended else rest.rfind(b"\n") + 1
            piece, rest = rest[:end], rest[end:]
            plain = _plain(piece)
            if plain is None or len(rest) > _LONGEST_LINE:
                self.sound = False
                return
            if plain:
                yield plain

    def sha256(self) -> str:
        """Return the hash of the file, which is read to its end."""
        while data := self._stream.read(_PIECE):
            self._digest.update(data)
        return self._digest.hexdigest()


def read_plain(
    path: str | os.PathLike[str], is_text: Callable[[int, str], bool], select: Select | None = None
) -> tuple[Parsed, str] | None:
    r"""Read a large table of plain, regular text, or leave it to `read_table`'s other ways.

    Parameters
    ----------
    path : path-like
    is_text : callable
        ``is_text(position, name)`` says whether a column is kept as written.
    select : callable, optional
        ``select(header)`` returns the names of the columns to read; all where left out.

    Returns
    -------
    tuple of Parsed and str, or None
        The table and the SHA-256 of the file. None where the file is small, compressed,
        no UTF-8, not regular (see `proteoclass.matrix.tables.arrow_text.parse_regular`), or
        where anything is to be said about it.

    Raises
    ------
    InputError
        If there is no such file, or the table has too many cells.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "small.tsv"
    ...     _ = target.write_text("id\tP1\na\t2.5\n")
    ...     read_plain(target, lambda i, name: i == 0) is None
    True
    """
    with open_binary(path) as stream:
        if not delimited.QUICK_FROM <= os.fstat(stream.fileno()).st_size <= content.MAX_BYTES:
            return None
        start = stream.read(_START)
        separator = _separator(start, str(path))
        if not separator:
            return None
        from proteoclass.matrix.tables.arrow_text import parse_regular  # pyarrow loads when needed

        lines = _Lines(stream, start)
        regular = parse_regular(
            lines,
            separator,
            is_text,
            lambda header: delimited.chosen_columns(header, select),
            lambda *shape: delimited.refuse_size(str(path), *shape),
        )
        if regular is None or not lines.sound:
            return None
        header, frame = regular
        return Parsed(header, frame, np.arange(len(frame)) + 2, separator), lines.sha256()


def _plain(piece: bytes) -> bytes | None:
    r"""Return lines with ``\n`` ends, None where they are no plain UTF-8."""
    if b"\r" in piece:
        piece = piece.replace(b"\r\n", b"\n")
    if b"\r" in piece or b"\x00" in piece:
        return None
    if not piece.isascii():
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return piece


def _separator(start: bytes, where: str) -> str:
    """Return the separator of a text that begins so, "" where it is not quite plain."""
    whole = start[: start.rfind(b"\n") + 1]
    if (
        not whole
        or whole.isspace()
        or start.startswith((content.GZIP_MAGIC, *content.UTF_16_MARKS))
    ):
        return ""
    try:
        text, notes = table_text(whole, where)
    except InputError:  # said again, and better, by the reader of anything
        return ""
    declared, separator, body = delimited.find_separator(text)
    has_commas = separator != "," and delimited.has_decimal_commas(body, separator)
    return "" if declared or notes or has_commas else separator
