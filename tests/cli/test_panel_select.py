"""panel select: the panel, its table for people, and all of it as JSON."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.cli.settings_options import SELECT_METHODS
from proteoclass.matrix import simulate_cohort
from proteoclass.panel.panel import Panel
from proteoclass.panel.selection.selector import METHODS

pytestmark = pytest.mark.usefixtures("quick_boosters")


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    made = simulate_cohort(patients=30, severe=12, proteins=60, visits=1, seed=4)
    made.matrix.values.to_csv(folder / "m.tsv", sep="\t")
    made.matrix.samples.to_csv(folder / "s.tsv", sep="\t")
    return folder


@pytest.fixture(scope="module")
def command(cohort):
    return (
        *("panel", "select", cohort / "m.tsv", "--samples", cohort / "s.tsv", "--scale", "raw"),
        *("--outcome", "severity", "--positive", "severe"),
        *("--size", 4, "--folds", 3, "--repeats", 1),
    )


@pytest.fixture(scope="module")
def printed(command, cohort):
    """The table on stdout, with the panel in a file."""
    return run(*command, "-o", cohort / "panel.toml")


def test_the_choices_are_the_views_of_the_selector():
    assert SELECT_METHODS == METHODS


def measuring(cohort, name, n_proteins):
    """Another matrix, of the first proteins alone."""
    table = pd.read_csv(cohort / "m.tsv", sep="\t", index_col=0).iloc[:, :n_proteins]
    table.to_csv(cohort / name, sep="\t", index_label="sample_id")
    return cohort / name


def test_another_assay_is_an_input_that_is_never_replaced(command, cohort):
    other = measuring(cohort, "other.tsv", 60)
    before = other.read_bytes()
    result = run(*command, "--measurable-in", other, "-o", other, "--force")
    assert result.exit_code == 3
    assert "is an input of this command" in result.stderr
    assert other.read_bytes() == before


def test_fewer_proteins_than_asked_for_are_said(command, cohort):
    other = measuring(cohort, "few.tsv", 10)
    result = run(*command, "--size", 20, "--measurable-in", other, "-o", cohort / "few.toml")
    assert result.exit_code == 0, result.output
    n_selected = Panel.from_toml((cohort / "few.toml").read_text()).size
    assert 0 < n_selected <= 10
    assert result.stderr.splitlines()[-1] == (
        f"selected {n_selected} of 60 proteins; 20 were asked for, no other is a candidate"
    )


def test_with_a_file_the_table_goes_to_stdout(printed, cohort):
    assert printed.exit_code == 0, printed.output
    panel = Panel.from_toml((cohort / "panel.toml").read_text())
    table = printed.stdout.split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= 100
    for word in ("id", "direction", "effect, log2", "half-", "missing", "AUC"):
        assert word in table[0]
    rows = [line for line in table if line.startswith("SIM")]
    assert {protein.id for protein in panel.proteins} == {
        next(word for word in row.split() if word.startswith("SIM")) for row in rows
    }


def test_sentences_below_the_table_say_what_limits_it(printed):
    below = printed.stdout.split("\n\n")[1].splitlines()
    assert below[0].startswith("Stability 0.")
    assert "on 50 half-samples of the patients" in below[0]
    assert below[1].startswith("No error bound: the panel is the top 4")
    assert below[2].startswith("Best single protein: SIM")
    assert "winner's curse" in below[3]
    assert "selected 4 of 60 proteins" in printed.stderr


def test_without_a_file_stdout_is_the_panel_and_the_table_goes_to_stderr(command, cohort, printed):
    result = run(*command)
    assert result.exit_code == 0, result.output
    assert (
        Panel.from_toml(result.stdout).ids
        == Panel.from_toml((cohort / "panel.toml").read_text()).ids
    )
    assert printed.stdout.splitlines()[0] in result.stderr
    assert "winner's curse" in result.stderr


def test_json_is_the_panel_and_all_that_is_known_of_it(command, tmp_path):
    result = run(*command, "--json", "--threshold", 0.6, "--select", "stability")
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert [each["id"] for each in value["panel"]["protein"]] == [
        each["id"] for each in value["proteins"]
    ]
    assert value["error_bound"]["bound"]["threshold"] == pytest.approx(0.6)
    assert value["choice"]["method"] == "stability"
    assert {"stability", "kinds", "best_single_protein", "caution"} <= set(value)
    assert not {"size_curve", "swaps"} & set(value), "they were not asked for"


def test_sizes_and_swaps_are_part_of_the_description(command, tmp_path):
    asked = ("--sizes", "1,4", "--swaps")
    value = json.loads(run(*command, *asked, "--json").stdout)
    assert [point["size"] for point in value["size_curve"]] == [1, 4]
    assert value["swaps"]["n_folds"] == 3
    # In words under the table too.
    said = run(*command, *asked, "-o", tmp_path / "p.toml").stdout
    for part in ("smallest_within_one_se", "swaps"):
        assert value[part]["text"] in said


def test_a_size_out_of_range_is_refused_before_anything_is_written(command, tmp_path):
    result = run(*command, "--sizes", "51", "-o", tmp_path / "p.toml")
    assert result.exit_code == 2
    assert "'--sizes': found 51, expected whole numbers from 1 to 50" in result.stderr
    assert not (tmp_path / "p.toml").exists()


def test_constraints_hold_in_the_half_samples_too(command):
    result = run(*command, "--json", "--must-have", "SIM00003", "--exclude", "SIM00000")
    assert result.exit_code == 0, result.output
    known = {each["id"]: each for each in json.loads(result.stdout)["proteins"]}
    assert known["SIM00003"]["frequency"] == {"half_samples": 1.0, "folds": 1.0}
    assert "SIM00000" not in known


def test_a_threshold_without_frequencies_is_bad_input(command, tmp_path):
    result = run(*command, "--threshold", 0.75, "-o", tmp_path / "p.toml")
    assert result.exit_code == 3
    assert "a threshold needs frequencies over half-samples, found method 'auto'" in result.stderr
    assert not (tmp_path / "p.toml").exists()


def test_a_threshold_that_nothing_reaches_says_the_highest_frequency(command, cohort, tmp_path):
    # Labels that have nothing to do with the proteins.
    sheet = pd.read_csv(cohort / "s.tsv", sep="\t")
    of_patient = sheet.drop_duplicates("patient_id").set_index("patient_id")["severity"]
    mixed = of_patient.sample(frac=1, random_state=0).set_axis(of_patient.index)
    sheet["severity"] = sheet["patient_id"].map(mixed)
    sheet.to_csv(tmp_path / "mixed.tsv", sep="\t", index=False)
    arguments = [tmp_path / "mixed.tsv" if each == cohort / "s.tsv" else each for each in command]
    result = run(*arguments, "--threshold", 1, "--select", "stability")
    assert result.exit_code == 6, result.output
    assert "no protein is kept by 100% of the half-samples, the highest" in result.stderr


@pytest.mark.parametrize("threshold", ["0.5", "1.1"])
def test_a_threshold_out_of_range_is_wrong_usage(command, threshold):
    assert run(*command, "--select", "stability", "--threshold", threshold).exit_code == 2
