"""What the patients say of a panel: would half of them choose it, what does each protein do."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from proteoclass.errors import TooLittleDataError
from proteoclass.panel.evidence.description import ChosenPanel, Threshold, describe
from proteoclass.panel.evidence.effects import protein_effects
from proteoclass.panel.evidence.stability import half_sample_panels
from proteoclass.panel.evidence.substitutes import find_substitutes
from proteoclass.panel.selection.selector import PanelSelector
from proteoclass.panel.selection.sparse import N_PAIRS as THRESHOLD_PAIRS
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.derive import fit_selection
from proteoclass.scorer.parallel import Progress
from proteoclass.scorer.pipeline import kept_columns
from proteoclass.scorer.settings import Settings

Bools = npt.NDArray[np.bool_]

#: Complementary pairs of half-samples on which the selection is run again.
N_PAIRS: Final = 25
#: The same where the selection itself runs on half-samples, which takes fifty times longer.
NESTED_PAIRS: Final = 8
#: Fewest patients of a class whose halves still hold three of it.
MIN_PER_CLASS: Final = 6


def describe_chosen(
    cohort: Cohort,
    selection: Pipeline,
    settings: Settings,
    seed: int,
    fold_panels: Sequence[Sequence[str]],
    *,
    held: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Describe the panel that a procedure holds when it is fitted on every patient.

    Parameters
    ----------
    cohort : Cohort
    selection : Pipeline
        Fitted on the index samples of the cohort: steps `normalise`, filters, `choose`.
    settings : Settings
        Resolved.
    seed : int
        Of the half-samples, and of what the selection draws in each.
    fold_panels : sequence of sequence of str
        Panels of the training folds, over all repeats.
    held : bool
        Whether the panel was given, so that nothing was chosen.
    progress : callable, optional
        Called after each half-sample.

    Returns
    -------
    dict
        As `describe` returns it, with `n_patients`, `n_positive` and `n_negative`.
    """
    names = cohort.values.columns
    reached = _reached(selection, names)
    candidates = _candidates(selection["choose"], reached)
    panel = _in_order(selection["choose"], names[kept_columns(selection, len(names))], reached)
    halves, no_halves = (None, "") if held else _half_samples(cohort, settings, seed, progress)
    folds = None if held else _flags(fold_panels, names)
    universe = _universe(names, candidates, [halves, folds])
    rows = cohort.index_rows()
    labels, weights = cohort.labels[rows], cohort.weights[rows]
    normalised = pd.DataFrame(
        selection["normalise"].transform(cohort.values.iloc[rows]), columns=names
    )[universe]
    effects = protein_effects(normalised, labels, weights)
    found = find_substitutes(
        normalised[candidates], weights, effects.loc[candidates, "effect"], list(panel)
    )
    _, classes = cohort.training_patients
    described = describe(
        ChosenPanel(
            proteins=cohort.matrix.proteins.loc[panel],
            effects=effects,
            substitutes=_ranked(found, cohort, effects, selection["choose"], reached),
            halves=None if halves is None else halves[universe],
            folds=None if folds is None else folds[universe],
            threshold=_threshold(selection["choose"], len(candidates)),
            kept=_kept_share(selection["choose"], reached),
            held=held,
            no_halves=no_halves,
            required=settings.constraints.required,
            n_ranked=None if held else len(candidates),
        )
    )
    return {
        "n_patients": len(classes),
        "n_positive": int(classes.sum()),
        "n_negative": int(len(classes) - classes.sum()),
        "n_candidates": len(candidates),
        **described,
    }


def _reached(selection: Pipeline, names: pd.Index) -> pd.Index:
    """Return the proteins that the filters before the selection let through."""
    before = [name for name, _ in selection.steps].index("choose")
    return names[kept_columns(selection[:before], len(names))]


def _in_order(chooser: Any, panel: pd.Index, reached: pd.Index) -> pd.Index:
    """Return a chosen panel the most wanted first, as its file lists it."""
    if not isinstance(chooser, PanelSelector):
        return panel
    ranked = reached[chooser.ranking_]
    return ranked[ranked.isin(panel)]


def _candidates(chooser: Any, reached: pd.Index) -> pd.Index:
    """Return the proteins there were to choose from, in the order of the matrix."""
    if isinstance(chooser, PanelSelector):
        # Without those that a constraint excluded.
        return reached[np.sort(chooser.ranking_)]
    # A given panel stands among all proteins.
    return reached


def _half_samples(
    cohort: Cohort, settings: Settings, seed: int, progress: Progress | None
) -> tuple[pd.DataFrame | None, str]:
    """Run the whole selection on half-samples of the patients, or say why not."""
    names, classes = cohort.training_patients
    smaller = int(np.bincount(classes, minlength=2).min())
    if smaller < MIN_PER_CLASS:
        return None, (
            f"the smaller class has {smaller} patients, half-samples need at least {MIN_PER_CLASS}"
        )
    n_pairs = N_PAIRS if settings.threshold is None else NESTED_PAIRS
    done = itertools.count(1)

    def choose(half: Bools) -> Bools:
        if progress is not None:
            progress("half-samples", next(done), 2 * n_pairs)
        rows = cohort.rows_of(names[half])
        chosen = np.zeros(len(cohort.values.columns), dtype=bool)
        try:
            fitted = fit_selection(cohort, rows[cohort.weights[rows] > 0], settings, seed)
        except TooLittleDataError:
            if settings.threshold is None:
                raise
            # No protein reached the threshold: that half chose none.
            return chosen
        chosen[kept_columns(fitted, len(chosen))] = True
        return chosen

    try:
        with threadpool_limits(1):  # as in every fold
            flags = half_sample_panels(choose, classes, n_pairs=n_pairs, seed=seed)
    except TooLittleDataError as error:
        return None, f"a half-sample was too small ({error})"
    return pd.DataFrame(flags, columns=cohort.values.columns), ""


def _flags(panels: Sequence[Sequence[str]], names: pd.Index) -> pd.DataFrame | None:
    if not panels:
        return None
    return pd.DataFrame([names.isin(list(panel)) for panel in panels], columns=names)


def _universe(
    names: pd.Index, candidates: pd.Index, chosen: Sequence[pd.DataFrame | None]
) -> pd.Index:
    """Return the candidates, and whatever a part of the patients chose beyond them."""
    wanted = names.isin(candidates)
    for flags in chosen:
        if flags is not None:
            wanted = wanted | flags.any().to_numpy(dtype=bool)
    return names[wanted]


def _ranked(
    found: pd.DataFrame, cohort: Cohort, effects: pd.DataFrame, chooser: Any, reached: pd.Index
) -> pd.DataFrame:
    """Add to substitutes what they are called and how much the selection wanted them."""
    ids = found["substitute"]
    ranked = found.assign(
        gene=cohort.matrix.proteins["gene"].reindex(ids).to_numpy(),
        auc=effects["auc"].reindex(ids).to_numpy(),
    )
    if not isinstance(chooser, PanelSelector):
        return ranked
    ranking = reached[chooser.ranking_]
    return ranked.assign(
        rank=1 + ranking.get_indexer(pd.Index(ids)),
        strength=pd.Series(chooser.strength_, index=reached).reindex(ids).to_numpy(),
    )


def _kept_share(chooser: Any, reached: pd.Index) -> pd.Series | None:
    if getattr(chooser, "threshold", None) is None:
        return None
    return pd.Series(chooser.strength_, index=reached)


def _threshold(chooser: Any, n_candidates: int) -> Threshold | None:
    threshold = getattr(chooser, "threshold", None)
    if threshold is None:
        return None
    return Threshold(threshold, chooser.mean_selected_, n_candidates, THRESHOLD_PAIRS)
