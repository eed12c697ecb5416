"""Selectors that learn nothing of the outcome: detected often enough, or named beforehand."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from proteoclass.errors import TooLittleDataError
from proteoclass.panel.selection.binary import checked_weights

Bools = npt.NDArray[np.bool_]


class NanTolerantSelector(SelectorMixin, BaseEstimator):
    """A selector that keeps its answer in `support_` and takes gaps as they come."""

    support_: Bools

    def _get_support_mask(self) -> Bools:
        check_is_fitted(self)
        return np.asarray(self.support_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class DetectionFilter(NanTolerantSelector):
    """Keep the proteins detected in enough training samples to be worth measuring.

    Parameters
    ----------
    max_missing : float
        Largest share of training samples without a value, 0 to 1.
    required : tuple of int
        Positions of proteins that are kept however rare they are.

    Examples
    --------
    >>> values = np.array([[1.0, np.nan], [2.0, np.nan]])
    >>> DetectionFilter(0.5).fit_transform(values).shape
    (2, 1)
    """

    def __init__(self, max_missing: float = 0.5, required: tuple[int, ...] = ()) -> None:
        self.max_missing = max_missing
        self.required = required

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn which proteins are detected often enough.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            log2 values of training samples; NaN = not detected.
        y : None
            Ignored.

        Returns
        -------
        DetectionFilter

        Raises
        ------
        TooLittleDataError
            If no protein is.
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        self.support_ = np.isnan(values).mean(axis=0) <= self.max_missing
        self.support_[list(self.required)] = True
        if not self.support_.any():
            raise TooLittleDataError(
                f"no protein is detected in {1 - self.max_missing:.0%} of the {len(values)} "
                "training samples; raise max_missing or check the matrix"
            )
        return self


class FixedPanel(NanTolerantSelector):
    """Keep the proteins of a panel that came from elsewhere.

    Parameters
    ----------
    columns : tuple of int
        Positions of the proteins to keep.

    Examples
    --------
    >>> FixedPanel((1,)).fit_transform(np.array([[1.0, 2.0]])).tolist()
    [[2.0]]
    """

    def __init__(self, columns: tuple[int, ...] = ()) -> None:
        self.columns = columns

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, groups: Any = None) -> Self:
        """Mark the panel's columns; nothing is learnt from the values.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
        sample_weight : array-like of float, shape (n_samples,), optional
            Checked and not used.
        y, groups : None
            Ignored.

        Returns
        -------
        FixedPanel

        Raises
        ------
        InputError
            If every weight is zero.
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        checked_weights(values, sample_weight)
        self.support_ = np.isin(np.arange(values.shape[1]), self.columns)
        return self
