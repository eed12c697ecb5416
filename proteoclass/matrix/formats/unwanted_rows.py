"""Rows of a search engine's table that are no proteins of the sample: taken out and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from proteoclass.errors import InputError
from proteoclass.matrix.tables.table import Table


def without_unwanted(
    table: Table, marked: Mapping[str, npt.NDArray[np.bool_]], rows: str = "protein groups"
) -> tuple[Table, tuple[str, ...]]:
    """Leave out marked rows and say how many there were of each kind.

    Parameters
    ----------
    table : Table
    marked : mapping of str to array of bool, shape (n_rows,)
        For each kind ("contaminants") the rows of it.
    rows : str
        What a row is, in the plural.

    Returns
    -------
    table : Table
    notes : tuple of str

    Raises
    ------
    InputError
        If no row remains.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": ["P1", "P2"]})
    >>> table = Table("a.tsv", "a.tsv", "", frame, np.array([2, 3]))
    >>> without_unwanted(table, {"contaminants": np.array([True, False])})[1]
    ('Removed 1 of 2 protein groups: 1 contaminants.',)
    """
    counts = {what: int(rows_of.sum()) for what, rows_of in marked.items() if rows_of.any()}
    if not counts:
        return table, ()
    remove = np.logical_or.reduce(list(marked.values()))
    if remove.all():
        raise InputError(
            f"{table.where}: all {len(remove)} {rows} are {' or '.join(counts)}; check the export"
        )
    overlap = "; some are counted twice" if sum(counts.values()) > remove.sum() else ""
    said = ", ".join(f"{number} {what}" for what, number in counts.items())
    return kept_rows(table, ~remove), (
        f"Removed {int(remove.sum())} of {len(remove)} {rows}: {said}{overlap}.",
    )


def kept_rows(table: Table, keep: npt.NDArray[np.bool_]) -> Table:
    """Return a table of only these rows, which keep their numbers in the file.

    Examples
    --------
    >>> import pandas as pd
    >>> table = Table("a", "a", "", pd.DataFrame({"id": ["x", "y"]}), np.array([2, 3]))
    >>> kept_rows(table, np.array([False, True])).rows.tolist()
    [3]
    """
    frame = table.frame[keep].reset_index(drop=True)
    return replace(table, frame=frame, rows=table.rows[keep])
