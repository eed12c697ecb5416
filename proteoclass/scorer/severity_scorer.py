"""`SeverityScorer`: monotone boosters and signed companions on resampled patients."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xgboost
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from proteoclass.folds import spawn
from proteoclass.panel.selection.binary import binary_target
from proteoclass.panel.selection.moderated import moderated_t
from proteoclass.scorer.blend import Blend
from proteoclass.scorer.companion import signed_ridges
from proteoclass.stats import expit, nan_quantile

Floats = npt.NDArray[np.float64]


class SeverityScorer(ClassifierMixin, BaseEstimator):
    """Score a panel: shallow monotone XGBoost and ridge logistic, bagged and blended.

    Parameters
    ----------
    bags : int
        Bootstrap samples of patients, drawn within each class.
    rounds : int
        Trees of a booster.
    depth : int
    learning_rate : float
    l2 : float
        Penalty on leaf weights.
    ridge : float
        Penalty on companion coefficients.
    booster_weight : float
        The boosters' share of the log-odds, 0 to 1; 1 is the boosters alone.
    random_state : int

    Attributes
    ----------
    classes_ : array, shape (2,)
    t_ : array of float, shape (n_proteins,)
        Moderated t on the training samples.
    signs_ : array of -1, 0 and 1, shape (n_proteins,)
        Direction of each protein in the training samples; boosters and companions keep
        to it.
    blend_ : Blend
    bag_counts_ : array of float, shape (n_bags, n_samples)
        How often each training sample's patient was drawn.

    Notes
    -----
    Monotone for detected values after normalisation; the branch a missing value takes is
    outside that promise.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 20)
    >>> X = rng.normal(size=(40, 3)) + y[:, None]
    >>> scorer = SeverityScorer(bags=2, rounds=5).fit(X, y)
    >>> bool(scorer.decision_function([[2, 2, 2]]) > scorer.decision_function([[0, 0, 0]]))
    True
    """

    def __init__(
        self,
        bags: int = 20,
        rounds: int = 60,
        depth: int = 2,
        learning_rate: float = 0.1,
        l2: float = 3.0,
        ridge: float = 10.0,
        booster_weight: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.bags = bags
        self.rounds = rounds
        self.depth = depth
        self.learning_rate = learning_rate
        self.l2 = l2
        self.ridge = ridge
        self.booster_weight = booster_weight
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Learn directions, boosters and companions on training samples.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_proteins)
            Normalised log2 values of the panel; NaN = not detected.
        y : array-like, shape (n_samples,)
            Two classes; the larger one is positive.
        sample_weight : array-like of float, shape (n_samples,), optional
        groups : array-like, shape (n_samples,), optional
            Patient of each sample; each its own where left out.

        Returns
        -------
        SeverityScorer

        Raises
        ------
        InputError, TooLittleDataError
            If there are not two classes.
        """
        values, target = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        self.classes_, labels, weights, patients = binary_target(
            values, target, sample_weight, groups
        )
        self.t_ = np.nan_to_num(moderated_t(values, labels, weights[None]).t[0])
        self.signs_ = np.sign(self.t_)
        self.bag_counts_ = patient_bags(labels, patients, self.bags, spawn(self.random_state, 0))
        self.blend_ = self._fit_blend(values, labels, self.bag_counts_ * weights)
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return the blended log-odds, before calibration, shape (n_samples,)."""
        checked = self._check(X)
        return self.blend_.margin(checked)

    def predict_proba(self, X: Any) -> Floats:
        """Return the uncalibrated probability of each class, shape (n_samples, 2)."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the class with the larger probability."""
        positive = (self.decision_function(X) > 0).astype(int)
        return np.asarray(self.classes_[positive])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def _check(self, X: Any) -> Floats:
        check_is_fitted(self)
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        )

    def companions(
        self, X: Any, y: Any, sample_weight: Any, penalties: list[float]
    ) -> list[tuple[Floats, Floats]]:
        """Fit companions of other penalties to the bags of this fit.

        Parameters
        ----------
        X : array of float, shape (n_samples, n_proteins)
            The values that `fit` was given.
        y : array of 0 and 1, shape (n_samples,)
        sample_weight : array of float, shape (n_samples,)
        penalties : list of float
            On companion coefficients.

        Returns
        -------
        list of tuple
            Intercepts, shape (n_bags,), and coefficients, shape (n_bags, n_proteins), of each
            penalty, on proteins standardised as in `blend_`.
        """
        check_is_fitted(self)
        n, bags = len(penalties), len(self.bag_counts_)
        # All at once: the small matrices of one penalty cost more to set up than to solve.
        counts = np.tile(self.bag_counts_ * sample_weight, (n, 1))
        standard, penalty = self.blend_.standardise(X), np.repeat(penalties, bags)
        intercepts, coefficients = signed_ridges(standard, y, self.signs_, counts, penalty)
        return list(
            zip(intercepts.reshape(n, bags), coefficients.reshape(n, bags, -1), strict=True)
        )

    def _fit_blend(self, values: Floats, labels: Floats, counts: Floats) -> Blend:
        # A protein never detected in training has no median: any constant does.
        median = np.nan_to_num(nan_quantile(values, 0.5))
        filled = np.where(np.isnan(values), median, values)
        centre = filled.mean(axis=0)
        spread = filled.std(axis=0)
        spread = np.where(spread > 1e-9, spread, 1.0)
        standard = (filled - centre) / spread
        intercepts, coefficients = signed_ridges(standard, labels, self.signs_, counts, self.ridge)
        return Blend(
            boosters=self._fit_boosters(values, labels, counts),
            intercepts=intercepts,
            coefficients=coefficients,
            centre=centre,
            spread=spread,
            median=median,
            booster_weight=self.booster_weight,
        )

    def _fit_boosters(
        self, values: Floats, labels: Floats, counts: Floats
    ) -> list[xgboost.Booster]:
        matrix = _NamelessMatrix(values, label=labels, nthread=1)
        seeds = spawn(self.random_state, 1).integers(2**31, size=len(counts))
        parameters = {
            "objective": "binary:logistic",
            "tree_method": "exact",
            "max_depth": self.depth,
            "eta": self.learning_rate,
            "lambda": self.l2,
            "subsample": 0.8,
            "colsample_bytree": 0.5,
            "monotone_constraints": tuple(int(s) for s in self.signs_),
            # More threads gain nothing on a hundred rows, and folds run side by side.
            "nthread": 1,
        }
        boosters: list[xgboost.Booster] = []
        for seed, weight in zip(seeds, counts, strict=True):
            matrix.set_weight(weight)
            parameters["seed"] = int(seed)
            parameters["base_score"] = float(np.average(labels, weights=weight))
            # `xgboost.train` grows the same trees and spends a third of its time on callbacks.
            booster = _NamelessBooster(parameters, [matrix])
            for number in range(self.rounds):
                booster.update(matrix, number)
            boosters.append(booster)
        return boosters


class _NamelessBooster(xgboost.Booster):
    """Booster that knows it has no names of features, as its matrix does.

    The plain ones ask the library for them ten times a tree, a quarter of the time of growing.
    """

    feature_names = None
    feature_types = None


class _NamelessMatrix(xgboost.DMatrix):
    feature_names = None
    feature_types = None


def patient_bags(
    labels: Floats, patients: npt.NDArray[Any], n_bags: int, rng: np.random.Generator
) -> Floats:
    """Draw bootstrap samples of patients within each class.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n_samples,)
    patients : array, shape (n_samples,)
    n_bags : int
    rng : Generator

    Returns
    -------
    array of float, shape (n_bags, n_samples)
        How often the sample's patient was drawn. Each class keeps its size, so no bag
        is without events.

    Examples
    --------
    >>> patient_bags(np.array([0.0, 1.0]), np.array(["a", "b"]), 1,
    ...              np.random.default_rng(0)).tolist()
    [[1.0, 1.0]]
    """
    names, patient_of = np.unique(patients, return_inverse=True)
    classes = np.zeros(len(names))
    classes[patient_of] = labels
    counts = np.zeros((n_bags, len(names)))
    for bag in range(n_bags):
        for label in (0.0, 1.0):
            members = np.flatnonzero(classes == label)
            drawn = rng.choice(members, len(members))
            counts[bag] += np.bincount(drawn, minlength=len(names))
    return counts[:, patient_of]
