"""Patients of a cohort that a panel or a model has seen, told from digests of their samples."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.matching import fitting_proteins
from proteoclass.panel.panel import Panel
from proteoclass.scorer.cohort import Cohort

#: Fewer values than this could be guessed from their digest, one after the other.
MIN_VALUES: Final = 8
#: Keeps a panel file small. Of more samples the first digests are kept, which are random
#: ones: two cohorts that share patients share some of these.
MAX_SAMPLES: Final = 20_000


def with_seen_samples(panel: Panel, cohort: Cohort) -> Panel:
    """Return a derived panel that carries digests of the samples its selection has seen.

    Parameters
    ----------
    panel : Panel
        With a derivation.
    cohort : Cohort
        That it was derived from.

    Returns
    -------
    Panel
        Its derivation with `samples`: all samples of the training patients, follow-up
        visits included, because another visit of a patient is no new patient.
    """
    if panel.derivation is None:
        return panel
    kept = sample_digests(panel.frame(), cohort, panel.derivation.cohort_hash)
    derivation = panel.derivation.model_copy(update={"samples": kept})
    return panel.model_copy(update={"derivation": derivation})


def patients_seen(panel: Panel, cohort: Cohort) -> int:
    """Count the training patients of a cohort that a panel's selection has seen.

    Parameters
    ----------
    panel : Panel
    cohort : Cohort
        Under evaluation.

    Returns
    -------
    int
        0 for a panel that was not derived.

    Notes
    -----
    The same cohort is known by its hash. A part of it, or a larger one, is known by its
    samples: a digest is the first 16 hex digits of the SHA-256 of the cohort's hash and the
    sample's log2 values of the panel's proteins to three decimals (of all proteins, where
    fewer than 8 of the panel's were detected). Sample ids are not in it, and 8 or more values
    are too many to guess from it; whoever holds a patient's own values can tell that the
    patient was in the cohort, which is what it is for. Otherwise proteins outside the panel,
    other sample ids and the order of the file do not matter. What is not recognised: values
    that were searched, normalised or rounded anew, and a panel from which proteins were
    struck by hand.
    """
    if panel.derivation is None:
        return 0
    patients = cohort.training_patients[0]
    if panel.derivation.cohort_hash == cohort.fingerprint:
        return len(patients)
    derivation = panel.derivation
    return len(patients_among(derivation.samples, panel.frame(), cohort, derivation.cohort_hash))


def sample_digests(proteins: pd.DataFrame, cohort: Cohort, salt: str) -> tuple[str, ...]:
    """Return digests of all samples of the training patients, sorted.

    Parameters
    ----------
    proteins : DataFrame, shape (n_proteins, >= 0)
        Of the panel, as matching takes them.
    cohort : Cohort
    salt : str
        Hash of the cohort.

    Returns
    -------
    tuple of str
        See `patients_seen`.
    """
    rows = cohort.rows_of(cohort.training_patients[0])
    found = _digests_of_rows(proteins, cohort, rows, salt)
    return tuple(sorted(set(found) - {""})[:MAX_SAMPLES])


def patients_among(
    digests: Sequence[str], proteins: pd.DataFrame, cohort: Cohort, salt: str
) -> list[str]:
    """Return the training patients of a cohort with a sample among some digests.

    Parameters
    ----------
    digests : sequence of str
        As `sample_digests` gave for another cohort.
    proteins : DataFrame, shape (n_proteins, >= 0)
        The same as then.
    cohort : Cohort
    salt : str
        The same as then.

    Returns
    -------
    list of str
        Sorted.
    """
    if not digests:
        return []
    seen = set(digests)
    rows = cohort.rows_of(cohort.training_patients[0])
    found = _digests_of_rows(proteins, cohort, rows, salt)
    known = np.array([digest in seen for digest in found], dtype=bool)
    return sorted({str(patient) for patient in cohort.patients[rows][known]})


def _digests_of_rows(
    proteins: pd.DataFrame, cohort: Cohort, rows: npt.NDArray[np.intp], salt: str
) -> list[str]:
    """Return a digest of each row: of the panel's proteins, of all where too few are there."""
    found = _digests(_of_panel(proteins, cohort).iloc[rows], salt)
    short = np.flatnonzero([not digest for digest in found])
    whole = _digests(cohort.values.iloc[rows[short]].sort_index(axis=1), salt)
    for place, digest in zip(short, whole, strict=True):
        found[place] = digest
    return found


def _of_panel(proteins: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Return the log2 values of the panel's proteins, columns by name."""
    fitting = fitting_proteins(proteins, cohort.matrix)
    alone = fitting["fits"][fitting["fits"].map(len) == 1]
    values = cohort.values[[fits[0] for fits in alone]]
    return values.set_axis(alone.index, axis=1).sort_index(axis=1)


def _digests(values: pd.DataFrame, salt: str) -> list[str]:
    """Return a digest of each row, "" where too little was detected."""
    names = values.columns.to_numpy(dtype=object)
    thousandths = np.rint(values.to_numpy(dtype=float) * 1000)
    return [_digest(names, row, salt) for row in thousandths]


def _digest(names: npt.NDArray[np.object_], row: npt.NDArray[np.float64], salt: str) -> str:
    detected = ~np.isnan(row)
    if detected.sum() < MIN_VALUES:
        return ""
    text = "\n".join((salt, *names[detected], ""))
    # Whole numbers of one byte order: the same on every machine.
    return hashlib.sha256(text.encode() + row[detected].astype("<i8").tobytes()).hexdigest()[:16]
