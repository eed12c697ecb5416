"""Whether the proteins of a urine specimen fit the sex in the sample sheet."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.marker_proteins import MALE, find_markers
from proteoclass.matrix.quality.outliers import MAD_TO_SD, is_far
from proteoclass.matrix.samples.roles import sex_of
from proteoclass.matrix.wording import counted
from proteoclass.stats import auc

Floats = npt.NDArray[np.float64]

_ADULT = 18.0
_LEAST_OF_A_SEX = 10
_LEAST_AUC = 0.8
_LEAST_SEPARATION = 2.0
# Share of a sample's proteins: what any two samples of one sex may differ by.
_LEAST_RANK = 0.1


def sex_check(matrix: ProteinMatrix) -> dict[str, Any]:
    """Set proteins of the prostate and seminal vesicles against the recorded sex.

    Parameters
    ----------
    matrix : ProteinMatrix
        On the log2 scale, as measured: before ratios.

    Returns
    -------
    dict
        `proteins`, a dict each with `gene`, `accession`, `columns` and `n_detected`
        samples; `samples`, a dict each with `sample_id`, `n_detected` (of those proteins)
        and `rank` (the mean rank of those proteins among the sample's own, 0 not found,
        1 the strongest), and the recorded `sex`; `n_men`, `n_women` that calibrated it,
        `n_children` left out; `auc` of the rank for men; `contradictions`, sample ids
        whose rank is far from that of their recorded sex and on the side of the other's;
        `reason` where there is no verdict.

    Notes
    -----
    KLK3, ACP3, MSMB, SEMG1 and SEMG2. Boys have less of them, so samples with an age
    under 18 calibrate nothing and are judged by nothing; an unknown age passes for an
    adult's. A verdict needs ten samples of each sex, an AUC of 0.8, and medians two scaled
    median absolute deviations apart: a few mixed-up samples spoil none of these. It
    suggests a check for a mix-up and nothing more: other things than sex change these
    proteins too.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0]], ["s1"], ["P1"])
    >>> sex_check(ProteinMatrix.build(values, scale="log2"))["reason"]
    'fluid: not stated, expected urine'
    """
    none: dict[str, Any] = {"proteins": [], "samples": [], "contradictions": [], "auc": None}
    if matrix.fluid != "urine":
        return {**none, "reason": f"fluid: {matrix.fluid}, expected urine"}
    if matrix.kind != "intensity":
        return {**none, "reason": f"values of kind {matrix.kind}: ranks need intensities"}
    markers = find_markers(matrix.proteins, MALE)
    present = {accession: ids for accession, ids in markers.items() if ids}
    told = {**none, "proteins": _proteins(matrix, markers)}
    if not present:
        return {**told, "reason": f"none of {', '.join(MALE.values())} is in the matrix"}
    ranks = marker_ranks(matrix, list(present.values()))
    sex = recorded_sex(matrix.samples)
    rank = ranks.mean(axis=1)
    told["samples"] = [
        {
            "sample_id": str(name),
            "n_detected": int((ranks[i] > 0).sum()),
            "rank": float(rank[i]),
            "sex": sex[i] or None,
        }
        for i, name in enumerate(matrix.values.index)
    ]
    return {**told, **_verdict(matrix, rank, sex)}


def marker_ranks(matrix: ProteinMatrix, groups: list[list[str]]) -> Floats:
    """Rank of each marker among the proteins of its sample.

    Parameters
    ----------
    matrix : ProteinMatrix
    groups : list of list of str
        Columns of each marker; of several the strongest counts.

    Returns
    -------
    array of float, shape (n_samples, n_markers)
        Share of the sample's detected proteins that are no stronger; 0 where the marker
        was not found.

    Examples
    --------
    >>> values = pd.DataFrame([[3.0, 1.0, 2.0, None]], ["s"], list("abcd"))
    >>> matrix = ProteinMatrix.build(values, scale="log2")
    >>> marker_ranks(matrix, [["a"], ["d"], ["b", "d"]]).round(3).tolist()
    [[1.0, 0.0, 0.333]]
    """
    table = matrix.values.to_numpy(dtype=float)
    count = np.maximum((~np.isnan(table)).sum(axis=1), 1)
    columns = []
    for ids in groups:
        own = matrix.values[ids].to_numpy(dtype=float)
        strongest = np.max(np.where(np.isnan(own), -np.inf, own), axis=1)
        below = (table <= strongest[:, None]).sum(axis=1)
        columns.append(below / count)
    return np.column_stack(columns)


def recorded_sex(samples: pd.DataFrame) -> list[str]:
    """Return "male", "female" or "" of each sample, whatever the sheet's words.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_roles)
        With or without `sex`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> recorded_sex(pd.DataFrame({"sex": ["M", "woman", "unknown", None]}))
    ['male', 'female', '', '']
    """
    if "sex" not in samples:
        return [""] * len(samples)
    return [sex_of(str(cell)) for cell in samples["sex"]]


def sex_warnings(found: dict[str, Any]) -> list[str]:
    """Name the samples that contradict their recorded sex.

    Parameters
    ----------
    found : dict
        As `sex_check` gives.

    Returns
    -------
    list of str
        One sentence at most.

    Examples
    --------
    >>> sex_warnings({"contradictions": ["s1"]})[0][:44]
    'Mix-up check suggested for 1 sample (s1): th'
    """
    names = found["contradictions"]
    if not names:
        return []
    return [
        f"Mix-up check suggested for {counted(len(names), 'sample')} ({name_list(names)}): "
        "the sex-specific proteins do not fit the sex in the sample sheet."
    ]


def _proteins(matrix: ProteinMatrix, markers: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [
        {
            "gene": MALE[accession],
            "accession": accession,
            "columns": ids,
            "n_detected": int(matrix.values[ids].notna().any(axis=1).sum()) if ids else None,
        }
        for accession, ids in markers.items()
    ]


def _verdict(matrix: ProteinMatrix, rank: Floats, sex: list[str]) -> dict[str, Any]:
    age = pd.Series(np.nan, index=matrix.samples.index)
    if "age" in matrix.samples:
        age = pd.to_numeric(matrix.samples["age"], errors="coerce")
    child = (age < _ADULT).to_numpy()
    male = np.array([word == "male" for word in sex]) & ~child
    female = np.array([word == "female" for word in sex]) & ~child
    told = {
        "n_men": int(male.sum()),
        "n_women": int(female.sum()),
        "n_children": int(child.sum()),
    }
    if min(told["n_men"], told["n_women"]) < _LEAST_OF_A_SEX:
        return {
            **told,
            "reason": f"{counted(told['n_men'], 'sample')} of men and {told['n_women']} of women, "
            f"adults of known sex, expected at least {_LEAST_OF_A_SEX} of each",
        }
    known = male | female
    area = auc(male[known], rank[known])
    apart = _separation(rank[male], rank[female])
    if area < _LEAST_AUC or apart < _LEAST_SEPARATION:
        reason = (
            f"the sex-specific proteins do not tell men from women here (AUC {area:.2f} and "
            f"{apart:.1f} standard deviations, expected at least {_LEAST_AUC} and "
            f"{_LEAST_SEPARATION:.0f})"
        )
        return {**told, "auc": area, "reason": reason}
    middle = (np.median(rank[male]) + np.median(rank[female])) / 2
    wrong = np.zeros(len(rank), dtype=bool)
    for own, side in ((male, "low"), (female, "high")):
        far = np.zeros(len(rank), dtype=bool)
        far[own] = is_far(rank[own], _LEAST_RANK, side)
        wrong |= far & ((rank < middle) if side == "low" else (rank > middle))
    names = [str(name) for name in matrix.values.index[wrong]]
    return {**told, "auc": area, "contradictions": names, "reason": None}


def _separation(men: Floats, women: Floats) -> float:
    spread = [
        max(MAD_TO_SD * float(np.median(np.abs(own - np.median(own)))), _LEAST_RANK / 5)
        for own in (men, women)
    ]
    apart = float(np.median(men) - np.median(women))
    return apart / float(np.sqrt((spread[0] ** 2 + spread[1] ** 2) / 2))
