"""Structure of boosters read from a file, checked before XGBoost sees them."""

from __future__ import annotations

from typing import Any

from proteoclass.errors import ModelRefusedError

_LEAF = -1
_PER_NODE = (
    "left_children", "right_children", "parents", "split_indices", "split_conditions",
    "default_left", "base_weights", "loss_changes", "sum_hessian", "split_type",
)  # fmt: skip


def check_booster(document: Any, n_features: int, where: str) -> None:
    """Refuse a booster whose trees are not trees over the panel's features.

    XGBoost loads an edited child or feature index without a word and then reads outside
    its memory at prediction, which ends the process.

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
        learner = document["learner"]
        booster = learner["gradient_booster"]
        trees = booster["model"]["trees"]
        declared = int(learner["learner_model_param"]["num_feature"])
        kind = booster["name"], learner["objective"]["name"]
        groups = booster["model"]["tree_info"]
    except (KeyError, TypeError, ValueError, IndexError):
        raise ModelRefusedError(
            f"{where}: is not a booster of trees; get the model again"
        ) from None
    if kind != ("gbtree", "binary:logistic"):
        raise ModelRefusedError(
            f"{where}: found {str(kind)[:80]}, expected trees for binary:logistic; "
            "get the model again"
        )
    if declared != n_features:
        raise ModelRefusedError(
            f"{where}: has {declared} features, the panel {n_features}; get the model again"
        )
    if not isinstance(trees, list) or not trees or groups != [0] * len(trees):
        raise ModelRefusedError(f"{where}: its list of trees is damaged; get the model again")
    for number, tree in enumerate(trees):
        problem = _problem(tree, n_features)
        if problem:
            raise ModelRefusedError(f"{where}, tree {number}: {problem}; get the model again")


def _problem(tree: Any, n_features: int) -> str:
    try:
        columns = [tree[name] for name in _PER_NODE]
        size = int(tree["tree_param"]["num_nodes"])
        declared = int(tree["tree_param"]["num_feature"])
        categories = tree["categories"]
    except (KeyError, TypeError, ValueError):
        return "fields are missing"
    if any(not isinstance(column, list) or len(column) != size for column in columns):
        return f"fields do not all have {size} nodes"
    if size < 1 or declared != n_features or categories:
        return "its head does not fit the panel"
    if not all(_is_index(v) for name in _PER_NODE[:4] for v in tree[name]):
        return "an index is not a whole number"
    if not all(_is_finite(v) for name in ("split_conditions", "base_weights") for v in tree[name]):
        return "a split or weight is not a finite number"
    if any(kind != 0 for kind in tree["split_type"]):
        return "a split is not numerical"
    return _walk(tree["left_children"], tree["right_children"], tree["split_indices"], n_features)


def _walk(left: list[int], right: list[int], features: list[int], n_features: int) -> str:
    """Visit every node once from the root; name what is not a tree."""
    seen = [False] * len(left)
    stack = [0]
    while stack:
        node = stack.pop()
        if not 0 <= node < len(left):
            return f"a branch leads to node {node} of {len(left)}"
        if seen[node]:
            return f"two branches lead to node {node}"
        seen[node] = True
        if left[node] == _LEAF and right[node] == _LEAF:
            continue
        if not 0 <= features[node] < n_features:
            return f"node {node} splits on feature {features[node]} of {n_features}"
        stack += [left[node], right[node]]
    return "" if all(seen) else "some nodes cannot be reached"


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -1 <= value < 2**31


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e30
