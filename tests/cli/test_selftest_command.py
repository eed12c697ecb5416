"""selftest: what it is asked, what it prints, how it ends."""

import json
import os

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass import selftest as room
from proteoclass.cli import main
from proteoclass.cli import selftest as command
from proteoclass.folds import unit_seed
from proteoclass.matrix import simulate_cohort
from proteoclass.matrix.simulation.simulate import write_cohort
from proteoclass.selftest import PipelineResult
from proteoclass.selftest.chance import FEWEST_RUNS
from proteoclass.selftest.run import QUICK_RUNS
from proteoclass.selftest.run import RUNS as DEFAULT_RUNS

OUTCOME = ("--outcome", "severity", "--positive", "severe")
STUDY = """
[study]
seed = 11
[input]
matrix = "cohort/matrix.tsv"
samples = "cohort/samples.tsv"
fluid = "urine"
[outcome]
column = "severity"
positive = "severe"
negative = "non-severe"
index = "visit=V1"
[panel]
size = 7
[evaluate]
folds = 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("selftest")
    cohort = simulate_cohort(patients=24, severe=8, proteins=60, visits=1, replicates=0, seed=1)
    write_cohort(cohort, base / "cohort")
    (base / "study.toml").write_text(STUDY)
    return base


class StandIn:
    """In place of the scorer: it reads what it is told, and keeps what it was made with."""

    auc = 0.5

    def __init__(self, settings=None, panel=None, folds=5, index="first", leave_out=""):
        self.settings, self.panel, self.folds, self.index = settings, panel, folds, index
        self.leave_out = leave_out
        type(self).last = self

    def candidates(self, matrix):
        return list(matrix.values)

    def places(self, matrix):
        return self.settings.size, self.settings.size

    def __call__(self, matrix, outcome, seed):
        type(self).seeds.append(seed)
        warnings = ("look for a leak in SIMALB", "the site is it", *matrix.samples.index)
        return PipelineResult(self.auc, warnings, dict.fromkeys(matrix.values, 1.0))


@pytest.fixture
def stand_in(monkeypatch):
    kind = type("Kind", (StandIn,), {"seeds": []})
    monkeypatch.setattr(room, "SeverityPipeline", kind)
    return kind


@pytest.fixture
def invoke(folder):
    def run(*arguments):
        before = os.getcwd()
        os.chdir(folder)
        try:
            return CliRunner().invoke(main, ["selftest", *map(str, arguments)])
        finally:
            os.chdir(before)

    return run


MATRIX = ("cohort/matrix.tsv", "--samples", "cohort/samples.tsv", *OUTCOME)


def test_a_pipeline_that_fools_itself_ends_with_7(invoke, stand_in):
    stand_in.auc = 0.97
    result = invoke(*MATRIX, "--quick")
    assert result.exit_code == 7
    assert result.stderr.splitlines()[-1] == (
        "error: selftest: the own pipeline fooled itself in 2 of 10 trials: permuted labels, pure "
        "noise of the same shape; trust no figure of it before that is mended"
    )
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["trial", "verdict", "expected", "found"]
    assert max(map(len, lines)) <= 100
    assert sum("failed" in line for line in lines) == 2
    assert "mean AUC 0.97, SD 0.00" in result.stdout


class Silent(StandIn):
    """Nothing to find, nothing found, but for the signal."""

    def __call__(self, matrix, outcome, seed):
        result = super().__call__(matrix, outcome, seed)
        labels = outcome.labels(matrix.samples)
        seen = matrix.values.dropna(axis=1)
        shift = (seen[labels == 1].mean() - seen[labels == 0].mean()) / seen.std()
        found = (shift > 1.2).sum() > 3
        return PipelineResult(0.95 if found else 0.5, result.warnings, result.panel)


def test_an_honest_one_ends_with_0_and_says_so_in_json(invoke, monkeypatch, tmp_path):
    kind = type("Kind", (Silent,), {"seeds": []})
    monkeypatch.setattr(room, "SeverityPipeline", kind)
    target = tmp_path / "selftest.json"
    own = ("--json", "--size", 9, "--folds", 4, "--tune", "none")
    result = invoke(*MATRIX, "--quick", "-o", target, *own)
    assert result.exit_code == 0, result.stderr
    report = json.loads(target.read_text())
    assert report["passed"]
    assert report["runs"] == QUICK_RUNS
    assert report["pipeline"] == "own"
    assert (kind.last.settings.size, kind.last.settings.tune) == (9, "none")
    assert kind.last.folds == 4
    assert "10 trials in" in result.stderr


def test_a_study_file_says_all_of_it(invoke, stand_in):
    invoke("--study", "study.toml", "--quick")
    made = stand_in.last
    assert (made.settings.size, made.folds, made.index) == (7, 3, "visit=V1")
    own_seeds = list(stand_in.seeds)
    assert own_seeds[0] == unit_seed(11, 0, 0)
    stand_in.seeds.clear()
    invoke("--study", "study.toml", "--runs", 6, "--seed", 12)
    assert stand_in.seeds[0] == unit_seed(12, 0, 0)
    assert len(stand_in.seeds) == len(own_seeds) + 2


def test_the_leaky_pipeline_is_asked_for_by_name(invoke, stand_in, monkeypatch):
    made = []

    class Leaky:
        def __init__(self, honest):
            made.append(honest)

        def __call__(self, matrix, outcome, seed):
            return PipelineResult(0.97)

    monkeypatch.setattr(room, "LeakyPipeline", Leaky)
    result = invoke(*MATRIX, "--quick", "--pipeline", "leaky")
    assert isinstance(made[0], stand_in)
    assert result.exit_code == 7
    assert "the leaky pipeline fooled itself" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--quick", "--runs", "9"), "--quick and --runs exclude each other"),
        (("--study", "study.toml", *OUTCOME), "--study excludes --outcome, --positive"),
        (("cohort/matrix.tsv", "--study", "study.toml"), "--study excludes MATRIX"),
        (("cohort/matrix.tsv",), "MATRIX and --outcome are given together, or neither"),
        (OUTCOME, "MATRIX and --outcome are given together, or neither"),
        (("--fluid", "csf", "--column", "day=t"), "--fluid, --column read MATRIX, which is not"),
        (("--samples", "cohort/samples.tsv"), "--samples read MATRIX, which is not given"),
        (("--runs", "4"), "4 is not in the range"),
        (("--leave-out", "site", "--folds", "3"), "--leave-out excludes --folds"),
    ],
)
def test_contradictions_are_wrong_usage(invoke, arguments, message):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_numbers_that_are_spelt_out_are_those_of_the_room():
    assert command.RUNS == DEFAULT_RUNS
    assert command.QUICK_RUNS == QUICK_RUNS == FEWEST_RUNS


def test_a_given_panel_and_a_site_left_out_are_handed_on(invoke, stand_in):
    invoke(*MATRIX, "--quick", "--panel", "kidney-injury-urine", "--leave-out", "site")
    assert stand_in.last.panel.name == "kidney-injury-urine"
    assert stand_in.last.leave_out == "site"


@pytest.mark.long
def test_the_commands_themselves_end_as_they_must(invoke):
    """Honest 0, leaky 7, on a simulated cohort and with default settings."""
    options = ("--quick", "--jobs", 2)
    assert invoke(*options).exit_code == 0
    result = invoke(*options, "--pipeline", "leaky")
    assert result.exit_code == 7
    assert "permuted labels, pure noise of the same shape" in result.stderr
    assert pd.Series(result.stdout.split()).str.contains("failed").sum() >= 2
