"""A vendor's file and a sample sheet become a checked `ProteinMatrix`."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.headers import PROTEIN_HEADERS, SAMPLE_HEADERS, plain
from proteoclass.matrix.maxquant import cells_needed, is_maxquant, read_maxquant
from proteoclass.matrix.protein_matrix import Fluid, ProteinMatrix, QuantityScope, Source
from proteoclass.matrix.protein_table import complete_proteins, filled_in, read_proteins
from proteoclass.matrix.quantities import Quantities
from proteoclass.matrix.scale import decide_kind, decide_scale
from proteoclass.matrix.sheet import complete_samples, read_samples
from proteoclass.matrix.tables import Table, read_table
from proteoclass.matrix.wide import read_wide
from proteoclass.matrix.wording import counted

#: Formats that this version reads.
FORMATS = ("auto", "wide", "maxquant")

_ID_COLUMNS = (
    "sample_id",
    "sample id",
    "sampleid",
    "sample",
    "sample_name",
    "run",
    "specimen",
    "protein",
    "protein_id",
    "protein ids",
    "majority protein ids",
    "accession",
    "gene",
)


def read_matrix(
    path: str | os.PathLike[str],
    samples: str | os.PathLike[str] | pd.DataFrame | None = None,
    *,
    format: str = "auto",
    sheet: str | None = None,
    proteins: str | os.PathLike[str] | pd.DataFrame | None = None,
    scale: str = "auto",
    kind: str = "auto",
    fluid: str = "not stated",
    quantity: str = "auto",
    quantity_scope: str = "auto",
    columns: Mapping[str, str] | None = None,
    known_proteins: Sequence[str] | None = None,
) -> ProteinMatrix:
    r"""Read protein quantities and the sample sheet that belongs to them.

    Parameters
    ----------
    path : path-like
        A wide table (either way round) or MaxQuant's proteinGroups, as TSV, CSV,
        semicolon-separated text (plain or gzipped) or XLSX.
    samples : path-like or DataFrame, optional
        The sample sheet. Samples of the matrix that it lacks are left out.
    format : {"auto", "wide", "maxquant"}
    sheet : str, optional
        Sheet of a workbook; the first where left out.
    proteins : path-like or DataFrame, optional
        What the protein ids are: `protein_id`, `accession`, `gene`, `name`.
    scale : {"auto", "raw", "log2"}
    kind : {"auto", "intensity", "ratio", "npx"}
    fluid : {"not stated", "urine", "plasma", "serum", "csf", "saliva"}
    quantity : str
        Which columns of a MaxQuant table: "lfq", "intensity", "ibaq", "reporter" or a
        column prefix.
    quantity_scope : {"auto", "run", "cohort"}
        "auto" is cohort for LFQ, which is computed across runs, else run.
    columns : mapping of str to str, optional
        Role to column of the sample sheet.
    known_proteins : sequence of str, optional
        Ids of a model: they show which way round a table lies where there is no sheet.

    Returns
    -------
    ProteinMatrix
        `source.why` says what decided for the format, the scale and the kind;
        `source.notes` what was left out or assumed.

    Raises
    ------
    InputError
        If a file is not what is needed; the message locates the cell or the name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     _ = target.write_text("sample_id\tP02768\tP01034\ns1\t31.5\t22.1\ns2\t30.2\t\n")
    ...     matrix = read_matrix(target)
    >>> matrix.values.shape, matrix.scale, matrix.missing_rate
    ((2, 2), 'log2', 0.25)
    """
    return read_with_leftovers(
        path,
        samples,
        format=format,
        sheet=sheet,
        proteins=proteins,
        scale=scale,
        kind=kind,
        fluid=fluid,
        quantity=quantity,
        quantity_scope=quantity_scope,
        columns=columns,
        known_proteins=known_proteins,
    )[0]


def read_with_leftovers(
    path: str | os.PathLike[str],
    samples: str | os.PathLike[str] | pd.DataFrame | None = None,
    *,
    format: str = "auto",
    sheet: str | None = None,
    proteins: str | os.PathLike[str] | pd.DataFrame | None = None,
    scale: str = "auto",
    kind: str = "auto",
    fluid: str = "not stated",
    quantity: str = "auto",
    quantity_scope: str = "auto",
    columns: Mapping[str, str] | None = None,
    known_proteins: Sequence[str] | None = None,
) -> tuple[ProteinMatrix, tuple[str, ...]]:
    r"""Read as `read_matrix`, and return apart what matrix and sheet do not share.

    Returns
    -------
    matrix : ProteinMatrix
    leftovers : tuple of str
        Sentences about ids on one side only; they are among the notes too.

    Examples
    --------
    >>> import tempfile
    >>> sheet = pd.DataFrame({"sample_id": ["s1", "s9"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     _ = target.write_text("sample_id\tP02768\ns1\t31.5\n")
    ...     read_with_leftovers(target, sheet)[1]
    ('Not in the matrix: 1 sample of the sample sheet (s9).',)
    """
    _check_choice("--format", format, FORMATS)
    _check_choice("--quantity-scope", quantity_scope, ("auto", "run", "cohort"))
    people = _sample_sheet(samples, columns)
    table = read_table(path, sheet=sheet, text_columns=_id_columns(columns), required=cells_needed)
    told = _protein_table(proteins)
    known = [*(known_proteins or ()), *(() if told is None else told.index)]
    read = _quantities(table, people, format, quantity, known)
    values, leftovers = _shared(read, people, table.where)
    described = read.proteins
    protein_notes: tuple[str, ...] = ()
    if told is not None:
        described, protein_notes = filled_in(read.proteins, told, _short(proteins))
    scale_found, scale_why = decide_scale(values, scale, table.where)
    kind_found, kind_why = decide_kind(values, list(values.columns), scale_found, kind)
    scope = quantity_scope if quantity_scope != "auto" else "cohort" if read.across_runs else "run"
    source = Source(
        path=Path(path).name,
        sha256=table.sha256,
        format=read.format,
        why=f"{read.why}; scale: {scale_why}; kind: {kind_why}",
        notes=(
            *table.notes,
            *read.notes,
            *([] if people is None else people.attrs["notes"]),
            *leftovers,
            *protein_notes,
        ),
    )
    if people is not None:
        people = people.loc[values.index]
        people.attrs = {}
    matrix = ProteinMatrix.build(
        values,
        people,
        described,
        scale=scale_found,
        kind=kind_found,
        quantity_scope=cast(QuantityScope, scope),
        fluid=cast(Fluid, fluid),
        source=source,
    )
    return matrix, leftovers


def _check_choice(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError(
            f"{option} {value!r}: is not read by this version, expected one of {', '.join(allowed)}"
        )


def _id_columns(columns: Mapping[str, str] | None) -> list[str]:
    own = [] if columns is None else [columns[role] for role in ("sample_id",) if role in columns]
    return [*_ID_COLUMNS, *SAMPLE_HEADERS, *PROTEIN_HEADERS, *own]


def _sample_sheet(
    samples: str | os.PathLike[str] | pd.DataFrame | None, columns: Mapping[str, str] | None
) -> pd.DataFrame | None:
    if samples is None:
        return None
    if isinstance(samples, pd.DataFrame):
        return complete_samples(samples, columns)
    return read_samples(samples, columns=columns)


def _quantities(
    table: Table,
    samples: pd.DataFrame | None,
    format: str,
    quantity: str,
    known_proteins: Collection[str] | None,
) -> Quantities:
    if format == "maxquant" or (format == "auto" and is_maxquant(table.names)):
        return read_maxquant(table, samples, quantity)
    if format == "auto":
        _refuse_other_formats(table)
    if quantity != "auto":
        raise InputError(
            f"{table.where}: --quantity {quantity!r} picks columns of a MaxQuant table, and this "
            "is a wide one; drop the option"
        )
    return read_wide(table, samples, known_proteins)


def _refuse_other_formats(table: Table) -> None:
    """Name a vendor's table that would be misread as a wide one."""
    names = {plain(name) for name in table.names}
    kinds = {
        "a Spectronaut report in long form": {"rfilename", "pgproteingroups"} <= names,
        "an Olink NPX table in long form": "npx" in names and bool({"sampleid", "olinkid"} & names),
        "a FragPipe combined_protein table": "combinedtotalpeptides" in names
        or any(name.endswith("razorintensity") for name in names),
        "a DIA-NN report in long form": {"run", "precursorid"} <= names,
    }
    found = next((kind for kind, present in kinds.items() if present), None)
    if found:
        raise InputError(
            f"{table.where}: looks like {found}, which this version does not read; make a wide "
            "table of it (samples x proteins), or pass --format wide if it is one"
        )


def _shared(
    read: Quantities, samples: pd.DataFrame | None, where: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Keep the samples that both the matrix and the sheet have, in the matrix's order."""
    if samples is None:
        return read.values, ()
    inside = read.values.index.isin(samples.index)
    if not inside.any():
        raise InputError(
            f"{where}: no sample of the table is in the sample sheet; the table has "
            f"{name_list(read.values.index)}; the sheet has {name_list(samples.index)}; "
            "use the same ids in both"
        )
    leftovers = []
    dropped = [*read.values.index[~inside], *read.unlisted]
    if dropped:
        leftovers.append(
            f"Left out, not in the sample sheet: {counted(len(dropped), 'sample')} of the "
            f"matrix ({name_list(dropped)})."
        )
    absent = samples.index.difference(read.values.index, sort=False)
    if len(absent):
        leftovers.append(
            f"Not in the matrix: {counted(len(absent), 'sample')} of the sample sheet "
            f"({name_list(absent)})."
        )
    return read.values[inside], tuple(leftovers)


def _protein_table(
    proteins: str | os.PathLike[str] | pd.DataFrame | None,
) -> pd.DataFrame | None:
    if proteins is None:
        return None
    if isinstance(proteins, pd.DataFrame):
        return complete_proteins(proteins)
    return read_proteins(proteins)


def _short(proteins: str | os.PathLike[str] | pd.DataFrame | None) -> str:
    if proteins is None or isinstance(proteins, pd.DataFrame):
        return "protein table"
    return Path(proteins).name
