"""What the run can say to the items of two reporting checklists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proteoclass.report.document import Block, Column, Paragraph, Table
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import auc_interval, limits, training_line, whole
from proteoclass.report.study_performance import difference_verdict
from proteoclass.report.study_provenance import flatten
from proteoclass.report.wording import NOT_REPORTED, class_name, fixed, percent, shown

# Item numbers and titles of TRIPOD+AI; Collins et al. 2024, doi 10.1136/bmj-2023-078378.
# The second entry names the keys of [report] in the study file that may answer the item.
TRIPOD_ITEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Title", ("title",)),
    ("Abstract", ("abstract",)),
    ("Background", ("background",)),
    ("Objectives", ("objectives",)),
    ("Data", ("data_source",)),
    ("Participants", ("setting", "eligibility", "treatments")),
    ("Data preparation", ()),
    ("Outcome", ("outcome_definition",)),
    ("Predictors", ("predictors",)),
    ("Sample size", ()),
    ("Missing data", ()),
    ("Analytical methods", ()),
    ("Class imbalance", ()),
    ("Fairness", ("fairness",)),
    ("Model output", ()),
    ("Training versus evaluation", ()),
    ("Ethical approval", ("ethics",)),
    (
        "Open science",
        (
            "open_science",
            "funding",
            "conflicts",
            "protocol",
            "registration",
            "data_sharing",
            "code_sharing",
        ),
    ),
    ("Patient and public involvement", ("involvement",)),
    ("Participants (results)", ()),
    ("Model development", ()),
    ("Model specification", ()),
    ("Model performance", ()),
    ("Model updating", ("updating",)),
    ("Interpretation", ("interpretation",)),
    ("Limitations", ("limitations",)),
    ("Usability of the model in current care", ("usability",)),
)
# The four parts of DOME; Walsh et al. 2021, doi 10.1038/s41592-021-01205-4.
DOME_PARTS = ("Data", "Optimisation", "Model", "Evaluation")


def checklist_blocks(run: Run) -> tuple[Block, ...]:
    """Return both coverage tables; a gap reads "not reported", never a claim."""
    items = tripod_rows(run)
    filled = sum(row[2] != NOT_REPORTED for row in items)
    columns = (Column("Item", "", True), Column("Title"), Column("What this run can say"))
    return (
        Paragraph(
            "These tables show which fields this run fills. They are not a statement that a "
            "guideline is met."
        ),
        Table(f"TRIPOD+AI items: {filled} of {len(items)} have an entry", columns, items),
        Table(
            "DOME: the same facts in the four parts of the proteomics community's checklist",
            (Column("Part"), Column("Field"), Column("What this run can say")),
            dome_rows(run),
        ),
    )


def tripod_rows(run: Run) -> tuple[tuple[str, str, str], ...]:
    """Return number, title and entry of the 27 items."""
    known_here = _facts(run)
    free = {**run.study, **part(run.run, "config", "report")}
    rows = []
    for number, (title, keys) in enumerate(TRIPOD_ITEMS, start=1):
        said = [_free_text(free, key, named=len(keys) > 2) for key in keys]
        entry = " ".join(text for text in (*said, known_here.get(title, "")) if text)
        rows.append((str(number), title, entry or NOT_REPORTED))
    return tuple(rows)


def dome_rows(run: Run) -> tuple[tuple[str, str, str], ...]:
    """Return part, field and entry of the DOME recommendations."""
    facts = _facts(run)
    inputs = [f"{shown(i.get('name'), 40)}" for i in run.run.get("inputs") or []]
    software = part(run.run, "software")
    rows = [
        ("Data", "Provenance", ", ".join(inputs)),
        ("Data", "Splits", facts["Training versus evaluation"]),
        ("Data", "Redundancy between splits", "No patient is on both sides of a split."),
        ("Data", "Size", facts["Sample size"]),
        ("Optimisation", "Algorithm and settings", facts["Model development"]),
        ("Optimisation", "Features", facts["Predictors"]),
        ("Optimisation", "Fitting", facts["Optimism"]),
        ("Model", "Interpretability", "Contributions of every panel protein to each score."),
        ("Model", "Output", facts["Model output"]),
        (
            "Model",
            "Availability",
            f"proteoclass {shown(software.get('proteoclass'))}, Apache-2.0"
            if software.get("proteoclass")
            else "",
        ),
        ("Evaluation", "Method", facts["Training versus evaluation"]),
        ("Evaluation", "Performance", facts["Model performance"]),
        ("Evaluation", "Comparison", facts["Comparison"]),
        ("Evaluation", "Confidence", facts["Confidence"]),
    ]
    return tuple((where, field, said or NOT_REPORTED) for where, field, said in rows)


def _free_text(free: Mapping[str, Any], key: str, named: bool) -> str:
    value = free.get(key)
    text = shown(value, 400) if isinstance(value, (str, int, float)) else ""
    if text and named:
        text = f"{key.replace('_', ' ').capitalize()}: {text}"
    return text if not text or text.endswith((".", "!", "?")) else text + "."


def _facts(run: Run) -> dict[str, str]:
    evaluation = run.evaluation
    cohort, design = part(evaluation, "cohort"), part(evaluation, "design")
    auc, panel = part(evaluation, "auc"), part(evaluation, "panel")
    outcome = part(evaluation, "outcome")
    positive, negative = class_name(run.positive), class_name(run.negative)
    left_out = shown(design.get("leave_out"), 60)
    splits = f"{whole(design.get('repeats'))} × {whole(design.get('folds'))}-fold cross-validation"
    if left_out:
        splits = f"each of {whole(design.get('folds'))} levels of {left_out} held out once,"
    size = (
        f"{whole(cohort.get('n_patients'))} patients, "
        f"{whole(cohort.get('n_positive'))} {positive}; "
        f"{_events_per_candidate(run)}."
    )
    return {
        "Data preparation": f"Input on {shown(cohort.get('scale'))} scale, kind "
        f"{shown(cohort.get('kind'))}; {_normalisation(evaluation)}.",
        "Outcome": f"Column {shown(outcome.get('column'))}: {positive} against {negative}.",
        "Predictors": f"{whole(panel.get('size'))} proteins of a panel that came from elsewhere, "
        "held fixed in every fold."
        if panel.get("held")
        else f"{whole(panel.get('size'))} proteins chosen from "
        f"{whole(panel.get('n_candidates'))} inside each training fold.",
        "Sample size": size,
        "Missing data": _missing_data(run),
        "Analytical methods": _settings(evaluation),
        "Class imbalance": f"{whole(cohort.get('n_positive'))} {positive}, "
        f"{whole(cohort.get('n_negative'))} {negative}; folds "
        f"{'by ' + left_out if left_out else 'stratified'}.",
        "Model output": "Score 0–100 = 100 × calibrated probability at the training prevalence.",
        "Training versus evaluation": f"{splits} grouped by patient; index samples "
        f"only (rule: {shown(design.get('index'))}); no external cohort."
        if design
        else "",
        "Participants (results)": f"{size} {whole(cohort.get('n_follow_up_samples'))} follow-up "
        f"and {whole(cohort.get('n_other_samples'))} other samples.",
        "Model development": _settings(evaluation),
        "Model specification": f"Locked model {shown(run.model.get('name'), 40)}, SHA-256 "
        f"{shown(run.model.get('sha256'))[:12]}; trained on {training_line(run)}.",
        "Model performance": f"AUC {fixed(auc.get('mean_over_repeats'))} "
        f"{auc_interval(auc)}, {shown(auc.get('estimand'), 300)}.",
        "Optimism": _optimism(evaluation),
        "Comparison": "; ".join(
            f"{shown(row.get('name'))}: "
            f"{difference_verdict(*limits(part(row, 'difference').get('interval')))}"
            for row in evaluation.get("comparators") or []
        ),
        "Confidence": shown(auc.get("reason") or auc.get("interval_kind"), 400),
    }


def _normalisation(evaluation: dict[str, Any]) -> str:
    if part(evaluation, "settings").get("normalise") == "none":
        return "values were not normalised"
    return "normalisation learnt on training patients"


def _missing_data(run: Run) -> str:
    missing = f"{percent(run.qc.get('missing_rate'))} of the matrix not detected." if run.qc else ""
    return f"{missing} {shown(part(run.evaluation, 'imputation').get('text'), 300)}".strip()


def _events_per_candidate(run: Run) -> str:
    cohort, panel = part(run.evaluation, "cohort"), part(run.evaluation, "panel")
    events, candidates = cohort.get("n_positive"), panel.get("n_candidates")
    if not events or not candidates:
        return f"events per candidate protein {NOT_REPORTED}"
    return f"{fixed(float(events) / float(candidates), 3)} events per candidate protein"


def _settings(evaluation: dict[str, Any]) -> str:
    settings = part(evaluation, "settings")
    named = [
        (name.replace("_", " "), shown(value, 30) or "none") for name, value in flatten(settings)
    ]
    text = ", ".join(f"{name} {value}" for name, value in named)
    return text + "." if text else ""


def _optimism(evaluation: dict[str, Any]) -> str:
    optimism = part(evaluation, "optimism")
    if not optimism:
        return ""
    return (
        f"Apparent AUC {fixed(optimism.get('apparent'))}, cross-validated "
        f"{fixed(optimism.get('cross_validated'))}."
    )
