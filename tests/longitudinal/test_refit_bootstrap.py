"""Refit bootstrap: whole patients drawn, never on both sides, every draw counted, by hand."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

from proteoclass.cli import main
from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.folds import spawn
from proteoclass.longitudinal import track
from proteoclass.longitudinal.drawn_cohort import drawn_cohort, refitted, slopes_of
from proteoclass.longitudinal.refit_bootstrap import (
    RefitBootstrap,
    refit_bootstrap,
    refit_notes,
    with_refit,
)
from proteoclass.matrix import Outcome, simulate_cohort
from proteoclass.scorer import Settings
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.crossfit import run_fold
from proteoclass.scorer.splits import fold_units, outer_folds
from proteoclass.stats import expit
from proteoclass.study import run_study

SEVERITY = Outcome("severity", "severe")
QUICK = Settings(size=5, bags=1, rounds=5, tune="none")
STUDY = Path(__file__).parents[2] / "benchmarks" / "study_slopes.py"


@pytest.fixture(scope="module")
def matrix():
    return simulate_cohort(patients=24, severe=10, proteins=60, visits=3, seed=3).matrix


@pytest.fixture(scope="module")
def cohort(matrix):
    return build_cohort(matrix, SEVERITY)


@pytest.fixture(scope="module")
def found(matrix):
    return refit_bootstrap(matrix, SEVERITY, draws=3, settings=QUICK, folds=2, seed=5)


def test_a_draw_keeps_classes_whole_patients_and_every_value(cohort):
    drawn, rows, copies = drawn_cohort(cohort, spawn(1))
    label = pd.Series(drawn.labels).groupby(copies).first()
    assert label.value_counts().to_dict() == {0.0: 14, 1.0: 10}
    assert drawn.values.index.is_unique
    np.testing.assert_array_equal(drawn.values.to_numpy(), cohort.values.to_numpy()[rows])
    # All samples of a patient, in every copy.
    n_samples = pd.Series(cohort.patients).value_counts()
    of_copy = pd.Series(copies).value_counts()
    for copy, n in of_copy.items():
        assert n == n_samples[copy.rsplit(" #", 1)[0]]
    assert drawn.weights.sum() == pytest.approx(24)


def test_copies_of_a_patient_are_never_on_both_sides(cohort):
    drawn, _, copies = drawn_cohort(cohort, spawn(1))
    assert len(set(copies)) == 24 > len(set(drawn.patients))  # some patient is there twice
    folds = outer_folds(drawn, 3, spawn(2))
    test_rows = [set(drawn.rows_of(fold)) for fold in folds]
    assert sorted(row for rows in test_rows for row in rows) == list(range(len(drawn.patients)))
    for rows in test_rows:
        inside = set(drawn.patients[sorted(rows)])
        assert not inside & set(np.delete(drawn.patients, sorted(rows)))


def test_a_patient_without_a_label_is_never_drawn(cohort):
    gone = cohort.patients[0]
    labels = np.where(cohort.patients == gone, np.nan, cohort.labels)
    drawn, _, _ = drawn_cohort(replace(cohort, labels=labels), spawn(1))
    assert gone not in drawn.patients
    assert not np.isnan(drawn.labels).any()


def test_a_copy_weighs_as_a_patient_in_the_slopes(cohort, matrix, found):
    # Independent route: `track` on the out-of-fold scores of the same folds.
    settings = QUICK.resolve(cohort.matrix)
    fit = refitted(cohort, cohort.matrix.samples, settings, (), 2, cohort.prevalence, 9)
    results = [run_fold(*unit) for unit in fold_units(cohort, settings, (), 2, 1, 9)]
    rows = np.concatenate([each.rows for each in results])
    odds = np.concatenate([each.log_odds for each in results])
    scores = pd.DataFrame({"sample_id": cohort.values.index[rows], "score": 100 * expit(odds)})
    groups = matrix.samples.groupby("patient_id")["severity"].first()
    summary = track(scores, matrix.samples, groups=groups).summary
    by_track = [row["slope_per_week"] for row in summary["groups"]]
    # The intercept of the calibrator differs by its prevalence, which no slope sees.
    assert slopes_of(fit).to_list()[:2] == pytest.approx(by_track, abs=0.01)
    assert slopes_of(fit).iloc[2] == pytest.approx(by_track[1] - by_track[0], abs=0.01)


def test_the_same_seed_gives_the_same_draws_whatever_the_order_of_rows(matrix, found):
    shuffled = np.random.default_rng(0).permutation(matrix.values.index)
    again = refit_bootstrap(
        matrix.take(shuffled), SEVERITY, draws=3, settings=QUICK, folds=2, seed=5
    )
    pd.testing.assert_series_equal(again.estimate, found.estimate)
    pd.testing.assert_frame_equal(again.draws, found.draws)
    assert found.draws.nunique().min() == 3


def test_difference_of_every_draw_is_that_of_its_slopes(found):
    table = found.draws
    expected = table["severe"] - table["non-severe"]
    np.testing.assert_allclose(table["severe minus non-severe"], expected)
    assert sum(found.methods.values()) == found.n_draws == 3


def refit_of(values, estimate, failed=None):
    draws = pd.DataFrame({"a": values, "b": values, "b minus a": values})
    centre = pd.Series(estimate, index=draws.columns)
    plain = pd.DataFrame({"lower": 0.0, "upper": 1.0}, index=draws.columns)
    return RefitBootstrap(centre, plain, draws, failed or {}, {}, {})


def test_limits_are_numpys_percentiles_of_the_draws():
    values = np.random.default_rng(1).normal(size=401)
    limits = refit_of(values, 99.0).intervals()
    np.testing.assert_allclose(limits.loc["a"], np.quantile(values, [0.025, 0.975]))
    np.testing.assert_allclose(
        refit_of(values, 0.0).intervals(0.8).loc["b minus a"], np.quantile(values, [0.1, 0.9])
    )


@pytest.mark.parametrize(
    ("n", "failed", "reason"),
    [
        (39, {}, "39 draws, expected at least 40"),
        (60, {"why": 16}, "16 of 76 draws failed, expected at most 20%"),
        (60, {"why": 15}, ""),
    ],
)
def test_too_few_usable_draws_give_no_interval_and_say_so(n, failed, reason):
    refit = refit_of(np.arange(float(n)), 5.0, failed)
    assert refit.reason() == refit.summary()["not_reportable"] == reason
    assert refit.intervals().isna().all(axis=None) == bool(reason)
    assert (f"Refit intervals are not reportable: {reason}." in refit_notes(refit)) == bool(reason)


def test_both_intervals_stand_side_by_side():
    summary = {
        "groups": [{"group": "a", "lower": -9.0, "upper": 8.0}, {"group": "other", "lower": -9.0}],
        "interaction": {"contrast": "b minus a", "lower": None, "upper": None},
        "notes": ["first"],
    }
    merged = with_refit(summary, refit_of(np.arange(41.0), 20.0))
    first = merged["groups"][0]
    assert (first["group"], first["lower"], first["upper"]) == ("a", -9.0, 8.0)
    assert (first["refit_lower"], first["refit_upper"]) == pytest.approx((1, 39))
    assert merged["groups"][1]["refit_lower"] is None
    assert merged["interaction"]["refit_upper"] == pytest.approx(39)
    assert "95 % percentile" in merged["refit"]["kind"]
    assert merged["refit"]["median_of_draws"]["a"] == 20
    assert merged["refit"]["standard_error"]["b"] == pytest.approx(np.std(range(41), ddof=1))
    ends = "log-odds a week: plain interval"
    assert merged["notes"] == [
        "first",
        "Refit bootstrap: 41 draws of patients, 0 failed.",
        f"Slope of a, {ends} -9.00 to +8.00, refit bootstrap +1.00 to +39.00.",
        f"Slope of b minus a, {ends} not reportable, refit bootstrap +1.00 to +39.00.",
    ]
    assert "refit" not in summary


def test_a_draw_with_too_few_patients_is_counted_with_its_reason():
    # Five of a class in five folds: a draw nearly always holds fewer different ones.
    made = simulate_cohort(patients=16, severe=5, proteins=60, visits=2, seed=3, replicates=0)
    found = refit_bootstrap(made.matrix, SEVERITY, draws=2, settings=QUICK, folds=5)
    assert len(found.draws) == 0
    assert found.n_draws == sum(found.failed.values()) == 2
    assert found.failed == {"5 folds need two classes with at least 5 patients each": 2}
    assert "2 failed (2: 5 folds need" in refit_notes(found)[0]


def test_draws_below_one_are_refused(matrix):
    with pytest.raises(InputError, match="found 0, expected at least 1"):
        refit_bootstrap(matrix, SEVERITY, draws=0)


def test_a_group_without_a_slope_is_refused(matrix):
    # Of the severe, only first visits have a day.
    sheet = matrix.samples.copy()
    later = sheet.duplicated("patient_id") & (sheet["severity"] == "severe")
    sheet["day"] = sheet["day"].where(~later)
    with pytest.raises(TooLittleDataError, match="group 'severe': fewer than 2 patients"):
        refit_bootstrap(matrix, SEVERITY, sheet, draws=1, settings=QUICK, folds=2)


@pytest.fixture(scope="module")
def files(tmp_path_factory, matrix):
    folder = tmp_path_factory.mktemp("refit")
    matrix.values.T.rename_axis("protein").to_csv(folder / "matrix.tsv", sep="\t")
    matrix.samples.rename_axis("sample_id").to_csv(folder / "samples.tsv", sep="\t")
    score = np.random.default_rng(0).uniform(5, 95, matrix.n_samples)
    scores = pd.DataFrame({"sample_id": matrix.values.index, "score": score})
    scores.assign(origin="out-of-fold").to_csv(folder / "scores.tsv", sep="\t", index=False)
    scores.assign(origin="locked model").to_csv(folder / "locked.tsv", sep="\t", index=False)
    return folder


def run_track(files, scores, *more):
    samples = ["--samples", str(files / "samples.tsv"), "--outcome", "severity"]
    return CliRunner().invoke(
        main, ["track", str(files / scores), *samples, "--positive", "severe", *more]
    )


def test_track_writes_both_intervals_and_their_kinds(files, monkeypatch, found):
    def refit(matrix, outcome, *, draws, seed, progress):
        assert (matrix.n_proteins, matrix.fluid, draws, seed) == (60, "urine", 40, 4)
        return replace(found, draws=pd.concat([found.draws] * 14, ignore_index=True))

    monkeypatch.setattr("proteoclass.longitudinal.refit_bootstrap.refit_bootstrap", refit)
    asked = ["--matrix", str(files / "matrix.tsv"), "--fluid", "urine", "--refit", "40"]
    done = run_track(files, "scores.tsv", *asked, "--seed", "4", "-o", str(files / "out"))
    assert done.exit_code == 0, done.output
    summary = json.loads((files / "out" / "trajectories.json").read_text())
    for row in (*summary["groups"], summary["interaction"]):
        assert row["lower"] < row["upper"]
        assert row["refit_lower"] < row["refit_upper"]
    assert "95 % t" in summary["interval"]
    assert "the whole cross-validated procedure run again" in summary["refit"]["kind"]
    assert "Refit bootstrap: 42 draws of patients, 0 failed" in done.stderr


def test_refit_needs_the_matrix(files):
    done = run_track(files, "scores.tsv", "--refit", "40", "-o", str(files / "none"))
    assert done.exit_code == 2
    assert "--refit fits the procedure again: give the --matrix too" in done.stderr


def test_refit_is_refused_for_scores_of_a_locked_model(files):
    asked = ["--matrix", str(files / "matrix.tsv"), "--refit", "40"]
    done = run_track(files, "locked.tsv", *asked, "-o", str(files / "none"))
    assert done.exit_code == 3
    assert "no score is out-of-fold" in done.stderr
    assert not (files / "none").exists()


STUDY_FILE = """
[study]
title = "Quick"
name = "quick"
seed = 6
[input]
matrix = "matrix.tsv"
samples = "samples.tsv"
fluid = "urine"
[outcome]
column = "severity"
positive = "severe"
[panel]
size = 5
[scorer]
bags = 1
rounds = 3
[evaluate]
folds = 2
repeats = 1
permutations = 0
sizes = []
[track]
refit = 40
[report]
patients = "none"
"""


def test_a_study_file_asks_for_refits_by_its_own_settings(files, monkeypatch, found):
    def refit(matrix, outcome, *, progress, **asked):
        settings = asked.pop("settings")
        assert (matrix.fluid, outcome.positive, settings.size) == ("urine", "severe", 5)
        assert asked == {
            "draws": 40, "panel": None, "folds": 2, "index": "first", "seed": 6, "jobs": 1,
        }  # fmt: skip
        return replace(found, draws=pd.concat([found.draws] * 14, ignore_index=True))

    monkeypatch.setattr("proteoclass.study.refit_bootstrap", refit)
    (files / "study.toml").write_text(STUDY_FILE)
    run = run_study(files / "study.toml", files / "run")
    summary = json.loads((run / "trajectories.json").read_text())
    assert summary["refit"]["draws"] == 42
    assert all(row["refit_lower"] < row["refit_upper"] for row in summary["groups"])


def test_a_study_file_asks_for_enough_draws(files):
    (files / "few.toml").write_text(STUDY_FILE.replace("refit = 40", "refit = 39"))
    with pytest.raises(InputError, match="refit"):
        run_study(files / "few.toml", files / "few")


@pytest.fixture(scope="module")
def study():
    return runpy.run_path(str(STUDY))


def test_in_sample_scores_make_the_severe_fall_too_steep_and_out_of_fold_ones_do_not(study):
    """The truth is the slope of new patients by the same model, same scale."""
    slopes = study["in_sample"](3)
    assert (slopes["in-sample"] < slopes["out-of-fold"] - 0.02).all()
    assert slopes["in-sample"].mean() < slopes["new patients"].mean() - 0.08
    assert slopes["out-of-fold"].mean() > slopes["new patients"].mean() - 0.02


@pytest.mark.long
def test_in_sample_bias_over_twenty_cohorts(study):
    slopes = study["in_sample"](20)
    steeper = slopes["in-sample"] - slopes["new patients"]
    assert stats.ttest_1samp(steeper, 0, alternative="less").pvalue < 0.001
    flatter = slopes["out-of-fold"] - slopes["new patients"]
    assert stats.ttest_1samp(flatter, 0, alternative="less").pvalue > 0.05


@pytest.mark.long
def test_intervals_of_a_locked_model_hold_the_truth_in_95_of_100_cohorts(study):
    """Coverage over 1,000 cohorts with drop-out, within scipy's exact binomial bounds."""
    held = study["locked"](1000)
    for share in held[["non-severe", "severe"]]:
        assert 0.92 <= share <= 0.98
    for share in held:
        within = stats.binomtest(round(1000 * share), 1000, 0.95)
        assert within.pvalue > 0.001, held


@pytest.mark.long
def test_refit_intervals_cover_out_of_fold_slopes_better_than_plain_ones(study):
    table = study["coverage"]([study["one_refit"](cohort) for cohort in range(20)])
    severe = table.loc["severe"]
    assert severe["refit covers"] >= severe["plain covers"] + 0.1
    assert table["refit covers"].min() >= 0.8
