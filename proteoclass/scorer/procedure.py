"""The whole procedure as one pipeline: normalise, filter, fill, choose, score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.matrix.normalisation.impute import Imputer, fewest_detected
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.panel.selection.candidates import DetectionFilter, FixedPanel
from proteoclass.panel.selection.selector import PanelSelector
from proteoclass.scorer.severity_scorer import SeverityScorer
from proteoclass.scorer.single_protein import SingleProtein, strongest_protein

if TYPE_CHECKING:
    from proteoclass.scorer.blend import Blend
    from proteoclass.scorer.cohort import Cohort
    from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


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
        excluded = tuple(np.flatnonzero(~np.array(constraints.allowed(columns[kept]))).tolist())
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


@dataclass(frozen=True, eq=False)
class FittedProcedure:
    """A pipeline fitted on the index samples of training patients.

    Parameters
    ----------
    pipeline : Pipeline
    proteins : Index of str
        Columns of the matrix it was fitted on.
    min_reference_detected : int
        Reference proteins of the normalisation that a sample must have for its gaps to
        mean what they meant in training; 0 where there is no reference.
    single : SingleProtein
        The strongest candidate alone, in the panel or not; of a panel from elsewhere, the
        strongest of its own. Its position is among `proteins`.
    """

    pipeline: Pipeline
    proteins: pd.Index
    min_reference_detected: int
    single: SingleProtein

    @property
    def panel(self) -> list[str]:
        """Protein ids of the panel, in the order of the scorer's columns."""
        return [str(name) for name in self.proteins[self._columns()]]

    @property
    def blend(self) -> Blend:
        """The fitted boosters and companions."""
        blend: Blend = self.pipeline["score"].blend_
        return blend

    @property
    def imputation(self) -> str:
        """The imputer in force, which `auto` chose in this fit."""
        method: str = self.pipeline["impute"].method_
        return method

    @property
    def fill(self) -> Floats:
        """What "not detected" stands for in each panel protein; NaN = left as it is."""
        fill: Floats = self.pipeline["impute"].fill_[self.pipeline["choose"].get_support()]
        return fill

    def panel_values(self, values: pd.DataFrame) -> Floats:
        """Return normalised panel values with the gaps filled; see `filled_panel`.

        Parameters
        ----------
        values : DataFrame, shape (n_samples, n_proteins)
            log2 values of all proteins.

        Returns
        -------
        array of float, shape (n_samples, panel size)
        """
        measured = self.measured(values).to_numpy(dtype=float)
        return filled_panel(measured, self.fill, self.blend.median, self._shallow(values))

    def single_scores(self, values: pd.DataFrame) -> Floats:
        """Return the scores of the strongest protein alone, filled as the panel is.

        Parameters
        ----------
        values : DataFrame, shape (n_samples, n_proteins)
            log2 values of all proteins.

        Returns
        -------
        array of float, shape (n_samples,)
        """
        at = [self.single.position]
        detected = self.pipeline["detected"].get_support(indices=True)
        filled = filled_panel(
            self.pipeline["normalise"].transform(values)[:, at],
            self.pipeline["impute"].fill_[np.searchsorted(detected, at)],
            np.array([self.single.median]),
            self._shallow(values),
        )
        return self.single.scores(filled[:, 0])

    def _shallow(self, values: pd.DataFrame) -> Bools:
        """Say which samples were measured less deeply than the training samples."""
        reference = values.to_numpy(dtype=float)[:, self.pipeline["normalise"].reference_]
        detected = (~np.isnan(reference)).sum(axis=1)
        return np.asarray(detected < self.min_reference_detected)

    def measured(self, values: pd.DataFrame) -> pd.DataFrame:
        """Return normalised panel values, gaps left as NaN, shape (n_samples, panel size)."""
        normalised = self.pipeline["normalise"].transform(values)[:, self._columns()]
        return pd.DataFrame(normalised, index=values.index, columns=self.panel)

    def _columns(self) -> npt.NDArray[np.intp]:
        return kept_columns(self.pipeline, len(self.proteins))


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


def filled_panel(measured: Floats, fill: Floats, median: Floats, shallow: Bools) -> Floats:
    """Return panel values as the boosters take them.

    Parameters
    ----------
    measured : array of float, shape (n_samples, panel size)
        Normalised log2; NaN = not detected.
    fill : array of float, shape (panel size,)
        What "not detected" stands for; NaN = left to the boosters.
    median : array of float, shape (panel size,)
        Training medians.
    shallow : array of bool, shape (n_samples,)
        Samples measured less deeply than the training samples: their gaps do not mean
        "low". Where training filled gaps they take the median, which is no evidence,
        because the boosters have never seen a gap there.

    Returns
    -------
    array of float, shape (n_samples, panel size)

    Examples
    --------
    >>> gap = np.array([[np.nan], [np.nan]])
    >>> filled_panel(gap, np.array([3.0]), np.array([5.0]), np.array([False, True])).tolist()
    [[3.0], [5.0]]
    """
    unknown = np.where(np.isnan(fill), np.nan, median)
    return np.where(np.isnan(measured), np.where(shallow[:, None], unknown, fill), measured)


def fit_procedure(
    cohort: Cohort,
    rows: npt.NDArray[np.intp],
    settings: Settings,
    seed: int,
    fixed: tuple[str, ...] = (),
) -> FittedProcedure:
    """Fit the procedure on the index samples among some rows of a cohort.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int
        Positions of the training samples; those of weight 0 are not used.
    settings : Settings
        Resolved.
    seed : int
    fixed : tuple of str, optional
        Proteins of a panel from elsewhere.

    Returns
    -------
    FittedProcedure

    Raises
    ------
    TooLittleDataError
        If a training sample cannot be normalised.
    """
    rows = rows[cohort.weights[rows] > 0]
    proteins = cohort.values.columns
    held = positions_of(fixed, proteins)
    pipeline = build_pipeline(settings, seed, held, cohort.values.iloc[rows])
    weights, patients = cohort.weights[rows], cohort.patients[rows]
    labels = cohort.labels[rows]
    # In two parts, because the strongest protein is looked for among the filled values.
    filled = pipeline[:-2].fit_transform(
        cohort.values.iloc[rows], labels, impute__samples=cohort.matrix.samples.iloc[rows]
    )
    pipeline[-2:].fit(
        filled,
        labels,
        choose__sample_weight=weights,
        choose__groups=patients,
        score__sample_weight=weights,
        score__groups=patients,
    )
    require_normalised(pipeline["normalise"], cohort.values.iloc[rows])
    reference = cohort.values.iloc[rows].to_numpy(dtype=float)[:, pipeline["normalise"].reference_]
    single = _single(pipeline, filled, labels, weights, proteins)
    return FittedProcedure(pipeline, proteins, fewest_detected(reference), single)


def _single(
    pipeline: Pipeline, filled: Floats, labels: Floats, weights: Floats, proteins: pd.Index
) -> SingleProtein:
    """Return the strongest protein among those that the panel was chosen from."""
    chooser = pipeline["choose"]
    candidates = (
        chooser.candidates(filled)
        if isinstance(chooser, PanelSelector)
        else chooser.get_support(indices=True)
    )
    reached = pipeline["detected"].get_support(indices=True)
    found = strongest_protein(filled, labels, weights, proteins[reached], candidates)
    return replace(found, position=int(reached[found.position]))


def require_normalised(normaliser: Normaliser, values: pd.DataFrame) -> None:
    """Refuse index samples without a shift: all their proteins would read "not detected".

    Parameters
    ----------
    normaliser : Normaliser
        Fitted.
    values : DataFrame, shape (n_samples, n_proteins)
        log2 values of index samples.

    Raises
    ------
    TooLittleDataError
    """
    shift = normaliser.shift_of(values.to_numpy(dtype=float)[:, normaliser.reference_])
    failed = values.index[np.isnan(shift)]
    if len(failed):
        raise TooLittleDataError(
            f"{len(failed)} index samples could not be normalised, too few reference proteins were "
            f"detected in them: {name_list(failed)}; remove them or use --normalise none"
        )
