"""How much of a panel a matrix measures, and what is near where it does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from proteoclass.errors import name_list
from proteoclass.matrix.accessions import accessions_in, base, members
from proteoclass.matrix.matching import fitting_proteins
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.panel import Panel, PanelProtein

#: What a panel protein is in a matrix, and how the summary puts it. Only the first is used.
STATES: Final = {
    "measured": "measured",
    "never detected": "in the matrix but never detected",
    "ambiguous": "ambiguous, several proteins fit",
    "wanted twice": "with a protein that another of the panel fits as well",
    "taken": "only as a protein that another of the panel names by id",
    "isoform": "only as another isoform",
    "spelling": "only under another spelling or in another column",
    "alias": "only under an alias",
    "absent": "absent",
}


def panel_coverage(panel: Panel, matrix: ProteinMatrix) -> pd.DataFrame:
    """Say which proteins of a panel a matrix measures, by what, and how completely.

    Parameters
    ----------
    panel : Panel
    matrix : ProteinMatrix, shape (n_samples, n_proteins)

    Returns
    -------
    DataFrame, shape (n_panel, 10)
        Columns `id`, `accession`, `gene`; `usable` ("yes" or "no"); `state`, a key of
        `STATES`; `matched_id` ("" where nothing fits alone); `by` ("id", "accession",
        "gene" or ""); `n_detected` (samples in which it was detected) and
        `detected_rate` (their share, 0 to 1; NaN where nothing matched); `near`, a tuple
        of dicts `id`, `n_detected`, `detected_rate`: what fits as well as others, or
        nearly fits; `note`, a sentence or "".

    Notes
    -----
    `usable` is what a held panel or a model would use: `match_proteins` finds one protein,
    by id, by accession or by gene, and some sample has it. What is near is for people and
    is never used. An isoform is another protein. An alias is not unique: MST1 is an alias
    of STK4 and the approved symbol of another gene, so that a match by alias could score
    one protein as another in silence. Who knows that the near one is meant writes its id,
    accession or gene into the panel.

    Examples
    --------
    >>> proteins = [{"id": "P16157", "accession": "P16157"}, {"id": "P2"}]
    >>> panel = Panel(name="a", title="A", status="reference", proteins=proteins)
    >>> values = pd.DataFrame([[4.0, 8.0], [0.0, 9.0]], columns=["P2", "P16157-3"])
    >>> coverage = panel_coverage(panel, ProteinMatrix.build(values, scale="raw"))
    >>> coverage["state"].tolist(), coverage["detected_rate"].tolist()
    (['isoform', 'measured'], [nan, 0.5])
    """
    wanted = panel.frame()
    fitting = fitting_proteins(wanted, matrix)
    rivals = _Rivals.of(fitting)
    neighbours = _Neighbours.of(matrix.proteins)
    detection = _Detection.of(matrix.values)
    rows = []
    for protein, fits, by in zip(panel.proteins, fitting["fits"], fitting["by"], strict=True):
        state, near = rivals.state(fits, by), tuple(sorted(fits))
        if state == "absent":
            state, near = neighbours.of_protein(protein, rivals.matched)
        elif state == "measured":
            state, near = "measured" if detection.counts[fits[0]] else "never detected", ()
        matched = fits[0] if state in ("measured", "never detected") else ""
        rows.append(
            {
                "id": protein.id,
                "accession": protein.accession,
                "gene": protein.gene,
                "usable": "yes" if state == "measured" else "no",
                "state": state,
                "matched_id": matched,
                "by": by if matched else "",
                **detection.of_protein(matched),
                "near": tuple({"id": name, **detection.of_protein(name)} for name in near),
                "note": _note(protein, matched, by, matrix.proteins),
            }
        )
    return pd.DataFrame(rows)


def coverage_summary(coverage: pd.DataFrame) -> dict[str, Any]:
    """Count a coverage table, and put the counts into one sentence.

    Parameters
    ----------
    coverage : DataFrame
        As `panel_coverage` returns it.

    Returns
    -------
    dict
        `n_panel`, `n_usable`; `by` (how many by id, accession and gene); `states` (how
        many in each state); `can_be_held`, whether every protein is usable, without which
        evaluation and training refuse to hold the panel; `text`.

    Examples
    --------
    >>> panel = Panel(name="a", title="A", status="reference", proteins=[{"id": "P1"}])
    >>> values = pd.DataFrame([[4.0]], columns=["P1"])
    >>> matrix = ProteinMatrix.build(values, scale="raw")
    >>> coverage_summary(panel_coverage(panel, matrix))["text"]
    '1 of 1 measured (1 by id)'
    """
    by = Counter(coverage["by"][coverage["usable"] == "yes"])
    states = Counter(coverage["state"])
    steps = {step: by[step] for step in ("id", "accession", "gene")}
    told = ", ".join(f"{count} by {step}" for step, count in steps.items() if count)
    parts = [f"{states['measured']} of {len(coverage)} measured{f' ({told})' if told else ''}"]
    parts += [
        f"{states[state]} {words}: {name_list(coverage['id'][coverage['state'] == state])}"
        for state, words in STATES.items()
        if states[state] and state != "measured"
    ]
    return {
        "n_panel": len(coverage),
        "n_usable": states["measured"],
        "by": steps,
        "states": {state: states[state] for state in STATES},
        "can_be_held": states["measured"] == len(coverage),
        "text": "; ".join(parts),
    }


@dataclass(frozen=True)
class _Detection:
    """In how many samples each protein of a matrix was detected."""

    counts: Mapping[str, int]
    n_samples: int

    @classmethod
    def of(cls, values: pd.DataFrame) -> _Detection:
        counts = values.notna().sum()
        return cls({str(name): int(count) for name, count in counts.items()}, len(values))

    def of_protein(self, name: str) -> dict[str, float]:
        if not name:
            return {"n_detected": 0, "detected_rate": float("nan")}
        count = self.counts[name]
        return {"n_detected": count, "detected_rate": count / self.n_samples}


@dataclass(frozen=True)
class _Rivals:
    """Proteins of the matrix that several of the panel ask for, as `match_proteins` sees them."""

    named: frozenset[str]
    wanted: Mapping[str, int]

    @classmethod
    def of(cls, fitting: pd.DataFrame) -> _Rivals:
        alone = [(fits[0], by) for fits, by in fitting.to_numpy() if len(fits) == 1]
        named = frozenset(name for name, by in alone if by == "id")
        wanted = Counter(name for name, by in alone if by == "id" or name not in named)
        return cls(named, wanted)

    @property
    def matched(self) -> frozenset[str]:
        return frozenset(self.wanted)

    def state(self, fits: tuple[str, ...], by: str) -> str:
        if not fits:
            return "absent"
        if len(fits) > 1:
            return "ambiguous"
        if by != "id" and fits[0] in self.named:
            return "taken"
        return "wanted twice" if self.wanted[fits[0]] > 1 else "measured"


@dataclass(frozen=True)
class _Neighbours:
    """Proteins of a matrix by the names that strict matching does not go by."""

    isoforms: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, proteins: pd.DataFrame) -> _Neighbours:
        isoforms, names = defaultdict(list), defaultdict(list)
        columns = (proteins.index, proteins["accessions"], proteins["gene"])
        for name, group, gene in zip(*columns, strict=True):
            accessions = members(str(group) or accessions_in(str(name)))
            for part in {base(accession) for accession in accessions}:
                isoforms[part].append(str(name))
            for part in _folded((str(name), *accessions, *gene.split(";"))):
                names[part].append(str(name))
        return cls(
            {part: tuple(found) for part, found in isoforms.items()},
            {part: tuple(found) for part, found in names.items()},
        )

    def of_protein(
        self, protein: PanelProtein, matched: frozenset[str]
    ) -> tuple[str, tuple[str, ...]]:
        """Return the state and what is near; another panel protein's match is not near."""
        accessions = members(protein.accession or accessions_in(protein.id))
        isoforms = _all(self.isoforms, dict.fromkeys(base(part) for part in accessions))
        if isoforms:
            return "isoform", isoforms
        spelt = _folded((protein.id, *accessions, *protein.gene.split(";")))
        for state, names in (("spelling", spelt), ("alias", _folded(protein.aliases))):
            near = tuple(n for n in _all(self.names, names) if n not in matched)
            if near:
                return state, near
        return "absent", ()


def _all(found: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({near for name in names for near in found.get(name, ())}))


def _folded(names: Iterable[str]) -> dict[str, None]:
    # KIM-1, KIM1 and kim 1: aliases are written with and without hyphens and blanks.
    letters = ("".join(c for c in name.casefold() if c.isalnum()) for name in names)
    return dict.fromkeys(name for name in letters if name)


def _note(protein: PanelProtein, matched: str, by: str, proteins: pd.DataFrame) -> str:
    if not matched or by != "accession":
        return ""
    group = members(str(proteins.loc[matched, "accessions"]) or accessions_in(matched))
    wanted = members(protein.accession or accessions_in(protein.id))
    if group[0] == wanted[0]:
        return ""
    return f"a member of a protein group that {group[0]} leads"
