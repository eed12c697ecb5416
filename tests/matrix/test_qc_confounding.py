"""Batches and treatments that split the classes, in cohorts too small for any p."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.patients import index_patients
from proteoclass.matrix.quality.precision import precision
from proteoclass.matrix.quality.rivals import find_rivals


def rivals_of(labels, **sheet):
    n = len(labels)
    values = pd.DataFrame(
        np.random.default_rng(0).normal(20, 1, (n, 12)), [f"s{i}" for i in range(n)]
    )
    matrix = ProteinMatrix.build(values, pd.DataFrame(sheet, values.index), scale="log2")
    found = find_rivals(matrix, pd.Series(labels, values.index, dtype=float))
    return {rival.name: rival for rival in found}


@pytest.mark.parametrize(("n_positive", "n"), [(3, 6), (4, 8), (5, 10), (1, 8), (2, 6), (12, 40)])
def test_a_site_that_equals_the_outcome_is_warned_of_in_any_cohort(n_positive, n):
    labels = np.repeat([1, 0], [n_positive, n - n_positive])
    site = rivals_of(labels, site=np.where(labels == 1, "X", "Y"))["site"]
    (warning,) = site.warnings
    assert warning.startswith(
        "The site and the outcome are associated (no site holds both classes, permutation p = "
    )
    assert warning.endswith("cannot be told from differences between levels of site.")
    assert site.auc == 1.0


def test_a_site_of_almost_one_class_is_warned_of_where_chance_seldom_does_as_well():
    """Fisher's exact p of the table 5, 1, 0, 6 is 0.015: too large for one in a hundred."""
    labels = [1] * 6 + [0] * 6
    site = rivals_of(labels, site=["X"] * 5 + ["Y"] * 7)["site"]
    assert 0.01 < site.judged.p <= 0.05
    assert "may be differences between levels of site" in site.warnings[0]


def test_batches_of_one_or_two_patients_split_the_classes_by_chance():
    labels = [1, 0] * 5
    assert rivals_of(labels, batch=list("abcdefghij"))["batch"].warnings == ()
    assert rivals_of(labels, batch=list("aabbccddee"))["batch"].warnings == ()
    assert rivals_of(labels, batch=list("abacdedfgh"))["batch"].warnings == ()


def test_a_treatment_that_is_given_or_blank_is_listed_and_not_guessed():
    labels = [1] * 6 + [0] * 6
    given = rivals_of(
        labels,
        dialysis=["yes"] * 6 + [""] * 6,
        heparin=[5000.0] * 6 + [np.nan] * 6,
        batch=["B1"] * 11 + [None],
        catheter="no",
    )
    for name, n in (("dialysis", 6), ("heparin", 6), ("batch", 11)):
        assert (given[name].auc, given[name].n, given[name].warnings) == (None, n, ())
        assert given[name].note.startswith("one value, else blank, which is not taken for")
    assert "catheter" not in given


def test_what_a_patient_belongs_to_does_not_hang_on_the_order_of_the_file():
    """Two samples without an order stand for a patient together; they were in two batches."""
    names = [f"s{i:02d}" for i in range(20)]
    values = pd.DataFrame(np.random.default_rng(1).normal(20, 1, (20, 12)), names)
    sheet = pd.DataFrame(
        {"patient_id": [f"p{i // 2}" for i in range(20)], "batch": ["b1", "b2"] * 10}, values.index
    )
    labels = pd.Series([1.0] * 10 + [0.0] * 10, values.index)
    turned = values.iloc[::-1]
    for table in (values, turned):
        told = index_patients(ProteinMatrix.build(table, sheet, scale="log2"), labels, "first")
        assert told.sheet["batch"].tolist() == ["b1"] * 10


def test_an_unknown_loading_is_the_reason_where_it_is():
    values = pd.DataFrame([[8.0, 9.0], [8.2, 9.1]], ["a", "b"], ["P1", "P2"])
    sheet = pd.DataFrame({"replicate_of": ["", "a"]}, values.index)
    matrix = ProteinMatrix.build(values, sheet, scale="log2")
    found = precision(matrix, np.array([0.0, np.nan]))["replicates"]
    assert found["n_proteins"] == 2
    assert found["loading_removed"]["reason"] == (
        "no protein was found twice in a group of samples of known loading"
    )
