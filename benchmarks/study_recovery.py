"""How many planted proteins each view of the panel finds, and what else it picks up.

Two simulations at the level of the selector, where the effect of every planted protein is
known, and the simulated urine cohort through the steps that come before the selector.

Run: python benchmarks/study_recovery.py [seeds] [jobs]
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

import proteoclass as pc
from proteoclass.folds import spawn
from proteoclass.panel.selection.selector import VIEWS, PanelSelector
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.parallel import run_units
from proteoclass.scorer.pipeline import build_pipeline
from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]

#: Standardised differences of the planted proteins; four proteins have each.
EFFECTS = (0.5, 0.75, 1.0, 1.5, 2.0)
PER_EFFECT = 4
#: A block is a hub and its neighbours; planted proteins are hubs or stand alone, in turn.
BLOCK = 10
#: Correlations of neighbours with their hub are spread evenly over this range.
CORRELATIONS = (0.3, 0.9)
#: From here on a neighbour of a planted protein stands in for it.
NEAR = 0.7

#: Negative and positive patients, proteins.
DESIGNS = {
    "39 + 11 patients, 3,854 proteins": (39, 11, 3854),
    "50 + 50 patients, 1,500 proteins": (50, 50, 1500),
}
URINE = "simulated urine cohort, 39 + 11, 3,854 proteins"


@dataclass(frozen=True, eq=False)
class Planted:
    """A matrix whose truth is known.

    Parameters
    ----------
    values : array of float, shape (n_patients, n_proteins)
        log2.
    labels : array of 0 and 1, shape (n_patients,)
    effect : array of float, shape (n_proteins,)
        Standardised difference of the planted proteins; 0 for all others.
    nearness : array of float, shape (n_proteins,)
        Correlation with the planted protein of the same block; 0 where there is none, 1
        for planted proteins.
    """

    values: Floats
    labels: npt.NDArray[np.int_]
    effect: Floats
    nearness: Floats


def simulate(negative: int, positive: int, proteins: int, seed: int) -> Planted:
    """Return log2 values in correlated blocks, with twenty proteins that differ between classes.

    Ten of them are hubs, ten stand alone. A neighbour is its hub times their correlation,
    and noise: it shows the shadow of the hub's difference and knows nothing of the class
    beyond it. Half of the proteins stand in blocks, half alone. Noise is t with 8 degrees
    of freedom, scaled to SD 1; the SD of a protein is log-normal, and larger where it is
    faint.
    """
    rng = spawn(seed, proteins)
    labels = np.repeat([0, 1], [negative, positive])
    n_blocks = proteins // (2 * BLOCK)
    hub = np.full(proteins, -1)
    hub[: n_blocks * BLOCK] = np.arange(n_blocks * BLOCK) // BLOCK * BLOCK
    is_hub = hub == np.arange(proteins)
    towards = np.linspace(*CORRELATIONS, BLOCK - 1)
    r = np.zeros(proteins)
    r[(hub >= 0) & ~is_hub] = np.tile(towards, n_blocks)
    # Which ones are planted does not matter: blocks are exchangeable, and so is what is alone.
    half = PER_EFFECT * len(EFFECTS) // 2
    planted = np.stack([np.flatnonzero(is_hub)[:half], np.flatnonzero(hub < 0)[:half]], axis=1)
    planted = planted.ravel()
    effect = np.zeros(proteins)
    effect[planted] = np.repeat(EFFECTS, PER_EFFECT)
    noise = rng.standard_t(8, (len(labels), proteins)) / np.sqrt(8 / 6)
    hubs = noise + np.outer(labels, effect * rng.choice([-1.0, 1.0], proteins))
    standard = np.where(r > 0, r * hubs[:, hub] + np.sqrt(1 - r**2) * noise, hubs)
    level = rng.normal(22, 2.5, proteins)
    spread = np.exp(rng.normal(np.log(0.8), 0.3, proteins) - 0.06 * (level - 22))
    nearness = np.where(effect > 0, 1.0, r * np.isin(hub, planted))
    order = rng.permutation(proteins)
    values = (level + spread * standard)[:, order]
    return Planted(values, labels, effect[order], nearness[order])


def what_was_chosen(truth: Planted, support: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return planted proteins by effect, their neighbours, and what is neither."""
    near, planted = truth.nearness[support], truth.effect[support]
    found = {f"found at {effect}": float((planted == effect).sum()) for effect in EFFECTS}
    return {
        "planted": float((planted > 0).sum()),
        **found,
        "neighbour, r >= 0.7": float(((near >= NEAR) & (planted == 0)).sum()),
        "neighbour, r < 0.7": float(((near > 0) & (near < NEAR)).sum()),
        "unrelated": float((near == 0).sum()),
    }


def one_matrix(
    design: str, seed: int, views: tuple[str, ...] = tuple(VIEWS)
) -> list[dict[str, object]]:
    """Return what each view chooses from one matrix."""
    truth = simulate(*DESIGNS[design], seed)
    rows: list[dict[str, object]] = []
    for view in views:
        selector = PanelSelector(method=view, random_state=seed).fit(truth.values, truth.labels)
        chosen = what_was_chosen(truth, selector.support_)
        rows.append({"design": design, "view": view, "seed": seed, **chosen})
    return rows


def one_urine_cohort(seed: int, views: tuple[str, ...] = tuple(VIEWS)) -> list[dict[str, object]]:
    """Return what each view chooses from the simulated urine cohort, all patients."""
    cohort = pc.simulate_cohort(seed=seed)
    data = build_cohort(cohort.matrix, pc.Outcome("severity", "severe"))
    rows = data.index_rows()
    training, labels = data.values.iloc[rows], data.labels[rows]
    before = build_pipeline(Settings().resolve(data.matrix), seed, training=training)[:-2]
    sheet = data.matrix.samples.iloc[rows]
    values = before.fit_transform(training, labels, impute__samples=sheet)
    names = data.values.columns[before["detected"].get_support()]
    planted = [protein["id"] for protein in cohort.truth["planted"]]
    found: list[dict[str, object]] = []
    for view in views:
        selector = PanelSelector(method=view, random_state=seed)
        selector.fit(values, labels, groups=data.patients[rows])
        right = int(np.isin(names[selector.support_], planted).sum())
        found.append(
            {"design": URINE, "view": view, "seed": seed, "planted": right, "unrelated": 20 - right}
        )
    return found


def study(seeds: int, jobs: int = 1, views: tuple[str, ...] = tuple(VIEWS)) -> pd.DataFrame:
    """Return one row a design, seed and view."""
    units = [(design, seed, views) for design in DESIGNS for seed in range(seeds)]
    parts = run_units(one_matrix, units, jobs=jobs)
    parts += run_units(one_urine_cohort, [(seed, views) for seed in range(seeds)], jobs=jobs)
    return pd.DataFrame([row for part in parts for row in part])


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over seeds with their Monte-Carlo standard errors, as text."""
    groups = table.drop(columns="seed").groupby(["design", "view"], sort=False)
    mean, error = groups.mean(), groups.sem()
    return pd.DataFrame(
        {
            column: [
                "" if np.isnan(m) else f"{m:.2f} ± {e:.2f}"
                for m, e in zip(mean[column], error[column], strict=True)
            ]
            for column in mean
        },
        index=mean.index,
    )


def markdown(table: pd.DataFrame) -> str:
    """Return a table whose index is its first columns, in markdown."""
    flat = table.reset_index()
    rows = [list(flat.columns), ["---"] * flat.shape[1], *flat.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    result = study(
        int(sys.argv[1]) if len(sys.argv) > 1 else 50, int(sys.argv[2]) if len(sys.argv) > 2 else 2
    )
    print(markdown(summary(result)))
