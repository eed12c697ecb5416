"""`proteoclass report`: the study's and a patient's document."""

from __future__ import annotations

from pathlib import Path

import click

from proteoclass.cli.console import check_target, say
from proteoclass.cli.group import Group
from proteoclass.cli.options import output_option
from proteoclass.errors import InputError
from proteoclass.io import write_bytes, write_text

_run_argument = click.argument("run_dir", metavar="RUN_DIR")
_document_option = output_option("Document to write; .html or .pdf says which.", required=True)


@click.group(cls=Group)
def report() -> None:
    """Write the study's or a patient's report as HTML or PDF."""


@report.command()
@_run_argument
@_document_option
def study(run_dir: str, output: str, force: bool) -> None:
    """Write the report of the study in RUN_DIR."""
    _write(run_dir, None, output, force)


@report.command()
@_run_argument
@click.option("--patient", required=True, metavar="ID", help="Patient to report on.")
@_document_option
def patient(run_dir: str, patient: str, output: str, force: bool) -> None:
    """Write the report of one patient of the study in RUN_DIR."""
    _write(run_dir, patient, output, force)


def _write(run_dir: str, patient: str | None, output: str, force: bool) -> None:
    ending = Path(output).suffix.lower()
    if ending not in (".html", ".pdf"):
        raise click.BadParameter(
            f"found {output!r}, expected a name that ends in .html or .pdf", param_hint="-o"
        )
    check_target(output, force=force)
    if not Path(run_dir).is_dir():
        raise InputError(f"{run_dir}: no such folder; give one that 'run' wrote")
    from proteoclass.report import build_report, render_html, render_pdf

    document = build_report(run_dir, patient=patient)
    if ending == ".html":
        write_text(output, render_html(document), force=force)
    else:
        write_bytes(output, render_pdf(document), force=force)
    say(f"wrote {output}")
