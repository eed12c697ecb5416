"""Spectronaut's pivot report: a line for each protein group, a column for each run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.contaminants import is_contaminant
from proteoclass.matrix.formats.quantities import Quantities, row_ids
from proteoclass.matrix.formats.spectronaut_columns import (
    GROUPS,
    LARGEST_Q_VALUE,
    NORMALISED,
    QUANTITIES,
    chosen_quantity,
    described,
    named,
    others,
    pivoted,
    told_scale,
)
from proteoclass.matrix.formats.unwanted_rows import without_unwanted
from proteoclass.matrix.tables.table import Table
from proteoclass.matrix.wording import counted

_FINER = ("PEP.", "EG.", "FG.", "F.")


@dataclass(frozen=True)
class _Choice:
    name: str
    columns: dict[str, str]


def read_pivot(table: Table, quantity: str = "auto") -> Quantities:
    """Read a pivot report of protein groups.

    Parameters
    ----------
    table : Table
    quantity : str
        As for `read`.

    Returns
    -------
    Quantities
        Samples are named as the report names runs, without the number in brackets.

    Raises
    ------
    InputError
        If the table is a pivot of peptides or precursors, the quantity is not there, a
        cell is text, a group is empty or repeats, or nothing is left.

    Notes
    -----
    Groups with a PG.Qvalue above 0.01, the vendor's cut-off over the experiment, are left
    out and counted, contaminants too where their ids say so (`is_contaminant`).
    Normalisation across runs is part of the vendor's default settings:
    https://help2.biognosys.com/portal/en/kb/articles/how-is-my-data-normalized-in-spectronaut

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"PG.ProteinGroups": ["P02768"], "[1] a.raw.PG.Quantity": ["1500,5"]}
    ... )
    >>> read_pivot(Table("a.tsv", "a.tsv", "", frame, np.array([2]))).values
           P02768
    a.raw  1500.5
    """
    group = _group_column(table)
    choice = _choose(table, quantity)
    kept, notes = _filtered(table, group)
    ids = [
        ";".join(part.strip() for part in name.split(";"))
        for name in row_ids(kept, group, "protein")
    ]
    kept, leading = _leading_values(kept, choice)
    values, commas = kept.numbers(choice.columns)
    values = values.set_axis(list(choice.columns.values()), axis=1).T
    values.columns = pd.Index(ids)
    scale, doubts = told_scale(values, choice.name, table.where)
    return Quantities.of(
        table,
        values=values,
        proteins=_described(kept, values.columns),
        format="spectronaut",
        why=f"Spectronaut pivot: column {group!r} and {len(choice.columns)} columns "
        f"of {QUANTITIES[choice.name]}{others(choice.name, list(pivoted(table.names)))}",
        notes=(*notes, *leading, *commas, *doubts, NORMALISED),
        across_runs=True,
        scale=scale,
    )


def _group_column(table: Table) -> str:
    group = named(table.names, GROUPS)
    if group is None:
        raise InputError(
            f"{table.where}: no column {' or '.join(GROUPS)}; found {name_list(table.names)}; "
            "export a Spectronaut report with it"
        )
    finer = [name for name in table.names if name.startswith(_FINER) and ".PG." not in name]
    if finer:
        raise InputError(
            f"{table.where}: a pivot of peptides or precursors (column {finer[0]!r}), expected one "
            "of protein groups; export a pivot with PG columns only"
        )
    return group


def _choose(table: Table, quantity: str) -> _Choice:
    present = pivoted(table.names)
    key = chosen_quantity(quantity, list(present), table.where)
    return _Choice(key, present[key])


def _filtered(table: Table, group: str) -> tuple[Table, tuple[str, ...]]:
    contaminant = np.array([is_contaminant(name) for name in table.text(group)])
    doubtful = np.zeros(len(contaminant), dtype=bool)
    if "PG.Qvalue" in table.names:
        q_values, _ = table.numbers(["PG.Qvalue"])
        doubtful = ~contaminant & (q_values["PG.Qvalue"].to_numpy() > LARGEST_Q_VALUE)
    unwanted = {
        "contaminants": contaminant,
        f"with PG.Qvalue above {LARGEST_Q_VALUE:g}": doubtful,
    }
    return without_unwanted(table, unwanted)


def _leading_values(table: Table, choice: _Choice) -> tuple[Table, tuple[str, ...]]:
    """Take the first of several iBAQ values: the report has one for each protein of a group."""
    if choice.name != "ibaq":
        return table, ()
    frame = table.frame.copy()
    several = 0
    for column in set(choice.columns) & table.textual:
        cells = pd.Series(table.text(column))
        several += int(cells.str.contains(";").sum())
        frame[column] = cells.str.split(";").str[0]
    if not several:
        return table, ()
    return replace(table, frame=frame), (
        f"Took the leading protein's value: {counted(several, 'cell')} with an iBAQ value for each "
        "protein of the group.",
    )


def _described(table: Table, ids: pd.Index) -> pd.DataFrame:
    accessions = named(table.names, ("PG.UniProtIds", "PG.ProteinAccessions"))
    return described(
        ids,
        table.told(accessions),
        table.told("PG.Genes"),
        table.told("PG.ProteinDescriptions"),
    )
