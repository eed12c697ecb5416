"""Geyer 2016: plasma over a year of weight loss, MaxQuant LFQ."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.cohorts.recipes.prepared import Prepared
from proteoclass.matrix.read import read_matrix

FILE = "example_Weight_loss_study.txt"

_RUN = re.compile(r"(\d+)_(TP\d+)")


def prepare(raw: Path) -> Prepared:
    """Make the matrix and the sample sheet.

    Parameters
    ----------
    raw : Path
        Folder with the files of the repository.

    Returns
    -------
    Prepared
        Person and time point are read from the names of the columns (``LFQ_02_TP1``).

    Raises
    ------
    InputError
        If a column is named otherwise.
    """
    matrix = read_matrix(raw / FILE, scale="raw", quantity="lfq")
    found = [_RUN.fullmatch(name) for name in matrix.values.index]
    strange = [n for n, run in zip(matrix.values.index, found, strict=True) if run is None]
    if strange:
        raise InputError(
            f"{raw / FILE}: samples {name_list(strange)} are not named PERSON_TPnumber; expected "
            "the file of the pinned commit"
        )
    people = pd.DataFrame(
        [run.groups() for run in found if run is not None],
        index=matrix.values.index,
        columns=["patient_id", "visit"],
    )
    return Prepared(
        matrix.values,
        people,
        matrix.proteins,
        (
            *matrix.source.notes,
            "Person and time point come from the column names; the file gives no days, no "
            "outcome and nothing else about a person.",
            "raw/Marker List.xlsx lists markers of erythrocytes, platelets and coagulation.",
        ),
    )
