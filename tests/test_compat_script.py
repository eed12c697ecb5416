"""The comparison behind `make compat` sees a difference, a gap and another word."""

import importlib.util
import math
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def compat():
    spec = importlib.util.spec_from_file_location("compat", ROOT / "benchmarks" / "compat.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(**changed):
    return {"sample_id": "a", "score": "50.0", "lower": "40.0", "status": "final", **changed}


def test_differences_are_those_of_log_odds_and_infinite_for_other_words(compat):
    def found(one, two):
        return compat.difference([one], [two], ["score", "lower"])

    assert found(row(), row()) == 0
    # logit(0.6) - logit(0.5) = log(1.5).
    assert found(row(), row(score="60.0")) == pytest.approx(math.log(1.5))
    assert found(row(score="", lower=""), row(score="", lower="")) == 0
    assert found(row(), row(score="")) == math.inf
    assert found(row(), row(status="not reportable")) == math.inf
    assert compat.difference([], [], ["score"]) == math.inf
    assert compat.difference([row()], [row(), row()], ["score"]) == math.inf


def test_contributions_are_compared_as_they_are(compat):
    one, two = {"contribution": "0.25"}, {"contribution": "-0.5"}
    assert compat.difference([one], [two], ["contribution"]) == 0.75


def test_every_bound_of_setup_cfg_is_read(compat):
    text = (ROOT / "setup.cfg").read_text()
    block = text.partition("install_requires =\n")[2].partition("\n\n")[0]
    expected = dict(re.findall(r"^    ([\w-]+)>=([\d.]+)$", block, re.M))
    assert compat.requirements() == expected
    assert {"xgboost", "scikit-learn", "pandas"} <= set(expected)


def test_a_comparison_that_sees_nothing_stops(compat):
    same = {"one": ([row()], []), "two": ([row()], [])}
    with pytest.raises(SystemExit, match="two different models score alike"):
        compat._require_sight(same)
    compat._require_sight({"one": ([row()], []), "two": ([row(score="60.0")], [])})


def test_an_environment_that_fails_stops_with_its_words(compat, tmp_path):
    with pytest.raises(SystemExit, match="exit code 3\nwhat is wrong"):
        compat.called(
            Path(sys.executable),
            "-c",
            "import sys; print('what is wrong', file=sys.stderr); sys.exit(3)",
        )
