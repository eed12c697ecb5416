"""A vendor's file and a sample sheet become a checked `ProteinMatrix`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.formats.registry import FORMATS, find_format
from proteoclass.matrix.formats.scale import decide_kind, decide_scale
from proteoclass.matrix.protein_matrix import (
    Fluid,
    Kind,
    ProteinMatrix,
    QuantityScope,
    Scale,
    Source,
)
from proteoclass.matrix.protein_table import complete_proteins, filled_in, read_proteins
from proteoclass.matrix.samples.joining import Joined, join_samples
from proteoclass.matrix.samples.reruns import RULES, merged, rerun_problem
from proteoclass.matrix.samples.sample_rows import Matching
from proteoclass.matrix.samples.sheet import NO_PATIENTS, complete_samples, read_samples
from proteoclass.matrix.tables.content import open_binary
from proteoclass.matrix.tables.preview import look_at
from proteoclass.matrix.wording import counted

_Path = str | os.PathLike[str]


@dataclass(frozen=True)
class ReadOptions:
    """How to read a matrix; each field is explained at `read_matrix`.

    Examples
    --------
    >>> ReadOptions(scale="raw").format
    'auto'
    """

    format: str = "auto"
    sheet: str | None = None
    proteins: _Path | pd.DataFrame | None = None
    scale: str = "auto"
    kind: str = "auto"
    fluid: str = "not stated"
    quantity: str = "auto"
    quantity_scope: str = "auto"
    columns: Mapping[str, str] | None = None
    known_proteins: Sequence[str] | None = None
    samples_sheet: str | None = None
    reruns: str = "list"

    def __post_init__(self) -> None:
        _check_choice("--format", self.format, FORMATS)
        _check_choice("--reruns", self.reruns, RULES)
        _check_choice("--quantity-scope", self.quantity_scope, ("auto", "run", "cohort"))


def read_matrix(
    path: _Path,
    samples: _Path | pd.DataFrame | None = None,
    *,
    format: str = "auto",
    sheet: str | None = None,
    proteins: _Path | pd.DataFrame | None = None,
    scale: str = "auto",
    kind: str = "auto",
    fluid: str = "not stated",
    quantity: str = "auto",
    quantity_scope: str = "auto",
    columns: Mapping[str, str] | None = None,
    known_proteins: Sequence[str] | None = None,
    samples_sheet: str | None = None,
    reruns: str = "list",
) -> ProteinMatrix:
    r"""Read protein quantities and the sample sheet that belongs to them.

    Parameters
    ----------
    path : path-like
        What a search engine or Olink's software wrote, or a wide table either way round:
        the formats of ``docs/formats.md``, found by their content.
    samples : path-like or DataFrame, optional
        The sample sheet. Samples of the matrix that it lacks are left out. Ids are matched
        as written first, then by run name: ``D:\data\a.raw`` is the run ``a``.
    format : str
        "auto", or a name of `proteoclass.matrix.formats.registry.FORMATS`.
    sheet : str, optional
        Sheet of a workbook; the first where left out.
    proteins : path-like or DataFrame, optional
        What the protein ids are: `protein_id`, `accession`, `gene`, `name`.
    scale : {"auto", "raw", "log2"}
    kind : {"auto", "intensity", "ratio", "npx"}
    fluid : {"not stated", "urine", "plasma", "serum", "csf", "saliva"}
    quantity : str
        Which of the file's quantities, such as "lfq" or "intensity" of MaxQuant; "auto" takes
        the one that the format's reader prefers, and `source.why` names the others.
    quantity_scope : {"auto", "run", "cohort"}
        "auto" is cohort for what is computed across runs, such as MaxLFQ, else run.
    columns : mapping of str to str, optional
        Role to column of the sample sheet.
    known_proteins : sequence of str, optional
        Ids of a model: they show which way round a table lies where there is no sheet.
    samples_sheet : str, optional
        Sheet of a workbook of samples; the first where left out.
    reruns : {"list", "refuse", "mean", "last", "keep"}
        What becomes of a sample that was run twice, by an equal name or by one such as
        "a_rerun" or "a_20230606030500" beside "a", unless the sheet lists each. "list"
        keeps the latter apart and refuses the former, "refuse" refuses both; "mean" takes
        the mean of the log2 values found, "last" the last run; "keep" keeps all, as
        replicates of the first.

    Returns
    -------
    ProteinMatrix
        `source.why` says what decided for the format, the scale and the kind;
        `source.notes` what was left out or assumed.

    Raises
    ------
    InputError
        If a file is not what is needed; the message locates the cell or the name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     _ = target.write_text("sample_id\tP02768\tP01034\ns1\t31.5\t22.1\ns2\t30.2\t\n")
    ...     matrix = read_matrix(target)
    >>> matrix.values.shape, matrix.scale, matrix.missing_rate
    ((2, 2), 'log2', 0.25)
    """
    options = ReadOptions(
        format=format,
        sheet=sheet,
        proteins=proteins,
        scale=scale,
        kind=kind,
        fluid=fluid,
        quantity=quantity,
        quantity_scope=quantity_scope,
        columns=columns,
        known_proteins=known_proteins,
        samples_sheet=samples_sheet,
        reruns=reruns,
    )
    return read_matched(path, samples, options)[0]


def read_matched(
    path: _Path, samples: _Path | pd.DataFrame | None, options: ReadOptions
) -> tuple[ProteinMatrix, Matching | None]:
    r"""Read as `read_matrix`, and return apart which sample was matched how.

    Parameters
    ----------
    path : path-like
    samples : path-like or DataFrame, optional
    options : ReadOptions

    Returns
    -------
    matrix : ProteinMatrix
    matching : Matching, optional
        None without a sample sheet. Its sentences are among the notes too.

    Raises
    ------
    InputError
        As `read_matrix`.

    Examples
    --------
    >>> import tempfile
    >>> sheet = pd.DataFrame({"sample_id": ["s1", "s9"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     _ = target.write_text("sample_id\tP02768\ns1\t31.5\n")
    ...     read_matched(target, sheet, ReadOptions())[1].not_in_matrix
    ('s9',)
    """
    people = _sample_sheet(samples, options)
    told = _protein_table(options.proteins)
    read = _quantities(path, people, told, options)
    joined = join_samples(read, people, options.reruns)
    if told is not None:
        read = read.describe(*filled_in(read.proteins, told, _short(options.proteins)))
    notes = [*read.notes]
    if people is not None:
        notes += people.attrs["notes"]
    if joined.samples is not None and "patient_id" in joined.samples:
        notes = [note for note in notes if note != NO_PATIENTS]
    leftovers = () if joined.matching is None else joined.matching.leftovers()
    built = _built(path, joined, read, options, (*notes, *joined.notes, *leftovers))
    sheet = "" if samples is None or isinstance(samples, pd.DataFrame) else Path(samples).name
    return replace(built, source=replace(built.source, sheet=sheet)), joined.matching


def _built(
    path: _Path, joined: Joined, read: Quantities, options: ReadOptions, notes: tuple[str, ...]
) -> ProteinMatrix:
    places = [place for group in joined.groups for place in group.places]
    every = places == list(range(len(read.values)))
    runs = read.values if every else read.values.iloc[places]  # a copy only where it must be
    scale, scale_why = _scale(runs, read, options)
    values, of_reruns = merged(read.values, joined.groups, options.reruns, scale, read.where)
    kind, kind_why = _kind(values, scale, read, options)
    doubts = (
        *_contradiction(values, scale, options.scale, read.where),
        *_zeros(values, scale, kind),
    )
    notes = (*notes, *of_reruns, *doubts)
    scope = options.quantity_scope
    if scope == "auto":
        scope = "cohort" if read.across_runs else "run"
    matrix = ProteinMatrix.build(
        values,
        joined.samples,
        read.proteins,
        scale=scale,
        kind=kind,
        quantity_scope=cast(QuantityScope, scope),
        fluid=cast(Fluid, (options.fluid == "not stated" and read.fluid) or options.fluid),
        source=Source(
            path=Path(path).name,
            sha256=read.sha256,
            format=read.format,
            why=f"{read.why}; scale: {scale_why}; kind: {kind_why}",
            notes=notes,
        ),
    )
    problem = rerun_problem(matrix.samples)
    return matrix.with_notes(problem) if problem else matrix


def _scale(values: pd.DataFrame, read: Quantities, options: ReadOptions) -> tuple[Scale, str]:
    if options.scale == "auto" and read.scale is not None:
        return read.scale, f"{read.scale}, as {read.format} writes it"
    return decide_scale(values, options.scale, read.where)


def _kind(
    values: pd.DataFrame, scale: Scale, read: Quantities, options: ReadOptions
) -> tuple[Kind, str]:
    if options.kind == "auto" and read.kind is not None:
        return read.kind, f"{read.kind}, as {read.format} writes it"
    return decide_kind(values, list(values.columns), scale, options.kind)


def _contradiction(values: pd.DataFrame, scale: str, asked: str, where: str) -> tuple[str, ...]:
    """Say so where the numbers contradict the scale that was declared for them."""
    if asked == "auto":
        return ()
    try:
        likely, why = decide_scale(values, "auto", where)
    except InputError:
        return ()  # they may be either: that is what the declaration is for
    if likely == scale:
        return ()
    return (f"Read on the {scale} scale as declared, but they look {likely}: {why}.",)


def _zeros(values: pd.DataFrame, scale: str, kind: str) -> tuple[str, ...]:
    """Say so where zeros among log2 intensities may stand for not detected."""
    if (scale, kind) != ("log2", "intensity"):
        return ()
    numbers = values.to_numpy(dtype=float)
    n_zeros = int((numbers == 0).sum())
    if not n_zeros or (numbers < 0).any():
        return ()
    return (
        f"Kept as values: {counted(n_zeros, 'cell')} of exactly 0 among log2 intensities. "
        "log2(x + 1) makes 0 of what was not detected: leave such cells empty, or give raw values.",
    )


def _check_choice(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError(
            f"{option} {value!r}: is not read by this version, expected one of {', '.join(allowed)}"
        )


def _sample_sheet(
    samples: _Path | pd.DataFrame | None, options: ReadOptions
) -> pd.DataFrame | None:
    if samples is None:
        return None
    if isinstance(samples, pd.DataFrame):
        return complete_samples(samples, options.columns)
    return read_samples(samples, sheet=options.samples_sheet, columns=options.columns)


def _quantities(
    path: _Path,
    samples: pd.DataFrame | None,
    told: pd.DataFrame | None,
    options: ReadOptions,
) -> Quantities:
    with open_binary(path) as stream:
        before = _state(stream)
    preview = look_at(path).of_sheet(options.sheet)
    found, why = find_format(preview, options.format)
    request = Request(
        preview,
        samples,
        (*(options.known_proteins or ()), *(() if told is None else told.index)),
        options.quantity,
        options.sheet,
        tuple((options.columns or {}).values()),
        options.reruns,
    )
    read = found.read(request)
    with open_binary(path) as stream:
        if _state(stream) != before:
            raise InputError(
                f"{path}: changed while it was read; wait until it is written, and read it again"
            )
        sha256 = read.sha256 or hashlib.file_digest(stream, "sha256").hexdigest()
    return replace(read, sha256=sha256, why=read.why or f"{found.title}: {why}")


def _state(stream: BinaryIO) -> tuple[int, int, int]:
    """Return what tells a file from another, and from itself before it was written to."""
    told = os.fstat(stream.fileno())
    return told.st_ino, told.st_size, told.st_mtime_ns


def _protein_table(
    proteins: _Path | pd.DataFrame | None,
) -> pd.DataFrame | None:
    if proteins is None:
        return None
    if isinstance(proteins, pd.DataFrame):
        return complete_proteins(proteins)
    return read_proteins(proteins)


def _short(proteins: _Path | pd.DataFrame | None) -> str:
    if proteins is None or isinstance(proteins, pd.DataFrame):
        return "protein table"
    return Path(proteins).name
