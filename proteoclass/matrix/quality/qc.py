"""Quality of a matrix, as plain data: samples, missing values, precision, rivals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from proteoclass import io
from proteoclass.matrix.normalisation.normalise import default_normalisation
from proteoclass.matrix.normalisation.plasma_proteins import plasma_protein_ids
from proteoclass.matrix.normalisation.quotients import quotient_warnings
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.components import component_warnings, principal_components
from proteoclass.matrix.quality.depth import QUANTILE_LEVELS, cohort_shift, sample_rows
from proteoclass.matrix.quality.drift import drift, drift_warnings
from proteoclass.matrix.quality.missing import (
    missing_against_depth,
    missing_against_intensity,
    missing_against_outcome,
)
from proteoclass.matrix.quality.outliers import describe_rules, find_outliers, outlier_warnings
from proteoclass.matrix.quality.patients import index_patients
from proteoclass.matrix.quality.precision import pool_warnings, precision
from proteoclass.matrix.quality.rivals import Rival, find_rivals
from proteoclass.matrix.quality.sex_check import sex_check, sex_warnings
from proteoclass.matrix.quality.specimen import specimen_quality, specimen_warnings
from proteoclass.matrix.samples.controls import without_controls


def describe_quality(
    matrix: ProteinMatrix,
    labels: pd.Series | None = None,
    *,
    index: str = "first",
    measured: ProteinMatrix | None = None,
    normalise: str = "auto",
) -> dict[str, Any]:
    """Describe the quality of a matrix.

    Parameters
    ----------
    matrix : ProteinMatrix
        Raw values are looked at as log2. QC pool samples count in the precision of pools
        and nowhere else.
    labels : Series of float, shape (n_samples,), optional
        As `Outcome.labels` gives; without them there are no rivals.
    index : str
        Which samples stand for a patient, as for `index_weights`.
    measured : ProteinMatrix, optional
        The matrix as it was read, where `matrix` holds ratios to a pool: pools, specimens
        and sex are looked at there.
    normalise : {"auto", "none", "median", "pqn", "quantile"}
        What a score is made with: its factor is a rival, and without one no quotients are
        looked at. `auto` by kind and fluid.

    Returns
    -------
    dict
        Plain values, None for what cannot be told, with a `reason` beside it.
        `kind`, what the values are ("intensity", "ratio" or "npx"); `n_samples`,
        `n_proteins`, `missing_rate`; `samples` (as `sample_rows` gives),
        `quantile_levels`; `missing_against_intensity`, `missing_against_depth`,
        `missing_against_outcome`; `pca`; `outliers` (which rules were applied);
        `precision`; `drift`; `rivals`; `specimen`; `sex_check`; `warnings`. Each is
        described at the function of that name.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0], [8.5, None]], index=["a", "b"], columns=["P1", "P2"])
    >>> report = describe_quality(ProteinMatrix.build(values, scale="log2"))
    >>> report["missing_rate"], report["samples"][1]["n_detected"]
    (0.25, 1)
    """
    every = (matrix if measured is None else measured).on_log2()
    raw, matrix = without_controls(every), without_controls(matrix)
    log2 = raw if measured is None else matrix.on_log2()
    if labels is not None:
        labels = labels.reindex(matrix.values.index)
    shift, shift_reason = cohort_shift(log2)
    raw_shift, raw_reason = (shift, shift_reason) if raw is log2 else cohort_shift(raw)
    of_every = raw_shift if raw is every else cohort_shift(every)[0]
    outliers = find_outliers(log2.values, shift)
    drifting = drift(log2.values, log2.samples, shift)
    precise = precision(every, of_every)
    specimen = specimen_quality(raw, raw_shift, raw_reason)
    sex = sex_check(raw)
    of_outcome, rivals, standing = _against_outcome(log2, labels, index, normalise)
    components = principal_components(log2.values, log2.samples, standing)
    told: dict[str, Any] = io.plain(
        {
            "kind": matrix.kind,
            "n_samples": matrix.n_samples,
            "n_proteins": matrix.n_proteins,
            "missing_rate": matrix.missing_rate,
            "samples": sample_rows(log2.values, shift, outliers),
            "quantile_levels": QUANTILE_LEVELS,
            "missing_against_intensity": _against_intensity(log2, raw),
            "missing_against_depth": missing_against_depth(log2.values, shift, shift_reason),
            "missing_against_outcome": of_outcome,
            "pca": components,
            "outliers": describe_rules(log2.values),
            "precision": precise,
            "drift": drifting,
            "rivals": [rival.as_dict() for rival in rivals],
            "specimen": specimen,
            "sex_check": sex,
            "warnings": [
                *outlier_warnings(log2.values.index, outliers),
                *_normalisation_warnings(log2, normalise),
                *component_warnings(components),
                *drift_warnings(drifting),
                *pool_warnings(precise["pools"]),
                *specimen_warnings(specimen),
                *sex_warnings(sex),
                *(warning for rival in rivals for warning in rival.warnings),
            ],
        }
    )
    return told


def _normalisation_warnings(matrix: ProteinMatrix, asked: str) -> list[str]:
    method = default_normalisation(matrix) if asked == "auto" else asked
    if method == "none":
        return []
    exclude = plasma_protein_ids(matrix.proteins) if matrix.fluid == "urine" else ()
    return quotient_warnings(matrix.values, exclude)


def _against_intensity(matrix: ProteinMatrix, raw: ProteinMatrix) -> dict[str, Any]:
    # Intensities are raw's: a ratio is as high for a faint protein as for a bright one.
    values = raw.values[raw.values.index.isin(matrix.values.index)]
    if raw.kind != "ratio":
        return missing_against_intensity(values)
    return {
        **missing_against_intensity(values.iloc[:, :0]),
        "reason": "values of kind ratio: they say nothing of intensities",
    }


def _against_outcome(
    matrix: ProteinMatrix, labels: pd.Series | None, index: str, normalise: str
) -> tuple[dict[str, Any], list[Rival], pd.Series | None]:
    """Return what the outcome goes with, and the labels of the samples that stand for it."""
    if labels is None:
        return {"reason": "no outcome was named"}, [], None
    patients = index_patients(matrix, labels, index)
    own = patients.table["label"].to_numpy(dtype=float)
    missing = missing_against_outcome(patients.found, own, matrix.values.columns)
    rivals = find_rivals(matrix, labels, index=index, patients=patients, normalise=normalise)
    standing = labels.reindex(matrix.values.index).where(
        np.asarray(matrix.values.index.isin(patients.samples))
    )
    return missing, rivals, standing
