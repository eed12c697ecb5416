"""DIA-NN's matrices of protein groups and of genes."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.contaminants import without_contaminants
from proteoclass.matrix.formats.diann import ABOUT_GROUPS
from proteoclass.matrix.formats.diann_groups import described
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.headers import ABOUT_PROTEINS, plain
from proteoclass.matrix.tables.content import open_binary
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table
from proteoclass.matrix.wording import counted


def read_groups(request: Request, id_column: Literal["Protein.Group", "Genes"]) -> Quantities:
    """Read ``report.pg_matrix.tsv``, ``gg_matrix`` or ``unique_genes_matrix``.

    Parameters
    ----------
    request : Request
    id_column : {"Protein.Group", "Genes"}

    Returns
    -------
    Quantities
        MaxLFQ quantities, normalised across runs; a sample is a column that does not
        describe the group.

    Raises
    ------
    InputError
        If there is no run, a quantity is text, a group repeats, a row is cut short, or
        ``--quantity`` asks for what a matrix has not.

    Notes
    -----
    DIA-NN filters its matrices at 1 % FDR itself and leaves zero quantities out
    (https://github.com/vdemichev/DiaNN, Output, Matrices).
    """
    if request.quantity not in ("auto", "maxlfq"):
        raise InputError(
            f"{request.path}: no quantity {request.quantity!r}, a matrix of DIA-NN has maxlfq; "
            "pass the main report for the others"
        )
    table, notes = _table(request)
    runs, aside = _runs(table, request)
    ids = row_ids(table, id_column, "protein")
    numbers, more = table.numbers(runs)
    kept, dropped = without_contaminants(ids, table.where)
    values = numbers.set_axis(ids, axis=0).loc[kept].T
    values.index.name = None
    if id_column == "Genes":
        more = (*more, "The rows are genes, not protein groups: there are no accessions.")
    proteins = described(ids, table.told("Genes"), _names(table)).loc[kept]
    if id_column == "Genes":
        proteins["accessions"] = ""
    return Quantities.of(
        table,
        values=values,
        proteins=proteins,
        format="diann",
        why=f"DIA-NN matrix: column {id_column!r} and {counted(len(runs), 'run')} of MaxLFQ "
        "quantities",
        notes=(*notes, *aside, *more, *dropped),
        across_runs=True,
    )


def _runs(table: Table, request: Request) -> tuple[list[str], tuple[str, ...]]:
    """Return the columns of runs; people add the length or the mass of a protein beside them."""
    others = [name for name in table.names if name not in ABOUT_GROUPS]
    listed = frozenset[str]() if request.samples is None else frozenset(request.samples.index)
    aside = [name for name in others if plain(name) in ABOUT_PROTEINS and name not in listed]
    runs = [name for name in others if name not in aside]
    if not runs:
        raise InputError(
            f"{table.where}: no column of a run beside {name_list(table.names, 8)}; export it again"
        )
    if not aside:
        return runs, ()
    return runs, (
        f"Left out, about proteins and no runs: {counted(len(aside), 'column')} "
        f"({name_list(aside)}).",
    )


def _names(table: Table) -> list[str]:
    told = zip(table.told("First.Protein.Description"), table.told("Protein.Names"), strict=True)
    return [description or name for description, name in told]


def _table(request: Request) -> tuple[Table, tuple[str, ...]]:
    """Read the table, filling rows whose line ends an editor trimmed."""
    preview = request.preview
    about = [i for i, name in enumerate(preview.names) if name in ABOUT_GROUPS]
    if preview.container != "text" or not _is_trimmed(preview, max(about) + 1):
        return request.table(), ()
    table = request.table(required=lambda header: min(len(header), max(about) + 1))
    # The table reader takes the short rows for ones that lack columns that nobody reads.
    short = [note for note in table.notes if "rows end early" in note]
    if not short:
        return table, ()
    others = tuple(note for note in table.notes if note not in short)
    note = (
        f"Rows that end early: {short[0].split(' ', 1)[0]}. No line of the file ends in a "
        "separator, so blanks at line ends were trimmed; the runs not reached were taken for not "
        "detected."
    )
    return replace(table, notes=others), (note,)


def _is_trimmed(preview: Preview, n_about: int) -> bool:
    """Say whether blanks at line ends were trimmed, and nothing else is missing.

    Then no line ends in a separator though runs have empty cells elsewhere, and the last
    line is whole: a row that is short in another file has lost something.
    """
    mark = preview.separator.encode()
    last, has_blanks = b"", False
    with open_binary(preview.path) as stream:
        lines: Iterable[bytes] = gzip.GzipFile(fileobj=stream) if preview.gzipped else stream
        try:
            for last in lines:
                line = last.rstrip(b"\r\n")
                if line.endswith(mark):
                    return False
                runs = line.split(mark, n_about)[-1]
                has_blanks = has_blanks or runs.startswith(mark) or mark * 2 in runs
        except (OSError, EOFError, zlib.error):
            return False  # damaged: the table reader says so
    return has_blanks and last.endswith((b"\n", b"\r"))
