"""What a laboratory asks of a panel, turned into proteins of a matrix."""

import csv
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.errors import InputError, PanelMismatchError, TooLittleDataError
from proteoclass.matrix import read_matrix
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.panel import DetectionFilter, PanelSelector
from proteoclass.panel.constraints.constraints import Constraints, resolve_constraints
from proteoclass.panel.constraints.exclusions import GROUPS, KERATINS, group_members
from proteoclass.panel.constraints.measurable import OtherMatrix, measurable_ids
from proteoclass.panel.library import load_panel

#: Id, accessions, gene: two proteins of each group, four of none, one pair that shares a gene.
PROTEINS = [
    ("k1", "P04264", "KRT1"),
    ("k2", "Q9BQ66", "KRTAP4-12"),
    ("i1", "P01857", "IGHG1"),
    ("i2", "P01591", "JCHAIN"),
    ("s1", "P07288", "KLK3"),
    ("s2", "P15309", "ACP3"),
    ("a", "P02768", "ALB"),
    ("b", "P80188", "LCN2"),
    ("c", "P24821", "TNC"),
    ("d1", "P05231", "IL6"),
    ("d2", "P05231", "IL6"),
]


def matrix_of(proteins=PROTEINS, values=None):
    ids = [name for name, _, _ in proteins]
    frame = pd.DataFrame(
        {"accessions": [a for _, a, _ in proteins], "gene": [g for _, _, g in proteins]}, index=ids
    )
    numbers = np.full((3, len(ids)), 8.0) if values is None else values
    return ProteinMatrix.build(
        pd.DataFrame(numbers, index=["x", "y", "z"], columns=ids), proteins=frame, scale="log2"
    )


def groups_of(genes=(), ids=()):
    table = pd.DataFrame({"gene": [*genes, *[""] * len(ids)]}, index=[*genes, *ids])
    return group_members(table)


def test_groups_go_by_gene():
    genes = ["KRT1", "krt6a", "KRT33B", "KRTAP10-7", "IGKV3-20", "IGHG1", "KLK3", "SEMG2"]
    genes += ["KRTCAP2", "KRTCAP3", "KRTDAP", "KPRP", "KRT", "IGLON5", "IGHMBP2", "KLK2", ""]
    assert groups_of(genes) == {
        "keratins": ("KRT1", "krt6a", "KRT33B", "KRTAP10-7"),
        "immunoglobulins": ("IGKV3-20", "IGHG1"),
        "sex-specific": ("KLK3", "SEMG2"),
    }


def test_groups_go_by_accession_where_a_table_names_no_genes():
    ids = ["P04264", "P02768;P35908", "P07288-2", "sp|P01857|IGHG1_HUMAN", "P02768", "OID00471"]
    assert groups_of(ids=ids) == {
        "keratins": ("P04264", "P02768;P35908"),
        "immunoglobulins": ("sp|P01857|IGHG1_HUMAN",),
        "sex-specific": ("P07288-2",),
    }


def test_sex_specific_proteins_are_those_of_the_panel_file():
    listed = load_panel("sex-specific-urine")
    by_accession = groups_of(ids=[protein.accession for protein in listed.proteins])
    by_gene = groups_of([protein.gene for protein in listed.proteins])
    assert len(by_accession["sex-specific"]) == len(by_gene["sex-specific"]) == listed.size


def test_the_keratin_list_and_the_keratin_rule_agree():
    assert groups_of(KERATINS.values())["keratins"] == tuple(KERATINS.values())
    assert len(set(KERATINS.values())) == len(KERATINS)


def described_in_a_search_engines_table(path, columns):
    """Keratins and immunoglobulins of FragPipe's own table, told by its column Description.

    The csv module and two patterns over the proteins' full names, which the code under test
    never reads: "Keratin, type I ..." and "Keratin-associated ..." are keratins,
    "Keratinocyte ..." is not; a chain or segment starts with "Immunoglobulin" and a chain's
    name, a receptor or a member of the superfamily does not.
    """
    chain = "heavy|kappa|lambda|alpha-|gamma-1|mu (?!Fc)|delta|epsilon|J chain"
    with open(path, encoding="utf-8-sig", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if columns(row)]
    return {
        group: {row["Protein ID"] for row in rows if re.match(pattern, row["Description"])}
        for group, pattern in (
            ("keratins", r"Keratin(, |-associated)"),
            ("immunoglobulins", rf"(Probable non-functional i|I)mmunoglobulinn? ({chain})"),
        )
    }


@pytest.mark.realdata
def test_groups_of_the_urine_cohort_agree_with_the_full_names_of_its_proteins(data_folder):
    folder = data_folder / "puv_urine_fragpipe"
    names = folder / "tidy" / "puv_urine_matrix.tsv", folder / "tidy" / "puv_urine_samples.tsv"
    # Without genes: the tidy table spells accessions alone.
    by_accession = group_members(read_matrix(*names).proteins)
    by_gene = group_members(read_matrix(folder / "combined_protein.csv", names[1]).proteins)
    header = names[0].read_text(encoding="utf-8").split("\n", 1)[0].split("\t")
    vendor = folder / "combined_protein.csv"
    whole = described_in_a_search_engines_table(vendor, lambda row: True)
    tidy = described_in_a_search_engines_table(vendor, lambda row: row["Protein ID"] in header)
    for group in ("keratins", "immunoglobulins"):
        assert set(by_gene[group]) == whole[group]
        assert set(by_accession[group]) == tidy[group]
    assert {group: len(ids) for group, ids in by_accession.items()} == {
        "keratins": 36,
        "immunoglobulins": 114,
        "sex-specific": 5,
    }


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["radboud", "breda"])
def test_groups_of_the_olink_cohorts_agree_with_their_gene_column(data_folder, name):
    """Counted from the tidy table of proteins by the csv module and prefixes of the gene."""
    folder = data_folder / "ciim_olink" / "tidy"
    proteins = folder / f"{name}_proteins.tsv"
    with open(proteins, encoding="utf-8", newline="") as handle:
        gene_of = {row["protein_id"]: row["gene"] for row in csv.DictReader(handle, delimiter="\t")}
    sex = {"KLK3", "ACP3", "MSMB", "SEMG1", "SEMG2"}
    chains = ("IGHG", "IGHA", "IGHM", "IGHD", "IGHE", "IGKC", "IGLC", "IGHV", "IGKV", "IGLV")
    counted = {
        "keratins": {i for i, gene in gene_of.items() if re.match(r"KRT(\d|AP)", gene)},
        "immunoglobulins": {i for i, gene in gene_of.items() if gene.startswith(chains)},
        "sex-specific": {i for i, gene in gene_of.items() if gene in sex},
    }
    matrix = read_matrix(
        folder / f"{name}_matrix.tsv", folder / f"{name}_samples.tsv", proteins=proteins
    )
    found = {group: set(ids) for group, ids in group_members(matrix.proteins).items()}
    assert found == counted
    assert len(counted["immunoglobulins"]) == {"radboud": 1, "breda": 0}[name]


def test_the_groups_are_left_out_unasked_and_listed():
    found = resolve_constraints(matrix_of())
    assert found.left_out == {
        "keratins": ("k1", "k2"),
        "immunoglobulins": ("i1", "i2"),
        "sex-specific": ("s1", "s2"),
    }
    assert found.sentences == (
        "Left out of the choice by default: 2 keratins (KRT1, KRTAP4-12), 2 immunoglobulins "
        "(IGHG1, JCHAIN), 2 sex-specific proteins (KLK3, ACP3); --allow lifts it.",
    )
    assert found.allowed(["k1", "i1", "s1", "a"]) == [False, False, False, True]
    assert found.to_dict()["n_left_out"] == dict.fromkeys(GROUPS, 2)


def test_a_matrix_without_such_proteins_says_nothing():
    assert resolve_constraints(matrix_of(PROTEINS[6:])) == Constraints()


@pytest.mark.parametrize("name", ["k1", "P04264", "KRT1", "krt1"])
def test_naming_a_protein_lifts_its_own_exclusion_alone(name):
    for options in ({"allow": [name]}, {"must_have": [name]}):
        found = resolve_constraints(matrix_of(), **options)
        assert found.left_out["keratins"] == ("k2",)
        assert "Not left out, by --allow or --must-have: 1 keratin." in found.sentences


def test_allowing_a_group_lifts_the_group():
    found = resolve_constraints(matrix_of(), allow=["keratins", "sex-specific"])
    assert list(found.left_out) == ["immunoglobulins"]
    assert resolve_constraints(matrix_of(), allow=GROUPS).left_out == {}


def test_a_protein_excluded_by_name_is_not_counted_as_allowed_with_its_group():
    found = resolve_constraints(matrix_of(), allow=["keratins"], exclude=["KRT1"])
    assert found.left_out["named"] == ("k1",)
    assert "Not left out, by --allow or --must-have: 1 keratin." in found.sentences


def test_excluding_a_group_says_what_is_so_already():
    assert resolve_constraints(matrix_of(), exclude=GROUPS) == resolve_constraints(matrix_of())


@pytest.mark.parametrize("name", ["b", "P80188", "LCN2"])
def test_a_protein_is_excluded_by_id_accession_or_gene(name):
    found = resolve_constraints(matrix_of(), exclude=[name, "KRT1"])
    assert found.left_out["named"] == ("b", "k1")
    assert found.left_out["keratins"] == ("k2",), "each is counted under one reason"
    assert "Left out by --exclude: 2 (LCN2, KRT1)." in found.sentences


def test_two_names_of_one_protein_are_one_protein():
    found = resolve_constraints(matrix_of(), must_have=["b", "P80188", "LCN2"])
    assert found.required == ("b",)
    assert found.sentences[-1] == "In every panel whatever the data say (--must-have): LCN2."


def test_names_that_match_nothing_are_counted_where_no_harm_is_done():
    found = resolve_constraints(matrix_of(), exclude=["GAPDH", "ACTB"], allow=["KRT99"])
    assert found.sentences[1:] == (
        "--exclude: 2 of its names match nothing in the matrix: GAPDH, ACTB.",
        "--allow: 1 of its names matches nothing in the matrix: KRT99.",
    )


def never_detected():
    values = np.full((3, len(PROTEINS)), 8.0)
    values[:, 7] = np.nan
    return matrix_of(values=values)


OTHER = OtherMatrix("plasma.tsv", (("OID1", "P80188", "LCN2"), ("OID2", "P24821", "TNC")))
REFUSALS = [
    (
        {"must_have": ["GAPDH", "b"]},
        PanelMismatchError,
        "found no protein of the matrix called 'GAPDH'",
    ),
    (
        {"must_have": ["keratins"]},
        PanelMismatchError,
        "found no protein of the matrix called 'keratins'",
    ),
    (
        {"must_have": ["IL6"]},
        PanelMismatchError,
        "--must-have: fits several proteins of the matrix: IL6 (d1, d2 by gene); name the id",
    ),
    (
        {"exclude": ["P05231"]},
        PanelMismatchError,
        "--exclude: fits several proteins of the matrix: P05231 (",
    ),
    ({"allow": ["IL6"]}, PanelMismatchError, "--allow: fits several proteins of the matrix: IL6 ("),
    (
        {"must_have": ["b"], "exclude": ["LCN2"]},
        InputError,
        "--must-have and --exclude both name b",
    ),
    ({"allow": ["KRT1"], "exclude": ["k1"]}, InputError, "--allow and --exclude both name KRT1"),
    (
        {"allow": ["keratins"], "exclude": ["keratins"]},
        InputError,
        "--allow and --exclude both name keratins",
    ),
    ({"exclude": ["keratin"]}, InputError, "found 'keratin'; did you mean the group 'keratins'"),
    ({"allow": ["sex_specific"]}, InputError, "did you mean the group 'sex-specific'"),
    (
        {"must_have": ["a"], "measurable_in": OTHER},
        PanelMismatchError,
        "--must-have: a is not measurable in plasma.tsv, or not alone",
    ),
    (
        {"exclude": ["LCN2", "TNC"], "measurable_in": OTHER},
        PanelMismatchError,
        "none of its 11 proteins may be in a panel. Left out",
    ),
    ({"must_have": [""]}, PanelMismatchError, "found no protein of the matrix called ''; give"),
    (
        {"measurable_in": OtherMatrix("other.tsv", (("OID00471", "", ""),))},
        PanelMismatchError,
        "--measurable-in: other.tsv measures none of the 11 proteins of the matrix",
    ),
]


@pytest.mark.parametrize(("options", "error", "words"), REFUSALS)
def test_what_cannot_be_met_is_refused_in_one_line(options, error, words):
    with pytest.raises(error, match=re.escape(words)) as caught:
        resolve_constraints(matrix_of(), **options)
    assert "\n" not in str(caught.value)


def test_a_protein_that_is_never_detected_cannot_be_had():
    with pytest.raises(PanelMismatchError, match="LCN2 is detected in no sample of the matrix"):
        resolve_constraints(never_detected(), must_have=["LCN2"])


def test_candidates_are_what_the_other_matrix_measures_too():
    found = resolve_constraints(matrix_of(), measurable_in=OTHER)
    assert found.measurable == ("b", "c")
    assert found.allowed([name for name, _, _ in PROTEINS]).count(True) == 2
    assert found.sentences[-1] == (
        "2 of 11 proteins are measurable in plasma.tsv too; no other is a candidate."
    )
    # The ids that were found once serve without the other matrix.
    again = resolve_constraints(matrix_of(), measurable=("b", "c"))
    assert again.allowed(["a", "b"]) == [False, True]
    assert "2 of 11 proteins are measurable in the other matrix too" in again.sentences[-1]


def test_recorded_ids_are_found_in_a_matrix_that_names_proteins_otherwise():
    matrix = matrix_of()
    recorded = ("P80188;Q9", "k1", "nowhere")
    found = resolve_constraints(matrix, measurable=recorded, allow=GROUPS)
    assert found.measurable == ("b", "k1")
    assert f"2 of {matrix.n_proteins} proteins are measurable" in found.sentences[-1]
    again = resolve_constraints(matrix, measurable=found.measurable, allow=GROUPS)
    assert again == found


def test_where_several_fit_one_the_best_fit_alone_is_measurable():
    other = (("d1", "P05231", "IL6"), ("OID3", "P02768", "ALB"), ("b", "Q00000", "X"))
    ours = [*PROTEINS, ("fragment", "H0YA55", "ALB")]
    # d1 by id, d2 yields; the albumin by accession, its fragment by gene alone; b by id.
    assert measurable_ids(matrix_of(ours), OtherMatrix("o", other)) == ("a", "b", "d1")
    # Equally well: nobody could say which of the two is measured.
    twice = OtherMatrix("o", (("OID4", "P05231", "IL6"),))
    assert measurable_ids(matrix_of(ours), twice) == ()


def test_an_assay_that_never_detects_a_protein_does_not_measure_it():
    other = OtherMatrix.of(never_detected())
    assert "LCN2" not in {gene for _, _, gene in other.proteins}
    assert other.name == "the other matrix"
    assert "b" not in measurable_ids(matrix_of(), other)


def test_excluded_proteins_are_unseen_by_the_view():
    rng = np.random.default_rng(0)
    y = np.repeat([0.0, 1.0], 20)
    X = rng.normal(size=(40, 30))
    X[:, :4] += 2 * y[:, None]
    for method in ("moderated-t", "ridge", "stability"):
        selector = PanelSelector(size=3, method=method, excluded=(0, 2)).fit(X, y)
        chosen = selector.get_support(indices=True)
        assert {1, 3} <= set(chosen)
        assert not {0, 2} & set(chosen)
        assert not {0, 2} & set(selector.ranking_)
        # As if they had never been measured.
        without = PanelSelector(size=3, method=method).fit(np.delete(X, [0, 2], axis=1), y)
        kept = np.delete(np.arange(30), [0, 2])
        np.testing.assert_array_equal(kept[without.ranking_], selector.ranking_)
        np.testing.assert_array_equal(without.strength_, selector.strength_[kept])
        assert selector.strength_[[0, 2]].tolist() == [0.0, 0.0]


def test_all_excluded_is_too_little():
    with pytest.raises(TooLittleDataError, match="all 2 proteins are excluded"):
        PanelSelector(excluded=(0, 1)).fit(np.ones((4, 2)), [0, 0, 1, 1])


def test_a_required_protein_passes_the_filter_however_rare_it_is():
    values = np.array([[1.0, np.nan, 2.0], [1.0, np.nan, np.nan], [1.0, np.nan, np.nan]])
    assert DetectionFilter(0.5).fit(values).get_support().tolist() == [True, False, False]
    rare = DetectionFilter(0.5, required=(2,)).fit(values)
    assert rare.get_support().tolist() == [True, False, True]


@pytest.mark.parametrize(
    "estimator",
    [DetectionFilter(required=(0,)), PanelSelector(must_have=(0,), excluded=(1,), diverse=0.8)],
)
def test_is_a_scikit_learn_estimator(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []
