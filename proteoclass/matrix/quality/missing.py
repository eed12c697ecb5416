"""What missing values go with: low intensity, shallow samples, the outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from proteoclass.matrix.normalisation.impute import LEFT_CENSORED_BELOW, left_censoring
from proteoclass.matrix.quality.rank_correlation import spearman
from proteoclass.matrix.wording import counted

Floats = npt.NDArray[np.float64]

_BINS = 10
_LEAST_IN_BIN = 5
_FALSE_DISCOVERY_RATE = 0.05
_NAMED = 20


def missing_against_intensity(values: pd.DataFrame) -> dict[str, Any]:
    """Set the missing rate of proteins against their mean intensity.

    A clearly negative correlation says that values are missing because they are low.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values.

    Returns
    -------
    dict
        `spearman` (None where no protein, or each alike, has missing values) and
        `n_proteins`, those found at least once; `left_censoring`, the same correlation
        over proteins that are missing in some samples only, and `left_censored`, whether
        an imputer would take it for left-censoring (both None where it cannot be told);
        `bins` of proteins of equal number and rising intensity (`low`, `high`, `mean`
        log2, mean `missing_rate`, `n_proteins`); `reason` for what is None.

    Examples
    --------
    >>> values = pd.DataFrame({"P1": [9.0, 9.0], "P2": [8.0, 9.0], "P3": [7.0, None]})
    >>> missing_against_intensity(values)["n_proteins"]
    3
    """
    table = values.to_numpy(dtype=float)
    found = (~np.isnan(table)).sum(axis=0)
    seen = found > 0
    missing = 1 - found[seen] / max(len(table), 1)
    mean = np.nansum(table[:, seen], axis=0) / found[seen]
    varied = seen.sum() >= 3 and np.ptp(missing) > 0 and np.ptp(mean) > 0
    censoring = left_censoring(table)
    known = bool(np.isfinite(censoring))
    reasons = {
        "fewer than three proteins, or none differs in its missing rate or mean": not varied,
        "too few proteins are missing in some samples only to test for left-censoring": not known,
    }
    return {
        "spearman": float(stats.spearmanr(missing, mean).statistic) if varied else None,
        "n_proteins": int(seen.sum()),
        "left_censoring": censoring if known else None,
        "left_censored": censoring < LEFT_CENSORED_BELOW if known else None,
        "bins": _bins(mean, missing),
        "reason": "; ".join(text for text, holds in reasons.items() if holds) or None,
    }


def missing_against_depth(
    values: pd.DataFrame, shift: Floats, shift_reason: str = ""
) -> dict[str, Any]:
    """Set the missing rate of samples against their loading.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values.
    shift : array of float, shape (n_samples,)
        log2 loading of each sample, from proteins that nearly all samples have.
    shift_reason : str
        Why no sample has one, else "".

    Returns
    -------
    dict
        `spearman`, `p` and `n_samples`; a negative correlation says that weakly loaded
        samples miss more. `reason` where they are None.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0], [8.0, None], [8.0, None], [8.0, None]])
    >>> missing_against_depth(values, np.zeros(4))["reason"]
    'every sample has the same loading'
    """
    missing = values.isna().to_numpy().mean(axis=1) if values.shape[1] else np.zeros(len(values))
    known = np.isfinite(shift)
    none = {"spearman": None, "p": None, "n_samples": int(known.sum())}
    if known.sum() < 4:
        few = f"{counted(int(known.sum()), 'sample')} with a known loading"
        return {**none, "reason": f"{few}: {shift_reason}" if shift_reason else few}
    if np.ptp(shift[known]) == 0:
        return {**none, "reason": "every sample has the same loading"}
    if np.ptp(missing[known]) == 0:
        return {**none, "reason": "every sample has the same missing rate"}
    rho, p = spearman(missing[known], shift[known])
    return {**none, "spearman": rho, "p": p, "reason": None}


def missing_against_outcome(
    found: Floats, labels: npt.NDArray[np.float64], proteins: pd.Index
) -> dict[str, Any]:
    """Compare between the classes how often each protein is found.

    Parameters
    ----------
    found : array of float, shape (n_patients, n_proteins)
        Share of the patient's index samples in which the protein was found; from one
        half on it counts as found.
    labels : array of 0.0 and 1.0, shape (n_patients,)
    proteins : Index, shape (n_proteins,)

    Returns
    -------
    dict
        `n_positive` and `n_negative` patients; mean `missing_rate_positive` and
        `missing_rate_negative`; `n_tested` proteins found in some patients only;
        `n_different` among them; `proteins`, the twenty most different of those
        (`protein_id`, share `found_positive` and `found_negative`, `p`, `q`).

    Notes
    -----
    Fisher's exact test, two-sided, one sample a patient; Benjamini & Hochberg 1995 (doi
    10.1111/j.2517-6161.1995.tb02031.x) at 5 % over the proteins tested.

    Examples
    --------
    >>> found = np.array([[1.0], [1.0], [0.0], [0.0]])
    >>> told = missing_against_outcome(found, np.array([1.0, 1, 0, 0]), pd.Index(["P1"]))
    >>> round(told["missing_rate_negative"], 3), told["n_different"]
    (1.0, 0)
    """
    positive = labels == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    told: dict[str, Any] = {"n_positive": n_positive, "n_negative": n_negative}
    if not n_positive or not n_negative:
        return {**told, "reason": "no patients of one class"}
    there = found >= 0.5
    in_positive, in_negative = there[positive].sum(axis=0), there[~positive].sum(axis=0)
    total = in_positive + in_negative
    tested = np.flatnonzero((total > 0) & (total < len(labels)))
    p = exact_p(in_positive[tested], total[tested], n_positive, n_negative)
    q = stats.false_discovery_control(p) if len(p) else p
    different = np.flatnonzero(q <= _FALSE_DISCOVERY_RATE)
    order = different[np.argsort(p[different], kind="stable")][:_NAMED]
    return {
        **told,
        "missing_rate_positive": float(1 - found[positive].mean()),
        "missing_rate_negative": float(1 - found[~positive].mean()),
        "n_tested": len(tested),
        "n_different": len(different),
        "proteins": [
            {
                "protein_id": str(proteins[tested[i]]),
                "found_positive": float(in_positive[tested[i]] / n_positive),
                "found_negative": float(in_negative[tested[i]] / n_negative),
                "p": float(p[i]),
                "q": float(q[i]),
            }
            for i in order
        ],
        "reason": None if len(tested) else "each protein is found in all patients or in none",
    }


def exact_p(
    in_first: npt.NDArray[np.int_], total: npt.NDArray[np.int_], n_first: int, n_second: int
) -> Floats:
    """Two-sided p of Fisher's exact test for many two-by-two tables at once.

    Parameters
    ----------
    in_first : array of int, shape (n_tables,)
        Found in the first class.
    total : array of int, shape (n_tables,)
        Found in both.
    n_first, n_second : int
        Patients of each class.

    Returns
    -------
    array of float, shape (n_tables,)
        Summed probability of the tables that are no likelier than the one seen.

    Examples
    --------
    >>> exact_p(np.array([3]), np.array([3]), 3, 3).round(6).tolist()
    [0.1]
    """
    p = np.ones(len(total))
    for count in np.unique(total):
        rows = np.flatnonzero(total == count)
        support = np.arange(max(0, count - n_second), min(count, n_first) + 1)
        chance = stats.hypergeom.pmf(support, n_first + n_second, n_first, count)
        ordered = np.sort(chance)
        seen = chance[in_first[rows] - support[0]]
        # Tables as likely as the one seen differ from it by rounding alone.
        upto = np.searchsorted(ordered, seen * (1 + 1e-7), side="right")
        p[rows] = np.minimum(np.cumsum(ordered)[upto - 1], 1.0)
    return p


def _bins(mean: Floats, missing: Floats) -> list[dict[str, Any]]:
    n_bins = min(_BINS, len(mean) // _LEAST_IN_BIN)
    if not n_bins:
        return []
    order = np.argsort(mean, kind="stable")
    return [
        {
            "low": float(mean[part[0]]),
            "high": float(mean[part[-1]]),
            "mean": float(mean[part].mean()),
            "missing_rate": float(missing[part].mean()),
            "n_proteins": len(part),
        }
        for part in np.array_split(order, n_bins)
    ]
