"""All trials in one report, for the own configuration, a leaky one and a user's callable."""

import json
from dataclasses import replace

import pytest

from proteoclass import io, selftest
from proteoclass.errors import CheckFailedError, InputError, TooLittleDataError
from proteoclass.matrix import Outcome, simulate_cohort
from proteoclass.scorer import Settings
from proteoclass.selftest import LeakyPipeline, PipelineResult, SeverityPipeline
from proteoclass.selftest.run import default_cohort
from proteoclass.stats import auc

OUTCOME = Outcome("severity", "severe", "non-severe")


@pytest.fixture(scope="module")
def matrix():
    return simulate_cohort(
        patients=24, severe=8, proteins=60, visits=1, replicates=0, seed=1
    ).matrix


def one_protein(matrix, outcome, seed):
    """The most abundant protein is the score: nothing is learnt, so nothing can leak."""
    labels = outcome.labels(matrix.samples)
    return PipelineResult(auc(labels, matrix.values["SIMALB"].fillna(0)))


def constant(matrix, outcome, seed):
    return PipelineResult(0.97)


@pytest.fixture(scope="module")
def honest(matrix):
    return selftest.run(one_protein, matrix, OUTCOME, runs=5)


def test_every_trial_is_in_the_report(honest):
    assert [trial.name for trial in honest.trials] == [
        "permuted labels",
        "pure noise of the same shape",
        "a protein that copies the label",
        "a site that equals the label",
        "patients who are in it twice",
        "a panel chosen on all samples",
        "a planted signal",
        "absurd values in test rows",
        "interference: blood",
        "interference: albumin",
    ]
    assert honest.pipeline == "one_protein"
    assert honest.cohort == {
        "n_patients": 24,
        "n_positive": 8,
        "n_proteins": 60,
        "kind": "intensity",
        "fluid": "urine",
        "synthetic": True,
    }


def test_a_report_is_plain_and_the_same_twice(honest, matrix):
    again = selftest.run(one_protein, matrix, OUTCOME, runs=5)
    text = io.json_text(honest.as_dict())
    assert text == io.json_text(again.as_dict())
    assert json.loads(text)["format"] == "proteoclass-selftest"
    other = selftest.run(one_protein, matrix, OUTCOME, runs=5, seed=1)
    assert other.trials[0].figures["values"] != honest.trials[0].figures["values"]


def test_a_report_passes_unless_a_trial_failed(honest, matrix):
    passing = replace(honest, trials=tuple(t for t in honest.trials if not t.failed))
    passing.require_passed()
    assert passing.as_dict()["passed"]
    fooled = selftest.run(constant, matrix, OUTCOME, runs=5, name="my own")
    assert not fooled.as_dict()["passed"]
    with pytest.raises(CheckFailedError, match="the my own pipeline fooled itself in 2 of 10"):
        fooled.require_passed()


def test_a_score_that_follows_albumin_is_not_called_a_leak(honest):
    [albumin] = [each for each in honest.trials if each.name == "interference: albumin"]
    moved = replace(honest, trials=(honest.trials[0], replace(albumin, verdict="failed")))
    with pytest.raises(CheckFailedError, match=r"follows what contaminates .*: albumin; leave"):
        moved.require_passed()


def test_what_cannot_be_run_is_refused(matrix):
    with pytest.raises(InputError, match="--runs 4: expected at least 5"):
        selftest.run(constant, matrix, OUTCOME, runs=4)
    with pytest.raises(InputError, match="a matrix and its outcome are given together"):
        selftest.run(constant, matrix)
    few = matrix.take(matrix.values.index[:9])
    with pytest.raises(TooLittleDataError, match="expected at least 5 of each"):
        selftest.run(constant, few, OUTCOME)


def test_without_data_a_simulated_cohort_gives_the_shape():
    report = selftest.run(constant, runs=5)
    assert report.cohort["synthetic"]
    assert report.cohort["n_patients"] == 50
    matrix, outcome = default_cohort()
    assert set(outcome.labels(matrix.samples).unique()) == {0.0, 1.0}


@pytest.mark.long
def test_the_own_configuration_passes_and_the_leaky_one_is_caught():
    matrix = simulate_cohort(
        patients=50, severe=11, proteins=1000, visits=2, replicates=4, seed=3
    ).matrix
    own = SeverityPipeline(Settings(bags=3, rounds=20))
    report = selftest.run(own, matrix, OUTCOME, runs=8, jobs=2)
    assert report.failed == []
    assert report.as_dict() == selftest.run(own, matrix, OUTCOME, runs=8).as_dict()
    leaky = selftest.run(LeakyPipeline(own), matrix, OUTCOME, runs=8, jobs=2)
    assert "pure noise of the same shape" in leaky.failed
    assert "permuted labels" in leaky.failed
    noise = leaky.trials[1].figures
    assert noise["mean"] > 0.9
