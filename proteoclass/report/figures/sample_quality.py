"""Identification depth and intensity of every sample."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    HALF,
    INK,
    PALE,
    Canvas,
    class_colours,
    label,
    records,
)

_FIELDS = (
    "n_detected",
    "missing_rate",
    "median_log2",
    "low_quartile_log2",
    "high_quartile_log2",
)


def sample_quality_frame(rows: list[dict[str, Any]], samples: pd.DataFrame) -> pd.DataFrame:
    """Return the quality numbers of each sample, in the order of batch and sheet.

    Parameters
    ----------
    rows : list of dict
        `sample_id`, `n_detected`, `missing_rate`, `median_log2`, `low_quartile_log2`,
        `high_quartile_log2`, `outlier`.
    samples : DataFrame
        Indexed by sample id, with `label` and, where known, `batch` or `plex`.

    Returns
    -------
    DataFrame
        The same columns with `group`, `batch` and `place` (0, 1, 2 …).

    Examples
    --------
    >>> sheet = pd.DataFrame({"label": ["ill"]}, index=["a"])
    >>> sample_quality_frame([{"sample_id": "a", "n_detected": 5}], sheet)["group"].tolist()
    ['ill']
    """
    frame = pd.DataFrame(rows, columns=["sample_id", *_FIELDS, "outlier"])
    frame = frame.astype({"sample_id": str, **{field: float for field in _FIELDS}})
    frame["outlier"] = [value is True for value in frame["outlier"]]
    frame["group"] = frame["sample_id"].map(samples["label"]).fillna("").astype(str)
    batch = next((name for name in ("batch", "plex") if name in samples), None)
    found = frame["sample_id"].map(samples[batch]) if batch else pd.Series("", index=frame.index)
    frame["batch"] = found.fillna("").astype(str)
    frame = frame.sort_values("batch", kind="stable").reset_index(drop=True)
    frame["place"] = range(len(frame))
    return frame


def draw_depth(frame: pd.DataFrame, names: tuple[str, str]) -> str:
    """Draw the number of proteins detected in each sample.

    Examples
    --------
    >>> sheet = pd.DataFrame({"label": ["ill"]}, index=["a"])
    >>> frame = sample_quality_frame([{"sample_id": "a", "n_detected": 5}], sheet)
    >>> draw_depth(frame, ("ill", "well"))[:4]
    '<svg'
    """
    with Canvas(HALF, 2.3) as canvas:
        axes = canvas.axes()
        colours = class_colours(*names)
        for name, at in ((names[0], 1.08), (names[1], 1.01)):
            axes.text(
                1,
                at,
                label(name, 20),
                transform=axes.transAxes,
                ha="right",
                va="bottom",
                color=colours[name],
                fontsize=7.5,
            )
        marks = frame["group"].map(colours).fillna(PALE)
        axes.scatter(frame["place"], frame["n_detected"], s=8, c=list(marks), linewidths=0)
        _flag(axes, frame, "n_detected")
        _batches(axes, frame)
        axes.set(ylabel="proteins detected", ylim=(0, None), xticks=[])
    return canvas.svg


def draw_intensity(frame: pd.DataFrame, unit: str = "log2 intensity") -> str:
    """Draw the quartiles of the values of each sample.

    Parameters
    ----------
    frame : DataFrame
        As `sample_quality_frame` gives.
    unit : str
        What the values are, beside the axis.

    Examples
    --------
    >>> sheet = pd.DataFrame({"label": ["ill"]}, index=["a"])
    >>> frame = sample_quality_frame([{"sample_id": "a", "median_log2": 5}], sheet)
    >>> draw_intensity(frame)[:4]
    '<svg'
    """
    with Canvas(HALF, 2.3) as canvas:
        axes = canvas.axes()
        axes.vlines(
            frame["place"],
            frame["low_quartile_log2"],
            frame["high_quartile_log2"],
            color=PALE,
            linewidth=min(1.1, 110 / max(len(frame), 1)),
        )
        axes.scatter(frame["place"], frame["median_log2"], s=4, color=INK, linewidths=0)
        _flag(axes, frame, "median_log2")
        _batches(axes, frame)
        axes.set(ylabel=unit, xticks=[])
    return canvas.svg


def _flag(axes: Axes, frame: pd.DataFrame, column: str) -> None:
    for row in records(frame[frame["outlier"]].head(6)):
        axes.annotate(
            label(row["sample_id"], 14),
            (row["place"], row[column]),
            xytext=(3, 3),
            textcoords="offset points",
            fontsize=6.5,
            family=BOLD,
        )
        axes.plot(
            [row["place"]],
            [row[column]],
            "o",
            markersize=5,
            markerfacecolor="none",
            markeredgecolor=INK,
            markeredgewidth=0.8,
        )


def _batches(axes: Axes, frame: pd.DataFrame) -> None:
    spans = frame.groupby("batch", sort=False)["place"].agg(["min", "max"])
    axes.set_xlim(-0.02 * len(frame) - 0.5, 1.02 * len(frame))
    if len(spans) < 2:
        axes.set_xlabel("samples in the order of the sheet")
        return
    for end in spans["max"].iloc[:-1]:
        axes.axvline(end + 0.5, color=PALE, linewidth=0.6, zorder=0)
    if len(spans) <= 8:
        for batch, span in spans.iterrows():
            axes.text(
                (span["min"] + span["max"]) / 2,
                -0.03,
                label(batch, 10),
                fontsize=7,
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="top",
                color=CONTEXT,
            )
    axes.set_xlabel("samples by batch", labelpad=12)
