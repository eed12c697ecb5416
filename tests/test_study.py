"""One study file into one folder: what is in it, that it repeats, and that it never breaks off."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import proteoclass as pc
from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix import Outcome, write_cohort
from proteoclass.report import build_report
from proteoclass.scorer import Settings, derive_panel, load_model
from proteoclass.stats import log_odds
from proteoclass.study import run_study

pytestmark = pytest.mark.usefixtures("few_half_samples")

QUICK = """
[study]
title = "Quick"
name = "quick"
[input]
matrix = "cohort/matrix.tsv"
samples = "cohort/samples.tsv"
proteins = "cohort/proteins.tsv"
fluid = "urine"
[outcome]
column = "severity"
positive = "severe"
[panel]
size = 8
[scorer]
bags = 2
rounds = 5
[evaluate]
folds = 3
repeats = 2
permutations = 2
sizes = [1, 8]
[report]
patients = ["SIM-P001"]
"""
#: For runs that are not about how often something is repeated.
ONCE = (
    ("repeats = 2\npermutations = 2\nsizes = [1, 8]", "repeats = 1\npermutations = 0\nsizes = []"),
)
NO_PATIENT = ('["SIM-P001"]', '"none"')


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    cohort = pc.simulate_cohort(patients=30, severe=10, proteins=150, visits=3, seed=2)
    write_cohort(cohort, folder / "cohort")
    (folder / "study.toml").write_text(QUICK)
    return folder


@pytest.fixture(scope="module")
def run(place, few_half_samples):
    return run_study(place / "study.toml", place / "run")


def files(folder):
    return {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file()}


def table(run, name):
    return pd.read_csv(run / name, sep="\t", keep_default_na=True)


def test_holds_every_file_of_the_contract(run):
    names = set(files(run)) - {".proteoclass"}
    patient = {name for name in names if name.startswith("patients/sim-p001-")}
    assert len(patient) == 2
    assert names - patient == {
        "run.json", "timings.json", "samples.tsv", "qc.json", "panel.toml", "evaluation.json",
        "predictions.tsv", "model.json", "scores.tsv", "explanations.tsv", "trajectories.tsv",
        "trajectories.json", "study.html", "study.pdf",
    }  # fmt: skip


def test_the_sizes_that_were_asked_for_are_in_the_evaluation(run):
    panel = json.loads((run / "evaluation.json").read_text())["panel"]
    assert [point["size"] for point in panel["size_curve"]] == [1, 8]
    assert "swaps" not in panel


def test_two_runs_give_the_same_bytes_for_any_number_of_processes(place, run):
    again = run_study(place / "study.toml", place / "again", jobs=2)
    first, second = files(run), files(again)
    assert first.keys() == second.keys()
    differ = [name for name in first if first[name].read_bytes() != second[name].read_bytes()]
    assert differ == ["timings.json"]


def test_training_patients_are_scored_out_of_fold(run):
    scores, predictions = table(run, "scores.tsv"), table(run, "predictions.tsv")
    assert set(scores["origin"]) == {"out-of-fold"}
    mean = (
        predictions.assign(z=log_odds(predictions["probability"])).groupby("sample_id")["z"].mean()
    )
    merged = scores.set_index("sample_id")
    np.testing.assert_allclose(log_odds(merged["probability"]), mean.loc[merged.index], atol=1e-9)


def test_bands_follow_the_model_s_limits(run):
    scores, limits = table(run, "scores.tsv"), load_model(run / "model.json").thresholds
    band = np.select(
        [scores["score"] < limits.lower, scores["score"] >= limits.upper],
        ["non-severe", "severe"],
        "indeterminate",
    )
    assert (scores["band"] == band).all()


def test_explanations_sum_to_the_scores(run):
    totals = table(run, "explanations.tsv").groupby("sample_id")["contribution"].sum()
    scores = table(run, "scores.tsv").set_index("sample_id")
    np.testing.assert_allclose(totals.loc[scores.index], log_odds(scores["probability"]), atol=1e-5)


def test_says_what_it_was_made_of(run, place):
    document = json.loads((run / "run.json").read_text())
    assert document["study"]["synthetic"] is True
    assert [i["name"] for i in document["inputs"]] == ["matrix.tsv", "samples.tsv", "proteins.tsv"]
    assert str(place) not in (run / "run.json").read_text()
    assert document["patients"]["SIM-P001"].startswith("patients/sim-p001-")
    assert json.loads((run / "evaluation.json").read_text())["cohort"]["synthetic"] is True
    assert "SYNTHETIC" in (run / "study.html").read_text()
    # Simulated urine is left-censored; the study asks for auto.
    imputation = json.loads((run / "evaluation.json").read_text())["imputation"]
    assert (imputation["asked"], imputation["all_patients"]) == ("auto", "low")
    assert imputation["text"] in document["notes"]
    said = imputation["text"].split("--impute")[1][:30]
    assert said in (run / "study.html").read_text()


@pytest.mark.parametrize("name", ["scores.tsv", "predictions.tsv", "evaluation.json"])
def test_an_altered_run_gives_no_report(run, tmp_path, name):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    text = (copy / name).read_text()
    (copy / name).write_text(text[: len(text) // 2].rstrip() + "\n")
    with pytest.raises(InputError, match=f"{name} differs from what the run wrote"):
        build_report(copy)


def test_the_seed_can_be_given(place, run, monkeypatch):
    # The tables are looked at, no document.
    monkeypatch.setattr("proteoclass.study._write_report", lambda *_: None)
    other = run_study(variant(place, "seeded.toml", *ONCE), place / "seeded", seed=5)
    assert json.loads((other / "run.json").read_text())["config"]["study"]["seed"] == 5
    seeded, first = (table(each, "predictions.tsv").query("repeat == 1") for each in (other, run))
    assert len(seeded) == len(first)
    assert (seeded["score"].to_numpy() != first["score"].to_numpy()).any()


def test_a_run_is_replaced_only_when_asked_and_only_a_run(place, run):
    with pytest.raises(InputError, match="exists already and is not empty; pass --force"):
        run_study(place / "study.toml", run)
    with pytest.raises(InputError, match="was not written by proteoclass and is never replaced"):
        run_study(place / "study.toml", place, force=True)


def variant(place, name, *changes):
    text = QUICK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = place / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (("folds = 3", "fold = 3"), InputError, "fold.*did you mean 'folds'"),
        (("[scorer]", "[scroer]"), InputError, "scroer.*did you mean 'scorer'"),
        (("size = 8", 'size = "8"'), InputError, "size"),
        (
            ("size = 8", 'size = 8\nuse = "own.toml"'),
            InputError,
            "panel: .*use excludes size, which",
        ),
        (("cohort/matrix.tsv", "nowhere.tsv"), InputError, "nowhere.tsv: no such file"),
        (('positive = "severe"', 'positive = "ill"'), InputError, "has no label 'ill'"),
        (('["SIM-P001"]', '["nobody"]'), InputError, "nobody not in the sample sheet"),
        (("folds = 3", "folds = 12"), TooLittleDataError, "expected at least 12 of each"),
    ],
)
def test_a_wrong_study_file_ends_in_one_line_and_leaves_nothing(place, change, error, message):
    before = {p.name for p in place.iterdir()}
    path = variant(place, "wrong.toml", change)
    with pytest.raises(error, match=message) as caught:
        run_study(path, place / "wrong")
    assert "\n" not in str(caught.value)
    assert {p.name for p in place.iterdir()} - before <= {"wrong.toml"}


def test_an_unknown_patient_is_said_before_the_work_starts(place, monkeypatch):
    monkeypatch.setattr("proteoclass.study.evaluate", None)  # to call it is an error
    path = variant(place, "nobody.toml", ('["SIM-P001"]', '["nobody"]'))
    with pytest.raises(InputError, match="nobody not in the sample sheet"):
        run_study(path, place / "nobody")


def test_a_panel_from_elsewhere_is_held_and_a_cohort_without_days_is_not_tracked(place):
    sheet = pd.read_csv(place / "cohort" / "samples.tsv", sep="\t")
    sheet.drop(columns="day").to_csv(place / "no_days.tsv", sep="\t", index=False)
    values = pd.read_csv(place / "cohort" / "matrix.tsv", sep="\t", index_col=0)
    common = values.columns[values.notna().mean() > 0.8][:12]
    panel = pc.Panel(
        name="mine", title="Mine", status="reference", protein=[{"id": i} for i in common]
    )
    (place / "mine.toml").write_text(panel.to_toml())
    path = variant(
        place, "held.toml", ("cohort/samples.tsv", "no_days.tsv"),
        ("size = 8", 'use = "mine.toml"'), NO_PATIENT, *ONCE,
    )  # fmt: skip
    held = run_study(path, place / "held")
    model = load_model(held / "model.json")
    assert [p.id for p in model.content.panel] == panel.ids
    why = json.loads((held / "trajectories.json").read_text())["why"]
    assert why == "the sample sheet has no days"
    assert len(table(held, "trajectories.tsv")) == 0
    assert not list((held / "patients").iterdir())


def test_a_panel_of_this_very_cohort_is_chosen_again_and_a_failed_sample_not_explained(place):
    values = pd.read_csv(place / "cohort" / "matrix.tsv", sep="\t", index_col=0)
    sheet = pd.read_csv(place / "cohort" / "samples.tsv", sep="\t", index_col=0)
    failed = sheet.index[sheet["replicate_of"].notna()][0]
    values.loc[failed, values.columns[3:]] = np.nan
    values.to_csv(place / "failed.tsv", sep="\t")
    matrix = pc.read_matrix(place / "failed.tsv", place / "cohort" / "samples.tsv", fluid="urine")
    outcome, settings = Outcome("severity", "severe"), Settings(size=6, normalise="none")
    derived = derive_panel(matrix, outcome, settings=settings, seed=5)
    (place / "own.toml").write_text(derived.to_toml())
    path = variant(
        place, "own_study.toml", ("cohort/matrix.tsv", "failed.tsv"), NO_PATIENT, *ONCE,
        ("size = 8", 'use = "own.toml"'), ('"severe"', '"severe"\nindex = "all"'),
    )  # fmt: skip
    again = run_study(path, place / "own_run")
    panel = load_model(again / "model.json").content.panel
    assert len(panel) == 6
    assert sorted(pc.load_panel(again / "panel.toml").ids) == sorted(p.id for p in panel)
    scores = table(again, "scores.tsv").set_index("sample_id")
    assert scores.loc[failed, "status"] == "not reportable"
    explained = table(again, "explanations.tsv")
    assert set(explained["sample_id"]) == set(scores.index[scores["status"] == "final"])
    # scikit-learn's AUC of the mean depth of all index samples of a patient.
    samples = table(again, "samples.tsv")
    samples = samples[samples["used"] == "index"].groupby("patient_id")
    rival = json.loads((again / "qc.json").read_text())["rivals"][0]
    expected = roc_auc_score(samples["label"].first() == "severe", samples["n_detected"].mean())
    assert rival["auc"] == pytest.approx(expected, abs=1e-12)


def test_a_cohort_of_plexes_is_run_as_ratios_to_its_pool(place):
    cohort = pc.simulate_cohort(patients=24, severe=8, proteins=120, visits=2, plexes=8, seed=4)
    write_cohort(cohort, place / "plexes")
    path = variant(place, "plexes.toml", ("cohort/", "plexes/"), *ONCE)
    run = run_study(path, place / "plexes-run")
    model = load_model(run / "model.json")
    assert (model.content.kind, model.content.pool_id) == ("ratio", "SIM-POOL-1")
    scores = table(run, "scores.tsv")
    pools = cohort.matrix.samples["channel"].str.startswith("pool")
    assert set(scores["sample_id"]) == set(cohort.matrix.values.index[~pools])
    assert (scores["status"] == "final").all()


def test_a_request_to_terminate_clears_away_what_was_begun(place):
    target = place / "ended"
    process = subprocess.Popen(
        [sys.executable, "-m", "proteoclass", "run", str(place / "study.toml"), "-o", str(target)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while not list(place.glob(".ended-*")):
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    _, words = process.communicate()
    assert process.returncode == 130
    assert words.decode().splitlines()[-1] == "error: interrupted"
    assert not list(place.glob(".ended-*"))
    assert not target.exists()


def test_killed_at_any_moment_leaves_no_run_folder(place):
    program = "import sys; from proteoclass.study import run_study; run_study(*sys.argv[1:])"
    for delay in (2.0, 4.0):
        target = place / f"killed-{delay}"
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(place / "study.toml"), str(target)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not target.exists() or (target / "study.pdf").exists()


def test_what_a_run_did_not_check_of_its_qc_pool_is_said(place, tmp_path):
    shutil.copytree(place / "cohort", tmp_path / "cohort")
    sheet = pd.read_csv(tmp_path / "cohort" / "samples.tsv", sep="\t", dtype=str)
    sheet["sample_type"] = np.where(sheet.index == len(sheet) - 1, "qc", "sample")
    sheet.to_csv(tmp_path / "cohort" / "samples.tsv", sep="\t", index=False)
    text = QUICK
    for old, new in (*ONCE, NO_PATIENT):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "study.toml").write_text(text)
    run_study(tmp_path / "study.toml", tmp_path / "run")
    notes = json.loads((tmp_path / "run" / "run.json").read_text())["notes"]
    [said] = [note for note in notes if note.startswith("1 QC pool sample checked against nothing")]
    assert "at least 5 are needed for limits" in said
