"""FragPipe's combined_protein, as TSV and CSV, old and new, and TMT-Integrator's tables."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats.fragpipe import recognise
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import look_at

HEADER = (
    "Protein|Protein ID|Entry Name|Gene|Protein Length|Organism|Description|Protein Probability|"
    "Combined Total Peptides|Combined Spectral Count|a Spectral Count|b Spectral Count|"
    "a Unique Spectral Count|b Unique Spectral Count|a Intensity|b Intensity|"
    "a MaxLFQ Intensity|b MaxLFQ Intensity|Indistinguishable Proteins"
)
ROWS = (
    "sp@P02768@ALBU_HUMAN|P02768|ALBU_HUMAN|ALB|609|Homo sapiens|Albumin|1|9|7|3|4|1|2|"
    "900.5|800|500|0|",
    "sp@P01824@HV439_HUMAN|P01824|HV439_HUMAN|IGHV4-39|139|Homo sapiens|Heavy 4-39|1|9|7|5|6|1|2|"
    "300|400|0|700.25|sp@P01825@HV459_HUMAN, contam_sp@P00761@TRYP_PIG, sp@P06331@HV434_HUMAN",
    "contam_sp@P00761@TRYP_PIG|P00761|TRYP_PIG||231|Sus scrofa|Trypsin|1|9|7|8|9|1|2|1|2|3|4|",
    "rev_sp@P01034@CYTC|P01034|CYTC|CST3|146|Homo sapiens|Cystatin|1|9|7|8|9|1|2|1|2|3|4|",
)


def write(folder, header=HEADER, rows=ROWS, name="combined_protein.tsv", mark="\t", ends="\n"):
    lines = [line.split("|") for line in (header, *rows)]
    cells = [[cell.replace("@", "|") for cell in line] for line in lines]
    path = folder / name
    with path.open("w", encoding="utf-8-sig" if mark == "," else "utf-8", newline="") as file:
        csv.writer(file, delimiter=mark, lineterminator=ends).writerows(cells)
    return path


def test_maxlfq_is_read_by_default_and_zeros_are_missing(tmp_path):
    matrix = read_matrix(write(tmp_path))

    assert matrix.source.format == "fragpipe"
    assert matrix.values.index.tolist() == ["a", "b"]
    assert matrix.values.columns.tolist() == ["P02768", "P01824;P01825;P06331"]
    assert matrix.values["P02768"].tolist()[0] == 500
    assert np.isnan(matrix.values["P02768"].tolist()[1])
    assert (matrix.scale, matrix.kind, matrix.quantity_scope) == ("raw", "intensity", "cohort")
    assert matrix.proteins.loc["P01824;P01825;P06331"].tolist() == [
        "P01824;P01825;P06331",
        "IGHV4-39",
        "Heavy 4-39",
    ]
    assert "2 columns of maxlfq (also there: intensity, spectral-count" in matrix.source.why


def test_contaminants_and_decoys_are_counted(tmp_path):
    """By hand: one row starts with contam_, one with rev_."""
    assert read_matrix(write(tmp_path)).source.notes == (
        "Removed 2 of 4 proteins: 1 contaminants, 1 decoys.",
    )
    plain = read_matrix(write(tmp_path, rows=ROWS[:2]))
    assert plain.source.notes == (
        "No protein carries the mark of a contaminant (contam_) or of a decoy (rev_); none was "
        "removed.",
    )


@pytest.mark.parametrize(
    ("quantity", "values", "scope"),
    [
        ("maxlfq", [500, None], "cohort"),
        ("intensity", [900.5, 800], "run"),
        ("spectral-count", [3, 4], "run"),
        ("unique-spectral-count", [1, 2], "run"),
    ],
)
def test_the_quantity_can_be_chosen(tmp_path, quantity, values, scope):
    scale = "raw" if "unique" in quantity else "auto"
    matrix = read_matrix(write(tmp_path), quantity=quantity, scale=scale)
    found = matrix.values["P02768"].tolist()
    assert [None if np.isnan(x) else x for x in found] == values
    assert matrix.quantity_scope == scope
    assert matrix.scale == "raw"


def test_every_kind_of_maxlfq_is_computed_across_runs(tmp_path):
    header = HEADER.replace("MaxLFQ Intensity", "MaxLFQ Razor Intensity")
    matrix = read_matrix(write(tmp_path, header), quantity="maxlfq-razor")
    assert matrix.quantity_scope == "cohort"


def test_the_csv_form_and_names_changed_by_r(tmp_path):
    whole = read_matrix(write(tmp_path))
    comma = write(tmp_path, name="combined.csv", mark=",", ends="\r\n")
    dotted = write(tmp_path, header=HEADER.replace(" ", "."), name="r.tsv")
    for path in (comma, dotted):
        again = read_matrix(path)
        assert again.source.format == "fragpipe"
        assert again.values.equals(whole.values)
        assert again.proteins.equals(whole.proteins)


def test_old_philosopher_tables(tmp_path):
    header = (
        "Protein Group|SubGroup|Protein|Protein ID|Entry Name|Gene Names|Description|"
        "Summarized Total Spectral Count|S1 Total Intensity|S1 Unique Intensity|S1 Razor Intensity"
    )
    rows = ["1|a|sp@P02768@ALBU|P02768|ALBU|ALB|Albumin|9|300|100|200.5"]
    path = write(tmp_path, header, rows)
    assert read_matrix(path).values.loc["S1", "P02768"] == 200.5
    assert read_matrix(path).proteins.loc["P02768", "gene"] == "ALB"
    assert read_matrix(path, quantity="unique-intensity").values.loc["S1", "P02768"] == 100
    assert read_matrix(path, quantity="total-intensity").values.loc["S1", "P02768"] == 300


def test_a_last_column_trimmed_by_an_editor(tmp_path):
    rows = [ROWS[0].removesuffix("|"), ROWS[1]]
    matrix = read_matrix(write(tmp_path, rows=rows))
    assert matrix.values.shape == (2, 2)
    assert "1 rows end early" in matrix.source.notes[0]


TMT = "Index|NumberPSM|Gene|MaxPepProb|Protein|Protein ID|ReferenceIntensity|p1_a|p1_b|RefInt_p1"
TMT_ROWS = (
    "P02768|9|ALB|0.99|sp@P02768@ALBU|P02768|24.5|24.7|24.1|24.5",
    "P01034|4|CST3|0.99|sp@P01034@CYTC|P01034|19.5|NA|19.1|19.5",
    "P00761|4||0.99|contam_sp@P00761@TRYP|P00761|19.5|1|19.1|19.5",
)


def test_an_abundance_table_of_tmt_integrator(tmp_path):
    matrix = read_matrix(write(tmp_path, TMT, TMT_ROWS, "abundance_protein_MD.tsv"))
    assert matrix.values.index.tolist() == ["p1_a", "p1_b"]
    assert matrix.values["P02768"].tolist() == [24.7, 24.1]
    assert np.isnan(matrix.values.loc["p1_a", "P01034"])
    assert (matrix.scale, matrix.kind, matrix.quantity_scope) == ("log2", "intensity", "cohort")
    assert matrix.proteins.loc["P01034", ["gene", "accessions"]].tolist() == ["CST3", "P01034"]
    assert matrix.source.notes[0] == "Removed 1 of 3 proteins: 1 contaminants."
    assert "normalised the channels together" in matrix.source.notes[1]


def test_a_ratio_table_of_genes(tmp_path):
    header = "Index|NumberPSM|ProteinID|MaxPepProb|ReferenceIntensity|a|b"
    rows = ["ALB|9|P02768|0.99|24.5|0.25|-0.5", "CST3|9|P01034|0.99|24.5|-0.25|0"]
    matrix = read_matrix(write(tmp_path, header, rows, "ratio_gene_MD.tsv"))
    assert (matrix.scale, matrix.kind) == ("log2", "ratio")
    assert matrix.values["CST3"].tolist() == [-0.25, 0]
    assert matrix.proteins["gene"].tolist() == ["ALB", "CST3"]


@pytest.mark.parametrize(
    ("header", "rows", "quantity", "message"),
    [
        (HEADER, ROWS, "lfq", "no sample columns for --quantity 'lfq'; the table has maxlfq, int"),
        (
            HEADER.replace("Gene|", "Peptide Sequence|"),
            ROWS,
            "auto",
            "a table of peptides or sites",
        ),
        (HEADER, [ROWS[0], ROWS[0]], "auto", r"duplicate protein ids.*'P02768' \(rows 2, 3\)"),
        (
            HEADER,
            [ROWS[0].replace("|500|", "|high|")],
            "auto",
            "row 2, column 'a MaxLFQ Intensity'",
        ),
        (
            HEADER,
            [ROWS[0].replace("|500|", "|0|")],
            "auto",
            "every cell of maxlfq is zero or empty",
        ),
        (HEADER, ROWS[2:], "auto", "all 2 proteins are contaminants or decoys"),
        (TMT, TMT_ROWS, "maxlfq", "picks among the quantities .* TMT-Integrator"),
        (TMT.split("|p1_a")[0], ["P1|9|A|1|P1|P1|3"], "auto", "no sample column after 'Reference"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, header, rows, quantity, message):
    with pytest.raises(InputError, match=message) as caught:
        read_matrix(write(tmp_path, header, rows), quantity=quantity)
    assert "\n" not in str(caught.value)


def test_another_table_asked_for_as_fragpipe(tmp_path):
    path = tmp_path / "wide.tsv"
    path.write_text("protein\ta Intensity\nP1\t5\n")
    with pytest.raises(InputError, match=r"no column 'Protein ID'; expected FragPipe"):
        read_matrix(path, format="fragpipe")


def test_a_table_without_samples_is_still_fragpipes(tmp_path):
    header = "Protein|Protein ID|Entry Name|Gene|Protein Length|Combined Spectral Count"
    path = write(tmp_path, header, ["sp@P1@A|P1|A|A|146|9"])
    with pytest.raises(InputError, match=r"no sample columns for --quantity 'auto'; .* none that"):
        read_matrix(path)


def test_a_table_of_one_run_is_not_read_as_a_wide_one(tmp_path):
    """Philosopher's protein.tsv: its counts are no samples; TMT channels may stand behind them."""
    header = (
        "Protein|Protein ID|Entry Name|Gene|Length|Total Peptides|Unique Peptides|Razor Peptides|"
        "Total Intensity|Unique Intensity|Razor Intensity|Razor Assigned Modifications|s126|s127N"
    )
    path = write(tmp_path, header, ["sp@P1@A|P1|A|A|146|9|8|7|900|800|700||60.5|70.5"])
    with pytest.raises(InputError, match=r"none that is known; give combined_protein.tsv, or list"):
        read_matrix(path)
    sheet = pd.DataFrame({"sample_id": ["s126", "s127N"]})
    assert read_matrix(path, sheet, format="wide").values["sp|P1|A"].tolist() == [60.5, 70.5]


@pytest.mark.parametrize(
    "names", [("Total", "Unique"), ("MaxLFQ", "x"), ("A Razor", "B"), ("my Total", "A.Unique")]
)
@pytest.mark.parametrize("quantity", ["auto", "intensity", "unique-intensity", "spectral-count"])
def test_samples_named_as_quantities_are_samples(tmp_path, names, quantity):
    kinds = [
        *("Spectral Count", "Unique Spectral Count", "Total Spectral Count", "Intensity"),
        *("Unique Intensity", "Total Intensity", "MaxLFQ Intensity"),
    ]
    columns = [f"{name} {kind}" for kind in kinds for name in names]
    header = "|".join(["Protein", "Protein ID", "Entry Name", "Combined Spectral Count", *columns])
    cells = [str(100 + i) for i in range(len(columns))]
    matrix = read_matrix(
        write(tmp_path, header, ["|".join(["sp@P1@A", "P1", "A", "9", *cells])]), quantity=quantity
    )
    at = {"auto": 6, "intensity": 3, "unique-intensity": 4, "spectral-count": 0}[quantity]
    assert matrix.values.index.tolist() == list(names)
    assert matrix.values["P1"].tolist() == [100 + 2 * at, 101 + 2 * at]


def test_recognition(tmp_path):
    assert "one of maxlfq for each sample" in recognise(look_at(write(tmp_path)))
    assert "TMT-Integrator" in recognise(look_at(write(tmp_path, TMT, TMT_ROWS)))
    for header in ("Protein ID|Entry Name|s1", "Protein|Intensity a", "sample_id|P02768 Intensity"):
        assert recognise(look_at(write(tmp_path, header, ["a|" * header.count("|") + "1"]))) == ""


SAMPLE = st.text("abcXYZ019_-", min_size=1, max_size=6).map(lambda name: f"s{name}")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(SAMPLE, min_size=1, max_size=4, unique=True),
    values=st.lists(st.floats(65, 1e12), min_size=4, max_size=4),
    quantity=st.sampled_from(["MaxLFQ Intensity", "Intensity", "Razor Intensity"]),
)
def test_sample_names_and_numbers_come_back(tmp_path, names, values, quantity):
    header = "|".join(["Protein", "Protein ID", "Entry Name", *(f"{n} {quantity}" for n in names)])
    row = "|".join(["sp@P02768@X", "P02768", "X", *map(repr, values[: len(names)])])
    matrix = read_matrix(write(tmp_path, header, [row]))
    assert matrix.values.index.tolist() == names
    assert matrix.values["P02768"].tolist() == values[: len(names)]


@pytest.mark.realdata
def test_the_urine_cohort(data_folder):
    """Counts by the csv module: rows, samples and zeros of its own reading of the file."""
    path = data_folder / "puv_urine_fragpipe/combined_protein.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    at = [i for i, name in enumerate(header) if name.endswith(" MaxLFQ Intensity")]
    zeros = sum(float(row[i]) == 0 for row in rows for i in at)

    matrix = read_matrix(path)
    assert (len(rows), len(at), zeros) == (3375, 40, 80726)
    assert matrix.values.shape == (40, 3375)
    groups = matrix.values.index.str.rstrip("0123456789").value_counts().to_dict()
    assert groups == {"Case": 20, "Control": 20}
    assert int(matrix.values.isna().to_numpy().sum()) == zeros
    assert matrix.values.iloc[0, 5] == float(rows[5][at[0]]) or float(rows[5][at[0]]) == 0


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "rows", "shape", "why"),
    [
        # awk -F'\t' 'NR>1 && $1 !~ /^contam_/' | wc -l; columns by grep -c of the header
        ("protdata/combined_protein.tsv", 7687, (6, 7682), "6 columns of maxlfq"),
        ("alphapeptstats/combined_proteins.tsv", 10, (20, 10), "20 columns of razor-intensity"),
    ],
)
def test_vendor_files(data_folder, name, rows, shape, why):
    path = data_folder / "vendor_formats" / name
    assert len(path.read_text().splitlines()) - 1 == rows
    matrix = read_matrix(path)
    assert matrix.values.shape == shape
    assert why in matrix.source.why
