from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.panel.evidence.stability import (
    SCALE,
    half_sample_panels,
    nogueira_stability,
)

# Printed in the authors' demonstration (nogueirs/JMLR2018, python/stabilityDemo.ipynb):
# ten panels of 4 of 10, and what their own package says of them.
DEMONSTRATION = [
    "1111000000", "0001011100", "0100011100", "1100101000", "0110110000",
    "0111001000", "1001000011", "0001011100", "0011110000", "0000100111",
]  # fmt: skip

PANELS = hnp.arrays(bool, st.tuples(st.integers(2, 8), st.integers(2, 9)))


def flags(rows):
    return np.array([[letter == "1" for letter in row] for row in rows])


def test_equals_the_demonstration_of_its_authors():
    index = nogueira_stability(flags(DEMONSTRATION))
    assert index.value == pytest.approx(-0.037037037037, abs=1e-12)
    # z of 95 % is 1.959964; their variance is 0.00516666666667.
    half = 1.959963984540054 * np.sqrt(0.00516666666667)
    assert index.upper - index.value == pytest.approx(half, rel=1e-11)
    assert index.value - index.lower == pytest.approx(half, rel=1e-11)
    assert (index.n_sets, index.n_proteins) == (10, 10)


@pytest.mark.parametrize(
    ("rows", "expected"), [(["110", "110", "110"], 1.0), (["110", "011", "101"], -0.5)]
)
def test_equals_the_small_cases_of_its_authors(rows, expected):
    assert nogueira_stability(flags(rows)).value == pytest.approx(expected, abs=1e-15)


@given(st.integers(1, 6), st.integers(2, 7), st.integers(0, 1000))
def test_equals_the_mean_of_kunchevas_index_for_panels_of_one_size(size, n_sets, seed):
    # Kuncheva 2007: (r d - k^2) / (k (d - k)) for two panels of k of d that share r.
    d = 8
    rng = np.random.default_rng(seed)
    panels = np.array([rng.permutation(d) < size for _ in range(n_sets)])
    kuncheva = [
        ((a & b).sum() * d - size**2) / (size * (d - size)) for a, b in combinations(panels, 2)
    ]
    assert nogueira_stability(panels).value == pytest.approx(np.mean(kuncheva), abs=1e-12)


@given(PANELS, st.integers(0, 1000))
def test_order_of_proteins_and_of_subsamples_does_not_matter(panels, seed):
    rng = np.random.default_rng(seed)
    first = nogueira_stability(panels)
    shuffled = panels[rng.permutation(len(panels))][:, rng.permutation(panels.shape[1])]
    second = nogueira_stability(shuffled)
    for name in ("value", "lower", "upper"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), abs=1e-9, nan_ok=True)


@given(PANELS)
def test_never_above_one_and_inside_its_interval(panels):
    index = nogueira_stability(panels)
    if panels.any() and not panels.all():
        assert index.lower <= index.value <= index.upper
        # Fleiss's kappa is at least -1 / (M - 1).
        assert -1 / (len(panels) - 1) - 1e-12 <= index.value <= 1 + 1e-12
    else:
        assert np.isnan([index.value, index.lower, index.upper]).all()


@given(hnp.arrays(bool, 6), st.integers(2, 9))
def test_the_same_panel_every_time_is_one_without_spread(panel, n_sets):
    index = nogueira_stability(np.tile(panel, (n_sets, 1)))
    if 0 < panel.sum() < len(panel):
        assert (index.value, index.lower, index.upper) == pytest.approx((1, 1, 1))
    else:
        assert np.isnan(index.value)


def test_the_interval_covers_zero_for_independent_random_panels_of_any_size():
    # Independent rows are what the interval assumes; the population value is then 0.
    rng = np.random.default_rng(5)
    covered, values = 0, []
    for _ in range(300):
        index = nogueira_stability(rng.random((40, 60)) < 0.2)
        covered += index.lower <= 0 <= index.upper
        values.append(index.value)
    assert abs(np.mean(values)) < 0.002
    assert 0.85 < covered / 300 <= 1


def test_more_candidates_make_the_same_agreement_less_likely_by_chance():
    panels = flags(["1100", "1010"])
    wider = np.hstack([panels, np.zeros((2, 96), dtype=bool)])
    assert nogueira_stability(panels).value == pytest.approx(0)
    assert nogueira_stability(wider).value == pytest.approx(0.4898, abs=1e-4)


@pytest.mark.parametrize(
    ("selected", "level", "error", "words"),
    [
        (np.ones((3, 2)), 0.95, InputError, "found float64 of shape"),
        (np.ones(3, dtype=bool), 0.95, InputError, r"of shape \(3,\)"),
        (np.ones((3, 0), dtype=bool), 0.95, InputError, "expected bool of shape"),
        (np.ones((1, 4), dtype=bool), 0.95, TooLittleDataError, "found 1 subsamples"),
        (np.eye(4, dtype=bool), 1.0, InputError, "found level 1.0"),
    ],
)
def test_refuses_what_it_cannot_measure(selected, level, error, words):
    with pytest.raises(error, match=words):
        nogueira_stability(selected, level)


def test_halves_are_disjoint_stratified_and_repeatable():
    classes = np.repeat([0, 1], [9, 5])
    seen = []

    def choose(half):
        seen.append(half)
        return half[:3]

    panels = half_sample_panels(choose, classes, n_pairs=4, seed=3)
    again = half_sample_panels(lambda half: half[:3], classes, n_pairs=4, seed=3)
    other = half_sample_panels(lambda half: half[:3], classes, n_pairs=4, seed=4)
    assert panels.shape == (8, 3)
    np.testing.assert_array_equal(panels, again)
    assert (panels != other).any()
    for first, second in zip(seen[::2], seen[1::2], strict=True):
        assert not (first & second).any()
        for half in (first, second):
            assert np.bincount(classes[half]).tolist() == [4, 2]


def test_a_strong_protein_is_stable_and_noise_is_not():
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1], 20)
    noise = rng.normal(size=(40, 100))
    strong = noise + 4 * classes[:, None] * (np.arange(100) < 3)

    def top_three(values):
        def choose(half):
            gap = values[half & (classes == 1)].mean(0) - values[half & (classes == 0)].mean(0)
            return np.argsort(np.argsort(-np.abs(gap))) < 3

        return choose

    panels = [half_sample_panels(top_three(v), classes, n_pairs=20) for v in (noise, strong)]
    unstable, stable = (nogueira_stability(each) for each in panels)
    assert stable.value > 0.95
    # Half-samples share patients, so that even noise is chosen again a little.
    assert 0 < unstable.lower < unstable.upper < 0.3


def test_on_noise_the_index_is_what_its_scale_says():
    classes = np.repeat([0, 1], [39, 11])

    def top_twenty(values):
        def choose(half):
            gap = values[half & (classes == 1)].mean(0) - values[half & (classes == 0)].mean(0)
            return np.argsort(np.argsort(-np.abs(gap))) < 20

        return choose

    noise = [np.random.default_rng(seed).normal(size=(50, 1500)) for seed in range(5)]
    panels = [half_sample_panels(top_twenty(values), classes, n_pairs=15) for values in noise]
    mean = np.mean([nogueira_stability(each).value for each in panels])
    assert mean == pytest.approx(0.1, abs=0.04)
    assert "noise alone gives about 0.1" in SCALE
    assert "0 is chance" not in SCALE


def strongest_ten(seed, n_pairs, half_seed):
    """Ten of 200 proteins by difference of means, half by half; ten proteins differ by 0.7."""
    classes = np.repeat([0, 1], 20)
    values = np.random.default_rng(seed).normal(size=(40, 200))
    values[:, :10] += 0.7 * classes[:, None]

    def choose(half):
        gap = values[half & (classes == 1)].mean(0) - values[half & (classes == 0)].mean(0)
        return np.argsort(np.argsort(-np.abs(gap))) < 10

    return nogueira_stability(half_sample_panels(choose, classes, n_pairs=n_pairs, seed=half_seed))


@pytest.mark.long
def test_the_interval_is_of_these_patients_and_not_of_others():
    # The figures of the docstring: 60 cohorts, ten draws of 25 pairs in each.
    settled = np.array([strongest_ten(seed, 500, 999).value for seed in range(60)])
    drawn = [[strongest_ten(seed, 25, draw) for draw in range(10)] for seed in range(60)]
    lower = np.array([[index.lower for index in row] for row in drawn])
    upper = np.array([[index.upper for index in row] for row in drawn])
    same = (lower <= settled[:, None]) & (settled[:, None] <= upper)
    others = (lower <= settled.mean()) & (settled.mean() <= upper)
    assert 0.93 <= same.mean() <= 0.99
    assert others.mean() < 0.6


def test_refuses_no_pairs():
    with pytest.raises(InputError, match="found 0 pairs, expected at least 1"):
        half_sample_panels(lambda half: half, np.array([0, 0, 1, 1]), n_pairs=0)


@pytest.mark.parametrize("classes", [[0, 0, 0, 1], [1, 1, 1, 1], []])
def test_refuses_classes_that_cannot_be_halved(classes):
    with pytest.raises(TooLittleDataError, match="two classes of at least 2 patients each"):
        half_sample_panels(lambda half: half, np.array(classes), n_pairs=2)


@pytest.mark.parametrize(
    "choose",
    [
        lambda half: np.flatnonzero(half),
        lambda half: np.array([[True]]),
        lambda half: np.ones(2 + half[0], dtype=bool),
    ],
)
def test_refuses_anything_but_one_flag_a_protein(choose):
    with pytest.raises(InputError, match="return one flag a protein"):
        half_sample_panels(choose, np.repeat([0, 1], 4), n_pairs=5)
