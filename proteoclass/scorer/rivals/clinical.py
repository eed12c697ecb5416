"""Clinical columns of the sample sheet as a model of their own, and beside the panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.outcome import SHEET
from proteoclass.matrix.quality.components import GROUPS
from proteoclass.matrix.quality.patients import IndexPatients
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.rivals.clinical_checks import (
    check_levels,
    check_name,
    check_units,
    check_values,
)
from proteoclass.scorer.rivals.clinical_encoding import Encoding
from proteoclass.scorer.rivals.ridge import RidgeLogistic, fit_ridge

Floats = npt.NDArray[np.float64]

#: Their names among the comparators.
BASELINE: Final = "clinical baseline"
FUSED: Final = "panel + clinical"
#: Of standardised numbers and of levels as 0 and 1. Fixed beforehand: a penalty tuned on a
#: few dozen patients would be one more thing learnt from them.
PENALTY: Final = 1.0
METHOD: Final = (
    "ridge logistic regression (penalty 1) learnt on the training patients of each fold; numbers "
    "standardised, gaps filled with the median and marked by a column; names as one column a "
    "level, a level not seen in training as none; no column transformed, none chosen"
)
FUSION: Final = (
    "ridge logistic regression on the panel's margin and the clinical columns, learnt in each "
    "training fold, where the margin is that of inner folds"
)


@dataclass(frozen=True, eq=False)
class ClinicalTable:
    """Clinical columns of each patient, at the index sample.

    Parameters
    ----------
    table : DataFrame, shape (n_patients, n_columns)
        Indexed by patient; float for a number, text for a name, NaN where not known.
    labels : Series of float, shape (n_patients,)
        1.0 or 0.0, the same index.
    """

    table: pd.DataFrame
    labels: pd.Series

    def of(self, patients: npt.NDArray[np.object_]) -> pd.DataFrame:
        """Return the rows of some patients; one without an index sample has gaps."""
        return self.table.reindex(patients)

    def describe(self) -> list[dict[str, Any]]:
        """Return what each column is and how many patients lack it."""
        rows = []
        for name in self.table:
            column = self.table[name]
            number = pd.api.types.is_numeric_dtype(column)
            rows.append(
                {
                    "name": str(name),
                    "kind": "number" if number else "levels",
                    "levels": None if number else sorted(column.dropna().unique().tolist()),
                    "n_known": int(column.notna().sum()),
                    "n_missing": int(column.isna().sum()),
                }
            )
        return rows


def clinical_table(
    cohort: Cohort, patients: IndexPatients, columns: Sequence[str]
) -> ClinicalTable | None:
    """Return the clinical columns asked for, checked.

    Parameters
    ----------
    cohort : Cohort
    patients : IndexPatients
        As `index_patients` gives for the index samples: numbers are averaged over the
        index samples of a patient, names are those of the first.
    columns : sequence of str
        Columns of the sample sheet; roles by their own names.

    Returns
    -------
    ClinicalTable or None
        None where no column was asked for.

    Raises
    ------
    InputError
        If a column is not in the sheet, is the outcome, an identifier, the same in all
        patients, empty, or numbers among which stands text.
    """
    if not columns:
        return None
    where = cohort.matrix.source.sheet or SHEET
    labels = patients.table["label"]
    found = {}
    for name in dict.fromkeys(columns):
        check_name(name, patients.sheet, cohort.outcome.column, where)
        column = patients.sheet[name]
        if name in GROUPS or not pd.api.types.is_numeric_dtype(column):
            column = column.map(str, na_action="ignore").astype(object)
            check_levels(name, column, where)
        else:
            column = column.astype(float)
        check_values(name, column, labels, where)
        found[name] = column
    if "creatinine" in found:
        check_units(patients.sheet, where)
    return ClinicalTable(pd.DataFrame(found), labels)


@dataclass(frozen=True, eq=False)
class ClinicalModel:
    """Clinical columns, with or without the panel's margin, as a logistic regression.

    Parameters
    ----------
    encoding : Encoding
    fitted : RidgeLogistic
        First coefficient: the panel's margin, in a fused model.
    centre, spread : float
        Of the panel's margin on inner folds, in a fused model.
    """

    encoding: Encoding
    fitted: RidgeLogistic
    centre: float = 0.0
    spread: float = 1.0

    def margin(self, table: pd.DataFrame, panel: Floats | None = None) -> Floats:
        """Return the log-odds of some patients.

        Parameters
        ----------
        table : DataFrame, shape (n_patients, n_columns)
        panel : array of float, shape (n_patients,), optional
            Margin of the panel; for a fused model, and for no other.

        Returns
        -------
        array of float, shape (n_patients,)
        """
        design = self.encoding.design(table)
        if panel is not None:
            design = np.column_stack([(panel - self.centre) / self.spread, design])
        return self.fitted.margin(design)


def fit_clinical(
    clinical: ClinicalTable, patients: npt.NDArray[np.object_], panel: Floats | None = None
) -> ClinicalModel:
    """Learn a clinical model, and how much the panel weighs in it.

    Parameters
    ----------
    clinical : ClinicalTable
    patients : array of object, shape (n_patients,)
        Training patients.
    panel : array of float, shape (n_patients,), optional
        Margins of the panel by models that never saw the patient: margins of the model's
        own training patients are too good, and would leave nothing to the columns.

    Returns
    -------
    ClinicalModel

    Examples
    --------
    >>> ages = pd.DataFrame({"age": [30.0, 40, 60, 70]}, index=list("abcd"))
    >>> known = ClinicalTable(ages, pd.Series([0.0, 0, 1, 1], index=list("abcd")))
    >>> model = fit_clinical(known, np.array(list("abcd"), dtype=object))
    >>> bool(np.diff(model.margin(known.table)).min() > 0)
    True
    """
    table = clinical.of(patients)
    labels = clinical.labels.reindex(patients).to_numpy(dtype=float)
    encoding = Encoding.learn(table)
    design = encoding.design(table)
    centre, spread = 0.0, 1.0
    if panel is not None:
        centre, spread = float(panel.mean()), float(panel.std()) or 1.0
        design = np.column_stack([(panel - centre) / spread, design])
    fitted = fit_ridge(design, labels, np.ones(len(labels)), PENALTY)
    return ClinicalModel(encoding, fitted, centre, spread)


def clinical_margins(
    clinical: ClinicalTable,
    cohort: Cohort,
    inner: tuple[npt.NDArray[np.intp], Floats],
    test_rows: npt.NDArray[np.intp],
    test_margin: Floats,
) -> dict[str, Floats]:
    """Score the test rows of a fold by the clinical columns, without and with the panel.

    Parameters
    ----------
    clinical : ClinicalTable
    cohort : Cohort
    inner : tuple of array of int and array of float
        Index rows of the training patients and their margins on inner folds.
    test_rows : array of int
    test_margin : array of float, shape (n_test_rows,)
        Margins of the model fitted on all training patients.

    Returns
    -------
    dict of str to array of float
        `BASELINE` and `FUSED`. A follow-up sample has the columns of its patient's index
        sample.
    """
    patients, margins = cohort.patient_means(*inner)
    table = clinical.of(cohort.patients[test_rows])
    alone = fit_clinical(clinical, patients)
    fused = fit_clinical(clinical, patients, margins)
    return {BASELINE: alone.margin(table), FUSED: fused.margin(table, test_margin)}
