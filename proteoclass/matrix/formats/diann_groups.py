"""Protein groups as DIA-NN writes them: contaminants among them, and what they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import members
from proteoclass.matrix.wording import counted

#: Marks before the accessions of contaminants: cRAP- (DIA-NN's own list), Cont_ (the universal
#: contaminant list), CON__ (MaxQuant's), contam_ (FragPipe's), #C# (Proline's).
CONTAMINANT = re.compile(r"cRAP[-_]|Cont_|CON__|contam_|#C#", re.IGNORECASE)


def without_contaminants(groups: Sequence[str], where: str) -> tuple[list[str], tuple[str, ...]]:
    """Leave out the groups that a contaminant leads.

    Parameters
    ----------
    groups : sequence of str
        Members joined by ";", the leading one first.
    where : str
        For the message.

    Returns
    -------
    kept : list of str
    notes : tuple of str
        How many were left out; which are kept though they name a contaminant.

    Raises
    ------
    InputError
        If nothing is left.

    Notes
    -----
    DIA-NN marks contaminants in their accessions alone and leaves them in every output
    (https://github.com/vdemichev/DiaNN/issues/1796). Albumin and other proteins of the
    body fluids stand in lists of contaminants too: a group that a sample's own accession
    leads is kept, and named.

    Examples
    --------
    >>> without_contaminants(["P02768", "cRAP-P00761", "P02768;cRAP-P02769"], "a.tsv")[0]
    ['P02768', 'P02768;cRAP-P02769']
    """
    marked = [group for group in groups if CONTAMINANT.match(next(iter(members(group)), ""))]
    dropped = set(marked)
    kept = [group for group in groups if group not in dropped]
    if not kept:
        raise InputError(
            f"{where}: all {len(groups)} protein groups are contaminants; check the search"
        )
    notes = []
    if marked:
        notes.append(
            f"Removed {len(marked)} of {len(groups)} protein groups: contaminants "
            f"({name_list(marked)})."
        )
    mixed = [group for group in kept if any(map(CONTAMINANT.match, members(group)))]
    if mixed:
        notes.append(
            f"Kept {counted(len(mixed), 'protein group')} that another accession leads, with a "
            f"contaminant further on ({name_list(mixed)})."
        )
    return kept, tuple(notes)


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
