"""A locked model on patients it never saw: figures by independent routes, and refusals."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from proteoclass.cli.external import external_sentences
from proteoclass.errors import InputError, PanelMismatchError, TooLittleDataError
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import Source
from proteoclass.scorer import SeverityModel, external_cohort, load_model
from proteoclass.scorer.external import evaluate_external
from proteoclass.scorer.external_cohort import MIN_REPORTABLE
from proteoclass.scorer.performance.delong import delong_interval
from proteoclass.scorer.performance.locked_calibration import (
    FLAT,
    SATURATED,
    SEPARATED,
    locked_calibration,
    logistic_fit,
)
from proteoclass.stats import log_odds

OUTCOME = Outcome("severity", "severe")
ELSEWHERE = Source(path="other.tsv", sha256="cd" * 32)


@pytest.fixture(scope="module")
def cohort(make_toy):
    """A cohort of other patients, of whom one sample failed and one has no label."""
    matrix = make_toy(patients=36, visits=2, seed=9, signal=0.7)
    values, samples = matrix.values.copy(), matrix.samples.copy()
    values.loc["S01v0"] = np.nan
    samples.loc[["S02v0", "S02v1"], "severity"] = np.nan
    return replace(matrix, values=values, samples=samples, source=ELSEWHERE)


@pytest.fixture(scope="module")
def judged(model, cohort):
    return evaluate_external(model, cohort, OUTCOME)


@pytest.fixture(scope="module")
def reportable(judged):
    rows = judged.predictions.query("used == 'index'").dropna(subset="score")
    return rows.assign(label=(rows["outcome"] == "severe").astype(float))


def test_the_table_has_every_labelled_sample_once_and_the_locked_scores(model, cohort, judged):
    table = judged.predictions
    assert list(table["sample_id"]) == [i for i in cohort.values.index if "S02" not in i]
    assert (set(table["repeat"]), set(table["fold"])) == ({1}, {0})
    locked = model.score(cohort).set_index("sample_id")["score"]
    np.testing.assert_array_equal(table["score"], locked[table["sample_id"]])
    failed = table.set_index("sample_id").loc["S01v0"]
    assert np.isnan(failed["score"])
    assert failed["used"] == "index"


def test_ranking_and_brier_are_those_of_scikit_learn_on_the_table(judged, reportable):
    summary, label = judged.summary, reportable["label"]
    auc = summary["auc"]
    assert auc["mean_over_repeats"] == pytest.approx(roc_auc_score(label, reportable["score"]))
    assert auc["per_repeat"] == [auc["mean_over_repeats"]]
    assert auc["interval"] == delong_interval(label, reportable["score"])["interval"]
    assert (auc["n_patients"], auc["n_positive"]) == (34, 12)
    assert summary["brier"]["mean_over_repeats"] == pytest.approx(
        brier_score_loss(label, reportable["probability"])
    )
    assert summary["average_precision"]["mean_over_repeats"] == pytest.approx(
        average_precision_score(label, reportable["score"])
    )
    assert summary["permutation"]["p"] is None
    assert "locked model" in summary["permutation"]["reason"]


def test_calibration_and_its_errors_are_those_of_statsmodels(judged, reportable):
    label, z = reportable["label"], log_odds(reportable["probability"])
    fit = sm.Logit(label, sm.add_constant(z)).fit(disp=0)
    found = judged.summary["calibration"]
    for name, position in (("intercept", 0), ("slope", 1)):
        assert found[name]["value"] == pytest.approx(fit.params.iloc[position], abs=1e-6)
        assert found[name]["standard_error"] == pytest.approx(fit.bse.iloc[position], rel=1e-5)
        np.testing.assert_allclose(
            found[name]["interval"], fit.conf_int().iloc[position], rtol=1e-4
        )
    large = sm.GLM(label, np.ones(len(z)), family=sm.families.Binomial(), offset=z).fit()
    assert found["in_the_large"]["value"] == pytest.approx(large.params.iloc[0], abs=1e-8)
    assert found["in_the_large"]["standard_error"] == pytest.approx(large.bse.iloc[0], rel=1e-6)
    assert found["in_the_large"]["observed"] == pytest.approx(12 / 34)
    assert found["in_the_large"]["expected"] == pytest.approx(reportable["probability"].mean())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 3), st.floats(-3, 3))
def test_the_logistic_fit_is_that_of_statsmodels_on_any_data(seed, slope, intercept):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(80), rng.normal(0, 2, 80)])
    labels = (rng.random(80) < 1 / (1 + np.exp(-design @ [intercept, slope]))).astype(float)
    fitted = logistic_fit(design, labels)
    if fitted is None:
        above, below = design[labels == 1, 1], design[labels == 0, 1]
        assert not len(above) or not len(below) or above.min() > below.max()
        return
    expected = sm.GLM(labels, design, family=sm.families.Binomial()).fit(tol=1e-12)
    np.testing.assert_allclose(fitted[0], expected.params, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fitted[1], expected.bse, rtol=1e-4)


def test_separated_or_equal_log_odds_have_no_slope():
    labels = np.array([0.0, 0, 0, 1, 1, 1])
    apart = locked_calibration(labels, np.array([-3.0, -2, -1, 1, 2, 3]))
    assert (apart["slope"]["value"], apart["slope"]["reason"]) == (None, SEPARATED)
    assert apart["in_the_large"]["value"] == pytest.approx(0, abs=1e-8)
    same = locked_calibration(labels, np.full(6, -1.0))
    assert same["intercept"]["reason"] == FLAT
    assert same["in_the_large"]["value"] == pytest.approx(1.0)
    sure = locked_calibration(labels, np.array([-1e6, -1e6, 1e6, 1e6, 1e6, 1e6]))
    assert (sure["in_the_large"]["value"], sure["in_the_large"]["reason"]) == (None, SATURATED)


def test_limits_are_the_models_with_statsmodels_wilson_intervals(model, judged, reportable):
    lower, upper = judged.summary["thresholds"]
    assert (lower["limit"], upper["limit"]) == (model.thresholds.lower, model.thresholds.upper)
    for row in (lower, upper):
        for label, name in ((1, "sensitivity"), (0, "specificity")):
            scores = reportable["score"][reportable["label"] == label]
            hit = (scores >= row["limit"]) if label else (scores < row["limit"])
            assert row[name] == pytest.approx(hit.mean())
            np.testing.assert_allclose(
                row[f"{name}_interval"],
                proportion_confint(hit.sum(), len(hit), method="wilson"),
                atol=1e-12,
            )


def test_who_is_not_reportable_is_counted_by_class_and_said(judged):
    refused = judged.summary["not_reportable"]
    assert (refused["n"], refused["n_positive"], refused["n_index_samples"]) == (1, 0, 35)
    assert refused["reasons"][0]["n"] == 1
    [said] = [w for w in judged.summary["warnings"] if "not reportable" in w]
    assert said.startswith("1 of 35 patients are not reportable (0 positive, 1 negative)")


def test_parts_and_single_proteins_stand_beside_the_model(model, cohort, judged, reportable):
    rows = {row["name"]: row for row in judged.summary["comparators"]}
    margins, values = model.parts(cohort)
    blend = (margins["booster"] + margins["companion"]) / 2
    ids = reportable["sample_id"]
    np.testing.assert_allclose(
        model.calibrator.probability(blend[ids].to_numpy()), reportable["probability"], atol=1e-6
    )
    label = reportable["label"].to_numpy()
    assert rows["XGBoost alone, same panel"]["auc"]["value"] == pytest.approx(
        roc_auc_score(label, margins.loc[ids, "booster"])
    )
    both_ways = [roc_auc_score(label, values.loc[ids, name]) for name in values]
    best = rows["best single panel protein, picked on these patients"]
    assert best["auc"]["value"] == pytest.approx(max(*both_ways, *(1 - a for a in both_ways)))
    assert best["verdict"].startswith(("The model", "Whether the model"))
    weights = np.abs(np.mean(model.content.companion.coefficients, axis=0))
    heaviest = rows["panel protein of largest weight"]
    assert heaviest["chosen"]["id"] == model.content.panel[int(weights.argmax())].id


def test_two_models_are_compared_on_the_patients_both_score(model, cohort):
    found = evaluate_external(model, cohort, OUTCOME, others=[model]).summary["comparisons"]
    assert found[0]["difference"]["p"] == 1.0
    assert found[0]["n_patients"] == 34
    assert found[0]["verdict"].startswith(f"The model does not beat model {model.name} here")


def test_the_order_of_samples_and_proteins_changes_no_figure(model, cohort, judged):
    rng = np.random.default_rng(0)
    shuffled = cohort.take(list(rng.permutation(cohort.values.index)))
    shuffled = replace(
        shuffled,
        values=shuffled.values.iloc[:, ::-1],
        proteins=shuffled.proteins.iloc[::-1],
    )
    again = evaluate_external(model, shuffled, OUTCOME)
    assert json.dumps(again.summary, sort_keys=True) == json.dumps(judged.summary, sort_keys=True)


def test_files_are_written(judged, tmp_path):
    judged.write(tmp_path)
    read = json.loads((tmp_path / "evaluation.json").read_text())
    assert read["auc"]["estimand"] == "AUC of this locked model on patients like these"
    table = pd.read_csv(tmp_path / "predictions.tsv", sep="\t")
    assert list(table.columns[:3]) == ["sample_id", "patient_id", "outcome"]
    assert len(pd.read_csv(tmp_path / "scores.tsv", sep="\t")) == 72


def test_the_training_cohort_is_refused_as_a_file_and_as_values(model, toy):
    with pytest.raises(InputError, match="was trained on this very file, which is no external"):
        evaluate_external(model, toy, OUTCOME)
    copied = replace(toy, source=ELSEWHERE).take(list(toy.values.index[::-1]))
    with pytest.raises(InputError, match=r"other.tsv: .* was trained on this very cohort"):
        evaluate_external(model, copied, OUTCOME)


def test_all_samples_of_a_patient_are_refused_and_of_several_the_first_is_taken(model, cohort):
    with pytest.raises(InputError, match=r"--index all: 35 patients have several .*P00, P01, P03"):
        evaluate_external(model, cohort, OUTCOME, index="all")
    samples = cohort.samples.assign(visit=np.where(cohort.samples["day"] == 0, "T1", "T2"))
    samples.loc["S04v1", "visit"] = "T1"
    twice = replace(cohort, samples=samples)
    found = evaluate_external(model, twice, OUTCOME, index="visit=T1")
    used = found.predictions.set_index("sample_id")["used"]
    assert (used["S04v0"], used["S04v1"]) == ("index", "follow-up")
    assert any(
        "1 patients have several samples that --index visit=T1 names: the first" in w
        for w in found.summary["warnings"]
    )
    unordered = samples.rename(columns={"visit": "arm"}).drop(columns="day")
    with pytest.raises(InputError, match=r"--index arm=T1: 1 patients have several .* P04; DeLong"):
        evaluate_external(model, replace(cohort, samples=unordered), OUTCOME, index="arm=T1")


def test_too_few_reportable_patients_are_refused_with_the_reason(model, cohort):
    values = cohort.values.copy()
    values[cohort.samples["severity"] == "severe"] = np.nan
    words = f"0 positive and 22 negative .* expected at least {MIN_REPORTABLE} of each; 13 of 35"
    with pytest.raises(TooLittleDataError, match=words):
        evaluate_external(model, replace(cohort, values=values), OUTCOME)


def test_a_matrix_without_the_panel_does_not_fit(model, cohort):
    kept = [name for name in cohort.values if name not in {p.id for p in model.content.panel}]
    other = replace(cohort, values=cohort.values[kept], proteins=cohort.proteins.loc[kept])
    words = "other.tsv: measures 0 of . panel proteins of the model .*, at least . are needed; give"
    with pytest.raises(PanelMismatchError, match=words):
        evaluate_external(model, other, OUTCOME)


def test_other_labels_and_another_prevalence_are_said(model, cohort):
    samples = cohort.samples.assign(
        severity=cohort.samples["severity"].map({"severe": "ICU", "mild": "ward"})
    )
    keep = (samples["severity"] == "ICU") | samples["patient_id"].isin(["P04", "P05", "P07"])
    other = replace(cohort, samples=samples).take(list(samples.index[keep]))
    warnings = evaluate_external(model, other, Outcome("severity", "ICU")).summary["warnings"]
    assert any(
        "trained on 'severe' against 'mild', and is judged here on 'ICU'" in w for w in warnings
    )
    assert any("80% of these patients are positive, 35% of the training" in w for w in warnings)
    assert any("Only 3 patients in the smaller class" in w for w in warnings)


def test_patients_of_the_training_cohort_are_recognised_among_others(model, toy, cohort):
    # Three patients of the training cohort under other names, proteins in another order.
    kept = toy.values.columns[::-1]
    known = toy.take([s for s in toy.values.index if s[:3] in ("S00", "S01", "S09")])
    strangers = cohort.take([s for s in cohort.values.index if s[:3] not in ("S00", "S01", "S09")])
    samples = known.samples.assign(patient_id="X" + known.samples["patient_id"])
    mixed = replace(
        strangers,
        values=pd.concat([known.values, strangers.values])[kept],
        samples=pd.concat([samples, strangers.samples]),
        proteins=strangers.proteins.loc[kept],
    )
    words = r"3 of 35 patients were in the training cohort of the model .*: XP00, XP01, XP09; their"
    with pytest.raises(InputError, match=words):
        evaluate_external(model, mixed, OUTCOME)


def test_a_model_file_shows_no_digests_and_keeps_them(model, tmp_path):
    assert len(model.content.training.samples) == 80
    assert "samples" not in model.summary()["training"]
    read = load_model(model.save(tmp_path / "model.json"))
    assert read.content.training.samples == model.content.training.samples


def test_other_patients_of_the_same_file_are_another_cohort(model, cohort):
    same = replace(cohort, source=replace(cohort.source, sha256="ab" * 32))
    assert "auc" in evaluate_external(model, same, OUTCOME).summary
    training = model.content.training.model_copy(update={"samples": [], "cohort_sha256": ""})
    content = model.content.model_copy(update={"training": training})
    old = SeverityModel(content, model.sha256, model._blend.boosters, version=2)
    with pytest.raises(InputError, match="was trained on this very file"):
        evaluate_external(old, same, OUTCOME)


def test_a_patient_under_two_names_is_said(model, cohort, monkeypatch):
    values = cohort.values.copy()
    values.loc["S08v0"] = values.loc["S07v0"]
    summary = evaluate_external(model, replace(cohort, values=values), OUTCOME).summary
    [said] = [text for text in summary["warnings"] if "same values" in text]
    # Nobody is trained on here.
    assert "One patient under two names counts twice here" in said
    assert "The same values under different patients: S07v0 = S08v0." in external_sentences(summary)
    monkeypatch.setattr(external_cohort, "MOST_PAIRED", 30)
    warnings = evaluate_external(model, cohort, OUTCOME).summary["warnings"]
    assert any("under two names was not looked for: 34 patients, at most 30" in w for w in warnings)


def test_what_scores_must_be_read_with_is_said(model, cohort, judged):
    content = model.content
    missing = content.missing.model_copy(update={"max_not_measured": 1})
    content = content.model_copy(update={"missing": missing})
    lenient = SeverityModel(content, model.sha256, model._blend.boosters)
    panel = [protein.id for protein in content.panel]
    index = judged.predictions.query("used == 'index'")["sample_id"]
    values = cohort.values.drop(columns=panel[0])
    values.loc[index[2:5], panel[-1]] += 20
    samples = cohort.samples.assign(platform="Astral")
    proteins = cohort.proteins.drop(panel[0])
    far = replace(cohort, values=values, samples=samples, proteins=proteins)
    result = evaluate_external(lenient, far, OUTCOME)
    scores = result.scores.set_index("sample_id").loc[index]
    reasons = scores.loc[scores["status"] == "final", "reason"]
    off = int(reasons.str.contains("outside the range|taken together").sum())
    assert off
    warnings = "\n".join(result.summary["warnings"])
    assert f"Of {len(panel)}, 1 panel protein is not measured: " in warnings
    assert f"\n{off} of {len(reasons)} scored patients are far from the study" in warnings
    assert "does not say what it was trained on: whether it was Astral" in warnings


def test_a_comparison_over_fewer_patients_says_so(model, cohort, judged):
    content = model.content.model_copy(update={"platform": "Astral"})
    other = SeverityModel(content, "ab" * 32, model._blend.boosters)
    words = ["Exploris" if name in ("S03v0", "S05v0") else "Astral" for name in cohort.values.index]
    mixed = replace(cohort, samples=cohort.samples.assign(platform=words))
    summary = evaluate_external(model, mixed, OUTCOME, others=[other]).summary
    [row] = summary["comparisons"]
    n = judged.summary["auc"]["n_patients"]
    assert (summary["auc"]["n_patients"], row["n_patients"]) == (n, n - 2)
    [said] = [w for w in summary["warnings"] if w.startswith("The comparison with model")]
    assert f"@abababababab rests on {n - 2} of {n} patients, as does its AUC" in said


def test_labelled_patients_without_an_index_sample_are_counted(model, cohort):
    late = cohort.samples.index.str.endswith("v0") & (np.arange(72) % 12 < 4)
    days = cohort.samples["day"].where(~late, 99)
    summary = evaluate_external(
        model, replace(cohort, samples=cohort.samples.assign(day=days)), OUTCOME, index="day=0"
    ).summary
    labelled = cohort.samples.loc[late, "severity"].notna().sum()
    assert summary["cohort"]["n_patients_without_index"] == labelled > 5
    said = f"{labelled} of 35 labelled patients have no sample that --index day=0 names: they are"
    assert said in "\n".join(summary["warnings"])
