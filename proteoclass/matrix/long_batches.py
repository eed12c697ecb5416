"""Rows of a long table, batch after batch, with only the columns that are needed."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.cells import MISSING
from proteoclass.matrix.content import open_binary
from proteoclass.matrix.parquet import open_parquet
from proteoclass.matrix.preview import PREVIEW_BYTES, Preview

Content = Literal["text", "number"]

#: Rows of a Parquet file in memory at a time.
BATCH_ROWS = 1 << 19
#: Bytes of a text in memory at a time; no row may be longer.
BLOCK_BYTES = 1 << 22

_SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
_CONVERSION = re.compile(r"In CSV column #(\d+): Row #(\d+): .*invalid value '(.*)'", re.DOTALL)
_NOT_UTF8 = re.compile(r"In CSV column #(\d+): Row #(\d+): .*UTF8", re.DOTALL)
_WIDTH = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")


class Batch:
    """Some rows of a long table.

    Parameters
    ----------
    path : str
        File name, for messages.
    record : pyarrow.RecordBatch
    columns : mapping of str to int
        Name to position in the record.
    first_row : int
        Number of the first row in the file.
    """

    def __init__(self, path: str, record: Any, columns: Mapping[str, int], first_row: int) -> None:
        self.path = path
        self._record = record
        self._columns = columns
        self.first_row = first_row

    def __len__(self) -> int:
        return int(self._record.num_rows)

    def floats(self, name: str) -> npt.NDArray[np.float64]:
        """Return a column of numbers; a missing one is NaN.

        Notes
        -----
        A single-precision number becomes the double that equals it exactly.
        """
        found = self._record.column(self._columns[name]).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):  # a signalling NaN of a damaged file
            return np.asarray(found, dtype=np.float64)

    def at_most(self, name: str, limit: float) -> npt.NDArray[np.bool_]:
        """Say which numbers of a column are at most a limit; a missing one is not.

        Notes
        -----
        The limit is taken in the precision of the column, as NumPy and pandas do: the
        single-precision 0.05 is a little more than the double 0.05, and stands for it.
        """
        found = self._record.column(self._columns[name]).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            return np.asarray(found <= limit, dtype=bool)

    def coded(self, name: str) -> tuple[npt.NDArray[np.int32], list[str]]:
        """Return a column of text as positions in a list of texts; a missing one is ""."""
        import pyarrow as pa

        found = self._record.column(self._columns[name])
        if not pa.types.is_dictionary(found.type):
            found = found.dictionary_encode()
        names = found.dictionary.to_pylist()
        if not pa.types.is_string(found.type.value_type) or None in names:
            names = ["" if text is None else str(text) for text in names]
        codes = found.indices
        if codes.null_count:
            codes = codes.fill_null(len(names))
            names.append("")
        places = np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int32)
        if len(places) and not 0 <= places.min() <= places.max() < len(names):
            # The Parquet reader does not look.
            raise InputError(
                f"{self.path}: damaged Parquet file (column {name!r} points outside its texts); "
                "copy it again"
            )
        return places, names

    def texts(self, name: str, at: npt.NDArray[np.intp]) -> list[str]:
        """Return the text of a column at some positions, "" where it is missing."""
        cells = self._record.column(self._columns[name]).take(at).to_pylist()
        return ["" if cell is None else str(cell) for cell in cells]


@contextmanager
def open_batches(
    preview: Preview,
    columns: Mapping[str, Content],
    *,
    decimal: str = ".",
    batch_rows: int = BATCH_ROWS,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Iterator[Batch]]:
    r"""Open a long table for reading some of its columns, whatever its size.

    Parameters
    ----------
    preview : Preview
        The start of the file: delimited text, plain or gzipped, or Parquet.
    columns : mapping of str to {"text", "number"}
        Name in the file, and what the column holds.
    decimal : {".", ","}
        Decimal mark of a text.
    batch_rows : int
        Rows of a Parquet file in memory at a time.
    block_bytes : int
        Bytes of a text in memory at a time.

    Yields
    ------
    iterator of Batch

    Raises
    ------
    InputError
        If a column is absent, repeats or holds something else, a row has not as many
        cells as the header, or the file is damaged; the message locates it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.preview import look_at
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "a.tsv"
    ...     _ = target.write_text("Run\tx\ns1\t2.5\ns2\tNA\n")
    ...     wanted = {"Run": "text", "x": "number"}
    ...     with open_batches(look_at(target), wanted) as batches:
    ...         [batch.floats("x").tolist() for batch in batches]
    [[2.5, nan]]
    """
    _require_once(preview, columns)
    if preview.container == "parquet":
        with _parquet_batches(preview.path, columns, batch_rows) as batches:
            yield batches
    elif preview.container == "text":
        with _text_batches(preview, columns, decimal, block_bytes) as batches:
            yield batches
    else:
        raise InputError(
            f"{preview.path}: is a {preview.container}, a long report was expected; "
            "export it as Parquet or tab-separated text"
        )


def ends_open(preview: Preview) -> bool:
    """Say whether a text that is not compressed lacks the end of its last line."""
    if preview.container != "text" or preview.gzipped:
        return False
    with open_binary(preview.path) as stream:
        stream.seek(-1, io.SEEK_END)
        return stream.read(1) not in (b"\n", b"\r")


def _require_once(preview: Preview, columns: Iterable[str]) -> None:
    absent = [name for name in columns if name not in preview.names]
    if absent:
        raise InputError(
            f"{preview.path}: no column {name_list(map(repr, absent))}; found "
            f"{name_list(preview.names, 12)}; export the report with it"
        )
    repeated = [name for name in columns if preview.names.count(name) > 1]
    if repeated:
        raise InputError(
            f"{preview.path}: column {name_list(map(repr, repeated))} stands more than once in the "
            "header; remove the repeats"
        )


@contextmanager
def _parquet_batches(
    path: str, columns: Mapping[str, Content], batch_rows: int
) -> Iterator[Iterator[Batch]]:
    texts = [name for name, content in columns.items() if content == "text"]
    with open_parquet(path) as file:
        for name, content in columns.items():
            _require_type(path, name, content, file.schema_arrow.field(name).type)
    options = {"read_dictionary": texts, "pre_buffer": False, "page_checksum_verification": True}
    with open_parquet(path, **options) as file:
        yield _row_groups(path, file, list(columns), batch_rows)


def _row_groups(path: str, file: Any, columns: list[str], batch_rows: int) -> Iterator[Batch]:
    places = {name: i for i, name in enumerate(columns)}
    row = 1
    # One row group after the other: the reader would otherwise hold pages of several.
    for group in range(file.num_row_groups):
        for record in file.iter_batches(batch_rows, row_groups=[group], columns=columns):
            yield Batch(path, record.select(columns), places, row)
            row += record.num_rows


def _require_type(path: str, name: str, content: Content, found: Any) -> None:
    import pyarrow.types as kinds

    value = found.value_type if kinds.is_dictionary(found) else found
    is_number = kinds.is_floating(value) or kinds.is_integer(value)
    is_text = kinds.is_string(value) or kinds.is_large_string(value)
    if content == "number" and not (is_number and value is found):
        raise InputError(
            f"{path}: column {name!r} is of type {found}, numbers were expected; "
            "write it as a column of numbers"
        )
    if not (is_number or is_text or kinds.is_boolean(value)):
        raise InputError(
            f"{path}: column {name!r} is of type {found}, text was expected; write it as text"
        )


@contextmanager
def _text_batches(
    preview: Preview, columns: Mapping[str, Content], decimal: str, block_bytes: int
) -> Iterator[Iterator[Batch]]:
    import pyarrow as pa
    import pyarrow.csv

    first, quoted = _layout(preview)
    positions = {name: preview.names.index(name) for name in columns}
    coded = pa.dictionary(pa.int32(), pa.string())
    types = {
        str(positions[name]): coded if content == "text" else pa.float64()
        for name, content in columns.items()
    }
    read_options = pyarrow.csv.ReadOptions(
        block_size=block_bytes,
        skip_rows=first,
        # Columns go by number: names may be quoted or follow a byte order mark.
        column_names=[str(i) for i in range(len(preview.names))],
    )
    parse_options = pyarrow.csv.ParseOptions(
        delimiter=preview.separator, quote_char='"' if quoted else False
    )
    convert_options = pyarrow.csv.ConvertOptions(
        include_columns=list(types),
        column_types=types,
        null_values=sorted(MISSING),
        decimal_point=decimal,
    )
    try:
        # Never a file object of Python's: threads read ahead, and after an error one that
        # comes back to Python while the interpreter ends aborts the process.
        with (
            _native(preview) as source,
            pyarrow.csv.open_csv(source, read_options, parse_options, convert_options) as reader,
        ):
            yield _blocks(preview.path, reader, list(columns), first + 1)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise _located(error, preview, block_bytes) from error


def _native(preview: Preview) -> Any:
    import pyarrow as pa

    file = pa.OSFile(preview.path)
    return pa.CompressedInputStream(file, "gzip") if preview.gzipped else file


def _blocks(path: str, reader: Any, columns: list[str], row: int) -> Iterator[Batch]:
    places = {name: i for i, name in enumerate(columns)}
    for record in reader:
        yield Batch(path, record, places, row)
        row += record.num_rows


def _layout(preview: Preview) -> tuple[int, bool]:
    """Return how many lines come before the rows, and whether cells are quoted."""
    with open_binary(preview.path) as stream:
        source = gzip.GzipFile(fileobj=stream) if preview.gzipped else stream
        if b"\x00" in source.read(4096):
            raise InputError(
                f"{preview.path}: is not UTF-8 text; save it as UTF-8, or give the Parquet report"
            )
        source.seek(0)
        with io.TextIOWrapper(source, "utf-8-sig", errors="replace") as text:
            header, lines = text.readline(PREVIEW_BYTES), 1
            while header and (not header.strip() or _declares_separator(header)):
                header, lines = text.readline(PREVIEW_BYTES), lines + 1
    # DIA-NN and its kind write no quotes; in a tab-separated text they are plain characters
    # unless the header has some.
    quoted = preview.separator != "\t" or header.startswith('"') or '\t"' in header
    return lines, quoted


def _declares_separator(line: str) -> bool:
    return line[:4].lower() == "sep=" and len(line.strip()) == 5


def _located(error: Exception, preview: Preview, block_bytes: int) -> InputError:
    path, message = preview.path, str(error)
    if found := _CONVERSION.search(message):
        name, row, cell = preview.names[int(found[1])], found[2], found[3]
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
        row, expected, cells = found.groups()
        mark = _SEPARATORS.get(preview.separator, preview.separator)
        return InputError(
            f"{path}: row {row} has {cells} cells, expected {expected} as in the header "
            f"({mark}-separated); the file was cut short or edited: export the report again"
        )
    if found := _NOT_UTF8.search(message):
        name, row = preview.names[int(found[1])], found[2]
        return InputError(
            f"{path}: row {row}, column {name!r}: is not UTF-8 text; save the report as UTF-8"
        )
    if "Empty CSV" in message:
        return InputError(f"{path}: has a header and no rows; export the report again")
    if "straddling" in message:
        return InputError(
            f"{path}: has a row longer than {block_bytes} bytes; is this a report? export it again"
        )
    what = "damaged gzip file" if preview.gzipped else "cannot be read"
    return InputError(f"{path}: {what} ({message}); copy or export it again")
