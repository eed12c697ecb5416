"""Protein groups as DIA-NN describes them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from proteoclass.matrix.accessions import members


def described(groups: Sequence[str], genes: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Return what groups are: all members, genes, and a name.

    The members are those of the group itself: the column Protein.Ids lists the proteins
    that match one precursor, which differ from row to row.

    Examples
    --------
    >>> described(["P02768;A1"], ["ALB"], ["Albumin"]).loc["P02768;A1", "accessions"]
    'P02768;A1'
    """
    accessions = [";".join(members(group)) for group in groups]
    return pd.DataFrame(
        {"accessions": accessions, "gene": list(genes), "name": list(names)}, index=list(groups)
    )
