"""What is about to be added to a store, beside what it holds already."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.longitudinal.store.schema import SAMPLE_FIELDS, SCORE_FIELDS
from proteoclass.longitudinal.visits import MAX_DAY, blank, text
from proteoclass.matrix.wording import counted

_TEXTS = ("band", "status", "reason", "origin")
_SHEET_TEXTS = ("patient_id", "visit", "replicate_of")
_COUNTS = ("panel_found", "panel_size", "out_of_range")


def lay_out(
    connection: sqlite3.Connection, scores: pd.DataFrame, samples: pd.DataFrame | None
) -> None:
    """Put a score table and its sheet into tables of the connection's own.

    Parameters
    ----------
    connection : sqlite3.Connection
    scores : DataFrame
        Columns of `scores.tsv`.
    samples : DataFrame, optional
        Sample sheet: index `sample_id`; `SAMPLE_FIELDS` where present.

    Raises
    ------
    InputError
        If a column is absent, a sample stands twice or has no id, or a number is none.
    """
    missing = [name for name in ("sample_id", *SCORE_FIELDS) if name not in scores]
    if missing:
        raise InputError(f"scores: no column {name_list(missing)}; give the table `score` writes")
    ids = text(scores["sample_id"])
    twice = ids[ids.duplicated()].unique()
    if len(twice):
        raise InputError(
            f"scores: {len(twice)} samples stand twice ({name_list(twice)}); a sample has one "
            "score: average its runs first"
        )
    nameless = int((ids == "").sum())
    if nameless:
        raise InputError(
            f"scores: {counted(nameless, 'row')} without sample_id; a store knows samples by "
            "their ids: name them"
        )
    columns: list[list[Any]] = [ids.tolist()]
    columns += [_values(scores[name], name) for name in SCORE_FIELDS]
    _fill(connection, "incoming_scores", ("sample_id", *SCORE_FIELDS), columns)
    _fill(connection, "incoming_samples", ("sample_id", *SAMPLE_FIELDS), _sheet(ids, samples))


def _values(column: pd.Series, name: str) -> list[Any]:
    if name in _TEXTS:
        return text(column).tolist()
    number = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
    wrong = number.isna() if name in _COUNTS else number.isna() & ~blank(column)
    wrong |= np.isinf(number)
    if wrong.any():
        raise InputError(
            f"scores: column {name!r} reads {str(column[wrong].iloc[0])[:40]!a} "
            f"({counted(int(wrong.sum()), 'such row')}), expected a number; give the table "
            "`score` writes"
        )
    if name in _COUNTS:
        return [int(value) for value in number]
    numbers = number.to_numpy()
    return [None if np.isnan(value) else float(value) for value in numbers]


def _sheet(ids: pd.Series, samples: pd.DataFrame | None) -> list[list[Any]]:
    """Return ids and `SAMPLE_FIELDS`; blank where the sheet does not say."""
    nothing = [""] * len(ids)
    if samples is None:
        return [ids.tolist(), nothing, [None] * len(ids), nothing, nothing]
    rows = samples.set_axis(text(pd.Series(samples.index)), axis=0)
    twice = rows.index[rows.index.duplicated()].unique()
    if len(twice):
        raise InputError(
            f"sample sheet: {counted(len(twice), 'sample id')} with more than one row "
            f"({name_list(twice)}); give each sample one row"
        )
    rows = rows.reindex(ids)
    patients, visits, replicates = (
        text(rows[name]).tolist() if name in rows else nothing for name in _SHEET_TEXTS
    )
    days: list[Any] = [None] * len(ids)
    if "day" in rows:
        number = pd.to_numeric(rows["day"], errors="coerce")
        wrong = number.isna() & (text(rows["day"]) != "") | (number.abs() > MAX_DAY)
        if wrong.any():
            at = int(wrong.to_numpy().argmax())
            raise InputError(
                f"sample sheet: column 'day' of sample {ids.iloc[at]!r} reads "
                f"{str(rows['day'].iloc[at])[:40]!r} ({int(wrong.sum())} such rows), expected days "
                f"from a start, at most {MAX_DAY:,}; correct the cell or leave it empty"
            )
        days = [None if np.isnan(value) else float(value) for value in number]
    return [ids.tolist(), patients, days, visits, replicates]


def _fill(
    connection: sqlite3.Connection, table: str, names: tuple[str, ...], columns: list[list[Any]]
) -> None:
    connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
    connection.execute(f"CREATE TEMP TABLE {table} ({', '.join(names)}, PRIMARY KEY (sample_id))")
    marks = ", ".join("?" * len(names))
    connection.executemany(f"INSERT INTO temp.{table} VALUES ({marks})", zip(*columns, strict=True))


def differing(connection: sqlite3.Connection, model: str) -> tuple[list[str], list[str]]:
    """Return samples whose stored score, and whose stored patient or day, is another.

    Parameters
    ----------
    connection : sqlite3.Connection
        After `lay_out`.
    model : str
        SHA-256.

    Returns
    -------
    scores, samples : list of str
        A sheet that does not say whose a sample is contradicts nothing.
    """
    scores = connection.execute(
        f"SELECT i.sample_id {_SCORES_BESIDE} "
        f"WHERE c.sample_id IS NOT NULL AND ({_OTHER_SCORE}) ORDER BY 1",
        (model,),
    )
    samples = connection.execute(
        f"SELECT i.sample_id {_SAMPLES_BESIDE} "
        f"WHERE c.sample_id IS NOT NULL AND ({_OTHER_SAMPLE}) ORDER BY 1"
    )
    return [row[0] for row in scores], [row[0] for row in samples]


#: What comes in, and the newest revision of what is stored, found by its key: a view of
#: all current rows would be made anew for every addition.
_SCORES_BESIDE = (
    "FROM incoming_scores AS i LEFT JOIN scores AS c "
    "ON c.sample_id = i.sample_id AND c.model_sha256 = ?1 AND c.revision = "
    "(SELECT max(revision) FROM scores WHERE sample_id = i.sample_id AND model_sha256 = ?1)"
)
_SAMPLES_BESIDE = (
    "FROM incoming_samples AS i LEFT JOIN samples AS c ON c.sample_id = i.sample_id "
    "AND c.revision = (SELECT max(revision) FROM samples WHERE sample_id = i.sample_id)"
)
_OTHER_SCORE = " OR ".join(f"i.{name} IS NOT c.{name}" for name in SCORE_FIELDS)
_OTHER_SAMPLE = " OR ".join(
    [
        "(i.day IS NOT NULL AND i.day IS NOT c.day)",
        *(f"(i.{name} <> '' AND i.{name} <> c.{name})" for name in _SHEET_TEXTS),
    ]
)


def take_in(connection: sqlite3.Connection, model: str, event: int) -> tuple[int, int]:
    """Insert what is new or other, as the next revision of its sample or score.

    Parameters
    ----------
    connection : sqlite3.Connection
        Inside a transaction, after `lay_out`.
    model : str
    event : int
        The addition it belongs to.

    Returns
    -------
    scores, samples : int
        Rows inserted.
    """
    fields = ", ".join(f"i.{name}" for name in SCORE_FIELDS)
    scores = connection.execute(
        f"INSERT INTO scores SELECT i.sample_id, ?1, coalesce(c.revision, 0) + 1, {fields}, ?2 "
        f"{_SCORES_BESIDE} WHERE c.sample_id IS NULL OR {_OTHER_SCORE}",
        (model, event),
    ).rowcount
    samples = connection.execute(
        "INSERT INTO samples SELECT i.sample_id, coalesce(c.revision, 0) + 1, "
        "CASE i.patient_id WHEN '' THEN coalesce(c.patient_id, '') ELSE i.patient_id END, "
        "coalesce(i.day, c.day), "
        "CASE i.visit WHEN '' THEN coalesce(c.visit, '') ELSE i.visit END, "
        "CASE i.replicate_of WHEN '' THEN coalesce(c.replicate_of, '') ELSE i.replicate_of END, ? "
        f"{_SAMPLES_BESIDE} WHERE c.sample_id IS NULL OR {_OTHER_SAMPLE}",
        (event,),
    ).rowcount
    return scores, samples
