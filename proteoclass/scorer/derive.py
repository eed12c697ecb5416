"""A panel derived from a cohort, with enough written down to derive it again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from proteoclass._version import __version__
from proteoclass.folds import unit_seed
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.panel import Derivation, Panel, PanelProtein
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.held_panel import require_detected
from proteoclass.scorer.parallel import single_threaded
from proteoclass.scorer.pipeline import build_pipeline, positions_of
from proteoclass.scorer.procedure import require_normalised
from proteoclass.scorer.recorded_constraints import recorded_constraints
from proteoclass.scorer.seen_patients import with_seen_samples
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
        Strongest protein first. Status "derived": it is chosen again in every fold where
        it is evaluated on patients it came from.

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
    require_detected("--must-have", resolved.constraints.required, cohort)
    # With one thread, as `train` does.
    choosing = single_threaded(
        fit_selection, (cohort, cohort.index_rows(), resolved, unit_seed(seed))
    )
    selector = choosing["choose"]
    candidates = cohort.values.columns[choosing["detected"].get_support()]
    # Strongest first: what panels are compared by, whatever the order of the matrix.
    ranked = selector.ranking_[selector.get_support()[selector.ranking_]]
    chosen = pd.Series(selector.t_, index=candidates).iloc[ranked]
    panel = Panel(
        name=name,
        title=(
            f"{len(chosen)} {'protein' if len(chosen) == 1 else 'proteins'} for "
            f"{cohort.outcome.positive} against "
            f"{cohort.outcome.negative}"
        ),
        fluid=cohort.matrix.fluid,
        status="derived",
        derivation=_derivation(
            cohort,
            _with_copies_told(resolved, selector.n_correlated_),
            index,
            seed,
            len(selector.ranking_),
        ),
        proteins=_members(cohort, chosen),
    )
    return with_seen_samples(panel, cohort)


def _with_copies_told(settings: Settings, n_correlated: int) -> Settings:
    """Return the settings with what `diverse` could not do added to their sentences."""
    if not n_correlated:
        return settings
    verb = "is" if n_correlated == 1 else "are"
    told = (
        f"{n_correlated} of the panel's proteins {verb} correlated by {settings.diverse:g} or "
        "more with another of them (--diverse): too few differ to fill it without."
    )
    constraints = settings.constraints
    return replace(
        settings, constraints=replace(constraints, sentences=(*constraints.sentences, told))
    )


def fit_selection(
    cohort: Cohort,
    rows: npt.NDArray[np.intp],
    settings: Settings,
    seed: int,
    fixed: tuple[str, ...] = (),
) -> Pipeline:
    """Normalise, filter, fill and choose on some index samples; no scorer is fitted.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int
        Positions of index samples.
    settings : Settings
        Resolved.
    seed : int
    fixed : tuple of str, optional
        Proteins of a panel from elsewhere.

    Returns
    -------
    Pipeline
        Fitted; the procedure's steps but the last.

    Raises
    ------
    TooLittleDataError
        If a sample cannot be normalised, or nothing can be chosen.
    """
    held = positions_of(fixed, cohort.values.columns)
    choosing = build_pipeline(settings, seed, held, cohort.values.iloc[rows])[:-1]
    choosing.fit(
        cohort.values.iloc[rows],
        cohort.labels[rows],
        impute__samples=cohort.matrix.samples.iloc[rows],
        choose__sample_weight=cohort.weights[rows],
        choose__groups=cohort.patients[rows],
    )
    require_normalised(choosing["normalise"], cohort.values.iloc[rows])
    return choosing


def _members(cohort: Cohort, chosen: pd.Series) -> tuple[PanelProtein, ...]:
    """Turn moderated t statistics, by protein id, into panel members."""
    proteins = cohort.matrix.proteins.loc[chosen.index]
    columns = (proteins["accessions"], proteins["gene"], chosen)
    return tuple(
        PanelProtein(
            id=str(protein),
            accession=str(accession),
            gene=str(gene),
            # A constant protein, or one that a class lacks, points nowhere.
            direction="up" if t > 0 else "down" if t < 0 else "unknown",
        )
        for protein, accession, gene, t in zip(chosen.index, *columns, strict=True)
    )


def _derivation(
    cohort: Cohort, settings: Settings, index: str, seed: int, n_candidates: int
) -> Derivation:
    names, classes = cohort.training_patients
    return Derivation(
        cohort_hash=cohort.fingerprint,
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
        n_candidates=n_candidates,
        settings={
            "normalise": settings.normalise,
            "impute": settings.impute,
            "max_missing": settings.max_missing,
            **({} if settings.threshold is None else {"threshold": settings.threshold}),
            **recorded_constraints(settings),
        },
    )
