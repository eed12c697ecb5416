"""`evaluate` against a grid search over selection and XGBoost, on the same outer folds.

The plain route is what one would write with scikit-learn: SelectKBest(f_classif, 20) and
XGBClassifier in a pipeline, 12 candidates in 5 inner folds, refitted on each outer training fold.
It gives one score; ours gives calibrated probabilities, limits, explanations and comparators too.

The plasma cohort that PROTEOCLASS_DATA names (default ../shared/data), else a simulated one of the
same shape. Seconds are of the wall with two processes each; with --jobs 1 they are CPU seconds,
which a busy machine changes little.

Run: python benchmarks/bench_evaluate.py [--jobs 2] [--repeats 4] [--permutations 100]
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from study_public import DATA, read
from threadpoolctl import threadpool_limits
from xgboost import XGBClassifier

import proteoclass as pc
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import compare
from proteoclass.scorer.permutation import permutation_test
from proteoclass.stats import auc

Floats = npt.NDArray[np.float64]

FOLDS, SIZE = 5, 20
#: Turns of each, whose median is printed: seconds of a few differ by a fifth.
TURNS = 3
GRID = {
    "score__n_estimators": [100, 300],
    "score__max_depth": [2, 3, 4],
    "score__learning_rate": [0.05, 0.1],
}
RIVAL = "a grid search over XGBoost"


def input_of() -> tuple[pc.ProteinMatrix, pc.Outcome, str]:
    """Return the cohort, or one of its shape, and what it is."""
    if DATA.is_dir():
        return *read("Overmyer plasma"), "Overmyer plasma"
    simulated = pc.simulate_cohort(patients=102, severe=51, proteins=517, visits=1, seed=0)
    return simulated.matrix, pc.Outcome("severity", "severe"), "simulated"


def timed(run: Callable[[], Any], jobs: int, turns: int = 1) -> tuple[Any, float]:
    """Return a result and the median seconds of a few turns."""
    clock = time.process_time if jobs == 1 else time.perf_counter
    took = []
    for _ in range(turns):
        start = clock()
        result = run()
        took.append(clock() - start)
    return result, float(np.median(took))


def grid_search(jobs: int, seed: int) -> GridSearchCV:
    """Return the plain route, unfitted."""
    steps = [
        ("impute", SimpleImputer(strategy="median")),
        ("choose", SelectKBest(f_classif, k=SIZE)),
        ("score", XGBClassifier(n_jobs=1, random_state=seed)),
    ]
    inner = StratifiedKFold(5, shuffle=True, random_state=seed)
    return GridSearchCV(Pipeline(steps), GRID, scoring="roc_auc", cv=inner, n_jobs=jobs)


def plain_route(cohort: Cohort, predictions: pd.DataFrame, jobs: int) -> Floats:
    """Return the AUC of the plain route on every outer fold of the predictions."""
    place = pd.Series(np.arange(len(cohort.patients)), index=cohort.values.index)
    values, aucs = cohort.values.to_numpy(dtype=float), []
    index = predictions[predictions["used"] == "index"]
    for seed, (_, of_repeat) in enumerate(index.groupby("repeat")):
        for _, held_out in of_repeat.groupby("fold"):
            test = place[held_out["sample_id"]].to_numpy()
            train = place[of_repeat["sample_id"]].drop(held_out["sample_id"]).to_numpy()
            search = grid_search(jobs, seed).fit(values[train], cohort.labels[train])
            found = search.predict_proba(values[test])[:, 1]
            aucs.append(auc(cohort.labels[test], found))
    return np.array(aucs)


def main(jobs: int, repeats: int, permutations: int) -> None:
    """Print the table, then the difference."""
    matrix, outcome, name = input_of()
    # The first call of either pays for imports and for starting the processes.
    quick = pc.evaluate(matrix, outcome, folds=2, repeats=1, permutations=0, jobs=jobs)
    asked: dict[str, Any] = {"folds": FOLDS, "repeats": repeats, "permutations": 0, "jobs": jobs}
    result, seconds = timed(
        lambda: pc.evaluate(matrix, outcome, describe=False, **asked), jobs, TURNS
    )
    _, with_description = timed(lambda: pc.evaluate(matrix, outcome, **asked), jobs, TURNS)
    with warnings.catch_warnings():
        # A protein that is constant in a training fold has no F; scikit-learn says so each time.
        warnings.simplefilter("ignore")
        plain_route(quick.cohort, quick.predictions, jobs)
        theirs, plain_seconds = timed(
            lambda: plain_route(result.cohort, result.predictions, jobs), jobs, TURNS
        )
    null, null_seconds = timed(
        lambda: permutation_test(
            result.cohort, result.settings, folds=FOLDS, permutations=permutations, seed=0,
            jobs=jobs,
        ),
        jobs,
    )  # fmt: skip
    ours = np.ravel(result.summary["auc"]["per_fold"])
    kind = "CPU seconds, one process" if jobs == 1 else f"seconds, {jobs} processes"
    found = compare(RIVAL, ours, theirs, 1 / (FOLDS - 1))
    described = result.summary["cohort"]
    print(f"{name}, {described['n_patients']} × {described['n_proteins']}, {FOLDS} × {repeats}\n")
    print(f"| what | {kind} | mean fold AUC |\n|---|---|---|")
    print(f"| evaluate: selection, tuning, calibration | {seconds:.1f} | {ours.mean():.3f} |")
    print(f"| the same, and what is known of the panel | {with_description:.1f} | |")
    print(f"| {permutations} permutations | {null_seconds:.1f} | p = {null['p']:.3f} |")
    print(f"| {RIVAL} | {plain_seconds:.1f} | {theirs.mean():.3f} |")
    low, high = found["difference"]["interval"]
    print(
        f"\n{plain_seconds / seconds:.1f} times as fast, {plain_seconds / with_description:.1f} "
        "with the description; difference in AUC "
        f"{found['difference']['mean']:+.3f} ({low:+.3f} to {high:+.3f}), "
        f"{found['difference']['kind']}. {found['verdict']}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--permutations", type=int, default=100)
    asked = parser.parse_args()
    with threadpool_limits(1):
        main(asked.jobs, asked.repeats, asked.permutations)
