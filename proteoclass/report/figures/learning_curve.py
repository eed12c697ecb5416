"""AUC against the number of patients that the score was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from proteoclass.report.figures.canvas import CONTEXT, INK, PALE, PALEST, WIDE, Canvas, records
from proteoclass.report.wording import fixed, known


def learning_curve_frame(points: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a training size; a size without an AUC is left out.

    Parameters
    ----------
    points : sequence of dict
        `n_training`, `auc` and `interval` of each size.

    Returns
    -------
    DataFrame
        Columns `patients`, `auc`, `lower`, `upper`, sizes rising; limits are NaN where there
        is no interval.

    Examples
    --------
    >>> points = [{"n_training": 40.0, "auc": 0.8, "interval": [0.7, 0.9]}, {"n_training": 20.0}]
    >>> learning_curve_frame(points).iloc[0].tolist()
    [40.0, 0.8, 0.7, 0.9]
    """
    rows = []
    for point in points:
        patients, auc = known(point.get("n_training")), known(point.get("auc"))
        low, high = (*(point.get("interval") or ()), None, None)[:2]
        if patients is not None and auc is not None:
            rows.append((patients, auc, known(low), known(high)))
    frame = pd.DataFrame(rows, columns=["patients", "auc", "lower", "upper"], dtype=float)
    return frame.sort_values("patients", ignore_index=True)


def draw_learning_curve(frame: pd.DataFrame) -> str:
    """Draw the curve in its band, the AUC beside its first and last point.

    Parameters
    ----------
    frame : DataFrame
        As `learning_curve_frame` returns it, with a row at least.

    Returns
    -------
    str

    Examples
    --------
    >>> curve = [{"n_training": n, "auc": 0.8, "interval": [0.7, 0.9]} for n in (20, 40)]
    >>> draw_learning_curve(learning_curve_frame(curve))[:4]
    '<svg'
    """
    with Canvas(WIDE, 2.3) as canvas:
        axes = canvas.axes()
        axes.axhline(0.5, color=PALE, linewidth=1)
        axes.fill_between(
            frame["patients"], frame["lower"], frame["upper"], color=PALEST, linewidth=0
        )
        axes.plot(frame["patients"], frame["auc"], "o-", color=CONTEXT, linewidth=1, markersize=3.5)
        low = min(0.45, float(frame[["auc", "lower"]].min().min()))
        most = float(frame["patients"].max())
        rows = records(frame)
        # Two sizes that are close share one place for a number.
        apart = rows[-1]["patients"] - rows[0]["patients"] > 0.15 * most
        for row in (rows[0], rows[-1]) if apart else rows[-1:]:
            patients, auc = row["patients"], row["auc"]
            axes.plot([patients], [auc], "o", color=INK, markersize=4.5)
            axes.annotate(
                fixed(auc),
                (patients, auc),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                color=INK,
            )
        axes.set(
            xlim=(0, 1.08 * most),
            ylim=(low - 0.05, 1.08),
            xlabel="training patients",
            ylabel="AUC (0.5 is chance)",
        )
        axes.set_xticks([tick for tick in axes.get_xticks() if tick <= 1.08 * most])
        axes.set_yticks([tick for tick in (0.25, 0.5, 0.75, 1.0) if tick > low - 0.05])
    return canvas.svg
