"""Tables of a score store, what keeps them from being altered, and their versions."""

from __future__ import annotations

import sqlite3
from typing import Final

#: Marks the file as a score store ("PCSS"), so that no other database is taken for one.
APPLICATION_ID: Final = 0x50435353
VERSION: Final = 1

#: Columns of a score that are kept as `score` gave them, in the order of `scores.tsv`.
SCORE_FIELDS: Final = (
    "score", "probability", "lower", "upper", "band", "status", "reason", "origin",
    "panel_found", "panel_size", "out_of_range",
)  # fmt: skip
SAMPLE_FIELDS: Final = ("patient_id", "day", "visit", "replicate_of")

#: What belongs to one addition, by table: the fields that its seal covers.
SEALED: Final = {
    "models": ("sha256", "name", "summary"),
    "samples": ("sample_id", "revision", *SAMPLE_FIELDS),
    "scores": ("sample_id", "model_sha256", "revision", *SCORE_FIELDS),
}

_TABLES: Final = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL,
    previous TEXT NOT NULL,
    seal TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE models (
    sha256 TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES events (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TABLE samples (
    sample_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    patient_id TEXT NOT NULL,
    day REAL,
    visit TEXT NOT NULL,
    replicate_of TEXT NOT NULL,
    event INTEGER NOT NULL REFERENCES events (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (sample_id, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE scores (
    sample_id TEXT NOT NULL,
    model_sha256 TEXT NOT NULL REFERENCES models (sha256),
    revision INTEGER NOT NULL,
    score REAL,
    probability REAL,
    lower REAL,
    upper REAL,
    band TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL,
    panel_found INTEGER NOT NULL,
    panel_size INTEGER NOT NULL,
    out_of_range INTEGER NOT NULL,
    event INTEGER NOT NULL REFERENCES events (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (sample_id, model_sha256, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX samples_of_patient ON samples (patient_id);
CREATE INDEX samples_of_event ON samples (event);
CREATE INDEX scores_of_event ON scores (event);
CREATE VIEW current_samples AS
    SELECT * FROM samples AS s WHERE NOT EXISTS (
        SELECT 1 FROM samples AS later
        WHERE later.sample_id = s.sample_id AND later.revision > s.revision);
CREATE VIEW current_scores AS
    SELECT * FROM scores AS s WHERE NOT EXISTS (
        SELECT 1 FROM scores AS later
        WHERE later.sample_id = s.sample_id AND later.model_sha256 = s.model_sha256
        AND later.revision > s.revision);
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of the newest version, inside the caller's transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        To an empty database.
    """
    statements = [text for text in _TABLES.split(";\n") if text.strip()]
    for statement in [*statements, *_guards()]:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _guards() -> list[str]:
    """Return triggers that refuse to change or delete a row: a correction is a new one."""
    return [
        f"CREATE TRIGGER no_{verb.lower()}_of_{table} BEFORE {verb} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'a score store is only ever added to'); END"
        for table in ("events", "models", "samples", "scores")
        for verb in ("UPDATE", "DELETE")
    ]


#: From each older version to the next: statements run in one transaction on opening.
MIGRATIONS: Final[dict[int, tuple[str, ...]]] = {}


def migrate(connection: sqlite3.Connection, found: int) -> None:
    """Bring a store of an older version to the newest, inside the caller's transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
    found : int
        Its version.
    """
    for version in range(found, VERSION):
        for statement in MIGRATIONS[version]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")
