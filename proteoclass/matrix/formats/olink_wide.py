"""Olink NPX Manager workbooks: sheets of samples x assays with LOD rows beneath."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.olink_assays import Assay, panel_name
from proteoclass.matrix.formats.olink_controls import is_control_assay
from proteoclass.matrix.headers import plain
from proteoclass.matrix.tables.cells import MISSING, numbers
from proteoclass.matrix.tables.workbook import cell_text, sheet_column
from proteoclass.matrix.wording import counted

#: Labels of the rows above the samples that say what the columns are.
_ABOVE = frozenset(("panel", "assay", "uniprotid", "uniprot", "olinkid", "unit", "panelversion"))
#: Labels of the rows beneath the samples.
_BENEATH = frozenset(
    (
        *("lod", "maxlod", "platelod", "missingdatafreq", "normalization", "assaywarning"),
        *("lloq", "uloq", "lowestquantifiablelevel"),
    )
)
_LIMITS = ("lod", "maxlod", "platelod")


@dataclass(frozen=True, eq=False)
class Block:
    """The samples of one panel on one sheet.

    Parameters
    ----------
    sheet : str
    panel : str
        Without its version.
    assays : list of Assay, length n_assays
    ids : list of str, length n_samples
        As in the file; may repeat.
    values : DataFrame of float, shape (n_samples, n_assays)
        NPX, log2.
    plates, warnings : list of str, length n_samples
        Plate ID and QC Warning, "" where the sheet has no such column.
    limits : array of float, shape (n_samples, n_assays)
        Limit of detection of each value, NaN where the sheet has none.
    """

    sheet: str
    panel: str
    assays: list[Assay]
    ids: list[str]
    values: pd.DataFrame
    plates: list[str]
    warnings: list[str]
    limits: npt.NDArray[np.float64]

    def without(self, rows: Sequence[int]) -> Block:
        """Return the block without some of its rows."""
        left = set(rows)
        kept = [i for i in range(len(self.ids)) if i not in left]
        ids, plates, warnings = (
            [cells[i] for i in kept] for cells in (self.ids, self.plates, self.warnings)
        )
        return replace(
            self,
            ids=ids,
            plates=plates,
            warnings=warnings,
            values=self.values.iloc[kept],
            limits=self.limits[kept],
        )


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet of an NPX Manager workbook.

    Parameters
    ----------
    blocks : list of Block
        One for each panel.
    control_assays : list of str
        Columns of internal controls, left out.
    normalisations : dict of str to int
        How Olink's software normalised, to the number of values.
    notes : tuple of str
    """

    blocks: list[Block]
    control_assays: list[str]
    normalisations: dict[str, int]
    notes: tuple[str, ...]


def is_npx_sheet(rows: Sequence[Sequence[Any]]) -> bool:
    """Say whether the first rows of a sheet are laid out as NPX Manager does.

    Parameters
    ----------
    rows : sequence of sequence
        Cells of the first rows.

    Returns
    -------
    bool

    Notes
    -----
    Rows "Panel" and "Assay", and under them "Uniprot ID" or "OlinkID", in the first column.

    Examples
    --------
    >>> is_npx_sheet([["NPX data"], ["Panel", "INF"], ["Assay", "IL8"], ["Uniprot ID", "P10145"]])
    True
    """
    labels = [plain(cell_text(row[0])) if row else "" for row in rows]
    if "assay" not in labels or "panel" not in labels[: labels.index("assay")]:
        return False
    under = labels[labels.index("assay") + 1 :][:3]
    return bool({"uniprotid", "uniprot", "olinkid"} & set(under))


def parse_sheet(places: list[int], rows: list[list[Any]], sheet: str, where: str) -> Sheet:
    """Cut a sheet into the samples of each panel.

    Parameters
    ----------
    places : list of int, length n_rows
        Row numbers in the sheet.
    rows : list of list
        Cells of the rows that hold something, equally long.
    sheet : str
        Its name.
    where : str
        File and sheet, for messages.

    Returns
    -------
    Sheet

    Raises
    ------
    InputError
        If the sheet holds Ct or quantified values, has no sample or no assay, a sample has
        no id, an assay repeats, a value is text, or rows follow the LOD rows.
    """
    layout = _Layout.of(places, rows, where)
    columns = _Columns.of(layout, where)
    blocks = []
    for panel, at in columns.panels.items():
        blocks.append(_block(layout, columns, panel, at, sheet, where))
    ways = _normalisations(layout, [i for at in columns.panels.values() for i in at])
    return Sheet(blocks, columns.controls, ways, (*layout.notes, *columns.notes))


@dataclass(frozen=True, eq=False)
class _Layout:
    """Rows of a sheet by what they are."""

    above: dict[str, list[str]]
    samples: list[list[Any]]
    rows: npt.NDArray[np.int64]
    beneath: list[tuple[str, list[Any]]]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, places: list[int], rows: list[list[Any]], where: str) -> _Layout:
        labels = [plain(cell_text(row[0])) for row in rows]
        _refuse_other_quantities(rows, labels, where)
        start = labels.index("assay")
        above = {"panel": _texts(rows[labels.index("panel")])}
        while start < len(rows) and labels[start] in _ABOVE:
            above.setdefault(labels[start], _texts(rows[start]))
            start += 1
        end = next((i for i in range(start, len(rows)) if labels[i] in _BENEATH), len(rows))
        for i in range(start, len(rows)):
            _check_label(labels[i], rows[i], places[i], i < end, where)
        if start == end:
            raise InputError(f"{where}: has no sample under row {places[start - 1]}")
        beneath = [(labels[i], rows[i]) for i in range(end, len(rows))]
        notes = _stated(rows[: start - 1], end - start)
        return cls(above, rows[start:end], np.array(places[start:end]), beneath, notes)

    def text(self, label: str, column: int) -> str:
        """Return what a row above the samples says of a column."""
        row = self.above.get(label, [])
        return row[column] if column < len(row) else ""

    def cells(self, column: int | None) -> list[str]:
        """Return a column of the samples as text, "" without a column."""
        if column is None:
            return [""] * len(self.samples)
        return [cell_text(row[column]).strip() for row in self.samples]


@dataclass(frozen=True, eq=False)
class _Columns:
    """Columns of a sheet by what they are."""

    panels: dict[str, list[int]]
    plates: list[int]
    warnings: list[int]
    controls: list[str]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, layout: _Layout, where: str) -> _Columns:
        panels: dict[str, list[int]] = {}
        found: dict[str, list[int]] = {"plateid": [], "qcwarning": []}
        controls, others = [], []
        panel = ""
        for i, name in enumerate(layout.above["assay"]):
            if i == 0 or not name:
                continue
            panel = layout.text("panel", i) or panel
            kind = _kind(layout, i, name)
            if kind == "assay":
                panels.setdefault(panel_name(panel), []).append(i)
            elif kind == "control":
                controls.append(name)
            elif kind in found:
                found[kind].append(i)
            else:
                others.append(name)
        if not panels:
            raise InputError(
                f"{where}: row 'Assay' names no assay with an accession or an OlinkID; export "
                "the data again with NPX Manager"
            )
        notes: tuple[str, ...] = ()
        if others:
            text = name_list(dict.fromkeys(others))
            notes = (f"Left out, no assays: {counted(len(others), 'column')} ({text}).",)
        return cls(panels, found["plateid"], found["qcwarning"], controls, notes)

    def of_panel(self, layout: _Layout, which: list[int], panel: str) -> int | None:
        """Return the column, of plate or warning, that belongs to a panel."""
        named = [i for i in which if panel_name(layout.text("panel", i)) == panel]
        if len(named) == 1:
            return named[0]
        if len(which) == len(self.panels):
            return which[list(self.panels).index(panel)]
        return which[0] if which else None


def _kind(layout: _Layout, column: int, name: str) -> str:
    """Say what a column holds: an assay, a control, a plate, a warning, or something else."""
    if plain(name) in ("plateid", "qcwarning"):
        return plain(name)
    if is_control_assay(name):
        return "control"
    if plain(name).startswith("qcdeviation"):
        return "deviation"
    told = any(layout.text(label, column) for label in ("uniprotid", "uniprot", "olinkid"))
    return "assay" if told else "other"


def _block(
    layout: _Layout, columns: _Columns, panel: str, at: list[int], sheet: str, where: str
) -> Block:
    assays = [
        Assay.of(
            layout.text("olinkid", i),
            layout.text("uniprotid", i) or layout.text("uniprot", i),
            layout.text("assay", i),
            panel,
        )
        for i in at
    ]
    _refuse_repeats(assays, where)
    cells = [[row[i] for row in layout.samples] for i in at]
    frame = pd.DataFrame({k: sheet_column(column) for k, column in enumerate(cells)})
    frame.columns = pd.Index([assay.name for assay in assays])
    values, _ = numbers(frame, layout.rows, where)
    plate_column = columns.of_panel(layout, columns.plates, panel)
    plates = layout.cells(plate_column)
    return Block(
        sheet,
        panel,
        assays,
        [cell_text(row[0]).strip() for row in layout.samples],
        values,
        plates,
        [
            "" if word in MISSING else word
            for word in layout.cells(columns.of_panel(layout, columns.warnings, panel))
        ],
        _limits(layout, at, plates, plate_column),
    )


def _limits(
    layout: _Layout, at: list[int], plates: list[str], plate_column: int | None
) -> npt.NDArray[np.float64]:
    """Return the limit of detection of each value: its plate's, or the sheet's."""
    limits: dict[str, npt.NDArray[np.float64]] = {}
    for label, row in layout.beneath:
        if label in _LIMITS:
            plate = cell_text(row[plate_column]).strip() if plate_column is not None else ""
            told = pd.to_numeric(sheet_column([row[i] for i in at]), errors="coerce")
            limits.setdefault(plate, told.to_numpy(dtype=float))
    none = np.full(len(at), np.nan)
    return np.array([limits.get(plate, limits.get("", none)) for plate in plates])


def _normalisations(layout: _Layout, at: list[int]) -> dict[str, int]:
    row = next((row for label, row in layout.beneath if label == "normalization"), None)
    words = Counter(cell_text(row[i]).strip() for i in at) if row is not None else Counter[str]()
    return {word: n * len(layout.samples) for word, n in words.items()}


def _refuse_other_quantities(rows: list[list[Any]], labels: list[str], where: str) -> None:
    titles = [cell_text(row[0]).strip() for row in rows[: labels.index("assay")]]
    other = [t for t in titles if plain(t) in ("ctdata", "quantifieddata", "quantified", "ct")]
    if other:
        raise InputError(
            f"{where}: holds {other[0]!r}, expected 'NPX data'; export NPX values from NPX Manager"
        )


def _check_label(label: str, row: list[Any], number: int, is_sample: bool, where: str) -> None:
    if is_sample and not cell_text(row[0]).strip():
        raise InputError(
            f"{where}: row {number} has values and no sample id; name the sample or clear the row"
        )
    if label == "assay" or (not is_sample and label not in _BENEATH):
        raise InputError(
            f"{where}: row {number}, {cell_text(row[0])[:30]!r}, stands beneath the samples where "
            "LOD, Missing Data freq. or Normalization was expected; give it a sheet of its own"
        )


def _refuse_repeats(assays: list[Assay], where: str) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for assay in assays:
        seen[assay.key] = seen.get(assay.key, 0) + 1
    repeated = [" ".join(key) for key, n in seen.items() if n > 1]
    if repeated:
        raise InputError(
            f"{where}: {counted(len(repeated), 'assay')} of a panel in two columns: "
            f"{name_list(repeated)}; expected one column each; remove the repeat"
        )


def _stated(rows: list[list[Any]], n_samples: int) -> tuple[str, ...]:
    """Say so where the sheet's own count of samples is another one."""
    for row in rows:
        if cell_text(row[0]).strip() == "# Samples" and len(row) > 1:
            stated = cell_text(row[1]).strip()
            if stated != str(n_samples):
                return (f"The sheet states {stated} samples and has {n_samples} rows of them.",)
    return ()


def _texts(row: list[Any]) -> list[str]:
    return [cell_text(cell).strip() for cell in row]
