"""The fitted model at work: bagged boosters and companions, summed on the log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xgboost

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Blend:
    """What is needed to score, and nothing of what it was learnt from.

    Every sum over proteins or bags is taken one term after another, so that a sample's
    margin has the same bits whether it is scored alone or among a million.

    Parameters
    ----------
    boosters : list of Booster
        One a bag.
    intercepts : array of float, shape (n_bags,)
    coefficients : array of float, shape (n_bags, n_proteins)
        Companion's, on standardised proteins.
    centre, spread : array of float, shape (n_proteins,)
        Standardisation of the training values.
    median : array of float, shape (n_proteins,)
        Training median: what a gap is to the companion, which is to say no evidence.
    """

    boosters: list[xgboost.Booster]
    intercepts: Floats
    coefficients: Floats
    centre: Floats
    spread: Floats
    median: Floats

    def booster_margins(self, values: Floats) -> Floats:
        """Return each booster's log-odds, shape (n_samples, n_bags).

        Parameters
        ----------
        values : array of float, shape (n_samples, n_proteins)
            Normalised log2 values of the panel; NaN = not detected.
        """
        dense = np.ascontiguousarray(values)
        return np.column_stack(
            [
                booster.inplace_predict(dense, predict_type="margin").astype(float)
                for booster in self.boosters
            ]
        )

    def companion_margins(self, values: Floats) -> Floats:
        """Return each companion's log-odds, shape (n_samples, n_bags)."""
        standard = self._standardise(values)
        total = np.tile(self.intercepts, (len(values), 1))
        for protein in range(standard.shape[1]):
            total = total + standard[:, [protein]] * self.coefficients[:, protein]
        return total

    def bag_margins(self, values: Floats) -> Floats:
        """Return the blended log-odds of each bag, shape (n_samples, n_bags)."""
        return (self.booster_margins(values) + self.companion_margins(values)) / 2

    def margin(self, values: Floats) -> Floats:
        """Return the blended log-odds, the mean over bags, shape (n_samples,)."""
        return mean_over_bags(self.bag_margins(values))

    def contributions(self, values: Floats) -> Floats:
        """Split the margin into one share a protein and a base.

        Parameters
        ----------
        values : array of float, shape (n_samples, n_proteins)

        Returns
        -------
        array of float, shape (n_samples, n_proteins + 1)
            Last column is the base; a row sums to `margin` (single precision of the
            boosters).

        Notes
        -----
        Boosters: path-dependent TreeSHAP (Lundberg et al. 2020, doi
        10.1038/s42256-019-0138-9) as XGBoost computes it. Companions are linear: the
        coefficient times the distance from the training mean.
        """
        matrix = xgboost.DMatrix(np.ascontiguousarray(values), nthread=1)
        total = np.zeros((len(values), values.shape[1] + 1))
        for booster in self.boosters:
            total += booster.predict(matrix, pred_contribs=True)
        standard = self._standardise(values)
        total[:, :-1] += standard * self.coefficients.sum(axis=0)
        total[:, -1] += self.intercepts.sum()
        return total / (2 * len(self.boosters))

    def _standardise(self, values: Floats) -> Floats:
        filled = np.where(np.isnan(values), self.median, values)
        return np.asarray((filled - self.centre) / self.spread)


def mean_over_bags(margins: Floats) -> Floats:
    """Average over bags, one after another.

    Parameters
    ----------
    margins : array of float, shape (n_samples, n_bags)

    Returns
    -------
    array of float, shape (n_samples,)

    Examples
    --------
    >>> mean_over_bags(np.array([[1.0, 2.0]])).tolist()
    [1.5]
    """
    total = np.zeros(len(margins))
    for bag in range(margins.shape[1]):
        total = total + margins[:, bag]
    return total / margins.shape[1]
