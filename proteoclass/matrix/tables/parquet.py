"""Tables in Parquet files, read with bounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.tables.content import MAX_BYTES, open_binary
from proteoclass.matrix.tables.delimited import (
    Parsed,
    Select,
    chosen_columns,
    refuse_repeats,
    refuse_size,
)

if TYPE_CHECKING:
    import pyarrow.parquet

_UNNAMED_INDEX = "__index_level_"


def parquet_names(path: str | os.PathLike[str]) -> list[str]:
    """Return the columns of a Parquet file, from its footer alone.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If the file is cut short or damaged.
    """
    with open_parquet(path) as file:
        return [str(name) for name in file.schema_arrow.names]


def parse_parquet(
    path: str | os.PathLike[str],
    is_text: Callable[[int, str], bool],
    *,
    select: Select | None = None,
    size: int | None = None,
) -> Parsed:
    """Read a Parquet file as a table.

    Parameters
    ----------
    path : path-like
    is_text : callable
        ``is_text(position, name)`` says whether a column is kept as text.
    select : callable, optional
        ``select(header)`` returns the names of the columns to read; all where left out.
    size : int, optional
        Largest number of cells; `MAX_CELLS` where left out.

    Returns
    -------
    Parsed
        Row numbers count from 1, as a Parquet file has no header line. A column of names
        that pandas kept as the index of a frame comes first.

    Raises
    ------
    InputError
        If the file is damaged, has no rows, too many cells or too much text.
    """
    # Text stays in dictionaries until its length is known: a megabyte that stands once in the
    # file may stand in a million rows.
    texts = _texts(path)
    with open_parquet(path, read_dictionary=texts) as file:
        n_rows, order = file.metadata.num_rows, _order(file.schema_arrow)
        header = ["" if name.startswith(_UNNAMED_INDEX) else name for name in order]
        refuse_repeats(header, str(path))
        kept = chosen_columns(header, select)
        if not n_rows:
            raise InputError(f"{path}: has columns and no rows; export the table again")
        refuse_size(str(path), n_rows, len(kept), size)
        table = _spelt_out(path, file.read(columns=[order[i] for i in kept]))
        columns = {i: _column(table.column(order[i]), is_text(i, header[i])) for i in kept}
    return Parsed(header, pd.DataFrame(columns), np.arange(1, n_rows + 1))


def parquet_blocks(
    path: str | os.PathLike[str], n_rows: int, columns: Collection[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Read a Parquet file some rows at a time, in memory that does not grow with its length.

    Parameters
    ----------
    path : path-like
    n_rows : int
        Rows of a block, at most.
    columns : collection of str, optional
        Those to read; all where left out.

    Yields
    ------
    DataFrame
        Numbers as floats, anything else as objects; names as they stand in the file.

    Raises
    ------
    InputError
        If the file is damaged, or has too much text.
    """
    import pyarrow as pa

    texts = _texts(path)
    # Buffered: a file of one row group would else be held whole before its first row is read.
    bounded = {"buffer_size": 1 << 16, "pre_buffer": False}
    with open_parquet(path, read_dictionary=texts, **bounded) as file:
        order = [name for name in _order(file.schema_arrow) if columns is None or name in columns]
        for batch in file.iter_batches(batch_size=n_rows, columns=order, use_threads=False):
            table = _spelt_out(path, pa.Table.from_batches([batch]))
            yield pd.DataFrame({name: _column(table.column(name), False) for name in order})


@contextmanager
def open_parquet(
    path: str | os.PathLike[str], **options: Any
) -> Iterator[pyarrow.parquet.ParquetFile]:
    """Open a Parquet file; what is wrong inside becomes one line.

    Parameters
    ----------
    path : path-like
    **options
        As for `pyarrow.parquet.ParquetFile`.

    Yields
    ------
    pyarrow.parquet.ParquetFile

    Raises
    ------
    InputError
        If the file is cut short or damaged.
    """
    import pyarrow as pa  # 0.2 s that text tables need not pay
    import pyarrow.parquet as pq

    with open_binary(path) as stream:
        try:
            with pq.ParquetFile(stream, **options) as file:
                yield file
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{path}: damaged Parquet file ({type(error).__name__}: {error}); copy it again"
            ) from error


def _texts(path: str | os.PathLike[str]) -> list[str]:
    import pyarrow.types as kinds

    with open_parquet(path) as file:
        fields = list(file.schema_arrow)
    # Some writers do not say that bytes are text.
    return [str(f.name) for f in fields if kinds.is_string(f.type) or kinds.is_binary(f.type)]


def _spelt_out(path: str | os.PathLike[str], table: Any) -> Any:
    """Write out the text of dictionaries, and read bytes as text, if there is room for it."""
    import pyarrow as pa

    room = MAX_BYTES
    for i, field in enumerate(table.schema):
        if not pa.types.is_dictionary(field.type):
            continue
        cells = table.column(i)
        cells.validate(full=True)  # the reader does not look whether codes fit
        room -= sum(_length(chunk) for chunk in cells.chunks)
        if room < 0:
            raise InputError(
                f"{path}: has more than {MAX_BYTES} bytes of text, the most read; drop columns of "
                "text, or split the table"
            )
        table = table.set_column(i, field.name, cells.cast(pa.string()))
    return table


def _length(chunk: Any) -> int:
    """Return how many bytes the text of a dictionary takes once it is written out."""
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.binary_length(chunk.dictionary), 0)
    return pc.sum(lengths.cast("int64").take(chunk.indices)).as_py() or 0


def _order(schema: Any) -> list[str]:
    """Return the names of the columns, those that pandas kept as an index first."""
    names = [str(name) for name in schema.names]
    told = (schema.pandas_metadata or {}).get("index_columns", [])
    index = [name for name in told if isinstance(name, str) and name in names]
    return [*index, *(name for name in names if name not in index)]


def _column(cells: Any, as_text: bool) -> pd.Series:
    import pyarrow as pa

    if not as_text and (pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type)):
        return pd.Series(cells.to_numpy().astype(float))
    return pd.Series(cells.to_pandas().astype(object), dtype=object)
