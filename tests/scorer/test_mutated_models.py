"""Damaged and altered model files, each put before the real command in another process."""

import json

import numpy as np
import pandas as pd
import pytest
from model_driver import run_all
from mutated_models import flips, mutants, retyped

from proteoclass.io import table_text

#: At least so many are promised; the rest is tried with the long tests.
PROMISED = 300


@pytest.fixture(scope="module")
def document(model):
    return json.loads(model.to_json())


@pytest.fixture(scope="module")
def matrix(toy, tmp_path_factory):
    path = tmp_path_factory.mktemp("matrix") / "m.tsv"
    path.write_text(table_text(toy.values.iloc[:4].rename_axis("sample_id").reset_index()))
    return path


def written(folder, files):
    paths = []
    for number, content in enumerate(files):
        paths.append(folder / f"{number}.json")
        paths[-1].write_bytes(content)
    return paths


def score_command(matrix, path):
    return ["score", str(matrix), "--model", str(path), "-o", str(path.with_suffix(".tsv"))]


def not_refused(names, commands, ends):
    """Return the names of what was not refused with 5 and one line, and what happened."""
    wrong = {}
    for name, command, (code, stdout, stderr) in zip(names, commands, ends, strict=True):
        one_line = len(stderr.splitlines()) == 1 and stderr.startswith("error: ")
        if code != 5 or stdout or not one_line or not stderr[:-1].isprintable():
            wrong[f"{command[0]} {name}"] = (code, stdout[:200], stderr[-300:])
    return wrong


def refuse_all(files, matrix, folder, commands_of):
    names, contents = zip(*files, strict=True)
    assert len(set(names)) == len(names)
    paths = written(folder, contents)
    commands = [command for path in paths for command in commands_of(matrix, path)]
    named = [name for name, path in zip(names, paths, strict=True)
             for _ in commands_of(matrix, path)]  # fmt: skip
    assert not_refused(named, commands, run_all(commands, folder)) == {}
    assert not list(folder.glob("*.tsv"))


def test_every_third_mutant_is_refused_in_one_line_and_scores_nothing(document, matrix, tmp_path):
    every = list(mutants(document))
    chosen = every[::3]
    assert len(every) >= 3 * PROMISED

    def commands_of(matrix, path):
        verify = ["model", "verify", str(path)]
        return [score_command(matrix, path), verify] if int(path.stem) % 4 == 0 else [
            score_command(matrix, path)]  # fmt: skip

    assert len(chosen) >= PROMISED
    refuse_all(chosen, matrix, tmp_path, commands_of)


@pytest.mark.long
def test_every_mutant_is_refused_by_both_commands(document, matrix, tmp_path):
    def commands_of(matrix, path):
        return [score_command(matrix, path), ["model", "verify", str(path)]]

    refuse_all(list(mutants(document)), matrix, tmp_path, commands_of)


def check_flips(document, matrix, folder, n, seed):
    names, contents = zip(*flips(document, n, seed), strict=True)
    paths = written(folder, contents)
    commands = [score_command(matrix, path) for path in paths]
    ends = run_all(commands, folder)
    refused = [end[0] == 5 for end in ends]
    left = [not bad for bad in refused]
    pick = [[one for one, keep in zip(all_of, refused, strict=True) if keep]
            for all_of in (names, commands, ends)]  # fmt: skip
    assert not_refused(*pick) == {}
    assert 0 < sum(refused) < n
    for path, accepted, end in zip(paths, left, ends, strict=True):
        if accepted:
            assert end[0] == 0, end
            scores = pd.read_table(path.with_suffix(".tsv"))
            final = scores[scores["status"] == "final"]
            assert np.isfinite(final[["score", "probability", "lower", "upper"]]).all(axis=None)
    return sum(left)


def test_a_flipped_bit_under_a_new_hash_is_refused_or_harmless(document, matrix, tmp_path):
    check_flips(document, matrix, tmp_path, n=40, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_many_flipped_bits_under_a_new_hash(document, matrix, tmp_path, seed):
    check_flips(document, matrix, tmp_path, n=400, seed=100 + seed)


def check_shown(document, folder, every, options):
    """Check that `model show` refuses an evaluation of other types, or shows it."""
    names, contents = zip(*list(retyped(document))[::every], strict=True)
    commands = [["model", "show", *options, str(path)] for path in written(folder, contents)]
    ends = run_all(commands, folder)
    wrong = {name: end for name, end in zip(names, ends, strict=True)
             if end[0] not in (0, 5) or (end[0] == 5) != end[2].startswith("error: ")}  # fmt: skip
    assert wrong == {}
    assert {0, 5} == {end[0] for end in ends}


def test_an_evaluation_of_other_types_is_shown_or_refused(document, tmp_path):
    check_shown(document, tmp_path, 20, [])


@pytest.mark.long
@pytest.mark.parametrize("option", [[], ["--card"], ["--json"]])
def test_any_evaluation_of_other_types_is_shown_or_refused(document, tmp_path, option):
    check_shown(document, tmp_path, 1, option)


def test_the_model_itself_is_accepted_by_the_same_route(document, matrix, tmp_path):
    # Without this the refusals could be of the matrix or of the route.
    [path] = written(tmp_path, [json.dumps(document).encode()])
    commands = [score_command(matrix, path), ["model", "verify", str(path)]]
    scored, verified = run_all(commands, tmp_path)
    assert (scored[0], verified[0]) == (0, 0), (scored, verified)
    assert len(pd.read_table(path.with_suffix(".tsv"))) == 4


def test_a_crash_and_a_hang_are_blamed_on_their_file(tmp_path, monkeypatch):
    # The witness is reliable: a process that ends is seen, and the others go on.
    program = tmp_path / "sitecustomize.py"
    program.write_text(
        "import os, signal\n"
        "import proteoclass.cli as cli\n"
        "def main(arguments):\n"
        "    if arguments == ['crash']: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    if arguments == ['hang']: os.kill(os.getpid(), signal.SIGALRM)\n"
        "    if arguments == ['bug']: raise RuntimeError('bug')\n"
        "cli.main = main\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ends = run_all([["fine"], ["crash"], ["bug"], ["hang"], ["fine"]], tmp_path)
    assert [code for code, *_ in ends] == [0, -11, 1, -14, 0]
    assert "RuntimeError: bug" in ends[2][2]
