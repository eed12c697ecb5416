"""How far the AUC differs between sites, and what a new site may give."""

from __future__ import annotations

from typing import Any

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.performance.grouping import group_patients
from proteoclass.scorer.performance.held_out import HeldOut
from proteoclass.scorer.performance.heterogeneity import heterogeneity, logit_auc
from proteoclass.scorer.performance.subgroups import (
    AUC_KIND,
    INTERVAL_KIND,
    NAMED,
    group_figures,
    small_group,
)

_SITE_KEYS = ("group", "n_positive", "n_negative", "auc", "error", "interval")


def site_figures(cohort: Cohort, held: HeldOut, column: str = "site") -> dict[str, Any]:
    """Return how far the AUC differs between sites, and what a new site may give.

    Parameters
    ----------
    cohort : Cohort
    held : HeldOut
    column : str
        Of the sample sheet.

    Returns
    -------
    dict
        `groups` with AUC and error; `heterogeneity` on the logit of the AUC; `auc`, the
        pooled value with its interval and the interval of a new site; `left_out`, sites
        without an AUC or without an error, and why.
    """
    grouping = group_patients(cohort, held, column)
    empty: dict[str, Any] = {"column": column, "auc": None, "heterogeneity": None}
    if grouping is None:
        return empty | {"reason": f"the sample sheet has no column {column!r}"}
    rows = [group_figures(held, grouping, name) for name in grouping.names]
    used = [row for row in rows if row["interval"] is not None]
    left_out = [row for row in rows if row["interval"] is None]
    logits = [logit_auc(row["auc"], row["error"]) for row in used]
    found = heterogeneity([y for y, _ in logits], [error for _, error in logits])
    return empty | {
        "groups": [{key: row[key] for key in _SITE_KEYS} for row in used],
        "left_out": [small_group(row) for row in left_out[:NAMED]],
        "n_left_out": len(left_out),
        "heterogeneity": found | {"scale": "logit of the AUC, errors by the delta method"},
        "auc": _back(found),
        "auc_kind": AUC_KIND,
        "interval_kind": INTERVAL_KIND,
    }


def _back(found: dict[str, Any]) -> dict[str, Any] | None:
    """Return the pooled logit and its intervals as AUCs."""
    if found["pooled"] is None:
        return None
    return {
        "pooled": float(stats.expit(found["pooled"])),
        "interval": stats.expit(found["interval"]).tolist(),
        "interval_kind": found["interval_kind"],
        "prediction_interval": stats.expit(found["prediction_interval"]).tolist(),
        "prediction_interval_kind": found["prediction_interval_kind"],
    }
