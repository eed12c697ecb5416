"""What panels and their scores claim where there is nothing (benchmarks/study_noise.py)."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from proteoclass.errors import TooLittleDataError
from proteoclass.folds import patient_folds, spawn
from proteoclass.panel import PanelSelector
from proteoclass.scorer.inner_folds import out_of_fold_margins

STUDY = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "study_noise.py"))
INDEPENDENT, CORRELATED = STUDY["SIMULATED"]
BOUNDS = ["worst-case bound", "unimodal bound", "r-concave bound"]


def check_bounds(table):
    """Hold the mean number of false selections against each mean bound."""
    by_threshold = table.groupby(["data", "threshold"]).mean()
    for bound in BOUNDS:
        assert (by_threshold["false"] <= by_threshold[bound]).all(), by_threshold[["false", bound]]


def test_few_sets_of_noise_stay_under_the_bounds():
    table = STUDY["bounds_study"]((INDEPENDENT, CORRELATED), 3)
    check_bounds(table)
    # A bound of nothing would be kept by chance alone: halves do keep proteins.
    assert (table["kept by a half"] > 5).all()


def test_the_study_counts_what_the_selector_selects():
    matrix = STUDY["noise_matrix"](INDEPENDENT, 0)
    values = matrix.values.to_numpy()
    labels = (matrix.samples["severity"] == "severe").to_numpy()
    counted = {row["threshold"]: row["false"] for row in STUDY["false_selections"](INDEPENDENT, 0)}
    for threshold, count in counted.items():
        selector = PanelSelector(method="stability", threshold=threshold)
        if count:
            assert selector.fit(values, labels).get_support().sum() == count
        else:
            with pytest.raises(TooLittleDataError, match="no protein is kept by"):
                selector.fit(values, labels)


def test_the_auc_of_the_study_is_that_of_scikit_learn():
    found = STUDY["out_of_fold_auc"](INDEPENDENT, 4)
    cohort = STUDY["cohort_without_effect"](INDEPENDENT, 4)
    names, classes = cohort.training_patients
    settings = STUDY["SETTINGS"].resolve(cohort.matrix)
    rows, margins = out_of_fold_margins(cohort, names, 5, settings, (4, 0))
    assert found["pooled"] == pytest.approx(roc_auc_score(cohort.labels[rows], margins))
    margin_of = dict(zip(cohort.patients[rows], margins, strict=True))
    per_fold = [
        roc_auc_score(classes[test], [margin_of[name] for name in names[test]])
        for test in patient_folds(classes, 5, spawn(4, 0, 0))
    ]
    assert found["mean over folds"] == pytest.approx(np.mean(per_fold))


def test_permuting_leaves_values_and_class_sizes_alone():
    first, second = (STUDY["noise_matrix"](CORRELATED, seed) for seed in (0, 1))
    assert first.samples["severity"].value_counts().to_dict() == {"mild": 39, "severe": 11}
    assert not first.values.equals(second.values)
    block = np.corrcoef(first.values.iloc[:, :10].to_numpy(), rowvar=False)
    # Fifty samples: a correlation of 0.6 has an SE of 0.09, the mean of 45 a smaller one.
    assert block[np.triu_indices(10, 1)].mean() == pytest.approx(STUDY["CORRELATION"], abs=0.15)


@pytest.mark.long
def test_bounds_hold_on_average_over_200_sets():
    """Shah & Samworth 2013: the bound is on the expectation. Two minutes on one core."""
    check_bounds(STUDY["bounds_study"]((INDEPENDENT, CORRELATED), 200))


@pytest.mark.long
def test_the_auc_on_noise_averages_one_half_over_200_sets():
    """About a minute on one core; the Monte-Carlo error is about 0.007."""
    table = STUDY["auc_study"]((INDEPENDENT,), 200)
    assert table["mean over folds"].mean() == pytest.approx(0.5, abs=0.02)
    assert table["pooled"].mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.long
def test_evaluations_of_noise_say_no_better_than_chance():
    """Two minutes on one core. One interval in forty lies above 0.5 by chance."""
    table = STUDY["evaluation_study"]((INDEPENDENT,), 40)
    assert table["headline"].mean() == pytest.approx(0.5, abs=0.06)
    # Calibrated each to its own prevalence, the pooled folds would read 0.04 lower.
    assert (table["headline"] - table["mean over folds"]).mean() == pytest.approx(-0.01, abs=0.02)
    said = table["said no better than chance"]
    # An evaluation is silent where the interval lies above 0.5, and nowhere else.
    np.testing.assert_array_equal(said, 1 - table["lower limit above 0.5"])
    assert said.mean() >= 0.92


@pytest.mark.long
@pytest.mark.realdata
@pytest.mark.parametrize("name", STUDY["PERMUTED"])
def test_permuted_labels_of_real_cohorts_average_one_half(data_folder, name):
    """About a minute on one core for each cohort."""
    table = STUDY["auc_study"]((name,), 100)
    assert table["mean over folds"].mean() == pytest.approx(0.5, abs=0.03)
    assert table["pooled"].mean() == pytest.approx(0.5, abs=0.03)
