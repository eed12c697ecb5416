"""`proteoclass selftest`."""

from __future__ import annotations

import itertools
import textwrap
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from proteoclass.cli.console import check_target, notices, progress_bar, put_json, put_text, say
from proteoclass.cli.external import leave_out_option, refuse_beside_leave_out
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    READING_NAMES,
    InputFile,
    MatrixRequest,
    index_option,
    jobs_option,
    json_option,
    matrix_options,
    outcome_options,
    output_option,
    panel_option,
    seed_option,
)
from proteoclass.cli.settings_options import settings_options, tune_option

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome, ProteinMatrix
    from proteoclass.panel import Panel
    from proteoclass.scorer import Settings
    from proteoclass.selftest import SelftestReport, Trial

#: `RUNS` and `QUICK_RUNS` of the self-test, spelt out: importing it would load the learners.
RUNS, QUICK_RUNS = 20, 5
#: What goes with a study file; all else is in it.
_BESIDE_STUDY = {
    *("study", "pipeline", "runs", "quick", "output", "force", "seed", "jobs"),
    *("as_json", "verbose", "quiet"),
}
_WIDTHS = (18, 7, 34, 34)


@dataclass(frozen=True, eq=False)
class _Asked:
    """The cohort and the configuration to try."""

    matrix: ProteinMatrix | None
    outcome: Outcome | None
    settings: Settings
    panel: Panel | None
    folds: int
    leave_out: str
    index: str
    seed: int


@click.command(cls=Command)
@matrix_options(samples="optional", required=False)
@outcome_options(required=False)
@click.option("--study", type=InputFile(), metavar="FILE", help="Take all of it from a study file.")
@click.option(
    "--pipeline",
    type=click.Choice(("own", "leaky")),
    default="own",
    show_default=True,
    help="own: evaluate with these settings; leaky: proteins chosen on all samples first, which "
    "must be caught.",
)
@settings_options
@panel_option
@tune_option
@index_option
@click.option(
    "--folds",
    type=click.IntRange(2, 20),
    default=5,
    show_default=True,
    help="Parts the patients are split into.",
)
@leave_out_option
@click.option(
    "--runs",
    type=click.IntRange(QUICK_RUNS),
    help=f"Data sets of permuted labels, and as many of noise; {RUNS} without it.",
)
@click.option("--quick", is_flag=True, help=f"The same as --runs {QUICK_RUNS}.")
@output_option("File for what goes to stdout without it.")
@seed_option
@jobs_option
@json_option
def selftest(
    source: MatrixRequest | None,
    outcome: Outcome | None,
    study: str | None,
    pipeline: str,
    runs: int | None,
    quick: bool,
    output: str | None,
    force: bool,
    jobs: int,
    as_json: bool,
    **configuration: Any,
) -> None:
    """Try your own configuration on data of which the truth is known.

    Permuted labels, noise of the same shape, planted leaks, a planted signal, absurd test
    rows, blood and albumin: what was expected and what came out. Without MATRIX and
    without --study the data take their shape from a simulated cohort. Ends with 7 where
    the pipeline fools itself or follows blood or albumin. A trial takes one repeat and at
    most 5 bags; clinical columns, the learning curve and prediction sets are not tried.
    50 patients and 4,000 proteins take about two minutes with --jobs 2.
    """
    if configuration["leave_out"]:
        refuse_beside_leave_out()
    if quick and runs is not None:
        raise click.UsageError("--quick and --runs exclude each other")
    if study is None and source is None:
        _refuse({"samples", "samples_sheet", *READING_NAMES}, "{} read MATRIX, which is not given")
    check_target(output, force=force)
    if study is not None:
        _refuse(_all_options() - _BESIDE_STUDY, "--study excludes {}; it says these itself")
        asked = _of_study(study, configuration["seed"])
    else:
        asked = _of_options(source, outcome, configuration)
    start = time.perf_counter()
    report = _run(asked, pipeline, QUICK_RUNS if quick else runs or RUNS, jobs)
    if as_json:
        put_json(report.as_dict(), output, force=force)
    else:
        put_text(report_text(report), output, force=force)
    say(f"{len(report.trials)} trials in {time.perf_counter() - start:.0f} s")
    report.require_passed()


def report_text(report: SelftestReport) -> str:
    """Return the table of trials for people.

    Parameters
    ----------
    report : SelftestReport

    Returns
    -------
    str
        Lines of at most 100 letters.
    """
    heading = ("trial", "verdict", "expected", "found")
    blocks = [_row(heading), *(_row(_cells(trial)) for trial in report.trials)]
    return "\n".join(blocks)


def _cells(trial: Trial) -> tuple[str, str, str, str]:
    return trial.name, trial.verdict, trial.expected, trial.found


def _row(cells: tuple[str, ...]) -> str:
    wrapped = [textwrap.wrap(cell, size) for cell, size in zip(cells, _WIDTHS, strict=True)]
    lines = [
        "  ".join(part.ljust(size) for part, size in zip(parts, _WIDTHS, strict=True)).rstrip()
        for parts in itertools.zip_longest(*wrapped, fillvalue="")
    ]
    return "".join(f"{line}\n" for line in lines)


def _run(asked: _Asked, pipeline: str, runs: int, jobs: int) -> SelftestReport:
    from proteoclass import selftest as room

    own = room.SeverityPipeline(
        asked.settings, asked.panel, asked.folds, asked.index, asked.leave_out
    )
    with progress_bar() as progress:
        return room.run(
            room.LeakyPipeline(own) if pipeline == "leaky" else own,
            asked.matrix,
            asked.outcome,
            name=pipeline,
            index=asked.index,
            runs=runs,
            seed=asked.seed,
            jobs=jobs,
            progress=progress,
        )


def _of_options(
    source: MatrixRequest | None, outcome: Outcome | None, configuration: dict[str, Any]
) -> _Asked:
    from proteoclass.panel.library import load_panel

    if (source is None) != (outcome is None):
        raise click.UsageError("MATRIX and --outcome are given together, or neither")
    name = configuration.pop("panel")
    panel = None if name is None else load_panel(name)
    matrix = None if source is None else source.read()
    return _Asked(matrix=matrix, outcome=outcome, panel=panel, **configuration)


def _of_study(path: str, seed: int) -> _Asked:
    from proteoclass.study import read_inputs
    from proteoclass.study_file import load_study

    study, base = load_study(path)
    given = read_inputs(study, base)
    notices(given.matrix.source.notes)
    own_seed = _given("seed")
    return _Asked(
        matrix=given.matrix,
        outcome=given.outcome,
        settings=given.settings,
        panel=given.panel,
        folds=study.evaluate.folds,
        leave_out=study.evaluate.leave_out,
        index=study.outcome.index,
        seed=seed if own_seed else study.study.seed,
    )


def _all_options() -> set[str]:
    return {str(param.name) for param in click.get_current_context().command.params}


def _refuse(options: set[str], why: str) -> None:
    # Nothing that was asked for is ignored unsaid.
    names = [
        "MATRIX" if param.name == "matrix" else param.opts[0]
        for param in click.get_current_context().command.params
        if param.name in options and _given(str(param.name))
    ]
    if names:
        raise click.UsageError(why.format(", ".join(names)))


def _given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE
