"""DIA-NN: matrices, main reports of 1.8 and 2, what its author filters, and what is refused."""

import gzip
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, ProteoclassError
from proteoclass.matrix.check import check_matrix
from proteoclass.matrix.formats.contaminants import without_contaminants
from proteoclass.matrix.formats.diann import output_of, read, recognise
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.formats.registry import find_format
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import Preview, look_at


def _words(text):
    return text.split()


# Headers as the programs write them, in their order.
REPORT_1_8 = _words(
    "File.Name Run Protein.Group Protein.Ids Protein.Names Genes PG.Quantity PG.Normalised "
    "PG.MaxLFQ Genes.Quantity Genes.Normalised Genes.MaxLFQ Genes.MaxLFQ.Unique Modified.Sequence "
    "Stripped.Sequence Precursor.Id Precursor.Charge Q.Value PEP Global.Q.Value Protein.Q.Value "
    "PG.Q.Value Global.PG.Q.Value GG.Q.Value Translated.Q.Value Proteotypic Precursor.Quantity "
    "Precursor.Normalised RT First.Protein.Description Lib.Q.Value Lib.PG.Q.Value Evidence"
)
REPORT_2 = _words(
    "Run.Index Run Channel Precursor.Id Modified.Sequence Stripped.Sequence Precursor.Charge "
    "Precursor.Lib.Index Decoy Proteotypic Precursor.Mz Protein.Ids Protein.Group Protein.Names "
    "Genes RT Precursor.Quantity Precursor.Normalised PG.TopN PG.MaxLFQ Genes.TopN Genes.MaxLFQ "
    "Q.Value PEP Global.Q.Value Lib.Q.Value PG.Q.Value PG.PEP Global.PG.Q.Value Lib.PG.Q.Value "
    "Channel.Q.Value"
)
OLD_MATRIX = _words("Protein.Group Protein.Ids Protein.Names Genes First.Protein.Description")
NEW_MATRIX = _words(
    "Protein.Group Protein.Names Genes First.Protein.Description N.Sequences "
    "N.Proteotypic.Sequences"
)
RUNS = ["D:\\data\\20240819_a.raw", "D:\\data\\20240819_b.raw"]
TEXT = {"Precursor.Id", "Modified.Sequence", "Stripped.Sequence", "First.Protein.Description"}

# run, group, gene, MaxLFQ, Q, PG.Q, Lib.Q, Lib.PG.Q
ROWS = [
    ("a", "P02768", "ALB", 900.5, 0.001, 0.001, 0.001, 0.001),
    ("a", "P02768", "ALB", 900.5, 0.01, 0.05, 0.01, 0.01),  # on every limit
    ("a", "P01034;Q5", "CST3;X", 80.25, 0.001, 0.001, 0.001, 0.001),
    ("a", "P69905", "HBA1", 7.0, 0.011, 0.001, 0.001, 0.001),  # Q.Value
    ("b", "P02768", "ALB", 1000.0, 0.001, 0.001, 0.001, 0.001),
    ("b", "P01034;Q5", "CST3;X", 0.0, 0.001, 0.001, 0.001, 0.001),  # no estimate
    ("b", "P69905", "HBA1", 7.0, 0.001, 0.051, 0.001, 0.001),  # PG.Q.Value
    ("b", "P69905", "HBA1", 7.0, 0.001, 0.001, 0.02, 0.001),  # Lib.Q.Value
    ("b", "P69905", "HBA1", 7.0, 0.001, 0.001, 0.001, 0.02),  # Lib.PG.Q.Value
    ("c", "P02768", "ALB", 1.0, 0.5, 0.001, 0.001, 0.001),  # all of run c
]
KEYS = ["Run", "Protein.Group", "Genes", "PG.MaxLFQ", "Q.Value", "PG.Q.Value"]


def report(columns, rows=tuple(ROWS), **more):
    told = pd.DataFrame(list(rows), columns=[*KEYS, "Lib.Q.Value", "Lib.PG.Q.Value"])
    told["File.Name"] = "D:\\data\\" + told["Run"] + ".raw"
    told["Protein.Ids"] = told["Protein.Group"] + ";A0A024"
    told["Protein.Names"] = told["Genes"].str.split(";").str[0] + "_HUMAN"
    told["PG.Quantity"] = told["PG.Normalised"] = told["PG.TopN"] = told["PG.MaxLFQ"] / 2
    told["First.Protein.Description"] = "Protein " + told["Genes"]
    told["Precursor.Id"] = "PEPTIDEK2"
    told["Channel"] = ""
    told["Decoy"] = 0
    for name, values in more.items():
        told[name.replace("_", ".")] = values
    for name in columns:
        if name not in told:
            told[name] = "PEPTIDEK" if name in TEXT else 1.0
    return told[list(columns)]


def write_report(folder, frame, name="report.tsv"):
    path = folder / name
    if name.endswith(".parquet"):
        numbers = frame.select_dtypes("float64").columns
        frame.astype(dict.fromkeys(numbers, "float32")).to_parquet(path, index=False)
    else:
        frame.to_csv(path, sep="\t", index=False)
    return path


def write_matrix(folder, header, rows, name="report.pg_matrix.tsv"):
    path = folder / name
    path.write_text("".join("\t".join(row) + "\n" for row in ([*header], *rows)))
    return path


def refused(path, match, **options):
    with pytest.raises(InputError, match=match) as caught:
        read_matrix(path, **options)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


# Main report

FORMS = [("report.tsv", REPORT_1_8), ("report.tsv.gz", REPORT_1_8), ("report.parquet", REPORT_2)]


@pytest.mark.parametrize(("name", "columns"), FORMS)
def test_main_report(tmp_path, name, columns):
    """By hand: albumin in both runs, cystatin C in one (a zero in the other), no haemoglobin."""
    matrix = read_matrix(write_report(tmp_path, report(columns), name))
    assert matrix.values.index.tolist() == ["a", "b"]
    assert matrix.values.columns.tolist() == ["P01034;Q5", "P02768"]
    expected = [[80.25, 900.5], [np.nan, 1000.0]]
    assert np.array_equal(matrix.values.to_numpy(), expected, equal_nan=True)
    assert matrix.source.format == "diann"
    assert "quantity PG.MaxLFQ of maxlfq (PG.MaxLFQ), pg-" in matrix.source.why
    assert (matrix.quantity_scope, matrix.scale, matrix.kind) == ("cohort", "raw", "intensity")
    told = matrix.proteins.loc["P01034;Q5"]
    # Protein.Ids lists what one precursor matches: it is not the group.
    assert told["accessions"] == "P01034;Q5"
    assert told["gene"] == "CST3;X"
    has_description = "First.Protein.Description" in columns
    assert told["name"] == ("Protein CST3;X" if has_description else "CST3_HUMAN")


@pytest.mark.parametrize(("name", "columns"), FORMS)
def test_what_the_filters_drop_is_counted(tmp_path, name, columns):
    notes = read_matrix(write_report(tmp_path, report(columns), name)).source.notes
    assert notes[0] == (
        "Dropped 5 of 10 rows: 2 with Q.Value above 0.01 or missing, 1 with PG.Q.Value above 0.05 "
        "or missing, 1 with Lib.Q.Value above 0.01 or missing, 1 with Lib.PG.Q.Value above 0.01 "
        "or missing."
    )
    assert notes[1] == "Taken for not detected: 1 row with a zero."
    assert notes[2] == "Left out: 1 run of which no row passes the filters (c)."
    assert len(notes) == 3


def test_decoys_are_dropped(tmp_path):
    decoys = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    frame = report(REPORT_2, Decoy=decoys)
    matrix = read_matrix(write_report(tmp_path, frame, "report.parquet"))
    assert matrix.values.columns.tolist() == ["P02768"]
    assert "2 of decoys" in matrix.source.notes[0]
    only = write_report(tmp_path, report(REPORT_2, Decoy=1), "report.parquet")
    refused(only, r"none of 10 rows is left \(dropped 10 of decoys\)")


def test_columns_that_are_not_there_are_said(tmp_path):
    columns = [name for name in REPORT_1_8 if not name.startswith("Lib.")]
    matrix = read_matrix(write_report(tmp_path, report(columns)))
    assert matrix.values.columns.tolist() == ["P01034;Q5", "P02768", "P69905"]
    assert matrix.source.notes[-1] == (
        "The report has no column 'Lib.Q.Value', 'Lib.PG.Q.Value' to filter by."
    )


def test_other_quantities(tmp_path):
    old = write_report(tmp_path, report(REPORT_1_8))
    quantity = read_matrix(old, quantity="pg-quantity")
    assert quantity.values.loc["b", "P02768"] == 500.0
    assert quantity.quantity_scope == "run"
    assert read_matrix(old, quantity="PG.Normalised").quantity_scope == "cohort"
    new = write_report(tmp_path, report(REPORT_2), "report.parquet")
    assert read_matrix(new, quantity="pg-topn").values.loc["b", "P02768"] == 500.0
    refused(
        new,
        r"no quantity 'pg-quantity' of groups; the report has maxlfq .PG.MaxLFQ., pg-topn",
        quantity="pg-quantity",
    )
    refused(old, "no quantity 'precursor' of groups", quantity="precursor")


def test_without_maxlfq_a_choice_is_asked_for(tmp_path):
    columns = [name for name in REPORT_1_8 if name != "PG.MaxLFQ"]
    path = write_report(tmp_path, report(columns))
    refused(path, r"no column 'PG.MaxLFQ'; the report has pg-quantity .* choose one with --quan")
    assert read_matrix(path, quantity="pg-quantity").n_proteins == 2
    columns = [name for name in columns if not name.startswith("PG.") or "Q.Value" in name]
    refused(write_report(tmp_path, report(columns)), "no quantity of protein groups such as")


def test_a_first_pass_report_has_no_quantities(tmp_path):
    frame = report(REPORT_2, **{"PG.MaxLFQ": 0.0})
    refused(write_report(tmp_path, frame, "report.parquet"), "holds no number above zero; was the")


def test_two_reports_put_together_are_refused(tmp_path):
    """The first row of the second report is row 12: a header and ten rows go before it."""
    first = report(REPORT_1_8)
    again = first.assign(**{"PG.MaxLFQ": first["PG.MaxLFQ"] * 2})
    path = write_report(tmp_path, pd.concat([first, again]))
    refused(
        path,
        "row 12: PG.MaxLFQ of group 'P02768' in run 'a' is 1801, and 900.5 before, expected one "
        r"number \(4 such rows; two reports",
    )
    # The same report twice says nothing new.
    twice = read_matrix(write_report(tmp_path, pd.concat([first, first])))
    assert twice.values.equals(read_matrix(write_report(tmp_path, first)).values)
    text = path.read_text()
    path.write_text(text + text)
    refused(path, "row 12 is the header again: two reports were put together")


def test_channels_of_plexdia_are_samples(tmp_path):
    """DIA-NN's reference: PG.MaxLFQ and PG.Q.Value are channel-specific."""
    rows = [
        ("a", "P02768", "ALB", 10.0, 0.001, 0.001, 0.001, 0.001),
        ("a", "P02768", "ALB", 20.0, 0.001, 0.001, 0.001, 0.001),
    ]
    frame = report(REPORT_2, rows, Channel=["L", "H"])
    matrix = read_matrix(write_report(tmp_path, frame, "report.parquet"))
    assert matrix.values["P02768"].to_dict() == {"a_L": 10.0, "a_H": 20.0}
    assert matrix.source.notes[-1].startswith("A plexDIA report: each channel of a run is a sample")
    told = read(Request(look_at(tmp_path / "report.parquet"))).samples
    assert told.to_dict("index") == {
        "a_L": {"plex": "a", "channel": "L"},
        "a_H": {"plex": "a", "channel": "H"},
    }
    old = report(REPORT_1_8, rows, Precursor_Id=["PEPTIDEK(SILAC-K-L)2", "PEPTIDEK(SILAC-K-H)2"])
    refused(write_report(tmp_path, old), r"a plexDIA report .* without the column 'Channel'")


def test_runs_are_named_by_file_where_there_is_no_run(tmp_path):
    frame = report([name for name in REPORT_1_8 if name != "Run"])
    found = read(Request(look_at(write_report(tmp_path, frame))))
    assert found.values.index.tolist() == ["D:\\data\\a.raw", "D:\\data\\b.raw"]


def test_damage_is_located(tmp_path):
    path = write_report(tmp_path, report(REPORT_1_8))
    text = path.read_text()
    path.write_text(text.replace("\t80.25\t", "\tabc\t", 1))
    refused(path, "row 4, column 'PG.MaxLFQ': found 'abc', expected a number")
    path.write_text(text[: len(text) // 2])
    refused(path, r"row \d+ has \d+ cells, expected 33 as in the header")
    path.write_text(text.replace("\t80.25\t", "\t-5\t", 1))
    refused_negative = "negative value on the raw scale for sample 'a', protein 'P01034;Q5'"
    with pytest.raises(InputError, match=refused_negative):
        read_matrix(path, scale="raw")
    path.write_text(text.split("\n", 1)[0] + "\n")
    refused(path, "has a header and no rows")
    path = write_report(tmp_path, report(REPORT_1_8), "report.tsv.gz")
    path.write_bytes(path.read_bytes()[:-12])
    refused(path, "damaged gzip file")
    path = write_report(tmp_path, report(REPORT_2), "report.parquet")
    path.write_bytes(path.read_bytes()[:-12])
    refused(path, "damaged Parquet file")


def test_a_sheet_of_a_workbook_is_not_asked_for(tmp_path):
    path = write_report(tmp_path, report(REPORT_1_8))
    refused(path, "is not a workbook and has no sheet 'one'; drop --sheet", sheet="one")


# Contaminants


def test_groups_that_a_contaminant_leads_are_removed(tmp_path):
    rows = [
        ("a", group, "X", 5.0, 0.001, 0.001, 0.001, 0.001)
        for group in ("P02768", "cRAP-P00761", "Cont_P02769;P1", "P02741;cRAP-P02741", "CONA_1")
    ]
    matrix = read_matrix(write_report(tmp_path, report(REPORT_1_8, rows)))
    assert matrix.values.columns.tolist() == ["CONA_1", "P02741;cRAP-P02741", "P02768"]
    assert matrix.source.notes == (
        "Removed 2 of 5 protein groups: 2 contaminants (Cont_P02769;P1, cRAP-P00761).",
        "Kept 1 protein group that another accession leads, with a contaminant further on "
        "(P02741;cRAP-P02741).",
    )
    with pytest.raises(InputError, match=r"a\.tsv: all 1 protein groups are contaminants"):
        without_contaminants(["contam_sp|P1|X"], "a.tsv")


# Matrices

ALBUMIN = ["P02768", "ALBU_HUMAN", "ALB", "Albumin", "40", "38", "9e+06", "8.5e6"]
CYSTATIN = ["P01034", "CYTC_HUMAN", "CST3", "", "3", "3", "4000.5", ""]
TRYPSIN = ["cRAP-P00761", "TRYP_PIG", "TRYP", "Trypsin", "9", "9", "1", "2"]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_matrix_of_version_2(tmp_path, suffix):
    path = write_matrix(tmp_path, NEW_MATRIX + RUNS, [ALBUMIN, CYSTATIN, TRYPSIN])
    if suffix:
        path.write_bytes(gzip.compress(path.read_bytes()))
    matrix = read_matrix(path)
    assert matrix.values.shape == (2, 2)
    assert matrix.values["P02768"].tolist() == [9e6, 8.5e6]
    assert matrix.values["P01034"].isna().tolist() == [False, True]
    assert matrix.proteins["gene"].tolist() == ["ALB", "CST3"]
    assert matrix.proteins["name"].tolist() == ["Albumin", "CYTC_HUMAN"]
    assert (matrix.quantity_scope, matrix.source.format) == ("cohort", "diann")
    assert matrix.source.notes[0] == "Removed 1 of 3 protein groups: 1 contaminants (cRAP-P00761)."


def test_matrix_of_version_1(tmp_path):
    row = ["P02768;P2", "P02768;P2;P3", "", "ALB", "Albumin", "1", "2"]
    found = read(Request(look_at(write_matrix(tmp_path, OLD_MATRIX + RUNS, [row]))))
    assert found.values.index.tolist() == RUNS
    assert found.proteins.loc["P02768;P2", "accessions"] == "P02768;P2"
    assert found.why == "DIA-NN matrix: column 'Protein.Group' and 2 runs of MaxLFQ quantities"


def test_matrix_of_genes(tmp_path):
    path = write_matrix(tmp_path, ["Genes", *RUNS], [["ALB", "5e5", "6e5"], ["CST3;X", "", "2e5"]])
    matrix = read_matrix(path)
    assert matrix.values["ALB"].tolist() == [5e5, 6e5]
    assert matrix.proteins.loc["CST3;X"].tolist() == ["", "CST3;X", ""]
    assert matrix.source.format == "diann"
    assert matrix.source.notes[0] == (
        "The rows are genes, not protein groups: there are no accessions."
    )


def test_quotes_of_a_spreadsheet_are_no_part_of_a_name(tmp_path):
    """Excel quotes cells of a tab-separated text that hold a comma or a quote, and no others."""
    header = ["Run", "Protein.Group", "Precursor.Id", "First.Protein.Description", "PG.MaxLFQ"]
    rows = [
        ['"a,1"', "P1", "x2", '"Chain, 5"" long"', "100"],
        ["b", '"P1"', "x2", '5" long', "200"],
    ]
    path = tmp_path / "report.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in (header, *rows)))
    matrix = read_matrix(path)
    assert matrix.values["P1"].to_dict() == {"a,1": 100, "b": 200}
    assert matrix.proteins.loc["P1", "name"] == 'Chain, 5" long'


def test_counts_of_sequences_are_no_runs(tmp_path):
    """Since version 2 they stand in the gene matrix too, whose runs may have lost their paths."""
    header = ["Genes", "N.Sequences", "N.Proteotypic.Sequences", "run_1", "run_2"]
    matrix = read_matrix(write_matrix(tmp_path, header, [["ALB", "9", "8", "5e5", "6e5"]]))
    assert matrix.source.format == "diann"
    assert matrix.values["ALB"].to_dict() == {"run_1": 5e5, "run_2": 6e5}


def test_what_was_added_about_proteins_is_no_run(tmp_path):
    path = write_matrix(
        tmp_path, [*OLD_MATRIX, "Length", "r1"], [["P1", "P1", "", "G", "D", "609", "5e5"]]
    )
    matrix = read_matrix(path)
    assert matrix.values["P1"].to_dict() == {"r1": 5e5}
    assert "Left out, about proteins and no runs: 1 column (Length)." in matrix.source.notes
    sheet = pd.DataFrame({"sample_id": ["Length", "r1"]})
    assert read_matrix(path, sheet).values["P1"].tolist() == [609, 5e5]


def test_trimmed_line_ends_are_filled_and_said(tmp_path):
    header = [*OLD_MATRIX, "r1", "r2", "r3"]
    about = ["P1", "P1", "", "G", "D"]
    rows = [[*about, "1", "", "3"], ["P2", *about[1:], "1"], ["P3", *about[1:]]]
    path = write_matrix(tmp_path, header, rows)
    matrix = read_matrix(path, scale="raw")
    assert matrix.values.notna().sum().to_dict() == {"P1": 2, "P2": 1, "P3": 0}
    assert matrix.source.notes == (
        "Rows that end early: 2. No line of the file ends in a separator, so blanks at line ends "
        "were trimmed; the runs not reached were taken for not detected.",
    )
    # Some line ends in a separator: nothing was trimmed, and a short row has lost something.
    kept = write_matrix(tmp_path, header, [*rows, ["P4", *about[1:], "1", "2", ""]])
    refused(kept, "row 3 has 6 cells, expected 8")
    # Nothing else is blank: what is short was cut.
    cut = write_matrix(tmp_path, header, [[*about, "1", "2", "3"], rows[1]])
    refused(cut, "row 3 has 6 cells, expected 8")
    # The last line has no end: the copy was cut short.
    path = write_matrix(tmp_path, header, rows)
    path.write_text(path.read_text()[:-1])
    refused(path, "row 3 has 6 cells, expected 8")


def test_matrices_that_cannot_be_read(tmp_path):
    header = OLD_MATRIX + RUNS
    row = ["P1", "P1", "", "G", "D", "1", "2"]
    precursors = write_matrix(tmp_path, [*OLD_MATRIX, "Precursor.Id", *RUNS], [[*row, "3"]])
    refused(precursors, r"is a matrix of precursors .* pass report.pg_matrix.tsv or the main")
    refused(write_matrix(tmp_path, OLD_MATRIX, [row[:5]]), "no column of a run beside Protein.Gr")
    refused(write_matrix(tmp_path, header, [row, row]), "1 duplicate protein ids")
    path = write_matrix(tmp_path, header, [row])
    refused(
        path, "no quantity 'pg-quantity', a matrix of DIA-NN has maxlfq", quantity="pg-quantity"
    )
    assert read_matrix(path, quantity="maxlfq", scale="raw").n_samples == 2
    text = write_matrix(tmp_path, header, [[*row[:6], "x"]])
    refused(text, r"1 cells with text where a number was expected: row 2, column 'D:.*b.raw': 'x'")
    damaged = write_matrix(tmp_path, header, [row])
    damaged.write_bytes(gzip.compress(damaged.read_bytes())[:-9])
    refused(damaged, "damaged gzip file")
    other = write_matrix(tmp_path, ["protein", "s1"], [["P1", "2"]])
    refused(other, "no columns 'Protein.Group' or 'Precursor.Id' of DIA-NN", format="diann")


@pytest.mark.parametrize(("name", "columns"), FORMS)
def test_altered_bytes_are_refused_in_a_line_or_read(tmp_path, name, columns):
    """Sixty reports with bytes changed, cut out or doubled: never another exception."""
    whole = write_report(tmp_path, report(columns), name).read_bytes()
    rng = np.random.default_rng(11)
    readable = 0
    for _ in range(60):
        at, size = int(rng.integers(len(whole))), int(rng.integers(1, 30))
        middle = [bytes([rng.integers(256)]), b"", whole[at : at + size] * 2][rng.integers(3)]
        (tmp_path / name).write_bytes(whole[:at] + middle + whole[at + size :])
        with suppress(ProteoclassError):
            read_matrix(tmp_path / name, format="diann")
            readable += 1
    assert readable < 50


# Recognition


@pytest.mark.parametrize(
    ("names", "container", "output"),
    [
        (REPORT_1_8, "text", "report"),
        (REPORT_2, "parquet", "report"),
        (OLD_MATRIX + RUNS, "text", "proteins"),
        (NEW_MATRIX + RUNS, "workbook", "proteins"),
        ([*OLD_MATRIX, "Precursor.Id", *RUNS], "text", "precursors"),
        (["Genes", "/data/a.mzML", "/data/b.d"], "text", "genes"),
        (["Genes", "s1", "s2"], "text", ""),
        (["Genes"], "text", ""),
        (["Protein.Group", "s1", "s2"], "text", ""),
        (["Protein IDs", "Majority protein IDs", "LFQ intensity s1"], "text", ""),
        (["R.FileName", "PG.ProteinGroups", "PG.Quantity"], "text", ""),
        (["Run", "Protein.Group"], "text", ""),
        ([], "hdf5", ""),
    ],
)
def test_recognition(names, container, output):
    seen = Preview("a", container, tuple(names))
    assert output_of(seen) == output
    assert bool(recognise(seen)) == bool(output)
    if output:
        assert find_format(seen)[0].name == "diann"


# Real files


@pytest.mark.realdata
def test_saliva(data_folder):
    """186 runs x 1282 groups, 149,440 numbers.

    ``awk -F'\\t' 'NR>1{for(i=6;i<=NF;i++) n+=($i!="")} END{print NR-1, n, NF-5}'``
    """
    path = data_folder / "chivas_saliva_diann" / "report.pg_matrix.tsv"
    matrix = read_matrix(path)
    plain = pd.read_csv(path, sep="\t")
    assert matrix.values.shape == (186, 1282)
    assert matrix.values.notna().to_numpy().sum() == 149_440
    assert matrix.source.format == "diann"
    assert matrix.quantity_scope == "cohort"
    assert matrix.values.columns.tolist() == plain["Protein.Group"].tolist()
    expected = plain.iloc[:, 5:].to_numpy(dtype=float).T
    assert np.array_equal(matrix.values.to_numpy(), expected, equal_nan=True)


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name", ["alphapeptstats/report_final.pg_matrix.tsv", "protdata/report.pg_matrix.tsv"]
)
def test_small_matrices_of_other_packages(data_folder, name):
    """20 runs x 10 groups, 55 numbers, in both.

    ``awk -F'\\t' 'NR>1{for(i=6;i<=25;i++) n+=($i!="")} END{print NR-1, n}'`` prints 10 55. In the
    first an editor trimmed the ends of nine lines (``awk -F'\\t' 'NF<25'``).
    """
    found = check_matrix(data_folder / "vendor_formats" / name)
    assert (found["n_samples"], found["n_proteins"]) == (20, 10)
    matrix = read_matrix(data_folder / "vendor_formats" / name)
    assert matrix.source.format == "diann"
    assert matrix.values.notna().to_numpy().sum() == 55
    assert any("Rows that end early: 9." in note for note in matrix.source.notes) == (
        "alphapeptstats" in name
    )
