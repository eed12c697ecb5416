"""Do the figures of an evaluation mean what they say? Cohorts drawn from a known population.

Cohorts go through the code that a user's would, with few, small boosters so that thousands can be
run. What an interval, a comparison and a permutation test rest on are the AUCs of uncalibrated
outer folds, so that most cohorts stop there: the fits, the folds and the seeds are those of
`evaluate`, to the bit (a test compares them). What needs calibration has fewer cohorts, which go
through `evaluate`, with its tuning, and `train`.

A cohort has two halves of proteins that are alike in all but their names, so that a score from
one half is worth exactly what a score from the other is: a true null for the comparison, which
still holds where both are worth something. A second seed would be no such null, since all that
differs then is noise of the procedure, and the same model twice would differ in nothing.

The expected AUC is the mean, over cohorts, of the AUC that the model fitted on the whole cohort
reaches on patients of its own from the same population.

Run: python benchmarks/study_validity.py [--cohorts 2000] [--scratch FILE] [--report]
A line a cohort is added to the scratch file, and a second run goes on where the first one stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import sklearn
from scipy import stats as distributions
from study_tables import print_table, quantiles, share_of

import proteoclass as pc
from proteoclass.folds import spawn, unit_seed
from proteoclass.scorer import Settings
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.comparators import difference_test, fold_auc
from proteoclass.scorer.inner_folds import fold_margins
from proteoclass.scorer.paired_difference import Scored, difference_by_patient
from proteoclass.scorer.performance.probability import recalibration
from proteoclass.scorer.permutation import permutation_test
from proteoclass.scorer.prediction_sets import conformal_figures
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.scorer.splits import fold_units
from proteoclass.stats import (
    auc,
    corrected_resampled_auc_interval,
    corrected_resampled_interval,
    log_odds,
)

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
NOT_TUNED = replace(SETTINGS, tune="none")
FOLDS, REPEATS, PERMUTATIONS = 5, 4, 19
OUTCOME = pc.Outcome("severity", "severe")


@dataclass(frozen=True)
class Arm:
    """One kind of cohort, how many of them make a whole study, and what is asked of each.

    `asked` is "folds", the interval and, without a distance between the classes, the
    permutation test; "evaluation", which is calibration and all that is printed; "sets", the
    prediction sets at a share of errors `alpha`; or "comparison" of the two halves, of which
    the second one has a distance of its own where `other` says so.
    """

    name: str
    patients: int
    events: int
    distance: float
    share: float
    asked: str = "folds"
    alpha: float = 0.0
    other: float | None = None


ARMS = (
    Arm("50/11, signal", 50, 11, DISTANCE, 1.0),
    Arm("100/30, signal", 100, 30, DISTANCE, 0.4),
    Arm("50/11, null", 50, 11, 0.0, 0.1),
    Arm("100/30, null", 100, 30, 0.0, 0.04),
    Arm("50/11, signal, whole evaluation", 50, 11, DISTANCE, 0.05, "evaluation"),
    Arm("100/30, signal, whole evaluation", 100, 30, DISTANCE, 0.02, "evaluation"),
    Arm("50/11, null, whole evaluation", 50, 11, 0.0, 0.01, "evaluation"),
    # The smallest round alpha that eight positives, and twenty-four, in training allow.
    Arm("50/11, sets at 0.75", 50, 11, DISTANCE, 0.1, "sets", alpha=0.25),
    Arm("100/30, sets at 0.9", 100, 30, DISTANCE, 0.1, "sets", alpha=0.1),
    Arm("50/11, weak signal", 50, 11, DISTANCE / 2, 0.2),
    # Not the cohorts above, on which the way to compare was chosen.
    Arm("50/11, signal, compared", 50, 11, DISTANCE, 0.25, "comparison"),
    Arm("100/30, signal, compared", 100, 30, DISTANCE, 0.15, "comparison"),
    Arm("50/11, weak signal, compared", 50, 11, DISTANCE / 2, 0.25, "comparison"),
    Arm("50/11, null, compared", 50, 11, 0.0, 0.25, "comparison"),
    Arm("100/30, null, compared", 100, 30, 0.0, 0.15, "comparison"),
    Arm("50/11, signal against null", 50, 11, DISTANCE, 0.1, "comparison", other=0.0),
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
    ask = {"folds": _folds, "evaluation": _evaluations, "sets": _sets, "comparison": _compared}
    return {"arm": arm.name, "number": number} | ask[arm.asked](arm, number, classes, rng)


def halves_of(
    arm: Arm, classes: Floats, rng: np.random.Generator
) -> Iterator[tuple[pc.ProteinMatrix, pc.ProteinMatrix, Floats]]:
    """Yield each half of the proteins, in the cohort and in new patients, whose classes last."""
    test_classes = (np.arange(TEST_PATIENTS) < TEST_PATIENTS // 2).astype(float)
    values, test_values = (draw(each, arm.distance, rng) for each in (classes, test_classes))
    if arm.other is not None:
        for each, drawn in ((classes, values), (test_classes, test_values)):
            drawn[:, PROTEINS:] = draw(each, arm.other, rng)[:, PROTEINS:]
    for half in (slice(0, PROTEINS), slice(PROTEINS, None)):
        yield (
            as_matrix(values[:, half], classes, "P"),
            as_matrix(test_values[:, half], test_classes, "T"),
            test_classes,
        )


def _folds(arm: Arm, number: int, classes: Floats, rng: np.random.Generator) -> Row:
    """Return fold AUCs and interval of both halves, and the AUC of their models."""
    found = []
    for matrix, test, test_classes in halves_of(arm, classes, rng):
        cohort = build_cohort(matrix, OUTCOME)
        settings = NOT_TUNED.resolve(cohort.matrix)
        reached = model_auc(cohort, settings, number, test, test_classes)
        found.append({"per_fold": fold_aucs(cohort, settings, number), "model_auc": reached})
        if not arm.distance and len(found) == 1:
            tested = permutation_test(
                cohort, settings, folds=FOLDS, permutations=PERMUTATIONS, seed=number
            )
            row = {"p_permutation": tested["p"]}
            values = np.array(tested["values"])
            found[0] |= row | {"p_randomised": randomised_p(tested["observed"], values, rng)}
    return {"halves": found}


def model_auc(
    cohort: Cohort, settings: Settings, seed: int, test: pc.ProteinMatrix, classes: Floats
) -> float:
    """Return the AUC, on patients of its own, of the model fitted to the whole cohort."""
    fitted = fit_procedure(cohort, cohort.index_rows(), settings, unit_seed(seed))
    return auc(classes, fitted.blend.margin(fitted.panel_values(test.values)))


def fold_scores(cohort: Cohort, settings: Settings, seed: int) -> list[list[Scored]]:
    """Return rows and scores of every outer fold of every repeat, as `evaluate` finds them."""
    names, _ = cohort.training_patients
    found: list[list[Scored]] = [[] for _ in range(REPEATS)]
    for _, test, _, path, _ in fold_units(cohort, settings, (), FOLDS, REPEATS, seed):
        train = np.setdiff1d(names, test)
        scored = fold_margins(cohort, train, test, settings, unit_seed(*path))
        found[path[1]].append(scored)
    return found


def fold_aucs(cohort: Cohort, settings: Settings, seed: int) -> list[list[float]]:
    """Return the AUC of every outer fold of every repeat, as `evaluate` finds it."""
    scored = fold_scores(cohort, settings, seed)
    return [[fold_auc(cohort, *fold) for fold in repeat] for repeat in scored]


def _compared(arm: Arm, number: int, classes: Floats, rng: np.random.Generator) -> Row:
    """Compare the halves on the same folds, by patient and, beside it, by fold."""
    scored, found = [], []
    for matrix, test, test_classes in halves_of(arm, classes, rng):
        # The values differ, the patients and their classes do not.
        cohort = build_cohort(matrix, OUTCOME)
        settings = NOT_TUNED.resolve(cohort.matrix)
        scored.append(fold_scores(cohort, settings, number))
        reached = model_auc(cohort, settings, number, test, test_classes)
        per_fold = [[fold_auc(cohort, *fold) for fold in repeat] for repeat in scored[-1]]
        found.append({"per_fold": per_fold, "model_auc": reached})
    aucs = np.array([np.ravel(half["per_fold"]) for half in found])
    tested = difference_by_patient(cohort, scored, aucs)
    by_fold = difference_test(aucs[0] - aucs[1], 1 / (FOLDS - 1))
    return {
        "p_difference": tested["p"],
        "interval": tested["interval"],
        "by_fold": {key: by_fold[key] for key in ("p", "interval")},
        "halves": found,
    }


def _evaluations(arm: Arm, number: int, classes: Floats, rng: np.random.Generator) -> Row:
    """Evaluate both halves, and their models on patients of their own."""
    found, dealt = [], []
    for matrix, test, test_classes in halves_of(arm, classes, rng):
        result = pc.evaluate(
            matrix, OUTCOME, settings=SETTINGS, folds=FOLDS, repeats=REPEATS,
            permutations=0, describe=False, seed=number,
        )  # fmt: skip
        model = pc.train(matrix, OUTCOME, evaluation=result)
        found.append(_figures(result) | _of_model(model, test, test_classes, arm))
        dealt.append(result.predictions[["patient_id", "repeat", "fold"]])
    # Paired by fold, which means nothing unless the folds are the same.
    pd.testing.assert_frame_equal(*dealt)
    return {"halves": found}


def _figures(result: Any) -> Row:
    """Return what an evaluation says."""
    summary = result.summary
    slope = summary["calibration"]["slope"]["median"]
    auc_keys = ("mean_over_repeats", "per_repeat", "per_fold")
    return {key: summary["auc"][key] for key in auc_keys} | {
        # None where the classes are apart: no slope is finite.
        "slope": float("nan") if slope is None else slope,
        "p_comparators": {each["name"]: each["difference"]["p"] for each in summary["comparators"]},
    }


def _of_model(model: Any, test: pc.ProteinMatrix, classes: Floats, arm: Arm) -> Row:
    """Return the AUC and the calibration of the shipped model on patients of its own."""
    probability = model.score(test)["probability"].to_numpy()
    prevalence = arm.events / arm.patients
    weights = np.where(classes == 1, prevalence, 1 - prevalence)
    # Patients too far outside of the training values get no score.
    scored = ~np.isnan(probability)
    slope, intercept = recalibration(
        classes[scored], log_odds(probability[scored]), weights[scored]
    )
    return {
        "model_auc": auc(classes[scored], probability[scored]),
        "model_slope": slope,
        "model_intercept": intercept,
        "not_scored": float(1 - scored.mean()),
    }


def _sets(arm: Arm, number: int, classes: Floats, rng: np.random.Generator) -> Row:
    """Return how often the prediction sets of an evaluation hold the class, class by class."""
    matrix = as_matrix(draw(classes, arm.distance, rng)[:, :PROTEINS], classes, "P")
    # Without the rest of the evaluation, on which the sets do not depend.
    cohort = build_cohort(matrix, OUTCOME)
    units = fold_units(cohort, NOT_TUNED.resolve(cohort.matrix), (), FOLDS, REPEATS, number)
    found = conformal_figures(units, arm.alpha)
    severe, mild = found["classes"]
    return {
        "covers severe": severe["coverage"],
        "covers mild": mild["coverage"],
        "expected severe": severe["expected"],
        "expected mild": mild["expected"],
        "names one class": found["sets"]["single"],
    }


def randomised_p(observed: float, null: Floats, rng: np.random.Generator) -> float:
    """Return a p that is uniform on 0 to 1 where labels mean nothing, ties broken at random.

    The printed p = (1 + b) / (1 + B) takes 1 + B values and counts ties against the score.
    """
    above, equal = (null > observed).sum(), (null == observed).sum()
    return float((above + rng.random() * (1 + equal)) / (1 + len(null)))


def schedule(cohorts: int, asked: str = "") -> Iterator[tuple[Arm, int]]:
    """Yield the arms in proportion, so that wherever a run stops they are complete alike."""
    tasks = [
        ((number + 0.5) / (arm.share * cohorts), arm, number)
        for arm in ARMS
        if asked in ("", arm.asked)
        for number in range(round(arm.share * cohorts))
    ]
    for _, arm, number in sorted(tasks, key=lambda task: task[0]):
        yield arm, number


def study(
    cohorts: int, scratch: Path | None = None, part: int = 0, parts: int = 1, asked: str = ""
) -> list[Row]:
    """Return a row a cohort; those that the scratch file holds are not run again.

    Of several parts, which may run side by side on one scratch file, every cohort is in one.
    Where `asked` is given, only the arms of which that is asked are run.
    """
    rows = read(scratch) if scratch and scratch.exists() else []
    done = {(row["arm"], row["number"]) for row in rows}
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        for arm, number in schedule(cohorts, asked):
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


def figures(rows: list[Row], arm: str) -> dict[str, Any]:
    """Return every figure of one arm: values, and Monte Carlo errors where there are some."""
    chosen = [row for row in rows if row["arm"] == arm]
    if "halves" not in chosen[0]:
        shares = {key: share_of([row[key] for row in chosen]) for key in chosen[0] if " " in key}
        return {"cohorts": len(chosen)} | shares
    if "by_fold" in chosen[0]:
        return _comparison_figures(chosen)
    first = chosen[0]["halves"][0]
    return (
        _interval_figures(chosen)
        | (_evaluation_figures(chosen) if "slope" in first else {})
        | (_permutation_figures(chosen) if "p_permutation" in first else {})
    )


def _each(chosen: list[Row], key: str) -> Floats:
    return np.array([[half[key] for half in row["halves"]] for row in chosen])


def _interval_figures(chosen: list[Row]) -> dict[str, Any]:
    """Return what the AUCs of the outer folds come to."""
    folds, reached = _each(chosen, "per_fold").mean(axis=(2, 3)), _each(chosen, "model_auc")
    expected = reached.mean()
    low, high = limits(chosen, corrected_resampled_auc_interval)
    own_low, own_high = limits(chosen, corrected_resampled_interval)
    return {
        "cohorts": len(chosen),
        "expected AUC": share_of(reached),
        "mean over folds": share_of(folds),
        "mean over folds minus expected": share_of(folds - reached),
        "SD of mean over folds": float(folds.std(ddof=1)),
        "SD of a model's AUC": float(reached.std(ddof=1)),
        # Folds that all give one AUC leave no interval: not covered, and of no width.
        "median width": float(np.nanmedian(high - low)),
        "covers expected": share_of((low <= expected) & (expected <= high)),
        "above expected": share_of(low > expected),
        "below expected": share_of(high < expected),
        "covers this model": share_of((low <= reached) & (reached <= high)),
        "off the logit scale, covers expected": share_of(
            (own_low <= expected) & (expected <= own_high)
        ),
        "off the logit scale, above expected": share_of(own_low > expected),
    }


def _comparison_figures(chosen: list[Row]) -> dict[str, Any]:
    """Return what the comparison of the halves comes to, by patient and by fold."""
    folds, reached = _each(chosen, "per_fold").mean(axis=(2, 3)), _each(chosen, "model_auc")
    difference = np.subtract(*folds.T)
    low, _ = limits(chosen, corrected_resampled_auc_interval)
    above_chance = np.take_along_axis(low, folds.argmax(axis=1)[:, None], axis=1)[:, 0] > 0.5
    # Halves that are alike differ by nothing, whatever these cohorts happen to say.
    alike = {arm.name: arm.other is None for arm in ARMS}[chosen[0]["arm"]]
    expected = 0.0 if alike else float(np.subtract(*reached.T).mean())
    found: dict[str, Any] = {
        "cohorts": len(chosen),
        "expected difference": share_of(np.subtract(*reached.T)),
        "mean difference": share_of(difference),
        "SD of difference": float(difference.std(ddof=1)),
        "rejected, and the better score is above chance": share_of(
            [
                row["p_difference"] < 0.05 and up
                for row, up in zip(chosen, above_chance, strict=True)
            ]
        ),
    }
    by_patient = [{"p": row["p_difference"], "interval": row["interval"]} for row in chosen]
    by_fold = [row["by_fold"] for row in chosen]
    for name, tested in (("", by_patient), ("by fold, ", by_fold)):
        # Where nothing can be tested p is NaN, which is neither rejected nor covered.
        rejected = np.array([each["p"] for each in tested]) < 0.05
        ends = np.array([each["interval"] for each in tested], dtype=float)
        found |= {
            f"{name}difference rejected": share_of(rejected),
            f"{name}covers expected difference": share_of(
                (ends[:, 0] <= expected) & (expected <= ends[:, 1])
            ),
            f"{name}median width": float(np.nanmedian(ends[:, 1] - ends[:, 0])),
        }
    return found


def limits(
    chosen: list[Row], interval: Callable[[npt.ArrayLike, float], tuple[float, float]]
) -> tuple[Floats, Floats]:
    """Return lower and upper limits of the halves of every cohort."""
    found = [
        [interval(np.ravel(half["per_fold"]), 1 / (FOLDS - 1)) for half in row["halves"]]
        for row in chosen
    ]
    low, high = np.moveaxis(np.array(found), -1, 0)
    return low, high


def _evaluation_figures(chosen: list[Row]) -> dict[str, Any]:
    """Return what calibrated scores come to."""
    headline, reached = _each(chosen, "mean_over_repeats"), _each(chosen, "model_auc")
    names = chosen[0]["halves"][0]["p_comparators"]
    p = {name: [[h["p_comparators"][name] for h in r["halves"]] for r in chosen] for name in names}
    return {
        "headline": share_of(headline),
        "headline minus expected": share_of(headline - reached),
        "SD of headline": float(headline.std(ddof=1)),
        "slope": quantiles(_each(chosen, "slope")),
        "model slope": quantiles(_each(chosen, "model_slope")),
        "model intercept": quantiles(_each(chosen, "model_intercept")),
        "not scored": share_of(_each(chosen, "not_scored")),
    } | {f"minus {name}, rejected": share_of(np.array(p[name]) < 0.05) for name in names}


def _permutation_figures(chosen: list[Row]) -> dict[str, Any]:
    """Return whether p is uniform where labels mean nothing."""
    first = [row["halves"][0] for row in chosen]
    p = np.array([half["p_permutation"] for half in first])
    uniform = np.array([half["p_randomised"] for half in first])
    return {
        "permutation p ≤ 0.05": share_of(p <= 0.05 + 1e-12),
        "permutation p ≤ 0.5": share_of(p <= 0.5 + 1e-12),
        "permutation KS p": float(distributions.kstest(uniform, "uniform").pvalue),
    }


def print_report(rows: list[Row]) -> None:
    """Print a table for what each kind of arm asks, with a column an arm."""
    for asked in dict.fromkeys(arm.asked for arm in ARMS):
        names = [arm.name for arm in ARMS if arm.asked == asked]
        ran = [name for name in names if sum(row["arm"] == name for row in rows) > 1]
        if ran:
            print_table({arm: figures(rows, arm) for arm in ran})
            print()


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=2_000, help="of the first arm")
    parser.add_argument("--scratch", type=Path, help="where rows are kept")
    parser.add_argument("--part", type=int, default=0, help="which of the parts")
    parser.add_argument("--parts", type=int, default=1, help="processes that share the cohorts")
    parser.add_argument("--asked", choices=sorted({arm.asked for arm in ARMS}), default="")
    parser.add_argument("--report", action="store_true", help="print what the file holds, run none")
    asked = parser.parse_args()
    if asked.report:
        rows = read(asked.scratch)
    else:
        rows = study(asked.cohorts, asked.scratch, asked.part, asked.parts, asked.asked)
    print_report(rows)


if __name__ == "__main__":
    main()
