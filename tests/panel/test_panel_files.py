"""Panel files: strict reading, faithful writing, what ships, what two panels share."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.panel.compare import compare_panels
from proteoclass.panel.library import list_panels, load_panel, panel_folder
from proteoclass.panel.panel import Derivation, Panel, PanelProtein
from proteoclass.panel.toml import MAX_BYTES, check_schema, parse_toml, read_toml, toml_value

GOOD = """format = "proteoclass-panel"
version = 1
name = "mine"
title = "Mine"
status = "reference"

[[protein]]
id = "P1"
"""

# Lone surrogates are no Unicode text and cannot be written as UTF-8.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
label = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
protein = st.builds(
    PanelProtein,
    id=label,
    accession=text,
    gene=text,
    direction=st.sampled_from(["up", "down", "unknown"]),
    aliases=st.lists(label, max_size=3).map(tuple),
)
derivation = st.builds(
    Derivation,
    cohort_hash=text,
    method=text,
    size=st.integers(1, 50),
    seed=st.integers(0, 2**40),
    version=text,
    settings=st.dictionaries(
        text, st.one_of(text, st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False))
    ),
)


@st.composite
def panels(draw):
    proteins = draw(st.lists(protein, min_size=1, max_size=6, unique_by=lambda p: p.id))
    derived = draw(st.none() | derivation)
    return Panel(
        name=draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)),
        title=draw(label),
        fluid=draw(st.sampled_from(["urine", "plasma", "not stated"])),
        status="reference" if derived is None else "derived",
        source={"doi": draw(text), "note": draw(text)},
        derivation=derived,
        proteins=proteins,
    )


@given(panels())
def test_every_panel_reads_back_as_it_was_written(panel):
    # The reader is the standard library's tomllib: another hand than our writer.
    assert Panel.from_toml(panel.to_toml()) == panel


@given(
    st.recursive(text | st.integers() | st.booleans(), lambda inner: st.lists(inner, max_size=3))
)
def test_values_are_toml_as_the_standard_library_reads_it(value):
    assert tomllib.loads(f"x = {toml_value(value)}")["x"] == value


def test_a_value_toml_has_no_word_for_is_a_programming_error():
    with pytest.raises(TypeError, match="no value for NoneType"):
        toml_value(None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("id =", "idd ="), r"x\.toml: unknown key 'protein 1\.idd'; did you mean 'id'\?.*2 more"),
        (("status", "statsu"), "did you mean 'status'"),
        (('id = "P1"', ""), r"key 'protein 1\.id' is missing; add it"),
        (('id = "P1"', "id = 7"), r"protein 1\.id: found 7, input should be a valid string"),
        (('"reference"', '"guess"'), "status: found 'guess', input should be 'published'"),
        (('"reference"', '"derived"'), r"'derived' and \[derivation\] is absent"),
        (('"mine"', '"../mine"'), "name: found '../mine', string should match pattern"),
        (("version = 1", "version = 2"), "version 2 is newer than this proteoclass reads"),
        (("format", "formt"), "key 'format' is missing; it is not a panel file"),
        (('id = "P1"', 'id = "P1"\n[[protein]]\nid = "P1"'), "duplicate protein id P1"),
        (("[[protein]]", "[[proteins]]"), "unknown key 'proteins'; did you mean 'protein'"),
        (("title =", "title"), r"x\.toml: is not TOML: .*line 4"),
        (('id = "P1"', 'id = "P1"\naliases = [1]'), r"protein 1\.aliases 1: found 1"),
        (("[[protein]]", "[source]\ndio = 'x'\n[[protein]]"), "'source.dio'; did you mean 'doi'"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_the_place(change, message):
    assert change[0] in GOOD
    with pytest.raises(InputError, match=message) as caught:
        Panel.from_toml(GOOD.replace(*change), "x.toml")
    assert "\n" not in str(caught.value)


def test_a_panel_without_proteins_is_refused():
    with pytest.raises(InputError, match=r"protein: .*at least 1 item"):
        Panel.from_toml(GOOD.split("[[")[0].replace("[[", "") + "protein = []", "x.toml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x = " + b"[" * 5000, "is not TOML"),
        (b"x = " + b"9" * 5000, "is not TOML"),
    ],
)
def test_hostile_bytes_end_in_one_line(content, message):
    with pytest.raises(InputError, match=message):
        parse_toml(content, "x.toml")


def test_a_file_that_is_absent_or_far_too_large_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_toml(tmp_path / "absent.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match="larger than"):
        read_toml(tmp_path / "big.toml")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfsize = 20\n")
    assert read_toml(path) == {"size": 20}


def test_an_unknown_key_with_no_neighbour_lists_the_known_ones():
    with pytest.raises(
        InputError, match="unknown key 'zzz'; expected one of format, version, name"
    ):
        check_schema(Panel, {"zzz": 1, **tomllib.loads(GOOD)}, "x.toml")


@pytest.mark.parametrize("name", list_panels())
def test_each_shipped_panel_is_canonical_and_says_where_it_comes_from(name):
    panel = load_panel(name)
    assert panel.name == name
    assert panel.to_toml() == (panel_folder() / f"{name}.toml").read_text(encoding="utf-8")
    assert panel.source.note
    assert panel.status in {"published", "reference"}
    # UniProt's own rule for an accession: uniprot.org/help/accession_numbers.
    rule = r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}"
    assert all(re.fullmatch(rule, protein.accession) for protein in panel.proteins)
    assert len({protein.gene for protein in panel.proteins}) == panel.size
    assert name in (panel_folder() / "README.md").read_text(encoding="utf-8")


def test_the_published_panel_has_its_ten_up_and_four_down():
    directions = [
        protein.direction for protein in load_panel("cosgriff-2022-plasma-olink").proteins
    ]
    assert (directions.count("up"), directions.count("down")) == (10, 4)


def test_nothing_ships_as_the_published_urine_panel():
    shipped = [load_panel(name) for name in list_panels()]
    assert not [p.name for p in shipped if p.fluid == "urine" and p.status == "published"]


def test_load_panel_takes_a_path_or_a_name_and_corrects_a_slip(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert load_panel(path).ids == ["P1"]
    with pytest.raises(InputError, match="did you mean 'kidney-injury-urine'"):
        load_panel("kidney-injury")
    with pytest.raises(InputError, match="no such file"):
        load_panel(tmp_path / "absent.toml")


def test_an_incomplete_installation_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr("proteoclass.panel.library.__file__", str(tmp_path / "a" / "b" / "c.py"))
    with pytest.raises(InputError, match="no panel files beside the package"):
        panel_folder()


def test_a_wheel_finds_its_own_panels_before_a_folder_of_that_name(monkeypatch, tmp_path):
    monkeypatch.setattr("proteoclass.panel.library.__file__", str(tmp_path / "a" / "b" / "c.py"))
    for folder in ("panels", "a/_panels"):
        (tmp_path / folder).mkdir(parents=True)
    assert panel_folder() == tmp_path / "a" / "_panels"


def make(name, *proteins):
    return Panel(name=name, title=name, status="reference", proteins=proteins)


def test_compare_panels_matches_by_accession_then_gene_then_id():
    first = make(
        "a",
        {"id": "x1", "accession": "P1", "gene": "G1", "direction": "up"},
        {"id": "x2", "gene": "G2", "direction": "up"},
        {"id": "x3"},
        {"id": "x4", "accession": "P4", "gene": "SAME"},
    )
    second = make(
        "b",
        {"id": "x3"},
        {"id": "y2", "gene": "g2", "direction": "down"},
        {"id": "y1", "accession": "P1"},
        {"id": "y4", "accession": "P5", "gene": "SAME"},
    )
    result = compare_panels(first, second)
    assert [(pair["first"], pair["second"]) for pair in result["shared"]] == [
        ("x1", "y1"),
        ("x2", "y2"),
        ("x3", "x3"),
    ]
    assert [pair["same_direction"] for pair in result["shared"]] == [None, False, None]
    # Two accessions that differ are two proteins, whatever the gene column says.
    assert (result["only_first"], result["only_second"]) == (["x4"], ["y4"])
    assert result["n_shared"] == 3
    assert result["jaccard"] == pytest.approx(3 / 5)


def test_a_panel_against_itself_shares_everything():
    panel = load_panel("cosgriff-2022-plasma-olink")
    result = compare_panels(panel, panel)
    assert (result["n_shared"], result["jaccard"], result["only_first"]) == (14, 1.0, [])
    assert all(pair["same_direction"] for pair in result["shared"])


def test_frame_is_what_matching_takes():
    frame = load_panel("kidney-injury-urine").frame()
    assert frame.index.name == "id"
    assert frame.loc["P80188", "gene"] == "LCN2"
    assert list(frame.columns) == ["accessions", "gene", "direction"]
