"""All trials of a pipeline, and what they come down to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proteoclass.errors import CheckFailedError, InputError, name_list
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.simulation.simulate import simulate_cohort
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.parallel import Progress, run_units
from proteoclass.scorer.splits import MIN_PER_CLASS
from proteoclass.scorer.versions import software_versions
from proteoclass.selftest.chance import FEWEST_RUNS, chance_plans
from proteoclass.selftest.interference import INTERFERENCE, interference_plan
from proteoclass.selftest.leaks import leak_plans
from proteoclass.selftest.pipeline import Pipeline, SeverityPipeline
from proteoclass.selftest.plan import Setup, call
from proteoclass.selftest.poison import poison_plan
from proteoclass.selftest.signal import signal_plan
from proteoclass.selftest.trial import Trial

#: Data sets of permuted labels, and as many of noise.
RUNS = 20
QUICK_RUNS = 5


@dataclass(frozen=True, eq=False)
class SelftestReport:
    """What was expected of a pipeline and what came out.

    Parameters
    ----------
    trials : tuple of Trial
    pipeline : str
        What was tried.
    cohort : dict
        Size and kind of the cohort that gave the trials their shape.
    runs, seed : int
    """

    trials: tuple[Trial, ...]
    pipeline: str
    cohort: dict[str, Any]
    runs: int
    seed: int

    @property
    def failed(self) -> list[str]:
        """Names of the trials that did not come out as expected."""
        return [trial.name for trial in self.trials if trial.failed]

    def require_passed(self) -> None:
        """Stop if a trial failed.

        Raises
        ------
        CheckFailedError
            With the names of the trials.
        """
        if not self.failed:
            return
        if set(self.failed) <= set(INTERFERENCE):
            raise CheckFailedError(
                f"selftest: the score of the {self.pipeline} pipeline follows what contaminates a "
                f"specimen: {name_list(self.failed)}; leave such proteins out of the panel with "
                "--exclude, or score no such specimen"
            )
        raise CheckFailedError(
            f"selftest: the {self.pipeline} pipeline fooled itself in {len(self.failed)} of "
            f"{len(self.trials)} trials: {name_list(self.failed, 12)}; trust no figure of it "
            "before that is mended"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "format": "proteoclass-selftest",
            "version": 1,
            "software": software_versions(),
            "pipeline": self.pipeline,
            "cohort": self.cohort,
            "runs": self.runs,
            "seed": self.seed,
            "passed": not self.failed,
            "trials": [trial.as_dict() for trial in self.trials],
        }


def run(
    pipeline: Pipeline | None = None,
    matrix: ProteinMatrix | None = None,
    outcome: Outcome | None = None,
    *,
    name: str = "",
    index: str = "first",
    size: int = 20,
    runs: int = RUNS,
    seed: int = 0,
    jobs: int = 1,
    progress: Progress | None = None,
) -> SelftestReport:
    """Try a pipeline on data of which the truth is known.

    Parameters
    ----------
    pipeline : callable, optional
        See `Pipeline`; `evaluate` with default settings where left out.
    matrix : ProteinMatrix, optional
        Gives the data their shape; a simulated cohort where left out.
    outcome : Outcome, optional
        Goes with the matrix.
    name : str
        What the pipeline is called in words; its class or function where left out.
    index : str
        Rule of `index_weights`.
    size : int
        Proteins in the panel of a pipeline that does not say so itself.
    runs : int
        Data sets of permuted labels, and as many of noise.
    seed : int
    jobs : int
        Processes; the result is the same for any number.
    progress : callable, optional

    Returns
    -------
    SelftestReport

    Raises
    ------
    InputError
        If a number is out of range, or a matrix has no outcome.
    PanelMismatchError
        If no protein of the matrix may be in a panel.
    TooLittleDataError
        If a class has too few patients.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> from proteoclass.selftest import PipelineResult
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> def always(matrix, outcome, seed):
    ...     return PipelineResult(0.99)
    >>> run(always, cohort.matrix, Outcome("severity", "severe"), runs=5).failed
    ['permuted labels', 'pure noise of the same shape']
    """
    if runs < FEWEST_RUNS:
        raise InputError(f"--runs {runs}: expected at least {FEWEST_RUNS}, to tell their spread")
    if (matrix is None) != (outcome is None):
        raise InputError("selftest: a matrix and its outcome are given together, or neither")
    if matrix is None or outcome is None:
        matrix, outcome = default_cohort()
    tried = SeverityPipeline(index=index) if pipeline is None else pipeline
    cohort = build_cohort(matrix, outcome, index=index, minimum=MIN_PER_CLASS)
    setup = Setup(tried, cohort, runs, seed)
    plans = [
        *chance_plans(setup),
        *leak_plans(setup),
        signal_plan(setup, size),
        poison_plan(setup),
        interference_plan(setup),
    ]
    results = run_units(
        call,
        [unit for plan in plans for unit in plan.units],
        jobs=jobs,
        label="trials",
        progress=progress,
    )
    trials: list[Trial] = []
    for plan in plans:
        trials += plan.judge(results[: len(plan.units)])
        results = results[len(plan.units) :]
    return SelftestReport(
        trials=tuple(trials),
        pipeline=name or getattr(tried, "__name__", type(tried).__name__),
        cohort={
            "n_patients": setup.n_positive + setup.n_negative,
            "n_positive": setup.n_positive,
            "n_proteins": cohort.matrix.n_proteins,
            "kind": cohort.matrix.kind,
            "fluid": cohort.matrix.fluid,
            "synthetic": cohort.matrix.synthetic,
        },
        runs=runs,
        seed=seed,
    )


def default_cohort() -> tuple[ProteinMatrix, Outcome]:
    """Return the simulated cohort that a self-test without data takes its shape from.

    Returns
    -------
    matrix : ProteinMatrix
    outcome : Outcome

    Examples
    --------
    >>> default_cohort()[0].synthetic
    True
    """
    cohort = simulate_cohort(patients=50, severe=15, proteins=1500, visits=2, seed=1)
    return cohort.matrix, Outcome("severity", "severe", "non-severe")
