"""Samples of a matrix as a model reads them: its own proteins, log2, some rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.protein_matrix import ProteinMatrix

Floats = npt.NDArray[np.float64]

#: Samples scored at a time: few enough for a processor's cache, enough to make tables cheap.
ROWS_AT_A_TIME = 16_384


@dataclass(frozen=True, eq=False)
class PlacedSamples:
    """Where in a matrix the proteins of a model stand.

    Parameters
    ----------
    matrix : ProteinMatrix
        Prepared, but for the logarithm, which is taken where it is needed: of a whole
        matrix it would cost as much memory again.
    panel, reference : array of int
        Columns of the matrix, in the model's order; -1 = not measured.

    Examples
    --------
    >>> raw = ProteinMatrix.build(pd.DataFrame({"P1": [8.0], "P2": [4.0]}, ["s1"]), scale="raw")
    >>> placed = PlacedSamples.of(raw, ["P2", ""], [])
    >>> placed.log2(placed.panel, slice(0, 1)).tolist()
    [[2.0, nan]]
    """

    matrix: ProteinMatrix
    panel: npt.NDArray[np.intp]
    reference: npt.NDArray[np.intp]

    @classmethod
    def of(
        cls, matrix: ProteinMatrix, panel: Sequence[str], reference: Sequence[str]
    ) -> PlacedSamples:
        """Return the places of proteins by their ids in the matrix, "" where it has none."""
        columns = matrix.values.columns
        return cls(
            matrix, *(columns.get_indexer(pd.Index(n, dtype=object)) for n in (panel, reference))
        )

    @property
    def everything(self) -> slice:
        """All rows."""
        return slice(0, self.matrix.n_samples)

    def log2(self, places: npt.NDArray[np.intp], rows: slice) -> Floats:
        """Return log2 values of some columns and rows.

        Parameters
        ----------
        places : array of int, shape (n,)
        rows : slice

        Returns
        -------
        array of float, shape (n_rows, n)
            Row-contiguous; NaN = not detected, or not measured.
        """
        some = self.matrix.values.to_numpy(dtype=float, copy=False)[rows]
        columns = np.full((len(some), len(places)), np.nan)
        found = places >= 0
        columns[:, found] = some[:, places[found]]
        return columns if self.matrix.scale == "log2" else np.asarray(np.log2(columns))


def in_blocks(table_of: Callable[[slice], pd.DataFrame], n_rows: int) -> pd.DataFrame:
    """Return one table of what is computed of a few thousand rows at a time.

    Parameters
    ----------
    table_of : callable
        Returns the table of a slice of rows; each row depends on itself alone.
    n_rows : int
        At least 1.

    Returns
    -------
    DataFrame
        Numbered from 0.

    Examples
    --------
    >>> in_blocks(lambda rows: pd.DataFrame({"x": range(rows.start, rows.stop)}), 3)["x"].tolist()
    [0, 1, 2]
    """
    parts = [
        table_of(slice(start, min(start + ROWS_AT_A_TIME, n_rows)))
        for start in range(0, n_rows, ROWS_AT_A_TIME)
    ]
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
