"""QC pool samples: one material, measured in every batch, that is no patient."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.wording import counted, label_text

_CONTROL = re.compile(
    r"(?:qc|pool(?:ed)?|qc[ _-]?(?:pool|sample)|pool(?:ed)?[ _-]?qc|quality[ _-]control)"
    r"(?:\s*:\s*(.*))?",
    re.IGNORECASE,
)
#: What a sheet calls a patient's sample.
_OF_A_PATIENT = frozenset({"", "sample", "patient", "study", "study sample", "patient sample"})


def control_names(samples: pd.DataFrame) -> pd.Series:
    """Name of the QC pool in each QC pool sample ("" for a plain one), missing elsewhere.

    Parameters
    ----------
    samples : DataFrame
        With the role `sample_type`: "qc" or "pool" ("qc:NAME", where there are several
        materials), in any case; blank or "sample" is a patient's sample. A pool *channel*
        of a plex (role `channel`) is another thing: ratios are taken to it.

    Returns
    -------
    Series of object, shape (n_samples,)

    Examples
    --------
    >>> control_names(pd.DataFrame({"sample_type": ["", "QC", "pool:A"]})).tolist()
    [nan, '', 'A']
    """
    if "sample_type" not in samples:
        return pd.Series(np.nan, index=samples.index, dtype=object)
    matches = [_CONTROL.fullmatch(word) for word in _words(samples)]
    names = [(found.group(1) or "").strip() if found else np.nan for found in matches]
    return pd.Series(names, index=samples.index, dtype=object)


def is_control(samples: pd.DataFrame) -> pd.Series:
    """Return which samples are QC pool samples.

    Parameters
    ----------
    samples : DataFrame
        As for `control_names`.

    Returns
    -------
    Series of bool

    Examples
    --------
    >>> is_control(pd.DataFrame({"sample_type": ["sample", "qc"]})).tolist()
    [False, True]
    """
    return control_names(samples).notna()


def without_controls(matrix: ProteinMatrix) -> ProteinMatrix:
    """Return the samples of patients, which are all that a model may learn from.

    Parameters
    ----------
    matrix : ProteinMatrix

    Returns
    -------
    ProteinMatrix
        The same object where the sheet marks no QC pool samples.

    Raises
    ------
    InputError
        If every sample is one.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0], [9.0]], index=["s1", "q1"], columns=["P1"])
    >>> sheet = pd.DataFrame({"sample_type": ["sample", "qc"]}, index=["s1", "q1"])
    >>> matrix = ProteinMatrix.build(values, sheet, scale="log2")
    >>> without_controls(matrix).values.index.tolist()
    ['s1']
    """
    control = is_control(matrix.samples).to_numpy(dtype=bool)
    if not control.any():
        return matrix
    if control.all():
        raise InputError(
            f"{matrix.source.path or 'matrix'}: every sample is a QC pool by its sample_type; "
            "add the samples of patients"
        )
    return replace(matrix, values=matrix.values[~control], samples=matrix.samples[~control])


def control_notes(samples: pd.DataFrame) -> tuple[str, ...]:
    """Count the QC pool samples of a sheet, and the sample types that are not understood.

    Parameters
    ----------
    samples : DataFrame
        Indexed by sample id.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> sheet = pd.DataFrame({"sample_type": ["qc", "blank", None]}, index=["a", "b", "c"])
    >>> for note in control_notes(sheet):
    ...     print(note)
    QC pool samples, which are no patients: 1 sample (a).
    Column 'sample_type': neither qc nor sample, taken for patients' in 1 sample ('blank').
    """
    control = is_control(samples).to_numpy(dtype=bool)
    notes = []
    if control.any():
        notes.append(
            f"QC pool samples, which are no patients: {counted(int(control.sum()), 'sample')} "
            f"({name_list(samples.index[control])})."
        )
    if "sample_type" in samples:
        words = np.array(_words(samples), dtype=object)
        odd = ~control & [word.lower() not in _OF_A_PATIENT for word in words]
        if odd.any():
            notes.append(
                f"Column 'sample_type': neither qc nor sample, taken for patients' in "
                f"{counted(int(odd.sum()), 'sample')} "
                f"({name_list(repr(word) for word in dict.fromkeys(words[odd]))})."
            )
    return tuple(notes)


def _words(samples: pd.DataFrame) -> list[str]:
    cells = samples["sample_type"].astype(object)
    return ["" if pd.isna(cell) else label_text(cell) for cell in cells]
