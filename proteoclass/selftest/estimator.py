"""A scikit-learn estimator as a pipeline under test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from proteoclass import stats
from proteoclass.folds import patient_folds, spawn
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import build_cohort
from proteoclass.selftest.pipeline import PipelineResult


@dataclass(frozen=True, eq=False)
class EstimatorPipeline:
    """An estimator, cross-validated with whole patients in stratified folds.

    Parameters
    ----------
    estimator : scikit-learn classifier
        Takes log2 values with NaN, or begins with an imputer. All that learns must be in
        it: what was done to the matrix beforehand is not tried.
    folds : int
    index : str
        Rule of `index_weights`.

    Notes
    -----
    The AUC is the mean over folds, because scores of different fits have no common scale.

    Examples
    --------
    >>> from sklearn.impute import SimpleImputer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from proteoclass.matrix import simulate_cohort
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> learner = make_pipeline(SimpleImputer(keep_empty_features=True), GaussianNB())
    >>> result = EstimatorPipeline(learner, folds=3)(
    ...     cohort.matrix, Outcome("severity", "severe"), seed=0)
    >>> len(result.predictions)
    24
    """

    estimator: Any
    folds: int = 5
    index: str = "first"

    def __call__(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> PipelineResult:
        """Cross-validate; see `Pipeline`."""
        cohort = build_cohort(matrix, outcome, index=self.index, minimum=self.folds)
        names, classes = cohort.training_patients
        index_rows = cohort.index_rows()
        parts, aucs = [], []
        for fold, test in enumerate(patient_folds(classes, self.folds, spawn(seed, 0))):
            held_out = np.isin(cohort.patients[index_rows], names[test])
            train, rows = index_rows[~held_out], index_rows[held_out]
            fitted = clone(self.estimator).fit(cohort.values.iloc[train], cohort.labels[train])
            score = _scores(fitted, cohort.values.iloc[rows])
            aucs.append(stats.auc(cohort.labels[rows], score, cohort.weights[rows]))
            parts.append(
                pd.DataFrame(
                    {
                        "sample_id": cohort.values.index[rows],
                        "repeat": 0,
                        "fold": fold,
                        "score": score,
                    }
                )
            )
        return PipelineResult(
            auc=float(np.mean(aucs)), predictions=pd.concat(parts, ignore_index=True)
        )


def _scores(fitted: Any, values: pd.DataFrame) -> npt.NDArray[np.float64]:
    if hasattr(fitted, "decision_function"):
        return np.asarray(fitted.decision_function(values), dtype=float)
    return np.asarray(fitted.predict_proba(values)[:, 1], dtype=float)
