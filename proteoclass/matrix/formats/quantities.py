"""What a reader of one format hands over: quantities and what the proteins are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.headers import PROTEIN_HEADERS, SAMPLE_HEADERS
from proteoclass.matrix.protein_matrix import Fluid, Kind, Scale
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table, read_table


@dataclass(frozen=True, eq=False)
class Request:
    """What a reader of one format is given.

    Parameters
    ----------
    preview : Preview
        The start of the file.
    samples : DataFrame, optional
        The sample sheet, indexed by sample id.
    known_proteins : sequence of str
        Ids of a model, a panel or a table of proteins.
    quantity : str
        Which of a file's quantities to read; "auto" leaves it to the reader.
    sheet : str, optional
        Sheet of a workbook.
    text_columns : sequence of str
        More columns that are kept as written.
    reruns : {"list", "refuse", "mean", "last", "keep"}
        Rule for samples that were run more than once; by the last three of them a name
        may stand in `values` more than once.

    Raises
    ------
    InputError
        If a sheet is asked for and the file is no workbook.
    """

    preview: Preview
    samples: pd.DataFrame | None = None
    known_proteins: Sequence[str] = ()
    quantity: str = "auto"
    sheet: str | None = None
    text_columns: Sequence[str] = ()
    reruns: str = "list"

    def __post_init__(self) -> None:
        if self.sheet is not None and self.preview.container != "workbook":
            raise InputError(
                f"{self.path}: is not a workbook and has no sheet {self.sheet!r}; drop --sheet"
            )

    @property
    def path(self) -> str:
        """File name as given."""
        return self.preview.path

    def table(self, *, required: Callable[[list[str]], int] = len, **options: Any) -> Table:
        """Read the whole file as one table, as `read_table` does."""
        kept = [*SAMPLE_HEADERS, *PROTEIN_HEADERS, *self.text_columns]
        return read_table(
            self.path, sheet=self.sheet, text_columns=kept, required=required, **options
        )

    def refuse_quantity(self, what: str) -> None:
        """Refuse ``--quantity`` where a file has no choice of quantities.

        Raises
        ------
        InputError
        """
        if self.quantity != "auto":
            raise InputError(
                f"{self.path}: --quantity {self.quantity!r} picks among the quantities of a "
                f"search engine's table, and this is {what}; drop the option"
            )


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
    where : str
        File, and sheet of a workbook, for messages.
    sha256 : str
        Hash of the file's bytes, "" where it is still to be computed.
    scale : {"raw", "log2"}, optional
        Where the format itself fixes it; else the numbers decide.
    kind : {"intensity", "ratio", "npx"}, optional
        Where the format itself fixes it.
    fluid : str, optional
        Where the file itself says what was measured.
    samples : DataFrame, optional
        What the file itself says of its samples (plate, plex, QC warning), by sample id;
        the sample sheet goes before it.
    """

    values: pd.DataFrame
    proteins: pd.DataFrame
    format: str
    why: str
    notes: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    across_runs: bool = False
    where: str = ""
    sha256: str = ""
    scale: Scale | None = None
    kind: Kind | None = None
    fluid: Fluid | None = None
    samples: pd.DataFrame | None = None

    @classmethod
    def of(cls, table: Table, **fields: Any) -> Quantities:
        """Return quantities read from a table, with its place, hash and notes."""
        notes = (*table.notes, *fields.pop("notes", ()))
        return cls(where=table.where, sha256=table.sha256, notes=notes, **fields)

    def describe(self, proteins: pd.DataFrame, notes: tuple[str, ...]) -> Quantities:
        """Return the same quantities with more said about their proteins."""
        return replace(self, proteins=proteins, notes=(*self.notes, *notes))


def row_ids(table: Table, column: str, what: str, *, repeats: bool = False) -> list[str]:
    """Return the ids in a column, refusing empty and repeated ones with their rows.

    Parameters
    ----------
    table : Table
    column : str
    what : str
        What the ids are of, for messages.
    repeats : bool
        Whether an id may repeat, as where a rule decides on reruns.

    Returns
    -------
    list of str

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
    if all(ids) and len(set(ids)) == len(ids):
        return ids
    places: dict[str, list[int]] = {}
    for row, name in zip(table.rows, ids, strict=True):
        places.setdefault(name, []).append(int(row))
    if "" in places:
        raise InputError(
            f"{table.where}: column {column!r} has no {what} id in rows {name_list(places[''])}; "
            "name them or remove the rows"
        )
    repeated = [f"{name!r} (rows {name_list(at)})" for name, at in places.items() if len(at) > 1]
    if repeated and not repeats:
        rules = ", or choose with --reruns mean|last|keep" if what == "sample" else ""
        raise InputError(
            f"{table.where}: {len(repeated)} duplicate {what} ids, expected each once: "
            f"{name_list(repeated)}; rename or remove the repeats{rules}"
        )
    return ids
