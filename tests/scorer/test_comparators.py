"""What paired fold differences allow to say, and when they allow nothing."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from proteoclass.io import json_text
from proteoclass.scorer import comparators
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import (
    PAIRS,
    compare_on_folds,
    compare_pairs,
    difference_test,
    verdict,
)
from proteoclass.scorer.crossfit import BOOSTER, COMPANION, FoldOptions
from proteoclass.scorer.leave_out_auc import between_levels
from proteoclass.scorer.paired_difference import NO_SPREAD, paired_difference
from proteoclass.scorer.rivals.clinical import BASELINE, FUSED, ClinicalTable
from proteoclass.scorer.rivals.evidence import describe_rivals
from proteoclass.scorer.summary import _warnings


def folds_of(ours, theirs, **others):
    """Return folds of two positive and two negative patients with the AUCs asked for."""
    named = {"rival": theirs} | others
    scores = {1.0: [0, 1, 2, 3], 0.75: [0, 2, 1, 3], 0.5: [0, 3, 1, 2]}
    n = len(ours)
    ids = [f"s{number:03d}" for number in range(4 * n)]
    matrix = SimpleNamespace(values=pd.DataFrame(index=ids))
    labels = np.tile([0.0, 0, 1, 1], n)
    cohort = Cohort(matrix, None, labels, np.ones(4 * n), np.array(ids, dtype=object))
    results = [
        SimpleNamespace(
            rows=np.arange(4) + 4 * fold,
            margin=np.array(scores[mine], dtype=float),
            rival_margins={
                name: np.array(scores[areas[fold]], dtype=float) for name, areas in named.items()
            },
        )
        for fold, mine in enumerate(ours)
    ]
    return cohort, [results]


def test_between_levels_the_spread_of_the_levels_counts():
    # Without a test share this is SciPy's paired t-test; the correction scales its t.
    ours, theirs = [1.0, 1.0, 0.75], [0.75, 0.5, 0.75]
    [row] = compare_on_folds(*folds_of(ours, theirs), between_levels)
    assert row["auc"]["mean_over_folds"] == pytest.approx(np.mean(theirs))
    t = scipy_stats.ttest_rel(ours, theirs).statistic / math.sqrt(1 + 3 * 0.5)
    assert row["difference"]["p"] == pytest.approx(2 * scipy_stats.t.sf(t, 2))
    assert row["difference"]["kind"] == comparators.DIFFERENCE_KIND
    assert "reason" not in row["difference"]
    assert row["verdict"].startswith("The model does not beat rival here")


def test_folds_are_paired_by_patient():
    # Worked by hand: of 0, 0, 1, 1 the scores 0, 2, 1, 3 place the patients 1, 0.5, 0.5, 1 and
    # 0, 3, 1, 2 place them 1, 0, 0.5, 0.5; a fold with AUC 1 places all of them 1.
    ours, theirs = [1.0, 0.75, 1.0], [0.75, 0.5, 0.75]
    cohort, by_repeat = folds_of(ours, theirs)
    [row] = compare_on_folds(cohort, by_repeat)
    placed = np.array(
        [
            [1, 1, 1, 1, 1, 0.5, 0.5, 1, 1, 1, 1, 1],
            [1, 0.5, 0.5, 1, 1, 0, 0.5, 0.5, 1, 0.5, 0.5, 1],
        ]
    )
    classes = cohort.labels.astype(int)
    expected = paired_difference(classes, placed[:, None], placed.mean(axis=1), 1 / 3)
    difference = row["difference"]
    assert difference["mean"] == pytest.approx(0.25)
    assert difference["p"] == pytest.approx(expected["p"])
    assert difference["kind"] == comparators.DIFFERENCE_BY_PATIENT
    np.testing.assert_allclose(difference["interval"], expected["interval"])
    assert row["verdict"].startswith("The model does not beat rival here")


def test_one_fold_is_too_few_for_patients_too():
    cohort, by_repeat = folds_of([1.0, 1.0], [0.75, 1.0])
    cohort.labels[4:] = 1
    [row] = compare_on_folds(cohort, by_repeat)
    assert row["difference"]["reason"] == "1 folds, expected at least 2"
    assert math.isnan(row["difference"]["p"])


def test_a_score_that_is_right_of_everyone_beside_one_of_no_one_is_no_proof():
    # Nothing in these folds differs from patient to patient.
    cohort, by_repeat = folds_of([1.0] * 3, [1.0] * 3)
    for result in by_repeat[0]:
        result.rival_margins["rival"] = np.zeros(4)
    [row] = compare_on_folds(cohort, by_repeat)
    difference = row["difference"]
    assert difference["mean"] == pytest.approx(0.5)
    assert math.isnan(difference["p"])
    assert np.isnan(difference["interval"]).all()
    assert row["verdict"] == f"Whether the model beats rival cannot be tested here: {NO_SPREAD}."
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
    assert verdict("rival", 0.0012, 0.07).endswith("is 0.001 to 0.070.")
    assert verdict("rival", 0.0, 0.0).endswith("is 0.00 to 0.00.")


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
            "n_patients_without_index": 0,
        },
        "design": {},
        "comparators": [row],
    }  # fmt: skip
    assert (row["verdict"] in _warnings(summary)) == warned


def test_a_pair_of_levels_is_compared_level_by_level():
    # Worked by hand: differences 0.25, 0 and 0.5, mean 0.25, s = 0.25; with one test patient
    # for two of training the standard error is 0.25 sqrt(1/3 + 1/2), and t(2) is 4.302653.
    folds = folds_of(
        [1.0] * 3, [1.0] * 3, **{BOOSTER: [1.0, 0.5, 1.0], COMPANION: [0.75, 0.5, 0.5]}
    )
    [row] = compare_pairs(*folds, levels=True)
    assert row["name"] == "XGBoost alone, same panel vs ridge logistic, same panel"
    difference = row["difference"]
    assert (difference["mean"], difference["n_folds"]) == (0.25, 3)
    half = 4.302653 * 0.25 * math.sqrt(1 / 3 + 1 / 2)
    # A difference of two AUCs ends at 1, whatever t says.
    np.testing.assert_allclose(difference["interval"], [0.25 - half, 1.0], atol=1e-6)
    assert 0.25 + half > 1
    assert difference["kind"] == comparators.PAIR_KIND
    assert row["verdict"] == (
        "XGBoost does not beat logistic regression here; the interval of the difference is "
        "-0.73 to 1.00."
    )


def test_a_pair_is_compared_as_the_model_with_a_comparator():
    areas = [1.0, 0.5, 1.0, 0.75], [0.75, 0.5, 0.5, 0.5]
    [row] = compare_pairs(
        *folds_of([1.0] * 4, [1.0] * 4, **dict(zip((BOOSTER, COMPANION), areas, strict=True)))
    )
    [other] = compare_on_folds(*folds_of(*areas))
    assert row["difference"].pop("kind") == comparators.PAIR_BY_PATIENT
    assert other["difference"].pop("kind") == comparators.DIFFERENCE_BY_PATIENT
    assert row["difference"] == other["difference"] | {"n_folds": 4}


def test_a_pair_without_spread_is_not_tested():
    same = {FUSED: [1.0, 1.0], BASELINE: [0.5, 0.5]}
    [row, _] = compare_pairs(*folds_of([1.0] * 2, [1.0] * 2, **same), levels=True)
    assert row["verdict"] == (
        "Whether the panel adds to the clinical baseline cannot be tested here: "
        f"{comparators.NO_SPREAD}."
    )


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.first)
def test_each_answer_of_a_pair_is_a_sentence_of_its_own(pair):
    better, same, worse = (pair.verdict(*ends, "") for ends in ((0.1, 0.2), (-0.1, 0.1), (-2, -1)))
    assert (better.split(";")[0], same.split(";")[0]) == (pair.better, pair.same)
    assert worse == f"{pair.worse}; the interval of the difference is -2.00 to -1.00."
    assert len({pair.better, pair.same, pair.worse, pair.untested}) == 4


@pytest.mark.parametrize(
    ("lower", "reached", "said"),
    [
        (0.1, 0.7, []),
        (-0.1, 0.7, ["unbeaten"]),
        (math.nan, 0.97, ["unbeaten", "The clinical base"]),
    ],
)
def test_a_clinical_baseline_is_warned_of_where_it_is_not_beaten_or_too_good(lower, reached, said):
    cohort, folds = folds_of([1.0, 0.75], [0.5, 0.5], **{BASELINE: [0.5] * 2, FUSED: [0.75] * 2})
    areas = {"mean_over_folds": reached}
    rows = [
        {"name": name, "auc": areas, "difference": {"interval": [end, 1]}, "verdict": "unbeaten"}
        for name, end in ((BASELINE, lower), (FUSED, -0.1))
    ]
    table = pd.DataFrame({"crp": [1.0, 2, 3, np.nan], "sex": list("fmff")})
    options = FoldOptions(clinical=ClinicalTable(table, pd.Series(cohort.labels)))
    figures, warnings = describe_rivals(cohort, folds, rows, options)
    assert [text[: len(start)] for text, start in zip(warnings, said, strict=True)] == said
    assert figures["clinical"]["text"] == (
        "Clinical baseline of 4 patients: crp, sex; not known: crp in 1."
    )
