"""The score on its number line, with the study patients behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    INK,
    NEGATIVE,
    PALE,
    PALEST,
    POSITIVE,
    WIDE,
    Canvas,
    label,
)
from proteoclass.report.wording import known, score_points

_TINT = "#F2D5C7"
# Width of a letter of a zone's name, and the height of the marker within its row.
_POINTS_PER_LETTER = 1.6
_MARKER_AT = 0.66


def reference_frame(reference: Mapping[str, Any]) -> pd.DataFrame:
    """Return the binned out-of-fold scores of the study patients, one row a class and bin.

    Parameters
    ----------
    reference : mapping
        `edges` (score points, one more than bins), `positive` and `negative` counts.

    Returns
    -------
    DataFrame
        Columns `group` (positive | negative), `low`, `high`, `count`, `share` of the class.

    Examples
    --------
    >>> frame = reference_frame({"edges": [0, 50, 100], "positive": [1, 3], "negative": [4, 0]})
    >>> frame["share"].tolist()
    [0.25, 0.75, 1.0, 0.0]
    """
    columns = ["group", "low", "high", "count", "share"]
    edges = [float(edge) for edge in reference.get("edges") or []]
    parts = []
    for group in ("positive", "negative"):
        counts = np.asarray(reference.get(group) or [], dtype=float)
        if len(counts) == 0 or len(counts) + 1 != len(edges):
            continue
        parts.append(
            pd.DataFrame(
                {
                    "group": group,
                    "low": edges[:-1],
                    "high": edges[1:],
                    "count": counts,
                    "share": counts / max(counts.sum(), 1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def draw_score_bar(
    frame: pd.DataFrame,
    score: float,
    limits: tuple[float | None, float | None],
    cuts: tuple[float | None, float | None],
    names: tuple[str, str],
) -> str:
    """Draw the number line from 0 to 100 with thresholds, interval and marker.

    Parameters
    ----------
    frame : DataFrame
        As `reference_frame` gives.
    score : float
        Score points, 0–100.
    limits : pair of float or None
        The interval, score points.
    cuts : pair of float or None
        Lower and upper threshold, score points.
    names : pair of str
        Label of the positive and of the negative class.

    Returns
    -------
    str
        SVG.

    Examples
    --------
    >>> frame = reference_frame({"edges": [0, 50, 100], "positive": [1, 3], "negative": [4, 0]})
    >>> draw_score_bar(frame, 72, (60, 80), (20, 50), ("severe", "mild"))[:4]
    '<svg'
    """
    with Canvas(WIDE, 1.95, layout="none") as canvas:
        grid = canvas.figure.add_gridspec(
            3, 1, height_ratios=[1, 1, 0.95], hspace=0.22,
            left=0.235, right=0.965, top=0.88, bottom=0.2,
        )  # fmt: skip
        rows = [canvas.figure.add_subplot(grid[i]) for i in range(3)]
        for axes, group, name, colour in (
            (rows[0], "positive", names[0], POSITIVE),
            (rows[1], "negative", names[1], NEGATIVE),
        ):
            _distribution(axes, frame[frame["group"] == group], name, colour)
        _number_line(rows[2], score, limits, cuts, names)
        # One line through all three rows ties the marker to both distributions.
        through = blended_transform_factory(rows[2].transData, canvas.figure.transFigure)
        foot = rows[2].get_position().y0 + rows[2].get_position().height * _MARKER_AT
        canvas.figure.add_artist(
            Line2D([score] * 2, [foot, 0.88], transform=through, color=INK, linewidth=0.9)
        )
        side = {True: "left", False: "right"}.get(score < 12 or None, "center")
        rows[0].annotate(
            f"this sample: {score_points(score, cuts)}",
            (score, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right" if score > 88 else side,
            family=BOLD,
            fontsize=9,
        )
    return canvas.svg


def _distribution(axes: Axes, part: pd.DataFrame, name: str, colour: str) -> None:
    axes.bar(
        part["low"], part["share"], width=part["high"] - part["low"],
        align="edge", color=colour, alpha=0.55, edgecolor="white", linewidth=0.5,
    )  # fmt: skip
    axes.set_xlim(0, 100)
    axes.set_ylim(0, max(float(part["share"].max()) if len(part) else 0, 0.01) * 1.08)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    total = int(part["count"].sum())
    people = "1 study patient" if total == 1 else f"{total} study patients"
    axes.text(-0.025, 0.52, label(name, 18), color=colour, family=BOLD,
              transform=axes.transAxes, ha="right", va="bottom")  # fmt: skip
    axes.text(-0.025, 0.46, people, color=CONTEXT, fontsize=7.5,
              transform=axes.transAxes, ha="right", va="top")  # fmt: skip


def _number_line(
    axes: Axes,
    score: float,
    limits: tuple[float | None, float | None],
    cuts: tuple[float | None, float | None],
    names: tuple[str, str],
) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 1)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_yticks([])
    _zones(axes, cuts, names)
    if known(limits[0]) is not None and known(limits[1]) is not None:
        axes.plot(limits, [_MARKER_AT] * 2, color=INK, linewidth=2.2, solid_capstyle="butt")
    axes.plot([score], [_MARKER_AT], marker="o", markersize=7.5, color=INK,
              markeredgecolor="white", markeredgewidth=1.2, clip_on=False)  # fmt: skip
    crowded = [end for end in (0, 100) if any(c is not None and abs(c - end) < 14 for c in cuts)]
    axes.set_xticks([end for end in (0, 100) if end not in crowded])
    axes.tick_params(length=0, pad=3)
    axes.text(-0.025, 0.5, "score", transform=axes.transAxes, ha="right", va="center",
              color=CONTEXT)  # fmt: skip


def _zones(
    axes: Axes, cuts: tuple[float | None, float | None], names: tuple[str, str]
) -> None:
    low, high = known(cuts[0]), known(cuts[1])
    if low is None or high is None:
        axes.barh(0.5, 100, height=1, color=PALEST)
        return
    zones = ((0.0, low, PALEST, names[1]), (low, high, PALE, "indeterminate"),
             (high, 100.0, _TINT, names[0]))  # fmt: skip
    for start, end, colour, name in zones:
        axes.barh(0.5, end - start, left=start, height=1, color=colour)
        # A name that would not fit its zone is left to the words beside the picture.
        if len(name) * _POINTS_PER_LETTER < end - start:
            axes.text((start + end) / 2, 0.2, label(name), ha="center", va="center",
                      fontsize=7, color=INK)  # fmt: skip
    for cut in (low, high):
        axes.axvline(cut, 0, 1.0, color=CONTEXT, linewidth=0.8)
    if high - low < 16:
        words = f"{score_points(low)} and {score_points(high)}\nthresholds"
        marks = [((low + high) / 2, words)]
    else:
        marks = [(low, f"{score_points(low)}\nlower threshold"),
                 (high, f"{score_points(high)}\nupper threshold")]  # fmt: skip
    for place, words in marks:
        axes.text(place, -0.14, words, ha="center", va="top", fontsize=7.5, color=INK,
                  linespacing=1.25)  # fmt: skip
