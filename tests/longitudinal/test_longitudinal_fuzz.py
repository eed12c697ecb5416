"""Whatever the cohort, an answer in the contract's form, or none: never a crash or a warning."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.io import json_text, table_text
from proteoclass.longitudinal import track
from proteoclass.longitudinal.track import COLUMNS

rows = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.integers(-3, 40),
        st.sampled_from([0.0, 100.0, 50.0, 12.5, 80.0, 99.999]) | st.floats(0, 100),
    ),
    min_size=1,
    max_size=30,
)
labels = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["mild", "severe", None]))


def tables(cohort):
    frame = pd.DataFrame(cohort, columns=["patient_id", "day", "score"])
    frame["sample_id"] = [f"s{i}" for i in range(len(frame))]
    return frame[["sample_id", "score"]], frame.set_index("sample_id")[["patient_id", "day"]]


def known(labels, samples):
    chosen = {p: label for p, label in labels.items() if p in set(samples["patient_id"])}
    return pd.Series(chosen, dtype=object) if chosen else None


@settings(max_examples=40, deadline=None)
@given(rows, labels)
def test_any_cohort_gets_finite_numbers_or_none(cohort, labels):
    scores, samples = tables(cohort)
    result = track(scores, samples, groups=known(labels, samples), threshold=40)
    table, summary = result.table, result.summary
    assert list(table.columns) == list(COLUMNS)
    assert table["patient_id"].tolist() == sorted(samples["patient_id"].unique())
    assert not np.isinf(table.select_dtypes("number")).to_numpy().any()
    assert table["first"].between(0, 100).all()
    json_text(summary)
    for group in summary["groups"]:
        slope, lower, upper = (group[k] for k in ("slope_per_week", "lower", "upper"))
        assert (lower is None) == (upper is None)
        assert lower is None or lower <= slope <= upper
        assert group["p"] is None or 0 <= group["p"] <= 1
        assert not any(isinstance(v, float) and math.isnan(v) for v in group.values())


@settings(max_examples=15, deadline=None)
@given(rows, labels, st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_byte(cohort, labels, random):
    scores, samples = tables(cohort)
    groups = known(labels, samples)
    other = list(range(len(scores)))
    random.shuffle(other)
    mixed = list(range(len(scores)))
    random.shuffle(mixed)
    one = track(scores, samples, groups=groups, threshold=40)
    two = track(scores.iloc[other], samples.iloc[mixed], groups=groups, threshold=40)
    assert table_text(one.table) == table_text(two.table)
    assert json_text(one.summary) == json_text(two.summary)


@settings(max_examples=20, deadline=None)
@given(rows, st.integers(-3, 40), st.floats(0, 100))
def test_one_more_unlabelled_patient_moves_no_other_crossing(cohort, day, score):
    one = track(*tables(cohort), threshold=40).table.set_index("patient_id")
    more = track(*tables([*cohort, ("z", day, score)]), threshold=40).table.set_index("patient_id")
    columns = ["n_visits", "first", "last", "change", "below_threshold_from", "below_threshold_to"]
    pd.testing.assert_frame_equal(one[columns], more.loc[one.index, columns])
