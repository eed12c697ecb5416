"""Blood and albumin in a specimen: each trial passes, fails and is skipped."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import TooLittleDataError
from proteoclass.matrix import Outcome, simulate_cohort
from proteoclass.scorer import Settings
from proteoclass.scorer.cohort import build_cohort
from proteoclass.selftest import PipelineResult, SeverityPipeline
from proteoclass.selftest.interference import SPIKES, interference_plan, spiked
from proteoclass.selftest.plan import Setup, call

QUICK = Settings(size=6, bags=1, rounds=3, select="moderated-t", normalise="none", impute="none")


@pytest.fixture(scope="module")
def cohort():
    simulated = simulate_cohort(patients=24, severe=8, proteins=60, visits=1, replicates=0, seed=1)
    return build_cohort(simulated.matrix, Outcome("severity", "severe", "non-severe"))


class Says:
    """A pipeline that answers the same whatever it is asked."""

    def __init__(self, result):
        self.result = result

    def __call__(self, matrix, outcome, seed):
        return self.result


def test_a_spike_takes_its_share_of_the_same_total():
    values = pd.DataFrame([[10.0, 8.0, np.nan], [9.0, np.nan, 7.0]], columns=list("AXY"))
    after = spiked(values, ["A", "X"], 4.0)
    raw, now = 2**values, 2**after
    assert now.sum(axis=1).to_numpy() == pytest.approx(raw.sum(axis=1).to_numpy())
    # By hand: (1024 + 256) becomes 4096 + 1024 of a total of 1280 again.
    assert now.loc[0, "A"] == pytest.approx(4096 * 1280 / 5120)
    # X was not detected in the second sample: the lowest of any sample, 256, stands for it.
    assert now.loc[1, "X"] / now.loc[1, "A"] == pytest.approx(1024 / 2048)
    assert now.isna().sum().sum() == 1


class Locks(Says):
    """A pipeline whose model reads one protein, times so many points."""

    def __init__(self, protein, slope, withheld=0):
        super().__init__(PipelineResult(0.5))
        self.protein, self.slope, self.withheld = protein, slope, withheld
        self.content = SimpleNamespace(panel=[SimpleNamespace(id=protein)])

    def lock(self, matrix, outcome, seed):
        if self.protein is None:
            raise TooLittleDataError("found 4 positive patients")
        self.trained_on = set(matrix.samples["patient_id"])
        return self

    def score(self, matrix):
        assert not self.trained_on & set(matrix.samples["patient_id"])
        score = self.slope * matrix.values[self.protein]
        status = np.where(np.arange(matrix.n_samples) < self.withheld, "not reportable", "final")
        band = np.where(score > score.iloc[0] + 15, "severe", "non-severe")
        return pd.DataFrame(
            {"sample_id": matrix.values.index, "score": score, "band": band, "status": status}
        )


class RefusesSpikes(Locks):
    """Its model reports no specimen with so much albumin."""

    def score(self, matrix):
        scores = super().score(matrix)
        self.seen = getattr(self, "seen", 0) + 1
        return scores if self.seen == 1 else scores.assign(status="not reportable")


def test_a_model_that_reports_no_spiked_specimen_has_no_median_move(cohort):
    trial = interference_of(RefusesSpikes("SIMALB", 10.0), cohort)["interference: albumin"]
    assert trial.found.startswith("not run: the model reports none of the ")


def interference_of(pipeline, cohort):
    plan = interference_plan(Setup(pipeline, cohort, 5, 0))
    return {trial.name: trial for trial in plan.judge([call(*unit) for unit in plan.units])}


def test_a_score_that_follows_albumin_is_caught(cohort):
    trials = interference_of(Locks("SIMALB", 10.0), cohort)
    assert trials["interference: blood"].found == "not run: the matrix has no such protein"
    assert trials["interference: albumin"].failed
    moved = trials["interference: albumin"].figures
    # Fourfold at equal load: log2 4 less what the closure takes, ten points each.
    assert 0 < moved["median_points"] < 20
    assert moved["proteins"] == moved["in_panel"] == ["SIMALB"]
    assert "1 of 1 such protein in the panel" in trials["interference: albumin"].found


def test_a_score_of_another_protein_moves_by_the_closure_alone(cohort):
    trial = interference_of(Locks("SIM00001", 1.0), cohort)["interference: albumin"]
    assert trial.verdict == "passed"
    assert trial.figures["largest_points"] < 2


class JumpsBands(Locks):
    """A score that hardly moves, across a threshold."""

    def score(self, matrix):
        band = "severe" if hasattr(self, "seen") else "non-severe"
        self.seen = True
        return super().score(matrix).assign(band=band)


def test_a_small_move_to_another_band_is_caught(cohort):
    trial = interference_of(JumpsBands("SIM00001", 1.0), cohort)["interference: albumin"]
    assert trial.figures["median_points"] < 2
    assert trial.failed
    assert "5 of 5 in another band" in trial.found


def test_interference_of_the_own_configuration(cohort):
    trial = interference_of(SeverityPipeline(QUICK, folds=2), cohort)["interference: albumin"]
    assert trial.figures["n"] > 0
    assert trial.verdict in ("passed", "failed")


@pytest.mark.parametrize(
    ("pipeline", "kind", "why"),
    [
        (Locks("SIMALB", 1.0), "npx", "npx values have no total intensity"),
        (Says(PipelineResult(0.5)), "intensity", "this pipeline locks no model"),
        (Locks(None, 1.0), "intensity", "without a fifth of the patients: found 4 positive"),
        (Locks("SIMALB", 1.0, withheld=99), "intensity", "no sample that was held out could be"),
    ],
)
def test_interference_is_skipped_with_the_reason(pipeline, kind, why, cohort):
    other = replace(cohort, matrix=replace(cohort.matrix, kind=kind))
    trials = interference_of(pipeline, other)
    assert len(trials) == len(SPIKES)
    assert why in trials["interference: albumin"].found
