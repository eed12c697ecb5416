"""How many panel proteins may be missing, learnt on held-out patients."""

from dataclasses import replace

import numpy as np
import pytest

from proteoclass.folds import spawn
from proteoclass.matrix import Outcome
from proteoclass.scorer import Settings, load_model, train
from proteoclass.scorer.calibration import Platt
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.held_out_fits import held_out_fits
from proteoclass.scorer.held_out_limits import held_out_range, learn_limits
from proteoclass.scorer.missing_proteins import (
    ERROR_BOUND,
    error_table,
    error_words,
    most_allowed,
    score_changes,
)
from proteoclass.scorer.model_schema import MissingErrorPart
from proteoclass.stats import expit

OUTCOME = Outcome("severity", "severe")
QUICK = Settings(size=8, bags=2, rounds=5, tune="none")
CALIBRATOR = Platt(0.9, -0.1)


@pytest.fixture(scope="module")
def cohort(make_toy):
    return build_cohort(make_toy(patients=30, proteins=30, visits=1), OUTCOME)


@pytest.fixture(scope="module")
def settings(cohort):
    return QUICK.resolve(cohort.matrix)


@pytest.fixture(scope="module")
def fits(cohort, settings):
    return list(held_out_fits(cohort, settings, seed=0, n_folds=3))


@pytest.fixture(scope="module")
def seen(cohort, settings):
    return learn_limits(cohort, settings, 0, (), CALIBRATOR, 8)


def test_a_change_is_that_of_the_score_with_medians_in_the_place_of_proteins(cohort, fits):
    """By scoring each sample and set alone, the sets drawn again by their definition."""
    fitted, rows = fits[0]
    values = cohort.values.iloc[rows]
    found = score_changes(fitted, values, CALIBRATOR, 8, spawn(1))
    filled = fitted.panel_values(values)
    place = spawn(1).permuted(np.tile(np.arange(8), (found.shape[0] * len(rows), 1)), axis=1)
    assert found.shape == (20, len(rows), 4)
    for case in (0, 17, found.shape[0] * len(rows) - 1):
        draw, sample = divmod(case, len(rows))
        for k in range(1, 5):
            one = filled[[sample]].copy()
            lost = np.flatnonzero(place[case] < k)
            assert len(lost) == k
            one[0, lost] = fitted.blend.median[lost]
            pair = np.concatenate([filled[[sample]], one])
            before, after = 100 * expit(0.9 * fitted.blend.margin(pair) - 0.1)
            assert found[draw, sample, k - 1] == pytest.approx(abs(after - before), abs=1e-4)


def test_a_fold_of_another_panel_size_loses_the_same_share(cohort, fits):
    fitted, rows = fits[0]
    values = cohort.values.iloc[rows]
    own = score_changes(fitted, values, CALIBRATOR, 8, spawn(2))
    half = score_changes(fitted, values, CALIBRATOR, 4, spawn(2))
    # Of four, one and two are a quarter and a half: two and four of eight.
    np.testing.assert_array_equal(half, own[:, :, [1, 3]])
    assert score_changes(fitted, values, CALIBRATOR, 1, spawn(2)).shape[2] == 0


def test_points_of_the_table_by_counting():
    """By sorting the cases and adding up weights one after another."""
    rng = np.random.default_rng(0)
    changes = [rng.exponential(size=(20, 27, 3)), rng.exponential(size=(10, 31, 3))]
    weights = [rng.uniform(0.3, 1.0, size=27), rng.uniform(0.3, 1.0, size=31)]
    table = error_table(changes, weights)
    for k in range(3):
        cases = []
        for change, weight in zip(changes, weights, strict=True):
            for draw in change:
                pairs = zip(draw[:, k], weight / len(change), strict=True)
                cases += [(float(value), float(share)) for value, share in pairs]
        cases.sort()
        total = sum(share for _, share in cases)
        patients = weights[0].sum() + weights[1].sum()
        for name, wanted in (("median", 0.5), ("high", 0.95 * (1 + 1 / patients))):
            reached = np.cumsum([share for _, share in cases])
            place = int(np.flatnonzero(reached >= wanted * total)[0])
            assert table[k][name] == cases[place][0]
        assert table[k]["n"] == 850


def test_of_few_patients_the_largest_change_counts():
    cases = np.random.default_rng(1).exponential(size=(20, 18, 2))
    table = error_table([cases], [np.ones(18)])
    assert [row["high"] for row in table] == cases.max(axis=(0, 1)).tolist()
    cases = np.concatenate([cases, cases[:, :2]], axis=1)
    assert error_table([cases], [np.ones(20)])[0]["high"] < cases[:, :, 0].max()


def test_none_beyond_the_first_that_breaks_the_bound():
    rows = [{"n_missing": k, "high": high} for k, high in ((1, 9.9), (2, 10.0), (3, 10.1), (4, 5))]
    assert most_allowed(rows) == 2
    assert most_allowed(rows, bound=9.0) == 0
    assert most_allowed([]) == 0
    assert most_allowed(rows, bound=100.0) == 4


def test_a_model_says_what_its_number_rests_on(make_toy, tmp_path):
    # Without a signal scores lie close together and move little.
    toy = make_toy(patients=40, proteins=30, visits=1, signal=0.0)
    model = train(toy, OUTCOME, settings=replace(QUICK, size=16), folds=3, repeats=1)
    missing = model.content.missing
    table = missing.error.table
    assert [row.n_missing for row in table] == list(range(1, 9))
    assert missing.error.bound == ERROR_BOUND
    assert (missing.error.n_patients, missing.error.n_folds) == (40, 5)
    assert missing.max_not_measured == most_allowed([row.model_dump() for row in table])
    assert all(row.median <= row.high for row in table)
    allowed = missing.max_not_measured
    assert 1 <= allowed < 8, "the bound must cut the table"
    loaded = load_model(model.save(tmp_path / "m.json"))
    assert loaded.content.missing == missing
    for n, status in ((allowed, "final"), (allowed + 1, "not reportable")):
        kept = toy.values.columns.difference([p.id for p in model.content.panel[:n]])
        less = replace(toy, values=toy.values[kept], proteins=toy.proteins.loc[kept])
        scored = loaded.score(less)
        assert (scored["status"] == status).all()
        said = f"moved by at most {table[n - 1].high:.1f} points in 95% of cases"
        assert scored["reason"].str.contains(said).all() == (status == "final")


def test_words_are_there_only_where_something_is_known():
    row = {"n_missing": 1, "median": 1.0, "high": 4.26, "n": 40}
    part = MissingErrorPart(bound=10, share=0.95, n_patients=20, n_folds=5, table=[row])
    assert error_words(part, 1) == (
        "1 panel protein is not measured: without as many, scores of held-out study patients "
        "moved by at most 4.3 points in 95% of cases"
    )
    assert error_words(part, 0) == error_words(part, 2) == error_words(None, 1) == ""


def test_what_is_learnt_does_not_depend_on_the_order_of_the_file(cohort, settings, seen):
    rng = np.random.default_rng(3)
    order = cohort.values.index[rng.permutation(len(cohort.values))]
    columns = cohort.values.columns[rng.permutation(cohort.values.shape[1])]
    values = cohort.matrix.values.loc[order, columns]
    moved = replace(
        cohort.matrix,
        values=values,
        samples=cohort.matrix.samples.loc[order],
        proteins=cohort.matrix.proteins.loc[columns],
    )
    other = learn_limits(build_cohort(moved, OUTCOME), settings, 0, (), CALIBRATOR, 8)
    assert other.missing_part(30) == seen.missing_part(30)
    np.testing.assert_array_equal(other.distances, seen.distances)


def test_poisoned_held_out_patients_change_nothing_learnt_on_the_others(cohort, settings, fits):
    """At 1e9 they are far off themselves; range, fit and limits of their fold stay as they were."""
    fitted, rows = fits[1]
    values = cohort.values.copy()
    values.iloc[rows] = 1e9
    poisoned = replace(cohort, matrix=replace(cohort.matrix, values=values))
    again, same_rows = list(held_out_fits(poisoned, settings, seed=0, n_folds=3))[1]
    np.testing.assert_array_equal(same_rows, rows)
    assert again.panel == fitted.panel
    others = cohort.rows_of(cohort.patients[fits[0][1]])
    for one, two in zip(
        held_out_range(fitted, cohort, others), held_out_range(again, poisoned, others), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    clean = cohort.values.iloc[others]
    np.testing.assert_array_equal(
        score_changes(fitted, clean, CALIBRATOR, 8, spawn(5)),
        score_changes(again, clean, CALIBRATOR, 8, spawn(5)),
    )


def test_there_are_no_more_folds_than_patients_of_a_class(make_toy):
    """Three severe patients: three folds, not five."""
    small = build_cohort(make_toy(patients=9, proteins=12, visits=1), OUTCOME)
    quick = replace(QUICK, size=4).resolve(small.matrix)
    found = learn_limits(small, quick, 0, (), CALIBRATOR, 4)
    assert len(found.changes) == 3
    assert len(found.distances) == 9
