"""CHIVAS: saliva of people challenged with Streptococcus pyogenes, DIA-NN."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.cohorts.recipes.prepared import Prepared, require
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.table import Table, read_table
from proteoclass.matrix.wording import counted

FILE = "report.pg_matrix.tsv"
PEOPLE = "patient_pharyngitis_grade.xlsx"

# 19AUG24_AI_CHIVAS_68-4, AD_AI_Sample33_C18_22052023_5, and a second acquisition of a
# sample: ..._7_20230606030500 (its moment) or ..._5_1 and ..._5_2 (its number).
_RUN = re.compile(r"(?:.*_CHIVAS_(\d+)-(\d+)|.*_Sample(\d+)_C18_\d+_(\d+)(?:_(\d+))?)")

# Which number was taken when: src/1_data_cleaning/1_initial_cleaning.py of the repository.
# All have the same order; how many stayed in for how long differs.
_INPATIENT = ("screen", "prior", "chal", "24h", "48h", "72h", "96h")
_AFTER = ("disch", "1week", "1mth", "3mth")
_LAST_INPATIENT = {
    "24h": ("9", "43", "68"),
    "48h": ("2", "17", "20", "25", "32", "33", "59", "61", "64", "71", "75"),
    "72h": ("10", "55"),
    "96h": ("13", "26", "30", "57"),
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
        One row a run; a second acquisition of a sample is a replicate of the first.

    Raises
    ------
    InputError
        If a run is named otherwise, or its person is not in the workbook.
    """
    matrix = read_matrix(raw / FILE, scale="raw")
    runs = pd.Index(
        [PurePosixPath(name).name.removesuffix(".mzML") for name in matrix.values.index]
    )
    samples = _people(_runs(runs, str(raw / FILE)), raw / PEOPLE)
    again = (samples["replicate_of"] != "").sum()
    unnamed = samples.index[samples["time_point"] == ""]
    return Prepared(
        matrix.values.set_axis(runs),
        samples,
        matrix.proteins,
        (
            *matrix.source.notes,
            "Person and sample number come from the run names.",
            f"{counted(int(again), 'run')} of a sample that another run has too: marked as "
            "replicate_of the first, none averaged or left out.",
            "The time point of a sample number is the one in the authors' script; it gives no "
            f"day, and none for {name_list(unnamed)}.",
            "Severity is the pharyngitis grade of the person, 'None' being a grade.",
        ),
    )


def _runs(names: pd.Index, where: str) -> pd.DataFrame:
    rows = []
    for name in names:
        found = _RUN.fullmatch(name)
        if found is None:
            raise InputError(
                f"{where}: run {name!r} names no person and sample; expected the file of the "
                "pinned commit"
            )
        person, number = found[1] or found[3], found[2] or found[4]
        rows.append((person, number, int(found[5] or 0)))
    runs = pd.DataFrame(rows, index=names, columns=["patient_id", "visit", "again"])
    # The run without a moment or number is the first; where none is, the earliest.
    first: dict[tuple[str, str], str] = {}
    for (person, number, _), name in sorted(
        zip(rows, names, strict=True), key=lambda run: run[0][2]
    ):
        first.setdefault((person, number), name)
    of = [first[p, v] for p, v in zip(runs["patient_id"], runs["visit"], strict=True)]
    runs["replicate_of"] = ["" if a == b else a for a, b in zip(of, names, strict=True)]
    return runs.drop(columns="again")


def _people(runs: pd.DataFrame, path: Path) -> pd.DataFrame:
    grades = read_table(path, sheet="Sheet1", all_text=True)
    about = read_table(path, sheet="Sheet2", all_text=True)
    require(grades, ["Patient_ID", "P_grade_num"])
    require(about, ["Patient_ID", "Age", "Sex", "Clinical outcome"])
    severity = _by_person(grades, "P_grade_num")
    strangers = sorted(set(runs["patient_id"]) - set(severity))
    if strangers:
        raise InputError(f"{path}: no grade for person {name_list(strangers)} of the runs")
    sheet = pd.DataFrame({"patient_id": runs["patient_id"]}, index=runs.index)
    sheet["severity"] = runs["patient_id"].map(severity)
    sheet["visit"] = runs["visit"]
    sheet["time_point"] = [
        _time_point(p, v) for p, v in zip(runs["patient_id"], runs["visit"], strict=True)
    ]
    sheet["replicate_of"] = runs["replicate_of"]
    for column in ("Age", "Sex", "Clinical outcome"):
        name = column.lower().replace(" ", "_")
        sheet[name] = runs["patient_id"].map(_by_person(about, column))
    return sheet


def _by_person(table: Table, column: str) -> dict[str, str]:
    cells = zip(table.text("Patient_ID"), table.text(column), strict=True)
    return {person: cell for person, cell in cells if person}


def _time_point(person: str, visit: str) -> str:
    last = next((label for label, people in _LAST_INPATIENT.items() if person in people), None)
    if last is None:
        return ""
    labels = (*_INPATIENT[: _INPATIENT.index(last) + 1], *_AFTER)
    return labels[int(visit) - 1] if int(visit) <= len(labels) else ""
