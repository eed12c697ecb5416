"""Ridge logistic regression without constraints, for the rivals of the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RidgeLogistic:
    """A fitted logistic regression.

    Parameters
    ----------
    intercept : float
    coefficients : array of float, shape (n_columns,)
    """

    intercept: float
    coefficients: Floats

    def margin(self, design: Floats) -> Floats:
        """Return the log-odds, shape (n_rows,).

        Summed column by column, so that a row's value does not depend on its neighbours.

        Parameters
        ----------
        design : array of float, shape (n_rows, n_columns)

        Examples
        --------
        >>> RidgeLogistic(1.0, np.array([2.0])).margin(np.array([[3.0]])).tolist()
        [7.0]
        """
        total = np.full(len(design), self.intercept)
        for column, coefficient in zip(design.T, self.coefficients, strict=True):
            total = total + column * coefficient
        return total


def fit_ridge(design: Floats, labels: Floats, weights: Floats, penalty: float) -> RidgeLogistic:
    """Fit a logistic regression with a quadratic penalty; the intercept is free.

    Parameters
    ----------
    design : array of float, shape (n_rows, n_columns)
        Without gaps.
    labels : array of 0 and 1, shape (n_rows,)
    weights : array of float, shape (n_rows,)
    penalty : float
        Multiplies half the squared length of the coefficients.

    Returns
    -------
    RidgeLogistic

    Notes
    -----
    le Cessie & van Houwelingen 1992, doi 10.2307/2347628. Of more columns than rows the
    solution lies in the span of the rows, so that it is found there, in as many
    coordinates as there are rows: Hastie & Tibshirani 2004, doi
    10.1093/biostatistics/kxh010.

    Examples
    --------
    >>> x = np.array([[-1.0], [-0.5], [0.5], [1.0]])
    >>> bool(fit_ridge(x, np.array([0.0, 0, 1, 1]), np.ones(4), 1.0).coefficients[0] > 0)
    True
    """
    if design.shape[1] <= len(design):
        return _fit(design, labels, weights, penalty)
    sizes, vectors = np.linalg.eigh(design @ design.T)
    kept = sizes > max(float(sizes[-1]), 0.0) * len(design) * np.finfo(float).eps
    roots = np.sqrt(sizes[kept])
    short = _fit(vectors[:, kept] * roots, labels, weights, penalty)
    across = vectors[:, kept] @ (short.coefficients / roots)
    return RidgeLogistic(short.intercept, design.T @ across)


def _fit(design: Floats, labels: Floats, weights: Floats, penalty: float) -> RidgeLogistic:
    if not design.shape[1]:
        share = float(np.average(labels, weights=weights))
        return RidgeLogistic(float(np.log(share / (1 - share))), np.zeros(0))
    import sklearn
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-8, max_iter=200)
    # Checking what is known to be numbers takes longer than the fit.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        model.fit(design, labels, sample_weight=weights)
    return RidgeLogistic(float(model.intercept_[0]), np.asarray(model.coef_[0], dtype=float))
