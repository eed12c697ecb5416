"""HDF5 files, read with bounds and never beyond their own bytes."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.matrix.tables.content import open_binary
from proteoclass.matrix.tables.hdf5_heap import MAX_TEXT, TextBudget, longest_text
from proteoclass.matrix.tables.hdf5_storage import CACHE, check_storage

_MAX_ATTRIBUTE = 1 << 20

# What h5py lets through from a damaged or crafted file.
_DAMAGE = (
    *(OSError, KeyError, IndexError, ValueError, TypeError, RuntimeError, OverflowError),
    zlib.error,
)


def load_h5py(path: str | os.PathLike[str]) -> Any:
    """Return the h5py module, which a user of text tables does not need.

    Parameters
    ----------
    path : path-like
        The file that needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    SystemFailureError
        If it is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise SystemFailureError(
            f"{path}: AnnData files need the extra (no module {error.name!r}); install it with "
            "pip install 'proteoclass[anndata]'"
        ) from error
    return h5py


@contextmanager
def open_hdf5(path: str | os.PathLike[str]) -> Iterator[Node]:
    """Open an HDF5 file; what is wrong inside becomes one line.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    Node
        Its root.

    Raises
    ------
    InputError
        If the file is cut short or damaged.
    SystemFailureError
        If h5py is not installed.
    """
    h5py = load_h5py(path)
    with open_binary(path) as stream:
        longest = longest_text(stream, str(path))
        try:
            with h5py.File(stream, "r", rdcc_nbytes=CACHE) as file:
                if file.id.get_create_plist().get_sizes() != (8, 8):
                    raise InputError(
                        f"{path}: is an HDF5 file with addresses that are not of 64 bits; write it "
                        "again with h5py"
                    )
                whole = int(file.id.get_filesize())
                yield Node(str(path), file, TextBudget(max(whole, MAX_TEXT), max(longest, 1)))
        except InputError:
            raise  # a ValueError too, and said better already
        except _DAMAGE as error:
            raise InputError(
                f"{path}: damaged HDF5 file ({type(error).__name__}: {error}); write it again"
            ) from error


@dataclass(frozen=True, eq=False)
class Node:
    """A group or a dataset of an HDF5 file.

    Links, external storage and virtual datasets are refused, for they can lead to other
    files; so is what unpacks to more than it declares, and all that is too large is refused
    before it is read.

    Parameters
    ----------
    path : str
        The file, for messages.
    item : h5py.Group or h5py.Dataset
    budget : TextBudget
        Of the whole file.
    """

    path: str
    item: Any
    budget: TextBudget

    @property
    def where(self) -> str:
        """File, and place in it."""
        return f"{self.path}, {self.item.name}"

    @property
    def is_group(self) -> bool:
        """Whether this is a group; otherwise it is a dataset."""
        return hasattr(self.item, "keys")

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each dimension of a dataset."""
        if self.is_group or self.item.shape is None:
            found = "a group" if self.is_group else "nothing"
            raise InputError(f"{self.where}: holds {found}, expected an array; write it again")
        return tuple(int(length) for length in self.item.shape)

    @property
    def is_text(self) -> bool:
        """Whether a dataset holds text."""
        h5py = load_h5py(self.path)
        return not self.is_group and h5py.check_string_dtype(self.item.dtype) is not None

    def names(self) -> list[str]:
        """Return what a group holds, in alphabetical order."""
        self._require_group()
        return [str(name) for name in self.item]

    def child(self, name: str) -> Node | None:
        """Return what stands in a group under a name, or None.

        Raises
        ------
        InputError
            If it is a link, or stored outside of the file.
        """
        h5py = load_h5py(self.path)
        self._require_group()
        # A name with "/" is a path, which could cross a link on its way, "." the group itself.
        # And asking h5py whether a name is in a group would open the file that it links to.
        links, raw = self.item.id.links, name.encode("utf-8", "surrogateescape")
        if name in ("", ".") or "/" in name or "\0" in name or not links.exists(raw):
            return None
        where = f"{self.path}, {self.item.name.rstrip('/')}/{name}"
        if links.get_info(raw).type != h5py.h5l.TYPE_HARD:
            raise InputError(f"{where}: is a link, which is not followed; write the file whole")
        item = self.item[name]
        if isinstance(item, h5py.Datatype):
            raise InputError(f"{where}: is a type, expected an array or a group; write it again")
        # Before its shape is asked for: that of a virtual dataset stands in other files.
        if isinstance(item, h5py.Dataset) and (item.is_virtual or item.external):
            raise InputError(f"{where}: is stored in another file; write the file whole")
        return Node(self.path, item, self.budget)

    def required(self, name: str) -> Node:
        """Return what stands in a group under a name.

        Raises
        ------
        InputError
            If nothing does, or as for `child`.
        """
        found = self.child(name)
        if found is None:
            raise InputError(f"{self.where}: lacks {name!r}; write the file again")
        return found

    def has_attribute(self, name: str) -> bool:
        """Say whether there is an attribute, of whatever kind."""
        return name in self.item.attrs

    def attribute(self, name: str) -> Any:
        """Return an attribute of text or numbers, text as str; None where there is none.

        Raises
        ------
        InputError
            If it is of another kind, or too large.
        """
        if not self.has_attribute(name):
            return None
        attributes, h5py = self.item.attrs, load_h5py(self.path)
        told = attributes.get_id(name)
        # Of other kinds, as a damaged byte makes them, h5py may read beyond its memory.
        if h5py.check_string_dtype(told.dtype) is None and told.dtype.kind not in "fiub":
            raise InputError(
                f"{self.where}: attribute {name!r} is neither text nor a number; write the file "
                "again"
            )
        # An attribute is read whole, and all its texts may be the longest one.
        number, of_any_length = math.prod(told.shape or ()), told.dtype.kind == "O"
        size = number * (self.budget.longest if of_any_length else told.dtype.itemsize)
        if size > (MAX_TEXT if of_any_length else _MAX_ATTRIBUTE):
            raise InputError(
                f"{self.where}: attribute {name!r} may take {size} bytes, more than is read; "
                "write the file again"
            )
        value = attributes[name]
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
            return [self._decoded(cell) for cell in value.ravel()]
        return value

    def numbers(self) -> np.ndarray:
        """Read a dataset of numbers or truth values, a scalar as an array without dimensions.

        Returns
        -------
        ndarray
            Of its own shape and type.

        Raises
        ------
        InputError
            If it holds something else, or too many.
        """
        if self.is_group or self.item.dtype.kind not in "fiub":
            raise InputError(
                f"{self.where}: holds {self._content()}, expected numbers; write it again"
            )
        check_storage(self.item, self.where, is_text=self.is_text)
        # In the byte order of this machine: pandas takes no other.
        return np.asarray(self.item[()], dtype=self.item.dtype.newbyteorder("="))

    def text(self) -> list[str]:
        """Read a dataset of text, a scalar as a list of one.

        Raises
        ------
        InputError
            If it holds something else, too much, or text that is not UTF-8.
        """
        if not self.is_text or len(self.shape) > 1:
            raise InputError(
                f"{self.where}: holds {self._content()}, expected text; write it again"
            )
        check_storage(self.item, self.where, is_text=self.is_text)
        if not self.shape:
            return self._kept([self.item[()]])
        rows = min(max(1, MAX_TEXT // self.budget.longest), 1 << 16)
        cells: list[str] = []
        for start in range(0, self.shape[0], rows):
            cells += self._kept(self.item[start : start + rows])
        return cells

    def _require_group(self) -> None:
        if not self.is_group:
            raise InputError(f"{self.where}: is an array, expected a group; write it again")

    def _content(self) -> str:
        h5py = load_h5py(self.path)
        if self.is_group:
            return "a group"
        if h5py.check_ref_dtype(self.item.dtype) is not None:
            return "references"
        return "text" if self.is_text else str(self.item.dtype)

    def _kept(self, block: Iterable[Any]) -> list[str]:
        cells = [self._decoded(cell) for cell in block]
        self.budget.spend(cells, self.where)
        return cells

    def _decoded(self, cell: Any) -> str:
        if isinstance(cell, str):
            return cell
        try:
            return bytes(cell).decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self.where}: holds text that is not UTF-8 ({cell[:30]!r}); write it as UTF-8"
            ) from error
