"""Every figure that rests on the out-of-fold scores of index samples alone."""

from __future__ import annotations

from typing import Any

from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult
from proteoclass.scorer.performance.decision_curve import decision_curve
from proteoclass.scorer.performance.held_out import held_out
from proteoclass.scorer.performance.probability import brier, calibration
from proteoclass.scorer.performance.ranking import average_precision, rates_at_fixed
from proteoclass.scorer.performance.sites import site_figures
from proteoclass.scorer.performance.subgroups import subgroups


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
        `decision_curve`, `subgroups` and `sites`.
    """
    held, seed = held_out(cohort, by_repeat), design["seed"]
    return {
        "average_precision": average_precision(held, seed),
        "brier": brier(held, seed),
        "calibration": calibration(held),
        "sensitivity_at_specificity": rates_at_fixed(held, seed),
        "decision_curve": decision_curve(held, seed),
        "subgroups": subgroups(cohort, held),
        "sites": site_figures(cohort, held, design.get("leave_out") or "site"),
    }
