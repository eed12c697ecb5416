"""What a command says: data on stdout or in a file, words and progress on stderr."""

from __future__ import annotations

import itertools
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proteoclass.errors import InputError, SystemFailureError, printable
from proteoclass.io import json_text, refuse_overwrite, table_text, write_text

if TYPE_CHECKING:
    import pandas as pd
    from rich.progress import Progress, TaskID

#: ``progress(label, done, total)``, called by the rooms after each unit of work.
ProgressCall = Callable[[str, int, int], None]

_LOUDNESS = "proteoclass.loudness"
#: A last column narrower than this is no longer read.
_NARROWEST = 20
_NUMBER = re.compile(r"[<>]?[+−-]?\d+(\.\d+)?( %)?|–?")


def set_loudness(ctx: click.Context, *, verbose: bool, quiet: bool) -> None:
    """Keep how much to say: 0 errors only, 1 results and notices, 2 details too.

    Raises
    ------
    click.UsageError
        If both were asked for.
    """
    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet exclude each other", ctx)
    ctx.meta[_LOUDNESS] = 2 if verbose else 0 if quiet else 1


def loudness() -> int:
    """Return how much the running command may say."""
    ctx = click.get_current_context(silent=True)
    return 1 if ctx is None else ctx.meta.get(_LOUDNESS, 1)


def say(message: str, *, at: int = 1) -> None:
    """Write words to stderr, if the command may say that much; names in them are made harmless."""
    if loudness() >= at:
        click.echo(shown(message), err=True)


def shown(text: str) -> str:
    r"""Return text for people, of any number of lines, without what a terminal would obey.

    Examples
    --------
    >>> print(shown("gene\nA\x1b[2J"))
    gene
    A\x1b[2J
    """
    parts = re.split(r"([\n\t])", text)
    return "".join(part if part in ("\n", "\t") else printable(part) for part in parts)


def notices(notes: Iterable[str]) -> None:
    """Say what was dropped or assumed, a line each. Call it only once loading has succeeded."""
    for note in notes:
        say(f"note: {' '.join(note.split())}")


def check_target(output: str | None, *, force: bool) -> None:
    """Refuse a target file before the work starts rather than after it.

    A file that the running command was given to read, by whatever option, is never replaced.

    Parameters
    ----------
    output : str or None
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    InputError
        If it exists and may not be replaced, or is an input.
    SystemFailureError
        If its folder does not exist.
    """
    if output is None:
        return
    refuse_overwrite(output, force=force)
    if Path(output).exists() and any(_is_file(given, output) for given in given_files()):
        raise InputError(f"{output}: is an input of this command; choose another name with -o")
    folder = Path(output).parent
    if not folder.is_dir():
        raise SystemFailureError(f"{output}: there is no folder {str(folder)!r}; make it first")


def given_files() -> list[str]:
    """Return the files that the running command was given to read, by whatever option."""
    ctx = click.get_current_context(silent=True)
    if ctx is None:
        return []
    # --panel takes a name too, and is no path to click.
    asked = [p.name for p in ctx.command.params if isinstance(p.type, click.Path)] + ["panel"]
    given = [ctx.params.get(name) for name in asked]
    # An option that may be repeated has several.
    flat = [part for each in given for part in (each if isinstance(each, tuple) else (each,))]
    return [part for part in flat if isinstance(part, str) and os.path.exists(part)]


def _is_file(given: str, output: str) -> bool:
    return os.path.samefile(given, output)


def put_text(text: str, output: str | None, *, force: bool) -> None:
    """Write text to the target file, or to stdout if there is none.

    Raises
    ------
    SystemFailureError
        If stdout was closed before the command began, or the file cannot be written.
    """
    if output is None:
        if sys.stdout is None:
            raise SystemFailureError("stdout is closed: nothing can be printed; give -o or open it")
        # On a terminal names are shown; through a pipe goes what -o writes, byte for byte.
        text = shown(text) if sys.stdout.isatty() else text
        click.echo(text, nl=False, color=True)
    else:
        write_text(output, text, force=force)
        say(f"wrote {output}")


def put_json(value: Any, output: str | None = None, *, force: bool = False) -> None:
    """Write JSON to the target file, or to stdout if there is none."""
    put_text(json_text(value), output, force=force)


def put_table(
    frame: pd.DataFrame, output: str | None = None, *, force: bool = False, as_json: bool = False
) -> None:
    """Write a tidy table as TSV, or as a JSON list of rows."""
    if as_json:
        # Through pandas' own writer first: it alone knows that NaN, NaT and NA are null.
        rows = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
        put_json(rows, output, force=force)
    else:
        put_text(table_text(frame), output, force=force)


def columns_text(rows: list[list[str]], width: int | None = None) -> str:
    r"""Align rows of text in columns for people; the first row is the heading.

    Columns of numbers are aligned on the right.

    Parameters
    ----------
    rows : list of list of str
    width : int, optional
        Letters in a line: what is longer has its headings broken, and then its last column,
        which keeps 20 letters at least.

    Examples
    --------
    >>> columns_text([["id", "gene"], ["P80188", "LCN2"]])
    'id      gene\nP80188  LCN2\n'
    >>> print(columns_text([["n", "which"], ["12", "LCN2, HAVCR1, UMOD, CST3, B2M"]], 20), end="")
     n  which
    12  LCN2, HAVCR1, UMOD,
        CST3, B2M
    """
    heading, *body = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heading, *body, strict=True)]
    if width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        for i, column in enumerate(zip(*body, strict=True)):
            widths[i] = max(map(len, (*column, *heading[i].replace("-", "- ").split())))
        left = width - sum(widths[:-1]) - 2 * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(_NARROWEST, left))
    aligned = [
        str.rjust if body and all(_NUMBER.fullmatch(row[i]) for row in body) else str.ljust
        for i in range(len(heading))
    ]
    lines = [
        "  ".join(
            align(cell, size) for align, cell, size in zip(aligned, line, widths, strict=True)
        )
        for row in (heading, *body)
        for line in _folded(row, widths)
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _wrapped(cell: str, size: int) -> list[str]:
    if len(cell) <= size:
        return [cell]
    # A correlation in brackets stays with the name before it, and "and 3 more" in one line.
    held = re.sub(r" (?=\([+−])|(?<=\band) (?=\d)|(?<=\d) (?=more)", "\u00a0", cell)
    return [part.replace("\u00a0", " ") for part in textwrap.wrap(held, size)]


def _folded(row: list[str], widths: list[int]) -> Iterable[tuple[str, ...]]:
    cells = (_wrapped(cell, size) for cell, size in zip(row, widths, strict=True))
    return itertools.zip_longest(*cells, fillvalue="")


@contextmanager
def progress_bar() -> Iterator[ProgressCall | None]:
    """Give a callback that draws a progress bar on stderr, None if nobody would see it."""
    if loudness() == 0 or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield _Bars(bar)


class _Bars:
    """One line of the display for each label that the work names."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, label: str, done: int, total: int) -> None:
        if label not in self.tasks:
            self.tasks[label] = self.bar.add_task(label, total=total)
        self.bar.update(self.tasks[label], completed=done, total=total)
