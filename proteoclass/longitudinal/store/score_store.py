"""`ScoreStore`: scores of one clinic or study, added to and never altered."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.io import canonical_json, creation_moment, plain
from proteoclass.longitudinal.store.connection import connect, told, writing
from proteoclass.longitudinal.store.incoming import differing, lay_out, take_in
from proteoclass.longitudinal.store.schema import SAMPLE_FIELDS, SCORE_FIELDS
from proteoclass.longitudinal.store.seals import NOTHING, content_digest, seal

#: Of `ScoreStore.find`, in order.
COLUMNS = (
    "sample_id", *SAMPLE_FIELDS, *SCORE_FIELDS, "model", "model_sha256", "revision",
    "added",
)  # fmt: skip
#: Characters of who adds scores, and of why they are corrected.
MOST_WORDS = 1000
_NUMBERS = ("day", "score", "probability", "lower", "upper")


@dataclass(frozen=True)
class Added:
    """What an addition came to.

    Parameters
    ----------
    new, same, corrected : int
        Scores stored for the first time, there already, and superseding an older one.
    samples_corrected : int
        Samples whose patient, day, visit or replicate supersedes an older one.
    """

    new: int
    same: int
    corrected: int
    samples_corrected: int


@dataclass(frozen=True)
class Search:
    """Which scores to return; what is left out is not asked for.

    Parameters
    ----------
    patient, band, status : str
    model : str
        Name, or the beginning of its SHA-256, or both as in "severity@0123456789ab".
    from_day, to_day : float, optional
        Both included.
    history : bool
        Whether superseded scores are returned too.
    """

    patient: str = ""
    band: str = ""
    status: str = ""
    model: str = ""
    from_day: float | None = None
    to_day: float | None = None
    history: bool = False


class ScoreStore:
    """An open score store.

    The same sample under the same model is stored once. A correction is a further
    revision: what it replaces stays, and both say who added them, when and why.

    Parameters
    ----------
    path : path-like
    make : bool
        Whether to make a store where there is none.

    Raises
    ------
    InputError
        If the file is no score store, damaged or of a newer version.
    SystemFailureError
        If the disk or the file system refuses.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with ScoreStore(Path(folder) / "clinic.db", make=True) as store:
    ...         len(store.find())
    0
    """

    def __init__(self, path: str | os.PathLike[str], *, make: bool = False) -> None:
        self.path = Path(path)
        self._connection = connect(self.path, make=make)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(
        self,
        scores: pd.DataFrame,
        model: Mapping[str, Any],
        samples: pd.DataFrame | None = None,
        *,
        who: str,
        correction: str = "",
    ) -> Added:
        """Add a score table, whole or not at all.

        Parameters
        ----------
        scores : DataFrame
            As `SeverityModel.score` returns it.
        model : mapping
            As `SeverityModel.summary` returns it; `name` and `sha256` are needed.
        samples : DataFrame, optional
            Sample sheet of the same samples.
        who : str
            Who adds them, for the audit trail.
        correction : str
            Why scores or samples that are stored with other values are superseded.

        Returns
        -------
        Added

        Raises
        ------
        InputError
            If something is stored with other values and no correction is given, the table
            is no score table, or who and why are not one line each.
        SystemFailureError
            If the disk refuses, or another process writes for too long.
        """
        for words, name in ((who, "who"), (correction, "correction")):
            if not words.isprintable() or len(words) > MOST_WORDS:
                raise InputError(
                    f"{self.path}: {name} reads {words[:40]!a}, expected one line of at most "
                    f"{MOST_WORDS:,} characters for the audit trail; correct it"
                )
        sha = str(model["sha256"])
        with told(self.path):
            lay_out(self._connection, scores, samples)
            with writing(self._connection):
                changed = differing(self._connection, sha)
                self._require_correction(changed, str(model["name"]), correction)
                event, _ = self._last()
                event += 1
                self._add_model(model, sha, event)
                inserted, _ = take_in(self._connection, sha, event)
                if self._holds(event):
                    self._seal(event, who, correction)
        corrected, moved = (len(ids) for ids in changed)
        return Added(inserted - corrected, len(scores) - inserted, corrected, moved)

    def find(self, search: Search = Search()) -> pd.DataFrame:
        """Return scores, by patient, day and sample.

        Parameters
        ----------
        search : Search, optional
            All current scores where left out.

        Returns
        -------
        DataFrame
            `COLUMNS`: the score table, whose and when, the model and its hash, the revision
            and when it was added.

        Raises
        ------
        InputError
            If no model is of that name.
        """
        where: list[str] = ["1"]
        values: list[Any] = []
        for column, value in (
            ("p.patient_id", search.patient),
            ("s.band", search.band),
            ("s.status", search.status),
        ):
            if value:
                where.append(f"{column} = ?")
                values.append(value)
        for limit, day in ((">=", search.from_day), ("<=", search.to_day)):
            if day is not None:
                where.append(f"p.day {limit} ?")
                values.append(day)
        if search.model:
            models = self.models_named(search.model)
            where.append(f"s.model_sha256 IN ({', '.join('?' * len(models))})")
            values += models
        table = "scores" if search.history else "current_scores"
        whose = ", ".join(f"p.{name}" for name in SAMPLE_FIELDS)
        fields = ", ".join(f"s.{name}" for name in SCORE_FIELDS)
        with told(self.path):
            rows = self._connection.execute(
                f"SELECT s.sample_id, {whose}, {fields}, "
                "m.name, s.model_sha256, s.revision, e.at "
                f"FROM {table} AS s CROSS JOIN models AS m ON m.sha256 = s.model_sha256 "
                "JOIN events AS e ON e.id = s.event "
                "JOIN current_samples AS p ON p.sample_id = s.sample_id "
                f"WHERE {' AND '.join(where)} ORDER BY 2, 3, 1, s.model_sha256, s.revision",
                values,
            ).fetchall()
        columns: dict[str, Any] = dict.fromkeys(COLUMNS, ())
        columns |= dict(zip(COLUMNS, zip(*rows, strict=True), strict=False))
        # Where a column holds nothing but NULL, pandas does not know that it holds numbers.
        columns |= {name: np.array(columns[name], dtype=float) for name in _NUMBERS}
        return pd.DataFrame(columns)

    def models(self) -> pd.DataFrame:
        """Return the models that scores came from.

        Returns
        -------
        DataFrame
            `name`, `sha256`, `n_scores` (current ones), `added`.
        """
        with told(self.path):
            rows = self._connection.execute(
                "SELECT m.name, m.sha256, (SELECT count(*) FROM current_scores AS s "
                "WHERE s.model_sha256 = m.sha256), e.at FROM models AS m "
                "JOIN events AS e ON e.id = m.event ORDER BY m.event, m.sha256"
            ).fetchall()
        return pd.DataFrame(rows, columns=["name", "sha256", "n_scores", "added"])

    def models_named(self, wanted: str) -> list[str]:
        """Return the hashes of the models of a name or of the beginning of a hash.

        Raises
        ------
        InputError
            If there is none.
        """
        known = self.models()
        name, _, start = wanted.rpartition("@")
        matches = known["sha256"].str.startswith(start.lower())
        if name:
            matches &= known["name"].str.split("@").str[0] == name
        else:
            matches |= known["name"].str.split("@").str[0] == wanted
        if not matches.any():
            raise InputError(
                f"{self.path}: holds no model {wanted!r}; "
                f"found {name_list(known['name']) or 'none'}"
            )
        return list(known.loc[matches, "sha256"])

    def events(self) -> pd.DataFrame:
        """Return the audit trail: who added what, when and why.

        Returns
        -------
        DataFrame
            `id`, `at` (UTC), `who`, `what`, `reason`, `seal`.
        """
        with told(self.path):
            rows = self._connection.execute(
                "SELECT id, at, who, what, reason, seal FROM events ORDER BY id"
            ).fetchall()
        return pd.DataFrame(rows, columns=["id", "at", "who", "what", "reason", "seal"])

    def _require_correction(
        self, changed: tuple[list[str], list[str]], model: str, correction: str
    ) -> None:
        if correction.strip() or not any(changed):
            return
        scores, samples = changed
        found = []
        if scores:
            found.append(f"other scores of {model} ({name_list(scores)})")
        if samples:
            found.append(f"another patient, day, visit or replicate ({name_list(samples)})")
        raise InputError(
            f"{self.path}: {len({*scores, *samples})} samples are stored with "
            f"{' and '.join(found)}; say why with --correction to supersede them, which keeps "
            "what they replace"
        )

    def _last(self) -> tuple[int, str]:
        """Return number and seal of the last addition."""
        row = self._connection.execute(
            "SELECT id, seal FROM events ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return (0, NOTHING) if row is None else (int(row[0]), str(row[1]))

    def _add_model(self, model: Mapping[str, Any], sha: str, event: int) -> None:
        summary = canonical_json(plain(dict(model))).decode("utf-8")
        self._connection.execute(
            "INSERT OR IGNORE INTO models VALUES (?, ?, ?, ?)",
            (sha, str(model["name"]), summary, event),
        )

    def _holds(self, event: int) -> bool:
        found = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM scores WHERE event = ?1) "
            "OR EXISTS (SELECT 1 FROM samples WHERE event = ?1) "
            "OR EXISTS (SELECT 1 FROM models WHERE event = ?1)",
            (event,),
        )
        return bool(found.fetchone()[0])

    def _seal(self, event: int, who: str, correction: str) -> None:
        _, previous = self._last()
        content = content_digest(self._connection, event)
        what = "correction" if correction.strip() else "scores"
        fields = (event, _now(), who, what, correction.strip(), content, previous)
        self._connection.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*fields, seal(fields))
        )


def _now() -> str:
    """Return the moment in UTC, or that of SOURCE_DATE_EPOCH."""
    return creation_moment().replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
