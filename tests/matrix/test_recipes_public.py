"""Recipes on the public files, against tables made from them independently."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from proteoclass.matrix.cohorts.catalogue import find_cohort, prepare_cohort

pytestmark = pytest.mark.realdata

RAW = {
    "breda": {"Cohort 1- Breda.xlsx": "ciim_olink/breda_npx_manager.xlsx"},
    "radboud": {"Cohort 2- Nijmegen.xlsx": "ciim_olink/radboud_npx_manager.xlsx"},
    "overmyer": {"2020-06-10_proteomics.tsv": "overmyer_plasma_maxquant/proteomics.tsv"},
    "puv-urine": {"combined_final_protein_ByJF.csv": "puv_urine_fragpipe/combined_protein.csv"},
    "csf": {"Alzheimer.xlsx": "csf_alzheimer_spectronaut/Alzheimer.xlsx"},
    "weight-loss": {
        name: f"weightloss_plasma_maxquant/{name}"
        for name in ("example_Weight_loss_study.txt", "Marker List.xlsx")
    },
    "saliva": {
        name: f"chivas_saliva_diann/{name}"
        for name in ("report.pg_matrix.tsv", "patient_pharyngitis_grade.xlsx")
    },
    "gisby": {
        name: f"gisby_serum_olink_long/{name}"
        for name in ("serum_npx_level.csv", "serum_sample_level.csv")
    },
}


@pytest.fixture(scope="module")
def public(data_folder, tmp_path_factory):
    """Prepare a public cohort from the data folder, once."""
    made = {}

    def prepare(name):
        if name not in made:
            raw = tmp_path_factory.mktemp(name)
            for published, here in RAW[name].items():
                (raw / published).symlink_to(data_folder / here)
            made[name] = prepare_cohort(name, raw)
        return made[name]

    return prepare


def tidy(data_folder, stem):
    matrix = pd.read_csv(data_folder / f"{stem}_matrix.tsv", sep="\t", index_col=0)
    samples = pd.read_csv(data_folder / f"{stem}_samples.tsv", sep="\t", index_col=0)
    return matrix, samples


def as_read(samples, tmp_path):
    """Return a recipe's sheet as pandas reads what would be written."""
    path = tmp_path / "samples.tsv"
    samples.to_csv(path, sep="\t", index_label="sample_id")
    return pd.read_csv(path, sep="\t", index_col=0)


@pytest.mark.parametrize("name", RAW)
def test_counts_are_those_of_the_catalogue(public, name):
    """Figures of the catalogue: the data folder's README, and for Gisby `csv` and `set`."""
    cohort, prepared = find_cohort(name), public(name)
    counts = prepared.counts()
    assert (counts["samples"], counts["patients"]) == (cohort.samples, cohort.patients)
    assert counts["proteins"] == cohort.proteins
    if cohort.outcome:
        labels = set(prepared.samples[cohort.outcome])
        assert {cohort.positive, cohort.negative} <= labels


@pytest.mark.parametrize("name", RAW)
def test_raw_files_are_those_of_the_catalogue(data_folder, name):
    cohort = find_cohort(name)
    for file in cohort.files:
        content = (data_folder / RAW[name][file.name]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)


TIDY = {
    "overmyer": "overmyer_plasma_maxquant/tidy/overmyer",
    "puv-urine": "puv_urine_fragpipe/tidy/puv_urine",
    "csf": "csf_alzheimer_spectronaut/tidy/csf",
}


@pytest.mark.parametrize("name", TIDY)
def test_values_and_sheet_equal_the_tidy_ones(public, data_folder, tmp_path, name):
    matrix, samples = tidy(data_folder, TIDY[name])
    prepared = public(name)
    pd.testing.assert_frame_equal(prepared.values, matrix.astype(float), check_names=False)
    sheet = as_read(prepared.samples, tmp_path)
    pd.testing.assert_frame_equal(sheet[samples.columns], samples, check_dtype=False)


def test_breda_differs_from_the_bridged_matrix_by_one_constant_an_assay(
    public, data_folder, tmp_path
):
    matrix, samples = tidy(data_folder, "ciim_olink/tidy/breda")
    prepared = public("breda")
    assert prepared.values.index.equals(matrix.index)
    assert set(prepared.values.columns) == set(matrix.columns)
    difference = prepared.values[matrix.columns] - matrix
    spread = difference.max() - difference.min()
    assert spread.max() < 2e-5
    assert 0.7 < difference.median().abs().max() < 0.8
    assert prepared.values.isna().to_numpy().sum() == matrix.isna().to_numpy().sum()
    sheet = as_read(prepared.samples, tmp_path)
    pd.testing.assert_frame_equal(sheet[samples.columns], samples, check_dtype=False)


def test_radboud_differs_by_one_constant_an_assay_and_plate_set(public, data_folder):
    """RUMC_0078 W1T1 stands twice on a sheet: of one panel the other row was taken."""
    matrix, _ = tidy(data_folder, "ciim_olink/tidy/radboud")
    values = public("radboud").values
    assert values.index.equals(matrix.index)
    assert set(values.columns) == set(matrix.columns)
    difference = (values[matrix.columns] - matrix).drop(index="RUMC_0078 W1T1")
    for assay in difference:
        cells = np.sort(difference[assay].dropna().to_numpy())
        constants = 1 + (np.diff(cells) > 3e-5).sum()
        assert constants <= 3, assay
    more = values[matrix.columns].notna() & matrix.isna()
    assert set(more.index[more.any(axis=1)]) == {"RUMC_0011 W2T21"}
    assert not (values[matrix.columns].isna() & matrix.notna()).to_numpy().any()


def test_radboud_sheet(public, data_folder, tmp_path):
    """The tidy sheet calls a repeated W2T2 W2T21; here it is W2T2 and a replicate."""
    _, samples = tidy(data_folder, "ciim_olink/tidy/radboud")
    sheet = as_read(public("radboud").samples, tmp_path)
    same = samples.columns.drop("visit")
    pd.testing.assert_frame_equal(sheet[same], samples[same], check_dtype=False)
    assert (sheet["visit"] == samples["visit"].str.extract(r"(W\dT\d)")[0]).all()
    repeated = samples["visit"].str.len() > 4
    assert (sheet["replicate_of"].notna() == repeated).all()
    assert repeated.sum() == 29
    assert set(sheet["replicate_of"].dropna()) <= set(sheet.index)


def test_radboud_severity_is_uneven_over_plate_sets(public):
    """Of the index samples 20 of 39 on plate set 1 are ICU, 17 of 99 on set 3: `crosstab`."""
    samples = public("radboud").samples
    first = samples[(samples["visit"] == "W1T1") & (samples["replicate_of"] == "")]
    counts = pd.crosstab(first["batch"], first["severity"])
    assert counts.loc["plate set 1"].tolist() == [20, 19]
    assert counts.loc["plate set 3", "ICU"] == 17


def test_plate_sets_agree_after_bridging(public):
    """A sample measured on two plate sets reads the same but for noise, assay by assay."""
    prepared = public("radboud")
    again = prepared.samples["replicate_of"]
    again = again[again != ""]
    difference = prepared.values.loc[again.index] - prepared.values.loc[again].to_numpy()
    assert difference.median().abs().median() < 0.1


def test_saliva_runs(public):
    """20 people, 186 runs, 7 of them second ones: names alone, sorted and counted by `uniq`."""
    samples = public("saliva").samples
    assert samples.groupby("patient_id").size().agg(["min", "max"]).tolist() == [7, 12]
    assert (samples["replicate_of"] != "").sum() == 7
    assert (samples["time_point"] == "").sum() == 1
    assert samples.groupby("severity")["patient_id"].nunique().to_dict() == {
        "Intense": 3,
        "Medium": 5,
        "Mild": 10,
        "None": 2,
    }


def test_gisby_values(public, data_folder):
    """`pandas.pivot_table` of the long file, by sample and UniProt."""
    long = pd.read_csv(data_folder / "gisby_serum_olink_long/serum_npx_level.csv")
    wide = long.pivot_table(index="SampleID", columns="UniProt", values="NPX")
    values = public("gisby").values
    values = values.set_axis([protein.replace(";", ",") for protein in values.columns], axis=1).loc[
        wide.index, wide.columns
    ]
    assert np.array_equal(values.to_numpy(), wide.to_numpy(), equal_nan=True)
