"""Probabilities at another prevalence than that of the study patients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.scorer.model_schema import TrainingPart

Floats = npt.NDArray[np.float64]


def training_prevalence(training: TrainingPart) -> float:
    """Return the share of positive patients that a model's calibration refers to."""
    return training.n_positive / (training.n_positive + training.n_negative)


def checked_prevalence(wanted: float) -> float:
    """Return a prevalence, or say what is wrong with it.

    Raises
    ------
    InputError
        If it is not above 0 and below 1.

    Examples
    --------
    >>> checked_prevalence(20)
    Traceback (most recent call last):
    proteoclass.errors.InputError: prevalence 20: expected a share above 0 and below 1; 20 % is 0.2
    """
    if 0 < wanted < 1:
        return float(wanted)
    hint = f"; {wanted:g} % is {wanted / 100:g}" if 1 <= wanted < 100 else ""
    raise InputError(f"prevalence {wanted:g}: expected a share above 0 and below 1{hint}")


def at_prevalence(probability: Floats, fitted_on: float, wanted: float) -> Floats:
    """Move probabilities from one prevalence to another.

    Parameters
    ----------
    probability : array of float
        Of being positive; NaN stays.
    fitted_on, wanted : float
        Share of positive patients, above 0 and below 1.

    Returns
    -------
    array of float

    Notes
    -----
    Bayes: the odds are multiplied by the ratio of the two prior odds, because the evidence does
    not change (Saerens, Latinne & Decaestecker 2002, equation 2.4, doi
    10.1162/089976602753284446). That holds where positive patients look like the study's
    positive ones and negative like the negative ones, and only their mix differs.

    Examples
    --------
    >>> at_prevalence(np.array([0.5, 0.9]), 0.5, 0.2).round(12).tolist()
    [0.2, 0.692307692308]
    """
    positive = probability * (wanted / fitted_on)
    negative = (1 - probability) * ((1 - wanted) / (1 - fitted_on))
    return np.asarray(positive / (positive + negative))


def with_prevalence(scores: pd.DataFrame, training: TrainingPart, wanted: float) -> pd.DataFrame:
    """Return a score table whose `probability`, and nothing else, is at a prevalence.

    Parameters
    ----------
    scores : DataFrame, shape (n_samples, 13)
    training : TrainingPart
    wanted : float

    Returns
    -------
    DataFrame, shape (n_samples, 13)

    Raises
    ------
    InputError
        As `checked_prevalence`.
    """
    moved = at_prevalence(
        scores["probability"].to_numpy(dtype=float),
        training_prevalence(training),
        checked_prevalence(wanted),
    )
    return scores.assign(probability=moved)
