"""alphaDIA's protein groups: its matrix of groups x runs, or its long table of precursors."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import accessions_in, members
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.headers import ABOUT_PROTEINS, SAMPLE_HEADERS, plain
from proteoclass.matrix.long_reports.stream import OneOf, stream_quantities
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.wording import counted

#: Name of the column of groups: before version 2, and since.
_GROUPS = ("pg", "pg.name")
#: Columns of the tables of precursors and peptides, before version 2 and since.
_FINER = ("mod_seq_hash", "mod_seq_charge_hash", "precursor_idx")


@dataclass(frozen=True)
class _Form:
    """Columns of the long table of a version."""

    run: str
    group: str
    quantity: str
    decoy: str
    proteins: str
    genes: str
    precursor: str

    @property
    def marks(self) -> tuple[str, ...]:
        """Columns that no other table has together."""
        return self.run, self.group, self.quantity, self.precursor


_FORMS = (
    _Form(
        *("raw.name", "pg.name", "pg.intensity", "precursor.decoy", "pg.proteins", "pg.genes"),
        precursor="precursor.idx",
    ),
    _Form(
        *("run", "pg", "intensity", "decoy", "proteins", "genes"),
        precursor="precursor_idx",
    ),
)
_CHANNEL = re.compile(r"(.+)\.channel_(\d+)")


def recognise(preview: Preview) -> str:
    """Say why a file is a matrix of alphaDIA, "" where it is none.

    Parameters
    ----------
    preview : Preview

    Returns
    -------
    str

    Examples
    --------
    >>> recognise(Preview("pg.matrix.tsv", "text", ("pg", "run_0", "run_1"), (), ","))
    "column 'pg' of alphaDIA's protein groups"
    >>> recognise(Preview("a.tsv", "text", ("protein", "run_0"), (), ","))
    ''
    """
    if preview.container not in ("text", "parquet"):
        return ""
    if form := _precursors(preview):
        return f"columns {form.run!r} and {form.group!r} of alphaDIA's precursors"
    column = next((name for name in _GROUPS if name in preview.names), None)
    others = [name for name in preview.names if name != column]
    if column is None or not others:
        return ""
    # A picogram, or another program's "pg", stands beside names of proteins or of samples.
    if any(plain(name) in ABOUT_PROTEINS | SAMPLE_HEADERS for name in others):
        return ""
    return f"column {column!r} of alphaDIA's protein groups"


def read(request: Request) -> Quantities:
    r"""Read a matrix of protein groups x runs, or the precursors that it comes from.

    Parameters
    ----------
    request : Request
        Such a file has one quantity: `quantity` stays "auto", or is "intensity".

    Returns
    -------
    Quantities

    Raises
    ------
    InputError
        If the table is a matrix of peptides or precursors, a cell is text, a group is
        empty or repeats, or has two quantities in one run.

    Notes
    -----
    The names are those of alphaDIA's documentation and source: ``pg.matrix.tsv`` with a
    column ``pg`` before version 2, ``pg.matrix.parquet`` with ``pg.name`` since, one
    column a run, ``RUN.channel_N`` for labelled runs
    (https://github.com/MannLabs/alphadia, `docs/methods/output-format.md` and
    `misc/change_logs/breaking-changes-v2.0.0.md`). The quantities come from directLFQ,
    which looks across runs. In `precursors` the quantity of a group stands in each of its
    lines: ``pg.intensity``, before version 2 ``intensity`` beside ``pg`` and ``run``
    (`alphadia/outputtransform.py` of version 1 merges it there by group and run).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.tables.preview import look_at
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "pg.matrix.tsv"
    ...     _ = target.write_text("pg\trun_0\trun_1\nP02768;P01034\t200.5\t0\n")
    ...     read(Request(look_at(target))).values
           P02768;P01034
    run_0          200.5
    run_1            0.0
    """
    if request.quantity not in ("auto", "intensity"):
        raise InputError(
            f"{request.path}: no quantity {request.quantity!r}; alphaDIA's table has intensity only"
        )
    form = _precursors(request.preview)
    return _from_precursors(request, form) if form else _from_matrix(request)


def _from_matrix(request: Request) -> Quantities:
    table = request.table()
    column = next((name for name in _GROUPS if name in table.names), None)
    if column is None:
        raise InputError(
            f"{table.where}: no column 'pg' or 'pg.name'; found {name_list(table.names)}; "
            "expected alphaDIA's pg.matrix"
        )
    finer = [n for n in table.names if n in _FINER or n.startswith(("precursor.", "peptide."))]
    if finer:
        raise InputError(
            f"{table.where}: a table of peptides or precursors (column {finer[0]!r}), expected "
            "one of protein groups; give pg.matrix.parquet or pg.matrix.tsv of the same folder"
        )
    ids = [
        ";".join(part.strip() for part in name.split(";"))
        for name in row_ids(table, column, "protein")
    ]
    runs = [name for name in table.names if name != column]
    if not runs:
        raise InputError(f"{table.where}: no column of a run beside {column!r}; export it again")
    values, notes = table.numbers(runs)
    values = values.T
    values.columns = pd.Index(ids)
    values.index.name = None
    return Quantities.of(
        table,
        values=values,
        proteins=_described(values.columns),
        format="alphadia",
        why=f"alphaDIA protein groups: column {column!r} and {len(runs)} runs",
        notes=notes,
        across_runs=True,
        samples=_channels(values.index),
    )


def _precursors(preview: Preview) -> _Form | None:
    return next((form for form in _FORMS if set(form.marks) <= set(preview.names)), None)


def _from_precursors(request: Request, form: _Form) -> Quantities:
    names = request.preview.names
    told = {"accessions": form.proteins, "gene": form.genes}
    result = stream_quantities(
        request.preview,
        run=form.run,
        group=form.group,
        quantity=form.quantity,
        filters=[OneOf(form.decoy, ("0", "false"), "of decoys")] if form.decoy in names else [],
        keep={name: column for name, column in told.items() if column in names},
    )
    if result.conflict is not None:
        found = result.conflict
        raise InputError(
            f"{request.path}: row {found.row}: {form.quantity} of {found.group!r} in run "
            f"{found.run!r} is {found.found:g}, and {found.kept:g} in an earlier row "
            f"({counted(result.n_conflicts, 'such row')}); give pg.matrix of the same folder"
        )
    return Quantities(
        values=result.values,
        proteins=_described(result.values.columns, result.groups),
        format="alphadia",
        why=f"alphaDIA precursors: columns {form.run!r}, {form.group!r} and {form.quantity!r}",
        notes=result.notes,
        across_runs=True,
        where=request.path,
    )


def _described(ids: pd.Index, told: pd.DataFrame | None = None) -> pd.DataFrame:
    said = (told if told is not None else pd.DataFrame(index=ids)).reindex(
        index=ids, columns=["accessions", "gene"], fill_value=""
    )
    spelt = [accessions_in(name) for name in ids]
    return pd.DataFrame(
        {
            "accessions": [
                own or accessions_in(more) or ";".join(members(name))
                for own, more, name in zip(spelt, said["accessions"], ids, strict=True)
            ],
            "gene": list(said["gene"]),
            "name": "",
        },
        index=ids,
    )


def _channels(runs: pd.Index) -> pd.DataFrame | None:
    """Say which run and channel a sample is, where every column names its channel."""
    found = [_CHANNEL.fullmatch(str(run)) for run in runs]
    told = [(match.group(1), match.group(2)) for match in found if match]
    if len(told) < len(runs):
        return None
    return pd.DataFrame(told, index=runs, columns=["plex", "channel"])
