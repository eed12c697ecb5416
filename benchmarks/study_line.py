"""The whole line on simulated cohorts whose truth is known, over many seeds.

For each seed: cross-validated AUC of the default configuration, planted proteins in the
panel chosen on all patients, and group slopes of out-of-fold scores.

Run: python benchmarks/study_line.py [seeds] [jobs]
"""

from __future__ import annotations

import sys

import pandas as pd

import proteoclass as pc
from proteoclass.scorer import derive_panel
from proteoclass.scorer.parallel import run_units
from proteoclass.stats import expit


def one_cohort(seed: int) -> dict[str, float]:
    """Return the figures of one simulated cohort."""
    cohort = pc.simulate_cohort(seed=seed)
    outcome = pc.Outcome("severity", "severe")
    result = pc.evaluate(cohort.matrix, outcome, permutations=0, describe=False, seed=seed)
    panel = derive_panel(cohort.matrix, outcome, seed=seed)
    planted = {protein["id"] for protein in cohort.truth["planted"]}
    scores = result.scores.assign(score=100 * expit(result.scores["log_odds"]))
    groups = cohort.matrix.samples.groupby("patient_id")["severity"].first()
    slopes = {
        row["group"]: row
        for row in pc.track(scores, cohort.matrix.samples, groups=groups).summary["groups"]
    }
    low, high = result.summary["auc"]["interval"]
    return {
        "seed": seed,
        "auc": result.summary["auc"]["mean_over_repeats"],
        "auc_low": low,
        "auc_high": high,
        "apparent": result.summary["optimism"]["apparent"],
        "planted": len(planted & set(panel.ids)),
        "severe": slopes["severe"]["slope_per_week"],
        "severe_upper": slopes["severe"]["upper"],
        "non_severe": slopes["non-severe"]["slope_per_week"],
        "non_severe_lower": slopes["non-severe"]["lower"],
        "non_severe_upper": slopes["non-severe"]["upper"],
    }


def study(seeds: int, jobs: int = 1) -> pd.DataFrame:
    """Return one row a seed."""
    return pd.DataFrame(run_units(one_cohort, [(seed,) for seed in range(seeds)], jobs=jobs))


def summary(table: pd.DataFrame) -> dict[str, float]:
    """Return the figures that are held against the simulator's promises."""
    covers = (table["non_severe_lower"] <= 0) & (table["non_severe_upper"] >= 0)
    return {
        "mean AUC": table["auc"].mean(),
        "SD of AUC": table["auc"].std(),
        "mean apparent AUC": table["apparent"].mean(),
        "mean planted of 20": table["planted"].mean(),
        "mean severe slope": table["severe"].mean(),
        "severe interval below 0": (table["severe_upper"] < 0).mean(),
        "mean non-severe slope": table["non_severe"].mean(),
        "non-severe interval covers 0": covers.mean(),
    }


if __name__ == "__main__":
    rows = study(
        int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 2
    )
    print(rows.round(3).to_string(index=False))
    for name, value in summary(rows).items():
        print(f"{name}: {value:.3f}")
