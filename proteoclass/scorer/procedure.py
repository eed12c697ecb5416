"""The procedure fitted on training patients, and the values that its scorer takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.matrix.normalisation.frozen import frozen_normalised
from proteoclass.matrix.normalisation.impute import fewest_detected
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.panel.selection.selector import PanelSelector
from proteoclass.scorer.panel_values import filled_panel
from proteoclass.scorer.pipeline import build_pipeline, kept_columns, positions_of
from proteoclass.scorer.single_protein import SingleProtein, strongest_protein
from proteoclass.stats import nan_quantile

if TYPE_CHECKING:
    from proteoclass.scorer.blend import Blend
    from proteoclass.scorer.cohort import Cohort
    from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


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
    candidates : array of int
        Positions among `proteins` that the panel was chosen from; all that were looked at
        for a panel from elsewhere.
    filled : array of float, shape (n_train, n_candidates)
        Their training values as the selector took them.
    fitted_on : Index of str, shape (n_train,)
        Ids of the samples that the fit was given.
    """

    pipeline: Pipeline
    proteins: pd.Index
    min_reference_detected: int
    single: SingleProtein
    candidates: npt.NDArray[np.intp]
    filled: Floats
    fitted_on: pd.Index

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
    def panel_filled(self) -> Floats:
        """Training values of the panel as the scorer took them."""
        return self.filled[:, np.searchsorted(self.candidates, self._columns())]

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
        at = np.array([self.single.position])
        return self.single.scores(self._filled(values, at, np.array([self.single.median]))[:, 0])

    def candidate_values(self, values: pd.DataFrame) -> Floats:
        """Return the values of all candidates, filled as the panel is.

        Parameters
        ----------
        values : DataFrame, shape (n_samples, n_proteins)
            log2 values of all proteins.

        Returns
        -------
        array of float, shape (n_samples, n_candidates)
        """
        median = np.nan_to_num(nan_quantile(self.filled, 0.5))
        return self._filled(values, self.candidates, median)

    def _filled(self, values: pd.DataFrame, at: npt.NDArray[np.intp], median: Floats) -> Floats:
        detected = self.pipeline["detected"].get_support(indices=True)
        return filled_panel(
            self._normalised(values)[:, at],
            self.pipeline["impute"].fill_[np.searchsorted(detected, at)],
            median,
            self._shallow(values),
        )

    def _shallow(self, values: pd.DataFrame) -> Bools:
        """Say which samples were measured less deeply than the training samples."""
        reference = values.to_numpy(dtype=float)[:, self.pipeline["normalise"].reference_]
        detected = (~np.isnan(reference)).sum(axis=1)
        return np.asarray(detected < self.min_reference_detected)

    def measured(self, values: pd.DataFrame) -> pd.DataFrame:
        """Return normalised panel values, gaps left as NaN, shape (n_samples, panel size)."""
        normalised = self._normalised(values)[:, self._columns()]
        return pd.DataFrame(normalised, index=values.index, columns=self.panel)

    def _normalised(self, values: pd.DataFrame) -> Floats:
        """Normalise without the checks of names and types, which take longer than the sum."""
        if not values.columns.equals(self.proteins):
            raise InputError(
                f"values: found {values.shape[1]} proteins, or another order, expected the "
                f"{len(self.proteins)} that the procedure was fitted on, in their order"
            )
        step, checked = self.pipeline["normalise"], values.to_numpy(dtype=float)
        return frozen_normalised(checked, checked[:, step.reference_], step.profile_, step.method)

    def _columns(self) -> npt.NDArray[np.intp]:
        return kept_columns(self.pipeline, len(self.proteins))


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
    reached = pipeline["detected"].get_support(indices=True)
    chooser, candidates = pipeline["choose"], np.arange(len(reached))
    if isinstance(chooser, PanelSelector):
        candidates = chooser.candidates(filled)
    own = candidates if not held else chooser.get_support(indices=True)
    single = strongest_protein(filled, labels, weights, proteins[reached], own)
    return FittedProcedure(
        pipeline,
        proteins,
        fewest_detected(reference),
        replace(single, position=int(reached[single.position])),
        reached[candidates],
        filled[:, candidates],
        cohort.values.index[rows],
    )


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
