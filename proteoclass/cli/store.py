"""`proteoclass store`: list, search, export and verify a score store."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import check_target, put_json, put_table, put_text, say
from proteoclass.cli.group import Group
from proteoclass.cli.options import Function, InputFile, json_option, output_option, stack

if TYPE_CHECKING:
    from proteoclass.longitudinal import Search

_STORE = click.argument("path", type=InputFile(), metavar="STORE")


def _search_options(function: Function) -> Function:
    """Add what to look for; pass it as `search`."""

    @functools.wraps(function)
    def command(
        *,
        patient: str,
        band: str,
        status: str | None,
        model: str,
        days: tuple[float, float] | None,
        history: bool,
        **rest: Any,
    ) -> Any:
        from proteoclass.longitudinal import Search

        low, high = days or (None, None)
        search = Search(patient, band, status or "", model, low, high, history)
        return function(search=search, **rest)

    return stack(
        command,
        [
            click.option("--patient", metavar="ID", default="", help="Of this patient."),
            click.option("--band", metavar="BAND", default="", help="In this band of scores."),
            click.option(
                "--status",
                type=click.Choice(("final", "not reportable")),
                help="With this status.",
            ),
            click.option(
                "--model",
                metavar="NAME",
                default="",
                help="By this model: its name, or the beginning of its hash, or NAME@HASH.",
            ),
            click.option(
                "--days",
                type=(float, float),
                metavar="FROM TO",
                help="From this day of the sample sheet to that one.",
            ),
            click.option(
                "--history", is_flag=True, help="Superseded scores too, by their revision."
            ),
        ],
    )


@click.group(cls=Group)
def store() -> None:
    """Look into a score store, export it or verify it."""


@store.command(name="list")
@_STORE
@json_option
def list_command(path: str, as_json: bool) -> None:
    """List the models of a store, and who added what, when and why."""
    from proteoclass.longitudinal import ScoreStore
    from proteoclass.matrix.wording import counted

    with ScoreStore(path) as opened:
        models, events = opened.models(), opened.events()
    if as_json:
        put_json({"models": models.to_dict("records"), "events": events.to_dict("records")})
        return
    put_table(models, None, force=False, as_json=False)
    put_text("\n", None, force=False)
    put_table(events, None, force=False, as_json=False)
    say(f"{counted(len(models), 'model')}, {counted(len(events), 'addition')}")


@store.command()
@_STORE
@_search_options
@json_option
def search(path: str, search: Search, as_json: bool) -> None:
    """Print the scores that answer to all that is asked for."""
    from proteoclass.longitudinal import ScoreStore
    from proteoclass.matrix.wording import counted

    with ScoreStore(path) as opened:
        found = opened.find(search)
    put_table(found, None, force=False, as_json=as_json)
    say(f"found {counted(len(found), 'score')}")


@store.command()
@_STORE
@_search_options
@output_option("File to write: .json as JSON, all else as TSV.", required=True)
def export(path: str, search: Search, output: str, force: bool) -> None:
    """Write scores to a table that is safe to open in a spreadsheet.

    In a TSV, text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    from proteoclass.longitudinal import ScoreStore
    from proteoclass.longitudinal.store.export import spreadsheet_safe
    from proteoclass.matrix.wording import counted

    check_target(output, force=force)
    with ScoreStore(path) as opened:
        found = opened.find(search)
    as_json = output.lower().endswith(".json")
    guarded = 0
    if not as_json:
        found, guarded = spreadsheet_safe(found)
    put_table(found, output, force=force, as_json=as_json)
    say(f"wrote {counted(len(found), 'score')} to {output}")
    if guarded:
        say(
            f"note: {counted(guarded, 'cell')} with an apostrophe before it: a spreadsheet would "
            "run the text as a formula."
        )


@store.command()
@_STORE
def verify(path: str) -> None:
    """Check a store's file, its audit trail and every row of it.

    Exit code 7 if anything was altered, added or removed behind the store's back.
    """
    from proteoclass.longitudinal import verify_store

    checks = verify_store(path)
    put_text("".join(f"{check}\n" for check in checks), None, force=False)
    say(f"{path}: passed {len(checks)} checks")
