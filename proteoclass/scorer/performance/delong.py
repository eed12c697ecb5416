"""DeLong's variance of an AUC, and of the difference of two on the same patients.

For scores of a locked model on patients that it never saw. Not for cross-validation: scores
of different folds come from different models, and of different repeats from the same patients.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.stats import rankdata

from proteoclass.errors import InputError

Floats = npt.NDArray[np.float64]

#: Standard errors to either side of a 95 % interval.
NORMAL_LIMIT: Final = float(special.ndtri(0.975))
INTERVAL_KIND: Final = "DeLong, 95 %, computed on the logit of the AUC"
DIFFERENCE_KIND: Final = "DeLong, paired by patient, 95 % Wald"
NO_SPREAD: Final = (
    "every positive patient ranks above every negative one, or every one below or level with it, "
    "so that DeLong's variance is zero, which is no certainty"
)
NO_SPREAD_OF_DIFFERENCE: Final = (
    "no patient's share in the difference differs from another's, so that there is no spread to "
    "test it by"
)


def delong_covariance(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the AUCs of several scores of the same patients and their covariance.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n_patients,)
        One sample a patient: samples of one patient are not independent.
    scores : array of float, shape (n_patients, n_scores)
        Ties count one half. A vector is one score.

    Returns
    -------
    aucs : array of float, shape (n_scores,)
        NaN where a class is empty.
    covariance : array of float, shape (n_scores, n_scores)
        NaN where a class has fewer than two patients.

    Raises
    ------
    InputError
        If a score is missing or a label is neither 0 nor 1.

    Notes
    -----
    DeLong, DeLong & Clarke-Pearson 1988, doi 10.2307/2531595, with the placements taken
    from midranks, O(n log n): Sun & Xu 2014, doi 10.1109/LSP.2014.2337313.

    Examples
    --------
    >>> aucs, covariance = delong_covariance([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> aucs.tolist(), covariance.tolist()
    ([0.75], [[0.125]])
    """
    y, table = _checked(labels, scores)
    positive, negative = table[y == 1], table[y == 0]
    n_positive, n_negative = len(positive), len(negative)
    if not n_positive or not n_negative:
        missing = np.full(table.shape[1], np.nan)
        return missing, np.full((table.shape[1],) * 2, np.nan)
    ranks = rankdata(table, axis=0)
    # Of each positive patient the share of negative ones ranked below, and the reverse.
    above = (ranks[y == 1] - rankdata(positive, axis=0)) / n_negative
    below = 1 - (ranks[y == 0] - rankdata(negative, axis=0)) / n_positive
    return above.mean(axis=0), _covariance(above) / n_positive + _covariance(below) / n_negative


def delong_interval(labels: npt.ArrayLike, scores: npt.ArrayLike) -> dict[str, Any]:
    """Return an AUC with its interval, computed on the logit and so within 0 and 1.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n_patients,)
        One sample a patient.
    scores : array of float, shape (n_patients,)

    Returns
    -------
    dict
        `value`, `standard_error`, `interval`, `interval_kind`, `n_positive`, `n_negative`.
        Without a spread or with fewer than two patients of a class the interval is NaN and
        `reason` says why.

    Raises
    ------
    InputError
        As `delong_covariance`.

    Notes
    -----
    logit(AUC) ± z · SE / (AUC · (1 - AUC)): the logit-transformed interval of Kottas, Kuss
    & Zapf 2014, doi 10.1186/1471-2288-14-26. A Wald interval on the AUC itself passes 1 in
    small cohorts.

    Examples
    --------
    >>> low, high = delong_interval([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])["interval"]
    >>> round(low, 3), round(high, 3)
    (0.069, 0.992)
    """
    y, table = _checked(labels, scores)
    aucs, covariance = delong_covariance(y, table[:, :1])
    auc, error = float(aucs[0]), float(np.sqrt(covariance[0, 0]))
    found = {
        "value": auc,
        "standard_error": error,
        "interval": [float("nan"), float("nan")],
        "interval_kind": INTERVAL_KIND,
        "n_positive": int((y == 1).sum()),
        "n_negative": int((y == 0).sum()),
    }
    if np.isnan(error):
        return found | {"reason": _too_few(y)}
    if error == 0 or not 0 < auc < 1:
        return found | {"reason": NO_SPREAD}
    half = NORMAL_LIMIT * error / (auc * (1 - auc))
    centre = special.logit(auc)
    limits = special.expit(np.array([centre - half, centre + half]))
    return found | {"interval": [float(limit) for limit in limits]}


def delong_test(
    labels: npt.ArrayLike, ours: npt.ArrayLike, theirs: npt.ArrayLike
) -> dict[str, Any]:
    """Test whether two scores of the same patients have the same AUC.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n_patients,)
        One sample a patient.
    ours, theirs : array of float, shape (n_patients,)

    Returns
    -------
    dict
        `mean` (AUC of ours minus that of theirs), `interval`, `p` (two-sided) and `kind`;
        scores that rank alike have a p of 1, and where there is no spread to test by,
        interval and p are NaN and `reason` says so.

    Raises
    ------
    InputError
        As `delong_covariance`.

    Notes
    -----
    z = difference / √(variance of both - 2 · covariance), doi 10.2307/2531595. For models
    locked before these patients were seen; between methods in cross-validation it rejects
    a true null far too often.

    Examples
    --------
    >>> labels = [0, 0, 0, 1, 1, 1]
    >>> test = delong_test(labels, [1, 2, 4, 3, 5, 6], [1, 4, 6, 2, 3, 5])
    >>> round(test["mean"], 3), round(test["p"], 3)
    (0.444, 0.074)
    """
    y, table = _checked(labels, np.column_stack([np.asarray(ours), np.asarray(theirs)]))
    aucs, covariance = delong_covariance(y, table)
    mean = float(aucs[0] - aucs[1])
    found: dict[str, Any] = {
        "mean": mean,
        "interval": [float("nan"), float("nan")],
        "p": float("nan"),
        "kind": DIFFERENCE_KIND,
    }
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if np.isnan(variance):
        return found | {"reason": _too_few(y)}
    # Placements that are equal differ in their last bits, which is no spread.
    if variance <= 1e-14:
        if abs(mean) <= 1e-12:
            return found | {"mean": 0.0, "interval": [0.0, 0.0], "p": 1.0}
        return found | {"reason": NO_SPREAD_OF_DIFFERENCE}
    error = float(np.sqrt(variance))
    half = NORMAL_LIMIT * error
    return found | {
        "interval": [mean - half, mean + half],
        "p": float(2 * special.ndtr(-abs(mean) / error)),
    }


def _checked(labels: npt.ArrayLike, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return labels, and scores as one column a score."""
    y = np.asarray(labels, dtype=float)
    table = np.asarray(scores, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    missing = int(np.isnan(table).any(axis=1).sum())
    if missing:
        raise InputError(
            f"DeLong: {missing} of {len(y)} patients lack a score, expected one for each; leave "
            "them out and count them"
        )
    other = int((~np.isin(y, (0, 1))).sum())
    if other:
        raise InputError(
            f"DeLong: {other} of {len(y)} labels are neither 0 nor 1; leave those patients out"
        )
    return y, table


def _covariance(placements: Floats) -> Floats:
    """Return the covariance of the columns; NaN with fewer than two patients."""
    if len(placements) < 2:
        return np.full((placements.shape[1],) * 2, np.nan)
    centred = placements - placements.mean(axis=0)
    return np.asarray(centred.T @ centred / (len(placements) - 1))


def _too_few(labels: Floats) -> str:
    positive, negative = int((labels == 1).sum()), int((labels == 0).sum())
    return (
        f"{positive} positive and {negative} negative patients, expected at least 2 of each for "
        "DeLong's variance"
    )
