"""What a trial needs to be run, and the one way a pipeline is called in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from proteoclass.errors import ProteoclassError
from proteoclass.folds import spawn
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import unit_seed
from proteoclass.selftest.pipeline import ConfinedPipeline, Pipeline, PipelineResult
from proteoclass.selftest.plants import best_measured
from proteoclass.selftest.trial import Trial

#: Makes a matrix whose truth is known in the shape of a cohort.
Maker = Callable[[Cohort, np.random.Generator], ProteinMatrix]


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
        """Return the best measured proteins that a panel may hold."""
        matrix = self.cohort.matrix
        allowed = [str(name) for name in matrix.values.columns]
        if isinstance(self.pipeline, ConfinedPipeline):
            allowed = self.pipeline.candidates(matrix)
        return best_measured(matrix, allowed, count)


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
    matrix = make(setup.cohort, spawn(setup.seed, *path))
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
