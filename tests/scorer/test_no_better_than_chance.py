"""Noise is called no better than chance wherever an AUC is stated, and an effect is not."""

import json
from functools import partial

import pytest
from click.testing import CliRunner

from proteoclass import io
from proteoclass.cli import main
from proteoclass.cli.evaluate import evaluation_line
from proteoclass.matrix.outcome import Outcome
from proteoclass.scorer import Settings, evaluate
from proteoclass.scorer.chance import (
    MIN_PERMUTATIONS,
    NO_BETTER,
    chance_warning,
    reasons_for_chance,
)

QUICK = Settings(size=8, bags=2, rounds=5, normalise="none", impute="none")
OUTCOME = Outcome("severity", "severe")


@pytest.mark.parametrize(
    ("interval", "p", "n", "expected"),
    [
        ([0.41, 0.83], None, 0, ("the interval of its AUC, 0.41 to 0.83, reaches 0.5",)),
        ([0.50, 0.83], None, 0, ("the interval of its AUC, 0.50 to 0.83, reaches 0.5",)),
        ([0.10, 0.42], None, 0, ("the interval of its AUC, 0.10 to 0.42, lies below 0.5",)),
        ([0.51, 0.83], 0.2, 100, ("permutation p = 0.2",)),
        ([0.51, 0.83], 0.05, 100, ()),
        ([0.51, 0.83], None, 0, ()),
        (None, None, 0, ()),
        # However good the score, so few permutations cannot give a smaller p.
        ([0.51, 0.83], 1 / MIN_PERMUTATIONS, MIN_PERMUTATIONS - 1, ()),
    ],
)
def test_either_the_interval_or_the_permutations_are_enough(interval, p, n, expected):
    assert reasons_for_chance({"interval": interval}, {"p": p, "n": n}) == expected


def test_an_auc_without_an_interval_speaks_for_itself():
    for gap in (None, [None, None], [float("nan")] * 2):
        assert reasons_for_chance({"interval": gap, "mean_over_repeats": 0.5}, {}) == (
            "its AUC is 0.50",
        )
        assert reasons_for_chance({"interval": gap, "mean_over_repeats": 0.9}, {}) == ()


def test_both_reasons_stand_in_one_sentence():
    said = chance_warning({"interval": [0.3, 0.7]}, {"p": 0.61, "n": 19})
    assert said == (
        "On this evidence the score is no better than chance: the interval of its AUC, 0.30 to "
        "0.70, reaches 0.5; permutation p = 0.61."
    )
    assert chance_warning({"interval": [0.6, 0.7]}, {"p": 0.01, "n": 100}) == ""


def test_the_smallest_p_of_the_fewest_permutations_is_one_in_twenty():
    # (1 + 0) / (1 + B), Phipson & Smyth 2010: the rule is silent where p cannot be 0.05.
    assert 1 / (1 + MIN_PERMUTATIONS) == 0.05


def words(summary):
    return [text for text in summary["warnings"] if NO_BETTER in text]


@pytest.mark.usefixtures("few_inner_folds")
def test_noise_is_no_better_than_chance_without_permutations(make_toy):
    result = evaluate(
        make_toy(patients=24, proteins=30, signal=0.0, visits=1, seed=3), OUTCOME,
        settings=QUICK, folds=3, repeats=2, permutations=0, describe=False,
    )  # fmt: skip
    assert len(words(result.summary)) == 1
    assert result.summary["warnings"][0] == words(result.summary)[0], "it comes first"
    line = evaluation_line(result.summary)
    assert f"{result.summary['auc']['mean_over_repeats']:.2f}, no better than chance (" in line


@pytest.mark.usefixtures("few_inner_folds")
def test_an_effect_is_not_called_chance(make_toy):
    result = evaluate(
        make_toy(proteins=30, signal=1.5, visits=1), OUTCOME,
        settings=QUICK, folds=3, repeats=1, permutations=19, describe=False,
    )  # fmt: skip
    assert result.summary["auc"]["mean_over_repeats"] > 0.9
    assert not words(result.summary)
    assert NO_BETTER not in evaluation_line(result.summary)


@pytest.mark.usefixtures("few_inner_folds")
def test_the_command_line_says_it_and_writes_it(make_toy, tmp_path, monkeypatch):
    # The command line has no option for boosters; few and short ones do.
    monkeypatch.setattr("proteoclass.scorer.Settings", partial(Settings, bags=2, rounds=5))
    toy = make_toy(patients=24, proteins=30, signal=0.0, visits=1, seed=3)
    matrix, sheet = tmp_path / "matrix.tsv", tmp_path / "samples.tsv"
    io.write_table(matrix, toy.values.reset_index(names="sample_id"))
    io.write_table(sheet, toy.samples.reset_index(names="sample_id"))
    done = CliRunner().invoke(
        main,
        [
            "evaluate", str(matrix), "--samples", str(sheet), "--outcome", "severity",
            "--positive", "severe", "--scale", "log2", "--normalise", "none", "--size", "8",
            "--folds", "2", "--repeats", "1", "--permutations", "0", "--sizes", "none",
            "-o", str(tmp_path / "e"),
        ],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stderr.count(NO_BETTER) == 2, "once as a warning, once in the last line"
    assert NO_BETTER in done.stderr.strip().splitlines()[-1]
    assert words(json.loads((tmp_path / "e" / "evaluation.json").read_text()))
