"""What the run was made of: settings, inputs and software."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from proteoclass.report.document import Block, Column, Facts, Paragraph, Points, Table
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import cuts, thresholds_validated, training_line
from proteoclass.report.wording import NOT_REPORTED, class_name, cut_words, listing, percent, shown


def model_blocks(run: Run) -> tuple[Block, ...]:
    """Return the locked model: training, thresholds and what it must not be used for."""
    model = run.model
    low, high = cuts(run)
    rule = shown(part(model, "thresholds").get("rule"), 200)
    validated = "yes" if thresholds_validated(run) else "no: thresholds not externally validated"
    limits = "none"
    if low is not None and high is not None:
        limits = f"lower {cut_words(low)}, upper {cut_words(high)}, of 100"
    not_for = [shown(item) for item in model.get("not_for") or []]
    facts = Facts(
        (
            ("Name", shown(model.get("name"))),
            ("SHA-256", shown(model.get("sha256"))),
            ("Trained on", training_line(run)),
            ("Thresholds", limits),
            ("Set by", rule),
            ("Externally validated", validated),
            ("Intended use", shown(model.get("intended_use"), 300)),
            ("Not for", listing(not_for, 10) if not_for else ""),
        )
    )
    return (facts, *_judged(run))


def provenance_blocks(run: Run) -> tuple[Block, ...]:
    """Return notes, input hashes, software versions and the resolved configuration."""
    inputs = tuple(
        (shown(row.get("role")), shown(row.get("name")), shown(row.get("sha256")))
        for row in run.run.get("inputs") or []
    )
    software = tuple((shown(k), shown(v)) for k, v in sorted(part(run.run, "software").items()))
    # The free text of [report] stands in the checklists.
    settings = tuple(
        (shown(name), shown(value, 160) or "none")
        for name, value in flatten(part(run.run, "config"))
        if not name.startswith("report.")
    )
    blocks: list[Block] = []
    for caption, columns, rows in (
        ("Input files", (Column("Role"), Column("File"), Column("SHA-256")), inputs),
        ("Software", (Column("Name"), Column("Version")), software),
        ("Resolved configuration", (Column("Setting"), Column("Value")), settings),
    ):
        if rows:
            blocks.append(Table(caption, columns, rows))
        else:
            blocks.append(Paragraph(f"{caption}: {NOT_REPORTED}."))
    return tuple(blocks)


def note_blocks(run: Run) -> tuple[Block, ...]:
    """Return what was dropped or assumed on the way."""
    notes = tuple(shown(text, 300) for text in run.run.get("notes") or [])
    return (
        (Points(notes),)
        if notes
        else (Paragraph("The run noted nothing that was dropped or assumed."),)
    )


def flatten(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give nested settings as dotted names, lists joined.

    Examples
    --------
    >>> list(flatten({"a": {"b": 1}, "c": [1, 2]}))
    [('a.b', 1), ('c', '1, 2')]
    """
    for key, value in settings.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}.")
        elif isinstance(value, (list, tuple)):
            yield name, ", ".join(str(item) for item in value)
        else:
            yield name, value


def _judged(run: Run) -> tuple[Block, ...]:
    rows = tuple(
        (
            shown(row.get("name")),
            shown(row.get("rule"), 120) or NOT_REPORTED,
            percent(row.get("sensitivity")),
            percent(row.get("specificity")),
            f"{shown(row.get('n_positive'))} + {shown(row.get('n_negative'))}",
        )
        for row in run.evaluation.get("thresholds") or []
    )
    if not rows:
        return (Paragraph(f"Thresholds on held-out patients: {NOT_REPORTED}."),)
    kinds = {shown(row.get("kind"), 160) for row in run.evaluation["thresholds"]} - {""}
    columns = (
        Column("Threshold"),
        Column("Rule"),
        Column("Sensitivity", "", True),
        Column("Specificity", "", True),
        Column(
            "Patients", f"{class_name(run.positive, 20)} + {class_name(run.negative, 20)}", True
        ),
    )
    return (
        Table(f"Thresholds as judged on held-out patients ({'; '.join(kinds)})", columns, rows),
    )
