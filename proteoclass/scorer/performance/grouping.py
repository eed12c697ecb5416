"""Which group of a sample sheet's column a patient belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.samples.roles import sex_of
from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.performance.held_out import HeldOut

Names = npt.NDArray[np.object_]

#: Columns by which patients are grouped, where the sheet has them.
COLUMNS = ("sex", "age", "site", "batch")
AGE_BANDS = ((18, "under 18"), (50, "18 to 49"), (65, "50 to 64"), (np.inf, "65 or more"))
#: Fewest patients in each of two bands, or the bands are not those of this cohort.
_BAND_PATIENTS = 10


@dataclass(frozen=True, eq=False)
class Grouping:
    """Patients by one column.

    Parameters
    ----------
    column : str
    levels : array of str, shape (n_samples,)
        Of each index sample's patient; "" where it is not known, or where its index
        samples do not agree.
    rule : str
        How values became groups.
    n_unknown : int
        Patients without a value.
    n_mixed : int
        Patients whose index samples are of several groups.
    """

    column: str
    levels: Names
    rule: str
    n_unknown: int
    n_mixed: int

    @property
    def names(self) -> list[str]:
        """The groups, age bands by age and all others by name."""
        found = set(self.levels) - {""}
        bands = [name for _, name in AGE_BANDS if name in found]
        return [*bands, *sorted(found - set(bands))]


def group_patients(cohort: Cohort, held: HeldOut, column: str) -> Grouping | None:
    """Group patients by a column of the sample sheet.

    Parameters
    ----------
    cohort : Cohort
    held : HeldOut
    column : str

    Returns
    -------
    Grouping or None
        None where the sheet has no such column.
    """
    samples = cohort.matrix.samples
    if column not in samples:
        return None
    cells = samples[column].iloc[held.rows]
    if column == "age":
        levels, rule = _age_bands(cells, held)
    elif column == "sex":
        levels, rule = _text(cells), "as the sheet says"
        levels = np.array([sex_of(word) or word for word in levels], dtype=object)
    else:
        levels, rule = _text(cells), "as the sheet says"
    frame = pd.DataFrame({"patient": held.patients, "level": levels})
    several = frame.groupby("patient")["level"].transform("nunique") > 1
    unknown = (frame["level"] == "") & ~several
    return Grouping(
        column=column,
        levels=frame["level"].mask(several, "").to_numpy(dtype=object),
        rule=rule,
        n_unknown=frame["patient"][unknown].nunique(),
        n_mixed=frame["patient"][several].nunique(),
    )


def _text(cells: pd.Series) -> Names:
    return np.array(["" if pd.isna(cell) else str(cell).strip() for cell in cells], dtype=object)


def _age_bands(cells: pd.Series, held: HeldOut) -> tuple[Names, str]:
    """Return bands of age, or thirds of this cohort where most patients are in one band."""
    years = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)
    known = ~np.isnan(years)
    levels = np.full(len(years), "", dtype=object)
    edges = np.array([edge for edge, _ in AGE_BANDS])
    names = np.array([name for _, name in AGE_BANDS], dtype=object)
    levels[known] = names[np.searchsorted(edges, years[known], side="right")]
    first = np.unique(held.patients, return_index=True)[1]
    sizes = pd.Series(levels[first]).value_counts().drop("", errors="ignore")
    if (sizes >= _BAND_PATIENTS).sum() >= 2 or not known.any():
        return levels, "bands of age: under 18, 18 to 49, 50 to 64, 65 or more"
    low, high = np.quantile(years[first][known[first]], [1 / 3, 2 / 3])
    thirds = np.array([f"up to {low:.3g}", f"up to {high:.3g}", f"over {high:.3g}"], dtype=object)
    levels[known] = thirds[np.searchsorted([low, high], years[known], side="left")]
    return levels, "thirds of the ages here, which are nearly all in one band of age"
