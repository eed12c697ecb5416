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
        "1 sample left out: replicates.",
        "1 sample left out: no patient_id.",
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
    assert left.summary["notes"] == ["1 sample not in the sheet: left out."]


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


def test_as_many_covariates_as_patients_prove_nothing():
    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.normal(size=(12, 1)), IDS[:12], ["P0"])
    names = [f"c{i}" for i in range(8)]
    sheet = pd.DataFrame(rng.normal(size=(12, 9)), IDS[:12], [*names, "crp"])
    sheet = sheet.assign(patient_id=IDS[:12])
    for n_covariates, tested in ((2, True), (3, False), (8, False)):
        found = clinical_links(values, sheet, columns=["crp"], adjust=names[:n_covariates])
        assert row_of(found, "P0")["reason"] == ("" if tested else TOO_FEW)
        assert np.isfinite(row_of(found, "P0")["p"]) == tested


def test_dates_and_infinities_are_no_numbers(tables):
    values, sheet = tables
    with pytest.raises(InputError, match=r"reads '2024-01-01 00:00:00' .30 such cells"):
        clinical_links(
            values, sheet.assign(crp=pd.date_range("2024-01-01", periods=30)), columns=["crp"]
        )
    with pytest.raises(InputError, match=r"reads 'inf' .30 such cells"):
        clinical_links(values, sheet.assign(crp=np.inf), columns=["crp"])


def test_a_sample_stands_once_and_is_somebody_s(tables):
    values, sheet = tables
    with pytest.raises(InputError, match=r"values: 1 sample id with more than one row \(s00\)"):
        clinical_links(pd.concat([values, values.head(1)]), sheet, columns=["crp"])
    with pytest.raises(InputError, match=r"sample sheet: 1 sample id with more than one row"):
        clinical_links(values, pd.concat([sheet, sheet.head(1)]), columns=["crp"])
    with pytest.raises(InputError, match="sample sheet: no column 'patient_id'"):
        clinical_links(values, sheet.drop(columns="patient_id"), columns=["crp"])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("sample_id", "s01", "1 sample ids have more than one row"),
        ("score", 150.0, "column 'score' of sample 's00' is 150"),
    ],
)
def test_a_table_that_is_none_of_scores_is_refused(tmp_path, tables, column, value, message):
    arguments = _written(tmp_path, tables, column, value)
    result = CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_score_that_is_not_reportable_is_not_correlated(tmp_path, tables):
    arguments = _written(tmp_path, tables, "status", "not reportable")
    result = CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    found = pd.read_csv(tmp_path / "out" / "score_correlations.tsv", sep="\t")
    assert found["n"].tolist() == [29]
    assert "not reportable" in result.stderr


def _written(folder, tables, column, value):
    values, sheet = tables
    sheet.rename_axis("sample_id").to_csv(folder / "s.tsv", sep="\t")
    table = (20 + values.drop(columns=["P2", "P3", "P4"])).T.rename_axis("protein")
    table.to_csv(folder / "m.tsv", sep="\t")
    scores = pd.DataFrame({"sample_id": IDS, "score": np.linspace(1, 99, 30), "status": "final"})
    scores.loc[0, column] = value
    scores.to_csv(folder / "scores.tsv", sep="\t", index=False)
    matrix = ["correlate", str(folder / "m.tsv"), "--samples", str(folder / "s.tsv")]
    return [*matrix, "--scale", "log2", "--with", "crp", "--scores", str(folder / "scores.tsv")]
