"""Long tables in delimited text, parsed block by block on all cores."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from proteoclass.errors import InputError
from proteoclass.matrix.long_reports.batch import Batch, Content
from proteoclass.matrix.tables.cells import MISSING
from proteoclass.matrix.tables.content import open_binary
from proteoclass.matrix.tables.delimited import SEPARATORS
from proteoclass.matrix.tables.preview import PREVIEW_BYTES, Preview

#: Bytes of a text that are parsed at a time; no row may be longer.
BLOCK_BYTES = 1 << 22

_CONVERSION = re.compile(r"In CSV column #(\d+): Row #(\d+): .*invalid value '(.*)'", re.DOTALL)
_NOT_UTF8 = re.compile(r"In CSV column #(\d+): Row #(\d+): .*UTF8", re.DOTALL)
_WIDTH = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


@dataclass(frozen=True)
class _Block:
    """Whole lines of a text.

    Parameters
    ----------
    text : bytes
    offset : int
        Bytes of the unpacked text before it.
    """

    text: bytes
    offset: int


@contextmanager
def text_batches(
    preview: Preview, columns: Mapping[str, Content], decimal: str, block_bytes: int = BLOCK_BYTES
) -> Iterator[Iterator[Batch]]:
    """Open a long text for reading some of its columns.

    Parameters
    ----------
    preview : Preview
    columns : mapping of str to {"text", "number"}
    decimal : {".", ","}
    block_bytes : int

    Yields
    ------
    iterator of Batch

    Raises
    ------
    InputError
        If a row has not as many cells as the header, a cell of a number column is text,
        or the file is damaged, not UTF-8 or without rows; the message locates it.

    Notes
    -----
    Arrow's own streaming reader is not used: it parses on one core, and threads of it
    that read ahead in a file object of Python's abort the process when the interpreter
    ends after an error.
    """
    with open_binary(preview.path) as stream:
        source = cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if preview.gzipped else stream
        try:
            lines, offset, quoted = _skip_header(source, preview)
            parser = _Parser(preview, columns, decimal, quoted)
            blocks = _blocks(source, preview, offset, block_bytes)
            with closing(_in_order(parser, blocks, lines + 1)) as batches:
                yield batches
        except (OSError, EOFError, zlib.error) as error:
            what = "damaged gzip file" if preview.gzipped else "cannot be read"
            raise InputError(f"{preview.path}: {what} ({error}); copy it again") from error


def _skip_header(source: BinaryIO, preview: Preview) -> tuple[int, int, bool]:
    """Return lines and bytes up to the first row, and whether cells are quoted."""
    header = source.readline(PREVIEW_BYTES)
    lines, size = 1, len(header)
    while header and (not header.strip() or _declares_separator(header)):
        header = source.readline(PREVIEW_BYTES)
        lines, size = lines + 1, size + len(header)
    if b"\x00" in header:
        raise InputError(
            f"{preview.path}: is not UTF-8 text; save it as UTF-8, or give the Parquet report"
        )
    if b"\r" in header.rstrip(b"\r\n"):
        raise InputError(
            f"{preview.path}: its lines end in carriage returns alone; save it with usual line ends"
        )
    # DIA-NN and its kind write no quotes; in a tab-separated text they are plain characters
    # unless the header has some.
    quoted = preview.separator != "\t" or header.startswith(b'"') or b'\t"' in header
    return lines, size, quoted


def _declares_separator(line: bytes) -> bool:
    bare = line.removeprefix(b"\xef\xbb\xbf")
    return bare[:4].lower() == b"sep=" and len(bare.strip()) == 5


def _blocks(source: BinaryIO, preview: Preview, offset: int, block_bytes: int) -> Iterator[_Block]:
    rest = b""
    while piece := source.read(block_bytes):
        cut = piece.rfind(b"\n") + 1
        if not cut and len(rest) + len(piece) > block_bytes:
            raise InputError(
                f"{preview.path}: has a row longer than {block_bytes} bytes; is this a report? "
                "export it again"
            )
        if cut:
            yield _Block(rest + piece[:cut], offset)
            offset += len(rest) + cut
            rest = piece[cut:]
        else:
            rest += piece
    if rest:
        yield _Block(rest, offset)


class _Parser:
    """Parses blocks of one text; safe to call from several threads."""

    def __init__(
        self, preview: Preview, columns: Mapping[str, Content], decimal: str, quoted: bool
    ) -> None:
        import pyarrow as pa

        self.preview = preview
        self.columns = list(columns)
        self.decimal = decimal
        self.quote: Any = '"' if quoted else False
        coded = pa.dictionary(pa.int32(), pa.string())
        # Columns go by number: names may be quoted or follow a byte order mark.
        self.types = {
            str(preview.names.index(name)): coded if content == "text" else pa.float64()
            for name, content in columns.items()
        }

    def __call__(self, block: _Block) -> list[Any]:
        """Return the records of a block."""
        import pyarrow as pa
        import pyarrow.csv as csv

        if block.text.isspace():
            return []
        table = csv.read_csv(
            pa.BufferReader(block.text),
            csv.ReadOptions(
                use_threads=False,  # so that an error tells its row
                block_size=len(block.text),
                column_names=[str(i) for i in range(len(self.preview.names))],
            ),
            csv.ParseOptions(delimiter=self.preview.separator, quote_char=self.quote),
            csv.ConvertOptions(
                include_columns=list(self.types),
                column_types=self.types,
                null_values=sorted(MISSING),
                decimal_point=self.decimal,
            ),
        )
        return list(table.to_batches())


def _in_order(parser: _Parser, blocks: Iterator[_Block], row: int) -> Generator[Batch, None, None]:
    """Parse blocks on all cores, and hand their records out in order."""
    import pyarrow as pa

    preview = parser.preview
    places = {name: i for i, name in enumerate(parser.columns)}
    n_threads = max(pa.cpu_count(), 1)
    first = row
    with ThreadPoolExecutor(n_threads) as pool:
        for block, coming in _ahead(pool, parser, blocks, n_threads + 1):
            try:
                records = coming.result()
            except pa.ArrowException as error:
                raise _located(error, preview, block) from error
            for record in records:
                yield Batch(preview.path, record, places, row)
                row += record.num_rows
    if row == first:
        raise InputError(f"{preview.path}: has a header and no rows; export the report again")


def _ahead(
    pool: ThreadPoolExecutor, parser: _Parser, blocks: Iterator[_Block], depth: int
) -> Iterator[tuple[_Block, Future[list[Any]]]]:
    waiting: deque[tuple[_Block, Future[list[Any]]]] = deque()
    for block in blocks:
        waiting.append((block, pool.submit(parser, block)))
        if len(waiting) > depth:
            yield waiting.popleft()
    yield from waiting


def _located(error: Exception, preview: Preview, block: _Block) -> InputError:
    path, message = preview.path, str(error)
    if found := _CONVERSION.search(message):
        name, cell = preview.names[int(found[1])], found[3]
        row = _line(preview, block, int(found[2]))
        if cell == name:
            return InputError(
                f"{path}: row {row} is the header again: two reports were put together; "
                "read each by itself"
            )
        return InputError(
            f"{path}: row {row}, column {name!r}: found {cell[:30]!r}, expected a number; "
            "correct the cell, or export the report again"
        )
    if found := _WIDTH.search(message):
        row = _line(preview, block, int(found[1]))
        mark = SEPARATORS.get(preview.separator, preview.separator)
        return InputError(
            f"{path}: row {row} has {found[3]} cells, expected {found[2]} as in the header "
            f"({mark}-separated); the file was cut short or edited: export the report again"
        )
    if found := _NOT_UTF8.search(message):
        name, row = preview.names[int(found[1])], _line(preview, block, int(found[2]))
        return InputError(
            f"{path}: row {row}, column {name!r}: is not UTF-8 text; save the report as UTF-8"
        )
    return InputError(f"{path}: cannot be parsed ({message}); export it again")


def _line(preview: Preview, block: _Block, number: int) -> int:
    """Return the line of the file on which a record of a block stands; blank lines count."""
    before, left = 0, block.offset
    with open_binary(preview.path) as stream:
        source = gzip.GzipFile(fileobj=stream) if preview.gzipped else stream
        while left and (piece := source.read(min(left, BLOCK_BYTES))):
            before += piece.count(b"\n")
            left -= len(piece)
    lines = block.text.split(b"\n")
    filled = [i for i, line in enumerate(lines) if line.rstrip(b"\r")]
    return before + filled[number - 1] + 1
