"""`proteoclass qc`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proteoclass.cli.console import check_target, notices, put_json
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    MatrixRequest,
    index_option,
    matrix_options,
    outcome_options,
    output_option,
)

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome


@click.command(cls=Command)
@matrix_options(samples="optional")
@outcome_options(required=False)
@index_option
@output_option("JSON file to write; stdout without it.")
def qc(
    source: MatrixRequest, outcome: Outcome | None, index: str, output: str | None, force: bool
) -> None:
    """Measure depth, missing values, outliers and rivals of a protein score.

    Also components by batch, precision of pools and replicates, drift with injection and,
    with --fluid urine, each specimen's dilution, albumin and blood. With an outcome, the
    AUC of depth, missing values, visits, batch and treatment alone is given: a protein
    score must beat them.
    """
    if output is not None and Path(output).suffix.lower() != ".json":
        raise click.BadParameter(
            f"found {output!r}, expected a name that ends in .json", param_hint="-o"
        )
    from proteoclass.matrix import describe_quality

    check_target(output, force=force)
    matrix = source.read()
    labels = None if outcome is None else outcome.labels(matrix.samples, matrix.source.sheet)
    found = describe_quality(matrix, labels, index=index)
    put_json(found, output, force=force)
    notices(found["warnings"])
