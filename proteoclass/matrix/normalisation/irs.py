"""Internal reference scaling: intensities of several plexes on one scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix.normalisation.ratio import plex_pools, pool_ratio
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.wording import counted


def irs_reference(matrix: ProteinMatrix) -> pd.Series:
    """Return what the pool of every plex is scaled to, for each protein.

    Parameters
    ----------
    matrix : ProteinMatrix
        Intensities, raw or log2, with the roles `channel` and `plex`.

    Returns
    -------
    Series of float, shape (n_proteins,)
        log2 of the geometric mean of the pools, over the plexes whose pool holds the
        protein; NaN where none does.

    Raises
    ------
    InputError
        As `pool_ratio`.
    TooLittleDataError
        If there is one plex only: there is nothing to scale to another.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0], [2.0], [4.0], [8.0]], ["a", "A", "b", "B"], ["P1"])
    >>> sheet = pd.DataFrame(
    ...     {"channel": ["1", "pool"] * 2, "plex": ["1", "1", "2", "2"]}, values.index
    ... )
    >>> irs_reference(ProteinMatrix.build(values, sheet, scale="raw"))["P1"].item()
    2.0
    """
    pools = plex_pools(matrix)
    if len(pools) < 2:
        raise TooLittleDataError(
            f"{matrix.source.path or 'matrix'}: internal reference scaling needs pools of at least "
            "2 plexes, found 1; use ratios to the pool (tmt-ratio)"
        )
    return pools.mean()


def internal_reference_scaling(
    matrix: ProteinMatrix, reference: pd.Series | None = None
) -> ProteinMatrix:
    """Scale each plex so that its pool has the same intensity as the other plexes' pools.

    Parameters
    ----------
    matrix : ProteinMatrix
        Intensities, raw or log2, with the roles `channel` and `plex`.
    reference : Series of float, optional
        As `irs_reference` returned it for earlier plexes: a new plex is then scaled on its
        own. Computed from this matrix where left out.

    Returns
    -------
    ProteinMatrix
        log2 intensities without the pool channels. `quantity_scope` is "cohort" unless a
        reference was given: the scaling looked across plexes.

    Raises
    ------
    InputError
        As `pool_ratio`, or if `reference` shares no protein with the matrix.
    TooLittleDataError
        As `irs_reference`.

    Notes
    -----
    Plubell et al. 2017, Mol Cell Proteomics 16:873, doi 10.1074/mcp.M116.066647. A value is
    multiplied by the geometric mean of the pools over its own plex's pool; several pool
    channels of a plex are averaged on the log2 scale, as for `pool_ratio`. The result is the
    log2 ratio to the pool plus a constant for each protein, so that no model gains from it
    over the ratio, which needs no other plex: models take the ratio, this is for looking at
    intensities.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0], [2.0], [4.0], [8.0]], ["a", "A", "b", "B"], ["P1"])
    >>> sheet = pd.DataFrame(
    ...     {"channel": ["1", "pool"] * 2, "plex": ["1", "1", "2", "2"]}, values.index
    ... )
    >>> raw = ProteinMatrix.build(values, sheet, scale="raw")
    >>> internal_reference_scaling(raw).values["P1"].to_dict()
    {'a': 4.0, 'b': 1.0}
    """
    frozen = reference is not None
    target = irs_reference(matrix) if reference is None else reference
    ratios = pool_ratio(matrix)
    constants = target.reindex(ratios.values.columns)
    where = matrix.source.path or "matrix"
    if constants.isna().all():
        raise InputError(
            f"{where}: shares no protein with the reference of the scaling; give the plexes of "
            "the same platform"
        )
    values = ratios.values + constants
    without = constants.index[constants.isna() & ratios.values.notna().any()]
    notes = [
        "Internal reference scaling: log2 intensities at the geometric mean of the pools"
        + (", as stored." if frozen else "; the scaling looked across plexes (scope cohort).")
    ]
    if len(without):
        notes.append(
            f"{counted(len(without), 'protein')} of this matrix without a reference were left out."
        )
    partly = int((plex_pools(matrix).isna().any() & constants.notna()).sum())
    if partly:
        notes.append(
            f"{counted(partly, 'protein')} missing in the pool of some plexes: missing in those."
        )
    return replace(
        ratios,
        values=values.astype(np.float64),
        kind="intensity",
        quantity_scope=ratios.quantity_scope if frozen else "cohort",
    ).with_notes(*notes)
