"""Names and texts made to take quadratic or exponential time are read at once."""

import signal

import pytest

from proteoclass.matrix.accessions import name_in_headers
from proteoclass.matrix.formats.alphapept import recognise
from proteoclass.matrix.formats.olink_assays import panel_name
from proteoclass.matrix.samples.runs import KnownNames, reruns_among, run_name
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
