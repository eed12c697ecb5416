"""AnnData files (.h5ad), read by h5py alone."""

from __future__ import annotations

from typing import Any, get_args

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import accessions_in, members
from proteoclass.matrix.formats.anndata_elements import (
    frame_length,
    matrix_shape,
    read_frame,
    read_matrix_of_numbers,
)
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.headers import (
    ACCESSION_HEADERS,
    DESCRIPTION_HEADERS,
    GENE_HEADERS,
    plain,
)
from proteoclass.matrix.protein_matrix import Fluid, Kind, QuantityScope, Scale
from proteoclass.matrix.tables.hdf5 import Node, open_hdf5
from proteoclass.matrix.tables.preview import Preview

#: What ``uns["proteoclass"]`` says of a matrix, and what each may be.
DECLARED: dict[str, tuple[str, ...]] = {
    "scale": get_args(Scale),
    "kind": get_args(Kind),
    "quantity_scope": get_args(QuantityScope),
    "fluid": get_args(Fluid),
}
#: Of ``uns["proteoclass"]``; a later one is refused.
LAYOUT = 1

_TOLD_BY = (
    ("accessions", ACCESSION_HEADERS),
    ("gene", GENE_HEADERS),
    ("name", DESCRIPTION_HEADERS),
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
        If the file is damaged, no AnnData file, too large, leads to other files, or its
        matrix holds no numbers.
    SystemFailureError
        If the extra is not installed.

    Notes
    -----
    The layout is that of https://anndata.readthedocs.io/en/latest/fileformat-prose.html, and
    that of anndata 0.7. In a sparse matrix a cell that is not stored is missing, on either
    scale; a zero that is stored stays one until the scale says what it means.
    """
    path = request.path
    with open_hdf5(path) as root:
        key, matrix, unread = _choose(root, request.quantity)
        obs, var = root.required("obs"), root.required("var")
        found, expected = matrix_shape(matrix), (frame_length(obs, "obs"), frame_length(var, "var"))
        if found != expected:
            raise InputError(
                f"{path}: {key} has {found[0]} x {found[1]} cells, expected {expected[0]} samples "
                f"of obs x {expected[1]} proteins of var; write it again"
            )
        declared, notes, renamed = _declared(root)
        samples = _named(read_frame(obs), renamed["obs"], obs)
        proteins = _named(read_frame(var), renamed["var"], var)
        numbers, sparse = read_matrix_of_numbers(matrix)
    return Quantities(
        values=pd.DataFrame(numbers, samples.index, proteins.index),
        proteins=_described(proteins),
        format="anndata",
        why=f"AnnData file, matrix {key}",
        notes=(*notes, *sparse, *unread),
        across_runs=declared.get("quantity_scope") == "cohort",
        where=path,
        scale=declared.get("scale"),
        kind=declared.get("kind"),
        fluid=declared.get("fluid"),
        samples=samples,
    )


def _choose(root: Node, quantity: str) -> tuple[str, Node, tuple[str, ...]]:
    """Return where the matrix stands, the matrix, and which others are not read."""
    held = root.names()
    absent = [name for name in ("obs", "var") if name not in held]
    if absent:
        raise InputError(
            f"{root.path}: is an HDF5 file without {name_list(absent)}; expected an AnnData file, "
            "with X, obs and var"
        )
    layers = root.child("layers")
    names = layers.names() if layers is not None else []
    present = [*(["X"] if "X" in held else []), *names]
    chosen = "X" if quantity == "auto" else quantity
    if chosen not in present:
        asked = "X" if quantity == "auto" else f"--quantity {quantity!r}"
        raise InputError(
            f"{root.path}: no matrix {asked}; found {name_list(present) or 'none'}; choose one of "
            "them with --quantity"
        )
    unread = _unread([name for name in present if name != chosen], "raw" in held)
    if chosen == "X" or layers is None:
        return "X", root.required("X"), unread
    return f"layers/{chosen}", layers.required(chosen), unread


def _unread(others: list[str], raw: bool) -> tuple[str, ...]:
    notes = []
    if others:
        notes.append(
            f"Not read, other matrices of the file: {name_list(others)}; choose with --quantity."
        )
    if raw:
        notes.append("Not read: raw, the matrix before proteins were chosen.")
    return tuple(notes)


def _declared(root: Node) -> tuple[dict[str, Any], tuple[str, ...], dict[str, dict[str, str]]]:
    """Return what `write_anndata` wrote of the matrix, its notes and its columns' names."""
    uns = root.child("uns")
    told = uns.child("proteoclass") if uns is not None else None
    renamed: dict[str, dict[str, str]] = {"obs": {}, "var": {}}
    if told is None:
        return {}, (), renamed
    layout = told.required("layout").numbers().tolist()
    if layout != LAYOUT:
        raise InputError(
            f"{root.path}: uns['proteoclass'] has layout {str(layout)[:30]}, expected {LAYOUT}; "
            "read it with the version that wrote it"
        )
    declared = {}
    for name, allowed in DECLARED.items():
        value = " ".join(told.required(name).text())
        if value not in allowed:
            raise InputError(
                f"{root.path}: uns['proteoclass'] says {name} {value[:30]!r}, expected one of "
                f"{', '.join(allowed)}"
            )
        declared[name] = value
    for axis, names in renamed.items():
        given = told.required(f"renamed_{axis}")
        names.update({name: given.required(name).text()[0] for name in given.names()})
    return declared, tuple(told.required("notes").text()), renamed


def _named(frame: pd.DataFrame, names: dict[str, str], node: Node) -> pd.DataFrame:
    """Give columns their own names again, those that HDF5 does not take."""
    renamed = frame.rename(columns=names)
    if not renamed.columns.is_unique:
        raise InputError(
            f"{node.where}: uns['proteoclass'] gives two columns one name; write the file again"
        )
    return renamed


def _described(proteins: pd.DataFrame) -> pd.DataFrame:
    """Fill accessions, gene and name from the columns of var that carry them."""
    frame = proteins.copy()
    for target, headers in _TOLD_BY:
        if target in proteins:
            continue
        source = next((str(name) for name in proteins if plain(str(name)) in headers), None)
        if source is not None:
            told = ["" if pd.isna(cell) else str(cell) for cell in proteins[source]]
            # A group keeps its leading accession first, whatever separates the members.
            frame[target] = list(map(_group, told)) if target == "accessions" else told
        elif target == "accessions":
            frame[target] = [accessions_in(str(name)) for name in proteins.index]
    return frame


def _group(text: str) -> str:
    return ";".join(members(text.replace(",", ";")))
