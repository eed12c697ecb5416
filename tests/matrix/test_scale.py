"""Which scale and kind numbers have, and that it is never guessed where both fit."""

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.formats.scale import decide_kind, decide_scale


def table(*rows):
    return pd.DataFrame(rows, columns=[f"X{i}" for i in range(len(rows[0]))])


@pytest.mark.parametrize(
    ("values", "scale", "why"),
    [
        (table([25.3, 37.9]), "log2", "largest value 37.9 and median 31.6 fit log2"),
        (table([-1.5, 12.0]), "log2", r"negative values \(smallest -1.5\) mean log2"),
        (table([0.0, 1e6]), "raw", r"largest value 1e\+06 means raw"),
        (table([0.0, np.nan, 65.0]), "raw", "largest value 65 means raw"),
        (table([1.0, 2.0, 3.0, 2.0, 0.0, 300.0]), "raw", "largest value 300"),
        (table([5.0, 4.0, 3.0, 6.0, 5.0, 300.0]), "raw", "largest value 300"),
        (table([0.1, np.inf, 40.5, 30.5]), "log2", "largest value 40.5"),
    ],
)
def test_scale_is_decided_with_a_reason(values, scale, why):
    found, told = decide_scale(values, "auto", "a.tsv")
    assert found == scale
    assert pd.Series([told]).str.contains(why).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (table([-5.0, 1e8]), r"smallest value -5 is no raw intensity and largest 1e\+08 no log2"),
        (table([0.5, 1.5, 1.2]), "median 1.2 and largest value 1.5 could be raw or log2"),
        (table([np.nan, np.inf]), "no cell holds a number"),
        (
            table([25.5, 26.5, 27.5, 28.5, 29.5, 5970.0]),
            r"1 columns exceed 64 \(X5\) and the other 5 fit log2; remove what is no protein",
        ),
    ],
)
def test_contradictions_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        decide_scale(values, "auto", "a.tsv")


def test_what_is_asked_is_obeyed():
    assert decide_scale(table([0.5, 1.5]), "raw", "a.tsv") == ("raw", "raw scale as asked")
    assert decide_kind(table([0.5]), ["OID00471"], "log2", "ratio") == ("ratio", "ratio as asked")
    with pytest.raises(InputError, match="--scale 'ln': expected auto, raw or log2"):
        decide_scale(table([0.5]), "ln", "a.tsv")
    with pytest.raises(InputError, match="--kind 'counts': expected"):
        decide_kind(table([0.5]), ["a"], "raw", "counts")
    with pytest.raises(InputError, match="NPX values are log2, the scale is raw"):
        decide_kind(table([500.0]), ["a"], "raw", "npx")


@pytest.mark.parametrize(
    ("values", "ids", "scale", "kind", "why"),
    [
        (table([6.2, 1.0]), ["OID00471", "OID00472"], "log2", "npx", "ids such as OID00471"),
        (table([1.0, 1.0, 1.0]), ["OID00471", "a", "b"], "log2", "intensity", "--kind npx"),
        (table([600.0, 100.0]), ["OID00471", "OID00472"], "raw", "intensity", "raw values"),
        (table([-0.5, 0.4, 0.1]), ["a", "b", "c"], "log2", "ratio", "values around 0"),
        (table([-0.5, 6.4, 6.1]), ["a", "b", "c"], "log2", "intensity", "pass --kind npx if"),
        (table([25.0, 26.0]), ["a", "b"], "log2", "intensity", "median 25.5 fits log2"),
    ],
)
def test_kind_is_decided_with_a_reason(values, ids, scale, kind, why):
    found, told = decide_kind(values, ids, scale, "auto")
    assert found == kind
    assert why in told


def test_the_largest_numbers_do_not_overflow():
    huge = table([1.5e308, 1.6e308])
    assert decide_kind(huge, ["a", "b"], "log2", "auto") == (
        "intensity",
        "median 1.55e+308 fits log2 intensities",
    )
