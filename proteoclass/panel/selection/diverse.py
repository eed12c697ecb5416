"""A panel of differing proteins: the strongest of each cluster of correlated ones."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Absolute correlation from which two proteins count as one cluster.
DEFAULT_CORRELATION: Final = 0.8
#: Largest panel that is looked after; it bounds the time.
DEPTH: Final = 200
# A correlation of one comes out as a little less.
_ROUNDING = 1e-9


def diverse_order(
    standardised: Floats, order: Positions, n_required: int, correlation: float
) -> tuple[Positions, int]:
    """Move proteins behind those that are no near copies of a stronger one.

    Strongest first: a protein is passed over where it is correlated with one that was
    taken before. Those passed over follow in their order, so that a panel can be filled
    where there are too few that differ. A panel of any size is the top of the result.

    Parameters
    ----------
    standardised : array of float, shape (n_samples, n_proteins)
        Training values with mean 0 and SD 1 a protein, gaps filled; constant ones are 0
        and correlated with none.
    order : array of int, shape (n_candidates,)
        Positions of the candidates, the most wanted first.
    n_required : int
        The first so many of `order` are taken whatever they are correlated with.
    correlation : float
        Absolute Pearson correlation, above 0 to 1, from which two are one cluster.

    Returns
    -------
    order : array of int, shape (n_candidates,)
    n_distinct : int
        How many at its top were taken; beyond them stand those passed over. The search
        ends at `DEPTH`.

    Notes
    -----
    One product of the values with each protein taken, never the correlation of all pairs.

    Examples
    --------
    >>> one, two = np.array([-1.0, 1.0, -1.0, 1.0]), np.array([1.0, 1.0, -1.0, -1.0])
    >>> order, n_distinct = diverse_order(np.c_[one, -one, two], np.arange(3), 0, 0.8)
    >>> order.tolist(), n_distinct
    ([0, 2, 1], 2)
    """
    taken: list[int] = []
    near = np.zeros(standardised.shape[1], dtype=bool)
    for place, protein in enumerate(order.tolist()):
        if near[protein] and place >= n_required:
            continue
        taken.append(protein)
        if len(taken) == DEPTH:
            break
        shared = standardised.T @ standardised[:, protein] / len(standardised)
        near |= np.abs(shared) >= correlation - _ROUNDING
    passed_over = order[~np.isin(order, taken)]
    return np.array([*taken, *passed_over], dtype=np.intp), len(taken)
