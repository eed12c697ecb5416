import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from threadpoolctl import threadpool_info, threadpool_limits

from proteoclass.errors import InputError, PanelMismatchError, TooLittleDataError
from proteoclass.io import json_text, table_text
from proteoclass.matrix.normalisation.normalise import Normaliser
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import Source
from proteoclass.panel import Panel, PanelSelector
from proteoclass.panel.selection.selector import DEFAULT
from proteoclass.scorer import Settings, derive_panel, evaluate, train
from proteoclass.scorer.calibration import Platt
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import NO_SPREAD_OF_AUC
from proteoclass.scorer.crossfit import FoldOptions, run_fold
from proteoclass.scorer.held_panel import held_proteins
from proteoclass.scorer.summary import describe_cohort
from proteoclass.stats import log_odds

pytestmark = pytest.mark.usefixtures("few_half_samples")

QUICK = Settings(size=8, bags=3, rounds=8)
OUTCOME = Outcome("severity", "severe")


def repeat_auc(rows):
    return roc_auc_score(rows["outcome"] == "severe", rows["score"])


def test_headline_is_recomputed_from_the_predictions(evaluated):
    # scikit-learn's AUC on the table alone is the independent route.
    index = evaluated.predictions[evaluated.predictions["used"] == "index"]
    per_repeat = index.groupby("repeat")[["outcome", "score"]].apply(repeat_auc)
    auc = evaluated.summary["auc"]
    assert auc["mean_over_repeats"] == pytest.approx(per_repeat.mean(), abs=1e-12)
    np.testing.assert_allclose(auc["per_repeat"], per_repeat, atol=1e-12)
    assert auc["interval"][0] < auc["mean_over_folds"] < auc["interval"][1]


def test_brier_and_average_precision_equal_scikit_learn(evaluated):
    index = evaluated.predictions[evaluated.predictions["used"] == "index"]
    briers, precisions = [], []
    for _, rows in index.groupby("repeat"):
        truth = rows["outcome"] == "severe"
        briers.append(brier_score_loss(truth, rows["probability"]))
        precisions.append(average_precision_score(truth, rows["probability"]))
    assert evaluated.summary["brier"]["mean_over_repeats"] == pytest.approx(np.mean(briers))
    found = evaluated.summary["average_precision"]["mean_over_repeats"]
    assert found == pytest.approx(np.mean(precisions))


def test_a_panel_smaller_than_asked_for_is_said(toy, evaluated):
    assert not any("proteins asked for" in text for text in evaluated.summary["warnings"])
    large = replace(QUICK, size=190, tune="none")
    once = evaluate(
        toy, OUTCOME, settings=large, folds=2, repeats=1, permutations=0, describe=False
    )
    said = "In 2 of 2 training folds the panel holds fewer than the 190 proteins asked for, no "
    [found] = [text for text in once.summary["warnings"] if text.startswith(said)]
    # Every protein of the toy is complete, and so a candidate.
    assert found.endswith(f"no other being a candidate; the smallest holds {toy.n_proteins}.")


def test_every_labelled_sample_is_predicted_once_a_repeat(toy, evaluated):
    counts = evaluated.predictions.groupby(["sample_id", "repeat"]).size()
    assert (counts == 1).all()
    assert len(counts) == 2 * toy.n_samples
    used = evaluated.predictions.drop_duplicates("sample_id")["used"].value_counts()
    assert used.to_dict() == {"index": 40, "follow-up": 40}


def test_no_patient_is_in_two_folds_of_a_repeat(evaluated):
    folds = evaluated.predictions.groupby(["repeat", "patient_id"])["fold"].nunique()
    assert (folds == 1).all()


def test_finds_the_signal_and_says_so(evaluated):
    assert evaluated.summary["auc"]["mean_over_repeats"] > 0.75
    assert evaluated.summary["permutation"]["p"] == pytest.approx(1 / 5)
    names = {row["id"] for row in evaluated.summary["panel"]["frequencies"][:4]}
    assert names < {f"Q{i:03d}" for i in range(6)}


def test_explanations_sum_to_the_mean_log_odds(evaluated):
    totals = evaluated.explanations.groupby("sample_id")["contribution"].sum()
    expected = evaluated.scores.set_index("sample_id")["log_odds"]
    np.testing.assert_allclose(totals.loc[expected.index], expected, atol=1e-5)
    # and the scores are the predictions averaged on the log-odds
    by_hand = evaluated.predictions.assign(z=log_odds(evaluated.predictions["probability"]))
    np.testing.assert_allclose(
        by_hand.groupby("sample_id")["z"].mean().loc[expected.index], expected, atol=1e-9
    )


def test_same_bytes_for_any_number_of_processes(make_toy):
    matrix = make_toy()
    runs = [
        evaluate(matrix, OUTCOME, settings=QUICK, folds=3, repeats=1, permutations=2, jobs=jobs)
        for jobs in (1, 2)
    ]
    assert json_text(runs[0].summary) == json_text(runs[1].summary)
    assert table_text(runs[0].predictions) == table_text(runs[1].predictions)
    assert table_text(runs[0].explanations) == table_text(runs[1].explanations)


@pytest.mark.usefixtures("few_inner_folds")
def test_order_of_samples_and_proteins_changes_no_prediction(make_toy):
    matrix = make_toy()
    rng = np.random.default_rng(0)
    shuffled = matrix.take(matrix.values.index[rng.permutation(matrix.n_samples)])
    columns = rng.permutation(matrix.n_proteins)
    shuffled = replace(
        shuffled,
        values=shuffled.values.iloc[:, columns],
        proteins=shuffled.proteins.iloc[columns],
    )
    tables = [
        evaluate(
            m, OUTCOME, settings=QUICK, folds=3, repeats=1, permutations=0, describe=False
        ).predictions.set_index("sample_id")["score"]
        for m in (matrix, shuffled)
    ]
    np.testing.assert_array_equal(tables[1].loc[tables[0].index], tables[0])


def test_poisoned_test_rows_change_nothing_that_was_fitted(toy):
    # What leaks from test rows into a fit would have to change with them.
    cohort = build_cohort(toy, OUTCOME)
    settings = QUICK.resolve(cohort.matrix)
    test = np.array(["P00", "P01", "P02", "P03", "P04", "P05"], dtype=object)
    clean = run_fold(cohort, test, settings, (0, 0, 0))
    values = toy.values.copy()
    values[toy.samples["patient_id"].isin(test)] = 1e9
    poisoned = run_fold(
        build_cohort(replace(toy, values=values), OUTCOME), test, settings, (0, 0, 0)
    )
    assert poisoned.panel == clean.panel
    assert poisoned.thresholds == clean.thresholds
    # One poisoned test row must not move another test row's score either.
    one = toy.values.copy()
    one.loc["S00v0"] = 1e9
    single = run_fold(build_cohort(replace(toy, values=one), OUTCOME), test, settings, (0, 0, 0))
    np.testing.assert_array_equal(single.log_odds[1:], clean.log_odds[1:])


def test_labels_of_test_patients_are_not_looked_at(toy):
    test = np.array(["P00", "P01", "P02", "P03", "P04", "P05"], dtype=object)
    cohort = build_cohort(toy, OUTCOME)
    settings = QUICK.resolve(cohort.matrix)
    clean = run_fold(cohort, test, settings, (0, 0, 0))
    names, classes = cohort.training_patients
    turned = {
        n: float(1 - c) if n in test else float(c) for n, c in zip(names, classes, strict=True)
    }
    flipped = run_fold(cohort.with_labels(turned), test, settings, (0, 0, 0))
    np.testing.assert_array_equal(flipped.log_odds, clean.log_odds)


def test_folds_refer_to_the_prevalence_of_the_design(toy):
    # Bayes: a change of prior moves the log-odds by its own log-odds, and nothing else.
    test = np.array(["P00", "P01", "P02", "P03"], dtype=object)
    cohort = build_cohort(toy, OUTCOME)
    settings = QUICK.resolve(cohort.matrix)
    own = run_fold(cohort, test, settings, (0, 0, 0))
    designed = run_fold(cohort, test, settings, (0, 0, 0), (), FoldOptions(prevalence=0.25))
    names, classes = cohort.training_patients
    n_positive, n = classes[~np.isin(names, test)].sum(), (~np.isin(names, test)).sum()
    shift = np.log(0.25 / 0.75) - np.log(n_positive / (n - n_positive))
    np.testing.assert_allclose(designed.log_odds - own.log_odds, shift, atol=1e-12)
    np.testing.assert_array_equal(designed.margin, own.margin)


def test_what_all_folds_rank_alike_is_not_ranked_by_the_dealing_of_patients():
    # 39 and 11 in five folds: one holds out three positives, four hold out two. With no
    # spread within a fold, each calibrated to its training prevalence (8/40 or 9/40), the
    # pooled AUC is 0.5 + (8/11 · 7/39 - 3/11 · 32/39) / 2 = 0.453; at one prevalence 0.5.
    labels, own, one = [], [], []
    for positives in (3, 2, 2, 2, 2):
        labels += [1] * positives + [0] * (10 - positives)
        share = (11 - positives) / 40
        calibrator = Platt(1.0, float(log_odds(share)))
        own += [calibrator.intercept] * 10
        one += [round(calibrator.at_prevalence(share, 11 / 50).intercept, 12)] * 10
    pooled = 0.5 + (8 / 11 * 7 / 39 - 3 / 11 * 32 / 39) / 2
    assert roc_auc_score(labels, own) == pytest.approx(pooled)
    assert roc_auc_score(labels, one) == 0.5


def test_follow_up_samples_are_never_trained_on(toy, evaluated):
    values = toy.values.copy()
    later = toy.samples["day"] > 0
    values[later] = values[later] + 3
    moved = evaluate(
        replace(toy, values=values),
        OUTCOME,
        settings=QUICK,
        folds=4,
        repeats=2,
        permutations=0,
        describe=False,
        seed=1,
    )
    columns = ["sample_id", "repeat", "score"]
    before = evaluated.predictions.query("used == 'index'")[columns].reset_index(drop=True)
    after = moved.predictions.query("used == 'index'")[columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.usefixtures("few_inner_folds")
def test_permuted_labels_average_to_a_coin(make_toy):
    values = [
        evaluate(
            make_toy(patients=30, visits=1, signal=0.0, seed=seed),
            OUTCOME, settings=replace(QUICK, bags=2, rounds=5), folds=2, repeats=1, permutations=0,
            describe=False, seed=seed,
        ).summary["auc"]["mean_over_repeats"]
        for seed in range(8)
    ]  # fmt: skip
    assert 0.38 < np.mean(values) < 0.62


@pytest.mark.usefixtures("few_inner_folds")
def test_patients_without_an_index_sample_are_predicted_not_trained_on(make_toy):
    matrix = make_toy()
    samples = matrix.samples.copy()
    samples["visit"] = np.where(samples["day"] == 0, "T1", "T2")
    samples.loc["S00v0", "visit"] = "late"
    result = evaluate(
        replace(matrix, samples=samples),
        OUTCOME, settings=QUICK, folds=3, repeats=1, permutations=0, describe=False,
        index="visit=T1",
    )  # fmt: skip
    rows = result.predictions[result.predictions["patient_id"] == "P00"]
    assert list(rows["used"]) == ["follow-up", "follow-up"]
    assert rows["score"].notna().all()


@pytest.mark.usefixtures("few_inner_folds")
def test_a_derived_panel_is_chosen_again_and_a_foreign_one_held(toy):
    cohort = build_cohort(toy, OUTCOME)
    settings = QUICK.resolve(cohort.matrix)
    derived = derive_panel(toy, OUTCOME, settings=QUICK)
    assert derived.status == "derived"
    assert held_proteins(derived, cohort, settings)[0] == ()
    foreign = Panel(
        name="two", title="Two", status="reference", protein=[{"id": "Q001"}, {"id": "Q050"}]
    )
    held, resolved = held_proteins(foreign, cohort, settings)
    assert held == ("Q001", "Q050")
    assert resolved.size == 2
    result = evaluate(
        toy,
        OUTCOME,
        settings=QUICK,
        panel=foreign,
        folds=3,
        repeats=1,
        permutations=0,
        describe=False,
    )
    assert {r["id"] for r in result.summary["panel"]["frequencies"]} == {"Q001", "Q050"}
    silent = replace(toy, values=toy.values.assign(Q050=np.nan))
    with pytest.raises(PanelMismatchError, match="1 of 2 proteins are detected in no index sample"):
        held_proteins(foreign, build_cohort(silent, OUTCOME), settings)
    absent = Panel(name="no", title="No", status="reference", protein=[{"id": "X1"}])
    with pytest.raises(PanelMismatchError, match="1 of 1 proteins are not in the matrix: X1"):
        held_proteins(absent, cohort, settings)


@pytest.mark.usefixtures("few_inner_folds")
def test_a_panel_derived_in_memory_is_chosen_again(make_toy):
    # Pure noise: held, the twenty best of 1,000 proteins read an AUC above 0.9.
    noise = replace(make_toy(proteins=1000, visits=1, signal=0.0), source=Source())
    shuffled = noise.take(list(noise.values.index[::-1]))
    derived = derive_panel(noise, OUTCOME, settings=QUICK)
    result = evaluate(
        shuffled,
        OUTCOME,
        settings=QUICK,
        panel=derived,
        folds=4,
        repeats=1,
        permutations=0,
        describe=False,
    )
    assert result.summary["design"]["panel"] == "chosen in each fold"
    assert result.summary["auc"]["mean_over_repeats"] < 0.8
    other = make_toy(proteins=1000, visits=1, signal=0.0, seed=1)
    cohort = build_cohort(replace(other, source=Source()), OUTCOME)
    assert held_proteins(derived, cohort, QUICK)[0] == tuple(derived.ids)


@pytest.mark.usefixtures("few_inner_folds")
def test_the_best_single_protein_of_a_held_panel_is_the_best_one(toy):
    # Q030 and Q040 are noise; Q050 alone tells the classes apart.
    ids = ["Q030", "Q040", "Q050"]
    told = 10.0 * (toy.samples["severity"] == "severe") + 1e-3 * toy.values["Q050"].fillna(20)
    values = toy.values.assign(Q050=told)
    panel = Panel(name="p", title="P", status="reference", protein=[{"id": i} for i in ids])
    result = evaluate(
        replace(toy, values=values), OUTCOME,
        settings=replace(QUICK, normalise="none"), panel=panel, folds=4, repeats=1, permutations=0,
        describe=False,
    )  # fmt: skip
    rows = result.summary["comparators"]
    [best] = [row for row in rows if row["name"] == "best single protein"]
    assert best["auc"]["mean_over_folds"] == 1.0


@pytest.mark.usefixtures("few_inner_folds")
def test_labels_that_cannot_be_permuted_give_no_p(make_toy):
    toy = make_toy(visits=1)
    samples = toy.samples.drop(columns="site").assign(batch=toy.values.index)
    options = {
        "settings": QUICK, "folds": 3, "repeats": 1, "permutations": 2, "describe": False
    }  # fmt: skip
    alone = evaluate(replace(toy, samples=samples), OUTCOME, **options).summary
    assert alone["permutation"] == {
        "p": None,
        "reason": "within batch the labels can be dealt in 1 way only, expected at least 20: "
        "batch and outcome cannot be told apart",
    }
    assert not any("chance" in warning for warning in alone["warnings"])
    # Five patients of both classes in one batch, all others in batches of one class.
    pure = np.where(toy.samples["severity"] == "severe", "B1", "B2").astype(object)
    pure[:5] = "B3"
    few = evaluate(replace(toy, samples=samples.assign(batch=pure)), OUTCOME, **options).summary
    severe = int((toy.samples["severity"][:5] == "severe").sum())
    assert f"{math.comb(5, severe)} ways only" in few["permutation"]["reason"]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"folds": 1}, "--folds 1: expected at least 2"),
        ({"repeats": 0}, "--repeats 0: expected at least 1"),
        ({"permutations": -1}, "--permutations -1: expected 0 or more"),
        ({"index": "last"}, "--index 'last': expected first, all or COLUMN=VALUE"),
        ({"index": "ward=3"}, "no column 'ward'"),
        ({"index": "day=99"}, "no sample carries '99'"),
    ],
)
def test_refuses_a_design_that_cannot_be(toy, kwargs, message):
    with pytest.raises(InputError, match=message):
        evaluate(toy, OUTCOME, settings=QUICK, **kwargs)


def test_a_sample_that_cannot_be_normalised_is_refused_by_name(toy):
    # Filled in as "nothing detected" it would teach the model what a failed run looks like.
    values = toy.values.copy()
    values.loc["S07v0"] = np.nan
    values.loc["S07v0", ["Q001", "Q002"]] = 20.0
    failed = replace(toy, values=values)
    words = "1 index samples could not be normalised, too few .* detected in them: S07v0; remove"
    with pytest.raises(TooLittleDataError, match=words):
        evaluate(
            failed, OUTCOME, settings=QUICK, folds=4, repeats=1, permutations=0, describe=False
        )
    with pytest.raises(TooLittleDataError, match=words):
        derive_panel(failed, OUTCOME, settings=QUICK)


@pytest.mark.usefixtures("few_inner_folds")
def test_auto_is_named_where_it_is_recorded(toy):
    result = evaluate(
        toy, OUTCOME, settings=QUICK, folds=3, repeats=1, permutations=0, describe=False
    )
    assert result.settings.select == DEFAULT
    assert derive_panel(toy, OUTCOME, settings=QUICK).derivation.method == DEFAULT


@pytest.mark.usefixtures("few_inner_folds")
def test_linear_algebra_has_one_thread_wherever_something_is_fitted(toy, evaluated, monkeypatch):
    threads = []

    class Watched(PanelSelector):
        def fit(self, *args, **kwargs):
            pools = threadpool_info()
            threads.append(max(p["num_threads"] for p in pools if p["user_api"] == "blas"))
            return super().fit(*args, **kwargs)

    monkeypatch.setattr("proteoclass.scorer.pipeline.PanelSelector", Watched)
    with threadpool_limits(2):
        evaluate(toy, OUTCOME, settings=QUICK, folds=3, repeats=1, permutations=0)
        train(toy, OUTCOME, evaluation=evaluated)
        derive_panel(toy, OUTCOME, settings=QUICK)
    assert set(threads) == {1}


@pytest.mark.usefixtures("few_inner_folds")
def test_an_interval_without_width_is_no_certainty(make_toy):
    toy = make_toy(signal=20.0, visits=1)
    result = evaluate(
        toy, OUTCOME, settings=QUICK, folds=3, repeats=1, permutations=0, describe=False
    ).summary
    assert np.isnan(result["auc"]["interval"]).all()
    assert result["auc"]["reason"] == NO_SPREAD_OF_AUC
    assert f"The AUC has no interval: {NO_SPREAD_OF_AUC}." in result["warnings"]


def test_a_label_is_looked_for_in_the_named_sheet(toy):
    named = replace(toy, source=replace(toy.source, sheet="visits.tsv"))
    with pytest.raises(InputError, match=r"^visits.tsv: column 'severity' has no label 'ill'"):
        evaluate(named, Outcome("severity", "ill"), settings=QUICK)


def test_ranges_beside_an_explanation_are_those_of_all_index_samples(toy, evaluated):
    index = toy.values.loc[evaluated.cohort.weights > 0]
    normaliser = Normaliser("pqn").fit(index)
    normalised = pd.DataFrame(normaliser.transform(index), columns=index.columns)
    rows = evaluated.explanations.drop_duplicates("protein_id").set_index("protein_id")
    low = normalised.quantile(0.05)[rows.index.drop("(base)")]
    np.testing.assert_allclose(rows["low"].drop("(base)"), low, rtol=1e-9)


def test_replicates_are_no_visits(toy):
    samples = toy.samples.assign(replicate_of="")
    samples.loc["S03v1", "replicate_of"] = "S03v0"
    counts = describe_cohort(build_cohort(replace(toy, samples=samples), OUTCOME))
    assert (counts["n_follow_up_samples"], counts["n_replicate_samples"]) == (39, 1)


def test_refuses_too_few_patients(make_toy):
    with pytest.raises(TooLittleDataError, match="expected at least 5 of each"):
        evaluate(make_toy(patients=12), OUTCOME, settings=QUICK)
