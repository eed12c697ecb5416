"""One score per patient and day, from a score table and a sample sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.matrix.wording import counted
from proteoclass.stats import expit, log_odds

#: Status words a row of a score table may carry; only the last one holds no score.
STATUSES = ("final", "preliminary", "corrected", "not reportable")

#: More days than a spreadsheet counts from 1900 to today: beyond it stand dates written
#: as numbers and seconds, between which no difference is a number of days.
MAX_DAY = 100_000


@dataclass(frozen=True)
class Visits:
    """Scores placed in time.

    Parameters
    ----------
    frame : DataFrame, shape (n_visits, 6)
        One row per patient and day, sorted: `patient_id`, `day`, `week` (day / 7),
        `score` (0–100), `log_odds`, `n_samples` (samples averaged).
    samples : DataFrame, shape (n_scored_samples, 3)
        Every reportable sample of the sheet, replicates and undated ones included:
        index `sample_id`; `patient_id` ("" = unknown), `log_odds`, `replicate_of`
        ("" = no replicate).
    notes : tuple of str
        One sentence for each thing left out or averaged.
    """

    frame: pd.DataFrame
    samples: pd.DataFrame
    notes: tuple[str, ...]


def place_in_time(scores: pd.DataFrame, samples: pd.DataFrame) -> Visits:
    """Join scores to the sheet's patients and days, and average what shares a day.

    Parameters
    ----------
    scores : DataFrame
        Columns `sample_id`, `score` (0–100) and, where present, `status` and `origin`.
    samples : DataFrame
        Index `sample_id`; columns `patient_id`, `day` and, where present,
        `replicate_of`.

    Returns
    -------
    Visits

    Raises
    ------
    InputError
        If a column is absent, an id repeats, or a score or a day is no number in its
        range.
    TooLittleDataError
        If no reportable score has a patient and a day.

    Notes
    -----
    Samples of one patient on one day are averaged on the log-odds, the scale the
    trajectories are fitted on. Replicates are left out of the trajectories: they
    measure the assay's noise (`noise.within_sd`), and would count one void twice.

    Examples
    --------
    >>> scores = pd.DataFrame({"sample_id": ["a", "b"], "score": [80.0, 20.0]})
    >>> sheet = pd.DataFrame({"patient_id": ["p", "p"], "day": [0, 7]}, index=["a", "b"])
    >>> place_in_time(scores, sheet).frame[["week", "score"]].to_numpy().tolist()
    [[0.0, 80.0], [1.0, 20.0]]
    """
    score, notes = reportable_scores(scores)
    _check_sheet(samples)
    if score.empty:
        raise TooLittleDataError(
            f"scores: none of {len(scores)} samples is reportable; their reasons are in the table"
        )
    known = score.index.isin(samples.index)
    if not known.any():
        raise InputError(
            f"scores: none of {len(score)} sample ids is in the sample sheet "
            f"(first {name_list(score.index, 2)} against {name_list(samples.index, 2)}); "
            "give the sheet the scores were made with"
        )
    _count(
        notes, ~known, lambda n: f"{counted(n, 'scored sample')} not in the sample sheet: left out."
    )
    score = score[known]
    tidy = _tidy_samples(score, samples.loc[score.index])
    _count(
        notes,
        (score == 0) | (score == 100),
        lambda n: f"{counted(n, 'score')} of exactly 0 or 100: held at log-odds ±13.8.",
    )
    frame = _average_days(tidy, notes)
    return Visits(frame, tidy.drop(columns=["day", "score"]), tuple(notes))


def blank(column: pd.Series) -> pd.Series:
    """Say which cells hold nothing: missing, empty or spaces.

    Examples
    --------
    >>> blank(pd.Series(["a", " ", None])).tolist()
    [False, True, True]
    """
    return column.isna() | (column.astype(str).str.strip() == "")


def text(column: pd.Series) -> pd.Series:
    """Return ids or labels as text, "" where blank; whole numbers lose their ".0".

    Examples
    --------
    >>> text(pd.Series([1.0, None])).tolist()
    ['1', '']
    """
    empty = blank(column)
    words = [_word(value) for value in column]
    return pd.Series(words, index=column.index, dtype=object).where(~empty, "")


def _word(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def reportable_scores(scores: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    """Return the scores of a table that may be used.

    Parameters
    ----------
    scores : DataFrame
        As for `place_in_time`.

    Returns
    -------
    score : Series of float
        0 to 100; index: sample ids.
    notes : list of str
        How many are not reportable, and where the others come from.

    Raises
    ------
    InputError
        If a column is absent, an id repeats, or a score or a status is none.

    Examples
    --------
    >>> table = pd.DataFrame({"sample_id": ["a", "b"], "score": [80.0, None]})
    >>> reportable_scores(table)[0].to_dict()
    {'a': 80.0}
    """
    if "sample_id" not in scores and scores.index.name == "sample_id":
        scores = scores.reset_index()
    for column in ("sample_id", "score"):
        if column not in scores:
            raise InputError(
                f"scores: no column {column!r}; found {name_list(scores.columns, 12)}; "
                "give a score table as `score` writes it"
            )
    ids = text(scores["sample_id"])
    repeated = ids[ids.duplicated()].unique()
    if len(repeated):
        raise InputError(
            f"scores: {len(repeated)} sample ids have more than one row "
            f"({name_list(repeated)}); expected one score per sample: average repeats first"
        )
    notes: list[str] = []
    score = _numbers(scores["score"].set_axis(ids), "scores", "score")
    refused = _refused(scores, ids)
    _count(
        notes, refused, lambda n: f"{counted(n, 'sample')} not reportable: without a score here."
    )
    score = score[~refused.to_numpy()]
    wrong = score[~score.between(0, 100)]
    if len(wrong):
        raise InputError(
            f"scores: column 'score' of sample {wrong.index[0]!r} is {_shown(wrong.iloc[0])} "
            f"({len(wrong)} such rows), expected a number from 0 to 100; "
            "mark a sample without a score as 'not reportable'"
        )
    notes += _origin_notes(scores[~refused.to_numpy()])
    return score, notes


def _refused(scores: pd.DataFrame, ids: pd.Series) -> pd.Series:
    if "status" not in scores:
        return blank(scores["score"])
    status = text(scores["status"])
    unknown = ~status.isin(STATUSES)
    if unknown.any():
        raise InputError(
            f"scores: column 'status' of sample {ids[unknown].iloc[0]!r} reads "
            f"{status[unknown].iloc[0]!r} ({int(unknown.sum())} such rows); "
            f"expected one of {', '.join(STATUSES)}"
        )
    return status == "not reportable"


def _origin_notes(scores: pd.DataFrame) -> list[str]:
    if "origin" not in scores:
        return []
    counts = text(scores["origin"]).replace("", "not stated").value_counts().sort_index()
    found = ", ".join(f"{name} ({count} samples)" for name, count in counts.items())
    notes = [f"Scores come from: {found}."]
    if "out-of-fold" in counts.index:
        notes.append(
            "Out-of-fold scores share fold models, so intervals over these patients are "
            "too narrow; coverage is claimed only for a locked model on new patients."
        )
    return notes


def _check_sheet(samples: pd.DataFrame) -> None:
    if "patient_id" not in samples:
        raise InputError(
            f"sample sheet: no column 'patient_id'; found {name_list(samples.columns, 12)}; "
            "trajectories need to know which samples belong to one patient"
        )
    if "day" not in samples or blank(samples["day"]).all():
        order = " 'visit' gives an order but" if "visit" in samples else ""
        raise InputError(
            f"sample sheet: no column 'day' with a value in it;{order} without days no slope "
            "per week can be given; add the day of each sample"
        )
    if samples.index.has_duplicates:
        repeated = samples.index[samples.index.duplicated()].unique()
        raise InputError(
            f"sample sheet: {len(repeated)} sample ids repeat ({name_list(repeated)}); "
            "give each sample one row"
        )


def days(sheet: pd.DataFrame) -> pd.Series:
    """Return the days of a sample sheet; NaN where a sample has none.

    Parameters
    ----------
    sheet : DataFrame
        Index `sample_id`; column `day`.

    Raises
    ------
    InputError
        If a cell is no number, infinite, or too large for a count of days.

    Examples
    --------
    >>> days(pd.DataFrame({"day": ["3", None]}, index=["a", "b"])).tolist()
    [3.0, nan]
    """
    day = _numbers(sheet["day"], "sample sheet", "day")
    if np.isinf(day).any():
        raise InputError(
            f"sample sheet: column 'day' of sample {day.index[np.isinf(day)][0]!r} is infinite; "
            "correct the cell or leave it empty"
        )
    far = day[day.abs() > MAX_DAY]
    if len(far):
        raise InputError(
            f"sample sheet: column 'day' of sample {far.index[0]!r} is {far.iloc[0]:.12g} "
            f"({len(far)} such rows), expected days from a start, at most {MAX_DAY:,}; a date "
            "such as 20240301 is no count of days"
        )
    return day


def _tidy_samples(score: pd.Series, sheet: pd.DataFrame) -> pd.DataFrame:
    replicate_of = text(sheet["replicate_of"]) if "replicate_of" in sheet else ""
    tidy = pd.DataFrame(
        {
            "patient_id": text(sheet["patient_id"]),
            "day": days(sheet),
            "score": score,
            "log_odds": log_odds(score / 100),
            "replicate_of": replicate_of,
        },
        index=score.index,
    )
    # Sorted once, here: sums must not depend on the order of the rows in either file.
    return tidy.assign(_id=tidy.index).sort_values(["patient_id", "day", "_id"]).drop(columns="_id")


def _average_days(tidy: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    replicate = tidy["replicate_of"] != ""
    nobody = ~replicate & (tidy["patient_id"] == "")
    undated = ~replicate & ~nobody & tidy["day"].isna()
    _count(
        notes,
        replicate,
        lambda n: f"{counted(n, 'replicate sample')} for noise alone: not in trajectories.",
    )
    _count(notes, nobody, lambda n: f"{counted(n, 'sample')} without patient_id: left out.")
    _count(notes, undated, lambda n: f"{counted(n, 'sample')} without a day: left out.")
    used = tidy[~(replicate | nobody | undated)]
    if used.empty:
        raise TooLittleDataError(
            f"found 0 of {len(tidy)} scored samples with a patient, a day and no 'replicate_of'; "
            "expected at least 1; fill in the sample sheet"
        )
    grouped = used.groupby(["patient_id", "day"], sort=True)
    odds = grouped["log_odds"].agg(["mean", "min", "max", "size"])
    score = grouped["score"].agg(["mean", "min", "max"])
    several = odds["size"] > 1
    if several.any():
        joined = int(odds.loc[several, "size"].sum())
        notes.append(
            f"{joined} samples of the same patient and day were averaged on the log-odds "
            f"into {counted(int(several.sum()), 'visit')}."
        )
    # The mean of equal numbers may miss them by a rounding error, which a threshold
    # that equals the score would see.
    mean_odds = odds["mean"].clip(odds["min"], odds["max"])
    averaged = pd.Series(100 * expit(mean_odds), index=odds.index)
    averaged = averaged.clip(score["min"], score["max"])
    frame = pd.DataFrame(
        {
            "score": score["mean"].where(~several, averaged),
            "log_odds": mean_odds,
            "n_samples": odds["size"],
        }
    ).reset_index()
    frame.insert(2, "week", frame["day"] / 7)
    return frame


def _numbers(column: pd.Series, table: str, name: str) -> pd.Series:
    numbers = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
    wrong = numbers.isna() & ~blank(column)
    if wrong.any():
        raise InputError(
            f"{table}: column {name!r} of sample {column.index[wrong][0]!r} reads "
            f"{_shown(column[wrong].iloc[0])} ({int(wrong.sum())} such rows), expected a number; "
            "correct the cell"
        )
    return numbers


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "empty" if np.isnan(value) else f"{value:g}"
    return repr(str(value)[:80])


def _count(notes: list[str], which: object, sentence: Callable[[int], str]) -> None:
    n = int(np.count_nonzero(np.asarray(which)))
    if n:
        notes.append(sentence(n))
