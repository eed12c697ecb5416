"""Bridging, against medians of paired differences taken by pandas."""

import json

import numpy as np
import pandas as pd
import pytest

from proteoclass.errors import InputError, TooLittleDataError
from proteoclass.matrix import ProteinMatrix
from proteoclass.matrix.normalisation.bridging import apply_bridge, bridge_offsets, read_bridge


@pytest.fixture
def runs():
    """Two runs of NPX; twelve samples in both, each protein moved by its own constant."""
    rng = np.random.default_rng(0)
    names = [f"s{i}" for i in range(30)]
    truth = pd.DataFrame(rng.normal(5, 2, size=(30, 5)), names, [f"P{i}" for i in range(5)])
    moved = truth.iloc[18:] + np.array([0.5, -1.0, 0.0, 2.0, 0.25])
    moved += rng.normal(0, 0.05, size=moved.shape)
    extra = pd.DataFrame(rng.normal(5, 2, size=(9, 5)), columns=truth.columns).add_prefix("")
    extra.index = [f"new{i}" for i in range(9)]
    target = pd.concat([moved, extra]).assign(only_here=1.0)
    target.loc[target.index[:6], "P4"] = np.nan
    return tuple(ProteinMatrix.build(v, scale="log2", kind="npx") for v in (truth, target))


def test_offsets_are_medians_of_paired_differences(runs):
    """olink_normalization's bridge: median(NPX in reference - NPX in target), by pandas."""
    reference, target = runs
    bridge = bridge_offsets(reference, target)
    shared = reference.values.index.intersection(target.values.index)
    assert len(shared) == 12
    difference = reference.values.loc[shared] - target.values.loc[shared]
    expected = difference.median()
    np.testing.assert_allclose(bridge.offsets[["P0", "P1", "P2", "P3"]], expected.iloc[:4])
    np.testing.assert_allclose(bridge.offsets[["P0", "P3"]], [-0.5, -2.0], atol=0.05)
    assert bridge.bridges.to_dict() == {**dict.fromkeys(["P0", "P1", "P2", "P3"], 12), "P4": 6,
                                        "only_here": 0}  # fmt: skip
    assert bridge.offsets[["P4", "only_here"]].isna().all()


def test_one_new_sample_is_put_on_the_other_scale(runs):
    reference, target = runs
    bridge = bridge_offsets(reference, target)
    whole = apply_bridge(target, bridge)
    alone = apply_bridge(target.take(["new3"]), bridge)
    assert alone.values.loc["new3"].equals(whole.values.loc["new3"])
    assert alone.values.loc["new3", ["P4", "only_here"]].isna().all()
    assert alone.source.notes == (
        "Bridged by 12 samples measured in both runs: 4 proteins moved by their median difference.",
        "2 proteins with fewer than 8 bridges left out: P4, only_here.",
    )
    known = reference.values.iloc[18:, :4]
    np.testing.assert_allclose(whole.values.loc[known.index, known.columns], known, atol=0.2)


def test_pairs_may_have_other_names_and_raw_values_are_taken_as_logarithms(runs):
    reference, target = runs
    names = {f"s{i}": f"again{i}" for i in range(18, 30)}
    renamed = ProteinMatrix.build(
        2.0 ** target.values.rename(index=names), scale="raw", kind="intensity"
    )
    source = ProteinMatrix.build(reference.values, scale="log2")
    bridge = bridge_offsets(source, renamed, {b: a for a, b in names.items()})
    np.testing.assert_allclose(bridge.offsets, bridge_offsets(*runs).offsets, atol=1e-9)
    assert apply_bridge(renamed, bridge).scale == "log2"


def test_survives_its_file_to_the_last_bit_and_holds_no_sample(runs, tmp_path):
    bridge = bridge_offsets(*runs)
    path = bridge.save(tmp_path / "b.json")
    again = read_bridge(path)
    pd.testing.assert_series_equal(again.offsets, bridge.offsets, check_exact=True)
    assert again.bridges.tolist() == bridge.bridges.tolist()
    assert (again.kind, again.pairs, again.minimum) == ("npx", 12, 8)
    assert "s20" not in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["b.json"]
    with pytest.raises(InputError, match="exists"):
        bridge.save(path)
    bridge.save(path, force=True)


def test_refusals_of_designs(runs):
    reference, target = runs
    with pytest.raises(TooLittleDataError, match="12 bridge samples found, at least 13 are needed"):
        bridge_offsets(reference, target, minimum=13)
    with pytest.raises(InputError, match="1 sample not in the reference: nobody"):
        bridge_offsets(reference, target, {"s20": "nobody"})
    with pytest.raises(InputError, match="1 sample not in the target: nobody"):
        bridge_offsets(reference, target, {"nobody": "s20"})
    with pytest.raises(InputError, match="reference sample named twice: s20"):
        bridge_offsets(reference, target, {"s20": "s20", "s21": "s20"})
    ratios = ProteinMatrix.build(target.values, scale="log2", kind="ratio")
    with pytest.raises(InputError, match="the reference holds npx values and the target ratio"):
        bridge_offsets(reference, ratios)
    strangers = ProteinMatrix.build(target.values.add_prefix("X"), scale="log2", kind="npx")
    with pytest.raises(TooLittleDataError, match="no protein was found in both runs"):
        bridge_offsets(reference, strangers)
    bridge = bridge_offsets(reference, target)
    with pytest.raises(InputError, match="an offset for none of its proteins"):
        apply_bridge(strangers, bridge)
    with pytest.raises(InputError, match="holds ratio values, the bridge is of npx values"):
        apply_bridge(ratios, bridge)


def broken(change):
    document = {
        "format": "proteoclass-bridge", "version": 1, "kind": "npx", "pairs": 9, "minimum": 8,
        "proteins": [{"id": "P1", "offset": 0.5, "bridges": 9}],
    }  # fmt: skip
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a bridge"),
        ("[" * 100_000, "is not a bridge"),
        ("[1]", "field document"),
        (broken(lambda d: d.update(version=2)), "field version"),
        (broken(lambda d: d.update(extra=1)), "field extra: Extra inputs"),
        (broken(lambda d: d["proteins"][0].update(offset=1e9)), "field proteins.0.offset"),
        (broken(lambda d: d["proteins"].append(d["proteins"][0])), "stands in it twice: P1"),
        (broken(lambda d: d["proteins"].clear()), "field proteins"),
    ],
)
def test_what_is_no_bridge_is_refused_in_one_line(tmp_path, text, message):
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_bridge(path)
    assert str(caught.value).startswith(str(path))


def test_missing_and_oversized_files(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no such file"):
        read_bridge(tmp_path / "none.json")
    monkeypatch.setattr("proteoclass.matrix.normalisation.bridging._MAX_BYTES", 3)
    (tmp_path / "big.json").write_text("12345")
    with pytest.raises(InputError, match="is larger than"):
        read_bridge(tmp_path / "big.json")
