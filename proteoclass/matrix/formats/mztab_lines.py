"""Lines of an mzTab 1.0 file by the section they belong to."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, field

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.tables.delimited import MAX_CELLS, MAX_ROWS

#: First cells of lines, in the order of the specification.
PREFIXES = ("MTD", "COM", "PRH", "PRT", "PEH", "PEP", "PSH", "PSM", "SMH", "SML")
#: Columns of protein lines that hold the quantities of samples; the number is the assay's.
ASSAY = re.compile(r"protein_abundance_assay\[(\d+)\]")
#: Columns that mark decoys, in files of different writers.
DECOY = ("opt_global_cv_MS:1002217_decoy_peptide", "opt_global_cv_PRIDE:0000303_decoy_hit")
#: Column of OpenMS that says what a line describes.
RESULT_TYPE = "opt_global_result_type"

_TOLD = ("accession", "ambiguity_members", "description", *DECOY, RESULT_TYPE)


@dataclass
class Sections:
    """What an mzTab file says of itself and of its proteins.

    Parameters
    ----------
    metadata : dict of str to str
        MTD lines; keys in lower case.
    header : list of str
        Names of the protein columns; empty where there is no PRH line.
    told : dict of str to list of str
        Text columns of the PRT lines that are needed, by name.
    quantities : list of str
        Quantities of assays in each PRT line, separated by tabs.
    rows : list of int
        Row numbers of the PRT lines in the file.
    found : Counter of str
        Lines of each prefix.
    places : list of int
        Where the quantities of assays stand among the columns.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    told: dict[str, list[str]] = field(default_factory=dict)
    quantities: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    places: list[int] = field(default_factory=list)


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
    >>> read_sections(b"PRH\taccession\nCOM\tno protein\nPRT\tP02768\n", "a.mztab").told
    {'accession': ['P02768']}
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
        if kind in _KEPT and found.found[kind] > MAX_ROWS:
            raise InputError(
                f"{where}: row {row}: more than {MAX_ROWS} lines {kind}, which no study has; "
                "export it again"
            )
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
    found.told = {name: [] for name in _TOLD if name in found.header}
    found.places = [i for i, name in enumerate(found.header) if ASSAY.fullmatch(name)]


def _keep_protein(found: Sections, cells: list[str], row: int, where: str) -> None:
    if not found.header:
        raise InputError(f"{where}: row {row} is PRT before any PRH line; the file is damaged")
    n_cells = 1 + len(found.header)
    if len(cells) < n_cells or any(cells[n_cells:]):
        raise InputError(
            f"{where}: row {row} has {len(cells)} cells, expected {n_cells} as in the PRH line; "
            "complete or shorten it"
        )
    for name, kept in found.told.items():
        kept.append(cells[1 + found.header.index(name)])
    found.quantities.append("\t".join([cells[1 + at] for at in found.places]))
    found.rows.append(row)
    if len(found.places) * len(found.rows) > MAX_CELLS:
        raise InputError(
            f"{where}: row {row}: more than {MAX_CELLS} quantities of proteins; split the file"
        )


_KEPT = {"MTD": _keep_metadata, "PRH": _keep_header, "PRT": _keep_protein}
