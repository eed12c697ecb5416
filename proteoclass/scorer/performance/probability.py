"""How calibrated the out-of-fold probabilities are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.performance.held_out import HeldOut
from proteoclass.scorer.performance.locked_calibration import logistic_fit, no_slope
from proteoclass.scorer.performance.patient_bootstrap import (
    BOOTSTRAP_KIND,
    interval_fields,
    resampled,
)
from proteoclass.scorer.performance.shares import calibration_shares

Floats = npt.NDArray[np.float64]


def brier(held: HeldOut, seed: int) -> dict[str, Any]:
    """Return the mean squared error of the probability, and that of the prevalence.

    Parameters
    ----------
    held : HeldOut
    seed : int
        Of the draws behind the interval.

    Returns
    -------
    dict

    Notes
    -----
    Brier 1950, doi 10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """

    def squared_error(log_odds: Floats, weights: Floats) -> Floats:
        error = (stats.expit(log_odds) - held.labels) ** 2
        return np.asarray(weights @ error / weights.sum(axis=1))[:, None]

    values, limits = resampled(held, squared_error, seed)
    return {
        "mean_over_repeats": float(values[0]),
        **interval_fields(limits[0]),
        "interval_kind": BOOTSTRAP_KIND,
        "reference": held.prevalence * (1 - held.prevalence),
        "reference_kind": "the prevalence given to every patient",
    }


def calibration(held: HeldOut) -> dict[str, Any]:
    """Return slope and intercept of recalibration with their range, and observed shares.

    Parameters
    ----------
    held : HeldOut

    Returns
    -------
    dict
        `slope` and `intercept`, each None for a `reason` where a repeat has no finite one, and
        what `calibration_shares` gives.
    """
    fits = np.array([recalibration(held.labels, row, held.weights) for row in held.log_odds])
    return {
        "slope": _over_repeats(fits[:, 0], held),
        "intercept": _over_repeats(fits[:, 1], held),
        "kind": (
            "logistic recalibration of outer test rows, one value a repeat: median, smallest and "
            "largest; 1 and 0 are ideal"
        ),
        **calibration_shares(held),
    }


def _over_repeats(values: Floats, held: HeldOut) -> dict[str, Any]:
    """Return median and range; over the other repeats alone they would be too good."""
    without = np.flatnonzero(np.isnan(values))
    if len(without):
        why = no_slope(held.log_odds[without[0]])
        reason = f"{len(without)} of {len(values)} repeats have no finite one: {why}"
        return {"median": None, "low": None, "high": None, "reason": reason}
    return {
        "median": float(np.median(values)),
        "low": float(values.min()),
        "high": float(values.max()),
    }


def recalibration(labels: Floats, log_odds: Floats, weights: Floats) -> tuple[float, float]:
    """Fit outcome = intercept + slope · log-odds by maximum likelihood.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    log_odds : array of float, shape (n,)
    weights : array of float, shape (n,)

    Returns
    -------
    slope, intercept : float
        NaN where there is no finite maximum: the classes are apart, or every sample has the
        same log-odds.

    Notes
    -----
    Cox 1958, Biometrika 45:562.

    Examples
    --------
    >>> y = np.array([0.0, 0, 1, 0, 1, 1])
    >>> slope, _ = recalibration(y, np.array([-2.0, -1, -0.5, 0.5, 1, 2]), np.ones(6))
    >>> round(slope, 2)
    1.35
    """
    design = np.column_stack([np.ones_like(log_odds), log_odds])
    fitted = logistic_fit(design, labels, weights=weights)
    if fitted is None:
        return float("nan"), float("nan")
    intercept, slope = fitted[0]
    return float(slope), float(intercept)
