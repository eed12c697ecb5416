"""Substitutes: correlated proteins that would have served."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.panel.evidence.substitutes import (
    COLUMNS,
    MIN_SAMPLES,
    find_substitutes,
    pairwise_correlation,
)

LABELS = np.repeat([0.0, 1.0], 30)


def effect_of(values):
    return values[LABELS == 1].mean() - values[LABELS == 0].mean()


def cohort(seed=0):
    """P is in the panel; the others are made to serve or not to."""
    rng = np.random.default_rng(seed)
    p = 2 * LABELS + rng.normal(size=60)
    within = p - np.repeat([p[:30].mean(), p[30:].mean()], 30)
    values = pd.DataFrame(
        {
            "P": p,
            "near": p + 0.2 * rng.normal(size=60),
            "nearer": p + 0.05 * rng.normal(size=60),
            "mirror": 9 - p + 0.1 * rng.normal(size=60),
            # Follows P within each class; across the classes it goes the other way.
            "opposed": 3 * within - 0.4 * LABELS,
            "noise": rng.normal(size=60),
            "constant": np.full(60, 3.3),
        }
    )
    return values


def found_in(values, panel=("P",), **options):
    return find_substitutes(values, np.ones(len(values)), effect_of(values), list(panel), **options)


def test_finds_what_follows_the_protein_or_mirrors_it_strongest_first():
    found = found_in(cohort())
    assert found["substitute"].tolist() == ["nearer", "mirror", "near"]
    assert (found["protein"] == "P").all()
    assert found["r"].abs().is_monotonic_decreasing
    assert found.loc[1, "r"] < -0.9
    assert found.loc[1, "effect"] < 0


def test_a_correlated_protein_with_the_other_effect_does_not_serve():
    values = cohort()
    r = np.corrcoef(values["P"], values["opposed"])[0, 1]
    assert r > 0.3, "the test needs a correlation above its limit"
    assert "opposed" not in found_in(values, limit=0.3)["substitute"].tolist()


def test_correlation_equals_pandas_over_complete_pairs():
    # Independent route: pandas' own pairwise-complete Pearson correlation.
    rng = np.random.default_rng(1)
    values = pd.DataFrame(20 + rng.normal(size=(40, 12)) @ rng.normal(size=(12, 12)))
    values = values.mask(rng.random(values.shape) < 0.3)
    r, n = pairwise_correlation(
        values.iloc[:, :4].to_numpy(), values.iloc[:, 4:].to_numpy(), np.ones(40)
    )
    np.testing.assert_allclose(r, values.corr().iloc[:4, 4:].to_numpy(), atol=1e-10)
    seen = values.notna().to_numpy().astype(int)
    np.testing.assert_array_equal(n, seen[:, :4].T @ seen[:, 4:])


def test_two_samples_of_one_patient_count_as_one():
    # Closed form: a sample given twice, its weights summing to one, is the sample itself.
    rng = np.random.default_rng(2)
    once = rng.normal(size=(20, 2))
    twice, weights = np.repeat(once, 2, axis=0), np.tile([0.3, 0.7], 20)
    expected = np.corrcoef(once.T)[0, 1]
    r, _ = pairwise_correlation(twice[:, :1], twice[:, 1:], weights)
    assert r[0, 0] == pytest.approx(expected, abs=1e-12)


def test_large_values_do_not_cancel_the_correlation_away():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(50, 2))
    r, _ = pairwise_correlation(1e6 + x[:, :1], -1e6 + x[:, 1:], np.ones(50))
    assert r[0, 0] == pytest.approx(np.corrcoef(x.T)[0, 1], abs=1e-6)


def test_a_protein_that_does_not_vary_has_no_correlation():
    r, n = pairwise_correlation(np.full((12, 1), 20.1), np.arange(12.0)[:, None], np.ones(12))
    assert np.isnan(r[0, 0])
    assert n[0, 0] == 12


@pytest.mark.parametrize(("n_both", "serves"), [(MIN_SAMPLES - 1, False), (MIN_SAMPLES, True)])
def test_too_few_samples_with_both_say_nothing(n_both, serves):
    values = cohort()[["P", "nearer"]]
    gone = np.ones(60, dtype=bool)
    gone[np.r_[:5, 30 : 30 + n_both - 5]] = False
    values.loc[gone, "nearer"] = np.nan
    assert (len(found_in(values)) == 1) is serves


def test_panel_members_are_no_substitutes_and_none_found_is_an_empty_table():
    values = cohort()
    assert "near" not in found_in(values, ["P", "near"])["substitute"].tolist()
    empty = found_in(values[["P", "noise"]])
    assert empty.empty
    assert empty.columns.tolist() == COLUMNS
    assert found_in(values[["P"]]).empty


def test_order_of_columns_changes_nothing():
    values = cohort()
    mixed = values[np.random.default_rng(4).permutation(values.columns)]
    pd.testing.assert_frame_equal(found_in(values, ["P", "noise"]), found_in(mixed, ["P", "noise"]))
