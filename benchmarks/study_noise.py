"""What the panel and its score claim where there is nothing to find.

Three questions, over many data sets without any effect: how many proteins does a thresholded
stability selection keep, against the bound stated beside it; what is the mean out-of-fold AUC
of the whole procedure; and how often does an evaluation fail to say "no better than chance".
The data sets are noise, noise in correlated blocks, and public cohorts with permuted labels
(those that PROTEOCLASS_DATA names, default ../shared/data; left out where absent).

Run: python benchmarks/study_noise.py [data sets] [jobs]
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import proteoclass as pc
from proteoclass.folds import patient_folds, spawn
from proteoclass.panel.evidence.error_bound import error_bound
from proteoclass.panel.selection.sparse import selection_frequency
from proteoclass.panel.selection.training_rows import TrainingRows
from proteoclass.scorer import Settings
from proteoclass.scorer.chance import NO_BETTER
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.comparators import fold_auc
from proteoclass.scorer.inner_folds import out_of_fold_margins
from proteoclass.scorer.parallel import run_units
from proteoclass.scorer.pipeline import build_pipeline
from proteoclass.stats import corrected_resampled_auc_interval

DATA = Path(os.environ.get("PROTEOCLASS_DATA", Path(__file__).parents[2] / "shared" / "data"))

NEGATIVE, POSITIVE, PROTEINS = 39, 11, 1500
#: Proteins of a correlated block, and their correlation.
BLOCK, CORRELATION = 10, 0.6
SIMULATED = ("independent noise", "correlated noise")
PERMUTED = {
    "PUV urine, permuted": ("puv_urine_fragpipe/tidy/puv_urine", "urine", "puv", None),
    "Overmyer plasma, permuted": (
        "overmyer_plasma_maxquant/tidy/overmyer", "plasma", "severe", "non-severe",
    ),
}  # fmt: skip

THRESHOLDS = (0.6, 0.7, 0.8, 0.9)
PAIRS = 25
FOLDS = 5
#: Few, short boosters, and the fastest view that weighs proteins together: on noise they
#: change the time, not the mean of the AUC.
SETTINGS = Settings(select="ridge", bags=2, rounds=15)


def kinds() -> tuple[str, ...]:
    """Return the names of the data sets that can be made here."""
    return (*SIMULATED, *(name for name in PERMUTED if real_matrix_file(name).exists()))


def real_matrix_file(name: str) -> Path:
    """Return the file of a public cohort."""
    return DATA / f"{PERMUTED[name][0]}_matrix.tsv"


def noise_matrix(kind: str, seed: int) -> pc.ProteinMatrix:
    """Return log2 values that know nothing of the class; one patient a sample."""
    rng = spawn(seed, SIMULATED.index(kind))
    n = NEGATIVE + POSITIVE
    values = rng.normal(size=(n, PROTEINS))
    if kind == "correlated noise":
        shared = np.repeat(rng.normal(size=(n, PROTEINS // BLOCK)), BLOCK, axis=1)
        values = np.sqrt(CORRELATION) * shared + np.sqrt(1 - CORRELATION) * values
    ids = [f"S{i:02d}" for i in range(n)]
    names = [f"P{i:04d}" for i in range(PROTEINS)]
    classes = rng.permutation(np.repeat(["mild", "severe"], [NEGATIVE, POSITIVE]))
    sheet = pd.DataFrame({"severity": classes}, index=ids)
    return pc.ProteinMatrix.build(
        pd.DataFrame(20 + values, index=ids, columns=names), sheet, scale="log2"
    )


@cache
def real_cohort(name: str) -> Cohort:
    """Return a public cohort, labels as they are."""
    place, fluid, positive, negative = PERMUTED[name]
    matrix = pc.read_matrix(real_matrix_file(name), DATA / f"{place}_samples.tsv", fluid=fluid)
    return build_cohort(matrix, pc.Outcome("severity", positive, negative))


def cohort_without_effect(kind: str, seed: int) -> Cohort:
    """Return noise, or a public cohort whose labels are permuted over patients."""
    if kind in SIMULATED:
        return build_cohort(noise_matrix(kind, seed), pc.Outcome("severity", "severe"))
    cohort = real_cohort(kind)
    names, classes = cohort.training_patients
    permuted = spawn(seed, 7).permutation(classes).astype(float)
    return cohort.with_labels(dict(zip(names, permuted, strict=True)))


def false_selections(kind: str, seed: int) -> list[dict[str, object]]:
    """Return how many proteins reach each threshold, and the bounds stated beside them."""
    cohort = cohort_without_effect(kind, seed)
    index = cohort.index_rows()
    training = cohort.values.iloc[index]
    before = build_pipeline(SETTINGS.resolve(cohort.matrix), seed, training=training)[:-2]
    values = before.fit_transform(
        training, cohort.labels[index], impute__samples=cohort.matrix.samples.iloc[index]
    )
    rows = TrainingRows(
        np.asarray(values, dtype=float), cohort.labels[index], cohort.weights[index],
        cohort.patients[index], size=20, seed=seed,
    )  # fmt: skip
    frequency = selection_frequency(rows, PAIRS, each_half_alone=True)
    # The panel's own view filters on all training rows first: no bound holds for it.
    filtered = selection_frequency(rows, PAIRS)
    result: list[dict[str, object]] = []
    for threshold in THRESHOLDS:
        bound = error_bound(threshold, float(frequency.sum()), len(frequency), PAIRS)
        result.append(
            {
                "data": kind,
                "threshold": threshold,
                "seed": seed,
                "kept by a half": bound.mean_selected,
                "false": int((frequency >= threshold - 1e-9).sum()),
                "worst-case bound": bound.worst_case,
                "unimodal bound": bound.unimodal,
                "r-concave bound": bound.r_concave,
                "false with the filter on all rows": int((filtered >= threshold - 1e-9).sum()),
            }
        )
    return result


def out_of_fold_auc(kind: str, seed: int) -> dict[str, object]:
    """Return the AUC of one repeat: over pooled margins, as a mean over folds, and its limit."""
    cohort = cohort_without_effect(kind, seed)
    names, classes = cohort.training_patients
    path = (seed, 0)
    rows, margins = out_of_fold_margins(cohort, names, FOLDS, SETTINGS.resolve(cohort.matrix), path)
    # The folds that `out_of_fold_margins` deals with the same seed.
    folds = patient_folds(classes, FOLDS, spawn(*path, 0))
    per_fold = []
    for fold in folds:
        inside = np.isin(cohort.patients[rows], names[fold])
        per_fold.append(fold_auc(cohort, rows[inside], margins[inside]))
    low, _ = corrected_resampled_auc_interval(per_fold, 1 / (FOLDS - 1))
    return {
        "data": kind,
        "seed": seed,
        "pooled": fold_auc(cohort, rows, margins),
        "mean over folds": float(np.mean(per_fold)),
        "lower limit above 0.5": float(low > 0.5),
    }


def evaluation(kind: str, seed: int) -> dict[str, object]:
    """Return what `evaluate` itself says of noise: its headline, and its words."""
    result = pc.evaluate(
        noise_matrix(kind, seed), pc.Outcome("severity", "severe"),
        settings=SETTINGS, folds=FOLDS, repeats=1, permutations=0, seed=seed, describe=False,
    )  # fmt: skip
    found = result.summary["auc"]
    return {
        "data": kind,
        "seed": seed,
        "headline": found["mean_over_repeats"],
        "mean over folds": found["mean_over_folds"],
        "lower limit above 0.5": float(found["interval"][0] > 0.5),
        "said no better than chance": float(
            any(NO_BETTER in text for text in result.summary["warnings"])
        ),
    }


def bounds_study(names: tuple[str, ...], sets: int, jobs: int = 1) -> pd.DataFrame:
    """Return false selections of every data set and threshold."""
    parts = run_units(false_selections, [(k, s) for k in names for s in range(sets)], jobs=jobs)
    return pd.DataFrame([row for part in parts for row in part])


def auc_study(names: tuple[str, ...], sets: int, jobs: int = 1) -> pd.DataFrame:
    """Return the out-of-fold AUC of every data set."""
    return pd.DataFrame(
        run_units(out_of_fold_auc, [(k, s) for k in names for s in range(sets)], jobs=jobs)
    )


def evaluation_study(names: tuple[str, ...], sets: int, jobs: int = 1) -> pd.DataFrame:
    """Return what `evaluate` says of every data set."""
    return pd.DataFrame(
        run_units(evaluation, [(k, s) for k in names for s in range(sets)], jobs=jobs)
    )


def means(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return means over data sets and, as columns of their own, their Monte-Carlo errors."""
    groups = table.drop(columns="seed").groupby(by, sort=False)
    return groups.mean().join(groups.sem().add_suffix(" SE"))


def markdown(table: pd.DataFrame, digits: int) -> str:
    """Return means with their errors behind them, in markdown."""
    columns = [name for name in table if not name.endswith(" SE")]
    lines = ["| " + " | ".join([*map(str, table.index.names), *columns]) + " |"]
    lines.append("|" + " --- |" * (table.index.nlevels + len(columns)))
    for key, row in table.iterrows():
        names = [str(part) for part in (key if isinstance(key, tuple) else (key,))]
        cells = [f"{row[c]:.{digits}f} ± {row[f'{c} SE']:.{digits}f}" for c in columns]
        lines.append("| " + " | ".join([*names, *cells]) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    n_sets = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    n_jobs = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    print(markdown(means(bounds_study(kinds(), n_sets, n_jobs), ["data", "threshold"]), 3))
    print()
    print(markdown(means(auc_study(kinds(), n_sets, n_jobs), ["data"]), 4))
    print()
    print(markdown(means(evaluation_study(SIMULATED[:1], n_sets, n_jobs), ["data"]), 4))
