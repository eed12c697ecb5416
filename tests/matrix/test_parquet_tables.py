"""Wide tables in Parquet files."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables import parquet
from proteoclass.matrix.tables.parquet import parquet_names, parse_parquet
from proteoclass.matrix.tables.table import read_table


def first_is_text(position, name):
    return position == 0


def save(folder, columns, name="a.parquet"):
    pq.write_table(pa.table(columns), folder / name)
    return folder / name


COLUMNS = {"sample_id": ["007", "b"], "P02768": [1.5, None], "P01034": [3, 4]}


def test_cells_are_read_with_their_types(tmp_path):
    path = save(tmp_path, COLUMNS)
    table = read_table(path)
    assert parquet_names(path) == ["sample_id", "P02768", "P01034"]
    assert table.text("sample_id") == ["007", "b"]
    values = table.numbers(["P02768", "P01034"])[0].to_numpy()
    assert values[1].tolist()[1] == 4
    assert np.isnan(values[1, 0])
    assert table.rows.tolist() == [1, 2]


def test_an_index_of_pandas_comes_first(tmp_path):
    frame = pd.DataFrame({"P1": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="raw_name"))
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").names == ["raw_name", "P1"]
    frame.rename_axis(None).to_parquet(tmp_path / "b.parquet")
    assert read_table(tmp_path / "b.parquet").names == ["", "P1"]
    frame.reset_index(drop=True).to_parquet(tmp_path / "c.parquet")
    assert read_table(tmp_path / "c.parquet").names == ["P1"]


def test_only_the_chosen_columns_are_read(tmp_path):
    table = read_table(save(tmp_path, COLUMNS), select=lambda names: ["P01034", "sample_id"])
    assert table.names == ["sample_id", "P01034"]
    assert table.unread == ("P02768",)


def test_other_types_are_text_or_refused(tmp_path):
    path = save(tmp_path, {"id": ["a"], "P1": [True], "P2": ["x"]})
    table = read_table(path)
    with pytest.raises(InputError, match=r"2 cells with text .*row 1, column 'P1': 'True'"):
        table.numbers(["P1", "P2"])


def test_decimals_and_small_floats_are_numbers(tmp_path):
    columns = {"id": ["a"], "P1": pa.array([1.5], pa.float32()), "P2": pa.array([7], pa.uint8())}
    assert read_table(save(tmp_path, columns)).numbers(["P1", "P2"])[0].iloc[0].tolist() == [1.5, 7]


def test_bounds(tmp_path):
    path = save(tmp_path, COLUMNS)
    with pytest.raises(InputError, match="2 rows x 3 columns, at most 5 cells"):
        parse_parquet(path, first_is_text, size=5)
    assert list(parse_parquet(path, first_is_text, size=5, select=lambda n: n[:2]).frame) == [0, 1]
    with pytest.raises(InputError, match="has columns and no rows"):
        read_table(save(tmp_path, {"id": pa.array([], pa.string())}))


def test_columns_that_repeat_are_located(tmp_path):
    table = pa.Table.from_arrays([pa.array([1.0])] * 3, names=["id", "P1", "P1"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"1 column names repeat .*'P1' \(columns 2, 3\)"):
        read_table(tmp_path / "a.parquet")


def test_damage_ends_in_one_line(tmp_path):
    data = save(tmp_path, COLUMNS).read_bytes()
    for i, part in enumerate((data[:-1], data[: len(data) // 2], data[:8], b"PAR1" + data[40:])):
        path = tmp_path / f"{i}.parquet"
        path.write_bytes(part)
        with pytest.raises(InputError, match="damaged Parquet file") as caught:
            read_table(path)
        assert "\n" not in str(caught.value)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.binary(max_size=60),
    at=st.floats(0, 1),
)
def test_changed_bytes_are_read_or_refused(tmp_path, data, at):
    whole = save(tmp_path, COLUMNS).read_bytes()
    start = int(at * len(whole))
    path = tmp_path / "changed.parquet"
    path.write_bytes(b"PAR1" + (whole[:start] + data + whole[start + len(data) :])[4:])
    message = ""
    try:
        read_table(path)
    except InputError as error:
        message = str(error)
    assert "\n" not in message
    assert not message or "changed.parquet" in message


@pytest.mark.realdata
def test_a_matrix_made_from_a_diann_report(data_folder):
    """6 samples x 4 proteins, 22 numbers: pandas.read_parquet and count()."""
    path = data_folder / "vendor_formats/alphapepttools/reference_ad_diann_190.parquet"
    plain = pd.read_parquet(path)
    matrix = read_matrix(path)
    assert plain.shape == matrix.values.shape == (6, 4)
    assert int(plain.count().sum()) == int(matrix.values.count().sum()) == 22
    assert matrix.values.index.tolist() == plain.index.tolist()
    assert np.array_equal(matrix.values.to_numpy(), plain.to_numpy(), equal_nan=True)


def test_a_text_that_stands_once_is_not_written_out_a_million_times(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MAX_BYTES", 10_200)
    codes = pa.DictionaryArray.from_arrays(pa.array([0] * 20 + [None], pa.int32()), ["x" * 500])

    def told(rows):
        note = pa.concat_arrays([codes, codes]).slice(0, rows)
        path = save(tmp_path, {"id": [f"s{i}" for i in range(rows)], "note": note})
        return read_table(path, all_text=True).text("note")

    assert told(21) == ["x" * 500] * 20 + [""]
    with pytest.raises(InputError, match="has more than 10200 bytes of text, the most read; drop"):
        told(22)


def test_bytes_are_text_where_they_are_utf8(tmp_path):
    table = pa.table({"id": pa.array([b"s1", "µ".encode()]), "P1": [1.0, 2.0]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").text("id") == ["s1", "µ"]

    pq.write_table(pa.table({"id": pa.array([b"s1", b"\xff"])}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b.parquet: damaged Parquet file .*UTF8"):
        read_table(tmp_path / "b.parquet")
