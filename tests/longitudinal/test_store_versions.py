"""A store of an older version is brought to the newest, whole or not at all."""

from __future__ import annotations

import sqlite3

import pytest

from proteoclass.errors import InputError
from proteoclass.longitudinal import ScoreStore
from proteoclass.longitudinal.store import connection, schema


@pytest.fixture
def next_version(monkeypatch):
    """A version that adds a table."""
    steps = {1: ("CREATE TABLE remarks (event INTEGER, words TEXT) STRICT",)}
    for module in (schema, connection):
        monkeypatch.setattr(module, "VERSION", 2)
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    return steps


def version_of(path):
    raw = sqlite3.connect(path)
    found = raw.execute("PRAGMA user_version").fetchone()[0]
    raw.close()
    return found


def test_an_older_store_is_migrated_when_it_is_opened(tmp_path, next_version):
    path = tmp_path / "a.db"
    with pytest.MonkeyPatch.context() as patch:
        for module in (schema, connection):
            patch.setattr(module, "VERSION", 1)
        ScoreStore(path, make=True).close()
    assert version_of(path) == 1
    ScoreStore(path).close()
    assert version_of(path) == 2
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT count(*) FROM remarks").fetchone() == (0,)
    raw.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path, next_version):
    path = tmp_path / "a.db"
    with pytest.MonkeyPatch.context() as patch:
        for module in (schema, connection):
            patch.setattr(module, "VERSION", 1)
        ScoreStore(path, make=True).close()
    next_version[1] = (*next_version[1], "CREATE TABLE scores (a)")
    with pytest.raises(InputError, match="table scores already exists"):
        ScoreStore(path)
    assert version_of(path) == 1
    raw = sqlite3.connect(path)
    names = {row[0] for row in raw.execute("SELECT name FROM sqlite_master")}
    raw.close()
    assert "remarks" not in names
