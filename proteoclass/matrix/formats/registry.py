"""The formats that are read, in the order in which they are tried."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from proteoclass.matrix.formats.described_samples import refuse_described_samples
from proteoclass.matrix.formats.quantities import Quantities, Request
from proteoclass.matrix.tables.preview import Preview


@dataclass(frozen=True)
class Format:
    """A format: its name on the command line and the module that reads it.

    The module has `recognise(preview)`, which says why a file is of this format or
    returns "", and `read(request)`, which returns `Quantities`.

    Parameters
    ----------
    name : str
        As ``--format`` takes it.
    module : str
        Module of this folder.
    title : str
        What the program that writes it calls the file.
    quantities : str
        What is read, and what ``--quantity`` can choose.
    example : str
        A command line.
    """

    name: str
    module: str
    title: str
    quantities: str
    example: str

    def recognise(self, preview: Preview) -> str:
        """Say why a file is of this format, "" where it is not."""
        return str(self._reader().recognise(preview))

    def read(self, request: Request) -> Quantities:
        """Read a file of this format."""
        quantities: Quantities = self._reader().read(request)
        return quantities

    def _reader(self) -> Any:
        return importlib.import_module(f"proteoclass.matrix.formats.{self.module}")


#: A wide table comes last: what no vendor's mark is found in is taken for one.
REGISTRY = (
    Format(
        "maxquant",
        "maxquant",
        "MaxQuant proteinGroups.txt",
        "LFQ intensity; Intensity, iBAQ or reporter ions with --quantity intensity|ibaq|reporter",
        "proteoclass check proteinGroups.txt --quantity lfq",
    ),
    Format(
        "fragpipe",
        "fragpipe",
        "FragPipe combined_protein.tsv (or .csv), TMT-Integrator abundance and ratio tables",
        "MaxLFQ intensity where it is there; others with --quantity intensity|razor-intensity|"
        "unique-intensity|total-intensity|spectral-count",
        "proteoclass check combined_protein.tsv --quantity maxlfq",
    ),
    Format(
        "proteome-discoverer",
        "proteome_discoverer",
        "Proteome Discoverer Proteins table (.txt or .xlsx)",
        "Abundance; others with --quantity normalized|scaled|ratio|log2-ratio",
        "proteoclass check Proteins.txt --quantity abundance",
    ),
    Format(
        "spectronaut",
        "spectronaut",
        "Spectronaut report, pivot or long",
        "PG.Quantity; others with --quantity log2quantity|ms2quantity|ms1quantity|ibaq",
        "proteoclass check report_pivot.tsv --quantity quantity",
    ),
    Format(
        "alphadia",
        "alphadia",
        "alphaDIA pg.matrix (.tsv or .parquet), or precursors",
        "intensity of protein groups (directLFQ)",
        "proteoclass check pg.matrix.parquet",
    ),
    Format(
        "alphapept",
        "alphapept",
        "AlphaPept results_proteins.csv",
        "LFQ intensity; plain intensity with --quantity intensity",
        "proteoclass check results_proteins.csv --quantity lfq",
    ),
    Format(
        "mztab",
        "mztab",
        "mzTab 1.0 with a protein section",
        "protein_abundance_assay",
        "proteoclass check study.mztab --samples samples.tsv",
    ),
    Format(
        "diann",
        "diann",
        "DIA-NN report.parquet, report.tsv, report.pg_matrix.tsv, gg_matrix, unique_genes_matrix",
        "PG.MaxLFQ, filtered as DIA-NN's author recommends; of a main report also PG.Quantity, "
        "PG.Normalised or PG.TopN with --quantity pg-quantity|pg-normalised|pg-topn",
        "proteoclass check report.parquet --samples samples.tsv",
    ),
    Format(
        "olink",
        "olink",
        "Olink NPX Manager workbook, or long NPX table (.csv, .parquet)",
        "NPX; of a long table also PCNormalizedNPX or ExtNPX with --quantity "
        "pcnormalizednpx|extnpx",
        "proteoclass check npx.xlsx --samples samples.tsv",
    ),
    Format(
        "anndata",
        "anndata_read",
        "AnnData .h5ad (needs the extra: pip install 'proteoclass[anndata]')",
        "X; a layer with --quantity LAYER",
        "proteoclass check matrix.h5ad --samples samples.tsv",
    ),
    Format(
        "wide",
        "wide",
        "any table of samples x proteins or proteins x samples",
        "every column that is a sample (or a protein)",
        "proteoclass check matrix.tsv --samples samples.tsv",
    ),
)
_BY_NAME = {entry.name: entry for entry in REGISTRY}

#: What ``--format`` takes.
FORMATS = ("auto", *_BY_NAME)


def find_format(preview: Preview, asked: str = "auto") -> tuple[Format, str]:
    """Find the format of a file by its content.

    Parameters
    ----------
    preview : Preview
        The start of the file.
    asked : str
        A name of the registry is obeyed; "auto" looks.

    Returns
    -------
    format : Format
    why : str
        What in the content decided, or that it was asked for.

    Raises
    ------
    InputError
        If the file is a sample sheet.

    Examples
    --------
    >>> find_format(Preview("a.tsv", "text", ("Majority protein IDs", "Intensity s1")))[0].name
    'maxquant'
    """
    if asked != "auto":
        return _BY_NAME[asked], "as asked"
    *vendors, wide = REGISTRY
    for entry in vendors:
        if why := entry.recognise(preview):
            return entry, why
    refuse_described_samples(preview)
    return wide, wide.recognise(preview)
