"""One patient's part of a run: samples in time order, and the latest of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.outcome import visit_order
from proteoclass.report.figures.canvas import records
from proteoclass.report.read_run import Run
from proteoclass.report.statements import cuts
from proteoclass.report.wording import cut_words, days, known, score_points, shown


@dataclass(frozen=True)
class PatientView:
    """What a patient report is made from.

    Parameters
    ----------
    run : Run
    patient_id : str
    samples : DataFrame
        The patient's scored samples in time order (sheet and score columns side by
        side), replicates left out; the last one is the result.
    """

    run: Run
    patient_id: str
    samples: pd.DataFrame

    @property
    def sample_id(self) -> str:
        """Id of the latest sample."""
        return str(self.samples.index[-1])

    @property
    def latest(self) -> dict[str, Any]:
        """The latest sample's row."""
        return {str(key): value for key, value in self.samples.iloc[-1].items()}

    @property
    def reportable(self) -> bool:
        """Whether the latest sample has a score that may be shown."""
        return is_reportable(self.latest)

    @property
    def score(self) -> float:
        """Score of the latest sample, 0–100."""
        return float(self.latest["score"])

    @property
    def cuts(self) -> tuple[float | None, float | None]:
        """Lower and upper threshold, score points."""
        return cuts(self.run)

    def field(self, *names: str) -> str:
        """Return the first of these sheet columns that is filled for the latest sample."""
        for name in names:
            value = shown(self.latest.get(name))
            if value:
                return value
        return ""

    def points(self, score: object) -> str:
        """Return a score in points, never rounded across a threshold."""
        return score_points(score, self.cuts)

    def cut_points(self, cut: object) -> str:
        """Return a threshold with the decimals that this patient's scores need beside it."""
        return cut_words(cut, self._printed)

    @property
    def _printed(self) -> list[object]:
        rows = self.samples.loc[[is_reportable(row) for row in records(self.samples)]]
        return [value for name in ("score", "lower", "upper") for value in rows.get(name, [])]


def is_reportable(row: dict[str, Any]) -> bool:
    """Return whether a score row carries a score that may be shown.

    Examples
    --------
    >>> is_reportable({"status": "final", "score": 3.0})
    True
    >>> is_reportable({"status": "not reportable", "score": 3.0})
    False
    """
    status = str(row.get("status", "")).strip().lower()
    return status != "not reportable" and known(row.get("score")) is not None


def view_patient(run: Run, patient_id: str) -> PatientView:
    """Return one patient's part of a run.

    Parameters
    ----------
    run : Run
    patient_id : str
        As the sample sheet has it.

    Returns
    -------
    PatientView

    Raises
    ------
    InputError
        If the run has no such patient, or none of the patient's samples was scored.
    """
    samples = run.samples
    own = samples[samples["patient_id"] == str(patient_id)]
    if own.empty:
        raise InputError(
            f"{run.folder / 'samples.tsv'}: no patient {shown(patient_id)!r}; "
            f"found {name_list(samples['patient_id'].unique())}; correct --patient"
        )
    if "replicate_of" in own:
        own = own[own["replicate_of"] == ""]
    own = own[own.index.isin(run.scores.index)]
    if own.empty:
        raise InputError(
            f"{run.folder / 'scores.tsv'}: patient {shown(patient_id)!r} has no scored sample; "
            "score the samples first"
        )
    return PatientView(
        run, str(patient_id), with_scores(own.loc[_in_time(samples, own.index)], run.scores)
    )


def _in_time(samples: pd.DataFrame, own: pd.Index) -> pd.Index:
    """Order a patient's samples by day, then visit, then id: never by the file's rows."""
    # Samples without a place in time come first: the latest is never a guess where a
    # dated one exists.
    cells = samples.replace("", None)
    visits = visit_order(cells.drop(columns="day", errors="ignore"))
    keys = pd.DataFrame({"day": visit_order(cells), "visit": visits}).loc[own].sort_index()
    return keys.sort_values(["day", "visit"], kind="stable", na_position="first").index


def with_scores(samples: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return sheet rows with their score rows beside them.

    A covariate of the sheet that is named like a score column gives way: a sheet's own
    "score" must never be printed as the model's.

    Examples
    --------
    >>> sheet = pd.DataFrame({"score": ["99"], "day": [0.0]}, index=["a"])
    >>> with_scores(sheet, pd.DataFrame({"score": [3.0]}, index=["a"]))["score"].tolist()
    [3.0]
    """
    return samples[[c for c in samples if c not in scores]].join(scores)


def time_words(row: dict[str, Any]) -> str:
    """Return when a sample was taken, in the words of the sheet.

    Examples
    --------
    >>> time_words({"day": 7.0}), time_words({"visit": "T2"}), time_words({})
    ('day 7', 'visit T2', 'day not reported')
    """
    if known(row.get("day")) is not None:
        return f"day {days(row['day'])}"
    visit = shown(row.get("visit"))
    return f"visit {visit}" if visit else "day not reported"
