"""DIA-NN's main report, streamed with the filters that its author recommends."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.contaminants import without_contaminants
from proteoclass.matrix.formats.diann_groups import described
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.long_reports.stream import (
    AtMost,
    Filter,
    LongResult,
    OneOf,
    stream_quantities,
)
from proteoclass.matrix.tables.preview import Preview

#: Recommended for reports made with match-between-runs; see `read_report`.
LIMITS = {
    "Q.Value": 0.01,
    "PG.Q.Value": 0.05,
    "Lib.Q.Value": 0.01,
    "Lib.PG.Q.Value": 0.01,
}


@dataclass(frozen=True)
class _Choice:
    name: str
    column: str
    across_runs: bool


# All stand once for each group and run. PG.Quantity alone is of the run alone: the others are
# normalised across runs. PG.TopN came with 2.0, which dropped PG.Quantity and PG.Normalised.
_CHOICES = (
    _Choice("maxlfq", "PG.MaxLFQ", True),
    _Choice("pg-quantity", "PG.Quantity", False),
    _Choice("pg-normalised", "PG.Normalised", True),
    _Choice("pg-topn", "PG.TopN", True),
)
# How 1.8 marks channels, which have no column of their own there: (SILAC-K-L), (mTRAQ-n-0).
_LABEL = re.compile(r"\((?:SILAC|mTRAQ|Dimethyl)[^)]*-[^)-]+\)", re.IGNORECASE)


def read_report(request: Request) -> Quantities:
    """Read ``report.parquet`` or ``report.tsv`` (plain or gzipped).

    Parameters
    ----------
    request : Request
        Its quantity: "maxlfq" (also what "auto" takes), "pg-quantity", "pg-normalised" or
        "pg-topn", as far as the report has them.

    Returns
    -------
    Quantities
        One sample a run, or a run and channel in plexDIA; one protein a group.

    Raises
    ------
    InputError
        If the quantity is not there, nothing passes the filters, a group has two
        different numbers in one run, or the file is damaged; the message locates it.

    Notes
    -----
    Filters (https://github.com/vdemichev/DiaNN, README, and its issues 1318 and 1668):
    Q.Value <= 0.01, PG.Q.Value <= 0.05, Lib.Q.Value <= 0.01, Lib.PG.Q.Value <= 0.01,
    no decoys. A zero is the best estimate that DIA-NN can give, and is left out of its
    own matrices: it is taken for not detected. In plexDIA quantities and q-values of
    groups are those of a channel (same README, Main output reference).
    """
    preview = request.preview
    choice, others = _choose(preview, request.quantity)
    _refuse_hidden_channels(preview)
    run = "Run" if "Run" in preview.names else "File.Name"
    channel = "Channel" if "Channel" in preview.names else None
    read = stream_quantities(
        preview,
        run=run,
        channel=channel,
        group="Protein.Group",
        quantity=choice.column,
        filters=filters_for(preview),
        keep={
            role: column
            for role, column in (
                ("gene", "Genes"),
                ("description", "First.Protein.Description"),
                ("name", "Protein.Names"),
            )
            if column in preview.names
        },
        keep_runs={} if channel is None else {"plex": run, "channel": channel},
    )
    _refuse_conflict(read, choice, preview.path)
    return _quantities(read, choice, others, preview)


def filters_for(preview: Preview) -> list[Filter]:
    """Return the recommended filters as far as the report has their columns.

    Examples
    --------
    >>> filters_for(Preview("a.tsv", "text", ("Run", "Q.Value")))
    [AtMost(column='Q.Value', limit=0.01)]
    """
    filters: list[Filter] = []
    if "Decoy" in preview.names:
        filters.append(OneOf("Decoy", ("0", "false", ""), "of decoys"))
    present = [column for column in LIMITS if column in preview.names]
    return [*filters, *(AtMost(column, LIMITS[column]) for column in present)]


def _choose(preview: Preview, quantity: str) -> tuple[_Choice, str]:
    present = [choice for choice in _CHOICES if choice.column in preview.names]
    told = name_list(f"{choice.name} ({choice.column})" for choice in present)
    if not present:
        raise InputError(
            f"{preview.path}: no quantity of protein groups such as 'PG.MaxLFQ'; found "
            f"{name_list(preview.names, 12)}; pass report.pg_matrix.tsv, or report with MaxLFQ"
        )
    if quantity == "auto":
        if present[0].name != "maxlfq":
            raise InputError(
                f"{preview.path}: no column 'PG.MaxLFQ'; the report has {told}: choose one with "
                "--quantity"
            )
        return present[0], told
    for choice in present:
        if quantity in (choice.name, choice.column):
            return choice, told
    raise InputError(f"{preview.path}: no quantity {quantity!r} of groups; the report has {told}")


def _refuse_hidden_channels(preview: Preview) -> None:
    if "Channel" in preview.names or preview.container == "parquet":
        return
    labelled = [name for name in preview.column("Precursor.Id") if _LABEL.search(name)]
    if labelled:
        raise InputError(
            f"{preview.path}: a plexDIA report (precursor {labelled[0]!r}) without the column "
            "'Channel', which keeps its samples apart; pass the report.parquet of DIA-NN 1.9 or "
            "newer"
        )


def _refuse_conflict(read: LongResult, choice: _Choice, path: str) -> None:
    found = read.conflict
    if found is not None:
        raise InputError(
            f"{path}: row {found.row}: {choice.column} of group {found.group[:60]!r} in run "
            f"{found.run!r} is {found.found:g}, and {found.kept:g} before, expected one number "
            f"({read.n_conflicts} such rows; two reports put together?); read each by itself"
        )
    if not np.isfinite(read.values.to_numpy()).any():
        raise InputError(
            f"{path}: {choice.column} holds no number above zero; was the report made without "
            "MaxLFQ, or in a first pass? pass the final report, or another --quantity"
        )


def _quantities(read: LongResult, choice: _Choice, others: str, preview: Preview) -> Quantities:
    kept, dropped = without_contaminants(list(read.values.columns), preview.path)
    told = read.groups.loc[kept].reindex(columns=["gene", "description", "name"], fill_value="")
    names = told["description"].where(told["description"] != "", told["name"])
    absent = [column for column in LIMITS if column not in preview.names]
    notes = (*read.notes, *dropped)
    if absent:
        notes = (*notes, f"The report has no column {name_list(map(repr, absent))} to filter by.")
    is_plex = "channel" in read.runs and bool((read.runs["channel"] != "").any())
    if is_plex:
        notes = (
            *notes,
            "A plexDIA report: each channel of a run is a sample. Channel.Q.Value was not "
            "filtered by.",
        )
    return Quantities(
        values=read.values[kept],
        proteins=described(kept, told["gene"].tolist(), names.tolist()),
        format="diann",
        why=f"DIA-NN main report: column 'Precursor.Id', quantity {choice.column} of {others}",
        notes=notes,
        across_runs=choice.across_runs,
        scale="raw",
        where=preview.path,
        samples=read.runs if is_plex else None,
    )
