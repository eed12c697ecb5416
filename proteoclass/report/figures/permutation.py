"""The AUC of permuted labels, with the observed one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from proteoclass.report.figures.canvas import BOLD, CONTEXT, HALF, INK, PALE, Canvas
from proteoclass.report.wording import fixed


def permutation_frame(values: Sequence[float], width: float = 0.05) -> pd.DataFrame:
    """Return how many permutations fell into each bin of AUC.

    Parameters
    ----------
    values : sequence of float
        AUC of each permutation.
    width : float
        Width of a bin.

    Returns
    -------
    DataFrame
        Columns `low`, `high`, `count`; bins from 0 to 1.

    Examples
    --------
    >>> permutation_frame([0.4, 0.52, 0.54], 0.5)["count"].tolist()
    [1, 2]
    """
    edges = np.linspace(0, 1, round(1 / width) + 1)
    counts, _ = np.histogram(np.asarray(values, dtype=float), edges)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": counts})


def draw_permutation(frame: pd.DataFrame, observed: float, p_words: str) -> str:
    """Draw the null as grey bars and the observed AUC as a labelled line.

    Examples
    --------
    >>> draw_permutation(permutation_frame([0.4, 0.52]), 0.8, "p = 0.33")[:4]
    '<svg'
    """
    with Canvas(HALF, 2.3) as canvas:
        axes = canvas.axes()
        axes.bar(
            frame["low"],
            frame["count"],
            width=frame["high"] - frame["low"],
            align="edge",
            color=PALE,
            edgecolor="white",
            linewidth=0.5,
        )
        top = max(float(frame["count"].max()), 1.0)
        axes.set_ylim(0, 1.28 * top)
        axes.axvline(observed, ymax=0.86, color=INK, linewidth=1.6)
        side = "right" if observed > 0.75 else "center"
        axes.text(
            observed, 1.13 * top, f"observed {fixed(observed)}, {p_words}", ha=side, family=BOLD
        )
        filled = frame[frame["count"] > 0]
        middle = float((filled["low"] * filled["count"]).sum() / max(filled["count"].sum(), 1))
        axes.text(middle, 1.02 * top, "permuted labels", ha="center", color=CONTEXT)
        axes.set(xlim=(0, 1), xlabel="AUC", ylabel="permutations")
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    return canvas.svg
