"""The strongest protein of the training patients: the simplest rival of a panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.panel.selection.moderated import moderated_t
from proteoclass.stats import nan_quantile

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

#: An AUC that is too good for a body fluid: look for a leak first.
SUSPICIOUS_AUC: Final = 0.95
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


def suspicious_protein(comparators: Sequence[dict[str, Any]], folds: Sequence[str]) -> str:
    """Name the best single protein where it is too good alone, whatever the model reaches.

    In a small cohort the noise in the rest of a panel can hide a protein that copies the
    label: the model then reads 0.8 where that protein reads 1.

    Parameters
    ----------
    comparators : sequence of dict
        As `compare_on_folds` returns them.
    folds : sequence of str
        The strongest protein of each fold.

    Returns
    -------
    str
        One sentence, or nothing.

    Examples
    --------
    >>> row = {"name": SINGLE, "auc": {"mean_over_folds": 0.99}}
    >>> suspicious_protein([row], ["LCN2", "LCN2"])
    'The best single protein (LCN2) alone reads AUC 0.99, above 0.95: look for a leak first.'
    """
    reached = [row["auc"]["mean_over_folds"] for row in comparators if row["name"] == SINGLE]
    if not reached or not reached[0] > SUSPICIOUS_AUC:
        return ""
    names = name_list(sorted(Counter(folds), key=lambda name: (-folds.count(name), name)))
    return (
        f"The best single protein ({names}) alone reads AUC {reached[0]:.2f}, above "
        f"{SUSPICIOUS_AUC}: look for a leak first."
    )
