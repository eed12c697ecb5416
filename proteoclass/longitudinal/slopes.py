"""Slopes per week of groups and patients, by the best model that the data bear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from proteoclass.longitudinal.cohort import Cohort, Floats
from proteoclass.longitudinal.least_squares import own_lines
from proteoclass.longitudinal.mixed import Components, components, solve, t_interval
from proteoclass.longitudinal.reml import Structure

#: Patients with three or more visits that a random slope needs: with two visits each,
#: the variance of slopes cannot be told from measurement noise.
MINIMUM_FOR_RANDOM_SLOPE = 5
#: Degrees of freedom under which no variance between patients is estimated by REML.
MINIMUM_DF = 3

METHODS: dict[Structure, str] = {
    "slope": "mixed model, random intercept and slope",
    "uncorrelated slope": "mixed model, uncorrelated random intercept and slope",
    "intercept": "mixed model, random intercept",
}
OWN_SLOPES = "per-patient least-squares slopes"
NOTHING = "not reportable"


@dataclass(frozen=True, eq=False)
class SlopeFit:
    """Slopes per week on the log-odds.

    Parameters
    ----------
    method, why, formula : str
    groups : DataFrame, index: group
        `slope`, `error` (log-odds a week), `df`, `start` (week), `level` (log-odds at
        `start`).
    patients : DataFrame, index: patient id
        `slope`, `lower`, `upper`; NaN for a patient with one visit.
    cohort : Cohort
    information : array of float, shape (n_patients, 2, 2)
    weighted : array of float, shape (n_patients, 2)
        Each patient's part in their group's line, which is (Σ information)⁻¹ Σ weighted
        over the group, in standard units; zero for a patient without a part.
    """

    method: str
    why: str
    formula: str
    groups: pd.DataFrame
    patients: pd.DataFrame
    cohort: Cohort
    information: Floats
    weighted: Floats


def fit_slopes(visits: pd.DataFrame, groups: list[str]) -> SlopeFit:
    """Fit group and patient slopes, stepping down where a model does not hold.

    Parameters
    ----------
    visits : DataFrame
        As `Cohort.of` takes it. Each group has at least two patients with two visits,
        unless there is one group only.
    groups : list of str

    Returns
    -------
    SlopeFit

    Notes
    -----
    The steps: random intercept and slope; the same, uncorrelated (at the mean week);
    random intercept; per-patient slopes with a t interval over patients. The second
    step stands between, because a random intercept alone takes patients' different
    slopes for noise, and its interval for the group is then too narrow.

    Degrees of freedom of the mixed models: between-within, patients with two or more
    visits minus groups (Schluchter & Elashoff 1990, J Stat Comput Simul 37:69, doi
    10.1080/00949659008811295); exact in a balanced design.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": ["p", "p", "q", "q"], "group": "all",
    ...                        "week": [0.0, 1.0] * 2, "log_odds": [0.0, 1.0, 0.0, 3.0]})
    >>> fit = fit_slopes(visits, ["all"])
    >>> fit.method, round(float(fit.groups.at["all", "slope"]), 6)
    ('per-patient least-squares slopes', 2.0)
    """
    cohort = Cohort.of(visits, groups)
    n = cohort.n_visits
    if not (n > 1).any():
        return _nothing(cohort, "no patient has two visits")
    df = int((n > 1).sum()) - len(groups)
    reasons: list[str] = []
    for structure in ("slope", "uncorrelated slope", "intercept"):
        refusal = _too_few(n, df, structure)
        if not refusal:
            estimate = components(cohort, structure)
            if not isinstance(estimate, str):
                return _from_mixed(cohort, structure, estimate, df, reasons)
            refusal = estimate
        reasons.append(f"{METHODS[structure]}: {refusal}")
    return _from_own_slopes(cohort, reasons)


def _too_few(n_visits: np.ndarray, df: int, structure: Structure) -> str:
    if df < MINIMUM_DF:
        return f"{df} degrees of freedom, expected at least {MINIMUM_DF}"
    three = int((n_visits > 2).sum())
    if structure != "intercept" and three < MINIMUM_FOR_RANDOM_SLOPE:
        return (
            f"{three} patients with three or more visits, "
            f"expected at least {MINIMUM_FOR_RANDOM_SLOPE}"
        )
    return ""


def _from_mixed(
    cohort: Cohort, structure: Structure, estimate: Components, df: int, reasons: list[str]
) -> SlopeFit:
    solution = solve(cohort, estimate)
    rows = []
    for group in range(len(cohort.groups)):
        start = cohort.start(group)
        rows.append(
            {
                "slope": solution.coefficients[group, 1] * cohort.slope_unit,
                "error": np.sqrt(solution.covariance[group, 1, 1]) * cohort.slope_unit,
                "df": float(df),
                "start": start,
                "level": cohort.at(start) @ solution.coefficients[group] * cohort.response_unit,
            }
        )
    if structure == "intercept":
        patients = _own_patients(cohort)
    else:
        lower, upper = t_interval(solution.slopes, solution.slope_errors, df)
        patients = _patients(cohort, solution.slopes, lower, upper)
    random = {"slope": "1 + week", "uncorrelated slope": "1 + week, uncorrelated"}
    return SlopeFit(
        method=METHODS[structure],
        why="; ".join(reasons) or "REML converged on an interior estimate",
        formula=_formula(cohort, f" + ({random.get(structure, '1')} | patient)"),
        groups=pd.DataFrame(rows, index=pd.Index(cohort.groups, name="group")),
        patients=patients,
        cohort=cohort,
        information=solution.information,
        weighted=solution.weighted,
    )


def _from_own_slopes(cohort: Cohort, reasons: list[str]) -> SlopeFit:
    lines = own_lines(cohort)
    usable = ~np.isnan(lines.slopes)
    rows = []
    for group in range(len(cohort.groups)):
        members = usable & (cohort.group_of == group)
        start = cohort.start(group)
        slopes = lines.slopes[members] * cohort.slope_unit
        time = cohort.at(start)[1]
        level = (lines.intercepts[members] + lines.slopes[members] * time).mean()
        n = len(slopes)
        rows.append(
            {
                "slope": slopes.mean(),
                "error": slopes.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan,
                "df": float(n - 1),
                "start": start,
                "level": level * cohort.response_unit,
            }
        )
    both = np.column_stack([lines.intercepts, lines.slopes])
    return SlopeFit(
        method=OWN_SLOPES,
        why="; ".join(reasons),
        formula=_formula(cohort, ", a line for each patient, mean slope of each group"),
        groups=pd.DataFrame(rows, index=pd.Index(cohort.groups, name="group")),
        patients=_own_patients(cohort),
        cohort=cohort,
        information=np.where(usable[:, None, None], np.eye(2), 0.0),
        weighted=np.where(usable[:, None], both, 0.0),
    )


def _nothing(cohort: Cohort, reason: str) -> SlopeFit:
    columns = ["slope", "error", "df", "start", "level"]
    empty = np.full(len(cohort.patients), np.nan)
    return SlopeFit(
        method=NOTHING,
        why=reason,
        formula="",
        groups=pd.DataFrame(np.nan, index=pd.Index(cohort.groups, name="group"), columns=columns),
        patients=_patients(cohort, empty, empty, empty),
        cohort=cohort,
        information=np.zeros_like(cohort.products),
        weighted=np.zeros_like(cohort.moments),
    )


def _formula(cohort: Cohort, rest: str) -> str:
    fixed = "week" if len(cohort.groups) == 1 else "week * group"
    return f"log-odds of score ~ {fixed}{rest}"


def _own_patients(cohort: Cohort) -> pd.DataFrame:
    # A model without a random slope gives every patient the group's slope; printed
    # beside one patient's name, that would be read as the patient's own.
    lines = own_lines(cohort)
    return _patients(cohort, lines.slopes, *lines.intervals())


def _patients(cohort: Cohort, slope: Floats, lower: Floats, upper: Floats) -> pd.DataFrame:
    frame = pd.DataFrame({"slope": slope, "lower": lower, "upper": upper}, index=cohort.patients)
    frame = frame.rename_axis("patient_id") * cohort.slope_unit
    frame.loc[cohort.n_visits < 2] = np.nan
    return frame
