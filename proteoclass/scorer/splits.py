"""Which patients are held out together, fold by fold and repeat by repeat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proteoclass.folds import patient_folds, spawn
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.settings import Settings

#: Arguments of `run_fold`: cohort, test patients, settings, seed path and held panel.
FoldUnit = tuple[Cohort, npt.NDArray[np.object_], Settings, tuple[int, ...], tuple[str, ...]]
#: Fewest patients of a class for any cross-validated figure.
MIN_PER_CLASS = 5


def fold_units(
    cohort: Cohort,
    settings: Settings,
    fixed: tuple[str, ...],
    folds: int,
    repeats: int,
    seed: int,
) -> list[FoldUnit]:
    """Return the arguments of `run_fold`, fold by fold and repeat by repeat.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved.
    fixed : tuple of str
        A panel from elsewhere.
    folds, repeats, seed : int

    Returns
    -------
    list of tuple
        The cohort, test patients, settings, seed path and held panel of each fold.
    """
    return [
        (cohort, test, settings, (seed, repeat, fold), fixed)
        for repeat in range(repeats)
        for fold, test in enumerate(outer_folds(cohort, folds, spawn(seed, repeat)))
    ]


def outer_folds(
    cohort: Cohort, n_folds: int, rng: np.random.Generator
) -> list[npt.NDArray[np.object_]]:
    """Deal labelled patients into test folds, whole.

    Patients with a label but no index sample are dealt as well: they are predicted,
    never trained on.

    Parameters
    ----------
    cohort : Cohort
    n_folds : int
    rng : Generator

    Returns
    -------
    list of arrays of object
        Test patients of each fold.
    """
    names, classes = cohort.training_patients
    folds = [names[test] for test in patient_folds(classes, n_folds, rng)]
    labelled = np.unique(cohort.patients[~np.isnan(cohort.labels)].astype(str))
    extra = rng.permutation(np.setdiff1d(labelled, names.astype(str))).astype(object)
    return [np.concatenate([fold, extra[i::n_folds]]) for i, fold in enumerate(folds)]
