"""A sample's line is the same bytes in whatever file and company it comes."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from proteoclass.cli import main
from proteoclass.matrix import Outcome, simulate_cohort
from proteoclass.scorer import Settings, train

WRITERS = {
    "tsv": lambda frame, path: frame.to_csv(path, sep="\t"),
    "xlsx": lambda frame, path: frame.to_excel(path),
    "parquet": lambda frame, path: frame.reset_index().to_parquet(path, index=False),
}


@pytest.fixture(scope="module")
def cohort():
    return simulate_cohort(patients=24, severe=8, proteins=60, visits=1, seed=3).matrix


@pytest.fixture(scope="module")
def model(cohort, tmp_path_factory):
    settings = Settings(size=6, bags=2, rounds=5)
    trained = train(cohort, Outcome("severity", "severe"), settings=settings, folds=3, repeats=1)
    trained.save(tmp_path_factory.mktemp("model") / "m.json")
    return trained


@pytest.fixture(scope="module")
def scored(model, tmp_path_factory):
    """Score a frame of samples x proteins, written in a format and an orientation."""
    folder = tmp_path_factory.mktemp("scored")
    file = folder / "model.json"
    model.save(file)

    def score(frame, suffix="tsv", *, turned=False):
        named = frame.T.rename_axis("protein_id") if turned else frame.rename_axis("sample_id")
        path, target = folder / f"matrix.{suffix}", folder / "scores.tsv"
        WRITERS[suffix](named, path)
        asked = ["score", str(path), "--model", str(file), "-o", str(target), "--force"]
        result = CliRunner().invoke(main, asked)
        assert result.exit_code == 0, result.stderr
        return target.read_bytes()

    return score


@pytest.fixture(scope="module")
def expected(scored, cohort):
    return scored(cohort.values)


def lines(content):
    return set(content.splitlines())


@pytest.mark.parametrize("turned", [False, True], ids=["samples in rows", "in columns"])
@pytest.mark.parametrize("suffix", list(WRITERS))
def test_every_format_and_orientation(scored, cohort, expected, suffix, turned):
    assert expected.count(b"\tfinal\t") == cohort.n_samples
    assert scored(cohort.values, suffix, turned=turned) == expected


@pytest.mark.parametrize("suffix", ["tsv", "parquet"])
def test_shuffled_and_with_a_thousand_more_columns(scored, cohort, expected, suffix):
    rng = np.random.default_rng(0)
    extra = pd.DataFrame(
        rng.lognormal(10, 3, size=(cohort.n_samples, 1000)),
        index=cohort.values.index,
        columns=[f"EXTRA{i}" for i in range(1000)],
    )
    wide = pd.concat([extra, cohort.values], axis=1)
    wide = wide.sample(frac=1, random_state=1, axis=1).sample(frac=1, random_state=2)
    assert lines(scored(wide, suffix)) == lines(expected)


def test_alone(scored, cohort, expected):
    for name in cohort.values.index[[0, 11, -1]]:
        assert lines(scored(cohort.values.loc[[name]])) < lines(expected)


def test_a_targeted_assay_of_panel_and_reference_proteins(scored, cohort, model, expected):
    wanted = list(model.wanted().index)
    assert len(wanted) < cohort.n_proteins
    assert scored(cohort.values[wanted]) == expected


def test_a_long_table_in_chunks(scored, cohort, expected, monkeypatch):
    monkeypatch.setattr("proteoclass.matrix.long_table.ROWS_AT_A_TIME", 7)
    calls = []
    build = type(cohort).build

    def counted(values, *rest, **named):
        calls.append(len(values))
        return build(values, *rest, **named)

    monkeypatch.setattr("proteoclass.matrix.long_table.ProteinMatrix.build", counted)
    assert scored(cohort.values, "parquet") == expected
    assert calls[-3:] == [7, 7, cohort.n_samples % 7]


def test_one_sample_is_scored_without_loading_scikit_learn(tmp_path):
    # In a process of its own: scikit-learn and scipy.stats take longer to load than all the rest.
    import subprocess
    import sys

    code = (
        "import sys\nfrom proteoclass.scorer.bare_xgboost import import_bare_xgboost\n"
        "import_bare_xgboost()\nimport proteoclass.scorer.model, proteoclass.scorer.model_file\n"
        "import proteoclass.scorer.reportable\n"
        "print([name for name in ('sklearn', 'scipy.stats') if name in sys.modules])\n"
        "import sklearn.base\nprint(sklearn.base.BaseEstimator.__name__)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split("\n")[:2] == ["[]", "BaseEstimator"]
