"""One measurement under two patients."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from proteoclass.matrix import read_matrix
from proteoclass.matrix.quality.duplicates import (
    duplicates_warning,
    find_duplicates,
    name_duplicates,
)


@pytest.fixture
def values():
    rng = np.random.default_rng(3)
    level = rng.normal(25, 3, 60)
    frame = pd.DataFrame(level + rng.normal(size=(12, 60)), index=[f"s{i:02d}" for i in range(12)])
    return frame.mask(rng.random(frame.shape) < 0.2)


PATIENTS = [f"P{i}" for i in range(12)]


def pairs(values, patients=PATIENTS):
    return [(pair.first, pair.second) for pair in find_duplicates(values, patients)]


def test_samples_of_one_fluid_are_no_duplicates_though_they_correlate(values):
    assert values.T.corr().to_numpy().min() > 0.8
    assert pairs(values) == []
    assert duplicates_warning(0, "counts twice") == ""
    assert name_duplicates([]) == []


@pytest.mark.parametrize("dilution", [0.0, -3.0, 1e6])
def test_a_copy_is_found_whatever_its_dilution(values, dilution):
    values.loc["s07"] = values.loc["s02"] + dilution
    assert pairs(values) == [("s02", "s07")]


def test_a_copy_with_other_gaps_and_a_little_noise_is_found(values):
    rng = np.random.default_rng(0)
    values.loc["s07"] = values.loc["s02"] + 0.02 * rng.normal(size=60)
    values.loc["s07", values.columns[:20]] = np.nan
    [found] = find_duplicates(values, PATIENTS)
    # Independent route: pandas' own pairwise correlation of the centred values.
    centred = values - values.median()
    assert found.correlation == pytest.approx(centred.T.corr().loc["s02", "s07"], abs=1e-9)
    assert found.n_shared == values.loc[["s02", "s07"]].notna().all().sum()


def test_samples_of_one_patient_may_be_alike(values):
    values.loc["s07"] = values.loc["s02"]
    same = ["P2" if name == "P7" else name for name in PATIENTS]
    assert pairs(values, same) == []


def test_the_order_of_the_file_does_not_matter(values):
    values.loc["s07"] = values.loc["s02"]
    assert pairs(values.iloc[::-1, ::-1], PATIENTS[::-1]) == pairs(values) == [("s02", "s07")]


def test_few_shared_proteins_prove_nothing(values):
    values.loc["s07"] = values.loc["s02"]
    detected = values.columns[values.loc["s02"].notna()]
    assert pairs(values[detected[:19]]) == []
    assert pairs(values[detected[:20]]) == [("s02", "s07")]


def test_rows_without_spread_are_no_copies_of_each_other(values):
    values.loc["s03"] = 1e9
    values.loc["s04"] = 1e9
    values.loc["s05"] = np.nan
    assert ("s03", "s05") not in pairs(values)
    assert all("s05" not in pair for pair in pairs(values))


def test_the_warning_counts_the_pairs_and_another_sentence_names_five(values):
    copies = [values.loc[f"s{i:02d}"].rename(f"t{i:02d}") for i in range(6)]
    both = pd.concat([values, pd.DataFrame(copies)])
    found = find_duplicates(both, [*PATIENTS, *(f"Q{i}" for i in range(6))])
    warning = duplicates_warning(len(found), "counts twice")
    assert warning.startswith("6 pairs of samples of different patients have the same values, ")
    assert "One patient under two names counts twice: give both" in warning
    assert "s00" not in warning
    [named] = name_duplicates([asdict(pair) for pair in found])
    assert "s00 = t00" in named
    assert "and 1 more" in named


@pytest.mark.realdata
def test_no_public_cohort_has_a_patient_twice(data_folder):
    for name in ("breda", "radboud"):
        path = data_folder / "ciim_olink" / "tidy" / f"{name}_matrix.tsv"
        matrix = read_matrix(path, str(path).replace("_matrix", "_samples"), kind="npx")
        assert find_duplicates(matrix.values, matrix.samples["patient_id"]) == []
