"""The result of a patient report, and how sure it is."""

from __future__ import annotations

from typing import Any

from proteoclass.report.document import Block, Facts, Figure, Headline, Notice, Paragraph, Points
from proteoclass.report.figures.score_bar import draw_score_bar, reference_frame
from proteoclass.report.patient_view import PatientView
from proteoclass.report.read_run import part
from proteoclass.report.statements import (
    limits,
    probability_meaning,
    thresholds_validated,
    urine_caution,
    whole,
)
from proteoclass.report.wording import (
    NOT_REPORTED,
    class_name,
    fixed,
    interval,
    known,
    percent,
    probability,
    probability_interval,
    reachable,
    shown,
)


def result_blocks(view: PatientView) -> tuple[Block, ...]:
    """Return the result: number, band, number line, probability and decision limits."""
    if not view.reportable:
        return refusal_blocks(view)
    row = view.latest
    lower, upper = known(row.get("lower")), known(row.get("upper"))
    spread = ""
    if lower is not None and upper is not None:
        spread = f"5 to 95\u00a0% interval {view.points(lower)} to {view.points(upper)}. "
    return (
        Headline(view.points(view.score), "of 100", band_words(view), spread + place_words(view)),
        _number_line(view, lower, upper),
        Paragraph(_probability_words(view)),
        *_state(view),
        Facts((("Decision limits", limit_words(view)), ("Set by", _rule(view)))),
    )


def refusal_blocks(view: PatientView) -> tuple[Block, ...]:
    """Return what stands in place of a result: the status and the reason, no score."""
    reason = view.field("reason") or f"reason {NOT_REPORTED}"
    return (
        Notice(f"Not reportable. {_sentence(reason)}", "refused"),
        Paragraph("No score is given for this sample. Earlier results are not repeated here."),
    )


def sure_blocks(view: PatientView) -> tuple[Block, ...]:
    """Return what the result's certainty rests on, one sentence an idea."""
    items = [*_spread_words(view), _origin_words(view), auc_words(view), *_judged_words(view)]
    caution = urine_caution(view.run)
    return (Points(tuple(item for item in (*items, caution) if item)),)


def band_words(view: PatientView) -> str:
    """Return the band in the study's own labels."""
    names = {"severe": view.run.positive, "non-severe": view.run.negative}
    band = str(view.latest.get("band") or "").strip()
    if not band:
        return "No band: the model has no thresholds"
    if band == "indeterminate":
        return "Indeterminate"
    return f"In the {class_name(names.get(band, band))} range"


def place_words(view: PatientView) -> str:
    """Return where the score lies against the thresholds, from the numbers alone."""
    low, high = view.cuts
    if low is None or high is None:
        return "No thresholds."
    caution = "" if thresholds_validated(view.run) else "; thresholds not externally validated"
    lower, upper = ("", "") if low == high else ("lower ", "upper ")
    if view.score < low:
        place = f"Below the {lower}threshold ({view.cut_points(low)})"
    elif view.score < high:
        place = f"Between the thresholds ({view.cut_points(low)} and {view.cut_points(high)})"
    else:
        place = f"At or above the {upper}threshold ({view.cut_points(high)})"
    return f"{place}{caution}."


def limit_words(view: PatientView) -> str:
    """Return the two decision limits with their names."""
    low, high = view.cuts
    if low is None or high is None:
        return "none: the model has no thresholds"
    lower, upper = view.cut_points(low), view.cut_points(high)
    parts = [f"below {lower}: {class_name(view.run.negative)}" if reachable(low) else ""]
    if low < high:
        start = lower if reachable(low) else "0"
        parts.append(f"{start} to {upper if reachable(high) else '100'}: indeterminate")
    parts.append(f"from {upper}: {class_name(view.run.positive)}" if reachable(high) else "")
    return "; ".join(part for part in parts if part)


def auc_words(view: PatientView) -> str:
    """Return the model's cross-validated AUC, what it means and the n it rests on."""
    auc = part(view.run.model, "auc")
    mean = known(auc.get("mean_over_repeats"))
    if mean is None:
        return "How well the model separates the classes is not reported."
    low, high = limits(auc.get("interval"))
    positive, negative = class_name(view.run.positive), class_name(view.run.negative)
    return (
        f"In cross-validation, in {percent(mean)} of pairs the {positive} patient scored higher "
        f"than the {negative} one (AUC {fixed(mean)} {interval(low, high)}; "
        f"{whole(auc.get('n_patients'))} patients, {whole(auc.get('n_positive'))} {positive})."
    )


def _sentence(text: str) -> str:
    first = text[:1].upper() + text[1:]
    return first if first.endswith((".", "!", "?")) else first + "."


def _rule(view: PatientView) -> str:
    thresholds = part(view.run.model, "thresholds")
    rule = shown(thresholds.get("rule"), 200) or NOT_REPORTED
    validated = ("" if thresholds_validated(view.run) else "not ") + "externally validated"
    return f"{rule} ({validated})"


def _number_line(view: PatientView, lower: float | None, upper: float | None) -> Figure:
    reference = part(view.run.model, "reference")
    frame = reference_frame(reference)
    positive, negative = class_name(view.run.positive, 40), class_name(view.run.negative, 40)
    svg = draw_score_bar(frame, view.score, (lower, upper), view.cuts, (positive, negative))
    origin = shown(reference.get("origin")) or f"origin {NOT_REPORTED}"
    caption = f"Behind the marker: scores of the study patients ({origin})."
    if lower is not None and upper is not None:
        caption += " The bar through the marker is the 5 to 95\u00a0% interval."
    alt = (
        f"Number line from 0 to 100. This sample is at {view.points(view.score)}. "
        f"{place_words(view)} Study patients above this score: "
        f"{_share_above(frame, view.score, (positive, negative))}."
    )
    return Figure("score-bar", svg, alt, caption, frame)


def _share_above(frame: Any, score: float, names: tuple[str, str]) -> str:
    parts = []
    for group, name in zip(("positive", "negative"), names, strict=True):
        rows = frame[frame["group"] == group]
        above = int(rows.loc[rows["low"] > score, "count"].sum())
        parts.append(f"{above} of {int(rows['count'].sum())} {name}")
    return ", ".join(parts) + " (whole bins)"


def _probability_words(view: PatientView) -> str:
    row = view.latest
    value = known(row.get("probability"))
    if value is None:
        return f"Probability: {NOT_REPORTED}."
    # The limits are points of the score, which holds at the training prevalence alone.
    moved = abs(value - view.score / 100) > 1e-6
    if moved:
        return (
            f"Probability {probability(value)} at the prevalence given when the sample was "
            f"scored; at the study's own, {probability(view.score / 100)}: "
            f"{probability_meaning(view.run)}."
        )
    lower, upper = known(row.get("lower")), known(row.get("upper"))
    ends = (None, None) if lower is None or upper is None else (lower / 100, upper / 100)
    return (
        f"Probability {probability(value)} {probability_interval(*ends)}: "
        f"{probability_meaning(view.run)}."
    )


def _state(view: PatientView) -> tuple[Block, ...]:
    status = str(view.latest.get("status") or "").strip().lower()
    if status == "corrected":
        replaced = view.field("replaces", "reason") or NOT_REPORTED
        return (Notice(f"Corrected report. It replaces: {replaced}.", "warning"),)
    if status == "preliminary":
        return (Notice("Preliminary result: it may change.", "warning"),)
    reason = view.field("reason")
    return (Notice(f"To be read with care. {_sentence(reason)}", "warning"),) if reason else ()


def _spread_words(view: PatientView) -> list[str]:
    row = view.latest
    lower, upper = known(row.get("lower")), known(row.get("upper"))
    if lower is None or upper is None:
        return ["The spread of this score over resampled study patients is not reported."]
    words = (
        f"Models fitted on resampled study patients put this sample between "
        f"{view.points(lower)} and {view.points(upper)} (5 to 95\u00a0%)"
    )
    # The blended score may lie outside the limits of its own resamples.
    low, high = min(lower, view.score), max(upper, view.score)
    crossed = [cut for cut in dict.fromkeys(view.cuts) if cut is not None and low < cut <= high]
    if None in view.cuts:
        return [words + "."]
    if not crossed:
        return [words + ", all in the same band."]
    names = " and ".join(view.cut_points(cut) for cut in crossed)
    noun = "threshold" if len(crossed) == 1 else "thresholds"
    return [f"{words}, which spans the {noun} at {names}: the band is uncertain."]


def _origin_words(view: PatientView) -> str:
    origin = str(view.latest.get("origin") or "").strip()
    words = {
        "out-of-fold": "The patient is one of the study's; the score comes from models that "
        "never saw this patient (out-of-fold).",
        "locked": "The score comes from the locked model; the patient was not used to train it.",
    }
    return words.get(origin, f"Which model the score comes from is {NOT_REPORTED}.")


def _judged_words(view: PatientView) -> list[str]:
    words = []
    positive, negative = class_name(view.run.positive), class_name(view.run.negative)
    for name, rule in (("Lower", "rule out"), ("Upper", "rule in")):
        for row in view.run.evaluation.get("thresholds") or []:
            if str(row.get("name")) == rule and known(row.get("sensitivity")) is not None:
                words.append(
                    f"{name.lower()}: {percent(row['sensitivity'])} of {positive} at or above, "
                    f"{percent(row.get('specificity'))} of {negative} below"
                )
    if not words:
        return []
    return [f"Thresholds chosen the same way, on held-out patients: {'; '.join(words)}."]
