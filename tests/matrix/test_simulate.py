"""The simulated cohort holds what its truth says, and has the shape of real urine."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from proteoclass.errors import InputError
from proteoclass.matrix.outcome import Outcome, index_weights
from proteoclass.matrix.simulation.design import CHANNELS, make_design
from proteoclass.matrix.simulation.runs import batch_effects
from proteoclass.matrix.simulation.shape import measure_shape, median_quotient
from proteoclass.matrix.simulation.signal import draw_proteome
from proteoclass.matrix.simulation.simulate import simulate_cohort, write_cohort
from proteoclass.stats import auc

# https://www.uniprot.org/help/accession_numbers
UNIPROT = re.compile(
    r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}", re.IGNORECASE
)


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort()


@pytest.fixture(scope="module")
def plexed_cohort():
    return simulate_cohort(plexes=12)


@pytest.fixture(scope="module")
def large():
    """Enough patients in both classes that an effect's standard error is 0.1."""
    return simulate_cohort(patients=400, severe=200, proteins=300, visits=1, replicates=0, seed=3)


def normalised(cohort):
    log2 = cohort.matrix.log2().values.drop(columns="SIMALB")
    return log2.sub(median_quotient(log2), axis=0)


def planted(cohort):
    return pd.DataFrame(cohort.truth["planted"]).set_index("id")


def severe(cohort):
    return cohort.matrix.samples["severity"] == "severe"


# --- what is written


@pytest.mark.parametrize("plexes", [None, 3])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path, plexes):
    sizes = dict(patients=14, severe=4, proteins=90, visits=2, replicates=3, plexes=plexes)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_cohort(simulate_cohort(**sizes, seed=seed), tmp_path / name)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == [".proteoclass", "matrix.tsv", "proteins.tsv", "samples.tsv", "truth.json"]
    for name in files:
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "b" / name).read_bytes()
    for name in ("matrix.tsv", "samples.tsv", "truth.json"):
        assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "c" / name).read_bytes()


def test_written_files_read_back_to_the_matrix(tmp_path):
    cohort = simulate_cohort(patients=12, severe=3, proteins=80, visits=2, plexes=2, replicates=2)
    folder = write_cohort(cohort, tmp_path / "cohort")
    values = pd.read_csv(folder / "matrix.tsv", sep="\t", index_col="sample_id")
    pd.testing.assert_frame_equal(values, cohort.matrix.values, check_names=False)
    sheet = pd.read_csv(folder / "samples.tsv", sep="\t", dtype=str, keep_default_na=False)
    assert sheet["sample_id"].tolist() == cohort.matrix.samples.index.tolist()
    # A day is written as a whole number even where pool channels have none.
    assert sheet["day"].str.fullmatch(r"\d*").all()
    proteins = pd.read_csv(folder / "proteins.tsv", sep="\t")
    assert list(proteins.columns) == ["protein_id", "accessions", "gene", "name"]
    truth = json.loads((folder / "truth.json").read_text())
    assert truth == cohort.truth
    assert "synthetic" in truth["note"]


def test_a_folder_is_replaced_only_when_asked(tmp_path):
    cohort = simulate_cohort(patients=6, severe=2, proteins=60, visits=1, replicates=0)
    write_cohort(cohort, tmp_path / "cohort")
    with pytest.raises(InputError, match="not empty; pass --force"):
        write_cohort(cohort, tmp_path / "cohort")
    write_cohort(cohort, tmp_path / "cohort", force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["cohort"]


# --- what the matrix says of itself


def test_default_cohort_has_the_sizes_of_the_origin_study(cohort):
    matrix = cohort.matrix
    assert matrix.n_proteins == 3854
    assert (matrix.scale, matrix.kind, matrix.fluid) == ("raw", "intensity", "urine")
    assert matrix.source.format == "simulated"
    assert "synthetic" in matrix.source.notes[0]
    labels = Outcome("severity", "severe").labels(matrix.samples)
    index = index_weights(matrix.samples, labels) > 0
    assert index.sum() == 50
    assert labels[index].sum() == 11
    # Every patient's first visit is kept, so it is the index sample.
    assert (matrix.samples["visit"][index] == "V1").all()


def test_no_id_can_be_mistaken_for_a_uniprot_accession(cohort):
    proteins = cohort.matrix.proteins
    assert UNIPROT.fullmatch("P02768")
    assert UNIPROT.fullmatch("A0A075B6H7")
    for column in (proteins.index, proteins["accessions"], proteins["gene"]):
        assert not [text for text in column if UNIPROT.search(text)]
        assert column.is_unique
    assert not [text for text in cohort.matrix.samples.index if UNIPROT.search(text)]


def test_planted_proteins_are_twenty_of_both_directions_anywhere_in_the_table(cohort):
    table = planted(cohort)
    assert len(table) == 20
    assert table["direction"].value_counts().to_dict() == {"up": 12, "down": 8}
    assert (np.sign(table["effect"]) == np.where(table["direction"] == "up", 1, -1)).all()
    assert table["effect"].abs().between(0.8, 1.6).all()
    products = np.outer(table["loading"], table["loading"])[np.triu_indices(20, 1)]
    assert np.abs(products).min() >= 0.3
    assert np.abs(products).max() <= 0.6
    places = cohort.matrix.values.columns.get_indexer(table.index)
    assert places.max() - places.min() > 1000
    assert cohort.matrix.values[table.index].notna().to_numpy().mean() > 0.85


def test_visits_are_irregular_over_six_weeks_and_missed_ones_are_told(cohort):
    samples = cohort.matrix.samples[cohort.matrix.samples["replicate_of"] == ""]
    assert samples["day"][samples["visit"] == "V1"].between(0, 3).all()
    assert samples["day"][samples["visit"] == "V4"].between(30, 56).all()
    assert (samples.groupby("patient_id")["day"].diff().dropna() >= 7).all()
    for patient in cohort.truth["patients"]:
        seen = set(samples["visit"][samples["patient_id"] == patient["patient_id"]])
        assert seen == {"V1", "V2", "V3", "V4"} - set(patient["missed_visits"])
    missed = sum(len(p["missed_visits"]) for p in cohort.truth["patients"])
    assert 5 <= missed <= 35


@pytest.mark.parametrize("column", ["sex", "site"])
def test_sex_and_site_are_dealt_evenly_within_each_class(cohort, column):
    patients = cohort.matrix.samples.drop_duplicates("patient_id")
    counts = pd.crosstab(patients["severity"], patients[column])
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()


def test_batches_hold_equal_shares_of_severe_index_samples(cohort):
    samples = cohort.matrix.samples
    first = samples[(samples["visit"] == "V1") & (samples["replicate_of"] == "")]
    counts = pd.crosstab(first["batch"], first["severity"])
    assert len(counts) == 4
    assert (counts.max() - counts.min() <= 1).all()


# --- what the values are


def test_standardised_effects_are_those_of_the_truth(large):
    # Independent route: scipy's pooled t statistic, d = t sqrt(1/n1 + 1/n2).
    table, values = planted(large), normalised(large)
    # Lost values come off the lower tail and shrink the effects of the fainter ones.
    well = [p for p in table.index if values[p].notna().mean() > 0.9]
    assert len(well) >= 8
    group = severe(large)
    t = scipy_stats.ttest_ind(values.loc[group, well], values.loc[~group, well], nan_policy="omit")
    found = np.asarray(t.statistic) * np.sqrt(2 / 200)
    expected = table.loc[well, "effect"].to_numpy()
    assert np.abs(found - expected).max() < 0.4
    assert (found / expected).mean() == pytest.approx(1.0, abs=0.12)


def test_effects_over_cohorts_of_the_default_size_stay_in_the_stated_range():
    means = []
    for seed in range(8):
        cohort = simulate_cohort(visits=1, replicates=0, seed=seed, proteins=400)
        table, values, group = planted(cohort), normalised(cohort), severe(cohort)
        one, other = values.loc[group, table.index], values.loc[~group, table.index]
        pooled = np.sqrt((10 * one.var() + 38 * other.var()) / 48)
        means.append(((one.mean() - other.mean()) / pooled * np.sign(table["effect"])).mean())
    assert 1.1 < np.mean(means) < 1.5


def test_planted_proteins_correlate_within_a_class_as_stated(large):
    table, values = planted(large), normalised(large)
    signed = values[table.index] * np.sign(table["effect"])
    within = signed - signed.groupby(severe(large)).transform("mean")
    pairs = within.corr().to_numpy()[np.triu_indices(20, 1)]
    assert 0.3 <= pairs.mean() <= 0.6
    assert np.quantile(pairs, [0.05, 0.95]) == pytest.approx([0.33, 0.48], abs=0.12)


def test_nothing_but_the_planted_proteins_differs_between_the_classes(large):
    values, group = normalised(large), severe(large)
    others = values.columns.difference(planted(large).index)
    others = [p for p in others if values[p].notna().sum() > 100]
    t = scipy_stats.ttest_ind(
        values.loc[group, others], values.loc[~group, others], nan_policy="omit"
    )
    p = np.asarray(t.pvalue)
    # Strongly correlated nulls: the share under 0.05 varies by chance, but the smallest p of
    # 250 must not look like an effect of 0.8 at 200 against 200 (p < 1e-14).
    assert p.min() > 1e-6
    depth = values.notna().sum(axis=1)
    assert abs(auc(group.astype(int), depth) - 0.5) < 0.12


def test_nuisance_factors_make_strong_correlations_among_the_other_proteins(cohort):
    values = normalised(cohort)
    complete = values.loc[:, values.notna().all()].drop(
        columns=planted(cohort).index, errors="ignore"
    )
    r = np.abs(complete.corr().to_numpy()[np.triu_indices(complete.shape[1], 1)])
    assert np.quantile(r, 0.9) > 0.4


def test_severe_patients_fall_towards_the_others_and_those_stay_flat():
    cohort = simulate_cohort(patients=120, severe=60, proteins=200, visits=5, replicates=0, seed=5)
    table, values = planted(cohort), normalised(cohort)
    signed = values[table.index] * np.sign(table["effect"])
    score = ((signed - signed.mean()) / signed.std()).mean(axis=1)
    samples = cohort.matrix.samples
    slopes = pd.Series(
        {
            patient: np.polyfit(rows["day"] / 7, score[rows.index], 1)[0]
            for patient, rows in samples.groupby("patient_id")
            if len(rows) > 2
        }
    )
    truth = pd.DataFrame(cohort.truth["patients"]).set_index("patient_id")
    is_severe = (truth["severity"] == "severe")[slopes.index]
    assert scipy_stats.ttest_1samp(slopes[is_severe], 0).pvalue < 1e-6
    assert slopes[is_severe].mean() < -0.08
    assert abs(slopes[~is_severe].mean()) < 0.04
    assert (truth["slope_per_week"][truth["severity"] == "severe"] <= -0.1).all()
    assert (truth["slope_per_week"][truth["severity"] != "severe"] == 0).all()


def test_latent_factor_of_the_truth_separates_the_classes_as_planned(large):
    latent = pd.Series({row["sample_id"]: row["latent"] for row in large.truth["samples"]})
    # Two normals of SD 1 at distance 2.2: AUC = Phi(2.2 / sqrt 2).
    expected = scipy_stats.norm.cdf(large.truth["parameters"]["latent_distance"] / np.sqrt(2))
    assert auc(severe(large).astype(int), latent) == pytest.approx(expected, abs=0.025)


def test_missing_values_grow_as_abundance_falls(cohort):
    log2 = cohort.matrix.log2().values
    rho = scipy_stats.spearmanr(log2.isna().mean(), log2.mean()).statistic
    assert rho < -0.5
    assert 0.4 < cohort.matrix.missing_rate < 0.55
    assert (log2.notna().sum() >= 2).all()


def test_median_quotient_recovers_dilution_and_closure(cohort):
    # Complete proteins alone: among the others a diluted sample shows only its higher values.
    log2 = cohort.matrix.log2().values.drop(columns="SIMALB").dropna(axis=1)
    truth = pd.DataFrame(cohort.truth["samples"]).set_index("sample_id")
    shift = median_quotient(log2)[truth.index]
    common = truth["dilution_log2"] + truth["closure_log2"]
    assert np.corrcoef(shift, common)[0, 1] > 0.95
    assert np.polyfit(common, shift, 1)[0] == pytest.approx(1.0, abs=0.1)
    assert common.std() > 0.3


def test_albumin_takes_the_share_that_the_truth_names(cohort):
    values = cohort.matrix.values
    share = values["SIMALB"] / values.sum(axis=1)
    truth = pd.DataFrame(cohort.truth["samples"]).set_index("sample_id")["albumin_share"]
    assert share[truth.index].to_numpy() == pytest.approx(truth.to_numpy(), abs=1e-4)
    assert share.between(0.06, 0.48).all()
    assert share.max() > 2.5 * share.median()


def test_replicates_agree_with_their_original_more_than_two_visits_do(cohort):
    samples, values = cohort.matrix.samples, normalised(cohort)
    pairs = samples["replicate_of"][samples["replicate_of"] != ""]
    assert len(pairs) == 20
    again = values.loc[pairs.index].to_numpy() - values.loc[pairs].to_numpy()
    follow = samples[(samples["visit"] == "V2") & (samples["replicate_of"] == "")]
    first = [f"{patient}-V1" for patient in follow["patient_id"]]
    later = values.loc[follow.index].to_numpy() - values.loc[first].to_numpy()
    assert 0.2 < np.nanmedian(np.abs(again)) < 0.6 * np.nanmedian(np.abs(later))


def test_batch_effects_are_in_the_values():
    cohort = simulate_cohort(patients=200, severe=20, proteins=200, visits=1, replicates=0, seed=2)
    values, batch = normalised(cohort), cohort.matrix.samples["batch"]
    complete = values.columns[values.notna().mean() > 0.9]
    expected = pd.DataFrame(
        batch_effects(draw_proteome(199, 2), 4, 2),
        index=["B1", "B2", "B3", "B4"],
        columns=[f"SIM{i + 1:05d}" for i in range(199)],
    )[complete]
    found = values[complete].groupby(batch).mean()
    found, expected = found - found.mean(), expected - expected.mean()
    assert np.corrcoef(found.to_numpy().ravel(), expected.to_numpy().ravel())[0, 1] > 0.8


# --- TMT


def test_each_plex_has_one_pool_and_the_samples_are_spread_evenly(plexed_cohort):
    samples = plexed_cohort.matrix.samples
    pool = samples["channel"] == "pool:SIM-POOL-1"
    assert samples[pool].groupby("plex").size().tolist() == [1] * 12
    assert set(samples["channel"][~pool]) <= set(CHANNELS[:-1])
    assert not samples.duplicated(["plex", "channel"]).any()
    sizes = samples[~pool].groupby("plex").size()
    assert sizes.max() <= 17
    assert sizes.max() - sizes.min() <= 1
    first = samples[(samples["visit"] == "V1") & (samples["severity"] == "severe")]
    counts = first.groupby("plex").size().reindex(samples["plex"].unique(), fill_value=0)
    assert counts.max() - counts.min() <= 1
    labels = Outcome("severity", "severe").labels(samples)
    assert labels[pool].isna().all()


def test_proteins_are_missing_by_plex_and_seldom_by_channel(plexed_cohort):
    absent = plexed_cohort.matrix.values.isna()
    plex = plexed_cohort.matrix.samples["plex"]
    whole = absent.groupby(plex).transform("all")
    assert 0.1 < whole.to_numpy().mean() < 0.35
    assert 0.0 < (absent & ~whole).to_numpy().mean() < 0.05
    assert not absent.all().any()


def test_ratio_to_the_pool_removes_the_plex_effect(plexed_cohort):
    samples = plexed_cohort.matrix.samples
    log2 = plexed_cohort.matrix.log2().values
    pool = samples["channel"].str.startswith("pool")
    reference = log2[pool].set_axis(samples["plex"][pool]).reindex(samples["plex"])
    ratio = (log2 - reference.to_numpy())[~pool]
    complete = ratio.columns[ratio.notna().all()].drop("SIMALB", errors="ignore")

    def between_plexes(frame):
        frame = frame[complete].sub(frame[complete].median(axis=1), axis=0)
        return frame.groupby(samples["plex"]).mean().std().median()

    assert between_plexes(ratio) < 0.75 * between_plexes(log2[~pool])


def test_a_plexed_cohort_carries_the_planted_effects_too():
    cohort = simulate_cohort(
        patients=300, severe=150, proteins=200, visits=1, plexes=20, replicates=0, seed=4
    )
    samples, log2 = cohort.matrix.samples, cohort.matrix.log2().values
    pool = samples["channel"].str.startswith("pool")
    reference = log2[pool].set_axis(samples["plex"][pool]).reindex(samples["plex"])
    ratio = (log2 - reference.to_numpy())[~pool].drop(columns="SIMALB")
    ratio = ratio.sub(median_quotient(ratio), axis=0)
    table, group = planted(cohort), samples["severity"][~pool] == "severe"
    t = scipy_stats.ttest_ind(
        ratio.loc[group, table.index], ratio.loc[~group, table.index], nan_policy="omit"
    )
    found = np.asarray(t.statistic) * np.sqrt(2 / 150)
    assert (found / table["effect"]).mean() == pytest.approx(1.0, abs=0.15)


# --- what is refused


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"patients": 3}, "patients: found 3, expected at least 4"),
        ({"severe": 0}, "severe: found 0, expected at least 1"),
        ({"severe": 50}, "severe: found 50 of 50 patients, expected fewer"),
        ({"proteins": 59}, "proteins: found 59, expected at least 60"),
        ({"visits": 0}, "visits: found 0, expected at least 1"),
        ({"plexes": 0}, "plexes: found 0, expected at least 1"),
        ({"seed": -1}, "seed: found -1, expected at least 0"),
        ({"replicates": -1}, "replicates: found -1, expected at least 0"),
        ({"patients": 12.5}, "patients: found 12.5, expected a whole number"),
        ({"visits": True}, "visits: found True, expected a whole number"),
        ({"replicates": 51, "visits": 1}, "replicates: found 51, expected at most 50"),
        ({"plexes": 2, "visits": 1}, "plexes: found 2 for 70 samples, expected 5 to 70"),
        ({"plexes": 71, "visits": 1}, "plexes: found 71 for 70 samples, expected 5 to 70"),
    ],
)
def test_impossible_numbers_are_refused_in_one_line(wrong, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        simulate_cohort(**wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("visits", [1, 2, 9])
def test_smallest_and_longest_designs_work(visits):
    cohort = simulate_cohort(patients=4, severe=1, proteins=60, visits=visits, replicates=0, seed=0)
    assert len(cohort.truth["planted"]) == 20
    design = make_design(4, 1, visits, 0, None, seed=0)
    assert design.visits.groupby("patient")["day"].is_monotonic_increasing.all()
    assert design.n_runs == max(1, min(4, cohort.matrix.n_samples // 10))


# --- the shape of real urine


def test_shape_of_a_matrix_whose_shape_is_known():
    # Closed form: two proteins, one at twice the other, a sample concentrated fourfold; the
    # third protein is seen once and does not count.
    frame = pd.DataFrame({"A": [8.0, 8.0, 32.0], "B": [16.0, 16.0, 64.0], "C": [4.0, None, None]})
    shape = measure_shape(frame, albumin="A")
    assert shape["missing_rate"] == 0.0
    assert shape["sd_log2"] == [0.0] * 5
    assert shape["albumin_share"] == pytest.approx([1 / 3, 1 / 3, 1 / 3])
    assert measure_shape(frame)["mean_log2"][2] == pytest.approx((3 + 3 + 5) / 3 + 0.5)


def flat(value):
    return list(value.values()) if isinstance(value, dict) else value


def simulated_shape():
    """Mean shape of three cohorts as large as the real one."""
    cohorts = [simulate_cohort(40, 10, visits=1, replicates=0, seed=seed) for seed in range(3)]
    shapes = [measure_shape(cohort.matrix.values, "SIMALB") for cohort in cohorts]
    return {name: np.mean([flat(shape[name]) for shape in shapes], axis=0) for name in shapes[0]}


#: How far the simulated shape may lie from the real one, in the units of each.
TOLERANCE = {
    "mean_log2": 0.6,
    "sd_log2": 0.1,
    "detected": 0.08,
    "detected_at": 0.08,
    "missing_rate": 0.03,
    "missing_spearman": 0.06,
    "depth_cv": 0.05,
    "components": 0.05,
}


@pytest.mark.realdata
def test_simulated_shape_is_that_of_the_real_urine_matrix():
    folder = Path(os.environ.get("PROTEOCLASS_DATA", "../shared/data")) / "puv_urine_fragpipe"
    table = folder / "tidy" / "puv_urine_matrix.tsv"
    if not table.is_file():
        pytest.skip(f"{table} is absent; name the data folder in PROTEOCLASS_DATA")
    real = measure_shape(pd.read_csv(table, sep="\t", index_col=0))
    simulated = simulated_shape()
    for name, tolerance in TOLERANCE.items():
        assert simulated[name] == pytest.approx(flat(real[name]), abs=tolerance), name


@pytest.mark.realdata
def test_albumin_share_is_that_of_the_real_export():
    folder = Path(os.environ.get("PROTEOCLASS_DATA", "../shared/data")) / "puv_urine_fragpipe"
    export = folder / "combined_protein.csv"
    if not export.is_file():
        pytest.skip(f"{export} is absent; name the data folder in PROTEOCLASS_DATA")
    table = pd.read_csv(export, low_memory=False, encoding="utf-8-sig")
    columns = [c for c in table if c.endswith(" Intensity") and "MaxLFQ" not in c]
    intensity = table[columns].apply(pd.to_numeric)
    share = intensity[table["Protein ID"] == "P02768"].iloc[0] / intensity.sum()
    real = share.quantile([0.0, 0.5, 1.0]).tolist()
    assert simulated_shape()["albumin_share"] == pytest.approx(real, abs=0.03)
