"""What `check` finds, each planted by hand."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.check import check_matrix, find_problems
from proteoclass.matrix.protein_matrix import ProteinMatrix


def cohort(scale="log2"):
    rng = np.random.default_rng(3)
    values = pd.DataFrame(
        rng.normal(25, 2, (8, 10)),
        index=[f"s{i}" for i in range(8)],
        columns=[f"P{i}" for i in range(10)],
    )
    return values if scale == "log2" else 2**values


def problems(values, scale="log2"):
    return find_problems(ProteinMatrix.build(values, scale=scale))


def test_a_sound_cohort_has_no_problem():
    assert problems(cohort()) == []
    assert problems(cohort("raw"), "raw") == []


def test_equal_samples_are_grouped():
    values = cohort()
    values.loc["s3"] = values.loc["s1"]
    values.loc["s6"] = values.loc["s1"]
    values.loc["s5"] = values.loc["s0"]
    values.iloc[[0, 5], 2] = np.nan
    assert problems(values) == [
        "Equal in every value: 2 groups of samples (s0 = s5, s1 = s3 = s6)."
    ]


def test_empty_rows_and_columns_and_constants():
    values = cohort()
    values["P7"] = 20.0
    values["P4"] = np.nan
    values.loc["s2"] = np.nan
    values.loc[["s0", "s1", "s3", "s4", "s5", "s6"], "P8"] = np.nan  # one value is no constant
    assert problems(values) == [
        "Without any value: 1 sample (s2).",
        "Found in no sample: 1 protein (P4).",
        "Never varying: 1 protein (P7).",
    ]


@pytest.mark.parametrize(
    "name", ["s1_rerun", "RE-RUN 3", "p4_repeat", "x-reinj2", "a_rpt", "redo1"]
)
def test_reruns_are_known_by_their_names(name):
    values = cohort().rename(index={"s1": name})
    assert problems(values) == [f"Named like a rerun: 1 sample ({name})."]


@pytest.mark.parametrize("name", ["prerunner", "rept", "retinol", "wrpt1"])
def test_other_names_are_no_reruns(name):
    assert problems(cohort().rename(index={"s1": name})) == []


@pytest.mark.parametrize("name", ["2020-09-02", "2-Sep", "1-Mar", "Sep-02"])
def test_genes_that_excel_made_dates_of(name):
    values = cohort().rename(columns={"P3": name})
    assert problems(values) == [
        f"Named like a date, as Excel turns SEPT2 and MARCH1 into: 1 protein ({name})."
    ]


def test_a_sample_on_another_scale():
    values = cohort()
    values.loc["s4"] = np.log2(values.loc["s4"])
    assert problems(values) == ["On another scale than the others: 1 sample (s4)."]
    raw = cohort("raw")
    raw.loc["s4"] = np.log2(raw.loc["s4"])
    assert problems(raw, "raw") == ["On another scale than the others: 1 sample (s4)."]


def test_check_reports_what_was_read_and_what_is_wrong(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("sample_id\tP02768\tP01034\na\t31.5\t22.5\nb\t31.5\t22.5\nc\t\t21.5\n")
    sheet = pd.DataFrame({"sample_id": ["a", "b", "q"], "patient_id": ["1", "2", "3"]})
    report = check_matrix(path, sheet)

    leftovers = [
        "Left out, not in the sample sheet: 1 sample of the matrix (c).",
        "Not in the matrix: 1 sample of the sample sheet (q).",
    ]
    assert report["problems"][:2] == leftovers
    assert "Equal in every value: 1 group of samples (a = b)." in report["problems"]
    assert report["notes"] == leftovers
    assert {k: report[k] for k in ("format", "scale", "kind", "n_samples", "n_proteins")} == {
        "format": "wide",
        "scale": "log2",
        "kind": "intensity",
        "n_samples": 2,
        "n_proteins": 2,
    }
    assert report["missing_rate"] == 0.0
    assert "sample ids of the sheet" in report["why"]


def test_check_stops_only_where_nothing_can_be_read(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        check_matrix(tmp_path / "absent.tsv")
