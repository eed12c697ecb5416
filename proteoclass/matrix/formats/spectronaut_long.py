"""Spectronaut's long report: one line for each precursor or fragment of a run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.formats.contaminants import without_contaminants
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.formats.spectronaut_columns import (
    GROUPS,
    LARGEST_Q_VALUE,
    NORMALISED,
    QUANTITIES,
    RUNS,
    chosen_quantity,
    described,
    named,
    others,
    told_scale,
)
from proteoclass.matrix.long_reports.stream import (
    AtMost,
    Filter,
    LongResult,
    OneOf,
    stream_quantities,
)
from proteoclass.matrix.tables.cells import DECIMAL_COMMAS, MAYBE_THOUSANDS
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.wording import counted

#: What is tried of each line, where the report has the column.
_FILTERS: tuple[Filter, ...] = (
    OneOf("EG.IsDecoy", ("false", "0"), "of decoys"),
    OneOf("EG.IsImputed", ("false", "0"), "of imputed precursors"),
    AtMost("EG.Qvalue", LARGEST_Q_VALUE),
    AtMost("PG.Qvalue", LARGEST_Q_VALUE),
)
_ABOUT_GROUPS = {
    "accessions": ("PG.UniProtIds", "PG.ProteinAccessions"),
    "gene": ("PG.Genes",),
    "name": ("PG.ProteinDescriptions", "PG.ProteinNames"),
}
_ABOUT_RUNS = {"condition": "R.Condition", "replicate": "R.Replicate", "method": "E.LFQMethod"}
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
_DECIMAL_POINT = re.compile(r"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?")


def read_long(request: Request) -> Quantities:
    r"""Read the quantities of protein groups from a long report, whatever its size.

    Parameters
    ----------
    request : Request
        `quantity` as for the pivot form.

    Returns
    -------
    Quantities
        Samples are the runs (R.FileName); the frame `samples` has the condition and the
        replicate that the report names.

    Raises
    ------
    InputError
        If a column is not there, a group has two quantities in one run, a cell is text,
        or no line is left.

    Notes
    -----
    A report is normally filtered as it is exported. Lines of decoys, of imputed precursors,
    and with a q-value of precursor (EG.Qvalue) or group (PG.Qvalue) above 0.01 are left out
    all the same and counted: 0.01 is what other readers of this report take, such as
    `SpectronauttoMSstatsFormat` (https://bioconductor.org/packages/MSstats). A group stays
    in a run where one of its lines does. The q-value of a group within a run and
    PG.IsSingleHit are not looked at.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.tables.preview import look_at
    >>> text = "R.FileName\tPG.ProteinGroups\tPG.Quantity\na\tP02768\t1500,5\nb\tP02768\tNaN\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "report.tsv"
    ...     _ = target.write_text(text)
    ...     read_long(Request(look_at(target))).values
       P02768
    a  1500.5
    b     NaN
    """
    where = request.path
    present = [k for k, column in QUANTITIES.items() if column in request.preview.names]
    report = _report(request, present)
    _refuse_conflict(report, where)
    kept, notes = without_contaminants(list(report.result.values.columns), where)
    values = report.result.values[kept]
    scale, doubts = told_scale(values, report.key, where)
    groups = report.result.groups.reindex(
        index=values.columns, columns=list(_ABOUT_GROUPS), fill_value=""
    )
    return Quantities(
        values=values,
        proteins=described(values.columns, *(list(groups[name]) for name in _ABOUT_GROUPS)),
        format="spectronaut",
        why=f"Spectronaut long report: columns {report.run!r}, {report.group!r} and "
        f"{QUANTITIES[report.key]!r}{_method(report.result)}{others(report.key, present)}",
        notes=(*report.commas, *report.result.notes, *notes, *doubts, NORMALISED),
        across_runs=True,
        where=where,
        scale=scale,
        samples=_about_runs(report.result),
    )


@dataclass(frozen=True, eq=False)
class _Report:
    """What was read, and from which columns."""

    run: str
    group: str
    key: str
    result: LongResult
    commas: tuple[str, ...]


def _report(request: Request, present: Sequence[str]) -> _Report:
    preview = request.preview
    names = preview.names
    run, group = named(names, RUNS), named(names, GROUPS)
    if run is None or group is None:
        raise InputError(
            f"{request.path}: no column {' or '.join(RUNS if run is None else GROUPS)}; "
            "export a Spectronaut report with it"
        )
    key = chosen_quantity(request.quantity, present, request.path)
    decimal = decimal_mark(preview, QUANTITIES[key])
    found = {name: named(names, columns) for name, columns in _ABOUT_GROUPS.items()}
    result = stream_quantities(
        preview,
        run=run,
        group=group,
        quantity=QUANTITIES[key],
        filters=[rule for rule in _FILTERS if rule.column in names],
        keep={name: column for name, column in found.items() if column},
        keep_runs={name: column for name, column in _ABOUT_RUNS.items() if column in names},
        decimal=decimal,
    )
    return _Report(run, group, key, result, (DECIMAL_COMMAS,) if decimal == "," else ())


def decimal_mark(preview: Preview, column: str) -> str:
    """Return the decimal mark of a report, from its first lines.

    Parameters
    ----------
    preview : Preview
    column : str
        The quantity; where it has no fraction, the other columns show the mark.

    Returns
    -------
    {".", ","}

    Examples
    --------
    >>> decimal_mark(Preview("a.tsv", "text", ("PG.Quantity",), (("64,80009",),)), "PG.Quantity")
    ','
    """
    for cells in (preview.column(column), [cell for row in preview.rows for cell in row]):
        commas = [cell for cell in cells if _DECIMAL_COMMA.fullmatch(cell)]
        if any(not MAYBE_THOUSANDS.fullmatch(cell) for cell in commas):
            return ","
        if any(_DECIMAL_POINT.fullmatch(cell) for cell in cells):
            return "."
    return "."


def _refuse_conflict(report: _Report, where: str) -> None:
    found = report.result.conflict
    if found is None:
        return
    column = QUANTITIES[report.key]
    raise InputError(
        f"{where}: row {found.row}: {column} of {found.group!r} in run {found.run!r} is "
        f"{found.found:g}, and {found.kept:g} in an earlier row "
        f"({counted(report.result.n_conflicts, 'such row')}); "
        "export one report, not several in one file"
    )


def _method(result: LongResult) -> str:
    told = sorted(set(result.runs["method"]) - {""}) if "method" in result.runs else []
    return f", quantified by {', '.join(told)}" if told else ""


def _about_runs(result: LongResult) -> pd.DataFrame | None:
    """Return condition and replicate, without what says nothing."""
    told = result.runs.drop(columns="method", errors="ignore")
    said = [name for name in told if not set(told[name]) <= {"", "Not Defined"}]
    return told[said] if said else None
