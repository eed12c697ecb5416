"""How good and how calibrated the out-of-fold scores are, beside their AUC."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize
from sklearn.metrics import average_precision_score

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult

Floats = npt.NDArray[np.float64]

THRESHOLD_KIND = (
    "limit set in each outer training fold, judged on outer test rows; mean over repeats"
)


def average_precision(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    """Return the area under precision and recall, mean over repeats, and the prevalence."""
    values = []
    for results in by_repeat:
        labels, log_odds, weights = _index_rows(cohort, results)
        values.append(average_precision_score(labels, log_odds, sample_weight=weights))
    prevalence = float(np.average(labels, weights=weights))
    return {"mean_over_repeats": float(np.mean(values)), "prevalence": prevalence}


def brier(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    """Return the mean squared error of the probability, and that of the prevalence."""
    values = []
    for results in by_repeat:
        labels, log_odds, weights = _index_rows(cohort, results)
        values.append(np.average((stats.expit(log_odds) - labels) ** 2, weights=weights))
    prevalence = np.average(labels, weights=weights)
    return {
        "mean_over_repeats": float(np.mean(values)),
        "reference": float(prevalence * (1 - prevalence)),
        "reference_kind": "the prevalence given to every patient",
    }


def calibration(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    """Return slope and intercept of recalibration, and their range over repeats."""
    fits = np.array([recalibration(*_index_rows(cohort, results)) for results in by_repeat])
    return {
        name: {
            "median": float(np.median(fits[:, column])),
            "low": float(fits[:, column].min()),
            "high": float(fits[:, column].max()),
        }
        for column, name in enumerate(("slope", "intercept"))
    } | {
        "kind": (
            "logistic recalibration of outer test rows, one value a repeat: median, smallest and "
            "largest; 1 and 0 are ideal"
        )
    }


def recalibration(labels: Floats, log_odds: Floats, weights: Floats) -> tuple[float, float]:
    """Fit outcome = intercept + slope · log-odds by maximum likelihood.

    Parameters
    ----------
    labels : array of 0 and 1, shape (n,)
    log_odds : array of float, shape (n,)
    weights : array of float, shape (n,)

    Returns
    -------
    slope, intercept : float

    Notes
    -----
    Cox 1958, Biometrika 45:562. The slope is held within ±20: separated classes have
    no finite maximum.

    Examples
    --------
    >>> y = np.array([0.0, 0, 1, 0, 1, 1])
    >>> slope, _ = recalibration(y, np.array([-2.0, -1, -0.5, 0.5, 1, 2]), np.ones(6))
    >>> slope > 0
    True
    """

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * log_odds + theta[1]
        error = weights * (stats.expit(z) - labels)
        value = (weights * (np.logaddexp(0, z) - labels * z)).sum()
        return float(value), np.array([(error * log_odds).sum(), error.sum()])

    solved = optimize.minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(-20, 20), (-20, 20)]
    )
    return float(solved.x[0]), float(solved.x[1])


def thresholds(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> list[dict[str, Any]]:
    """Return sensitivity and specificity of both limits on patients they were not set on."""
    rows = []
    first = by_repeat[0][0].thresholds
    for name, limit, rule in (
        ("rule out", "lower", f"sensitivity of at least {first.sensitivity:.0%} in training"),
        ("rule in", "upper", f"specificity of at least {first.specificity:.0%} in training"),
    ):
        rates = np.array([_rates(cohort, results, limit) for results in by_repeat])
        names, classes = cohort.training_patients
        rows.append(
            {
                "name": name,
                "rule": rule,
                "sensitivity": float(rates[:, 0].mean()),
                "specificity": float(rates[:, 1].mean()),
                "n_positive": int(classes.sum()),
                "n_negative": int(len(names) - classes.sum()),
                "kind": THRESHOLD_KIND,
            }
        )
    return rows


def _rates(cohort: Cohort, results: list[FoldResult], limit: str) -> tuple[float, float]:
    above, labels, weights = [], [], []
    for r in results:
        keep = cohort.weights[r.rows] > 0
        above.append(100 * stats.expit(r.log_odds[keep]) >= getattr(r.thresholds, limit))
        labels.append(cohort.labels[r.rows[keep]])
        weights.append(cohort.weights[r.rows[keep]])
    hit, label, weight = (np.concatenate(part) for part in (above, labels, weights))
    return (
        float(np.average(hit[label == 1], weights=weight[label == 1])),
        float(np.average(~hit[label == 0], weights=weight[label == 0])),
    )


def _index_rows(cohort: Cohort, results: list[FoldResult]) -> tuple[Floats, Floats, Floats]:
    """Return labels, calibrated log-odds and weights of the index rows of one repeat."""
    rows = np.concatenate([r.rows for r in results])
    log_odds = np.concatenate([r.log_odds for r in results])
    keep = cohort.weights[rows] > 0
    return cohort.labels[rows[keep]], log_odds[keep], cohort.weights[rows[keep]]
