"""Overmyer 2021: plasma of people with and without COVID-19, MaxQuant LFQ as log2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from proteoclass.matrix.accessions import accessions_in
from proteoclass.matrix.cohorts.recipes.prepared import Prepared, require
from proteoclass.matrix.tables.table import Table, read_table

FILE = "2020-06-10_proteomics.tsv"

#: Columns of the sample sheet, and those of the file with their units.
_CLINICAL = {
    "ventilated": "Mech_Ventilation",
    "age": "Age_less_than_90",
    "crp_mg_l": "CRP_MG/L",
    "ferritin_ng_ml": "Ferritin_NG/ML",
    "d_dimer_mg_l": "DDIMER_mg/L_FEU",
    "procalcitonin_ng_ml": "Procalcitonin_NG/ML",
    "lactate_mmol_l": "Lactate_MMol/L",
    "fibrinogen": "Fibrinogen",
    "charlson": "Charlson_score",
    "diabetes": "DM",
    "sofa": "SOFA",
    "apache2": "APACHEII",
    "hospital_free_days_45": "Hospital_free_days_45",
    "ventilator_free_days": "Vent_free_days",
}


def prepare(raw: Path) -> Prepared:
    """Make the matrix and the sample sheet.

    Parameters
    ----------
    raw : Path
        Folder with the file of the repository.

    Returns
    -------
    Prepared
        Severity is `severe` and `non-severe` (in intensive care or not, COVID-19 only) and
        `covid-negative`, a third label: some of those were in intensive care too.

    Raises
    ------
    InputError
        If a column is absent or a cell is no number.
    """
    table = read_table(raw / FILE)
    require(table, ["sample_id", "COVID", "ICU_1", "Gender", *_CLINICAL.values()])
    proteins = [name for name in table.names if accessions_in(name)]
    values, _ = table.numbers(proteins)
    samples = _sheet(table)
    labelled = samples["severity"].notna().to_numpy()
    left_out = samples.index[~labelled]
    samples = samples[labelled]
    values.index = pd.Index(np.asarray(table.text("sample_id")))
    values = values[labelled].set_axis(samples.index)
    told = pd.DataFrame({"accessions": proteins, "gene": ""}, index=pd.Index(proteins))
    return Prepared(
        values,
        samples,
        told,
        (
            f"Left out: {len(left_out)} row without any label ({', '.join(left_out)}).",
            "Severity: severe = COVID-19 in intensive care, non-severe = COVID-19 elsewhere, "
            "covid-negative = neither; name --negative non-severe to compare the first two.",
            "The values are log2 LFQ intensities whose gaps the authors filled in across runs: "
            "none is missing, and they depend on the whole search.",
        ),
    )


def _sheet(table: Table) -> pd.DataFrame:
    numbers, _ = table.numbers(["sample_id", "COVID", "ICU_1", *_CLINICAL.values()])
    covid, intensive = numbers["COVID"], numbers["ICU_1"]
    severity = np.select(
        [covid == 0, (covid == 1) & (intensive == 1), (covid == 1) & (intensive == 0)],
        ["covid-negative", "severe", "non-severe"],
        default="",
    )
    ids = [f"S{number:03.0f}" for number in numbers["sample_id"]]
    sheet = pd.DataFrame({"patient_id": ids}, index=ids, dtype=object)
    sheet["severity"] = pd.Series(severity, index=ids, dtype=object).replace("", None)
    for name, column in _CLINICAL.items():
        sheet[name] = numbers[column].to_numpy()
    sheet["sex"] = table.text("Gender")
    return sheet
