"""Sentences whose wording is fixed, in one place for both reports."""

from __future__ import annotations

from typing import Any

from proteoclass.report.read_run import Run, part
from proteoclass.report.wording import (
    NOT_REPORTABLE,
    NOT_REPORTED,
    class_name,
    count,
    fixed,
    interval,
    known,
    percent,
    shown,
)

SYNTHETIC = "SYNTHETIC"
URINE_EVIDENCE = (
    "No COVID-19 urine cohort was publicly available; "
    "the urine evidence for this method is 40 samples of another disease."
)
SYNTHETIC_DATA = (
    "SYNTHETIC: these data were simulated. No number on these pages describes a real patient."
)


def urine_caution(run: Run) -> str:
    """Return the sentence that stands beside every urine result, or "" for other fluids.

    Examples
    --------
    >>> URINE_EVIDENCE[:29]
    'No COVID-19 urine cohort was '
    """
    return URINE_EVIDENCE if run.fluid.strip().lower() == "urine" else ""


def training_line(run: Run) -> str:
    """Return the training cohort in one line: n, events, sites, fluid, AUC with interval."""
    training = part(run.model, "training")
    auc = part(run.model, "auc")
    low, high = limits(auc.get("interval"))
    sites = known(training.get("n_sites"))
    words = [
        count(training.get("n_patients"), "patient"),
        f"{whole(training.get('n_positive'))} {class_name(run.positive)}",
        count(sites, "site") if sites else "",
        f"fluid: {shown(run.fluid)}",
        f"cross-validated AUC {fixed(auc.get('mean_over_repeats'))} {interval(low, high)}",
    ]
    return ", ".join(word for word in words if word)


def prevalence(run: Run) -> float | None:
    """Return the share of positive patients the model was trained on."""
    training = part(run.model, "training")
    total, positive = known(training.get("n_patients")), known(training.get("n_positive"))
    return positive / total if total and positive is not None else None


def probability_meaning(run: Run) -> str:
    """Return what a probability means here, and what it does not."""
    share = percent(prevalence(run))
    label = class_name(run.positive)
    return (
        f"among study patients ({share} {label}), the share with this score who were classed "
        f"{label}; not a forecast"
    )


def thresholds_validated(run: Run) -> bool:
    """Return whether the model carries an external evaluation of its thresholds."""
    return bool(part(run.model, "thresholds").get("externally_validated"))


def cuts(run: Run) -> tuple[float | None, float | None]:
    """Return the lower and the upper threshold, score points."""
    limits_of = part(run.model, "thresholds")
    return known(limits_of.get("lower")), known(limits_of.get("upper"))


def limits(value: object) -> tuple[float | None, float | None]:
    """Return the two ends of an interval given as a list.

    Examples
    --------
    >>> limits([0.1, 0.9]), limits(None)
    ((0.1, 0.9), (None, None))
    """
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return known(value[0]), known(value[1])
    return None, None


def whole(value: object) -> str:
    """Return a count without decimals, or "not reported".

    Examples
    --------
    >>> whole(11.0), whole(None)
    ('11', 'not reported')
    """
    number = known(value)
    return NOT_REPORTED if number is None else f"{int(number):,}"


def gap(what: str, found: dict[str, Any]) -> str:
    """Say that a figure is not there, and why.

    Parameters
    ----------
    what : str
    found : dict
        What the evaluation holds in its place; its `reason` is said. Empty where the
        evaluation is older than the figure.

    Returns
    -------
    str

    Examples
    --------
    >>> gap("Sites", {"reason": "1 site"}), gap("Sites", {})
    ('Sites: not reportable (1 site).', 'Sites: not reported (this evaluation holds none).')
    """
    reason = shown(found.get("reason"), 300)
    if not reason or reason == "not asked for":
        return f"{what}: {NOT_REPORTED} ({reason or 'this evaluation holds none'})."
    return f"{what}: {NOT_REPORTABLE} ({reason})."


def auc_interval(auc: dict[str, Any]) -> str:
    """Return the interval of the main AUC in brackets, or why it has none.

    Parameters
    ----------
    auc : dict
        Of an evaluation.

    Returns
    -------
    str

    Examples
    --------
    >>> auc_interval({"interval": [0.7, 0.9]})
    '(0.70–0.90)'
    >>> auc_interval({"interval": [None, None], "reason": "2 levels"})
    '(interval not reportable: 2 levels)'
    """
    low, high = limits(auc.get("interval"))
    reason = shown(auc.get("reason"), 240)
    if (low is None or high is None) and reason:
        return f"(interval {NOT_REPORTABLE}: {reason})"
    return interval(low, high)
