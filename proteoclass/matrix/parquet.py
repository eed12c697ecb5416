"""Tables in Parquet files, read with bounds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.content import open_binary
from proteoclass.matrix.delimited import MAX_CELLS, Parsed

if TYPE_CHECKING:
    import pyarrow.parquet


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
    size: int | None = None,
) -> Parsed:
    """Read a Parquet file as a table.

    Parameters
    ----------
    path : path-like
    is_text : callable
        ``is_text(position, name)`` says whether a column is kept as text.
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
        If the file is damaged, has no rows or too many cells.
    """
    limit = MAX_CELLS if size is None else size
    with open_parquet(path) as file:
        n_rows, names = file.metadata.num_rows, [str(n) for n in file.schema_arrow.names]
        if not n_rows:
            raise InputError(f"{path}: has columns and no rows; export the table again")
        if n_rows * len(names) > limit:
            raise InputError(
                f"{path}: has {n_rows} rows x {len(names)} columns, at most {limit} cells are "
                "read; split the table"
            )
        table = file.read()
    index = _index_columns(table)
    order = [*index, *(name for name in names if name not in index)]
    columns = {i: _column(table.column(name), is_text(i, name)) for i, name in enumerate(order)}
    header = ["" if name.startswith("__index_level_") else name for name in order]
    return Parsed(header, pd.DataFrame(columns), np.arange(1, n_rows + 1))


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


def _index_columns(table: Any) -> list[str]:
    told = table.schema.pandas_metadata or {}
    names = [name for name in told.get("index_columns", []) if isinstance(name, str)]
    return [name for name in names if name in table.column_names]


def _column(cells: Any, as_text: bool) -> pd.Series:
    import pyarrow as pa

    if not as_text and (pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type)):
        return pd.Series(cells.to_numpy().astype(float))
    return pd.Series(cells.to_pandas().astype(object), dtype=object)
