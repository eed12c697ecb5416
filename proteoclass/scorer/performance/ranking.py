"""How well out-of-fold scores put the positive patients first, beside their AUC."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score

from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.performance.index_rows import index_rows


def average_precision(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    """Return the area under precision and recall, mean over repeats, and the prevalence."""
    values = []
    for results in by_repeat:
        labels, log_odds, weights = index_rows(cohort, results)
        values.append(average_precision_score(labels, log_odds, sample_weight=weights))
    prevalence = float(np.average(labels, weights=weights))
    return {"mean_over_repeats": float(np.mean(values)), "prevalence": prevalence}
