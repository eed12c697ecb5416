"""What a reader of one format hands over: quantities and what the proteins are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.tables import Table


@dataclass(frozen=True, eq=False)
class Quantities:
    """Numbers of samples x proteins with what decided for the reader.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
    proteins : DataFrame, shape (n_proteins, >= 0)
        Indexed by protein id; any of `accessions`, `gene`, `name`.
    format : str
        Name of the reader.
    why : str
        What in the content decided for it.
    notes : tuple of str
        One sentence for each thing dropped or assumed.
    unlisted : tuple of str
        Samples that the reader left out since the sample sheet lacks them.
    across_runs : bool
        Whether the search computed the numbers across runs (MaxLFQ).
    """

    values: pd.DataFrame
    proteins: pd.DataFrame
    format: str
    why: str
    notes: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    across_runs: bool = False

    def describe(self, proteins: pd.DataFrame, notes: tuple[str, ...]) -> Quantities:
        """Return the same quantities with more said about their proteins."""
        return replace(self, proteins=proteins, notes=(*self.notes, *notes))


def row_ids(table: Table, column: str, what: str) -> list[str]:
    """Return the ids in a column, refusing empty and repeated ones with their rows.

    Raises
    ------
    InputError

    Examples
    --------
    >>> import numpy as np
    >>> frame = pd.DataFrame({"id": ["P1"], "s1": [1.0]})
    >>> row_ids(Table("a.tsv", "a.tsv", "", frame, np.array([2])), "id", "protein")
    ['P1']
    """
    ids = table.text(column)
    places: dict[str, list[int]] = {}
    for row, name in zip(table.rows, ids, strict=True):
        places.setdefault(name, []).append(int(row))
    if "" in places:
        raise InputError(
            f"{table.where}: column {column!r} has no {what} id in rows {name_list(places[''])}; "
            "name them or remove the rows"
        )
    repeats = [f"{name!r} (rows {name_list(at)})" for name, at in places.items() if len(at) > 1]
    if repeats:
        raise InputError(
            f"{table.where}: {len(repeats)} duplicate {what} ids, expected each once: "
            f"{name_list(repeats)}; rename or remove the repeats"
        )
    return ids
