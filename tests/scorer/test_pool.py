"""A model of ratios to a pool, and the matrices it may and may not score."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import ModelRefusedError
from proteoclass.matrix import Outcome, ProteinMatrix
from proteoclass.matrix.normalisation.ratio import pool_ratio
from proteoclass.scorer import Settings, train


def in_plexes(toy, pool="pool:A"):
    """Deal the samples into plexes of ten, each with a pool channel at the overall median."""
    plex = pd.Series([str(i // 10) for i in range(toy.n_samples)], index=toy.values.index)
    names = [f"pool{p}" for p in plex.unique()]
    pools = pd.DataFrame([toy.values.median()] * len(names), index=names)
    sheet = toy.samples.assign(plex=plex, channel="126")
    channels = pd.DataFrame({"plex": plex.unique(), "channel": pool}, index=names)
    return ProteinMatrix.build(
        pd.concat([toy.values, pools]), pd.concat([sheet, channels]), scale="log2", fluid="urine"
    )


@pytest.fixture(scope="module")
def pooled(make_toy):
    return in_plexes(make_toy(visits=1, signal=2.0))


@pytest.fixture(scope="module")
def pool_model(pooled):
    settings = Settings(size=8, bags=3, rounds=8)
    return train(pooled, Outcome("severity", "severe"), settings=settings, folds=4, repeats=1)


def test_a_plex_alone_gets_the_same_scores(pooled, pool_model):
    assert (pool_model.content.kind, pool_model.content.pool_id) == ("ratio", "A")
    whole = pool_model.score(pooled).set_index("sample_id")
    assert (whole["status"] == "final").all()
    third = pooled.take([*pooled.values.index[20:22], "pool2"])
    alone = pool_model.score(third).set_index("sample_id")
    pd.testing.assert_frame_equal(alone, whole.loc[alone.index], check_exact=True)


def test_another_pool_or_an_unknown_one_is_refused(pooled, pool_model):
    samples = pooled.samples.replace({"channel": {"pool:A": "pool:B"}})
    with pytest.raises(ModelRefusedError, match="its pool is 'B', the model's is 'A'"):
        pool_model.score(replace(pooled, samples=samples))
    ratios = pool_ratio(pooled)
    shifted = replace(ratios, values=ratios.values + np.float64(0.3))
    with pytest.raises(ModelRefusedError, match=r"holds ratios to an unknown pool, .* 'A'; give"):
        pool_model.score(shifted)
