"""Proteins outside a panel that would have served in place of one inside it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

#: Smallest absolute correlation of a substitute: half of the variance is shared.
LIMIT: Final = 0.7
#: Fewest samples in which both proteins were detected.
MIN_SAMPLES: Final = 10

COLUMNS: Final = ["protein", "substitute", "r", "n", "effect"]


def find_substitutes(
    values: pd.DataFrame,
    weights: npt.ArrayLike,
    effect: pd.Series,
    panel: list[str],
    limit: float = LIMIT,
) -> pd.DataFrame:
    """Find candidates that follow a panel protein and differ between the classes as it does.

    Parameters
    ----------
    values : DataFrame, shape (n_samples, n_candidates)
        Normalised log2 values of index samples, both classes; NaN = not detected.
    weights : array of float, shape (n_samples,)
        One over the number of index samples of the patient.
    effect : Series, shape (n_candidates,)
        Mean of the positive class minus mean of the negative class, log2, by protein id.
    panel : list of str
        Ids of the panel; none of them is a substitute.
    limit : float
        Smallest absolute correlation, 0 to 1.

    Returns
    -------
    DataFrame
        One row a pair, by panel protein and then by falling absolute correlation:
        `protein`, `substitute`, `r` (Pearson, over samples with both), `n` (those
        samples), `effect` (of the substitute). A protein with r below 0 serves where its
        effect has the opposite sign: it says the same thing upside down.

    Notes
    -----
    Correlation is taken over both classes together, so that it includes what the outcome
    does to both proteins: that is what makes one serve in place of the other.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> chosen = np.repeat([0.0, 2.0], 20) + rng.normal(size=40)
    >>> values = pd.DataFrame({"P1": chosen, "P2": 8 - chosen, "P3": rng.normal(size=40)})
    >>> effect = values[20:].mean() - values[:20].mean()
    >>> found = find_substitutes(values, np.ones(40), effect, ["P1"])
    >>> found[["substitute", "r", "n"]].to_dict("records")
    [{'substitute': 'P2', 'r': -1.0, 'n': 40}]
    """
    others = values.columns[~values.columns.isin(panel)]
    r, n = pairwise_correlation(
        values[panel].to_numpy(dtype=float), values[others].to_numpy(dtype=float), weights
    )
    expected = np.sign(r) * np.sign(effect[panel].to_numpy(dtype=float))[:, None]
    agrees = expected * np.sign(effect[others].to_numpy(dtype=float)) > 0
    rows, columns = np.nonzero((np.abs(r) >= limit) & (n >= MIN_SAMPLES) & agrees)
    found = pd.DataFrame(
        {
            "protein": np.array(panel, dtype=object)[rows],
            "substitute": others.to_numpy(dtype=object)[columns],
            # The last bits depend on the order of summation; nobody reads them.
            "r": np.round(r[rows, columns], 12),
            "n": n[rows, columns],
            "effect": effect[others].to_numpy(dtype=float)[columns],
        },
        columns=COLUMNS,
    )
    order = np.lexsort((found["substitute"].astype(str), -found["r"].abs(), rows))
    return found.iloc[order].reset_index(drop=True)


def pairwise_correlation(
    first: Floats, second: Floats, weights: npt.ArrayLike
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Correlate two sets of proteins over the samples that have both, all pairs at once.

    Parameters
    ----------
    first : array of float, shape (n_samples, n_first)
        NaN = not detected.
    second : array of float, shape (n_samples, n_second)
    weights : array of float, shape (n_samples,)

    Returns
    -------
    r : array of float, shape (n_first, n_second)
        Weighted Pearson correlation; NaN where a protein does not vary.
    n : array of int, shape (n_first, n_second)
        Samples with both.

    Examples
    --------
    >>> r, n = pairwise_correlation(np.array([[1.0], [2.0], [3.0], [np.nan]]),
    ...                             np.array([[3.0], [2.0], [1.0], [7.0]]), np.ones(4))
    >>> float(r[0, 0].round(12)), int(n[0, 0])
    (-1.0, 3)
    """
    w = np.asarray(weights, dtype=float)[:, None]
    x, x_seen = _centred(first)
    y, y_seen = _centred(second)
    n = x_seen.T @ y_seen
    total = (w * x_seen).T @ y_seen
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = (w * x).T @ y_seen / total, (w * x_seen).T @ y / total
        covariance = (w * x).T @ y / total - mean_x * mean_y
        variance_x = (w * x**2).T @ y_seen / total - mean_x**2
        variance_y = (w * x_seen).T @ y**2 / total - mean_y**2
        # A constant protein has a variance of rounding error, not of zero.
        varies = (variance_x > 1e-12) & (variance_y > 1e-12)
        r = np.where(varies, covariance / np.sqrt(variance_x * variance_y), np.nan)
    return np.clip(r, -1.0, 1.0), np.rint(n).astype(np.intp)


def _centred(values: Floats) -> tuple[Floats, Floats]:
    """Return values about their mean with gaps at zero, and where there was a value."""
    seen = ~np.isnan(values)
    mean = np.where(seen, values, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return np.where(seen, values - mean, 0.0), seen.astype(float)
