"""Adding an external evaluation to a locked model, which scores as before."""

from __future__ import annotations

import copy
import hashlib
import io
import os
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import ValidationError

from proteoclass import stats
from proteoclass.errors import InputError, ModelRefusedError
from proteoclass.io import canonical_json, creation_date, plain
from proteoclass.scorer.carried_evaluations import limits_validated
from proteoclass.scorer.evaluation_seal import read_sealed
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.model_names import text_problem
from proteoclass.scorer.model_schema import VERSION, ExternalPart, ModelContent
from proteoclass.scorer.performance.delong import delong_interval
from proteoclass.scorer.performance.locked_calibration import locked_calibration
from proteoclass.scorer.performance.locked_limits import locked_limits

#: How far a figure may lie from the one that its table of predictions gives.
TOLERANCE: Final = 1e-9
_RATE_FIELDS: Final = (
    *("name", "limit", "sensitivity", "sensitivity_interval"),
    *("specificity", "specificity_interval"),
)
_COMPARED: Final = ("limit", "sensitivity", "specificity")


def add_evaluation(
    model: SeverityModel,
    folder: str | os.PathLike[str],
    *,
    name: str,
    synthetic: bool = False,
    platform: str = "",
) -> SeverityModel:
    """Return the model with an external evaluation in its file, scoring as before.

    Every figure is computed again from the evaluation's own table of predictions.

    Parameters
    ----------
    model : SeverityModel
    folder : path-like
        That `evaluate --model FILE -o` wrote, of this model or of one that it is derived from.
    name : str
        Of the external cohort.
    synthetic : bool
        Whether its patients are simulated, which the evaluation must say as well.
    platform : str
        What it was measured on, in words.

    Returns
    -------
    SeverityModel
        Of a new hash; `derived_from` ends with that of `model`.

    Raises
    ------
    InputError
        If the evaluation was altered, is of another model or a cohort that the model carries
        already, or is of simulated patients without saying so.
    ModelRefusedError
        If the model is of version 1 and its normalisation is another since.
    """
    _require_extendable(model)
    summary, tables = read_sealed(folder)
    where = str(folder)
    part = _part(model, summary, tables["predictions.tsv"], where)
    _require_declared(model, part, synthetic, where)
    content = model.content.model_dump(mode="json", exclude_unset=True)
    carried = content.get("external_evaluations", [])
    if part["cohort_sha256"] in {each["cohort_sha256"] for each in carried}:
        raise InputError(
            f"{where}: the model {model.name} carries an evaluation on this cohort already; add "
            "another"
        )
    evaluations = [*carried, part | {"name": name, "platform": platform or part["platform"]}]
    content["external_evaluations"] = evaluations
    content["derived_from"] = [*content.get("derived_from", []), model.sha256]
    content["thresholds"]["externally_validated"] = limits_validated(
        evaluations, content["thresholds"]
    )
    return _relocked(model, content, where)


def _require_extendable(model: SeverityModel) -> None:
    if model.version == 1 and model.content.normaliser.method == "median":
        raise ModelRefusedError(
            f"the model {model.name} is of version 1, whose median normalisation no later version "
            "has: written anew it would score otherwise; train it again"
        )


def _require_declared(
    model: SeverityModel, part: dict[str, Any], synthetic: bool, where: str
) -> None:
    """Refuse simulated patients unless the file and its giver both say so."""
    if model.content.training.synthetic and not part["synthetic"]:
        raise InputError(
            f"{where}: says that its patients are real, and was scored by the model {model.name} "
            "of simulated proteins; evaluate again on the cohort as it was simulated"
        )
    if part["synthetic"] and not synthetic:
        raise InputError(
            f"{where}: its patients are simulated; pass --synthetic if the model is to say so"
        )
    if synthetic and not part["synthetic"]:
        raise InputError(f"{where}: its patients are real; leave out --synthetic")


def _part(
    model: SeverityModel, summary: dict[str, Any], table: bytes, where: str
) -> dict[str, Any]:
    """Return the carried part of an evaluation, its figures computed again."""
    try:
        judged, cohort = summary["model"]["sha256"], summary["cohort"]
        known = {model.sha256, *model.content.derived_from}
        if judged not in known:
            raise InputError(
                f"{where}: is an evaluation of the model {str(judged)[:12]}…, expected "
                f"{model.sha256[:12]}…; evaluate this model"
            )
        figures = _figures(model, summary["outcome"], table)
        _compare(figures, summary, where)
        part = figures | {
            "name": "external cohort",
            "added": creation_date(),
            "evaluated_sha256": judged,
            "seal": summary["seal"],
            "cohort_sha256": cohort["fingerprint"],
            "synthetic": cohort["synthetic"],
            "fluid": cohort["fluid"],
            "platform": cohort.get("platform", ""),
            "outcome": summary["outcome"],
            "warnings": summary["warnings"],
        }
        return ExternalPart.model_validate(plain(part), strict=True).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InputError(
            f"{where}: field {place}: {first['msg']}; evaluate this model again"
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{where}: is not what `evaluate --model` writes ({type(error).__name__}: {error}); "
            "evaluate this model again"
        ) from None


def _figures(model: SeverityModel, outcome: dict[str, Any], table: bytes) -> dict[str, Any]:
    """Return AUC, rates at the limits and calibration from the table of predictions."""
    rows = pd.read_csv(io.BytesIO(table), sep="\t", dtype=str, keep_default_na=False)
    rows = rows[rows["used"] == "index"]
    reportable = rows[rows["score"] != ""]
    labels = (reportable["outcome"] == outcome["positive"]).to_numpy(dtype=float)
    points = reportable["score"].to_numpy(dtype=float)
    risks = reportable["probability"].to_numpy(dtype=float)
    found = delong_interval(labels, points)
    recalibrated = locked_calibration(labels, stats.log_odds(risks, limit=1e-12))
    slope, large = recalibrated["slope"], recalibrated["in_the_large"]
    interval = None if np.isnan(found["interval"]).any() else found["interval"]
    rates = [
        {key: rate[key] for key in _RATE_FIELDS}
        for rate in locked_limits(model.thresholds, labels, points)
    ]
    return {
        "n_patients": len(labels),
        "n_positive": int(labels.sum()),
        "n_negative": int(len(labels) - labels.sum()),
        "n_not_reportable": len(rows) - len(reportable),
        "auc": {
            "value": found["value"],
            "interval": interval,
            "interval_kind": found["interval_kind"],
        },
        "thresholds": rates,
        "calibration": {
            "observed": large["observed"],
            "expected": large["expected"],
            "slope": slope["value"],
            "slope_interval": slope["interval"],
        },
    }


def _compare(figures: dict[str, Any], summary: dict[str, Any], where: str) -> None:
    """Refuse figures that the rows beside them do not give."""
    stated = {rate["name"]: rate for rate in summary["thresholds"]}
    calibration = summary["calibration"]
    pairs = [
        ("AUC", figures["auc"]["value"], summary["auc"]["mean_over_repeats"]),
        ("patients", figures["n_patients"], summary["auc"]["n_patients"]),
        ("not reportable", figures["n_not_reportable"], summary["not_reportable"]["n"]),
        ("expected share", figures["calibration"]["expected"], _of(calibration, "expected")),
        ("observed share", figures["calibration"]["observed"], _of(calibration, "observed")),
    ]
    for rate in figures["thresholds"]:
        named = stated[rate["name"]]
        pairs += [(f"{rate['name']} {key}", rate[key], named[key]) for key in _COMPARED]
    for what, found, expected in pairs:
        if not abs(found - expected) <= TOLERANCE:
            raise InputError(
                f"{where}: {what} is {expected:.6g} in evaluation.json and {found:.6g} by "
                "predictions.tsv; evaluate this model again"
            )


def _of(calibration: dict[str, Any], key: str) -> float:
    return float(calibration["in_the_large"][key])


def _relocked(model: SeverityModel, content: dict[str, Any], where: str) -> SeverityModel:
    try:
        checked = ModelContent.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InputError(f"{where}: field {place}: {first['msg']}; correct it") from None
    dumped = checked.model_dump(mode="json", exclude_unset=True)
    problem = text_problem(dumped)
    if problem:
        # A file with it would be refused by everybody who reads it.
        raise InputError(f"{where}: {problem}; correct it")
    digest = hashlib.sha256(canonical_json(dumped)).hexdigest()
    # The very same boosters: nothing that scores is made anew.
    relocked = copy.copy(model)
    relocked.content, relocked.sha256, relocked.version = checked, digest, VERSION
    return relocked
