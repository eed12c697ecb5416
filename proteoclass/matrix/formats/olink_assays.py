"""What an Olink assay is called: assay number, UniProt accession, name and panel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from proteoclass.errors import InputError, name_list
from proteoclass.matrix.accessions import is_accession
from proteoclass.matrix.tables.cells import MISSING

_VERSION = re.compile(r"\(v\.?\s*[\d.]+\)\s*$")


@dataclass(frozen=True)
class Assay:
    """One assay of one panel.

    Parameters
    ----------
    olink_id : str
        Assay number ("OID00471"), "" where the file has none.
    accessions : str
        UniProt accessions joined by ";".
    name : str
        Olink's name of the assay ("IL8", "MCP-3").
    panel : str
        Panel without its version.
    gene : str
        Gene symbol, where the file has a column of them.

    Examples
    --------
    >>> Assay.of("OID00474", "P80098", "MCP-3", "Olink INFLAMMATION(v.3021)").panel
    'Olink INFLAMMATION'
    """

    olink_id: str
    accessions: str
    name: str
    panel: str
    gene: str = ""

    @classmethod
    def of(cls, olink_id: str, uniprot: str, name: str, panel: str, gene: str = "") -> Assay:
        """Make an assay of a file's cells."""
        known = ["" if word.strip() in MISSING else word.strip() for word in (olink_id, gene)]
        return cls(known[0], _accessions(uniprot), name.strip(), panel_name(panel), known[1])

    @property
    def key(self) -> tuple[str, ...]:
        """What makes an assay the same on two sheets or plates."""
        if self.olink_id:
            return (self.olink_id,)
        return (self.accessions or self.name, self.panel.lower())

    @property
    def own_name(self) -> str:
        """Id that it has if no other assay claims it."""
        return self.olink_id or self.accessions or self.name


def panel_name(label: str) -> str:
    """Return a panel's name without its version.

    Examples
    --------
    >>> panel_name("Olink Target 96 Inflammation(v.3022)")
    'Olink Target 96 Inflammation'
    """
    return _VERSION.sub("", label).strip()


def unique_assays(assays: Iterable[Assay], where: str) -> list[Assay]:
    """Return each assay once, in the order of the file.

    Parameters
    ----------
    assays : iterable of Assay
    where : str
        File, for messages.

    Returns
    -------
    list of Assay

    Raises
    ------
    InputError
        If one assay number stands for two proteins.

    Examples
    --------
    >>> one = Assay.of("OID00471", "P10145", "IL8", "Inflammation")
    >>> len(unique_assays([one, one], "a.xlsx"))
    1
    """
    found: dict[tuple[str, ...], Assay] = {}
    wrong = []
    for assay in assays:
        first = found.setdefault(assay.key, assay)
        if not first.accessions:
            found[assay.key] = assay  # a plate that leaves it out contradicts no other
        elif assay.accessions and not _same(first.accessions, assay.accessions):
            wrong.append(f"{assay.own_name} ({first.accessions} and {assay.accessions})")
    if wrong:
        raise InputError(
            f"{where}: {len(wrong)} assay numbers stand for two proteins: {name_list(wrong)}; "
            "expected one UniProt accession for each OlinkID; correct the file"
        )
    return list(found.values())


def _same(one: str, other: str) -> bool:
    return set(one.split(";")) == set(other.split(";"))


def describe_assays(assays: Sequence[Assay], where: str) -> pd.DataFrame:
    """Give each assay its id, and say what it is.

    Parameters
    ----------
    assays : sequence of Assay
        Each once.
    where : str
        File, for messages.

    Returns
    -------
    DataFrame, shape (n_assays, 4)
        Indexed by id: the assay number; without one the accession, with the panel behind
        it where two panels measure the protein. Columns `accessions`, `gene`, `name`,
        `panel`.

    Raises
    ------
    InputError
        If two assays have no name to tell them apart.

    Notes
    -----
    Olink's names of assays are not gene symbols on every product: its "TF" is tissue factor
    (gene F3), while the gene TF is transferrin. So a name goes to `gene` only where no
    accession says what is measured.

    Examples
    --------
    >>> two = [Assay.of("", "P10145", "IL8", panel) for panel in ("CM", "INF")]
    >>> describe_assays(two, "a.csv").index.tolist()
    ['P10145 (CM)', 'P10145 (INF)']
    """
    claims = Counter(assay.own_name for assay in assays)
    ids = [
        a.own_name if claims[a.own_name] == 1 else f"{a.own_name} ({a.panel or a.name})"
        for a in assays
    ]
    repeated = [name for name, n in Counter(ids).items() if n > 1]
    if repeated:
        raise InputError(
            f"{where}: {len(repeated)} assays cannot be told apart: {name_list(repeated)}; "
            "expected an OlinkID, or a panel, for each; export the file with them"
        )
    return pd.DataFrame(
        {
            "accessions": [a.accessions for a in assays],
            "gene": [a.gene or ("" if a.accessions else a.name) for a in assays],
            "name": [a.name for a in assays],
            "panel": [a.panel for a in assays],
        },
        index=pd.Index(ids, dtype=object),
        dtype=object,
    )


def _accessions(uniprot: str) -> str:
    """Join the accessions of an assay, which Olink separates by a comma or an underscore."""
    text = uniprot.strip()
    parts = [part for part in re.split(r"[\s,;_]+", text) if part]
    if parts and all(is_accession(part) for part in parts):
        return ";".join(dict.fromkeys(parts))
    return "" if text in MISSING else text
