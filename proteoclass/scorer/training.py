"""Fitting the model on every patient and locking it into one document."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.folds import unit_seed
from proteoclass.io import canonical_json, creation_date, plain
from proteoclass.matrix.normalisation.ratio import has_pool, pool_id
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.samples.controls import is_control
from proteoclass.panel.panel import Panel
from proteoclass.scorer.calibration import Platt, fit_platt, fit_thresholds
from proteoclass.scorer.control_pool import learn_pool
from proteoclass.scorer.evaluation import Evaluation, evaluate
from proteoclass.scorer.held_out_limits import HeldOutLimits, learn_limits
from proteoclass.scorer.held_panel import held_proteins
from proteoclass.scorer.merged_booster import load_boosters
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.model_names import text_problem
from proteoclass.scorer.model_schema import REFERENCE_BINS, ModelContent
from proteoclass.scorer.parallel import Progress, single_threaded
from proteoclass.scorer.platforms import stated_platform
from proteoclass.scorer.procedure import FittedProcedure, fit_procedure
from proteoclass.scorer.profile_slope import slope_limits
from proteoclass.scorer.seen_patients import sample_digests
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.training_range import protein_limits
from proteoclass.scorer.training_summary import cohort_in_numbers
from proteoclass.scorer.trees import check_booster
from proteoclass.scorer.tuning import candidate_named
from proteoclass.scorer.versions import software_versions
from proteoclass.stats import expit

Floats = npt.NDArray[np.float64]

#: Share of the normaliser's reference that an assay need not measure: its median moves
#: little without it.
MAX_REFERENCE_NOT_MEASURED = 0.2

_TRAINING_FIELDS = ["n_patients", "n_positive", "n_negative"]
_TRAINING_FIELDS += ["n_index_samples", "n_proteins", "synthetic"]

_EVALUATION_FIELDS = ["auc", "permutation", "calibration", "thresholds"]
_EVALUATION_FIELDS += ["tuning", "design", "warnings"]

NOT_FOR = [
    "diagnosis, triage or treatment of a patient",
    "another fluid, platform or quantification than the one it was trained on",
    "a forecast: the label is the worst state of a patient, not what comes next",
]


def train(
    matrix: ProteinMatrix,
    outcome: Outcome,
    *,
    settings: Settings | None = None,
    panel: Panel | None = None,
    index: str = "first",
    folds: int = 5,
    repeats: int = 4,
    seed: int = 0,
    jobs: int = 1,
    name: str = "severity",
    evaluation: Evaluation | None = None,
    progress: Progress | None = None,
) -> SeverityModel:
    """Fit on the index samples of every labelled patient, and lock.

    Calibration, limits and reference distributions come from out-of-fold predictions, so
    the model carries its own cross-validation.

    Parameters
    ----------
    matrix : ProteinMatrix
    outcome : Outcome
    settings, panel, index, folds, repeats, seed, jobs, progress
        As for `evaluate`.
    name : str
        Name of the model.
    evaluation : Evaluation, optional
        Of the same matrix, outcome and panel; settings, index rule, folds and seed are its
        own. Computed (without permutations) where left out.

    Returns
    -------
    SeverityModel

    Raises
    ------
    InputError, TooLittleDataError
        As `evaluate`; if the evaluation given is of another matrix, outcome or panel.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    >>> model = train(cohort.matrix, Outcome("severity", "severe"), folds=3, repeats=1,
    ...               settings=Settings(size=5, bags=2, rounds=5))
    >>> len(model.content.panel)
    5
    """
    if evaluation is None:
        evaluation = evaluate(
            matrix,
            outcome,
            settings=settings,
            panel=panel,
            folds=folds,
            repeats=repeats,
            permutations=0,
            describe=False,  # no model carries it
            index=index,
            seed=seed,
            jobs=jobs,
            progress=progress,
        )
    fixed, _ = held_proteins(panel, evaluation.cohort, evaluation.settings)
    _require_own(evaluation, matrix, outcome, held=bool(fixed))
    rows = evaluation.cohort.index_rows()
    seed = evaluation.summary["design"]["seed"]
    settings = evaluation.settings
    tuned = candidate_named(settings, evaluation.summary["tuning"]["all_patients"])
    fitted = single_threaded(
        fit_procedure,
        (evaluation.cohort, rows, tuned.applied(settings), unit_seed(seed), fixed),
    )
    margins = evaluation.margins
    calibrator = fit_platt(*(margins[c].to_numpy() for c in ("margin", "label", "weight")))
    seen = single_threaded(
        learn_limits,
        (evaluation.cohort, tuned.applied(settings), seed, fixed, calibrator, len(fitted.panel)),
    )
    content = _content(name, matrix, evaluation, fitted, rows, calibrator, seen)
    content["probes"] = _probes(content)
    draft = _lock(content)
    for probe, margin in zip(content["probes"], draft.probe_margins(), strict=True):
        probe["margin"] = float(margin)
    content |= _seen_by(draft, matrix, evaluation.cohort.values.index[rows])
    problem = text_problem(plain(content))
    if problem:
        raise InputError(
            f"{matrix.source.path or 'the matrix'}: a model of it could not be read again "
            f"({problem}); rename that"
        )
    for booster in content["boosters"]:
        check_booster(booster, len(fitted.panel), f"XGBoost {content['software']['xgboost']}")
    return _lock(content)


def _seen_by(draft: SeverityModel, matrix: ProteinMatrix, index_ids: pd.Index) -> dict[str, Any]:
    """Return what the fitted model sees of its study patients' scale, and of the QC pool."""
    profile = draft.profile(matrix).loc[index_ids]
    slope, deviation = (profile[name].to_numpy(dtype=float) for name in profile)
    ratios = draft.content.kind == "ratio"
    told: dict[str, Any] = {"slope": slope_limits(slope, deviation if ratios else None)}
    if is_control(matrix.samples).any():
        scores = draft.score_values(matrix)
        told["control_pool"] = learn_pool(scores, matrix.samples.loc[scores["sample_id"]])
    platform = stated_platform(matrix.samples.loc[index_ids])
    return told | ({"platform": platform} if platform else {})


def _require_own(
    evaluation: Evaluation, matrix: ProteinMatrix, outcome: Outcome, *, held: bool
) -> None:
    """Refuse an evaluation of something else: the model would carry figures of another."""
    cohort, wanted = evaluation.cohort, (outcome.column, outcome.positive)
    own = cohort.outcome
    differs = {
        "matrix": cohort.matrix.source.sha256 != matrix.source.sha256
        or not cohort.values.index.isin(matrix.values.index).all(),
        "outcome": (own.column, own.positive) != wanted
        or outcome.negative not in (None, own.negative),
        "panel": evaluation.summary["panel"]["held"] != held,
    }
    found = [name for name, other in differs.items() if other]
    if found:
        raise InputError(
            f"evaluation: found one of another {' and '.join(found)} than the model is to be "
            "trained on; evaluate that, or leave the evaluation out"
        )


def _lock(content: dict[str, Any]) -> SeverityModel:
    checked = ModelContent.model_validate(plain(content))
    # What is not set is not written, and is no part of the hash either.
    dumped = checked.model_dump(mode="json", exclude_unset=True)
    digest = hashlib.sha256(canonical_json(dumped)).hexdigest()
    return SeverityModel(checked, digest, load_boosters(checked.boosters, checked.name))


def _content(
    name: str,
    matrix: ProteinMatrix,
    evaluation: Evaluation,
    fitted: FittedProcedure,
    rows: npt.NDArray[np.intp],
    calibrator: Platt,
    seen: HeldOutLimits,
) -> dict[str, Any]:
    cohort, blend = evaluation.cohort, fitted.blend
    measured = fitted.measured(cohort.values.iloc[rows]).to_numpy(dtype=float)
    scores = evaluation.scores[evaluation.scores["weight"] > 0]
    points = 100 * expit(scores["log_odds"])
    label, weight = scores["label"].to_numpy(), scores["weight"].to_numpy()
    limits = fit_thresholds(points, label, weight)
    described, design = evaluation.summary["cohort"], evaluation.summary["design"]
    return {
        "name": name,
        "created": creation_date(),
        "software": software_versions(),
        "outcome": evaluation.summary["outcome"],
        "fluid": cohort.matrix.fluid,
        "kind": cohort.matrix.kind,
        "input": {"kind": matrix.kind, "scale": matrix.scale},
        "quantity_scope": cohort.matrix.quantity_scope,
        "pool_id": pool_id(matrix) if has_pool(matrix) and matrix.kind == "intensity" else "",
        "normaliser": _normaliser(cohort.matrix, fitted),
        "panel": _panel(cohort.matrix, fitted, measured),
        "boosters": [json.loads(booster.save_raw("json")) for booster in blend.boosters],
        "booster_weight": blend.booster_weight,
        "companion": {"intercepts": blend.intercepts, "coefficients": blend.coefficients},
        "calibration": {"slope": calibrator.slope, "intercept": calibrator.intercept},
        "thresholds": {
            "lower": limits.lower,
            "upper": limits.upper,
            "sensitivity": limits.sensitivity,
            "specificity": limits.specificity,
            "externally_validated": False,
            "set_on": {
                "scores": "out-of-fold",
                **{key: described[key] for key in ("n_positive", "n_negative")},
                **{key: design[key] for key in ("folds", "repeats")},
            },
        },
        "missing": _missing(measured, fitted) | seen.missing_part(described["n_patients"]),
        "range": seen.range_part(measured),
        "reference": _reference(points, label),
        "training": {key: described[key] for key in _TRAINING_FIELDS}
        | {
            **cohort_in_numbers(cohort),
            **{key: design[key] for key in ("index", "seed")},
            "matrix_sha256": matrix.source.sha256,
            "cohort_sha256": cohort.fingerprint,
            "samples": list(
                sample_digests(_proteins(cohort.matrix, fitted), cohort, cohort.fingerprint)
            ),
        },
        "evaluation": _carried(evaluation.summary),
        "settings": evaluation.settings.to_dict(),
        "intended_use": (
            "Research use only: a score from 0 to 100 for comparing samples of the same fluid and "
            "platform with the study patients. Not a diagnostic device."
        ),
        "not_for": NOT_FOR,
    }


def _carried(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what a model says of its evaluation, without a name of anybody or of a few."""
    carried = {key: summary[key] for key in _EVALUATION_FIELDS}
    # Of sites that were left out: one of them may be one patient.
    auc = {key: value for key, value in summary["auc"].items() if key != "levels"}
    return carried | {"auc": auc}


def _normaliser(matrix: ProteinMatrix, fitted: FittedProcedure) -> dict[str, Any]:
    step = fitted.pipeline["normalise"]
    ids = fitted.proteins[step.reference_]
    return {
        "method": step.method,
        "reference": [
            {
                "id": protein,
                "accessions": matrix.proteins.loc[protein, "accessions"],
                "gene": matrix.proteins.loc[protein, "gene"],
                "value": value,
            }
            for protein, value in zip(ids, step.profile_, strict=True)
        ],
    }


def _proteins(matrix: ProteinMatrix, fitted: FittedProcedure) -> pd.DataFrame:
    """Return accessions and genes of the panel, as matching takes them."""
    return matrix.proteins.loc[fitted.panel, ["accessions", "gene"]]


def _panel(
    matrix: ProteinMatrix, fitted: FittedProcedure, measured: Floats
) -> list[dict[str, Any]]:
    fill = fitted.fill
    signs = fitted.pipeline["score"].signs_
    blend = fitted.blend
    lowest, highest = protein_limits(measured)
    proteins = []
    for position, protein in enumerate(fitted.panel):
        values = measured[:, position]
        values = values[~np.isnan(values)]
        low, high = np.quantile(values, (0.05, 0.95))
        proteins.append(
            {
                "id": protein,
                "accessions": matrix.proteins.loc[protein, "accessions"],
                "gene": matrix.proteins.loc[protein, "gene"],
                "direction": {1: "up", -1: "down"}.get(int(signs[position]), "unknown"),
                "fill": None if np.isnan(fill[position]) else fill[position],
                "median": blend.median[position],
                "centre": blend.centre[position],
                "spread": blend.spread[position],
                "low": low,
                "high": high,
                "lowest": lowest[position],
                "highest": highest[position],
            }
        )
    return proteins


def _missing(measured: Floats, fitted: FittedProcedure) -> dict[str, int]:
    n_reference = len(fitted.pipeline["normalise"].reference_)
    fewest = int((~np.isnan(measured)).sum(axis=1).min())
    return {
        "max_reference_not_measured": int(MAX_REFERENCE_NOT_MEASURED * n_reference),
        # Half of what the poorest study sample had: below that a run has failed.
        "min_detected": max(1, fewest // 2),
        "min_reference_detected": fitted.min_reference_detected,
    }


def _reference(points: Floats, label: Floats) -> dict[str, Any]:
    edges = np.linspace(0, 100, REFERENCE_BINS + 1)
    return {
        "edges": edges,
        "positive": np.histogram(points[label == 1], edges)[0],
        "negative": np.histogram(points[label == 0], edges)[0],
        "origin": "out-of-fold",
    }


def _probes(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Make synthetic samples around the training medians: typical, up, down, with gaps."""
    median = np.array([p["median"] for p in content["panel"]], dtype=float)
    spread = np.array([p["spread"] for p in content["panel"]], dtype=float)
    reference = [p["value"] for p in content["normaliser"]["reference"]]
    signs = np.array([{"up": 1, "down": -1}.get(p["direction"], 0) for p in content["panel"]])
    gaps = median.copy()
    gaps[::3] = np.nan
    rows = [median, median + 2 * signs * spread, median - 2 * signs * spread, gaps]
    alternating = np.where(np.arange(len(median)) % 2, 1.0, -1.0)
    rows.append(median + alternating * spread)
    return [{"reference": reference, "panel": row.tolist(), "margin": 0.0} for row in rows]
