"""Which protein stands for which: every rule by a case of its own."""

import pandas as pd
import pytest

from proteoclass.errors import PanelMismatchError
from proteoclass.matrix.matching import match_proteins, pair_proteins
from proteoclass.matrix.protein_matrix import ProteinMatrix


def matrix(**proteins):
    """A matrix of proteins given as id="accessions/gene"."""
    told = {name: text.split("/") for name, text in proteins.items()}
    frame = pd.DataFrame(
        [(accessions, gene) for accessions, gene in told.values()],
        index=list(told),
        columns=["accessions", "gene"],
    )
    values = pd.DataFrame([[20.0] * len(told)], index=["s"], columns=list(told))
    return ProteinMatrix.build(values, proteins=frame, scale="log2")


def match(target, accessions="", gene="", name="wanted"):
    wanted = pd.DataFrame({"accessions": [accessions], "gene": [gene]}, index=[name])
    return tuple(match_proteins(wanted, target).iloc[0])


def test_the_id_goes_first():
    target = matrix(P1="P9/A", X="P1/A")
    assert match(target, "P1", "A", name="P1") == ("P1", "id")


def test_then_the_leading_accession():
    target = matrix(X="P02768;P01034/", Y="P01034/")
    assert match(target, "P02768") == ("X", "accession")
    assert match(target, "P01034") == ("Y", "accession")
    assert match(target, "P99999;P02768") == ("X", "accession")


def test_any_member_of_a_group_matches():
    assert match(matrix(X="P12345;P02768/"), "P02768") == ("X", "accession")


@pytest.mark.parametrize(
    ("held", "asked", "found"),
    [
        ("P16157-3", "P16157-3", True),
        ("P16157-3", "P16157", False),
        ("P16157", "P16157-3", False),
        ("P16157-2;P16157", "P16157", True),
    ],
)
def test_isoforms_are_explicit_and_a_gene_does_not_blur_them(held, asked, found):
    target = matrix(X=f"{held}/ANK1")
    assert match(target, asked, "ANK1") == (("X", "accession") if found else ("", ""))


def test_then_the_gene():
    target = matrix(X="A0A024R6I7/Cxcl8;IL8", Y="/ALB")
    assert match(target, "P10145", "IL8") == ("X", "gene")
    assert match(target, "P10145", "cxcl8") == ("X", "gene")
    assert match(target, "P10145", "TNC") == ("", "")
    assert match(target, "P10145") == ("", "")


def test_ids_that_are_accessions_serve_where_none_is_told():
    values = pd.DataFrame([[20.0]], index=["s"], columns=["P02768;Q9HB71"])
    bare = ProteinMatrix.build(values, scale="log2")
    wanted = pd.DataFrame(index=["Q9HB71", "X"])
    found = match_proteins(wanted, bare)
    assert found["matched_id"].tolist() == ["P02768;Q9HB71", ""]
    assert found["by"].tolist() == ["accession", ""]


def test_ambiguity_is_refused_and_named():
    twice = matrix(OID00001="P05231/IL6", OID00002="P05231/IL6")
    with pytest.raises(
        PanelMismatchError, match=r"1 wanted proteins .*wanted fits OID00001, OID00002 by accession"
    ):
        match(twice, "P05231")
    with pytest.raises(PanelMismatchError, match="wanted fits OID00001, OID00002 by gene"):
        match(twice, "", "IL6")
    with pytest.raises(PanelMismatchError, match="fits X, Y by accession"):
        match(matrix(X="P1;P3/", Y="P2;P3/"), "P3")
    assert match(twice, "P05231", name="OID00002") == ("OID00002", "id")


def test_two_wanted_for_one_are_refused():
    wanted = pd.DataFrame({"accessions": ["P1", "P2", "P9"], "gene": ""}, index=["a", "b", "c"])
    with pytest.raises(PanelMismatchError, match=r"1 proteins of the matrix .* a, b all fit X"):
        match_proteins(wanted, matrix(X="P1;P2/"))


def test_an_assay_that_is_named_outright_is_not_lent_to_another():
    # One protein on two panels in the model, on one of them here: the other is not found.
    wanted = pd.DataFrame({"accessions": "P05231", "gene": "IL6"}, index=["OID00390", "OID00666"])
    found = match_proteins(wanted, matrix(OID00390="P05231/IL6"))
    assert found["matched_id"].tolist() == ["OID00390", ""]
    assert found["by"].tolist() == ["id", ""]


def test_at_most_five_are_named():
    target = matrix(**{f"X{i}": f"P{i // 2}/" for i in range(14)})
    wanted = pd.DataFrame({"accessions": [f"P{i}" for i in range(7)]}, index=list("abcdefg"))
    with pytest.raises(PanelMismatchError, match=r"7 wanted .*e fits X8, X9 .* and 2 more;") as got:
        match_proteins(wanted, target)
    assert "f fits" not in str(got.value)


def test_the_order_of_the_matrix_does_not_matter():
    target = matrix(X="P1;P2/A", Y="P2/B", Z="Q1/C")
    wanted = pd.DataFrame(
        {"accessions": ["P2", "P1", ""], "gene": ["", "", "C"]}, index=list("abc")
    )
    turned = ProteinMatrix.build(
        target.values[["Z", "Y", "X"]], proteins=target.proteins, scale="log2"
    )
    pd.testing.assert_frame_equal(match_proteins(wanted, target), match_proteins(wanted, turned))
    assert match_proteins(wanted, target)["matched_id"].tolist() == ["Y", "X", "Z"]


def test_pairs_of_two_whole_matrices_are_one_to_one_and_clear():
    target = matrix(P1="P1/A", P2="P2;P3/B", P4="P4/C", P5="P5/C", P6="P6/D")
    wanted = pd.DataFrame(
        [("P1", "A"), ("P3", "B"), ("", "C"), ("P6", "D"), ("", "D"), ("P7", "E"), ("P2", "B")],
        index=["P1", "x", "two fit", "y", "second best", "absent", "z"],
        columns=["accessions", "gene"],
    )
    assert [tuple(row) for row in pair_proteins(wanted, target).itertuples()] == [
        ("P1", "P1", "id"),
        # Both x and z are members of the group P2;P3.
        ("x", "", "unclear"),
        ("two fit", "", "unclear"),
        ("y", "P6", "accession"),
        ("second best", "", "unclear"),
        ("absent", "", ""),
        ("z", "", "unclear"),
    ]
