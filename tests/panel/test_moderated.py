import numpy as np
import pytest
from scipy import special, stats

from proteoclass.panel.selection.moderated import moderated_t, trigamma_inverse

# Printed by tests/panel/golden_limma.R under limma 3.54.1.
LIMMA = {
    "effect": [0.370781171317, 0.840245347024, 0.0460856345653, 1.14044080272, 0.920020456098,
               0.359952239296, 0.350897903232, 0.893158853375],
    "t": [1.01940697873, 1.37096224615, 0.0785062105631, 1.4168953051, 1.2807441526,
          0.736654449903, 0.567587541527, 1.52724193892],
    "df": [12.3730382815, 14.3730382815, 14.3730382815, 10.3730382815, 14.3730382815,
           14.3730382815, 14.3730382815, 13.3730382815],
    "p": [0.327529234105, 0.191415321937, 0.93850790616, 0.18583976835, 0.220565036425,
          0.473185965902, 0.579073616819, 0.150001350298],
}  # fmt: skip


@pytest.fixture
def gappy():
    i, j = np.arange(1, 13)[:, None], np.arange(1, 9)[None]
    values = np.sin(i * j) + np.cos(i + 2 * j) + 0.4 * (i > 6) * (j % 3)
    for row, column in ((1, 0), (8, 0), (2, 3), (3, 3), (4, 3), (5, 3), (11, 7)):
        values[row, column] = np.nan
    return values, (np.arange(12) > 5).astype(float)


@pytest.mark.parametrize("name", LIMMA)
def test_equals_limma_with_missing_values(gappy, name):
    result = moderated_t(*gappy)
    np.testing.assert_allclose(getattr(result, name), LIMMA[name], rtol=1e-10)


def test_subsamples_equal_the_same_rows_alone(gappy):
    values, labels = gappy
    rng = np.random.default_rng(3)
    masks = np.array([rng.permutation(12) < 9 for _ in range(5)], dtype=float)
    together = moderated_t(values, labels, masks)
    for position, mask in enumerate(masks.astype(bool)):
        alone = moderated_t(values[mask], labels[mask])
        np.testing.assert_allclose(together.t[position], alone.t, rtol=1e-9)


def test_equals_student_t_where_nothing_can_be_borrowed():
    # One protein: no prior. scipy.stats.ttest_ind is the independent route.
    values = np.array([[1.0], [1.5], [0.7], [2.0], [2.6], [1.9]])
    labels = np.array([0.0, 0, 0, 1, 1, 1])
    result = moderated_t(values, labels)
    expected = stats.ttest_ind(values[labels == 1, 0], values[labels == 0, 0])
    assert result.t[0] == pytest.approx(expected.statistic)
    assert result.p[0] == pytest.approx(expected.pvalue)


def test_a_class_without_values_gives_no_statistic():
    values = np.array([[np.nan, 1.0], [np.nan, 2.0], [1.0, 3.0], [2.0, 5.0]])
    result = moderated_t(values, np.array([0.0, 0, 1, 1]))
    assert np.isnan(result.t[0])
    assert np.isfinite(result.t[1])


def test_constant_proteins_get_no_evidence():
    values = np.column_stack([np.ones(8), np.arange(8.0), np.arange(8.0) % 3])
    assert moderated_t(values, np.repeat([0.0, 1.0], 4)).t[0] == 0


@pytest.mark.parametrize("value", [1e-9, 1e-3, 0.3, 5.0, 1e3, 1e8])
def test_trigamma_inverse_inverts_scipy_trigamma(value):
    assert special.polygamma(1, trigamma_inverse(np.array([value])))[0] == pytest.approx(
        value, rel=1e-3
    )
