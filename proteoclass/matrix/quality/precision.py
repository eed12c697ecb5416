"""Precision of protein quantities, from pool channels and from replicates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.normalisation.ratio import pool_names
from proteoclass.matrix.outcome import is_replicate
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.samples.controls import control_names

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

#: A CV below this share is what laboratories commonly ask of an assay.
GOOD_CV = 0.2


def coefficient_of_variation(variance: npt.ArrayLike) -> Floats:
    """CV on the raw scale of values that are normal on the log2 scale.

    Parameters
    ----------
    variance : array of float
        Variance of log2 values.

    Returns
    -------
    array of float
        Standard deviation over mean, as a share: 0.2 is 20 %.

    Notes
    -----
    sqrt(exp((s ln 2)²) - 1) for a standard deviation s in log2 units, the CV of a
    log-normal variable: Quan & Zhang 2003, Stat Med 22:2723, doi 10.1002/sim.1525. Kept
    finite at variances beyond any measurement.

    Examples
    --------
    >>> coefficient_of_variation([0.0, 1.0]).round(4).tolist()
    [0.0, 0.7854]
    """
    exponent = np.asarray(variance, dtype=float) * np.log(2) ** 2
    return np.asarray(np.sqrt(np.expm1(np.minimum(exponent, 700.0))))


def pooled_variance(values: Floats, codes: Codes) -> tuple[Floats, Floats]:
    """Variance of each protein within groups of samples, pooled over the groups.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values; NaN = not detected.
    codes : array of int, shape (n_samples,)
        Group of each sample, -1 for none.

    Returns
    -------
    variance : array of float, shape (n_proteins,)
        NaN where no group has the protein twice.
    df : array of float, shape (n_proteins,)
        Values less groups that have one.

    Notes
    -----
    Sum of squares around each group's own mean, over the degrees of freedom; for pairs
    this is the mean of d²/2 (Bland & Altman 1996, BMJ 313:744, doi
    10.1136/bmj.313.7059.744).

    Examples
    --------
    >>> variance, df = pooled_variance(np.array([[1.0], [3.0], [8.0]]), np.array([0, 0, 1]))
    >>> variance.tolist(), df.tolist()
    ([2.0], [1.0])
    """
    squares = np.zeros(values.shape[1])
    df = np.zeros(values.shape[1])
    for code in range(int(codes.max(initial=-1)) + 1):
        own = values[codes == code]
        found = ~np.isnan(own)
        count = found.sum(axis=0)
        mean = np.where(found, own, 0.0).sum(axis=0) / np.maximum(count, 1)
        squares += (np.where(found, own - mean, 0.0) ** 2).sum(axis=0)
        df += np.maximum(count - 1, 0)
    return np.where(df > 0, squares / np.maximum(df, 1), np.nan), df


def precision(matrix: ProteinMatrix, shift: Floats) -> dict[str, Any]:
    """Coefficients of variation of pools and of replicates.

    Parameters
    ----------
    matrix : ProteinMatrix
        On the log2 scale, pools among the samples. A pool is a sample whose role
        `channel` reads "pool" or "pool:NAME", or whose `sample_type` reads "qc" or
        "qc:NAME"; a replicate names another sample in `replicate_of`.
    shift : array of float, shape (n_samples,)
        log2 loading of each sample, for the values with the loading taken out.

    Returns
    -------
    dict
        `pools`: `within` a plex (a batch, where there is no plex), over its several pool
        channels, and `between` plexes, over the means of each pool; `without`, the plexes
        that have no pool, and `n_runs`, how many plexes there are. `replicates`: the
        pooled variation within a sample and its replicates. Each with `n_samples`,
        `n_groups`, and, as measured and with `loading_removed`, `median`,
        `low_quartile`, `high_quartile` and `share_below_20_percent` of the proteins'
        CVs, `overall` (from the variance pooled over proteins), `n_proteins`, `n_pairs`
        (largest degrees of freedom of a protein) and `by_protein`; or a `reason`.

    Notes
    -----
    CVs are on the raw scale, from the variance of log2 values by
    `coefficient_of_variation`; for NPX this is Olink's own formula. From few pairs the
    median over proteins is too low (for one pair by a third); `overall` is not.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0], [8.2]], index=["a", "b"], columns=["P1"])
    >>> sheet = pd.DataFrame({"replicate_of": ["", "a"]}, index=["a", "b"])
    >>> matrix = ProteinMatrix.build(values, sheet, scale="log2")
    >>> round(precision(matrix, np.zeros(2))["replicates"]["median"], 4)
    0.0983
    """
    return {
        "pools": _pools(matrix, shift),
        "replicates": _replicates(matrix, shift),
    }


def pool_warnings(found: dict[str, Any]) -> list[str]:
    """Say which plexes have no pool where others have one.

    Parameters
    ----------
    found : dict
        `pools`, as `precision` gives.

    Returns
    -------
    list of str
        One sentence at most.

    Examples
    --------
    >>> pool_warnings({"run": "plex", "n_runs": 6, "without": ["P6"]})
    ["No pool channel in 1 of 6 plexes ('P6'): nothing there can be set against the pool."]
    """
    bare = found.get("without")
    if not bare:
        return []
    several = {"plex": "plexes", "batch": "batches"}[found["run"]]
    return [
        f"No pool channel in {len(bare)} of {found['n_runs']} {several} "
        f"({name_list(repr(name) for name in bare)}): nothing there can be set against the pool."
    ]


def replicate_groups(samples: pd.DataFrame) -> Codes:
    """Give samples of one specimen one number, -1 where it was measured once.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_roles)

    Returns
    -------
    array of int, shape (n_samples,)
        Replicates of a sample that is absent still belong together.

    Examples
    --------
    >>> sheet = pd.DataFrame({"replicate_of": ["", "a", ""]}, index=["a", "b", "c"])
    >>> replicate_groups(sheet).tolist()
    [0, 0, -1]
    """
    named = is_replicate(samples)
    told = samples.loc[named, "replicate_of"] if named.any() else pd.Series(dtype=object)
    of = {str(name): str(cell).strip() for name, cell in told.items()}

    def root(name: str) -> str:
        seen = [name]
        while seen[-1] in of:
            following = of[seen[-1]]
            if following in seen:  # replicates of each other
                return min(seen[seen.index(following) :])
            seen.append(following)
        return seen[-1]

    roots = pd.Series([root(str(name)) for name in samples.index], dtype=object)
    several = roots.duplicated(keep=False).to_numpy()
    codes = np.full(len(roots), -1, dtype=np.intp)
    codes[several] = pd.factorize(roots[several])[0]
    return codes


def run_of(samples: pd.DataFrame, roles: tuple[str, ...]) -> tuple[pd.Series, str]:
    """Return what each sample was measured in, by the first role that the sheet fills.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_roles)
    roles : tuple of str
        In the order of preference.

    Returns
    -------
    run : Series, shape (n_samples,)
        Name of the plex or batch; missing where the sheet gives none.
    role : str
        The role, "" where the sheet fills none of them.

    Examples
    --------
    >>> run_of(pd.DataFrame({"batch": ["B1"]}, index=["s"]), ("plex", "batch"))[1]
    'batch'
    """
    for role in roles:
        if role in samples:
            text = samples[role].astype(object).map(lambda cell: str(cell).strip(), "ignore")
            text = text.where(text.notna() & (text != ""))
            if text.notna().any():
                return text.rename(role), role
    return pd.Series(np.nan, index=samples.index, dtype=object), ""


def _pools(matrix: ProteinMatrix, shift: Floats) -> dict[str, Any]:
    names = pool_names(matrix)
    # A QC pool that is a sample is another material than the channel of that name.
    names = names.where(names.notna(), "\0" + control_names(matrix.samples))
    pool = names.notna().to_numpy()
    if not pool.any():
        return {
            "within": None,
            "between": None,
            "reason": "no sample's channel is called pool, none's sample_type qc",
        }
    run, role = run_of(matrix.samples, ("plex", "batch"))
    table = matrix.values.to_numpy(dtype=float)[pool]
    names, own, moved = names[pool], run[pool].fillna(""), shift[pool]
    of_run = pd.factorize(names.astype(str) + "\0" + own.astype(str))[0]
    levelled = table - moved[:, None]
    word, proteins = role or "run", matrix.values.columns
    lonely = f"no {word} has two channels of one pool"
    runs = set(run.dropna())
    told: dict[str, Any] = {
        "run": role or None,
        "n_samples": int(pool.sum()),
        "n_runs": len(runs),
        "without": sorted(runs - set(run[pool])),
        "reason": None,
    }
    told["within"] = _summaries(table, levelled, of_run, lonely, proteins)
    if not role:
        told["between"] = {"reason": "the sample sheet names neither plex nor batch"}
        return told
    first = np.unique(of_run, return_index=True)[1]
    of_name = pd.factorize(names)[0][first]
    lonely = f"each pool is in one {word} only"
    means = _means(table, of_run), _means(levelled, of_run)
    told["between"] = _summaries(means[0], means[1], of_name, lonely, proteins)
    return told


def _replicates(matrix: ProteinMatrix, shift: Floats) -> dict[str, Any]:
    if not is_replicate(matrix.samples).any():
        return {"reason": "no sample names another in replicate_of"}
    codes = replicate_groups(matrix.samples)
    table = matrix.values.to_numpy(dtype=float)
    return _summaries(
        table,
        table - shift[:, None],
        codes,
        "no replicate has its partner in the matrix",
        matrix.values.columns,
    )


def _summaries(
    table: Floats, levelled: Floats, codes: Codes, lonely: str, proteins: pd.Index
) -> dict[str, Any]:
    kept = codes >= 0
    size = np.bincount(codes[kept]) if kept.any() else np.zeros(0, dtype=int)
    grouped = kept & np.isin(codes, np.flatnonzero(size > 1))
    told = {"n_samples": int(grouped.sum()), "n_groups": int((size > 1).sum())}
    if not grouped.any():
        return {**told, "reason": lonely}
    return {
        **told,
        **_summary(table, codes, proteins),
        "loading_removed": _summary(levelled, codes, proteins, " of samples of known loading"),
    }


def _summary(table: Floats, codes: Codes, proteins: pd.Index, among: str = "") -> dict[str, Any]:
    variance, df = pooled_variance(table, codes)
    known = np.flatnonzero(df > 0)
    if not len(known):
        return {"median": None, "reason": f"no protein was found twice in a group{among}"}
    cv = coefficient_of_variation(variance[known])
    low, middle, high = np.quantile(cv, [0.25, 0.5, 0.75])
    overall = float((variance[known] * df[known]).sum() / df[known].sum())
    return {
        "median": float(middle),
        "low_quartile": float(low),
        "high_quartile": float(high),
        "share_below_20_percent": float((cv < GOOD_CV).mean()),
        "overall": float(coefficient_of_variation(overall)),
        "n_proteins": len(known),
        "n_pairs": int(df.max()),
        "reason": None,
        "by_protein": {
            str(name): round(float(one), 4) for name, one in zip(proteins[known], cv, strict=True)
        },
    }


def _means(table: Floats, codes: Codes) -> Floats:
    found = ~np.isnan(table)
    rows = []
    for code in range(int(codes.max()) + 1):
        own = codes == code
        count = found[own].sum(axis=0)
        total = np.where(found[own], table[own], 0.0).sum(axis=0)
        rows.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    return np.array(rows)
