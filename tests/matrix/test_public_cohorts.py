"""Public files read as their authors meant them. Counts were taken with awk and pandas."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.check import check_matrix
from proteoclass.matrix.matching import match_proteins
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.quality.rivals import find_rivals
from proteoclass.matrix.read import read_matrix

pytestmark = pytest.mark.realdata

TIDY = {
    "breda": ("ciim_olink/tidy/breda", 535, 63, 252, "log2", "npx"),
    "radboud": ("ciim_olink/tidy/radboud", 545, 221, 143, "log2", "npx"),
    "overmyer": ("overmyer_plasma_maxquant/tidy/overmyer", 128, 517, 128, "log2", "intensity"),
    "puv": ("puv_urine_fragpipe/tidy/puv_urine", 40, 2597, 40, "raw", "intensity"),
    "csf": ("csf_alzheimer_spectronaut/tidy/csf", 197, 1542, 197, "raw", "intensity"),
}


def tidy(folder, name, **options):
    stem = folder / TIDY[name][0]
    return read_matrix(f"{stem}_matrix.tsv", f"{stem}_samples.tsv", **options)


@pytest.mark.parametrize("name", TIDY)
def test_tidy_cohorts(data_folder, name):
    stem, n_samples, n_proteins, n_patients, scale, kind = TIDY[name]
    matrix = tidy(data_folder, name)
    plain = pd.read_csv(data_folder / f"{stem}_matrix.tsv", sep="\t", index_col=0)

    assert matrix.values.shape == (n_samples, n_proteins)
    assert matrix.samples["patient_id"].nunique() == n_patients
    assert (matrix.scale, matrix.kind) == (scale, kind)
    assert matrix.source.notes == ()
    expected = plain.to_numpy(dtype=float)
    if scale == "raw":
        expected[expected == 0] = np.nan
    assert np.array_equal(matrix.values.to_numpy(), expected, equal_nan=True)


def test_proteins_are_told_by_their_table(data_folder):
    told = data_folder / "ciim_olink/tidy/radboud_proteins.tsv"
    matrix = tidy(data_folder, "radboud", proteins=told)
    plain = pd.read_csv(told, sep="\t", index_col=0)
    assert (
        matrix.proteins["accessions"].tolist()
        == plain.loc[matrix.values.columns, "accession"].fillna("").tolist()
    )


def test_a_models_ids_are_found_in_another_hospital(data_folder):
    """README: 62 ids shared, OID00557 of Breda is not in Radboud."""
    breda = tidy(data_folder, "breda", proteins=data_folder / "ciim_olink/tidy/breda_proteins.tsv")
    radboud = tidy(
        data_folder, "radboud", proteins=data_folder / "ciim_olink/tidy/radboud_proteins.tsv"
    )
    found = match_proteins(breda.proteins, radboud)
    assert (found["by"] == "id").sum() == 62
    assert found.index[found["by"] != "id"].tolist() == ["OID00557"]


def test_number_of_visits_alone_predicts_intensive_care(data_folder):
    """README of the data: visit count alone reads 0.94 in Radboud."""
    matrix = tidy(data_folder, "radboud")
    labels = Outcome("severity", "ICU").labels(matrix.samples)
    rivals = {rival.name: rival for rival in find_rivals(matrix, labels)}
    assert rivals["number of visits"].auc == pytest.approx(0.94, abs=0.01)
    assert rivals["number of visits"].n == 143


def test_the_wrong_sheet_is_refused(data_folder):
    folder = data_folder / "ciim_olink/tidy"
    with pytest.raises(
        InputError, match="no sample id of the sheet is in the table; the sheet has A-"
    ):
        read_matrix(folder / "radboud_matrix.tsv", folder / "breda_samples.tsv")


def test_clinical_columns_of_the_overmyer_table_are_no_proteins(data_folder):
    """517 accessions; the 19 others are severity, age, laboratory values and the like."""
    matrix = read_matrix(data_folder / "overmyer_plasma_maxquant/proteomics.tsv")
    assert matrix.values.shape == (129, 517)
    assert matrix.scale == "log2"
    assert "19 columns (Sample_label, Albany_sampleID, COVID," in matrix.source.notes[0]


MAXQUANT = {
    # rows, contaminants, reverse, by site, kept, samples; awk over the flag columns
    "alphapeptstats": (882, 31, 13, 72, 773, 10),
    "protdata": (271, 21, 2, 0, 248, 2),
}


@pytest.mark.parametrize("name", MAXQUANT)
def test_protein_groups(data_folder, name):
    path = data_folder / "vendor_formats" / name / "proteinGroups.txt"
    rows, contaminants, reverse, by_site, kept, samples = MAXQUANT[name]
    plain = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    flags = plain[["Potential contaminant", "Reverse", "Only identified by site"]] == "+"
    # One reverse group of the first file carries its prefix without the mark.
    flags["Reverse"] |= plain["Majority protein IDs"].str.startswith("REV__")
    lfq = plain.filter(regex="^LFQ intensity ")[~flags.any(axis=1)].astype(float)

    matrix = read_matrix(path)
    assert (len(plain), *flags.sum()) == (rows, contaminants, reverse, by_site)
    assert matrix.values.shape == (samples, kept)
    assert matrix.quantity_scope == "cohort"
    assert matrix.missing_rate == pytest.approx(float((lfq == 0).to_numpy().mean()))
    assert np.nansum(matrix.values.to_numpy()) == pytest.approx(lfq.to_numpy().sum())
    assert any(f"Removed {rows - kept} of {rows} protein groups" in n for n in matrix.source.notes)


def test_rows_trimmed_by_an_editor_are_said(data_folder):
    path = data_folder / "vendor_formats/alphapeptstats/proteinGroups.txt"
    assert read_matrix(path).source.notes[0].startswith("813 rows end early")


def test_the_stripped_weight_loss_table(data_folder):
    matrix = read_matrix(data_folder / "weightloss_plasma_maxquant/example_Weight_loss_study.txt")
    assert matrix.values.shape == (318, 717)
    assert matrix.values.index[0] == "02_TP1"
    assert matrix.proteins["gene"].iloc[0] == "SERPINA1"
    assert matrix.missing_rate == pytest.approx(0.4558, abs=5e-4)


def test_a_diann_matrix_reads_as_a_wide_table(data_folder):
    """1,282 rows, 186 runs; awk -F'\\t' 'END{print NR-1, NF-5}'."""
    report = check_matrix(data_folder / "chivas_saliva_diann/report.pg_matrix.tsv")
    assert (report["n_samples"], report["n_proteins"]) == (186, 1282)
    assert report["scale"] == "raw"
