"""`proteoclass panel`: list, show, check, compare, select."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proteoclass.cli.console import (
    check_target,
    columns_text,
    notices,
    progress_bar,
    put_json,
    put_table,
    put_text,
    say,
)
from proteoclass.cli.group import Group
from proteoclass.cli.options import (
    MatrixRequest,
    folds_options,
    index_option,
    jobs_option,
    json_option,
    matrix_options,
    name_option,
    outcome_options,
    output_option,
    seed_option,
)
from proteoclass.cli.panel_size_options import sizes_options
from proteoclass.cli.settings_options import settings_options
from proteoclass.errors import PanelMismatchError, printable

if TYPE_CHECKING:
    from proteoclass.matrix import Outcome
    from proteoclass.panel import Panel
    from proteoclass.scorer import Settings

#: Letters in a line of a table.
WIDTH = 100


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
    put_text(columns_text(rows, WIDTH), None, force=False)


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
    notices(found.remarks)
    if name.endswith(".toml") and Path(name).stem != found.name:
        say(f"note: {name} calls itself {found.name}; it is found by the file's name.")


@panel.command()
@matrix_options(samples="optional")
@click.option("--panel", "name", metavar="NAME|FILE", required=True, help="Panel to look for.")
@json_option
def check(source: MatrixRequest, name: str, as_json: bool) -> None:
    """Say how much of a panel a matrix measures.

    One row a protein of the panel. Usable is what is found by id, by accession or by gene;
    isoforms, aliases and other spellings are shown as near and never used.
    """
    from proteoclass.panel.coverage import coverage_summary, panel_coverage
    from proteoclass.panel.library import load_panel

    wanted, matrix = load_panel(name), source.read()
    coverage = panel_coverage(wanted, matrix)
    summary = coverage_summary(coverage)
    if as_json:
        rows = coverage.astype(object).where(coverage.notna(), None).to_dict(orient="records")
        put_json({"panel": wanted.name, "n_samples": matrix.n_samples, **summary, "proteins": rows})
    else:
        put_table(coverage.assign(near=coverage["near"].map(_near_text)))
    notices(wanted.remarks)
    if not summary["n_usable"]:
        raise PanelMismatchError(
            f"{source.path}: has none of the {wanted.size} proteins of panel {wanted.name!r} "
            f"({summary['text']}); "
            "give accessions or genes with --proteins, or choose another panel"
        )
    say(f"{wanted.name}: {summary['text']}")


@panel.command()
@click.argument("first")
@click.argument("second")
@json_option
def compare(first: str, second: str, as_json: bool) -> None:
    """Say what two panels share, FIRST and SECOND by name or path.

    Overlap, agreement of direction, rank correlation where both stand in order of strength,
    and how many would be shared by chance.
    """
    from proteoclass.panel.compare import compare_panels
    from proteoclass.panel.library import load_panel

    one, two = load_panel(first), load_panel(second)
    result = compare_panels(one, two)
    if as_json:
        put_json(result)
    else:
        put_text(_comparison_text(one, two, result), None, force=False)
    notices(dict.fromkeys((*one.remarks, *two.remarks)))


@panel.command()
@matrix_options()
@outcome_options()
@settings_options
@click.option(
    "--threshold",
    type=click.FloatRange(0.5, 1, min_open=True),
    metavar="SHARE",
    help="With --select stability: take every protein that at least this share of half-samples "
    "keeps, such as 0.75, instead of --size proteins.",
)
@index_option
@name_option("derived", "Name of the panel.")
@folds_options
@sizes_options("none")
@output_option("Panel file to write; without it the file's text goes to stdout.")
@seed_option
@jobs_option
@json_option
def select(
    source: MatrixRequest,
    outcome: Outcome,
    settings: Settings,
    threshold: float | None,
    output: str | None,
    force: bool,
    as_json: bool,
    name: str,
    **design: Any,
) -> None:
    """Derive a panel from a cohort, and say what is known of it.

    The panel records the cohort it came from. Evaluated on that same cohort, it is not
    held fixed: the selection runs again in every fold.

    With -o a table of the panel goes to stdout, without it to stderr. --json prints the
    panel and all that is known of it instead.
    """
    from proteoclass.scorer import derive_panel, describe_panel
    from proteoclass.scorer.recorded_constraints import sentences_of

    settings = replace(settings, threshold=threshold)
    check_target(output, force=force)
    matrix = source.read()
    same = {key: design[key] for key in ("index", "seed")}
    derived = derive_panel(matrix, outcome, settings=settings, name=name, **same)
    with progress_bar() as progress:
        known = describe_panel(
            matrix, outcome, panel=derived, settings=settings, progress=progress, **design
        )
    if output is not None or not as_json:
        put_text(derived.to_toml(), output, force=force)
    if as_json:
        put_json({"panel": derived.model_dump(mode="json", by_alias=True), **known})
    else:
        _put_known(known, to_stdout=output is not None)
    notices(sentences_of(derived))
    fewer = threshold is None and derived.size < settings.size
    asked = f"; {settings.size} were asked for, no other is a candidate" if fewer else ""
    say(f"selected {derived.size} of {matrix.n_proteins} proteins{asked}")


def _put_known(known: dict[str, Any], *, to_stdout: bool) -> None:
    """Print the table of a panel, and under it what limits it."""
    from proteoclass.panel.evidence.table import summary_lines, table_rows

    text = columns_text(table_rows(known), WIDTH) + "\n" + "\n".join(summary_lines(known))
    if to_stdout:
        put_text(f"{text}\n", None, force=False)
    else:
        say(text)


def _near_text(near: tuple[dict[str, Any], ...]) -> str:
    return ", ".join(f"{each['id']} ({each['detected_rate']:.0%})" for each in near)


def _comparison_text(one: Panel, two: Panel, result: dict[str, Any]) -> str:
    genes = {each.id: printable(each.gene or each.id) for each in (*two.proteins, *one.proteins)}
    # Two derived panels may both be called so.
    names = (one.name, two.name) if one.name != two.name else ("the first", "the second")
    rows = [
        ["", "proteins", "which"],
        ["shared", str(result["n_shared"]), ", ".join(genes[p["first"]] for p in result["shared"])],
        [f"only {names[0]}", *_count(result["only_first"], genes)],
        [f"only {names[1]}", *_count(result["only_second"], genes)],
    ]
    if result["isoforms"]:
        pairs = ", ".join(f"{printable(a)} and {printable(b)}" for a, b in result["isoforms"])
        rows.append(["isoforms", str(len(result["isoforms"])), pairs])
    direction, rank, chance = (result[key] for key in ("direction", "rank", "chance"))
    lines = [
        f"overlap: Jaccard {result['jaccard']:.2f}",
        "direction: "
        + (direction["reason"] or f"{direction['n_same']} of {direction['n_known']} the same"),
        "rank: "
        + (
            rank["reason"]
            or f"Kendall tau {rank['kendall']:.2f} (exact p {rank['p']:.2g}), "
            f"Spearman rho {rank['spearman']:.2f}, over {rank['n']} shared proteins"
        ),
        "chance: "
        + (
            chance["reason"]
            or f"{chance['expected']:.2g} or fewer shared on average, were one drawn at random "
            f"from {chance['n_candidates']} candidates, p {chance['p']:.2g}"
        ),
    ]
    return columns_text(rows, WIDTH) + "\n" + "".join(f"{line}\n" for line in lines)


def _count(ids: list[str], genes: dict[str, str]) -> list[str]:
    return [str(len(ids)), ", ".join(genes[i] for i in ids)]
