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
    beside,
    label,
)
from proteoclass.report.wording import cut_points, known, score_points

_TINT = "#F2D5C7"
# Width of a letter of a zone's name, and the height of the marker within its row.
_POINTS_PER_LETTER = 1.8
_MARKER_AT = 0.66
# Score points that a threshold's number and name take, and the last place for a name.
_NUMBER_WIDTH = 9
_NAME_WIDTH = 28
_LAST_NAME = 91
# Heights of both, in heights of the number line.
_NUMBERS_AT = -0.14
_NAMES_AT = -0.45


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
        edges = {"left": 0.255, "right": 0.965, "top": 0.88, "bottom": 0.2}
        grid = canvas.figure.add_gridspec(3, 1, height_ratios=[1, 1, 0.95], hspace=0.22, **edges)
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
        line = Line2D([score] * 2, [foot, edges["top"]], transform=through, color=INK)
        line.set_linewidth(0.9)
        canvas.figure.add_artist(line)
        side = "left" if score < 12 else "right" if score > 88 else "center"
        words = f"this sample: {score_points(score, cuts)}"
        look: dict[str, Any] = {"transform": through, "ha": side, "va": "bottom"}
        canvas.figure.text(score, edges["top"] + 0.02, words, family=BOLD, fontsize=9, **look)
    return canvas.svg


def _distribution(axes: Axes, part: pd.DataFrame, name: str, colour: str) -> None:
    look: dict[str, Any] = {"align": "edge", "alpha": 0.55, "edgecolor": "white", "linewidth": 0.5}
    axes.bar(part["low"], part["share"], width=part["high"] - part["low"], color=colour, **look)
    top = max(float(part["share"].max()) if len(part) else 0, 0.01) * 1.08
    axes.set(xlim=(0, 100), ylim=(0, top), yticks=[], xticks=[])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    total = int(part["count"].sum())
    people = "1 study patient" if total == 1 else f"{total} study patients"
    beside(axes, 0.52 * top, label(name, 18), va="bottom", color=colour, family=BOLD)
    beside(axes, 0.46 * top, people, va="top", color=CONTEXT, fontsize=7.5)


def _number_line(
    axes: Axes,
    score: float,
    limits: tuple[float | None, float | None],
    cuts: tuple[float | None, float | None],
    names: tuple[str, str],
) -> None:
    axes.spines[:].set_visible(False)
    axes.set(xlim=(0, 100), ylim=(0, 1), yticks=[])
    _zones(axes, cuts, names)
    _name_thresholds(axes, cuts, (score, *limits))
    low, high = known(limits[0]), known(limits[1])
    if low is not None and high is not None:
        axes.plot([low, high], [_MARKER_AT] * 2, color=INK, lw=2.2, solid_capstyle="butt")
    look: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 1.2, "clip_on": False}
    axes.plot([score], [_MARKER_AT], marker="o", markersize=7.5, color=INK, **look)
    # The ends of the scale give way where a threshold's own number stands.
    near = [cut for cut in cuts if cut is not None]
    axes.set_xticks([end for end in (0, 100) if all(abs(cut - end) >= 14 for cut in near)])
    axes.tick_params(length=0, pad=4.5)
    beside(axes, 0.5, "score", color=CONTEXT)


def _zones(axes: Axes, cuts: tuple[float | None, float | None], names: tuple[str, str]) -> None:
    low, high = known(cuts[0]), known(cuts[1])
    if low is None or high is None:
        axes.barh(0.5, 100, height=1, color=PALEST)
        return
    start, end = min(max(low, 0.0), 100.0), min(max(high, 0.0), 100.0)
    zones = (
        (0.0, start, PALEST, names[1]),
        (start, end, PALE, "indeterminate"),
        (end, 100.0, _TINT, names[0]),
    )
    middle: dict[str, Any] = {"ha": "center", "va": "center"}
    for left, right, colour, name in zones:
        axes.barh(0.5, right - left, left=left, height=1, color=colour)
        # A name that would not fit its zone is left to the words beside the picture.
        if len(name) * _POINTS_PER_LETTER < right - left:
            axes.text((left + right) / 2, 0.2, label(name), fontsize=7, color=INK, **middle)
    for cut in (start, end):
        axes.axvline(cut, 0, 1.0, color=CONTEXT, linewidth=0.8)


def _name_thresholds(
    axes: Axes, cuts: tuple[float | None, float | None], printed: tuple[float | None, ...]
) -> None:
    low, high = known(cuts[0]), known(cuts[1])
    if low is None or high is None:
        return
    for place, height, words in _threshold_labels(low, high, printed):
        axes.text(place, height, words, fontsize=7.5, color=INK, ha="center", va="top")


def _threshold_labels(
    low: float, high: float, printed: tuple[float | None, ...]
) -> list[tuple[float, float, str]]:
    """Place each threshold's number under it, and its name where the two do not meet."""
    # A limit beyond the scale is never reached: it has no place on the line.
    inside = [(cut, word) for cut, word in ((low, "lower"), (high, "upper")) if 0 < cut <= 100]
    if len(inside) == 2 and high - low < _NUMBER_WIDTH:
        numbers = ", ".join(dict.fromkeys(cut_points(cut, printed) for cut, _ in inside))
        noun = "threshold" if low == high else "thresholds"
        middle = (low + high) / 2
        return [(middle, _NUMBERS_AT, numbers), (min(middle, _LAST_NAME), _NAMES_AT, noun)]
    names = [min(cut, _LAST_NAME) for cut, _ in inside]
    if len(names) == 2 and names[1] - names[0] < _NAME_WIDTH:
        names[1] = min((low + high + _NAME_WIDTH) / 2, _LAST_NAME)
        names[0] = names[1] - _NAME_WIDTH
    labels = [(cut, _NUMBERS_AT, cut_points(cut, printed)) for cut, _ in inside]
    for place, (_, word) in zip(names, inside, strict=True):
        labels.append((place, _NAMES_AT, f"{word} threshold"))
    return labels
