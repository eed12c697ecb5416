"""What two panels share: pairs, directions, ranks against brute force, chance against subsets."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass.panel.compare import MIN_RANKED, compare_panels
from proteoclass.panel.library import load_panel
from proteoclass.panel.panel import Derivation, Panel


def make(name, *proteins, status="reference"):
    return Panel(name=name, title=name, status=status, proteins=proteins)


def ranked(name, order, candidates=0):
    derivation = Derivation(
        cohort_hash="0", method="ridge", size=len(order), seed=0, version="0",
        n_candidates=candidates,
    )  # fmt: skip
    return Panel(
        name=name, title=name, status="derived", derivation=derivation,
        proteins=[{"id": f"P{i}"} for i in order],
    )  # fmt: skip


def test_compare_panels_matches_by_accession_then_gene_then_id():
    first = make(
        "a",
        {"id": "x1", "accession": "P1", "gene": "G1", "direction": "up"},
        {"id": "x2", "gene": "G2", "direction": "up"},
        {"id": "x3"},
        {"id": "x4", "accession": "P4", "gene": "SAME"},
    )
    second = make(
        "b",
        {"id": "x3"},
        {"id": "y2", "gene": "g2", "direction": "down"},
        {"id": "y1", "accession": "P1"},
        {"id": "y4", "accession": "P5", "gene": "SAME"},
    )
    result = compare_panels(first, second)
    assert [(pair["first"], pair["second"]) for pair in result["shared"]] == [
        ("x1", "y1"),
        ("x2", "y2"),
        ("x3", "x3"),
    ]
    assert [pair["same_direction"] for pair in result["shared"]] == [None, False, None]
    # Two accessions that differ are two proteins, whatever the gene column says.
    assert (result["only_first"], result["only_second"]) == (["x4"], ["y4"])
    assert result["n_shared"] == 3
    assert result["jaccard"] == pytest.approx(3 / 5)
    assert result["direction"] == {"n_known": 1, "n_same": 0, "share": 0.0, "reason": ""}


def test_a_panel_against_itself_shares_everything():
    panel = load_panel("cosgriff-2022-plasma-olink")
    result = compare_panels(panel, panel)
    assert (result["n_shared"], result["jaccard"], result["only_first"]) == (14, 1.0, [])
    assert all(pair["same_direction"] for pair in result["shared"])


def test_two_assays_of_one_protein_pair_with_their_own_twins():
    il6 = [{"id": name, "accession": "P05231"} for name in ("OID390", "OID666")]
    result = compare_panels(make("a", *il6), make("b", *il6[::-1]))
    pairs = [(p["first"], p["second"], p["rank_second"]) for p in result["shared"]]
    assert pairs == [("OID390", "OID390", 2), ("OID666", "OID666", 1)]
    one = compare_panels(make("a", *il6), make("b", {"id": "P05231", "accession": "P05231"}))
    assert (one["n_shared"], one["only_first"]) == (1, ["OID666"])


def test_a_pair_by_accession_goes_before_one_by_gene():
    first = make("a", {"id": "a", "accession": "P1", "gene": "G"}, {"id": "b", "gene": "G"})
    second = make("b", {"id": "c", "gene": "G"}, {"id": "d", "accession": "P1", "gene": "H"})
    pairs = [(p["first"], p["second"]) for p in compare_panels(first, second)["shared"]]
    assert pairs == [("a", "d"), ("b", "c")]


def test_isoforms_are_two_proteins_and_are_named():
    first = make("a", {"id": "P16157"}, {"id": "x", "accession": "P02768-2"}, {"id": "P1"})
    second = make("b", {"id": "P16157-3"}, {"id": "y", "accession": "P02768"}, {"id": "P1"})
    result = compare_panels(first, second)
    assert result["n_shared"] == 1
    assert result["isoforms"] == [["P16157", "P16157-3"], ["x", "y"]]


def test_a_direction_that_nobody_knows_is_not_reportable():
    result = compare_panels(make("a", {"id": "P1"}), make("b", {"id": "P1"}))
    assert result["direction"]["share"] is None
    assert result["direction"]["reason"] == (
        "not reportable: no shared protein has a direction in both"
    )


def tau_of(order):
    """Concordant minus discordant pairs over all pairs, counted one by one."""
    pairs = list(itertools.combinations(order, 2))
    return sum(1 if a < b else -1 for a, b in pairs) / len(pairs)


def rank_of(order):
    """Compare 0, 1, 2 ... with another order of the same proteins."""
    position = {protein: i for i, protein in enumerate(order)}
    result = compare_panels(ranked("a", range(len(order))), ranked("b", order))
    return result["rank"], [position[i] for i in range(len(order))]


@pytest.mark.parametrize(
    "order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2), (2, 0, 3, 1, 4), (4, 1, 0, 3, 2, 5)]
)
def test_rank_correlations_are_those_of_counting_all_orders(order):
    # Independent routes: pairs counted, all n! orders enumerated, Spearman's 1 - 6 d^2 sum.
    rank, places = rank_of(order)
    n = len(order)
    assert rank["n"] == n
    assert rank["kendall"] == pytest.approx(tau_of(places))
    taus = np.array([tau_of(p) for p in itertools.permutations(range(n))])
    assert rank["p"] == pytest.approx((np.abs(taus) >= abs(tau_of(places)) - 1e-12).mean())
    squares = sum((i - place) ** 2 for i, place in enumerate(places))
    assert rank["spearman"] == pytest.approx(1 - 6 * squares / (n * (n**2 - 1)))


def test_ranks_are_over_shared_proteins_alone():
    first = ranked("a", [9, 1, 8, 2, 3, 4])
    second = ranked("b", [1, 2, 7, 3, 6, 4])
    rank = compare_panels(first, second)["rank"]
    assert (rank["n"], rank["kendall"]) == (4, pytest.approx(1.0))
    assert rank["p"] == pytest.approx(2 / math.factorial(4))


def test_ranks_that_mean_nothing_are_not_reportable():
    few = compare_panels(ranked("a", [1, 2, 3]), ranked("b", [3, 2, 1]))["rank"]
    assert few["reason"] == f"not reportable: 3 shared, at least {MIN_RANKED} are needed"
    assert (few["kendall"], few["p"], few["spearman"]) == (None, None, None)
    listed = make("list", *({"id": f"P{i}"} for i in range(6)))
    unordered = compare_panels(ranked("a", range(6)), listed)["rank"]
    assert unordered["reason"] == "not reportable: the order of list is not one of strength"


def test_chance_is_the_share_of_all_subsets_that_overlap_as_much():
    # All C(9, 4) panels of four out of nine candidates, against one that holds 0, 1 and 2.
    chance = compare_panels(ranked("a", [0, 1, 5, 6], 9), ranked("b", [0, 1, 2]))["chance"]
    overlaps = [len({0, 1, 2} & set(s)) for s in itertools.combinations(range(9), 4)]
    assert chance["n_candidates"] == 9
    assert chance["expected"] == pytest.approx(np.mean(overlaps))
    assert chance["p"] == pytest.approx(np.mean([overlap >= 2 for overlap in overlaps]))


def test_chance_is_an_upper_bound_where_not_all_are_candidates():
    # Two of the other panel's proteins were no candidates: only 0 can be drawn.
    chance = compare_panels(ranked("a", [0, 1, 5, 6], 9), ranked("b", [0, 20, 21]))["chance"]
    overlaps = [0 in s for s in itertools.combinations(range(9), 4)]
    assert np.mean(overlaps) <= chance["expected"]
    assert np.mean(overlaps) <= chance["p"]


def test_chance_takes_the_larger_number_of_candidates_or_says_why_there_is_none():
    def told(*numbers):
        panels = (ranked(name, [0, 1, 2], n) for name, n in zip("ab", numbers, strict=True))
        return compare_panels(*panels)["chance"]

    assert told(50, 200) == told(200, 50)
    assert told(50, 200)["n_candidates"] == 200
    assert told(0, 0)["reason"] == (
        "not reportable: neither panel says how many candidates it was chosen from"
    )
    assert "larger than the 2 candidates" in told(2, 0)["reason"]
    assert told(2, 0)["p"] is None


names = st.sampled_from(["P1", "P2", "P1-2", "A", "B"])
entries = st.tuples(st.sampled_from(["", "P1", "P2", "P1-2"]), st.sampled_from(["", "A", "b"]))
panels = st.dictionaries(names, entries, min_size=1, max_size=5).map(
    lambda told: make("p", *({"id": i, "accession": a, "gene": g} for i, (a, g) in told.items()))
)


@given(panels, panels)
def test_every_protein_is_shared_or_left_and_never_both(first, second):
    result = compare_panels(first, second)
    mine = [pair["first"] for pair in result["shared"]] + result["only_first"]
    theirs = [pair["second"] for pair in result["shared"]] + result["only_second"]
    assert sorted(mine) == sorted(first.ids)
    assert sorted(theirs) == sorted(second.ids)
    assert 0 <= result["jaccard"] <= 1


@given(panels)
def test_a_panel_shares_all_with_itself(panel):
    result = compare_panels(panel, panel)
    assert all(pair["first"] == pair["second"] for pair in result["shared"])
    assert result["jaccard"] == 1


@given(panels, panels)
def test_the_order_of_the_two_does_not_matter(first, second):
    forth, back = compare_panels(first, second), compare_panels(second, first)
    assert forth["n_shared"] == back["n_shared"]
    assert forth["jaccard"] == back["jaccard"]
