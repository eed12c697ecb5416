"""`track --matrix` and `--event`: proteins over time, and the time to an event."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.matrix import simulate_cohort


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = simulate_cohort(patients=24, severe=8, proteins=60, visits=3, seed=2)
    folder = tmp_path_factory.mktemp("track")
    made.matrix.values.T.rename_axis("protein").to_csv(folder / "matrix.tsv", sep="\t")
    made.matrix.samples.rename_axis("sample_id").to_csv(folder / "samples.tsv", sep="\t")
    ids = made.matrix.values.index
    scores = pd.DataFrame({"sample_id": ids, "score": range(10, 10 + len(ids))})
    scores["score"] = scores["score"].clip(upper=99)
    scores["band"] = ["severe" if score > 50 else "non-severe" for score in scores["score"]]
    scores.to_csv(folder / "scores.tsv", sep="\t", index=False)
    return folder


def run(folder, *more):
    samples = str(folder / "samples.tsv")
    return CliRunner().invoke(
        main, ["track", str(folder / "scores.tsv"), "--samples", samples, *more]
    )


def test_a_matrix_adds_a_row_a_protein(folder):
    asked = ["--outcome", "severity", "--positive", "severe", "-o", str(folder / "out")]
    result = run(folder, "--matrix", str(folder / "matrix.tsv"), *asked)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(folder / "out" / "recovery.tsv", sep="\t")
    summary = json.loads((folder / "out" / "trajectories.json").read_text())["recovery"]
    assert len(table) == summary["n_proteins"] == 60
    assert summary["n_fitted"] == table["interaction_p"].notna().sum() > 0
    assert (summary["reference"], summary["group"]) == ("non-severe", "severe")
    assert "samples left out: replicates." in result.stderr


def test_a_panel_is_set_against_the_other_group(folder):
    panel = folder / "panel.toml"
    genes = pd.read_csv(folder / "matrix.tsv", sep="\t", index_col=0).index[:2]
    proteins = "".join(f'[[protein]]\nid = "{name}"\n' for name in (*genes, "NOT-THERE"))
    panel.write_text(
        'format = "proteoclass-panel"\nversion = 1\nname = "two"\ntitle = "Two of them"\n'
        f'fluid = "urine"\nstatus = "reference"\n\n{proteins}'
    )
    asked = ["--outcome", "severity", "--positive", "severe", "-o", str(folder / "courses")]
    asked += ["--panel", str(panel)]
    result = run(folder, "--matrix", str(folder / "matrix.tsv"), *asked)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(folder / "courses" / "panel_courses.tsv", sep="\t")
    assert set(table["protein_id"]) <= set(genes)
    assert "note: 1 proteins of panel" in result.stderr
    alone = run(folder, *asked)
    assert alone.exit_code == 2
    assert "--panel needs the proteins' values: give --matrix" in alone.stderr


def test_without_groups_there_is_nothing_to_compare(folder):
    result = run(folder, "--matrix", str(folder / "matrix.tsv"), "-o", str(folder / "none"))
    assert result.exit_code == 2
    assert "--matrix needs the two groups: give --outcome and --positive" in result.stderr
    assert not (folder / "none").exists()


def test_an_event_adds_survival_by_band(folder):
    sheet = pd.read_csv(folder / "samples.tsv", sep="\t")
    number = sheet["patient_id"].factorize()[0]
    sheet.assign(days=5 + 7 * number % 11, died=number % 2).to_csv(
        folder / "sheet.tsv", sep="\t", index=False
    )
    arguments = ["track", folder / "scores.tsv", "--samples", folder / "sheet.tsv"]
    arguments += ["--event", "days", "died", "-o", folder / "survival"]
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    found = json.loads((folder / "survival" / "trajectories.json").read_text())["time_to_event"]
    assert found["n_events"] == 12
    assert {curve["band"] for curve in found["curves"]} <= {"severe", "non-severe"}
    assert found["cox"]["hazard_ratio"] > 0
