"""Rows of a long table, batch after batch, with only the columns that are needed."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.long_reports.batch import Batch, Content
from proteoclass.matrix.long_reports.text import BLOCK_BYTES, text_batches
from proteoclass.matrix.tables.content import open_binary
from proteoclass.matrix.tables.parquet import open_parquet
from proteoclass.matrix.tables.preview import Preview

#: Rows of a Parquet file in memory at a time.
BATCH_ROWS = 1 << 19


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
    >>> from proteoclass.matrix.tables.preview import look_at
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
        with text_batches(preview, columns, decimal, block_bytes) as batches:
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
        # Without rows pandas before 3 writes text as a column of no type; the caller says so.
        for name, content in columns.items() if file.metadata.num_rows else ():
            _require_type(path, name, content, file.schema_arrow.field(name).type)
    options = {"read_dictionary": texts, "pre_buffer": False, "page_checksum_verification": True}
    with (
        open_parquet(path, **options) as file,
        # Closed before the file is: a thread may be reading.
        closing(_ahead(_row_groups(path, file, list(columns), batch_rows))) as batches,
    ):
        yield batches


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


def _ahead(batches: Iterator[Batch]) -> Generator[Batch, None, None]:
    """Decode one batch while the one before is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch
