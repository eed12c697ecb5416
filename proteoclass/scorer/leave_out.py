"""Leave-site-out: each level of a column of the sample sheet is held out once, whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.folds import unit_seed
from proteoclass.matrix.wording import label_text, near_columns
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.comparators import fold_auc
from proteoclass.scorer.inner_folds import fold_margins
from proteoclass.scorer.settings import Settings
from proteoclass.scorer.splits import MIN_PER_CLASS, FoldUnit

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]
Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Levels of a column, and the patients of each.

    Parameters
    ----------
    column : str
    levels : tuple of str
        In order; each is the test fold once.
    tests : tuple of arrays of object
        Labelled patients of each level. Those without an index sample are predicted, never
        trained on.
    of_patient : array of object, shape (n_patients,)
        Level of each training patient of the cohort, by patient id.
    counts : tuple of tuple of int
        Positive and negative training patients of each level.
    n_elsewhere : int
        Follow-up samples that stand at another level than their patient's index sample.
    """

    column: str
    levels: tuple[str, ...]
    tests: tuple[Names, ...]
    of_patient: Names
    counts: tuple[tuple[int, int], ...]
    n_elsewhere: int

    @property
    def scored(self) -> tuple[bool, ...]:
        """Whether a level has enough patients of both classes for an AUC of its own."""
        return tuple(min(pair) >= MIN_PER_CLASS for pair in self.counts)

    def units(
        self, cohort: Cohort, settings: Settings, fixed: tuple[str, ...], seed: int
    ) -> list[FoldUnit]:
        """Return the arguments of `run_fold`, level by level.

        Parameters
        ----------
        cohort : Cohort
        settings : Settings
            Resolved.
        fixed : tuple of str
            A panel from elsewhere.
        seed : int

        Returns
        -------
        list of tuple
        """
        return [
            (cohort, test, settings, (seed, 0, fold), fixed) for fold, test in enumerate(self.tests)
        ]

    def mean_auc(
        self, cohort: Cohort, settings: Settings, seed: int, fixed: tuple[str, ...]
    ) -> float:
        """Return the mean of the AUCs within levels, uncalibrated, from one fit a level.

        Parameters
        ----------
        cohort : Cohort
            Its labels may be permuted within levels.
        settings : Settings
            Resolved.
        seed : int
        fixed : tuple of str

        Returns
        -------
        float
        """
        names, _ = cohort.training_patients
        values = []
        for fold in np.flatnonzero(self.scored):
            inside = self.of_patient == self.levels[fold]
            unit = unit_seed(seed, 10**6, 1 + int(fold))
            split = (cohort, names[~inside], names[inside])
            values.append(fold_auc(cohort, *fold_margins(*split, settings, unit, fixed)))
        return float(np.mean(values))

    def judged(self, by_repeat: list[list[Item]]) -> list[list[Item]]:
        """Return what belongs to the levels that have an AUC of their own.

        Parameters
        ----------
        by_repeat : list of lists
            Results or units of work, one a level.

        Returns
        -------
        list of lists
        """
        return [
            [result for result, scored in zip(results, self.scored, strict=True) if scored]
            for results in by_repeat
        ]

    def notes(self) -> list[str]:
        """Return what a reader must know of levels that are not like the others.

        Returns
        -------
        list of str
        """
        small = len(self.scored) - sum(self.scored)
        notes = []
        if small:
            # A locked model carries the warnings of its evaluation, and names no group that
            # may be one patient.
            notes.append(
                f"Without an AUC of their own, for fewer than {MIN_PER_CLASS} patients of a class: "
                f"{small} of {len(self.levels)} levels of {self.column}, named under `auc` in "
                "evaluation.json; their patients are predicted and trained on."
            )
        if self.n_elsewhere:
            notes.append(
                f"{self.n_elsewhere} follow-up samples stand at another {self.column} than their "
                "patient's index sample, and were predicted with the patient."
            )
        return notes


def left_out(cohort: Cohort, column: str) -> LeftOut:
    """Group the patients of a cohort by a column, to hold out each group once.

    A patient belongs where the index sample was taken. Follow-up samples elsewhere go with
    the patient: they are never trained on.

    Parameters
    ----------
    cohort : Cohort
    column : str
        Of the sample sheet.

    Returns
    -------
    LeftOut

    Raises
    ------
    InputError
        If the sheet has no such column, a patient has no value in it, or a patient has
        index samples at several levels.
    TooLittleDataError
        If there are fewer than two levels with an AUC of their own, or the patients of the
        other levels are too few to train on.
    """
    asked = f"--leave-out {column}"
    samples = cohort.matrix.samples
    if column not in samples:
        raise InputError(
            f"{asked}: the sample sheet has no such column; "
            f"{near_columns(column, samples.columns, '--leave-out')}"
        )
    text = np.array(["" if pd.isna(c) else label_text(c) for c in samples[column]], dtype=object)
    names, classes = cohort.training_patients
    of_patient = _levels_of_patients(cohort, text, asked)
    levels = tuple(sorted(set(of_patient)))
    counts = tuple(
        (int(classes[inside].sum()), int((1 - classes[inside]).sum()))
        for inside in (of_patient == level for level in levels)
    )
    _require_training(asked, levels, counts)
    own = pd.Series(of_patient, index=names)
    extra = _levels_of_others(cohort, text, names, levels[0])
    elsewhere = ~np.isnan(cohort.labels) & (cohort.weights == 0) & (text != "")
    at_home = pd.Series(cohort.patients).map(pd.concat([own, extra])).to_numpy(dtype=object)
    found = LeftOut(
        column=column,
        levels=levels,
        tests=tuple(
            np.concatenate([names[of_patient == level], extra.index[extra == level]])
            for level in levels
        ),
        of_patient=of_patient,
        counts=counts,
        n_elsewhere=int((elsewhere & (text != at_home)).sum()),
    )
    if sum(found.scored) < 2:
        raise TooLittleDataError(
            f"{asked}: {sum(found.scored)} of {len(levels)} levels have {MIN_PER_CLASS} patients "
            "of each class, expected at least 2; name a column with larger groups, or use --folds"
        )
    return found


def _levels_of_patients(cohort: Cohort, text: Names, asked: str) -> Names:
    """Return the level of each training patient, that of its index samples."""
    rows = cohort.index_rows()
    frame = pd.DataFrame({"patient": cohort.patients[rows].astype(str), "level": text[rows]})
    by_patient = frame.groupby("patient", sort=True)["level"]
    n_levels = by_patient.nunique()
    several = n_levels.index[n_levels > 1]
    if len(several):
        raise InputError(
            f"{asked}: {len(several)} patients have index samples at several levels: "
            f"{name_list(several)}; such a patient would be on both sides: name one index sample "
            "with --index COLUMN=VALUE, or leave them out"
        )
    level = by_patient.first()
    unknown = level.index[level == ""]
    if len(unknown):
        raise InputError(
            f"{asked}: {len(unknown)} patients have no value there: {name_list(unknown)}; they "
            "might belong to the level that is held out: fill it in, or leave them out"
        )
    return level.to_numpy(dtype=object)


def _levels_of_others(cohort: Cohort, text: Names, names: Names, otherwise: str) -> pd.Series:
    """Return the level of each labelled patient without an index sample, of the first sample.

    No model learns from them: where their level is not known, any may predict them.
    """
    labelled = np.flatnonzero(~np.isnan(cohort.labels))
    rows = labelled[~np.isin(cohort.patients[labelled].astype(str), names.astype(str))]
    frame = pd.DataFrame(
        {"patient": cohort.patients[rows].astype(str), "level": text[rows]},
        index=cohort.values.index.to_numpy(dtype=str)[rows],
    ).sort_index(kind="stable")
    known = frame["level"].where(frame["level"] != "")
    found = known.groupby(frame["patient"]).first().fillna(otherwise)
    return found.astype(object)


def _require_training(
    asked: str, levels: tuple[str, ...], counts: tuple[tuple[int, int], ...]
) -> None:
    if len(levels) < 2:
        raise TooLittleDataError(
            f"{asked}: all patients have the value {levels[0]!r}, expected at least two levels; "
            "use --folds"
        )
    total = np.sum(counts, axis=0)
    for level, pair in zip(levels, counts, strict=True):
        positive, negative = (int(n) for n in total - pair)
        if min(positive, negative) < MIN_PER_CLASS:
            raise TooLittleDataError(
                f"{asked}: without {level!r}, {positive} positive and {negative} negative patients "
                f"are left to train on, expected at least {MIN_PER_CLASS} of each; "
                f"{_why_so_few(counts)}: use --folds"
            )


def _why_so_few(counts: tuple[tuple[int, int], ...]) -> str:
    if not any(positive and negative for positive, negative in counts):
        return "the column and the outcome cannot be told apart"
    return "the other levels are too small, or follow the outcome"
