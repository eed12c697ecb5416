"""AlphaPept's results_proteins.csv."""

import gzip

import numpy as np
import pandas as pd
import pytest
import vendor_headers
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.formats.alphapept import read, recognise
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import Preview, look_at

HEADER = ",a_LFQ,b_LFQ,a,b"
ROWS = (
    "sp|P02768|ALBU_HUMAN,200.5,100.25,300,400",
    '"sp|P0DMV9|HS71B_HUMAN,sp|P0DMV8|HS71A_HUMAN",20,,30,40',
    "REV__sp|P01034|CYTC_HUMAN,2,1,3,4",
    '"P08727,sp|P08727|K1C19_HUMAN",7,8,9,10',
    "sp|P08727|K1C19_HUMAN,5,6,,2",
)


def write(folder, rows=ROWS, header=HEADER, name="results_proteins.csv"):
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def open_(path, quantity="auto"):
    return read(Request(look_at(path), quantity=quantity))


def test_lfq_is_read_by_default(tmp_path):
    matrix = read_matrix(write(tmp_path))

    assert matrix.values.index.tolist() == ["a", "b"]
    assert matrix.values["P02768"].tolist() == [200.5, 100.25]
    assert matrix.values["P0DMV9;P0DMV8"].isna().tolist() == [False, True]
    assert (matrix.scale, matrix.quantity_scope, matrix.source.format) == (
        *("raw", "cohort"),
        "alphapept",
    )
    assert "--quantity intensity takes the others" in matrix.source.why


def test_plain_intensity_is_of_a_run_alone(tmp_path):
    result = open_(write(tmp_path), "intensity")
    assert result.values["P02768"].tolist() == [300, 400]
    assert not result.across_runs
    assert "2 columns of intensity; --quantity lfq takes" in result.why


def test_decoys_are_removed_and_counted(tmp_path):
    """By hand: one of five rows begins with REV__."""
    notes = open_(write(tmp_path)).notes
    assert notes[0] == "Removed 1 of 5 protein groups: 1 decoys."
    assert "marks no contaminants" in notes[1]


def test_groups_of_the_same_accessions_keep_their_names(tmp_path):
    """A contaminant list repeats human keratin: its bare accession and the database entry."""
    result = open_(write(tmp_path))
    assert result.values.columns.tolist() == [
        *("P02768", "P0DMV9;P0DMV8"),
        *("P08727;sp|P08727|K1C19_HUMAN", "sp|P08727|K1C19_HUMAN"),
    ]
    assert result.proteins["accessions"].tolist()[-2:] == ["P08727", "P08727"]
    assert "2 protein groups with the accessions of another" in result.notes[2]


def test_forms_of_the_same_table(tmp_path):
    expected = open_(write(tmp_path)).values
    whole = write(tmp_path).read_bytes()
    for name, content in {
        "bom": b"\xef\xbb\xbf" + whole,
        "crlf": whole.replace(b"\n", b"\r\n"),
        "gzip": gzip.compress(whole),
        "pandas": b"Unnamed: 0" + whole,
    }.items():
        (tmp_path / name).write_bytes(content)
        pd.testing.assert_frame_equal(open_(tmp_path / name).values, expected)


def test_a_workbook(tmp_path):
    book = Workbook()
    for row in (["", "a_LFQ", "a"], ["P02768", 2.5, 3.5]):
        book.active.append(row)
    book.save(tmp_path / "results.xlsx")
    assert read_matrix(tmp_path / "results.xlsx", scale="raw").values.loc["a", "P02768"] == 2.5


def test_a_sample_may_end_in_lfq(tmp_path):
    path = write(tmp_path, ["P02768,1,2,3,4"], ",x_LFQ_LFQ,y_LFQ,x_LFQ,y")
    assert open_(path).values["P02768"].to_dict() == {"x_LFQ": 1, "y": 2}
    assert open_(path, "intensity").values["P02768"].to_dict() == {"x_LFQ": 3, "y": 4}


@pytest.mark.parametrize(
    ("rows", "header", "quantity", "message"),
    [
        (ROWS, HEADER, "ibaq", "no quantity 'ibaq'; the table has lfq, intensity"),
        (["REV__P1,1,2,3,4"], HEADER, "auto", "all 1 protein groups are decoys"),
        (["P1,1,high,3,4"], HEADER, "auto", "row 2, column 'b_LFQ': 'high'"),
        ([ROWS[0], ROWS[0]], HEADER, "auto", r"duplicate protein ids.*rows 2, 3"),
        ([",1,2,3,4"], HEADER, "auto", "no protein id in rows 2"),
        (["P1,1"], ",a_LFQ", "auto", "no pair of columns SAMPLE and SAMPLE_LFQ; found , a_LFQ"),
        ((), HEADER, "auto", "a header and no rows"),
        (["P1,1,2"], HEADER, "auto", "row 2 has 3 cells, expected 5"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, rows, header, quantity, message):
    with pytest.raises(InputError, match=message):
        open_(write(tmp_path, rows, header), quantity)


def test_recognises_its_own_only():
    assert vendor_headers.recognised(recognise) == {"alphapept"}
    assert not recognise(Preview("a.csv", "text"))
    assert not recognise(Preview("a.csv", "parquet", ("", "a_LFQ", "a")))
    # A column that is neither of a pair: somebody's own table.
    assert not recognise(Preview("a.csv", "text", ("", "a_LFQ", "a", "gene")))


NUMBERS = st.one_of(st.just(np.nan), st.floats(1e-3, 1e12))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(NUMBERS, min_size=2 * n, max_size=2 * n), min_size=1)
    )
)
def test_what_is_written_is_read(tmp_path_factory, rows):
    """Round trip: pandas writes the table, both quantities come back bit by bit."""
    n = len(rows[0]) // 2
    samples = [f"run {i}" for i in range(n)]
    ids = [f"P{i:05d}" for i in range(len(rows))]
    frame = pd.DataFrame(rows, ids, [*(f"{s}_LFQ" for s in samples), *samples])
    path = tmp_path_factory.mktemp("round") / "results_proteins.csv"
    frame.to_csv(path)

    for quantity, half in (("lfq", rows), ("intensity", [row[n:] for row in rows])):
        values = open_(path, quantity).values
        assert values.index.tolist() == samples
        assert values.columns.tolist() == ids
        expected = np.array([row[:n] for row in half]).T
        assert np.array_equal(values.to_numpy(), expected, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path_factory, data):
    """Bytes of good files are cut out, doubled or replaced."""
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(vendor_headers.damaged(data, "\n".join((HEADER, *ROWS))))
    vendor_headers.read_or_refuse(read, path)
