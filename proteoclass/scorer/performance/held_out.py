"""Index samples with their out-of-fold scores, one row a sample and one column a repeat."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from proteoclass import stats
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.crossfit import FoldResult

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: What limits an interval that holds the fits as they were.
TEST_SAMPLING = (
    "test-sampling error only: the fits are held as they were, so that it is too narrow for "
    "the procedure on another cohort"
)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Index samples that were held out in every repeat, by sample id.

    Parameters
    ----------
    rows : array of int, shape (n_samples,)
        Positions in the cohort.
    labels : array of 0 and 1, shape (n_samples,)
    weights : array of float, shape (n_samples,)
        Sums to 1 over the index samples of a patient.
    patients : array of int, shape (n_samples,)
        Position of each sample's patient among the sorted patients.
    log_odds : array of float, shape (n_repeats, n_samples)
        Calibrated, by models that never saw the patient.

    Examples
    --------
    >>> held = HeldOut(np.arange(2), np.array([0.0, 1]), np.ones(2), np.arange(2), np.zeros((1, 2)))
    >>> held.n_patients, held.counts, held.prevalence
    (2, (1, 1), 0.5)
    """

    rows: Positions
    labels: Floats
    weights: Floats
    patients: Positions
    log_odds: Floats

    @property
    def n_patients(self) -> int:
        """Patients with an index sample."""
        return sum(self.counts)

    @property
    def counts(self) -> tuple[int, int]:
        """Positive and negative patients."""
        positive = self.labels == 1
        return len(np.unique(self.patients[positive])), len(np.unique(self.patients[~positive]))

    @property
    def prevalence(self) -> float:
        """Share of positive patients."""
        return float(np.average(self.labels, weights=self.weights))

    @property
    def risks(self) -> Floats:
        """Calibrated probabilities, shape (n_repeats, n_samples)."""
        return stats.expit(self.log_odds)

    def only(self, chosen: npt.NDArray[np.bool_]) -> HeldOut:
        """Return some of the samples, patients numbered anew.

        Parameters
        ----------
        chosen : array of bool, shape (n_samples,)

        Returns
        -------
        HeldOut
        """
        _, patients = np.unique(self.patients[chosen], return_inverse=True)
        return replace(
            self,
            rows=self.rows[chosen],
            labels=self.labels[chosen],
            weights=self.weights[chosen],
            patients=patients,
            log_odds=self.log_odds[:, chosen],
        )


def held_out(cohort: Cohort, by_repeat: list[list[FoldResult]]) -> HeldOut:
    """Set the repeats of a cross-validation side by side.

    Parameters
    ----------
    cohort : Cohort
    by_repeat : list of list of FoldResult

    Returns
    -------
    HeldOut
        Without the index samples that some repeat did not hold out.
    """
    log_odds = np.full((len(by_repeat), len(cohort.labels)), np.nan)
    for repeat, results in enumerate(by_repeat):
        for result in results:
            log_odds[repeat, result.rows] = result.log_odds
    rows = cohort.index_rows()
    rows = rows[~np.isnan(log_odds[:, rows]).any(axis=0)]
    _, patients = np.unique(cohort.patients[rows].astype(str), return_inverse=True)
    return HeldOut(
        rows=rows,
        labels=cohort.labels[rows],
        weights=cohort.weights[rows],
        patients=patients,
        log_odds=log_odds[:, rows],
    )
