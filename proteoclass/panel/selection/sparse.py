"""The sparse view: how often an L1 logistic model of half the patients keeps a protein."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.linear_model import LogisticRegression

from proteoclass.panel.selection.training_rows import TrainingRows, balanced

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Proteins, by absolute moderated t on the training rows, that enter the half-samples. It
#: bounds the time; they are found inside the fold like all else.
PREFILTER = 300
#: Inverse penalty as a multiple of the smallest one at which a model without class weights
#: selects any protein (`sklearn.svm.l1_min_c`). The fits balance the classes.
PENALTY_RATIO = 6.0
#: Complementary pairs of half-samples.
N_PAIRS = 25


def selection_frequency(
    rows: TrainingRows, n_pairs: int = N_PAIRS, *, each_half_alone: bool = False
) -> Floats:
    """Return the share of half-samples whose L1 logistic model keeps each protein.

    Parameters
    ----------
    rows : TrainingRows
    n_pairs : int
        Complementary pairs of half-samples.
    each_half_alone : bool
        Filter and standardise by the half alone. Slower; without it a half has seen the
        labels of the other through the filter, and no bound on false selections holds. What
        was learnt of the values before (normalisation, filling, candidates) is of all the
        rows given, but of no label.

    Returns
    -------
    array of float, shape (n_proteins,)

    Notes
    -----
    Meinshausen & Bühlmann 2010, doi 10.1111/j.1467-9868.2010.00740.x; complementary
    pairs: Shah & Samworth 2013, doi 10.1111/j.1467-9868.2011.01034.x.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0.0, 1.0], 20)
    >>> values = rng.normal(size=(40, 50))
    >>> values[:, 7] += 3 * labels
    >>> rows = TrainingRows(values, labels, np.ones(40), np.arange(40), size=1, seed=0)
    >>> int(selection_frequency(rows, 5).argmax())
    7
    """
    picks = np.zeros(rows.values.shape[1])
    halves = rows.halves(n_pairs)
    if each_half_alone:
        for half in halves:
            alone = rows.only(half)
            strongest = _strongest(alone)
            values = alone.standardised[:, strongest]
            picks[strongest] += _kept(values, alone.labels, alone.weights)
        return picks / len(halves)
    strongest = _strongest(rows)
    standardised = rows.standardised[:, strongest]
    for half in halves:
        picks[strongest] += _kept(standardised[half], rows.labels[half], rows.weights[half])
    return picks / len(halves)


def _strongest(rows: TrainingRows) -> npt.NDArray[np.intp]:
    return np.argsort(-np.abs(rows.t), kind="stable")[:PREFILTER]


def _kept(values: Floats, labels: Floats, weights: Floats) -> Bools:
    if len(np.unique(labels)) < 2:
        return np.zeros(values.shape[1], dtype=bool)
    model = LogisticRegression(
        l1_ratio=1.0,
        solver="liblinear",
        C=_smallest_inverse_penalty(values, labels, weights) * PENALTY_RATIO,
        tol=1e-3,
        max_iter=200,
        random_state=0,
    )
    # The values were checked once; checking every half again takes longer than fitting.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        model.fit(values, labels, sample_weight=balanced(labels, weights))
    return np.asarray(np.abs(model.coef_[0]) > 0)


def _smallest_inverse_penalty(values: Floats, labels: Floats, weights: Floats) -> float:
    """Return the smallest C at which an L1 logistic model may not be empty.

    `sklearn.svm.l1_min_c`, with weights: a patient with two samples of weight 1/2 is one.
    """
    signed = (2 * labels - 1) * weights
    strongest = max(np.abs(signed @ values).max(), abs(signed.sum()))
    # Constant proteins and balanced classes: nothing is selected at any penalty.
    return float(2 / strongest) if strongest > 0 else 1.0
