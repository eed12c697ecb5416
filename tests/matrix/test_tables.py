"""Untrusted tables: each is read right, or refused in one line that names the place."""

import codecs
import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables import content
from proteoclass.matrix.tables.cells import numbers
from proteoclass.matrix.tables.delimited import parse_delimited
from proteoclass.matrix.tables.table import read_table

PLAIN = "sample_id\tP1\tP2\ns1\t1.5\t\ns2\t3\t4e5\n"


def write(folder, data, name="matrix.tsv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def read_values(path):
    table = read_table(path)
    return table.text(table.names[0]), table.numbers(table.names[1:])[0].to_numpy().tolist()


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace("\n", "\n\n").encode() + b"\n\n",
        PLAIN.replace("\t", ",").encode(),
        PLAIN.replace("\t", ";").encode(),
        PLAIN.replace("\t", "|").encode(),
        b"sep=;\n" + PLAIN.replace("\t", ";").encode(),
        PLAIN.replace("\t", ";").replace("1.5", "1,5").encode(),
        PLAIN.replace("s1", '"s1"').replace("P1", '"P1"').encode(),
        PLAIN.replace("1.5\t\n", "1.5\tNA\n").encode(),
        PLAIN.replace("1.5\t\n", "1.5\tFiltered\n").encode(),
        PLAIN.replace("1.5\t\n", "1.5\t n.d. \n").encode(),
        PLAIN.encode() + b"\t\t\n",
        gzip.compress(PLAIN.encode(), mtime=0),
    ],
    ids=(
        *("plain", "bom", "utf16", "utf16le", "utf16be", "utf32", "crlf", "cr", "blank-lines"),
        *("comma", "semicolon", "bar", "sep-line", "decimal-comma", "quoted", "NA", "Filtered"),
        *("nd", "empty-row", "gzip"),
    ),
)
def test_the_same_table_in_every_dress_reads_the_same(tmp_path, data):
    ids, values = read_values(write(tmp_path, data))

    assert ids == ["s1", "s2"]
    assert values[0][0] == 1.5
    assert np.isnan(values[0][1])
    assert values[1] == [3.0, 4e5]


BINARY = {
    "a PNG picture": b"\x89PNG\r\n\x1a\n" + b"\x00" * 20,
    "a JPEG picture": b"\xff\xd8\xff\xe0" + b"\x00" * 20,
    "a PDF document": b"%PDF-1.7\n",
    "a zip archive": b"PK\x03\x04" + b"\x00" * 40,
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + b"\x00" * 10,
    "an old Excel workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "an HTML page": b"<!DOCTYPE html><html></html>",
    "an XML document": codecs.BOM_UTF8 + b"<?xml version='1.0'?>",
    "a JSON document": b'{"a": 1}',
    "a binary file": b"abc\x00\x01\x02def\n",
    "looks like a binary": b"\x01\x02\xff\xfe\x80abc",
}


@pytest.mark.parametrize("kind", BINARY)
def test_binary_content_is_named_whatever_the_file_is_called(tmp_path, kind):
    path = write(tmp_path, BINARY[kind])

    with pytest.raises(InputError, match=kind) as caught:
        read_table(path)

    assert "\n" not in str(caught.value)
    assert "matrix.tsv" in str(caught.value)


def test_damaged_encodings_and_archives_are_refused(tmp_path):
    with pytest.raises(InputError, match="damaged gzip"):
        read_table(write(tmp_path, gzip.compress(PLAIN.encode(), mtime=0)[:-9]))
    with pytest.raises(InputError, match="damaged UTF-16"):
        read_table(write(tmp_path, codecs.BOM_UTF16_LE + b"a\x00b\x00\x00\xd8a"))
    with pytest.raises(InputError, match="is empty, a table was expected"):
        read_table(write(tmp_path, gzip.compress(b"\n\n")))


def test_latin_text_is_read_and_said(tmp_path):
    table = read_table(write(tmp_path, "sample_id\tP1\tsite\ns1\t2\tZürich\n".encode("cp1252")))

    assert table.text("site") == ["Zürich"]
    assert table.notes == ("The text is not UTF-8; it was read as Windows-1252.",)


@pytest.mark.parametrize("data", [b"", b"\n \n", codecs.BOM_UTF8])
def test_empty_files_are_refused(tmp_path, data):
    with pytest.raises(InputError, match=r"matrix\.tsv: is empty, a table was expected"):
        read_table(write(tmp_path, data))


def test_absent_files_folders_and_unreadable_names(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_table(tmp_path / "absent.tsv")
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(SystemFailureError, match="cannot be read"):
        read_table("nul\x00byte")


def test_size_limits(tmp_path, monkeypatch):
    path = write(tmp_path, PLAIN)
    packed = write(tmp_path, gzip.compress(b"a\tb\n" + b"1\t2\n" * 100), "packed.tsv.gz")
    with pytest.raises(InputError, match="2 rows x 3 columns, at most 5 cells"):
        parse_delimited(PLAIN.encode(), "matrix.tsv", lambda i, name: i == 0, size=5)

    monkeypatch.setattr(content, "MAX_BYTES", 60)
    with pytest.raises(InputError, match="unpacks to more than 60 bytes"):
        read_table(packed)
    monkeypatch.setattr(content, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="has more than 10 bytes"):
        read_table(path)


def test_header_only(tmp_path):
    for text in ("sample_id\tP1\n", "sample_id\tP1\n\t\n"):
        with pytest.raises(InputError, match="has a header and no rows"):
            read_table(write(tmp_path, text))


@pytest.mark.parametrize("row", ["s2\t3", "s2\t3\t4\t5"])
def test_a_ragged_row_is_named(tmp_path, row):
    with pytest.raises(InputError, match=rf"row 4 has {row.count(chr(9)) + 1} cells, expected 3"):
        read_table(write(tmp_path, f"sample_id\tP1\tP2\ns1\t1\t2\n\n{row}\n"))


def test_ragged_rows_in_quoted_text_are_counted_by_line(tmp_path):
    text = 'sample_id,site,P1\ns1,"a\nb",1\ns2,"c,d"\n'
    with pytest.raises(InputError, match=r"row 4 has 2 cells, expected 3 .*comma-separated"):
        read_table(write(tmp_path, text))


def test_quotes_hold_separators_and_line_ends(tmp_path):
    table = read_table(write(tmp_path, 'sample_id,site,P1\ns1,"a, ""b""\nc",1\n'))

    assert table.text("site") == ['a, "b"\nc']
    assert table.text("P1") == ["1"]


def test_unclosed_quotes(tmp_path):
    with pytest.raises(InputError, match="quotes are not closed"):
        read_table(write(tmp_path, 'sample_id,P1\n"s1,1\ns2,2\n'))


def test_inch_marks_in_tab_separated_text_are_no_quotes(tmp_path):
    for mark in ('"5 inch', '5" inch', '"a" b'):
        table = read_table(write(tmp_path, f"id\tname\tP1\na\t{mark}\t1\nb\tx\t2\n"))
        assert table.text("name") == [mark, "x"]


def test_inch_marks_never_swallow_rows(tmp_path):
    """A quote that opens in one row and closes two rows on would make one row of three."""
    text = 'id\tname\tP1\na\t"5\t1\nb\tx\t2\nc\t"7" x\t3\n'
    assert read_table(write(tmp_path, text)).text("id") == ["a", "b", "c"]
    text = 'id\tname\tP1\na\t"5\t1\nb\tx\t2\nc\t7"\t3\n'
    assert read_table(write(tmp_path, text)).text("id") == ["a", "b", "c"]


def test_a_quoted_cell_of_absurd_length(tmp_path):
    with pytest.raises(InputError, match="row 2: quotes are not closed or a cell is too long"):
        read_table(write(tmp_path, 'id,P1\na,"' + "x" * 140_000 + '"\n'))


def test_what_pandas_refuses_ends_in_one_line(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise pd.errors.ParserError("out of\nmemory")

    monkeypatch.setattr(pd, "read_csv", refuse)
    with pytest.raises(InputError, match=r"cannot be parsed \(out of memory\)"):
        read_table(write(tmp_path, PLAIN))


PIECES = [
    *"\",;|\t\n\r '",
    *("\r\n", "sample_id", "protein", "P02768", "Majority protein IDs", "LFQ intensity s1", "s1"),
    *("1", "2.5", "3,5", "1,234", "NA", "inf", "-1e400", "True", "é"),
]
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=HOSTILE)
def test_any_text_ends_in_a_matrix_or_in_one_line(tmp_path, text):
    path = write(tmp_path, text)
    message = ""
    try:
        matrix = read_matrix(path)
    except InputError as error:
        message = str(error)
    if message:
        assert "\n" not in message
        assert path.name in message
    else:
        assert matrix.values.notna().any().any()


def test_columns_without_a_name(tmp_path):
    table = read_table(write(tmp_path, "sample_id\tP1\t\t\ns1\t1\t\t\n"))
    assert table.names == ["sample_id", "P1"]
    assert table.notes == ("Left out: 2 empty columns without a name.",)

    with pytest.raises(InputError, match=r"column 3 has values and no name .* reads sample_id, P1"):
        read_table(write(tmp_path, "sample_id\tP1\t\ns1\t1\t7\n"))


def test_a_header_shorter_by_one_is_r_with_row_names(tmp_path):
    table = read_table(write(tmp_path, "P1\tP2\ns1\t1\t2\ns2\t3\t4\n"))

    assert table.names == ["", "P1", "P2"]
    assert table.text("") == ["s1", "s2"]
    assert "row names, as R writes them" in table.notes[0]


def test_repeated_headers_are_located(tmp_path):
    with pytest.raises(InputError, match=r"1 column names repeat .*'P1' \(columns 2, 4\)"):
        read_table(write(tmp_path, "sample_id\tP1\tP2\tP1\ns1\t1\t2\t3\n"))


def test_text_in_number_cells_is_located_and_counted(tmp_path):
    rows = "".join(f"s{i}\t{i}.5\tbad{i}\n" for i in range(7))
    table = read_table(write(tmp_path, "sample_id\tP1\tP2\ns\t1\t2\n" + rows))

    with pytest.raises(InputError) as caught:
        table.numbers(["P1", "P2"])

    message = str(caught.value)
    assert "7 cells with text" in message
    assert "row 3, column 'P2': 'bad0'" in message
    assert "row 7, column 'P2': 'bad4' and 2 more" in message
    assert "bad5" not in message


def test_truth_values_are_no_numbers(tmp_path):
    table = read_table(write(tmp_path, "sample_id\tP1\ns1\tTrue\ns2\tFalse\n"))
    with pytest.raises(InputError, match=r"2 cells with text .*row 2, column 'P1': 'True'"):
        table.numbers(["P1"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tP1\tP2\na\t1,5\t2.5\nb\t2\t3\n", "decimal commas and decimal points .*'P2': '2.5'"),
        ("id\tP1\na\t1,234\nb\t20,500\n", "a comma may mark decimals or thousands"),
        ("id\tP1\na\t1,234,567\nb\t2,5\n", "1 cells with text .*'1,234,567'"),
        ('id,P1\na,"1,5"\nb,2\n', "decimal commas in a comma-separated table"),
    ],
)
def test_commas_that_may_mean_two_things_are_refused(tmp_path, text, message):
    table = read_table(write(tmp_path, text))
    with pytest.raises(InputError, match=message):
        table.numbers(table.names[1:])


def test_decimal_commas_are_said_once_and_exact(tmp_path):
    table = read_table(write(tmp_path, "id;P1;P2\na;0,1;-3,5E-09\nb;1,234;7\nc;NA;12\n"))
    values, notes = table.numbers(["P1", "P2"])

    assert values["P1"].tolist()[:2] == [0.1, 1.234]
    assert values["P2"].tolist() == [-3.5e-9, 7, 12]
    assert [*table.notes, *notes] == ["Decimal commas were read as decimal points."]


def test_decimal_commas_found_late_are_read_cell_by_cell():
    frame = pd.DataFrame({"P1": ["1,5", "2", ""], "P2": [1.0, 2.0, np.nan]})
    rows = np.array([2, 3, 4])
    values, notes = numbers(frame, rows, "a.tsv")

    assert values["P1"].tolist()[:2] == [1.5, 2.0]
    assert notes == ("Decimal commas were read as decimal points.",)
    with pytest.raises(InputError, match=r"decimal commas \(row 2, column 'P1': '1,5'\) and"):
        numbers(frame.assign(P2=[0.25, 1, 2]), rows, "a.tsv")


def test_ids_keep_their_zeros_and_integers_their_digits(tmp_path):
    table = read_table(
        write(tmp_path, "plate\tSample_ID\tnumber\n01\t007\t12345678901234567890\n"),
        text_columns=["sample_id"],
    )

    assert table.text("plate") == ["01"]
    assert table.text("Sample_ID") == ["007"]
    assert table.numbers(["number"])[0].to_numpy()[0, 0] == 12345678901234567890.0


def test_a_bigger_table_is_parsed_exactly(tmp_path):
    """Against Python's own float(), the reference for shortest exact decimals."""
    rng = np.random.default_rng(5)
    cells = [[repr(x) for x in row] for row in np.exp(rng.normal(0, 200, (50, 40))).tolist()]
    header = "\t".join(["id", *(f"P{i}" for i in range(40))])
    body = "\n".join("\t".join([f"s{i}", *row]) for i, row in enumerate(cells))
    table = read_table(write(tmp_path, f"{header}\n{body}\n"))

    values, _ = table.numbers(table.names[1:])
    assert values.to_numpy().tolist() == [[float(cell) for cell in row] for row in cells]


def test_numbers_beside_text_are_exact_too(tmp_path):
    """A blank around one missing mark makes a whole column text; Python's float reads the rest."""
    rng = np.random.default_rng(1)
    cells = [f"{x:.17g}" for x in 10 ** rng.uniform(-300, 300, 500)] + [
        "1e-320",
        "+.5",
        "5.",
        "1E9",
    ]
    lines = ["id\tP1", *(f"s{i}\t{cell}" for i, cell in enumerate(cells)), "x\t NA "]
    values = read_table(write(tmp_path, "\n".join(lines))).numbers(["P1"])[0]["P1"].tolist()
    assert values[:-1] == [float(cell) for cell in cells]
    assert np.isnan(values[-1])


def test_a_separator_inside_names_does_not_cut_them(tmp_path):
    table = read_table(write(tmp_path, "sample_id,P1;P2,P3;P4;P5\ns1,1,2\n"))
    assert table.names == ["sample_id", "P1;P2", "P3;P4;P5"]


def test_a_sheet_is_asked_of_text(tmp_path):
    with pytest.raises(InputError, match="is not a workbook and has no sheet 'Data'"):
        read_table(write(tmp_path, PLAIN), sheet="Data")


def test_one_column_of_anything_is_a_table_without_values(tmp_path):
    table = read_table(write(tmp_path, "sample_id P1\ns1 2\n"))
    assert table.names == ["sample_id P1"]
