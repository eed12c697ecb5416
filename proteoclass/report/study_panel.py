"""The panel: what was chosen, how often, and how each protein moves the score."""

from __future__ import annotations

from typing import Any

from proteoclass.panel.evidence.stability import SCALE
from proteoclass.panel.evidence.table import (
    short_id,
    single_protein_text,
    substitutes_text,
)
from proteoclass.report.document import Block, Column, Figure, Paragraph, Points, Table
from proteoclass.report.figures.beeswarm import beeswarm_frame, draw_beeswarm
from proteoclass.report.figures.canvas import records
from proteoclass.report.figures.panel_frequency import draw_panel, panel_frame
from proteoclass.report.figures.size_curve import draw_size_curve, size_curve_frame
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import whole
from proteoclass.report.wording import (
    NOT_REPORTED,
    class_name,
    fixed,
    interval,
    known,
    percent,
    shown,
)

_ROWS = 24


def panel_blocks(run: Run) -> tuple[Block, ...]:
    """Return the panel as a table and as pictures."""
    panel = part(run.evaluation, "panel")
    final = [dict(row) for row in run.model.get("panel") or []]
    chosen = {str(row.get("id")) for row in final}
    directions = {str(row.get("id")): row.get("direction") for row in final}
    frequencies = [
        {"direction": directions.get(str(row.get("id"))), **row}
        for row in panel.get("frequencies") or []
    ]
    blocks: list[Block] = [Paragraph(_words(run, len(final))), *_known(run), *_sizes(run)]
    if frequencies:
        frame = panel_frame(frequencies, _ROWS)
        positive = class_name(run.positive)
        rows = tuple(
            (
                shown(row.name, 24),
                shown(row.id, 24),
                shown(row.accessions, 24),
                percent(row.frequency),
                _direction(str(row.direction), positive),
                "yes" if row.id in chosen else "no",
            )
            for row in frame.itertuples(index=False)
        )
        left = len(frequencies) - len(frame)
        more = f"; {left} chosen less often are left out" if left > 0 else ""
        columns = (
            Column("Protein"),
            Column("Id"),
            Column("Accession"),
            Column("Chosen", "% of folds", True),
            Column("Direction"),
            Column("In the model"),
        )
        blocks.append(Table(f"Proteins by how often a fold chose them{more}", columns, rows))
        blocks.append(_frequency_figure(run, frequencies))
    blocks.extend(_contributions(run))
    return tuple(blocks)


def _words(run: Run, final: int) -> str:
    panel = part(run.evaluation, "panel")
    size, candidates = whole(panel.get("size")), whole(panel.get("n_candidates"))
    choice = (
        f"The panel came from elsewhere and was held fixed in every fold ({size} proteins)"
        if panel.get("held")
        else f"{size} proteins out of {candidates} candidates were chosen anew in every training "
        "fold; such a derived panel is not a published one"
    )
    return f"{choice}. The locked model holds {final}. {_steady(panel)}"


def _steady(panel: dict[str, Any]) -> str:
    """Say how stable the choice is, over half-samples first."""
    stability = part(panel, "stability")
    halves, folds = part(stability, "half_samples"), part(stability, "folds")
    if known(halves.get("value")) is None:
        reason = shown(stability.get("reason"), 200)
        return f"Stability of the choice: not reportable{f', {reason}' if reason else ''}."
    text = (
        f"Stability of the choice {fixed(halves['value'])} "
        f"{interval(halves.get('lower'), halves.get('upper'))} over "
        f"{whole(halves.get('n_sets'))} half-samples of the patients"
    )
    if known(folds.get("value")) is not None:
        text += (
            f", {fixed(folds['value'])} over {whole(folds.get('n_sets'))} training folds, which "
            "share most of their patients"
        )
    return f"{text} (Nogueira index, approximate 95\u00a0% interval; {SCALE})."


def _known(run: Run) -> list[Block]:
    """Return the table of the locked panel, and what limits its numbers."""
    panel = part(run.evaluation, "panel")
    proteins = [dict(row) for row in panel.get("proteins") or []]
    if not proteins:
        return []
    proteins.sort(key=lambda row: -(known(part(row, "frequency").get("half_samples")) or 0.0))
    positive, negative = class_name(run.positive, 24), class_name(run.negative, 24)
    columns = (
        Column("Protein"),
        Column("Half-samples", "%", True),
        Column("Effect", "log2", True),
        Column("Interval", "95 %", True),
        Column("Missing", f"%, {positive} / {negative}", True),
        Column("AUC alone", "", True),
        Column("Substitutes", "correlation"),
    )
    rows = tuple(_protein_cells(row) for row in proteins)
    # Not in the caption: on a phone a caption scrolls out of sight with its table.
    key = (
        "Half-samples: share of them that chose the protein. Effect: mean of "
        f"{positive} less mean of {negative}; above 0 it is higher in {positive}. Missing: share "
        "of patients in whom it was not detected. Substitutes: proteins outside the panel that "
        "would have served, with their correlation."
    )
    single = part(panel, "best_single_protein")
    said = [
        shown(part(panel, "error_bound").get("text"), 600),
        _single(single),
        shown(part(panel, "swaps").get("text"), 600),
        shown(panel.get("caution"), 600),
    ]
    return [
        Table(f"The {len(proteins)} proteins of the locked panel", columns, rows),
        Paragraph(key, "small"),
        Points(tuple(line for line in said if line)),
    ]


def _sizes(run: Run) -> tuple[Block, ...]:
    """Return AUC against panel size, and the smallest panel that does as well."""
    panel = part(run.evaluation, "panel")
    curve = [dict(point) for point in panel.get("size_curve") or []]
    frame = size_curve_frame(curve)
    if frame.empty:
        return ()
    own, smallest = known(panel.get("size")), part(panel, "smallest_within_one_se")
    # Where no size is better than chance, the smallest that does as well says nothing.
    better = float(frame.nlargest(1, "auc")["lower"].iloc[0]) > 0.5
    least = known(smallest.get("size")) if better else None
    text = shown(smallest.get("text"), 600)
    said = ", ".join(f"{row['size']} {fixed(row['auc'])}" for row in records(frame))
    caption = (
        "AUC against the size of the panel; band: "
        f"{shown(curve[0].get('kind'), 120) or f'kind {NOT_REPORTED}'}."
    )
    if own is not None and own not in set(frame["size"]):
        caption += f" This panel has {whole(own)} proteins, which is none of the sizes tried."
    return (
        Paragraph(text or f"The smallest panel that does as well is {NOT_REPORTED}."),
        Figure(
            "size-curve",
            draw_size_curve(frame, own, least),
            f"AUC by number of proteins: {said}. {text}".strip(),
            f"{caption} {shown(panel.get('size_curve_text'), 900)}".strip(),
            frame,
        ),
    )


def _protein_cells(row: dict[str, Any]) -> tuple[str, ...]:
    effect, missing = part(row, "effect"), part(row, "missing")
    ends = interval(effect.get("lower"), effect.get("upper"), plus=True)
    return (
        shown(row.get("gene"), 20) or short_id(shown(row.get("id"), 24)),
        _per_cent(part(row, "frequency").get("half_samples")),
        _or_dash(effect.get("value"), plus=True),
        # An interval is one word: it is never broken over two lines.
        "–" if known(effect.get("lower")) is None else ends.strip("()").replace(" ", "\u00a0"),
        f"{_per_cent(missing.get('positive'))} / {_per_cent(missing.get('negative'))}",
        _or_dash(row.get("auc")),
        shown(substitutes_text({"n": 0, "named": [], **part(row, "substitutes")}), 120),
    )


def _single(single: dict[str, Any]) -> str:
    """Name the best single protein and say how it stands against the panel."""
    auc, difference = part(single, "auc"), part(single, "difference")
    if known(auc.get("mean_over_folds")) is None or known(difference.get("mean")) is None:
        return ""
    # The verdict stands beside the other comparators.
    return shown(single_protein_text({**single, "verdict": ""}), 600)


def _per_cent(share: Any) -> str:
    """Return a share for a column whose head has the unit."""
    number = known(share)
    return "–" if number is None else percent(number).removesuffix("\u00a0%")


def _or_dash(value: Any, *, plus: bool = False) -> str:
    return "–" if known(value) is None else fixed(value, plus=plus)


def _direction(direction: str, positive: str) -> str:
    words = {"up": f"higher in {positive}", "down": f"lower in {positive}"}
    return words.get(direction, "–")


def _frequency_figure(run: Run, frequencies: list[dict[str, object]]) -> Figure:
    frame = panel_frame(frequencies, 20)
    safe = frame.assign(name=[shown(name) for name in frame["name"]])
    said = ", ".join(
        f"{row.name} {percent(row.frequency)}" for row in safe.head(5).itertuples(index=False)
    )
    return Figure(
        "panel-frequency",
        draw_panel(safe),
        f"How often each protein was chosen. Most often: {said}.",
        f"Share of folds that chose the protein; ↑ higher, ↓ lower in {class_name(run.positive)}.",
        frame,
        half=True,
    )


def _contributions(run: Run) -> list[Block]:
    index = run.samples.index[run.samples["used"] == "index"]
    frame = beeswarm_frame(run.explanations, index)
    if frame.empty:
        return [Paragraph(f"Contributions of the proteins: {NOT_REPORTED}.")]
    safe = frame.assign(name=[shown(name) for name in frame["name"]])
    order = safe.drop_duplicates("protein_id").head(5)
    said = ", ".join(f"{row.name} {fixed(row.mean_size)}" for row in order.itertuples(index=False))
    return [
        Figure(
            "contributions",
            draw_beeswarm(safe),
            f"Contributions over {len(index)} index samples; mean size: {said} log-odds.",
            "SHAP contribution to the log-odds, one dot an index sample. Dark: high value; "
            "hollow: not detected.",
            frame,
            half=True,
        )
    ]
