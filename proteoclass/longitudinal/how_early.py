"""How well the first visits separate two groups, and what a further visit adds."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.scorer.performance.delong import delong_interval, delong_test

Floats = npt.NDArray[np.float64]

#: Visits looked at, at most, and the fewest patients of a group that make a row worth printing.
MOST_VISITS: Final = 5
MIN_PATIENTS: Final = 3
CAUTION: Final = (
    "among patients with so many visits, who are not those with fewer; the scores are taken as "
    "they are: their own fitting is in no interval"
)


def how_early(visits: pd.DataFrame, positive: str) -> dict[str, Any]:
    """Find the AUC of two groups by the last score, the mean and the slope of k visits.

    Parameters
    ----------
    visits : DataFrame
        A row a patient and day: `patient_id`, `day`, `log_odds` of the score, `group`; patients
        of no group have "".
    positive : str
        The group whose scores should be higher; all other labelled patients are the rest.

    Returns
    -------
    dict
        `rows`, one a number of visits: `k`, `n_positive`, `n_negative`, and of `last`, `mean`
        and, from two on, `slope` the AUC with DeLong's interval; `gain`, that of the mean over
        the first score of the same patients, with DeLong's test; `first_score`, how the first
        log-odds of these patients and of those with fewer visits differ. `caution`, `reason`.

    Notes
    -----
    One figure a patient, so that DeLong's variance holds (DeLong et al. 1988, doi
    10.2307/2531595); slope by least squares over the days of the visits.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": list("aabbccddeeff"), "day": [0.0, 7.0] * 6,
    ...     "log_odds": [2, 1, 1, 1, 3, 2, 0, 0, -1, 0, -2, -2],
    ...     "group": ["severe"] * 6 + ["mild"] * 6})
    >>> [row["last"]["value"] for row in how_early(visits, "severe")["rows"]]
    [1.0, 1.0]
    """
    known = visits[visits["group"] != ""].sort_values(["patient_id", "day"])
    groups = known.groupby("patient_id", sort=True)["group"].first()
    labels = (groups == positive).astype(float)
    courses = {
        str(name): course[["day", "log_odds"]].to_numpy(dtype=float)
        for name, course in known.groupby("patient_id", sort=True)
    }
    found: dict[str, Any] = {"positive": positive, "caution": CAUTION, "rows": []}
    most = max((len(course) for course in courses.values()), default=0)
    for k in range(1, min(most, MOST_VISITS) + 1):
        kept = [name for name in labels.index if len(courses[str(name)]) >= k]
        row = _row(k, labels, kept, courses)
        if row is None:
            break
        found["rows"].append(row)
    if not found["rows"]:
        found["reason"] = f"a group has fewer than {MIN_PATIENTS} patients with a score"
    return found


def _row(
    k: int, labels: pd.Series, kept: list[str], courses: dict[str, Floats]
) -> dict[str, Any] | None:
    """Return the figures of patients with k visits or more; None where they are too few."""
    y = labels[kept].to_numpy(dtype=float)
    n_positive, n_negative = int(y.sum()), int((1 - y).sum())
    if min(n_positive, n_negative) < MIN_PATIENTS:
        return None
    first = np.array([courses[name][0, 1] for name in kept])
    last = np.array([courses[name][k - 1, 1] for name in kept])
    mean = np.array([courses[name][:k, 1].mean() for name in kept])
    row: dict[str, Any] = {
        "k": k,
        "n_positive": n_positive,
        "n_negative": n_negative,
        "last": delong_interval(y, last),
        "mean": delong_interval(y, mean),
    }
    if k > 1:
        row["slope"] = delong_interval(y, np.array([_slope(courses[n][:k]) for n in kept]))
        row["gain"] = delong_test(y, mean, first)
    fewer = [name for name in labels.index if name not in set(kept)]
    row["first_score"] = {
        "with_k": _means(labels, kept, courses),
        "with_fewer": _means(labels, fewer, courses),
    }
    return row


def _slope(course: Floats) -> float:
    day = course[:, 0] - course[:, 0].mean()
    return float(day @ course[:, 1] / (day @ day))


def _means(
    labels: pd.Series, names: list[str], courses: dict[str, Floats]
) -> dict[str, float | int | None]:
    """Return how many there are of each group, and the mean of their first log-odds."""
    found: dict[str, float | int | None] = {}
    for label, word in ((1.0, "positive"), (0.0, "negative")):
        first = [courses[name][0, 1] for name in names if labels[name] == label]
        found[f"n_{word}"] = len(first)
        found[f"mean_{word}"] = float(np.mean(first)) if first else None
    return found
