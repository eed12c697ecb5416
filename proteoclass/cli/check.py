"""`proteoclass check`."""

from __future__ import annotations

from typing import Any

import click

from proteoclass.cli.console import put_json, put_text
from proteoclass.cli.group import Command
from proteoclass.cli.options import MatrixRequest, json_option, matrix_options
from proteoclass.errors import printable


@click.command(cls=Command)
@matrix_options(samples="optional")
@json_option
def check(source: MatrixRequest, as_json: bool) -> None:
    """Say what a matrix file is and what is wrong with it.

    Nothing is written. Exit code 0 if the file can be read, problems included.
    """
    found = source.check()
    if as_json:
        put_json(found)
    else:
        put_text(_text(found), None, force=False)


def _text(found: dict[str, Any]) -> str:
    problems = found["problems"]
    # What both sides do not share is among the problems already.
    notes = [note for note in found["notes"] if note not in problems]
    lines = [
        f"format         {found['format']} ({found['why']})",
        f"values         {found['kind']}, {found['scale']} scale",
        f"samples        {found['n_samples']}",
        f"proteins       {found['n_proteins']}",
        f"not detected   {100 * found['missing_rate']:.1f} % of cells",
        *_matched(found["matching"]),
        f"problems       {len(problems) or 'none'}",
        *(f"  - {problem}" for problem in problems),
        *(["notes"] if notes else []),
        *(f"  - {note}" for note in notes),
    ]
    return "\n".join(map(printable, lines)) + "\n"


def _matched(matching: dict[str, Any] | None) -> list[str]:
    if matching is None:
        return []
    parts = [f"{matching['exact']} by id"]
    for key, how in (("run_name", "by run name"), ("case_only", "but for case")):
        if matching[key]:
            parts.append(f"{len(matching[key])} {how}")
    aside = f"{len(matching['not_in_sheet'])} of the matrix"
    absent = f"{len(matching['not_in_matrix'])} of the sheet"
    return [f"matched        {', '.join(parts)}; left over {aside}, {absent}"]
