"""The ridge view: proteins that survive elimination from a ridge discriminant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proteoclass.panel.selection.training_rows import TrainingRows

Floats = npt.NDArray[np.float64]

#: Penalty as a multiple of the mean variance per patient, times the number of patients.
#: Where it is strong, correlated proteins share their weight and the ranking is that of t;
#: where it is weak, one of them gets it all, which only many patients can tell from chance.
PENALTY = 3000.0
#: Share of the proteins that leaves at each step.
DROPPED = 0.5


def elimination_order(rows: TrainingRows) -> Floats:
    """Rank proteins by how long they stay in a ridge discriminant.

    The discriminant is the ridge regression of the class on standardised proteins, in its
    dual form: a system as large as the number of samples, however many proteins there are.
    The weaker half leaves, the rest is fitted again, until the panel is left. The penalty
    falls with the number of patients: a few dozen cannot tell which of two correlated
    proteins carries the difference.

    Parameters
    ----------
    rows : TrainingRows

    Returns
    -------
    array of float, shape (n_proteins,)
        Larger for proteins that stay longer; among the last, by absolute weight.

    Notes
    -----
    Recursive elimination by weight: Guyon et al. 2002, Machine Learning 46:389, doi
    10.1023/A:1012487302797. The ridge discriminant: Hastie, Tibshirani & Friedman, The
    Elements of Statistical Learning (2009), sections 4.2 and 18.3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0.0, 1.0], 20)
    >>> values = rng.normal(size=(40, 50))
    >>> values[:, 7] += 3 * labels
    >>> rows = TrainingRows(values, labels, np.ones(40), np.arange(40), size=1, seed=0)
    >>> int(elimination_order(rows).argmax())
    7
    """
    order = np.zeros(rows.values.shape[1])
    alive = np.arange(rows.values.shape[1])
    root = np.sqrt(rows.balanced)
    target = _centred(2 * rows.labels - 1, rows.balanced) * root
    penalty = PENALTY / rows.weights.sum()
    # Once for all steps: on many proteins this takes as long as the products do.
    values = _centred(rows.standardised, rows.balanced)
    values *= root[:, None]
    level = 0
    while True:
        weight = np.abs(values.T @ _dual(values, target, penalty))
        largest = weight.max(initial=0.0)
        order[alive] = level + (0.99 * weight / largest if largest > 0 else 0.0)
        if len(alive) <= rows.size:
            return order
        n_kept = max(rows.size, int(len(alive) * (1 - DROPPED)))
        kept = np.sort(np.argsort(-weight, kind="stable")[:n_kept])
        alive, values = alive[kept], values[:, kept]
        level += 1


def _centred(values: Floats, weights: Floats) -> Floats:
    return np.asarray(values - (weights @ values) / weights.sum())


def _dual(values: Floats, target: Floats, penalty: float) -> Floats:
    gram = values @ values.T
    mean = np.trace(gram) / len(gram)
    if mean <= 0:
        return np.zeros(len(target))
    return np.asarray(np.linalg.solve(gram + penalty * mean * np.eye(len(gram)), target))
