"""Drift of samples and proteins with the order of injection, within a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from proteoclass.errors import name_list
from proteoclass.matrix.quality.precision import run_of
from proteoclass.matrix.quality.rank_correlation import spearman
from proteoclass.matrix.wording import counted

Floats = npt.NDArray[np.float64]

_LEAST_SAMPLES = 5
_FALSE_DISCOVERY_RATE = 0.05
_STRONG_P = 0.01
_STRONG_RHO = 0.5


def drift(values: pd.DataFrame, samples: pd.DataFrame, shift: Floats) -> dict[str, Any]:
    """Set samples and proteins against the order of injection.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        log2 values.
    samples : DataFrame
        Sample sheet of the same samples, with the role `injection` (a number) and, where
        there are several, `batch` or `plex`.
    shift : array of float, shape (n_samples,)
        log2 loading of each sample, for the slopes with the loading taken out.

    Returns
    -------
    dict
        `batches`, a dict each with `batch`, `n_samples`, and `median` and `depth`
        (`spearman` of the samples' median log2 and number of proteins with the order of
        injection, and its `p`); `proteins`, the linear slopes over all batches, each
        batch around its own means (`n_tested`, `n_significant`, `share_significant`, and
        the same with `loading_removed`); a `reason` where there are none.

    Notes
    -----
    p of a sample's rank correlation by `spearman`, exact in small batches. p of the slopes
    by t, with the values less the batches less one degrees of freedom; Benjamini &
    Hochberg 1995 (doi 10.1111/j.2517-6161.1995.tb02031.x) at 5 %. Where patients were not
    put in random order, a slope may be the patients'.

    Examples
    --------
    >>> values = pd.DataFrame({"P1": [8.0, 8.1, 8.2, 8.3, 8.5]})
    >>> found = drift(values, pd.DataFrame({"injection": range(1, 6)}), np.zeros(5))
    >>> round(found["batches"][0]["median"]["spearman"], 6)
    1.0
    """
    none: dict[str, Any] = {"batches": [], "proteins": None, "run": None}
    if "injection" not in samples:
        return {**none, "reason": "the sample sheet has no order of injection"}
    order = pd.to_numeric(samples["injection"], errors="coerce").to_numpy(dtype=float)
    known = np.isfinite(order)
    if not known.any():
        return {**none, "reason": "no injection is a number"}
    run, role = run_of(samples, ("batch", "plex"))
    names = run.fillna("") if role else pd.Series("", index=samples.index)
    table = values.to_numpy(dtype=float)[known]
    codes, levels = pd.factorize(names[known].astype(str), sort=True)
    median = values.median(axis=1).to_numpy(dtype=float)[known]
    depth = (~np.isnan(table)).sum(axis=1).astype(float)
    batches = []
    for code, level in enumerate(levels):
        own = codes == code
        batches.append(
            {
                "batch": level or None,
                "n_samples": int(own.sum()),
                "median": _rank(order[known][own], median[own]),
                "depth": _rank(order[known][own], depth[own]),
            }
        )
    proteins = {
        **_share(table, order[known], codes),
        "loading_removed": _share(
            table - shift[known][:, None], order[known], codes, " of known loading"
        ),
    }
    return {
        "run": role or None,
        "n_without_order": int((~known).sum()),
        "batches": batches,
        "proteins": proteins,
        "reason": None,
    }


def slopes(values: Floats, order: Floats, codes: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Slope of each protein on the order of injection, batches around their own means.

    Parameters
    ----------
    values : array of float, shape (n_samples, n_proteins)
        log2 values; NaN = not detected.
    order : array of float, shape (n_samples,)
    codes : array of int, shape (n_samples,)
        Batch of each sample.

    Returns
    -------
    slope : array of float, shape (n_proteins,)
        log2 units an injection; NaN where it cannot be told.
    p : array of float, shape (n_proteins,)
        Two-sided, by t.

    Examples
    --------
    >>> values = np.array([[1.0], [2.1], [2.9], [4.0], [5.0]])
    >>> slope, p = slopes(values, np.arange(5.0), np.zeros(5, dtype=int))
    >>> slope.round(3).tolist(), bool(p[0] < 0.01)
    ([0.99], True)
    """
    width = values.shape[1]
    xx, xy, yy = np.zeros(width), np.zeros(width), np.zeros(width)
    df = np.full(width, -1.0)
    for code in range(int(codes.max(initial=-1)) + 1):
        own = values[codes == code]
        found = ~np.isnan(own)
        count = np.maximum(found.sum(axis=0), 1)
        x = np.where(found, order[codes == code][:, None], 0.0)
        y = np.where(found, own, 0.0)
        x = np.where(found, x - x.sum(axis=0) / count, 0.0)
        y = np.where(found, y - y.sum(axis=0) / count, 0.0)
        xx, xy, yy = xx + (x**2).sum(axis=0), xy + (x * y).sum(axis=0), yy + (y**2).sum(axis=0)
        df += np.maximum(found.sum(axis=0) - 1, 0)
    usable = (xx > 0) & (df >= _LEAST_SAMPLES - 2)
    # A constant protein has a slope of zero and no evidence against it.
    usable &= yy > 1e-18
    usable_or = np.where(usable, xx, 1.0)
    slope = np.where(usable, xy / usable_or, np.nan)
    rest = np.maximum(yy - xy**2 / usable_or, 1e-300)
    t = np.abs(xy) / np.sqrt(usable_or * rest / np.where(usable, df, 1.0))
    p = np.where(usable, 2 * stats.t.sf(t, np.where(usable, df, 1.0)), np.nan)
    return slope, p


def drift_warnings(found: dict[str, Any]) -> list[str]:
    """Say in which batches the samples drift.

    Parameters
    ----------
    found : dict
        As `drift` gives.

    Returns
    -------
    list of str

    Examples
    --------
    >>> drift_warnings({"batches": [], "run": None})
    []
    """
    warnings = []
    for what, words in (("median", "median intensity"), ("depth", "number of proteins")):
        # One test a batch: the limit is shared among them.
        limit = _STRONG_P / max(len(found["batches"]), 1)
        hit = [
            batch
            for batch in found["batches"]
            if batch[what]["p"] is not None
            and batch[what]["p"] <= limit
            and abs(batch[what]["spearman"]) >= _STRONG_RHO
        ]
        if hit:
            named = [str(batch["batch"]) for batch in hit if batch["batch"]]
            place = f" in {found['run']} {name_list(named)}" if named else ""
            rho = max((batch[what]["spearman"] for batch in hit), key=abs)
            warnings.append(
                f"The {words} of the samples{place} follows the order of injection "
                f"(Spearman {rho:.2f}): inject in random order, or normalise."
            )
    return warnings


def _rank(order: Floats, numbers: Floats) -> dict[str, Any]:
    known = np.isfinite(numbers)
    n = int(known.sum())
    none = {"spearman": None, "p": None}
    if n < _LEAST_SAMPLES:
        return {**none, "reason": f"{counted(n, 'sample')}, expected at least {_LEAST_SAMPLES}"}
    if np.ptp(order[known]) == 0:
        return {**none, "reason": "all injected at once"}
    if np.ptp(numbers[known]) == 0:
        return {**none, "reason": "the same in each sample"}
    rho, p = spearman(order[known], numbers[known])
    return {"spearman": rho, "p": p, "reason": None}


def _share(
    table: Floats, order: Floats, codes: npt.NDArray[np.intp], among: str = ""
) -> dict[str, Any]:
    p = slopes(table, order, codes)[1]
    p = p[~np.isnan(p)]
    if not len(p):
        return {
            "n_tested": 0,
            "n_significant": None,
            "share_significant": None,
            "reason": f"no protein varies over enough samples{among} injected one after the other",
        }
    hit = stats.false_discovery_control(p) <= _FALSE_DISCOVERY_RATE
    return {
        "n_tested": len(p),
        "n_significant": int(hit.sum()),
        "share_significant": float(hit.mean()),
        "reason": None,
    }
