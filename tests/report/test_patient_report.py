"""The patient report says what the numbers say, in a fixed order, and no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from run_folder import HOSTILE, write_run
from words import block_words, html_words, pdf_pages, squeeze

from proteoclass.errors import InputError
from proteoclass.report import Run, read_run, render_html, render_pdf
from proteoclass.report.document import Document, Headline
from proteoclass.report.patient import patient_document
from proteoclass.report.patient_course import change_words
from proteoclass.report.patient_proteins import dilution_words
from proteoclass.report.patient_result import band_words, limit_words, place_words, sure_blocks
from proteoclass.report.patient_view import view_patient
from proteoclass.report.study import study_document
from proteoclass.report.wording import score_points


def words(document: Document) -> str:
    return html_words(render_html(document))


def headline(document: Document) -> Headline:
    return next(
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Headline)
    )


def patients(run: Run) -> list[str]:
    return list(dict.fromkeys(run.samples["patient_id"]))


def test_sections_stand_in_the_order_a_clinician_reads(run: Run) -> None:
    titles = [section.title for section in patient_document(run, "PT-007").sections]
    assert titles == [
        "Patient and sample",
        "Result",
        "How sure is this?",
        "Trend",
        "Why this score",
        "Specimen",
        "Method",
        "Limits",
        "Sign-off",
    ]


def test_the_result_is_the_latest_sample(run: Run) -> None:
    for patient in patients(run):
        own = run.samples[run.samples["patient_id"] == patient].sort_values("day")
        assert view_patient(run, patient).sample_id == own.index[-1]
    for patient in patients(run)[:3]:
        document = patient_document(run, patient)
        row = view_patient(run, patient).latest
        assert headline(document).value == score_points(row["score"], (21.0, 48.0))
        assert f"sample {view_patient(run, patient).sample_id}" in document.status


def test_the_band_is_in_the_studys_own_labels(make_run: Any) -> None:
    run = make_run(positive="ICU", negative="ward", hostile=False, refused=())
    one_of = {}
    for patient in patients(run):
        view = view_patient(run, patient)
        band = str(view.latest["band"])
        one_of[band] = patient
        expected = {
            "severe": "In the ICU range",
            "non-severe": "In the ward range",
            "indeterminate": "Indeterminate",
        }
        assert band_words(view) == expected[band]
        place = {
            "severe": "At or above the upper threshold (48)",
            "non-severe": "Below the lower threshold (21)",
            "indeterminate": "Between the thresholds (21 and 48)",
        }[band]
        assert place_words(view) == f"{place}; thresholds not externally validated."
    assert len(one_of) == 3
    for patient in one_of.values():
        document = patient_document(run, patient)
        view = view_patient(run, patient)
        assert headline(document).words == band_words(view)
        assert headline(document).detail.endswith(place_words(view))
        assert "classed ICU; not a forecast" in words(document)
        assert "severe" not in words(document)


def test_labels_that_are_numbers_do_not_run_into_numbers(make_run: Any) -> None:
    run = make_run(positive="1", negative="0", hostile=False, refused=())
    said = words(patient_document(run, "PT-007"))
    assert "(30 % “1”), the share with this score who were classed “1”; not a forecast" in said
    assert "of pairs the “1” patient scored higher than the “0” one" in said
    assert "40 patients, 12 “1”" in said
    assert "The model rests on 12 “1” patients" in said
    assert "below 21: “0”; 21 to 48: indeterminate; from 48: “1”" in said
    study = words(study_document(run))
    assert "In 40 patients, 12 “1”, a score from 20 proteins, “1” against “0”" in study
    assert re.search("in “1” patients the score fell", study, re.IGNORECASE)
    assert re.search(r"“1” 12 to \d+", study)


def test_the_probability_sentence_is_word_for_word(run: Run) -> None:
    view = view_patient(run, "PT-007")
    said = words(patient_document(run, "PT-007"))
    value, low, high = (
        f"{view.latest[key] / (1 if key == 'probability' else 100):#.2g}"
        for key in ("probability", "lower", "upper")
    )
    assert (
        f"Probability {value} ({low}–{high}): among study patients (30 % severe), the share with "
        "this score who were classed severe; not a forecast."
    ) in said


def test_another_prevalence_is_said(run: Run) -> None:
    scores = run.scores.copy()
    scores["probability"] = 0.5
    moved = Run(**{**run.__dict__, "scores": scores})
    assert "Probability 0.50 at the prevalence given when the sample was scored" in words(
        patient_document(moved, "PT-007")
    )


def test_a_refused_result_has_no_score_anywhere(run: Run, tmp_path: Path) -> None:
    patient = HOSTILE[3]
    own = run.samples.index[run.samples["patient_id"] == patient]
    assert len(own) > 1, "earlier samples have scores, which must not show either"
    scores = run.scores.copy()
    scores.loc[own[:-1], ["score", "lower", "upper"]] = [67.81, 61.27, 73.46]
    scores.loc[own[:-1], "probability"] = 0.6781
    document = patient_document(Run(**{**run.__dict__, "scores": scores}), patient)
    assert "Not reportable. 9 of 20 panel proteins not found" in words(document)
    assert document.status.startswith("Not reportable")
    assert document.figures == ()
    pdf = " ".join(pdf_pages(render_pdf(document), tmp_path))
    for text in (words(document), pdf):
        assert "of 100" not in text
        assert "Probability" not in text
        for digits in ("67", "68", "61", "73"):
            assert digits not in text.replace("SHA-256", "")


def test_change_words_follow_the_verdict(make_run: Any) -> None:
    run = make_run(hostile=False, refused=())
    one_of = {}
    for patient in patients(run):
        view = view_patient(run, patient)
        verdict = run.trajectories.loc[patient, "beyond_noise"]
        one_of[verdict] = patient
        if len(view.samples) == 1:
            assert verdict == "not reportable"
        elif verdict == "did not change":
            said = "The score did not change beyond measurement variation: from "
            assert change_words(view).startswith(said)
        else:
            said = f"The score {verdict} beyond measurement variation, from "
            assert change_words(view).startswith(said)
    assert set(one_of) == {"fell", "rose", "did not change", "not reportable"}
    for verdict, patient in one_of.items():
        said = words(patient_document(run, patient))
        assert ("One sample: there is no trend to show." in said) == (verdict == "not reportable")
        assert "improved" not in said
        assert "recovered" not in said


def test_change_without_noise_is_not_judged(tmp_path: Path) -> None:
    folder, model = write_run(tmp_path / "run", hostile=False, refused=())
    run = read_run(folder, model)
    run.track["noise"] = {"smallest_change_log_odds": None, "reason": "4 pairs, expected 20"}
    run.trajectories["beyond_noise"] = "not reportable"
    said = words(patient_document(run, "PT-003"))
    assert "beyond measurement variation is not reportable: 4 pairs, expected 20." in said
    assert "Shaded" not in said


def test_a_run_without_tracking_still_shows_the_scores(make_run: Any) -> None:
    run = make_run(tracked=False, hostile=False, refused=())
    document = patient_document(run, "PT-003")
    assert "not reportable: the run followed no scores over time" in words(document)
    assert "Slope per week: not reported." in words(document)
    assert "trend" in [figure.name for figure in document.figures]
    off = {"method": "not reportable", "why": "the sample sheet has no days"}
    said = change_words(view_patient(Run(**{**run.__dict__, "track": off}), "PT-003"))
    assert said.endswith("followed no scores over time (the sample sheet has no days).")


@pytest.mark.parametrize(
    ("last", "said"),
    [(12.0, "day 8.5."), (33.0, "day 8.5, and was at or above it again on day {day}.")],
)
def test_a_crossing_is_bracketed_and_its_return_is_said(run: Run, last: float, said: str) -> None:
    table, scores = run.trajectories.copy(), run.scores.copy()
    table.loc["PT-007", ["below_threshold_from", "below_threshold_to"]] = [1.0, 8.5]
    own = view_patient(run, "PT-007").samples
    scores.loc[own.index, "score"] = [60.0, *[10.0] * (len(own) - 2), last]
    crossed = Run(**{**run.__dict__, "trajectories": table, "scores": scores})
    expected = said.format(day=f"{own['day'].iloc[-1]:g}")
    assert f"below the lower threshold between day 1 and {expected}" in words(
        patient_document(crossed, "PT-007")
    )


def with_thresholds(run: Run, lower: float, upper: float, **score: float) -> Run:
    """PT-007's latest sample and the thresholds, as given."""
    limits = {**run.model["thresholds"], "lower": lower, "upper": upper}
    scores = run.scores.copy()
    scores.loc[view_patient(run, "PT-007").samples.index, ["score", "lower", "upper"]] = [
        score["score"], score["low"], score["high"],
    ]  # fmt: skip
    return Run(**{**run.__dict__, "scores": scores, "model": {**run.model, "thresholds": limits}})


def test_thresholds_close_to_the_score_or_the_ends_are_told_apart_from_them(run: Run) -> None:
    near = view_patient(with_thresholds(run, 10, 61.2, score=61.1, low=50, high=70), "PT-007")
    assert near.points(near.score) == "61.1"
    assert place_words(near).startswith("Between the thresholds (10 and 61.2);")
    assert limit_words(near).endswith("10 to 61.2: indeterminate; from 61.2: severe")
    low = view_patient(with_thresholds(run, 0.1, 47, score=0.0004, low=0, high=0.002), "PT-007")
    assert place_words(low).startswith("Below the lower threshold (0.1);")
    assert limit_words(low).startswith("below 0.1: non-severe; 0.1 to 47: indeterminate")


def test_one_threshold_is_called_one(run: Run) -> None:
    view = view_patient(with_thresholds(run, 30, 30, score=31, low=20, high=40), "PT-007")
    assert place_words(view).startswith("At or above the threshold (30);")
    assert limit_words(view) == "below 30: non-severe; from 30: severe"
    assert "which spans the threshold at 30: the band" in block_words(sure_blocks(view))


def test_a_threshold_beyond_the_scale_has_no_band(run: Run) -> None:
    view = view_patient(with_thresholds(run, -1e-9, 47, score=31, low=20, high=40), "PT-007")
    assert limit_words(view) == "0 to 47: indeterminate; from 47: severe"
    view = view_patient(with_thresholds(run, 20, 100.1, score=31, low=20, high=40), "PT-007")
    assert limit_words(view) == "below 20: non-severe; 20 to 100: indeterminate"


def test_a_score_outside_its_own_limits_is_not_all_in_one_band(run: Run) -> None:
    view = view_patient(with_thresholds(run, 10, 48, score=49, low=40, high=47.5), "PT-007")
    assert "spans the threshold at 48: the band is uncertain" in block_words(sure_blocks(view))


def test_pictures_name_the_classes_as_the_run_does(make_run: Any) -> None:
    run = make_run(positive="control", negative="puv", hostile=False, refused=())
    bar = next(f for f in patient_document(run, "PT-007").figures if f.name == "score-bar")
    assert re.search(r"above this score: \d+ of 12 control, \d+ of 28 puv", bar.alt)
    assert "positive" not in bar.alt


def test_order_is_by_day_then_visit_then_id_never_by_row(run: Run) -> None:
    own = run.samples.index[run.samples["patient_id"] == "PT-007"]
    backwards = run.samples.loc[[*own[::-1], *run.samples.index.difference(own)]]
    for days in (3.0, float("nan")):
        samples = backwards.copy()
        samples.loc[own, "day"] = days
        tied = Run(**{**run.__dict__, "samples": samples})
        assert view_patient(tied, "PT-007").samples.index.tolist() == own.tolist()
        samples.loc[own, "visit"] = ""
        assert view_patient(tied, "PT-007").samples.index.tolist() == sorted(own)


def test_the_trend_names_the_scores_that_were_judged(run: Run) -> None:
    own = view_patient(run, "PT-007").samples
    assert len(own) == 4
    samples, table = run.samples.copy(), run.trajectories.copy()
    samples.loc[own.index, "day"] = [0.0, 7.0, 21.0, 21.0]
    columns = ["n_visits", "first_day", "last_day", "first", "last", "beyond_noise"]
    table.loc["PT-007", columns] = [3, 0.0, 21.0, 80.0, 40.0, "fell"]
    shared = Run(**{**run.__dict__, "samples": samples, "trajectories": table})
    assert "from 80 (day 0) to 40 (day 21, mean of 2 samples)." in change_words(
        view_patient(shared, "PT-007")
    )
    table.loc["PT-007", ["n_visits", "beyond_noise"]] = [1, "not reportable"]
    assert change_words(view_patient(shared, "PT-007")).endswith(
        "is not reportable: fewer than two days have a reportable score."
    )


def test_the_dilution_factor_says_its_direction(run: Run) -> None:
    assert dilution_words({"normalisation_shift": -1.0}) == (
        "0.50 (values were divided by it: less concentrated than the study patients)"
    )
    assert dilution_words({"normalisation_shift": 0.001}) == "1.00 (values were divided by it)"
    settings = {**run.evaluation["settings"], "normalise": "none"}
    plain = Run(**{**run.__dict__, "evaluation": {**run.evaluation, "settings": settings}})
    said = words(patient_document(plain, "PT-007"))
    assert "Dilution factor none: values were not normalised" in said


def test_visits_without_days_are_listed_in_order(run: Run) -> None:
    samples = run.samples.drop(columns=["day"])
    undated = Run(**{**run.__dict__, "samples": samples})
    document = patient_document(undated, "PT-007")
    assert [row[0] for row in document.tables[0].rows] == [
        f"visit T{number}" for number in range(1, len(document.tables[0].rows) + 1)
    ]
    assert "trend" not in [figure.name for figure in document.figures]


def test_only_the_last_visits_are_listed(run: Run) -> None:
    own = run.samples[run.samples["patient_id"] == HOSTILE[0]]
    more = [own.assign(visit=f"U{i}").set_axis([f"{x}.{i}" for x in own.index]) for i in range(3)]
    samples = pd.concat([run.samples, *more]).drop(columns=["day"])
    scores = pd.concat(
        [run.scores, *(run.scores.loc[own.index].set_axis(part.index) for part in more)]
    )
    scores.loc[scores.index[-1], ["lower", "upper"]] = float("nan")
    long = Run(**{**run.__dict__, "samples": samples, "scores": scores})
    table = patient_document(long, HOSTILE[0]).tables[0]
    assert len(table.rows) == 6
    assert table.caption == "Scores in time order; 10 earlier left out"
    assert table.rows[-1][2] == "not reported"


def test_a_sheets_own_score_column_never_replaces_the_models(run: Run) -> None:
    samples = run.samples.assign(score="99", status="improved", band="severe")
    sheet = Run(**{**run.__dict__, "samples": samples})
    assert words(patient_document(sheet, "PT-007")) == words(patient_document(run, "PT-007"))


def test_replicates_are_not_visits(run: Run) -> None:
    samples = run.samples.assign(replicate_of="")
    own = samples.index[samples["patient_id"] == "PT-007"]
    samples.loc[own[-1], "replicate_of"] = own[0]
    assert view_patient(Run(**{**run.__dict__, "samples": samples}), "PT-007").sample_id == own[-2]


def test_proteins_are_named_with_their_contribution(run: Run) -> None:
    view = view_patient(run, "PT-007")
    own = run.explanations[run.explanations["sample_id"] == view.sample_id]
    own = own[own["protein_id"] != "(base)"].sort_values("contribution")
    said = words(patient_document(run, "PT-007"))
    top, bottom = own.iloc[-1], own.iloc[0]
    assert f"Raised the score most: {top['gene']} +{top['contribution']:.2f} (" in said
    assert f"Lowered it most: {bottom['gene']} −{-bottom['contribution']:.2f} (" in said


def test_a_sample_without_explanation_says_so(run: Run) -> None:
    bare = Run(**{**run.__dict__, "explanations": run.explanations.head(0)})
    assert "Contributions of the proteins: not reported." in words(patient_document(bare, "PT-007"))


def test_a_value_and_its_range_are_printed_apart(run: Run) -> None:
    view = view_patient(run, "PT-007")
    explanations = run.explanations.copy()
    own = (explanations["sample_id"] == view.sample_id) & (explanations["protein_id"] != "(base)")
    explanations.loc[own, ["value", "low", "high"]] = [24.14, 18.2, 24.11]
    said = words(patient_document(Run(**{**run.__dict__, "explanations": explanations}), "PT-007"))
    assert "(24.14, above the study range 18.20–24.11)" in said
    assert "(24.1, above the study range 18.2–24.1)" not in said


def test_a_refused_sample_is_not_called_within_range(run: Run) -> None:
    scores = run.scores.assign(out_of_range=0.0)
    said = words(patient_document(Run(**{**run.__dict__, "scores": scores}), HOSTILE[3]))
    assert "Outside training range not judged" in said
    assert "of 20 in the matrix" in said


def test_blank_fields_are_named(run: Run) -> None:
    said = words(patient_document(run, "PT-007"))
    for field in ("Received", "Requester", "Platform", "Blood in the urine"):
        assert f"{field} not reported" in said
    assert "Kidney-injury panel no reference" in said


def test_kidney_fields_are_for_urine_alone(make_run: Any) -> None:
    said = words(patient_document(make_run(fluid="plasma"), "PT-007"))
    assert "Kidney" not in said
    assert "COVID-19" not in said


def test_a_band_that_an_interval_spans_is_called_uncertain(run: Run) -> None:
    seen = set()
    for patient in patients(run):
        view = view_patient(run, patient)
        if not view.reportable:
            continue
        row = view.latest
        spanned = [cut for cut in (21.0, 48.0) if row["lower"] < cut <= row["upper"]]
        said = block_words(sure_blocks(view))
        assert ("the band is uncertain" in said) == bool(spanned)
        assert ("all in the same band" in said) == (not spanned)
        seen.add(bool(spanned))
    assert seen == {True, False}


def test_without_thresholds_there_is_no_band(make_run: Any) -> None:
    run = make_run(thresholds=False)
    scores = run.scores.assign(band="")
    document = patient_document(Run(**{**run.__dict__, "scores": scores}), "PT-007")
    assert headline(document).words == "No band: the model has no thresholds"
    assert "Decision limits none: the model has no thresholds" in words(document)


def test_validated_thresholds_lose_the_caution(run: Run) -> None:
    limits = {**run.model["thresholds"], "externally_validated": True}
    model = {**run.model, "thresholds": limits}
    said = words(patient_document(Run(**{**run.__dict__, "model": model}), "PT-007"))
    assert "not externally validated" not in said
    assert "(externally validated)" in said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("corrected", "Corrected report. It replaces: report 1 of 2 May."),
        ("preliminary", "Preliminary result: it may change."),
    ],
)
def test_other_states_of_a_report(run: Run, status: str, said: str) -> None:
    scores = run.scores.assign(status=status, reason="report 1 of 2 May")
    document = patient_document(Run(**{**run.__dict__, "scores": scores}), "PT-007")
    assert document.status.startswith(status.capitalize())
    assert said in words(document)


def test_a_final_score_says_what_it_must_be_read_with(run: Run) -> None:
    scores = run.scores.assign(status="final", reason="taken together, it lies far off")
    said = words(patient_document(Run(**{**run.__dict__, "scores": scores}), "PT-007"))
    assert "To be read with care. Taken together, it lies far off." in said
    assert "No score is given" not in said
    assert "To be read with care" not in words(patient_document(run, "PT-007"))


def test_a_locked_score_says_so(run: Run) -> None:
    scores = run.scores.assign(origin="locked")
    said = words(patient_document(Run(**{**run.__dict__, "scores": scores}), "PT-007"))
    assert "the patient was not used to train it" in said


def test_what_is_missing_is_said_not_guessed(run: Run) -> None:
    scores = run.scores.assign(
        lower=float("nan"), upper=float("nan"), origin="", probability=float("nan"),
        out_of_range=float("nan"),
    )  # fmt: skip
    model = {**run.model, "auc": {}, "training": {}}
    bare = Run(**{**run.__dict__, "scores": scores, "model": model})
    said = words(patient_document(bare, "PT-007"))
    for sentence in (
        "The spread of this score over resampled study patients is not reported.",
        "Which model the score comes from is not reported.",
        "How well the model separates the classes is not reported.",
        "Probability: not reported.",
        "Outside training range not reported",
    ):
        assert sentence in said


def test_an_unknown_patient_is_refused(run: Run) -> None:
    with pytest.raises(InputError, match=r"no patient 'nobody'; found .* and 35 more"):
        patient_document(run, "nobody")


def test_a_patient_without_a_score_is_refused(run: Run) -> None:
    bare = Run(**{**run.__dict__, "scores": run.scores.head(0)})
    with pytest.raises(InputError, match="patient 'PT-007' has no scored sample"):
        patient_document(bare, "PT-007")


def test_cohort_scoped_values_are_called_conditional(run: Run) -> None:
    cohort = {**run.evaluation["cohort"], "quantity_scope": "cohort"}
    evaluation = {**run.evaluation, "cohort": cohort}
    said = words(patient_document(Run(**{**run.__dict__, "evaluation": evaluation}), "PT-007"))
    assert "conditional on the search" in said


def test_who_is_on_every_page(run: Run, tmp_path: Path) -> None:
    for page in pdf_pages(render_pdf(patient_document(run, "PT-007")), tmp_path):
        assert page.startswith("Patient PT-007 · sample S007_")
    assert squeeze("Reviewed by") in words(patient_document(run, "PT-007"))
