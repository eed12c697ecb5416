"""The figures on a model's card: evaluation, limits and what may be missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from proteoclass.scorer.card_words import (
    NOT_REPORTED,
    Facts,
    Grid,
    number,
    part,
    said,
    with_interval,
)
from proteoclass.scorer.chance import NO_BETTER, reasons_for_chance

#: Longest bar of the reference distributions, in letters.
_BAR: Final = 24


def evaluation_data(summary: Mapping[str, Any]) -> tuple[Facts | Grid, ...]:
    """Return on whom a model was judged.

    Parameters
    ----------
    summary : mapping
        As `SeverityModel.summary` returns it.

    Returns
    -------
    tuple of Facts and Grid

    Examples
    --------
    >>> evaluation_data({})[0].rows[0][1]
    'not reported'
    """
    design = part(summary, "evaluation", "design")
    folds = NOT_REPORTED
    if design:
        folds = f"{said(design.get('repeats'))} × {said(design.get('folds'))} folds over patients"
        if design.get("leave_out"):
            folds = f"each level of {design['leave_out']} left out once"
    facts = Facts(
        (
            ("cross-validation", folds),
            ("index sample", said(design.get("index"))),
            ("panel in the folds", said(design.get("panel"))),
        )
    )
    rows = tuple(
        (
            f"{each['name']}{' (SYNTHETIC)' if each['synthetic'] else ''}",
            f"{said(each['n_patients'])} ({each['n_positive']})",
            said(each["n_not_reportable"]),
            each["fluid"],
            said(each["platform"]),
            each["cohort_sha256"][:12],
            each["evaluated_sha256"][:12],
        )
        for each in summary.get("external_evaluations") or []
    )
    if not rows:
        return (Facts((*facts.rows, ("external cohorts", "none"))),)
    heading = (
        *("cohort", "patients (positive)", "not reportable", "fluid"),
        *("platform", "fingerprint", "model judged"),
    )
    return (facts, Grid("External cohorts", heading, rows))


def analyses(summary: Mapping[str, Any]) -> tuple[Facts | Grid, ...]:
    """Return what a model reached, with intervals and their kinds.

    Parameters
    ----------
    summary : mapping
        As `SeverityModel.summary` returns it.

    Returns
    -------
    tuple of Facts and Grid

    Examples
    --------
    >>> analyses({})[0].rows[0][1]
    'not reported'
    """
    auc, evaluation = part(summary, "auc"), part(summary, "evaluation")
    permutation = part(evaluation, "permutation")
    verdict = f"; {NO_BETTER}" if reasons_for_chance(auc, permutation) else ""
    p = permutation.get("p")
    null = f"p = {p:.2g}" if p is not None else said(permutation.get("reason"))
    large = part(evaluation, "calibration", "in_the_large")
    slope = part(evaluation, "calibration", "slope")
    facts = Facts(
        (
            (
                "AUC",
                with_interval(auc.get("mean_over_repeats"), auc.get("interval")) + verdict,
            ),
            ("kind of interval", said(auc.get("interval_kind"))),
            ("permutation", null),
            (
                "calibration slope",
                _median(slope, said(part(evaluation, "calibration").get("kind"))),
            ),
            (
                "in the large",
                f"observed {number(large.get('observed'))}, expected "
                f"{number(large.get('expected'))}; difference "
                f"{with_interval(large.get('difference'), large.get('interval'))}; "
                f"{said(large.get('kind'))}"
                if large
                else NOT_REPORTED,
            ),
        )
    )
    return (facts, *_rates(summary), *_external(summary), *_histogram(summary))


def _median(slope: Mapping[str, Any], kind: str) -> str:
    if slope.get("median") is None:
        return said(slope.get("reason"))
    return f"{number(slope['median'])} ({number(slope['low'])} to {number(slope['high'])}); {kind}"


def _rates(summary: Mapping[str, Any]) -> tuple[Grid, ...]:
    limits = summary.get("evaluation", {}).get("thresholds") or []
    if not limits:
        return ()
    rows = tuple(
        (
            said(row.get("name")),
            with_interval(row.get("sensitivity"), row.get("sensitivity_interval")),
            with_interval(row.get("specificity"), row.get("specificity_interval")),
            f"{number(row.get('n_positive'), 0)} and {number(row.get('n_negative'), 0)}",
        )
        for row in limits
    )
    kind = said(limits[0].get("interval_kind"))
    heading = ("limit", "sensitivity", "specificity", "positive and negative")
    return (Grid(f"Limits in cross-validation; {kind}", heading, rows),)


def _external(summary: Mapping[str, Any]) -> tuple[Grid, ...]:
    carried = summary.get("external_evaluations") or []
    if not carried:
        return ()
    rows = []
    for each in carried:
        rates = {rate["name"]: rate for rate in each["thresholds"]}
        out, into = rates["rule out"], rates["rule in"]
        rows.append(
            (
                f"{each['name']}{' (SYNTHETIC)' if each['synthetic'] else ''}",
                with_interval(each["auc"]["value"], each["auc"]["interval"]),
                with_interval(out["sensitivity"], out["sensitivity_interval"]),
                with_interval(into["specificity"], into["specificity_interval"]),
                with_interval(each["calibration"]["slope"], each["calibration"]["slope_interval"]),
            )
        )
    kind = said(carried[0]["auc"]["interval_kind"])
    heading = ("cohort", "AUC", "sensitivity at the lower", "specificity at the upper")
    return (
        Grid(
            f"External cohorts; AUC: {kind}; rates: Wilson; slope: Wald; 95 %",
            (*heading, "calibration slope"),
            tuple(rows),
        ),
    )


def _histogram(summary: Mapping[str, Any]) -> tuple[Grid, ...]:
    reference, outcome = part(summary, "reference"), part(summary, "outcome")
    edges = reference.get("edges") or []
    if not edges:
        return ()
    # Two bins a line: twenty lines are more than a glance takes in.
    classes = [_doubled(reference["positive"]), _doubled(reference["negative"])]
    most = max(1, *(max(counts) for counts in classes))
    names = [said(outcome.get(key)) for key in ("positive", "negative")]
    rows = []
    for place, (positive, negative) in enumerate(zip(*classes, strict=True)):
        low, high = edges[2 * place], edges[2 * place + 2]
        bars = ("#" * math.ceil(_BAR * n / most) for n in (positive, negative))
        first, second = bars
        rows.append((f"{low:.0f} to {high:.0f}", str(positive), first, str(negative), second))
    return (
        Grid(
            f"Out-of-fold scores of the index samples: {names[0]} left, {names[1]} right",
            ("score", "n", names[0], "n ", names[1]),
            tuple(rows),
        ),
    )


def _doubled(counts: Sequence[int]) -> list[int]:
    return [sum(counts[place : place + 2]) for place in range(0, len(counts), 2)]


def _scale(slope: Mapping[str, Any]) -> str:
    if slope.get("lower") is None or slope.get("upper") is None:
        return said(slope.get("reason"))
    return (
        f"a sample is on the model's scale with a slope of {number(slope['lower'])} to "
        f"{number(slope['upper'])} on the study patients' profile ({said(slope['n'])} samples)"
    )


def _control_pool(pool: Mapping[str, Any]) -> str:
    if pool.get("lower") is None or pool.get("upper") is None:
        return said(pool.get("reason"))
    return (
        f"{said(pool['name'])}: log-odds of {number(pool['lower'])} to {number(pool['upper'])}, "
        f"from {said(pool['n'])} measurements in {said(pool['n_batches'])} batches; beyond them "
        "the batch is not reportable"
    )


def limits_of_use(summary: Mapping[str, Any]) -> tuple[Facts | Grid, ...]:
    """Return what may be missing or out of range before there is no score.

    Parameters
    ----------
    summary : mapping
        As `SeverityModel.summary` returns it.

    Returns
    -------
    tuple of Facts and Grid

    Examples
    --------
    >>> limits_of_use({})[0].rows[0][1]
    'not reported'
    """
    missing, joint = part(summary, "missing"), part(summary, "range")
    error = part(missing, "error")
    size = len(summary.get("panel") or [])
    stated = NOT_REPORTED
    if error:
        stated = (
            f"at most {number(error['bound'], 1)} score points in {error['share']:.0%} of held-out "
            f"cases ({said(error['n_patients'])} patients, {said(error['n_folds'])} folds)"
        )
    rows: list[tuple[str, str]] = [
        (
            "may be missing",
            f"{said(missing.get('max_not_measured'))} of {size} panel proteins and "
            f"{said(missing.get('max_reference_not_measured'))} reference proteins not measured"
            if missing
            else NOT_REPORTED,
        ),
        ("error of that", stated),
        ("must be detected", f"{said(missing.get('min_detected'))} panel proteins"),
        ("depth", f"{said(missing.get('min_reference_detected'))} reference proteins detected"),
        (
            "out of range",
            f"flagged with more than {said(joint['max_outside'])} proteins out of range, or a "
            f"joint distance above {number(joint['flagged'])}; not reportable above "
            f"{number(joint['refused'])} (set on {said(joint['n_held_out'])} held-out samples)"
            if joint
            else NOT_REPORTED,
        ),
        ("scale", _scale(part(summary, "slope"))),
        ("QC pool", _control_pool(part(summary, "control_pool"))),
        ("refused", "another kind of values, fluid, platform or pool than those above"),
    ]
    grids = []
    if error.get("table"):
        cells = tuple(
            (
                str(row["n_missing"]),
                number(row["median"], 1),
                number(row["high"], 1),
                said(row["n"]),
            )
            for row in error["table"]
        )
        heading = ("missing", "median", f"{error['share']:.0%} of cases", "cases")
        title = "Score points a held-out score moved without some of the panel"
        grids.append(Grid(title, heading, cells))
    return (Facts(tuple(rows)), *grids)
