"""What a recipe gives: values, samples, proteins, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.tables.table import Table


@dataclass(frozen=True, eq=False)
class Prepared:
    """A cohort ready to be written as three tables.

    Parameters
    ----------
    values : DataFrame of float, shape (n_samples, n_proteins)
        NaN = not detected.
    samples : DataFrame, shape (n_samples, n_roles_and_covariates)
        Same index.
    proteins : DataFrame, shape (n_proteins, >= 2)
        Index: protein ids; `accessions`, `gene` and what else is known.
    notes : tuple of str
        A sentence for each thing left out, derived or assumed.

    Raises
    ------
    InputError
        If the three do not belong together.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 2.0]], index=["s1"], columns=["P1", "P2"])
    >>> sheet = pd.DataFrame({"patient_id": ["a"]}, index=["s1"])
    >>> Prepared(values, sheet, pd.DataFrame(index=["P1", "P2"]), ()).counts()
    {'samples': 1, 'patients': 1, 'proteins': 2, 'missing': 0}
    """

    values: pd.DataFrame
    samples: pd.DataFrame
    proteins: pd.DataFrame
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        for frame, index, what in (
            (self.values, self.samples.index, "samples"),
            (self.values.T, self.proteins.index, "proteins"),
        ):
            if not frame.index.is_unique or not frame.index.equals(index):
                raise InputError(
                    f"recipe: its {what} do not belong to its values; the files are not those "
                    "that it was written for"
                )

    def counts(self) -> dict[str, int]:
        """Return the numbers of samples, patients, proteins and missing cells."""
        return {
            "samples": len(self.values),
            "patients": int(self.samples["patient_id"].nunique()),
            "proteins": self.values.shape[1],
            "missing": int(self.values.isna().to_numpy().sum()),
        }


def require(table: Table, columns: Sequence[str]) -> None:
    """Stop where a table lacks columns that a recipe reads.

    Raises
    ------
    InputError

    Examples
    --------
    >>> import numpy as np
    >>> require(Table("a.tsv", "a.tsv", "", pd.DataFrame({"x": [1.0]}), np.array([2])), ["x"])
    """
    absent = [name for name in columns if name not in table.names]
    if absent:
        raise InputError(
            f"{table.where}: no columns {name_list(map(repr, absent))}; expected the file of the "
            "pinned commit"
        )
