"""Contributions: exact for every blend, spread over bags, nothing for what says nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xgboost
from scipy.special import logit

from proteoclass.matrix import Outcome, simulate_cohort
from proteoclass.scorer import Settings, SeverityScorer, load_model
from proteoclass.scorer import blend as blend_module
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.crossfit import run_fold

MODELS = Path(__file__).parent / "models"


def panel(n=50, proteins=6, seed=0):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3 == 0).astype(float)
    X = rng.normal(size=(n, proteins)) + 1.2 * y[:, None] * (np.arange(proteins) < 3)
    return np.where(rng.random(X.shape) < 0.1, np.nan, X), y


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_contributions_sum_to_the_margin_whatever_the_blend(share):
    X, y = panel()
    X[3] = np.nan
    X[4] *= 1000
    blend = SeverityScorer(bags=4, rounds=25, booster_weight=share).fit(X, y).blend_
    boosters, companions = blend.booster_margins(X), blend.companion_margins(X)
    expected = (share * boosters + (1 - share) * companions).mean(axis=1)
    shares = blend.contributions(X).mean
    np.testing.assert_allclose(blend.margin(X), expected, atol=1e-12)
    assert np.abs(shares.sum(axis=1) - blend.margin(X)).max() < 1e-6
    if share in (0, 1):
        part = blend.booster_margins(X) if share else blend.companion_margins(X)
        np.testing.assert_allclose(shares.sum(axis=1), part.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("version", [1, 2])
def test_contributions_of_older_models_sum_to_their_log_odds(version):
    model = load_model(MODELS / f"version-{version}.json")
    cohort = simulate_cohort(patients=24, severe=8, proteins=80, visits=1, seed=1)
    values = cohort.matrix.values.copy()
    values.iloc[2, :40] = np.nan
    for matrix in (cohort.matrix, cohort.matrix.take(["SIM-P003-V1"])):
        explained = model.explain(matrix)
        totals = explained.groupby("sample_id")["contribution"].sum()
        scored = model.score(matrix).set_index("sample_id")["probability"][totals.index]
        assert np.abs(totals - logit(scored)).max() < 1e-6
        assert (explained["lower"] <= explained["upper"]).all()


def test_limits_are_the_quantiles_of_what_each_bag_says():
    # XGBoost's contributions and the linear terms, bag by bag, and NumPy's quantile.
    X, y = panel()
    blend = SeverityScorer(bags=7, rounds=10, booster_weight=0.4).fit(X, y).blend_
    filled = np.where(np.isnan(X), blend.median, X)
    bags = []
    for bag, booster in enumerate(blend.boosters):
        linear = (filled - blend.centre) / blend.spread * blend.coefficients[bag]
        linear = np.column_stack([linear, np.full(len(X), blend.intercepts[bag])])
        trees = booster.predict(xgboost.DMatrix(X), pred_contribs=True).astype(float)
        bags.append(0.4 * trees + 0.6 * linear)
    found = blend.contributions(X)
    np.testing.assert_allclose(found.mean, np.mean(bags, axis=0), atol=1e-12)
    np.testing.assert_allclose(found.lower, np.quantile(bags, 0.05, axis=0), atol=1e-12)
    np.testing.assert_allclose(found.upper, np.quantile(bags, 0.95, axis=0), atol=1e-12)
    scaled = found.calibrated(2.0, -1.0)
    np.testing.assert_allclose(scaled.mean.sum(axis=1), 2 * blend.margin(X) - 1, atol=2e-6)
    np.testing.assert_allclose(scaled.upper[:, :-1], 2 * found.upper[:, :-1])


def test_one_bag_has_no_spread():
    X, y = panel()
    found = SeverityScorer(bags=1, rounds=5).fit(X, y).blend_.contributions(X)
    np.testing.assert_array_equal(found.lower, found.mean)
    np.testing.assert_array_equal(found.upper, found.mean)


def test_a_sample_is_explained_alike_alone_and_in_company(monkeypatch):
    X, y = panel()
    blend = SeverityScorer(bags=3, rounds=5).fit(X, y).blend_
    together = blend.contributions(X)
    monkeypatch.setattr(blend_module, "_ROWS_AT_A_TIME", 7)
    in_parts, alone = blend.contributions(X), blend.contributions(X[[11]])
    for name in ("mean", "lower", "upper"):
        np.testing.assert_array_equal(getattr(together, name), getattr(in_parts, name))
        np.testing.assert_array_equal(getattr(together, name)[[11]], getattr(alone, name))


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_constant_and_never_detected_proteins_contribute_nothing(share):
    X, y = panel()
    X[:, 1], X[:, 4] = 20.0, np.nan
    scorer = SeverityScorer(bags=3, rounds=10, booster_weight=share).fit(X, y)
    assert scorer.signs_[[1, 4]].tolist() == [0, 0]
    new = X.copy()
    new[::2, 1], new[::2, 4] = -50.0, 7.0
    for values in (X, new):
        found = scorer.blend_.contributions(values)
        assert np.isfinite(scorer.decision_function(values)).all()
        for part in (found.mean, found.lower, found.upper):
            assert (part[:, [1, 4]] == 0).all()
        np.testing.assert_allclose(found.mean.sum(axis=1), scorer.blend_.margin(values), atol=1e-6)
    np.testing.assert_array_equal(scorer.decision_function(X), scorer.decision_function(new))


def test_a_panel_of_nothing_scores_every_sample_alike():
    y = np.tile([0.0, 1.0], 10)
    X = np.column_stack([np.full(20, 5.0), np.full(20, np.nan)])
    scorer = SeverityScorer(bags=2, rounds=3).fit(X, y)
    margin = scorer.decision_function(X)
    assert np.ptp(margin) == 0
    # Nothing but the classes, which are of one size; row samples of trees move it a little.
    assert margin[0] == pytest.approx(0.0, abs=0.1)


def test_a_held_protein_that_a_training_fold_never_detects_is_no_crash(make_toy):
    toy = make_toy(patients=24, proteins=40, visits=1, signal=2.0)
    values = toy.values.copy()
    values["Q003"] = 21.0
    values["Q004"] = np.nan
    values.iloc[5, 4] = 22.0
    cohort = build_cohort(replace(toy, values=values), Outcome("severity", "severe"))
    held = ("Q000", "Q001", "Q003", "Q004")
    settings = Settings(bags=2, rounds=5, normalise="none").resolve(cohort.matrix)
    test = np.array(["P01", "P05", "P06", "P12"], dtype=object)
    result = run_fold(cohort, test, settings, (0, 0, 0), held)
    shares = result.contributions
    assert result.panel == list(held)
    assert result.measured.notna().sum().tolist()[2:] == [4, 1]
    for part in ("contribution", "lower", "upper"):
        assert (shares[part][["Q003", "Q004"]] == 0).all(axis=None)
    np.testing.assert_allclose(shares["contribution"].sum(axis=1), result.log_odds, atol=1e-6)
    assert (shares["lower"] <= shares["upper"]).all(axis=None)
    np.testing.assert_array_less(-1e-9, result.bag_limits[:, 1] - result.bag_limits[:, 0])
