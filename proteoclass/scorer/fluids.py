"""Two fluids or platforms on the same patients: which separates better, and do they agree."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass import io, stats
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.duplicates import duplicates_warning, find_duplicates
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.common_patients import common_cohorts
from proteoclass.scorer.comparators import PAIR_BY_PATIENT, Pair, over_folds
from proteoclass.scorer.crossfit import FoldOptions, FoldResult, run_fold
from proteoclass.scorer.design import check_design
from proteoclass.scorer.fluid_correlations import protein_correlations, score_correlation
from proteoclass.scorer.paired_difference import paired_difference, placements
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.splits import MIN_PER_CLASS, fold_units
from proteoclass.scorer.summary import auc_warnings, describe_cohort, panel_frequencies
from proteoclass.scorer.versions import software_versions

Floats = npt.NDArray[np.float64]

#: The three scores that are compared, by their columns.
SCORES: Final = ("a", "b", "fused")
NAMES: Final = {"a": "A", "b": "B", "fused": "A and B fused"}
FUSION: Final = "mean of the two calibrated log-odds of a patient; nothing is learnt for it"
ESTIMAND: Final = (
    "expected AUC of the whole procedure (normalise, choose, score) when it is fitted on a "
    "cohort of this size, one value a patient, on the patients that have an index sample in both"
)


@dataclass(frozen=True, eq=False)
class FluidComparison:
    """What two matrices of the same patients say.

    Parameters
    ----------
    summary : dict
        Content of `comparison.json`: every figure with its kind and n.
    correlations : DataFrame
        Content of `correlations.tsv`: a row for each protein that both measure.
    predictions : DataFrame
        Content of `predictions.tsv`: every common patient in every repeat.
    """

    summary: dict[str, Any]
    correlations: pd.DataFrame
    predictions: pd.DataFrame

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Write `comparison.json`, `correlations.tsv` and `predictions.tsv` into a folder."""
        io.write_json(os.path.join(folder, "comparison.json"), self.summary)
        io.write_table(os.path.join(folder, "correlations.tsv"), self.correlations)
        io.write_table(os.path.join(folder, "predictions.tsv"), self.predictions)


def compare_fluids(
    a: ProteinMatrix,
    b: ProteinMatrix,
    outcome: Outcome,
    *,
    settings: Settings | None = None,
    folds: int = 5,
    repeats: int = 4,
    index: str = "first",
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> FluidComparison:
    """Compare two fluids or platforms on the patients that both have measured.

    The whole procedure is cross-validated on each, with the same patients in the same
    folds, and calibrated inside each training fold.

    Parameters
    ----------
    a, b : ProteinMatrix
        Patients are told by `patient_id`; sample ids may differ.
    outcome : Outcome
        Found in both sheets.
    settings : Settings, optional
        For both; what is "auto" is decided for each.
    folds, repeats : int
    index : str
        Rule of `index_weights`.
    seed : int
    jobs : int
        Processes; the result is the same for any number.
    progress : callable, optional
        Called with a label, units done and units in all.

    Returns
    -------
    FluidComparison

    Raises
    ------
    InputError
        If no patient has an index sample in both, or one is positive in one sheet and
        negative in the other.
    TooLittleDataError
        If a class has fewer than 5 common patients, or fewer than there are folds.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> urine = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1).matrix
    >>> found = compare_fluids(urine, urine, Outcome("severity", "severe"), folds=3, repeats=1,
    ...                        settings=Settings(bags=2, rounds=5))
    >>> found.summary["comparisons"][0]["difference"]["mean"]
    0.0
    """
    check_design(folds, repeats)
    first, second, patients = common_cohorts(a, b, outcome, index, max(MIN_PER_CLASS, folds))
    asked = settings or Settings()
    chosen = asked.resolve(first.matrix), asked.resolve(second.matrix)
    units = fold_units(first, chosen[0], (), folds, repeats, seed)
    both = [*units, *((second, test, chosen[1], path, fixed) for _, test, _, path, fixed in units)]
    options = FoldOptions(prevalence=first.prevalence)
    results: list[FoldResult] = run_units(
        run_fold,
        [(*unit, options) for unit in both],
        jobs=jobs,
        label="cross-validation of both",
        progress=progress,
    )
    scores = pd.concat(
        [
            _fold_scores(first, second, results[place], results[place + len(units)]).assign(
                repeat=1 + place // folds, fold=1 + place % folds
            )
            for place in range(len(units))
        ],
        ignore_index=True,
    )
    correlations, proteins = protein_correlations(first, second, chosen)
    summary = {
        "format": "proteoclass-comparison",
        "version": 1,
        "software": software_versions(),
        "outcome": {
            "column": first.outcome.column,
            "positive": first.outcome.positive,
            "negative": first.outcome.negative,
        },
        "design": {"folds": folds, "repeats": repeats, "index": index, "seed": seed},
        "patients": patients,
        "a": _described(first, a, chosen[0], results[: len(units)]),
        "b": _described(second, b, chosen[1], results[len(units) :]),
        "fusion": FUSION,
        **_figures(scores, 1 / (folds - 1)),
        "score_correlation": _score_correlation(scores, first.outcome),
        "proteins": proteins,
    }
    return FluidComparison(
        summary | {"warnings": _warnings(summary)}, correlations, _predictions(scores, first)
    )


def _fold_scores(first: Cohort, second: Cohort, of_a: FoldResult, of_b: FoldResult) -> pd.DataFrame:
    """Return the calibrated log-odds of the test patients of one fold, one row each."""
    names, a = first.patient_means(of_a.rows, of_a.log_odds)
    others, b = second.patient_means(of_b.rows, of_b.log_odds)
    if names.tolist() != others.tolist():
        raise AssertionError("the two cross-validations do not test the same patients")
    every, classes = first.training_patients
    return pd.DataFrame(
        {
            "patient_id": names,
            "label": classes[np.searchsorted(every.astype(str), names.astype(str))],
            "a": a,
            "b": b,
            "fused": (a + b) / 2,
        }
    )


def _figures(scores: pd.DataFrame, test_share: float) -> dict[str, Any]:
    """Return the AUC of each score and the paired differences."""
    by_fold = scores.groupby(["repeat", "fold"])
    by_repeat = scores.groupby("repeat")
    per_fold = {
        name: np.array([stats.auc(part["label"], part[name]) for _, part in by_fold])
        for name in SCORES
    }
    n_patients, n_positive = by_repeat["label"].size().iloc[0], by_repeat["label"].sum().iloc[0]
    aucs = {}
    for name in SCORES:
        # The score, not its log-odds: the figure must be reproducible from the table.
        per_repeat = [
            stats.auc(part["label"], 100 * stats.expit(part[name])) for _, part in by_repeat
        ]
        aucs[name] = {
            "mean_over_repeats": float(np.mean(per_repeat)),
            "mean_over_folds": float(np.nanmean(per_fold[name])),
            **over_folds(per_fold[name], test_share),
            "estimand": ESTIMAND,
            "per_repeat": per_repeat,
            "n_patients": int(n_patients),
            "n_positive": int(n_positive),
        }
    pairs = (("a", "b"), ("fused", "a"), ("fused", "b"))
    classes = scores.groupby("patient_id")["label"].first().to_numpy(dtype=int)
    placed = {name: _placed(scores, name) for name in SCORES}
    return {
        "auc": aucs,
        "comparisons": [
            _compared(
                *pair,
                np.array([per_fold[name] for name in pair]),
                paired_difference(
                    classes,
                    np.array([placed[name] for name in pair]),
                    np.array([np.nanmean(per_fold[name]) for name in pair]),
                    test_share / (1 + test_share),
                ),
            )
            for pair in pairs
        ],
    }


def _placed(scores: pd.DataFrame, name: str) -> Floats:
    """Return the placement of each patient in its fold, shape (n_repeats, n_patients)."""
    found = pd.concat(
        pd.Series(
            placements(
                part["label"].to_numpy(dtype=float), part[name].to_numpy(), np.ones(len(part))
            ),
            index=pd.MultiIndex.from_frame(part[["repeat", "patient_id"]]),
        )
        for _, part in scores.groupby(["repeat", "fold"])
    )
    # Every patient is tested once a repeat.
    in_order = found.sort_index().to_numpy(dtype=np.float64)
    return np.asarray(in_order.reshape(scores["repeat"].nunique(), -1))


def _compared(first: str, second: str, aucs: Floats, tested: dict[str, Any]) -> dict[str, Any]:
    one, other = NAMES[first], NAMES[second]
    verb, base = ("separate", "separate") if first == "fused" else ("separates", "separate")
    does = "do" if first == "fused" else "does"
    pair = Pair(
        first,
        second,
        f"{one} {verb} better than {other} here",
        f"{one} {does} not {base} better than {other} here",
        f"{one} {verb} worse than {other} here",
        f"Whether {one} {verb} better than {other}",
    )
    difference = aucs[0] - aucs[1]
    lower, upper = tested["interval"]
    return {
        "first": first,
        "second": second,
        "difference": {
            "mean": float(np.nanmean(difference)),
            **tested,
            "kind": PAIR_BY_PATIENT,
            "n_folds": int((~np.isnan(difference)).sum()),
        },
        "verdict": pair.verdict(lower, upper, tested.get("reason", "")),
    }


def _score_correlation(scores: pd.DataFrame, outcome: Outcome) -> dict[str, Any]:
    mean = scores.groupby("patient_id")[["label", "a", "b"]].mean()
    return score_correlation(
        mean["a"].to_numpy(),
        mean["b"].to_numpy(),
        mean["label"].to_numpy().astype(int),
        (outcome.negative or "negative", outcome.positive),
    )


def _described(
    cohort: Cohort, matrix: ProteinMatrix, settings: Settings, results: list[FoldResult]
) -> dict[str, Any]:
    """Return what one fluid is, and what its folds decided for themselves."""
    return describe_cohort(cohort) | {
        "imputation": dict(sorted(Counter(result.imputation for result in results).items())),
        "tuning": dict(sorted(Counter(result.tuned.name for result in results).items())),
        "panel": panel_frequencies(cohort, settings, [results]),
        "path": matrix.source.path,
        "sha256": matrix.source.sha256,
        "settings": settings.to_dict(),
        "duplicates": [asdict(pair) for pair in find_duplicates(cohort.values, cohort.patients)],
    }


def _predictions(scores: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    labels = np.array([cohort.outcome.negative, cohort.outcome.positive], dtype=object)
    table = scores[["patient_id"]].assign(outcome=labels[scores["label"].to_numpy()])
    table = table.assign(repeat=scores["repeat"], fold=scores["fold"])
    for name in SCORES:
        table[f"score_{name}"] = 100 * stats.expit(scores[name].to_numpy())
    return table


def _warnings(summary: dict[str, Any]) -> list[str]:
    patients, warnings = summary["patients"], []
    if summary["a"]["sha256"] and summary["a"]["sha256"] == summary["b"]["sha256"]:
        warnings.append(
            "A and B come from one file: they differ only in how each was asked to be read."
        )
    smaller = min(patients["n_positive"], patients["n_negative"])
    if smaller < 20:
        warnings.append(
            f"Only {smaller} common patients in the smaller class: every figure here is uncertain."
        )
    apart = patients["days_apart"]
    if apart.get("n_apart"):
        warnings.append(
            f"In {apart['n_apart']} of {apart['n']} patients the two index samples are of "
            f"different days, up to {apart['most']:g} apart: a difference may be one of time."
        )
    for fluid in ("a", "b"):
        twice = duplicates_warning(
            len(summary[fluid]["duplicates"]),
            "is in training and test at once",
            f"`{fluid}.duplicates` in comparison.json",
        )
        warnings += [f"{NAMES[fluid]}: {twice}"] if twice else []
    for score, auc in summary["auc"].items():
        warnings += [f"{NAMES[score]}: {said}" for said in auc_warnings(auc, {})]
    return warnings
