"""Whether a sample lies among the study patients: each panel protein alone, and jointly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Share of new samples of the same kind that each of the two rules may flag.
FLAGGED_SHARE = 0.02

#: A sample that lies so many times as far off as the limit of the flag is refused.
REFUSED_TIMES = 3.0

#: Least weight of the diagonal: two names of one protein would else make the distance endless.
MIN_SHRINKAGE = 0.1

_FARTHEST = 1e100

#: Samples measured at a time, each with a factor of its own where each has other gaps, and
#: numbers in these factors.
_ROWS_AT_A_TIME = 1024
_NUMBERS_AT_A_TIME = 4_000_000


def protein_limits(measured: Floats) -> tuple[Floats, Floats]:
    """Return the limits beyond which a value counts as out of range.

    Parameters
    ----------
    measured : array of float, shape (n_train, panel size)
        Normalised log2 of the training samples; NaN = not detected.

    Returns
    -------
    lowest, highest : array of float, shape (panel size,)

    Notes
    -----
    One robust standard deviation beyond the extremes: with fifty patients the next one is
    beyond the extremes themselves once in twenty-five proteins.

    Examples
    --------
    >>> lowest, highest = protein_limits(np.array([[1.0], [2.0], [3.0], [np.nan]]))
    >>> lowest.round(4).tolist(), highest.round(4).tolist()
    ([-0.4826], [4.4826])
    """
    margin = 1.4826 * np.nanmedian(np.abs(measured - np.nanmedian(measured, axis=0)), axis=0)
    return np.nanmin(measured, axis=0) - margin, np.nanmax(measured, axis=0) + margin


@dataclass(frozen=True, eq=False)
class JointRange:
    """Where the training samples lie, and how they scatter.

    Parameters
    ----------
    centre : array of float, shape (panel size,)
    covariance : array of float, shape (panel size, panel size)
        Positive definite.
    """

    centre: Floats
    covariance: Floats

    @classmethod
    def from_triangle(cls, centre: list[float], rows: list[list[float]]) -> JointRange:
        """Return the range whose covariance is given by its lower triangle, row by row.

        Examples
        --------
        >>> JointRange.from_triangle([0.0, 0.0], [[1.0], [0.5, 2.0]]).covariance.tolist()
        [[1.0, 0.5], [0.5, 2.0]]
        """
        covariance = np.zeros((len(rows), len(rows)))
        lower = np.tril_indices(len(rows))
        covariance[lower] = [value for row in rows for value in row]
        covariance.T[lower] = covariance[lower]
        return cls(np.array(centre), covariance)

    def distances(self, measured: Floats) -> Floats:
        """Return each sample's distance from the centre, a detected protein.

        Parameters
        ----------
        measured : array of float, shape (n_samples, panel size)
            Normalised log2; NaN = not detected, or not measured.

        Returns
        -------
        array of float, shape (n_samples,)
            The root of the mean squared deviation, correlations taken into account: about 1
            among the training samples; 0 where nothing was detected.

        Notes
        -----
        Mahalanobis 1936, over the detected proteins alone, with the block of the covariance
        that belongs to them; its square divided by their number, so that samples with other
        gaps are compared.

        Examples
        --------
        >>> cloud = JointRange(np.zeros(2), np.eye(2))
        >>> cloud.distances(np.array([[3.0, 4.0], [3.0, np.nan]])).round(4).tolist()
        [3.5355, 3.0]
        """
        rows = max(1, min(_ROWS_AT_A_TIME, _NUMBERS_AT_A_TIME // self.covariance.size))
        parts = [
            self._distances(measured[start : start + rows])
            for start in range(0, len(measured), rows)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _distances(self, measured: Floats) -> Floats:
        detected = ~np.isnan(measured)
        patterns, pattern = _patterns(detected)
        both = patterns[:, :, None] & patterns[:, None, :]
        # What was not detected stands apart, uncorrelated and at the centre.
        factors = np.linalg.cholesky(np.where(both, self.covariance, np.eye(len(self.centre))))
        # Clipped where squares would overflow: that far off is far off.
        apart = np.clip(measured - self.centre, -_FARTHEST, _FARTHEST)
        rest = np.ascontiguousarray(np.where(detected, apart, 0.0).T)
        total = np.zeros(len(measured))
        # Protein after protein, so that a sample has the same bits alone and in company.
        for protein in range(len(rest)):
            column = factors[:, protein:, protein].T
            column = column if len(patterns) == 1 else column[:, pattern]
            part = rest[protein] / column[0]
            total += part * part
            rest[protein + 1 :] -= column[1:] * part
        return np.sqrt(total / np.maximum(detected.sum(axis=1), 1))


def _patterns(
    detected: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Return the distinct rows, and which of them each row is."""
    if detected.all():
        # The usual case, and a sort for nothing.
        return detected[:1], np.zeros(len(detected), dtype=np.intp)
    packed = np.ascontiguousarray(np.packbits(detected, axis=1))
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, pattern = np.unique(keys, return_index=True, return_inverse=True)
    return detected[first], pattern.ravel()


def fit_joint_range(measured: Floats) -> JointRange:
    """Learn centre and covariance from training samples.

    Parameters
    ----------
    measured : array of float, shape (n_train, panel size)
        Normalised log2; NaN = not detected.

    Returns
    -------
    JointRange

    Notes
    -----
    Mean and standard deviation of the detected values; correlations shrunken towards none by
    the weight of Ledoit & Wolf 2004, doi 10.1016/S0047-259X(03)00096-4, and by a tenth at
    least. A gap counts as the mean there, and the diagonal is brought back to 1.

    Examples
    --------
    >>> cloud = fit_joint_range(np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 4.0], [3.0, 3.0]]))
    >>> cloud.centre.tolist()
    [3.0, 3.0]
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    centre = np.nanmean(measured, axis=0)
    spread = np.nanstd(measured, axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    standard = np.nan_to_num((measured - centre) / spread, nan=0.0)
    weight = max(float(ledoit_wolf_shrinkage(standard, assume_centered=True)), MIN_SHRINKAGE)
    product = standard.T @ standard / len(standard)
    scale = np.sqrt(np.maximum(np.diag(product), 1e-12))
    correlation = (1 - weight) * product / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return JointRange(centre, correlation * np.outer(spread, spread))


def limit_of(null: Floats, share: float = FLAGGED_SHARE) -> float:
    """Return the limit that at most a share of new samples exceeds, by held-out ones.

    Parameters
    ----------
    null : array of float, shape (n,)
        Of samples that nothing behind the figure was learnt from.
    share : float

    Returns
    -------
    float
        The value of rank (n + 1) · (1 - share), rounded up; the largest where there are too
        few samples for that: of n, the next one exceeds it once in n + 1.

    Notes
    -----
    A split-conformal limit: Vovk, Gammerman & Shafer 2005, doi 10.1007/b106715.

    Examples
    --------
    >>> limit_of(np.arange(1.0, 100.0), share=0.05), limit_of(np.array([2.0, 1.0]))
    (95.0, 2.0)
    """
    rank = int(np.ceil((len(null) + 1) * (1 - share) - 1e-9))
    return float(np.sort(null)[min(rank, len(null)) - 1])
