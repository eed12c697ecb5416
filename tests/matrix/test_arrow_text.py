"""The quick parser gives what the exact one gives, or leaves the text to it."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.tables import arrow_text, delimited
from proteoclass.matrix.tables.arrow_text import parse_regular, pieces_of
from proteoclass.matrix.tables.cells import MISSING
from proteoclass.matrix.tables.delimited import parse_delimited
from proteoclass.matrix.tables.table import read_table


def first_is_text(position, name):
    return position == 0 or name == "note"


def everything(header):
    return list(range(len(header)))


def quick(text, separator="\t", choose=everything, allow=lambda rows, columns: None):
    text = text if isinstance(text, bytes) else text.encode()
    return parse_regular(pieces_of(text), separator, first_is_text, choose, allow)


def both(text, select=None):
    """Return what the two parsers make of a text; a refusal is its message."""
    results = []
    for start in (0, 1 << 60):
        delimited.QUICK_FROM, before = start, delimited.QUICK_FROM
        try:
            results.append(parse_delimited(text, "a.tsv", first_is_text, select=select))
        except InputError as error:
            results.append(str(error))
        finally:
            delimited.QUICK_FROM = before
    return results


def assert_same(text, select=None):
    one, other = both(text, select)
    if isinstance(other, str):
        assert one == other
        return
    assert (one.header, one.rows.tolist(), one.decimal) == (
        other.header,
        other.rows.tolist(),
        other.decimal,
    )
    assert one.notes == other.notes
    assert list(one.frame) == list(other.frame)
    for i in one.frame:
        ours, exact = one.frame[i], other.frame[i]
        assert pd.api.types.is_numeric_dtype(ours) == pd.api.types.is_numeric_dtype(exact)
        if pd.api.types.is_numeric_dtype(ours):
            ours, exact = ours.to_numpy(dtype=float), exact.to_numpy(dtype=float)
            assert ours.tobytes() == (exact + 0.0).tobytes() or np.array_equal(
                ours, exact, equal_nan=True
            )
        else:
            assert ours.fillna("").tolist() == exact.fillna("").tolist()


PLAIN = "id\tP1\tnote\tP2\na\t1.5\tx\t2\nb\t\tNA\t4e5\n"


def test_a_regular_table():
    header, frame = quick(PLAIN)
    assert header == ["id", "P1", "note", "P2"]
    assert frame[1].tolist()[0] == 1.5
    assert np.isnan(frame[1][1])
    assert frame[2].tolist() == ["x", "NA"]
    assert frame[3].tolist() == [2.0, 4e5]


def test_only_the_chosen_columns_are_parsed():
    """Text where nobody looks is no matter; the last line may lack its end."""
    text = "id\tP1\tjunk\tP2\tmore\na\t1.5\t?\t2\t,\nb\t3\t!\t4\t;"
    _, frame = quick(text, choose=lambda names: [0, 1, 3])
    assert list(frame) == [0, 1, 3]
    assert frame[[1, 3]].to_numpy().tolist() == [[1.5, 2], [3, 4]]
    assert frame[0].tolist() == ["a", "b"]


def test_columns_of_words_are_found_by_their_first_cells():
    text = "id\tGene\tP1\na\tALB\t1\nb\tNA\t2\nc\t\t3\n"
    _, frame = quick(text)
    assert frame[1].fillna("").tolist() == ["ALB", "", ""]
    assert frame[2].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id\tP1\na\t1\n\nb\t2\n", "a blank line"),
        ("id\tP1\na\t1\nb\n", "a short row"),
        ("id\tP1\na\t1\nb\t2\t3\n", "a long row"),
        ("id\tP1\n" + "a\t1\n" * 9 + "b\tx\n", "text among numbers"),
        ("id\tP1\n" + "a\t1\n" * 9 + "b\t1,5\n", "a decimal comma"),
        ("id\tP1\na\t1\nb\tinf\n", "an infinite value"),
        ("id\tP1\na\t1\nb\tNAN\n", "what only one parser takes for a number"),
        ("id\tP1\na\t1\nb\t1e400\n", "a number too large"),
        ("id\tP1\na\t1\nb\t12345678901234567890\n", "a whole number beyond 2^53"),
        ('id\tP1\nx\t"1\ny\t2"\n', "a quote over two lines"),
        ('id\tP1\n5" inch\t1\nb\t2\n', "a quote within a cell"),
        ('id\tP1\n"a""b"\t1\n', "a doubled quote"),
        ('"id\ty"\tP1\nx\t2\n', "a separator in a quoted name"),
        ('id\t"P1\na\t1\n', "an open quote in the header"),
        ("id\tP1\na\ttrue\nb\tfalse\n", "a column of truth values"),
        ("P1\n1\n2\n", "one column"),
        ("id\tP1\n", "no rows"),
        ("\nid\tP1\na\t1\n", "a blank first line"),
        ("id\tP1\na\t1\n" + " \n", "a line of blanks"),
    ],
)
def test_what_is_irregular_is_left_to_the_exact_parser(text, why):
    assert quick(text) is None, why
    assert_same(text.encode())


def test_quoted_cells():
    text = b'"id","note","P1"\n"a","x, y","1.5"\n"b","","NA"\n'
    _, frame = quick(text, ",")
    assert frame[1].tolist() == ["x, y", ""]
    assert frame[2].tolist()[0] == 1.5
    _, frame = quick(text, ",", choose=lambda names: [0, 2])
    assert frame[0].tolist() == ["a", "b"]
    assert_same(text)
    assert_same(text, lambda names: ["id", "P1"])


def test_a_quoted_cell_of_absurd_length_is_refused_as_before():
    text = 'id,P1\na,"' + "x" * 140_000 + '"\n'
    assert quick(text, ",") is None
    assert_same(text.encode())


def test_the_limit_counts_what_is_read(tmp_path):
    seen = []
    quick(PLAIN, choose=lambda names: [0, 1], allow=lambda *shape: seen.append(shape))
    assert seen == [(2, 2)]
    for start in (0, 1 << 60):
        delimited.QUICK_FROM, before = start, delimited.QUICK_FROM
        try:
            with pytest.raises(InputError, match="2 rows x 4 columns, at most 7 cells"):
                parse_delimited(PLAIN.encode(), "a.tsv", first_is_text, size=7)
            small = parse_delimited(
                PLAIN.encode(), "a.tsv", first_is_text, size=7, select=lambda names: ["id", "P2"]
            )
        finally:
            delimited.QUICK_FROM = before
        assert list(small.frame) == [0, 3]


def test_chunks_and_threads_do_not_matter(monkeypatch):
    """Chunks of 64 bytes cut the text at many lines; pandas' own parser is the reference."""
    rng = np.random.default_rng(3)
    values = np.round(rng.normal(20, 5, (200, 7)), 4)
    frame = pd.DataFrame(values, columns=[f"P{i}" for i in range(7)])
    frame.insert(0, "id", [f"s{i}" for i in range(200)])
    text = frame.to_csv(sep="\t", index=False)
    monkeypatch.setattr(arrow_text, "_CHUNK", 64)
    for picked in (list(range(8)), [0, 2, 3, 7], [5]):
        _, read = quick(text, choose=lambda names, picked=picked: picked)
        exact = pd.read_csv(io.StringIO(text), sep="\t").iloc[:, picked]
        assert read.to_numpy().tolist() == exact.to_numpy().tolist()


def test_a_line_longer_than_a_block(monkeypatch):
    monkeypatch.setattr(arrow_text, "_BLOCK", 32)
    text = "id\tnote\tP1\n" + "".join(f"s{i}\t{'y' * 100 * i}\t{i}\n" for i in range(8))
    assert quick(text)[1][2].tolist() == list(range(8))


CELL = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**18), 10**18).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str),
    st.sampled_from([*sorted(MISSING), "nan", "NAN", "inf", "-Inf", "1e400", "1e-400", "-0"]),
    st.sampled_from(["+1", " 2", "3 ", "1,5", "0x1F", "1_0", ".5", "5.", "1e", "True", "x", '"']),
    st.sampled_from(['"7"', '"a b"', '"a\tb"', '""', "é", "5'"]),
)
NUMBER = st.floats(allow_nan=False, allow_infinity=False).map(repr)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_parsers_agree_to_the_last_bit(data):
    """Against the exact parser, which the tests of tables hold to Python's own float()."""
    width = data.draw(st.integers(2, 4))
    cell = data.draw(st.sampled_from([CELL, NUMBER, NUMBER | st.sampled_from(sorted(MISSING))]))
    row = st.lists(cell, min_size=width - 1, max_size=width - 1)
    rows = data.draw(st.lists(row, min_size=1, max_size=12))
    header = ["id", "P1", "note", "P2"][:width]
    lines = [header, *([f"s{i}", *cells] for i, cells in enumerate(rows))]
    mark = data.draw(st.sampled_from("\t;,"))
    text = "\n".join(mark.join(cells) for cells in lines).encode()
    assert_same(text + data.draw(st.sampled_from([b"\n", b"", b"\n\n"])))
    assert_same(text, lambda names: [name for name in names if name != "P1"])


def test_a_large_file_takes_the_quick_way(tmp_path, monkeypatch):
    """With the exact parser out of order, a regular text of more than 1 MB still reads."""
    path = tmp_path / "large.tsv"
    rows = "".join(f"P{i}\t{i}.25\t{i}\n" for i in range(60_000))
    path.write_text("protein\ts1\ts2\n" + rows)
    assert path.stat().st_size > delimited.QUICK_FROM

    def refuse(*args, **kwargs):
        raise AssertionError("the exact parser was asked")

    monkeypatch.setattr(pd, "read_csv", refuse)
    table = read_table(path)
    assert table.rows[[0, -1]].tolist() == [2, 60_001]
    assert table.numbers(["s1", "s2"])[0].sum().tolist() == [1799970000 + 15000, 1799970000]
    chosen = read_table(path, select=lambda names: ["protein", "s2"])
    assert chosen.names == ["protein", "s2"]
    assert chosen.unread == ("s1",)
