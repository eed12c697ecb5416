"""What a card is made of, and how its figures are put into words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

NOT_REPORTED: Final = "not reported"


@dataclass(frozen=True)
class Facts:
    """Names and values, in the order to read them."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A table for people: headings, and rows of text."""

    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A section of a model card.

    Parameters
    ----------
    title : str
        After Mitchell et al. 2019.
    items : str
        Numbers of the TRIPOD+AI items that have their place here.
    blocks : tuple of Facts and Grid
    """

    title: str
    items: str
    blocks: tuple[Facts | Grid, ...]


def part(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return a part of a summary, empty where it has none.

    Examples
    --------
    >>> part({"a": {"b": {"c": 1}}}, "a", "b"), part({"a": None}, "a")
    ({'c': 1}, {})
    """
    found: Any = mapping
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def said(value: Any) -> str:
    """Return a value in words, "not reported" where it is blank.

    Examples
    --------
    >>> said(None), said(""), said(0), said(True), said(1234), said(0.5)
    ('not reported', 'not reported', '0', 'yes', '1,234', '0.5')
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return NOT_REPORTED
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def number(value: Any, digits: int = 2) -> str:
    """Return a number to some decimals, "not reported" where there is none.

    Examples
    --------
    >>> number(0.8567), number(None), number(float("nan"))
    ('0.86', 'not reported', 'not reported')
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value != value:
        return NOT_REPORTED
    return f"{value:.{digits}f}"


def with_interval(value: Any, interval: Any, digits: int = 2) -> str:
    """Return a figure with its interval.

    Examples
    --------
    >>> with_interval(0.9, [0.8, 0.95]), with_interval(0.9, [None, None])
    ('0.90 (0.80 to 0.95)', '0.90 (interval not reportable)')
    """
    if number(value) == NOT_REPORTED:
        return NOT_REPORTED
    low, high = interval if isinstance(interval, Sequence) and len(interval) == 2 else (None, None)
    if NOT_REPORTED in (number(low), number(high)):
        return f"{number(value, digits)} (interval not reportable)"
    return f"{number(value, digits)} ({number(low, digits)} to {number(high, digits)})"


def platform_of(summary: Mapping[str, Any]) -> str:
    """Return the platform of the training samples.

    Examples
    --------
    >>> platform_of({"training": {"platform": "Orbitrap"}}), platform_of({})
    ('Orbitrap', 'not reported')
    """
    return said(summary.get("platform") or part(summary, "training").get("platform"))
