"""Which protein of a matrix stands for which protein that a panel or model asks for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from proteoclass.errors import PanelMismatchError, name_list
from proteoclass.matrix.accessions import accessions_in, base, members
from proteoclass.matrix.protein_matrix import ProteinMatrix

#: How a protein may be found, the surest first.
_BY = ("id", "accession", "gene")


def match_proteins(wanted: pd.DataFrame, matrix: ProteinMatrix) -> pd.DataFrame:
    """Find each wanted protein in a matrix: by id, then by accession, then by gene.

    Parameters
    ----------
    wanted : DataFrame, shape (n_wanted, >= 0)
        Indexed by id; columns `accessions` (a group joined by ";", the leading one
        first) and `gene`, where known.
    matrix : ProteinMatrix

    Returns
    -------
    DataFrame, shape (n_wanted, 2)
        Same index; `matched_id` ("" where there is none) and `by`, one of "id",
        "accession", "gene" and "".

    Raises
    ------
    PanelMismatchError
        If a wanted protein fits several proteins of the matrix equally well, or two
        wanted proteins fit the same one by accession or gene. All of them are counted,
        five named.

    Notes
    -----
    A group matches if any member does; the wanted group's leading accession is asked
    before the others, and a group that leads with it goes before one that only holds
    it. Isoforms are explicit: P16157-3 is not P16157, and a shared gene name does not
    make it so. A protein that one wanted id names outright is not lent to another wanted
    one: two assays of one protein (two Olink panels) stay two, and the one that the
    matrix lacks is not found.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0]], index=["s1"], columns=["P02768;P02769", "OID00471"])
    >>> proteins = pd.DataFrame({"gene": ["ALB", "CXCL8"]}, index=values.columns)
    >>> matrix = ProteinMatrix.build(values, proteins=proteins, scale="log2")
    >>> asked = {"accessions": ["P02769", "P10145"], "gene": ["", "CXCL8"]}
    >>> wanted = pd.DataFrame(asked, index=["a", "b"])
    >>> match_proteins(wanted, matrix)["by"].tolist()
    ['accession', 'gene']
    """
    fitting = fitting_proteins(wanted, matrix)
    found: dict[str, tuple[str, str]] = {}
    ambiguous: list[str] = []
    for name, fits, by in fitting.itertuples(name=None):
        if len(fits) > 1:
            ambiguous.append(f"{name} fits {name_list(fits)} by {by}")
        found[str(name)] = (fits[0], by) if len(fits) == 1 else ("", "")
    found = _yield_to_ids(found)
    _refuse(ambiguous, _doubles(found), matrix.source.path)
    return pd.DataFrame(
        [found[str(name)] for name in wanted.index],
        index=wanted.index,
        columns=["matched_id", "by"],
        dtype=object,
    )


def fitting_proteins(wanted: pd.DataFrame, matrix: ProteinMatrix) -> pd.DataFrame:
    """Return every protein of a matrix that fits each wanted one best; nothing is refused.

    Parameters
    ----------
    wanted : DataFrame, shape (n_wanted, >= 0)
        As for `match_proteins`.
    matrix : ProteinMatrix

    Returns
    -------
    DataFrame, shape (n_wanted, 2)
        Same index; `fits` (tuple of protein ids, more than one where they fit equally
        well) and `by`, "" where nothing fits.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0]], index=["s1"], columns=["OID1", "OID2"])
    >>> proteins = pd.DataFrame({"gene": ["IL6", "IL6"]}, index=values.columns)
    >>> matrix = ProteinMatrix.build(values, proteins=proteins, scale="log2")
    >>> wanted = pd.DataFrame({"gene": ["IL6"]}, index=["P05231"])
    >>> fitting_proteins(wanted, matrix).loc["P05231"].tolist()
    [('OID1', 'OID2'), 'gene']
    """
    catalogue = _Catalogue.of(matrix.proteins)
    rows = []
    for name, accessions, gene in _rows(wanted):
        fits, by = catalogue.find(name, accessions, gene)
        rows.append((tuple(fits), by if fits else ""))
    return pd.DataFrame(rows, index=wanted.index, columns=["fits", "by"], dtype=object)


def pair_proteins(wanted: pd.DataFrame, matrix: ProteinMatrix) -> pd.DataFrame:
    """Pair proteins one to one with those of a matrix, and leave out what is not clear.

    Parameters
    ----------
    wanted : DataFrame, shape (n_wanted, >= 0)
        As for `match_proteins`.
    matrix : ProteinMatrix

    Returns
    -------
    DataFrame, shape (n_wanted, 2)
        Same index; `matched_id` ("" where there is none) and `by`: "id", "accession",
        "gene", "" where nothing fits, or "unclear" where several fit equally well or
        another wanted protein fits the same one as well or better: nobody could say which
        is meant, and of two whole proteomes that is not worth a refusal.

    Examples
    --------
    >>> values = pd.DataFrame([[8.0, 9.0]], index=["s1"], columns=["OID1", "OID2"])
    >>> proteins = pd.DataFrame({"gene": ["IL6", "CXCL8"]}, index=values.columns)
    >>> matrix = ProteinMatrix.build(values, proteins=proteins, scale="log2")
    >>> wanted = pd.DataFrame({"gene": ["IL6", "CXCL8", ""]}, index=["a", "b", "OID2"])
    >>> pair_proteins(wanted, matrix).to_numpy().tolist()
    [['OID1', 'gene'], ['', 'unclear'], ['OID2', 'id']]
    """
    fitting = fitting_proteins(wanted, matrix)
    claims: dict[str, list[tuple[int, int]]] = {}
    for place, (fits, by) in enumerate(fitting.itertuples(index=False, name=None)):
        if len(fits) == 1:
            claims.setdefault(fits[0], []).append((_BY.index(by), place))
    matched = ["" for _ in fitting.index]
    told = ["unclear" if fits else "" for fits in fitting["fits"]]
    for fit, claim in claims.items():
        best = min(rank for rank, _ in claim)
        winners = [place for rank, place in claim if rank == best]
        if len(winners) == 1:
            matched[winners[0]], told[winners[0]] = fit, _BY[best]
    return pd.DataFrame({"matched_id": matched, "by": told}, index=wanted.index, dtype=object)


def proteins_among(
    proteins: pd.DataFrame, is_gene: Callable[[str], bool], accessions: Collection[str]
) -> tuple[str, ...]:
    """Return the ids of proteins that carry one of some genes or accessions.

    Parameters
    ----------
    proteins : DataFrame, shape (n_proteins, >= 1)
        Indexed by protein id, with `gene` and, where known, `accessions`.
    is_gene : callable
        Says of a gene in capitals whether it is one of them.
    accessions : collection of str
        Without isoform numbers.

    Returns
    -------
    tuple of str
        Groups with such a gene or accession among their own, leading or not. An id that
        spells accessions is read where the row holds none: few tables name genes.

    Examples
    --------
    >>> table = pd.DataFrame({"gene": ["ALB;AFP", "", "UMOD"]}, ["a", "Q1;P02768-2", "b"])
    >>> proteins_among(table, {"AFP"}.__contains__, {"P02768"})
    ('a', 'Q1;P02768-2')
    """
    known = frozenset(accessions)
    groups = proteins["accessions"] if "accessions" in proteins else [""] * len(proteins)
    return tuple(
        str(name)
        for name, group, gene in zip(proteins.index, groups, proteins["gene"], strict=True)
        if any(is_gene(part) for part in re.split(r"[; ]+", str(gene).upper()))
        or any(base(part) in known for part in members(str(group) or accessions_in(str(name))))
    )


@dataclass(frozen=True)
class _Catalogue:
    """Proteins of a matrix by each of their names."""

    ids: frozenset[str]
    leading: Mapping[str, list[str]]
    members: Mapping[str, list[str]]
    genes: Mapping[str, list[str]]
    accessions: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, proteins: pd.DataFrame) -> _Catalogue:
        leading, held, genes = defaultdict(list), defaultdict(list), defaultdict(list)
        accessions = {}
        for name, group, gene in _rows(proteins):
            accessions[name] = group
            for part in group:
                held[part].append(name)
            for part in group[:1]:
                leading[part].append(name)
            for part in _genes(gene):
                genes[part].append(name)
        return cls(frozenset(accessions), dict(leading), dict(held), dict(genes), accessions)

    def find(self, name: str, wanted: tuple[str, ...], gene: str) -> tuple[list[str], str]:
        """Return the proteins that fit best, more than one if they fit equally well."""
        if name in self.ids:
            return [name], "id"
        for part in wanted[:1]:
            fits = self.leading.get(part) or self.members.get(part)
            if fits:
                return fits, "accession"
        fits = _once(fit for part in wanted[1:] for fit in self.members.get(part, []))
        if fits:
            return fits, "accession"
        fits = _once(fit for part in _genes(gene) for fit in self.genes.get(part, []))
        # The same accession but for the isoform was looked at above, and is another protein.
        others = {base(part) for part in wanted}
        return [f for f in fits if not others & {base(p) for p in self.accessions[f]}], "gene"


def _rows(proteins: pd.DataFrame) -> Iterable[tuple[str, tuple[str, ...], str]]:
    blank = [""] * len(proteins)
    groups = proteins["accessions"].fillna("") if "accessions" in proteins else blank
    genes = proteins["gene"].fillna("") if "gene" in proteins else blank
    for name, group, gene in zip(proteins.index, groups, genes, strict=True):
        yield str(name), members(str(group) or accessions_in(str(name))), str(gene)


def _genes(text: str) -> tuple[str, ...]:
    return tuple(part.strip().upper() for part in text.split(";") if part.strip())


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _yield_to_ids(found: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    named = {matched for matched, by in found.values() if by == "id"}
    return {
        name: ("", "") if by != "id" and matched in named else (matched, by)
        for name, (matched, by) in found.items()
    }


def _doubles(found: Mapping[str, tuple[str, str]]) -> list[str]:
    wanted_by = defaultdict(list)
    for name, (matched, _) in found.items():
        if matched:
            wanted_by[matched].append(name)
    return [
        f"{name_list(names)} all fit {matched}"
        for matched, names in wanted_by.items()
        if len(names) > 1
    ]


def _refuse(ambiguous: list[str], doubles: list[str], path: str) -> None:
    where = f"{path}: " if path else ""
    if ambiguous:
        raise PanelMismatchError(
            f"{where}{len(ambiguous)} wanted proteins fit several of the matrix: "
            f"{'; '.join(ambiguous[:5])}{_more(ambiguous)}; name the id of the one that is meant"
        )
    if doubles:
        raise PanelMismatchError(
            f"{where}{len(doubles)} proteins of the matrix are wanted more than once: "
            f"{'; '.join(doubles[:5])}{_more(doubles)}; keep one of each in the panel"
        )


def _more(items: list[str]) -> str:
    return f" and {len(items) - 5} more" if len(items) > 5 else ""
