"""The procedure as one unfitted pipeline: normalise, filter, fill, choose, score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix.normalisation.impute import Imputer
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.panel.selection.candidates import DetectionFilter, FixedPanel
from proteoclass.panel.selection.selector import PanelSelector
from proteoclass.scorer.severity_scorer import SeverityScorer

if TYPE_CHECKING:
    from proteoclass.scorer.settings import Settings


def build_pipeline(
    settings: Settings,
    seed: int,
    fixed: tuple[int, ...] = (),
    training: pd.DataFrame | None = None,
) -> Pipeline:
    """Return the unfitted pipeline for resolved settings.

    Parameters
    ----------
    settings : Settings
        As `Settings.resolve` returns it.
    seed : int
        Seed of the half-samples and the bags.
    fixed : tuple of int, optional
        Columns of a panel from elsewhere, kept instead of choosing. Constraints have no
        say on it: who gives a panel has chosen its proteins.
    training : DataFrame, shape (n_samples, n_proteins), optional
        log2 values of the very samples it will be fitted on; needed where the settings
        hold constraints, which are of proteins and not of columns.

    Returns
    -------
    Pipeline
        Steps `normalise`, `detected`, `impute`, `choose`, `score`. The first takes a
        DataFrame, whose names it needs; what follows works on bare arrays, because
        checking thousands of names in every step takes longer than the steps.

    Raises
    ------
    InputError
        If there are constraints and no training values.

    Notes
    -----
    Excluded proteins are kept from the selector alone. The normaliser and the imputer see
    them: whether weak proteins are missing more often is a fact of the instrument, and
    does not change with what a laboratory wants to measure.

    Examples
    --------
    >>> from proteoclass.scorer.settings import Settings
    >>> list(build_pipeline(Settings(normalise="none"), 0).named_steps)
    ['normalise', 'detected', 'impute', 'choose', 'score']
    """
    if fixed:
        # A held panel may name proteins that are rare here: nothing is filtered away.
        detected, choose = DetectionFilter(1.0), FixedPanel(fixed)
    else:
        detected, choose = _choosing(settings, seed, training)
    return Pipeline(
        [
            ("normalise", Normaliser(settings.normalise, exclude=settings.not_reference)),
            ("detected", detected),
            # Depth is judged on the normaliser's reference, which a locked model holds too.
            ("impute", Imputer(settings.impute, seed, judge_depth=False)),
            ("choose", choose),
            (
                "score",
                SeverityScorer(
                    bags=settings.bags,
                    rounds=settings.rounds,
                    depth=settings.depth,
                    learning_rate=settings.learning_rate,
                    l2=settings.l2,
                    ridge=settings.ridge,
                    booster_weight=settings.booster_weight,
                    random_state=seed,
                ),
            ),
        ]
    )


def _choosing(
    settings: Settings, seed: int, training: pd.DataFrame | None
) -> tuple[DetectionFilter, PanelSelector]:
    """Return the filter and the selector, which know proteins by their columns."""
    constraints = settings.constraints
    limited = constraints.required or constraints.left_out or constraints.measurable is not None
    required: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()
    detected = DetectionFilter(settings.max_missing)
    if limited:
        if training is None:
            raise InputError(
                "build_pipeline: the settings hold constraints on proteins; give the training "
                "values too"
            )
        columns = training.columns
        must_have = positions_of(constraints.required, columns)
        detected.set_params(required=must_have)
        # Normalising fills no gap and makes none in a sample that it can normalise, so that
        # the filter keeps the same proteins here as inside the pipeline.
        kept = detected.fit(training.to_numpy(dtype=float)).get_support(indices=True)
        required = tuple(np.flatnonzero(np.isin(kept, must_have)).tolist())
        # A plain array: an index of pandas hands out its names one by one, which takes long.
        names = columns.to_numpy(dtype=object)[kept]
        excluded = tuple(np.flatnonzero(~np.array(constraints.allowed(names))).tolist())
        if len(excluded) == len(kept):
            raise TooLittleDataError(
                f"panel: none of the {len(kept)} proteins detected in "
                f"{1 - settings.max_missing:.0%} of the training samples may be in it; lift a "
                "constraint or raise max_missing"
            )
    return detected, PanelSelector(
        settings.size,
        settings.select,
        must_have=required,
        random_state=seed,
        threshold=settings.threshold,
        excluded=excluded,
        abundant=settings.abundant,
        diverse=settings.diverse,
    )


def positions_of(names: tuple[str, ...], proteins: pd.Index) -> tuple[int, ...]:
    """Return the columns of some proteins of a matrix, in the order of their names.

    Examples
    --------
    >>> positions_of(("c", "a"), pd.Index(["a", "b", "c"]))
    (2, 0)
    """
    return tuple(proteins.get_indexer(pd.Index(names, dtype=object)).tolist())


def kept_columns(steps: Pipeline, n_proteins: int) -> npt.NDArray[np.intp]:
    """Return the columns of a matrix that the filters among fitted steps let through.

    Parameters
    ----------
    steps : Pipeline
        Fitted; a part of the pipeline does.
    n_proteins : int
        Columns of the matrix.

    Returns
    -------
    array of int
        In the order of the matrix.

    Examples
    --------
    >>> steps = Pipeline([("detected", DetectionFilter(0.5)), ("choose", FixedPanel((1,)))])
    >>> steps = steps.fit(np.array([[np.nan, 1.0, 2.0]]))
    >>> kept_columns(steps[:1], 3).tolist(), kept_columns(steps, 3).tolist()
    ([1, 2], [2])
    """
    kept = np.arange(n_proteins)
    for _, step in steps.steps:
        if hasattr(step, "get_support"):
            kept = kept[step.get_support()]
    return kept
