"""What the simulated cohort asks of a scorer, over many seeds.

Prints, for each seed and on average: the cross-validated AUC of a quick surrogate (a
moderated t chooses 20 proteins inside each of 5 folds, ridge logistic regression on
them; index samples only), the AUC of the known latent factor, how many planted proteins
are among the top 20 of all patients, and the realised effects and correlations.

    python benchmarks/study_simulator.py [number of seeds] [number of plexes]
"""

import sys
import time

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from proteoclass.folds import patient_folds
from proteoclass.matrix.simulation.shape import median_quotient
from proteoclass.matrix.simulation.sheet import ALBUMIN_ID
from proteoclass.matrix.simulation.signal import N_PLANTED
from proteoclass.matrix.simulation.simulate import SimulatedCohort, simulate_cohort
from proteoclass.stats import auc

#: Degrees of freedom that the typical variance counts for in the moderated t: the surrogate
#: fixes what Smyth 2004 (doi 10.2202/1544-6115.1027) estimates.
PRIOR_DF = 4.0


def index_samples(cohort: SimulatedCohort) -> tuple[pd.DataFrame, np.ndarray]:
    """Return log2 values of each patient's first visit (ratios to the pool in TMT), and classes."""
    samples = cohort.matrix.samples
    log2 = cohort.matrix.log2().values
    if "plex" in samples:
        is_pool = samples["channel"].str.startswith("pool")
        pools = log2[is_pool].set_axis(samples["plex"][is_pool]).reindex(samples["plex"])
        log2 = (log2 - pools.to_numpy())[~is_pool]
        samples = samples[~is_pool]
    first = (samples["visit"] == "V1") & (samples["replicate_of"] == "")
    classes = (samples["severity"][first] == "severe").to_numpy().astype(int)
    return log2[first].drop(columns=ALBUMIN_ID), classes


def prepare(train: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Normalise by the median quotient and fill low, with numbers learnt in `train` alone."""
    seen = train.notna().mean()
    steady = seen.index[seen >= 0.8]
    reference = train[steady].median()

    def normal(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.sub((frame[steady] - reference).median(axis=1), axis=0)

    learnt = normal(train)
    enough = seen.index[seen >= 0.3]
    low = low_quantile(learnt[enough], 0.05) - 0.5 * learnt[enough].std()
    return normal(rows).reindex(columns=enough).fillna(low)


def low_quantile(frame: pd.DataFrame, level: float) -> pd.Series:
    """Return a quantile of each column's detected values (pandas takes seconds for this)."""
    ordered = np.sort(frame.to_numpy(), axis=0)
    place = level * (frame.notna().sum().to_numpy() - 1)
    below, columns = place.astype(int), np.arange(len(frame.columns))
    low, high = ordered[below, columns], ordered[below + 1, columns]
    return pd.Series(low + (place - below) * (high - low), index=frame.columns)


def moderated_t(values: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the t statistic of each column, its variance drawn towards the median one."""
    one, other = values[classes == 1], values[classes == 0]
    df = len(values) - 2
    variance = (one.var(axis=0) * len(one) + other.var(axis=0) * len(other)) / df
    variance = (PRIOR_DF * np.median(variance) + df * variance) / (PRIOR_DF + df)
    error = np.sqrt(variance * (1 / len(one) + 1 / len(other)))
    return (one.mean(axis=0) - other.mean(axis=0)) / error


def top(filled: pd.DataFrame, classes: np.ndarray) -> pd.Index:
    """Return the 20 columns with the largest moderated t."""
    order = np.argsort(-np.abs(moderated_t(filled.to_numpy(), classes)), kind="stable")
    return filled.columns[order[:N_PLANTED]]


def cross_validated_auc(log2: pd.DataFrame, classes: np.ndarray, seed: int, repeats: int) -> float:
    """Return the mean over repeats of the AUC of out-of-fold scores."""
    aucs = []
    for repeat in range(repeats):
        scores = np.empty(len(classes))
        for test in patient_folds(classes, 5, np.random.default_rng([seed, repeat])):
            train = np.setdiff1d(np.arange(len(classes)), test)
            filled = prepare(log2.iloc[train], log2)
            panel = filled[top(filled.iloc[train], classes[train])].to_numpy()
            standard = (panel - panel[train].mean(axis=0)) / panel[train].std(axis=0)
            model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
            model.fit(standard[train], classes[train])
            scores[test] = model.decision_function(standard[test])
        aucs.append(auc(classes, scores))
    return float(np.mean(aucs))


def study(seed: int, plexes: int | None, repeats: int = 2) -> dict[str, float]:
    """Return the figures of one cohort."""
    start = time.perf_counter()
    cohort = simulate_cohort(seed=seed, plexes=plexes)
    seconds = time.perf_counter() - start
    log2, classes = index_samples(cohort)
    latent = {row["sample_id"]: row["latent"] for row in cohort.truth["samples"]}
    planted = {row["id"]: row["direction"] for row in cohort.truth["planted"]}
    sign = np.array([1.0 if direction == "up" else -1.0 for direction in planted.values()])
    filled = prepare(log2, log2)
    values = log2.sub(median_quotient(log2), axis=0)[list(planted)] * sign
    one, other = values[classes == 1], values[classes == 0]
    pooled = np.sqrt((one.var() * (len(one) - 1) + other.var() * (len(other) - 1)) / 48)
    centred = values - values.groupby(classes).transform("mean")
    pairs = centred.corr().to_numpy()[np.triu_indices(N_PLANTED, 1)]
    return {
        "auc": cross_validated_auc(log2, classes, seed, repeats),
        "latent_auc": auc(classes, [latent[i] for i in log2.index]),
        "planted_in_top20": len(set(top(filled, classes)) & set(planted)),
        "effect_mean": float(((one.mean() - other.mean()) / pooled).mean()),
        "correlation_mean": float(np.nanmean(pairs)),
        "planted_detected": float(log2[list(planted)].notna().to_numpy().mean()),
        "candidates": len(filled.columns),
        "missing_rate": cohort.matrix.missing_rate,
        "seconds": seconds,
    }


def main() -> None:
    """Print one line a seed, then the mean, SD, least and greatest."""
    n_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    plexes = int(sys.argv[2]) if len(sys.argv) > 2 else None
    table = pd.DataFrame([study(seed, plexes) for seed in range(n_seeds)])
    print(table.round(3).to_string())
    print(table.agg(["mean", "std", "min", "max"]).round(3).to_string())


if __name__ == "__main__":
    main()
