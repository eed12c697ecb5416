"""The forest view: accuracy that a random forest loses when a protein is shuffled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import sklearn

from proteoclass.folds import spawn
from proteoclass.panel.selection.training_rows import TrainingRows

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]

#: Proteins, by absolute moderated t on the training rows, that enter the forest. It bounds
#: the time; they are found inside the fold like all else.
PREFILTER = 300


def accuracy_decrease(rows: TrainingRows, n_trees: int = 500) -> Floats:
    """Return the accuracy lost on patients a tree never saw, when a protein is shuffled.

    Each tree grows on a bootstrap sample of patients. The samples of the patients left out
    of it are classified as they are, and again with one protein's values permuted among
    them. The loss is averaged over all trees; a protein that a tree does not use loses
    nothing there.

    Parameters
    ----------
    rows : TrainingRows
    n_trees : int

    Returns
    -------
    array of float, shape (n_proteins,)
        Share of accuracy, both classes counting alike; about 0, and sometimes below it,
        for proteins of no use.

    Notes
    -----
    Breiman 2001, Machine Learning 45:5, doi 10.1023/A:1010933404324, section 10; not
    divided by its standard error, as in `importance(type = 1, scale = FALSE)` of the R
    package randomForest. Gaps are at the median of the training rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0.0, 1.0], 20)
    >>> values = rng.normal(size=(40, 50))
    >>> values[:, 7] += 3 * labels
    >>> rows = TrainingRows(values, labels, np.ones(40), np.arange(40), size=1, seed=0)
    >>> int(accuracy_decrease(rows, 50).argmax())
    7
    """
    # A tree draws columns and rows by position: in a fixed order, the order they came in
    # changes nothing.
    strongest = np.argsort(-np.abs(rows.t), kind="stable")[:PREFILTER]
    by_patient = np.argsort(rows.patients, kind="stable")
    values = rows.standardised[np.ix_(by_patient, strongest)].astype(np.float32)
    labels, weights = rows.labels[by_patient], rows.balanced[by_patient]
    decrease = np.zeros(len(strongest))
    for tree, counts, rng in trees(
        values, labels, weights, rows.patients[by_patient], n_trees, rows.seed
    ):
        left_out = np.flatnonzero((counts == 0) & (weights > 0))
        used, loss = shuffled_loss(tree, values[left_out], labels[left_out], weights[left_out], rng)
        decrease[used] += loss
    result = np.zeros(len(rows.t))
    result[strongest] = decrease / n_trees
    return result


def trees(
    values: Singles,
    labels: Floats,
    weights: Floats,
    patients: npt.NDArray[Any],
    n_trees: int,
    seed: int,
) -> Iterator[tuple[Any, npt.NDArray[np.intp], np.random.Generator]]:
    """Grow trees on bootstrap samples of patients.

    Parameters
    ----------
    values : array of float32, shape (n_samples, n_proteins)
        Without gaps.
    labels : array of 0.0 and 1.0, shape (n_samples,)
    weights : array of float, shape (n_samples,)
    patients : array, shape (n_samples,)
    n_trees, seed : int

    Yields
    ------
    tree : sklearn.tree.DecisionTreeClassifier
    counts : array of int, shape (n_samples,)
        How often the patient of each sample was drawn.
    rng : Generator
        Of this tree alone.

    Examples
    --------
    >>> values = np.array([[0], [1], [2], [3]], dtype=np.float32)
    >>> grown = trees(values, np.array([0.0, 0, 1, 1]), np.ones(4), np.arange(4), 3, seed=0)
    >>> [int(counts.sum()) for _, counts, _ in grown]
    [4, 4, 4]
    """
    from sklearn.tree import DecisionTreeClassifier

    names, patient_of = np.unique(patients, return_inverse=True)
    for number in range(n_trees):
        rng = spawn(seed, number)
        drawn = rng.integers(len(names), size=len(names))
        counts = np.bincount(drawn, minlength=len(names))[patient_of]
        tree = DecisionTreeClassifier(max_features="sqrt", random_state=int(rng.integers(2**31)))
        # The values were checked once; checking them again takes longer than fitting.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            tree.fit(values, labels, sample_weight=counts * weights, check_input=False)
        yield tree, counts, rng


def shuffled_loss(
    tree: Any, values: Singles, labels: Floats, weights: Floats, rng: np.random.Generator
) -> tuple[Positions, Floats]:
    """Return the accuracy a tree loses as each protein it uses is permuted.

    Parameters
    ----------
    tree : sklearn.tree.DecisionTreeClassifier
    values : array of float32, shape (n_samples, n_proteins)
        Samples that the tree never saw.
    labels, weights : array of float, shape (n_samples,)
    rng : Generator
        Draws one permutation of the samples for each protein in use, in their order.

    Returns
    -------
    used : array of int, shape (n_used,)
    loss : array of float, shape (n_used,)

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> values = np.array([[0, 5], [1, 5], [2, 5], [3, 5]], dtype=np.float32)
    >>> labels = np.array([0.0, 0, 1, 1])
    >>> tree = DecisionTreeClassifier().fit(values, labels)
    >>> used, loss = shuffled_loss(tree, values, labels, np.ones(4), np.random.default_rng(0))
    >>> used.tolist(), loss.tolist()
    ([0], [0.5])
    """
    nodes = tree.tree_
    used = np.unique(nodes.feature[nodes.feature >= 0])
    if not len(used) or not weights.sum() > 0:
        return used[:0], np.zeros(0)
    n = len(values)
    own = np.arange(n)
    # Row 0 is the samples as they are; row j has protein used[j - 1] permuted. Only the
    # places a tree reads are looked up: no copy of the values is made.
    permuted = np.array([own, *(rng.permutation(n) for _ in used)])
    shuffled = np.concatenate(([-1], used))[:, None]
    node = np.zeros(permuted.shape, dtype=np.intp)
    for _ in range(nodes.max_depth):
        protein = nodes.feature[node]
        inner = protein >= 0
        read = values[np.where(protein == shuffled, permuted, own), np.where(inner, protein, 0)]
        below = np.where(
            read <= nodes.threshold[node], nodes.children_left[node], nodes.children_right[node]
        )
        node = np.where(inner, below, node)
    predicted = tree.classes_[nodes.value[:, 0, :].argmax(axis=1)][node]
    accuracy = (predicted == labels) @ weights / weights.sum()
    return used, accuracy[0] - accuracy[1:]
