"""Sensitivity and specificity of a locked model's two limits on patients it never saw."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.calibration import Thresholds

Floats = npt.NDArray[np.float64]

KIND: Final = (
    "limit locked in the model, judged on patients it was not set on; Wilson intervals, 95 %"
)


def locked_limits(limits: Thresholds, labels: Floats, scores: Floats) -> list[dict[str, Any]]:
    """Return sensitivity and specificity at the model's two limits, with Wilson intervals.

    Parameters
    ----------
    limits : Thresholds
    labels : array of 0 and 1, shape (n_patients,)
    scores : array of float, shape (n_patients,)
        Score points, 0 to 100.

    Returns
    -------
    list of dict
    """
    n_positive, n_negative = int((labels == 1).sum()), int((labels == 0).sum())
    rows = []
    for name, limit, rule in (
        ("rule out", limits.lower, f"sensitivity of at least {limits.sensitivity:.0%} in training"),
        ("rule in", limits.upper, f"specificity of at least {limits.specificity:.0%} in training"),
    ):
        found = int((scores[labels == 1] >= limit).sum())
        spared = int((scores[labels == 0] < limit).sum())
        rows.append(
            {
                "name": name,
                "rule": rule,
                "limit": limit,
                "sensitivity": found / n_positive,
                "sensitivity_interval": list(stats.wilson_interval(found, n_positive)),
                "specificity": spared / n_negative,
                "specificity_interval": list(stats.wilson_interval(spared, n_negative)),
                "n_positive": n_positive,
                "n_negative": n_negative,
                "kind": KIND,
            }
        )
    return rows
