"""Proteins that leak from plasma into urine: what no dilution may be read from."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from proteoclass.matrix.matching import proteins_among

#: Accession to gene of proteins whose urinary amount follows plasma leakage rather than
#: dilution. Where they dominate a sample, closure makes every other protein look diluted.
#: UniProt, https://www.uniprot.org/uniprotkb/P02768 and so on.
PLASMA_PROTEINS: Mapping[str, str] = {
    "P04217": "A1BG",
    "P01023": "A2M",
    "P02768": "ALB",
    # Of cattle: added in the laboratory.
    "P02769": "ALB",
    "P02647": "APOA1",
    "P01024": "C3",
    "P00915": "CA1",
    "P02671": "FGA",
    "P02675": "FGB",
    "P02679": "FGG",
    "P02774": "GC",
    "P69905": "HBA1",
    "P68871": "HBB",
    "P00738": "HP",
    "P02790": "HPX",
    "P02763": "ORM1",
    "P19652": "ORM2",
    "P01009": "SERPINA1",
    "P02787": "TF",
    "P02766": "TTR",
}
# Segments and constant regions; IGLON5 and IGHMBP2 are no immunoglobulins.
_IMMUNOGLOBULIN_GENE = re.compile(
    r"IG[HKL][VJ].*|IGHD(?:\d.*)?|IGH[AG]\d|IGH[EM]|IGKC|IGLC\d|IGLL\d|JCHAIN"
)
#: Human immunoglobulin chains of UniProt, for a table that spells accessions and no genes:
#: constant regions and J chain, the variable segments found in urine and saliva, then the
#: whole chains that UniProt gives no gene.
_IMMUNOGLOBULIN_ACCESSIONS = """
P01857 P01859 P01860 P01861 P01876 P01877 P01871 P01880
P01854 P01834 P0CG04 P0DOY2 P0DOY3 P0CF74 A0M8Q6 P15814
B9A064 P01591 A0A075B6H7 A0A075B6H9 A0A075B6I0 A0A075B6I1 A0A075B6I4 A0A075B6I9
A0A075B6J1 A0A075B6J6 A0A075B6J9 A0A075B6K0 A0A075B6K4 A0A075B6K5 A0A075B6P5 A0A075B6Q5
A0A075B6R2 A0A075B6R9 A0A075B6S2 A0A075B6S5 A0A075B6S6 A0A075B6S9 A0A075B7B8 A0A075B7F1
A0A087WSX0 A0A087WSY6 A0A087WW87 A0A0A0MRZ8 A0A0A0MS14 A0A0A0MS15 A0A0A0MT36 A0A0A0MT89
A0A0B4J1U3 A0A0B4J1U7 A0A0B4J1V0 A0A0B4J1V1 A0A0B4J1V2 A0A0B4J1V6 A0A0B4J1X5 A0A0B4J1X8
A0A0B4J1Y8 A0A0B4J1Y9 A0A0B4J1Z2 A0A0B4J2B5 A0A0B4J2D9 A0A0B4J2H0 A0A0C4DH24 A0A0C4DH25
A0A0C4DH29 A0A0C4DH31 A0A0C4DH32 A0A0C4DH33 A0A0C4DH34 A0A0C4DH35 A0A0C4DH36 A0A0C4DH38
A0A0C4DH39 A0A0C4DH43 A0A0C4DH55 A0A0C4DH67 A0A0C4DH68 A0A0C4DH72 A0A0C4DH73 A0A0G2JMI3
A0A0G2JS06 A0A0J9YX35 A0A0J9YXX1 A2NJV5 P01593 P01597 P01599 P01601
P01602 P01619 P01699 P01700 P01701 P01703 P01704 P01705
P01706 P01709 P01714 P01715 P01717 P01718 P01721 P01742
P01743 P01764 P01766 P01768 P01780 P01782 P01817 P04211
P04430 P04433 P06310 P06312 P06331 P0DP01 P0DP08 P0DTE1
P23083 P80748
P0DOX2 P0DOX3 P0DOX4 P0DOX5 P0DOX6 P0DOX7 P0DOX8
"""
_IMMUNOGLOBULINS = frozenset(_IMMUNOGLOBULIN_ACCESSIONS.split())
# One accession stands for both genes of alpha globin.
_PLASMA_GENES = frozenset({*PLASMA_PROTEINS.values(), "HBA2"})


def plasma_protein_ids(proteins: pd.DataFrame) -> tuple[str, ...]:
    """Return the ids of albumin, other plasma proteins and immunoglobulins.

    Parameters
    ----------
    proteins : DataFrame, shape (n_proteins, >= 1)
        Indexed by protein id, with `gene` and, where known, `accessions`.

    Returns
    -------
    tuple of str
        Ids of groups with such a gene or accession among their own. An id that spells
        accessions is read where the row holds none: few tables name genes.

    Examples
    --------
    >>> plasma_protein_ids(pd.DataFrame({"gene": ["ALB", "UMOD", ""]}, ["a", "b", "P02768"]))
    ('a', 'P02768')
    """
    return proteins_among(
        proteins,
        lambda gene: gene in _PLASMA_GENES or is_immunoglobulin(gene),
        _IMMUNOGLOBULINS.union(PLASMA_PROTEINS),
    )


def immunoglobulin_ids(proteins: pd.DataFrame) -> tuple[str, ...]:
    """Return the ids of immunoglobulin chains, J chain included.

    Parameters
    ----------
    proteins : DataFrame, shape (n_proteins, >= 1)
        As for `plasma_protein_ids`.

    Returns
    -------
    tuple of str
        Groups with such a gene or accession among their own, leading or not.

    Examples
    --------
    >>> table = pd.DataFrame({"gene": ["IGHG1", "IGHMBP2", "ALB", ""]}, ["a", "b", "c", "P01834"])
    >>> immunoglobulin_ids(table)
    ('a', 'P01834')
    """
    return proteins_among(proteins, is_immunoglobulin, _IMMUNOGLOBULINS)


def is_immunoglobulin(gene: str) -> bool:
    """Say whether a gene, in capitals, is a segment or chain of an immunoglobulin.

    Examples
    --------
    >>> [is_immunoglobulin(gene) for gene in ("IGKV3-20", "JCHAIN", "IGLON5")]
    [True, True, False]
    """
    return _IMMUNOGLOBULIN_GENE.fullmatch(gene) is not None
