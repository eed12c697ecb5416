"""Verdicts on pairs of scores, and the clinical columns behind the baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from words import block_words

from proteoclass.report.document import Paragraph, Points
from proteoclass.report.read_run import Run
from proteoclass.report.study_rivals import rival_blocks

VERDICT = "XGBoost does not beat logistic regression here; the interval of the difference is {}."


def with_evaluation(run: Run, /, **parts: Any) -> Run:
    return replace(run, evaluation={**run.evaluation, **parts})


def test_verdicts_are_points_with_a_minus_that_is_one(run: Run) -> None:
    rows = [{"verdict": VERDICT.format("-0.03 to 0.02")}, {"name": "no verdict"}, {"verdict": ""}]
    points, said = rival_blocks(with_evaluation(run, comparisons=rows, clinical={"reason": "no"}))
    assert isinstance(points, Points)
    assert points.items == (VERDICT.format("−0.03 to 0.02"),)
    assert said == Paragraph("Clinical baseline: no.", "small")


def test_the_columns_stand_beside_how_they_were_used(run: Run) -> None:
    clinical: dict[str, Any] = {
        "columns": [{"name": "age"}],
        "text": "Clinical baseline of 40 patients: age, known in all.",
        "method": "ridge",
        "fusion": "ridge on the margin",
    }
    [said] = rival_blocks(with_evaluation(run, clinical=clinical))
    assert said == Paragraph(
        "Clinical baseline of 40 patients: age, known in all. Baseline: ridge. "
        "Panel + clinical: ridge on the margin.",
        "small",
    )


def test_an_earlier_evaluation_has_neither(run: Run) -> None:
    assert "comparisons" not in run.evaluation
    assert block_words(rival_blocks(run)) == ""


def test_what_alone_means_is_said_where_something_stands_alone(run: Run) -> None:
    said = rival_blocks(with_evaluation(run, comparators=[{"name": "batch alone"}]))
    assert "rest on no protein quantity" in block_words(said)
    assert "protein quantity" not in block_words(rival_blocks(run))
