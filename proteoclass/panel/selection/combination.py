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


def mean_log_rank(rows: TrainingRows) -> Floats:
    """Combine the ranks that four views give each protein.

    Parameters
    ----------
    rows : TrainingRows

    Returns
    -------
    array of float, shape (n_proteins,)
        Minus the mean log rank by moderated t, ridge elimination, L1 stability and boosted
        trees; larger for proteins that all of them want.

    Notes
    -----
    The logarithm makes the top of a list weigh more than its middle. On public cohorts none
    of five other rules of ranks had a larger mean AUC, and the best of its own views did as
    well: it spares one from knowing which. `benchmarks/study_selectors.py` sets it beside them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0.0, 1.0], 20)
    >>> values = rng.normal(size=(40, 50))
    >>> values[:, 7] += 3 * labels
    >>> rows = TrainingRows(values, labels, np.ones(40), np.arange(40), size=1, seed=0)
    >>> int(mean_log_rank(rows).argmax())
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
    """Return minus the mean log rank over views, 1 being what a view wants most.

    Parameters
    ----------
    strengths : sequence of arrays of float, shape (n_proteins,)
        What each view gave each protein, larger for those it wants more.
    tie_break : array of float, shape (n_proteins,)
        Decides between proteins that a view wants alike: larger first. What is alike in
        that too shares the mean of its ranks.

    Returns
    -------
    array of float, shape (n_proteins,)

    Examples
    --------
    >>> combined([np.array([3.0, 2.0, 1.0])] * 2, np.zeros(3)).round(3).tolist()
    [0.0, -0.693, -1.099]
    """
    logs = [np.log(_ranks(-strength, -tie_break)) for strength in strengths]
    # Not minus the mean: the best of all is to be 0, not -0.
    return np.asarray(0.0 - np.mean(logs, axis=0))


def _ranks(first: Floats, second: Floats) -> Floats:
    """Rank by one key, then another; equals share the mean of their ranks."""
    order = np.lexsort((second, first))
    changes = (np.diff(first[order]) != 0) | (np.diff(second[order]) != 0)
    run = np.concatenate(([0], np.cumsum(changes)))
    place = np.arange(1, len(order) + 1)
    ranks = np.empty(len(order))
    ranks[order] = (np.bincount(run, place) / np.bincount(run))[run]
    return ranks
