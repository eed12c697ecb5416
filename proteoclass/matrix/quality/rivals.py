"""What separates the classes without any protein quantity: rivals that a score must beat."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.headers import plain
from proteoclass.matrix.normalisation.normalise import default_normalisation
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.components import GROUPS
from proteoclass.matrix.quality.depth import cohort_shift
from proteoclass.matrix.quality.patients import IndexPatients, index_patients
from proteoclass.matrix.quality.rival_null import Judged, judge_levels, judge_mask, judge_number
from proteoclass.matrix.wording import counted

_STRONG = 0.7
_CHANCE = 0.05
_ASSOCIATED = 0.01
_LEAST_PATIENTS = 5
_BLANKS = "one value, else blank, which is not taken for another value: fill in what is known"

#: Plain column names of what is done to patients who are severely ill, or to their urine.
TREATMENTS = {
    "catheter": r"catheter|foley",
    "void": r"^void",
    "heparin": r"heparin|enoxaparin",
    "steroid": r"(?<!non)steroid|dexamethason|predniso|hydrocortison|glucocorticoid",
    "intravenous albumin": r"ivalbumin|albuminiv|intravenousalbumin|albumininfusion",
    "dialysis": r"dialys|^c?rrt$|renalreplacement",
}


@dataclass(frozen=True)
class Rival:
    """A property of samples or patients, judged as if it were a score.

    Parameters
    ----------
    name : str
    auc : float or None
        Of the property as it is: below 0.5 where it is lower in positive patients.
        None where it cannot be told; the note says why.
    n : int
        Patients with a label and a value.
    note : str
        The direction, and how the number came about.
    warnings : tuple of str
    judged : Judged, optional
        The AUC's null.

    Examples
    --------
    >>> Rival("first day", 0.5, 10, "the same in both classes").as_dict()["n"]
    10
    """

    name: str
    auc: float | None
    n: int
    note: str
    warnings: tuple[str, ...] = ()
    judged: Judged | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what a report shows."""
        return {
            "name": self.name,
            "auc": self.auc,
            "n": self.n,
            "note": self.note,
            "p": None if self.judged is None else self.judged.p,
            "null": None if self.judged is None else list(self.judged.null),
        }


def find_rivals(
    matrix: ProteinMatrix,
    labels: pd.Series,
    *,
    index: str = "first",
    patients: IndexPatients | None = None,
    normalise: str = "auto",
) -> list[Rival]:
    """Judge as scores what no protein quantity stands behind.

    Parameters
    ----------
    matrix : ProteinMatrix
        Raw values are looked at as log2.
    labels : Series of float, shape (n_samples,)
        1.0, 0.0 or NaN, as `Outcome.labels` gives.
    index : str
        Which samples stand for a patient, as for `index_weights`.
    patients : IndexPatients, optional
        As `index_patients` gives for the same arguments, where it is there already.
    normalise : {"auto", "none", "median", "pqn", "quantile"}
        What the score is made with: its factor is the one to look at.

    Returns
    -------
    list of Rival
        Number of proteins found, missing rate, number of visits; first day and day of
        the index sample (where there are days); which proteins are missing; the
        normalisation factor; each of batch, plex and site, and each column named as one
        of `TREATMENTS`, unless all patients have the same there. Empty where a class is
        empty.

    Notes
    -----
    Each patient counts once. Each is set against 999 permutations of the labels. A batch
    becomes a number through the share of positive patients in it, on these same
    patients: an upper bound, above 0.5 by chance alone, as the median of its null shows.
    Which proteins are missing is judged out of fold (`judge_mask`). A batch that splits
    the classes without a remainder is warned of however few the patients are: no p is
    small there, and no comparison is possible either.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0], [8.5, None]], index=["a", "b"], columns=["P1", "P2"])
    >>> matrix = ProteinMatrix.build(values, scale="log2")
    >>> rivals = find_rivals(matrix, pd.Series([1.0, 0.0], ["a", "b"]))
    >>> rivals[0].name, rivals[0].auc
    ('number of proteins found', 1.0)
    """
    told = patients or index_patients(matrix, labels, index)
    if not told.two_classes:
        return []
    table = told.table
    rivals = [
        _number("number of proteins found", table["n_detected"], told),
        _number("missing rate", table["missing_rate"], told),
        _number("number of visits", table["n_visits"], told),
    ]
    if table["first_day"].notna().any():
        rivals.append(_number("first day", table["first_day"], told))
        if not table["index_day"].equals(table["first_day"].rename("index_day")):
            rivals.append(_number("day of the index sample", table["index_day"], told))
    rivals += [_mask(told), _factor(matrix.on_log2(), told, normalise)]
    rivals += [
        _levels(role, told.sheet[role], told)
        for role in GROUPS
        if role in told.sheet and _varies(told.sheet[role])
    ]
    rivals += [_treatment(name, told) for name in treatment_columns(told.sheet)]
    return rivals


def treatment_columns(sheet: pd.DataFrame) -> list[str]:
    """Return the columns that name a treatment or a way of taking urine, if they vary.

    Parameters
    ----------
    sheet : DataFrame, shape (n_patients, n_columns)

    Returns
    -------
    list of str
        Columns whose plain name fits one of `TREATMENTS`.

    Examples
    --------
    >>> sheet = pd.DataFrame({"Heparin (IU)": [0, 1], "severity": [0, 1], "dialysis": ["no", "no"]})
    >>> treatment_columns(sheet)
    ['Heparin (IU)']
    """
    patterns = [re.compile(pattern) for pattern in TREATMENTS.values()]
    return [
        str(name)
        for name in sheet.columns
        if any(pattern.search(plain(str(name))) for pattern in patterns) and _varies(sheet[name])
    ]


def _varies(column: pd.Series) -> bool:
    # One value and blanks differ too: a blank may stand for "no", or for "not known".
    known = column.dropna()
    return len(known.unique()) > 1 or 0 < len(known) < len(column)


def _number(name: str, values: pd.Series, patients: IndexPatients) -> Rival:
    numbers = values.to_numpy(dtype=float)
    labels = patients.table["label"].to_numpy(dtype=float)
    known = np.isfinite(numbers)
    if len(set(labels[known])) < 2:
        return Rival(name, None, int(known.sum()), "not known in both classes")
    judged = judge_number(numbers[known], labels[known])
    word = "higher" if judged.auc > 0.5 else "lower"
    direction = "the same in both classes" if judged.auc == 0.5 else f"{word} in positive patients"
    strong: tuple[str, ...] = ()
    if max(judged.auc, 1 - judged.auc) >= _STRONG and judged.p <= _CHANCE:
        strong = (_warning(f"The {name}", judged, int(known.sum())),)
    return Rival(name, judged.auc, int(known.sum()), direction, strong, judged)


def _warning(what: str, judged: Judged, n: int) -> str:
    return (
        f"{what} alone separates the classes (AUC {judged.auc:.2f}, {n} "
        "patients): a protein score must do better, or it may have learnt this."
    )


def _mask(patients: IndexPatients) -> Rival:
    name = "which proteins are missing"
    labels = patients.table["label"].to_numpy(dtype=float)
    n, smallest = len(labels), int(min(labels.sum(), (1 - labels).sum()))
    partly = np.ptp(patients.found, axis=0) > 0
    if not partly.any():
        return Rival(name, None, n, "no protein is found in some patients only")
    if smallest < _LEAST_PATIENTS:
        found = counted(smallest, "patient")
        few = f"{found} in the smaller class, expected at least {_LEAST_PATIENTS}"
        return Rival(name, None, n, few)
    judged = judge_mask(patients.found[:, partly], labels)
    note = (
        f"ridge on {int(partly.sum())} proteins, out of fold; permuted labels give "
        f"{judged.null[1]:.2f} (p = {judged.p:.3g})"
    )
    strong: tuple[str, ...] = ()
    if judged.auc >= _STRONG and judged.p <= _CHANCE:
        strong = (_warning("Knowing which proteins are missing", judged, n),)
    return Rival(name, judged.auc, n, note, strong, judged)


def _factor(matrix: ProteinMatrix, patients: IndexPatients, asked: str) -> Rival:
    name = "normalisation factor"
    method = default_normalisation(matrix) if asked == "auto" else asked
    if method == "none":
        reason = f"values of kind {matrix.kind} are not normalised" + (
            " by default" if asked == "auto" else ""
        )
        return Rival(name, None, len(patients.table), reason)
    shift, reason = cohort_shift(matrix, method)
    if reason:
        return Rival(name, None, len(patients.table), reason)
    own = pd.Series(shift, index=matrix.values.index).loc[patients.samples]
    of = matrix.samples["patient_id"].loc[patients.samples]
    rival = _number(name, own.groupby(of).mean().reindex(patients.table.index), patients)
    note = f"{rival.note} ({method}, learnt without labels)"
    return Rival(name, rival.auc, rival.n, note, rival.warnings, rival.judged)


def _levels(role: str, column: pd.Series, patients: IndexPatients) -> Rival:
    known = column.notna().to_numpy()
    labels = patients.table["label"].to_numpy(dtype=float)[known]
    if len(set(labels)) < 2:
        return Rival(role, None, int(known.sum()), "not known in both classes")
    levels = pd.factorize(column[known].astype(str), sort=True)[0]
    if not levels.max():
        return Rival(role, None, len(labels), _BLANKS)
    judged = judge_levels(levels, labels)
    note = (
        f"share of positive patients per {role}, on these same patients; permuted labels give "
        f"{judged.null[1]:.2f} (p = {judged.p:.3g})"
    )
    return Rival(
        role, judged.auc, len(labels), note, _confounding(role, levels, labels, judged), judged
    )


def _confounding(
    role: str, levels: npt.NDArray[np.intp], labels: npt.NDArray[np.float64], judged: Judged
) -> tuple[str, ...]:
    n_levels = int(levels.max()) + 1
    apart = one_class_a_level(levels, labels)
    strong = judged.auc >= _STRONG and judged.p <= _CHANCE
    if not (apart or strong or judged.p <= _ASSOCIATED):
        return ()
    so = "cannot be told from" if apart else "may be"
    return (
        f"The {role} and the outcome are associated "
        f"({f'no {role} holds both classes, ' if apart else ''}permutation p = {judged.p:.3g}, "
        f"{n_levels} levels, {len(labels)} patients): differences between the classes "
        f"{so} differences between levels of {role}.",
    )


def one_class_a_level(levels: npt.NDArray[np.intp], labels: npt.NDArray[np.float64]) -> bool:
    """Say whether each level of a group holds patients of one class only.

    Parameters
    ----------
    levels : array of int, shape (n_patients,)
        0, 1 and so on, none left out.
    labels : array of 0.0 and 1.0, shape (n_patients,)

    Returns
    -------
    bool
        False with less than two patients a level: one class each is what chance does there.

    Examples
    --------
    >>> one_class_a_level(np.array([0, 0, 1, 1]), np.array([0.0, 0.0, 1.0, 1.0]))
    True
    """
    counts = np.bincount(levels)
    apart = set(np.bincount(levels, labels) / counts) == {0.0, 1.0}
    return apart and len(labels) >= 2 * len(counts)


def _treatment(name: str, patients: IndexPatients) -> Rival:
    column = patients.sheet[name]
    if len(column.dropna().unique()) == 1:
        return Rival(name, None, int(column.notna().sum()), _BLANKS)
    number = pd.api.types.is_numeric_dtype(column)
    rival = (_number if number else _levels)(name, column, patients)
    if not rival.warnings and (rival.judged is None or rival.judged.p > _ASSOCIATED):
        return rival
    area = 0.5 if rival.auc is None else rival.auc
    warning = (
        f"{name[:40]} goes with the outcome (AUC {area:.2f}, {rival.n} patients): treatment "
        "follows severity, and a protein that follows the treatment tells nothing of the disease."
    )
    return Rival(rival.name, rival.auc, rival.n, rival.note, (warning,), rival.judged)
