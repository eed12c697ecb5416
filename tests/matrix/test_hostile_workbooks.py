"""Workbooks whose parts would fill the memory or the time, and formulas in every spelling."""

import io
import re
import zipfile

import pytest
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.tables import workbook
from proteoclass.matrix.tables.preview import look_at
from proteoclass.matrix.tables.workbook import parse_workbook

ROWS = [["sample_id", "P1"], ["s1", 1000.5], ["s2", 2000]]
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def parts():
    book, stream = Workbook(), io.BytesIO()
    for row in ROWS:
        book.active.append(row)
    book.save(stream)
    with zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def parsed(parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return parse_workbook(stream.getvalue(), "a.xlsx", lambda i, name: i == 0)[0]


def with_cell(parts, cell):
    """Put other XML in the place of the cell that holds 2000."""
    found = re.subn(rb'<c r="B3".*?</c>', lambda _: cell.encode(), parts[SHEET])
    assert found[1] == 1
    return parts | {SHEET: found[0]}


@pytest.mark.parametrize("name", ["xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"])
def test_elements_without_number_are_not_built(parts, name):
    # Eight million of "<a/>" take 600 MB of memory, and 40 kB of the file.
    end = parts[name].rindex(b"</")
    swollen = parts[name][:end] + b"<a/>" * (1 << 23) + parts[name][end:]
    with pytest.raises(InputError, match=f"a.xlsx: its part '{name}' has more than .* outside of"):
        parsed(parts | {name: swollen})


def test_a_row_of_endless_elements_is_not_built(parts, monkeypatch):
    monkeypatch.setattr(workbook, "_MOST_TAGS", 1000)
    assert len(parsed(parts).frame) == 2
    many = "".join(f'<row r="{i}"><c r="A{i}"><v>1</v></c></row>' for i in range(4, 2000))
    whole = parts[SHEET].replace(b"</sheetData>", many.encode() + b"</sheetData>")
    assert len(parsed(parts | {SHEET: whole}).frame) == 1998
    swollen = parts[SHEET].replace(
        b"</sheetData>", b"<row>" + b"<x/>" * 1001 + b"</row></sheetData>"
    )
    swollen = swollen.replace(b"</row></sheetData>", b"</r></sheetData>")
    with pytest.raises(InputError, match="has more than 1000 elements outside of whole rows"):
        parsed(parts | {SHEET: swollen})


def test_a_comment_of_cells_is_not_searched_again_and_again(parts):
    comment = b"<!--" + b'<c r="A1"' * 1_000_000 + b"-->"
    table = parsed(
        parts | {SHEET: parts[SHEET].replace(b"</worksheet>", comment + b"</worksheet>")}
    )
    assert table.frame[1].tolist() == [1000.5, 2000]


def test_sheets_by_the_thousand_are_not_opened(parts):
    one = re.search(rb"<sheet [^>]*/>", parts["xl/workbook.xml"])[0]
    many = parts["xl/workbook.xml"].replace(one, one * 1001)
    with pytest.raises(InputError, match=r"'xl/workbook.xml' has more than 1000 sheets; save"):
        parsed(parts | {"xl/workbook.xml": many})


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        ('<c r="B3"><f>1+1</f></c>', "B3"),
        ('<c s="0" r="B3"><f>1+1</f><v></v></c>', "B3"),
        ('<c r="B3">\n <f>1+1</f>\n <v/>\n</c>', "B3"),
        ('<c r="B3"><f t="shared" si="0"/></c>', "B3"),
        ("<c><f>1+1</f></c>", "of no stated place"),
    ],
)
def test_a_formula_without_result_is_seen_however_it_is_written(parts, cell, place):
    with pytest.raises(InputError, match=rf"1 formulas have no stored result \(cells {place}\)"):
        parsed(with_cell(parts, cell))


def test_a_formula_without_result_is_seen_under_a_prefix(parts):
    """As the Open XML SDK writes, each name with "x:" before it."""
    sheet = with_cell(parts, '<c r="B3"><f>1+1</f></c>')[SHEET]
    sheet = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", sheet).replace(b"xmlns=", b"xmlns:x=")
    with pytest.raises(InputError, match="1 formulas have no stored result"):
        parsed(parts | {SHEET: sheet})


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ('<c r="B3"><f>1+1</f><v>2</v></c>', [1000.5, 2]),
        ('<c r="B3" t="str"><f>""</f><v></v></c>', [1000.5, None]),
    ],
)
def test_a_formula_with_a_result_is_read(parts, cell, values):
    found = parsed(with_cell(parts, cell)).frame[1].astype(object)
    assert found.where(found.notna(), None).tolist() == values


def test_a_zip_archive_with_a_name_that_is_no_text_is_refused(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook\u00e9.xml", b"")
    # The last bytes list the names; the flag there says that they are UTF-8.
    (tmp_path / "a.xlsx").write_bytes(stream.getvalue().replace("\u00e9".encode(), b"\x90\x90"))
    with pytest.raises(InputError, match="a zip archive without an Excel workbook in it"):
        look_at(tmp_path / "a.xlsx")
