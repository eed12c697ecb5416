"""Zoodsma 2022, Radboudumc: plasma in hospital with COVID-19, three Olink panels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.cohorts.recipes.olink_panels import kept_assays, passed, read_panels
from proteoclass.matrix.cohorts.recipes.prepared import Prepared, require
from proteoclass.matrix.formats.olink_assays import describe_assays
from proteoclass.matrix.formats.olink_wide import Block
from proteoclass.matrix.normalisation.bridging import apply_bridge, bridge_offsets
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.tables.table import Table, read_table
from proteoclass.matrix.wording import counted

FILE = "Cohort 2- Nijmegen.xlsx"
ANNOTATION = "Annot"

#: Bridging samples that passed on both plate sets: 7 to 19 here. Olink asks for 8.
_FEWEST_BRIDGES = 7

# RUMC_0052W1T2 and RUMC_0011W2T2 stand on one sheet each without their blank.
_NAME = re.compile(r"(RUMC_\d{4}) ?(W\d+T\d)")
# The annotation counts repeated measurements of a sample in its last digit: W2T2, W2T21.
_VISIT = re.compile(r"W(\d)T(\d)(\d*)")
#: Days after the first of the week, by time of the week; a week has 7 days.
_DAY = {"1": 0, "2": 2, "3": 4, "4": 6}

_BLOOD_COUNTS = {
    "white_cells_at_admission": "White.bloodcell.count.at.admission",
    **{
        f"{cell}_at_admission": f"White.bloodcell.differentiation.{cell}.at.admission"
        for cell in ("neutrophils", "lymphocytes", "monocytes", "eosinophils", "basophils")
    },
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
        NPX on the scale of plates 3-7. `day` is the nominal day of the visit; a sample
        measured again is a replicate of its first measurement.

    Raises
    ------
    InputError
        If a sample of the annotation is on no plate.
    """
    panels = read_panels(raw / FILE)
    table = read_table(raw / FILE, sheet=ANNOTATION, all_text=True)
    samples = _sheet(table)
    parts: list[pd.DataFrame] = []
    plates: list[pd.Series] = []
    notes: list[str] = []
    for panel, blocks in panels.items():
        part, plate, said = _panel(panel, blocks)
        notes += said
        parts.append(part)
        plates.append(plate.reindex(samples.index))
    found = parts[0].index.union(parts[1].index).union(parts[2].index)
    absent = samples.index.difference(found)
    if len(absent):
        raise InputError(f"{table.where}: on no plate: {name_list(absent)}")
    samples["batch"] = plates[0].fillna(plates[1]).fillna(plates[2])
    others = pd.concat([(plate != samples["batch"]) & plate.notna() for plate in plates], axis=1)
    values = pd.concat([part.reindex(samples.index) for part in parts], axis=1).copy()
    every = [assay for blocks in panels.values() for assay in blocks[0].assays]
    told = describe_assays([a for a in every if a.olink_id in values.columns], str(raw / FILE))
    repeats = int((samples["replicate_of"] != "").sum())
    return Prepared(
        values.loc[:, told.index],
        samples,
        told,
        (
            *notes,
            f"Left out: {counted(len(found.difference(samples.index)), 'measurement')} of samples "
            "that the annotation does not have.",
            f"{counted(repeats, 'repeated measurement')} of a sample: kept under the annotation's "
            "name and marked as replicate_of the first.",
            "batch is the plate set. Patients in intensive care are not spread evenly over plate "
            "sets, so a plate difference that bridging leaves passes for severity; "
            f"{counted(int(others.any(axis=1).sum()), 'row')} with a panel from another plate set "
            "than batch says.",
            "The day is nominal: week and time of the week of the visit.",
            "The authors bridged each plate set to another cohort instead of to each other, so "
            "each of their assays differs from these by one constant a plate set.",
        ),
    )


def _panel(panel: str, blocks: Sequence[Block]) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Return a panel's measurements by the annotation's names, on one scale, and their plates."""
    assays = kept_assays(blocks)
    taken = [passed(block, assays) for block in blocks]
    twice: list[str] = []
    sets: list[pd.DataFrame] = []
    for values, _ in taken:
        values.index = pd.Index([_plain_name(name) for name in values.index])
        again = values.index.duplicated()
        twice += list(values.index[again])
        sets.append(values[~again])
    sets, pairs = _bridged(sets)
    warned = sum(len(names) for _, names in taken)
    notes = [
        f"{panel}: left out {len(blocks[0].assays) - len(assays)} of {len(blocks[0].assays)} "
        "assays, as the authors did (more than 20 % under the limit of detection here or in "
        f"their third cohort), and {counted(warned, 'measurement')} with a QC warning.",
        f"{panel}: plate sets 1 and 2 were brought to the scale of the last by the median "
        f"difference of {name_list(pairs)} samples measured in both.",
    ]
    if twice:
        notes.append(
            f"{panel}: twice on one sheet, the first row was taken: {name_list(twice)}; the file "
            "does not say which is right."
        )
    plates = [f"plate set {number + 1}" for number, part in enumerate(sets) for _ in part.index]
    joined = _numbered(sets)
    return joined, pd.Series(plates, joined.index), notes


def _plain_name(name: str) -> str:
    found = _NAME.fullmatch(name)
    return name if found is None else f"{found[1]} {found[2]}"


def _bridged(sets: Sequence[pd.DataFrame]) -> tuple[list[pd.DataFrame], list[int]]:
    """Bring all plate sets to the scale of the last, the largest."""
    matrices = [ProteinMatrix.build(values, scale="log2", kind="npx") for values in sets]
    moved, pairs = [], []
    for matrix in matrices[:-1]:
        bridge = bridge_offsets(matrices[-1], matrix, minimum=_FEWEST_BRIDGES)
        moved.append(apply_bridge(matrix, bridge).values)
        pairs.append(bridge.pairs)
    return [*moved, sets[-1]], pairs


def _numbered(sets: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put plate sets one under the other; a sample's second row gets 1 after its name."""
    joined = pd.concat(sets)
    seen: Counter[str] = Counter()
    names = []
    for name in joined.index:
        names.append(f"{name}{seen[name] or ''}")
        seen[name] += 1
    return joined.set_axis(pd.Index(names))


def _sheet(table: Table) -> pd.DataFrame:
    columns = ["pat_id", "full_id", "time", "condition", "age", "gender", "BMI"]
    require(table, [*columns, "PCR_proven_COVID-19", *_BLOOD_COUNTS.values()])
    ids = table.text("full_id")
    rows = []
    for name, patient, visit in zip(ids, table.text("pat_id"), table.text("time"), strict=True):
        found = _VISIT.fullmatch(visit)
        if found is None:
            raise InputError(f"{table.where}: visit {visit!r} of {name!r}, expected such as W1T1")
        first = f"W{found[1]}T{found[2]}"
        day = 7 * (int(found[1]) - 1) + _DAY[found[2]]
        rows.append((patient, first, day, f"{patient} {first}" if found[3] else ""))
    sheet = pd.DataFrame(rows, ids, ["patient_id", "visit", "day", "replicate_of"])
    sheet.insert(1, "severity", table.text("condition"))
    for name, column in {"age": "age", "sex": "gender", "bmi": "BMI", **_BLOOD_COUNTS}.items():
        sheet[name] = table.text(column)
    sheet["pcr_proven"] = table.text("PCR_proven_COVID-19")
    sheet["site"] = "Radboud"
    return sheet
