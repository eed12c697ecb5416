"""`proteoclass compare`."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import given_files, notices, progress_bar, put_json, say
from proteoclass.cli.evaluate import interval_text
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    Function,
    InputFile,
    MatrixRequest,
    choice_option,
    folds_options,
    index_option,
    jobs_option,
    json_option,
    matrix_options,
    outcome_options,
    output_option,
    seed_option,
    stack,
)
from proteoclass.cli.settings_options import settings_options, tune_option
from proteoclass.io import new_folder

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome
    from proteoclass.scorer import Settings
    from proteoclass.scorer.fluids import FluidComparison

#: How B is read may differ from how A is; all else is read alike.
_OWN = ("format", "sheet", "proteins", "scale", "kind", "fluid", "quantity")


def _other_matrix_options(function: Function) -> Function:
    """Add the B argument and what reads it; pass it as `other`."""

    @functools.wraps(function)
    def command(*, source: MatrixRequest, matrix_b: str, samples_b: str | None, **rest: Any) -> Any:
        own = {name: rest.pop(f"{name}_b") for name in _OWN}
        if samples_b is not None:
            # The sheet of a workbook was named for the other file.
            own["samples_sheet"] = None
        other = MatrixRequest(matrix_b, samples_b or source.samples, source.options | own)
        return function(source=source, other=other, **rest)

    return stack(
        command,
        [
            click.argument("matrix_b", type=InputFile(), metavar="B"),
            click.option("--samples-b", type=InputFile(), help="Sample sheet of B, if another."),
            choice_option("format", "Layout of B's file.", "-b"),
            click.option("--sheet-b", metavar="NAME", help="Sheet of B, an xlsx matrix."),
            click.option("--proteins-b", type=InputFile(), help="Table of B's proteins."),
            choice_option("scale", "Whether B's values are raw or logarithms.", "-b"),
            choice_option("kind", "What B's values are.", "-b"),
            choice_option("fluid", "What was measured in B.", "-b"),
            click.option(
                "--quantity-b",
                default="auto",
                show_default=True,
                metavar="NAME",
                help="Which intensity columns of B.",
            ),
        ],
    )


@click.command(cls=Command)
@matrix_options(metavar="A")
@_other_matrix_options
@outcome_options()
@settings_options
@tune_option
@index_option
@folds_options
@output_option("Folder for comparison.json, correlations.tsv and predictions.tsv.")
@seed_option
@jobs_option
@json_option
def compare(
    source: MatrixRequest,
    other: MatrixRequest,
    outcome: Outcome,
    settings: Settings,
    output: str | None,
    force: bool,
    as_json: bool,
    **design: Any,
) -> None:
    """Compare two fluids or platforms on the same patients.

    Patients with an index sample in both A and B, told by patient_id, the same ones in the
    same folds: the AUC of each and of both together, paired differences, and how the scores
    and the proteins that both measure correlate. Give -o, --json or both.
    """
    if output is None and not as_json:
        raise click.UsageError("give -o DIR for the files, or --json to print the result")

    def work() -> FluidComparison:
        from proteoclass.scorer.fluids import compare_fluids

        # One left out samples, the other did not: a notice says which.
        a, b = replace(source, called="A").read(), replace(other, called="B").read()
        with progress_bar() as progress:
            return compare_fluids(a, b, outcome, settings=settings, progress=progress, **design)

    if output is None:
        result = work()
    else:
        # The folder is claimed first: a refusal should not cost the comparison.
        with new_folder(output, force=force, inputs=given_files()) as folder:
            result = work()
            result.write(folder)
        say(f"wrote {output}")
    if as_json:
        put_json(result.summary)
    _tell(result.summary)


def _tell(summary: dict[str, Any]) -> None:
    """Say who was compared, what each reaches, and what may be said of the difference."""
    from proteoclass.matrix.quality.duplicates import name_duplicates

    notices([summary["patients"]["text"], summary["proteins"]["text"], *summary["warnings"]])
    for name in ("a", "b"):
        named = name_duplicates(summary[name]["duplicates"])
        notices(f"{name.upper()}: {sentence}" for sentence in named)
    for name in ("a", "b", "fused"):
        auc = summary["auc"][name]
        what = f"{name.upper()} ({summary[name]['fluid']})" if name != "fused" else "A and B fused"
        say(f"{what}: AUC {auc['mean_over_repeats']:.2f} ({interval_text(auc)})")
    say(_correlation_text(summary["score_correlation"]))
    for comparison in reversed(summary["comparisons"]):
        say(comparison["verdict"])


def _correlation_text(scores: dict[str, Any]) -> str:
    if "reason" in scores:
        return f"whether the scores of A and B correlate is not reportable: {scores['reason']}"
    low, high = scores["interval"]
    # A perfect order has no interval.
    limits = "no interval" if low != low else f"{low:.2f} to {high:.2f}"
    return (
        f"scores of A and B: Spearman {scores['spearman']:.2f} ({limits}) over "
        f"{scores['n']} patients"
    )
