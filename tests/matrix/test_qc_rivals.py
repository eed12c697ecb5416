"""Rivals against scikit-learn and scipy; none of them may know the labels it is judged by."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics import roc_auc_score

from proteoclass.folds import patient_folds, spawn
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.quality.patients import index_patients
from proteoclass.matrix.quality.qc import describe_quality
from proteoclass.matrix.quality.rival_null import judge_levels, judge_mask, judge_number
from proteoclass.matrix.quality.rivals import find_rivals, treatment_columns


@pytest.fixture
def values():
    """40 samples x 60 proteins, the low ones missing more often."""
    rng = np.random.default_rng(11)
    level = rng.normal(20, 3, 60)
    table = level + rng.normal(0, 1, (40, 60))
    table[rng.random((40, 60)) < 1 / (1 + np.exp(level - 18))] = np.nan
    return pd.DataFrame(table, [f"s{i}" for i in range(40)], [f"P{i}" for i in range(60)])


def cohort(values, **columns):
    """20 patients with two visits; the first ten are positive."""
    patients = [f"p{i:02d}" for i in range(20)]
    sheet = pd.DataFrame(
        {"patient_id": patients * 2, "day": [3.0] * 20 + [9.0] * 20}, index=values.index
    ).assign(**columns)
    labels = pd.Series(([1.0] * 10 + [0.0] * 10) * 2, index=values.index)
    return ProteinMatrix.build(values, sheet, scale="log2"), labels


def _named(rivals, name):
    return next(rival for rival in rivals if rival.name == name)


def test_rivals_against_scikit_learn(values):
    values.iloc[:10, :12] = np.nan
    matrix, labels = cohort(values)
    rivals = {rival.name: rival for rival in find_rivals(matrix, labels)}
    depth = values.iloc[:20].notna().sum(axis=1)
    expected = roc_auc_score(labels[:20], depth)

    assert rivals["number of proteins found"].auc == pytest.approx(expected)
    assert rivals["missing rate"].auc == pytest.approx(1 - expected)
    assert expected < 0.3
    assert rivals["number of proteins found"].note == "lower in positive patients"
    assert "alone separates the classes" in rivals["missing rate"].warnings[0]
    assert rivals["first day"].auc == 0.5
    assert rivals["first day"].note == "the same in both classes"
    assert rivals["number of visits"].n == 20
    assert "day of the index sample" not in rivals


def test_the_p_of_a_number_against_scipys_rank_test():
    rng = np.random.default_rng(3)
    labels = np.repeat([1.0, 0.0], [11, 39])
    for effect in (0.0, 0.4, 0.8):
        numbers = rng.normal(size=50) + effect * labels
        judged = judge_number(numbers, labels)
        exact = stats.mannwhitneyu(numbers[:11], numbers[11:], method="exact").pvalue
        assert judged.auc == roc_auc_score(labels, numbers)
        # 999 draws miss the exact p by what a binomial may.
        assert judged.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 999) + 2e-3)
    assert judged.null[1] == pytest.approx(0.5, abs=0.02)


def test_few_patients_give_no_warning_whatever_the_auc(values):
    matrix, labels = cohort(values)
    two = matrix.take(["s0", "s10"])
    rivals = find_rivals(two, labels[["s0", "s10"]])
    assert rivals[0].auc in (0.0, 1.0)
    assert [rival.warnings for rival in rivals] == [()] * len(rivals)
    mask = _named(rivals, "which proteins are missing")
    assert mask.auc is None
    assert mask.note == "1 patient in the smaller class, expected at least 5"


def test_visits_are_counted_without_replicates(values):
    matrix, labels = cohort(values)
    extra = values.iloc[20:30].rename(index=lambda name: f"{name}-extra")
    sheet = matrix.samples.iloc[20:30].set_axis(extra.index).assign(day=20.0)
    both = pd.concat([matrix.samples, sheet])
    table = pd.concat([values, extra])
    told = pd.concat([labels, labels.iloc[20:30].set_axis(extra.index)])

    visits = ProteinMatrix.build(table, both, scale="log2")
    assert _named(find_rivals(visits, told), "number of visits").auc == 1.0
    both.loc[extra.index, "replicate_of"] = values.index[20:30]
    replicates = ProteinMatrix.build(table, both, scale="log2")
    assert _named(find_rivals(replicates, told), "number of visits").auc == 0.5


def test_the_day_of_the_index_sample_is_judged_where_it_is_not_the_first(values):
    matrix, labels = cohort(values, visit=["V1"] * 20 + ["V2"] * 20)
    days = matrix.samples["day"] + np.r_[np.zeros(20), np.repeat([5.0, 0.0], 10)]
    moved = ProteinMatrix.build(values, matrix.samples.assign(day=days), scale="log2")
    rivals = find_rivals(moved, labels, index="visit=V2")
    assert _named(rivals, "day of the index sample").auc == 1.0
    assert _named(rivals, "first day").auc == 0.5


def test_a_batch_is_judged_against_permuted_labels(values):
    aligned = ["b1"] * 8 + ["b2"] * 12
    balanced = (["b1"] * 5 + ["b2"] * 5) * 2
    matrix, labels = cohort(values, batch=aligned * 2, plex=balanced * 2, site="one")
    rivals = find_rivals(matrix, labels)
    batch, plex = _named(rivals, "batch"), _named(rivals, "plex")
    exact = stats.fisher_exact(pd.crosstab(pd.Series(aligned), labels[:20].to_numpy())).pvalue
    drawn = float(re.search(r"permutation p = ([\d.]+)", batch.warnings[0]).group(1))

    # 8 positives in b1, 2 in b2: 0.8 of the pairs won and 0.2 tied.
    assert batch.auc == pytest.approx(0.9)
    # Fisher's exact test, within what 999 draws can miss it by.
    assert stats.binom.sf(round(drawn * 1000) - 2, 999, exact) > 0.001
    assert drawn <= 0.006
    assert plex.auc == 0.5
    assert plex.warnings == ()
    assert "(p = 1)" in plex.note
    assert "site" not in [rival.name for rival in rivals]
    report = describe_quality(matrix, labels)
    assert any("batch and the outcome are associated" in text for text in report["warnings"])
    assert {"name", "auc", "n", "note", "p", "null"} == set(report["rivals"][0])


def test_many_small_batches_are_read_against_their_null():
    """Twenty batches of two read 0.8 and more by chance alone: the null says so."""
    judged = judge_levels(np.arange(40) // 2, np.random.default_rng(1).permutation([1.0, 0.0] * 20))
    assert judged.auc > 0.75
    assert judged.null[0] < judged.auc < judged.null[2] + 0.1
    assert judged.p > 0.01


def test_the_mask_against_scikit_learns_ridge():
    rng = np.random.default_rng(7)
    labels = np.repeat([1.0, 0.0], [15, 25])
    found = (rng.random((40, 30)) < 0.6).astype(float)
    found[:, :5] = rng.random((40, 5)) < 0.15 + 0.7 * labels[:, None]
    areas = []
    for repeat in range(5):
        scores = np.empty(40)
        for test in patient_folds(labels.astype(int), 5, spawn(0, repeat)):
            train = np.setdiff1d(np.arange(40), test)
            own = found[train] - found[train].mean(axis=0)
            penalty = 0.2 * (own**2).sum() / len(train)
            # On labels of -1 and 1 the scores are twice those on 0 and 1, less one.
            model = RidgeClassifier(penalty).fit(found[train], labels[train])
            scores[test] = model.decision_function(found[test])
        areas.append(roc_auc_score(labels, scores.round(8)))
    judged = judge_mask(found, labels)
    assert judged.auc == pytest.approx(np.mean(areas), abs=1e-9)
    assert judged.auc > 0.7


def test_the_mask_knows_nothing_of_permuted_labels():
    """A leak would show: 60 proteins on 40 patients separate any labels in the sample."""
    rng = np.random.default_rng(9)
    found = (rng.random((40, 60)) < 0.5).astype(float)
    labels = np.repeat([1.0, 0.0], 20)
    judged = [judge_mask(found, rng.permutation(labels)) for _ in range(30)]
    areas = [one.auc for one in judged]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)
    assert np.std(areas) > 0.02
    # p of a true null is below 5 % in one of twenty.
    assert sum(one.p <= 0.05 for one in judged) <= 5
    assert np.mean([one.null[1] for one in judged]) == pytest.approx(0.5, abs=0.03)


def test_patients_without_a_difference_in_training_have_one_score():
    assert judge_mask(np.ones((12, 4)), np.repeat([1.0, 0.0], 6)).auc == pytest.approx(0.5, abs=0.2)


def test_all_rivals_are_near_one_half_for_permuted_labels(values):
    matrix, _ = cohort(values, heparin=np.random.default_rng(1).random(40))
    rng = np.random.default_rng(2)
    areas = []
    for _ in range(12):
        dealt = pd.Series(np.tile(rng.permutation([1.0, 0.0] * 10), 2), values.index)
        areas.append([rival.auc for rival in find_rivals(matrix, dealt)])
    assert np.mean(areas, axis=0) == pytest.approx(0.5, abs=0.12)
    assert len(areas[0]) == 7


@pytest.mark.parametrize("method", ["median", "pqn", "quantile", "none"])
def test_the_factor_is_of_the_normalisation_in_force(values, method):
    matrix, labels = cohort(values)
    rival = _named(find_rivals(matrix, labels, normalise=method), "normalisation factor")
    if method == "none":
        assert (rival.auc, rival.note) == (None, "values of kind intensity are not normalised")
    else:
        assert f"({method}, learnt without labels)" in rival.note


def test_the_normalisation_factor_is_the_frozen_shift(values):
    values.iloc[:10] += 1.5
    matrix, labels = cohort(values)
    rival = _named(find_rivals(matrix, labels), "normalisation factor")
    normaliser = Normaliser("median").fit(values)
    shift = normaliser.shift_of(values.to_numpy()[:, normaliser.reference_])[:20]
    assert rival.auc == roc_auc_score(labels[:20], shift) == 1.0
    assert rival.note == "higher in positive patients (median, learnt without labels)"
    assert rival.warnings[0].startswith("The normalisation factor alone separates")
    npx = ProteinMatrix.build(values, matrix.samples, scale="log2", kind="npx")
    rival = _named(find_rivals(npx, labels), "normalisation factor")
    assert (rival.auc, rival.note) == (None, "values of kind npx are not normalised by default")
    bare = ProteinMatrix.build(values.where(values > 100), matrix.samples, scale="log2")
    rival = _named(find_rivals(bare, labels), "normalisation factor")
    assert rival.note == "no protein is detected in 80% of the samples"


def test_treatments_are_found_by_name_and_judged(values):
    positive = np.tile(np.repeat([1.0, 0.0], 10), 2)
    matrix, labels = cohort(
        values,
        Dexamethasone=positive,
        dialysis=np.where(positive == 1, "yes", "no"),
        void=[*["midstream", "catheter"] * 20],
        **{"IV albumin (g)": np.where(positive == 1, 20.0, np.nan)},
        nonsteroidal=positive,
        heparin=1.0,
    )
    rivals = {rival.name: rival for rival in find_rivals(matrix, labels)}
    assert rivals["Dexamethasone"].auc == rivals["dialysis"].auc == 1.0
    assert rivals["void"].auc == 0.5
    assert rivals["void"].warnings == ()
    assert (
        "dialysis goes with the outcome (AUC 1.00, 20 patients): treatment"
        in (rivals["dialysis"].warnings[0])
    )
    # Constant columns, and those of another name, are none.
    assert not {"heparin", "nonsteroidal"} & set(rivals)
    assert treatment_columns(pd.DataFrame({"crrt": [0, 1], "current": [0, 1]})) == ["crrt"]


def test_a_treatment_known_in_one_class_only_is_not_judged(values):
    positive = np.tile(np.repeat([1.0, 0.0], 10), 2)
    words = np.where(positive == 1, np.tile(["a", "b"], 20), None)
    numbers = np.where(positive == 1, np.arange(40.0), np.nan)
    matrix, labels = cohort(values, catheter=words, heparin_dose=numbers)
    for name in ("catheter", "heparin_dose"):
        rival = _named(find_rivals(matrix, labels), name)
        assert (rival.auc, rival.n, rival.note) == (None, 10, "not known in both classes")
        assert rival.as_dict()["p"] is None


def test_each_patient_counts_once(values):
    matrix, labels = cohort(values, batch=["b1", "b2"] * 20)
    told = index_patients(matrix, labels, "all")
    assert len(told.table) == 20
    assert told.table["n_detected"].to_numpy() == pytest.approx(
        values.notna().sum(axis=1).to_numpy().reshape(2, 20).mean(axis=0)
    )
    np.testing.assert_allclose(
        told.found, values.notna().to_numpy().reshape(2, 20, 60).mean(axis=0)
    )
    assert told.two_classes
    assert told.sheet["day"].tolist() == [6.0] * 20


def test_complete_values_have_no_mask_to_judge(values):
    matrix, labels = cohort(values.fillna(12.0))
    rival = _named(find_rivals(matrix, labels), "which proteins are missing")
    assert (rival.auc, rival.note) == (None, "no protein is found in some patients only")


def test_unlabelled_cohorts_have_no_rivals(values):
    matrix, labels = cohort(values)
    assert find_rivals(matrix, labels * np.nan) == []
    assert find_rivals(matrix, labels.where(labels == 1)) == []
    assert describe_quality(matrix, labels * np.nan)["rivals"] == []
