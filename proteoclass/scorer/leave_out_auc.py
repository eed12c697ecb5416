"""The headline where levels of a column were left out: the mean of the AUCs within them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import stats as distributions

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import fold_auc
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.leave_out import LeftOut
from proteoclass.scorer.splits import MIN_PER_CLASS

Floats = npt.NDArray[np.float64]

#: Fewest levels from which their spread is told.
MIN_LEVELS: Final = 3
#: What the AUC may lose where levels are ranked together before that is said.
MOST_LOST: Final = 0.05
INTERVAL_KIND: Final = (
    "between levels: t over their AUCs, on the logit scale, 95 %; the fits share training "
    "patients, so that it is somewhat too narrow"
)
NO_SPREAD: Final = (
    "every level has the same AUC, so that there is no spread to make an interval of, which is no "
    "certainty"
)
POOLED_KIND: Final = (
    "all levels ranked together by their scores: how far the calibration carries over from one "
    "level to another counts in it too"
)


def leave_out_auc(cohort: Cohort, results: list[FoldResult], levels: LeftOut) -> dict[str, Any]:
    """Return the mean of the AUCs within levels, its interval between them, and the pooled one.

    Parameters
    ----------
    cohort : Cohort
    results : list of FoldResult
        One a level.
    levels : LeftOut

    Returns
    -------
    dict
        The part `auc` of `evaluation.json`, with `levels` and `pooled` besides.
    """
    within = np.array(
        [
            fold_auc(cohort, result.rows, result.margin) if scored else np.nan
            for result, scored in zip(results, levels.scored, strict=True)
        ]
    )
    names, classes = cohort.training_patients
    mean = float(np.nanmean(within))
    scores = np.concatenate([100 * stats.expit(result.log_odds) for result in results])
    pooled = fold_auc(cohort, np.concatenate([result.rows for result in results]), scores)
    return {
        "mean_over_repeats": mean,
        "mean_over_folds": mean,
        **between_levels(within),
        "estimand": (
            f"mean over {levels.column} of the AUC within a {levels.column}, by the procedure "
            f"fitted on the others: what a {levels.column} that took no part may expect"
        ),
        "per_repeat": [mean],
        "per_fold": [within.tolist()],
        "levels": [
            {"level": level, "n_positive": positive, "n_negative": negative}
            | _auc_or_reason(value, (positive, negative))
            for level, (positive, negative), value in zip(
                levels.levels, levels.counts, within, strict=True
            )
        ],
        "pooled": {"value": pooled, "kind": POOLED_KIND},
        "n_patients": len(names),
        "n_positive": int(classes.sum()),
    }


def between_levels(values: Floats) -> dict[str, Any]:
    """Return the t-interval of a mean over levels, or why there is none.

    Parameters
    ----------
    values : array of float, shape (n_levels,)
        AUCs; NaN where a level has none.

    Returns
    -------
    dict
        `interval`, `interval_kind`, `interval_level` and, where the interval is NaN, `reason`.

    Notes
    -----
    t on levels - 1 degrees of freedom round the logit of the mean, whose standard error is by
    the delta method that of the mean over mean · (1 - mean), as for the AUCs of folds.

    Examples
    --------
    >>> low, high = between_levels(np.array([0.7, 0.8, 0.9, np.nan]))["interval"]
    >>> round(low, 3), round(high, 3)
    (0.459, 0.95)
    """
    known = values[~np.isnan(values)]
    found: dict[str, Any] = {
        "interval": [float("nan"), float("nan")],
        "interval_kind": INTERVAL_KIND,
        "interval_level": 0.95,
    }
    if len(known) < MIN_LEVELS:
        return found | {
            "reason": f"{len(known)} levels with an AUC, expected at least {MIN_LEVELS} to tell "
            "their spread"
        }
    error = float(known.std(ddof=1) / np.sqrt(len(known)))
    mean = float(known.mean())
    # Equal AUCs differ in their last bits, which is no spread.
    if np.ptp(known) <= 1e-12:
        return found | {"reason": NO_SPREAD}
    half = float(distributions.t.ppf(0.975, len(known) - 1)) * error / (mean * (1 - mean))
    centre = stats.log_odds(mean)
    return found | {"interval": stats.expit(np.array([centre - half, centre + half])).tolist()}


def carries_over_warning(auc: dict[str, Any], column: str) -> list[str]:
    """Say that scores of one level do not mean what those of another mean, where they do not.

    Parameters
    ----------
    auc : dict
        As `leave_out_auc` returns it.
    column : str

    Returns
    -------
    list of str
        One sentence, or none.

    Examples
    --------
    >>> auc = {"mean_over_repeats": 0.89, "pooled": {"value": 0.80}}
    >>> carries_over_warning(auc, "site")[0][:62]
    'Scores of one site do not carry over to another: the AUC is 0.'
    """
    within, pooled = auc["mean_over_repeats"], auc["pooled"]["value"]
    if not within - pooled > MOST_LOST:
        return []
    return [
        f"Scores of one {column} do not carry over to another: the AUC is {within:.2f} within "
        f"{column}, {pooled:.2f} where all are ranked together. A limit set at one means "
        "something else at another: look for a batch effect, and set limits anew."
    ]


def _auc_or_reason(value: float, counts: tuple[int, int]) -> dict[str, Any]:
    if np.isnan(value):
        smaller = "positive" if counts[0] <= counts[1] else "negative"
        return {
            "auc": None,
            "reason": f"{min(counts)} {smaller} patients, expected at least {MIN_PER_CLASS}",
        }
    return {"auc": float(value)}
