"""Samples normalised against a stored reference: all that a locked model needs of normalising."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proteoclass.matrix.normalisation.quantile import quantile_normalised, quantile_shift
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]

#: `median` as model files of version 1 hold it: against the median of the whole profile.
WHOLE_PROFILE_MEDIAN = "median of the whole profile"

#: Fewest detected reference proteins that still give a shift worth applying.
MIN_REFERENCE_FOUND = 5


def frozen_shift(reference: Floats, profile: Floats, method: str) -> Floats:
    """Return the log2 shift of samples against a stored reference profile.

    Parameters
    ----------
    reference : array of float, shape (n_samples, n_reference)
        log2 values of the reference proteins; NaN = not detected.
    profile : array of float, shape (n_reference,)
        Their reference values.
    method : {"pqn", "median", "quantile", "none"}
        Or `WHOLE_PROFILE_MEDIAN`.

    Returns
    -------
    array of float, shape (n_samples,)
        0 with `none`. NaN where fewer than `MIN_REFERENCE_FOUND` (or all, if there are
        fewer) reference proteins were detected.

    Examples
    --------
    >>> frozen_shift(np.array([[3.0, 5.0]]), np.array([1.0, 2.0]), "pqn").tolist()
    [2.5]
    """
    if method == "none":
        return np.zeros(len(reference))
    if method == "median":
        # Of the same proteins: without the weakest ones any sample would look concentrated.
        same = np.where(np.isnan(reference), np.nan, profile)
        shift = nan_quantile(reference, 0.5, axis=1) - nan_quantile(same, 0.5, axis=1)
    elif method == WHOLE_PROFILE_MEDIAN:
        shift = nan_quantile(reference, 0.5, axis=1) - np.median(profile)
    elif method == "quantile":
        shift = quantile_shift(reference, profile)
    else:
        shift = nan_quantile(reference - profile, 0.5, axis=1)
    found = (~np.isnan(reference)).sum(axis=1)
    return np.where(found >= min(MIN_REFERENCE_FOUND, len(profile)), shift, np.nan)


def frozen_normalised(
    values: Floats,
    reference: Floats,
    profile: Floats,
    method: str,
    *,
    shift: Floats | None = None,
) -> Floats:
    """Return samples normalised against a stored reference.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values, of any proteins; NaN = not detected.
    reference : array of float, shape (n_samples, n_reference)
        log2 values of the reference proteins in the same samples.
    profile : array of float, shape (n_reference,)
        As `Normaliser.profile_`.
    method : {"pqn", "median", "quantile", "none"}
    shift : array of float, shape (n_samples,), optional
        Their `frozen_shift`, where it is known.

    Returns
    -------
    array of float, shape (n_samples, n_proteins)
        A sample without enough reference proteins is NaN throughout.

    Examples
    --------
    >>> reference = np.array([[3.0, 5.0]])
    >>> frozen_normalised(np.array([[9.0]]), reference, np.array([1.0, 2.0]), "pqn").tolist()
    [[6.5]]
    """
    if shift is None:
        shift = frozen_shift(reference, profile, method)
    if method == "none":
        return np.array(values)
    if method == "quantile":
        enough = ~np.isnan(shift)[:, None]
        return quantile_normalised(values, np.where(enough, reference, np.nan), profile)
    return np.asarray(values - shift[:, None])
