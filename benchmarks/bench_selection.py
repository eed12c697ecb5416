"""Choosing 20 proteins: this package's views against an L1 stability selection by scikit-learn.

The plain route is stability selection with the defaults of the Stabl package (Hédou et al. 2024,
doi 10.1038/s41587-023-02033-x) and without its artificial proteins: class-balanced L1 logistic
regression by liblinear on 1,000 half-samples at 10 penalties, all proteins; a protein counts by
the largest share, over penalties, of half-samples that keep it. Both routes get the same
normalised, filtered and filled training samples, and both panels the same scorer.

Times are CPU seconds of one process on one thread, so that a busy machine does not change them
much; short ones are the least of several. The plain route is timed on one whole training fold a
cohort. Where its panels are judged, over many folds, it has 50 half-samples instead of 1,000.

Needs the cohorts that PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/bench_selection.py [--quick]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from study_public import read
from threadpoolctl import threadpool_limits

from proteoclass.folds import complementary_halves, spawn
from proteoclass.panel import PanelSelector
from proteoclass.panel.evidence.stability import nogueira_stability
from proteoclass.panel.selection.selector import DEFAULT, VIEWS
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.prepared_fold import PreparedFold, prepare_fold
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.splits import outer_folds

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

COHORTS = ("Overmyer plasma", "Alzheimer CSF", "PUV urine")
SIZE = 20
PENALTIES = np.linspace(0.01, 1, 10)
PLAIN = "L1, scikit-learn"
PROTEINS = (500, 1_000, 2_000, 4_000, 8_000, 12_000)


@dataclass(frozen=True)
class Effort:
    """How much of everything is run."""

    cohorts: tuple[str, ...]
    whole: int
    judged: int
    repeats: int
    pairs: int
    timings: int


FULL = Effort(COHORTS, whole=1_000, judged=50, repeats=2, pairs=10, timings=5)
QUICK = Effort(COHORTS[:1], whole=20, judged=10, repeats=1, pairs=3, timings=2)


def l1_frequency(values: Floats, labels: Floats, n_half_samples: int, seed: int = 0) -> Floats:
    """Return the largest share, over penalties, of half-samples that keep each protein."""
    rng = np.random.default_rng(seed)
    standardised = StandardScaler().fit_transform(values)
    kept = np.zeros((len(PENALTIES), values.shape[1]))
    for _ in range(n_half_samples):
        half = half_sample(labels, rng)
        for penalty, share in zip(PENALTIES, kept, strict=True):
            model = LogisticRegression(
                l1_ratio=1.0,
                solver="liblinear",
                C=penalty,
                class_weight="balanced",
                max_iter=1_000_000,
                random_state=42,
            )
            # Spared the checks, as the views are: what is compared is the selection.
            with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
                model.fit(standardised[half], labels[half])
            share += np.abs(model.coef_[0]) > 1e-5
    return np.asarray(kept.max(axis=0) / n_half_samples)


def half_sample(labels: Floats, rng: np.random.Generator) -> Positions:
    """Draw half of the samples without replacement, until both classes are there."""
    while True:
        half = rng.permutation(len(labels))[: len(labels) // 2]
        if len(np.unique(labels[half])) == 2:
            return half


def by_l1(fold: PreparedFold, n_half_samples: int) -> Positions:
    """Return the 20 proteins that L1 models keep most often."""
    share = l1_frequency(fold.train, fold.labels, n_half_samples)
    return np.sort(np.argsort(-share, kind="stable")[:SIZE])


def by_view(fold: PreparedFold, view: str) -> Positions:
    """Return the 20 proteins that a view wants most."""
    selector = PanelSelector(SIZE, view).fit(fold.train, fold.labels, fold.weights, fold.patients)
    return np.asarray(selector.get_support(indices=True))


def seconds(run: Callable[[], object], repeats: int = 1) -> float:
    """Return the least CPU time of several runs."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def folds(cohort: Cohort, repeats: int) -> list[PreparedFold]:
    """Return repeated five-fold splits, made ready."""
    settings = Settings().resolve(cohort.matrix)
    return [
        prepare_fold(cohort, test, settings, (0, repeat, number))
        for repeat in range(repeats)
        for number, test in enumerate(outer_folds(cohort, 5, spawn(0, repeat)))
    ]


def halves(cohort: Cohort, pairs: int) -> list[PreparedFold]:
    """Return complementary halves of the patients, made ready."""
    settings = Settings().resolve(cohort.matrix)
    names, classes = cohort.training_patients
    drawn = complementary_halves(classes, pairs, spawn(77))
    return [
        prepare_fold(cohort, names[~half], settings, (1, number, side))
        for number, pair in enumerate(drawn)
        for side, half in enumerate(pair)
    ]


def print_speed(first: dict[str, PreparedFold], effort: Effort) -> None:
    """Print seconds a training fold, and how many times longer the plain route takes."""
    print(f"| cohort | patients × proteins | {' | '.join(VIEWS)} | {PLAIN} | {DEFAULT} is faster |")
    print("|---" * (4 + len(VIEWS)) + "|")
    for name, fold in first.items():
        taken = [seconds(lambda f=fold, v=v: by_view(f, v), effort.timings) for v in VIEWS]
        plain = seconds(lambda f=fold: by_l1(f, effort.whole)) * FULL.whole / effort.whole
        ratio = plain / taken[list(VIEWS).index(DEFAULT)]
        cells = " | ".join(f"{value:.3f}" for value in taken)
        shape = f"{fold.train.shape[0]} × {fold.train.shape[1]:,}"
        print(f"| {name} | {shape} | {cells} | {plain:.1f} | {ratio:,.0f} × |", flush=True)
    print(f"\nHalf-samples run by {PLAIN}: {effort.whole:,}; seconds are of {FULL.whole:,}.\n")


def print_worth(name: str, cohort: Cohort, all_folds: list[PreparedFold], effort: Effort) -> None:
    """Print AUC on test folds and stability over half-samples of each route."""
    routes: dict[str, Callable[[PreparedFold], Positions]] = {
        view: lambda fold, view=view: by_view(fold, view) for view in VIEWS
    }
    routes[PLAIN] = lambda fold: by_l1(fold, effort.judged)
    half_folds = halves(cohort, effort.pairs)
    aucs = {
        route: np.array([fold.auc(choose(fold)) for fold in all_folds])
        for route, choose in routes.items()
    }
    for route, choose in routes.items():
        chosen = [cohort.values.columns.isin(f.proteins[choose(f)]) for f in half_folds]
        index = nogueira_stability(np.array(chosen))
        difference = aucs[route] - aucs[PLAIN]
        error = difference.std(ddof=1) / np.sqrt(len(difference))
        print(
            f"| {name} | {route} | {aucs[route].mean():.3f} | {difference.mean():+.3f} ± "
            f"{error:.3f} | {index.value:.2f} | {index.lower:.2f}–{index.upper:.2f} |",
            flush=True,
        )


def simulated(patients: int, proteins: int) -> tuple[Floats, Floats]:
    """Return correlated values, a tenth of them missing, and two classes."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0.0, 1.0], patients // 2)
    shift = np.where(np.arange(proteins) < proteins // 50, 0.8, 0.0)
    factors = rng.normal(size=(patients, 10)) @ rng.normal(size=(10, proteins)) / 4
    values = rng.normal(size=(patients, proteins)) + factors + labels[:, None] * shift
    values[rng.random(values.shape) < 0.1] = np.nan
    return values, labels


def print_cost(effort: Effort) -> None:
    """Print seconds against the number of proteins, and the slope of the logarithms."""
    sizes = PROTEINS if effort is FULL else PROTEINS[:3]
    print(f"| view, 70 patients | {' | '.join(f'{size:,}' for size in sizes)} | slope |")
    print("|---" * (2 + len(sizes)) + "|")
    for view in VIEWS:
        taken = [fit_seconds(view, 70, size, effort.timings) for size in sizes]
        # Below a few thousand proteins what does not grow with them hides what does.
        slope = np.polyfit(np.log(sizes[-4:]), np.log(taken[-4:]), 1)[0]
        cells = " | ".join(f"{value:.4f}" for value in taken)
        print(f"| {view} | {cells} | {slope:.2f} |", flush=True)
    print("\nSlope: of log seconds on log proteins over the last four; 1 is linear.\n")


def fit_seconds(view: str, patients: int, proteins: int, repeats: int) -> float:
    """Return the seconds of one selection on simulated values."""
    values, labels = simulated(patients, proteins)
    return seconds(lambda: PanelSelector(SIZE, view).fit(values, labels), repeats)


def print_targets(effort: Effort) -> None:
    """Print the one size that a target was set for, and the largest ones."""
    shapes = ((70, 1_500), (70, 12_000), (200, 12_000)) if effort is FULL else ((70, 1_500),)
    print(f"| patients × proteins | {' | '.join(VIEWS)} |")
    print("|---" * (1 + len(VIEWS)) + "|")
    for patients, proteins in shapes:
        taken = [fit_seconds(view, patients, proteins, effort.timings) for view in VIEWS]
        cells = " | ".join(f"{value:.4f}" for value in taken)
        print(f"| {patients} × {proteins:,} | {cells} |", flush=True)
    print()


def main(effort: Effort) -> None:
    """Print every table."""
    start = time.perf_counter()
    # The first selection pays for imports.
    PanelSelector(SIZE, "combination").fit(*simulated(20, 50))
    PanelSelector(SIZE, "forest").fit(*simulated(20, 50))
    print_targets(effort)
    print_cost(effort)
    cohorts = {name: build_cohort(*read(name)) for name in effort.cohorts}
    ready = {name: folds(cohort, effort.repeats) for name, cohort in cohorts.items()}
    print_speed({name: each[0] for name, each in ready.items()}, effort)
    print(f"| cohort | route | AUC | minus {PLAIN} | stability | interval |")
    print("|---|---|---|---|---|---|")
    for name, cohort in cohorts.items():
        print_worth(name, cohort, ready[name], effort)
    print(
        f"\nAUC: mean over {5 * effort.repeats} test folds, ± standard error over them; stability: "
        f"Nogueira, {2 * effort.pairs} half-samples; {PLAIN} with {effort.judged} half-samples. "
        f"{time.perf_counter() - start:.0f} s in all."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one cohort, few draws")
    with threadpool_limits(1):
        main(QUICK if parser.parse_args().quick else FULL)
