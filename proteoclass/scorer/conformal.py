"""Class-conditional conformal p of the test patients of a fold, on patients set aside for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from proteoclass.errors import TooLittleDataError
from proteoclass.folds import assert_no_shared_patient, spawn
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.inner_folds import tuned_margins
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.splits import MIN_PER_CLASS

Floats = npt.NDArray[np.float64]
Patients = npt.NDArray[np.object_]

#: Share of each class that is set aside where that is enough.
ASIDE: Final = 1 / 3
_DRAW = 20


@dataclass(frozen=True, eq=False)
class FoldSets:
    """p of each class for the test patients of one fold.

    Parameters
    ----------
    patients : array of object, shape (n_test,)
        With an index sample.
    classes : array of int, shape (n_test,)
    p : array of float, shape (n_test, 2)
        Of the negative and the positive class.
    n_calibration, n_training : tuple of int
        Negative and positive patients set aside, and fitted on.
    reason : str
        Why there are no p; "" where there are.
    """

    patients: Patients
    classes: npt.NDArray[np.int_]
    p: Floats
    n_calibration: tuple[int, int]
    n_training: tuple[int, int]
    reason: str = ""


def conformal_p(calibration: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    """Return the conformal p of scores among calibration scores of one class.

    Parameters
    ----------
    calibration : array of float, shape (n_calibration,)
        How strange each calibration patient of the class looks; larger is stranger.
    scores : array of float, shape (n,)
        The same of new patients.

    Returns
    -------
    array of float, shape (n,)
        (1 + calibration patients at least as strange) / (1 + n_calibration). Ties count,
        which is conservative.

    Notes
    -----
    For a patient of the class who is exchangeable with the calibration patients, the
    chance that p is at most alpha is at most alpha, and without ties it is
    floor(alpha · (1 + n)) / (1 + n). Vovk 2013, doi 10.1007/s10994-013-5355-6; Vovk,
    Gammerman & Shafer 2005, doi 10.1007/b106715.

    Examples
    --------
    >>> conformal_p([1.0, 2.0, 2.0, 4.0], [0.0, 2.0, 5.0]).tolist()
    [1.0, 0.8, 0.2]
    """
    ordered = np.sort(np.asarray(calibration, dtype=float))
    new = np.asarray(scores, dtype=float)
    stranger = len(ordered) - np.searchsorted(ordered, new, side="left")
    return np.asarray((1 + stranger) / (1 + len(ordered)))


def class_conditional_p(margins: Floats, classes: npt.NDArray[np.int_], new: Floats) -> Floats:
    """Return the p of both classes from margins.

    Parameters
    ----------
    margins : array of float, shape (n_calibration,)
        Of calibration patients; larger speaks for the positive class.
    classes : array of 0 and 1, shape (n_calibration,)
    new : array of float, shape (n,)
        Margins of new patients.

    Returns
    -------
    array of float, shape (n, 2)
        Of the negative and the positive class.

    Examples
    --------
    >>> p = class_conditional_p(np.array([-1.0, 0.0, 1.0]), np.array([0, 0, 1]), np.array([0.5]))
    >>> p.round(3).tolist()
    [[0.333, 0.5]]
    """
    return np.column_stack(
        [
            conformal_p(margins[classes == 0], new),
            conformal_p(-margins[classes == 1], -new),
        ]
    )


def fewest_calibration(alpha: float) -> int:
    """Return the fewest calibration patients of a class with which it can be ruled out.

    Parameters
    ----------
    alpha : float
        Share of errors.

    Returns
    -------
    int
        1/alpha - 1, rounded up: with fewer no p can be as small as alpha.

    Examples
    --------
    >>> fewest_calibration(0.1), fewest_calibration(0.05), fewest_calibration(0.15)
    (9, 19, 6)
    """
    # The tolerance keeps 1/0.1 from needing one patient more by rounding.
    return math.ceil(1 / alpha - 1 - 1e-9)


def n_set_aside(n_patients: int, alpha: float) -> int:
    """Return how many training patients of a class are set aside for calibration.

    Parameters
    ----------
    n_patients : int
        Training patients of the class.
    alpha : float

    Returns
    -------
    int

    Examples
    --------
    >>> n_set_aside(48, 0.1), n_set_aside(18, 0.1)
    (16, 9)
    """
    return max(math.ceil(n_patients * ASIDE - 1e-9), fewest_calibration(alpha))


def exact_coverage(n_calibration: int, alpha: float) -> float:
    """Return the chance that the set of an exchangeable patient holds its class.

    Parameters
    ----------
    n_calibration : int
        Calibration patients of the class.
    alpha : float

    Returns
    -------
    float
        At least 1 - alpha; without ties exact, because the rank of the patient among
        1 + n is uniform.

    Notes
    -----
    1 - floor(alpha · (1 + n)) / (1 + n); Vovk, Gammerman & Shafer 2005, doi 10.1007/b106715.

    Examples
    --------
    >>> exact_coverage(9, 0.1), round(exact_coverage(16, 0.1), 3)
    (0.9, 0.941)
    """
    return 1 - math.floor(alpha * (n_calibration + 1) + 1e-9) / (n_calibration + 1)


def fewest_patients(alpha: float) -> int:
    """Return the fewest training patients of a class that leave enough to fit on.

    Parameters
    ----------
    alpha : float

    Returns
    -------
    int

    Examples
    --------
    >>> fewest_patients(0.1), fewest_patients(0.4)
    (14, 8)
    """
    n_patients = fewest_calibration(alpha) + MIN_PER_CLASS
    while n_patients - n_set_aside(n_patients, alpha) < MIN_PER_CLASS:
        n_patients += 1
    return n_patients


def fold_sets(
    cohort: Cohort,
    test_patients: Patients,
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...],
    alpha: float,
) -> FoldSets:
    """Set patients aside, fit on the rest, and find the p of the test patients of one fold.

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
    alpha : float

    Returns
    -------
    FoldSets
        Without p, and with the reason, where the procedure cannot be fitted on so few.
    """
    names, classes = cohort.training_patients
    tested = np.isin(names, test_patients)
    aside = _drawn(np.where(tested, -1, classes), alpha, spawn(*seed_path, _DRAW))
    left = ~tested & ~aside
    assert_no_shared_patient(names[left], names[aside | tested])
    assert_no_shared_patient(names[aside], names[tested])
    p, reason = np.full((int(tested.sum()), 2), np.nan), ""
    try:
        rows, margins = tuned_margins(
            cohort, names[left], names[aside | tested], settings, seed_path, fixed
        )
        # One margin a patient: the unit that is exchangeable.
        means = np.full(len(names), np.nan)
        means[aside | tested] = cohort.patient_means(rows, margins)[1]
        p = class_conditional_p(means[aside], classes[aside], means[tested])
    except TooLittleDataError as error:
        # Fewer patients are fitted on here than in the evaluation, which goes on without.
        reason = str(error)
    return FoldSets(
        patients=names[tested],
        classes=classes[tested],
        p=p,
        n_calibration=_per_class(classes[aside]),
        n_training=_per_class(classes[left]),
        reason=reason,
    )


def _drawn(
    classes: npt.NDArray[np.int_], alpha: float, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Draw calibration patients of both classes; those of class -1 are not to be drawn."""
    aside = np.zeros(len(classes), dtype=bool)
    for label in (0, 1):
        members = rng.permutation(np.flatnonzero(classes == label))
        aside[members[: n_set_aside(len(members), alpha)]] = True
    return aside


def _per_class(classes: npt.NDArray[np.int_]) -> tuple[int, int]:
    return int((classes == 0).sum()), int((classes == 1).sum())
