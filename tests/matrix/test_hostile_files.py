"""Hostile files: a right result or one located line, within bounded memory and time.

Each file is read in a process of its own kind: limited in memory and time, so that a crash, a
hang or a file that unpacks to gigabytes fails a test instead of the whole run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

import hostile_files
import pytest

CORPUS = hostile_files.corpus()
#: Address space of the reading process, seconds it may take for the whole corpus.
MEMORY, SECONDS = 3 << 30, 240

# One process reads all: starting Python and pandas for each file would take minutes.
READER = f"""
import json, resource, sys, time, warnings
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
warnings.simplefilter("error")
from proteoclass.errors import ProteoclassError
from proteoclass.matrix.read import read_matrix
for line in sys.stdin:
    path = json.loads(line)
    start = time.monotonic()
    try:
        matrix = read_matrix(path)
        found = [matrix.n_samples, matrix.n_proteins, float(matrix.values.sum().sum())]
    except ProteoclassError as error:
        found = [error.exit_code, str(error)]
    except BaseException as error:
        found = [type(error).__name__, repr(error)]
    print(json.dumps([path, found, time.monotonic() - start]), flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    paths = {}
    for entry in CORPUS:
        target = folder / entry.name
        target.write_bytes(entry.content)
        paths[entry.name] = str(target)
    run = subprocess.run(
        [sys.executable, "-c", READER],
        input="".join(json.dumps(path) + "\n" for path in paths.values()),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == 0, f"the reading process died: {run.stderr[-500:]}"
    told = {
        path: (found, seconds)
        for path, found, seconds in map(json.loads, run.stdout.split("\n")[:-1])
    }
    return {name: told[path] for name, path in paths.items()}


def test_the_corpus_is_large_enough():
    assert len(CORPUS) >= 60


@pytest.mark.parametrize("entry", CORPUS, ids=[entry.name for entry in CORPUS])
def test_a_hostile_file_is_read_right_or_refused_in_one_line(outcomes, entry):
    found, seconds = outcomes[entry.name]
    assert seconds < 30
    if isinstance(entry.expected, tuple):
        assert found == pytest.approx(list(entry.expected)), found
        return
    assert len(found) == 2, f"was read, as samples, proteins and sum {found}"
    code, message = found
    assert code in (3, 8), f"{code}: {message}"
    assert "\n" not in message
    assert len(message) < 1_200
    assert entry.name in message, f"does not name the file: {message}"
    assert re.search(entry.expected, message), message
