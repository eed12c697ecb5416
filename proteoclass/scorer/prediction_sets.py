"""What conformal prediction sets hold on the outer folds: coverage, class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.conformal import (
    FoldSets,
    exact_coverage,
    fewest_calibration,
    fewest_patients,
    fold_sets,
)
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.splits import MIN_PER_CLASS, FoldUnit

Patients = npt.NDArray[np.object_]

METHOD: Final = (
    "class-conditional (Mondrian) split conformal prediction: p of a class = (1 + its calibration "
    "patients that look no more like it) / (1 + its calibration patients); the set holds the "
    "classes whose p exceeds alpha"
)
RULE: Final = (
    "a third of each class of a fold's training patients, rounded up, or as many as 1/alpha - 1 "
    "where that is more, drawn by chance before anything is fitted; the procedure is fitted on "
    "the others, and calibration patients touch neither normalisation, selection, tuning nor scorer"
)
ESTIMAND: Final = (
    "share of new patients of a class whose prediction set holds that class, by a procedure "
    "fitted on what is left of a cohort of this size"
)
CAUTION: Final = (
    "calibration and test patients are of different levels of {!r}: nothing is promised of a level "
    "that calibration has not seen, and the coverage says how far the sets hold there"
)
INTERVAL_KIND: Final = (
    "Wilson, 95 %, over patients, coverage averaged over repeats: test-sampling error only"
)


def conformal_figures(
    units: Sequence[FoldUnit],
    alpha: float,
    *,
    left_out: str = "",
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return how prediction sets fare on the outer folds, or why there are none.

    Parameters
    ----------
    units : sequence of tuple
        Cohort, test patients, settings, seed path and held panel of each outer fold of
        each repeat.
    alpha : float
        Share of errors that the sets may make in each class; 0 leaves them out.
    left_out : str
        Column whose levels are the folds, "" where they are dealt by chance.
    jobs, progress
        As for `evaluate`.

    Returns
    -------
    dict
        `alpha`, `classes` (coverage with its interval, and what the sets hold, class by
        class), `sets`, and what was done in words; `classes` is None, with `reason`, where
        a class is too small in a fold.
    """
    if not alpha:
        return {"alpha": None, "classes": None, "reason": "not asked for"}
    cohort = units[0][0]
    said = {"alpha": alpha, "method": METHOD, "set_aside": RULE, "estimand": ESTIMAND}
    if left_out:
        said["caution"] = CAUTION.format(left_out)
    reason = refusal(units, alpha)
    if reason:
        return {**said, "classes": None, "reason": reason, "text": _not_reportable(reason)}
    folds: list[FoldSets] = run_units(
        fold_sets,
        [(*unit, alpha) for unit in units],
        jobs=jobs,
        label="prediction sets",
        progress=progress,
    )
    failed = [fold.reason for fold in folds if fold.reason]
    if failed:
        reason = f"{len(failed)} of {len(folds)} folds could not be fitted: {failed[0]}"
        return {**said, "classes": None, "reason": reason, "text": _not_reportable(reason)}
    labels = (cohort.outcome.negative or "negative", cohort.outcome.positive)
    return said | describe_sets(folds, labels, alpha)


def refusal(units: Sequence[FoldUnit], alpha: float) -> str:
    """Say why prediction sets cannot be had on some folds, "" where they can.

    Parameters
    ----------
    units : sequence of tuple
        As for `conformal_figures`.
    alpha : float

    Returns
    -------
    str
        Decided by the number of patients alone, before anything is fitted.
    """
    cohort = units[0][0]
    names, classes = cohort.training_patients
    labels = (cohort.outcome.negative or "negative", cohort.outcome.positive)
    for label in (1, 0):
        of_class = names[classes == label]
        fewest = min(int((~np.isin(of_class, unit[1])).sum()) for unit in units)
        if fewest < fewest_patients(alpha):
            return (
                f"a training fold holds {fewest} patients of {labels[label]!r}, expected at least "
                f"{fewest_patients(alpha)}, to set aside {fewest_calibration(alpha)} or more "
                f"(1/alpha - 1 at alpha {alpha:g}) and to fit on {MIN_PER_CLASS} or more; ask for "
                "a larger alpha, or add patients"
            )
    return ""


def describe_sets(folds: Sequence[FoldSets], labels: Sequence[str], alpha: float) -> dict[str, Any]:
    """Summarise the prediction sets of every fold of every repeat.

    Parameters
    ----------
    folds : sequence of FoldSets
        With p.
    labels : sequence of str
        Of the negative and the positive class.
    alpha : float

    Returns
    -------
    dict
        `classes`, `sets` and `text`.
    """
    patients = np.concatenate([fold.patients for fold in folds])
    classes = np.concatenate([fold.classes for fold in folds])
    held = np.concatenate([fold.p for fold in folds]) > alpha
    rows = [
        _of_class(folds, patients[classes == label], held[classes == label], label, alpha)
        | {"label": labels[label]}
        for label in (1, 0)
    ]
    sets = _shares(held) | {"n_patients": len(np.unique(patients)), "n_sets": len(held)}
    return {"classes": rows, "sets": sets, "text": _sentence(rows, sets, alpha)}


def _of_class(
    folds: Sequence[FoldSets],
    patients: Patients,
    held: npt.NDArray[np.bool_],
    label: int,
    alpha: float,
) -> dict[str, Any]:
    n = len(np.unique(patients))
    coverage = float(held[:, label].mean())
    aside = [fold.n_calibration[label] for fold in folds]
    fitted_on = [fold.n_training[label] for fold in folds]
    return {
        "coverage": coverage,
        "interval": list(stats.wilson_interval(coverage * n, n)),
        "interval_kind": INTERVAL_KIND,
        "promised": 1 - alpha,
        "expected": float(np.mean([exact_coverage(n_aside, alpha) for n_aside in aside])),
        "n_patients": n,
        **_shares(held),
        "single_wrong": float((~held[:, label] & held[:, 1 - label]).mean()),
        "n_calibration": [min(aside), max(aside)],
        "n_training": [min(fitted_on), max(fitted_on)],
    }


def _shares(held: npt.NDArray[np.bool_]) -> dict[str, float]:
    size = held.sum(axis=1)
    names = ("empty", "single", "both")
    return {name: float((size == count).mean()) for count, name in enumerate(names)}


def _sentence(rows: Sequence[dict[str, Any]], sets: dict[str, Any], alpha: float) -> str:
    covered = " and ".join(
        f"{row['coverage']:.0%} of {row['n_patients']} patients of {row['label']!r} (interval "
        f"{row['interval'][0]:.0%} to {row['interval'][1]:.0%})"
        for row in rows
    )
    return (
        f"Prediction sets that promise {1 - alpha:.3g} in each class held the true class of "
        f"{covered}; {sets['single']:.0%} of the sets name one class, {sets['both']:.0%} both, "
        f"{sets['empty']:.0%} none."
    )


def _not_reportable(reason: str) -> str:
    return f"Prediction sets are not reportable: {reason}."
