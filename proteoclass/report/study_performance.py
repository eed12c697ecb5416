"""How well the score did on patients it had not seen."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.report.document import Block, Column, Figure, Paragraph, Table
from proteoclass.report.figures.calibration import calibration_frame, draw_calibration
from proteoclass.report.figures.canvas import label, records
from proteoclass.report.figures.comparators import comparators_frame, draw_comparators
from proteoclass.report.figures.decision_curve import (
    decision_curve_frame,
    draw_decision_curve,
    reported_curve,
)
from proteoclass.report.figures.group_scores import draw_group_scores, group_scores_frame
from proteoclass.report.figures.out_of_fold import index_predictions, mean_predictions
from proteoclass.report.figures.permutation import draw_permutation, permutation_frame
from proteoclass.report.figures.roc import draw_roc, roc_frame
from proteoclass.report.read_run import Run, part
from proteoclass.report.statements import cuts, limits, urine_caution, whole
from proteoclass.report.study_learning import learning_blocks
from proteoclass.report.study_rates import rate_blocks
from proteoclass.report.study_sets import set_blocks
from proteoclass.report.wording import (
    NOT_REPORTABLE,
    NOT_REPORTED,
    class_name,
    fixed,
    interval,
    known,
    p_value,
    percent,
    shown,
)


def performance_blocks(run: Run) -> tuple[Block, ...]:
    """Return the table of measures, then the pictures behind them."""
    evaluation = run.evaluation
    rows = index_predictions(run.predictions, run.positive)
    if rows.empty or rows["label"].nunique() < 2:
        reason = "predictions.tsv holds no index sample of both classes"
        return (Paragraph(f"Performance: {NOT_REPORTED} ({reason})."),)
    caution = urine_caution(run)
    return (
        Paragraph(_design_words(run)),
        _measures(evaluation),
        _interval_kinds(evaluation),
        *((Paragraph(caution, "small"),) if caution else ()),
        *rate_blocks(run),
        _scores(run, mean_predictions(rows)),
        *_discrimination(run, rows),
        *_use(run, rows),
        *learning_blocks(run),
        *set_blocks(run),
    )


def comparator_blocks(run: Run) -> tuple[Block, ...]:
    """Return simpler models on the same folds, and whether the score beats them."""
    comparators = [dict(row) for row in run.evaluation.get("comparators") or []]
    if not comparators:
        return (Paragraph("No simpler model was run on the same folds."),)
    frame = comparators_frame(part(run.evaluation, "auc"), comparators)
    table_rows = []
    for row, drawn in zip(comparators, records(frame)[1:], strict=True):
        difference = part(row, "difference")
        table_rows.append(
            (
                shown(row.get("name")),
                f"{fixed(drawn['auc'])} {interval(drawn['lower'], drawn['upper'])}",
                f"{fixed(difference.get('mean'), plus=True)} "
                f"{interval(*limits(difference.get('interval')))}",
                p_value(difference.get("p")),
                difference_verdict(*limits(difference.get("interval"))),
            )
        )
    kinds = {shown(part(row, "difference").get("kind"), 160) for row in comparators} - {""}
    columns = (
        Column("Compared with"),
        Column("AUC", "with interval", True),
        Column("Difference", "in AUC, with interval", True),
        Column("Test", "", True),
        Column("Verdict"),
    )
    alt = "Dot plot of AUC with interval. " + "; ".join(
        f"{shown(row.name)} {fixed(row.auc)}" for row in frame.itertuples(index=False)
    )
    return (
        Table(
            f"Simpler scores on the same folds ({'; '.join(sorted(kinds))})",
            columns,
            tuple(table_rows),
        ),
        Figure(
            "comparators",
            draw_comparators(frame),
            alt + ".",
            _comparator_caption(run, frame),
            frame,
        ),
    )


def _comparator_caption(run: Run, frame: pd.DataFrame) -> str:
    caption = "AUC with interval; the same folds throughout."
    main = fixed(part(run.evaluation, "auc").get("mean_over_repeats"))
    if fixed(frame["auc"].iloc[0]) != main:
        caption += f" Means over folds here; the main result, {main}, is the mean over repeats."
    return caption


def difference_verdict(low: float | None, high: float | None) -> str:
    """Return what the interval of a difference in AUC allows to say.

    Examples
    --------
    >>> difference_verdict(0.01, 0.2), difference_verdict(-0.1, 0.1), difference_verdict(None, 1)
    ('the score is better', 'no clear difference', 'not reported')
    """
    if low is None or high is None:
        return NOT_REPORTED
    if low > 0:
        return "the score is better"
    return "the score is worse" if high < 0 else "no clear difference"


def _design_words(run: Run) -> str:
    design = part(run.evaluation, "design")
    learnt = ["normalisation", "proteins", "trees", "calibration", "thresholds"]
    if part(run.evaluation, "settings").get("normalise") == "none":
        learnt.remove("normalisation")
    held = part(run.evaluation, "panel").get("held")
    if held:
        learnt.remove("proteins")
    column = shown(design.get("leave_out"), 60)
    splits = (
        f"Each of {whole(design.get('folds'))} levels of {column} held out once"
        if column
        else f"{whole(design.get('repeats'))} repeats of {whole(design.get('folds'))}-fold "
        "cross-validation, stratified"
    )
    return (
        f"{splits}, each patient in one fold only; everything that learns "
        f"({', '.join(learnt)}) was learnt inside the training folds"
        f"{'; the panel was held fixed' if held else ''}. Numbers are over index samples "
        f"(rule: {shown(design.get('index')) or NOT_REPORTED})."
    )


def _measures(evaluation: dict[str, Any]) -> Table:
    auc, brier = part(evaluation, "auc"), part(evaluation, "brier")
    precision = part(evaluation, "average_precision")
    calibration = part(evaluation, "calibration")
    optimism = part(evaluation, "optimism")
    slope, intercept = part(calibration, "slope"), part(calibration, "intercept")
    rows = (
        (
            "AUC",
            fixed(auc.get("mean_over_repeats")),
            _ends(auc) or NOT_REPORTABLE,
            "0.50 is chance",
        ),
        (
            "Average precision",
            fixed(precision.get("mean_over_repeats")),
            _ends(precision),
            f"{fixed(precision.get('prevalence'))} is chance",
        ),
        (
            "Brier score",
            fixed(brier.get("mean_over_repeats"), 3),
            _ends(brier, 3),
            f"{fixed(brier.get('reference'), 3)} is the prevalence alone; lower is better",
        ),
        (
            "Calibration slope",
            fixed(slope.get("median")),
            _over_repeats(slope, evaluation),
            shown(slope.get("reason"), 200) or "1 is ideal; below 1, predictions are too extreme",
        ),
        (
            "Calibration intercept",
            fixed(intercept.get("median")),
            _over_repeats(intercept, evaluation),
            shown(intercept.get("reason"), 200) or "0 is ideal",
        ),
        *_in_the_large(calibration),
        (
            "Optimism",
            _optimism(optimism),
            "",
            f"apparent AUC {fixed(optimism.get('apparent'))} minus cross-validated",
        ),
    )
    columns = (
        Column("Measure"),
        Column("Value", "", True),
        Column("Interval", "", True),
        Column("Read it as"),
    )
    return Table("Measures on held-out patients", columns, rows)


def _in_the_large(calibration: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    found = part(calibration, "in_the_large")
    if known(found.get("difference")) is None:
        return ()
    value = fixed(found["difference"], plus=True)
    read = "observed share less mean probability; 0 is ideal"
    return (("Calibration in the large", value, _ends(found), read),)


def _ends(found: dict[str, Any], digits: int = 2) -> str:
    """Return an interval, or nothing where an older evaluation has none."""
    low, high = limits(found.get("interval"))
    return "" if low is None or high is None else interval(low, high, digits)


def _over_repeats(found: dict[str, Any], evaluation: dict[str, Any]) -> str:
    """Return the smallest and the largest value of the repeats; of one they are no interval."""
    if known(part(evaluation, "design").get("repeats")) == 1:
        return "one repeat"
    return interval(found.get("low"), found.get("high"))


def _interval_kinds(evaluation: dict[str, Any]) -> Paragraph:
    main = part(evaluation, "auc")
    auc = shown(main.get("interval_kind"), 400) or f"kind {NOT_REPORTED}"
    if not _ends(main):
        auc = f"{NOT_REPORTABLE} ({shown(main.get('reason'), 240) or f'reason {NOT_REPORTED}'})"
    calibration = shown(part(evaluation, "calibration").get("kind"), 200) or f"kind {NOT_REPORTED}"
    drawn = shown(part(evaluation, "brier").get("interval_kind"), 400)
    more = f" Average precision and Brier score: {drawn}." if drawn else ""
    return Paragraph(f"Intervals. AUC: {auc}. Calibration: {calibration}.{more}", "small")


def _optimism(optimism: dict[str, Any]) -> str:
    apparent, honest = known(optimism.get("apparent")), known(optimism.get("cross_validated"))
    return NOT_REPORTED if apparent is None or honest is None else fixed(apparent - honest)


def _discrimination(run: Run, rows: pd.DataFrame) -> tuple[Block, ...]:
    auc, test = part(run.evaluation, "auc"), part(run.evaluation, "permutation")
    null = part(test, "null")
    curves = roc_frame(rows)
    words = (
        f"mean AUC {fixed(auc.get('mean_over_repeats'))} over {rows['repeat'].nunique()} repeats"
    )
    column = shown(part(run.evaluation, "design").get("leave_out"), 60)
    if column:
        # One curve cannot be drawn of several: all patients are ranked together in it.
        words = f"{column} ranked together; mean AUC within them {fixed(auc['mean_over_repeats'])}"
        auc = {**auc, "mean_over_repeats": part(auc, "pooled").get("value")}
    band = ""
    if known(null.get("q05")) is not None:
        band = " Grey band: curves with the AUCs of the middle 90\u00a0% of permutations."
    roc = Figure(
        "roc",
        draw_roc(curves, auc, null),
        f"ROC curve, {words}.",
        f"ROC of each repeat (thin) and their mean (thick), {words}.{band}",
        curves,
        half=True,
    )
    values = test.get("values") or []
    if not values or known(test.get("observed")) is None:
        reason = shown(test.get("reason")) or "not run"
        return (roc, Paragraph(f"Permutation test: {reason}."))
    frame = permutation_frame(values)
    p = p_value(test.get("p"))
    observed = float(test["observed"])
    kind = shown(test.get("kind"), 240) or f"kind {NOT_REPORTED}"
    return (
        roc,
        Figure(
            "permutation",
            draw_permutation(frame, observed, p),
            f"Histogram of {len(values)} AUCs under permuted labels; "
            f"observed {fixed(observed)}, {p}.",
            f"AUC of {len(values)} permutations ({kind}), observed {fixed(observed)}, {p}.",
            frame,
            half=True,
        ),
    )


def _use(run: Run, rows: pd.DataFrame) -> tuple[Block, ...]:
    mean = mean_predictions(rows)
    bins = calibration_frame(mean)
    found = part(run.evaluation, "decision_curve")
    curve = reported_curve(found) if found.get("model") else decision_curve_frame(rows)
    said = "; ".join(
        f"predicted {fixed(b.predicted)}, observed {fixed(b.observed)}" for b in bins.itertuples()
    )
    positive = class_name(run.positive)
    useful = curve[(curve["model"] > curve["all"]) & (curve["model"] > 0)]
    where = "at no threshold"
    if len(useful):
        where = f"at {len(useful)} of {len(curve)} thresholds"
    return (
        Figure(
            "calibration",
            draw_calibration(bins, mean, label(positive, 16)),
            f"Calibration in {len(bins)} bins: {said}.",
            f"Calibration: {len(bins)} bins of about {round(float(bins['n'].mean()))} samples, "
            "repeats averaged on the log-odds; 95\u00a0% Wilson intervals. Ticks: the predictions.",
            bins,
            half=True,
        ),
        Figure(
            "decision-curve",
            draw_decision_curve(curve),
            f"Decision curve: acting on the score is best {where} (0.01 to 0.99).",
            _decision_caption(found, where),
            curve,
            half=True,
        ),
    )


def _decision_caption(found: dict[str, Any], where: str) -> str:
    verdict, caution = shown(found.get("verdict"), 400), shown(found.get("caution"), 300)
    if not verdict:
        return f"Decision curve: acting on the score is better than on all or none {where}."
    return f"Decision curve. {verdict} {caution[:1].upper()}{caution[1:]}."


def _scores(run: Run, mean: pd.DataFrame) -> Figure:
    names = (shown(run.positive, 40), shown(run.negative, 40))
    frame = group_scores_frame(mean, *names)
    medians = frame.groupby("group")["score"].median()
    said = "; ".join(
        f"{class_name(name)}: median {fixed(medians.get(name), 0)} "
        f"({percent(share)} of index samples)"
        for name, share in frame["group"].value_counts(normalize=True).items()
    )
    return Figure(
        "scores-by-class",
        draw_group_scores(frame, cuts(run), names),
        f"Out-of-fold scores by class. {said}.",
        f"Index samples, out-of-fold, repeats averaged on the log-odds. {said}.",
        frame,
    )
