"""A run folder's files, read and checked once."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.io import sha256_file

_SAMPLE_NUMBERS = ("day", "age", "n_detected", "missing_rate", "normalisation_shift")
_TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "samples.tsv": (("sample_id", "patient_id", "label", "used"), _SAMPLE_NUMBERS),
    "predictions.tsv": (
        ("sample_id", "patient_id", "outcome", "used", "repeat", "fold", "score", "probability"),
        ("repeat", "fold", "score", "probability"),
    ),
    "scores.tsv": (
        ("sample_id", "score", "lower", "upper", "band", "status", "reason", "origin"),
        ("score", "probability", "lower", "upper", "panel_found", "panel_size", "out_of_range"),
    ),
    "explanations.tsv": (
        ("sample_id", "protein_id", "gene", "value", "low", "high", "contribution"),
        ("value", "low", "high", "contribution", "lower", "upper"),
    ),
    "trajectories.tsv": (
        ("patient_id",),
        (
            "n_visits",
            "first_day",
            "last_day",
            "first",
            "last",
            "change",
            "slope_per_week",
            "slope_lower",
            "slope_upper",
            "below_threshold_from",
            "below_threshold_to",
        ),
    ),
}
_READ = {".json", ".tsv", ".toml"}
_OPTIONAL = {"trajectories.tsv", "trajectories.json", "explanations.tsv", "panel.toml", "qc.json"}


@dataclass(frozen=True)
class Run:
    """What a run folder holds; an optional file that is absent reads as empty.

    Parameters
    ----------
    folder : Path
    run, qc, evaluation, panel, model, track : dict
        `run.json`, `qc.json`, `evaluation.json`, `panel.toml`, the summary of
        `model.json` and `trajectories.json`.
    samples : DataFrame, shape (n_samples, n_roles)
        Indexed by sample id.
    predictions : DataFrame
        Out-of-fold predictions, one row a sample and repeat; scores are 0–100.
    scores : DataFrame, shape (n_samples, n_fields)
        Indexed by sample id; scores and limits are 0–100.
    explanations : DataFrame
        One row a sample and panel protein; contributions are log-odds, values log2.
    trajectories : DataFrame, shape (n_patients, n_fields)
        Indexed by patient id; slopes are log-odds a week.
    """

    folder: Path
    run: dict[str, Any]
    qc: dict[str, Any]
    evaluation: dict[str, Any]
    panel: dict[str, Any]
    model: dict[str, Any]
    track: dict[str, Any]
    samples: pd.DataFrame
    predictions: pd.DataFrame
    scores: pd.DataFrame
    explanations: pd.DataFrame
    trajectories: pd.DataFrame

    @property
    def study(self) -> dict[str, Any]:
        """Title, fluid, whether the data are synthetic, and what else the study says."""
        return part(self.run, "study")

    @property
    def synthetic(self) -> bool:
        """Whether either the study or the evaluated cohort is marked synthetic."""
        return bool(self.study.get("synthetic") or part(self.evaluation, "cohort").get("synthetic"))

    @property
    def positive(self) -> str:
        """Label of the class whose probability the score gives, as the study writes it."""
        return str(part(self.evaluation, "outcome").get("positive") or "positive")

    @property
    def negative(self) -> str:
        """Label of the other class, as the study writes it."""
        return str(part(self.evaluation, "outcome").get("negative") or "negative")

    @property
    def fluid(self) -> str:
        """The specimen's fluid; "not stated" where nobody said."""
        for source in (self.study, part(self.evaluation, "cohort"), self.model):
            if source.get("fluid"):
                return str(source["fluid"])
        return "not stated"


def read_run(folder: str | os.PathLike[str], model: dict[str, Any] | None = None) -> Run:
    """Read a run folder.

    Parameters
    ----------
    folder : path-like
        As `proteoclass run` writes it.
    model : dict, optional
        Summary of the locked model; read and verified from `model.json` where left out.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If a file is missing, damaged or not the one that the run wrote, or the folder is
        not a run.
    ModelRefusedError
        If `model.json` is altered or damaged.

    Examples
    --------
    >>> read_run("/nowhere/run")
    Traceback (most recent call last):
    proteoclass.errors.InputError: /nowhere/run: no such folder; give a folder that ...
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"{place}: no such folder; give a folder that `proteoclass run` wrote")
    run = _json(place, "run.json")
    if run.get("format") != "proteoclass-run" or run.get("version") != 1:
        raise InputError(
            f"{place / 'run.json'}: found format {run.get('format')!r} version "
            f"{run.get('version')!r}, expected 'proteoclass-run' version 1; "
            "run the study again with this version of proteoclass"
        )
    _refuse_altered(place, run)
    return Run(
        folder=place,
        run=run,
        qc=_json(place, "qc.json"),
        evaluation=_json(place, "evaluation.json"),
        panel=_toml(place, "panel.toml"),
        model=_model_summary(place) if model is None else model,
        track=_json(place, "trajectories.json"),
        samples=_indexed(place, "samples.tsv", "sample_id"),
        predictions=_table(place, "predictions.tsv"),
        scores=_indexed(place, "scores.tsv", "sample_id"),
        explanations=_table(place, "explanations.tsv"),
        trajectories=_indexed(place, "trajectories.tsv", "patient_id"),
    )


def _refuse_altered(place: Path, run: dict[str, Any]) -> None:
    written = part(run, "files")
    altered = [
        name
        for name, expected in written.items()
        if (place / name).is_file() and sha256_file(place / name) != expected
    ]
    if altered:
        raise InputError(
            f"{place}: {name_list(altered)} differs from what the run wrote; run the study again"
        )


def part(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return a nested mapping, or an empty one where any step is absent.

    Examples
    --------
    >>> part({"auc": {"null": {"mean": 0.5}}}, "auc", "null"), part({}, "auc", "null")
    ({'mean': 0.5}, {})
    """
    found: Any = mapping
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def folder_state(folder: str | os.PathLike[str]) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of change of a run's files, to see whether they changed.

    Examples
    --------
    >>> folder_state("/nowhere/run")
    ()
    """
    place = Path(folder)
    if not place.is_dir():
        return ()
    found = [path for path in sorted(place.iterdir()) if path.suffix in _READ]
    stats = [(path.name, path.stat()) for path in found]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def patient_slug(patient_id: str) -> str:
    """Return a file name for a patient, safe whatever the id holds.

    Parameters
    ----------
    patient_id : str

    Returns
    -------
    str
        Lower-case ASCII words of the id, at most 40 characters, and eight hexadecimal
        digits of its SHA-256, so that two ids never share a name.

    Examples
    --------
    >>> patient_slug("../../etc/Passwd")
    'etc-passwd-834799db'
    """
    words = re.sub(r"[^a-z0-9]+", "-", str(patient_id).lower())[:40].strip("-")
    digest = hashlib.sha256(str(patient_id).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{words or 'patient'}-{digest[:8]}"


def _bytes(place: Path, name: str) -> bytes | None:
    try:
        return (place / name).read_bytes()
    except FileNotFoundError:
        if name in _OPTIONAL:
            return None
        raise InputError(
            f"{place / name}: missing from the run folder; run the study again"
        ) from None
    except OSError as error:
        raise InputError(f"{place / name}: cannot be read ({error.strerror})") from error


def _json(place: Path, name: str) -> dict[str, Any]:
    content = _bytes(place, name)
    if content is None:
        return {}
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place / name}: is not JSON ({error}); run the study again") from error
    if not isinstance(value, dict):
        raise InputError(
            f"{place / name}: holds a {type(value).__name__}, expected an object; "
            "run the study again"
        )
    return value


def _toml(place: Path, name: str) -> dict[str, Any]:
    content = _bytes(place, name)
    if content is None:
        return {}
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{place / name}: is not TOML ({error}); run the study again") from error


def _table(place: Path, name: str) -> pd.DataFrame:
    required, numbers = _TABLES[name]
    content = _bytes(place, name)
    if content is None:
        return pd.DataFrame(columns=list(dict.fromkeys((*required, *numbers))), dtype=object)
    frame = _text_frame(place / name)
    absent = [column for column in required if column not in frame]
    if absent:
        raise InputError(
            f"{place / name}: no column {name_list(absent)}; "
            f"found {name_list(frame.columns, 12)}; run the study again"
        )
    for column in numbers:
        if column in frame:
            frame[column] = _numbers(frame[column], place / name)
    return frame


def _text_frame(path: Path) -> pd.DataFrame:
    # Every cell is text first: an id such as "NA", "007" or "1e5" must stay what it is.
    try:
        return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, encoding="utf-8")
    except (ValueError, UnicodeError) as error:
        raise InputError(
            f"{path}: is not a tab-separated table ({error}); run the study again"
        ) from error


def _numbers(column: pd.Series, path: Path) -> pd.Series:
    values = pd.to_numeric(column.where(column != ""), errors="coerce")
    wrong = column[values.isna() & ~column.isin(["", "nan", "NaN"])]
    if len(wrong):
        raise InputError(
            f"{path}: column {column.name!r}, row {int(wrong.index[0]) + 2}: found "
            f"{str(wrong.iloc[0])[:40]!r}, expected a number; run the study again"
        )
    return values.astype(float)


def _indexed(place: Path, name: str, key: str) -> pd.DataFrame:
    frame = _table(place, name)
    twice = frame.loc[frame[key].duplicated(), key]
    if len(twice):
        raise InputError(
            f"{place / name}: {key} {name_list(twice)} stands twice, expected once; "
            "run the study again"
        )
    return frame.set_index(key)


def _model_summary(place: Path) -> dict[str, Any]:
    _bytes(place, "model.json")
    # The scorer brings XGBoost with it, which a folder without a model never needs.
    from proteoclass.scorer import load_model

    return dict(load_model(place / "model.json").summary())
