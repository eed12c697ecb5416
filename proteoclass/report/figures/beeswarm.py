"""SHAP contributions of the panel proteins over the index samples."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd

from proteoclass.report.figures.canvas import CONTEXT, HALF, INK, PALE, Canvas, label
from proteoclass.report.figures.out_of_fold import swarm
from proteoclass.report.figures.waterfall import BASE


def beeswarm_frame(
    explanations: pd.DataFrame, samples: pd.Index, shown_proteins: int = 12
) -> pd.DataFrame:
    """Return the contributions of the proteins that move scores most.

    Parameters
    ----------
    explanations : DataFrame
        Rows of `explanations.tsv`; contributions are log-odds, values log2.
    samples : Index
        Ids of the index samples.
    shown_proteins : int

    Returns
    -------
    DataFrame
        Columns `name`, `protein_id`, `sample_id`, `contribution`, `value`, `level` (rank
        of the value among the detected ones, 0–1; NaN where not detected), `mean_size`
        (mean of |contribution|); largest first.

    Examples
    --------
    >>> frame = beeswarm_frame(pd.DataFrame({
    ...     "sample_id": ["a", "b"], "protein_id": "P1", "gene": "LCN2",
    ...     "value": [1.0, 3.0], "contribution": [-0.5, 0.5]}), pd.Index(["a", "b"]))
    >>> frame["level"].tolist()
    [0.0, 1.0]
    """
    rows = explanations[
        explanations["sample_id"].isin(samples) & (explanations["protein_id"] != BASE)
    ]
    by_protein = rows.groupby("protein_id", sort=False)
    size = by_protein["contribution"].agg(lambda part: part.abs().mean())
    kept = size.sort_values(ascending=False, kind="stable").head(shown_proteins)
    rows = rows[rows["protein_id"].isin(kept.index)]
    rank = rows.groupby("protein_id")["value"].rank(method="average") - 1
    most = rows.groupby("protein_id")["value"].transform("count") - 1
    frame = pd.DataFrame(
        {
            "name": rows["gene"].where(rows["gene"] != "", rows["protein_id"]),
            "protein_id": rows["protein_id"],
            "sample_id": rows["sample_id"],
            "contribution": rows["contribution"].astype(float),
            "value": rows["value"].astype(float),
            "level": rank / most.clip(lower=1),
            "mean_size": rows["protein_id"].map(kept),
        }
    )
    return frame.sort_values("mean_size", ascending=False, kind="stable").reset_index(drop=True)


def draw_beeswarm(frame: pd.DataFrame) -> str:
    """Draw one dot a sample and protein; dark is a high value, hollow not detected.

    Examples
    --------
    >>> frame = beeswarm_frame(pd.DataFrame({
    ...     "sample_id": ["a", "b"], "protein_id": "P1", "gene": "LCN2",
    ...     "value": [1.0, 3.0], "contribution": [-0.5, 0.5]}), pd.Index(["a", "b"]))
    >>> draw_beeswarm(frame)[:4]
    '<svg'
    """
    proteins = list(dict.fromkeys(frame["protein_id"]))
    with Canvas(HALF, 0.72 + 0.235 * len(proteins)) as canvas:
        axes = canvas.axes()
        shades = matplotlib.colormaps["cividis_r"]
        reach = max(float(frame["contribution"].abs().max()), 1e-6)
        names = []
        for place, protein in enumerate(proteins):
            part = frame[frame["protein_id"] == protein]
            names.append(label(part["name"].iloc[0], 14))
            size = part["contribution"].to_numpy(dtype=float)
            height = place + swarm(size, reach / 45, 0.085).clip(-0.42, 0.42)
            seen = part["level"].notna().to_numpy()
            axes.scatter(
                size[seen],
                height[seen],
                s=7,
                linewidths=0,
                c=shades(0.08 + 0.92 * part["level"].to_numpy()[seen]),
            )
            axes.scatter(
                size[~seen],
                height[~seen],
                s=6,
                facecolors="none",
                edgecolors=CONTEXT,
                linewidths=0.6,
            )
        axes.axvline(0, color=PALE, linewidth=0.9, zorder=0)
        axes.set_yticks(range(len(proteins)), names, fontsize=7.5)
        axes.set(
            ylim=(len(proteins) - 0.4, -1.15),
            xlim=(-1.08 * reach, 1.08 * reach),
            xlabel="← lowers    contribution, log-odds    raises →",
        )
        _key(axes, shades)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return canvas.svg


def _key(axes: matplotlib.axes.Axes, shades: matplotlib.colors.Colormap) -> None:
    across = axes.get_yaxis_transform()
    steps = np.linspace(0, 1, 5)
    axes.scatter(
        0.13 + 0.04 * np.arange(5),
        [-0.85] * 5,
        s=9,
        linewidths=0,
        c=shades(0.08 + 0.92 * steps),
        transform=across,
    )
    axes.text(0.1, -0.85, "low", transform=across, ha="right", va="center", fontsize=7)
    axes.text(0.32, -0.85, "high value", transform=across, va="center", fontsize=7, color=INK)
    axes.scatter(
        [0.66],
        [-0.85],
        s=8,
        facecolors="none",
        edgecolors=CONTEXT,
        linewidths=0.6,
        transform=across,
    )
    axes.text(0.69, -0.85, "not detected", transform=across, va="center", fontsize=7)
