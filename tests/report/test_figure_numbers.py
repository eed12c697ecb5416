"""The numbers behind every picture, each against an independent route."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score, roc_curve
from statsmodels.stats.proportion import proportion_confint

from proteoclass.report import Run
from proteoclass.report.figures.beeswarm import beeswarm_frame
from proteoclass.report.figures.calibration import calibration_frame
from proteoclass.report.figures.comparators import comparators_frame
from proteoclass.report.figures.decision_curve import THRESHOLDS, decision_curve_frame
from proteoclass.report.figures.group_scores import group_scores_frame
from proteoclass.report.figures.out_of_fold import index_predictions, mean_predictions, swarm
from proteoclass.report.figures.panel_frequency import panel_frame
from proteoclass.report.figures.pca import pca_frame
from proteoclass.report.figures.permutation import permutation_frame
from proteoclass.report.figures.roc import chance_curve, mean_roc, roc_frame
from proteoclass.report.figures.sample_quality import sample_quality_frame
from proteoclass.report.figures.score_bar import reference_frame
from proteoclass.report.figures.trajectories import trajectories_frame
from proteoclass.report.figures.trend import noise_band
from proteoclass.report.figures.waterfall import BASE, waterfall_frame
from proteoclass.stats import wilson_interval


@pytest.fixture(scope="module")
def rows(run: Run) -> pd.DataFrame:
    return index_predictions(run.predictions, run.positive)


def test_index_predictions_are_one_row_a_patient_and_repeat(run: Run, rows: pd.DataFrame) -> None:
    n_patients = run.evaluation["cohort"]["n_patients"]
    assert rows.groupby("repeat").size().tolist() == [n_patients] * 4
    assert rows.groupby("repeat")["label"].sum().tolist() == [12.0] * 4
    assert (rows["weight"] == 1).all()


def test_a_patient_with_two_index_samples_counts_once() -> None:
    table = pd.DataFrame(
        {
            "sample_id": ["a", "b", "c", "d"],
            "patient_id": ["p", "p", "q", "q"],
            "outcome": ["ill", "ill", "well", "well"],
            "used": ["index", "index", "index", "follow-up"],
            "repeat": 0,
            "score": [1.0, 2, 3, 4],
            "probability": [0.1, 0.2, 0.3, 0.4],
        }
    )
    assert index_predictions(table, "ill")["weight"].tolist() == [0.5, 0.5, 1.0]


def test_mean_predictions_average_log_odds(rows: pd.DataFrame) -> None:
    mean = mean_predictions(rows).set_index("sample_id")
    for sample, part in list(rows.groupby("sample_id"))[:5]:
        expected = special.expit(np.mean(special.logit(part["probability"])))
        assert mean.loc[sample, "probability"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("repeat", range(4))
def test_roc_is_scikit_learns(rows: pd.DataFrame, repeat: int) -> None:
    """Independent route: sklearn.metrics.roc_curve and roc_auc_score, weights included."""
    part = rows[rows["repeat"] == repeat].copy()
    part["weight"] = np.random.default_rng(repeat).integers(1, 4, len(part)) / 2
    ours = roc_frame(part)
    fpr, tpr, _ = roc_curve(
        part["label"], part["score"], sample_weight=part["weight"], drop_intermediate=False
    )
    np.testing.assert_allclose(ours["false_positive_rate"], fpr, atol=1e-12)
    np.testing.assert_allclose(ours["true_positive_rate"], tpr, atol=1e-12)
    area = np.trapezoid(ours["true_positive_rate"], ours["false_positive_rate"])
    expected = roc_auc_score(part["label"], part["score"], sample_weight=part["weight"])
    assert area == pytest.approx(expected, abs=1e-12)


def test_mean_roc_starts_and_ends_in_the_corners_and_rises(rows: pd.DataFrame) -> None:
    mean = mean_roc(roc_frame(rows))["true_positive_rate"].to_numpy()
    assert mean[0] == 0
    assert mean[-1] == 1
    assert (np.diff(mean) >= 0).all()


def test_mean_roc_of_one_repeat_interpolates_that_repeat() -> None:
    """Closed form: scores that order no pair wrongly give sensitivity 1 from the first step."""
    perfect = pd.DataFrame(
        {"repeat": 0, "label": [0.0, 0, 1, 1], "score": [1.0, 2, 3, 4], "weight": 1.0}
    )
    assert mean_roc(roc_frame(perfect))["true_positive_rate"][1:].tolist() == [1.0] * 100


@pytest.mark.parametrize("auc", [0.3, 0.5, 0.62, 0.9])
def test_chance_curve_has_the_auc_it_stands_for(auc: float) -> None:
    """Closed form: the area under the binormal curve is the AUC it was made from."""
    grid = np.linspace(0, 1, 101)
    assert np.trapezoid(chance_curve(auc), grid) == pytest.approx(auc, abs=0.006)


@pytest.mark.parametrize("bins", [2, 4, 7])
def test_calibration_bins_are_scikit_learns(rows: pd.DataFrame, bins: int) -> None:
    """Independent route: sklearn.calibration.calibration_curve(strategy="quantile")."""
    mean = mean_predictions(rows)
    observed, predicted = calibration_curve(
        mean["label"], mean["probability"], n_bins=bins, strategy="quantile"
    )
    ours = calibration_frame(mean, bins)
    np.testing.assert_allclose(ours["observed"], observed, atol=1e-12)
    np.testing.assert_allclose(ours["predicted"], predicted, atol=1e-12)
    assert ours["n"].sum() == len(mean)


@given(st.integers(0, 30), st.integers(1, 30))
def test_wilson_interval_is_statsmodels(events: int, n: int) -> None:
    """Independent route: statsmodels.stats.proportion.proportion_confint(method="wilson")."""
    if events > n:
        events = n
    expected = proportion_confint(events, n, method="wilson")
    assert wilson_interval(events, n) == pytest.approx(expected, abs=1e-12)


def test_decision_curve_against_vickers_and_elkins_formula(rows: pd.DataFrame) -> None:
    """Closed form, patient by patient: NB = TP/n - FP/n * pt/(1-pt) (MDM 2006;26:565)."""
    curve = decision_curve_frame(rows).set_index("threshold")
    for threshold in (0.1, 0.37, 0.8):
        expected = []
        for _, part in rows.groupby("repeat"):
            treated = part[part["probability"] >= threshold]
            true, false = (treated["label"] == 1).sum(), (treated["label"] == 0).sum()
            expected.append(true / len(part) - false / len(part) * threshold / (1 - threshold))
        assert curve.loc[threshold, "model"] == pytest.approx(np.mean(expected), abs=1e-12)
    share = rows["label"].mean()
    assert curve.loc[0.25, "all"] == pytest.approx(share - (1 - share) / 3, abs=1e-12)
    assert (curve["none"] == 0).all()


def test_a_perfect_score_has_the_prevalence_as_net_benefit() -> None:
    perfect = pd.DataFrame(
        {"repeat": 0, "label": [1.0, 0, 0, 0], "probability": [0.999, 0, 0, 0], "weight": 1.0}
    )
    assert decision_curve_frame(perfect)["model"].to_numpy() == pytest.approx(
        np.full(len(THRESHOLDS), 0.25)
    )


def test_permutation_bars_hold_every_permutation(run: Run) -> None:
    values = run.evaluation["permutation"]["values"]
    frame = permutation_frame(values)
    assert frame["count"].sum() == len(values) == 40
    inside = sum(0.45 <= value < 0.5 for value in values)
    assert frame.loc[np.isclose(frame["low"], 0.45), "count"].item() == inside


def test_waterfall_ends_at_the_score(run: Run) -> None:
    """The bars add up to the log-odds of the score in scores.tsv."""
    for sample in list(run.scores.index[:6]):
        own = run.explanations[run.explanations["sample_id"] == sample]
        frame = waterfall_frame(own)
        score = 100 * special.expit(frame["end"].iloc[-1])
        if run.scores.loc[sample, "status"] == "final":
            assert score == pytest.approx(run.scores.loc[sample, "score"], abs=1e-9)
        steps = frame[frame["kind"].isin(["protein", "others"])]
        np.testing.assert_allclose(steps["start"] + steps["contribution"], steps["end"])
        np.testing.assert_allclose(steps["start"].iloc[1:], steps["end"].iloc[:-1])
        base = own.loc[own["protein_id"] == BASE, "contribution"].item()
        assert steps["start"].iloc[0] == base
        sizes = steps.loc[steps["kind"] == "protein", "contribution"].abs()
        assert sizes.is_monotonic_decreasing


def test_value_words_come_from_the_range(run: Run) -> None:
    frame = pd.concat(
        [waterfall_frame(part, 20) for _, part in run.explanations.groupby("sample_id", sort=False)]
    )
    proteins = frame[frame["kind"] == "protein"]
    for words, mask in {
        "not detected": proteins["value"].isna(),
        "above": proteins["value"] > proteins["high"],
        "below": proteins["value"] < proteins["low"],
        "within": proteins["value"].between(proteins["low"], proteins["high"]),
    }.items():
        assert mask.sum() > 0, words
        assert proteins.loc[mask, "words"].str.contains(words).all()


@given(st.floats(0.5, 99.5), st.floats(0.01, 5))
def test_noise_band_is_symmetric_in_log_odds(score: float, smallest: float) -> None:
    band = noise_band(score, smallest)
    assert band is not None
    low, high = (special.logit(end / 100) for end in band)
    middle = special.logit(score / 100)
    assert middle - low == pytest.approx(smallest, abs=1e-6)
    assert high - middle == pytest.approx(smallest, abs=1e-6)


def test_no_noise_no_band() -> None:
    assert noise_band(50, None) is None


def test_reference_shares_are_of_each_class(run: Run) -> None:
    frame = reference_frame(run.model["reference"])
    assert frame.groupby("group")["share"].sum().tolist() == pytest.approx([1, 1])
    assert frame.groupby("group")["count"].sum().to_dict() == {"positive": 12, "negative": 28}
    assert len(reference_frame({})) == 0
    assert len(reference_frame({"edges": [0, 1], "positive": [1, 2], "negative": []})) == 0


def test_beeswarm_keeps_the_largest_mean_contributions(run: Run) -> None:
    index = run.samples.index[run.samples["used"] == "index"]
    frame = beeswarm_frame(run.explanations, index, shown_proteins=5)
    own = run.explanations[run.explanations["sample_id"].isin(index)]
    own = own[own["protein_id"] != BASE]
    table = (
        own.pivot_table(index="sample_id", columns="protein_id", values="contribution").abs().mean()
    )
    expected = table.sort_values(ascending=False).head(5)
    found = frame.drop_duplicates("protein_id")
    assert found["protein_id"].tolist() == expected.index.tolist()
    assert found["mean_size"].tolist() == pytest.approx(expected.tolist())
    assert frame["level"].dropna().between(0, 1).all()
    assert frame["level"].isna().equals(frame["value"].isna())


def test_group_scores_split_the_classes(rows: pd.DataFrame) -> None:
    frame = group_scores_frame(mean_predictions(rows), "severe", "non-severe")
    assert frame["group"].value_counts().to_dict() == {"non-severe": 28, "severe": 12}


def test_comparators_are_set_beside_the_same_kind_of_mean() -> None:
    auc = {"mean_over_repeats": 0.8, "mean_over_folds": 0.7, "interval": [0.6, 0.9]}
    by_fold = [{"name": "ridge", "auc": {"mean_over_folds": 0.65, "interval": None}}]
    by_repeat = [{"name": "ridge", "auc": {"mean_over_repeats": 0.75}}]
    assert comparators_frame(auc, by_fold)["auc"].tolist() == [0.7, 0.65]
    assert comparators_frame(auc, by_repeat)["auc"].tolist() == [0.8, 0.75]
    assert comparators_frame(auc, by_fold)["lower"].isna().tolist() == [False, True]


def test_panel_frame_sorts_by_frequency_and_falls_back_to_the_id() -> None:
    frame = panel_frame(
        [{"id": "a", "frequency": 0.2}, {"id": "b", "gene": "LCN2", "frequency": 0.9}]
    )
    assert frame["name"].tolist() == ["LCN2", "a"]
    assert frame["direction"].tolist() == ["unknown", "unknown"]


def test_quality_frame_is_in_the_order_of_batches(run: Run) -> None:
    frame = sample_quality_frame(run.qc["samples"], run.samples)
    assert frame["batch"].is_monotonic_increasing
    assert frame["place"].tolist() == list(range(len(run.samples)))
    assert frame["outlier"].sum() == 1
    assert set(frame["group"]) == {"severe", "non-severe"}


def test_pca_frame_knows_samples_without_label_or_batch(run: Run) -> None:
    sheet = run.samples.drop(columns=["batch"])
    points = [*run.qc["pca"]["points"], {"sample_id": "stranger", "pc1": 0, "pc2": 0}]
    frame = pca_frame(points, sheet)
    assert frame["batch"].tolist() == [""] * len(points)
    assert frame["group"].iloc[-1] == ""


def test_trajectories_frame_prefers_the_mean_day() -> None:
    rows = [{"group": "a", "day": 7, "mean_day": 8.5, "mean_score": 40.0, "lower": None, "n": 1}]
    assert trajectories_frame(rows)["day"].tolist() == [8.5]


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60))
def test_swarm_puts_no_dot_on_another(values: list[float]) -> None:
    array = np.array(values)
    offsets = swarm(array, 0.5, 1.0)
    places = {(round(v / 0.5), o) for v, o in zip(array, offsets, strict=True)}
    assert len(places) == len(array)
