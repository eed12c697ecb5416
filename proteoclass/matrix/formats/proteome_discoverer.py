"""Proteome Discoverer's table of proteins, exported as text or to Excel."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import accessions_in, genes_in_headers, name_in_headers
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.formats.unwanted_rows import without_unwanted
from proteoclass.matrix.headers import plain
from proteoclass.matrix.protein_matrix import Kind, Scale
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table
from proteoclass.matrix.wording import counted

# "Abundances (Normalized): F1: 126, Sample, a"; headers made for R have blanks or points
# for the marks.
_ABUNDANCE = re.compile(
    r"Abundances?[ ._]*(?:\(?(Normalized|Scaled)\)?)?[:. _]+"
    r"(F\d+)(?:[:. _]+(.*))?",
    re.IGNORECASE,
)
_RATIO = re.compile(r"Abundance[ ._]Ratios?(?:[ ._]\(?(log2)\)?)?[:. _]+(.+)", re.IGNORECASE)
_NO_RATIO = re.compile(
    r"Abundance[ ._]Ratios?[ ._](?:\(?log2\)?[ ._])?(?:Adj|P[-. _]Value|Variability|Weight|Count)",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"Abundances?[ ._]+\(?Grouped\)?[:. _]+", re.IGNORECASE)
# TMT, TMTpro and iTRAQ reporter ions.
_CHANNEL = re.compile(r"(1[1-3]\d(?:[NC]?D?)?)(?:[,. _]+(.*))?")
_ORDER = ("abundance", "normalized", "scaled")
_MASTERS = frozenset(("master", "masterprotein", "ismasterprotein"))
_CONFIDENCE = "Protein FDR Confidence: Combined"
_ABOUT = ("Accession", "Description", "Gene Symbol", "Master", "Contaminant", _CONFIDENCE)
_SCORES = (_CONFIDENCE, "Sum PEP Score", "ΣCoverage")
_PEPTIDES = ("Annotated Sequence", "Master Protein Accessions", "Positions in Master Proteins")
#: Proteome Discoverer writes no ratio beyond these.
_LARGEST_RATIO = 100.0


@dataclass(frozen=True)
class _Column:
    """A column of quantities and what its name says of the sample."""

    quantity: str
    sample: str
    details: str = ""
    plex: str = ""
    channel: str = ""
    type: str = ""
    condition: str = ""


def recognise(preview: Preview) -> str:
    """Say why a file is Proteome Discoverer's, "" where it is not."""
    if preview.container not in ("text", "workbook"):
        return ""
    found = [name for name in preview.names if _parsed(name) or _GROUPED.match(name)]
    # Identifications alone are this program's too: their scores are no samples.
    mark = found[0] if found else preview.named(*_SCORES)
    if mark is None or preview.named("Accession", *_PEPTIDES) is None:
        return ""
    return f"columns 'Accession' and {mark!r}"


def read(request: Request) -> Quantities:
    r"""Read a table of proteins.

    Parameters
    ----------
    request : Request
        `quantity`: "abundance" (the default where it is there), "normalized", "scaled",
        and, if asked for, "ratio" or "log2-ratio".

    Returns
    -------
    Quantities
        A sample is named by its file and channel ("F1 126", "F1" without labels); plex,
        channel, sample type and condition go to `samples`. Where the sample sheet lists
        whole column names, or what follows the first colon, they are kept.

    Raises
    ------
    InputError
        If it is a table of peptides, lacks the quantity or holds grouped abundances
        alone, a cell is text, an accession is empty or repeats, or no protein is left.

    Notes
    -----
    Headers and columns as the user guide (Thermo Fisher Scientific, Proteome Discoverer 3.1
    User Guide, "Proteins page columns") and exported files have them, with the marks or
    without ("R-friendly headers"). Only master proteins are read: the others of a group
    repeat its evidence. Confidence is High up to a false discovery rate of 1 %, Medium up to
    5 %, Low beyond. The abundance is the default because the others are computed over all
    channels: normalised to the total of the strongest one, or scaled to a mean of 100.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.tables.preview import look_at
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "Proteins.txt"
    ...     _ = target.write_text('"Accession"\t"Abundance: F1: 126, Sample"\n"P02768"\t"950.5"\n')
    ...     read(Request(look_at(target))).values
            P02768
    F1 126   950.5
    """
    preview = request.preview
    peptides = preview.named(*_PEPTIDES)
    if peptides is not None and not preview.has("Accession"):
        raise InputError(
            f"{request.path}: column {peptides!r} makes it a table of peptides or spectra; export "
            "the table Proteins"
        )
    # Truth values are compared as text.
    request = replace(request, text_columns=(*request.text_columns, *_ABOUT))
    table = request.table(select=lambda names: _needed(names, request.quantity))
    columns, also = _choose(table, request.quantity)
    kept, notes = _filtered(table)
    ids = row_ids(kept, _column(table, "Accession"), "protein")
    values, more = kept.numbers(columns)
    values = values.set_axis(_sample_names(columns, request.samples), axis=1).T
    values.columns = pd.Index(ids)
    quantity = next(iter(columns.values())).quantity
    scale, kind = _meaning(quantity)
    return Quantities.of(
        table,
        values=values,
        proteins=_described(kept, values.columns),
        format="proteome-discoverer",
        why=f"Proteome Discoverer proteins: {len(columns)} columns of {quantity}{also}",
        notes=(*notes, *more, *_remarks(quantity, values)),
        across_runs=quantity != "abundance",
        scale=scale,
        kind=kind,
        samples=_told(columns.values(), values.index),
    )


def _parsed(name: str) -> _Column | None:
    """Return what the name of a column of quantities says, None for any other column."""
    match = _ABUNDANCE.fullmatch(name)
    if match:
        what, file, rest = (part or "" for part in match.groups())
        labelled = _CHANNEL.fullmatch(rest)
        channel, rest = (part or "" for part in labelled.groups()) if labelled else ("", rest)
        kind, _, condition = re.sub(r"[,. _]+", " ", rest).partition(" ")
        sample, details = f"{file} {channel}".strip(), name.partition(":")[2].strip()
        plex = file if channel else ""
        return _Column(what.lower() or "abundance", sample, details, plex, channel, kind, condition)
    match = None if _NO_RATIO.match(name) else _RATIO.fullmatch(name)
    if match:
        return _Column("log2-ratio" if match.group(1) else "ratio", match.group(2))
    return None


def _present(names: Iterable[str]) -> dict[str, dict[str, _Column]]:
    found: dict[str, dict[str, _Column]] = {}
    for name in names:
        column = _parsed(name)
        if column is not None:
            found.setdefault(column.quantity, {})[name] = column
    rank = {quantity: i for i, quantity in enumerate(_ORDER)}
    return dict(sorted(found.items(), key=lambda item: rank.get(item[0], len(rank))))


def _asked(present: Mapping[str, object], quantity: str) -> str:
    if quantity == "auto":
        return next((name for name in present if name in _ORDER), "")
    quantity = {"normalised": "normalized"}.get(quantity, quantity)
    return quantity if quantity in present else ""


def _needed(names: list[str], quantity: str) -> list[str]:
    present = _present(names)
    wanted = present.get(_asked(present, quantity))
    about = {plain(name) for name in _ABOUT}
    return [n for n in names if n in wanted or plain(n) in about] if wanted else names


def _choose(table: Table, quantity: str) -> tuple[dict[str, _Column], str]:
    """Return the columns to read, and which other quantities there are."""
    names = [*table.names, *table.unread]
    present = _present(names)
    chosen = _asked(present, quantity)
    if not chosen:
        grouped = [name for name in names if _GROUPED.match(name)]
        means = f" and grouped ones, which are means of samples ({grouped[0]})" if grouped else ""
        raise InputError(
            f"{table.where}: no columns for --quantity {quantity!r}; the table has "
            f"{name_list(present) or 'no abundance of a sample'}{means}; export the columns "
            "'Abundance', or choose with --quantity"
        )
    others = [name for name in present if name != chosen]
    return present[chosen], f" (also there: {', '.join(others)})" if others else ""


def _filtered(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Leave out contaminants, proteins of low confidence and those that lead no group."""
    tests = {
        "Contaminant": ("contaminants", lambda cell: cell in ("true", "1", "+")),
        _CONFIDENCE: ("of low confidence", lambda cell: cell == "low"),
        "Master": ("no master proteins", lambda cell: plain(cell) not in _MASTERS),
    }
    marked: dict[str, npt.NDArray[np.bool_]] = {}
    unchecked, notes = [], []
    for name, (what, is_unwanted) in tests.items():
        column = _optional(table, name)
        if column is None:
            unchecked.append(name)
            continue
        cells = [cell.lower() for cell in table.text(column)]
        marked[what] = np.array([is_unwanted(cell) for cell in cells])
        medium = sum(cell == "medium" for cell in cells) if name == _CONFIDENCE else 0
        if medium:
            notes.append(
                f"Kept: {counted(medium, 'protein')} of medium confidence (up to 5 % FDR)."
            )
    kept, removed = without_unwanted(table, marked, "proteins")
    if unchecked:
        notes.append(f"The table has no column {name_list(map(repr, unchecked))} to filter by.")
    return kept, (*removed, *notes)


def _sample_names(columns: Mapping[str, _Column], samples: pd.DataFrame | None) -> list[str]:
    short = [column.sample for column in columns.values()]
    details = [column.details for column in columns.values()]
    listed: Collection[str] = () if samples is None else set(samples.index)
    for names in (short, details, list(columns)):
        if any(name in listed for name in names):
            return names
    return short


def _meaning(quantity: str) -> tuple[Scale | None, Kind | None]:
    """Return scale and kind where the quantity fixes them."""
    known: dict[str, tuple[Scale, Kind]] = {
        "ratio": ("raw", "ratio"),
        "log2-ratio": ("log2", "ratio"),
        "scaled": ("raw", "intensity"),
    }
    return known.get(quantity, (None, None))


def _remarks(quantity: str, values: pd.DataFrame) -> tuple[str, ...]:
    if quantity in ("normalized", "scaled"):
        return (
            f"The {quantity} abundances were computed over all channels: a sample's numbers depend "
            "on the others of its search.",
        )
    if quantity == "abundance":
        return ()
    numbers = values.to_numpy(dtype=float)
    logs = np.abs(numbers if quantity == "log2-ratio" else np.log2(numbers[numbers > 0]))
    capped = int((logs >= np.log2(_LARGEST_RATIO) - 0.01).sum())
    if not capped:
        return ()
    return (
        f"Proteome Discoverer limits ratios to {1 / _LARGEST_RATIO:g} and {_LARGEST_RATIO:g}: "
        f"{counted(capped, 'cell')} at the limits.",
    )


def _told(columns: Iterable[_Column], index: pd.Index) -> pd.DataFrame | None:
    """Return what the columns' names say of the samples."""
    listed = list(columns)
    frame = pd.DataFrame(
        {
            "plex": [column.plex for column in listed],
            "channel": [column.channel for column in listed],
            "sample_type": [column.type for column in listed],
            "condition": [column.condition for column in listed],
        },
        index=index,
    )
    frame = frame.loc[:, (frame != "").any()]
    return frame if len(frame.columns) else None


def _described(table: Table, ids: pd.Index) -> pd.DataFrame:
    texts = table.told(_optional(table, "Description"))
    # A description is the FASTA file's header without its first word.
    headers = [f"sp|{name}| {text}" for name, text in zip(ids, texts, strict=True)]
    genes = table.told(_optional(table, "Gene Symbol"))
    return pd.DataFrame(
        {
            "accessions": [accessions_in(name) for name in ids],
            "gene": [g or genes_in_headers(h) for g, h in zip(genes, headers, strict=True)],
            "name": [name_in_headers(h) or t for h, t in zip(headers, texts, strict=True)],
        },
        index=ids,
    )


def _optional(table: Table, name: str) -> str | None:
    return next((column for column in table.names if plain(column) == plain(name)), None)


def _column(table: Table, name: str) -> str:
    column = _optional(table, name)
    if column is None:
        raise InputError(
            f"{table.where}: no column {name!r}; expected the table Proteins of Proteome Discoverer"
        )
    return column
