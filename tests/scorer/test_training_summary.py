"""What a model file says of its cohort: right counts, and no site of a few patients."""

import json
from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass.scorer import load_model
from proteoclass.scorer.training_summary import sites_in_numbers, visits_in_numbers


def sites(**counts):
    return pd.Series([name for name, n in counts.items() for _ in range(n)], dtype=object)


def test_a_site_of_a_few_is_counted_and_not_named():
    found = sites_in_numbers(sites(large=20, middle=9, one=3, two=2))
    assert found == {
        "named": [{"name": "large", "n_patients": 20}, {"name": "middle", "n_patients": 9}],
        "n_not_named": 2,
        "n_patients_not_named": 5,
    }


def test_a_difference_does_not_tell_either():
    found = sites_in_numbers(sites(large=20, middle=9, small=1))
    assert [site["name"] for site in found["named"]] == ["large"]
    assert (found["n_not_named"], found["n_patients_not_named"]) == (2, 10)
    assert sites_in_numbers(sites(a=4, b=4))["named"] == []


def test_patients_of_unknown_site_are_a_difference_too():
    unknown = pd.concat([sites(large=20, middle=9), pd.Series([None, None], dtype=object)])
    found = sites_in_numbers(unknown)
    assert [site["name"] for site in found["named"]] == ["large"]
    assert found["n_patients_not_named"] == 9
    assert sites_in_numbers(pd.Series([None, None], dtype=object)) is None


@given(st.lists(st.sampled_from("ABCDEF") | st.none(), min_size=1, max_size=60))
def test_whatever_the_sites_no_count_below_five_can_be_had(given_sites):
    found = sites_in_numbers(pd.Series(given_sites, dtype=object))
    counts = Counter(site for site in given_sites if site is not None)
    if not counts:
        assert found is None
        return
    shown = sum(site["n_patients"] for site in found["named"])
    assert all(site["n_patients"] == counts[site["name"]] >= 5 for site in found["named"])
    assert len(given_sites) - shown == 0 or len(given_sites) - shown >= min(5, len(given_sites))
    assert found["n_not_named"] + len(found["named"]) == len(counts)
    assert found["n_patients_not_named"] + shown == sum(counts.values())


def test_visits_by_hand():
    found = visits_in_numbers(pd.Series(["a", "a", "a", "b", "c", "c"]))
    assert found == {"n_samples": 6, "n_patients_of_several": 2, "per_patient": 2.0}


def test_a_trained_model_says_how_it_was_trained(model, toy, tmp_path):
    read = load_model(model.save(tmp_path / "m.json")).content
    assert (read.training.seed, read.training.index) == (1, "first")
    assert read.training.visits.model_dump() == {
        "n_samples": 80,
        "n_patients_of_several": 40,
        "per_patient": 2.0,
    }
    counts = toy.samples.drop_duplicates("patient_id")["site"].value_counts()
    assert {s.name: s.n_patients for s in read.training.sites.named} == counts.to_dict()
    limits = read.thresholds.set_on
    assert (limits.n_positive, limits.n_negative) == (14, 26)
    assert (limits.folds, limits.repeats) == (4, 2)


@pytest.mark.parametrize("column", ["patient_id", "sample"])
def test_no_row_of_a_patient_stands_in_the_training_part(model, toy, column):
    text = json.dumps(model.content.training.model_dump())
    names = toy.values.index if column == "sample" else toy.samples[column]
    assert not [name for name in names if f'"{name}"' in text]
