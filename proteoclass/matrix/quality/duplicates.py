"""Samples of different patients that are one and the same measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.wording import counted
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]

#: Correlation from which two samples are one. Between patients of five public cohorts of
#: 63 to 1,310 proteins it is 0.95 at most, between two samples of one patient 0.985.
CORRELATED: Final = 0.99
#: On fewer proteins than this a correlation of 0.99 may be chance.
FEWEST_SHARED: Final = 20


@dataclass(frozen=True)
class Duplicate:
    """Two samples under different patients with the same values.

    Parameters
    ----------
    first, second : str
        Sample ids, in their order.
    correlation : float
        Over the proteins detected in both.
    n_shared : int
        How many those are.
    """

    first: str
    second: str
    correlation: float
    n_shared: int


def find_duplicates(values: pd.DataFrame, patients: npt.ArrayLike) -> list[Duplicate]:
    """Find samples of different patients whose values are identical or nearly so.

    A patient who is in the sheet under two names is on both sides of a split, and no
    grouping by patient can prevent it.

    Parameters
    ----------
    values : DataFrame, shape (n_samples, n_proteins)
        log2; NaN = not detected.
    patients : array of str, shape (n_samples,)

    Returns
    -------
    list of Duplicate
        Ordered by sample ids.

    Notes
    -----
    Pearson correlation, pair by pair over what both detected, of the values less each
    protein's median: without that, any two samples of one fluid correlate by 0.9. It does
    not change with a sample's dilution or load.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = pd.DataFrame(rng.normal(20, 1, (4, 30)), index=list("abcd"))
    >>> values.loc["d"] = values.loc["a"] + 2.0
    >>> [(pair.first, pair.second) for pair in find_duplicates(values, [1, 2, 3, 4])]
    [('a', 'd')]
    """
    ordered = values.iloc[np.argsort(values.index.to_numpy(dtype=str), kind="stable")]
    owner = pd.Series(np.asarray(patients).astype(str), index=values.index).loc[ordered.index]
    numbers = ordered.to_numpy(dtype=float)
    centred = numbers - nan_quantile(numbers, 0.5)
    # Dilution takes no part in it, and a huge one would cost the digits.
    centred = centred - nan_quantile(centred, 0.5, axis=1)[:, None]
    correlation, shared = _correlations(centred)
    different = owner.to_numpy()[:, None] != owner.to_numpy()[None, :]
    same = different & (shared >= FEWEST_SHARED) & (correlation >= CORRELATED)
    names = ordered.index.astype(str)
    return [
        Duplicate(names[i], names[j], float(correlation[i, j]), int(shared[i, j]))
        for i, j in np.argwhere(np.triu(same, 1))
    ]


def duplicates_warning(
    n_pairs: int, consequence: str, where: str = "`duplicates` in evaluation.json"
) -> str:
    """Return one sentence on duplicates that names no sample, or nothing.

    Parameters
    ----------
    n_pairs : int
    consequence : str
        What becomes of one patient under two names, after "One patient under two names".
    where : str
        That names them.

    Returns
    -------
    str

    Examples
    --------
    >>> duplicates_warning(1, "counts twice")[:60]
    '1 pair of samples of different patients has the same values,'
    """
    if not n_pairs:
        return ""
    # A locked model carries the warnings of its evaluation, and names no sample.
    return (
        f"{counted(n_pairs, 'pair')} of samples of different patients "
        f"{'has' if n_pairs == 1 else 'have'} the same values, named under {where}. One patient "
        f"under two names {consequence}: give both the same patient id."
    )


def name_duplicates(pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one sentence that names duplicates, for those who hold the samples, or none.

    Parameters
    ----------
    pairs : sequence of dict
        `first` and `second` of each, as `duplicates` of `evaluation.json` has them.

    Returns
    -------
    list of str

    Examples
    --------
    >>> name_duplicates([{"first": "a", "second": "d"}])
    ['The same values under different patients: a = d.']
    """
    if not pairs:
        return []
    named = name_list(f"{pair['first']} = {pair['second']}" for pair in pairs)
    return [f"The same values under different patients: {named}."]


def _correlations(centred: Floats) -> tuple[Floats, Floats]:
    """Correlate all pairs of rows over the columns that both have; count these."""
    seen = ~np.isnan(centred)
    filled, found = np.where(seen, centred, 0.0), seen.astype(float)
    shared = found @ found.T
    count = np.maximum(shared, 1.0)
    sums, squares = filled @ found.T, (filled**2) @ found.T
    covariance = filled @ filled.T - sums * sums.T / count
    variance = np.maximum(squares - sums**2 / count, 0.0)
    scale = np.sqrt(variance * variance.T)
    # Rows without spread have no correlation; rounding must not make one of them.
    spread = scale > 1e-12 * np.maximum(np.sqrt(squares * squares.T), 1.0)
    return np.where(spread, covariance / np.where(spread, scale, 1.0), 0.0), shared
