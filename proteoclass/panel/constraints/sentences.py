"""Constraints in words: what was left out, lifted, or named in vain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.wording import counted
from proteoclass.panel.constraints.exclusions import GROUPS

#: Reason of an exclusion that was asked for by name.
BY_NAME = "named"


def left_out_sentences(
    left_out: Mapping[str, tuple[str, ...]], proteins: pd.DataFrame
) -> Iterable[str]:
    """Say how many proteins were left out, and why.

    Parameters
    ----------
    left_out : mapping of str to tuple of str
        Ids by reason.
    proteins : DataFrame
        Indexed by id, with `gene`.

    Examples
    --------
    >>> table = pd.DataFrame({"gene": ["KRT1", ""]}, index=["a", "b"])
    >>> list(left_out_sentences({"keratins": ("a", "b")}, table))
    ['Left out of the choice by default: 2 keratins (KRT1, b); --allow lifts it.']
    """
    groups = [group_text(group, left_out[group], proteins) for group in GROUPS if group in left_out]
    if groups:
        yield f"Left out of the choice by default: {', '.join(groups)}; --allow lifts it."
    if BY_NAME in left_out:
        names = left_out[BY_NAME]
        yield f"Left out by --exclude: {len(names)} ({name_list(labels(names, proteins))})."


def lifted_sentences(n_lifted: Mapping[str, int]) -> Iterable[str]:
    """Say how many proteins of each group were not left out because they were asked for.

    Examples
    --------
    >>> list(lifted_sentences({"keratins": 2, "immunoglobulins": 0}))
    ['Not left out, by --allow or --must-have: 2 keratins.']
    """
    counts = [_counted_group(count, group) for group, count in n_lifted.items() if count]
    if counts:
        yield f"Not left out, by --allow or --must-have: {', '.join(counts)}."


def group_text(group: str, ids: Sequence[str], proteins: pd.DataFrame) -> str:
    """Count the proteins of a group and name some.

    Examples
    --------
    >>> group_text("sex-specific", ["a"], pd.DataFrame({"gene": ["KLK3"]}, index=["a"]))
    '1 sex-specific protein (KLK3)'
    """
    return f"{_counted_group(len(ids), group)} ({name_list(labels(ids, proteins))})"


def _counted_group(number: int, group: str) -> str:
    return counted(number, group.removesuffix("s") if group.endswith("s") else f"{group} protein")


def unknown_sentences(unknown: Mapping[str, list[str]]) -> Iterable[str]:
    """Say which names of an option match nothing.

    Examples
    --------
    >>> list(unknown_sentences({"--exclude": ["KRT99"], "--allow": []}))
    ['--exclude: 1 of its names matches nothing in the matrix: KRT99.']
    """
    for option, names in unknown.items():
        if names:
            verb = "matches" if len(names) == 1 else "match"
            yield (
                f"{option}: {len(names)} of its names {verb} nothing in the matrix: "
                f"{name_list(names)}."
            )


def labels(ids: Iterable[str], proteins: pd.DataFrame) -> list[str]:
    """Return the gene of each protein, its id where no gene is known.

    Examples
    --------
    >>> labels(["a", "b"], pd.DataFrame({"gene": ["KRT1", ""]}, index=["a", "b"]))
    ['KRT1', 'b']
    """
    genes = proteins["gene"].to_dict()
    return [str(genes[name] or name) for name in ids]
