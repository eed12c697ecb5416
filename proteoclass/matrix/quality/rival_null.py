"""What the AUC of a property reads where labels are dealt at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from proteoclass.folds import patient_folds, spawn
from proteoclass.stats import auc

Floats = npt.NDArray[np.float64]

PERMUTATIONS = 999
_REPEATS = 5
_FOLDS = 5
# Of the mean variance of a patient's mask. Fixed beforehand: a penalty tuned on the same
# patients would need folds of its own.
_PENALTY = 0.2


@dataclass(frozen=True)
class Judged:
    """The AUC of a property and its null.

    Parameters
    ----------
    auc : float
    p : float
        p = (1 + b)/(1 + B) over `PERMUTATIONS` permutations of the labels (Phipson &
        Smyth 2010, doi 10.2202/1544-6115.1585).
    null : tuple of float
        5 %, 50 % and 95 % quantile of the AUC under permuted labels.

    Examples
    --------
    >>> Judged(0.8, 0.01, (0.4, 0.5, 0.6)).null[1]
    0.5
    """

    auc: float
    p: float
    null: tuple[float, float, float]


def judge_number(numbers: Floats, labels: Floats) -> Judged:
    """AUC of a number as it is, against permuted labels on both sides.

    Parameters
    ----------
    numbers : array of float, shape (n_patients,)
        Without gaps.
    labels : array of 0.0 and 1.0, shape (n_patients,)

    Returns
    -------
    Judged

    Examples
    --------
    >>> judge_number(np.arange(8.0), np.array([0.0] * 4 + [1.0] * 4)).auc
    1.0
    """
    ranks = stats.rankdata(numbers)
    n_positive = int(labels.sum())
    permuted = _permuted(labels)
    drawn = (permuted @ ranks - n_positive * (n_positive + 1) / 2) / (
        n_positive * (len(labels) - n_positive)
    )
    observed = auc(labels, numbers)
    away = np.abs(drawn - 0.5) >= abs(observed - 0.5) - 1e-12
    return Judged(observed, _p(away), _range(drawn))


def judge_levels(levels: npt.NDArray[np.intp], labels: Floats) -> Judged:
    """AUC of the share of positive patients per level, on these same patients.

    Parameters
    ----------
    levels : array of int, shape (n_patients,)
    labels : array of 0.0 and 1.0, shape (n_patients,)

    Returns
    -------
    Judged
        An upper bound, above 0.5 by chance alone: read it against its null.

    Examples
    --------
    >>> judge_levels(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 0.0, 0.0])).auc
    1.0
    """
    count = np.bincount(levels)

    def shares_auc(own: Floats) -> float:
        return auc(own, (np.bincount(levels, own) / count)[levels])

    observed = shares_auc(labels)
    drawn = np.array([shares_auc(own) for own in _permuted(labels)])
    return Judged(observed, _p(drawn >= observed - 1e-12), _range(drawn))


def judge_mask(found: Floats, labels: Floats) -> Judged:
    """Out-of-fold AUC of which proteins were found, by ridge regression.

    Parameters
    ----------
    found : array of float, shape (n_patients, n_proteins)
        1 where the protein was found, 0 where not, shares in between.
    labels : array of 0.0 and 1.0, shape (n_patients,)
        At least five of each.

    Returns
    -------
    Judged
        `auc` is the mean over five repeats of five stratified folds; `p` and `null` are
        of the first repeat. Above 0.5 only: an AUC far below 0.5 is no evidence here.

    Notes
    -----
    Least squares on the labels with a penalty on the squared weights, centred on the
    training patients, in its dual form (Hoerl & Kennard 1970, doi
    10.1080/00401706.1970.10488634), so that the score of a test patient is linear in the
    training labels. The null permutes labels within the folds, which keeps the classes
    of each fold as they were dealt.

    Examples
    --------
    >>> found = np.r_[np.ones((6, 3)), np.zeros((6, 3))]
    >>> judge_mask(found, np.array([1.0] * 6 + [0.0] * 6)).auc
    1.0
    """
    products = found @ found.T
    areas = []
    drawn = np.zeros(0)
    for repeat in range(_REPEATS):
        folds = patient_folds(labels.astype(int), _FOLDS, spawn(0, repeat))
        own = labels[None, :] if repeat else np.r_[labels[None, :], _within(labels, folds)]
        reached = _areas(_out_of_fold(products, own, folds), own)
        areas.append(reached[0])
        if not repeat:
            drawn = reached[1:]
    first = areas[0]
    return Judged(float(np.mean(areas)), _p(drawn >= first - 1e-12), _range(drawn))


def _out_of_fold(products: Floats, labels: Floats, folds: list[npt.NDArray[np.intp]]) -> Floats:
    """Score each patient by a model of the other folds; one row for each row of labels."""
    scores = np.empty(labels.shape)
    everyone = np.arange(labels.shape[1])
    for test in folds:
        train = np.setdiff1d(everyone, test)
        scores[:, test] = mask_scores(products, labels[:, train], train, test)
    return scores


def mask_scores(
    products: Floats, labels: Floats, train: npt.NDArray[np.intp], test: npt.NDArray[np.intp]
) -> Floats:
    """Score test patients by ridge regression on what was found in training patients.

    Parameters
    ----------
    products : array of float, shape (n_patients, n_patients)
        Cross products of what was found in each, as `found @ found.T`.
    labels : array of 0.0 and 1.0, shape (n_rows, n_train)
        Of training patients; one model for each row.
    train, test : array of int
        Positions of patients.

    Returns
    -------
    array of float, shape (n_rows, n_test)
        To nine decimals: patients with one and the same mask have one score, which the
        solver gives them but for the last bits.

    Notes
    -----
    As in `judge_mask`.

    Examples
    --------
    >>> found = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    >>> scores = mask_scores(found @ found.T, np.array([[1.0, 0.0]]), np.array([0, 1]),
    ...                      np.array([2]))
    >>> bool(scores[0, 0] > 0.5)
    True
    """
    inner = products[np.ix_(train, train)]
    middle = inner.mean(axis=0)
    kernel = inner - middle - middle[:, None] + middle.mean()
    across = products[np.ix_(test, train)]
    across = across - middle - across.mean(axis=1)[:, None] + middle.mean()
    penalty = _PENALTY * float(np.trace(kernel)) / len(train)
    mean = labels.mean(axis=1)[:, None]
    if penalty <= 1e-9:  # every training patient has the same mask
        return np.tile(mean, len(test))
    weights = np.linalg.solve(kernel + penalty * np.eye(len(train)), across.T)
    return np.asarray(np.round((labels - mean) @ weights + mean, 9))


def _areas(scores: Floats, labels: Floats) -> Floats:
    ranks = stats.rankdata(scores, axis=1)
    n_positive = labels[0].sum()
    n_pairs = n_positive * (labels.shape[1] - n_positive)
    return ((ranks * labels).sum(axis=1) - n_positive * (n_positive + 1) / 2) / n_pairs


def _within(labels: Floats, folds: list[npt.NDArray[np.intp]]) -> Floats:
    rng = spawn(0, _REPEATS)
    drawn = np.tile(labels, (PERMUTATIONS, 1))
    for test in folds:
        drawn[:, test] = rng.permuted(drawn[:, test], axis=1)
    return drawn


def _permuted(labels: Floats) -> Floats:
    rng = np.random.default_rng(0)
    return rng.permuted(np.tile(labels, (PERMUTATIONS, 1)), axis=1)


def _p(hits: npt.NDArray[np.bool_]) -> float:
    return (1 + int(hits.sum())) / (1 + len(hits))


def _range(drawn: Floats) -> tuple[float, float, float]:
    low, middle, high = np.quantile(drawn, [0.05, 0.5, 0.95])
    return float(low), float(middle), float(high)
