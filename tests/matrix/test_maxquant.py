"""MaxQuant's proteinGroups, whole, old, mangled by R, and stripped."""

import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.formats.maxquant import (
    cells_needed,
    columns_needed,
    is_maxquant,
    read_maxquant,
)
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.table import read_table

HEADER = (
    "Protein IDs|Majority protein IDs|Fasta headers|Peptides|Intensity|Intensity s1|Intensity s2|"
    "iBAQ|iBAQ peptides|iBAQ s1|iBAQ s2|LFQ intensity s1|LFQ intensity s2|MS/MS count|"
    "Only identified by site|Reverse|Potential contaminant|id|Site positions"
)
ALB = ">sp|P02768|ALBU_HUMAN Albumin OS=Homo sapiens OX=9606 GN=ALB PE=1 SV=2"
ROWS = (
    f"P02768;P02768-2;X|P02768;P02768-2|{ALB}|9|300|100|200|30|5|10|20|1000|2000|7||||0|1",
    "P01034|P01034|;>sp|4|90|40|50|9|3|4|5|0|500|2||||1|",
    "CON__P00761|CON__P00761||9|300|100|200|30|5|10|20|1000|2000|7|||+|2|",
    "REV__P1|REV__P1||1|3|1|2|3|1|1|2|10|20|1|+|+||3|",
    "P68871|P68871||1|3|1|2|3|1|1|2|10|20|1|+|||4|",
    "P69905;Q1|CON__P69905;Q1||1|3|1|2|3|1|1|2|10|20|1||||5|",
)


def write(folder, header=HEADER, rows=ROWS, name="proteinGroups.txt"):
    # Fasta headers hold bars of their own: they are put back after the split.
    lines = [
        line.replace(ALB, "@").replace("|", "\t").replace("@", ALB) for line in (header, *rows)
    ]
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def read(folder, quantity="auto", samples=None, **kwargs):
    return read_maxquant(read_table(write(folder, **kwargs)), samples, quantity)


def test_lfq_is_read_by_default(tmp_path):
    matrix = read_matrix(write(tmp_path))

    assert matrix.values.index.tolist() == ["s1", "s2"]
    assert matrix.values.columns.tolist() == ["P02768;P02768-2", "P01034"]
    assert matrix.values["P02768;P02768-2"].tolist() == [1000, 2000]
    assert matrix.values["P01034"].isna().tolist() == [True, False]
    assert (matrix.scale, matrix.kind, matrix.quantity_scope) == ("raw", "intensity", "cohort")
    assert matrix.source.format == "maxquant"
    assert "2 columns of lfq" in matrix.source.why


def test_what_is_removed_is_counted(tmp_path):
    """By hand: CON__ twice (one unmarked), REV__ once, by site twice, one of them reverse."""
    assert read(tmp_path).notes == (
        "Removed 4 of 6 protein groups: 2 contaminants, 1 reverse sequences, 2 only identified by "
        "site; some are counted twice.",
    )


@pytest.mark.parametrize(
    ("quantity", "values", "scope"),
    [
        ("lfq", [1000, 2000], "cohort"),
        ("intensity", [100, 200], "run"),
        ("ibaq", [10, 20], "run"),
        ("iBAQ s", [10, 20], "run"),
        ("LFQ intensity", [1000, 2000], "cohort"),
        ("LFQ", [1000, 2000], "cohort"),
        ("iBAQ", [10, 20], "run"),
        ("Intensity", [100, 200], "run"),
    ],
)
def test_the_quantity_can_be_chosen(tmp_path, quantity, values, scope):
    matrix = read_matrix(write(tmp_path), quantity=quantity, scale="raw")
    assert matrix.values["P02768;P02768-2"].tolist() == values
    assert matrix.quantity_scope == scope


def test_totals_are_never_samples(tmp_path):
    header = HEADER.replace("LFQ intensity s1|LFQ intensity s2|", "Score|Mass|")
    for quantity in ("auto", "intensity", "ibaq"):
        assert read(tmp_path, quantity, header=header).values.index.tolist() == ["s1", "s2"]
    totals = "Majority protein IDs|Intensity|iBAQ|iBAQ peptides"
    with pytest.raises(InputError, match=r"no quantity columns .* found Majority protein IDs"):
        read(tmp_path, header=totals, rows=["P1|1|2|3"])


def test_reporter_intensities_go_before_summed_ones(tmp_path):
    header = (
        "Protein IDs|Intensity p1|Reporter intensity count 1 p1|Reporter intensity 1 p1|"
        "Reporter intensity corrected 1 p1|Reporter intensity corrected 2 p1"
    )
    rows = ["P1|9|1|7|70|80"]
    assert read(tmp_path, header=header, rows=rows).values["P1"].to_dict() == {
        "1 p1": 70,
        "2 p1": 80,
    }
    plain = header.replace(" corrected", " raw")
    assert read(tmp_path, "reporter", header=plain, rows=rows).values.index[0] == "1 p1"


@pytest.mark.parametrize("quantity", ["Reporter intensity", "Reporter intensity corrected"])
def test_counts_and_sums_are_no_reporter_intensities(tmp_path, quantity):
    header = (
        "Protein IDs|Reporter intensity corrected 1|Reporter intensity corrected 1 p1|"
        "Reporter intensity 1 p1|Reporter intensity count 1 p1"
    )
    result = read(tmp_path, quantity, header=header, rows=["P1|170|70|7|1"])
    assert result.values["P1"].to_dict() == {"1 p1": 70}
    assert result.samples.loc["1 p1"].to_dict() == {"channel": "1", "plex": "p1"}


def test_groups_beside_bare_sample_names_are_read_as_a_wide_table_where_asked(tmp_path):
    path = write(tmp_path, "Majority protein IDs|Gene names|s1|s2", ["P02768|ALB|1000|2000"])
    with pytest.raises(InputError, match="or --format wide if the other columns are samples"):
        read_matrix(path)
    matrix = read_matrix(path, format="wide")
    assert matrix.values["P02768"].to_dict() == {"s1": 1000, "s2": 2000}


def test_old_names_and_names_changed_by_r(tmp_path):
    old = HEADER.replace("Potential contaminant", "Contaminant")
    mangled = HEADER.replace(" ", ".").replace("/", ".")
    for header in (old, mangled):
        result = read(tmp_path, header=header)
        assert result.values.columns.tolist() == ["P02768;P02768-2", "P01034"]
        assert result.values.loc["s2", "P01034"] == 500


def test_a_stripped_table_says_what_it_could_not_filter(tmp_path):
    header = "LFQ_02_TP1|LFQ_02_TP2|Potential contaminant|Intensity|Majority protein IDs|Gene names"
    result = read(tmp_path, header=header, rows=["1e9|nan||5|P1|ALB", "1|2|+|5|P2|KRT1"])

    assert result.values.index.tolist() == ["02_TP1", "02_TP2"]
    assert result.proteins.loc["P1", "gene"] == "ALB"
    assert result.notes[1] == (
        "The table has no column 'reverse', 'only identified by site' to filter by."
    )


def test_proteins_are_described_by_columns_or_fasta_headers(tmp_path):
    told = read(tmp_path).proteins
    assert told.loc["P02768;P02768-2"].to_dict() == {
        "accessions": "P02768;P02768-2",
        "gene": "ALB",
        "name": "Albumin",
    }
    assert told.loc["P01034", ["gene", "name"]].tolist() == ["", ""]


def test_samples_may_be_named_by_the_whole_column(tmp_path):
    sheet = pd.DataFrame(index=["LFQ intensity s2"])
    assert "LFQ intensity s2" in read(tmp_path, samples=sheet).values.index
    matrix = read_matrix(write(tmp_path), pd.DataFrame({"sample_id": ["s2"]}))
    assert matrix.values.index.tolist() == ["s2"]
    assert (
        matrix.source.notes[-1] == "Left out, not in the sample sheet: 1 sample of the matrix (s1)."
    )


def test_rows_trimmed_inside_unread_columns_are_read_and_said(tmp_path):
    assert cells_needed(HEADER.split("|")) == 17
    assert cells_needed(["sample_id", "P1"]) == 2

    rows = [ROWS[0], ROWS[1].rsplit("|", 2)[0], *ROWS[2:5]]
    table = read_table(write(tmp_path, rows=rows), required=cells_needed)
    assert "1 rows end early" in table.notes[0]
    assert read_maxquant(table).values.loc["s2", "P01034"] == 500

    rows[1] = ROWS[1].rsplit("|", 7)[0]
    with pytest.raises(InputError, match="row 3 has 12 cells, expected 19"):
        read_table(write(tmp_path, rows=rows), required=cells_needed)


@pytest.mark.parametrize(
    ("quantity", "header", "rows", "message"),
    [
        (
            "reporter",
            HEADER,
            ROWS,
            "no sample columns for --quantity 'reporter'; the table has lfq, i",
        ),
        ("nonsense", "Protein IDs|x", ["P1|2"], "'nonsense'; the table has none that is known"),
        ("auto", HEADER, ROWS[2:5], "all 3 protein groups are contaminants"),
        ("auto", HEADER, [ROWS[0], ROWS[0]], r"duplicate protein ids.*\(rows 2, 3\)"),
        ("auto", "Intensity s1|Ratio H/L|Protein IDs", ["5|1|P1"], "a SILAC table"),
        ("lfq", "LFQ intensity s1|Gene names", ["5|ALB"], "no column 'Majority protein IDs' or"),
        ("auto", HEADER, [ROWS[0].replace("|2000|", "|high|")], "row 2, column 'LFQ intensity s2'"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, quantity, header, rows, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, quantity, header=header, rows=rows)


def test_recognition():
    assert is_maxquant(["Protein IDs", "Intensity s1"])
    assert is_maxquant(["Majority.protein.IDs"])
    assert not is_maxquant(["Protein IDs", "Intensity"])
    assert not is_maxquant(["sample_id", "P02768"])


def test_the_other_quantities_are_named(tmp_path):
    assert "2 columns of lfq (also there: ibaq, intensity)" in read(tmp_path).why
    assert "also there" not in read(tmp_path, header="Protein IDs|Intensity s", rows=["P1|9"]).why


def test_only_what_is_needed_is_read(tmp_path):
    """Text in a column that nobody asked for is no matter; asked for, it is an error."""
    header = HEADER.replace("|id|", "|Peptides s1|")
    rows = [ROWS[0], ROWS[1].replace("|90|40|50|", "|90|?|50|")]
    matrix = read_matrix(write(tmp_path, header=header, rows=rows))
    assert matrix.values.loc["s2", "P01034"] == 500
    with pytest.raises(InputError, match=r"row 3, column 'Intensity s1': '\?'"):
        read_matrix(write(tmp_path, header=header, rows=rows), quantity="intensity")
    names = HEADER.split("|")
    assert columns_needed(names, "ibaq") == [
        *names[:3],
        *("iBAQ s1", "iBAQ s2", "Only identified by site", "Reverse", "Potential contaminant"),
    ]
    assert columns_needed(names, "absent") == names


CHANNELS = (
    "Protein IDs|Reporter intensity corrected 1|Reporter intensity corrected 2|"
    "Reporter intensity 1|Reporter intensity count 1|"
    "Reporter intensity corrected 1 exp1|Reporter intensity corrected 2 exp1|"
    "Reporter intensity corrected 1 exp2|Reporter intensity corrected 2 exp2"
)


def test_channels_know_their_plex(tmp_path):
    """The bare channels are sums over the experiments beside them."""
    rows = ["P1|10000|20000|9|3|4000|8000|6000|12000"]
    matrix = read_matrix(write(tmp_path, header=CHANNELS, rows=rows))
    assert matrix.values["P1"].to_dict() == {
        "1 exp1": 4000,
        "2 exp1": 8000,
        "1 exp2": 6000,
        "2 exp2": 12000,
    }
    assert matrix.samples["plex"].tolist() == ["exp1", "exp1", "exp2", "exp2"]
    assert matrix.samples["channel"].astype(str).str[0].tolist() == ["1", "2", "1", "2"]
    assert matrix.source.notes[0] == (
        "Left out, sums over experiments: 2 columns (Reporter intensity corrected 1, Reporter "
        "intensity corrected 2)."
    )


def test_one_plex_has_bare_channels(tmp_path):
    header = "Protein IDs|Reporter intensity corrected 1|Reporter intensity corrected 2"
    matrix = read_matrix(write(tmp_path, header=header, rows=["P1|10000|20000"]))
    assert matrix.values.index.tolist() == ["1", "2"]
    assert "plex" not in matrix.samples


def test_reporter_ions_of_old_versions(tmp_path):
    """Before 1.6.1 the corrected ones had no mark and stood beside "not corrected"."""
    header = (
        "Protein IDs|Reporter intensity not corrected 0 e|Reporter intensity 0 e|"
        "Reporter intensity count 0 e"
    )
    assert read(tmp_path, header=header, rows=["P1|9|70|1"]).values["P1"].to_dict() == {"0 e": 70}
    alone = "Protein IDs|Reporter intensity not corrected 0 e"
    assert read(tmp_path, header=alone, rows=["P1|9"]).values["P1"].to_dict() == {"0 e": 9}


def test_light_and_heavy_forms_are_refused(tmp_path):
    header = "Protein IDs|Intensity L|Intensity H|Intensity s1|Intensity L s1|Intensity H s1"
    with pytest.raises(InputError, match="a SILAC table"):
        read(tmp_path, header=header, rows=["P1|1|2|3|1|2"])
    named = "Protein IDs|Intensity L|Intensity H"
    assert read(tmp_path, header=named, rows=["P1|1|2"]).values.index.tolist() == ["L", "H"]


def test_rows_that_perseus_adds_are_left_out(tmp_path):
    header = "LFQ intensity s1|LFQ intensity s2|Potential contaminant|Majority protein IDs"
    rows = ["#!{Type}E|E|C|T", "#!{C:Group}a|b||", "25.5|NaN||P1", "21.25|22||P2", "20|20|+|P3"]
    matrix = read_matrix(write(tmp_path, header=header, rows=rows))
    assert (matrix.scale, matrix.values.shape) == ("log2", (2, 2))
    assert matrix.values["P2"].tolist() == [21.25, 22]
    assert matrix.source.notes[0] == "Left out: 2 annotation rows of Perseus."


def test_log2_values_are_told_by_the_numbers(tmp_path):
    header = "Majority protein IDs|LFQ intensity s1|LFQ intensity s2"
    matrix = read_matrix(write(tmp_path, header=header, rows=["P1|25.5|24.5", "P2|31|0"]))
    assert matrix.scale == "log2"
    assert matrix.values["P2"].tolist() == [31, 0]
