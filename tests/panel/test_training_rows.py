import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from proteoclass.panel.selection.selector import PanelSelector
from proteoclass.panel.selection.training_rows import TrainingRows


def standardised(values):
    n = len(values)
    labels = (np.arange(n) % 2).astype(float)
    return TrainingRows(values, labels, np.ones(n), np.arange(n), size=1, seed=0).standardised


@pytest.mark.parametrize("share", [0.0, 0.02, 0.4])
def test_standardised_equals_scikit_learn(share):
    # No gap, gaps in some proteins, gaps in all: three ways through the code.
    rng = np.random.default_rng(0)
    values = rng.normal(20, 3, size=(30, 40))
    values[rng.random(values.shape) < share] = np.nan
    before = values.copy()
    expected = StandardScaler().fit_transform(
        SimpleImputer(strategy="median").fit_transform(values)
    )
    np.testing.assert_allclose(standardised(values), expected, atol=1e-12)
    np.testing.assert_array_equal(values, before)


def test_standardised_is_weighted_as_scikit_learn_weights():
    rng = np.random.default_rng(0)
    values, weights = rng.normal(20, 3, size=(30, 40)), rng.choice([1.0, 0.5, 0.1], 30)
    labels = (np.arange(30) % 2).astype(float)
    found = TrainingRows(values, labels, weights, np.arange(30), size=1, seed=0).standardised
    expected = StandardScaler().fit(values, sample_weight=weights).transform(values)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("method", ["ridge", "stability"])
def test_a_patient_of_sixty_samples_is_one_patient(method):
    # Its samples differ much from each other in some proteins: taken for sixty patients, they
    # would set the scale of those.
    rng = np.random.default_rng(3)
    labels = np.repeat([0.0, 1.0], [25, 15])
    values = rng.normal(size=(40, 300)) * rng.uniform(0.3, 2, 300)
    values[:, :10] += 1.2 * labels[:, None]
    names = np.array([f"{i:02d}" for i in range(40)])
    visits = values[:1] + rng.normal(size=(60, 300)) * rng.uniform(0, 1.5, 300)
    once = np.vstack([visits.mean(axis=0), values[1:]])
    often = np.vstack([visits, values[1:]])
    alone = PanelSelector(10, method).fit(once, labels, groups=names)
    weighted = PanelSelector(10, method).fit(
        often,
        np.concatenate([np.zeros(60), labels[1:]]),
        np.concatenate([np.full(60, 1 / 60), np.ones(39)]),
        np.concatenate([np.repeat(names[:1], 60), names[1:]]),
    )
    assert (alone.support_ & weighted.support_).sum() >= 9


def test_constant_and_empty_proteins_are_zero():
    values = np.random.default_rng(0).normal(size=(10, 3))
    values[:, 0] = 0.1
    values[:, 1] = np.nan
    found = standardised(values)
    assert not found[:, :2].any()
    assert found[:, 2].std() == pytest.approx(1)
