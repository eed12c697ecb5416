"""Noise from repeats, against ANOVA, chi-squared tables and Jacobson & Truax's formula."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

from proteoclass.errors import InputError
from proteoclass.longitudinal.noise import Noise, within_sd


def repeats(sizes, sd=0.3, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for number, size in enumerate(sizes):
        level = rng.normal()
        for repeat in range(size):
            of = f"s{number}_0" if repeat else ""
            rows.append((f"s{number}_{repeat}", f"p{number}", level + rng.normal() * sd, of))
    frame = pd.DataFrame(rows, columns=["sample_id", "patient_id", "log_odds", "replicate_of"])
    return frame.set_index("sample_id")


def test_sd_is_the_residual_of_a_one_way_anova():
    samples = repeats([2] * 15 + [3] * 6 + [1] * 4)
    noise = within_sd(samples)
    anova = ols("log_odds ~ C(patient_id)", samples).fit()
    assert noise.sd_within == pytest.approx(np.sqrt(anova.mse_resid))
    assert noise.n_pairs == anova.df_resid == 27
    assert noise.source == "technical replicates"
    assert noise.reason == ""


def test_interval_of_the_sd_by_the_chi_squared_table():
    # χ²(20): 2.5 % point 9.591, 97.5 % point 34.170 (any printed table).
    noise = within_sd(repeats([2] * 20))
    assert noise.lower == pytest.approx(noise.sd_within * np.sqrt(20 / 34.170), rel=1e-4)
    assert noise.upper == pytest.approx(noise.sd_within * np.sqrt(20 / 9.591), rel=1e-4)


def test_reliable_change_is_jacobson_and_truax():
    noise = Noise(0.5, 0.4, 0.7, 30, "technical replicates", "")
    assert noise.smallest_change == pytest.approx(1.959964 * 1.414214 * 0.5, rel=1e-6)
    assert noise.verdict(-1.3859) == "did not change"
    assert noise.verdict(-1.3860) == "fell"
    assert noise.verdict(1.4) == "rose"
    assert noise.verdict(np.nan) == "not reportable"


def test_nineteen_pairs_are_too_few():
    noise = within_sd(repeats([2] * 19))
    assert noise.reason == "19 pairs, expected at least 20"
    assert noise.smallest_change is None
    assert noise.verdict(-9.0) == "not reportable"
    assert noise.summary()["n_pairs"] == 19


def test_no_pair_at_all():
    noise = within_sd(repeats([1] * 30))
    assert noise.reason == "no replicate or stable pairs"
    assert noise.source == "none"


def test_copied_repeats_prove_nothing():
    assert within_sd(repeats([2] * 20, sd=0.0)).reason.startswith("all repeats are identical")


def test_replicates_of_a_sample_without_a_score_still_repeat_each_other():
    samples = repeats([3] * 10)
    left = samples.drop([name for name in samples.index if name.endswith("_0")])
    assert within_sd(left).n_pairs == 10


def test_a_replicate_of_a_replicate_joins_the_same_set():
    samples = repeats([3])
    samples.loc["s0_2", "replicate_of"] = "s0_1"
    assert within_sd(samples).sd_within == within_sd(repeats([3])).sd_within


def test_a_loop_of_replicates_ends():
    samples = repeats([2])
    samples["replicate_of"] = ["s0_1", "s0_0"]
    assert within_sd(samples).n_pairs == 1


def test_stable_pairs_take_the_place_of_replicates():
    samples = repeats([2] * 25)
    pairs = [(f"s{i}_0", f"s{i}_1") for i in range(21)]
    noise = within_sd(samples, pairs)
    assert (noise.n_pairs, noise.source) == (21, "stable pairs")
    difference = [samples.loc[a, "log_odds"] - samples.loc[b, "log_odds"] for a, b in pairs]
    # Dahlberg's formula for pairs.
    assert noise.sd_within == pytest.approx(np.sqrt(np.sum(np.square(difference)) / 42))


def test_a_replicate_of_itself_is_refused():
    samples = repeats([2])
    samples.loc["s0_1", "replicate_of"] = "s0_1"
    with pytest.raises(InputError, match="sample 's0_1' names the sample itself"):
        within_sd(samples)


def test_a_replicate_of_another_patient_is_refused():
    samples = repeats([2, 1])
    samples.loc["s0_1", "replicate_of"] = "s1_0"
    with pytest.raises(InputError, match=r"another patient's \(p0 and p1\)"):
        within_sd(samples)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("s0_0", "gone")], "sample 'gone' has no score"),
        ([("s0_0", "s1_0")], "are not two samples of one patient"),
        ([("s0_0", "s0_0")], "are not two samples of one patient"),
        ([("s0_0", "s0_1"), ("s0_1", "s0_2")], "is in an earlier pair"),
    ],
)
def test_wrong_stable_pairs_are_refused(pairs, message):
    with pytest.raises(InputError, match=message):
        within_sd(repeats([3, 2]), pairs)
