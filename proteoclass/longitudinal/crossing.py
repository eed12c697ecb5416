"""Between which two days a score went below a threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.stats import log_odds


def crossings(visits: pd.DataFrame, threshold: float | None) -> tuple[pd.DataFrame, list[str]]:
    """Bracket each patient's first confirmed fall below a threshold.

    Parameters
    ----------
    visits : DataFrame
        As `visits.Visits.frame`: sorted by patient and day.
    threshold : float, optional
        In score points, above 0 and below 100.

    Returns
    -------
    brackets : DataFrame of float, shape (n_patients, 2)
        Index `patient_id`; `below_threshold_from` = day of the last visit at or above
        the threshold before the fall, `below_threshold_to` = day of the first visit
        below it that the next visit confirms by being below too. NaN where the first
        score was below already or no fall was confirmed.
    notes : list of str

    Raises
    ------
    InputError
        If the threshold is out of range.

    Notes
    -----
    A fall at the last visit cannot be confirmed, so it gives no bracket. The day of
    crossing itself is interval-censored: it lies somewhere in the bracket, and no
    single day is given. A later return to the threshold does not undo the bracket; it
    is counted in the notes.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": "p", "day": [0.0, 7.0, 14.0],
    ...                        "log_odds": [1.0, -1.0, -2.0]})
    >>> crossings(visits, 50)[0].loc["p"].tolist()
    [0.0, 7.0]
    """
    patients = visits["patient_id"].unique()
    brackets = pd.DataFrame(
        np.nan,
        index=pd.Index(patients, name="patient_id"),
        columns=["below_threshold_from", "below_threshold_to"],
    )
    if threshold is None:
        return brackets, ["No threshold was given: crossings are empty."]
    if not 0 < threshold < 100:
        raise InputError(
            f"threshold {threshold:g}: expected score points above 0 and below 100; "
            "give the model's lower threshold"
        )
    limit = float(log_odds(threshold / 100))
    started_above = returned = 0
    for patient, rows in visits.groupby("patient_id", sort=False):
        below = rows["log_odds"].to_numpy() < limit
        started_above += int(not below[0])
        first = _first_confirmed(below)
        if first:
            days = rows["day"].to_numpy()
            brackets.loc[patient] = [days[first - 1], days[first]]
            returned += int(not below[first:].all())
    crossed = int(brackets["below_threshold_to"].notna().sum())
    notes = [
        f"{started_above} of {len(patients)} patients were at or above {threshold:g} points at "
        f"their first visit; {crossed} of them have a confirmed visit below it."
    ]
    if returned:
        notes.append(f"{returned} of these went back to the threshold or above it later.")
    return brackets, notes


def _first_confirmed(below: np.ndarray) -> int:
    """Return the position of the first of two visits below in a row, 0 for none."""
    if below[0]:
        return 0
    confirmed = np.flatnonzero(below[:-1] & below[1:])
    return int(confirmed[0]) if len(confirmed) else 0
