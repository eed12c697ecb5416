import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import check_estimator

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix.normalisation.frozen import (
    WHOLE_PROFILE_MEDIAN,
    frozen_normalised,
    frozen_shift,
)
from proteoclass.matrix.normalisation.normalise import METHODS, Normaliser, default_normalisation
from proteoclass.matrix.normalisation.plasma_proteins import plasma_protein_ids
from proteoclass.matrix.protein_matrix import ProteinMatrix


@pytest.fixture
def cohort():
    rng = np.random.default_rng(0)
    values = 20 + rng.normal(size=(30, 1)) + rng.normal(size=80) * 2 + rng.normal(size=(30, 80)) / 5
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.mark.parametrize("method", ["pqn", "median", "quantile"])
def test_removes_a_dilution(cohort, method):
    normaliser = Normaliser(method).fit(cohort)
    diluted = cohort - np.linspace(-3, 3, 30)[:, None]
    np.testing.assert_allclose(
        normaliser.transform(diluted), normaliser.transform(cohort), atol=1e-9
    )


def test_pqn_equals_its_definition_by_hand(cohort):
    # Dieterle 2006: median of quotients against the median profile, here on raw values
    # with one plain loop, over the reference the normaliser chose.
    normaliser = Normaliser("pqn").fit(cohort)
    raw = 2.0**cohort
    profile = np.nanmedian(raw[:, normaliser.reference_], axis=0)
    for row, normalised in zip(raw, normaliser.transform(cohort), strict=True):
        quotients = row[normaliser.reference_] / profile
        by_hand = row / np.nanmedian(quotients)
        seen = ~np.isnan(row)
        np.testing.assert_allclose(2.0 ** normalised[seen], by_hand[seen], rtol=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_a_sample_does_not_depend_on_its_neighbours(cohort, method):
    normaliser = Normaliser(method).fit(cohort)
    together = normaliser.transform(cohort)
    poisoned = cohort.copy()
    poisoned[1:] = 1e9
    np.testing.assert_array_equal(normaliser.transform(poisoned)[0], together[0])
    np.testing.assert_array_equal(normaliser.transform(cohort[:1])[0], together[0])


def test_reference_is_complete_steady_small_and_without_the_excluded():
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.normal(20, 0.1, size=(20, 90)), columns=[f"p{i}" for i in range(90)])
    values["p0"] += rng.normal(0, 5, size=20)  # unsteady
    values.loc[:9, "p1"] = np.nan  # half missing
    normaliser = Normaliser("pqn", exclude=("p2",)).fit(values)
    chosen = set(values.columns[normaliser.reference_])
    assert len(chosen) == 50
    assert not chosen & {"p0", "p1", "p2"}


def test_too_few_reference_proteins_make_the_sample_missing():
    profile = np.zeros(10)
    reference = np.full((1, 10), np.nan)
    reference[0, :4] = 1.0
    assert np.isnan(frozen_shift(reference, profile, "pqn")[0])
    assert np.isnan(frozen_normalised(np.ones((1, 3)), reference, profile, "quantile")).all()
    reference[0, 4] = 1.0
    assert frozen_shift(reference, profile, "pqn")[0] == 1.0
    np.testing.assert_array_equal(
        frozen_normalised(np.ones((1, 3)), reference, profile, "quantile"), np.zeros((1, 3))
    )


@pytest.mark.parametrize("method", ["pqn", "median"])
def test_reference_proteins_that_a_sample_lacks_do_not_shift_it(method):
    # The same profile, ten log2 units wide: whichever part is missing, the shift is its own.
    profile = np.linspace(15, 25, 50)
    sample = profile + 1.5
    for gone in (slice(0, 12), slice(38, 50), slice(20, 30)):
        lacking = sample.copy()
        lacking[gone] = np.nan
        np.testing.assert_allclose(frozen_shift(lacking[None], profile, method), [1.5])
    whole = sample.copy()
    whole[:12] = np.nan
    by_version_1 = frozen_shift(whole[None], profile, WHOLE_PROFILE_MEDIAN)[0]
    assert by_version_1 == np.nanmedian(whole) - np.median(profile)


def test_refusals():
    with pytest.raises(InputError, match="found 'loess', expected none, median, pqn, quantile"):
        Normaliser("loess").fit(np.ones((2, 2)))
    with pytest.raises(InputError, match="1 proteins to exclude and a matrix without names"):
        Normaliser("pqn", exclude=("ALB",)).fit(np.ones((2, 2)))
    with pytest.raises(TooLittleDataError, match="no protein is detected in 80%"):
        Normaliser("pqn").fit(np.array([[np.nan, 1.0], [1.0, np.nan]]))


@pytest.mark.parametrize("method", METHODS)
def test_is_a_scikit_learn_estimator(method):
    results = check_estimator(Normaliser(method), on_fail=None, on_skip=None)
    failed = [r["check_name"] for r in results if r["status"] == "failed"]
    assert failed == []


def test_default_by_kind_and_fluid():
    values = pd.DataFrame([[1.0]], ["s"], ["p"])
    build = ProteinMatrix.build
    assert default_normalisation(build(values, scale="log2", fluid="urine")) == "pqn"
    assert default_normalisation(build(values, scale="log2", fluid="plasma")) == "median"
    assert default_normalisation(build(values, scale="log2", kind="ratio", fluid="urine")) == "none"


def test_plasma_proteins_are_found_by_gene():
    proteins = pd.DataFrame(
        {"gene": ["UMOD", "IGHG1", "ALB;ALBX", "", "hbb"]}, index=["u", "i", "a", "x", "h"]
    )
    assert plasma_protein_ids(proteins) == ("i", "a", "h")


def test_plasma_proteins_are_found_by_accession_where_no_gene_is_told():
    # Of the ids themselves, of groups, of isoforms; a plain table names no genes.
    ids = ["P02768", "sp|P02787|TRFE_HUMAN", "x", "A0A075B6H7", "P07911", "P02768X"]
    proteins = pd.DataFrame({"accessions": ["", "", "Q9Y6R7;P68871-2", "", "", ""]}, index=ids)
    assert plasma_protein_ids(proteins.assign(gene="")) == tuple(ids[:4])


def test_genes_that_only_begin_like_an_immunoglobulin_may_be_reference():
    genes = ["IGLON5", "IGHMBP2", "IGF2R", "IGHM", "IGHV3-23", "IGLC3", "IGKC", "IGHD", "IGHA1"]
    found = plasma_protein_ids(pd.DataFrame({"gene": genes}, index=genes))
    assert found == tuple(genes[3:])


@pytest.mark.realdata
def test_urine_without_genes_loses_the_same_references_as_with_them(data_folder):
    """The published table's own gene column, by the csv module, against its accessions alone."""
    path = data_folder / "puv_urine_fragpipe" / "combined_protein.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["Protein ID"], row["Gene"]) for row in csv.DictReader(file)]
    ids, genes = zip(*dict(rows).items(), strict=True)
    by_gene = plasma_protein_ids(
        pd.DataFrame({"gene": genes}, index=[str(i) for i, _ in enumerate(ids)])
    )
    by_accession = plasma_protein_ids(pd.DataFrame({"gene": ""}, index=list(ids)))
    assert len(by_gene) > 100
    # UniProt gives the sequences of whole chains, read from myelomas, no gene.
    whole_chains = {f"P0DOX{number}" for number in range(2, 9)}
    assert {ids[int(i)] for i in by_gene} == set(by_accession) - whole_chains
    assert whole_chains < set(by_accession)


@settings(max_examples=30, deadline=None)
@given(st.floats(-20, 20), st.integers(0, 29))
def test_shift_is_exactly_what_a_dilution_adds(dilution, row):
    rng = np.random.default_rng(5)
    values = rng.normal(20, 2, size=(30, 60))
    normaliser = Normaliser("pqn").fit(values)
    reference = values[[row]][:, normaliser.reference_]
    before = normaliser.shift_of(reference)
    assert normaliser.shift_of(reference + dilution) == pytest.approx(before + dilution, abs=1e-9)
