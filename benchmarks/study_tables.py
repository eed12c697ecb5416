"""Tables of what studies found: a row a figure, a column an arm."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def share_of(events: npt.ArrayLike) -> tuple[float, float]:
    """Return a share and its Monte Carlo error; the halves of a cohort count as one draw.

    Parameters
    ----------
    events : array of bool, shape (n_cohorts,) or (n_cohorts, 2)
    """
    of_cohort = np.asarray(events, dtype=float).reshape(len(np.asarray(events)), -1).mean(axis=1)
    return float(of_cohort.mean()), float(of_cohort.std(ddof=1) / np.sqrt(len(of_cohort)))


def quantiles(values: Floats) -> tuple[float, float, float]:
    """Return the median, and the 5 and 95 % quantile, of the values that there are."""
    middle, low, high = np.nanquantile(values, (0.5, 0.05, 0.95))
    return float(middle), float(low), float(high)


def print_table(found: dict[str, dict[str, Any]]) -> None:
    """Print the figures of several arms, as Markdown.

    Parameters
    ----------
    found : dict of str to dict
        Figures of each arm: a number, one with its error, or a median with two quantiles.
    """
    print(f"| figure | {' | '.join(found)} |")
    print("|---" * (1 + len(found)) + "|")
    for name in dict.fromkeys(name for of_arm in found.values() for name in of_arm):
        cells = (_cell(of_arm.get(name)) for of_arm in found.values())
        print(f"| {name} | {' | '.join(cells)} |")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}"
    if len(value) == 2:
        return f"{value[0]:.3f} ± {value[1]:.3f}"
    return f"{value[0]:.2f} ({value[1]:.2f}–{value[2]:.2f})"
