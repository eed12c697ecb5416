"""alphaDIA's matrices of protein groups, and its long tables of precursors."""

import gzip

import numpy as np
import pandas as pd
import pytest
import vendor_headers
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix.formats.alphadia import read, recognise
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import Preview, look_at

MATRIX = "pg\trun_0\trun_1\nP02768;P02768-2\t200.5\t0.0\nP01034\t\t7.25\n"
# Version 1: the quantity of a group (`intensity`) stands in each of its precursors.
PRECURSORS = (
    "run\tpg\tgenes\tproteins\tintensity\tprecursor_idx\tdecoy\n"
    "run_0\tP02768\tALB\tP02768\t200.5\t1\t0\n"
    "run_0\tP02768\tALB\tP02768\t200.5\t2\t0\n"
    "run_1\tP02768\tALB\tP02768\t100.0\t1\t0\n"
    "run_1\tP02768\tALB\tP02768\t55.0\t9\t1\n"
    "run_1\tCST3\tCST3\tP01034\t7.25\t3\t0\n"
)
SECOND = {
    "run": "raw.name",
    "pg": "pg.name",
    "genes": "pg.genes",
    "proteins": "pg.proteins",
    "intensity": "pg.intensity",
    "precursor_idx": "precursor.idx",
    "decoy": "precursor.decoy",
}


def put(folder, text, name="pg.matrix.tsv"):
    path = folder / name
    path.write_text(text)
    return path


def open_(path, quantity="auto"):
    return read(Request(look_at(path), quantity=quantity))


def test_the_matrix(tmp_path):
    matrix = read_matrix(put(tmp_path, MATRIX))

    assert matrix.values.index.tolist() == ["run_0", "run_1"]
    assert matrix.values["P02768;P02768-2"].tolist()[0] == 200.5
    assert matrix.missing_rate == 0.5  # a zero and a blank
    assert (matrix.scale, matrix.quantity_scope) == ("raw", "cohort")
    assert matrix.source.format == "alphadia"
    assert matrix.proteins.loc["P02768;P02768-2", "accessions"] == "P02768;P02768-2"


def test_the_same_matrix_as_parquet_of_version_2(tmp_path):
    text = open_(put(tmp_path, MATRIX)).values
    frame = pd.read_csv(tmp_path / "pg.matrix.tsv", sep="\t").rename(columns={"pg": "pg.name"})
    frame.to_parquet(tmp_path / "pg.matrix.parquet")
    frame.set_index("pg.name").to_parquet(tmp_path / "indexed.parquet")
    for name in ("pg.matrix.parquet", "indexed.parquet"):
        pd.testing.assert_frame_equal(open_(tmp_path / name).values, text)


def test_channels_are_samples(tmp_path):
    header = "pg.name\ta.channel_0\ta.channel_4\tb.c.channel_0\n"
    told = open_(put(tmp_path, header + "P02768\t1\t2\t3\n")).samples
    assert told.to_dict("index") == {
        "a.channel_0": {"plex": "a", "channel": "0"},
        "a.channel_4": {"plex": "a", "channel": "4"},
        "b.c.channel_0": {"plex": "b.c", "channel": "0"},
    }
    assert open_(put(tmp_path, "pg\ta.channel_0\tb\nP02768\t1\t2\n")).samples is None


def test_the_precursors(tmp_path):
    result = open_(put(tmp_path, PRECURSORS, "precursors.tsv"))

    assert result.values.index.tolist() == ["run_0", "run_1"]
    assert result.values["P02768"].tolist() == [200.5, 100]
    assert result.values["CST3"].isna().tolist() == [True, False]
    assert result.notes == ("Dropped 1 of 5 rows: 1 of decoys.",)
    assert result.proteins.loc["CST3"].to_dict() == {
        "accessions": "P01034",
        "gene": "CST3",
        "name": "",
    }
    assert result.across_runs


def test_the_precursors_of_version_2_are_the_same(tmp_path):
    first = open_(put(tmp_path, PRECURSORS, "precursors.tsv"))
    frame = pd.read_csv(tmp_path / "precursors.tsv", sep="\t").rename(columns=SECOND)
    frame.to_parquet(tmp_path / "precursors.parquet")
    second = open_(tmp_path / "precursors.parquet")
    pd.testing.assert_frame_equal(first.values, second.values)
    pd.testing.assert_frame_equal(first.proteins, second.proteins)
    assert "'pg.intensity'" in second.why


def test_forms_of_the_same_text(tmp_path):
    for text in (MATRIX, PRECURSORS):
        expected = open_(put(tmp_path, text)).values
        for name, content in {
            "bom": b"\xef\xbb\xbf" + text.encode(),
            "crlf": text.replace("\n", "\r\n").encode(),
            "gzip": gzip.compress(text.encode()),
        }.items():
            (tmp_path / name).write_bytes(content)
            pd.testing.assert_frame_equal(open_(tmp_path / name).values, expected)


FINER = "mod_seq_charge_hash\tpg\trun_0\n17\tP02768\t2.5\n"
FINER_2 = "pg.name\tprecursor.sequence\trun_0\nP02768\tAAA\t2.5\n"


@pytest.mark.parametrize(
    ("text", "quantity", "message"),
    [
        (MATRIX, "lfq", "no quantity 'lfq'; alphaDIA's table has intensity only"),
        (FINER, "auto", r"peptides or precursors \(column 'mod_seq_charge_hash'\), expected one"),
        (FINER_2, "auto", r"peptides or precursors \(column 'precursor.sequence'\)"),
        ("protein\ta\nP02768\t1\n", "auto", "no column 'pg' or 'pg.name'; found protein, a"),
        ("pg\nP02768\n", "auto", "no column of a run beside 'pg'"),
        (MATRIX + "P01034\t1\t2\n", "auto", r"duplicate protein ids.*rows 3, 4"),
        (MATRIX + "\t1\t2\n", "auto", "no protein id in rows 4"),
        (MATRIX + "P1\t1\tmany\n", "auto", "row 4, column 'run_1': 'many'"),
        (MATRIX + "P1\t1\n", "auto", "row 4 has 2 cells, expected 3"),
        (
            PRECURSORS.replace("\t200.5\t2\t", "\t210.5\t2\t"),
            "auto",
            r"row 3: intensity of 'P02768' in run 'run_0' is 210.5, and 200.5 in an earlier row "
            r"\(1 such row\)",
        ),
        (PRECURSORS.replace("\t0\n", "\t1\n"), "auto", r"none of 5 rows is left \(dropped 5 of d"),
        (PRECURSORS.replace("7.25", "few"), "auto", "row 6, column 'intensity': found 'few'"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, text, quantity, message):
    with pytest.raises(InputError, match=message):
        open_(put(tmp_path, text), quantity)


def test_recognises_its_own_only():
    assert vendor_headers.recognised(recognise) == {
        name for name in vendor_headers.HEADERS if name.startswith("alphadia")
    }
    assert recognise(Preview("a.parquet", "parquet", ("pg.name", "s1")))
    assert not recognise(Preview("a.xlsx", "workbook", ("pg", "s1")))
    assert not recognise(Preview("a.csv", "text", ("sample_id", "P02768", "pg"), (), ","))
    assert not recognise(Preview("a.tsv", "text", ("pg",)))
    # A column about proteins is none of alphaDIA's: somebody's own table.
    assert not recognise(Preview("a.tsv", "text", ("pg", "gene", "s1")))


NUMBERS = st.one_of(st.just(np.nan), st.floats(1e-3, 1e12))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n), min_size=1, max_size=8)
    ),
    st.booleans(),
)
def test_what_is_written_is_read(tmp_path_factory, rows, parquet):
    """Round trip: pandas writes matrix and precursors, the numbers come back bit by bit."""
    folder = tmp_path_factory.mktemp("round")
    runs = [f"run {i}" for i in range(len(rows[0]))]
    ids = [f"P{i:05d}" for i in range(len(rows))]
    frame = pd.DataFrame(rows, pd.Index(ids, name="pg"), runs)
    long = frame.reset_index().melt("pg", var_name="run", value_name="intensity")
    long = pd.concat([long, long]).assign(precursor_idx=1, decoy=0)
    for name, table in (("matrix", frame.reset_index()), ("precursors", long)):
        if parquet:
            table.to_parquet(folder / name)
        else:
            table.to_csv(folder / name, sep="\t", index=False)
        values = open_(folder / name).values
        assert values.index.tolist() == runs
        assert values.columns.tolist() == ids
        assert np.array_equal(values.to_numpy(), frame.T.to_numpy(), equal_nan=True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path_factory, data):
    """Bytes of good files are cut out, doubled or replaced."""
    path = tmp_path_factory.mktemp("damaged") / "a"
    path.write_bytes(vendor_headers.damaged(data, data.draw(st.sampled_from((MATRIX, PRECURSORS)))))
    vendor_headers.read_or_refuse(read, path)
