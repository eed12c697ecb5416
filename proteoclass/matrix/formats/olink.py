"""Olink's exports: NPX Manager workbooks, and long tables of NPX."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats import olink_long
from proteoclass.matrix.formats.olink_controls import (
    controls_note,
    is_control_sample,
    limit_note,
    normalisation_note,
)
from proteoclass.matrix.formats.olink_plates import join_blocks
from proteoclass.matrix.formats.olink_wide import Block, Sheet, is_npx_sheet, parse_sheet
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.samples.runs import KnownNames
from proteoclass.matrix.samples.sheet import all_names
from proteoclass.matrix.tables.content import read_bytes
from proteoclass.matrix.tables.delimited import MAX_CELLS
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.workbook import open_workbook, sheet_rows
from proteoclass.matrix.wording import counted


def recognise(preview: Preview) -> str:
    """Say why a file is one of Olink's exports, "" where it is none.

    Parameters
    ----------
    preview : Preview

    Returns
    -------
    str

    Examples
    --------
    >>> recognise(Preview("a.csv", "text", ("SampleID", "OlinkID", "UniProt", "NPX")))
    'columns SampleID, OlinkID and NPX of a long NPX table'
    >>> recognise(Preview("a.tsv", "text", ("sample_id", "OID00471", "OID00472")))
    ''
    """
    if preview.container == "workbook":
        named = [name for name, rows in preview.sheets.items() if is_npx_sheet(rows)]
        return f"rows Panel, Assay and Uniprot ID or OlinkID of sheet {named[0]!r}" if named else ""
    return olink_long.recognise(preview)


def read(request: Request) -> Quantities:
    """Read an NPX Manager workbook, or a long table of NPX.

    Parameters
    ----------
    request : Request
        `sheet` picks one sheet of a workbook; all sheets with NPX are read without it.

    Returns
    -------
    Quantities
        NPX, log2. The index repeats a sample that was measured on several plates.

    Raises
    ------
    InputError
        If the file is no export of Olink's, or as the reader of its kind.
    """
    seen = request.preview
    if seen.container == "workbook":
        request.refuse_quantity("a workbook of Olink's, with NPX alone")
        return _read_workbook(request)
    return olink_long.read(request)


def _read_workbook(request: Request) -> Quantities:
    data = read_bytes(request.path)
    sheets, aside = _sheets(data, request)
    listed = KnownNames(() if request.samples is None else all_names(request.samples))
    blocks: list[Block] = []
    controls: list[str] = []
    for sheet in sheets:
        for block in sheet.blocks:
            out = [i for i, name in enumerate(block.ids) if is_control_sample(name, "", listed)]
            controls += [block.ids[i] for i in out]
            blocks.append(block.without(out))
    if not any(block.ids for block in blocks):
        raise InputError(
            f"{request.path}: all samples are controls by Olink's names ({name_list(controls)}); "
            "list them in the sample sheet if they are the study's own"
        )
    plates = join_blocks(blocks, request.path)
    assays = [name for sheet in sheets for name in sheet.control_assays]
    ways: Counter[str] = Counter()
    for sheet in sheets:
        ways.update(sheet.normalisations)
    notes = (
        *aside,
        *dict.fromkeys(note for sheet in sheets for note in sheet.notes),
        *controls_note(controls, assays),
        *plates.notes,
        *_quality_notes(blocks),
        *normalisation_note(dict(ways)),
    )
    return Quantities(
        values=plates.values,
        proteins=plates.proteins,
        format="olink",
        why=_why(blocks),
        notes=notes,
        where=request.path,
        sha256=hashlib.sha256(data).hexdigest(),
        scale="log2",
        kind="npx",
        samples=plates.samples,
    )


def _sheets(data: bytes, request: Request) -> tuple[list[Sheet], tuple[str, ...]]:
    """Read the sheets that hold NPX, or the one that was asked for."""
    where = request.path
    sheets: list[Sheet] = []
    aside: list[str] = []
    cells = 0
    with open_workbook(data, where) as book:
        names = [page.title for page in book.worksheets]
        hidden = {page.title for page in book.worksheets if page.sheet_state != "visible"}
        for name in names if request.sheet is None else [request.sheet]:
            if name not in names:
                raise InputError(
                    f"{where}: no sheet {name!r}; found {name_list(names)}; correct --sheet"
                )
            at = f"{where}, sheet {name!r}"
            places, rows = sheet_rows(data, book, name, at)
            cells += sum(len(row) for row in rows)
            if cells > MAX_CELLS:
                raise InputError(f"{at}: more than {MAX_CELLS} cells so far; choose with --sheet")
            if is_npx_sheet(rows[:40]):
                sheets.append(parse_sheet(places, rows, name, at))
            else:
                aside.append(name)
    if not sheets:
        raise InputError(
            f"{where}: no NPX on {counted(len(aside), 'sheet')} ({name_list(aside)}); expected "
            "rows 'Panel', 'Assay' and 'Uniprot ID' or 'OlinkID' above the samples; name another "
            "sheet or format"
        )
    notes = []
    if aside:
        notes.append(f"Sheets without NPX, not read: {name_list(aside)}.")
    if request.sheet is not None and len(names) > 1:
        notes.append(f"Of {len(names)} sheets only {request.sheet!r} was read, as asked.")
    elif read_hidden := [name for name in names if name in hidden and name not in aside]:
        notes.append(f"Hidden sheets, read too: {name_list(read_hidden)}; choose with --sheet.")
    return sheets, tuple(notes)


def _quality_notes(blocks: list[Block]) -> tuple[str, ...]:
    """Say how many samples carry a QC warning and how many values lie under the LOD."""
    notes = []
    told = [
        (name, word)
        for block in blocks
        for name, word in zip(block.ids, block.warnings, strict=True)
        if word
    ]
    warned = [name for name, word in told if word.lower() != "pass"]
    if warned:
        notes.append(
            f"QC warnings by Olink on {len(warned)} of {len(told)} rows, kept: "
            f"{name_list(dict.fromkeys(warned))}."
        )
    values = [block.values.to_numpy() for block in blocks]
    judged = sum(int(np.isfinite(v - b.limits).sum()) for v, b in zip(values, blocks, strict=True))
    below = sum(int((v < b.limits).sum()) for v, b in zip(values, blocks, strict=True))
    return (*notes, *limit_note(below, judged))


def _why(blocks: list[Block]) -> str:
    panels = list(dict.fromkeys(block.panel for block in blocks))
    sheets = list(dict.fromkeys(block.sheet for block in blocks))
    return (
        f"NPX Manager workbook: {counted(len(sheets), 'sheet')} ({name_list(sheets)}) of "
        f"{counted(len(panels), 'panel')} ({name_list(panels)})"
    )
