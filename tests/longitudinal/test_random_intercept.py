"""Random intercepts of many proteins at once: lmerTest's numbers, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from golden_random_intercepts import made

from proteoclass.longitudinal import random_intercept
from proteoclass.longitudinal.random_intercept import (
    CONFOUNDED,
    NO_SPREAD,
    ONE_VISIT,
    TOO_FEW,
    fit_random_intercepts,
)

#: Printed by golden_random_intercepts.R (R 4.2.2, lme4 1.1.31, lmerTest 3.1.3): four coefficients,
#: their errors, their df, variance between patients and within. y0 to y2 are singular fits.
LMER_TEST = """
19.9596168 1.23491934 0.0586921432 -0.240405748 0.257931728 0.400022947 0.0886280965 0.157712709
30 30 30 30 0 0.419397965
20.0675815 0.407660102 -0.0315939276 -0.080734267 0.287756251 0.456559386 0.10144705 0.161613658
34 34 34 34 0 0.5723671
20.1015189 0.2926114 -0.058995436 -0.0821796145 0.260226311 0.491833527 0.0923157106 0.164386844
29 29 29 29 0 0.395110684
20.5022507 0.1191336 -0.144089365 -0.0364417164 0.37975149 0.575235579 0.104638473 0.168746844
30.4850535 23.5543699 29.2671535 27.8313028 0.360179881 0.396475776
19.6214141 0.455213651 0.115751202 -0.111276582 0.50047308 0.852905104 0.123886098 0.221236441
22.7428423 21.3661969 25.7267087 25.7333701 1.26647816 0.678100831
19.3833824 2.06404134 0.0949592498 -0.341556004 0.811728834 1.40370964 0.116734714 0.183404149
15.8280248 15.7710456 19.8172027 19.3808877 5.54707166 0.493449775
"""
EXPECTED = np.array(LMER_TEST.split(), dtype=float).reshape(6, 14)


@pytest.fixture(scope="module")
def visits():
    table = made()
    constant, severe, week = np.ones(len(table)), table["severe"], table["week"]
    effects = np.column_stack([constant, severe, week, severe * week])
    values = table.filter(regex="^y").to_numpy()
    return values, effects, table["patient"].to_numpy()


@pytest.fixture(scope="module")
def fits(visits):
    return fit_random_intercepts(*visits)


def test_every_number_is_that_of_lmer_test(fits):
    np.testing.assert_allclose(fits.coefficients, EXPECTED[:, :4], rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(fits.errors, EXPECTED[:, 4:8], rtol=1e-7)
    np.testing.assert_allclose(fits.df, EXPECTED[:, 8:12], rtol=1e-7)
    np.testing.assert_allclose(fits.between, EXPECTED[:, 12], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fits.within, EXPECTED[:, 13], rtol=1e-7)
    assert (fits.reason == "").all()
    np.testing.assert_allclose(
        fits.intraclass_correlation, EXPECTED[:, 12] / EXPECTED[:, 12:].sum(axis=1), atol=1e-7
    )


def test_a_gap_is_a_sample_left_out(visits, fits):
    values, effects, patients = visits
    seen = ~np.isnan(values[:, 4])
    alone = fit_random_intercepts(values[seen][:, [4]], effects[seen], patients[seen])
    np.testing.assert_allclose(alone.coefficients[0], fits.coefficients[4], rtol=1e-9)
    np.testing.assert_allclose(alone.df[0], fits.df[4], rtol=1e-7)
    assert (alone.n_values[0], alone.n_patients[0]) == (fits.n_values[4], fits.n_patients[4])
    assert fits.n_values[4] == seen.sum()


def test_neither_order_nor_names_nor_level_nor_company_matter(visits, fits, monkeypatch):
    values, effects, patients = visits
    order = np.random.default_rng(0).permutation(len(values))
    monkeypatch.setattr(random_intercept, "_AT_A_TIME", 2)
    names = np.array([f"P{7 * p % 15:02d}" for p in patients], dtype=object)
    moved = fit_random_intercepts(values[order] + 3, effects[order], names[order])
    np.testing.assert_allclose(moved.coefficients[:, 1:], fits.coefficients[:, 1:], atol=1e-8)
    np.testing.assert_allclose(moved.coefficients[:, 0], fits.coefficients[:, 0] + 3, atol=1e-8)
    np.testing.assert_allclose(moved.errors, fits.errors, rtol=1e-7)
    np.testing.assert_allclose(moved.df, fits.df, rtol=1e-6)


def test_a_balanced_design_has_the_components_of_the_analysis_of_variance():
    # Closed form: with equal visits a patient, REML is the method of moments.
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(12), 4)
    values = rng.normal(size=(12, 3))[patients] + rng.normal(size=(48, 3))
    fits = fit_random_intercepts(values, np.ones((48, 1)), patients)
    cube = values.reshape(12, 4, 3)
    within = cube.var(axis=1, ddof=1).mean(axis=0)
    between = cube.mean(axis=1).var(axis=0, ddof=1) - within / 4
    np.testing.assert_allclose(fits.within, within, rtol=1e-8)
    np.testing.assert_allclose(fits.between, between, rtol=1e-8)
    np.testing.assert_allclose(fits.df[:, 0], 11, rtol=1e-8)


def test_a_contrast_is_the_effect_in_another_coding(visits, fits):
    # The slope of severe patients: a sum of effects, or the effect where they are the reference.
    values, effects, patients = visits
    constant, severe, week, _ = effects.T
    turned = np.column_stack([constant, 1 - severe, week, (1 - severe) * week])
    other = fit_random_intercepts(values, turned, patients)
    asked = fit_random_intercepts(values, effects, patients, np.array([[0.0, 0, 1, 1]]))
    for name in ("coefficients", "errors", "df"):
        np.testing.assert_allclose(
            getattr(asked, name)[:, 0], getattr(other, name)[:, 2], rtol=1e-6
        )


def test_what_cannot_be_fitted_has_a_reason_and_no_number(visits):
    values, effects, patients = visits
    odd = np.repeat(values[:, [5]], 5, axis=1)
    odd[4:, 0] = np.nan
    odd[effects[:, 1] == 1, 1] = np.nan
    first = np.r_[True, patients[1:] != patients[:-1]]
    odd[~first, 2] = np.nan
    odd[:, 3] = effects @ [20.0, 1.0, -0.5, 0.2]
    fits = fit_random_intercepts(odd, effects, patients)
    assert fits.reason.tolist() == [TOO_FEW, CONFOUNDED, ONE_VISIT, NO_SPREAD, ""]
    for table in (fits.coefficients, fits.errors, fits.df, fits.between, fits.within):
        assert np.isnan(table[:4]).all()
        assert np.isfinite(table[4]).all()
    none = fit_random_intercepts(odd[:, :0], effects, patients)
    assert none.coefficients.shape == (0, 4)
