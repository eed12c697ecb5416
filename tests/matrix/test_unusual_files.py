"""What is no ordinary file, or does not stay as it is, is refused without waiting for it."""

import os
import stat
from pathlib import Path

import pytest

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.samples.sheet import read_samples
from proteoclass.matrix.tables import content

TABLE = "sample_id\tP02768\ns1\t1000.5\ns2\t2000\n"


@pytest.mark.parametrize("read", [read_matrix, read_samples])
def test_pipes_and_devices_are_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.tsv")
    for path in (tmp_path / "pipe.tsv", "/dev/zero"):
        with pytest.raises(InputError, match="is a pipe or a device, a file was expected; write"):
            read(path)


def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "a.tsv").symlink_to(tmp_path / "a.tsv")
    with pytest.raises(SystemFailureError, match=r"a.tsv: cannot be read .*permissions"):
        read_matrix(tmp_path / "a.tsv")


def test_a_file_that_is_written_meanwhile_is_refused(tmp_path, monkeypatch):
    target = tmp_path / "a.tsv"
    target.write_text(TABLE)
    original = content.read_bytes

    def written_meanwhile(path):
        data = original(path)
        with target.open("a") as stream:
            stream.write("s3\t3000\n")
        return data

    monkeypatch.setattr("proteoclass.matrix.tables.table.read_bytes", written_meanwhile)
    with pytest.raises(InputError, match=r"a.tsv: changed while it was read; wait until"):
        read_matrix(target)


def test_a_file_that_is_removed_meanwhile_is_missed(tmp_path, monkeypatch):
    target = tmp_path / "a.tsv"
    target.write_text(TABLE)
    original = content.read_bytes

    def removed_meanwhile(path):
        data = original(path)
        target.unlink()
        return data

    monkeypatch.setattr("proteoclass.matrix.tables.table.read_bytes", removed_meanwhile)
    with pytest.raises(InputError, match=r"a.tsv: no such file"):
        read_matrix(target)


def test_a_disk_that_fails_is_named(tmp_path):
    # Linux reads this file of a process from its memory, where nothing lies at its start.
    path = Path("/proc/self/mem")
    if not (path.exists() and stat.S_ISREG(path.stat().st_mode)):
        pytest.skip("needs Linux's /proc")
    with pytest.raises(
        SystemFailureError, match=r"mem: cannot be read to its end .*check the disk"
    ):
        read_matrix(path)
