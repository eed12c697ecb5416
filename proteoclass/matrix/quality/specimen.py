"""What a urine specimen went through: dilution, albumin, blood, handling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.errors import name_list
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.marker_proteins import ALBUMIN, BLOOD, KERATINS, find_markers
from proteoclass.matrix.quality.outliers import LEAST_SAMPLES, is_far
from proteoclass.matrix.wording import counted

Floats = npt.NDArray[np.float64]

_SHARES: Mapping[str, Mapping[str, str]] = {
    "albumin": ALBUMIN,
    "blood": BLOOD,
    "keratin": KERATINS,
}
_WORDS = {
    "albumin": "albumin share far above the cohort's",
    "blood": "haemoglobin and carbonic anhydrase 1 far above the cohort's: blood in the specimen",
    "keratin": "skin keratins far above the cohort's: look at the handling",
    "dilution": "loading far from the cohort's",
    "closure": "albumin takes more than half of the intensity: other proteins read low",
}
# Below these shares of a sample's intensity a marker is no news, whatever the others have.
_LEAST_SHARE = {"albumin": 0.2, "blood": 0.01, "keratin": 0.02}
# Four times the cohort's median, at least.
_LEAST_FOLD = 2.0
_HALF = 0.5
_ACROSS_RUNS = (
    "values computed across runs (such as MaxLFQ) understate shares of the intensity: read the "
    "file's plain intensities for them"
)


def specimen_quality(matrix: ProteinMatrix, shift: Floats, shift_reason: str) -> dict[str, Any]:
    """Describe each urine specimen by its dilution and by proteins that do not belong.

    Parameters
    ----------
    matrix : ProteinMatrix
        On the log2 scale, as measured: before ratios.
    shift : array of float, shape (n_samples,)
        log2 loading of each sample against the cohort, as `cohort_shift` gives.
    shift_reason : str
        Why there is none, else "".

    Returns
    -------
    dict
        `samples`, a dict each with `sample_id`, `dilution_factor` (2 to the shift: above
        1, more protein than the cohort's reference), `albumin_share`, `blood_share` and
        `keratin_share` of the sample's summed raw intensity, 0 to 1, and `flags`, in
        words; `markers`, the columns each share was summed over; `not_reportable`, a
        reason for each quantity that is None throughout; `note` where the values understate
        the shares; `reason` where there is no sample at all.

    Notes
    -----
    A flag is relative to this cohort: `is_far` on the log2 of the share, upwards, at
    least four times the median; there is none with fewer than six samples. Only albumin
    above one half is flagged in any cohort. PQN's quotient
    as dilution: Dieterle 2006, doi 10.1021/ac051632c. With equal peptide load an albumin
    share of s leaves 1 - s for all others, whatever the dilution was. MaxLFQ does not keep
    a run's shares: in the PUV urine cohort albumin takes 6-48 % of the intensity, 2-23 %
    of MaxLFQ.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame([[3.0, 2.0]], ["s"], ["P02768", "P1"])
    >>> proteins = pd.DataFrame({"accessions": ["P02768", ""]}, index=values.columns)
    >>> urine = ProteinMatrix.build(values, None, proteins, scale="log2", fluid="urine")
    >>> found = specimen_quality(urine, np.zeros(1), "")
    >>> round(found["samples"][0]["albumin_share"], 3), found["not_reportable"]["keratin_share"]
    (0.667, 'none of KRT1, KRT2, KRT9, KRT10 is in the matrix')
    """
    none: dict[str, Any] = {"samples": [], "markers": {}, "not_reportable": {}}
    if matrix.fluid != "urine":
        return {**none, "reason": f"fluid: {matrix.fluid}, expected urine"}
    if matrix.kind != "intensity":
        return {**none, "reason": f"values of kind {matrix.kind}: shares need intensities"}
    why: dict[str, str] = {"dilution_factor": shift_reason} if shift_reason else {}
    columns: dict[str, Floats] = {"dilution_factor": 2.0**shift}
    flags = {"dilution": is_far(shift, _LEAST_FOLD)}
    markers = {}
    for name, wanted in _SHARES.items():
        found = find_markers(matrix.proteins, wanted)
        markers[name] = {wanted[accession]: ids for accession, ids in found.items()}
        ids = [one for group in found.values() for one in group]
        if not ids:
            why[f"{name}_share"] = _absent(wanted)
            columns[f"{name}_share"] = np.full(matrix.n_samples, np.nan)
            continue
        share = intensity_share(matrix, ids)
        columns[f"{name}_share"] = share
        flags[name] = _is_high(share, _LEAST_SHARE[name])
        if name == "albumin":
            flags["closure"] = np.nan_to_num(share) > _HALF
    return {
        "samples": _rows(matrix, columns, flags),
        "markers": markers,
        "not_reportable": why,
        "note": _ACROSS_RUNS if matrix.quantity_scope == "cohort" else None,
        "reason": None,
    }


def intensity_share(matrix: ProteinMatrix, ids: list[str]) -> Floats:
    """Share of each sample's summed raw intensity that some proteins take.

    Parameters
    ----------
    matrix : ProteinMatrix
        On the log2 scale.
    ids : list of str

    Returns
    -------
    array of float, shape (n_samples,)
        0 where none of them was found; NaN where nothing was.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame([[3.0, 3.0, None]], ["s"], ["P1", "P2", "P3"])
    >>> intensity_share(ProteinMatrix.build(values, scale="log2"), ["P1", "P3"]).tolist()
    [0.5]
    """
    table = matrix.values.to_numpy(dtype=float)
    found = ~np.isnan(table)
    some = found.any(axis=1)
    # Against the sample's own largest value, so that no power overflows.
    top = np.where(some, np.max(np.where(found, table, -np.inf), axis=1, initial=-np.inf), 0.0)
    raw = np.where(found, 2.0 ** (np.where(found, table, 0.0) - top[:, None]), 0.0)
    raw[~found] = 0.0
    own = matrix.values.columns.isin(ids)
    return np.where(some, raw[:, own].sum(axis=1) / np.where(some, raw.sum(axis=1), 1.0), np.nan)


def specimen_warnings(found: dict[str, Any]) -> list[str]:
    """Say how many specimens are flagged, one sentence a kind of flag.

    Parameters
    ----------
    found : dict
        As `specimen_quality` gives.

    Returns
    -------
    list of str

    Examples
    --------
    >>> specimen_warnings({"samples": [{"sample_id": "s1", "flags": [_WORDS["dilution"]]}]})
    ["Urine: loading far from the cohort's, 1 sample (s1)."]
    """
    warnings = []
    for words in _WORDS.values():
        hit = [row["sample_id"] for row in found["samples"] if words in row["flags"]]
        if hit:
            warnings.append(f"Urine: {words}, {counted(len(hit), 'sample')} ({name_list(hit)}).")
    return warnings


def _is_high(share: Floats, least: float) -> npt.NDArray[np.bool_]:
    above = np.nan_to_num(share) >= least
    if np.isfinite(share).sum() < LEAST_SAMPLES:
        return np.zeros(len(share), dtype=bool)
    # A sample without the marker is as low as the lowest share that was seen.
    seen = share[share > 0]
    floor = float(seen.min()) if len(seen) else 1.0
    logs = np.log2(np.where(share > 0, share, np.where(np.isnan(share), np.nan, floor)))
    return above & is_far(logs, _LEAST_FOLD, "high")


def _absent(wanted: Mapping[str, str]) -> str:
    genes = ", ".join(wanted.values())
    return (
        f"none of {genes} is in the matrix" if len(wanted) > 1 else f"{genes} is not in the matrix"
    )


def _rows(
    matrix: ProteinMatrix, columns: Mapping[str, Floats], flags: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [
        {
            "sample_id": str(sample),
            **{
                name: float(numbers[i]) if np.isfinite(numbers[i]) else None
                for name, numbers in columns.items()
            },
            "flags": [_WORDS[name] for name, far in flags.items() if far[i]],
        }
        for i, sample in enumerate(matrix.values.index)
    ]
