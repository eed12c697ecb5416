"""The score store: kept once, corrected in the open, whole after any accident."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from proteoclass.errors import CheckFailedError, InputError, SystemFailureError
from proteoclass.longitudinal import ScoreStore, Search, verify_store
from proteoclass.longitudinal.store import connection as store_connection
from proteoclass.longitudinal.store import schema

MODEL = {"name": "severity@" + "ab" * 6, "sha256": "ab" * 32, "panel": ["P1"]}
OTHER = {"name": "severity@" + "cd" * 6, "sha256": "cd" * 32, "panel": ["P2"]}
NOT_REPORTABLE = "only 2 of 20 panel proteins were detected, at least 9 are needed"


def scored(n: int = 6, shift: float = 0.0, prefix: str = "S") -> pd.DataFrame:
    """Return a table as `score` writes it; the last sample is not reportable."""
    score = [10.0 * i + shift for i in range(n - 1)] + [None]
    fine = [True] * (n - 1) + [False]
    return pd.DataFrame(
        {
            "sample_id": [f"{prefix}{i}" for i in range(n)],
            "score": score,
            "probability": [None if s is None else s / 100 for s in score],
            "lower": score,
            "upper": score,
            "band": ["severe" if f else "" for f in fine],
            "status": ["final" if f else "not reportable" for f in fine],
            "reason": ["" if f else NOT_REPORTABLE for f in fine],
            "origin": "locked",
            "panel_found": 20,
            "panel_size": 20,
            "out_of_range": 0,
            "model": MODEL["name"],
        }
    )


def sheet(n: int = 6, prefix: str = "S") -> pd.DataFrame:
    """Return two visits a patient, a week apart."""
    return pd.DataFrame(
        {"patient_id": [f"P{i // 2}" for i in range(n)], "day": [7.0 * (i % 2) for i in range(n)]},
        index=[f"{prefix}{i}" for i in range(n)],
    )


@pytest.fixture
def path(tmp_path):
    with ScoreStore(tmp_path / "clinic.db", make=True) as store:
        store.add(scored(), MODEL, sheet(), who="first")
    return tmp_path / "clinic.db"


def test_what_was_added_comes_back_to_the_bit(path):
    with ScoreStore(path) as store:
        found = store.find()
        assert store.models()["n_scores"].tolist() == [6]
    columns = [c for c in scored().columns if c != "model"]
    expected = scored().sort_values("sample_id").reset_index(drop=True)[columns]
    pd.testing.assert_frame_equal(found[columns], expected, check_dtype=False)
    assert found["patient_id"].tolist() == ["P0", "P0", "P1", "P1", "P2", "P2"]
    assert found["day"].tolist() == [0, 7, 0, 7, 0, 7]
    assert found["model_sha256"].eq(MODEL["sha256"]).all()


def test_the_same_score_is_stored_once(path):
    with ScoreStore(path) as store:
        again = store.add(scored(), MODEL, sheet(), who="second")
        assert (again.new, again.same, again.corrected) == (0, 6, 0)
        assert len(store.find(Search(history=True))) == 6
        # Nothing was added: there is nothing to seal.
        assert store.events()["who"].tolist() == ["first"]


def test_a_correction_is_asked_for_and_keeps_what_it_replaces(path):
    with ScoreStore(path) as store:
        with pytest.raises(InputError, match=r"5 samples are stored with other scores of severity"):
            store.add(scored(shift=1.0), MODEL, sheet(), who="second")
        assert store.find()["score"].tolist()[:2] == [0.0, 10.0]
        done = store.add(scored(shift=1.0), MODEL, sheet(), who="second", correction="re-run")
        assert (done.new, done.same, done.corrected, done.samples_corrected) == (0, 1, 5, 0)
        assert store.find()["score"].tolist()[:2] == [1.0, 11.0]
        history = store.find(Search(patient="P0", history=True))
        assert history["score"].tolist() == [0.0, 1.0, 10.0, 11.0]
        assert history["revision"].tolist() == [1, 2, 1, 2]
        trail = store.events()
    assert trail[["who", "what", "reason"]].values.tolist() == [
        ["first", "scores", ""],
        ["second", "correction", "re-run"],
    ]
    assert len(verify_store(path)) == 3


def test_a_sample_that_changes_its_patient_is_a_correction_too(path):
    moved = sheet()
    moved.loc["S0", "patient_id"] = "P9"
    with ScoreStore(path) as store:
        with pytest.raises(InputError, match=r"another patient, day, visit or replicate \(S0\)"):
            store.add(scored(), MODEL, moved, who="x")
        done = store.add(scored(), MODEL, moved, who="x", correction="mixed up")
        assert (done.corrected, done.samples_corrected) == (0, 1)
        assert store.find(Search(patient="P9"))["sample_id"].tolist() == ["S0"]
        assert store.find(Search(patient="P0"))["sample_id"].tolist() == ["S1"]
        # A sheet that does not say whose the samples are contradicts nothing.
        assert store.add(scored(), MODEL, None, who="x").same == 6


def test_models_are_kept_apart(path):
    with ScoreStore(path) as store:
        store.add(scored(shift=2.0), OTHER, sheet(), who="x")
        assert len(store.find(Search(patient="P0"))) == 4
        for wanted in ("cdcd", "severity@cdcd", OTHER["name"], OTHER["sha256"]):
            assert store.find(Search(patient="P0", model=wanted))["score"].tolist() == [2.0, 12.0]
        assert len(store.find(Search(model="severity"))) == 12
        with pytest.raises(InputError, match=r"holds no model 'no-such'; found severity@"):
            store.find(Search(model="no-such"))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        (Search(status="not reportable"), ["S5"]),
        (Search(band="severe", from_day=1), ["S1", "S3"]),
        (Search(from_day=0, to_day=0), ["S0", "S2", "S4"]),
        (Search(patient="' OR 1=1 --"), []),
    ],
)
def test_search(path, search, found):
    with ScoreStore(path) as store:
        assert store.find(search)["sample_id"].tolist() == found


@pytest.mark.parametrize("verb", ["UPDATE scores SET score = 1", "DELETE FROM events"])
def test_nothing_is_altered_in_place(path, verb):
    raw = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
        raw.execute(verb)
    raw.close()


@pytest.mark.parametrize(
    ("tampering", "message"),
    [
        ("UPDATE scores SET score = 99 WHERE sample_id = 'S1'", "rows of addition 1 .* altered"),
        ("UPDATE samples SET patient_id = 'P8' WHERE sample_id = 'S1'", "rows of addition 1"),
        ("DELETE FROM scores WHERE sample_id = 'S1'", "rows of addition 1"),
        ("UPDATE models SET summary = '{}'", "rows of addition 1"),
        ("UPDATE events SET who = 'somebody else' WHERE id = 1", "addition 1 of 2 is not as it"),
        ("DELETE FROM events WHERE id = 1", "addition 1 of 1 is not as it was sealed"),
        ("UPDATE scores SET event = 7 WHERE sample_id = 'T1'", "rows of addition 2"),
        (
            "INSERT INTO samples VALUES ('X', 1, '', NULL, '', '', 9)",
            "rows of samples belong to no",
        ),
    ],
)
def test_tampering_is_seen(path, tampering, message):
    with ScoreStore(path) as store:
        store.add(scored(prefix="T"), MODEL, sheet(prefix="T"), who="x")
    raw = sqlite3.connect(path)
    for table in ("events", "models", "samples", "scores"):
        raw.execute(f"DROP TRIGGER no_update_of_{table}")
        raw.execute(f"DROP TRIGGER no_delete_of_{table}")
    raw.execute(tampering)
    raw.commit()
    raw.close()
    with pytest.raises(CheckFailedError, match=message):
        verify_store(path)


def test_files_that_are_no_store_are_refused(tmp_path, path):
    with pytest.raises(InputError, match=r"none.db: no such store; make one with"):
        ScoreStore(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("sample_id\tscore\n" * 100)
    with pytest.raises(InputError, match=r"text.db: is damaged or no score store"):
        ScoreStore(tmp_path / "text.db", make=True)
    raw = sqlite3.connect(tmp_path / "other.db")
    raw.execute("CREATE TABLE t (a)")
    raw.commit()
    raw.close()
    with pytest.raises(InputError, match=r"other.db: is a database of something else"):
        ScoreStore(tmp_path / "other.db", make=True)
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(
        InputError, match=f"of version 99, this proteoclass reads up to {schema.VERSION}"
    ):
        ScoreStore(path)
    with pytest.raises(SystemFailureError, match="its folder does not exist"):
        ScoreStore(tmp_path / "no" / "a.db", make=True)


def test_a_damaged_page_is_seen(path):
    with ScoreStore(path) as store:
        store.add(scored(400, prefix="T"), MODEL, sheet(400, prefix="T"), who="x")
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(content)
    with pytest.raises((InputError, CheckFailedError), match="damaged"):
        verify_store(path)


def test_a_full_disk_loses_nothing(path):
    with ScoreStore(path) as store:
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        # SQLite's own way to say that there is no more room.
        store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(SystemFailureError, match="full; free some space; nothing was added"):
            store.add(scored(3000, prefix="T"), MODEL, sheet(3000, prefix="T"), who="x")
        assert len(store.find()) == 6
    assert "6 scores of 6 samples" in verify_store(path)[2]


def test_a_read_only_store_says_so(path):
    with ScoreStore(path) as store:
        store._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(SystemFailureError, match="readonly database; it cannot be written"):
            store.add(scored(prefix="T"), MODEL, sheet(prefix="T"), who="x")


def test_bad_tables_are_refused(path):
    with ScoreStore(path) as store:
        with pytest.raises(InputError, match="scores: no column band; give the table `score`"):
            store.add(scored().drop(columns="band"), MODEL, who="x")
        with pytest.raises(InputError, match=r"1 samples stand twice \(S0\)"):
            store.add(pd.concat([scored(), scored().head(1)]), MODEL, who="x")
        wrong = sheet().astype({"day": object})
        wrong.loc["S2", "day"] = "Tuesday"
        with pytest.raises(InputError, match="column 'day' of sample 'S2' reads 'Tuesday'"):
            store.add(scored(), MODEL, wrong, who="x")
        assert len(store.find()) == 6


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("panel_found", None, "column 'panel_found' reads .None. .1 such row., expected a number"),
        ("score", "high", "column 'score' reads 'high'"),
        ("score", float("inf"), "column 'score' reads 'inf'"),
        ("sample_id", " ", "1 row without sample_id"),
        ("reason", "a\udcff", r"'a.udcff' is no text that can be stored"),
    ],
)
def test_cells_that_cannot_be_stored_are_refused(path, column, value, message):
    wrong = scored(prefix="T").astype({column: object})
    wrong.loc[0, column] = value
    with ScoreStore(path) as store:
        with pytest.raises(InputError, match=message):
            store.add(wrong, MODEL, who="x")
        assert len(store.find()) == 6


def test_a_sheet_with_a_sample_twice_is_refused(path):
    twice = pd.concat([sheet(), sheet().head(1)])
    with (
        ScoreStore(path) as store,
        pytest.raises(InputError, match=r"1 sample id with more than one row \(S0\)"),
    ):
        store.add(scored(), MODEL, twice, who="x")


@pytest.mark.parametrize("words", ["red\x1b[31m", "two\nlines", "x" * 1001])
def test_the_audit_trail_has_one_printable_line_each(path, words):
    with ScoreStore(path) as store:
        for given in ({"who": words}, {"who": "x", "correction": words}):
            with pytest.raises(InputError, match="expected one line of at most 1,000 characters"):
                store.add(scored(), MODEL, sheet(), **given)


def test_the_clock_of_a_build_must_be_one(path, monkeypatch):
    for epoch in ("99999999999999999", "²"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        with (
            ScoreStore(path) as store,
            pytest.raises(InputError, match="SOURCE_DATE_EPOCH: found"),
        ):
            store.add(scored(prefix="T"), MODEL, who="x")


def test_a_store_is_always_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ScoreStore(":memory:", make=True) as store:
        store.add(scored(), MODEL, sheet(), who="x")
    with ScoreStore(":memory:") as store:
        assert len(store.find()) == 6


@pytest.mark.parametrize(
    "tampering",
    [
        "DROP VIEW current_scores",
        "DROP TRIGGER no_update_of_scores",
        "CREATE TRIGGER t AFTER INSERT ON scores BEGIN SELECT 1; END",
    ],
)
def test_altered_views_and_guards_are_seen(path, tampering):
    raw = sqlite3.connect(path)
    raw.execute(tampering)
    raw.close()
    name = tampering.split()[2]
    with pytest.raises(CheckFailedError, match=f"db: {name} of its tables, views and guards"):
        verify_store(path)


def test_a_store_where_nothing_can_be_written_is_read(path, monkeypatch):
    # What a read-only folder answers; whoever runs the tests may be allowed everything.
    monkeypatch.setattr(store_connection.os, "access", lambda where, mode: False)
    with ScoreStore(path) as store:
        assert len(store.find()) == 6
        assert sorted(each.name for each in path.parent.iterdir()) == ["clinic.db"]
        with pytest.raises(SystemFailureError, match="readonly database; it cannot be written"):
            store.add(scored(prefix="T"), MODEL, who="x")
    assert len(verify_store(path)) == 3


def test_what_is_written_ahead_is_never_left_out(path, monkeypatch):
    with ScoreStore(path) as writer:
        writer.add(scored(prefix="T"), MODEL, who="x")
        monkeypatch.setattr(store_connection.os, "access", lambda where, mode: False)
        with ScoreStore(path) as reader:
            assert len(reader.find()) == 12


def test_a_copy_without_what_was_written_ahead_says_so(tmp_path):
    with ScoreStore(tmp_path / "a.db", make=True) as store:
        store.add(scored(), MODEL, sheet(), who="x")
        (tmp_path / "b.db").write_bytes((tmp_path / "a.db").read_bytes())
        with pytest.raises(InputError, match=r"b.db: is empty, .* copy its -wal file too"):
            ScoreStore(tmp_path / "b.db")


def test_names_with_signs_of_an_address_are_names(tmp_path):
    name = tmp_path / "a?mode=ro#b%20 ü.db"
    with ScoreStore(name, make=True) as store:
        store.add(scored(), MODEL, sheet(), who="x")
    assert [each.name for each in tmp_path.iterdir()] == [name.name]


def test_a_version_below_one_is_refused(path):
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = -1")
    raw.close()
    with pytest.raises(InputError, match="says that it is of version -1, expected 1 or more"):
        ScoreStore(path)


def test_a_replicate_stays_one(path):
    whose = sheet(prefix="T").assign(replicate_of=["", "T0", "", "", "", ""])
    with ScoreStore(path) as store:
        store.add(scored(prefix="T"), MODEL, whose, who="x")
        found = store.find().set_index("sample_id")["replicate_of"]
        assert found[found != ""].to_dict() == {"T1": "T0"}
        # A sheet without the column contradicts nothing; another parent does.
        assert store.add(scored(prefix="T"), MODEL, sheet(prefix="T"), who="x").same == 6
        whose.loc["T1", "replicate_of"] = "T2"
        with pytest.raises(InputError, match=r"another patient, day, visit or replicate \(T1\)"):
            store.add(scored(prefix="T"), MODEL, whose, who="x")


def _add_many(path: Path, prefix: str) -> None:
    for i in range(4):
        with ScoreStore(path, make=True) as store:
            name = f"{prefix}{i}_"
            store.add(scored(prefix=name), MODEL, sheet(prefix=name), who=prefix)


def test_two_writers_at_once_lose_nothing(tmp_path):
    path = tmp_path / "shared.db"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_many, args=(path, name)) for name in ("A", "B")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    with ScoreStore(path) as store:
        assert len(store.find()) == 2 * 4 * 6
    assert "8 additions" in verify_store(path)[1]


def test_another_writer_is_not_waited_for_for_ever(path, monkeypatch):
    monkeypatch.setattr(store_connection, "BUSY_SECONDS", 0.1)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    with (
        ScoreStore(path) as store,
        pytest.raises(SystemFailureError, match="another process is writing; try again"),
    ):
        store.add(scored(prefix="T"), MODEL, sheet(prefix="T"), who="x")
    raw.close()


WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from test_store import MODEL, scored, sheet
from proteoclass.longitudinal import ScoreStore
print("ready", flush=True)
for i in range(10_000):
    with ScoreStore(sys.argv[1], make=True) as store:
        store.add(scored(200, prefix=f"K{i}_"), MODEL, sheet(200, prefix=f"K{i}_"), who="killed")
        print(i, flush=True)
"""


@pytest.mark.parametrize("seconds", [0.0, 0.11, 0.32])
def test_a_killed_writer_leaves_whole_additions(tmp_path, seconds):
    path = tmp_path / "killed.db"
    command = [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        told = 1 + len(process.stdout.read().split())
    with ScoreStore(path) as store:
        n = len(store.find())
    # All that was said to be stored is; the one in hand is there whole or not at all.
    assert n % 200 == 0
    assert told <= n / 200 <= told + 1
    assert len(verify_store(path)) == 3


def test_a_store_is_opened_by_who_waits_for_its_maker(tmp_path):
    # Two processes make the same store: the second finds it made.
    path = tmp_path / "new.db"
    with ScoreStore(path, make=True) as first, ScoreStore(path, make=True) as second:
        first.add(scored(), MODEL, sheet(), who="a")
        assert second.add(scored(), MODEL, sheet(), who="b").same == 6
