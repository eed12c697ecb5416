"""The panel: what was chosen, how often, and how each protein moves the score."""

from __future__ import annotations

from proteoclass.report.document import Block, Column, Figure, Paragraph, Table
from proteoclass.report.figures.beeswarm import beeswarm_frame, draw_beeswarm
from proteoclass.report.figures.panel_frequency import draw_panel, panel_frame
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import whole
from proteoclass.report.wording import NOT_REPORTED, class_name, fixed, known, percent, shown

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
    blocks: list[Block] = [Paragraph(_words(run, len(final)))]
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
    stability = known(panel.get("stability"))
    steady = (
        f"stability is {NOT_REPORTED}"
        if stability is None
        else f"stability of the choice {fixed(stability)} (Nogueira; 0 is chance, 1 is always "
        "the same proteins)"
    )
    size, candidates = whole(panel.get("size")), whole(panel.get("n_candidates"))
    choice = (
        f"The panel came from elsewhere and was held fixed in every fold ({size} proteins)"
        if panel.get("held")
        else f"{size} proteins out of {candidates} candidates were chosen anew in every training "
        "fold; such a derived panel is not a published one"
    )
    return f"{choice}; {steady}. The locked model holds {final}."


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
