"""model show, verify and add-evaluation: what is said to people, and in which files."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.scorer import load_model

MODELS = Path(__file__).parents[1] / "scorer" / "models"
THIRD = MODELS / "version-3.json"
OUTCOME = ("--outcome", "severity", "--positive", "severe", "--negative", "non-severe")


def run(*arguments):
    return CliRunner().invoke(main, [str(part) for part in arguments])


def facts(text):
    """Return the lines of names and values of a label."""
    pairs = (re.split(r" {2,}", line, maxsplit=1) for line in text.splitlines() if "  " in line)
    return {name: value for name, value in pairs if name}


def test_show_reads_like_a_label():
    found = run("model", "show", THIRD)
    assert found.exit_code == 0, found.output
    said, model = facts(found.stdout), load_model(THIRD)
    training, limits = model.content.training, model.content.thresholds
    assert found.stdout.startswith("SYNTHETIC: trained on simulated patients")
    assert said["outcome"] == "severity: severe against non-severe"
    assert said["trained on"] == (
        f"{training.n_patients} patients ({training.n_positive} positive, "
        f"{training.n_negative} negative)"
    )
    assert said["thresholds"].startswith(f"{limits.lower:.1f} and {limits.upper:.1f} score points")
    assert said["externally validated"] == "no"
    assert said["sha256"] == model.sha256
    assert said["ethical approval"] == "not reported"
    assert "1.00 (interval not reportable)" in said["AUC"]
    for protein in model.content.panel:
        assert said[protein.id].split()[:2] == [protein.accessions, protein.gene]
    for text in model.content.not_for:
        assert f"  {text}\n" in found.stdout
    longest = max(len(line) for line in found.stdout.splitlines() if not line.endswith(":"))
    assert longest <= 100


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_has_a_card(version, tmp_path):
    model = MODELS / f"version-{version}.json"
    printed = run("model", "show", model, "--card")
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.startswith("# Model card: ")
    written = run("model", "show", model, "-o", tmp_path / "card.md")
    assert written.stderr == f"wrote {tmp_path / 'card.md'}\n"
    assert (tmp_path / "card.md").read_text() == printed.stdout
    again = run("model", "show", model, "-o", tmp_path / "card.md")
    assert again.exit_code == 3
    assert "exists already" in again.stderr


def test_card_and_json_exclude_each_other():
    found = run("model", "show", THIRD, "--card", "--json")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "--card and --json exclude each other" in found.stderr


def test_json_goes_to_a_file_too(tmp_path):
    assert run("model", "show", THIRD, "--json", "-o", tmp_path / "m.json").exit_code == 0
    assert json.loads((tmp_path / "m.json").read_text()) == json.loads(
        run("model", "show", THIRD, "--json").stdout
    )


def test_verify_says_what_was_checked_with_figures():
    found = run("model", "verify", THIRD)
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    sha256 = load_model(THIRD).sha256
    assert any("version 3" in line for line in lines)
    assert any(sha256 in line for line in lines)
    assert lines[0].startswith(f"size: {THIRD.stat().st_size:,} bytes, at most 64 MiB")
    assert any(re.match(r"trees: 10 in 2 boosters, .* the 6 proteins", line) for line in lines)
    assert any(re.search(r"probes: \d+ synthetic samples", line) for line in lines)
    assert any(line.startswith("external evaluations: none") for line in lines)
    assert found.stderr == f"{THIRD}: passed {len(lines)} checks\n"
    parsed = json.loads(run("model", "verify", THIRD, "--json").stdout)
    assert (parsed["passed"], parsed["refused"]) == (True, None)
    assert [f"{row['check']}: {row['found']}" for row in parsed["checks"]] == lines


def test_verify_refuses_with_code_5_in_words_and_in_json(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(THIRD.read_text().replace('"severity"', '"others"', 1))
    plain = run("model", "verify", path)
    assert (plain.exit_code, plain.stdout) == (5, "")
    found = run("model", "verify", path, "--json")
    assert found.exit_code == 5
    parsed = json.loads(found.stdout)
    assert (parsed["passed"], parsed["checks"]) == (False, [])
    assert "does not match its SHA-256" in parsed["refused"]
    assert parsed["refused"] in found.stderr


@pytest.fixture(scope="module")
def cohort(tmp_path_factory, quick_boosters):
    """A model, and the folder of its evaluation on other simulated patients."""
    place = tmp_path_factory.mktemp("line")
    size = ("--patients", 24, "--severe", 9, "--proteins", 60, "--visits", 1)
    for name, seed in (("a", 1), ("b", 2)):
        assert run("simulate", "-o", place / name, *size, "--seed", seed).exit_code == 0
    matrix = (place / "a" / "matrix.tsv", "--samples", place / "a" / "samples.tsv", *OUTCOME)
    few = ("--folds", 3, "--repeats", 1, "--size", 6, "--tune", "none")
    trained = run("train", *matrix, *few, "-o", place / "m.json")
    assert trained.exit_code == 0, trained.output
    matrix = (place / "b" / "matrix.tsv", "--samples", place / "b" / "samples.tsv", *OUTCOME)
    judged = run("evaluate", *matrix, "--model", place / "m.json", "-o", place / "external")
    assert judged.exit_code == 0, judged.output
    return place


def test_an_evaluation_is_added_to_a_new_file(cohort, tmp_path):
    new = tmp_path / "new.json"
    found = run(
        *("model", "add-evaluation", cohort / "m.json", cohort / "external"),
        *("--name", "Clinic B", "--synthetic", "--platform", "Orbitrap", "-o", new),
    )
    assert found.exit_code == 0, found.output
    old, read = load_model(cohort / "m.json"), load_model(new)
    assert read.content.derived_from == [old.sha256]
    assert f"derived from {old.sha256[:12]}" in found.stderr
    assert "limits are not externally validated" in found.stderr
    scores = [
        run("score", cohort / "b" / "matrix.tsv", "--model", file).stdout.splitlines()
        for file in (cohort / "m.json", new)
    ]
    # But for the last column, the name of the model with its hash.
    bare = [[line.rpartition("\t")[0] for line in lines] for lines in scores]
    assert bare[0] == bare[1]
    assert len(bare[0]) > 24
    shown = run("model", "show", new).stdout
    assert "Clinic B (SYNTHETIC)" in shown
    assert old.sha256 in shown
    checked = run("model", "verify", new).stdout
    assert f"without them the content is that of {old.sha256[:12]}" in checked


def test_simulated_patients_must_be_named_so(cohort, tmp_path):
    found = run(
        *("model", "add-evaluation", cohort / "m.json", cohort / "external"),
        *("--name", "B", "-o", tmp_path / "new.json"),
    )
    assert found.exit_code == 3
    assert "its patients are simulated; pass --synthetic" in found.stderr
    assert not (tmp_path / "new.json").exists()


def test_an_evaluation_of_another_model_is_refused(cohort, tmp_path):
    found = run(
        *("model", "add-evaluation", THIRD, cohort / "external"),
        *("--name", "B", "--synthetic", "-o", tmp_path / "new.json"),
    )
    assert found.exit_code == 3
    assert "is an evaluation of the model" in found.stderr
