"""docs/formats.md, from the registry of readers: ``python -m proteoclass.cli.formats_page``."""

from __future__ import annotations

import click

from proteoclass.matrix.formats.registry import REGISTRY

_HEAD = """# Formats

Made from the registry of readers by `make docs`; do not edit by hand.

A format is found by what is in the file, never by its name: `check` says which it is and why,
`--format NAME` overrules it. Text may be gzipped, with tabs, semicolons, commas or bars, in
UTF-8, UTF-16 or Windows-1252, with decimal points or commas.

| `--format` | file | what is read | example |
|---|---|---|---|
"""
_TAIL = """
## What counts as missing

Blank, `NA`, `NaN`, `N/A`, `#N/A`, `null`, `None`, `n.d.` and `Filtered`. On the raw scale zero is
missing too, because search engines write it for "not found"; for NPX, log-ratios and any other
log2 values zero is a value.

## Protein groups

A group keeps its accessions, the leading one first, its genes and its name. One protein that was
measured twice (on two Olink panels) stays two columns with distinct ids. Panels and models find
their proteins by id, then by accession (an isoform is another protein), then by gene; what fits
several is refused and listed.

## Names of samples

Columns named by full paths become run names (`D:\\runs\\s1.raw` is `s1`). A sample sheet is joined
by the ids as written first, then by run name; `check` says which matched how, and what is left
over on each side. Reruns and duplicates are listed; `--reruns` names the rule that resolves them.

## Sample sheets

TSV, CSV, a sheet of a workbook (`--samples-sheet`), or SDRF. `sample_id` is required; `patient_id`,
`day`, `batch` and the other roles are in the help of `sheet`; `--column role=name` renames.
"""


def formats_page() -> str:
    """Return the page: one row a format.

    Examples
    --------
    >>> formats_page().splitlines()[0]
    '# Formats'
    """
    rows = (
        f"| `{entry.name}` | {_cell(entry.title)} | {_cell(entry.quantities)} "
        f"| `{_cell(entry.example)}` |\n"
        for entry in REGISTRY
    )
    return _HEAD + "".join(rows) + _TAIL


def _cell(text: str) -> str:
    # A bar ends a cell, even inside code.
    return text.replace("|", "\\|")


if __name__ == "__main__":
    click.echo(formats_page(), nl=False)
