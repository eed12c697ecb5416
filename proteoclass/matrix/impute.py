"""What a value that was not detected stands for, learnt on training samples."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from proteoclass.errors import InputError
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]

METHODS = ("auto", "none", "low", "half-min")

#: Spearman correlation of missing rate with mean intensity below which values are taken
#: to be missing because they were low. Weaker or absent: absence tells nothing.
LEFT_CENSORED_BELOW = -0.3
_MIN_PROTEINS_FOR_TEST = 20


class Imputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill values that were not detected with a low value learnt for each protein.

    Parameters
    ----------
    method : {"auto", "none", "low", "half-min"}
        `low`: the 5 % quantile minus half a standard deviation of the training values.
        `half-min`: half the smallest training value (one less on the log2 scale).
        `none`: leave NaN; the booster takes it natively. `auto`: `low` where the
        training samples show left-censoring, else `none`.

    Attributes
    ----------
    method_ : str
        The method in force after `fit`.
    fill_ : array of float, shape (n_proteins,)
        Value that stands for "not detected"; NaN with `none` and for proteins never
        detected in training.
    censoring_ : float
        Spearman correlation, over proteins, of missing rate with mean log2 value; NaN
        where too few proteins have missing values.

    Notes
    -----
    Missing values in label-free data are mostly left-censored: Lazar et al. 2016,
    J Proteome Res 15:1116, doi 10.1021/acs.jproteome.5b00981.

    Examples
    --------
    >>> training = np.array([[4.0], [4.0], [np.nan]])
    >>> Imputer("half-min").fit(training).transform([[np.nan]]).tolist()
    [[3.0]]
    """

    def __init__(self, method: str = "auto") -> None:
        self.method = method

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
        """
        if self.method not in METHODS:
            raise InputError(f"impute: found {self.method!r}, expected {', '.join(METHODS)}")
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        self.censoring_ = left_censoring(values)
        self.method_ = self.method
        if self.method == "auto":
            self.method_ = "low" if self.censoring_ < LEFT_CENSORED_BELOW else "none"
        self.fill_ = _fill_values(values, self.method_)
        return self

    def transform(self, X: Any) -> Floats:
        """Return the values with the gaps filled, `(n_samples, n_proteins)`."""
        check_is_fitted(self)
        values = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        return np.where(np.isnan(values), self.fill_, values)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


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


def _fill_values(values: Floats, method: str) -> Floats:
    fill = np.full(values.shape[1], np.nan)
    seen = ~np.isnan(values).all(axis=0)
    if method == "none" or not seen.any():
        return fill
    detected = values[:, seen]
    if method == "half-min":
        fill[seen] = np.nanmin(detected, axis=0) - 1.0
    else:
        fill[seen] = nan_quantile(detected, 0.05) - np.nanstd(detected, axis=0) / 2
    return fill
