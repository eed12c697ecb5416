import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.folds import spawn
from proteoclass.scorer import Settings, SeverityScorer
from proteoclass.scorer.blend import mean_over_bags
from proteoclass.scorer.calibration import MIN_SLOPE, fit_platt, fit_thresholds
from proteoclass.scorer.companion import signed_ridge
from proteoclass.scorer.comparators import verdict
from proteoclass.scorer.performance.probability import recalibration
from proteoclass.scorer.severity_scorer import patient_bags


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    y = np.repeat([0.0, 1.0], [30, 20])
    X = rng.normal(size=(50, 6)) + y[:, None] * np.array([1, -1, 0.8, -0.5, 0.2, 0])
    return X, y


def test_ridge_with_free_signs_equals_scikit_learn(panel):
    # scikit-learn's L2 logistic is the independent route; signs are set to its own.
    X, y = panel
    theirs = LogisticRegression(C=1 / 4.0, tol=1e-10, max_iter=5000).fit(X, y)
    intercept, ours = signed_ridge(X, y, np.sign(theirs.coef_[0]), np.ones(50), 4.0)
    np.testing.assert_allclose(ours, theirs.coef_[0], atol=2e-5)
    assert intercept == pytest.approx(theirs.intercept_[0], abs=2e-5)


def test_ridge_keeps_to_its_signs_and_is_optimal_there(panel):
    X, y = panel
    signs = np.array([1.0, 1, -1, -1, 1, 0])
    _, ours = signed_ridge(X, y, signs, np.ones(50), 4.0)
    assert (ours * signs >= 0).all()
    assert ours[5] == 0

    def loss(theta):
        margin = (2 * y - 1) * (X @ (theta[1:] * np.where(signs == 0, 0, signs)) + theta[0])
        return np.logaddexp(0, -margin).sum() + 2 * (theta[1:5] ** 2).sum() + 2 * theta[5] ** 2

    # SLSQP from another start is the independent route.
    other = optimize.minimize(
        loss,
        np.full(7, 0.3),
        bounds=[(None, None)] + [(0, None)] * 6,
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    np.testing.assert_allclose(ours[:5], (other.x[1:] * signs)[:5], atol=1e-3)


def test_scorer_is_monotone_in_every_protein(panel):
    X, y = panel
    scorer = SeverityScorer(bags=4, rounds=20).fit(X, y)
    for protein, sign in enumerate(scorer.signs_):
        grid = np.tile(np.median(X, axis=0), (40, 1))
        grid[:, protein] = np.linspace(-4, 4, 40)
        assert (np.diff(scorer.decision_function(grid)) * sign >= -1e-7).all()


def test_boosters_are_those_that_xgboost_trains(panel):
    values, labels = panel
    scorer = SeverityScorer(bags=2, rounds=6, random_state=3).fit(values, labels)
    seeds = spawn(3, 1).integers(2**31, size=2)
    for seed, weight, ours in zip(seeds, scorer.bag_counts_, scorer.blend_.boosters, strict=True):
        # Each sample weighs one where all are index samples of their own patients.
        matrix = xgboost.DMatrix(values, label=labels, weight=weight, nthread=1)
        parameters = {
            "objective": "binary:logistic", "tree_method": "exact", "max_depth": 2, "eta": 0.1,
            "lambda": 3.0, "subsample": 0.8, "colsample_bytree": 0.5, "nthread": 1,
            "monotone_constraints": tuple(int(sign) for sign in scorer.signs_),
            "seed": int(seed), "base_score": float(np.average(labels, weights=weight)),
        }  # fmt: skip
        theirs = xgboost.train(parameters, matrix, num_boost_round=6)
        assert ours.save_raw("json") == theirs.save_raw("json")


@pytest.mark.filterwarnings("ignore")  # importing shap warns of its own dependencies
def test_contributions_sum_to_the_margin_and_equal_shap(panel):
    import shap

    X, y = panel
    X[::7, 2] = np.nan
    blend = SeverityScorer(bags=3, rounds=15).fit(X, y).blend_
    shares = blend.contributions(X).mean
    np.testing.assert_allclose(shares.sum(axis=1), blend.margin(X), atol=1e-6)
    # shap.TreeExplainer on each booster is the independent route for the trees' part.
    trees = np.mean([shap.TreeExplainer(b).shap_values(X) for b in blend.boosters], axis=0)
    filled = np.where(np.isnan(X), blend.median, X)
    linear = (filled - blend.centre) / blend.spread * blend.coefficients.mean(axis=0)
    np.testing.assert_allclose(shares[:, :-1], (trees + linear) / 2, atol=1e-6)


def test_margin_has_the_same_bits_alone_and_in_company(panel):
    X, y = panel
    blend = SeverityScorer(bags=3, rounds=10).fit(X, y).blend_
    crowd = np.tile(X, (40, 1))
    together = blend.margin(crowd)
    for row in (0, 17, 1999):
        assert blend.margin(crowd[[row]])[0] == together[row]
    assert blend.margin(crowd[::-1])[0] == together[-1]


def test_bags_draw_whole_patients_within_classes():
    labels = np.array([0.0, 0, 0, 0, 1, 1])
    patients = np.array(["a", "a", "b", "c", "d", "e"])
    counts = patient_bags(labels, patients, 50, np.random.default_rng(0))
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert (counts[:, 4:].sum(axis=1) == 2).all()


def test_scorer_refuses_one_class(panel):
    with pytest.raises(TooLittleDataError, match="found 1 class, expected two"):
        SeverityScorer().fit(panel[0], np.ones(50))


def test_scorer_is_a_scikit_learn_estimator():
    bootstrap = "a weight of two and a row twice draw different bootstrap samples"
    results = check_estimator(
        SeverityScorer(bags=2, rounds=3),
        on_fail=None,
        on_skip=None,
        expected_failed_checks={"check_sample_weight_equivalence_on_dense_data": bootstrap},
    )
    failed = [r["check_name"] for r in results if r["status"] == "failed"]
    assert failed == []


def test_mean_over_bags_equals_numpy():
    margins = np.random.default_rng(0).normal(size=(5, 20))
    np.testing.assert_allclose(mean_over_bags(margins), margins.mean(axis=1), rtol=1e-14)


def test_platt_equals_an_almost_free_logistic_on_smoothed_targets():
    # scikit-learn, fed each row twice with its target as a weight, is the independent route.
    rng = np.random.default_rng(1)
    y = np.repeat([0.0, 1.0], [30, 12])
    margin = rng.normal(size=42) + 1.5 * y
    ours = fit_platt(margin, y, np.ones(42))
    target = np.where(y == 1, 13 / 14, 1 / 32)
    rows = np.concatenate([margin, margin])[:, None]
    theirs = LogisticRegression(C=1e10, tol=1e-10, max_iter=10_000).fit(
        rows, np.repeat([1, 0], 42), sample_weight=np.concatenate([target, 1 - target])
    )
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], rel=1e-4)


def test_platt_never_turns_a_score_round():
    y = np.repeat([0.0, 1.0], 10)
    assert fit_platt(-y + 0.1 * np.arange(20), y, np.ones(20)).slope == MIN_SLOPE


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=6, max_size=60).filter(
        lambda rows: 0 < sum(r[1] for r in rows) < len(rows)
    )
)
def test_thresholds_reach_their_rules_unless_they_overlap(rows):
    scores, labels = np.array([r[0] for r in rows]), np.array([float(r[1]) for r in rows])
    limits = fit_thresholds(scores, labels, np.ones(len(rows)))
    assert limits.lower <= limits.upper
    if limits.lower < limits.upper:
        assert (scores[labels == 1] >= limits.lower).mean() >= 0.9 - 1e-9
        assert (scores[labels == 0] < limits.upper).mean() >= 0.9 - 1e-9


def test_thresholds_by_hand():
    # Ten positives at 50, 55 … 95, ten negatives at 5, 10 … 50: nine of ten positives lie
    # at or above 55, nine of ten negatives at or below 45.
    scores = np.concatenate([np.arange(5, 55, 5), np.arange(50, 100, 5)]).astype(float)
    labels = np.repeat([0.0, 1.0], 10)
    limits = fit_thresholds(scores, labels, np.ones(20))
    # The rules overlap between 47.5 and 52.5: one limit in the middle serves both.
    assert limits.lower == limits.upper == 50.0
    assert list(limits.band(np.array([10.0, 50.0, np.nan]))) == ["non-severe", "severe", ""]
    assert "no band between" in limits.rule


def test_recalibration_equals_scikit_learn_without_penalty():
    rng = np.random.default_rng(2)
    y = np.repeat([0.0, 1.0], [25, 15])
    z = rng.normal(size=40) + y
    theirs = LogisticRegression(C=1e12, tol=1e-10, max_iter=10_000).fit(z[:, None], y)
    slope, intercept = recalibration(y, z, np.ones(40))
    assert slope == pytest.approx(theirs.coef_[0, 0], rel=1e-3)
    assert intercept == pytest.approx(theirs.intercept_[0], rel=1e-2)


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [(0.01, 0.2, "beats"), (-0.2, -0.01, "is worse than"), (-0.1, 0.1, "does not beat")],
)
def test_verdict_follows_the_interval(lower, upper, words):
    assert words in verdict("x", lower, upper)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("normalise", "loess", "found 'loess', expected one of auto, none"),
        ("size", 0, "size: found 0, expected at least 1"),
        ("ridge", 0.0, "ridge: found 0.0, expected more than 0"),
        ("max_missing", 1.0, "max_missing: found 1.0"),
    ],
)
def test_settings_refuse_what_cannot_be(field, value, message):
    with pytest.raises(InputError, match=message):
        Settings(**{field: value})
