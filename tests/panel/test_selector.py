import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.panel import DetectionFilter, FixedPanel, PanelSelector
from proteoclass.panel.selection.selector import METHODS


def planted(n=60, p=200, k=5, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0.0, 1.0], n // 2)
    X = rng.normal(size=(n, p))
    X[:, :k] += 1.6 * y[:, None] * np.where(np.arange(k) % 2, -1, 1)
    return X, y


@pytest.mark.parametrize("method", METHODS)
def test_finds_planted_proteins(method):
    X, y = planted()
    chosen = PanelSelector(size=5, method=method).fit(X, y).get_support(indices=True)
    assert set(chosen) == set(range(5))


def test_panel_is_the_same_twice_and_depends_on_the_seed_alone():
    X, y = planted()
    first = PanelSelector(size=10, random_state=3).fit(X, y).strength_
    again = PanelSelector(size=10, random_state=3).fit(X, y).strength_
    np.testing.assert_array_equal(first, again)


def test_auto_is_the_view_that_the_table_decided():
    assert PanelSelector(size=5).fit(*planted(p=20)).method_ == "ridge"


def test_order_of_proteins_changes_nothing():
    X, y = planted()
    order = np.random.default_rng(1).permutation(X.shape[1])
    straight = PanelSelector(size=5).fit(X, y).get_support()
    shuffled = PanelSelector(size=5).fit(X[:, order], y).get_support()
    np.testing.assert_array_equal(straight[order], shuffled)


def test_half_samples_never_split_a_patient():
    # Each patient twice with the same values: a split patient would make both halves
    # nearly alike. With whole patients the frequencies equal those of single rows.
    X, y = planted(n=40, p=30)
    single = PanelSelector(size=5, method="stability").fit(X, y).strength_
    doubled = PanelSelector(size=5, method="stability").fit(
        np.repeat(X, 2, axis=0),
        np.repeat(y, 2),
        sample_weight=np.full(80, 0.5),
        groups=np.repeat([f"{i:02d}" for i in range(40)], 2),
    )
    assert np.abs(doubled.strength_ - single).max() < 0.15


def test_gaps_and_constant_proteins_are_tolerated():
    X, y = planted()
    X[::4, 7] = np.nan
    X[:, 8] = 3.0
    X[:, 9] = np.nan
    chosen = PanelSelector(size=5).fit(X, y).get_support(indices=True)
    assert not {8, 9} & set(chosen)


def test_constant_proteins_alone_select_nothing_and_warn_of_nothing():
    # Balanced classes: no protein and no intercept has a gradient at zero.
    selector = PanelSelector(size=1, method="stability").fit(
        np.ones((40, 3)), np.repeat([0, 1], 20)
    )
    assert selector.strength_.tolist() == [0.0, 0.0, 0.0]


def test_panel_larger_than_the_matrix_takes_all():
    X, y = planted(p=6)
    assert PanelSelector(size=20).fit(X, y).get_support().all()


def test_noise_has_no_favourite():
    rng = np.random.default_rng(0)
    frequency = (
        PanelSelector(size=5, method="stability")
        .fit(rng.normal(size=(60, 300)), planted()[1])
        .strength_
    )
    assert frequency.max() < 0.9


def test_abundant_proteins_alone_are_candidates_and_labels_have_no_part_in_it():
    X, y = planted(p=40)
    X -= np.arange(40)
    X[::3, 0] = np.nan
    selector = PanelSelector(size=3, abundant=0.25, must_have=(30,)).fit(X, y)
    by_median = np.argsort(-np.nanmedian(X, axis=0))[:10]
    assert set(selector.ranking_) == {*by_median, 30}
    flipped = PanelSelector(size=3, abundant=0.25).fit(X, y[::-1])
    assert set(flipped.ranking_) == set(by_median)
    assert len(PanelSelector(size=12, abundant=0.01).fit(X, y).ranking_) == 12


@pytest.mark.parametrize(("share", "n_kept"), [(0.07, 7), (0.55, 55), (0.071, 8), (1.0, 100)])
def test_a_share_of_abundant_proteins_is_rounded_up_but_not_for_a_last_bit(share, n_kept):
    selector = PanelSelector(size=1, abundant=share).fit(*planted(p=100))
    assert len(selector.ranking_) == n_kept


def test_of_equally_abundant_proteins_the_order_of_columns_chooses_none():
    rng = np.random.default_rng(0)
    counts = np.log2(rng.integers(1, 4, size=(40, 60)).astype(float))
    y = np.repeat([0.0, 1.0], 20)
    found = PanelSelector(size=5, abundant=0.2).fit(counts, y)
    back = PanelSelector(size=5, abundant=0.2).fit(counts[:, ::-1], y)
    assert set(found.ranking_) == set(59 - back.ranking_)
    kept = np.isin(np.arange(60), found.ranking_)
    medians = np.median(counts, axis=0)
    assert kept.sum() >= 12
    assert medians[kept].min() > medians[~kept].max()


def test_every_protein_that_must_be_there_is():
    X, y = planted(p=20)
    selector = PanelSelector(size=1, must_have=(17, 18)).fit(X, y)
    assert selector.get_support(indices=True).tolist() == [17, 18]


@pytest.mark.parametrize("must_have", [(20,), (-1,), (3, 5)])
def test_a_must_have_that_is_excluded_or_no_column_is_refused(must_have):
    X, y = planted(p=20)
    with pytest.raises(InputError, match=r"must_have names column .*, which is excluded or not"):
        PanelSelector(size=3, must_have=must_have, excluded=(5,)).fit(X, y)


def test_refusals_are_in_words():
    X, y = planted()
    with pytest.raises(InputError, match="found method 'best', expected auto"):
        PanelSelector(method="best").fit(X, y)
    with pytest.raises(InputError, match="found abundant 2, expected 0 to 1"):
        PanelSelector(abundant=2).fit(X, y)
    with pytest.raises(InputError, match="found size 0, expected at least 1"):
        PanelSelector(size=0).fit(X, y)
    with pytest.raises(TooLittleDataError, match="found 1 class, expected two"):
        PanelSelector().fit(X, np.ones(len(y)))
    with pytest.raises(TooLittleDataError, match="no protein is detected in 50%"):
        DetectionFilter().fit(np.full((4, 2), np.nan))


def test_fixed_panel_keeps_its_columns_in_matrix_order():
    values = np.arange(6.0).reshape(2, 3)
    assert FixedPanel((2, 0)).fit_transform(values).tolist() == [[0, 2], [3, 5]]


@pytest.mark.parametrize(
    "estimator",
    [
        DetectionFilter(),
        FixedPanel((0,)),
        PanelSelector(),
        PanelSelector(abundant=0.5),
        PanelSelector(method="stability"),
        PanelSelector(method="moderated-t"),
    ],
)
def test_is_a_scikit_learn_estimator(estimator):
    half_samples = "a weight of two and a row twice draw different half-samples"
    results = check_estimator(
        estimator,
        on_fail=None,
        on_skip=None,
        expected_failed_checks={"check_sample_weight_equivalence_on_dense_data": half_samples},
    )
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
