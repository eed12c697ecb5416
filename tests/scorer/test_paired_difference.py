"""The difference of two cross-validated AUCs, judged patient by patient."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from scipy.special import expit, logit

from proteoclass.scorer.cohort import Cohort
from proteoclass.scorer.paired_difference import (
    NO_SPREAD,
    PAIRED_KIND,
    difference_by_patient,
    paired_difference,
    placements,
)
from proteoclass.scorer.performance.delong import delong_covariance
from proteoclass.stats import auc

HELD_OUT = 0.2


def placed_in(labels, scores):
    """Return placements and AUCs where every repeat is one fold; scores (2, n_repeats, n)."""
    ones = np.ones(len(labels))
    placed = np.array([[placements(labels, row, ones) for row in of_one] for of_one in scores])
    means = np.array([np.mean([auc(labels, row) for row in of_one]) for of_one in scores])
    return placed, means


def told(difference, by_class, counts, means):
    """Return p and limits from the logits' difference and the variance that each class brings."""
    variance = np.sum(by_class)
    df = variance**2 / sum(part**2 / (n - 1) for part, n in zip(by_class, counts, strict=True))
    t = difference / math.sqrt(variance)
    centre = logit(means).mean()
    ends = difference + np.array([-1, 1]) * scipy_stats.t.ppf(0.975, df) * math.sqrt(variance)
    return 2 * scipy_stats.t.sf(abs(t), df), expit(centre + ends / 2) - expit(centre - ends / 2)


@pytest.fixture
def cohort_scores():
    rng = np.random.default_rng(3)
    labels = (np.arange(33) < 12).astype(float)
    signal = labels * np.array([[[1.6]], [[0.7]]])
    return labels, signal + rng.normal(size=(2, 3, 33)) + rng.normal(size=33)


def test_the_mean_placement_of_either_class_is_the_auc():
    rng = np.random.default_rng(0)
    labels, weights = rng.integers(0, 2, 40).astype(float), rng.random(40)
    scores = rng.integers(0, 6, 40).astype(float)
    found = placements(labels, scores, weights)
    for label in (0, 1):
        own = labels == label
        mean = np.average(found[own], weights=weights[own])
        assert mean == pytest.approx(auc(labels, scores, weights))


@pytest.mark.parametrize("spoilt", ["class", "score"])
def test_without_both_classes_or_a_score_there_is_no_placement(spoilt):
    labels, scores = np.array([1.0, 0, 1, 0]), np.arange(4.0)
    if spoilt == "class":
        labels[:] = 1
    else:
        scores[2] = np.nan
    assert np.isnan(placements(labels, scores, np.ones(4))).all()


def test_one_repeat_at_chance_has_delongs_covariance_twice_over():
    # The covariance of `delong_covariance`, by midranks and checked against R's pROC; scores
    # that are no better than chance owe all of their distance from 0.5 to it.
    rng = np.random.default_rng(8)
    labels = (np.arange(40) < 14).astype(float)
    scores = rng.normal(size=(40, 2)) - labels[:, None] * np.array([0.1, 0.8])
    means, covariance = delong_covariance(labels, scores)
    assert (means < 0.5).all()
    found = paired_difference(labels.astype(int), *placed_in(labels, scores.T[:, None]), 0.2)
    slope = np.array([1, -1]) / (means * (1 - means))
    half = (logit(means[0]) - logit(means[1])) / math.sqrt(2 * slope @ covariance @ slope)
    # One number of degrees of freedom lies between those of the smaller and of both classes.
    ends = [2 * scipy_stats.t.sf(abs(half), df) for df in (13, 38)]
    assert ends[1] < found["p"] < ends[0]
    assert found["kind"] == PAIRED_KIND


@pytest.mark.parametrize("least", [0.05, 0.25])
def test_with_repeats_it_is_the_jackknife_over_patients_and_the_share_that_chance_has(
    cohort_scores, least
):
    # By another route: patients left out one by one, and AUCs counted anew.
    labels, scores = cohort_scores
    placed, means = placed_in(labels, scores)

    def jackknife(columns, label):
        """Covariance of AUCs from leaving out the patients of one class."""
        out = np.array(
            [
                [auc(np.delete(labels, i), np.delete(row, i)) for row in columns]
                for i in np.flatnonzero(labels == label)
            ]
        )
        centred = out - out.mean(axis=0)
        return centred.T @ centred * (len(out) - 1) / len(out)

    flat = scores.reshape(6, -1)
    fold = np.kron(np.eye(2), np.ones(3) / 3)
    tested, single = [], []
    for label in (0, 1):
        whole = jackknife(flat, label)
        tested.append(fold @ whole @ fold.T)
        # The same repeat of either score, the mean over repeats.
        repeats = whole.reshape(2, 3, 2, 3)
        single.append(np.einsum("arbr->ab", repeats) / 3)
    variance = np.diag(np.sum(tested, axis=0) + np.sum(single, axis=0))
    chance = np.clip(variance / (means - 0.5) ** 2, least, 1)
    assert means.min() > 0.5
    assert (chance[0] == least) == (least > 0.1)
    slope = np.array([1, -1]) / (means * (1 - means))
    by_class = [
        slope @ (a + b * np.sqrt(np.outer(chance, chance))) @ slope
        for a, b in zip(tested, single, strict=True)
    ]
    p, limits = told(logit(means[0]) - logit(means[1]), by_class, (21, 12), means)
    found = paired_difference(labels.astype(int), placed, means, 2 * least)
    assert found["p"] == pytest.approx(p, rel=1e-9)
    np.testing.assert_allclose(found["interval"], limits, rtol=1e-9)


def test_a_score_that_is_always_right_has_haldanes_logit_and_no_covariance():
    labels = np.repeat([1.0, 0.0], [4, 6])
    right = np.arange(10.0)[::-1]
    other = np.array([9.0, 3, 8, 2, 7, 6, 5, 4, 1, 0])
    placed, means = placed_in(labels, np.array([[right], [other]]))
    assert means[0] == 1
    # Four of four patients of the smaller class: 4.5 right to 0.5 wrong.
    logits = np.array([math.log(9), logit(means[1])])
    _, covariance = delong_covariance(labels, other)
    above, below = placed[1, 0, labels == 1], placed[1, 0, labels == 0]
    parts = np.array([below.var(ddof=1) / 6, above.var(ddof=1) / 4])
    assert parts.sum() == pytest.approx(covariance[0, 0])
    share = min(1, 2 * parts.sum() / (means[1] - 0.5) ** 2)
    by_class = parts * (1 + share) / (means[1] * (1 - means[1])) ** 2 + (1 / 4.5 + 1 / 0.5) / 2
    p, limits = told(logits[0] - logits[1], by_class, (6, 4), expit(logits))
    found = paired_difference(labels.astype(int), placed, means, HELD_OUT)
    assert found["p"] == pytest.approx(p)
    np.testing.assert_allclose(found["interval"], limits)


def test_the_second_minus_the_first_is_the_mirror_image(cohort_scores):
    labels, scores = cohort_scores
    classes = labels.astype(int)
    one = paired_difference(classes, *placed_in(labels, scores), HELD_OUT)
    other = paired_difference(classes, *placed_in(labels, scores[::-1]), HELD_OUT)
    assert one["p"] == pytest.approx(other["p"])
    np.testing.assert_allclose(one["interval"], -np.array(other["interval"])[::-1])


def test_interval_and_p_say_the_same_and_lie_within_what_a_difference_can_be():
    rng = np.random.default_rng(5)
    labels = np.repeat([1.0, 0.0], [6, 9])
    verdicts = set()
    for strength in rng.uniform(0, 4, 60):
        scores = rng.normal(size=(2, 2, 15)) + labels * np.array([[[strength]], [[0.3]]])
        found = paired_difference(labels.astype(int), *placed_in(labels, scores), HELD_OUT)
        low, high = found["interval"]
        assert -1 <= low < high <= 1
        assert (found["p"] < 0.05) == (not low <= 0 <= high)
        verdicts.add(found["p"] < 0.05)
    assert verdicts == {True, False}


def test_nothing_to_test_by_is_said():
    classes = np.repeat([1, 0], 3)
    level = np.full((2, 2, 6), 0.5)
    same = paired_difference(classes, level, np.array([0.5, 0.5]), HELD_OUT)
    assert (same["p"], same["interval"]) == (1.0, [0.0, 0.0])
    right = np.stack([np.ones((2, 6)), np.full((2, 6), 0.5)])
    apart = paired_difference(classes, right, np.array([1.0, 0.5]), HELD_OUT)
    assert apart["reason"] == NO_SPREAD
    right[0, :, 1:3] = np.nan
    few = paired_difference(classes, right, np.array([1.0, 0.5]), HELD_OUT)
    assert few["reason"] == (
        "1 positive and 3 negative patients in folds of both classes, expected at least 2 of each"
    )
    for found in (apart, few):
        assert math.isnan(found["p"])
        assert np.isnan(found["interval"]).all()


def made_cohort(labels, patients, weights):
    index = [f"s{i:02d}" for i in range(len(labels))]
    matrix = SimpleNamespace(values=pd.DataFrame(index=index))
    return Cohort(matrix, None, labels, weights, np.array(patients, dtype=object))


def test_samples_of_a_patient_stand_for_one_and_folds_of_one_class_for_none():
    rng = np.random.default_rng(2)
    labels = np.tile([1.0, 0], 9)
    scores = rng.normal(size=(2, 18)) + labels
    # The last two folds have one class each.
    folds = [np.arange(7), np.arange(7, 14), np.array([14, 16]), np.array([15, 17])]
    names = [f"p{i:02d}" for i in range(18)]
    single = made_cohort(labels, names, np.ones(18))
    # Each patient twice over, by samples of half the weight.
    twice = np.repeat(np.arange(18), 2)
    double = made_cohort(labels[twice], np.array(names)[twice], np.full(36, 0.5))
    found = []
    for cohort, rows_of in (
        (single, lambda rows: rows),
        (double, lambda rows: np.flatnonzero(np.isin(twice, rows))),
    ):
        values = scores if cohort is single else scores[:, twice]
        cut = [[[(rows_of(r), row[rows_of(r)]) for r in folds]] for row in values]
        aucs = np.array(
            [[auc(cohort.labels[rows], got) for rows, got in of_one[0]] for of_one in cut]
        )
        assert np.isnan(aucs[:, 2:]).all()
        found.append(difference_by_patient(cohort, cut, aucs))
    assert found[0]["p"] == pytest.approx(found[1]["p"])
    np.testing.assert_allclose(found[0]["interval"], found[1]["interval"])
    # The fourteen patients that have a placement, and no others.
    kept = [(folds[k], [row[folds[k]] for row in scores]) for k in (0, 1)]
    placed = np.full((2, 1, 14), np.nan)
    for rows, values in kept:
        for which, row in enumerate(values):
            placed[which, 0, rows] = placements(labels[rows], row, np.ones(7))
    means = np.array(
        [
            [
                auc(labels[rows], v)
                for rows, v in zip((folds[0], folds[1]), (row[:7], row[7:14]), strict=True)
            ]
            for row in scores
        ]
    ).mean(axis=1)
    alone = paired_difference(labels[:14].astype(int), placed, means, 1 / 4)
    assert found[0]["p"] == pytest.approx(alone["p"])


def nearest_mean_folds(labels, values, n_folds):
    """Return the placements and mean AUC of nearest class means over folds, in one repeat."""
    placed, aucs = np.empty(len(labels)), []
    for fold in range(n_folds):
        test = np.arange(len(labels)) % n_folds == fold
        train = ~test
        towards = values[train & (labels == 1)].mean(axis=0)
        away = values[train & (labels == 0)].mean(axis=0)
        scores = values[test] @ (towards - away)
        placed[test] = placements(labels[test], scores, np.ones(test.sum()))
        aucs.append(auc(labels[test], scores))
    return placed[None], np.mean(aucs)


@pytest.mark.parametrize("distance", [0.0, 0.45])
def test_scores_that_are_worth_the_same_are_told_apart_in_one_of_twenty(distance):
    # Nearest class means on proteins of their own: no code of the scorer, and a truth of zero.
    rng = np.random.default_rng(11)
    labels = (np.arange(60) < 20).astype(float)
    rejected, strengths, by_test_patients = [], [], []
    for _ in range(250):
        values = rng.normal(size=(2, 60, 20)) + distance * labels[:, None]
        placed, means = zip(*(nearest_mean_folds(labels, each, 5) for each in values), strict=True)
        found = paired_difference(labels.astype(int), np.array(placed), np.array(means), 1 / 5)
        rejected.append(found["p"] < 0.05)
        strengths.append(np.mean(means))
        given = [(placed[0] - placed[1])[0, labels == label] for label in (0, 1)]
        by_test_patients.append(
            abs(means[0] - means[1])
            > 1.96 * np.sqrt(sum(each.var(ddof=1) / len(each) for each in given))
        )
    # Three Monte Carlo errors of 5 % are 4.1 %.
    assert 0.009 < np.mean(rejected) < 0.091
    if distance:
        assert np.mean(strengths) > 0.75
    else:
        # What taking the scores as given comes to.
        assert np.mean(by_test_patients) > 0.1
