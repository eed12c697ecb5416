"""`proteoclass normalise` with its steps, imputers and bridges."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.matrix import ProteinMatrix
from proteoclass.matrix.normalisation.bridging import bridge_offsets
from proteoclass.matrix.normalisation.creatinine import WARNING


def run(*arguments):
    return CliRunner().invoke(main, ["normalise", *(str(argument) for argument in arguments)])


def table(result):
    assert result.exit_code == 0, result.output
    return pd.read_csv(io.StringIO(result.stdout), sep="\t", index_col="sample_id")


@pytest.fixture
def plexes(tmp_path):
    """Two plexes of two samples and a pool, with creatinine."""
    matrix = tmp_path / "m.tsv"
    rows = ["a\t8\t4", "b\t16\t2", "p\t4\t2", "c\t3\t6", "d\t6\t12", "q\t3\t3"]
    matrix.write_text("sample_id\tP1\tP2\n" + "".join(f"{row}\n" for row in rows))
    sheet = tmp_path / "s.tsv"
    sheet.write_text(
        "sample_id\tplex\tchannel\n"
        "a\t1\t126\nb\t1\t127\np\t1\tpool\nc\t2\t126\nd\t2\t127\nq\t2\tpool\n"
    )
    return (matrix, "--samples", sheet, "--scale", "raw")


@pytest.fixture
def wide(tmp_path):
    """Forty samples of sixty proteins, log2, weak ones missing more often."""
    rng = np.random.default_rng(0)
    mean = np.linspace(16, 30, 60)
    values = mean + rng.normal(size=(40, 60)) * 0.5 + rng.normal(size=(40, 1))
    values = np.where(rng.random(values.shape) < 1 / (1 + np.exp(mean - 18)), np.nan, values)
    frame = pd.DataFrame(values, [f"s{i}" for i in range(40)], [f"P{i}" for i in range(60)])
    path = tmp_path / "wide.tsv"
    frame.to_csv(path, sep="\t", index_label="sample_id")
    return path, frame


def test_steps_by_hand(plexes):
    ratios = table(run(*plexes))
    np.testing.assert_allclose(ratios, [[1, 1], [2, 0], [0, 1], [1, 2]])
    assert table(run(*plexes, "--step", "tmt-ratio")).equals(ratios)
    scaled = table(run(*plexes, "--step", "irs", "--normalise", "none"))
    # The pools' geometric means are sqrt(4 * 3) and sqrt(2 * 3).
    np.testing.assert_allclose(scaled, ratios + np.log2([12, 6]) / 2)
    logs = table(run(*plexes, "--step", "none", "--normalise", "none"))
    assert logs.index.tolist() == list("abpcdq")
    assert logs.loc["a"].tolist() == [3.0, 2.0]


def test_what_a_step_left_out_is_said(plexes):
    result = run(*plexes, "--step", "irs")
    assert "looked across plexes (scope cohort)" in result.stderr
    assert "2 pool channels in 2 plexes" in result.stderr
    again = "to read it again: --scale log2 --kind intensity --quantity-scope cohort"
    assert again in result.stderr
    assert "--scale log2 --kind ratio\n" in run(*plexes).stderr


def test_creatinine_needs_a_unit_and_warns(tmp_path):
    matrix, sheet = tmp_path / "m.tsv", tmp_path / "s.tsv"
    matrix.write_text("sample_id\tP1\tP2\na\t800\t80\nb\t400\t40\n")
    sheet.write_text("sample_id\tcreatinine\na\t100\nb\t50\n")
    arguments = (matrix, "--samples", sheet, "--scale", "raw", "--step", "creatinine")
    refused = run(*arguments)
    assert refused.exit_code == 3
    assert "2 creatinines without a unit" in refused.stderr
    result = run(*arguments, "--creatinine-unit", "mg/dl")
    np.testing.assert_allclose(table(result), np.log2([[8, 0.8], [8, 0.8]]))
    assert WARNING in result.stderr
    assert "Normalised by none (chosen by kind and fluid)" in result.stderr


def test_a_double_log_is_refused(wide):
    # Declared raw, negative logarithms are no intensities; declared log2, no log is taken.
    path, frame = wide
    shifted = (frame - 25).rename_axis(index="sample_id")
    shifted.to_csv(path, sep="\t")
    result = run(path, "--scale", "raw")
    assert result.exit_code == 3
    assert "negative value on the raw scale" in result.stderr
    kept = table(run(path, "--scale", "log2", "--normalise", "none"))
    np.testing.assert_allclose(kept, shifted, atol=1e-12)


@pytest.mark.parametrize("method", ["median", "pqn", "quantile"])
def test_every_method_writes_the_same_bytes_twice(wide, method):
    first, second = (run(wide[0], "--normalise", method, "--impute", "min-prob") for _ in "ab")
    assert first.stdout_bytes == second.stdout_bytes
    assert not table(first).isna().to_numpy().any()
    assert f"Normalised by {method}" in first.stderr


def test_imputation_is_named_counted_and_explained(wide):
    path, frame = wide
    result = run(path, "--impute", "auto")
    gaps = int(frame.isna().to_numpy().sum())
    assert f"Filled {gaps} of {gaps} gaps by low" in result.stderr
    assert "Weak proteins are missing more often" in result.stderr
    assert int(table(run(path)).isna().to_numpy().sum()) == gaps
    assert "low is recommended" in result.stderr
    # What is recommended and what was done are two sentences: another method may be asked for.
    other = run(path, "--impute", "half-min")
    assert "low is recommended" in other.stderr
    assert f"Filled {gaps} of {gaps} gaps by half-min (as asked)" in other.stderr
    assert f"{gaps} gaps left as they are (as asked)" in run(path).stderr
    kept = run(path, "--impute", "auto", "--kind", "npx", "--scale", "log2")
    assert f"{gaps} gaps left as they are (by auto, for npx values)" in kept.stderr
    npx = table(kept)
    assert int(npx.isna().to_numpy().sum()) == gaps


def test_a_protein_that_a_batch_did_not_measure_is_not_filled(wide, tmp_path):
    path, frame = wide
    frame = frame.copy()
    frame.iloc[:20, 55] = np.nan
    frame.to_csv(path, sep="\t", index_label="sample_id")
    sheet = tmp_path / "s.tsv"
    rows = "".join(f"s{i}\t{'A' if i < 20 else 'B'}\n" for i in range(40))
    sheet.write_text("sample_id\tbatch\n" + rows)
    filled = table(run(path, "--samples", sheet, "--impute", "low"))
    assert filled.iloc[:20, 55].isna().all()
    assert int(filled.isna().to_numpy().sum()) == 20
    blind = table(run(path, "--impute", "low"))
    assert not blind.isna().to_numpy().any()


def test_ratios_are_not_filled(plexes):
    result = run(*plexes, "--impute", "low")
    assert result.exit_code == 3
    assert "impute low: ratios are never filled" in result.stderr
    assert run(*plexes, "--impute", "auto").exit_code == 0


def test_quotients_in_two_groups_are_warned_of(wide):
    path, frame = wide
    frame = frame.copy()
    frame.iloc[3, ::2] += 6
    frame.to_csv(path, sep="\t", index_label="sample_id")
    result = run(path, "--normalise", "pqn")
    assert "more than dilution: 1 of 40 samples (s3)" in result.stderr
    assert "Quotients" not in run(path, "--normalise", "none").stderr


def test_a_stored_bridge_moves_one_new_sample(wide, tmp_path):
    frame = wide[1]
    build = ProteinMatrix.build
    whole = frame.fillna(20.0)
    bridge = bridge_offsets(build(whole, scale="log2"), build(whole - 0.5, scale="log2"))
    stored = bridge.save(tmp_path / "b.json")
    one = tmp_path / "one.tsv"
    whole.iloc[[0]].to_csv(one, sep="\t", index_label="sample_id")
    result = run(one, "--bridge", stored, "--normalise", "none")
    np.testing.assert_allclose(table(result), whole.iloc[[0]] + 0.5)
    assert "Bridged by 40 samples measured in both runs" in result.stderr
    onto_itself = run(one, "--bridge", stored, "-o", stored, "--force")
    assert onto_itself.exit_code == 3
    assert "is an input of this command" in onto_itself.stderr


def test_unknown_steps_are_wrong_usage(wide):
    result = run(wide[0], "--step", "loess")
    assert result.exit_code == 2
    assert "'loess' is not one of 'auto', 'none', 'tmt-ratio'" in result.stderr


def test_an_anndata_file_says_what_was_done(wide, tmp_path):
    from proteoclass.matrix import read_matrix

    target = tmp_path / "out.h5ad"
    result = run(wide[0], "--normalise", "quantile", "--impute", "low", "-o", target)
    assert result.exit_code == 0, result.output
    assert f"wrote {target}" in result.stderr
    again = read_matrix(target)
    expected = table(run(wide[0], "--normalise", "quantile", "--impute", "low"))
    np.testing.assert_allclose(again.values, expected)
    assert again.scale == "log2"
    assert run(wide[0], "-o", target).exit_code == 3


def test_a_model_is_trained_with_the_method_and_the_imputer_asked_for(tmp_path, quick_boosters):
    runner = CliRunner()

    def call(*arguments):
        done = runner.invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == 0, done.output
        return done

    folder = tmp_path / "cohort"
    call("simulate", "-o", folder, "--patients", 24, "--severe", 8, "--proteins", 150, "-q")
    cohort = (folder / "matrix.tsv", "--samples", folder / "samples.tsv", "--fluid", "urine")
    outcome = ("--outcome", "severity", "--positive", "severe")
    quick = ("--folds", 3, "--repeats", 1, "--size", 5)
    asked = ("--normalise", "quantile", "--impute", "min-prob")
    model = tmp_path / "m.json"
    call("train", *cohort, *outcome, *quick, *asked, "-o", model)
    content = json.loads(model.read_text())["content"]
    assert content["normaliser"]["method"] == "quantile"
    assert content["settings"]["impute"] == "min-prob"
    assert len({protein["fill"] for protein in content["panel"]}) == 1
    scores = call("score", folder / "matrix.tsv", "--model", model).stdout
    assert scores.count("final") > 20
