"""Exit codes and one-line errors, through the group that the console script uses."""

import errno
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from proteoclass import errors
from proteoclass.cli import main


@pytest.fixture
def raising(monkeypatch):
    """Give a runner of a real command whose work raises what it is told to."""

    def run(error):
        def fail():
            raise error

        monkeypatch.setattr("proteoclass.panel.library.list_panels", fail)
        return CliRunner().invoke(main, ["panel", "list"])

    return run


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.InputError, 3),
        (errors.PanelMismatchError, 4),
        (errors.ModelRefusedError, 5),
        (errors.TooLittleDataError, 6),
        (errors.CheckFailedError, 7),
        (errors.SystemFailureError, 8),
    ],
)
def test_each_error_has_its_code_and_one_line(raising, kind, code):
    result = raising(kind("x.tsv: found\n1, expected 2"))
    assert result.exit_code == code
    assert result.stderr == "error: x.tsv: found 1, expected 2\n"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "out.tsv"), "out.tsv: No space left"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "x: Permission denied; check"),
        (OSError("odd"), "error: odd; check the disk"),
        (MemoryError(), "not enough memory"),
        (ModuleNotFoundError("No module named 'typst'", name="typst"), "'typst' is missing"),
    ],
)
def test_the_environment_is_8(raising, error, message):
    result = raising(error)
    assert result.exit_code == 8
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_is_130(raising, error):
    result = raising(error)
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "error: interrupted"


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), ModuleNotFoundError("gone", name="proteoclass.gone")]
)
def test_a_bug_is_1_and_keeps_its_traceback(raising, error):
    result = raising(error)
    assert result.exit_code == 1
    assert result.exception is error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evalute"], "no such command 'evalute'; did you mean 'evaluate'?"),
        (["zzz"], "no such command 'zzz' (see"),
        (["panel", "shwo"], "no such command 'shwo'; did you mean 'show'? (see 'proteoclass panel"),
        (["simulate", "--patient", "5"], "no such option '--patient'; did you mean '--patients'?"),
        (["simulate"], "Missing option '-o'"),
        (["simulate", "-o", "x", "--patients", "many"], "'many' is not a valid integer"),
        (["simulate", "-o", "x", "--patients", "5", "--severe", "5"], "5 of 5 patients"),
        (["panel"], "no command given (see 'proteoclass panel --help')"),
        (["panel", "list", "-v", "-q"], "exclude each other"),
        (["--zzz"], "no such option '--zzz'"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
    assert result.stdout == ""
    assert not list(tmp_path.iterdir())


def test_without_a_command_the_help_page_goes_to_stderr():
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert "Usage: proteoclass" in result.stderr
    assert result.stdout == ""


def from_shell(script, **environment):
    command = ["sh", "-c", script, "sh", sys.executable, "-m", "proteoclass"]
    environment = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, env=environment, check=False)


def test_a_closed_stdout_is_8_and_not_a_bug():
    result = from_shell('exec "$@" panel list >&-')
    assert result.returncode == 8
    assert result.stderr == (
        b"error: stdout is closed: nothing can be printed; give -o or open it\n"
    )


def test_data_are_utf_8_in_any_locale(tmp_path):
    matrix = tmp_path / "m.tsv"
    matrix.write_text("sample_id\tP1\tP2\nµ％\t21.5\t22.5\n", encoding="utf-8")
    script = f'exec "$@" sheet "{matrix}"'
    result = from_shell(script, PYTHONIOENCODING="latin-1")
    assert result.returncode == 0, result.stderr
    assert "\nµ％\t" in result.stdout.decode("utf-8")


def test_inside_another_program_errors_are_raised(monkeypatch):
    with pytest.raises(errors.InputError, match="no panel is called 'zzz'"):
        main(["panel", "show", "zzz"], standalone_mode=False)


def test_the_module_runs_as_the_console_script_does():
    command = [sys.executable, "-m", "proteoclass", "panel", "show", "zzz"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 3
    assert run.stderr.startswith("error: no panel is called 'zzz'; expected one of")


def test_a_reader_that_leaves_early_is_no_error():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "proteoclass", "panel", "show", "kidney-injury-urine"]
    run = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert (run.returncode, run.stderr) == (141, "")
