"""The patients that two matrices have in common, and who is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import Cohort, build_cohort


def common_cohorts(
    a: ProteinMatrix, b: ProteinMatrix, outcome: Outcome, index: str, minimum: int
) -> tuple[Cohort, Cohort, dict[str, Any]]:
    """Return two cohorts of the index samples of the same patients, and who was left out.

    Parameters
    ----------
    a, b : ProteinMatrix
    outcome : Outcome
    index : str
        Rule of `index_weights`.
    minimum : int
        Fewest common patients of each class.

    Returns
    -------
    first, second : Cohort
    patients : dict
        How many are common, and left out of either.

    Raises
    ------
    InputError, TooLittleDataError
        As `compare_fluids`.
    """
    first = build_cohort(a, outcome, index=index, minimum=0)
    # The other class that one sheet names is meant in both.
    second = build_cohort(b, first.outcome, index=index, minimum=0)
    of_a, of_b = (dict(zip(*each.training_patients, strict=True)) for each in (first, second))
    common = sorted(of_a.keys() & of_b.keys())
    if not common:
        raise InputError(
            f"no patient has an index sample in both: A has {name_list(sorted(of_a)) or 'none'}, B "
            f"has {name_list(sorted(of_b)) or 'none'}; give both sheets the same patient_id"
        )
    differ = [name for name in common if of_a[name] != of_b[name]]
    if differ:
        raise InputError(
            f"{len(differ)} patients carry another {outcome.column!r} in B than in A: "
            f"{name_list(differ)}; the label is the patient's: give each patient one"
        )
    positive = sum(int(of_a[name]) for name in common)
    negative = len(common) - positive
    if min(positive, negative) < minimum:
        raise TooLittleDataError(
            f"found {positive} positive and {negative} negative patients with an index sample in "
            f"both, expected at least {minimum} of each; add patients or ask for fewer folds"
        )
    only_a, only_b = sorted(of_a.keys() - of_b.keys()), sorted(of_b.keys() - of_a.keys())
    told = {
        "n_common": len(common),
        "n_positive": positive,
        "n_negative": negative,
        "n_only_a": len(only_a),
        "n_only_b": len(only_b),
        "only_a": only_a,
        "only_b": only_b,
        "text": _left_out(common, only_a, only_b),
    }
    kept = np.array(common, dtype=object)
    first, second = (_index_samples(each, kept) for each in (first, second))
    return first, second, told | {"days_apart": _days_apart(first, second)}


def _left_out(common: list[str], only_a: list[str], only_b: list[str]) -> str:
    text = f"{len(common)} patients have an index sample in both"
    for names, here, other in ((only_a, "A", "B"), (only_b, "B", "A")):
        if names:
            text += f"; {len(names)} of {here} have none in {other} and are left out: "
            text += name_list(names)
    return f"{text}."


def _index_samples(cohort: Cohort, patients: npt.NDArray[np.object_]) -> Cohort:
    """Return the index samples of some patients alone: nothing else may reach a fit."""
    rows = cohort.rows_of(patients)
    rows = rows[cohort.weights[rows] > 0]
    return replace(
        cohort,
        matrix=cohort.matrix.take(cohort.values.index[rows].to_list()),
        labels=cohort.labels[rows],
        weights=cohort.weights[rows],
        patients=cohort.patients[rows],
    )


def _days_apart(first: Cohort, second: Cohort) -> dict[str, Any]:
    """Say how far apart in time the two index samples of a patient are."""
    if not all("day" in each.matrix.samples for each in (first, second)):
        return {"n": 0, "reason": "no day in both sheets"}
    days = [
        each.patient_means(
            np.arange(len(each.patients)),
            pd.to_numeric(each.matrix.samples["day"], errors="coerce").to_numpy(dtype=float),
        )[1]
        for each in (first, second)
    ]
    apart = np.abs(days[0] - days[1])
    apart = apart[~np.isnan(apart)]
    if not len(apart):
        return {"n": 0, "reason": "no patient has a day in both sheets"}
    return {"n": len(apart), "n_apart": int((apart > 0).sum()), "most": float(apart.max())}
