"""Whether more patients would help."""

from __future__ import annotations

from typing import Any

from proteoclass.report.document import Block, Figure, Paragraph
from proteoclass.report.figures.canvas import records
from proteoclass.report.figures.learning_curve import draw_learning_curve, learning_curve_frame
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import gap
from proteoclass.report.wording import NOT_REPORTED, fixed, interval, sentence, shown


def learning_blocks(run: Run) -> tuple[Block, ...]:
    """Return AUC against the number of training patients, or why there is none.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Block
    """
    found = part(run.evaluation, "learning_curve")
    points = [dict(point) for point in found.get("points") or []]
    frame = learning_curve_frame(points)
    if frame.empty:
        return (Paragraph(gap("Learning curve", found), "small"),)
    said = "; ".join(
        f"{row['patients']:.0f} patients {fixed(row['auc'])} {interval(row['lower'], row['upper'])}"
        for row in records(frame)
    )
    kinds = {shown(point.get("interval_kind"), 160) for point in points} - {""}
    text = sentence(found.get("text"))
    more = _left_out(points, len(points) - len(frame))
    return (
        Paragraph(text or gap("Whether more patients would help", {})),
        Figure(
            "learning-curve",
            draw_learning_curve(frame),
            f"AUC by training patients: {said}.",
            f"AUC against training patients, the same test folds throughout; band: "
            f"{'; '.join(sorted(kinds)) or f'kind {NOT_REPORTED}'}.{more}",
            frame,
        ),
    )


def _left_out(points: list[dict[str, Any]], n: int) -> str:
    """Say how many sizes are not drawn, and why."""
    reasons = [shown(point.get("reason"), 200) for point in points if point.get("reason")]
    head = f" {n} of {len(points)} sizes {'has' if n == 1 else 'have'} no AUC." if n else ""
    return head + "".join(
        f" {reason[:1].upper()}{reason[1:]}." for reason in dict.fromkeys(reasons)
    )
