"""When an AUC must be called no better than chance, decided in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Fewest permutations whose smallest possible p is 0.05.
MIN_PERMUTATIONS = 19
ALPHA = 0.05
#: The words; whoever reads a warning, a last line or a headline meets the same ones.
NO_BETTER = "no better than chance"


def reasons_for_chance(auc: Mapping[str, Any], permutation: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why an AUC does not stand out from chance; nothing where it does.

    Either is enough: the interval of the AUC reaches 0.5, or lies below it, or the AUC itself
    does where it has no interval; or the permutation p is above 0.05, where there were enough
    permutations for less.

    Parameters
    ----------
    auc : mapping
        `interval` of `evaluation.json`: two limits, or None; `mean_over_repeats`.
    permutation : mapping
        `p` and `n` of `evaluation.json`, where the test was run.

    Returns
    -------
    tuple of str

    Notes
    -----
    Under the null the lower limit of a 95 % interval lies above 0.5 by chance in about one
    study of forty: silence here is no proof, it is the absence of this objection.

    Examples
    --------
    >>> reasons_for_chance({"interval": [0.41, 0.83]}, {"p": None})
    ('the interval of its AUC, 0.41 to 0.83, reaches 0.5',)
    >>> reasons_for_chance({"interval": [0.61, 0.93]}, {"p": 0.01, "n": 100})
    ()
    """
    reasons = []
    low, high = auc.get("interval") or (None, None)
    value = auc.get("mean_over_repeats")
    # Not a number, which is null in the file, is no interval either.
    if low is None or high is None or low != low:
        if value is not None and value <= 0.5:
            reasons.append(f"its AUC is {value:.2f}")
    elif low <= 0.5:
        where = "reaches" if high >= 0.5 else "lies below"
        reasons.append(f"the interval of its AUC, {low:.2f} to {high:.2f}, {where} 0.5")
    p = permutation.get("p")
    if p is not None and p > ALPHA and permutation.get("n", 0) >= MIN_PERMUTATIONS:
        reasons.append(f"permutation p = {p:.2g}")
    return tuple(reasons)


def chance_warning(auc: Mapping[str, Any], permutation: Mapping[str, Any]) -> str:
    """Return the sentence that says so, or nothing.

    Parameters
    ----------
    auc, permutation : mapping
        As for `reasons_for_chance`.

    Returns
    -------
    str

    Examples
    --------
    >>> chance_warning({"interval": [0.41, 0.83]}, {"p": 0.3, "n": 99})[:53]
    'On this evidence the score is no better than chance: '
    """
    reasons = reasons_for_chance(auc, permutation)
    return f"On this evidence the score is {NO_BETTER}: {'; '.join(reasons)}." if reasons else ""
