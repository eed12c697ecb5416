"""Predicted against observed share of the positive class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from proteoclass.report.figures.canvas import CONTEXT, HALF, INK, PALE, PALEST, Canvas
from proteoclass.stats import wilson_interval


def calibration_frame(predictions: pd.DataFrame, bins: int | None = None) -> pd.DataFrame:
    """Return the observed share in bins of equal numbers of samples.

    Parameters
    ----------
    predictions : DataFrame
        As `out_of_fold.mean_predictions` gives: one row a sample.
    bins : int, optional
        One bin for every ten samples, from 2 to 10, where left out.

    Returns
    -------
    DataFrame
        Columns `predicted` (mean probability), `observed` (share), `lower`, `upper`
        (95 % Wilson interval), `n`.

    Notes
    -----
    Wilson 1927, doi 10.1080/01621459.1927.10502953. The interval takes the predictions
    as given: it holds the sampling of patients in the bin, not the fit.

    Examples
    --------
    >>> frame = calibration_frame(pd.DataFrame({
    ...     "probability": [0.1, 0.2, 0.8, 0.9], "label": [0.0, 0.0, 1.0, 1.0]}), bins=2)
    >>> frame["observed"].tolist(), frame["upper"].round(3).tolist()
    ([0.0, 1.0], [0.658, 1.0])
    """
    probability = predictions["probability"].to_numpy(dtype=float)
    label = predictions["label"].to_numpy(dtype=float)
    number = bins or int(np.clip(len(label) // 10, 2, 10))
    # Bin edges as scikit-learn's calibration_curve(strategy="quantile") sets them.
    edges = np.quantile(probability, np.linspace(0, 1, number + 1))
    place = np.searchsorted(edges[1:-1], probability)
    rows = []
    for here in np.unique(place):
        inside = place == here
        n = int(inside.sum())
        low, high = wilson_interval(int(label[inside].sum()), n)
        rows.append((probability[inside].mean(), label[inside].mean(), low, high, n))
    return pd.DataFrame(rows, columns=["predicted", "observed", "lower", "upper", "n"])


def draw_calibration(frame: pd.DataFrame, predictions: pd.DataFrame, positive: str) -> str:
    """Draw the bins with intervals on the diagonal, and where the predictions lie.

    Examples
    --------
    >>> rows = pd.DataFrame({"probability": [0.1, 0.2, 0.8, 0.9], "label": [0, 0, 1, 1.0]})
    >>> draw_calibration(calibration_frame(rows, 2), rows, "severe")[:4]
    '<svg'
    """
    with Canvas(HALF, 3.0) as canvas:
        axes = canvas.axes()
        axes.plot([0, 1], [0, 1], color=PALE, linewidth=0.9)
        axes.text(
            0.985,
            0.925,
            "perfect agreement",
            rotation=45,
            ha="right",
            va="top",
            rotation_mode="anchor",
            color=CONTEXT,
            fontsize=7,
        )
        axes.vlines(frame["predicted"], frame["lower"], frame["upper"], color=CONTEXT, linewidth=1)
        axes.plot(
            frame["predicted"],
            frame["observed"],
            "o-",
            color=INK,
            markersize=5,
            markeredgecolor="white",
            linewidth=1,
        )
        axes.vlines(predictions["probability"], -0.045, -0.015, color=CONTEXT, linewidth=0.4)
        axes.axhspan(-0.05, -0.01, color=PALEST, zorder=0)
        axes.set(
            xlim=(-0.02, 1.02),
            ylim=(-0.05, 1.02),
            aspect="equal",
            xlabel="predicted probability",
            ylabel=f"share classed {positive}",
        )
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 0.5, 1])
    return canvas.svg
