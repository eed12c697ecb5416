"""`proteoclass normalise`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from proteoclass.cli.console import check_target, put_table, say
from proteoclass.cli.group import Command
from proteoclass.cli.options import (
    MatrixRequest,
    matrix_options,
    normalise_option,
    output_option,
)

if TYPE_CHECKING:
    import pandas as pd

    from proteoclass.matrix import ProteinMatrix


@click.command(cls=Command)
@matrix_options(samples="optional")
@normalise_option
@output_option("Table to write (samples in rows); stdout without it.")
def normalise(source: MatrixRequest, normalise: str, output: str | None, force: bool) -> None:
    """Normalise a matrix and write it as log2 values.

    The reference is learnt from all samples of this file. To evaluate or train, give the
    file as it is: there the reference is learnt inside each fold.
    """
    from proteoclass.matrix import prepare

    check_target(output, force=force, inputs=(source.path, source.samples))
    put_table(_normalised(prepare(source.read()), normalise), output, force=force)


def _normalised(matrix: ProteinMatrix, method: str) -> pd.DataFrame:
    import pandas as pd

    from proteoclass.matrix.normalise import (
        Normaliser,
        default_normalisation,
        plasma_protein_ids,
    )

    chosen = default_normalisation(matrix) if method == "auto" else method
    exclude = plasma_protein_ids(matrix.proteins) if matrix.fluid == "urine" else ()
    values = matrix.values
    numbers = Normaliser(chosen, exclude=exclude).fit(values).transform(values)
    say(f"normalised by {chosen}" + (" (chosen by kind and fluid)" if method == "auto" else ""))
    frame = pd.DataFrame(numbers, index=values.index, columns=values.columns)
    return frame.rename_axis(index="sample_id").reset_index()
