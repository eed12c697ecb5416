"""Out-of-fold scores of the study patients, class by class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    INK,
    WIDE,
    Canvas,
    beside,
    class_colours,
    label,
)
from proteoclass.report.figures.out_of_fold import swarm
from proteoclass.report.wording import cut_points, reachable

# A name that starts further to the right would leave the picture.
_LAST_NAME = 74


def group_scores_frame(predictions: pd.DataFrame, positive: str, negative: str) -> pd.DataFrame:
    """Return one row a sample with its class by name.

    Parameters
    ----------
    predictions : DataFrame
        As `out_of_fold.mean_predictions` gives.
    positive, negative : str
        Labels of the classes.

    Examples
    --------
    >>> rows = pd.DataFrame({"sample_id": ["a"], "label": [1.0], "score": [80.0]})
    >>> group_scores_frame(rows, "severe", "mild").values.tolist()
    [['a', 'severe', 80.0]]
    """
    names = np.where(predictions["label"] == 1, positive, negative)
    return pd.DataFrame(
        {"sample_id": predictions["sample_id"], "group": names, "score": predictions["score"]}
    )


def draw_group_scores(
    frame: pd.DataFrame,
    cuts: tuple[float | None, float | None],
    names: tuple[str, str],
) -> str:
    """Draw each sample as a dot on its class's line, with medians and thresholds.

    Parameters
    ----------
    frame : DataFrame
        As `group_scores_frame` gives.
    cuts : pair of float or None
        Lower and upper threshold, score points.
    names : pair of str
        Positive and negative label.

    Examples
    --------
    >>> frame = pd.DataFrame({"group": ["severe", "mild"], "score": [80.0, 10.0]})
    >>> draw_group_scores(frame, (20, 50), ("severe", "mild"))[:4]
    '<svg'
    """
    with Canvas(WIDE, 1.9, layout="none") as canvas:
        axes = canvas.axes()
        canvas.figure.subplots_adjust(left=0.235, right=0.975, top=0.86, bottom=0.215)
        for row, name in enumerate(names):
            scores = frame.loc[frame["group"] == name, "score"].to_numpy(dtype=float)
            _strip(axes, row, scores, class_colours(*names)[name])
            look: dict[str, Any] = {"color": class_colours(*names)[name], "family": BOLD}
            beside(axes, row, label(name, 18), va="bottom", **look)
            words = f"{len(scores)} samples"
            beside(axes, row + 0.04, words, va="top", color=CONTEXT, fontsize=7)
        _thresholds(axes, cuts)
        axes.set(xlim=(0, 100), ylim=(1.55, -0.55), yticks=[], xlabel="score (out-of-fold)")
        axes.spines["left"].set_visible(False)
    return canvas.svg


def _thresholds(axes: Axes, cuts: tuple[float | None, float | None]) -> None:
    low, high = cuts
    named = [(low, "threshold")] if low == high else [(low, "lower threshold")]
    if low != high:
        named.append((high, "upper threshold"))
    look: dict[str, Any] = {"color": CONTEXT, "fontsize": 7, "va": "bottom"}
    for row, (cut, name) in enumerate(named):
        if cut is None or not reachable(cut):
            continue
        axes.axvline(cut, color=CONTEXT, linewidth=0.8, dashes=(4, 3))
        # Away from the other name, but never out of the picture: a name that has to turn
        # round stands a line higher.
        turned = row == 1 and cut > _LAST_NAME
        side = "right" if row == 0 or turned else "left"
        axes.text(cut, -0.62 - 0.22 * turned, f" {cut_points(cut)} {name} ", ha=side, **look)


def _strip(axes: Axes, row: int, scores: np.ndarray, colour: str) -> None:
    offset = swarm(scores, 1.6, 0.8 / max(len(scores) // 8, 8)).clip(-0.42, 0.42)
    look: dict[str, Any] = {"markersize": 4, "alpha": 0.75, "clip_on": False}
    edge: dict[str, Any] = {"markeredgecolor": "white", "markeredgewidth": 0.4}
    axes.plot(scores, row + offset, "o", color=colour, **look, **edge)
    if len(scores):
        middle = float(np.median(scores))
        axes.plot([middle] * 2, [row - 0.4, row + 0.4], color=INK, linewidth=1.6)
