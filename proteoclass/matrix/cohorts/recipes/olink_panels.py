"""The panels of the two hospitals' NPX Manager workbooks (Zoodsma 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from proteoclass.errors import InputError
from proteoclass.matrix.formats.olink_wide import Block, is_npx_sheet, parse_sheet
from proteoclass.matrix.tables.content import read_bytes
from proteoclass.matrix.tables.workbook import open_workbook, sheet_rows

#: Largest share of samples under the limit of detection; data/MHH/qc.R of the repository.
MOST_BELOW_LIMIT = 0.20

#: Assays that pass in these two hospitals and that the authors left out nevertheless: all
#: their matrices were cut to what passed in a third cohort as well, which is not in these
#: files (data/Radboud/merge_data.R and data/load_data.R of the repository).
FAILED_ELSEWHERE = frozenset(
    (
        *("OID00474", "OID00482", "OID00483", "OID00485", "OID00502", "OID00514", "OID00528"),
        *("OID00538", "OID01263", "OID01279", "OID00383", "OID00390", "OID00403", "OID00415"),
        *("OID00421", "OID00424", "OID00455", "OID00464"),
    )
)


def read_panels(path: Path) -> dict[str, list[Block]]:
    """Return the blocks of each panel of a workbook, in the order of its sheets.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to list of Block
        The blocks of a panel are its plates and hold the same assays in the same order.

    Raises
    ------
    InputError
        If the file is no such workbook.
    """
    data = read_bytes(path)
    panels: dict[str, list[Block]] = {}
    with open_workbook(data, str(path)) as book:
        for title in [page.title for page in book.worksheets]:
            where = f"{path}, sheet {title!r}"
            places, rows = sheet_rows(data, book, title, where)
            if is_npx_sheet(rows[:40]):
                for block in parse_sheet(places, rows, title, where).blocks:
                    panels.setdefault(block.panel, []).append(block)
    for panel, blocks in panels.items():
        if any(block.assays != blocks[0].assays for block in blocks):
            raise InputError(f"{path}: the sheets of panel {panel!r} hold different assays")
    if not panels:
        raise InputError(f"{path}: no sheet with NPX; expected the file of the pinned commit")
    return panels


def kept_assays(blocks: Sequence[Block]) -> list[str]:
    """Return the assays of a panel that the authors kept, by OlinkID.

    Those with at most `MOST_BELOW_LIMIT` of the samples under the limit of detection on
    each sheet, without those of `FAILED_ELSEWHERE`.
    """
    below = [np.mean(block.values.to_numpy() < block.limits, axis=0) for block in blocks]
    worst = np.max(below, axis=0)
    return [
        assay.olink_id
        for assay, share in zip(blocks[0].assays, worst, strict=True)
        if share <= MOST_BELOW_LIMIT and assay.olink_id not in FAILED_ELSEWHERE
    ]


def passed(block: Block, assays: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Return a block's samples whose quality control says Pass, and the ids of the others.

    Returns
    -------
    values : DataFrame, shape (n_passed, n_assays)
        By sample and OlinkID.
    warned : list of str
    """
    ok = np.array([word == "Pass" for word in block.warnings])
    ids = np.array(block.ids, dtype=object)
    by_id = [assay.olink_id for assay in block.assays]
    values = pd.DataFrame(block.values.to_numpy(), index=ids, columns=by_id)
    return values.loc[ok, list(assays)], list(ids[~ok])
