"""Fits without some patients, to learn of new patients what a fit to all cannot tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from proteoclass.folds import assert_not_fitted_on, patient_folds, spawn, unit_seed
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.procedure import FittedProcedure, fit_procedure
from proteoclass.scorer.settings import Settings

#: Marks the random streams of these fits off from those of the evaluation.
_STREAM = 10**6 + 3


def held_out_fits(
    cohort: Cohort,
    settings: Settings,
    seed: int,
    n_folds: int,
    fixed: tuple[str, ...] = (),
) -> Iterator[tuple[FittedProcedure, npt.NDArray[np.intp]]]:
    """Fit the procedure once a fold, and yield it with the index rows it never saw.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved and tuned, as the locked model is fitted.
    seed : int
    n_folds : int
        At most the patients of the smaller class.
    fixed : tuple of str, optional
        A panel from elsewhere.

    Yields
    ------
    fitted : FittedProcedure
    rows : array of int
        Positions of the index samples of the patients left out.

    Raises
    ------
    TooLittleDataError
        If a class has fewer patients than there are folds.

    Examples
    --------
    >>> from proteoclass.matrix import Outcome, simulate_cohort
    >>> from proteoclass.scorer.cohort import build_cohort
    >>> made = simulate_cohort(patients=24, severe=8, proteins=60, visits=1, seed=1)
    >>> cohort = build_cohort(made.matrix, Outcome("severity", "severe"))
    >>> settings = Settings(size=5, bags=2, rounds=2).resolve(cohort.matrix)
    >>> fits = held_out_fits(cohort, settings, seed=0, n_folds=2)
    >>> sum(len(rows) for _, rows in fits) == len(cohort.index_rows())
    True
    """
    names, classes = cohort.training_patients
    for fold, test in enumerate(patient_folds(classes, n_folds, spawn(seed, _STREAM, 0))):
        train = cohort.rows_of(np.delete(names, test))
        fit_seed = unit_seed(seed, _STREAM, 1 + fold)
        fitted = fit_procedure(cohort, train, settings, fit_seed, fixed)
        held = cohort.rows_of(names[test])
        held = held[cohort.weights[held] > 0]
        assert_not_fitted_on(fitted.fitted_on, cohort.values.index[held])
        yield fitted, held
