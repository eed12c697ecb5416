"""Whether numbers are raw or log2, and what kind of quantity they are, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import is_olink_id
from proteoclass.matrix.protein_matrix import Kind, Scale

#: No instrument counts 2^64 ions: a larger number cannot be a log2 intensity.
LARGEST_LOG2 = 64.0
_LOWEST_LOG2_MEDIAN = 3.0
_HIGHEST_NPX_MEDIAN = 15.0


def decide_scale(values: pd.DataFrame, asked: str, where: str) -> tuple[Scale, str]:
    """Say whether values are raw or log2.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
    asked : {"auto", "raw", "log2"}
        Anything but "auto" is obeyed.
    where : str
        File name, for messages.

    Returns
    -------
    scale : {"raw", "log2"}
    why : str
        One clause.

    Raises
    ------
    InputError
        If no number is finite, or "auto" is asked and the numbers fit neither scale or
        both.

    Notes
    -----
    A value above 64 is raw; otherwise negative values, or a median of at least 3, are
    log2. Small positive numbers (ratios around one, spectral counts) may be either and
    are not guessed.

    Examples
    --------
    >>> decide_scale(pd.DataFrame({"P1": [25.3, 37.9]}), "auto", "a.tsv")
    ('log2', 'largest value 37.9 and median 31.6 fit log2, not raw intensities')
    """
    if asked not in ("auto", "raw", "log2"):
        raise InputError(f"--scale {asked!r}: expected auto, raw or log2")
    low, high = _range(values)
    if low > high:
        raise InputError(f"{where}: no cell holds a number; check the columns and the separator")
    if asked != "auto":
        return cast(Scale, asked), f"{asked} scale as asked"
    if low < 0 and high > LARGEST_LOG2:
        raise InputError(
            f"{where}: smallest value {low:.4g} is no raw intensity and largest {high:.4g} no "
            "log2 value; correct the cells or pass --scale"
        )
    if low < 0:
        return "log2", f"negative values (smallest {low:.3g}) mean log2"
    if high > LARGEST_LOG2:
        _refuse_strays(values, where)
        return "raw", f"largest value {high:.3g} means raw"
    # Only now: the mean of two middle values near the largest float overflows.
    numbers = values.to_numpy(dtype=float)
    middle = _median(numbers[np.isfinite(numbers)])
    if middle < _LOWEST_LOG2_MEDIAN:
        raise InputError(
            f"{where}: median {middle:.3g} and largest value {high:.3g} could be raw or log2; "
            "pass --scale raw or --scale log2"
        )
    return "log2", (
        f"largest value {high:.3g} and median {middle:.3g} fit log2, not raw intensities"
    )


def _range(values: pd.DataFrame) -> tuple[float, float]:
    """Return the smallest and the largest finite number, crosswise where there is none."""
    numbers = values.to_numpy(dtype=float).ravel(order="K")
    if not numbers.size:
        return np.inf, -np.inf
    low, high = float(np.fmin.reduce(numbers)), float(np.fmax.reduce(numbers))
    if np.isinf(low) or np.isinf(high):
        numbers = numbers[np.isfinite(numbers)]
        low, high = float(numbers.min(initial=np.inf)), float(numbers.max(initial=-np.inf))
    return (np.inf, -np.inf) if np.isnan(low) else (low, high)


def _median(numbers: npt.NDArray[np.float64]) -> float:
    # Halved first: the sum of the two in the middle must not overflow.
    return 2 * float(np.median(numbers / 2, overwrite_input=True))


def _refuse_strays(values: pd.DataFrame, where: str) -> None:
    """Refuse a log2 table in which a few columns are something else."""
    largest = np.fmax.reduce(values.to_numpy(dtype=float), axis=0)
    strays = values.columns[largest > LARGEST_LOG2]
    if len(strays) > 0.2 * len(largest):
        return
    rest = values.drop(columns=strays).to_numpy(dtype=float)
    rest = rest[np.isfinite(rest)]
    if not len(rest):
        return
    # Spectral counts, the raw values that are small, are whole numbers.
    if np.median(rest) >= _LOWEST_LOG2_MEDIAN and (rest != np.round(rest)).mean() > 0.5:
        raise InputError(
            f"{where}: {len(strays)} columns exceed {LARGEST_LOG2:.0f} ({name_list(strays)}) and "
            f"the other {len(largest) - len(strays)} fit log2; remove what is no protein, or pass "
            "--scale"
        )


def decide_kind(
    values: pd.DataFrame, proteins: Sequence[str], scale: Scale, asked: str
) -> tuple[Kind, str]:
    """Say whether values are intensities, ratios or NPX.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
    proteins : sequence of str
        Protein ids: Olink assay numbers mean NPX.
    scale : {"raw", "log2"}
    asked : {"auto", "intensity", "ratio", "npx"}
        Anything but "auto" is obeyed.

    Returns
    -------
    kind : {"intensity", "ratio", "npx"}
    why : str
        One clause.

    Raises
    ------
    InputError
        If `asked` is none of the above, or NPX is asked for raw values.

    Examples
    --------
    >>> decide_kind(pd.DataFrame({"OID00471": [6.2]}), ["OID00471"], "log2", "auto")
    ('npx', 'ids such as OID00471 mean NPX')
    """
    if asked not in ("auto", "intensity", "ratio", "npx"):
        raise InputError(f"--kind {asked!r}: expected auto, intensity, ratio or npx")
    if asked == "npx" and scale == "raw":
        raise InputError("--kind npx: NPX values are log2, the scale is raw; pass --scale log2")
    if asked != "auto":
        return cast(Kind, asked), f"{asked} as asked"
    olink = [name for name in proteins if is_olink_id(name)]
    if scale == "log2" and 2 * len(olink) >= len(proteins):
        return "npx", f"ids such as {olink[0]} mean NPX"
    if scale == "raw":
        return "intensity", "raw values are taken for intensities"
    numbers = values.to_numpy(dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    middle = _median(numbers)
    if abs(middle) < _LOWEST_LOG2_MEDIAN and numbers.min() < 0:
        return "ratio", f"values around 0 (median {middle:.3g}) are taken for log2 ratios"
    if middle < _HIGHEST_NPX_MEDIAN:
        return "intensity", (
            f"taken for log2 intensities; pass --kind npx if they are NPX (median {middle:.3g})"
        )
    return "intensity", f"median {middle:.3g} fits log2 intensities"
