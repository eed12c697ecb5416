"""Leave-site-out on the cerebrospinal fluid cohort of four sites: the model against its parts.

Each site is predicted by the default procedure fitted on the others. The splits are the data's:
seeds differ in bags, half-samples and inner folds alone. Beside the model stand what is scored on
the same folds: ridge logistic and XGBoost alone on the same panel, logistic regression on all
proteins, the best single protein; and scikit-learn's logistic regression and XGBoost with their
libraries' defaults, on the panel of that size that the fold's ranking gives. A difference is
paired by site, mean over seeds; its interval is the corrected resampled t over sites.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/study_leave_site_out.py [seeds] [jobs]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from study_public import read
from xgboost import XGBClassifier

from proteoclass import stats
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import difference_test, fold_auc, held_out_ratio
from proteoclass.scorer.crossfit import FoldOptions, run_fold
from proteoclass.scorer.leave_out import left_out
from proteoclass.scorer.parallel import run_units
from proteoclass.scorer.prepared_fold import prepare_fold
from proteoclass.scorer.settings import Settings

COHORT, COLUMN, MODEL, SIZE = "Alzheimer CSF", "site", "model", 20


def library_defaults(*unit: Any) -> dict[str, float]:
    """Return the AUC of models that nobody has tuned, on one fold."""
    fold = prepare_fold(*unit)
    columns = fold.panel(SIZE)
    found = {}
    for name, model in (
        (
            "logistic regression, library defaults",
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
        ),
        ("XGBoost, library defaults", XGBClassifier(n_jobs=1)),
    ):
        model.fit(np.nan_to_num(fold.train[:, columns]), fold.labels)
        margin = model.predict_proba(np.nan_to_num(fold.test[:, columns]))[:, 1]
        found[name] = stats.auc(fold.test_labels, margin, fold.test_weights)
    return found


def main(seeds: int, jobs: int) -> None:
    """Print a row a method, a column a site, then the paired differences."""
    cohort = build_cohort(*read(COHORT))
    settings = Settings().resolve(cohort.matrix)
    levels = left_out(cohort, COLUMN)
    options = FoldOptions(prevalence=cohort.prevalence)
    units = [
        (*unit, options)
        for seed in range(seeds)
        for unit in levels.units(cohort, settings, (), seed)
    ]
    results = run_units(run_fold, units, jobs=jobs)
    by_seed = [results[i :: len(levels.levels)] for i in range(len(levels.levels))]
    [judged] = levels.judged([by_seed])
    names = [name for name, scored in zip(levels.levels, levels.scored, strict=True) if scored]
    found: dict[str, npt.NDArray[np.float64]] = {
        name: np.array(
            [
                np.mean(
                    [
                        fold_auc(
                            cohort, r.rows, r.margin if name == MODEL else r.rival_margins[name]
                        )
                        for r in runs
                    ]
                )
                for runs in judged
            ]
        )
        for name in (MODEL, *results[0].rival_margins)
    }
    plain = run_units(library_defaults, [unit[:5] for unit in units], jobs=jobs)
    by_seed = [plain[i :: len(levels.levels)] for i in range(len(levels.levels))]
    [judged_plain] = levels.judged([by_seed])
    for name in plain[0]:
        found[name] = np.array([np.mean([run[name] for run in runs]) for runs in judged_plain])
    counts = dict(zip(levels.levels, levels.counts, strict=True))
    heads = [f"{name} ({counts[name][0]} + {counts[name][1]})" for name in names]
    print(f"AUC within {COLUMN} (positive + negative patients), mean over {seeds} seeds\n")
    print(f"| | {' | '.join(heads)} | mean | model minus it | interval |")
    print("|---" * (len(heads) + 4) + "|")
    share = held_out_ratio(cohort, [[runs[0] for runs in judged]])
    for name, values in found.items():
        cells = " | ".join(f"{value:.3f}" for value in values)
        row = f"| {name} | {cells} | {values.mean():.3f} |"
        if name != MODEL:
            difference = found[MODEL] - values
            low, high = difference_test(difference, share)["interval"]
            row += f" {difference.mean():+.3f} | {low:+.3f} to {high:+.3f} |"
        print(row)
    spread = [
        np.mean([fold_auc(cohort, runs[seed].rows, runs[seed].margin) for runs in judged])
        for seed in range(seeds)
    ]
    print(f"\nmodel, mean over sites, seed by seed: {', '.join(f'{v:.3f}' for v in spread)}")
    for note in levels.notes():
        print(note)


if __name__ == "__main__":
    arguments = [int(a) for a in sys.argv[1:]]
    main(*(arguments + [4, 2][len(arguments) :]))
