"""The fitted model at work: bagged boosters and companions, summed on the log-odds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import xgboost

Floats = npt.NDArray[np.float64]

#: Columns of `explanations.tsv`, and what its rows call the base of a score.
EXPLANATION_COLUMNS = [
    "sample_id", "origin", "protein_id", "gene", "value", "low", "high",
    "contribution", "lower", "upper",
]  # fmt: skip
BASE = "(base)"

#: Spread over bags that is printed beside a score and beside each contribution to it.
BAG_LIMITS = (0.05, 0.95)
#: Samples explained at a time: what all bags say of them fits into a processor's cache.
_ROWS_AT_A_TIME = 1024


@dataclass(frozen=True, eq=False)
class Contributions:
    """Shares of a margin, one a protein and a base, and their spread over bags.

    Parameters
    ----------
    mean, lower, upper : array of float, shape (n_samples, n_proteins + 1)
        Log-odds: mean, 5 and 95 % points over bags. Last column is the base.
    """

    mean: Floats
    lower: Floats
    upper: Floats

    def calibrated(self, slope: float, intercept: float) -> Contributions:
        """Return the shares of the log-odds `intercept + slope * margin`.

        Parameters
        ----------
        slope : float
            Positive: limits keep their order.
        intercept : float

        Examples
        --------
        >>> shares = Contributions(*np.array([[[1.0, 0.5]]] * 3))
        >>> shares.calibrated(2.0, -1.0).mean.tolist()
        [[2.0, 0.0]]
        """
        moved = np.zeros(self.mean.shape[1])
        moved[-1] = intercept
        return Contributions(*(slope * p + moved for p in (self.mean, self.lower, self.upper)))


@dataclass(frozen=True, eq=False)
class Blend:
    """What is needed to score, and nothing of what it was learnt from.

    Every sum over proteins or bags is taken one term after another, so that a sample's
    margin has the same bits whether it is scored alone or among a million.

    Parameters
    ----------
    boosters : list of Booster
        One a bag, or one whose outputs are the bags; see `load_boosters`.
    intercepts : array of float, shape (n_bags,)
    coefficients : array of float, shape (n_bags, n_proteins)
        Companion's, on standardised proteins.
    centre, spread : array of float, shape (n_proteins,)
        Standardisation of the training values.
    median : array of float, shape (n_proteins,)
        Training median: what a gap is to the companion, which is to say no evidence.
    booster_weight : float
        The boosters' share of the margin, 0 to 1; the companions have the rest.
    """

    boosters: list[xgboost.Booster]
    intercepts: Floats
    coefficients: Floats
    centre: Floats
    spread: Floats
    median: Floats
    booster_weight: float = 0.5

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
        standard = self.standardise(values)
        total = np.tile(self.intercepts, (len(values), 1))
        for protein in range(standard.shape[1]):
            total += standard[:, [protein]] * self.coefficients[:, protein]
        return total

    def parts(self, values: Floats) -> tuple[Floats, Floats]:
        """Return each booster's and each companion's log-odds, shape (n_samples, n_bags)."""
        return self.booster_margins(values), self.companion_margins(values)

    def bag_margins(self, values: Floats) -> Floats:
        """Return the blended log-odds of each bag, shape (n_samples, n_bags)."""
        return blended(*self.parts(values), self.booster_weight)

    def margin(self, values: Floats) -> Floats:
        """Return the blended log-odds, the mean over bags, shape (n_samples,)."""
        return mean_over_bags(self.bag_margins(values))

    def contributions(self, values: Floats) -> Contributions:
        """Split the margin into one share a protein and a base, with their spread over bags.

        Parameters
        ----------
        values : array of float, shape (n_samples, n_proteins)

        Returns
        -------
        Contributions
            A row of `mean` sums to `margin` (single precision of the boosters).

        Notes
        -----
        Boosters: path-dependent TreeSHAP (Lundberg et al. 2020, doi
        10.1038/s42256-019-0138-9) as XGBoost computes it. Companions are linear: the
        coefficient times the distance from the training mean.
        """
        shape = (len(values), values.shape[1] + 1)
        parts = Contributions(*(np.empty(shape) for _ in range(3)))
        for start in range(0, len(values), _ROWS_AT_A_TIME):
            rows = slice(start, start + _ROWS_AT_A_TIME)
            bags = self._bag_contributions(values[rows])
            total = bags[0].copy()
            for share in bags[1:]:
                total += share
            parts.mean[rows] = total / len(bags)
            bags.sort(axis=0)
            parts.lower[rows], parts.upper[rows] = (_point(bags, at) for at in BAG_LIMITS)
        return parts

    def _bag_contributions(self, values: Floats) -> Floats:
        """Return what each bag says, shape (n_bags, n_samples, n_proteins + 1)."""
        matrix = xgboost.DMatrix(np.ascontiguousarray(values), nthread=1)
        standard = self.standardise(values)
        shares = np.empty((len(self.intercepts), len(values), values.shape[1] + 1))
        said = (booster.predict(matrix, pred_contribs=True) for booster in self.boosters)
        by_bag = chain.from_iterable(self._of_bags(each, shares.shape[2]) for each in said)
        for bag, contributions in enumerate(by_bag):
            share = shares[bag]
            share[:] = contributions
            share *= self.booster_weight
            share[:, :-1] += standard * ((1 - self.booster_weight) * self.coefficients[bag])
            share[:, -1] += (1 - self.booster_weight) * self.intercepts[bag]
        return shares

    @staticmethod
    def _of_bags(said: Floats, size: int) -> Floats:
        """Return contributions as (n_bags, n_samples, size), of one bag or of all."""
        return said.reshape(len(said), -1, size).swapaxes(0, 1)

    def standardise(self, values: Floats) -> Floats:
        """Return values as the companions take them, shape (n_samples, n_proteins)."""
        filled = np.where(np.isnan(values), self.median, values)
        return np.asarray((filled - self.centre) / self.spread)


def blended(boosters: Floats, companions: Floats, booster_weight: float) -> Floats:
    """Blend log-odds of boosters and companions.

    Parameters
    ----------
    boosters, companions : array of float
        Of one shape.
    booster_weight : float
        0 to 1.

    Returns
    -------
    array of float

    Examples
    --------
    >>> blended(np.array([1.0]), np.array([3.0]), 0.5).tolist()
    [2.0]
    """
    return booster_weight * boosters + (1 - booster_weight) * companions


def _point(ordered: Floats, share: float) -> Floats:
    """Return a quantile over the first axis, whose values are in order; as NumPy's default."""
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return np.asarray(ordered[below] + (at - below) * (ordered[above] - ordered[below]))


def bag_limits(margins: Floats) -> Floats:
    """Return the 5 and 95 % points over bags, to the bits of `numpy.quantile`.

    Parameters
    ----------
    margins : array of float, shape (n_samples, n_bags)
        Without NaN.

    Returns
    -------
    array of float, shape (n_samples, 2)

    Examples
    --------
    >>> bag_limits(np.array([[3.0, 1.0, 2.0]])).tolist()
    [[1.1, 2.9]]
    """
    ordered = np.sort(margins, axis=1).T
    limits = np.empty((len(margins), len(BAG_LIMITS)))
    for column, share in enumerate(BAG_LIMITS):
        at = share * (len(ordered) - 1)
        below = int(at)
        low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
        part = at - below
        # From the nearer of the two, as NumPy does: a score printed once keeps its digits.
        limits[:, column] = (
            low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
        )
    return limits


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
