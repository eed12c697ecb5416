"""Fits on some patients whose margins of others calibrate, tune and test, and go no further."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from proteoclass.errors import TooLittleDataError
from proteoclass.folds import (
    assert_no_shared_patient,
    assert_not_fitted_on,
    patient_folds,
    spawn,
    unit_seed,
)
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.procedure import fit_procedure, require_normalised
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.tuning import (
    Candidate,
    candidate_margins,
    candidates,
    choose,
    default_candidate,
)

Floats = npt.NDArray[np.float64]
Patients = npt.NDArray[np.object_]

INNER_FOLDS = 5
#: Bags of an inner fit, whose margins calibrate and tune and are seen no further: a mean over
#: five ranks patients nearly as one over twenty does, in a quarter of the time.
INNER_BAGS = 5


@dataclass(frozen=True, eq=False)
class InnerFolds:
    """Index samples of the training patients, scored by models that never saw them.

    Parameters
    ----------
    rows : array of int, shape (n_index_samples,)
    margin : array of float, shape (n_index_samples,)
        Uncalibrated, of the candidate that was chosen.
    tuned : Candidate
        Chosen on these folds; what the outer fold is fitted with.
    """

    rows: npt.NDArray[np.intp]
    margin: Floats
    tuned: Candidate


def inner_folds(
    cohort: Cohort,
    train_patients: Patients,
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...] = (),
) -> InnerFolds:
    """Score training patients by folds of their own, and choose the blend on these.

    Parameters
    ----------
    cohort : Cohort
    train_patients : array of object
        No other patient is looked at.
    settings : Settings
        Resolved.
    seed_path : tuple of int
    fixed : tuple of str, optional

    Returns
    -------
    InnerFolds

    Raises
    ------
    TooLittleDataError
        If a class has fewer than 2 of the patients.
    """
    names, classes = cohort.training_patients
    smaller = int(np.bincount(classes[np.isin(names, train_patients)], minlength=2).min())
    if smaller < 2:
        raise TooLittleDataError(
            f"a training fold holds {smaller} patients of a class, expected at least 2 to "
            "calibrate on; add patients or ask for more folds"
        )
    n_folds, tried = min(INNER_FOLDS, smaller), candidates(settings)
    light = replace(settings, bags=min(INNER_BAGS, settings.bags))
    rows, margins, folds = _candidates_out_of_fold(
        cohort, train_patients, n_folds, light, seed_path, fixed, tried
    )
    chosen = choose(margins, cohort.labels[rows], cohort.weights[rows], folds)
    return InnerFolds(rows, margins[:, chosen], tried[chosen])


def tune_on_all(
    cohort: Cohort, settings: Settings, seed: int, fixed: tuple[str, ...] = ()
) -> Candidate:
    """Choose the blend of the model that is fitted to all patients, on folds of these.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved.
    seed : int
    fixed : tuple of str, optional

    Returns
    -------
    Candidate
    """
    if len(candidates(settings)) == 1:
        return default_candidate(settings)
    names, _ = cohort.training_patients
    return inner_folds(cohort, names, settings, (seed, 10**6 + 2), fixed).tuned


def out_of_fold_margins(
    cohort: Cohort,
    patients: Patients,
    n_folds: int,
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...] = (),
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return index rows of some patients and their uncalibrated out-of-fold margins.

    Parameters
    ----------
    cohort : Cohort
    patients : array of object
        Patients to split; no other patient is looked at.
    n_folds : int
    settings : Settings
    seed_path : tuple of int
    fixed : tuple of str, optional

    Returns
    -------
    rows : array of int
    margins : array of float
    """
    tried = (default_candidate(settings),)
    rows, margins, _ = _candidates_out_of_fold(
        cohort, patients, n_folds, settings, seed_path, fixed, tried
    )
    return rows, margins[:, 0]


def fold_margins(
    cohort: Cohort,
    train_patients: Patients,
    test_patients: Patients,
    settings: Settings,
    seed: int,
    fixed: tuple[str, ...] = (),
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Fit on some patients, and return index rows of others and their uncalibrated margins.

    Parameters
    ----------
    cohort : Cohort
    train_patients, test_patients : array of object
    settings : Settings
    seed : int
    fixed : tuple of str, optional

    Returns
    -------
    rows : array of int
    margins : array of float
    """
    tried = (default_candidate(settings),)
    rows, margins = _fold_candidates(
        cohort, train_patients, test_patients, settings, seed, fixed, tried
    )
    return rows, margins[:, 0]


def tuned_margins(
    cohort: Cohort,
    train_patients: Patients,
    test_patients: Patients,
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...] = (),
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Tune and fit on some patients as `run_fold` does, and return margins of others.

    Parameters
    ----------
    cohort : Cohort
    train_patients, test_patients : array of object
    settings : Settings
    seed_path : tuple of int
    fixed : tuple of str, optional

    Returns
    -------
    rows : array of int
        Index samples of the test patients.
    margins : array of float
        Uncalibrated.
    """
    if len(candidates(settings)) > 1:
        inner = inner_folds(cohort, train_patients, settings, (*seed_path, 9), fixed)
        settings = inner.tuned.applied(settings)
    seed = unit_seed(*seed_path)
    return fold_margins(cohort, train_patients, test_patients, settings, seed, fixed)


def _fold_candidates(
    cohort: Cohort,
    train_patients: Patients,
    test_patients: Patients,
    settings: Settings,
    seed: int,
    fixed: tuple[str, ...],
    tried: tuple[Candidate, ...],
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Fit once on some patients, and return what each candidate says of others."""
    test_rows = cohort.rows_of(test_patients)
    test_rows = test_rows[cohort.weights[test_rows] > 0]
    train_rows = cohort.rows_of(train_patients)
    assert_no_shared_patient(cohort.patients[train_rows], cohort.patients[test_rows])
    train_rows = train_rows[cohort.weights[train_rows] > 0]
    fitted = fit_procedure(cohort, train_rows, settings, seed, fixed)
    values = cohort.values.iloc[test_rows]
    assert_not_fitted_on(fitted.fitted_on, values.index)
    require_normalised(fitted.pipeline["normalise"], values)
    labels, weights = cohort.labels[train_rows], cohort.weights[train_rows]
    panel_values = fitted.panel_values(values)
    parts = fitted.blend.parts(panel_values)
    return test_rows, candidate_margins(fitted, labels, weights, panel_values, tried, parts)


def _candidates_out_of_fold(
    cohort: Cohort,
    patients: Patients,
    n_folds: int,
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...],
    tried: tuple[Candidate, ...],
) -> tuple[npt.NDArray[np.intp], Floats, npt.NDArray[np.intp]]:
    """Return index rows, what each candidate says of them, and the fold that held them out."""
    names, classes = cohort.training_patients
    inside = np.isin(names, patients)
    names, classes = names[inside], classes[inside]
    parts = []
    for fold, test in enumerate(patient_folds(classes, n_folds, spawn(*seed_path, 0))):
        seed = unit_seed(*seed_path, 1 + fold)
        train = np.delete(names, test)
        parts.append(_fold_candidates(cohort, train, names[test], settings, seed, fixed, tried))
    rows, margins = zip(*parts, strict=True)
    folds = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    return np.concatenate(rows), np.concatenate(margins), folds
