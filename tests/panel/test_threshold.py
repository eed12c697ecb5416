"""A panel of all proteins that reach a selection frequency, however many."""

import numpy as np
import pytest

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.panel import PanelSelector
from proteoclass.panel.selection.sparse import PREFILTER, selection_frequency
from proteoclass.panel.selection.training_rows import TrainingRows


def planted(p=200, k=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.repeat([0.0, 1.0], 25)
    X = rng.normal(size=(50, p))
    X[:, :k] += 2.0 * y[:, None]
    return X, y


def rows_of(X, y):
    return TrainingRows(X, y, np.ones(len(y)), np.arange(len(y)), size=1, seed=0)


def test_the_panel_is_exactly_what_reaches_the_threshold():
    selector = PanelSelector(method="stability", threshold=0.8).fit(*planted())
    np.testing.assert_array_equal(selector.support_, selector.strength_ >= 0.8 - 1e-9)
    assert selector.get_support(indices=True).tolist() == [0, 1, 2]


def test_size_does_not_cut_a_thresholded_panel():
    X, y = planted()
    one = PanelSelector(size=1, method="stability", threshold=0.8).fit(X, y)
    assert one.support_.sum() == 3


def test_mean_selected_is_the_average_over_the_half_samples():
    # Another route: one model a half, fitted apart. liblinear stops early, so that the
    # order of its columns moves a protein or two in 50 models.
    X, y = planted(p=30)
    rows = rows_of(X, y)
    sizes = [np.count_nonzero(_kept_by(rows, half)) for half in rows.halves(25)]
    selector = PanelSelector(method="stability", threshold=0.6).fit(X, y)
    assert selector.mean_selected_ == pytest.approx(np.mean(sizes), abs=0.05)


def _kept_by(rows, half):
    from sklearn.linear_model import LogisticRegression

    from proteoclass.panel.selection.sparse import PENALTY_RATIO

    alone = rows.only(half)
    signed = 2 * alone.labels - 1
    strongest = np.abs(signed @ alone.standardised).max()
    model = LogisticRegression(
        l1_ratio=1.0,
        solver="liblinear",
        C=PENALTY_RATIO * 2 / strongest,
        tol=1e-3,
        max_iter=200,
        random_state=0,
    )
    return model.fit(alone.standardised, alone.labels).coef_[0]


class FixedHalves(TrainingRows):
    """The first and the last 25 patients, whatever their classes."""

    def halves(self, n_pairs):
        first = np.arange(len(self.labels)) < len(self.labels) // 2
        return np.array([first, ~first] * n_pairs)


def test_a_half_learns_nothing_from_the_other_half():
    # The labels of the second half are turned round. By itself it keeps the same proteins
    # with the opposite sign, and the first half must not notice. A filter over all rows does.
    X, y = planted(p=PREFILTER + 500, k=10)
    order = np.r_[:50:2, 1:50:2]
    X, y = X[order], y[order]
    turned = np.where(np.arange(50) < 25, y, 1 - y)
    whole = (np.ones(50), np.arange(50), 1, 0)
    straight, mixed = (FixedHalves(X, labels, *whole) for labels in (y, turned))
    np.testing.assert_array_equal(
        selection_frequency(straight, 1, each_half_alone=True),
        selection_frequency(mixed, 1, each_half_alone=True),
    )
    assert (selection_frequency(straight, 1) != selection_frequency(mixed, 1)).any()


def test_what_must_be_there_is_there_below_the_threshold():
    selector = PanelSelector(method="stability", threshold=0.8, must_have=(150,)).fit(*planted())
    assert selector.get_support(indices=True).tolist() == [0, 1, 2, 150]


def test_an_empty_panel_is_refused_with_the_highest_frequency():
    X, y = planted(k=0)
    with pytest.raises(
        TooLittleDataError,
        match=r"no protein is kept by 95% of the half-samples, the highest frequency is \d+%; "
        r"lower the threshold, .* A training fold has fewer patients",
    ):
        PanelSelector(method="stability", threshold=0.95).fit(X, y)


@pytest.mark.parametrize("threshold", [0.5, 0.0, 1.01, float("nan")])
def test_a_threshold_without_a_bound_is_refused(threshold):
    with pytest.raises(InputError, match=r"found threshold .*, expected above 0\.5, at most 1"):
        PanelSelector(method="stability", threshold=threshold).fit(*planted(p=5))


@pytest.mark.parametrize("method", ["auto", "ridge", "moderated-t"])
def test_a_view_without_frequencies_takes_no_threshold(method):
    with pytest.raises(InputError, match=f"needs frequencies .* found method '{method}'"):
        PanelSelector(method=method, threshold=0.75).fit(*planted(p=5))
