"""Tables of out-of-fold predictions: per repeat, averaged, and explained."""

from __future__ import annotations

import numpy as np
import pandas as pd

from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.scorer.blend import EXPLANATION_COLUMNS
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.settings import Settings
from proteoclass.stats import expit, nan_quantile

PREDICTION_COLUMNS = [
    "sample_id", "patient_id", "outcome", "used", "repeat", "fold", "score", "probability",
]  # fmt: skip
REFERENCE_SHARES = (0.05, 0.95)


def predictions(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> pd.DataFrame:
    """Return every labelled sample in every repeat, in the order of the matrix.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult

    Returns
    -------
    DataFrame
        Columns of `predictions.tsv`. `score` is 100 times `probability`, unrounded;
        repeats and folds count from 1.
    """
    names = np.where(cohort.labels == 1, cohort.outcome.positive, str(cohort.outcome.negative))
    used = cohort.used()
    ids = cohort.values.index.to_numpy()
    parts = []
    for repeat, results in enumerate(by_repeat, start=1):
        for fold, result in enumerate(results, start=1):
            rows = result.rows
            probability = expit(result.log_odds)
            frame = pd.DataFrame(
                {
                    "sample_id": ids[rows],
                    "patient_id": cohort.patients[rows],
                    "outcome": names[rows],
                    "used": used[rows],
                    "repeat": repeat,
                    "fold": fold,
                    "score": 100 * probability,
                    "probability": probability,
                    "row": rows,
                }
            )
            parts.append(frame[~np.isnan(cohort.labels[rows])])
    table = pd.concat(parts, ignore_index=True).sort_values(["repeat", "row"], kind="stable")
    return table[PREDICTION_COLUMNS].reset_index(drop=True)


def mean_scores(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> pd.DataFrame:
    """Average out-of-fold log-odds over repeats, one row a sample of a labelled patient.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult

    Returns
    -------
    DataFrame
        `sample_id log_odds lower upper label weight`; `lower` and `upper` are the mean
        over repeats of the 5 and 95 % points over bags, log-odds.
    """
    rows, log_odds, limits = [], [], []
    for result in (r for results in by_repeat for r in results):
        rows.append(result.rows)
        log_odds.append(result.log_odds)
        limits.append(result.bag_limits)
    frame = pd.DataFrame(np.concatenate(limits), columns=["lower", "upper"])
    frame.insert(0, "log_odds", np.concatenate(log_odds))
    mean = frame.groupby(np.concatenate(rows)).mean()
    positions = mean.index.to_numpy()
    mean.insert(0, "sample_id", cohort.values.index.to_numpy()[positions])
    mean["label"] = cohort.labels[positions]
    mean["weight"] = cohort.weights[positions]
    return mean.reset_index(drop=True)


def explanations(
    cohort: Cohort, by_repeat: list[list[FoldResult]], settings: Settings
) -> pd.DataFrame:
    """Average contributions over repeats; a protein not chosen in a repeat gives 0 there.

    A sample's rows therefore sum exactly to its log-odds in `mean_scores`, which
    contributions of one locked model to an out-of-fold score would not.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult
    settings : Settings
        Resolved.

    Returns
    -------
    DataFrame
        Columns of `explanations.tsv`, `origin` "out-of-fold"; values are normalised
        log2, `low` and `high` the 5 and 95 % points of index samples. The limits of a
        contribution are the mean over repeats of the 5 and 95 % points over bags.
    """
    results = [result for results in by_repeat for result in results]
    shares = pd.concat([_long(result.rows, result.contributions) for result in results])
    values = pd.concat([_long(result.rows, {"value": result.measured}) for result in results])
    table = (shares.groupby(["row", "protein_id"], sort=True).sum() / len(by_repeat)).reset_index()
    value = values.groupby(["row", "protein_id"])["value"].mean().reset_index()
    table = table.merge(value, on=["row", "protein_id"], how="left")
    table["sample_id"] = cohort.values.index.to_numpy()[table["row"]]
    table["origin"] = "out-of-fold"
    table["gene"] = table["protein_id"].map(cohort.matrix.proteins["gene"]).fillna("")
    low, high = _reference_range(cohort, settings)
    table["low"], table["high"] = table["protein_id"].map(low), table["protein_id"].map(high)
    return table[EXPLANATION_COLUMNS]


def _reference_range(cohort: Cohort, settings: Settings) -> tuple[pd.Series, pd.Series]:
    """Return the 5 and 95 % points of each protein over all index samples, normalised as one.

    For reading a value against, never for scoring: a fold sees only its own patients.
    """
    index = cohort.values.iloc[cohort.index_rows()]
    normaliser = Normaliser(settings.normalise, exclude=settings.not_reference)
    normalised = normaliser.fit(index).transform(index)
    points = [nan_quantile(normalised, share) for share in REFERENCE_SHARES]
    low, high = (pd.Series(point, index=index.columns) for point in points)
    return low, high


def _long(rows: np.ndarray, wide: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return tables of one shape as columns, one row a sample and protein."""
    columns = next(iter(wide.values())).columns.to_numpy(dtype=object)
    return pd.DataFrame(
        {"row": np.repeat(rows, len(columns)), "protein_id": np.tile(columns, len(rows))}
        | {name: table.to_numpy(dtype=float).ravel() for name, table in wide.items()}
    )
