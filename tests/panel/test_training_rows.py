import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

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


def test_constant_and_empty_proteins_are_zero():
    values = np.random.default_rng(0).normal(size=(10, 3))
    values[:, 0] = 0.1
    values[:, 1] = np.nan
    found = standardised(values)
    assert not found[:, :2].any()
    assert found[:, 2].std() == pytest.approx(1)
