"""Panel files: strict reading, faithful writing, what ships."""

import os
import re
import time
import tomllib
from typing import get_args

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteoclass.errors import InputError
from proteoclass.matrix import simulate_cohort
from proteoclass.matrix.protein_matrix import SYNTHETIC_ID
from proteoclass.panel.library import list_panels, load_panel, panel_folder
from proteoclass.panel.panel import Derivation, Panel, PanelProtein, Status
from proteoclass.panel.synthetic import planted_panel
from proteoclass.panel.toml import (
    MAX_BYTES,
    MAX_DOTS,
    check_schema,
    parse_toml,
    read_toml,
    toml_value,
)

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
label = text.filter(lambda name: re.search(r"[^\s\x1c-\x1f\x85]", name) is not None)
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
        text,
        st.one_of(
            text,
            st.booleans(),
            st.integers(-9, 9),
            st.floats(allow_nan=False),
            st.lists(text, max_size=3),
        ),
    ),
    n_candidates=st.integers(0, 5000),
    samples=st.lists(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), max_size=3).map(tuple),
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
        (
            ("id =", "idd ="),
            r"x\.toml: unknown key 'protein 1\.idd'; .* 'id'\? \(and 1 more problem\)",
        ),
        (("status", "statsu"), "did you mean 'status'"),
        (('id = "P1"', ""), r"key 'protein 1\.id' is missing; add it"),
        (('id = "P1"', "id = 7"), r"protein 1\.id: found 7, expected text in quotes$"),
        (
            ("[[protein]]", "[protein]"),
            r"protein: found .*, expected a list: .*\[\[\.\.\.\]\]$",
        ),
        (('[[protein]]\nid = "P1"', "protein = []"), r"found \[\], expected at least one item$"),
        (
            ('[[protein]]\nid = "P1"', 'protein = ["P1"]'),
            "protein 1: found 'P1', expected a table$",
        ),
        (
            ('id = "P1"', 'id = "P1"\naliases = "x"'),
            r"1\.aliases: found 'x', expected a list",
        ),
        (('"reference"', '"guess"'), "status: found 'guess', input should be 'published'"),
        (('"reference"', '"derived"'), r"'derived' and \[derivation\] is absent"),
        (('"mine"', '"../mine"'), "name: found '../mine', string should match pattern"),
        (("version = 1", "version = 2"), "version 2 is newer than this proteoclass reads"),
        (("version = 1", "version = 0"), "version: found 0, input should be 1"),
        (("version = 1", "version = true"), "version: found True, expected a whole number"),
        (("version = 1", "version = 1.0"), r"version: found 1\.0, expected a whole number"),
        (('id = "P1"', 'id = " "'), r"protein 1\.id: found ' ', string should match"),
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


DERIVED = GOOD.replace('"reference"', '"derived"').replace(
    "[[protein]]",
    """[derivation]
cohort_hash = "00"
method = "ridge"
size = 1
seed = 0
version = "0"
n_patients = 4

[derivation.settings]
must_have = ["ALB", "LCN2"]
exclude = []
max_missing = 0.5

[[protein]]""",
)


def test_settings_of_a_derivation_hold_lists_of_strings():
    panel = Panel.from_toml(DERIVED)
    assert panel.derivation.settings == {
        "must_have": ("ALB", "LCN2"), "exclude": (), "max_missing": 0.5,
    }  # fmt: skip
    assert panel.derivation == Derivation(
        cohort_hash="00", method="ridge", size=1, seed=0, version="0", n_patients=4,
        settings={"must_have": ["ALB", "LCN2"], "exclude": [], "max_missing": 0.5},
    )  # fmt: skip
    assert Panel.from_toml(panel.to_toml()) == panel


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('["ALB", "LCN2"]', "[1]"), r"derivation\.settings\.must_have"),
        (('["ALB", "LCN2"]', "{a = 1}"), r"derivation\.settings\.must_have"),
        (("n_patients = 4", "n_positive = 4"), "n_positive is 4 of n_patients 0; expected no more"),
        (("size = 1", "size = 0"), r"derivation\.size: found 0"),
        (("n_patients = 4", 'samples = ["P01"]'), r"derivation\.samples 1: found 'P01'"),
        (('"derived"', '"published"'), r"'published' and \[derivation\] is present"),
    ],
)
def test_a_derivation_that_cannot_be_is_refused(change, message):
    assert change[0] in DERIVED
    with pytest.raises(InputError, match=message):
        Panel.from_toml(DERIVED.replace(*change), "x.toml")


def test_a_protein_under_two_ids_is_said_and_not_refused():
    # Two assays of one protein are two entries of a panel.
    il6 = [{"id": f"OID0{i}", "accession": "P05231", "gene": "IL6"} for i in (390, 666)]
    panel = make("twins", *il6, {"id": "a", "gene": "Alb"}, {"id": "b", "gene": "ALB"})
    assert panel.remarks == (
        "Under more than one id in panel twins: ALB (a, b), P05231 (OID0390, OID0666).",
    )
    assert make("alone", il6[0], {"id": "a"}, {"id": "b"}).remarks == ()


def test_what_a_terminal_would_obey_is_written_as_an_escape():
    panel = make("odd", {"id": "\x1b[2J\u202e\x85\U000e0001é"})
    assert r'id = "\u001b[2J\u202e\u0085\U000e0001é"' in panel.to_toml()
    assert Panel.from_toml(panel.to_toml()) == panel


def test_the_id_of_a_large_protein_group_is_an_id():
    panel = make("group", {"id": ";".join(f"A0A{i:07d}" for i in range(300))})
    assert Panel.from_toml(panel.to_toml()) == panel


def test_a_panel_without_proteins_is_refused():
    with pytest.raises(InputError, match=r"protein: .*at least one item"):
        Panel.from_toml(GOOD.split("[[")[0].replace("[[", "") + "protein = []", "x.toml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x = " + b"[" * 5000, "is not TOML"),
        (b"x = " + b"9" * 5000, "is not TOML"),
        # Such a key takes the standard library eleven seconds.
        (b"x" + b".a" * 20_000 + b" = 1", "line 1 has more than 100 dots outside quotes"),
        (b"x = 1\n[" + b'"a".' * 20_000 + b"a]", "line 2 has more than 100 dots"),
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


def test_dots_in_a_note_are_no_key():
    note = "." * (MAX_DOTS + 1)
    assert parse_toml(f'note = "{note}"'.encode(), "x.toml") == {"note": note}


def test_a_file_of_forty_thousand_proteins_is_read_in_linear_time():
    many = GOOD + "".join(f'[[protein]]\nid = "X{i}"\n' for i in range(40_000))
    start = time.process_time()
    assert Panel.from_toml(many).size == 40_001
    # A minute, when each id was counted among all the others.
    assert time.process_time() - start < 15


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(InputError, match="is a pipe or a device"):
        load_panel(tmp_path / "pipe.toml")


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
    assert panel.remarks == ()
    assert len({protein.gene for protein in panel.proteins}) == panel.size
    if panel.status == "synthetic":
        assert all(re.fullmatch(SYNTHETIC_ID, protein.id) for protein in panel.proteins)
        assert not any(protein.accession for protein in panel.proteins)
        return
    assert panel.status in {"published", "reference"}
    assert panel.source.table
    # UniProt's own rule for an accession: uniprot.org/help/accession_numbers.
    rule = r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}"
    assert all(re.fullmatch(rule, protein.accession) for protein in panel.proteins)
    assert all(protein.id == protein.accession for protein in panel.proteins)


def test_the_table_of_the_readme_is_the_folder():
    text = (panel_folder() / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| (\w+) \| (\d+) \|$", text, re.MULTILINE)
    shipped = [load_panel(name) for name in list_panels()]
    assert rows == [(p.name, p.status, p.fluid, str(p.size)) for p in shipped]
    statuses = set(re.findall(r"^\| `([a-z]+)` \| [A-Z]", text, re.MULTILINE))
    assert statuses == set(get_args(Status))


def test_the_file_of_the_readme_is_a_panel():
    text = (panel_folder() / "README.md").read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    assert Panel.from_toml(example).proteins[0].gene == "TNC"


def test_the_synthetic_panel_is_what_the_simulator_plants_by_default():
    cohort = simulate_cohort()
    assert load_panel("synthetic-demo-urine") == planted_panel(cohort)
    planted = {each["id"]: each["direction"] for each in cohort.truth["planted"]}
    panel = load_panel("synthetic-demo-urine")
    assert {protein.id: protein.direction for protein in panel.proteins} == planted
    assert set(panel.ids) <= set(cohort.matrix.values.columns)


@pytest.mark.realdata
def test_accessions_and_genes_of_shipped_panels_stand_together_in_public_tables(data_folder):
    # Tables that FragPipe, DIA-NN and Olink wrote: another hand than ours.
    columns = {
        "puv_urine_fragpipe/combined_protein.csv": ("Protein ID", "Gene", ","),
        "chivas_saliva_diann/report.pg_matrix.tsv": ("Protein.Group", "Genes", "\t"),
        "gisby_serum_olink_long/serum_npx_level.csv": ("UniProt", "GeneID", ","),
    }
    known = {}
    for path, (accession, gene, separator) in columns.items():
        table = pd.read_csv(data_folder / path, sep=separator, encoding="utf-8-sig",
                            usecols=[accession, gene]).drop_duplicates()  # fmt: skip
        for name, symbol in zip(table[accession], table[gene], strict=True):
            known.setdefault(name, set()).add(symbol)
    proteins = [p for name in list_panels() for p in load_panel(name).proteins if p.accession]
    assert {p.accession for p in proteins} <= set(known)
    # HBA1 and HBA2 encode one protein, P69905; FragPipe names it after the second.
    wrong = [p.gene for p in proteins if not {p.gene, *p.aliases} & known[p.accession]]
    assert wrong == []


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


def test_frame_is_what_matching_takes():
    frame = load_panel("kidney-injury-urine").frame()
    assert frame.index.name == "id"
    assert frame.loc["P80188", "gene"] == "LCN2"
    assert list(frame.columns) == ["accessions", "gene", "direction"]
