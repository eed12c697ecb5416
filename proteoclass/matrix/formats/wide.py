"""Wide tables of any origin: samples x proteins or proteins x samples."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import accessions_in, members
from proteoclass.matrix.formats.orientation import (
    Orientation,
    find_orientation,
    looks_like_protein,
    row_names,
)
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.headers import (
    ABOUT_PROTEINS,
    ABOUT_SAMPLES,
    ACCESSION_HEADERS,
    DESCRIPTION_HEADERS,
    GENE_HEADERS,
    plain,
)
from proteoclass.matrix.samples.runs import KnownNames
from proteoclass.matrix.samples.sheet import ROLES, all_names
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table
from proteoclass.matrix.wording import counted

_TOLD_BY = (
    ("accessions", ACCESSION_HEADERS),
    ("gene", GENE_HEADERS),
    ("name", DESCRIPTION_HEADERS),
)


def recognise(preview: Preview) -> str:
    """Say why a file may be a wide table: whatever is a table may be one."""
    return "" if preview.container == "hdf5" else "a table of no vendor that is known"


def read(request: Request) -> Quantities:
    """Read a wide table, as `read_wide`."""
    request.refuse_quantity("a wide table")
    repeats = request.reruns in ("mean", "last", "keep")
    return read_wide(request.table(), request.samples, request.known_proteins, repeats=repeats)


def read_wide(
    table: Table,
    samples: pd.DataFrame | None = None,
    known_proteins: Collection[str] | None = None,
    *,
    repeats: bool = False,
) -> Quantities:
    """Read a wide table, whichever way round it lies.

    Parameters
    ----------
    table : Table
    samples : DataFrame, optional
        Sample sheet indexed by sample id.
    known_proteins : collection of str, optional
        Ids of a model or panel.
    repeats : bool
        Whether a sample may stand in several rows, as where a rule decides on reruns.

    Returns
    -------
    Quantities

    Raises
    ------
    InputError
        If the orientation cannot be told, an id repeats or is empty, no column holds
        quantities, or a quantity is text.

    Examples
    --------
    >>> import numpy as np
    >>> frame = pd.DataFrame({"protein": ["P02768"], "gene": ["ALB"], "s1": [21.5]})
    >>> wide = read_wide(Table("a.tsv", "a.tsv", "", frame, np.array([2])))
    >>> wide.values.loc["s1", "P02768"].item(), wide.proteins.loc["P02768", "gene"]
    (21.5, 'ALB')
    """
    listed = None if samples is None else all_names(samples)
    orientation = find_orientation(table, listed, known_proteins)
    if orientation.samples_in == "rows":
        ids, notes = _sample_ids(table, orientation.id_column, repeats)
        known = frozenset(known_proteins or ())
        read = _samples_in_rows(table, orientation, ids, samples, known)
        return replace(read, notes=(*read.notes, *notes))
    return _samples_in_columns(table, orientation, listed)


def _sample_ids(
    table: Table, column: str | None, repeats: bool
) -> tuple[list[str], tuple[str, ...]]:
    if column is not None:
        return row_ids(table, column, "sample", repeats=repeats), ()
    names = row_names(table)
    return names, (
        f"No column names the samples: they are called by their rows in the file, {names[0]} to "
        f"{names[-1]}. Add a column sample_id to give them names.",
    )


def _samples_in_rows(
    table: Table,
    orientation: Orientation,
    ids: list[str],
    samples: pd.DataFrame | None,
    known: frozenset[str],
) -> Quantities:
    columns = [column for column in table.names if column != orientation.id_column]
    in_sheet = frozenset() if samples is None else frozenset(samples.columns)
    proteins = _protein_columns(table, columns, in_sheet, known)
    aside = sorted(set(columns) - set(proteins), key=columns.index)
    if not proteins:
        raise InputError(
            f"{table.where}: no protein column beside {orientation.id_column!r}; "
            f"found {name_list(table.names, 12)}; check the separator and the header"
        )
    values, notes = table.numbers(proteins)
    values.index = pd.Index(ids)
    if aside:
        notes = (
            *notes,
            f"Left out, not taken for proteins: {counted(len(aside), 'column')} "
            f"({name_list(aside)}). List them in --proteins if they are proteins.",
        )
    return Quantities.of(
        table,
        values=values,
        proteins=_spelt_accessions(values.columns),
        format="wide",
        why=f"samples x proteins: {orientation.why}",
        notes=notes,
    )


def _samples_in_columns(
    table: Table, orientation: Orientation, listed: list[str] | None
) -> Quantities:
    id_column = orientation.id_column or table.names[0]
    ids = row_ids(table, id_column, "protein")
    others = [column for column in table.names if column != id_column]
    wanted = None if listed is None else KnownNames(listed)
    chosen: list[str] = []
    aside: list[str] = []
    unlisted: list[str] = []
    for column in others:
        if wanted is not None and column in wanted:
            chosen.append(column)
        elif _is_about_proteins(table, column):
            aside.append(column)
        else:
            (chosen if wanted is None else unlisted).append(column)
    if not chosen:
        raise InputError(
            f"{table.where}: no sample column beside {id_column!r}; "
            f"found {name_list(table.names, 12)}; check the separator and the header, or pass it "
            "as --proteins if it says what proteins are"
        )
    values, notes = table.numbers(chosen)
    values = values.T
    values.columns = pd.Index(ids)
    proteins, used = _described(table, values.columns, [id_column, *aside])
    unused = [column for column in aside if column not in used]
    if unused:
        notes = (
            *notes,
            f"Left out, about proteins and no samples: {counted(len(unused), 'column')} "
            f"({name_list(unused)}).",
        )
    return Quantities.of(
        table,
        values=values,
        proteins=proteins,
        format="wide",
        why=f"proteins x samples: {orientation.why}",
        notes=notes,
        unlisted=tuple(unlisted),
        # DIA-NN's pg_matrix holds MaxLFQ quantities, computed across runs.
        across_runs={"Protein.Group", "Protein.Ids"} <= set(table.names),
    )


def _protein_columns(
    table: Table, columns: list[str], in_sheet: frozenset[str], known: frozenset[str]
) -> list[str]:
    """Choose the columns that hold proteins, in a table that may describe samples too."""
    shaped = frozenset(column for column in columns if looks_like_protein(column))
    # Where nine in ten columns carry accessions, a plain word is a clinical value.
    by_shape = len(shaped) >= 0.9 * len(columns)

    def is_protein(column: str) -> bool:
        if column in known or column in shaped:
            return True
        about = (
            by_shape
            or column in in_sheet
            or column in ROLES  # egfr is a filtration rate, EGFR a receptor
            or plain(column) in ABOUT_SAMPLES
        )
        return not about and table.holds_number(column)

    return [column for column in columns if is_protein(column)]


def _is_about_proteins(table: Table, column: str) -> bool:
    return plain(column) in ABOUT_PROTEINS or not table.holds_number(column)


def _described(
    table: Table, ids: pd.Index, columns: list[str]
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Fill accessions, gene and name from the columns that carry them."""
    proteins = _spelt_accessions(ids)
    used = set()
    for target, names in _TOLD_BY:
        source = next((c for c in columns if plain(c) in names and c in table.textual), None)
        if source is None:
            continue
        used.add(source)
        told = pd.Series(table.text(source), index=ids, dtype=object)
        if target == "accessions":
            # A group's own id keeps the leading accession first; DIA-NN's list does not.
            told = told.map(lambda group: ";".join(members(group)))
            told = proteins[target].where(proteins[target] != "", told)
        proteins[target] = told
    return proteins, frozenset(used)


def _spelt_accessions(ids: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({"accessions": [accessions_in(str(name)) for name in ids]}, index=ids)
