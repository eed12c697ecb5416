"""What acting on the score is worth against treating everybody and treating nobody."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.performance.held_out import HeldOut
from proteoclass.scorer.performance.patient_bootstrap import BOOTSTRAP_KIND, resampled

Floats = npt.NDArray[np.float64]

THRESHOLDS: Floats = np.arange(1, 100) / 100
#: Net benefit per patient that is rounding, not benefit.
_ROUNDING = 1e-12
#: Runs of thresholds that a sentence names.
_NAMED = 3
CAUTION = (
    "risks refer to the prevalence among these patients; where it differs from that of the "
    "patients to be treated, so do risks and curve"
)


def decision_curve(held: HeldOut, seed: int) -> dict[str, Any]:
    """Return the net benefit of the score, of treating all and of treating none.

    Parameters
    ----------
    held : HeldOut
    seed : int
        Of the draws behind the interval.

    Returns
    -------
    dict
        `thresholds`, 0.01 to 0.99; `model` and `treat_all`, one value a threshold, and
        `treat_none`, 0 at any; `best_between`, runs of thresholds at which the score does
        better than either; `better_between`, those where it does so beyond the draw of
        test patients, with the kind of interval that says it; `verdict`.

    Notes
    -----
    Net benefit = TP/n - FP/n · t/(1 - t), with a risk of t or more called positive: Vickers
    & Elkin 2006, doi 10.1177/0272989X06295361. The net benefits of the repeats are
    averaged; the risks are not, which would be another, better score.

    Examples
    --------
    >>> log_odds = np.array([[-3.0, -2, 2, 3]])
    >>> held = HeldOut(np.arange(4), np.array([0.0, 0, 1, 1]), np.ones(4), np.arange(4), log_odds)
    >>> found = decision_curve(held, seed=0)
    >>> found["model"][49], found["treat_all"][49], found["best_between"]
    (0.5, 0.0, [[0.05, 0.95]])
    """

    def figures(log_odds: Floats, weights: Floats) -> Floats:
        risks = stats.expit(log_odds)
        model = net_benefit(risks, held.labels, weights)
        everybody = net_benefit(np.ones_like(risks), held.labels, weights)
        return np.concatenate([model, model - np.maximum(everybody, 0)], axis=1)

    values, limits = resampled(held, figures, seed)
    n = len(THRESHOLDS)
    ahead = values[n:] > _ROUNDING
    everybody = net_benefit(np.ones_like(held.labels), held.labels, held.weights[None])[0]
    # Equal in every draw, so without limits, is ahead in every draw if it is ahead at all.
    surely = ahead & ~(limits[n:, 0] <= _ROUNDING)
    positive, negative = held.counts
    return {
        "thresholds": THRESHOLDS.tolist(),
        "model": values[:n].tolist(),
        "treat_all": everybody.tolist(),
        "treat_none": 0.0,
        "best_between": _runs(ahead),
        "better_between": _runs(surely),
        "better_kind": f"above both at the lower limit of each threshold: {BOOTSTRAP_KIND}",
        "verdict": _verdict(_runs(ahead), _runs(surely)),
        "estimand": "net benefit per patient of outer-fold risks, mean over repeats",
        "caution": CAUTION,
        "n_positive": positive,
        "n_negative": negative,
    }


def net_benefit(risks: Floats, labels: Floats, weights: Floats) -> Floats:
    """Return true positives less false positives at the price that the threshold sets.

    Parameters
    ----------
    risks : array of float, shape (n_samples,)
        0 to 1.
    labels : array of 0 and 1, shape (n_samples,)
    weights : array of float, shape (n_draws, n_samples)

    Returns
    -------
    array of float, shape (n_draws, 99)
        Per patient, at each of `THRESHOLDS`.

    Examples
    --------
    >>> one = np.ones((1, 2))
    >>> float(net_benefit(np.array([0.1, 0.9]), np.array([0.0, 1.0]), one)[0, 49])
    0.5
    """
    order = np.argsort(risks, kind="stable")
    drawn = weights[:, order]
    is_positive = labels[order] == 1
    # Of the samples by risk, those from the first at or above the threshold.
    first = np.searchsorted(risks[order], THRESHOLDS, side="left")
    called = [
        np.concatenate([np.zeros((len(drawn), 1)), np.cumsum(part, axis=1)], axis=1)
        for part in (np.where(is_positive, drawn, 0.0), np.where(is_positive, 0.0, drawn))
    ]
    true, false = (total[:, -1:] - total[:, first] for total in called)
    price = THRESHOLDS / (1 - THRESHOLDS)
    return np.asarray((true - false * price) / drawn.sum(axis=1, keepdims=True))


def _runs(chosen: npt.NDArray[np.bool_]) -> list[list[float]]:
    """Return first and last threshold of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    return [
        [float(THRESHOLDS[start]), float(THRESHOLDS[stop - 1])]
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def _verdict(best: list[list[float]], surely: list[list[float]]) -> str:
    if not best:
        return "At no threshold does the score do better than treating everybody or nobody."
    said = f"The score does better than treating everybody or nobody at thresholds {_spans(best)}; "
    if not surely:
        return said + "at none of them is that beyond the draw of test patients."
    return said + f"beyond the draw of test patients at {_spans(surely)}."


def _spans(runs: list[list[float]]) -> str:
    if len(runs) > _NAMED:
        n = sum(round(100 * (high - low)) + 1 for low, high in runs)
        return f"{n} of {len(THRESHOLDS)}, scattered from {runs[0][0]:.2f} to {runs[-1][1]:.2f}"
    return ", ".join(
        f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}" for low, high in runs
    )
