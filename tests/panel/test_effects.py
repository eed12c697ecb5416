import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats as scipy_stats
from sklearn.metrics import roc_auc_score

from proteoclass import stats
from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.panel.evidence import effects
from proteoclass.panel.evidence.effects import (
    CHOSEN_FOR_BEING_LARGE,
    protein_aucs,
    protein_effects,
)

# Printed by tests/panel/golden_limma_intervals.R under limma 3.54.1.
LIMMA_95 = {
    "effect": [0.370781171317, 0.840245347024, 0.0460856345653, 1.14044080272, 0.920020456098,
               0.359952239296, 0.350897903232, 0.893158853375],
    "lower": [-0.419060059337, -0.471073643922, -1.20991334603, -0.644255641264, -0.616940488692,
              -0.685511063257, -0.971845635731, -0.366690796667],
    "upper": [1.16062240197, 2.15156433797, 1.30208461516, 2.9251372467, 2.45698140089,
              1.40541554185, 1.67364144219, 2.15300850342],
}  # fmt: skip
LIMMA_80 = {
    "lower": [-0.121641302615, 0.0169511489788, -0.742476630313, 0.038785233666,
              -0.0449400433719, -0.29642799862, -0.479569045428, 0.104730906173],
    "upper": [0.863203645249, 1.66353954507, 0.834647899443, 2.24209637177, 1.88498095557,
              1.01633247721, 1.18136485189, 1.68158680058],
}  # fmt: skip


@pytest.fixture
def gappy():
    i, j = np.arange(1, 13)[:, None], np.arange(1, 9)[None]
    values = np.sin(i * j) + np.cos(i + 2 * j) + 0.4 * (i > 6) * (j % 3)
    for row, column in ((1, 0), (8, 0), (2, 3), (3, 3), (4, 3), (5, 3), (11, 7)):
        values[row, column] = np.nan
    names = [f"P{column}" for column in range(8)]
    return pd.DataFrame(values, columns=names), (np.arange(12) > 5).astype(float)


@pytest.mark.parametrize(("level", "golden"), [(0.95, LIMMA_95), (0.8, LIMMA_80)])
def test_intervals_equal_limma_with_missing_values(gappy, level, golden):
    table = protein_effects(*gappy, level=level)
    for name, expected in golden.items():
        np.testing.assert_allclose(table[name], expected, rtol=1e-10)


def test_interval_of_one_protein_is_students():
    # One protein has nobody to borrow variance from: scipy's t-test is the other route.
    values = pd.DataFrame({"P": [1.0, 1.5, 0.7, 2.0, 2.6, 1.9, 1.0]})
    labels = np.array([0, 0, 0, 1, 1, 1, 1])
    table = protein_effects(values, labels)
    test = scipy_stats.ttest_ind(values["P"][labels == 1], values["P"][labels == 0])
    interval = test.confidence_interval(0.95)
    found = table.loc["P", ["lower", "upper"]].astype(float)
    assert found.tolist() == pytest.approx([interval.low, interval.high])


def test_a_table_like_the_columns(gappy):
    values, labels = gappy
    table = protein_effects(values, labels)
    assert table.index.equals(values.columns)
    assert list(table.columns) == [
        "effect", "lower", "upper", "direction", "missing", "missing_positive",
        "missing_negative", "auc",
    ]  # fmt: skip
    assert table.loc["P3", ["missing", "missing_positive", "missing_negative"]].tolist() == (
        pytest.approx([4 / 12, 0, 4 / 6])
    )
    assert table.loc["P7", "missing_positive"] == pytest.approx(1 / 6)
    assert (table["direction"] == "up").all()
    assert (protein_effects(-values, labels)["direction"] == "down").all()


def test_auc_equals_sklearn_where_values_are_seen(gappy):
    values, labels = gappy
    table = protein_effects(values, labels)
    for name, column in values.items():
        seen = column.notna()
        assert table.loc[name, "auc"] == pytest.approx(roc_auc_score(labels[seen], column[seen]))


@given(
    hnp.arrays(float, (9, 6), elements=st.sampled_from([0.0, 1.0, 1.5, -2.0, np.nan])),
    hnp.arrays(float, 9, elements=st.sampled_from([0.0, 1.0])),
    hnp.arrays(float, 9, elements=st.sampled_from([0.25, 1 / 3, 0.5, 1.0])),
)
def test_auc_of_all_at_once_equals_one_at_a_time(values, labels, weights):
    together = protein_aucs(values, labels, weights)
    for column, found in enumerate(together):
        seen = ~np.isnan(values[:, column])
        alone = stats.auc(labels[seen], values[seen, column], weights[seen])
        assert found == pytest.approx(alone, abs=1e-12, nan_ok=True)


def test_auc_does_not_depend_on_what_is_computed_beside_it(monkeypatch):
    rng = np.random.default_rng(0)
    values, labels = rng.normal(size=(20, 25)).round(1), np.repeat([0.0, 1.0], 10)
    whole = protein_aucs(values, labels, np.ones(20))
    monkeypatch.setattr(effects, "CHUNK", 7)
    np.testing.assert_array_equal(protein_aucs(values, labels, np.ones(20)), whole)


def test_a_marker_that_falls_is_as_good_as_one_that_rises(gappy):
    values, labels = gappy
    rising, falling = protein_effects(values, labels), protein_effects(-values, labels)
    np.testing.assert_allclose(rising["auc"], falling["auc"])
    np.testing.assert_allclose(rising["lower"], -falling["upper"])


def test_auc_is_below_half_where_ranks_contradict_the_means():
    values = pd.DataFrame({"P": [1.0, 1.1, 1.2, 0.0, 0.1, 9.0]})
    table = protein_effects(values, [0, 0, 0, 1, 1, 1])
    assert table.loc["P", "direction"] == "up"
    assert table.loc["P", "auc"] == pytest.approx(1 / 3)


def test_a_patient_with_three_equal_samples_is_one_patient(gappy):
    values, labels = gappy
    once = protein_effects(values, labels)
    rows = np.r_[np.arange(12), 4, 4]
    weights = np.where(rows == 4, 1 / 3, 1.0)
    pd.testing.assert_frame_equal(protein_effects(values.iloc[rows], labels[rows], weights), once)


def test_samples_of_no_weight_play_no_part(gappy):
    values, labels = gappy
    wild = pd.concat([values, values.iloc[:2] * 1e6])
    weights = np.r_[np.ones(12), 0, 0]
    pd.testing.assert_frame_equal(
        protein_effects(wild, np.r_[labels, 1, 1], weights), protein_effects(values, labels)
    )


def test_order_of_samples_and_of_proteins_does_not_matter(gappy):
    values, labels = gappy
    rng = np.random.default_rng(1)
    rows, columns = rng.permutation(12), rng.permutation(8)
    shuffled = protein_effects(values.iloc[rows, columns], labels[rows])
    pd.testing.assert_frame_equal(
        shuffled.loc[values.columns], protein_effects(values, labels), rtol=1e-12
    )


def test_a_protein_of_one_class_or_of_none_has_no_effect(gappy):
    values, labels = gappy
    values = values.assign(one=np.where(labels == 1, values["P1"], np.nan), none=np.nan)
    table = protein_effects(values, labels).loc[["one", "none"]]
    assert table[["effect", "lower", "upper", "auc"]].isna().all(axis=None)
    assert table["direction"].tolist() == ["unknown", "unknown"]
    assert table["missing_negative"].tolist() == [1, 1]
    assert table["missing"].tolist() == [0.5, 1]


def test_one_value_in_each_class_is_an_effect_without_an_interval(gappy):
    values, labels = gappy
    single = np.full(12, np.nan)
    single[[0, 11]] = 1.0, 3.0
    row = protein_effects(values.assign(single=single), labels).loc["single"]
    assert (row["effect"], row["direction"], row["auc"]) == (2.0, "up", 1.0)
    assert np.isnan(row["lower"])
    assert np.isnan(row["upper"])


def test_no_difference_has_no_direction_and_an_interval_around_zero(gappy):
    values, labels = gappy
    table = protein_effects(values.assign(even=np.tile([1.0, 2.0, 3.0], 4)), labels)
    row = table.loc["even"]
    assert row["effect"] == 0
    assert row["direction"] == "unknown"
    assert row["lower"] == -row["upper"] < 0
    assert row["auc"] == 0.5


def test_a_constant_protein_is_not_certain(gappy):
    values, labels = gappy
    row = protein_effects(values.assign(flat=5.0), labels).loc["flat"]
    assert row["lower"] < 0 < row["upper"]


def test_nothing_to_describe_is_an_empty_table(gappy):
    values, labels = gappy
    assert protein_effects(values[[]], labels).shape == (0, 8)


def test_intervals_cover_a_protein_named_in_advance_and_miss_the_one_chosen_for_its_size():
    # The winner's curse, and why CHOSEN_FOR_BEING_LARGE is printed: 100 proteins, true effect 0.
    labels = np.repeat([0.0, 1.0], 10)
    named, chosen = 0, 0
    for seed in range(200):
        values = pd.DataFrame(np.random.default_rng(seed).normal(size=(20, 100)))
        table = protein_effects(values, labels)
        covers = (table["lower"] <= 0) & (table["upper"] >= 0)
        named += covers[0]
        chosen += covers[table["effect"].abs().idxmax()]
    assert 0.91 <= named / 200 <= 0.99
    assert chosen / 200 < 0.1
    assert "winner's curse" in CHOSEN_FOR_BEING_LARGE


@pytest.mark.parametrize(
    ("labels", "weights", "level", "error", "words"),
    [
        ([0, 1], None, 0.95, InputError, "found 2 labels and 2 weights for 4 samples"),
        ([0, 0, 1, 1], [1, 1], 0.95, InputError, "found 4 labels and 2 weights"),
        ([0, 0, 1, 2], None, 0.95, InputError, "neither 0 nor 1"),
        ([0, 0, 1, np.nan], None, 0.95, InputError, "neither 0 nor 1"),
        ([0, 0, 1, 1], [1, 1, 1, -1], 0.95, InputError, "negative or not finite"),
        ([0, 0, 1, 1], [1, 1, 1, np.nan], 0.95, InputError, "negative or not finite"),
        ([0, 0, 1, 1], None, 95, InputError, "found level 95"),
        ([0, 0, 0, 0], None, 0.95, TooLittleDataError, "found no positive sample"),
        ([0, 0, 1, 1], [0, 0, 1, 1], 0.95, TooLittleDataError, "found no negative sample"),
    ],
)
def test_refuses_what_it_cannot_compare(labels, weights, level, error, words):
    values = pd.DataFrame({"P": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(error, match=words):
        protein_effects(values, labels, weights, level)
