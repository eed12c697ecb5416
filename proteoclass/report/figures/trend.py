"""One patient's scores against day."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from scipy import special

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    INK,
    PALEST,
    WIDE,
    Canvas,
    beside,
    records,
)
from proteoclass.report.wording import (
    cut_points,
    known,
    reachable,
    score_log_odds,
    score_points,
)

# Score points of half a line of text beside the axes.
_HALF_LINE = 5.4
# Share of the time shown that the name of a day takes; score points of a printed score.
_DAY_WIDTH = 0.09
_SCORE_HEIGHT = 10
_NAMES = ("lower threshold", "upper threshold")


def noise_band(first_score: float, smallest_change: float | None) -> tuple[float, float] | None:
    """Return the scores that do not differ from the first beyond measurement variation.

    Parameters
    ----------
    first_score : float
        Score points, 0–100.
    smallest_change : float or None
        Smallest change beyond measurement variation, log-odds.

    Returns
    -------
    tuple of float or None
        Score points; None where the smallest change is not reportable.

    Notes
    -----
    The reliable change of Jacobson & Truax 1991, doi 10.1037/0022-006X.59.1.12, is a
    constant on the log-odds and therefore narrower, in points, near 0 and 100.

    Examples
    --------
    >>> low, high = noise_band(50, 1.0)
    >>> round(low, 1), round(high, 1)
    (26.9, 73.1)
    """
    middle = score_log_odds(first_score)
    if middle is None or known(smallest_change) is None:
        return None
    half = float(smallest_change or 0)
    return 100 * float(special.expit(middle - half)), 100 * float(special.expit(middle + half))


def draw_trend(
    frame: pd.DataFrame,
    cuts: tuple[float | None, float | None],
    band: tuple[float, float] | None,
    unit: str = "day",
) -> str:
    """Draw scores with intervals, thresholds and the measurement-variation band.

    Parameters
    ----------
    frame : DataFrame
        Columns `day`, `score`, `lower`, `upper` (score points; NaN where the sample was
        not reportable), in time order.
    cuts : pair of float or None
        Lower and upper threshold, score points.
    band : pair of float or None
        As `noise_band` gives.
    unit : str
        What the horizontal axis counts.

    Returns
    -------
    str
        SVG.

    Examples
    --------
    >>> frame = pd.DataFrame({"day": [0, 7], "score": [80, 50], "lower": [70, 40],
    ...                       "upper": [90, 60]})
    >>> draw_trend(frame, (20, 50), (60, 92))[:4]
    '<svg'
    """
    with Canvas(WIDE, 1.85, layout="none") as canvas:
        axes = canvas.axes()
        canvas.figure.subplots_adjust(left=0.09, right=0.725, top=0.955, bottom=0.215)
        days = sorted(set(frame["day"]))
        margin = 0.06 * max(float(days[-1] - days[0]), 1.0)
        axes.set(xlim=(days[0] - margin, days[-1] + 2 * margin), ylim=(0, 100), xlabel=unit)
        _context(axes, cuts, band, frame[["score", "lower", "upper"]].to_numpy().ravel().tolist())
        _scores(axes, frame[frame["score"].notna()], cuts)
        _refused(axes, frame[frame["score"].isna()])
        start, end = axes.get_xlim()
        named = _spaced(days, _DAY_WIDTH * (end - start))
        axes.set_xticks(days, [f"{day:g}" if day in named else "" for day in days])
        axes.set_yticks([0, 25, 50, 75, 100])
    return canvas.svg


def _scores(axes: Axes, good: pd.DataFrame, cuts: tuple[float | None, float | None]) -> None:
    axes.plot(good["day"], good["score"], color=CONTEXT, linewidth=1)
    axes.vlines(good["day"], good["lower"], good["upper"], color=INK, linewidth=1.2)
    look: dict[str, Any] = {"markersize": 5.5, "markeredgecolor": "white", "clip_on": False}
    axes.plot(good["day"], good["score"], "o", color=INK, **look)
    rows = records(good)
    start, end = axes.get_xlim()
    reach = _DAY_WIDTH * (end - start)
    placed: list[tuple[float, float]] = []
    # The latest and the first score are always printed, the others where there is room.
    for row in [*rows[-1:], *rows[:-1]]:
        at = (row["day"], row["score"])
        if any(abs(at[0] - x) < reach and abs(at[1] - y) < _SCORE_HEIGHT for x, y in placed):
            continue
        placed.append(at)
        # Beside the point, and under it where the picture ends above.
        axes.annotate(
            score_points(row["score"], cuts),
            at,
            xytext=(4.5, 4 if row["score"] < 90 else -9),
            textcoords="offset points",
            family=BOLD,
            fontsize=8,
        )


def _context(
    axes: Axes,
    cuts: tuple[float | None, float | None],
    band: tuple[float, float] | None,
    printed: list[float],
) -> None:
    labels = []
    named = {cuts[0]: "threshold"} if cuts[0] == cuts[1] else dict(zip(cuts, _NAMES, strict=True))
    for cut, name in named.items():
        if cut is not None and reachable(cut):
            labels.append((cut, f"{cut_points(cut, printed)} {name}"))
            axes.axhline(cut, color=CONTEXT, linewidth=0.8, dashes=(4, 3))
    if band is not None:
        axes.axhspan(*band, color=PALEST, zorder=0)
        labels.append(((band[0] + band[1]) / 2, "no change beyond\nmeasurement variation"))
    for height, (_, words) in zip(_apart(labels), labels, strict=True):
        beside(axes, height, words, gap=-0.015, fontsize=7.5, color=CONTEXT, linespacing=1.15)


def _apart(labels: list[tuple[float, str]]) -> list[float]:
    """Move labels up so that none stands on another."""
    order = sorted(range(len(labels)), key=lambda i: labels[i][0])
    placed = [height for height, _ in labels]
    for before, after in pairwise(order):
        lines = labels[before][1].count("\n") + labels[after][1].count("\n") + 2
        placed[after] = max(placed[after], placed[before] + _HALF_LINE * lines)
    over = max(placed[order[-1]] - 96, 0.0) if order else 0.0
    return [height - over for height in placed]


def _spaced(places: list[float], gap: float) -> set[float]:
    """Choose places at least a gap apart: the last one, the first one, then from the left."""
    kept: set[float] = set()
    for place in [*places[-1:], *places[:-1]]:
        if all(abs(place - other) >= gap for other in kept):
            kept.add(place)
    return kept


def _refused(axes: Axes, part: pd.DataFrame) -> None:
    for day in part["day"]:
        axes.plot([day], [3], "x", color=CONTEXT, markersize=5)
        look: dict[str, Any] = {"rotation": 90, "va": "bottom", "ha": "center"}
        axes.text(day, 9, "not reportable", fontsize=7, color=CONTEXT, **look)
