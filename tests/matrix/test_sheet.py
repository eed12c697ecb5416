"""Sample sheets: names stay names, numbers are numbers, and nothing is assumed in silence."""

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.sheet import (
    NUMERIC_ROLES,
    ROLES,
    blank_sheet,
    complete_samples,
    read_samples,
)


def write(folder, *lines, name="samples.tsv"):
    path = folder / name
    path.write_text("\n".join(line.replace("|", "\t") for line in lines) + "\n", encoding="utf-8")
    return path


def test_names_stay_text_and_numbers_become_numbers(tmp_path):
    sheet = read_samples(
        write(
            tmp_path,
            "sample_id|patient_id|day|batch|plex|crp|ward|hospital_no|severity",
            "007|01|0|1|02|3.5|3A|0815|1",
            "008|01|3.5|2|02|NA|3A|0816|",
        )
    )

    assert sheet.index.tolist() == ["007", "008"]
    assert sheet["patient_id"].tolist() == ["01", "01"]
    assert sheet["day"].tolist() == [0.0, 3.5]
    assert sheet["batch"].tolist() == ["1", "2"]
    assert sheet["plex"].tolist() == ["02", "02"]
    assert sheet["hospital_no"].tolist() == ["0815", "0816"]
    assert sheet["crp"].dtype == float
    assert np.isnan(sheet["crp"].iloc[1])
    assert sheet["severity"].iloc[0] == 1
    assert sheet["severity"].isna().tolist() == [False, True]
    assert sheet.attrs["notes"] == []


def test_labels_that_look_like_missing_marks_stay_labels(tmp_path):
    sheet = read_samples(write(tmp_path, "sample_id|severity", "a|None", "b| severe ", "c|nan"))
    assert sheet["severity"].tolist()[:2] == ["None", "severe"]
    assert sheet["severity"].isna().tolist() == [False, False, True]


def test_decimal_commas_are_numbers_unless_they_may_be_thousands(tmp_path):
    sheet = read_samples(
        write(tmp_path, "sample_id|age|crp|platelets", "a|41,5|0,25|150,000", "b|7|12|NA")
    )
    assert sheet["age"].tolist() == [41.5, 7.0]
    assert sheet["crp"].tolist() == [0.25, 12.0]
    assert sheet["platelets"].tolist()[0] == "150,000"
    with pytest.raises(InputError, match="column 'age' expects numbers; found row 2: '1,234'"):
        read_samples(write(tmp_path, "sample_id|age", "a|1,234"))


def test_missing_patients_are_said(tmp_path):
    assert read_samples(write(tmp_path, "sample_id|day", "a|1")).attrs["notes"] == [
        "The sample sheet has no patient_id: each sample is its own patient."
    ]
    partly = read_samples(write(tmp_path, "sample_id|patient_id", "a|p", "b|", "c|NA"))
    assert partly.attrs["notes"] == [
        "Without patient_id, each taken for a patient of its own: 2 samples (b, c)."
    ]


def test_roles_are_renamed(tmp_path):
    path = write(tmp_path, "Run|Subject|day|Tag", "a|p1|9|0", "b|p1|9|7")
    sheet = read_samples(path, columns={"sample_id": "Run", "patient_id": "Subject", "day": "Tag"})

    assert sheet["day"].tolist() == [0.0, 7.0]
    assert list(sheet.columns) == ["patient_id", "day"]
    assert sheet.attrs["notes"] == ["Column 'Tag' plays 'day'; the sheet's own 'day' was left out."]


@pytest.mark.parametrize(
    ("lines", "columns", "message"),
    [
        (["SampleID|x", "a|1"], {}, "no column 'sample_id'; found SampleID, x; pass .*=SampleID"),
        (["x|y", "a|1"], {}, "no column 'sample_id'; found x, y; pass --column sample_id=NAME"),
        (["sample_id|x", "a|1", "b|1", "a|2"], {}, r"1 duplicate sample ids.*'a' \(rows 2, 4\)"),
        (["sample_id|x", "a|1", "|1"], {}, "'sample_id' is empty in rows 3"),
        (["sample_id|day", "a|1", "b|two"], {}, "column 'day' expects numbers; found row 3: 'two'"),
        (["sample_id|age", "a|inf"], {}, "column 'age' expects numbers; found row 2: 'inf'"),
        (
            ["sample_id|x", "a|1"],
            {"pateint_id": "x"},
            "no role 'pateint_id'; did you mean 'patient_id'",
        ),
        (
            ["sample_id|x", "a|1"],
            {"zz": "x"},
            "no role 'zz'; expected one of sample_id, patient_id",
        ),
        (
            ["sample_id|x", "a|1"],
            {"day": "y"},
            "no column 'y' for the role 'day'; found sample_id, x",
        ),
    ],
)
def test_broken_sheets_are_refused(tmp_path, lines, columns, message):
    with pytest.raises(InputError, match=message):
        read_samples(write(tmp_path, *lines), columns=columns)


@pytest.mark.parametrize("role", NUMERIC_ROLES)
def test_every_numeric_role_refuses_text(tmp_path, role):
    assert role in ROLES
    with pytest.raises(InputError, match=f"column '{role}' expects numbers"):
        read_samples(write(tmp_path, f"sample_id|{role}", "a|12 mg"))


def test_workbooks(tmp_path):
    book = Workbook()
    book.active.append(["other"])
    page = book.create_sheet("Annot")
    page.append(["sample_id", "patient_id", "day"])
    page.append(["007", 12, 3])
    book.save(tmp_path / "samples.xlsx")

    sheet = read_samples(tmp_path / "samples.xlsx", sheet="Annot")
    assert sheet.loc["007"].tolist() == ["12", 3.0]


def test_frames_in_memory_get_the_same_treatment():
    by_index = pd.DataFrame({"patient_id": [1.0, np.nan]}, index=["a", "b"])
    by_column = pd.DataFrame({"sample_id": ["a", "b"], "patient_id": ["1", None]})
    for frame in (by_index, by_column):
        sheet = complete_samples(frame)
        assert sheet["patient_id"].iloc[0] == "1"
        assert sheet["patient_id"].isna().iloc[1]
        assert "1 sample (b)" in sheet.attrs["notes"][0]
    with pytest.raises(InputError, match=r"'a' \(rows 1, 2\)"):
        complete_samples(pd.DataFrame({"sample_id": ["a", "a"]}))


def test_reading_again_changes_nothing(tmp_path):
    first = read_samples(write(tmp_path, "sample_id|patient_id|day|x", "01|p|1|2", "02||3|"))
    again = complete_samples(first)
    pd.testing.assert_frame_equal(again, first)
    assert again.attrs["notes"] == first.attrs["notes"]


def test_a_blank_sheet_lists_the_samples_and_reads_back(tmp_path):
    values = pd.DataFrame([[8.0], [9.0]], index=["007", "s;2"], columns=["P1"])
    sheet = blank_sheet(ProteinMatrix.build(values, scale="log2"))
    sheet.to_csv(tmp_path / "blank.tsv", sep="\t", index=False)

    assert sheet["sample_id"].tolist() == ["007", "s;2"]
    assert (sheet.drop(columns="sample_id") == "").all().all()
    again = read_samples(tmp_path / "blank.tsv")
    assert again.index.tolist() == ["007", "s;2"]
    assert again.isna().all().all()


def test_a_blank_sheet_keeps_what_is_known():
    values = pd.DataFrame([[8.0], [9.0]], index=["a", "b"], columns=["P1"])
    known = pd.DataFrame({"patient_id": ["p", "p"], "day": [0.0, np.nan]}, index=["a", "b"])
    sheet = blank_sheet(ProteinMatrix.build(values, known, scale="log2"))
    assert sheet["patient_id"].tolist() == ["p", "p"]
    assert sheet["day"].tolist() == ["0", ""]
