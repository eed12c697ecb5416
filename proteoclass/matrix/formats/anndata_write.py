"""AnnData files (.h5ad), written by h5py alone, the same bytes from the same matrix."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.io import refuse_overwrite, write_bytes
from proteoclass.matrix.formats.anndata_read import DECLARED, LAYOUT
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.tables.hdf5 import load_h5py

#: The attribute of their names may have 64 KiB, 16 bytes each.
_MAX_COLUMNS = 4_000


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
        If the file exists and `force` is false, text has a NUL character, or a table has
        too many columns.
    SystemFailureError
        If the extra is not installed, or the operating system refuses.

    Notes
    -----
    The layout is that of https://anndata.readthedocs.io/en/latest/fileformat-prose.html, as
    anndata 0.8 and later read it. Text with gaps is written as categories, since nullable text
    is read from 0.11 on only. HDF5 takes "/" for a path, so that such a column ("CRP mg/l") is
    renamed, and named again on reading.
    """
    refuse_overwrite(path, force=force)
    writer = _Writer(str(path), load_h5py(path))
    stream = io.BytesIO()
    # The oldest layout has no times in it.
    with writer.h5py.File(stream, "w", libver="earliest") as file:
        writer.mark(file, "anndata", "0.1.0")
        writer.array(file, "X", matrix.values.to_numpy(dtype=float))
        renamed = {
            "obs": writer.frame(file, "obs", matrix.samples),
            "var": writer.frame(file, "var", matrix.proteins),
        }
        for name in ("layers", "obsm", "varm", "obsp", "varp"):
            writer.mapping(file, name)
        told = writer.mapping(writer.mapping(file, "uns"), "proteoclass")
        writer.scalar(told, "layout", LAYOUT)
        for name in DECLARED:
            writer.scalar(told, name, getattr(matrix, name))
        writer.array(told, "notes", [*matrix.source.notes, *writer.notes])
        for axis, names in renamed.items():
            writer.mapping(told, f"renamed_{axis}", names)
    return write_bytes(path, stream.getvalue(), force=force)


class _Writer:
    """Elements of AnnData in an HDF5 file that is being written."""

    def __init__(self, path: str, h5py: Any) -> None:
        self.path = path
        self.h5py = h5py
        #: One sentence for each column that comes back changed.
        self.notes: list[str] = []

    def mark(self, item: Any, kind: str, version: str) -> None:
        item.attrs["encoding-type"], item.attrs["encoding-version"] = kind, version

    def mapping(self, parent: Any, name: str, texts: Mapping[str, str] | None = None) -> Any:
        group = parent.create_group(name)
        self.mark(group, "dict", "0.1.0")
        for key, text in (texts or {}).items():
            self.scalar(group, key, text)
        return group

    def scalar(self, parent: Any, name: str, value: str | int) -> None:
        if isinstance(value, str):
            data, kind = self._bytes(value, name), "string"
            item = parent.create_dataset(name, data=data, dtype=self.h5py.string_dtype())
        else:
            item, kind = parent.create_dataset(name, data=np.int64(value)), "numeric-scalar"
        self.mark(item, kind, "0.2.0")

    def array(self, parent: Any, name: str, cells: np.ndarray | list[str]) -> None:
        """Write numbers or truth values, or a list of text."""
        if isinstance(cells, np.ndarray):
            item = parent.create_dataset(name, data=cells, track_times=False)
            self.mark(item, "array", "0.2.0")
            return
        where = f"{parent.name} {name}"
        data = np.array([self._bytes(cell, where) for cell in cells], dtype=object)
        text = self.h5py.string_dtype()
        item = parent.create_dataset(name, data=data, dtype=text, track_times=False)
        self.mark(item, "string-array", "0.2.0")

    def frame(self, parent: Any, name: str, frame: pd.DataFrame) -> dict[str, str]:
        """Write a table; return the columns that HDF5 takes by another name only."""
        if len(frame.columns) > _MAX_COLUMNS:
            raise InputError(
                f"{self.path}: {name} has {len(frame.columns)} columns, at most {_MAX_COLUMNS} fit "
                "into an AnnData file; drop some"
            )
        group = parent.create_group(name)
        self.mark(group, "dataframe", "0.2.0")
        self.array(group, "_index", [str(label) for label in frame.index])
        names = _safe_names([str(column) for column in frame.columns])
        group.attrs["_index"] = "_index"
        order = np.array([self._bytes(key, name) for key in names], dtype=object)
        group.attrs.create("column-order", order, dtype=self.h5py.string_dtype())
        for position, key in enumerate(names):
            self._column(group, key, frame.iloc[:, position])
        return {key: str(column) for key, column in names.items() if key != column}

    def _column(self, group: Any, name: str, column: pd.Series) -> None:
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
            self.array(group, name, column.to_numpy())
            return
        cells = column.astype(object)
        held = cells.notna().to_numpy()
        kind = _kind(list(cells[held]))
        if kind == "":
            self.array(group, name, np.full(len(cells), np.nan))
        elif kind in ("float", "integer", "boolean"):
            self._numbers(group, name, cells.to_numpy(dtype=object), held, kind)
        else:
            if kind == "other":
                self.notes.append(
                    f"Column {column.name!r} of {group.name.strip('/')} is written as text."
                )
            self._text(group, name, [str(cell) for cell in cells], held)

    def _numbers(
        self, group: Any, name: str, cells: np.ndarray, held: np.ndarray, kind: str
    ) -> None:
        if kind == "float":
            self.array(group, name, np.where(held, cells, np.nan).astype(float))
            return
        values = np.where(held, cells, 0).astype(np.int64 if kind == "integer" else bool)
        if held.all():
            self.array(group, name, values)
            return
        nullable = group.create_group(name)
        self.mark(nullable, f"nullable-{kind}", "0.1.0")
        self.array(nullable, "values", values)
        self.array(nullable, "mask", ~held)

    def _text(self, group: Any, name: str, cells: list[str], held: np.ndarray) -> None:
        if held.all():
            self.array(group, name, cells)
            return
        words = sorted({cell for cell, there in zip(cells, held, strict=True) if there})
        position = {word: code for code, word in enumerate(words)}
        codes = [position[c] if there else -1 for c, there in zip(cells, held, strict=True)]
        categorical = group.create_group(name)
        self.mark(categorical, "categorical", "0.2.0")
        categorical.attrs["ordered"] = False
        self.array(categorical, "codes", np.array(codes, dtype=np.int32))
        self.array(categorical, "categories", words)

    def _bytes(self, text: str, where: str) -> bytes:
        if "\0" in text:
            raise InputError(
                f"{self.path}: {where} holds text with a NUL character ({text[:30]!r}), which "
                "HDF5 does not keep; take it out"
            )
        # Bytes of a file name that are no text become escapes, as in every other file written.
        return text.encode("utf-8", "backslashreplace")


def _kind(cells: list[Any]) -> str:
    """Say what the cells of a column are, "" for none."""
    kinds = {_kind_of(cell) for cell in cells}
    if kinds == {"float", "integer"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "other" if kinds else ""


def _kind_of(cell: Any) -> str:
    if isinstance(cell, (bool, np.bool_)):
        return "boolean"
    if isinstance(cell, (int, np.integer)):
        return "integer" if -(2**63) <= int(cell) < 2**63 else "other"
    if isinstance(cell, (float, np.floating)):
        return "float"
    return "text" if isinstance(cell, str) else "other"


def _safe_names(names: list[str]) -> dict[str, str]:
    """Return names that HDF5 takes, each with what it stands for."""
    safe: dict[str, str] = {}
    for name in names:
        key = name.replace("/", "_").replace("\0", "_")
        key = key.encode("utf-8", "backslashreplace").decode()
        # "_index" is where the ids stand, "." is the group itself.
        while key in ("", ".", "_index") or key in safe or (key != name and key in names):
            key += "_"
        safe[key] = name
    return safe
