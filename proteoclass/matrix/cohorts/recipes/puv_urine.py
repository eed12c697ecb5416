"""Posterior urethral valves: urine of boys, FragPipe's combined protein table as CSV."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.cohorts.recipes.prepared import Prepared, require
from proteoclass.matrix.tables.table import read_table
from proteoclass.matrix.wording import counted

FILE = "combined_final_protein_ByJF.csv"

_QUANTITY = " MaxLFQ Intensity"
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
        MaxLFQ intensities, zeros missing; the group is read from the samples' names.

    Raises
    ------
    InputError
        If a sample is named otherwise or a cell is no number.
    """
    table = read_table(raw / FILE)
    require(table, ["Protein ID", "Gene", "Description"])
    columns = [name for name in table.names if name.endswith(_QUANTITY)]
    numbers, _ = table.numbers(columns)
    proteins = pd.Index(table.text("Protein ID"))
    names = [column.removesuffix(_QUANTITY) for column in columns]
    values = numbers.set_axis(names, axis=1).set_axis(proteins).T
    values = values.where(values != 0)
    measured = sorted(values.columns[values.notna().any()])
    told = pd.DataFrame(
        {"accessions": proteins, "gene": table.text("Gene"), "name": table.text("Description")},
        index=proteins,
    )
    return Prepared(
        values[measured],
        _sheet(names, table.where),
        told.loc[measured],
        (
            f"Left out: {counted(len(proteins) - len(measured), 'protein')} without a MaxLFQ "
            "intensity in any sample.",
            "Zeros are missing values.",
            "The file has no age, eGFR or creatinine of a boy.",
        ),
    )


def _sheet(names: list[str], where: str) -> pd.DataFrame:
    found = [_SAMPLE.fullmatch(name) for name in names]
    strange = [name for name, sample in zip(names, found, strict=True) if sample is None]
    if strange:
        raise InputError(f"{where}: neither Case nor Control: {name_list(strange)}")
    groups = [_GROUPS[sample[1]] for sample in found if sample is not None]
    return pd.DataFrame({"patient_id": names, "severity": groups}, index=names)
