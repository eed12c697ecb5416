"""A pipeline that leaks, to show that the trials catch one. Never use it for anything else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.panel import Panel
from proteoclass.selftest.pipeline import PipelineResult, SeverityPipeline


@dataclass(frozen=True, eq=False)
class LeakyPipeline:
    """Proteins chosen on all samples, and only then cross-validated.

    Parameters
    ----------
    honest : SeverityPipeline
        What chooses the proteins, and what is cross-validated afterwards.

    Notes
    -----
    The commonest leak in the field, done with this project's own parts: a panel is derived
    from every patient, its derivation is struck out, and what is left is taken for a panel
    from elsewhere. Ambroise & McLachlan 2002, doi 10.1073/pnas.102102699.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> from proteoclass.scorer import Settings
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> leaky = LeakyPipeline(SeverityPipeline(Settings(size=5, bags=2, rounds=5), folds=3))
    >>> len(leaky(cohort.matrix, Outcome("severity", "severe"), seed=0).panel)
    5
    """

    honest: SeverityPipeline = field(default_factory=SeverityPipeline)

    def __call__(self, matrix: ProteinMatrix, outcome: Outcome, seed: int) -> PipelineResult:
        """Leak, then evaluate; see `Pipeline`."""
        derived = self.honest.derive(matrix, outcome, seed)
        laundered = Panel(
            name=derived.name,
            title=derived.title,
            fluid=derived.fluid,
            status="reference",
            proteins=derived.proteins,
        )
        # A given panel has no constraints of its own: they were met when it was chosen.
        plain = replace(self.honest, settings=self.honest.settings.unconstrained())
        return plain.with_panel(laundered)(matrix, outcome, seed)

    def candidates(self, matrix: ProteinMatrix) -> list[str]:
        """Return the proteins that compete for a place; see `ConfinedPipeline`."""
        return self.honest.candidates(matrix)

    def places(self, matrix: ProteinMatrix) -> tuple[int, int]:
        """Return how many of them a panel holds, and how many proteins in all."""
        return self.honest.places(matrix)

    @property
    def leave_out(self) -> str:
        """The column whose levels are the folds; see `GroupedPipeline`."""
        return self.honest.leave_out
