import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass.errors import TooLittleDataError
from proteoclass.folds import assert_no_shared_patient, complementary_halves, patient_folds, spawn

seeds = st.integers(0, 2**31)


@st.composite
def cohorts(draw):
    """A number of folds and classes, in any order, that have patients enough for it."""
    n_folds = draw(st.integers(2, 7))
    counts = draw(st.lists(st.integers(n_folds, 25), min_size=2, max_size=4))
    classes = np.repeat(np.arange(len(counts)), counts)
    return n_folds, np.random.default_rng(draw(seeds)).permutation(classes)


@given(cohorts(), seeds)
def test_every_patient_is_tested_once(cohort, seed):
    n_folds, classes = cohort
    folds = patient_folds(classes, n_folds, np.random.default_rng(seed))
    assert len(folds) == n_folds
    assert sorted(np.concatenate(folds)) == list(range(len(classes)))


@given(cohorts(), seeds)
def test_sizes_differ_by_at_most_one_in_all_and_within_each_class(cohort, seed):
    n_folds, classes = cohort
    folds = patient_folds(classes, n_folds, np.random.default_rng(seed))
    for counted in [classes >= 0, *(classes == label for label in np.unique(classes))]:
        sizes = [int(counted[fold].sum()) for fold in folds]
        assert max(sizes) - min(sizes) <= 1
        assert min(sizes) >= 1


@given(cohorts(), seeds)
def test_the_same_generator_deals_the_same_folds(cohort, seed):
    n_folds, classes = cohort
    once, again = (patient_folds(classes, n_folds, np.random.default_rng(seed)) for _ in range(2))
    assert all((a == b).all() for a, b in zip(once, again, strict=True))


def test_any_two_patients_of_a_class_meet_as_often_as_chance_says():
    # 3 of a class of 9 in each fold: two given ones share a fold with chance 2/8. Over 2,000
    # deals the standard error is 0.0097; five of them on each side.
    classes = np.repeat([0, 1], 9)
    rng = np.random.default_rng(0)
    met = np.zeros((9, 9))
    for _ in range(2000):
        for fold in patient_folds(classes, 3, rng):
            chosen = fold[fold < 9]
            met[np.ix_(chosen, chosen)] += 1
    pairs = met[np.triu_indices(9, 1)] / 2000
    assert np.abs(pairs - 0.25).max() < 0.0485


def test_remainders_do_not_pile_up_in_the_first_fold():
    # 4 and 4 patients in 3 folds: dealt anew, the sizes would be 4, 2 and 2.
    folds = patient_folds(np.repeat([0, 1], 4), 3, np.random.default_rng(0))
    assert sorted(len(fold) for fold in folds) == [2, 3, 3]


@pytest.mark.parametrize("n_folds", [1, 0, -3])
def test_fewer_than_two_folds_are_refused(n_folds):
    with pytest.raises(
        TooLittleDataError, match=rf"^folds: found {n_folds}, expected at least 2; ask for more$"
    ):
        patient_folds(np.array([0, 1, 0, 1]), n_folds, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("classes", "found"),
    [
        ([0, 0, 0, 0, 1, 1], "4 of class 0, 2 of class 1"),
        ([1, 1, 1, 1], "4 of class 1"),
        ([], "none"),
    ],
)
def test_a_class_too_small_for_the_folds_is_refused_with_its_count(classes, found):
    match = (
        "^3 folds need two classes with at least 3 patients each; "
        f"found {found}; add patients or ask for fewer folds$"
    )
    with pytest.raises(TooLittleDataError, match=match):
        patient_folds(np.array(classes, dtype=int), 3, np.random.default_rng(0))


def test_a_patient_on_both_sides_stops_the_program():
    with pytest.raises(AssertionError, match=r"^2 patients are in both training and test rows$"):
        assert_no_shared_patient(
            np.array(["a", "b", "b", "c"], dtype=object), np.array(["b", "d", "c"], dtype=object)
        )


@given(st.sets(st.text(max_size=3), min_size=2))
def test_disjoint_patients_pass(names):
    names = np.array(sorted(names), dtype=object)
    for side in ([], names[:1], names):
        assert_no_shared_patient(np.array(side, dtype=object), np.array([], dtype=object))
    assert_no_shared_patient(names[:1], names[1:])


def test_a_unit_of_work_has_the_same_numbers_whatever_ran_before_it():
    alone = spawn(7, 2, 3).random(5)
    np.random.default_rng(0).random(100)
    for path in itertools.product(range(3), range(4)):
        spawn(7, *path).random(9)
    np.testing.assert_array_equal(spawn(7, 2, 3).random(5), alone)


def test_a_unit_equals_the_child_that_numpy_would_spawn():
    # NumPy's own tree of seeds: SeedSequence(7).spawn gives child 2, and that one child 3.
    child = np.random.SeedSequence(7).spawn(3)[2].spawn(4)[3]
    np.testing.assert_array_equal(
        spawn(7, 2, 3).integers(2**62, size=8),
        np.random.default_rng(child).integers(2**62, size=8),
    )


def test_no_two_units_share_their_numbers():
    paths = [path for depth in range(4) for path in itertools.product(range(6), repeat=depth)]
    firsts = {int(spawn(seed, *path).integers(2**62)) for seed in range(5) for path in paths}
    assert len(firsts) == 5 * len(paths)


def test_units_are_not_correlated():
    # 40 streams of 2,000: 780 correlations of standard error 0.022; five of them.
    streams = np.array(
        [spawn(0, repeat, fold).random(2000) for repeat in range(8) for fold in range(5)]
    )
    between = np.corrcoef(streams)[np.triu_indices(len(streams), 1)]
    assert np.abs(between).max() < 0.112


@given(st.lists(st.integers(0, 2), max_size=60), seeds)
def test_halves_are_disjoint_equal_and_stratified(classes, seed):
    classes = np.array(classes, dtype=int)
    pairs = list(complementary_halves(classes, 3, np.random.default_rng(seed)))
    assert len(pairs) == 3
    for first, second in pairs:
        assert not (first & second).any()
        for label in np.unique(classes):
            size = int((classes == label).sum())
            assert first[classes == label].sum() == size // 2
            assert second[classes == label].sum() == size // 2


def test_halves_are_exchangeable_and_each_patient_sits_out_alike():
    # Classes of 5 and 6: a patient of the odd class is in each half with chance 2/5 and sits
    # out with chance 1/5; one of the even class is in each half with chance 1/2. Over 4,000
    # pairs the standard error is at most 0.0079; five of them.
    classes = np.repeat([0, 1], [5, 6])
    halves = np.array(list(complementary_halves(classes, 4000, np.random.default_rng(1))))
    share = halves.mean(axis=0)
    expected = np.where(classes == 0, 2 / 5, 1 / 2)
    assert np.abs(share - expected).max() < 0.0395
    out = (~halves.any(axis=1)).mean(axis=0)
    assert np.abs(out - np.where(classes == 0, 1 / 5, 0)).max() < 0.0395
    together = (halves[:, 0, 0] & halves[:, 0, 1]).mean()
    assert together == pytest.approx((halves[:, 1, 0] & halves[:, 1, 1]).mean(), abs=0.0395)


def test_no_pairs_are_none():
    assert list(complementary_halves(np.array([0, 1]), 0, np.random.default_rng(0))) == []
