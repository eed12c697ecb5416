"""Damaged and altered model files, each put before the real command in another process."""

import copy
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from model_driver import run_all
from mutated_models import flips, mutants, retyped, text

from proteoclass.errors import InputError, ModelRefusedError
from proteoclass.io import table_text
from proteoclass.matrix.outcome import Outcome
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.scorer import Settings, load_model, train

MODELS = Path(__file__).with_name("models")
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


def both_commands(matrix, path):
    return [score_command(matrix, path), ["model", "verify", str(path)]]


def score_and_some_verified(matrix, path):
    return both_commands(matrix, path)[: 1 if int(path.stem) % 4 else 2]


def put_before(files, folder, commands_of):
    """Write the files, and return what is to be run on each: names and commands."""
    names, contents = zip(*files, strict=True)
    assert len(set(names)) == len(names)
    paths = written(folder, contents)
    pairs = [(name, each) for name, path in zip(names, paths, strict=True)
             for each in commands_of(path)]  # fmt: skip
    return tuple(zip(*pairs, strict=True))


def check_refused(names, commands, ends, folder):
    assert not_refused(names, commands, ends) == {}
    assert not list(folder.glob("*.tsv"))


def check_flipped(names, commands, ends):
    """Check that what was not refused scores with numbers."""
    bad = [row for row in zip(names, commands, ends, strict=True) if row[2][0] == 5]
    assert not_refused(*zip(*bad, strict=True)) == {}
    assert 0 < len(bad) < len(ends)
    for command, end in zip(commands, ends, strict=True):
        if end[0] == 5:
            continue
        assert end[0] == 0, end
        scores = pd.read_table(command[-1])
        final = scores[scores["status"] == "final"]
        assert np.isfinite(final[["score", "probability", "lower", "upper"]]).all(axis=None)


def check_shown(names, ends):
    """Check that `model show` refuses an evaluation of other types, or shows it."""
    wrong = {name: end for name, end in zip(names, ends, strict=True)
             if end[0] not in (0, 5) or (end[0] == 5) != end[2].startswith("error: ")}  # fmt: skip
    assert wrong == {}
    assert {0, 5} == {end[0] for end in ends}


@pytest.fixture(scope="module")
def ended(document, matrix, tmp_path_factory):
    """Everything that the fast tests look at, run in one go: a start takes two seconds."""
    files = {
        "mutants": (list(mutants(document))[::3], lambda p: score_and_some_verified(matrix, p)),
        "flips": (list(flips(document, 40, seed=1)), lambda p: [score_command(matrix, p)]),
        "retyped": (list(retyped(document))[::20], lambda p: [["model", "show", str(p)]]),
        "itself": ([("itself", json.dumps(document).encode())], lambda p: both_commands(matrix, p)),
    }
    folders = {name: tmp_path_factory.mktemp(name) for name in files}
    asked = {name: put_before(each, folders[name], of) for name, (each, of) in files.items()}
    every = [command for _, commands in asked.values() for command in commands]
    ends = iter(run_all(every, folders["itself"]))
    return {
        name: (*pair, [next(ends) for _ in pair[1]], folders[name]) for name, pair in asked.items()
    }


def test_every_third_mutant_is_refused_in_one_line_and_scores_nothing(ended):
    names, commands, ends, folder = ended["mutants"]
    assert len(set(names)) >= PROMISED
    check_refused(names, commands, ends, folder)


def test_a_flipped_bit_under_a_new_hash_is_refused_or_harmless(ended):
    check_flipped(*ended["flips"][:3])


def test_an_evaluation_of_other_types_is_shown_or_refused(ended):
    names, _, ends, _ = ended["retyped"]
    check_shown(names, ends)


def test_the_model_itself_is_accepted_by_the_same_route(ended):
    # Without this the refusals could be of the matrix or of the route.
    _, commands, (scored, verified), _ = ended["itself"]
    assert (scored[0], verified[0]) == (0, 0), (scored, verified)
    assert len(pd.read_table(commands[0][-1])) == 4


@pytest.mark.long
def test_every_mutant_is_refused_by_both_commands(document, matrix, tmp_path):
    every = list(mutants(document))
    assert len(every) > 3 * PROMISED
    asked = put_before(every, tmp_path, lambda path: both_commands(matrix, path))
    check_refused(*asked, run_all(asked[1], tmp_path), tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_many_flipped_bits_under_a_new_hash(document, matrix, tmp_path, seed):
    files = list(flips(document, 400, seed=100 + seed))
    asked = put_before(files, tmp_path, lambda path: [score_command(matrix, path)])
    check_flipped(*asked, run_all(asked[1], tmp_path))


@pytest.mark.long
@pytest.mark.parametrize("option", [[], ["--card"], ["--json"]])
def test_any_evaluation_of_other_types_is_shown_or_refused(document, tmp_path, option):
    files = list(retyped(document))
    names, commands = put_before(files, tmp_path, lambda p: [["model", "show", *option, str(p)]])
    check_shown(names, run_all(commands, tmp_path))


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


def test_boosters_as_older_versions_of_xgboost_write_them_are_accepted(document, tmp_path):
    # Versions 2.0.3, 2.1.4 and 3.0.5 were seen to write no `cats`, and base_score bare; 3.1.3
    # and 3.2.0 as here.
    older = copy.deepcopy(document)
    for booster in older["content"]["boosters"]:
        learner = booster["learner"]
        del learner["gradient_booster"]["model"]["cats"]
        head = learner["learner_model_param"]
        head["base_score"] = head["base_score"].strip("[]")
        booster["version"] = [2, 0, 3]
    [path] = written(tmp_path, [text(older)])
    assert load_model(path).version == document["version"]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_version_is_no_part_of_the_hash_and_may_not_be_changed(version, tmp_path):
    # A first version that shifts by the median shifts otherwise: its probes would not tell.
    known = json.loads((MODELS / f"version-{version}.json").read_text())
    for other in {1, 2, 3} - {version}:
        [path] = written(tmp_path, [text(known | {"version": other}, rehash=False)])
        with pytest.raises(ModelRefusedError, match=f"says it is of version {other}, which its"):
            load_model(path)


def test_names_that_no_model_may_hold_stop_the_training(make_toy):
    matrix = make_toy(patients=24, proteins=40, visits=1, signal=3.0)
    hostile = {name: f"{name}\x1b[2J" for name in matrix.values.columns}
    renamed = ProteinMatrix.build(
        matrix.values.rename(columns=hostile), matrix.samples, scale="log2", fluid="urine"
    )
    with pytest.raises(InputError, match=r"not be read again .*a terminal would obey.*rename"):
        train(renamed, Outcome("severity", "severe"), settings=Settings(size=4, bags=2, rounds=3),
              folds=3, repeats=1)  # fmt: skip


def test_a_hash_to_expect_that_is_none_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="expected SHA-256: found 'abc', expected 12 to 64"):
        load_model(tmp_path / "m.json", expect_sha="abc")
