"""Structure of boosters read from a file, checked before XGBoost sees them."""

from __future__ import annotations

import re
from typing import Any

from proteoclass.errors import ModelRefusedError

_LEAF = -1
#: What XGBoost writes as the parent of the root.
_NO_PARENT = 2**31 - 1
#: Deeper trees are none of ours, and XGBoost explains a tree by recursion.
MAX_DEPTH = 64
#: Far above any log2 value, log-odds or sum of weights of a cohort; sums of it stay finite.
_LARGEST = 1e9

_WHOLE = ("left_children", "right_children", "parents", "split_indices", "default_left",
          "split_type")  # fmt: skip
_REAL = ("split_conditions", "base_weights", "loss_changes", "sum_hessian")
_CATEGORIES = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
_TREE = {*_WHOLE, *_REAL, *_CATEGORIES, "id", "tree_param"}
_NO_CATEGORIES: dict[str, list[Any]] = {"enc": [], "feature_segments": [], "sorted_idx": []}
_BASE_SCORE = re.compile(r"\[?([0-9]\.?[0-9]{0,12}E?-?[0-9]{0,2})\]?")


class _WrongError(Exception):
    """What is wrong with a booster, in words."""


def check_booster(document: Any, n_features: int, where: str) -> None:
    """Refuse a booster that is not one that `train` may have written.

    XGBoost loads an edited child or feature index without a word and then reads outside
    its memory at prediction, which ends the process. So this is a list of what may stand in
    a booster rather than of what may not: every field of XGBoost's own JSON is compared with
    what its versions 2.0 to 3.2 write for trees of one binary outcome, and another is refused.

    Parameters
    ----------
    document : dict
        XGBoost's own JSON.
    n_features : int
        Proteins in the panel.
    where : str
        Which booster, for messages.

    Raises
    ------
    ModelRefusedError

    Examples
    --------
    >>> check_booster({}, 20, "booster 1")
    Traceback (most recent call last):
    ...
    proteoclass.errors.ModelRefusedError: booster 1: is not a booster of trees; get the model again
    """
    try:
        trees = _trees(document, n_features)
        for number, tree in enumerate(trees):
            problem = _problem(tree, number, n_features)
            if problem:
                raise _WrongError(f"tree {number}: {problem}")
    except _WrongError as error:
        raise ModelRefusedError(f"{where}: {error}; get the model again") from None


def _trees(document: Any, n_features: int) -> list[Any]:
    """Check everything of a booster but its trees, which are returned."""
    try:
        learner = document["learner"]
        booster = learner["gradient_booster"]
        kind = booster["name"], learner["objective"]["name"]
        declared = learner["learner_model_param"]["num_feature"]
        model, trees = booster["model"], booster["model"]["trees"]
    except (KeyError, TypeError, IndexError):
        raise _WrongError("is not a booster of trees") from None
    if kind != ("gbtree", "binary:logistic"):
        raise _WrongError(f"found {str(kind)[:80]}, expected trees for binary:logistic")
    if declared != str(n_features):
        raise _WrongError(f"has {str(declared)[:20]} features, the panel {n_features}")
    if not isinstance(trees, list) or not trees:
        raise _WrongError("its list of trees is damaged")
    _check_head(document, learner)
    _check_list(model, len(trees))
    return trees


def _check_head(document: dict[str, Any], learner: dict[str, Any]) -> None:
    _expect_keys(document, {"learner", "version"}, "the booster")
    version = document["version"]
    if not (_all_of(version, int) and len(version) == 3 and 2 <= version[0] < 100):
        raise _WrongError("its version is not three numbers, from 2 up")
    expected = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    parts = {*expected, "gradient_booster", "learner_model_param"}
    _expect_keys(learner, parts, "learner")
    for key, value in expected.items():
        if learner[key] != value:
            raise _WrongError(f"learner: {key} is not what `train` writes")
    _expect_keys(learner["gradient_booster"], {"model", "name"}, "gradient_booster")
    parameters = learner["learner_model_param"]
    fixed = {"boost_from_average": "0", "num_class": "0", "num_target": "1"}
    _expect_keys(parameters, {*fixed, "base_score", "num_feature"}, "learner_model_param")
    wrong = [key for key, value in fixed.items() if parameters[key] != value]
    if wrong:
        raise _WrongError(f"learner_model_param: {wrong[0]} is not what `train` writes")
    found = _BASE_SCORE.fullmatch(parameters["base_score"] if _texts(parameters) else "")
    try:
        base = float(found[1]) if found else 0.0
    except ValueError:
        base = 0.0
    if not 0 < base < 1:
        raise _WrongError("base_score is not a probability between 0 and 1")


def _check_list(model: dict[str, Any], n_trees: int) -> None:
    """Check what stands beside the trees: one a round, one group, no categories."""
    # Written by XGBoost 3.1 and newer.
    if model.get("cats", _NO_CATEGORIES) != _NO_CATEGORIES:
        raise _WrongError("it has categories, a panel has none")
    expected = {"gbtree_model_param", "iteration_indptr", "tree_info", "trees"}
    _expect_keys(model, expected | ({"cats"} & model.keys()), "model")
    heads = {"num_parallel_tree": "1", "num_trees": str(n_trees)}
    groups, rounds = model["tree_info"], model["iteration_indptr"]
    if (
        model["gbtree_model_param"] != heads
        or not (_all_of(groups, int) and groups == [0] * n_trees)
        or not (_all_of(rounds, int) and rounds == list(range(n_trees + 1)))
    ):
        raise _WrongError("its list of trees is damaged")


def _expect_keys(part: Any, expected: set[str], what: str) -> None:
    if not isinstance(part, dict):
        raise _WrongError(f"{what} is not a group of fields")
    other = sorted(part.keys() - expected) or sorted(expected - part.keys())
    if other:
        word = "unknown" if other[0] in part else "missing"
        raise _WrongError(f"{what}: field {other[0][:40]} is {word}")


def _problem(tree: Any, number: int, n_features: int) -> str:
    """Say what is wrong with a tree; nothing if nothing is."""
    if not isinstance(tree, dict) or tree.keys() != _TREE:
        return "fields are missing or unknown"
    columns = [tree[name] for name in (*_WHOLE, *_REAL)]
    if any(not isinstance(column, list) for column in columns):
        return "a field is not a list"
    size = len(columns[0])
    if size < 1 or any(len(column) != size for column in columns):
        return f"fields do not all have {size} nodes"
    head = {
        "num_deleted": "0",
        "num_feature": str(n_features),
        "num_nodes": str(size),
        "size_leaf_vector": "1",
    }
    if tree["tree_param"] != head or type(tree["id"]) is not int or tree["id"] != number:
        return "its head does not fit the panel, the nodes or its place"
    if any(tree[name] != [] for name in _CATEGORIES):
        return "it has categories, a panel has none"
    return _wrong_column(tree) or _walk(tree, n_features)


def _wrong_column(tree: dict[str, Any]) -> str:
    for name in _WHOLE:
        column = tree[name]
        if not _all_of(column, int) or max(column) > _NO_PARENT or min(column) < _LEAF:
            return f"{name}: an index is not a whole number of 32 bits"
    for name in _REAL:
        if not _all_of(tree[name], float) or not _within(tree[name]):
            return f"{name}: a value is not a finite number up to {_LARGEST:g}"
    if min(tree["sum_hessian"]) < 0:
        return "sum_hessian: a value is below 0"
    if any(tree["split_type"]):
        return "a split is not numerical"
    if not {0, 1}.issuperset(tree["default_left"]):
        return "default_left: a value is neither 0 nor 1"
    return ""


def _walk(tree: dict[str, Any], n_features: int) -> str:
    """Visit every node once from the root; name what is not a tree."""
    left, right = tree["left_children"], tree["right_children"]
    parents, features, cover = tree["parents"], tree["split_indices"], tree["sum_hessian"]
    size = len(left)
    seen = [False] * size
    stack = [(0, _NO_PARENT, 0)]
    while stack:
        node, parent, depth = stack.pop()
        if not 0 <= node < size:
            return f"a branch leads to node {node} of {size}"
        if seen[node]:
            return f"two branches lead to node {node}"
        if parents[node] != parent:
            return f"the parent of node {node} is another than the branch that leads to it"
        if depth > MAX_DEPTH:
            return f"is deeper than {MAX_DEPTH}"
        seen[node] = True
        is_leaf = left[node] == _LEAF and right[node] == _LEAF
        if not 0 <= features[node] < n_features:
            return f"node {node} splits on feature {features[node]} of {n_features}"
        if is_leaf:
            continue
        if cover[node] <= 0:
            return f"node {node} divides no weight"
        stack += [(left[node], node, depth + 1), (right[node], node, depth + 1)]
    return "" if all(seen) else "some nodes cannot be reached"


def _all_of(values: Any, kind: type) -> bool:
    """Whether a value is a list of exactly this type: to Python, True and 1.0 are 1 too."""
    return isinstance(values, list) and set(map(type, values)) == {kind}


def _texts(values: dict[str, Any]) -> bool:
    return set(map(type, values.values())) == {str}


def _within(values: list[float]) -> bool:
    return max(values) <= _LARGEST and min(values) >= -_LARGEST
