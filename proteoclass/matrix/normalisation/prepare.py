"""The steps that need the sample sheet, before anything is learnt."""

from __future__ import annotations

from proteoclass.errors import InputError
from proteoclass.matrix.normalisation.creatinine import per_creatinine
from proteoclass.matrix.normalisation.irs import internal_reference_scaling
from proteoclass.matrix.normalisation.ratio import has_pool, pool_ratio
from proteoclass.matrix.protein_matrix import ProteinMatrix

STEPS = ("auto", "none", "tmt-ratio", "irs", "creatinine")


def prepare(matrix: ProteinMatrix, step: str = "auto", creatinine_unit: str = "") -> ProteinMatrix:
    """Return the matrix on the log2 scale, as ratios to the pool where plexes have one.

    Each sample needs itself and the pool channel of its own plex, nothing else; with
    `irs` the pools of the other plexes too.

    Parameters
    ----------
    matrix : ProteinMatrix
    step : {"auto", "none", "tmt-ratio", "irs", "creatinine"}
        `auto`: `tmt-ratio` for intensities with pool channels, else `none`, which takes
        the logarithm alone and keeps pool channels as samples. The others as `pool_ratio`,
        `internal_reference_scaling` and `per_creatinine`.
    creatinine_unit : str
        As for `per_creatinine`.

    Returns
    -------
    ProteinMatrix
        With `scale="log2"`; pool channels are left out.

    Raises
    ------
    InputError
        If the step is unknown, a unit is given without creatinine, or as the step says.

    Examples
    --------
    >>> import pandas as pd
    >>> raw = ProteinMatrix.build(pd.DataFrame([[8.0]], ["s"], ["p"]), scale="raw")
    >>> float(prepare(raw).values.iloc[0, 0])
    3.0
    """
    if step not in STEPS:
        raise InputError(f"step: found {step!r}, expected one of {', '.join(STEPS)}")
    if creatinine_unit and step != "creatinine":
        raise InputError(f"a creatinine unit goes with the step creatinine, found {step!r}")
    if step == "auto":
        step = "tmt-ratio" if matrix.kind == "intensity" and has_pool(matrix) else "none"
    if step == "tmt-ratio":
        return pool_ratio(matrix)
    if step == "irs":
        return internal_reference_scaling(matrix)
    if step == "creatinine":
        return per_creatinine(matrix, creatinine_unit)
    return matrix.on_log2()
