"""Counts in sentences."""

from __future__ import annotations


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
