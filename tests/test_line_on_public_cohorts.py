"""The line on public COVID-19 cohorts; figures a reader can hold against the literature."""

import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

import proteoclass as pc
from proteoclass import scorer
from proteoclass.cli import main
from proteoclass.scorer import Settings

pytestmark = [pytest.mark.realdata, pytest.mark.usefixtures("few_half_samples")]

OVERMYER = "overmyer_plasma_maxquant/tidy/overmyer"
BREDA = "ciim_olink/tidy/breda"
RADBOUD = "ciim_olink/tidy/radboud"
#: Fewer and shorter boosters than the default: the bounds below hold with either.
LIGHT = {"bags": 3, "rounds": 30}


def paths(data_folder, cohort):
    return [str(data_folder / f"{cohort}_{part}.tsv") for part in ("matrix", "samples")]


def read(data_folder, cohort):
    proteins = data_folder / f"{cohort}_proteins.tsv"
    return pc.read_matrix(
        *paths(data_folder, cohort),
        proteins=proteins if proteins.exists() else None,
        fluid="plasma",
    )


def index_auc(predictions, positive):
    index = predictions[predictions["used"] == "index"]
    per_repeat = [
        roc_auc_score(rows["outcome"] == positive, rows["score"])
        for _, rows in index.groupby("repeat")
    ]
    return float(np.mean(per_repeat))


@pytest.fixture(scope="module")
def light_boosters():
    """`LIGHT` for the command line, which has no option for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorer, "Settings", partial(scorer.Settings, **LIGHT))
        yield


@pytest.fixture(scope="module")
def breda_model(data_folder, tmp_path_factory, light_boosters):
    path = tmp_path_factory.mktemp("breda") / "model.json"
    arguments = [
        "train", *paths_option(data_folder, BREDA), "--outcome", "severity", "--positive", "ICU",
        "--fluid", "plasma", "--folds", "3", "--repeats", "1", "-o", str(path),
    ]  # fmt: skip
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return path


def paths_option(data_folder, cohort):
    matrix, samples = paths(data_folder, cohort)
    return [matrix, "--samples", samples]


@pytest.mark.usefixtures("light_boosters", "few_inner_folds")
def test_overmyer_evaluates_through_the_command_line(data_folder, tmp_path):
    target = tmp_path / "e"
    arguments = [
        "evaluate", *paths_option(data_folder, OVERMYER), "--outcome", "severity",
        "--positive", "severe", "--negative", "non-severe", "--fluid", "plasma",
        "--folds", "3", "--repeats", "2", "--permutations", "0", "--sizes", "none",
        "-o", str(target),
    ]  # fmt: skip
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    summary = json.loads((target / "evaluation.json").read_text())
    predictions = pd.read_csv(target / "predictions.tsv", sep="\t")
    headline = summary["auc"]["mean_over_repeats"]
    assert headline == pytest.approx(index_auc(predictions, "severe"), abs=1e-12)
    assert 0.84 <= headline <= 0.92
    # The third label, covid-negative, is neither trained on nor folded into a class.
    assert summary["cohort"]["n_patients"] == 102
    assert summary["cohort"]["n_other_samples"] == 26
    assert set(predictions["outcome"]) == {"severe", "non-severe"}


def test_overmyer_with_three_labels_asks_for_the_negative_one(data_folder, tmp_path):
    arguments = [
        "evaluate", *paths_option(data_folder, OVERMYER), "--outcome", "severity",
        "--positive", "severe", "-o", str(tmp_path / "e"),
    ]  # fmt: skip
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 3
    assert "has 3 labels (covid-negative, non-severe, severe)" in done.stderr
    assert not (tmp_path / "e").exists()


@pytest.mark.usefixtures("few_inner_folds")
def test_overmyer_with_shuffled_labels_is_a_coin(data_folder):
    matrix = read(data_folder, OVERMYER)
    kept = matrix.take(
        matrix.values.index[matrix.samples["severity"].isin(["severe", "non-severe"])]
    )
    values_of = kept.values.iloc[:, ::4]  # 130 of 517 proteins: a coin needs no more
    values = []
    for seed in range(10):
        samples = kept.samples.copy()
        samples["severity"] = np.random.default_rng(seed).permutation(samples["severity"])
        shuffled = pc.ProteinMatrix.build(values_of, samples, scale="log2", fluid="plasma")
        result = pc.evaluate(
            shuffled, pc.Outcome("severity", "severe"),
            settings=Settings(bags=1, rounds=5), folds=2, repeats=1, permutations=0,
            describe=False, seed=seed,
        )  # fmt: skip
        values.append(result.summary["auc"]["mean_over_repeats"])
    assert 0.45 <= np.mean(values) <= 0.55


@pytest.mark.usefixtures("few_inner_folds")
def test_radboud_trains_on_index_samples_and_follows_the_rest(data_folder):
    matrix = read(data_folder, RADBOUD)
    result = pc.evaluate(
        matrix, pc.Outcome("severity", "ICU"), settings=Settings(**LIGHT),
        folds=3, repeats=1, permutations=0, describe=False,
    )  # fmt: skip
    rows = result.predictions.join(matrix.samples[["visit", "day"]], on="sample_id")
    admission = rows[rows["visit"] == "W1T1"]
    aucs = [
        roc_auc_score(part["outcome"] == "ICU", part["score"])
        for _, part in admission.groupby("repeat")
    ]
    assert np.mean(aucs) >= 0.90
    icu = rows[rows["outcome"] == "ICU"].groupby(rows["visit"].str[:2])["score"].mean()
    assert icu["W1"] > icu["W2"] > icu["W3"] > icu["W4"] > icu["W5"]


def test_a_model_from_breda_scores_radboud(data_folder, breda_model, tmp_path):
    matrix, _ = paths(data_folder, RADBOUD)
    scored = CliRunner().invoke(main, ["score", matrix, "--model", str(breda_model)])
    assert scored.exit_code == 0, scored.output
    scores = pd.read_csv(io.StringIO(scored.stdout), sep="\t").set_index("sample_id")
    sheet = pd.read_csv(paths(data_folder, RADBOUD)[1], sep="\t").set_index("sample_id")
    admission = sheet.index[(sheet["visit"] == "W1T1") & sheet["severity"].notna()]
    assert (scores["status"] == "final").mean() > 0.95
    usable = scores.loc[admission, "score"].dropna()
    assert len(usable) > 0.95 * len(admission)
    truth = sheet.loc[usable.index, "severity"] == "ICU"
    assert roc_auc_score(truth, usable) >= 0.87


@pytest.mark.usefixtures("few_inner_folds")
def test_a_model_from_radboud_scores_breda(data_folder):
    radboud, breda = read(data_folder, RADBOUD), read(data_folder, BREDA)
    quick = Settings(**LIGHT)
    outcome = pc.Outcome("severity", "ICU")
    # Radboud measures 221 assays and Breda 63: a panel from all of them is not reportable
    # there, and a second assay of one protein is not taken from the first.
    whole = pc.train(radboud, outcome, settings=Settings(bags=1, rounds=5), repeats=1, folds=2)
    refused = whole.score(breda)
    assert (refused["status"] == "not reportable").all()
    assert refused["reason"].str.match(r"the matrix measures \d+ of 20 panel proteins").all()
    shared = radboud.values.columns.intersection(breda.values.columns)
    common = pc.ProteinMatrix.build(
        radboud.values[shared],
        radboud.samples,
        radboud.proteins.loc[shared],
        scale="log2",
        kind="npx",
        fluid="plasma",
    )
    model = pc.train(common, outcome, settings=quick, repeats=1, folds=3)
    scores = model.score(breda).set_index("sample_id")["score"]
    labelled = breda.samples["severity"].notna() & (breda.samples["visit"] == "T1")
    usable = scores[labelled].dropna()
    truth = breda.samples.loc[usable.index, "severity"] == "ICU"
    assert roc_auc_score(truth, usable) >= 0.80


def test_a_sample_scored_alone_gets_the_same_bytes(data_folder, breda_model, tmp_path):
    matrix, _ = paths(data_folder, RADBOUD)
    text = Path(matrix).read_text(encoding="utf-8").splitlines()
    together = CliRunner().invoke(main, ["score", matrix, "--model", str(breda_model)])
    for row in (1, 200, 545):
        alone = tmp_path / "alone.tsv"
        alone.write_text("\n".join([text[0], text[row]]) + "\n")
        single = CliRunner().invoke(main, ["score", str(alone), "--model", str(breda_model)])
        assert single.exit_code == 0, single.output
        assert single.stdout.splitlines()[1] == together.stdout.splitlines()[row]


@pytest.mark.usefixtures("few_inner_folds")
@pytest.mark.parametrize(
    ("cohort", "outcome", "tracked"),
    [
        (OVERMYER, 'positive = "severe"\nnegative = "non-severe"', False),
        (BREDA, 'positive = "ICU"', True),
    ],
)
def test_a_study_file_runs(data_folder, tmp_path, cohort, outcome, tracked):
    matrix, samples = paths(data_folder, cohort)
    patient = pd.read_csv(samples, sep="\t")["patient_id"].iloc[0]
    study = tmp_path / "study.toml"
    study.write_text(
        f'[input]\nmatrix = "{matrix}"\nsamples = "{samples}"\nfluid = "plasma"\n'
        f'[outcome]\ncolumn = "severity"\n{outcome}\n'
        "[evaluate]\nfolds = 3\nrepeats = 1\npermutations = 2\nsizes = [20]\n"
        "[scorer]\nbags = 2\nrounds = 15\n"
        f'[report]\npatients = ["{patient}"]\n'
    )
    done = CliRunner().invoke(main, ["run", str(study), "-o", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    scores = pd.read_csv(tmp_path / "run" / "scores.tsv", sep="\t")
    assert scores["score"].notna().mean() > 0.9
    trajectories = json.loads((tmp_path / "run" / "trajectories.json").read_text())
    assert (trajectories["method"] != "not reportable") == tracked
    assert (tmp_path / "run" / "study.pdf").read_bytes().startswith(b"%PDF")
    assert len(list((tmp_path / "run" / "patients").glob("*.html"))) == 1
