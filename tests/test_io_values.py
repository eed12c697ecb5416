"""What is written: JSON values, tables, hashes and dates."""

import csv
import datetime
import hashlib
import io as streams
import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass import io
from proteoclass.errors import InputError

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


def reversed_keys(value):
    if isinstance(value, dict):
        return {key: reversed_keys(value[key]) for key in reversed(list(value))}
    return [reversed_keys(item) for item in value] if isinstance(value, list) else value


@given(json_values)
def test_canonical_json_does_not_depend_on_the_order_of_keys(value):
    assert io.canonical_json(reversed_keys(value)) == io.canonical_json(value)


@given(json_values)
def test_canonical_json_survives_reading_writing_and_indenting(value):
    canonical = io.canonical_json(value)
    assert json.loads(canonical) == value
    for text in (canonical.decode(), json.dumps(value, indent=3), io.json_text(value)):
        assert io.canonical_json(json.loads(text)) == canonical


@given(json_values, json_values)
def test_canonical_json_of_different_values_differs(one, other):
    # JSON knows no difference between 1 and 1.0 of Python, but its text does.
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (io.canonical_json(one) == io.canonical_json(other)) == same


def test_canonical_json_has_no_space_and_no_escape():
    assert io.canonical_json({"b": [1, 2.5, None], "a": "µ é"}) == (
        '{"a":"µ é","b":[1,2.5,null]}'.encode()
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_canonical_json_refuses_what_json_cannot_say(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        io.canonical_json({"a": [value]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(2.0), 2.0),
        (np.array([1.0, np.nan, np.inf, -np.inf]), [1.0, None, None, None]),
        (pd.Series([1.0, None]), [1.0, None]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Index(["a"]), ["a"]),
        (math.nan, None),
        (math.inf, None),
        (np.float64("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (None, None),
        (pd.Timestamp("2024-02-29"), "2024-02-29T00:00:00"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        ((1, (2, 3)), [1, [2, 3]]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset("ba"), ["a", "b"]),
        (Path("a") / "b", "a/b"),
        ({1: {np.int64(2): (np.nan,)}}, {"1": {"2": [None]}}),
        ("text", "text"),
        (True, True),
        (2**70, 2**70),
    ],
)
def test_values_become_plain(value, expected):
    found = io.plain(value)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(io.json_text(value)) == expected


@given(json_values)
def test_plain_values_stay_as_they_are(value):
    assert io.plain(value) == value


def test_json_is_written_sorted_indented_and_in_unicode(tmp_path):
    target = io.write_json(tmp_path / "a.json", {"µ": 1, "a": [np.nan]})
    assert target.read_bytes() == '{\n "a": [\n  null\n ],\n "µ": 1\n}\n'.encode()


def test_a_file_name_that_is_no_text_can_be_written_and_read_back(tmp_path):
    name = os.fsdecode(b"\xff.tsv")
    target = io.write_json(tmp_path / "a.json", {"name": name})
    assert json.loads(target.read_text(encoding="utf-8")) == {"name": name}


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
exact = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(exact, min_size=1), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_numbers_come_back_exactly(floats, integers):
    for column in (floats, integers):
        text = io.table_text(pd.DataFrame({"x": column}))
        assert [type(column[0])(line) for line in text.splitlines()[1:]] == column


@given(exact)
def test_a_float_is_written_in_its_shortest_exact_form(value):
    assert io.table_text(pd.DataFrame({"x": [value]})) == f"x\n{value!r}\n"


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_text_comes_back_whatever_it_holds(rows):
    # Python's csv module reads it, by the same rules as a spreadsheet does.
    frame = pd.DataFrame(rows, columns=["x", "y"])
    lines = csv.reader(streams.StringIO(io.table_text(frame), newline=""), delimiter="\t")
    assert [tuple(line) for line in lines][1:] == rows


@given(st.lists(st.one_of(st.none(), exact), min_size=1))
def test_no_row_of_a_lone_column_is_lost(values):
    text = io.table_text(pd.DataFrame({"x": values}, dtype=float))
    back = pd.read_csv(streams.StringIO(text), sep="\t", dtype=str)["x"]
    assert [None if pd.isna(cell) else float(cell) for cell in back] == values


def test_gaps_are_empty_and_the_index_is_left_out(tmp_path):
    frame = pd.DataFrame(
        {"id": ["a", None], "n": pd.array([1, None], dtype="Int64"), "x": [np.nan, 0.1]},
        index=[7, 8],
    )
    target = io.write_table(tmp_path / "a.tsv", frame)
    assert target.read_bytes() == b"id\tn\tx\na\t1\t\n\t\t0.1\n"


def test_sha256_equals_the_published_vectors(tmp_path):
    # FIPS 180-4 examples: "abc", and a million times "a".
    for content, digest in [
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (b"a" * 10**6, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]:
        assert io.sha256_file(io.write_bytes(tmp_path / "a", content, force=True)) == digest
        assert hashlib.sha256(content).hexdigest() == digest


@pytest.mark.parametrize(
    ("epoch", "date"),
    [
        ("0", "1970-01-01"),
        ("951782400", "2000-02-29"),
        ("951868799", "2000-02-29"),
        ("-1", "1969-12-31"),
    ],
)
def test_the_date_is_that_of_the_build_in_utc(monkeypatch, epoch, date):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert io.creation_date() == date
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("epoch", [None, ""])
def test_without_a_build_date_it_is_today(monkeypatch, epoch):
    if epoch is None:
        monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    else:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    before = time.strftime("%Y-%m-%d", time.gmtime())
    found = io.creation_date()
    assert found in (before, time.strftime("%Y-%m-%d", time.gmtime()))


@pytest.mark.parametrize("epoch", ["soon", "²", "1.5", "9" * 30, "9" * 5000, "2024-01-01"])
def test_a_build_date_that_is_none_is_refused(monkeypatch, epoch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(
        InputError, match=r"^SOURCE_DATE_EPOCH: found '.{1,30}', expected whole sec"
    ):
        io.creation_date()
