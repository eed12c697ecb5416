"""Whether a sample is on the model's scale: its values against the study patients' profile."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.scorer.model_schema import ModelContent

Floats = npt.NDArray[np.float64]

#: Fewer proteins, or proteins of more alike levels (log2 SD), tell no slope.
MIN_PROTEINS = 8
MIN_SPREAD = 0.5
#: Standard deviations of the study patients' slopes that a new sample's may be off.
TIMES_SD = 4.0
#: Of the smallest deviation or slope among the study patients: what is less is on another scale.
SHARE_OF_LEAST = 0.5


def profile_slopes(
    panel: Floats, reference: Floats, shift: Floats, content: ModelContent
) -> Floats:
    """Return the slope of each sample's values on the study patients' medians.

    Parameters
    ----------
    panel : array of float, shape (n_samples, panel size)
        Normalised log2; NaN = not detected.
    reference : array of float, shape (n_samples, n_reference)
        log2 of the normaliser's reference proteins.
    shift : array of float, shape (n_samples,)
        Of the normalisation.
    content : ModelContent

    Returns
    -------
    array of float, shape (n_samples,)
        About 1 on the model's own scale, 0.30 for log10, 0.69 for natural logarithms read as
        log2, near 0 for what is no profile. NaN where too few proteins were detected.

    Notes
    -----
    Least squares over proteins. Taking a logarithm to another base divides every value by a
    constant, which a normalisation by shifts cannot undo and a slope shows. Without a
    normalisation the line goes through the origin, weighted by the proteins' variances: on
    two cohorts of NPX that halves the spread of the slopes.
    """
    if content.normaliser.method == "none":
        return _through_origin(panel, content)
    profile = np.array([p.value for p in content.normaliser.reference], dtype=float)
    known = np.array([p.median for p in content.panel], dtype=float)
    if content.normaliser.method == "quantile":
        x, y = profile, reference  # panel values have the reference's distribution by now
    else:
        x = np.concatenate([known, profile])
        y = np.hstack([panel, reference - shift[:, None]])
    seen = ~np.isnan(y)
    n = np.maximum(seen.sum(axis=1), 1)
    middle = np.where(seen, x, 0.0).sum(axis=1) / n
    dx = np.where(seen, x - middle[:, None], 0.0)
    square = (dx**2).sum(axis=1)
    enough = (seen.sum(axis=1) >= MIN_PROTEINS) & (square > n * MIN_SPREAD**2)
    product = (dx * np.where(seen, y, 0.0)).sum(axis=1)
    return np.where(enough, product / np.where(enough, square, 1.0), np.nan)


def _through_origin(panel: Floats, content: ModelContent) -> Floats:
    known = np.array([p.median for p in content.panel], dtype=float)
    weight = np.array([p.spread for p in content.panel], dtype=float) ** -2.0
    seen = ~np.isnan(panel)
    square = (seen * (weight * known**2)).sum(axis=1)
    product = (np.where(seen, panel, 0.0) * (weight * known)).sum(axis=1)
    n = seen.sum(axis=1)
    enough = (n >= MIN_PROTEINS) & ((seen * known**2).sum(axis=1) > n * MIN_SPREAD**2)
    return np.where(enough, product / np.where(enough, square, 1.0), np.nan)


def deviations(panel: Floats, content: ModelContent) -> Floats:
    """Return how far ratios lie from the pool, in the study patients' standard deviations.

    Parameters
    ----------
    panel : array of float, shape (n_samples, panel size)
        Normalised log2; NaN = not detected.
    content : ModelContent

    Returns
    -------
    array of float, shape (n_samples,)
        Root mean square over the detected panel; NaN below `MIN_PROTEINS`. Ratios of
        logarithms, taken for intensities, are all about 1, log2 of it 0: no patient's are.
    """
    spread = np.array([p.spread for p in content.panel], dtype=float)
    seen = ~np.isnan(panel)
    n = seen.sum(axis=1)
    square = (np.where(seen, panel / spread, 0.0) ** 2).sum(axis=1)
    return np.where(n >= MIN_PROTEINS, np.sqrt(square / np.maximum(n, 1)), np.nan)


def least_deviation(found: Floats) -> float | None:
    """Return the smallest deviation at which a sample of ratios is believed.

    Parameters
    ----------
    found : array of float, shape (n_samples,)
        `deviations` of the study patients.

    Returns
    -------
    float, optional
        A share of the smallest found; None where most have none.

    Examples
    --------
    >>> least_deviation(np.array([0.8, 1.0, 1.2]))
    0.4
    """
    known = found[~np.isnan(found)]
    if 2 * len(known) <= len(found):
        return None
    return SHARE_OF_LEAST * float(known.min())


def slope_limits(slopes: Floats, found: Floats | None = None) -> dict[str, Any]:
    """Return within which limits the slope of a sample on the right scale lies.

    Parameters
    ----------
    slopes : array of float, shape (n_samples,)
        Of the study patients.
    found : array of float, shape (n_samples,), optional
        Their `deviations`, where values are ratios.

    Returns
    -------
    dict
        Fields of `SlopePart`; limits None, with the reason, where they tell nothing.

    Examples
    --------
    >>> slope_limits(np.array([0.98, 1.0, 1.0, 1.02]))["reason"]
    ''
    >>> slope_limits(np.full(4, np.nan))["lower"] is None
    True
    """
    known = np.sort(slopes[~np.isnan(slopes)])
    told: dict[str, Any] = {"n": len(known), "lower": None, "upper": None, "reason": ""}
    if found is not None:
        told["least_deviation"] = least_deviation(found)
    if 2 * len(known) <= len(slopes) or len(known) < 2:
        told["reason"] = "levels of too few proteins, or too much alike ones, to tell a scale by"
        return told
    half = TIMES_SD * float(known.std(ddof=1))
    # Where slopes vary much, so many deviations would let everything pass.
    lower = min(max(1.0 - half, SHARE_OF_LEAST * float(known[0])), float(known[0]), 1.0)
    upper = max(min(1.0 + half, float(known[-1]) / SHARE_OF_LEAST), float(known[-1]), 1.0)
    if lower <= 0:
        told["reason"] = "slopes vary too much among the study patients to tell a scale by"
        return told
    return told | {"lower": lower, "upper": upper}


def scale_reasons(slopes: Floats, panel: Floats, content: ModelContent) -> npt.NDArray[np.object_]:
    """Say which samples are on another scale, "" for the others.

    Parameters
    ----------
    slopes : array of float, shape (n_samples,)
    panel : array of float, shape (n_samples, panel size)
        Normalised log2; NaN = not detected.
    content : ModelContent

    Returns
    -------
    array of str, shape (n_samples,)
    """
    reason = np.full(len(slopes), "", dtype=object)
    limits = content.slope
    if limits is not None and limits.least_deviation is not None:
        found = deviations(panel, content)
        near = found < limits.least_deviation
        reason[near] = [
            f"its ratios lie {d:.2g} standard deviations from the pool's own, at least "
            f"{limits.least_deviation:.2g} are expected of a patient: another scale, or logarithms "
            "taken for intensities"
            for d in found[near]
        ]
    if limits is None or limits.lower is None or limits.upper is None:
        return reason
    # Of a sample with too few proteins other rules speak.
    off = (slopes < limits.lower) | (slopes > limits.upper)
    reason[off] = [
        f"its values rise {s:.2f}-fold with the study patients' profile, expected "
        f"{limits.lower:.2f} to {limits.upper:.2f}: another scale, logarithm or order of proteins"
        for s in slopes[off]
    ]
    return reason
