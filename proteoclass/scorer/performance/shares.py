"""Observed shares of positive patients against the mean of their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.scorer.performance.held_out import TEST_SAMPLING, HeldOut
from proteoclass.stats import wilson_interval

Floats = npt.NDArray[np.float64]

#: Fewest patients for an expected calibration error.
MIN_ECE = 200
#: Patients of a bin of the calibration curve, and the most bins.
BIN_PATIENTS, MOST_BINS = 20, 10
LARGE_KIND = (
    "observed share minus mean probability, mean over repeats; Wilson interval of the observed "
    f"share, 95 %; {TEST_SAMPLING}"
)
CURVE_KIND = (
    "bins of equal numbers of patients, by probability within each repeat; both shares are means "
    f"over repeats, n is that of one repeat; Wilson, 95 %; {TEST_SAMPLING}"
)
ECE_KIND = (
    f"mean distance of observed share and mean probability over {MOST_BINS} bins of equal "
    "numbers of patients, mean over repeats; above 0 by chance even where calibration is perfect"
)


def in_the_large(held: HeldOut) -> dict[str, Any]:
    """Return how many patients are positive beyond what their probabilities add up to.

    Parameters
    ----------
    held : HeldOut

    Returns
    -------
    dict
        `observed`, `expected`, `difference` and its `interval`.

    Examples
    --------
    >>> labels = np.array([0.0, 1])
    >>> held = HeldOut(np.arange(2), labels, np.ones(2), np.arange(2), np.zeros((1, 2)))
    >>> in_the_large(held)["difference"]
    0.0
    """
    observed = held.prevalence
    expected = float(np.average(held.risks.mean(axis=0), weights=held.weights))
    low, high = wilson_interval(observed * held.n_patients, held.n_patients)
    return {
        "observed": observed,
        "expected": expected,
        "difference": observed - expected,
        "interval": [low - expected, high - expected],
    }


def calibration_shares(held: HeldOut) -> dict[str, Any]:
    """Return calibration-in-the-large, expected calibration error and binned curve.

    Parameters
    ----------
    held : HeldOut

    Returns
    -------
    dict
        `in_the_large`; `ece`, a value or the reason why there is none; `curve`, with one
        entry a bin: `bin`, `n`, `predicted`, `observed` and its `interval`.
    """
    n_bins = min(MOST_BINS, max(2, held.n_patients // BIN_PATIENTS))
    return {
        "in_the_large": in_the_large(held) | {"kind": LARGE_KIND, "n": held.n_patients},
        "ece": _ece(held),
        "curve": {"bins": _curve(held, n_bins), "kind": CURVE_KIND},
    }


def _ece(held: HeldOut) -> dict[str, Any]:
    if held.n_patients < MIN_ECE:
        return {
            "value": None,
            "reason": f"{held.n_patients} patients, expected at least {MIN_ECE}: below that it "
            "is mostly chance",
        }
    sizes, expected, positive = _bins(held, MOST_BINS)
    distance = np.abs(positive - expected).sum(axis=1) / sizes.sum(axis=1)
    return {"value": float(distance.mean()), "kind": ECE_KIND, "n": held.n_patients}


def _curve(held: HeldOut, n_bins: int) -> list[dict[str, Any]]:
    sizes, expected, positive = (part.mean(axis=0) for part in _bins(held, n_bins))
    return [
        {
            "bin": i + 1,
            "n": float(sizes[i]),
            "predicted": float(expected[i] / sizes[i]),
            "observed": float(positive[i] / sizes[i]),
            "interval": list(wilson_interval(positive[i], sizes[i])),
        }
        # Equal probabilities stay together, which may leave a bin without a patient.
        for i in np.flatnonzero(sizes).tolist()
    ]


def _bins(held: HeldOut, n_bins: int) -> tuple[Floats, Floats, Floats]:
    """Return patients, sum of probabilities and positive patients, each (n_repeats, n_bins)."""
    parts = []
    for risks in held.risks:
        _, rank = np.unique(risks, return_inverse=True)
        weight = np.bincount(rank, held.weights)
        middle = (np.cumsum(weight) - weight / 2) / weight.sum()
        place = np.minimum((middle * n_bins).astype(int), n_bins - 1)[rank]
        counted = (held.weights, held.weights * risks, held.weights * held.labels)
        parts.append([np.bincount(place, each, n_bins) for each in counted])
    sizes, expected, positive = np.array(parts).transpose(1, 0, 2)
    return sizes, expected, positive
