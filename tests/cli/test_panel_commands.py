"""panel list, show, check, compare, select."""

import json

import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.panel.panel import Derivation, Panel

MINE = """format = "proteoclass-panel"
version = 1
name = "mine"
title = "Mine"
status = "reference"

[[protein]]
id = "P1"

[[protein]]
id = "absent"
accession = "P80188"
gene = "LCN2"
"""


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def files(tmp_path):
    (tmp_path / "mine.toml").write_text(MINE)
    (tmp_path / "m.tsv").write_text("sample_id\tP1\tP2\ns1\t200\t4\ns2\t\t8\ns3\t300\t9\n")
    (tmp_path / "s.tsv").write_text("sample_id\tpatient_id\tclass\ns1\ta\tx\ns2\tb\ty\ns3\tc\ty\n")
    return tmp_path


def test_list_shows_what_ships():
    lines = run("panel", "list").stdout.splitlines()
    assert lines[0].split() == ["name", "status", "fluid", "proteins", "title"]
    rows = json.loads(run("panel", "list", "--json").stdout)
    assert max(map(len, lines)) <= 100
    named = [line.split()[0] for line in lines[1:] if not line.startswith(" ")]
    assert named == [row["name"] for row in rows]
    assert {"name": "kidney-injury-urine", "size": 12}.items() <= rows[1].items()


def test_show_prints_the_file_itself_or_json(files):
    text = run("panel", "show", files / "mine.toml").stdout
    assert Panel.from_toml(text) == Panel.from_toml(MINE)
    value = json.loads(run("panel", "show", "kidney-injury-urine", "--json").stdout)
    assert value["protein"][0]["gene"] == "TIMP2"


def test_a_panel_that_does_not_exist_is_bad_input():
    result = run("panel", "show", "kidny-injury-urine")
    assert result.exit_code == 3
    assert result.stderr == (
        "error: no panel is called 'kidny-injury-urine'; did you mean 'kidney-injury-urine'?\n"
    )


def test_check_says_what_is_measured_and_how_often(files):
    arguments = ("panel", "check", files / "m.tsv", "--samples", files / "s.tsv",
                 "--panel", files / "mine.toml")  # fmt: skip
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[-1] == "mine: 1 of 2 measured (1 by id); 1 absent: absent"
    header, first, second = (line.split("\t") for line in result.stdout.splitlines())
    assert header == [
        *("id", "accession", "gene", "usable", "state", "matched_id", "by"),
        *("n_detected", "detected_rate", "near", "note"),
    ]
    assert first[:7] == ["P1", "", "", "yes", "measured", "P1", "id"]
    assert second[:7] == ["absent", "P80188", "LCN2", "no", "absent", "", ""]
    told = json.loads(run(*arguments, "--json").stdout)
    found, absent = told["proteins"]
    assert (found["matched_id"], found["by"], found["n_detected"]) == ("P1", "id", 2)
    assert found["detected_rate"] == pytest.approx(2 / 3)
    assert (absent["matched_id"], absent["detected_rate"]) == ("", None)
    assert told["text"] == "1 of 2 measured (1 by id); 1 absent: absent"
    assert (told["panel"], told["n_samples"], told["can_be_held"]) == ("mine", 3, False)


def test_check_shows_what_is_near_and_lists_what_is_ambiguous(files):
    (files / "p.tsv").write_text("protein_id\taccession\tgene\nP1\tP02768\t\nP2\tP80188-2\t\n")
    arguments = ("panel", "check", files / "m.tsv", "--samples", files / "s.tsv",
                 "--panel", files / "mine.toml", "--proteins", files / "p.tsv")  # fmt: skip
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "1 only as another isoform: absent" in result.stderr.splitlines()[-1]
    assert "P2 (100%)" in result.stdout.splitlines()[2].split("\t")
    near = json.loads(run(*arguments, "--json").stdout)["proteins"][1]["near"]
    assert near == [{"id": "P2", "n_detected": 3, "detected_rate": 1.0}]
    (files / "p.tsv").write_text("protein_id\taccession\nP1\tP80188\nP2\tP80188\n")
    (files / "mine.toml").write_text(MINE.replace('id = "P1"', 'id = "P2"'))
    told = run(*arguments)
    assert told.exit_code == 0, told.output
    assert "1 ambiguous, several proteins fit: absent" in told.stderr
    assert "P1 (67%), P2 (100%)" in told.stdout


def test_a_matrix_with_none_of_the_panel_does_not_fit(files):
    result = run("panel", "check", files / "m.tsv", "--samples", files / "s.tsv",
                 "--panel", "kidney-injury-urine")  # fmt: skip
    assert result.exit_code == 4
    assert "has none of the 12 proteins of panel 'kidney-injury-urine'" in result.stderr


def test_two_panels_of_one_name_are_told_apart(files):
    (files / "other.toml").write_text(MINE.replace('"P1"', '"P9"'))
    lines = run("panel", "compare", files / "mine.toml", files / "other.toml").stdout.splitlines()
    assert lines[2].split() == ["only", "the", "first", "1", "P1"]
    assert lines[3].split() == ["only", "the", "second", "1", "P9"]


def test_compare_counts_and_names(files):
    text = run("panel", "compare", files / "mine.toml", "kidney-injury-urine").stdout
    assert text.splitlines()[1].split() == ["shared", "1", "LCN2"]
    assert text.splitlines()[2].split() == ["only", "mine", "1", "P1"]
    assert "only kidney-injury-urine        11  TIMP2, " in text
    assert max(map(len, text.split("\n\n")[0].splitlines())) <= 100
    value = json.loads(
        run("panel", "compare", files / "mine.toml", "kidney-injury-urine", "--json").stdout
    )
    assert (value["n_shared"], value["only_first"]) == (1, ["P1"])


def test_compare_says_direction_rank_and_chance_or_why_not(files):
    text = run("panel", "compare", files / "mine.toml", "kidney-injury-urine").stdout
    assert "direction: not reportable: no shared protein has a direction in both" in text
    assert "rank: not reportable: the order of mine and kidney-injury-urine is not one" in text
    assert "chance: not reportable: neither panel says" in text
    ids = [f"P{i}" for i in range(5)]
    for name, order in (("one", ids), ("two", ids[::-1])):
        derivation = Derivation(
            cohort_hash="0", method="ridge", size=5, seed=0, version="0", n_candidates=50
        )
        panel = Panel(
            name=name, title=name, status="derived", derivation=derivation,
            proteins=[{"id": i, "direction": "up"} for i in order],
        )  # fmt: skip
        (files / f"{name}.toml").write_text(panel.to_toml())
    text = run("panel", "compare", files / "one.toml", files / "two.toml").stdout
    assert "overlap: Jaccard 1.00" in text
    assert "direction: 5 of 5 the same" in text
    assert "rank: Kendall tau -1.00 (exact p 0.017), Spearman rho -1.00, over 5 shared" in text
    assert "chance: 0.5 or fewer shared on average, were one drawn at random from 50" in text


def test_compare_names_isoforms_and_obeys_no_escape_sequence(files):
    (files / "mine.toml").write_text(MINE.replace('id = "P1"', 'id = "P80188-2"'))
    odd = MINE.replace('id = "P1"', 'id = "P80188"\ngene = "\\u001b[2J"').replace(
        'P80188"\ngene = "LCN2', 'P9"\ngene = "LCN2'
    )
    (files / "odd.toml").write_text(odd)
    text = run("panel", "compare", files / "mine.toml", files / "odd.toml").stdout
    assert "P80188-2 and P80188" in text
    assert "\x1b" not in text
    assert "\\x1b[2J" in text


def test_show_says_that_a_file_and_its_panel_differ_in_name_and_what_stands_twice(files):
    assert run("panel", "show", files / "mine.toml").stderr == ""
    twice = MINE.replace('id = "P1"', 'id = "P1"\ngene = "LCN2"')
    (files / "other.toml").write_text(twice)
    told = run("panel", "show", files / "other.toml").stderr
    assert "other.toml calls itself mine" in told
    assert "note: Under more than one id in panel mine: LCN2 (P1, absent)." in told


def test_select_writes_the_derived_panel(files, monkeypatch):
    derived = Panel(
        name="derived",
        title="Derived",
        status="derived",
        derivation=Derivation(cohort_hash="0", method="t", size=1, seed=5, version="0"),
        proteins=[{"id": "P1"}],
    )
    calls = []

    def derive(matrix, outcome, **options):
        calls.append((matrix.n_samples, outcome.positive, options))
        return derived

    def describe(matrix, outcome, *, panel, **options):
        assert panel is derived
        return {"said": "what is known"}

    monkeypatch.setattr("proteoclass.scorer.derive_panel", derive)
    monkeypatch.setattr("proteoclass.scorer.describe_panel", describe)
    monkeypatch.setattr("proteoclass.cli.panel._put_known", lambda known, to_stdout: None)
    target = files / "out.toml"
    arguments = (
        *("panel", "select", files / "m.tsv", "--samples", files / "s.tsv", "-o", target),
        *("--outcome", "class", "--positive", "x", "--size", 7, "--seed", 5, "--name", "ours"),
    )
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert target.read_text() == derived.to_toml()
    [(n_samples, positive, options)] = calls
    assert (n_samples, positive) == (3, "x")
    assert options.pop("settings").size == 7
    assert options == {"seed": 5, "index": "first", "name": "ours"}
    assert run(*arguments).exit_code == 3
    assert run(*arguments, "--name", "../x").exit_code == 2
    assert len(calls) == 1, "a target that exists is refused before the work"
