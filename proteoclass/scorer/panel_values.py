"""Panel values as the boosters take them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def filled_panel(measured: Floats, fill: Floats, median: Floats, shallow: Bools) -> Floats:
    """Return panel values as the boosters take them.

    Parameters
    ----------
    measured : array of float, shape (n_samples, panel size)
        Normalised log2; NaN = not detected.
    fill : array of float, shape (panel size,)
        What "not detected" stands for; NaN = left to the boosters.
    median : array of float, shape (panel size,)
        Training medians.
    shallow : array of bool, shape (n_samples,)
        Samples measured less deeply than the training samples: their gaps do not mean
        "low". Where training filled gaps they take the median, which is no evidence,
        because the boosters have never seen a gap there.

    Returns
    -------
    array of float, shape (n_samples, panel size)

    Examples
    --------
    >>> gap = np.array([[np.nan], [np.nan]])
    >>> filled_panel(gap, np.array([3.0]), np.array([5.0]), np.array([False, True])).tolist()
    [[3.0], [5.0]]
    """
    unknown = np.where(np.isnan(fill), np.nan, median)
    return np.where(np.isnan(measured), np.where(shallow[:, None], unknown, fill), measured)
