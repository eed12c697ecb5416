"""Spectronaut's reports of protein groups, and which of the two forms a file has."""

from __future__ import annotations

from collections.abc import Sequence

from proteoclass.errors import InputError
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.formats.spectronaut_columns import GROUPS, RUNS, named, pivoted
from proteoclass.matrix.formats.spectronaut_long import read_long
from proteoclass.matrix.formats.spectronaut_pivot import read_pivot
from proteoclass.matrix.tables.preview import Preview


def recognise(preview: Preview) -> str:
    """Say why a file is a report of Spectronaut, "" where it is none.

    Parameters
    ----------
    preview : Preview

    Returns
    -------
    str

    Examples
    --------
    >>> names = ("PG.ProteinGroups", "[1] a.raw.PG.Quantity")
    >>> recognise(Preview("a.tsv", "text", names))
    "columns 'PG.ProteinGroups' and '[1] a.raw.PG.Quantity'"
    >>> recognise(Preview("a.tsv", "text", ("PG.ProteinGroups", "R.FileName", "PG.Quantity")))
    "columns 'PG.ProteinGroups' and 'R.FileName'"
    """
    if preview.container == "hdf5":
        return ""
    group = named(preview.names, GROUPS)
    run = named(preview.names, RUNS)
    quantities = [name for found in pivoted(preview.names).values() for name in found]
    if group is None or (run is None and not quantities):
        return ""
    return f"columns {group!r} and {run or quantities[0]!r}"


def read(request: Request) -> Quantities:
    """Read a report of either form.

    Parameters
    ----------
    request : Request
        `quantity` is a key of `QUANTITIES`, or the column as the file names it; "auto"
        takes the first that is there.

    Returns
    -------
    Quantities

    Raises
    ------
    InputError
        As `read_pivot` and `read_long`.
    """
    if request.preview.container != "workbook" and is_long(request.preview.names):
        return read_long(request)
    table = request.table()
    if is_long(table.names):
        raise InputError(
            f"{table.where}: a long report in a workbook (column {named(table.names, RUNS)!r}); "
            "export it as tab-separated text"
        )
    return read_pivot(table, request.quantity)


def is_long(names: Sequence[str]) -> bool:
    """Say whether a report has a line for each run, rather than a column.

    Examples
    --------
    >>> is_long(["R.FileName", "PG.ProteinGroups", "PG.Quantity"])
    True
    """
    return named(names, RUNS) is not None and not pivoted(names)
