"""Excel sheets, plain and hostile."""

import datetime
import io
import re
import zipfile

import pytest
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.tables import workbook
from proteoclass.matrix.tables.table import read_table
from proteoclass.matrix.tables.workbook import parse_workbook


def save(path, **sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


ROWS = [["sample_id", "P1", "P2", "site"], ["007", 2.5, None, "A"], [8, 3, "NA", None]]


def test_cells_are_read_with_their_types(tmp_path):
    table = read_table(save(tmp_path / "m.xlsx", Data=ROWS))

    assert table.text("sample_id") == ["007", "8"]
    assert table.text("site") == ["A", ""]
    values, _ = table.numbers(["P1", "P2"])
    assert values["P1"].tolist() == [2.5, 3.0]
    assert values["P2"].isna().all()
    assert table.where.endswith("m.xlsx, sheet 'Data'")


def test_the_content_decides_not_the_ending(tmp_path):
    save(tmp_path / "m.xlsx", Data=ROWS)
    (tmp_path / "m.tsv").write_bytes((tmp_path / "m.xlsx").read_bytes())
    assert read_table(tmp_path / "m.tsv").text("sample_id") == ["007", "8"]


def test_several_sheets(tmp_path):
    path = save(tmp_path / "m.xlsx", First=ROWS, Second=[["id", "P9"], ["a", 1]])

    table = read_table(path)
    assert table.where.endswith("sheet 'First' (the first of 2: First, Second)")
    assert table.notes == ("The workbook has 2 sheets; the first, 'First', was read, not Second.",)
    chosen = read_table(path, sheet="Second")
    assert chosen.names == ["id", "P9"]
    assert chosen.notes == ()
    with pytest.raises(InputError, match="no sheet 'Third'; found First, Second"):
        read_table(path, sheet="Third")


def test_rows_are_numbered_as_in_excel_and_gaps_left_out(tmp_path):
    rows = [[None], *ROWS[:2], [], [9, "oops", 1, "A"]]
    table = read_table(save(tmp_path / "m.xlsx", Data=rows))

    assert table.rows.tolist() == [3, 5]
    with pytest.raises(InputError, match="row 5, column 'P1': 'oops'"):
        table.numbers(["P1"])


def test_dates_truths_and_errors_are_no_numbers(tmp_path):
    rows = [["id", "P1"], ["a", datetime.datetime(2020, 3, 1)], ["b", True], ["c", "#DIV/0!"]]
    table = read_table(save(tmp_path / "m.xlsx", Data=rows))
    with pytest.raises(InputError, match=r"3 cells with text .*'2020-03-01'.*'TRUE'.*'#DIV/0!'"):
        table.numbers(["P1"])


def test_formulas_need_a_stored_result(tmp_path):
    """openpyxl writes formulas without results, as many a script does."""
    rows = [["sample_id", "P1", "P2"], ["a", 2.5, "=B2+1"], ["b", 3.5, "=B3+1"]]
    path = save(tmp_path / "m.xlsx", Data=rows)
    with pytest.raises(InputError, match=r"2 formulas have no stored result \(cells C2, C3\)"):
        read_table(path)

    source = zipfile.ZipFile(path)
    with zipfile.ZipFile(tmp_path / "done.xlsx", "w") as archive:
        for name in source.namelist():
            text = re.sub(rb"(</f>)<v ?/>|(</f>)<v></v>", rb"</f><v>3.5</v>", source.read(name))
            archive.writestr(name, text)
    table = read_table(tmp_path / "done.xlsx")
    assert table.numbers(["P2"])[0]["P2"].tolist() == [3.5, 3.5]


def test_empty_and_header_only_sheets(tmp_path):
    with pytest.raises(InputError, match="sheet 'Data': is empty"):
        read_table(save(tmp_path / "a.xlsx", Data=[]))
    with pytest.raises(InputError, match="has a header and no rows"):
        read_table(save(tmp_path / "b.xlsx", Data=ROWS[:1]))


def test_too_many_cells(tmp_path):
    data = save(tmp_path / "m.xlsx", Data=ROWS).read_bytes()
    with pytest.raises(InputError, match="has more than 6 cells"):
        parse_workbook(data, "m.xlsx", lambda i, name: i == 0, size=6)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = save(tmp_path / "m.xlsx", Data=ROWS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", b"\x00" * 3_000_000)
    assert path.stat().st_size < 30_000

    monkeypatch.setattr(workbook, "MAX_UNPACKED", 2_000_000)
    with pytest.raises(InputError, match=r"unpacks to 30\d+ bytes, at most 2000000 are read"):
        read_table(path)


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"]
)
def test_damaged_workbooks_end_in_one_line(tmp_path, part):
    source = zipfile.ZipFile(save(tmp_path / "m.xlsx", Data=ROWS))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, b"<broken" if name == part else source.read(name))
    (tmp_path / "bad.xlsx").write_bytes(stream.getvalue())

    with pytest.raises(InputError, match="damaged workbook") as caught:
        read_table(tmp_path / "bad.xlsx")
    assert "\n" not in str(caught.value)


def test_a_cut_off_workbook_is_refused(tmp_path):
    data = save(tmp_path / "m.xlsx", Data=ROWS).read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="looks like a zip archive without an Excel workbook"):
        read_table(tmp_path / "cut.xlsx")


def test_a_workbook_without_a_worksheet(tmp_path):
    source = zipfile.ZipFile(save(tmp_path / "m.xlsx", Data=ROWS))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in source.namelist():
            text = source.read(name)
            archive.writestr(name, re.sub(rb"<sheet .*?/>", b"", text))
    (tmp_path / "none.xlsx").write_bytes(stream.getvalue())
    with pytest.raises(InputError, match="has no sheet with cells"):
        read_table(tmp_path / "none.xlsx")


def with_sheet(folder, change):
    """Save a workbook whose sheet is rewritten by `change`, as no spreadsheet program would."""
    source = zipfile.ZipFile(save(folder / "m.xlsx", Data=ROWS))
    path = folder / "changed.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            text = source.read(name)
            archive.writestr(name, change(text) if "worksheets" in name else text)
    return path


def after_last_row(xml):
    return lambda text: text.replace(b"</sheetData>", xml + b"</sheetData>")


def test_a_declared_size_is_not_believed(tmp_path):
    path = with_sheet(tmp_path, lambda text: text.replace(b"A1:D3", b"A1:XFD1048576"))
    assert read_table(path).text("sample_id") == ["007", "8"]


def test_rows_beyond_a_worksheet_are_refused_soon(tmp_path):
    far = b'<row r="4000000000"><c r="A4000000000"><v>1</v></c></row>'
    with pytest.raises(InputError, match="rows reach beyond row 1048576"):
        read_table(with_sheet(tmp_path, after_last_row(far)))


def test_empty_cells_are_counted_too(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 50)
    assert len(read_table(with_sheet(tmp_path, after_last_row(b"<row/>" * 40))).rows) == 2
    with pytest.raises(InputError, match="rows reach beyond row 50"):
        read_table(with_sheet(tmp_path, after_last_row(b"<row/>" * 60)))
    wide_rows = b"".join(b'<row r="%d"><c r="XFD%d"/></row>' % (i, i) for i in range(4, 8))
    data = with_sheet(tmp_path, after_last_row(wide_rows)).read_bytes()
    with pytest.raises(InputError, match="more than 40000 cells, empty ones included"):
        parse_workbook(data, "m.xlsx", lambda i, name: i == 0, size=10_000)


def test_a_cell_of_ten_megabytes_is_read(tmp_path):
    text = (
        b'<row r="9"><c r="A9" t="inlineStr"><is><t>' + b"x" * 10_000_000 + b"</t></is></c></row>"
    )
    table = read_table(with_sheet(tmp_path, after_last_row(text)))
    assert len(table.text("sample_id")[-1]) == 10_000_000


def test_only_the_chosen_columns_are_kept(tmp_path):
    path = save(tmp_path / "m.xlsx", Data=ROWS)
    table = read_table(path, select=lambda names: ["P1", "sample_id"])
    assert table.names == ["sample_id", "P1"]
    assert table.unread == ("P2", "site")
