"""From files to a checked matrix: formats, leftovers, proteins, notes."""

import hashlib

import pandas as pd
import pytest
from openpyxl import Workbook

from proteoclass.errors import InputError
from proteoclass.matrix.protein_table import complete_proteins, filled_in, read_proteins
from proteoclass.matrix.read import ReadOptions, read_matched, read_matrix


def write(folder, name, *lines):
    path = folder / name
    path.write_text("\n".join(line.replace("|", "\t") for line in lines) + "\n")
    return path


@pytest.fixture
def matrix_file(tmp_path):
    return write(
        tmp_path, "matrix.tsv", "sample_id|P02768|P01034", "b|31.5|22.1", "a|30.2|", "x|30|21"
    )


def test_matrix_and_sheet_are_aligned_and_what_is_left_over_is_said(tmp_path, matrix_file):
    sheet = write(tmp_path, "samples.tsv", "sample_id|patient_id|day", "a|p1|0", "q|p2|1", "b|p1|7")
    matrix, matching = read_matched(matrix_file, sheet, ReadOptions(fluid="plasma"))

    assert matrix.values.index.tolist() == ["b", "a"]
    assert matrix.samples["day"].tolist() == [7.0, 0.0]
    leftovers = (
        "Left out, not in the sample sheet: 1 sample of the matrix (x).",
        "Not in the matrix: 1 sample of the sample sheet (q).",
    )
    assert matching.leftovers() == leftovers
    assert matrix.source.notes == leftovers
    assert matrix.source.path == "matrix.tsv"
    assert matrix.source.sha256 == hashlib.sha256(matrix_file.read_bytes()).hexdigest()
    assert matrix.source.why == (
        "samples x proteins: 2 sample ids of the sheet stand in column 'sample_id'; "
        "scale: largest value 31.5 and median 30.2 fit log2, not raw intensities; "
        "kind: median 30.2 fits log2 intensities"
    )
    assert (matrix.fluid, matrix.quantity_scope) == ("plasma", "run")


def test_without_a_sheet_each_sample_is_a_patient(matrix_file):
    matrix = read_matrix(matrix_file)
    assert matrix.samples["patient_id"].tolist() == ["b", "a", "x"]
    assert matrix.fluid == "not stated"


def test_notes_of_table_and_sheet_reach_the_matrix(tmp_path):
    path = write(tmp_path, "m.tsv", "sample_id|P02768|", "a|30.5|", "b|31.5|")
    sheet = write(tmp_path, "s.tsv", "sample_id|site", "a|x", "b|y")
    assert read_matrix(path, sheet).source.notes == (
        "Left out: 1 empty column without a name.",
        "The sample sheet has no patient_id: each sample is its own patient.",
    )


def test_columns_name_roles(tmp_path, matrix_file):
    sheet = write(tmp_path, "samples.tsv", "Run|Who", "a|1", "b|2", "x|3")
    columns = {"sample_id": "Run", "patient_id": "Who"}
    assert read_matrix(matrix_file, sheet, columns=columns).samples["patient_id"].tolist() == [
        "2",
        "1",
        "3",
    ]
    frame = pd.read_csv(sheet, sep="\t")
    assert read_matrix(matrix_file, frame, columns=columns).samples.loc["b", "patient_id"] == "2"


def test_a_protein_table_fills_in(tmp_path, matrix_file):
    table = write(
        tmp_path,
        "proteins.tsv",
        "protein_id|accession|gene|panel",
        "P02768|P02768;P02768-2|ALB|x",
        "OID1|P1|G|x",
    )
    matrix = read_matrix(matrix_file, proteins=table)

    assert matrix.proteins.loc["P02768"].tolist() == ["P02768;P02768-2", "ALB", ""]
    assert matrix.proteins.loc["P01034"].tolist() == ["P01034", "", ""]
    assert matrix.source.notes == (
        "Not in the matrix: 1 protein of proteins.tsv (OID1).",
        "Not in proteins.tsv: 1 protein of the matrix (P01034).",
    )
    frame = pd.DataFrame({"protein_id": ["P01034"], "gene": ["CST3"]})
    assert read_matrix(matrix_file, proteins=frame).proteins.loc["P01034", "gene"] == "CST3"


def test_a_protein_table_shows_which_way_round_the_matrix_lies(tmp_path):
    path = write(tmp_path, "m.tsv", "x|q1|q2", "SIM1|25.5|26.5", "SIM2|24.5|23.5")
    table = write(tmp_path, "proteins.tsv", "id|gene", "SIM1|A", "SIM2|B")
    assert read_matrix(path, proteins=table).values.index.tolist() == ["q1", "q2"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["gene|x", "ALB|1"], "no column 'protein_id'; found gene, x"),
        (["id|gene", "|ALB"], "1 rows have no protein id"),
        (["id|gene", "A|ALB", "A|ALP"], "1 protein ids have two different rows: A"),
        (["id|gene", "Z|ALB"], "no protein id of it is in the matrix; it has Z, the matrix P02768"),
    ],
)
def test_broken_protein_tables(tmp_path, matrix_file, lines, message):
    with pytest.raises(InputError, match=message):
        read_matrix(matrix_file, proteins=write(tmp_path, "proteins.tsv", *lines))


def test_repeated_equal_rows_of_proteins_are_one(tmp_path):
    told = read_proteins(write(tmp_path, "p.tsv", "id|gene", "A|ALB", "A|ALB"))
    assert told.index.tolist() == ["A"]


def test_what_the_matrix_knew_stays_where_the_table_is_blank():
    told = complete_proteins(pd.DataFrame({"id": ["A"], "gene": [""], "name": ["albumin"]}))
    filled, notes = filled_in(pd.DataFrame({"gene": ["ALB"]}, index=["A"]), told, "p")
    assert filled.loc["A", ["gene", "name"]].tolist() == ["ALB", "albumin"]
    assert notes == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "excel"}, "--format 'excel': is not read by this version"),
        ({"quantity_scope": "plate"}, "--quantity-scope 'plate': .* auto, run, cohort"),
        ({"quantity": "lfq"}, "--quantity 'lfq' picks among .* and this is a wide table"),
        ({"format": "maxquant"}, "no quantity columns such as"),
        ({"fluid": "tears"}, "fluid: found 'tears'"),
        ({"scale": "raw", "sheet": "Data"}, "has no sheet 'Data'"),
    ],
)
def test_options_that_do_not_fit(matrix_file, options, message):
    with pytest.raises(InputError, match=message):
        read_matrix(matrix_file, **options)


def test_no_common_sample_in_a_maxquant_table(tmp_path):
    path = write(tmp_path, "pg.txt", "Majority protein IDs|Intensity a", "P1|500")
    with pytest.raises(InputError, match=r"no sample of the table .* has a; the sheet has z;"):
        read_matrix(path, pd.DataFrame({"sample_id": ["z"]}))


@pytest.mark.parametrize(
    ("cell", "options", "message"),
    [
        ("inf", {}, "infinite value for sample 'b', protein 'P02768'"),
        ("-3", {"scale": "raw"}, "negative value on the raw scale for sample 'b'"),
        ("-3", {}, "smallest value -3 is no raw intensity"),
    ],
)
def test_impossible_values(tmp_path, cell, options, message):
    path = write(tmp_path, "m.tsv", "sample_id|P02768|P01034", "a|31000|2", f"b|{cell}|5000")
    with pytest.raises(InputError, match=message):
        read_matrix(path, **options)


def test_numbers_that_contradict_the_declared_scale_are_said(tmp_path):
    raw = write(tmp_path, "m.tsv", "sample_id|P02768|P01034", "a|31000|200", "b|2|5000")
    logs = write(tmp_path, "l.tsv", "sample_id|P02768|P01034", "a|31|20", "b|22|24")
    counts = write(tmp_path, "c.tsv", "sample_id|P02768|P01034", "a|1|2", "b|2|5")
    assert read_matrix(raw, scale="log2").source.notes == (
        "Read on the log2 scale as declared, but they look raw: largest value 3.1e+04 means raw.",
    )
    assert (
        "raw scale as declared, but they look log2"
        in read_matrix(logs, scale="raw").source.notes[0]
    )
    for path, scale in ((raw, "raw"), (raw, "auto"), (logs, "log2"), (counts, "raw")):
        assert read_matrix(path, scale=scale).source.notes == ()


def test_zeros_are_missing_on_the_raw_scale_alone(tmp_path):
    path = write(tmp_path, "m.tsv", "sample_id|P02768|P01034", "a|31000|0", "b|2|5000")
    assert read_matrix(path).values.isna().sum().sum() == 1
    path = write(tmp_path, "l.tsv", "sample_id|P02768|P01034", "a|31|0", "b|22|24")
    assert read_matrix(path).values.isna().sum().sum() == 0


def test_every_refusal_is_one_line(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text('"sample\nid",P1\n"a\n\nb",x1\n')
    with pytest.raises(InputError) as caught:
        read_matrix(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "sample_id\tP02768\ns1\t31.5\n",
        "R.FileName\tPG.ProteinGroups\tPG.Quantity\na\tP02768\t1500.5\n",
        "raw.name\tpg.name\tpg.intensity\tprecursor.idx\na\tP02768\t1500.5\t1\n",
        "PRH\taccession\tprotein_abundance_assay[1]\nPRT\tP02768\t17.5\n",
    ],
    ids=["wide", "spectronaut", "alphadia", "mztab"],
)
def test_a_sheet_of_what_is_no_workbook_is_refused_whatever_the_reader(tmp_path, text):
    path = tmp_path / "a.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match="is not a workbook and has no sheet 'one'; drop --sheet"):
        read_matrix(path, sheet="one")


def test_the_sheet_that_is_asked_for_says_what_format_it_is(tmp_path):
    """A supplement's first sheet explains; the vendor's own rules hold on the one asked for."""
    book = Workbook()
    book.active.append(["sample_id", "P02768"])
    book.active.append(["s1", 1000.5])
    groups = book.create_sheet("Table S2")
    groups.append(
        ["Majority protein IDs", "Intensity", "LFQ intensity s1", "Potential contaminant"]
    )
    groups.append(["P01034", 9, 2000.5, None])
    groups.append(["CON__P00761", 9, 3000.5, "+"])
    book.save(tmp_path / "supplement.xlsx")

    found = read_matrix(tmp_path / "supplement.xlsx", sheet="Table S2")
    assert found.source.format == "maxquant"
    assert found.values.to_dict() == {"P01034": {"s1": 2000.5}}
    assert read_matrix(tmp_path / "supplement.xlsx").source.format == "wide"
    with pytest.raises(InputError, match="no sheet 'S3'; found Sheet, Table S2; correct --sheet"):
        read_matrix(tmp_path / "supplement.xlsx", sheet="S3")


@pytest.mark.parametrize(
    ("cells", "said"),
    [("0|25.5|26|24", True), ("0|25.5|-26|24", False), ("3|25.5|26|24", False)],
)
def test_zeros_among_log2_intensities_are_kept_and_said(tmp_path, cells, said):
    a, b, c, d = cells.split("|")
    path = write(tmp_path, "m.tsv", "sample_id|P02768|P01034", f"a|{a}|{b}", f"b|{c}|{d}")
    matrix = read_matrix(path, scale="log2", kind="intensity")
    assert matrix.values.loc["a", "P02768"] == float(a)
    notes = [note for note in matrix.source.notes if note.startswith("Kept as values: 1 cell of")]
    assert bool(notes) == said
    assert not read_matrix(path, scale="log2", kind="npx").source.notes
