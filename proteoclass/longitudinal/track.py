"""Scores over time: slopes, changes beyond noise and threshold crossings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from proteoclass.longitudinal.at_risk import at_risk, weekly_means
from proteoclass.longitudinal.comparison import group_rows, interaction
from proteoclass.longitudinal.crossing import crossings
from proteoclass.longitudinal.group_labels import EVERYONE, patient_groups
from proteoclass.longitudinal.how_early import how_early
from proteoclass.longitudinal.noise import Noise, within_sd
from proteoclass.longitudinal.slopes import METHODS, NOTHING, OWN_SLOPES, SlopeFit, fit_slopes
from proteoclass.longitudinal.visits import place_in_time

#: Columns of `Trajectories.table`, in order.
COLUMNS = (
    "patient_id",
    "n_visits",
    "first_day",
    "last_day",
    "first",
    "last",
    "change",
    "slope_per_week",
    "slope_lower",
    "slope_upper",
    "beyond_noise",
    "below_threshold_from",
    "below_threshold_to",
)


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Scores over time, per patient and per group.

    Parameters
    ----------
    table : DataFrame, shape (n_patients, 13)
        One row per patient, sorted by id: `patient_id`, `n_visits` (days with a
        score), `first_day`, `last_day`, `first`, `last`, `change` (score points, 0–100),
        `slope_per_week`, `slope_lower`, `slope_upper` (log-odds a week, 95 %),
        `beyond_noise` ("fell", "rose", "did not change", "not reportable"),
        `below_threshold_from`, `below_threshold_to` (days that bracket the crossing).
        NaN = not reportable.
    summary : dict
        Plain values: `method`, `why`, `formula`, `scale`, `df`, `groups`,
        `interaction`, `noise`, `at_risk`, `means`, `notes`, and `how_early` where it was asked
        for. None = not reportable.
    """

    table: pd.DataFrame
    summary: dict[str, Any]


def track(
    scores: pd.DataFrame,
    samples: pd.DataFrame,
    *,
    groups: pd.Series | None = None,
    positive: str = "",
    threshold: float | None = None,
    stable_pairs: Iterable[tuple[str, str]] | None = None,
    seed: int = 0,
) -> Trajectories:
    """Follow scores over time, per patient and per group.

    Parameters
    ----------
    scores : DataFrame
        A score table: columns `sample_id`, `score` (0–100) and, where present,
        `status` and `origin`. Rows that are not reportable are left out and counted.
    samples : DataFrame
        Sample sheet: index `sample_id`; columns `patient_id`, `day` and, where present,
        `replicate_of`.
    groups : Series of label, optional
        Index: patient ids or sample ids; None or blank where unknown. A categorical
        Series gives the order, otherwise labels are sorted.
    positive : str, optional
        The group whose scores should be higher: how early they are, is said too.
    threshold : float, optional
        The model's lower threshold, in score points.
    stable_pairs : iterable of (str, str), optional
        Sample ids of visits between which a patient was clinically stable; they take
        the place of replicates in the estimate of noise.
    seed : int
        Of the patient bootstrap beside the group slopes.

    Returns
    -------
    Trajectories

    Raises
    ------
    InputError
        If a column is absent (without `day` no slope per week can be given), an id
        repeats, a cell is no number in its range, or a patient carries two labels.
    TooLittleDataError
        If no score has a patient and a day.

    Notes
    -----
    Mixed model on the log-odds of the score, week × group, random intercept and slope
    per patient, REML; `slopes.fit_slopes` says what follows where it does not hold, and
    `summary` says what was used. A patient's slope is the group's plus their own
    random part, shrunk towards the group; its interval is `mixed.solve`'s. Patients
    without a label are not in the model of the groups; their slopes come from the same
    model without groups, over all patients.

    Examples
    --------
    >>> scores = pd.DataFrame({"sample_id": ["a", "b"], "score": [80.0, 20.0]})
    >>> sheet = pd.DataFrame({"patient_id": ["p", "p"], "day": [0, 7]}, index=["a", "b"])
    >>> trajectories = track(scores, sheet)
    >>> trajectories.table[["patient_id", "change"]].to_numpy().tolist()
    [['p', -60.0]]
    >>> trajectories.summary["method"]
    'per-patient least-squares slopes'
    """
    visits = place_in_time(scores, samples)
    labels, order = patient_groups(groups, samples)
    frame, order, notes = _assign_groups(visits.frame, labels, order)
    labelled = frame[frame["group"] != ""]
    fit = fit_slopes(labelled, order)
    noise = within_sd(visits.samples, stable_pairs)
    brackets, crossing_notes = crossings(frame, threshold)
    slopes = _patient_slopes(frame, fit, notes)
    table = _table(frame, slopes, noise, brackets)
    notes = [*visits.notes, *notes, *_fit_notes(frame, fit), *_noise_notes(noise), *crossing_notes]
    summary = _summary(fit, labelled, order, noise, notes, seed)
    if positive:
        group = visits.frame["patient_id"].map(labels).astype(object)
        with_group = visits.frame.assign(group=group.where(group.notna(), ""))
        summary["how_early"] = how_early(with_group, positive)
    return Trajectories(table, summary)


def _assign_groups(
    frame: pd.DataFrame, labels: pd.Series, order: list[str]
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Add the column `group`, "" for patients the model of the groups leaves out."""
    if not order:
        return frame.assign(group=EVERYONE), [EVERYONE], []
    notes = []
    group = frame["patient_id"].map(labels).fillna("")
    several = frame.groupby("patient_id")["day"].transform("size") > 1
    with_slope = frame[several].assign(group=group).groupby("group")["patient_id"].nunique()
    kept = [name for name in order if with_slope.get(name, 0) > 1]
    for name in order:
        if name not in kept:
            notes.append(
                f"Group {name!r} has {int(with_slope.get(name, 0))} patients with two visits, "
                "expected at least 2: it has no slope and is left out of the groups."
            )
    without = frame.loc[group == "", "patient_id"].nunique()
    if without:
        notes.append(f"{without} patients have no group label: they are in no group's numbers.")
    if not kept:
        notes.append("No group has a slope: the model is fitted without groups.")
        return frame.assign(group=EVERYONE), [EVERYONE], notes
    return frame.assign(group=group.where(group.isin(kept), "")), kept, notes


def _patient_slopes(frame: pd.DataFrame, fit: SlopeFit, notes: list[str]) -> pd.DataFrame:
    rest = frame[frame["group"] == ""]
    if not (rest.groupby("patient_id").size() > 1).any():
        return fit.patients
    whole = fit_slopes(frame.assign(group=EVERYONE), [EVERYONE])
    others = whole.patients.drop(index=fit.patients.index)
    notes.append(
        f"Slopes of {len(others)} patients outside the groups come from the model without "
        f"groups ({whole.method})."
    )
    return pd.concat([fit.patients, others])


def _table(
    frame: pd.DataFrame, slopes: pd.DataFrame, noise: Noise, brackets: pd.DataFrame
) -> pd.DataFrame:
    by_patient = frame.groupby("patient_id", sort=True)
    first, last = by_patient.first(), by_patient.last()
    n_visits = by_patient.size()
    several = n_visits > 1
    moved = (last["log_odds"] - first["log_odds"]).where(several)
    slopes = slopes.reindex(n_visits.index)
    table = pd.DataFrame(
        {
            "n_visits": n_visits.astype(int),
            "first_day": first["day"],
            "last_day": last["day"],
            "first": first["score"],
            "last": last["score"],
            "change": (last["score"] - first["score"]).where(several),
            "slope_per_week": slopes["slope"],
            "slope_lower": slopes["lower"],
            "slope_upper": slopes["upper"],
            "beyond_noise": [noise.verdict(change) for change in moved],
        }
    )
    table = table.join(brackets).rename_axis("patient_id").reset_index()
    return table[list(COLUMNS)]


def _summary(
    fit: SlopeFit,
    labelled: pd.DataFrame,
    order: list[str],
    noise: Noise,
    notes: list[str],
    seed: int,
) -> dict[str, Any]:
    return {
        "method": fit.method,
        "why": fit.why,
        "formula": fit.formula,
        "scale": "log-odds per week",
        "df": _df_words(fit),
        "interval": "95 % t; bootstrap: 95 % percentile over patients, variance components held",
        "groups": group_rows(fit, labelled, seed),
        "interaction": interaction(fit),
        "noise": noise.summary(),
        "at_risk": at_risk(labelled, order),
        "means": weekly_means(labelled, order),
        "notes": notes,
    }


def _df_words(fit: SlopeFit) -> str:
    if fit.method in METHODS.values():
        return "between-within: patients with two or more visits minus groups"
    if fit.method == OWN_SLOPES:
        return "patients of the group minus 1; Welch's for the difference"
    return ""


def _fit_notes(frame: pd.DataFrame, fit: SlopeFit) -> list[str]:
    single = int((frame.groupby("patient_id").size() == 1).sum())
    verb = "patient has" if single == 1 else "patients have"
    notes = [f"{single} {verb} one visit: no slope and no change."] if single else []
    if fit.method in (OWN_SLOPES, METHODS["intercept"]):
        notes.append(
            "Patients' slopes are their own least-squares slopes, not shrunk towards the group; "
            "intervals use the residual variance pooled over patients."
        )
        if fit.patients["slope"].notna().any() and fit.patients["lower"].isna().all():
            notes.append(
                "Patients' slopes have no interval: nobody has a third visit, so that true "
                "differences in slope cannot be told from noise."
            )
    elif fit.method != NOTHING:
        notes.append(
            "Patients' slopes are shrunk towards their group's; intervals hold the variance "
            "components fixed."
        )
    return notes


def _noise_notes(noise: Noise) -> list[str]:
    if noise.reason:
        return [f"Change beyond noise is not reportable: {noise.reason}."]
    if noise.source == "technical replicates":
        return [
            "Noise is from technical replicates: it holds analytical variation only, not "
            "the day-to-day variation of a stable patient, so that more changes exceed it."
        ]
    return []
