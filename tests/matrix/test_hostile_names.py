"""Names, texts and shapes made to take time or memory without end are read or refused at once."""

import signal

import pytest

from proteoclass.errors import InputError
from proteoclass.matrix.accessions import name_in_headers
from proteoclass.matrix.formats.alphapept import recognise
from proteoclass.matrix.formats.olink_assays import panel_name
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.samples.runs import KnownNames, reruns_among, run_name
from proteoclass.matrix.tables import delimited
from proteoclass.matrix.tables.arrow_text import parse_regular
from proteoclass.matrix.tables.delimited import find_separator
from proteoclass.matrix.tables.preview import Preview


@pytest.fixture(autouse=True)
def at_once():
    """Stop a test after seconds of processor time that it needs a hundredth of."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 10)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def test_a_name_of_many_marks_is_no_known_name():
    # Each "_rerun_5" stands for two bases, the number being the rerun's or the sample's own.
    assert "x" + "_rerun_5" * 1000 not in KnownNames(["b"])
    assert "b" + "_rerun_5" * 3 in KnownNames(["b"])


def test_reruns_of_reruns_find_their_first_run():
    names = ["a" + "_rerun" * i for i in range(1500)]
    assert reruns_among(names) == dict.fromkeys(names[1:], "a")


def test_a_name_of_thousands_of_formats_keeps_what_is_left():
    assert run_name("a" + ".raw.gz" * 7) == "a"
    assert run_name("a" + ".raw.gz" * 50_000).startswith("a.raw")


def test_blanks_within_descriptions_are_passed_over():
    blanks = " " * 500_000
    assert name_in_headers(f"sp|P1|X a{blanks}b OS=Homo sapiens").split() == ["a", "b"]
    assert name_in_headers(f"sp|P1|X a{blanks}OS=Homo sapiens") == "a"
    assert panel_name(f"IL{blanks}8 (v1)").split() == ["IL", "8"]


def test_a_header_of_many_columns_is_recognised():
    names = tuple(f"P{i}" for i in range(60_000))
    assert recognise(Preview("a.csv", "text", ("", *names), separator=",")) == ""


@pytest.mark.parametrize("mark", list("1ae.-+\"'_ "))
def test_a_declared_separator_cuts_no_cell(mark):
    text = f"sep={mark}\nid,1{'1' * 1_000_000}\n".encode()
    assert find_separator(text)[::2] == (False, text)


def test_a_footnote_does_not_make_a_wide_table_slow(tmp_path):
    """It makes text of each column, and each cost pandas several milliseconds."""
    names, rows = [f"P{i}" for i in range(6_000)], ["1000.5"] * 6_000
    lines = [["sample_id", *names], ["s1", *rows], ["note", *["see below"] * 6_000]]
    (tmp_path / "a.tsv").write_text("".join("\t".join(line) + "\n" for line in lines))
    with pytest.raises(InputError, match=r"6000 cells with text .* row 3, column 'P0': 'see"):
        read_matrix(tmp_path / "a.tsv")


def test_no_table_has_as_many_rows_columns_or_blank_lines(monkeypatch):
    monkeypatch.setattr(delimited, "MAX_ROWS", 3)
    monkeypatch.setattr(delimited, "MAX_COLUMNS", 4)
    monkeypatch.setattr(delimited, "LONGEST_LINE", 1000)
    refused = {
        "id\tx\n" + "s\t1\n" * 4: "has 4 rows x 2 columns, at most 3 rows and 4 columns",
        "id" + "\tx" * 4 + "\n" + "s" + "\t1" * 4 + "\n": "has 1 rows x 5 columns, at most 3",
        "id\tx\n" + "\n" * 6 + "s\t1\n": "has 8 lines, at most 6 are read, blank ones included",
        "id\tx\n" + "\ns\t" + "1" * 2000: "row 3 has more than 1000 bytes, which no row",
    }
    for text, words in refused.items():
        with pytest.raises(InputError, match=f"a.tsv: {words}"):
            delimited.parse_delimited(text.encode(), "a.tsv", lambda i, name: i == 0)
    read = delimited.parse_delimited(b"id\tx\n\n\ns\t1\n", "a.tsv", lambda i, name: i == 0)
    assert read.rows.tolist() == [4]


def test_columns_of_text_by_the_thousand_are_left_to_the_exact_parser():
    names = [f"c{i}" for i in range(1001)]
    text = ("\t".join(names) + "\n" + "\t".join(["x"] * 1001) + "\n").encode()
    everything = list(range(1001))
    assert parse_regular([text], "\t", lambda i, name: False, lambda names: everything, max) is None
    assert parse_regular([text], "\t", lambda i, name: False, lambda names: [0, 5], max) is not None


def test_blank_lines_are_left_to_the_exact_parser():
    def parsed(text):
        return parse_regular([text], "\t", lambda i, name: False, lambda names: [0, 1], max)

    assert parsed(b"id\tx\n\na\t1\n") is None
    assert parsed(b"id\tx\na\t1\n\nb\t2\n") is None
    assert parsed(b"id\tx\na\t1\nb\t2\n") is not None
