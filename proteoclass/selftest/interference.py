"""Blood and albumin in a specimen: how far they move the score of a locked model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import TooLittleDataError
from proteoclass.folds import patient_folds, spawn, unit_seed
from proteoclass.matrix.quality.marker_proteins import ALBUMIN, BLOOD, find_markers
from proteoclass.matrix.wording import counted
from proteoclass.scorer.cohort import Cohort
from proteoclass.selftest.pipeline import LockingPipeline
from proteoclass.selftest.plan import Plan, Setup
from proteoclass.selftest.trial import Trial, judged, skipped

Floats = npt.NDArray[np.float64]

#: Parts the patients are split into; one is held out.
FOLDS: Final = 5
#: Half of the samples may move by this many points, and one in five to another band.
POINTS: Final = 10.0
BANDS: Final = 0.2
_STREAM = 40


@dataclass(frozen=True)
class Spike:
    """Proteins that come with a contaminant, and how much more of them.

    Parameters
    ----------
    name : str
    markers : mapping of str to str
        Accession to gene.
    fold : float
        Times as much.
    """

    name: str
    markers: Mapping[str, str]
    fold: float

    @property
    def trial(self) -> str:
        """What the trial is called."""
        return f"interference: {self.name}"


#: Visible blood multiplies haemoglobin in urine many times; heavy proteinuria, albumin.
SPIKES: Final = (Spike("blood", BLOOD, 16.0), Spike("albumin", ALBUMIN, 4.0))
INTERFERENCE: Final = tuple(spike.trial for spike in SPIKES)


def spiked(values: pd.DataFrame, proteins: list[str], fold: float) -> pd.DataFrame:
    """Return samples with more of some proteins, at the same load of total protein.

    Parameters
    ----------
    values : DataFrame, shape (n_samples, n_proteins)
        log2 intensities; NaN = not detected.
    proteins : list of str
        What is added. Where a sample has none detected, the lowest intensity of that
        protein in any sample stands for what it had.
    fold : float
        Times more of it.

    Returns
    -------
    DataFrame
        All other proteins are lower by the share that the addition takes: with equal
        load, the summed intensity stays what it was.

    Examples
    --------
    >>> values = pd.DataFrame([[1.0, 1.0]], columns=["ALB", "X"])
    >>> (2 ** spiked(values, ["ALB"], 3.0)).round(6).iloc[0].tolist()
    [3.0, 1.0]
    """
    raw = np.exp2(values.to_numpy(dtype=float))
    at = values.columns.get_indexer(pd.Index(proteins))
    lowest = np.nanmin(raw[:, at], axis=0)
    total = np.nansum(raw, axis=1)
    had = np.where(np.isnan(raw[:, at]), lowest, raw[:, at])
    raw[:, at] = fold * had
    raw *= (total / np.nansum(raw, axis=1))[:, None]
    return pd.DataFrame(np.log2(raw), index=values.index, columns=values.columns)


def interference_plan(setup: Setup) -> Plan:
    """Return the trials with blood and albumin.

    Parameters
    ----------
    setup : Setup

    Returns
    -------
    Plan
    """
    if setup.cohort.matrix.kind != "intensity":
        return _none(
            f"{setup.cohort.matrix.kind} values have no total intensity that a contaminant takes a "
            "share of"
        )
    if not isinstance(setup.pipeline, LockingPipeline):
        return _none("this pipeline locks no model")
    return Plan([(try_spikes, (setup.pipeline, setup))], lambda results: _judge(results[0]))


def _none(why: str) -> Plan:
    return Plan([], lambda results: [_skip(spike, why) for spike in SPIKES])


def try_spikes(pipeline: LockingPipeline, setup: Setup) -> dict[str, Any]:
    """Lock a model without a fifth of the patients, and score them as they are and spiked.

    Parameters
    ----------
    pipeline : LockingPipeline
    setup : Setup

    Returns
    -------
    dict
        For each spike its figures, or the `reason` why there are none.
    """
    cohort = setup.cohort
    rng = spawn(setup.seed, _STREAM)
    names, classes = cohort.training_patients
    n_folds = min(FOLDS, int(np.bincount(classes).min()))
    held_out = names[patient_folds(classes, n_folds, rng)[0]]
    inside = ~pd.Index(cohort.patients).isin(held_out)
    training = cohort.matrix.take(cohort.values.index[inside])
    try:
        model = pipeline.lock(training, cohort.outcome, unit_seed(setup.seed, _STREAM))
    except TooLittleDataError as error:
        reason = f"without a fifth of the patients: {error}"
        return {spike.name: {"reason": reason} for spike in SPIKES}
    rows = cohort.index_rows()
    rows = rows[np.isin(cohort.patients[rows], held_out)]
    natural = cohort.matrix.take(cohort.values.index[rows])
    before = model.score(natural).set_index("sample_id")
    found = {}
    for spike in SPIKES:
        markers = _markers(cohort, spike)
        if not markers:
            found[spike.name] = {"reason": "the matrix has no such protein"}
            continue
        values = spiked(cohort.values, markers, spike.fold).loc[natural.values.index]
        after = model.score(replace(natural, values=values)).set_index("sample_id")
        in_panel = [each.id for each in model.content.panel if each.id in markers]
        found[spike.name] = _moves(before, after) | {
            "fold": spike.fold,
            "proteins": markers,
            "in_panel": in_panel,
        }
    return found


def _markers(cohort: Cohort, spike: Spike) -> list[str]:
    groups = find_markers(cohort.matrix.proteins, spike.markers).values()
    ids = [name for group in groups for name in group]
    seen = cohort.values[ids].notna().any()
    return [name for name in ids if seen[name]]


def _moves(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    """Compare the scores of the same samples, those that had one."""
    before = before[before["status"] == "final"]
    after = after.loc[before.index]
    scored = after["status"] == "final"
    move = (after["score"] - before["score"]).abs()[scored]
    other = (after["band"] != before["band"])[scored]
    return {
        "n": len(before),
        "n_withheld": int((~scored).sum()),
        "n_scored": int(scored.sum()),
        "median_points": float(move.median()) if len(move) else 0.0,
        "largest_points": float(move.max()) if len(move) else 0.0,
        "n_other_band": int(other.sum()),
    }


def _expected(spike: Spike) -> str:
    return (
        f"{spike.fold:g} times the {'haemoglobin' if spike.name == 'blood' else 'albumin'} at "
        f"equal load, in patients held out: median move at most {POINTS:g} points and at most "
        f"{BANDS:.0%} of the samples in another band; samples that are not reported do not count"
    )


def _skip(spike: Spike, why: str) -> Trial:
    return skipped(spike.trial, _expected(spike), why)


def _judge(found: dict[str, dict[str, Any]]) -> list[Trial]:
    return [_judge_spike(spike, found[spike.name]) for spike in SPIKES]


def _judge_spike(spike: Spike, moved: dict[str, Any]) -> Trial:
    if "reason" in moved:
        return _skip(spike, moved["reason"])
    if not moved["n"]:
        return _skip(spike, "no sample that was held out could be scored")
    if not moved["n_scored"]:
        return _skip(spike, f"the model reports none of the {counted(moved['n'], 'spiked sample')}")
    good = moved["median_points"] <= POINTS and moved["n_other_band"] <= BANDS * moved["n_scored"]
    return judged(
        spike.trial,
        _expected(spike),
        f"{len(moved['in_panel'])} of {counted(len(moved['proteins']), 'such protein')} in the "
        f"panel; median move {moved['median_points']:.1f} points, largest "
        f"{moved['largest_points']:.1f}; "
        f"{moved['n_other_band']} of {moved['n_scored']} in another band, {moved['n_withheld']} "
        "not reported",
        good=good,
        figures=moved,
    )
