"""The steps that need the sample sheet, before anything is learnt."""

from __future__ import annotations

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.ratio import has_pool, pool_ratio


def prepare(matrix: ProteinMatrix) -> ProteinMatrix:
    """Return the matrix on the log2 scale, as ratios to the pool where plexes have one.

    Each sample needs itself and the pool channel of its own plex, nothing else.

    Parameters
    ----------
    matrix : ProteinMatrix

    Returns
    -------
    ProteinMatrix
        With `scale="log2"`; pool channels are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> raw = ProteinMatrix.build(pd.DataFrame([[8.0]], ["s"], ["p"]), scale="raw")
    >>> float(prepare(raw).values.iloc[0, 0])
    3.0
    """
    if matrix.kind == "intensity" and has_pool(matrix):
        return pool_ratio(matrix)
    return matrix.on_log2()
