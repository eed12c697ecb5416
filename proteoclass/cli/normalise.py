"""`proteoclass normalise`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from proteoclass.cli.console import check_target, notices, put_table, say
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    InputFile,
    MatrixRequest,
    impute_option,
    matrix_options,
    normalise_option,
    output_option,
)

if TYPE_CHECKING:
    from proteoclass.matrix import ProteinMatrix


@click.command(cls=Command)
@matrix_options(samples="optional")
@click.option(
    "--step",
    type=click.Choice(("auto", "none", "tmt-ratio", "irs", "creatinine")),
    default="auto",
    show_default=True,
    help="What comes first, by the sample sheet. auto: ratios to the pool where plexes have one.",
)
@click.option(
    "--creatinine-unit",
    default="",
    metavar="UNIT",
    help="mg/dL, mg/L, g/L, mmol/L or umol/L, where the sheet has no creatinine_unit.",
)
@click.option(
    "--bridge",
    type=InputFile(),
    help="Offsets to another run's scale (written by Bridge.save), added before normalising.",
)
@normalise_option
@impute_option("none")
@output_option("Table to write (samples in rows), or a file that ends in .h5ad; else stdout.")
def normalise(
    source: MatrixRequest,
    step: str,
    creatinine_unit: str,
    bridge: str | None,
    normalise: str,
    impute: str,
    output: str | None,
    force: bool,
) -> None:
    """Normalise a matrix and write it as log2 values.

    The reference is learnt from all samples of this file. To evaluate or train, give the
    file as it is: there the reference is learnt inside each fold.
    """
    from proteoclass.matrix import prepare
    from proteoclass.matrix.normalisation.whole_matrix import filled_matrix, normalised_matrix

    check_target(output, force=force)
    matrix = source.read()
    known = len(matrix.source.notes)
    matrix = prepare(matrix, step, creatinine_unit)
    if bridge is not None:
        from proteoclass.matrix import apply_bridge, read_bridge

        matrix = apply_bridge(matrix, read_bridge(bridge))
    matrix = filled_matrix(normalised_matrix(matrix, normalise), impute)
    notices(matrix.source.notes[known:])
    _put(matrix, output, force=force)


def _put(matrix: ProteinMatrix, output: str | None, *, force: bool) -> None:
    if output is not None and output.lower().endswith(".h5ad"):
        from proteoclass.matrix.formats.anndata_write import write_anndata

        write_anndata(matrix, output, force=force)
        say(f"wrote {output}")
        return
    put_table(matrix.values.rename_axis(index="sample_id").reset_index(), output, force=force)
    scope = " --quantity-scope cohort" if matrix.quantity_scope == "cohort" else ""
    # A plain table does not say so itself.
    say(f"to read it again: --scale log2 --kind {matrix.kind}{scope}")
