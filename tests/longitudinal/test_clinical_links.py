"""Correlations with clinical columns: scipy's numbers, closed forms, and repeated measures."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

from proteoclass.cli import main
from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.longitudinal import clinical_links
from proteoclass.longitudinal.clinical_links import CONSTANT, TOO_FEW

IDS = [f"s{i:02d}" for i in range(30)]


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(2)
    age = rng.uniform(20, 80, 30)
    crp = np.exp(rng.normal(size=30) + age / 40)
    values = pd.DataFrame(rng.normal(size=(30, 8)), IDS, [f"P{i}" for i in range(8)])
    values["P0"] += np.log(crp)
    values["P1"] += age / 15
    values.iloc[:5, 2] = np.nan
    values.iloc[:25, 3] = np.nan
    values["P4"] = 1.0
    sheet = pd.DataFrame({"patient_id": IDS, "age": age, "crp": crp}, index=IDS)
    return values, sheet.assign(sex=np.where(age > 50, "F", "M"))


def row_of(found, name):
    return found.table.set_index("name").loc[name]


def test_without_adjustment_it_is_scipy_s_spearman(tables):
    values, sheet = tables
    found = clinical_links(values, sheet, columns=["crp"])
    for name in ("P0", "P1", "P2"):
        seen = values[name].notna()
        expected = stats.spearmanr(values.loc[seen, name], sheet.loc[seen, "crp"])
        row = row_of(found, name)
        assert row["rho"] == pytest.approx(expected.statistic, rel=1e-12)
        assert row["p"] == pytest.approx(expected.pvalue, rel=1e-9)
        assert row["n"] == seen.sum()
        assert row["lower"] < row["rho"] < row["upper"]
    assert row_of(found, "P3")["reason"] == TOO_FEW
    assert row_of(found, "P4")["reason"] == CONSTANT
    assert found.table.loc[found.table["reason"] != "", ["rho", "p", "q"]].isna().all(axis=None)
    tested = found.table["p"].dropna()
    np.testing.assert_allclose(found.table["q"].dropna(), stats.false_discovery_control(tested))
    assert tested.is_monotonic_increasing


def test_partial_is_the_closed_form_of_one_covariate(tables):
    # (r_xy - r_xz r_yz) / sqrt((1 - r_xz²)(1 - r_yz²)) on Spearman's r; Kendall 1942.
    values, sheet = tables
    found = clinical_links(values, sheet, columns=["crp"], adjust=["age"])
    for name in ("P0", "P1", "P2"):
        seen = values[name].notna()
        trio = np.column_stack([values[name], sheet["crp"], sheet["age"]])[seen]
        r = stats.spearmanr(trio).statistic
        expected = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
        row, df = row_of(found, name), seen.sum() - 3
        assert row["rho"] == pytest.approx(expected, rel=1e-9)
        t = abs(expected) * np.sqrt(df / (1 - expected**2))
        assert row["p"] == pytest.approx(2 * stats.t.sf(t, df), rel=1e-9)
    assert found.summary["kind"].endswith("partial for age")
    both = clinical_links(values, sheet, columns=["crp"], adjust=["age", "sex"])
    assert row_of(both, "P0")["rho"] > 0.4
    # P1 follows age, and age moves CRP: given age there is less of it.
    plain = clinical_links(values, sheet, columns=["crp"])
    assert abs(row_of(found, "P1")["rho"]) < abs(row_of(plain, "P1")["rho"])


def test_samples_of_one_patient_are_one_piece_of_evidence(tables):
    values, sheet = tables
    copies = pd.concat([values, values.set_axis([f"t{i}" for i in IDS], axis=0)])
    again = pd.concat([sheet, sheet.set_axis([f"t{i}" for i in IDS], axis=0)])
    once = clinical_links(values, sheet, columns=["crp"], adjust=["age"])
    twice = clinical_links(copies, again, columns=["crp"], adjust=["age"])
    pd.testing.assert_frame_equal(once.table, twice.table, rtol=1e-9)
    assert twice.summary["notes"] == ["60 samples of 30 patients: averaged patient by patient."]
    odd = again.assign(replicate_of=[""] * 59 + ["s29"])
    odd.loc["ts00", "patient_id"] = ""
    notes = clinical_links(copies, odd, columns=["crp"]).summary["notes"]
    assert notes[:2] == [
        "1 samples are replicates: left out.",
        "1 samples have no patient_id: left out.",
    ]


def test_order_does_not_matter(tables):
    values, sheet = tables
    order = np.random.default_rng(0).permutation(IDS)
    found = clinical_links(values.loc[order], sheet, columns=["crp"], adjust=["age"])
    expected = clinical_links(values, sheet, columns=["crp"], adjust=["age"])
    pd.testing.assert_frame_equal(found.table, expected.table)


def test_what_cannot_be_correlated_is_refused(tables):
    values, sheet = tables
    with pytest.raises(InputError, match="sample sheet: no column 'crq'; "):
        clinical_links(values, sheet, columns=["crq"])
    with pytest.raises(InputError, match="found age to correlate and to adjust for"):
        clinical_links(values, sheet, columns=["age"], adjust=["age"])
    with pytest.raises(InputError, match="found no column to correlate"):
        clinical_links(values, sheet, columns=[])
    words = sheet.assign(crp=["low", "middle", "high"] * 10)
    with pytest.raises(InputError, match=r"sample 's00' reads 'low' \(30 such cells\)"):
        clinical_links(values, words, columns=["crp"])
    with pytest.raises(TooLittleDataError, match="found 9 patients with values"):
        clinical_links(values.head(9), sheet, columns=["crp"])
    left = clinical_links(values, sheet.drop(index="s03"), columns=["crp"])
    assert left.summary["notes"] == ["1 samples are not in the sheet: left out."]


def test_the_command_writes_proteins_and_scores(tables, tmp_path):
    values, sheet = tables
    values.drop(columns=["P3", "P4"]).T.rename_axis("protein").to_csv(tmp_path / "m.tsv", sep="\t")
    sheet.rename_axis("sample_id").to_csv(tmp_path / "s.tsv", sep="\t")
    score = 100 * stats.norm.cdf(np.log(sheet["crp"]) - 1)
    pd.DataFrame({"sample_id": IDS, "score": score}).to_csv(
        tmp_path / "scores.tsv", sep="\t", index=False
    )
    asked = ["correlate", tmp_path / "m.tsv", "--samples", tmp_path / "s.tsv", "--with", "crp"]
    asked += ["--adjust", "sex", "--scores", tmp_path / "scores.tsv", "--scale", "log2"]
    asked += ["--normalise", "none", "-o", tmp_path / "out"]
    result = CliRunner().invoke(main, [str(each) for each in asked])
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "out" / "correlations.tsv", sep="\t")
    assert table["name"].iloc[0] == "P0"
    scores = pd.read_csv(tmp_path / "out" / "score_correlations.tsv", sep="\t")
    assert scores["rho"].iloc[0] == pytest.approx(1.0)
    summary = json.loads((tmp_path / "out" / "correlations.json").read_text())
    assert summary["scores"]["adjusted_for"] == ["sex"]


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("place", "column", "one"),
    [
        ("overmyer_plasma_maxquant/tidy/overmyer", "crp_mg_l", None),
        ("ciim_olink/tidy/radboud", "lymphocytes_at_admission", "W1T1"),
    ],
)
def test_public_cohorts_have_scipy_s_numbers(data_folder, place, column, one):
    sheet = pd.read_csv(data_folder / f"{place}_samples.tsv", sep="\t", index_col=0)
    values = pd.read_csv(data_folder / f"{place}_matrix.tsv", sep="\t", index_col=0)
    if not set(values.index) & set(sheet.index):
        values = values.T
    if one is not None:
        sheet = sheet[sheet["visit"] == one].drop_duplicates("patient_id")
    values = values.loc[values.index.isin(sheet.index)]
    found = clinical_links(values, sheet.loc[values.index], columns=[column])
    tested = found.table[found.table["reason"] == ""]
    assert len(tested) > 0.9 * values.shape[1]
    for _, row in tested.iloc[:: max(1, len(tested) // 12)].iterrows():
        pair = pd.DataFrame({"x": values[row["name"]], "y": sheet[column]}).dropna()
        expected = stats.spearmanr(pair["x"], pair["y"])
        assert row["n"] == len(pair)
        assert row["rho"] == pytest.approx(expected.statistic, rel=1e-9)
        assert row["p"] == pytest.approx(expected.pvalue, rel=1e-6)
