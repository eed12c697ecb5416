"""When a model must not answer, learnt in one pass of fits without some of the patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.folds import spawn
from proteoclass.scorer.calibration import Platt
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.held_out_fits import held_out_fits
from proteoclass.scorer.missing_proteins import (
    ERROR_BOUND,
    HIGH_SHARE,
    error_table,
    most_allowed,
    score_changes,
)
from proteoclass.scorer.procedure import FittedProcedure
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.training_range import (
    REFUSED_TIMES,
    fit_joint_range,
    limit_of,
    protein_limits,
)

Floats = npt.NDArray[np.float64]

#: Fits, fewer where a class has fewer patients.
FOLDS = 5
#: Marks the random sets of proteins off from all other random streams.
_STREAM = 10**6 + 5


@dataclass(frozen=True, eq=False)
class HeldOutLimits:
    """What was seen of patients that nothing behind the figures was learnt from.

    Parameters
    ----------
    changes : list of array of float, shape (n_sets, n_samples, most tried)
        One a fold; see `score_changes`.
    weights : list of array of float, shape (n_samples,)
    distances : array of float, shape (n_held_out,)
        From the training patients of the fold; see `JointRange`.
    outside : array of float, shape (n_held_out,)
        Panel proteins outside the range of the training patients of the fold.
    """

    changes: list[Floats]
    weights: list[Floats]
    distances: Floats
    outside: Floats

    def missing_part(self, n_patients: int) -> dict[str, Any]:
        """Return the allowed number of missing proteins, and what it rests on."""
        table = error_table(self.changes, self.weights)
        return {
            "max_not_measured": most_allowed(table),
            "error": {
                "bound": ERROR_BOUND,
                "share": HIGH_SHARE,
                "n_patients": n_patients,
                "n_folds": len(self.changes),
                "table": table,
            },
        }

    def range_part(self, measured: Floats) -> dict[str, Any]:
        """Return centre and covariance of all training samples, and the limits.

        Parameters
        ----------
        measured : array of float, shape (n_train, panel size)
            Normalised log2 of the locked model's panel; NaN = not detected.
        """
        joint = fit_joint_range(measured)
        flagged = limit_of(self.distances)
        return {
            "centre": joint.centre,
            "covariance": [row[: place + 1] for place, row in enumerate(joint.covariance)],
            "flagged": flagged,
            "refused": REFUSED_TIMES * flagged,
            "max_outside": int(limit_of(self.outside)),
            "n_held_out": len(self.distances),
        }


def learn_limits(
    cohort: Cohort,
    settings: Settings,
    seed: int,
    fixed: tuple[str, ...],
    calibrator: Platt,
    size: int,
) -> HeldOutLimits:
    """Fit without each fold's patients, and see how these would have been judged.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved and tuned, as the locked model is fitted.
    seed : int
    fixed : tuple of str
        Proteins of a panel from elsewhere.
    calibrator : Platt
        The shipped one.
    size : int
        Proteins in the locked model's panel.

    Returns
    -------
    HeldOutLimits

    Raises
    ------
    TooLittleDataError
        If a class has fewer than two patients.

    Examples
    --------
    >>> from proteoclass.matrix import Outcome, simulate_cohort
    >>> from proteoclass.scorer.cohort import build_cohort
    >>> made = simulate_cohort(patients=24, severe=8, proteins=60, visits=1, seed=1)
    >>> cohort = build_cohort(made.matrix, Outcome("severity", "severe"))
    >>> settings = Settings(size=5, bags=2, rounds=2).resolve(cohort.matrix)
    >>> seen = learn_limits(cohort, settings, 0, (), Platt(1.0, 0.0), size=5)
    >>> len(seen.distances), [len(c[0, 0]) for c in seen.changes]
    (24, [2, 2, 2, 2, 2])
    """
    classes = cohort.training_patients[1]
    n_folds = min(FOLDS, int(np.bincount(classes, minlength=2).min()))
    changes, weights, distances, outside = [], [], [], []
    fits = held_out_fits(cohort, settings, seed, n_folds, fixed)
    for fold, (fitted, rows) in enumerate(fits):
        values = cohort.values.iloc[rows]
        rng = spawn(seed, _STREAM, fold)
        changes.append(score_changes(fitted, values, calibrator, size, rng))
        weights.append(cohort.weights[rows])
        far, n_outside = held_out_range(fitted, cohort, rows)
        distances.append(far)
        outside.append(n_outside)
    return HeldOutLimits(changes, weights, np.concatenate(distances), np.concatenate(outside))


def held_out_range(
    fitted: FittedProcedure, cohort: Cohort, rows: npt.NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return how far samples lie from those of a fit that never saw them.

    Parameters
    ----------
    fitted : FittedProcedure
    cohort : Cohort
    rows : array of int
        Positions of held-out samples.

    Returns
    -------
    distances : array of float, shape (n_rows,)
        Joint, a detected protein.
    outside : array of float, shape (n_rows,)
        Number of proteins out of range.
    """
    learnt_from = fitted.measured(cohort.values.loc[fitted.fitted_on]).to_numpy(dtype=float)
    measured = fitted.measured(cohort.values.iloc[rows]).to_numpy(dtype=float)
    lowest, highest = protein_limits(learnt_from)
    outside = ((measured < lowest) | (measured > highest)).sum(axis=1).astype(float)
    return fit_joint_range(learnt_from).distances(measured), outside
