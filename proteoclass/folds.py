"""Cross-validation folds in which a patient is never on both sides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from proteoclass.errors import TooLittleDataError


def patient_folds(
    classes: npt.NDArray[np.int_], n_folds: int, rng: np.random.Generator
) -> list[npt.NDArray[np.intp]]:
    """Deal patients into stratified folds.

    Parameters
    ----------
    classes : array of int, shape (n_patients,)
        Class of each patient.
    n_folds : int
        At least 2, at most the number of patients in the smaller class.
    rng : Generator
        Source of the shuffle.

    Returns
    -------
    list of arrays of int
        Positions of the test patients of each fold; sizes, in all and within each
        class, differ by at most one.

    Raises
    ------
    TooLittleDataError
        If fewer than two folds are asked for, there is one class only, or a class has
        fewer patients than there are folds.

    Examples
    --------
    >>> folds = patient_folds(np.array([0, 0, 1, 1]), 2, np.random.default_rng(0))
    >>> [len(fold) for fold in folds]
    [2, 2]
    """
    if n_folds < 2:
        raise TooLittleDataError(f"folds: found {n_folds}, expected at least 2; ask for more")
    labels, counts = np.unique(classes, return_counts=True)
    if len(labels) < 2 or counts.min() < n_folds:
        pairs = zip(labels, counts, strict=True)
        found = ", ".join(f"{count} of class {label}" for label, count in pairs) or "none"
        raise TooLittleDataError(
            f"{n_folds} folds need two classes with at least {n_folds} patients each; "
            f"found {found}; add patients or ask for fewer folds"
        )
    fold_of = np.empty(len(classes), dtype=int)
    start = 0
    for label in labels:
        members = rng.permutation(np.flatnonzero(classes == label))
        # Each class goes on dealing where the last one stopped, so that the remainders
        # do not all land in the first fold.
        fold_of[members] = (start + np.arange(len(members))) % n_folds
        start += len(members)
    return [np.flatnonzero(fold_of == fold) for fold in range(n_folds)]


def assert_no_shared_patient(train: npt.NDArray[np.object_], test: npt.NDArray[np.object_]) -> None:
    """Stop if a patient is on both sides of a split.

    Raises
    ------
    AssertionError
        This is a bug in proteoclass, never the user's doing.

    Examples
    --------
    >>> assert_no_shared_patient(np.array(["a"]), np.array(["b"]))
    """
    shared = np.intersect1d(train, test)
    if len(shared):
        raise AssertionError(f"{len(shared)} patients are in both training and test rows")


def assert_not_fitted_on(fitted: npt.ArrayLike, test: npt.ArrayLike) -> None:
    """Stop if a sample that is about to be predicted was fitted on.

    Parameters
    ----------
    fitted : array of str
        Ids of the samples that a fit was given, as it recorded them.
    test : array of str
        Ids of the samples to predict.

    Raises
    ------
    AssertionError
        This is a bug in proteoclass, never the user's doing.

    Examples
    --------
    >>> assert_not_fitted_on(["s1"], ["s2"])
    """
    shared = np.intersect1d(np.asarray(fitted, dtype=str), np.asarray(test, dtype=str))
    if len(shared):
        raise AssertionError(f"{len(shared)} test samples were fitted on")


def spawn(seed: int, *path: int) -> np.random.Generator:
    """Return the generator of one unit of work, the same whatever ran before it.

    Parameters
    ----------
    seed : int
        The user's seed.
    *path : int
        Which unit: repeat, fold, bag.

    Returns
    -------
    Generator

    Examples
    --------
    >>> spawn(0, 1, 2).integers(100) == spawn(0, 1, 2).integers(100)
    np.True_
    """
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=path))


def complementary_halves(
    classes: npt.NDArray[np.int_], n_pairs: int, rng: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """Split patients into stratified complementary halves, `n_pairs` times.

    Parameters
    ----------
    classes : array of int, shape (n_patients,)
    n_pairs : int
    rng : Generator

    Yields
    ------
    pair of arrays of bool, shape (n_patients,)
        Disjoint halves. Where a class is odd, one patient of it sits out, so that the
        halves are exchangeable (Shah & Samworth 2013).

    Examples
    --------
    >>> first, second = next(complementary_halves(np.array([0, 0, 1, 1]), 1,
    ...                                           np.random.default_rng(0)))
    >>> int(first.sum()), bool((first & second).any())
    (2, False)
    """
    members = [np.flatnonzero(classes == label) for label in np.unique(classes)]
    for _ in range(n_pairs):
        first = np.zeros(len(classes), dtype=bool)
        second = np.zeros(len(classes), dtype=bool)
        for positions in members:
            shuffled = rng.permutation(positions)
            half = len(shuffled) // 2
            first[shuffled[:half]] = True
            second[shuffled[half : 2 * half]] = True
        yield first, second


def unit_seed(*path: int) -> int:
    """Return the integer seed of one unit of work.

    Examples
    --------
    >>> unit_seed(0, 1) == unit_seed(0, 1) != unit_seed(0, 2)
    True
    """
    return int(spawn(*path).integers(2**31))
