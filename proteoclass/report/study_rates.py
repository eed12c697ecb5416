"""Sensitivity where the specificity is held, and the other way round."""

from __future__ import annotations

from typing import Any

from proteoclass.report.document import Block, Column, Paragraph, Points, Table
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import gap, limits
from proteoclass.report.wording import (
    NOT_REPORTABLE,
    fixed,
    interval,
    known,
    percent,
    sentence,
    shown,
)

_PAIRS = (("sensitivity", "specificity"), ("specificity", "sensitivity"))


def rate_blocks(run: Run) -> tuple[Block, ...]:
    """Return a table of rates at fixed rates, what limits them, or why there is none.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Block
    """
    found = part(run.evaluation, "sensitivity_at_specificity")
    rows = [(read, held, dict(row)) for read, held in _PAIRS for row in found.get(read) or []]
    if not rows:
        return (Paragraph(gap("Sensitivity at fixed specificity", found), "small"),)
    columns = (
        Column("Rate"),
        Column("Value", "", True),
        Column("Interval", "", True),
    )
    cells = tuple(_cells(*row) for row in rows)
    # The same words for several rates are said once.
    said = dict.fromkeys(
        shown(row.get(key), 240)
        for _, _, row in rows
        for key in ("reason", "caution")
        if row.get(key)
    )
    words = [f"{text[0].upper()}{text[1:]}." for text in said]
    return (
        Table("Rates at a fixed rate, on held-out patients", columns, cells),
        *((Points(tuple(words)),) if words else ()),
        Paragraph(
            f"Cuts: {shown(found.get('rule'), 300)}. They are {sentence(found.get('estimand'))}. "
            f"Intervals: {shown(found.get('interval_kind'), 400)}.",
            "small",
        ),
    )


def _cells(read: str, held: str, row: dict[str, Any]) -> tuple[str, ...]:
    name = f"{read.capitalize()} at {percent(row.get(held))} {held}"
    if known(row.get("value")) is None:
        return name, NOT_REPORTABLE, ""
    return name, fixed(row.get("value")), interval(*limits(row.get("interval")))
