"""Differences between sites, against metafor."""

from __future__ import annotations

import numpy as np
import pytest

from proteoclass.errors import InputError
from proteoclass.scorer.performance.heterogeneity import heterogeneity, logit_auc

# tests/scorer/golden_heterogeneity.R, metafor 3.8.1: REML with test = "adhoc", and Q and I²
# of its DerSimonian-Laird fit. The second set differs less than its errors allow.
GOLDEN = [
    (
        ([1.9, 0.7, 2.6, 1.2, 0.1], [0.45, 0.3, 0.8, 0.35, 0.4]),
        {
            "q": 14.3844922802, "p": 0.00616382331566, "i2": 0.721922753887,
            "tau2": 0.539314020965, "pooled": 1.16480487954, "error": 0.406318995676,
            "interval": [0.0366824928431, 2.29292726623],
            "prediction_interval": [-1.16544011978, 3.49504987885],
        },
    ),
    (
        ([1.0, 1.2, 0.9, 1.1], [0.3, 0.5, 0.4, 0.2]),
        {
            "q": 0.318154583583, "p": 0.956578704626, "i2": 0.0,
            "tau2": 0.0, "pooled": 1.05769922109, "error": 0.146866613894,
            "interval": [0.590304108333, 1.52509433385],
            "prediction_interval": [0.590304108333, 1.52509433385],
        },
    ),
    (
        ([0.2, 1.6, 1.1], [0.3, 0.35, 0.5]),
        {
            "q": 9.53585346843, "p": 0.00849798048074, "i2": 0.790265233561,
            "tau2": 0.438759173182, "pooled": 0.941702740163, "error": 0.441734098384,
            "interval": [-0.958925684075, 2.8423311644],
            "prediction_interval": [-2.48394438534, 4.36734986567],
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sites", "expected"), GOLDEN)
def test_is_what_metafor_gives(sites, expected):
    found = heterogeneity(*sites)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-7, atol=1e-10, err_msg=key)
    assert (found["n_sites"], found["df"]) == (len(sites[0]), len(sites[0]) - 1)


def test_equal_errors_have_a_closed_form():
    # REML is then the sample variance less the variance of the errors.
    y = np.array([0.1, 0.9, 2.3, 1.4])
    found = heterogeneity(y, np.full(4, 0.2))
    assert found["tau2"] == pytest.approx(y.var(ddof=1) - 0.04)
    assert found["pooled"] == pytest.approx(y.mean())


def test_a_likelihood_of_sites_of_all_sizes_is_at_its_highest():
    # Independent route: the restricted log-likelihood on a grid of variances.
    rng = np.random.default_rng(2)
    for n_sites, spread in ((3, 0.1), (4, 10.0), (6, 1.0), (5, 100.0)):
        y, variance = spread * rng.normal(size=n_sites), np.exp(3 * rng.normal(size=n_sites))
        found = heterogeneity(y, np.sqrt(variance))["tau2"]
        grid = np.append(np.linspace(0, 4 * y.var() + 4 * variance.max(), 20_001), found)
        weight = 1 / (variance + grid[:, None])
        centre = (weight * y).sum(axis=1) / weight.sum(axis=1)
        likelihood = 0.5 * (
            np.log(weight).sum(axis=1)
            - np.log(weight.sum(axis=1))
            - (weight * (y - centre[:, None]) ** 2).sum(axis=1)
        )
        assert likelihood[-1] >= likelihood.max() - 1e-9


def test_few_sites_are_refused_in_words():
    two = heterogeneity([1.0, 2.0], [0.5, 0.5])
    # Two sites: the squared difference over the sum of its variances.
    assert two["q"] == pytest.approx(2.0)
    assert two["p"] == pytest.approx(0.157299, abs=1e-6)
    assert two["tau2"] is two["pooled"] is two["prediction_interval"] is None
    assert two["reason"].startswith("2 sites, expected at least 3")
    assert heterogeneity([1.0], [0.5])["q"] is None
    assert heterogeneity([], [])["reason"].startswith("0 sites")


def test_the_error_of_a_logit_is_that_of_the_delta_method():
    # Numerically: the slope of log(a / (1 - a)) at 0.8.
    slope = (np.log(0.8001 / 0.1999) - np.log(0.7999 / 0.2001)) / 2e-4
    assert logit_auc(0.8, 0.05) == pytest.approx((np.log(4), 0.05 * slope))


@pytest.mark.parametrize(
    ("estimates", "errors"), [([1.0, np.nan], [1.0, 1.0]), ([1.0, 1.0], [1.0, 0.0])]
)
def test_a_site_without_an_error_is_refused(estimates, errors):
    with pytest.raises(InputError, match="1 of 2 sites have no finite estimate with an error"):
        heterogeneity(estimates, errors)
