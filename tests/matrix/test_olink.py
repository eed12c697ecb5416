"""NPX Manager workbooks: panels side by side, plates beneath each other, controls and LOD."""

from collections import Counter

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats.olink_assays import Assay, describe_assays, unique_assays
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.formats.registry import find_format
from proteoclass.matrix.tables.preview import look_at

INF = [("IL8", "P10145", "OID00471"), ("MCP-3", "P80098", "OID00474")]
CVD = [("IL-27", "Q8NEV9,Q14213", "OID00390"), ("TF", "P13726", "OID00391")]


def npx_sheet(
    samples,
    assays=tuple(INF),
    panel="Olink INFLAMMATION(v.3021)",
    *,
    plate="plate 1",
    warnings=None,
    limits=(1.0, 1.0),
    above=(),
    olink_row=True,
    data="NPX data",
):
    """Return the rows of a sheet as NPX Manager lays it out."""
    rows = [["study", "Olink NPX Manager 2.1.0.224"], [data], ["Panel", panel], [], *above]
    rows += [
        ["Assay", *(a[0] for a in assays), "Plate ID", "QC Warning", "QC Deviation from median"],
        ["Uniprot ID", *(a[1] for a in assays), None, None, "Det Ctrl"],
    ]
    rows += [["OlinkID", *(a[2] for a in assays)]] if olink_row else []
    rows += [[]]
    for name, values in samples:
        rows.append([name, *values, plate, (warnings or {}).get(name, "Pass"), 0.1])
    rows += [[], ["LOD", *limits], ["Missing Data freq.", 0, 0]]
    return [*rows, ["Normalization", "IPC", "IPC"]]


def write(folder, name="npx.xlsx", **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        page = book.create_sheet(title.replace("_", " "))
        for row in rows:
            page.append(row)
    book.save(folder / name)
    return folder / name


def read(path, **options):
    seen = look_at(path)
    found, _ = find_format(seen, "olink")
    return found.read(Request(seen, **options))


ONE = [("s1", [2.5, -1.5]), ("s2", [0.0, None])]


def test_one_sheet_with_its_limits_and_warnings(tmp_path):
    contents = [[None, "Sheet"], [None, "INF"]]
    rows = npx_sheet(ONE, warnings={"s2": "Warning"})
    path = write(tmp_path, Contents=contents, INF=rows)
    assert find_format(look_at(path))[0].name == "olink"

    result = read(path)

    assert result.values.index.tolist() == ["s1", "s2"]
    assert result.values.columns.tolist() == ["OID00471", "OID00474"]
    assert result.values.loc["s1"].tolist() == [2.5, -1.5]
    # A zero is a value on this scale, and a negative one too.
    assert result.values.loc["s2", "OID00471"] == 0.0
    assert np.isnan(result.values.loc["s2", "OID00474"])
    assert (result.scale, result.kind, result.format) == ("log2", "npx", "olink")
    assert result.samples.to_dict("list") == {
        "batch": ["plate 1", "plate 1"],
        "qc_warning": ["Pass", "Warning"],
    }
    assert result.notes == (
        "Sheets without NPX, not read: Contents.",
        "Left out, no assays: 1 column (QC Deviation from median).",
        "QC warnings by Olink on 1 of 2 rows, kept: s2.",
        # by hand: -1.5 and 0.0 of the three values that are there
        "Under the assay's limit of detection: 2 of 3 values (66.7 %), kept as they are.",
    )


def test_assays_are_told_by_accession_and_never_by_a_name_that_is_no_gene(tmp_path):
    result = read(write(tmp_path, CVD=npx_sheet(ONE, CVD, "Olink CARDIOVASCULAR II(v.5006)")))
    told = result.proteins.loc["OID00390"]
    assert told.to_dict() == {
        "accessions": "Q8NEV9;Q14213",
        "gene": "",
        "name": "IL-27",
        "panel": "Olink CARDIOVASCULAR II",
    }
    # Olink's TF is tissue factor; the gene TF is transferrin, P02787.
    assert result.proteins.loc["OID00391", "gene"] == ""


def test_panels_are_joined_by_sample(tmp_path):
    other = npx_sheet([("s2", [7.0, 8.0]), ("s3", [9.0, 9.5])], CVD, "Olink CVD II(v.5006)")
    result = read(write(tmp_path, INF=npx_sheet(ONE), CVD=other))

    assert result.values.index.tolist() == ["s1", "s2", "s3"]
    assert result.values.loc["s2"].tolist()[2:] == [7.0, 8.0]
    assert result.values.loc["s3"].isna().tolist() == [True, True, False, False]
    assert "Not measured on panel Olink INFLAMMATION, missing there: 1 row (s3)." in result.notes
    assert "Not measured on panel Olink CVD II, missing there: 1 row (s1)." in result.notes


def test_a_bridging_sample_stays_two_rows_with_their_plates(tmp_path):
    sheets = {
        "INF_1": npx_sheet(ONE, plate="I1"),
        "INF_2": npx_sheet([("s1", [5.0, 6.0])], plate="I2", panel="Olink INFLAMMATION(v.3022)"),
        "CVD_1": npx_sheet(ONE, CVD, "CVD", plate="C1", warnings={"s1": "Warning"}),
        "CVD_2": npx_sheet([("s1", [1.0, 2.0])], CVD, "CVD", plate="C2"),
    }
    result = read(write(tmp_path, **sheets))

    assert result.values.index.tolist() == ["s1", "s2", "s1"]
    assert result.values.to_numpy()[2].tolist() == [5.0, 6.0, 1.0, 2.0]
    assert result.values.to_numpy()[0].tolist() == [2.5, -1.5, 2.5, -1.5]
    assert result.samples["batch"].tolist() == ["I1; C1", "I1; C1", "I2; C2"]
    assert result.samples["qc_warning"].tolist() == ["CVD: Warning", "Pass", "Pass"]
    assert result.notes[-3].startswith("1 sample is on several plates or in several rows of one p")


def test_rows_of_a_sample_belong_together_by_count_where_sheets_differ(tmp_path):
    """INF has two sheets, CVD one: the first rows of s1 make one, the second another."""
    both = [("s1", [1.0, 2.0]), ("s1", [3.0, 4.0])]
    sheets = {
        "INF_1": npx_sheet(ONE, plate="I1"),
        "INF_2": npx_sheet([("s1", [5.0, 6.0])], plate="I2"),
        "CVD": npx_sheet(both, CVD, "CVD", plate=""),
    }
    result = read(write(tmp_path, **sheets))
    assert result.values.index.tolist() == ["s1", "s2", "s1"]
    assert result.values.to_numpy()[2].tolist() == [5.0, 6.0, 3.0, 4.0]
    assert result.samples["batch"].tolist()[0] == "I1; sheet CVD"
    assert result.notes[-2] == (
        "Rows of one sample that no sheet tells apart were joined across panels in their order: "
        "1 sample (s1)."
    )


def test_panels_side_by_side_on_one_sheet(tmp_path):
    rows = [
        ["study", "Olink NPX Manager"],
        ["NPX data"],
        [
            "Panel",
            *["INF(v.1)"] * 2,
            *["CVD(v.1)"] * 2,
            "INF(v.1)",
            "CVD(v.1)",
            "INF(v.1)",
            "CVD(v.1)",
        ],
        ["Assay", *(a[0] for a in (*INF, *CVD)), *["Plate ID"] * 2, *["QC Warning"] * 2],
        ["Uniprot ID", *(a[1] for a in (*INF, *CVD))],
        ["OlinkID", *(a[2] for a in (*INF, *CVD))],
        ["s1", 1, 2, 3, 4, "I1", "C1", "Pass", "Warning"],
        ["Plate LOD", 9, 9, 0, 0, "I1", "C1"],
    ]
    result = read(write(tmp_path, All=rows))
    assert result.values.loc["s1"].tolist() == [1, 2, 3, 4]
    assert result.proteins["panel"].tolist() == ["INF", "INF", "CVD", "CVD"]
    assert result.samples.loc["s1"].tolist() == ["I1; C1", "CVD: Warning"]
    assert "2 of 4 values (50.0 %)" in result.notes[-1]

    rows[2] = ["Panel", "INF(v.1)", None, "CVD(v.1)"]
    again = read(write(tmp_path, All=rows))
    assert again.samples.loc["s1"].tolist() == ["I1; C1", "CVD: Warning"]


def test_controls_are_left_out_and_counted(tmp_path):
    names = ["IPC 1", "Neg Ctrl", "CONTROL_SAMPLE_AS 1", "control2-1", "SC", "PC - HC12", "s1"]
    assays = [*INF, ("Inc Ctrl 1", "", "")]
    rows = npx_sheet([(name, [1.0, 2.0, 3.0]) for name in names], assays, limits=(1, 1, 1))
    result = read(write(tmp_path, INF=rows))

    assert result.values.index.tolist() == ["PC - HC12", "s1"]
    assert result.values.columns.tolist() == ["OID00471", "OID00474"]
    assert "Left out: 5 rows of control samples by Olink's names (IPC 1, Neg" in result.notes[1]
    assert result.notes[2] == "Left out: 1 internal control of the assay (Inc Ctrl 1)."

    sheet = pd.DataFrame(index=["control2-1", "s1"])
    kept = read(write(tmp_path, INF=rows), samples=sheet)
    assert "control2-1" in kept.values.index


def test_without_numbers_of_assays_panels_tell_them_apart(tmp_path):
    sheets = {
        "A": npx_sheet(ONE, panel="A(v.1)", olink_row=False),
        "B": npx_sheet(ONE, INF[:1] + CVD[:1], "B(v.1)", olink_row=False),
    }
    result = read(write(tmp_path, **sheets))
    ids = ["P10145 (A)", "P80098", "P10145 (B)", "Q8NEV9;Q14213"]
    assert result.values.columns.tolist() == ids
    assert result.values.index.tolist() == ["s1", "s2"]


def test_one_sheet_can_be_picked(tmp_path):
    path = write(tmp_path, INF=npx_sheet(ONE), CVD=npx_sheet(ONE, CVD, "CVD"), Annot=[["id"]])
    result = read(path, sheet="CVD")
    assert result.values.columns.tolist() == ["OID00390", "OID00391"]
    assert result.notes[0] == "Of 3 sheets only 'CVD' was read, as asked."
    with pytest.raises(InputError, match=r"no sheet 'X'; found INF, CVD, Annot; correct --sheet"):
        read(path, sheet="X")
    with pytest.raises(InputError, match=r"no NPX on 1 sheet \(Annot\); expected rows 'Panel'"):
        read(path, sheet="Annot")


def test_a_stated_count_that_is_wrong_is_said(tmp_path):
    path = write(tmp_path, INF=npx_sheet(ONE, above=[["# Samples", 3]]))
    assert "The sheet states 3 samples and has 2 rows of them." in read(path).notes
    path = write(tmp_path, INF=npx_sheet(ONE, above=[["# Samples", 2]]))
    assert not any("states" in note for note in read(path).notes)


CLASH = [("IL8", "P99999", "OID00471"), CVD[0]]


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        (
            {"A": npx_sheet([("s1", ["x", 1.0])])},
            r"sheet 'A': 1 cells with text .* row 9, column 'IL",
        ),
        ({"A": npx_sheet([(None, [1.0, 2.0])])}, "row 9 has values and no sample id"),
        ({"A": npx_sheet([])}, "has no sample under row 7"),
        ({"A": npx_sheet(ONE, data="Ct data")}, "holds 'Ct data', expected 'NPX data'"),
        ({"A": npx_sheet(ONE, [INF[0], INF[0]])}, "1 assay of a panel in two columns: OID00471"),
        ({"A": [*npx_sheet(ONE), ["s9", 1, 2]]}, "row 15, 's9', stands beneath the samples"),
        ({"A": [*npx_sheet(ONE)[:-4], *npx_sheet(ONE)[4:]]}, "'Assay', stands beneath"),
        ({"A": npx_sheet(ONE, [("IL8", "", "")])}, "row 'Assay' names no assay with an accession"),
        ({"A": npx_sheet([("IPC", [1, 2])])}, "all samples are controls by Olink's names"),
        (
            {"A": npx_sheet(ONE), "B": npx_sheet(ONE, CLASH, "B")},
            r"1 assay numbers stand for two proteins: OID00471 \(P10145 and P99999\)",
        ),
        (
            {
                "A": npx_sheet(ONE, INF[:1], limits=()),
                "B": npx_sheet(ONE, CVD[:1], "B", limits=()),
                "C": npx_sheet(ONE, [INF[0], CVD[0]], "C"),
            },
            "sheet 'C': panel 'C' holds assays of several panels of the other sheets",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, sheets, message):
    with pytest.raises(InputError, match=message):
        read(write(tmp_path, **sheets))


def test_a_workbook_has_no_choice_of_quantities(tmp_path):
    with pytest.raises(InputError, match=r"--quantity 'lfq' picks among .* a workbook of Olink's"):
        read(write(tmp_path, INF=npx_sheet(ONE)), quantity="lfq")


def test_a_table_too_large_is_refused(tmp_path, monkeypatch):
    path = write(tmp_path, INF=npx_sheet(ONE))
    monkeypatch.setattr("proteoclass.matrix.formats.olink_plates.MAX_CELLS", 3)
    with pytest.raises(InputError, match="makes 2 samples x 2 assays, at most 3 cells"):
        read(path)
    monkeypatch.setattr("proteoclass.matrix.formats.olink.MAX_CELLS", 3)
    with pytest.raises(InputError, match="sheet 'INF': more than 3 cells so far"):
        read(path)


def test_assays_without_names_of_their_own_are_refused():
    twice = [Assay.of("", "", "X", ""), Assay.of("", "X", "Y", "B"), Assay.of("", "X", "Z", "B")]
    with pytest.raises(InputError, match=r"1 assays cannot be told apart: X \(B\)"):
        describe_assays(twice, "a.xlsx")
    assert len(unique_assays(twice, "a.xlsx")) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [["sample_id", "OID00471"], ["s1", 2.5]],
        [["Assay", "IL8"], ["s1", 2.5]],
        [["Panel", "x"], ["Assay", "IL8"], ["s1", 2.5], ["s2", 2.5], ["s3", 2.5], ["OlinkID"]],
    ],
)
def test_plain_workbooks_are_not_taken(tmp_path, rows):
    assert find_format(look_at(write(tmp_path, One=rows)))[0].name == "wide"


# NPX Manager writes five digits behind the point.
NPX = st.integers(-2_000_000, 4_000_000).map(lambda n: n / 100_000)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.lists(st.one_of(st.none(), NPX), min_size=2, max_size=2),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_written_is_read(tmp_path, values):
    """Values and blanks of any sheet come back as they were written with openpyxl."""
    samples = [(f"s{i}", row) for i, row in enumerate(values)]
    found = read(write(tmp_path, INF=npx_sheet(samples))).values.to_numpy()
    expected = np.array([[np.nan if v is None else v for v in row] for row in values], dtype=float)
    assert np.array_equal(found, expected, equal_nan=True)


def _rows(path):
    """Return the cells of each sheet by openpyxl alone."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    rows = {page.title: list(page.iter_rows(values_only=True)) for page in book}
    book.close()
    return rows


def _cells(rows):
    """Return assays, samples and limits: named rows between OlinkID and LOD."""
    labels = [row[0] for row in rows]
    top, end = labels.index("OlinkID"), labels.index("LOD")
    at = [i for i, name in enumerate(rows[top]) if str(name).startswith("OID")]
    return (
        [rows[top][i] for i in at],
        [(row[0].strip(), [row[i] for i in at]) for row in rows[top + 1 : end] if row[0]],
        rows[end],
        at,
    )


@pytest.mark.realdata
def test_breda_holds_584_samples_of_92_assays(data_folder):
    """Row 6 of its sheet states "# Samples 584"; openpyxl counts 584 named rows between
    OlinkID (row 15) and LOD (row 602), 92 OIDs, 33 empty cells, 6 warnings; no id is a control."""
    path = data_folder / "ciim_olink/breda_npx_manager.xlsx"
    oids, rows, limits, at = _cells(_rows(path)["INF"])
    plain = np.array([row for _, row in rows], dtype=float)
    below = int((plain < np.array([limits[i] for i in at], dtype=float)).sum())

    result = read(path)

    assert (len(rows), len(oids), int(np.isnan(plain).sum())) == (584, 92, 33)
    assert result.values.shape == (584, 92)
    assert result.values.columns.tolist() == oids
    assert result.values.index.tolist() == [name for name, _ in rows]
    assert np.array_equal(result.values.to_numpy(), plain, equal_nan=True)
    assert result.samples["batch"].nunique() == 7
    assert (result.samples["qc_warning"] == "Warning").sum() == 6
    assert f"{below} of {plain.size - 33} values" in result.notes[-1]


@pytest.mark.realdata
def test_radboud_stacks_its_plates_and_joins_its_panels(data_folder):
    """By openpyxl: three panels of 92 assays; INF and CM 88 + 88 + 438 rows, CVD 89 (one of
    them control2-1) + 79 + 438; one id twice in plates 3-7 of each panel."""
    path = data_folder / "ciim_olink/radboud_npx_manager.xlsx"
    sheets = [
        ("INF plat 1", "INF plate 2", "INF plate 3-7"),
        ("CM plate 1", "CM plate 2", "CM plates 3-7"),
        ("CVD plate 1", "CVD plate 2", "CVD plates 3-7"),
    ]
    rows = _rows(path)
    plain = [[_cells(rows[name]) for name in names] for names in sheets]
    counts = [[len(rows) for _, rows, _, _ in panel] for panel in plain]
    assert counts == [[88, 88, 438], [88, 88, 438], [89, 79, 438]]
    measured = Counter(name for _, rows, _, _ in plain[0] for name, _ in rows)

    result = read(path)

    assert result.values.shape == (614, 276)
    assert Counter(result.values.index) == measured
    assert sum(measured.values()) == 614
    assert len(measured) == 584
    # Every number of the workbook but the control's 92 is in the table, and nothing else.
    written = [
        v
        for panel in plain
        for _, rows, _, _ in panel
        for n, r in rows
        for v in r
        if v is not None and n != "control2-1"
    ]
    found = result.values.to_numpy()
    assert np.array_equal(np.sort(found[np.isfinite(found)]), np.sort(np.array(written, float)))
    # Plate 2 of CVD row by row: the run of the second sheets, not that of the first.
    second = result.values.iloc[88:176]
    for name, row in plain[2][1][1]:
        expected = np.array(row, dtype=float)
        assert np.array_equal(second.loc[name, plain[2][1][0]].to_numpy(), expected, equal_nan=True)


@pytest.mark.realdata
def test_the_authors_own_table_differs_by_one_shift_an_assay(data_folder):
    """The authors read the workbook in R and shifted each assay to join two cohorts: what is
    left after one median an assay is the rounding of the file, five digits."""
    result = read(data_folder / "ciim_olink/breda_npx_manager.xlsx")
    theirs = pd.read_csv(data_folder / "ciim_olink/tidy/breda_matrix.tsv", sep="\t", index_col=0)
    shift = result.values.loc[theirs.index, theirs.columns] - theirs
    assert theirs.shape == (535, 63)
    assert (shift - shift.median()).abs().max().max() < 2e-5


@pytest.mark.realdata
def test_runs_of_bridging_samples_are_those_of_the_authors(data_folder):
    """R's make.unique numbers the authors' repeats "W1T1", "W1T11", "W1T12" in the order of the
    plates. RUMC_0011 is left aside: its second id lacks a blank in the workbook."""
    result = read(data_folder / "ciim_olink/radboud_npx_manager.xlsx")
    theirs = pd.read_csv(data_folder / "ciim_olink/tidy/radboud_matrix.tsv", sep="\t", index_col=0)
    seen: Counter[str] = Counter()
    names = []
    for name in result.values.index:
        names.append(f"{name}{seen[name] or ''}")
        seen[name] += 1
    batch = pd.Series(result.samples["batch"].to_numpy(), index=names)
    shared = [n for n in theirs.index if n in names and "RUMC_0011" not in n]
    panel = result.proteins.loc[theirs.columns, "panel"]
    inflammation = panel.index[panel == "Olink INFLAMMATION"]
    ours = result.values.set_axis(names, axis=0).loc[shared, inflammation]
    shift = ours - theirs.loc[shared, inflammation]
    plate = batch[shared].str.split(";").str[0]
    assert len(shared) > 500
    assert sum(name not in seen for name in shared) > 25
    assert (shift - shift.groupby(plate).transform("median")).abs().max().max() < 2e-5


@pytest.mark.realdata
def test_the_tidy_tables_stay_wide(data_folder):
    for name in ("breda", "radboud"):
        seen = look_at(data_folder / f"ciim_olink/tidy/{name}_matrix.tsv")
        assert find_format(seen)[0].name == "wide"


def test_a_warning_that_is_not_available_is_none(tmp_path):
    # A long table reads NA as no warning too.
    result = read(write(tmp_path, INF=npx_sheet(ONE, warnings={"s1": "NA"})))
    assert result.samples["qc_warning"].tolist() == ["Pass", "Pass"]
    assert not any("QC warnings" in note for note in result.notes)


def test_a_control_listed_in_other_letters_is_the_studys_own(tmp_path):
    path = write(tmp_path, INF=npx_sheet([("Control 1", [1, 2]), ("s2", [3, 4])]))
    listed = pd.DataFrame(index=["control 1", "s2"])
    assert read(path, samples=listed).values.index.tolist() == ["Control 1", "s2"]


def test_several_ways_of_normalising_are_said(tmp_path):
    other = npx_sheet([("s3", [1, 2])])
    other[-1] = ["Normalization", "Intensity", "Intensity"]
    notes = read(write(tmp_path, INF=npx_sheet(ONE), other=other)).notes
    assert notes[-1] == (
        "Normalised by Olink's software in several ways: IPC (4 values), Intensity (2 values): "
        "NPX of one and of another do not compare."
    )


def test_a_hidden_sheet_that_is_read_is_said(tmp_path):
    path = write(tmp_path, INF=npx_sheet(ONE), old=npx_sheet([("s3", [1, 2])]))
    book = openpyxl.load_workbook(path)
    book["old"].sheet_state = "hidden"
    book.save(path)
    assert "Hidden sheets, read too: old; choose with --sheet." in read(path).notes
    assert not any("Hidden" in note for note in read(path, sheet="INF").notes)
