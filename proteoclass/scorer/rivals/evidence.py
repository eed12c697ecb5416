"""What rivals on the same folds say: figures for `evaluation.json`, sentences and warnings."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.quality.patients import IndexPatients, index_patients
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import compare_pairs
from proteoclass.scorer.crossfit import FoldOptions, FoldResult
from proteoclass.scorer.rivals.clinical import (
    BASELINE,
    FUSED,
    FUSION,
    METHOD,
    ClinicalTable,
)
from proteoclass.scorer.rivals.nuisance import nuisance_warnings
from proteoclass.scorer.single_protein import SINGLE

#: What is known of everybody; alone they make a weak baseline.
DEMOGRAPHIC: Final = ("age", "sex")
#: A baseline above it may hold what was written down after the outcome.
SUSPICIOUS_AUC: Final = 0.95
NOT_ASKED: Final = "no clinical columns were asked for"


def patients_of(cohort: Cohort) -> IndexPatients:
    """Gather one row a training patient, from the cohort's index samples.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    IndexPatients
    """
    labels = pd.Series(cohort.labels, index=cohort.values.index).where(cohort.weights > 0)
    # Only index samples keep a label here, and all of them stand for their patient.
    return index_patients(cohort.matrix, labels, "all")


def describe_rivals(
    cohort: Cohort,
    by_repeat: list[list[FoldResult]],
    comparators: list[dict[str, Any]],
    options: FoldOptions,
    *,
    levels: bool = False,
) -> tuple[dict[str, Any], list[str]]:
    """Return what the rivals say.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult
    comparators : list of dict
        As `compare_on_folds` returns them.
    options : FoldOptions
    levels : bool
        As for `compare_pairs`.

    Returns
    -------
    figures : dict
        `clinical` and `comparisons` of `evaluation.json`.
    warnings : list of str
    """
    figures = {
        "clinical": _clinical(cohort, options.clinical, comparators),
        "comparisons": compare_pairs(cohort, by_repeat, levels=levels),
    }
    tied = [] if options.nuisances is None else options.nuisances.tied_to_outcome()
    warnings = nuisance_warnings(comparators, tied)
    for row in comparators:
        if row["name"] != BASELINE:
            continue
        # Not testable, which is NaN, is no proof either.
        if not row["difference"]["interval"][0] > 0:
            warnings.append(row["verdict"])
        reached = row["auc"]["mean_over_folds"]
        if reached > SUSPICIOUS_AUC:
            warnings.append(
                f"The clinical baseline alone reaches AUC {reached:.2f}: look for a column that "
                "was written down after the outcome, or because of it."
            )
    return figures, warnings


def verdicts(summary: dict[str, Any]) -> list[str]:
    """Return the sentences an evaluation comes down to, a line each.

    Parameters
    ----------
    summary : dict
        Content of `evaluation.json`.

    Returns
    -------
    list of str
        Clinical columns, best single protein, clinical baseline and pairs; not what is
        among the warnings.

    Examples
    --------
    >>> verdicts({"comparators": [{"name": "best single protein", "verdict": "No."}],
    ...           "comparisons": [{"verdict": "Yes."}], "warnings": ["No."]})
    ['Yes.']
    """
    alone = (SINGLE, BASELINE)
    text = (summary.get("clinical") or {}).get("text")
    said = [text] if text else []
    said += [row["verdict"] for row in summary["comparators"] if row["name"] in alone]
    said += [row["verdict"] for row in summary.get("comparisons") or []]
    return [sentence for sentence in said if sentence not in summary["warnings"]]


def _clinical(
    cohort: Cohort, clinical: ClinicalTable | None, comparators: list[dict[str, Any]]
) -> dict[str, Any]:
    if clinical is None:
        known = [name for name in DEMOGRAPHIC if name in cohort.matrix.samples]
        hint = f"; the sample sheet has {' and '.join(known)}" if known else ""
        return {"columns": [], "reason": f"{NOT_ASKED} (--clinical){hint}"}
    columns = clinical.describe()
    reached = {row["name"]: row["auc"] for row in comparators}
    return {
        "columns": columns,
        "n_patients": len(clinical.table),
        "baseline": reached[BASELINE],
        "fused": reached[FUSED],
        "method": METHOD,
        "fusion": FUSION,
        "text": _sentence(columns, len(clinical.table)),
    }


def _sentence(columns: list[dict[str, Any]], n_patients: int) -> str:
    names = name_list([row["name"] for row in columns], 12)
    gaps = [f"{row['name']} in {row['n_missing']}" for row in columns if row["n_missing"]]
    text = f"Clinical baseline of {n_patients} patients: {names}"
    text += f"; not known: {name_list(gaps, 12)}." if gaps else ", known in all."
    if {row["name"] for row in columns} <= set(DEMOGRAPHIC):
        text += (
            " Age and sex alone are easily beaten: name what else is known on that day, such as "
            "CRP, lymphocytes or oxygen saturation."
        )
    return text
