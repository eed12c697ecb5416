"""An external cohort made fit to judge a model: one sample a patient, no training patient."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, PanelMismatchError, TooLittleDataError, name_list
from proteoclass.matrix.outcome import index_weights
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.duplicates import (
    Duplicate,
    duplicates_warning,
    find_duplicates,
)
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.missing_proteins import error_words
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.seen_patients import patients_among

#: Most patients of whom every pair is looked at, which takes 200 MB a table.
MOST_PAIRED: Final = 5_000
#: Fewest reportable patients of a class for any figure.
MIN_REPORTABLE: Final = 2


def one_sample_each(cohort: Cohort, index: str) -> tuple[Cohort, int]:
    """Return a cohort with one index sample a patient, and for how many one was chosen.

    Parameters
    ----------
    cohort : Cohort
    index : str
        The rule that its index samples come from. Of several samples that carry a value, the
        first by day or visit stands for the patient.

    Returns
    -------
    cohort : Cohort
    n_several : int

    Raises
    ------
    InputError
        If a patient's samples have no order, or all of them were asked for.
    """
    several = _patients_of_several(cohort)
    if not several:
        return cohort, 0
    if "=" in index:
        samples = cohort.matrix.samples
        chosen = pd.Series(cohort.labels, index=samples.index).where(cohort.weights > 0)
        weights = index_weights(samples, chosen, "first").to_numpy(dtype=float)
        cohort = replace(cohort, weights=weights)
    left = _patients_of_several(cohort)
    if left:
        raise InputError(
            f"--index {index}: {len(left)} patients have several index samples: "
            f"{name_list(left)}; DeLong's interval needs one a patient: name it with --index "
            "COLUMN=VALUE, or give days or visits"
        )
    return cohort, len(several)


def _patients_of_several(cohort: Cohort) -> list[str]:
    inside = (cohort.weights > 0) & (cohort.weights < 1)
    return sorted(set(cohort.patients[inside].astype(str)))


def refuse_training_cohort(model: SeverityModel, matrix: ProteinMatrix, cohort: Cohort) -> None:
    """Refuse the cohort that a model was trained on, or a part of it: an AUC there says nothing.

    Patients are known by their values; see `patients_seen` for what is not recognised.

    Parameters
    ----------
    model : SeverityModel
    matrix : ProteinMatrix
        As read, of the external cohort.
    cohort : Cohort
        The same, prepared.

    Raises
    ------
    InputError
    """
    training, where = model.content.training, matrix.source.path or "matrix"
    same_file = bool(matrix.source.sha256) and training.matrix_sha256 == matrix.source.sha256
    # A file may hold both: a newer model knows its patients, an older one its file alone.
    unknown = same_file and not training.samples
    if unknown or training.cohort_sha256 == cohort.fingerprint:
        raise InputError(
            f"{where}: the model {model.name} was trained on this very "
            f"{'file' if same_file else 'cohort'}, which is no external cohort; leave out --model "
            "for an honest figure by cross-validation"
        )
    proteins = model.wanted().loc[[protein.id for protein in model.content.panel]]
    shared = patients_among(training.samples, proteins, cohort, training.cohort_sha256)
    if shared:
        raise InputError(
            f"{where}: {len(shared)} of {len(cohort.training_patients[0])} patients were in the "
            f"training cohort of the model {model.name}: {name_list(shared)}; their scores are "
            "flattering: leave them out of the matrix or the sheet"
        )


def not_reportable(
    cohort: Cohort, scores: pd.DataFrame, rows: npt.NDArray[np.intp]
) -> dict[str, Any]:
    """Count the index samples that the model gave no score, class by class, and why.

    Parameters
    ----------
    cohort : Cohort
    scores : DataFrame, shape (n_samples, 13)
        As `SeverityModel.score` returns it.
    rows : array of int
        Positions of the index samples.

    Returns
    -------
    dict
        `n`, `n_positive`, `n_negative`, of `n_index_samples`; `reasons`, the most frequent
        first.
    """
    refused = rows[(scores["status"].to_numpy()[rows] != "final")]
    reasons = Counter(scores["reason"].to_numpy()[refused])
    positive = int((cohort.labels[refused] == 1).sum())
    return {
        "n": len(refused),
        "n_positive": positive,
        "n_negative": len(refused) - positive,
        "n_index_samples": len(rows),
        "reasons": [
            {"reason": reason, "n": n}
            for reason, n in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def most_frequent(refused: dict[str, Any]) -> str:
    """Return why patients are not reportable, the most frequent reason where there are several.

    Parameters
    ----------
    refused : dict
        As `not_reportable` returns it, with one patient at least.

    Returns
    -------
    str

    Examples
    --------
    >>> most_frequent({"n": 3, "reasons": [{"reason": "no panel", "n": 3}]})
    'no panel'
    >>> most_frequent({"n": 3, "reasons": [{"reason": "a", "n": 2}, {"reason": "b", "n": 1}]})
    'most often (2 of 3): a'
    """
    first = refused["reasons"][0]
    if first["n"] == refused["n"]:
        return str(first["reason"])
    return f"most often ({first['n']} of {refused['n']}): {first['reason']}"


def read_with_care(scores: pd.DataFrame, model: SeverityModel) -> list[str]:
    """Say what the scores of an external cohort must be read with.

    Parameters
    ----------
    scores : DataFrame
        Of the reportable index samples, columns of `scores.tsv`.
    model : SeverityModel

    Returns
    -------
    list of str
        Panel proteins that were not measured, and patients far from the study patients.
    """
    size = len(model.content.panel)
    missing = error_words(model.content.missing.error, size - int(scores["panel_found"].max()))
    said = [f"Of {size}, {missing}."] if missing else []
    far = int((~scores["reason"].isin(["", missing])).sum())
    if far:
        said.append(
            f"{far} of {len(scores)} scored patients are far from the study patients (see `reason` "
            "in scores.tsv): their scores are to be read with care."
        )
    return said


def same_patients(cohort: Cohort, rows: npt.NDArray[np.intp]) -> tuple[list[Duplicate], list[str]]:
    """Find patients who may stand in a cohort under two names.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int
        Positions of the reportable index samples.

    Returns
    -------
    found : list of Duplicate
    warnings : list of str
        One sentence, or none.
    """
    if len(rows) > MOST_PAIRED:
        return [], [
            f"Whether a patient stands here under two names was not looked for: {len(rows)} "
            f"patients, at most {MOST_PAIRED} are compared with each other."
        ]
    found = find_duplicates(cohort.values.iloc[rows], cohort.patients[rows])
    return found, [duplicates_warning(len(found), "counts twice here")] if found else []


def require_reportable(
    cohort: Cohort,
    rows: npt.NDArray[np.intp],
    refused: dict[str, Any],
    model: SeverityModel,
    n_found: int,
) -> None:
    """Refuse a matrix without the panel, and too few patients of a class with a score.

    Parameters
    ----------
    cohort : Cohort
    rows : array of int
        Positions of the reportable index samples.
    refused : dict
        As `not_reportable` returns it.
    model : SeverityModel
    n_found : int
        Proteins of the panel that the matrix measures.

    Raises
    ------
    PanelMismatchError
        If these are fewer than the model scores with.
    TooLittleDataError
    """
    size = len(model.content.panel)
    least = size - model.content.missing.max_not_measured
    if n_found < least:
        raise PanelMismatchError(
            f"{cohort.matrix.source.path or 'matrix'}: measures {n_found} of {size} panel proteins "
            f"of the model {model.name}, at least {least} are needed; give accessions or genes "
            "with --proteins, or use a model of these proteins"
        )
    positive = int((cohort.labels[rows] == 1).sum())
    if min(positive, len(rows) - positive) < MIN_REPORTABLE:
        why = (
            f"; the most frequent reason: {refused['reasons'][0]['reason']}" if refused["n"] else ""
        )
        raise TooLittleDataError(
            f"the model {model.name} gives a score to {positive} positive and "
            f"{len(rows) - positive} negative patients, expected at least {MIN_REPORTABLE} of "
            f"each; {refused['n']} of {refused['n_index_samples']} are not reportable{why}"
        )
