"""What every view of a panel looks at: the training rows of one fold, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.folds import complementary_halves, spawn
from proteoclass.panel.selection.moderated import moderated_t
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Training samples as a view of the panel takes them.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        Normalised log2 values; NaN = not detected.
    labels : array of 0.0 and 1.0, shape (n_samples,)
    weights : array of float, shape (n_samples,)
        One over the number of index samples of the patient.
    patients : array, shape (n_samples,)
    size : int
        Proteins wanted.
    seed : int
        Seed of whatever a view draws.

    Examples
    --------
    >>> rows = TrainingRows(np.array([[1.0], [np.nan], [3.0], [5.0]]), np.array([0.0, 0, 1, 1]),
    ...                     np.ones(4), np.arange(4), size=1, seed=0)
    >>> rows.standardised[1].tolist()
    [0.0]
    """

    values: Floats
    labels: Floats
    weights: Floats
    patients: npt.NDArray[Any]
    size: int
    seed: int

    @cached_property
    def t(self) -> Floats:
        """Moderated t of each protein, shape (n_proteins,); 0 where there is none."""
        return np.nan_to_num(moderated_t(self.values, self.labels, self.weights[None, :]).t[0])

    @cached_property
    def standardised(self) -> Floats:
        """Values with gaps at the median, centred, over their SD; constant proteins are 0.

        Mean and SD are weighted: a patient of many samples sets no protein's scale alone.
        """
        gaps = np.isnan(self.values)
        gappy = gaps.any(axis=0)
        # Only what has gaps is sorted, and the arithmetic is done in place: on many proteins
        # the copies take longer.
        if gappy.any():
            median = np.zeros(self.values.shape[1])
            median[gappy] = np.nan_to_num(nan_quantile(self.values[:, gappy], 0.5))
            centred = np.where(gaps, median, self.values)
        else:
            centred = self.values.copy()
        share = self.weights / self.weights.sum()
        centred -= share @ centred
        spread = np.sqrt(share @ centred**2)
        # A constant protein must not be blown up by its rounding error.
        centred /= np.where(spread > 1e-9, spread, np.inf)
        centred -= share @ centred
        return centred

    @cached_property
    def balanced(self) -> Floats:
        """Weights that give both classes the same sum, and keep the whole sum."""
        return balanced(self.labels, self.weights)

    def only(self, chosen: Bools) -> TrainingRows:
        """Return some of the rows, as a view that saw no others would take them."""
        return replace(
            self,
            values=self.values[chosen],
            labels=self.labels[chosen],
            weights=self.weights[chosen],
            patients=self.patients[chosen],
        )

    def halves(self, n_pairs: int) -> Bools:
        """Return the rows of each half-sample, `(2 * n_pairs, n_samples)`; patients stay whole."""
        names, patient_of = np.unique(self.patients, return_inverse=True)
        classes = np.zeros(len(names), dtype=int)
        classes[patient_of] = self.labels.astype(int)
        pairs = complementary_halves(classes, n_pairs, spawn(self.seed))
        return np.array([half[patient_of] for pair in pairs for half in pair])


def balanced(labels: Floats, weights: Floats) -> Floats:
    """Return weights that give both classes the same sum, and keep the whole sum.

    Examples
    --------
    >>> balanced(np.array([0.0, 1, 1, 1]), np.ones(4)).tolist()[0]
    2.0
    """
    total = weights.sum()
    share = np.array([weights[labels == label].sum() for label in (0.0, 1.0)])
    return np.asarray(weights * (total / (2 * share))[labels.astype(int)])
