"""A whole matrix normalised and filled, to be looked at: it is learnt from all of its samples.

What is evaluated or trained learns the same inside each fold, from training patients alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.matrix.normalisation.censoring import not_measured_in, recommend_imputation
from proteoclass.matrix.normalisation.impute import Imputer, imputation_for
from proteoclass.matrix.normalisation.normalise import Normaliser, default_normalisation
from proteoclass.matrix.normalisation.plasma_proteins import plasma_protein_ids
from proteoclass.matrix.normalisation.quotients import quotient_warnings
from proteoclass.matrix.protein_matrix import ProteinMatrix


def normalised_matrix(matrix: ProteinMatrix, method: str = "auto") -> ProteinMatrix:
    """Normalise all samples of a matrix against a reference learnt from them.

    Parameters
    ----------
    matrix : ProteinMatrix
        On the log2 scale.
    method : {"auto", "none", "median", "pqn", "quantile"}
        `auto` as `default_normalisation`. In urine no plasma protein is a reference.

    Returns
    -------
    ProteinMatrix
        Its notes name the method, and the samples whose quotients are bimodal.

    Raises
    ------
    InputError, TooLittleDataError
        As `Normaliser`.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], ["a", "b"], ["P1", "P2"])
    >>> normalised_matrix(ProteinMatrix.build(values, scale="log2")).values["P1"].tolist()
    [2.0, 2.0]
    """
    chosen = default_normalisation(matrix) if method == "auto" else method
    exclude = plasma_protein_ids(matrix.proteins) if matrix.fluid == "urine" else ()
    numbers = Normaliser(chosen, exclude=exclude).fit(matrix.values).transform(matrix.values)
    why = " (chosen by kind and fluid)" if method == "auto" else ""
    notes = [f"Normalised by {chosen}{why} over all samples."]
    if chosen != "none":
        notes += quotient_warnings(matrix.values, exclude)
    return _with_values(matrix, numbers).with_notes(*notes)


def filled_matrix(matrix: ProteinMatrix, method: str = "auto") -> ProteinMatrix:
    """Fill values that were not detected, all samples of a matrix together.

    Parameters
    ----------
    matrix : ProteinMatrix
        Normalised, on the log2 scale.
    method : {"auto", "none", "low", "min-prob", "half-min"}
        As for `Imputer`.

    Returns
    -------
    ProteinMatrix
        Gaps of a whole plex or batch that did not measure the protein stay.

    Raises
    ------
    InputError
        If ratios are to be filled.

    Examples
    --------
    >>> values = pd.DataFrame([[4.0, 9.0], [None, 9.0]], ["a", "b"], ["P1", "P2"])
    >>> matrix = ProteinMatrix.build(values, scale="log2")
    >>> filled_matrix(matrix, "half-min").values["P1"].tolist()
    [4.0, 3.0]
    """
    chosen = imputation_for(matrix.kind, method)
    before = matrix.values.to_numpy(dtype=float)
    if chosen == "none":
        why = "as asked" if method == "none" else f"by auto, for {matrix.kind} values"
        return matrix.with_notes(f"{int(np.isnan(before).sum())} gaps left as they are ({why}).")
    imputer = Imputer(chosen).fit(before)
    filled = np.where(not_measured_in(before, matrix.samples), np.nan, imputer.transform(before))
    gaps = np.isnan(before)
    reason = recommend_imputation(before).reason
    why = "chosen by auto" if method == "auto" else "as asked"
    return _with_values(matrix, filled).with_notes(
        f"{reason[0].upper()}{reason[1:]}.",
        f"Filled {int((gaps & ~np.isnan(filled)).sum())} of {int(gaps.sum())} gaps by "
        f"{imputer.method_} ({why}); gaps of whole plexes and batches, and of samples that could "
        "not be normalised, stay.",
    )


def _with_values(matrix: ProteinMatrix, numbers: npt.NDArray[np.float64]) -> ProteinMatrix:
    values = matrix.values
    return replace(matrix, values=pd.DataFrame(numbers, values.index, values.columns))
