"""AUC lost per swap: planted copies and sole carriers, and the arithmetic by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from proteoclass.folds import spawn
from proteoclass.io import json_text
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, evaluate
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.crossfit import run_fold
from proteoclass.scorer.panel_evidence import panel_evidence
from proteoclass.scorer.prepared_fold import prepare_fold
from proteoclass.scorer.splits import outer_folds
from proteoclass.scorer.swaps import FoldSwaps, best_substitutes, describe_swaps, fold_swaps

OUTCOME = Outcome("severity", "severe")
QUICK = Settings(size=4, bags=3, rounds=8, normalise="none", impute="none", select="moderated-t")


@pytest.fixture(scope="module")
def planted(make_toy):
    """Q000 alone tells the classes apart; Q010 is its copy, Q020 follows Q005 upside down."""
    matrix = make_toy(visits=1, signal=0.0, seed=8)
    severe = (matrix.samples["severity"] == "severe").to_numpy()
    values = matrix.values.copy()
    values["Q000"] = 20 + 6.0 * severe + np.linspace(-1, 1, len(values))
    values["Q010"] = values["Q000"]
    values["Q020"] = 40 - values["Q005"] + 0.05 * np.cos(np.arange(len(values)))
    return build_cohort(replace(matrix, values=values), OUTCOME)


@pytest.fixture(scope="module")
def held_out(planted):
    return outer_folds(planted, 4, spawn(0))[0]


def swaps_of(cohort, held_out, panel, settings=QUICK, fixed=()):
    return fold_swaps(cohort, held_out, settings, (0, 0, 0), fixed, panel)


def test_a_copy_in_its_place_costs_nothing(planted, held_out):
    found = swaps_of(planted, held_out, ["Q000", "Q005", "Q006"])
    assert found.substitutes[:2] == ["Q010", "Q020"]
    # The very same values in the very same column: the same model, to the last bit.
    assert found.replaced[0] == 0
    assert found.correlations[0] == pytest.approx(1)
    assert found.correlations[1] == pytest.approx(-1, abs=0.02)


def test_leaving_out_the_only_informative_protein_costs_all(planted, held_out):
    found = swaps_of(planted, held_out, ["Q000", "Q005", "Q006"])
    assert found.auc == 1
    assert found.left_out[0] > 0.25
    assert found.left_out[1:] == [0, 0]
    # A panel of one protein has nothing left: 0.5 is no information.
    [alone] = swaps_of(planted, held_out, ["Q000"]).left_out
    assert alone == 0.5


def test_substitutes_are_learnt_on_training_patients_and_are_no_members(planted, held_out):
    both = swaps_of(planted, held_out, ["Q000", "Q010"])
    assert not {"Q000", "Q010"} & set(both.substitutes)
    # Against NumPy's own correlation, over samples that have both.
    fold = prepare_fold(planted, held_out, QUICK, (0, 0, 0))
    frame = pd.DataFrame(fold.measured, columns=fold.proteins)
    r = frame.corr()["Q000"].drop(["Q000", "Q010"])
    assert both.substitutes[0] == r.abs().idxmax()
    assert both.correlations[0] == pytest.approx(r[both.substitutes[0]])


def test_poisoned_test_patients_change_no_substitute(planted, held_out):
    mine = np.isin(planted.patients, held_out)
    panel = ["Q000", "Q005", "Q006"]
    clean = swaps_of(planted, held_out, panel)
    for garbage in (np.nan, 1e9):
        values = planted.values.copy()
        values[mine] = garbage
        poisoned = replace(planted, matrix=replace(planted.matrix, values=values))
        found = swaps_of(poisoned, held_out, panel)
        assert found.substitutes == clean.substitutes
        assert found.correlations == clean.correlations
        assert found.auc == 0.5  # every test sample looks the same now


def test_among_equal_substitutes_the_order_of_columns_does_not_choose(planted, held_out):
    values = planted.values.copy()
    values["Q050"] = values["Q030"] = values["Q000"]
    panel = ["Q000", "Q005"]
    for columns in (values.columns, values.columns[::-1]):
        matrix = planted.matrix
        mixed = replace(matrix, values=values[columns], proteins=matrix.proteins.loc[columns])
        found = swaps_of(replace(planted, matrix=mixed), held_out, panel)
        assert found.substitutes[0] == "Q010"


def test_rare_constant_and_excluded_proteins_are_no_substitutes(planted, held_out):
    fold = prepare_fold(planted, held_out, QUICK, (0, 0, 0))
    place = {name: i for i, name in enumerate(fold.proteins)}
    measured = fold.measured.copy()
    measured[: len(measured) * 2 // 3, place["Q010"]] = np.nan
    measured[:, place["Q011"]] = 7.0
    others = [i for name, i in place.items() if name not in ("Q000", "Q010", "Q011", "Q012")]
    chooser = fold.chooser.set_params(excluded=tuple(others))
    members = np.array([place["Q000"]])
    bare = replace(fold, measured=measured, chooser=chooser)
    positions, _ = best_substitutes(bare, members, 0.5)
    assert positions.tolist() == [place["Q012"]]
    none, correlations = best_substitutes(
        replace(bare, chooser=chooser.set_params(excluded=tuple(range(len(place))))), members, 0.5
    )
    assert none.tolist() == [-1]
    assert math.isnan(correlations[0])


def test_a_panel_without_candidates_beside_it_has_no_substitute(planted, held_out):
    every = [str(name) for name in planted.values.columns]
    matrix = planted.matrix
    small = replace(
        planted,
        matrix=replace(matrix, values=matrix.values[every[:2]], proteins=matrix.proteins[:2]),
    )
    found = swaps_of(small, held_out, every[:2])
    assert found.substitutes == ["", ""]
    assert np.isnan(found.replaced).all()
    described = describe_swaps([found, found], 0.5, matrix.proteins, 3)
    assert described["mean_loss"]["replaced"]["n_folds"] == 0
    assert "takes its place" not in described["text"]


def test_a_held_panel_takes_substitutes_from_all_that_is_measured(planted, held_out):
    found = swaps_of(planted, held_out, ["Q000", "Q005"], fixed=("Q000", "Q005"))
    assert found.substitutes == ["Q010", "Q020"]


def test_the_whole_panel_is_the_procedure_of_the_fold(planted, held_out):
    own = run_fold(planted, held_out, QUICK, (0, 0, 0))
    keep = planted.weights[own.rows] > 0
    labels, margin = planted.labels[own.rows][keep], own.margin[keep]
    wins = np.subtract.outer(margin[labels == 1], margin[labels == 0])
    expected = ((wins > 0) + (wins == 0) / 2).mean()
    assert swaps_of(planted, held_out, own.panel).auc == pytest.approx(expected)


def fold_of(panel, left_out, replaced, substitutes):
    return FoldSwaps(panel, 0.9, left_out, replaced, substitutes, [0.8] * len(panel))


def test_losses_by_hand():
    proteins = pd.DataFrame({"gene": ["GA", "GB", "GC"]}, index=["a", "b", "c"])
    folds = [
        fold_of(["a", "b"], [0.10, 0.02], [0.05, math.nan], ["x", ""]),
        fold_of(["b", "a"], [0.04, 0.20], [0.01, 0.03], ["y", "x"]),
        fold_of(["a", "c"], [0.30, 0.00], [0.04, 0.02], ["z", "x"]),
    ]
    found = describe_swaps(folds, 1 / 2, proteins, 5)
    # Means of each fold's panel: 0.06, 0.12, 0.15; S² = 0.0021, variance of their mean
    # (1/3 + 1/2) S², and 4.302653 from the printed table of Student's t, 2 df.
    half = 4.302653 * math.sqrt((1 / 3 + 1 / 2) * 0.0021)
    left_out = found["mean_loss"]["left_out"]
    assert left_out["mean"] == pytest.approx(0.11)
    assert left_out["interval"] == pytest.approx([0.11 - half, 0.11 + half], abs=1e-7)
    assert found["mean_loss"]["replaced"]["mean"] == pytest.approx((0.05 + 0.02 + 0.03) / 3)
    a, b, c = found["proteins"]
    assert [(e["id"], e["gene"], e["n_folds"]) for e in (a, b, c)] == [
        ("a", "GA", 3), ("b", "GB", 2), ("c", "GC", 1),
    ]  # fmt: skip
    assert a["left_out"]["mean"] == pytest.approx(0.2)
    assert a["replaced"]["mean"] == pytest.approx(0.04)
    assert [(s["id"], s["n_folds"]) for s in a["substitutes"]] == [("x", 2), ("z", 1)]
    # One fold is no spread; b was replaced in one fold only.
    assert np.isnan(c["left_out"]["interval"]).all()
    assert b["replaced"]["n_folds"] == 1
    assert found["text"].startswith("A protein of the panel that cannot be measured costs 0.110 (")
    assert "(interval −0.070 to 0.290) in AUC" in found["text"]


def test_folds_all_alike_have_no_interval():
    proteins = pd.DataFrame({"gene": ["GA"]}, index=["a"])
    alike = [fold_of(["a"], [0.5], [0.0], ["x"])] * 3
    found = describe_swaps(alike, 1 / 2, proteins, 5)
    assert np.isnan(found["mean_loss"]["left_out"]["interval"]).all()
    assert "costs 0.500 (interval not reportable)" in found["text"]


def test_two_folds_far_apart_stay_within_what_aucs_can_differ_by():
    proteins = pd.DataFrame({"gene": ["GA"]}, index=["a"])
    apart = [fold_of(["a"], [loss], [0.0], ["x"]) for loss in (0.3, -0.3)]
    # By t on one degree of freedom, 12.7, the limits would lie near ±3.8.
    assert describe_swaps(apart, 1, proteins, 5)["mean_loss"]["left_out"]["interval"] == [-1, 1]


@pytest.mark.parametrize(
    ("panels", "words"),
    [("ab", "each on its own panel"), ("aa", "on one panel")],
)
def test_folds_that_hold_one_panel_are_told_from_folds_with_their_own(panels, words):
    proteins = pd.DataFrame({"gene": ["GA", "GB"]}, index=["a", "b"])
    folds = [fold_of([name], [0.2], [0.1], ["x"]) for name in panels]
    assert describe_swaps(folds, 1 / 2, proteins, 5)["text"].endswith(f"; over 2 folds, {words}.")


def test_a_fold_without_a_panel_is_not_counted():
    proteins = pd.DataFrame({"gene": ["GA"]}, index=["a"])
    empty = fold_of([], [], [], [])
    found = describe_swaps([empty, fold_of(["a"], [0.2], [0.1], ["x"])], 1 / 2, proteins, 5)
    assert found["text"].endswith("; over 1 fold, on one panel.")
    none = describe_swaps([empty, empty], 1 / 2, proteins, 5)
    assert none["text"] == (
        "What a protein of the panel costs is not reportable: no fold has a panel."
    )


def test_the_same_bytes_for_any_number_of_processes(planted):
    units = [
        (planted, test, QUICK, (0, 0, fold), ())
        for fold, test in enumerate(outer_folds(planted, 2, spawn(0)))
    ]
    panels = [run_fold(*unit).panel for unit in units]
    one, two = (
        json_text(panel_evidence(units, panels, 1.0, (1, 4), True, jobs=jobs)) for jobs in (1, 2)
    )
    assert one == two
    assert '"swaps"' in one
    assert '"size_curve"' in one


@pytest.mark.usefixtures("few_inner_folds")
def test_evaluate_reports_swaps_of_the_panels_of_its_own_folds(planted):
    summary = evaluate(
        planted.matrix,
        OUTCOME,
        settings=QUICK,
        folds=3,
        repeats=1,
        permutations=0,
        describe=False,
        swaps=True,
    ).summary["panel"]
    swaps = summary["swaps"]
    held = {row["id"]: round(3 * row["frequency"]) for row in summary["frequencies"]}
    assert {entry["id"]: entry["n_folds"] for entry in swaps["proteins"]} == held
    assert swaps["bags"] == 3
    assert "size_curve" not in summary
