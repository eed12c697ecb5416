"""What can be seen of a file without reading it."""

import gzip

import pandas as pd
import pytest
from openpyxl import Workbook

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.matrix.formats.registry import FORMATS, REGISTRY, find_format
from proteoclass.matrix.tables import preview
from proteoclass.matrix.tables.preview import Preview, look_at

TEXT = "Protein.Group\tGene Names\ts1\nP02768\tALB\t2.5\nP01034\n"


def write(folder, data, name="a.tsv"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    "data", [TEXT, gzip.compress(TEXT.encode(), mtime=0), TEXT.encode("utf-16"), "\n\n" + TEXT]
)
def test_names_and_rows_of_a_text(tmp_path, data):
    seen = look_at(write(tmp_path, data))
    assert (seen.container, seen.separator) == ("text", "\t")
    assert seen.names == ("Protein.Group", "Gene Names", "s1")
    assert seen.rows == (("P02768", "ALB", "2.5"), ("P01034",))
    assert seen.column("s1") == ("2.5", "")
    assert seen.has("protein group", "genenames")
    assert not seen.has("protein group", "absent")
    assert seen.named("absent", "gene_names") == "Gene Names"
    assert seen.named("absent") is None
    assert seen.gzipped == (isinstance(data, bytes) and data.startswith(b"\x1f\x8b"))


def test_sheets_of_a_workbook(tmp_path):
    book = Workbook()
    book.active.append([None])
    book.active.append(["sample_id", "P1"])
    book.active.append([7, 2.5])
    book.create_sheet("Second").append(["x"])
    book.save(tmp_path / "a.xlsx")
    seen = look_at(tmp_path / "a.xlsx")
    assert seen.container == "workbook"
    assert seen.names == ("sample_id", "P1")
    assert seen.rows == (("7", "2.5"),)
    assert list(seen.sheets) == ["Sheet", "Second"]


def test_columns_of_a_parquet_file(tmp_path):
    pd.DataFrame({"P1": [1.0]}, index=pd.Index(["a"], name="run")).to_parquet(tmp_path / "a.pq")
    seen = look_at(tmp_path / "a.pq")
    assert (seen.container, set(seen.names)) == ("parquet", {"P1", "run"})
    with pytest.raises(InputError, match="damaged Parquet file"):
        look_at(write(tmp_path, (tmp_path / "a.pq").read_bytes()[:-9], "cut.pq"))


def test_only_the_start_of_a_large_text_is_read(tmp_path, monkeypatch):
    """The cut falls within a line, whose half is no row."""
    monkeypatch.setattr(preview, "PREVIEW_BYTES", 40)
    text = "id\tP1\n" + "".join(f"s{i}\t{i}.5\n" for i in range(100))
    for data in (text, gzip.compress(text.encode()), text.encode("utf-16")):
        seen = look_at(write(tmp_path, data))
        assert seen.names == ("id", "P1")
        assert seen.rows[0] == ("s0", "0.5")
        assert 0 < len(seen.rows) < 8


def test_at_most_forty_rows(tmp_path):
    assert len(look_at(write(tmp_path, "id\tP1\n" + "a\t1\n" * 500)).rows) == 39


def test_a_cell_beyond_the_limit_of_the_csv_module(tmp_path):
    seen = look_at(write(tmp_path, 'id,P1\na,"' + "x" * 140_000 + '"\n'))
    assert seen.names == ("id", "P1")


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", InputError, "is empty, a table was expected"),
        (b" \n ", InputError, "is empty, a table was expected"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], InputError, "damaged gzip file"),
        (b"%PDF-1.7", InputError, "looks like a PDF document"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, data, error, message):
    with pytest.raises(error, match=message):
        look_at(write(tmp_path, data))


def test_names_that_the_system_refuses(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        look_at(tmp_path / "absent.tsv")
    with pytest.raises(InputError, match="is a folder"):
        look_at(tmp_path)
    with pytest.raises(SystemFailureError, match="cannot be read"):
        look_at("nul\x00byte")


def test_every_format_is_described_and_found_by_name():
    assert FORMATS[0] == "auto"
    assert FORMATS[-1] == "wide"
    for entry in REGISTRY:
        assert entry.title
        assert entry.quantities
        assert entry.example.startswith("proteoclass ")
        assert find_format(Preview("a", "text"), entry.name) == (entry, "as asked")


def test_a_wide_table_is_no_vendors():
    names = ("sample_id", "P02768", "P01034")
    seen = Preview("a.tsv", "text", names, (("a", "21.5", "22"),), "\t")
    assert [entry.name for entry in REGISTRY if entry.recognise(seen)] == ["wide"]
