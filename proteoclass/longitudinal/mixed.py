"""The mixed model: variance components by REML, then slopes given the components."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from proteoclass.longitudinal.cohort import Cohort, Floats
from proteoclass.longitudinal.reml import Structure, maximise

#: statsmodels warns of a "boundary" whenever a variance is under 0.01 in absolute terms,
#: which depends on the units. `reml.maximise` judges the same thing without units.
_UNIT_DEPENDENT = "may be on the boundary"


@dataclass(frozen=True, eq=False)
class Components:
    """Variance components in the cohort's standard units.

    Parameters
    ----------
    between : array of float, shape (2, 2)
        Covariance of a patient's random intercept and slope; zero rows where the
        model has no random slope.
    residual : float
        Residual variance.
    """

    between: Floats
    residual: float


@dataclass(frozen=True, eq=False)
class MixedSolution:
    """What the mixed model says, in the cohort's standard units.

    Parameters
    ----------
    coefficients : array of float, shape (n_groups, 2)
        Intercept and slope of each group.
    covariance : array of float, shape (n_groups, 2, 2)
    slopes, slope_errors : array of float, shape (n_patients,)
        Fixed plus random slope of each patient, and its standard error of prediction.
    information : array of float, shape (n_patients, 2, 2)
        Z'V⁻¹Z of each patient.
    weighted : array of float, shape (n_patients, 2)
        Z'V⁻¹y of each patient.
    """

    coefficients: Floats
    covariance: Floats
    slopes: Floats
    slope_errors: Floats
    information: Floats
    weighted: Floats


def components(cohort: Cohort, structure: Structure) -> Components | str:
    """Estimate the variance components by REML.

    Parameters
    ----------
    cohort : Cohort
    structure : {"slope", "uncorrelated slope", "intercept"}
        Random effects of a patient.

    Returns
    -------
    Components or str
        Why there is no usable estimate, where there is none: every warning of
        statsmodels ends here, none reaches the user.

    Notes
    -----
    Laird & Ware 1982, Biometrics 38:963, doi 10.2307/2529876. statsmodels' `MixedLM`,
    started at the maximum that `reml.maximise` finds: from its own start it stops short
    of maxima near the boundary and at times calls that converged.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"patient_id": ["p", "p", "q", "q"], "group": "all",
    ...                        "week": [0.0, 1.0] * 2, "log_odds": [0.0, 1.0, 0.0, 1.0]})
    >>> components(Cohort.of(visits, ["all"]), "intercept")
    'no variation around the fitted lines'
    """
    if _fits_exactly(cohort, structure):
        return "no variation around the fitted lines"
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            factor, refusal = maximise(cohort, structure)
            if refusal:
                return refusal
            found, converged = _by_statsmodels(cohort, structure, factor)
        except (np.linalg.LinAlgError, ValueError) as error:
            return f"the fit failed ({type(error).__name__})"
    serious = [entry for entry in caught if issubclass(entry.category, ConvergenceWarning)]
    serious = [entry for entry in serious if _UNIT_DEPENDENT not in str(entry.message)]
    if serious or not converged:
        return "REML did not converge"
    return found


def _by_statsmodels(
    cohort: Cohort, structure: Structure, factor: Floats
) -> tuple[Components, bool]:
    n_groups = len(cohort.groups)
    fixed = np.zeros((len(cohort.time), 2 * n_groups))
    group_of_row = cohort.group_of[cohort.row_patient]
    rows = np.arange(len(cohort.time))
    fixed[rows, 2 * group_of_row] = 1.0
    fixed[rows, 2 * group_of_row + 1] = cohort.time
    width = 1 if structure == "intercept" else 2
    random = np.column_stack([np.ones_like(cohort.time), cohort.time])[:, :width]
    start = MixedLMParams.from_components(
        fe_params=np.zeros(2 * n_groups), cov_re=(factor @ factor.T)[:width, :width]
    )
    free = None
    if structure == "uncorrelated slope":
        free = MixedLMParams.from_components(fe_params=np.ones(2 * n_groups), cov_re=np.eye(2))
    model = MixedLM(cohort.response, fixed, groups=cohort.row_patient, exog_re=random)
    result = model.fit(reml=True, free=free, start_params=start, method="bfgs")
    between = np.zeros((2, 2))
    between[:width, :width] = result.cov_re
    return Components(between, float(result.scale)), bool(result.converged)


def _fits_exactly(cohort: Cohort, structure: Structure) -> bool:
    """Say whether nothing is left for the residual variance to be estimated from."""
    if structure == "intercept":
        n = np.maximum(cohort.n_visits, 1)
        spread = cohort.products[:, 1, 1] - cohort.products[:, 0, 1] ** 2 / n
        cross = cohort.moments[:, 1] - cohort.products[:, 0, 1] * cohort.moments[:, 0] / n
        slope = np.zeros(len(cohort.groups))
        for group in range(len(slope)):
            members = cohort.group_of == group
            slope[group] = cross[members].sum() / spread[members].sum()
        mean = cohort.moments[:, 0] / n - slope[cohort.group_of] * cohort.products[:, 0, 1] / n
        fitted = mean[cohort.row_patient] + slope[cohort.group_of][cohort.row_patient] * cohort.time
    else:
        lines = np.linalg.pinv(cohort.products) @ cohort.moments[:, :, None]
        rows = lines[cohort.row_patient, :, 0]
        fitted = rows[:, 0] + rows[:, 1] * cohort.time
    return bool(np.abs(cohort.response - fitted).max() < 1e-7)


def solve(cohort: Cohort, estimate: Components) -> MixedSolution:
    """Compute group lines and patients' slopes for known variance components.

    Parameters
    ----------
    cohort : Cohort
    estimate : Components

    Returns
    -------
    MixedSolution

    Notes
    -----
    With A = Z'V⁻¹Z of a patient, C = (Σ A)⁻¹ of their group and G the covariance of
    the random effects: b = G (Z'V⁻¹y - A β), and the variance of (β + b̂) - (β + b) is

        (I - G A) C (I - G A)' + G - G A G,

    the conditional variance of the random effects given the data, G - G Z'V⁻¹Z G, plus
    the variance of the fixed effects and the covariance of the two (Henderson 1975,
    Biometrics 31:423, doi 10.2307/2529430). Not included: that the variance components
    are estimates themselves. V⁻¹ is never formed: Z'V⁻¹ = (σ²I + Z'Z G)⁻¹ Z'.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"patient_id": ["p", "p", "q", "q"], "group": "all",
    ...                        "week": [0.0, 1.0] * 2, "log_odds": [0.0, 1.0, 0.0, 3.0]})
    >>> cohort = Cohort.of(visits, ["all"])
    >>> solution = solve(cohort, Components(np.eye(2), 0.1))
    >>> round(float(solution.coefficients[0, 1] * cohort.slope_unit), 6)
    2.0
    """
    between = estimate.between
    inner = estimate.residual * np.eye(2) + cohort.products @ between
    information = np.asarray(np.linalg.solve(inner, cohort.products), dtype=np.float64)
    weighted = np.asarray(
        np.linalg.solve(inner, cohort.moments[:, :, None])[:, :, 0], dtype=np.float64
    )
    n_groups = len(cohort.groups)
    coefficients, covariance = np.zeros((n_groups, 2)), np.zeros((n_groups, 2, 2))
    for group in range(n_groups):
        members = cohort.group_of == group
        covariance[group] = np.linalg.inv(information[members].sum(axis=0))
        coefficients[group] = covariance[group] @ weighted[members].sum(axis=0)
    own = coefficients[cohort.group_of]
    residual = weighted - (information @ own[:, :, None])[:, :, 0]
    slopes = own[:, 1] + residual @ between[:, 1]
    kept = np.eye(2) - between @ information
    prediction = kept @ covariance[cohort.group_of] @ kept.transpose(0, 2, 1)
    prediction += between - between @ information @ between
    errors = np.sqrt(np.maximum(prediction[:, 1, 1], 0.0))
    return MixedSolution(coefficients, covariance, slopes, errors, information, weighted)


def t_interval(estimate: Floats, error: Floats, df: float) -> tuple[Floats, Floats]:
    """Return the 95 % t intervals of estimates, lower and upper limits.

    Examples
    --------
    >>> low, high = t_interval(np.zeros(1), np.ones(1), 1e9)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([-1.96], [1.96])
    """
    half = float(stats.t.ppf(0.975, df)) * error
    return estimate - half, estimate + half
