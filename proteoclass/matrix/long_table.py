"""A wide Parquet table with more samples than fit into memory, read some at a time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.io import sha256_file
from proteoclass.matrix.formats.orientation import looks_like_protein
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.read import ReadOptions, read_matched
from proteoclass.matrix.samples.runs import is_marked, run_name, stamp
from proteoclass.matrix.tables.content import PARQUET_MAGIC, open_binary

#: Samples read at a time; a table that has no more is read whole.
ROWS_AT_A_TIME = 32_768
#: Samples that show what the columns are.
_HEAD_ROWS = 200


@dataclass(frozen=True, eq=False)
class LongTable:
    """A table of samples in rows, of which only some are in memory at a time.

    Parameters
    ----------
    path : path-like
    head : ProteinMatrix
        Its first samples, with all its proteins; `source` says what was decided.
    id_column : str
        Column of the sample ids.
    n_samples : int
    """

    path: str | os.PathLike[str]
    head: ProteinMatrix
    id_column: str
    n_samples: int

    def blocks(self, proteins: Sequence[str]) -> Iterator[ProteinMatrix]:
        """Read some proteins of all samples.

        Parameters
        ----------
        proteins : sequence of str
            Ids, as in `head`.

        Yields
        ------
        ProteinMatrix
            Of the next samples, as `read_matrix` of the whole table would hold them.

        Raises
        ------
        InputError
            If a value is infinite, or negative on the raw scale, or the file changed
            since it was looked at.

        Notes
        -----
        A fault in a protein that was not asked for is not seen, where `read_matrix` refuses
        the file.
        """
        from proteoclass.matrix.tables.parquet import parquet_blocks

        head, columns = self.head, [self.id_column, *proteins]
        told = head.proteins.loc[list(proteins)]
        for block in parquet_blocks(self.path, ROWS_AT_A_TIME, columns):
            values = block[list(proteins)].set_axis(pd.Index(block[self.id_column]), axis=0)
            yield ProteinMatrix.build(
                values,
                proteins=told,
                scale=head.scale,
                kind=head.kind,
                quantity_scope=head.quantity_scope,
                fluid=head.fluid,
                source=head.source,
            )
        if sha256_file(self.path) != head.source.sha256:
            raise InputError(
                f"{self.path}: changed while it was read; wait until it is written, and read it "
                "again"
            )


def find_long_table(path: str | os.PathLike[str], options: ReadOptions) -> LongTable | None:
    """Find out whether a file can be read some samples at a time with the same result.

    Parameters
    ----------
    path : path-like
    options : ReadOptions
        With `known_proteins` and a declared scale and kind: what a whole table decides
        cannot be known from a part of it.

    Returns
    -------
    LongTable or None
        None for whatever is not a long Parquet table of samples in rows with an id of its
        own in each, in columns of numbers: `read_matrix` reads it whole, or says what is wrong.

    Raises
    ------
    SystemFailureError
        If the operating system refuses.
    """
    declared = "auto" not in (options.scale, options.kind)
    if not declared or options.reruns != "list" or options.proteins is not None:
        return None
    with open_binary(path) as stream:
        if stream.read(len(PARQUET_MAGIC)) != PARQUET_MAGIC:
            return None
    try:
        return _long_table(path, options)
    except InputError:
        # Read whole, the file is told apart from others and its fault is located.
        return None


def _long_table(path: str | os.PathLike[str], options: ReadOptions) -> LongTable | None:
    from proteoclass.matrix.tables.parquet import open_parquet, parquet_blocks

    with open_parquet(path) as file:
        n_samples = file.metadata.num_rows
    if n_samples <= ROWS_AT_A_TIME:
        return None
    before = sha256_file(path)
    first = next(parquet_blocks(path, _HEAD_ROWS))
    head = _head(path, options)
    textual = [str(name) for name in first if first[name].dtype == object]
    ids = [name for name in textual if first[name].tolist() == head.values.index.tolist()]
    if head.source.format != "wide" or len(ids) != 1 or len(set(first.columns)) != first.shape[1]:
        return None
    known = set(options.known_proteins or ())
    # A column of text may hold a number further down, and be a protein after all.
    if any(name in known or looks_like_protein(name) for name in set(textual) - set(ids)):
        return None
    if not _plain_ids(path, ids[0], n_samples, known):
        return None
    head = replace(head, source=replace(head.source, sha256=before))
    return LongTable(path, head, ids[0], n_samples)


def _head(path: str | os.PathLike[str], options: ReadOptions) -> ProteinMatrix:
    """Read the first samples as a file of their own, by all the rules of the whole one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from proteoclass.matrix.tables.parquet import open_parquet

    with tempfile.TemporaryDirectory(prefix="proteoclass-") as folder:
        part = Path(folder) / Path(path).name
        with open_parquet(path, buffer_size=1 << 16, pre_buffer=False) as file:
            batches = list(islice(file.iter_batches(_HEAD_ROWS, use_threads=False), 1))
            pq.write_table(pa.Table.from_batches(batches, file.schema_arrow), part)
        return read_matched(part, None, options)[0]


def _plain_ids(path: str | os.PathLike[str], column: str, n_samples: int, known: set[str]) -> bool:
    """Say whether every sample has a name of its own that is no file's, rerun's or protein's."""
    from proteoclass.matrix.tables.parquet import parquet_blocks

    # Eight bytes a sample; two names with one number are left to those who read it whole.
    numbers = np.empty(n_samples, dtype=np.int64)
    place = 0
    for block in parquet_blocks(path, ROWS_AT_A_TIME, [column]):
        names = block[column].tolist()
        if not all(_is_plain(name) and name not in known for name in names):
            return False
        numbers[place : place + len(names)] = [hash(name) for name in names]
        place += len(names)
    numbers.sort()
    return bool((numbers[1:] != numbers[:-1]).all())


def _is_plain(name: object) -> bool:
    return (
        isinstance(name, str)
        and bool(name.strip())
        and name == name.strip()
        and run_name(name) == name
        and not is_marked(name)
        and not stamp(name)
    )
