"""A vendor's file and a sample sheet become a checked `ProteinMatrix`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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


_Path = str | os.PathLike[str]


@dataclass(frozen=True)
class ReadOptions:
    """How to read a matrix; each field is explained at `read_matrix`.

    Examples
    --------
    >>> ReadOptions(scale="raw").format
    'auto'
    """

    format: str = "auto"
    sheet: str | None = None
    proteins: _Path | pd.DataFrame | None = None
    scale: str = "auto"
    kind: str = "auto"
    fluid: str = "not stated"
    quantity: str = "auto"
    quantity_scope: str = "auto"
    columns: Mapping[str, str] | None = None
    known_proteins: Sequence[str] | None = None

    def __post_init__(self) -> None:
        _check_choice("--format", self.format, FORMATS)
        _check_choice("--quantity-scope", self.quantity_scope, ("auto", "run", "cohort"))


def read_matrix(
    path: _Path,
    samples: _Path | pd.DataFrame | None = None,
    *,
    format: str = "auto",
    sheet: str | None = None,
    proteins: _Path | pd.DataFrame | None = None,
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
    options = ReadOptions(
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
    )
    return read_with_leftovers(path, samples, options)[0]


def read_with_leftovers(
    path: _Path, samples: _Path | pd.DataFrame | None, options: ReadOptions
) -> tuple[ProteinMatrix, tuple[str, ...]]:
    r"""Read as `read_matrix`, and return apart what matrix and sheet do not share.

    Parameters
    ----------
    path : path-like
    samples : path-like or DataFrame, optional
    options : ReadOptions

    Returns
    -------
    matrix : ProteinMatrix
    leftovers : tuple of str
        Sentences about ids on one side only; they are among the notes too.

    Raises
    ------
    InputError
        As `read_matrix`.

    Examples
    --------
    >>> import tempfile
    >>> sheet = pd.DataFrame({"sample_id": ["s1", "s9"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     _ = target.write_text("sample_id\tP02768\ns1\t31.5\n")
    ...     read_with_leftovers(target, sheet, ReadOptions())[1]
    ('Not in the matrix: 1 sample of the sample sheet (s9).',)
    """
    people = _sample_sheet(samples, options.columns)
    table = read_table(
        path,
        sheet=options.sheet,
        text_columns=[*SAMPLE_HEADERS, *PROTEIN_HEADERS, *(options.columns or {}).values()],
        required=cells_needed,
    )
    told = _protein_table(options.proteins)
    read = _quantities(table, people, told, options)
    values, leftovers = _shared(read, people, table.where)
    if told is not None:
        read = read.describe(*filled_in(read.proteins, told, _short(options.proteins)))
    notes = [*table.notes, *read.notes]
    if people is not None:
        notes += people.attrs["notes"]
        people = people.loc[values.index]
        people.attrs = {}
    built = _built(values, people, read, table, options, (*notes, *leftovers))
    sheet = "" if samples is None or isinstance(samples, pd.DataFrame) else Path(samples).name
    return replace(built, source=replace(built.source, sheet=sheet)), leftovers


def _built(
    values: pd.DataFrame,
    people: pd.DataFrame | None,
    read: Quantities,
    table: Table,
    options: ReadOptions,
    notes: tuple[str, ...],
) -> ProteinMatrix:
    scale, scale_why = decide_scale(values, options.scale, table.where)
    kind, kind_why = decide_kind(values, list(values.columns), scale, options.kind)
    notes += _contradiction(values, scale, options.scale, table.where)
    scope = options.quantity_scope
    if scope == "auto":
        scope = "cohort" if read.across_runs else "run"
    return ProteinMatrix.build(
        values,
        people,
        read.proteins,
        scale=scale,
        kind=kind,
        quantity_scope=cast(QuantityScope, scope),
        fluid=cast(Fluid, options.fluid),
        source=Source(
            path=Path(table.path).name,
            sha256=table.sha256,
            format=read.format,
            why=f"{read.why}; scale: {scale_why}; kind: {kind_why}",
            notes=notes,
        ),
    )


def _contradiction(values: pd.DataFrame, scale: str, asked: str, where: str) -> tuple[str, ...]:
    """Say so where the numbers contradict the scale that was declared for them."""
    if asked == "auto":
        return ()
    try:
        likely, why = decide_scale(values, "auto", where)
    except InputError:
        return ()  # they may be either: that is what the declaration is for
    if likely == scale:
        return ()
    return (f"Read on the {scale} scale as declared, but they look {likely}: {why}.",)


def _check_choice(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError(
            f"{option} {value!r}: is not read by this version, expected one of {', '.join(allowed)}"
        )


def _sample_sheet(
    samples: _Path | pd.DataFrame | None, columns: Mapping[str, str] | None
) -> pd.DataFrame | None:
    if samples is None:
        return None
    if isinstance(samples, pd.DataFrame):
        return complete_samples(samples, columns)
    return read_samples(samples, columns=columns)


def _quantities(
    table: Table,
    samples: pd.DataFrame | None,
    told: pd.DataFrame | None,
    options: ReadOptions,
) -> Quantities:
    if options.format == "maxquant" or (options.format == "auto" and is_maxquant(table.names)):
        return read_maxquant(table, samples, options.quantity)
    if options.format == "auto":
        _refuse_other_formats(table)
    if options.quantity != "auto":
        raise InputError(
            f"{table.where}: --quantity {options.quantity!r} picks columns of a MaxQuant table, "
            "and this is a wide one; drop the option"
        )
    known = [*(options.known_proteins or ()), *(() if told is None else told.index)]
    return read_wide(table, samples, known)


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
    proteins: _Path | pd.DataFrame | None,
) -> pd.DataFrame | None:
    if proteins is None:
        return None
    if isinstance(proteins, pd.DataFrame):
        return complete_proteins(proteins)
    return read_proteins(proteins)


def _short(proteins: _Path | pd.DataFrame | None) -> str:
    if proteins is None or isinstance(proteins, pd.DataFrame):
        return "protein table"
    return Path(proteins).name
