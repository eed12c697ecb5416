"""Planted leaks, a signal, poison and interference: each trial passes, fails and is skipped."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, PanelMismatchError
from proteoclass.matrix import Outcome, ProteinMatrix, simulate_cohort
from proteoclass.matrix.quality.duplicates import find_duplicates
from proteoclass.panel import Panel
from proteoclass.scorer import Settings
from proteoclass.scorer.cohort import build_cohort
from proteoclass.selftest import (
    EstimatorPipeline,
    LeakyPipeline,
    PipelineResult,
    SeverityPipeline,
)
from proteoclass.selftest.chance import null_sd
from proteoclass.selftest.leaks import LABEL, ON_ALL, SITE, TWICE, leak_plans
from proteoclass.selftest.noise import with_column
from proteoclass.selftest.plan import Refusal, Setup, call
from proteoclass.selftest.plants import (
    best_measured,
    copy_label,
    copy_label_into_sheet,
    duplicate_patients,
    shift_proteins,
)
from proteoclass.selftest.poison import poison_plan
from proteoclass.selftest.signal import planted_effect, signal_plan
from proteoclass.stats import auc

OUTCOME = Outcome("severity", "severe", "non-severe")
QUICK = Settings(size=6, bags=1, rounds=3, select="moderated-t", normalise="none", impute="none")


@pytest.fixture(scope="module")
def cohort():
    simulated = simulate_cohort(patients=24, severe=8, proteins=60, visits=1, replicates=0, seed=1)
    return build_cohort(simulated.matrix, OUTCOME)


@pytest.fixture(scope="module")
def own():
    return SeverityPipeline(QUICK, folds=2)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.fixture(scope="module")
def seen(own, cohort):
    return leaks_seen_by(own, cohort)


def carry_out(plans):
    trials = []
    for plan in plans:
        trials += plan.judge([call(*unit) for unit in plan.units])
    return {trial.name: trial for trial in trials}


class Says:
    """A pipeline that answers the same whatever it is asked."""

    def __init__(self, result):
        self.result = result

    def __call__(self, matrix, outcome, seed):
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def leaks_seen_by(pipeline, cohort):
    plans = leak_plans(Setup(pipeline, cohort, 5, seed=0))
    return carry_out(plans[:3])


def test_the_own_configuration_sees_every_planted_leak(seen):
    trials = seen
    assert {name: trial.verdict for name, trial in trials.items()} == {
        LABEL: "passed",
        SITE: "passed",
        TWICE: "passed",
    }
    protein = trials[LABEL].figures["protein"]
    assert (
        f"{protein} in every panel and the best single protein of every fold" in trials[LABEL].found
    )
    assert "The site and the outcome cannot be told apart" in trials[SITE].found
    assert "again" in trials[TWICE].found


def in_every_panel(cohort):
    return dict.fromkeys(cohort.values, 1.0)


class Silent:
    """The own configuration with its warnings held back."""

    def __init__(self, honest):
        self.honest = honest

    def __call__(self, matrix, outcome, seed):
        return replace(self.honest, warnings=())


def test_each_leak_is_missed_where_the_warning_is_suppressed(cohort):
    trials = leaks_seen_by(Silent(PipelineResult(0.99, None, in_every_panel(cohort))), cohort)
    assert all(trial.failed for trial in trials.values())
    assert "no warning" in trials[LABEL].found
    assert "not a word of it" in trials[SITE].found
    assert "not a word of them" in trials[TWICE].found


@pytest.mark.parametrize(
    ("panel", "strongest"), [({"another": 1.0}, ("another",)), (None, None), ({}, ())]
)
def test_a_warning_that_names_nothing_will_not_do(panel, strongest, cohort):
    result = PipelineResult(0.99, ("look for a leak",), panel, strongest)
    trial = leaks_seen_by(Says(result), cohort)[LABEL]
    assert trial.failed
    assert "not named" in trial.found


def test_some_folds_or_a_word_within_a_word_will_not_do(cohort):
    half = dict.fromkeys(cohort.values, 0.5)
    result = PipelineResult(0.99, ("look for a leak; opposite",), half, tuple(cohort.values))
    trials = leaks_seen_by(Says(result), cohort)
    assert trials[LABEL].failed
    assert trials[SITE].failed


def test_a_leak_that_noise_hides_from_the_panel_is_named_all_the_same(seen):
    """A panel that reads 0.8 with a protein in it that reads 1 is no honest panel."""
    warning = seen[LABEL].figures["warnings"]
    assert any("alone reads AUC 1.00, above 0.95: look for a leak" in text for text in warning)


def test_a_refusal_will_do_for_every_planted_leak(cohort):
    plans = leak_plans(Setup(Says(InputError("the site is the outcome")), cohort, 5, seed=0))
    trials = carry_out(plans[:3])
    assert trials[SITE].found == "refused: the site is the outcome"
    assert [trial.verdict for trial in trials.values()] == ["passed", "passed", "passed"]
    assert isinstance(call(*plans[1].units[0]), Refusal)


def test_a_pipeline_without_warnings_or_panels_is_not_judged_by_them(cohort):
    trials = carry_out(leak_plans(Setup(Says(PipelineResult(0.5)), cohort, 5, seed=0)))
    assert {trial.verdict for trial in trials.values()} == {"skipped"}
    assert trials[SITE].found == "not run: this pipeline gives no warnings"
    assert trials[ON_ALL].found == "not run: this pipeline takes no panel"


PANEL = Panel(name="two", title="Two", status="reference", proteins=[{"id": "SIM00001"}])


class HoldsAnyPanel(Says):
    """Reads chance, but for a panel that it was given: that it holds, and is fooled."""

    def derive(self, matrix, outcome, seed):
        return PANEL

    def with_panel(self, panel):
        assert panel is PANEL
        return Says(PipelineResult(0.95))


def test_a_panel_chosen_on_all_samples_must_be_chosen_again(cohort):
    [*_, plan] = leak_plans(Setup(HoldsAnyPanel(PipelineResult(0.5)), cohort, 5, seed=0))
    trial = carry_out([plan])[ON_ALL]
    assert trial.failed
    assert "mean AUC 0.95" in trial.found


def test_the_own_configuration_chooses_such_a_panel_again(own, cohort):
    *_, plan = leak_plans(Setup(own, cohort, 5, seed=0))
    result = call(*plan.units[0])
    assert any("its selection was run again in each fold" in text for text in result.warnings)


def test_a_copied_label_and_a_copied_site_are_the_label(cohort, rng):
    leaky = copy_label(cohort, "SIM00007", rng)
    assert auc(cohort.labels, leaky.values["SIM00007"]) == 1.0
    others = cohort.values.columns.drop("SIM00007")
    pd.testing.assert_frame_equal(leaky.values[others], cohort.values[others])
    sites = copy_label_into_sheet(cohort, "site").samples["site"]
    assert (sites.map({"North": 1.0, "South": 0.0}) == cohort.labels).all()


def test_duplicates_are_a_quarter_of_each_class_under_other_names(cohort, rng):
    planted = duplicate_patients(cohort, rng)
    assert planted.n_patients == 24 // 4
    assert planted.matrix.n_samples == 24 + 6
    labels = planted.matrix.samples["severity"]
    assert (labels[list(planted.copies)].to_numpy() == labels[list(planted.originals)]).all()
    found = find_duplicates(planted.matrix.values, planted.matrix.samples["patient_id"])
    assert {pair.second for pair in found} == set(planted.copies)


def test_the_copy_of_a_replicate_repeats_the_copy(rng):
    simulated = simulate_cohort(patients=12, severe=5, proteins=60, visits=1, replicates=12)
    planted = duplicate_patients(build_cohort(simulated.matrix, OUTCOME), rng)
    repeats = planted.matrix.samples.loc[list(planted.copies), "replicate_of"]
    assert set(repeats[repeats != ""]) <= set(planted.copies)
    assert (repeats != "").sum() == planted.n_patients


def test_what_is_planted_in_is_well_measured():
    values = pd.DataFrame(
        {"a": [1.0, 2.0], "b": [9.0, np.nan], "c": [8.0, 8.0], "d": [np.nan] * 2, "e": [9.0, 9.0]}
    )
    matrix = ProteinMatrix.build(values, scale="log2")
    assert best_measured(matrix, ["a", "b", "c", "d"], 5) == ["c", "a", "b"]


def test_the_own_configuration_plants_where_its_panel_may_be(cohort):
    panel = Panel(name="one", title="One", status="reference", proteins=[{"id": "SIM00003"}])
    barred = SeverityPipeline(replace(QUICK, exclude=("SIMALB",)))
    assert "SIMALB" not in Setup(barred, cohort, 5, 0).plantable(60)
    assert Setup(barred.with_panel(panel), cohort, 5, 0).plantable(60) == ["SIM00003"]


def test_required_proteins_leave_the_places_that_they_leave(cohort):
    """A signal that no panel has room for is no pipeline's fault."""
    required = tuple(cohort.values.columns[30:36])
    some = SeverityPipeline(replace(QUICK, must_have=required[:4]))
    setup = Setup(some, cohort, 5, 0)
    assert setup.places(20) == (QUICK.size - 4, QUICK.size)
    assert not set(setup.plantable(60)) & set(required[:4])
    full = Setup(SeverityPipeline(replace(QUICK, must_have=required)), cohort, 5, 0)
    assert full.places(20) == (QUICK.size, QUICK.size)
    assert set(full.plantable(60)) <= set(required)
    assert Setup(Says(None), cohort, 5, 0).places(20) == (20, 20)


def test_the_signal_takes_half_of_the_places_that_are_free(cohort, own):
    free = replace(own, settings=replace(QUICK, must_have=tuple(cohort.values.columns[30:34])))
    plan = signal_plan(Setup(free, cohort, 5, seed=0))
    panel = dict.fromkeys(cohort.values, 1.0)
    [trial] = plan.judge([PipelineResult(0.95, (), panel)])
    assert len(trial.figures["planted"]) == 1
    # One planted protein among four of noise that must be there does not read as it would alone.
    assert trial.figures["auc_plain_sum"] < trial.figures["auc_single"]
    assert "that the plain sum of the panel reads" in trial.expected
    half = 0.5 + (trial.figures["auc_plain_sum"] - 0.5) / 2
    assert trial.figures["bound"] == pytest.approx(half - null_sd(8, 16) / np.sqrt(3))


def test_a_panel_that_the_matrix_does_not_hold_is_refused(cohort):
    other = Panel(name="one", title="One", status="reference", proteins=[{"id": "ELSEWHERE"}])
    with pytest.raises(PanelMismatchError, match="none of the 60 proteins of the matrix"):
        leak_plans(Setup(SeverityPipeline(QUICK, other), cohort, 5, 0))


def test_sites_that_are_held_out_keep_their_number_of_positives(cohort, own, rng):
    """Dealt over all sites, five positives of a site of ten do not stay five."""
    site = np.where(np.arange(cohort.matrix.n_samples) % 2, "B", "A")
    sited = replace(cohort, matrix=with_column(cohort.matrix, "centre", site))
    labels = np.arange(24) % 4 < 2
    sited = sited.with_labels(dict(zip(sited.patients, labels.astype(float), strict=True)))
    for pipeline in (replace(own, leave_out="centre"), LeakyPipeline(own)):
        setup = Setup(pipeline, sited, 5, 0)
        counts = {
            tuple((made.labels[made.matrix.samples["centre"] == name] == 1).sum() for name in "AB")
            for make in (setup.permuted, setup.noise)
            for made in [make(rng) for _ in range(6)]
        }
        assert (counts == {(6, 6)}) == bool(pipeline.leave_out)
    assert LeakyPipeline(replace(own, leave_out="centre")).leave_out == "centre"


def test_the_closed_form_of_a_planted_signal(rng):
    effect = planted_effect(11, 39, 4000, (20, 25), 10)
    labels = np.repeat([0.0, 1.0], 4000)
    values = rng.normal(size=(8000, 10)) + effect.distance * labels[:, None]
    assert auc(labels, values[:, 0]) == pytest.approx(effect.single, abs=0.01)
    assert auc(labels, values.sum(axis=1)) == pytest.approx(effect.all_together, abs=0.002)
    noise = rng.normal(size=(8000, 15)).sum(axis=1)
    assert auc(labels, values.sum(axis=1) + noise) == pytest.approx(effect.plain_sum, abs=0.005)
    # The last of the noise that has room in the panel is two standard errors below.
    z = np.sort(np.abs(rng.normal(size=(200, 3990))))[:, -10].mean()
    assert effect.distance / np.sqrt(1 / 11 + 1 / 39) - z == pytest.approx(2.0, abs=0.05)


def test_shifted_proteins_are_apart_by_as_many_sds(cohort):
    shifted = shift_proteins(cohort, ["SIMALB"], 2.0)
    move = (shifted.values["SIMALB"] - cohort.values["SIMALB"]).to_numpy()
    assert move == pytest.approx(2 * cohort.values["SIMALB"].std() * cohort.labels)


@pytest.mark.parametrize(
    ("auc_found", "in_panel", "verdict"),
    [(0.95, 1.0, "passed"), (0.95, None, "passed"), (0.95, 0.2, "failed"), (0.5, 1.0, "failed")],
)
def test_a_signal_is_found_or_missed(cohort, auc_found, in_panel, verdict):
    panel = None if in_panel is None else {name: in_panel for name in cohort.values}
    setup = Setup(Says(PipelineResult(auc_found, (), panel)), cohort, 5, seed=0)
    [trial] = carry_out([signal_plan(setup)]).values()
    assert trial.verdict == verdict


def test_the_own_configuration_finds_the_signal(own, cohort):
    grown = replace(own, folds=3, settings=replace(QUICK, bags=3, rounds=10))
    plan = signal_plan(Setup(grown, cohort, 5, seed=0), size=6)
    [trial] = plan.judge([call(*plan.units[0])])
    assert trial.verdict == "passed", trial.found


class ScalesOverAll:
    """Standardises the whole matrix before it splits."""

    def __init__(self, estimator):
        self.honest = EstimatorPipeline(estimator, folds=4)

    def __call__(self, matrix, outcome, seed):
        values = (matrix.values - matrix.values.mean()) / matrix.values.std()
        return self.honest(replace(matrix, values=values), outcome, seed)


class Centroids:
    """Distance to the class means: as plain an estimator as there is."""

    def get_params(self, deep=False):
        return {}

    def fit(self, X, y):
        values = np.nan_to_num(np.asarray(X))
        self.gap = values[y == 1].mean(axis=0) - values[y == 0].mean(axis=0)
        return self

    def predict_proba(self, X):
        score = np.nan_to_num(np.asarray(X)) @ self.gap
        return np.column_stack([-score, score])


def test_poison_reaches_what_is_scaled_over_all_samples(cohort):
    [trial] = carry_out([poison_plan(Setup(ScalesOverAll(Centroids()), cohort, 5, 0))]).values()
    assert trial.failed
    assert "something was learnt from test rows" in trial.found
    honest = EstimatorPipeline(Centroids(), folds=4)
    [trial] = carry_out([poison_plan(Setup(honest, cohort, 5, 0))]).values()
    assert trial.verdict == "passed"
    assert trial.figures["n_compared"] == 3


def test_poison_changes_no_number_of_the_own_configuration(own, cohort):
    [trial] = carry_out([poison_plan(Setup(own, cohort, 5, 0))]).values()
    assert trial.verdict == "passed", trial.found


class Scores:
    """A pipeline that gives the scores it is told, in folds of so many samples."""

    def __init__(self, score, patients_a_fold):
        self.score, self.size = score, patients_a_fold

    def __call__(self, matrix, outcome, seed):
        n = matrix.n_samples
        return PipelineResult(
            0.5,
            predictions=pd.DataFrame(
                {
                    "sample_id": matrix.values.index,
                    "repeat": 0,
                    "fold": np.arange(n) // self.size,
                    "score": self.score(matrix.values),
                }
            ),
        )


class Rolls:
    def __init__(self):
        self.rng = np.random.default_rng(0)

    def __call__(self, values):
        return self.rng.random(len(values))


def test_samples_that_are_scored_neither_before_nor_after_have_not_changed(cohort):
    setup = Setup(Scores(lambda values: np.nan, 6), cohort, 5, 0)
    [trial] = carry_out([poison_plan(setup)]).values()
    assert trial.found == "3 scores compared, none changed"
    withheld = Scores(lambda values: np.where(values.max().max() > 1e6, np.nan, 0.5), 6)
    [trial] = carry_out([poison_plan(Setup(withheld, cohort, 5, 0))]).values()
    assert trial.failed


def test_poison_is_given_to_the_largest_fold(cohort):
    """The first may hold one patient alone, of whom nothing can be compared."""

    class Uneven(Scores):
        def __call__(self, matrix, outcome, seed):
            found = super().__call__(matrix, outcome, seed)
            fold = np.where(np.arange(matrix.n_samples) < 1, 0, 1)
            return replace(found, predictions=found.predictions.assign(fold=fold))

    scaled = Uneven(lambda values: values["SIMALB"].fillna(0) - values["SIMALB"].mean(), 6)
    [trial] = carry_out([poison_plan(Setup(scaled, cohort, 5, 0))]).values()
    assert trial.failed
    assert trial.figures["n_compared"] == 11


class RefusesPoison(EstimatorPipeline):
    def __call__(self, matrix, outcome, seed):
        if np.nanmax(matrix.values.to_numpy()) > 1e6:
            raise InputError("out of range")
        return super().__call__(matrix, outcome, seed)


@pytest.mark.parametrize(
    ("pipeline", "why"),
    [
        (Says(PipelineResult(0.5)), "this pipeline gives no predictions"),
        (RefusesPoison(Centroids()), "it refused the poisoned cohort: out of range"),
        (Scores(Rolls(), 6), "other scores on the same data with the same seed; fix its random"),
        (Scores(lambda values: 0.5, 1), "no fold holds two patients, one to poison and one"),
    ],
)
def test_poison_is_skipped_with_the_reason(pipeline, why, cohort):
    [trial] = carry_out([poison_plan(Setup(pipeline, cohort, 5, 0))]).values()
    assert trial.found.startswith("not run: ")
    assert why in trial.found
