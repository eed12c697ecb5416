"""A cohort drawn from a cohort, patient by patient, and its slopes by fits of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import TooLittleDataError
from proteoclass.longitudinal.slopes import SlopeFit, fit_slopes
from proteoclass.longitudinal.visits import place_in_time

if TYPE_CHECKING:
    from proteoclass.scorer.cohort import Cohort
    from proteoclass.scorer.settings import Settings


def drawn_cohort(
    cohort: Cohort, rng: np.random.Generator
) -> tuple[Cohort, npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Draw patients with replacement within class, all their samples with them.

    Parameters
    ----------
    cohort : Cohort
    rng : Generator

    Returns
    -------
    drawn : Cohort
        Copies of a patient keep the patient's id, by which every split of the procedure
        groups; their samples are renamed.
    rows : array of int, shape (n_drawn_samples,)
        Position in `cohort` of each sample of `drawn`.
    copies : array of str, shape (n_drawn_samples,)
        An id for each copy of a patient, for the model of the slopes.

    Examples
    --------
    >>> from proteoclass.matrix import Outcome, simulate_cohort
    >>> from proteoclass.scorer.cohort import build_cohort
    >>> made = simulate_cohort(patients=8, severe=3, proteins=60, visits=1, seed=1, replicates=0)
    >>> cohort = build_cohort(made.matrix, Outcome("severity", "severe"))
    >>> drawn, rows, copies = drawn_cohort(cohort, np.random.default_rng(0))
    >>> len(np.unique(copies)), len(np.unique(drawn.patients)) < 8
    (8, True)
    """
    labelled = np.flatnonzero(~np.isnan(cohort.labels))
    names, first = np.unique(cohort.patients[labelled].astype(str), return_index=True)
    classes = cohort.labels[labelled[first]]
    rows, numbers = [], []
    for label in (0.0, 1.0):
        members = names[classes == label]
        counts = rng.multinomial(len(members), np.full(len(members), 1 / len(members)))
        for name, count in zip(members.tolist(), counts.tolist(), strict=True):
            of_patient = labelled[cohort.patients[labelled] == name]
            rows.append(np.tile(of_patient, count))
            numbers.append(np.repeat(np.arange(1, count + 1), len(of_patient)))
    at, number = np.concatenate(rows), np.concatenate(numbers)
    ids = _numbered(cohort.values.index[at], number)
    patients = cohort.patients[at]
    matrix = replace(
        cohort.matrix,
        values=cohort.values.iloc[at].set_axis(ids),
        samples=cohort.matrix.samples.iloc[at].set_axis(ids),
    )
    drawn = replace(
        cohort,
        matrix=matrix,
        labels=cohort.labels[at],
        weights=cohort.weights[at],
        patients=patients,
    )
    return drawn, at, _numbered(patients, number)


def _numbered(names: Any, number: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    """Return every name with its number, so that none repeats."""
    return np.array([f"{name} #{n}" for name, n in zip(names, number, strict=True)], dtype=object)


def refitted(
    cohort: Cohort,
    sheet: pd.DataFrame,
    settings: Settings,
    fixed: tuple[str, ...],
    folds: int,
    prevalence: float,
    seed: int,
) -> SlopeFit:
    """Score a cohort out of fold and fit the slopes of its two groups.

    Parameters
    ----------
    cohort : Cohort
    sheet : DataFrame
        Index `sample_id`; `patient_id`, one per patient or copy, and `day`.
    settings : Settings
        Resolved.
    fixed : tuple of str
    folds : int
    prevalence : float
        That probabilities refer to.
    seed : int

    Returns
    -------
    SlopeFit
        Groups sorted by name, as `track` sorts them.

    Raises
    ------
    TooLittleDataError
        If a fold or a group has too few patients.
    """
    from proteoclass.scorer.crossfit import FoldOptions, run_fold
    from proteoclass.scorer.out_of_fold import mean_scores
    from proteoclass.scorer.splits import fold_units
    from proteoclass.stats import expit

    options = FoldOptions(prevalence=prevalence)
    units = fold_units(cohort, settings, fixed, folds, 1, seed)
    scores = mean_scores(cohort, [[run_fold(*unit, options) for unit in units]])
    scores = scores[scores["label"].notna()]
    scored = scores.assign(score=100 * expit(scores["log_odds"]))[["sample_id", "score"]]
    frame = place_in_time(scored, sheet).frame
    names = {1.0: cohort.outcome.positive, 0.0: str(cohort.outcome.negative)}
    patient = sheet["patient_id"].astype(str).reindex(scores["sample_id"])
    label_of = dict(zip(patient, scores["label"].map(names), strict=True))
    frame = frame.assign(group=frame["patient_id"].map(label_of))
    order = sorted(names.values())
    twice = frame.groupby("patient_id")["day"].transform("size") > 1
    with_slope = frame[twice].groupby("group")["patient_id"].nunique()
    for name in order:
        if with_slope.get(name, 0) < 2:
            raise TooLittleDataError(
                f"group {name!r}: fewer than 2 patients with two visits; no slope can be given"
            )
    return fit_slopes(frame, order)


def slopes_of(fit: SlopeFit) -> pd.Series:
    """Return the slopes of two groups and their difference.

    Parameters
    ----------
    fit : SlopeFit
        Of two groups.

    Returns
    -------
    Series of float, shape (3,)
        Log-odds a week; index: the groups, then "second minus first" in their names.
    """
    slope = fit.groups["slope"].to_numpy()
    first, second = fit.groups.index
    return pd.Series(
        [*slope, slope[1] - slope[0]], index=[first, second, f"{second} minus {first}"]
    )
