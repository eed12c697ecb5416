"""Every command: documented, in docs/cli.md, with -h, -v and -q."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from proteoclass.cli import COMMANDS, main
from proteoclass.cli.reference import commands, reference

ALL = {" ".join(path): command for path, command, _ in commands(main)}
LEAVES = {name: command for name, command in ALL.items() if not isinstance(command, click.Group)}
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_the_verbs_of_this_stage_are_there():
    assert set(LEAVES) == {
        f"proteoclass {verb}"
        for verb in (
            *("simulate", "check", "sheet", "qc", "normalise"),
            *("panel list", "panel show", "panel check", "panel compare", "panel select"),
            *("evaluate", "compare", "train", "score", "explain"),
            *("model show", "model verify", "model add-evaluation"),
            *("selftest", "track", "correlate"),
            *("store list", "store search", "store export", "store verify"),
            *("report study", "report patient", "run"),
            *("data list", "data fetch"),
        )
    }


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_each_command_explains_itself(name, flag):
    result = run(*name.split()[1:], flag)
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: {name}")
    first = ALL[name].help.splitlines()[0]
    assert first.endswith(".")
    assert first in " ".join(result.output.split())


@pytest.mark.parametrize("name", ALL)
def test_each_option_has_a_sentence(name):
    options = [param for param in ALL[name].params if isinstance(param, click.Option)]
    unexplained = [option.opts for option in options if not (option.help or "").endswith(".")]
    assert not unexplained


@pytest.mark.parametrize("name", LEAVES)
def test_each_command_takes_v_and_q(name):
    flags = {flag for param in LEAVES[name].params for flag in param.opts}
    assert {"-v", "--verbose", "-q", "--quiet"} <= flags


@pytest.mark.parametrize("name", LEAVES)
def test_what_is_written_with_o_is_replaced_only_with_force(name):
    flags = {flag for param in LEAVES[name].params for flag in param.opts}
    assert ("-o" in flags) == ("--force" in flags)


def test_the_help_page_says_what_each_command_says_of_itself():
    table = {name: text for section in COMMANDS.values() for name, (_, text) in section.items()}
    own = {name: ALL[f"proteoclass {name}"].help.splitlines()[0] for name in table}
    assert table == own


def test_the_page_in_docs_has_every_command_and_option():
    page = PAGE.read_text(encoding="utf-8")
    headings = [line.lstrip("# ") for line in page.splitlines() if line.startswith("##")]
    assert headings == list(ALL)
    for name, command in ALL.items():
        section = page.split(f"# {name}\n", 1)[1].split("\n#", 1)[0]
        missing = [flag for p in command.params if p.opts[0].startswith("-")
                   for flag in p.opts if flag not in section]  # fmt: skip
        assert not missing, f"{name}: run make docs"


def test_the_reference_is_made_of_the_same_sections_as_the_page():
    assert [line for line in reference().splitlines() if line.startswith("#")] == [
        line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("#")
    ]


def test_options_are_offered_once_they_are_built():
    flags = {name: {f for p in c.params for f in p.opts} for name, c in LEAVES.items()}
    built = {"--leave-out", "--clinical", "--learning-curve", "--conformal"}
    assert built <= flags["proteoclass evaluate"]
    assert {"--store", "--prevalence"} <= flags["proteoclass score"]
    # Still waiting (docs/adr/0007): qc as a page.
    assert "--html" not in flags["proteoclass qc"]


def test_version():
    result = run("--version")
    assert (result.exit_code, result.output) == (0, "proteoclass, version 0.1.0\n")
