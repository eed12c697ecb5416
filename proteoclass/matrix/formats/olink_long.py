"""Olink's long tables: one row for each sample and assay, as text or Parquet."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.olink_rows import LongRows
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.headers import plain
from proteoclass.matrix.long_reports.batches import Content, open_batches
from proteoclass.matrix.samples.runs import KnownNames
from proteoclass.matrix.samples.sheet import all_names
from proteoclass.matrix.tables.cells import DECIMAL_COMMAS
from proteoclass.matrix.tables.preview import Preview

#: Rows of a Parquet file in memory at a time: rows of few, repeated words.
BATCH_ROWS = 1 << 17

#: Plain headers of what is read, in the order of preference.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "sample": ("sampleid",),
    "sample_type": ("sampletype",),
    "olink_id": ("olinkid", "oid"),
    "uniprot": ("uniprot", "uniprotid"),
    "assay": ("assay",),
    "assay_type": ("assaytype",),
    "panel": ("panel",),
    "gene": ("geneid", "gene", "genesymbol"),
    "plate": ("plateid",),
    "warning": ("qcwarning", "sampleqc"),
    "assay_warning": ("assaywarning", "assayqc"),
    "normalisation": ("normalization", "normalizationtype"),
    "limit": ("lod", "maxlod", "platelod", "lodnpx"),
}
_QUANTITIES = ("npx", "pcnormalizednpx", "ipcnormalizednpx", "extnpx")
_COMMA = re.compile(r"[-+]?\d+,\d+")


@dataclass(frozen=True)
class _Header:
    """Which column of the file is what."""

    roles: dict[str, str]
    quantity: str
    others: tuple[str, ...]


def recognise(preview: Preview) -> str:
    """Say why a file is a long table of NPX, "" where it is none.

    Parameters
    ----------
    preview : Preview

    Returns
    -------
    str

    Examples
    --------
    >>> recognise(Preview("a.csv", "text", ("SampleID", "UniProt", "Assay", "NPX", "Panel")))
    'columns SampleID, Assay and NPX of a long NPX table'
    """
    if preview.container not in ("text", "parquet"):
        return ""
    roles, present = _roles(preview.names), _present(preview.names)
    told = "olink_id" in roles or {"uniprot", "assay", "panel"} <= set(roles)
    if "sample" not in roles or not told or not present:
        return ""
    by = roles.get("olink_id") or roles["assay"]
    return f"columns {roles['sample']}, {by} and {present[0]} of a long NPX table"


def read(request: Request) -> Quantities:
    """Read a long table of NPX while it streams by.

    Parameters
    ----------
    request : Request
        `quantity`: "auto" (NPX), or the name of another NPX column of the file, such as
        PCNormalizedNPX or ExtNPX.

    Returns
    -------
    Quantities
        NPX, log2. The index repeats a sample that was measured on several plates.

    Raises
    ------
    InputError
        If a column is absent, a row is cut short, a sample or assay has no name, a value
        is text, or a sample has two values of an assay on one plate.

    Notes
    -----
    The spellings of the columns are those that OlinkAnalyze accepts (column_name_dict.R of
    https://github.com/Olink-Proteomics/OlinkRPackage).
    """
    seen = request.preview
    header = _header(request)
    wanted: dict[str, Content] = dict.fromkeys(header.roles.values(), "text")
    wanted |= {header.quantity: "number"}
    if "limit" in header.roles:
        wanted[header.roles["limit"]] = "number"
    decimal = _decimal(seen, header.quantity)
    rows = LongRows(seen.path, header.roles, header.quantity)
    with open_batches(seen, wanted, decimal=decimal, batch_rows=BATCH_ROWS) as batches:
        for batch in batches:
            rows.add(batch)
    listed = KnownNames(() if request.samples is None else all_names(request.samples))
    table = rows.table(listed)
    notes = ((DECIMAL_COMMAS,) if decimal == "," else ()) + table.notes
    return Quantities(
        values=table.values,
        proteins=table.proteins,
        format="olink",
        why=_why(header),
        notes=notes,
        where=seen.path,
        scale="log2",
        kind="npx",
        samples=table.samples,
    )


def _roles(names: tuple[str, ...]) -> dict[str, str]:
    found = {plain(name): name for name in reversed(names)}
    roles = {}
    for role, headers in _COLUMNS.items():
        name = next((found[header] for header in headers if header in found), None)
        if name is not None:
            roles[role] = name
    return roles


def _present(names: tuple[str, ...]) -> list[str]:
    found = {plain(name): name for name in reversed(names)}
    return [found[header] for header in _QUANTITIES if header in found]


def _header(request: Request) -> _Header:
    names = request.preview.names
    roles, present = _roles(names), _present(names)
    lacking = [] if "sample" in roles else ["SampleID"]
    lacking += [] if {"olink_id", "uniprot", "assay"} & set(roles) else ["OlinkID"]
    lacking += [] if present else ["NPX"]
    if lacking:
        raise InputError(
            f"{request.path}: no column {name_list(lacking)}; found {name_list(names, 12)}; "
            "expected a long table of NPX, or an NPX Manager workbook"
        )
    chosen = present[0]
    if request.quantity != "auto":
        fits = [name for name in present if plain(name) == plain(request.quantity)]
        if not fits:
            raise InputError(
                f"{request.path}: --quantity {request.quantity!r} is not in the table, which has "
                f"{name_list(present)}; choose one of them"
            )
        chosen = fits[0]
    return _Header(roles, chosen, tuple(name for name in present if name != chosen))


def _decimal(preview: Preview, quantity: str) -> str:
    """Find the decimal mark in the first rows; a mixture is refused while reading."""
    if preview.container != "text" or preview.separator == ",":
        return "."
    return "," if any(_COMMA.fullmatch(cell) for cell in preview.column(quantity)) else "."


def _why(header: _Header) -> str:
    named = [header.roles[role] for role in ("sample", "olink_id", "assay") if role in header.roles]
    also = f" (not {name_list(header.others)})" if header.others else ""
    return f"columns {name_list(named)} of a long table; values of {header.quantity}{also}"
