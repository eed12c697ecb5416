"""Quality of a matrix: depth, spread, outliers, missing values, principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from proteoclass.errors import name_list
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.qc_rivals import find_rivals
from proteoclass.matrix.wording import counted

Floats = npt.NDArray[np.float64]

_MADS = 5.0
# A standard normal's median absolute deviation is 1/1.4826.
_MAD_TO_SD = 1.4826
_LEAST_DEPTH = 0.05
_LEAST_SHIFT = 0.5
_COMPLETE = 0.8


def quality(
    matrix: ProteinMatrix, labels: pd.Series | None = None, *, index: str = "first"
) -> dict[str, Any]:
    """Describe the quality of a matrix.

    Parameters
    ----------
    matrix : ProteinMatrix
        Raw values are looked at as log2.
    labels : Series of float, shape (n_samples,), optional
        As `Outcome.labels` gives; without them there are no rivals.
    index : str
        Which samples stand for a patient, as for `index_weights`.

    Returns
    -------
    dict
        `n_samples`, `n_proteins`, `missing_rate`; `samples` (a dict each, with
        `sample_id`, `n_detected`, `missing_rate`, `median_log2`, `low_quartile_log2`,
        `high_quartile_log2`, `outlier`); `missing_against_intensity`; `pca`;
        `rivals`; `warnings`.

    Notes
    -----
    A sample is an outlier if its number of proteins or its median lies more than five
    scaled median absolute deviations from the cohort's median (Leys 2013, doi
    10.1016/j.jesp.2013.03.013, with five for their 2.5 so that real dilution passes).
    Differences under 5 % of the proteins or half a log2 unit never make an outlier,
    however alike the other samples are.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0], [8.5, None]], index=["a", "b"], columns=["P1", "P2"])
    >>> report = quality(ProteinMatrix.build(values, scale="log2"))
    >>> report["missing_rate"], report["samples"][1]["n_detected"]
    (0.25, 1)
    """
    values = matrix.on_log2().values
    samples = sample_quality(values)
    rivals = [] if labels is None else find_rivals(matrix, labels, index=index)
    return {
        "n_samples": matrix.n_samples,
        "n_proteins": matrix.n_proteins,
        "missing_rate": matrix.missing_rate,
        "samples": samples.reset_index().to_dict("records"),
        "missing_against_intensity": missing_against_intensity(values),
        "pca": principal_components(values),
        "rivals": [rival.as_dict() for rival in rivals],
        "warnings": [
            *_outlier_warnings(samples),
            *(warning for rival in rivals for warning in rival.warnings),
        ],
    }


def sample_quality(values: pd.DataFrame) -> pd.DataFrame:
    """Count and summarise what was found in each sample, and mark outliers.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values, NaN = not detected.

    Returns
    -------
    DataFrame, shape (n_samples, 6)
        Indexed by `sample_id`; the rule for `outlier` is that of `quality`.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0, 10.0]], index=["a"], columns=["P1", "P2", "P3"])
    >>> sample_quality(values).loc["a", "high_quartile_log2"].item()
    9.5
    """
    detected = values.notna().sum(axis=1)
    quartiles = values.quantile([0.25, 0.5, 0.75], axis=1).T
    frame = pd.DataFrame(
        {
            "n_detected": detected.astype(int),
            "missing_rate": 1 - detected / values.shape[1],
            "median_log2": quartiles[0.5],
            "low_quartile_log2": quartiles[0.25],
            "high_quartile_log2": quartiles[0.75],
        },
        index=values.index,
    )
    frame["outlier"] = _is_far(detected, _LEAST_DEPTH * values.shape[1]) | _is_far(
        quartiles[0.5], _LEAST_SHIFT
    )
    frame.index.name = "sample_id"
    return frame


def missing_against_intensity(values: pd.DataFrame) -> dict[str, Any]:
    """Rank correlation over proteins between the missing rate and the mean intensity.

    A clearly negative one says that values are missing because they are low.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values.

    Returns
    -------
    dict
        `spearman` (None where no protein, or each alike, has missing values) and
        `n_proteins`, those found at least once.

    Examples
    --------
    >>> values = pd.DataFrame({"P1": [9.0, 9.0], "P2": [8.0, 9.0], "P3": [7.0, None]})
    >>> missing_against_intensity(values)["n_proteins"]
    3
    """
    found = values.loc[:, values.notna().any()]
    missing, mean = found.isna().mean(), found.mean()
    if found.shape[1] < 3 or missing.nunique() < 2 or mean.nunique() < 2:
        return {"spearman": None, "n_proteins": int(found.shape[1])}
    return {
        "spearman": float(stats.spearmanr(missing, mean).statistic),
        "n_proteins": int(found.shape[1]),
    }


def principal_components(values: pd.DataFrame) -> dict[str, Any]:
    """Place the samples on the first two principal components.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values. Proteins found in at least 80 % of the samples are used, centred,
        with gaps filled by the protein's median.

    Returns
    -------
    dict
        `explained` (shares of the variance, two floats) and `points` (`sample_id`,
        `pc1`, `pc2`); both empty with fewer than three samples or two proteins. The
        largest loading of each component is positive, so that signs do not flip
        between machines.

    Examples
    --------
    >>> values = pd.DataFrame({"P1": [0.0, 1.0, 2.0], "P2": [0.0, 2.0, 4.0]}, index=list("abc"))
    >>> [round(share, 6) for share in principal_components(values)["explained"]]
    [1.0, 0.0]
    """
    complete = values.loc[:, values.notna().mean() >= _COMPLETE]
    if complete.shape[0] < 3 or complete.shape[1] < 2:
        return {"explained": [], "points": []}
    filled = complete.fillna(complete.median())
    centred = (filled - filled.mean()).to_numpy()
    # The samples' cross products are a small matrix however many proteins there are.
    variance, vectors = np.linalg.eigh(centred @ centred.T)
    variance, vectors = np.clip(variance[::-1][:2], 0, None), vectors[:, ::-1][:, :2]
    total = float((centred**2).sum())
    scores = vectors * np.sqrt(variance)
    loadings = centred.T @ vectors
    largest = loadings[np.abs(loadings).argmax(axis=0), [0, 1]]
    scores = scores * np.where(largest < 0, -1.0, 1.0)
    return {
        "explained": [float(share) / total if total else 0.0 for share in variance],
        "points": [
            {"sample_id": str(name), "pc1": float(first), "pc2": float(second)}
            for name, (first, second) in zip(values.index, scores, strict=True)
        ],
    }


def _is_far(numbers: pd.Series, least: float) -> pd.Series:
    away = (numbers - numbers.median()).abs()
    limit = max(_MADS * _MAD_TO_SD * float(away.median()), least) if away.notna().any() else least
    return away > limit


def _outlier_warnings(samples: pd.DataFrame) -> list[str]:
    outliers = samples.index[samples["outlier"]]
    if not len(outliers):
        return []
    return [
        "Far from the other samples in number of proteins or median: "
        f"{counted(len(outliers), 'sample')} ({name_list(outliers)})."
    ]
