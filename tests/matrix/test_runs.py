"""Run names: paths and formats come off, everything else stays as written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteoclass.matrix.samples.runs import (
    ACQUISITION_ENDINGS,
    KnownNames,
    is_marked,
    originals,
    reruns_among,
    run_name,
    stamp,
)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"D:\data\2024\a 1.raw", "a 1"),
        (r"\\server\share\a.d", "a"),
        (r"C:/mixed\folders/a.wiff", "a"),
        ("/export/home/x/a_68-4.mzML", "a_68-4"),
        ("/export/home/x/a", "a"),
        ("data/a.raw", "a"),
        ("./a", "a"),
        ("~/runs/a.htrms", "a"),
        ("https://x.org/f/a.mzML?download=1#top", "a"),
        ("ftp://x.org/f/a.raw", "a"),
        ("a.mzML.gz", "a"),
        ("a.raw.dia", "a"),
        ("a.wiff.scan", "a"),
        ("a.d.zip", "a"),
        (r"C:\x\a.d" + "\\", "a"),
        ("a.RAW", "a"),
        ("[12] a.raw.PG.Quantity", "a"),
        ("a.htrms.PG.IBAQ", "a"),
        ("[3] plain name.PG.Quantity", "plain name"),
        (" a.b.c ", "a.b.c"),
        # No path, no format: nothing is taken off.
        ("A/B", "A/B"),
        ("12/03", "12/03"),
        ("/12", "/12"),
        (r"AD\7", r"AD\7"),
        ("sample.1", "sample.1"),
        ("a.gz", "a.gz"),
        ("a.scan", "a.scan"),
        ("[1] a", "[1] a"),
        (".raw", ".raw"),
        ("/x/y/.raw", ".raw"),
        ("", ""),
    ],
)
def test_what_is_taken_off(written, name):
    assert run_name(written) == name


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_run_name_is_never_lost_and_reducing_twice_ends(text):
    name = run_name(text)
    assert bool(name) == bool(text.strip())
    assert len(name) <= len(text.strip())


@settings(deadline=None)
@given(
    st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True),
    st.sampled_from(ACQUISITION_ENDINGS),
    st.sampled_from(["", "/data/x/", "D:\\a b\\", "https://h.org/", "rel/"]),
    st.sampled_from(["", ".gz"]),
)
def test_any_folder_and_format_leads_to_the_same_run(name, ending, folder, packed):
    assert run_name(f"{folder}{name}.{ending}{packed}") == name


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("s1_20230606030500", ("s1",)),
        ("s1_20231306030500", ()),  # a thirteenth month
        ("s1_20230606250500", ()),  # hour 25
        ("20230606030500", ()),
        ("s1_rerun", ("s1",)),
        ("s1-re-inj2", ("s1",)),
        ("RE-RUN 3", ("3",)),
        ("s_redo_5", ("s_5", "s")),
        ("s1_rpt_b", ("s1_b",)),
        ("rerun", ()),
        ("prerunner", ()),
        ("s1", ()),
    ],
)
def test_what_a_rerun_repeats(name, likely):
    assert originals(name) == likely


def test_stamps_and_marks():
    assert stamp("a_20230606030500") == "20230606030500"
    assert stamp("a_202306060305") == ""
    assert is_marked("a_Repeat")
    assert not is_marked("repeatability")


def test_reruns_need_their_first_run_in_the_same_list():
    names = ["a_20230606030500", "b_rerun", "b", "b_rerun_rerun2", "c_5", "c_redo_5", "d"]
    assert reruns_among(names) == {"b_rerun": "b", "b_rerun_rerun2": "b", "c_redo_5": "c_5"}


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "a_rerun", "a_rerun_rerun", "a_20230606030500", "redo", "b"]))
)
def test_a_first_run_is_never_a_rerun_itself(names):
    firsts = reruns_among(names)
    assert not set(firsts.values()) & set(firsts)
    assert set(firsts) | set(firsts.values()) <= set(names)


def test_known_names_hold_files_and_reruns_of_the_ids():
    known = KnownNames(["a.raw", "B", "a.raw"])
    assert len(known) == 2
    assert list(known) == ["a.raw", "B"]
    for name in ("a.raw", "a", "/x/a.mzML", "b", "b_20230606030500", "B_rerun_rerun"):
        assert name in known
    for name in ("c", "a1", 7, None):
        assert name not in known
