"""What separates the classes without any protein: rivals that a score must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.outcome import index_weights, is_replicate
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.stats import auc

_STRONG = 0.7
_PERMUTATIONS = 999
_ASSOCIATED = 0.01


@dataclass(frozen=True)
class Rival:
    """A property of samples or patients, judged as if it were a score.

    Parameters
    ----------
    name : str
    auc : float
        Of the property as it is: below 0.5 where it is lower in positive patients.
    n : int
        Patients with a label and a value.
    note : str
        The direction, and how the number came about.
    warnings : tuple of str

    Examples
    --------
    >>> Rival("first day", 0.5, 10, "the same in both classes").as_dict()["n"]
    10
    """

    name: str
    auc: float
    n: int
    note: str
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what a report shows."""
        return {"name": self.name, "auc": self.auc, "n": self.n, "note": self.note}


def find_rivals(matrix: ProteinMatrix, labels: pd.Series, *, index: str = "first") -> list[Rival]:
    """Judge depth, missing rate, number of visits, first day and batches as scores.

    Parameters
    ----------
    matrix : ProteinMatrix
    labels : Series of float, shape (n_samples,)
        1.0, 0.0 or NaN, as `Outcome.labels` gives.
    index : str
        Which samples stand for a patient, as for `index_weights`.

    Returns
    -------
    list of Rival
        Number of proteins found, missing rate, number of visits, first day (where
        there are days), and each of batch, plex and site that has two levels or more.
        Empty where a class is empty.

    Notes
    -----
    A batch becomes a number through the share of positive patients in it, on these
    same patients: an upper bound, above 0.5 by chance alone. So it is set against 999
    permutations of the labels, p = (1 + b)/(1 + B) (Phipson & Smyth 2010, doi
    10.2202/1544-6115.1585), and their median stands in the note.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0], [8.5, None]], index=["a", "b"], columns=["P1", "P2"])
    >>> matrix = ProteinMatrix.build(values, scale="log2")
    >>> rivals = find_rivals(matrix, pd.Series([1.0, 0.0], ["a", "b"]))
    >>> rivals[0].name, rivals[0].auc
    ('number of proteins found', 1.0)
    """
    patients = _patients(matrix, labels, index)
    if set(patients["label"]) != {0.0, 1.0}:
        return []
    rivals = [
        _number("number of proteins found", patients["n_detected"], patients),
        _number("missing rate", patients["missing_rate"], patients),
        _number("number of visits", patients["n_visits"], patients),
    ]
    if patients["first_day"].notna().any():
        rivals.append(_number("first day", patients["first_day"], patients))
    for role in ("batch", "plex", "site"):
        if role in patients and len(patients[role].dropna().unique()) > 1:
            rivals.append(_levels(role, patients))
    return [rival for rival in rivals if np.isfinite(rival.auc)]


def _patients(matrix: ProteinMatrix, labels: pd.Series, index: str) -> pd.DataFrame:
    """One row a labelled patient, averaged over the samples that stand for it."""
    samples = matrix.samples
    patient = samples["patient_id"]
    found = matrix.values.notna()
    frame = pd.DataFrame(
        {
            "patient": patient,
            "label": labels.reindex(samples.index),
            "n_detected": found.sum(axis=1).astype(float),
            "missing_rate": 1 - found.mean(axis=1),
            "n_visits": (~is_replicate(samples)).groupby(patient).transform("sum").astype(float),
            "first_day": np.nan,
        }
    )
    if "day" in samples:
        days = pd.to_numeric(samples["day"], errors="coerce")
        frame["first_day"] = days.groupby(patient).transform("min")
    chosen = index_weights(samples, frame["label"], index) > 0
    grouped = frame[chosen].groupby("patient", sort=True)
    patients = grouped.mean()
    for role in ("batch", "plex", "site"):
        if role in samples:
            patients[role] = samples.loc[chosen, role].groupby(patient[chosen], sort=True).first()
    return patients


def _number(name: str, values: pd.Series, patients: pd.DataFrame) -> Rival:
    known = values.notna()
    area = auc(patients.loc[known, "label"], values[known])
    word = "higher" if area > 0.5 else "lower"
    direction = "the same in both classes" if area == 0.5 else f"{word} in positive patients"
    strong: tuple[str, ...] = ()
    if max(area, 1 - area) >= _STRONG:
        strong = (
            f"The {name} alone separates the classes (AUC {area:.2f}, {int(known.sum())} "
            "patients): a protein score must do better, or it may have learnt this.",
        )
    return Rival(name, area, int(known.sum()), direction, strong)


def _levels(role: str, patients: pd.DataFrame) -> Rival:
    known = patients[patients[role].notna()]
    labels = known["label"].to_numpy(dtype=int)
    levels = pd.factorize(known[role].astype(str), sort=True)[0]
    observed = _shares_auc(levels, labels)
    rng = np.random.default_rng(0)
    drawn = np.array([_shares_auc(levels, rng.permutation(labels)) for _ in range(_PERMUTATIONS)])
    p = (1 + int((drawn >= observed - 1e-12).sum())) / (1 + _PERMUTATIONS)
    note = (
        f"share of positive patients per {role}, on these same patients; permuted labels give "
        f"{np.median(drawn):.2f} (p = {p:.3g})"
    )
    warnings: tuple[str, ...] = ()
    if p <= _ASSOCIATED:
        warnings = (
            f"The {role} and the outcome are associated (permutation p = {p:.3g}, "
            f"{levels.max() + 1} levels, {len(labels)} patients): differences between the classes "
            f"may be differences between levels of {role}.",
        )
    return Rival(role, observed, len(labels), note, warnings)


def _shares_auc(levels: npt.NDArray[np.intp], labels: npt.NDArray[np.int_]) -> float:
    shares = np.bincount(levels, labels) / np.bincount(levels)
    return auc(labels, shares[levels])
