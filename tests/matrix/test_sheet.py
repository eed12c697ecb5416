"""Sample sheets: names stay names, numbers are numbers, and nothing is assumed in silence."""

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.samples.roles import creatinine_unit, sex_of
from proteoclass.matrix.samples.sheet import (
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


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("creatinine_mg_dl", "mg/dL"),
        ("Creatinine [mg/dL]", "mg/dL"),
        ("creatinine_mmol_l", "mmol/L"),
        ("creatinine (\u00b5mol/L)", "umol/L"),
        ("creatinine_\u03bcmol_l", "umol/L"),
        ("creatinine_g_l", "g/L"),
        ("creatinine mg/l", "mg/L"),
    ],
)
def test_creatinine_may_carry_its_unit_in_the_column_s_name(tmp_path, column, unit):
    path = write(tmp_path, f"sample_id|patient_id|{column}", "a|p|1.5", "b|q|")
    sheet = read_samples(path)
    assert sheet["creatinine"].tolist()[0] == 1.5
    assert sheet["creatinine_unit"].tolist()[0] == unit
    assert sheet["creatinine_unit"].isna().tolist() == [False, True]
    assert sheet.attrs["notes"] == [f"Column {column!r} was read as creatinine, {unit}."]
    chosen = read_samples(path, columns={"creatinine": column})
    pd.testing.assert_frame_equal(chosen, sheet)
    pd.testing.assert_frame_equal(complete_samples(sheet), sheet)


def test_units_of_creatinine_get_one_spelling(tmp_path):
    lines = ("sample_id|creatinine|creatinine_unit", "a|1|mg/dl", "b|2|MMOL/L", "c||")
    units = read_samples(write(tmp_path, *lines))["creatinine_unit"]
    assert units.tolist()[:2] == ["mg/dL", "mmol/L"]
    assert "creatinine_unit" not in read_samples(write(tmp_path, "sample_id|creatinine", "a|1"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["sample_id|creatinine|creatinine_unit", "a|1|mg/dL", "b|1|mg"],
            r"'creatinine_unit' expects one of mg/dL, .*; found row 3: 'mg'; correct it",
        ),
        (
            ["sample_id|creatinine_mg_dl|creatinine_unit", "a|1|g/L"],
            "expects mg/dL; found row 2: 'g/L'",
        ),
        (
            ["sample_id|creatinine_mg_dl|creatinine_mmol_l", "a|1|2"],
            "2 columns give creatinine: creatinine_mg_dl, creatinine_mmol_l; choose one with",
        ),
    ],
)
def test_units_that_cannot_be_true(tmp_path, lines, message):
    with pytest.raises(InputError, match=message):
        read_samples(write(tmp_path, *lines))


def test_a_column_named_creatinine_goes_before_one_with_a_unit(tmp_path):
    sheet = read_samples(write(tmp_path, "sample_id|creatinine|creatinine_mg_dl", "a|1|2"))
    assert sheet.loc["a", ["creatinine", "creatinine_mg_dl"]].tolist() == [1, 2]
    assert creatinine_unit("creatinine") == ""


def test_sexes_are_kept_as_written_and_unknown_words_are_said(tmp_path):
    words = ["M", "female", "Men", "w", "2", ""]
    lines = [f"s{i}|p|{word}" for i, word in enumerate(words)]
    sheet = read_samples(write(tmp_path, "sample_id|patient_id|sex", *lines))
    assert sheet["sex"].tolist()[:5] == words[:5]
    assert [sex_of(word) for word in words] == ["male", "female", "male", "female", "", ""]
    assert sheet.attrs["notes"] == ["Column 'sex': not known as male or female in 1 sample ('2')."]


def test_days_are_counted_from_dates_where_there_is_no_day(tmp_path):
    """2020 was a leap year: 28 February to 1 March is two days."""
    lines = (
        *("sample_id|patient_id|day_zero|collected", "a|p|2020-02-28|2020-03-01"),
        *("b|p|2020/02/28|2020-02-28T08:30:00", "c|p|2020-02-28|", "d|p|2020.02.28|2020-02-20"),
    )
    sheet = read_samples(write(tmp_path, *lines))
    assert sheet["day"].tolist()[:2] == [2.0, 0.0]
    assert np.isnan(sheet["day"]["c"])
    assert sheet["day"]["d"] == -8.0
    assert sheet.attrs["notes"] == [
        "Column 'day' was counted from 'day_zero' to 'collected'; 1 sample without both dates "
        "have none."
    ]
    given_days = read_samples(
        write(tmp_path, "sample_id|day|day_zero|collected", "a|5|03/04/2020|x")
    )
    assert given_days["day"].tolist() == [5.0]  # the dates are not needed


@pytest.mark.parametrize(
    "date", ["03/04/2020", "3.4.20", "2020-13-01", "2020-02-30", "March", "43891"]
)
def test_dates_that_may_mean_two_days_are_refused(tmp_path, date):
    path = write(tmp_path, "sample_id|day_zero|collected", "a|2020-03-01|2020-03-02", f"b|{date}|")
    with pytest.raises(
        InputError,
        match=r"column 'day_zero' expects dates as YYYY-MM-DD to count days from; found row 3: "
        rf"'{date}', which .*; rewrite them or add a column 'day'",
    ):
        read_samples(path)


def test_dates_of_a_workbook_are_dates(tmp_path):
    book = Workbook()
    book.active.append(["sample_id", "day_zero", "collected"])
    book.active.append(["a", pd.Timestamp("2021-01-30"), pd.Timestamp("2021-02-02 07:15")])
    book.save(tmp_path / "s.xlsx")
    assert read_samples(tmp_path / "s.xlsx")["day"].tolist() == [3.0]


def test_replicates_of_replicates_are_replicates_of_the_first(tmp_path):
    lines = ("sample_id|patient_id|replicate_of", "a|p|", "c|p|b", "b|p|a", "d||c")
    sheet = read_samples(write(tmp_path, *lines))
    assert sheet["replicate_of"].fillna("").to_dict() == {"a": "", "c": "a", "b": "a", "d": "a"}
    assert sheet.attrs["notes"] == [
        "Replicates of replicates, taken for replicates of the first sample: 2 samples (c, d)."
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a|", "b|z"], "'replicate_of' names samples that the sheet does not have: row 3: 'z'"),
        (["a|a", "b|"], "names the sample itself or goes in a circle: row 2: 'a'; leave it empty"),
        (["a|b", "b|a", "c|"], "goes in a circle: row 2: 'b', row 3: 'a'"),
        (["a|c", "b|c", "c|b"], "row 2: 'c', row 3: 'c', row 4: 'b'"),
    ],
)
def test_replicates_of_nothing(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        read_samples(write(tmp_path, "sample_id|replicate_of", *rows))


def test_a_workbook_with_several_sheets_says_which_was_read(tmp_path):
    book = Workbook()
    book.active.title = "People"
    book.active.append(["sample_id", "patient_id"])
    book.active.append(["a", "p"])
    book.create_sheet("Notes").append(["x"])
    book.save(tmp_path / "s.xlsx")
    assert read_samples(tmp_path / "s.xlsx").attrs["notes"] == [
        "The workbook has 2 sheets; the first, 'People', was read, not Notes."
    ]
    for sheet in ("Notes", "Absent"):
        with pytest.raises(InputError, match="--samples-sheet"):
            read_samples(tmp_path / "s.xlsx", sheet=sheet)
    with pytest.raises(InputError, match=r"is not a workbook .*; drop --samples-sheet"):
        read_samples(write(tmp_path, "sample_id", "a"), sheet="People")


PLAIN = "sample_id,patient_id,day\nä1,p,1\nb,q,2\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        b"\xff\xfe" + PLAIN.encode("utf-16-le"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode() + b"\n\n",
        gzip.compress(PLAIN.encode(), mtime=0),
    ],
    ids=["bom", "utf-16", "utf-16-le", "cp1252", "crlf", "cr", "semicolon", "blank lines", "gzip"],
)
def test_hostile_but_right_sheets(tmp_path, data):
    path = tmp_path / "s.csv"
    path.write_bytes(data)
    sheet = read_samples(path)
    assert sheet.index.tolist() == ["ä1", "b"]
    assert sheet["day"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"sample_id,day\n", "no rows"),
        (b"sample_id,day\na,1,2\nb,1\n", "row 2"),
        (b"sample_id,day,day\na,1,2\n", r"1 column names repeat in the header: 'day'"),
        (b"sample_id,day\na,1\n,2\n", "'sample_id' is empty in rows 3"),
        (b"sample_id,day\na,soon\n", "column 'day' expects numbers; found row 2: 'soon'"),
        (b"day\n1\n", "no column 'sample_id'"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "looks like"),
        (b"PK\x03\x04" + bytes(64), "zip"),
        (gzip.compress(b"sample_id,day\na,1\n" * 999, mtime=0)[:-20], "damaged gzip"),
        (b"source name\tcharacteristics[sex]\n", "no rows"),
    ],
)
def test_hostile_and_broken_sheets(tmp_path, data, message):
    path = tmp_path / "s.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_samples(path)
    assert "\n" not in str(caught.value)


def test_formulas_without_results_are_refused(tmp_path):
    book = Workbook()
    book.active.append(["sample_id", "day"])
    book.active.append(["a", "=1+1"])
    book.save(tmp_path / "s.xlsx")
    with pytest.raises(InputError, match="1 formulas have no stored result"):
        read_samples(tmp_path / "s.xlsx")


CELL = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=6), st.data())
def test_any_cells_give_a_sheet_or_one_line(rows, data):
    header = ["sample_id", *data.draw(st.permutations([*ROLES[1:], "crp", "creatinine_unit"]))[:3]]
    frame = pd.DataFrame(rows, columns=header)
    try:
        sheet = complete_samples(frame)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert sheet.index.tolist() == [row[0].strip() for row in rows]
    for role in set(NUMERIC_ROLES) & set(sheet.columns):
        assert not np.isinf(sheet[role]).any()
    again = complete_samples(sheet)
    pd.testing.assert_frame_equal(again, sheet)


def test_a_blank_sheet_shows_what_the_file_says():
    values = pd.DataFrame([[8.0], [9.0]], index=["a", "b"], columns=["P1"])
    told = pd.DataFrame({"plate": ["1", "2"], "plex": ["x", None]}, index=["a", "b"])
    sheet = blank_sheet(ProteinMatrix.build(values, told, scale="log2"))
    assert sheet["plex"].tolist() == ["x", ""]
    assert sheet["plate"].tolist() == ["1", "2"]
    assert (sheet["patient_id"] == "").all()


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        ({"day": "t", "visit": "t"}, "'t' is to play 2 roles (day, visit)"),
        ({"patient_id": "sample_id"}, "'sample_id' is to play 2 roles (sample_id, patient_id)"),
    ],
)
def test_a_column_plays_one_role(tmp_path, columns, roles):
    # The role named first was lost without a word.
    path = write(tmp_path, "sample_id|t", "a|1")
    with pytest.raises(InputError, match=re.escape(roles)):
        read_samples(path, columns=columns)


def test_two_roles_may_change_their_columns(tmp_path):
    path = write(tmp_path, "sample_id|day|visit", "a|1|2")
    sheet = read_samples(path, columns={"day": "visit", "visit": "day"})
    assert sheet[["day", "visit"]].iloc[0].tolist() == [2.0, "1"]


def test_columns_named_nearly_like_roles_are_said(tmp_path):
    # Patient_ID unread makes each sample its own patient, who is then on both sides of a split.
    sheet = read_samples(write(tmp_path, "sample_id|Patient_ID|Day|crp", "a|p|1|2", "b|p|2|2"))
    assert sheet.attrs["notes"] == [
        "Named nearly like a role and not read as one: 2 columns (Patient_ID (patient_id), "
        "Day (day)); rename, or name in a sample sheet by --column ROLE=NAME.",
        "The sample sheet has no patient_id: each sample is its own patient.",
    ]


def test_days_of_a_patient_from_several_first_days_are_said(tmp_path):
    path = write(
        tmp_path,
        "sample_id|patient_id|day_zero|collected",
        *("a|p|2020-01-05|2020-01-01", "b|p|2020-01-02|2020-01-09", "c|q|2020-01-02|2020-01-09"),
    )
    sheet = read_samples(path)
    assert sheet["day"].tolist() == [-4, 7, 7]
    assert sheet.attrs["notes"][-1] == (
        "Days are counted from several 'day_zero' within 1 patient (p): they are not in one order."
    )
