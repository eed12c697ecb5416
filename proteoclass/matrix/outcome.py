"""The two classes of an outcome column, and the one index sample of each patient."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, TooLittleDataError, name_list
from proteoclass.matrix.samples.controls import is_control
from proteoclass.matrix.wording import label_text, near_columns

#: What an error calls a sheet that did not come from a file.
SHEET = "sample sheet"


@dataclass(frozen=True)
class Outcome:
    """A two-class outcome: a column of the sample sheet and its two labels.

    Parameters
    ----------
    column : str
        Column of the sample sheet.
    positive : str
        The label whose probability the score gives, for example "severe".
    negative : str, optional
        The other label. May be left out only where the column has no third one: a
        third group is never folded into the negatives.

    Examples
    --------
    >>> samples = pd.DataFrame({"patient_id": ["a", "b"], "severity": ["mild", "severe"]})
    >>> Outcome("severity", "severe").labels(samples).tolist()
    [0.0, 1.0]
    """

    column: str
    positive: str
    negative: str | None = None

    def resolve(self, samples: pd.DataFrame, where: str = SHEET) -> Outcome:
        """Return the outcome with its negative label filled in and both checked.

        Raises
        ------
        InputError
            If the column or a label is absent, or there are more than two labels and
            no negative one was named.
        """
        text = self._text(samples, where)
        found = sorted(text.dropna().unique())
        if self.positive not in found:
            raise InputError(
                f"{where}: column {self.column!r} has no label {self.positive!r}; "
                f"found {name_list(found) or 'none'}; correct --positive"
            )
        if self.negative is None:
            others = [label for label in found if label != self.positive]
            if len(others) != 1:
                remedy = "name the other class with --negative"
                if not others:
                    remedy = "one class alone cannot be told from another: correct --outcome"
                raise InputError(
                    f"{where}: column {self.column!r} has {len(found)} labels "
                    f"({name_list(found)}), expected two; {remedy}"
                )
            return Outcome(self.column, self.positive, others[0])
        if self.negative not in found:
            raise InputError(
                f"{where}: column {self.column!r} has no label {self.negative!r}; "
                f"found {name_list(found)}; correct --negative"
            )
        if self.negative == self.positive:
            raise InputError(f"--negative {self.negative!r}: is the same label as --positive")
        return self

    def labels(self, samples: pd.DataFrame, where: str = SHEET) -> pd.Series:
        """Return 1.0 for positive, 0.0 for negative and NaN for any other sample.

        Raises
        ------
        InputError
            As `resolve`, or if a patient carries both labels.
        """
        outcome = self.resolve(samples, where)
        text = self._text(samples, where)
        labels = pd.Series(np.nan, index=samples.index, name="label")
        labels[text == outcome.positive] = 1.0
        labels[text == outcome.negative] = 0.0
        by_patient = labels.groupby(samples["patient_id"]).nunique()
        both = by_patient.index[by_patient > 1]
        if len(both):
            raise InputError(
                f"{where}: {len(both)} patients carry both {outcome.positive!r} and "
                f"{outcome.negative!r} in {self.column!r}: {name_list(both)}; "
                "the label is the patient's: give each patient one"
            )
        return labels

    def _text(self, samples: pd.DataFrame, where: str) -> pd.Series:
        if self.column not in samples:
            raise InputError(
                f"{where}: no column {self.column!r}; "
                f"{near_columns(self.column, samples.columns, '--outcome')}"
            )
        column = samples[self.column]
        text = column.map(label_text, na_action="ignore")
        # A QC pool is no patient, whatever stands beside it.
        return text.where((text != "") & ~is_control(samples)).astype(object)


def index_weights(samples: pd.DataFrame, labels: pd.Series, rule: str = "first") -> pd.Series:
    """Weight the samples a model may learn from, so that each patient counts once.

    The label is the patient's, not the visit's: training on every visit lets patients
    with many visits, who are the severe ones, teach the model what a long stay looks like.

    Parameters
    ----------
    samples : DataFrame, shape (n_samples, n_roles)
        With `patient_id`, and `day` or `visit` where visits have an order.
    labels : Series of float, shape (n_samples,)
        As `Outcome.labels` gives; unlabelled samples and QC pools get weight 0.
    rule : str
        "first" (earliest by day; by visit for a patient without days; where a
        patient's samples have no order, all of them at 1/n), "all" (every labelled
        sample at 1/n of its patient), or "COLUMN=VALUE" (the samples that carry that
        value).

    Returns
    -------
    Series of float, shape (n_samples,)
        Sums to 1 over each labelled patient that has an index sample, 0 elsewhere.

    Raises
    ------
    InputError
        If the rule names no column of the sheet or no sample carries the value.

    Examples
    --------
    >>> samples = pd.DataFrame({"patient_id": ["a", "a", "b"], "day": [3, 0, 0]})
    >>> index_weights(samples, pd.Series([1.0, 1.0, 0.0])).tolist()
    [0.0, 1.0, 1.0]
    """
    usable = labels.notna() & ~is_replicate(samples) & ~is_control(samples)
    if rule == "all":
        chosen = usable
    elif rule == "first":
        chosen = usable & _is_first(samples, usable)
    elif "=" in rule:
        chosen = usable & _carries(samples, rule)
    else:
        raise InputError(f"--index {rule!r}: expected first, all or COLUMN=VALUE")
    weights = chosen.astype(float)
    per_patient = weights.groupby(samples["patient_id"]).transform("sum")
    return (weights / per_patient.where(per_patient > 0, 1.0)).rename("weight")


def is_replicate(samples: pd.DataFrame) -> pd.Series:
    """Return which samples are technical replicates of another.

    Parameters
    ----------
    samples : DataFrame
        `replicate_of` names the other sample; blank elsewhere.

    Returns
    -------
    Series of bool

    Examples
    --------
    >>> is_replicate(pd.DataFrame({"replicate_of": ["", "s1"]})).tolist()
    [False, True]
    """
    if "replicate_of" not in samples:
        return pd.Series(False, index=samples.index)
    named = samples["replicate_of"]
    return named.notna() & (named.astype(str).str.strip() != "")


def visit_order(samples: pd.DataFrame) -> pd.Series:
    """Return a number that orders a patient's samples in time, NaN where none is known.

    The day where the sheet has days; else the rank of the visit name, read as people
    read it (T2 before T10).

    Examples
    --------
    >>> visit_order(pd.DataFrame({"visit": ["T10", "T2"]})).tolist()
    [1.0, 0.0]
    """
    if "day" in samples:
        days = pd.to_numeric(samples["day"], errors="coerce").astype(float)
        if days.notna().any():
            return days.rename("order")
    if "visit" in samples:
        visits = samples["visit"].astype(object).map(label_text, na_action="ignore")
        visits = visits.where(visits != "")
        # T1 and T01 read alike: the text itself decides, never the order of the file.
        names = sorted(visits.dropna().unique(), key=lambda name: (_natural(name), name))
        ranks = {name: float(rank) for rank, name in enumerate(names)}
        return visits.map(ranks).astype(float).rename("order")
    return pd.Series(np.nan, index=samples.index, name="order")


def require_classes(labels: pd.Series, patients: pd.Series, minimum: int) -> None:
    """Refuse a cohort with fewer than `minimum` patients in either class.

    Raises
    ------
    TooLittleDataError

    Examples
    --------
    >>> require_classes(pd.Series([0.0, 1.0]), pd.Series(["a", "b"]), minimum=1)
    """
    counts = labels.groupby(patients).first().value_counts()
    n_positive, n_negative = int(counts.get(1.0, 0)), int(counts.get(0.0, 0))
    if min(n_positive, n_negative) < minimum:
        raise TooLittleDataError(
            f"found {n_positive} positive and {n_negative} negative patients with an index sample, "
            f"expected at least {minimum} of each; add patients or ask for fewer folds"
        )


def _natural(text: str) -> list[tuple[int, float, str]]:
    # A visit that is a number is read as one: -1 is before 0, and 1.25 before 1.5.
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", text):
        return [(0, float(text), "")]
    parts = re.split(r"([0-9]+)", text)
    return [(1, 0.0, p) if i % 2 == 0 else (0, float(p), "") for i, p in enumerate(parts) if p]


def _is_first(samples: pd.DataFrame, usable: pd.Series) -> pd.Series:
    order = visit_order(samples).to_numpy()
    names = samples["visit"] if "visit" in samples else pd.Series("", index=samples.index)
    visits = [_natural("" if pd.isna(v) else label_text(v)) for v in names]

    def earliest(positions: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        timed = ~np.isnan(order[positions])
        # A patient without days in a sheet that has them still has an order by visit.
        known = timed if timed.any() else np.array([bool(visits[i]) for i in positions])
        if not known.any():
            return positions
        # Two samples of one day: the earlier visit name, then the id, so that the choice
        # does not hang on the order of the file.
        days = np.where(timed, order[positions], 0.0)
        keys = [(days[k], visits[i], str(samples.index[i])) for k, i in enumerate(positions)]
        return positions[[min(np.flatnonzero(known), key=keys.__getitem__)]]

    first = pd.Series(False, index=samples.index)
    rows = np.flatnonzero(usable)
    patients = samples["patient_id"].to_numpy()[rows]
    for _, members in pd.Series(rows).groupby(patients, sort=False):
        first.iloc[earliest(members.to_numpy())] = True
    return first


def _carries(samples: pd.DataFrame, rule: str) -> pd.Series:
    column, _, value = rule.partition("=")
    if column not in samples:
        raise InputError(
            f"--index {rule!r}: the sample sheet has no column {column!r}; "
            f"found {name_list(samples.columns, 12)}"
        )
    hit = samples[column].map(label_text, na_action="ignore") == value
    if not hit.any():
        raise InputError(f"--index {rule!r}: no sample carries {value!r} in {column!r}")
    return hit
