"""Cohorts of which the truth is known, in the shape of a given one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import Cohort

Floats = npt.NDArray[np.float64]

#: Share of a noise protein's variance that stays with the patient from visit to visit:
#: a pipeline that splits samples in place of patients then reads above one half.
PATIENT_SHARE: Final = 0.6


def permuted_labels(
    cohort: Cohort, rng: np.random.Generator, strata: npt.NDArray[np.object_] | None = None
) -> Cohort:
    """Return the cohort with its labels dealt anew over whole patients.

    Over all of them, not within sites or batches: what a batch tells of the outcome is no
    protein's merit either, and must go as well. Only where the sites are the folds is there
    nothing of theirs in the AUC, which is one within sites.

    Parameters
    ----------
    cohort : Cohort
    rng : Generator
    strata : array of object, shape (n_patients,), optional
        Of each training patient, by patient id: the labels are dealt within them.

    Returns
    -------
    Cohort
        As many patients of each class, each with all its visits; the new labels stand in
        the sample sheet. Patients without an index sample have no label any more.
    """
    names, classes = cohort.training_patients
    given = classes.astype(float)
    within = np.zeros(len(names), dtype=int) if strata is None else strata
    for stratum in np.unique(within):
        members = within == stratum
        given[members] = rng.permutation(given[members])
    dealt = cohort.with_labels(dict(zip(names, given, strict=True)))
    return replace(dealt, matrix=_with_sheet_labels(dealt, was=cohort.labels))


def pure_noise(
    cohort: Cohort, rng: np.random.Generator, strata: npt.NDArray[np.object_] | None = None
) -> Cohort:
    """Return a cohort of the same shape whose values are noise and whose labels are dealt anew.

    Each protein keeps its mean, its SD and the cells where it was not detected; patients
    keep their visits. The labels are dealt anew, because which proteins are missing may go
    with the true ones.

    Parameters
    ----------
    cohort : Cohort
    rng : Generator
    strata : array of object, optional
        As for `permuted_labels`.

    Returns
    -------
    Cohort
    """
    values = cohort.values.to_numpy(dtype=float)
    mean, spread = moments(values)
    owner = pd.factorize(cohort.patients, sort=True)[0]
    between = rng.normal(size=(owner.max() + 1, values.shape[1]))[owner]
    within = rng.normal(size=values.shape)
    noise = np.sqrt(PATIENT_SHARE) * between + np.sqrt(1 - PATIENT_SHARE) * within
    drawn = np.where(np.isnan(values), np.nan, mean + spread * noise)
    return permuted_labels(with_values(cohort, drawn), rng, strata)


def moments(values: Floats) -> tuple[Floats, Floats]:
    """Return each protein's mean and SD over the samples where it was detected.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)

    Returns
    -------
    mean, spread : arrays of float, shape (n_proteins,)
        0 and 0 for a protein that was never detected; spread 0 for one detected once.

    Examples
    --------
    >>> mean, spread = moments(np.array([[1.0, np.nan], [3.0, 5.0]]))
    >>> mean.tolist(), spread.round(3).tolist()
    ([2.0, 5.0], [1.414, 0.0])
    """
    seen = ~np.isnan(values)
    count = np.maximum(seen.sum(axis=0), 1)
    filled = np.where(seen, values, 0.0)
    mean = filled.sum(axis=0) / count
    squares = np.where(seen, (values - mean) ** 2, 0.0).sum(axis=0)
    return mean, np.sqrt(squares / np.maximum(count - 1, 1))


def with_values(cohort: Cohort, values: Floats) -> Cohort:
    """Return the cohort with other values in the same cells.

    Parameters
    ----------
    cohort : Cohort
    values : array of float, shape (n_samples, n_proteins)

    Returns
    -------
    Cohort
    """
    frame = pd.DataFrame(values, index=cohort.values.index, columns=cohort.values.columns)
    return replace(cohort, matrix=replace(cohort.matrix, values=frame))


def with_column(matrix: ProteinMatrix, name: str, column: npt.ArrayLike) -> ProteinMatrix:
    """Return the matrix with a column of the sample sheet put in or replaced.

    Parameters
    ----------
    matrix : ProteinMatrix
    name : str
    column : array-like, shape (n_samples,)

    Returns
    -------
    ProteinMatrix

    Examples
    --------
    >>> matrix = ProteinMatrix.build(pd.DataFrame([[1.0]], ["s"], ["p"]), scale="log2")
    >>> with_column(matrix, "site", ["North"]).samples["site"].tolist()
    ['North']
    """
    samples = matrix.samples.copy()
    samples[name] = pd.Series(np.asarray(column, dtype=object), index=samples.index)
    return replace(matrix, samples=samples)


def _with_sheet_labels(cohort: Cohort, was: Floats) -> ProteinMatrix:
    outcome = cohort.outcome
    text = cohort.matrix.samples[outcome.column].astype(object).to_numpy(copy=True)
    # A third label stays; one that was permuted away leaves a blank.
    text[~np.isnan(was)] = None
    text[cohort.labels == 1.0] = outcome.positive
    text[cohort.labels == 0.0] = outcome.negative
    return with_column(cohort.matrix, outcome.column, text)
