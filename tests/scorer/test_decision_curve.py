"""Net benefit, against dcurves."""

from __future__ import annotations

import numpy as np
import pytest
from held_out_scores import LABELS, scored, twice

from proteoclass.io import json_text
from proteoclass.scorer.performance.decision_curve import THRESHOLDS, decision_curve, net_benefit
from proteoclass.stats import log_odds

#: As golden_dcurves.py makes them: some lie on a threshold.
RISKS = np.round(1 / (1 + np.exp(-(2 * np.sin(7 * np.arange(45)) + 1.5 * LABELS - 1))), 2)
SHOWN = [0, 4, 9, 19, 29, 39, 49, 59, 69, 79, 89, 98]
# tests/scorer/golden_dcurves.py, dcurves 1.1.7: the score and treating all, at SHOWN.
MODEL = [
    0.4612794613, 0.4385964912, 0.424691358, 0.3111111111, 0.2507936508, 0.1777777778,
    0.08888888889, 0.08888888889, 0.01481481481, 0.1555555556, 0.08888888889, 0.0,
]  # fmt: skip
ALL = [
    0.4612794613, 0.4385964912, 0.4074074074, 0.3333333333, 0.2380952381, 0.1111111111,
    -0.06666666667, -0.3333333333, -0.7777777778, -1.666666667, -4.333333333, -52.33333333,
]  # fmt: skip


def test_net_benefit_is_that_of_dcurves():
    model = net_benefit(RISKS, LABELS, np.ones((1, 45)))[0]
    np.testing.assert_allclose(model[SHOWN], MODEL, rtol=1e-8, atol=1e-12)
    everybody = decision_curve(scored(log_odds(RISKS)), seed=0)["treat_all"]
    np.testing.assert_allclose(np.array(everybody)[SHOWN], ALL, rtol=1e-8)


def test_weights_count_as_so_many_patients():
    times = 1 + np.arange(45) % 3
    weighted = net_benefit(RISKS, LABELS, times[None].astype(float))
    repeated = net_benefit(np.repeat(RISKS, times), np.repeat(LABELS, times), np.ones((1, 90)))
    np.testing.assert_allclose(weighted, repeated, atol=1e-12)


def test_net_benefits_are_averaged_over_repeats_and_risks_are_not():
    first, second = log_odds(RISKS), log_odds(RISKS[::-1])
    both = decision_curve(scored(first, second), seed=0)["model"]
    one, other = (decision_curve(scored(s), seed=0)["model"] for s in (first, second))
    np.testing.assert_allclose(both, np.mean([one, other], axis=0), atol=1e-12)
    averaged = decision_curve(scored((first + second) / 2), seed=0)["model"]
    assert np.abs(np.subtract(both, averaged)).max() > 0.05


def test_says_where_the_score_is_the_best_of_the_three():
    found = decision_curve(scored(log_odds(RISKS)), seed=0)
    best = np.zeros(99, dtype=bool)
    for low, high in found["best_between"]:
        best[round(100 * low) - 1 : round(100 * high)] = True
    np.testing.assert_array_equal(
        best, np.array(found["model"]) > np.maximum(found["treat_all"], 0) + 1e-12
    )
    # At 0.20 dcurves has the score at 0.311 and treating all at 0.333.
    assert not best[19]
    assert best[39]
    surely = [np.arange(low, high + 0.005, 0.01) for low, high in found["better_between"]]
    assert set(np.round(np.concatenate(surely), 2)) < set(np.round(THRESHOLDS[best], 2))
    assert "beyond the draw of test patients at" in found["verdict"]
    assert len(json_text(found)) < 8000


def test_a_score_of_noise_is_nowhere_better_beyond_the_draw():
    noise = np.random.default_rng(4).normal(size=45)
    found = decision_curve(scored(noise), seed=0)
    assert found["better_between"] == []
    assert found["verdict"].endswith("at none of them is that beyond the draw of test patients.")


def test_a_score_turned_round_is_nowhere_better():
    labels = np.repeat([0.0, 1.0], 20)
    found = decision_curve(scored(np.where(labels == 1, -3.0, 3.0), labels=labels), seed=0)
    assert found["best_between"] == found["better_between"] == []
    assert found["verdict"].startswith("At no threshold")


def test_classes_apart_are_better_at_once():
    labels = np.repeat([0.0, 1.0], 20)
    found = decision_curve(scored(np.where(labels == 1, 9.0, -9.0), labels=labels), seed=0)
    assert found["best_between"] == found["better_between"] == [[0.01, 0.99]]
    assert found["model"] == pytest.approx([0.5] * 99)


def test_samples_of_one_patient_count_once():
    held = scored(log_odds(RISKS))
    assert json_text(decision_curve(twice(held), 1)) == json_text(decision_curve(held, 1))
