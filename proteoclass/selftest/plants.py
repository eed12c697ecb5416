"""Leaks and signals put into a cohort of noise on purpose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import Cohort
from proteoclass.selftest.noise import moments, with_column, with_values

Floats = npt.NDArray[np.float64]

#: SDs between the classes in a protein that copies the label, and SD of its reading.
COPY_DISTANCE: Final = 4.0
COPY_NOISE: Final = 0.1
#: One patient in this many is in the cohort a second time.
COPIED_PATIENTS: Final = 4
#: SD of the difference between a duplicate and its original, in SDs of the protein.
DUPLICATE_NOISE: Final = 0.01


@dataclass(frozen=True, eq=False)
class Duplicated:
    """A matrix in which some patients are twice, and which samples those are.

    Parameters
    ----------
    matrix : ProteinMatrix
    originals, copies : tuple of str
        Sample ids.
    n_patients : int
        Patients who are in it twice.
    """

    matrix: ProteinMatrix
    originals: tuple[str, ...]
    copies: tuple[str, ...]
    n_patients: int


def best_measured(matrix: ProteinMatrix, candidates: list[str], count: int) -> list[str]:
    """Return the proteins to plant in: fewest gaps first, then the most abundant, then by id.

    Parameters
    ----------
    matrix : ProteinMatrix
    candidates : list of str
        Proteins that a panel may hold.
    count : int

    Returns
    -------
    list of str
        Fewer where there are no more.

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1.0, 2.0], "b": [9.0, np.nan], "c": [8.0, 8.0]})
    >>> best_measured(ProteinMatrix.build(values, scale="log2"), ["a", "b", "c"], 2)
    ['c', 'a']
    """
    values = matrix.values[candidates]
    frame = pd.DataFrame({"gaps": values.isna().sum(), "level": -values.median()})
    frame["id"] = frame.index.astype(str)
    frame = frame[frame["level"].notna()].sort_values(["gaps", "level", "id"])
    return frame["id"].head(count).tolist()


def copy_label(cohort: Cohort, protein: str, rng: np.random.Generator) -> Cohort:
    """Return the cohort with one protein that copies the label of every labelled sample.

    Parameters
    ----------
    cohort : Cohort
    protein : str
    rng : Generator
        Of the reading's own noise.

    Returns
    -------
    Cohort
        The protein is detected in every sample.
    """
    label = np.where(np.isnan(cohort.labels), 0.0, cohort.labels)
    reading = COPY_DISTANCE * label + COPY_NOISE * rng.normal(size=len(label))
    return _shifted(cohort, [protein], reading, replace_values=True)


def copy_label_into_sheet(cohort: Cohort, column: str) -> ProteinMatrix:
    """Return the matrix with a column of the sheet, such as the site, that equals the label.

    Parameters
    ----------
    cohort : Cohort
    column : str

    Returns
    -------
    ProteinMatrix
    """
    names = np.where(cohort.labels == 1.0, "North", "South").astype(object)
    return with_column(cohort.matrix, column, names)


def shift_proteins(cohort: Cohort, proteins: list[str], distance: float) -> Cohort:
    """Return the cohort with proteins shifted in the positives by a number of SDs.

    Parameters
    ----------
    cohort : Cohort
    proteins : list of str
    distance : float

    Returns
    -------
    Cohort
    """
    return _shifted(cohort, proteins, distance * (cohort.labels == 1.0))


def duplicate_patients(cohort: Cohort, rng: np.random.Generator) -> Duplicated:
    """Put the samples of some training patients in once more, under other patient ids.

    Parameters
    ----------
    cohort : Cohort
    rng : Generator

    Returns
    -------
    Duplicated
        One patient in `COPIED_PATIENTS` of each class, at least one of each.
    """
    names, classes = cohort.training_patients
    chosen = np.concatenate(
        [
            rng.permutation(names[classes == label])[: max(1, n // COPIED_PATIENTS)]
            for label, n in enumerate(np.bincount(classes, minlength=2))
        ]
    )
    matrix = cohort.matrix
    rows = matrix.samples["patient_id"].isin(set(chosen)).to_numpy(dtype=bool)
    values, samples = matrix.values[rows], matrix.samples[rows].copy()
    originals = tuple(values.index.astype(str))
    copies = tuple(f"{name}-again" for name in originals)
    samples["patient_id"] = samples["patient_id"].astype(str) + "-again"
    if "replicate_of" in samples:
        named = samples["replicate_of"].fillna("").astype(str).str.strip()
        samples["replicate_of"] = named.where(named == "", named + "-again")
    _, spread = moments(matrix.values.to_numpy(dtype=float))
    values = values + DUPLICATE_NOISE * spread * rng.normal(size=values.shape)
    values.index = samples.index = pd.Index(copies, name=matrix.values.index.name)
    both = replace(
        matrix,
        values=pd.concat([matrix.values, values]),
        samples=pd.concat([matrix.samples, samples.astype(matrix.samples.dtypes)]),
    )
    return Duplicated(both, originals, copies, len(chosen))


def _shifted(
    cohort: Cohort, proteins: list[str], distance: Floats, *, replace_values: bool = False
) -> Cohort:
    """Move proteins by a number of their SDs a sample, from their values or from their means."""
    values = cohort.values.to_numpy(dtype=float, copy=True)
    mean, spread = moments(values)
    # A protein that never varies would not move.
    spread = np.where(spread > 0, spread, 1.0)
    at = cohort.values.columns.get_indexer(pd.Index(proteins))
    base = mean[at] if replace_values else values[:, at]
    values[:, at] = base + distance[:, None] * spread[at]
    return with_values(cohort, values)
