"""What the patients say of a panel: half-samples, folds, rivals, substitutes."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from proteoclass.errors import InputError
from proteoclass.folds import spawn, unit_seed
from proteoclass.io import json_text
from proteoclass.matrix.outcome import Outcome
from proteoclass.panel.evidence.description import HELD
from proteoclass.panel.evidence.error_bound import error_bound
from proteoclass.panel.panel import Panel
from proteoclass.scorer import Settings, derive_panel, describe_panel, evaluate, panel_description
from proteoclass.scorer.chosen_panel import MIN_PER_CLASS, N_PAIRS, NESTED_PAIRS
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.comparators import fold_auc
from proteoclass.scorer.derive import fit_selection
from proteoclass.scorer.panel_description import choose_on_fold
from proteoclass.scorer.single_protein import SINGLE, strongest_protein
from proteoclass.scorer.splits import outer_folds

QUICK = Settings(size=6, bags=2, rounds=5)
OUTCOME = Outcome("severity", "severe")


def describe(matrix, settings=QUICK, **options):
    return describe_panel(matrix, OUTCOME, settings=settings, folds=3, repeats=1, **options)


@pytest.fixture(scope="module")
def described(toy):
    return describe(toy, seed=1)


def test_it_describes_the_panel_that_derive_panel_chooses(toy, described):
    derived = derive_panel(toy, OUTCOME, settings=QUICK, seed=1)
    assert [each["id"] for each in described["proteins"]] == derived.ids
    directions = [each.direction for each in derived.proteins]
    assert [each["direction"] for each in described["proteins"]] == directions
    assert json.loads(json.dumps(described, allow_nan=False)) == described


def test_a_panel_derived_from_these_patients_is_chosen_again_not_held(toy, described):
    derived = derive_panel(toy, OUTCOME, settings=QUICK, seed=1)
    again = describe(toy, panel=derived, seed=1)
    assert again["choice"]["held"] is False
    assert again["stability"] == described["stability"]


def test_half_samples_run_the_whole_selection_on_half_of_the_patients(toy, described):
    # By another route: the first pair of halves drawn here, one selection each.
    cohort = build_cohort(toy, OUTCOME)
    resolved = QUICK.resolve(cohort.matrix)
    names, classes = cohort.training_patients
    rng = spawn(unit_seed(1))
    picks = np.zeros(cohort.matrix.n_proteins)
    for _ in range(N_PAIRS):
        halves = ([], [])
        for label in (0, 1):
            mixed = rng.permutation(np.flatnonzero(classes == label))
            half = len(mixed) // 2
            halves[0].extend(mixed[:half])
            halves[1].extend(mixed[half : 2 * half])
        for members in halves:
            rows = cohort.rows_of(names[np.sort(members)])
            rows = rows[cohort.weights[rows] > 0]
            fitted = fit_selection(cohort, rows, resolved, unit_seed(1))
            kept = np.flatnonzero(fitted["detected"].get_support())
            picks[kept[fitted["choose"].get_support()]] += 1
    frequency = pd.Series(picks / (2 * N_PAIRS), index=cohort.values.columns)
    for each in described["proteins"]:
        assert each["frequency"]["half_samples"] == pytest.approx(frequency[each["id"]])
    assert described["stability"]["half_samples"]["n_sets"] == 2 * N_PAIRS
    assert described["stability"]["mean_size"] == pytest.approx(QUICK.size)


def test_frequencies_over_folds_count_the_panels_of_the_folds(toy, described):
    cohort = build_cohort(toy, OUTCOME)
    resolved = QUICK.resolve(cohort.matrix)
    panels = [
        choose_on_fold(cohort, test, resolved, (1, 0, fold), ()).panel
        for fold, test in enumerate(outer_folds(cohort, 3, spawn(1, 0)))
    ]
    for each in described["proteins"]:
        share = np.mean([each["id"] in panel for panel in panels])
        assert each["frequency"]["folds"] == pytest.approx(share)


def test_planted_proteins_are_chosen_by_more_half_samples_than_noise(make_toy):
    # 40 patients; the first six proteins carry the signal.
    known = describe(make_toy(signal=2.0))["proteins"]
    share = {each["id"]: each["frequency"]["half_samples"] for each in known}
    assert min(share[f"Q{i:03d}"] for i in range(6)) > 0.7


def test_the_best_single_protein_is_judged_on_patients_it_was_not_chosen_on(toy):
    # Independent route: scikit-learn's AUC of the raw column on the test patients.
    cohort = build_cohort(toy, OUTCOME)
    settings = replace(QUICK, normalise="none", impute="none").resolve(cohort.matrix)
    test = outer_folds(cohort, 3, spawn(1, 0))[0]
    fold = choose_on_fold(cohort, test, settings, (1, 0, 0), ())
    rows = cohort.rows_of(test)
    rows = rows[cohort.weights[rows] > 0]
    train = np.setdiff1d(cohort.index_rows(), rows)
    column = cohort.values[fold.single]
    by_class = [column.iloc[train][cohort.labels[train] == label].mean() for label in (0, 1)]
    filled = column.fillna(column.iloc[train].median()).iloc[rows]
    expected = roc_auc_score(cohort.labels[rows], np.sign(by_class[1] - by_class[0]) * filled)
    assert fold_auc(cohort, fold.rows, fold.rival_margins[SINGLE]) == pytest.approx(expected)


def test_the_best_single_protein_is_the_strongest_candidate_and_not_the_panels(make_toy):
    # The panel is six proteins of noise that a laboratory asks for. Independent route:
    # SciPy's t on the training columns, no gap filled; Q002 is far ahead by any t.
    toy = make_toy(visits=1)
    ahead = toy.values["Q002"] + 3.0 * (toy.samples["severity"] == "severe")
    toy = replace(toy, values=toy.values.assign(Q002=ahead))
    wanted = tuple(f"Q{i:03d}" for i in range(30, 36))
    settings = replace(QUICK, must_have=wanted, normalise="none", impute="none")
    cohort = build_cohort(toy, OUTCOME)
    test = outer_folds(cohort, 3, spawn(1, 0))[0]
    train = np.setdiff1d(cohort.index_rows(), cohort.rows_of(test))
    classes = [cohort.values.iloc[train][cohort.labels[train] == label] for label in (1, 0)]
    t = pd.Series(stats.ttest_ind(*classes, nan_policy="omit").statistic, toy.values.columns)
    fold = choose_on_fold(cohort, test, settings.resolve(cohort.matrix), (1, 0, 0), ())
    assert fold.panel == sorted(wanted)
    assert fold.single == t.abs().idxmax() == "Q002"
    alone = fold_auc(cohort, fold.rows, fold.rival_margins[SINGLE])
    assert alone > fold_auc(cohort, fold.rows, fold.margin)


def test_an_excluded_protein_is_no_rival(toy, described):
    best = described["best_single_protein"]["chosen"][0]["id"]
    without = describe(toy, replace(QUICK, exclude=(best,)), seed=1)["best_single_protein"]
    assert best not in {each["id"] for each in without["chosen"]}


@pytest.mark.parametrize("impute", ["none", "low"])
def test_an_evaluation_says_the_same_of_the_same_folds(make_toy, impute, monkeypatch):
    # Two ways through the folds, one with calibration and one without.
    monkeypatch.setattr("proteoclass.scorer.chosen_panel.N_PAIRS", 4)
    toy = make_toy(patients=30, proteins=30, visits=1)
    options = {"settings": replace(QUICK, impute=impute), "folds": 3, "repeats": 1, "seed": 4}
    asked = {"sizes": (1, 6), "swaps": True}
    known = describe_panel(toy, OUTCOME, **options, **asked)
    panel = evaluate(toy, OUTCOME, permutations=0, **options, **asked).summary["panel"]
    for key in (
        *("best_single_protein", "size_curve", "smallest_within_one_se", "size_curve_text"),
        *("swaps", "stability", "proteins"),
    ):
        assert json_text({key: known[key]}) == json_text({key: panel[key]})


def test_of_two_equal_proteins_the_first_by_id_is_the_strongest():
    rng = np.random.default_rng(3)
    labels = np.repeat([0.0, 1.0], 8)
    values = rng.normal(size=(16, 3)) + labels[:, None] * [[0.0, 3.0, 0.0]]
    values = np.column_stack([values, values[:, 1]])
    names = pd.Index(["D", "C", "A", "B"])
    found = strongest_protein(values, labels, np.ones(16), names, np.arange(4))
    assert names[found.position] == "B"
    assert strongest_protein(values, labels, np.ones(16), names, np.array([0, 1])).position == 1
    assert (found.sign, found.median) == (1.0, pytest.approx(np.median(values[:, 1])))


def test_what_the_best_single_protein_comes_to(described):
    single = described["best_single_protein"]
    assert single["n_folds"] == 3
    assert sum(each["frequency"] for each in single["chosen"]) == pytest.approx(1)
    low, high = single["difference"]["interval"]
    assert low <= single["difference"]["mean"] <= high
    assert "interval of the difference" in single["verdict"]


def test_a_copy_of_a_panel_protein_is_named_as_its_substitute(make_toy):
    toy = make_toy(signal=2.0)
    values = toy.values.copy()
    rng = np.random.default_rng(5)
    values["Q050"] = values["Q000"] + rng.normal(0, 0.05, len(values))
    known = describe(replace(toy, values=values), replace(QUICK, size=5))
    panel = {each["id"]: each for each in known["proteins"]}
    inside, outside = ("Q000", "Q050") if "Q000" in panel else ("Q050", "Q000")
    if outside in panel:
        pytest.fail("both copies are in the panel: the test shows nothing")
    [named] = panel[inside]["substitutes"]["named"][:1]
    assert named["id"] == outside
    assert named["r"] > 0.98
    assert named["rank"] > 5
    assert named["auc"] > 0.7


def test_a_rank_is_among_the_candidates_of_all_patients(make_toy):
    # Q050 is missing in half of all patients and a little more: some training folds and
    # half-samples have it as a candidate, all patients together do not.
    toy = make_toy(signal=2.0, visits=1)
    values = toy.values.copy()
    severe = (toy.samples["severity"] == "severe").to_numpy()
    values["Q050"] = 20 + 3.0 * severe + np.arange(len(values)) / 100
    values.loc[np.arange(len(values)) % 2 == 0, "Q050"] = np.nan
    values.loc[values.index[1], "Q050"] = np.nan
    known = describe(replace(toy, values=values), replace(QUICK, impute="none"))
    stability = known["stability"]["half_samples"]
    assert stability["n_proteins"] == known["n_candidates"] + 1
    assert f"among {known['n_candidates']} candidates" in known["kinds"]["substitutes"]


def test_a_given_panel_is_described_without_half_samples(toy):
    given = Panel(
        name="given", title="Given", status="reference", proteins=[{"id": "Q001"}, {"id": "Q040"}]
    )
    known = describe(toy, panel=given)
    assert known["choice"]["held"] is True
    assert [each["id"] for each in known["proteins"]] == ["Q001", "Q040"]
    assert known["stability"]["reason"] == HELD
    single = known["best_single_protein"]
    assert single["n_folds"] == 3
    assert {each["id"] for each in single["chosen"]} <= {"Q001", "Q040"}
    assert "given panel" in single["chosen_by"]


def test_a_class_too_small_for_folds_and_halves_is_told_so(make_toy):
    known = describe(make_toy(patients=12, proteins=20))  # 4 severe patients
    assert "the smaller class has 4 patients" in known["stability"]["text"]
    assert f"at least {MIN_PER_CLASS}" in known["stability"]["text"]
    assert known["no_folds"].startswith("No folds: 3 need at least 5 patients of each class")
    assert known["best_single_protein"] is None
    assert "size_curve" not in describe(make_toy(patients=12, proteins=20), sizes=(1, 2))
    assert known["proteins"][0]["frequency"] == {"half_samples": None, "folds": None}


@pytest.mark.parametrize(("folds", "repeats"), [(1, 1), (3, 0)])
def test_folds_that_cannot_be_run_are_refused(toy, folds, repeats):
    with pytest.raises(InputError, match=r"--(folds 1|repeats 0): expected at least"):
        describe_panel(toy, OUTCOME, settings=QUICK, folds=folds, repeats=repeats)


def test_half_samples_that_cannot_be_normalised_give_the_reason(toy, monkeypatch):
    from proteoclass.errors import TooLittleDataError
    from proteoclass.scorer import chosen_panel

    def refuse(*_):
        raise TooLittleDataError("no protein is detected")

    monkeypatch.setattr(chosen_panel, "fit_selection", refuse)
    known = describe(toy)
    assert known["stability"]["half_samples"] is None
    assert "a half-sample was too small (no protein is detected)" in known["stability"]["text"]


@pytest.fixture(scope="module")
def thresholded(make_toy):
    """A panel cut at a threshold, and its description read back from the panel's file."""
    toy = make_toy(patients=40, signal=3.0, visits=1, proteins=15)
    settings = replace(QUICK, select="stability", threshold=0.8)
    derived = derive_panel(toy, OUTCOME, settings=settings)
    return derived, describe(toy, QUICK, panel=Panel.from_toml(derived.to_toml()))


def test_a_thresholded_panel_carries_its_bound(thresholded):
    _, known = thresholded
    frequencies = [each["frequency"]["half_samples"] for each in known["proteins"]]
    assert min(frequencies) >= 0.8
    bound = known["error_bound"]["bound"]
    again = error_bound(0.8, bound["mean_selected"], known["n_candidates"], 25)
    assert bound["unimodal"] == pytest.approx(again.unimodal)
    assert bound["mean_selected"] > len(known["proteins"]) * 0.8
    assert known["stability"]["half_samples"]["n_sets"] == 2 * NESTED_PAIRS


def test_a_derived_thresholded_panel_is_chosen_again_at_its_threshold(thresholded):
    derived, known = thresholded
    assert derived.derivation.settings["threshold"] == 0.8
    assert known["choice"]["threshold"] == 0.8
    assert [each["id"] for each in known["proteins"]] == derived.ids


def test_noise_without_a_protein_over_the_threshold_counts_as_chance(make_toy):
    toy = make_toy(signal=0.0, proteins=40, visits=1)
    cohort = build_cohort(toy, OUTCOME)
    settings = replace(QUICK, select="stability", threshold=1.0).resolve(cohort.matrix)
    test = outer_folds(cohort, 3, spawn(1, 0))[0]
    fold = choose_on_fold(cohort, test, settings, (1, 0, 0), ())
    assert (fold.panel, fold_auc(cohort, fold.rows, fold.margin)) == ([], 0.5)
    # The rival needs no panel.
    assert fold.single in toy.values.columns


def test_sizes_and_swaps_where_no_fold_has_a_panel(make_toy, monkeypatch):
    # The threshold is reached by all patients together, and by no fold.
    def refuse(*_):
        return np.array([], dtype=np.intp)

    monkeypatch.setattr(panel_description, "_chosen", refuse)
    toy = make_toy(patients=40, signal=3.0, visits=1, proteins=15)
    settings = replace(QUICK, select="stability", threshold=0.8)
    known = describe(toy, settings, sizes=(1, 4), swaps=True)
    assert "cut at a threshold, whatever its size" in known["size_curve_text"]
    assert "is the procedure's panel in" not in known["size_curve_text"]
    assert known["swaps"]["text"].endswith("not reportable: no fold has a panel.")
    assert known["best_single_protein"]["n_empty"] == 3
    assert known["best_single_protein"]["auc"]["mean_over_folds"] > 0.6


def test_settings_refuse_a_threshold_without_frequencies():
    with pytest.raises(InputError, match="needs frequencies over half-samples, found method"):
        Settings(threshold=0.75)


def test_order_of_the_file_changes_nothing(toy, described):
    rng = np.random.default_rng(2)
    rows, columns = rng.permutation(toy.values.index), rng.permutation(toy.values.columns)
    mixed = replace(
        toy,
        values=toy.values.loc[rows, columns],
        samples=toy.samples.loc[rows],
        proteins=toy.proteins.loc[columns],
    )
    by_id = {each["id"]: each for each in describe(mixed, seed=1)["proteins"]}
    for each in described["proteins"]:
        again = by_id[each["id"]]
        assert again["frequency"] == each["frequency"]
        assert again["effect"]["value"] == pytest.approx(each["effect"]["value"])
        named = [[s["id"] for s in one["substitutes"]["named"]] for one in (each, again)]
        assert named[0] == named[1]


def test_progress_is_told_of_folds_and_half_samples(make_toy):
    told = []
    describe(
        make_toy(patients=24, proteins=15, visits=1),
        progress=lambda label, done, total: told.append((label, done, total)),
    )
    assert told[2] == ("folds", 3, 3)
    assert told[-1] == ("half-samples", 2 * N_PAIRS, 2 * N_PAIRS)


def test_evaluation_says_the_same_of_the_final_panel(toy, evaluated):
    panel = evaluated.summary["panel"]
    assert {"proteins", "kinds", "stability", "error_bound", "caution"} <= set(panel)
    frequencies = {each["id"]: each["frequency"] for each in panel["frequencies"]}
    for each in panel["proteins"]:
        assert each["frequency"]["folds"] == pytest.approx(frequencies.get(each["id"], 0.0))
    assert panel["stability"]["folds"]["n_sets"] == panel["n_fits"]
    assert json.loads(json.dumps(panel["proteins"], allow_nan=False)) == panel["proteins"]


def test_an_evaluation_of_a_given_panel_reports_no_stability(toy):
    given = Panel(name="g", title="G", status="reference", proteins=[{"id": "Q001"}])
    result = evaluate(toy, OUTCOME, settings=QUICK, panel=given, folds=3, repeats=1, permutations=0)
    assert result.summary["panel"]["stability"]["reason"] == HELD
    assert [each["id"] for each in result.summary["panel"]["proteins"]] == ["Q001"]


@pytest.mark.realdata
def test_public_plasma_cohort(data_folder):
    """Overmyer: tenascin C, known from other cohorts, is found by most half-samples."""
    from proteoclass.matrix import read_matrix

    folder = data_folder / "overmyer_plasma_maxquant" / "tidy"
    matrix = read_matrix(
        folder / "overmyer_matrix.tsv", folder / "overmyer_samples.tsv", fluid="plasma"
    )
    known = describe_panel(
        matrix,
        Outcome("severity", "severe", "non-severe"),
        settings=Settings(bags=2, rounds=10),
        folds=2,
        repeats=1,
    )
    tenascin = next(each for each in known["proteins"] if "P24821" in each["accessions"])
    assert tenascin["direction"] == "up"
    assert tenascin["frequency"]["half_samples"] > 0.7
    assert 0.1 < known["stability"]["half_samples"]["value"] < 0.6


def test_an_evaluation_may_leave_the_description_out_and_nothing_else_changes(toy, monkeypatch):
    monkeypatch.setattr("proteoclass.scorer.chosen_panel.N_PAIRS", 4)
    options = {"settings": QUICK, "folds": 2, "repeats": 1, "permutations": 0}
    whole = evaluate(toy, OUTCOME, **options).summary
    bare = evaluate(toy, OUTCOME, **options, describe=False).summary
    left_out = set(whole["panel"]) - set(bare["panel"])
    assert {"stability", "proteins", "error_bound"} <= left_out
    for name in left_out:
        del whole["panel"][name]
    # As text, because a figure that is not there is no number, and not equal to itself.
    assert json_text(whole) == json_text(bare)
