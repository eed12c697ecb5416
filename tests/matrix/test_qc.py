"""Quality figures, each against another way to the same number."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from proteoclass.io import json_text
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.qc import (
    missing_against_intensity,
    principal_components,
    quality,
    sample_quality,
)
from proteoclass.matrix.qc_rivals import find_rivals


@pytest.fixture
def values():
    """40 samples x 60 proteins, the low ones missing more often."""
    rng = np.random.default_rng(11)
    level = rng.normal(20, 3, 60)
    table = level + rng.normal(0, 1, (40, 60))
    table[rng.random((40, 60)) < 1 / (1 + np.exp(level - 18))] = np.nan
    return pd.DataFrame(table, [f"s{i}" for i in range(40)], [f"P{i}" for i in range(60)])


def test_sample_figures_against_numpy(values):
    found = sample_quality(values)
    table = values.to_numpy()

    assert found["n_detected"].tolist() == (~np.isnan(table)).sum(axis=1).tolist()
    np.testing.assert_allclose(found["missing_rate"], np.isnan(table).mean(axis=1))
    for name, share in (("low_quartile_log2", 25), ("median_log2", 50), ("high_quartile_log2", 75)):
        np.testing.assert_allclose(found[name], np.nanpercentile(table, share, axis=1))
    assert not found["outlier"].any()


def test_outliers_in_depth_and_in_median(values):
    values.loc["s3"] += 6
    values.iloc[7, 5:] = np.nan
    found = sample_quality(values)
    assert found.index[found["outlier"]].tolist() == ["s3", "s7"]

    report = quality(ProteinMatrix.build(values, scale="log2"))
    assert report["warnings"] == [
        "Far from the other samples in number of proteins or median: 2 samples (s3, s7)."
    ]
    assert [row["sample_id"] for row in report["samples"] if row["outlier"]] == ["s3", "s7"]


def test_the_outlier_rule_against_scipys_mad(values):
    values.loc["s3"] += np.linspace(0, 4, values.shape[1])
    medians = values.median(axis=1)
    limit = max(5 * stats.median_abs_deviation(medians, scale="normal"), 0.5)
    expected = abs(medians - medians.median()) > limit
    assert sample_quality(values)["outlier"].tolist() == expected.tolist()


def test_equal_samples_do_not_make_outliers_of_tiny_differences():
    values = pd.DataFrame(np.full((9, 50), 20.0))
    values.iloc[0, :2] = np.nan
    values.iloc[1] += 0.4
    assert not sample_quality(values)["outlier"].any()
    values.iloc[0, :3] = np.nan
    values.iloc[1] += 0.2
    assert sample_quality(values)["outlier"].tolist() == [True, True] + [False] * 7


def test_missing_against_intensity_against_pandas(values):
    expected = values.isna().mean().corr(values.mean(), method="spearman")
    found = missing_against_intensity(values)
    assert found["n_proteins"] == 60
    assert found["spearman"] == pytest.approx(expected)
    assert found["spearman"] < -0.7
    assert missing_against_intensity(values.fillna(1.0)) == {"spearman": None, "n_proteins": 60}
    values["P1"] = np.nan
    assert missing_against_intensity(values)["n_proteins"] == 59


def test_components_against_scikit_learn(values):
    complete = values.loc[:, values.notna().mean() >= 0.8]
    assert 10 < complete.shape[1] < 60
    filled = complete.fillna(complete.median())
    reference = PCA(2, svd_solver="full").fit(filled)
    expected = reference.transform(filled)
    found = principal_components(values)

    np.testing.assert_allclose(found["explained"], reference.explained_variance_ratio_)
    points = np.array([[p["pc1"], p["pc2"]] for p in found["points"]])
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-9)
    assert [p["sample_id"] for p in found["points"]] == list(values.index)


def test_component_signs_follow_the_largest_loading(values):
    points = pd.DataFrame(principal_components(values)["points"]).set_index("sample_id")
    flipped = pd.DataFrame(principal_components(-values)["points"]).set_index("sample_id")
    np.testing.assert_allclose(flipped, -points, atol=1e-9)
    filled = values.loc[:, values.notna().mean() >= 0.8]
    filled = filled.fillna(filled.median())
    for axis in ("pc1", "pc2"):
        loading = (filled - filled.mean()).T @ points[axis]
        assert loading[loading.abs().idxmax()] > 0


@pytest.mark.parametrize("shape", [(2, 10), (10, 1)])
def test_too_little_for_components(shape):
    assert principal_components(pd.DataFrame(np.eye(10)[: shape[0], : shape[1]])) == {
        "explained": [],
        "points": [],
    }


def test_constant_values_have_no_variance_to_explain():
    found = principal_components(pd.DataFrame(np.full((4, 3), 20.0)))
    assert found["explained"] == [0.0, 0.0]


def test_the_report_is_json_and_raw_values_are_logged(values):
    raw = ProteinMatrix.build(2**values, scale="raw")
    log2 = ProteinMatrix.build(values, scale="log2")
    first, second = quality(raw), quality(log2)

    assert json.loads(json_text(first))["n_samples"] == 40
    assert first["missing_rate"] == second["missing_rate"] == values.isna().to_numpy().mean()
    np.testing.assert_allclose(first["pca"]["explained"], second["pca"]["explained"])
    assert first["rivals"] == []


def cohort(values, **columns):
    """20 patients with two visits; the first ten are positive."""
    patients = [f"p{i:02d}" for i in range(20)]
    sheet = pd.DataFrame(
        {"patient_id": patients * 2, "day": [3.0] * 20 + [9.0] * 20}, index=values.index
    ).assign(**columns)
    labels = pd.Series(([1.0] * 10 + [0.0] * 10) * 2, index=values.index)
    return ProteinMatrix.build(values, sheet, scale="log2"), labels


def test_rivals_against_scikit_learn(values):
    values.iloc[:10, :12] = np.nan
    matrix, labels = cohort(values)
    rivals = {rival.name: rival for rival in find_rivals(matrix, labels)}
    depth = values.iloc[:20].notna().sum(axis=1)
    expected = roc_auc_score(labels[:20], depth)

    assert rivals["number of proteins found"].auc == pytest.approx(expected)
    assert rivals["missing rate"].auc == pytest.approx(1 - expected)
    assert expected < 0.3
    assert rivals["number of proteins found"].note == "lower in positive patients"
    assert "alone separates the classes" in rivals["missing rate"].warnings[0]
    assert rivals["first day"].auc == 0.5
    assert rivals["first day"].note == "the same in both classes"
    assert rivals["number of visits"].n == 20


def test_visits_are_counted_without_replicates(values):
    matrix, labels = cohort(values)
    extra = values.iloc[20:30].rename(index=lambda name: f"{name}-extra")
    sheet = matrix.samples.iloc[20:30].set_axis(extra.index).assign(day=20.0)
    both = pd.concat([matrix.samples, sheet])
    table = pd.concat([values, extra])
    told = pd.concat([labels, labels.iloc[20:30].set_axis(extra.index)])

    visits = ProteinMatrix.build(table, both, scale="log2")
    assert _named(find_rivals(visits, told), "number of visits").auc == 1.0
    both.loc[extra.index, "replicate_of"] = values.index[20:30]
    replicates = ProteinMatrix.build(table, both, scale="log2")
    assert _named(find_rivals(replicates, told), "number of visits").auc == 0.5


def test_a_batch_is_judged_against_permuted_labels(values):
    aligned = ["b1"] * 8 + ["b2"] * 12
    balanced = (["b1"] * 5 + ["b2"] * 5) * 2
    matrix, labels = cohort(values, batch=aligned * 2, plex=balanced * 2, site="one")
    rivals = find_rivals(matrix, labels)
    batch, plex = _named(rivals, "batch"), _named(rivals, "plex")
    exact = stats.fisher_exact(pd.crosstab(pd.Series(aligned), labels[:20].to_numpy())).pvalue
    drawn = float(re.search(r"permutation p = ([\d.]+)", batch.warnings[0]).group(1))

    # 8 positives in b1, 2 in b2: 0.8 of the pairs won and 0.2 tied.
    assert batch.auc == pytest.approx(0.9)
    # Fisher's exact test, within what 999 draws can miss it by.
    assert stats.binom.sf(round(drawn * 1000) - 2, 999, exact) > 0.001
    assert drawn <= 0.006
    assert plex.auc == 0.5
    assert plex.warnings == ()
    assert "(p = 1)" in plex.note
    assert "site" not in [rival.name for rival in rivals]
    report = quality(matrix, labels)
    assert any("batch and the outcome are associated" in text for text in report["warnings"])
    assert {"name", "auc", "n", "note"} == set(report["rivals"][0])


def test_unlabelled_cohorts_have_no_rivals(values):
    matrix, labels = cohort(values)
    assert find_rivals(matrix, labels * np.nan) == []
    assert find_rivals(matrix, labels.where(labels == 1)) == []


def _named(rivals, name):
    return next(rival for rival in rivals if rival.name == name)
