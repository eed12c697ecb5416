"""The trend of a patient report."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.report.document import Block, Column, Figure, Paragraph, Table
from proteoclass.report.figures.canvas import records
from proteoclass.report.figures.trend import draw_trend, noise_band
from proteoclass.report.patient_view import PatientView, is_reportable, time_words
from proteoclass.report.read_run import part
from proteoclass.report.wording import NOT_REPORTED, days, fixed, interval, known, shown

_SHOWN_VISITS = 6


def course_blocks(view: PatientView) -> tuple[Block, ...]:
    """Return earlier scores against time, the slope and the words for the change."""
    if not view.reportable:
        return (Paragraph("No trend is shown: the latest sample is not reportable."),)
    if len(view.samples) < 2:
        return (Paragraph("One sample: there is no trend to show."),)
    sentences = [change_words(view), slope_words(view), crossing_words(view)]
    text = Paragraph(" ".join(sentence for sentence in sentences if sentence))
    if not _in_days(view):
        return (text, _score_table(view))
    return (text, _figure(view))


def change_words(view: PatientView) -> str:
    """Say whether the score fell, rose or did not change beyond measurement variation.

    The verdict is the one in `trajectories.tsv`, which compares the change in log-odds
    with the smallest change beyond measurement variation.
    """
    row = _trajectory(view)
    good = [r for r in _rows(view) if is_reportable(r)]
    if len(good) < 2:
        return "Only one of these samples is reportable: there is no trend to show."
    verdict = str(row.get("beyond_noise") or "").strip()
    followed = (known(row.get("n_visits")) or 0) > 1
    if followed:
        ends = " to ".join(_judged_end(view, row, end) for end in ("first", "last"))
    else:
        ends = " to ".join(
            f"{view.points(r['score'])} ({time_words(r)})" for r in (good[0], good[-1])
        )
    if verdict in ("fell", "rose"):
        return (
            f"The score {verdict} beyond measurement variation, from {ends}.{_noise_source(view)}"
        )
    if verdict == "did not change":
        return (
            f"The score did not change beyond measurement variation: from {ends}."
            f"{_noise_source(view)}"
        )
    return (
        f"The score went from {ends}. Whether that is beyond measurement variation is not "
        f"reportable: {_unjudged(view, row)}."
    )


def _judged_end(view: PatientView, row: dict[str, Any], end: str) -> str:
    """Return the score that the verdict was reached on: a day's mean where it has several."""
    day = known(row.get(f"{end}_day"))
    same = [r for r in _rows(view) if is_reportable(r) and known(r.get("day")) == day]
    several = f", mean of {len(same)} samples" if len(same) > 1 else ""
    return f"{view.points(row.get(end))} (day {days(day)}{several})"


def _unjudged(view: PatientView, row: dict[str, Any]) -> str:
    if view.run.trajectories.empty:
        why = shown(view.run.track.get("why"), 160)
        return f"the run followed no scores over time{f' ({why})' if why else ''}"
    if (known(row.get("n_visits")) or 0) < 2:
        return "fewer than two days have a reportable score"
    return shown(part(view.run.track, "noise").get("reason"), 160) or f"reason {NOT_REPORTED}"


def slope_words(view: PatientView) -> str:
    """Return the slope per week with its interval, or that there is none."""
    row = _trajectory(view)
    slope = known(row.get("slope_per_week"))
    if slope is None:
        return f"Slope per week: {NOT_REPORTED}."
    ends = interval(row.get("slope_lower"), row.get("slope_upper"))
    return f"Slope: {fixed(slope, plus=True)} log-odds per week {ends}."


def crossing_words(view: PatientView) -> str:
    """Return the two days between which the score went below the lower threshold."""
    row = _trajectory(view)
    start, end = known(row.get("below_threshold_from")), known(row.get("below_threshold_to"))
    if start is None or end is None:
        return ""
    words = f"It went below the lower threshold between day {days(start)} and day {days(end)}"
    lower = view.cuts[0]
    back = [
        known(r.get("day"))
        for r in _rows(view)
        if is_reportable(r) and lower is not None and float(r["score"]) >= lower
    ]
    later = [day for day in back if day is not None and day > end]
    # A bracket alone would read as if the score had stayed below.
    return (
        f"{words}, and was at or above it again on day {days(later[-1])}." if later else words + "."
    )


def _noise_source(view: PatientView) -> str:
    noise = part(view.run.track, "noise")
    source = shown(noise.get("source"))
    pairs = known(noise.get("n_pairs"))
    if not source or pairs is None:
        return ""
    only = ", analytical variation only" if source == "technical replicates" else ""
    return f" (Variation from {int(pairs)} pairs: {source}{only}.)"


def _trajectory(view: PatientView) -> dict[str, Any]:
    table = view.run.trajectories
    if view.patient_id not in table.index:
        return {}
    return {str(key): value for key, value in table.loc[view.patient_id].items()}


def _rows(view: PatientView) -> list[dict[str, Any]]:
    return records(view.samples)


def _in_days(view: PatientView) -> bool:
    return "day" in view.samples and bool(view.samples["day"].notna().all())


def _figure(view: PatientView) -> Figure:
    frame = view.samples[["day", "score", "lower", "upper"]].astype(float).copy()
    refused = [not is_reportable(row) for row in _rows(view)]
    frame.loc[refused, ["score", "lower", "upper"]] = float("nan")
    # The band stands on the score that the verdict was reached on.
    judged = known(_trajectory(view).get("first"))
    first = frame["score"].dropna().iloc[0] if judged is None else judged
    smallest = known(part(view.run.track, "noise").get("smallest_change_log_odds"))
    band = noise_band(first, smallest)
    said = "; ".join(f"{time_words(row)}: {_said(view, row)}" for row in _rows(view))
    caption = "Scores with 5 to 95\u00a0% intervals; dashed lines are the thresholds."
    if band is not None:
        caption += " Shaded: no change from the first score beyond measurement variation."
    return Figure(
        "trend", draw_trend(frame, view.cuts, band), f"Scores over time. {said}.", caption, frame
    )


def _said(view: PatientView, row: dict[str, Any]) -> str:
    return view.points(row["score"]) if is_reportable(row) else "not reportable"


def _score_table(view: PatientView) -> Table:
    rows = _rows(view)[-_SHOWN_VISITS:]
    left_out = len(view.samples) - len(rows)
    caption = "Scores in time order"
    if left_out:
        caption += f"; {left_out} earlier left out"
    return Table(
        caption,
        (
            Column("Sample taken"),
            Column("Score", "of 100", True),
            Column("Interval", "5 to 95\u00a0%", True),
        ),
        tuple(_score_row(view, row) for row in rows),
    )


def _score_row(view: PatientView, row: dict[str, Any]) -> tuple[str, str, str]:
    if not is_reportable(row):
        return time_words(row), "not reportable", ""
    lower, upper = known(row.get("lower")), known(row.get("upper"))
    if pd.isna(lower) or pd.isna(upper):
        return time_words(row), view.points(row["score"]), NOT_REPORTED
    return time_words(row), view.points(row["score"]), f"{view.points(lower)}–{view.points(upper)}"
