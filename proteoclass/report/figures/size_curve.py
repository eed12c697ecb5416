"""AUC against the size of the panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    INK,
    PALE,
    PALEST,
    WIDE,
    Canvas,
)
from proteoclass.report.wording import fixed, known

#: Sizes written on the axis, where the curve reaches them.
_TICKS = (1, 2, 5, 10, 20, 50)


def size_curve_frame(curve: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a size; a size without an AUC is left out.

    Parameters
    ----------
    curve : sequence of dict
        `size`, `auc` and `interval` of each size.

    Returns
    -------
    DataFrame
        Columns `size`, `auc`, `lower`, `upper`, sizes rising; limits are NaN where there is
        no interval.

    Examples
    --------
    >>> size_curve_frame([{"size": 5, "auc": 0.8, "interval": [0.7, 0.9]}])["upper"].tolist()
    [0.9]
    """
    rows = []
    for point in curve:
        size, auc = known(point.get("size")), known(point.get("auc"))
        low, high = (*(point.get("interval") or ()), None, None)[:2]
        if size is not None and auc is not None:
            rows.append((int(size), auc, known(low), known(high)))
    frame = pd.DataFrame(rows, columns=["size", "auc", "lower", "upper"])
    frame = frame.astype({"auc": float, "lower": float, "upper": float})
    return frame.sort_values("size", ignore_index=True)


def draw_size_curve(frame: pd.DataFrame, panel: float | None, smallest: float | None) -> str:
    """Draw the curve in its band, with the size of the panel and the smallest that does as well.

    Parameters
    ----------
    frame : DataFrame
        As `size_curve_frame` returns it, with a row at least.
    panel : float or None
        Size of the panel; it has no mark where the curve has no such size.
    smallest : float or None
        Smallest size within one standard error of the best.

    Returns
    -------
    str

    Examples
    --------
    >>> curve = [{"size": n, "auc": 0.8, "interval": [0.7, 0.9]} for n in (1, 5, 20)]
    >>> draw_size_curve(size_curve_frame(curve), 20, 5)[:4]
    '<svg'
    """
    with Canvas(WIDE, 2.5) as canvas:
        axes = canvas.axes()
        axes.axhline(0.5, color=PALE, linewidth=1)
        axes.fill_between(frame["size"], frame["lower"], frame["upper"], color=PALEST, linewidth=0)
        axes.plot(frame["size"], frame["auc"], "o-", color=CONTEXT, linewidth=1, markersize=3.5)
        low = min(0.45, float(frame[["auc", "lower"]].min().min()))
        most = max(int(frame["size"].max()), 2)
        axes.set_xscale("log")
        # Room above for the one name and below for the other: they never meet.
        axes.set(xlim=(0.9, 1.15 * most), ylim=(low - 0.1, 1.12))
        _mark(axes, frame, panel, "this panel", up=True)
        _mark(axes, frame, smallest, "smallest within one SE", up=False)
        axes.set(xlabel="proteins in the panel", ylabel="AUC (0.5 is chance)")
        ticks = [size for size in _TICKS if size <= most]
        axes.set_xticks(ticks, [str(size) for size in ticks])
        axes.set_xticks([], minor=True)
        axes.set_yticks([tick for tick in (0.25, 0.5, 0.75, 1.0) if tick > low - 0.1])
    return canvas.svg


def _mark(axes: Axes, frame: pd.DataFrame, size: float | None, words: str, *, up: bool) -> None:
    """Point at a size of the curve from above or from below, and name it."""
    if size is None or size not in set(frame["size"]):
        return
    auc = float(frame.loc[frame["size"] == size, "auc"].iloc[0])
    bottom, top = axes.get_ylim()
    left, right = axes.get_xlim()
    far = size > (left * right) ** 0.5
    axes.plot([size] * 2, [auc, top - 0.06 if up else bottom + 0.09], color=PALE, linewidth=0.8)
    look: dict[str, Any] = {"color": INK, "markerfacecolor": INK if up else "white"}
    axes.plot([size], [auc], "o", markersize=4.5 if up else 8, zorder=3 if up else 2.5, **look)
    axes.text(
        size,
        top - 0.01 if up else bottom + 0.02,
        f"{words}: {size:.0f} ({fixed(auc)})",
        ha="right" if far else "left",
        va="top" if up else "bottom",
        family=BOLD if up else None,
    )
