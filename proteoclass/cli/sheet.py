"""`proteoclass sheet`."""

from __future__ import annotations

import click

from proteoclass.cli.console import check_target, put_table
from proteoclass.cli.group import Command
from proteoclass.cli.options import MatrixRequest, matrix_options, output_option


@click.command(cls=Command)
@matrix_options(samples="none")
@output_option("Sample sheet to write; stdout without it.")
def sheet(source: MatrixRequest, output: str | None, force: bool) -> None:
    """Write a sample sheet to fill in, with the file's own sample names."""
    from proteoclass.matrix import blank_sheet

    check_target(output, force=force)
    put_table(blank_sheet(source.read()), output, force=force)
