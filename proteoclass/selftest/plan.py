"""What a trial needs to be run, and the one way a pipeline is called in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.errors import PanelMismatchError, ProteoclassError
from proteoclass.folds import spawn, unit_seed
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.leave_out import left_out
from proteoclass.selftest.noise import permuted_labels, pure_noise
from proteoclass.selftest.pipeline import (
    ConfinedPipeline,
    GroupedPipeline,
    Pipeline,
    PipelineResult,
)
from proteoclass.selftest.plants import best_measured
from proteoclass.selftest.trial import Trial


@dataclass(frozen=True, eq=False)
class Setup:
    """The pipeline under test and the cohort that gives the trials their shape.

    Parameters
    ----------
    pipeline : callable
        See `Pipeline`.
    cohort : Cohort
    runs : int
        Data sets of permuted labels, and as many of noise.
    seed : int
    """

    pipeline: Pipeline
    cohort: Cohort
    runs: int
    seed: int

    @property
    def n_positive(self) -> int:
        """Positive patients."""
        return int(self.cohort.training_patients[1].sum())

    @property
    def n_negative(self) -> int:
        """Negative patients."""
        return len(self.cohort.training_patients[1]) - self.n_positive

    def plantable(self, count: int) -> list[str]:
        """Return the best measured proteins that a panel may hold, one at least.

        Raises
        ------
        PanelMismatchError
            If there is none.
        """
        matrix = self.cohort.matrix
        allowed = [str(name) for name in matrix.values.columns]
        if isinstance(self.pipeline, ConfinedPipeline):
            allowed = self.pipeline.candidates(matrix)
        found = best_measured(matrix, allowed, count)
        if not found:
            raise PanelMismatchError(
                f"selftest: none of the {matrix.n_proteins} proteins of the matrix is detected and "
                "may be in a panel, expected at least 1 to plant a leak in; give another panel or "
                "matrix"
            )
        return found

    def places(self, size: int) -> tuple[int, int]:
        """Return the places that proteins compete for in a panel, and its size.

        Both are `size` where the pipeline is silent.
        """
        if isinstance(self.pipeline, ConfinedPipeline):
            return self.pipeline.places(self.cohort.matrix)
        return size, size

    def permuted(self, rng: np.random.Generator) -> Cohort:
        """Return the cohort with its labels dealt anew; see `permuted_labels`."""
        return permuted_labels(self.cohort, rng, self._strata())

    def noise(self, rng: np.random.Generator) -> Cohort:
        """Return noise in the shape of the cohort; see `pure_noise`."""
        return pure_noise(self.cohort, rng, self._strata())

    def _strata(self) -> npt.NDArray[np.object_] | None:
        # A level that is held out keeps its number of positives: dealt over all levels, one
        # may be left with too few of a class, and the pipeline would refuse the trial.
        if isinstance(self.pipeline, GroupedPipeline) and self.pipeline.leave_out:
            return left_out(self.cohort, self.pipeline.leave_out).of_patient
        return None


#: Makes a matrix whose truth is known in the shape of a cohort.
Maker = Callable[[Setup, np.random.Generator], ProteinMatrix]


@dataclass(frozen=True, eq=False)
class Plan:
    """Work that may run side by side, and what judges its results.

    Parameters
    ----------
    units : list of (callable, tuple)
        Importable functions and their arguments.
    judge : callable
        From their results, in the same order, to trials.
    """

    units: list[tuple[Callable[..., Any], tuple[Any, ...]]]
    judge: Callable[[list[Any]], list[Trial]]


@dataclass(frozen=True)
class Refusal:
    """A pipeline that would not evaluate a cohort.

    Parameters
    ----------
    reason : str
        Its error.
    """

    reason: str


def call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Run one unit of a plan.

    Examples
    --------
    >>> call(max, (1, 2))
    2
    """
    return function(*arguments)


def try_pipeline(setup: Setup, make: Maker, path: tuple[int, ...]) -> PipelineResult:
    """Run the pipeline on one data set.

    Parameters
    ----------
    setup : Setup
    make : callable
        Importable; makes the data set.
    path : tuple of int
        Which data set; with the seed it decides every random choice.

    Returns
    -------
    PipelineResult
    """
    matrix = make(setup, spawn(setup.seed, *path))
    return setup.pipeline(matrix, setup.cohort.outcome, unit_seed(setup.seed, *path))


def try_or_refuse(setup: Setup, make: Maker, path: tuple[int, ...]) -> PipelineResult | Refusal:
    """Run the pipeline on a data set that it may refuse.

    Parameters
    ----------
    setup, make, path
        As for `try_pipeline`.

    Returns
    -------
    PipelineResult or Refusal
    """
    try:
        return try_pipeline(setup, make, path)
    except ProteoclassError as error:
        return Refusal(str(error))
