"""Samples far from all the others, by rules that a single bad sample cannot bend."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.wording import counted

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Fewest samples of which one can be called far from the others.
LEAST_SAMPLES = 6

#: A standard normal's median absolute deviation is 1/1.4826.
MAD_TO_SD = 1.4826

_MADS = 5.0
_LEAST_DEPTH = 0.05
_LEAST_SHIFT = 0.5
# Three times as far from a correlation of one as the others are.
_LEAST_UNLIKE = float(np.log2(3))
# Closer to one than this, correlations differ by rounding.
_EXACT = 1e-3
_LEAST_DISTANCE = 0.25
_COMPLETE = 0.8
_LEAST_PROTEINS = 10
_LEAST_FOR_COMPONENTS = 10
_COMPONENTS = 5

DEPTH = "number of proteins"
MEDIAN = "median intensity"
PROFILE = "correlation with the median profile"
WITHIN = "distance within the principal components"
BEYOND = "distance from the principal components"


def is_far(numbers: Floats, least: float, side: str = "both") -> Flags:
    """Say which numbers lie far from the middle of all of them.

    Parameters
    ----------
    numbers : array of float, shape (n,)
        NaN is never far, and not counted.
    least : float
        Smaller differences never count, however alike the other numbers are.
    side : {"both", "low", "high"}

    Returns
    -------
    array of bool, shape (n,)
        All False with fewer than six numbers.

    Notes
    -----
    More than 5 (1 + 40/n²) scaled median absolute deviations from the median (Leys 2013,
    doi 10.1016/j.jesp.2013.03.013, with five for their 2.5 so that real dilution passes).
    The factor for small n was found by simulation: with five alone, one clean normal
    cohort of eight in twenty would name an outlier; with it, about one in a hundred.

    Examples
    --------
    >>> is_far(np.array([1.0, 1.1, 0.9, 1.0, 1.2, 0.8, 9.0]), 0.5).tolist()[-2:]
    [False, True]
    """
    known = numbers[~np.isnan(numbers)]
    if len(known) < LEAST_SAMPLES:
        return np.zeros(len(numbers), dtype=bool)
    away = numbers - np.median(known)
    spread = MAD_TO_SD * float(np.median(np.abs(known - np.median(known))))
    limit = max(_MADS * (1 + 40 / len(known) ** 2) * spread, least)
    far: Flags = (np.abs(away) if side == "both" else -away if side == "low" else away) > limit
    return far


def find_outliers(values: pd.DataFrame, shift: Floats) -> list[list[str]]:
    """Say of each sample why it is an outlier.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values.
    shift : array of float, shape (n_samples,)
        log2 loading of each sample, removed before samples' profiles are compared; a NaN
        counts as 0.

    Returns
    -------
    list of list of str
        For each sample the rules it fails, each with its number; none for most.

    Notes
    -----
    Five rules, each by `is_far`: number of proteins found (5 % of them at least), median
    log2 (0.5 at least), the logarithm of one less the Pearson correlation with the median
    profile (three times the cohort's at least; a factor that samples share in part skews
    the correlation itself), and the two distances of robust principal components, to the two thirds
    (Hubert 2005, doi 10.1198/004017004000000563): the score distance within five
    components and the orthogonal distance from them. The components are spherical
    (Locantore 1999, doi 10.1007/BF02595862), around the coordinate-wise median: every
    sample pulls with the same weight. The last three rules use proteins found in 80 % of
    the samples and need ten of them, the last two ten samples too.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0]] * 6 + [[15.0, 16.0]])
    >>> find_outliers(values, np.zeros(7))[-1]
    ['median intensity (15.5 log2, cohort 8.5)']
    """
    table = values.to_numpy(dtype=float)
    n_samples, n_proteins = table.shape
    reasons: list[list[str]] = [[] for _ in range(n_samples)]
    depth = (~np.isnan(table)).sum(axis=1).astype(float)
    _add(reasons, DEPTH, depth, is_far(depth, _LEAST_DEPTH * n_proteins), ".0f")
    median = values.median(axis=1).to_numpy(dtype=float)
    _add(reasons, MEDIAN, median, is_far(median, _LEAST_SHIFT), ".1f", " log2")
    levelled = table - np.nan_to_num(shift)[:, None]
    complete = levelled[:, (~np.isnan(levelled)).mean(axis=0) >= _COMPLETE]
    if complete.shape[1] < _LEAST_PROTEINS or n_samples < LEAST_SAMPLES:
        return reasons
    profile = np.nanmedian(complete, axis=0)
    alike = profile_correlations(complete, profile)
    unlike = np.log2(np.maximum(1 - alike, _EXACT))
    _add(reasons, PROFILE, alike, is_far(unlike, _LEAST_UNLIKE, "high"), ".2f")
    if n_samples >= _LEAST_FOR_COMPONENTS:
        within, beyond = robust_distances(np.where(np.isnan(complete), profile, complete))
        for name, distance in ((WITHIN, within), (BEYOND, beyond)):
            power = distance ** (2 / 3)
            far = is_far(power, _LEAST_DISTANCE * float(np.median(power)), "high")
            _add(reasons, name, distance, far, ".1f")
    return reasons


def profile_correlations(values: Floats, profile: Floats) -> Floats:
    """Pearson correlation of each sample with a profile, over the proteins it has.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        NaN = not detected.
    profile : array of float, shape (n_proteins,)

    Returns
    -------
    array of float, shape (n_samples,)
        NaN with fewer than ten proteins, or where either does not vary.

    Examples
    --------
    >>> profile = np.arange(10.0)
    >>> profile_correlations(np.array([2 * profile, -profile]), profile).round(6).tolist()
    [1.0, -1.0]
    """
    found = ~np.isnan(values)
    count = found.sum(axis=1)
    enough = np.maximum(count, 1)
    x = np.where(found, values, 0.0)
    y = np.where(found, profile, 0.0)
    x = np.where(found, x - (x.sum(axis=1) / enough)[:, None], 0.0)
    y = np.where(found, y - (y.sum(axis=1) / enough)[:, None], 0.0)
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    usable = (count >= _LEAST_PROTEINS) & (scale > 1e-12)
    return np.where(usable, (x * y).sum(axis=1) / np.where(usable, scale, 1.0), np.nan)


def robust_distances(filled: Floats) -> tuple[Floats, Floats]:
    """Distances of samples within and from spherical principal components.

    Parameters
    ----------
    filled : array of float, shape (n_samples, n_proteins)
        Without gaps.

    Returns
    -------
    within : array of float, shape (n_samples,)
        Length of the scores, each in units of its own scaled median absolute deviation.
    beyond : array of float, shape (n_samples,)
        log2 distance to the space of the components.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> within, beyond = robust_distances(rng.normal(size=(20, 30)))
    >>> within.shape, bool((beyond >= 0).all())
    ((20,), True)
    """
    centred = filled - np.median(filled, axis=0)
    length = np.sqrt((centred**2).sum(axis=1))
    unit = centred / np.where(length > 0, length, 1.0)[:, None]
    variance, vectors = np.linalg.eigh(unit @ unit.T)
    kept = np.flatnonzero(variance > 1e-9 * max(float(variance[-1]), 1e-300))[-_COMPONENTS:]
    directions = unit.T @ vectors[:, kept] / np.sqrt(variance[kept])
    scores = centred @ directions
    spread = MAD_TO_SD * np.median(np.abs(scores - np.median(scores, axis=0)), axis=0)
    steady = spread > 0
    standard = (scores - np.median(scores, axis=0))[:, steady] / spread[steady]
    beyond = np.sqrt(np.maximum(length**2 - (scores**2).sum(axis=1), 0.0))
    return np.sqrt((standard**2).sum(axis=1)), beyond


def describe_rules(values: pd.DataFrame) -> dict[str, Any]:
    """Return which rules were applied, or why none was.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values.

    Returns
    -------
    dict
        `rules`, their names, and `reason`, why some were not applied, else None.

    Examples
    --------
    >>> describe_rules(pd.DataFrame([[8.0]]))["reason"]
    '1 sample, expected at least 6 to call one far from the others'
    """
    n_samples = len(values)
    if n_samples < LEAST_SAMPLES:
        found = counted(n_samples, "sample")
        return {
            "rules": [],
            "reason": f"{found}, expected at least {LEAST_SAMPLES} to call one far from the others",
        }
    complete = int((values.notna().mean() >= _COMPLETE).sum())
    if complete < _LEAST_PROTEINS:
        reason = (
            f"profiles were not compared: {counted(complete, 'protein')} found in "
            f"{_COMPLETE:.0%} of the samples, expected at least {_LEAST_PROTEINS}"
        )
        return {"rules": [DEPTH, MEDIAN], "reason": reason}
    if n_samples < _LEAST_FOR_COMPONENTS:
        reason = (
            f"no principal components: {n_samples} samples, expected at least "
            f"{_LEAST_FOR_COMPONENTS}"
        )
        return {"rules": [DEPTH, MEDIAN, PROFILE], "reason": reason}
    return {"rules": [DEPTH, MEDIAN, PROFILE, WITHIN, BEYOND], "reason": None}


def outlier_warnings(names: pd.Index, reasons: list[list[str]]) -> list[str]:
    """Say which samples are far from the others, one sentence a rule.

    Parameters
    ----------
    names : Index, shape (n_samples,)
    reasons : list of list of str
        As `find_outliers` gives.

    Returns
    -------
    list of str

    Examples
    --------
    >>> outlier_warnings(pd.Index(["a"]), [["median intensity (2.0 log2, cohort 8.0)"]])
    ['Far from the other samples in median intensity: 1 sample (a).']
    """
    warnings = []
    for rule in (DEPTH, MEDIAN, PROFILE, WITHIN, BEYOND):
        hit = [
            name
            for name, why in zip(names, reasons, strict=True)
            if any(text.startswith(f"{rule} (") for text in why)
        ]
        if hit:
            warnings.append(
                f"Far from the other samples in {rule}: "
                f"{counted(len(hit), 'sample')} ({name_list(hit)})."
            )
    return warnings


def _add(
    reasons: list[list[str]], rule: str, numbers: Floats, far: Flags, form: str, unit: str = ""
) -> None:
    if not far.any():
        return
    middle = float(np.nanmedian(numbers))
    for i in np.flatnonzero(far):
        reasons[i].append(f"{rule} ({numbers[i]:{form}}{unit}, cohort {middle:{form}})")
