"""The AUC of the score beside simpler ones."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    INK,
    PALE,
    WIDE,
    Canvas,
    beside,
    label,
    records,
)
from proteoclass.report.wording import NOT_REPORTABLE, fixed, interval, known


def comparators_frame(auc: dict[str, Any], comparators: list[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a model: its AUC and interval.

    Parameters
    ----------
    auc : dict
        `mean_over_repeats`, `mean_over_folds` where known, and `interval` of the score.
    comparators : list of dict
        `name` and `auc` of each comparator.

    Returns
    -------
    DataFrame
        Columns `name`, `auc`, `lower`, `upper`; the score comes first.

    Examples
    --------
    >>> comparators_frame({"mean_over_repeats": 0.8, "interval": [0.7, 0.9]}, [])["name"].tolist()
    ['this score']
    """
    # Like is set beside like: means over folds only where every row has one.
    found = [("this score", auc)]
    found += [(str(row.get("name")), dict(row.get("auc") or {})) for row in comparators]
    by_fold = all(known(each.get("mean_over_folds")) is not None for _, each in found)
    key = "mean_over_folds" if comparators and by_fold else "mean_over_repeats"
    rows = []
    for name, each in found:
        ends = each.get("interval") or [None, None]
        mean = known(each.get(key))
        rows.append((name, mean, known(ends[0]), known(ends[1])))
    frame = pd.DataFrame(rows, columns=["name", "auc", "lower", "upper"])
    return frame.astype({"auc": float, "lower": float, "upper": float})


def draw_comparators(frame: pd.DataFrame, longest: int = 34) -> str:
    """Draw dots with whiskers, best read against the line at 0.5.

    Parameters
    ----------
    frame : DataFrame
        As `comparators_frame` returns it; the first row stands out.
    longest : int
        Letters of a name: 34 small ones have room, 26 capitals.

    Returns
    -------
    str

    Examples
    --------
    >>> draw_comparators(comparators_frame({"mean_over_repeats": 0.8,
    ...                                     "interval": [0.7, 0.9]}, []))[:4]
    '<svg'
    """
    with Canvas(WIDE, 0.55 + 0.26 * len(frame), layout="none") as canvas:
        axes = canvas.axes()
        height = float(canvas.figure.get_figheight())
        canvas.figure.subplots_adjust(
            left=0.44, right=0.72, top=1 - 0.03 / height, bottom=0.42 / height
        )
        start = min(0.4, float(frame[["auc", "lower"]].min().min()) - 0.03)
        axes.axvline(0.5, color=PALE, linewidth=1)
        for place, row in enumerate(records(frame)):
            colour = CONTEXT if place else INK
            look: dict[str, Any] = {} if place else {"family": BOLD}
            axes.plot([row["lower"], row["upper"]], [place] * 2, color=colour, linewidth=1.4)
            axes.plot([row["auc"]], [place], "o", color=colour, markersize=6, markeredgecolor="w")
            beside(axes, place, label(row["name"], longest), gap=0.04, **look)
            words = NOT_REPORTABLE if known(row["auc"]) is None else fixed(row["auc"])
            if known(row["lower"]) is not None:
                words += f" {interval(row['lower'], row['upper'])}"
            beside(axes, place, words, gap=-0.04, **look)
        axes.set(
            xlim=(start, 1), ylim=(len(frame) - 0.4, -0.6), yticks=[], xlabel="AUC (0.5 is chance)"
        )
        axes.spines["left"].set_visible(False)
    return canvas.svg
