"""Each patient's own least-squares line, without a model of the cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from proteoclass.longitudinal.cohort import Cohort, Floats


@dataclass(frozen=True, eq=False)
class OwnLines:
    """Least-squares lines of patients, in the cohort's standard units.

    Parameters
    ----------
    intercepts, slopes : array of float, shape (n_patients,)
        NaN for a patient with one visit.
    errors : array of float, shape (n_patients,)
        Standard error of each slope, from the residual variance pooled over patients;
        NaN where no patient has a third visit.
    df : int
        Degrees of freedom of the pooled variance, Σ (visits - 2).
    """

    intercepts: Floats
    slopes: Floats
    errors: Floats
    df: int

    def intervals(self) -> tuple[Floats, Floats]:
        """Return the lower and upper 95 % limits of the slopes, each (n_patients,)."""
        if not self.df:
            return np.full_like(self.slopes, np.nan), np.full_like(self.slopes, np.nan)
        half = stats.t.ppf(0.975, self.df) * self.errors
        return self.slopes - half, self.slopes + half


def own_lines(cohort: Cohort) -> OwnLines:
    """Fit a line to each patient with at least two visits.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    OwnLines

    Notes
    -----
    One residual variance for all patients, because two or three visits give none worth
    the name on their own.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"patient_id": ["p", "p", "q"], "group": "all",
    ...                        "week": [0.0, 2.0, 1.0], "log_odds": [1.0, 3.0, 0.0]})
    >>> cohort = Cohort.of(visits, ["all"])
    >>> (own_lines(cohort).slopes * cohort.slope_unit).round(9).tolist()
    [1.0, nan]
    """
    n = cohort.n_visits
    several = n > 1
    lines = np.full((len(n), 2), np.nan)
    products = cohort.products[several]
    lines[several] = np.linalg.solve(products, cohort.moments[several][:, :, None])[:, :, 0]
    rows = lines[cohort.row_patient]
    residual = cohort.response - rows[:, 0] - rows[:, 1] * cohort.time
    df = int((n[several] - 2).sum())
    variance = float(np.nansum(residual**2)) / df if df else np.nan
    spread = np.full(len(n), np.nan)
    spread[several] = products[:, 1, 1] - products[:, 0, 1] ** 2 / products[:, 0, 0]
    return OwnLines(lines[:, 0], lines[:, 1], np.sqrt(variance / spread), df)
