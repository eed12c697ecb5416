import numpy as np
import pytest
import xgboost
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.panel import PanelSelector
from proteoclass.panel.selection import booster
from proteoclass.panel.selection.training_rows import TrainingRows


def training_rows(values, labels, patients=None, seed=0):
    n = len(labels)
    names = np.arange(n) if patients is None else patients
    return TrainingRows(values, labels, np.ones(n), names, size=5, seed=seed)


def planted(n=60, p=80, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0.0, 1.0], n // 2)
    values = rng.normal(size=(n, p))
    values[:, :3] += 1.5 * labels[:, None]
    return values, labels


def stump_rows():
    """Two proteins of four samples, of which the first alone tells the classes apart."""
    values = np.array([[0.0, 1], [0, 2], [1, 1], [1, 2]] * 10)
    return training_rows(values, values[:, 0].copy())


def test_equals_the_closed_form_of_one_stump(monkeypatch):
    # One tree, every row and column: a leaf is worth eta * n/2 / (n/4 + lambda), by the
    # gradient 1/2 and hessian 1/4 of the log loss at even odds. With classes of one size
    # the expected margin is 0, so that the SHAP value of a sample is its leaf.
    plain = {"subsample": 1.0, "colsample_bytree": 1.0}
    monkeypatch.setattr(booster, "PARAMETERS", booster.PARAMETERS | plain)
    found = booster.mean_contribution(stump_rows(), 1, 1)
    penalty, eta = booster.PARAMETERS["lambda"], booster.PARAMETERS["eta"]
    assert found == pytest.approx([eta * (20 / 2) / (20 / 4 + penalty), 0], rel=1e-5)


def test_contributions_add_up_to_the_margin_of_each_sample(monkeypatch):
    # The defining property of SHAP values, taken on the very boosters of the view.
    kept = []
    train = xgboost.train

    def keeping(*arguments, **named):
        kept.append((train(*arguments, **named), arguments[1]))
        return kept[-1][0]

    monkeypatch.setattr(xgboost, "train", keeping)
    values, labels = planted()
    values[::4, 0] = np.nan
    rows = training_rows(values, labels)
    found = booster.mean_contribution(rows, 3, 20)
    expected = []
    for model, data in kept:
        parts = model.predict(data, pred_contribs=True)
        np.testing.assert_allclose(
            parts.sum(axis=1), model.predict(data, output_margin=True), atol=1e-5
        )
        expected.append(np.abs(parts[:, :-1]).mean(axis=0))
    assert len(kept) == 3
    np.testing.assert_allclose(np.sort(found)[-5:], np.sort(np.mean(expected, 0))[-5:], rtol=1e-5)


def test_planted_proteins_move_the_log_odds_most():
    values, labels = planted()
    found = booster.mean_contribution(training_rows(values, labels))
    assert set(np.argsort(-found)[:3]) == {0, 1, 2}


def test_classes_count_alike(monkeypatch):
    # Every negative sample twice: balanced weights undo it. The whole weight grows, so
    # that what is set against it has to be nothing.
    plain = {"subsample": 1.0, "colsample_bytree": 1.0, "lambda": 0.0, "min_child_weight": 0.0}
    monkeypatch.setattr(booster, "PARAMETERS", booster.PARAMETERS | plain)
    values, labels = planted()
    twice = np.concatenate((np.arange(30), np.arange(60)))
    once = booster.mean_contribution(training_rows(values, labels), 1, 10)
    more = booster.mean_contribution(training_rows(values[twice], labels[twice]), 1, 10)
    np.testing.assert_allclose(more[:3], once[:3], rtol=1e-3)


def test_order_of_proteins_and_of_patients_changes_nothing():
    values, labels = planted()
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(60), rng.permutation(80)
    names = np.array([f"p{i:02d}" for i in range(60)])
    straight = booster.mean_contribution(training_rows(values, labels, names), 2, 20)
    shuffled = booster.mean_contribution(
        training_rows(values[np.ix_(rows, columns)], labels[rows], names[rows]), 2, 20
    )
    np.testing.assert_allclose(shuffled, straight[columns], atol=1e-9)


def test_seed_alone_decides_the_draws():
    values, labels = planted()
    first = booster.mean_contribution(training_rows(values, labels, seed=1), 2, 20)
    again = booster.mean_contribution(training_rows(values, labels, seed=1), 2, 20)
    other = booster.mean_contribution(training_rows(values, labels, seed=2), 2, 20)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0


def test_constant_and_empty_proteins_contribute_nothing():
    values, labels = planted()
    values[:, 10] = 3.0
    values[:, 11] = np.nan
    found = booster.mean_contribution(training_rows(values, labels), 2, 20)
    assert found[[10, 11]].tolist() == [0.0, 0.0]
    assert np.isfinite(found).all()


def test_is_a_scikit_learn_estimator():
    draws = "a weight of two and a row twice draw different samples"
    results = check_estimator(
        PanelSelector(method="booster"),
        on_fail=None,
        on_skip=None,
        expected_failed_checks={"check_sample_weight_equivalence_on_dense_data": draws},
    )
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
