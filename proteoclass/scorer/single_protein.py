"""The strongest protein of the training patients: the simplest rival of a panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.panel.selection.moderated import moderated_t
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: Its name among the comparators.
SINGLE: Final = "best single protein"
CHOSEN_BY: Final = "largest absolute moderated t of all candidates, on training patients"
CHOSEN_BY_HELD: Final = (
    "largest absolute moderated t of the given panel's proteins, on training patients"
)


@dataclass(frozen=True)
class SingleProtein:
    """The protein that separates the training patients most, and how it is read.

    Parameters
    ----------
    position : int
        Among the columns it was looked for in.
    sign : float
        1 where the positives have more of it, -1 where they have less.
    median : float
        Of the training samples; stands for a gap, because it is no evidence.
    """

    position: int
    sign: float
    median: float

    def scores(self, values: Floats) -> Floats:
        """Return a score for each value of the protein, larger for the positives.

        Parameters
        ----------
        values : array of float, shape (n_samples,)
            Normalised log2; NaN = not detected.

        Returns
        -------
        array of float, shape (n_samples,)

        Examples
        --------
        >>> SingleProtein(0, -1.0, 5.0).scores(np.array([4.0, np.nan])).tolist()
        [-4.0, -5.0]
        """
        return np.asarray(self.sign * np.where(np.isnan(values), self.median, values))


def strongest_protein(
    values: Floats, labels: Floats, weights: Floats, proteins: pd.Index, candidates: Positions
) -> SingleProtein:
    """Find the protein with the largest absolute moderated t.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        Training samples, normalised log2, gaps filled as the procedure fills them.
    labels : array of 0 and 1, shape (n_samples,)
    weights : array of float, shape (n_samples,)
        One over the number of index samples of the patient.
    proteins : Index of str, shape (n_proteins,)
    candidates : array of int
        Positions to choose among: all that a panel may hold, not only what it holds.

    Returns
    -------
    SingleProtein

    Examples
    --------
    >>> values = np.array([[1.0, 7.0], [1.2, 7.5], [2.0, 7.1], [2.2, 7.2]])
    >>> strongest_protein(values, np.array([0.0, 0, 1, 1]), np.ones(4),
    ...                   pd.Index(["P1", "P2"]), np.array([0, 1])).position
    0
    """
    t = np.nan_to_num(moderated_t(values[:, candidates], labels, weights[None, :]).t[0])
    # Of equals the first by id: neither order of columns nor order of summation may decide.
    order = np.lexsort((proteins[candidates].astype(str), -np.round(np.abs(t), 9)))
    best = int(candidates[order[0]])
    median = float(np.nan_to_num(nan_quantile(values[:, [best]], 0.5))[0])
    return SingleProtein(best, float(np.sign(t[order[0]])), median)
