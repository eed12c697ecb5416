"""One row a labelled patient, from the samples that stand for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.outcome import index_weights, is_replicate
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.components import GROUPS

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class IndexPatients:
    """Labelled patients and what is known of their index samples.

    Parameters
    ----------
    table : DataFrame, shape (n_patients, n_properties)
        Indexed by patient, sorted: `label`, `n_detected`, `missing_rate`, `n_visits`
        (of all the patient's samples but replicates), `first_day`, `index_day`,
        averaged over the samples that stand for the patient.
    sheet : DataFrame, shape (n_patients, n_roles_and_covariates)
        The sample sheet's columns: numbers averaged, names from the first such sample in
        the order of sample ids, whatever the order of the file.
    found : array of float, shape (n_patients, n_proteins)
        Share of those samples in which each protein was found.
    samples : Index
        Ids of the samples that stand for a patient.
    """

    table: pd.DataFrame
    sheet: pd.DataFrame
    found: Floats
    samples: pd.Index

    @property
    def two_classes(self) -> bool:
        """Whether both classes have a patient."""
        return set(self.table["label"]) == {0.0, 1.0}


def index_patients(matrix: ProteinMatrix, labels: pd.Series, index: str) -> IndexPatients:
    """Gather the labelled patients of a matrix.

    Parameters
    ----------
    matrix : ProteinMatrix
    labels : Series of float, shape (n_samples,)
        1.0, 0.0 or NaN, as `Outcome.labels` gives.
    index : str
        Which samples stand for a patient, as for `index_weights`.

    Returns
    -------
    IndexPatients

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, None], [8.5, 9.0]], index=["a", "b"], columns=["P1", "P2"])
    >>> matrix = ProteinMatrix.build(values, scale="log2")
    >>> patients = index_patients(matrix, pd.Series([1.0, 0.0], ["a", "b"]), "first")
    >>> patients.table["n_detected"].tolist(), patients.found.tolist()
    ([1.0, 2.0], [[1.0, 0.0], [1.0, 1.0]])
    """
    samples = matrix.samples
    patient = samples["patient_id"]
    found = matrix.values.notna()
    frame = pd.DataFrame(
        {
            "label": labels.reindex(samples.index),
            "n_detected": found.sum(axis=1).astype(float),
            "missing_rate": 1 - found.mean(axis=1),
            "n_visits": (~is_replicate(samples)).groupby(patient).transform("sum").astype(float),
            "first_day": np.nan,
            "index_day": np.nan,
        }
    )
    if "day" in samples:
        days = pd.to_numeric(samples["day"], errors="coerce")
        frame["first_day"] = days.groupby(patient).transform("min")
        frame["index_day"] = days
    chosen = (index_weights(samples, frame["label"], index) > 0).to_numpy()
    of = patient[chosen]
    codes, names = pd.factorize(of, sort=True)
    shares = np.zeros((len(names), matrix.n_proteins))
    np.add.at(shares, codes, found.to_numpy()[chosen].astype(float))
    shares /= np.bincount(codes, minlength=len(names))[:, None]
    return IndexPatients(
        table=frame[chosen].groupby(of, sort=True).mean(),
        sheet=_sheet(samples[chosen].sort_index(), of.sort_index()),
        found=shares,
        samples=samples.index[chosen],
    )


def _sheet(samples: pd.DataFrame, patient: pd.Series) -> pd.DataFrame:
    grouped = samples.drop(columns="patient_id").groupby(patient, sort=True)
    columns = {}
    for name in samples.columns.drop("patient_id"):
        # A batch called 2 is no quantity.
        if name not in GROUPS and pd.api.types.is_numeric_dtype(samples[name]):
            # What overflows is infinite, which whoever uses the column must refuse.
            with np.errstate(over="ignore"):
                columns[name] = grouped[name].mean()
            continue
        text = samples[name].astype(object)
        known = text.notna() & (text.astype(str).str.strip() != "")
        columns[name] = text.where(known).groupby(patient, sort=True).first()
    return pd.DataFrame(columns, index=sorted(patient.unique()))
