"""Two fluids on the same patients: same folds, paired figures, protein by protein."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix import read_matrix, simulate_cohort
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer import Settings, evaluate, fluids
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.common_patients import common_cohorts
from proteoclass.scorer.comparators import PAIR_BY_PATIENT
from proteoclass.scorer.fluid_correlations import (
    patient_values,
    protein_correlations,
    score_correlation,
)
from proteoclass.scorer.fluids import compare_fluids
from proteoclass.scorer.paired_difference import paired_difference

QUICK = Settings(
    size=3, bags=1, rounds=3, normalise="none", impute="none", tune="none", select="moderated-t"
)
OUTCOME = Outcome("severity", "severe")
DESIGN = {"settings": QUICK, "folds": 3, "repeats": 2}
ONCE = DESIGN | {"folds": 2, "repeats": 1}


def renamed(matrix, letter, **columns):
    """The matrix with other sample ids, and columns of its sheet replaced."""
    ids = pd.Index([f"{letter}-{name}" for name in matrix.values.index])
    return replace(
        matrix,
        values=matrix.values.set_axis(ids),
        samples=matrix.samples.assign(**columns).set_axis(ids),
    )


@pytest.fixture(scope="module")
def urine(make_toy):
    return make_toy(patients=33, proteins=24, visits=1, signal=0.7, seed=1)


@pytest.fixture(scope="module")
def plasma(make_toy):
    """Weaker signal; other samples; 20 of the proteins and 4 of its own."""
    matrix = renamed(make_toy(patients=33, proteins=24, visits=1, signal=0.3, seed=2), "p")
    columns = [*matrix.values.columns[:20], "only1", "only2", "only3", "only4"]
    return ProteinMatrix.build(
        matrix.values.set_axis(columns, axis=1), matrix.samples, scale="log2", fluid="plasma"
    )


@pytest.fixture(scope="module")
def compared(urine, plasma):
    return compare_fluids(urine, plasma, OUTCOME, **DESIGN)


def test_a_patient_under_two_names_is_said_of_the_fluid_that_tells(urine, plasma, compared):
    assert not any("two names" in text for text in compared.summary["warnings"])
    values = plasma.values.copy()
    values.iloc[4] = values.iloc[2]
    design = DESIGN | {"folds": 2, "repeats": 1}
    summary = compare_fluids(urine, replace(plasma, values=values), OUTCOME, **design).summary
    [said] = [text for text in summary["warnings"] if "two names" in text]
    assert said.startswith("B: 1 pair of samples of different patients has the same values, named")
    assert "`b.duplicates` in comparison.json" in said
    assert summary["a"]["duplicates"] == []
    [pair] = summary["b"]["duplicates"]
    assert (pair["first"], pair["second"]) == (values.index[2], values.index[4])


def test_each_fluid_reaches_what_evaluate_says_of_it_alone(plasma, compared):
    """Independent route: `evaluate` deals the same patients alike."""
    alone = evaluate(plasma, OUTCOME, permutations=0, describe=False, **DESIGN)
    told = compared.summary["b"]
    assert told["panel"]["frequencies"] == alone.summary["panel"]["frequencies"]
    assert told["imputation"] == alone.summary["imputation"]["folds"] == {"none": 6}
    assert sum(told["tuning"].values()) == 6
    found, expected = compared.summary["auc"]["b"], alone.summary["auc"]
    assert found["per_repeat"] == pytest.approx(expected["per_repeat"], abs=1e-12)
    assert found["mean_over_folds"] == pytest.approx(expected["mean_over_folds"], abs=1e-12)
    assert found["interval"] == pytest.approx(expected["interval"], abs=1e-12)
    assert (found["n_patients"], found["n_positive"]) == (33, 11)


def test_every_figure_can_be_had_from_the_predictions(compared):
    """Independent route: scikit-learn's AUC on the table, and placements counted pair by pair."""
    table = compared.predictions
    severe = table["outcome"] == "severe"
    assert len(table) == 66
    folds = table.groupby(["repeat", "fold"])
    aucs = {
        name: np.array(
            [roc_auc_score(severe[part.index], part[f"score_{name}"]) for _, part in folds]
        )
        for name in ("a", "b", "fused")
    }
    for name, values in aucs.items():
        found = compared.summary["auc"][name]
        assert found["mean_over_folds"] == pytest.approx(values.mean())
        per_repeat = [
            roc_auc_score(severe[part.index], part[f"score_{name}"])
            for _, part in table.groupby("repeat")
        ]
        assert found["mean_over_repeats"] == pytest.approx(np.mean(per_repeat))
    patients = sorted(table["patient_id"].unique())
    placed = {name: np.full((2, len(patients)), np.nan) for name in aucs}
    for (repeat, _), part in folds:
        for name, table_of_name in placed.items():
            score, positive = part[f"score_{name}"].to_numpy(), severe[part.index].to_numpy()
            for patient, own, label in zip(part["patient_id"], score, positive, strict=True):
                ahead = (own - score[positive != label]) * (1 if label else -1)
                share = np.mean((ahead > 0) + (ahead == 0) / 2)
                table_of_name[repeat - 1, patients.index(patient)] = share
    classes = severe.groupby(table["patient_id"]).first().to_numpy(dtype=int)
    for row in compared.summary["comparisons"]:
        pair = row["first"], row["second"]
        means = np.array([aucs[name].mean() for name in pair])
        expected = paired_difference(
            classes, np.array([placed[name] for name in pair]), means, 1 / 3
        )
        found = row["difference"]
        assert found["mean"] == pytest.approx(means[0] - means[1])
        assert found["interval"] == pytest.approx(expected["interval"])
        assert found["p"] == pytest.approx(expected["p"])
        assert found["kind"] == PAIR_BY_PATIENT
        assert found["n_folds"] == 6


def test_fused_is_the_mean_of_the_log_odds(compared):
    table = compared.predictions
    a, b, fused = (
        np.log(table[f"score_{name}"] / (100 - table[f"score_{name}"]))
        for name in ("a", "b", "fused")
    )
    assert fused.to_numpy() == pytest.approx(((a + b) / 2).to_numpy(), abs=1e-9)


def test_each_patient_is_tested_once_a_repeat_in_the_same_fold(compared):
    table = compared.predictions
    assert not table.duplicated(["patient_id", "repeat"]).any()
    # Counted from 1, as in the predictions of `evaluate`.
    assert table.groupby("patient_id")["repeat"].agg(list).map([1, 2].__eq__).all()
    assert sorted(set(table["fold"])) == [1, 2, 3]
    assert list(table) == [
        *("patient_id", "outcome", "repeat", "fold", "score_a", "score_b", "score_fused")
    ]


def test_the_scores_correlate_as_scipy_says(compared):
    """Independent route: scipy.stats.spearmanr on the log-odds averaged over repeats."""
    table = compared.predictions
    for name in ("a", "b"):
        table = table.assign(
            **{name: np.log(table[f"score_{name}"] / (100 - table[f"score_{name}"]))}
        )
    mean = table.groupby(["patient_id", "outcome"])[["a", "b"]].mean().reset_index()
    found = compared.summary["score_correlation"]
    expected = scipy_stats.spearmanr(mean["a"], mean["b"])
    assert found["spearman"] == pytest.approx(expected.statistic)
    assert found["p"] == pytest.approx(expected.pvalue)
    assert found["interval"][0] < found["spearman"] < found["interval"][1]
    severe, mild = found["within"]
    inside = mean[mean["outcome"] == "severe"]
    assert (severe["label"], severe["n"]) == ("severe", 11)
    assert severe["spearman"] == pytest.approx(
        scipy_stats.spearmanr(inside["a"], inside["b"]).statistic
    )
    assert mild["n"] == 22


def test_proteins_correlate_as_scipy_and_statsmodels_say(urine, plasma, compared):
    """Golden: scipy.stats.spearmanr and multipletests(method="fdr_bh"), pair by pair."""
    table = compared.correlations.set_index("protein_b")
    assert len(table) == 20
    order = urine.samples["patient_id"].to_numpy()
    other = plasma.samples["patient_id"].to_numpy()
    p = []
    for name, row in table.iterrows():
        a = urine.values[row["protein_a"]].set_axis(order)
        b = plasma.values[name].set_axis(other).reindex(order)
        both = a.notna().to_numpy() & b.notna().to_numpy()
        expected = scipy_stats.spearmanr(a[both], b[both])
        assert row["n"] == both.sum()
        assert row["rho"] == pytest.approx(expected.statistic)
        assert row["lower"] < expected.statistic < row["upper"]
        p.append(expected.pvalue)
    assert table["p"].to_numpy() == pytest.approx(p)
    assert table["q"].to_numpy() == pytest.approx(multipletests(p, method="fdr_bh")[1])
    found = compared.summary["proteins"]
    assert (found["n_common"], found["n_only_a"], found["n_only_b"]) == (20, 4, 4)
    assert found["n_tested"] == 20
    assert found["median_rho"] == pytest.approx(table["rho"].median())
    assert "20 proteins are measured in both, 4 in A alone, 4 in B alone" in found["text"]


def test_a_matrix_against_itself_differs_in_nothing(urine):
    found = compare_fluids(urine, urine, OUTCOME, **ONCE)
    difference = found.summary["comparisons"][0]["difference"]
    assert (difference["mean"], difference["interval"], difference["p"]) == (0.0, [0.0, 0.0], 1.0)
    assert found.summary["score_correlation"]["spearman"] == pytest.approx(1)
    assert found.correlations["rho"].to_numpy() == pytest.approx(1)


def test_the_order_of_the_files_changes_nothing(urine, plasma, compared):
    turned = [matrix.take(matrix.values.index[::-1].to_list()) for matrix in (urine, plasma)]
    again = compare_fluids(*turned, OUTCOME, **DESIGN | {"repeats": 1})
    first = compared.predictions[compared.predictions["repeat"] == 1]
    assert again.predictions.equals(first)
    assert again.summary["proteins"] == compared.summary["proteins"]
    assert again.correlations.equals(compared.correlations)


def test_who_is_not_in_both_is_left_out_and_told(urine, plasma, monkeypatch):
    fits = []
    real = fluids.run_fold

    def spied(cohort, *rest):
        fits.append(set(cohort.patients))
        return real(cohort, *rest)

    monkeypatch.setattr(fluids, "run_fold", spied)
    fewer = urine.take(urine.values.index[3:].to_list())
    less = plasma.take(plasma.values.index[:-1].to_list())
    found = compare_fluids(fewer, less, OUTCOME, **ONCE)
    told = found.summary["patients"]
    assert (told["n_common"], told["n_only_a"], told["n_only_b"]) == (29, 1, 3)
    assert told["text"] == (
        "29 patients have an index sample in both; 1 of A have none in B and are left out: P32; "
        "3 of B have none in A and are left out: P00, P01, P02."
    )
    assert set(found.predictions["patient_id"]) == fits[0] == fits[-1]
    assert not {"P00", "P01", "P02", "P32"} & fits[0]


def test_index_samples_of_other_days_are_a_warning(urine, plasma):
    days = np.where(np.arange(33) < 4, 9, 0)
    later = renamed(plasma, "q", day=days)
    _, _, told = common_cohorts(urine, later, OUTCOME, "first", 5)
    assert told["days_apart"] == {"n": 33, "n_apart": 4, "most": 9.0}
    aucs = {
        "a": {"mean_over_repeats": 0.97, "interval": [0.8, 1.0]},
        "b": {"mean_over_repeats": 0.6, "interval": [0.4, 0.8]},
        "fused": {"mean_over_repeats": 0.9, "interval": [math.nan] * 2, "reason": "2 levels"},
    }
    same = "A and B come from one file: they differ only in how each was asked to be read."
    nobody = {"duplicates": [], "sha256": "ab" * 32}
    assert same in fluids._warnings({"patients": told, "auc": aucs, "a": nobody, "b": nobody})
    nobody = {"duplicates": [], "sha256": ""}
    said = fluids._warnings({"patients": told, "auc": aucs, "a": nobody, "b": nobody})
    assert said[0] == (
        "Only 11 common patients in the smaller class: every figure here is uncertain."
    )
    assert said[1].startswith("In 4 of 33 patients the two index samples are of different days, up")
    # What is said of an AUC that is evaluated alone is said of each of these.
    assert said[2] == "A: AUC 0.97 is above 0.95: look for a leak first."
    assert said[3].startswith("B: On this evidence the score is no better than chance")
    assert said[4:] == ["A and B fused: The AUC has no interval: 2 levels."]


@pytest.mark.parametrize(
    ("day", "reason"),
    [(np.nan, "no patient has a day in both sheets"), (None, "no day in both sheets")],
)
def test_without_days_nothing_is_said_of_them(urine, plasma, day, reason):
    if day is None:
        other = replace(plasma, samples=plasma.samples.drop(columns="day"))
    else:
        other = replace(plasma, samples=plasma.samples.assign(day=day))
    told = common_cohorts(urine, other, OUTCOME, "first", 5)[2]
    assert told["days_apart"] == {"n": 0, "reason": reason}


def test_several_index_samples_of_a_patient_count_once(make_toy):
    matrix = make_toy(patients=33, proteins=12, visits=2, seed=3)
    cohort = build_cohort(matrix, OUTCOME, index="all")
    found = patient_values(cohort, QUICK)
    expected = matrix.values.groupby(matrix.samples["patient_id"]).mean()
    np.testing.assert_allclose(found, expected.to_numpy(), atol=1e-12)
    table = compare_fluids(matrix, renamed(matrix, "p"), OUTCOME, index="all", **ONCE).predictions
    assert len(table) == 33


def test_no_common_patient_is_refused(urine, plasma):
    others = renamed(plasma, "q", patient_id=[f"X{place}" for place in range(33)])
    with pytest.raises(InputError, match="no patient has an index sample in both: A has P00, P01"):
        compare_fluids(urine, others, OUTCOME, **DESIGN)


def test_another_label_in_the_other_sheet_is_refused(urine, plasma):
    labels = plasma.samples["severity"].to_numpy(dtype=object).copy()
    labels[1] = "severe"
    message = "1 patients carry another 'severity' in B than in A: P01; the label is the patient's"
    with pytest.raises(InputError, match=message):
        compare_fluids(urine, renamed(plasma, "q", severity=labels), OUTCOME, **DESIGN)


def test_too_few_common_patients_are_refused(urine, plasma):
    few = plasma.take(plasma.values.index[:12].to_list())
    message = "found 4 positive and 8 negative patients with an index sample in both, expected at"
    with pytest.raises(TooLittleDataError, match=message):
        compare_fluids(urine, few, OUTCOME, **DESIGN)


def test_a_design_that_cannot_be_run_is_refused(urine, plasma):
    with pytest.raises(InputError, match="--folds 1: expected at least 2"):
        compare_fluids(urine, plasma, OUTCOME, folds=1)


def test_predictions_of_other_patients_are_a_bug(urine, plasma, monkeypatch):
    real = fluids.run_fold

    def astray(cohort, test, *rest):
        return real(cohort, test if cohort.matrix.fluid == "urine" else test[1:], *rest)

    monkeypatch.setattr(fluids, "run_fold", astray)
    with pytest.raises(AssertionError, match="do not test the same patients"):
        compare_fluids(urine, plasma, OUTCOME, **ONCE)


@pytest.mark.parametrize(
    ("first", "second", "interval", "start"),
    [
        ("a", "b", [0.1, 0.12], "A separates better than B here; the interval of the"),
        ("a", "b", [-0.1, 0.12], "A does not separate better than B here; the interval"),
        ("a", "b", [-0.1, -0.02], "A separates worse than B here; the interval"),
        ("fused", "a", [0.1, 0.12], "A and B fused separate better than A here;"),
        ("fused", "b", [-0.2, 0.1], "A and B fused do not separate better than B here"),
        ("a", "b", [math.nan] * 2, "Whether A separates better than B cannot be tested here: why."),
    ],
)
def test_the_verdict_in_words(first, second, interval, start):
    tested = {"interval": interval, "p": 0.2, "reason": "why"}
    found = fluids._compared(first, second, np.array([[0.9, np.nan], [0.7, 0.8]]), tested)
    assert found["difference"]["mean"] == pytest.approx(0.2)
    assert found["difference"]["n_folds"] == 1
    assert found["verdict"].startswith(start)


def test_scores_that_cannot_be_correlated_give_a_reason():
    scores = np.arange(12.0)
    classes = np.repeat([0, 1], 6)
    found = score_correlation(scores, np.zeros(12), classes, ("mild", "severe"))
    assert found["reason"] == "a score is the same in all patients"
    assert np.isnan(found["spearman"])
    assert [row["reason"] for row in found["within"]] == ["6 patients, expected at least 10"] * 2


def test_fluids_without_a_common_protein_say_so(urine, plasma):
    others = replace(
        plasma,
        values=plasma.values.add_prefix("x"),
        proteins=plasma.proteins.set_axis("x" + plasma.proteins.index),
    )
    first, second, _ = common_cohorts(urine, others, OUTCOME, "first", 5)
    table, found = protein_correlations(first, second, (QUICK, QUICK))
    assert table.empty
    assert found["reason"] == "no protein of B is clearly one of A, by id, accession or gene"
    assert found["text"].endswith(f"; {found['reason']}.")
    values = urine.values.copy()
    values.iloc[5:] = np.nan
    gaps = replace(urine, values=values)
    pair = common_cohorts(urine, gaps, OUTCOME, "first", 5)[:2]
    table, found = protein_correlations(*pair, (QUICK, QUICK))
    assert table["rho"].isna().all()
    assert found["reason"] == "no common protein varies in at least 10 patients of both"


def test_the_files_hold_what_was_found(compared, tmp_path):
    compared.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("comparison.json", "correlations.tsv", "predictions.tsv")
    ]
    told = json.loads((tmp_path / "comparison.json").read_text())
    assert told["auc"]["a"]["per_repeat"] == compared.summary["auc"]["a"]["per_repeat"]
    assert (told["a"]["fluid"], told["b"]["fluid"]) == ("urine", "plasma")
    back = pd.read_csv(tmp_path / "correlations.tsv", sep="\t")
    assert back["rho"].to_numpy() == pytest.approx(compared.correlations["rho"].to_numpy())


def test_two_simulated_fluids_of_the_same_patients():
    """Two draws of the simulator: raw intensities, gaps, normalised by each one's own reference."""
    first, second = (
        simulate_cohort(24, 8, proteins=60, visits=1, seed=seed, replicates=0).matrix
        for seed in (1, 2)
    )
    order = [
        matrix.samples.sort_values(["severity", "patient_id"])["patient_id"]
        for matrix in (first, second)
    ]
    # The second draw's severe patients take the names of the first one's.
    names = dict(zip(order[1], order[0], strict=True))
    second = renamed(second, "q", patient_id=second.samples["patient_id"].map(names))
    found = compare_fluids(
        first, second, OUTCOME, folds=2, repeats=1, settings=Settings(bags=1, rounds=3, size=5)
    ).summary
    assert found["a"]["settings"]["normalise"] == "pqn"
    assert found["patients"]["n_common"] == found["proteins"]["n_only_a"] + 24 == 24
    assert found["proteins"]["n_common"] == 60
    # Half of the values are gaps: few proteins are there in ten patients of both.
    assert 10 < found["proteins"]["n_tested"] < 30
    # Nothing but the outcome is common to two draws.
    assert abs(found["proteins"]["median_rho"]) < 0.2
    assert found["warnings"][1].startswith("In ")


@pytest.mark.realdata
def test_two_halves_of_a_real_panel_are_two_platforms(data_folder):
    """Breda, admission: every other assay each. No real cohort with two fluids is at hand."""
    stem = data_folder / "ciim_olink" / "tidy" / "breda"
    matrix = read_matrix(
        f"{stem}_matrix.tsv", f"{stem}_samples.tsv", proteins=f"{stem}_proteins.tsv", kind="npx"
    )
    halves = [
        replace(matrix, values=matrix.values[names], proteins=matrix.proteins.loc[names])
        for names in (matrix.values.columns[::2], matrix.values.columns[1::2])
    ]
    found = compare_fluids(
        *halves, Outcome("severity", "ICU", "non-ICU"), settings=QUICK, folds=3, repeats=1,
        index="visit=T1",
    ).summary  # fmt: skip
    assert found["proteins"]["n_common"] == 0
    assert found["proteins"]["reason"].startswith("no protein of B is clearly one of A")
    assert found["patients"]["n_only_a"] == found["patients"]["n_only_b"] == 0
    assert min(found["auc"][name]["mean_over_repeats"] for name in ("a", "b", "fused")) > 0.7
    # Both halves are of the same blood: the scores go together, within each class too.
    assert found["score_correlation"]["spearman"] > 0.4
    assert all(row["spearman"] > 0.2 for row in found["score_correlation"]["within"])
