"""Gisby 2021: serum of people on dialysis with and without COVID-19, five Olink panels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.cohorts.recipes.prepared import Prepared, require
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.table import read_table

VALUES = "serum_npx_level.csv"
SHEET = "serum_sample_level.csv"

_COLUMNS = {
    "patient_id": "Individual_ID",
    "case_control": "Case_Control",
    "batch": "Plate_ID",
    "sex": "Sex",
    "ethnicity": "Ethnicity",
    # Twenty years wide, as (60,80]: no number.
    "age_band": "Age",
}


def prepare(raw: Path) -> Prepared:
    """Make the matrix and the sample sheet.

    Parameters
    ----------
    raw : Path
        Folder with the files of the repository.

    Returns
    -------
    Prepared

    Raises
    ------
    InputError
        If a sample of the values has no row in the sheet.
    """
    matrix = read_matrix(raw / VALUES, scale="log2", kind="npx")
    table = read_table(raw / SHEET, all_text=True)
    require(table, ["SampleID", *_COLUMNS.values()])
    sheet = pd.DataFrame(
        {name: table.text(column) for name, column in _COLUMNS.items()},
        index=table.text("SampleID"),
    )
    strangers = matrix.values.index.difference(sheet.index)
    if len(strangers):
        raise InputError(f"{table.where}: no row for sample {name_list(strangers)}")
    return Prepared(
        matrix.values,
        sheet.loc[matrix.values.index],
        matrix.proteins,
        (
            *matrix.source.notes,
            "case_control: POSITIVE or NEGATIVE for COVID-19 when the sample was taken; the file "
            "has no severity and no days, so a patient's samples have no order.",
            "Age is given in bands of twenty years and stands in age_band.",
        ),
    )
