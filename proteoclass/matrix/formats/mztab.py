"""The protein section of mzTab 1.0."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.accessions import genes_in_headers, members, name_in_headers
from proteoclass.matrix.formats.mztab_assays import name_assays, parameter_name
from proteoclass.matrix.formats.mztab_lines import (
    ASSAY,
    DECOY,
    PREFIXES,
    RESULT_TYPE,
    Sections,
    read_sections,
)
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.formats.unwanted_rows import kept_rows
from proteoclass.matrix.tables.cells import MISSING
from proteoclass.matrix.tables.content import read_bytes, table_text
from proteoclass.matrix.tables.delimited import parse_delimited
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table
from proteoclass.matrix.wording import counted

_MEANS = "protein_abundance_study_variable["
# Most writers quantify features that were matched over all runs.
_SCOPE = (
    "mzTab does not say whether quantities were computed across runs; they were taken to be: pass "
    "--quantity-scope run if each run was quantified alone."
)


def recognise(preview: Preview) -> str:
    r"""Say why a file is mzTab, "" where it is none.

    Parameters
    ----------
    preview : Preview

    Returns
    -------
    str

    Examples
    --------
    >>> recognise(Preview("a.mztab", "text", ("MTD", "mzTab-version", "1.0.0"), (), "\t"))
    'a line MTD mzTab-version'
    """
    if preview.container != "text":
        return ""
    for row in (preview.names, *preview.rows):
        # The separator was guessed, and the first line may be a comment without a tab.
        cells = [cell.strip() for cell in preview.separator.join(row).split("\t")]
        if cells[0] == "MTD" and cells[1:2] and cells[1].lower() == "mztab-version":
            return "a line MTD mzTab-version"
        if cells[:2] == ["PRH", "accession"]:
            return "a line PRH accession"
    return ""


def read(request: Request) -> Quantities:
    r"""Read the quantities of proteins in assays.

    Parameters
    ----------
    request : Request
        `quantity` is "auto" or "assay". Means over samples (study variables) are refused.

    Returns
    -------
    Quantities
        Protein ids are the accession and its ambiguity members, joined by ";". Samples
        are the locations of the runs, with the reagent behind where a run was labelled;
        the frame `samples` says plex (the run) and channel (the reagent).

    Raises
    ------
    InputError
        If the file is of another version or kind, has no protein section, no protein or
        no quantity of an assay, a line is short, or an id is empty or repeats.

    Notes
    -----
    mzTab 1.0.0, https://www.psidev.info/mztab; Griss 2014, doi
    10.1074/mcp.O113.036681. OpenMS adds a line of details for every protein of a group
    (`opt_global_result_type` is "protein_details"), which has no quantity of its own.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.tables.preview import look_at
    >>> text = (
    ...     "MTD\tmzTab-version\t1.0.0\nMTD\tms_run[1]-location\tfile:///a.mzML\n"
    ...     "MTD\tassay[1]-ms_run_ref\tms_run[1]\n"
    ...     "PRH\taccession\tprotein_abundance_assay[1]\nPRT\tP02768\t17.5\n"
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "a.mztab"
    ...     _ = target.write_text(text)
    ...     read(Request(look_at(target))).values
                    P02768
    file:///a.mzML    17.5
    """
    if request.preview.container != "text":
        raise InputError(
            f"{request.path}: is a file of the {request.preview.container} kind, expected the text "
            "of mzTab; drop --format"
        )
    data = read_bytes(request.path)
    text, notes = table_text(data, request.path)
    sections = read_sections(text, request.path)
    columns = _quantities(sections, request)
    table = _table(sections, columns, request.path, hashlib.sha256(data).hexdigest())
    kept, removed = _filtered(table)
    assays = name_assays(sections.metadata, list(columns.values()))
    values, more = kept.numbers(columns)
    values = values.set_axis(assays.names, axis=1).T
    values.columns = pd.Index(_ids(kept))
    return Quantities.of(
        table,
        values=values,
        proteins=_described(kept, values.columns),
        format="mztab",
        why=f"mzTab {sections.metadata['mztab-version']}: {len(columns)} columns of "
        "protein_abundance_assay",
        notes=(*notes, *removed, *more, *assays.notes, *_unit(sections), _SCOPE),
        across_runs=True,
        samples=assays.told,
    )


def _quantities(sections: Sections, request: Request) -> dict[str, str]:
    where = request.path
    present = [kind for kind in PREFIXES if sections.found[kind]]
    sections.metadata.setdefault("mztab-version", "of no stated version")
    if not sections.header:
        raise InputError(
            f"{where}: no protein section (PRH and PRT lines); the file has "
            f"{', '.join(present)}; export protein quantities"
        )
    if not sections.rows:
        raise InputError(f"{where}: a protein header (PRH) and no protein (PRT); export it again")
    columns = {name: m[1] for name in sections.header if (m := ASSAY.fullmatch(name))}
    means = [name for name in sections.header if name.startswith(_MEANS)]
    if means and (request.quantity == "study_variable" or not columns):
        raise InputError(
            f"{where}: protein_abundance_study_variable ({len(means)} columns) holds means over "
            f"samples, expected quantities of single samples ({len(columns)} columns "
            "protein_abundance_assay); export assays (mzTab-mode Complete)"
        )
    if not columns:
        runs = sum(
            key.startswith("ms_run[") and key.endswith("-location") for key in sections.metadata
        )
        kind = sections.metadata.get("mztab-type", "not stated")
        raise InputError(
            f"{where}: identifications only: {counted(len(sections.rows), 'protein')} in "
            f"{counted(runs, 'run')} (mzTab-type {kind}) and no column protein_abundance_assay; "
            "export with quantities (mzTab-type Quantification), or give the search engine's own "
            "table"
        )
    if request.quantity not in ("auto", "assay"):
        raise InputError(
            f"{where}: no quantity {request.quantity!r}; the file has assay "
            f"({counted(len(columns), 'column')})"
        )
    return columns


def _table(sections: Sections, columns: Collection[str], where: str, sha256: str) -> Table:
    # A first column keeps a lone quantity from being searched for separators.
    lines = ["\t".join(("row", *columns))]
    lines += [
        f"{row}\t{cells}" for row, cells in zip(sections.rows, sections.quantities, strict=True)
    ]
    parsed = parse_delimited("\n".join(lines).encode(), where, lambda i, name: False)
    frame = parsed.frame.set_axis(parsed.header, axis=1).drop(columns="row")
    told = pd.DataFrame(sections.told, dtype=object)
    return Table(
        *(where, where, sha256, pd.concat([told, frame], axis=1), np.array(sections.rows)),
        separator="\t",
        decimal=parsed.decimal,
        notes=parsed.notes,
    )


def _filtered(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Leave out decoys, and lines that repeat a group's members one by one."""
    decoy = np.zeros(len(table.rows), dtype=bool)
    for name in set(DECOY) & set(table.names):
        decoy |= np.array([cell.lower() in ("1", "true") for cell in table.text(name)])
    details = np.zeros(len(table.rows), dtype=bool)
    if RESULT_TYPE in table.names:
        details = np.array([cell == "protein_details" for cell in table.text(RESULT_TYPE)])
    notes = []
    if decoy.any():
        n = int(decoy.sum())
        notes.append(f"Removed {n} of {len(decoy)} protein groups: {n} decoys.")
    if (details & ~decoy).any():
        notes.append(
            f"Left out: {counted(int((details & ~decoy).sum()), 'line')} that describe members of "
            "groups (protein_details)."
        )
    if not set(DECOY) & set(table.names):
        notes.append("The file has no column that marks decoys.")
    drop = decoy | details
    if drop.all():
        raise InputError(
            f"{table.where}: all {len(drop)} proteins are decoys or details; check the export"
        )
    return kept_rows(table, ~drop), tuple(notes)


def _ids(table: Table) -> list[str]:
    """Return the groups, the accession first, refusing empty and repeated ones."""
    members_of = _told(table, "ambiguity_members")
    groups = [
        ";".join(members(f"{name};{others.replace(',', ';')}")) if name else ""
        for name, others in zip(_told(table, "accession"), members_of, strict=True)
    ]
    return row_ids(replace(table, frame=table.frame.assign(group=groups)), "group", "protein")


def _described(table: Table, ids: pd.Index) -> pd.DataFrame:
    texts = _told(table, "description")
    return pd.DataFrame(
        {
            "accessions": list(ids),
            "gene": [genes_in_headers(text) for text in texts],
            "name": [name_in_headers(text) or text for text in texts],
        },
        index=ids,
    )


def _told(table: Table, column: str) -> list[str]:
    return ["" if cell in MISSING else cell for cell in table.told(column)]


def _unit(sections: Sections) -> tuple[str, ...]:
    unit = parameter_name(sections.metadata.get("protein-quantification_unit", ""))
    return (f"The file gives the unit of its quantities as {unit!r}.",) if unit else ()
