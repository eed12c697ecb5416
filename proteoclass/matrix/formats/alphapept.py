"""AlphaPept's results_proteins.csv: a table of proteins x samples, plain and LFQ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import accessions_in, members
from proteoclass.matrix.formats.quantities import Quantities, Request, row_ids
from proteoclass.matrix.formats.unwanted_rows import without_unwanted
from proteoclass.matrix.tables.preview import Preview
from proteoclass.matrix.tables.table import Table
from proteoclass.matrix.wording import counted

_LFQ = "_LFQ"
_DECOY = "REV_"
_UNNAMED = ("", "Unnamed: 0")


def recognise(preview: Preview) -> str:
    """Say why a file is AlphaPept's table of proteins, "" where it is none.

    Parameters
    ----------
    preview : Preview

    Returns
    -------
    str

    Examples
    --------
    >>> recognise(Preview("a.csv", "text", ("", "s1_LFQ", "s1"), (), ","))
    "columns 's1_LFQ' and 's1' beside one without a name"
    >>> recognise(Preview("a.csv", "text", ("protein", "s1_LFQ", "s1"), (), ","))
    ''
    """
    if preview.container not in ("text", "workbook") or not preview.names:
        return ""
    first, *columns = preview.names
    pairs = _pairs(columns)
    if first not in _UNNAMED or not pairs or len(columns) != 2 * len(pairs):
        return ""
    return f"columns {pairs[0] + _LFQ!r} and {pairs[0]!r} beside one without a name"


def read(request: Request) -> Quantities:
    r"""Read AlphaPept's table of proteins.

    Parameters
    ----------
    request : Request
        `quantity` "lfq" (the default) takes the columns ``SAMPLE_LFQ``, "intensity" the
        columns ``SAMPLE``.

    Returns
    -------
    Quantities
        Protein ids are the accessions of a group joined by ";"; where two groups have
        the same ones, as when a contaminant list repeats a protein, the names as written.

    Raises
    ------
    InputError
        If the quantity is unknown, a cell is text, a group is empty or repeats, or only
        decoys are left.

    Notes
    -----
    The form of the table (no name over the proteins, groups joined by commas, ``REV_``
    before a decoy, ``SAMPLE_LFQ`` beside ``SAMPLE``) is that of AlphaPept's results as
    the AlphaPeptStats reader describes it: https://github.com/MannLabs/alphapeptstats
    (`alphapept_loader.py`) and https://mannlabs.github.io/alphapept/file_formats.html.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from proteoclass.matrix.tables.preview import look_at
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "results_proteins.csv"
    ...     _ = target.write_text(",s1_LFQ,s1\nsp|P02768|ALBU_HUMAN,200.5,150.5\n")
    ...     read(Request(look_at(target))).values
        P02768
    s1   200.5
    """
    table = request.table()
    columns = _columns(table, request.quantity)
    chosen = "lfq" if next(iter(columns)).endswith(_LFQ) else "intensity"
    id_column = table.names[0]
    kept, notes = _without_decoys(table, id_column)
    written = [name.replace(",", ";") for name in row_ids(kept, id_column, "protein")]
    ids, more = _ids(written)
    values, commas = kept.numbers(columns)
    values = values.rename(columns=columns).T
    values.columns = pd.Index(ids)
    values.index.name = None
    accessions = [accessions_in(name) or ";".join(members(name)) for name in written]
    other = "intensity" if chosen == "lfq" else "lfq"
    return Quantities.of(
        table,
        values=values,
        proteins=pd.DataFrame({"accessions": accessions, "gene": "", "name": ""}, index=ids),
        format="alphapept",
        why=f"AlphaPept proteins: {len(columns)} columns of {chosen}; --quantity {other} "
        "takes the others",
        notes=(*notes, *more, *commas),
        across_runs=chosen == "lfq",
    )


def _pairs(names: Sequence[str]) -> list[str]:
    """Return the samples that have a plain and an LFQ column."""
    present = frozenset(names)
    return [name for name in names if name + _LFQ in present]


def _columns(table: Table, quantity: str) -> dict[str, str]:
    samples = _pairs(table.names[1:])
    choices = {
        "lfq": {sample + _LFQ: sample for sample in samples},
        "intensity": {sample: sample for sample in samples},
    }
    if not samples:
        raise InputError(
            f"{table.where}: no pair of columns SAMPLE and SAMPLE_LFQ; found "
            f"{name_list(table.names)}; expected AlphaPept's results_proteins.csv"
        )
    if quantity == "auto":
        quantity = "lfq"
    if quantity not in choices:
        raise InputError(
            f"{table.where}: no quantity {quantity!r}; the table has {', '.join(choices)}"
        )
    return choices[quantity]


def _without_decoys(table: Table, id_column: str) -> tuple[Table, tuple[str, ...]]:
    decoy = np.array([_DECOY in name for name in table.text(id_column)])
    kept, notes = without_unwanted(table, {"decoys": decoy})
    return kept, (
        *notes,
        "AlphaPept marks no contaminants: proteins of a contaminant list are still in.",
    )


def _ids(written: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    short = [";".join(members(name)) for name in written]
    times = Counter(short)
    repeated = sum(times[name] > 1 for name in short)
    ids = [s if times[s] == 1 else w for s, w in zip(short, written, strict=True)]
    if not repeated:
        return ids, ()
    return ids, (
        f"{counted(repeated, 'protein group')} with the accessions of another kept the name as "
        "written.",
    )
