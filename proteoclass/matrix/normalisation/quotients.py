"""Whether the quotients that set a sample's normalisation come in two groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

#: Quotients looked at per sample, at most and at least.
_MOST = 500
_FEWEST = 20
#: Dip times the square root of n that one uniform sample of 500 in a hundred exceeds, and of
#: fewer values fewer still (4,000 simulated samples for each n from 20 to 500).
DIP_LIMIT = 0.61


def bimodal_quotients(
    values: pd.DataFrame, exclude: tuple[str, ...] = (), min_detected: float = 0.8
) -> pd.DataFrame:
    """Say of each sample whether its quotients against the median profile are bimodal.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values before normalisation; NaN = not detected.
    exclude : tuple of str
        Proteins to leave out, as for `Normaliser`.
    min_detected : float
        Share of samples in which a protein must be detected, 0 to 1.

    Returns
    -------
    DataFrame, shape (n_samples, 3)
        Same index. `dip`: Hartigan's dip of the log2 quotients; NaN with fewer than 20.
        `n`: how many there were. `bimodal`: dip times the square root of n is above
        `DIP_LIMIT`.

    Notes
    -----
    A normalisation by quotients takes their median for the dilution. With two groups of
    proteins that moved apart (a leak of plasma proteins, two kinds of specimen), the
    median falls into one of them or between, and the samples differ by more than dilution.
    The dip test: Hartigan & Hartigan 1985, Ann Statist 13:70, doi 10.1214/aos/1176346577;
    its null is the uniform law, the unimodal one that dips most, so that real quotients
    are called bimodal less often than one sample in a hundred by chance. Unlike the
    bimodality coefficient it is not set off by a single outlier. Where there are more than
    500 proteins, 500 that are spread evenly over the range of intensity are used.

    Examples
    --------
    >>> plain = pd.DataFrame(np.linspace(10, 20, 40) + np.array([[0.0], [1.0], [2.0]]))
    >>> bimodal_quotients(plain)["bimodal"].tolist()
    [False, False, False]
    """
    numbers = values.to_numpy(dtype=float)
    common = (~np.isnan(numbers)).mean(axis=0) >= min_detected
    common &= ~values.columns.isin(list(exclude))
    numbers = numbers[:, common]
    profile = nan_quantile(numbers, 0.5)
    order = np.argsort(profile, kind="stable")
    if len(order) > _MOST:
        order = order[np.linspace(0, len(order) - 1, _MOST).astype(np.intp)]
    quotients = numbers[:, order] - profile[order]
    found = [row[~np.isnan(row)] for row in quotients]
    dips = np.array([dip(row) if len(row) >= _FEWEST else np.nan for row in found])
    counts = np.array([len(row) for row in found])
    return pd.DataFrame(
        {"dip": dips, "n": counts, "bimodal": dips * np.sqrt(counts) > DIP_LIMIT},
        index=values.index,
    )


def quotient_warnings(values: pd.DataFrame, exclude: tuple[str, ...] = ()) -> list[str]:
    """Return a sentence that names the samples with bimodal quotients, if there are any.

    Parameters
    ----------
    values, exclude
        As for `bimodal_quotients`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> plain = pd.DataFrame(np.linspace(10, 20, 40) + np.array([[0.0], [1.0], [2.0]]))
    >>> quotient_warnings(plain)
    []
    """
    quotients = bimodal_quotients(values, exclude)
    split = quotients.index[quotients["bimodal"]]
    if not len(split):
        return []
    return [
        f"Quotients in two groups, which is more than dilution: {len(split)} of {len(values)} "
        f"samples ({name_list(split)})."
    ]


def dip(sample: Floats) -> float:
    """Return Hartigan's dip: how far the sample is from the nearest unimodal law.

    Parameters
    ----------
    sample : array of float, shape (n,)
        Without NaN.

    Returns
    -------
    float
        Largest difference between the empirical distribution function and the unimodal
        one that makes it smallest; from 1 / (2 n) to 1 / 4.

    Notes
    -----
    Hartigan & Hartigan 1985, doi 10.1214/aos/1176346577. The nearest unimodal function is
    convex up to the mode and concave beyond: the greatest convex minorant and the least
    concave majorant of the empirical function between two ends, which draw in as long as
    the two curves are further apart than the dip found so far.

    Examples
    --------
    >>> dip(np.array([0.0, 0.1, 0.2, 5.0, 5.1, 5.2]))
    0.24
    """
    x, times = np.unique(np.asarray(sample, dtype=float), return_counts=True)
    # In steps of 1 / n: the empirical function before and after its jump at each point.
    after = np.cumsum(times).astype(np.float64)
    before = after - times.astype(np.float64)
    low, high, largest = 0, len(x) - 1, 1.0
    while low < high:
        minorant = _hull(x, before, low, high, convex=True)
        majorant = _hull(x, after, low, high, convex=False)
        gap, new_low, new_high = _widest(x, before, after, minorant, majorant)
        if gap <= largest:
            break
        below, above = minorant[minorant <= new_low], majorant[majorant >= new_high]
        left, right = slice(low, new_low + 1), slice(new_high, high + 1)
        rise = after[left] - np.interp(x[left], x[below], before[below])
        fall = np.interp(x[right], x[above], after[above]) - before[right]
        # The jump at the mode itself is free: a unimodal law may have an atom there.
        largest = max(largest, *rise[:-1], *fall[1:])
        if (new_low, new_high) == (low, high):
            break
        low, high = new_low, new_high
    return float(largest / (2 * after[-1]))


def _hull(x: Floats, height: Floats, low: int, high: int, *, convex: bool) -> Indices:
    """Return the positions that the convex minorant or concave majorant touches."""
    sign = 1.0 if convex else -1.0
    kept: list[int] = []
    for point in range(low, high + 1):
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            # Keep b only if the slope turns the right way there.
            turn = (x[b] - x[a]) * (height[point] - height[b])
            turn -= (x[point] - x[b]) * (height[b] - height[a])
            if sign * turn > 0:
                break
            kept.pop()
        kept.append(point)
    return np.array(kept, dtype=np.intp)


def _widest(
    x: Floats, before: Floats, after: Floats, minorant: Indices, majorant: Indices
) -> tuple[float, int, int]:
    """Return how far majorant and minorant part at most, and the ends of the next round."""
    at_minorant = np.interp(x[minorant], x[majorant], after[majorant]) - before[minorant]
    at_majorant = after[majorant] - np.interp(x[majorant], x[minorant], before[minorant])
    a, b = int(np.argmax(at_minorant)), int(np.argmax(at_majorant))
    if at_minorant[a] > at_majorant[b]:
        low = int(minorant[a])
        return float(at_minorant[a]), low, int(majorant[np.searchsorted(majorant, low)])
    high = int(majorant[b])
    low = int(minorant[np.searchsorted(minorant, high, side="right") - 1])
    return float(at_majorant[b]), low, high
