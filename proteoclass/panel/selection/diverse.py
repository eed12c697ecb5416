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


def unit_columns(values: Floats, weights: Floats) -> Floats:
    """Scale columns so that their inner products are weighted Pearson correlations.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        Of unit scale, without gaps.
    weights : array of float, shape (n_samples,)
        Of each sample, so that a patient with two samples counts once.

    Returns
    -------
    array of float, shape (n_samples, n_proteins)
        A constant column is 0, and so correlated with none.

    Examples
    --------
    >>> units = unit_columns(np.array([[1.0, -2.0], [3.0, -4.0], [2.0, -3.0]]), np.ones(3))
    >>> (units.T @ units).round(12).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    centred = (values - (weights @ values) / weights.sum()) * np.sqrt(weights)[:, None]
    length = np.sqrt((centred**2).sum(axis=0))
    return np.asarray(centred / np.where(length > 1e-9, length, np.inf))


def diverse_order(
    units: Floats, order: Positions, n_required: int, correlation: float
) -> tuple[Positions, int]:
    """Move proteins behind those that are no near copies of a stronger one.

    Strongest first: a protein is passed over where it is correlated with one that was
    taken before. Those passed over follow in their order, so that a panel can be filled
    where there are too few that differ. A panel of any size is the top of the result.

    Parameters
    ----------
    units : array of float, shape (n_samples, n_proteins)
        Training values as `unit_columns` returns them.
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
    Correlations are over all training samples: two proteins that differ between the
    classes are correlated by that alone.

    Examples
    --------
    >>> one, two = np.array([-1.0, 1.0, -1.0, 1.0]), np.array([1.0, 1.0, -1.0, -1.0])
    >>> units = unit_columns(np.c_[one, -one, two], np.ones(4))
    >>> order, n_distinct = diverse_order(units, np.arange(3), 0, 0.8)
    >>> order.tolist(), n_distinct
    ([0, 2, 1], 2)
    """
    taken: list[int] = []
    near = np.zeros(units.shape[1], dtype=bool)
    for place, protein in enumerate(order.tolist()):
        if near[protein] and place >= n_required:
            continue
        taken.append(protein)
        if len(taken) == DEPTH:
            break
        near |= np.abs(units.T @ units[:, protein]) >= correlation - _ROUNDING
    passed_over = order[~np.isin(order, taken)]
    return np.array([*taken, *passed_over], dtype=np.intp), len(taken)
