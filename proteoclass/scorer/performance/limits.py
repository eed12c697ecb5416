"""Sensitivity and specificity of the two limits on patients they were not set on."""

from __future__ import annotations

from typing import Any

import numpy as np

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult

THRESHOLD_KIND = (
    "limit set in each outer training fold, judged on outer test rows; mean over repeats"
)


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
