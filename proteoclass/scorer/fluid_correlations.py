"""Whether a protein, or a score, goes with itself in another fluid of the same patients."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.matching import pair_proteins
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.matrix.quality.rank_correlation import (
    spearman,
    spearman_columns,
    spearman_interval,
)
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.settings import Settings

Floats = npt.NDArray[np.float64]

#: Fewest patients in whom both fluids hold a protein, or that carry two scores.
MIN_PATIENTS: Final = 10
FALSE_DISCOVERY_RATE: Final = 0.05
INTERVAL_KIND: Final = "Fisher z with the variance of Bonett & Wright, 95 %"
PROTEINS_KIND: Final = (
    "Spearman over patients, one value a patient (mean of its index samples), log2 values "
    "normalised by a reference learnt from all common patients, pairs in which both fluids hold "
    "the protein; Benjamini-Hochberg over the proteins tested. Both classes together: a protein "
    "that differs with the outcome in both fluids correlates for that reason too."
)
SCORES_KIND: Final = (
    "Spearman over patients of out-of-fold scores, repeats averaged on the log-odds; the interval "
    f"({INTERVAL_KIND}) is test-sampling error only, because patients share the models of a fold"
)


def protein_correlations(
    a: Cohort, b: Cohort, settings: tuple[Settings, Settings]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Correlate each protein of one fluid with itself in the other, over patients.

    Parameters
    ----------
    a, b : Cohort
        Of the same patients.
    settings : tuple of Settings
        Resolved for each.

    Returns
    -------
    table : DataFrame
        A row for each protein that both measure, in the order of B: `protein_a protein_b
        gene by n rho lower upper p q`; NaN below 10 patients or where a value does not vary.
    summary : dict
        How many proteins are common, left out and tested, and what the table comes to.

    Notes
    -----
    Benjamini & Hochberg 1995, doi 10.1111/j.2517-6161.1995.tb02031.x.
    """
    pairs = pair_proteins(b.matrix.proteins, a.matrix)
    common = pairs[(pairs["matched_id"] != "").to_numpy()]
    places = (
        a.values.columns.get_indexer(pd.Index(common["matched_id"], dtype=object)),
        b.values.columns.get_indexer(common.index),
    )
    first, second = (
        patient_values(cohort, chosen)[:, place]
        for cohort, chosen, place in zip((a, b), settings, places, strict=True)
    )
    rho, p, n = spearman_columns(first, second, MIN_PATIENTS)
    limits = [spearman_interval(*each) for each in zip(rho.tolist(), n.tolist(), strict=True)]
    table = pd.DataFrame(
        {
            "protein_a": common["matched_id"].to_numpy(),
            "protein_b": common.index.to_numpy(),
            "gene": _genes(a, b, places),
            "by": common["by"].to_numpy(),
            "n": n,
            "rho": rho,
            "lower": [low for low, _ in limits],
            "upper": [high for _, high in limits],
            "p": p,
            "q": _adjusted(p),
        }
    )
    return table, _proteins_summary(table, pairs, a)


def patient_values(cohort: Cohort, settings: Settings) -> Floats:
    """Return normalised log2 values, one row a patient by id.

    Parameters
    ----------
    cohort : Cohort
    settings : Settings
        Resolved.

    Returns
    -------
    array of float, shape (n_patients, n_proteins)
        Mean over a patient's index samples that hold the protein; NaN where none does.
    """
    rows = cohort.index_rows()
    values = cohort.values.iloc[rows]
    normaliser = Normaliser(settings.normalise, exclude=settings.not_reference)
    normalised = np.asarray(normaliser.fit(values).transform(values))
    _, place = np.unique(cohort.patients[rows].astype(str), return_inverse=True)
    known = ~np.isnan(normalised)
    weights = cohort.weights[rows][:, None] * known
    sums = np.zeros((int(place.max()) + 1, normalised.shape[1]))
    total = np.zeros_like(sums)
    np.add.at(sums, place, weights * np.where(known, normalised, 0.0))
    np.add.at(total, place, weights)
    return np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0)


def score_correlation(
    first: Floats, second: Floats, classes: npt.NDArray[np.int_], labels: tuple[str, str]
) -> dict[str, Any]:
    """Correlate two scores of the same patients, over all and within each class.

    Parameters
    ----------
    first, second : array of float, shape (n_patients,)
    classes : array of 0 and 1, shape (n_patients,)
    labels : tuple of str
        Of the negative and the positive class.

    Returns
    -------
    dict
        `spearman`, `interval`, `p` and `n`, with `reason` where there are fewer than 10
        patients; `within` the same for each class, where the outcome does not carry it.

    Examples
    --------
    >>> scores = np.arange(12.0)
    >>> found = score_correlation(scores, -scores, np.repeat([0, 1], 6), ("mild", "severe"))
    >>> round(found["spearman"], 6), found["within"][0]["reason"]
    (-1.0, '6 patients, expected at least 10')
    """
    within = [
        {"label": labels[label]} | _spearman(first[classes == label], second[classes == label])
        for label in (1, 0)
    ]
    return _spearman(first, second) | {"kind": SCORES_KIND, "within": within}


def _spearman(first: Floats, second: Floats) -> dict[str, Any]:
    n, gap = len(first), float("nan")
    nothing = {"spearman": gap, "interval": [gap, gap], "p": gap, "n": n}
    if n < MIN_PATIENTS:
        return nothing | {"reason": f"{n} patients, expected at least {MIN_PATIENTS}"}
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return nothing | {"reason": "a score is the same in all patients"}
    rho, p = spearman(first, second)
    return {"spearman": rho, "interval": list(spearman_interval(rho, n)), "p": p, "n": n}


def _genes(a: Cohort, b: Cohort, places: tuple[npt.NDArray[np.intp], ...]) -> list[str]:
    told = [
        cohort.matrix.proteins["gene"].astype(str).to_numpy()[place]
        for cohort, place in zip((a, b), places, strict=True)
    ]
    return [of_a or of_b for of_a, of_b in zip(*told, strict=True)]


def _adjusted(p: Floats) -> Floats:
    from scipy import stats

    q = np.full(len(p), np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = stats.false_discovery_control(p[tested])
    return q


def _proteins_summary(table: pd.DataFrame, pairs: pd.DataFrame, a: Cohort) -> dict[str, Any]:
    rho = table["rho"].to_numpy(dtype=float)
    tested = rho[~np.isnan(rho)]
    significant = table["q"].to_numpy(dtype=float) <= FALSE_DISCOVERY_RATE
    unclear = int((pairs["by"] == "unclear").sum())
    found = {
        "n_common": len(table),
        "n_only_a": a.matrix.n_proteins - len(table),
        "n_only_b": len(pairs) - len(table) - unclear,
        "n_unclear": unclear,
        "n_tested": len(tested),
        "min_patients": MIN_PATIENTS,
        "kind": PROTEINS_KIND,
        "interval_kind": INTERVAL_KIND,
        "median_rho": float(np.median(tested)) if len(tested) else float("nan"),
        "n_positive": int((significant & (rho > 0)).sum()),
        "n_negative": int((significant & (rho < 0)).sum()),
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
    }
    return found | {"text": _proteins_sentence(found)} | _no_proteins(found)


def _no_proteins(found: dict[str, Any]) -> dict[str, str]:
    if found["n_tested"]:
        return {}
    if not found["n_common"]:
        return {"reason": "no protein of B is clearly one of A, by id, accession or gene"}
    return {"reason": f"no common protein varies in at least {MIN_PATIENTS} patients of both"}


def _proteins_sentence(found: dict[str, Any]) -> str:
    counts = (
        f"{found['n_common']} proteins are measured in both, {found['n_only_a']} in A alone, "
        f"{found['n_only_b']} in B alone, and for {found['n_unclear']} of B it is not clear which "
        "of A they are"
    )
    if not found["n_tested"]:
        return f"{counts}; {_no_proteins(found)['reason']}."
    return (
        f"{counts}; over patients the median correlation of {found['n_tested']} is "
        f"{found['median_rho']:.2f}, {found['n_positive']} rise together and "
        f"{found['n_negative']} go against each other (q at most {FALSE_DISCOVERY_RATE:g})."
    )
