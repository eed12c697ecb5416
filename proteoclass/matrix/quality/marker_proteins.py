"""Proteins that tell of the specimen rather than of the patient."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from proteoclass.matrix.accessions import accessions_in, base, members
from proteoclass.matrix.simulation.sheet import ALBUMIN_ID

#: Accession to gene. UniProt, https://www.uniprot.org/uniprotkb/P02768 and so on.
ALBUMIN: Mapping[str, str] = {"P02768": "ALB"}
#: Haemoglobin and carbonic anhydrase 1 of red cells: blood in the specimen.
BLOOD: Mapping[str, str] = {"P69905": "HBA1", "P68871": "HBB", "P00915": "CA1"}
#: Keratins of skin: handling.
KERATINS: Mapping[str, str] = {
    "P04264": "KRT1",
    "P35908": "KRT2",
    "P35527": "KRT9",
    "P13645": "KRT10",
}
#: Proteins of prostate and seminal vesicles.
MALE: Mapping[str, str] = {
    "P07288": "KLK3",
    "P15309": "ACP3",
    "P08118": "MSMB",
    "P04279": "SEMG1",
    "Q02383": "SEMG2",
}

# The simulator's albumin has no accession: a synthetic cohort is described all the same.
_ALIASES = {"P02768": ALBUMIN_ID}
# Older names of the gene in search databases.
_GENES = {"ACP3": ("ACP3", "ACPP"), "HBA1": ("HBA1", "HBA2"), "KRT2": ("KRT2", "KRT2A")}


def find_markers(proteins: pd.DataFrame, wanted: Mapping[str, str]) -> dict[str, list[str]]:
    """Find the columns of a matrix that quantify each wanted protein.

    Parameters
    ----------
    proteins : DataFrame, shape (n_proteins, >= 2)
        Indexed by protein id, with `accessions` and `gene`.
    wanted : mapping of str to str
        Accession to gene.

    Returns
    -------
    dict of str to list of str
        For each accession the ids of all groups that lead with it or an isoform of it;
        else of those that hold it; else, where a group spells no accession, of those
        that lead with its gene. A column serves one accession only.

    Examples
    --------
    >>> proteins = pd.DataFrame({"accessions": ["P02768-2;P02769", ""], "gene": ["ALB", "HBB"]},
    ...                         index=["a", "b"])
    >>> find_markers(proteins, {"P02768": "ALB", "P68871": "HBB", "P00915": "CA1"})
    {'P02768': ['a'], 'P68871': ['b'], 'P00915': []}
    """
    rows = [
        (
            str(name),
            [base(part) for part in members(str(group) or accessions_in(str(name)))],
            str(gene).replace(" ", ";").split(";")[0].strip().upper(),
        )
        for name, group, gene in zip(
            proteins.index, proteins["accessions"], proteins["gene"], strict=True
        )
    ]
    found: dict[str, list[str]] = {}
    taken: set[str] = set()
    for accession, gene in wanted.items():
        genes = _GENES.get(gene, (gene,))
        alias = _ALIASES.get(accession)
        leads = [name for name, group, _ in rows if group[:1] == [accession] or name == alias]
        holds = [name for name, group, _ in rows if accession in group]
        named = [name for name, group, own in rows if own in genes and not group]
        best = [name for name in leads or holds or named if name not in taken]
        taken.update(best)
        found[accession] = best
    return found
