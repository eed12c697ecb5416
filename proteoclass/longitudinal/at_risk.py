"""Who is still observed in each week, and the mean score of those who are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats


def at_risk(visits: pd.DataFrame, order: list[str]) -> list[dict[str, Any]]:
    """Count the patients under observation in each week, per group.

    Parameters
    ----------
    visits : DataFrame
        `patient_id`, `group`, `day`; rows without a group are left out.
    order : list of str
        Groups, in the order to list.

    Returns
    -------
    list of dict
        `group`, `day` (first day of the week), `n_patients`: those whose first visit
        lies before the week's end and whose last visit lies in it or later. A week is
        listed where any patient of any group has a visit.

    Notes
    -----
    Printed under every mean curve: the patients who stay longest are the sickest ones,
    so that a mean over whoever is left is no patient's course.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": ["p", "p", "q"], "group": "all",
    ...                        "day": [0.0, 7.0, 1.0]})
    >>> [row["n_patients"] for row in at_risk(visits, ["all"])]
    [2, 1]
    """
    weeks = _weeks(visits)
    rows = []
    for group in order:
        days = visits[visits["group"] == group].groupby("patient_id")["day"]
        first, last = days.min().to_numpy(), days.max().to_numpy()
        for week in weeks:
            observed = (first < 7 * (week + 1)) & (last >= 7 * week)
            rows.append({"group": group, "day": 7 * week, "n_patients": int(observed.sum())})
    return rows


def weekly_means(visits: pd.DataFrame, order: list[str]) -> list[dict[str, Any]]:
    """Mean score of each group in each week, with a t interval over patients.

    Parameters
    ----------
    visits : DataFrame
        `patient_id`, `group`, `day`, `score` (0–100).
    order : list of str

    Returns
    -------
    list of dict
        `group`, `day` (first day of the week), `mean_day` (of the visits in it),
        `mean_score`, `lower`, `upper` (95 %, held within 0–100; None for one patient),
        `n` (patients with a visit in the week). A patient with several visits in a
        week counts once, with their mean.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": ["p", "q"], "group": "all", "day": 0.0,
    ...                        "score": [40.0, 60.0]})
    >>> row = weekly_means(visits, ["all"])[0]
    >>> row["mean_score"], row["lower"], row["n"]
    (50.0, 0.0, 2)
    """
    binned = visits.assign(week=np.floor(visits["day"] / 7).astype(int))
    rows = []
    for group in order:
        of_group = binned[binned["group"] == group]
        for week in sorted(of_group["week"].unique()):
            of_week = of_group[of_group["week"] == week]
            patients = of_week.groupby("patient_id")[["score", "day"]].mean()
            scores = patients["score"].to_numpy()
            lower, upper = _interval(scores)
            rows.append(
                {
                    "group": group,
                    "day": 7 * int(week),
                    "mean_day": float(patients["day"].mean()),
                    "mean_score": float(scores.mean()),
                    "lower": lower,
                    "upper": upper,
                    "n": len(scores),
                }
            )
    return rows


def _weeks(visits: pd.DataFrame) -> list[int]:
    return sorted({int(week) for week in np.floor(visits["day"] / 7)})


def _interval(scores: np.ndarray) -> tuple[float | None, float | None]:
    n = len(scores)
    if n < 2:
        return None, None
    half = stats.t.ppf(0.975, n - 1) * scores.std(ddof=1) / np.sqrt(n)
    return max(0.0, float(scores.mean() - half)), min(100.0, float(scores.mean() + half))
