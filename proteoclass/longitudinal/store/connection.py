"""Opening a score store, and what SQLite's errors mean to whoever opened it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from proteoclass.errors import InputError, ProteoclassError, SystemFailureError
from proteoclass.longitudinal.store.schema import APPLICATION_ID, VERSION, create, migrate

#: How long a second writer waits for the first.
BUSY_SECONDS: Final = 30.0


def connect(path: Path, *, make: bool) -> sqlite3.Connection:
    """Open a store, making or migrating it where that is called for.

    Parameters
    ----------
    path : Path
    make : bool
        Whether to make a store where there is none.

    Returns
    -------
    sqlite3.Connection
        In write-ahead mode; transactions are begun by hand.

    Raises
    ------
    InputError
        If there is no such file, or it is no score store, damaged or of a newer version.
    SystemFailureError
        If the disk or the file system refuses.
    """
    if not make and not path.is_file():
        raise InputError(f"{path}: no such store; make one with `proteoclass score --store`")
    if not path.parent.is_dir():
        raise SystemFailureError(f"{path}: its folder does not exist; make it first")
    with told(path):
        # Absolute: SQLite takes a file that is called ":memory:" for no file at all.
        address = path.absolute().as_uri() + ("?immutable=1" if _archived(path, make) else "")
        connection = sqlite3.connect(address, timeout=BUSY_SECONDS, isolation_level=None, uri=True)
    try:
        with told(path):
            _prepare(connection, path, make=make)
    except BaseException:
        connection.close()
        raise
    return connection


def _archived(path: Path, make: bool) -> bool:
    """Whether a store is only to be read, and lies where nothing can be written beside it.

    In write-ahead mode even a reader makes two files there, unless SQLite is told that
    nobody writes. What a write-ahead file holds would then be left out.
    """
    ahead = Path(f"{path}-wal")
    whole = not ahead.exists() or ahead.stat().st_size == 0
    return not make and whole and not os.access(path.absolute().parent, os.W_OK)


def _prepare(connection: sqlite3.Connection, path: Path, *, make: bool) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    identity = connection.execute("PRAGMA application_id").fetchone()[0]
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if empty and not make:
        raise InputError(
            f"{path}: is empty, expected a score store; if it is a copy of one, copy its -wal "
            "file too"
        )
    if identity != APPLICATION_ID and not (empty and make):
        raise InputError(
            f"{path}: is a database of something else, expected a score store; "
            "give the file that `proteoclass score --store` made"
        )
    if version < 0:
        raise InputError(
            f"{path}: says that it is of version {version}, expected 1 or more; "
            "restore it from a copy"
        )
    if version > VERSION:
        raise InputError(
            f"{path}: is a score store of version {version}, this proteoclass reads up to "
            f"{VERSION}; install a newer proteoclass"
        )
    # Readers go on while somebody writes, and what was committed survives a crash.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    if empty or version < VERSION:
        with writing(connection):
            # Another process may have been quicker.
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                create(connection)
            else:
                migrate(connection, found)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the one write lock; all is kept or, after any error, nothing.

    Parameters
    ----------
    connection : sqlite3.Connection
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # SQLite may have rolled back by itself, for want of space.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into one line that says what to do.

    Parameters
    ----------
    path : Path
        Of the store.

    Raises
    ------
    InputError
        If the file is damaged or no database, or a text is no Unicode.
    SystemFailureError
        If disk, permission or another writer is in the way.
    """
    try:
        yield
    except ProteoclassError:
        raise
    except sqlite3.DatabaseError as error:
        raise _explained(path, error) from error
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path}: {error.object[:40]!a} is no text that can be stored; correct it"
        ) from error


def _explained(path: Path, error: sqlite3.DatabaseError) -> ProteoclassError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return InputError(
            f"{path}: is damaged or no score store ({error}); restore it from a copy, none of it "
            "was changed"
        )
    advice = {
        sqlite3.SQLITE_FULL: "free some space; nothing was added",
        sqlite3.SQLITE_BUSY: "another process is writing; try again",
        sqlite3.SQLITE_READONLY: "it cannot be written; give a place that can",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check the path and its permissions",
        sqlite3.SQLITE_IOERR: "the disk refuses; nothing was added",
    }.get(code)
    if advice is None:
        return InputError(f"{path}: is no score store as this proteoclass makes them ({error})")
    return SystemFailureError(f"{path}: {error}; {advice}")
