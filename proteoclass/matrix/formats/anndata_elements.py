"""Arrays, columns and tables as AnnData lays them out in HDF5."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.tables.delimited import MAX_CELLS
from proteoclass.matrix.tables.hdf5 import Node
from proteoclass.matrix.wording import counted

_ARRAYS = (("array", "0.2.0"), ("string-array", "0.2.0"), ("", ""))
_FRAMES = (("dataframe", "0.2.0"), ("dataframe", "0.1.0"))
_SPARSE = (("csr_matrix", "0.1.0"), ("csc_matrix", "0.1.0"))
_NULLABLE = (
    *(("nullable-integer", "0.1.0"), ("nullable-boolean", "0.1.0")),
    ("nullable-string-array", "0.1.0"),
)
_CATEGORICAL = ("categorical", "0.2.0")


def matrix_shape(node: Node) -> tuple[int, int]:
    """Return how many samples and proteins a matrix has, without reading it.

    Parameters
    ----------
    node : Node
        A dense array, or a sparse one.

    Returns
    -------
    tuple of int

    Raises
    ------
    InputError
        If it is no matrix, or too large.
    """
    if node.is_group:
        _require(node, *_SPARSE)
        told = node.attribute("shape")
        shape = tuple(int(length) for length in ([] if told is None else told))
    else:
        _require(node, ("array", "0.2.0"), ("", ""))
        shape = node.shape
    if len(shape) != 2 or min(shape) < 0:
        raise InputError(
            f"{node.where}: has the shape {shape}, expected samples x proteins; write it again"
        )
    if shape[0] * shape[1] > MAX_CELLS:
        raise InputError(
            f"{node.where}: has {shape[0]} x {shape[1]} cells, at most {MAX_CELLS} are read; "
            "write a part of it"
        )
    return shape[0], shape[1]


def read_matrix_of_numbers(node: Node) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a matrix as dense floats; what a sparse one does not store is missing.

    Parameters
    ----------
    node : Node

    Returns
    -------
    values : ndarray of float, shape (n_samples, n_proteins)
    notes : tuple of str

    Raises
    ------
    InputError
        If it is too large, holds no numbers, or a sparse matrix points out of itself.
    """
    shape = matrix_shape(node)
    if node.is_group:
        return _sparse(node, shape)
    numbers = node.numbers()
    if numbers.dtype.kind == "b":
        raise InputError(f"{node.where}: holds truth values, expected numbers; write it again")
    with np.errstate(over="ignore"):  # what no double can hold is refused as infinite
        return numbers.astype(float), ()


def frame_length(node: Node, axis: str) -> int:
    """Return how many rows a table has, without reading it.

    Raises
    ------
    InputError
        If it is no table.
    """
    if not node.is_group:
        raise InputError(
            f"{node.path}: {axis} is no table, as anndata wrote it before 0.7; open the file with "
            "a newer anndata and write it again"
        )
    _require(node, *_FRAMES)
    return _length(node.required(_index_name(node)))


def read_frame(node: Node) -> pd.DataFrame:
    """Read a table, its columns in their order.

    Parameters
    ----------
    node : Node
        For which `frame_length` returned a length.

    Returns
    -------
    DataFrame
        Numbers and truth values keep their type; text, and what has gaps, is of objects with
        NaN where nothing stands.

    Raises
    ------
    InputError
        If a column is not as long as the others, repeats, or has another encoding.
    """
    told = node.attribute("column-order")
    # An empty list of names is written as one of numbers.
    order = [] if told is None else [str(name) for name in told]
    repeated = [name for name, times in Counter(order).items() if times > 1]
    if repeated:
        raise InputError(
            f"{node.where}: names {name_list(repeated)} twice among its columns; write the file "
            "again"
        )
    index = node.required(_index_name(node))
    length = _length(index)
    if length * (len(order) + 1) > MAX_CELLS:
        raise InputError(
            f"{node.where}: has {length} rows x {len(order)} columns, at most {MAX_CELLS} cells "
            "are read; drop columns"
        )
    columns = {name: _column_of(node, name, length) for name in order}
    ids = pd.Index([str(name) for name in _column(index, length)], dtype=object)
    return pd.DataFrame(columns, index=ids)


def _index_name(node: Node) -> str:
    return str(node.attribute("_index") or "_index")


def _encoding(node: Node) -> tuple[str, str]:
    kind, version = (node.attribute(f"encoding-{what}") for what in ("type", "version"))
    return str(kind or ""), str(version or "")


def _require(node: Node, *known: tuple[str, str]) -> tuple[str, str]:
    found = _encoding(node)
    if found not in known:
        raise InputError(
            f"{node.where}: encoding {' '.join(found)!r} is not read here; drop it, or write it as "
            "numbers or text"
        )
    return found


def _sparse(node: Node, shape: tuple[int, int]) -> tuple[np.ndarray, tuple[str, ...]]:
    by_rows = _encoding(node)[0] == "csr_matrix"
    data, minor, ends = (node.required(name).numbers() for name in ("data", "indices", "indptr"))
    n_major, n_minor = shape if by_rows else shape[::-1]
    fits = (
        all(each.ndim == 1 for each in (data, minor, ends))
        and all(each.dtype.kind in "iu" for each in (minor, ends))
        and len(data) == len(minor)
        and len(ends) == n_major + 1
    )
    if fits:
        minor, ends = minor.astype(np.int64), ends.astype(np.int64)
        counts = np.diff(ends)
        # An index outside the matrix would be written into another row, or nowhere.
        inside = bool(((minor >= 0) & (minor < n_minor)).all())
        fits = inside and ends[0] == 0 and ends[-1] == len(data) and bool((counts >= 0).all())
    if not fits:
        raise InputError(
            f"{node.where}: the parts of the sparse matrix do not fit each other; write it again"
        )
    major = np.repeat(np.arange(n_major), counts)
    rows, columns = (major, minor) if by_rows else (minor, major)
    numbers, stored = np.zeros(shape), np.zeros(shape, dtype=bool)
    np.add.at(numbers, (rows, columns), data.astype(float))  # a cell stored twice is their sum
    stored[rows, columns] = True
    numbers[~stored] = np.nan
    missing = int(stored.size - stored.sum())
    return numbers, (
        f"The matrix is sparse: {counted(missing, 'cell')} of {numbers.size} that it does not "
        "store are missing.",
    )


def _length(node: Node) -> int:
    """Return the length of a column, of which groups have two parts."""
    if node.is_group:
        node = node.required("codes" if _encoding(node) == _CATEGORICAL else "values")
    if len(node.shape) != 1:
        raise InputError(
            f"{node.where}: has {len(node.shape)} dimensions, expected a column; drop it"
        )
    return node.shape[0]


def _column_of(frame: Node, name: str, length: int) -> np.ndarray:
    """Return a column; of before anndata 0.8 too, whose categories stand beside it.

    There an attribute refers to them. It is not followed, for it can point anywhere: anndata
    wrote them under the column's own name.
    """
    node = frame.required(name)
    cells = _column(node, length)
    if node.is_group or not node.has_attribute("categories"):
        return cells
    return _of_codes(node, cells, frame.required("__categories").required(name))


def _column(node: Node, length: int) -> np.ndarray:
    _require(node, *_READERS)
    found = _length(node)
    if found != length:
        raise InputError(
            f"{node.where}: has {found} cells, expected {length} as in the index; write the file "
            "again"
        )
    return _READERS[_encoding(node)](node)


def _array(node: Node) -> np.ndarray:
    return np.array(node.text(), dtype=object) if node.is_text else node.numbers()


def _categorical(node: Node) -> np.ndarray:
    codes = node.required("codes")
    return _of_codes(node, codes.numbers(), node.required("categories"))


def _of_codes(node: Node, codes: np.ndarray, categories_node: Node) -> np.ndarray:
    _require(categories_node, *_ARRAYS, *_NULLABLE)
    _length(categories_node)
    categories = _READERS[_encoding(categories_node)](categories_node).astype(object)
    codes = codes.astype(np.int64) if codes.dtype.kind in "iu" else np.array([-2])
    if (codes < -1).any() or (codes >= len(categories)).any():
        raise InputError(
            f"{node.where}: its codes do not fit its {len(categories)} categories; write "
            "the file again"
        )
    # The last one stands for -1, nothing.
    return np.append(categories, np.nan)[codes]


def _nullable(node: Node) -> np.ndarray:
    values, mask = node.required("values"), node.required("mask").numbers()
    cells = _array(values)
    if mask.dtype.kind != "b" or mask.shape != cells.shape:
        raise InputError(f"{node.where}: its mask does not fit its values; write the file again")
    if not mask.any():
        return cells
    cells = cells.astype(object)
    cells[mask] = np.nan
    return cells


_READERS: Mapping[tuple[str, str], Callable[[Node], np.ndarray]] = {
    **dict.fromkeys(_ARRAYS, _array),
    **dict.fromkeys(_NULLABLE, _nullable),
    _CATEGORICAL: _categorical,
}
