"""What stands beside a locked model on an external cohort, paired by patient."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass import stats
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.comparators import verdict
from proteoclass.scorer.crossfit import BOOSTER, COMPANION
from proteoclass.scorer.model import SeverityModel
from proteoclass.scorer.performance.delong import delong_interval, delong_test

Floats = npt.NDArray[np.float64]

BEST_HERE: Final = "best single panel protein, picked on these patients"
HEAVIEST: Final = "panel protein of largest weight"
CHOSEN_HERE: Final = (
    "highest AUC among the {n} panel proteins on these very patients, in the direction of "
    "training: picked here, which flatters it"
)
CHOSEN_IN_TRAINING: Final = "largest coefficient of the model's ridge logistic, in training"


def locked_comparators(
    model: SeverityModel, matrix: ProteinMatrix, ids: pd.Index, labels: Floats, ours: Floats
) -> list[dict[str, Any]]:
    """Set the model beside its parts and single proteins, on the same patients.

    Parameters
    ----------
    model : SeverityModel
    matrix : ProteinMatrix
    ids : Index of str, shape (n_patients,)
        One sample a patient.
    labels : array of 0 and 1, shape (n_patients,)
    ours : array of float, shape (n_patients,)
        The model's scores.

    Returns
    -------
    list of dict
        `name`, `auc`, `difference` (paired DeLong) and `verdict`; for a single protein
        `chosen` and `chosen_by` too.
    """
    margins, values = (part.loc[ids] for part in model.parts(matrix))
    rows = [
        compare_locked(name, labels, ours, margins[part].to_numpy())
        for name, part in ((COMPANION, "companion"), (BOOSTER, "booster"))
    ]
    coefficients = np.mean(model.content.companion.coefficients, axis=0)
    panel = model.content.panel
    proteins = values.to_numpy() * [
        # Signed as in training; the ridge logistic decides where no direction is known.
        {"up": 1.0, "down": -1.0}.get(protein.direction, 1.0 if coefficient >= 0 else -1.0)
        for protein, coefficient in zip(panel, coefficients, strict=True)
    ]
    aucs = [stats.auc(labels, scores) for scores in proteins.T]
    for name, position, rule in (
        (BEST_HERE, int(np.argmax(aucs)), CHOSEN_HERE.format(n=len(panel))),
        (HEAVIEST, int(np.argmax(np.abs(coefficients))), CHOSEN_IN_TRAINING),
    ):
        chosen = {"id": panel[position].id, "gene": panel[position].gene}
        row = compare_locked(name, labels, ours, proteins[:, position])
        rows.append(row | {"chosen": chosen, "chosen_by": rule})
    return rows


def compare_locked(name: str, labels: Floats, ours: Floats, theirs: Floats) -> dict[str, Any]:
    """Compare two scores of the same patients by DeLong's paired test.

    Parameters
    ----------
    name : str
        Of the other score.
    labels : array of 0 and 1, shape (n_patients,)
    ours, theirs : array of float, shape (n_patients,)

    Returns
    -------
    dict
        `name`, `auc`, `difference` and `verdict`.

    Examples
    --------
    >>> labels = np.array([0.0, 0, 0, 1, 1, 1])
    >>> compare_locked("age", labels, np.arange(6.0), np.array([1.0, 4, 6, 2, 3, 5]))["verdict"]
    'The model does not beat age here; the interval of the difference is -0.06 to 1.17.'
    """
    auc = delong_interval(labels, theirs)
    difference = delong_test(labels, ours, theirs)
    lower, upper = difference["interval"]
    return {
        "name": name,
        "auc": auc,
        "difference": difference,
        "verdict": verdict(name, lower, upper, difference.get("reason", "")),
    }
