"""One patient's scores against day."""

from __future__ import annotations

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
)
from proteoclass.report.wording import known, score_log_odds, score_points


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
        canvas.figure.subplots_adjust(left=0.085, right=0.755, top=0.955, bottom=0.215)
        span = max(float(frame["day"].max() - frame["day"].min()), 1.0)
        start, end = frame["day"].min() - 0.06 * span, frame["day"].max() + 0.06 * span
        axes.set_xlim(start, end)
        axes.set_ylim(0, 100)
        _context(axes, cuts, band)
        good = frame[frame["score"].notna()]
        axes.plot(good["day"], good["score"], color=CONTEXT, linewidth=1)
        axes.vlines(good["day"], good["lower"], good["upper"], color=INK, linewidth=1.2)
        axes.plot(good["day"], good["score"], "o", color=INK, markersize=5.5,
                  markeredgecolor="white", clip_on=False)  # fmt: skip
        for row in good.itertuples():
            axes.annotate(score_points(row.score, cuts), (row.day, row.score), xytext=(4.5, 4),
                          textcoords="offset points", family=BOLD, fontsize=8)  # fmt: skip
        _refused(axes, frame[frame["score"].isna()])
        axes.set_xticks(sorted(set(frame["day"])), [f"{day:g}" for day in sorted(set(frame["day"]))])
        axes.set_yticks([0, 25, 50, 75, 100])
        axes.set_xlabel(unit)
    return canvas.svg


def _context(
    axes: Axes, cuts: tuple[float | None, float | None], band: tuple[float, float] | None
) -> None:
    if band is not None:
        axes.axhspan(*band, color=PALEST, zorder=0)
    labels = [(cut, f"{score_points(cut)} {word} threshold") for cut, word in
              zip(cuts, ("lower", "upper")) if cut is not None]  # fmt: skip
    for cut, _ in labels:
        axes.axhline(cut, color=CONTEXT, linewidth=0.8, dashes=(4, 3))
    if band is not None:
        labels.append(((band[0] + band[1]) / 2, "no change beyond\nmeasurement variation"))
    for height, (_, words) in zip(_apart([at for at, _ in labels], labels), labels):
        axes.text(1.015, height, words, transform=axes.get_yaxis_transform(), va="center",
                  fontsize=7.5, color=CONTEXT, linespacing=1.15)  # fmt: skip


def _apart(heights: list[float], labels: list[tuple[float, str]]) -> list[float]:
    """Move labels up so that none stands on another; 9 score points a line of text."""
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    placed = list(heights)
    for before, after in zip(order, order[1:]):
        lines = labels[before][1].count("\n") + labels[after][1].count("\n") + 2
        placed[after] = max(placed[after], placed[before] + 5.4 * lines)
    over = max([placed[order[-1]] - 96, 0.0]) if order else 0.0
    return [height - over for height in placed]


def _refused(axes: Axes, part: pd.DataFrame) -> None:
    for row in part.itertuples():
        axes.plot([row.day], [3], "x", color=CONTEXT, markersize=5)
        axes.annotate("not reportable", (row.day, 3), xytext=(4, 3), textcoords="offset points",
                      fontsize=7, color=CONTEXT, rotation=90, va="bottom", ha="center")  # fmt: skip


