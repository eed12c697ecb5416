"""Choosing a blend on inner folds: the rule, what it sees, and what is said of it."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from proteoclass.errors import InputError
from proteoclass.matrix import Outcome, ProteinMatrix
from proteoclass.scorer import Settings, crossfit, evaluate, load_model, train
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.crossfit import run_fold
from proteoclass.scorer.inner_folds import inner_folds, out_of_fold_margins, tune_on_all
from proteoclass.scorer.procedure import fit_procedure
from proteoclass.scorer.tuning import Candidate, candidate_named, candidates, choose

OUTCOME = Outcome("severity", "severe")
QUICK = Settings(size=6, bags=2, rounds=6)


@pytest.fixture(scope="module")
def steps():
    """A cohort whose proteins tell the outcome by order alone: some values are absurd.

    Trees split between neighbours and see nothing of it; a linear companion is led by it.
    """
    rng = np.random.default_rng(4)
    severe = np.arange(40) % 2 == 0
    values = rng.normal(size=(40, 30))
    values[:, :6] += 2.5 * severe[:, None]
    absurd = rng.random((40, 6)) < 0.12
    values[:, :6] += np.where(absurd, rng.choice([-300.0, 300.0], (40, 6)), 0.0)
    sheet = pd.DataFrame({"severity": np.where(severe, "severe", "mild")})
    return ProteinMatrix.build(pd.DataFrame(values).add_prefix("P"), sheet, scale="log2")


@pytest.fixture(scope="module")
def cohort(steps):
    return build_cohort(steps, OUTCOME)


@pytest.fixture(scope="module")
def settings(cohort):
    return replace(QUICK, normalise="none").resolve(cohort.matrix)


@pytest.fixture(scope="module")
def evaluated(steps):
    return evaluate(steps, OUTCOME, settings=replace(QUICK, normalise="none"), folds=3, repeats=1,
                    permutations=2, describe=False, seed=2)  # fmt: skip


def test_the_rule_is_one_corrected_standard_error_of_paired_differences():
    # scikit-learn's AUC and the formula written out, one candidate after another, are the
    # independent route.
    rng = np.random.default_rng(0)
    chosen = []
    for _ in range(30):
        labels = np.tile([0.0, 0, 0, 1, 1], 8)
        folds = np.repeat(np.arange(4), 10)
        margins = rng.normal(size=(40, 3)) + labels[:, None] * [0.8, 0.9, 1.3]
        best, largest = 0, 0.0
        for column in (1, 2):
            gains = []
            for fold in range(4):
                held = folds == fold
                ours = roc_auc_score(labels[held], margins[held, column])
                gains.append(ours - roc_auc_score(labels[held], margins[held, 0]))
            error = np.sqrt((1 / 4 + 1 / 3) * np.var(gains, ddof=1))
            if np.mean(gains) > max(error, 1e-12) and np.mean(gains) > largest:
                best, largest = column, np.mean(gains)
        assert choose(margins, labels, np.ones(40), folds) == best
        chosen.append(best)
    assert set(chosen) == {0, 1, 2}


def test_no_difference_and_too_few_folds_leave_the_default():
    labels, folds = np.tile([0.0, 1.0], 6), np.repeat([0, 1, 2], 4)
    same = np.column_stack([labels, labels, labels + 1e-9])
    assert choose(same, labels, np.ones(12), folds) == 0
    better = np.column_stack([-labels, labels])
    assert choose(better, labels, np.ones(12), folds) == 1
    assert choose(better, labels, np.ones(12), np.minimum(folds, 1)) == 0


def test_weights_of_samples_count():
    # In each fold a heavy and a light positive sample; the candidates rank one each first.
    labels = np.tile([0.0, 1.0, 1.0], 3)
    folds, weights = np.repeat([0, 1, 2], 3), np.tile([1.0, 0.9, 0.1], 3)
    light, heavy = np.tile([1.0, 0.0, 2.0], 3), np.tile([1.0, 2.0, 0.0], 3)
    assert choose(np.column_stack([light, heavy]), labels, weights, folds) == 1
    assert choose(np.column_stack([heavy, light]), labels, weights, folds) == 0


def test_candidates_share_a_fit_and_score_as_fits_of_their_own(cohort, settings):
    names, _ = cohort.training_patients
    tried = candidates(settings)
    assert [(c.booster_weight, c.ridge) for c in tried] == [
        (0.5, 10),
        (1, 10),
        (0.5, 1),
        (0.5, 100),
    ]
    inner = inner_folds(cohort, names[:30], settings, (3,))
    # Each candidate fitted as settings of its own, on the same folds, is the independent route.
    margins = []
    for candidate in tried:
        alone = candidate.applied(settings)
        rows, margin = out_of_fold_margins(cohort, names[:30], 5, alone, (3,))
        np.testing.assert_array_equal(rows, inner.rows)
        margins.append(margin)
    folds = np.repeat(np.arange(5), 6)
    chosen = choose(np.column_stack(margins), cohort.labels[rows], np.ones(30), folds)
    assert inner.tuned == tried[chosen]
    np.testing.assert_array_equal(inner.margin, margins[chosen])


def test_test_patients_have_no_say(cohort, settings):
    names, _ = cohort.training_patients
    test = names[::4]
    before = run_fold(cohort, test, settings, (0, 0, 0))
    values = cohort.values.copy()
    values.loc[cohort.values.index[cohort.rows_of(test)]] = 1e9
    flipped = {name: 1.0 for name in test}
    poisoned = replace(cohort, matrix=replace(cohort.matrix, values=values)).with_labels(
        dict(zip(names, cohort.training_patients[1].astype(float), strict=True)) | flipped
    )
    after = run_fold(poisoned, test, settings, (0, 0, 0))
    assert after.tuned == before.tuned
    assert after.thresholds == before.thresholds


def test_every_result_says_what_was_used_where(evaluated):
    tuning = evaluated.summary["tuning"]
    assert tuning["asked"] == "auto"
    assert sum(tuning["chosen"].values()) == 3
    assert tuning["chosen"]["boosters alone"] >= 2
    assert tuning["all_patients"] == "boosters alone"
    assert [c["name"] for c in tuning["candidates"]] == list(tuning["chosen"])
    assert "more than one corrected standard error" in tuning["rule"]
    assert f"boosters alone in {tuning['chosen']['boosters alone']} of 3" in tuning["text"]
    assert tuning["text"].endswith("boosters alone in the fit to all patients.")
    assert "not tuned" in evaluated.summary["permutation"]["kind"]


def test_the_model_holds_the_blend_that_all_patients_chose(steps, evaluated, tmp_path):
    model = train(steps, OUTCOME, evaluation=evaluated)
    document = json.loads(model.to_json())["content"]
    assert document["booster_weight"] == 1.0
    assert document["evaluation"]["tuning"] == evaluated.summary["tuning"]
    loaded = load_model(model.save(tmp_path / "m.json"))
    np.testing.assert_array_equal(loaded.score(steps)["score"], model.score(steps)["score"])
    totals = loaded.explain(steps).groupby("sample_id")["contribution"].sum()
    probability = loaded.score(steps).set_index("sample_id")["probability"][totals.index]
    np.testing.assert_allclose(totals, np.log(probability / (1 - probability)), atol=1e-5)


def test_the_calibrator_is_of_the_blend_that_all_patients_chose(steps, evaluated, settings):
    # Half of the folds, or all, may have chosen another, whose margins are of another scale.
    # Independent route: the same folds with that blend asked for and nothing tuned.
    wanted = Candidate(0.5, 100.0)
    design = {"folds": 3, "repeats": 1, "permutations": 0, "describe": False, "seed": 2}
    fixed = replace(wanted.applied(settings), tune="none")
    untuned = evaluate(steps, OUTCOME, settings=fixed, **design).margins
    assert evaluated.summary["tuning"]["chosen"][wanted.name] < 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossfit, "tune_on_all", lambda *_: wanted)
        tuned = evaluate(steps, OUTCOME, settings=settings, **design)
    np.testing.assert_allclose(tuned.margins["margin"], untuned["margin"], rtol=1e-9)
    assert train(steps, OUTCOME, evaluation=tuned).content.booster_weight == 0.5


def test_a_file_with_another_share_is_refused(steps, evaluated, tmp_path):
    from proteoclass.errors import ModelRefusedError

    document = json.loads(train(steps, OUTCOME, evaluation=evaluated).to_json())
    document["content"]["booster_weight"] = 1.5
    (tmp_path / "m.json").write_text(json.dumps(document))
    with pytest.raises(ModelRefusedError, match="booster_weight: Input should be less than or"):
        load_model(tmp_path / "m.json")


def test_nothing_is_tuned_where_it_is_not_asked_for(cohort, settings):
    plain = replace(settings, tune="none")
    names, _ = cohort.training_patients
    assert inner_folds(cohort, names, plain, (0,)).tuned == Candidate(0.5, 10.0)
    assert tune_on_all(cohort, plain, 0) == Candidate(0.5, 10.0)
    alone = replace(settings, booster_weight=1.0)
    assert candidates(alone) == (Candidate(1.0, 10.0),)
    assert candidate_named(settings, "blend, ridge penalty 100").ridge == 100
    assert Candidate(0.25, 3.0).name == "blend of 25% boosters, ridge penalty 3"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tune": "hard"}, "tune: found 'hard', expected one of auto, none"),
        ({"booster_weight": 1.2}, "booster_weight: found 1.2, expected 0 to 1"),
    ],
)
def test_settings_refuse_what_cannot_be_tuned(changed, message):
    with pytest.raises(InputError, match=message):
        Settings(**changed)


def test_values_in_another_order_are_refused(cohort, settings):
    # Columns are taken by position: another order would score other proteins in silence.
    fitted = fit_procedure(cohort, cohort.index_rows(), settings, 0)
    training = cohort.values.iloc[cohort.index_rows()]
    np.testing.assert_array_equal(fitted.panel_filled, fitted.panel_values(training))
    for wrong in (training[training.columns[::-1]], training.iloc[:, :-1]):
        with pytest.raises(InputError, match="expected the 30 that the procedure was fitted on"):
            fitted.panel_values(wrong)


@pytest.mark.long
def test_on_noise_tuning_finds_nothing_and_mostly_leaves_the_default():
    # Closed form: labels that mean nothing have an expected AUC of a half within folds.
    reached, left = [], 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        values = pd.DataFrame(rng.normal(size=(48, 40))).add_prefix("P")
        sheet = pd.DataFrame({"severity": np.where(np.arange(48) % 3, "mild", "severe")})
        noise = ProteinMatrix.build(values, sheet, scale="log2")
        quick = replace(QUICK, normalise="none")
        summary = evaluate(noise, OUTCOME, settings=quick, folds=3, repeats=1, permutations=0,
                           describe=False, seed=seed).summary  # fmt: skip
        reached.append(summary["auc"]["mean_over_folds"])
        left += 3 - summary["tuning"]["chosen"]["blend, ridge penalty 10"]
    error = np.std(reached, ddof=1) / np.sqrt(len(reached))
    assert abs(np.mean(reached) - 0.5) < 3 * error
    assert error < 0.012
    assert left / 360 < 0.35
