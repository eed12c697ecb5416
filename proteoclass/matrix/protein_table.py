"""A table that says what protein ids are: accessions, genes, names."""

from __future__ import annotations

import os

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import members
from proteoclass.matrix.headers import plain
from proteoclass.matrix.protein_matrix import PROTEIN_COLUMNS
from proteoclass.matrix.tables.table import read_table
from proteoclass.matrix.wording import counted

_HEADERS = {
    "id": ("proteinid", "id"),
    "accessions": ("accessions", "accession", "uniprot", "uniprotid"),
    "gene": ("gene", "genes", "genename", "genesymbol"),
    "name": ("name", "proteinname", "description"),
}


def read_proteins(path: str | os.PathLike[str]) -> pd.DataFrame:
    r"""Read a table of proteins.

    Parameters
    ----------
    path : path-like
        With a column `protein_id` (or `id`) and any of `accessions`, `gene`, `name`.

    Returns
    -------
    DataFrame, shape (n_proteins, 3)
        Indexed by protein id; columns `accessions`, `gene`, `name`, "" where unknown.

    Raises
    ------
    InputError
        If the id column is absent, or an id is empty or stands for two proteins.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = pathlib.Path(folder) / "proteins.tsv"
    ...     _ = target.write_text("protein_id\taccession\nOID00471\tP10145\n")
    ...     read_proteins(target).loc["OID00471", "accessions"]
    'P10145'
    """
    table = read_table(path, all_text=True)
    return complete_proteins(
        pd.DataFrame({name: table.text(name) for name in table.names}, dtype=object), table.where
    )


def complete_proteins(frame: pd.DataFrame, where: str = "protein table") -> pd.DataFrame:
    """Bring a table of proteins in memory into the form that `read_proteins` gives.

    Parameters
    ----------
    frame : DataFrame
        With a column `protein_id` or `id`, or indexed by protein id.
    where : str
        What to call it in messages.

    Returns
    -------
    DataFrame, shape (n_proteins, 3)

    Raises
    ------
    InputError
        As `read_proteins`.

    Examples
    --------
    >>> complete_proteins(pd.DataFrame({"gene": ["ALB"]}, index=["P02768"])).loc["P02768", "gene"]
    'ALB'
    """
    found = {
        target: next((c for h in names for c in frame.columns if plain(str(c)) == h), None)
        for target, names in _HEADERS.items()
    }
    if found["id"] is None and isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{where}: no column 'protein_id'; found {name_list(frame.columns, 12)}; "
            "name the column of protein ids so"
        )
    ids = frame.index if found["id"] is None else frame[found["id"]]
    told = pd.DataFrame({"protein_id": [str(name).strip() for name in ids]}, dtype=object)
    for target in PROTEIN_COLUMNS:
        source = found[target]
        cells = [""] * len(told) if source is None else frame[source].fillna("").astype(str)
        told[target] = [cell.strip() for cell in cells]
    told["accessions"] = [";".join(members(group)) for group in told["accessions"]]
    told = told.drop_duplicates()
    if (told["protein_id"] == "").any():
        raise InputError(
            f"{where}: {(told['protein_id'] == '').sum()} rows have no protein id; name them"
        )
    repeated = told["protein_id"][told["protein_id"].duplicated()].unique()
    if len(repeated):
        raise InputError(
            f"{where}: {len(repeated)} protein ids have two different rows: {name_list(repeated)}; "
            "keep one of each"
        )
    return told.set_index("protein_id")


def filled_in(
    proteins: pd.DataFrame, told: pd.DataFrame, where: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Fill what a matrix says of its proteins from a table of proteins.

    Parameters
    ----------
    proteins : DataFrame, shape (n_proteins, >= 0)
        Indexed by protein id.
    told : DataFrame
        As `read_proteins` gives; what it says goes before what the matrix says.
    where : str
        Name of the table, for the notes.

    Returns
    -------
    proteins : DataFrame, shape (n_proteins, >= 3)
    notes : tuple of str
        Counts of ids on one side only.

    Raises
    ------
    InputError
        If no id is on both sides.

    Examples
    --------
    >>> told = pd.DataFrame({"accessions": "P10145", "gene": "CXCL8", "name": ""}, index=["a", "b"])
    >>> filled_in(pd.DataFrame(index=["a"]), told, "p.tsv")[1]
    ('Not in the matrix: 1 protein of p.tsv (b).',)
    """
    shared = proteins.index.intersection(told.index)
    if not len(shared):
        raise InputError(
            f"{where}: no protein id of it is in the matrix; it has {name_list(told.index)}, "
            f"the matrix {name_list(proteins.index)}; use the same ids in both"
        )
    notes = []
    for names, what in (
        (told.index.difference(proteins.index), "Not in the matrix: {} of {}"),
        (proteins.index.difference(told.index), "Not in {1}: {0} of the matrix"),
    ):
        if len(names):
            sentence = what.format(counted(len(names), "protein"), where)
            notes.append(f"{sentence} ({name_list(names)}).")
    filled = proteins.copy()
    for column in PROTEIN_COLUMNS:
        news = told[column].reindex(filled.index).fillna("")
        old = filled[column] if column in filled else pd.Series("", index=filled.index)
        filled[column] = news.where(news != "", old)
    return filled, tuple(notes)
