from functools import partial

import numpy as np
import pytest
from scipy import stats
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.panel import PanelSelector
from proteoclass.panel.selection import forest
from proteoclass.panel.selection.selector import VIEWS
from proteoclass.panel.selection.training_rows import TrainingRows

# Printed by tests/panel/golden_forest.R: 20 runs of 2,000 trees, randomForest 4.7-1.1.
R_MEAN = [0.31159, 0.0235612, 0.00730554, 0.0036848, -0.00175274, 0.0275559, 0.00243669,
          -0.00160348, -0.00097831]  # fmt: skip
R_SD = [0.00434128, 0.00162715, 0.00103003, 0.00107923, 0.000513833, 0.00155966, 0.000776263,
        0.000581374, 0.000556133]  # fmt: skip


def training_rows(values, labels, patients=None, weights=None, seed=0):
    n = len(labels)
    return TrainingRows(
        values,
        labels,
        np.ones(n) if weights is None else weights,
        np.arange(n) if patients is None else np.asarray(patients),
        size=5,
        seed=seed,
    )


def golden_rows(seed=0):
    i, j = np.arange(1, 41)[:, None], np.arange(1, 10)[None]
    labels = np.repeat([0.0, 1.0], 20)
    shift = labels[:, None] * np.array([1.5, -1, 0.6, 0.3, 0, 0, 0, 0, 0])
    return training_rows(np.sin(7.3 * i * j) + np.cos(i + 2 * j * j) + shift, labels, seed=seed)


def planted(n=40, p=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0.0, 1.0], n // 2)
    values = rng.normal(size=(n, p))
    values[:, :3] += 1.5 * labels[:, None]
    return values, labels


def test_agrees_with_r_within_monte_carlo_error():
    ours = forest.accuracy_decrease(golden_rows(), 1000)
    # A run of 1,000 trees has twice the variance of one of 2,000; the mean of R, a 20th.
    error = np.array(R_SD) * np.sqrt(2 + 1 / 20)
    assert np.abs((ours - R_MEAN) / error).max() < 4
    assert set(np.argsort(ours)[-3:]) == set(np.argsort(R_MEAN)[-3:])
    assert stats.spearmanr(ours, R_MEAN).statistic > 0.9


def by_plain_loop(rows, n_trees):
    """Breiman's definition with copies of the values and the tree's own `predict`."""
    strongest = np.argsort(-np.abs(rows.t), kind="stable")
    values = rows.standardised[:, strongest].astype(np.float32)
    weights = rows.balanced
    total = np.zeros(values.shape[1])
    grown = forest.trees(values, rows.labels, weights, rows.patients, n_trees, rows.seed)
    for tree, counts, rng in grown:
        out = np.flatnonzero(counts == 0)
        as_they_are = tree.predict(values[out]) == rows.labels[out]
        for protein in np.unique(tree.tree_.feature[tree.tree_.feature >= 0]):
            shuffled = values[out].copy()
            shuffled[:, protein] = shuffled[rng.permutation(len(out)), protein]
            correct = tree.predict(shuffled) == rows.labels[out]
            lost = weights[out] * (as_they_are.astype(float) - correct)
            total[protein] += lost.sum() / weights[out].sum()
    result = np.zeros(len(strongest))
    result[strongest] = total / n_trees
    return result


@pytest.mark.parametrize("severe", [8, 20])
def test_equals_a_plain_loop(severe):
    values, _ = planted()
    values[::5, 1] = np.nan
    rows = training_rows(values, np.repeat([0.0, 1.0], [40 - severe, severe]), seed=3)
    found = forest.accuracy_decrease(rows, 25)
    np.testing.assert_allclose(found, by_plain_loop(rows, 25), atol=1e-13)
    assert (found != 0).sum() > 5


def test_samples_of_a_patient_are_drawn_together():
    values, labels = planted(n=20)
    patients = np.repeat([f"p{i:02d}" for i in range(10)], 2)
    rows = training_rows(values, labels, patients, np.full(20, 0.5))
    columns = rows.standardised.astype(np.float32)
    for tree, counts, _ in forest.trees(columns, labels, rows.balanced, patients, 20, 0):
        np.testing.assert_array_equal(counts[::2], counts[1::2])
        assert counts[::2].sum() == 10
        # What the root holds is what was drawn, at the weight of its patient.
        held = tree.tree_.weighted_n_node_samples[0]
        assert held == pytest.approx((counts * rows.balanced).sum())


def test_every_sample_twice_in_one_patient_counts_once():
    values, labels = planted()
    single = forest.accuracy_decrease(training_rows(values, labels), 200)
    doubled = forest.accuracy_decrease(
        training_rows(
            np.repeat(values, 2, axis=0),
            np.repeat(labels, 2),
            np.repeat(np.arange(40), 2),
            np.full(80, 0.5),
        ),
        200,
    )
    assert np.abs(single - doubled).max() < 0.008
    assert single.max() > 0.03


def test_order_of_proteins_and_of_patients_changes_nothing():
    values, labels = planted()
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(40), rng.permutation(60)
    names = np.array([f"p{i:02d}" for i in range(40)])
    straight = forest.accuracy_decrease(training_rows(values, labels, names), 50)
    shuffled = forest.accuracy_decrease(
        training_rows(values[np.ix_(rows, columns)], labels[rows], names[rows]), 50
    )
    np.testing.assert_allclose(shuffled, straight[columns], atol=1e-12)


def test_seed_alone_decides_the_draws():
    values, labels = planted()
    first = forest.accuracy_decrease(training_rows(values, labels, seed=1), 20)
    again = forest.accuracy_decrease(training_rows(values, labels, seed=1), 20)
    other = forest.accuracy_decrease(training_rows(values, labels, seed=2), 20)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_proteins_outside_the_prefilter_have_no_strength(monkeypatch):
    values, labels = planted()
    monkeypatch.setattr(forest, "PREFILTER", 10)
    rows = training_rows(values, labels)
    found = forest.accuracy_decrease(rows, 50)
    kept = np.argsort(-np.abs(rows.t))[:10]
    assert set(np.flatnonzero(found)) <= set(kept)
    assert found[:3].min() > 0.02


def test_constant_proteins_give_no_strength():
    rows = training_rows(np.ones((20, 4)), np.repeat([0.0, 1.0], 10))
    assert forest.accuracy_decrease(rows, 10).tolist() == [0.0] * 4


def test_noise_is_about_zero():
    values = np.random.default_rng(1).normal(size=(60, 100))
    found = forest.accuracy_decrease(training_rows(values, np.repeat([0.0, 1.0], 30)), 100)
    assert np.abs(found.mean()) < 0.005
    assert found.max() < 0.05


def test_is_a_scikit_learn_estimator(monkeypatch):
    # Few trees: the checks fit some sixty times.
    monkeypatch.setitem(VIEWS, "forest", partial(forest.accuracy_decrease, n_trees=10))
    draws = "a weight of two and a row twice draw different bootstrap samples"
    results = check_estimator(
        PanelSelector(method="forest"),
        on_fail=None,
        on_skip=None,
        expected_failed_checks={"check_sample_weight_equivalence_on_dense_data": draws},
    )
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []


def test_a_tree_that_saw_every_patient_says_nothing():
    values, labels = planted()
    rows = training_rows(values, labels)
    columns = rows.standardised.astype(np.float32)
    tree, _, rng = next(forest.trees(columns, labels, rows.balanced, rows.patients, 1, 0))
    nobody = np.arange(0)
    used, loss = forest.shuffled_loss(tree, columns[nobody], labels[nobody], labels[nobody], rng)
    assert tree.tree_.node_count > 1
    assert (len(used), len(loss)) == (0, 0)
