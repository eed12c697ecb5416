"""What two panels share."""

from __future__ import annotations

from typing import Any

from proteoclass.panel.panel import Panel, PanelProtein


def compare_panels(first: Panel, second: Panel) -> dict[str, Any]:
    """Compare two panels protein by protein.

    Two entries are the same protein if their accessions are equal; where one names no
    accession, if their genes are equal; where that is missing too, if their ids are.

    Parameters
    ----------
    first, second : Panel

    Returns
    -------
    dict
        `first`, `second` (names), `n_first`, `n_second`, `n_shared`, `jaccard` (shared
        over union, 0 to 1), `shared` (list of dict: `first`, `second`, `gene`,
        `same_direction`, None where either direction is unknown), `only_first` and
        `only_second` (ids).

    Examples
    --------
    >>> one = Panel(name="a", title="A", status="reference", proteins=[{"id": "P1"}, {"id": "P2"}])
    >>> two = Panel(name="b", title="B", status="reference", proteins=[{"id": "P2"}])
    >>> compare_panels(one, two)["only_first"]
    ['P1']
    """
    shared = []
    left = list(second.proteins)
    for protein in first.proteins:
        twin = next((other for other in left if _same(protein, other)), None)
        if twin is not None:
            left.remove(twin)
            shared.append((protein, twin))
    taken = {protein.id for protein, _ in shared}
    union = first.size + second.size - len(shared)
    return {
        "first": first.name,
        "second": second.name,
        "n_first": first.size,
        "n_second": second.size,
        "n_shared": len(shared),
        "jaccard": len(shared) / union,
        "shared": [_pair(protein, twin) for protein, twin in shared],
        "only_first": [protein.id for protein in first.proteins if protein.id not in taken],
        "only_second": [protein.id for protein in left],
    }


def _same(one: PanelProtein, other: PanelProtein) -> bool:
    if one.accession and other.accession:
        return one.accession == other.accession
    if one.gene and other.gene:
        return one.gene.upper() == other.gene.upper()
    return one.id == other.id


def _pair(protein: PanelProtein, twin: PanelProtein) -> dict[str, Any]:
    known = "unknown" not in (protein.direction, twin.direction)
    return {
        "first": protein.id,
        "second": twin.id,
        "gene": protein.gene or twin.gene,
        "same_direction": protein.direction == twin.direction if known else None,
    }
