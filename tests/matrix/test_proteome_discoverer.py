"""Proteome Discoverer's proteins: text with its marks, headers made for R, Excel."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.formats.proteome_discoverer import recognise
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import look_at

ABOUT = ["Checked", "Protein FDR Confidence: Combined", "Master", "Accession", "Description"]
ALB = "Albumin OS=Homo sapiens OX=9606 GN=ALB PE=1 SV=2"
TMT = [
    *ABOUT,
    "Contaminant",
    "Abundance Ratio: (b) / (a)",
    "Abundance Ratio (log2): (b) / (a)",
    "Abundance Ratio Adj. P-Value: (b) / (a)",
    "Abundances (Grouped): a",
    "Abundances (Grouped) CV [%]: a",
    "Abundances (Scaled): F1: 126, Sample, a",
    "Abundances (Normalized): F1: 126, Sample, a",
    "Abundances (Normalized): F1: 127N, Control, b",
    "Abundance: F1: 126, Sample, a",
    "Abundance: F1: 127N, Control, b",
    "Abundances Count: F1: 126, Sample, a",
]
ROWS = [
    ["False", "High", "IsMasterProtein", "P02768", ALB, "False", "100", "6.64", "0.01", "300"],
    [
        "False",
        "Medium",
        "IsMasterProtein",
        "P01034",
        "Cystatin",
        "False",
        "0.5",
        "-1",
        "0.01",
        "300",
    ],
    ["False", "Low", "IsMasterProtein", "P1", "", "False", *["1"] * 11],
    ["False", "High", "IsMasterProteinCandidateRejected", "P2", "", "False", *["1"] * 11],
    ["False", "High", "None", "P3", "", "False", *["1"] * 11],
    ["False", "High", "IsMasterProtein", "P4", "", "True", *["1"] * 11],
]
ROWS[0].extend(["5", "110", "330.5", "280", "310.5", "", "3"])
ROWS[1].extend(["5", "90", "230.5", "180", "210.5", "120", "3"])


def write(folder, header=TMT, rows=ROWS, name="study_Proteins.txt"):
    path = folder / name
    lines = ["\t".join(f'"{cell}"' for cell in line) for line in (header, *rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def workbook(folder, header=TMT, rows=ROWS):
    book = Workbook()
    book.active.title = "Proteins"
    book.active.append(header)
    for row in rows:
        book.active.append([_cell(cell) for cell in row])
    book.save(folder / "study.xlsx")
    return folder / "study.xlsx"


def _cell(text):
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text)
    except ValueError:
        return text or None


def test_abundances_of_channels_are_read_by_default(tmp_path):
    matrix = read_matrix(write(tmp_path))

    assert matrix.source.format == "proteome-discoverer"
    assert matrix.values.index.tolist() == ["F1 126", "F1 127N"]
    assert matrix.values.columns.tolist() == ["P02768", "P01034"]
    assert matrix.values["P02768"].tolist()[0] == 310.5
    assert np.isnan(matrix.values["P02768"].tolist()[1])
    assert (matrix.scale, matrix.kind, matrix.quantity_scope) == ("raw", "intensity", "run")
    assert matrix.proteins.loc["P02768"].tolist() == ["P02768", "ALB", "Albumin"]
    assert matrix.proteins.loc["P01034", "name"] == "Cystatin"
    assert (
        "2 columns of abundance (also there: normalized, scaled, ratio, log2-ratio)"
        in matrix.source.why
    )


def test_what_the_headers_say_of_the_samples(tmp_path):
    told = read_matrix(write(tmp_path)).samples
    assert told["plex"].tolist() == ["F1", "F1"]
    assert told["channel"].tolist() == ["126", "127N"]
    assert told["sample_type"].tolist() == ["Sample", "Control"]
    assert told["condition"].tolist() == ["a", "b"]


def test_what_is_removed_is_counted(tmp_path):
    """By hand: P1 low, P2 and P3 no masters, P4 a contaminant, P01034 medium."""
    assert read_matrix(write(tmp_path)).source.notes[:2] == (
        "Removed 4 of 6 proteins: 1 contaminants, 1 of low confidence, 2 no master proteins.",
        "Kept: 1 protein of medium confidence (up to 5 % FDR).",
    )
    bare = ["Accession", "Abundance: F1: 126, Sample"]
    assert read_matrix(write(tmp_path, bare, [["P1", "500"]])).source.notes == (
        "The table has no column 'Contaminant', 'Protein FDR Confidence: Combined', 'Master' to "
        "filter by.",
    )


@pytest.mark.parametrize("master", ["Master", "Master Protein", "IsMasterProtein"])
def test_each_version_calls_masters_in_its_own_way(tmp_path, master):
    rows = [[cell.replace("IsMasterProtein", master) for cell in row] for row in ROWS[:2]]
    assert read_matrix(write(tmp_path, rows=rows)).n_proteins == 2


@pytest.mark.parametrize(
    ("quantity", "values", "meaning"),
    [
        ("normalized", {"F1 126": 330.5, "F1 127N": 280}, ("raw", "intensity", "cohort")),
        ("normalised", {"F1 126": 330.5, "F1 127N": 280}, ("raw", "intensity", "cohort")),
        ("scaled", {"F1 126": 110}, ("raw", "intensity", "cohort")),
        ("ratio", {"(b) / (a)": 100}, ("raw", "ratio", "cohort")),
        ("log2-ratio", {"(b) / (a)": 6.64}, ("log2", "ratio", "cohort")),
    ],
)
def test_the_quantity_can_be_chosen(tmp_path, quantity, values, meaning):
    matrix = read_matrix(write(tmp_path), quantity=quantity)
    assert matrix.values["P02768"].to_dict() == values
    assert (matrix.scale, matrix.kind, matrix.quantity_scope) == meaning
    said = "at the limits" if "ratio" in quantity else "computed over all channels"
    assert any(said in note for note in matrix.source.notes)


def test_ratios_within_the_limits_need_no_remark(tmp_path):
    matrix = read_matrix(write(tmp_path, rows=ROWS[1:2]), quantity="log2-ratio")
    assert not any("limits" in note for note in matrix.source.notes)


def test_the_excel_export_reads_the_same(tmp_path):
    text, excel = read_matrix(write(tmp_path)), read_matrix(workbook(tmp_path))
    pd.testing.assert_frame_equal(text.values, excel.values)
    pd.testing.assert_frame_equal(text.proteins, excel.proteins)
    pd.testing.assert_frame_equal(text.samples, excel.samples)
    assert text.source.notes == excel.source.notes


@pytest.mark.parametrize("blank", [" ", "."])
def test_headers_made_for_r(tmp_path, blank):
    header = [
        "Accession",
        "Protein FDR Confidence Combined",
        "Abundance Ratio log2 b a",
        "Abundances Normalized F1 126 Sample a",
        "Abundance F1 126 Sample a",
        "Abundance F1 127C Sample b",
    ]
    rows = [["P02768", "High", "1", "3", "500.5", "600"]]
    matrix = read_matrix(write(tmp_path, [name.replace(" ", blank) for name in header], rows))
    assert matrix.values["P02768"].to_dict() == {"F1 126": 500.5, "F1 127C": 600}
    assert matrix.samples["condition"].tolist() == ["a", "b"]


def test_files_without_labels(tmp_path):
    header = ["Accession", "Abundance: F1: Sample, a, day 1", "Abundance: F2: Control", "Master"]
    matrix = read_matrix(write(tmp_path, header, [["P1", "500", "700", "Master"]]))
    assert matrix.values.index.tolist() == ["F1", "F2"]
    assert matrix.samples["condition"].fillna("").tolist() == ["a day 1", ""]
    assert "plex" not in matrix.samples


def test_a_sheet_may_use_the_headers(tmp_path):
    path = write(tmp_path)
    for name in ("F1 126", "F1: 126, Sample, a", "Abundance: F1: 126, Sample, a"):
        matrix = read_matrix(path, pd.DataFrame({"sample_id": [name], "sex": ["f"]}))
        assert matrix.values.index.tolist() == [name]
        assert matrix.samples.loc[name, "channel"] == "126"


def grouped_only():
    return ["Accession", "Abundances (Grouped): a", "Abundance Ratio: (b) / (a)"]


@pytest.mark.parametrize(
    ("header", "rows", "quantity", "message"),
    [
        (grouped_only(), [["P1", "5", "2"]], "auto", "has ratio and grouped ones, which are means"),
        (TMT, ROWS, "lfq", "no columns for --quantity 'lfq'; the table has abundance, normalized"),
        (TMT, ROWS[2:], "auto", "all 4 proteins are contaminants or of low confidence or no"),
        (TMT, [ROWS[0], ROWS[0]], "auto", r"duplicate protein ids.*'P02768' \(rows 2, 3\)"),
        (
            ["Annotated Sequence", "Master Protein Accessions", "Abundance: F1: 126, Sample"],
            [["[K].AB.[R]", "P1", "500"]],
            "auto",
            "a table of peptides or spectra; export the table Proteins",
        ),
        (
            ["Accession", "Abundance: F1: 126, Sample"],
            [["P1", "high"]],
            "auto",
            "row 2, column 'Abundance: F1: 126, Sample': 'high'",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, header, rows, quantity, message):
    with pytest.raises(InputError, match=message) as caught:
        read_matrix(write(tmp_path, header, rows), quantity=quantity)
    assert "\n" not in str(caught.value)


def test_another_table_asked_for_as_proteome_discoverers(tmp_path):
    path = write(tmp_path, ["protein", "Abundance: F1: Sample"], [["P1", "5"]])
    with pytest.raises(InputError, match="no column 'Accession'; expected the table Proteins"):
        read_matrix(path, format="proteome-discoverer")


@pytest.mark.parametrize("mark", ["Sum PEP Score", "ΣCoverage"])
def test_identifications_alone_are_no_wide_table(tmp_path, mark):
    path = tmp_path / "Proteins.txt"
    path.write_text(f"Accession\tDescription\t{mark}\t# PSMs\t# AAs\nP1\tx\t9.5\t70\t609\n")
    with pytest.raises(InputError, match="the table has no abundance of a sample; export the col"):
        read_matrix(path)


def test_recognition(tmp_path):
    assert recognise(look_at(write(tmp_path))).startswith("columns 'Accession' and 'Abundance")
    for header in (["Accession", "s1"], ["protein", "Abundance: F1: 126, Sample"], ["id", "P1"]):
        assert recognise(look_at(write(tmp_path, header, [["a", "1"]]))) == ""


CHANNELS = st.sampled_from(["126", "127N", "127C", "131", "134N", "135ND", "113", "121", ""])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    samples=st.lists(st.tuples(st.integers(1, 99), CHANNELS), min_size=1, max_size=5, unique=True),
    values=st.lists(st.floats(65, 1e12), min_size=5, max_size=5),
    condition=st.sampled_from(["", "a", "day 1", "dose 126"]),
    quoted=st.booleans(),
)
def test_samples_and_numbers_come_back(tmp_path, samples, values, condition, quoted):
    details = [
        ", ".join(part for part in (channel, "Sample", condition) if part) for _, channel in samples
    ]
    columns = [f"Abundance: F{n}: {rest}" for (n, _), rest in zip(samples, details, strict=True)]
    path = write(tmp_path, ["Accession", *columns], [["P1", *map(repr, values[: len(columns)])]])
    if not quoted:
        path.write_text(path.read_text().replace('"', ""))
    matrix = read_matrix(path)
    assert matrix.values.index.tolist() == [f"F{n} {channel}".strip() for n, channel in samples]
    assert matrix.values["P1"].tolist() == values[: len(columns)]
    if condition:
        assert matrix.samples["condition"].tolist() == [condition] * len(columns)
