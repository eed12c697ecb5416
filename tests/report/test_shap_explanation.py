import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.report import shap_explanation

# Importing shap warns of its own dependencies.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def table():
    rows = [
        ("b", "(base)", "", np.nan, -1.0),
        ("b", "P1", "G1", 20.0, 0.5),
        ("b", "P2", "", np.nan, -0.2),
        ("a", "(base)", "", np.nan, -0.8),
        ("a", "P1", "G1", 22.0, 0.9),
    ]
    columns = ["sample_id", "protein_id", "gene", "value", "contribution"]
    return pd.DataFrame(rows, columns=columns)


def test_sums_to_the_log_odds_of_each_sample(table):
    explanation = shap_explanation(table)
    totals = explanation.values.sum(axis=1) + explanation.base_values
    expected = table.groupby("sample_id")["contribution"].sum()
    np.testing.assert_allclose(totals, expected[["b", "a"]])
    assert explanation.feature_names == ["G1", "P2"]
    np.testing.assert_array_equal(explanation.data, [[20.0, np.nan], [22.0, np.nan]])


def test_shap_draws_it(table):
    import shap
    from matplotlib import pyplot

    axes = shap.plots.waterfall(shap_explanation(table)[0], show=False)
    assert [text.get_text() for text in axes.get_yticklabels()]
    pyplot.close("all")


def test_nothing_to_explain_is_said(table):
    with pytest.raises(InputError, match="no rows; explain at least one"):
        shap_explanation(table.iloc[:0])
