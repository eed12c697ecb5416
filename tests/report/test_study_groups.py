"""What stands beside the AUC in the study report: every number is that of evaluation.json."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from everything import CONFORMAL, DECISION, EVERYTHING, LEARNING, RATES, SITES, SUBGROUPS
from words import block_words, html_words

from proteoclass.report import Run, render_html, render_pdf
from proteoclass.report.document import Figure, Table
from proteoclass.report.figures.decision_curve import decision_curve_frame
from proteoclass.report.figures.out_of_fold import index_predictions
from proteoclass.report.statements import gap
from proteoclass.report.study import honesty_sentences, main_sentence, study_document
from proteoclass.report.study_groups import group_blocks, site_blocks, site_frame
from proteoclass.report.study_learning import learning_blocks
from proteoclass.report.study_performance import performance_blocks
from proteoclass.report.study_rates import rate_blocks
from proteoclass.report.study_sets import set_blocks

SECTIONS = (group_blocks, learning_blocks, rate_blocks, set_blocks)


def with_evaluation(run: Run, /, **parts: Any) -> Run:
    return replace(run, evaluation={**run.evaluation, **parts})


@pytest.fixture(scope="module")
def full(run: Run) -> Run:
    return with_evaluation(run, **EVERYTHING)


def table_of(blocks: Any) -> Table:
    return next(block for block in blocks if isinstance(block, Table))


def figure_of(blocks: Any, name: str) -> Figure:
    return next(block for block in blocks if isinstance(block, Figure) and block.name == name)


def two(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


def test_a_row_a_group_with_its_patients_auc_and_share(full: Run) -> None:
    rows = {row[0]: row[1:] for row in table_of(group_blocks(full)).rows}
    for each in SUBGROUPS["by"]:
        for group in each["groups"]:
            patients, auc, large = rows.pop(f"{each['column']}: {group['group']}")
            assert patients == f"{group['n_positive']} / {group['n_negative']}"
            low, high = group["interval"]
            assert auc == f"{two(group['auc'])} ({two(low)}–{two(high)})"
            assert large.lstrip("+").startswith(two(group["in_the_large"]["difference"]))
    assert rows == {"age: 65 or more": ("1 / 3", "not reportable", "")}


def test_differences_that_exclude_0_are_named_of_how_many(full: Run) -> None:
    said = block_words(group_blocks(full))
    assert "1 of 2 differences between groups exclude 0." in said
    assert "The AUC of 18 to 49 less that of 50 to 64 is −0.34 (−0.52 to −0.16)." in said
    assert "1 group is too small for an AUC." in said
    assert "Not shown: batch: not in the sample sheet. sex: 2 patients without an entry." in said
    sex = {**SUBGROUPS, "by": SUBGROUPS["by"][:1]}
    said = block_words(group_blocks(with_evaluation(full, subgroups=sex)))
    assert "None of 1 difference between groups excludes 0" in said
    alone = {**SUBGROUPS["by"][0], "differences": []}
    said = block_words(group_blocks(with_evaluation(full, subgroups={"by": [alone]})))
    assert "No two groups can be compared." in said


def test_sites_have_a_forest_and_their_heterogeneity_in_words(full: Run) -> None:
    blocks = site_blocks(full)
    frame = figure_of(blocks, "sites").frame
    assert frame["name"].tolist() == ["all pooled", *(row["group"] for row in SITES["groups"])]
    np.testing.assert_array_equal(frame["auc"][1:], [row["auc"] for row in SITES["groups"]])
    np.testing.assert_array_equal(
        frame[["lower", "upper"]][1:], [row["interval"] for row in SITES["groups"]]
    )
    assert frame.loc[0, "auc"] == SITES["auc"]["pooled"]
    said = block_words(blocks)
    assert "Over 3 sites the AUC is 0.87 (0.71–0.95) (random effects)" in said
    assert "a new site may give 0.42–0.98" in said
    assert "62 % (I²); Q = 5.31 on 2 df, p = 0.070." in said
    assert "Sites left out: Dresden (1 positive and 3 negative patients" in said
    assert "5 of each) and 2 more." in said
    assert "Intervals of each: as in the table above." in said
    assert "Intervals of each: DeLong" in block_words(
        site_blocks(with_evaluation(full, subgroups={}))
    )


def test_two_sites_are_drawn_without_a_pooled_auc(full: Run) -> None:
    reason = "2 sites, expected at least 3 to tell a variance between sites from their errors"
    few = {
        **SITES,
        "groups": SITES["groups"][:2],
        "auc": None,
        "heterogeneity": {"n_sites": 2, "q": 1.02, "df": 1, "p": 0.31, "reason": reason},
    }
    blocks = site_blocks(with_evaluation(full, sites=few))
    assert f"Pooled AUC of the sites: not reportable ({reason}). Q = 1.02" in block_words(blocks)
    assert pd.isna(figure_of(blocks, "sites").frame.loc[0, "auc"])
    assert site_frame({}).empty


def test_rates_are_those_of_the_evaluation_or_give_their_reason(full: Run) -> None:
    rows = table_of(rate_blocks(full)).rows
    first = RATES["sensitivity"][0]
    low, high = first["interval"]
    assert rows[0] == (
        "Sensitivity at 80\u00a0% specificity",
        two(first["value"]),
        f"({two(low)}–{two(high)})",
    )
    assert rows[2] == ("Specificity at 95\u00a0% sensitivity", "not reportable", "")
    said = block_words(rate_blocks(full))
    assert "12 positive patients, expected at least 20 to hold 95 % of them fixed." in said
    assert "28 patients are close to the 10" in said
    assert "see thresholds. Intervals:" in said, "marks of code are no part of a sentence"


def test_the_learning_curve_draws_the_sizes_that_have_an_auc(full: Run) -> None:
    blocks = learning_blocks(full)
    figure = figure_of(blocks, "learning-curve")
    told = [point for point in LEARNING["points"] if point["auc"] is not None]
    assert figure.frame["patients"].tolist() == [point["n_training"] for point in told]
    assert figure.frame["auc"].tolist() == [point["auc"] for point in told]
    assert figure.frame[["lower", "upper"]].to_numpy().tolist() == [
        point["interval"] for point in told
    ]
    said = block_words(blocks)
    assert "the AUC changed by −0.005." in said
    turned = {**LEARNING, "points": LEARNING["points"][::-1]}
    again = figure_of(learning_blocks(with_evaluation(full, learning_curve=turned)), figure.name)
    pd.testing.assert_frame_equal(again.frame, figure.frame)
    assert "1 of 3 sizes has no AUC." in said
    assert f"{next(p for p in LEARNING['points'] if p['auc'] is None)['reason'][1:]}." in said


def test_prediction_sets_are_told_class_by_class(full: Run) -> None:
    rows = table_of(set_blocks(full)).rows
    for row, of_class in zip(rows, CONFORMAL["classes"], strict=True):
        low, high = of_class["interval"]
        assert row[:4] == (
            of_class["label"],
            str(of_class["n_patients"]),
            "0.90",
            f"{two(of_class['coverage'])} ({two(low)}–{two(high)})",
        )
        assert row[4:] == ("66", "31", "3")
    caution = {**CONFORMAL, "caution": "calibration and test patients are of different levels"}
    said = block_words(set_blocks(with_evaluation(full, conformal=caution)))
    assert "Calibration and test patients are of different levels." in said


def test_the_decision_curve_is_the_one_of_the_evaluation(full: Run, run: Run) -> None:
    figure = figure_of(performance_blocks(full), "decision-curve")
    assert figure.frame["threshold"].tolist() == DECISION["thresholds"]
    assert figure.frame["model"].tolist() == DECISION["model"]
    assert figure.frame["all"].tolist() == DECISION["treat_all"]
    assert DECISION["verdict"] in figure.caption
    assert "Risks refer to the prevalence among these patients." in figure.caption
    # A run from before has its predictions to compute it from.
    before = figure_of(performance_blocks(run), "decision-curve")
    rows = index_predictions(run.predictions, run.positive)
    pd.testing.assert_frame_equal(before.frame, decision_curve_frame(rows))


def test_intervals_of_the_measures_are_shown_where_there_are_some(full: Run, run: Run) -> None:
    precision = {**run.evaluation["average_precision"], "interval": [0.61, 0.93]}
    brier = {**run.evaluation["brier"], "interval": [0.08, 0.17], "interval_kind": "of draws"}
    large = {"in_the_large": {"difference": 0.034, "interval": [-0.11, 0.18]}}
    large["slope"] = {"median": None, "low": None, "high": None, "reason": "classes are apart"}
    parts = {
        "average_precision": precision,
        "brier": brier,
        "calibration": {**run.evaluation["calibration"], **large},
    }
    blocks = performance_blocks(with_evaluation(run, **parts))
    rows = {row[0]: row for row in table_of(blocks).rows}
    assert rows["Average precision"][2] == "(0.61–0.93)"
    assert rows["Brier score"][2] == "(0.080–0.170)"
    assert rows["Calibration in the large"][1:3] == ("+0.03", "(−0.11 to 0.18)")
    assert rows["Calibration slope"][1] == "not reported"
    assert rows["Calibration slope"][3] == "classes are apart"
    assert "Average precision and Brier score: of draws." in block_words(blocks)
    older = {row[0]: row for row in table_of(performance_blocks(run)).rows}
    assert older["Brier score"][2] == ""
    assert "Calibration in the large" not in older


def test_an_auc_without_an_interval_says_why_and_names_no_kind(run: Run) -> None:
    reason = "2 levels with an AUC, expected at least 3 to tell their spread"
    kind = "between levels: " + "t over their AUCs, somewhat too narrow " * 4 + "to the end"
    auc = {**run.evaluation["auc"], "interval": [None, None], "reason": reason}
    auc["interval_kind"] = kind
    bare = with_evaluation(run, auc=auc)
    assert f"(interval not reportable: {reason})" in main_sentence(bare)
    assert "it has no interval. It speaks" in honesty_sentences(bare)[0]
    blocks = performance_blocks(bare)
    assert {row[0]: row[2] for row in table_of(blocks).rows}["AUC"] == "not reportable"
    assert f"AUC: not reportable ({reason})." in block_words(blocks)
    whole = {**auc, "interval": [0.7, 0.9]}
    assert f"its interval is {kind}." in honesty_sentences(with_evaluation(run, auc=whole))[0]


def test_the_calibration_of_one_repeat_has_no_spread(run: Run) -> None:
    rows = {row[0]: row[2] for row in table_of(performance_blocks(run)).rows}
    assert rows["Calibration slope"].startswith("(")
    once = with_evaluation(run, design={**run.evaluation["design"], "repeats": 1})
    rows = {row[0]: row[2] for row in table_of(performance_blocks(once)).rows}
    assert rows["Calibration slope"] == rows["Calibration intercept"] == "one repeat"


@pytest.mark.parametrize(
    ("key", "reason", "said"),
    [
        ("subgroups", "none", "Groups of patients: not reportable (none)."),
        ("sites", "no column 'site'", "Differences between sites: not reportable (no column"),
        ("learning_curve", "not asked for", "Learning curve: not reported (not asked for)."),
        ("conformal", "6 patients", "Prediction sets: not reportable (6 patients)."),
        ("sensitivity_at_specificity", "none", "at fixed specificity: not reportable (none)."),
    ],
)
def test_a_figure_that_is_not_there_gives_its_reason(
    run: Run, key: str, reason: str, said: str
) -> None:
    changed = with_evaluation(run, **{key: {"reason": reason}})
    assert said in block_words([block for blocks in SECTIONS for block in blocks(changed)])


def test_columns_that_are_not_shown_are_the_reason_of_no_groups(run: Run) -> None:
    hidden = {"by": [], "not_shown": {"sex": "the same for all patients (f)"}}
    said = block_words(group_blocks(with_evaluation(run, subgroups=hidden)))
    assert "Groups of patients: not reportable (sex: the same for all patients (f))." in said


def test_a_run_from_before_says_that_it_holds_none(run: Run) -> None:
    said = block_words([block for blocks in SECTIONS for block in blocks(run)])
    assert said.count("not reported (this evaluation holds none)") == 5
    assert gap("Sites", {}) == "Sites: not reported (this evaluation holds none)."


def test_all_of_it_is_in_both_documents_and_hostile_names_stay_text(full: Run) -> None:
    document = study_document(full)
    page = render_html(document)
    assert "<b>Bonn</b>" not in page
    said = html_words(page)
    for words in ("Groups and sites", "age: 65 or more", "Prediction sets", "0.87 (0.71–0.95)"):
        assert words in said
    assert render_pdf(document).startswith(b"%PDF")
