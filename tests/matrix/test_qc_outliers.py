"""Outliers: each rule finds what was put in, and clean cohorts have none."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.decomposition import PCA

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.outliers import (
    describe_rules,
    find_outliers,
    is_far,
    profile_correlations,
    robust_distances,
)
from proteoclass.matrix.quality.qc import describe_quality


def cohort(n_samples=40, n_proteins=60, seed=11):
    rng = np.random.default_rng(seed)
    level = rng.normal(20, 3, n_proteins)
    table = level + rng.normal(0, 1, (n_samples, n_proteins))
    return pd.DataFrame(table, [f"s{i}" for i in range(n_samples)])


def outliers(values, shift=None):
    shift = np.zeros(len(values)) if shift is None else shift
    found = find_outliers(values, shift)
    return {name: why for name, why in zip(values.index, found, strict=True) if why}


def test_outliers_in_depth_and_in_median():
    values = cohort().set_axis([f"P{i}" for i in range(60)], axis=1)
    values.loc["s3"] += 6
    values.iloc[7, 5:] = np.nan
    report = describe_quality(ProteinMatrix.build(values, scale="log2"))
    rows = {row["sample_id"]: row for row in report["samples"] if row["outlier"]}
    assert set(rows) == {"s3", "s7"}
    assert rows["s7"]["outlier_reasons"][0] == "number of proteins (5, cohort 60)"
    assert rows["s3"]["outlier_reasons"][0].startswith("median intensity (")
    assert "Far from the other samples in number of proteins: 1 sample (s7)." in report["warnings"]
    assert "Far from the other samples in median intensity: 1 sample (s3)." in report["warnings"]
    assert report["outliers"]["reason"] is None


def test_the_rule_against_scipys_mad():
    numbers = np.r_[np.random.default_rng(2).normal(size=39), 7.0]
    limit = 5 * (1 + 40 / 40**2) * stats.median_abs_deviation(numbers, scale="normal")
    expected = np.abs(numbers - np.median(numbers)) > limit
    assert is_far(numbers, 0.0).tolist() == expected.tolist()
    assert expected[-1]
    assert is_far(-numbers, 0.0, "low").tolist() == expected.tolist()
    assert not is_far(-numbers, 0.0, "high").any()
    assert not is_far(numbers, 100.0).any()


@pytest.mark.parametrize("n", [6, 7, 8, 10, 15, 25])
def test_small_clean_cohorts_have_no_more_outliers_than_large_ones(n):
    """Simulation: about one clean normal cohort in a hundred names an outlier."""
    draws = np.random.default_rng(n).normal(size=(1500, n))
    assert np.mean([is_far(row, 0.0).any() for row in draws]) < 0.03


def test_the_rule_on_too_few_or_equal_numbers():
    assert not is_far(np.array([0.0, 0.0, 0.0, 0.0, 9.0]), 0.1).any()
    assert is_far(np.array([0.0, 0.0, 0.0, 0.0, 0.0, 9.0]), 0.1).tolist() == [False] * 5 + [True]
    assert not is_far(np.full(9, np.nan), 0.1).any()


def test_equal_samples_do_not_make_outliers_of_tiny_differences():
    values = pd.DataFrame(np.full((9, 50), 20.0))
    values.iloc[0, :2] = np.nan
    values.iloc[1] += 0.4
    assert outliers(values) == {}
    values.iloc[0, :3] = np.nan
    values.iloc[1] += 0.2
    assert set(outliers(values)) == {0, 1}


def test_a_scrambled_sample_does_not_go_with_the_median_profile():
    values = cohort()
    values.loc["s5"] = values.loc["s5"].to_numpy()[::-1]
    why = outliers(values)["s5"]
    assert why[0].startswith("correlation with the median profile (")
    assert set(outliers(values)) == {"s5"}


def test_correlations_against_scipy():
    values = cohort().to_numpy(copy=True)
    values[np.random.default_rng(1).random(values.shape) < 0.3] = np.nan
    profile = np.nanmedian(values, axis=0)
    found = profile_correlations(values, profile)
    for row, r in zip(values, found, strict=True):
        there = ~np.isnan(row)
        assert r == pytest.approx(stats.pearsonr(row[there], profile[there]).statistic)
    assert np.isnan(profile_correlations(np.full((1, 20), 3.0), np.arange(20.0)))[0]


def test_a_sample_with_a_foreign_part_is_far_from_the_components():
    values = cohort(n_proteins=200)
    values.iloc[4, :20] += 5.0
    why = " ".join(outliers(values)["s4"])
    assert "distance from the principal components" in why
    values = cohort(n_proteins=200)
    factor = np.random.default_rng(3).normal(size=40)
    factor[9] = 25.0
    values += np.outer(factor, np.linspace(-1, 1, 200))
    assert "distance within the principal components" in " ".join(outliers(values)["s9"])


def test_distances_against_scikit_learn():
    """Spherical components are those of the samples' directions; PCA gives them uncentred."""
    filled = cohort(n_samples=25).to_numpy()
    centred = filled - np.median(filled, axis=0)
    unit = centred / np.linalg.norm(centred, axis=1)[:, None]
    # Every direction and its opposite: their mean is zero, so PCA centres on nothing.
    axes = PCA(5, svd_solver="full").fit(np.r_[unit, -unit]).components_
    scores = centred @ axes.T
    spread = stats.median_abs_deviation(scores, axis=0, scale="normal")
    standard = (scores - np.median(scores, axis=0)) / spread
    within, beyond = robust_distances(filled)
    np.testing.assert_allclose(within, np.linalg.norm(standard, axis=1), rtol=1e-4)
    np.testing.assert_allclose(beyond, np.linalg.norm(centred - scores @ axes, axis=1))


def test_one_wild_sample_does_not_hide_another():
    """Classical components turn towards the wild one; the median and spheres do not."""
    values = cohort(n_proteins=200)
    values.iloc[4, :20] += 6.0
    values.iloc[5, 20:60] += 40.0
    assert {"s4", "s5"} <= set(outliers(values))


@pytest.mark.parametrize("shape", [(6, 40), (10, 60), (20, 300), (60, 100)])
def test_clean_cohorts_have_next_to_no_outlier(shape):
    """Five rules together, normal values with a common factor: fewer than one cohort in ten."""
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        factor = np.outer(rng.normal(size=shape[0]), rng.normal(0, 0.5, shape[1]))
        hits += bool(outliers(cohort(*shape, seed=seed) + factor))
    assert hits <= 4


def test_real_dilution_makes_no_profile_outlier():
    shift = np.zeros(40)
    shift[3] = -3.0
    values = cohort() + shift[:, None]
    assert [text.split(" (")[0] for text in outliers(values, shift)["s3"]] == ["median intensity"]


@pytest.mark.parametrize(
    ("shape", "n_rules", "why"),
    [
        ((5, 60), 0, "5 samples, expected at least 6"),
        ((20, 9), 2, "profiles were not compared: 9 proteins found in 80%"),
        ((9, 60), 3, "no principal components: 9 samples"),
    ],
)
def test_rules_that_were_not_applied_are_said(shape, n_rules, why):
    found = describe_rules(cohort(*shape))
    assert len(found["rules"]) == n_rules
    assert why in found["reason"]
