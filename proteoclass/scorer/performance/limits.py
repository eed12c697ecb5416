"""Sensitivity and specificity of the two limits on patients they were not set on."""

from __future__ import annotations

from typing import Any

import numpy as np

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.performance.held_out import TEST_SAMPLING

THRESHOLD_KIND = (
    "limit set in each outer training fold, judged on outer test rows; mean over repeats"
)
INTERVAL_KIND = f"Wilson, 95 %, over patients, the rate averaged over repeats; {TEST_SAMPLING}"


def thresholds(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> list[dict[str, Any]]:
    """Return sensitivity and specificity of both limits on patients they were not set on."""
    rows = []
    _, classes = cohort.training_patients
    n_positive = int(classes.sum())
    n_negative = len(classes) - n_positive
    first = by_repeat[0][0].thresholds
    for name, limit, rule in (
        ("rule out", "lower", f"sensitivity of at least {first.sensitivity:.0%} in training"),
        ("rule in", "upper", f"specificity of at least {first.specificity:.0%} in training"),
    ):
        rates = np.mean([_rates(cohort, results, limit) for results in by_repeat], axis=0)
        rows.append(
            {
                "name": name,
                "rule": rule,
                "sensitivity": float(rates[0]),
                "sensitivity_interval": _interval(rates[0], n_positive),
                "specificity": float(rates[1]),
                "specificity_interval": _interval(rates[1], n_negative),
                "interval_kind": INTERVAL_KIND,
                "n_positive": n_positive,
                "n_negative": n_negative,
                "kind": THRESHOLD_KIND,
            }
        )
    return rows


def _interval(rate: float, n: int) -> list[float]:
    return list(stats.wilson_interval(rate * n, n))


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
