"""Whether a store is what was put into it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from proteoclass.errors import CheckFailedError, name_list
from proteoclass.longitudinal.store.connection import connect, told
from proteoclass.longitudinal.store.schema import SEALED, VERSION, create
from proteoclass.longitudinal.store.seals import NOTHING, content_digest, seal


def verify_store(path: str | os.PathLike[str]) -> list[str]:
    """Check a store's file, its chain of seals and every row, and say what was checked.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    list of str
        A sentence each.

    Raises
    ------
    InputError
        If the file is no score store or damaged.
    CheckFailedError
        If a row, or what shows and guards the rows, was altered, added or removed behind
        the store's back.

    Examples
    --------
    >>> verify_store("none.db")
    Traceback (most recent call last):
    ...
    proteoclass.errors.InputError: none.db: no such store; make one with `proteoclass score --store`
    """
    where = Path(path)
    connection = connect(where, make=False)
    try:
        with told(where):
            problems = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
            if problems != ["ok"]:
                raise CheckFailedError(
                    f"{where}: is damaged: {str(problems[0])[:120]}; restore it from a copy"
                )
            events = connection.execute(
                "SELECT id, at, who, what, reason, content, previous, seal FROM events ORDER BY id"
            ).fetchall()
            previous = NOTHING
            for number, row in enumerate(events, start=1):
                *fields, sealed = row
                if row[0] != number or row[6] != previous or seal(fields) != sealed:
                    raise CheckFailedError(
                        f"{where}: addition {number} of {len(events)} is not as it was sealed: an "
                        "entry of the audit trail was altered or removed; restore it from a copy"
                    )
                if content_digest(connection, number) != row[5]:
                    raise CheckFailedError(
                        f"{where}: rows of addition {number} ({row[1]}, {row[2]}) were altered, "
                        "added or removed since; restore it from a copy"
                    )
                previous = sealed
            counts = {
                table: connection.execute(
                    f"SELECT count(*), coalesce(sum(event BETWEEN 1 AND ?), 0) FROM {table}",
                    (len(events),),
                ).fetchone()
                for table in SEALED
            }
            altered = _altered(connection)
    finally:
        connection.close()
    stray = [table for table, (total, known) in counts.items() if total != known]
    if stray:
        raise CheckFailedError(
            f"{where}: rows of {stray[0]} belong to no addition; restore it from a copy"
        )
    if altered:
        raise CheckFailedError(
            f"{where}: {name_list(altered)} of its tables, views and guards against changes were "
            "altered, added or removed; restore it from a copy"
        )
    return [
        f"file: a score store of version {VERSION}, its pages whole, its tables, views and guards "
        "as they were made",
        f"audit trail: {len(events)} additions, each sealed with the one before it "
        f"(last seal {previous[:12]}…)",
        f"rows: {counts['scores'][0]} scores of {counts['samples'][0]} samples under "
        f"{counts['models'][0]} models, revisions included, as they were added",
    ]


def _altered(connection: sqlite3.Connection) -> list[str]:
    """Return what differs from a store newly made: a view may show what no row holds."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        create(fresh)
        found, made = (
            set(each.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))
            for each in (connection, fresh)
        )
    finally:
        fresh.close()
    return sorted({str(row[1]) for row in found ^ made})
