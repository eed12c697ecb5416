"""The matrix that a long report fills: one number for each run and protein group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.long_reports.batch import Batch
from proteoclass.matrix.tables.delimited import MAX_CELLS

#: Relative difference of two numbers that are one number written twice with six digits.
TOLERANCE = 1e-5
#: More of them are something else; a column of a hostile file must not fill the memory.
MAX_RUNS = 100_000
MAX_CHANNELS = 100

_Mask = npt.NDArray[np.bool_]
_Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Conflict:
    """Two different numbers for one protein group in one run.

    Parameters
    ----------
    run, group : str
    kept, found : float
        The first number, and the other one.
    row : int
        Where the other one stands in the file.
    """

    run: str
    group: str
    kept: float
    found: float
    row: int


@dataclass(eq=False)
class Axis:
    """Runs or groups, numbered as they appear.

    Parameters
    ----------
    column : str
        Column of their names.
    keep : mapping of str to str
        Name in the result to column of the file, for what is told of them.
    """

    column: str
    keep: Mapping[str, str]
    names: dict[str, int] = field(default_factory=dict)
    told: list[list[str]] = field(default_factory=list)

    def find(
        self, batch: Batch, rows: _Places, codes: npt.NDArray[np.int32], labels: list[str]
    ) -> _Places:
        """Return the number of the run or group of each row, giving new ones theirs."""
        known = map(self.names.get, labels, repeat(-1))
        numbers = np.fromiter(known, dtype=np.intp, count=len(labels))
        if (numbers[codes] < 0).any():
            self._add_new(batch, rows, codes, labels, numbers)
        return numbers[codes]

    def _add_new(
        self,
        batch: Batch,
        rows: _Places,
        codes: npt.NDArray[np.int32],
        labels: list[str],
        numbers: _Places,
    ) -> None:
        new = np.flatnonzero(numbers[codes] < 0)
        first = new[np.sort(np.unique(codes[new], return_index=True)[1])]
        fresh = []
        for at in first:
            name = labels[codes[at]]
            if name not in self.names:
                fresh.append(rows[at])
                self.names[name] = len(self.names)
            numbers[codes[at]] = self.names[name]
        cells = [batch.texts(column, np.array(fresh)) for column in self.keep.values()]
        self.told += [list(row) for row in zip(*cells, strict=True)] if cells else []

    def frame(self) -> pd.DataFrame:
        """Return what was told of each."""
        told = self.told or None
        return pd.DataFrame(told, pd.Index(list(self.names)), list(self.keep), dtype=object)


class Grid:
    """Runs x groups that grow as they appear.

    Parameters
    ----------
    path : str
        File name, for messages.
    quantity : str
        Column of the numbers.
    channel : str, optional
        Column of the channels of multiplexed runs.
    runs, groups : Axis
    """

    def __init__(
        self, path: str, quantity: str, channel: str | None, runs: Axis, groups: Axis
    ) -> None:
        self.path = path
        self.quantity = quantity
        self.channel = channel
        self.runs = runs
        self.groups = groups
        self.cells = np.full((16, 1024), np.nan)
        self.all_runs: dict[str, None] = {}
        self.n_rows = self.n_unnamed = self.n_zero = self.n_conflicts = 0
        self.conflict: Conflict | None = None

    def add(self, batch: Batch, passing: _Mask) -> None:
        """Take the numbers of the rows that pass."""
        self.n_rows += len(batch)
        run_codes, runs = self._runs_of(batch)
        group_codes, groups = batch.coded(self.groups.column)
        used = np.flatnonzero(np.bincount(run_codes, minlength=len(runs)))
        self.all_runs |= dict.fromkeys(runs[code] for code in used)
        if len(self.all_runs) > MAX_RUNS:
            raise InputError(
                f"{self.path}: column {self.runs.column!r} has more than {MAX_RUNS} different "
                "names, which no report of runs has; check the column"
            )
        for codes, labels in ((run_codes, runs), (group_codes, groups)):
            if "" in labels:
                named = passing & np.array([bool(name) for name in labels], dtype=bool)[codes]
                self.n_unnamed += int(passing.sum() - named.sum())
                passing = named
        rows = np.flatnonzero(passing)
        if not len(rows):
            return
        r = self.runs.find(batch, rows, run_codes[rows], runs)
        g = self.groups.find(batch, rows, group_codes[rows], groups)
        self._grow()
        numbers = batch.floats(self.quantity)[rows]
        self._refuse_infinite(numbers, batch.first_row + rows)
        self.n_zero += int((numbers == 0).sum())
        has = np.flatnonzero((numbers != 0) & ~np.isnan(numbers))
        places = r[has] * self.cells.shape[1] + g[has]
        self._write(places, numbers[has], batch.first_row + rows[has])

    def _runs_of(self, batch: Batch) -> tuple[npt.NDArray[np.int32], list[str]]:
        codes, runs = batch.coded(self.runs.column)
        if self.channel is None:
            return codes, runs
        channel_codes, channels = batch.coded(self.channel)
        if not any(channels):
            return codes, runs
        if len(channels) > MAX_CHANNELS:
            raise InputError(
                f"{self.path}: column {self.channel!r} has more than {MAX_CHANNELS} different "
                "names, which no multiplexed run has; check the column"
            )
        pairs = [f"{r}_{c}" if r and c else r for r in runs for c in channels]
        return codes * np.int32(len(channels)) + channel_codes, pairs

    def _write(self, places: _Places, numbers: npt.NDArray[np.float64], rows: _Places) -> None:
        flat = self.cells.reshape(-1)
        # Backwards, so that the first of several numbers for a cell is the one that stays.
        fresh = np.flatnonzero(np.isnan(flat[places]))[::-1]
        flat[places[fresh]] = numbers[fresh]
        kept = flat[places]
        differ = np.flatnonzero(np.abs(kept - numbers) > TOLERANCE * np.abs(kept))
        self.n_conflicts += len(differ)
        if len(differ) and self.conflict is None:
            at = differ[0]
            run, group = divmod(int(places[at]), self.cells.shape[1])
            self.conflict = Conflict(
                list(self.runs.names)[run],
                list(self.groups.names)[group],
                float(kept[at]),
                float(numbers[at]),
                int(rows[at]),
            )

    def _grow(self) -> None:
        needed = (len(self.runs.names), len(self.groups.names))
        if needed[0] * needed[1] > MAX_CELLS:
            raise InputError(
                f"{self.path}: has more than {needed[0]} runs x {needed[1]} protein groups, at "
                f"most {MAX_CELLS} values are read; split the report by run"
            )
        n_runs, n_groups = self.cells.shape
        if needed[0] <= n_runs and needed[1] <= n_groups:
            return
        larger = np.full(
            (
                n_runs if needed[0] <= n_runs else max(needed[0], 2 * n_runs),
                n_groups if needed[1] <= n_groups else max(needed[1], 2 * n_groups),
            ),
            np.nan,
        )
        larger[:n_runs, :n_groups] = self.cells
        self.cells = larger

    def _refuse_infinite(self, numbers: npt.NDArray[np.float64], rows: _Places) -> None:
        infinite = np.flatnonzero(np.isinf(numbers))
        if len(infinite):
            raise InputError(
                f"{self.path}: row {rows[infinite[0]]}, column {self.quantity!r}: an infinite "
                "number, a quantity was expected; correct or remove the row"
            )

    def values(self) -> pd.DataFrame:
        """Return the matrix: runs as they appeared, groups sorted."""
        cells = self.cells[: len(self.runs.names), : len(self.groups.names)]
        values = pd.DataFrame(cells, list(self.runs.names), list(self.groups.names))
        return values[sorted(self.groups.names)]

    def lost_runs(self) -> tuple[str, ...]:
        """Return the runs of which no row passed."""
        return tuple(name for name in self.all_runs if name and name not in self.runs.names)
