"""The study report: one sentence first, and nothing that a number does not carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from words import block_words, html_words

from proteoclass.report import Run, render_html, render_pdf
from proteoclass.report.document import Block, Figure, Table
from proteoclass.report.statements import URINE_EVIDENCE
from proteoclass.report.study import honesty_sentences, main_sentence, study_document
from proteoclass.report.study_checklists import (
    TRIPOD_ITEMS,
    checklist_blocks,
    dome_rows,
    tripod_rows,
)
from proteoclass.report.study_course import _single, course_blocks
from proteoclass.report.study_panel import panel_blocks
from proteoclass.report.study_performance import comparator_blocks, performance_blocks
from proteoclass.report.study_quality import quality_blocks


def changed(original: Run, /, **parts: Any) -> Run:
    return Run(**{**original.__dict__, **parts})


def with_evaluation(run: Run, /, **parts: Any) -> Run:
    return changed(run, evaluation={**run.evaluation, **parts})


def words(run: Run) -> str:
    return html_words(render_html(study_document(run)))


def table_of(blocks: Iterable[Block], caption: str) -> Table:
    return next(b for b in blocks if isinstance(b, Table) and caption in b.caption)


@pytest.fixture(scope="module")
def document_words(run: Run) -> str:
    return words(run)


def test_the_main_sentence_has_interval_null_and_n(run: Run) -> None:
    auc = run.evaluation["auc"]
    low, high = auc["interval"]
    p = run.evaluation["permutation"]["p"]
    assert main_sentence(run) == (
        "In 40 patients, 12 severe, a score from 20 proteins, severe against non-severe, has a "
        f"cross-validated AUC of {auc['mean_over_repeats']:.2f} ({low:.2f}–{high:.2f}); "
        f"better than with permuted labels (p = {p:#.2g}, 40 permutations)."
    )


def test_a_p_above_the_limit_changes_the_verdict(run: Run) -> None:
    test = {**run.evaluation["permutation"], "p": 0.31}
    said = main_sentence(with_evaluation(run, permutation=test))
    assert "not distinguishable from permuted labels (p = 0.31" in said


def test_few_permutations_cannot_tell(run: Run) -> None:
    test = {**run.evaluation["permutation"], "p": 1 / 11, "n": 10}
    said = main_sentence(with_evaluation(run, permutation=test))
    assert "too few permutations to tell it from permuted labels (p = 0.091, 10 perm" in said


def test_permutations_that_did_not_run_say_why(make_run: Any) -> None:
    run = make_run(permutations=0)
    assert "no permutation test (no permutations were asked for)" in main_sentence(run)
    blocks = performance_blocks(run)
    assert "permutation" not in [b.name for b in blocks if isinstance(b, Figure)]
    assert "Permutation test: no permutations were asked for." in block_words(blocks)


@pytest.mark.parametrize(
    "parts",
    [
        {"auc": {"mean_over_repeats": 0.61, "interval": [0.44, 0.78]}},
        {"auc": {"mean_over_repeats": 0.31, "interval": [0.2, 0.42]}},
        {"permutation": {"p": 0.051, "n": 100}},
    ],
)
def test_the_headline_says_no_better_than_chance_once(run: Run, parts: dict[str, Any]) -> None:
    warning = "On this evidence the score is no better than chance: as the evaluation found."
    changed_run = with_evaluation(run, warnings=[warning], **parts)
    assert "), no better than chance; " in main_sentence(changed_run)
    assert words(changed_run).count("no better than chance") == 1
    assert "no better than chance" not in main_sentence(run)


def test_an_interval_over_chance_and_an_auc_too_good_are_said(run: Run) -> None:
    auc = {**run.evaluation["auc"], "interval": [0.44, 0.9]}
    assert "chance is not excluded" in " ".join(honesty_sentences(with_evaluation(run, auc=auc)))
    assert "chance is not excluded" not in " ".join(honesty_sentences(run))
    auc = {**run.evaluation["auc"], "mean_over_repeats": 0.97}
    assert "look for a leak" in " ".join(honesty_sentences(with_evaluation(run, auc=auc)))
    assert "look for a leak" not in " ".join(honesty_sentences(run))


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ([0.02, 0.2], "The best single protein alone reaches AUC"),
        ([-0.02, 0.2], "The panel does not clearly beat the best single protein"),
        ([-0.2, -0.02], "The panel is worse than the best single protein"),
        (None, "the difference is not reported"),
    ],
)
def test_the_best_single_protein_is_always_named(run: Run, interval: Any, said: str) -> None:
    rows = [dict(row) for row in run.evaluation["comparators"]]
    rows[-1] = {**rows[-1], "difference": {"mean": 0.09, "interval": interval}}
    assert said in " ".join(honesty_sentences(with_evaluation(run, comparators=rows)))


def test_an_auc_over_folds_stands_beside_the_scores_own_over_folds(run: Run) -> None:
    rows = [
        {**row, "auc": {"mean_over_folds": 0.895, "interval": [0.7, 1.0]}}
        for row in run.evaluation["comparators"]
    ]
    rows[-1]["difference"] = {"mean": 0.022, "interval": [-0.1, 0.15]}
    auc = {**run.evaluation["auc"], "mean_over_repeats": 0.872, "mean_over_folds": 0.917}
    said = " ".join(honesty_sentences(with_evaluation(run, auc=auc, comparators=rows)))
    assert (
        "alone reaches AUC 0.90 as a mean over folds, the score 0.92 "
        "(difference +0.02 (−0.10 to 0.15))" in said
    ), "0.90 beside the 0.87 of the main result would contradict its difference"


def test_no_comparators(make_run: Any) -> None:
    run = make_run(comparators=False)
    assert honesty_sentences(run)[-1] == "The best single protein was not run on the same folds."
    said = block_words(comparator_blocks(run))
    assert said.endswith("No simpler model was run on the same folds.")


def test_verdicts_come_from_the_interval(run: Run) -> None:
    table = table_of(comparator_blocks(run), "Simpler scores")
    assert [row[-1] for row in table.rows] == [
        "no clear difference",
        "no clear difference",
        "the score is better",
    ]


def test_means_over_folds_are_explained(run: Run) -> None:
    auc = {**run.evaluation["auc"], "mean_over_folds": 0.5}
    rows = [
        {**row, "auc": {"mean_over_folds": 0.6, "interval": [0.5, 0.7]}}
        for row in run.evaluation["comparators"]
    ]
    by_fold = comparator_blocks(with_evaluation(run, auc=auc, comparators=rows))
    assert "Means over folds here; the main result, 0.80, is" in block_words(by_fold)
    assert "Means over folds here" not in block_words(comparator_blocks(run))


def test_urine_carries_its_caution_and_other_fluids_do_not(
    document_words: str, make_run: Any
) -> None:
    assert document_words.count(URINE_EVIDENCE) >= 2
    assert URINE_EVIDENCE not in words(make_run(fluid="plasma"))


def test_an_unstated_fluid_is_never_called_urine(make_run: Any) -> None:
    run = make_run(fluid="")
    model = {**run.model, "fluid": ""}
    said = words(changed(run, model=model))
    assert "urine" not in said.lower()
    assert "fluid: not stated" in said


def test_no_tracking_is_said(make_run: Any) -> None:
    run = make_run(tracked=False)
    said = block_words(course_blocks(run))
    assert said.endswith("Scores over time were not followed in this run.")


def test_tracking_without_groups_or_days(run: Run) -> None:
    off = {"groups": [], "why": "the sample sheet has no days"}
    said = block_words(course_blocks(changed(run, track=off)))
    assert said.endswith("Scores over time were not followed: the sample sheet has no days.")
    track = {**run.track, "means": [], "at_risk": [], "interaction": None}
    said = block_words(course_blocks(changed(run, track=track)))
    assert "Mean scores over time: not reported" in said
    assert "Numbers at risk: not reported." in said


def test_slopes_are_told_by_their_interval(run: Run) -> None:
    said = block_words(course_blocks(run))
    assert (
        "In severe patients the score fell; in non-severe patients the score did not clearly "
        "change." in said
    )
    assert "Still observed from day 0 to day 21" in said
    assert "most ill" not in said, "who stays longest is the numbers' to say"
    assert "improved" not in said
    assert "recovered" not in said


def test_a_group_without_an_interval_has_no_slope_but_scores(run: Run) -> None:
    rows = [{**row, "lower": None, "upper": None} for row in run.track["groups"]]
    said = block_words(course_blocks(changed(run, track={**run.track, "groups": rows})))
    assert "In severe patients the score has no reportable slope;" in said
    assert "the score is not reportable" not in said, "the scores are; their slope is not"


def test_noise_that_is_not_reportable_says_why(run: Run) -> None:
    noise = {"smallest_change_log_odds": None, "reason": "3 pairs, expected at least 20"}
    track = {**run.track, "noise": noise, "notes": ["A note."]}
    said = block_words(course_blocks(changed(run, track=track)))
    assert "not reportable: 3 pairs, expected at least 20" in said
    assert "A note." in said


def test_rivals_as_strong_as_the_score_are_called_so(run: Run) -> None:
    table = table_of(quality_blocks(run), "without any protein")
    own = run.evaluation["auc"]["mean_over_repeats"]
    assert own < 0.83
    assert [row[3] for row in table.rows] == ["near chance", "as strong as the score, or stronger"]
    rivals = [{"name": "batch", "auc": 0.3, "n": 40}, {"name": "day", "auc": None, "n": 40}]
    weak = changed(run, qc={**run.qc, "rivals": rivals})
    table = table_of(quality_blocks(weak), "without any protein")
    assert [row[3] for row in table.rows] == ["weaker than the score", "not reported"]


def test_a_rival_that_chance_explains_is_no_rival(run: Run) -> None:
    """Six plexes of 40 patients read 0.70 for labels dealt at random."""
    rivals = [{"name": "plex", "auc": 0.9, "n": 40, "p": p} for p in (0.842, 0.001)]
    table = table_of(quality_blocks(changed(run, qc={**run.qc, "rivals": rivals})), "without any")
    assert [row[3] for row in table.rows] == [
        "no clearer than chance",
        "as strong as the score, or stronger",
    ]


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("ratio", "of log2 ratio to the pool"),
        ("npx", "of NPX before"),
        ("intensity", "of log2 int"),
    ],
)
def test_values_are_called_what_they_are(run: Run, kind: str, unit: str) -> None:
    why = "values of kind ratio: they say nothing of intensities"
    link = {"spearman": None, "reason": why}
    qc = {**run.qc, "kind": kind, "missing_against_intensity": link}
    said = block_words(quality_blocks(changed(run, qc=qc)))
    assert f"quartiles (line) {unit}" in said
    assert f"not reported: {why}" in said


def test_no_quality_control_is_said(run: Run) -> None:
    assert "Quality control: not reported." in block_words(quality_blocks(changed(run, qc={})))
    bare = {"n_samples": 3, "n_proteins": 5, "missing_rate": 0.1}
    said = block_words(quality_blocks(changed(run, qc=bare)))
    assert "AUC of depth, missingness, visits and batch alone: not reported." in said
    assert "Principal components: not reported." in said


@pytest.mark.parametrize(
    ("rho", "said"),
    [(-0.7, "faint proteins are missing"), (0.5, "bright proteins"), (0.01, "no clear relation")],
)
def test_missingness_is_read_from_its_correlation(run: Run, rho: float, said: str) -> None:
    link = {"spearman": rho, "n_proteins": 10}
    qc = {**run.qc, "missing_against_intensity": link}
    assert said in block_words(quality_blocks(changed(run, qc=qc)))


def test_directions_come_from_the_model_where_folds_give_none(run: Run) -> None:
    rows = [
        {k: v for k, v in row.items() if k != "direction"}
        for row in run.evaluation["panel"]["frequencies"]
    ]
    rows.append({"id": "stranger", "frequency": 0.01})
    panel = {**run.evaluation["panel"], "frequencies": rows}
    table = table_of(panel_blocks(with_evaluation(run, panel=panel)), "by how often")
    assert table.rows[0][4:] == ("higher in severe", "yes")
    assert table.rows[2][4] == "lower in severe"
    assert table.rows[-1][4:] == ("–", "no")


def test_a_held_panel_is_said_to_be_held(run: Run) -> None:
    panel = {**run.evaluation["panel"], "held": True, "stability": None, "frequencies": []}
    said = block_words(panel_blocks(with_evaluation(run, panel=panel)))
    assert "held fixed in every fold" in said
    assert "Stability of the choice: not reportable" in said


def test_what_was_not_learnt_is_not_said_to_be_learnt(run: Run) -> None:
    plain = words(run)
    assert "(normalisation, proteins, trees, calibration, thresholds) was learnt" in plain
    assert "normalisation learnt on training patients" in plain
    panel = {**run.evaluation["panel"], "held": True}
    settings = {**run.evaluation["settings"], "normalise": "none"}
    said = words(with_evaluation(run, panel=panel, settings=settings))
    assert "(trees, calibration, thresholds) was learnt inside the training folds; the" in said
    assert "values were not normalised" in said
    assert "chosen from 3,737 inside each training fold" not in said
    assert (
        "held fixed in every fold"
        in dict((r[1], r[2]) for r in tripod_rows(with_evaluation(run, panel=panel)))["Predictors"]
    )


def test_replicates_are_no_visits_of_the_mean_curves(run: Run) -> None:
    own = run.samples.index[run.samples["patient_id"] == "PT-007"]
    samples = run.samples.assign(replicate_of="")
    samples.loc[own[-1], "replicate_of"] = own[0]
    lines = _single(changed(run, samples=samples))
    assert own[-1] in _single(run).index
    assert own[-1] not in lines.index
    assert len(lines) == len(_single(run)) - 1


def test_warnings_are_shown_once(run: Run) -> None:
    verdict = "The model does not beat the best single protein here."
    rows = [{**row, "verdict": verdict} for row in run.evaluation["comparators"]]
    loud = with_evaluation(run, comparators=rows, warnings=["Few patients.", verdict])
    said = words(loud)
    assert said.count("Few patients.") == 1
    assert verdict not in said


def test_every_item_of_both_checklists_has_an_entry_or_a_gap(run: Run) -> None:
    rows = tripod_rows(run)
    assert [row[0] for row in rows] == [str(n) for n in range(1, 28)]
    assert len(TRIPOD_ITEMS) == 27
    entry = {title: said for _, title, said in rows}
    assert entry["Ethical approval"] == "not reported"
    assert entry["Open science"] == "Funding: None."
    assert entry["Class imbalance"].startswith("12 severe, 28 non-severe")
    assert "0.003 events per candidate protein" in entry["Sample size"]
    assert {row[0] for row in dome_rows(run)} == {"Data", "Optimisation", "Model", "Evaluation"}
    assert "not a statement that a guideline is met" in block_words(checklist_blocks(run))


def test_an_empty_evaluation_still_makes_a_document(run: Run) -> None:
    bare = changed(run, evaluation={}, model={}, qc={}, track={}, run={"study": {}})
    bare = changed(bare, predictions=run.predictions.head(0))
    said = words(bare)
    assert "the cross-validated AUC is not reported" in said
    assert "Performance: not reported (predictions.tsv holds no index sample" in said
    assert render_pdf(study_document(bare)).startswith(b"%PDF")


def test_settings_inputs_and_versions_are_printed(document_words: str) -> None:
    said = document_words
    assert "evaluate.folds 5" in said
    assert "ab" * 32 in said
    assert "xgboost 3.2.0" in said
    assert "3 samples carry no label: scored, never trained on" in said
