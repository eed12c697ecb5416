"""A locked model on a cohort that it was not trained on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass import io, stats
from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.matrix.outcome import Outcome, index_weights
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.chance import chance_warning
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.out_of_fold import PREDICTION_COLUMNS
from proteoclass.scorer.performance.decision_curve import decision_curve
from proteoclass.scorer.performance.delong import delong_interval
from proteoclass.scorer.performance.held_out import HeldOut
from proteoclass.scorer.performance.locked_calibration import locked_calibration
from proteoclass.scorer.performance.probability import brier
from proteoclass.scorer.performance.ranking import average_precision, rates_at_fixed
from proteoclass.scorer.performance.sites import site_figures
from proteoclass.scorer.performance.subgroups import subgroups
from proteoclass.scorer.rivals.locked import compare_locked, locked_comparators
from proteoclass.scorer.seen_patients import patients_among
from proteoclass.scorer.single_protein import SUSPICIOUS_AUC
from proteoclass.scorer.summary import describe_cohort
from proteoclass.scorer.versions import software_versions

Floats = npt.NDArray[np.float64]

ESTIMAND: Final = "AUC of this locked model on patients like these"
NO_PERMUTATION: Final = (
    "a locked model learnt nothing from these patients: the interval of its AUC says how far it "
    "is from chance"
)
THRESHOLD_KIND: Final = (
    "limit locked in the model, judged on patients it was not set on; Wilson intervals, 95 %"
)
#: Fewest reportable patients of a class for any figure.
MIN_REPORTABLE: Final = 2


@dataclass(frozen=True, eq=False)
class ExternalEvaluation:
    """What a locked model reaches on patients it never saw.

    Parameters
    ----------
    summary : dict
        Content of `evaluation.json`: every figure with its kind and n.
    predictions : DataFrame
        Content of `predictions.tsv`: every labelled sample once, repeat 1, fold 0; a sample
        that is not reportable has no score.
    scores : DataFrame
        Of every sample, with the reason where there is none; columns of `scores.tsv`.
    """

    summary: dict[str, Any]
    predictions: pd.DataFrame
    scores: pd.DataFrame

    def write(self, folder: str | os.PathLike[str]) -> None:
        """Write `evaluation.json`, `predictions.tsv` and `scores.tsv` into a folder."""
        io.write_json(os.path.join(folder, "evaluation.json"), self.summary)
        io.write_table(os.path.join(folder, "predictions.tsv"), self.predictions)
        io.write_table(os.path.join(folder, "scores.tsv"), self.scores)


def evaluate_external(
    model: SeverityModel,
    matrix: ProteinMatrix,
    outcome: Outcome,
    *,
    others: Sequence[SeverityModel] = (),
    index: str = "first",
    seed: int = 0,
) -> ExternalEvaluation:
    """Judge a locked model on an external cohort, one index sample a patient.

    Nothing is fitted: each score depends on its own sample and the model alone.

    Parameters
    ----------
    model : SeverityModel
    matrix : ProteinMatrix
        Of a cohort that the model was not trained on.
    outcome : Outcome
    others : sequence of SeverityModel, optional
        Locked models to compare with it on the same patients.
    index : str
        Rule of `index_weights`, but that one sample stands for a patient: the first of those
        that carry a value.
    seed : int
        Of the draws of patients behind some intervals.

    Returns
    -------
    ExternalEvaluation

    Raises
    ------
    InputError
        If the outcome does not fit the sheet, a patient has several index samples, or a
        model was trained on this very cohort.
    ModelRefusedError, PanelMismatchError
        As `SeverityModel.score`.
    TooLittleDataError
        If fewer than 2 patients of a class are reportable.

    Examples
    --------
    >>> from proteoclass.matrix import simulate_cohort
    >>> from proteoclass.scorer import Settings, train
    >>> cohorts = [simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=seed)
    ...            for seed in (1, 2)]
    >>> severity = Outcome("severity", "severe")
    >>> model = train(cohorts[0].matrix, severity, folds=3, repeats=1,
    ...               settings=Settings(size=5, bags=2, rounds=5))
    >>> result = evaluate_external(model, cohorts[1].matrix, severity)
    >>> result.summary["auc"]["estimand"]
    'AUC of this locked model on patients like these'
    """
    cohort, n_several = one_sample_each(
        build_cohort(matrix, outcome, index=index, minimum=1), index
    )
    for each in (model, *others):
        _refuse_training_cohort(each, matrix, cohort)
    scores = model.score(matrix)
    reportable = (scores["status"] == "final").to_numpy()
    rows = cohort.index_rows()
    refused = not_reportable(cohort, scores, rows)
    rows = rows[reportable[rows]]
    _require_reportable(cohort, rows, refused, model)
    held = _held(cohort, rows, scores)
    points = scores["score"].to_numpy(dtype=float)
    auc = _auc(held.labels, points[rows])
    ids = cohort.values.index[rows]
    summary: dict[str, Any] = {
        "format": "proteoclass-evaluation",
        "version": 1,
        "software": software_versions(),
        "model": describe_model(model),
        "outcome": {
            "column": cohort.outcome.column,
            "positive": cohort.outcome.positive,
            "negative": cohort.outcome.negative,
        },
        "cohort": describe_cohort(cohort),
        "design": {
            "kind": "external cohort, locked model",
            "index": index,
            "n_patients_of_several_samples": n_several,
            "seed": seed,
        },
        "not_reportable": refused,
        "auc": auc,
        "permutation": {"p": None, "reason": NO_PERMUTATION},
        **_figures(held, seed),
        "thresholds": locked_limits(model, held.labels, points[rows]),
        "comparators": locked_comparators(model, matrix, ids, held.labels, points[rows]),
        "comparisons": [_compare_models(other, matrix, cohort, rows, points) for other in others],
        "subgroups": subgroups(cohort, held),
        "sites": site_figures(cohort, held),
    }
    return ExternalEvaluation(
        summary=summary | {"warnings": _warnings(summary, model)},
        predictions=_predictions(cohort, scores),
        scores=scores,
    )


def describe_model(model: SeverityModel) -> dict[str, Any]:
    """Return which model was judged, and what it was trained on.

    Parameters
    ----------
    model : SeverityModel

    Returns
    -------
    dict
        `name`, `sha256`, `created`, `panel_size`, `n_patients`, `n_positive` and the AUC
        that cross-validation gave it.
    """
    content = model.content
    return {
        "name": model.name,
        "sha256": model.sha256,
        "created": content.created,
        "panel_size": len(content.panel),
        "n_patients": content.training.n_patients,
        "n_positive": content.training.n_positive,
        "cross_validated_auc": content.evaluation.get("auc", {}).get("mean_over_repeats"),
    }


def not_reportable(
    cohort: Cohort, scores: pd.DataFrame, rows: npt.NDArray[np.intp]
) -> dict[str, Any]:
    """Count the index samples that the model gave no score, class by class, and why.

    Parameters
    ----------
    cohort : Cohort
    scores : DataFrame, shape (n_samples, 13)
        As `SeverityModel.score` returns it.
    rows : array of int
        Positions of the index samples.

    Returns
    -------
    dict
        `n`, `n_positive`, `n_negative`, of `n_index_samples`; `reasons`, the most frequent
        first.
    """
    refused = rows[(scores["status"].to_numpy()[rows] != "final")]
    reasons = Counter(scores["reason"].to_numpy()[refused])
    positive = int((cohort.labels[refused] == 1).sum())
    return {
        "n": len(refused),
        "n_positive": positive,
        "n_negative": len(refused) - positive,
        "n_index_samples": len(rows),
        "reasons": [
            {"reason": reason, "n": n}
            for reason, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def locked_limits(model: SeverityModel, labels: Floats, scores: Floats) -> list[dict[str, Any]]:
    """Return sensitivity and specificity at the model's two limits, with Wilson intervals.

    Parameters
    ----------
    model : SeverityModel
    labels : array of 0 and 1, shape (n_patients,)
    scores : array of float, shape (n_patients,)
        Score points, 0 to 100.

    Returns
    -------
    list of dict
    """
    limits = model.thresholds
    n_positive, n_negative = int((labels == 1).sum()), int((labels == 0).sum())
    rows = []
    for name, limit, rule in (
        ("rule out", limits.lower, f"sensitivity of at least {limits.sensitivity:.0%} in training"),
        ("rule in", limits.upper, f"specificity of at least {limits.specificity:.0%} in training"),
    ):
        found = int((scores[labels == 1] >= limit).sum())
        spared = int((scores[labels == 0] < limit).sum())
        rows.append(
            {
                "name": name,
                "rule": rule,
                "limit": limit,
                "sensitivity": found / n_positive,
                "sensitivity_interval": list(stats.wilson_interval(found, n_positive)),
                "specificity": spared / n_negative,
                "specificity_interval": list(stats.wilson_interval(spared, n_negative)),
                "n_positive": n_positive,
                "n_negative": n_negative,
                "kind": THRESHOLD_KIND,
            }
        )
    return rows


def one_sample_each(cohort: Cohort, index: str) -> tuple[Cohort, int]:
    """Return a cohort with one index sample a patient, and for how many one was chosen.

    Parameters
    ----------
    cohort : Cohort
    index : str
        The rule that its index samples come from. Of several samples that carry a value, the
        first by day or visit stands for the patient.

    Returns
    -------
    cohort : Cohort
    n_several : int

    Raises
    ------
    InputError
        If a patient's samples have no order, or all of them were asked for.
    """
    several = _patients_of_several(cohort)
    if not several:
        return cohort, 0
    if "=" in index:
        samples = cohort.matrix.samples
        chosen = pd.Series(cohort.labels, index=samples.index).where(cohort.weights > 0)
        weights = index_weights(samples, chosen, "first").to_numpy(dtype=float)
        cohort = replace(cohort, weights=weights)
    left = _patients_of_several(cohort)
    if left:
        raise InputError(
            f"--index {index}: {len(left)} patients have several index samples: "
            f"{name_list(left)}; DeLong's interval needs one a patient: name it with --index "
            "COLUMN=VALUE, or give days or visits"
        )
    return cohort, len(several)


def _patients_of_several(cohort: Cohort) -> list[str]:
    inside = (cohort.weights > 0) & (cohort.weights < 1)
    return sorted(set(cohort.patients[inside].astype(str)))


def _refuse_training_cohort(model: SeverityModel, matrix: ProteinMatrix, cohort: Cohort) -> None:
    """Refuse the cohort that a model was trained on, or a part of it: an AUC there says nothing.

    Patients are known by their values; see `patients_seen` for what is not recognised.
    """
    training, where = model.content.training, matrix.source.path or "matrix"
    same_file = bool(matrix.source.sha256) and training.matrix_sha256 == matrix.source.sha256
    # A file may hold both: a newer model knows its patients, an older one its file alone.
    unknown = same_file and not training.samples
    if unknown or training.cohort_sha256 == cohort.fingerprint:
        raise InputError(
            f"{where}: the model {model.name} was trained on this very "
            f"{'file' if same_file else 'cohort'}, which is no external cohort; leave out --model "
            "for an honest figure by cross-validation"
        )
    proteins = model.wanted().loc[[protein.id for protein in model.content.panel]]
    shared = patients_among(training.samples, proteins, cohort, training.cohort_sha256)
    if shared:
        raise InputError(
            f"{where}: {len(shared)} of {len(cohort.training_patients[0])} patients were in the "
            f"training cohort of the model {model.name}: {name_list(shared)}; their scores are "
            "flattering: leave them out of the matrix or the sheet"
        )


def _require_reportable(
    cohort: Cohort, rows: npt.NDArray[np.intp], refused: dict[str, Any], model: SeverityModel
) -> None:
    positive = int((cohort.labels[rows] == 1).sum())
    if min(positive, len(rows) - positive) < MIN_REPORTABLE:
        why = (
            f"; the most frequent reason: {refused['reasons'][0]['reason']}" if refused["n"] else ""
        )
        raise TooLittleDataError(
            f"the model {model.name} gives a score to {positive} positive and "
            f"{len(rows) - positive} negative patients, expected at least {MIN_REPORTABLE} of "
            f"each; {refused['n']} of {refused['n_index_samples']} are not reportable{why}"
        )


def _held(cohort: Cohort, rows: npt.NDArray[np.intp], scores: pd.DataFrame) -> HeldOut:
    """Return the reportable patients as the figures of performance take them."""
    probability = scores["probability"].to_numpy(dtype=float)[rows]
    return HeldOut(
        rows=rows,
        labels=cohort.labels[rows],
        weights=np.ones(len(rows)),
        patients=np.unique(cohort.patients[rows].astype(str), return_inverse=True)[1],
        log_odds=stats.log_odds(probability, limit=1e-12)[None],
    )


def _auc(labels: Floats, scores: Floats) -> dict[str, Any]:
    found = delong_interval(labels, scores)
    value = found.pop("value")
    return {
        "mean_over_repeats": value,
        **found,
        "interval_level": 0.95,
        "estimand": ESTIMAND,
        "per_repeat": [value],
        "n_patients": len(labels),
    }


def _figures(held: HeldOut, seed: int) -> dict[str, Any]:
    """Return what rests on the scores alone, beside the AUC."""
    locked = {"estimand": "this locked model's risks on patients like these"}
    return {
        "average_precision": average_precision(held, seed),
        "sensitivity_at_specificity": rates_at_fixed(held, seed),
        "brier": brier(held, seed),
        "calibration": locked_calibration(held.labels, held.log_odds[0]),
        "decision_curve": decision_curve(held, seed) | locked,
    }


def _compare_models(
    other: SeverityModel,
    matrix: ProteinMatrix,
    cohort: Cohort,
    rows: npt.NDArray[np.intp],
    ours: Floats,
) -> dict[str, Any]:
    """Compare with another locked model on the patients that both give a score."""
    theirs = other.score(matrix)["score"].to_numpy(dtype=float)
    both = rows[~np.isnan(theirs[rows])]
    compared = compare_locked(f"model {other.name}", cohort.labels[both], ours[both], theirs[both])
    return compared | {"model": describe_model(other), "n_patients": len(both)}


def _predictions(cohort: Cohort, scores: pd.DataFrame) -> pd.DataFrame:
    names = np.where(cohort.labels == 1, cohort.outcome.positive, str(cohort.outcome.negative))
    table = pd.DataFrame(
        {
            "sample_id": cohort.values.index.to_numpy(),
            "patient_id": cohort.patients,
            "outcome": names,
            "used": cohort.used(),
            "repeat": 1,
            "fold": 0,
            "score": scores["score"].to_numpy(dtype=float),
            "probability": scores["probability"].to_numpy(dtype=float),
        }
    )
    return table.loc[~np.isnan(cohort.labels), PREDICTION_COLUMNS].reset_index(drop=True)


def _warnings(summary: dict[str, Any], model: SeverityModel) -> list[str]:
    auc, refused = summary["auc"], summary["not_reportable"]
    value = auc["mean_over_repeats"]
    warnings = [chance_warning(auc, summary["permutation"])]
    if value > SUSPICIOUS_AUC:
        warnings.append(f"AUC {value:.2f} is above {SUSPICIOUS_AUC}: look for a leak first.")
    if refused["n"]:
        warnings.append(
            f"{refused['n']} of {refused['n_index_samples']} patients are not reportable "
            f"({refused['n_positive']} positive, {refused['n_negative']} negative) and take no "
            f"part in any figure; {refused['reasons'][0]['reason']}."
        )
    n_several = summary["design"]["n_patients_of_several_samples"]
    if n_several:
        warnings.append(
            f"{n_several} patients have several samples that --index {summary['design']['index']} "
            "names: the first of each, by day or visit, stands for the patient."
        )
    smaller = min(auc["n_positive"], auc["n_negative"])
    if smaller < 20:
        warnings.append(
            f"Only {smaller} patients in the smaller class: every figure here is uncertain, the "
            "calibration most of all."
        )
    trained, here = model.content.outcome, summary["outcome"]
    if (trained.positive, trained.negative) != (here["positive"], here["negative"]):
        warnings.append(
            f"The model was trained on {trained.positive!r} against {trained.negative!r}, and is "
            f"judged here on {here['positive']!r} against {here['negative']!r}."
        )
    training = model.content.training
    before, now = training.n_positive / training.n_patients, auc["n_positive"] / auc["n_patients"]
    if not 0.5 < (now / (1 - now)) / (before / (1 - before)) < 2:
        warnings.append(
            f"{now:.0%} of these patients are positive, {before:.0%} of the training patients "
            "were: probabilities refer to the latter, and calibration and decision curve with them."
        )
    if summary["cohort"]["quantity_scope"] == "cohort":
        warnings.append(
            "Quantities were computed across runs before they reached us: figures are conditional "
            "on the search."
        )
    return [warning for warning in warnings if warning]
