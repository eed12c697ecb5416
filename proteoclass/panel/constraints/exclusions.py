"""Named groups of proteins that stay out of a panel unless they are asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pandas as pd

from proteoclass.matrix.matching import proteins_among
from proteoclass.matrix.normalisation.plasma_proteins import immunoglobulin_ids
from proteoclass.panel.library import load_panel

#: Groups left out by default: what handling brings in, what follows each person's own
#: immune history, and what follows sex, since severe cases are more often men.
GROUPS: Final = ("keratins", "immunoglobulins", "sex-specific")
#: The panel file that lists the sex-specific proteins.
SEX_SPECIFIC_PANEL: Final = "sex-specific-urine"

# Keratins and keratin-associated proteins; KRTCAP2, KRTCAP3 and KRTDAP are neither.
_KERATIN_GENE = re.compile(r"KRT\d+[A-Z]?|KRTAP\d+(?:-\d+)?[A-Z]?")
#: Accession to gene of human keratins, for a table that names no genes. UniProt,
#: https://www.uniprot.org/uniprotkb/P04264 and so on; each pair was read in a search
#: engine's table. A keratin that is missing here is found by its gene.
KERATINS: Final[Mapping[str, str]] = {
    "P04264": "KRT1",
    "P35908": "KRT2",
    "P12035": "KRT3",
    "P19013": "KRT4",
    "P13647": "KRT5",
    "P02538": "KRT6A",
    "P04259": "KRT6B",
    "P48668": "KRT6C",
    "P08729": "KRT7",
    "P05787": "KRT8",
    "P35527": "KRT9",
    "P13645": "KRT10",
    "Q99456": "KRT12",
    "P13646": "KRT13",
    "P02533": "KRT14",
    "P19012": "KRT15",
    "P08779": "KRT16",
    "Q04695": "KRT17",
    "P05783": "KRT18",
    "P08727": "KRT19",
    "P35900": "KRT20",
    "Q9C075": "KRT23",
    "Q2M2I5": "KRT24",
    "Q7Z3Y8": "KRT27",
    "Q7Z3Y7": "KRT28",
    "Q15323": "KRT31",
    "Q14532": "KRT32",
    "O76009": "KRT33A",
    "Q14525": "KRT33B",
    "O76011": "KRT34",
    "Q92764": "KRT35",
    "O76013": "KRT36",
    "Q3SY84": "KRT71",
    "Q14CN4": "KRT72",
    "Q86Y46": "KRT73",
    "O95678": "KRT75",
    "Q01546": "KRT76",
    "Q7Z794": "KRT77",
    "Q8N1N4": "KRT78",
    "Q5XKE5": "KRT79",
    "Q6KB66": "KRT80",
    "Q9NSB2": "KRT84",
    "P78386": "KRT85",
    "O43790": "KRT86",
    "Q9BQ66": "KRTAP4-12",
    "P60409": "KRTAP10-7",
    "Q8IUC1": "KRTAP11-1",
    "Q8IUC0": "KRTAP13-1",
    "Q52LG2": "KRTAP13-2",
}
#: Keratins of sheep: wool, from clothes. UniProt gives most of them no gene.
WOOL_KERATINS: Final = (
    *("O77727", "P02439", "P02443", "P02444", "P02534"),
    *("P02539", "P15241", "P25690", "P25691", "Q02958"),
)


def group_members(proteins: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return which proteins of a matrix fall in each named group.

    Parameters
    ----------
    proteins : DataFrame, shape (n_proteins, >= 1)
        Of a `ProteinMatrix`: indexed by protein id, with `gene` and, where known,
        `accessions`.

    Returns
    -------
    dict of str to tuple of str
        Ids by group, in the order of `GROUPS`; empty where the matrix has none.

    Notes
    -----
    A protein group falls in one if any member does, leading or not: its quantity is
    partly made of shared peptides. An isoform falls where its protein does. An assay
    that names neither gene nor accession falls in none.

    Examples
    --------
    >>> genes = ["KRT1", "KRTCAP2", "IGHG1", "KLK3", "LCN2"]
    >>> group_members(pd.DataFrame({"gene": genes}, index=list("abcde")))
    {'keratins': ('a',), 'immunoglobulins': ('c',), 'sex-specific': ('d',)}
    """
    sex = load_panel(SEX_SPECIFIC_PANEL).proteins
    genes = {protein.gene for protein in sex}
    found = (
        proteins_among(proteins, _is_keratin, (*KERATINS, *WOOL_KERATINS)),
        immunoglobulin_ids(proteins),
        proteins_among(proteins, genes.__contains__, {protein.accession for protein in sex}),
    )
    return dict(zip(GROUPS, found, strict=True))


def _is_keratin(gene: str) -> bool:
    return _KERATIN_GENE.fullmatch(gene) is not None
