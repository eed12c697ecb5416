"""A panel derived from a cohort, with enough written down to derive it again."""

from __future__ import annotations

from proteoclass._version import __version__
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.panel import Derivation, Panel, PanelProtein
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.crossfit import unit_seed
from proteoclass.scorer.procedure import build_pipeline
from proteoclass.scorer.settings import Settings


def derive_panel(
    matrix: ProteinMatrix,
    outcome: Outcome,
    *,
    settings: Settings | None = None,
    index: str = "first",
    seed: int = 0,
    name: str = "derived",
) -> Panel:
    """Choose a panel on every labelled patient, as `train` would.

    Parameters
    ----------
    matrix : ProteinMatrix
    outcome : Outcome
    settings : Settings, optional
    index : str
        Rule of `index_weights`.
    seed : int
    name : str
        Name of the panel.

    Returns
    -------
    Panel
        Status "derived": it is chosen again in every fold when it is evaluated on the
        matrix it came from.

    Raises
    ------
    InputError, TooLittleDataError
        As `build_cohort`.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> panel = derive_panel(cohort.matrix, Outcome("severity", "severe"),
    ...                      settings=Settings(size=5))
    >>> panel.status, panel.size
    ('derived', 5)
    """
    cohort = build_cohort(matrix, outcome, index=index)
    resolved = (settings or Settings()).resolve(cohort.matrix)
    rows = cohort.index_rows()
    choosing = build_pipeline(resolved, unit_seed(seed))[:-1]
    choosing.fit(
        cohort.values.iloc[rows],
        cohort.labels[rows],
        choose__sample_weight=cohort.weights[rows],
        choose__groups=cohort.patients[rows],
    )
    return _panel(cohort, resolved, choosing, name, index, seed)


def _panel(
    cohort: Cohort, settings: Settings, choosing: object, name: str, index: str, seed: int
) -> Panel:
    selector = choosing["choose"]  # type: ignore[index]
    proteins = cohort.matrix.proteins
    chosen = selector.get_support(indices=True)
    members = [
        PanelProtein(
            id=str(selector.feature_names_in_[i]),
            accession=str(proteins.at[selector.feature_names_in_[i], "accessions"]),
            gene=str(proteins.at[selector.feature_names_in_[i], "gene"]),
            direction="up" if selector.t_[i] > 0 else "down",
        )
        for i in chosen
    ]
    names, classes = cohort.training_patients
    return Panel(
        name=name,
        title=f"{len(members)} proteins for {cohort.outcome.positive} against {cohort.outcome.negative}",
        fluid=cohort.matrix.fluid,
        status="derived",
        derivation=Derivation(
            cohort_hash=cohort.matrix.source.sha256,
            method=settings.select,
            size=settings.size,
            seed=seed,
            version=__version__,
            outcome=cohort.outcome.column,
            positive=cohort.outcome.positive,
            negative=str(cohort.outcome.negative),
            index=index,
            n_patients=len(names),
            n_positive=int(classes.sum()),
            settings={
                "normalise": settings.normalise,
                "impute": settings.impute,
                "max_missing": settings.max_missing,
            },
        ),
        protein=members,
    )
