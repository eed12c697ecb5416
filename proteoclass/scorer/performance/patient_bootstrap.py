"""How far a figure on out-of-fold scores moves when other patients are drawn to test on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.folds import spawn
from proteoclass.scorer.performance.held_out import TEST_SAMPLING, HeldOut

Floats = npt.NDArray[np.float64]
#: Figures of each draw, shape (n_draws, n_figures), from the log-odds of one repeat, shape
#: (n_samples,), and the weights of the draws, shape (n_draws, n_samples).
Figures = Callable[[Floats, Floats], Floats]

DRAWS = 1000
BOOTSTRAP_KIND = (
    f"percentiles of {DRAWS} draws of patients within their class, every repeat drawn alike, "
    f"95 %; {TEST_SAMPLING}"
)
#: Of the generator, apart from those of folds and fits.
_STREAM = 7001
_CELLS = 2_000_000


def resampled(held: HeldOut, figures: Figures, seed: int) -> tuple[Floats, Floats]:
    """Return figures, mean over repeats, and their limits over draws of patients.

    Parameters
    ----------
    held : HeldOut
    figures : callable
        As `Figures` says.
    seed : int

    Returns
    -------
    values : array of float, shape (n_figures,)
    limits : array of float, shape (n_figures, 2)
        2.5 and 97.5 % points; NaN where every draw gave the same value: patients that are
        apart without a remainder leave nothing to resample, and that is no certainty.

    Notes
    -----
    Whole patients are drawn with replacement, as many of each class as there are. Efron &
    Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.

    Examples
    --------
    >>> labels = np.array([0.0, 0, 1, 1])
    >>> held = HeldOut(np.arange(4), labels, np.ones(4), np.arange(4), np.array([[0.0, 2, 1, 3]]))
    >>> def mean(log_odds, weights): return (weights @ log_odds / weights.sum(1))[:, None]
    >>> values, limits = resampled(held, mean, seed=0)
    >>> values.tolist(), limits.tolist()
    ([1.5], [[0.5, 2.5]])
    """
    values = _mean_over_repeats(held, figures, held.weights[None, :])[0]
    draws = np.concatenate(
        [_mean_over_repeats(held, figures, weights) for weights in _drawn_weights(held, seed)]
    )
    limits = np.quantile(draws, [0.025, 0.975], axis=0).T
    same = np.ptp(draws, axis=0) <= 1e-12
    limits[same] = np.nan
    return values, limits


def interval_fields(limits: Floats) -> dict[str, Any]:
    """Return the limits of one figure as they stand in `evaluation.json`.

    Parameters
    ----------
    limits : array of float, shape (2,)
        As `resampled` gives.

    Returns
    -------
    dict
        `interval`, and `reason` where there is none.

    Examples
    --------
    >>> interval_fields(np.array([0.5, 0.75]))
    {'interval': [0.5, 0.75]}
    """
    if np.isnan(limits).any():
        reason = "every draw of patients gave the same value, which is no certainty"
        return {"interval": None, "reason": reason}
    return {"interval": [float(limits[0]), float(limits[1])]}


def _mean_over_repeats(held: HeldOut, figures: Figures, weights: Floats) -> Floats:
    return np.mean([figures(log_odds, weights) for log_odds in held.log_odds], axis=0)


def _drawn_weights(held: HeldOut, seed: int) -> Iterator[Floats]:
    """Yield weights of the samples in some draws, so many that memory stays small."""
    rng = spawn(seed, _STREAM)
    of_patient = np.zeros(held.patients.max() + 1)
    of_patient[held.patients] = held.labels
    members = [np.flatnonzero(of_patient == label) for label in (0, 1)]
    at_once = max(1, _CELLS // len(held.labels))
    for start in range(0, DRAWS, at_once):
        n_draws = min(at_once, DRAWS - start)
        times = np.zeros((n_draws, len(of_patient)))
        for patients in members:
            even = np.full(len(patients), 1 / len(patients))
            times[:, patients] = rng.multinomial(len(patients), even, size=n_draws)
        yield times[:, held.patients] * held.weights
