"""Depth, missing rate and intensity distribution of each sample, before normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import TooLittleDataError
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.matrix.normalisation.plasma_proteins import plasma_protein_ids
from proteoclass.matrix.protein_matrix import ProteinMatrix

Floats = npt.NDArray[np.float64]

#: Shares at which each sample's log2 values are described.
QUANTILE_LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def sample_quality(values: pd.DataFrame) -> pd.DataFrame:
    """Count and summarise what was found in each sample.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values, NaN = not detected.

    Returns
    -------
    DataFrame, shape (n_samples, 5)
        Indexed by `sample_id`: `n_detected`, `missing_rate`, `median_log2`,
        `low_quartile_log2`, `high_quartile_log2`.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0, 10.0]], index=["a"], columns=["P1", "P2", "P3"])
    >>> sample_quality(values).loc["a", "high_quartile_log2"].item()
    9.5
    """
    detected = values.notna().sum(axis=1)
    quartiles = sample_quantiles(values.to_numpy(dtype=float), (0.25, 0.5, 0.75))
    frame = pd.DataFrame(
        {
            "n_detected": detected.astype(int),
            "missing_rate": 1 - detected / values.shape[1],
            "median_log2": quartiles[:, 1],
            "low_quartile_log2": quartiles[:, 0],
            "high_quartile_log2": quartiles[:, 2],
        },
        index=values.index,
    )
    frame.index.name = "sample_id"
    return frame


def sample_quantiles(values: Floats, levels: tuple[float, ...] = QUANTILE_LEVELS) -> Floats:
    """Quantiles of the values found in each sample, from one sort.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values, NaN = not detected.
    levels : tuple of float
        Shares, 0 to 1.

    Returns
    -------
    array of float, shape (n_samples, n_levels)
        Linear interpolation, as `numpy.nanquantile`; NaN where nothing was found.

    Examples
    --------
    >>> sample_quantiles(np.array([[3.0, np.nan, 1.0]]), (0.0, 0.5, 1.0)).tolist()
    [[1.0, 2.0, 3.0]]
    """
    # Gaps sort to the end.
    ordered = np.sort(values, axis=1)
    last = np.maximum((~np.isnan(values)).sum(axis=1) - 1, 0)
    rows = np.arange(len(values))
    found = []
    for level in levels:
        position = last * level
        below = np.floor(position).astype(np.intp)
        low, high = ordered[rows, below], ordered[rows, np.minimum(below + 1, last)]
        found.append(low + (high - low) * (position - below))
    return np.column_stack(found)


def cohort_shift(matrix: ProteinMatrix, method: str = "pqn") -> tuple[Floats, str]:
    """Return each sample's log2 loading against the cohort, learnt without labels.

    Parameters
    ----------
    matrix : ProteinMatrix
        On the log2 scale.
    method : {"pqn", "median"}

    Returns
    -------
    shift : array of float, shape (n_samples,)
        log2 units above the cohort's reference; NaN where it cannot be told.
    reason : str
        Why it cannot be told of any sample, else "".

    Notes
    -----
    The frozen `Normaliser` fitted on all samples of the matrix, plasma proteins excluded
    in urine, as `proteoclass normalise` does: a description of the cohort, never an input
    of a model.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0], [9.0, 10.0], [8.0, 9.0]], columns=["P1", "P2"])
    >>> cohort_shift(ProteinMatrix.build(values, scale="log2"))[0].tolist()
    [0.0, 1.0, 0.0]
    """
    exclude = plasma_protein_ids(matrix.proteins) if matrix.fluid == "urine" else ()
    normaliser = Normaliser(method, exclude=exclude)
    try:
        normaliser.fit(matrix.values)
    except TooLittleDataError:
        return (
            np.full(matrix.n_samples, np.nan),
            f"no protein is detected in {normaliser.min_detected:.0%} of the samples",
        )
    shift = normaliser.shift_of(matrix.values.to_numpy(dtype=float)[:, normaliser.reference_])
    return shift, "" if np.isfinite(shift).any() else "too few reference proteins in every sample"


def sample_rows(values: pd.DataFrame, shift: Floats, reasons: list[list[str]]) -> list[Any]:
    """Return what `qc.json` says of each sample.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values.
    shift : array of float, shape (n_samples,)
        As `cohort_shift` gives.
    reasons : list of list of str
        Why each sample is an outlier; empty lists for those that are none.

    Returns
    -------
    list of dict
        The columns of `sample_quality`, `quantiles_log2` at `QUANTILE_LEVELS`,
        `shift_log2` (None for the `reason` in `missing_against_depth`, or in a sample that
        lacks the reference proteins), `outlier` and `outlier_reasons`.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0]], index=["a"], columns=["P1"])
    >>> sample_rows(values, np.array([0.0]), [[]])[0]["outlier"]
    False
    """
    rows = sample_quality(values).reset_index().to_dict("records")
    quantiles = sample_quantiles(values.to_numpy(dtype=float))
    return [
        {
            **row,
            "quantiles_log2": quantiles[i].tolist(),
            "shift_log2": shift[i],
            "outlier": bool(reasons[i]),
            "outlier_reasons": reasons[i],
        }
        for i, row in enumerate(rows)
    ]
