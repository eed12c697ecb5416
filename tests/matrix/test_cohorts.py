"""The catalogue of public cohorts, and fetching over the loopback, well and badly."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import serving

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.matrix.cohorts import download
from proteoclass.matrix.cohorts.catalogue import (
    SOURCE,
    Cohort,
    CohortFile,
    fetch_cohort,
    find_cohort,
    list_cohorts,
    next_command,
)

CONTENT = b"sample_id\tP02768\ns1\t31.5\n" * 40


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def published(path, content):
    return CohortFile(path, len(content), hashlib.sha256(content).hexdigest())


MADE_UP = replace(
    find_cohort("overmyer"),
    name="made-up",
    repository="some/repository",
    commit="0" * 40,
    files=(published("data/a b (1).tsv", CONTENT), published("data/c.tsv", b"x")),
)
AT = f"some/repository/{'0' * 40}/data"


def answers(manner="whole", content=CONTENT):
    return {f"{AT}/a b (1).tsv": (manner, content), f"{AT}/c.tsv": ("whole", b"x")}


def fetch(url, target, **options):
    return fetch_cohort(MADE_UP, target, raw_only=True, mirror=url, **options)


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# The catalogue


def test_each_cohort_says_all_that_is_needed():
    cohorts = list_cohorts()
    assert len({cohort.name for cohort in cohorts}) == len(cohorts) == 8
    for cohort in cohorts:
        assert len(cohort.commit) == 40
        assert int(cohort.commit, 16)
        assert all(len(file.sha256) == 64 and file.size > 0 for file in cohort.files)
        assert cohort.licence in ("MIT", "Apache-2.0", "CC BY 4.0")
        assert cohort.citation
        assert bool(cohort.outcome) == bool(cohort.positive) == bool(cohort.index)
        assert min(cohort.samples, cohort.patients, cohort.proteins) > 0


def test_addresses_are_of_pinned_commits_and_percent_encoded():
    cohort = find_cohort("breda")
    assert cohort.url(cohort.files[0]) == (
        f"{SOURCE}/CiiM-Bioinformatics-group/Postcovid-targeted-proteomics/"
        "d45e36077d735c242788e72b871ce4a3d1e728a9/raw%20data/Cohort%201-%20Breda.xlsx"
    )


def test_an_unknown_name_is_answered_with_those_that_are():
    with pytest.raises(InputError, match="braeda: no cohort of this name; there are breda, rad"):
        find_cohort("braeda")


def test_names_are_found_as_people_write_them():
    assert find_cohort(" PUV_urine ") is not None
    assert find_cohort("PUV_urine").fluid == "urine"


def test_the_next_command_is_safe_to_paste():
    command = next_command(find_cohort("csf"), "my folder")
    assert command.startswith("proteoclass evaluate 'my folder/matrix.tsv'")
    assert "--positive 'biochemical AD' --negative 'biochemical control'" in command


# Fetching, when all is well


def test_files_arrive_whole_under_their_own_names(tmp_path):
    with serving(answers()) as server:
        source = fetch(server.url, tmp_path / "out")
    folder = tmp_path / "out"
    assert tree(folder).keys() == {".proteoclass", "raw/a b (1).tsv", "raw/c.tsv", "source.json"}
    assert (folder / "raw/a b (1).tsv").read_bytes() == CONTENT
    assert json.loads((folder / "source.json").read_text()) == source
    assert source["mirror"] == server.url
    told = source["cohort"]["files"][0]
    assert told["url"] == f"{SOURCE}/{AT}/a%20b%20%281%29.tsv"
    assert told["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert (source["cohort"]["licence"], source["cohort"]["doi"]) == (MADE_UP.licence, MADE_UP.doi)


def test_two_fetches_give_the_same_bytes(tmp_path):
    with serving(answers()) as server:
        fetch(server.url, tmp_path / "one")
        fetch(server.url, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_progress_counts_bytes_of_each_file(tmp_path):
    seen = []
    with serving(answers()) as server:
        fetch(server.url, tmp_path / "out", progress=lambda *call: seen.append(call))
    assert seen[-1] == ("c.tsv", 1, 1)
    first = [(done, total) for label, done, total in seen if label == "a b (1).tsv"]
    assert first[-1] == (len(CONTENT), len(CONTENT))
    assert first == sorted(first)


def test_a_fetched_folder_is_replaced_only_with_force(tmp_path):
    with serving(answers()) as server:
        fetch(server.url, tmp_path / "out")
        asked = len(server.asked)
        with pytest.raises(InputError, match="exists already and is not empty; pass --force"):
            fetch(server.url, tmp_path / "out")
        assert len(server.asked) == asked
        fetch(server.url, tmp_path / "out", force=True)


def test_no_password_of_netrc_is_sent(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(answers()) as server:
        fetch(server.url, tmp_path / "out")
    assert len(server.asked) == 2
    assert not any("Authorization" in headers for _, headers in server.asked)


# Fetching, when something is wrong: one line, and nothing is left


def refused(tmp_path, error, match, manner="whole", content=CONTENT, **options):
    before = tree(tmp_path)
    with serving(answers(manner, content)) as server, pytest.raises(error, match=match) as caught:
        fetch(server.url, tmp_path / "out", **options)
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_another_content_of_the_same_size(tmp_path):
    other = CONTENT[:-1] + b"X"
    message = refused(tmp_path, InputError, "is not the file that was pinned", content=other)
    assert f"found SHA-256 {hashlib.sha256(other).hexdigest()[:12]} (1000 bytes)" in message
    assert f"expected {hashlib.sha256(CONTENT).hexdigest()[:12]} (1000 bytes)" in message


def test_a_page_of_a_proxy_instead_of_the_file(tmp_path):
    refused(tmp_path, InputError, r"\(17 bytes\), expected", content=b"<p>please pay</p>")


@pytest.mark.parametrize("manner", ["cut", "unannounced_cut"])
def test_a_cut_connection(tmp_path, manner):
    found = "broke off after .* of 1000 bytes; nothing was kept; try again"
    refused(tmp_path, SystemFailureError, found, manner)


def test_no_such_file_at_the_source(tmp_path):
    refused(tmp_path, SystemFailureError, "the source answers 404 Not Found; try", "missing")


def test_a_redirect_is_not_followed(tmp_path):
    refused(
        tmp_path, SystemFailureError, "redirects to 'http://login.invalid/', which", "elsewhere"
    )


def test_more_than_expected_is_not_read(tmp_path):
    found = "has more than the 1000 bytes expected"
    refused(tmp_path, InputError, found, content=CONTENT * 2)
    refused(tmp_path, InputError, found, "endless", CONTENT)


def test_a_source_that_drips(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "DEADLINE", 0.2)
    refused(tmp_path, SystemFailureError, "too slow, .* of 1000 bytes in 0.2 seconds", "drip")


def test_a_source_that_stalls(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PATIENCE", 0.2)
    refused(tmp_path, SystemFailureError, "(no answer within 0.2 seconds|broke off)", "stall")


def test_nobody_there(tmp_path):
    with serving({}) as server:
        url = server.url
    with pytest.raises(SystemFailureError, match=r"cannot be reached \(ConnectionError\); check"):
        fetch(url, tmp_path / "out")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("mirror", ["ftp://example.org", "/local/folder", ""])
def test_a_mirror_that_is_no_web_address(tmp_path, mirror):
    with pytest.raises(InputError, match="expected an address that starts with https://"):
        fetch(mirror, tmp_path / "out")
    assert tree(tmp_path) == {}


def test_a_password_in_a_mirror_is_not_written_down(tmp_path):
    mirror = "https://someone:secret@mirror.invalid/data"
    with pytest.raises(InputError, match="--mirror: holds a name or a password") as caught:
        fetch(mirror, tmp_path / "a")
    assert "secret" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_mirror_without_a_host(tmp_path):
    with pytest.raises(SystemFailureError, match="cannot be reached"):
        fetch("http://", tmp_path / "out")


def test_an_interrupt_leaves_nothing(tmp_path):
    def stop(label, done, total):
        raise KeyboardInterrupt

    with serving(answers()) as server, pytest.raises(KeyboardInterrupt):
        fetch(server.url, tmp_path / "out", progress=stop)
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from test_cohorts import MADE_UP
from proteoclass.errors import SystemFailureError
from proteoclass.matrix.cohorts.catalogue import fetch_cohort
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
try:
    fetch_cohort(MADE_UP, sys.argv[2], raw_only=True, mirror=sys.argv[1])
except SystemFailureError as error:
    print(error)
"""


def test_a_disk_that_takes_no_more(tmp_path):
    """The system's own refusal of a larger file stands for a full disk: the same call fails."""
    pytest.importorskip("resource")
    here = Path(__file__).parent
    with serving(answers()) as server:
        run = subprocess.run(
            [sys.executable, "-c", FULL, server.url, str(tmp_path / "out")],
            capture_output=True,
            text=True,
            timeout=60,
            env={
                "PYTHONPATH": f"{here}{os.pathsep}{here.parent}",
                "NO_PROXY": "127.0.0.1",
                "PATH": "/usr/bin",
            },
        )
    assert run.stderr == ""
    assert (
        "a b (1).tsv: cannot be written (File too large); nothing was kept; free space"
        in run.stdout
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "a-file").write_text("")
    found = r"cannot be made \(.*choose another place"
    with serving(answers()) as server, pytest.raises(SystemFailureError, match=found):
        fetch(server.url, tmp_path / "a-file" / "out")
    assert server.asked == []


def test_a_cohort_is_plain_data():
    told = MADE_UP.describe()
    assert told["size"] == len(CONTENT) + 1
    assert isinstance(MADE_UP, Cohort)
    json.dumps(told)
