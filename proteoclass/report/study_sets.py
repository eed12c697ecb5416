"""Prediction sets: how often they hold the true class, against what they promise."""

from __future__ import annotations

from proteoclass.report.document import Block, Column, Paragraph, Table
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import gap, limits, whole
from proteoclass.report.wording import (
    class_name,
    fixed,
    interval,
    percent,
    sentence,
    shown,
)


def set_blocks(run: Run) -> tuple[Block, ...]:
    """Return coverage class by class, or why there is none.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Block
    """
    found = part(run.evaluation, "conformal")
    rows = [dict(row) for row in found.get("classes") or []]
    if not rows:
        return (Paragraph(gap("Prediction sets", found), "small"),)
    columns = (
        Column("True class"),
        Column("Patients", "", True),
        Column("Promised", "", True),
        Column("Held", "with interval", True),
        Column("One class", "% of sets", True),
        Column("Both", "% of sets", True),
        Column("None", "% of sets", True),
    )
    cells = tuple(
        (
            class_name(row.get("label"), 24),
            whole(row.get("n_patients")),
            fixed(row.get("promised")),
            f"{fixed(row.get('coverage'))} {interval(*limits(row.get('interval')))}",
            *(percent(row.get(key)).removesuffix("\u00a0%") for key in ("single", "both", "empty")),
        )
        for row in rows
    )
    kinds = sorted({shown(row.get("interval_kind"), 160) for row in rows} - {""})
    method = shown(found.get("method"), 400)
    caution = sentence(found.get("caution"))
    return (
        Table("Prediction sets that should hold the true class", columns, cells),
        *((Paragraph(f"{caution[:1].upper()}{caution[1:]}."),) if caution else ()),
        Paragraph(f"Sets: {method}. Interval: {'; '.join(kinds)}.", "small"),
    )
