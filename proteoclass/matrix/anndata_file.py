"""AnnData files (.h5ad), both ways."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, SystemFailureError, name_list
from proteoclass.io import refuse_overwrite, write_bytes
from proteoclass.matrix.accessions import accessions_in, members
from proteoclass.matrix.content import open_binary
from proteoclass.matrix.delimited import MAX_CELLS
from proteoclass.matrix.headers import (
    ACCESSION_HEADERS,
    DESCRIPTION_HEADERS,
    GENE_HEADERS,
    plain,
)
from proteoclass.matrix.preview import Preview
from proteoclass.matrix.protein_matrix import Fluid, Kind, ProteinMatrix, QuantityScope, Scale
from proteoclass.matrix.quantities import Quantities, Request
from proteoclass.matrix.wording import counted

#: What `uns["proteoclass"]` says of a matrix, and what each may be.
_DECLARED: Mapping[str, tuple[str, ...]] = {
    "scale": get_args(Scale),
    "kind": get_args(Kind),
    "quantity_scope": get_args(QuantityScope),
    "fluid": get_args(Fluid),
}
_TOLD_BY = (
    ("accessions", ACCESSION_HEADERS),
    ("gene", GENE_HEADERS),
    ("name", DESCRIPTION_HEADERS),
)
#: Encodings, and their versions, that may stand in X, obs and var.
_ENCODINGS = frozenset(
    {
        *(("dataframe", "0.1.0"), ("dataframe", "0.2.0"), ("array", "0.2.0")),
        *(("string-array", "0.2.0"), ("categorical", "0.2.0"), ("", "")),
        *(("nullable-integer", "0.1.0"), ("nullable-boolean", "0.1.0")),
        *(("nullable-string-array", "0.1.0"), ("csr_matrix", "0.1.0"), ("csc_matrix", "0.1.0")),
    }
)
_DEEPEST = 4

# What h5py and anndata let through from a damaged or crafted file.
_DAMAGE = (
    *(OSError, KeyError, IndexError, ValueError, TypeError, AttributeError, RuntimeError),
    *(AssertionError, OverflowError),
)


def recognise(preview: Preview) -> str:
    """Say why a file is an AnnData file: it is an HDF5 one, and no other kind is read.

    Parameters
    ----------
    preview : Preview

    Returns
    -------
    str

    Examples
    --------
    >>> recognise(Preview("a.h5ad", "hdf5"))
    'an HDF5 file, as AnnData writes'
    """
    return "an HDF5 file, as AnnData writes" if preview.container == "hdf5" else ""


def read(request: Request) -> Quantities:
    """Read an AnnData file.

    Parameters
    ----------
    request : Request
        `quantity`: "auto" or "X" for the main matrix, or the name of a layer.

    Returns
    -------
    Quantities
        What `write_anndata` declared of scale, kind, scope and fluid goes with it.

    Raises
    ------
    InputError
        If the file is damaged, no AnnData file, too large, or its matrix holds no numbers.
    SystemFailureError
        If the extra is not installed.

    Notes
    -----
    The layout is that of https://anndata.readthedocs.io/en/stable/fileformat-prose.html.
    In a sparse matrix a cell that is not stored is missing, on either scale; a zero that is
    stored stays one until the scale says what it means.
    """
    path = request.path
    if request.sheet is not None:
        raise InputError(
            f"{path}: is not a workbook and has no sheet {request.sheet!r}; drop --sheet"
        )
    with _opened(path) as file:
        key, others = _matrix_key(file, request.quantity, path)
        _check_elements(file, (key, "obs", "var"), path)
        _check_size(file[key], path)
        numbers, sparse = _numbers(_element(file, key), path)
        samples, proteins = (_frame(_element(file, axis), axis, path) for axis in ("obs", "var"))
        declared = _declared(file, path)
    if numbers.shape != (len(samples), len(proteins)):
        raise InputError(
            f"{path}: {key} has {numbers.shape[0]} x {numbers.shape[1]} cells, expected "
            f"{len(samples)} samples of obs x {len(proteins)} proteins of var; write it again"
        )
    samples, proteins = _original_names(samples, proteins, declared)
    return Quantities(
        values=pd.DataFrame(numbers, samples.index, proteins.index),
        proteins=_described(proteins),
        format="anndata",
        why=f"AnnData file, matrix {key}",
        notes=(*declared.pop("notes", ()), *sparse, *_unread(others)),
        across_runs=declared.get("quantity_scope") == "cohort",
        where=path,
        scale=declared.get("scale"),
        kind=declared.get("kind"),
        fluid=declared.get("fluid"),
        samples=samples,
    )


def write_anndata(matrix: ProteinMatrix, path: str | os.PathLike[str], force: bool = False) -> Path:
    """Write a matrix as an AnnData file, whole or not at all.

    Parameters
    ----------
    matrix : ProteinMatrix
        `values` become X, `samples` obs, `proteins` var; scale, kind, scope, fluid and the
        notes stand in ``uns["proteoclass"]``.
    path : path-like
    force : bool
        Replace an existing file.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the file exists and `force` is false.
    SystemFailureError
        If the extra is not installed, or the operating system refuses.

    Notes
    -----
    Text columns are written as categories, which every version of anndata reads. HDF5 takes
    "/" for a path, so that such a column ("CRP mg/l") is renamed, and named again on reading.
    """
    refuse_overwrite(path, force=force)
    h5py, _, write_elem = _libraries(path)
    samples, of_samples = _writable(matrix.samples)
    proteins, of_proteins = _writable(matrix.proteins)
    told: dict[str, Any] = {name: getattr(matrix, name) for name in _DECLARED}
    told["notes"] = json.dumps(list(matrix.source.notes))
    told["renamed"] = json.dumps({"obs": of_samples, "var": of_proteins})
    stream = io.BytesIO()
    with warnings.catch_warnings(), h5py.File(stream, "w") as file:
        warnings.simplefilter("ignore")  # of types that newer versions write otherwise
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "anndata", "0.1.0"
        write_elem(file, "X", matrix.values.to_numpy(dtype=float))
        write_elem(file, "obs", samples)
        write_elem(file, "var", proteins)
        write_elem(file, "uns", {"proteoclass": told})
        for empty in ("layers", "obsm", "varm", "obsp", "varp"):
            write_elem(file, empty, {})
    return write_bytes(path, stream.getvalue(), force=force)


def _libraries(path: str | os.PathLike[str]) -> tuple[Any, Any, Any]:
    try:
        import h5py

        try:
            from anndata.io import read_elem, write_elem
        except ImportError:  # before 0.11
            from anndata.experimental import read_elem, write_elem
    except ImportError as error:
        raise SystemFailureError(
            f"{path}: AnnData files need the extra (no module {error.name!r}); install it with "
            "pip install 'proteoclass[anndata]'"
        ) from error
    return h5py, read_elem, write_elem


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    h5py, _, _ = _libraries(path)
    with open_binary(path) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of encodings that older versions wrote
        try:
            with h5py.File(stream, "r") as file:
                yield file
        except InputError:
            raise  # a ValueError too, and said better already
        except _DAMAGE as error:
            raise InputError(
                f"{path}: damaged AnnData file ({type(error).__name__}: {error}); write it again"
            ) from error


def _matrix_key(file: Any, quantity: str, path: str) -> tuple[str, list[str]]:
    """Return where the matrix stands, and the names of those that are not read."""
    absent = [name for name in ("obs", "var") if name not in file]
    if absent:
        raise InputError(
            f"{path}: is an HDF5 file without {name_list(absent)}; expected an AnnData file, "
            "with X, obs and var"
        )
    layers = list(file["layers"]) if "layers" in file else []
    present = [*(["X"] if "X" in file else []), *layers]
    chosen = "X" if quantity == "auto" else quantity
    if chosen not in present:
        asked = "X" if quantity == "auto" else f"--quantity {quantity!r}"
        raise InputError(
            f"{path}: no matrix {asked}; found {name_list(present) or 'none'}; choose one of them "
            "with --quantity"
        )
    others = [name for name in present if name != chosen]
    return ("X" if chosen == "X" else f"layers/{chosen}"), others


def _check_elements(file: Any, keys: tuple[str, ...], path: str) -> None:
    """Refuse what leads out of the file, is too large, or has an encoding that is not known."""
    for key in keys:
        parent, _, name = key.rpartition("/")
        _check_element(file[parent] if parent else file, name, path, 0)


def _check_element(parent: Any, name: str, path: str, depth: int) -> None:
    import h5py

    where = f"{path}, {parent.name.rstrip('/')}/{name}"
    if isinstance(parent.get(name, getlink=True), h5py.ExternalLink):
        raise InputError(f"{where}: is a link to another file; write the file whole")
    element = parent[name]
    told = tuple(_text(element.attrs.get(f"encoding-{what}", "")) for what in ("type", "version"))
    if told not in _ENCODINGS or depth > _DEEPEST:
        raise InputError(
            f"{where}: encoding {' '.join(told)!r} is not read; drop it, or write it as numbers or "
            "text"
        )
    if isinstance(element, h5py.Group):
        for child in element:
            _check_element(element, child, path, depth + 1)
    elif element.external or element.is_virtual:
        raise InputError(f"{where}: is stored in another file; write the file whole")
    elif element.size > MAX_CELLS:
        raise InputError(f"{where}: has {element.size} cells, at most {MAX_CELLS} are read")


def _check_size(element: Any, path: str) -> None:
    """Refuse a sparse matrix, small in the file, that would be too large."""
    if "shape" in element.attrs:
        rows, columns = (int(n) for n in element.attrs["shape"])
        if rows < 0 or columns < 0 or rows * columns > MAX_CELLS:
            raise InputError(
                f"{path}: {element.name} has {rows} x {columns} cells, at most {MAX_CELLS} are "
                "read; write a part of it"
            )


def _element(file: Any, key: str) -> Any:
    _, read_elem, _ = _libraries(file.filename)
    return read_elem(file[key])


def _numbers(found: Any, path: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the matrix as dense floats; what a sparse one does not store is missing."""
    dtype = getattr(found, "dtype", None)
    if dtype is None or dtype.kind not in "fiu" or getattr(found, "ndim", 0) != 2:
        raise InputError(
            f"{path}: its matrix holds {dtype or type(found).__name__}, expected samples x "
            "proteins of numbers; write it again"
        )
    if isinstance(found, np.ndarray):
        return found.astype(float), ()
    # An index outside the matrix would be written outside of memory.
    found.check_format(full_check=True)
    found.sum_duplicates()
    cells = found.tocoo()
    numbers = np.full(found.shape, np.nan)
    numbers[cells.row, cells.col] = cells.data
    missing = numbers.size - len(cells.data)
    return numbers, (
        f"The matrix is sparse: {counted(missing, 'cell')} of {numbers.size} that it does not "
        "store are missing.",
    )


def _frame(found: Any, axis: str, path: str) -> pd.DataFrame:
    if not isinstance(found, pd.DataFrame):
        raise InputError(
            f"{path}: {axis} is no table, as anndata wrote it before 0.7; open the file with a "
            "newer anndata and write it again"
        )
    frame = pd.DataFrame({str(name): _plain(found[name]) for name in found})
    frame.index = pd.Index([str(name) for name in found.index], dtype=object)
    return frame


def _plain(column: pd.Series) -> np.ndarray:
    """Return a column as floats, truth values, or objects with NaN where nothing stands."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return column.to_numpy()
    cells = column.astype(object)
    return cells.where(cells.notna(), np.nan).to_numpy(dtype=object)


def _declared(file: Any, path: str) -> dict[str, Any]:
    """Return what `write_anndata` wrote of the matrix, nothing of others' files."""
    told = file["uns/proteoclass"] if "uns" in file and "proteoclass" in file["uns"] else {}
    declared: dict[str, Any] = {}
    for name, allowed in _DECLARED.items():
        if name in told:
            value = _text(told[name][()])
            if value not in allowed:
                raise InputError(
                    f"{path}: uns['proteoclass'] says {name} {value[:30]!r}, expected one of "
                    f"{', '.join(allowed)}"
                )
            declared[name] = value
    if "notes" in told:
        declared["notes"] = tuple(str(note) for note in json.loads(_text(told["notes"][()])))
    if "renamed" in told:
        declared["renamed"] = json.loads(_text(told["renamed"][()]))
    return declared


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _original_names(
    samples: pd.DataFrame, proteins: pd.DataFrame, declared: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    renamed = declared.pop("renamed", {})
    return (
        samples.rename(columns=dict(renamed.get("obs", {}))),
        proteins.rename(columns=dict(renamed.get("var", {}))),
    )


def _described(proteins: pd.DataFrame) -> pd.DataFrame:
    """Fill accessions, gene and name from the columns of var that carry them."""
    frame = proteins.copy()
    for target, headers in _TOLD_BY:
        if target in proteins:
            continue
        source = next((str(name) for name in proteins if plain(str(name)) in headers), None)
        if source is not None:
            told = proteins[source].fillna("").astype(str)
            # A group keeps its leading accession first, whatever separates the members.
            frame[target] = told.map(_group) if target == "accessions" else told
        elif target == "accessions":
            frame[target] = [accessions_in(str(name)) for name in proteins.index]
    return frame


def _group(text: str) -> str:
    return ";".join(members(text.replace(",", ";")))


def _unread(others: list[str]) -> tuple[str, ...]:
    if not others:
        return ()
    return (f"Not read, other matrices of the file: {name_list(others)}; choose with --quantity.",)


def _writable(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a frame that HDF5 takes, and which column names were changed for it."""
    columns: dict[str, Any] = {}
    renamed = {}
    for name in map(str, frame.columns):
        safe = name.replace("/", "_")
        # "_index" is where anndata keeps the ids.
        while safe in columns or safe == "_index" or not safe or (safe != name and safe in frame):
            safe += "_"
        if safe != name:
            renamed[safe] = name
        columns[safe] = _storable(frame[name])
    index = pd.Index([str(name) for name in frame.index], dtype=object)
    written = pd.DataFrame(columns, index=index)
    return written, renamed


def _storable(column: pd.Series) -> Any:
    """Return a column's cells: numbers and truth values as they are, all else as categories."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return column.to_numpy()
    held = column.notna().to_numpy()
    if not held.any():
        return np.full(len(column), np.nan)
    text = [str(cell) if there else None for cell, there in zip(column, held, strict=True)]
    categories = sorted({cell for cell in text if cell is not None})
    return pd.Categorical(text, categories=pd.Index(categories, dtype=object))
