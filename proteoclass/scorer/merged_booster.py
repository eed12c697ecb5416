"""The boosters of all bags as one, whose outputs are the bags."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import xgboost

from proteoclass.errors import ModelRefusedError


def load_boosters(documents: Sequence[dict[str, Any]], where: str) -> list[xgboost.Booster]:
    """Load the boosters of a model, as one booster with an output a bag where that can be.

    Parameters
    ----------
    documents : sequence of dict
        XGBoost's own JSON of each bag, checked: trees alone, for one output, all over the
        same features. They are left as they are.
    where : str
        The model's file, for messages.

    Returns
    -------
    list of Booster
        One, or one a bag where this XGBoost cannot hold what the bags start from side by
        side (before version 3.1 it keeps one number for all outputs).

    Raises
    ------
    ModelRefusedError
        If XGBoost refuses a bag on its own.

    Notes
    -----
    XGBoost reads a sample's values once for all trees instead of once a bag, which halves
    the time. An output adds up the trees of its own bag, in their order, in single
    precision, from the bag's own start: margins and contributions keep their bits.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.arange(8.0)[:, None]
    >>> pair = [
    ...     xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(values, values > k), 2)
    ...     for k in (2, 5)
    ... ]
    >>> merged = load_boosters([json.loads(bag.save_raw("json")) for bag in pair], "m.json")
    >>> len(merged), merged[0].inplace_predict(values, predict_type="margin").shape
    (1, (8, 2))
    """
    merged = _merged(documents)
    if "," not in _start(merged) or _holds_several_starts():
        try:
            return [_loaded(merged)]
        except xgboost.core.XGBoostError:
            # What is wrong with one bag, if anything, is said of that bag.
            pass
    return [
        _loaded_alone(document, f"{where}: booster {number}")
        for number, document in enumerate(documents, start=1)
    ]


def _start(document: dict[str, Any]) -> str:
    """Return what a booster starts from, a probability in XGBoost's own words."""
    return str(document["learner"]["learner_model_param"]["base_score"])


def _holds_several_starts() -> bool:
    """Whether this XGBoost knows a start an output: one before 3.1 takes 0.5, and says nothing."""
    major, minor = xgboost.__version__.split(".")[:2]
    return (int(major), int(minor)) >= (3, 1)


def _loaded_alone(document: dict[str, Any], where: str) -> xgboost.Booster:
    try:
        return _loaded(document)
    except xgboost.core.XGBoostError as error:
        reason = str(error).splitlines()[0][:120]
        raise ModelRefusedError(
            f"{where}: XGBoost refuses it ({reason}); get the model again"
        ) from None


def _loaded(document: dict[str, Any]) -> xgboost.Booster:
    booster = xgboost.Booster({"nthread": 1})
    document = _with_plain_start(document)
    booster.load_model(bytearray(json.dumps(document, separators=(",", ":")).encode()))
    return booster


def _merged(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    learners = [document["learner"] for document in documents]
    first = learners[0]
    models = [learner["gradient_booster"]["model"] for learner in learners]
    of_bag = [bag for bag, model in enumerate(models) for _ in model["trees"]]
    trees = [tree for model in models for tree in model["trees"]]
    head = {**first["learner_model_param"], "num_target": str(len(documents))}
    head["base_score"] = _starts([each["learner_model_param"]["base_score"] for each in learners])
    model = {
        **models[0],
        "trees": [{**tree, "id": place} for place, tree in enumerate(trees)],
        "tree_info": of_bag,
        "iteration_indptr": [0, len(trees)],
        "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
    }
    learner = {
        **first,
        "attributes": {},
        "gradient_booster": {**first["gradient_booster"], "model": model},
        "learner_model_param": head,
    }
    return {**documents[0], "learner": learner}


def _with_plain_start(document: dict[str, Any]) -> dict[str, Any]:
    """Return a booster whose one start is written as a number, which every version reads.

    XGBoost before 3.1 takes the "[0.3]" that later ones write for 0.5, and says nothing.
    """
    if "," in _start(document):
        return document
    learner = document["learner"]
    head = {**learner["learner_model_param"], "base_score": _start(document).strip("[]")}
    return {**document, "learner": {**learner, "learner_model_param": head}}


def _starts(each: list[str]) -> str:
    """Return what the bags start from: one number where they agree, which old versions read."""
    if len(set(each)) == 1:
        return each[0]
    return f"[{','.join(start.strip('[]') for start in each)}]"
