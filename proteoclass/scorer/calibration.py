"""From a margin to a probability, and from probabilities to two decision limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from proteoclass.stats import expit

Floats = npt.NDArray[np.float64]

#: A calibrator never turns a score round or flattens it to a constant: a fold whose
#: margins carry no information keeps their order at a tenth of their size.
MIN_SLOPE = 0.1


@dataclass(frozen=True)
class Platt:
    """Calibrated log-odds = intercept + slope · margin.

    Parameters
    ----------
    slope : float
        At least `MIN_SLOPE`.
    intercept : float

    Examples
    --------
    >>> Platt(2.0, -1.0).log_odds(np.array([1.0])).tolist()
    [1.0]
    """

    slope: float
    intercept: float

    def log_odds(self, margin: Floats) -> Floats:
        """Return calibrated log-odds."""
        return self.intercept + self.slope * margin

    def probability(self, margin: Floats) -> Floats:
        """Return calibrated probabilities."""
        return expit(self.log_odds(margin))

    def at_prevalence(self, fitted_on: float, wanted: float) -> Platt:
        """Return the calibrator for patients of another prevalence.

        Parameters
        ----------
        fitted_on, wanted : float
            Share of positive patients, above 0 and below 1.

        Returns
        -------
        Platt

        Notes
        -----
        The log-odds of the prior change, the evidence does not: Saerens, Latinne &
        Decaestecker 2002, doi 10.1162/089976602753284446.

        Examples
        --------
        >>> Platt(1.0, 0.0).at_prevalence(0.5, 0.2).probability(np.array([0.0])).round(12).tolist()
        [0.2]
        """
        shift = float(logit(wanted) - logit(fitted_on))
        return replace(self, intercept=self.intercept + shift)


def fit_platt(margins: Floats, labels: Floats, weights: Floats) -> Platt:
    """Fit Platt's sigmoid to out-of-fold margins.

    Parameters
    ----------
    margins : array of float, shape (n,)
        Of samples that the scorer behind them did not learn from.
    labels : array of 0 and 1, shape (n,)
    weights : array of float, shape (n,)

    Returns
    -------
    Platt

    Notes
    -----
    Platt 1999, with his smoothed targets (N₊+1)/(N₊+2) and 1/(N₋+2), which keep the
    slope finite when a small cohort is separated. The Newton solution is bounded below
    in slope.

    Examples
    --------
    >>> fit_platt(np.array([-1.0, -0.5, 0.5, 1.0]), np.array([0.0, 1, 0, 1]), np.ones(4)).slope > 0
    True
    """
    from scipy import optimize  # applying a calibration needs none of it

    n_positive = weights[labels == 1].sum()
    n_negative = weights[labels == 0].sum()
    target = np.where(labels == 1, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * margins + theta[1]
        value = (weights * (np.logaddexp(0, z) - target * z)).sum()
        slope = weights * (expit(z) - target)
        return float(value), np.array([(slope * margins).sum(), slope.sum()])

    solved = optimize.minimize(
        loss,
        np.array([1.0, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(MIN_SLOPE, None), (None, None)],
        options={"ftol": 1e-13, "gtol": 1e-9},
    )
    return Platt(float(solved.x[0]), float(solved.x[1]))


@dataclass(frozen=True)
class Thresholds:
    """Two limits on the score and how they were set.

    Parameters
    ----------
    lower : float
        Below: the negative band. Score points, 0 to 100.
    upper : float
        At or above: the positive band.
    sensitivity, specificity : float
        The rules: the share of positive patients at or above `lower`, and of negative
        patients below `upper`, that the limits were set to reach on out-of-fold scores.
    """

    lower: float
    upper: float
    sensitivity: float
    specificity: float

    @property
    def rule(self) -> str:
        """The two rules in words."""
        if self.lower == self.upper:
            return (
                f"one limit reaches both a sensitivity of {self.sensitivity:.0%} and a specificity "
                f"of {self.specificity:.0%} on out-of-fold scores, so there is no band between"
            )
        return (
            f"lower limit: sensitivity of at least {self.sensitivity:.0%}; upper limit: "
            f"specificity of at least {self.specificity:.0%}; both on out-of-fold scores"
        )

    def band(self, scores: Floats) -> npt.NDArray[np.object_]:
        """Return "non-severe", "indeterminate", "severe", or "" for NaN."""
        band = np.full(len(scores), "indeterminate", dtype=object)
        band[scores < self.lower] = "non-severe"
        band[scores >= self.upper] = "severe"
        band[np.isnan(scores)] = ""
        return band


def fit_thresholds(
    scores: Floats,
    labels: Floats,
    weights: Floats,
    sensitivity: float = 0.9,
    specificity: float = 0.9,
) -> Thresholds:
    """Set the two limits from out-of-fold scores.

    Parameters
    ----------
    scores : array of float, shape (n,)
        0 to 100.
    labels : array of 0 and 1, shape (n,)
    weights : array of float, shape (n,)
    sensitivity : float
        Rule of the lower limit. 0.9 by default: a limit at 95 % would rest on less than
        one event in cohorts with under 20 of them.
    specificity : float
        Rule of the upper limit.

    Returns
    -------
    Thresholds
        Limits lie midway between neighbouring scores. Where the rules overlap, both
        limits are the middle of the overlap.

    Examples
    --------
    >>> t = fit_thresholds(np.array([10.0, 20, 60, 90]), np.array([0.0, 0, 1, 1]), np.ones(4))
    >>> t.lower == t.upper == 40.0
    True
    """
    lower = _highest_cut(scores, labels == 1, weights, sensitivity)
    # Specificity counts negatives below the cut: the same search, mirrored.
    upper = -_highest_cut(-scores, labels == 0, weights, specificity)
    if lower > upper:
        lower = upper = (lower + upper) / 2
    return Thresholds(lower, upper, sensitivity, specificity)


def _highest_cut(
    scores: Floats, members: npt.NDArray[np.bool_], weights: Floats, share: float
) -> float:
    """Highest cut with at least `share` of the members' weight at or above it."""
    order = np.argsort(-scores[members], kind="stable")
    reached = np.cumsum(weights[members][order])
    # The tolerance keeps 0.9 of ten patients from needing a tenth by rounding.
    needed = int(np.searchsorted(reached, share * reached[-1] - 1e-9))
    value = scores[members][order][needed]
    below = scores[scores < value]
    # Nothing below: a hair under the value itself, so that its owner is on the right side.
    return float((value + below.max()) / 2) if len(below) else float(np.nextafter(value, -np.inf))
