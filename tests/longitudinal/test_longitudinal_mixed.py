"""The mixed model against lme4, dense algebra, Henderson's equations and closed forms."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from proteoclass.longitudinal import mixed, reml
from proteoclass.longitudinal.cohort import Cohort
from proteoclass.longitudinal.slopes import fit_slopes
from proteoclass.longitudinal.visits import place_in_time

GROUPS = ["non-severe", "severe"]
GOLDEN = Path(__file__).with_name("golden_visits.tsv")

# lme4 1.1-31 under R 4.2.2, by golden_lme4.R: slopes, their standard errors, the variance
# of random slopes and the residual variance, all in log-odds and weeks.
LME4 = {
    ("interior", "slope"): (
        [-0.08590129932, -0.73212264498],
        [0.1216840838, 0.1408578740],
        0.09363628069,
        0.25089795327,
    ),
    ("interior", "uncorrelated slope"): (
        [-0.04144519761, -0.66870205031],
        [0.1341609944, 0.1534856810],
        0.1225519919,
        0.2363863987,
    ),
    ("interior", "intercept"): (
        [-0.1277417467, -0.6867390935],
        [0.09831465453, 0.10777048635],
        0.0,
        0.429322474,
    ),
    ("singular", "intercept"): (
        [-0.03993040442, -0.38737683327],
        [0.05906991995, 0.06962117297],
        0.0,
        0.2419188334,
    ),
}
# ranef(full)$patient_id, column week, first four patients of "interior".
LME4_RANDOM_SLOPES = [0.08996165454, -0.05531241193, 0.11585461347, 0.24997126210]


def golden_visits(name):
    table = pd.read_csv(GOLDEN, sep="\t").query("cohort == @name")
    sheet = table.set_index("sample_id")
    visits = place_in_time(table[["sample_id", "score"]], sheet[["patient_id", "day"]]).frame
    return visits.assign(
        group=visits["patient_id"].map(table.groupby("patient_id")["group"].first())
    )


def drawn_visits(cohort):
    visits = place_in_time(cohort.scores, cohort.samples).frame
    return visits.assign(group=visits["patient_id"].map(cohort.groups))


def dense(cohort, ratio):
    """Fixed design X, random design Z and V at residual variance 1, all patients at once."""
    n, p = len(cohort.time), len(cohort.patients)
    both = np.column_stack([np.ones(n), cohort.time])
    fixed, random = np.zeros((n, 2 * len(cohort.groups))), np.zeros((n, 2 * p))
    for row in range(n):
        group = cohort.group_of[cohort.row_patient[row]]
        fixed[row, 2 * group : 2 * group + 2] = both[row]
        patient = cohort.row_patient[row]
        random[row, 2 * patient : 2 * patient + 2] = both[row]
    return fixed, random, np.eye(n) + random @ np.kron(np.eye(p), ratio) @ random.T


@pytest.mark.parametrize(("name", "structure"), list(LME4))
def test_agrees_with_lme4(name, structure):
    cohort = Cohort.of(golden_visits(name), GROUPS)
    estimate = mixed.components(cohort, structure)
    solution = mixed.solve(cohort, estimate)
    slopes, errors, random_slope, residual = LME4[name, structure]
    unit = cohort.slope_unit
    np.testing.assert_allclose(solution.coefficients[:, 1] * unit, slopes, atol=1e-6)
    np.testing.assert_allclose(np.sqrt(solution.covariance[:, 1, 1]) * unit, errors, rtol=5e-6)
    np.testing.assert_allclose(estimate.between[1, 1] * unit**2, random_slope, rtol=5e-6)
    np.testing.assert_allclose(estimate.residual * cohort.response_unit**2, residual, rtol=5e-6)


def test_random_slopes_agree_with_lme4():
    cohort = Cohort.of(golden_visits("interior"), GROUPS)
    solution = mixed.solve(cohort, mixed.components(cohort, "slope"))
    random = solution.slopes - solution.coefficients[cohort.group_of, 1]
    np.testing.assert_allclose(random[:4] * cohort.slope_unit, LME4_RANDOM_SLOPES, rtol=1e-5)


@pytest.mark.parametrize(
    ("structure", "reason"),
    [
        ("slope", "singular fit: patients' levels and slopes are estimated as perfectly"),
        ("uncorrelated slope", "singular fit: the variance between patients' slopes"),
    ],
)
def test_calls_singular_what_lme4_calls_singular(structure, reason):
    # isSingular(model) is TRUE for both in golden_lme4.R.
    refusal = mixed.components(Cohort.of(golden_visits("singular"), GROUPS), structure)
    assert refusal.startswith(reason)


def test_no_variance_between_levels_is_singular():
    # Both patients have mean 0.5, so that nothing lies between them.
    visits = pd.DataFrame(
        {
            "patient_id": ["p", "p", "q", "q"],
            "group": "all",
            "week": [0.0, 1.0] * 2,
            "log_odds": [0.0, 1.0, 1.0, 0.0],
        }
    )
    refusal = mixed.components(Cohort.of(visits, ["all"]), "intercept")
    assert refusal == "singular fit: the variance between patients' levels is estimated as zero"


def test_criterion_is_the_dense_restricted_likelihood(draw_cohort):
    cohort = Cohort.of(drawn_visits(draw_cohort(3, sizes=(4, 3), visits=[1, 2, 4])), GROUPS)

    def by_dense(ratio):
        fixed, _, v = dense(cohort, ratio)
        inner = fixed.T @ np.linalg.solve(v, fixed)
        beta = np.linalg.solve(inner, fixed.T @ np.linalg.solve(v, cohort.response))
        rest = cohort.response - fixed @ beta
        df = len(rest) - fixed.shape[1]
        squares = rest @ np.linalg.solve(v, rest)
        logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
        return df * np.log(squares / df) + logs, squares / df

    for ratio in (np.zeros((2, 2)), np.array([[2.0, 0.3], [0.3, 0.5]])):
        value, _, residual = reml.criterion(cohort, ratio)
        expected, expected_residual = by_dense(ratio)
        assert value == pytest.approx(expected, rel=1e-10)
        assert residual == pytest.approx(expected_residual, rel=1e-10)


def test_gradient_is_the_numerical_derivative(draw_cohort):
    cohort = Cohort.of(drawn_visits(draw_cohort(3, sizes=(4, 3))), GROUPS)
    start = np.array([1.5, 0.4, 0.7])

    def unpack(entries):
        factor = np.array([[entries[0], 0.0], [entries[1], entries[2]]])
        return factor, reml.criterion(cohort, factor @ factor.T)

    def value(entries):
        return unpack(entries)[1][0]

    factor, (_, gradient, _) = unpack(start)
    found = (2 * gradient @ factor)[[0, 1, 1], [0, 0, 1]]
    np.testing.assert_allclose(found, optimize.approx_fprime(start, value, 1e-7), atol=1e-4)


def test_prediction_errors_solve_hendersons_equations(draw_cohort):
    # Henderson's mixed-model equations, one dense inverse: its block for β + b of a
    # patient is the prediction variance that `solve` computes patient by patient.
    cohort = Cohort.of(drawn_visits(draw_cohort(5, sizes=(5, 4), visits=[1, 2, 3, 5])), GROUPS)
    between, residual = np.array([[0.9, 0.2], [0.2, 0.3]]), 0.25
    solution = mixed.solve(cohort, mixed.Components(between, residual))
    fixed, random, _ = dense(cohort, between / residual)
    design = np.hstack([fixed, random])
    penalty = np.zeros((design.shape[1],) * 2)
    n_fixed = fixed.shape[1]
    penalty[n_fixed:, n_fixed:] = np.kron(np.eye(len(cohort.patients)), np.linalg.inv(between))
    inverse = np.linalg.inv(design.T @ design / residual + penalty)
    effects = inverse @ design.T @ cohort.response / residual
    for patient, group in enumerate(cohort.group_of):
        pick = np.zeros(len(effects))
        pick[2 * group + 1] = pick[n_fixed + 2 * patient + 1] = 1.0
        assert solution.slopes[patient] == pytest.approx(pick @ effects)
        assert solution.slope_errors[patient] ** 2 == pytest.approx(pick @ inverse @ pick)


def test_balanced_design_reproduces_the_closed_form(draw_cohort):
    # Complete, equally spaced visits, interior components: REML gives the mean of the
    # patients' least-squares slopes, and their pooled SD over the root of n.
    visits = drawn_visits(draw_cohort(1, sizes=(12, 8), jitter=0, spread=0.5))
    fit = fit_slopes(visits, GROUPS)
    assert fit.method == "mixed model, random intercept and slope"
    lines = visits.groupby("patient_id").apply(
        lambda rows: stats.linregress(rows["week"], rows["log_odds"]).slope
    )
    label = visits.groupby("patient_id")["group"].first()
    squares = sum(((lines[label == g] - lines[label == g].mean()) ** 2).sum() for g in GROUPS)
    pooled = np.sqrt(squares / (len(lines) - 2))
    for group in GROUPS:
        own = lines[label == group]
        assert fit.groups.loc[group, "slope"] == pytest.approx(own.mean(), abs=1e-7)
        assert fit.groups.loc[group, "error"] == pytest.approx(pooled / np.sqrt(len(own)), rel=1e-5)
        assert fit.groups.loc[group, "df"] == len(lines) - 2


def test_statsmodels_from_its_own_start_finds_no_better_fit(draw_cohort):
    cohort = Cohort.of(drawn_visits(draw_cohort(2)), GROUPS)
    fixed, _, _ = dense(cohort, np.eye(2))
    random = np.column_stack([np.ones(len(cohort.time)), cohort.time])
    model = MixedLM(cohort.response, fixed, groups=cohort.row_patient, exog_re=random)
    other = model.fit(reml=True)
    estimate = mixed.components(cohort, "slope")
    np.testing.assert_allclose(estimate.between, other.cov_re, rtol=1e-3)
    np.testing.assert_allclose(estimate.residual, other.scale, rtol=1e-4)


def test_a_warning_of_statsmodels_becomes_a_refusal(draw_cohort, monkeypatch):
    fit = MixedLM.fit

    def warning_fit(self, **options):
        warnings.warn("Gradient optimization failed", ConvergenceWarning, stacklevel=2)
        return fit(self, **options)

    monkeypatch.setattr(MixedLM, "fit", warning_fit)
    cohort = Cohort.of(drawn_visits(draw_cohort(2)), GROUPS)
    assert mixed.components(cohort, "slope") == "REML did not converge"


def test_an_error_of_statsmodels_becomes_a_refusal(draw_cohort, monkeypatch):
    def failing_fit(self, **options):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(MixedLM, "fit", failing_fit)
    cohort = Cohort.of(drawn_visits(draw_cohort(2)), GROUPS)
    assert mixed.components(cohort, "slope") == "the fit failed (LinAlgError)"


def test_a_search_that_stops_short_is_refused(draw_cohort, monkeypatch):
    def stopped(objective, start, **options):
        return optimize.OptimizeResult(x=start, fun=objective(start)[0])

    monkeypatch.setattr(reml.optimize, "minimize", stopped)
    cohort = Cohort.of(drawn_visits(draw_cohort(2)), GROUPS)
    refusal = mixed.components(cohort, "slope")
    assert refusal == "the likelihood has no maximum that could be found"
