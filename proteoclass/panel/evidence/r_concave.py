"""The largest tail of an r-concave distribution with a given mean."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@lru_cache(maxsize=1024)
def largest_tail(mean: float, steps: int, n_steps: int, r: float) -> float:
    """Return the largest chance that an r-concave proportion reaches a value.

    Parameters
    ----------
    mean : float
        Largest mean the proportion may have, 0 to 1.
    steps : int
        The value to reach, in units of `1 / n_steps`.
    n_steps : int
        The proportion takes the values 0, 1/n_steps, ..., 1.
    r : float
        Below 0; the r-th power of the probabilities is convex.

    Returns
    -------
    float
        D(mean, steps / n_steps, n_steps, r); 1 where `steps` is not above twice the mean,
        rounded up, for which the reference has no value.

    Notes
    -----
    Shah & Samworth 2013, section 3.4 and appendix. Among r-concave distributions the tail is
    largest for probabilities (a + i)^(1/r) on i = 0 ... k and whatever keeps the mean on
    k + 1. For a given a the mean leaves one k, so that one number, a, is searched: a grid
    over its logarithm, then finer ones around the best.

    Examples
    --------
    >>> round(100 * largest_tail(0.01, 10, 50, -0.5), 6)
    1.141339
    """
    if mean == 0:
        return 0.0 if steps > 0 else 1.0
    if steps <= math.ceil(2 * mean * n_steps) or steps > n_steps:
        return 1.0 if steps <= n_steps else 0.0
    low, high, best = math.log(1e-6), math.log(1e6), 0.0
    for points in (500, 100, 100, 100, 100, 100):
        grid = np.linspace(low, high, points)
        tails = _tail_of_family(np.exp(grid), mean * n_steps, steps, n_steps, 1 / r)
        at = int(tails.argmax())
        best = max(best, float(tails[at]))
        low, high = grid[max(at - 1, 0)], grid[min(at + 1, points - 1)]
    return best


def _tail_of_family(a: Floats, mean: float, steps: int, n_steps: int, power: float) -> Floats:
    """P(at least `steps`) of the extremal distribution of each `a`, shape (n,)."""
    i = np.arange(n_steps + 1)
    # Divided by a, so that the first is 1 and no small a overflows.
    shape = (1 + i / a[:, None]) ** power
    mass = shape.cumsum(axis=1)
    moment = (i * shape).cumsum(axis=1)
    # Means rise with the last point k; the last that is not too large leaves room on k + 1.
    k = (moment <= mean * mass).sum(axis=1) - 1
    rows = np.arange(len(a))
    total, first = mass[rows, k], moment[rows, k]
    full = k == n_steps
    gap = np.where(full, 1.0, k + 1 - mean)
    scale = gap / np.where(full, total, (k + 1) * total - first)
    below = scale * mass[:, steps - 1]
    # With steps above k + 1 nothing is reached.
    return np.where(steps > k + 1, 0.0, np.clip(1 - below, 0.0, 1.0))
