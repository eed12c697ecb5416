"""Leave-site-out: whole sites are held out, the headline is the mean within them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, evaluate, evaluation, leave_out_auc, permutation, train
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import held_out_ratio
from proteoclass.scorer.leave_out import left_out
from proteoclass.scorer.leave_out_auc import INTERVAL_KIND, between_levels, carries_over_warning

QUICK = Settings(size=6, bags=2, rounds=5)
OUTCOME = Outcome("severity", "severe")
#: Patients of each site; P00, P03 ... are severe, so that "small" has one of them.
SITES = {"big": range(24), "middle": range(24, 42), "other": range(42, 57), "small": range(57, 60)}


@pytest.fixture(scope="module")
def sited(make_toy):
    """Sixty patients of four sites of unequal size, two visits each."""
    matrix = make_toy(patients=60, proteins=40)
    site_of = {f"P{p:02d}": site for site, patients in SITES.items() for p in patients}
    samples = matrix.samples.assign(site=matrix.samples["patient_id"].map(site_of))
    # A follow-up visit at another site: the patient stays where the index sample is.
    samples.loc["S00v1", "site"] = "other"
    return replace(matrix, samples=samples)


@pytest.fixture(scope="module")
def run(sited):
    """The evaluation, and the folds that it rests on."""
    folds = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leave_out_auc, "MOST_LOST", -1.0)
        kept = evaluation.summarise
        patch.setattr(
            evaluation, "summarise", lambda *a, **k: folds.extend(a[2][0]) or kept(*a, **k)
        )
        result = evaluate(
            sited, OUTCOME, settings=QUICK, leave_out="site", permutations=2, describe=False
        )
    return result, folds


@pytest.fixture(scope="module")
def result(run):
    return run[0]


@pytest.fixture(scope="module")
def index_rows(result):
    return result.predictions[result.predictions["used"] == "index"]


def test_every_site_is_held_out_once_and_whole(sited, result):
    table = result.predictions
    assert set(table["repeat"]) == {1}
    assert len(table) == sited.n_samples
    home = (
        sited.samples["site"]
        .where(sited.samples["day"] == 0)
        .groupby(sited.samples["patient_id"])
        .first()
    )
    folds = table.groupby(table["patient_id"].map(home))["fold"].unique()
    assert [list(fold) for fold in folds] == [[1], [2], [3], [4]]


def test_the_headline_is_the_mean_within_sites_by_scikit_learn(result, index_rows):
    within = [
        roc_auc_score(rows["outcome"] == "severe", rows["score"])
        for fold, rows in index_rows.groupby("fold")
        if fold < 4
    ]
    auc = result.summary["auc"]
    assert auc["mean_over_repeats"] == pytest.approx(np.mean(within))
    assert auc["per_repeat"] == [auc["mean_over_repeats"]]
    np.testing.assert_allclose(auc["per_fold"], [[*within, np.nan]])
    assert auc["pooled"]["value"] == pytest.approx(
        roc_auc_score(index_rows["outcome"] == "severe", index_rows["score"])
    )
    # SciPy's t-interval, with the standard error that the logit has by the delta method.
    mean = np.mean(within)
    limits = scipy_stats.t.interval(
        0.95, 2, np.log(mean / (1 - mean)), scipy_stats.sem(within) / (mean * (1 - mean))
    )
    np.testing.assert_allclose(auc["interval"], 1 / (1 + np.exp(-np.array(limits))))
    assert auc["interval_kind"] == INTERVAL_KIND
    assert "a site that took no part" in auc["estimand"]


def test_a_site_that_is_too_small_is_predicted_but_has_no_auc(result, index_rows):
    [small] = [row for row in result.summary["auc"]["levels"] if row["level"] == "small"]
    assert small["auc"] is None
    assert small["reason"] == "1 positive patients, expected at least 5"
    assert index_rows.query("fold == 4")["score"].notna().sum() == 3
    said = " ".join(result.summary["warnings"])
    assert "for fewer than 5 patients of a class: 1 of 4 levels of site, named under `auc`" in said
    assert "1 follow-up samples stand at another site than their patient's index" in said


def test_comparators_are_paired_by_the_sites_that_count(run):
    # 24, 18 and 15 of 60 patients are held out in the folds that have an AUC.
    share = np.mean([24 / 36, 18 / 42, 15 / 45])
    result, folds = run
    cohort, folds = result.cohort, folds[:3]
    assert held_out_ratio(cohort, [folds]) == pytest.approx(share)
    row = next(r for r in result.summary["comparators"] if "XGBoost" in r["name"])
    ours, theirs = [], []
    for fold in folds:
        index = cohort.weights[fold.rows] > 0
        label = cohort.labels[fold.rows][index]
        ours.append(roc_auc_score(label, fold.margin[index]))
        theirs.append(roc_auc_score(label, fold.rival_margins[row["name"]][index]))
    assert row["auc"]["mean_over_folds"] == pytest.approx(np.mean(theirs))
    # The interval beside the model's is of the model's kind.
    assert row["auc"]["interval_kind"] == result.summary["auc"]["interval_kind"]
    mean, error = np.mean(theirs), scipy_stats.sem(theirs)
    ends = np.log(mean / (1 - mean)) + scipy_stats.t.ppf([0.025, 0.975], 2) * error / (
        mean * (1 - mean)
    )
    assert row["auc"]["interval"] == pytest.approx(1 / (1 + np.exp(-ends)))
    assert row["difference"]["mean"] == pytest.approx(np.mean(ours) - np.mean(theirs))
    # SciPy's paired t, its variance scaled by 1 + 3 · test/training patients.
    t = scipy_stats.ttest_rel(ours, theirs).statistic / np.sqrt(1 + 3 * share)
    assert row["difference"]["p"] == pytest.approx(2 * scipy_stats.t.sf(abs(t), 2))


def test_scores_that_do_not_carry_over_between_sites_are_said(result):
    # The fixture says it whatever the difference.
    auc = result.summary["auc"]
    [said] = [warning for warning in result.summary["warnings"] if "carry over" in warning]
    within, pooled = auc["mean_over_repeats"], auc["pooled"]["value"]
    assert f"the AUC is {within:.2f} within site, {pooled:.2f} where all are ranked" in said
    little = {"mean_over_repeats": 0.85, "pooled": {"value": 0.81}}
    assert carries_over_warning(little, "site") == []
    assert carries_over_warning(little | {"pooled": {"value": 0.79}}, "site") != []


def test_labels_are_permuted_within_sites_on_the_same_splits(result):
    permutation = result.summary["permutation"]
    assert permutation["kind"].startswith("mean AUC within site, each left out once")
    assert "within site" in permutation["kind"]
    assert len(permutation["values"]) == 2
    # With as many bags, the observed value is the headline but for its seed.
    assert permutation["observed"] == pytest.approx(
        result.summary["auc"]["mean_over_repeats"], abs=0.15
    )


def test_the_design_says_what_the_folds_were(result):
    design = result.summary["design"]
    assert (design["leave_out"], design["folds"], design["repeats"]) == ("site", 4, 1)
    assert result.summary["sites"]["column"] == "site"
    assert result.summary["sites"]["heterogeneity"]["n_sites"] <= 3


def test_a_model_can_be_trained_on_the_evaluation(sited, result):
    model = train(sited, OUTCOME, evaluation=result)
    # "small" is three patients, and "other" would be told by what is left without it.
    text = model.to_json()
    named = [site for site in SITES if f'"{site}"' in text or f"site {site}" in text]
    assert named == ["big", "middle"]
    assert model.content.evaluation["auc"]["pooled"]["value"] == pytest.approx(
        result.summary["auc"]["pooled"]["value"]
    )


def test_probabilities_of_a_left_out_site_know_the_cohorts_prevalence_and_that_is_said(result):
    # The share of positive patients is that of the cohort by construction, at whatever sites.
    large = result.summary["calibration"]["in_the_large"]
    assert abs(large["difference"]) < 0.1
    for figure in ("brier", "calibration", "decision_curve"):
        assert result.summary[figure]["caution"].startswith("probabilities of each site refer to")
    assert "caution" not in result.summary["average_precision"]


def test_permutations_that_equal_the_observed_mean_count_whatever_their_last_bits(
    sited, monkeypatch
):
    # Means over levels of 0.1 + 0.2 and of 0.3 are one and the same.
    assert 0.1 + 0.2 > 0.3
    monkeypatch.setattr(permutation, "run_units", lambda *_, **__: [0.1 + 0.2, 0.3, 0.3, 0.2])
    cohort = build_cohort(sited, OUTCOME)
    found = permutation.permutation_test(
        cohort, QUICK, folds=left_out(cohort, "site"), permutations=3, seed=0
    )
    assert found["p"] == 3 / 4


def test_fewer_than_three_sites_have_no_interval():
    found = between_levels(np.array([0.7, np.nan, 0.8]))
    assert np.isnan(found["interval"]).all()
    assert found["reason"] == "2 levels with an AUC, expected at least 3 to tell their spread"


def test_sites_that_agree_to_the_last_digit_have_an_interval_without_width():
    alike = between_levels(np.array([1.0, 1.0, 1.0]))
    assert np.isnan(alike["interval"]).all()
    assert alike["reason"].startswith("every level has the same AUC")


def with_sites(matrix, **changes):
    """Return the matrix with the site of some samples changed."""
    samples = matrix.samples.copy()
    for sample, site in changes.items():
        samples.loc[sample, "site"] = site
    return build_cohort(replace(matrix, samples=samples), OUTCOME, index="all")


@pytest.mark.parametrize(
    ("column", "error", "words"),
    [
        (
            "clinic",
            InputError,
            "--leave-out clinic: the sample sheet has no such column; found pat",
        ),
        ("Site", InputError, r"no such column; did you mean 'site'\?"),
        ("site", InputError, r"1 patients have index samples at several levels: P00; such"),
        (
            "severity",
            TooLittleDataError,
            r"without 'mild', 20 positive and 0 negative .* told apart",
        ),
        ("one", TooLittleDataError, "all patients have the value 'x', expected at least two"),
        ("ward", TooLittleDataError, "all patients have the value '7', expected at least two"),
        ("rest", TooLittleDataError, "'main', 1 positive and 0 .* the other levels are too small"),
        ("patient_id", TooLittleDataError, "0 of 60 levels have 5 patients of each class"),
    ],
)
def test_refuses_a_column_that_cannot_be_held_out(sited, column, error, words):
    first = sited.samples["patient_id"] == "P00"
    rest = np.where(first, "lone", "main")
    # A column of numbers arrives as floats.
    whole = replace(sited, samples=sited.samples.assign(one="x", ward=7.0, rest=rest))
    with pytest.raises(error, match=words):
        left_out(with_sites(whole), column)


def test_refuses_patients_of_no_site(sited):
    samples = sited.samples.copy()
    samples.loc[["S05v0", "S07v0"], "site"] = [None, " "]
    cohort = build_cohort(replace(sited, samples=samples), OUTCOME)
    with pytest.raises(InputError, match="2 patients have no value there: P05, P07; they might"):
        left_out(cohort, "site")


def test_patients_without_an_index_sample_go_with_the_site_they_name(sited):
    samples = sited.samples.copy()
    samples["visit"] = np.where(samples["day"] == 0, "T1", "T2")
    samples.loc[["S00v0", "S30v0"], "visit"] = "late"
    samples.loc[["S00v0", "S00v1"], "site"] = [None, "middle"]
    samples.loc[["S30v0", "S30v1"], "site"] = None
    cohort = build_cohort(replace(sited, samples=samples), OUTCOME, index="visit=T1")
    levels = left_out(cohort, "site")
    where = {
        p: level for level, test in zip(levels.levels, levels.tests, strict=True) for p in test
    }
    assert (where["P00"], where["P30"]) == ("middle", "big")
    assert len(where) == 60
    assert levels.counts[0] == (7, 16)


def test_the_order_of_samples_changes_no_fold(sited):
    shuffled = sited.take(list(sited.values.index[::-1]))
    levels = [left_out(build_cohort(m, OUTCOME), "site") for m in (sited, shuffled)]
    for first, second in zip(levels[0].tests, levels[1].tests, strict=True):
        assert list(first) == list(second)
