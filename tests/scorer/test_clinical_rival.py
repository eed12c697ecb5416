"""The clinical baseline, and the panel together with it: what is learnt, and from whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from proteoclass.errors import InputError
from proteoclass.folds import patient_folds, spawn
from proteoclass.matrix import read_matrix
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.rivals.clinical import (
    BASELINE,
    FUSED,
    PENALTY,
    clinical_margins,
    clinical_table,
    fit_clinical,
)
from proteoclass.scorer.rivals.evidence import patients_of
from proteoclass.scorer.rivals.ridge import fit_ridge
from proteoclass.scorer.splits import outer_folds

OUTCOME = Outcome("severity", "severe")


def make_cohort(patients=60, visits=1, seed=0, index="first", **columns):
    """Return a cohort whose sheet has an age that tells, a sex and what is given."""
    rng = np.random.default_rng(seed)
    severe = np.arange(patients) % 3 == 0
    samples = pd.DataFrame(
        {
            "patient_id": np.repeat([f"P{i:03d}" for i in range(patients)], visits),
            "severity": np.repeat(np.where(severe, "severe", "mild"), visits),
            "day": np.tile(np.arange(visits, dtype=float), patients),
            "age": np.repeat(50 + 8 * severe + rng.normal(0, 10, patients), visits),
            "sex": np.repeat(rng.choice(["f", "m"], patients), visits),
        },
        index=[f"S{i:03d}" for i in range(patients * visits)],
    )
    for name, values in columns.items():
        samples[name] = values
    values = pd.DataFrame(20 + rng.normal(size=(len(samples), 12)), index=samples.index)
    matrix = ProteinMatrix.build(values.rename(columns="Q{:02d}".format), samples, scale="log2")
    return build_cohort(matrix, OUTCOME, index=index)


def table_of(cohort, *columns):
    return clinical_table(cohort, patients_of(cohort), columns)


def split(cohort, n_folds=4):
    names, classes = cohort.training_patients
    for test in patient_folds(classes, n_folds, spawn(0)):
        yield np.delete(names, test), names[test]


def by_scikit_learn(numbers, names):
    """Return the same model as scikit-learn's own parts and its default solver."""
    return make_pipeline(
        make_column_transformer(
            (StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore"), names)
        ),
        LogisticRegression(C=1 / PENALTY, tol=1e-9, max_iter=1000),
    )


def test_the_baseline_is_scikit_learns_pipeline_where_nothing_is_missing():
    cohort = make_cohort(crp=np.random.default_rng(1).lognormal(size=60), ward=list("abc") * 20)
    clinical = table_of(cohort, "age", "crp", "sex", "ward")
    for train, test in split(cohort):
        model = fit_clinical(clinical, train)
        other = by_scikit_learn(["age", "crp"], ["sex", "ward"])
        other.fit(clinical.of(train), clinical.labels[train])
        ours, theirs = model.margin(clinical.of(test)), other.decision_function(clinical.of(test))
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
        truth = clinical.labels[test]
        assert roc_auc_score(truth, ours) == roc_auc_score(truth, theirs)


def test_gaps_are_the_median_and_a_mark_as_scikit_learn_has_them():
    crp = np.random.default_rng(1).lognormal(size=60)
    crp[::7] = np.nan
    cohort = make_cohort(crp=crp)
    clinical = table_of(cohort, "crp")
    train, test = next(split(cohort))
    marked = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True),
        make_column_transformer((StandardScaler(), [0]), remainder="passthrough"),
        LogisticRegression(C=1 / PENALTY, tol=1e-9, max_iter=1000),
    )
    marked.fit(clinical.of(train).to_numpy(), clinical.labels[train])
    assert clinical.of(test)["crp"].isna().any()
    np.testing.assert_allclose(
        fit_clinical(clinical, train).margin(clinical.of(test)),
        marked.decision_function(clinical.of(test).to_numpy()),
        atol=1e-5,
    )
    # A number that all training patients have needs no mark: a gap later is the median.
    full = [patient for patient in train if clinical.table["crp"].notna()[patient]]
    model = fit_clinical(clinical, np.array(full, dtype=object))
    assert len(model.fitted.coefficients) == 1
    median = pd.DataFrame({"crp": [clinical.table["crp"][full].median(), np.nan]})
    assert np.ptp(model.margin(median)) == 0


def test_a_level_that_training_did_not_see_is_none():
    cohort = make_cohort(ward=["a", "b"] * 29 + ["z", None])
    clinical = table_of(cohort, "ward")
    train = clinical.table.index[:58].to_numpy(dtype=object)
    model = fit_clinical(clinical, train)
    assert model.encoding.levels == {"ward": ("a", "b")}
    at_none = np.full(2, model.fitted.intercept)
    np.testing.assert_array_equal(model.margin(clinical.table.iloc[58:]), at_none)


def test_poisoned_test_patients_change_no_fitted_number():
    cohort = make_cohort(crp=np.random.default_rng(1).lognormal(size=60))
    clinical = table_of(cohort, "age", "crp", "sex")
    train, test = next(split(cohort))
    table = clinical.table.copy()
    table.loc[test, ["age", "crp"]] = 1e9
    table.loc[test, "sex"] = "poison"
    poisoned = replace(clinical, table=table, labels=clinical.labels.where(~table["age"].eq(1e9)))
    panel = np.random.default_rng(2).normal(size=len(train))
    for margins in (None, panel):
        clean, after = (fit_clinical(each, train, margins) for each in (clinical, poisoned))
        assert after.encoding == clean.encoding
        assert (after.centre, after.spread) == (clean.centre, clean.spread)
        assert after.fitted.intercept == clean.fitted.intercept
        np.testing.assert_array_equal(after.fitted.coefficients, clean.fitted.coefficients)


def test_the_fused_model_is_scikit_learns_on_margin_and_columns():
    cohort = make_cohort()
    clinical = table_of(cohort, "age")
    rows = cohort.index_rows()
    inner, test = rows[:40], rows[40:]
    rng = np.random.default_rng(3)
    margins, later = rng.normal(size=40) + cohort.labels[inner], rng.normal(size=20)
    found = clinical_margins(clinical, cohort, (inner[::-1], margins[::-1]), test, later)
    ages = clinical.table["age"].to_numpy()
    other = make_pipeline(StandardScaler(), LogisticRegression(C=1 / PENALTY, tol=1e-9))
    other.fit(np.column_stack([margins, ages[:40]]), cohort.labels[inner])
    theirs = other.decision_function(np.column_stack([later, ages[40:]]))
    np.testing.assert_allclose(found[FUSED], theirs, atol=1e-5)
    alone = make_pipeline(StandardScaler(), LogisticRegression(C=1 / PENALTY, tol=1e-9))
    alone.fit(ages[:40, None], cohort.labels[inner])
    theirs = alone.decision_function(ages[40:, None])
    np.testing.assert_allclose(found[BASELINE], theirs, atol=1e-5)


def test_a_margin_that_tells_nothing_out_of_fold_leaves_the_columns_their_weight():
    # The margin of a model's own training patients would look like certainty.
    cohort = make_cohort(patients=90)
    clinical = table_of(cohort, "age")
    names, _ = cohort.training_patients
    labels = clinical.labels[names].to_numpy()
    noise = np.random.default_rng(4).normal(size=90)
    honest = fit_clinical(clinical, names, noise).fitted.coefficients
    flattered = fit_clinical(clinical, names, 9 * labels + noise).fitted.coefficients
    assert abs(honest[0]) < 0.4 < honest[1]
    assert flattered[0] > 2
    assert flattered[1] < honest[1]


def cross_validated(cohort, *columns, repeats=1):
    """Return the mean AUC over folds of the baseline alone."""
    clinical = table_of(cohort, *columns)
    names, _ = cohort.training_patients
    areas = []
    for repeat in range(repeats):
        for test in outer_folds(cohort, 5, spawn(0, repeat)):
            known = np.intersect1d(test, names)
            model = fit_clinical(clinical, np.setdiff1d(names, test))
            areas.append(roc_auc_score(clinical.labels[known], model.margin(clinical.of(known))))
    return float(np.mean(areas))


def test_a_planted_column_is_found_and_noise_is_not():
    severe = (np.arange(60) % 3 == 0).astype(float)
    noise = np.random.default_rng(5)
    planted = make_cohort(crp=np.exp(2 * severe + noise.normal(size=60)))
    assert cross_validated(planted, "crp") > 0.85
    areas = [cross_validated(make_cohort(n=noise.normal(size=60), seed=s), "n") for s in range(6)]
    assert 0.35 < np.mean(areas) < 0.58


def test_columns_are_those_of_the_index_sample():
    crp = np.tile([5.0, 900.0], 30) + np.repeat(np.arange(30), 2)
    first = table_of(make_cohort(patients=30, visits=2, crp=crp), "crp")
    np.testing.assert_array_equal(first.table["crp"], 5.0 + np.arange(30))
    # Where all samples stand for the patient, numbers are averaged over them.
    every = table_of(make_cohort(patients=30, visits=2, crp=crp, index="all"), "crp")
    np.testing.assert_array_equal(every.table["crp"], 452.5 + np.arange(30))


def test_margins_are_averaged_over_the_samples_of_a_patient():
    cohort = make_cohort(patients=30, visits=2, index="all")
    rows = cohort.index_rows()
    patients, margins = cohort.patient_means(rows[::-1], np.arange(60.0)[::-1])
    assert patients.tolist() == [f"P{i:03d}" for i in range(30)]
    np.testing.assert_array_equal(margins, 2 * np.arange(30) + 0.5)


def test_a_patient_without_an_index_sample_is_scored_as_one_of_whom_nothing_is_known():
    cohort = make_cohort()
    clinical = table_of(cohort, "age", "sex")
    model = fit_clinical(clinical, clinical.table.index.to_numpy(dtype=object))
    unknown = clinical.of(np.array(["stranger"], dtype=object))
    median = pd.DataFrame({"age": [clinical.table["age"].median()], "sex": ["?"]})
    assert model.margin(unknown)[0] == model.margin(median)[0]


def test_columns_are_described_with_what_is_missing():
    crp = np.where(np.arange(60) < 6, np.nan, np.arange(60.0))
    clinical = table_of(make_cohort(crp=crp), "crp", "sex", "crp")
    assert clinical.describe() == [
        {"name": "crp", "kind": "number", "levels": None, "n_known": 54, "n_missing": 6},
        {"name": "sex", "kind": "levels", "levels": ["f", "m"], "n_known": 60, "n_missing": 0},
    ]
    assert table_of(make_cohort()) is None


def test_a_few_names_that_are_known_of_few_are_no_identifier():
    ward = ["a", "b", "a", *[None] * 57]
    assert table_of(make_cohort(ward=ward), "ward").describe()[0]["levels"] == ["a", "b"]
    thirty = [f"d{i % 30}" for i in range(60)]
    assert len(table_of(make_cohort(ward=thirty), "ward").describe()[0]["levels"]) == 30


def test_a_batch_that_is_a_number_is_a_name():
    clinical = table_of(make_cohort(batch=np.arange(60) % 4), "batch")
    assert clinical.describe()[0]["levels"] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("agee", None, "no column 'agee' for --clinical; did you mean 'age'"),
        ("crp", None, r"no column 'crp' for --clinical; found day, age, sex; correct --clinical"),
        ("severity", None, "--clinical severity: is the outcome itself"),
        ("patient_id", None, "--clinical patient_id: tells samples or patients apart"),
        ("code", [f"c{i}" for i in range(60)], "has 60 levels in 60 patients, hardly two"),
        ("date", [f"d{i % 31}" for i in range(60)], "has 31 levels in 60 patients, hardly two"),
        ("unit", ["icu"] * 60, "is 'icu' in all 60 patients; leave it out"),
        ("dose", [5.0] * 60, "is '5' in all 60 patients; leave it out"),
        ("blank", [None] * 60, "is empty in all 60 index samples"),
        ("crp", ["<5", *map(str, range(59))], r"holds numbers and text \(<5, 1 patient\)"),
        ("crp", [np.inf, *range(59)], "holds an infinite value"),
        ("crp", ["inf", *map(str, range(59))], r"infinite value, or one above 1e\+100; correct"),
        ("crp", [1e101, *range(59)], r"infinite value, or one above 1e\+100; correct the cell"),
        ("vent", ["yes", "no", "no"] * 20, "says the same as the outcome in all 60 patients"),
        ("vent", [0.0, 1.0, 1.0] * 20, "says the same as the outcome in all 60 patients"),
    ],
)
def test_what_is_no_clinical_value_is_refused(name, values, said):
    cohort = make_cohort(**({} if values is None else {name: values}))
    with pytest.raises(InputError, match=said):
        table_of(cohort, name)


def test_numbers_that_overflow_when_averaged_are_no_warning_and_no_mean():
    # Two index samples a patient, whose sum is beyond the largest number.
    cohort = make_cohort(30, visits=2, index="all", titre=np.full(60, 1.7e308))
    assert table_of(cohort, "age").describe()[0]["kind"] == "number"
    with pytest.raises(InputError, match="column 'titre' for --clinical holds an infinite value"):
        table_of(cohort, "titre")


def test_creatinine_in_two_units_is_refused():
    units = {"creatinine": np.arange(60.0), "creatinine_unit": ["mg/dL", "mmol/L"] * 30}
    with pytest.raises(InputError, match=r"in 2 units \(mg/dL, mmol/L\), expected one"):
        table_of(make_cohort(**units), "creatinine")
    units["creatinine_unit"] = ["mg/dL"] * 60
    assert table_of(make_cohort(**units), "creatinine").describe()[0]["kind"] == "number"


def test_ridge_of_more_columns_than_rows_is_scikit_learns():
    # The default solver works on all columns at once; ours in the span of the rows.
    rng = np.random.default_rng(6)
    design, labels = rng.normal(size=(30, 90)), np.repeat([0.0, 1.0], 15)
    design[:, :5] += labels[:, None]
    weights = rng.integers(1, 4, 30).astype(float)
    ours = fit_ridge(design, labels, weights, 4.0)
    theirs = LogisticRegression(C=0.25, tol=1e-10, max_iter=5000)
    theirs.fit(np.repeat(design, weights.astype(int), axis=0), labels.repeat(weights.astype(int)))
    np.testing.assert_allclose(ours.coefficients, theirs.coef_[0], atol=1e-5)
    np.testing.assert_allclose(ours.margin(design), theirs.decision_function(design), atol=1e-5)
    # At the optimum the penalty holds the score: a closed form that no solver is needed for.
    residual = weights * (labels - 1 / (1 + np.exp(-ours.margin(design))))
    np.testing.assert_allclose(design.T @ residual, 4.0 * ours.coefficients, atol=1e-5)


def test_ridge_without_columns_is_the_prevalence():
    fitted = fit_ridge(np.zeros((4, 0)), np.array([0.0, 0, 0, 1]), np.ones(4), 1.0)
    assert fitted.margin(np.zeros((1, 0)))[0] == pytest.approx(np.log(1 / 3))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("folder", "stem", "labels", "index", "expected"),
    [
        ("ciim_olink", "breda", ("ICU", "non-ICU"), "visit=T1", 0.62),
        ("ciim_olink", "radboud", ("ICU", "non-ICU"), "visit=W1T1", 0.47),
        ("overmyer_plasma_maxquant", "overmyer", ("severe", "non-severe"), "first", 0.55),
    ],
)
def test_age_and_sex_of_public_cohorts_reach_what_was_reported(
    data_folder, folder, stem, labels, index, expected
):
    tidy = data_folder / folder / "tidy"
    matrix = read_matrix(tidy / f"{stem}_matrix.tsv", tidy / f"{stem}_samples.tsv")
    cohort = build_cohort(matrix, Outcome("severity", *labels), index=index)
    # Two models, two ways to deal folds: within the error of a hundred patients or so.
    assert cross_validated(cohort, "age", "sex", repeats=2) == pytest.approx(expected, abs=0.06)
