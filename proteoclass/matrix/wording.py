"""Counts, values and columns in sentences."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from proteoclass.errors import name_list


def counted(number: int, noun: str) -> str:
    """Put a number before a noun, the noun in the plural unless there is one.

    Examples
    --------
    >>> counted(1, "sample"), counted(2, "sample"), counted(2, "share of values")
    ('1 sample', '2 samples', '2 shares of values')
    """
    first, _, rest = noun.partition(" of ")
    plural = first if number == 1 else f"{first[:-1]}ies" if first.endswith("y") else f"{first}s"
    return f"{number} {plural}{f' of {rest}' if rest else ''}"


def label_text(value: object) -> str:
    """Return a label as it stands in the sheet.

    A column of whole numbers arrives as 1.0, 2.0: the labels were 1, 2.

    Examples
    --------
    >>> label_text(2.0), label_text(" severe "), label_text(1.25)
    ('2', 'severe', '1.25')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def near_columns(name: str, columns: Iterable[object], option: str) -> str:
    """Say which columns were probably meant by one that is not there, or which there are.

    Examples
    --------
    >>> near_columns("Site", ["site", "age"], "--leave-out")
    "did you mean 'site'?"
    >>> near_columns("ward", ["site", "age"], "--leave-out")
    'found site, age; correct --leave-out'
    """
    known = [str(column) for column in columns]
    lower = {column.lower(): column for column in reversed(known)}
    near = difflib.get_close_matches(name.lower(), lower, n=3)
    if near:
        return f"did you mean {' or '.join(repr(lower[column]) for column in near)}?"
    return f"found {name_list(known, 12) or 'no other column'}; correct {option}"
