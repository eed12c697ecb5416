"""AUC against the number of training patients, and whether more of them would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.errors import TooLittleDataError
from proteoclass.folds import spawn
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import difference_test, fold_auc
from proteoclass.scorer.inner_folds import INNER_FOLDS, tuned_margins
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.splits import MIN_PER_CLASS, FoldUnit
from proteoclass.scorer.tuning import candidates

Floats = npt.NDArray[np.float64]
Patients = npt.NDArray[np.object_]

#: Shares of each training fold; the last is the evaluation itself.
SHARES: Final = (0.4, 0.55, 0.7, 0.85, 1.0)
#: A gain in AUC that is not worth more patients.
NEGLIGIBLE: Final = 0.01
_DRAW = 21

ESTIMAND: Final = (
    "Each point is the expected AUC of the whole procedure, uncalibrated, fitted on that many "
    "patients; the subsamples are stratified, each within the next larger one, and the test folds "
    "are the same throughout."
)
RULE: Final = (
    "more patients would help where the interval of the last step (85 % to all training patients) "
    f"lies above 0; they would not where it ends below {NEGLIGIBLE:g}; else it cannot be told"
)
STEP_KIND: Final = (
    "the larger less the smaller, paired by fold; corrected resampled t, 95 %, with the test "
    "share of the smaller"
)


@dataclass(frozen=True, eq=False)
class FoldCurve:
    """What one outer fold reaches on parts of its training patients.

    Parameters
    ----------
    auc : list of float
        Test AUC, share by share but for the last; NaN where it was not fitted.
    n_training : list of tuple of int
        Negative and positive training patients, share by share.
    reason : list of str
        Why a share was not fitted; "" where it was.
    """

    auc: list[float]
    n_training: list[tuple[int, int]]
    reason: list[str]


def nested_subsamples(
    classes: npt.NDArray[np.int_], shares: Sequence[float], rng: np.random.Generator
) -> list[npt.NDArray[np.intp]]:
    """Draw stratified subsamples, each within the next.

    Parameters
    ----------
    classes : array of int, shape (n_patients,)
    shares : sequence of float
        Above 0 to 1, rising.
    rng : Generator

    Returns
    -------
    list of array of int
        Positions, rising, share by share; of each class its share, rounded half up.

    Examples
    --------
    >>> small, all_of_them = nested_subsamples(np.array([0, 0, 0, 0, 1, 1]), [0.5, 1.0],
    ...                                        np.random.default_rng(0))
    >>> len(small), all_of_them.tolist()
    (3, [0, 1, 2, 3, 4, 5])
    """
    shuffled = [rng.permutation(np.flatnonzero(classes == label)) for label in np.unique(classes)]
    return [
        np.sort(np.concatenate([group[: int(len(group) * share + 0.5)] for group in shuffled]))
        for share in shares
    ]


def fold_curve(
    cohort: Cohort,
    test_patients: Patients,
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...],
    shares: tuple[float, ...],
) -> FoldCurve:
    """Fit the procedure on parts of the training patients of one outer fold.

    Parameters
    ----------
    cohort : Cohort
    test_patients : array of object
    settings : Settings
        Resolved.
    seed_path : tuple of int
        Seed, repeat and fold, as for `run_fold`.
    fixed : tuple of str
        A panel from elsewhere.
    shares : tuple of float
        Rising to 1. The last is counted and not fitted: `run_fold` has done it.

    Returns
    -------
    FoldCurve
    """
    names, classes = cohort.training_patients
    train = ~np.isin(names, test_patients)
    names, classes = names[train], classes[train]
    parts = nested_subsamples(classes, shares, spawn(*seed_path, _DRAW))
    aucs, reasons = [], []
    for part in parts[:-1]:
        auc, reason = float("nan"), _too_few(classes[part])
        if not reason:
            try:
                rows, margins = tuned_margins(
                    cohort, names[part], test_patients, settings, seed_path, fixed
                )
                auc = fold_auc(cohort, rows, margins)
            except TooLittleDataError as error:
                reason = str(error)
        aucs.append(auc)
        reasons.append(reason)
    return FoldCurve(aucs, [_per_class(classes[part]) for part in parts], [*reasons, ""])


def learning_curve(
    units: Sequence[FoldUnit],
    full: Floats,
    test_share: float,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the learning curve of an evaluation.

    Parameters
    ----------
    units : sequence of tuple
        Of each outer fold of each repeat.
    full : array of float, shape (n_folds * n_repeats,)
        Test AUC of each by all its training patients, uncalibrated.
    test_share : float
        Test patients over training patients of a fold.
    jobs, progress
        As for `evaluate`.

    Returns
    -------
    dict
        As `describe_curve`, with the `cost` in words.
    """
    folds: list[FoldCurve] = run_units(
        fold_curve,
        [(*unit, SHARES) for unit in units],
        jobs=jobs,
        label="learning curve",
        progress=progress,
    )
    found = describe_curve(folds, full, SHARES, test_share)
    tuned = len(candidates(units[0][2])) > 1
    inner = f"each with {INNER_FOLDS} inner folds for tuning, " if tuned else ""
    return found | {"cost": f"{found['n_fits']} more fits of the procedure, {inner}uncalibrated"}


def describe_curve(
    folds: Sequence[FoldCurve], full: Floats, shares: Sequence[float], test_share: float
) -> dict[str, Any]:
    """Summarise what the folds reach on parts of their training patients.

    Parameters
    ----------
    folds : sequence of FoldCurve
    full : array of float, shape (n_folds,)
        AUC on all training patients.
    shares : sequence of float
        Rising to 1.
    test_share : float
        Test patients over training patients of a fold, at share 1.

    Returns
    -------
    dict
        `points`, `last_step` and `whole_curve` (paired differences), `text`, `rule`,
        `estimand` and `n_fits`.

    Notes
    -----
    Corrected resampled t, Nadeau & Bengio 2003, doi 10.1023/A:1024068626366, in which the
    ratio of test to training patients grows as training patients are left out.
    """
    values = np.column_stack([np.array([fold.auc for fold in folds]), full])
    points = [
        _point(share, values[:, place], [fold.n_training[place] for fold in folds], test_share)
        | _first_reason([fold.reason[place] for fold in folds])
        for place, share in enumerate(shares)
    ]
    fitted = sum(int((~np.isnan(values[:, place])).sum()) for place in range(len(shares) - 1))
    last = _step(points, values, len(shares) - 2, test_share)
    known = [place for place, point in enumerate(points[:-1]) if "reason" not in point]
    whole = _step(points, values, known[0] if known else 0, test_share)
    return {
        "points": points,
        "last_step": last,
        "whole_curve": whole,
        "text": curve_sentence(last),
        "rule": RULE,
        "estimand": ESTIMAND,
        "n_fits": fitted,
    }


def curve_sentence(step: dict[str, Any]) -> str:
    """Say by the rule whether more patients would help.

    Parameters
    ----------
    step : dict
        Of `describe_curve`.

    Returns
    -------
    str

    Examples
    --------
    >>> curve_sentence({"n_training": [68, 80], "mean": 0.03, "interval": [0.01, 0.05]})[:62]
    'More patients would help as far as can be seen: from 68 to 80 '
    """
    if "reason" in step:
        return f"Whether more patients would help cannot be told: {step['reason']}."
    low, high = step["interval"]
    smaller, larger = step["n_training"]
    seen = (
        f"from {smaller:.0f} to {larger:.0f} training patients the AUC changed by "
        f"{step['mean']:+.3f} (interval {low:+.3f} to {high:+.3f})"
    )
    if low > 0:
        return f"More patients would help as far as can be seen: {seen}."
    if high < NEGLIGIBLE:
        return f"More patients would not help as far as can be seen: {seen}."
    return f"Whether more patients would help cannot be told: {seen}."


def _point(
    share: float, values: Floats, counts: Sequence[tuple[int, int]], test_share: float
) -> dict[str, Any]:
    low, high = stats.corrected_resampled_auc_interval(values, test_share / share)
    seen = values[~np.isnan(values)]
    negative, positive = np.mean(counts, axis=0)
    return {
        "share": float(share),
        "n_training": float(negative + positive),
        "n_positive": float(positive),
        "fewest_of_a_class": int(np.min(counts)),
        "auc": float(seen.mean()) if len(seen) else float("nan"),
        "interval": [low, high],
        "interval_kind": stats.CORRECTED_RESAMPLED,
        "n_folds": len(seen),
    }


def _first_reason(reasons: Sequence[str]) -> dict[str, Any]:
    """Return what replaces the figures of a point where a fold could not be fitted."""
    failed = [reason for reason in reasons if reason]
    if not failed:
        return {}
    # Over the other folds alone it would not be paired with the points beside it.
    gap = float("nan")
    reason = f"{len(failed)} of {len(reasons)} folds could not be fitted: {failed[0]}"
    return {"auc": gap, "interval": [gap, gap], "reason": reason}


def _step(
    points: Sequence[dict[str, Any]], values: Floats, place: int, test_share: float
) -> dict[str, Any]:
    """Compare the point at a place with the last."""
    smaller, larger = points[place], points[-1]
    said = {
        "shares": [smaller["share"], larger["share"]],
        "n_training": [smaller["n_training"], larger["n_training"]],
        "kind": STEP_KIND,
    }
    if "reason" in smaller:
        gap = float("nan")
        return {**said, "mean": gap, "interval": [gap, gap], "p": gap, "reason": smaller["reason"]}
    difference = values[:, -1] - values[:, place]
    tested = difference_test(difference, test_share / smaller["share"])
    return {**said, "mean": float(np.nanmean(difference)), **tested}


def _too_few(classes: npt.NDArray[np.int_]) -> str:
    smaller = min(_per_class(classes))
    if smaller >= MIN_PER_CLASS:
        return ""
    return f"the subsample holds {smaller} patients of a class, expected at least {MIN_PER_CLASS}"


def _per_class(classes: npt.NDArray[np.int_]) -> tuple[int, int]:
    return int((classes == 0).sum()), int((classes == 1).sum())
