"""Bader 2020: cerebrospinal fluid in Alzheimer's disease, four sites, Spectronaut."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.cohorts.recipes.prepared import Prepared, require
from proteoclass.matrix.tables.table import read_table
from proteoclass.matrix.wording import counted

FILE = "Alzheimer.xlsx"
SHEET = "Data"

#: What is said of a sample stands under names that begin so; the rest are protein groups.
_MARK = "_"
_LABEL = "_primary biochemical AD classification"
_TEXT = {
    "site": "_collection site",
    "sex": "_gender",
    "clinical_diagnosis": "_clinical AD diagnosis",
}
_NUMBERS = {
    "age": "_age at CSF collection",
    "t_tau_ng_l": "_t-tau [ng/L]",
    "p_tau_ng_l": "_p-tau [ng/L]",
    "abeta_42_ng_l": "_Abeta-42 [ng/L]",
    "abeta_40_ng_l": "_Abeta-40 [ng/L]",
    "mmse": "_MMSE score",
}


def prepare(raw: Path) -> Prepared:
    """Make the matrix and the sample sheet.

    Parameters
    ----------
    raw : Path
        Folder with the workbook of the repository.

    Returns
    -------
    Prepared
        Labelled samples only, named C000, C001 and so on in the order of the file, which
        has no names of its own.

    Raises
    ------
    InputError
        If a column is absent or a cell is no number.
    """
    table = read_table(raw / FILE, sheet=SHEET)
    require(table, [_LABEL, *_TEXT.values(), *_NUMBERS.values()])
    proteins = [name for name in table.names if not name.startswith(_MARK)]
    values, _ = table.numbers(proteins)
    told, _ = table.numbers(_NUMBERS.values())
    labels = pd.Series(table.text(_LABEL))
    labelled = (labels != "").to_numpy()
    if not labelled.any():
        raise InputError(f"{table.where}: no row has a label in {_LABEL!r}")
    ids = pd.Index([f"C{number:03d}" for number in range(labelled.sum())])
    samples = pd.DataFrame({"patient_id": ids, "severity": labels[labelled].to_numpy()}, index=ids)
    for name, column in {"site": _TEXT["site"], **_NUMBERS, **_TEXT}.items():
        cells = pd.Series(table.text(column)) if name in _TEXT else told[column]
        samples[name] = cells[labelled].to_numpy()
    n_left_out = int((~labelled).sum())
    return Prepared(
        values[labelled].set_axis(ids),
        samples,
        pd.DataFrame({"accessions": proteins, "gene": ""}, index=pd.Index(proteins)),
        (
            f"Left out: {counted(n_left_out, 'sample')} without a biochemical label.",
            "The file names no sample: they are numbered in its order, labelled ones only.",
            "The label was made from tau and amyloid beta; those columns of the sheet say it "
            "again and are no independent evidence.",
        ),
    )
