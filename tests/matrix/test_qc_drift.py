"""Drift against scipy and statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from proteoclass.matrix.quality.drift import drift, drift_warnings, slopes
from proteoclass.matrix.quality.rank_correlation import spearman


def runs(n=40, n_proteins=80, seed=2):
    rng = np.random.default_rng(seed)
    table = rng.normal(20, 2, n_proteins) + rng.normal(0, 0.5, (n, n_proteins))
    table[rng.random(table.shape) < 0.15] = np.nan
    values = pd.DataFrame(table, [f"s{i}" for i in range(n)])
    # Batches take turns in the order of injection, as text, as a sheet gives it.
    sheet = pd.DataFrame(
        {"injection": [str(i + 1) for i in range(n)], "batch": ["B1", "B2"] * (n // 2)},
        values.index,
    )
    return values, sheet


def test_samples_against_scipy_within_each_batch():
    values, sheet = runs()
    values += np.linspace(0, 2, 40)[:, None]
    found = drift(values, sheet, np.zeros(40))
    order = sheet["injection"].astype(float)
    for row in found["batches"]:
        own = sheet["batch"] == row["batch"]
        for name, numbers in (("median", values.median(axis=1)), ("depth", values.count(axis=1))):
            expected = stats.spearmanr(order[own], numbers[own])
            assert row[name]["spearman"] == pytest.approx(expected.statistic)
            assert row[name]["p"] == pytest.approx(expected.pvalue)
    assert [row["n_samples"] for row in found["batches"]] == [20, 20]
    (warning,) = drift_warnings(found)
    assert warning.startswith(
        "The median intensity of the samples in batch B1, B2 follows the order of injection (Sp"
    )


def test_slopes_against_linregress_and_statsmodels():
    values, sheet = runs(n_proteins=12)
    order = sheet["injection"].astype(float).to_numpy()
    one = slopes(values.to_numpy(), order, np.zeros(40, dtype=int))
    codes = np.array([0, 1] * 20)
    two = slopes(values.to_numpy() + 3 * codes[:, None], order, codes)
    for j in range(12):
        there = values[j].notna().to_numpy()
        plain = stats.linregress(order[there], values[j][there])
        assert (one[0][j], one[1][j]) == pytest.approx((plain.slope, plain.pvalue))
        frame = pd.DataFrame({"y": values[j], "x": order, "b": codes})
        fitted = smf.ols("y ~ x + C(b)", frame).fit()
        assert two[0][j] == pytest.approx(fitted.params["x"])
        assert two[1][j] == pytest.approx(fitted.pvalues["x"])


def test_the_share_of_drifting_proteins():
    values, sheet = runs()
    clean = drift(values, sheet, np.zeros(40))["proteins"]
    assert clean["n_tested"] == 80
    assert clean["share_significant"] <= 0.05
    order = np.linspace(-1, 1, 40)
    values.iloc[:, :20] += 1.5 * order[:, None]
    found = drift(values, sheet, np.zeros(40))["proteins"]
    assert found["n_significant"] == pytest.approx(20, abs=2)
    # The same drift in all proteins is one of loading, and goes with it.
    values.iloc[:, 20:] += 1.5 * order[:, None]
    found = drift(values, sheet, 1.5 * order)["proteins"]
    assert found["share_significant"] > 0.9
    assert found["loading_removed"]["share_significant"] <= 0.05


def test_drift_between_batches_is_none_within():
    values, sheet = runs()
    sheet["batch"] = ["B1"] * 20 + ["B2"] * 20
    values.iloc[20:] += 2.0
    found = drift(values, sheet, np.zeros(40))
    assert found["proteins"]["share_significant"] <= 0.05
    assert drift_warnings(found) == []
    whole = drift(values, sheet.drop(columns="batch"), np.zeros(40))
    assert whole["proteins"]["share_significant"] > 0.9
    assert whole["batches"][0]["batch"] is None
    assert drift_warnings(whole)[0].startswith("The median intensity of the samples follows")


def test_what_is_lacking_is_said():
    values, sheet = runs()
    shift = np.zeros(40)
    without = drift(values, sheet.drop(columns="injection"), shift)
    assert without["reason"] == "the sample sheet has no order of injection"
    assert drift(values, sheet.assign(injection="x"), shift)["reason"] == "no injection is a number"
    plexes = sheet.assign(injection="1")
    found = drift(values, plexes, shift)
    assert found["batches"][0]["median"]["reason"] == "all injected at once"
    assert found["proteins"]["reason"] == (
        "no protein varies over enough samples injected one after the other"
    )
    unknown = drift(values, sheet, np.full(40, np.nan))["proteins"]
    assert unknown["n_tested"] == 80
    assert unknown["loading_removed"]["reason"] == (
        "no protein varies over enough samples of known loading injected one after the other"
    )
    few = drift(values.iloc[:4], sheet.iloc[:4].assign(batch="B1"), np.zeros(4))
    assert few["batches"][0]["median"]["reason"] == "4 samples, expected at least 5"
    some = sheet.assign(injection=["", *sheet["injection"][1:]])
    assert drift(values, some, shift)["n_without_order"] == 1
    same = drift(values.fillna(1.0) * 0, sheet, shift)
    assert same["batches"][0]["depth"]["reason"] == "the same in each sample"


def test_small_batches_in_perfect_order_by_chance_are_no_drift():
    """scipy's permutation test gives the exact p; t gives 0 for five samples in order."""
    rng = np.random.default_rng(5)
    for n, ties in ((5, 0), (6, 0), (7, 2), (8, 1)):
        x, y = np.arange(float(n)), rng.normal(size=n)
        y[: ties + 1] = y[0]
        # Over all orders rho rises with the sum of products of ranks.
        exact = stats.permutation_test(
            (y,),
            lambda own, axis, x=x: stats.rankdata(own, axis=axis) @ x,
            permutation_type="pairings",
            n_resamples=50_000,
            vectorized=True,
        ).pvalue
        assert spearman(x, y)[0] == pytest.approx(stats.spearmanr(x, y).statistic)
        assert spearman(x, y)[1] == pytest.approx(exact)
    assert spearman(np.arange(5.0), np.arange(5.0)) == (pytest.approx(1.0), pytest.approx(2 / 120))
    far = spearman(np.arange(9.0), -np.arange(9.0))
    assert far == (pytest.approx(-1.0), pytest.approx(2 / 362_880))


def test_clean_cohorts_of_many_small_batches_are_seldom_warned_of():
    warned = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        values = pd.DataFrame(rng.normal(20, 1, (100, 15)) + rng.normal(0, 0.5, (100, 1)))
        sheet = pd.DataFrame({"injection": rng.permutation(100), "batch": np.arange(100) // 5})
        warned += bool(drift_warnings(drift(values, sheet, np.zeros(100))))
    assert warned <= 3
