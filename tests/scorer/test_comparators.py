"""What paired fold differences allow to say, and when they allow nothing."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats as scipy_stats

from proteoclass.io import json_text
from proteoclass.scorer import comparators
from proteoclass.scorer.comparators import compare_on_folds, difference_test, verdict
from proteoclass.scorer.summary import _warnings


def folds_of(ours, theirs):
    """Return folds of two positive and two negative patients with the AUCs asked for."""
    scores = {1.0: [0, 1, 2, 3], 0.75: [0, 2, 1, 3], 0.5: [0, 3, 1, 2]}
    n = len(ours)
    cohort = SimpleNamespace(labels=np.tile([0.0, 0, 1, 1], n), weights=np.ones(4 * n))
    results = [
        SimpleNamespace(
            rows=np.arange(4) + 4 * fold,
            margin=np.array(scores[mine], dtype=float),
            rival_margins={"rival": np.array(scores[other], dtype=float)},
        )
        for fold, (mine, other) in enumerate(zip(ours, theirs, strict=True))
    ]
    return cohort, [results]


def test_a_difference_with_spread_is_tested():
    # Without a test share this is SciPy's paired t-test; the correction scales its t.
    ours, theirs = [1.0, 1.0, 0.75], [0.75, 0.5, 0.75]
    [row] = compare_on_folds(*folds_of(ours, theirs))
    assert row["auc"]["mean_over_folds"] == pytest.approx(np.mean(theirs))
    t = scipy_stats.ttest_rel(ours, theirs).statistic / math.sqrt(1 + 3 * 0.5)
    assert row["difference"]["p"] == pytest.approx(2 * scipy_stats.t.sf(t, 2))
    assert "reason" not in row["difference"]
    assert row["verdict"].startswith("The model does not beat rival here")


def test_the_same_difference_in_every_fold_is_no_proof():
    [row] = compare_on_folds(*folds_of([1.0, 0.75, 1.0], [0.75, 0.5, 0.75]))
    difference = row["difference"]
    assert difference["mean"] == pytest.approx(0.25)
    assert math.isnan(difference["p"])
    assert np.isnan(difference["interval"]).all()
    assert row["verdict"] == (
        "Whether the model beats rival cannot be tested here: every fold gave the same "
        "difference, so that there is no spread to test it by."
    )
    # In the file that is null, which the reports read as "not reported".
    read = json.loads(json_text(row))["difference"]
    assert (read["p"], read["interval"]) == (None, [None, None])


def test_no_difference_at_all_is_no_difference():
    [row] = compare_on_folds(*folds_of([1.0, 0.75], [1.0, 0.75]))
    assert (row["difference"]["p"], row["difference"]["interval"]) == (1.0, [0.0, 0.0])
    assert row["verdict"].startswith("The model does not beat rival")


def test_one_fold_is_too_few():
    found = difference_test(np.array([0.1, np.nan]), 1.0)
    assert found["reason"] == "1 folds, expected at least 2"
    assert verdict("rival", *found["interval"], found["reason"]).endswith(
        "cannot be tested here: 1 folds, expected at least 2."
    )


def test_better_and_worse_are_said():
    assert verdict("rival", 0.01, 0.2).startswith("The model beats rival")
    assert verdict("rival", -0.2, -0.01).startswith("The model is worse than rival")
    assert comparators.NO_SPREAD in verdict("rival", math.nan, math.nan)


@pytest.mark.parametrize(("lower", "warned"), [(0.02, False), (-0.02, True), (math.nan, True)])
def test_only_a_panel_that_beats_its_best_protein_goes_without_a_warning(lower, warned):
    row = {
        "name": "best single protein",
        "difference": {"interval": [lower, 0.2]},
        "verdict": verdict("best single protein", lower, 0.2),
    }
    summary = {
        "auc": {"mean_over_repeats": 0.8, "interval": [0.7, 0.9]},
        "permutation": {"p": 0.01, "n": 100},
        "cohort": {
            "n_patients": 60, "n_positive": 30, "n_negative": 30, "quantity_scope": "run",
        },
        "design": {},
        "comparators": [row],
    }  # fmt: skip
    assert (row["verdict"] in _warnings(summary)) == warned
