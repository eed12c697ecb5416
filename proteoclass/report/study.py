"""The study report: the main result, what it rests on, and every number behind it."""

from __future__ import annotations

from typing import Any

from proteoclass.report.document import (
    RESEARCH_ONLY,
    Block,
    Column,
    Document,
    Notice,
    Paragraph,
    Section,
    Table,
)
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import (
    SYNTHETIC,
    SYNTHETIC_DATA,
    auc_interval,
    limits,
    urine_caution,
    whole,
)
from proteoclass.report.study_checklists import checklist_blocks
from proteoclass.report.study_course import course_blocks
from proteoclass.report.study_groups import group_blocks
from proteoclass.report.study_panel import panel_blocks
from proteoclass.report.study_performance import comparator_blocks, performance_blocks
from proteoclass.report.study_provenance import model_blocks, note_blocks, provenance_blocks
from proteoclass.report.study_quality import quality_blocks
from proteoclass.report.study_rivals import rival_blocks
from proteoclass.report.wording import (
    NOT_REPORTED,
    class_name,
    count,
    fixed,
    interval,
    known,
    moment,
    p_value,
    percent,
    shown,
)

# Above this an AUC of a small proteome panel is more often a leak than a discovery.
_TOO_GOOD = 0.95
_ALPHA = 0.05
_SAID_ABOVE = ("look for a leak", "conditional on the search", "no better than chance")


def study_document(run: Run) -> Document:
    """Build the report of a whole run.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Document
    """
    sections = (
        Section("Main result", _summary(run)),
        Section("Participants", _participants(run)),
        Section("Performance", performance_blocks(run)),
        Section("Groups and sites", group_blocks(run)),
        Section("Against simpler scores", (*comparator_blocks(run), *rival_blocks(run))),
        Section("Panel", panel_blocks(run)),
        Section("Quality of the measurements", quality_blocks(run)),
        Section("Scores over time", course_blocks(run)),
        Section("Locked model", model_blocks(run)),
        Section("Reporting checklists", checklist_blocks(run), new_page=True),
        Section("Settings, inputs and software", provenance_blocks(run)),
    )
    title = shown(run.study.get("title"), 160) or "Severity score study"
    made = moment(run.run.get("created"))
    return Document(
        title=title,
        kind="study",
        banner=RESEARCH_ONLY,
        watermark=SYNTHETIC if run.synthetic else "",
        status=f"Study report · fluid: {shown(run.fluid)} · made {made or NOT_REPORTED}",
        running=title,
        created=shown(run.run.get("created")),
        sections=sections,
    )


def main_sentence(run: Run) -> str:
    """Return the main result with its interval, its null and the n it rests on."""
    from proteoclass.scorer.chance import NO_BETTER, reasons_for_chance

    cohort, auc = part(run.evaluation, "cohort"), part(run.evaluation, "auc")
    positive, negative = class_name(run.positive), class_name(run.negative)
    mean = known(auc.get("mean_over_repeats"))
    people = (
        f"{whole(cohort.get('n_patients'))} patients, {whole(cohort.get('n_positive'))} {positive}"
    )
    if mean is None:
        return f"In {people}: the cross-validated AUC is {NOT_REPORTED}."
    ends = limits(auc.get("interval"))
    test = part(run.evaluation, "permutation")
    null = {"p": known(test.get("p")), "n": known(test.get("n")) or 0}
    reached = {"mean_over_repeats": mean, "interval": ends}
    verdict = f", {NO_BETTER}" if reasons_for_chance(reached, null) else ""
    return (
        f"In {people}, a score from {whole(part(run.evaluation, 'panel').get('size'))} proteins, "
        f"{positive} against {negative}, has a cross-validated AUC of {fixed(mean)} "
        f"{auc_interval(auc)}{verdict}; {null_words(run)}."
    )


def null_words(run: Run) -> str:
    """Return the permutation test in words, or why there is none."""
    test = part(run.evaluation, "permutation")
    p = known(test.get("p"))
    if p is None:
        return f"no permutation test ({shown(test.get('reason'), 160) or 'reason ' + NOT_REPORTED})"
    n = known(test.get("n")) or 0
    if p <= _ALPHA:
        verdict = "better than with permuted labels"
    elif 1 / (1 + n) > _ALPHA:
        # p cannot be smaller than 1 / (1 + n), however good the score is.
        verdict = "too few permutations to tell it from permuted labels"
    else:
        verdict = "not distinguishable from permuted labels"
    return f"{verdict} ({p_value(p)}, {count(n, 'permutation')})"


def honesty_sentences(run: Run) -> tuple[str, ...]:
    """Return what limits the main result, each sentence from a number of the run."""
    auc = part(run.evaluation, "auc")
    mean = known(auc.get("mean_over_repeats"))
    low, high = limits(auc.get("interval"))
    estimand = shown(auc.get("estimand"), 300) or f"estimand {NOT_REPORTED}"
    kind = shown(auc.get("interval_kind"), 400) or f"kind {NOT_REPORTED}"
    limited = "it has no interval" if None in (low, high) else f"its interval is {kind}"
    left_out = part(run.evaluation, "design").get("leave_out")
    elsewhere = "cohort but this one" if left_out else "other site"
    sentences = [
        f"The AUC estimates: {estimand}; {limited}. It speaks for patients like "
        f"these, measured in the same way; no {elsewhere} has tested it.",
    ]
    if low is not None and low <= 0.5:
        sentences.append("The interval reaches 0.5: chance is not excluded.")
    if mean is not None and mean > _TOO_GOOD:
        sentences.append(
            f"An AUC above {_TOO_GOOD:.2f} is rare for such a panel: look for a leak before "
            "believing it."
        )
    sentences.append(_single_protein(run))
    if part(run.evaluation, "cohort").get("quantity_scope") == "cohort":
        sentences.append(
            "Protein values were computed across runs before they reached us: the result is "
            "conditional on the search."
        )
    return tuple(sentence for sentence in sentences if sentence)


def _single_protein(run: Run) -> str:
    for row in run.evaluation.get("comparators") or []:
        if "single protein" not in str(row.get("name")).lower():
            continue
        difference = part(row, "difference")
        low, high = limits(difference.get("interval"))
        alone = f"AUC {_alone(part(run.evaluation, 'auc'), part(row, 'auc'))}"
        if low is None or high is None:
            return f"The best single protein reaches {alone}; the difference is {NOT_REPORTED}."
        ends = f"difference {fixed(difference.get('mean'), plus=True)} {interval(low, high)}"
        if low > 0:
            return f"The best single protein alone reaches {alone} ({ends})."
        beaten = "is worse than" if high < 0 else "does not clearly beat"
        return f"The panel {beaten} the best single protein, which alone reaches {alone} ({ends})."
    return "The best single protein was not run on the same folds."


def _alone(own: dict[str, Any], other: dict[str, Any]) -> str:
    """Return a comparator's AUC; the score's beside it where the kind of mean differs."""
    if known(other.get("mean_over_repeats")) is not None:
        return fixed(other["mean_over_repeats"])
    alone, score = fixed(other.get("mean_over_folds")), known(own.get("mean_over_folds"))
    return alone if score is None else f"{alone} as a mean over folds, the score {fixed(score)}"


def _summary(run: Run) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if run.synthetic:
        blocks.append(Notice(SYNTHETIC_DATA, "synthetic"))
    blocks.append(Paragraph(main_sentence(run), "lead"))
    blocks.append(Paragraph(" ".join(honesty_sentences(run))))
    caution = urine_caution(run)
    if caution:
        blocks.append(Paragraph(caution))
    # What the sentences above already say is not repeated as a warning.
    said = [shown(row.get("verdict"), 240) for row in run.evaluation.get("comparators") or []]
    for text in run.evaluation.get("warnings") or []:
        words = shown(text, 240)
        if words not in said and not any(mark in words for mark in _SAID_ABOVE):
            blocks.append(Notice(words, "warning"))
    return tuple(blocks)


def _participants(run: Run) -> tuple[Block, ...]:
    cohort = part(run.evaluation, "cohort")
    positive, negative = class_name(run.positive), class_name(run.negative)
    total, events = known(cohort.get("n_patients")), known(cohort.get("n_positive"))
    share = percent(events / total) if total and events is not None else NOT_REPORTED
    refused = _refused(run)
    rows = (
        ("Patients with a label", whole(total), f"{share} {positive}"),
        (f"– {positive}", whole(events), "positive class"),
        (f"– {negative}", whole(cohort.get("n_negative")), "negative class"),
        ("Index samples", whole(cohort.get("n_index_samples")), "trained and evaluated on"),
        ("Follow-up samples", whole(cohort.get("n_follow_up_samples")), "scored, never trained on"),
        ("Other samples", whole(cohort.get("n_other_samples")), "neither trained nor evaluated on"),
        ("Not reportable", whole(refused), "samples without a score"),
        ("Proteins", whole(cohort.get("n_proteins")), f"kind: {shown(cohort.get('kind'))}"),
    )
    columns = (Column("Who and what"), Column("Number", "", True), Column("Used for"))
    return (Table("From patients to samples", columns, rows), *note_blocks(run))


def _refused(run: Run) -> int:
    status = run.scores["status"].astype(str).str.strip().str.lower()
    return int((status == "not reportable").sum())
