"""How much of a panel a matrix measures: every state by a case of its own."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass.errors import PanelMismatchError
from proteoclass.matrix.matching import match_proteins
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel.coverage import STATES, coverage_summary, panel_coverage
from proteoclass.panel.library import load_panel
from proteoclass.panel.panel import Panel


def matrix(told, detected=None):
    """A matrix of four samples; proteins as id: "accessions/gene", detected in so many."""
    counts = detected or {}
    values = pd.DataFrame(
        {name: [20.0 if i < counts.get(name, 4) else np.nan for i in range(4)] for name in told},
        index=list("abcd"),
    )
    proteins = pd.DataFrame(
        [text.split("/") for text in told.values()],
        index=list(told),
        columns=["accessions", "gene"],
    )
    return ProteinMatrix.build(values, proteins=proteins, scale="log2")


def make(*proteins):
    return Panel(name="mine", title="Mine", status="reference", proteins=proteins)


def row(protein, told, detected=None):
    return panel_coverage(make(protein), matrix(told, detected)).iloc[0]


def near(found):
    return [each["id"] for each in found["near"]]


@pytest.mark.parametrize(
    ("protein", "told", "matched", "by"),
    [
        ({"id": "OID1"}, {"OID1": "/"}, "OID1", "id"),
        ({"id": "x", "accession": "P80188"}, {"OID1": "P80188/"}, "OID1", "accession"),
        ({"id": "x", "accession": "P16157-3"}, {"A": "P16157-3/"}, "A", "accession"),
        ({"id": "x", "gene": "LCN2"}, {"OID1": "/LCN2"}, "OID1", "gene"),
    ],
)
def test_what_matches_strictly_is_measured_and_counted(protein, told, matched, by):
    found = row(protein, told, {matched: 3})
    assert found["state"] == "measured"
    assert found["usable"] == "yes"
    assert (found["matched_id"], found["by"]) == (matched, by)
    assert (found["n_detected"], found["detected_rate"]) == (3, 0.75)
    assert found["near"] == ()


def test_a_protein_that_no_sample_has_is_not_usable():
    found = row({"id": "P1"}, {"P1": "/"}, {"P1": 0})
    assert (found["state"], found["usable"], found["matched_id"]) == ("never detected", "no", "P1")
    assert (found["by"], found["n_detected"], found["detected_rate"]) == ("id", 0, 0.0)


@pytest.mark.parametrize(
    ("asked", "held"), [("P16157", "P16157-3"), ("P16157-3", "P16157"), ("P16157-2", "P16157-3")]
)
def test_another_isoform_is_near_and_never_used(asked, held):
    found = row({"id": asked, "gene": "ANK1"}, {held: "/ANK1", "P2": "/"}, {held: 1})
    assert (found["state"], found["usable"], found["matched_id"]) == ("isoform", "no", "")
    assert found["near"] == ({"id": held, "n_detected": 1, "detected_rate": 0.25},)
    assert np.isnan(found["detected_rate"])


def test_an_isoform_within_a_group_is_near_too():
    found = row({"id": "P16157"}, {"Q1;P16157-3": "/", "P16157-2": "/"})
    assert (found["state"], near(found)) == ("isoform", ["P16157-2", "Q1;P16157-3"])


def test_a_member_of_a_group_is_measured_and_that_is_said():
    found = row({"id": "P80188"}, {"P02768;P80188": "/"})
    assert (found["usable"], found["by"]) == ("yes", "accession")
    assert found["note"] == "a member of a protein group that P02768 leads"
    leads = row({"id": "P80188"}, {"P80188;P02768": "/"})
    assert (leads["usable"], leads["note"]) == ("yes", "")


@pytest.mark.parametrize("alias", ["KIM-1", "kim1", "Kim 1"])
def test_an_alias_is_near_whether_it_stands_as_gene_or_as_id(alias):
    protein = {"id": "Q96D42", "accession": "Q96D42", "gene": "HAVCR1", "aliases": [alias]}
    for told in ({"OID1": "/KIM1"}, {"KIM-1": "/"}, {"OID1": "/TIMD1;KIM1"}):
        found = row(protein, told)
        assert (found["state"], found["usable"], near(found)) == ("alias", "no", list(told))


def test_an_alias_that_is_another_panel_proteins_symbol_is_not_near():
    # MST1 is an alias of STK4 and the approved symbol of macrophage stimulating 1.
    panel = make(
        {"id": "Q13043", "gene": "STK4", "aliases": ["MST1"]}, {"id": "P26927", "gene": "MST1"}
    )
    found = panel_coverage(panel, matrix({"OID1": "/MST1"}))
    assert found["state"].tolist() == ["absent", "measured"]


@pytest.mark.parametrize(
    ("protein", "told"),
    [
        ({"id": "x", "gene": "CXCL8"}, {"CXCL8": "/"}),
        ({"id": "CXCL8"}, {"OID1": "/CXCL8"}),
        ({"id": "CXCL8"}, {"cxcl-8": "/"}),
        ({"id": "oid00471"}, {"OID00471": "/"}),
    ],
)
def test_another_spelling_or_column_is_near(protein, told):
    found = row(protein, told)
    assert (found["state"], found["usable"], near(found)) == ("spelling", "no", list(told))


def test_several_candidates_are_listed_with_their_detection_and_nothing_is_raised():
    told = {"OID1": "P05231/IL6", "OID2": "P05231/IL6", "P1": "/"}
    panel = make({"id": "P05231"}, {"id": "P1"})
    target = matrix(told, {"OID1": 2})
    with pytest.raises(PanelMismatchError, match="fits OID1, OID2"):
        match_proteins(panel.frame(), target)
    found = panel_coverage(panel, target)
    assert found["state"].tolist() == ["ambiguous", "measured"]
    assert found["usable"].tolist() == ["no", "yes"]
    assert [(n["id"], n["n_detected"]) for n in found["near"][0]] == [("OID1", 2), ("OID2", 4)]


def test_two_that_ask_for_one_protein_are_both_unusable():
    panel = make({"id": "a", "accession": "P1"}, {"id": "b", "accession": "P2"})
    found = panel_coverage(panel, matrix({"X": "P1;P2/"}))
    assert found["state"].tolist() == ["wanted twice"] * 2
    assert [near(each) for _, each in found.iterrows()] == [["X"], ["X"]]


def test_an_assay_named_by_id_is_not_lent_to_its_twin():
    panel = make({"id": "OID1", "accession": "P05231"}, {"id": "OID2", "accession": "P05231"})
    found = panel_coverage(panel, matrix({"OID1": "P05231/IL6"}))
    assert found["state"].tolist() == ["measured", "taken"]
    assert near(found.iloc[1]) == ["OID1"]


def test_the_summary_counts_every_state_and_names_who_is_in_it():
    panel = make(
        {"id": "P1"},
        {"id": "a", "accession": "P80188"},
        {"id": "b", "gene": "ALB"},
        {"id": "P16157"},
        {"id": "c", "gene": "HAVCR1", "aliases": ["KIM1"]},
        {"id": "P05231"},
        {"id": "P3"},
        {"id": "P99999"},
    )
    told = {"P1": "/", "P2": "P80188/", "P4": "/ALB", "P16157-3": "/", "P5": "/KIM1", "P3": "/"}
    told |= {"OID1": "P05231/", "OID2": "P05231/"}
    summary = coverage_summary(panel_coverage(panel, matrix(told, {"P3": 0})))
    assert summary["text"] == (
        "3 of 8 measured (1 by id, 1 by accession, 1 by gene); "
        "1 in the matrix but never detected: P3; "
        "1 ambiguous, several proteins fit: P05231; 1 only as another isoform: P16157; "
        "1 only under an alias: c; 1 absent: P99999"
    )
    assert (summary["n_panel"], summary["n_usable"], summary["can_be_held"]) == (8, 3, False)
    assert sum(summary["states"].values()) == 8
    assert set(summary["states"]) == set(STATES)


def test_a_whole_panel_can_be_held():
    panel = load_panel("kidney-injury-urine")
    summary = coverage_summary(panel_coverage(panel, matrix(dict.fromkeys(panel.ids, "/"))))
    assert summary["can_be_held"]
    assert summary["text"] == "12 of 12 measured (12 by id)"


names = st.sampled_from(["P1", "P2", "P1-2", "A", "B", "X1"])
groups = st.lists(st.sampled_from(["P1", "P2", "P1-2", ""]), max_size=2).map(";".join)
genes = st.sampled_from(["", "A", "b", "A;B"])
entries = st.tuples(groups, genes)
panels = st.dictionaries(names, entries, min_size=1, max_size=4).map(
    lambda told: make(*({"id": i, "accession": a, "gene": g} for i, (a, g) in told.items()))
)
matrices = st.dictionaries(names, entries.map("/".join), min_size=1, max_size=5)


@given(panels, matrices)
def test_usable_is_what_strict_matching_finds_and_nothing_else(panel, told):
    # match_proteins is what holding a panel and scoring go by.
    target = matrix(told)
    coverage = panel_coverage(panel, target)
    refused = coverage["state"].isin(["ambiguous", "wanted twice"]).any()
    try:
        match = match_proteins(panel.frame(), target)
    except PanelMismatchError:
        assert refused
    else:
        assert not refused
        assert coverage["matched_id"].tolist() == match["matched_id"].tolist()
        assert coverage["by"].tolist() == match["by"].tolist()
        assert (coverage["usable"] == "yes").tolist() == (match["matched_id"] != "").tolist()


@given(panels, matrices, st.randoms(use_true_random=False))
def test_the_order_of_the_matrix_does_not_matter(panel, told, random):
    shuffled = list(told)
    random.shuffle(shuffled)
    straight = panel_coverage(panel, matrix(told))
    turned = panel_coverage(panel, matrix({name: told[name] for name in shuffled}))
    pd.testing.assert_frame_equal(straight, turned)


@pytest.mark.realdata
def test_an_olink_cohort_whose_genes_are_assay_names_shows_its_aliases(data_folder):
    # Breda calls proteins by the names of the assays (PD-L1, TRANCE, TNFB), not of the genes.
    folder = data_folder / "ciim_olink" / "tidy"
    told = pd.read_csv(folder / "breda_proteins.tsv", sep="\t").set_index("protein_id")
    values = pd.DataFrame([[1.0] * len(told)], index=["s"], columns=told.index)
    bare = ProteinMatrix.build(values, proteins=told[["gene"]], scale="log2", kind="npx")
    full = told.rename(columns={"accession": "accessions"})
    panel = load_panel("cosgriff-2022-plasma-olink")
    by_alias = panel_coverage(panel, bare).set_index("gene")
    by_accession = panel_coverage(
        panel, ProteinMatrix.build(values, proteins=full, scale="log2", kind="npx")
    ).set_index("gene")
    measured = by_accession.index[by_accession["usable"] == "yes"]
    assert set(measured) == {"TGFA", "CD274", "TNFSF11", "IL12B", "LTA"}
    for gene in measured:
        told_by = by_alias.loc[gene]
        shown = [told_by["matched_id"], *(n["id"] for n in told_by["near"])]
        assert by_accession.loc[gene, "matched_id"] in shown
