"""The patient report: who, result, how sure, trend, why, specimen, method, limits."""

from __future__ import annotations

from proteoclass.report.document import Block, Document, Facts, Points, Section, SignOff
from proteoclass.report.patient_course import course_blocks
from proteoclass.report.patient_proteins import specimen_blocks, specimen_words, why_blocks
from proteoclass.report.patient_result import result_blocks, sure_blocks
from proteoclass.report.patient_view import PatientView, time_words, view_patient
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import (
    SYNTHETIC,
    SYNTHETIC_DATA,
    thresholds_validated,
    training_line,
    urine_caution,
    whole,
)
from proteoclass.report.wording import NOT_REPORTED, class_name, listing, moment, shown


def patient_document(run: Run, patient_id: str) -> Document:
    """Build the report of one patient's latest sample.

    Parameters
    ----------
    run : Run
    patient_id : str
        As the sample sheet has it.

    Returns
    -------
    Document
        Where the latest sample is not reportable, no score stands anywhere in it.

    Raises
    ------
    InputError
        If the run has no such patient, or none of the patient's samples was scored.

    Notes
    -----
    Fields after 42 CFR 493.1291: identifiers, laboratory, dates, test, specimen, result
    with units, reasons for unacceptable specimens, reference intervals, corrections.
    """
    view = view_patient(run, patient_id)
    sections = (
        Section("Patient and sample", _who(view)),
        Section("Result", result_blocks(view)),
        *((Section("How sure is this?", sure_blocks(view)),) if view.reportable else ()),
        Section("Trend", course_blocks(view)),
        Section("Why this score", why_blocks(view)),
        Section("Specimen", specimen_blocks(view)),
        Section("Method", _method(view)),
        Section("Limits", _limits(view)),
        Section("Sign-off", (SignOff((("Reviewed by", ""), ("Signature", ""), ("Date", ""))),)),
    )
    created = shown(run.run.get("created"))
    return Document(
        title=f"{_test_name(run)}: research report",
        kind="patient",
        watermark=SYNTHETIC if run.synthetic else "",
        status=" · ".join(
            (
                _status(view),
                f"sample {shown(view.sample_id, 40)}",
                time_words(view.latest),
                f"reported {moment(created) or NOT_REPORTED}",
            )
        ),
        running=f"Patient {shown(view.patient_id, 40)} · sample {shown(view.sample_id, 40)}",
        created=created,
        sections=sections,
    )


def _test_name(run: Run) -> str:
    fluid = shown(run.fluid)
    name = "Severity score"
    return name if fluid == "not stated" else f"{name}, {fluid} proteome"


def _status(view: PatientView) -> str:
    if not view.reportable:
        return "Not reportable"
    status = str(view.latest.get("status") or "").strip()
    return shown(status.capitalize()) or f"Status {NOT_REPORTED}"


def _who(view: PatientView) -> tuple[Block, ...]:
    study = view.run.study
    return (
        Facts(
            (
                ("Patient", shown(view.patient_id)),
                ("Sample", shown(view.sample_id)),
                ("Second identifier", view.field("second_id")),
                ("Specimen", specimen_words(view)),
                ("Collected", moment(view.field("collected"))),
                ("Day of study", time_words(view.latest)),
                ("Received", moment(view.field("received"))),
                ("Requester", view.field("requester") or shown(study.get("requester"))),
                ("Reported", moment(view.run.run.get("created"))),
                ("Laboratory", view.field("laboratory") or shown(study.get("laboratory"))),
            )
        ),
    )


def _method(view: PatientView) -> tuple[Block, ...]:
    run = view.run
    software = part(run.run, "software")
    model = run.model
    kind = shown(model.get("kind") or part(run.evaluation, "cohort").get("kind"))
    items = [
        ("Measurement", f"proteomics, {kind}" if kind else ""),
        ("Platform", shown(run.study.get("platform"))),
        ("Software", f"proteoclass {shown(software.get('proteoclass')) or NOT_REPORTED}"),
        ("Model", f"{shown(model.get('name'), 40)} ({shown(model.get('sha256'))[:12]})"),
    ]
    return (
        Facts(tuple(items)),
        Points((f"Trained on {training_line(run)}.",)),
    )


def _limits(view: PatientView) -> tuple[Block, ...]:
    run = view.run
    positive = class_name(run.positive)
    items = [
        f"The score says how much this sample looks like those of study patients classed "
        f"{positive}. It names no disease and forecasts nothing.",
        "" if thresholds_validated(run) else "The thresholds were not tested at another site.",
        f"The model rests on {whole(part(run.model, 'training').get('n_positive'))} {positive} "
        "patients; it may be wrong for people unlike them.",
        _not_for(run),
        _scope(run),
        urine_caution(run) if not view.reportable else "",
        SYNTHETIC_DATA if run.synthetic else "",
    ]
    return (Points(tuple(item for item in items if item)),)


def _not_for(run: Run) -> str:
    names = [shown(item) for item in run.model.get("not_for") or []]
    return f"Not for: {listing(names, 8)}." if names else ""


def _scope(run: Run) -> str:
    if part(run.evaluation, "cohort").get("quantity_scope") != "cohort":
        return ""
    return "Values were computed across runs before they reached us: conditional on the search."
