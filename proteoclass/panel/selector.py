"""Choosing a small panel that would be chosen again on other patients."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted, validate_data

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.folds import complementary_halves, spawn
from proteoclass.panel.binary import binary_target
from proteoclass.panel.moderated import moderated_t
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

METHODS = ("auto", "stability", "moderated-t")

#: Up to this many training patients `auto` ranks by moderated t, beyond it by L1 stability.
SMALL_COHORT = 70


class _NanTolerantSelector(SelectorMixin, BaseEstimator):
    """A selector that keeps its answer in `support_` and takes gaps as they come."""

    support_: Bools

    def _get_support_mask(self) -> Bools:
        check_is_fitted(self)
        return np.asarray(self.support_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class DetectionFilter(_NanTolerantSelector):
    """Keep the proteins detected in enough training samples to be worth measuring.

    Parameters
    ----------
    max_missing : float
        Largest share of training samples without a value, 0 to 1.

    Examples
    --------
    >>> values = np.array([[1.0, np.nan], [2.0, np.nan]])
    >>> DetectionFilter(0.5).fit_transform(values).shape
    (2, 1)
    """

    def __init__(self, max_missing: float = 0.5) -> None:
        self.max_missing = max_missing

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
        if not self.support_.any():
            raise TooLittleDataError(
                f"no protein is detected in {1 - self.max_missing:.0%} of the {len(values)} "
                "training samples; raise max_missing or check the matrix"
            )
        return self


class FixedPanel(_NanTolerantSelector):
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
        y, sample_weight, groups : None
            Ignored.

        Returns
        -------
        FixedPanel
        """
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        self.support_ = np.isin(np.arange(values.shape[1]), self.columns)
        return self


class PanelSelector(_NanTolerantSelector):
    """Choose the proteins most often picked over half-samples of the patients.

    Parameters
    ----------
    size : int
        Proteins in the panel; all of them where there are fewer.
    method : {"auto", "stability", "moderated-t"}
        `stability`: frequency of a non-zero L1 logistic coefficient over complementary
        half-samples. `moderated-t`: frequency of being among the `size` largest absolute
        moderated t. `auto`: by the number of patients, for a sparse model needs more of
        them than a t statistic to tell a correlated protein from its neighbour.
    n_pairs : int
        Complementary pairs of half-samples.
    prefilter : int
        Proteins, by absolute moderated t on the training samples, that enter the
        half-samples. It bounds the time; it is chosen inside `fit` like all else.
    penalty_ratio : float
        Inverse penalty as a multiple of the smallest one at which a model without class
        weights selects any protein (`sklearn.svm.l1_min_c`). The fits balance the classes.
    random_state : int
        Seed of the half-samples.

    Attributes
    ----------
    method_ : str
        The method in force.
    support_ : array of bool, shape (n_proteins,)
    frequency_ : array of float, shape (n_proteins,)
        Share of half-samples that picked the protein.
    t_ : array of float, shape (n_proteins,)
        Moderated t on the training samples.

    Notes
    -----
    Meinshausen & Bühlmann 2010, doi 10.1111/j.1467-9868.2010.00740.x; complementary
    pairs: Shah & Samworth 2013, doi 10.1111/j.1467-9868.2011.01034.x. Their error bound
    holds for sets cut at a threshold. A forced top 20 has no such bound.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 20)
    >>> X = rng.normal(size=(40, 50))
    >>> X[:, 7] += 3 * y
    >>> PanelSelector(size=1).fit(X, y).get_support(indices=True).tolist()
    [7]
    """

    def __init__(
        self,
        size: int = 20,
        method: str = "auto",
        n_pairs: int = 25,
        prefilter: int = 300,
        penalty_ratio: float = 6.0,
        random_state: int = 0,
    ) -> None:
        self.size = size
        self.method = method
        self.n_pairs = n_pairs
        self.prefilter = prefilter
        self.penalty_ratio = penalty_ratio
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Choose the panel on training samples.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            Normalised log2 values; NaN = not detected.
        y : array-like, shape (n_samples,)
            Two classes; the larger one is positive.
        sample_weight : array-like of float, shape (n_samples,), optional
            One over the number of index samples of the patient.
        groups : array-like, shape (n_samples,), optional
            Patient of each sample; each sample its own where left out.

        Returns
        -------
        PanelSelector
        """
        if self.method not in METHODS:
            raise InputError(f"panel: found method {self.method!r}, expected {', '.join(METHODS)}")
        if self.size < 1:
            raise InputError(f"panel: found size {self.size}, expected at least 1")
        values, target = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        _, labels, weights, patients = binary_target(values, target, sample_weight, groups)
        self.t_ = np.nan_to_num(moderated_t(values, labels, weights[None, :]).t[0])
        self.method_ = self.method
        if self.method == "auto":
            self.method_ = method_for(len(np.unique(patients)))
        halves = self._halves(labels, patients)
        pick = self._largest_t if self.method_ == "moderated-t" else self._nonzero
        self.frequency_ = pick(values, labels, weights, halves) / len(halves)
        # Ties in frequency are broken by the size of t, then by the column order.
        order = np.lexsort((np.arange(values.shape[1]), -np.abs(self.t_), -self.frequency_))
        self.support_ = np.zeros(values.shape[1], dtype=bool)
        self.support_[order[: self.size]] = True
        return self

    def _halves(self, labels: Floats, patients: npt.NDArray[Any]) -> Bools:
        """Return the rows of each half-sample, `(2 * n_pairs, n_samples)`; patients stay whole."""
        names, patient_of = np.unique(patients, return_inverse=True)
        classes = np.zeros(len(names), dtype=int)
        classes[patient_of] = labels.astype(int)
        pairs = complementary_halves(classes, self.n_pairs, spawn(self.random_state))
        return np.array([half[patient_of] for pair in pairs for half in pair])

    def _largest_t(self, values: Floats, labels: Floats, weights: Floats, halves: Bools) -> Floats:
        """Count how often each protein's t is among the largest, all halves at once."""
        strength = np.abs(np.nan_to_num(moderated_t(values, labels, halves * weights).t))
        largest = np.argsort(-strength, axis=1, kind="stable")[:, : self.size]
        return np.bincount(largest.ravel(), minlength=values.shape[1]).astype(float)

    def _nonzero(self, values: Floats, labels: Floats, weights: Floats, halves: Bools) -> Floats:
        """Count how often each protein has a coefficient, among those strong on all rows."""
        strongest = np.argsort(-np.abs(self.t_), kind="stable")[: self.prefilter]
        standardised = _standardise(values[:, strongest])
        picks = np.zeros(values.shape[1])
        for rows in halves:
            picks[strongest] += self._picked(standardised[rows], labels[rows], weights[rows])
        return picks

    def _picked(self, values: Floats, labels: Floats, weights: Floats) -> Bools:
        if len(np.unique(labels)) < 2:
            return np.zeros(values.shape[1], dtype=bool)
        model = LogisticRegression(
            l1_ratio=1.0,
            solver="liblinear",
            C=_smallest_inverse_penalty(values, labels, weights) * self.penalty_ratio,
            tol=1e-3,
            max_iter=200,
            random_state=0,
        )
        # The values were checked once; checking every half again takes longer than fitting.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            model.fit(values, labels, sample_weight=_balanced(labels, weights))
        return np.asarray(np.abs(model.coef_[0]) > 0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags


def method_for(n_patients: int) -> str:
    """Return the method that `auto` stands for.

    Examples
    --------
    >>> method_for(50), method_for(200)
    ('moderated-t', 'stability')
    """
    return "moderated-t" if n_patients <= SMALL_COHORT else "stability"


def _smallest_inverse_penalty(values: Floats, labels: Floats, weights: Floats) -> float:
    """Return the smallest C at which an L1 logistic model may not be empty.

    `sklearn.svm.l1_min_c`, with weights: a patient with two samples of weight 1/2 is one.
    """
    signed = (2 * labels - 1) * weights
    strongest = max(np.abs(signed @ values).max(), abs(signed.sum()))
    # Constant proteins and balanced classes: nothing is selected at any penalty.
    return float(2 / strongest) if strongest > 0 else 1.0


def _balanced(labels: Floats, weights: Floats) -> Floats:
    """Return weights that give both classes the same sum, and keep the whole sum."""
    total = weights.sum()
    share = np.array([weights[labels == label].sum() for label in (0.0, 1.0)])
    return np.asarray(weights * (total / (2 * share))[labels.astype(int)])


def _standardise(values: Floats) -> Floats:
    seen = ~np.isnan(values)
    filled = np.where(seen, values, np.nan_to_num(nan_quantile(values, 0.5)))
    spread = filled.std(axis=0)
    # A constant protein must not be blown up by its rounding error.
    return np.asarray((filled - filled.mean(axis=0)) / np.where(spread > 1e-9, spread, np.inf))
