"""What the boosters of a model start from is read alike by every XGBoost; see `make compat`."""

import copy
import json

import numpy as np
import pytest
import xgboost

from proteoclass.scorer.merged_booster import load_boosters

VALUES = np.arange(8.0)[:, None]


def fitted(start, threshold):
    matrix = xgboost.DMatrix(VALUES, threshold < VALUES)
    return xgboost.train({"objective": "binary:logistic", "base_score": start}, matrix, 2)


def margins(boosters):
    found = [booster.inplace_predict(VALUES, predict_type="margin") for booster in boosters]
    return np.column_stack(found)


@pytest.fixture
def pair():
    return [fitted(0.3, 2), fitted(0.6, 5)]


@pytest.fixture
def documents(pair):
    return [json.loads(booster.save_raw("json")) for booster in pair]


def with_start(document, text):
    altered = copy.deepcopy(document)
    altered["learner"]["learner_model_param"]["base_score"] = text
    return altered


@pytest.mark.parametrize("text", ["3E-1", "[3E-1]"])
def test_a_start_in_brackets_and_without_are_one(pair, documents, text):
    alone = [with_start(documents[0], text)]
    before = copy.deepcopy(alone)
    np.testing.assert_array_equal(margins(load_boosters(alone, "m")), margins(pair[:1]))
    assert alone == before


def test_xgboost_is_given_a_number_and_no_list_where_one_start_is_all(documents, monkeypatch):
    given = []

    class Recorded(xgboost.Booster):
        def load_model(self, content):
            given.append(json.loads(bytes(content)))
            super().load_model(content)

    monkeypatch.setattr(xgboost, "Booster", Recorded)
    same = [with_start(document, "[3E-1]") for document in documents]
    assert len(load_boosters(same, "m")) == 1
    [document] = given
    assert document["learner"]["learner_model_param"]["base_score"] == "3E-1"


@pytest.mark.parametrize(("version", "n_boosters"), [("2.1.0", 2), ("3.0.5", 2), ("3.1.0", 1)])
def test_an_xgboost_that_knows_one_start_is_given_a_bag_at_a_time(
    pair, documents, monkeypatch, version, n_boosters
):
    monkeypatch.setattr(xgboost, "__version__", version)
    boosters = load_boosters(documents, "m")
    assert len(boosters) == n_boosters
    np.testing.assert_array_equal(margins(boosters), margins(pair))
