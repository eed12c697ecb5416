"""What a pipeline under test takes and gives, and the user's own configuration as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol, runtime_checkable

import pandas as pd

from proteoclass.matrix.matching import match_proteins
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.duplicates import name_duplicates
from proteoclass.panel.panel import Panel
from proteoclass.scorer.derive import derive_panel
from proteoclass.scorer.evaluation import Evaluation, evaluate
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.training import train

#: Bags in a trial: more of them narrow a score's spread and leave its expectation alone.
BAGS: Final = 5


@dataclass(frozen=True, eq=False)
class PipelineResult:
    """What a pipeline says of one cohort. Only the AUC is asked of every pipeline.

    Parameters
    ----------
    auc : float
        Its headline figure, one index sample a patient.
    warnings : tuple of str, optional
        What it warns of; None for a pipeline that has no warnings to give.
    panel : mapping of str to float, optional
        Share of its fits that each protein was in; None where it names no proteins.
    strongest : tuple of str, optional
        The best single protein of each fold; None where it names none.
    predictions : DataFrame, optional
        Out-of-fold, with columns `sample_id repeat fold score`.

    Examples
    --------
    >>> PipelineResult(0.5).warnings is None
    True
    """

    auc: float
    warnings: tuple[str, ...] | None = None
    panel: Mapping[str, float] | None = None
    strongest: tuple[str, ...] | None = None
    predictions: pd.DataFrame | None = None


class Pipeline(Protocol):
    """Any callable from a cohort to what it says of it.

    It must be importable by name to run in several processes.
    """

    def __call__(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> PipelineResult:
        """Estimate how well the classes can be told apart.

        Parameters
        ----------
        matrix : ProteinMatrix
            On the log2 scale.
        outcome : Outcome
            Both labels filled in.
        seed : int

        Returns
        -------
        PipelineResult
        """
        ...


@runtime_checkable
class ConfinedPipeline(Protocol):
    """A pipeline whose settings say which proteins a panel may hold, and how many."""

    def candidates(self, matrix: ProteinMatrix) -> list[str]:
        """Return the ids of the proteins that compete for a place."""
        ...

    def places(self, matrix: ProteinMatrix) -> tuple[int, int]:
        """Return how many of them a panel holds, and how many proteins in all."""
        ...


@runtime_checkable
class GroupedPipeline(Protocol):
    """A pipeline whose folds may be the levels of a column of the sample sheet."""

    @property
    def leave_out(self) -> str:
        """The column; "" for folds by chance."""
        ...


@runtime_checkable
class PanelPipeline(Protocol):
    """A pipeline that derives a panel and can be given one."""

    def derive(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> Panel:
        """Choose a panel on every labelled patient."""
        ...

    def with_panel(self, panel: Panel) -> Pipeline:
        """Return the same pipeline with a panel given to it."""
        ...


@runtime_checkable
class LockingPipeline(Protocol):
    """A pipeline that trains a model to score new samples with."""

    def lock(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> SeverityModel:
        """Train on every labelled patient."""
        ...


@dataclass(frozen=True, eq=False)
class SeverityPipeline:
    """`evaluate` with the user's own settings and design.

    Parameters
    ----------
    settings : Settings
    panel : Panel, optional
    folds : int
    index : str
        Rule of `index_weights`.
    leave_out : str
        Column of the sheet whose levels are the folds; "" for folds by chance.

    Notes
    -----
    A trial takes one repeat, at most `BAGS` bags and no permutations: all three narrow a
    figure and leave its expectation as it is. The locked model of `lock` has all bags.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> pipeline = SeverityPipeline(Settings(bags=2, rounds=5), folds=3)
    >>> result = pipeline(cohort.matrix, Outcome("severity", "severe"), seed=0)
    >>> 0 <= result.auc <= 1, len(result.strongest)
    (True, 3)
    """

    settings: Settings = field(default_factory=Settings)
    panel: Panel | None = None
    folds: int = 5
    index: str = "first"
    leave_out: str = ""

    def __call__(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> PipelineResult:
        """Evaluate a cohort; see `Pipeline`."""
        bags = min(BAGS, self.settings.bags)
        found = self._evaluate(matrix, outcome, replace(self.settings, bags=bags), seed)
        summary = found.summary
        panel = summary["panel"]
        n_folds = panel["best_single_protein"]["n_folds"]
        return PipelineResult(
            auc=summary["auc"]["mean_over_repeats"],
            # As the command says them, which names what no locked model may carry.
            warnings=(*summary["warnings"], *name_duplicates(summary["duplicates"])),
            panel={row["id"]: row["frequency"] for row in panel["frequencies"]},
            strongest=tuple(
                row["id"]
                for row in panel["best_single_protein"]["chosen"]
                for _ in range(round(row["frequency"] * n_folds))
            ),
            predictions=found.predictions[["sample_id", "repeat", "fold", "score"]],
        )

    def candidates(self, matrix: ProteinMatrix) -> list[str]:
        """Return the proteins that compete for a place; see `ConfinedPipeline`.

        Those that are in every panel whatever the data say take part only where they leave
        no place to others.
        """
        if self.panel is not None:
            matched = match_proteins(self.panel.frame(), matrix)["matched_id"]
            return [str(name) for name in matched if name]
        constraints = self.settings.resolve(matrix).constraints
        required = list(constraints.required)
        if len(required) >= self.settings.size:
            return required
        allowed = constraints.allowed(matrix.values.columns)
        names = [str(name) for name, may in zip(matrix.values, allowed, strict=True) if may]
        return [name for name in names if name not in required]

    def places(self, matrix: ProteinMatrix) -> tuple[int, int]:
        """Return how many candidates a panel holds, and how many proteins in all."""
        size = self.settings.size
        if self.panel is not None:
            size = len(self.candidates(matrix))
            return size, size
        required = self.settings.resolve(matrix).constraints.required
        return size - len(required) or size, size

    def derive(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> Panel:
        """Choose a panel on every labelled patient; see `PanelPipeline`."""
        return derive_panel(matrix, outcome, settings=self.settings, index=self.index, seed=seed)

    def with_panel(self, panel: Panel) -> SeverityPipeline:
        """Return the same pipeline with a panel given to it; see `PanelPipeline`."""
        return replace(self, panel=panel)

    def lock(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> SeverityModel:
        """Train on every labelled patient; see `LockingPipeline`."""
        evaluation = self._evaluate(matrix, outcome, self.settings, seed)
        return train(matrix, outcome, panel=self.panel, name="selftest", evaluation=evaluation)

    def _evaluate(
        self, matrix: ProteinMatrix, outcome: Outcome, settings: Settings, seed: int
    ) -> Evaluation:
        return evaluate(
            matrix,
            outcome,
            settings=settings,
            panel=self.panel,
            folds=self.folds,
            repeats=1,
            permutations=0,
            describe=False,
            index=self.index,
            seed=seed,
            leave_out=self.leave_out,
        )
