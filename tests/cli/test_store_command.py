"""`store list|search|export|verify` and `track --store`."""

from __future__ import annotations

import json
import os
import sqlite3

import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.longitudinal import ScoreStore

MODELS = [{"name": f"severity@{c * 12}", "sha256": c * 64} for c in "ab"]


def scores(shift: float = 0.0) -> pd.DataFrame:
    n = 12
    return pd.DataFrame(
        {
            "sample_id": ["=HYPERLINK(1)", *(f"S{i}" for i in range(1, n))],
            "score": [20.0 + 5 * i + shift for i in range(n)],
            **dict.fromkeys(("probability", "lower", "upper"), 0.5),
            "band": "severe",
            "status": "final",
            "reason": "",
            "origin": "locked",
            **dict.fromkeys(("panel_found", "panel_size"), 20),
            "out_of_range": 0,
        }
    )


@pytest.fixture
def path(tmp_path):
    ids = scores()["sample_id"]
    days = [7.0 * (i % 3) for i in range(12)]
    sheet = pd.DataFrame({"patient_id": [f"P{i // 3}" for i in range(12)], "day": days}, index=ids)
    with ScoreStore(tmp_path / "clinic.db", make=True) as store:
        store.add(scores(), MODELS[0], sheet, who="ward 3")
    return tmp_path / "clinic.db"


def run(*arguments):
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_list_search_and_verify(path):
    listed = run("store", "list", path, "--json")
    assert listed.exit_code == 0, listed.output
    content = json.loads(listed.stdout)
    assert content["models"][0]["n_scores"] == 12
    assert content["events"][0]["who"] == "ward 3"
    assert run("store", "list", path).stdout.count("\n") >= 4
    found = run("store", "search", path, "--patient", "P1", "--days", "7", "14", "--json")
    assert [row["sample_id"] for row in json.loads(found.stdout)] == ["S4", "S5"]
    assert "found 2 scores" in found.stderr
    checked = run("store", "verify", path)
    assert (checked.exit_code, checked.stdout.count("\n")) == (0, 3)
    raw = sqlite3.connect(path)
    raw.execute("DROP TRIGGER no_update_of_scores")
    raw.execute("UPDATE scores SET score = 1")
    raw.commit()
    raw.close()
    refused = run("store", "verify", path)
    assert refused.exit_code == 7
    assert refused.stderr.count("\n") == 1
    assert "were altered, added or removed since" in refused.stderr


def test_export_is_safe_to_open(path, tmp_path):
    done = run("store", "export", path, "-o", tmp_path / "out.tsv")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "out.tsv", sep="\t")
    assert "'=HYPERLINK(1)" in set(table["sample_id"])
    assert "note: 1 cell with an apostrophe before it: a spreadsheet would run" in done.stderr
    run("store", "export", path, "-o", tmp_path / "out.json")
    rows = json.loads((tmp_path / "out.json").read_text())
    assert "=HYPERLINK(1)" in {row["sample_id"] for row in rows}
    again = run("store", "export", path, "-o", tmp_path / "out.json")
    assert again.exit_code == 3
    assert "--force" in again.stderr


def test_a_trend_is_of_one_model(path, tmp_path):
    done = run("track", "--store", path, "-o", tmp_path / "one")
    assert done.exit_code == 0, done.output
    table = pd.read_csv(tmp_path / "one" / "trajectories.tsv", sep="\t")
    assert table["patient_id"].tolist() == ["P0", "P1", "P2", "P3"]
    assert table["change"].tolist() == pytest.approx([10.0] * 4)
    with ScoreStore(path) as store:
        store.add(scores(shift=1.0), MODELS[1], who="ward 3")
    several = run("track", "--store", path, "-o", tmp_path / "two")
    assert several.exit_code == 3
    assert "holds scores of 2 models" in several.stderr
    assert not (tmp_path / "two").exists()
    named = run("track", "--store", path, "--model", MODELS[1]["name"], "-o", tmp_path / "two")
    assert named.exit_code == 0, named.output
    assert pd.read_csv(tmp_path / "two" / "trajectories.tsv", sep="\t")["first"].iloc[0] == 21.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["track", "-o", "x"], "expected a table of scores or --store, one of the two"),
        (["track", "{store}", "-o", "x"], "--samples is needed: it says whose a sample is"),
        (["track", "{store}", "--store", "{store}", "-o", "x"], "one of the two"),
        (
            ["track", "--store", "{store}", "--outcome", "a", "--positive", "b", "-o", "x"],
            "--samples is needed",
        ),
    ],
)
def test_what_does_not_go_together(path, arguments, message):
    result = run(*(each.format(store=path) for each in arguments))
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_user_without_a_name_is_told_by_a_number(monkeypatch):
    from proteoclass.cli.score import _user

    def nobody(number):
        raise KeyError(number)

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert _user() == f"user {os.getuid()}"


def test_scores_go_into_a_store_and_corrections_are_asked_for(tmp_path):
    from proteoclass.matrix import Outcome, simulate_cohort
    from proteoclass.scorer import Settings, train

    made = simulate_cohort(patients=24, severe=8, proteins=60, visits=2, seed=1).matrix
    quick = Settings(size=5, bags=2, rounds=5)
    model = train(made, Outcome("severity", "severe"), settings=quick, folds=3, repeats=1)
    model.save(tmp_path / "m.json")
    made.values.T.rename_axis("protein").to_csv(tmp_path / "m.tsv", sep="\t")
    made.samples.rename_axis("sample_id").to_csv(tmp_path / "s.tsv", sep="\t")
    store = tmp_path / "clinic.db"
    asked = ["score", tmp_path / "m.tsv", "--model", tmp_path / "m.json", "--scale", "raw"]
    asked += ["--samples", tmp_path / "s.tsv", "--store", store, "--who", "ward 3"]
    first = run(*asked, "-o", tmp_path / "scores.tsv")
    assert first.exit_code == 0, first.output
    n = len(made.values)
    assert f"{n} new scores, 0 already there, 0 corrected" in first.stderr
    assert f"0 new scores, {n} already there" in run(*asked).stderr
    with ScoreStore(store) as opened:
        found = opened.find().set_index("sample_id")
        assert opened.events()["who"].tolist() == ["ward 3"]
    written = pd.read_csv(tmp_path / "scores.tsv", sep="\t", index_col="sample_id")
    assert written["score"].notna().all()
    pd.testing.assert_series_equal(found["score"].sort_index(), written["score"].sort_index())
    assert found.loc[written.index[0], "patient_id"] == made.samples.iloc[0]["patient_id"]
    # Replicates are no visits, whether scores come from the store or from the table.
    both = (["--store", store], [tmp_path / "scores.tsv", "--samples", tmp_path / "s.tsv"])
    for name, source in zip("ab", both, strict=True):
        assert run("track", *source, "-o", tmp_path / name).exit_code == 0
    kept, told = (tmp_path / name / "trajectories.tsv" for name in "ab")
    assert kept.read_bytes() == told.read_bytes()
    assert (made.samples["replicate_of"] != "").any()
    moved = made.samples.assign(day=made.samples["day"] + 1)
    moved.rename_axis("sample_id").to_csv(tmp_path / "s.tsv", sep="\t")
    refused = run(*asked)
    assert refused.exit_code == 3
    assert "say why with --correction" in refused.stderr
    assert refused.stdout == ""
    done = run(*asked, "--correction", "days were counted from 1")
    assert f"0 corrected, {n} samples corrected" in done.stderr
    assert run("store", "verify", store).exit_code == 0
    for more, message in (
        (["--prevalence", "0.2"], "leave --prevalence out"),
        (["--store", ""], "cannot be opened"),
    ):
        assert message in run(*asked, *more).stderr
    alone = run(*asked[:6], "--who", "me")
    assert alone.exit_code == 2
    assert "--who and --correction go with --store" in alone.stderr
