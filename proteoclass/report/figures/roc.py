"""ROC curves of the repeats, their mean, and what chance would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    HALF,
    INK,
    PALE,
    PALEST,
    Canvas,
)
from proteoclass.report.wording import fixed, known

_GRID = np.linspace(0, 1, 101)


def roc_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the ROC curve of each repeat.

    Parameters
    ----------
    rows : DataFrame
        As `out_of_fold.index_predictions` gives.

    Returns
    -------
    DataFrame
        Columns `repeat`, `threshold`, `false_positive_rate`, `true_positive_rate`.

    Examples
    --------
    >>> rows = pd.DataFrame({"repeat": 0, "label": [0.0, 1.0], "score": [1.0, 2.0],
    ...                      "weight": 1.0})
    >>> roc_frame(rows)["true_positive_rate"].tolist()
    [0.0, 1.0, 1.0]
    """
    parts = []
    for repeat, part in rows.groupby("repeat"):
        positive = part["weight"] * part["label"]
        negative = part["weight"] * (1 - part["label"])
        by_score = pd.DataFrame({"score": part["score"], "tp": positive, "fp": negative})
        counts = by_score.groupby("score")[["tp", "fp"]].sum().sort_index(ascending=False).cumsum()
        parts.append(
            pd.DataFrame(
                {
                    "repeat": repeat,
                    "threshold": np.r_[np.inf, counts.index],
                    "false_positive_rate": np.r_[0.0, counts["fp"] / negative.sum()],
                    "true_positive_rate": np.r_[0.0, counts["tp"] / positive.sum()],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def mean_roc(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of the repeats' curves at equal false positive rates.

    Notes
    -----
    Vertical averaging; Fawcett 2006, doi 10.1016/j.patrec.2005.10.010.

    Examples
    --------
    >>> frame = pd.DataFrame({"repeat": 0, "false_positive_rate": [0.0, 1.0],
    ...                       "true_positive_rate": [0.0, 1.0]})
    >>> mean_roc(frame)["true_positive_rate"].tolist()[50]
    0.5
    """
    curves = [
        np.interp(_GRID, part["false_positive_rate"], part["true_positive_rate"])
        for _, part in frame.groupby("repeat")
    ]
    mean = np.mean(curves, axis=0)
    mean[0] = 0.0
    return pd.DataFrame({"false_positive_rate": _GRID, "true_positive_rate": mean})


def chance_curve(auc: float) -> np.ndarray:
    """Return the binormal ROC curve of equal variances that has a given AUC.

    Parameters
    ----------
    auc : float

    Returns
    -------
    array of float, shape (101,)
        True positive rate at false positive rates 0, 0.01 … 1.

    Notes
    -----
    TPR = Φ(√2 Φ⁻¹(AUC) + Φ⁻¹(FPR)); Pepe 2003, The Statistical Evaluation of Medical
    Tests, section 4.4. Only a way to draw an AUC as a curve.

    Examples
    --------
    >>> chance_curve(0.5)[25].round(3)
    np.float64(0.25)
    """
    shift = np.sqrt(2) * stats.norm.ppf(np.clip(auc, 1e-6, 1 - 1e-6))
    inside = stats.norm.cdf(shift + stats.norm.ppf(_GRID[1:-1]))
    return np.r_[0.0, inside, 1.0]


def draw_roc(frame: pd.DataFrame, auc: dict[str, Any], null: dict[str, Any]) -> str:
    """Draw thin lines for the repeats, a thick one for their mean, a grey band for chance.

    Parameters
    ----------
    frame : DataFrame
        As `roc_frame` gives.
    auc : dict
        `mean_over_repeats`.
    null : dict
        `q05` and `q95` of the permutation null's AUC; empty where none was run.

    Returns
    -------
    str
        SVG.

    Examples
    --------
    >>> rows = pd.DataFrame({"repeat": 0, "label": [0.0, 1.0], "score": [1.0, 2.0],
    ...                      "weight": 1.0})
    >>> draw_roc(roc_frame(rows), {"mean_over_repeats": 1.0}, {})[:4]
    '<svg'
    """
    with Canvas(HALF, 3.0) as canvas:
        axes = canvas.axes()
        low, high = known(null.get("q05")), known(null.get("q95"))
        axes.plot([0, 1], [0, 1], color=PALE, linewidth=0.8)
        if low is not None and high is not None:
            axes.fill_between(_GRID, chance_curve(low), chance_curve(high), color=PALEST)
        words = "chance" if low is None else f"chance: AUC {fixed(low)}–{fixed(high)}"
        axes.text(0.97, 0.06, words, ha="right", color=CONTEXT)
        for _, part in frame.groupby("repeat"):
            axes.plot(
                part["false_positive_rate"],
                part["true_positive_rate"],
                color=CONTEXT,
                linewidth=0.6,
                alpha=0.7,
            )
        mean = mean_roc(frame)
        axes.plot(mean["false_positive_rate"], mean["true_positive_rate"], color=INK, linewidth=2)
        axes.text(
            0.97, 0.14, f"mean AUC {fixed(auc.get('mean_over_repeats'))}", ha="right", family=BOLD
        )
        axes.set(
            xlim=(-0.01, 1.01),
            ylim=(-0.01, 1.02),
            aspect="equal",
            xlabel="1 − specificity",
            ylabel="sensitivity",
        )
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 0.5, 1])
    return canvas.svg
