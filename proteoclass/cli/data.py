"""`proteoclass data`: public cohorts, fetched from their source and made ready."""

from __future__ import annotations

import click

from proteoclass.cli.console import (
    columns_text,
    notices,
    progress_bar,
    put_json,
    put_text,
    say,
)
from proteoclass.cli.group import Group
from proteoclass.cli.options import json_option, output_option

#: Names the address that stands for the source, as --mirror does.
MIRROR = "PROTEOCLASS_DATA_URL"


@click.group(cls=Group)
def data() -> None:
    """List public cohorts, or fetch one by its hash."""


@data.command(name="list")
@json_option
def list_command(as_json: bool) -> None:
    """List the public cohorts that can be fetched, with their terms."""
    from proteoclass.matrix.cohorts.catalogue import list_cohorts

    cohorts = list_cohorts()
    if as_json:
        put_json([cohort.describe() for cohort in cohorts])
        return
    rows = [["name", "fluid", "platform", "samples", "patients", "size", "licence", "citation"]]
    for each in cohorts:
        counts = [str(each.samples), str(each.patients), f"{each.size / 1e6:.1f} MB"]
        rows.append([each.name, each.fluid, each.platform, *counts, each.licence, each.cite()])
    put_text(columns_text(rows), None, force=False)


@data.command()
@click.argument("name")
@output_option("Folder to make; without it one of the cohort's name.")
@click.option("--raw-only", is_flag=True, help="Fetch and check the files, prepare nothing.")
@click.option(
    "--mirror",
    metavar="URL",
    envvar=MIRROR,
    show_envvar=True,
    help="Take the files from here instead, under the same paths.",
)
def fetch(name: str, output: str | None, force: bool, raw_only: bool, mirror: str | None) -> None:
    """Fetch cohort NAME from its source, check it, and make a matrix and a sample sheet.

    The files are fetched at a pinned commit and checked by SHA-256; the folder is made
    whole or not at all. The data are not part of proteoclass: their own licence and
    citation are printed, and kept in source.json.
    """
    from proteoclass.matrix.cohorts.catalogue import fetch_cohort, find_cohort, next_command
    from proteoclass.matrix.wording import counted

    cohort = find_cohort(name)
    output = output or cohort.name
    with progress_bar() as progress:
        source = fetch_cohort(
            cohort, output, force=force, raw_only=raw_only, mirror=mirror, progress=progress
        )
    notices(source["notes"])
    say(f"licence: {cohort.licence} ({cohort.home()})")
    say(f"cite: {cohort.citation}{f'; doi:{cohort.doi}' if cohort.doi else ''}")
    if raw_only:
        say(f"fetched {counted(len(cohort.files), 'file')} to {output}/raw")
        return
    counts = source["counts"]
    say(
        f"wrote {output}: {counts['samples']} samples of {counts['patients']} patients, "
        f"{counts['proteins']} proteins"
    )
    say(f"next: {next_command(cohort, output)}")
