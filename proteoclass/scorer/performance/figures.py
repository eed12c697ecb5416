"""Every figure that rests on the out-of-fold scores of index samples alone."""

from __future__ import annotations

from typing import Any, Final

from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.performance.decision_curve import decision_curve
from proteoclass.scorer.performance.held_out import held_out
from proteoclass.scorer.performance.probability import brier, calibration
from proteoclass.scorer.performance.ranking import average_precision, rates_at_fixed
from proteoclass.scorer.performance.sites import site_figures
from proteoclass.scorer.performance.subgroups import subgroups

#: What moving every fold to one prevalence hides where the folds are levels of a column.
CAUTION: Final = (
    "probabilities of each {0} refer to the share of positive patients in the whole cohort, that "
    "of the {0} itself included: whether they fit the share at a {0} that took no part is not told"
)
_OF_PROBABILITIES: Final = ("brier", "calibration", "decision_curve")


def held_out_figures(
    cohort: Cohort, by_repeat: list[list[FoldResult]], design: dict[str, Any]
) -> dict[str, Any]:
    """Return what `evaluation.json` says of the scores beside their AUC.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult
    design : dict
        `seed`, of the draws behind intervals, and `leave_out`.

    Returns
    -------
    dict
        `average_precision`, `brier`, `calibration`, `sensitivity_at_specificity`,
        `decision_curve`, `subgroups` and `sites`; those of probabilities with a `caution`
        where levels of a column were left out.
    """
    held, seed = held_out(cohort, by_repeat), design["seed"]
    left_out = design.get("leave_out") or ""
    figures: dict[str, dict[str, Any]] = {
        "average_precision": average_precision(held, seed),
        "brier": brier(held, seed),
        "calibration": calibration(held),
        "sensitivity_at_specificity": rates_at_fixed(held, seed),
        "decision_curve": decision_curve(held, seed),
        "subgroups": subgroups(cohort, held),
        "sites": site_figures(cohort, held, left_out or "site"),
    }
    for name in _OF_PROBABILITIES if left_out else ():
        figures[name]["caution"] = CAUTION.format(left_out)
    return figures
