"""Out-of-fold scores of the study patients, class by class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    INK,
    WIDE,
    Canvas,
    class_colours,
    label,
)
from proteoclass.report.figures.out_of_fold import swarm
from proteoclass.report.wording import known, score_points


def group_scores_frame(
    predictions: pd.DataFrame, positive: str, negative: str
) -> pd.DataFrame:
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
        canvas.figure.subplots_adjust(left=0.215, right=0.975, top=0.86, bottom=0.215)
        colours = class_colours(*names)
        for row, name in enumerate(names):
            scores = frame.loc[frame["group"] == name, "score"].to_numpy(dtype=float)
            tallest = max(len(scores) // 8, 6)
            offset = swarm(scores, 1.6, 0.8 / max(tallest, 8)).clip(-0.42, 0.42)
            axes.plot(scores, row + offset, "o", color=colours[name], markersize=4, alpha=0.75,
                      markeredgecolor="white", markeredgewidth=0.4, clip_on=False)  # fmt: skip
            if len(scores):
                middle = float(np.median(scores))
                axes.plot([middle] * 2, [row - 0.4, row + 0.4], color=INK, linewidth=1.6)
            across = axes.get_yaxis_transform()
            axes.text(-0.03, row, label(name, 18), transform=across, ha="right", va="bottom",
                      color=colours[name], family=BOLD)  # fmt: skip
            axes.text(-0.03, row + 0.04, f"{len(scores)} samples", transform=across, ha="right",
                      va="top", color=CONTEXT, fontsize=7)  # fmt: skip
        for cut, word, side in zip(cuts, ("lower", "upper"), ("right", "left")):
            if known(cut) is not None:
                axes.axvline(float(cut or 0), color=CONTEXT, linewidth=0.8, dashes=(4, 3))
                axes.text(float(cut or 0), -0.62, f"{score_points(cut)} {word} threshold ",
                          ha=side, va="bottom", color=CONTEXT, fontsize=7)  # fmt: skip
        axes.set(xlim=(0, 100), ylim=(1.55, -0.55), yticks=[], xlabel="score (out-of-fold)")
        axes.spines["left"].set_visible(False)
    return canvas.svg
