"""Protein groups that a contaminant leads, known by the marks before its accession."""

from __future__ import annotations

import re
from collections.abc import Sequence

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import members
from proteoclass.matrix.wording import counted

# cRAP- (DIA-NN's own list), Cont_ (the universal contaminant list), CON__ (MaxQuant's), contam_
# (FragPipe's), #C# (Proline's).
_MARK = re.compile(r"cRAP[-_]|Cont_|CON__|contam_|#C#", re.IGNORECASE)


def is_contaminant(group: str) -> bool:
    """Say whether the leading protein of a group is of a contaminant list.

    Examples
    --------
    >>> is_contaminant("Cont_P00761;P00761"), is_contaminant("P02768;cRAP-P02769")
    (True, False)
    """
    return _MARK.match(next(iter(members(group)), "")) is not None


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
    DIA-NN and Spectronaut mark contaminants in their accessions alone and leave them in every
    output (https://github.com/vdemichev/DiaNN/issues/1796). Albumin and other proteins of the
    body fluids stand in lists of contaminants too: a group that a sample's own accession
    leads is kept, and named.

    Examples
    --------
    >>> without_contaminants(["P02768", "cRAP-P00761", "P02768;cRAP-P02769"], "a.tsv")[0]
    ['P02768', 'P02768;cRAP-P02769']
    """
    marked = [group for group in groups if is_contaminant(group)]
    dropped = set(marked)
    kept = [group for group in groups if group not in dropped]
    if not kept:
        raise InputError(
            f"{where}: all {len(groups)} protein groups are contaminants; check the export"
        )
    notes = []
    if marked:
        notes.append(
            f"Removed {len(marked)} of {len(groups)} protein groups: {len(marked)} contaminants "
            f"({name_list(marked)})."
        )
    mixed = [group for group in kept if any(map(_MARK.match, members(group)))]
    if mixed:
        notes.append(
            f"Kept {counted(len(mixed), 'protein group')} that another accession leads, with a "
            f"contaminant further on ({name_list(mixed)})."
        )
    return kept, tuple(notes)
