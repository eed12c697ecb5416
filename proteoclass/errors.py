"""Errors a user can act on, each with the exit code the command line returns for it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


class ProteoclassError(Exception):
    r"""Base of every error that proteoclass raises on purpose.

    The message is one line: what, where (file, sheet, row, column), found against
    expected, and what to do.

    Examples
    --------
    >>> str(ProteoclassError("sheet.tsv: no column\n id; rename it"))
    'sheet.tsv: no column id; rename it'
    """

    exit_code = 1

    def __init__(self, message: str) -> None:
        # One line whatever the file's own text holds: a name with a newline in it
        # must not be able to forge a second message, nor one with an escape sequence
        # to wipe the terminal.
        line = " ".join(str(message).split())
        super().__init__(printable(line))


class InputError(ProteoclassError, ValueError):
    """A file or a value in it is not what the step needs."""

    exit_code = 3


class PanelMismatchError(ProteoclassError):
    """A panel asks for proteins that the matrix does not have."""

    exit_code = 4


class ModelRefusedError(ProteoclassError):
    """A model file is damaged, altered, too new or not meant for this matrix."""

    exit_code = 5


class TooLittleDataError(ProteoclassError, ValueError):
    """There are too few patients, events or proteins for the step."""

    exit_code = 6


class CheckFailedError(ProteoclassError):
    """A verification ran and its answer is no."""

    exit_code = 7


class SystemFailureError(ProteoclassError):
    """The machine stands in the way: disk full, no permission, a missing extra."""

    exit_code = 8


def printable(text: str) -> str:
    r"""Return text with all that a terminal would obey rather than show as escapes.

    Examples
    --------
    >>> print(printable("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return "".join(c if c.isprintable() or _is_blank(c) else ascii(c)[1:-1] for c in text)


def _is_blank(character: str) -> bool:
    # A no-break space before a unit is text of ours: Python calls it not printable.
    return unicodedata.category(character) == "Zs"


def name_list(names: Iterable[object], limit: int = 5) -> str:
    """Join at most `limit` names, and count the others.

    Parameters
    ----------
    names : iterable of object
        What to list, in the order to show.
    limit : int
        How many to show.

    Returns
    -------
    str

    Examples
    --------
    >>> name_list(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    shown = [_shortened(str(name)) for name in names]
    if len(shown) <= limit:
        return ", ".join(shown)
    return f"{', '.join(shown[:limit])} and {len(shown) - limit} more"


def _shortened(name: str) -> str:
    """Cut a long name at its end, a path at its start: runs of a folder differ in their ends."""
    if len(name) <= 80:
        return name
    return f"...{name[-77:]}" if "/" in name or "\\" in name else name[:80]
