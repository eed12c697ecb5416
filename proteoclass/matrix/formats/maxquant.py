"""MaxQuant's proteinGroups table, and forms of it with columns taken out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import accessions_in, genes_in_headers, members, name_in_headers
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.formats.unwanted_rows import kept_rows, without_unwanted
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table
from proteoclass.matrix.wording import counted

#: Column prefixes of each quantity, in the order tried; R writes points for blanks.
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "lfq": (r"LFQ[ ._]intensity[ ._]", r"LFQ[ ._]"),
    # Before version 1.6.1 the corrected ones had no mark, and the others "not corrected".
    "reporter": (
        r"Reporter[ ._]intensity[ ._]corrected[ ._]",
        r"Reporter[ ._]intensity[ ._](?!count|not[ ._]corrected)",
        r"Reporter[ ._]intensity[ ._]not[ ._]corrected[ ._]",
    ),
    "ibaq": (r"iBAQ[ ._](?!peptides$)",),
    "intensity": (r"Intensity[ ._]",),
}
_TOLD = ("majority protein ids", "protein ids", "gene names", "protein names", "fasta headers")
_FLAGS = (
    ("contaminants", ("potential contaminant", "contaminant"), "CON__"),
    ("reverse sequences", ("reverse",), "REV__"),
    ("only identified by site", ("only identified by site",), ""),
)


@dataclass(frozen=True)
class _Choice:
    name: str
    columns: dict[str, str]
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def recognise(preview: Preview) -> str:
    """Say why a file is a proteinGroups table, "" where it is none."""
    if preview.container not in ("text", "workbook") or not is_maxquant(preview.names):
        return ""
    return f"column {preview.named('Majority protein IDs', 'Protein IDs')!r} of proteinGroups"


def read(request: Request) -> Quantities:
    """Read a proteinGroups table, as `read_maxquant`."""

    def select(header: list[str]) -> list[str]:
        return columns_needed(header, request.quantity)

    table = request.table(required=cells_needed, select=select)
    return read_maxquant(table, request.samples, request.quantity)


def is_maxquant(names: Collection[str]) -> bool:
    """Say whether a header is that of a proteinGroups table.

    Examples
    --------
    >>> is_maxquant(["Majority protein IDs", "Intensity", "LFQ intensity s1"])
    True
    >>> is_maxquant(["protein", "s1"])
    False
    """
    plain = {_plain(name) for name in names}
    return "majority protein ids" in plain or (
        "protein ids" in plain and any(_sample_columns(names, p) for p in _PREFIXES)
    )


def cells_needed(header: list[str]) -> int:
    """Return how many cells a row must have to hold all that is read from it.

    A proteinGroups table ends in lists of peptides, spectra and modification sites. An
    editor that trims blanks at line ends cuts those of them that are empty.

    Examples
    --------
    >>> cells_needed(["Majority protein IDs", "Intensity s1", "Reverse", "Best MS/MS"])
    3
    """
    if not is_maxquant(header):
        return len(header)
    flags = {name for _, names, _ in _FLAGS for name in names}
    read = {column for prefix in _PREFIXES for column in _sample_columns(header, prefix)}
    used = [i for i, name in enumerate(header) if _plain(name) in {*flags, *_TOLD} or name in read]
    return max(used) + 1


def columns_needed(header: list[str], quantity: str) -> list[str]:
    """Return the columns that are read for a quantity, all of them if it is not there.

    Examples
    --------
    >>> columns_needed(["Majority protein IDs", "Peptides s1", "Intensity s1"], "intensity")
    ['Majority protein IDs', 'Intensity s1']
    """
    quantity = _known(quantity)
    wanted = _sample_columns(header, quantity) if quantity != "auto" else _first_found(header)[1]
    if not wanted:
        return header
    about = {*_TOLD, *(name for _, names, _ in _FLAGS for name in names)}
    # The first column holds the marks of rows that Perseus adds.
    return [
        name for i, name in enumerate(header) if i == 0 or _plain(name) in about or name in wanted
    ]


def read_maxquant(
    table: Table, samples: pd.DataFrame | None = None, quantity: str = "auto"
) -> Quantities:
    """Read a proteinGroups table.

    Parameters
    ----------
    table : Table
    samples : DataFrame, optional
        Sample sheet indexed by sample id: the experiment name ("s1"), or the whole
        column name ("LFQ intensity s1").
    quantity : str
        "lfq", "intensity", "ibaq", "reporter", or the prefix of the columns to read.
        "auto" takes LFQ where present, then corrected reporter intensities, then
        Intensity.

    Returns
    -------
    Quantities
        Protein ids are the majority protein ids joined by ";", the leading one first.

    Raises
    ------
    InputError
        If the quantity has no column for a sample, a cell in one is text, a group's id
        repeats, or nothing remains after filtering.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"Majority protein IDs": ["P1", "CON__P2"], "Intensity": [9, 9], "Intensity s1": [9, 9]}
    ... )
    >>> read = read_maxquant(Table("a.txt", "a.txt", "", frame, np.array([2, 3])))
    >>> read.values.columns.tolist(), read.notes[0]
    (['P1'], 'Removed 1 of 2 protein groups: 1 contaminants.')
    """
    choice = _choose(table, _known(quantity))
    id_column = _column(table, "majority protein ids") or _column(table, "protein ids")
    if id_column is None:
        raise InputError(
            f"{table.where}: no column 'Majority protein IDs' or 'Protein IDs'; "
            "expected a MaxQuant proteinGroups table"
        )
    table, perseus = _without_perseus_rows(table)
    kept, notes = _filtered(table, id_column)
    ids = [
        ";".join(part.strip() for part in name.split(";"))
        for name in row_ids(kept, id_column, "protein")
    ]
    values, more = kept.numbers(choice.columns)
    values = values.rename(columns=_sample_names(choice, samples)).T
    values.columns = pd.Index(ids)
    values.index.name = None
    also = f" (also there: {', '.join(choice.others)})" if choice.others else ""
    return Quantities.of(
        table,
        values=values,
        proteins=_described(kept, values.columns),
        format="maxquant",
        why=f"MaxQuant protein groups: column {id_column!r} and {len(choice.columns)} columns "
        f"of {choice.name}{also}",
        notes=(*choice.notes, *perseus, *notes, *more),
        across_runs=choice.name == "lfq",
        samples=_channels(choice, values.index) if _is_reporter(choice.name) else None,
    )


def _plain(name: str) -> str:
    return re.sub(r"[ ._]+", " ", name).strip().lower()


def _known(quantity: str) -> str:
    """Return a quantity's own name for the way its columns spell it ("LFQ intensity", "iBAQ").

    As a bare prefix they would take columns of counts along: "iBAQ peptides", "Reporter
    intensity count 1".
    """
    name = _plain(quantity).removesuffix(" intensity")
    return name if name in _PREFIXES else quantity


def _is_reporter(quantity: str) -> bool:
    return _plain(quantity).startswith("reporter")


def _column(table: Table, name: str) -> str | None:
    return next((column for column in table.names if _plain(column) == name), None)


def _sample_columns(names: Collection[str], quantity: str) -> dict[str, str]:
    """Return columns of a quantity and the sample that each belongs to.

    The bare totals ("Intensity", "iBAQ") have nothing after the prefix.
    """
    for prefix in _PREFIXES.get(quantity, (re.escape(quantity) + r"[ ._]?",)):
        form = re.compile(f"{prefix}(.+)")
        found = {name: match.group(1) for name in names if (match := form.fullmatch(name))}
        if found:
            return found
    return {}


def _first_found(names: Collection[str]) -> tuple[str, dict[str, str]]:
    order = ("lfq", "reporter", "intensity", "ibaq")
    found = ((name, _sample_columns(names, name)) for name in order)
    return next(((name, columns) for name, columns in found if columns), ("", {}))


def _choose(table: Table, quantity: str) -> _Choice:
    names = [*table.names, *table.unread]
    present = [name for name in _PREFIXES if _sample_columns(names, name)]
    if quantity == "auto":
        quantity, columns = _first_found(names)
        if not columns:
            raise InputError(
                f"{table.where}: no quantity columns such as 'LFQ intensity SAMPLE' or "
                f"'Intensity SAMPLE'; found {name_list(names, 12)}; pass --quantity PREFIX, "
                "or --format wide if the other columns are samples"
            )
    else:
        columns = _sample_columns(names, quantity)
    if not columns:
        raise InputError(
            f"{table.where}: no sample columns for --quantity {quantity!r}; the table has "
            f"{name_list(present) or 'none that is known'}"
        )
    if quantity != "lfq" and _is_silac(names, columns):
        raise InputError(
            f"{table.where}: a SILAC table (columns 'Ratio H/L' or 'Intensity L SAMPLE'), whose "
            "intensities add several samples up; make a wide table of samples first"
        )
    others = tuple(name for name in present if name != quantity)
    if not _is_reporter(quantity):
        return _Choice(quantity, columns, others)
    kept, notes = _without_totals(columns)
    return _Choice(quantity, kept, others, notes)


def _is_silac(names: Collection[str], columns: Mapping[str, str]) -> bool:
    """Say whether a sample's intensity stands beside those of its light and heavy form."""
    found = set(columns.values())
    return any(_plain(name).startswith("ratio h/l") for name in names) or any(
        {f"L {sample}", f"H {sample}"} <= found for sample in found
    )


def _without_totals(columns: dict[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Leave out a channel's sum over experiments, which stands beside the experiments."""
    totals = [name for name, sample in columns.items() if sample.isdigit()]
    if not totals or len(totals) == len(columns):
        return columns, ()
    kept = {name: sample for name, sample in columns.items() if not sample.isdigit()}
    return kept, (f"Left out, sums over experiments: {len(totals)} columns ({name_list(totals)}).",)


def _channels(choice: _Choice, index: pd.Index) -> pd.DataFrame:
    """Return channel and plex of each sample, whose name is "CHANNEL EXPERIMENT"."""
    parts = [re.split(r"[ ._]+", sample, maxsplit=1) for sample in choice.columns.values()]
    frame = pd.DataFrame({"channel": [part[0] for part in parts]}, index=index)
    if all(len(part) == 2 for part in parts):
        frame["plex"] = [part[1] for part in parts]
    return frame


def _without_perseus_rows(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Leave out the rows under the header in which Perseus keeps types and groupings."""
    marked = np.array([cell.startswith("#!{") for cell in table.text(table.names[0])])
    if not marked.any():
        return table, ()
    note = f"Left out: {counted(int(marked.sum()), 'annotation row')} of Perseus."
    return kept_rows(table, ~marked), (note,)


def _filtered(table: Table, id_column: str) -> tuple[Table, tuple[str, ...]]:
    """Leave out contaminants, decoys and groups known by a modified site alone."""
    ids = table.text(id_column)
    marked: dict[str, npt.NDArray[np.bool_]] = {}
    unchecked: list[str] = []
    for what, columns, prefix in _FLAGS:
        column = next((c for c in map(lambda n: _column(table, n), columns) if c), None)
        by_name = np.array([bool(prefix) and name.startswith(prefix) for name in ids])
        if column is None:
            unchecked.append(columns[0])
            marked[what] = by_name
        else:
            marked[what] = by_name | np.array([cell == "+" for cell in table.text(column)])
    kept, notes = without_unwanted(table, marked)
    if unchecked:
        notes += (f"The table has no column {name_list(map(repr, unchecked))} to filter by.",)
    return kept, notes


def _sample_names(choice: _Choice, samples: pd.DataFrame | None) -> dict[str, str]:
    if samples is not None:
        listed = set(samples.index)
        if not listed & set(choice.columns.values()) and listed & set(choice.columns):
            return {column: column for column in choice.columns}
    return choice.columns


def _described(table: Table, ids: pd.Index) -> pd.DataFrame:
    headers = table.told(_column(table, "fasta headers"))
    genes = table.told(_column(table, "gene names"))
    names = table.told(_column(table, "protein names"))
    return pd.DataFrame(
        {
            "accessions": [accessions_in(name) or ";".join(members(name)) for name in ids],
            "gene": [gene or genes_in_headers(h) for gene, h in zip(genes, headers, strict=True)],
            "name": [name or name_in_headers(h) for name, h in zip(names, headers, strict=True)],
        },
        index=ids,
    )
