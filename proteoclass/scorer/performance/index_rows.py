"""The index samples of one repeat, fold after fold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult

Floats = npt.NDArray[np.float64]


def index_rows(cohort: Cohort, results: list[FoldResult]) -> tuple[Floats, Floats, Floats]:
    """Return labels, calibrated log-odds and weights of the index rows of one repeat.

    Parameters
    ----------
    cohort : Cohort
    results : list of FoldResult
        The folds of the repeat.

    Returns
    -------
    labels, log_odds, weights : array of float, shape (n_index_rows,)
    """
    rows = np.concatenate([r.rows for r in results])
    log_odds = np.concatenate([r.log_odds for r in results])
    keep = cohort.weights[rows] > 0
    return cohort.labels[rows[keep]], log_odds[keep], cohort.weights[rows[keep]]
