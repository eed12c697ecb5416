"""The description of a panel on a cohort, with folds of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from proteoclass.errors import TooLittleDataError
from proteoclass.folds import unit_seed
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.panel import Panel
from proteoclass.scorer.chosen_panel import describe_chosen
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.comparators import compare_on_folds
from proteoclass.scorer.derive import fit_selection
from proteoclass.scorer.design import check_design
from proteoclass.scorer.held_panel import held_proteins
from proteoclass.scorer.panel_evidence import best_single_protein, panel_evidence
from proteoclass.scorer.panel_size import check_sizes
from proteoclass.scorer.parallel import Progress, run_units, single_threaded
from proteoclass.scorer.prepared_fold import PreparedFold, prepare_fold
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.single_protein import SINGLE, strongest_protein
from proteoclass.scorer.splits import MIN_PER_CLASS, fold_units


@dataclass(frozen=True, eq=False)
class FoldChoice:
    """What one training fold chose, and how it did on the fold's test patients.

    Parameters
    ----------
    panel : list of str
    single : str
        The strongest candidate of the training patients, in the panel or not; of a panel
        from elsewhere, the strongest of its own.
    rows : array of int, shape (n_test,)
        Positions of the index samples of the test patients.
    margin : array of float, shape (n_test,)
        Of the uncalibrated model.
    rival_margins : dict of str to array
        Scores of that protein alone.
    """

    panel: list[str]
    single: str
    rows: npt.NDArray[np.intp]
    margin: npt.NDArray[np.float64]
    rival_margins: dict[str, npt.NDArray[np.float64]]


def describe_panel(
    matrix: ProteinMatrix,
    outcome: Outcome,
    *,
    panel: Panel | None = None,
    settings: Settings | None = None,
    folds: int = 5,
    repeats: int = 4,
    sizes: Sequence[int] = (),
    swaps: bool = False,
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
    sizes : sequence of int, optional
        Panel sizes, 1 to 50, whose AUC is found on the same folds.
    swaps : bool
        Whether to find what the AUC loses by each protein of the panel.
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
        `error_bound`, `best_single_protein`, `caution` and the numbers of patients; what
        `panel_evidence` returns, where it was asked for.

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
    check_design(folds, repeats)
    sizes = check_sizes(sizes)
    cohort = build_cohort(matrix, outcome, index=index)
    resolved = (settings or Settings()).resolve(cohort.matrix)
    fixed, resolved = held_proteins(panel, cohort, resolved)
    no_folds = _no_folds(cohort, folds)
    units = fold_units(cohort, resolved, fixed, folds, 0 if no_folds else repeats, seed)
    chosen: list[FoldChoice] = run_units(
        choose_on_fold, units, jobs=jobs, label="folds", progress=progress
    )
    selection = single_threaded(
        fit_selection, (cohort, cohort.index_rows(), resolved, unit_seed(seed), fixed)
    )
    described = describe_chosen(
        cohort,
        selection,
        resolved,
        unit_seed(seed),
        [each.panel for each in chosen],
        held=bool(fixed),
        progress=progress,
    )
    asked = {"sizes": sizes, "swaps": swaps, "jobs": jobs, "progress": progress}
    design = {"folds": folds, "repeats": repeats, "index": index, "seed": seed}
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
            **design,
        },
        **described,
        "best_single_protein": None,
        "no_folds": no_folds,
        **_known_from_folds(units, chosen, 1 / (folds - 1), asked),
    }


def _no_folds(cohort: Cohort, folds: int) -> str | None:
    """Say why there can be no folds, or None where there can."""
    smaller = int(np.bincount(cohort.training_patients[1], minlength=2).min())
    enough = max(MIN_PER_CLASS, folds)
    if smaller >= enough:
        return None
    return (
        f"No folds: {folds} need at least {enough} patients of each class, found {smaller}. "
        "The panel is not compared with the best single protein."
    )


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
        An empty panel, whose margins are all 0, where no protein reached the threshold.
    """
    fold = prepare_fold(cohort, test_patients, settings, seed_path, fixed)
    columns = fold.held if len(fold.held) else _chosen(fold, settings)
    candidates = fold.held if len(fold.held) else fold.chooser.candidates(fold.train)
    single = strongest_protein(fold.train, fold.labels, fold.weights, fold.proteins, candidates)
    rows = cohort.rows_of(test_patients)
    return FoldChoice(
        panel=[str(name) for name in fold.proteins[columns]],
        single=str(fold.proteins[single.position]),
        rows=rows[cohort.weights[rows] > 0],
        margin=fold.margin(columns),
        rival_margins={SINGLE: single.scores(fold.test[:, single.position])},
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


def _known_from_folds(
    units: Sequence[tuple[Any, ...]],
    chosen: Sequence[FoldChoice],
    share: float,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Return what test patients say of the panel; nothing where there are no folds."""
    if not chosen:
        return {}
    cohort, *_, fixed = units[0]
    by_repeat: dict[int, list[FoldChoice]] = {}
    for unit, each in zip(units, chosen, strict=True):
        by_repeat.setdefault(unit[3][1], []).append(each)
    [alone] = compare_on_folds(cohort, list(by_repeat.values()))
    panels = [each.panel for each in chosen]
    single = best_single_protein(
        cohort.matrix.proteins,
        [each.single for each in chosen],
        alone,
        held=bool(fixed),
        n_empty=sum(not panel for panel in panels),
    )
    return {
        "best_single_protein": single,
        **panel_evidence(units, panels, share, **asked),
    }
