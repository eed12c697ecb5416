"""Internal reference scaling, against the published formula on raw intensities."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix import ProteinMatrix, pool_ratio, prepare
from proteoclass.matrix.normalisation.irs import internal_reference_scaling, irs_reference


@pytest.fixture
def plexes():
    """Three plexes of four samples and a pool, each plex on a scale of its own."""
    rng = np.random.default_rng(0)
    samples = 2 ** rng.normal(20, 1, size=(15, 6))
    pool = 2 ** rng.normal(20, 1, size=6)
    values = np.vstack([[*samples[i * 5 : i * 5 + 4], pool * (1 + 0.02 * i)] for i in range(3)])
    values *= np.repeat(2 ** rng.normal(0, 2, size=(3, 6)), 5, axis=0)
    names = [f"{p}{c}" for p in "ABC" for c in ("1", "2", "3", "4", "pool")]
    sheet = pd.DataFrame(
        {"plex": [n[0] for n in names], "channel": [n[1:] for n in names]}, index=names
    )
    frame = pd.DataFrame(values, names, [f"P{i}" for i in range(6)])
    return ProteinMatrix.build(frame, sheet, scale="raw", fluid="urine")


def by_the_paper(raw, sheet):
    """Plubell 2017: value * geometric mean of the plexes' references / the plex's reference."""
    pools = raw[sheet["channel"] == "pool"]
    pools.index = sheet["plex"][sheet["channel"] == "pool"]
    target = stats.gmean(pools, axis=0)
    return (
        raw[sheet["channel"] != "pool"]
        * target
        / pools.loc[sheet["plex"][sheet["channel"] != "pool"]].to_numpy()
    )


def test_equals_the_published_formula_on_raw_intensities(plexes):
    scaled = internal_reference_scaling(plexes)
    expected = by_the_paper(plexes.values, plexes.samples)
    np.testing.assert_allclose(2.0**scaled.values, expected)
    assert (scaled.kind, scaled.scale, scaled.quantity_scope) == ("intensity", "log2", "cohort")
    assert "looked across plexes" in scaled.source.notes[-1]
    pd.testing.assert_frame_equal(prepare(plexes, "irs").values, scaled.values)


def test_a_new_plex_is_scaled_on_its_own_to_a_stored_reference(plexes):
    reference = irs_reference(plexes)
    alone = plexes.take([n for n in plexes.values.index if n[0] == "B"])
    scaled = internal_reference_scaling(alone, reference)
    whole = internal_reference_scaling(plexes)
    assert scaled.values.equals(whole.values.loc[scaled.values.index])
    assert scaled.quantity_scope == "run"
    assert "as stored" in scaled.source.notes[-1]


def test_is_the_ratio_plus_a_constant_for_each_protein(plexes):
    shift = internal_reference_scaling(plexes).values - pool_ratio(plexes).values
    np.testing.assert_allclose(shift, shift.iloc[[0]].to_numpy().repeat(12, axis=0))


def test_proteins_that_some_or_all_pools_lack_are_counted(plexes):
    values = plexes.values.copy()
    values.loc["Apool", "P0"] = np.nan
    values.loc[["Apool", "Bpool", "Cpool"], "P1"] = np.nan
    matrix = ProteinMatrix.build(values, plexes.samples, scale="raw")
    scaled = internal_reference_scaling(matrix)
    assert scaled.values["P0"].isna().sum() == 4
    assert scaled.values["P1"].isna().all()
    notes = " ".join(scaled.source.notes)
    assert "1 protein missing in the pool of some plexes" in notes
    assert "16 values were left out: the pool of their plex lacks the protein" in notes
    # A protein that the stored reference does not know is left out and counted.
    known = internal_reference_scaling(plexes, irs_reference(plexes).drop("P2"))
    assert known.values["P2"].isna().all()
    assert any("1 protein of this matrix without a reference" in n for n in known.source.notes)


def test_refusals(plexes):
    one = plexes.take([n for n in plexes.values.index if n[0] == "A"])
    with pytest.raises(TooLittleDataError, match="needs pools of at least 2 plexes, found 1"):
        internal_reference_scaling(one)
    with pytest.raises(InputError, match="shares no protein with the reference"):
        internal_reference_scaling(plexes, pd.Series({"X": 1.0}))
    with pytest.raises(InputError, match="kind is ratio"):
        internal_reference_scaling(pool_ratio(plexes))
