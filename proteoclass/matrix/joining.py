"""Which sample of a matrix is which row of the sample sheet."""

from __future__ import annotations

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.quantities import Quantities
from proteoclass.matrix.wording import counted


def join_samples(
    read: Quantities, samples: pd.DataFrame | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Keep the samples that both the matrix and the sheet have, in the matrix's order.

    Parameters
    ----------
    read : Quantities
    samples : DataFrame, optional
        Sample sheet indexed by sample id.

    Returns
    -------
    values : DataFrame of float, shape (n_samples, n_proteins)
    leftovers : tuple of str
        Sentences about ids on one side only.

    Raises
    ------
    InputError
        If matrix and sheet share no sample.
    """
    if samples is None:
        return read.values, ()
    inside = read.values.index.isin(samples.index)
    if not inside.any():
        raise InputError(
            f"{read.where}: no sample of the table is in the sample sheet; the table has "
            f"{name_list(read.values.index)}; the sheet has {name_list(samples.index)}; "
            "use the same ids in both"
        )
    leftovers = []
    dropped = [*read.values.index[~inside], *read.unlisted]
    if dropped:
        leftovers.append(
            f"Left out, not in the sample sheet: {counted(len(dropped), 'sample')} of the "
            f"matrix ({name_list(dropped)})."
        )
    absent = samples.index.difference(read.values.index, sort=False)
    if len(absent):
        leftovers.append(
            f"Not in the matrix: {counted(len(absent), 'sample')} of the sample sheet "
            f"({name_list(absent)})."
        )
    return read.values[inside], tuple(leftovers)
