"""A prepared matrix seen as training data: values, labels, weights and patients."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.normalisation.prepare import prepare
from proteoclass.matrix.outcome import SHEET, Outcome, index_weights, require_classes
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.samples.controls import without_controls

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cohort:
    """Samples with what a model may learn from each.

    Parameters
    ----------
    matrix : ProteinMatrix
        On the log2 scale, pool channels and QC pool samples gone.
    outcome : Outcome
        Both labels filled in.
    labels : array of float, shape (n_samples,)
        1, 0, or NaN where the sample carries neither label.
    weights : array of float, shape (n_samples,)
        Sums to 1 over the index samples of a patient; 0 for all others.
    patients : array of object, shape (n_samples,)
    """

    matrix: ProteinMatrix
    outcome: Outcome
    labels: Floats
    weights: Floats
    patients: npt.NDArray[np.object_]

    @property
    def values(self) -> pd.DataFrame:
        """The log2 values, shape (n_samples, n_proteins)."""
        return self.matrix.values

    @property
    def fingerprint(self) -> str:
        """SHA-256 of ids and log2 values to three decimals, whatever file they stand in."""
        values = self.values.sort_index(axis=0).sort_index(axis=1)
        names = "\n".join((*values.index, "", *values.columns))
        # One bit pattern for every gap and for zero, whatever made it.
        numbers = np.round(values.to_numpy(dtype=float), 3) + 0.0
        numbers[np.isnan(numbers)] = np.nan
        return hashlib.sha256(names.encode() + numbers.tobytes()).hexdigest()

    @property
    def training_patients(self) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int_]]:
        """Patients with an index sample, sorted by id, and the class of each."""
        rows = self.index_rows()
        names, first = np.unique(self.patients[rows].astype(str), return_index=True)
        return names.astype(object), self.labels[rows[first]].astype(int)

    @property
    def prevalence(self) -> float:
        """Share of positive patients among those with an index sample."""
        return float(self.training_patients[1].mean())

    def rows_of(self, patients: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
        """Return the positions of every sample of these patients, labelled or not.

        By sample id: a sum or a bootstrap draw must not depend on the order of the file.
        """
        return self._by_id(np.flatnonzero(self._patient_index.isin(patients)))

    def index_rows(self) -> npt.NDArray[np.intp]:
        """Return the positions of the index samples, by sample id."""
        return self._by_id(np.flatnonzero(self.weights > 0))

    def patient_means(
        self, rows: npt.NDArray[np.intp], values: Floats
    ) -> tuple[npt.NDArray[np.object_], Floats]:
        """Return one value a patient, the mean over its index samples.

        Parameters
        ----------
        rows : array of int
            Every index sample of the patients concerned.
        values : array of float
            Of the same length.

        Returns
        -------
        patients : array of object
            By id.
        means : array of float
        """
        names, place = np.unique(self.patients[rows].astype(str), return_inverse=True)
        sums = np.bincount(place, self.weights[rows] * values, len(names))
        return names.astype(object), sums / np.bincount(place, self.weights[rows], len(names))

    # Folds ask for rows hundreds of times: what they are found by is made once.
    @cached_property
    def _patient_index(self) -> pd.Index:
        return pd.Index(self.patients)

    @cached_property
    def _rank(self) -> npt.NDArray[np.intp]:
        """Return the place of each sample in the order of the ids."""
        order = np.argsort(self.values.index.to_numpy(dtype=str), kind="stable")
        return np.argsort(order, kind="stable")

    def _by_id(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        return rows[np.argsort(self._rank[rows], kind="stable")]

    def used(self) -> npt.NDArray[np.object_]:
        """Return "index", "follow-up" or "other" for each sample."""
        used = np.full(len(self.labels), "other", dtype=object)
        used[~np.isnan(self.labels)] = "follow-up"
        used[self.weights > 0] = "index"
        return used

    def with_labels(self, of_patient: dict[str, float]) -> Cohort:
        """Return the cohort with the labels of training patients replaced."""
        given = pd.Series(self.patients).map(of_patient).to_numpy(dtype=float)
        return replace(self, labels=np.where(np.isnan(self.labels), np.nan, given))


def build_cohort(
    matrix: ProteinMatrix, outcome: Outcome, *, index: str = "first", minimum: int = 2
) -> Cohort:
    """Prepare a matrix for training and evaluation.

    Parameters
    ----------
    matrix : ProteinMatrix
    outcome : Outcome
    index : str
        Rule of `index_weights`.
    minimum : int
        Fewest patients of each class.

    Returns
    -------
    Cohort

    Raises
    ------
    InputError
        If the outcome or the rule does not fit the sheet.
    TooLittleDataError
        If a class has fewer patients than `minimum`.
    """
    prepared = _by_protein(without_controls(prepare(matrix)))
    samples = prepared.samples
    sheet = matrix.source.sheet or SHEET
    resolved = outcome.resolve(samples, sheet)
    labels = resolved.labels(samples, sheet)
    weights = index_weights(samples, labels, index)
    chosen = weights > 0
    require_classes(labels[chosen], samples["patient_id"][chosen], minimum)
    return Cohort(
        matrix=prepared,
        outcome=resolved,
        labels=labels.to_numpy(dtype=float),
        weights=weights.to_numpy(dtype=float),
        patients=samples["patient_id"].astype(str).to_numpy(dtype=object),
    )


def _by_protein(matrix: ProteinMatrix) -> ProteinMatrix:
    """Return a matrix with its proteins by id.

    A booster draws columns by their place: the order of the file must not reach it.
    """
    order = np.argsort(matrix.values.columns.to_numpy(dtype=str), kind="stable")
    return replace(
        matrix, values=matrix.values.iloc[:, order], proteins=matrix.proteins.iloc[order]
    )
