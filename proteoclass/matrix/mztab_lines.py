"""Lines of an mzTab 1.0 file by the section they belong to."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.delimited import MAX_CELLS

#: First cells of lines, in the order of the specification.
PREFIXES = ("MTD", "COM", "PRH", "PRT", "PEH", "PEP", "PSH", "PSM", "SMH", "SML")


@dataclass
class Sections:
    """What an mzTab file says of itself and of its proteins.

    Parameters
    ----------
    metadata : dict of str to str
        MTD lines; keys in lower case.
    header : list of str
        Names of the protein columns; empty where there is no PRH line.
    proteins : list of list of str
        Cells of the PRT lines, as long as `header`.
    rows : list of int
        Their row numbers in the file.
    found : Counter of str
        Lines of each prefix.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    proteins: list[list[str]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)


def read_sections(text: bytes, where: str) -> Sections:
    r"""Sort the lines of an mzTab file into sections.

    Parameters
    ----------
    text : bytes
        UTF-8 with ``\\n`` line ends.
    where : str
        File name, for messages.

    Returns
    -------
    Sections

    Raises
    ------
    InputError
        If a line is of no section, a protein line is not as long as the header, the file
        is of another version, or two files follow one another; with the row.

    Examples
    --------
    >>> read_sections(b"PRH\taccession\nCOM\tno protein\nPRT\tP02768\n", "a.mztab").proteins
    [['P02768']]
    """
    found = Sections()
    for row, line in enumerate(io.BytesIO(text), start=1):
        kind = line[:4].decode("ascii", errors="replace").strip()
        if not line.strip():
            continue
        if kind not in PREFIXES:
            first = line[:120].decode("utf-8", errors="replace").split("\t")[0].strip()
            raise InputError(
                f"{where}: row {row} begins with {first[:30]!r}, expected one of "
                f"{', '.join(PREFIXES)}; the file is damaged or no mzTab 1.0"
            )
        found.found[kind] += 1
        # Spectra are most of the lines and are passed over.
        if kind in _KEPT:
            cells = [cell.strip() for cell in line.decode("utf-8").split("\t")]
            _KEPT[kind](found, cells, row, where)
    return found


def _keep_metadata(found: Sections, cells: list[str], row: int, where: str) -> None:
    name, value = (*cells[1:3], "", "")[:2]
    key = name.lower()
    if key == "mztab-version":
        if key in found.metadata:
            raise InputError(
                f"{where}: row {row} is a second mzTab-version; two files follow one another, "
                "split them"
            )
        if not value.startswith("1") or value.upper().endswith("-M"):
            raise InputError(
                f"{where}: mzTab-version {value!r}, expected 1.0.0; mzTab-M (2.x) describes small "
                "molecules and has no proteins"
            )
    found.metadata[key] = value


def _keep_header(found: Sections, cells: list[str], row: int, where: str) -> None:
    if found.header:
        raise InputError(f"{where}: row {row} is a second PRH line, expected one; split the file")
    while not cells[-1]:  # a spreadsheet fills lines up to the longest
        cells.pop()
    found.header = cells[1:]
    repeated = [name for name, n in Counter(found.header).items() if n > 1]
    if repeated:
        raise InputError(
            f"{where}: row {row}: columns {name_list(map(repr, repeated))} repeat; export it again"
        )
    if "accession" not in found.header:
        raise InputError(
            f"{where}: row {row}: no column 'accession' in the protein header; export it again"
        )


def _keep_protein(found: Sections, cells: list[str], row: int, where: str) -> None:
    if not found.header:
        raise InputError(f"{where}: row {row} is PRT before any PRH line; the file is damaged")
    n_cells = 1 + len(found.header)
    if len(cells) < n_cells or any(cells[n_cells:]):
        raise InputError(
            f"{where}: row {row} has {len(cells)} cells, expected {n_cells} as in the PRH line; "
            "complete or shorten it"
        )
    found.proteins.append(cells[1:n_cells])
    found.rows.append(row)
    if n_cells * len(found.rows) > MAX_CELLS:
        raise InputError(
            f"{where}: row {row}: more than {MAX_CELLS} cells of proteins; split the file"
        )


_KEPT = {"MTD": _keep_metadata, "PRH": _keep_header, "PRT": _keep_protein}
