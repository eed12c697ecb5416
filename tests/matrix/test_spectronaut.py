"""Spectronaut's reports, pivot and long, with points and with decimal commas."""

import csv
import gzip
import re

import numpy as np
import pandas as pd
import pytest
import vendor_headers
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.formats.spectronaut import is_long, read, recognise
from proteoclass.matrix.formats.spectronaut_long import decimal_mark
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import Preview, look_at

PIVOT = (
    "PG.ProteinGroups|PG.ProteinAccessions|PG.Genes|PG.ProteinDescriptions|PG.Qvalue|"
    "[1] a.raw.PG.Quantity|[2] b.raw.PG.Quantity|[1] a.raw.PG.IsSingleHit|"
    "[1] a.raw.PG.IBAQ|[2] b.raw.PG.IBAQ",
    "P02768;P02768-2|P02768;P02768-2|ALB|Albumin|0.0001|1500.5|2000|False|7.5;3|8",
    "P01034|P01034|CST3|Cystatin-C|0.004|Filtered|25.25|False|NaN|9",
    "P61769|P61769|B2M|Beta-2-microglobulin|0.02|10|20|True|1|2",
    "cRAP-P00761|P00761||Trypsin|0|99|98|False|1|2",
)
LONG = (
    "R.FileName|R.Condition|R.Replicate|PG.ProteinGroups|PG.Genes|PG.Qvalue|PG.Quantity|"
    "EG.IsDecoy|EG.IsImputed|EG.Qvalue|E.LFQMethod",
    "a|ill|1|P02768|ALB|0|1500.5|False|False|0.001|MaxLFQ",
    "a|ill|1|P02768|ALB|0|1500.5|False|False|0.002|MaxLFQ",
    "b|well|2|P02768|ALB|0|2000|False|False|0.001|MaxLFQ",
    "b|well|2|P01034|CST3|0.004|25.25|False|False|0.01|MaxLFQ",
    "a|ill|1|P61769|B2M|0.02|10|False|False|0.001|MaxLFQ",
    "a|ill|1|P01034|CST3|0.004|31|False|False|0.5|MaxLFQ",
    "a|ill|1|P01034|CST3|0.004|31|False|True|NaN|MaxLFQ",
    "a|ill|1|P99999|X|0|77|True|False|0|MaxLFQ",
    "a|ill|1|CON__P00761||0|5|False|False|0|MaxLFQ",
)


def put(folder, lines, name="report.tsv"):
    path = folder / name
    path.write_text("\n".join(line.replace("|", "\t") for line in lines) + "\n")
    return path


def open_(path, quantity="auto"):
    return read(Request(look_at(path), quantity=quantity))


def test_the_pivot(tmp_path):
    matrix = read_matrix(put(tmp_path, PIVOT))

    assert open_(tmp_path / "report.tsv").values.index.tolist() == ["a.raw", "b.raw"]
    assert matrix.values.columns.tolist() == ["P02768;P02768-2", "P01034"]
    assert matrix.values["P02768;P02768-2"].tolist() == [1500.5, 2000]
    assert matrix.values["P01034"].isna().tolist() == [True, False]
    assert (matrix.scale, matrix.quantity_scope) == ("raw", "cohort")
    assert matrix.proteins.loc["P01034"].to_dict() == {
        "accessions": "P01034",
        "gene": "CST3",
        "name": "Cystatin-C",
    }
    assert "2 columns of PG.Quantity; --quantity ibaq is there too" in matrix.source.why


def test_what_a_pivot_loses_is_counted(tmp_path):
    """By hand: one id begins with cRAP-, one other q-value is above 0.01."""
    notes = open_(put(tmp_path, PIVOT)).notes
    assert notes[0] == (
        "Removed 2 of 4 protein groups: 1 contaminants, 1 with PG.Qvalue above 0.01."
    )
    assert notes[-1].startswith("Spectronaut normalises across runs unless")


def test_a_pivot_through_r_or_excel_is_the_same(tmp_path):
    expected = open_(put(tmp_path, PIVOT)).values
    mangled = [re.sub(r"\[(\d)\] ", r"X.\1..", PIVOT[0]), *PIVOT[1:]]
    plain = [re.sub(r"\[\d\] ", "", PIVOT[0]), *PIVOT[1:]]
    commas = [PIVOT[0], *(re.sub(r"(\d)\.(\d)", r"\1,\2", line) for line in PIVOT[1:])]
    for lines in (mangled, plain, commas):
        pd.testing.assert_frame_equal(open_(put(tmp_path, lines)).values, expected)
    pd.read_csv(put(tmp_path, PIVOT), sep="\t").to_parquet(tmp_path / "report.parquet")
    pd.testing.assert_frame_equal(open_(tmp_path / "report.parquet").values, expected)
    book = Workbook()
    for line in PIVOT:
        book.active.append(line.split("|"))
    book.save(tmp_path / "report.xlsx")
    pd.testing.assert_frame_equal(open_(tmp_path / "report.xlsx").values, expected)


def test_ibaq_takes_the_leading_protein(tmp_path):
    result = open_(put(tmp_path, PIVOT), "ibaq")
    assert result.values["P02768;P02768-2"].tolist() == [7.5, 8]
    assert result.notes[1].startswith("Took the leading protein's value: 1 cell with an iBAQ")
    same = open_(put(tmp_path, [line.replace("7.5;3", "7.5") for line in PIVOT]), "PG.IBAQ")
    assert same.values.equals(result.values)
    assert not any("iBAQ" in note for note in same.notes)


def test_log2_quantities_are_log2(tmp_path):
    lines = ("PG.ProteinGroups|a.PG.Log2Quantity|b.PG.Log2Quantity", "P02768|0.5|-0.5")
    result = open_(put(tmp_path, lines))
    assert result.scale == "log2"
    assert result.values["P02768"].tolist() == [0.5, -0.5]


def test_a_quantity_that_looks_logged_is_said(tmp_path):
    lines = ("PG.ProteinGroups|a.PG.Quantity|b.PG.Quantity", "P02768|20.5|21.5")
    result = open_(put(tmp_path, lines))
    assert result.scale == "raw"
    assert "PG.Quantity is raw by its name, but the numbers look log2" in result.notes[0]
    unsure = open_(put(tmp_path, (lines[0], "P02768|1.5|2.5")))
    assert len(unsure.notes) == 1


def test_runs_of_one_name_keep_their_numbers(tmp_path):
    lines = ("PG.ProteinGroups|[1] a.PG.Quantity|[2] a.PG.Quantity|[3] b.PG.Quantity", "P1|5|6|7")
    assert open_(put(tmp_path, lines)).values["P1"].to_dict() == {"[1] a": 5, "[2] a": 6, "b": 7}


def test_a_run_may_be_named_like_a_level(tmp_path):
    lines = ("PG.ProteinGroups|F.1.PG.Quantity|EG.1.PG.Quantity", "P1|50|60")
    assert open_(put(tmp_path, lines)).values["P1"].to_dict() == {"F.1": 50, "EG.1": 60}


def test_the_long_report(tmp_path):
    result = open_(put(tmp_path, LONG))

    assert result.values.index.tolist() == ["a", "b"]
    assert result.values.columns.tolist() == ["P01034", "P02768"]
    assert result.values["P02768"].tolist() == [1500.5, 2000]
    assert result.values["P01034"].isna().tolist() == [True, False]
    assert result.samples.to_dict("index") == {
        "a": {"condition": "ill", "replicate": "1"},
        "b": {"condition": "well", "replicate": "2"},
    }
    assert result.proteins.loc["P01034", ["accessions", "gene"]].tolist() == ["P01034", "CST3"]
    assert "quantified by MaxLFQ" in result.why
    assert result.across_runs


def test_what_a_long_report_loses_is_counted(tmp_path):
    """By hand, in the order of the filters: the last rows but one of `LONG`."""
    notes = open_(put(tmp_path, LONG)).notes
    assert notes[0] == (
        "Dropped 4 of 9 rows: 1 of decoys, 1 of imputed precursors, 1 with EG.Qvalue above 0.01 "
        "or missing, 1 with PG.Qvalue above 0.01 or missing."
    )
    assert notes[1] == "Removed 1 of 3 protein groups: 1 contaminants (CON__P00761)."


def test_a_report_of_groups_alone(tmp_path):
    lines = (
        "R.FileName|R.Condition|R.Replicate|PG.ProteinAccessions|PG.UniProtIds|PG.Quantity",
        "a|Not Defined|1|ALBU_HUMAN|P02768|5,5",
        "b|Not Defined||ALBU_HUMAN|P02768|Filtered",
    )
    result = open_(put(tmp_path, lines))
    assert result.values["ALBU_HUMAN"].tolist()[0] == 5.5
    assert result.proteins.loc["ALBU_HUMAN", "accessions"] == "P02768"
    assert result.samples.to_dict("list") == {"replicate": ["1", ""]}
    bare = [re.sub(r"Not Defined\|\d?", "|", line) for line in lines]
    assert open_(put(tmp_path, bare)).samples is None


def test_forms_of_a_long_report(tmp_path):
    expected = open_(put(tmp_path, LONG)).values
    text = (tmp_path / "report.tsv").read_bytes()
    commas = re.sub(rb"(\d)\.(\d)", rb"\1,\2", text)
    for name, content in {
        "commas": commas,
        "semicolons": commas.replace(b"\t", b";"),
        "csv": text.replace(b"\t", b","),
        "bom": b"\xef\xbb\xbf" + text,
        "crlf": text.replace(b"\n", b"\r\n"),
        "gzip": gzip.compress(commas),
    }.items():
        (tmp_path / name).write_bytes(content)
        pd.testing.assert_frame_equal(open_(tmp_path / name).values, expected)
    # R.Label names the run where R.FileName is not exported.
    labelled = put(tmp_path, [LONG[0].replace("R.FileName", "R.Label"), *LONG[1:]])
    pd.testing.assert_frame_equal(open_(labelled).values, expected)
    pd.read_csv(labelled, sep="\t").to_parquet(tmp_path / "report.parquet")
    pd.testing.assert_frame_equal(open_(tmp_path / "report.parquet").values, expected)


def test_the_mark_is_found_beside_the_quantity():
    """The first quantities may all be filtered or whole."""

    def mark(*rows):
        return decimal_mark(Preview("a", "text", ("PG.Quantity", "EG.x"), rows), "PG.Quantity")

    assert mark(("Filtered", "1,5")) == ","
    assert mark(("1500", "1.5")) == "."
    assert mark(("1,5E-07", "2,25")) == ","
    # One and a bit, or more than a thousand: the reader will locate it.
    assert mark(("1,234", "5")) == "."


def test_thousands_are_never_taken_for_fractions(tmp_path):
    lines = ("R.FileName|PG.ProteinGroups|PG.Quantity", "a|P02768|1,234")
    with pytest.raises(InputError, match=r"row 2, column .*: found '1,234'"):
        open_(put(tmp_path, lines))


PEPTIDES = ("PG.ProteinGroups|EG.PrecursorId|a.PG.Quantity", "P1|_AAA_.2|5")
LOW = ("PG.ProteinGroups|a.PG.Quantity|PG.Qvalue", "P1|5|0.5")


@pytest.mark.parametrize(
    ("lines", "quantity", "message"),
    [
        (PEPTIDES, "auto", r"a pivot of peptides or precursors \(column 'EG.PrecursorId'\)"),
        (PIVOT, "ms1quantity", "no quantity 'ms1quantity'; the report has quantity, ibaq"),
        (("PG.ProteinGroups|a", "P1|5"), "auto", r"no quantity of protein groups \(PG.Quantity"),
        (("PG.Genes|a.PG.Quantity", "P1|5"), "auto", "no column PG.ProteinGroups or PG.Protein"),
        ((*PIVOT, PIVOT[1]), "auto", r"duplicate protein ids.*\(rows 2, 6\)"),
        ((PIVOT[0], PIVOT[1].replace("2000", "lots")), "auto", "row 2, column .*: 'lots'"),
        (LOW, "auto", "all 1 protein groups are with PG.Qvalue above 0.01"),
        ((LONG[0], LONG[-1]), "auto", "all 1 protein groups are contaminants"),
        ((LONG[0], LONG[-2]), "auto", "none of 1 row is left .dropped 1 of decoys"),
        (LONG, "ibaq", "no quantity 'ibaq'; the report has quantity"),
        (("R.FileName|PG.Quantity", "a|5"), "auto", "no column PG.ProteinGroups or"),
        (("R.FileName|PG.ProteinGroups", "a|P1"), "auto", "no quantity of protein groups"),
        ((LONG[0],), "auto", "has a header and no rows"),
        ((*LONG, "a|ill"), "auto", "row 11 has 2 cells, expected 11"),
        (
            (*LONG, LONG[1].replace("1500.5", "1501.5")),
            "auto",
            r"row 11: PG.Quantity of 'P02768' in run 'a' is 1501.5, and 1500.5 in an earlier row "
            r"\(1 such row\); export one report",
        ),
        ((*LONG, LONG[1].replace("1500.5", "inf")), "auto", "row 11, column 'PG.Quantity': an inf"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, lines, quantity, message):
    with pytest.raises(InputError, match=message):
        open_(put(tmp_path, lines), quantity)


def test_a_long_report_in_a_workbook_is_refused(tmp_path):
    book = Workbook()
    for line in LONG:
        book.active.append(line.split("|"))
    book.save(tmp_path / "report.xlsx")
    with pytest.raises(InputError, match=r"a long report in a workbook \(column 'R.FileName'\)"):
        open_(tmp_path / "report.xlsx")


def test_recognises_its_own_only():
    assert vendor_headers.recognised(recognise) == {"spectronaut long", "spectronaut pivot"}
    assert is_long(["R.FileName", "PG.ProteinGroups", "PG.Quantity"])
    assert not is_long(["R.FileName", "a.PG.Quantity"])


@pytest.mark.realdata
def test_real_reports(data_folder):
    """Counts and numbers by the csv module: distinct runs and groups, the first number of each."""
    for name, shape in (
        ("alphapeptstats/results_non_european_comma.tsv", (1, 33)),
        ("protdata/spectronaut_normal.tsv", (9, 3)),
    ):
        path = data_folder / "vendor_formats" / name
        with open(path, newline="") as handle:
            lines = list(csv.DictReader(handle, delimiter="\t"))
        first = {}
        for line in lines:
            number = float(line["PG.Quantity"].replace(",", "."))
            first.setdefault((line["R.FileName"], line["PG.ProteinGroups"]), number)
        assert all(line["EG.IsDecoy"] == "False" for line in lines)

        matrix = read_matrix(path)
        assert matrix.values.shape == shape
        assert matrix.source.format == "spectronaut"
        assert matrix.quantity_scope == "cohort"
        assert matrix.values.notna().to_numpy().all()
        for (run, group), number in first.items():
            assert matrix.values.loc[run, group] == number
        assert len(first) == matrix.values.size


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "mark", "other"),
    [
        ("alphapeptstats/results_non_european_comma.tsv", ".", ","),
        ("protdata/spectronaut_normal.tsv", ",", "."),
    ],
)
def test_a_real_report_and_its_twin_with_the_other_mark_are_equal(
    data_folder, tmp_path, name, mark, other
):
    path = data_folder / "vendor_formats" / name
    number = re.compile(rf"(?<=\t)(-?\d+){re.escape(mark)}(\d+(?:[eE]-?\d+)?)(?=[\t\n])")
    twin = tmp_path / "twin.tsv"
    text, swapped = number.subn(rf"\1{other}\2", path.read_text())
    assert swapped > 10_000
    twin.write_text(text)
    pd.testing.assert_frame_equal(open_(path).values, open_(twin).values, check_exact=True)


NUMBERS = st.one_of(st.just(np.nan), st.floats(1e-3, 1e12))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=1, max_size=8)
    ),
    st.sampled_from((".", ",")),
)
def test_what_is_written_is_read(tmp_path_factory, rows, mark):
    """Round trip: pandas writes both forms, the numbers come back bit by bit."""
    folder = tmp_path_factory.mktemp("round")
    runs = [f"run {i}" for i in range(len(rows[0]))]
    ids = [f"P{i:05d}" for i in range(len(rows))]
    frame = pd.DataFrame(rows, pd.Index(ids, name="PG.ProteinGroups"), runs)
    # A fraction that cannot be thousands, in a row that is no decoy's nor missing.
    frame.loc["Q00000"] = 0.0625
    pivot = frame.rename(columns=lambda run: f"[1] {run}.PG.Quantity").reset_index()
    long = frame.reset_index().melt(
        "PG.ProteinGroups", var_name="R.FileName", value_name="PG.Quantity"
    )
    for name, table in (("pivot", pivot), ("long", pd.concat([long, long]))):
        table.to_csv(folder / name, sep="\t", index=False, decimal=mark, na_rep="Filtered")
        values = open_(folder / name).values
        assert values.index.tolist() == runs
        assert values.columns.tolist() == [*ids, "Q00000"]
        assert np.array_equal(values.to_numpy(), frame.T.to_numpy(), equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path_factory, data):
    """Bytes of good files are cut out, doubled or replaced."""
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(
        vendor_headers.damaged(
            data,
            "\n".join(
                line.replace("|", "\t") for line in data.draw(st.sampled_from((PIVOT, LONG)))
            ),
        )
    )
    vendor_headers.read_or_refuse(read, path)
