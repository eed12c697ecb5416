"""Why a sample got its score, and what the specimen was like."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.report.document import Block, Facts, Figure, Paragraph
from proteoclass.report.figures.canvas import records
from proteoclass.report.figures.waterfall import (
    BASE,
    draw_waterfall,
    range_decimals,
    waterfall_frame,
)
from proteoclass.report.patient_view import PatientView
from proteoclass.report.read_run import part
from proteoclass.report.statements import whole
from proteoclass.report.wording import count, fixed, interval, known, listing, percent, shown

_NAMED = 3


def why_blocks(view: PatientView) -> tuple[Block, ...]:
    """Return the proteins that moved the score most, as a picture and in words."""
    if not view.reportable:
        return (Paragraph("Not shown: the sample is not reportable."),)
    own = view.run.explanations
    own = own[own["sample_id"] == view.sample_id]
    if own.empty:
        return (Paragraph("Contributions of the proteins: not reported."),)
    own = own.assign(gene=own["gene"].map(shown), protein_id=own["protein_id"].map(shown))
    frame = waterfall_frame(own)
    proteins = frame[frame["kind"] == "protein"]
    raised = proteins[proteins["contribution"] > 0].head(_NAMED)
    lowered = proteins[proteins["contribution"] < 0].head(_NAMED)
    words = (
        f"Raised the score most: {_named(raised)}. Lowered it most: {_named(lowered)}. "
        "Contributions are in log-odds; they say how the model used the proteins, not what "
        "caused the illness."
    )
    alt = "Waterfall from the model's starting point to this sample. " + "; ".join(
        f"{row.name} {fixed(row.contribution, plus=True)}"
        for row in proteins.itertuples(index=False)
    )
    caption = (
        "Each bar moves the score from the one above. Values are normalised log2; the study "
        "range is the 5th to 95th percentile of the index samples."
    )
    return (
        Paragraph(words),
        Figure("waterfall", draw_waterfall(frame, view.cuts), alt + ".", caption, frame),
    )


def specimen_blocks(view: PatientView) -> tuple[Block, ...]:
    """Return the specimen's quality as far as the run knows it."""
    found, size = known(view.latest.get("panel_found")), known(view.latest.get("panel_size"))
    items = [
        ("Specimen", specimen_words(view)),
        (
            "Panel proteins found",
            f"{whole(found)} of {whole(size)} in the matrix{_detected_panel(view, size)}",
        ),
        ("Outside training range", _outside_words(view)),
        ("Dilution factor", _dilution(view)),
        ("Proteins detected", _detected_words(view.latest)),
        ("Handling", _handling_words(view)),
    ]
    if view.run.fluid.strip().lower() == "urine":
        items += [
            ("Blood in the urine", view.field("blood")),
            ("Protein in the urine", view.field("proteinuria")),
            ("Kidney-injury panel", view.field("kidney_panel") or "no reference"),
        ]
    return (Facts(tuple(items)),)


def specimen_words(view: PatientView) -> str:
    """Return the fluid and what the sheet says of how it was taken."""
    fluid = shown(view.run.fluid)
    return ", ".join(word for word in (fluid, view.field("void")) if word)


def dilution_words(row: dict[str, Any]) -> str:
    """Return the dilution factor, 2 to the power of the shift taken off the sample.

    Parameters
    ----------
    row : dict
        With `normalisation_shift`, log2 units subtracted from the sample.

    Examples
    --------
    >>> dilution_words({"normalisation_shift": 1.0}), dilution_words({})
    ('2.00 (values were divided by it: more concentrated than the study patients)', '')
    """
    shift = known(row.get("normalisation_shift"))
    if shift is None:
        return ""
    factor = f"{2**shift:.2f}"
    if float(factor) == 1:
        return f"{factor} (values were divided by it)"
    side = "more" if shift > 0 else "less"
    return f"{factor} (values were divided by it: {side} concentrated than the study patients)"


def _dilution(view: PatientView) -> str:
    settings = part(view.run.evaluation, "settings")
    if settings.get("normalise") == "none":
        return "none: values were not normalised"
    return dilution_words(view.latest)


def _detected_panel(view: PatientView, size: float | None) -> str:
    own = view.run.explanations
    own = own[(own["sample_id"] == view.sample_id) & (own["protein_id"] != BASE)]
    if own.empty:
        return ""
    detected = int(own["value"].notna().sum())
    if len(own) == size:
        return f"; {detected} detected in this sample"
    # Each fold chose a panel of its own, so a held-out patient's models use more proteins.
    return f"; {detected} of the {len(own)} that its out-of-fold models use were detected"


def _outside_words(view: PatientView) -> str:
    outside = known(view.latest.get("out_of_range"))
    if not view.reportable and not outside:
        # What was too little to score was too little to find nothing unusual in.
        return "not judged"
    if outside is None:
        return ""
    return "none" if outside == 0 else count(outside, "protein")


def _detected_words(row: dict[str, Any]) -> str:
    n, rate = known(row.get("n_detected")), known(row.get("missing_rate"))
    if n is None:
        return ""
    return whole(n) + ("" if rate is None else f" ({percent(rate)} of the matrix not detected)")


def _handling_words(view: PatientView) -> str:
    parts = []
    for name, words in (("preservative", "preservative"), ("freeze_thaw", "freeze–thaw cycles")):
        value = view.field(name)
        if value:
            parts.append(f"{words}: {value}")
    return "; ".join(parts)


def _named(rows: pd.DataFrame) -> str:
    return listing([_one(row) for row in records(rows)])


def _one(row: dict[str, Any]) -> str:
    size = fixed(row["contribution"], plus=True)
    digits = range_decimals(row["value"], row["low"], row["high"])
    ends = interval(row["low"], row["high"], digits).strip("()")
    words = str(row["words"]) + (f" {ends}" if " the study range" in str(row["words"]) else "")
    return f"{row['name']} {size} ({words})"
