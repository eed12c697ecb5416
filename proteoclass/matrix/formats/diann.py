"""DIA-NN: which of its outputs a file is."""

from __future__ import annotations

from typing import Literal

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.tables.preview import Preview

Output = Literal["report", "proteins", "genes", "precursors", ""]

_COUNTS = ("N.Sequences", "N.Proteotypic.Sequences")
#: Columns of a matrix that are no runs; the last two since version 2.
ABOUT_GROUPS = (
    *("Protein.Group", "Protein.Ids", "Protein.Names", "Genes", "First.Protein.Description"),
    *("Proteotypic", *_COUNTS),
)
# What DIA-NN reads (https://github.com/vdemichev/DiaNN, Raw data formats), perhaps zipped.
_RAW_FILES = (".raw", ".mzml", ".d", ".wiff", ".wiff2", ".dia", ".raw.dia", ".mzml.gz")


def recognise(preview: Preview) -> str:
    """Say why a file is an output of DIA-NN, "" where it is none."""
    return {
        "report": "columns 'Precursor.Id' and 'Protein.Group' beside runs of a main report",
        "precursors": "columns 'Precursor.Id' and 'Protein.Group' of a precursor matrix",
        "proteins": "column 'Protein.Group' of a protein group matrix",
        "genes": "column 'Genes' beside runs of a gene matrix",
        "": "",
    }[output_of(preview)]


def read(request: Request) -> Quantities:
    """Read a main report or a matrix of DIA-NN.

    Raises
    ------
    InputError
        If the file is none of them, or holds precursors in a matrix.
    """
    # Each needs libraries that the other does not.
    output = output_of(request.preview)
    if output == "report":
        from proteoclass.matrix.formats.diann_report import read_report

        return read_report(request)
    if output in ("proteins", "genes"):
        from proteoclass.matrix.formats.diann_matrix import read_groups

        return read_groups(request, "Protein.Group" if output == "proteins" else "Genes")
    if output == "precursors":
        raise InputError(
            f"{request.path}: is a matrix of precursors (column 'Precursor.Id'), protein groups "
            "were expected; pass report.pg_matrix.tsv or the main report"
        )
    raise InputError(
        f"{request.path}: no columns 'Protein.Group' or 'Precursor.Id' of DIA-NN; found "
        f"{name_list(request.preview.names, 12) or 'no columns'}; pass report.parquet, report.tsv "
        "or report.pg_matrix.tsv"
    )


def output_of(preview: Preview) -> Output:
    """Say which output of DIA-NN a file is, "" where it is none.

    Examples
    --------
    >>> output_of(Preview("a", "parquet", ("Run", "Precursor.Id", "Protein.Group")))
    'report'
    >>> output_of(Preview("a", "text", ("Protein.Group", "Genes", "N.Sequences", "s1"), (), "t"))
    'proteins'
    """
    names = set(preview.names)
    if "Protein.Group" in names and "Precursor.Id" in names:
        return "report" if names & {"Run", "File.Name"} else "precursors"
    if preview.names[:1] == ("Protein.Group",) and len(names & set(ABOUT_GROUPS)) > 1:
        return "proteins"
    if preview.names[:1] != ("Genes",):
        return ""
    runs = [name for name in preview.names if name not in ABOUT_GROUPS]
    from_raw = [name for name in runs if name.lower().endswith(_RAW_FILES)]
    return "genes" if names & set(_COUNTS) or (runs and from_raw == runs) else ""
