"""Panels side by side and plates one under the other: the blocks of a workbook as one table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.olink_assays import describe_assays, unique_assays
from proteoclass.matrix.formats.olink_wide import Block
from proteoclass.matrix.tables.delimited import MAX_CELLS
from proteoclass.matrix.wording import counted

_Run = tuple[str, int, int]


@dataclass(frozen=True, eq=False)
class Plates:
    """All blocks of a workbook as one table.

    Parameters
    ----------
    values : DataFrame of float, shape (n_rows, n_assays)
        The index repeats a sample that was measured more than once.
    proteins : DataFrame, shape (n_assays, 4)
    samples : DataFrame, shape (n_rows, 2)
        `batch` (plate, or sheet where no plate is told) and `qc_warning`, row by row.
    notes : tuple of str
    """

    values: pd.DataFrame
    proteins: pd.DataFrame
    samples: pd.DataFrame
    notes: tuple[str, ...]


def join_blocks(blocks: Sequence[Block], where: str) -> Plates:
    """Join the panels of a sample, and put plates one under the other.

    Parameters
    ----------
    blocks : sequence of Block
        In the order of the workbook.
    where : str
        File, for messages.

    Returns
    -------
    Plates

    Raises
    ------
    InputError
        If one sheet spreads over the panels of several others, an assay number stands for
        two proteins, or the table would be too large.

    Notes
    -----
    A sample with one row on each panel is one row. A sample with several rows on a panel (a
    bridging or repeated sample) stays several rows of the same name, never averaged here:
    the n-th sheets of the panels belong together where each panel has as many sheets, else
    the n-th rows of the sample do.
    """
    groups = _group_panels(blocks, where)
    assays = unique_assays((assay for block in blocks for assay in block.assays), where)
    proteins = describe_assays(assays, where)
    runs = _runs(blocks, groups)
    order: dict[_Run, int] = {}
    for run in (run for block in runs for run in block):
        order.setdefault(run, len(order))
    if len(order) * len(assays) > MAX_CELLS:
        raise InputError(
            f"{where}: makes {len(order)} samples x {len(assays)} assays, at most {MAX_CELLS} "
            "cells are read; read one sheet with --sheet"
        )
    column = {assay.key: i for i, assay in enumerate(assays)}
    values = np.full((len(order), len(assays)), np.nan)
    for block, keys in zip(blocks, runs, strict=True):
        rows = [order[key] for key in keys]
        columns = [column[assay.key] for assay in block.assays]
        values[np.ix_(rows, columns)] = block.values.to_numpy()
    index = pd.Index([name for name, _, _ in order], dtype=object)
    return Plates(
        pd.DataFrame(values, index, proteins.index),
        proteins,
        _told(blocks, runs, order, index),
        (*_absent(blocks, groups, runs, order), *_repeats(order, several=len(set(groups)) > 1)),
    )


def _group_panels(blocks: Sequence[Block], where: str) -> list[int]:
    """Give each block the number of its panel: those that share an assay are its plates."""
    owner: dict[tuple[str, ...], int] = {}
    groups: list[int] = []
    for block in blocks:
        keys = [assay.key for assay in block.assays]
        hits = {owner[key] for key in keys if key in owner}
        if len(hits) > 1:
            raise InputError(
                f"{where}, sheet {block.sheet!r}: panel {block.panel!r} holds assays of several "
                "panels of the other sheets; read one sheet with --sheet"
            )
        group = hits.pop() if hits else len(set(groups))
        owner.update(dict.fromkeys(keys, group))
        groups.append(group)
    return groups


def _runs(blocks: Sequence[Block], groups: Sequence[int]) -> list[list[_Run]]:
    """Give each row of each block the run of its sample that it belongs to."""
    sheets = Counter(groups)
    in_step = len(set(sheets.values())) == 1
    total: Counter[tuple[int, str]] = Counter()
    for block, group in zip(blocks, groups, strict=True):
        total.update((group, name) for name in block.ids)
    repeated = {name for (_, name), n in total.items() if n > 1}
    rank: Counter[int] = Counter()
    seen: Counter[tuple[int, int, str]] = Counter()
    runs = []
    for block, group in zip(blocks, groups, strict=True):
        step = rank[group] if in_step else 0
        rank[group] += 1
        keys = []
        for name in block.ids:
            if name not in repeated:
                keys.append((name, 0, 0))
                continue
            keys.append((name, step, seen[group, step, name]))
            seen[group, step, name] += 1
        runs.append(keys)
    return runs


def _told(
    blocks: Sequence[Block], runs: list[list[_Run]], order: dict[_Run, int], index: pd.Index
) -> pd.DataFrame:
    """Collect plate and QC warning of each row over its panels."""
    plates: dict[int, dict[str, None]] = defaultdict(dict)
    warnings: dict[int, dict[str, None]] = defaultdict(dict)
    told = any(any(block.warnings) for block in blocks)
    several = len({block.panel for block in blocks}) > 1
    for block, keys in zip(blocks, runs, strict=True):
        for key, plate, warning in zip(keys, block.plates, block.warnings, strict=True):
            plates[order[key]][plate or f"sheet {block.sheet}"] = None
            if warning and warning.lower() != "pass":
                text = f"{block.panel}: {warning}" if several else warning
                warnings[order[key]][text] = None
    frame = pd.DataFrame({"batch": ["; ".join(plates[i]) for i in range(len(index))]}, index=index)
    if told:
        frame["qc_warning"] = ["; ".join(warnings[i]) or "Pass" for i in range(len(index))]
    return frame


def _absent(
    blocks: Sequence[Block], groups: Sequence[int], runs: list[list[_Run]], order: dict[_Run, int]
) -> tuple[str, ...]:
    """Say which panels do not hold all rows."""
    held: dict[int, set[_Run]] = defaultdict(set)
    names: dict[int, str] = {}
    for block, group, keys in zip(blocks, groups, runs, strict=True):
        held[group].update(keys)
        names.setdefault(group, block.panel)
    notes = []
    for group, present in held.items():
        lacking = [run[0] for run in order if run not in present]
        if lacking:
            notes.append(
                f"Not measured on panel {names[group]}, missing there: "
                f"{counted(len(lacking), 'row')} ({name_list(lacking)})."
            )
    return tuple(notes)


def _repeats(order: dict[_Run, int], *, several: bool) -> tuple[str, ...]:
    """Say which samples have several rows, and where their panels were paired by order alone."""
    counts = Counter(name for name, _, _ in order)
    repeated = [name for name, n in counts.items() if n > 1]
    if not repeated:
        return ()
    rows = sum(counts[name] for name in repeated)
    verb = "is" if len(repeated) == 1 else "are"
    notes = [
        f"{counted(len(repeated), 'sample')} {verb} on several plates or in several rows of one "
        f"panel ({name_list(repeated)}): {rows} rows, each with its plate."
    ]
    by_order = list(dict.fromkeys(name for name, _, count in order if count))
    if by_order and several:
        notes.append(
            f"Rows of one sample that no sheet tells apart were joined across panels in their "
            f"order: {counted(len(by_order), 'sample')} ({name_list(by_order)})."
        )
    return tuple(notes)
