"""Within-person SD and intraclass correlation in plasma, against a direct analysis of variance."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from proteoclass.longitudinal.random_intercept import fit_random_intercepts
from proteoclass.matrix import read_matrix
from proteoclass.matrix.normalisation.whole_matrix import normalised_matrix

TIMES = 7


@pytest.mark.realdata
def test_within_and_between_persons_are_those_of_the_analysis_of_variance(data_folder):
    # 42 of 52 people have all seven time points; one-way ANOVA by statsmodels, protein by protein,
    # over those, where the design is balanced and REML is the method of moments.
    matrix = read_matrix(data_folder / "weightloss_plasma_maxquant/example_Weight_loss_study.txt")
    values = normalised_matrix(matrix.on_log2(), "median").values
    person = values.index.to_series().str.split("_").str[0]
    complete = person.map(person.value_counts()) == TIMES
    values, person = values[complete], person[complete]
    assert person.nunique() == 42
    values = values.loc[:, values.notna().all()]
    assert values.shape[1] > 100
    fits = fit_random_intercepts(
        values.to_numpy(dtype=float), np.ones((len(values), 1)), person.to_numpy()
    )
    compared = 0
    for place in range(0, values.shape[1], 5):
        frame = values.iloc[:, [place]].set_axis(["y"], axis=1).assign(person=person)
        table = anova_lm(ols("y ~ C(person)", frame).fit())
        within = table.loc["Residual", "mean_sq"]
        between = (table.loc["C(person)", "mean_sq"] - within) / TIMES
        if between <= 0:
            assert fits.between[place] == 0
            continue
        compared += 1
        assert np.sqrt(fits.within[place]) == pytest.approx(np.sqrt(within), rel=1e-6)
        expected = between / (between + within)
        assert fits.intraclass_correlation[place] == pytest.approx(expected, rel=1e-5)
    assert compared > 15
    # What people carry for life stands out: an individual's level says most of the variance.
    assert np.median(fits.intraclass_correlation) > 0.3
