"""AUC against panel size: against hand-made numbers, evaluate's own, and planted cohorts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from proteoclass.errors import InputError
from proteoclass.folds import spawn
from proteoclass.matrix.outcome import Outcome
from proteoclass.panel.selection.selector import PanelSelector
from proteoclass.scorer import Settings, evaluate
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import verdict
from proteoclass.scorer.crossfit import run_fold
from proteoclass.scorer.panel_size import (
    FoldSizes,
    check_sizes,
    describe_sizes,
    fold_sizes,
    size_curve,
    smallest_within_one_se,
)
from proteoclass.scorer.prepared_fold import prepare_fold
from proteoclass.scorer.splits import outer_folds

#: Sizes are compared with the blend of the settings, whatever tuning makes of it.
QUICK = Settings(size=8, bags=3, rounds=8, tune="none")
OUTCOME = Outcome("severity", "severe")
SIZES = (1, 3, 8, 12)


@pytest.fixture(scope="module")
def with_sizes(toy):
    return evaluate(
        toy,
        OUTCOME,
        settings=QUICK,
        folds=3,
        repeats=2,
        permutations=0,
        describe=False,
        seed=1,
        sizes=SIZES,
    ).summary


@pytest.fixture(scope="module")
def cohort(toy):
    return build_cohort(toy, OUTCOME)


@pytest.fixture(scope="module")
def settings(cohort):
    return QUICK.resolve(cohort.matrix)


@pytest.fixture(scope="module")
def held_out(cohort):
    return outer_folds(cohort, 4, np.random.default_rng(3))[0]


def test_the_point_at_the_size_of_the_procedure_is_its_own_auc(with_sizes):
    # Two routes: the whole pipeline fitted by `run_fold`, and the fold prepared once.
    curve = with_sizes["panel"]["size_curve"]
    own = curve[SIZES.index(QUICK.size)]
    assert own["auc"] == pytest.approx(with_sizes["auc"]["mean_over_folds"], abs=1e-12)
    assert own["interval"] == pytest.approx(with_sizes["auc"]["interval"], abs=1e-12)
    assert own["n_folds"] == 6
    # The ranking holds the procedure's own panel in every fold, or the text would say so.
    assert "ranking" not in with_sizes["panel"]["size_curve_text"]
    assert "its blend that of the settings, not tuned" in with_sizes["panel"]["size_curve_text"]


def test_another_size_of_the_curve_is_the_procedure_of_that_size(toy, with_sizes):
    three = evaluate(
        toy,
        OUTCOME,
        settings=replace(QUICK, size=3),
        folds=3,
        repeats=2,
        permutations=0,
        describe=False,
        seed=1,
    )
    point = with_sizes["panel"]["size_curve"][1]
    assert point["size"] == 3
    assert point["auc"] == pytest.approx(three.summary["auc"]["mean_over_folds"], abs=1e-12)
    # Not asked for, not there.
    assert not {"size_curve", "smallest_within_one_se", "swaps"} & set(three.summary["panel"])


@pytest.mark.parametrize("view", ["moderated-t", "ridge", "stability"])
@pytest.mark.parametrize("size", [1, 2, 7, 20, 41])
def test_one_ranking_holds_the_panel_of_every_size(view, size):
    # An elimination that stops at `size` and one that goes on to the last protein pass
    # through the same sets, whatever `size` is.
    rng = np.random.default_rng(size)
    labels = np.repeat([0, 1], [25, 15])
    values = rng.normal(size=(40, 300))
    values[:, :12] += 0.8 * labels[:, None]
    whole = PanelSelector(1, view, random_state=4).fit(values, labels)
    one = PanelSelector(size, view, random_state=4).fit(values, labels)
    assert set(whole.ranking_[:size]) == set(one.get_support(indices=True))
    assert sorted(whole.ranking_) == list(range(300))


def test_the_order_of_rows_and_columns_changes_nothing(toy, cohort, settings, held_out):
    expected = fold_sizes(cohort, held_out, settings, (0, 0, 0), (), SIZES)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(toy.n_samples), rng.permutation(toy.n_proteins)
    mixed = replace(
        toy,
        values=toy.values.iloc[rows, columns],
        samples=toy.samples.iloc[rows],
        proteins=toy.proteins.iloc[columns],
    )
    found = fold_sizes(build_cohort(mixed, OUTCOME), held_out, settings, (0, 0, 0), (), SIZES)
    assert found.panel == expected.panel
    # A booster draws columns by their place.
    assert found.auc == expected.auc


def test_nothing_of_the_held_out_reaches_the_panels(toy, cohort, settings, held_out):
    settings = replace(settings, normalise="none")
    clean = prepare_fold(cohort, held_out, settings, (0, 0, 0))
    mine = np.isin(cohort.patients, held_out)
    for garbage in (np.nan, 1e6, -40.0):
        values = toy.values.mask(mine[:, None] & np.ones(toy.values.shape, dtype=bool), garbage)
        poisoned = prepare_fold(
            replace(cohort, matrix=replace(toy, values=values)), held_out, settings, (0, 0, 0)
        )
        assert poisoned.ranking.tolist() == clean.ranking.tolist()
        assert np.array_equal(poisoned.train, clean.train, equal_nan=True)
        assert not np.array_equal(poisoned.test, clean.test, equal_nan=True)


def test_swapped_test_labels_turn_the_auc_over_and_nothing_else(cohort, settings, held_out):
    clean = fold_sizes(cohort, held_out, settings, (0, 0, 0), (), SIZES)
    mine = np.isin(cohort.patients, held_out)
    swapped = replace(cohort, labels=np.where(mine, 1 - cohort.labels, cohort.labels))
    found = fold_sizes(swapped, held_out, settings, (0, 0, 0), (), SIZES)
    assert found.panel == clean.panel
    assert np.array(found.auc) == pytest.approx(1 - np.array(clean.auc))


@pytest.mark.usefixtures("few_inner_folds")
def test_three_proteins_carry_everything_and_the_curve_is_flat_after_three(make_toy):
    matrix = make_toy(patients=90, visits=1, signal=0.0, proteins=30, seed=5)
    values = matrix.values.fillna(20.0)
    # The outcome is the sum of three independent proteins, to which nothing is added.
    total = values.iloc[:, :3].sum(axis=1)
    severity = np.where(total > total.quantile(0.6), "severe", "mild")
    matrix = replace(matrix, values=values, samples=matrix.samples.assign(severity=severity))
    settings = Settings(size=3, bags=3, rounds=20, normalise="none", select="moderated-t")
    summary = evaluate(
        matrix, OUTCOME, settings=settings, folds=3, repeats=1, permutations=0, describe=False,
        sizes=(1, 2, 3, 5, 8),
    ).summary["panel"]  # fmt: skip
    assert {row["id"]: row["frequency"] for row in summary["frequencies"]} == {
        "Q000": 1.0, "Q001": 1.0, "Q002": 1.0,
    }  # fmt: skip
    one, two, three, five, eight = (point["auc"] for point in summary["size_curve"])
    assert one + 0.05 < two < three - 0.05
    assert three > 0.95
    # More proteins are noise: they add nothing, and cost little.
    assert three - 0.05 < min(five, eight) <= max(five, eight) <= three
    assert summary["smallest_within_one_se"]["size"] == 3


def test_noise_has_no_smallest_panel(make_toy):
    cohort = build_cohort(make_toy(visits=1, signal=0.0, seed=2), OUTCOME)
    settings = QUICK.resolve(cohort.matrix)
    folds = [
        fold_sizes(cohort, test, settings, (0, repeat, fold), (), (1, 8))
        for repeat in range(2)
        for fold, test in enumerate(outer_folds(cohort, 4, spawn(0, repeat)))
    ]
    found = describe_sizes(folds, (1, 8), 1 / 3, [fold.panel for fold in folds])
    said = found["smallest_within_one_se"]["text"]
    assert said.startswith("No size is shown to do better than chance")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.5, "No size is shown to do better than chance, the best being 3 (AUC 0.50, no interval"),
        (1.0, "3 proteins, AUC 1.00, are the best of the sizes tried"),
    ],
)
def test_folds_that_are_all_alike_have_a_size_and_no_interval(value, said):
    found = smallest_within_one_se(size_curve([3], np.full((4, 1), value), 0.25))
    assert found["size"] == 3
    assert found["text"].startswith(said)


def _curve(aucs, errors, low=0.6):
    return [
        {"size": size, "auc": auc, "standard_error": error, "interval": [low, 0.99]}
        for size, auc, error in zip((1, 5, 10, 20), aucs, errors, strict=True)
    ]


def test_one_standard_error_rule_by_hand():
    # Breiman et al. 1984: best 0.90 at 10, its error 0.03, so 0.87 is enough: size 5 has
    # 0.872; the errors of the other sizes play no part.
    found = smallest_within_one_se(_curve([0.80, 0.872, 0.90, 0.89], [0.2, 0.2, 0.03, 0.001]))
    assert (found["size"], found["best_size"], found["best_auc"]) == (5, 10, 0.90)
    assert found["limit"] == pytest.approx(0.87)
    assert found["text"] == (
        "5 proteins (AUC 0.87) are the smallest panel within one standard error (0.030) of the "
        "best size, 10 (AUC 0.90)."
    )
    narrow = smallest_within_one_se(_curve([0.80, 0.872, 0.90, 0.89], [0.2, 0.2, 0.005, 0.001]))
    assert narrow["size"] == 10
    assert "no smaller size is within one standard error (0.005)" in narrow["text"]


def test_of_equal_sizes_the_smaller_is_the_best():
    found = smallest_within_one_se(_curve([0.7, 0.9, 0.9, 0.9], [0.0, 0.0, 0.0, 0.0]))
    assert (found["size"], found["best_size"]) == (5, 5)
    single = smallest_within_one_se(_curve([0.9, 0.9, 0.9, 0.9], [0.0] * 4))
    assert single["text"].startswith("1 protein, AUC 0.90, is the best of the sizes tried")


def test_the_curve_by_hand():
    # Folds 0.7, 0.8, 0.9 of three: S² = 0.01, variance of the mean (1/3 + 1/2) S², and
    # 4.302653 from the printed table of Student's t for 2 degrees of freedom.
    [point] = size_curve([4], np.array([[0.7], [0.8], [0.9]]), 1 / 2)
    error = math.sqrt((1 / 3 + 1 / 2) * 0.01)
    assert point["standard_error"] == pytest.approx(error)
    # On the logit scale: the odds of 0.8 are 4, and the error is that over 0.8 · 0.2.
    factor = math.exp(4.302653 * error / 0.16)
    expected = [4 / factor / (1 + 4 / factor), 4 * factor / (1 + 4 * factor)]
    assert point["interval"] == pytest.approx(expected, abs=1e-6)
    assert (point["size"], point["n_folds"]) == (4, 3)


def test_a_curve_of_one_fold_is_not_reportable():
    curve = size_curve([4], np.array([[0.7]]), 1 / 2)
    found = smallest_within_one_se(curve)
    assert found["size"] is None
    assert found["text"].endswith("not reportable: too few folds.")


def test_sizes_beyond_the_candidates_are_left_out_and_named():
    folds = [
        FoldSizes([0.7, 0.8, 0.9], 9, 0, ["a"]),
        FoldSizes([0.7, 0.9, math.nan], 6, 0, ["b"]),
    ]
    found = describe_sizes(folds, (2, 5, 8), 1.0, [["a"], ["c"]])
    assert [point["size"] for point in found["size_curve"]] == [2, 5]
    assert "Left out: 8; a training fold has 6 candidates." in found["size_curve_text"]
    assert "the procedure's panel in 1 of 2 folds" in found["size_curve_text"]


def test_sizes_that_no_fold_can_have_give_no_curve_and_the_reason():
    folds = [FoldSizes([math.nan], 4, 0, ["a"])] * 2
    found = describe_sizes(folds, (20,), 1.0, [["a"]] * 2, held=True)
    assert found["size_curve"] == []
    said = found["smallest_within_one_se"]["text"]
    assert said.endswith("not reportable: none of the sizes can be had.")
    assert "chosen among the given panel's proteins again" in found["size_curve_text"]
    assert "Left out: 20; a training fold has 4 candidates." in found["size_curve_text"]


@pytest.mark.usefixtures("few_inner_folds")
def test_sizes_below_what_is_asked_for_are_left_out(toy):
    settings = replace(QUICK, must_have=("Q020", "Q021"), exclude=("Q000",))
    panel = evaluate(
        toy,
        OUTCOME,
        settings=settings,
        folds=3,
        repeats=1,
        permutations=0,
        describe=False,
        sizes=(1, 2, 8),
    ).summary["panel"]
    assert [point["size"] for point in panel["size_curve"]] == [2, 8]
    assert (
        "Left out: 1; a training fold has 59 candidates, of which 2 are asked for."
        in (panel["size_curve_text"])
    )
    assert "ranking" not in panel["size_curve_text"]


def test_a_held_panel_is_ranked_and_nothing_else_is(cohort, settings, held_out):
    held = tuple(cohort.values.columns[[3, 20, 31, 2]])
    settings = replace(settings, size=4)
    found = fold_sizes(cohort, held_out, settings, (0, 0, 0), held, (1, 4, 5))
    assert sorted(found.panel) == sorted(held)
    assert found.n_candidates == 4
    assert math.isnan(found.auc[2])
    own = run_fold(cohort, held_out, settings, (0, 0, 0), held)
    keep = cohort.weights[own.rows] > 0
    expected = roc_auc_score(cohort.labels[own.rows][keep], own.margin[keep])
    assert found.auc[1] == pytest.approx(expected)


def test_no_protein_is_no_information(cohort, settings, held_out):
    fold = prepare_fold(cohort, held_out, settings, (0, 0, 0))
    assert fold.auc(np.array([], dtype=int)) == 0.5


@pytest.mark.parametrize("size", [0, 51, -3])
def test_sizes_out_of_range_are_refused(toy, size):
    with pytest.raises(InputError, match=f"--sizes: found {size}, expected whole numbers from 1"):
        evaluate(toy, OUTCOME, sizes=[5, size])
    assert check_sizes([]) == ()


def test_the_best_single_protein_carries_names_auc_and_verdict(with_sizes):
    single = with_sizes["panel"]["best_single_protein"]
    assert sum(row["frequency"] for row in single["chosen"]) == pytest.approx(1.0)
    assert {row["id"] for row in single["chosen"]} <= {f"Q{i:03d}" for i in range(6)}
    [row] = [row for row in with_sizes["comparators"] if row["name"] == "best single protein"]
    assert (single["auc"], single["verdict"]) == (row["auc"], row["verdict"])
    assert single["verdict"] == verdict("best single protein", *row["difference"]["interval"])


def test_a_threshold_is_left_aside_by_the_ranking(cohort, settings, held_out):
    # A panel of every protein above a threshold has no size; the curve takes the strongest of
    # the same view, even where nothing reaches the threshold.
    strongest = replace(settings, select="stability")
    expected = prepare_fold(cohort, held_out, strongest, (0, 0, 0)).ranking
    limited = replace(strongest, threshold=1.0)
    assert prepare_fold(cohort, held_out, limited, (0, 0, 0)).ranking.tolist() == expected.tolist()
