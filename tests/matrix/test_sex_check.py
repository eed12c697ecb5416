"""The sex check names swapped samples and no others."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.marker_proteins import MALE
from proteoclass.matrix.quality.qc import describe_quality
from proteoclass.matrix.quality.sex_check import marker_ranks, recorded_sex, sex_check, sex_warnings


def adults(n=40, seed=1, **sheet):
    """Half men, who have the male proteins among their strongest; women mostly lack them."""
    rng = np.random.default_rng(seed)
    names = [*MALE, *(f"Q{i:05d}" for i in range(200))]
    table = rng.normal(20, 2, (n, len(names)))
    man = np.arange(n) % 2 == 0
    table[:, :5] = np.where(man[:, None], 24, 16) + rng.normal(0, 1, (n, 5))
    gaps = rng.random(table.shape) < 0.1
    gaps[~man, :5] = rng.random((int((~man).sum()), 5)) < 0.7
    values = pd.DataFrame(np.where(gaps, np.nan, table), [f"s{i}" for i in range(n)], names)
    told = pd.DataFrame({"sex": np.where(man, "M", "F"), "age": 50.0, **sheet}, values.index)
    return values, told


def checked(values, sheet, **options):
    proteins = pd.DataFrame({"accessions": list(values.columns)}, index=values.columns)
    options = {"scale": "log2", "fluid": "urine", **options}
    return sex_check(ProteinMatrix.build(values, sheet, proteins, **options))


def test_swapped_samples_are_named_and_no_others():
    values, sheet = adults()
    assert checked(values, sheet)["contradictions"] == []
    sheet.loc[["s4", "s7"], "sex"] = ["F", "M"]
    found = checked(values, sheet)
    assert found["contradictions"] == ["s4", "s7"]
    assert (found["n_men"], found["n_women"], found["reason"]) == (20, 20, None)
    (warning,) = sex_warnings(found)
    assert warning.startswith("Mix-up check suggested for 2 samples (s4, s7): the sex-specific")


def test_the_rank_and_its_auc_against_scipy_and_scikit_learn():
    values, sheet = adults()
    found = checked(values, sheet)
    table = values.to_numpy()
    expected = []
    for row in table:
        ranks = stats.rankdata(row, method="max", nan_policy="omit") / (~np.isnan(row)).sum()
        expected.append(np.nan_to_num(ranks[:5]).mean())
    assert [row["rank"] for row in found["samples"]] == pytest.approx(expected)
    assert found["auc"] == pytest.approx(roc_auc_score(sheet["sex"] == "M", expected))
    assert [row["n_detected"] for row in found["samples"]] == (
        (~np.isnan(table[:, :5])).sum(axis=1).tolist()
    )
    assert found["proteins"][0]["n_detected"] == (~np.isnan(table[:, 0])).sum()


def test_samples_do_not_depend_on_loading():
    values, sheet = adults()
    shifted = values + np.random.default_rng(0).normal(0, 3, 40)[:, None]
    assert checked(shifted, sheet)["samples"] == checked(values, sheet)["samples"]


def test_children_calibrate_nothing_and_are_not_judged():
    values, sheet = adults()
    sheet.loc[["s0", "s2", "s4"], "age"] = [3.0, 9.0, 17.9]
    values.loc[["s0", "s2", "s4"], list(MALE)] = np.nan
    found = checked(values, sheet)
    assert (found["n_children"], found["n_men"], found["contradictions"]) == (3, 17, [])
    grown = checked(values, sheet.assign(age=np.nan))
    assert grown["contradictions"] == ["s0", "s2", "s4"]


def test_no_verdict_without_a_calibration():
    values, sheet = adults()
    few = checked(values.iloc[:18], sheet.iloc[:18])
    assert few["reason"] == (
        "9 samples of men and 9 of women, adults of known sex, expected at least 10 of each"
    )
    assert (few["contradictions"], len(few["samples"])) == ([], 18)
    dealt = sheet.assign(sex=np.random.default_rng(3).permutation(sheet["sex"]))
    found = checked(values, dealt)
    assert "do not tell men from women here (AUC" in found["reason"]
    assert found["contradictions"] == []
    assert sex_warnings(found) == []
    unknown = checked(values, sheet.drop(columns="sex"))
    assert unknown["reason"].startswith("0 samples of men and 0 of women")
    assert unknown["samples"][0]["sex"] is None


def test_permuted_sex_is_never_called_a_mix_up():
    """Under permuted records nothing is calibrated: no verdict in any of thirty cohorts."""
    values, sheet = adults()
    rng = np.random.default_rng(8)
    for _ in range(30):
        found = checked(values, sheet.assign(sex=rng.permutation(sheet["sex"])))
        assert found["contradictions"] == []


def test_what_cannot_be_judged_says_why():
    values, sheet = adults()
    assert checked(values, sheet, fluid="csf")["reason"] == "fluid: csf, expected urine"
    assert checked(values, sheet, kind="npx")["reason"] == (
        "values of kind npx: ranks need intensities"
    )
    bare = checked(values.drop(columns=list(MALE)), sheet)
    assert bare["reason"] == "none of KLK3, ACP3, MSMB, SEMG1, SEMG2 is in the matrix"
    assert [row["n_detected"] for row in bare["proteins"]] == [None] * 5


def test_words_for_sex():
    words = pd.DataFrame({"sex": ["Male", " f ", "W", "boy", "1", "", None, np.nan]})
    assert recorded_sex(words) == ["male", "female", "female", "male", "", "", "", ""]
    assert recorded_sex(pd.DataFrame(index=["a"])) == [""]


def test_two_columns_of_one_marker_count_once():
    values = pd.DataFrame([[5.0, 9.0, 7.0, 6.0]], ["s"], ["a", "b", "c", "d"])
    matrix = ProteinMatrix.build(values, scale="log2")
    assert marker_ranks(matrix, [["a", "b"], ["c"]]).tolist() == [[1.0, 0.75]]


def test_the_report_of_a_cohort_carries_the_check():
    values, sheet = adults()
    sheet.loc["s4", "sex"] = "F"
    proteins = pd.DataFrame({"accessions": list(values.columns)}, index=values.columns)
    matrix = ProteinMatrix.build(values, sheet, proteins, scale="log2", fluid="urine")
    report = describe_quality(matrix)
    assert report["sex_check"]["contradictions"] == ["s4"]
    assert any(
        text.startswith("Mix-up check suggested for 1 sample (s4)") for text in report["warnings"]
    )
