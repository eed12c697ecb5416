"""What two panels share, whether it points the same way, and whether it ranks the same."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from proteoclass.matrix.accessions import base
from proteoclass.panel.panel import Panel, PanelProtein

#: Fewest shared proteins for a rank correlation: with three, no order of them is surprising.
MIN_RANKED: Final = 4

#: Panels whose order is one of strength. A published or a reference list may stand in any.
_RANKED: Final = ("derived", "synthetic")


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
        over union, 0 to 1), `shared` (list of dict: `first`, `second`, `gene`, the ranks
        `rank_first` and `rank_second` from 1, `same_direction`, None where either
        direction is unknown), `only_first` and `only_second` (ids), `isoforms` (pairs of
        ids, one of each panel, that differ in the isoform alone and are not shared);
        `direction` (`n_known`, `n_same`, `share`), `rank` (`n`, `kendall`, `p`,
        `spearman`) and `chance` (`n_candidates`, `expected`, `p`), each with `reason`, ""
        or why it is not reportable.

    Notes
    -----
    `rank` is over the shared proteins, by their order in either panel: Kendall's tau with
    its exact p (Kendall 1938, doi 10.1093/biomet/30.1-2.81) and Spearman's rho. It is
    reportable where both panels stand in order of strength, as derived ones do, and share
    at least 4 proteins. There are no ties.

    `chance` is how many proteins two panels share if one of them is drawn at random from
    its N candidates: hypergeometric, mean n_first n_second / N, p the chance of as many or
    more. N is the larger number of candidates that a `[derivation]` states. Where the
    other panel's proteins are not all among these N, fewer can be shared, so that the mean
    and p are upper bounds. Correlated proteins, and panels from the same patients, share
    more than chance without any being the right ones.

    A top-weighted overlap (rank-biased overlap) is left out: its weight is a free number
    that nobody could defend, and these figures already say what is shared and in what order.

    Examples
    --------
    >>> one = Panel(name="a", title="A", status="reference", proteins=[{"id": "P1"}, {"id": "P2"}])
    >>> two = Panel(name="b", title="B", status="reference", proteins=[{"id": "P2"}])
    >>> compare_panels(one, two)["only_first"]
    ['P1']
    """
    twins = _twins(first.proteins, second.proteins)
    rest = [protein for i, protein in enumerate(first.proteins) if i not in twins]
    found = set(twins.values())
    left = [protein for j, protein in enumerate(second.proteins) if j not in found]
    shared = [_pair(first, second, i, twins[i]) for i in sorted(twins)]
    return {
        "first": first.name,
        "second": second.name,
        "n_first": first.size,
        "n_second": second.size,
        "n_shared": len(shared),
        "jaccard": len(shared) / (first.size + second.size - len(shared)),
        "shared": shared,
        "only_first": [protein.id for protein in rest],
        "only_second": [protein.id for protein in left],
        "isoforms": _isoforms(rest, left),
        "direction": _direction(shared),
        "rank": _rank(first, second, shared),
        "chance": _chance(first, second, len(shared)),
    }


def _twins(first: tuple[PanelProtein, ...], second: tuple[PanelProtein, ...]) -> dict[int, int]:
    """Return which place of the second panel holds the protein at a place of the first.

    Equal ids go first, so that two assays of one protein pair with their own twins.
    """
    twins: dict[int, int] = {}
    for name in ("id", "accession", "gene"):
        places = defaultdict(list)
        for j in sorted(set(range(len(second))) - set(twins.values()), reverse=True):
            places[getattr(second[j], name).upper()].append(j)
        for i in sorted(set(range(len(first))) - set(twins)):
            word = getattr(first[i], name).upper()
            fits = [j for j in places.get(word, ()) if word and _same(first[i], second[j])]
            if fits:
                twins[i] = fits[-1]
                places[word].remove(fits[-1])
    return twins


def _same(one: PanelProtein, other: PanelProtein) -> bool:
    if one.accession and other.accession:
        return one.accession == other.accession
    if one.gene and other.gene:
        return one.gene.upper() == other.gene.upper()
    return one.id == other.id


def _isoforms(rest: list[PanelProtein], left: list[PanelProtein]) -> list[list[str]]:
    """Return pairs of ids that are one protein but for the isoform."""
    others = defaultdict(list)
    for protein in left:
        others[base(protein.accession or protein.id)].append(protein)
    return [
        [protein.id, other.id]
        for protein in rest
        for other in others.get(base(protein.accession or protein.id), [])
        if (protein.accession or protein.id) != (other.accession or other.id)
    ]


def _pair(first: Panel, second: Panel, i: int, j: int) -> dict[str, Any]:
    protein, twin = first.proteins[i], second.proteins[j]
    known = "unknown" not in (protein.direction, twin.direction)
    return {
        "first": protein.id,
        "second": twin.id,
        "gene": protein.gene or twin.gene,
        "rank_first": i + 1,
        "rank_second": j + 1,
        "same_direction": protein.direction == twin.direction if known else None,
    }


def _direction(shared: list[dict[str, Any]]) -> dict[str, Any]:
    known = [pair["same_direction"] for pair in shared if pair["same_direction"] is not None]
    return {
        "n_known": len(known),
        "n_same": sum(known),
        "share": sum(known) / len(known) if known else None,
        "reason": "" if known else "not reportable: no shared protein has a direction in both",
    }


def _rank(first: Panel, second: Panel, shared: list[dict[str, Any]]) -> dict[str, Any]:
    empty = {"n": len(shared), "kendall": None, "p": None, "spearman": None}
    unranked = [panel.name for panel in (first, second) if panel.status not in _RANKED]
    if unranked:
        names = " and ".join(dict.fromkeys(unranked))
        return empty | {"reason": f"not reportable: the order of {names} is not one of strength"}
    if len(shared) < MIN_RANKED:
        return empty | {
            "reason": f"not reportable: {len(shared)} shared, at least {MIN_RANKED} are needed"
        }
    # Loaded here: no other command of panels needs it.
    from scipy.stats import kendalltau, spearmanr

    ranks = [[pair[key] for pair in shared] for key in ("rank_first", "rank_second")]
    tau = kendalltau(*ranks, method="exact")
    return {
        "n": len(shared),
        "kendall": float(tau.statistic),
        "p": float(tau.pvalue),
        "spearman": float(spearmanr(*ranks).statistic),
        "reason": "",
    }


def _chance(first: Panel, second: Panel, n_shared: int) -> dict[str, Any]:
    known = [p.derivation.n_candidates for p in (first, second) if p.derivation is not None]
    number = max(known, default=0)
    if number < max(first.size, second.size):
        reason = (
            f"not reportable: a panel is larger than the {number} candidates that are stated"
            if number
            else "not reportable: neither panel says how many candidates it was chosen from"
        )
        return {"n_candidates": None, "expected": None, "p": None, "reason": reason}
    from scipy.stats import hypergeom

    return {
        "n_candidates": number,
        "expected": first.size * second.size / number,
        "p": float(hypergeom.sf(n_shared - 1, number, first.size, second.size)),
        "reason": "",
    }
