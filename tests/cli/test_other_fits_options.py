"""`--learning-curve` and `--conformal`, and the same keys of a study file."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from proteoclass.cli import main
from proteoclass.study_file import Study

pytestmark = pytest.mark.usefixtures("quick_boosters", "few_half_samples")


@pytest.fixture
def files(tmp_path):
    rng = np.random.default_rng(0)
    severe = np.arange(24) % 3 == 0
    ids = pd.Index([f"s{place:02d}" for place in range(24)], name="sample_id")
    values = rng.normal(20, 1, (24, 6)) + np.outer(severe, [2, 0, 0, 0, 0, 0])
    columns = [f"Q{place}" for place in range(6)]
    pd.DataFrame(values, ids, columns).to_csv(tmp_path / "m.tsv", sep="\t")
    sheet = pd.DataFrame({"severity": np.where(severe, "severe", "mild")}, ids)
    sheet.to_csv(tmp_path / "s.tsv", sep="\t")
    return tmp_path


def test_both_are_asked_for_and_told_in_words(files):
    arguments = (
        *("evaluate", files / "m.tsv", "--samples", files / "s.tsv", "--outcome", "severity"),
        *("--positive", "severe", "--folds", "3", "--repeats", "1", "--permutations", "0"),
        *("--sizes", "none", "--normalise", "none", "--learning-curve", "--conformal", "0.3"),
        "--json",
    )
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [point["share"] for point in told["learning_curve"]["points"]] == [
        *(0.4, 0.55, 0.7, 0.85, 1.0)
    ]
    # Two parts of five or six severe patients are too small: null in JSON, with the reason.
    assert told["learning_curve"]["points"][0]["auc"] is None
    assert "expected at least 5" in told["learning_curve"]["points"][0]["reason"]
    assert told["conformal"]["classes"] is None
    for key in ("learning_curve", "conformal"):
        assert f"note: {told[key]['text']}" in result.stderr.splitlines()


@pytest.mark.parametrize("alpha", ["0.5", "-0.1", "much"])
def test_a_share_of_errors_that_is_none_is_wrong_usage(files, alpha):
    arguments = ["evaluate", str(files / "m.tsv"), "--samples", str(files / "s.tsv"),
                 "--outcome", "severity", "--positive", "severe", "--conformal", alpha]  # fmt: skip
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--conformal" in result.stderr


def study(**evaluate):
    parts = {"input": {"matrix": "m.tsv", "samples": "s.tsv"}, "evaluate": evaluate}
    return Study.model_validate(parts | {"outcome": {"column": "c", "positive": "p"}}).evaluate


def test_a_study_file_asks_by_the_same_names():
    assert (study().learning_curve, study().conformal) == (False, 0.0)
    asked = study(learning_curve=True, conformal=0.1)
    assert (asked.learning_curve, asked.conformal) == (True, 0.1)
    with pytest.raises(ValidationError, match=r"less than 0\.5"):
        study(conformal=0.5)
