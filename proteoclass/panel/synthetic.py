"""The panel of a simulated cohort: the proteins that were planted in it."""

from __future__ import annotations

from proteoclass.matrix.simulation.simulate import SimulatedCohort
from proteoclass.panel.panel import Panel, PanelProtein, PanelSource


def planted_panel(cohort: SimulatedCohort, name: str = "synthetic-demo-urine") -> Panel:
    """Return the planted proteins of a simulated cohort as a panel, strongest first.

    It is the truth of the simulation, derived from no data, and means nothing outside it.

    Parameters
    ----------
    cohort : SimulatedCohort
    name : str

    Returns
    -------
    Panel
        Status "synthetic".

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> cohort = simulate_cohort(patients=12, severe=4, proteins=80, visits=1, replicates=0)
    >>> planted_panel(cohort).size
    20
    """
    truth = cohort.truth
    planted = sorted(truth["planted"], key=lambda each: (-abs(each["effect"]), each["id"]))
    return Panel(
        name=name,
        title=f"{len(planted)} planted proteins of the simulated urine cohort",
        fluid=cohort.matrix.fluid,
        status="synthetic",
        source=PanelSource(
            note=(
                f"What `proteoclass simulate` plants with seed {truth['seed']} among "
                f"{truth['parameters']['proteins']} proteins, the strongest effect first. "
                "No such protein exists: for demonstrations and tests, never for patients."
            )
        ),
        proteins=tuple(
            PanelProtein(id=each["id"], gene=each["gene"], direction=each["direction"])
            for each in planted
        ),
    )
