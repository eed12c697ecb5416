"""How the scores do within groups of patients: sexes, age bands, sites, batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.performance.delong import NO_SPREAD, delong_covariance
from proteoclass.scorer.performance.grouping import COLUMNS, Grouping, group_patients
from proteoclass.scorer.performance.held_out import TEST_SAMPLING, HeldOut
from proteoclass.scorer.performance.heterogeneity import logit_auc
from proteoclass.scorer.performance.shares import in_the_large

Floats = npt.NDArray[np.float64]

#: Fewest patients of each class of a group.
MIN_GROUP = 5
#: Groups that are too small are named up to here, and counted from there on.
NAMED = 12
AUC_KIND = (
    "within the group, mean over repeats; one score a patient, the mean log-odds where it has "
    "several index samples"
)
INTERVAL_KIND = f"DeLong on the logit, repeats taken together, 95 %; {TEST_SAMPLING}"
DIFFERENCE_KIND = (
    "AUC of the first group minus that of the second, other patients; from the intervals of "
    f"both (MOVER), 95 %; {TEST_SAMPLING}"
)
CAUTION = (
    "A difference between groups is no effect of what names them: they differ in more than "
    "one thing, and among many differences some exclude 0 by chance."
)
_Z = 1.959963984540054


def subgroups(cohort: Cohort, held: HeldOut) -> dict[str, Any]:
    """Return AUC and calibration-in-the-large within groups of patients.

    Parameters
    ----------
    cohort : Cohort
    held : HeldOut

    Returns
    -------
    dict
        `by`, one entry a column of the sheet with two groups or more: `column`, `rule`,
        `n_unknown`, `n_mixed`, `groups` with `n_positive`, `n_negative`, `auc`, `error`,
        `interval` and `in_the_large`, `not_reportable` and its number, and `differences`
        from the largest group; `not_shown`, the other columns and why.

    Notes
    -----
    Variance of the mean over repeats of an AUC = the mean of DeLong's covariances between
    repeats, doi 10.2307/2531595. Difference: Zou & Donner 2008, doi 10.1002/sim.3095.
    """
    by, not_shown = [], {}
    for column in COLUMNS:
        grouping = group_patients(cohort, held, column)
        if grouping is None:
            not_shown[column] = "not in the sample sheet"
        elif len(grouping.names) < 2:
            known = grouping.names[0][:40] if grouping.names else "not known"
            not_shown[column] = f"the same for all patients ({known})"
        else:
            by.append(_column(grouping, held))
    return {
        "by": by,
        "not_shown": not_shown,
        "auc_kind": AUC_KIND,
        "interval_kind": INTERVAL_KIND,
        "difference_kind": DIFFERENCE_KIND,
        "caution": CAUTION,
    }


def group_auc(held: HeldOut) -> tuple[float, float]:
    """Return the mean over repeats of the AUC, and its standard error.

    Parameters
    ----------
    held : HeldOut

    Returns
    -------
    auc, error : float
        NaN where a class is too small; an error of 0 is no certainty.

    Examples
    --------
    >>> labels, scores = np.array([0.0, 0, 1, 1]), np.array([[0.1, 0.4, 0.35, 0.8]])
    >>> group_auc(HeldOut(np.arange(4), labels, np.ones(4), np.arange(4), scores))
    (0.75, 0.3535533905932738)
    """
    of_patient = np.bincount(held.patients, held.weights)
    labels = np.bincount(held.patients, held.weights * held.labels) / of_patient
    scores = [np.bincount(held.patients, held.weights * row) / of_patient for row in held.log_odds]
    aucs, covariance = delong_covariance(np.round(labels), np.column_stack(scores))
    return float(aucs.mean()), float(np.sqrt(max(covariance.mean(), 0.0)))


def _column(grouping: Grouping, held: HeldOut) -> dict[str, Any]:
    rows = [group_figures(held, grouping, name) for name in grouping.names]
    shown = [row for row in rows if row["auc"] is not None]
    small = [row for row in rows if row["auc"] is None]
    return {
        "column": grouping.column,
        "rule": grouping.rule,
        "n_unknown": grouping.n_unknown,
        "n_mixed": grouping.n_mixed,
        "groups": shown,
        "not_reportable": [small_group(row) for row in small[:NAMED]],
        "n_not_reportable": len(small),
        "differences": _differences(shown),
    }


def small_group(row: dict[str, Any]) -> dict[str, Any]:
    """Return a group without an interval as its name, its patients and the reason.

    Parameters
    ----------
    row : dict
        As `group_figures` gives.

    Returns
    -------
    dict

    Examples
    --------
    >>> small_group({"group": "A", "n_positive": 1, "n_negative": 9, "auc": None, "reason": "few"})
    {'group': 'A', 'n_positive': 1, 'n_negative': 9, 'reason': 'few'}
    """
    return {key: row[key] for key in ("group", "n_positive", "n_negative", "reason")}


def group_figures(held: HeldOut, grouping: Grouping, name: str) -> dict[str, Any]:
    """Return what is told of one group.

    Parameters
    ----------
    held : HeldOut
    grouping : Grouping
    name : str
        One of its groups.

    Returns
    -------
    dict
        `group`, `n_positive`, `n_negative`, `auc`, its `error` and `interval`, `in_the_large`;
        what cannot be told is None, or left out, for the `reason` given.
    """
    part = held.only(grouping.levels == name)
    positive, negative = part.counts
    row: dict[str, Any] = {
        "group": name[:80],
        "n_positive": positive,
        "n_negative": negative,
        "auc": None,
        "error": None,
        "interval": None,
    }
    if min(positive, negative) < MIN_GROUP:
        return row | {
            "reason": f"{positive} positive and {negative} negative patients, expected at least "
            f"{MIN_GROUP} of each"
        }
    auc, error = group_auc(part)
    row |= {"auc": auc, "in_the_large": in_the_large(part)}
    if not 0 < auc < 1 or error <= 1e-9:
        return row | {"reason": NO_SPREAD}
    centre, spread = logit_auc(auc, error)
    limits = stats.expit([centre - _Z * spread, centre + _Z * spread])
    return row | {"error": error, "interval": limits.tolist()}


def _differences(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Set each group against the largest."""
    if len(rows) < 2:
        return []
    sizes = [row["n_positive"] + row["n_negative"] for row in rows]
    reference = rows[int(np.argmax(sizes))]
    return [difference(row, reference) for row in rows if row is not reference]


def difference(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return the difference of two AUCs of different patients, from the interval of each.

    Parameters
    ----------
    first, second : dict
        `group`, `auc` and `interval`.

    Returns
    -------
    dict
        `groups`, `difference` and `interval`, or the `reason` why there is none.

    Examples
    --------
    >>> one = {"group": "a", "auc": 0.75, "interval": [0.5, 0.875]}
    >>> two = {"group": "b", "auc": 0.5, "interval": [0.5, 0.5]}
    >>> difference(one, two)
    {'groups': ['a', 'b'], 'difference': 0.25, 'interval': [0.0, 0.375]}
    """
    value = first["auc"] - second["auc"]
    found = {"groups": [first["group"], second["group"]], "difference": value}
    if first["interval"] is None or second["interval"] is None:
        return found | {"interval": None, "reason": "one of the groups has no interval"}
    (low, high), (low2, high2) = first["interval"], second["interval"]
    below = np.hypot(first["auc"] - low, high2 - second["auc"])
    above = np.hypot(high - first["auc"], second["auc"] - low2)
    return found | {"interval": [float(value - below), float(value + above)]}
