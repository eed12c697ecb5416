"""Where data, words and progress go."""

import json
import sys

import click
import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli.console import (
    check_target,
    columns_text,
    loudness,
    notices,
    progress_bar,
    put_json,
    put_table,
    put_text,
    say,
)
from proteoclass.cli.group import Group
from proteoclass.errors import InputError, SystemFailureError


@click.group(cls=Group)
def talk():
    """Talk."""


@talk.command()
def aloud():
    """Say something at each loudness."""
    put_text(f"{loudness()}\n", None, force=False)
    notices(["dropped 2 rows"])
    say("detail", at=2)


@pytest.mark.parametrize(
    ("flags", "stdout", "stderr"),
    [
        ([], "1\n", "note: dropped 2 rows\n"),
        (["-v"], "2\n", "note: dropped 2 rows\ndetail\n"),
        (["-q"], "0\n", ""),
    ],
)
def test_data_go_to_stdout_and_words_to_stderr(flags, stdout, stderr):
    result = CliRunner().invoke(talk, ["aloud", *flags])
    assert (result.exit_code, result.stdout, result.stderr) == (0, stdout, stderr)


HOSTILE = "G1\x1b[2J\x9b2J\u202e"
HARMLESS = r"G1\x1b[2J\x9b2J\u202e"


def test_names_in_words_do_not_command_the_terminal(capsys):
    notices([f"dropped {HOSTILE}\nerror: forged"])
    say(f"gene\tid\n{HOSTILE}\tP1")
    told = capsys.readouterr().err.splitlines()
    assert told == [f"note: dropped {HARMLESS} error: forged", "gene\tid", f"{HARMLESS}\tP1"]
    assert columns_text([["gene"], [f"{HOSTILE}\n"]]) == f"gene\n{HARMLESS}\\n\n"


def test_a_no_break_space_is_no_command(capsys):
    say("95\u00a0%")
    assert capsys.readouterr().err == "95\u00a0%\n"


@pytest.mark.parametrize(("terminal", "expected"), [(True, HARMLESS), (False, HOSTILE)])
def test_data_are_shown_on_a_terminal_and_whole_in_a_pipe(terminal, expected, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    put_table(pd.DataFrame({"gene": [HOSTILE]}))
    assert capsys.readouterr().out == f"gene\n{expected}\n"


def test_json_holds_names_whole_and_no_terminal_obeys_it(capsys):
    put_json([HOSTILE, "\u00e9\U000e0001"])
    text = capsys.readouterr().out
    assert all(line.isprintable() for line in text.splitlines())
    assert "\u00e9" in text
    assert json.loads(text) == [HOSTILE, "\u00e9\U000e0001"]


def test_a_table_as_tsv_and_as_json(capsys):
    frame = pd.DataFrame(
        {"id": ["a", "b"], "x": [0.1, float("nan")], "n": pd.array([1, None], dtype="Int64")}
    )
    put_table(frame)
    assert capsys.readouterr().out == "id\tx\tn\na\t0.1\t1\nb\t\t\n"
    put_table(frame, as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"id": "a", "n": 1, "x": 0.1},
        {"id": "b", "n": None, "x": None},
    ]


def test_a_file_is_replaced_only_when_asked(tmp_path, capsys):
    path = str(tmp_path / "a.json")
    put_json({"a": 1}, path)
    with pytest.raises(InputError, match="exists already; pass --force"):
        put_json({"a": 2}, path)
    with pytest.raises(InputError, match="exists already; pass --force"):
        check_target(path, force=False)
    check_target(path, force=True)
    put_json({"a": 2}, path, force=True)
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 2}
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"wrote {path}\n" * 2


def test_a_target_without_a_folder_is_refused_before_the_work(tmp_path):
    with pytest.raises(SystemFailureError, match=r"there is no folder .*absent'; make it first"):
        check_target(str(tmp_path / "absent" / "a.tsv"), force=False)
    check_target(None, force=False)


def test_columns_are_aligned_and_have_no_trailing_space():
    text = columns_text([["a", "b"], ["long", ""], ["c", "d"]])
    assert text == "a     b\nlong\nc     d\n"


def test_numbers_are_aligned_on_the_right():
    rows = [
        ["gene", "share", "AUC", "missing"],
        ["A", "8 %", "–", "0 %"],
        ["B", "100 %", "0.9", "x"],
    ]
    assert columns_text(rows).splitlines() == [
        "gene  share  AUC  missing",
        "A       8 %    –  0 %",
        "B     100 %  0.9  x",
    ]


def test_a_wide_table_is_folded_at_words_and_loses_nothing():
    names = [f"GENE{i} (+0.{90 - i})" for i in range(9)]
    rows = [["id", "half-samples", "names"], ["A" * 60, "8 %", f"{', '.join(names)} and 3 more"]]
    lines = columns_text(rows, 100).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[0].split() == ["id", "half-", "names"]
    assert lines[1].split() == ["samples"]
    folded = " ".join(line[71:].strip() for line in lines[2:])
    assert folded == rows[1][2]
    # No correlation stands apart from its protein.
    assert not [line for line in lines if line.strip().startswith("(")]
    assert columns_text(rows).splitlines()[1].endswith(rows[1][2])


def test_a_folded_table_keeps_twenty_letters_of_its_last_column():
    lines = columns_text([["id", "text"], ["A" * 99, "some words that are longer"]], 100)
    assert lines.splitlines()[1:] == [f"{'A' * 99}  some words that are", f"{' ' * 99}  longer"]


def test_no_bar_is_drawn_where_nobody_would_see_it():
    with progress_bar() as progress:
        assert progress is None


def test_a_bar_is_drawn_on_a_terminal(monkeypatch):
    drawn = []

    class Bar:
        def __init__(self, **_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def add_task(self, label, total):
            drawn.append((label, total))
            return len(drawn)

        def update(self, task, completed, total):
            drawn.append((task, completed, total))

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("rich.progress.Progress", Bar)
    with progress_bar() as progress:
        progress("folds", 0, 20)
        progress("folds", 1, 20)
        progress("permutations", 1, 100)
    assert drawn == [
        ("folds", 20),
        (1, 0, 20),
        (1, 1, 20),
        ("permutations", 100),
        (4, 1, 100),
    ]
