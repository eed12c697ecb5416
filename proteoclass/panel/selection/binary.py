"""Two-class training targets, checked in one place for every estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight

from proteoclass.errors import InputError, TooLittleDataError

Floats = npt.NDArray[np.float64]


def binary_target(
    values: Floats, target: npt.NDArray[Any], sample_weight: Any, groups: Any
) -> tuple[npt.NDArray[Any], Floats, Floats, npt.NDArray[Any]]:
    """Check what an estimator of two classes was given.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
    target : array, shape (n_samples,)
        Two classes; the larger one is positive.
    sample_weight : array-like of float, shape (n_samples,), or None
    groups : array-like, shape (n_samples,), or None
        Patient of each sample.

    Returns
    -------
    classes : array, shape (2,)
    labels : array of 0.0 and 1.0, shape (n_samples,)
    weights : array of float, shape (n_samples,)
    patients : array, shape (n_samples,)

    Raises
    ------
    InputError
        If there are more than two classes, or the weights sum to zero.
    TooLittleDataError
        If there is one class.

    Examples
    --------
    >>> binary_target(np.ones((2, 1)), np.array(["a", "b"]), None, None)[1].tolist()
    [0.0, 1.0]
    """
    check_classification_targets(target)
    classes, coded = np.unique(target, return_inverse=True)
    if len(classes) > 2:
        raise InputError(
            "Only binary classification is supported. The type of the target is "
            f"{type_of_target(target)}; found {len(classes)} classes"
        )
    if len(classes) < 2:
        raise TooLittleDataError("found 1 class, expected two; check the outcome column")
    weights = checked_weights(values, sample_weight)
    patients = np.arange(len(coded)) if groups is None else np.asarray(groups)
    return classes, coded.astype(float), weights, patients


def checked_weights(values: Floats, sample_weight: Any) -> Floats:
    """Return a weight for each sample, 1 where none were given.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
    sample_weight : array-like of float, shape (n_samples,), or None

    Returns
    -------
    array of float, shape (n_samples,)

    Raises
    ------
    InputError
        If they sum to zero.

    Examples
    --------
    >>> checked_weights(np.ones((2, 1)), None).tolist()
    [1.0, 1.0]
    """
    weights: Floats = _check_sample_weight(sample_weight, values, dtype=np.float64)
    if not weights.sum() > 0:
        raise InputError("sample_weight: every weight is zero; give some sample a weight")
    return weights
