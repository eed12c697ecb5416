"""Whose row is whose: as written, by run name, but for case; and what is left on each side."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats.quantities import Quantities
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.samples.joining import join_samples
from proteoclass.matrix.samples.runs import run_name
from proteoclass.matrix.samples.sample_rows import find_rows, lookalikes
from proteoclass.matrix.samples.sheet import complete_samples


def quantities(names, samples=None):
    values = pd.DataFrame({"P1": [float(i + 1) for i in range(len(names))]}, index=names)
    return Quantities(
        values, pd.DataFrame(index=["P1"]), "wide", "", where="m.tsv", samples=samples
    )


def sheet(*ids, **columns):
    return complete_samples(pd.DataFrame({"sample_id": list(ids), **columns}))


def joined_ids(names, ids, **options):
    joined = join_samples(quantities(names), sheet(*ids), **options)
    return [(group.sample, group.places) for group in joined.groups], joined


def test_ids_as_written_go_first_then_run_names_then_case():
    names = ["b", "/x/a.raw", "C.raw", "d", "z"]
    groups, joined = joined_ids(names, ["a", "b", "c", "d.mzML", "q"])

    assert groups == [("b", (0,)), ("a", (1,)), ("c", (2,)), ("d.mzML", (3,))]
    assert joined.samples.index.tolist() == ["b", "a", "c", "d.mzML"]
    assert joined.matching.as_json() == {
        "by": "sample_id",
        "exact": 1,
        "run_name": [["/x/a.raw", "a"], ["d", "d.mzML"]],
        "case_only": [["C.raw", "c"]],
        "not_in_sheet": ["z"],
        "not_in_matrix": ["q"],
    }
    assert joined.notes == (
        "Matched to the sample sheet: 1 sample exactly, 2 by run name (/x/a.raw = a, d = d.mzML), "
        "1 by run name but for the case of letters (C.raw = c).",
    )
    assert joined.matching.leftovers() == (
        "Left out, not in the sample sheet: 1 sample of the matrix (z).",
        "Not in the matrix: 1 sample of the sample sheet (q).",
    )


def test_where_all_ids_agree_nothing_is_said():
    groups, joined = joined_ids(["a", "b"], ["b", "a"])
    assert [sample for sample, _ in groups] == ["a", "b"]
    assert joined.notes == ()
    assert joined.matching.leftovers() == ()


def test_names_that_differ_in_case_alone_are_two_samples():
    groups, _ = joined_ids(["A", "a"], ["a", "A"])
    assert groups == [("A", (0,)), ("a", (1,))]
    _, joined = joined_ids(["A", "x", "X"], ["A", "x.raw", "X.raw"])
    assert joined.matching.run_name == (("x", "x.raw"), ("X", "X.raw"))
    groups, joined = joined_ids(["k", "S", "s"], ["k", "s.raw"])
    assert joined.matching.run_name == (("s", "s.raw"),)
    assert joined.matching.not_in_sheet == ("S",)
    _, joined = joined_ids(["k", "Ab", "aB"], ["k", "ab"])
    assert joined.matching.not_in_matrix == ("ab",)


def test_a_name_that_fits_two_rows_is_refused_with_both():
    with pytest.raises(
        InputError,
        match=r"m.tsv: 1 sample of the matrix fit several rows of the sample sheet by run name: "
        r"'/x/a.mzML' is 'a.raw' or 'a'",
    ):
        joined_ids(["/x/a.mzML", "b"], ["a.raw", "a", "b"])
    # One of the two rows is spoken for.
    groups, _ = joined_ids(["a", "/x/a.mzML"], ["a.raw", "a"])
    assert groups == [("a", (0,)), ("a.raw", (1,))]


def test_two_files_of_one_row_are_reruns_unless_the_sheet_spells_one_out():
    with pytest.raises(
        InputError,
        match=r"1 duplicate sample name, expected each once: 'a' \(/x/a.raw, /y/a.raw\); choose "
        r"with --reruns mean\|last\|keep, or list each in the sample sheet under its full name",
    ):
        joined_ids(["/x/a.raw", "/y/a.raw"], ["a"])
    with pytest.raises(InputError, match=r"'a' \(a, /y/a.raw\)"):
        joined_ids(["a", "/y/a.raw"], ["a"])
    groups, joined = joined_ids(["/x/a.raw", "/y/a.raw"], ["/y/a.raw"])
    assert groups == [("/y/a.raw", (1,))]
    assert joined.matching.not_in_sheet == ("/x/a.raw",)
    groups, _ = joined_ids(["/x/a.raw", "/y/a.raw"], ["/y/a.raw", "/x/a.raw"])
    assert groups == [("/x/a.raw", (0,)), ("/y/a.raw", (1,))]


@pytest.mark.parametrize(
    ("name", "row", "alike"),
    [
        ("007", "7", True),
        ("7", "007", True),
        ("12.0", "12", True),
        ("1234567890123", "1.23457E+12", True),
        ("2.50", "2.5", True),
        ("7", "8", False),
        ("7a", "7", False),
        ("1e5", "100000", False),  # lower case: nobody's spreadsheet
        ("nan", "nan", False),
        ("1234567890123", "1234569999999", False),
        ("9" * 400, "9" * 400, False),
    ],
)
def test_ids_that_a_spreadsheet_changed_are_suggested_and_not_matched(name, row, alike):
    assert bool(lookalikes([name], [row])) == alike
    if name != row:
        _, joined = joined_ids(["k", name], ["k", row])
        assert joined.matching.not_in_sheet == (name,)
        hint = f"Not matched, but a spreadsheet may have changed one of the two: {name} and {row};"
        assert any(s.startswith(hint) for s in joined.matching.leftovers()) == alike


def test_nothing_in_common_says_what_each_side_has():
    with pytest.raises(
        InputError,
        match=r"no sample of the table is in the sample sheet; the table has 007; the sheet has "
        r"7; a spreadsheet may have changed one of the two \(007 and 7\): use the same ids",
    ):
        joined_ids(["007"], ["7"])


NAMES = st.lists(
    st.sampled_from(["a", "A", "b", "/x/a.raw", "/y/b.mzML", "b.raw", "c", "7", "007"]),
    min_size=1,
    unique=True,
)


@settings(deadline=None)
@given(NAMES, NAMES)
def test_matching_is_an_account_of_every_name(names, ids):
    try:
        rows, matching = find_rows(names, ids, "m.tsv")
    except InputError as error:
        assert "fit several rows" in str(error)  # noqa: PT017
        return
    found = [(n, row) for n, row in zip(names, rows, strict=True) if row is not None]
    assert len(matching.exact) == sum(name in ids for name in names)
    assert sorted([*((n, n) for n in matching.exact), *matching.run_name, *matching.case_only]) == (
        sorted(found)
    )
    assert sorted(matching.not_in_sheet) == sorted(set(names) - {n for n, _ in found})
    assert sorted(matching.not_in_matrix) == sorted(set(ids) - {row for _, row in found})
    for name, row in matching.run_name:
        assert run_name(name) == run_name(row)


def test_what_the_file_says_goes_under_the_sheet():
    told = pd.DataFrame(
        {"plate": ["P1", "P2"], "batch": ["x", "y"], "sex": ["m", "f"]}, index=["a", "b"]
    )
    joined = join_samples(quantities(["a", "b"], told), sheet("b", "a", sex=["m", None]))

    assert joined.samples["plate"].tolist() == ["P1", "P2"]
    assert joined.samples["sex"].tolist() == ["m", "m"]  # a: blank in the sheet
    assert joined.notes == (
        "Taken from the matrix file, as the sample sheet does not say: batch.",
        "The sample sheet goes before what the file itself says of sex of 1 sample.",
    )
    alone = join_samples(quantities(["a", "b"], told), None)
    assert alone.samples["batch"].tolist() == ["x", "y"]
    assert alone.notes == ()


def test_patients_may_come_from_the_file(tmp_path, monkeypatch):
    told = pd.DataFrame({"patient_id": ["p", "p"], "replicate_of": [None, "a"]}, index=["a", "b"])
    read = quantities(["a", "b"], told)
    monkeypatch.setattr("proteoclass.matrix.read._quantities", lambda *_: read)
    matrix = read_matrix("m.tsv", pd.DataFrame({"sample_id": ["a", "b"]}), scale="raw")
    assert matrix.samples["patient_id"].tolist() == ["p", "p"]
    assert not any("no patient_id" in note for note in matrix.source.notes)
    # Of the file's own replicate only one side is in the sheet.
    matrix = read_matrix("m.tsv", pd.DataFrame({"sample_id": ["b"]}), scale="raw")
    assert matrix.samples["replicate_of"].isna().all()


def test_a_wide_table_is_joined_by_run_names_either_way_round(tmp_path):
    sheet_frame = pd.DataFrame({"sample_id": ["a", "b"], "patient_id": ["1", "2"]})
    path = tmp_path / "m.tsv"
    path.write_text(
        "protein\t/d/b.raw\t/d/a.raw\t/d/c.raw\t/d/a_20230606030500.raw\n"
        "P02768\t21.5\t22.5\t23.5\t24.5\nP01034\t11.5\t12.5\t13.5\t14.5\n"
    )
    across = read_matrix(path, sheet_frame)
    assert across.values["P02768"].to_dict() == {"b": 21.5, "a": 22.5}
    assert across.samples["patient_id"].tolist() == ["2", "1"]
    assert any("1 are named like reruns" in note for note in across.source.notes)
    last = read_matrix(path, sheet_frame, reruns="last")
    assert last.values["P02768"].to_dict() == {"b": 21.5, "a": 24.5}
    path.write_text("file\tP02768\tP01034\nD:\\x\\a.raw\t21.5\t1.5\nD:\\x\\b.raw\t22.5\t2.5\n")
    down = read_matrix(path, sheet_frame)
    assert down.values["P02768"].to_dict() == {"a": 21.5, "b": 22.5}
    assert "2 by run name" in down.source.notes[0]


def test_a_wide_table_s_damaged_ids_are_suggested(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("sample_id\tP02768\n7\t21.5\n8\t22.5\n")
    with pytest.raises(InputError, match=r"may have changed one of the two \(7 and 007\): use"):
        read_matrix(path, pd.DataFrame({"sample_id": ["007"]}))


def test_without_a_sheet_samples_are_called_by_their_runs(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("protein\t/d/b.raw\t/d/a.raw\nP02768\t21.5\t22.5\n")
    matrix = read_matrix(path)
    assert matrix.values.index.tolist() == ["b", "a"]
    assert matrix.samples["patient_id"].tolist() == ["b", "a"]
    assert matrix.source.notes == (
        "Named by files, and called by their run names: 2 samples (/d/b.raw = b, /d/a.raw = a).",
    )


def test_a_files_own_column_of_sample_ids_is_not_taken_for_its_names():
    # As AnnData's obs may have: it moved each patient to another sample.
    told = pd.DataFrame(
        {"sample_id": ["c", "a", "b"], "patient_id": ["p1", "p2", "p3"]}, index=["a", "b", "c"]
    )
    joined = join_samples(quantities(["a", "b", "c"], told), None)
    assert joined.samples["patient_id"].to_dict() == {"a": "p1", "b": "p2", "c": "p3"}
    assert joined.samples["sample_id of the file"].tolist() == ["c", "a", "b"]
    assert joined.notes == (
        "The matrix file has a column 'sample_id' beside the names of its samples, which count; "
        "it is the column 'sample_id of the file' here.",
    )


def test_what_is_assumed_of_a_files_own_samples_is_said_unless_the_sheet_decides():
    told = pd.DataFrame(
        {"creatinine_mg_dl": ["1", "2"], "sex": ["1", "f"], "patient_id": ["p", None]},
        index=["a", "b"],
    )
    notes = join_samples(quantities(["a", "b"], told), None).notes
    assert notes == (
        "Of the matrix file's own samples: Column 'sex': not known as male or female in 1 sample "
        "('1').",
        "Of the matrix file's own samples: Column 'creatinine_mg_dl' was read as creatinine, "
        "mg/dL.",
        "Of the matrix file's own samples: Without patient_id, each taken for a patient of its "
        "own: 1 sample (b).",
    )
    own = sheet("a", "b", patient_id=["p", "q"], sex=["m", "f"], creatinine=[1, 2])
    notes = join_samples(quantities(["a", "b"], told[["sex", "patient_id"]]), own).notes
    assert notes == ("The sample sheet goes before what the file itself says of sex of 1 sample.",)


def test_a_file_names_first_samples_as_it_names_its_runs():
    told = pd.DataFrame({"replicate_of": [None, "/x/a.raw"]}, index=["/x/a.raw", "/x/b.raw"])
    joined = join_samples(quantities(["/x/a.raw", "/x/b.raw"], told), None)
    assert joined.samples["replicate_of"].tolist()[1] == "a"


def test_a_rerun_that_is_kept_has_its_own_row_of_the_sheet():
    # `proteoclass sheet --reruns keep` writes such a sheet.
    own = sheet(
        "a", "a (2)", "b", day=[1, 5, 2], patient_id=["p", "p", "q"], replicate_of=[None, "a", None]
    )
    joined = join_samples(quantities(["a", "a", "b"]), own, "keep")
    assert joined.samples["day"].to_dict() == {"a": 1, "a (2)": 5, "b": 2}
    assert joined.samples["replicate_of"].tolist()[1] == "a"
    assert joined.matching.not_in_matrix == ()


def test_without_a_sheet_nothing_is_said_of_what_it_does_not_say():
    told = pd.DataFrame({"batch": ["1", "2"]}, index=["a", "a"])
    notes = join_samples(quantities(["a", "a"], told), None, "keep").notes
    assert notes == ()
    notes = join_samples(quantities(["a", "a"], told), sheet("a"), "keep").notes
    assert notes == ("Taken from the matrix file, as the sample sheet does not say: batch.",)
