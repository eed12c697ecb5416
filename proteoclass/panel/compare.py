"""What two panels share, and how much of a panel a matrix measures."""

from __future__ import annotations

from typing import Any

import pandas as pd

from proteoclass.matrix.matching import match_proteins
from proteoclass.matrix.protein_matrix import ProteinMatrix
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


def panel_coverage(panel: Panel, matrix: ProteinMatrix) -> pd.DataFrame:
    """Say which proteins of a panel a matrix measures, by what, and how completely.

    Parameters
    ----------
    panel : Panel
    matrix : ProteinMatrix, shape (n_samples, n_proteins)

    Returns
    -------
    DataFrame, shape (n_panel, 6)
        Columns `id`, `accession`, `gene`, `matched_id` ("" if absent), `by`
        ("id", "accession", "gene" or ""), `detected_rate` (share of samples in which
        it was detected, 0 to 1; NaN if absent).

    Raises
    ------
    PanelMismatchError
        If a panel protein matches several proteins of the matrix.

    Examples
    --------
    >>> proteins = [{"id": "P1"}, {"id": "P2"}]
    >>> panel = Panel(name="a", title="A", status="reference", proteins=proteins)
    >>> values = pd.DataFrame([[4.0], [0.0]], index=["s1", "s2"], columns=["P1"])
    >>> matrix = ProteinMatrix.build(values, scale="raw")
    >>> panel_coverage(panel, matrix)["detected_rate"].tolist()
    [0.5, nan]
    """
    wanted = panel.frame()
    match = match_proteins(wanted, matrix)
    detected = matrix.values.notna().mean()
    return pd.DataFrame(
        {
            "id": wanted.index,
            "accession": wanted["accessions"].to_numpy(),
            "gene": wanted["gene"].to_numpy(),
            "matched_id": match["matched_id"].to_numpy(),
            "by": match["by"].to_numpy(),
            "detected_rate": detected.reindex(match["matched_id"]).to_numpy(),
        }
    )


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
