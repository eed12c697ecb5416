"""Which proteins of a matrix another matrix measures too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from proteoclass.matrix.matching import pair_proteins
from proteoclass.matrix.protein_matrix import ProteinMatrix


@dataclass(frozen=True)
class OtherMatrix:
    """What another matrix measures: the assay a panel must be measurable in as well.

    Parameters
    ----------
    name : str
        File name, for people.
    proteins : tuple of (str, str, str)
        Id, accessions and gene of each of its proteins.

    Examples
    --------
    >>> OtherMatrix("plasma.tsv", (("OID00471", "P10145", "CXCL8"),)).name
    'plasma.tsv'
    """

    name: str
    proteins: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(cls, matrix: ProteinMatrix, name: str = "") -> OtherMatrix:
        """Return what a matrix measures: proteins it never detects are not measured."""
        seen = matrix.proteins[matrix.values.notna().any().to_numpy()]
        columns = (seen.index, seen["accessions"], seen["gene"])
        rows = tuple((str(i), str(a), str(g)) for i, a, g in zip(*columns, strict=True))
        return cls(name or matrix.source.path or "the other matrix", rows)


def measurable_ids(matrix: ProteinMatrix, other: OtherMatrix) -> tuple[str, ...]:
    """Return the proteins of a matrix that another matrix measures too.

    Parameters
    ----------
    matrix : ProteinMatrix
    other : OtherMatrix

    Returns
    -------
    tuple of str
        Ids in `matrix` that fit one protein of the other, by id, accession or gene. Where
        several of them fit the same one, the one that fits it by the best of these
        alone; where they fit it equally well, none: nobody could say which is measured.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0]], index=["s"], columns=["P10145", "P02768"])
    >>> matrix = ProteinMatrix.build(values, scale="log2")
    >>> measurable_ids(matrix, OtherMatrix("o", (("OID00471", "P10145", "CXCL8"),)))
    ('P10145',)
    """
    if not other.proteins:
        return ()
    ids, accessions, genes = zip(*other.proteins, strict=True)
    measured = ProteinMatrix.build(
        pd.DataFrame(np.full((1, len(ids)), np.nan), index=["any"], columns=list(ids)),
        proteins=pd.DataFrame({"accessions": accessions, "gene": genes}, index=list(ids)),
        scale="log2",
    )
    paired = pair_proteins(matrix.proteins, measured)["matched_id"]
    return tuple(str(name) for name in matrix.proteins.index[(paired != "").to_numpy()])
