"""Scores over time, group by group."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.report.document import Block, Column, Facts, Figure, Paragraph, Points, Table
from proteoclass.report.figures.canvas import records
from proteoclass.report.figures.trajectories import draw_trajectories, trajectories_frame
from proteoclass.report.patient_view import is_reportable, with_scores
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import whole
from proteoclass.report.wording import (
    NOT_REPORTED,
    class_name,
    count,
    days,
    fixed,
    interval,
    known,
    p_value,
    shown,
)


def course_blocks(run: Run) -> tuple[Block, ...]:
    """Return group slopes, the method and why, drop-out and the noise of a score."""
    track = run.track
    if not track:
        return (Paragraph("Scores over time were not followed in this run."),)
    groups = [dict(row) for row in track.get("groups") or []]
    if not groups:
        why = shown(track.get("why"), 600) or f"reason {NOT_REPORTED}"
        return (Paragraph(f"Scores over time were not followed: {why}."),)
    blocks: list[Block] = [Paragraph(_lead(groups), "lead"), _slopes(groups)]
    blocks.append(Facts(_method(track)))
    blocks += _picture(run)
    blocks.append(Paragraph(dropout_words(track)))
    notes = [shown(text, 240) for text in track.get("notes") or []]
    if notes:
        blocks.append(Points(tuple(notes)))
    return tuple(blocks)


def slope_verdict(low: Any, high: Any) -> str:
    """Return fell, rose or did not change, from the interval of a slope alone.

    Examples
    --------
    >>> slope_verdict(-0.8, -0.2), slope_verdict(-0.1, 0.2), slope_verdict(None, 1)
    ('fell', 'did not clearly change', 'has no reportable slope')
    """
    lower, upper = known(low), known(high)
    if lower is None or upper is None:
        return "has no reportable slope"
    if upper < 0:
        return "fell"
    return "rose" if lower > 0 else "did not clearly change"


def dropout_words(track: dict[str, Any]) -> str:
    """Return who is left at the last day, and what that does to a mean curve."""
    rows = [dict(row) for row in track.get("at_risk") or []]
    if not rows:
        return f"Numbers at risk: {NOT_REPORTED}."
    last = max(float(row["day"]) for row in rows)
    first = min(float(row["day"]) for row in rows)
    parts = []
    for group in dict.fromkeys(str(row.get("group")) for row in rows):
        counts = {
            float(row["day"]): row.get("n_patients") for row in rows if str(row["group"]) == group
        }
        parts.append(
            f"{class_name(group)} {whole(counts.get(first))} to {whole(counts.get(last, 0))}"
        )
    return (
        f"Still observed from day {days(first)} to day {days(last)}: {'; '.join(parts)}. "
        "Drop-out may be informative: those who stay may differ from those who left, so a mean "
        "curve is not the course of any one patient."
    )


def _lead(groups: list[dict[str, Any]]) -> str:
    parts = [
        f"in {class_name(row.get('group'))} patients the score "
        f"{slope_verdict(row.get('lower'), row.get('upper'))}"
        for row in groups
    ]
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "."


def _slopes(groups: list[dict[str, Any]]) -> Table:
    rows = tuple(
        (
            shown(row.get("group")),
            whole(row.get("n_patients")),
            whole(row.get("n_samples")),
            fixed(row.get("slope_per_week"), plus=True),
            interval(row.get("lower"), row.get("upper")),
            p_value(row.get("p")),
            fixed(row.get("change_points_first_week"), 1, plus=True),
        )
        for row in groups
    )
    columns = (
        Column("Group"),
        Column("Patients", "", True),
        Column("Samples", "", True),
        Column("Slope", "log-odds a week", True),
        Column("Interval", "95\u00a0%", True),
        Column("Test", "", True),
        Column("First week", "score points", True),
    )
    return Table("Slope of the score by group", columns, rows)


def _method(track: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    together = part(track, "interaction")
    noise = part(track, "noise")
    smallest = known(noise.get("smallest_change_log_odds"))
    if smallest is None:
        words = f"not reportable: {shown(noise.get('reason'), 160) or 'reason ' + NOT_REPORTED}"
    else:
        words = (
            f"{fixed(smallest)} log-odds (within-patient SD {fixed(noise.get('sd_within'))}, "
            f"{count(noise.get('n_pairs'), 'pair')}, {shown(noise.get('source'), 120)})"
        )
    contrast = shown(together.get("contrast"), 120)
    between = (
        f"{fixed(together.get('estimate'), plus=True)} "
        f"{interval(together.get('lower'), together.get('upper'))}, {p_value(together.get('p'))}"
        + (f" ({contrast})" if contrast else "")
        if together
        else ""
    )
    return (
        ("Method", shown(track.get("method"), 160)),
        ("Why this method", shown(track.get("why"), 600)),
        ("Formula", shown(track.get("formula"), 160)),
        ("Difference between groups", between),
        ("Smallest change beyond noise", words),
    )


def _picture(run: Run) -> list[Block]:
    means = run.track.get("means") or []
    if not means or "day" not in run.samples:
        return [Paragraph(f"Mean scores over time: {NOT_REPORTED} (no days in the sheet).")]
    frame = trajectories_frame(means)
    groups = [shown(group, 40) for group in frame["group"]]
    frame = frame.assign(group=groups)
    risk = [{**row, "group": shown(row.get("group"), 40)} for row in run.track.get("at_risk") or []]
    names = (shown(run.positive, 40), shown(run.negative, 40))
    said = []
    for group, rows in frame.groupby("group", sort=False):
        ends = rows["mean_score"].iloc[[0, -1]].tolist()
        said.append(
            f"{class_name(group)}: mean {fixed(ends[0], 0)} at first, {fixed(ends[1], 0)} at last"
        )
    return [
        Figure(
            "trajectories",
            draw_trajectories(frame, _single(run), risk, names),
            f"Mean score by group over time. {'; '.join(said)}.",
            "Mean score with 95\u00a0% interval over the patients' own lines; beneath, how many "
            "patients were still observed.",
            frame,
        )
    ]


def _single(run: Run) -> pd.DataFrame:
    scored = with_scores(run.samples, run.scores)
    # A replicate measures noise: it is no visit of the patient.
    visits = scored["replicate_of"] == "" if "replicate_of" in scored else True
    rows = scored[pd.Series([is_reportable(row) for row in records(scored)], scored.index) & visits]
    frame = pd.DataFrame(
        {
            "patient_id": rows["patient_id"],
            "group": [shown(text, 40) for text in rows["label"]],
            "day": rows["day"].astype(float),
            "score": rows["score"].astype(float),
        }
    )
    return frame.dropna().sort_values("day", kind="stable")
