"""SDRF sheets, real and made up; counts are taken with the csv module."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.read import ReadOptions, read_matched, read_matrix
from proteoclass.matrix.samples.sdrf import age_in_years, at_level, bare_name, is_sdrf
from proteoclass.matrix.samples.sheet import complete_samples, read_samples

HEADER = (
    *("source name", "characteristics[organism]", "characteristics[individual]"),
    *("characteristics[age]", "characteristics[sex]", "assay name", "comment[data file]"),
    *("comment[fraction identifier]", "comment[technical replicate]", "comment[label]"),
    *("comment[modification parameters]", "comment[modification parameters]"),
    "factor value[disease]",
)


def write(folder, *rows, header=HEADER, name="study.sdrf.tsv"):
    path = folder / name
    path.write_text("\n".join("\t".join(row) for row in (header, *rows)) + "\n")
    return path


def row(source, data_file, **other):
    told = {
        "organism": "Homo sapiens",
        "individual": "not available",
        "age": "40Y",
        "sex": "female",
        "assay": data_file,
        "fraction": "1",
        "replicate": "1",
        "label": "AC=MS:1002038;NT=label free sample",
        "disease": "severe",
    } | other
    return (
        *(source, told["organism"], told["individual"], told["age"], told["sex"], told["assay"]),
        *(data_file, told["fraction"], told["replicate"], told["label"]),
        *("NT=Oxidation;MT=Variable", "NT=Acetyl;MT=Variable", told["disease"]),
    )


def test_columns_become_roles_and_covariates(tmp_path):
    path = write(
        tmp_path,
        row("u1", "/raw/a.raw", individual="P1", age="76Y6M"),
        row("u2", "b.raw", age="not available", sex="not applicable"),
    )
    sheet = read_samples(path)

    assert sheet.index.tolist() == ["a", "b"]
    assert sheet["patient_id"].tolist() == ["P1", "u2"]
    assert sheet["age"].tolist()[0] == 76.5
    assert sheet[["age", "sex"]].isna().loc["b"].all()
    assert sheet["disease"].tolist() == ["severe", "severe"]
    assert "channel" not in sheet  # label free
    assert "replicate_of" not in sheet
    assert sheet.attrs["levels"] == ["data_file", "assay_name", "source_name"]
    assert sheet.attrs["notes"] == [
        "Left out, about runs and not about samples: 2 columns of the SDRF file "
        "(comment[modification parameters])."
    ]


def test_outcomes_are_factor_values_and_what_contradicts_them_keeps_its_brackets(tmp_path):
    header = ("source name", "characteristics[disease]", "characteristics[time]", "assay name")
    path = write(
        tmp_path,
        ("u1", "covid", "3", "r1", "severe"),
        ("u2", "covid", "4", "r2", "mild"),
        header=(*header, "factor value[disease]"),
    )
    sheet = read_samples(path, columns={"day": "characteristics[time]"})
    assert sheet["disease"].tolist() == ["severe", "mild"]
    assert sheet["characteristics[disease]"].tolist() == ["covid", "covid"]
    assert sheet["day"].tolist() == [3.0, 4.0]
    assert sheet.index.tolist() == ["r1", "r2"]  # no data files


def test_technical_replicates_name_the_first(tmp_path):
    path = write(
        tmp_path,
        row("u1", "a2.raw", replicate="2"),
        row("u1", "a1.raw", replicate="1"),
        row("u1", "a3.raw", replicate="3"),
        row("u2", "b1.raw", replicate="1"),
    )
    sheet = read_samples(path)
    assert sheet["replicate_of"].fillna("").to_dict() == {
        "a2": "a1",
        "a1": "",
        "a3": "a1",
        "b1": "",
    }
    assert sheet["patient_id"].tolist() == ["u1", "u1", "u1", "u2"]
    merged = at_level(sheet, "source_name")
    assert merged.index.tolist() == ["u1", "u2"]
    assert merged["replicate_of"].isna().all()


def test_runs_of_a_plex_are_called_by_their_sources(tmp_path):
    path = write(
        tmp_path,
        row("u1", "plex1.raw", label="TMT126"),
        row("u2", "plex1.raw", label="AC=MS:1002616;NT=TMT127"),
        row("u1", "plex2.raw", label="TMT126", fraction="2"),
        row("u2", "plex2.raw", label="TMT127", fraction="2"),
    )
    sheet = read_samples(path)
    assert sheet.index.tolist() == ["u1", "u2"]
    assert sheet["channel"].tolist() == ["TMT126", "TMT127"]
    assert sheet.attrs["levels"] == ["source_name"]


def test_ages():
    """https://github.com/bigbio/proteomics-sample-metadata: 40Y, 40Y5M, 40Y5M2D, ranges."""
    assert age_in_years("40Y") == 40
    assert age_in_years("40Y5M2D") == pytest.approx(40 + 5 / 12 + 2 / 365.25)
    assert age_in_years("8M") == pytest.approx(2 / 3)
    assert age_in_years("3") == 3
    for text in ("", "40Y-85Y", "adult", ">=60Y", "Y", "9" * 30):
        assert age_in_years(text) is None


def test_ages_that_are_no_number_are_counted(tmp_path):
    path = write(tmp_path, row("u1", "a.raw", age="40Y-50Y"), row("u2", "b.raw", age="40Y"))
    sheet = read_samples(path)
    assert sheet["age"].isna().tolist() == [True, False]
    assert any("left empty: 1 row (40Y-50Y)" in note for note in sheet.attrs["notes"])


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("characteristics[individual]", "patient_id"),
        ("Characteristics [Sex]", "sex"),
        ("characteristics[sample id]", "sample id"),
        ("comment[instrument]", "instrument"),
        ("comment[collision energy]", ""),
        ("factor value[phenotype]", "phenotype"),
        ("Source Name", "source_name"),
        ("technology type", "technology type"),
    ],
)
def test_names_of_columns(column, name):
    assert bare_name(column) == name


def test_other_sheets_are_no_sdrf():
    assert not is_sdrf(["sample_id", "characteristics[sex]"])
    assert not is_sdrf(["source name", "sex"])


def test_rows_without_a_source_are_refused(tmp_path):
    path = write(tmp_path, row("u1", "a.raw"), row("", "b.raw"))
    with pytest.raises(InputError, match="column 'source name' is empty in rows 3; name the"):
        read_samples(path)


def matrix_of(folder, names):
    path = folder / "m.tsv"
    lines = ["\t".join(["protein", *names])]
    for i in range(3):
        lines.append(
            "\t".join([f"P0100{i}", *(f"{20 + (i * j) % 7}.5" for j in range(len(names)))])
        )
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("names", "by"),
    [
        (["/d/a.mzML", "/d/b.mzML", "/d/c.mzML"], "sample_id"),
        (["run 1", "run 2", "run 3"], "assay_name"),
        (["u1", "u2"], "source_name"),
    ],
)
def test_a_matrix_is_joined_by_whichever_name_it_uses(tmp_path, names, by):
    path = write(
        tmp_path,
        row("u1", "a.raw", assay="run 1", fraction="1", individual="P1"),
        row("u1", "b.raw", assay="run 2", fraction="2", individual="P1"),
        row("u2", "c.raw", assay="run 3", disease="mild"),
    )
    matrix, matching = read_matched(matrix_of(tmp_path, names), path, ReadOptions())
    assert matching.by == by
    assert matrix.n_samples == len(names)
    assert matrix.samples["patient_id"].iloc[[0, -1]].tolist() == ["P1", "u2"]
    assert matrix.samples["disease"].iloc[-1] == "mild"
    assert (matching.not_in_sheet, matching.not_in_matrix) == ((), ())
    said = matrix.source.notes[-1]
    assert said.startswith("Matched to the sample sheet")
    assert (f"column {by!r}" in said) == (by != "sample_id")


def test_a_sheet_read_before_keeps_its_levels(tmp_path):
    path = write(tmp_path, row("u1", "a.raw"), row("u2", "b.raw"))
    again = complete_samples(read_samples(path))
    assert again.attrs["levels"] == ["data_file", "assay_name", "source_name"]
    matrix = read_matrix(matrix_of(tmp_path, ["u2", "u1"]), read_samples(path))
    assert matrix.values.index.tolist() == ["u2", "u1"]


@pytest.mark.realdata
def test_a_real_sheet_joins_runs_assays_and_sources(data_folder, tmp_path):
    """PXD002137: counts from the csv module over the same file."""
    path = data_folder / "vendor_formats/sdrf_bigbio/PXD002137.sdrf.tsv"
    with path.open(newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    column = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    files = [name.removesuffix(".raw") for name in column["comment[data file]"]]
    sources = column["source name"]
    age = {s: int(a[:-1]) for s, a in zip(sources, column["characteristics[age]"], strict=True)}
    person = dict(zip(sources, column["characteristics[individual]"], strict=True))
    phenotype = dict(zip(sources, column["factor value[phenotype]"], strict=True))

    sheet = read_samples(path)
    assert sheet.index.tolist() == files
    assert sheet["patient_id"].nunique() == len(set(person.values())) == 24
    assert sheet["phenotype"].value_counts().to_dict() == {
        label: column["factor value[phenotype]"].count(label) for label in set(phenotype.values())
    }

    runs = [f"D:\\runs\\{name}.raw" for name in files[::2]]
    matrix, matching = read_matched(matrix_of(tmp_path, [*runs, "blank"]), path, ReadOptions())
    assert len(matching.run_name) == len(runs) == 96
    assert matching.not_in_sheet == ("blank",)
    assert sorted(matching.not_in_matrix) == sorted(files[1::2])

    order = sorted(set(sources))
    matrix, matching = read_matched(matrix_of(tmp_path, order), path, ReadOptions())
    assert (matching.by, len(matching.exact)) == ("source_name", 32)
    assert matrix.samples["age"].tolist() == [age[s] for s in order]
    assert matrix.samples["patient_id"].tolist() == [person[s] for s in order]
    assert matrix.samples["phenotype"].tolist() == [phenotype[s] for s in order]
    assert np.isnan(matrix.samples["fraction"]).all()  # six to a source
    assert pd.Series(person).nunique() == matrix.samples["patient_id"].nunique()


CELL = st.sampled_from(
    ["", "u1", "u2", "1", "2", "x.raw", "not available", "40Y", "NT=a;AC=b", "="]
)
COLUMN = st.sampled_from(
    [*HEADER, "characteristics[sample id]", "characteristics[day]", "comment[x]", "", "="]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(COLUMN, max_size=6), st.data())
def test_any_columns_give_a_sheet_or_one_line(tmp_path_factory, columns, data):
    header = ["source name", "characteristics[organism]", *columns]
    width = len(header)
    rows = data.draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=5))
    path = write(tmp_path_factory.mktemp("sdrf"), *rows, header=header)
    try:
        sheet = read_samples(path)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert sheet.index.is_unique
    # Of two individuals of one sample neither is chosen, and that is said.
    said = any(note.startswith("Without patient_id") for note in sheet.attrs["notes"])
    assert sheet["patient_id"].notna().all() or said
    assert len(at_level(sheet, "source_name")) == len({row[0] for row in rows if any(row)})


def test_columns_named_like_a_rows_own_names_keep_their_brackets(tmp_path):
    header = (
        *("source name", "comment[data file]", "characteristics[sample_id]"),
        *("factor value[data_file]", "sample_id"),
    )
    path = write(
        tmp_path, ("u1", "a.raw", "x", "q", "7"), ("u2", "b.raw", "y", "r", "8"), header=header
    )
    sheet = read_samples(path)
    assert sheet["data_file"].to_dict() == {"a": "a", "b": "b"}
    assert sheet["characteristics[sample_id]"].tolist() == ["x", "y"]
    assert sheet["factor value[data_file]"].tolist() == ["q", "r"]
    assert sheet["column[sample_id]"].tolist() == [7, 8]


def test_rows_joined_to_one_sample_say_which_columns_they_empty(tmp_path):
    header = ("source name", "comment[data file]", "characteristics[sex]", "characteristics[age]")
    rows = (("u1", "a.raw", "M", "4Y"), ("u1", "a.raw", "F", "4Y"), ("u2", "b.raw", "F", "5Y"))
    sheet = read_samples(write(tmp_path, *rows, header=header))
    assert sheet["sex"].fillna("").to_dict() == {"a": "", "b": "F"}
    assert sheet.attrs["notes"] == [
        "Rows of one data_file were joined, 3 to 2 samples; empty where they do not agree: sex."
    ]
    # The same where a matrix names its samples by the sources.
    rows = (("u1", "a.raw", "M", "4Y"), ("u1", "c.raw", "F", "4Y"), ("u2", "b.raw", "F", "5Y"))
    target = tmp_path / "m.tsv"
    target.write_text("sample_id\tP02768\nu1\t31.5\nu2\t30\n")
    notes = read_matrix(target, write(tmp_path, *rows, header=header)).source.notes
    assert (
        "Rows of one source_name were joined, 3 to 2 samples; empty where they do not agree: sex."
        in notes
    )


def test_a_source_without_an_individual_in_one_row_takes_that_of_the_others(tmp_path):
    # It was emptied: the patient's own name and the source's did not agree.
    header = ("source name", "comment[data file]", "characteristics[individual]")
    rows = (("u1", "a.raw", "not available"), ("u1", "b.raw", "P1"), ("u2", "c.raw", ""))
    sheet = read_samples(write(tmp_path, *rows, header=header))
    assert sheet["patient_id"].to_dict() == {"a": "P1", "b": "P1", "c": "u2"}
