"""Units of work run side by side, with results in order and progress told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

#: Called with a label, the units done and the units in all.
Progress = Callable[[str, int, int], None]


def run_units(
    function: Callable[..., Any],
    units: Sequence[tuple[Any, ...]],
    *,
    jobs: int = 1,
    label: str = "",
    progress: Progress | None = None,
) -> list[Any]:
    """Call a function on each unit.

    Parameters
    ----------
    function : callable
        Pure and importable: it may run in another process.
    units : sequence of tuple
        Arguments of each call.
    jobs : int
        Processes; results are the same for any number.
    label : str
        What the units are, for the progress bar.
    progress : callable, optional

    Returns
    -------
    list
        Results in the order of the units.

    Examples
    --------
    >>> run_units(max, [(1, 2), (4, 3)])
    [2, 4]
    """
    results = []
    if jobs == 1 or len(units) < 2:
        stream = (single_threaded(function, unit) for unit in units)
    else:
        stream = Parallel(n_jobs=jobs, return_as="generator")(
            delayed(single_threaded)(function, unit) for unit in units
        )
    for done, result in enumerate(stream, start=1):
        results.append(result)
        if progress is not None:
            progress(label, done, len(units))
    return results


def single_threaded(function: Callable[..., Any], unit: tuple[Any, ...]) -> Any:
    """Call a function on one unit with one thread for linear algebra.

    The last bit of a matrix product depends on how many threads shared it, and a last
    bit can decide a tie between two proteins.

    Parameters
    ----------
    function : callable
    unit : tuple
        Its arguments.

    Examples
    --------
    >>> single_threaded(max, (1, 2))
    2
    """
    with threadpool_limits(1):
        return function(*unit)
