"""The restricted likelihood of the mixed model, and where it is highest."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import optimize

from proteoclass.longitudinal.cohort import Cohort, Floats

Structure = Literal["slope", "uncorrelated slope", "intercept"]

#: Entries of the Cholesky factor that each structure estimates.
FREE: dict[Structure, tuple[tuple[int, int], ...]] = {
    "slope": ((0, 0), (1, 0), (1, 1)),
    "uncorrelated slope": ((0, 0), (1, 1)),
    "intercept": ((0, 0),),
}

#: Diagonal of the factor, in residual SDs, under which a fit counts as singular (lme4's own).
SINGULAR = 1e-4


def criterion(cohort: Cohort, ratio: Floats) -> tuple[float, Floats, float]:
    """Return −2 × the profiled restricted log-likelihood, its gradient, and the scale.

    Parameters
    ----------
    cohort : Cohort
    ratio : array of float, shape (2, 2)
        Covariance of the random effects divided by the residual variance, Γ.

    Returns
    -------
    value : float
        Up to a constant that depends on the number of visits and groups only.
    gradient : array of float, shape (2, 2)
        Derivative by Γ.
    residual : float
        Residual variance at which the likelihood is highest for this Γ.

    Notes
    -----
    Fixed effects and residual variance are profiled out (Bates et al. 2015, J Stat
    Softw 67(1), doi 10.18637/jss.v067.i01, eq. 41). With A = Z'V⁻¹Z, r = Z'V⁻¹(y - Xβ)
    at residual variance 1 and C the inverse of the group's Σ A, the gradient is
    Σ (A - A C A) - Σ r r' / σ².

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"patient_id": ["p", "p", "q", "q"], "group": "all",
    ...                        "week": [0.0, 1.0] * 2, "log_odds": [0.0, 1.0, 0.0, 3.0]})
    >>> value, gradient, residual = criterion(Cohort.of(visits, ["all"]), np.zeros((2, 2)))
    >>> gradient.shape
    (2, 2)
    """
    inner = np.eye(2) + cohort.products @ ratio
    information = np.linalg.solve(inner, cohort.products)
    weighted = np.linalg.solve(inner, cohort.moments[:, :, None])[:, :, 0]
    value = float(np.log(np.linalg.det(inner)).sum())
    squares = float((cohort.response**2).sum())
    squares -= float(np.einsum("ij,jk,ik->", cohort.moments, ratio, weighted))
    gradient = information.sum(axis=0)
    outer = np.zeros((2, 2))
    for group in range(len(cohort.groups)):
        members = cohort.group_of == group
        a, w = information[members], weighted[members]
        total = a.sum(axis=0)
        coefficients = np.linalg.solve(total, w.sum(axis=0))
        squares -= float(coefficients @ w.sum(axis=0))
        value += float(np.log(np.linalg.det(total)))
        gradient = gradient - (a @ np.linalg.inv(total) @ a).sum(axis=0)
        rest = w - a @ coefficients
        outer += rest.T @ rest
    df = len(cohort.time) - 2 * len(cohort.groups)
    residual = squares / df
    return value + df * float(np.log(residual)), gradient - outer / residual, residual


def maximise(cohort: Cohort, structure: Structure) -> tuple[Floats, str]:
    """Find the covariance of the random effects that maximises the likelihood.

    Parameters
    ----------
    cohort : Cohort
    structure : {"slope", "uncorrelated slope", "intercept"}

    Returns
    -------
    factor : array of float, shape (2, 2)
        Lower Cholesky factor of Γ; zero where the structure has no random effect.
    refusal : str
        Why the maximum is no fit to use: singular or not found; "" where it is.

    Notes
    -----
    Over the Cholesky factor with its diagonal held at or above zero, as in lme4, so that
    a maximum on the boundary is reached and seen. statsmodels inverts the covariance,
    cannot reach the boundary, and stops short of it, at times calling that converged.
    On the boundary the derivative by the factor is zero whether or not it is a maximum:
    hence several starts, and the derivative by the variance itself as the proof.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"patient_id": ["p", "p", "q", "q"], "group": "all",
    ...                        "week": [0.0, 1.0] * 2, "log_odds": [0.0, 1.0, 1.0, 0.0]})
    >>> maximise(Cohort.of(visits, ["all"]), "intercept")[1][:13]
    'singular fit:'
    """
    free = FREE[structure]

    def objective(entries: Floats) -> tuple[float, Floats]:
        factor = _factor(free, entries)
        value, gradient, _ = criterion(cohort, factor @ factor.T)
        by_factor = 2 * gradient @ factor
        return value, np.array([by_factor[place] for place in free])

    bounds = [(0.0, None) if row == column else (None, None) for row, column in free]
    starts = [
        np.array([level if row == column else 0.0 for row, column in free])
        for level in (0.2, 0.05, 1.0)
    ]
    tried = [
        optimize.minimize(
            objective,
            start,
            jac=True,
            method="SLSQP",
            bounds=bounds,
            options={"ftol": 1e-15, "maxiter": 300},
        )
        for start in starts
    ]
    best = min(tried, key=lambda result: float(result.fun))
    factor = _factor(free, best.x)
    return factor, _refusal(cohort, factor, structure)


def _factor(free: tuple[tuple[int, int], ...], entries: Floats) -> Floats:
    factor = np.zeros((2, 2))
    for place, entry in zip(free, entries, strict=True):
        factor[place] = entry
    return factor


def _refusal(cohort: Cohort, factor: Floats, structure: Structure) -> str:
    _, gradient, _ = criterion(cohort, factor @ factor.T)
    by_factor = 2 * gradient @ factor
    steepest = max(abs(float(by_factor[place])) for place in FREE[structure])
    found = steepest < 1e-3
    refusal = ""
    if factor[0, 0] < SINGULAR:
        refusal = "singular fit: the variance between patients' levels is estimated as zero"
        found = found and gradient[0, 0] > -1e-3
    elif structure != "intercept" and factor[1, 1] < SINGULAR:
        # The direction in which there is no variance: would more of it fit better?
        direction = np.array([-factor[1, 0], factor[0, 0]])
        direction /= np.linalg.norm(direction)
        found = found and direction @ gradient @ direction > -1e-3
        refusal = "singular fit: patients' levels and slopes are estimated as perfectly correlated"
        if abs(factor[1, 0]) < SINGULAR:
            refusal = "singular fit: the variance between patients' slopes is estimated as zero"
    return refusal if found else "the likelihood has no maximum that could be found"
