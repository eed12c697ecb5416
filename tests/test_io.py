"""How it is written: files and folders whole or not at all."""

import errno
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from proteoclass import io
from proteoclass.errors import InputError, SystemFailureError

MARKER = ".proteoclass"
TOO_LONG = "x" * 300


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def fill(folder, text, *, force=False):
    with io.new_folder(folder, force=force) as inside:
        (inside / "a.txt").write_text(text)


def write_and_raise(folder, error):
    with io.new_folder(folder, force=True) as inside:
        (inside / "a.txt").write_text("new")
        raise error


def fail_at(monkeypatch, owner, name, calls, error):
    """Let the calls of a function with these numbers fail, and the others through."""
    real, count = getattr(owner, name), iter(range(10**6))

    def failing(*args, **kwargs):
        if next(count) in calls:
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, failing)


# Files ------------------------------------------------------------------------------------


def test_a_file_is_written_whole_and_alone(tmp_path):
    assert io.write_bytes(tmp_path / "a", b"x\r\n\x00") == tmp_path / "a"
    assert (tmp_path / "a").read_bytes() == b"x\r\n\x00"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("write", [io.write_bytes, io.write_text, io.write_json, io.write_table])
def test_an_existing_file_is_replaced_only_by_force(tmp_path, write):
    content = {io.write_bytes: b"new", io.write_table: pd.DataFrame({"new": [1]})}.get(write, "new")
    target = tmp_path / "a"
    target.write_text("old")
    with pytest.raises(InputError, match=r"a: exists already; pass --force to replace it$"):
        write(target, content)
    assert target.read_text() == "old"
    write(target, content, force=True)
    assert "new" in target.read_text()
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_is_no_target_for_a_file(tmp_path, force):
    with pytest.raises(InputError, match=r"is a folder, a file was expected; give a file name"):
        io.write_bytes(tmp_path, b"", force=force)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("absent/a", "No such file or directory"),
        ("file/a", "Not a directory"),
        (TOO_LONG, "File name too long"),
        ("/proc/a", "No such file or directory"),
    ],
)
def test_what_the_system_refuses_is_said_with_the_place(tmp_path, place, reason):
    (tmp_path / "file").write_text("")
    match = rf"(a|x): cannot be written \({reason}\); choose another place with -o$"
    with pytest.raises(SystemFailureError, match=match):
        io.write_bytes(tmp_path / place, b"x")
    assert names(tmp_path) == ["file"]


def test_a_name_the_system_refuses_stops_before_the_work(tmp_path, monkeypatch):
    fail_at(monkeypatch, Path, "exists", {0}, PermissionError(errno.EACCES, "Permission denied"))
    with pytest.raises(SystemFailureError, match=r"a: cannot be written \(Permission denied\)"):
        io.refuse_overwrite(tmp_path / "a", force=True)


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
@pytest.mark.parametrize(
    ("error", "raised", "match"),
    [
        (OSError(errno.ENOSPC, "No space left"), SystemFailureError, r"\(No space left\)"),
        (OSError("no number"), SystemFailureError, r"\(no number\)"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "^stop$"),
    ],
)
def test_a_failure_leaves_the_old_file_and_no_temporary(
    tmp_path, monkeypatch, step, error, raised, match
):
    (tmp_path / "a").write_text("old")
    fail_at(monkeypatch, os, step, {0}, error)
    with pytest.raises(raised, match=match):
        io.write_bytes(tmp_path / "a", b"new", force=True)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_content_that_is_no_bytes_leaves_no_temporary(tmp_path):
    with pytest.raises(TypeError, match="bytes-like object is required"):
        io.write_bytes(tmp_path / "a", "text")
    assert names(tmp_path) == []


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_files_and_folders_have_the_rights_of_any_new_one(tmp_path, mask):
    before = os.umask(mask)
    try:
        io.write_bytes(tmp_path / "a", b"")
        fill(tmp_path / "run", "x")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o777 & ~mask


def test_a_link_is_replaced_and_its_file_kept(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    io.write_bytes(tmp_path / "link", b"new", force=True)
    assert (tmp_path / "real").read_text() == "old"
    assert (tmp_path / "link").read_text() == "new"


# Folders ----------------------------------------------------------------------------------


def test_a_folder_takes_its_name_only_when_the_block_ended(tmp_path):
    target = tmp_path / "deep" / "run"
    with io.new_folder(target) as inside:
        assert inside.parent == target.parent
        assert not target.exists()
        (inside / "a.txt").write_text("x")
    assert names(target) == [MARKER, "a.txt"]
    assert names(target.parent) == ["run"]


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt("bad"), InputError("bad")])
def test_a_block_that_fails_leaves_what_was_there(tmp_path, error):
    fill(tmp_path / "run", "old")
    for target in ("run", "other"):
        with pytest.raises(type(error), match=r"^bad$"):
            write_and_raise(tmp_path / target, error)
    assert (tmp_path / "run" / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["run"]


def test_a_folder_of_ours_is_replaced_whole_and_only_by_force(tmp_path):
    target = tmp_path / "run"
    fill(target, "old")
    (target / "extra.txt").write_text("from before")
    with (
        pytest.raises(InputError, match=r"run: exists already and is not empty; pass --force"),
        io.new_folder(target),
    ):
        pass
    assert names(target) == [MARKER, "a.txt", "extra.txt"]
    fill(target, "new", force=True)
    assert names(target) == [MARKER, "a.txt"]
    assert (target / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["run"]


@pytest.mark.parametrize("marker", ["absent", "a folder"])
def test_a_folder_of_someone_else_is_never_replaced(tmp_path, marker):
    target = tmp_path / "thesis"
    target.mkdir()
    (target / "chapter").write_text("years of work")
    if marker == "a folder":
        (target / MARKER).mkdir()
    with (
        pytest.raises(InputError, match=r"was not written by proteoclass and is never replaced"),
        io.new_folder(target, force=True),
    ):
        pass
    assert (target / "chapter").read_text() == "years of work"
    assert names(tmp_path) == ["thesis"]


def test_a_folder_that_holds_an_input_is_not_replaced(tmp_path):
    fill(tmp_path / "cohort", "measured")
    given = tmp_path / "cohort" / "a.txt"
    match = r"cohort: holds a\.txt, which this command reads, and is not replaced; choose another"
    with (
        pytest.raises(InputError, match=match),
        io.new_folder(tmp_path / "cohort", force=True, inputs=[given]),
    ):
        pytest.fail("the block must not run")
    assert given.read_text() == "measured"
    with io.new_folder(tmp_path / "run", inputs=[given]) as inside:
        assert inside.is_dir()
    assert names(tmp_path) == ["cohort", "run"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "run").mkdir()
    fill(tmp_path / "run", "x")
    assert names(tmp_path / "run") == [MARKER, "a.txt"]
    assert names(tmp_path) == ["run"]


@pytest.mark.parametrize("force", [False, True])
def test_a_file_is_no_target_for_a_folder(tmp_path, force):
    (tmp_path / "run").write_text("a file")
    with (
        pytest.raises(InputError, match=r"run: is a file, a folder was expected; choose another"),
        io.new_folder(tmp_path / "run", force=force),
    ):
        pass
    assert (tmp_path / "run").read_text() == "a file"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("file/run", "Not a directory|File exists"),
        ("/proc/run", "No such file or directory"),
        (TOO_LONG, "File name too long"),
    ],
)
def test_a_folder_that_cannot_be_made_is_said_before_the_block(tmp_path, place, reason):
    (tmp_path / "file").write_text("")
    match = rf"(run|x): cannot be made \({reason}\); choose another place with -o$"
    with pytest.raises(SystemFailureError, match=match), io.new_folder(tmp_path / place):
        pytest.fail("the block must not run")
    assert names(tmp_path) == ["file"]


def test_a_folder_that_cannot_be_listed_is_said(tmp_path, monkeypatch):
    fill(tmp_path / "run", "old")
    with monkeypatch.context() as patch:
        fail_at(patch, Path, "iterdir", {0}, PermissionError(errno.EACCES, "Permission denied"))
        with (
            pytest.raises(SystemFailureError, match=r"run: cannot be made \(Permission denied\)"),
            io.new_folder(tmp_path / "run", force=True),
        ):
            pytest.fail("the block must not run")
    assert names(tmp_path) == ["run"]


def test_a_failure_inside_the_folder_is_said_of_the_target(tmp_path):
    with (
        pytest.raises(SystemFailureError, match=r"run: cannot be written \(No such file or dir"),
        io.new_folder(tmp_path / "run") as inside,
    ):
        (inside / "absent" / "a.txt").write_text("x")
    assert names(tmp_path) == []


def test_an_error_inside_the_folder_does_not_give_the_temporary_name(tmp_path):
    target = tmp_path / "run"
    with pytest.raises(SystemFailureError) as caught, io.new_folder(target) as folder:
        io.write_bytes(folder / "no" / "a.tsv", b"x")
    assert str(caught.value).startswith(f"{target}/no/a.tsv: ")
    with pytest.raises(InputError, match=r"^elsewhere: is wrong$"), io.new_folder(target):
        raise InputError("elsewhere: is wrong")


def test_a_full_disk_without_a_file_name_is_said_of_the_target(tmp_path):
    with (
        pytest.raises(SystemFailureError, match=r"run: cannot be written \(No space left\)"),
        io.new_folder(tmp_path / "run"),
    ):
        raise OSError(errno.ENOSPC, "No space left")
    assert names(tmp_path) == []


def test_an_input_that_fails_within_the_block_keeps_its_own_name(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match=r"input\.tsv"),
        io.new_folder(tmp_path / "run"),
    ):
        (tmp_path / "input.tsv").read_text()
    assert names(tmp_path) == []


def test_a_temporary_folder_that_went_away_is_said_of_the_target(tmp_path):
    with (
        pytest.raises(SystemFailureError, match=r"run: cannot be written \(No such file or dir"),
        io.new_folder(tmp_path / "run") as inside,
    ):
        shutil.rmtree(inside)
    assert names(tmp_path) == []


@pytest.mark.parametrize("call", [0, 1])
@pytest.mark.parametrize(
    ("error", "raised", "match"),
    [
        (OSError(errno.EBUSY, "Device busy"), SystemFailureError, r"run: .*\(Device busy\)"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "^stop$"),
    ],
)
def test_an_exchange_that_fails_gives_the_old_folder_its_name_back(
    tmp_path, monkeypatch, call, error, raised, match
):
    fill(tmp_path / "run", "old")
    fail_at(monkeypatch, os, "rename", {call}, error)
    with pytest.raises(raised, match=match):
        fill(tmp_path / "run", "new", force=True)
    assert (tmp_path / "run" / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["run"]


def test_an_old_folder_that_cannot_go_back_is_kept_aside(tmp_path, monkeypatch):
    fill(tmp_path / "run", "old")
    fail_at(monkeypatch, os, "rename", {1, 2}, OSError(errno.EIO, "Input/output error"))
    with pytest.raises(SystemFailureError, match=r"run: cannot be written \(Input/output error\)"):
        fill(tmp_path / "run", "new", force=True)
    assert [path.read_text() for path in tmp_path.glob(".run-old-*/old/a.txt")] == ["old"]


# Power cut ----------------------------------------------------------------------------------

WRITER = """
import itertools, sys
from proteoclass import io
for turn in itertools.count():
    letter = b"ab"[turn % 2 : turn % 2 + 1]
    {body}
    if turn == 1:
        print("ready", flush=True)
"""
ONE_FILE = "io.write_bytes(sys.argv[1], letter * 4_000_000, force=True)"
ONE_FOLDER = """
    with io.new_folder(sys.argv[1], force=True) as folder:
        for number in range(12):
            (folder / str(number)).write_bytes(letter * 50_000)
"""


def kill_while_writing(body, target, delay):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER.format(body=body), str(target)], stdout=subprocess.PIPE
    )
    with writer:
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
    assert writer.returncode == -signal.SIGKILL


def test_a_file_is_old_or_new_after_a_kill_at_any_moment(tmp_path):
    cut_short = 0
    for turn in range(8):
        target = tmp_path / str(turn) / "a"
        target.parent.mkdir()
        kill_while_writing(ONE_FILE, target, random.Random(turn).uniform(0, 0.05))
        assert target.read_bytes() in (b"a" * 4_000_000, b"b" * 4_000_000)
        cut_short += len(names(target.parent)) > 1
    # A temporary file shows that the kill came in the middle of a write.
    assert cut_short


def test_a_folder_is_old_or_new_after_a_kill_at_any_moment(tmp_path):
    expected = {MARKER: b"w", **{str(number): b"" for number in range(12)}}
    cut_short = 0
    for turn in range(8):
        target = tmp_path / str(turn) / "run"
        target.parent.mkdir()
        kill_while_writing(ONE_FOLDER, target, random.Random(turn).uniform(0, 0.05))
        # Between the two renames of an exchange the old folder is whole beside its name.
        whole = target if target.exists() else next(target.parent.glob(".run-old-*/old"))
        assert names(whole) == sorted(expected)
        contents = {(whole / str(number)).read_bytes() for number in range(12)}
        assert contents in ({b"a" * 50_000}, {b"b" * 50_000})
        cut_short += len(names(target.parent)) > 1
    assert cut_short
