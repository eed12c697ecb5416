"""mzTab 1.0: its protein section."""

import csv
import gzip

import numpy as np
import pandas as pd
import pytest
import vendor_headers
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats import mztab_lines
from proteoclass.matrix.formats.mztab import read, recognise
from proteoclass.matrix.formats.mztab_assays import name_assays, parameter_name
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import Preview, look_at

DECOY = "opt_global_cv_MS:1002217_decoy_peptide"
METADATA = (
    "COM|Written by hand.",
    "MTD|mzTab-version|1.0.0",
    "MTD|mzTab-mode|Complete",
    "MTD|mzTab-type|Quantification",
    "MTD|protein-quantification_unit|[PRIDE, PRIDE:0000393, Relative quantification unit, ]",
    "MTD|ms_run[1]-location|file:///data/run_a.mzML",
    "MTD|ms_run[2]-location|file:///data/run_b.mzML",
    "MTD|assay[1]-ms_run_ref|ms_run[1]",
    "MTD|assay[2]-ms_run_ref|ms_run[2]",
)
HEADER = (
    "PRH|accession|description|ambiguity_members|protein_abundance_assay[1]|"
    f"protein_abundance_assay[2]|protein_abundance_study_variable[1]|{DECOY}"
)
PROTEINS = (
    "PRT|P02768|Albumin|null|1500.5|2000|1750.25|0",
    "PRT|P69905|Haemoglobin subunit alpha|P68871, P02042|20|null|20|0",
    "COM|between the rows",
    "PRT|DECOY_P01034|null|null|1|2|1.5|1",
    "PRT|P01034|sp;P01034;CYTC_HUMAN Cystatin-C OS=Homo sapiens GN=CST3|null|NaN|7|7|null",
)
SPECTRA = ("PSH|sequence|accession", "PSM|AAA|P02768")


def put(folder, *lines, name="study.mztab"):
    """Write lines with tabs; a semicolon becomes the bar that FASTA headers have."""
    path = folder / name
    text = "\n".join(line.replace("|", "\t").replace(";", "|") for line in lines)
    path.write_text(text + "\n")
    return path


def whole(folder):
    return put(folder, *METADATA, "", HEADER, *PROTEINS, "", *SPECTRA)


def open_(path, quantity="auto"):
    return read(Request(look_at(path), quantity=quantity))


def test_assays_are_samples_named_by_their_runs(tmp_path):
    result = open_(whole(tmp_path))

    assert result.values.index.tolist() == ["file:///data/run_a.mzML", "file:///data/run_b.mzML"]
    assert result.values.columns.tolist() == ["P02768", "P69905;P68871;P02042", "P01034"]
    assert result.values["P02768"].tolist() == [1500.5, 2000]
    assert result.values["P01034"].isna().tolist() == [True, False]
    assert result.samples is None
    assert "mzTab 1.0.0: 2 columns of protein_abundance_assay" in result.why


def test_the_matrix(tmp_path):
    matrix = read_matrix(whole(tmp_path))
    assert matrix.values.shape == (2, 3)
    assert (matrix.source.format, matrix.scale, matrix.quantity_scope) == (
        *("mztab", "raw"),
        "cohort",
    )
    assert len(matrix.source.sha256) == 64


def test_proteins_are_described(tmp_path):
    told = open_(whole(tmp_path)).proteins
    assert told.loc["P01034"].to_dict() == {
        "accessions": "P01034",
        "gene": "CST3",
        "name": "Cystatin-C",
    }
    assert told.loc["P02768", ["gene", "name"]].tolist() == ["", "Albumin"]
    assert told.loc["P69905;P68871;P02042", "accessions"] == "P69905;P68871;P02042"


def test_what_is_removed_or_assumed_is_said(tmp_path):
    """By hand: one of four PRT lines has a 1 in the decoy column."""
    notes = open_(whole(tmp_path)).notes
    assert notes[0] == "Removed 1 of 4 protein groups: 1 decoys."
    assert "unit of its quantities as 'Relative quantification unit'" in notes[1]
    assert "does not say whether quantities were computed across runs" in notes[2]


def test_details_of_openms_are_left_out(tmp_path):
    header = "PRH|accession|ambiguity_members|protein_abundance_assay[1]|opt_global_result_type"
    proteins = (
        "PRT|P1|P1,P2|9.5|indistinguishable_protein_group",
        "PRT|P1|null|null|protein_details",
        "PRT|P2|null|null|protein_details",
        "PRT|P3|null|8.5|single_protein",
    )
    result = open_(put(tmp_path, *METADATA, header, *proteins))
    assert result.values.iloc[0].to_dict() == {"P1;P2": 9.5, "P3": 8.5}
    assert result.notes[0].startswith("Left out: 2 lines that describe members of groups")
    assert result.notes[1] == "The file has no column that marks decoys."
    with pytest.raises(InputError, match="all 2 proteins are decoys or details"):
        open_(put(tmp_path, *METADATA, header, *proteins[1:3]))


def test_labelled_runs_are_told_apart_by_reagent(tmp_path):
    reagents = [
        f"MTD|assay[{i}]-quantification_reagent|[PRIDE, PRIDE:000011{3 + i}, iTRAQ reagent {n}, ]"
        for i, n in ((1, 114), (2, 115))
    ]
    same = [line.replace("-ms_run_ref|ms_run[2]", "-ms_run_ref|ms_run[1]") for line in METADATA]
    result = open_(put(tmp_path, *same, *reagents, HEADER, *PROTEINS))
    assert result.values.index.tolist() == ["run_a iTRAQ reagent 114", "run_a iTRAQ reagent 115"]
    assert result.samples.to_dict("list") == {
        "plex": ["run_a"] * 2,
        "channel": ["iTRAQ reagent 114", "iTRAQ reagent 115"],
    }


def test_assays_without_a_run_of_their_own_are_numbered():
    metadata = {
        "ms_run[1]-location": r"file://C:\data\a.raw",
        "ms_run[2]-location": "null",
        "assay[1]-ms_run_ref": "ms_run[1], ms_run[2]",
        "assay[2]-ms_run_ref": "ms_run[1]",
        "assay[3]-ms_run_ref": "ms_run[1]",
        "assay[4]-ms_run_ref": "ms_run[2]",
        "assay[5]-quantification_reagent": "[MS, MS:1002038, unlabeled sample, ]",
    }
    found = name_assays(metadata, list("12345"))
    assert found.names == [
        *("assay[1]", "a assay[2]", "a assay[3]"),
        *("assay[4]", "assay[5]"),
    ]
    assert found.told is None
    assert found.notes == ("Named by assay number: 5 samples without a run of their own.",)


def test_names_of_parameters():
    assert parameter_name("[MS, MS:1002038, unlabeled sample, ]") == "unlabeled sample"
    assert parameter_name("TMT126") == "TMT126"
    assert parameter_name("null") == ""


def test_forms_of_the_same_text(tmp_path):
    expected = open_(whole(tmp_path)).values
    text = (tmp_path / "study.mztab").read_bytes()
    padded = b"\n".join(line + b"\t" * 9 for line in text.split(b"\n"))
    for name, content in {
        "bom": b"\xef\xbb\xbf" + text,
        "crlf": text.replace(b"\n", b"\r\n"),
        "gzip": gzip.compress(text),
        "utf-16": text.decode().encode("utf-16"),
        "padded": padded,
        "no comment": text.split(b"\n", 1)[1],
        "a comment without a tab": b"COM\n" + text,
        "a comment with semicolons": b"COM a; b, c\n" + text,
    }.items():
        (tmp_path / name).write_bytes(content)
        assert recognise(look_at(tmp_path / name)), name
        pd.testing.assert_frame_equal(open_(tmp_path / name).values, expected)


def test_a_file_that_begins_with_proteins(tmp_path):
    assert recognise(look_at(put(tmp_path, HEADER, *PROTEINS))) == "a line PRH accession"
    result = open_(tmp_path / "study.mztab")
    assert result.values.index.tolist() == ["assay[1]", "assay[2]"]
    assert result.why.startswith("mzTab of no stated version")


NO_ASSAY = "PRH|accession|description"
MEANS = "PRH|accession|protein_abundance_study_variable[1]"
TWICE = "PRH|accession|protein_abundance_assay[1]|protein_abundance_assay[1]"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ("MTD|mzTab-type|Identification", *METADATA[5:], NO_ASSAY, "PRT|P1|x", "PRT|P2|x"),
            r"identifications only: 2 proteins in 2 runs \(mzTab-type Identification\) and no",
        ),
        ((*METADATA, MEANS, "PRT|P1|2.5"), r"study_variable \(1 columns\) holds means over sample"),
        ((*METADATA, *SPECTRA), r"no protein section .* has MTD, COM, PSH, PSM; export"),
        ((*METADATA, HEADER), r"a protein header \(PRH\) and no protein \(PRT\)"),
        (("MTD|mzTab-version|2.0.0-M", *METADATA[2:]), r"mzTab-version '2.0.0-M', expected 1.0.0"),
        (("MTD|mzTab-version|1.0.0-M",), "describes small molecules"),
        ((*METADATA, HEADER, *PROTEINS, *METADATA), "row 17 is a second mzTab-version"),
        ((*METADATA, HEADER, *PROTEINS, HEADER), "row 16 is a second PRH line"),
        ((*METADATA, PROTEINS[0], HEADER), "row 10 is PRT before any PRH line"),
        ((*METADATA, HEADER, "PRT|P1|x|null|1"), "row 11 has 5 cells, expected 8 as in the PRH"),
        ((*METADATA, HEADER, PROTEINS[0] + "|9"), "row 11 has 9 cells, expected 8"),
        ((*METADATA, TWICE), r"row 10: columns 'protein_abundance_assay\[1\]' repeat"),
        ((*METADATA, "PRH|protein|x"), "row 10: no column 'accession' in the protein header"),
        ((*METADATA, "Protein;x|y"), r"row 10 begins with 'Protein\|x', expected one of MTD, COM"),
        ((*METADATA, HEADER, PROTEINS[0].replace("2000", "many")), "row 11, column 'protein_abun"),
        ((*METADATA, HEADER, PROTEINS[0], PROTEINS[0]), r"duplicate protein ids.*\(rows 11, 12\)"),
        ((*METADATA, HEADER, PROTEINS[0].replace("P02768", "null")), "no protein id in rows 11"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, lines, message):
    with pytest.raises(InputError, match=message):
        open_(put(tmp_path, *lines))


def test_quantities_that_are_not_of_samples_are_refused(tmp_path):
    with pytest.raises(InputError, match="means over samples"):
        open_(whole(tmp_path), "study_variable")
    with pytest.raises(InputError, match=r"no quantity 'lfq'; the file has assay \(2 columns\)"):
        open_(whole(tmp_path), "lfq")
    assert open_(whole(tmp_path), "assay").values.shape == (2, 3)


def test_a_table_too_large_is_refused_at_its_row(tmp_path, monkeypatch):
    monkeypatch.setattr(mztab_lines, "MAX_CELLS", 5)
    with pytest.raises(InputError, match="row 15: more than 5 quantities of proteins"):
        open_(whole(tmp_path))


def test_too_many_lines_are_refused_at_the_first_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(mztab_lines, "MAX_ROWS", 2)
    with pytest.raises(InputError, match="row 4: more than 2 lines MTD, which no study has"):
        open_(whole(tmp_path))


def test_decimal_commas_and_blanks_are_read(tmp_path):
    header = "PRH|accession|ambiguity_members|protein_abundance_assay[1]"
    # Numbers of another database, which are no decimal commas.
    result = open_(put(tmp_path, *METADATA, header, "PRT|12|12,34567|1,25", "PRT|13|null|"))
    assert result.values.iloc[0].tolist()[0] == 1.25
    assert result.values.iloc[0].isna().tolist() == [False, True]
    assert result.notes[0] == "Decimal commas were read as decimal points."
    points = open_(put(tmp_path, *METADATA, header, "PRT|12|12,34567|1.25"))
    assert points.values.loc[:, "12;34567"].tolist() == [1.25]


def test_a_workbook_is_refused():
    with pytest.raises(InputError, match="is a file of the workbook kind, expected the text"):
        read(Request(Preview("a.xlsx", "workbook", ("MTD", "mzTab-version"))))


def test_recognises_its_own_only():
    assert vendor_headers.recognised(recognise) == {"mztab"}
    assert not recognise(Preview("a.xlsx", "workbook", ("MTD", "mzTab-version", "1.0.0")))
    assert not recognise(Preview("a.tsv", "text", ("MTD",), (), "\t"))


@pytest.mark.realdata
def test_identifications_are_said_to_be_some(data_folder):
    """Counts by the csv module: lines that begin with PRT, keys ms_run[...]-location."""
    path = data_folder / "vendor_formats/alphapeptstats/test.mztab"
    with open(path, newline="") as handle:
        lines = list(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    n_proteins = sum(line[:1] == ["PRT"] for line in lines)
    n_runs = sum(len(line) > 1 and line[1].endswith("]-location") for line in lines)
    assert (n_proteins, n_runs) == (283, 63)

    with pytest.raises(InputError, match="283 proteins in 63 runs"):
        read_matrix(path)


NUMBERS = st.one_of(st.just(np.nan), st.floats(1e-3, 1e12))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=1, max_size=8)
    )
)
def test_what_is_written_is_read(tmp_path_factory, rows):
    """Round trip: numbers written by repr come back bit by bit."""
    n = len(rows[0])
    lines = ["MTD|mzTab-version|1.0.0"]
    lines += [f"MTD|ms_run[{i}]-location|run_{i}.mzML" for i in range(n)]
    lines += [f"MTD|assay[{i}]-ms_run_ref|ms_run[{i}]" for i in range(n)]
    lines += ["PRH|accession|" + "|".join(f"protein_abundance_assay[{i}]" for i in range(n))]
    for i, row in enumerate(rows):
        cells = ("null" if np.isnan(number) else repr(number) for number in row)
        lines.append(f"PRT|P{i:05d}|{'|'.join(cells)}")
    values = open_(put(tmp_path_factory.mktemp("round"), *lines)).values

    assert values.index.tolist() == [f"run_{i}.mzML" for i in range(n)]
    assert values.columns.tolist() == [f"P{i:05d}" for i in range(len(rows))]
    assert np.array_equal(values.to_numpy(), np.array(rows).T, equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path_factory, data):
    """Bytes of good files are cut out, doubled or replaced."""
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(
        vendor_headers.damaged(
            data, "\n".join((*METADATA, HEADER, *PROTEINS, *SPECTRA)).replace("|", "\t")
        )
    )
    vendor_headers.read_or_refuse(read, path)
