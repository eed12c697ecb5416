"""How far a score moves when panel proteins are not measured, learnt on held-out patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.scorer.calibration import Platt
from proteoclass.scorer.model_schema import MissingErrorPart
from proteoclass.stats import expit

if TYPE_CHECKING:
    from proteoclass.scorer.procedure import FittedProcedure

Floats = npt.NDArray[np.float64]

#: Score points by which a score may move, in `HIGH_SHARE` of cases, before it is not given.
ERROR_BOUND = 10.0
HIGH_SHARE = 0.95

#: Random sets of proteins tried a held-out sample, and samples a fold with them, at most.
MAX_SETS = 20
MAX_CASES = 1000

#: No larger number is tried, nor more than half of the panel.
MAX_TRIED = 25


def most_tried(size: int) -> int:
    """Return the largest number of missing proteins that is tried for a panel.

    Examples
    --------
    >>> most_tried(20), most_tried(5), most_tried(1)
    (10, 2, 0)
    """
    return min(size // 2, MAX_TRIED)


def score_changes(
    fitted: FittedProcedure,
    values: pd.DataFrame,
    calibrator: Platt,
    size: int,
    rng: np.random.Generator,
) -> Floats:
    """Score held-out samples with 1, 2, ... random panel proteins not measured.

    Parameters
    ----------
    fitted : FittedProcedure
        That never saw these samples.
    values : DataFrame, shape (n_samples, n_proteins)
        log2 values of all proteins.
    calibrator : Platt
        The shipped one.
    size : int
        Proteins in the panel of the model that is locked. Where this fit's panel has
        another size, the same share of it is dropped, rounded up.
    rng : Generator
        Draws the sets.

    Returns
    -------
    array of float, shape (n_sets, n_samples, most_tried(size))
        Absolute change of the score, in points. A set of k + 1 proteins holds the set of k
        of the same draw and sample.
    """
    filled = fitted.panel_values(values)
    n, own = filled.shape
    n_sets = max(1, min(MAX_SETS, MAX_CASES // max(n, 1)))
    cases = np.tile(filled, (n_sets, 1))
    # The place of each protein in the order in which a case loses them.
    place = rng.permuted(np.tile(np.arange(own), (n_sets * n, 1)), axis=1)
    numbers = np.arange(1, most_tried(size) + 1)
    dropped = np.minimum(-(-numbers * own // size), own)
    reduced = [np.where(place < k, fitted.blend.median, cases) for k in dropped]
    blend = fitted.blend
    whole = _points(calibrator, blend.margin(filled))
    if not reduced:
        return np.zeros((n_sets, n, 0))
    points = _points(calibrator, blend.margin(np.concatenate(reduced)))
    change = np.abs(points.reshape(len(numbers), n_sets, n) - whole)
    return np.moveaxis(change, 0, -1)


def _points(calibrator: Platt, margin: Floats) -> Floats:
    return 100 * expit(calibrator.log_odds(margin))


def error_table(changes: list[Floats], weights: list[Floats]) -> list[dict[str, Any]]:
    """Summarise the changes of all folds.

    Parameters
    ----------
    changes : list of array of float, shape (n_sets, n_samples, most)
        One a fold, as `score_changes` returns them.
    weights : list of array of float, shape (n_samples,)
        Of the samples: they sum to 1 over those of a patient.

    Returns
    -------
    list of dict
        `n_missing`, from 1; `median` and `high`, what half and `HIGH_SHARE` of the changes do
        not exceed, in points; `n`, the cases.

    Notes
    -----
    The patients are what repeats, not the sets of proteins: of n patients, `high` is the point
    of a share (n + 1) / n · `HIGH_SHARE` of the weight, and the largest change below 19, as in
    `limit_of` of the training range.

    Examples
    --------
    >>> error_table([np.array([[[1.0], [4.0], [2.0]]])], [np.ones(3)])
    [{'n_missing': 1, 'median': 2.0, 'high': 4.0, 'n': 3}]
    """
    # A fold with fewer samples has more sets, so that each case has its sample's share.
    weight = np.concatenate(
        [np.tile(w / len(c), (len(c), 1)).ravel() for c, w in zip(changes, weights, strict=True)]
    )
    cases = np.concatenate([c.reshape(-1, c.shape[-1]) for c in changes])
    n_patients = sum(float(w.sum()) for w in weights)
    high_share = min(1.0, HIGH_SHARE * (n_patients + 1) / n_patients)
    table = []
    for position in range(cases.shape[1]):
        median, high = np.quantile(
            cases[:, position], (0.5, high_share), weights=weight, method="inverted_cdf"
        )
        table.append(
            {
                "n_missing": position + 1,
                "median": float(median),
                "high": float(high),
                "n": len(cases),
            }
        )
    return table


def most_allowed(table: list[dict[str, Any]], bound: float = ERROR_BOUND) -> int:
    """Return how many panel proteins may be missing: none beyond the first that breaks the bound.

    Examples
    --------
    >>> rows = [{"n_missing": k, "high": high} for k, high in ((1, 4.0), (2, 11.0), (3, 9.0))]
    >>> most_allowed(rows, bound=10.0)
    1
    """
    allowed = 0
    for row in table:
        if row["high"] > bound:
            break
        allowed = row["n_missing"]
    return allowed


def error_words(error: MissingErrorPart | None, n_missing: int) -> str:
    """Say what is known of the error of a score given without some panel proteins.

    Parameters
    ----------
    error : MissingErrorPart or None
        None: a model of an older version, which does not know.
    n_missing : int

    Returns
    -------
    str
        "" where nothing is missing, or nothing known.
    """
    if error is None:
        return ""
    known = [row for row in error.table if row.n_missing == n_missing]
    if not known:
        return ""
    return (
        f"{n_missing} panel protein{'s are' if n_missing > 1 else ' is'} not measured: without "
        f"as many, scores of held-out study patients moved by at most {known[0].high:.1f} points "
        f"in {error.share:.0%} of cases"
    )
