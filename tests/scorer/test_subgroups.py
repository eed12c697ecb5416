"""Figures within groups of patients and between sites, against pROC and scikit-learn."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from held_out_scores import FIRST, LABELS, SECOND, cohort_of, scored, twice
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from proteoclass.io import json_text
from proteoclass.scorer.performance.delong import NO_SPREAD, delong_interval
from proteoclass.scorer.performance.figures import held_out_figures
from proteoclass.scorer.performance.grouping import group_patients
from proteoclass.scorer.performance.held_out import held_out
from proteoclass.scorer.performance.heterogeneity import heterogeneity
from proteoclass.scorer.performance.sites import site_figures
from proteoclass.scorer.performance.subgroups import difference, group_auc, subgroups

SEX = np.where(np.arange(45) % 2, "Female", "m").astype(object)


def sheet(**columns):
    """Return a cohort that has nothing but a sample sheet."""
    return SimpleNamespace(matrix=SimpleNamespace(samples=pd.DataFrame(columns)))


def by_column(found, name):
    [entry] = [entry for entry in found["by"] if entry["column"] == name]
    return entry


def test_the_error_of_a_mean_over_repeats_is_that_of_proc():
    # tests/scorer/golden_fixed_rates.R, pROC 1.18.0: both variances and twice the
    # covariance, over four.
    found = group_auc(scored(FIRST, SECOND))
    assert found == pytest.approx((0.847222222222, 0.0381403215519), rel=1e-10)
    assert group_auc(twice(scored(FIRST, SECOND))) == pytest.approx(found)


def test_groups_are_judged_by_their_own_patients():
    sex = SEX.copy()
    sex[7] = None
    cohort, by_repeat = cohort_of(sex=sex)
    entry = by_column(subgroups(cohort, held_out(cohort, by_repeat)), "sex")
    assert [row["group"] for row in entry["groups"]] == ["female", "male"]
    assert (entry["n_unknown"], entry["n_mixed"]) == (1, 0)
    for row, word in zip(entry["groups"], ("Female", "m"), strict=True):
        inside = sex == word
        assert (row["n_positive"], row["n_negative"]) == (
            LABELS[inside].sum(), (1 - LABELS[inside]).sum(),
        )  # fmt: skip
        each = [roc_auc_score(LABELS[inside], scores[inside]) for scores in (FIRST, SECOND)]
        assert row["auc"] == pytest.approx(np.mean(each))
        risks = 1 / (1 + np.exp(-np.stack([FIRST, SECOND])[:, inside]))
        expected = LABELS[inside].mean() - risks.mean()
        assert row["in_the_large"]["difference"] == pytest.approx(expected)
    [between] = entry["differences"]
    # The larger group, the men, is the one to differ from.
    assert between["groups"] == ["female", "male"]
    female, male = entry["groups"]
    assert between["difference"] == pytest.approx(female["auc"] - male["auc"])
    low, high = between["interval"]
    assert low < between["difference"] < high


def test_the_interval_of_one_repeat_is_delongs():
    cohort, by_repeat = cohort_of(sex=SEX)
    held = held_out(cohort, by_repeat[:1])
    female = by_column(subgroups(cohort, held), "sex")["groups"][0]
    inside = SEX == "Female"
    expected = delong_interval(LABELS[inside], FIRST[inside])
    assert female["error"] == pytest.approx(expected["standard_error"])
    assert female["interval"] == pytest.approx(expected["interval"])


def test_a_difference_of_symmetric_intervals_is_walds():
    # Closed form: half-widths add as variances do.
    one = {"group": "a", "auc": 0.8, "interval": [0.7, 0.9]}
    two = {"group": "b", "auc": 0.6, "interval": [0.4, 0.8]}
    half = np.hypot(0.1, 0.2)
    assert difference(one, two)["interval"] == pytest.approx([0.2 - half, 0.2 + half])
    nothing = difference(one | {"interval": None}, two)
    assert (nothing["interval"], nothing["reason"]) == (None, "one of the groups has no interval")


def test_small_groups_are_named_up_to_twelve_and_counted():
    batch = np.where(np.arange(45) < 20, "main", [f"run {i:02d}" for i in range(45)])
    cohort, by_repeat = cohort_of(batch=batch)
    entry = by_column(subgroups(cohort, held_out(cohort, by_repeat)), "batch")
    assert [row["group"] for row in entry["groups"]] == ["main"]
    assert (len(entry["not_reportable"]), entry["n_not_reportable"]) == (12, 25)
    assert entry["not_reportable"][0] == {
        "group": "run 20", "n_positive": 1, "n_negative": 0,
        "reason": "1 positive and 0 negative patients, expected at least 5 of each",
    }  # fmt: skip
    assert entry["differences"] == []


def test_a_group_whose_classes_are_apart_has_no_interval():
    scores = np.where(SEX == "m", 10 * LABELS, 0) + FIRST
    cohort, _ = cohort_of(sex=SEX)
    entry = by_column(subgroups(cohort, scored(scores)), "sex")
    male = entry["groups"][1]
    assert (male["auc"], male["interval"], male["reason"]) == (1.0, None, NO_SPREAD)
    assert entry["differences"][0]["interval"] is None


def test_says_which_columns_have_nothing_to_compare():
    cohort, by_repeat = cohort_of(sex=SEX, site="A", batch=[None] * 45)
    found = subgroups(cohort, held_out(cohort, by_repeat))
    assert [entry["column"] for entry in found["by"]] == ["sex"]
    assert found["not_shown"] == {
        "age": "not in the sample sheet",
        "site": "the same for all patients (A)",
        "batch": "the same for all patients (not known)",
    }
    assert "no effect" in found["caution"]


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ((17, 17.9, 18, 49.9), ["under 18", "under 18", "18 to 49", "18 to 49"]),
        ((50, 64, 65, 90), ["50 to 64", "50 to 64", "65 or more", "65 or more"]),
    ],
)
def test_ages_in_bands(ages, expected):
    years = np.repeat(np.array(ages, dtype=float), 5)
    held = scored(np.arange(20.0), labels=np.arange(20) % 2)
    found = group_patients(sheet(age=years), held, "age")
    assert list(found.levels[::5]) == expected
    assert found.rule.startswith("bands of age")


def test_ages_of_one_band_in_thirds():
    years = np.append(np.arange(1.0, 13.0), np.nan)
    held = scored(np.arange(13.0), labels=np.arange(13) % 2)
    found = group_patients(sheet(age=years), held, "age")
    assert [list(found.levels).count(name) for name in found.names] == [4, 4, 4]
    assert found.n_unknown == 1
    assert found.rule.startswith("thirds of the ages here")
    nobody = group_patients(sheet(age=["?"] * 13), held, "age")
    assert (nobody.names, nobody.n_unknown) == ([], 13)


def test_age_bands_are_in_order_and_other_names_by_name():
    held = scored(np.arange(40.0), labels=np.arange(40) % 2)
    ages = np.repeat([70.0, 12.0, 55.0, 30.0], 10)
    assert group_patients(sheet(age=ages), held, "age").names == [
        "under 18", "18 to 49", "50 to 64", "65 or more",
    ]  # fmt: skip


def test_a_patient_of_two_batches_belongs_to_none():
    held = scored(np.arange(5.0), labels=[1, 1, 0, 0, 0], patients=[0, 0, 1, 1, 2])
    found = group_patients(sheet(batch=["A", "B", "C", "C", ""]), held, "batch")
    assert list(found.levels) == ["", "", "C", "C", ""]
    assert (found.n_mixed, found.n_unknown) == (1, 1)


def test_words_for_a_sex_that_are_not_understood_stand_as_they_are():
    held = scored(np.arange(4.0), labels=[0, 1, 0, 1])
    assert group_patients(sheet(sex=["F", "male", "1", "1"]), held, "sex").names == [
        "1", "female", "male",
    ]  # fmt: skip


def test_sites_are_pooled_on_the_logit():
    site = np.array(["A", "B", "C"])[np.arange(45) // 15]
    cohort, by_repeat = cohort_of(site=site)
    found = site_figures(cohort, held_out(cohort, by_repeat[:1]))
    each = [delong_interval(LABELS[site == s], FIRST[site == s]) for s in "ABC"]
    auc = np.array([one["value"] for one in each])
    error = np.array([one["standard_error"] for one in each])
    expected = heterogeneity(np.log(auc / (1 - auc)), error / (auc * (1 - auc)))
    assert found["heterogeneity"]["q"] == pytest.approx(expected["q"])
    assert found["auc"]["pooled"] == pytest.approx(1 / (1 + np.exp(-expected["pooled"])))
    low, high = found["auc"]["prediction_interval"]
    inner = found["auc"]["interval"]
    assert 0 < low <= inner[0] < found["auc"]["pooled"] < inner[1] <= high < 1
    assert (found["n_left_out"], [row["group"] for row in found["groups"]]) == (0, list("ABC"))


def test_sites_without_an_error_are_left_out_and_named():
    site = np.array(["A", "B", "C"])[np.minimum(np.arange(45) // 15, 2)].astype(object)
    site[44], scores = "D", np.where(site == "B", 10 * LABELS, 0) + FIRST
    cohort, _ = cohort_of(site=site)
    found = site_figures(cohort, scored(scores))
    assert [row["group"] for row in found["left_out"]] == ["B", "D"]
    assert found["left_out"][0]["reason"] == NO_SPREAD
    assert (found["heterogeneity"]["n_sites"], found["auc"]) == (2, None)
    assert found["heterogeneity"]["reason"].startswith("2 sites")


def test_levels_that_were_left_out_are_the_sites():
    cohort, by_repeat = cohort_of(ward=np.array(["A", "B", "C"])[np.arange(45) // 15])
    named = held_out_figures(cohort, by_repeat, {"seed": 0, "leave_out": "ward"})
    assert (named["sites"]["column"], named["sites"]["heterogeneity"]["n_sites"]) == ("ward", 3)
    plain = held_out_figures(cohort, by_repeat, {"seed": 0, "leave_out": ""})
    assert plain["sites"]["column"] == "site"
    assert plain["sites"]["heterogeneity"] is None
    assert plain["sites"]["reason"]


def test_without_sites_that_is_said():
    cohort, by_repeat = cohort_of()
    found = site_figures(cohort, held_out(cohort, by_repeat), "hospital")
    assert found["reason"] == "the sample sheet has no column 'hospital'"


def test_figures_do_not_depend_on_the_order_of_the_file():
    columns = {"sex": SEX, "site": np.array(["A", "B", "C"])[np.arange(45) % 3]}
    texts = [
        json_text((subgroups(cohort, held), site_figures(cohort, held)))
        for order in (None, np.random.default_rng(2).permutation(45))
        for cohort, by_repeat in [cohort_of(order, **columns)]
        for held in [held_out(cohort, by_repeat)]
    ]
    assert texts[0] == texts[1]


def test_evaluation_has_its_groups_and_sites(evaluated):
    summary = evaluated.summary
    entry = by_column(summary["subgroups"], "site")
    assert [row["group"] for row in entry["groups"]] == ["A", "B"]
    assert summary["sites"]["heterogeneity"]["n_sites"] == 2


@pytest.mark.long
def test_intervals_of_groups_and_of_their_difference_cover():
    # Two groups with the AUC of normals 1.5 and 1 apart, by a score not fitted to them.
    rng, n_cohorts = np.random.default_rng(9), 1000
    labels = np.tile(np.repeat([0.0, 1.0], [25, 12]), 2)
    apart = np.repeat([1.5, 1.0], 37)
    true = norm.cdf(np.array([1.5, 1.0]) / np.sqrt(2))
    cohort, hits = sheet(batch=np.repeat(["A", "B"], 37)), np.zeros(2)
    for _ in range(n_cohorts):
        entry = by_column(
            subgroups(cohort, scored(rng.normal(size=74) + apart * labels, labels=labels)), "batch"
        )
        if entry["groups"][0]["interval"] is None or entry["groups"][1]["interval"] is None:
            continue
        low, high = entry["groups"][0]["interval"]
        hits[0] += low <= true[0] <= high
        [between] = entry["differences"]
        sign = 1 if between["groups"] == ["A", "B"] else -1
        low, high = between["interval"]
        hits[1] += low <= sign * (true[0] - true[1]) <= high
    assert (hits / n_cohorts > 0.92).all()
