"""The dip, against its definition as a linear programme and against other packages."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from proteoclass.matrix.normalisation.quotients import DIP_LIMIT, bimodal_quotients, dip


def dip_by_definition(sample):
    """Return the least sup-distance to a unimodal law, tried at every mode.

    A piecewise linear function on the sample's points is enough (Hartigan & Hartigan 1985):
    convex before the mode, concave after it, with an atom at the mode where that helps.
    Knots: the value before and after the jump at each distinct point.
    """
    x, times = np.unique(sample, return_counts=True)
    n, k = len(sample), len(x)
    after = np.cumsum(times) / n
    before = after - times / n
    best = np.inf
    for mode in range(k):
        # Unknowns: left limit and value at each point, and the distance. They differ at the
        # mode only.
        rows, limits = [], []

        def row(pairs, limit, rows=rows, limits=limits):
            line = np.zeros(2 * k + 1)
            for where, what in pairs:
                line[where] += what
            rows.append(line)
            limits.append(limit)

        for i in range(k):
            for point, low, high in ((i, before[i], before[i]), (k + i, after[i], after[i])):
                row([(point, 1), (2 * k, -1)], low)
                row([(point, -1), (2 * k, -1)], -high)
            # A continuous function has to clear both ends of a jump.
            row([(i, 1), (k + i, -1)], 0)
        equal = [np.eye(2 * k + 1)[i] - np.eye(2 * k + 1)[k + i] for i in range(k) if i != mode]
        gaps = np.diff(x)
        for i in range(k - 1):
            row([(k + i, 1), (i + 1, -1)], 0)  # increasing
        for i in range(k - 2):
            slope = [(k + i, -1 / gaps[i]), (i + 1, 1 / gaps[i])]
            following = [(k + i + 1, -1 / gaps[i + 1]), (i + 2, 1 / gaps[i + 1])]
            if i + 1 < mode:
                row([*slope, *((p, -v) for p, v in following)], 0)
            elif i + 1 > mode:
                row([*((p, -v) for p, v in slope), *following], 0)
        cost = np.zeros(2 * k + 1)
        cost[-1] = 1
        found = optimize.linprog(
            cost,
            A_ub=np.array(rows),
            b_ub=np.array(limits),
            A_eq=np.array(equal) if equal else None,
            b_eq=np.zeros(len(equal)) if equal else None,
            bounds=[(None, None)] * (2 * k) + [(0, None)],
        )
        best = min(best, found.fun)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_dip_is_its_definition(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 16))
    sample = np.concatenate([rng.normal(size=n), rng.normal(5, 1, size=n // 2)])
    assert dip(sample) == pytest.approx(dip_by_definition(sample), abs=1e-8)


def test_dip_equals_the_package_diptest():
    # diptest 0.12.0, dipstat, whose C code is that of the R package of the same name.
    rng = np.random.default_rng(11)
    expected = [0.055656880492521, 0.059562198060412, 0.065745492915021, 0.066666666666667]
    found = [
        dip(rng.normal(size=40)),
        dip(rng.uniform(size=25)),
        dip(np.concatenate([rng.normal(size=30), rng.normal(4, 1, size=20)])),
        dip(rng.integers(0, 9, size=60).astype(float)),
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_smallest_and_largest_dips():
    assert dip(np.arange(10.0)) == pytest.approx(1 / 20)  # 1 / (2 n) for evenly spread points
    assert dip(np.ones(8)) == pytest.approx(1 / 16)
    halves = np.repeat([0.0, 1.0], 500) + np.arange(1000) * 1e-9
    assert dip(halves) == pytest.approx(0.25, abs=1e-3)


def test_uniform_samples_exceed_the_limit_in_one_of_a_hundred_at_most():
    rng = np.random.default_rng(0)
    for n in (20, 50, 300):
        above = [dip(rng.uniform(size=n)) * np.sqrt(n) > DIP_LIMIT for _ in range(300)]
        assert np.mean(above) <= 0.02


def test_two_groups_of_proteins_are_seen_and_outliers_and_dilution_are_not():
    rng = np.random.default_rng(4)
    values = rng.uniform(15, 30, 300) + rng.normal(0, 0.4, size=(30, 300))
    values[1] += 3  # diluted
    values[2, :6] += 9  # a few outliers
    values[3, :120] += 4  # two groups
    values[4] = np.nan  # failed
    values[:, 299] = np.nan
    frame = pd.DataFrame(values, [f"s{i}" for i in range(30)], [f"P{i}" for i in range(300)])
    found = bimodal_quotients(frame)
    assert found.index[found["bimodal"]].tolist() == ["s3"]
    assert np.isnan(found.loc["s4", "dip"])
    assert found.loc["s4", "n"] == 0
    assert (found["n"].drop("s4") == 299).all()
    # Without the proteins that moved there is one group.
    rest = bimodal_quotients(frame, exclude=tuple(f"P{i}" for i in range(120)))
    assert not rest["bimodal"].any()
    assert rest.loc["s0", "n"] == 179


def test_many_proteins_are_thinned_evenly():
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(20, 2, size=(3, 2000)))
    assert (bimodal_quotients(wide)["n"] == 500).all()
