"""Quantile normalisation of one sample to a frozen reference distribution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]


def reference_quantiles(values: Floats, profile: Floats) -> Floats:
    """Return the reference distribution, one of its quantiles held by each protein.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_reference)
        log2 values of the reference proteins in training samples; NaN = not detected.
    profile : array of float, shape (n_reference,)
        Median log2 value of each.

    Returns
    -------
    array of float, shape (n_reference,)
        The k-th smallest is the mean over samples of the k-th smallest value; the protein
        with the k-th smallest median holds it.

    Notes
    -----
    The means of order statistics are Bolstad et al. 2003, Bioinformatics 19:185, doi
    10.1093/bioinformatics/19.2.185. That a protein holds each of them is what lets a
    sample that lacks some proteins be compared with the quantiles of the others: the
    weakest are the first to be missing, and ranks over the whole distribution would take
    the weakest detected one for the weakest of all. A gap in a training sample counts as
    the protein's median plus the sample's own shift.

    Examples
    --------
    >>> reference_quantiles(np.array([[1.0, 5.0], [7.0, 3.0]]), np.array([4.0, 4.5])).tolist()
    [2.0, 6.0]
    """
    shift = nan_quantile(values - profile, 0.5, axis=1)[:, None]
    complete = np.where(np.isnan(values), profile + shift, values)
    ordered = np.sort(complete[~np.isnan(shift[:, 0])], axis=1).mean(axis=0)
    held = np.empty(len(profile))
    held[np.argsort(profile, kind="stable")] = ordered
    return held


def quantile_normalised(values: Floats, reference: Floats, held: Floats) -> Floats:
    """Map each sample so that its reference proteins take the reference distribution.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values, of any proteins; NaN = not detected.
    reference : array of float, shape (n_samples, n_reference)
        log2 values of the reference proteins in the same samples.
    held : array of float, shape (n_reference,)
        As `reference_quantiles` returns it.

    Returns
    -------
    array of float, shape (n_samples, n_proteins)
        Monotone in `values` within a sample. NaN throughout where no reference protein
        was detected.

    Notes
    -----
    A straight line between the quantiles of the reference proteins, the shift of the
    nearest one beyond them. Equal values take the reference's value at their mean rank, as
    ``normalizeQuantiles(ties=TRUE)`` of limma does (Ritchie et al. 2015, doi
    10.1093/nar/gkv007). Where every protein is a reference protein and none is missing,
    this is the classical method, except that the distribution does not move with the
    samples it is applied to; with fifty reference proteins the proteins between and beyond
    them are interpolated, which the classical method never does.

    Examples
    --------
    >>> sample = np.array([[1.0, 2.0, 9.0, np.nan]])
    >>> quantile_normalised(sample, sample[:, :2], np.array([10.0, 20.0])).tolist()
    [[10.0, 20.0, 27.0, nan]]
    """
    result = np.full(values.shape, np.nan)
    found = ~np.isnan(reference)
    for row in np.flatnonzero(found.any(axis=1)):
        knots, targets = _knots(reference[row, found[row]], held[found[row]])
        result[row] = _along(values[row], knots, targets)
    return result


def quantile_shift(reference: Floats, held: Floats) -> Floats:
    """Return the median log2 difference between samples' quantiles and the reference's.

    Parameters
    ----------
    reference : array of float, shape (n_samples, n_reference)
        log2 values of the reference proteins.
    held : array of float, shape (n_reference,)
        As `reference_quantiles` returns it.

    Returns
    -------
    array of float, shape (n_samples,)
        NaN where no reference protein was detected.

    Examples
    --------
    >>> quantile_shift(np.array([[4.0, 1.0]]), np.array([0.0, 1.0])).tolist()
    [2.0]
    """
    # Gaps sort to the end on both sides, and leave gaps.
    targets = np.where(np.isnan(reference), np.nan, held)
    return nan_quantile(np.sort(reference, axis=1) - np.sort(targets, axis=1), 0.5, axis=1)


def _knots(sample: Floats, held: Floats) -> tuple[Floats, Floats]:
    """Return distinct sample quantiles, increasing, and what each becomes."""
    targets = np.sort(held)
    knots, times = np.unique(sample, return_counts=True)
    last = np.cumsum(times) - 1
    rank = last - (times - 1) / 2
    low = np.floor(rank).astype(np.intp)
    high = np.ceil(rank).astype(np.intp)
    return knots, targets[low] + (targets[high] - targets[low]) * (rank - low)


def _along(values: Floats, knots: Floats, targets: Floats) -> Floats:
    """Interpolate, element by element: no value depends on how many stand beside it."""
    with np.errstate(over="ignore"):
        slope = np.diff(targets) / np.diff(knots)
    # Knots a rounding error apart: nothing lies between them.
    slope = np.where(np.isfinite(slope), slope, 0.0)
    slope = np.concatenate([[1.0], slope, [1.0]])
    start = np.concatenate([knots[:1], knots])
    base = np.concatenate([targets[:1], targets])
    # Rounding must not carry a value beyond the next one's.
    limit = np.append(targets, np.inf)
    segment = np.searchsorted(knots, values, side="right")
    mapped = base[segment] + slope[segment] * (values - start[segment])
    return np.asarray(np.minimum(mapped, limit[segment]))
