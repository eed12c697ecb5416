"""A long table scored some samples at a time, to the same bytes as at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from proteoclass.matrix.long_table import LongTable
from proteoclass.scorer.platforms import with_platform

if TYPE_CHECKING:
    from proteoclass.scorer.model import SeverityModel


def proteins_needed(model: SeverityModel, table: LongTable) -> list[str]:
    """Return the proteins of a table that a model reads: panel and reference.

    Parameters
    ----------
    model : SeverityModel
    table : LongTable

    Returns
    -------
    list of str
        Ids of the table; empty where it has none of the panel.

    Raises
    ------
    PanelMismatchError
        If a match is ambiguous.
    """
    matched = model.match(table.head)["matched_id"]
    if not any(matched[protein.id] for protein in model.content.panel):
        return []
    return [str(name) for name in dict.fromkeys(matched) if name]


def score_in_chunks(
    model: SeverityModel, table: LongTable, platform: str = "", prevalence: float | None = None
) -> Iterator[pd.DataFrame]:
    """Score a long table some samples at a time.

    Parameters
    ----------
    model : SeverityModel
    table : LongTable
    platform : str
        What it was measured on, "" = not said.
    prevalence : float, optional
        As for `SeverityModel.score`.

    Yields
    ------
    DataFrame, shape (n_rows, 13)
        Columns of `scores.tsv`, the next samples.

    Raises
    ------
    InputError, ModelRefusedError, PanelMismatchError
        As `SeverityModel.score` and `LongTable.blocks`.
    """
    for block in table.blocks(proteins_needed(model, table)):
        yield model.score(with_platform(block, platform), prevalence=prevalence)
