"""Who the simulated patients are, when they come, and where their samples are run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.folds import spawn

#: TMTpro 18-plex reporter channels; the last one used in a plex carries the pool.
CHANNELS = (
    *("126", "127N", "127C", "128N", "128C", "129N", "129C", "130N", "130C"),
    *("131N", "131C", "132N", "132C", "133N", "133C", "134N", "134C", "135N"),
)

#: What the sheet's `channel` column says for the reference channel.
POOL_CHANNEL = "pool:SIM-POOL-1"

#: Days that the visits span, about six weeks, and the longest mean gap between two.
SPAN_DAYS = 40.0
LONGEST_GAP_DAYS = 14.0

#: Chance that a visit after the first did not take place, whatever the outcome.
MISSED_VISIT = 0.12

#: Mean and SD over severe patients of the fall of the latent factor a week; the factor has
#: SD 1 within a class.
SLOPE_MEAN, SLOPE_SD = -0.32, 0.08


@dataclass(frozen=True, eq=False)
class Design:
    """Patients, visits and injections of a simulated cohort.

    Parameters
    ----------
    patients : DataFrame, shape (n_patients, 6)
        Indexed by patient id: `severe` (bool), `age` (years), `sex`, `site`,
        `slope` (latent units a week, 0 for non-severe), `missed` (visits, text).
    visits : DataFrame, shape (n_visits, 5)
        Indexed by sample id: `patient` (position in `patients`), `visit`, `day`,
        `weeks` since the patient's first visit, `first` (bool).
    injections : DataFrame, shape (n_injections, 3)
        Indexed by sample id: `source` (position in `visits`), `replicate_of`, `run`
        (number of the batch or plex). Replicate injections come last.
    """

    patients: pd.DataFrame
    visits: pd.DataFrame
    injections: pd.DataFrame

    @property
    def n_runs(self) -> int:
        """Number of batches or plexes."""
        return int(self.injections["run"].max()) + 1


def make_design(
    patients: int, severe: int, visits: int, replicates: int, plexes: int | None, seed: int
) -> Design:
    """Draw a cohort's design.

    Parameters
    ----------
    patients, severe, visits, replicates : int
    plexes : int, optional
        None = label-free, in up to four batches.
    seed : int

    Returns
    -------
    Design

    Raises
    ------
    InputError
        If more replicates are asked for than there are samples, or the samples do not
        fit the plexes.

    Examples
    --------
    >>> make_design(6, 2, 1, 0, None, seed=1).visits.index[0]
    'SIM-P001-V1'
    """
    people = _patients(patients, severe, spawn(seed, 0))
    table = _visits(people, visits, spawn(seed, 1))
    if replicates > len(table):
        raise InputError(
            f"replicates: found {replicates}, expected at most {len(table)}, one for each sample; "
            "ask for fewer"
        )
    rng = spawn(seed, 2)
    repeated = np.sort(rng.permutation(len(table))[:replicates])
    source = np.concatenate([np.arange(len(table)), repeated])
    names = [*table.index, *(f"{table.index[i]}-R2" for i in repeated)]
    originals = [*("" for _ in table.index), *table.index[repeated]]
    if plexes is None:
        run = _deal(people, table, source[: len(table)], _n_batches(len(table)), rng)
        # A technical replicate is a second injection on the same day's instrument.
        run = np.concatenate([run, run[repeated]])
    else:
        _check_plexes(plexes, len(source))
        run = _deal(people, table, source, plexes, rng)
    columns = {"source": source, "replicate_of": originals, "run": run}
    return Design(people, table, pd.DataFrame(columns, index=names))


def _patients(patients: int, severe: int, rng: np.random.Generator) -> pd.DataFrame:
    is_severe = np.zeros(patients, dtype=bool)
    is_severe[rng.permutation(patients)[:severe]] = True
    slope = np.clip(rng.normal(SLOPE_MEAN, SLOPE_SD, patients), -0.5, -0.1)
    frame = pd.DataFrame(index=_numbered("SIM-P", patients, 3))
    frame["severe"] = is_severe
    frame["age"] = np.clip(rng.normal(54, 14, patients).round(), 18, 90).astype(int)
    for column, labels in (("sex", ("F", "M")), ("site", ("A", "B"))):
        # Dealt within each class: neither may stand in for the outcome.
        dealt = np.empty(patients, dtype=object)
        for group in (is_severe, ~is_severe):
            members = rng.permutation(np.flatnonzero(group))
            dealt[members] = [labels[i % 2] for i in range(len(members))]
        frame[column] = dealt.astype(str)
    frame["slope"] = np.where(is_severe, slope, 0.0)
    return frame


def _visits(people: pd.DataFrame, visits: int, rng: np.random.Generator) -> pd.DataFrame:
    gap = min(LONGEST_GAP_DAYS, max(3.0, SPAN_DAYS / max(visits - 1, 1)))
    start = rng.integers(0, 4, len(people))
    gaps = np.maximum(rng.uniform(0.7 * gap, 1.3 * gap, (len(people), visits - 1)).round(), 1)
    days = start[:, None] + np.column_stack([np.zeros(len(people)), gaps.cumsum(axis=1)])
    kept = rng.random((len(people), visits)) >= MISSED_VISIT
    kept[:, 0] = True
    patient, visit = np.nonzero(kept)
    names = people.index.tolist()
    day = days[patient, visit].astype(int)
    people["missed"] = [",".join(f"V{i + 1}" for i in np.flatnonzero(~row)) for row in kept]
    return pd.DataFrame(
        {
            "patient": patient,
            "visit": [f"V{i + 1}" for i in visit],
            "day": day,
            "weeks": (day - start[patient]) / 7.0,
            "first": visit == 0,
        },
        index=[f"{names[p]}-V{v + 1}" for p, v in zip(patient, visit, strict=True)],
    )


def _deal(
    people: pd.DataFrame,
    table: pd.DataFrame,
    source: npt.NDArray[np.intp],
    n_runs: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.intp]:
    # Shuffled, then dealt stratum by stratum without starting again: run sizes differ by at
    # most one, and so do the severe index samples in them.
    severe = people["severe"].to_numpy()[table["patient"].to_numpy()[source]]
    first = table["first"].to_numpy()[source]
    shuffled = rng.permutation(len(source))
    order = shuffled[np.lexsort((~severe[shuffled], ~first[shuffled]))]
    run = np.empty(len(source), dtype=np.intp)
    run[order] = np.arange(len(source)) % n_runs
    return run


def _n_batches(n_samples: int) -> int:
    return min(4, max(1, n_samples // 10))


def _check_plexes(plexes: int, n_samples: int) -> None:
    room = len(CHANNELS) - 1
    fewest = -(-n_samples // room)
    if not fewest <= plexes <= n_samples:
        raise InputError(
            f"plexes: found {plexes} for {n_samples} samples, expected {fewest} to {n_samples} "
            f"(at most {room} samples and one pool channel a plex); change the number of plexes"
        )


def _numbered(prefix: str, count: int, digits: int) -> list[str]:
    return [f"{prefix}{i + 1:0{digits}d}" for i in range(count)]
