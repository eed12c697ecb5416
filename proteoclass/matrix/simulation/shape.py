"""The shape of a real urine proteome, as numbers: what the simulator draws from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

# All numbers below describe one public urine data set (20 boys with posterior urethral
# valves and 20 controls, FragPipe; github.com/gucascau/PUVUrinaryProteomic). None is a
# row of it. `measure_shape` recomputes what can be measured; a test compares it.

#: Quantile levels of the two tables below.
LEVELS = (0.0, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1.0)

#: Quantiles over proteins of the mean log2 intensity before censoring. A real file shows
#: detected values only, so these were moved, level by level, until the *detected* means of
#: simulated cohorts had the quantiles of the real ones (15.1, 15.8, 16.3, 17.2, 20.2 at
#: 5, 25, 50, 75, 95 %).
MEAN_LOG2 = (11.0, 13.6, 14.0, 14.7, 15.9, 16.8, 18.6, 20.1, 22.6, 25.5)

#: Quantiles over proteins of the SD of log2 over patients, moved likewise until the SDs of
#: detected values after quotient normalisation agreed (0.35, 0.51, 0.69, 0.93, 1.46 at
#: 5, 25, 50, 75, 95 % of proteins seen in a quarter of the samples).
SD_LOG2 = (0.23, 0.37, 0.39, 0.56, 0.81, 1.02, 1.32, 1.60, 2.40, 2.60)

#: Rank correlation of SD with mean: abundant urine proteins vary more.
SD_MEAN_CORRELATION = 0.25

#: P(detected) = 1 / (1 + exp(-(log2 intensity - midpoint - own offset) / width)). Midpoint
#: and width fitted so that the share detected at a mean log2 of 15.2, 16.1, 17.2, 18.5,
#: 19.7 is 0.20, 0.43, 0.73, 0.87, 0.96; the protein's own offset (SD) so that the share
#: detected varies by 0.2 among proteins of one intensity.
DETECTION_MIDPOINT = 15.64
DETECTION_WIDTH = 0.28
DETECTION_OFFSET_SD = 0.82

#: SD (log2) of the factor common to all proteins of a sample, fitted so that the number of
#: proteins detected varies over samples with a coefficient of 0.19.
DILUTION_SD = 0.45

#: Minimum, quartiles and maximum of albumin's share of the summed intensity (columns
#: "Intensity" of the export; MaxLFQ columns give less).
ALBUMIN_LEVELS = (0.0, 0.25, 0.50, 0.75, 1.0)
ALBUMIN_SHARE = (0.065, 0.117, 0.159, 0.282, 0.475)

#: Mean squared loading of proteins on each broad nuisance factor (before a cap on their
#: sum), fitted so that the first principal components of complete proteins explain 24, 17, 7
#: and 6 % of the variance.
MODULE_WEIGHTS = (0.36, 0.33, 0.05, 0.04, 0.04, 0.03, 0.02, 0.02)


def measure_shape(values: pd.DataFrame, albumin: str = "") -> dict[str, Any]:
    """Measure abundance, spread and missingness of an intensity matrix.

    Parameters
    ----------
    values : DataFrame, shape (n_samples, n_proteins)
        Raw intensities, NaN = not detected. Proteins seen in fewer than two samples
        are left out.
    albumin : str
        Column of albumin; its share is measured where the name is given.

    Returns
    -------
    dict
        `mean_log2` and `sd_log2` (5, 25, 50, 75, 95 % quantiles over proteins; SD
        after removing each sample's median quotient, of proteins seen in a quarter of
        the samples), `detected` (10, 25, 50, 75, 90 % quantiles of the share of
        samples), `detected_at` (share detected among proteins whose mean log2 rounds
        to 15 ... 19), `missing_rate`, `missing_spearman` (missing rate against mean
        log2), `depth_cv`, `components` (variance shares of the first four principal
        components of complete proteins), `albumin_share` (minimum, median, maximum).

    Notes
    -----
    Median quotient: Dieterle 2006, doi 10.1021/ac051632c.

    Examples
    --------
    >>> frame = pd.DataFrame({"A": [4.0, 8.0, 4.0], "B": [16.0, 32.0, 16.0]})
    >>> measure_shape(frame)["missing_rate"]
    0.0
    """
    counts = values.notna().sum()
    values = values.loc[:, counts >= 2]
    log2 = pd.DataFrame(np.log2(values))
    detected = log2.notna().mean()
    mean = log2.mean()
    normal = log2.sub(median_quotient(log2), axis=0)
    depth = log2.notna().sum(axis=1)
    levels = [0.05, 0.25, 0.50, 0.75, 0.95]
    shape: dict[str, Any] = {
        "mean_log2": mean.quantile(levels).tolist(),
        "sd_log2": normal.loc[:, detected >= 0.25].std().quantile(levels).tolist(),
        "detected": detected.quantile([0.10, 0.25, 0.50, 0.75, 0.90]).tolist(),
        "detected_at": {
            at: float(detected[mean.round() == at].mean())
            for at in range(15, 20)
            if (mean.round() == at).any()
        },
        "missing_rate": float(1.0 - detected.mean()),
        "missing_spearman": _correlation((1.0 - detected).rank(), mean.rank()),
        "depth_cv": float(depth.std() / depth.mean()),
        "components": _component_shares(normal.loc[:, detected == 1.0])[:4].tolist(),
    }
    if albumin:
        share = values[albumin] / values.sum(axis=1)
        shape["albumin_share"] = share.quantile([0.0, 0.5, 1.0]).tolist()
    return shape


def median_quotient(log2: pd.DataFrame) -> pd.Series:
    """Return each sample's median log2 quotient to the median profile of the matrix.

    Parameters
    ----------
    log2 : DataFrame, shape (n_samples, n_proteins)
        Only proteins seen in at least 80 % of samples are used.

    Returns
    -------
    Series, shape (n_samples,)
        log2 units; subtract it to normalise. A look at a whole matrix, for measuring a
        shape: a model's normaliser learns its reference in training alone.

    Examples
    --------
    >>> median_quotient(pd.DataFrame({"A": [1.0, 3.0], "B": [2.0, 4.0]})).tolist()
    [-1.0, 1.0]
    """
    steady = log2.loc[:, log2.notna().mean() >= 0.8]
    return (steady - steady.median()).median(axis=1)


def _correlation(one: pd.Series, other: pd.Series) -> float:
    # Of a constant there is none, which is no cause to warn, as pandas before 3 did.
    with np.errstate(invalid="ignore"):
        return float(one.corr(other))


def _component_shares(complete: pd.DataFrame) -> Floats:
    spread = complete.std()
    standard = ((complete - complete.mean()) / spread).loc[:, spread > 0].to_numpy()
    if standard.size == 0:
        return np.zeros(0)
    variance = np.linalg.svd(standard, compute_uv=False) ** 2
    return np.asarray(variance / variance.sum(), dtype=float)
