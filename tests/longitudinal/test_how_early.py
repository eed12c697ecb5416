"""How early two groups are told apart: DeLong's figures, patient by patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from proteoclass.longitudinal import track
from proteoclass.longitudinal.how_early import how_early
from proteoclass.scorer.performance.delong import delong_interval
from proteoclass.stats import log_odds


@pytest.fixture(scope="module")
def visits():
    """Forty patients with one to four visits; the severe start higher and come more often."""
    rng = np.random.default_rng(4)
    rows = []
    for patient in range(40):
        severe = patient < 16
        level = rng.normal() + 1.2 * severe
        for visit in range(int(rng.integers(2, 5) if severe else rng.integers(1, 4))):
            day = 7 * visit + int(rng.integers(0, 3))
            odds = level - 0.4 * severe * visit + 0.8 * rng.normal()
            rows.append((f"p{patient:02d}", day, odds, "severe" if severe else "mild"))
    return pd.DataFrame(rows, columns=["patient_id", "day", "log_odds", "group"])


def test_each_row_is_the_auc_of_its_patients(visits):
    # scikit-learn's AUC of the same figures, patient by patient; numpy's polyfit for slopes.
    found = how_early(visits, "severe")
    for row in found["rows"]:
        k = row["k"]
        courses = [c for _, c in visits.groupby("patient_id") if len(c) >= k]
        y = [float(c["group"].iloc[0] == "severe") for c in courses]
        assert (row["n_positive"], row["n_negative"]) == (sum(y), len(y) - sum(y))
        figures = {
            "last": [c["log_odds"].iloc[k - 1] for c in courses],
            "mean": [c["log_odds"].iloc[:k].mean() for c in courses],
        }
        if k > 1:
            figures["slope"] = [
                np.polyfit(c["day"].iloc[:k], c["log_odds"].iloc[:k], 1)[0] for c in courses
            ]
            first = roc_auc_score(y, [c["log_odds"].iloc[0] for c in courses])
            gain = roc_auc_score(y, figures["mean"]) - first
            assert row["gain"]["mean"] == pytest.approx(gain)
        for name, scores in figures.items():
            assert row[name]["value"] == pytest.approx(roc_auc_score(y, scores))
            assert row[name] == delong_interval(y, scores) or name == "slope"
    assert [row["k"] for row in found["rows"]] == [1, 2, 3]
    assert "gain" not in found["rows"][0]


def test_who_has_fewer_visits_is_said(visits):
    found = how_early(visits, "severe")
    second = found["rows"][1]["first_score"]
    assert second["with_k"]["n_positive"] == 16
    assert second["with_fewer"] == {
        "n_positive": 0,
        "mean_positive": None,
        "n_negative": 24 - second["with_k"]["n_negative"],
        "mean_negative": pytest.approx(second["with_fewer"]["mean_negative"]),
    }
    assert "who are not those with fewer" in found["caution"]


def test_without_labels_or_with_few_there_is_a_reason(visits):
    unknown = visits.assign(group=np.where(visits["patient_id"] < "p14", "", visits["group"]))
    assert how_early(unknown, "severe")["rows"] == []
    assert how_early(unknown, "severe")["reason"] == (
        "a group has fewer than 3 patients with a score"
    )
    assert how_early(visits.head(0), "severe")["rows"] == []


def test_track_says_it_where_the_positive_group_is_named(visits):
    ids = [f"s{i}" for i in range(len(visits))]
    scores = pd.DataFrame({"sample_id": ids, "score": 100 / (1 + np.exp(-visits["log_odds"]))})
    sheet = visits[["patient_id", "day"]].set_axis(ids, axis=0)
    groups = visits.groupby("patient_id")["group"].first()
    found = track(scores, sheet, groups=groups, positive="severe").summary["how_early"]
    exact = visits.assign(log_odds=log_odds(scores["score"].to_numpy() / 100))
    assert found == how_early(exact, "severe")
    assert "how_early" not in track(scores, sheet, groups=groups).summary
