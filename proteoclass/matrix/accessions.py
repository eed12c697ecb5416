"""UniProt accessions, protein groups and FASTA headers."""

from __future__ import annotations

import re

# https://www.uniprot.org/help/accession_numbers, with an isoform number.
_ACCESSION = re.compile(
    r"(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})(?:-\d+)?"
)
_OLINK = re.compile(r"OID\d{5}")
_GENE = re.compile(r"\bGN=([^\s;]+)")
_IDENTIFIER = re.compile(r">?\S+\s+")
# From the start of white space only: from each blank of a long run it takes quadratic time.
_AFTER_NAME = re.compile(r"(?<!\s)\s+(?:OS|OX|GN|PE|SV)=|;")


def is_accession(text: str) -> bool:
    """Say whether text is a UniProt accession, with or without an isoform number.

    Examples
    --------
    >>> [is_accession(t) for t in ("P02768", "P16157-3", "A0A024R6I7", "ALB")]
    [True, True, True, False]
    """
    return _ACCESSION.fullmatch(text) is not None


def is_olink_id(text: str) -> bool:
    """Say whether text is an Olink assay number.

    Examples
    --------
    >>> is_olink_id("OID00471")
    True
    """
    return _OLINK.fullmatch(text) is not None


def members(group: str) -> tuple[str, ...]:
    """Split a protein group into its accessions, the leading one first.

    Database prefixes (``sp|P02768|ALBU_HUMAN``) are taken off, repeats dropped.

    Examples
    --------
    >>> members("sp|P02768|ALBU_HUMAN;P02768; P16157-3")
    ('P02768', 'P16157-3')
    """
    found: dict[str, None] = {}
    for part in group.split(";"):
        fields = part.strip().split("|")
        name = fields[1] if len(fields) == 3 and fields[0] in ("sp", "tr") else part.strip()
        if name:
            found[name] = None
    return tuple(found)


def accessions_in(identifier: str) -> str:
    """Return the accessions that a protein id itself spells, joined by ";", or "".

    Examples
    --------
    >>> accessions_in("sp|P02768|ALBU_HUMAN"), accessions_in("OID00471")
    ('P02768', '')
    """
    parts = members(identifier)
    return ";".join(parts) if any(is_accession(part) for part in parts) else ""


def base(accession: str) -> str:
    """Return an accession without its isoform number.

    Examples
    --------
    >>> base("P16157-3")
    'P16157'
    """
    return re.sub(r"-\d+$", "", accession)


def genes_in_headers(headers: str) -> str:
    """Return the gene names (``GN=``) of FASTA headers, each once, joined by ";".

    Examples
    --------
    >>> genes_in_headers(">sp|P02768|ALBU_HUMAN Albumin OS=Homo sapiens GN=ALB PE=1 SV=2")
    'ALB'
    """
    return ";".join(dict.fromkeys(_GENE.findall(headers)))


def name_in_headers(headers: str) -> str:
    """Return the protein name of the first FASTA header, or "".

    Examples
    --------
    >>> name_in_headers(">sp|P02768|ALBU_HUMAN Albumin OS=Homo sapiens GN=ALB PE=1 SV=2")
    'Albumin'
    """
    first = _IDENTIFIER.match(headers)
    if first is None or "|" not in headers.split(" ", 1)[0]:
        return ""
    return _AFTER_NAME.split(headers[first.end() :], maxsplit=1)[0].strip()
