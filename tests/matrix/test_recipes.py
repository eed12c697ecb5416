"""Recipes on small made-up files of each cohort's form."""

import numpy as np
import openpyxl
import pandas as pd
import pytest
from npx_workbook import write_workbook

from proteoclass.errors import InputError
from proteoclass.matrix.cohorts.recipes import (
    breda,
    csf,
    gisby,
    overmyer,
    puv_urine,
    radboud,
    saliva,
    weight_loss,
)
from proteoclass.matrix.cohorts.recipes.prepared import Prepared


def told(prepared, part):
    return [note for note in prepared.notes if part in note]


def write_tsv(path, rows):
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


# What every recipe gives


def test_a_recipe_whose_parts_differ_is_refused():
    values = pd.DataFrame([[1.0]], index=["s1"], columns=["P1"])
    sheet = pd.DataFrame({"patient_id": ["a"]}, index=["s2"])
    with pytest.raises(InputError, match="its samples do not belong to its values"):
        Prepared(values, sheet, pd.DataFrame(index=["P1"]), ())
    with pytest.raises(InputError, match="its proteins do not belong to its values"):
        Prepared(values, sheet.set_axis(["s1"]), pd.DataFrame(index=["P2"]), ())


# Overmyer


def overmyer_rows():
    clinical = list(overmyer._CLINICAL.values())
    header = ["sample_id", "P02768", "P01034;P01035", "COVID", "ICU_1", "Gender", *clinical]
    rest = [1] * len(clinical)
    return [
        header,
        ["1.0", 30.5, 20.25, 1, 1, "M", *rest],
        ["2.0", 31.5, 21.25, 1, 0, "F", *rest],
        ["3.0", 32.5, 22.25, "", "", "", *[""] * len(rest)],
        ["4.0", 33.5, 23.25, 0, 1, "M", *rest],
    ]


def test_overmyer(tmp_path):
    write_tsv(tmp_path / overmyer.FILE, overmyer_rows())
    prepared = overmyer.prepare(tmp_path)
    assert prepared.samples["severity"].to_dict() == {
        "S001": "severe",
        "S002": "non-severe",
        "S004": "covid-negative",
    }
    assert prepared.values.loc["S004"].to_dict() == {"P02768": 33.5, "P01034;P01035": 23.25}
    assert prepared.samples["sex"].tolist() == ["M", "F", "M"]
    assert told(prepared, "1 row without any label (S003)")


def test_a_column_that_a_recipe_reads_is_gone(tmp_path):
    rows = [row[:-1] for row in overmyer_rows()]
    write_tsv(tmp_path / overmyer.FILE, rows)
    with pytest.raises(InputError, match="no columns 'Vent_free_days'; expected the file of the"):
        overmyer.prepare(tmp_path)


# Cerebrospinal fluid


def write_csf(path, labels):
    book = openpyxl.Workbook()
    page = book.active
    page.title = csf.SHEET
    about = [csf._LABEL, *csf._TEXT.values(), *csf._NUMBERS.values()]
    page.append(["P02768;P02769", "P01034", *about])
    for i, label in enumerate(labels):
        page.append([1000.5 + i, None, label, "Kiel", "f", None, *[50 + i] * len(csf._NUMBERS)])
    book.save(path)


def test_csf(tmp_path):
    write_csf(tmp_path / csf.FILE, ["biochemical AD", None, "biochemical control"])
    prepared = csf.prepare(tmp_path)
    assert prepared.samples["severity"].to_dict() == {
        "C000": "biochemical AD",
        "C001": "biochemical control",
    }
    assert prepared.values["P02768;P02769"].tolist() == [1000.5, 1002.5]
    assert prepared.values["P01034"].isna().all()
    assert prepared.samples.loc["C001", ["age", "sex", "site"]].tolist() == [52.0, "f", "Kiel"]
    assert told(prepared, "Left out: 1 sample without")


def test_csf_without_any_label(tmp_path):
    write_csf(tmp_path / csf.FILE, [None, None])
    with pytest.raises(InputError, match="no row has a label in '_primary biochemical AD class"):
        csf.prepare(tmp_path)


# Weight loss


def write_weight_loss(path, runs):
    header = [*[f"LFQ_{run}" for run in runs], "Potential contaminant", "Majority protein IDs"]
    cells = range(1, 1 + len(runs))
    write_tsv(path, [header, [*cells, "", "P02768"], [*cells, "+", "P00761"]])


def test_weight_loss(tmp_path):
    write_weight_loss(tmp_path / weight_loss.FILE, ["02_TP1", "02_TP2", "1_TP1"])
    prepared = weight_loss.prepare(tmp_path)
    assert prepared.samples["patient_id"].tolist() == ["02", "02", "1"]
    assert prepared.samples["visit"].tolist() == ["TP1", "TP2", "TP1"]
    assert prepared.values["P02768"].tolist() == [1.0, 2.0, 3.0]
    assert told(prepared, "Removed 1 of 2 protein groups: 1 contaminants")


def test_a_run_of_another_name(tmp_path):
    write_weight_loss(tmp_path / weight_loss.FILE, ["02_TP1", "pool"])
    with pytest.raises(InputError, match="samples pool are not named PERSON_TPnumber"):
        weight_loss.prepare(tmp_path)


# Saliva

RUNS = {
    "/x/19AUG24_AI_CHIVAS_68-4.mzML": ("68", "4", "24h", ""),
    "/x/19AUG24_AI_CHIVAS_68-5.mzML": ("68", "5", "disch", ""),
    "/x/AD_AI_Sample33_C18_22052023_5_20230606030500.mzML": (
        *("33", "5", "48h"),
        "AD_AI_Sample33_C18_22052023_5",
    ),
    "/x/AD_AI_Sample33_C18_22052023_5.mzML": ("33", "5", "48h", ""),
    "/x/AD_AI_Sample33_C18_22052023_10.mzML": ("33", "10", "", ""),
    "/x/AD_AI_Sample17_C18_22052023_5_2.mzML": (
        *("17", "5", "48h"),
        "AD_AI_Sample17_C18_22052023_5_1",
    ),
    "/x/AD_AI_Sample17_C18_22052023_5_1.mzML": ("17", "5", "48h", ""),
    "/x/AD_AI_Sample1_C18_22052023_1.mzML": ("1", "1", "", ""),
}


def write_saliva(folder, runs, people=("68", "33", "17", "1")):
    about = ["Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description"]
    cells = [1000.5 + i for i in range(len(runs))]
    write_tsv(folder / saliva.FILE, [[*about, *runs], ["P02768", "P02768", "", "ALB", "", *cells]])
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Sheet2"
    page.append(["Patient_ID", "Age", "Sex", "Clinical outcome"])
    grades = book.create_sheet("Sheet1")
    grades.append(["Patient_ID", "P_grade_num"])
    for person in people:
        page.append([int(person), 20.5, "F", "No pharyngitis"])
        grades.append([int(person), "None"])
    book.save(folder / saliva.PEOPLE)


def test_saliva(tmp_path):
    write_saliva(tmp_path, RUNS)
    prepared = saliva.prepare(tmp_path)
    names = [run.split("/")[-1].removesuffix(".mzML") for run in RUNS]
    assert prepared.values.index.tolist() == names
    assert prepared.values["P02768"].tolist() == [1000.5 + i for i in range(len(RUNS))]
    sheet = prepared.samples[["patient_id", "visit", "time_point", "replicate_of"]]
    assert [tuple(row) for row in sheet.to_numpy()] == list(RUNS.values())
    assert set(prepared.samples["severity"]) == {"None"}
    assert told(prepared, "2 runs of a sample that another run has too")
    assert told(prepared, "none for AD_AI_Sample33_C18_22052023_10, AD_AI_Sample1_C18_22052023_1.")


def test_a_saliva_run_that_names_no_person(tmp_path):
    write_saliva(tmp_path, ["/x/blank.mzML"])
    with pytest.raises(InputError, match="run 'blank' names no person and sample"):
        saliva.prepare(tmp_path)


def test_a_saliva_run_of_a_stranger(tmp_path):
    write_saliva(tmp_path, RUNS, people=("68", "33", "17"))
    with pytest.raises(InputError, match="no grade for person 1 of the runs"):
        saliva.prepare(tmp_path)


# Breda

BREDA = [
    ("A-1", "plate 1", "Pass", 6.5, 0.5, 3.0),
    ("A-10", "plate 1", "Pass", 9.0, 2.0, 3.0),
    ("PC- PAT06", "plate 1", "Pass", 9.0, 2.0, 3.0),
    ("A-2", "plate 1", "Warning", 9.0, 2.0, 3.0),
    ("B-1", "plate 2", "Pass", 7.5, 0.5, 3.0),
    ("B-2", "plate 2", "Pass", 8.5, 2.0, 3.0),
]
BREDA_PEOPLE = [
    ["breda_nr", "date", "timepoint", "age", "gender", "condition"],
    ["Breda_1", "30-03-2020", "T1", "70", "male", "ICU"],
    ["Breda_2", "30-02-2020", "T1", None, None, None],
    ["Breda_1", "02-04-2020", "T2", "70", "male", "ICU"],
]
ASSAYS = ["OID00471", "OID00472", "OID00474"]


def write_breda(path, samples=BREDA, people=BREDA_PEOPLE):
    write_workbook(path, {"INF": ("Olink Target 96 Inflammation", ASSAYS, samples)}, people)


def test_breda(tmp_path):
    """OID00472 lies under its limit of 1 in 2 of 6 samples, OID00474 failed elsewhere."""
    write_breda(tmp_path / breda.FILE)
    prepared = breda.prepare(tmp_path)
    assert prepared.values.to_dict() == {"OID00471": {"A-1": 6.5, "B-1": 7.5, "B-2": 8.5}}
    sheet = prepared.samples
    assert sheet["day"].fillna(-1).tolist() == [0, -1, 3]
    assert sheet["severity"].tolist() == ["ICU", "", "ICU"]
    assert sheet["batch"].tolist() == ["plate 1", "plate 2", "plate 2"]
    assert "date" not in sheet
    assert prepared.proteins.loc["OID00471", "accessions"] == "P00471"
    assert told(prepared, "1 date no calendar knows became empty")
    assert told(prepared, "1 sample with a QC warning, 1 that are controls")


def test_breda_with_a_row_of_annotation_too_few(tmp_path):
    write_breda(tmp_path / breda.FILE, people=BREDA_PEOPLE[:-1])
    with pytest.raises(InputError, match="2 rows for 3 samples on the plates, expected one each"):
        breda.prepare(tmp_path)


def test_a_workbook_without_npx(tmp_path):
    write_workbook(tmp_path / breda.FILE, {}, BREDA_PEOPLE)
    with pytest.raises(InputError, match="no sheet with NPX; expected the file of the pinned"):
        breda.prepare(tmp_path)


# Radboud: three panels on three plate sets each; 8 samples bridge sets 1 and 2 to the third

PANELS = {"INF": ["OID00471", "OID00472"], "CM": ["OID01223"], "CVD": ["OID00379"]}
BRIDGES = [f"RUMC_{i:04d} W1T1" for i in range(1, 9)]
#: What each plate set adds to every value.
SHIFTS = {1: 0.5, 2: -0.25, 3: 0.0}


def radboud_sheets(panels=PANELS, extra=()):
    sheets = {}
    for panel, assays in panels.items():
        for number, shift in SHIFTS.items():
            names = [*BRIDGES, f"RUMC_00{number}9W1T2", f"RUMC_00{number}9 W2T3"]
            names += [name for at, name in extra if at == (panel, number)]
            rows = [
                [name, f"plate {number}", "Pass", *[3.0 + shift + i / 8] * len(assays)]
                for i, name in enumerate(names)
            ]
            sheets[f"{panel} {number}"] = (panel, assays, rows)
    sheets["CVD 1"][2][0][2] = "Warning; would use it"
    return sheets


def radboud_annotation(names):
    columns = ["pat_id", "full_id", "time", "condition", "age", "gender", "BMI"]
    columns += ["PCR_proven_COVID-19", *radboud._BLOOD_COUNTS.values()]
    rest = [None] * (len(columns) - 4)
    return [columns, *[[n.split()[0], n, n.split()[1], "ICU", *rest] for n in names]]


ANNOTATED = ["RUMC_0001 W1T1", "RUMC_0001 W1T12", "RUMC_0019 W1T2", "RUMC_0039 W2T3"]


def test_radboud(tmp_path):
    """RUMC_0001 passed on three plate sets of two panels and on two of the third."""
    extra = [(("INF", 3), BRIDGES[1])]
    write_workbook(
        tmp_path / radboud.FILE, radboud_sheets(extra=extra), radboud_annotation(ANNOTATED)
    )
    prepared = radboud.prepare(tmp_path)
    values = prepared.values
    assert values.index.tolist() == ANNOTATED
    # Bridged, all plate sets read as the third: 3 for the first sample, 3 + 8/8 for the ninth.
    assert values.loc["RUMC_0001 W1T1"].tolist() == pytest.approx([3.0] * 4)
    assert values.loc["RUMC_0001 W1T12"].tolist() == pytest.approx([3, 3, 3, np.nan], nan_ok=True)
    assert values.loc["RUMC_0019 W1T2"].tolist() == pytest.approx([4.0] * 4)
    sheet = prepared.samples
    assert sheet["visit"].tolist() == ["W1T1", "W1T1", "W1T2", "W2T3"]
    assert sheet["replicate_of"].tolist() == ["", "RUMC_0001 W1T1", "", ""]
    assert sheet["day"].tolist() == [0, 0, 2, 11]
    assert sheet["batch"].str[-1].tolist() == ["1", "3", "1", "3"]
    assert told(prepared, "1 row with a panel from another plate set than batch says")
    assert told(prepared, "INF: twice on one sheet, the first row was taken: RUMC_0002 W1T1")
    assert told(prepared, "CVD: plate sets 1 and 2 were brought")[0].count("7, 8 samples")
    assert told(prepared, "CVD: left out 0 of 1 assays")[0].endswith(
        "1 measurement with a QC warning."
    )


def test_radboud_with_a_sample_on_no_plate(tmp_path):
    people = radboud_annotation([*ANNOTATED, "RUMC_0777 W1T1"])
    write_workbook(tmp_path / radboud.FILE, radboud_sheets(), people)
    with pytest.raises(InputError, match="on no plate: RUMC_0777 W1T1"):
        radboud.prepare(tmp_path)


def test_radboud_with_a_visit_of_another_kind(tmp_path):
    people = radboud_annotation([*ANNOTATED, "RUMC_0001 V1"])
    write_workbook(tmp_path / radboud.FILE, radboud_sheets(), people)
    with pytest.raises(InputError, match="visit 'V1' of 'RUMC_0001 V1', expected such as W1T1"):
        radboud.prepare(tmp_path)


def test_sheets_of_a_panel_with_different_assays(tmp_path):
    sheets = radboud_sheets()
    panel, _, rows = sheets["CM 2"]
    sheets["CM 2"] = (panel, ["OID01224"], rows)
    write_workbook(tmp_path / radboud.FILE, sheets, radboud_annotation(ANNOTATED))
    with pytest.raises(InputError, match="the sheets of panel 'CM' hold different assays"):
        radboud.prepare(tmp_path)


# Gisby


def write_gisby(folder, people):
    rows = ['"SampleID","Individual_ID","UniProt","GeneID","Assay","NPX","Panel","Index"']
    for i, sample in enumerate(["C1_1", "C1_2", "C2_3"]):
        for j, (protein, panel) in enumerate([("P42785", "CM"), ("P10145", "In")]):
            rows.append(f'"{sample}","x","{protein}","G{j}","G{j}",{i + j / 2},"{panel}",{i}')
    (folder / gisby.VALUES).write_text("\n".join(rows) + "\n")
    sheet = ['"SampleID","Individual_ID","Plate_ID","Case_Control","Sex","Ethnicity","Age"']
    sheet += [f'"{s}","{s[:2]}","plate.5","POSITIVE","F","Other","(60,80]"' for s in people]
    (folder / gisby.SHEET).write_text("\n".join(sheet) + "\n")


def test_gisby(tmp_path):
    write_gisby(tmp_path, ["C2_3", "C1_2", "C1_1"])
    prepared = gisby.prepare(tmp_path)
    assert prepared.samples["patient_id"].to_dict() == {"C1_1": "C1", "C1_2": "C1", "C2_3": "C2"}
    assert prepared.values.loc["C2_3"].tolist() == [2.0, 2.5]
    assert prepared.values.loc["C1_1"].tolist() == [0.0, 0.5]
    assert prepared.samples["age_band"].tolist() == ["(60,80]"] * 3


def test_gisby_with_a_sample_that_is_in_no_sheet(tmp_path):
    write_gisby(tmp_path, ["C2_3", "C1_2"])
    with pytest.raises(InputError, match="no row for sample C1_1"):
        gisby.prepare(tmp_path)


# Urine


def write_puv(path, samples):
    header = ["Protein", "Protein ID", "Entry Name", "Gene", "Description"]
    header += [f"{s} Intensity" for s in samples] + [f"{s} MaxLFQ Intensity" for s in samples]
    rows = [header]
    for protein, cells in {"P02768": (1, 2), "P01034": (0, 3), "P99999": (0, 0)}.items():
        name = f"sp|{protein}|A_HUMAN"
        rows.append([name, protein, "A_HUMAN", "A", "a protein", 9, 9, *cells])
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8-sig")


def test_puv_urine(tmp_path):
    write_puv(tmp_path / puv_urine.FILE, ["Case1", "Control12"])
    prepared = puv_urine.prepare(tmp_path)
    assert prepared.values.columns.tolist() == ["P01034", "P02768"]
    assert prepared.values["P02768"].tolist() == [1.0, 2.0]
    assert prepared.values["P01034"].tolist() == pytest.approx([np.nan, 3.0], nan_ok=True)
    assert prepared.samples["severity"].to_dict() == {"Case1": "puv", "Control12": "control"}
    assert told(prepared, "Left out: 1 protein without a MaxLFQ intensity")


def test_urine_of_neither_group(tmp_path):
    write_puv(tmp_path / puv_urine.FILE, ["Case1", "Pool"])
    with pytest.raises(InputError, match="neither Case nor Control: Pool"):
        puv_urine.prepare(tmp_path)
