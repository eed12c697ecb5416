"""Out-of-fold courses of two public COVID-19 cohorts, held against their plain means.

The label is a patient's worst state: what is tested is what the plasma scores do and who is
still observed, never that anybody got better.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pandas as pd
import pytest

import proteoclass as pc
from proteoclass.report.study_course import dropout_words, slope_verdict
from proteoclass.scorer import Settings
from proteoclass.stats import expit

pytestmark = pytest.mark.realdata


@dataclass(frozen=True)
class Course:
    scores: pd.DataFrame
    samples: pd.DataFrame
    groups: pd.Series

    def track(self, visits=None):
        kept = self.samples if visits is None else self.samples[self.samples["visit"].isin(visits)]
        scores = self.scores[self.scores["sample_id"].isin(kept.index)]
        return pc.track(scores, kept, groups=self.groups)


def course_of(data_folder, name):
    """Score a cohort out of fold, two repeats averaged on the log-odds."""
    files = [data_folder / "ciim_olink" / "tidy" / f"{name}_{part}.tsv" for part in PARTS]
    matrix = pc.read_matrix(*files[:2], proteins=files[2], fluid="plasma")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("proteoclass.scorer.inner_folds.INNER_FOLDS", 2)
        scores = pc.evaluate(
            matrix,
            pc.Outcome("severity", "ICU"),
            settings=Settings(bags=3),
            folds=3,
            repeats=2,
            permutations=0,
            describe=False,
        ).scores
    table = scores.assign(score=100 * expit(scores["log_odds"]), origin="out-of-fold")
    groups = matrix.samples.groupby("patient_id")["severity"].first()
    return Course(table[["sample_id", "score", "origin"]], matrix.samples, groups)


PARTS = ("matrix", "samples", "proteins")


@pytest.fixture(scope="module")
def radboud(data_folder):
    return course_of(data_folder, "radboud")


@pytest.fixture(scope="module")
def breda(data_folder):
    return course_of(data_folder, "breda")


def by_week(rows, group, figure):
    return {row["day"] // 7 + 1: row[figure] for row in rows if row["group"] == group}


def test_radboud_icu_scores_fall_from_week_1_to_week_5_and_non_icu_scores_stay_low(radboud):
    summary = radboud.track().summary
    icu = by_week(summary["means"], "ICU", "mean_score")
    assert icu[1] > icu[2] > icu[3] > icu[4] > icu[5]
    assert icu[1] - icu[5] > 40
    others = by_week(summary["means"], "non-ICU", "mean_score")
    assert set(others) == {1, 2}
    assert max(others.values()) < 30
    [row] = [row for row in summary["groups"] if row["group"] == "ICU"]
    assert slope_verdict(row["lower"], row["upper"]) == "fell"
    assert summary["interaction"]["p"] < 0.05


def test_radboud_numbers_at_risk_show_that_only_icu_patients_remain(radboud):
    summary = radboud.track().summary
    at_risk = {
        group: by_week(summary["at_risk"], group, "n_patients") for group in ("ICU", "non-ICU")
    }
    # Counted from the sheet, another way: patients whose last day lies in the week or later.
    last = radboud.samples.groupby("patient_id")["day"].max()
    for group, counts in at_risk.items():
        days = last[radboud.groups.loc[last.index] == group]
        assert counts == {week: int((days >= 7 * (week - 1)).sum()) for week in counts}
    assert at_risk["ICU"] == {1: 37, 2: 32, 3: 25, 4: 20, 5: 9, 6: 2}
    assert at_risk["non-ICU"] == {1: 106, 2: 4, 3: 0, 4: 0, 5: 0, 6: 0}
    assert "ICU 37 to 2; non-ICU 106 to 0" in dropout_words(summary)
    assert "Drop-out may be informative" in dropout_words(summary)


def test_breda_icu_scores_rise_from_t1_to_t5_and_the_output_says_so(breda):
    found = breda.track(visits=("T1", "T5"))
    icu = found.table["patient_id"].map(breda.groups) == "ICU"
    # The plain route: the same patients' own two scores, twelve of the sixty.
    merged = breda.scores.merge(breda.samples, left_on="sample_id", right_index=True)
    wide = merged.pivot_table(index="patient_id", columns="visit", values="score")
    wide = wide.loc[breda.groups.loc[wide.index] == "ICU"]
    both = wide[["T1", "T5"]].dropna()
    change = found.table[icu & (found.table["n_visits"] == 2)].set_index("patient_id")["change"]
    pd.testing.assert_series_equal(
        change.sort_index(), (both["T5"] - both["T1"]).sort_index(), check_names=False
    )
    assert len(change) == 12
    assert change.mean() > 10
    assert (change > 0).sum() >= 8
    assert wide["T5"].mean() > wide["T1"].mean() + 3
    [row] = [row for row in found.summary["groups"] if row["group"] == "ICU"]
    assert row["slope_per_week"] > 0
    assert row["change_points_first_week"] > 0
    # Twelve patients do not carry it beyond doubt, and the report may not say that they do.
    assert row["n_patients_with_slope"] == 12
    assert slope_verdict(row["lower"], row["upper"]) in ("rose", "did not clearly change")


@pytest.mark.parametrize("name", ["radboud", "breda"])
def test_no_output_speaks_of_getting_better(name, request):
    course = request.getfixturevalue(name)
    found = course.track()
    words = json.dumps(found.summary) + found.table.to_csv() + dropout_words(found.summary)
    assert not re.search("improve|recover|better|worse", words, re.IGNORECASE)
    assert "Out-of-fold scores share fold models" in words
