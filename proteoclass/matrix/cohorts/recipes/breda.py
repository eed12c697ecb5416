"""Zoodsma 2022, Breda: plasma in hospital with COVID-19, Olink Inflammation."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.cohorts.recipes.olink_panels import kept_assays, passed, read_panels
from proteoclass.matrix.cohorts.recipes.prepared import Prepared, require
from proteoclass.matrix.formats.olink_assays import describe_assays
from proteoclass.matrix.tables.table import Table, read_table
from proteoclass.matrix.wording import counted

FILE = "Cohort 1- Breda.xlsx"
ANNOTATION = "Annot"

# The hospital's own samples are named by rack and place; the others on the plates are
# controls and samples of other cohorts, put there for bridging.
_OWN = re.compile(r"[A-H]-\d+")

# The annotation has one row a sample, in the order of the plates, and no sample ids. These
# are on the plates, passed, and have no row: the authors' own data object (data/data.RData)
# is without them.
_NOT_ANNOTATED = frozenset(
    (
        *("A-10", "A-3", "A-37", "A-76", "A-69", "B-79", "B-67", "C-11", "C-59", "D-25"),
        *("D-80", "D-77", "E-71", "F-23", "H-12", "H-52", "H-54"),
    )
)


def prepare(raw: Path) -> Prepared:
    """Make the matrix and the sample sheet.

    Parameters
    ----------
    raw : Path
        Folder with the workbook of the repository.

    Returns
    -------
    Prepared
        NPX as exported. `day` counts from each patient's first date; dates are left out.

    Raises
    ------
    InputError
        If the plates and the annotation do not hold the same number of samples.
    """
    ((panel, blocks),) = read_panels(raw / FILE).items()
    (block,) = blocks
    assays = kept_assays(blocks)
    values, warned = passed(block, assays)
    foreign = [name for name in values.index if not _OWN.fullmatch(name)]
    values = values.drop(index=[*foreign, *values.index.intersection(list(_NOT_ANNOTATED))])
    table = read_table(raw / FILE, sheet=ANNOTATION, all_text=True)
    if len(table.rows) != len(values):
        raise InputError(
            f"{table.where}: {len(table.rows)} rows for {len(values)} samples on the plates, "
            "expected one each; use the file of the pinned commit"
        )
    plates = dict(zip(block.ids, block.plates, strict=True))
    samples = _sheet(table, values.index)
    samples["batch"] = [plates[name] for name in values.index]
    told = describe_assays([a for a in block.assays if a.olink_id in assays], str(raw / FILE))
    undated = int(samples["day"].isna().sum())
    return Prepared(
        values,
        samples,
        told,
        (
            f"Left out of {len(block.assays)} assays of {panel}: "
            f"{len(block.assays) - len(assays)} that the authors left out (more than 20 % under "
            "the limit of detection here or in their third cohort).",
            f"Left out: {counted(len(warned), 'sample')} with a QC warning, {len(foreign)} that "
            f"are controls or bridging samples, {len(_NOT_ANNOTATED)} without annotation.",
            "The annotation names no sample id: its rows were taken in the order of the plates.",
            f"Dates became days since the patient's first; {counted(undated, 'date')} no "
            "calendar knows became empty.",
            "The authors moved each assay by a constant to bridge this cohort to another; that "
            "was not repeated: within this cohort it changes nothing, but carry no model to or "
            "from another cohort before bridging them.",
        ),
    )


def _sheet(table: Table, ids: pd.Index) -> pd.DataFrame:
    require(table, ["breda_nr", "date", "timepoint", "age", "gender", "condition"])
    told = {name: pd.Series(table.text(name), index=ids) for name in table.names}
    date = pd.to_datetime(told["date"], format="%d-%m-%Y", errors="coerce")
    first = date.groupby(told["breda_nr"]).transform("min")
    return pd.DataFrame(
        {
            "patient_id": told["breda_nr"],
            "severity": told["condition"],
            "visit": told["timepoint"],
            "day": (date - first).dt.days,
            "age": told["age"],
            "sex": told["gender"],
            "site": "Breda",
        }
    )
