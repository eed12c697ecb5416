"""Calibration of a locked model on patients it never saw, with maximum-likelihood errors."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.performance.delong import NORMAL_LIMIT

Floats = npt.NDArray[np.float64]

KIND: Final = (
    "logistic recalibration of the locked log-odds by maximum likelihood, Wald, 95 %; a slope "
    "of 1 and intercepts of 0 are ideal"
)
LARGE_KIND: Final = (
    "intercept with the slope held at 1: how far the log-odds lie from the outcome on average"
)
SEPARATED: Final = (
    "the classes are apart without a remainder, so that no slope is the most likely one"
)
FLAT: Final = "every patient has the same log-odds"
SATURATED: Final = "the probabilities are all 0 or 1 but for rounding"
_STEPS, _TOLERANCE = 100, 1e-10


def locked_calibration(labels: Floats, log_odds: Floats) -> dict[str, Any]:
    """Return slope, intercept and calibration-in-the-large with their intervals.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n_patients,)
        Both classes; one sample a patient.
    log_odds : array of float, shape (n_patients,)
        Of a model that was locked before these patients were seen: nothing but the draw of
        patients is uncertain, so that ordinary standard errors are right.

    Returns
    -------
    dict
        `slope`, `intercept` and `in_the_large`, each with `value`, `standard_error` and
        `interval`, or None and `reason`; `observed` and `expected` share of positive
        patients under `in_the_large`.

    Notes
    -----
    Cox 1958, Biometrika 45:562. Errors: the inverse of the information at the maximum.

    Examples
    --------
    >>> labels = np.array([0.0, 0, 1, 0, 1, 1])
    >>> found = locked_calibration(labels, np.array([-2.0, -1, -0.5, 0.5, 1, 2]))
    >>> round(found["slope"]["value"], 2), round(found["in_the_large"]["value"], 2)
    (1.35, 0.0)
    """
    fitted = logistic_fit(np.column_stack([np.ones_like(log_odds), log_odds]), labels)
    large = logistic_fit(np.ones((len(labels), 1)), labels, log_odds)
    none = {"value": None, "standard_error": None, "interval": None}
    slope = intercept = none | {"reason": no_slope(log_odds)}
    if fitted is not None:
        intercept, slope = (_figure(*pair) for pair in zip(*fitted, strict=True))
    in_the_large = none | {"reason": SATURATED}
    if large is not None:
        in_the_large = _figure(large[0][0], large[1][0])
    return {
        "slope": slope,
        "intercept": intercept,
        "in_the_large": in_the_large
        | {
            "observed": float(labels.mean()),
            "expected": float(stats.expit(log_odds).mean()),
            "kind": LARGE_KIND,
        },
        "kind": KIND,
        "n": len(labels),
    }


def no_slope(log_odds: Floats) -> str:
    """Say why a logistic regression on log-odds has no finite maximum.

    Parameters
    ----------
    log_odds : array of float, shape (n_patients,)

    Returns
    -------
    str

    Examples
    --------
    >>> no_slope(np.zeros(3))
    'every patient has the same log-odds'
    """
    return SEPARATED if np.ptp(log_odds) > 0 else FLAT


def logistic_fit(
    design: Floats,
    labels: Floats,
    offset: Floats | None = None,
    weights: Floats | None = None,
) -> tuple[Floats, Floats] | None:
    """Fit a logistic regression by maximum likelihood, without a penalty.

    Parameters
    ----------
    design : array of float, shape (n_patients, n_columns)
        A constant column included.
    labels : array of 0 and 1, shape (n_patients,)
    offset : array of float, shape (n_patients,), optional
    weights : array of float, shape (n_patients,), optional
        Of each row; 1 where left out.

    Returns
    -------
    coefficients, standard_errors : array of float, shape (n_columns,)
        None where there is no finite maximum, because the classes are apart.

    Examples
    --------
    >>> coefficients, errors = logistic_fit(np.ones((4, 1)), np.array([0.0, 0, 0, 1]))
    >>> coefficients.round(3).tolist(), errors.round(3).tolist()
    ([-1.099], [1.155])
    """
    known = np.zeros(len(labels)) if offset is None else offset
    counted = np.ones(len(labels)) if weights is None else weights
    # Columns of unit size: the steps of a steep or a flat score are then alike.
    scale = np.maximum(np.abs(design).max(axis=0), 1e-300)
    columns = design / scale
    coefficients = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        risk = stats.expit(columns @ coefficients + known)
        information = columns.T @ (columns * (counted * risk * (1 - risk))[:, None])
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, columns.T @ (counted * (labels - risk)))
        # A step of Newton's that overshoots is cut, which the likelihood, concave, allows.
        step /= max(1.0, float(np.abs(step).max()) / 2.0)
        coefficients = coefficients + step
        if np.abs(step).max() < _TOLERANCE:
            errors = np.sqrt(np.diag(np.linalg.inv(information)))
            return coefficients / scale, errors / scale
    return None


def _figure(value: float, error: float) -> dict[str, Any]:
    half = NORMAL_LIMIT * error
    return {
        "value": float(value),
        "standard_error": float(error),
        "interval": [float(value - half), float(value + half)],
    }
