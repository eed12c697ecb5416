"""What the line finds where the truth is known, over twenty simulated cohorts."""

import runpy
from pathlib import Path

import pytest


@pytest.mark.long
def test_the_line_finds_what_was_planted_and_says_how_well_it_separates():
    study_file = Path(__file__).parents[1] / "benchmarks" / "study_line.py"
    functions = runpy.run_path(str(study_file))
    figures = functions["summary"](functions["study"](20))
    assert figures["mean planted of 20"] >= 8
    assert 0.80 <= figures["mean AUC"] <= 0.92
    # The same model on the patients it was trained on: what honesty costs.
    assert figures["mean apparent AUC"] > 0.97
    assert figures["mean severe slope"] < 0
    assert figures["severe interval below 0"] >= 0.85
    assert figures["non-severe interval covers 0"] >= 0.85
