"""The panel in the study report: stability, effects, missing rates, substitutes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from words import block_words, pdf_pages

from proteoclass.report import Run, render_pdf
from proteoclass.report.document import Block, Figure, Table
from proteoclass.report.figures.size_curve import draw_size_curve
from proteoclass.report.study import study_document
from proteoclass.report.study_panel import panel_blocks


def with_panel(run: Run, /, **parts: Any) -> Run:
    evaluation = {**run.evaluation, "panel": {**run.evaluation["panel"], **parts}}
    return Run(**{**run.__dict__, "evaluation": evaluation})


def table_of(blocks: Iterable[Block]) -> Table:
    return next(b for b in blocks if isinstance(b, Table) and "locked panel" in b.caption)


def test_stability_is_over_half_samples_first(run: Run) -> None:
    said = block_words(panel_blocks(run))
    assert (
        "Stability of the choice 0.43 (0.38–0.48) over 50 half-samples of the patients, 0.66 over "
        "20 training folds, which share most of their patients"
    ) in said
    assert "stability is not reported" not in said


def test_a_stability_that_cannot_be_had_gives_its_reason(run: Run) -> None:
    reason = "the panel was given: nothing was chosen here"
    stability = {"half_samples": None, "folds": None, "reason": reason}
    said = block_words(panel_blocks(with_panel(run, stability=stability)))
    assert f"Stability of the choice: not reportable, {reason}." in said
    assert "Stability of the choice: not reportable." in block_words(
        panel_blocks(with_panel(run, stability=None))
    )


def test_folds_without_an_index_are_left_out(run: Run) -> None:
    halves = run.evaluation["panel"]["stability"]["half_samples"]
    stability = {"half_samples": halves, "folds": {"value": None}}
    said = block_words(panel_blocks(with_panel(run, stability=stability)))
    assert "50 half-samples of the patients (Nogueira index" in said
    assert "noise alone gives about 0.1" in said


def test_each_protein_has_effect_missing_auc_and_substitutes(run: Run) -> None:
    table = table_of(panel_blocks(run))
    assert [column.title for column in table.columns] == [
        *("Protein", "Half-samples", "Effect", "Interval", "Missing", "AUC alone", "Substitutes")
    ]
    assert table.columns[4].unit == "%, severe / non-severe"
    assert table.rows[0] == (
        *("CXCL14", "100", "+1.80", "+1.20\u00a0to\u00a0+2.40", "0 / 0", "0.85"),
        "ORM2 (+0.91), A… (−0.84) and 1 more",
    )
    assert table.rows[2][2:5] == ("−1.66", "−2.26\u00a0to\u00a0−1.06", "6 / 2")
    assert table.rows[1][6] == "none"


def test_the_proteins_that_most_half_samples_chose_come_first(run: Run) -> None:
    proteins = list(reversed(run.evaluation["panel"]["proteins"]))
    rows = table_of(panel_blocks(with_panel(run, proteins=proteins))).rows
    assert [row[0] for row in rows[:3]] == ["CXCL14", "LCN2", "TIMP2"]


def test_what_limits_the_numbers_stands_below_the_table(run: Run) -> None:
    said = block_words(panel_blocks(run))
    assert "No error bound: a forced panel has none." in said
    assert "Best single protein: CXCL14 (in 15 of 20 training folds)" in said
    assert "AUC 0.78 for the best protein of each fold, 0.87 for the panel" in said
    assert "winner's curse" in said
    assert "above 0 it is higher in severe" in said


def curve_of(*points: tuple[int, float | None, float | None]) -> list[dict[str, Any]]:
    return [
        {
            "size": size,
            "auc": auc,
            "interval": [lower, None if lower is None else 0.95],
            "kind": "corrected resampled t, 95 %",
        }
        for size, auc, lower in points
    ]


def with_sizes(run: Run, *points: tuple[int, float | None, float | None], **parts: Any) -> Run:
    found = {
        "size_curve": curve_of(*points),
        "smallest_within_one_se": {"size": 5, "text": "5 proteins are the smallest panel."},
        "size_curve_text": "A size picked from this curve is flattered.",
    }
    return with_panel(run, **found, **parts)


def test_auc_against_size_is_drawn_and_said(run: Run) -> None:
    sized = with_sizes(run, (20, 0.84, 0.7), (5, 0.82, 0.69), (1, 0.7, 0.6))
    blocks = panel_blocks(sized)
    [figure] = [b for b in blocks if isinstance(b, Figure) and b.name == "size-curve"]
    assert figure.frame["size"].tolist() == [1, 5, 20]
    assert figure.frame["lower"].tolist() == [0.6, 0.69, 0.7]
    assert figure.alt.startswith("AUC by number of proteins: 1 0.70, 5 0.82, 20 0.84.")
    assert "band: corrected resampled t, 95 %." in figure.caption
    assert figure.caption.endswith("A size picked from this curve is flattered.")
    assert "none of the sizes" not in figure.caption
    said = block_words(blocks)
    assert said.index("5 proteins are the smallest panel.") < said.index("AUC against the size")
    # Drawn with both marks: neither is left to the words alone.
    frame = figure.frame
    assert figure.svg == draw_size_curve(frame, 20, 5)
    assert len({figure.svg, draw_size_curve(frame, 20, None), draw_size_curve(frame, None, 5)}) == 3


def test_a_panel_of_another_size_than_the_curves_is_said(run: Run) -> None:
    blocks = panel_blocks(with_sizes(run, (1, 0.7, 0.6), (5, 0.8, 0.7), size=12))
    assert "This panel has 12 proteins, which is none of the sizes tried." in block_words(blocks)


def test_a_curve_no_better_than_chance_marks_no_smallest_panel(run: Run) -> None:
    blocks = panel_blocks(with_sizes(run, (1, 0.55, 0.4), (5, 0.6, 0.45), (20, 0.58, 0.4)))
    [figure] = [b for b in blocks if isinstance(b, Figure) and b.name == "size-curve"]
    assert figure.svg == draw_size_curve(figure.frame, 20, None)
    assert figure.svg != draw_size_curve(figure.frame, 20, 5)


def test_without_sizes_there_is_no_curve_and_gaps_are_left_out(run: Run) -> None:
    names = [b.name for b in panel_blocks(run) if isinstance(b, Figure)]
    assert "size-curve" not in names
    blocks = panel_blocks(with_sizes(run, (1, 0.7, None), (5, None, None)))
    [figure] = [b for b in blocks if isinstance(b, Figure) and b.name == "size-curve"]
    assert figure.frame["size"].tolist() == [1]


def test_swaps_are_said_where_they_were_tried(run: Run) -> None:
    swaps = {"text": "A protein that cannot be measured costs 0.006 in AUC."}
    assert swaps["text"] in block_words(panel_blocks(with_panel(run, swaps=swaps)))


def test_gaps_are_dashes_not_zeros(run: Run) -> None:
    first = {
        **run.evaluation["panel"]["proteins"][0],
        "gene": "",
        "id": "P1;P2",
        "effect": {"value": None, "lower": None, "upper": None},
        "missing": {"all": None, "positive": None, "negative": 0.001},
        "auc": None,
        "frequency": {"half_samples": None, "folds": None},
        "substitutes": {},
    }
    parts = {"proteins": [first], "best_single_protein": {}, "error_bound": None, "caution": None}
    blocks = panel_blocks(with_panel(run, **parts))
    assert table_of(blocks).rows == (("P1…", "–", "–", "–", "– / below 1", "–", "none"),)
    assert "Best single protein" not in block_words(blocks)


def test_an_evaluation_from_before_has_the_older_table_alone(run: Run) -> None:
    blocks = panel_blocks(with_panel(run, proteins=None, stability=0.43))
    captions = [block.caption for block in blocks if isinstance(block, Table)]
    assert captions == ["Proteins by how often a fold chose them"]


def test_hostile_names_stay_text(run: Run) -> None:
    assert "<b>ALB</b>" in block_words(panel_blocks(run))


def test_the_pdf_has_the_table_too(run: Run, tmp_path: Any) -> None:
    text = " ".join(pdf_pages(render_pdf(study_document(run)), tmp_path))
    for word in ("Half-samples", "AUC alone", "ORM2 (+0.91)", "+1.20 to +2.40"):
        assert word in text
