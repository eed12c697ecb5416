"""Do the figures of an evaluation mean what they say? Cohorts drawn from a known population.

Every cohort goes through `evaluate`, `train` and the comparison of methods as a user's would, with
few, small boosters so that thousands can be run. A cohort has two halves of proteins that are
alike in all but their names, so that a score from one half is worth exactly what a score from
the other is: a true null for the comparison, which still holds where both are worth something.
A second seed would be no such null, since all that differs then is noise of the procedure, and
the same model twice would differ in nothing.

The expected AUC is the mean, over cohorts, of the AUC that the model fitted on the whole cohort
reaches on patients of its own from the same population.

Run: python benchmarks/study_validity.py [--cohorts 1000] [--scratch FILE] [--report]
A line a cohort is added to the scratch file, and a second run goes on where the first one stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sklearn
from scipy import stats as distributions

import proteoclass as pc
from proteoclass.folds import spawn
from proteoclass.scorer import Settings
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import compare
from proteoclass.scorer.performance.probability import recalibration
from proteoclass.scorer.prediction_sets import conformal_figures
from proteoclass.scorer.splits import fold_units
from proteoclass.stats import auc, log_odds

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]

#: Proteins of a half, and those among them that carry the severity.
PROTEINS, INFORMATIVE = 60, 12
#: Share of the variance of an informative protein that is severity, and of any other that it
#: has in common with its nine neighbours.
SHARED, NEIGHBOURS = 0.4, 0.4
#: Distance of the classes in severity, in its standard deviation: no score can do better than
#: an AUC of 0.90.
DISTANCE = 1.8
TEST_PATIENTS = 2_000
SETTINGS = Settings(size=8, bags=2, rounds=10)
FOLDS, REPEATS, PERMUTATIONS = 5, 2, 19
OUTCOME = pc.Outcome("severity", "severe")
COMPARED = "the other half of the proteins"


@dataclass(frozen=True)
class Arm:
    """One kind of cohort, how many of them make a whole study, and what is asked of each.

    With a share of errors `alpha` that is prediction sets alone; for them half of the proteins.
    """

    name: str
    patients: int
    events: int
    distance: float
    share: float
    alpha: float = 0.0


ARMS = (
    Arm("50/11, signal", 50, 11, DISTANCE, 1.0),
    Arm("100/30, signal", 100, 30, DISTANCE, 0.25),
    Arm("50/11, null", 50, 11, 0.0, 0.2),
    Arm("100/30, null", 100, 30, 0.0, 0.06),
    # The smallest round alpha that eight positives, and twenty-four, in training allow.
    Arm("50/11, sets at 0.75", 50, 11, DISTANCE, 0.5, alpha=0.25),
    Arm("100/30, sets at 0.9", 100, 30, DISTANCE, 0.5, alpha=0.1),
)


def draw(classes: Floats, distance: float, rng: np.random.Generator) -> Floats:
    """Return log2 values of both halves, shape (n_patients, 2 * PROTEINS)."""
    severity = distance * classes + rng.normal(size=len(classes))
    halves = [_half(severity, rng) for _ in range(2)]
    return np.concatenate(halves, axis=1)


def _half(severity: Floats, rng: np.random.Generator) -> Floats:
    n = len(severity)
    blocks = np.repeat(rng.normal(size=(n, PROTEINS // 10)), 10, axis=1)
    own = rng.normal(size=(n, PROTEINS))
    values = np.sqrt(NEIGHBOURS) * blocks + np.sqrt(1 - NEIGHBOURS) * own
    # Every fifth one, so that severity does not sit in one block.
    carriers = slice(0, PROTEINS, PROTEINS // INFORMATIVE)
    values[:, carriers] = (
        np.sqrt(SHARED) * severity[:, None] + np.sqrt(1 - SHARED) * own[:, carriers]
    )
    return values


def as_matrix(values: Floats, classes: Floats, name: str) -> pc.ProteinMatrix:
    """Return patients of one sample each, as if they had been read from a file."""
    ids = [f"{name}{number:04d}" for number in range(len(values))]
    sheet = {"patient_id": ids, "severity": np.where(classes == 1, "severe", "mild")}
    return pc.ProteinMatrix.build(
        pd.DataFrame(values, ids, [f"Q{number:03d}" for number in range(values.shape[1])]),
        pd.DataFrame(sheet, ids),
        scale="log2",
        kind="npx",
    )


def run_cohort(arm: Arm, number: int) -> Row:
    """Draw one cohort and ask of it what its arm asks."""
    rng = spawn(20_261_120, ARMS.index(arm), number)
    classes = (np.arange(arm.patients) < arm.events).astype(float)
    asked = _sets if arm.alpha else _halves
    return {"arm": arm.name, "number": number} | asked(arm, number, classes, rng)


def _halves(arm: Arm, number: int, classes: Floats, rng: np.random.Generator) -> Row:
    """Evaluate both halves, and their models on patients of their own."""
    test_classes = (np.arange(TEST_PATIENTS) < TEST_PATIENTS // 2).astype(float)
    values = draw(classes, arm.distance, rng)
    test_values = draw(test_classes, arm.distance, rng)
    halves = (slice(0, PROTEINS), slice(PROTEINS, None))
    found, dealt = [], []
    for half in halves:
        matrix = as_matrix(values[:, half], classes, "P")
        permutations = 0 if arm.distance or found else PERMUTATIONS
        result = pc.evaluate(
            matrix, OUTCOME, settings=SETTINGS, folds=FOLDS, repeats=REPEATS,
            permutations=permutations, describe=False, seed=number,
        )  # fmt: skip
        model = pc.train(matrix, OUTCOME, evaluation=result)
        test = as_matrix(test_values[:, half], test_classes, "T")
        found.append(_figures(result, arm, number) | _of_model(model, test, test_classes, arm))
        dealt.append(result.predictions[["patient_id", "repeat", "fold"]])
    # Paired by fold, which means nothing unless the folds are the same.
    pd.testing.assert_frame_equal(*dealt)
    ours, theirs = (np.ravel(half["per_fold"]) for half in found)
    tested = compare(COMPARED, ours, theirs, 1 / (FOLDS - 1))["difference"]
    return {"p_difference": tested["p"], "halves": found}


def _sets(arm: Arm, number: int, classes: Floats, rng: np.random.Generator) -> Row:
    """Return how often the prediction sets of an evaluation hold the class, class by class."""
    matrix = as_matrix(draw(classes, arm.distance, rng)[:, :PROTEINS], classes, "P")
    # Without the rest of the evaluation, on which the sets do not depend.
    cohort = build_cohort(matrix, OUTCOME)
    units = fold_units(cohort, SETTINGS.resolve(cohort.matrix), (), FOLDS, REPEATS, number)
    found = conformal_figures(units, arm.alpha)
    severe, mild = found["classes"]
    return {
        "covers severe": severe["coverage"],
        "covers mild": mild["coverage"],
        "expected severe": severe["expected"],
        "expected mild": mild["expected"],
        "names one class": found["sets"]["single"],
    }


def _figures(result: Any, arm: Arm, number: int) -> Row:
    """Return what an evaluation says."""
    summary = result.summary
    row = {key: summary["auc"][key] for key in ("mean_over_repeats", "per_repeat", "per_fold")}
    row["interval"] = summary["auc"]["interval"]
    row["slope"] = summary["calibration"]["slope"]["median"]
    row["p_comparators"] = {
        each["name"]: each["difference"]["p"] for each in summary["comparators"]
    }
    if summary["permutation"]["p"] is not None:
        row["p_permutation"] = summary["permutation"]["p"]
        row["p_randomised"] = randomised_p(
            summary["permutation"]["observed"],
            np.array(summary["permutation"]["values"]),
            spawn(20_261_121, ARMS.index(arm), number),
        )
    return row


def _of_model(model: Any, test: pc.ProteinMatrix, classes: Floats, arm: Arm) -> Row:
    """Return the AUC and the calibration of the shipped model on patients of its own."""
    probability = model.score(test)["probability"].to_numpy()
    prevalence = arm.events / arm.patients
    weights = np.where(classes == 1, prevalence, 1 - prevalence)
    slope, intercept = recalibration(classes, log_odds(probability), weights)
    return {
        "model_auc": auc(classes, probability),
        "model_slope": slope,
        "model_intercept": intercept,
    }


def randomised_p(observed: float, null: Floats, rng: np.random.Generator) -> float:
    """Return a p that is uniform on 0 to 1 where labels mean nothing, ties broken at random.

    The printed p = (1 + b) / (1 + B) takes 1 + B values and counts ties against the score.
    """
    above, equal = (null > observed).sum(), (null == observed).sum()
    return float((above + rng.random() * (1 + equal)) / (1 + len(null)))


def schedule(cohorts: int) -> Iterator[tuple[Arm, int]]:
    """Yield the arms in proportion, so that wherever a run stops they are complete alike."""
    tasks = [
        ((number + 0.5) / (arm.share * cohorts), arm, number)
        for arm in ARMS
        for number in range(round(arm.share * cohorts))
    ]
    for _, arm, number in sorted(tasks, key=lambda task: task[0]):
        yield arm, number


def study(cohorts: int, scratch: Path | None = None, part: int = 0, parts: int = 1) -> list[Row]:
    """Return a row a cohort; those that the scratch file holds are not run again.

    Of several parts, which may run side by side on one scratch file, every cohort is in one.
    """
    rows = read(scratch) if scratch and scratch.exists() else []
    done = {(row["arm"], row["number"]) for row in rows}
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        for arm, number in schedule(cohorts):
            if (arm.name, number) in done or number % parts != part:
                continue
            rows.append(run_cohort(arm, number))
            if scratch:
                with scratch.open("a") as lines:
                    lines.write(json.dumps(rows[-1]) + "\n")
    return rows


def read(scratch: Path) -> list[Row]:
    """Return the rows of a scratch file."""
    return [json.loads(line) for line in scratch.read_text().splitlines()]


def share_of(events: npt.ArrayLike) -> tuple[float, float]:
    """Return a share and its Monte Carlo error; the halves of a cohort count as one draw.

    Parameters
    ----------
    events : array of bool, shape (n_cohorts,) or (n_cohorts, 2)
    """
    of_cohort = np.asarray(events, dtype=float).reshape(len(np.asarray(events)), -1).mean(axis=1)
    return float(of_cohort.mean()), float(of_cohort.std(ddof=1) / np.sqrt(len(of_cohort)))


def figures(rows: list[Row], arm: str) -> dict[str, Any]:
    """Return every figure of one arm: values, and Monte Carlo errors where there are some."""
    chosen = [row for row in rows if row["arm"] == arm]
    if "halves" not in chosen[0]:
        shares = {key: share_of([row[key] for row in chosen]) for key in chosen[0] if " " in key}
        return {"cohorts": len(chosen)} | shares

    def each(key: str) -> Floats:
        return np.array([[half[key] for half in row["halves"]] for row in chosen])

    headline, limits, reached = each("mean_over_repeats"), each("interval"), each("model_auc")
    expected = reached.mean()
    low, high = limits[..., 0], limits[..., 1]
    width = high - low
    found = {
        "cohorts": len(chosen),
        "expected AUC": share_of(reached),
        "headline": share_of(headline),
        "headline minus expected": share_of(headline - reached),
        "SD of headline": float(headline.std(ddof=1)),
        "SD of model's AUC": float(reached.std(ddof=1)),
        "median width": float(np.median(width)),
        "covers expected": share_of((low <= expected) & (expected <= high)),
        "above expected": share_of(low > expected),
        "below expected": share_of(high < expected),
        "covers this model": share_of((low <= reached) & (reached <= high)),
        "slope": quantiles(each("slope")),
        "model slope": quantiles(each("model_slope")),
        "model intercept": quantiles(each("model_intercept")),
        "difference rejected": share_of([row["p_difference"] < 0.05 for row in chosen]),
    }
    return found | (_null_figures(chosen) if "null" in arm else {})


def _null_figures(chosen: list[Row]) -> dict[str, Any]:
    """Return what can be asked only where nothing is to be found."""
    first = [row["halves"][0] for row in chosen]
    p = np.array([half["p_permutation"] for half in first])
    uniform = np.array([half["p_randomised"] for half in first])
    names = first[0]["p_comparators"]
    rejected = {
        name: share_of([[h["p_comparators"][name] < 0.05 for h in r["halves"]] for r in chosen])
        for name in names
    }
    return {
        "permutation p ≤ 0.05": share_of(p <= 0.05 + 1e-12),
        "permutation p ≤ 0.5": share_of(p <= 0.5 + 1e-12),
        "permutation KS p": float(distributions.kstest(uniform, "uniform").pvalue),
        "comparators rejected": rejected,
    }


def quantiles(values: Floats) -> tuple[float, float, float]:
    """Return the median, and the 5 and 95 % quantile."""
    middle, low, high = np.quantile(values, (0.5, 0.05, 0.95))
    return float(middle), float(low), float(high)


def print_report(rows: list[Row]) -> None:
    """Print a column an arm, the prediction sets in a table of their own."""
    for alone in (False, True):
        ran = [a.name for a in ARMS if bool(a.alpha) == alone]
        arms = [name for name in ran if sum(row["arm"] == name for row in rows) > 1]
        if arms:
            _print_table(rows, arms)
            print()


def _print_table(rows: list[Row], arms: list[str]) -> None:
    found = {arm: figures(rows, arm) for arm in arms}
    print(f"| figure | {' | '.join(arms)} |")
    print("|---" * (1 + len(arms)) + "|")
    names = dict.fromkeys(name for of_arm in found.values() for name in of_arm)
    for name in names:
        if name != "comparators rejected":
            print(f"| {name} | {' | '.join(_cell(found[arm].get(name)) for arm in arms)} |")
    compared = dict.fromkeys(
        name for of_arm in found.values() for name in of_arm.get("comparators rejected", {})
    )
    for name in compared:
        cells = [_cell(found[arm].get("comparators rejected", {}).get(name)) for arm in arms]
        print(f"| minus {name}, rejected | {' | '.join(cells)} |")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    if len(value) == 2:
        return f"{value[0]:.3f} ± {value[1]:.3f}"
    return f"{value[0]:.2f} ({value[1]:.2f}–{value[2]:.2f})"


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=1_000, help="of the first arm")
    parser.add_argument("--scratch", type=Path, help="where rows are kept")
    parser.add_argument("--part", type=int, default=0, help="which of the parts")
    parser.add_argument("--parts", type=int, default=1, help="processes that share the cohorts")
    parser.add_argument("--report", action="store_true", help="print what the file holds, run none")
    asked = parser.parse_args()
    if asked.report:
        rows = read(asked.scratch)
    else:
        rows = study(asked.cohorts, asked.scratch, asked.part, asked.parts)
    print_report(rows)


if __name__ == "__main__":
    main()
