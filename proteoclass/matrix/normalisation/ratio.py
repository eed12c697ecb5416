"""Ratios to the pool channel of the same plex, for isobaric labels."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.protein_matrix import ProteinMatrix

_POOL = re.compile(r"pool(?:\s*:\s*(.*))?", re.IGNORECASE)


def has_pool(matrix: ProteinMatrix) -> bool:
    """Say whether some samples are pool channels.

    A pool channel is one whose role `channel` reads "pool" or "pool:NAME", in any case.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0]], index=["s1"], columns=["P1"])
    >>> sheet = pd.DataFrame({"channel": ["Pool:A"]}, index=["s1"])
    >>> has_pool(ProteinMatrix.build(values, sheet, scale="log2"))
    True
    """
    return bool(_is_pool(matrix).any())


def pool_id(matrix: ProteinMatrix) -> str:
    """Return the name of the pool, "" where it has none or there is no pool.

    Parameters
    ----------
    matrix : ProteinMatrix
        Before `pool_ratio`, which drops the pool channels.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If there are pools of different names: ratios to them cannot be compared.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0]], index=["s1"], columns=["P1"])
    >>> sheet = pd.DataFrame({"channel": ["Pool:A"]}, index=["s1"])
    >>> pool_id(ProteinMatrix.build(values, sheet, scale="log2"))
    'A'
    """
    named = pool_names(matrix).dropna().unique()
    if len(named) > 1:
        shown = name_list(repr(name) for name in sorted(named))
        raise InputError(
            f"{matrix.source.path or 'matrix'}: pools of different names ({shown}); ratios to "
            "different pools cannot be compared: read the plexes of one pool at a time"
        )
    return str(named[0]) if len(named) else ""


def pool_ratio(matrix: ProteinMatrix) -> ProteinMatrix:
    """Turn intensities into log2 ratios to the pool of the same plex.

    Parameters
    ----------
    matrix : ProteinMatrix
        Intensities, raw or log2, with the roles `channel` and `plex`.

    Returns
    -------
    ProteinMatrix
        Kind "ratio" on the log2 scale, without the pool channels. A protein that is
        missing in the pool of a plex is missing in the whole plex.

    Raises
    ------
    InputError
        If there is no pool, a sample has no plex, a plex has no pool, pools differ in
        name, or the values are ratios or NPX already.

    Notes
    -----
    log2 ratio = log2 x - mean of log2 over the pool channels of the plex, the channels
    in which the protein was found. A sample's ratios depend on its own plex alone.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0], [2.0]], index=["s1", "ref"], columns=["P1"])
    >>> sheet = pd.DataFrame({"channel": ["126", "pool"], "plex": "1"}, index=["s1", "ref"])
    >>> ratios = pool_ratio(ProteinMatrix.build(values, sheet, scale="raw"))
    >>> ratios.values.loc["s1", "P1"].item(), ratios.kind
    (2.0, 'ratio')
    """
    log2 = matrix.on_log2()
    references = plex_pools(log2)
    name = pool_id(matrix)
    pool = _is_pool(matrix)
    own = references.loc[_plexes(matrix, matrix.source.path or "matrix")[~pool]]
    values = log2.values[~pool]
    lost = int((values.notna().to_numpy() & own.isna().to_numpy()).sum())
    ratios = pd.DataFrame(
        values.to_numpy() - own.to_numpy(), index=values.index, columns=values.columns
    )
    notes = [
        f"Ratios to the pool{f' {name!r}' if name else ''} of the same plex: {int(pool.sum())} "
        f"pool channels in {len(references)} plexes, which are no samples any more."
    ]
    if lost:
        notes.append(f"{lost} values were left out: the pool of their plex lacks the protein.")
    return replace(log2, values=ratios, samples=log2.samples[~pool], kind="ratio").with_notes(
        *notes
    )


def plex_pools(matrix: ProteinMatrix) -> pd.DataFrame:
    """Return the pool of each plex, the mean of log2 over its pool channels.

    Parameters
    ----------
    matrix : ProteinMatrix
        Intensities, raw or log2, with the roles `channel` and `plex`.

    Returns
    -------
    DataFrame of float, shape (n_plexes, n_proteins)
        log2; NaN where no pool channel of the plex holds the protein.

    Raises
    ------
    InputError
        As `pool_ratio`.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0], [2.0]], index=["s1", "ref"], columns=["P1"])
    >>> sheet = pd.DataFrame({"channel": ["126", "pool"], "plex": "A"}, index=["s1", "ref"])
    >>> plex_pools(ProteinMatrix.build(values, sheet, scale="raw")).loc["A", "P1"].item()
    1.0
    """
    where = matrix.source.path or "matrix"
    if matrix.kind != "intensity":
        raise InputError(f"{where}: kind is {matrix.kind}, ratios to a pool need intensities")
    pool_id(matrix)
    pool = _is_pool(matrix)
    if not pool.any():
        raise InputError(
            f"{where}: no pool channel; write pool in the sample sheet's channel column"
        )
    if pool.all():
        raise InputError(f"{where}: every sample is a pool channel; add the patients' samples")
    plex = _plexes(matrix, where)
    # By sample id: a sum of three channels must not depend on the order of the file.
    channels = matrix.on_log2().values[pool].sort_index()
    references = channels.groupby(plex[pool]).mean()
    bare = sorted(set(plex[~pool]) - set(references.index))
    if bare:
        raise InputError(
            f"{where}: {len(bare)} plexes have no pool channel: {name_list(bare)}; "
            "mark it in the sample sheet's channel column, or leave these plexes out"
        )
    return references


def pool_names(matrix: ProteinMatrix) -> pd.Series:
    """Name of the pool in each pool channel ("" for a plain one), missing elsewhere.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0], [8.1]], index=["s1", "s2"], columns=["P1"])
    >>> sheet = pd.DataFrame({"channel": ["126", "pool:A"]}, index=["s1", "s2"])
    >>> pool_names(ProteinMatrix.build(values, sheet, scale="log2")).tolist()
    [nan, 'A']
    """
    if "channel" not in matrix.samples:
        return pd.Series(np.nan, index=matrix.samples.index, dtype=object)
    text = matrix.samples["channel"].astype(object).fillna("").astype(str).str.strip()
    matches = [_POOL.fullmatch(cell) for cell in text]
    names = [(found.group(1) or "").strip() if found else np.nan for found in matches]
    return pd.Series(names, index=matrix.samples.index, dtype=object)


def _is_pool(matrix: ProteinMatrix) -> pd.Series:
    return pool_names(matrix).notna()


def _plexes(matrix: ProteinMatrix, where: str) -> pd.Series:
    if "plex" not in matrix.samples:
        raise InputError(
            f"{where}: the sample sheet has pool channels and no plex; add a column plex"
        )
    plex = matrix.samples["plex"]
    without = plex.index[plex.isna() | (plex.astype(str).str.strip() == "")]
    if len(without):
        raise InputError(
            f"{where}: {len(without)} samples have no plex: {name_list(without)}; fill it in"
        )
    return plex.astype(str)
