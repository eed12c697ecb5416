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
    import numpy as np
    import numpy.typing as npt

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

    check_target(output, force=force, inputs=(source.path, source.samples, bridge))
    matrix = source.read()
    known = len(matrix.source.notes)
    prepared = prepare(matrix, step, creatinine_unit)
    if bridge is not None:
        from proteoclass.matrix.normalisation.bridging import apply_bridge, read_bridge

        prepared = apply_bridge(prepared, read_bridge(bridge))
    notices(prepared.source.notes[known:])
    _put(_filled(_normalised(prepared, normalise), impute), output, force=force)


def _normalised(matrix: ProteinMatrix, method: str) -> ProteinMatrix:
    from proteoclass.errors import name_list
    from proteoclass.matrix.normalisation.normalise import (
        Normaliser,
        default_normalisation,
        plasma_protein_ids,
    )
    from proteoclass.matrix.normalisation.quotients import bimodal_quotients

    chosen = default_normalisation(matrix) if method == "auto" else method
    exclude = plasma_protein_ids(matrix.proteins) if matrix.fluid == "urine" else ()
    values = matrix.values
    numbers = Normaliser(chosen, exclude=exclude).fit(values).transform(values)
    say(f"normalised by {chosen}" + (" (chosen by kind and fluid)" if method == "auto" else ""))
    if chosen != "none":
        quotients = bimodal_quotients(values, exclude)
        split = quotients.index[quotients["bimodal"]]
        if len(split):
            say(
                f"warning: {len(split)} of {len(values)} samples have quotients in two groups: "
                f"{name_list(split)}; they differ from the others by more than dilution"
            )
    return _with_values(matrix, numbers).with_notes(f"Normalised by {chosen} over all samples.")


def _filled(matrix: ProteinMatrix, method: str) -> ProteinMatrix:
    import numpy as np

    from proteoclass.errors import InputError
    from proteoclass.matrix.normalisation.censoring import recommend_imputation
    from proteoclass.matrix.normalisation.impute import Imputer

    before = matrix.values.to_numpy(dtype=float)
    if method == "none" or (method == "auto" and matrix.kind != "intensity"):
        return matrix
    if matrix.kind == "ratio":
        raise InputError(
            f"impute {method}: ratios are never filled, a gap may mean that the pool of the plex "
            "lacks the protein; use --impute none"
        )
    imputer = Imputer(method).fit(before)
    filled = imputer.transform(before)
    filled = np.where(_not_measured(matrix), np.nan, filled)
    count = int((np.isnan(before) & ~np.isnan(filled)).sum())
    say(f"{recommend_imputation(before).reason}")
    words = (
        f"filled {count} of {int(np.isnan(before).sum())} gaps by {imputer.method_}; gaps of whole "
        "plexes and batches, and of samples that could not be normalised, stay"
    )
    say(words)
    return _with_values(matrix, filled).with_notes(f"{words[0].upper()}{words[1:]}.")


def _not_measured(matrix: ProteinMatrix) -> npt.NDArray[np.bool_]:
    import numpy as np

    from proteoclass.matrix.normalisation.censoring import not_measured

    numbers = matrix.values.to_numpy(dtype=float)
    marked = np.zeros(numbers.shape, dtype=bool)
    for role in ("plex", "batch"):
        if role in matrix.samples:
            marked |= not_measured(numbers, matrix.samples[role].to_numpy(dtype=object))
    return marked


def _with_values(matrix: ProteinMatrix, numbers: npt.NDArray[np.float64]) -> ProteinMatrix:
    from dataclasses import replace

    import pandas as pd

    values = matrix.values
    return replace(matrix, values=pd.DataFrame(numbers, values.index, values.columns))


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
