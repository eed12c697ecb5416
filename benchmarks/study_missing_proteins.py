"""When a locked model does not answer: missing proteins, and samples unlike the study patients.

Each model is trained on the training patients of one of five folds, by `train` with its
defaults, and judged on the index samples of the patients left out. Needs the cohorts that
PROTEOCLASS_DATA names (default ../shared/data).

Run: python benchmarks/study_missing_proteins.py [seeds]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from study_public import read

import proteoclass as pc
from proteoclass.folds import patient_folds, spawn
from proteoclass.panel.constraints.measurable import OtherMatrix, measurable_ids
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.missing_proteins import ERROR_BOUND

SETS = 40
HELD_OUT = ("Overmyer plasma", "Breda plasma T1")
#: A model's cohort, and cohorts of another fluid that measure some of the same proteins.
OTHER_FLUIDS = {
    "Overmyer plasma": ("Alzheimer CSF", "PUV urine"),
    "Alzheimer CSF": ("Overmyer plasma", "PUV urine"),
    "PUV urine": ("Overmyer plasma", "Alzheimer CSF"),
}
Scored = tuple[pc.SeverityModel, pc.ProteinMatrix]


def fold_models(name: str, seed: int) -> Iterator[Scored]:
    """Yield a model of the training patients of each fold, and the index samples left out."""
    matrix, outcome = read(name)
    cohort = build_cohort(matrix, outcome)
    names, classes = cohort.training_patients
    ids = cohort.values.index
    for test in patient_folds(classes, 5, spawn(seed, 1)):
        train = cohort.rows_of(np.delete(names, test))
        held = cohort.rows_of(names[test])
        model = pc.train(matrix.take(ids[train]), outcome, repeats=1, seed=seed)
        yield model, matrix.take(ids[held[cohort.weights[held] > 0]])


def changes(model: pc.SeverityModel, held: pc.ProteinMatrix, k: int, seed: int) -> np.ndarray:
    """Return how far held-out scores move without k random proteins, in points."""
    panel = [protein.id for protein in model.content.panel]
    whole = model.score(held)["score"].to_numpy()
    rng = np.random.default_rng([seed, k])
    found = []
    for _ in range(SETS):
        gone = rng.choice(panel, size=k, replace=False)
        kept = held.values.columns.difference(gone)
        less = replace(held, values=held.values[kept], proteins=held.proteins.loc[kept])
        found.append(np.abs(model.score(less)["score"].to_numpy() - whole))
    moved = np.concatenate(found)
    return moved[~np.isnan(moved)]


def missing(models: list[Scored], seed: int) -> pd.DataFrame:
    """Return a row a fold and number it allows: the changes, and which error was stated."""
    rows = []
    for fold, (model, held) in enumerate(models):
        part = model.content.missing
        for row in part.error.table[: part.max_not_measured]:
            moved = changes(model, held, row.n_missing, seed)
            rows.append((fold, row.n_missing, part.max_not_measured, row.high, moved))
    return pd.DataFrame(rows, columns=["fold", "k", "allowed", "stated", "moved"])


def flags(scored: pd.DataFrame) -> np.ndarray:
    """Return refused, flagged jointly, flagged by single proteins, and either, sample by sample."""
    final = scored["status"] == "final"
    joint = final & scored["reason"].str.contains("taken together")
    single = final & scored["reason"].str.contains("outside the range")
    return np.column_stack([~final, joint, single, ~final | joint | single])


def restricted(matrix: pc.ProteinMatrix, other: pc.ProteinMatrix) -> pc.ProteinMatrix:
    """Return the proteins of a matrix that another measures too."""
    ids = list(measurable_ids(matrix, OtherMatrix.of(other)))
    return replace(matrix, values=matrix.values[ids], proteins=matrix.proteins.loc[ids])


def misread(matrix: pc.ProteinMatrix) -> dict[str, pc.ProteinMatrix]:
    """Return a matrix with its logarithms not taken, and taken twice."""
    logs = matrix.on_log2()
    twice = np.log2(logs.values.where(logs.values > 0))
    return {
        "raw read as log2": replace(logs, values=np.exp2(logs.values)),
        "log2 read as raw": replace(logs, values=twice),
    }


def print_missing(models: dict[str, list[Scored]], seed: int) -> None:
    """Print how far scores moved for each number of proteins that models allow."""
    print(f"\nseed {seed}\n")
    print("| cohort | missing | folds | changes | median | 95 % | within bound | within stated |")
    print("|---|---|---|---|---|---|---|---|")
    for name, scored in models.items():
        rows = missing(scored, seed)
        groups = {str(k): rows[rows["k"] == k] for k in sorted(rows["k"].unique())}
        groups["as many as each allows"] = rows[rows["k"] == rows["allowed"]]
        for label, group in groups.items():
            moved = np.concatenate(group["moved"].tolist())
            median, high = np.quantile(moved, (0.5, 0.95))
            stated = np.repeat(group["stated"], group["moved"].map(len)).to_numpy()
            print(
                f"| {name} | {label} | {len(group)} | {len(moved):,} | {median:.1f} | {high:.1f} | "
                f"{np.mean(moved <= ERROR_BOUND):.1%} | {np.mean(moved <= stated):.1%} |"
            )
        tables = [model.score(held) for model, held in scored]
        width = pd.concat([table["upper"] - table["lower"] for table in tables]).median()
        print(f"\n{name}: median width of the 5 to 95 % interval over bags {width:.1f} points\n")


def print_flags(models: dict[str, list[Scored]]) -> None:
    """Print the share of held-out samples that are flagged or refused."""
    print("\n| cohort | samples | refused | joint | single proteins | any |")
    print("|---|---|---|---|---|---|")
    for name, scored in models.items():
        seen = np.concatenate([flags(model.score(held)) for model, held in scored])
        shares = " | ".join(f"{share:.1%}" for share in seen.mean(axis=0))
        print(f"| {name} | {len(seen)} | {shares} |")


def print_others() -> None:
    """Print the share of samples flagged or refused in another fluid and on a misread file."""
    print("\n| model | given | proteins in common | samples | refused | joint | single | any |")
    print("|---|---|---|---|---|---|---|---|")
    for name, fluids in OTHER_FLUIDS.items():
        matrix, outcome = read(name)
        for other in fluids:
            foreign = read(other)[0]
            common = restricted(matrix, foreign)
            model = pc.train(common, outcome, repeats=1)
            # As if it had been declared to be of the model's fluid.
            wrong = replace(foreign, fluid=matrix.fluid)
            print_row(name, other, common.n_proteins, model.score(wrong))
            level = float(model.shifts(wrong).median())
            logs = wrong.on_log2()
            same = replace(logs, values=logs.values - level)
            print_row(name, f"{other}, same level", common.n_proteins, model.score(same))
    for name in HELD_OUT:
        matrix, outcome = read(name)
        model = pc.train(matrix, outcome, repeats=1)
        for label, wrong in misread(matrix).items():
            print_row(name, label, matrix.n_proteins, model.score(wrong))
    print_another_hospital()


def print_another_hospital() -> None:
    """Print what a model of Breda makes of patients of another hospital, same platform."""
    (matrix, outcome), (other, _) = read("Breda plasma T1"), read("Radboud plasma W1T1")
    common = restricted(matrix, other)
    scored = pc.train(common, outcome, repeats=1).score(other)
    first = (other.samples["visit"] == "W1T1").to_numpy()
    print_row("Breda plasma T1", "Radboud, first visit", common.n_proteins, scored[first])
    print_row("Breda plasma T1", "Radboud, later visits", common.n_proteins, scored[~first])


def print_row(name: str, given: str, n: int, scored: pd.DataFrame) -> None:
    """Print one row of the last table."""
    shares = " | ".join(f"{share:.1%}" for share in flags(scored).mean(axis=0))
    print(f"| {name} | {given} | {n} | {len(scored)} | {shares} |", flush=True)


def main(seeds: int) -> None:
    """Print all tables."""
    for seed in range(seeds):
        models = {name: list(fold_models(name, seed)) for name in HELD_OUT}
        print_missing(models, seed)
        print_flags(models)
    print_others()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
