"""One booster for all bags, rows scored in blocks, tables read in blocks: the same bits."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
import xgboost

from proteoclass.errors import InputError, SystemFailureError
from proteoclass.io import new_file, table_text
from proteoclass.matrix import long_table
from proteoclass.matrix.long_table import find_long_table
from proteoclass.matrix.read import ReadOptions, read_matrix
from proteoclass.scorer import merged_booster, placed_samples
from proteoclass.scorer.blend import bag_limits
from proteoclass.scorer.merged_booster import load_boosters
from proteoclass.scorer.scoring_in_chunks import proteins_needed, score_in_chunks


@pytest.fixture(scope="module")
def bags():
    """Documents of three bags that differ in where they start and in how many trees they have."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 4))
    labels = values[:, 0] + rng.normal(size=60) > 0
    documents = []
    for bag in range(3):
        parameters = {"max_depth": 2, "objective": "binary:logistic", "base_score": 0.2 + 0.1 * bag}
        matrix = xgboost.DMatrix(values, labels, weight=rng.integers(0, 3, 60))
        trained = xgboost.train(parameters, matrix, num_boost_round=3 + bag)
        documents.append(json.loads(trained.save_raw("json")))
    return documents


@pytest.fixture
def alone(bags):
    loaded = [xgboost.Booster({"nthread": 1}) for _ in bags]
    for booster, document in zip(loaded, bags, strict=True):
        booster.load_model(bytearray(json.dumps(document).encode()))
    return loaded


def gappy(n_rows):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(n_rows, 4))
    return np.where(rng.random(values.shape) < 0.1, np.nan, values)


def test_the_merged_booster_says_what_each_bag_says_to_the_bit(bags, alone):
    before = copy.deepcopy(bags)
    [merged] = load_boosters(bags, "m.json")
    assert bags == before
    for n_rows in (1, 257):
        values = gappy(n_rows)
        margins = [one.inplace_predict(values, predict_type="margin") for one in alone]
        found = merged.inplace_predict(values, predict_type="margin")
        np.testing.assert_array_equal(found, np.column_stack(margins))
        rows = xgboost.DMatrix(values)
        shares = [one.predict(rows, pred_contribs=True) for one in alone]
        said = merged.predict(rows, pred_contribs=True)
        np.testing.assert_array_equal(said, np.stack(shares, axis=1))


@pytest.mark.parametrize("older", [True, False], ids=["before 3.1", "refused"])
def test_boosters_that_cannot_be_merged_stand_alone(bags, alone, monkeypatch, older):
    if older:
        monkeypatch.setattr(xgboost, "__version__", "2.1.4")
    else:
        merged = merged_booster._merged(bags)
        merged["learner"]["gradient_booster"]["name"] = "none"
        monkeypatch.setattr(merged_booster, "_merged", lambda documents: merged)
    values = gappy(5)
    loaded = load_boosters(bags, "m.json")
    for one, other in zip(loaded, alone, strict=True):
        np.testing.assert_array_equal(
            one.inplace_predict(values, predict_type="margin"),
            other.inplace_predict(values, predict_type="margin"),
        )


@pytest.mark.parametrize("n_bags", [1, 2, 3, 10, 20, 21, 50])
def test_limits_over_bags_are_those_of_numpy_to_the_bit(n_bags):
    margins = np.random.default_rng(n_bags).normal(size=(400, n_bags))
    expected = np.quantile(margins, (0.05, 0.95), axis=1).T
    np.testing.assert_array_equal(bag_limits(margins), expected)


@pytest.mark.parametrize("rows", [1, 7, 79, 80])
def test_blocks_of_any_size_give_the_same_bytes(model, toy, monkeypatch, rows):
    expected = table_text(model.score(toy))
    monkeypatch.setattr(placed_samples, "ROWS_AT_A_TIME", rows)
    assert table_text(model.score(toy)) == expected


def test_raw_values_are_those_of_logarithms_taken_before(model, toy):
    raw = type(toy).build(2**toy.values, scale="raw", fluid="urine")
    assert table_text(model.score(raw)) == table_text(model.score(raw.log2()))


@pytest.fixture
def short_blocks(monkeypatch):
    monkeypatch.setattr(long_table, "ROWS_AT_A_TIME", 11)
    monkeypatch.setattr(long_table, "_HEAD_ROWS", 5)


def options_for(model, **changed):
    return ReadOptions(**{
        "scale": "log2", "kind": "intensity", "known_proteins": list(model.wanted().index),
    } | changed)  # fmt: skip


def written(toy, path, change=lambda frame: frame):
    frame = toy.values.rename_axis("sample_id").reset_index()
    change(frame).to_parquet(path, index=False)
    return path


def test_a_long_table_is_scored_in_chunks_to_the_same_bytes(model, toy, tmp_path, short_blocks):
    rng = np.random.default_rng(2)

    def more(frame):
        extra = pd.DataFrame(rng.normal(size=(len(frame), 6)), columns=list("uvwxyz"))
        frame["Q001"] = frame["Q001"].astype("float32")
        return pd.concat([extra, frame.assign(ward="north")], axis=1)

    path = written(toy, tmp_path / "long.parquet", more)
    table = find_long_table(path, options_for(model))
    assert (table.id_column, table.n_samples) == ("sample_id", toy.n_samples)
    parts = list(score_in_chunks(model, table))
    assert [len(part) for part in parts] == [11] * 7 + [3]
    options = options_for(model)
    whole = read_matrix(
        path, scale=options.scale, kind=options.kind, known_proteins=options.known_proteins
    )
    together = pd.concat(parts, ignore_index=True)
    assert table_text(together) == table_text(model.score(whole))
    assert table.head.source.sha256 == whole.source.sha256
    assert table.head.source.notes == whole.source.notes


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.head(11),
        lambda frame: frame.replace({"sample_id": {"S39v1": "S00v0"}}),
        lambda frame: frame.replace({"sample_id": {"S39v1": "S39v0_rerun"}}),
        lambda frame: frame.replace({"sample_id": {"S39v1": "D:\\data\\S39v1.raw"}}),
        lambda frame: frame.replace({"sample_id": {"S39v1": " "}}),
        lambda frame: frame.replace({"sample_id": {"S39v1": "Q003"}}),
        lambda frame: frame.assign(P02768="high"),
        lambda frame: frame.assign(name=frame["sample_id"]),
        lambda frame: frame.assign(sample_id=np.arange(len(frame))),
        lambda frame: frame.set_index("sample_id").T.rename_axis("protein").reset_index(),
    ],
    ids=["short", "twice", "rerun", "file", "blank", "protein", "text", "two", "numbers", "turned"],
)
def test_what_must_be_read_whole_is_not_read_in_blocks(model, toy, tmp_path, short_blocks, change):
    assert find_long_table(written(toy, tmp_path / "a.parquet"), options_for(model)) is not None
    path = written(toy, tmp_path / "b.parquet", change)
    assert find_long_table(path, options_for(model)) is None


@pytest.mark.parametrize("changed", [{"scale": "auto"}, {"kind": "auto"}, {"reruns": "mean"}])
def test_what_a_whole_table_decides_is_not_guessed(model, toy, tmp_path, short_blocks, changed):
    path = written(toy, tmp_path / "a.parquet")
    assert find_long_table(path, options_for(model, **changed)) is None


def test_text_is_read_whole(model, toy, tmp_path):
    path = tmp_path / "a.tsv"
    toy.values.to_csv(path, sep="\t")
    assert find_long_table(path, options_for(model)) is None


def test_a_table_that_changes_meanwhile_is_refused(model, toy, tmp_path, short_blocks):
    path = written(toy, tmp_path / "a.parquet")
    table = find_long_table(path, options_for(model))
    written(toy, path, lambda frame: frame.assign(Q000=20.0))
    with pytest.raises(InputError, match="changed while it was read"):
        list(score_in_chunks(model, table))


def test_an_impossible_value_in_a_later_block_is_located(model, toy, tmp_path, short_blocks):
    def spoilt(frame):
        frame.loc[70, model.content.panel[0].id] = np.inf
        return frame

    table = find_long_table(written(toy, tmp_path / "a.parquet", spoilt), options_for(model))
    with pytest.raises(InputError, match="infinite value for sample 'S35v0'"):
        list(score_in_chunks(model, table))


def test_a_table_without_the_panel_needs_nothing(model, toy, tmp_path, short_blocks):
    panel = [protein.id for protein in model.content.panel]
    path = written(toy, tmp_path / "a.parquet", lambda frame: frame.drop(columns=panel))
    assert proteins_needed(model, find_long_table(path, options_for(model))) == []


def test_a_file_whose_block_fails_is_not_written(tmp_path):
    target = tmp_path / "a.tsv"
    target.write_text("old")

    def fail():
        with new_file(target, force=True) as stream:
            stream.write(b"half")
            raise OSError("disk full")

    with pytest.raises(SystemFailureError, match=r"a\.tsv: cannot be written \(disk full\)"):
        fail()
    assert target.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.tsv"]
