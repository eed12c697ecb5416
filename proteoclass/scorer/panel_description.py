"""The description of a panel on a cohort, with folds of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from proteoclass import stats
from proteoclass.errors import TooLittleDataError
from proteoclass.folds import spawn
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.panel import Panel
from proteoclass.panel.selection.moderated import moderated_t
from proteoclass.scorer.chosen_panel import describe_chosen
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.comparators import DIFFERENCE_KIND, difference_test, verdict
from proteoclass.scorer.crossfit import unit_seed
from proteoclass.scorer.evaluation import MIN_PER_CLASS, outer_folds
from proteoclass.scorer.held_panel import held_proteins
from proteoclass.scorer.panel_evidence import SINGLE
from proteoclass.scorer.parallel import Progress, run_units, single_threaded
from proteoclass.scorer.prepared_fold import PreparedFold, prepare_fold
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.scorer.settings import Settings

CHOSEN_BY = "largest absolute moderated t of the fold's panel, on training patients"
INTERVAL_KIND = "Nadeau–Bengio corrected resampled t over fold AUCs, 95 %"


@dataclass(frozen=True)
class FoldChoice:
    """What one training fold chose, and how it did on the fold's test patients.

    Parameters
    ----------
    panel : list of str
    single : str
        The panel's strongest protein on the training patients; empty where there is none.
    auc, single_auc : float
        Of the uncalibrated model and of that protein alone, on test patients.
    """

    panel: list[str]
    single: str
    auc: float
    single_auc: float


def describe_panel(
    matrix: ProteinMatrix,
    outcome: Outcome,
    *,
    panel: Panel | None = None,
    settings: Settings | None = None,
    folds: int = 5,
    repeats: int = 4,
    index: str = "first",
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Say how stable the choice of a panel is and what each protein does in a cohort.

    Parameters
    ----------
    matrix : ProteinMatrix
    outcome : Outcome
    panel : Panel, optional
        From elsewhere: described as given. Derived from this very matrix, or left out: the
        selection is run again on half-samples and in folds.
    settings : Settings, optional
    folds, repeats : int
        Folds in which the panel is chosen and compared with its best single protein; left
        out where a class has too few patients for them.
    index : str
        Rule of `index_weights`.
    seed : int
        As for `derive_panel`: the same seed describes the same panel.
    jobs : int
        Processes; the result is the same for any number.
    progress : callable, optional

    Returns
    -------
    dict
        Plain values: `proteins` (each with direction, effect, missing rates, AUC, selection
        frequency over folds and half-samples, substitutes), `kinds`, `stability`,
        `error_bound`, `best_single_protein`, `caution` and the numbers of patients.

    Raises
    ------
    InputError, TooLittleDataError, PanelMismatchError
        As `evaluate`.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> cohort = simulate_cohort(patients=30, severe=12, proteins=80, visits=1, seed=1)
    >>> description = describe_panel(cohort.matrix, Outcome("severity", "severe"), folds=3,
    ...                              repeats=1, settings=Settings(size=5, bags=2, rounds=5))
    >>> len(description["proteins"]), description["stability"]["half_samples"]["n_sets"]
    (5, 50)
    """
    cohort = build_cohort(matrix, outcome, index=index)
    resolved = (settings or Settings()).resolve(cohort.matrix)
    fixed, resolved = held_proteins(panel, cohort, resolved)
    smaller = int(np.bincount(cohort.training_patients[1], minlength=2).min())
    enough = max(MIN_PER_CLASS, folds)
    units = [
        (cohort, test, resolved, (seed, repeat, fold), fixed)
        for repeat in range(repeats if smaller >= enough else 0)
        for fold, test in enumerate(outer_folds(cohort, folds, spawn(seed, repeat)))
    ]
    chosen: list[FoldChoice] = run_units(
        choose_on_fold, units, jobs=jobs, label="folds", progress=progress
    )
    fitted = single_threaded(
        fit_procedure, (cohort, cohort.index_rows(), resolved, unit_seed(seed), fixed)
    )
    described = describe_chosen(
        cohort,
        fitted.pipeline[:-1],
        resolved,
        unit_seed(seed),
        [each.panel for each in chosen],
        held=bool(fixed),
        progress=progress,
    )
    return {
        "outcome": {
            "column": cohort.outcome.column,
            "positive": cohort.outcome.positive,
            "negative": cohort.outcome.negative,
        },
        "choice": {
            "method": None if fixed else resolved.select,
            "size": len(described["proteins"]),
            "threshold": resolved.threshold,
            "held": bool(fixed),
            "folds": folds,
            "repeats": repeats,
            "index": index,
            "seed": seed,
        },
        **described,
        "best_single_protein": best_single(chosen, 1 / (folds - 1), cohort.matrix.proteins),
        "no_folds": None
        if chosen
        else (
            f"No folds: {folds} need at least {enough} patients of each class, found {smaller}. "
            "The panel is not compared with its best single protein."
        ),
    }


def choose_on_fold(
    cohort: Cohort,
    test_patients: npt.NDArray[np.object_],
    settings: Settings,
    seed_path: tuple[int, ...],
    fixed: tuple[str, ...],
) -> FoldChoice:
    """Choose a panel on the training patients of a fold, and score the test patients.

    Parameters
    ----------
    cohort : Cohort
    test_patients : array of object
    settings : Settings
        Resolved.
    seed_path : tuple of int
        Seed, repeat and fold, as for `run_fold`.
    fixed : tuple of str
        A panel from elsewhere.

    Returns
    -------
    FoldChoice
        An empty panel, which is no better than chance, where no protein reached the
        threshold.
    """
    fold = prepare_fold(cohort, test_patients, settings, seed_path, fixed)
    columns = fold.held if len(fold.held) else _chosen(fold, settings)
    if not len(columns):
        return FoldChoice([], "", 0.5, 0.5)
    t = moderated_t(fold.train[:, columns], fold.labels, fold.weights[None, :]).t[0]
    strongest = int(np.argmax(np.abs(np.nan_to_num(t))))
    values = fold.test[:, columns[strongest]]
    values = np.where(np.isnan(values), np.nanmedian(fold.train[:, columns[strongest]]), values)
    panel = [str(name) for name in fold.proteins[columns]]
    return FoldChoice(
        panel=panel,
        single=panel[strongest],
        auc=fold.auc(columns),
        single_auc=stats.auc(fold.test_labels, np.sign(t[strongest]) * values, fold.test_weights),
    )


def _chosen(fold: PreparedFold, settings: Settings) -> npt.NDArray[np.intp]:
    selector = clone(fold.chooser)
    try:
        selector.fit(fold.train, fold.labels, fold.weights, fold.patients)
    except TooLittleDataError:
        if settings.threshold is None:
            raise
        return np.array([], dtype=np.intp)
    return np.asarray(selector.get_support(indices=True))


def best_single(
    chosen: Sequence[FoldChoice], test_share: float, proteins: pd.DataFrame
) -> dict[str, Any] | None:
    """Compare the panel with its strongest protein over folds.

    Parameters
    ----------
    chosen : sequence of FoldChoice
    test_share : float
        Test patients over training patients of a fold.
    proteins : DataFrame
        By id: `gene`.

    Returns
    -------
    dict or None
        As `best_single_protein` of an evaluation; None where no fold chose a protein.
    """
    named = Counter(each.single for each in chosen if each.single)
    if not named:
        return None
    alone = np.array([each.single_auc for each in chosen])
    difference = np.array([each.auc for each in chosen]) - alone
    low, high = stats.corrected_resampled_interval(alone, test_share)
    tested = difference_test(difference, test_share)
    return {
        "chosen": [
            {"id": name, "gene": proteins.loc[name, "gene"], "frequency": count / len(chosen)}
            for name, count in sorted(named.items(), key=lambda item: (-item[1], item[0]))
        ],
        "chosen_by": CHOSEN_BY,
        "n_folds": len(chosen),
        "n_empty": sum(not each.panel for each in chosen),
        "auc": {
            "mean_over_folds": float(np.nanmean(alone)),
            "interval": [max(low, 0.0), min(high, 1.0)],
            "interval_kind": INTERVAL_KIND,
        },
        "difference": {
            "mean": float(np.nanmean(difference)),
            **tested,
            "kind": DIFFERENCE_KIND,
        },
        "verdict": verdict(SINGLE, *tested["interval"]),
    }
