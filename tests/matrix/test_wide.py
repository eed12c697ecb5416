"""Wide tables: the right way round, with nothing but quantities among the values."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats.wide import read_wide
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.table import read_table

SHEET = pd.DataFrame({"sample_id": ["s1", "s2", "s3"], "severity": ["a", "b", "a"]}).set_index(
    "sample_id"
)


def wide(folder, text, samples=None, known=None, **options):
    path = folder / "wide.tsv"
    path.write_text(text.replace(" ", "\t"), encoding="utf-8")
    return read_wide(read_table(path, **options), samples, known)


def test_both_ways_round_read_the_same(tmp_path):
    rows = wide(tmp_path, "sample_id P1 P2\ns1 21 22\ns2 23 24\n", SHEET)
    columns = wide(tmp_path, "protein s1 s2\nP1 21 23\nP2 22 24\n", SHEET)

    pd.testing.assert_frame_equal(rows.values, columns.values, check_names=False)
    assert rows.why == "samples x proteins: 2 sample ids of the sheet stand in column 'sample_id'"
    assert columns.why == "proteins x samples: 2 sample ids of the sheet stand in the header"


def test_the_sheet_outweighs_the_names_of_columns(tmp_path):
    """A first cell "protein" over sample ids is a slip that the sheet uncovers."""
    assert list(wide(tmp_path, "protein P1\ns1 21\ns2 22\n", SHEET).values.index) == ["s1", "s2"]


def test_ids_need_not_stand_first(tmp_path):
    text = "plate sample_id P1\n1 s1 21\n1 s2 22\n"
    read = wide(tmp_path, text, SHEET, text_columns=["sample_id"])

    assert list(read.values.columns) == ["P1"]
    assert read.notes == (
        "Left out, not taken for proteins: 1 column (plate). List them in --proteins if they are "
        "proteins.",
    )


def test_a_sample_called_as_a_protein_is_left_to_the_sheet(tmp_path):
    """Known proteins on both sides contradict nobody where the sheet has spoken."""
    read = wide(tmp_path, "sample_id P1 P2\ns1 21 22\nP1 23 24\n", SHEET, ["P1", "P2"])

    assert list(read.values.columns) == ["P1", "P2"]
    assert list(read.values.index) == ["s1", "P1"]


def test_sample_ids_on_both_sides_are_ambiguous(tmp_path):
    with pytest.raises(InputError, match=r"both in the header \(1\) and in column 'x' \(1\)"):
        wide(tmp_path, "x s1\ns2 21\n", SHEET)


def test_no_overlap_shows_both_sides(tmp_path):
    with pytest.raises(InputError) as caught:
        wide(tmp_path, "sample_id P1\nA1 21\nA2 22\n", SHEET)
    message = str(caught.value)
    assert "the sheet has s1, s2, s3" in message
    assert "header has P1 and its column 'sample_id' has A1, A2" in message


def test_ids_mangled_by_r_are_recognised_in_the_refusal(tmp_path):
    sheet = pd.DataFrame(index=["P 1-a", "P 2-a"])
    with pytest.raises(InputError, match="they differ in case and punctuation only: use the same"):
        wide(tmp_path, "protein P.1.a P.2.a\nX1 21 22\n", sheet)


def test_a_models_proteins_decide_without_a_sheet(tmp_path):
    known = ["P02768", "X9"]
    rows = wide(tmp_path, "a X9 zz\nq 21 22\n", known=known)
    columns = wide(tmp_path, "a q r\nsp|P02768|ALBU_HUMAN;P1 21 22\nzz 1 2\n", known=known)

    assert list(rows.values.index) == ["q"]
    assert rows.why == "samples x proteins: 1 known proteins stand in the header"
    assert list(columns.values.index) == ["q", "r"]
    assert columns.proteins.loc["sp|P02768|ALBU_HUMAN;P1", "accessions"] == "P02768;P1"
    with pytest.raises(InputError, match=r"both in the header .* pass --samples"):
        wide(tmp_path, "X9 q\nP02768 21\n", known=known)


def test_model_and_sheet_may_not_contradict_each_other(tmp_path):
    with pytest.raises(InputError, match="the sample sheet belongs to another table"):
        wide(tmp_path, "id x s1\nP7 21 22\ns2 1 2\n", pd.DataFrame(index=["s2", "x9"]), ["P7"])


@pytest.mark.parametrize(
    ("text", "samples", "why"),
    [
        ("Sample q1 q2\na 21 22\n", ["a"], "column 'Sample' names the samples"),
        ("Protein.IDs a b\nq1 21 22\n", ["a", "b"], "the first column, 'Protein.IDs', names"),
        ("x P02768 Q9HB71-3\na 21 22\n", ["a"], "100% of the header are protein accessions"),
        ("x a b\nP02768 21 22\n", ["a", "b"], "100% of the first column are protein accessions"),
        ("x OID00471 OID00472\na 21 22\n", ["a"], "100% of the header"),
    ],
)
def test_without_sheet_or_model(tmp_path, text, samples, why):
    read = wide(tmp_path, text)
    assert list(read.values.index) == samples
    assert why in read.why


def test_nothing_decides(tmp_path):
    with pytest.raises(InputError, match="cannot tell whether samples are rows or columns"):
        wide(tmp_path, "x q1 q2\na 21 22\n")
    with pytest.raises(InputError, match="no column of sample ids: the first column, 'P02768'"):
        wide(tmp_path, "P02768 Q9HB71 P01034\n1.5 2.5 3.5\n2.5 3.5 4.5\n")


def test_annotation_describes_proteins_and_is_no_sample(tmp_path):
    text = (
        "Protein.Group Protein.Ids Genes Length Organism First.Protein.Description a b\n"
        "P02768;P02769 P02769;P02768 ALB 609 human albumin 21 22\n"
        "X1 P01034 CST3 146 human  23 24\n"
    )
    read = wide(tmp_path, text)

    assert list(read.values.index) == ["a", "b"]
    assert read.proteins.loc["P02768;P02769"].tolist() == ["P02768;P02769", "ALB", "albumin"]
    assert read.proteins.loc["X1"].tolist() == ["P01034", "CST3", ""]
    assert read.across_runs
    assert "2 columns (Length, Organism)" in read.notes[0]


def test_unlisted_sample_columns_are_handed_over_by_name(tmp_path):
    read = wide(tmp_path, "protein gene s1 s8 s9\nP1 ALB 21 22 oops\n", SHEET)
    assert list(read.values.index) == ["s1"]
    assert read.unlisted == ("s8",)


def test_clinical_columns_are_no_proteins(tmp_path):
    text = (
        "sample_id patient_id day egfr EGFR ALB ward crp\n"
        "s1 p1 0 90 21 22 icu 3.5\ns2 p2 0 80 23 24 icu 4.5\n"
    )
    listed = SHEET.assign(crp=1.0)
    assert list(wide(tmp_path, text, listed).values.columns) == ["EGFR", "ALB"]
    assert list(wide(tmp_path, text).values.columns) == ["EGFR", "ALB", "crp"]


def test_a_word_among_accessions_is_no_protein_unless_it_is_declared(tmp_path):
    accessions = [f"P{n:05d}" for n in range(12345, 12355)]
    text = (
        " ".join(["sample_id", *accessions, "sofa"]) + "\n" + " ".join(["s1", *"1234567890", "5"])
    )
    assert list(wide(tmp_path, text).values.columns) == accessions
    assert list(wide(tmp_path, text, known=["sofa"]).values.columns) == [*accessions, "sofa"]


def test_text_under_an_accession_is_an_error_not_a_lost_column(tmp_path):
    read = read_table(write_lines(tmp_path, "sample_id P02768 P01034", "s1 high 22"))
    with pytest.raises(InputError, match="row 2, column 'P02768': 'high'"):
        read_wide(read)


def write_lines(folder, *lines):
    path = folder / "lines.tsv"
    path.write_text("\n".join(line.replace(" ", "\t") for line in lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample_id P1\ns1 21\ns2 22\ns1 23\n", r"1 duplicate sample ids.*'s1' \(rows 2, 4\)"),
        ("sample_id P1\ns1 21\n\t22\n", "no sample id in rows 3"),
        ("protein s1\nP1 21\nP1 22\n", r"1 duplicate protein ids.*'P1' \(rows 2, 3\)"),
        ("protein s1\nP1 21\n\t22\n", "no protein id in rows 3"),
        ("sample_id ward\ns1 icu\n", "no protein column beside 'sample_id'"),
        ("protein gene\nP1 ALB\n", "no sample column beside 'protein'"),
        ("s1 s2\n21 22\n", "every column is a sample; add a column of protein ids"),
    ],
)
def test_broken_ids(tmp_path, text, message):
    samples = SHEET if text.startswith("s1") else None
    with pytest.raises(InputError, match=message):
        wide(tmp_path, text, samples)


def test_rows_are_named_by_what_is_unique(tmp_path):
    by_accession = "gene accession s1\nALB P02768 21\nALB P02769 22\n"
    numbered = "n protein s1\n1 X1 21\n2 X2 22\n"
    assert list(wide(tmp_path, by_accession, SHEET).values.columns) == ["P02768", "P02769"]
    assert list(wide(tmp_path, by_accession).values.columns) == ["P02768", "P02769"]
    assert list(wide(tmp_path, numbered, SHEET).values.columns) == ["X1", "X2"]


NAMES = st.text(
    st.characters(categories=("Lu", "Ll", "Nd"), max_codepoint=0x2FF), min_size=1, max_size=8
)
CELLS = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False, width=64),
    st.integers(-(10**15), 10**15).map(float),
)


@st.composite
def matrices(draw):
    samples = draw(st.lists(NAMES.map(lambda n: f"s {n}"), min_size=1, max_size=6, unique=True))
    proteins = draw(st.lists(NAMES.map(lambda n: f"q;{n}"), min_size=1, max_size=6, unique=True))
    row = st.lists(CELLS, min_size=len(proteins), max_size=len(proteins))
    cells = draw(st.lists(row, min_size=len(samples), max_size=len(samples)))
    return pd.DataFrame(cells, samples, proteins, dtype=float)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=matrices(),
    separator=st.sampled_from("\t,;|"),
    flipped=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    missing=st.sampled_from(["", "NA", "NaN", "Filtered"]),
)
def test_what_is_written_reads_back_equal(
    tmp_path, values, separator, flipped, ends, encoding, missing
):
    """Round trip, each float exact, in either orientation and any dress."""
    path = tmp_path / "table.txt"
    frame = values.T if flipped else values
    frame.to_csv(
        path,
        sep=separator,
        index_label="protein" if flipped else "sample_id",
        lineterminator=ends,
        encoding=encoding,
        na_rep=missing,
    )
    sheet = pd.DataFrame({"sample_id": values.index})
    if values.isna().all().all():
        with pytest.raises(InputError, match="no cell holds a number"):
            read_matrix(path, sheet, scale="log2")
        return
    read = read_matrix(path, sheet, scale="log2")

    assert list(read.values.index) == list(values.index)
    assert list(read.values.columns) == list(values.columns)
    assert np.array_equal(read.values.to_numpy(), values.to_numpy(), equal_nan=True)


ACCESSIONS = [f"P{n:05d}" for n in range(12345, 12357)]


def bare(rows=2, more=()):
    header = " ".join([*ACCESSIONS, *more])
    row = " ".join(["25.5"] * len(ACCESSIONS) + ["70"] * len(more))
    return "\n".join([header, *[row] * rows]) + "\n"


def test_a_table_of_proteins_alone_names_samples_by_rows(tmp_path):
    read = wide(tmp_path, bare(more=["_age"]))
    assert list(read.values.index) == ["row 2", "row 3"]
    assert list(read.values.columns) == ACCESSIONS
    assert "1 column (_age)" in read.notes[0]
    assert read.notes[1] == (
        "No column names the samples: they are called by their rows in the file, row 2 to row 3. "
        "Add a column sample_id to give them names."
    )


def test_a_sheet_may_name_such_rows(tmp_path):
    sheet = pd.DataFrame(index=["row 3", "row 9"])
    read = wide(tmp_path, bare(), sheet)
    assert read.why == "samples x proteins: 1 rows of the table are named in the sheet"
    matrix = read_matrix(tmp_path / "wide.tsv", pd.DataFrame({"sample_id": ["row 3"]}))
    assert matrix.values.index.tolist() == ["row 3"]
    with pytest.raises(InputError, match="no sample id of the sheet is in the table"):
        wide(tmp_path, bare(), SHEET)


def test_rows_are_never_names_where_a_column_may_be(tmp_path):
    named = bare().replace(ACCESSIONS[0], "run", 1)
    assert list(wide(tmp_path, named.replace("25.5", "s1", 1)).values.index) == ["s1", "25.5"]
    few = "\n".join(" ".join(line.split()[:9]) for line in bare().splitlines())
    with pytest.raises(InputError, match="no column of sample ids"):
        wide(tmp_path, few)


@pytest.mark.realdata
def test_a_workbook_without_ids(read_public):
    """openpyxl alone: 210 rows, 1,542 columns without "_", 255,165 cells above zero."""
    matrix = read_public("csf_alzheimer_spectronaut/Alzheimer.xlsx")
    assert matrix.values.shape == (210, 1542)
    assert int(matrix.values.count().sum()) == 255_165
    assert matrix.values.index[[0, -1]].tolist() == ["row 2", "row 211"]
    assert matrix.values.iloc[0, 0] == 61673.89453125
    assert any("11 columns (_collection site" in note for note in matrix.source.notes)
