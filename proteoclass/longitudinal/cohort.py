"""A cohort's visits as the arrays that slopes are computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cohort:
    """Visits in standard units, with each patient's sums of squares and products.

    Parameters
    ----------
    patients : Index of str, shape (n_patients,)
    group_of : array of int, shape (n_patients,)
        Position in `groups`.
    groups : list of str
    row_patient : array of int, shape (n_visits,)
        Position in `patients`.
    time : array of float, shape (n_visits,)
        (week - `centre`) / `time_unit`: mean 0, SD 1.
    response : array of float, shape (n_visits,)
        Log-odds / `response_unit`.
    products : array of float, shape (n_patients, 2, 2)
        Z'Z of each patient with Z = [1, time].
    moments : array of float, shape (n_patients, 2)
        Z'y of each patient.
    first_week : array of float, shape (n_patients,)
        Week of each patient's first visit.

    Notes
    -----
    Groups enter as cell means (an intercept and a slope each), so that a patient's
    fixed-effect design equals their random-effect design, Z. Everything needed later
    then follows from `products` and `moments`.
    """

    patients: pd.Index
    group_of: npt.NDArray[np.intp]
    groups: list[str]
    row_patient: npt.NDArray[np.intp]
    time: Floats
    response: Floats
    products: Floats
    moments: Floats
    first_week: Floats
    centre: float
    time_unit: float
    response_unit: float

    @classmethod
    def of(cls, visits: pd.DataFrame, groups: list[str]) -> Cohort:
        """Build the arrays from a visit table.

        Parameters
        ----------
        visits : DataFrame
            `patient_id`, `group`, `week`, `log_odds`; sorted by patient and week, one
            row per patient and week.
        groups : list of str
            Every group that occurs, in order.

        Examples
        --------
        >>> visits = pd.DataFrame({"patient_id": ["p", "p"], "group": "all",
        ...                        "week": [0.0, 2.0], "log_odds": [1.0, 3.0]})
        >>> Cohort.of(visits, ["all"]).products.tolist()
        [[[2.0, 0.0], [0.0, 2.0]]]
        """
        row_patient, patients = pd.factorize(visits["patient_id"], sort=True)
        group = visits.groupby("patient_id")["group"].first().loc[patients]
        week = visits["week"].to_numpy(float)
        odds = visits["log_odds"].to_numpy(float)
        centre, time_unit = float(week.mean()), _unit(week)
        response_unit = _unit(odds)
        time, response = (week - centre) / time_unit, odds / response_unit
        design = np.column_stack([np.ones_like(time), time])
        products = np.zeros((len(patients), 2, 2))
        moments = np.zeros((len(patients), 2))
        np.add.at(products, row_patient, design[:, :, None] * design[:, None, :])
        np.add.at(moments, row_patient, design * response[:, None])
        return cls(
            patients=pd.Index(patients),
            group_of=np.array([groups.index(name) for name in group], dtype=np.intp),
            groups=list(groups),
            row_patient=row_patient,
            time=time,
            response=response,
            products=products,
            moments=moments,
            first_week=week[np.searchsorted(row_patient, np.arange(len(patients)))],
            centre=centre,
            time_unit=time_unit,
            response_unit=response_unit,
        )

    @property
    def n_visits(self) -> npt.NDArray[np.intp]:
        """Visits of each patient, shape (n_patients,)."""
        return np.bincount(self.row_patient, minlength=len(self.patients))

    @property
    def slope_unit(self) -> float:
        """Log-odds a week that one unit of standardised slope stands for."""
        return self.response_unit / self.time_unit

    def at(self, week: float) -> Floats:
        """Return the row [1, time] that reads a line at a week, shape (2,)."""
        return np.array([1.0, (week - self.centre) / self.time_unit])

    def start(self, group: int) -> float:
        """Median over the group's patients of the week of their first visit."""
        return float(np.median(self.first_week[self.group_of == group]))


def _unit(values: Floats) -> float:
    """SD to divide by, 1 where the values do not vary."""
    spread = float(values.std())
    return spread if spread > 1e-9 * max(1.0, float(np.abs(values).max())) else 1.0
