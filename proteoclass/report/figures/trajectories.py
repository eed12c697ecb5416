"""Mean scores of the groups over time, with the numbers still at risk beneath."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    WIDE,
    Canvas,
    beside,
    class_colours,
    label,
)
from proteoclass.report.wording import known


def trajectories_frame(means: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the groups' mean scores as a frame.

    Parameters
    ----------
    means : list of dict
        `group`, `day`, `mean_day` where known, `mean_score`, `lower`, `upper`, `n`.

    Returns
    -------
    DataFrame
        Columns `group`, `day`, `mean_score`, `lower`, `upper`, `n`; scores are 0–100.

    Examples
    --------
    >>> trajectories_frame([{"group": "a", "day": 0, "mean_score": 40.0, "n": 1}])["day"].tolist()
    [0.0]
    """
    rows = [
        (
            str(row.get("group")),
            known(row.get("mean_day", row.get("day"))),
            *(known(row.get(key)) for key in ("mean_score", "lower", "upper", "n")),
        )
        for row in means
    ]
    columns = ["group", "day", "mean_score", "lower", "upper", "n"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({column: float for column in columns[1:]})


def draw_trajectories(
    frame: pd.DataFrame,
    single: pd.DataFrame,
    at_risk: list[dict[str, Any]],
    names: tuple[str, str],
) -> str:
    """Draw the mean of each group over the patients' own lines.

    Parameters
    ----------
    frame : DataFrame
        As `trajectories_frame` gives.
    single : DataFrame
        Columns `patient_id`, `group`, `day`, `score`: every reportable sample.
    at_risk : list of dict
        `group`, `day`, `n_patients`.
    names : pair of str
        Positive and negative label.

    Returns
    -------
    str
        SVG.

    Examples
    --------
    >>> frame = trajectories_frame([{"group": "a", "day": 0, "mean_score": 40.0, "n": 1}])
    >>> single = pd.DataFrame({"patient_id": ["p"], "group": ["a"], "day": [0.0], "score": [40.0]})
    >>> draw_trajectories(frame, single, [{"group": "a", "day": 0, "n_patients": 1}],
    ...                   ("a", "b"))[:4]
    '<svg'
    """
    groups = list(dict.fromkeys(frame["group"]))
    colours = class_colours(*names)
    under = 0.62 + 0.17 * len(groups)
    height = 2.3 + under
    with Canvas(WIDE, height, layout="none") as canvas:
        axes = canvas.axes()
        canvas.figure.subplots_adjust(left=0.215, right=0.81, top=0.97, bottom=under / height)
        for group, part in single.groupby("group", sort=False):
            day, score = _broken_line(part)
            colour = colours.get(str(group), CONTEXT)
            # The more patients, the paler each of them, or the means would drown.
            alpha = min(0.25, 0.05 + 5 / part["patient_id"].nunique())
            axes.plot(day, score, color=colour, linewidth=0.5, alpha=alpha)
        ends = {group: _mean_line(axes, frame, group, colours) for group in groups}
        axes.set(ylim=(0, 100), ylabel="score", xlabel="day")
        axes.set_yticks([0, 25, 50, 75, 100])
        _names(axes, ends, colours)
        _numbers(axes, groups, at_risk, colours, 72 * 2.23)
    return canvas.svg


def _broken_line(part: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Join the patients' courses to one line with a gap after each."""
    day: list[float] = []
    score: list[float] = []
    for _, own in part.groupby("patient_id", sort=False):
        day += [*own["day"], float("nan")]
        score += [*own["score"], float("nan")]
    return day, score


def _mean_line(axes: Axes, frame: pd.DataFrame, group: str, colours: dict[str, str]) -> float:
    part = frame[frame["group"] == group].sort_values("day")
    colour = colours.get(group, CONTEXT)
    axes.fill_between(part["day"], part["lower"], part["upper"], color=colour, alpha=0.16)
    look: dict[str, Any] = {"linewidth": 2, "markersize": 4, "markeredgecolor": "white"}
    axes.plot(part["day"], part["mean_score"], "o-", color=colour, **look)
    return float(part["mean_score"].iloc[-1])


def _names(axes: Axes, ends: dict[str, float], colours: dict[str, str]) -> None:
    spot = -100.0
    for group, at in sorted(ends.items(), key=lambda item: item[1]):
        # Eight score points are one line of text.
        spot = max(at, spot + 8)
        look: dict[str, Any] = {"color": colours.get(group, CONTEXT), "family": BOLD}
        beside(axes, spot, label(group, 16), gap=-0.02, **look)


def _numbers(
    axes: Axes,
    groups: list[str],
    at_risk: list[dict[str, Any]],
    colours: dict[str, str],
    points: float,
) -> None:
    shown_days = sorted({float(row["day"]) for row in at_risk})
    # At most eight columns of numbers fit under the curve.
    step = -(-len(shown_days) // 8) or 1
    shown_days = shown_days[::step]
    axes.set_xticks(shown_days, [f"{day:g}" for day in shown_days])
    left: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "center"}
    for row, group in enumerate(groups):
        depth = -(38 + 12.5 * row) / points
        colour = colours.get(group, CONTEXT)
        axes.text(-0.03, depth, label(group, 16), color=colour, fontsize=7.5, **left)
        numbers = {float(r["day"]): r["n_patients"] for r in at_risk if str(r["group"]) == group}
        under: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "va": "center"}
        for day in shown_days:
            axes.text(day, depth, f"{numbers.get(day, 0)}", ha="center", fontsize=7.5, **under)
    axes.text(-0.03, -25 / points, "at risk", color=CONTEXT, fontsize=7, **left)
