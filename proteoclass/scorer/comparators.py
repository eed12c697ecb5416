"""The model against its own parts and the strongest protein, on the same folds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult

Floats = npt.NDArray[np.float64]

DIFFERENCE_KIND = "this model minus the comparator, paired by fold; corrected resampled t, 95 %"
NO_SPREAD = "every fold gave the same difference, so that there is no spread to test it by"


def fold_auc(cohort: Cohort, rows: npt.NDArray[np.intp], scores: Floats) -> float:
    """Return the AUC of the index samples among some rows.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int
    scores : array of float
        Of the same length.

    Returns
    -------
    float
    """
    keep = cohort.weights[rows] > 0
    return stats.auc(cohort.labels[rows[keep]], scores[keep], cohort.weights[rows[keep]])


def held_out_ratio(by_repeat: list[list[FoldResult]]) -> float:
    """Return test patients over training patients of an outer split."""
    return 1 / (len(by_repeat[0]) - 1)


def compare_on_folds(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> list[dict[str, Any]]:
    """Return a comparator's AUC, the paired difference and what it allows to say.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult

    Returns
    -------
    list of dict
        `name`, `auc`, `difference` (corrected resampled t) and `verdict`.
    """
    share = held_out_ratio(by_repeat)
    results = [r for repeat in by_repeat for r in repeat]
    ours = np.array([fold_auc(cohort, r.rows, r.margin) for r in results])
    return [
        compare(
            name,
            ours,
            np.array([fold_auc(cohort, r.rows, r.rival_margins[name]) for r in results]),
            share,
        )
        for name in results[0].rival_margins
    ]


def compare(name: str, ours: Floats, theirs: Floats, share: float) -> dict[str, Any]:
    """Set the AUCs of a comparator beside the model's, fold by fold.

    Parameters
    ----------
    name : str
        Of the comparator.
    ours, theirs : array of float, shape (n_folds * n_repeats,)
        AUC of each fold; NaN where its test patients are of one class, and left out.
    share : float
        Test patients over training patients of a fold.

    Returns
    -------
    dict
        `name`, `auc`, `difference` and `verdict`.

    Examples
    --------
    >>> compare("chance", np.array([0.9, 0.8]), np.array([0.5, 0.5]), 0.25)["auc"]["interval"]
    [0.5, 0.5]
    """
    low, high = stats.corrected_resampled_interval(theirs, share)
    difference = ours - theirs
    tested = difference_test(difference, share)
    lower, upper = tested["interval"]
    return {
        "name": name,
        "auc": {
            "mean_over_folds": float(np.nanmean(theirs)),
            "interval": [max(low, 0.0), min(high, 1.0)],
            "interval_kind": stats.CORRECTED_RESAMPLED,
        },
        "difference": {
            "mean": float(np.nanmean(difference)),
            **tested,
            "kind": DIFFERENCE_KIND,
        },
        "verdict": verdict(name, lower, upper, tested.get("reason", "")),
    }


def difference_test(difference: Floats, share: float) -> dict[str, Any]:
    """Return interval and p of paired fold differences, or that there are none and why.

    Parameters
    ----------
    difference : array of float, shape (n_folds * n_repeats,)
    share : float
        Test patients over training patients of a fold.

    Returns
    -------
    dict
        `interval`, `p`; where every fold has the same difference and it is not zero, an
        interval without width would pass for certainty: both are NaN, and `reason` says so.

    Examples
    --------
    >>> difference_test(np.array([0.1, 0.1]), 0.25)["reason"]
    'every fold gave the same difference, so that there is no spread to test it by'
    """
    p = stats.corrected_resampled_p(difference, share)
    if np.isfinite(p):
        interval = list(stats.corrected_resampled_interval(difference, share))
        return {"interval": interval, "p": p}
    seen = int((~np.isnan(difference)).sum())
    reason = NO_SPREAD if seen > 1 else f"{seen} folds, expected at least 2"
    return {"interval": [float("nan"), float("nan")], "p": float("nan"), "reason": reason}


def verdict(name: str, lower: float, upper: float, reason: str = NO_SPREAD) -> str:
    """Say what the interval of a difference in AUC allows to say.

    Parameters
    ----------
    name : str
        Of the comparator.
    lower, upper : float
        NaN where there is no interval.
    reason : str
        Why there is none.

    Returns
    -------
    str

    Examples
    --------
    >>> verdict("chance", 0.1, 0.3)
    'The model beats chance here: the interval of the difference is 0.10 to 0.30.'
    """
    if np.isnan(lower) or np.isnan(upper):
        return f"Whether the model beats {name} cannot be tested here: {reason}."
    span = f"the interval of the difference is {lower:.2f} to {upper:.2f}"
    if lower > 0:
        return f"The model beats {name} here: {span}."
    if upper < 0:
        return f"The model is worse than {name} here: {span}."
    return f"The model does not beat {name} here: {span}."
