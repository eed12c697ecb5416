"""A locked model on a cohort that it was not trained on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass import io, stats
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.chance import chance_warning
from proteoclass.scorer.cohort import Cohort, build_cohort
from proteoclass.scorer.evaluation_seal import FIGURES, TABLES, seal
from proteoclass.scorer.external_cohort import (
    most_frequent,
    not_reportable,
    one_sample_each,
    read_with_care,
    refuse_training_cohort,
    require_reportable,
    same_patients,
)
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.out_of_fold import PREDICTION_COLUMNS
from proteoclass.scorer.performance.decision_curve import decision_curve
from proteoclass.scorer.performance.delong import delong_interval
from proteoclass.scorer.performance.held_out import HeldOut
from proteoclass.scorer.performance.locked_calibration import locked_calibration
from proteoclass.scorer.performance.locked_limits import locked_limits
from proteoclass.scorer.performance.probability import brier
from proteoclass.scorer.performance.ranking import average_precision, rates_at_fixed
from proteoclass.scorer.performance.sites import site_figures
from proteoclass.scorer.performance.subgroups import subgroups
from proteoclass.scorer.platforms import stated_platform
from proteoclass.scorer.rivals.locked import compare_locked, locked_comparators
from proteoclass.scorer.single_protein import SUSPICIOUS_AUC
from proteoclass.scorer.summary import describe_cohort, index_warnings
from proteoclass.scorer.versions import software_versions

Floats = npt.NDArray[np.float64]

ESTIMAND: Final = "AUC of this locked model on patients like these"
NO_PERMUTATION: Final = (
    "a locked model learnt nothing from these patients: the interval of its AUC says how far it "
    "is from chance"
)


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
        """Write `evaluation.json`, sealed, `predictions.tsv` and `scores.tsv` into a folder."""
        tables = {}
        for name, frame in zip(TABLES, (self.predictions, self.scores), strict=True):
            tables[name] = io.write_table(os.path.join(folder, name), frame).read_bytes()
        sealed = self.summary | {"seal": seal(self.summary, tables)}
        io.write_json(os.path.join(folder, FIGURES), sealed)


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
        refuse_training_cohort(each, matrix, cohort)
    # Of the patients' samples, in the cohort's order: a QC pool is scored and is no patient.
    every = model.score(matrix)
    scores = every.set_index("sample_id").loc[cohort.values.index].reset_index()
    reportable = (scores["status"] == "final").to_numpy()
    rows = cohort.index_rows()
    refused = not_reportable(cohort, scores, rows)
    rows = rows[reportable[rows]]
    require_reportable(cohort, rows, refused, model, int(scores["panel_found"].max()))
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
        "cohort": describe_cohort(cohort)
        | {
            "fingerprint": cohort.fingerprint,
            "platform": stated_platform(cohort.matrix.samples.iloc[rows]),
        },
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
        "thresholds": locked_limits(model.thresholds, held.labels, points[rows]),
        "comparators": locked_comparators(model, matrix, ids, held.labels, points[rows]),
        "comparisons": [_compare_models(other, matrix, cohort, rows, points) for other in others],
        "subgroups": subgroups(cohort, held),
        "sites": site_figures(cohort, held),
    }
    twice, said = same_patients(cohort, rows)
    summary["duplicates"] = [asdict(pair) for pair in twice]
    careful = read_with_care(scores.iloc[rows], model)
    warnings = [*_warnings(summary, model), *careful, *every.attrs["notes"], *said]
    return ExternalEvaluation(
        summary=summary | {"warnings": warnings},
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
    scored = other.score(matrix).set_index("sample_id")["score"]
    theirs = scored.loc[cohort.values.index].to_numpy(dtype=float)
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
    warnings += index_warnings(summary)
    if refused["n"]:
        warnings.append(
            f"{refused['n']} of {refused['n_index_samples']} patients are not reportable "
            f"({refused['n_positive']} positive, {refused['n_negative']} negative) and take no "
            f"part in any figure; {most_frequent(refused)}."
        )
    warnings += [
        f"The comparison with model {row['model']['name']} rests on {row['n_patients']} of "
        f"{auc['n_patients']} patients, as does its AUC: the others it gives no score."
        for row in summary["comparisons"]
        if row["n_patients"] < auc["n_patients"]
    ]
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
