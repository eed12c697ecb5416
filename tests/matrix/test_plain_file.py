"""Large files are read in pieces, with the same result as whole."""

import codecs
import gzip
import hashlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.tables import delimited, plain_file
from proteoclass.matrix.tables.cell_marks import find_marks
from proteoclass.matrix.tables.plain_file import read_plain
from proteoclass.matrix.tables.table import read_table

ROWS = "".join(f"P{i}\tna\u00efve\t{i}.5\t\n" for i in range(300))
TEXT = "protein\tnote\ts1\ts2\n" + ROWS


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(delimited, "QUICK_FROM", 10)
    monkeypatch.setattr(plain_file, "_PIECE", 37)
    monkeypatch.setattr(plain_file, "_START", 400)


def write(folder, data, name="a.tsv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def first_is_text(position, name):
    return position == 0


def taken(path):
    return read_plain(path, first_is_text) is not None


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.rstrip("\n").encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\t", ",").encode(),
    ],
    ids=["plain", "no-last-end", "bom", "crlf", "comma"],
)
def test_pieces_give_the_same_as_the_whole(tmp_path, monkeypatch, data):
    path = write(tmp_path, data)
    assert taken(path)
    quick = read_table(path)
    monkeypatch.setattr(delimited, "QUICK_FROM", 1 << 60)
    exact = read_table(path)
    assert quick.sha256 == exact.sha256 == hashlib.sha256(data).hexdigest()
    assert quick.names == exact.names
    assert quick.rows.tolist() == exact.rows.tolist()
    assert quick.text("note") == exact.text("note")
    one, other = (t.numbers(["s1", "s2"])[0].to_numpy() for t in (quick, exact))
    assert np.array_equal(one, other, equal_nan=True)
    assert (quick.notes, quick.separator) == (exact.notes, exact.separator)


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (gzip.compress(TEXT.encode(), mtime=0), ()),
        (TEXT.encode("utf-16"), ()),
        (TEXT.encode("cp1252"), ("The text is not UTF-8; it was read as Windows-1252.",)),
        (("sep=\t\n" + TEXT).encode(), ()),
        (TEXT.replace("\n", "\r").encode(), ()),
        (TEXT.encode() + b"\nP999\tx\t7\t\n", ()),
    ],
    ids=["gzip", "utf16", "latin", "sep-line", "cr", "blank-line"],
)
def test_what_is_not_plain_goes_another_way(tmp_path, data, note):
    path = write(tmp_path, data)
    assert not taken(path)
    table = read_table(path)
    assert len(table.rows) in (300, 301)
    assert table.notes == note
    assert table.sha256 == hashlib.sha256(data).hexdigest()


def test_decimal_commas_and_text_late_in_the_file_are_still_seen(tmp_path):
    commas = TEXT.replace("\t", ";").replace(".5", ",25")
    assert not taken(write(tmp_path, commas))
    assert read_table(write(tmp_path, commas)).numbers(["s1"])[0]["s1"][:2].tolist() == [0.25, 1.25]
    late = write(tmp_path, TEXT + "P999\tx\thigh\t\n")
    assert not taken(late)
    with pytest.raises(InputError, match="row 302, column 's1': 'high'"):
        read_table(late).numbers(["s1"])


def test_zeros_and_damaged_bytes_late_in_the_file(tmp_path):
    with pytest.raises(InputError, match="looks like a binary file"):
        read_table(write(tmp_path, TEXT.encode() + b"P\x00\tx\t1\t\n"))
    damaged = read_table(write(tmp_path, TEXT.encode() + b"P\xff\tx\t1\t\n"))
    assert "Windows-1252" in damaged.notes[0]


def test_a_line_without_end_is_not_collected_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(plain_file, "_LONGEST_LINE", 500)
    assert not taken(write(tmp_path, TEXT + "P999\t" + "x" * 5000 + "\t1\t\n"))


def test_limits_and_small_files(tmp_path, monkeypatch):
    path = write(tmp_path, TEXT)
    monkeypatch.setattr(delimited, "MAX_CELLS", 900)
    with pytest.raises(InputError, match="has 300 rows x 4 columns, at most 900 cells"):
        read_table(path)
    assert read_table(path, select=lambda names: ["protein", "s1"]).names == ["protein", "s1"]
    monkeypatch.setattr(delimited, "QUICK_FROM", 1 << 20)
    assert not taken(path)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    width=st.integers(2, 5),
    cells=st.lists(st.sampled_from(["", "a", "12", '"x"', '"a\tb"', "yyyyyyyyyyy"]), min_size=2),
    quoted=st.booleans(),
)
def test_marks_are_where_splitting_finds_them(width, cells, quoted):
    """Against a walk over the text, byte by byte."""
    if not quoted:
        cells = [cell for cell in cells if '"' not in cell] + ["1", "2"]
    rows = [cells[i : i + width] for i in range(0, len(cells) - width + 1, width)]
    text = "".join("\t".join(row) + "\n" for row in rows).encode()
    if not rows:
        return
    marks = find_marks(text, "\t", width, quoted=quoted)
    expected, inside = [], False
    for place, byte in enumerate(text):
        inside ^= byte == ord('"')
        if not inside and byte in b"\t\n":
            expected.append(place)
    for column in range(width):
        assert marks.after(column).tolist() == expected[column::width]
    assert find_marks(text + b"a\n", "\t", width, quoted=quoted) is None
