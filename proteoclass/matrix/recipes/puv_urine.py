"""Posterior urethral valves: urine of boys, FragPipe's combined protein table as CSV."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.recipes.prepared import Prepared
from proteoclass.matrix.wording import counted

FILE = "combined_final_protein_ByJF.csv"

_GROUPS = {"Case": "puv", "Control": "control"}
_SAMPLE = re.compile(r"(Case|Control)\d+")


def prepare(raw: Path) -> Prepared:
    """Make the matrix and the sample sheet.

    Parameters
    ----------
    raw : Path
        Folder with the file of the repository.

    Returns
    -------
    Prepared
        MaxLFQ intensities; the group is read from the samples' names.

    Raises
    ------
    InputError
        If a sample is named otherwise.
    """
    matrix = read_matrix(raw / FILE, format="fragpipe", scale="raw", quantity="maxlfq")
    values = matrix.values.sort_index(axis=1)
    measured = values.columns[values.notna().any()]
    found = [_SAMPLE.fullmatch(name) for name in values.index]
    strange = [n for n, sample in zip(values.index, found, strict=True) if sample is None]
    if strange:
        raise InputError(f"{raw / FILE}: neither Case nor Control: {name_list(strange)}")
    groups = [_GROUPS[sample[1]] for sample in found if sample is not None]
    samples = pd.DataFrame({"patient_id": values.index, "severity": groups}, index=values.index)
    n_empty = values.shape[1] - len(measured)
    return Prepared(
        values[measured],
        samples,
        matrix.proteins.loc[measured],
        (
            *matrix.source.notes,
            f"Left out: {counted(n_empty, 'protein')} without a MaxLFQ intensity in any sample.",
            "Zeros are missing values.",
            "The file has no age, eGFR or creatinine of a boy.",
        ),
    )
