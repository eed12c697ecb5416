"""Batch, depth, days and missing proteins as scores of their own, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from proteoclass.folds import spawn
from proteoclass.io import json_text
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.rival_null import mask_scores
from proteoclass.matrix.quality.rivals import one_class_a_level
from proteoclass.scorer import Settings, evaluate
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import compare, fold_auc
from proteoclass.scorer.rivals.all_proteins import ALL_PROTEINS, all_protein_margins
from proteoclass.scorer.rivals.evidence import patients_of, verdicts
from proteoclass.scorer.rivals.nuisance import (
    MASK,
    NAMES,
    Nuisances,
    nuisance_warnings,
    shrunken_shares,
    signed_number,
)
from proteoclass.scorer.splits import outer_folds

OUTCOME = Outcome("severity", "severe")
QUICK = Settings(size=8, bags=2, rounds=5)


def make_matrix(patients=36, proteins=40, visits=1, signal=1.5, seed=0, **columns):
    rng = np.random.default_rng(seed)
    severe = np.repeat(np.arange(patients) % 3 == 0, visits)
    samples = pd.DataFrame(
        {
            "patient_id": np.repeat([f"P{i:02d}" for i in range(patients)], visits),
            "severity": np.where(severe, "severe", "mild"),
            "age": 50 + rng.normal(0, 9, patients).repeat(visits),
        },
        index=[f"S{i:03d}" for i in range(patients * visits)],
    ).assign(**columns)
    values = 20 + rng.normal(size=(len(samples), proteins))
    values[:, :6] += signal * severe[:, None]
    frame = pd.DataFrame(values, index=samples.index).rename(columns="Q{:03d}".format)
    return ProteinMatrix.build(frame, samples, scale="log2")


def masked(matrix, share, seed=0):
    gaps = np.random.default_rng(seed).random(matrix.values.shape) < share
    return replace(matrix, values=matrix.values.mask(gaps))


def nuisances_of(matrix, index="first"):
    cohort = build_cohort(matrix, OUTCOME, index=index)
    return cohort, Nuisances.of(patients_of(cohort))


def test_shares_are_drawn_to_the_prevalence():
    # By hand: prevalence 3/5; (2 + 0.6)/(2 + 1), (1 + 0.6)/(3 + 1); blank counts for none.
    levels = pd.Series(["a", "a", "b", "b", "b"])
    labels = np.array([1.0, 1, 1, 0, 0])
    wanted = pd.Series(["a", "b", "new", None])
    found = shrunken_shares(levels, labels, wanted)
    np.testing.assert_allclose(found, [2.6 / 3, 1.6 / 4, 0.6, 0.6])


def test_a_number_is_turned_by_its_sign_in_training():
    labels = np.array([0.0, 0, 1, 1])
    higher = signed_number(np.array([1.0, 2, 3, np.nan]), labels, np.array([7.0, np.nan]))
    lower = signed_number(np.array([5.0, 4, 3, 2]), labels, np.array([7.0, np.nan]))
    np.testing.assert_array_equal(higher, [7.0, 2.0])
    np.testing.assert_array_equal(lower, [-7.0, -3.5])
    # Without a class, or a difference, training says nothing.
    silent = signed_number(np.array([1.0, 1, np.nan, np.nan]), labels, np.array([7.0]))
    equal = signed_number(np.array([1.0, 2, 1, 2]), labels, np.array([7.0]))
    assert (silent[0], equal[0]) == (0.0, 0.0)


def test_the_mask_is_scored_as_scikit_learns_ridge_does():
    rng = np.random.default_rng(1)
    found = (rng.random((30, 50)) < 0.7).astype(float)
    labels = (rng.random(30) < 0.4).astype(float)
    train, test = np.arange(22), np.arange(22, 30)
    spread = found[train] - found[train].mean(axis=0)
    # A fifth of the mean squared length of a centred mask.
    other = Ridge(alpha=0.2 * (spread**2).sum() / 22).fit(found[train], labels[train])
    ours = mask_scores(found @ found.T, labels[None, train], train, test)[0]
    np.testing.assert_allclose(ours, other.predict(found[test]), atol=1e-9)
    alike = mask_scores(np.ones((30, 30)), labels[None, train], train, test)[0]
    np.testing.assert_allclose(alike, labels[train].mean())


def test_patients_with_the_same_mask_have_the_same_score():
    rng = np.random.default_rng(0)
    masks = (rng.random((4, 50)) < 0.7).astype(float)
    kinds = rng.integers(0, 4, 60)
    found = masks[kinds]
    labels = (rng.random((1, 45)) < 0.4).astype(float)
    scores = mask_scores(found @ found.T, labels, np.arange(45), np.arange(45, 60))[0]
    # In their last bits they would differ, and which is higher hung on the place in the file.
    assert len(np.unique(scores)) == len(np.unique(kinds[45:]))


def test_only_what_varies_is_a_rival():
    _, nothing = nuisances_of(make_matrix(batch="B1"))
    assert (list(nothing.levels), list(nothing.numbers), nothing.mask) == ([], [], None)
    days = np.tile([0.0, 7.0], 36)
    told = masked(
        make_matrix(visits=2, day=days, batch=list("AB") * 36, site=list("XXYY") * 18), 0.1
    )
    # The same batch and one day at all index samples, two visits each: nothing to learn.
    cohort, some = nuisances_of(told)
    assert list(some.levels) == ["site alone"]
    assert list(some.numbers) == ["number of proteins found alone"]
    names, _ = cohort.training_patients
    scores = some.margins(cohort, names[:24], cohort.rows_of(names[24:]))
    assert list(scores) == ["site alone", "number of proteins found alone", MASK]
    assert set(scores) < set(NAMES)
    # Both samples of a patient have the patient's score.
    assert all((score[::2] == score[1::2]).all() for score in scores.values())


def test_the_day_of_the_index_sample_is_a_rival_where_it_is_not_the_first():
    days = np.tile([0.0, 5.0], 36) + np.arange(36).repeat(2)
    matrix = make_matrix(visits=2, day=days, visit=list("ab") * 36)
    assert "day of the index sample alone" not in nuisances_of(matrix)[1].numbers
    later = nuisances_of(matrix, "visit=b")[1].numbers
    np.testing.assert_array_equal(
        later["day of the index sample alone"] - later["first day alone"], np.full(36, 5.0)
    )


def test_test_patients_teach_nothing():
    matrix = masked(make_matrix(batch=list("ABC") * 12, day=np.arange(36.0)), 0.2)
    cohort, clean = nuisances_of(matrix)
    names, _ = cohort.training_patients
    rows = cohort.rows_of(names[24:])
    before = clean.margins(cohort, names[:24], rows)
    flipped = replace(clean, labels=clean.labels.where(clean.labels.index < names[24], 9.0))
    after = flipped.margins(cohort, names[:24], rows)
    for name, scores in before.items():
        np.testing.assert_array_equal(after[name], scores)
    # A poisoned test patient has a score of its own, and moves no other's.
    samples = matrix.samples.copy()
    samples.loc["S030", ["batch", "day"]] = ["poison", 1e9]
    values = matrix.values.copy()
    values.loc["S030", values.columns[1:]] = np.nan
    cohort, poisoned = nuisances_of(replace(matrix, samples=samples, values=values))
    others = cohort.patients[rows] != "P30"
    for name, scores in poisoned.margins(cohort, names[:24], rows).items():
        np.testing.assert_allclose(scores[others], before[name][others], atol=1e-9)


def test_a_patient_without_an_index_sample_is_scored_as_the_average():
    days = np.tile([0.0, 7.0], 36)
    visit = ["T2", "T3", *["T1", "T2"] * 35]
    matrix = masked(make_matrix(visits=2, day=days, visit=visit, site=list("XXYY") * 18), 0.2)
    cohort, nuisances = nuisances_of(matrix, "visit=T1")
    names, classes = cohort.training_patients
    assert "P00" not in names
    rows = np.flatnonzero(cohort.patients == "P00")
    scores = nuisances.margins(cohort, names[:20], rows)
    depth = scores["number of proteins found alone"]
    median = nuisances.numbers["number of proteins found alone"][names[:20]].median()
    assert set(np.abs(depth)) <= {median, 0.0}
    for name in ("site alone", MASK):
        np.testing.assert_allclose(scores[name], classes[:20].mean())


def row_of(name, area, low, lower):
    return {
        "name": name,
        "auc": {"mean_over_folds": area, "interval": [low, 1.0]},
        "difference": {"interval": [lower, 0.4]},
    }


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (row_of("batch alone", 0.6, 0.4, 0.1), []),
        (row_of("batch alone", 0.8, 0.4, 0.1), []),
        (row_of("batch alone", 0.8, 0.6, 0.1), ["The outcome is told without any protein"]),
        (row_of("batch alone", 0.5, 0.3, -0.1), ["The model is not shown to beat 1 score"]),
        (row_of("batch alone", 0.5, 0.3, np.nan), ["The model is not shown to beat 1 score"]),
        # Folds that are all alike, and too few sites, have no interval.
        (row_of("batch alone", 0.94, np.nan, 0.1), []),
        (row_of("batch alone", 0.99, np.nan, 0.1), ["The outcome is told without any protein"]),
        (row_of("best single protein", 0.9, 0.8, -0.1), []),
    ],
)
def test_a_nuisance_is_warned_of_where_it_is_strong_or_not_beaten(row, said):
    warnings = nuisance_warnings([row], [])
    assert [warning[: len(start)] for warning, start in zip(warnings, said, strict=True)] == said
    assert all("batch alone (AUC 0." in warning for warning in warnings)


@pytest.mark.parametrize(
    ("labels", "tied"),
    [
        ([0.0, 0.0, 1.0, 1.0], True),
        ([0.0, 1.0, 1.0, 1.0], False),
        ([0.0, 0.0, 0.0, 0.0], False),
    ],
)
def test_a_batch_of_one_class_each_is_the_outcome(labels, tied):
    assert one_class_a_level(np.array([0, 0, 1, 1]), np.array(labels)) == tied
    assert not one_class_a_level(np.arange(4), np.array(labels))


def test_all_proteins_are_scored_as_scikit_learn_does_and_gaps_are_no_evidence():
    rng = np.random.default_rng(2)
    labels = np.repeat([0.0, 1.0], 15)
    train = rng.normal(size=(30, 60)) + labels[:, None] * (np.arange(60) < 4)
    train[:, 7] = 5.0  # constant: it has no spread to be measured by
    test = rng.normal(size=(8, 60))
    ours = all_protein_margins(train, labels, np.ones(30), test)
    kept = np.delete(np.arange(60), 7)
    other = make_pipeline(StandardScaler(), LogisticRegression(C=20 / 59, tol=1e-10))
    other.fit(train[:, kept], labels)
    np.testing.assert_allclose(ours, other.decision_function(test[:, kept]), atol=1e-5)
    gap, median = test.copy(), test.copy()
    gap[:, 3], median[:, 3] = np.nan, np.median(train[:, 3])
    found = [all_protein_margins(train, labels, np.ones(30), each) for each in (gap, median)]
    np.testing.assert_array_equal(*found)


@pytest.fixture(scope="module")
def tied():
    """Return an evaluation of a cohort in which each batch holds one class, with clinical data."""
    batch = np.where(np.arange(36) % 3 == 0, "B1", "B2")
    matrix = masked(make_matrix(batch=batch), 0.05)
    options = {"settings": QUICK, "folds": 3, "repeats": 1, "permutations": 0, "describe": False}
    return evaluate(matrix, OUTCOME, clinical=["age"], **options)


def test_an_outcome_that_equals_the_batch_is_named(tied):
    [named] = [text for text in tied.summary["warnings"] if "batch" in text]
    assert named == (
        "The batch and the outcome cannot be told apart: no batch holds patients of both classes, "
        "so that whatever differs between levels of batch separates the classes as well as the "
        "disease does."
    )
    [batch] = [row for row in tied.summary["comparators"] if row["name"] == "batch alone"]
    assert batch["auc"]["mean_over_folds"] == 1.0


def test_clinical_columns_and_pairs_stand_in_the_evaluation(tied):
    summary = tied.summary
    names = [row["name"] for row in summary["comparators"]]
    assert {"clinical baseline", "panel + clinical", ALL_PROTEINS, MASK} <= set(names)
    assert len(names) == len(set(names))
    clinical = summary["clinical"]
    assert clinical["n_patients"] == 36
    assert [column["name"] for column in clinical["columns"]] == ["age"]
    assert clinical["text"].startswith("Clinical baseline of 36 patients: age, known in all.")
    assert "Age and sex alone are easily beaten" in clinical["text"]
    [baseline] = [row for row in summary["comparators"] if row["name"] == "clinical baseline"]
    assert clinical["baseline"] == baseline["auc"]
    assert [row["name"] for row in summary["comparisons"]] == [
        "XGBoost alone, same panel vs ridge logistic, same panel",
        f"model vs {ALL_PROTEINS}",
        "panel + clinical vs clinical baseline",
        "panel + clinical vs model",
    ]
    assert summary["design"]["clinical"] == ("age",)
    said = verdicts(summary)
    assert len(said) <= 8
    assert not set(said) & set(summary["warnings"])
    assert json_text(summary)


def test_what_was_not_asked_for_says_so(toy, evaluated):
    assert evaluated.summary["clinical"] == {
        "columns": [],
        "reason": "no clinical columns were asked for (--clinical)",
    }
    assert [row["first"] for row in evaluated.summary["comparisons"]] == [
        "XGBoost alone, same panel",
        "model",
    ]
    assert "site alone" in {row["name"] for row in evaluated.summary["comparators"]}
    assert toy.samples["site"].nunique() == 2


@pytest.mark.long
def test_a_nuisance_that_tells_nothing_is_seldom_called_strong():
    alarms: dict[str, list[bool]] = {}
    for seed in range(80):
        rng = np.random.default_rng(seed)
        matrix = make_matrix(
            50, batch=rng.choice(list("ABCD"), 50), day=rng.integers(0, 10, 50).astype(float)
        )
        cohort, nuisances = nuisances_of(masked(matrix, 0.2, seed))
        names, _ = cohort.training_patients
        areas: dict[str, list[float]] = {}
        for test in outer_folds(cohort, 5, spawn(seed)):
            rows = cohort.rows_of(test)
            scores = nuisances.margins(cohort, np.setdiff1d(names, test), rows)
            for name, score in scores.items():
                areas.setdefault(name, []).append(fold_auc(cohort, rows, score))
        for name, values in areas.items():
            row = compare(name, np.ones(5), np.array(values), 0.25)
            said = " ".join(nuisance_warnings([row], []))
            alarms.setdefault(name, []).append("told without any protein quantity" in said)
    assert len(alarms) == 4
    # Nominal are 2.5 % at most; of 80 cohorts 0.078 is three standard errors above them.
    assert max(np.mean(each) for each in alarms.values()) < 0.078
