"""Ratios to the pool, against arithmetic done by hand."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.normalisation.ratio import has_pool, pool_id, pool_ratio
from proteoclass.matrix.protein_matrix import ProteinMatrix


def plexes(scale="raw", kind="intensity", **columns):
    values = pd.DataFrame(
        [[8, 4, 2], [16, 0, 4], [4, 2, 0], [1, 8, 8], [2, 2, 16], [8, 2, 4]],
        index=["a", "b", "pool1", "c", "pool2a", "pool2b"],
        columns=["P1", "P2", "P3"],
        dtype=float,
    )
    sheet = pd.DataFrame(
        {"plex": list("111222"), "channel": ["126", "127N", "Pool:Q", "126", "pool:Q", "POOL : Q"]},
        index=values.index,
    ).assign(**columns)
    if scale == "log2":
        values = np.log2(values.where(values > 0))
    return ProteinMatrix.build(values, sheet, scale=scale, kind=kind)


def test_ratios_are_taken_within_the_plex():
    """Plex 1: minus log2(4), log2(2), missing; plex 2: minus (1+3)/2, (1+1)/2, (4+2)/2."""
    for scale in ("raw", "log2"):
        ratios = pool_ratio(plexes(scale))
        expected = [[1.0, 1.0, np.nan], [2.0, np.nan, np.nan], [-2.0, 2.0, 0.0]]
        assert ratios.values.index.tolist() == ["a", "b", "c"]
        np.testing.assert_array_equal(ratios.values.to_numpy(), expected)
        assert (ratios.kind, ratios.scale) == ("ratio", "log2")
        assert ratios.source.notes == (
            "Ratios to the pool 'Q' of the same plex: 3 pool channels in 2 plexes, which are no "
            "samples any more.",
            "2 values were left out: the pool of their plex lacks the protein.",
        )


def test_a_plex_does_not_see_the_others():
    whole = plexes()
    alone = whole.take(["a", "pool1"])
    assert pool_ratio(alone).values.loc["a"].equals(pool_ratio(whole).values.loc["a"])


def test_who_is_a_pool():
    assert has_pool(plexes())
    assert pool_id(plexes()) == "Q"
    plain = plexes(channel=["126", "127N", "pool", "126", "Pool", "POOL"])
    assert has_pool(plain)
    assert pool_id(plain) == ""
    for other in (plexes(channel="poolish"), plexes(channel=np.nan)):
        assert not has_pool(other)
        assert pool_id(other) == ""
    values = pd.DataFrame([[1.0]], index=["a"], columns=["P1"])
    assert not has_pool(ProteinMatrix.build(values, scale="log2"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"channel": "126"}, "no pool channel; write pool in"),
        ({"channel": "pool"}, "every sample is a pool channel"),
        (
            {"channel": ["1", "2", "pool:A", "1", "pool:B", "pool:B"]},
            r"pools of different names \('A', 'B'\)",
        ),
        ({"channel": ["1", "2", "pool", "1", "2", "3"]}, "1 plexes have no pool channel: 2;"),
        ({"plex": ["1", "1", "1", None, "2", " "]}, "2 samples have no plex: c, pool2b"),
    ],
)
def test_incomplete_designs_are_refused(columns, message):
    with pytest.raises(InputError, match=message):
        pool_ratio(plexes(**columns))


def test_a_missing_plex_column_and_other_kinds_are_refused():
    matrix = plexes()
    bare = ProteinMatrix.build(matrix.values, matrix.samples[["channel"]], scale="raw")
    with pytest.raises(InputError, match="has pool channels and no plex"):
        pool_ratio(bare)
    with pytest.raises(InputError, match="kind is npx, ratios to a pool need intensities"):
        pool_ratio(plexes("log2", "npx"))


def test_the_order_of_the_file_leaves_the_same_bits():
    rng = np.random.default_rng(0)
    ids = [f"{plex}{channel}" for plex in "ABC" for channel in range(9)]
    sheet = pd.DataFrame(
        {"plex": [i[0] for i in ids], "channel": ["pool" if i[1] > "5" else i[1] for i in ids]}, ids
    )
    raw = pd.DataFrame(2 ** rng.normal(20, 2, size=(27, 40)), ids, [f"P{i}" for i in range(40)])
    matrix = ProteinMatrix.build(raw, sheet, scale="raw")
    together = pool_ratio(matrix).values
    for _ in range(5):
        shuffled = pool_ratio(matrix.take(list(rng.permutation(ids)))).values
        pd.testing.assert_frame_equal(shuffled.loc[together.index], together, check_exact=True)
