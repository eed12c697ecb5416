"""How often intervals of group slopes hold the truth, and whether a fall is found.

locked: scores of a locked model on new patients, drawn from the mixed model itself, visits
lost to drop-out at random; coverage of the 95 % intervals of `track`.

in-sample: the severe slope of training patients by the model that was fitted to them, and
out of fold, against that of new patients of the same population by the same model.

refit: out-of-fold scores of training patients. Cohorts of 40 patients (12 severe) come from
one simulated population, no patient in two; the truth is the mean out-of-fold slope of all
of them. The plain t-interval of `track` is held against the refit bootstrap.

default: the simulated cohort at its defaults, out of fold by default settings but for 3 bags
and one repeat; a fall is an interval below 0, flat one that holds 0, plain intervals both.

Run: python benchmarks/study_slopes.py locked|in-sample|refit|default [cohorts]
"""

from __future__ import annotations

import runpy
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

import proteoclass as pc
from proteoclass.longitudinal.refit_bootstrap import RefitBootstrap, refit_bootstrap
from proteoclass.scorer import Settings, inner_folds
from proteoclass.scorer.blend import blended, mean_over_bags
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.crossfit import fit_to_all, run_fold
from proteoclass.scorer.splits import fold_units
from proteoclass.stats import expit

#: Slopes a week of the locked-model study, non-severe and severe, log-odds.
TRUE_SLOPES = (0.0, -0.4)
#: One population for all cohorts of the refit study, and a cohort of it.
POPULATION: dict[str, Any] = {
    "patients": 3000,
    "severe": 900,
    "proteins": 60,
    "visits": 4,
    "seed": 7,
}
SEVERE, OTHERS = 12, 28
#: Fast settings of the refit study; the calibrating inner folds are 2 in place of 5.
FAST = Settings(size=5, bags=1, rounds=10, tune="none")
DRAWS, FOLDS = 40, 3
SEVERITY = pc.Outcome("severity", "severe")


@cache
def _draw() -> Any:
    tests = Path(__file__).parents[1] / "tests" / "longitudinal"
    return runpy.run_path(str(tests / "conftest.py"))["draw"]


def one_locked(seed: int, lost: float = 0.2) -> dict[str, bool]:
    """Say which intervals of one cohort of new patients hold the truth.

    Before each visit but the first a patient is lost for good with probability `lost`.
    """
    drawn = _draw()(seed, sizes=(28, 12), visits=5, slopes=TRUE_SLOPES)
    rng = np.random.default_rng([seed, 1])
    patient = drawn.samples["patient_id"]
    here = pd.Series(rng.random(len(patient)) >= lost, index=patient.index)
    kept = (here | (patient.groupby(patient).cumcount() == 0)).groupby(patient).cummin()
    scores = drawn.scores[kept.loc[drawn.scores["sample_id"]].to_numpy()]
    summary = pc.track(scores, drawn.samples[kept], groups=drawn.groups).summary
    held = {
        row["group"]: row["lower"] <= true <= row["upper"]
        for row, true in zip(summary["groups"], TRUE_SLOPES, strict=True)
    }
    difference, true = summary["interaction"], TRUE_SLOPES[1] - TRUE_SLOPES[0]
    return held | {"difference": difference["lower"] <= true <= difference["upper"]}


def locked(cohorts: int) -> pd.Series:
    """Return the coverage of each interval over cohorts of new patients."""
    return pd.DataFrame([one_locked(seed) for seed in range(cohorts)]).mean()


def one_in_sample(seed: int) -> dict[str, float]:
    """Return the severe slope of uncalibrated margins, three ways.

    The same model scores its own training patients and 100 new patients of the same
    population; out of fold, training patients are scored by models of four folds.
    """
    made = pc.simulate_cohort(
        patients=130, severe=45, proteins=300, visits=3, seed=seed, replicates=0
    ).matrix
    label = made.samples.groupby("patient_id")["severity"].first()
    mine = [*label.index[label == "severe"][:10], *label.index[label == "non-severe"][:20]]
    inside = made.samples["patient_id"].isin(mine).to_numpy()
    cohort, new = (
        build_cohort(made.take(made.values.index[which]), SEVERITY) for which in (inside, ~inside)
    )
    settings = Settings(size=10, bags=3, rounds=40, tune="none").resolve(cohort.matrix)
    _, fitted = fit_to_all(cohort, settings, seed)
    units = fold_units(cohort, settings, (), 4, 1, seed)
    before, inner_folds.INNER_FOLDS = inner_folds.INNER_FOLDS, 2
    try:
        folds = [run_fold(*unit) for unit in units]
    finally:
        inner_folds.INNER_FOLDS = before

    def slope(ids: pd.Index, margin: npt.NDArray[np.float64]) -> float:
        scores = pd.DataFrame({"sample_id": ids, "score": 100 * expit(margin)})
        found = pc.track(scores, made.samples, groups=label).summary["groups"]
        return {row["group"]: float(row["slope_per_week"]) for row in found}["severe"]

    def by_the_model(values: pd.DataFrame) -> npt.NDArray[np.float64]:
        parts = fitted.blend.parts(fitted.panel_values(values))
        return mean_over_bags(blended(*parts, fitted.blend.booster_weight))

    held_out = np.concatenate([fold.rows for fold in folds])
    return {
        "in-sample": slope(cohort.values.index, by_the_model(cohort.values)),
        "new patients": slope(new.values.index, by_the_model(new.values)),
        "out-of-fold": slope(
            cohort.values.index[held_out], np.concatenate([fold.margin for fold in folds])
        ),
    }


def in_sample(cohorts: int) -> pd.DataFrame:
    """Return the severe slopes of `one_in_sample`, one row a cohort."""
    return pd.DataFrame([one_in_sample(seed) for seed in range(cohorts)])


@cache
def population() -> tuple[pc.ProteinMatrix, dict[str, list[str]]]:
    """Return the matrix of the population, and its patients by class in random order."""
    matrix = pc.simulate_cohort(**POPULATION, replicates=0).matrix
    label = matrix.samples.groupby("patient_id")["severity"].first()
    rng = np.random.default_rng(0)
    return matrix, {
        name: rng.permutation(label.index[label == name]).tolist() for name in label.unique()
    }


def one_refit(cohort: int, draws: int = DRAWS) -> RefitBootstrap:
    """Return the refit bootstrap of one cohort of the population."""
    matrix, patients = population()
    mine = [
        *patients["severe"][cohort * SEVERE : (cohort + 1) * SEVERE],
        *patients["non-severe"][cohort * OTHERS : (cohort + 1) * OTHERS],
    ]
    of_cohort = matrix.take(matrix.values.index[matrix.samples["patient_id"].isin(mine)])
    before, inner_folds.INNER_FOLDS = inner_folds.INNER_FOLDS, 2
    try:
        return refit_bootstrap(
            of_cohort, SEVERITY, draws=draws, settings=FAST, folds=FOLDS, seed=cohort
        )
    finally:
        inner_folds.INNER_FOLDS = before


def intervals(found: RefitBootstrap) -> dict[str, pd.DataFrame]:
    """Return the plain interval, the refit bootstrap's, and two that were tried beside it."""
    draws, estimate = found.draws, found.estimate
    z = stats.norm.ppf(0.975)
    n = len(draws)
    below = ((draws < estimate).sum().clip(0.5, n - 0.5)) / n
    corrected = [
        np.quantile(draws[name], stats.norm.cdf(2 * stats.norm.ppf(below[name]) + [-z, z]))
        for name in estimate.index
    ]
    half = stats.t.ppf(0.975, SEVERE + OTHERS - 2) * draws.std()
    return {
        "plain": found.plain,
        "refit": found.intervals(),
        "bias-corrected": pd.DataFrame(corrected, estimate.index, ["lower", "upper"]),
        "t, SD of refits": pd.DataFrame({"lower": estimate - half, "upper": estimate + half}),
    }


def coverage(found: list[RefitBootstrap]) -> pd.DataFrame:
    """Return coverage and mean width of the plain, the refit and two other intervals."""
    truth = pd.DataFrame([each.estimate for each in found]).mean()
    columns = {"truth": truth}
    by_cohort = [intervals(each) for each in found]
    for kind in by_cohort[0]:
        limits = [each[kind] for each in by_cohort]
        held = [(each["lower"] <= truth) & (each["upper"] >= truth) for each in limits]
        columns[f"{kind} covers"] = pd.DataFrame(held).mean()
        widths = [each["upper"] - each["lower"] for each in limits]
        columns[f"{kind} width"] = pd.DataFrame(widths).mean()
    return pd.DataFrame(columns)


def one_default(seed: int) -> dict[str, bool]:
    """Say what is found in one simulated cohort at the simulator's defaults."""
    cohort = pc.simulate_cohort(seed=seed)
    settings = Settings(bags=3)
    result = pc.evaluate(
        cohort.matrix,
        SEVERITY,
        settings=settings,
        repeats=1,
        permutations=0,
        describe=False,
        seed=seed,
    )
    scores = result.scores.assign(score=100 * expit(result.scores["log_odds"]))
    samples = cohort.matrix.samples
    groups = samples.groupby("patient_id")["severity"].first()
    found = pc.track(scores[["sample_id", "score"]], samples, groups=groups).summary["groups"]
    rows = {row["group"]: row for row in found}
    fell = rows["severe"]["upper"] < 0
    flat = rows["non-severe"]["lower"] <= 0 <= rows["non-severe"]["upper"]
    return {"severe fell": fell, "non-severe flat": flat, "both": fell and flat}


def default(cohorts: int) -> pd.Series:
    """Return how often a severe fall and a flat non-severe line are found by default."""
    return pd.DataFrame([one_default(seed) for seed in range(cohorts)]).mean()


if __name__ == "__main__":
    part = sys.argv[1]
    n = int(sys.argv[2]) if len(sys.argv) > 2 else {"locked": 1000, "refit": 75}.get(part, 20)
    if part == "refit":
        print(coverage([one_refit(cohort) for cohort in range(n)]).T.round(3).to_string())
    elif part == "in-sample":
        print(in_sample(n).agg(["mean", "sem"]).round(3).to_string())
    else:
        print({"locked": locked, "default": default}[part](n).round(3).to_string())
