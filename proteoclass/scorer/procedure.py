"""The whole procedure as one pipeline: filter, normalise, fill, choose, score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from proteoclass.matrix.impute import Imputer
from proteoclass.matrix.normalise import Normaliser
from proteoclass.panel.selector import DetectionFilter, FixedPanel, PanelSelector
from proteoclass.scorer.severity_scorer import SeverityScorer

if TYPE_CHECKING:
    from proteoclass.scorer.blend import Blend
    from proteoclass.scorer.cohort import Cohort
    from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]


def build_pipeline(settings: Settings, seed: int, fixed: tuple[str, ...] = ()) -> Pipeline:
    """Return the unfitted pipeline for resolved settings.

    Parameters
    ----------
    settings : Settings
        As `Settings.resolve` returns it.
    seed : int
        Seed of the half-samples and the bags.
    fixed : tuple of str, optional
        Proteins of a panel from elsewhere, kept instead of choosing.

    Returns
    -------
    Pipeline
        Steps `detected`, `normalise`, `impute`, `choose`, `score`.

    Examples
    --------
    >>> from proteoclass.scorer.settings import Settings
    >>> list(build_pipeline(Settings(normalise="none"), 0).named_steps)
    ['detected', 'normalise', 'impute', 'choose', 'score']
    """
    choose = (
        FixedPanel(fixed)
        if fixed
        else PanelSelector(settings.size, settings.select, random_state=seed)
    )
    return Pipeline(
        [
            ("detected", "passthrough" if fixed else DetectionFilter(settings.max_missing)),
            ("normalise", Normaliser(settings.normalise, exclude=settings.not_reference)),
            ("impute", Imputer(settings.impute)),
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
    ).set_output(transform="pandas")


@dataclass(frozen=True, eq=False)
class FittedProcedure:
    """A pipeline fitted on the index samples of training patients.

    Parameters
    ----------
    pipeline : Pipeline
    """

    pipeline: Pipeline

    @property
    def panel(self) -> list[str]:
        """Protein ids of the panel, in the order of the scorer's columns."""
        return [str(name) for name in self.pipeline["score"].feature_names_in_]

    @property
    def blend(self) -> Blend:
        """The fitted boosters and companions."""
        blend: Blend = self.pipeline["score"].blend_
        return blend

    def panel_values(self, values: pd.DataFrame) -> pd.DataFrame:
        """Return normalised panel values with the gaps filled as in training.

        Parameters
        ----------
        values : DataFrame, shape (n_samples, n_proteins)
            log2 values of all proteins.

        Returns
        -------
        DataFrame, shape (n_samples, panel size)
        """
        return pd.DataFrame(self.pipeline[:-1].transform(values))

    def measured(self, values: pd.DataFrame) -> pd.DataFrame:
        """Return normalised panel values, gaps left as NaN, shape (n_samples, panel size)."""
        normalised = pd.DataFrame(self.pipeline[:2].transform(values))
        return normalised[self.panel]


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
        As for `build_pipeline`.

    Returns
    -------
    FittedProcedure
    """
    rows = rows[cohort.weights[rows] > 0]
    pipeline = build_pipeline(settings, seed, fixed)
    weights, patients = cohort.weights[rows], cohort.patients[rows]
    pipeline.fit(
        cohort.values.iloc[rows],
        cohort.labels[rows],
        choose__sample_weight=weights,
        choose__groups=patients,
        score__sample_weight=weights,
        score__groups=patients,
    )
    return FittedProcedure(pipeline)
