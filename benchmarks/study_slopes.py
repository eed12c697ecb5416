"""How often intervals of group slopes hold the truth, and whether a fall is found.

locked: scores of a locked model on new patients, drawn from the mixed model itself, every
visit after the first kept or lost at random; coverage of the 95 % intervals of `track`.

refit: out-of-fold scores of training patients. Cohorts of 40 patients (12 severe) come from
one simulated population, no patient in two; the truth is the mean out-of-fold slope of all
cohorts there are. The plain t-interval of `track` is held against the refit bootstrap.

default: the simulated cohort at its defaults, scored out of fold by default settings.

Run: python benchmarks/study_slopes.py locked|refit|default [cohorts] [file for rows of refit]
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import proteoclass as pc
from proteoclass.longitudinal.refit_bootstrap import refit_bootstrap
from proteoclass.scorer import Settings, inner_folds

_DRAW = Path(__file__).parents[1] / "tests" / "longitudinal" / "conftest.py"
#: Slopes a week of the locked-model study, non-severe and severe, log-odds.
TRUE_SLOPES = (0.0, -0.4)
#: One population for all cohorts of the refit study, and a cohort of it.
POPULATION = {"patients": 3000, "severe": 900, "proteins": 60, "visits": 4, "seed": 7}
SEVERE, OTHERS = 12, 28
#: Fast settings of the refit study; the calibrating inner folds are 2 in place of 5.
FAST = Settings(size=5, bags=1, rounds=10, tune="none")
DRAWS, FOLDS = 40, 3


def one_locked(seed: int, *, lost: float = 0.25) -> dict[str, bool]:
    """Say which intervals of one cohort of new patients hold the truth."""
    draw = runpy.run_path(str(_DRAW))["draw"] if "draw" not in _CACHE else _CACHE["draw"]
    _CACHE["draw"] = draw
    drawn = draw(seed, sizes=(28, 12), visits=5, slopes=TRUE_SLOPES)
    # Drop-out at random: a visit that is lost takes the patient's later ones with it.
    rng = np.random.default_rng([seed, 1])
    visit = drawn.samples.groupby("patient_id").cumcount()
    stays = pd.Series(rng.random(len(visit)) > lost, index=visit.index) | (visit == 0)
    kept = stays.groupby(drawn.samples["patient_id"]).cummin()
    scores = drawn.scores[kept.loc[drawn.scores["sample_id"]].to_numpy()]
    summary = pc.track(scores, drawn.samples[kept], groups=drawn.groups).summary
    held = {
        row["group"]: row["lower"] <= true <= row["upper"]
        for row, true in zip(summary["groups"], TRUE_SLOPES, strict=True)
    }
    difference, true = summary["interaction"], TRUE_SLOPES[1] - TRUE_SLOPES[0]
    return held | {"difference": difference["lower"] <= true <= difference["upper"]}


_CACHE: dict[str, Any] = {}


def locked(cohorts: int) -> pd.Series:
    """Return the coverage of each interval over cohorts of new patients."""
    return pd.DataFrame([one_locked(seed) for seed in range(cohorts)]).mean()


def population() -> tuple[pc.ProteinMatrix, dict[str, list[str]]]:
    """Return the matrix of the population, and its patients by class in random order."""
    matrix = pc.simulate_cohort(**POPULATION, replicates=0).matrix
    label = matrix.samples.groupby("patient_id")["severity"].first()
    rng = np.random.default_rng(0)
    return matrix, {
        name: rng.permutation(label.index[label == name]).tolist() for name in label.unique()
    }


def one_refit(
    matrix: pc.ProteinMatrix, patients: dict[str, list[str]], cohort: int, draws: int = DRAWS
) -> dict[str, Any]:
    """Return estimate, plain interval and draws of the slopes of one cohort."""
    mine = [
        *patients["severe"][cohort * SEVERE : (cohort + 1) * SEVERE],
        *patients["non-severe"][cohort * OTHERS : (cohort + 1) * OTHERS],
    ]
    of_cohort = matrix.take(matrix.values.index[matrix.samples["patient_id"].isin(mine)])
    before, inner_folds.INNER_FOLDS = inner_folds.INNER_FOLDS, 2
    try:
        found = refit_bootstrap(
            of_cohort,
            pc.Outcome("severity", "severe"),
            draws=draws,
            settings=FAST,
            folds=FOLDS,
            seed=cohort,
        )
    finally:
        inner_folds.INNER_FOLDS = before
    return {
        "cohort": cohort,
        "estimate": found.estimate.to_dict(),
        "plain": found.plain.T.to_dict("list"),
        "draws": found.draws.to_dict("list"),
        "failed": sum(found.failed.values()),
    }


def default(cohorts: int) -> dict[str, float]:
    """Return how often a severe fall and a flat non-severe line are found by default."""
    line = runpy.run_path(str(Path(__file__).with_name("study_line.py")))
    rows = pd.DataFrame([line["one_cohort"](seed) for seed in range(cohorts)])
    flat = (rows["non_severe_lower"] <= 0) & (rows["non_severe_upper"] >= 0)
    return {
        "severe interval below 0": float((rows["severe_upper"] < 0).mean()),
        "non-severe interval covers 0": float(flat.mean()),
        "both": float((flat & (rows["severe_upper"] < 0)).mean()),
    }
