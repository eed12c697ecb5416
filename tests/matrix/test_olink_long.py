"""Long tables of NPX: what becomes a row, what is left out, and what is refused."""

import csv
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.formats.registry import find_format
from proteoclass.matrix.tables.preview import look_at

HT = (
    "SampleID;SampleType;PlateID;OlinkID;UniProt;Assay;AssayType;Panel;Count;ExtNPX;NPX;LOD;"
    "SampleQC;AssayQC"
)
ROWS = (
    "s1;SAMPLE;P1;OID40001;P10145;CXCL8;assay;Explore_HT;500;9.5;2.5;1.0;PASS;PASS",
    "s1;SAMPLE;P1;OID40002;Q8NEV9_Q14213;EBI3_IL27;assay;Explore_HT;0;0;-1.5;1.0;PASS;WARN",
    "s2;SAMPLE;P1;OID40001;P10145;CXCL8;assay;Explore_HT;500;9.5;0;1.0;FAIL;PASS",
    "s2;SAMPLE;P1;OID40002;Q8NEV9_Q14213;EBI3_IL27;assay;Explore_HT;0;0;NA;1.0;FAIL;WARN",
)


def write(folder, rows=ROWS, header=HT, name="npx.csv"):
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def read(path, **options):
    seen = look_at(path)
    found, _ = find_format(seen, "olink")
    return found.read(Request(seen, **options))


def test_a_table_with_semicolons(tmp_path):
    path = write(tmp_path)
    assert find_format(look_at(path))[0].name == "olink"
    result = read(path)

    assert result.values.loc["s1"].tolist() == [2.5, -1.5]
    assert result.values.loc["s2", "OID40001"] == 0.0
    assert np.isnan(result.values.loc["s2", "OID40002"])
    assert result.proteins.loc["OID40002"].to_dict() == {
        "accessions": "Q8NEV9;Q14213",
        "gene": "",
        "name": "EBI3_IL27",
        "panel": "Explore_HT",
    }
    assert (result.scale, result.kind) == ("log2", "npx")
    assert result.samples.to_dict("list") == {"batch": ["P1", "P1"], "qc_warning": ["Pass", "FAIL"]}
    assert result.why.endswith("values of NPX (not ExtNPX)")
    assert result.notes == (
        "QC warnings by Olink on 1 of 2 samples, kept: s2.",
        "Assay warnings by Olink on 2 of 4 values, kept.",
        # by hand: -1.5 and 0 of three values
        "Under the assay's limit of detection: 2 of 3 values (66.7 %), kept as they are.",
    )


def test_parquet_says_the_same(tmp_path):
    text = read(write(tmp_path))
    frame = pd.read_csv(write(tmp_path), sep=";")
    frame.to_parquet(tmp_path / "npx.parquet", row_group_size=2)
    parquet = read(tmp_path / "npx.parquet")
    pd.testing.assert_frame_equal(parquet.values, text.values)
    pd.testing.assert_frame_equal(parquet.proteins, text.proteins)
    assert parquet.notes == text.notes


def test_tabs_commas_gzip_and_decimal_commas(tmp_path):
    import gzip

    expected = read(write(tmp_path)).values
    lines = (HT, *ROWS)
    (tmp_path / "b.tsv").write_text("\n".join(lines).replace(";", "\t"))
    (tmp_path / "c.csv").write_text("\n".join(lines).replace(";", ","))
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "e.csv").write_text("\n".join(lines).replace(".", ","))
    for name in ("b.tsv", "c.csv", "d.csv.gz", "e.csv"):
        result = read(tmp_path / name)
        pd.testing.assert_frame_equal(result.values, expected)
        assert ("Decimal commas were read as decimal points." in result.notes) == (name == "e.csv")


def test_another_npx_column_can_be_chosen(tmp_path):
    path = write(tmp_path)
    assert read(path, quantity="extnpx").values.loc["s1", "OID40001"] == 9.5
    with pytest.raises(InputError, match=r"'lfq' is not in the table, which has NPX, ExtNPX"):
        read(path, quantity="lfq")


def test_controls_are_left_out_and_counted(tmp_path):
    rows = [
        *ROWS,
        "N1;NEGATIVE_CONTROL;P1;OID40001;P10145;CXCL8;assay;Explore_HT;0;0;9;1;PASS;PASS",
        "s1;SAMPLE;P1;OID40003;X;Extension control 1;ext_ctrl;Explore_HT;0;0;9;1;PASS;PASS",
        "control 7;SAMPLE;P1;OID40001;P10145;CXCL8;assay;Explore_HT;0;0;3;1;PASS;PASS",
    ]
    result = read(write(tmp_path, rows))
    # The file's own word for a sample goes before its name.
    assert result.values.index.tolist() == ["s1", "s2", "control 7"]
    assert result.values.columns.tolist() == ["OID40001", "OID40002"]
    assert "Left out: 1 control sample by Olink's names (N1)" in result.notes[0]
    assert result.notes[1] == "Left out: 1 internal control of the assay (Extension control 1)."
    with pytest.raises(InputError, match=r"all rows are of controls by Olink's names \(N1\)"):
        read(write(tmp_path, rows[4:5]))


OLD = "SampleID,UniProt,Assay,NPX,Panel,PlateID,QC_Warning"


def test_two_panels_of_one_protein_stay_two_columns(tmp_path):
    rows = [
        "s1,P10145,IL8,1,CM,C1,Pass",
        "s1,P10145,IL8,2,INF,I1,Warning",
        "s1,P80098,MCP-3,3,INF,I1,Warning",
    ]
    result = read(write(tmp_path, rows, OLD))
    assert result.values.loc["s1"].to_dict() == {"P10145 (CM)": 1, "P10145 (INF)": 2, "P80098": 3}
    assert result.samples.loc["s1"].tolist() == ["C1; I1", "INF: Warning"]


def test_a_repeat_on_another_plate_stays_a_row(tmp_path):
    rows = [
        "s1,P10145,IL8,1,CM,C1,Pass",
        "s1,P80098,MCP-3,2,INF,I1,Pass",
        "s2,P10145,IL8,7,CM,C1,Pass",
        "s1,P10145,IL8,3,CM,C2,Warning",
        "s1,P80098,MCP-3,4,INF,I2,Pass",
    ]
    result = read(write(tmp_path, rows, OLD))
    assert result.values.index.tolist() == ["s1", "s2", "s1"]
    assert result.values.to_numpy()[[0, 2]].tolist() == [[1, 2], [3, 4]]
    assert result.samples["batch"].tolist() == ["C1; I1", "C1", "C2; I2"]
    assert result.samples["qc_warning"].tolist() == ["Pass", "Pass", "CM: Warning"]
    assert result.notes[0] == (
        "On several plates of one panel: 1 sample (s1): 2 rows, each with its plate."
    )


def test_a_gene_column_of_the_file_is_taken(tmp_path):
    header = "SampleID,UniProt,GeneID,Assay,NPX,Panel"
    result = read(write(tmp_path, ["s1,P13726,F3,TF,1.5,CVD"], header))
    assert result.proteins.loc["P13726", ["gene", "name"]].tolist() == ["F3", "TF"]


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (OLD, ["s1,P1,A,1,CM,C1,Pass"] * 2, r"2 rows repeat .* rows 2, 3 \(samples s1\)"),
        (OLD, ["s1,P1,A,1,CM,C1,Pass", ",P1,A,1,CM,C1,Pass"], r"1 row without a .* \(rows 3\)"),
        (OLD, ["s1,P1,A,x,CM,C1,Pass"], "row 2, column 'NPX': found 'x', expected a number"),
        (OLD, ["s1,P1,A,1,CM,C1,Pass", "s2,P1,A"], "row 3 has 3 cells, expected 7"),
        (OLD, ["s1,P1,A,inf,CM,C1,Pass"], "row 2, column 'NPX': an infinite number"),
        ("SampleID,UniProt,x", ["s1,P1,1"], "no column NPX; found SampleID, UniProt, x"),
        ("Name,x", ["s1,1"], "no column SampleID, OlinkID, NPX; found Name, x"),
        (
            "SampleID,OlinkID,UniProt,NPX",
            ["s1,OID1,P10145,1", "s2,OID1,P80098,1"],
            "1 assay numbers stand for two proteins: OID1",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, header, rows, message):
    with pytest.raises(InputError, match=message):
        read(write(tmp_path, rows, header))


def test_a_mixture_of_decimal_marks_is_refused(tmp_path):
    rows = [ROWS[0].replace("2.5", "2,5"), ROWS[1]]
    with pytest.raises(InputError, match=r"expected a number"):
        read(write(tmp_path, rows))


def test_no_sheet_no_rows_and_too_many_cells(tmp_path, monkeypatch):
    path = write(tmp_path)
    with pytest.raises(InputError, match=r"is not a workbook and has no sheet 'A'; drop --sheet"):
        read(path, sheet="A")
    pd.read_csv(path, sep=";").iloc[:0].to_parquet(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="has columns and no rows; export the table again"):
        read(tmp_path / "none.parquet")
    monkeypatch.setattr("proteoclass.matrix.formats.olink_rows.MAX_CELLS", 3)
    with pytest.raises(InputError, match="makes 2 samples x 2 assays, at most 3 cells"):
        read(path)
    monkeypatch.setattr("proteoclass.matrix.formats.olink_rows.MAX_CELLS", 1)
    with pytest.raises(InputError, match="has more than 2 rows, the most read"):
        read(path)


@pytest.mark.parametrize(
    "header",
    ["sample_id,OID00471,OID00472", "SampleID,UniProt,Assay,Panel", "Assay,OlinkID,NPX", "NPX,x"],
)
def test_other_tables_are_not_taken(tmp_path, header):
    path = write(tmp_path, [",".join("1" for _ in header.split(","))], header)
    assert find_format(look_at(path))[0].name == "wide"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cells=st.dictionaries(
        st.tuples(st.integers(0, 4), st.integers(0, 4)), st.floats(-20, 40), min_size=1
    ),
    order=st.randoms(use_true_random=False),
)
def test_what_is_written_is_read_in_any_order_of_rows(tmp_path, cells, order):
    """Each value comes back at its sample and assay; what was not written is missing."""
    rows = [f"s{s},OID0000{a},P1000{a},A{a},{v!r}" for (s, a), v in cells.items()]
    order.shuffle(rows)
    found = read(write(tmp_path, rows, "SampleID,OlinkID,UniProt,Assay,NPX")).values
    for (s, a), value in cells.items():
        assert found.loc[f"s{s}", f"OID0000{a}"] == value
    assert int(found.notna().to_numpy().sum()) == len(cells)


@pytest.mark.realdata
def test_the_gisby_cohort(data_folder):
    """csv module: 27,371 rows, 63 samples, 436 distinct (UniProt, Panel) on 5 panels, no pair
    twice for a sample; so 63 x 436 - 27,371 = 97 cells are missing."""
    path = data_folder / "gisby_serum_olink_long/serum_npx_level.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    pairs = {(row["UniProt"], row["Panel"]) for row in rows}
    samples = list(dict.fromkeys(row["SampleID"] for row in rows))
    assert (len(rows), len(samples), len(pairs)) == (27371, 63, 436)
    panels = Counter(panel for _, panel in pairs)

    assert find_format(look_at(path))[0].name == "olink"
    result = read(path)

    assert result.values.shape == (63, 436)
    assert result.values.index.tolist() == samples
    assert int(result.values.isna().to_numpy().sum()) == 63 * 436 - 27371
    assert result.proteins["panel"].value_counts().to_dict() == panels
    assert result.values.to_numpy()[~result.values.isna().to_numpy()].sum() == pytest.approx(
        sum(float(row["NPX"]) for row in rows)
    )
    assert result.proteins.loc["Q8NEV9;Q14213", "gene"] == "EBI3"


def test_plates_of_one_name_belong_together_whatever_their_order(tmp_path):
    # The second panel lists its plates the other way round: they were mixed up by order.
    rows = [
        *("s1,P1,A1,1,PA,X,Pass", "s1,P1,A1,2,PA,Y,Pass"),
        *("s1,P2,A2,20,PB,Y,Pass", "s1,P2,A2,10,PB,X,Pass"),
        *("s2,P1,A1,3,PA,X,Pass", "s2,P1,A1,4,PA,Y,Pass", "s2,P2,A2,40,PB,Y,Pass"),
    ]
    result = read(write(tmp_path, rows, OLD))
    assert result.samples["batch"].tolist() == ["X", "Y", "X", "Y"]
    assert result.values.loc["s1"].to_numpy().tolist() == [[1, 10], [2, 20]]
    assert np.isnan(result.values.loc["s2"].iloc[0, 1])
    assert result.values.loc["s2"].iloc[1].tolist() == [4, 40]
    assert not any("in their order" in note for note in result.notes)


def test_plates_that_share_no_name_are_joined_by_order_and_that_is_said(tmp_path):
    rows = [
        *("s1,P1,A1,1,PA,A-1,Pass", "s1,P1,A1,2,PA,A-2,Pass"),
        *("s1,P2,A2,10,PB,B-1,Pass", "s1,P2,A2,20,PB,B-2,Pass"),
    ]
    result = read(write(tmp_path, rows, OLD))
    assert result.values.to_numpy().tolist() == [[1, 10], [2, 20]]
    assert (
        "Plates of one sample that share no name were joined across panels in their order: "
        "1 sample (s1)." in result.notes
    )


def test_a_study_may_have_its_own_words_for_types_of_samples(tmp_path):
    rows = [row.replace("s1;SAMPLE", "s1;CONTROL").replace("s2;SAMPLE", "s2;CASE") for row in ROWS]
    path = write(tmp_path, rows)
    assert read(path).values.index.tolist() == ["s2"]
    listed = pd.DataFrame(index=["S1", "s2"])
    assert read(path, samples=listed).values.index.tolist() == ["s1", "s2"]


def test_several_ways_of_normalising_are_said(tmp_path):
    rows = [
        "s1,P1,A1,1,PA,X,Pass,Intensity",
        "s2,P1,A1,2,PA,Y,Pass,Plate control",
        "s3,P1,A1,2,PA,Y,Pass,Plate control",
    ]
    path = write(tmp_path, rows, f"{OLD},Normalization")
    assert read(path).notes == (
        "Normalised by Olink's software in several ways: Intensity (1 value), Plate control "
        "(2 values): NPX of one and of another do not compare.",
    )
    assert read(write(tmp_path, rows[1:], f"{OLD},Normalization")).notes == ()


def test_an_accession_left_out_or_turned_round_contradicts_no_other(tmp_path):
    header = "SampleID,OlinkID,UniProt,Assay,NPX"
    rows = ["s1,OID1,NA,A,1", "s2,OID1,P29459_P29460,A,2", 's3,OID1,"P29460,P29459",A,3']
    result = read(write(tmp_path, rows, header))
    assert result.values["OID1"].tolist() == [1, 2, 3]
    assert result.proteins.loc["OID1", "accessions"] == "P29459;P29460"
