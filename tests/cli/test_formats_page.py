"""docs/formats.md says what the registry says, and its commands are ones that exist."""

import re
import shlex
from pathlib import Path

import click
import pytest

from proteoclass.cli import main
from proteoclass.cli.formats_page import formats_page
from proteoclass.cli.reference import commands
from proteoclass.matrix.formats.registry import FORMATS, REGISTRY

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
LEAVES = {
    " ".join(path): command
    for path, command, _ in commands(main)
    if not isinstance(command, click.Group)
}


def test_the_committed_page_is_the_one_that_the_code_makes():
    assert PAGE.read_text("utf-8") == formats_page(), "run `make docs`"


def test_the_command_line_takes_every_format():
    option = next(p for p in LEAVES["proteoclass check"].params if p.name == "format")
    assert tuple(option.type.choices) == FORMATS


@pytest.mark.parametrize("entry", REGISTRY, ids=[entry.name for entry in REGISTRY])
def test_an_example_is_a_command_with_options_that_exist(entry):
    program, verb, *rest = shlex.split(entry.example)
    command = LEAVES[f"{program} {verb}"]
    known = {flag for param in command.params for flag in param.opts}
    assert {word for word in rest if word.startswith("-")} <= known


@pytest.mark.parametrize("entry", REGISTRY, ids=[entry.name for entry in REGISTRY])
def test_each_format_has_one_row_of_four_cells(entry):
    rows = [line for line in formats_page().splitlines() if line.startswith(f"| `{entry.name}` |")]
    assert len(rows) == 1
    cells = re.split(r"(?<!\\)\|", rows[0])
    assert len(cells) == 6
    assert all(cell.strip() for cell in cells[1:5])
