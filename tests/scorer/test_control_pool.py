"""A QC pool carried through the model, and batches withheld by it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from proteoclass.matrix import Outcome, ProteinMatrix, simulate_cohort
from proteoclass.scorer import Settings, train
from proteoclass.scorer.cohort import build_cohort
from proteoclass.scorer.control_pool import pool_limits, pool_words
from proteoclass.scorer.model_schema import ControlPoolPart
from proteoclass.stats import log_odds

SEVERITY = Outcome("severity", "severe")
SETTINGS = Settings(size=10, bags=2, rounds=5)


def with_pools(matrix, n=6, noise=0.08, batches=3, word="qc"):
    """Add measurements of the patients' mean, dealt over batches as the patients are."""
    rng = np.random.default_rng(5)
    log2 = matrix.on_log2().values
    names = [f"QC{i}" for i in range(n)]
    mean = np.tile(log2.mean().to_numpy(), (n, 1))
    pools = pd.DataFrame(mean + rng.normal(0, noise, mean.shape), names, log2.columns)
    people = matrix.samples.drop(columns=["batch", "plex"], errors="ignore")
    people = people.assign(batch=[f"b{i % batches}" for i in range(len(people))])
    own = pd.DataFrame(
        {"sample_type": word, "batch": [f"b{i % batches}" for i in range(n)]}, index=names
    )
    values = 2 ** pd.concat([log2, pools])
    return ProteinMatrix.build(
        values, pd.concat([people, own]), matrix.proteins, scale="raw", fluid=matrix.fluid
    )


@pytest.fixture(scope="module")
def plain():
    return simulate_cohort(patients=30, severe=10, proteins=60, visits=1, seed=3).matrix


@pytest.fixture(scope="module")
def pooled(plain):
    return with_pools(plain)


@pytest.fixture(scope="module")
def model(pooled):
    return train(pooled, SEVERITY, folds=3, repeats=1, settings=SETTINGS)


def spoiled(matrix, name, model, by=1.5):
    """Move the panel of one sample towards severe."""
    values = matrix.values.copy()
    for protein in model.content.panel:
        sign = {"up": 1, "down": -1}.get(protein.direction, 0)
        values.loc[name, protein.id] *= 2 ** (sign * by * protein.spread)
    return replace(matrix, values=values)


def test_the_pool_is_no_patient_and_changes_no_fit(plain, pooled, model):
    cohort = build_cohort(pooled, SEVERITY)
    assert not cohort.values.index.str.startswith("QC").any()
    bare = ProteinMatrix.build(
        pooled.values.iloc[:-6],
        pooled.samples.iloc[:-6],
        pooled.proteins,
        scale="raw",
        fluid=pooled.fluid,
    )
    assert len(cohort.index_rows()) == len(build_cohort(bare, SEVERITY).index_rows())
    alone = train(bare, SEVERITY, folds=3, repeats=1, settings=SETTINGS).content
    for part in ("boosters", "companion", "calibration", "thresholds", "panel", "range", "slope"):
        assert getattr(alone, part) == getattr(model.content, part), part
    assert alone.control_pool is None


def test_limits_are_those_of_one_more_measurement(pooled, model):
    part = model.content.control_pool
    assert (part.n, part.n_batches, part.n_not_reportable, part.reason) == (6, 3, 0, "")
    scores = model.score_values(pooled).set_index("sample_id")["score"]
    odds = log_odds(scores.filter(like="QC").to_numpy() / 100, limit=1e-12)
    assert part.mean == pytest.approx(odds.mean())
    assert part.sd == pytest.approx(odds.std(ddof=1))
    # R: qt(0.9986501, 5) = 5.5070; six values, sqrt(1 + 1/6).
    assert (part.upper - part.mean) / part.sd == pytest.approx(5.507 * np.sqrt(7 / 6), rel=1e-3)
    assert part.upper - part.mean == pytest.approx(part.mean - part.lower)
    assert "QC0" not in model.to_json()
    [words] = pool_words(part)
    assert words.startswith("QC pool: limits ")
    assert "from 6 measurements in 3 batches" in words


def test_a_new_measurement_is_within_limits_as_often_as_said():
    rng = np.random.default_rng(11)
    draws = rng.normal(size=(4000, 7))
    inside = [low <= row[6] <= high for row in draws for low, high in [pool_limits(row[:6])]]
    # 0.27 % of 4000 are outside: 11 expected, by the binomial between 2 and 25.
    assert 2 <= 4000 - sum(inside) <= 25


def test_a_pool_out_of_limits_withholds_its_batch_alone(pooled, model):
    before = model.score(pooled).set_index("sample_id")
    people = ~before.index.str.startswith("QC")
    assert (before.loc[people, "status"] == "final").all()
    assert before.loc[people, "reason"].str.contains("pool").sum() == 0
    assert (before.loc[~people, "status"] == "not reportable").all()
    assert before.loc["QC0", "reason"].startswith("a QC pool, no patient: log-odds ")
    assert ", within " in before.loc["QC0", "reason"]
    after = model.score(spoiled(pooled, "QC1", model)).set_index("sample_id")
    batch = pooled.samples["batch"] == "b1"
    held = after[batch.to_numpy() & people]
    assert (held["status"] == "not reportable").all()
    assert held["score"].isna().all()
    assert (held["band"] == "").all()
    assert held["reason"].str.contains("the QC pool of its batch b1 is out: log-odds QC1 ").all()
    others = ~batch.to_numpy() & people
    pd.testing.assert_frame_equal(after[others], before[others], check_exact=True)
    assert ", outside " in after.loc["QC1", "reason"]
    assert not set(held.index) & set(model.explain(spoiled(pooled, "QC1", model))["sample_id"])


def test_a_pool_that_cannot_be_scored_withholds_its_batch(pooled, model):
    values = pooled.values.copy()
    values.loc["QC2"] = np.nan
    scores = model.score(replace(pooled, values=values)).set_index("sample_id")
    held = scores[(pooled.samples["batch"] == "b2").to_numpy()]
    assert (held["status"] == "not reportable").all()
    assert held["reason"].str.contains("batch b2 is out: QC2 could not be scored").sum() > 9
    assert scores.loc["QC2", "reason"].startswith("a QC pool, no patient; ")


def test_a_sample_is_the_same_alone_with_its_pool_and_among_others(pooled, model):
    whole = model.score(pooled).set_index("sample_id")
    first, _, third = pooled.values.index[:3]
    for names in ([first], [first, "QC0"], ["QC0", third, first]):
        some = model.score(pooled.take(names)).set_index("sample_id")
        pd.testing.assert_frame_equal(some, whole.loc[some.index], check_exact=True)


def test_what_was_not_checked_is_said(pooled, model):
    assert model.score(pooled).attrs["notes"] == []
    bare = pooled.take([n for n in pooled.values.index if n != "QC1" and n != "QC4"])
    [note] = model.score(bare).attrs["notes"]
    assert note.startswith("No QC pool of the model in batches b1: whether the assay was")
    no_batch = replace(bare, samples=bare.samples.drop(columns=["batch", "sample_type"]))
    [note] = model.score(no_batch).attrs["notes"]
    assert "in the matrix, taken for one batch" in note
    other = pooled.samples.replace({"sample_type": {"qc": "qc:B"}})
    notes = model.score(replace(pooled, samples=other)).attrs["notes"]
    assert (
        "6 QC pool samples of another material than the model's, which has no name: c" in notes[0]
    )
    unlimited = train(
        pooled.take(pooled.values.index[:-2]), SEVERITY, folds=3, repeats=1, settings=SETTINGS
    )
    part = unlimited.content.control_pool
    assert (part.n, part.lower, part.sd) == (4, None, None)
    [note] = unlimited.score(pooled).attrs["notes"]
    assert "no limits for a pool (4 reportable measurements of the pool, at least 5" in note
    assert pool_words(part)[0].startswith("QC pool: no limits, 4 reportable measurements")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"noise": 0.0}, "the pool's measurements are copies of one another"),
        ({"word": ["qc:A", "qc:B"] * 3}, "the sheet marks 2 QC pools, one is expected"),
    ],
)
def test_no_limits_from_copies_or_from_two_materials(plain, change, reason):
    matrix = with_pools(plain, **change)
    part = train(matrix, SEVERITY, folds=3, repeats=1, settings=SETTINGS).content.control_pool
    assert (part.reason, part.lower) == (reason, None)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"sd": None}, "found some of mean, sd and limits"),
        ({"lower": 9.0}, "lower is above upper"),
    ],
)
def test_a_part_that_contradicts_itself_is_refused(model, changed, match):
    fields = model.content.control_pool.model_dump() | changed
    with pytest.raises(ValidationError, match=match):
        ControlPoolPart.model_validate(fields)


@pytest.mark.parametrize("normalise", ["none", "median"])
def test_a_pool_that_ratios_are_taken_to_is_held_to_its_limits_alone(plain, normalise):
    raw = with_pools(plain)
    log2 = raw.on_log2().values
    ratios = log2 - log2.iloc[:-6].mean()  # of the pool to itself about 0, unlike any patient's
    matrix = replace(raw, values=ratios, scale="log2", kind="ratio")
    settings = replace(SETTINGS, normalise=normalise)
    trained = train(matrix, SEVERITY, folds=3, repeats=1, settings=settings)
    assert trained.content.control_pool.n_not_reportable == 0
    deviation = trained.profile(matrix)["deviation"].iloc[-6:]
    assert (deviation < trained.content.slope.least_deviation).all()
    scores = trained.score(matrix)
    people = scores["sample_id"].str.startswith("QC").to_numpy() == 0
    assert (scores.loc[people, "status"] == "final").all()
    assert scores.loc[~people, "reason"].str.contains("log-odds .*, within ").all()
    # Without the sheet it is a sample like any other, and on no patient's scale.
    bare = trained.score(replace(matrix, samples=matrix.samples.drop(columns="sample_type")))
    assert bare.loc[~people, "reason"].str.contains("standard deviations from the pool's own").all()
