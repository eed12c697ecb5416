"""How much estimates of several sites differ beyond their errors, and what a new site may give."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from proteoclass.errors import InputError

Floats = npt.NDArray[np.float64]

#: Fewest sites from which a variance between sites is told.
MIN_SITES = 3
TAU_KIND = "restricted maximum likelihood"
POOLED_KIND = (
    "random effects, Hartung–Knapp with its variance never below that of the sites' errors "
    "alone, t on sites - 1 degrees of freedom, 95 %"
)
PREDICTION_KIND = (
    "what a new site of this kind would give: pooled value, its error and the variance between "
    "sites, t on sites - 1 degrees of freedom, 95 %"
)


def heterogeneity(estimates: npt.ArrayLike, errors: npt.ArrayLike) -> dict[str, Any]:
    """Pool estimates of several sites and tell how much they differ.

    Parameters
    ----------
    estimates : array of float, shape (n_sites,)
        On a scale where their errors are about normal: for AUCs, the logit.
    errors : array of float, shape (n_sites,)
        Standard errors, above 0.

    Returns
    -------
    dict
        `n_sites`, `q`, `df`, `p`; and from three sites on `i2` (share of the variance that
        is not error), `tau2` and its kind, `pooled`, its `error`, `interval` and
        `prediction_interval` with their kinds. Below three these are None, and below two
        all are, for the `reason` given.

    Raises
    ------
    InputError
        If an estimate or an error is not finite, or an error is not above 0.

    Notes
    -----
    Q: Cochran 1954, doi 10.2307/3001666. I²: Higgins & Thompson 2002, doi 10.1002/sim.1186.
    tau² by REML: Viechtbauer 2005, doi 10.3102/10769986030003261. Interval: Knapp & Hartung
    2003, doi 10.1002/sim.1482. Prediction interval: Higgins, Thompson & Spiegelhalter 2009,
    doi 10.1111/j.1467-985X.2008.00552.x.

    Examples
    --------
    >>> found = heterogeneity([1.0, 2.0, 3.0], [0.5, 0.5, 0.5])
    >>> found["q"], found["i2"], round(found["tau2"], 6), found["pooled"]
    (8.0, 0.75, 0.75, 2.0)
    """
    y, variance = _checked(estimates, errors)
    n_sites = len(y)
    found: dict[str, Any] = dict.fromkeys(
        ("q", "p", "i2", "tau2", "pooled", "error", "interval", "prediction_interval")
    ) | {"n_sites": n_sites, "df": max(n_sites - 1, 0)}
    if n_sites >= 2:
        q = float((((y - _centre(y, 1 / variance)) ** 2) / variance).sum())
        found |= {"q": q, "p": float(stats.chi2.sf(q, n_sites - 1))}
    if n_sites < MIN_SITES:
        return found | {
            "reason": f"{n_sites} {'site' if n_sites == 1 else 'sites'}, expected at least "
            f"{MIN_SITES} to tell a variance between sites from their errors"
        }
    tau2 = between_sites(y, variance)
    i2 = 0.0 if found["q"] <= 0 else max(0.0, 1 - found["df"] / found["q"])
    return found | {"i2": i2, "tau2": tau2, "tau2_kind": TAU_KIND} | _pooled(y, variance, tau2)


def between_sites(estimates: Floats, variances: Floats) -> float:
    """Return the variance between sites, tau², by restricted maximum likelihood.

    Parameters
    ----------
    estimates, variances : array of float, shape (n_sites,)

    Returns
    -------
    float
        0 where the sites differ no more than their errors allow.

    Examples
    --------
    >>> between_sites(np.array([1.0, 1.1, 0.9]), np.ones(3))
    0.0
    """

    def slope(tau2: float) -> float:
        # Derivative of the restricted log-likelihood, twice.
        weights = 1 / (variances + tau2)
        residual = estimates - _centre(estimates, weights)
        total = weights.sum()
        return float((weights**2 * residual**2).sum() - total + (weights**2).sum() / total)

    if slope(0.0) <= 0:
        return 0.0
    # The derivative is below 0 there for three sites or more, whatever their errors.
    high = float(2 * estimates.var(ddof=1) + 4 * variances.max())
    return float(optimize.brentq(slope, 0.0, high, xtol=1e-14, rtol=1e-12))


def logit_auc(auc: float, error: float) -> tuple[float, float]:
    """Return the logit of an AUC and its standard error by the delta method.

    Parameters
    ----------
    auc : float
        Above 0 and below 1.
    error : float
        Standard error of the AUC.

    Returns
    -------
    estimate, error : float

    Examples
    --------
    >>> logit_auc(0.5, 0.1)
    (0.0, 0.4)
    """
    return float(np.log(auc / (1 - auc))), float(error / (auc * (1 - auc)))


def _checked(estimates: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[Floats, Floats]:
    y, error = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    good = np.isfinite(y) & np.isfinite(error) & (error > 0)
    if not good.all():
        raise InputError(
            f"heterogeneity: {int((~good).sum())} of {len(y)} sites have no finite estimate with "
            "an error above 0; leave them out and count them"
        )
    return y, error**2


def _centre(values: Floats, weights: Floats) -> float:
    return float((weights * values).sum() / weights.sum())


def _pooled(y: Floats, variance: Floats, tau2: float) -> dict[str, Any]:
    weights = 1 / (variance + tau2)
    centre, df = _centre(y, weights), len(y) - 1
    # Below 1 the sites agree better than their errors allow, by chance: no reason to be surer.
    scale = max(1.0, float((weights * (y - centre) ** 2).sum() / df))
    error = float(np.sqrt(scale / weights.sum()))
    t = float(stats.t.ppf(0.975, df))
    wide = float(np.sqrt(error**2 + tau2))
    return {
        "pooled": centre,
        "error": error,
        "interval": [centre - t * error, centre + t * error],
        "interval_kind": POOLED_KIND,
        "prediction_interval": [centre - t * wide, centre + t * wide],
        "prediction_interval_kind": PREDICTION_KIND,
    }
