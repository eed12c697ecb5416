"""Long reports (one row a precursor and run) become samples x proteins while they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.long_reports.batch import Batch, Content
from proteoclass.matrix.long_reports.batches import BATCH_ROWS, BLOCK_BYTES, ends_open, open_batches
from proteoclass.matrix.long_reports.grid import Axis, Conflict, Grid
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.wording import counted

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AtMost:
    """Keep rows whose number is at most a limit; a row without one is dropped.

    Examples
    --------
    >>> AtMost("Q.Value", 0.01).dropped
    'with Q.Value above 0.01 or missing'
    """

    column: str
    limit: float

    @property
    def content(self) -> Content:
        """What the column holds."""
        return "number"

    @property
    def dropped(self) -> str:
        """What is said of the rows that do not pass."""
        return f"with {self.column} above {self.limit:g} or missing"

    def passes(self, batch: Batch) -> _Mask:
        """Say which rows pass."""
        return batch.at_most(self.column, self.limit)


@dataclass(frozen=True)
class OneOf:
    """Keep rows whose text is one of several, whatever its case.

    Truth values are written "true" and "false", whole numbers "0" and "1".

    Examples
    --------
    >>> OneOf("Decoy", ("0", "false"), "of decoys").dropped
    'of decoys'
    """

    column: str
    allowed: tuple[str, ...]
    dropped: str

    @property
    def content(self) -> Content:
        """What the column holds."""
        return "text"

    def passes(self, batch: Batch) -> _Mask:
        """Say which rows pass."""
        codes, names = batch.coded(self.column)
        wanted = {text.lower() for text in self.allowed}
        passing = [name.lower().removesuffix(".0") in wanted for name in names]
        return np.array(passing, dtype=bool)[codes]


Filter = AtMost | OneOf


@dataclass(frozen=True, eq=False)
class LongResult:
    """What a long report says of each protein group in each run.

    Parameters
    ----------
    values : DataFrame of float, shape (n_runs, n_groups)
        Runs in the order of the report, groups sorted; NaN = no number, or zero.
    groups : DataFrame, shape (n_groups, n_told)
        The columns asked for with `keep`, by group: the first that the report has.
    runs : DataFrame, shape (n_runs, n_told)
        The columns asked for with `keep_runs`, by run.
    n_rows : int
        Rows read.
    dropped : dict of str to int
        Rows that each filter dropped; a row counts for the first one that it fails.
    n_unnamed : int
        Rows that passed and have no run or no group; left out.
    n_zero : int
        Rows that passed and whose number is zero; taken for missing.
    lost_runs : tuple of str
        Runs of which no row passed.
    n_conflicts : int
        Rows whose number differs from the first one of its run and group.
    conflict : Conflict, optional
        The first such row.
    ends_open : bool
        Whether the last line of a text has no end, as where a copy was cut short.
    """

    values: pd.DataFrame
    groups: pd.DataFrame
    runs: pd.DataFrame
    n_rows: int
    dropped: dict[str, int]
    n_unnamed: int = 0
    n_zero: int = 0
    lost_runs: tuple[str, ...] = ()
    n_conflicts: int = 0
    conflict: Conflict | None = None
    ends_open: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each thing that was dropped or assumed."""
        notes = []
        total = sum(self.dropped.values())
        if total:
            each = ", ".join(f"{n} {what}" for what, n in self.dropped.items() if n)
            notes.append(f"Dropped {total} of {counted(self.n_rows, 'row')}: {each}.")
        if self.n_unnamed:
            notes.append(f"Left out: {counted(self.n_unnamed, 'row')} without a run or a group.")
        if self.n_zero:
            notes.append(f"Taken for not detected: {counted(self.n_zero, 'row')} with a zero.")
        if self.lost_runs:
            notes.append(
                f"Left out: {counted(len(self.lost_runs), 'run')} of which no row passes the "
                f"filters ({name_list(self.lost_runs)})."
            )
        if self.ends_open:
            notes.append("The last line has no line end; the file may have been cut short.")
        return tuple(notes)


def stream_quantities(
    preview: Preview,
    *,
    run: str,
    group: str,
    quantity: str,
    channel: str | None = None,
    filters: Sequence[Filter] = (),
    keep: Mapping[str, str] | None = None,
    keep_runs: Mapping[str, str] | None = None,
    decimal: str = ".",
    batch_rows: int = BATCH_ROWS,
    block_bytes: int = BLOCK_BYTES,
) -> LongResult:
    r"""Read one number for each protein group and run from a long report.

    The report is streamed: memory holds the matrix and one batch of rows of the needed
    columns. The number of a group in a run stands in many rows (one for each precursor):
    the first is taken, and those that differ from it are counted.

    Parameters
    ----------
    preview : Preview
        The start of the file: delimited text, plain or gzipped, or Parquet.
    run, group, quantity : str
        Columns, named as in the file.
    channel : str, optional
        Column of the channel of a multiplexed run. Where it is filled, each channel of a
        run is a run of its own, named "run_channel".
    filters : sequence of AtMost or OneOf
        Tried in this order.
    keep : mapping of str to str, optional
        Name in the result to column of the file, for what is said of the groups.
    keep_runs : mapping of str to str, optional
        The same for what is said of the runs.
    decimal : {".", ","}
        Decimal mark of a text.
    batch_rows, block_bytes : int
        Rows of a Parquet file and bytes of a text in memory at a time. The result does
        not depend on them.

    Returns
    -------
    LongResult

    Raises
    ------
    InputError
        As `open_batches`; also where a number is infinite, no row passes the filters, or
        there are more runs x groups than are read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.tables.preview import look_at
    >>> rows = "Run\tGroup\tQ\tx\ns1\tP1\t0.001\t8\ns1\tP1\t0.002\t8\ns2\tP1\t0.5\t9\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "a.tsv"
    ...     _ = target.write_text(rows)
    ...     read = stream_quantities(
    ...         look_at(target), run="Run", group="Group", quantity="x", filters=[AtMost("Q", 0.01)]
    ...     )
    >>> read.values.loc["s1", "P1"].item(), read.notes[0], read.lost_runs
    (8.0, 'Dropped 1 of 3 rows: 1 with Q above 0.01 or missing.', ('s2',))
    """
    keep, keep_runs = keep or {}, keep_runs or {}
    columns: dict[str, Content] = {run: "text", group: "text", quantity: "number"}
    columns |= {column: "text" for column in (*keep.values(), *keep_runs.values())}
    columns |= {rule.column: rule.content for rule in filters}
    columns |= {} if channel is None else {channel: "text"}
    grid = Grid(preview.path, quantity, channel, Axis(run, keep_runs), Axis(group, keep))
    dropped = dict.fromkeys((rule.dropped for rule in filters), 0)
    with open_batches(
        preview, columns, decimal=decimal, batch_rows=batch_rows, block_bytes=block_bytes
    ) as batches:
        for batch in batches:
            passing = np.ones(len(batch), dtype=bool)
            for rule in filters:
                still = passing & rule.passes(batch)
                dropped[rule.dropped] += int(passing.sum() - still.sum())
                passing = still
            grid.add(batch, passing)
    if not grid.n_rows:
        raise InputError(f"{preview.path}: has a header and no rows; export the report again")
    if not grid.groups.names:
        each = ", ".join(f"{n} {what}" for what, n in dropped.items() if n)
        raise InputError(
            f"{preview.path}: none of {counted(grid.n_rows, 'row')} is left"
            f"{f' (dropped {each})' if each else ''}; check the report"
        )
    values = grid.values()
    return LongResult(
        values=values,
        groups=grid.groups.frame().loc[values.columns],
        runs=grid.runs.frame(),
        n_rows=grid.n_rows,
        dropped=dropped,
        n_unnamed=grid.n_unnamed,
        n_zero=grid.n_zero,
        lost_runs=grid.lost_runs(),
        n_conflicts=grid.n_conflicts,
        conflict=grid.conflict,
        ends_open=ends_open(preview),
    )
