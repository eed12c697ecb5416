"""`proteoclass panel`: list, show, check, compare, select."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import check_target, columns_text, put_json, put_table, put_text, say
from proteoclass.cli.group import Group
from proteoclass.cli.options import (
    MatrixRequest,
    index_option,
    json_option,
    matrix_options,
    name_option,
    outcome_options,
    output_option,
    seed_option,
    settings_options,
)
from proteoclass.errors import PanelMismatchError

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome
    from proteoclass.scorer import Settings


@click.group(cls=Group)
def panel() -> None:
    """List, show, check, compare and select protein panels."""


@panel.command(name="list")
@json_option
def list_command(as_json: bool) -> None:
    """List the panels that ship with proteoclass."""
    from proteoclass.panel.library import list_panels, load_panel

    panels = [load_panel(name) for name in list_panels()]
    if as_json:
        keys = ("name", "status", "fluid", "size", "title")
        put_json([{key: getattr(each, key) for key in keys} for each in panels])
        return
    rows = [["name", "status", "fluid", "proteins", "title"]]
    rows += [[each.name, each.status, each.fluid, str(each.size), each.title] for each in panels]
    put_text(columns_text(rows), None, force=False)


@panel.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Print a panel, found by NAME or path, as TOML or JSON."""
    from proteoclass.panel.library import load_panel

    found = load_panel(name)
    if as_json:
        put_json(found.model_dump(mode="json", by_alias=True))
    else:
        put_text(found.to_toml(), None, force=False)


@panel.command()
@matrix_options(samples="optional")
@click.option("--panel", "name", metavar="NAME|FILE", required=True, help="Panel to look for.")
@json_option
def check(source: MatrixRequest, name: str, as_json: bool) -> None:
    """Say how much of a panel a matrix measures."""
    from proteoclass.panel.compare import panel_coverage
    from proteoclass.panel.library import load_panel

    wanted = load_panel(name)
    coverage = panel_coverage(wanted, source.read())
    n_found = int((coverage["by"] != "").sum())
    if n_found == 0:
        raise PanelMismatchError(
            f"{source.path}: has none of the {wanted.size} proteins of panel {wanted.name!r}; "
            "give accessions or genes with --proteins, or choose another panel"
        )
    put_table(coverage, as_json=as_json)
    say(f"{n_found} of {wanted.size} proteins of {wanted.name} found")


@panel.command()
@click.argument("first")
@click.argument("second")
@json_option
def compare(first: str, second: str, as_json: bool) -> None:
    """Say what two panels share, FIRST and SECOND by name or path."""
    from proteoclass.panel.compare import compare_panels
    from proteoclass.panel.library import load_panel

    one, two = load_panel(first), load_panel(second)
    result = compare_panels(one, two)
    if as_json:
        put_json(result)
        return
    genes = {each.id: each.gene or each.id for each in (*two.proteins, *one.proteins)}
    rows = [
        ["", "proteins", "which"],
        ["shared", str(result["n_shared"]), ", ".join(genes[p["first"]] for p in result["shared"])],
        [f"only {one.name}", *_count(result["only_first"], genes)],
        [f"only {two.name}", *_count(result["only_second"], genes)],
    ]
    put_text(columns_text(rows), None, force=False)


@panel.command()
@matrix_options()
@outcome_options()
@settings_options
@index_option
@name_option("derived", "Name of the panel.")
@output_option("Panel file to write; stdout without it.")
@seed_option
def select(
    source: MatrixRequest,
    outcome: Outcome,
    settings: Settings,
    output: str | None,
    force: bool,
    **options: Any,
) -> None:
    """Derive a panel from a cohort.

    The panel records the cohort it came from. Evaluated on that same cohort, it is not
    held fixed: the selection runs again in every fold.
    """
    from proteoclass.scorer import derive_panel

    check_target(output, force=force, inputs=(source.path, source.samples))
    matrix = source.read()
    derived = derive_panel(matrix, outcome, settings=settings, **options)
    put_text(derived.to_toml(), output, force=force)
    say(f"selected {derived.size} of {matrix.n_proteins} proteins")


def _count(ids: list[str], genes: dict[str, str]) -> list[str]:
    return [str(len(ids)), ", ".join(genes[i] for i in ids)]
