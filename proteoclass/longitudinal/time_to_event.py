"""Time to an event by band of the first score: Kaplan-Meier, log-rank and Cox."""

from __future__ import annotations

import warnings
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.longitudinal.visits import blank, reportable_scores, text
from proteoclass.matrix.outcome import is_replicate
from proteoclass.matrix.wording import counted
from proteoclass.stats import log_odds

Floats = npt.NDArray[np.float64]

#: Words of a status column that mean the event came, and that it had not when last seen.
EVENT: Final = frozenset({"1", "true", "yes", "event", "dead", "died"})
CENSORED: Final = frozenset({"0", "false", "no", "censored", "alive"})
#: With fewer events a hazard ratio is noise; Vittinghoff & McCulloch 2007, doi
#: 10.1093/aje/kwk052, for five a variable and up.
MIN_EVENTS: Final = 5
ONE_AT_RISK: Final = (
    "no event came while patients of two bands were at risk and somebody was left after it"
)
NO_MAXIMUM: Final = "the likelihood has no maximum: score and time go together without exception"


def time_to_event(
    scores: pd.DataFrame, samples: pd.DataFrame, *, time: str, status: str
) -> dict[str, Any]:
    """Set the time to an event against the band and the value of each patient's first score.

    Parameters
    ----------
    scores : DataFrame
        Columns `sample_id`, `score` (0–100), `band` and, where present, `status` of the
        score; not reportable ones are left out and counted.
    samples : DataFrame
        Sample sheet: index `sample_id`; `patient_id`, and `day` where visits have one.
    time : str
        Column of the sheet: days from the patient's first scored sample to the event, or to
        when the patient was last seen.
    status : str
        Column of the sheet: 1 or "event" where the event came, 0 or "censored" where not.

    Returns
    -------
    dict
        `n_patients`, `n_events`, `curves` (a band: days, survival with 95 % limits, numbers at
        risk), `log_rank`, `cox` (hazard ratio a unit of log-odds), `notes`. None with a
        `reason` where there are too few events or bands.

    Raises
    ------
    InputError
        If a column is absent, a cell cannot be read, or a patient has two values.
    TooLittleDataError
        If no patient has a reportable score, a time and a status.

    Notes
    -----
    Kaplan & Meier 1958, doi 10.1080/01621459.1958.10501452, limits on the log-log scale;
    Mantel's log-rank test over bands; Cox's model with Efron's ties. By statsmodels. The first
    score only: a later one would know how long the patient lived to give it.

    Examples
    --------
    >>> scores = pd.DataFrame({"sample_id": ["a", "b"], "score": [80.0, 20.0],
    ...                        "band": ["severe", "non-severe"]})
    >>> sheet = pd.DataFrame({"patient_id": ["p", "q"], "days": [3, 9], "died": [1, 0]},
    ...                      index=["a", "b"])
    >>> time_to_event(scores, sheet, time="days", status="died")["n_events"]
    1
    """
    notes: list[str] = []
    frame = _patients(scores, samples, time, status, notes)
    bands = sorted(set(frame["band"]))
    curves = [{"band": band, **_curve(frame[frame["band"] == band])} for band in bands]
    return {
        "time": time,
        "status": status,
        "score": "of each patient's first reportable sample",
        "n_patients": len(frame),
        "n_events": int(frame["event"].sum()),
        "curves": curves,
        "log_rank": _log_rank(frame),
        "cox": _cox(frame),
        "notes": notes,
    }


def _patients(
    scores: pd.DataFrame, samples: pd.DataFrame, time: str, status: str, notes: list[str]
) -> pd.DataFrame:
    """Return a row a patient: `time`, `event`, `band`, `log_odds`."""
    for column in (time, status, "patient_id"):
        if column not in samples:
            raise InputError(
                f"sample sheet: no column {column!r}; found {name_list(samples.columns, 12)}; "
                "name the columns of time and status"
            )
    if "band" not in scores:
        raise InputError("scores: no column 'band'; give the table that `score` writes")
    score, _ = reportable_scores(scores)
    bands = text(scores["band"]).set_axis(text(scores["sample_id"]))
    score = score[score.index.isin(samples.index)]
    sheet = samples.loc[score.index]
    sheet = sheet[(text(sheet["patient_id"]) != "") & ~is_replicate(sheet).to_numpy()]
    if len(sheet) < len(scores):
        notes.append(
            f"{counted(len(scores) - len(sheet), 'sample')} without a score, a patient or a row of "
            f"the sheet, or replicates: not used for the time to {status}."
        )
    score = score[sheet.index]
    frame = pd.DataFrame(
        {
            "patient_id": text(sheet["patient_id"]),
            "day": pd.to_numeric(sheet["day"], errors="coerce") if "day" in sheet else np.nan,
            "time": _times(sheet[time], time),
            "event": _events(sheet[status], status),
            "band": bands[sheet.index],
            "log_odds": log_odds(score / 100),
        }
    )
    frame = frame.rename_axis("sample_id").reset_index()
    for column in ("time", "event"):
        several = frame.groupby("patient_id")[column].nunique()
        both = several.index[several > 1]
        if len(both):
            raise InputError(
                f"sample sheet: {len(both)} patients have more than one {column} "
                f"({name_list(both)}); it is the patient's: give each patient one"
            )
        frame[column] = frame.groupby("patient_id")[column].transform("first")
    first = frame.sort_values(["patient_id", "day", "sample_id"]).drop_duplicates("patient_id")
    known = first["time"].notna() & first["event"].notna()
    if not known.all():
        notes.append(
            f"{counted(int((~known).sum()), 'patient')} without {time} or {status}: left out."
        )
    if not known.any():
        raise TooLittleDataError(
            f"found 0 of {len(first)} scored patients with {time} and {status}, expected some; "
            "fill in the sample sheet"
        )
    return first[known].reset_index(drop=True)


def _times(column: pd.Series, name: str) -> pd.Series:
    # As objects: of a date pandas would count nanoseconds.
    number = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
    wrong = (number.isna() & ~blank(column)) | (number < 0) | np.isinf(number)
    if wrong.any():
        at = wrong.index[wrong.to_numpy()][0]
        raise InputError(
            f"sample sheet: column {name!r} of sample {at!r} reads {str(column[at])[:40]!r} "
            f"({int(wrong.sum())} such rows), expected days from 0; correct the cell"
        )
    return number


def _events(column: pd.Series, name: str) -> pd.Series:
    words = text(column).str.lower()
    known = words.isin(EVENT | CENSORED) | (words == "")
    if not known.all():
        at = words.index[~known.to_numpy()][0]
        raise InputError(
            f"sample sheet: column {name!r} of sample {at!r} reads {str(column[at])[:40]!r} "
            f"({int((~known).sum())} such rows), expected 1 where the event came, 0 where not"
        )
    return words.isin(EVENT).astype(float).where(words != "")


def _curve(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the Kaplan-Meier estimate at each day of an event."""
    from scipy.stats import norm
    from statsmodels.duration.survfunc import SurvfuncRight

    found: dict[str, Any] = {"n_patients": len(frame), "n_events": int(frame["event"].sum())}
    if not frame["event"].any():
        return found | {"days": [], "survival": [], "lower": [], "upper": [], "at_risk": []}
    with warnings.catch_warnings():
        # Where everybody had the event the error at the end is 0 times infinity.
        warnings.simplefilter("ignore")
        fitted = SurvfuncRight(frame["time"].to_numpy(), frame["event"].to_numpy())
        share, error = np.asarray(fitted.surv_prob), np.asarray(fitted.surv_prob_se)
        spread = norm.ppf(0.975) * error / np.abs(share * np.log(share))
        lower, upper = share ** np.exp(spread), share ** np.exp(-spread)
    return found | {
        "days": fitted.surv_times.tolist(),
        "survival": share.tolist(),
        "lower": [None if np.isnan(value) else float(value) for value in lower],
        "upper": [None if np.isnan(value) else float(value) for value in upper],
        "at_risk": np.asarray(fitted.n_risk).astype(int).tolist(),
    }


def _log_rank(frame: pd.DataFrame) -> dict[str, Any]:
    from statsmodels.duration.survfunc import survdiff

    if frame["band"].nunique() < 2:
        return {"p": None, "reason": "all patients are in one band"}
    if frame["event"].sum() < MIN_EVENTS:
        return {"p": None, "reason": _too_few(frame)}
    first = frame.loc[frame["event"] == 1, "time"].min()
    # A band of which nobody was left at the first event has nothing to be compared by.
    frame = frame[frame.groupby("band")["time"].transform("max") >= first]
    bands = frame["band"].nunique()
    at_risk = frame[frame["time"] >= first]
    if bands < 2 or ((at_risk["time"] == first) & (at_risk["event"] == 1)).all():
        return {"p": None, "reason": ONE_AT_RISK}
    statistic, p = survdiff(frame["time"], frame["event"], frame["band"])
    return {
        "statistic": float(statistic),
        "df": bands - 1,
        "p": float(p),
        "kind": "log-rank over bands of the first score",
    }


def _cox(frame: pd.DataFrame) -> dict[str, Any]:
    from statsmodels.duration.hazard_regression import PHReg

    if frame["event"].sum() < MIN_EVENTS:
        return {"hazard_ratio": None, "reason": _too_few(frame)}
    if np.ptp(frame["log_odds"]) == 0:
        return {"hazard_ratio": None, "reason": "all first scores are equal"}
    model = PHReg(frame["time"], frame[["log_odds"]], status=frame["event"], ties="efron")
    with warnings.catch_warnings():
        # statsmodels says so in a warning, and gives a number all the same.
        warnings.simplefilter("error")
        try:
            fitted = model.fit()
        except Warning:
            return {"hazard_ratio": None, "reason": NO_MAXIMUM}
    low, high = np.exp(fitted.conf_int()[0])
    return {
        "hazard_ratio": float(np.exp(fitted.params[0])),
        "interval": [float(low), float(high)],
        "p": float(fitted.pvalues[0]),
        "n_patients": len(frame),
        "n_events": int(frame["event"].sum()),
        "kind": "a unit of log-odds of the first score; Cox, Efron's ties; Wald, 95 %",
    }


def _too_few(frame: pd.DataFrame) -> str:
    return f"{counted(int(frame['event'].sum()), 'event')}, expected at least {MIN_EVENTS}"
