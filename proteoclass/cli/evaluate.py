"""`proteoclass evaluate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import given_files, notices, progress_bar, put_json, say
from proteoclass.cli.external import (
    evaluate_models,
    external_sentences,
    leave_out_option,
    model_option,
    refuse_beside_leave_out,
    refuse_beside_model,
)
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    MatrixRequest,
    expect_sha_option,
    expected_sha,
    folds_options,
    index_option,
    jobs_option,
    json_option,
    matrix_options,
    outcome_options,
    output_option,
    panel_option,
    seed_option,
)
from proteoclass.cli.panel_size_options import sizes_options
from proteoclass.cli.settings_options import settings_options, tune_option
from proteoclass.io import new_folder
from proteoclass.panel.evidence.table import panel_sentences

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome
    from proteoclass.scorer import Evaluation, Settings
    from proteoclass.scorer.external import ExternalEvaluation

#: What takes fits of its own, and says in one sentence what it found.
_FITTED = ("learning_curve", "conformal")


def _columns(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> list[str]:
    names = [name.strip() for part in given for name in part.split(",")]
    if not all(names):
        raise click.BadParameter("an empty name, expected names of columns as in age,sex,crp_mg_l")
    return list(dict.fromkeys(names))


@click.command(cls=Command)
@matrix_options()
@outcome_options()
@settings_options
@panel_option
@tune_option
@index_option
@folds_options
@leave_out_option
@model_option
@expect_sha_option
@click.option(
    "--permutations",
    type=click.IntRange(0, 100_000),
    default=100,
    show_default=True,
    help="Shuffles of the labels over patients for the null.",
)
@click.option(
    "--clinical",
    multiple=True,
    metavar="COLUMN,...",
    callback=_columns,
    help="Columns of the sample sheet, such as age,sex,crp_mg_l: scored alone and together with "
    "the panel on the same folds. Repeatable.",
)
@click.option(
    "--learning-curve",
    is_flag=True,
    help="Find the AUC on 40, 55, 70 and 85 % of the training patients too.",
)
@click.option(
    "--conformal",
    type=click.FloatRange(0, 0.5, max_open=True),
    default=0.0,
    metavar="ALPHA",
    help="Judge prediction sets that may miss this share of each class, such as 0.1; 0 for none.",
)
@sizes_options("1,2,3,5,7,10,15,20,25,30,40,50")
@output_option("Folder for evaluation.json and predictions.tsv.")
@seed_option
@jobs_option
@json_option
def evaluate(
    source: MatrixRequest,
    outcome: Outcome,
    settings: Settings,
    output: str | None,
    force: bool,
    as_json: bool,
    panel: str | None,
    models: tuple[str, ...],
    **design: Any,
) -> None:
    """Estimate by cross-validation how well the procedure separates.

    Nested, repeated, grouped by patient; normalisation and panel selection are learnt
    inside each fold. With --model nothing is learnt: a locked model is judged on a cohort
    that it was not trained on. Give -o, --json or both.
    """
    if output is None and not as_json:
        raise click.UsageError("give -o DIR for the files, or --json to print the result")
    expected_sha(len(models))
    if models:
        refuse_beside_model()
    if design["leave_out"]:
        refuse_beside_leave_out()

    def work() -> Evaluation | ExternalEvaluation:
        if models:
            return evaluate_models(source, outcome, models, design)
        return _evaluate(source, outcome, settings, panel, design)

    if output is None:
        result = work()
    else:
        # The folder is claimed first: a refusal should not cost the evaluation.
        with new_folder(output, force=force, inputs=given_files()) as folder:
            result = work()
            result.write(folder)
        say(f"wrote {output}")
    if as_json:
        put_json(result.summary)
    notices(external_sentences(result.summary) if models else _sentences(result.summary))
    say(evaluation_line(result.summary))


def _sentences(summary: dict[str, Any]) -> list[str]:
    """Return what was assumed in a cross-validation and what it found, a line each."""
    return [
        summary["imputation"]["text"],
        summary["tuning"]["text"],
        *summary["settings"]["constraints"]["sentences"],
        *finding_sentences(summary),
    ]


def finding_sentences(summary: dict[str, Any]) -> list[str]:
    """Return what a cross-validation comes down to, a line each."""
    from proteoclass.matrix.quality.duplicates import name_duplicates
    from proteoclass.scorer.rivals.evidence import verdicts

    return [
        *panel_sentences(summary["panel"]),
        *verdicts(summary),
        *(summary[key]["text"] for key in _FITTED if "text" in summary[key]),
        *summary["warnings"],
        *name_duplicates(summary["duplicates"]),
    ]


def evaluation_line(summary: dict[str, Any]) -> str:
    """Return the one sentence that an evaluation comes down to."""
    auc, permutation = summary["auc"], summary["permutation"]
    if permutation.get("p") is None:
        null = f"no permutation p ({permutation.get('reason', 'not run')})"
    else:
        null = f"permutation p {permutation['p']:.2g}"
    return (
        f"AUC {auc_text(auc, permutation)}, {null}; "
        f"{auc['n_patients']} patients, {auc['n_positive']} positive"
    )


def auc_text(auc: dict[str, Any], permutation: dict[str, Any]) -> str:
    """Return an AUC with its interval, and that it is no better than chance where that holds."""
    from proteoclass.scorer.chance import NO_BETTER, reasons_for_chance

    verdict = f", {NO_BETTER}" if reasons_for_chance(auc, permutation) else ""
    return f"{auc['mean_over_repeats']:.2f}{verdict} ({interval_text(auc)})"


def interval_text(auc: dict[str, Any]) -> str:
    """Return an interval and its kind, or that there is none."""
    low, high = auc.get("interval") or (None, None)
    # Not a number, which is null in the file, is no interval either.
    if low is None or high is None or low != low:
        return "interval not reportable"
    return f"interval {low:.2f} to {high:.2f}, {auc.get('interval_kind', 'kind not stated')}"


def _evaluate(
    source: MatrixRequest,
    outcome: Outcome,
    settings: Settings,
    panel: str | None,
    design: dict[str, Any],
) -> Evaluation:
    from proteoclass.panel.library import load_panel
    from proteoclass.scorer import evaluate as run

    chosen = None if panel is None else load_panel(panel)
    matrix = source.read()
    with progress_bar() as progress:
        return run(matrix, outcome, settings=settings, panel=chosen, progress=progress, **design)
