import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from proteoclass.errors import InputError
from proteoclass.folds import complementary_halves
from proteoclass.panel.evidence.error_bound import error_bound, forced_panel_statement
from proteoclass.panel.evidence.r_concave import largest_tail
from proteoclass.panel.selection.sparse import selection_frequency
from proteoclass.panel.selection.training_rows import TrainingRows

# Printed by stabsel_parameters(cutoff = 0.6, q = 1 ... 10, p = 100, B = 50) of the R package
# stabs, as its authors keep it (hofnerb/stabs, tests/regtest-inference.Rout.save, R 4.0.3).
STABS = {
    "none": [0.05, 0.2, 0.45, 0.8, 1.25, 1.8, 2.45, 3.2, 4.05, 5],
    "unimodal": [0.02631579, 0.1052632, 0.2368421, 0.4210526, 0.6578947, 0.9473684, 1.289474,
                 1.684211, 2.131579, 2.631579],
    "r-concave": [0.006971364, 0.03342845, 0.08691176, 0.1637231, 0.2605329, 0.3820466,
                  0.5295188, 0.7042719, 0.9077127, 1.141338],
}  # fmt: skip


@pytest.mark.parametrize("q", range(1, 11))
def test_equals_stabs(q):
    bound = error_bound(0.6, q, 100, 50)
    for assumption in ("none", "unimodal"):
        assert bound.under(assumption) == pytest.approx(STABS[assumption][q - 1], rel=1e-6)
    # stabs stops its search at R's default tolerance, short of the maximum: by 0.3 % for q = 1,
    # a few parts in a million from q = 4. A bound that is too small would be the error.
    published = STABS["r-concave"][q - 1]
    assert published * (1 - 1e-6) <= bound.r_concave <= published * (1.0035 if q < 4 else 1.00001)


@pytest.mark.parametrize(
    ("threshold", "q", "p", "published"),
    [(0.6, 6, 200, 0.174), (0.6, 7, 200, 0.248), (0.62, 7, 200, 0.196), (0.61, 7, 200, 0.219)],
)
def test_equals_stabs_for_other_numbers(threshold, q, p, published):
    assert error_bound(threshold, q, p, 50).r_concave == pytest.approx(published, abs=6e-4)


def test_equals_stabs_above_three_quarters():
    # mboost's body fat example in the same file: q 3, p 10, cutoff 0.96, unimodal: 0.176.
    assert error_bound(0.96, 3, 10, 50).unimodal == pytest.approx(0.176, abs=5e-4)


def test_the_least_threshold_for_a_target_is_that_of_stabs():
    # Its optimal_cutoff(p = 200, q = 7, PFER = 0.2, B = 50): 0.62 and 0.81.
    for threshold, name in ((0.62, "r_concave"), (0.81, "unimodal")):
        above, below = (error_bound(t, 7, 200, 50) for t in (threshold, threshold - 0.01))
        assert getattr(above, name) <= 0.2 < getattr(below, name)


def probabilities(g, r):
    f = g ** (1 / r)
    return f / f.sum()


def brute_tail(mean, steps, n_steps, r):
    """Search all convex g = f^r, for each support, by sequential quadratic programming."""
    best = 0.0
    for k in range(steps, n_steps + 1):
        i = np.arange(k + 1)
        bend = np.array([np.eye(k + 1)[j] - 2 * np.eye(k + 1)[j + 1] + np.eye(k + 1)[j + 2]
                         for j in range(k - 1)])  # fmt: skip
        convex = {"type": "ineq", "fun": lambda g, bend=bend: bend @ g}
        low = {"type": "ineq", "fun": lambda g, i=i: mean * n_steps - i @ probabilities(g, r)}
        for seed in range(3):
            start = np.sort(np.random.default_rng(seed).uniform(0, 3, k)).cumsum()
            found = minimize(
                lambda g: -10 * probabilities(g, r)[steps:].sum(),
                np.concatenate([[1.0], 1 + start]),
                method="SLSQP",
                bounds=[(1, 1)] + [(1e-3, 1e4)] * k,
                constraints=[convex, low],
                options={"maxiter": 800, "ftol": 1e-13},
            )
            f = probabilities(found.x, r)
            if (bend @ found.x > -1e-7).all() and i @ f <= mean * n_steps + 1e-7:
                best = max(best, f[steps:].sum())
    return best


@pytest.mark.filterwarnings("ignore:Values in x were outside bounds")
@pytest.mark.parametrize(
    ("mean", "steps", "n_steps", "r"),
    [(0.05, 3, 5, -0.5), (0.1, 4, 6, -0.25), (0.02, 2, 4, -0.5), (0.03, 6, 8, -0.5)],
)
def test_tail_equals_a_search_that_knows_nothing_of_the_extremal_shape(mean, steps, n_steps, r):
    expected = brute_tail(mean, steps, n_steps, r)
    assert largest_tail(mean, steps, n_steps, r) == pytest.approx(expected, rel=1e-7)


@given(
    st.lists(st.floats(0, 10), min_size=3, max_size=20),
    st.floats(-5, 5),
    st.sampled_from([-0.5, -0.25]),
)
def test_no_r_concave_distribution_has_a_larger_tail(bends, slope, r):
    g = np.concatenate([[0.0, slope], slope + np.cumsum(bends)]).cumsum()
    f = probabilities(g - g.min() + 0.1, r)
    n_steps = len(f) - 1
    mean = float(f @ np.arange(n_steps + 1)) / n_steps
    for steps in range(1, n_steps + 1):
        assert f[steps:].sum() <= largest_tail(mean, steps, n_steps, r) + 1e-7


def test_tail_at_its_ends():
    assert largest_tail(0.0, 1, 10, -0.5) == 0
    assert largest_tail(0.0, 0, 10, -0.5) == 1
    assert largest_tail(0.1, 2, 10, -0.5) == 1  # twice the mean
    assert largest_tail(0.1, 11, 10, -0.5) == 0


def test_worst_case_is_meinshausen_and_buhlmanns_formula():
    assert error_bound(0.9, 20, 1000, 50).worst_case == pytest.approx(20**2 / (0.8 * 1000))


def test_bounds_fall_as_the_threshold_rises_and_assumptions_only_help():
    bounds = [error_bound(steps / 50, 12, 300, 25) for steps in range(1, 51)]
    for name in ("worst_case", "unimodal", "r_concave"):
        values = np.array([getattr(bound, name) for bound in bounds])
        assert (np.diff(values) <= 1e-9).all()
        assert (values <= 300).all()
    assert all(b.r_concave <= b.unimodal * (1 + 1e-9) <= b.worst_case * 1.001 for b in bounds)
    assert bounds[0].r_concave == bounds[0].worst_case == 300


def test_a_threshold_between_two_shares_is_the_upper_one():
    # Of 10 halves, 6 in 10 is the first share that reaches 0.51.
    assert error_bound(0.51, 3, 100, 5) == error_bound(0.6, 3, 100, 5)
    assert error_bound(0.1 + 0.2 + 0.3, 3, 100, 5).threshold == 0.6


def test_where_the_unimodal_theorem_is_silent_the_worst_case_stands():
    near_half = error_bound(0.51, 2, 100, 50)
    assert near_half.unimodal == near_half.worst_case
    frequent = error_bound(0.9, 60, 100, 50)  # theta above 1 / sqrt(3)
    assert frequent.unimodal == frequent.worst_case == pytest.approx(45)


def test_nothing_kept_is_nothing_false():
    bound = error_bound(0.6, 0, 100, 50)
    assert (bound.worst_case, bound.unimodal, bound.r_concave) == (0, 0, 0)


def test_on_noise_the_mean_number_selected_is_under_the_bound():
    # Every protein is noise, kept by a half-sample no more often than one picked at random.
    n_proteins, kept, n_pairs, threshold = 200, 10, 25, 0.6
    classes = np.repeat([0, 1], 20)
    selected = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(40, n_proteins))
        halves = [h for pair in complementary_halves(classes, n_pairs, rng) for h in pair]
        contrast = np.array([h * (2.0 * classes - 1) for h in halves])
        gap = np.abs(contrast @ values)
        frequency = (gap >= np.sort(gap, axis=1)[:, [-kept]]).mean(axis=0)
        selected.append((frequency >= threshold).sum())
    bound = error_bound(threshold, kept, n_proteins, n_pairs)
    assert 0 < np.mean(selected) <= bound.r_concave <= bound.worst_case


@pytest.mark.long
def test_the_sparse_view_keeps_fewer_noise_proteins_than_each_bound_over_200_noise_sets():
    labels = np.repeat([0.0, 1.0], [30, 20])
    frequency = []
    for seed in range(200):
        values = np.random.default_rng(seed).normal(size=(50, 1000))
        rows = TrainingRows(values, labels, np.ones(50), np.arange(50), size=20, seed=seed)
        frequency.append(selection_frequency(rows, 25, each_half_alone=True))
    kept = np.array(frequency)
    for threshold in (0.52, 0.6, 0.7, 0.8):
        bound = error_bound(threshold, kept.sum(axis=1).mean(), 1000, 25)
        found = (kept >= threshold - 1e-9).sum(axis=1).mean()
        assert found <= bound.r_concave <= bound.unimodal <= bound.worst_case
    # At one half there is something to bound: the check above is not of empty sets.
    assert (kept >= 0.52 - 1e-9).sum() > 20


def test_says_what_it_bounds_and_what_it_assumes():
    bound = error_bound(0.6, 10, 100, 50)
    words = bound.statement()
    assert "at most 1.14 are expected to be low-probability proteins" in words
    assert "r-concavely distributed, which cannot be verified" in words
    assert "not the number in this panel" in words
    assert "at most 5 are expected" in bound.statement("none")
    assert "without assumption" in bound.statement("none")
    assert "at most 2.63 are expected" in bound.statement("unimodal")


def test_says_so_where_there_is_no_bound():
    words = error_bound(0.5, 10, 100, 50).statement("none")
    assert words.startswith("No error bound: keeping what at least 50% of 100 half-samples kept")
    assert "at most" not in words
    forced = forced_panel_statement(20)
    assert forced.startswith("No error bound: the panel is the top 20 whatever their evidence.")


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01, math.nan])
def test_refuses_a_threshold_that_is_no_share(threshold):
    with pytest.raises(InputError, match="expected above 0 and at most 1"):
        error_bound(threshold, 5, 100, 50)


@pytest.mark.parametrize("q", [-1, 101, math.nan])
def test_refuses_more_kept_than_there_are(q):
    with pytest.raises(InputError, match="expected 0 to 100"):
        error_bound(0.6, q, 100, 50)


@pytest.mark.parametrize(("p", "n_pairs"), [(0, 50), (100, 0)])
def test_refuses_no_proteins_and_no_pairs(p, n_pairs):
    with pytest.raises(InputError, match="expected at least 1 of each"):
        error_bound(0.6, 0, p, n_pairs)


def test_refuses_an_unknown_assumption():
    with pytest.raises(InputError, match="found assumption 'normal', expected one of none, unimo"):
        error_bound(0.6, 5, 100, 50).under("normal")
