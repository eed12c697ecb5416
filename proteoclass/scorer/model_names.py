"""Names, texts and loose figures of a model: what of them may be printed and reported."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from proteoclass.errors import name_list, printable

#: The open parts of a model, evaluation and settings, are four deep.
MAX_DEPTH = 24
_LARGEST = 1e15
#: Not "<18" and not "p < 0.05", which outcomes and sentences hold.
_MARKUP = re.compile(r"<[A-Za-z/!?]")


def text_problem(content: dict[str, Any]) -> str:
    r"""Say what is wrong with the names, texts and figures of a model.

    Parameters
    ----------
    content : dict
        Content of a model file, its schema checked. Boosters are left aside.

    Returns
    -------
    str
        Where it stands and what it is; "" if nothing is wrong.

    Notes
    -----
    A text that a terminal would obey, or that turns the order of letters round, is not
    what it looks like; one with markup may be run by what shows it. Both are made harmless
    wherever they are printed, and a name that needs that is refused in a model all the same.

    Examples
    --------
    >>> text_problem({"name": "severity", "not_for": ["\x1b[2J"]})
    'not_for.0: holds what a terminal would obey'
    """
    stack: list[tuple[str, Any, int]] = [
        (key, value, 0) for key, value in content.items() if key != "boosters"
    ]
    while stack:
        place, value, depth = stack.pop()
        problem = _wrong(value, depth)
        if problem:
            return f"{place[:160]}: {problem}"
        if isinstance(value, dict):
            for key, item in value.items():
                problem = _wrong(key, depth)
                if problem:
                    return f"{place[:160]}: the name of a field {problem}"
                stack.append((f"{place}.{key[:40]}", item, depth + 1))
        elif isinstance(value, list):
            stack += [(f"{place}.{i}", item, depth + 1) for i, item in enumerate(value)]
    return _wrong_names(content) or _wrong_figures(content.get("evaluation", {}))


def _wrong(value: Any, depth: int) -> str:
    if depth > MAX_DEPTH:
        return f"is nested deeper than {MAX_DEPTH}"
    if isinstance(value, str):
        if (not value.isascii() or not value.isprintable()) and printable(value) != value:
            return "holds what a terminal would obey"
        return "holds markup" if _MARKUP.search(value) else ""
    # A number of a thousand digits is an int to Python, and no float holds it.
    if isinstance(value, (int, float)) and not -_LARGEST <= value <= _LARGEST:
        return f"is beyond {_LARGEST:g}"
    return ""


def _wrong_names(content: dict[str, Any]) -> str:
    outcome = content.get("outcome", {})
    panel = [protein["id"] for protein in content.get("panel", [])]
    reference = [protein["id"] for protein in content.get("normaliser", {}).get("reference", [])]
    for what, names in (("panel", panel), ("normaliser.reference", reference)):
        twice = [name for name, n in Counter(names).items() if n > 1]
        if twice:
            return f"{what}: {name_list(twice)} stands in it twice"
    if outcome and outcome["positive"] == outcome["negative"]:
        return f"outcome: both classes are called {outcome['positive'][:80]!r}"
    blank = [name for name in (*panel, *reference, *outcome.values()) if not name.strip()]
    return "a protein, or a class of the outcome, has a blank name" if blank else ""


def _wrong_figures(evaluation: dict[str, Any]) -> str:
    """Check the figures that a model is shown and judged with; the rest is for reading."""
    auc, permutation = (evaluation.get(name, {}) for name in ("auc", "permutation"))
    if not isinstance(auc, dict) or not isinstance(permutation, dict):
        return "evaluation: auc or permutation is not a group of fields"
    for name, kind in (("thresholds", dict), ("warnings", str)):
        entries = evaluation.get(name, [])
        if not isinstance(entries, list) or any(type(entry) is not kind for entry in entries):
            return f"evaluation.{name}: is not a list of {'texts' if kind is str else 'groups'}"
    n = permutation.get("n", 0)
    if not _is_share(permutation.get("p")) or type(n) is not int or n < 0:
        return "evaluation.permutation: p is no share between 0 and 1, or n no number of shuffles"
    interval = auc.get("interval") or []
    figures = [auc.get("mean_over_repeats"), *(interval if isinstance(interval, list) else [""])]
    if len(figures) not in (1, 3) or not all(_is_share(figure) for figure in figures):
        return "evaluation.auc: a figure in it is no share between 0 and 1"
    return ""


def _is_share(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value is None or (is_number and 0 <= value <= 1)
