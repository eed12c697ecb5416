"""Principal components of the samples, by outcome and by batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    PALE,
    WIDE,
    Canvas,
    class_colours,
    label,
)

# Height of a name, as a share of the spread of the samples.
_LINE = 0.075
MOST_BATCHES = 12


def pca_frame(points: list[dict[str, Any]], samples: pd.DataFrame) -> pd.DataFrame:
    """Return the samples' components with their outcome and batch.

    Parameters
    ----------
    points : list of dict
        `sample_id`, `pc1`, `pc2`.
    samples : DataFrame
        Indexed by sample id, with `label` and, where known, `batch` or `plex`.

    Returns
    -------
    DataFrame
        Columns `sample_id`, `pc1`, `pc2`, `group`, `batch` ("" where unknown).

    Examples
    --------
    >>> sheet = pd.DataFrame({"label": ["ill"], "plex": ["1"]}, index=["a"])
    >>> pca_frame([{"sample_id": "a", "pc1": 1.0, "pc2": 2.0}], sheet).values.tolist()
    [['a', 1.0, 2.0, 'ill', '1']]
    """
    frame = pd.DataFrame(points, columns=["sample_id", "pc1", "pc2"])
    frame = frame.astype({"sample_id": str, "pc1": float, "pc2": float})
    frame["group"] = frame["sample_id"].map(samples["label"]).fillna("").astype(str)
    batch = next((name for name in ("batch", "plex") if name in samples), None)
    found = frame["sample_id"].map(samples[batch]) if batch else pd.Series("", index=frame.index)
    frame["batch"] = found.fillna("").astype(str)
    return frame


def draw_pca(frame: pd.DataFrame, explained: list[float], names: tuple[str, str]) -> str:
    """Draw the samples twice: coloured by outcome, and tied to their batch's centre.

    Parameters
    ----------
    frame : DataFrame
        As `pca_frame` gives.
    explained : list of float
        Share of the variance of each component.
    names : pair of str
        Positive and negative label.

    Examples
    --------
    >>> frame = pd.DataFrame({"pc1": [1.0, 2.0], "pc2": [0.0, 1.0], "group": ["a", "b"],
    ...                       "batch": ["1", "2"]})
    >>> draw_pca(frame, [0.5, 0.2], ("a", "b"))[:4]
    '<svg'
    """
    batches = [batch for batch in frame["batch"].unique() if batch]
    by_batch = 1 < len(batches) <= MOST_BATCHES
    with Canvas(WIDE, 2.5) as canvas:
        panels = canvas.figure.subplots(1, 2, sharex=True, sharey=True)
        _by_group(panels[0], frame, names)
        if by_batch:
            _by_batch(panels[1], frame, batches)
        else:
            panels[1].set_axis_off()
            words = "one batch" if len(batches) <= 1 else f"{len(batches)} batches: not drawn"
            panels[1].text(
                0.5, 0.5, words, transform=panels[1].transAxes, ha="center", color=CONTEXT
            )
        shares = [f" ({100 * share:.0f} %)" for share in explained] + ["", ""]
        panels[0].set_ylabel(f"component 2{shares[1]}")
        for axes in panels:
            axes.set_xlabel(f"component 1{shares[0]}")
            axes.set_xticks([])
            axes.set_yticks([])
    return canvas.svg


def _by_group(axes: Axes, frame: pd.DataFrame, names: tuple[str, str]) -> None:
    axes.set_title("by outcome", color=CONTEXT)
    others = frame[~frame["group"].isin(names)]
    axes.scatter(others["pc1"], others["pc2"], s=10, color=PALE, linewidths=0)
    # Shape as well as colour tells the classes apart.
    for name, marker, place in zip(names, ("o", "s"), (1.09, 1.02), strict=True):
        part = frame[frame["group"] == name]
        colour = class_colours(*names)[name]
        face = colour if marker == "o" else "none"
        look: dict[str, Any] = {"edgecolors": colour, "linewidths": 0.7, "alpha": 0.85}
        axes.scatter(part["pc1"], part["pc2"], s=11, marker=marker, facecolors=face, **look)
        words = f"{'●' if marker == 'o' else '□'} {label(name, 16)}"
        right: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "bottom"}
        axes.text(1, place, words, color=colour, fontsize=7.5, **right)


def _by_batch(axes: Axes, frame: pd.DataFrame, batches: list[str]) -> None:
    axes.set_title("by batch", color=CONTEXT)
    middles = frame.groupby("batch")["pc2"].mean().loc[batches]
    # Batches without an effect share one centre: their names are set one above the other.
    heights = dict(zip(batches, _apart(middles.tolist(), frame["pc2"]), strict=True))
    for batch in batches:
        part = frame[frame["batch"] == batch]
        x, y = float(part["pc1"].mean()), float(part["pc2"].mean())
        # One broken line for the whole batch: a cohort has hundreds of samples.
        gap = np.full(len(part), np.nan)
        across = np.c_[np.full(len(part), x), part["pc1"], gap].ravel()
        up = np.c_[np.full(len(part), y), part["pc2"], gap].ravel()
        axes.plot(across, up, color=PALE, linewidth=0.5, zorder=0)
        axes.scatter(part["pc1"], part["pc2"], s=5, color=CONTEXT, linewidths=0, alpha=0.7)
        axes.text(
            x,
            heights[batch],
            label(batch, 12),
            ha="center",
            va="center",
            family=BOLD,
            fontsize=7.5,
            bbox={"facecolor": "white", "alpha": 0.75, "pad": 1},
        )


def _apart(heights: list[float], values: pd.Series) -> list[float]:
    """Move names up and down so that each has a line of its own, order kept."""
    line = _LINE * float(values.max() - values.min())
    order = np.argsort(heights, kind="stable")
    placed = np.asarray(heights, dtype=float)[order]
    spread = placed.copy()
    for i in range(1, len(spread)):
        spread[i] = max(spread[i], spread[i - 1] + line)
    spread -= (spread - placed).mean()
    moved = np.empty(len(spread))
    moved[order] = spread
    return [float(height) for height in moved]
