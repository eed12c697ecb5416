"""`proteoclass run`."""

from __future__ import annotations

import json

import click

from proteoclass.cli.console import notices, progress_bar, say
from proteoclass.cli.evaluate import evaluation_line, finding_sentences
from proteoclass.cli.group import Command
from proteoclass.cli.options import InputFile, jobs_option, output_option


@click.command(cls=Command)
@click.argument("file", type=InputFile(), metavar="STUDY")
@output_option("Folder to write.", required=True)
@click.option("--seed", type=click.IntRange(0), help="Seed; the study file's without it.")
@jobs_option
def run(file: str, output: str, force: bool, seed: int | None, jobs: int) -> None:
    """Run a whole study file into one folder.

    Quality control, panel, evaluation, model, scores, trajectories and the study's and
    each patient's report. STUDY is a TOML file.
    """
    from proteoclass.study import run_study

    with progress_bar() as progress:
        folder = run_study(file, output, force=force, jobs=jobs, seed=seed, progress=progress)
    say(f"wrote {folder}")
    # As `evaluate` says it: what was left out or assumed, and what to make of the result.
    notices(json.loads((folder / "run.json").read_text(encoding="utf-8"))["notes"])
    summary = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    notices(finding_sentences(summary))
    say(evaluation_line(summary))
