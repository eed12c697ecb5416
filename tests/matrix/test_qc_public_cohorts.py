"""Quality of the public cohorts; expected figures by the csv module or plain pandas."""

import csv
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.qc import describe_quality
from proteoclass.matrix.read import read_matrix

pytestmark = pytest.mark.realdata


def cohort(folder, stem, **options):
    place = folder / stem
    return read_matrix(f"{place}_matrix.tsv", f"{place}_samples.tsv", **options)


def rival(report, name):
    return next(row for row in report["rivals"] if row["name"] == name)


def test_male_proteins_in_the_urine_of_boys(data_folder):
    """KLK3 in 7 of 40 and ACP3 in 40 of 40, counted with the csv module."""
    stem = "puv_urine_fragpipe/tidy/puv_urine"
    with open(data_folder / f"{stem}_matrix.tsv", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    counted = {
        gene: sum(float(row[accession] or 0) > 0 for row in rows)
        for gene, accession in (("KLK3", "P07288"), ("ACP3", "P15309"))
    }
    assert counted == {"KLK3": 7, "ACP3": 40}
    found = describe_quality(cohort(data_folder, stem, fluid="urine"))["sex_check"]
    shown = {row["gene"]: row["n_detected"] for row in found["proteins"]}
    assert {gene: shown[gene] for gene in counted} == counted
    assert found["contradictions"] == []
    assert found["reason"].startswith("0 samples of men")


def test_albumin_share_of_urine(data_folder):
    """6 to 48 % of FragPipe's Intensity, 2 to 23 % of its MaxLFQ; summed with pandas."""
    table = pd.read_csv(data_folder / "puv_urine_fragpipe/combined_protein.csv")
    table = table.drop_duplicates("Protein ID").set_index("Protein ID")
    columns = [c for c in table if c.endswith(" Intensity") and "MaxLFQ" not in c]
    raw = table[columns].T.astype(float)
    expected = raw["P02768"] / raw.sum(axis=1)
    assert (len(columns), expected.min(), expected.max()) == (
        40,
        pytest.approx(0.06, abs=0.005),
        pytest.approx(0.48, abs=0.005),
    )
    proteins = pd.DataFrame({"accessions": raw.columns}, index=raw.columns)
    matrix = ProteinMatrix.build(raw, None, proteins, scale="raw", fluid="urine")
    found = describe_quality(matrix)["specimen"]
    np.testing.assert_allclose([row["albumin_share"] for row in found["samples"]], expected)
    assert found["not_reportable"] == {}
    lfq = describe_quality(cohort(data_folder, "puv_urine_fragpipe/tidy/puv_urine", fluid="urine"))
    shares = [row["albumin_share"] for row in lfq["specimen"]["samples"]]
    assert (min(shares), max(shares)) == pytest.approx((0.0204, 0.2253), abs=1e-4)


def test_the_mask_and_the_sites_of_csf(data_folder):
    """The mask alone: scikit-learn's logistic regression, five other folds, reads near it."""
    matrix = cohort(data_folder, "csf_alzheimer_spectronaut/tidy/csf")
    labels = Outcome("severity", "biochemical AD").labels(matrix.samples)
    report = describe_quality(matrix, labels)
    mask = matrix.values.isna().to_numpy(dtype=float)
    own = make_pipeline(StandardScaler(with_std=False), LogisticRegression(C=0.1, max_iter=500))
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    scores = cross_val_predict(own, mask, labels, cv=folds, method="decision_function")
    found = rival(report, "which proteins are missing")
    assert found["auc"] == pytest.approx(0.82, abs=0.04)
    assert found["auc"] == pytest.approx(roc_auc_score(labels, scores), abs=0.04)
    assert found["p"] == 0.001
    assert found["null"][1] == pytest.approx(0.5, abs=0.02)
    assert any(text.startswith("Knowing which proteins are") for text in report["warnings"])

    site = next(row for row in report["pca"]["associations"] if row["of"] == "site")
    scores = pd.DataFrame(report["pca"]["points"])
    parts = [part["pc1"] for _, part in scores.groupby("site")]
    assert site["n_groups"] == len(parts) == 4
    assert site["components"][0]["f"] == pytest.approx(stats.f_oneway(*parts).statistic)
    assert any("by site more than by anything else" in text for text in report["warnings"])
    assert report["missing_against_intensity"]["left_censored"] is True


def test_permuted_labels_leave_no_rival_in_csf(data_folder):
    matrix = cohort(data_folder, "csf_alzheimer_spectronaut/tidy/csf")
    labels = Outcome("severity", "biochemical AD").labels(matrix.samples)
    # Every fourth protein: the rivals are the same, and their masks a quarter as wide.
    matrix = replace(matrix, values=matrix.values.iloc[:, ::4], proteins=matrix.proteins.iloc[::4])
    rng = np.random.default_rng(4)
    areas = []
    for _ in range(4):
        dealt = pd.Series(rng.permutation(labels), labels.index)
        areas.append([row["auc"] for row in describe_quality(matrix, dealt)["rivals"][3:6]])
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    ("stem", "positive", "negative"),
    [
        ("ciim_olink/tidy/breda", "ICU", "non-ICU"),
        ("ciim_olink/tidy/radboud", "ICU", "non-ICU"),
        ("overmyer_plasma_maxquant/tidy/overmyer", "severe", "non-severe"),
    ],
)
def test_few_outliers_and_no_gap_in_public_cohorts(data_folder, stem, positive, negative):
    """Depth apart (Radboud's panels failed for some samples), one sample in a hundred at most."""
    matrix = cohort(data_folder, stem)
    labels = Outcome("severity", positive, negative).labels(matrix.samples)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = describe_quality(matrix, labels)
    far = [
        row
        for row in report["samples"]
        if any(not text.startswith("number of proteins") for text in row["outlier_reasons"])
    ]
    assert 1 <= len(far) <= report["n_samples"] / 100
    short = matrix.values.notna().sum(axis=1) < 0.95 * matrix.n_proteins
    assert [row["outlier"] for row in report["samples"] if short[row["sample_id"]]] == (
        [True] * int(short.sum())
    )
    assert report["missing_against_outcome"]["n_positive"] == int(
        matrix.samples["patient_id"][labels == 1].nunique()
    )
