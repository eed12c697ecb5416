"""How often each protein was chosen into the panel across folds."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.report.figures.canvas import (
    CONTEXT,
    HALF,
    NEGATIVE,
    PALE,
    POSITIVE,
    Canvas,
    label,
    records,
)

_COLOURS = {"up": POSITIVE, "down": NEGATIVE}
_ARROWS = {"up": "↑", "down": "↓"}


def panel_frame(frequencies: list[dict[str, Any]], shown_proteins: int = 25) -> pd.DataFrame:
    """Return the proteins chosen most often, most often first.

    Parameters
    ----------
    frequencies : list of dict
        `id`, `gene`, `accessions`, `frequency` (share of folds), `direction`.
    shown_proteins : int

    Returns
    -------
    DataFrame
        Columns `id`, `name` (gene, else id), `accessions`, `frequency`, `direction`.

    Examples
    --------
    >>> panel_frame([{"id": "P1", "gene": "", "frequency": 0.5, "direction": "up"}])["name"][0]
    'P1'
    """
    rows = [
        (
            str(row.get("id", "")),
            str(row.get("gene") or row.get("id") or ""),
            str(row.get("accessions") or ""),
            float(row.get("frequency") or 0),
            str(row.get("direction") or "unknown"),
        )
        for row in frequencies
    ]
    frame = pd.DataFrame(rows, columns=["id", "name", "accessions", "frequency", "direction"])
    frame = frame.sort_values("frequency", ascending=False, kind="stable")
    return frame.head(shown_proteins).reset_index(drop=True)


def draw_panel(frame: pd.DataFrame) -> str:
    """Draw one bar a protein; colour and arrow say in which class it is higher.

    Examples
    --------
    >>> draw_panel(panel_frame([{"id": "P1", "frequency": 0.5, "direction": "up"}]))[:4]
    '<svg'
    """
    with Canvas(HALF, 0.5 + 0.165 * len(frame)) as canvas:
        axes = canvas.axes()
        colours = [_COLOURS.get(d, PALE) for d in frame["direction"]]
        axes.barh(range(len(frame)), 100 * frame["frequency"], height=0.66, color=colours)
        for place, row in enumerate(records(frame)):
            share = 100 * float(row["frequency"])
            words = f"{share:.0f} {_ARROWS.get(row['direction'], '')}"
            axes.text(share + 1.5, place, words, va="center", fontsize=7, color=CONTEXT)
        names = [label(name, 14) for name in frame["name"]]
        axes.set_yticks(range(len(frame)), names, fontsize=7.5)
        axes.set(xlim=(0, 115), ylim=(len(frame) - 0.4, -0.6), xlabel="chosen, % of folds")
        axes.set_xticks([0, 50, 100])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    return canvas.svg
