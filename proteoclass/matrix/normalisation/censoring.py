"""Whether values are missing because they were low, and what that recommends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from proteoclass.stats import auc

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Spearman correlation of missing rate with mean intensity below which values are taken
#: to be missing because they were low. Weaker or absent: absence tells nothing.
LEFT_CENSORED_BELOW = -0.3
_MIN_PROTEINS_FOR_TEST = 20


@dataclass(frozen=True)
class Recommendation:
    """An imputer for a cohort, and what spoke for it.

    Parameters
    ----------
    method : {"low", "none"}
    censoring : float
        Spearman correlation, over proteins, of missing rate with mean log2 value; it alone
        decides. NaN where too few proteins have missing values.
    depth : float
        Probability that a sample in which a protein is missing lacks more of the other
        proteins than one in which it was detected, ties one half, over all such pairs of
        all proteins: 0.5 where absence has nothing to do with how deep a sample was
        measured, towards 1 where it piles up in shallow samples.
    outcome : float
        AUC of the missing rate of a sample for the outcome; NaN without one. For
        information: a choice that looked at the outcome would have to be made in the folds.
    reason : str
        In words.
    """

    method: str
    censoring: float
    depth: float
    outcome: float
    reason: str


def recommend_imputation(values: Floats, y: npt.ArrayLike | None = None) -> Recommendation:
    """Say which imputer the missing values of a cohort recommend, and why.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        Normalised log2 values; NaN = not detected.
    y : array of 0 and 1, shape (n_samples,), optional
        Outcome, NaN where unknown; reported and never used to choose.

    Returns
    -------
    Recommendation
        `low` where weak proteins are missing more often, else `none`: what is missing at
        random is best left to a learner that takes gaps.

    Notes
    -----
    Missing values in label-free data are mostly left-censored, and an imputer for the
    other kind biases them: Lazar et al. 2016, J Proteome Res 15:1116, doi
    10.1021/acs.jproteome.5b00981.

    Examples
    --------
    >>> recommend_imputation(np.ones((3, 2))).reason
    'no value is missing'
    """
    values = np.asarray(values, dtype=float)
    missing = np.isnan(values)
    censoring = left_censoring(values)
    method = "low" if censoring < LEFT_CENSORED_BELOW else "none"
    depth = _depth(missing)
    outcome = float("nan")
    if y is not None:
        labels = np.asarray(y, dtype=float)
        known = ~np.isnan(labels)
        outcome = auc(labels[known], missing[known].mean(axis=1))
    reason = _reason(missing, censoring, depth, outcome)
    return Recommendation(method, censoring, depth, outcome, reason)


def left_censoring(values: Floats) -> float:
    """Return the Spearman correlation of missing rate with mean intensity over proteins.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values; NaN = not detected.

    Returns
    -------
    float
        Negative where weak proteins are missing more often. NaN with fewer than 20
        proteins that are missing in some samples and detected in others.

    Examples
    --------
    >>> left_censoring(np.ones((3, 2)))
    nan
    """
    missing = np.isnan(values).mean(axis=0)
    partly = (missing > 0) & (missing < 1)
    if partly.sum() < _MIN_PROTEINS_FOR_TEST:
        return float("nan")
    mean = np.nanmean(values[:, partly], axis=0)
    if np.ptp(mean) == 0 or np.ptp(missing[partly]) == 0:
        return float("nan")
    return float(stats.spearmanr(missing[partly], mean).statistic)


def not_measured(values: Floats, groups: npt.ArrayLike, chance: float = 0.01) -> Bools:
    """Mark the gaps of groups of samples (plexes, batches) that did not measure a protein.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values; NaN = missing.
    groups : array of object, shape (n_samples,)
        Plex or batch of each sample; missing where unknown.
    chance : float
        A protein without a value in a whole group counts as not measured there where its
        missing rate in the other samples makes that less likely than this.

    Returns
    -------
    array of bool, shape (n_samples, n_proteins)
        Cells whose gap says nothing of the amount. Other groups are looked at: for a whole
        matrix, never for a sample that is scored.

    Examples
    --------
    >>> values = np.array([[1.0]] * 5 + [[np.nan]] * 5)
    >>> not_measured(values, ["A"] * 5 + ["B"] * 5)[:, 0].tolist()
    [False, False, False, False, False, True, True, True, True, True]
    """
    missing = np.isnan(values)
    marked = np.zeros(missing.shape, dtype=bool)
    codes, names = pd.factorize(np.asarray(groups, dtype=object))
    for code in range(len(names)):
        inside = codes == code
        if inside.all():
            continue
        rate = missing[~inside].mean(axis=0)
        absent = missing[inside].all(axis=0) & (rate ** inside.sum() < chance)
        marked[np.ix_(inside, absent)] = True
    return marked


def not_measured_in(values: Floats, samples: pd.DataFrame) -> Bools:
    """Mark the gaps of plexes and batches that did not measure a protein.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values; NaN = missing.
    samples : DataFrame, shape (n_samples, n_roles)
        `plex` and `batch`, where the sheet has them.

    Returns
    -------
    array of bool, shape (n_samples, n_proteins)
        As `not_measured`, by either role.

    Examples
    --------
    >>> values = np.array([[1.0]] * 5 + [[np.nan]] * 5)
    >>> int(not_measured_in(values, pd.DataFrame({"batch": list("aaaaabbbbb")})).sum())
    5
    """
    marked = np.zeros(values.shape, dtype=bool)
    for role in ("plex", "batch"):
        if role in samples:
            marked |= not_measured(values, samples[role].to_numpy(dtype=object))
    return marked


def _depth(missing: Bools) -> float:
    """Compare samples that lack a protein with samples that do not, by their other gaps."""
    gaps = missing.sum(axis=1)
    # Its own gap must not count against the sample that lacks the protein.
    others = (gaps - 1)[:, None]
    more = (others > gaps).astype(np.float32) + (others == gaps).astype(np.float32) / 2
    lacking = missing.astype(np.float32)
    wins = float(((more.T @ lacking) * (1 - lacking)).sum(dtype=float))
    pairs = float((missing.sum(axis=0) * (~missing).sum(axis=0)).sum())
    return wins / pairs if pairs else float("nan")


def _reason(missing: Bools, censoring: float, depth: float, outcome: float) -> str:
    if not missing.any():
        return "no value is missing"
    if np.isnan(censoring):
        words = (
            f"fewer than {_MIN_PROTEINS_FOR_TEST} proteins are missing in some samples, or all of "
            "them alike: too few to tell why values are missing; none is recommended"
        )
    elif censoring < LEFT_CENSORED_BELOW:
        words = (
            f"weak proteins are missing more often (Spearman {censoring:+.2f} between missing rate "
            f"and intensity, below {LEFT_CENSORED_BELOW}): low is recommended"
        )
    else:
        words = (
            f"weak proteins are not clearly missing more often (Spearman {censoring:+.2f} between "
            f"missing rate and intensity, not below {LEFT_CENSORED_BELOW}): none is recommended"
        )
    if not np.isnan(depth):
        words += (
            f"; a sample without a protein lacks more of the others in {depth:.0%} of pairs "
            "(50 %: depth plays no part)"
        )
    if not np.isnan(outcome):
        words += f"; the missing rate of a sample alone reads AUC {outcome:.2f} for the outcome"
    return words
