"""The chain of seals: each addition's rows are hashed, together with the seal before it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import Any

from proteoclass.io import canonical_json
from proteoclass.longitudinal.store.schema import SEALED

#: Before the first addition.
NOTHING = "0" * 64


def content_digest(connection: sqlite3.Connection, event: int) -> str:
    """Return the SHA-256 of all rows of an addition, in order of their keys.

    Parameters
    ----------
    connection : sqlite3.Connection
    event : int

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    for table, fields in SEALED.items():
        rows = connection.execute(
            f"SELECT {', '.join(fields)} FROM {table} WHERE event = ? ORDER BY 1, 2, 3", (event,)
        )
        for row in rows:
            digest.update(canonical_json([table, *row]) + b"\n")
    return digest.hexdigest()


def seal(fields: Iterable[Any]) -> str:
    """Return the seal of an addition.

    Parameters
    ----------
    fields : iterable
        Its number, time, who, what, reason, content digest and the seal before it.

    Returns
    -------
    str

    Examples
    --------
    >>> seal([1, "2026-01-01T00:00:00Z", "me", "scores", "", NOTHING, NOTHING])[:8]
    '61671745'
    """
    return hashlib.sha256(canonical_json(list(fields))).hexdigest()
