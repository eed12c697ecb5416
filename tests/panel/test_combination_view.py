from functools import partial

import numpy as np
import pytest
from scipy import stats
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.panel import PanelSelector
from proteoclass.panel.selection import combination
from proteoclass.panel.selection.booster import mean_contribution
from proteoclass.panel.selection.combination import combined, mean_log_rank
from proteoclass.panel.selection.ridge import elimination_order
from proteoclass.panel.selection.sparse import selection_frequency
from proteoclass.panel.selection.training_rows import TrainingRows


def planted(n=40, p=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0.0, 1.0], n // 2)
    values = rng.normal(size=(n, p))
    values[:, :3] += 1.5 * labels[:, None]
    return values, labels


def training_rows(values, labels, patients=None):
    names = np.arange(len(labels)) if patients is None else patients
    return TrainingRows(values, labels, np.ones(len(labels)), names, size=5, seed=0)


def test_one_view_without_ties_is_its_ranks():
    # scipy.stats.rankdata is the independent route.
    strength = np.random.default_rng(0).normal(size=50)
    np.testing.assert_array_equal(
        combined([strength], np.zeros(50)), -np.log(stats.rankdata(-strength))
    )


def test_equal_in_both_share_the_mean_of_their_ranks():
    rng = np.random.default_rng(1)
    strengths = [rng.integers(0, 4, 40).astype(float) for _ in range(3)]
    # Nothing breaks the ties: what scipy calls average ranks.
    expected = -np.mean([np.log(stats.rankdata(-s)) for s in strengths], axis=0)
    np.testing.assert_allclose(combined(strengths, np.zeros(40)), expected, rtol=1e-14)


def test_ties_of_a_view_go_to_the_larger_tie_break():
    # A pair of keys as one number: strength in the thousands, tie break below.
    rng = np.random.default_rng(2)
    strength = rng.integers(0, 3, 30).astype(float)
    tie_break = rng.permutation(30).astype(float)
    joint = 1000 * strength + tie_break
    np.testing.assert_allclose(combined([strength], tie_break), -np.log(stats.rankdata(-joint)))


def test_worked_example():
    # Ranks 1 2 3 4, 2 1 3 4 and 1 4 2 3 of four proteins, multiplied by hand.
    views = [[9, 8, 7, 6], [8, 9, 7, 6], [9, 1, 3, 2]]
    found = combined([np.array(v, dtype=float) for v in views], np.zeros(4))
    assert found == pytest.approx(-np.log([2, 8, 18, 48]) / 3)


def test_is_the_mean_log_rank_of_the_four_views():
    rows = training_rows(*planted())
    views = [np.abs(rows.t), elimination_order(rows), selection_frequency(rows)]
    views.append(mean_contribution(rows))
    # Moderated t has no ties here, so that one number can carry both keys.
    order = stats.rankdata(np.abs(rows.t)) / 1e6
    joint = [stats.rankdata(view, method="dense") + order for view in views]
    expected = -np.mean([np.log(stats.rankdata(-view)) for view in joint], axis=0)
    np.testing.assert_allclose(mean_log_rank(rows), expected, rtol=1e-12)
    assert set(np.argsort(-expected)[:3]) == {0, 1, 2}


def test_order_of_proteins_and_of_patients_changes_nothing():
    values, labels = planted()
    values[:, 20] = values[:, 21]
    values[:, 30:33] = 1.0
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(40), rng.permutation(60)
    names = np.array([f"p{i:02d}" for i in range(40)])
    straight = mean_log_rank(training_rows(values, labels, names))
    shuffled = mean_log_rank(
        training_rows(values[np.ix_(rows, columns)], labels[rows], names[rows])
    )
    untied = np.flatnonzero(~np.isin(columns, (20, 21)))
    np.testing.assert_allclose(shuffled[untied], straight[columns][untied], atol=1e-9)


def test_panel_is_the_same_twice():
    values, labels = planted()
    first = PanelSelector(size=5, method="combination").fit(values, labels)
    again = PanelSelector(size=5, method="combination").fit(values, labels)
    np.testing.assert_array_equal(first.strength_, again.strength_)
    assert set(range(3)) <= set(first.get_support(indices=True))


def test_is_a_scikit_learn_estimator(monkeypatch):
    # Few draws: the checks fit some sixty times.
    monkeypatch.setattr(combination, "selection_frequency", partial(selection_frequency, n_pairs=2))
    monkeypatch.setattr(combination, "mean_contribution", partial(mean_contribution, n_boosters=1))
    draws = "a weight of two and a row twice draw different samples"
    results = check_estimator(
        PanelSelector(method="combination"),
        on_fail=None,
        on_skip=None,
        expected_failed_checks={"check_sample_weight_equivalence_on_dense_data": draws},
    )
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
