"""External evaluations that a model carries, and the models that it is derived from."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from proteoclass.errors import ModelRefusedError
from proteoclass.io import canonical_json

#: Fewest patients of each class for limits to be called validated.
ENOUGH: Final = 100
#: How far below its promise the interval of a rate may reach.
SHORTFALL: Final = 0.10
RULE: Final = (
    f"one real external cohort with at least {ENOUGH} positive and {ENOUGH} negative reportable "
    "patients, in which the Wilson intervals (95 %) of the sensitivity at the lower and of the "
    f"specificity at the upper limit begin no more than {SHORTFALL:.2f} below what the limits were "
    "set to reach; and no real cohort in which one of the two intervals ends below that"
)


def limits_validated(evaluations: list[dict[str, Any]], thresholds: dict[str, Any]) -> bool:
    """Return whether external evaluations validate the two limits, by `RULE`.

    Parameters
    ----------
    evaluations : list of dict
        As `ExternalPart` in a model file.
    thresholds : dict
        As `ThresholdsPart`.

    Returns
    -------
    bool

    Notes
    -----
    A hundred patients of each class: Vergouwe et al. 2005, doi 10.1016/j.jclinepi.2004.06.017,
    and Collins et al. 2016, doi 10.1002/sim.6787.

    Examples
    --------
    >>> limits_validated([], {"sensitivity": 0.9, "specificity": 0.9})
    False
    """
    promised = (thresholds["sensitivity"], thresholds["specificity"])
    validating = False
    for each in evaluations:
        if each["synthetic"]:
            continue
        pairs = list(zip(_judged_intervals(each), promised, strict=True))
        if any(high < promise for (_, high), promise in pairs):
            return False
        enough = min(each["n_positive"], each["n_negative"]) >= ENOUGH
        validating |= enough and all(low >= promise - SHORTFALL for (low, _), promise in pairs)
    return validating


def check_carried(content: dict[str, Any], where: str) -> str:
    """Check that a model is the ones it says it is derived from, and its evaluations beside.

    One evaluation after the other is taken out again: what is left must have the hash that
    `derived_from` gives. So nobody needs the older file to know that nothing else was changed.

    Parameters
    ----------
    content : dict
        As it stands in the file, its schema checked.
    where : str
        Name of the file.

    Returns
    -------
    str
        What was checked, in a sentence.

    Raises
    ------
    ModelRefusedError
        If something else was changed, an evaluation is of another model, or the limits are
        called validated where the evaluations do not say so.
    """
    lineage = content.get("derived_from", [])
    evaluations = content.get("external_evaluations", [])
    if len(lineage) != len(evaluations):
        raise ModelRefusedError(
            f"{where}: carries {len(evaluations)} external evaluations and is derived from "
            f"{len(lineage)} models, expected as many; get it again from its maker"
        )
    for place, each in enumerate(evaluations, start=1):
        if each["evaluated_sha256"] not in lineage[:place]:
            raise ModelRefusedError(
                f"{where}: external evaluation {place} is of another model "
                f"({each['evaluated_sha256'][:12]}…); get it again from its maker"
            )
    if content["thresholds"]["externally_validated"] != limits_validated(
        evaluations, content["thresholds"]
    ):
        raise ModelRefusedError(
            f"{where}: what it says of validated limits does not follow from its external "
            "evaluations; get it again from its maker"
        )
    left = content
    for expected in reversed(lineage):
        left = _without_last(left)
        found = hashlib.sha256(canonical_json(left)).hexdigest()
        if found != expected:
            raise ModelRefusedError(
                f"{where}: without its last external evaluation it is {found[:12]}…, it says "
                f"{expected[:12]}…: more was changed; get it again from its maker"
            )
    if not lineage:
        return "external evaluations: none, so that the limits are not externally validated"
    verdict = "" if content["thresholds"]["externally_validated"] else "not "
    return (
        f"external evaluations: {len(lineage)}; without them the content is that of "
        f"{lineage[0][:12]}; by the rule the limits are {verdict}externally validated"
    )


def _without_last(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content as it was before the last evaluation was added."""
    left = {**content, "external_evaluations": content["external_evaluations"][:-1]}
    left["derived_from"] = content["derived_from"][:-1]
    validated = limits_validated(left["external_evaluations"], content["thresholds"])
    left["thresholds"] = content["thresholds"] | {"externally_validated": validated}
    if not left["derived_from"]:
        del left["derived_from"], left["external_evaluations"]
    return left


def _judged_intervals(evaluation: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Return the intervals of the rates that the lower and the upper limit were set for."""
    rates = {rate["name"]: rate for rate in evaluation["thresholds"]}
    return rates["rule out"]["sensitivity_interval"], rates["rule in"]["specificity_interval"]
