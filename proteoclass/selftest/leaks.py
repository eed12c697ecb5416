"""Leaks planted on purpose: each must be seen for what it is."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from proteoclass.folds import spawn, unit_seed
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.wording import counted
from proteoclass.selftest.chance import FEWEST_RUNS, judge_chance, noise_matrix
from proteoclass.selftest.pipeline import PanelPipeline, PipelineResult
from proteoclass.selftest.plan import Plan, Refusal, Setup, try_or_refuse
from proteoclass.selftest.plants import (
    Duplicated,
    copy_label,
    copy_label_into_sheet,
    duplicate_patients,
)
from proteoclass.selftest.trial import Trial, judged, skipped

LABEL, SITE = "a protein that copies the label", "a site that equals the label"
TWICE, ON_ALL = "patients who are in it twice", "a panel chosen on all samples"
SILENT: Final = "this pipeline gives no warnings"
COLUMN: Final = "site"
#: Numbers of the random streams.
_LABEL, _SITE, _TWICE, _ON_ALL = 10, 11, 12, 13


def leak_plans(setup: Setup) -> list[Plan]:
    """Return the trials with planted leaks.

    Parameters
    ----------
    setup : Setup

    Returns
    -------
    list of Plan
    """
    protein = setup.plantable(1)[0]
    return [
        Plan(
            [(try_or_refuse, (setup, partial(_with_copied_label, protein=protein), (_LABEL,)))],
            lambda results: [_judge_label(results[0], protein)],
        ),
        Plan(
            [(try_or_refuse, (setup, _with_copied_site, (_SITE,)))],
            lambda results: [_judge_site(results[0])],
        ),
        Plan(
            [(try_or_refuse, (setup, _with_duplicates, (_TWICE,)))],
            lambda results: [_judge_duplicates(results[0], _duplicated(setup))],
        ),
        _panel_plan(setup),
    ]


def _with_copied_label(setup: Setup, rng: np.random.Generator, protein: str) -> ProteinMatrix:
    """Return noise with one protein that copies the label."""
    return copy_label(setup.noise(rng), protein, rng).matrix


def _with_copied_site(setup: Setup, rng: np.random.Generator) -> ProteinMatrix:
    """Return noise in whose sheet the site equals the label."""
    return copy_label_into_sheet(setup.noise(rng), COLUMN)


def _with_duplicates(setup: Setup, rng: np.random.Generator) -> ProteinMatrix:
    """Return noise in which some patients are a second time, under other ids."""
    return duplicate_patients(setup.noise(rng), rng).matrix


def _duplicated(setup: Setup) -> Duplicated:
    rng = spawn(setup.seed, _TWICE)
    return duplicate_patients(setup.noise(rng), rng)


def _judge_label(result: PipelineResult | Refusal, protein: str) -> Trial:
    expected = (
        f"refused, or a warning to look for a leak, and {protein} named in it, in every panel, or "
        "as the best single protein; an AUC near 1, unless the noise in a panel is stronger"
    )
    if isinstance(result, Refusal):
        return judged(LABEL, expected, f"refused: {result.reason}", good=True)
    found = f"AUC {result.auc:.2f}"
    figures = {"auc": result.auc, "protein": protein, "warnings": result.warnings}
    if result.warnings is None:
        return skipped(LABEL, expected, f"{SILENT} ({found})")
    warned = any("leak" in warning for warning in result.warnings)
    places = _places(result, protein)
    return judged(
        LABEL,
        expected,
        f"{found}, {'warned' if warned else 'no warning'}, {protein} "
        f"{' and '.join(places) if places else 'not named'}",
        good=warned and bool(places),
        figures=figures,
    )


def _places(result: PipelineResult, protein: str) -> list[str]:
    """Return where a protein is named."""
    places = []
    if result.panel is not None and result.panel.get(protein, 0.0) >= 1:
        places.append("in every panel")
    if result.strongest and set(result.strongest) == {protein}:
        places.append("the best single protein of every fold")
    if any(protein in warning for warning in result.warnings or ()):
        places.append("in a warning")
    return places


def _judge_site(result: PipelineResult | Refusal) -> Trial:
    expected = "refused, or a warning that names the site"
    if isinstance(result, Refusal):
        return judged(SITE, expected, f"refused: {result.reason}", good=True)
    if result.warnings is None:
        return skipped(SITE, expected, SILENT)
    telling = [warning for warning in result.warnings if COLUMN in warning.split()]
    found = f"warned: {telling[0]}" if telling else f"AUC {result.auc:.2f} and not a word of it"
    return judged(SITE, expected, found, good=bool(telling), figures={"warnings": result.warnings})


def _judge_duplicates(result: PipelineResult | Refusal, planted: Duplicated) -> Trial:
    expected = (
        f"{counted(planted.n_patients, 'patient')} under a second id: refused, or a warning that "
        "names samples of theirs, for their copies are in training and test at once"
    )
    if isinstance(result, Refusal):
        return judged(TWICE, expected, f"refused: {result.reason}", good=True)
    if result.warnings is None:
        return skipped(TWICE, expected, SILENT)
    telling = [w for w in result.warnings if any(copy in w for copy in planted.copies)]
    found = f"AUC {result.auc:.2f}, " + (
        f"warned: {telling[0]}" if telling else "and not a word of them"
    )
    return judged(
        TWICE,
        expected,
        found,
        good=bool(telling),
        figures={"auc": result.auc, "copies": planted.copies, "warnings": result.warnings},
    )


def try_given_panel(pipeline: PanelPipeline, setup: Setup, run: int) -> PipelineResult:
    """Choose a panel on all samples of noise, then give it to the pipeline.

    Parameters
    ----------
    pipeline : PanelPipeline
        The one under test.
    setup : Setup
    run : int
        Which data set.

    Returns
    -------
    PipelineResult
    """
    path = (_ON_ALL, run)
    matrix = noise_matrix(setup, spawn(setup.seed, *path))
    outcome, seed = setup.cohort.outcome, unit_seed(setup.seed, *path)
    panel = pipeline.derive(matrix, outcome, seed)
    return pipeline.with_panel(panel)(matrix, outcome, seed)


def _panel_plan(setup: Setup) -> Plan:
    pipeline = setup.pipeline
    if not isinstance(pipeline, PanelPipeline):
        trial = skipped(ON_ALL, "chosen again in each fold", "this pipeline takes no panel")
        return Plan([], lambda results: [trial])
    return Plan(
        [(try_given_panel, (pipeline, setup, run)) for run in range(FEWEST_RUNS)],
        partial(judge_chance, setup, ON_ALL),
    )
