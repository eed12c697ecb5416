"""Quality figures, each against another way to the same number."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.decomposition import PCA

from proteoclass.io import json_text
from proteoclass.matrix.normalisation.impute import left_censoring
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.components import associate, components_of, principal_components
from proteoclass.matrix.quality.depth import (
    QUANTILE_LEVELS,
    cohort_shift,
    sample_quality,
    sample_quantiles,
)
from proteoclass.matrix.quality.missing import (
    exact_p,
    missing_against_depth,
    missing_against_intensity,
    missing_against_outcome,
)
from proteoclass.matrix.quality.qc import describe_quality


@pytest.fixture
def values():
    """40 samples x 60 proteins, the low ones missing more often."""
    rng = np.random.default_rng(11)
    level = rng.normal(20, 3, 60)
    table = level + rng.normal(0, 1, (40, 60))
    table[rng.random((40, 60)) < 1 / (1 + np.exp(level - 18))] = np.nan
    return pd.DataFrame(table, [f"s{i}" for i in range(40)], [f"P{i}" for i in range(60)])


def matrix_of(values, sheet=None, **options):
    return ProteinMatrix.build(values, sheet, **{"scale": "log2", **options})


def holds_nan(value):
    if isinstance(value, dict):
        return any(map(holds_nan, value.values()))
    if isinstance(value, list):
        return any(map(holds_nan, value))
    return isinstance(value, float) and not np.isfinite(value)


def test_sample_figures_against_numpy(values):
    found = sample_quality(values)
    table = values.to_numpy()

    assert found["n_detected"].tolist() == (~np.isnan(table)).sum(axis=1).tolist()
    np.testing.assert_allclose(found["missing_rate"], np.isnan(table).mean(axis=1))
    for name, share in (("low_quartile_log2", 25), ("median_log2", 50), ("high_quartile_log2", 75)):
        np.testing.assert_allclose(found[name], np.nanpercentile(table, share, axis=1))


def test_quantiles_against_numpy(values):
    expected = np.nanquantile(values, QUANTILE_LEVELS, axis=1).T
    np.testing.assert_allclose(sample_quantiles(values.to_numpy()), expected)
    report = describe_quality(matrix_of(values))
    assert report["quantile_levels"] == [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    assert report["samples"][4]["quantiles_log2"] == pytest.approx(expected[4].tolist())


def test_the_shift_of_a_loading_that_was_put_in(values):
    """Closed form: samples that differ by a constant only are shifted by that constant."""
    put_in = np.linspace(-1, 1, 9)
    table = values.iloc[:1].to_numpy() + put_in[:, None]
    shift, reason = cohort_shift(matrix_of(pd.DataFrame(table)))
    np.testing.assert_allclose(shift, put_in, atol=1e-12)
    assert reason == ""
    nothing = matrix_of(pd.DataFrame(np.diag(np.arange(1.0, 5))).replace(0, np.nan))
    assert cohort_shift(nothing)[1] == "no protein is detected in 80% of the samples"


def test_missing_against_intensity_against_pandas(values):
    expected = values.isna().mean().corr(values.mean(), method="spearman")
    found = missing_against_intensity(values)
    assert found["n_proteins"] == 60
    assert found["spearman"] == pytest.approx(expected)
    assert found["spearman"] < -0.7
    assert found["left_censoring"] == left_censoring(values.to_numpy())
    assert found["left_censored"] is True
    assert found["reason"] is None
    whole = missing_against_intensity(values.fillna(1.0))
    assert (whole["spearman"], whole["left_censored"], whole["n_proteins"]) == (None, None, 60)
    assert "too few proteins are missing in some samples only" in whole["reason"]
    values["P1"] = np.nan
    assert missing_against_intensity(values)["n_proteins"] == 59


def test_bins_of_intensity_against_pandas(values):
    bins = pd.DataFrame(missing_against_intensity(values)["bins"])
    mean, missing = values.mean(), values.isna().mean()
    cut = pd.qcut(mean, 10, labels=False)
    assert bins["n_proteins"].tolist() == [6] * 10
    np.testing.assert_allclose(bins["mean"], mean.groupby(cut).mean())
    np.testing.assert_allclose(bins["missing_rate"], missing.groupby(cut).mean())
    np.testing.assert_allclose(bins["low"], mean.groupby(cut).min())
    np.testing.assert_allclose(bins["high"], mean.groupby(cut).max())
    assert missing_against_intensity(values.iloc[:, :4])["bins"] == []


def test_missing_against_depth_against_scipy(values):
    loading = np.linspace(-2, 2, 40)
    values = values.where(values + 3 * loading[:, None] > 16)
    found = missing_against_depth(values, loading)
    expected = stats.spearmanr(values.isna().mean(axis=1), loading)
    assert (found["spearman"], found["p"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert found["spearman"] < -0.5
    whole = missing_against_depth(values.fillna(1.0), loading)
    assert whole["reason"] == "every sample has the same missing rate"
    few = missing_against_depth(values.iloc[:3], loading[:3])
    assert few["reason"] == "3 samples with a known loading"


def test_exact_p_against_scipys_fisher():
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 13, 200), rng.integers(0, 24, 200)
    found = exact_p(first, first + second, 12, 23)
    tables = [[[a, b], [12 - a, 23 - b]] for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, [stats.fisher_exact(t).pvalue for t in tables], rtol=1e-8)


def test_missing_against_outcome_finds_what_was_put_in_and_nothing_else():
    rng = np.random.default_rng(5)
    labels = np.repeat([1.0, 0.0], 20)
    found = (rng.random((40, 300)) < 0.5).astype(float)
    found[:, 7] = 1 - labels
    names = pd.Index([f"P{i}" for i in range(300)])
    told = missing_against_outcome(found, labels, names)
    assert told["proteins"][0]["protein_id"] == "P7"
    assert (told["proteins"][0]["found_positive"], told["proteins"][0]["found_negative"]) == (0, 1)
    assert told["n_different"] == 1
    assert told["missing_rate_negative"] == pytest.approx(1 - found[20:].mean())
    # Benjamini-Hochberg at 5 % names a protein in one null cohort of twenty; 20 cohorts.
    named = [
        missing_against_outcome(found[:, 8:], rng.permutation(labels), names[8:])["n_different"]
        for _ in range(20)
    ]
    assert sum(count > 0 for count in named) <= 4
    assert missing_against_outcome(found[:20], labels[:20], names)["reason"] == (
        "no patients of one class"
    )


def test_components_against_scikit_learn(values):
    complete = values.loc[:, values.notna().mean() >= 0.8]
    assert 10 < complete.shape[1] < 60
    filled = complete.fillna(complete.median())
    reference = PCA(5, svd_solver="full").fit(filled)
    expected = reference.transform(filled)
    found = principal_components(values)

    np.testing.assert_allclose(found["explained"], reference.explained_variance_ratio_)
    points = np.array([[p[f"pc{k}"] for k in range(1, 6)] for p in found["points"]])
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-9)
    assert [p["sample_id"] for p in found["points"]] == list(values.index)


def test_component_signs_follow_the_largest_loading(values):
    points = pd.DataFrame(principal_components(values)["points"]).set_index("sample_id")
    flipped = pd.DataFrame(principal_components(-values)["points"]).set_index("sample_id")
    np.testing.assert_allclose(flipped, -points, atol=1e-9)
    filled = values.loc[:, values.notna().mean() >= 0.8]
    filled = filled.fillna(filled.median())
    for axis in ("pc1", "pc2", "pc5"):
        loading = (filled - filled.mean()).T @ points[axis]
        assert loading[loading.abs().idxmax()] > 0


def test_the_share_between_groups_against_scipys_anova(values):
    filled = values.fillna(values.median()).to_numpy()
    scores = components_of(filled)[1]
    groups = pd.Series([*["a"] * 9, *["b"] * 14, *["c"] * 15, None, None])
    found = associate(scores, groups)
    assert (found["n_samples"], found["n_groups"]) == (38, 3)
    for k, one in enumerate(found["components"]):
        parts = [scores[(groups == name).to_numpy(), k] for name in "abc"]
        expected = stats.f_oneway(*parts)
        pooled = np.concatenate(parts)
        between = sum(len(part) * (part.mean() - pooled.mean()) ** 2 for part in parts)
        assert (one["f"], one["p"]) == pytest.approx((expected.statistic, expected.pvalue))
        assert one["r2"] == pytest.approx(between / ((pooled - pooled.mean()) ** 2).sum())


def test_points_carry_batch_site_and_outcome(values):
    values.iloc[:20] += 2.0
    sheet = pd.DataFrame({"batch": ["B1"] * 20 + ["B2"] * 19 + [" "], "site": "A"}, values.index)
    labels = pd.Series([1.0, 0.0] * 15 + [np.nan] * 10, values.index)
    report = describe_quality(matrix_of(values, sheet), labels)
    points, found = report["pca"]["points"], report["pca"]["associations"]
    assert (points[0]["batch"], points[0]["outcome"], points[0]["site"]) == ("B1", "positive", "A")
    assert (points[-1]["batch"], points[-1]["outcome"]) == (None, None)
    by_name = {row["of"]: row for row in found}
    assert list(by_name) == ["batch", "site", "outcome"]
    assert by_name["batch"]["components"][0]["r2"] > 0.8
    assert by_name["batch"]["components"][0]["p"] < 1e-10
    assert by_name["outcome"]["n_samples"] == 30
    assert by_name["site"]["reason"] == "one group only"
    first = by_name["batch"]["components"][0]["r2"]
    said = [text for text in report["warnings"] if text.startswith("Samples differ by")]
    assert len(said) == 1
    assert (
        f"by batch more than by anything else on a leading component: it explains {first:.0%}"
        in (said[0])
    )


def test_groups_of_one_sample_explain_nothing():
    found = associate(np.arange(4.0)[:, None], pd.Series(list("abcd")))
    assert found["reason"] == "each sample is a group of its own"
    exact = associate(np.array([[1.0], [1.0], [2.0]]), pd.Series(["a", "a", "b"]))
    assert exact["components"] == [{"component": 1, "r2": 1.0, "f": None, "p": 0.0}]


@pytest.mark.parametrize(
    ("shape", "found_words"),
    [((2, 10), "2 samples and 10 proteins"), ((10, 1), "10 samples and 1 protein")],
)
def test_too_little_for_components(shape, found_words):
    found = principal_components(pd.DataFrame(np.eye(10)[: shape[0], : shape[1]]))
    assert (found["explained"], found["points"]) == ([], [])
    assert found["reason"] == f"{found_words} found in 80% of them, expected at least 3 and 2"


def test_constant_values_have_no_variance_to_explain():
    found = principal_components(
        pd.DataFrame(np.full((4, 3), 20.0)), pd.DataFrame({"batch": list("aabb")})
    )
    assert found["explained"] == [0.0, 0.0, 0.0]
    assert {one["r2"] for one in found["associations"][0]["components"]} == {None}


def test_the_report_is_json_and_raw_values_are_logged(values):
    raw = ProteinMatrix.build(2**values, scale="raw")
    log2 = ProteinMatrix.build(values, scale="log2")
    first, second = describe_quality(raw), describe_quality(log2)

    assert json.loads(json_text(first)) == first
    assert first["missing_rate"] == second["missing_rate"] == values.isna().to_numpy().mean()
    np.testing.assert_allclose(first["pca"]["explained"], second["pca"]["explained"])
    assert first["rivals"] == []
    assert first["missing_against_outcome"] == {"reason": "no outcome was named"}


DEGENERATE = {
    "one sample": np.ones((1, 30)) * 20,
    "one protein": np.arange(12.0)[:, None],
    "one value": np.ones((1, 1)),
    "all missing": np.full((12, 30), np.nan),
    "one sample missing": np.r_[np.full((1, 30), np.nan), np.ones((11, 1)) * np.arange(30.0)],
    "constant": np.full((12, 30), 20.0),
    "each protein once": np.where(np.eye(12) > 0, 20.0, np.nan),
}


@pytest.mark.parametrize("kind", ["intensity", "npx", "ratio"])
@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_cohorts_give_reasons_and_no_warning(name, kind):
    table = DEGENERATE[name]
    n = len(table)
    values = pd.DataFrame(
        table, [f"s{i}" for i in range(n)], [f"P{j}" for j in range(table.shape[1])]
    )
    sheet = pd.DataFrame(
        {
            "batch": "B1",
            "injection": range(n),
            "day": 0.0,
            "sex": "M",
            "heparin": 1.0,
            "channel": "pool",
            "replicate_of": ["s0" if i == 1 else "" for i in range(n)],
        },
        values.index,
    )
    labels = pd.Series([1.0, 0.0] * n, dtype=float)[:n].set_axis(values.index)
    report = describe_quality(matrix_of(values, sheet, kind=kind, fluid="urine"), labels)

    assert not holds_nan(report)
    assert json.loads(json_text(report)) == report
    assert report["n_samples"] == n
    assert len(report["samples"]) == n
    if name in ("one sample", "one value", "all missing"):
        assert report["pca"]["reason"]
        assert report["missing_against_depth"]["reason"]
        assert report["drift"]["batches"][0]["median"]["reason"]
        assert report["sex_check"]["reason"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 14),
    p=st.integers(1, 24),
    gaps=st.sampled_from([0.0, 0.3, 0.9]),
    step=st.sampled_from([0.0, 1.0, 1e-9]),
    kind=st.sampled_from(["intensity", "npx", "ratio"]),
)
def test_any_small_cohort_is_described_without_a_gap(seed, n, p, gaps, step, kind):
    """Made-up tables of few samples, few proteins, many gaps, equal values."""
    rng = np.random.default_rng(seed)
    table = 18 + step * rng.integers(-3, 4, (n, p)).astype(float)
    table[rng.random((n, p)) < gaps] = np.nan
    values = pd.DataFrame(
        table, [f"s{i}" for i in range(n)], ["P02768", "P07288", *map(str, range(p))][:p]
    )
    sheet = pd.DataFrame(
        {
            "patient_id": [f"p{i}" for i in rng.integers(0, n, n)],
            "batch": rng.choice(["a", "b", ""], n),
            "plex": rng.choice(["1", "2"], n),
            "channel": rng.choice(["pool:A", "127N", None], n),
            "injection": rng.choice(["1", "2", "3", "x"], n),
            "replicate_of": rng.choice(["", "s0", "s1", "gone"], n),
            "day": rng.choice([0.0, 3.0, np.nan], n),
            "sex": rng.choice(["m", "f", "?"], n),
            "age": rng.choice([3.0, 40.0, np.nan], n),
            "void": rng.choice(["catheter", "midstream", None], n),
        },
        values.index,
    )
    of_patient = {f"p{i}": rng.choice([0.0, 1.0, np.nan]) for i in range(n)}
    labels = sheet["patient_id"].map(of_patient)
    report = describe_quality(matrix_of(values, sheet, kind=kind, fluid="urine"), labels)
    assert not holds_nan(report)
    assert all(isinstance(text, str) and text.endswith(".") for text in report["warnings"])
    assert all(row["auc"] is None or 0 <= row["auc"] <= 1 for row in report["rivals"])


def test_row_order_does_not_matter(values):
    sheet = pd.DataFrame({"batch": list("ab") * 20, "injection": range(40)}, values.index)
    labels = pd.Series([1.0, 1.0, 0.0, 0.0] * 10, values.index)
    shuffled = values.sample(frac=1, random_state=1).index
    first = describe_quality(matrix_of(values, sheet), labels)
    second = describe_quality(matrix_of(values.loc[shuffled], sheet), labels)
    assert [row["auc"] for row in first["rivals"]] == pytest.approx(
        [row["auc"] for row in second["rivals"]]
    )
    by_name = {row["sample_id"]: row for row in second["samples"]}
    for row in first["samples"]:
        assert by_name[row["sample_id"]]["shift_log2"] == pytest.approx(row["shift_log2"])
    assert first["warnings"] == second["warnings"]


def test_ratios_are_no_intensities():
    """Bright proteins are found everywhere; their ratios to the pool are like any other's."""
    rng = np.random.default_rng(4)
    level = np.linspace(14, 24, 60)
    table = level + rng.normal(0, 1, (20, 60))
    table[rng.random(table.shape) < 1 / (1 + np.exp(level - 16))] = np.nan
    names = [f"s{i}" for i in range(20)]
    measured = ProteinMatrix.build(pd.DataFrame(table, names), scale="log2")
    ratios = ProteinMatrix.build(
        pd.DataFrame(table - np.nanmean(table, axis=0), names).iloc[:15], scale="log2", kind="ratio"
    )
    report = describe_quality(ratios, measured=measured)
    alone = describe_quality(ratios)["missing_against_intensity"]
    seen = pd.DataFrame(table[:15])
    expected = stats.spearmanr(seen.isna().mean(), seen.mean()).statistic
    assert report["kind"] == "ratio"
    assert report["missing_against_intensity"]["spearman"] == pytest.approx(expected)
    assert expected < -0.5
    assert (alone["spearman"], alone["left_censored"], alone["bins"]) == (None, None, [])
    assert alone["reason"] == "values of kind ratio: they say nothing of intensities"


def test_why_no_loading_is_known_is_said():
    values = pd.DataFrame(np.where(np.eye(8) > 0, 20.0, np.nan), [f"s{i}" for i in range(8)])
    report = describe_quality(ProteinMatrix.build(values, scale="log2"))
    assert report["samples"][0]["shift_log2"] is None
    assert report["missing_against_depth"]["reason"] == (
        "0 samples with a known loading: no protein is detected in 80% of the samples"
    )


def test_quotients_in_two_groups_are_warned_of_where_values_are_normalised(values):
    rng = np.random.default_rng(0)
    full = pd.DataFrame(rng.normal(20, 0.3, values.shape), values.index, values.columns)
    full.iloc[3, ::2] += 4
    warned = "Quotients in two groups, which is more than dilution: 1 of 40 samples (s3)."
    assert warned in describe_quality(matrix_of(full))["warnings"]
    for quiet in (
        describe_quality(matrix_of(full, kind="npx")),
        describe_quality(matrix_of(full), normalise="none"),
        describe_quality(matrix_of(full.drop(index="s3"))),
    ):
        assert not [text for text in quiet["warnings"] if text.startswith("Quotients")]
