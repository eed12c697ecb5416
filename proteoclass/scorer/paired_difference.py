"""Difference of two AUCs on the same cross-validation folds, judged patient by patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import special, stats
from scipy.stats import rankdata

from proteoclass.scorer.cohort import Cohort

Floats = npt.NDArray[np.float64]
#: Rows of a test fold and their scores.
Scored = tuple[npt.NDArray[np.intp], Floats]

PAIRED_KIND: Final = (
    "paired by patient within folds, with what chance adds in training; t on the difference of "
    "the logits, 95 %"
)
NO_SPREAD: Final = (
    "no patient's share in the difference differs from another's, so that there is no spread to "
    "test it by"
)
#: Variances and differences below these are rounding.
_NO_VARIANCE, _NO_DIFFERENCE = 1e-14, 1e-12


def placements(labels: Floats, scores: Floats, weights: Floats) -> Floats:
    """Return of each sample the share of the other class that it is ranked on the right side of.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
        Of one test fold.
    scores, weights : array of float, shape (n,)

    Returns
    -------
    array of float, shape (n,)
        Ties count one half; NaN where a class is empty. The weighted mean over either class is
        the AUC.

    Examples
    --------
    >>> placements(np.array([0, 0, 1, 1.0]), np.array([0.1, 0.4, 0.35, 0.8]), np.ones(4)).tolist()
    [1.0, 0.5, 0.5, 1.0]
    """
    found = np.full(len(labels), np.nan)
    positive, negative = labels == 1, labels == 0
    if not weights[positive].sum() or not weights[negative].sum() or np.isnan(scores).any():
        return found
    ranks = rankdata(scores, method="dense")
    above = np.sign(ranks[positive][:, None] - ranks[negative]) / 2 + 0.5
    found[positive] = np.average(above, axis=1, weights=weights[negative])
    found[negative] = np.average(above, axis=0, weights=weights[positive])
    return found


def difference_by_patient(
    cohort: Cohort, scored: Sequence[Sequence[Sequence[Scored]]], aucs: Floats
) -> dict[str, Any]:
    """Return interval and p of the difference of two scores on the same folds.

    Parameters
    ----------
    cohort : Cohort
    scored : sequence of two sequences of sequences
        For either score the rows of every fold of every repeat, and what it says of them.
    aucs : array of float, shape (2, n_folds * n_repeats)
        AUC of every fold; NaN where its test patients are of one class.

    Returns
    -------
    dict
        `interval`, `p` and `kind`, as `paired_difference` returns them; NaN, and `reason`
        says why, with fewer than two folds.
    """
    names, classes = cohort.training_patients
    seen = ~np.isnan(aucs).any(axis=0)
    if seen.sum() < 2:
        return {
            "interval": [float("nan"), float("nan")],
            "p": float("nan"),
            "kind": PAIRED_KIND,
            "reason": f"{seen.sum()} folds, expected at least 2",
        }
    placed = np.full((2, len(scored[0]), len(names)), np.nan)
    for which, repeats in enumerate(scored):
        for repeat, folds in enumerate(repeats):
            for rows, scores in folds:
                held, found = _placed(cohort, rows, scores)
                placed[which, repeat, np.searchsorted(names.astype(str), held)] = found
    return paired_difference(classes, placed, aucs[:, seen].mean(axis=1), 1 / len(scored[0][0]))


def _placed(
    cohort: Cohort, rows: npt.NDArray[np.intp], scores: Floats
) -> tuple[npt.NDArray[np.str_], Floats]:
    """Return the patients of a fold and the placement of each among the others."""
    keep = cohort.weights[rows] > 0
    index = rows[keep]
    found = placements(cohort.labels[index], scores[keep], cohort.weights[index])
    patients, means = cohort.patient_means(index, found)
    return patients.astype(str), means


def paired_difference(
    classes: npt.NDArray[np.int_], placed: Floats, means: Floats, held_out: float
) -> dict[str, Any]:
    """Return interval and p of the difference of two cross-validated AUCs.

    Parameters
    ----------
    classes : array of 0 and 1, shape (n_patients,)
    placed : array of float, shape (2, n_repeats, n_patients)
        Placement of every patient in the fold that held it out, by the first score and by the
        second; NaN where that fold has one class.
    means : array of float, shape (2,)
        Mean over folds of the AUC of each score.
    held_out : float
        Share of the patients that a fold holds out, 1/k for k folds.

    Returns
    -------
    dict
        `interval`, `p`, `kind`; where there is nothing to test by both are NaN, and `reason`
        says why. Equal AUCs without any spread have the interval 0 to 0 and p 1.

    Notes
    -----
    An AUC varies with the patients that are tested: the covariance of placements, as DeLong's
    (doi 10.2307/2531595; within folds LeDell et al. 2015, doi 10.1214/15-EJS1035), here of
    their means over repeats. That takes the scores as given, which holds where they owe little
    to chance. A score that is nothing but chance owes all of it to pairs of patients of which
    each trains the model that tests the other: every pair counts twice, and the variance is
    that of one repeat over again (a degenerate U-statistic). Of that second part each score
    takes the share that its distance from 0.5 may owe to chance: what its variance is then
    over (AUC - 0.5)², at most 1, and at least half of `held_out`: the fewer patients are trained
    on, the more a score that is worth something depends on which (measured, not derived).

    Tested is the difference of the logits, by the delta method, on Satterthwaite's degrees of
    freedom over the classes; its limits are read back as differences of two AUCs whose mean
    logit is the one found. An AUC of 0 or 1 has no logit: one half is added to what is right
    and to what is wrong among the patients of the smaller class (Haldane 1956, doi
    10.1111/j.1469-1809.1955.tb01285.x). No unbiased estimate of the variance exists (Bengio &
    Grandvalet 2004, JMLR 5:1089); how often it rejects is measured in
    `benchmarks/study_validity.py`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> classes = np.repeat([0, 1], 20)
    >>> placed = np.clip(rng.normal([[[0.9]], [[0.6]]], 0.1, size=(2, 3, 40)), 0, 1)
    >>> found = paired_difference(classes, placed, placed.mean(axis=(1, 2)), 0.2)
    >>> [round(end, 2) for end in found["interval"]]
    [0.23, 0.39]
    """
    gap = float("nan")
    untested = {"interval": [gap, gap], "p": gap, "kind": PAIRED_KIND}
    # One score's gap is a gap of the pair.
    gaps = np.asarray(np.isnan(placed).any(axis=0))
    counts = [int((~gaps[:, classes == label]).sum(axis=1).max()) for label in (0, 1)]
    if min(counts) < 2:
        return untested | {
            "reason": f"{counts[1]} positive and {counts[0]} negative patients in folds of both "
            "classes, expected at least 2 of each"
        }
    covariance = _covariance(classes, np.where(gaps[None], np.nan, placed), means, held_out)
    logits, scale, added = _on_logit_scale(means, min(counts))
    variance = _of_difference(covariance, scale) + added / 2
    if min(_of_difference(covariance, np.ones(2)).sum(), variance.sum()) <= _NO_VARIANCE:
        if abs(means[0] - means[1]) <= _NO_DIFFERENCE:
            return untested | {"interval": [0.0, 0.0], "p": 1.0}
        return untested | {"reason": NO_SPREAD}
    df = variance.sum() ** 2 / (variance**2 / (np.array(counts) - 1)).sum()
    difference, error = logits[0] - logits[1], np.sqrt(variance.sum())
    half = stats.t.ppf(0.975, df) * error
    ends = np.array([difference - half, difference + half]) / 2
    limits = special.expit(logits.mean() + ends) - special.expit(logits.mean() - ends)
    p = float(2 * stats.t.sf(abs(difference) / error, df))
    return untested | {"interval": limits.tolist(), "p": p}


def _of_difference(covariance: Floats, scale: Floats) -> Floats:
    """Return what each class adds to the variance of the difference of two scaled AUCs."""
    signed = scale * np.array([1.0, -1.0])
    return np.asarray(np.einsum("i,kij,j->k", signed, covariance, signed))


def _on_logit_scale(means: Floats, smaller: int) -> tuple[Floats, Floats, float]:
    """Return the logits, their slope in each AUC, and the variance of those without a slope."""
    ends = (means < _NO_DIFFERENCE) | (means > 1 - _NO_DIFFERENCE)
    right = np.where(ends, (smaller * means + 0.5) / (smaller + 1), means)
    slope = np.where(ends, 0.0, 1 / (right * (1 - right)))
    return special.logit(right), slope, float(ends.sum() * (1 / (smaller + 0.5) + 1 / 0.5))


def _covariance(
    classes: npt.NDArray[np.int_], placed: Floats, means: Floats, held_out: float
) -> Floats:
    """Return the covariance of the two AUCs that each class brings; shape (2, 2, 2)."""
    of_class = [placed[:, :, classes == label] for label in (0, 1)]
    tested = np.array([_of_mean(_over_repeats(each)) for each in of_class])
    single = np.array([_of_one_repeat(each) for each in of_class])
    owed = _owed_to_chance(np.diag((tested + single).sum(axis=0)), means)
    share = np.sqrt(np.maximum(owed, held_out / 2))
    return tested + single * np.outer(share, share)


def _owed_to_chance(variance: Floats, means: Floats) -> Floats:
    """Return what share of the distance of each AUC from 0.5 its variance explains, at most 1."""
    # Below 0.5 nothing else explains it.
    distance = np.maximum(means - 0.5, 0.0) ** 2
    return np.where(variance < distance, variance / np.where(distance > 0, distance, 1.0), 1.0)


def _over_repeats(placed: Floats) -> Floats:
    """Return the mean placement of every patient that has one; shape (2, n_patients)."""
    known = ~np.isnan(placed[0])
    ever = known.any(axis=0)
    return np.asarray(np.nansum(placed[:, :, ever], axis=1) / known[:, ever].sum(axis=0))


def _of_one_repeat(placed: Floats) -> Floats:
    """Return the covariance of the means of one repeat, the mean over repeats that have one."""
    known = [repeat[:, ~np.isnan(repeat[0])] for repeat in placed.swapaxes(0, 1)]
    return np.asarray(np.mean([_of_mean(each) for each in known if each.shape[1] > 1], axis=0))


def _of_mean(values: Floats) -> Floats:
    """Return the covariance of the means of two rows of values."""
    return np.asarray(np.cov(values) / values.shape[1])
