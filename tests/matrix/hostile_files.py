"""A corpus of files that arrive damaged, mislabelled or malicious.

Each entry is made here from made-up numbers. `expected` is what a reader must do with it: a
tuple (n_samples, n_proteins, sum of the values) where the content is clear in spite of its form,
or a pattern of the one-line error where it is not.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openpyxl import Workbook

Expected = tuple[int, int, float] | str

ROWS = (
    ("sample_id", "P02768", "P01034", "P61769"),
    ("s1", "1000.5", "200", ""),
    ("s2", "2000", "", "40.25"),
)
#: 2 samples x 3 proteins; the sum of all that was detected.
RIGHT = (2, 3, 1000.5 + 200 + 2000 + 40.25)


@dataclass(frozen=True)
class Hostile:
    """A file by name, its bytes and what must come of it."""

    name: str
    content: bytes
    expected: Expected


def text(rows: tuple[tuple[str, ...], ...] = ROWS, separator: str = "\t", end: str = "\n") -> str:
    return "".join(separator.join(row) + end for row in rows)


def with_cell(cell: str) -> bytes:
    """The plain table with one number replaced."""
    return text().replace("2000", cell).encode()


def encodings() -> Iterator[Hostile]:
    plain = text()
    for name, content in {
        "bom": codecs.BOM_UTF8 + plain.encode(),
        "utf16": plain.encode("utf-16"),
        "utf16-be-bom": codecs.BOM_UTF16_BE + plain.encode("utf-16-be"),
        "utf16-le-no-bom": plain.encode("utf-16-le"),
        "utf32": plain.encode("utf-32"),
        "crlf": plain.replace("\n", "\r\n").encode(),
        "classic-mac": plain.replace("\n", "\r").encode(),
        "mixed-line-ends": plain.replace("\n", "\r\n", 1).encode(),
        "no-last-line-end": plain.rstrip("\n").encode(),
        "blank-lines": plain.replace("\n", "\n\n").encode(),
        "blanks-around": plain.replace("2000", " 2000 ").encode(),
        "gzip-named-tsv": gzip.compress(plain.encode(), mtime=0),
        "gzip-in-two-members": gzip.compress(plain[:20].encode())
        + gzip.compress(plain[20:].encode()),
        "semicolons-decimal-commas": text(separator=";").replace(".", ",").encode(),
        "sep-line": b"sep=;\n" + text(separator=";").encode(),
        "quoted-all": "\n".join(",".join(f'"{c}"' for c in row) for row in ROWS).encode(),
        "latin-1-covariate": plain.replace("sample_id", "Prøve").encode("latin-1"),
        "trailing-separator": plain.replace("\n", "\t\n").encode(),
    }.items():
        yield Hostile(f"{name}.tsv", content, RIGHT)
    yield Hostile("nul-inside.tsv", plain.replace("2000", "2\x0000").encode(), "binary file")
    yield Hostile("nul-tail.tsv", plain.encode() + b"\0" * 64, "binary file")
    yield Hostile("odd-utf16.tsv", plain.encode("utf-16") + b"\x41", "UTF-16")
    yield Hostile("gzip-cut.tsv.gz", gzip.compress(plain.encode() * 50)[:-30], "damaged gzip")
    yield Hostile("gzip-garbage.tsv.gz", b"\x1f\x8b" + b"garbage" * 9, "damaged gzip")
    yield Hostile(
        "gzip-of-gzip.gz", gzip.compress(gzip.compress(plain.encode(), mtime=0)), "gzip|binary"
    )


def shapes() -> Iterator[Hostile]:
    header, first, second = (text((row,)) for row in ROWS)
    repeated = text((("sample_id", "P02768", "P02768", "P61769"), *ROWS[1:]))
    long_row = header + first + second.replace("\n", "\t7\n")
    for name, content, expected in (
        ("mixed-separators", header + first.replace("\t", ";") + second, "row 2|cells"),
        ("ragged-long", long_row, r"row 3 has 5 cells, expected 4"),
        ("ragged-short", header + first.replace("\t\n", "\n") + second, r"row 2 has 3 cells"),
        ("duplicate-header", repeated, r"'P02768' \(columns 2 and 3\)|P02768.*2, 3|repeat"),
        ("duplicate-sample", header + first + first, r"duplicate sample|same name|more than once"),
        ("blank-sample", header + first + "\t1\t2\t3\n", "no sample id|empty id|no .*name"),
        ("header-only", header, "no rows"),
        ("one-cell", "x", "no rows|no table|header"),
        ("empty", "", "is empty"),
        ("blank-only", " \n\t\n  \n", "is empty|no rows"),
        ("concatenated", text() + text(), r"text where a number|duplicate|row 4"),
        ("title-row-above", "Table 1. Results of the run\n" + text(), "row|title"),
        ("footnote-below", text() + "* not detected below 3\n", "row 4"),
        ("all-missing", "sample_id\tP02768\tP01034\ns1\t\t\ns2\t\t\n", "no cell holds a number"),
        ("ids-only", "sample_id\ns1\ns2\n", "no protein column|no .*column"),
        ("undecidable", "a\tb\n1\t2\n3\t4\n", "samples are rows or columns|pass --samples"),
    ):
        yield Hostile(f"{name}.tsv", content.encode(), expected)
    wide = "sample_id\t" + "P" * 10_000_000 + "\ns1\t1000\n"
    yield Hostile("header-of-10-mb.tsv", wide.encode(), (1, 1, 1000.0))
    yield Hostile("cell-of-10-mb.tsv", with_cell("x" * 10_000_000), "text where a number|too long")
    yield Hostile("digits-of-10-mb.tsv", with_cell("9" * 10_000_000), "infinite|text|too long")
    yield Hostile("unclosed-quote.csv", b'sample_id,P02768\ns1,"1000\ns2,3\n', "row|quotes")
    yield Hostile(
        "line-end-in-quotes.csv", b'sample_id,P02768\n"s\n1",1000\ns2,3000\n', (2, 1, 4000.0)
    )


def numbers() -> Iterator[Hostile]:
    refused = "text where a number was expected"
    for name, cell, expected in (
        ("negative-raw", "-2000", r"negative|no raw intensity"),
        ("infinite", "inf", "infinite"),
        ("minus-infinity", "-Infinity", "infinite|no raw intensity"),
        ("overflow", "1e999", "infinite|text"),
        ("hexadecimal", "0x7D0", refused),
        ("unit", "2000 ng", refused),
        ("percent", "20%", refused),
        ("less-than", "<2000", refused),
        ("thousands-point", "2.000.000", refused),
        ("apostrophe", "2'000", refused),
        ("unicode-minus", "\u22122000", refused),
        ("formula", "=1+1", refused),
        ("command", "=cmd|' /C calc'!A0", refused),
        ("escape", "\x1b[2J2000", refused),
        ("truth", "TRUE", refused),
        ("date", "2020-03-01", refused),
        ("two-numbers", "2000 1000", refused),
        ("underscore", "2_000", refused),
        ("error-mark", "#DIV/0!", refused),
        ("full-width", "\uff12\uff10\uff10\uff10", refused),
        ("decimal-comma-among-points", "2000,75", r"decimal commas"),
        ("maybe-thousands", "2,000", r"thousands|decimal commas"),
    ):
        yield Hostile(f"{name}.tsv", with_cell(cell), expected)
    yield Hostile("missing-marks.tsv", with_cell("#N/A"), (2, 3, 1240.75))
    yield Hostile("filtered.tsv", with_cell("Filtered"), (2, 3, 1240.75))


def workbook(fill: Callable[[Workbook], None]) -> bytes:
    book, stream = Workbook(), io.BytesIO()
    fill(book)
    book.save(stream)
    return stream.getvalue()


def _table(book: Workbook) -> None:
    for row in ROWS:
        book.active.append([float(c) if c[:1].isdigit() else c or None for c in row])


def _formula(book: Workbook) -> None:
    _table(book)
    book.active["B3"] = "=B2*2"


def _external(book: Workbook) -> None:
    _table(book)
    book.active["B3"] = "='[other.xlsx]Sheet1'!$A$1"


def _far_cell(book: Workbook) -> None:
    _table(book)
    book.active.cell(row=1_048_576, column=16_384, value=None)
    book.active.cell(row=900_000, column=2, value="stray")


def _bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            for _ in range(1_100):
                member.write(b"<row/>" * 180_000)
    return stream.getvalue()


def workbooks() -> Iterator[Hostile]:
    whole = workbook(_table)
    yield Hostile("plain-named-csv.csv", whole, RIGHT)
    yield Hostile("cut.xlsx", whole[: len(whole) // 2], "workbook|zip|damaged")
    yield Hostile("formula.xlsx", workbook(_formula), "formula")
    yield Hostile("external-link.xlsx", workbook(_external), "formula")
    yield Hostile("stray-cell.xlsx", workbook(_far_cell), "no .*id|text|empty|cells")
    yield Hostile("no-cells.xlsx", workbook(lambda book: None), "empty|no sheet|no rows")
    yield Hostile("bomb.xlsx", _bomb(), "unpacks to|damaged")
    yield Hostile("not-a-book.xlsx", _zip({"readme.txt": b"hello"}), "zip archive")
    yield Hostile("empty-book.xlsx", _zip({"xl/workbook.xml": b"<workbook/>"}), "workbook")
    broken = _zip({"xl/workbook.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"})
    yield Hostile("entities.xlsx", broken, "workbook")


def _zip(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def other_kinds() -> Iterator[Hostile]:
    for name, start, expected in (
        ("picture.tsv", b"\x89PNG\r\n\x1a\n", "PNG picture"),
        ("document.csv", b"%PDF-1.7\n", "PDF"),
        ("page.tsv", b"<!DOCTYPE html><html><body>404</body></html>", "HTML page"),
        ("list.tsv", b'{"a": [1, 2]}', "JSON"),
        ("markup.tsv", b"<?xml version='1.0'?><a/>", "XML"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 500, "old Excel"),
        ("session.rds.tsv", b"RDX3\nX\n" + b"\0" * 50, "R data"),
        ("base.tsv", b"SQLite format 3\0" + b"\0" * 500, "SQLite"),
        ("pickle.tsv", b"\x80\x04\x95\x10\0\0\0" + b"\x8c\x05posix" * 4, "binary file"),
        ("random.tsv", bytes(range(256)) * 40, "binary file"),
        ("damaged.h5ad", b"\x89HDF\r\n\x1a\n" + b"\0" * 400, "HDF5|h5ad|AnnData|anndata"),
        ("magic-only.parquet", b"PAR1" + b"\0" * 40, "Parquet"),
    ):
        yield Hostile(name, start, expected)
    yield from _parquets()


def _parquets() -> Iterator[Hostile]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    def written(table: pa.Table) -> bytes:
        stream = io.BytesIO()
        pq.write_table(table, stream)
        return stream.getvalue()

    plain = {"sample_id": ["s1", "s2"], "P02768": [1000.5, 2000.0], "P01034": [200.0, None]}
    whole = written(pa.table(plain))
    yield Hostile("named-tsv.tsv", whole, (2, 2, 3200.5))
    yield Hostile("cut.parquet", whole[:-20], "Parquet")
    yield Hostile("flipped.parquet", whole[:60] + b"\xff" * 8 + whole[68:], "Parquet|number|column")
    yield Hostile("no-rows.parquet", written(pa.table(plain).slice(0, 0)), "no rows")
    nested = pa.table({"sample_id": ["s1"], "P02768": [[1.0, 2.0]]})
    yield Hostile("nested.parquet", written(nested), "column|number")
    texts = pa.table({"sample_id": ["s1"], "P02768": ["high"], "P01034": [3000.0]})
    yield Hostile("text.parquet", written(texts), "row 1, column 'P02768': 'high'")


def vendors() -> Iterator[Hostile]:
    groups = "Majority protein IDs\tIntensity s1\tIntensity s2\tReverse\tPotential contaminant\n"
    report = "Run\tProtein.Group\tPrecursor.Id\tQ.Value\tPG.Q.Value\tPG.MaxLFQ\n"
    spectronaut = "R.FileName\tPG.ProteinGroups\tPG.Quantity\n"
    fragpipe = "Protein\tProtein ID\tEntry Name\tGene\tCombined Total Peptides"
    olink = "SampleID;OlinkID;UniProt;Assay;Panel;NPX\n"
    mztab = "MTD\tmzTab-version\t1.0.0\nMTD\tmzTab-mode\tSummary\nMTD\tmzTab-type\tQuantification\n"
    for name, content, expected in (
        ("maxquant-header-only.txt", groups, "no rows"),
        (
            "maxquant-all-decoys.txt",
            groups + "REV__P1\t1\t2\t+\t\n",
            "all 1 protein groups are reverse",
        ),
        ("maxquant-text.txt", groups + "P1\tmany\t2\t\t\n", "text where a number"),
        ("maxquant-no-samples.txt", "Majority protein IDs\tScore\nP1\t3\n", "no quantity columns"),
        ("maxquant-twice.txt", (groups + "P1\t1000\t2000\t\t\n") * 2, "text|duplicate"),
        ("diann-header-only.tsv", report, "no rows|empty|no row"),
        ("diann-text.tsv", report + "a\tP1\tx2\t0.001\t0.001\tmany\n", "PG.MaxLFQ|number"),
        ("diann-all-filtered.tsv", report + "a\tP1\tx2\t0.5\t0.5\t1000\n", "filter|no row|none"),
        (
            "diann-contradiction.tsv",
            report + "a\tP1\tx2\t0.001\t0.001\t1000\na\tP1\ty2\t0.001\t0.001\t5000\n",
            "P1.*1000.*5000|PG.MaxLFQ",
        ),
        ("diann-ragged.tsv", report + "a\tP1\tx2\t0.001\n", "row|cells|columns"),
        ("spectronaut-header-only.tsv", spectronaut, "no rows|empty|no row"),
        ("spectronaut-text.tsv", spectronaut + "a\tP1\tmany\n", "PG.Quantity|number"),
        ("fragpipe-no-samples.tsv", fragpipe + "\nsp|P1|A\tP1\tA\tA\t3\n", "no .*column|quantit"),
        (
            "fragpipe-text.tsv",
            fragpipe + "\ts1 Intensity\nsp|P1|A_HUMAN\tP1\tA_HUMAN\tA\t3\tmany\n",
            "text where a number",
        ),
        ("olink-header-only.csv", olink, "no rows|empty|no row"),
        ("olink-text.csv", olink + "s1;OID00471;P10145;IL8;INF;high\n", "NPX|number"),
        ("mztab-without-proteins.mztab", mztab, "protein"),
        ("mztab-header-only.mztab", mztab + "PRH\taccession\tdescription\n", "protein"),
        ("mztab-cut.mztab", mztab[:30], "mzTab|no rows|protein|cells"),
        ("mztab-version-only.mztab", "MTD\tmzTab-version\t2.0.0-M\n", "mzTab|no rows|protein"),
    ):
        yield Hostile(name, content.encode(), expected)


def corpus() -> list[Hostile]:
    """Every file, each name once."""
    makers = (encodings, shapes, numbers, workbooks, other_kinds, vendors)
    found = [entry for maker in makers for entry in maker()]
    names = [entry.name for entry in found]
    if len(names) != len(set(names)):
        raise AssertionError("two hostile files share a name")
    return found
