"""Scores that no protein quantity stands behind, learnt in the fold as the model is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.quality.components import GROUPS
from proteoclass.matrix.quality.patients import IndexPatients
from proteoclass.matrix.quality.rival_null import mask_scores
from proteoclass.matrix.quality.rivals import one_class_a_level
from proteoclass.matrix.wording import counted
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.single_protein import SUSPICIOUS_AUC
from proteoclass.stats import auc

Floats = npt.NDArray[np.float64]

#: Columns of `IndexPatients.table` and what they are called.
NUMBERS: Final = {
    "n_detected": "number of proteins found alone",
    "n_visits": "number of visits alone",
    "first_day": "first day alone",
    "index_day": "day of the index sample alone",
}
MASK: Final = "which proteins are missing alone"
#: Every name that a nuisance may have among the comparators.
NAMES: Final = (*(f"{role} alone" for role in GROUPS), *NUMBERS.values(), MASK)
#: Patients at the cohort's share of positives that are added to each level.
SHRINKAGE: Final = 1.0
#: An AUC that a nuisance should not reach.
STRONG: Final = 0.7


@dataclass(frozen=True, eq=False)
class Nuisances:
    """Properties of training patients that a protein score may have learnt instead.

    Parameters
    ----------
    labels : Series of float, shape (n_patients,)
        1.0 or 0.0, indexed by patient.
    numbers : DataFrame, shape (n_patients, n_numbers)
        Depth, visits and days, where they vary; columns are names of comparators.
    levels : DataFrame, shape (n_patients, n_groups)
        Batch, plex and site, where they vary.
    mask : array of float, shape (n_patients, n_patients), optional
        Cross products of what was found in each patient; None where nothing is missing.
    """

    labels: pd.Series
    numbers: pd.DataFrame
    levels: pd.DataFrame
    mask: Floats | None = field(default=None)

    @classmethod
    def of(cls, patients: IndexPatients) -> Nuisances:
        """Gather what varies between the patients of a cohort.

        Parameters
        ----------
        patients : IndexPatients
            As `index_patients` gives for the index samples.

        Returns
        -------
        Nuisances
        """
        table, sheet = patients.table, patients.sheet
        numbers = {called: table[name] for name, called in NUMBERS.items() if _varies(table[name])}
        if table["index_day"].equals(table["first_day"].rename("index_day")):
            numbers.pop(NUMBERS["index_day"], None)
        levels = {
            f"{role} alone": sheet[role].map(str, na_action="ignore").astype(object)
            for role in GROUPS
            if role in sheet and _varies(sheet[role])
        }
        partly = np.ptp(patients.found, axis=0) > 0
        found = patients.found[:, partly]
        return cls(
            labels=table["label"],
            numbers=pd.DataFrame(numbers, index=table.index),
            levels=pd.DataFrame(levels, index=table.index),
            mask=found @ found.T if partly.any() else None,
        )

    def margins(
        self,
        cohort: Cohort,
        train: npt.NDArray[np.object_],
        rows: npt.NDArray[np.intp],
    ) -> dict[str, Floats]:
        """Score rows of test patients by what training patients say of each nuisance.

        Parameters
        ----------
        cohort : Cohort
        train : array of object
            Training patients.
        rows : array of int
            Every sample of the test patients, which has its patient's score.

        Returns
        -------
        dict of str to array of float
            A test patient without an index sample, or with a gap there, is scored as the
            training patients are on average.
        """
        test = cohort.patients[rows]
        labels = self.labels.reindex(train).to_numpy(dtype=float)
        scores = {
            str(name): shrunken_shares(column.reindex(train), labels, column.reindex(test))
            for name, column in self.levels.items()
        }
        for name, column in self.numbers.items():
            known = column.reindex(train).to_numpy(dtype=float)
            scores[str(name)] = signed_number(
                known, labels, column.reindex(test).to_numpy(dtype=float)
            )
        if self.mask is not None:
            scores[MASK] = self._mask_scores(self.mask, train, test)
        return scores

    def tied_to_outcome(self) -> list[str]:
        """Return which of batch, plex and site hold one class only in each of their levels."""
        tied = []
        for name, column in self.levels.items():
            known = column.notna().to_numpy()
            levels = pd.factorize(column[known], sort=True)[0]
            if one_class_a_level(levels, self.labels[known].to_numpy(dtype=float)):
                tied.append(str(name).removesuffix(" alone"))
        return tied

    def _mask_scores(
        self, products: Floats, train: npt.NDArray[np.object_], test: npt.NDArray[np.object_]
    ) -> Floats:
        inner, outer = (self.labels.index.get_indexer(pd.Index(who)) for who in (train, test))
        labels = self.labels.to_numpy(dtype=float)[inner]
        scores = np.full(len(test), labels.mean())
        known = outer >= 0
        if known.any():
            scores[known] = mask_scores(products, labels[None, :], inner, outer[known])[0]
        return scores


def shrunken_shares(levels: pd.Series, labels: Floats, wanted: pd.Series) -> Floats:
    """Score test patients by the share of positives among training patients of their level.

    Parameters
    ----------
    levels : Series of str, shape (n_training_patients,)
    labels : array of 0 and 1, shape (n_training_patients,)
    wanted : Series of str, shape (n_test,)

    Returns
    -------
    array of float, shape (n_test,)
        (positives + prevalence) / (patients + 1): `SHRINKAGE` patients at the prevalence
        keep a level of one patient from certainty. The prevalence where the level was not
        seen.

    Notes
    -----
    Target encoding by an m-estimate: Micci-Barreca 2001, doi 10.1145/507533.507538. A
    level that tells nothing may read well below 0.5: a positive patient held out lowers
    the share of its level.

    Examples
    --------
    >>> shrunken_shares(pd.Series(["a", "a", "b"]), np.array([1.0, 1.0, 0.0]),
    ...                 pd.Series(["a", "b", "c"])).round(3).tolist()
    [0.889, 0.333, 0.667]
    """
    prevalence = float(labels.mean())
    grouped = pd.Series(labels).groupby(levels.to_numpy(dtype=object))
    shares = (grouped.sum() + SHRINKAGE * prevalence) / (grouped.size() + SHRINKAGE)
    return np.asarray(wanted.map(shares).fillna(prevalence), dtype=float)


def signed_number(known: Floats, labels: Floats, wanted: Floats) -> Floats:
    """Score test patients by a number, turned so that training positives have more of it.

    Parameters
    ----------
    known : array of float, shape (n_training_patients,)
    labels : array of 0 and 1, shape (n_training_patients,)
    wanted : array of float, shape (n_test,)
        NaN = not known.

    Returns
    -------
    array of float, shape (n_test,)
        A gap takes the training median. All zero where training says nothing.

    Examples
    --------
    >>> signed_number(np.array([3.0, 1.0]), np.array([0.0, 1.0]), np.array([5.0, np.nan])).tolist()
    [-5.0, -2.0]
    """
    there = ~np.isnan(known)
    area = auc(labels[there], known[there])
    if not np.isfinite(area):
        return np.zeros(len(wanted))
    filled = np.where(np.isnan(wanted), np.median(known[there]), wanted)
    return np.asarray(np.sign(area - 0.5) * filled + 0.0)


def nuisance_warnings(comparators: Sequence[dict[str, Any]], tied: Sequence[str]) -> list[str]:
    """Say which nuisances the model does not beat, which are strong, and which are the outcome.

    Parameters
    ----------
    comparators : sequence of dict
        As `compare_on_folds` returns them.
    tied : sequence of str
        As `Nuisances.tied_to_outcome` returns it; these are named once, and no more.

    Returns
    -------
    list of str

    Notes
    -----
    Strong is an AUC of at least 0.7 whose corrected resampled interval lies above 0.5: in
    150 simulated cohorts of 39 and 11 patients without any signal 0 to 3 % by nuisance.

    Examples
    --------
    >>> row = {"name": "batch alone", "auc": {"mean_over_folds": 0.8, "interval": [0.6, 1.0]},
    ...        "difference": {"interval": [-0.1, 0.1]}}
    >>> len(nuisance_warnings([row], [])), len(nuisance_warnings([row], ["batch"]))
    (2, 1)
    """
    warnings = [
        f"The {name} and the outcome cannot be told apart: no {name} holds patients of both "
        f"classes, so that whatever differs between levels of {name} separates the classes as well "
        "as the disease does."
        for name in tied
    ]
    rows = [
        row
        for row in comparators
        if row["name"] in NAMES and row["name"].removesuffix(" alone") not in tied
    ]
    strong = [row for row in rows if _is_strong(row)]
    if strong:
        warnings.append(
            f"The outcome is told without any protein quantity by {_listed(strong)}: a protein "
            "score must do better, or it may have learnt this."
        )
    # Not testable, which is NaN, is no proof either.
    unbeaten = [row for row in rows if not row["difference"]["interval"][0] > 0]
    if unbeaten:
        warnings.append(
            f"The model is not shown to beat {counted(len(unbeaten), 'score')} that no protein "
            f"quantity stands behind: {_listed(unbeaten)}."
        )
    return warnings


def _varies(column: pd.Series) -> bool:
    return len(column.dropna().unique()) > 1


def _is_strong(row: dict[str, Any]) -> bool:
    reached, low = row["auc"]["mean_over_folds"], row["auc"]["interval"][0]
    # Folds that are all alike, and too few sites, leave no interval to hold it to.
    return bool(reached > SUSPICIOUS_AUC if np.isnan(low) else reached >= STRONG and low > 0.5)


def _listed(rows: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{row['name']} (AUC {row['auc']['mean_over_folds']:.2f})" for row in rows)
