"""QC pool samples in a sheet: who they are, and where they do not count."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix import Outcome, ProteinMatrix, describe_quality, index_weights, read_samples
from proteoclass.matrix.samples.controls import control_names, is_control, without_controls


@pytest.fixture
def pooled():
    """Six patients and three measurements of a pool, one of which bears a patient's label."""
    names = [f"s{i}" for i in range(6)] + ["q1", "q2", "q3"]
    sheet = pd.DataFrame(
        {
            "severity": ["mild", "severe"] * 3 + ["severe", "pool", None],
            "sample_type": ["sample", None, "", "sample", "Sample", "patient", "QC", "pool", "qc"],
            "batch": ["1", "1", "1", "2", "2", "2", "1", "2", "2"],
        },
        index=names,
    )
    values = pd.DataFrame(np.random.default_rng(1).normal(20, 2, (9, 12)), index=names)
    return ProteinMatrix.build(values, sheet, scale="log2")


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("qc", ""), ("QC pool", ""), ("pooled_qc", ""), ("Quality control", ""),
        ("pool:plasma A", "plasma A"), ("qc : B", "B"), ("QC1", None), ("sample", None),
        ("whirlpool", None), (None, None), (3.0, None),
    ],
)  # fmt: skip
def test_words_of_a_sample_type(word, name):
    [found] = control_names(pd.DataFrame({"sample_type": [word]}))
    assert found == name if name is not None else pd.isna(found)


def test_a_pool_has_no_label_no_weight_and_no_place_among_patients(pooled):
    outcome = Outcome("severity", "severe").resolve(pooled.samples)
    assert outcome.negative == "mild"  # the pool's own word is no third label
    labels = outcome.labels(pooled.samples)
    assert labels.isna().tolist() == [False] * 6 + [True] * 3
    assert index_weights(pooled.samples, labels)[is_control(pooled.samples)].sum() == 0
    assert index_weights(pooled.samples, labels.fillna(1.0))["q1"] == 0
    assert without_controls(pooled).n_samples == 6
    bare = replace(pooled, samples=pooled.samples.drop(columns="sample_type"))
    assert without_controls(bare) is bare


def test_a_matrix_of_pools_alone_is_refused(pooled):
    with pytest.raises(InputError, match="every sample is a QC pool by its sample_type; add"):
        without_controls(pooled.take(["q1", "q2"]))


def test_quality_counts_patients_and_takes_the_pool_for_precision(pooled):
    labels = Outcome("severity", "severe").labels(pooled.samples)
    found = describe_quality(pooled, labels)
    alone = describe_quality(without_controls(pooled), labels.iloc[:6])
    assert (found["n_samples"], len(found["samples"])) == (6, 6)
    pools = found["precision"].pop("pools")
    assert (pools["n_samples"], pools["n_runs"], pools["without"]) == (3, 2, [])
    assert pools["within"]["n_groups"] == 1  # q2 and q3, of batch 2
    # By hand: the SD of a pair is |d|/√2, and CV = sqrt(exp((SD ln 2)²) − 1).
    gap = (pooled.values.loc["q2"] - pooled.values.loc["q3"]).to_numpy()
    by_hand = np.sqrt(np.expm1((np.abs(gap) / np.sqrt(2) * np.log(2)) ** 2))
    assert pools["within"]["median"] == pytest.approx(np.median(by_hand))
    assert "no sample's channel is called pool" in alone["precision"].pop("pools")["reason"]
    assert found == alone


def test_a_sheet_says_how_many_pools_it_has_and_which_words_it_does_not_know(tmp_path):
    path = tmp_path / "sheet.tsv"
    path.write_text("sample_id\tpatient_id\tsample_type\na\tp1\tsample\nq\t\tqc\nb\tp2\tblank\n")
    notes = read_samples(path).attrs["notes"]
    assert "QC pool samples, which are no patients: 1 sample (q)." in notes
    assert sum("'blank'" in note for note in notes) == 1
    assert not any("Without patient_id" in note for note in notes)
