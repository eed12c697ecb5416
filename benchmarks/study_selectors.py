"""Which view chooses the panel that serves best and would be chosen again: the deciding table.

Every view of `PanelSelector`, the plain t-test, and what is known to be steadier (SAM's statistic,
choosing among abundant proteins alone) choose 20 proteins inside the folds of five public
cohorts. AUC: out of fold, the default scorer on the panel, mean over four repeats of five folds.
Stability: Nogueira's index of the panels of 30 complementary half-samples of the patients. On
simulated urine cohorts, the share of the panel that was planted is known too.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/study_selectors.py [processes] [name of a way ...]
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
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
from proteoclass.scorer.prepared_fold import PreparedFold, prepare_fold
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.splits import outer_folds

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

SIZE, FOLDS, REPEATS, PAIRS, SIMULATIONS = 20, 5, 4, 15, 10
PLAIN = "plain t-test"
#: Name to what it changes in the selector of the procedure.
WAYS: dict[str, dict[str, object]] = {
    PLAIN: {},
    **{view: {"method": view} for view in VIEWS},
    "ridge, abundant half": {"method": "ridge", "abundant": 0.5},
    "ridge, abundant third": {"method": "ridge", "abundant": 1 / 3},
    "moderated-t, abundant half": {"method": "moderated-t", "abundant": 0.5},
    "SAM": {},
    "SAM, abundant half": {"abundant": 0.5},
    "SAM, abundant 40 %": {"abundant": 0.4},
}


@dataclass(frozen=True)
class Verdict:
    """AUC and stability of a way to choose on one cohort."""

    auc: float
    per_fold: tuple[float, ...]
    stability: float


def choose(fold: PreparedFold, way: str) -> Positions:
    """Return the panel that a way chooses on training samples, under the same constraints."""
    selector = clone(fold.chooser).set_params(**WAYS[way])
    selector.fit(fold.train, fold.labels, fold.weights, fold.patients)
    if way != PLAIN and not way.startswith("SAM"):
        return np.asarray(selector.get_support(indices=True))
    allowed = np.sort(selector.ranking_)
    values, positive = fold.train[:, allowed], fold.labels == 1
    if way == PLAIN:
        found = ttest_ind(values[positive], values[~positive], nan_policy="omit").statistic
        strength = np.abs(np.nan_to_num(np.ma.filled(found, 0.0)))
    else:
        strength = sam(values[positive], values[~positive])
    return np.asarray(np.sort(allowed[np.argsort(-strength, kind="stable")[:SIZE]]))


def sam(positive: Floats, negative: Floats) -> Floats:
    """Return |d| of Tusher 2001 (doi 10.1073/pnas.091062498), the median error as constant."""
    result = ttest_ind(positive, negative, nan_policy="omit")
    effect = np.nanmean(positive, axis=0) - np.nanmean(negative, axis=0)
    t = np.ma.filled(result.statistic, np.nan)
    error = np.abs(effect) / np.where(t == 0, np.nan, np.abs(t))
    return np.asarray(np.nan_to_num(np.abs(effect) / (error + np.nanmedian(error))))


def judge(cohort: Cohort, way: str) -> Verdict:
    """Return AUC over folds and stability over half-samples of one way to choose."""
    settings = Settings().resolve(cohort.matrix)
    per_fold = []
    for repeat in range(REPEATS):
        for number, test in enumerate(outer_folds(cohort, FOLDS, spawn(0, repeat))):
            fold = prepare_fold(cohort, test, settings, (0, repeat, number))
            per_fold.append(fold.auc(choose(fold, way)))
    names, classes = cohort.training_patients
    panels = []
    for number, pair in enumerate(complementary_halves(classes, PAIRS, spawn(1))):
        for half in pair:
            fold = prepare_fold(cohort, names[~half], settings, (1, 0, number))
            panels.append(cohort.values.columns.isin(fold.proteins[choose(fold, way)]))
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
    with threadpool_limits(1):
        values = []
        for number, test in enumerate(outer_folds(cohort, FOLDS, spawn(0))):
            fold = prepare_fold(cohort, test, settings, (0, 0, number))
            values.append(fold.auc(choose(fold, way)))
        # Trained on everybody: one patient is named as test and not looked at.
        names, _ = cohort.training_patients
        whole = prepare_fold(cohort, names[:1], settings, (0,))
    planted = {protein["id"] for protein in simulated.truth["planted"]}
    return float(np.mean(values)), len(planted & set(whole.proteins[choose(whole, way)]))


def quiet() -> None:
    """Let scipy's t be what it is for a protein that hardly varies: it ranks nowhere."""
    warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)


def main(processes: int, ways: Sequence[str]) -> None:
    """Print the deciding table, a row at a time."""
    print("AUC / stability, a panel of 20; in brackets p of the AUC difference to the t-test\n")
    print(f"| choice | {' | '.join(COHORTS)} | mean | simulated: AUC, planted of 20 |")
    print(f"|---{'|---' * (len(COHORTS) + 2)}|", flush=True)
    plain: list[Verdict] = []
    with ProcessPoolExecutor(processes, initializer=quiet) as pool:
        for way in (PLAIN, *(way for way in ways if way != PLAIN)):
            verdicts = list(pool.map(on_public, [(cohort, way) for cohort in COHORTS]))
            plain = plain or verdicts
            runs = np.array(list(pool.map(on_simulated, [(s, way) for s in range(SIMULATIONS)])))
            pairs = zip(verdicts, plain, strict=True)
            cells = [f"{v.auc:.3f} / {v.stability:.2f}{_difference(v, p)}" for v, p in pairs]
            auc = np.mean([verdict.auc for verdict in verdicts])
            stability = np.mean([verdict.stability for verdict in verdicts])
            cells += [f"{auc:.3f} / {stability:.3f}", "{:.3f}, {:.1f}".format(*runs.mean(axis=0))]
            print(f"| {way} | {' | '.join(cells)} |", flush=True)


def _difference(verdict: Verdict, plain: Verdict) -> str:
    if verdict is plain:
        return ""
    differences = np.subtract(verdict.per_fold, plain.per_fold)
    return f" ({stats.corrected_resampled_p(differences, 1 / (FOLDS - 1)):.2f})"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2, sys.argv[2:] or tuple(WAYS))
