"""Proteins and samples that hold nothing to learn from: counted, said, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proteoclass.errors import TooLittleDataError, name_list
from proteoclass.matrix.wording import counted
from proteoclass.scorer.cohort import Cohort

Names = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Uninformative:
    """What index samples do not tell.

    Parameters
    ----------
    never_found : array of str
        Proteins without a value in any index sample.
    constant : array of str
        Proteins with one and the same value in all index samples that have one, two or more.
    empty : array of str
        Index samples without any value.
    n_proteins : int
    """

    never_found: Names
    constant: Names
    empty: Names
    n_proteins: int

    def counts(self) -> dict[str, Any]:
        """Return how many of each, and which samples, as `evaluation.json` has them."""
        return {
            "n_proteins_never_found": len(self.never_found),
            "n_proteins_constant": len(self.constant),
            "n_index_samples_empty": len(self.empty),
            "index_samples_empty": name_list(self.empty),
        }

    def warnings(self) -> list[str]:
        """Return a sentence for each kind there is.

        Examples
        --------
        >>> none = np.array([], dtype=object)
        >>> found = Uninformative(none, np.array(["P1"], dtype=object), none, 3)
        >>> found.warnings()[0][:73]
        '1 of 3 proteins has one and the same value in every index sample that has'
        """
        said = []
        if len(self.never_found):
            one = len(self.never_found) == 1
            said.append(
                f"{len(self.never_found)} of {self.n_proteins} proteins {'was' if one else 'were'} "
                f"found in no index sample: {name_list(self.never_found)}."
            )
        if len(self.constant):
            one = len(self.constant) == 1
            said.append(
                f"{len(self.constant)} of {self.n_proteins} proteins {'has' if one else 'have'} "
                "one and the same value in every index sample that has it: "
                f"{name_list(self.constant)}. That is a filled-in value and no measurement; once "
                "samples are normalised it differs between them by their loading alone."
            )
        if len(self.empty):
            # Warnings go into the locked model, which names no sample.
            said.append(
                f"{counted(len(self.empty), 'index sample')} without any value, named under "
                "`cohort` in evaluation.json: a score rests on what is missing there."
            )
        return said


def uninformative(cohort: Cohort) -> Uninformative:
    """Look for what index samples do not tell.

    Parameters
    ----------
    cohort : Cohort

    Returns
    -------
    Uninformative

    Raises
    ------
    TooLittleDataError
        If no protein has two different values in index samples, or one class has no value
        at all.
    """
    rows = cohort.index_rows()
    values = cohort.values.iloc[rows].to_numpy(dtype=float)
    proteins = cohort.values.columns.to_numpy(dtype=object)
    found = ~np.isnan(values)
    times = found.sum(axis=0)
    low = np.where(found, values, np.inf).min(axis=0)
    high = np.where(found, values, -np.inf).max(axis=0)
    same = (times > 0) & (low == high)
    _require_values(cohort, rows, found)
    if not (low < high).any():
        raise TooLittleDataError(
            f"{_where(cohort)}: no protein varies between index samples: of {len(proteins)}, "
            f"{int((times == 0).sum())} were found in none and {int(same.sum())} have one value "
            "in all that have it; expected proteins that differ; check the quantity columns"
        )
    return Uninformative(
        never_found=proteins[times == 0],
        constant=proteins[same & (times > 1)],
        empty=cohort.values.index.to_numpy(dtype=object)[rows[~found.any(axis=1)]],
        n_proteins=len(proteins),
    )


def _require_values(
    cohort: Cohort, rows: npt.NDArray[np.intp], found: npt.NDArray[np.bool_]
) -> None:
    outcome, labels = cohort.outcome, cohort.labels[rows]
    for label, name in ((1, outcome.positive), (0, str(outcome.negative))):
        if not found[labels == label].any():
            raise TooLittleDataError(
                f"{_where(cohort)}: none of the {int((labels == label).sum())} index samples with "
                f"{outcome.column} {name!r} has any value; expected proteins found in both "
                "classes; check the sample ids and the quantity columns"
            )


def _where(cohort: Cohort) -> str:
    return str(cohort.matrix.source.path or "the matrix")
