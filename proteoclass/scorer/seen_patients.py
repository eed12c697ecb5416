"""Patients of a cohort that a derived panel has seen, told from digests of their samples."""

from __future__ import annotations

import hashlib
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
    rows = cohort.rows_of(cohort.training_patients[0])
    found = _digests_of_rows(panel, cohort, rows, panel.derivation.cohort_hash)
    kept = tuple(sorted(set(found) - {""})[:MAX_SAMPLES])
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
    if not panel.derivation.samples:
        return 0
    seen = set(panel.derivation.samples)
    rows = cohort.rows_of(patients)
    found = _digests_of_rows(panel, cohort, rows, panel.derivation.cohort_hash)
    known = np.array([digest in seen for digest in found], dtype=bool)
    return len(set(cohort.patients[rows][known]))


def _digests_of_rows(
    panel: Panel, cohort: Cohort, rows: npt.NDArray[np.intp], salt: str
) -> list[str]:
    """Return a digest of each row: of the panel's proteins, of all where too few are there."""
    found = _digests(_of_panel(panel, cohort).iloc[rows], salt)
    short = np.flatnonzero([not digest for digest in found])
    whole = _digests(cohort.values.iloc[rows[short]].sort_index(axis=1), salt)
    for place, digest in zip(short, whole, strict=True):
        found[place] = digest
    return found


def _of_panel(panel: Panel, cohort: Cohort) -> pd.DataFrame:
    """Return the log2 values of the panel's proteins, columns by name."""
    fitting = fitting_proteins(panel.frame(), cohort.matrix)
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
