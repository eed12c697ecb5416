"""Out-of-fold scores made by a formula that the golden scripts share, without any fit."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.performance.held_out import HeldOut

POSITIVE = (0, 3, 5, 8, 9, 12, 14)
LABELS = np.isin(np.arange(45) % 15, POSITIVE).astype(float)
#: As golden_fixed_rates.R makes them: rounded, so that patients tie.
FIRST = np.round(2 * np.sin(7 * np.arange(45)) + 1.5 * LABELS, 1)
SECOND = np.round(2 * np.sin(5 * np.arange(45) + 1) + 1.5 * LABELS, 1)


def scored(*repeats, labels=LABELS, weights=None, patients=None):
    """Return samples of one patient each, unless told otherwise."""
    n = len(labels)
    return HeldOut(
        rows=np.arange(n),
        labels=np.asarray(labels, dtype=float),
        weights=np.ones(n) if weights is None else np.asarray(weights, dtype=float),
        patients=np.arange(n) if patients is None else np.asarray(patients),
        log_odds=np.array(repeats, dtype=float),
    )


def twice(held):
    """Return each sample a second time, of the same patient and at half the weight."""
    return HeldOut(
        rows=np.arange(2 * len(held.labels)),
        labels=np.repeat(held.labels, 2),
        weights=np.repeat(held.weights / 2, 2),
        patients=np.repeat(held.patients, 2),
        log_odds=np.repeat(held.log_odds, 2, axis=1),
    )


def cohort_of(order=None, **columns):
    """Return a cohort of the 45 patients with some columns in its sheet, and its two repeats."""
    ids = np.array([f"S{i:02d}" for i in range(45)])
    samples = pd.DataFrame(
        {"patient_id": ids, "severity": np.where(LABELS == 1, "severe", "mild")} | columns,
        index=ids,
    )
    values = pd.DataFrame({"P1": 8 + np.arange(45.0), "P2": 9.0}, index=ids)
    order = np.arange(45) if order is None else order
    matrix = ProteinMatrix.build(values.iloc[order], samples.iloc[order], scale="log2")
    cohort = build_cohort(matrix, Outcome("severity", "severe"))
    # Another deal of folds in each repeat: three and five of them.
    by_repeat = [
        [
            SimpleNamespace(rows=rows, log_odds=scores[order[rows]])
            for rows in np.array_split(np.roll(np.arange(45), 7 * n), n)
        ]
        for n, scores in ((3, FIRST), (5, SECOND))
    ]
    return cohort, by_repeat
