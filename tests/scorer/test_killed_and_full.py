"""`train -o` and `score -o` that are killed, or meet a full disk: the old file, or the new one."""

import errno
import importlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from proteoclass import io, temporary_files
from proteoclass.cli import main
from proteoclass.io import table_text

DRIVER = Path(__file__).with_name("kill_driver.py")
OLD = "the old file\n"


@pytest.fixture(scope="module")
def files(toy, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    table = toy.values.rename_axis("sample_id").reset_index()
    (folder / "m.tsv").write_text(table_text(table))
    sheet = toy.samples.rename_axis("sample_id").reset_index()
    (folder / "s.tsv").write_text(table_text(sheet))
    model.save(folder / "model.json")
    return folder


def arguments_of(command, files, target):
    given = {
        "score": ["--model", str(files / "model.json")],
        "train": ["--samples", str(files / "s.tsv"), "--outcome", "severity", "--positive",
                  "severe", "--scale", "log2"],
    }  # fmt: skip
    return [command, str(files / "m.tsv"), *given[command], "-o", str(target), "--force"]


def run(arguments):
    done = CliRunner().invoke(main, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr.splitlines()


@pytest.fixture(scope="module")
def expected(files, model, tmp_path_factory):
    """What each command writes if nothing stops it."""
    scores = tmp_path_factory.mktemp("whole") / "scores.tsv"
    assert run(arguments_of("score", files, scores))[0] == 0
    return {"score": scores.read_text(), "train": model.to_json()}


def killed(files, folder, n_random):
    """Return, for each command, what every kill left."""
    target = folder / "results" / "target"
    task = {
        "commands": {name: arguments_of(name, files, target) for name in ("score", "train")},
        "target": str(target),
        "model": str(files / "model.json"),
        "moments": [random.Random(turn).uniform(0, 0.35) for turn in range(n_random)],
    }
    done = subprocess.run(
        [sys.executable, str(DRIVER), json.dumps(task)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check_kills(results, new):
    """Check what every kill left, and return how many fell before, into and after the write."""
    fell = {"before": 0, "into": 0, "after": 0}
    for moment, existed, end, content, names in results:
        old = OLD if existed else None
        assert content in (old, new), (moment, existed)
        hidden = [name for name in names if name != "target"]
        assert all(name.startswith(".proteoclass-") for name in hidden), names
        if not moment.endswith(" s"):
            assert end == -signal.SIGKILL, (moment, end)
            assert (content == new) == (moment == "after the rename"), moment
        fell["into" if hidden else "before" if content == old else "after"] += 1
    return fell


def test_a_kill_at_each_step_of_the_write_leaves_the_old_file_or_the_new(files, expected, tmp_path):
    results = killed(files, tmp_path, 4)
    for command, new in expected.items():
        fell = check_kills(results[command], new)
        # Six of the eight steps lie between the making of the temporary file and its renaming.
        assert fell["into"] >= 12


@pytest.mark.long
def test_a_kill_at_random_moments_of_a_slow_write(files, expected, tmp_path):
    results = killed(files, tmp_path, 150)
    for command, new in expected.items():
        fell = check_kills(results[command], new)
        assert min(fell.values()) > 0, fell


# What a killed process leaves behind ------------------------------------------------------


def leftover(target, age):
    """Leave what a process leaves that dies while it writes the target."""
    handle, name = temporary_files.temporary_file(target)
    os.write(handle, b"half")
    os.close(handle)
    moment = time.time() - age
    os.utime(name, (moment, moment))
    return Path(name)


def test_what_a_killed_process_left_goes_with_the_next_write_of_the_same_file(tmp_path):
    old, young = leftover(tmp_path / "a", 3600), leftover(tmp_path / "a", 10)
    other, link = leftover(tmp_path / "b", 3600), tmp_path / f"{old.name}-link"
    link.symlink_to(tmp_path / "b")
    io.write_bytes(tmp_path / "a", b"new")
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a", young, other, link])


def test_what_another_process_is_writing_is_left_alone(tmp_path):
    handle, name = temporary_files.temporary_file(tmp_path / "a")
    os.utime(name, (0, 0))
    # Locks belong to the opened file: the same process may not take it twice either.
    io.write_bytes(tmp_path / "a", b"new")
    assert Path(name).exists()
    os.close(handle)
    io.write_bytes(tmp_path / "a", b"newer", force=True)
    assert sorted(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_drive_without_locks_keeps_what_was_left(tmp_path, monkeypatch):
    old = leftover(tmp_path / "a", 3600)

    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    io.write_bytes(tmp_path / "a", b"new")
    assert old.exists()
    assert (tmp_path / "a").read_bytes() == b"new"


# The machine stands in the way ------------------------------------------------------------


def refused(arguments, target, code, words):
    """Check a refusal in one line that leaves the old file and nothing beside it."""
    before = sorted(target.parent.iterdir())
    exit_code, stderr = run(arguments)
    assert exit_code == code, stderr
    assert stderr[-1].startswith("error: ")
    assert words in stderr[-1]
    assert sorted(target.parent.iterdir()) == before
    return stderr


@pytest.fixture
def trained_at_once(model, monkeypatch):
    monkeypatch.setattr("proteoclass.scorer.train", lambda *_args, **_options: model)


@pytest.mark.parametrize("command", ["score", "train"])
@pytest.mark.parametrize("existed", [False, True])
def test_a_full_disk_is_8_and_loses_nothing(
    command, existed, files, tmp_path, trained_at_once, monkeypatch
):
    target = tmp_path / "target"
    if existed:
        target.write_text(OLD)
    # The limit of a file's size is the system's own; writing beyond it fails as a full disk does.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        refused(arguments_of(command, files, target), target, 8, "(File too large)")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(arguments_of(command, files, target), target, 8, "(No space left on device)")
    assert not existed or target.read_text() == OLD


@pytest.mark.parametrize("command", ["score", "train"])
def test_a_folder_that_nothing_can_be_written_to(command, files, trained_at_once):
    # /proc takes no file of anybody, root included.
    exit_code, stderr = run(arguments_of(command, files, "/proc/target"))
    assert exit_code == 8
    assert stderr[-1].startswith("error: /proc/target: cannot be written (")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to a read-only folder")
def test_a_read_only_folder(files, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    refused(arguments_of("score", files, folder / "t"), folder / "t", 8, "Permission denied")


@pytest.mark.parametrize("command", ["score", "train"])
def test_a_target_that_is_a_folder(command, files, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    refused(arguments_of(command, files, target), target, 3, "is a folder, a file was expected")


@pytest.mark.parametrize("force", [False, True])
def test_a_device_or_a_pipe_is_never_replaced(files, tmp_path, force):
    # Renamed over as root, /dev/null would be a plain file for every program from then on.
    os.mkfifo(tmp_path / "pipe")
    arguments = arguments_of("score", files, tmp_path / "pipe")
    arguments = arguments if force else arguments[:-1]
    refused(arguments, tmp_path / "pipe", 3, "is a device or a pipe and is never replaced")


def test_a_full_device_as_stdout(files):
    program = [sys.executable, "-m", "proteoclass", *arguments_of("score", files, "x")[:4]]
    with open("/dev/full", "w") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 8, done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: No space left on device")
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("name", ["m.tsv", "model.json"])
def test_an_input_that_vanishes_between_the_check_and_the_reading(
    name, files, tmp_path, monkeypatch
):
    place = tmp_path / "inputs"
    place.mkdir()
    for each in files.iterdir():
        (place / each.name).write_bytes(each.read_bytes())

    def vanishing(*_args, **_options):
        (place / name).unlink()

    monkeypatch.setattr(importlib.import_module("proteoclass.cli.score"), "check_target", vanishing)
    target = tmp_path / "t"
    exit_code, stderr = run(arguments_of("score", place, target))
    assert exit_code == 3, stderr
    assert "no such file" in stderr[-1]
    assert not target.exists()


# What is no file at all -------------------------------------------------------------------


def odd_files(folder):
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "nowhere").symlink_to(folder / "absent")
    return ["pipe", "loop", "nowhere", ".", "/dev/zero"]


def test_pipes_devices_folders_and_loops_are_refused_without_waiting(files, tmp_path):
    before = signal.alarm(30)
    try:
        for name in odd_files(tmp_path):
            path = tmp_path / name
            for arguments in (
                ["model", "verify", str(path)],
                ["score", str(files / "m.tsv"), "--model", str(path)],
            ):
                exit_code, stderr = run(arguments)
                assert exit_code == 3, (name, stderr)
                assert len(stderr) == 1
    finally:
        signal.alarm(before)


def test_a_file_larger_than_any_model_is_not_read(tmp_path):
    path = tmp_path / "m.json"
    path.touch()
    os.truncate(path, 65 * 2**20)
    exit_code, stderr = run(["model", "verify", str(path)])
    assert (exit_code, len(stderr)) == (5, 1)
    assert "is larger than 64 MiB" in stderr[0]


def test_a_model_that_cannot_be_read_is_8(files, monkeypatch):
    real = os.fstat

    def broken(handle):
        real(handle)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("proteoclass.scorer.model_document.os.fstat", broken)
    exit_code, stderr = run(["model", "verify", str(files / "model.json")])
    monkeypatch.undo()
    assert (exit_code, len(stderr)) == (8, 1)
    assert "model.json: cannot be read (Input/output error)" in stderr[0]


# Which model ------------------------------------------------------------------------------


def reading_commands(files):
    model = str(files / "model.json")
    matrix = str(files / "m.tsv")
    return {
        "score": ["score", matrix, "--model", model],
        "explain": ["explain", matrix, "--model", model, "--sample", "S00v0"],
        "evaluate": ["evaluate", matrix, "--samples", str(files / "s.tsv"), "--outcome", "severity",
                     "--positive", "severe", "--model", model, "--json"],
        "show": ["model", "show", model],
        "verify": ["model", "verify", model],
    }  # fmt: skip


@pytest.mark.parametrize("command", ["score", "explain", "evaluate", "show", "verify"])
def test_another_model_than_the_one_that_was_meant_is_refused(command, files, model):
    arguments = reading_commands(files)[command]
    for own in (model.sha256, model.sha256[:12].upper()):
        exit_code, stderr = run([*arguments, "--expect-sha", own])
        # The training cohort is no external one: that is said once the model is accepted.
        assert exit_code == (0 if command != "evaluate" else run(arguments)[0]), stderr
    other = "0" * 12 if not model.sha256.startswith("0" * 12) else "1" * 12
    for pin in (other, model.sha256[:-1] + ("0" if model.sha256[-1] != "0" else "1")):
        exit_code, stderr = run([*arguments, "--expect-sha", pin])
        assert (exit_code, len(stderr)) == (5, 1)
        assert f"is another model: its SHA-256 is {model.sha256[: len(pin)]}" in stderr[0]
    for wrong in ("", "0" * 11, "0" * 65, "g" * 12):
        exit_code, stderr = run([*arguments, "--expect-sha", wrong])
        assert exit_code == 2
        assert "expected 12 to 64 hexadecimal digits" in stderr[-1]
    assert run([*arguments, "--expect-sha", other, "--expect-sha", other])[0] == 2


def test_a_hash_without_a_model_is_not_passed_over(files):
    arguments = reading_commands(files)["evaluate"]
    at = arguments.index("--model")
    exit_code, stderr = run([*arguments[:at], "--json", "--expect-sha", "0" * 12])
    assert exit_code == 2
    assert "found --expect-sha 1 times for 0 models" in stderr[-1]
