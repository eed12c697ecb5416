"""Net benefit of acting on the score, against acting on everyone or no one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from proteoclass.report.figures.canvas import BOLD, CONTEXT, HALF, INK, Canvas

THRESHOLDS = np.arange(1, 100) / 100


def decision_curve_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the net benefit at each threshold probability, averaged over repeats.

    Parameters
    ----------
    rows : DataFrame
        As `out_of_fold.index_predictions` gives.

    Returns
    -------
    DataFrame
        Columns `threshold`, `model`, `all`, `none` (net benefit, in true positives per
        patient).

    Notes
    -----
    Net benefit = TP/n - FP/n · pt/(1 - pt), positive where the probability is at least
    pt; Vickers & Elkin 2006, doi 10.1177/0272989X06295361.

    Examples
    --------
    >>> rows = pd.DataFrame({"repeat": 0, "label": [1.0, 0.0], "probability": [0.9, 0.1],
    ...                      "weight": 1.0})
    >>> decision_curve_frame(rows).loc[49].tolist()
    [0.5, 0.5, 0.0, 0.0]
    """
    odds = THRESHOLDS / (1 - THRESHOLDS)
    curves, shares = [], []
    for _, part in rows.groupby("repeat"):
        weight = part["weight"].to_numpy(dtype=float)
        label = part["label"].to_numpy(dtype=float)
        chosen = part["probability"].to_numpy(dtype=float)[:, None] >= THRESHOLDS[None, :]
        true = (weight * label) @ chosen / weight.sum()
        false = (weight * (1 - label)) @ chosen / weight.sum()
        curves.append(true - false * odds)
        shares.append((weight * label).sum() / weight.sum())
    share = float(np.mean(shares))
    return pd.DataFrame(
        {
            "threshold": THRESHOLDS,
            "model": np.mean(curves, axis=0),
            "all": share - (1 - share) * odds,
            "none": 0.0,
        }
    )


def reported_curve(found: dict[str, Any]) -> pd.DataFrame:
    """Return the curve that an evaluation holds.

    Parameters
    ----------
    found : dict
        `thresholds`, `model` and `treat_all` of its `decision_curve`.

    Returns
    -------
    DataFrame
        As `decision_curve_frame` gives.

    Examples
    --------
    >>> reported_curve({"thresholds": [0.5], "model": [0.3], "treat_all": [0.0]}).iloc[0].tolist()
    [0.5, 0.3, 0.0, 0.0]
    """
    columns = {"threshold": "thresholds", "model": "model", "all": "treat_all"}
    frame = pd.DataFrame({name: found[key] for name, key in columns.items()}, dtype=float)
    return frame.assign(none=0.0)


def draw_decision_curve(frame: pd.DataFrame) -> str:
    """Draw the three curves with their names on them.

    Examples
    --------
    >>> rows = pd.DataFrame({"repeat": 0, "label": [1.0, 0.0], "probability": [0.9, 0.1],
    ...                      "weight": 1.0})
    >>> draw_decision_curve(decision_curve_frame(rows))[:4]
    '<svg'
    """
    with Canvas(HALF, 2.6) as canvas:
        axes = canvas.axes()
        top = max(float(frame["model"].max()), float(frame["all"].max()), 0.05)
        axes.set(
            xlim=(0, 1),
            ylim=(-0.25 * top, 1.12 * top),
            xlabel="threshold probability",
            ylabel="net benefit per patient",
        )
        axes.plot(frame["threshold"], frame["all"], color=CONTEXT, linewidth=1, dashes=(4, 2))
        axes.plot(frame["threshold"], frame["none"], color=CONTEXT, linewidth=0.8)
        axes.plot(frame["threshold"], frame["model"], color=INK, linewidth=2)
        # Above the curve wherever it is highest beneath the words.
        beneath = frame[(frame["threshold"] > 0.44) & (frame["threshold"] < 0.86)]
        height = float(beneath["model"].max()) + 0.04 * top
        axes.text(0.46, height, "act on the score", family=BOLD)
        crossing = frame[frame["all"] > -0.16 * top].iloc[-1]
        axes.annotate(
            "act on all",
            (crossing["threshold"], crossing["all"]),
            xytext=(5, -2),
            textcoords="offset points",
            color=CONTEXT,
            va="top",
        )
        axes.text(0.01, -0.03 * top, "act on none", va="top", color=CONTEXT)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    return canvas.svg
