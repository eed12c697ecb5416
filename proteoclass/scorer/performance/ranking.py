"""How well out-of-fold scores put the positive patients first, beside their AUC."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.scorer.performance.held_out import HeldOut
from proteoclass.scorer.performance.patient_bootstrap import (
    BOOTSTRAP_KIND,
    interval_fields,
    resampled,
)

Floats = npt.NDArray[np.float64]

#: What is held fixed, for sensitivity and for specificity alike.
FIXED = (0.80, 0.90, 0.95)
#: Fewest patients of the class whose share is read off.
MIN_READ = 5
RULE = (
    "no interpolation: the best value among the cuts of these out-of-fold scores at which the "
    "fixed rate is at least reached; a score at the cut counts as positive"
)
ESTIMAND = (
    "what a cut read off these same out-of-fold scores would give; the limits under "
    "`thresholds` were set in training and judged on patients they had not seen"
)


def average_precision(held: HeldOut, seed: int) -> dict[str, Any]:
    """Return the area under precision and recall, mean over repeats, and its chance level.

    Parameters
    ----------
    held : HeldOut
    seed : int
        Of the draws behind the interval.

    Returns
    -------
    dict
        `mean_over_repeats`, `interval` and its kind, `prevalence`, which is what a score
        without information reaches, and the number of patients.

    Notes
    -----
    The sum of precision over steps of recall, without interpolation, which is too
    optimistic: Davis & Goadrich 2006, doi 10.1145/1143844.1143874.
    """
    values, limits = resampled(
        held, lambda scores, weights: _precision_area(scores, held.labels, weights), seed
    )
    positive, negative = held.counts
    return {
        "mean_over_repeats": float(values[0]),
        **interval_fields(limits[0]),
        "interval_kind": BOOTSTRAP_KIND,
        "prevalence": held.prevalence,
        "chance": "the prevalence is what a score without information reaches",
        "n_positive": positive,
        "n_negative": negative,
    }


def rates_at_fixed(held: HeldOut, seed: int) -> dict[str, Any]:
    """Return sensitivity at fixed specificity, and specificity at fixed sensitivity.

    Parameters
    ----------
    held : HeldOut
    seed : int
        Of the draws behind the intervals.

    Returns
    -------
    dict
        `sensitivity` and `specificity`, a list each, with the rule, the kind of interval
        and the estimand. A rate is held fixed only where its class is large enough for one
        patient more or less to be within it: 95 % needs 20 patients.

    Notes
    -----
    Of a score that was not fitted to these patients, the intervals covered the true rate in
    91 to 98 of 100 simulated cohorts where the class held fixed had twice the patients
    needed or more, and in 81 to 86 of 100 below that, where the value is too high as well.

    Examples
    --------
    >>> labels = np.repeat([0.0, 1.0], 6)
    >>> held = HeldOut(np.arange(12), labels, np.ones(12), np.arange(12), np.arange(12.0)[None])
    >>> found = rates_at_fixed(held, seed=0)["sensitivity"]
    >>> found[0]["value"], found[2]["value"], found[2]["reason"]
    (1.0, None, '6 negative patients, expected at least 20 to hold 95 % of them fixed')
    """
    values, limits = resampled(
        held, lambda scores, weights: _fixed_rates(scores, held.labels, weights), seed
    )
    positive, negative = held.counts
    n = len(FIXED)
    return {
        "sensitivity": _rows("specificity", values[:n], limits[:n], negative, positive),
        "specificity": _rows("sensitivity", values[n:], limits[n:], positive, negative),
        "rule": RULE,
        "interval_kind": BOOTSTRAP_KIND,
        "estimand": ESTIMAND,
        "n_positive": positive,
        "n_negative": negative,
    }


def _rows(
    fixed: str, values: Floats, limits: Floats, n_fixed: int, n_read: int
) -> list[dict[str, Any]]:
    """Return one row a fixed rate, of which `n_fixed` patients are held to."""
    rows = []
    for rate, value, limit in zip(FIXED, values, limits, strict=True):
        reason = _too_few(fixed, rate, n_fixed, n_read)
        if reason:
            rows.append({fixed: rate, "value": None, "interval": None, "reason": reason})
        else:
            rows.append({fixed: rate, "value": float(value), **interval_fields(limit)})
            if n_fixed < 2 * _needed(rate):
                rows[-1]["caution"] = (
                    f"{n_fixed} patients are close to the {_needed(rate)} that a rate of "
                    f"{100 * rate:.0f} % needs: value and interval are too favourable"
                )
    return rows


def _too_few(fixed: str, rate: float, n_fixed: int, n_read: int) -> str:
    held, read = ("negative", "positive") if fixed == "specificity" else ("positive", "negative")
    if n_fixed < _needed(rate):
        return (
            f"{n_fixed} {held} patients, expected at least {_needed(rate)} to hold "
            f"{100 * rate:.0f} % of them fixed"
        )
    if n_read < MIN_READ:
        return f"{n_read} {read} patients, expected at least {MIN_READ}"
    return ""


def _needed(rate: float) -> int:
    """Return the fewest patients of whom one alone is no more than may be lost."""
    # The last digits of 1 - 0.95 must not ask for a patient more.
    return int(np.ceil(round(1 / (1 - rate), 6)))


def _precision_area(scores: Floats, labels: Floats, weights: Floats) -> Floats:
    positive, negative = _above_each_cut(scores, labels, weights)
    found = positive + negative
    precision = np.divide(positive, found, out=np.zeros_like(found), where=found > 0)
    recall = positive / positive[:, -1:]
    return (np.diff(recall, prepend=0.0, axis=1) * precision).sum(axis=1, keepdims=True)


def _fixed_rates(scores: Floats, labels: Floats, weights: Floats) -> Floats:
    """Return sensitivity at each fixed specificity, then specificity at each sensitivity."""
    positive, negative = _above_each_cut(scores, labels, weights)
    sensitivity = positive / positive[:, -1:]
    specificity = 1 - negative / negative[:, -1:]
    # A cut above every score holds any specificity, and finds nobody.
    found = [np.where(specificity >= rate - 1e-9, sensitivity, 0.0).max(1) for rate in FIXED]
    found += [np.where(sensitivity >= rate - 1e-9, specificity, 0.0).max(1) for rate in FIXED]
    return np.stack(found, axis=1)


def _above_each_cut(scores: Floats, labels: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the weight of each class at or above each score, highest first."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    # Samples of one score are on the same side of any cut.
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    drawn = weights[:, order]
    is_positive = labels[order] == 1
    positive = np.cumsum(np.where(is_positive, drawn, 0.0), axis=1)[:, last]
    negative = np.cumsum(np.where(is_positive, 0.0, drawn), axis=1)[:, last]
    return positive, negative
