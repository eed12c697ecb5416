"""How the score does within groups of patients, and from site to site."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.report.document import Block, Column, Figure, Paragraph, Points, Table
from proteoclass.report.figures.canvas import records
from proteoclass.report.figures.comparators import draw_comparators
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import gap, limits, whole
from proteoclass.report.wording import (
    NOT_REPORTABLE,
    NOT_REPORTED,
    count,
    fixed,
    interval,
    known,
    listing,
    p_value,
    percent,
    shown,
)

_NAME = 40


def group_blocks(run: Run) -> tuple[Block, ...]:
    """Return subgroups, then sites; each missing one with its reason.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Block
    """
    return (*_subgroups(run), *site_blocks(run))


def site_blocks(run: Run) -> tuple[Block, ...]:
    """Return the AUC of each site, the pooled one, and how much the sites differ.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Block
    """
    found = part(run.evaluation, "sites")
    frame = site_frame(found)
    if frame.empty:
        return (Paragraph(gap("Differences between sites", found), "small"), *_left_out(found))
    column = shown(found.get("column"), _NAME)
    said = "; ".join(
        f"{shown(row['name'], _NAME)} {fixed(row['auc'])} {interval(row['lower'], row['upper'])}"
        for row in records(frame)
    )
    kind = shown(found.get("interval_kind"), 400)
    if kind and kind == shown(part(run.evaluation, "subgroups").get("interval_kind"), 400):
        kind = "as in the table above"
    return (
        Paragraph(_heterogeneity(found)),
        Figure(
            "sites",
            draw_comparators(frame, 26),
            f"AUC by {column}: {said}.",
            f"AUC by {column}. Intervals of each: {kind or f'kind {NOT_REPORTED}'}.",
            frame,
        ),
        *_left_out(found),
    )


def site_frame(found: dict[str, Any]) -> pd.DataFrame:
    """Return one row a site, the pooled AUC first.

    Parameters
    ----------
    found : dict
        `sites` of an evaluation.

    Returns
    -------
    DataFrame
        Columns `name`, `auc`, `lower`, `upper`; without a pooled AUC its row has no numbers.

    Examples
    --------
    >>> one = {"group": "A", "auc": 0.8, "interval": [0.7, 0.9]}
    >>> site_frame({"groups": [one]})["name"].tolist()
    ['all pooled', 'A']
    """
    groups = [dict(row) for row in found.get("groups") or []]
    pooled = part(found, "auc")
    rows = [("all pooled", known(pooled.get("pooled")), *limits(pooled.get("interval")))]
    rows += [
        (str(row.get("group")), known(row.get("auc")), *limits(row.get("interval")))
        for row in groups
    ]
    frame = pd.DataFrame(rows, columns=["name", "auc", "lower", "upper"])
    frame = frame.astype({"auc": float, "lower": float, "upper": float})
    return frame if groups else frame.iloc[:0]


def _heterogeneity(found: dict[str, Any]) -> str:
    """Say what the sites come to together, and how much they differ."""
    among, pooled = part(found, "heterogeneity"), part(found, "auc")
    test = f"Q = {fixed(among.get('q'))} on {whole(among.get('df'))} df, {p_value(among.get('p'))}"
    if known(pooled.get("pooled")) is None:
        return f"{gap('Pooled AUC of the sites', among)} {test}."
    return (
        f"Over {count(among.get('n_sites'), 'site')} the AUC is {fixed(pooled['pooled'])} "
        f"{interval(*limits(pooled.get('interval')))} (random effects); a new site may give "
        f"{interval(*limits(pooled.get('prediction_interval'))).strip('()')}. Share of the "
        f"variance between sites that is not error: {percent(among.get('i2'))} (I²); {test}."
    )


def _left_out(found: dict[str, Any]) -> tuple[Block, ...]:
    rows = [dict(row) for row in found.get("left_out") or []]
    if not rows:
        return ()
    names = [f"{shown(row.get('group'), _NAME)} ({shown(row.get('reason'), 160)})" for row in rows]
    more = int(known(found.get("n_left_out")) or len(rows)) - len(rows)
    words = listing(names, len(names)) + (f" and {more} more" if more > 0 else "")
    return (Paragraph(f"Sites left out: {words}.", "small"),)


def _subgroups(run: Run) -> tuple[Block, ...]:
    found = part(run.evaluation, "subgroups")
    by = [dict(each) for each in found.get("by") or []]
    hidden = "; ".join(
        f"{shown(name, _NAME)}: {shown(reason, 120)}"
        for name, reason in part(found, "not_shown").items()
    )
    if not by:
        reason = {"reason": hidden or found.get("reason")} if found else {}
        return (Paragraph(gap("Groups of patients", reason), "small"),)
    columns = (
        Column("Group"),
        Column("Patients", f"{shown(run.positive, 16)} / others", True),
        Column("AUC", "with interval", True),
        Column("Observed less predicted", "share, with interval", True),
    )
    rows = tuple(
        _group_cells(shown(each.get("column"), _NAME), dict(row))
        for each in by
        for row in (*(each.get("groups") or ()), *(each.get("not_reportable") or ()))
    )
    small = [
        f"{shown(each.get('column'), _NAME)}: {count(each.get('n_unknown'), 'patient')} "
        "without an entry"
        for each in by
        if known(each.get("n_unknown"))
    ]
    tail = "".join(
        f" {text}." for text in (f"Not shown: {hidden}" if hidden else "", *small) if text
    )
    said = _differences(by)
    return (
        Table("The score within groups of patients", columns, rows),
        Points(said) if len(said) > 1 else Paragraph(said[0]),
        Paragraph(
            f"{shown(found.get('caution'), 300)} AUC: {shown(found.get('interval_kind'), 400)}."
            f"{tail}",
            "small",
        ),
    )


def _group_cells(column: str, row: dict[str, Any]) -> tuple[str, ...]:
    name = f"{column}: {shown(row.get('group'), _NAME)}"
    patients = f"{whole(row.get('n_positive'))} / {whole(row.get('n_negative'))}"
    if known(row.get("auc")) is None:
        return name, patients, NOT_REPORTABLE, ""
    large = part(row, "in_the_large")
    return (
        name,
        patients,
        f"{fixed(row['auc'])} {interval(*limits(row.get('interval')))}",
        f"{fixed(large.get('difference'), plus=True)} {interval(*limits(large.get('interval')))}",
    )


def _differences(by: list[dict[str, Any]]) -> tuple[str, ...]:
    """Say which differences between groups exclude 0, of how many."""
    pairs = [dict(pair) for each in by for pair in each.get("differences") or []]
    said = []
    for pair in pairs:
        low, high = limits(pair.get("interval"))
        if low is not None and high is not None and (low > 0 or high < 0):
            first, second = (shown(name, _NAME) for name in pair.get("groups") or ("", ""))
            ends = interval(low, high, plus=True)
            value = fixed(pair.get("difference"), plus=True)
            said.append(f"The AUC of {first} less that of {second} is {value} {ends}.")
    small = sum(int(known(each.get("n_not_reportable")) or 0) for each in by)
    seen = count(len(pairs), "difference")
    head = f"{len(said)} of {seen} between groups exclude 0." if pairs else ""
    if pairs and not said:
        head = f"None of {seen} between groups excludes 0; small groups show little either way."
    few = f"{count(small, 'group')} {'is' if small == 1 else 'are'} too small for an AUC."
    return tuple(text for text in (head, *said, few if small else "") if text) or (
        "No two groups can be compared.",
    )
