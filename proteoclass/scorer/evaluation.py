"""Nested, repeated, grouped cross-validation of the whole procedure."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from proteoclass import io
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.panel import Panel
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.comparators import fold_auc, held_out_ratio
from proteoclass.scorer.crossfit import FoldOptions, FoldResult, fit_to_all, run_fold
from proteoclass.scorer.design import Design
from proteoclass.scorer.held_panel import held_proteins
from proteoclass.scorer.learning_curve import learning_curve as curve_on_folds
from proteoclass.scorer.leave_out import LeftOut, left_out
from proteoclass.scorer.out_of_fold import explanations, mean_scores, predictions
from proteoclass.scorer.panel_evidence import best_single_protein, panel_evidence
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.permutation import permutation_test
from proteoclass.scorer.prediction_sets import conformal_figures
from proteoclass.scorer.rivals.clinical import clinical_table
from proteoclass.scorer.rivals.evidence import describe_rivals, patients_of
from proteoclass.scorer.rivals.nuisance import Nuisances
from proteoclass.scorer.seen_patients import patients_seen
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.single_protein import SINGLE
from proteoclass.scorer.splits import MIN_PER_CLASS, FoldUnit, fold_units
from proteoclass.scorer.summary import summarise
from proteoclass.scorer.tuning import candidates
from proteoclass.scorer.uninformative import uninformative


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What cross-validation says of the procedure, and the predictions it rests on.

    Parameters
    ----------
    summary : dict
        Content of `evaluation.json`: every figure with its kind and n.
    predictions : DataFrame
        Content of `predictions.tsv`: every labelled sample in every repeat.
    scores : DataFrame
        One row a sample of a labelled patient, averaged over repeats on the log-odds:
        `sample_id log_odds lower upper label weight`.
    explanations : DataFrame
        Contributions by the models that never saw the patient; columns of
        `explanations.tsv`.
    margins : DataFrame
        Uncalibrated out-of-fold margins of index samples in every repeat, by the blend that
        the fit to all patients uses, for the shipped calibrator: `margin label weight`.
    cohort : Cohort
    settings : Settings
        Resolved.
    """

    summary: dict[str, Any]
    predictions: pd.DataFrame
    scores: pd.DataFrame
    explanations: pd.DataFrame
    margins: pd.DataFrame
    cohort: Cohort
    settings: Settings

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Write `evaluation.json` and `predictions.tsv` into an existing folder."""
        io.write_json(os.path.join(folder, "evaluation.json"), self.summary)
        io.write_table(os.path.join(folder, "predictions.tsv"), self.predictions)


def evaluate(
    matrix: ProteinMatrix,
    outcome: Outcome,
    *,
    settings: Settings | None = None,
    panel: Panel | None = None,
    folds: int = 5,
    repeats: int = 4,
    permutations: int = 100,
    leave_out: str = "",
    clinical: Sequence[str] = (),
    learning_curve: bool = False,
    conformal: float = 0.0,
    sizes: Sequence[int] = (),
    swaps: bool = False,
    describe: bool = True,
    index: str = "first",
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Estimate what the procedure would reach on new patients from the same source.

    Normalisation, missing values, the choice of proteins, boosters, calibration and
    limits are all learnt inside each training fold.

    Parameters
    ----------
    matrix : ProteinMatrix
    outcome : Outcome
    settings : Settings, optional
    panel : Panel, optional
        From elsewhere: held in every fold. Derived from any of these patients: chosen
        again in every fold, and said.
    folds : int
        Outer folds; whole patients, stratified by class.
    repeats : int
    permutations : int
        0 leaves the permutation test out.
    leave_out : str
        Column of the sample sheet, such as "site", whose levels are the folds, each held out
        once: `folds` and `repeats` have no say then.
    clinical : sequence of str, optional
        Columns of the sample sheet for a clinical baseline on the same folds, alone and
        together with the panel.
    learning_curve : bool
        Whether the AUC is found on parts of the training patients too.
    conformal : float
        0, or the share of errors that class-conditional prediction sets may make.
    sizes : sequence of int, optional
        Panel sizes, 1 to 50, whose AUC is found on the same folds.
    swaps : bool
        Whether to find what the AUC loses by each protein of the panel.
    describe : bool
        Whether to say what is known of the panel that all patients choose, for which the
        selection is run again on half-samples of them.
    index : str
        Rule of `index_weights`.
    seed : int
    jobs : int
        Processes; the result is the same for any number.
    progress : callable, optional
        Called with a label, units done and units in all.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        If the outcome does not fit the sheet or a number is out of range.
    TooLittleDataError
        If a class has fewer than 5 patients, or fewer than there are folds, or no values
        at all; if no protein varies, or an index sample cannot be normalised.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> quick = Settings(bags=2, rounds=5)
    >>> result = evaluate(cohort.matrix, Outcome("severity", "severe"), settings=quick,
    ...                   folds=3, repeats=1, permutations=0)
    >>> 0 <= result.summary["auc"]["mean_over_repeats"] <= 1
    True
    """
    design = Design(
        folds=folds,
        repeats=repeats,
        permutations=permutations,
        leave_out=leave_out,
        clinical=tuple(clinical),
        learning_curve=learning_curve,
        conformal=conformal,
        sizes=tuple(sizes),
        swaps=swaps,
        describe=describe,
        index=index,
        seed=seed,
    )
    cohort = build_cohort(matrix, outcome, index=index, minimum=max(MIN_PER_CLASS, folds))
    blank = uninformative(cohort)
    resolved = (settings or Settings()).resolve(cohort.matrix)
    fixed, resolved = held_proteins(panel, cohort, resolved)
    units, left = _units(cohort, resolved, fixed, design)
    if left is not None:
        folds, repeats = len(units), 1
    patients = patients_of(cohort)
    options = FoldOptions(
        prevalence=cohort.prevalence,
        clinical=clinical_table(cohort, patients, design.clinical),
        nuisances=Nuisances.of(patients),
    )
    work: dict[str, Any] = {"jobs": jobs, "progress": progress}
    # The fit to all patients takes longer than a fold: among them, no process waits for it.
    whole, *results = run_units(
        _fit,
        [
            (fit_to_all, cohort, resolved, seed, fixed),
            *((run_fold, *unit, options) for unit in units),
        ],
        label="cross-validation",
        **work,
    )
    by_repeat = [results[r * folds : (r + 1) * folds] for r in range(repeats)]
    null = permutation_test(
        cohort,
        resolved,
        folds=left or folds,
        permutations=permutations,
        seed=seed,
        fixed=fixed,
        **work,
    )
    said = design.to_dict() | {
        "folds": folds,
        "repeats": repeats,
        "panel": "held" if fixed else "chosen in each fold",
        "patients_seen_by_panel": 0 if panel is None else patients_seen(panel, cohort),
    }
    summary = summarise(
        cohort, resolved, by_repeat, whole, null, said, fixed, describe=describe, left=left
    )
    summary["warnings"] += blank.warnings()
    summary["cohort"] |= blank.counts()
    summary |= _beside(summary, units, by_repeat, design, options, left, work)
    return Evaluation(
        summary=summary,
        predictions=predictions(cohort, by_repeat),
        scores=mean_scores(cohort, by_repeat),
        explanations=explanations(cohort, by_repeat, resolved),
        margins=_index_margins(cohort, by_repeat, _used_over_all(resolved, summary)),
        cohort=cohort,
        settings=resolved,
    )


def _fit(function: Callable[..., Any], *unit: Any) -> Any:
    return function(*unit)


def _units(
    cohort: Cohort, settings: Settings, fixed: tuple[str, ...], design: Design
) -> tuple[list[FoldUnit], LeftOut | None]:
    """Return the arguments of `run_fold`, and the levels where these are the folds."""
    if not design.leave_out:
        folds, repeats = design.folds, design.repeats
        return fold_units(cohort, settings, fixed, folds, repeats, design.seed), None
    left = left_out(cohort, design.leave_out)
    return left.units(cohort, settings, fixed, design.seed), left


def _beside(
    summary: dict[str, Any],
    units: list[FoldUnit],
    by_repeat: list[list[FoldResult]],
    design: Design,
    options: FoldOptions,
    left: LeftOut | None,
    work: dict[str, Any],
) -> dict[str, Any]:
    """Return what stands beside the model's own figures, on the folds that have an AUC."""
    if left is not None:
        [units], by_repeat = left.judged([units]), left.judged(by_repeat)
    comparators = summary["comparators"]
    levels = left is not None
    beside, warned = describe_rivals(units[0][0], by_repeat, comparators, options, levels=levels)
    asked = {"sizes": design.sizes, "swaps": design.swaps} | work
    known = _known_from_folds(units, by_repeat, comparators, asked)
    return (
        beside
        | {"warnings": [*summary["warnings"], *warned], "panel": summary["panel"] | known}
        | _of_other_fits(units, by_repeat, design, work)
    )


def _known_from_folds(
    units: list[FoldUnit],
    by_repeat: list[list[FoldResult]],
    comparators: list[dict[str, Any]],
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Return the best single protein, and what was asked of other panels."""
    cohort, _, _, _, fixed = units[0]
    results = [result for results in by_repeat for result in results]
    [alone] = [row for row in comparators if row["name"] == SINGLE]
    singles = [result.single_protein for result in results]
    panels = [result.panel for result in results]
    return {
        "best_single_protein": best_single_protein(
            cohort.matrix.proteins, singles, alone, held=bool(fixed)
        ),
        **panel_evidence(units, panels, held_out_ratio(cohort, by_repeat), **asked),
    }


def _of_other_fits(
    units: list[FoldUnit],
    by_repeat: list[list[FoldResult]],
    design: Design,
    work: dict[str, Any],
) -> dict[str, Any]:
    """Return what takes fits of its own on the same folds: learning curve, prediction sets."""
    cohort = units[0][0]
    curve: dict[str, Any] = {"points": None, "reason": "not asked for"}
    if design.learning_curve:
        full = [fold_auc(cohort, r.rows, r.margin) for results in by_repeat for r in results]
        curve = curve_on_folds(units, np.array(full), held_out_ratio(cohort, by_repeat), **work)
    sets = conformal_figures(units, design.conformal, left_out=design.leave_out, **work)
    return {"learning_curve": curve, "conformal": sets}


def _used_over_all(settings: Settings, summary: dict[str, Any]) -> int:
    """Return the place among the candidates of the blend of the fit to all patients."""
    names = [candidate.name for candidate in candidates(settings)]
    return names.index(summary["tuning"]["all_patients"])


def _index_margins(
    cohort: Cohort, by_repeat: list[list[FoldResult]], candidate: int
) -> pd.DataFrame:
    parts = []
    for results in by_repeat:
        rows = np.concatenate([r.rows for r in results])
        # Of one blend, whatever a fold chose: margins of another penalty are of another scale.
        margin = np.concatenate([r.candidate_margins[:, candidate] for r in results])
        keep = cohort.weights[rows] > 0
        parts.append(
            pd.DataFrame(
                {
                    "margin": margin[keep],
                    "label": cohort.labels[rows[keep]],
                    "weight": cohort.weights[rows[keep]] / len(by_repeat),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
