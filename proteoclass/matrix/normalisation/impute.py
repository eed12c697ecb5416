"""What a value that was not detected stands for, learnt on training samples."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from proteoclass.errors import InputError
from proteoclass.matrix.normalisation.censoring import (
    LEFT_CENSORED_BELOW,
    left_censoring,
    not_measured_in,
)
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

METHODS = ("auto", "none", "low", "min-prob", "half-min")

#: Share of training samples in which a protein is detected that is complete enough to tell
#: a shallow sample by. The normaliser's references are chosen by the same share.
_COMPLETE = 0.8
#: `min-prob`: the low quantile of a sample, as imputeLCMD's default.
_MIN_PROB_QUANTILE = 0.01
#: Least margin below the training samples' detected proteins, as a share of the proteins.
_DEPTH_MARGIN = 0.1


class Imputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill values that were not detected with a low value learnt in `fit`.

    A sample's values depend on that sample and what was learnt alone. A sample measured
    less deeply than the training samples is not filled: its gaps do not mean "low".

    Parameters
    ----------
    method : {"auto", "none", "low", "min-prob", "half-min"}
        `low`: the 5 % quantile minus half a standard deviation of the protein's training
        values. `half-min`: half its smallest training value (one less on the log2 scale).
        `min-prob`: draws around a low value of the whole sample. `none`: leave NaN; the
        booster takes it natively. `auto`: `low` where the training samples show
        left-censoring, else `none`.
    random_state : int
        Seed of the draws of `min-prob`.
    judge_depth : bool
        Whether shallow samples are left alone. Off where whoever calls judges depth, as a
        locked model does that holds few of the proteins.

    Attributes
    ----------
    method_ : str
        The method in force after `fit`.
    fill_ : array of float, shape (n_proteins,)
        Value that stands for "not detected", with `min-prob` the mean of its draws; NaN
        with `none` and for proteins never detected in training.
    spread_ : float
        Standard deviation of the draws of `min-prob`, else 0.
    order_ : array of int, shape (n_proteins,)
        Columns in the order in which they get their draws; where there are any.
    censoring_ : float
        Spearman correlation, over proteins, of missing rate with mean log2 value; NaN
        where too few proteins have missing values.
    complete_ : array of int
        Columns detected in at least 80 % of the training samples.
    fewest_ : int
        How many of them a sample must have; see `fewest_detected`.

    Notes
    -----
    Missing values in label-free data are mostly left-censored: Lazar et al. 2016,
    J Proteome Res 15:1116, doi 10.1021/acs.jproteome.5b00981.

    `min-prob` follows ``impute.MinProb`` of their package imputeLCMD: normal draws around
    the 1 % quantile of a sample, with the median standard deviation of the proteins
    detected in more than half of the samples. Two things are frozen that it takes from the
    cohort at hand: the centre is the median of the training samples' 1 % quantiles, and the
    standard deviation is theirs. The draws of a sample start from the seed and its own
    pattern of gaps, so they do not change with its neighbours or its place among them, nor
    with the order of the columns: proteins are taken in the order of their training values. A
    score is no lottery: what is scored takes `fill_`, the mean of the draws.

    Examples
    --------
    >>> training = np.array([[4.0, 9.0], [5.0, 9.0], [np.nan, 9.0]])
    >>> Imputer("half-min").fit(training).transform([[np.nan, 9.0]]).tolist()
    [[3.0, 9.0]]
    """

    def __init__(
        self, method: str = "auto", random_state: int = 0, judge_depth: bool = True
    ) -> None:
        self.method = method
        self.random_state = random_state
        self.judge_depth = judge_depth

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what absence stands for.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            Normalised log2 values of training samples.
        y : None
            Ignored.

        Returns
        -------
        Imputer

        Raises
        ------
        InputError
            If the method is unknown.
        """
        if self.method not in METHODS:
            raise InputError(f"impute: found {self.method!r}, expected {', '.join(METHODS)}")
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        some = ~np.isnan(values).all(axis=1)
        # A sample that could not be normalised is missing throughout, and was not measured so.
        values = values[some] if some.any() else values
        self.censoring_ = left_censoring(values)
        self.method_ = self.method
        if self.method == "auto":
            self.method_ = "low" if self.censoring_ < LEFT_CENSORED_BELOW else "none"
        self.fill_ = _fill_values(values, self.method_)
        self.spread_ = _typical_spread(values) if self.method_ == "min-prob" else 0.0
        if self.spread_:
            # Proteins by their training values: draws must not go by the order of the columns.
            self.order_ = np.lexsort(np.sort(values, axis=0))
        self.complete_ = np.flatnonzero((~np.isnan(values)).mean(axis=0) >= _COMPLETE)
        self.fewest_ = fewest_detected(values[:, self.complete_])
        return self

    def fit_transform(self, X: Any, y: Any = None, samples: pd.DataFrame | None = None) -> Floats:
        """Learn what absence stands for, and fill the training samples.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            Normalised log2 values of training samples.
        y : None
            Ignored.
        samples : DataFrame, shape (n_samples, n_roles), optional
            With `plex` and `batch`, where known. Where a whole one of them did not measure
            a protein its gaps take the protein's median, which is no evidence: a low value
            would tell the batch, and with it whatever else differs between batches.

        Returns
        -------
        array of float, shape (n_samples, n_proteins)
        """
        filled = self.fit(X, y).transform(X)
        if samples is None or self.method_ == "none":
            return filled
        values = np.asarray(X, dtype=np.float64)
        unknown = not_measured_in(values, samples) & ~np.isnan(filled)
        return np.where(unknown, nan_quantile(values, 0.5), filled)

    def transform(self, X: Any) -> Floats:
        """Return the values with the gaps filled.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            Normalised log2 values.

        Returns
        -------
        array of float, shape (n_samples, n_proteins)
        """
        check_is_fitted(self)
        values = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        fill = np.broadcast_to(self.fill_, values.shape)
        if self.spread_:
            fill = fill + self.spread_ * _draws(np.isnan(values), self.order_, self.random_state)
        if self.judge_depth:
            fill = np.where(self.shallow(values)[:, None], np.nan, fill)
        return np.where(np.isnan(values), fill, values)

    def shallow(self, values: Floats) -> Bools:
        """Say which samples were measured less deeply than the training samples, or not at all.

        Parameters
        ----------
        values : array of float, shape (n_samples, n_proteins)

        Returns
        -------
        array of bool, shape (n_samples,)
        """
        detected = ~np.isnan(values)
        few = detected[:, self.complete_].sum(axis=1) < self.fewest_
        return np.asarray(few | ~detected.any(axis=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def imputation_for(kind: str, asked: str) -> str:
    """Return the method for a kind of values: NPX and ratios are left as they are by "auto".

    Parameters
    ----------
    kind : {"intensity", "ratio", "npx"}
    asked : {"auto", "none", "low", "min-prob", "half-min"}

    Returns
    -------
    str
        As asked; "auto" for intensities, where `Imputer` looks for left-censoring.

    Raises
    ------
    InputError
        If ratios are to be filled.

    Examples
    --------
    >>> imputation_for("npx", "auto"), imputation_for("intensity", "auto")
    ('none', 'auto')
    """
    if asked == "auto":
        return "auto" if kind == "intensity" else "none"
    if kind == "ratio" and asked != "none":
        raise InputError(
            f"impute {asked}: ratios are never filled, a gap may mean that the pool of the plex "
            "lacks the protein; use --impute none"
        )
    return asked


def fewest_detected(complete: Floats) -> int:
    """Return how many of the proteins that are nearly always found a sample must have.

    Parameters
    ----------
    complete : array of float, shape (n_samples, n_complete)
        Training values of those proteins; NaN = not detected.

    Returns
    -------
    int
        The fewest in a training sample less half of the range of the counts, or a tenth of
        the proteins where that is more: counts have a long lower tail, and a few dozen
        samples seldom hold its end.

    Examples
    --------
    >>> fewest_detected(np.array([[1.0, 2.0], [1.0, np.nan], [1.0, 2.0]]))
    0
    """
    counts = (~np.isnan(complete)).sum(axis=1)
    margin = max((counts.max() - counts.min()) / 2, _DEPTH_MARGIN * complete.shape[1])
    return max(0, int(np.floor(counts.min() - margin)))


def _fill_values(values: Floats, method: str) -> Floats:
    fill = np.full(values.shape[1], np.nan)
    seen = ~np.isnan(values).all(axis=0)
    if method == "none" or not seen.any():
        return fill
    detected = values[:, seen]
    if method == "half-min":
        fill[seen] = np.nanmin(detected, axis=0) - 1.0
    elif method == "min-prob":
        per_sample = nan_quantile(values, _MIN_PROB_QUANTILE, axis=1)
        fill[seen] = np.nanmedian(per_sample)
    else:
        fill[seen] = nan_quantile(detected, 0.05) - np.nanstd(detected, axis=0) / 2
    return fill


def _typical_spread(values: Floats) -> float:
    """Return the median standard deviation of proteins detected in most samples."""
    detected = ~np.isnan(values)
    usual = (detected.mean(axis=0) > 0.5) & (detected.sum(axis=0) > 1)
    if not usual.any():
        return 0.0
    return float(np.median(np.nanstd(values[:, usual], axis=0, ddof=1)))


def _draws(missing: Bools, order: npt.NDArray[np.intp], seed: int) -> Floats:
    """Return standard normal draws for the gaps, from each sample's own pattern of them."""
    draws = np.zeros(missing.shape)
    for row in np.flatnonzero(missing.any(axis=1)):
        pattern = np.packbits(missing[row, order])
        words = np.pad(pattern, (0, -len(pattern) % 4)).view("<u4")
        generator = np.random.default_rng([seed, *words.tolist()])
        draws[row, order] = generator.standard_normal(missing.shape[1])
    return draws
