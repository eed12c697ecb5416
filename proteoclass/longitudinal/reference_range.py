"""Where proteins of a panel stand against the range of a reference group, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

#: Points of the reference group's patients that bound its range, and the fewest patients for it.
RANGE: Final = (0.05, 0.95)
MIN_REFERENCE: Final = 10
#: A group's mean over fewer patients is not set against the range.
MIN_AT_RISK: Final = 3
NO_REFERENCE: Final = f"no reference: fewer than {MIN_REFERENCE} patients of the reference group"
COLUMNS: Final = (
    "protein_id", "gene", "low", "high", "n_reference", "week", "mean", "n_patients", "inside",
    "first_inside_week", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Span:
    """The range of a reference group.

    Parameters
    ----------
    low, high : float
        5 and 95 % points over patients, log2; NaN with too few.
    n : int
        Patients.
    """

    low: float
    high: float
    n: int


def reference_courses(
    visits: pd.DataFrame, values: pd.DataFrame, genes: pd.Series, *, reference: str, group: str
) -> pd.DataFrame:
    """Set the weekly mean of a group against the range of the reference group.

    Parameters
    ----------
    visits : DataFrame
        A row a visit: `patient_id`, `week` (days / 7), `group`.
    values : DataFrame, shape (n_visits, n_proteins)
        Normalised log2 values of the same visits.
    genes : Series
        Gene of each protein.
    reference, group : str

    Returns
    -------
    DataFrame
        `COLUMNS`: a row a protein and week. `first_inside_week`: from which week on the mean
        stays in the range for as long as the group is observed; blank where it does not.

    Notes
    -----
    A reference patient counts once, by the median of the own visits; at least ten are needed,
    else there is no reference. The range is that of these patients on this platform: limits of
    another assay do not apply. A week's mean is over the patients still seen in it, at least
    three, who are not all who were seen before.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": [f"p{i}" for i in range(13)], "week": 0.5,
    ...                        "group": ["mild"] * 10 + ["severe"] * 3})
    >>> values = pd.DataFrame({"P1": [*range(10), 20, 21, 22]}, dtype=float)
    >>> found = reference_courses(visits, values, pd.Series({"P1": "LCN2"}),
    ...                           reference="mild", group="severe")
    >>> found[["low", "high", "mean", "inside"]].round(2).to_numpy().tolist()
    [[0.45, 8.55, 21.0, False]]
    """
    rows = []
    of_group = (visits["group"] == group).to_numpy()
    week = np.floor(visits["week"].to_numpy(dtype=float)).astype(int)
    for name in values.columns:
        column = values[name].to_numpy(dtype=float)
        span = _span(visits, column, reference)
        means = _weekly(visits["patient_id"].to_numpy()[of_group], week[of_group], column[of_group])
        inside = [span.low <= mean <= span.high for _, mean, _ in means]
        since = _since([number for number, _, _ in means], inside)
        reason = NO_REFERENCE if span.n < MIN_REFERENCE else ""
        said = np.nan if reason else since
        rows += [
            (
                *(name, genes[name], span.low, span.high, span.n, number, mean, n),
                *(None if reason else held, said, reason),
            )
            for (number, mean, n), held in zip(means, inside, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _span(visits: pd.DataFrame, column: Floats, reference: str) -> Span:
    kept = (visits["group"] == reference).to_numpy() & ~np.isnan(column)
    by_patient = pd.Series(column[kept]).groupby(visits["patient_id"].to_numpy()[kept]).median()
    if len(by_patient) < MIN_REFERENCE:
        return Span(np.nan, np.nan, len(by_patient))
    low, high = np.quantile(by_patient, RANGE)
    return Span(float(low), float(high), len(by_patient))


def _weekly(
    patients: npt.NDArray[np.object_], week: npt.NDArray[np.int_], column: Floats
) -> list[tuple[int, float, int]]:
    """Return week, mean over patients and their number, of weeks with enough of them."""
    seen = ~np.isnan(column)
    frame = pd.DataFrame({"patient": patients[seen], "week": week[seen], "value": column[seen]})
    of_patient = frame.groupby(["week", "patient"])["value"].mean()
    found = of_patient.groupby(level="week").agg(["mean", "size"])
    found = found[found["size"] >= MIN_AT_RISK]
    return [
        (int(number), float(mean), int(n))
        for number, mean, n in zip(found.index, found["mean"], found["size"], strict=True)
    ]


def _since(weeks: list[int], inside: list[bool]) -> float:
    """Return the first week from which on all means lie inside; NaN where the last does not."""
    since = np.nan
    for number, held in zip(reversed(weeks), reversed(inside), strict=True):
        if not held:
            break
        since = float(number)
    return since
