"""Long reports streamed: the same matrix as pandas makes of them, whatever form they come in."""

import gzip
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.long_reports import grid as long_grid
from proteoclass.matrix.long_reports import text as long_text
from proteoclass.matrix.long_reports.batches import BATCH_ROWS, Batch, open_batches
from proteoclass.matrix.long_reports.stream import AtMost, OneOf, stream_quantities
from proteoclass.matrix.tables.preview import PREVIEW_BYTES, Preview, look_at

FRAME = pd.DataFrame(
    {
        "Run": ["s2", "s2", "s1", "s1", "s1", "s3"],
        "Group": ["P2", "P2", "P2", "P1", "P1", "P1"],
        "Gene": ["B", "B", "B", "A", "A", "A"],
        "Decoy": [0, 0, 0, 0, 1, 0],
        "Q": [0.001, 0.01, 0.002, 0.011, 0.001, 0.5],
        "X": [8.5, 8.5, 16.0, 4.0, 4.0, 2.0],
    }
)


def write_text(folder, frame=FRAME, *, name="report.tsv", separator="\t", end="\n"):
    path = Path(folder) / name
    frame.to_csv(path, sep=separator, index=False, lineterminator=end)
    return path


def write_parquet(folder, frame=FRAME, **options):
    path = Path(folder) / "report.parquet"
    frame.to_parquet(path, index=False, **options)
    return path


def stream(path, **options):
    given_columns = {"run": "Run", "group": "Group", "quantity": "X"} | options
    return stream_quantities(look_at(path), **given_columns)


def assert_same(left, right):
    pd.testing.assert_frame_equal(left.values, right.values, check_exact=True)
    pd.testing.assert_frame_equal(left.groups, right.groups)
    assert (left.dropped, left.notes) == (right.dropped, right.notes)


def pivoted(frame, mask):
    """Return what pandas makes of a long table: first number above zero of a run and group."""
    kept = frame[mask].assign(X=frame["X"].where(frame["X"] != 0))
    wide = kept.groupby(["Run", "Group"])["X"].first().unstack()  # noqa: PD010
    return wide.rename_axis(index=None, columns=None).astype(float)


# The matrix


def test_a_report_becomes_runs_by_groups(tmp_path):
    read = stream(write_text(tmp_path), keep={"gene": "Gene"})
    assert read.values.index.tolist() == ["s2", "s1", "s3"]  # as they appear
    assert read.values.columns.tolist() == ["P1", "P2"]  # sorted
    expected = [[np.nan, 8.5], [4.0, 16.0], [2.0, np.nan]]
    assert np.array_equal(read.values.to_numpy(), expected, equal_nan=True)
    assert read.groups["gene"].to_dict() == {"P1": "A", "P2": "B"}
    assert (read.n_rows, read.n_conflicts, read.notes) == (6, 0, ())


def test_filters_count_a_row_for_the_first_that_it_fails(tmp_path):
    """By hand: one decoy; of the others Q 0.011 and 0.5 are too large, so s3 has nothing left."""
    filters = [OneOf("Decoy", ("0", "false"), "of decoys"), AtMost("Q", 0.01)]
    read = stream(write_text(tmp_path), filters=filters)
    assert read.dropped == {"of decoys": 1, "with Q above 0.01 or missing": 2}
    assert read.notes == (
        "Dropped 3 of 6 rows: 1 of decoys, 2 with Q above 0.01 or missing.",
        "Left out: 1 run of which no row passes the filters (s3).",
    )
    assert read.values.index.tolist() == ["s2", "s1"]


@pytest.mark.parametrize("decoy", [[False, True], ["False", "True"], [0, 1], [0.0, 1.0]])
def test_truth_values_are_read_in_any_form(tmp_path, decoy):
    frame = FRAME.assign(Decoy=np.array(decoy)[FRAME["Decoy"]])
    rule = OneOf("Decoy", ("0", "false"), "of decoys")
    for path in (write_text(tmp_path, frame), write_parquet(tmp_path, frame)):
        assert stream(path, filters=[rule]).dropped == {"of decoys": 1}


def test_a_zero_or_missing_number_gives_way_to_a_number(tmp_path):
    frame = FRAME.assign(X=[0.0, 8.5, np.nan, 4.0, np.nan, 0.0])
    read = stream(write_text(tmp_path, frame))
    assert read.values.loc["s2", "P2"] == 8.5
    assert read.values.loc["s1", "P1"] == 4.0
    assert np.isnan(read.values.loc["s3", "P1"])
    assert read.notes == ("Taken for not detected: 2 rows with a zero.",)
    assert read.n_conflicts == 0


def test_rows_without_a_run_or_group_are_left_out(tmp_path):
    frame = FRAME.assign(Run=["", *FRAME["Run"][1:]], Group=[*FRAME["Group"][:5], None])
    for path in (write_text(tmp_path, frame), write_parquet(tmp_path, frame)):
        read = stream(path)
        assert read.n_unnamed == 2
        assert "Left out: 2 rows without a run or a group." in read.notes


def test_conflicts_are_counted_and_the_first_located(tmp_path):
    """Row 1 is the header of the text; a Parquet file has none."""
    frame = FRAME.assign(X=[8.5, 9.5, 16.0, 4.0, 4.1, 2.0])
    for path, row in ((write_text(tmp_path, frame), 3), (write_parquet(tmp_path, frame), 2)):
        read = stream(path)
        assert read.n_conflicts == 2
        found = read.conflict
        assert (found.run, found.group, found.kept, found.found) == ("s2", "P2", 8.5, 9.5)
        assert found.row == row
        assert read.values.loc["s2", "P2"] == 8.5


def test_one_number_rounded_twice_is_no_conflict(tmp_path):
    frame = FRAME.assign(X=[123456.0, 123457.0, 16.0, 4.0, 4.0, 2.0])
    assert stream(write_text(tmp_path, frame)).n_conflicts == 0


def test_channels_are_runs_of_their_own(tmp_path):
    frame = FRAME.assign(Channel=["L", "H", "L", "L", "H", ""], X=[1.0, 2, 3, 4, 5, 6])
    read = stream(
        write_text(tmp_path, frame), channel="Channel", keep_runs={"plex": "Run", "at": "Channel"}
    )
    assert read.values.index.tolist() == ["s2_L", "s2_H", "s1_L", "s1_H", "s3"]
    assert read.values["P2"].dropna().to_dict() == {"s2_L": 1.0, "s2_H": 2.0, "s1_L": 3.0}
    assert read.runs["plex"].tolist() == ["s2", "s2", "s1", "s1", "s3"]
    assert read.runs["at"].tolist() == ["L", "H", "L", "H", ""]
    assert read.lost_runs == ()
    blank = stream(write_text(tmp_path, frame.assign(Channel="")), channel="Channel")
    assert blank.values.index.tolist() == ["s2", "s1", "s3"]


def test_the_matrix_grows(tmp_path):
    """More runs and groups than there is room for at first, against pandas."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "Run": [f"s{i}" for i in rng.integers(0, 60, 9000)],
            "Group": [f"P{i}" for i in rng.integers(0, 3000, 9000)],
            "X": rng.lognormal(size=9000),
        }
    )
    read = stream(write_parquet(tmp_path, frame), batch_rows=1000)
    expected = pivoted(frame, np.ones(9000, dtype=bool)).loc[read.values.index]
    pd.testing.assert_frame_equal(read.values, expected, check_exact=True)


# Forms of the same report


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("name", "separator"), [("a.tsv", "\t"), ("a.csv", ","), ("a.csv", ";")])
def test_text_forms_agree(tmp_path, name, separator, end):
    reference = stream(write_parquet(tmp_path), filters=[AtMost("Q", 0.02)])
    path = write_text(tmp_path, name=name, separator=separator, end=end)
    assert_same(stream(path, filters=[AtMost("Q", 0.02)]), reference)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert_same(stream(path, filters=[AtMost("Q", 0.02)]), reference)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert_same(stream(path, filters=[AtMost("Q", 0.02)]), reference)


def test_a_declared_separator_blank_lines_and_quotes(tmp_path):
    path = write_text(tmp_path, FRAME.assign(Gene="one, two; three"), name="a.csv", separator=";")
    assert b'"one, two; three"' in path.read_bytes()
    path.write_bytes(b"sep=;\n\n" + path.read_bytes().replace(b"\n", b"\n\n"))
    read = stream(path, keep={"gene": "Gene"})
    assert read.values.loc["s1", "P2"] == 16.0
    assert read.groups["gene"].unique().tolist() == ["one, two; three"]


def test_inch_marks_are_text_where_tabs_separate(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('Run\tGroup\tGene\tX\ns1\tP1\t"5 prime\t2\ns2\tP1\t"5 prime\t3\n')
    read = stream(path, keep={"gene": "Gene"})
    assert read.groups.loc["P1", "gene"] == '"5 prime'
    assert read.values["P1"].tolist() == [2, 3]


def test_decimal_commas(tmp_path):
    path = write_text(tmp_path)
    dots = stream(path, filters=[AtMost("Q", 0.01)])
    path.write_text(path.read_text().replace(".", ","))
    assert_same(stream(path, filters=[AtMost("Q", 0.01)], decimal=","), dots)
    with pytest.raises(InputError, match=r"row 2, column 'X': found '8,5', expected a number"):
        stream(path)


def test_single_precision_is_widened_exactly(tmp_path):
    """0.1 in single precision is 0.100000001490116119384765625 (IEEE 754), not 0.1."""
    read = stream(write_parquet(tmp_path, FRAME.assign(X=np.full(6, 0.1, dtype=np.float32))))
    assert read.values.loc["s1", "P1"] == 0.100000001490116119384765625


def test_columns_of_other_types(tmp_path):
    table = pa.table(
        {
            "Run": pa.array(["a", "b"]).dictionary_encode(),
            "Group": pa.array(["P1", "P1"], pa.large_string()),
            "X": pa.array([1, 2], pa.int32()),
            "Visit": pa.array([7, None], pa.int64()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    read = stream(tmp_path / "a.parquet", keep_runs={"visit": "Visit"})
    assert read.values["P1"].to_dict() == {"a": 1.0, "b": 2.0}
    assert read.runs["visit"].tolist() == ["7", ""]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2", "r3", "r10"]),
        st.sampled_from(["P1", "P2;P3", "Q9", "A-2"]),
        st.one_of(st.just(np.nan), st.just(0.0), st.floats(1e-3, 1e9)),
        st.sampled_from([0.001, 0.01, 0.011, np.nan]),
        st.booleans(),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, batch_rows=st.integers(1, 20), row_group=st.integers(1, 25))
def test_it_is_what_pandas_makes_of_it(rows, batch_rows, row_group):
    """Random reports: filters, first number of a run and group, pivot, by pandas."""
    frame = pd.DataFrame(rows, columns=["Run", "Group", "X", "Q", "Decoy"])
    mask = (frame["Q"] <= 0.01) & ~frame["Decoy"]
    filters = [AtMost("Q", 0.01), OneOf("Decoy", ("false",), "of decoys")]
    with tempfile.TemporaryDirectory() as folder:
        parquet = write_parquet(folder, frame, row_group_size=row_group)
        text = write_text(folder, frame)
        if not mask.any():
            for path in (parquet, text):
                with pytest.raises(InputError, match=r"none of .* is left"):
                    stream(path, filters=filters)
            return
        reads = [
            stream(parquet, filters=filters, batch_rows=batch_rows),
            stream(parquet, filters=filters),
            stream(text, filters=filters, block_bytes=64),
        ]
    expected = pivoted(frame, mask)
    for read in reads:
        values = read.values.loc[expected.index]
        pd.testing.assert_frame_equal(values, expected, check_exact=True)
        assert read.values.index.tolist() == frame["Run"][mask].drop_duplicates().tolist()
        assert sum(read.dropped.values()) == (~mask).sum()
        assert_same(read, reads[0])
        assert read.n_conflicts == reads[0].n_conflicts
    found = [read.conflict and replace(read.conflict, row=0) for read in reads]
    assert found[0] == found[1] == found[2]


# What is refused


def refused(tmp_path, content, match, **options):
    path = tmp_path / "bad.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=match) as caught:
        stream(path, **options)
    assert "\n" not in str(caught.value)


HEADER = "Run\tGroup\tX\n"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (HEADER + "s1\tP1\t1\ns1\tP2\tabc\n", "row 3, column 'X': found 'abc', expected a number"),
        (HEADER + "s1\tP1\t1\ns1\tP2\n", "row 3 has 2 cells, expected 3 .*tab-separated"),
        (HEADER + "s1\tP1\t1\ns1\tP2\t1\t2\n", "row 3 has 4 cells, expected 3"),
        (2 * (HEADER + "s1\tP1\t1\n"), "row 3 is the header again: two reports"),
        (HEADER, "has a header and no rows"),
        (HEADER + "s1\tP1\tinf\n", "row 2, column 'X': an infinite number"),
        (HEADER + "s1\tP1\t1\ns2\tP1\t-1e999\n", "row 3, column 'X': an infinite number"),
        (HEADER + "\t\t1\n", "none of 1 row is left"),
        ("Run\tGroup\tX\tX\ns1\tP1\t1\t2\n", "column 'X' stands more than once"),
        ("Run\tGroup\tY\ns1\tP1\t1\n", "no column 'X'; found Run, Group, Y"),
        (HEADER.encode() + b"s1\tP\xff\t1\n", "row 2, column 'Group': is not UTF-8 text"),
        ((HEADER + "s1\tP1\t1\n").encode("utf-16"), "is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_bad_text_is_located(tmp_path, content, match):
    refused(tmp_path, content, match)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_rows_are_counted_over_blocks_and_blank_lines(tmp_path, pack):
    """Line 1004: a header, a blank line, 999 rows, a blank line and a row go before it."""
    rows = b"s1\tP1\t1\r\n" * 999
    text = HEADER.encode() + b"\r\n" + rows + b"\n" + b"s1\tP1\t1\ns1\tP1\tx\n" + rows
    refused(tmp_path, pack(text), "row 1004, column 'X': found 'x'", block_bytes=100)
    refused(tmp_path, pack(text), "row 1004, column 'X': found 'x'")


def test_what_no_parser_makes_sense_of(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text('Run;Group;X\n"s1;P1;1\ns1;P1;1\n')
    with pytest.raises(InputError, match="row 2 has 1 cells, expected 3"):
        stream(path)
    refused(tmp_path, b"Run\tGroup\tX\rs1\tP1\t1\r", "lines end in carriage returns alone")


def test_what_the_parser_says_is_passed_on():
    seen = Preview("a.tsv", "text", ("Run",), (), "\t")
    error = long_text._located(pa.ArrowInvalid("out of sync"), seen, long_text._Block(b"a\n", 4))
    assert str(error) == "a.tsv: cannot be parsed (out of sync); export it again"


def test_a_consumer_that_stops_leaves_nothing_running(tmp_path):
    table = pa.table({"Run": ["a"] * 5000, "X": np.arange(5000.0)})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=100)
    pd.DataFrame({"Run": "a", "X": np.arange(5000.0)}).to_csv(tmp_path / "a.tsv", sep="\t")
    before = threading.active_count()
    for name in ("a.parquet", "a.tsv"):
        seen = look_at(tmp_path / name)
        with open_batches(seen, {"Run": "text", "X": "number"}, block_bytes=64) as batches:
            assert next(batches).floats("X")[0] == 0
        assert threading.active_count() == before


def test_a_row_beyond_the_block_is_refused(tmp_path):
    content = HEADER + "s1\tP1\t1\n" + "s" * 3000 + "\tP1\t1\n"
    refused(tmp_path, content, "has a row longer than 1024 bytes", block_bytes=1024)


def test_damaged_gzip(tmp_path):
    rng = np.random.default_rng(3)
    rows = "".join(f"s{i}\tP1\t{x}\n" for i, x in enumerate(rng.random(2000)))
    packed = gzip.compress((HEADER + rows).encode())
    refused(tmp_path, packed[:-9], "damaged gzip file")
    half = len(packed) // 2
    refused(tmp_path, packed[:half] + b"\x00" * 40 + packed[half + 40 :], "damaged gzip file")
    beyond_the_preview = HEADER + "s1\tP1\t1\n" * (PREVIEW_BYTES // 4)
    packed = gzip.compress(beyond_the_preview.encode(), 1)
    refused(tmp_path, packed[:-9], "damaged gzip file .*; copy it again")


def test_a_last_line_without_an_end_is_said(tmp_path):
    path = write_text(tmp_path)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert stream(path).notes == (
        "The last line has no line end; the file may have been cut short.",
    )


def test_a_parquet_file_without_rows(tmp_path):
    # Of no type, as pandas before 3 writes text where there is none.
    for frame in (FRAME[:0], FRAME[:0].astype(object)):
        with pytest.raises(InputError, match="has a header and no rows"):
            stream(write_parquet(tmp_path, frame))


def test_damaged_parquet(tmp_path):
    path = write_parquet(tmp_path)
    whole = path.read_bytes()
    for damaged in (whole[:-20], b"PAR1" + b"\xff" * 60 + whole[64:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged Parquet file"):
            stream(path)


def test_text_codes_outside_their_texts_are_damage():
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 5], pa.int32()), ["a"], safe=False)
    batch = Batch("a.parquet", pa.record_batch([codes], ["Run"]), {"Run": 0}, 1)
    with pytest.raises(InputError, match=r"damaged Parquet file .column 'Run' points outside"):
        batch.coded("Run")


def test_columns_of_the_wrong_type(tmp_path):
    text = write_parquet(tmp_path, FRAME.assign(X="5"))
    with pytest.raises(InputError, match=r"column 'X' is of type .*string, numbers were expected"):
        stream(text)
    lists = write_parquet(tmp_path, FRAME.assign(Group=[["P1"]] * 6))
    with pytest.raises(InputError, match=r"column 'Group' is of type list.*, text was expected"):
        stream(lists)


def test_a_workbook_is_no_long_report():
    seen = Preview("a.xlsx", "workbook", ("Run", "Group", "X"))
    with (
        pytest.raises(InputError, match="is a workbook, a long report was expected"),
        open_batches(seen, {"Run": "text"}),
    ):
        pass


def test_a_matrix_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(long_grid, "MAX_CELLS", 5)
    with pytest.raises(InputError, match="has more than 3 runs x 2 protein groups, at most 5"):
        stream(write_text(tmp_path))


def test_columns_that_cannot_be_runs_or_channels(tmp_path, monkeypatch):
    path = write_text(tmp_path, FRAME.assign(Channel=[f"c{i}" for i in range(6)]))
    monkeypatch.setattr(long_grid, "MAX_CHANNELS", 5)
    with pytest.raises(InputError, match="column 'Channel' has more than 5 different names"):
        stream(path, channel="Channel")
    monkeypatch.setattr(long_grid, "MAX_RUNS", 2)
    with pytest.raises(InputError, match="column 'Run' has more than 2 different names"):
        stream(path)


def test_an_error_in_a_large_text_does_not_abort_the_process(tmp_path):
    """Threads read ahead; were they to come back to Python at its end, it would dump core."""
    path = tmp_path / "large.tsv"
    path.write_text(HEADER + "s1\tP1\tx\n" + "s1\tP1\t1\n" * 3_000_000)
    code = (
        "import sys; from proteoclass.errors import InputError\n"
        "from proteoclass.matrix.long_reports.stream import stream_quantities\n"
        "from proteoclass.matrix.tables.preview import look_at\n"
        "try:\n"
        "    stream_quantities(look_at(sys.argv[1]), run='Run', group='Group', quantity='X')\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "row 2, column 'X': found 'x', expected a number" in done.stdout


def test_memory_does_not_grow_with_the_rows(tmp_path):
    """A report of 2e6 rows takes no more of Arrow's memory than its largest batch allows."""
    n_rows = 2_000_000
    table = pa.table(
        {
            "Run": pa.array(np.arange(n_rows) // 100_000).cast(pa.string()),
            "Group": pa.array(np.arange(n_rows) % 1000).cast(pa.string()),
            "X": pa.array((np.arange(n_rows) % 1000 + 1).astype(np.float32)),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=100_000)
    del table
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    seen = look_at(tmp_path / "a.parquet")
    largest = 0
    wanted = {"Run": "text", "Group": "text", "X": "number"}
    with open_batches(seen, wanted) as batches:
        for batch in batches:
            assert len(batch) <= BATCH_ROWS
            largest = max(largest, pool.bytes_allocated() - before)
    # Two codes of 4 bytes and a number of 4 bytes for each of 100,000 rows, and as much in work.
    assert largest < 100_000 * 12 * 4
