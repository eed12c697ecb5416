"""How the panel proteins add up to one sample's score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy import special

from proteoclass.report.figures.canvas import (
    BOLD,
    CONTEXT,
    INK,
    NEGATIVE,
    PALE,
    POSITIVE,
    WIDE,
    Canvas,
    beside,
    label,
    records,
)
from proteoclass.report.wording import fixed, score_points

BASE = "(base)"


def waterfall_frame(explanation: pd.DataFrame, shown_proteins: int = 8) -> pd.DataFrame:
    """Return the steps from the model's starting point to the sample's log-odds.

    Parameters
    ----------
    explanation : DataFrame
        Rows of `explanations.tsv` for one sample; contributions are log-odds.
    shown_proteins : int
        How many proteins get a row of their own.

    Returns
    -------
    DataFrame
        Columns `name`, `kind` (base | protein | others | total), `start`, `end`,
        `contribution` (log-odds), `value`, `low`, `high` (log2), `words`. The last row's
        `end` is the sum of all contributions.

    Examples
    --------
    >>> frame = waterfall_frame(pd.DataFrame({
    ...     "protein_id": ["(base)", "P1"], "gene": ["", "LCN2"], "value": [None, 9.0],
    ...     "low": [None, 4.0], "high": [None, 8.0], "contribution": [-1.0, 0.75]}))
    >>> frame[["name", "end", "words"]].values.tolist()[1]
    ['LCN2', -0.25, '9.0, above the study range']
    """
    base = float(explanation.loc[explanation["protein_id"] == BASE, "contribution"].sum())
    proteins = explanation[explanation["protein_id"] != BASE]
    # A stable order: proteins of equal size keep the panel's order on every machine.
    order = np.argsort(-proteins["contribution"].abs().to_numpy(), kind="stable")
    top = proteins.iloc[order[:shown_proteins]]
    rest = proteins.iloc[order[shown_proteins:]]
    rows: list[dict[str, Any]] = [_step("base", "starting point", base)]
    for row in records(top):
        name = str(row["gene"] or row["protein_id"])
        rows.append(
            _step("protein", name, float(row["contribution"]))
            | {key: row[key] for key in ("value", "low", "high")}
            | {"words": value_words(row["value"], row["low"], row["high"])}
        )
    if len(rest):
        noun = "protein" if len(rest) == 1 else "proteins"
        rows.append(_step("others", f"{len(rest)} other {noun}", float(rest["contribution"].sum())))
    frame = pd.DataFrame(rows)
    frame["end"] = frame["contribution"].cumsum()
    frame["start"] = (frame["end"] - frame["contribution"]).where(frame["kind"] != "base", 0.0)
    total = _step("total", "this sample", float(frame["end"].iloc[-1]))
    last = pd.DataFrame([total | {"start": 0.0, "end": total["contribution"]}])
    return pd.concat([frame, last], ignore_index=True)[
        ["name", "kind", "start", "end", "contribution", "value", "low", "high", "words"]
    ]


def value_words(value: Any, low: Any, high: Any) -> str:
    """Return a protein's value and where it stands in the study patients' range.

    Parameters
    ----------
    value, low, high : float
        Normalised log2 value, 5th and 95th percentile of the study patients; NaN where
        the protein was not detected or has no range.

    Examples
    --------
    >>> value_words(float("nan"), 1, 2), value_words(3, 1, 2), value_words(1.5, 1, 2)
    ('not detected', '3.0, above the study range', '1.5, within the study range')
    """
    if pd.isna(value):
        return "not detected"
    if pd.isna(low) or pd.isna(high):
        return f"{fixed(value, 1)}, study range not reported"
    place = "above" if value > high else "below" if value < low else "within"
    return f"{fixed(value, range_decimals(value, low, high))}, {place} the study range"


def range_decimals(value: Any, low: Any, high: Any) -> int:
    """Return how many decimals show a value on its side of both ends of a range.

    Examples
    --------
    >>> range_decimals(24.14, 18.2, 24.11), range_decimals(20.0, 18.2, 24.1)
    (2, 1)
    """
    for digits in (1, 2, 3):
        at, start, end = (round(float(number), digits) for number in (value, low, high))
        # Rounding keeps order, so that only a tie can contradict the words.
        if (value >= low or at < start) and (value <= high or at > end):
            return digits
    return 3


def draw_waterfall(frame: pd.DataFrame, cuts: Sequence[float | None] = ()) -> str:
    """Draw the steps as horizontal bars, with values in words beside them.

    Parameters
    ----------
    frame : DataFrame
        As `waterfall_frame` gives.
    cuts : sequence of float or None
        Thresholds, score points: no score is rounded across one.

    Returns
    -------
    str
        SVG.

    Examples
    --------
    >>> frame = waterfall_frame(pd.DataFrame({
    ...     "protein_id": ["(base)", "P1"], "gene": ["", "LCN2"], "value": [None, 9.0],
    ...     "low": [None, 4.0], "high": [None, 8.0], "contribution": [-1.0, 0.75]}))
    >>> draw_waterfall(frame)[:4]
    '<svg'
    """
    with Canvas(WIDE, 0.5 + 0.2 * len(frame), layout="none") as canvas:
        axes = canvas.axes()
        height = float(canvas.figure.get_figheight())
        canvas.figure.subplots_adjust(
            left=0.235, right=0.625, top=1 - 0.04 / height, bottom=0.42 / height
        )
        ends = pd.concat([frame["start"], frame["end"]])[1:]
        reach = max(float(ends.max() - ends.min()), 0.5)
        axes.set_xlim(float(ends.min()) - 0.24 * reach, float(ends.max()) + 0.3 * reach)
        axes.set_ylim(len(frame) - 0.4, -0.6)
        for place, row in enumerate(records(frame)):
            if row["kind"] in ("base", "total"):
                score = 100 * float(special.expit(row["end"]))
                row["words"] = f"score {score_points(score, tuple(cuts))}"
            _draw_step(axes, place, row, frame, reach)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("log-odds of the score")
    return canvas.svg


def _draw_step(
    axes: Axes, place: int, row: dict[str, Any], frame: pd.DataFrame, reach: float
) -> None:
    end = float(row["end"])
    look: dict[str, Any] = {}
    if row["kind"] in ("base", "total"):
        look = {"family": BOLD, "color": INK}
        axes.plot([end, end], [place - 0.36, place + 0.36], color=INK, linewidth=2)
    else:
        _bar(axes, place, row, reach)
    if place + 1 < len(frame):
        axes.plot([end, end], [place, place + 1], color=PALE, linewidth=0.7, zorder=0)
    # Capitals are wide: a long name is set smaller, a longer one is cut.
    small = {"fontsize": 7.5} if len(str(row["name"])) > 12 and row["kind"] == "protein" else {}
    longest = 14 if row["kind"] == "protein" else 18
    beside(axes, place, label(row["name"], longest), **small, **look)
    beside(axes, place, str(row["words"]), gap=-0.03, **{"fontsize": 7.5, "color": CONTEXT, **look})


def _bar(axes: Axes, place: int, row: dict[str, Any], reach: float) -> None:
    size = float(row["contribution"])
    raised = size > 0
    colour = POSITIVE if raised else NEGATIVE
    axes.barh(place, size, left=float(row["start"]), height=0.62, color=colour)
    axes.text(
        float(row["end"]) + (0.02 if raised else -0.02) * reach,
        place,
        fixed(size, 2, plus=True),
        va="center",
        ha="left" if raised else "right",
        fontsize=7,
        color=colour,
    )


def _step(kind: str, name: str, contribution: float) -> dict[str, Any]:
    gap = float("nan")
    return {
        "name": name,
        "kind": kind,
        "contribution": contribution,
        "value": gap,
        "low": gap,
        "high": gap,
        "words": "",
    }
