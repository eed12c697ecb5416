"""Urine specimens against the simulator's truth and plain sums."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.depth import cohort_shift
from proteoclass.matrix.quality.marker_proteins import ALBUMIN, BLOOD, KERATINS, MALE, find_markers
from proteoclass.matrix.quality.qc import describe_quality
from proteoclass.matrix.quality.specimen import intensity_share, specimen_quality, specimen_warnings
from proteoclass.matrix.simulation.simulate import simulate_cohort

MARKERS = {"P02768": 0.2, "P69905": 0.001, "P68871": 0.001, "P04264": 0.004}


def urine(n=12, seed=1):
    """Raw intensities of samples with the given mean shares; a made-up cohort."""
    rng = np.random.default_rng(seed)
    shares = np.array(list(MARKERS.values())) * np.exp(rng.normal(0, 0.3, (n, 4)))
    rest = np.exp(rng.normal(8, 1, 40)) * np.exp(rng.normal(0, 0.2, (n, 40)))
    rest *= ((1 - shares.sum(axis=1)) / rest.sum(axis=1))[:, None]
    names = [*MARKERS, *(f"Q{i:05d}" for i in range(40))]
    return pd.DataFrame(np.c_[shares, rest] * 1e9, [f"s{i}" for i in range(n)], names)


def described(raw, **options):
    proteins = pd.DataFrame({"accessions": list(raw.columns)}, index=raw.columns)
    options = {"scale": "raw", "fluid": "urine", **options}
    matrix = ProteinMatrix.build(raw, None, proteins, **options).on_log2()
    return specimen_quality(matrix, *cohort_shift(matrix))


def column(found, name):
    return np.array([row[name] for row in found["samples"]])


def test_shares_against_plain_sums():
    raw = urine()
    found = described(raw)
    total = raw.sum(axis=1)
    np.testing.assert_allclose(column(found, "albumin_share"), raw["P02768"] / total)
    np.testing.assert_allclose(
        column(found, "blood_share"), (raw["P69905"] + raw["P68871"]) / total
    )
    np.testing.assert_allclose(column(found, "keratin_share"), raw["P04264"] / total)
    assert found["markers"]["blood"] == {"HBA1": ["P69905"], "HBB": ["P68871"], "CA1": []}
    assert (found["not_reportable"], found["reason"], found["note"]) == ({}, None, None)
    assert specimen_warnings(found) == []


def test_shares_do_not_overflow():
    values = pd.DataFrame([[2000.0, 2000.0], [np.nan, np.nan]], columns=["a", "b"])
    share = intensity_share(ProteinMatrix.build(values, scale="log2"), ["a"])
    assert share[0] == 0.5
    assert np.isnan(share[1])


def test_the_simulators_truth():
    """Albumin shares and dilution (with closure) as the simulator drew them."""
    cohort = simulate_cohort(patients=20, severe=6, proteins=400, seed=3)
    truth = pd.DataFrame(cohort.truth["samples"]).set_index("sample_id")
    report = describe_quality(cohort.matrix)
    found = pd.DataFrame(report["specimen"]["samples"]).set_index("sample_id").loc[truth.index]
    np.testing.assert_allclose(found["albumin_share"], truth["albumin_share"], atol=1e-3)
    put_in = truth["dilution_log2"] + truth["closure_log2"]
    off = np.log2(found["dilution_factor"]) - put_in
    assert (off - off.median()).abs().max() < 0.3
    assert off.std() < 0.3 * put_in.std()
    assert report["specimen"]["not_reportable"]["blood_share"] == (
        "none of HBA1, HBB, CA1 is in the matrix"
    )


def test_the_dilution_factor_is_the_dilution():
    raw = urine()
    raw.loc["s3"] /= 32
    found = described(raw)
    factor = column(found, "dilution_factor")
    assert factor[3] * 32 == pytest.approx(1, abs=0.25)
    assert found["samples"][3]["flags"] == ["loading far from the cohort's"]
    assert specimen_warnings(found) == ["Urine: loading far from the cohort's, 1 sample (s3)."]
    # Shares are of the sample's own sum: dilution leaves them alone.
    np.testing.assert_allclose(
        column(found, "albumin_share"), column(described(urine()), "albumin_share")
    )


@pytest.mark.parametrize(
    ("protein", "times", "words"),
    [("P69905", 80, "blood"), ("P04264", 60, "keratins"), ("P02768", 12, "albumin")],
)
def test_what_does_not_belong_is_flagged(protein, times, words):
    raw = urine()
    raw.loc["s5", protein] *= times
    found = described(raw)
    flagged = {row["sample_id"]: row["flags"] for row in found["samples"] if row["flags"]}
    assert set(flagged) == {"s5"}
    assert any(words in text for text in flagged["s5"])
    assert any("1 sample (s5)" in text for text in specimen_warnings(found))


def test_albumin_over_half_is_flagged_in_any_cohort():
    raw = urine(3)
    raw["P02768"] *= 8
    found = described(raw)
    assert [len(row["flags"]) for row in found["samples"]] == [1, 1, 1]
    assert specimen_warnings(found)[0].startswith("Urine: albumin takes more than half of the")


def test_traces_are_never_flagged():
    """A hundred times the cohort's median is no news below one per cent."""
    raw = urine()
    raw[["P69905", "P68871"]] /= 1000
    raw.loc["s2", "P69905"] *= 100
    assert specimen_warnings(described(raw)) == []


def test_a_marker_that_most_samples_lack_is_seen_where_it_is():
    raw = urine()
    raw[["P69905", "P68871"]] = 0.0
    raw.loc["s2", "P69905"] = 0.1 * raw.loc["s2"].sum()
    raw.loc["s9", "P69905"] = 1e-5 * raw.loc["s9"].sum()
    found = described(raw)
    assert column(found, "blood_share")[0] == 0.0
    assert [row["sample_id"] for row in found["samples"] if row["flags"]] == ["s2"]


def test_what_cannot_be_reported_says_why():
    raw = urine()
    assert described(raw, fluid="plasma")["reason"] == "fluid: plasma, expected urine"
    npx = described(np.log2(raw), scale="log2", kind="npx")
    assert npx["reason"] == "values of kind npx: shares need intensities"
    bare = described(raw.drop(columns=list(MARKERS)))
    assert bare["not_reportable"] == {
        "albumin_share": "ALB is not in the matrix",
        "blood_share": "none of HBA1, HBB, CA1 is in the matrix",
        "keratin_share": "none of KRT1, KRT2, KRT9, KRT10 is in the matrix",
    }
    assert bare["samples"][0]["albumin_share"] is None
    assert "MaxLFQ" in described(raw, quantity_scope="cohort")["note"]
    lone = described(raw.where(np.eye(*raw.shape) > 0))
    assert lone["not_reportable"]["dilution_factor"] == (
        "no protein is detected in 80% of the samples"
    )


def test_markers_are_found_by_leading_accession_then_member_then_gene():
    proteins = pd.DataFrame(
        {
            "accessions": ["Q9;P02768", "P02768-2", "P02768", "P69905;P1", "Q8;P68871", "", "Q7"],
            "gene": ["X;ALB", "ALB", "ALB", "HBA1;HBA2", "X", "ACPP", "KRT9"],
        },
        index=list("abcdefg"),
    )
    assert find_markers(proteins, ALBUMIN) == {"P02768": ["b", "c"]}
    assert find_markers(proteins, BLOOD) == {"P69905": ["d"], "P68871": ["e"], "P00915": []}
    assert find_markers(proteins, MALE)["P15309"] == ["f"]
    # Another accession with the gene's name is another protein.
    assert find_markers(proteins, KERATINS)["P35527"] == []
    both = pd.DataFrame({"accessions": ["P69905;P68871"], "gene": [""]}, index=["x"])
    assert find_markers(both, BLOOD) == {"P69905": ["x"], "P68871": [], "P00915": []}


def test_markers_are_the_panels_own():
    """The curated urine panel lists the same accessions and genes."""
    import tomllib
    from pathlib import Path

    path = Path(__file__).parents[2] / "panels" / "specimen-quality-urine.toml"
    listed = {p["accession"]: p["gene"] for p in tomllib.loads(path.read_text())["protein"]}
    assert listed == {**ALBUMIN, **BLOOD, **KERATINS}
