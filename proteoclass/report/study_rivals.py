"""What the comparisons between scores on the same folds come down to, in words."""

from __future__ import annotations

from proteoclass.report.document import Block, Paragraph, Points
from proteoclass.report.read_run import Run, part
from proteoclass.report.wording import sentence, shown

_LONGEST = 400
_ALONE = (
    "Scores named “alone” rest on no protein quantity, and are what a score may have learnt "
    "instead. Below 0.5 they tell nothing: the share of a batch or site is learnt without the "
    "patient, and moves away from it."
)


def rival_blocks(run: Run) -> tuple[Block, ...]:
    """Return the verdict on each pair of scores, what "alone" means, and the clinical columns.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Block
        Empty where an evaluation holds neither.
    """
    rows = run.evaluation.get("comparisons") or []
    verdicts = [sentence(dict(row).get("verdict"), _LONGEST) for row in rows]
    said = tuple(verdict for verdict in verdicts if verdict)
    clinical = part(run.evaluation, "clinical")
    words = shown(clinical.get("text") or clinical.get("reason"), _LONGEST)
    blocks: list[Block] = [Points(said)] if said else []
    if _has_nuisance(run):
        blocks.append(Paragraph(_ALONE, "small"))
    if clinical.get("columns"):
        method = shown(clinical.get("method"), _LONGEST)
        fusion = shown(clinical.get("fusion"), _LONGEST)
        words = f"{words} Baseline: {method}. Panel + clinical: {fusion}."
    elif words:
        words = f"Clinical baseline: {words}."
    return (*blocks, Paragraph(words, "small")) if words else tuple(blocks)


def _has_nuisance(run: Run) -> bool:
    from proteoclass.scorer.rivals.nuisance import NAMES

    return any(dict(row).get("name") in NAMES for row in run.evaluation.get("comparators") or [])
