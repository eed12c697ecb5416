"""The model against simpler ones on the same folds, and these against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import BOOSTER, COMPANION
from proteoclass.scorer.paired_difference import PAIRED_KIND, difference_by_patient
from proteoclass.scorer.rivals.all_proteins import ALL_PROTEINS
from proteoclass.scorer.rivals.clinical import BASELINE, FUSED

Floats = npt.NDArray[np.float64]
#: `interval` and `interval_kind` of the mean of fold AUCs.
Interval = Callable[[Floats], dict[str, Any]]

#: What the model itself is called where two are named.
MODEL: Final = "model"
PAIR_KIND: Final = "the first minus the second, paired by fold; corrected resampled t, 95 %"
DIFFERENCE_KIND = "this model minus the comparator, paired by fold; corrected resampled t, 95 %"
PAIR_BY_PATIENT: Final = f"the first minus the second, {PAIRED_KIND}"
DIFFERENCE_BY_PATIENT: Final = f"this model minus the comparator, {PAIRED_KIND}"
NO_SPREAD = "every fold gave the same difference, so that there is no spread to test it by"
NO_SPREAD_OF_AUC: Final = (
    "every fold gave the same AUC, so that there is no spread to make an interval of, which is no "
    "certainty"
)


class ScoredFold(Protocol):
    """What a test fold has to hold to be compared on, as a `FoldResult` does."""

    @property
    def rows(self) -> npt.NDArray[np.intp]:
        """Positions of samples of the test patients."""

    @property
    def margin(self) -> Floats:
        """What the model says of them."""

    @property
    def rival_margins(self) -> Mapping[str, Floats]:
        """What each comparator says of them."""


@dataclass(frozen=True)
class Pair:
    """Two scores that people want compared, and how each answer reads.

    Parameters
    ----------
    first, second : str
        `MODEL` or names of comparators.
    better, same, worse, untested : str
        Beginnings of the sentence, where the interval of first minus second is above 0,
        holds 0, is below 0, or is not there.
    """

    first: str
    second: str
    better: str
    same: str
    worse: str
    untested: str

    def verdict(self, lower: float, upper: float, reason: str) -> str:
        """Return the sentence that the interval of the difference allows.

        Parameters
        ----------
        lower, upper : float
            NaN where there is no interval.
        reason : str
            Why there is none.

        Examples
        --------
        >>> PAIRS[0].verdict(0.01, 0.02, "")
        'XGBoost beats logistic regression here; the interval of the difference is 0.01 to 0.02.'
        """
        if np.isnan(lower) or np.isnan(upper):
            return f"{self.untested} cannot be tested here: {reason}."
        said = self.better if lower > 0 else self.worse if upper < 0 else self.same
        return f"{said}; {_span(lower, upper)}."


#: What `compare_pairs` looks for, where both were scored.
PAIRS: Final = (
    Pair(
        *(BOOSTER, COMPANION),
        "XGBoost beats logistic regression here",
        "XGBoost does not beat logistic regression here",
        "XGBoost is worse than logistic regression here",
        "Whether XGBoost beats logistic regression",
    ),
    Pair(
        *(MODEL, ALL_PROTEINS),
        "The panel does better than logistic regression on all proteins here",
        "The panel is not shown to differ from logistic regression on all proteins here",
        "The panel is worse than logistic regression on all proteins here",
        "Whether the panel stands up to all proteins",
    ),
    Pair(
        *(FUSED, BASELINE),
        "The panel adds to the clinical baseline here",
        "The panel is not shown to add to the clinical baseline here",
        "The panel takes from the clinical baseline here",
        "Whether the panel adds to the clinical baseline",
    ),
    Pair(
        *(FUSED, MODEL),
        "The clinical columns add to the proteins here",
        "The clinical columns are not shown to add to the proteins here",
        "The clinical columns take from the proteins here",
        "Whether the clinical columns add to the proteins",
    ),
)


def fold_auc(cohort: Cohort, rows: npt.NDArray[np.intp], scores: Floats) -> float:
    """Return the AUC of the index samples among some rows.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int
    scores : array of float
        Of the same length.

    Returns
    -------
    float
    """
    keep = cohort.weights[rows] > 0
    return stats.auc(cohort.labels[rows[keep]], scores[keep], cohort.weights[rows[keep]])


def held_out_ratio(cohort: Cohort, by_repeat: Sequence[Sequence[ScoredFold]]) -> float:
    """Return test patients over training patients of an outer split.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : sequence of sequences of ScoredFold

    Returns
    -------
    float
        1/(k-1) for k folds that chance has dealt; where their sizes are the data's own, as
        those of sites are, the mean over folds.
    """
    # Weights sum to 1 over the index samples of a patient.
    sizes = np.array([cohort.weights[result.rows].sum() for result in by_repeat[0]])
    total = float(cohort.weights.sum())
    if np.ptp(sizes) < 1.5 and abs(sizes.sum() - total) < 0.5:
        return 1 / (len(sizes) - 1)
    return float(np.mean(sizes / (total - sizes)))


def compare_on_folds(
    cohort: Cohort, by_repeat: Sequence[Sequence[ScoredFold]], interval: Interval | None = None
) -> list[dict[str, Any]]:
    """Return a comparator's AUC, the paired difference and what it allows to say.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : sequence of sequences of ScoredFold
    interval : callable, optional
        As for `compare`; given where the folds are levels of a column, whose spread is then
        what the difference is judged by.

    Returns
    -------
    list of dict
        `name`, `auc`, `difference` (paired by patient; by level, the corrected resampled t)
        and `verdict`.
    """
    share = held_out_ratio(cohort, by_repeat)
    aucs = _fold_aucs(cohort, by_repeat)
    rows = []
    for name in [name for name in aucs if name != MODEL]:
        difference = None
        if interval is None:
            difference = _by_patient(cohort, by_repeat, (MODEL, name), aucs)
            difference |= {"kind": DIFFERENCE_BY_PATIENT}
        rows.append(compare(name, aucs[MODEL], aucs[name], share, interval, difference))
    return rows


def compare_pairs(
    cohort: Cohort, by_repeat: Sequence[Sequence[ScoredFold]], *, levels: bool = False
) -> list[dict[str, Any]]:
    """Set pairs of scores beside each other on the same folds.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : sequence of sequences of ScoredFold
    levels : bool
        Whether the folds are levels of a column, whose spread is then what a difference is
        judged by.

    Returns
    -------
    list of dict
        For each of `PAIRS` of which both were scored: `name`, `first`, `second`,
        `difference` (`mean`, `interval`, `p`, `kind`, `n_folds`) and `verdict`.

    Notes
    -----
    As `paired_difference`; between levels, Nadeau & Bengio 2003, doi 10.1023/A:1024068626366.
    """
    share = held_out_ratio(cohort, by_repeat)
    aucs = _fold_aucs(cohort, by_repeat)
    rows = []
    for pair in PAIRS:
        if pair.first not in aucs or pair.second not in aucs:
            continue
        difference = aucs[pair.first] - aucs[pair.second]
        if levels:
            tested = difference_test(difference, share) | {"kind": PAIR_KIND}
        else:
            tested = _by_patient(cohort, by_repeat, (pair.first, pair.second), aucs)
            tested |= {"kind": PAIR_BY_PATIENT}
        lower, upper = tested["interval"]
        rows.append(
            {
                "name": f"{pair.first} vs {pair.second}",
                "first": pair.first,
                "second": pair.second,
                "difference": {
                    "mean": float(np.nanmean(difference)),
                    **tested,
                    "n_folds": int((~np.isnan(difference)).sum()),
                },
                "verdict": pair.verdict(lower, upper, tested.get("reason", "")),
            }
        )
    return rows


def _fold_aucs(cohort: Cohort, by_repeat: Sequence[Sequence[ScoredFold]]) -> dict[str, Floats]:
    """Return the AUC of the model and of each comparator in every fold."""
    results = [r for repeat in by_repeat for r in repeat]
    aucs = {}
    for name in (MODEL, *results[0].rival_margins):
        aucs[name] = np.array([fold_auc(cohort, r.rows, _scores(r, name)) for r in results])
    return aucs


def _scores(result: ScoredFold, name: str) -> Floats:
    return result.margin if name == MODEL else result.rival_margins[name]


def _by_patient(
    cohort: Cohort,
    by_repeat: Sequence[Sequence[ScoredFold]],
    pair: tuple[str, str],
    aucs: dict[str, Floats],
) -> dict[str, Any]:
    """Return interval and p of the first AUC minus the second."""
    scored = [
        [[(r.rows, _scores(r, name)) for r in repeat] for repeat in by_repeat] for name in pair
    ]
    return difference_by_patient(cohort, scored, np.array([aucs[name] for name in pair]))


def compare(
    name: str,
    ours: Floats,
    theirs: Floats,
    share: float,
    interval: Interval | None = None,
    tested: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Set the AUCs of a comparator beside the model's, fold by fold.

    Parameters
    ----------
    name : str
        Of the comparator.
    ours, theirs : array of float, shape (n_folds * n_repeats,)
        AUC of each fold; NaN where its test patients are of one class, and left out.
    share : float
        Test patients over training patients of a fold.
    interval : callable, optional
        Of the AUC, such as the model's own has; that over folds where left out.
    tested : dict, optional
        `interval`, `p` and `kind` of the difference by another route; the corrected
        resampled t where left out, which is what the AUCs of folds alone allow.

    Returns
    -------
    dict
        `name`, `auc`, `difference` and `verdict`.

    Examples
    --------
    >>> row = compare("chance", np.array([0.9, 0.8]), np.array([0.5, 0.5]), 0.25)
    >>> row["auc"]["mean_over_folds"], round(row["difference"]["mean"], 2)
    (0.5, 0.35)
    """
    found = over_folds(theirs, share) if interval is None else interval(theirs)
    difference = ours - theirs
    if tested is None:
        tested = difference_test(difference, share) | {"kind": DIFFERENCE_KIND}
    lower, upper = tested["interval"]
    return {
        "name": name,
        "auc": {"mean_over_folds": float(np.nanmean(theirs)), **found},
        "difference": {"mean": float(np.nanmean(difference)), **tested},
        "verdict": verdict(name, lower, upper, tested.get("reason", "")),
    }


def over_folds(aucs: Floats, share: float) -> dict[str, Any]:
    """Return the interval of a mean over folds as it stands in `evaluation.json`.

    Parameters
    ----------
    aucs : array of float, shape (n_folds * n_repeats,)
        NaN where a fold has none.
    share : float
        Test patients over training patients of a fold.

    Returns
    -------
    dict
        `interval`, `interval_kind` and, where the interval is NaN, `reason`.

    Examples
    --------
    >>> over_folds(np.array([0.9, 0.9]), 0.25)["reason"][:29]
    'every fold gave the same AUC,'
    """
    low, high = stats.corrected_resampled_auc_interval(aucs, share)
    found = {"interval": [low, high], "interval_kind": stats.CORRECTED_RESAMPLED}
    seen = int((~np.isnan(aucs)).sum())
    if seen < 2:
        return found | {"reason": f"{seen} folds, expected at least 2"}
    return found | ({"reason": NO_SPREAD_OF_AUC} if np.isnan(low) else {})


def difference_test(difference: Floats, share: float) -> dict[str, Any]:
    """Return interval and p of paired fold differences, or that there are none and why.

    Parameters
    ----------
    difference : array of float, shape (n_folds * n_repeats,)
    share : float
        Test patients over training patients of a fold.

    Returns
    -------
    dict
        `interval`, `p`; where every fold has the same difference and it is not zero, an
        interval without width would pass for certainty: both are NaN, and `reason` says so.

    Examples
    --------
    >>> difference_test(np.array([0.1, 0.1]), 0.25)["reason"]
    'every fold gave the same difference, so that there is no spread to test it by'
    """
    p = stats.corrected_resampled_p(difference, share)
    if np.isfinite(p):
        low, high = stats.corrected_resampled_interval(difference, share)
        # Two AUCs differ by 1 at most; two folds alone may say more.
        return {"interval": [max(low, -1.0), min(high, 1.0)], "p": p}
    seen = int((~np.isnan(difference)).sum())
    reason = NO_SPREAD if seen > 1 else f"{seen} folds, expected at least 2"
    return {"interval": [float("nan"), float("nan")], "p": float("nan"), "reason": reason}


#: Names of comparators that stand for one thing of its kind.
_WITH_ARTICLE: Final = ("best single", BASELINE, "panel protein")


def verdict(name: str, lower: float, upper: float, reason: str = NO_SPREAD) -> str:
    """Say what the interval of a difference in AUC allows to say.

    Parameters
    ----------
    name : str
        Of the comparator.
    lower, upper : float
        NaN where there is no interval.
    reason : str
        Why there is none.

    Returns
    -------
    str

    Examples
    --------
    >>> verdict("chance", 0.1, 0.3)
    'The model beats chance here; the interval of the difference is 0.10 to 0.30.'
    >>> verdict("clinical baseline", -0.1, 0.3)  # doctest: +ELLIPSIS
    'The model does not beat the clinical baseline here; the interval of the difference ...'
    """
    name = f"the {name}" if name.startswith(_WITH_ARTICLE) else name
    if np.isnan(lower) or np.isnan(upper):
        return f"Whether the model beats {name} cannot be tested here: {reason}."
    span = _span(lower, upper)
    if lower > 0:
        return f"The model beats {name} here; {span}."
    if upper < 0:
        return f"The model is worse than {name} here; {span}."
    return f"The model does not beat {name} here; {span}."


def _span(lower: float, upper: float) -> str:
    # A limit that reads 0.00 would leave open on which side of 0 it lies.
    digits = 3 if any(0 < abs(limit) < 0.005 for limit in (lower, upper)) else 2
    return f"the interval of the difference is {lower:.{digits}f} to {upper:.{digits}f}"
