"""Coefficients of variation against closed forms, statsmodels and scipy."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.precision import (
    coefficient_of_variation,
    pool_warnings,
    pooled_variance,
    precision,
    replicate_groups,
)
from proteoclass.matrix.quality.qc import describe_quality

NAMES = [f"P{i}" for i in range(30)]


def pairs(n_pairs=12, sd=0.3, seed=4, **sheet):
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.normal(20, 2, (n_pairs, 30)), 2, axis=0)
    table = level + rng.normal(0, sd, level.shape)
    index = [f"s{i}{part}" for i in range(n_pairs) for part in "ab"]
    of = ["" if name.endswith("a") else f"{name[:-1]}a" for name in index]
    values = pd.DataFrame(table, index, NAMES)
    return values, pd.DataFrame({"replicate_of": of, **sheet}, index)


def cvs(values, sheet, shift=None, **options):
    matrix = ProteinMatrix.build(values, sheet, **{"scale": "log2", **options})
    return precision(matrix, np.zeros(len(values)) if shift is None else shift)


def test_the_cv_of_a_log_normal_against_scipy():
    for sd in (0.05, 0.3, 1.0):
        of = stats.lognorm(sd * np.log(2))
        assert coefficient_of_variation(sd**2) == pytest.approx(of.std() / of.mean())
    assert np.isfinite(coefficient_of_variation(1e6))


def test_pairs_against_the_closed_form():
    """Pooled within-pair variance is the mean of d²/2 (Bland & Altman 1996)."""
    values, sheet = pairs()
    values.iloc[3, 5] = np.nan
    found = cvs(values, sheet)["replicates"]
    a, b = values.to_numpy()[::2], values.to_numpy()[1::2]
    variance = np.nanmean((a - b) ** 2 / 2, axis=0)
    expected = np.sqrt(np.exp(variance * np.log(2) ** 2) - 1)

    assert list(found["by_protein"]) == NAMES
    np.testing.assert_allclose(list(found["by_protein"].values()), expected, atol=5e-5)
    assert found["median"] == pytest.approx(np.median(expected))
    assert found["low_quartile"] == pytest.approx(np.quantile(expected, 0.25))
    assert found["high_quartile"] == pytest.approx(np.quantile(expected, 0.75))
    assert found["share_below_20_percent"] == (expected < 0.2).mean()
    assert (found["n_samples"], found["n_groups"], found["n_pairs"]) == (24, 12, 12)
    # 359 degrees of freedom: the error of a standard deviation is 1/sqrt(2 df), 4 %.
    assert found["overall"] == pytest.approx(np.sqrt(np.exp((0.3 * np.log(2)) ** 2) - 1), rel=0.1)


def test_the_pooled_variance_against_statsmodels():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"y": rng.normal(size=20), "group": [0] * 9 + [1] * 6 + [2] * 5})
    frame.loc[[2, 11], "y"] = np.nan
    fitted = smf.ols("y ~ C(group)", frame).fit()
    codes = np.r_[frame["group"].to_numpy(), -1]
    variance, df = pooled_variance(np.r_[frame["y"].to_numpy(), 50.0][:, None], codes)
    assert (variance[0], df[0]) == (pytest.approx(fitted.mse_resid), fitted.df_resid)


def test_loading_is_taken_out_of_replicates():
    values, sheet = pairs(sd=0.1)
    shift = np.random.default_rng(1).normal(0, 1, len(values))
    found = cvs(values + shift[:, None], sheet, shift)["replicates"]
    clean = cvs(values, sheet)["replicates"]
    assert found["loading_removed"]["median"] == pytest.approx(clean["median"])
    assert found["median"] > 4 * clean["median"]


def test_pools_within_and_between_plexes_against_anova():
    """Balanced plexes: within is the mean square of residuals, between that of the means."""
    rng = np.random.default_rng(6)
    of_plex = np.repeat(rng.normal(0, 0.5, (6, 30)), 2, axis=0)
    table = 20 + of_plex + rng.normal(0, 0.2, (12, 30))
    patients = rng.normal(18, 2, (6, 30))
    values = pd.DataFrame(np.r_[table, patients], [f"s{i}" for i in range(18)], NAMES)
    sheet = pd.DataFrame(
        {
            "channel": ["Pool: A"] * 12 + ["127N"] * 6,
            "plex": [f"x{i // 2}" for i in range(12)] + [f"x{i}" for i in range(6)],
        },
        values.index,
    )
    found = cvs(values, sheet)["pools"]
    grouped = table.reshape(6, 2, 30)
    within = grouped.var(axis=1, ddof=1).mean(axis=0)
    between = grouped.mean(axis=1).var(axis=0, ddof=1)
    assert (found["run"], found["n_samples"]) == ("plex", 12)
    assert found["within"]["median"] == pytest.approx(np.median(coefficient_of_variation(within)))
    assert found["between"]["median"] == pytest.approx(np.median(coefficient_of_variation(between)))
    assert (found["within"]["n_pairs"], found["between"]["n_pairs"]) == (6, 5)


def test_different_pools_are_not_compared():
    values = pd.DataFrame({"P1": [10.0, 20.0, 10.2, 20.2]}, list("abcd"))
    sheet = pd.DataFrame({"channel": ["pool:X", "pool:Y"] * 2, "batch": list("1122")}, values.index)
    found = cvs(values, sheet)["pools"]
    expected = coefficient_of_variation(0.02).item()
    assert found["between"]["by_protein"]["P1"] == pytest.approx(expected, abs=5e-5)
    assert found["within"]["reason"] == "no batch has two channels of one pool"


def test_what_is_lacking_is_said():
    values, sheet = pairs(2)
    reason = cvs(values, sheet)["pools"]["reason"]
    assert reason == "no sample's channel is called pool, none's sample_type qc"
    lone = cvs(values, sheet.assign(replicate_of=""))["replicates"]
    assert lone == {"reason": "no sample names another in replicate_of"}
    gone = cvs(values.iloc[1:2], sheet)["replicates"]
    assert gone["reason"] == "no replicate has its partner in the matrix"
    channel = sheet.assign(channel="pool")
    assert cvs(values, channel)["pools"]["between"]["reason"] == (
        "the sample sheet names neither plex nor batch"
    )
    assert cvs(values, channel.assign(plex="1"))["pools"]["between"]["reason"] == (
        "each pool is in one plex only"
    )
    never = values.copy()
    never.iloc[::2] = np.nan
    assert cvs(never, sheet)["replicates"]["reason"] == "no protein was found twice in a group"


def test_chains_circles_and_absent_partners_of_replicates():
    of = {"a": "", "b": "a", "c": "b", "d": "e", "e": "d", "f": "gone", "g": "gone", "h": ""}
    found = replicate_groups(pd.DataFrame({"replicate_of": of}))
    groups = pd.Series(found, index=of)
    assert len(set(groups[list("abc")])) == 1
    assert groups["d"] == groups["e"] != groups["a"]
    assert groups["f"] == groups["g"] != groups["d"]
    assert groups["h"] == -1


def test_npx_replicates_have_a_precision_too():
    values, sheet = pairs(sd=0.2)
    report = describe_quality(ProteinMatrix.build(values - 15, sheet, scale="log2", kind="npx"))
    found = report["precision"]["replicates"]
    # Zero and below are values for NPX: nothing is missing, and no level matters.
    assert found["median"] == pytest.approx(cvs(values, sheet)["replicates"]["median"])
    assert found["n_proteins"] == 30


def test_plexes_without_a_pool_are_named():
    values, _ = pairs(5)
    sheet = pd.DataFrame({"channel": ["pool", "126"] * 3 + ["126"] * 4, "plex": list("1122334455")})
    report = describe_quality(
        ProteinMatrix.build(values, sheet.set_axis(values.index), scale="log2")
    )
    assert report["precision"]["pools"]["without"] == ["4", "5"]
    assert report["warnings"][-1] == (
        "No pool channel in 2 of 5 plexes ('4', '5'): nothing there can be set against the pool."
    )
    every = sheet.assign(channel=["pool", "126"] * 5).set_axis(values.index)
    assert pool_warnings(cvs(values, every)["pools"]) == []
