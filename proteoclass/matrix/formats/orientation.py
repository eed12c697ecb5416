"""Which way round a wide table lies: samples in rows or in columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import is_accession, is_olink_id, members
from proteoclass.matrix.headers import PROTEIN_HEADERS, SAMPLE_HEADERS, plain
from proteoclass.matrix.samples.runs import KnownNames
from proteoclass.matrix.samples.sample_rows import lookalikes
from proteoclass.matrix.tables.table import Table

#: So many columns of accessions are a table of proteins, even where no column names samples.
_SURELY_PROTEINS = 10


@dataclass(frozen=True)
class Orientation:
    """Which way round a table lies.

    Parameters
    ----------
    samples_in : {"rows", "columns"}
    id_column : str or None
        Column with the sample ids (samples in rows) or the protein ids; None where a table
        of protein columns has no ids of its samples, which are then called by their rows.
    why : str
        What decided, as a clause.
    """

    samples_in: Literal["rows", "columns"]
    id_column: str | None
    why: str


def find_orientation(
    table: Table, sample_ids: Collection[str] | None, known_proteins: Collection[str] | None
) -> Orientation:
    """Find which way round a wide table lies, and which column holds the ids.

    The sample sheet decides, then a model's protein ids, then the header's first cell,
    then the shape of the ids.

    Parameters
    ----------
    table : Table
    sample_ids : collection of str, optional
        Ids of the sample sheet.
    known_proteins : collection of str, optional
        Ids of a model or panel.

    Returns
    -------
    Orientation

    Raises
    ------
    InputError
        If nothing decides, or two witnesses contradict each other.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"protein": ["P1"], "s1": [1.0]})
    >>> find_orientation(Table("a.tsv", "a.tsv", "", frame, np.array([2])), ["s1"], None).samples_in
    'columns'
    """
    by_sheet = None if sample_ids is None else _by_samples(table, sample_ids)
    decided = by_sheet is not None
    by_model = None if not known_proteins else _by_proteins(table, known_proteins, decided=decided)
    if by_sheet is not None:
        if by_model is not None and by_model.samples_in != by_sheet.samples_in:
            raise InputError(
                f"{table.where}: {by_sheet.why}, but {by_model.why}; "
                "the sample sheet belongs to another table"
            )
        return by_sheet
    return by_model or _by_header(table) or _by_shape(table) or _undecided(table)


def row_names(table: Table) -> list[str]:
    """Return names of the rows by their numbers in the file.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> row_names(Table("a.tsv", "a.tsv", "", pd.DataFrame({"P1": [1.0]}), np.array([2])))
    ['row 2']
    """
    return [f"row {number}" for number in table.rows]


def id_candidates(table: Table) -> list[str]:
    """Return the columns that may hold ids: those with usual names, the first, other text.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"plate": ["a"], "sample_id": ["s1"], "P1": [1.0]})
    >>> id_candidates(Table("a.tsv", "a.tsv", "", frame, np.array([2])))
    ['sample_id', 'plate']
    """
    named = [c for c in table.names if plain(c) in SAMPLE_HEADERS | PROTEIN_HEADERS]
    # Ids stand near the left edge; a table of decimal commas is text from end to end.
    textual = [c for c in table.names if c in table.textual][:20]
    return list(dict.fromkeys([*named, table.names[0], *textual]))


def looks_like_protein(name: str) -> bool:
    """Say whether a name holds a UniProt accession or is an Olink assay number.

    Examples
    --------
    >>> looks_like_protein("Q9HB71;Q9HB71-3"), looks_like_protein("age")
    (True, False)
    """
    return any(is_accession(part) or is_olink_id(part) for part in members(name))


def _by_samples(table: Table, sample_ids: Collection[str]) -> Orientation:
    wanted: Collection[str] = set(sample_ids)
    across, best, down = _hits(table, wanted)
    if not across and not down:
        # A table that names its samples by files may still hold them.
        across, best, down = _hits(table, wanted := KnownNames(sample_ids))
    if across and down:
        raise InputError(
            f"{table.where}: sample ids of the sheet stand both in the header ({across}) and in "
            f"column {best!r} ({down}); the table's orientation is ambiguous: rename one side"
        )
    if down:
        return Orientation("rows", best, f"{down} sample ids of the sheet stand in column {best!r}")
    if across:
        return Orientation(
            "columns",
            _protein_column(table, KnownNames(sample_ids)),
            f"{across} sample ids of the sheet stand in the header",
        )
    by_row = sum(name in wanted for name in row_names(table))
    if by_row and _lacks_ids(table):
        return Orientation("rows", None, f"{by_row} rows of the table are named in the sheet")
    first = table.names[0]
    bare = {plain(name) for name in wanted}
    alike = any(plain(name) in bare for name in [*table.names, *table.text(first)])
    damaged = lookalikes([*table.names, *table.text(first)], list(wanted))
    remedy = "they differ in case and punctuation only: " if alike else ""
    if damaged:
        remedy = f"a spreadsheet may have changed one of the two ({name_list(damaged)}): "
    raise InputError(
        f"{table.where}: no sample id of the sheet is in the table; the sheet has "
        f"{name_list(sorted(wanted))}; the table's header has {name_list(table.names[1:])} and its "
        f"column {first!r} has {name_list(table.text(first))}; {remedy}use the same ids in both"
    )


def _hits(table: Table, wanted: Collection[str]) -> tuple[int, str, int]:
    across = sum(name in wanted for name in table.names)
    return across, *_best_column(table, lambda cells: sum(cell in wanted for cell in cells))


def _by_proteins(table: Table, known: Collection[str], *, decided: bool) -> Orientation | None:
    wanted = set(known)
    parts = {part for name in wanted for part in members(name)}

    def hits(cells: Iterable[str]) -> int:
        return sum(cell in wanted or any(p in parts for p in members(cell)) for cell in cells)

    across = hits(table.names)
    best, down = _best_column(table, hits)
    if across and down:
        if decided:  # by the sheet: a sample may be called as a protein is
            return None
        raise InputError(
            f"{table.where}: known proteins stand both in the header ({across}) and in "
            f"column {best!r} ({down}); the table's orientation is ambiguous: pass --samples"
        )
    if down:
        return Orientation("columns", best, f"{down} known proteins stand in column {best!r}")
    if across:
        column = _sample_column(table)
        return Orientation("rows", column, f"{across} known proteins stand in the header")
    return None


def _by_header(table: Table) -> Orientation | None:
    for column in table.names:
        if plain(column) in SAMPLE_HEADERS:
            return Orientation("rows", column, f"column {column!r} names the samples")
    first = table.names[0]
    if plain(first) in PROTEIN_HEADERS:
        column = _protein_column(table, ())
        return Orientation("columns", column, f"the first column, {first!r}, names proteins")
    return None


def _by_shape(table: Table) -> Orientation | None:
    """Look for UniProt accessions or Olink numbers in the header and in the first column."""
    first = table.names[0]
    across, down = _share(table.names[1:]), _share(table.text(first))
    if across >= 0.5 and down < 0.1:
        return Orientation(
            "rows", _sample_column(table), f"{across:.0%} of the header are protein accessions"
        )
    if down >= 0.5 and across < 0.1:
        return Orientation(
            "columns", first, f"{down:.0%} of the first column are protein accessions"
        )
    return None


def _undecided(table: Table) -> Orientation:
    raise InputError(
        f"{table.where}: cannot tell whether samples are rows or columns (the header starts with "
        f"{name_list(repr(name) for name in table.names[:3])}); pass --samples, or name the first "
        "column sample_id or protein_id"
    )


def _best_column(table: Table, count: Callable[[Iterable[str]], int]) -> tuple[str, int]:
    counts = {column: count(table.text(column)) for column in id_candidates(table)}
    best = max(counts, key=lambda column: counts[column])
    return best, counts[best]


def _lacks_ids(table: Table) -> bool:
    """Say whether a table is one of protein columns from the first on, none naming samples."""
    named = any(plain(column) in SAMPLE_HEADERS for column in table.names)
    shaped = sum(map(looks_like_protein, table.names))
    surely = shaped >= max(_SURELY_PROTEINS, 0.5 * len(table.names))
    return surely and not named and looks_like_protein(table.names[0])


def _sample_column(table: Table) -> str | None:
    named = [c for c in table.names if plain(c) in SAMPLE_HEADERS]
    first = table.names[0]
    if _lacks_ids(table):
        return None
    if not named and _share([first]):
        raise InputError(
            f"{table.where}: no column of sample ids: the first column, {first!r}, is named as a "
            "protein; add a column sample_id"
        )
    return named[0] if named else first


def _protein_column(table: Table, sample_ids: Collection[str]) -> str:
    """Choose the column that names the proteins, among those that are not samples."""
    others = [c for c in table.names if c not in sample_ids]
    if not others:
        raise InputError(f"{table.where}: every column is a sample; add a column of protein ids")
    # A first column of plain counts is a row number, as R and pandas write it.
    first = [] if all(name.isdigit() for name in table.text(others[0])) else others[:1]
    pool = [*first, *(c for c in others if plain(c) in PROTEIN_HEADERS), *others[:1]]
    unique = (c for c in pool if len(set(table.text(c))) == len(table.rows))
    return next(unique, pool[0])


def _share(names: Iterable[str]) -> float:
    shaped = [looks_like_protein(name) for name in names]
    return sum(shaped) / len(shaped) if shaped else 0.0
