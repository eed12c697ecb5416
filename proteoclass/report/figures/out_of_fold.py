"""Out-of-fold predictions of the index samples, as the performance pictures need them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special


def index_predictions(predictions: pd.DataFrame, positive: str) -> pd.DataFrame:
    """Return the index rows of `predictions.tsv` with the outcome as 0 and 1.

    Parameters
    ----------
    predictions : DataFrame
        Columns `sample_id`, `patient_id`, `outcome`, `used`, `repeat`, `score` (0–100),
        `probability`.
    positive : str
        Label counted as 1.

    Returns
    -------
    DataFrame
        Columns `repeat`, `sample_id`, `patient_id`, `label`, `score`, `probability`,
        `weight`: 1 over the patient's index rows in the repeat, so that each patient
        counts once.

    Examples
    --------
    >>> rows = index_predictions(pd.DataFrame({
    ...     "sample_id": ["a", "b"], "patient_id": ["p", "p"], "outcome": ["ill", "ill"],
    ...     "used": ["index", "follow-up"], "repeat": [0, 0], "score": [80.0, 70.0],
    ...     "probability": [0.8, 0.7]}), "ill")
    >>> rows[["label", "weight"]].values.tolist()
    [[1.0, 1.0]]
    """
    rows = predictions[predictions["used"] == "index"]
    frame = rows[["repeat", "sample_id", "patient_id", "score", "probability"]].copy()
    frame["label"] = (rows["outcome"] == positive).astype(float)
    per_patient = frame.groupby(["repeat", "patient_id"])["score"].transform("size")
    frame["weight"] = 1.0 / per_patient.astype(float)
    return frame.reset_index(drop=True)


def mean_predictions(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row a sample, its probabilities averaged over repeats on the log-odds.

    Parameters
    ----------
    rows : DataFrame
        As `index_predictions` gives.

    Returns
    -------
    DataFrame
        Columns `sample_id`, `label`, `weight`, `probability`, `score` (0–100).

    Examples
    --------
    >>> rows = pd.DataFrame({"sample_id": "a", "label": 1.0, "weight": 1.0,
    ...                      "probability": [0.2, 0.8]})
    >>> mean_predictions(rows)["probability"].round(6).tolist()
    [0.5]
    """
    held = rows["probability"].clip(1e-6, 1 - 1e-6)
    margins = rows.assign(margin=special.logit(held.to_numpy(dtype=float)))
    frame = margins.groupby("sample_id", sort=False).agg(
        label=("label", "first"), weight=("weight", "first"), margin=("margin", "mean")
    )
    frame["probability"] = special.expit(frame.pop("margin").to_numpy())
    frame["score"] = 100 * frame["probability"]
    return frame.reset_index()


def swarm(values: np.ndarray, width: float, spacing: float) -> np.ndarray:
    """Return offsets that keep points of equal value apart, the same on every run.

    Parameters
    ----------
    values : array of float, shape (n,)
    width : float
        Values closer than this share a column.
    spacing : float
        Offset between neighbours of a column.

    Returns
    -------
    array of float, shape (n,)
        Centred on zero within each column.

    Examples
    --------
    >>> swarm(np.array([0.0, 0.0, 5.0]), 1.0, 2.0).tolist()
    [0.0, 2.0, 0.0]
    """
    columns = np.round(np.asarray(values, dtype=float) / width)
    offsets = np.zeros(len(columns))
    for column in np.unique(columns):
        members = np.flatnonzero(columns == column)
        order = np.arange(len(members))
        # 0, +1, -1, +2, -2: the column grows evenly to both sides.
        offsets[members] = spacing * ((order + 1) // 2) * np.where(order % 2, 1, -1)
    return offsets + 0.0
