"""One protein of each cluster of correlated ones."""

import numpy as np
import pytest

from proteoclass.errors import InputError
from proteoclass.panel.selection.diverse import DEPTH, diverse_order, unit_columns
from proteoclass.panel.selection.selector import PanelSelector


def clustered(n_clusters=12, copies=4, n=60, noise=0.2, seed=0):
    """Clusters of near copies; the first of each is the strongest, clusters by strength."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0.0, 1.0], n // 2)
    cores = rng.normal(size=(n, n_clusters)) + y[:, None] * np.linspace(2.0, 0.5, n_clusters)
    X = np.repeat(cores, copies, axis=1)
    X[:, np.arange(X.shape[1]) % copies > 0] += noise * rng.normal(
        size=(n, n_clusters * (copies - 1))
    )
    return X, y


def by_definition(X, order, size, n_required, correlation):
    """The same rule written out pair by pair with NumPy's own correlation matrix."""
    r = np.abs(np.corrcoef(X, rowvar=False))
    taken, passed_over = [], []
    for place, protein in enumerate(order):
        near = any(r[protein, other] >= correlation for other in taken)
        (passed_over if near and place >= n_required else taken).append(int(protein))
    return (taken + passed_over)[:size], min(size, len(taken))


def units(X):
    return unit_columns(X, np.ones(len(X)))


@pytest.mark.parametrize("correlation", [0.3, 0.8, 0.95])
@pytest.mark.parametrize("n_required", [0, 5])
def test_agrees_with_the_rule_written_out_over_a_correlation_matrix(correlation, n_required):
    X, _ = clustered(seed=3)
    order = np.random.default_rng(1).permutation(X.shape[1])
    for size in (1, 7, 20, 48):
        ours, n_distinct = diverse_order(units(X), order, n_required, correlation)
        theirs, n_taken = by_definition(X, order, size, n_required, correlation)
        assert ours[:size].tolist() == theirs
        assert min(size, n_distinct) == n_taken


def test_a_sample_of_weight_two_counts_as_two():
    X, _ = clustered(seed=2)
    weights = np.repeat([1, 2, 3], 20)
    weighted = unit_columns(X, weights.astype(float))
    expected = np.corrcoef(np.repeat(X, weights, axis=0), rowvar=False)
    np.testing.assert_allclose(weighted.T @ weighted, expected, atol=1e-12)


def test_order_is_a_permutation_and_a_smaller_panel_is_the_top_of_a_larger_one():
    X, y = clustered()
    large = PanelSelector(size=10, diverse=0.8).fit(X, y)
    small = PanelSelector(size=4, diverse=0.8).fit(X, y)
    assert sorted(large.ranking_) == list(range(X.shape[1]))
    assert set(small.get_support(indices=True)) == set(small.ranking_[:4])


def test_panel_holds_one_of_each_cluster():
    X, y = clustered()
    plain = PanelSelector(size=12, method="moderated-t").fit(X, y)
    diverse = PanelSelector(size=12, method="moderated-t", diverse=0.8).fit(X, y)
    clusters = diverse.get_support(indices=True) // 4
    assert sorted(clusters) == list(range(12))
    assert diverse.n_correlated_ == 0
    assert len(set(plain.get_support(indices=True) // 4)) < 6, "the plain panel is of near copies"
    r = np.corrcoef(X[:, diverse.get_support()], rowvar=False) - np.eye(12)
    assert np.abs(r).max() < 0.8


def test_the_strongest_of_each_cluster_is_the_one_that_stays():
    X, y = clustered()
    selector = PanelSelector(size=12, method="moderated-t", diverse=0.8).fit(X, y)
    strongest = np.abs(selector.t_).reshape(12, 4).argmax(axis=1) + 4 * np.arange(12)
    assert set(selector.get_support(indices=True)) == set(strongest)


def test_a_panel_that_cannot_be_filled_otherwise_takes_the_copies_and_counts_them():
    X, y = clustered()
    selector = PanelSelector(size=20, method="moderated-t", diverse=0.8).fit(X, y)
    assert selector.get_support().sum() == 20
    assert selector.n_correlated_ == 8
    passed_over = np.setdiff1d(np.arange(48), selector.ranking_[:12])
    strongest = passed_over[np.argsort(-np.abs(selector.t_[passed_over]), kind="stable")]
    assert selector.ranking_[12:20].tolist() == strongest[:8].tolist()


def test_must_have_proteins_stay_though_they_are_copies_and_push_others_out():
    X, y = clustered()
    selector = PanelSelector(size=12, method="moderated-t", must_have=(1, 2), diverse=0.8)
    panel = selector.fit(X, y).get_support(indices=True)
    assert {1, 2} <= set(panel)
    assert not {0, 3} & set(panel)
    assert len(set(panel // 4)) == 11


def test_columns_without_spread_and_with_gaps_are_tolerated():
    X, y = clustered()
    X[::3, 5] = np.nan
    X[:, 6] = 4.0
    X[:, 7] = np.nan
    selector = PanelSelector(size=48, method="moderated-t", diverse=0.8).fit(X, y)
    assert selector.get_support().all()


def test_the_search_is_bounded():
    rng = np.random.default_rng(0)
    X = units(rng.normal(size=(40, 3 * DEPTH)))
    order, n_distinct = diverse_order(X, np.arange(3 * DEPTH), 0, 1.0)
    assert n_distinct == DEPTH
    assert order.tolist() == list(range(3 * DEPTH))


def test_the_order_of_columns_changes_nothing():
    X, y = clustered()
    order = np.random.default_rng(1).permutation(X.shape[1])
    straight = PanelSelector(size=8, diverse=0.8).fit(X, y).get_support()
    shuffled = PanelSelector(size=8, diverse=0.8).fit(X[:, order], y).get_support()
    np.testing.assert_array_equal(straight[order], shuffled)


@pytest.mark.parametrize("wrong", [-0.1, 1.5])
def test_a_correlation_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match=f"found diverse {wrong}, expected 0 to 1"):
        PanelSelector(diverse=wrong).fit(*clustered())


def test_a_threshold_takes_all_that_reach_it_and_goes_with_no_cluster_rule():
    with pytest.raises(InputError, match="use one of the two"):
        PanelSelector(method="stability", threshold=0.7, diverse=0.8).fit(*clustered())
