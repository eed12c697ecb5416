"""How calibrated the out-of-fold probabilities are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from proteoclass import stats
from proteoclass.scorer.performance.held_out import HeldOut
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
        `slope` and `intercept`, and what `calibration_shares` gives.
    """
    fits = np.array([recalibration(held.labels, row, held.weights) for row in held.log_odds])
    return {
        name: {
            "median": float(np.median(fits[:, column])),
            "low": float(fits[:, column].min()),
            "high": float(fits[:, column].max()),
        }
        for column, name in enumerate(("slope", "intercept"))
    } | {
        "kind": (
            "logistic recalibration of outer test rows, one value a repeat: median, smallest and "
            "largest; 1 and 0 are ideal"
        ),
        **calibration_shares(held),
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

    Notes
    -----
    Cox 1958, Biometrika 45:562. The slope is held within ±20: separated classes have
    no finite maximum.

    Examples
    --------
    >>> y = np.array([0.0, 0, 1, 0, 1, 1])
    >>> slope, _ = recalibration(y, np.array([-2.0, -1, -0.5, 0.5, 1, 2]), np.ones(6))
    >>> slope > 0
    True
    """

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * log_odds + theta[1]
        error = weights * (stats.expit(z) - labels)
        value = (weights * (np.logaddexp(0, z) - labels * z)).sum()
        return float(value), np.array([(error * log_odds).sum(), error.sum()])

    solved = optimize.minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(-20, 20), (-20, 20)]
    )
    return float(solved.x[0]), float(solved.x[1])
