"""Reruns: kept, refused, averaged or replaced, by a rule that is named and never in silence."""

import csv
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.check import check_matrix
from proteoclass.matrix.formats.quantities import Quantities
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.samples.joining import join_samples
from proteoclass.matrix.samples.reruns import RULES, Group, group_runs, merged, rerun_problem
from proteoclass.matrix.samples.sheet import complete_samples

STAMPED = "a_20230606030500"
LATER = "a_20230607030500"


def grouped(names, rule, rows=None):
    groups, _ = group_runs(names, rows or names, rule, "m.tsv", has_sheet=rows is not None)
    return [(g.sample, g.places, g.replicate_of) for g in groups]


def table(folder, names, *rows):
    path = folder / "m.tsv"
    lines = ["\t".join(["protein", *names])]
    lines += ["\t".join([f"P0100{i}", *map(str, row)]) for i, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_names_of_reruns_stay_apart_by_default_and_merge_by_the_other_rules():
    names = [LATER, "a", "b", STAMPED]
    assert grouped(names, "list") == [(n, (i,), "") for i, n in enumerate(names)]
    # In the order of the clock: the name without a moment was there first.
    assert grouped(names, "mean") == [("a", (1, 3, 0), ""), ("b", (2,), "")]
    assert grouped(names, "last") == grouped(names, "mean")
    assert grouped(names, "keep") == [
        (LATER, (0,), "a"),
        ("a", (1,), ""),
        ("b", (2,), ""),
        (STAMPED, (3,), "a"),
    ]
    with pytest.raises(
        InputError,
        match=rf"m.tsv: 2 samples named like a rerun of another: {LATER} of a, {STAMPED} of a; "
        r"choose one with --reruns mean\|last\|keep, or list each in the sample sheet",
    ):
        grouped(names, "refuse")


def test_counts_in_names_order_reruns():
    names = ["a_rerun10", "a_rerun2", "a", "a_rerun"]
    assert grouped(names, "last") == [("a", (2, 3, 1, 0), "")]


@pytest.mark.parametrize("rule", ["list", "refuse"])
def test_equal_names_are_refused_with_the_rules(rule):
    with pytest.raises(
        InputError,
        match=r"m.tsv: 1 duplicate sample name, expected each once: 'a' \(2 times\); choose with "
        r"--reruns mean\|last\|keep, or list each",
    ):
        grouped(["a", "b", "a"], rule)


def test_equal_names_merge_or_get_a_number():
    names = ["a", "b", "a", "a (2)"]
    assert grouped(names, "mean") == [("a", (0, 2), ""), ("b", (1,), ""), ("a (2)", (3,), "")]
    assert grouped(names, "keep") == [
        ("a", (0,), ""),
        ("a (3)", (2,), "a"),
        ("b", (1,), ""),
        ("a (2)", (3,), ""),
    ]


def test_a_sheet_that_lists_each_run_has_decided():
    names = ["a", STAMPED]
    for rule in RULES:
        assert grouped(names, rule, rows=names) == [("a", (0,), ""), (STAMPED, (1,), "")]
    # A run without a row goes to the row of the sample it repeats, where the rule says so.
    assert grouped(names, "list", rows=["a", None]) == [("a", (0,), "")]
    assert grouped(names, "mean", rows=["a", None]) == [("a", (0, 1), "")]
    assert grouped(names, "keep", rows=["a", None]) == [("a", (0,), ""), (STAMPED, (1,), "a")]
    # The sheet may want the rerun alone.
    assert grouped(names, "mean", rows=[None, STAMPED]) == [(STAMPED, (1,), "")]


def test_the_mean_is_geometric_on_the_raw_scale():
    """scipy.stats.gmean over the values found; zero and NaN are missing there."""
    from scipy.stats import gmean

    runs = pd.DataFrame(
        [[2.0, 0.0, np.nan, 3.0], [8.0, 5.0, 0.0, 7.0], [4.0, 6.0, np.nan, 11.0]],
        columns=list("wxyz"),
    )
    values, notes = merged(runs, [Group("s", (0, 1, 2))], "mean", "raw", "m.tsv")
    assert values.loc["s", ["w", "x", "z"]].tolist() == pytest.approx(
        [gmean([2, 8, 4]), gmean([5, 6]), gmean([3, 7, 11])]
    )
    assert np.isnan(values.loc["s", "y"])
    assert notes == (
        "Of 1 sample with 3 runs in all, the mean of log2 values was taken for each protein "
        "found (s: 3 runs).",
    )


def test_on_the_log2_scale_zero_is_a_value():
    runs = pd.DataFrame([[0.0, np.nan], [-2.0, 1.5]], columns=["x", "y"])
    values, _ = merged(runs, [Group("s", (0, 1))], "mean", "log2", "m.tsv")
    assert values.loc["s"].tolist() == [-1.0, 1.5]


def test_the_last_run_is_taken_whole():
    runs = pd.DataFrame([[1.0, 2.0], [3.0, np.nan], [9.0, 9.0]], columns=["x", "y"])
    values, notes = merged(runs, [Group("s", (0, 1)), Group("t", (2,))], "last", "log2", "m.tsv")
    assert values.loc["s", "x"] == 3.0
    assert np.isnan(values.loc["s", "y"])
    assert values.loc["t"].tolist() == [9.0, 9.0]
    assert notes == ("Of 1 sample with 2 runs in all, the last run was taken (s: 2 runs).",)


def test_negative_intensities_are_not_averaged_away(tmp_path):
    path = table(tmp_path, ["a", STAMPED, "b"], (500, -3, 70000), (40, 50, 60))
    with pytest.raises(InputError, match="negative value on the raw scale in the runs of sample"):
        read_matrix(path, scale="raw", reruns="mean")
    with pytest.raises(InputError, match="negative value on the raw scale for sample"):
        read_matrix(path, scale="raw", reruns="last")


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "a_rerun", STAMPED, "b_redo2", "/x/a.raw"]), min_size=1),
    st.sampled_from(["mean", "last", "keep"]),
)
def test_no_run_is_lost_or_used_twice(names, rule):
    values = pd.DataFrame({"P1": np.arange(1.0, len(names) + 1)}, index=names)
    read = Quantities(values, pd.DataFrame(index=["P1"]), "wide", "", where="m.tsv")
    groups = join_samples(read, None, rule).groups
    assert sorted(p for g in groups for p in g.places) == list(range(len(names)))
    samples = [g.sample for g in groups]
    assert len(set(samples)) == len(samples)
    result, notes = merged(values, groups, rule, "log2", "m.tsv")
    assert result.index.tolist() == samples
    if rule == "mean":  # numpy's mean of each group, taken by hand
        assert result["P1"].tolist() == pytest.approx(
            [float(np.mean([p + 1 for p in g.places])) for g in groups]
        )
    assert bool(notes) == any(len(g.places) > 1 or g.replicate_of for g in groups)


def test_reading_a_table_under_each_rule(tmp_path):
    path = table(tmp_path, ["/x/a.raw", f"/x/{STAMPED}.raw", "/x/b.raw"], (20, 24, 22), (10, 8, 9))
    listed = read_matrix(path, scale="log2")
    sentence = (
        f"Named like a rerun of another sample and kept apart from it: 1 sample ({STAMPED} of a)."
    )
    assert listed.values.index.tolist() == ["a", STAMPED, "b"]
    assert sentence in listed.source.notes
    checked = check_matrix(path, scale="log2")
    assert checked["problems"] == [sentence]
    assert checked["matching"] is None

    mean = read_matrix(path, scale="log2", reruns="mean")
    assert mean.values.loc["a"].tolist() == [22.0, 9.0]
    kept = read_matrix(path, scale="log2", reruns="keep")
    assert kept.samples.loc[STAMPED].to_dict() == {"patient_id": "a", "replicate_of": "a"}
    assert check_matrix(path, scale="log2", reruns="keep")["problems"] == []
    assert any("Reruns kept as samples of their own" in note for note in kept.source.notes)
    with pytest.raises(InputError, match="--reruns 'both': is not read by this version, expected"):
        read_matrix(path, reruns="both")


def test_rows_of_a_wide_table_may_repeat_where_a_rule_decides(tmp_path):
    path = tmp_path / "m.tsv"
    path.write_text("sample_id\tP02768\tP01034\na\t20\t9.5\nb\t21\t8.5\na\t24\t\n")
    with pytest.raises(InputError, match=r"'a' \(rows 2, 4\); .* --reruns mean\|last\|keep"):
        read_matrix(path)
    assert read_matrix(path, reruns="mean").values.loc["a"].tolist() == [22.0, 9.5]
    assert np.isnan(read_matrix(path, reruns="last").values.loc["a", "P01034"])
    assert read_matrix(path, reruns="keep").values.index.tolist() == ["a", "a (2)", "b"]


def test_kept_reruns_bring_the_row_of_the_sheet(tmp_path):
    path = table(tmp_path, ["a", STAMPED, "b"], (20, 24, 22))
    people = pd.DataFrame({"sample_id": ["a", "b"], "patient_id": ["p", "q"], "day": [3, 4]})
    kept = read_matrix(path, people, reruns="keep")
    assert kept.samples.loc[STAMPED].to_dict() == {
        "patient_id": "p",
        "day": 3.0,
        "replicate_of": "a",
    }


def test_a_kept_rerun_of_a_replicate_repeats_the_first_sample(tmp_path):
    path = table(tmp_path, ["a", "x", "x_rerun"], (20, 24, 22))
    people = pd.DataFrame({"sample_id": ["a", "x"], "replicate_of": [None, "a"]})
    kept = read_matrix(path, people, reruns="keep").samples
    assert kept["replicate_of"].fillna("").tolist() == ["", "a", "a"]
    assert kept["patient_id"].tolist() == ["a", "a", "a"]


def test_reruns_of_different_patients_are_a_problem():
    frame = pd.DataFrame({"sample_id": ["a", STAMPED], "patient_id": ["p", "q"]})
    samples = complete_samples(frame)
    assert f"{STAMPED} of a" in rerun_problem(samples)
    assert rerun_problem(samples.assign(patient_id="p")) == ""


def test_what_runs_of_a_sample_do_not_agree_on_is_left_empty():
    values = pd.DataFrame({"P1": [1.0, 2.0, 3.0]}, index=["a", "a", "b"])
    told = pd.DataFrame({"plate": ["1", "2", "1"], "panel": ["x", "x", "y"]}, index=values.index)
    read = Quantities(values, pd.DataFrame(index=["P1"]), "olink", "", where="m", samples=told)
    samples = join_samples(read, None, "mean").samples
    assert samples["panel"].tolist() == ["x", "y"]
    assert samples["plate"].isna().tolist() == [True, False]


@pytest.mark.realdata
def test_saliva_has_186_runs_of_which_six_repeat_another(data_folder):
    """csv module over the header: 186 names, six end in a moment and stand there without it."""
    path = data_folder / "chivas_saliva_diann/report.pg_matrix.tsv"
    with path.open(newline="") as file:
        header = next(csv.reader(file, delimiter="\t"))
    names = [name.rsplit("/", 1)[-1].removesuffix(".mzML") for name in header[5:]]
    stamped = [n for n in names if re.sub(r"_\d{14}$", "", n) in set(names) - {n}]
    assert (len(set(names)), len(stamped)) == (186, 6)

    matrix = read_matrix(path)
    assert matrix.values.index.tolist() == names
    assert matrix.n_proteins == 1282
    assert "6 samples" in rerun_problem(matrix.samples)
    assert read_matrix(path, reruns="last").n_samples == 180
    first = names[names.index(stamped[0])]
    last = read_matrix(path, reruns="last").values.loc[re.sub(r"_\d{14}$", "", first)]
    assert last.equals(matrix.values.loc[first].rename(last.name))


def test_the_order_of_runs_does_not_move_the_last_bit_of_their_mean():
    # Three doubles added in another order give another last bit.
    runs = np.random.default_rng(0).normal(5, 1, (3, 200))
    for scale, numbers in (("log2", runs), ("raw", np.exp2(runs))):
        means = {
            merged(pd.DataFrame(numbers[list(order)]), [Group("a", (0, 1, 2))], "mean", scale, "")[
                0
            ]
            .to_numpy()
            .tobytes()
            for order in itertools.permutations(range(3))
        }
        assert len(means) == 1
