"""The combined view: what several ways of looking at the training rows agree on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from proteoclass.panel.selection.booster import mean_contribution
from proteoclass.panel.selection.ridge import elimination_order
from proteoclass.panel.selection.sparse import selection_frequency
from proteoclass.panel.selection.training_rows import TrainingRows

Floats = npt.NDArray[np.float64]


def rank_consensus(rows: TrainingRows) -> Floats:
    """Combine the ranks that four views give each protein.

    Parameters
    ----------
    rows : TrainingRows

    Returns
    -------
    array of float, shape (n_proteins,)
        Minus the mean log rank in moderated t, ridge elimination, L1 stability and
        boosted trees; larger for proteins that all of them want.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0.0, 1.0], 20)
    >>> values = rng.normal(size=(40, 50))
    >>> values[:, 7] += 3 * labels
    >>> rows = TrainingRows(values, labels, np.ones(40), np.arange(40), size=1, seed=0)
    >>> int(rank_consensus(rows).argmax())
    7
    """
    strengths = [
        np.abs(rows.t),
        elimination_order(rows),
        selection_frequency(rows),
        mean_contribution(rows),
    ]
    return combined(strengths, np.abs(rows.t))


def combined(strengths: Sequence[Floats], tie_break: Floats) -> Floats:
    """Return minus the mean log rank over views.

    Parameters
    ----------
    strengths : sequence of arrays of float, shape (n_proteins,)
        What each view gave each protein, larger for those it wants more.
    tie_break : array of float, shape (n_proteins,)
        Decides between proteins that a view wants alike: larger first.

    Returns
    -------
    array of float, shape (n_proteins,)
        0 for a protein that every view wants most.

    Examples
    --------
    >>> combined([np.array([3.0, 2.0, 1.0])] * 2, np.zeros(3)).round(3).tolist()
    [0.0, -0.693, -1.099]
    """
    total = np.zeros(len(tie_break))
    for strength in strengths:
        order = np.lexsort((-tie_break, -strength))
        total[order] -= np.log(np.arange(1, len(order) + 1))
    return total / len(strengths)
