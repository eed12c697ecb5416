"""`proteoclass evaluate --model`: a locked model on an external cohort."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from proteoclass.cli.options import READING_NAMES, InputFile, MatrixRequest, read_models

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome
    from proteoclass.scorer.external import ExternalEvaluation

#: What has a meaning beside --model; every other option tells how to fit or to split.
_BESIDE_MODEL = {
    *("matrix", "samples", "samples_sheet", "outcome", "positive", "negative", "index"),
    *("models", "output", "force", "as_json", "seed", "jobs", "verbose", "quiet"),
    "expect_sha",
}


def _column(ctx: click.Context, _param: click.Parameter, given: str) -> str:
    # An empty variable of a script must not turn into folds by chance.
    if ctx.get_parameter_source("leave_out") is not ParameterSource.DEFAULT and not given.strip():
        raise click.BadParameter("an empty name, expected the name of a column as in site")
    return given


model_option = click.option(
    "--model",
    "models",
    type=InputFile(),
    multiple=True,
    help="Judge this locked model on MATRIX, a cohort that it was not trained on. Twice: compare "
    "two models on the same patients.",
)
leave_out_option = click.option(
    "--leave-out",
    metavar="COLUMN",
    default="",
    callback=_column,
    help="Hold out each level of this column of the sample sheet once, such as site; excludes "
    "--folds and --repeats.",
)


def refuse_beside_leave_out() -> None:
    """Refuse --folds and --repeats, on which the levels of a column leave no choice.

    Raises
    ------
    UsageError
    """
    asked = [name for name in _given() if name in ("--folds", "--repeats")]
    if asked:
        raise click.UsageError(
            f"--leave-out excludes {', '.join(asked)}: each level is held out once; leave out one "
            "of them"
        )


def refuse_beside_model() -> None:
    """Refuse every option that tells how to fit or to split: a locked model does neither.

    Raises
    ------
    UsageError
    """
    asked = _given(_BESIDE_MODEL | set(READING_NAMES))
    if asked:
        raise click.UsageError(
            f"--model excludes {', '.join(asked)}: a locked model is not fitted again; leave out "
            "one of them"
        )


def evaluate_models(
    source: MatrixRequest, outcome: Outcome, files: tuple[str, ...], design: dict[str, Any]
) -> ExternalEvaluation:
    """Judge the first model, and compare the others with it.

    Parameters
    ----------
    source : MatrixRequest
        Read as the first model declares.
    outcome : Outcome
    files : tuple of str
        Model files.
    design : dict
        `index` and `seed`.

    Returns
    -------
    ExternalEvaluation
    """
    from proteoclass.scorer.external import evaluate_external

    model, *others = read_models(*files)
    matrix = source.read_for(model)
    return evaluate_external(
        *(model, matrix, outcome),
        others=others,
        index=design["index"],
        seed=design["seed"],
    )


def external_sentences(summary: dict[str, Any]) -> list[str]:
    """Return what an external evaluation comes down to, a line each.

    Parameters
    ----------
    summary : dict
        Content of `evaluation.json`.

    Returns
    -------
    list of str
    """
    from proteoclass.matrix.quality.duplicates import name_duplicates

    rows = [*summary["comparators"], *summary["comparisons"]]
    verdicts = (row["verdict"] for row in rows)
    return [*verdicts, *summary["warnings"], *name_duplicates(summary["duplicates"])]


def _given(allowed: set[str] | None = None) -> list[str]:
    """Return the options given on the command line, but for those that are allowed."""
    ctx = click.get_current_context()
    return [
        parameter.opts[0]
        for parameter in ctx.command.params
        if parameter.name not in (allowed or set())
        and ctx.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    ]
