"""Which view chooses the panel that serves best and would be chosen again: the deciding table.

Every view of `PanelSelector`, and the plain t-test, chooses 20 proteins inside the folds of five
public cohorts. AUC: out of fold, the default scorer on the panel, mean over four repeats of five
folds. Stability: Nogueira's index of the panels of 30 complementary half-samples of the patients.
On simulated urine cohorts, the share of the panel that was planted is known too.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/study_selectors.py [processes]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import ttest_ind
from sklearn.base import clone
from study_public import COHORTS, read
from threadpoolctl import threadpool_limits

import proteoclass as pc
from proteoclass import stats
from proteoclass.folds import complementary_halves, spawn
from proteoclass.panel.evidence.stability import nogueira_stability
from proteoclass.panel.selection.selector import VIEWS
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.evaluation import outer_folds
from proteoclass.scorer.prepared_fold import PreparedFold, prepare_fold
from proteoclass.scorer.settings import Settings

Positions = npt.NDArray[np.intp]

SIZE, FOLDS, REPEATS, PAIRS, SIMULATIONS = 20, 5, 4, 15, 10
PLAIN = "plain t-test"


@dataclass(frozen=True)
class Verdict:
    """AUC and stability of a way to choose on one cohort."""

    auc: float
    per_fold: tuple[float, ...]
    stability: float


def by_plain_t(fold: PreparedFold) -> Positions:
    """Return the proteins of largest absolute Student t, as scipy computes it."""
    allowed = np.setdiff1d(np.arange(len(fold.proteins)), fold.chooser.excluded)
    values, positive = fold.train[:, allowed], fold.labels == 1
    t = ttest_ind(values[positive], values[~positive], nan_policy="omit").statistic
    strength = np.abs(np.nan_to_num(np.ma.filled(t, 0.0)))
    return np.sort(allowed[np.argsort(-strength, kind="stable")[:SIZE]])


def by_view(view: str) -> Callable[[PreparedFold], Positions]:
    """Return the choice of one view, with the procedure's own constraints."""

    def choose(fold: PreparedFold) -> Positions:
        selector = clone(fold.chooser).set_params(method=view)
        selector.fit(fold.train, fold.labels, fold.weights, fold.patients)
        return np.asarray(selector.get_support(indices=True))

    return choose


def judge(cohort: Cohort, way: str) -> Verdict:
    """Return AUC over folds and stability over half-samples of one way to choose."""
    choose = by_plain_t if way == PLAIN else by_view(way)
    settings = Settings().resolve(cohort.matrix)
    per_fold = []
    for repeat in range(REPEATS):
        for number, test in enumerate(outer_folds(cohort, FOLDS, spawn(0, repeat))):
            fold = prepare_fold(cohort, test, settings, (0, repeat, number))
            per_fold.append(fold.auc(choose(fold)))
    names, classes = cohort.training_patients
    panels = []
    for number, pair in enumerate(complementary_halves(classes, PAIRS, spawn(1))):
        for half in pair:
            fold = prepare_fold(cohort, names[~half], settings, (1, 0, number))
            panels.append(cohort.values.columns.isin(fold.proteins[choose(fold)]))
    stability = nogueira_stability(np.array(panels)).value
    return Verdict(float(np.mean(per_fold)), tuple(per_fold), stability)


def on_public(job: tuple[str, str]) -> Verdict:
    """Judge one way on one public cohort."""
    cohort, way = job
    with threadpool_limits(1):
        return judge(build_cohort(*read(cohort)), way)


def on_simulated(job: tuple[int, str]) -> tuple[float, int]:
    """Return out-of-fold AUC (one repeat) and planted proteins found on all patients."""
    seed, way = job
    simulated = pc.simulate_cohort(visits=1, seed=seed)
    cohort = build_cohort(simulated.matrix, pc.Outcome("severity", "severe"))
    settings = Settings().resolve(cohort.matrix)
    choose = by_plain_t if way == PLAIN else by_view(way)
    with threadpool_limits(1):
        values = []
        for number, test in enumerate(outer_folds(cohort, FOLDS, spawn(0))):
            fold = prepare_fold(cohort, test, settings, (0, 0, number))
            values.append(fold.auc(choose(fold)))
        # Trained on everybody: one patient is named as test and not looked at.
        names, _ = cohort.training_patients
        whole = prepare_fold(cohort, names[:1], settings, (0,))
    planted = {protein["id"] for protein in simulated.truth["planted"]}
    return float(np.mean(values)), len(planted & set(whole.proteins[choose(whole)]))


def main(processes: int) -> None:
    """Print the deciding table."""
    ways = (PLAIN, *VIEWS)
    with ProcessPoolExecutor(processes) as pool:
        jobs = [(cohort, way) for way in ways for cohort in COHORTS]
        found = dict(zip(jobs, pool.map(on_public, jobs), strict=True))
        simulations = [(seed, way) for way in ways for seed in range(SIMULATIONS)]
        simulated = dict(zip(simulations, pool.map(on_simulated, simulations), strict=True))
    print("AUC / stability, a panel of 20; in brackets p of the AUC difference to the t-test\n")
    print(f"| choice | {' | '.join(COHORTS)} | mean | simulated: AUC, planted of 20 |")
    print(f"|---{'|---' * (len(COHORTS) + 2)}|")
    for way in ways:
        verdicts = [found[cohort, way] for cohort in COHORTS]
        cells = [
            f"{verdict.auc:.3f} / {verdict.stability:.2f}{_difference(verdict, plain)}"
            for verdict, plain in zip(verdicts, (found[c, PLAIN] for c in COHORTS), strict=True)
        ]
        auc = np.mean([verdict.auc for verdict in verdicts])
        stability = np.mean([verdict.stability for verdict in verdicts])
        runs = np.array([simulated[seed, way] for seed in range(SIMULATIONS)])
        cells += [f"{auc:.3f} / {stability:.2f}", "{:.3f}, {:.1f}".format(*runs.mean(axis=0))]
        print(f"| {way} | {' | '.join(cells)} |")


def _difference(verdict: Verdict, plain: Verdict) -> str:
    if verdict is plain:
        return ""
    differences = np.subtract(verdict.per_fold, plain.per_fold)
    return f" ({stats.corrected_resampled_p(differences, 1 / (FOLDS - 1)):.2f})"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
