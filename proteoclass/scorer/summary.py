"""`evaluation.json`: every figure with what it estimates, its interval and its n."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.folds import unit_seed
from proteoclass.matrix.outcome import is_replicate
from proteoclass.matrix.quality.duplicates import duplicates_warning, find_duplicates
from proteoclass.scorer.chance import MIN_PERMUTATIONS, chance_warning
from proteoclass.scorer.chosen_panel import describe_chosen
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import compare_on_folds, fold_auc, held_out_ratio, over_folds
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.leave_out import LeftOut
from proteoclass.scorer.leave_out_auc import between_levels, carries_over_warning, leave_out_auc
from proteoclass.scorer.performance.figures import held_out_figures
from proteoclass.scorer.performance.limits import thresholds
from proteoclass.scorer.procedure import FittedProcedure
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.single_protein import SINGLE, SUSPICIOUS_AUC, suspicious_protein
from proteoclass.scorer.tuning import Candidate, describe_tuning
from proteoclass.scorer.versions import software_versions

Floats = npt.NDArray[np.float64]

ESTIMAND = (
    "expected AUC of the whole procedure (normalise, choose, score) when it is fitted on a "
    "cohort of this size and applied to new patients from the same source"
)


def summarise(
    cohort: Cohort,
    settings: Settings,
    by_repeat: list[list[FoldResult]],
    whole: tuple[Candidate, FittedProcedure],
    permutation: dict[str, Any],
    design: dict[str, Any],
    fixed: tuple[str, ...],
    *,
    describe: bool = True,
    left: LeftOut | None = None,
) -> dict[str, Any]:
    """Return the content of `evaluation.json`.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved.
    by_repeat : list of list of FoldResult
    whole : tuple of Candidate and FittedProcedure
        The fit to all patients, as `fit_to_all` returns it.
    permutation : dict
        As `permutation_test` returns it.
    design : dict
        Folds, repeats, permutations, index rule and seed.
    fixed : tuple of str
        Proteins of a held panel, if any.
    describe : bool
        Whether to run the selection on half-samples and say what is known of the panel.
    left : LeftOut, optional
        The levels that were the folds.

    Returns
    -------
    dict
    """
    judged = by_repeat if left is None else left.judged(by_repeat)
    auc = _auc(cohort, by_repeat) if left is None else leave_out_auc(cohort, by_repeat[0], left)
    rows = cohort.index_rows()
    tuned, fitted = whole
    apparent = _apparent_auc(cohort, fitted, rows)
    summary: dict[str, Any] = {
        "format": "proteoclass-evaluation",
        "version": 1,
        "software": software_versions(),
        "outcome": {
            "column": cohort.outcome.column,
            "positive": cohort.outcome.positive,
            "negative": cohort.outcome.negative,
        },
        "cohort": describe_cohort(cohort),
        "design": design,
        "settings": settings.to_dict(),
        "imputation": _imputation(settings.impute, by_repeat, fitted.imputation),
        "tuning": describe_tuning(settings, (r.tuned for rs in by_repeat for r in rs), tuned),
        "auc": auc,
        "permutation": permutation,
        "thresholds": thresholds(cohort, by_repeat),
        **held_out_figures(cohort, by_repeat, design),
        # A rival's AUC has the kind of interval that the model's has.
        "comparators": compare_on_folds(cohort, judged, None if left is None else between_levels),
        "panel": panel_frequencies(cohort, settings, by_repeat, fixed),
        "optimism": {
            "apparent": apparent,
            "cross_validated": auc["mean_over_repeats"],
            "difference": apparent - auc["mean_over_repeats"],
        },
    }
    if describe:
        summary["panel"] |= _known_of_panel(
            cohort, settings, by_repeat, fitted, design["seed"], bool(fixed)
        )
    notes = [] if left is None else [*left.notes(), *carries_over_warning(auc, left.column)]
    labelled = ~np.isnan(cohort.labels)
    twice = find_duplicates(cohort.values[labelled], cohort.patients[labelled])
    summary["duplicates"] = [asdict(pair) for pair in twice]
    singles = [result.single_protein for results in judged for result in results]
    named = suspicious_protein(summary["comparators"], singles)
    said = duplicates_warning(len(twice), "is in training and test at once")
    panels = [result.panel for results in by_repeat for result in results]
    # With a threshold, or a given panel, no number was asked for.
    asked = 0 if fixed or settings.threshold is not None else settings.size
    notes += [text for text in (named, said, smaller_panels_warning(panels, asked)) if text]
    return summary | {"warnings": [*_warnings(summary), *notes]}


def describe_cohort(cohort: Cohort) -> dict[str, Any]:
    """Return what a reader needs to know of the patients and the matrix."""
    names, classes = cohort.training_patients
    used = cohort.used()
    without = set(cohort.patients[used == "follow-up"].astype(str)) - set(names)
    matrix = cohort.matrix
    replicates = is_replicate(matrix.samples).to_numpy(dtype=bool)
    return {
        "n_patients": len(names),
        "n_positive": int(classes.sum()),
        "n_negative": int(len(names) - classes.sum()),
        "n_patients_without_index": len(without),
        "n_index_samples": int((used == "index").sum()),
        "n_follow_up_samples": int(((used == "follow-up") & ~replicates).sum()),
        "n_replicate_samples": int(replicates.sum()),
        "n_other_samples": int(((used == "other") & ~replicates).sum()),
        "n_proteins": matrix.n_proteins,
        "fluid": matrix.fluid,
        "kind": matrix.kind,
        "scale": matrix.scale,
        "quantity_scope": matrix.quantity_scope,
        "synthetic": matrix.synthetic,
    }


def _auc(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> dict[str, Any]:
    per_repeat = [
        fold_auc(
            cohort,
            np.concatenate([r.rows for r in results]),
            # The score, not its log-odds: the figure must be reproducible from the table.
            np.concatenate([100 * stats.expit(r.log_odds) for r in results]),
        )
        for results in by_repeat
    ]
    per_fold = [[fold_auc(cohort, r.rows, r.margin) for r in results] for results in by_repeat]
    names, classes = cohort.training_patients
    return {
        "mean_over_repeats": float(np.mean(per_repeat)),
        "mean_over_folds": float(np.nanmean(per_fold)),
        **over_folds(np.ravel(per_fold), held_out_ratio(cohort, by_repeat)),
        "interval_level": 0.95,
        "estimand": ESTIMAND,
        "per_repeat": per_repeat,
        "per_fold": per_fold,
        "n_patients": len(names),
        "n_positive": int(classes.sum()),
    }


def _imputation(asked: str, by_repeat: list[list[FoldResult]], over_all: str) -> dict[str, Any]:
    """Return which imputer was in force where, and the sentence that says it."""
    used = Counter(r.imputation for results in by_repeat for r in results)
    total = used.total()
    in_folds = ", ".join(f"{name} in {n} of {total}" for name, n in sorted(used.items()))
    return {
        "asked": asked,
        "folds": dict(sorted(used.items())),
        "all_patients": over_all,
        "text": (
            f"Values that were not detected, --impute {asked}: {in_folds} training folds, "
            f"{over_all} in the fit to all patients."
        ),
    }


def _apparent_auc(cohort: Cohort, fitted: FittedProcedure, rows: npt.NDArray[np.intp]) -> float:
    values = fitted.panel_values(cohort.values.iloc[rows])
    return stats.auc(cohort.labels[rows], fitted.blend.margin(values), cohort.weights[rows])


def panel_frequencies(
    cohort: Cohort,
    settings: Settings,
    by_repeat: list[list[FoldResult]],
    fixed: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return how often each protein was in the panel of a fold, the most frequent first."""
    results = [r for repeat in by_repeat for r in repeat]
    ids, counts = np.unique(np.concatenate([r.panel for r in results]), return_counts=True)
    order = np.lexsort((ids, -counts))
    proteins = cohort.matrix.proteins
    return {
        "size": settings.size,
        "held": bool(fixed),
        "n_fits": len(results),
        "frequencies": [
            {
                "id": str(ids[i]),
                "gene": proteins.at[ids[i], "gene"],
                "accessions": proteins.at[ids[i], "accessions"],
                "frequency": float(counts[i] / len(results)),
            }
            for i in order
        ],
    }


def _known_of_panel(
    cohort: Cohort,
    settings: Settings,
    by_repeat: list[list[FoldResult]],
    fitted: FittedProcedure,
    seed: int,
    held: bool,
) -> dict[str, Any]:
    """Return what is known of the panel that all patients together chose."""
    panels = [result.panel for results in by_repeat for result in results]
    described = describe_chosen(
        cohort, fitted.pipeline[:-1], settings, unit_seed(seed), panels, held=held
    )
    return {
        key: described[key]
        for key in ("n_candidates", "proteins", "kinds", "stability", "error_bound", "caution")
    }


def smaller_panels_warning(panels: Sequence[Sequence[str]], asked: int) -> str:
    """Return how many panels hold fewer proteins than were asked for, "" where none does.

    Parameters
    ----------
    panels : sequence of sequences of str
        Of each fit.
    asked : int

    Returns
    -------
    str

    Examples
    --------
    >>> smaller_panels_warning([["LCN2", "ALB"], ["LCN2", "UMOD", "ALB"]], 3)[-21:]
    'the smallest holds 2.'
    """
    sizes = [len(panel) for panel in panels]
    fewer = sum(size < asked for size in sizes)
    if not fewer:
        return ""
    return (
        f"In {fewer} of {len(sizes)} training folds the panel holds fewer than the {asked} "
        f"proteins asked for, no other being a candidate; the smallest holds {min(sizes)}."
    )


def auc_warnings(auc: dict[str, Any], permutation: dict[str, Any]) -> list[str]:
    """Return what must be said beside a cross-validated AUC: chance, a leak, no spread.

    Parameters
    ----------
    auc, permutation : dict
        As they stand in `evaluation.json`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> auc_warnings({"mean_over_repeats": 0.99, "interval": [0.8, 1.0]}, {})
    ['AUC 0.99 is above 0.95: look for a leak first.']
    """
    no_better = chance_warning(auc, permutation)
    warnings = [no_better] if no_better else []
    value = auc["mean_over_repeats"]
    if value > SUSPICIOUS_AUC:
        warnings.append(f"AUC {value:.2f} is above {SUSPICIOUS_AUC}: look for a leak first.")
    if "reason" in auc:
        warnings.append(f"The AUC has no interval: {auc['reason']}.")
    return warnings


def index_warnings(summary: dict[str, Any]) -> list[str]:
    """Return how many labelled patients take no part, having no index sample.

    Parameters
    ----------
    summary : dict
        With `cohort` and `design`, as in `evaluation.json`.

    Returns
    -------
    list of str
        One sentence, or none.

    Examples
    --------
    >>> cohort = {"n_patients": 9, "n_patients_without_index": 31}
    >>> index_warnings({"cohort": cohort, "design": {"index": "day=0"}})
    ['31 of 40 labelled patients have no sample that --index day=0 names: they are in no figure.']
    """
    n, without = (summary["cohort"][key] for key in ("n_patients", "n_patients_without_index"))
    if not without:
        return []
    return [
        f"{without} of {n + without} labelled patients have no sample that --index "
        f"{summary['design']['index']} names: they are in no figure."
    ]


def _warnings(summary: dict[str, Any]) -> list[str]:
    warnings = [*auc_warnings(summary["auc"], summary["permutation"]), *index_warnings(summary)]
    cohort = summary["cohort"]
    seen = summary["design"].get("patients_seen_by_panel", 0)
    if seen:
        warnings.append(
            f"The panel was derived from {seen} of the {cohort['n_patients']} patients evaluated "
            "here: it was not held, its selection was run again in each fold."
        )
    p, n = summary["permutation"].get("p"), summary["permutation"].get("n", 0)
    if p is not None and n < MIN_PERMUTATIONS:
        warnings.append(
            f"{n} permutations are too few to tell the AUC from chance: the smallest possible p is "
            f"{1 / (1 + n):.2f}."
        )
    smaller = min(cohort["n_positive"], cohort["n_negative"])
    if smaller < 20:
        warnings.append(
            f"Only {smaller} patients in the smaller class: every figure here is uncertain, the "
            "limits and the calibration most of all."
        )
    for comparator in summary["comparators"]:
        if (
            comparator["name"] == SINGLE
            # Not testable, which is NaN, is no proof either.
            and not comparator["difference"]["interval"][0] > 0
        ):
            warnings.append(comparator["verdict"])
    if cohort["quantity_scope"] == "cohort":
        warnings.append(
            "Quantities were computed across runs before they reached us: figures are conditional "
            "on the search."
        )
    return warnings
