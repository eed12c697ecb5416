"""The card says what the file says, "not reported" where it is blank, and obeys no name."""

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from proteoclass.errors import printable
from proteoclass.scorer.card_markdown import escaped, markdown_card
from proteoclass.scorer.card_words import Facts, Grid
from proteoclass.scorer.carried_evaluations import RULE
from proteoclass.scorer.model_card import model_card

MITCHELL = (
    *("Model details", "Intended use", "Factors", "Metrics", "Evaluation data"),
    *("Training data", "Quantitative analyses", "When it does not answer"),
    *("Ethical considerations", "Caveats and recommendations"),
)


@pytest.fixture(scope="module")
def summary(model):
    return model.summary()


@pytest.fixture(scope="module")
def card(summary):
    return {section.title: section for section in model_card(summary)}


def facts(section):
    return {
        name: value
        for block in section.blocks
        if isinstance(block, Facts)
        for name, value in block.rows
    }


def grids(section):
    return [block for block in section.blocks if isinstance(block, Grid)]


def rendered(text):
    """Return HTML by a Markdown engine of its own; HTML in the text would pass."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_the_sections_are_those_of_a_model_card(card):
    assert tuple(card) == MITCHELL
    assert all(section.blocks and section.items for section in card.values())


def test_figures_are_those_of_the_file(summary, card):
    auc = summary["auc"]
    low, high = auc["interval"]
    found = facts(card["Quantitative analyses"])
    assert found["AUC"].startswith(f"{auc['mean_over_repeats']:.2f} ({low:.2f} to {high:.2f})")
    assert found["kind of interval"] == auc["interval_kind"]
    slope = summary["evaluation"]["calibration"]["slope"]
    assert found["calibration slope"].startswith(f"{slope['median']:.2f} ({slope['low']:.2f} to ")
    limits, histogram = grids(card["Quantitative analyses"])
    for row, stated in zip(limits.rows, summary["evaluation"]["thresholds"], strict=True):
        assert row[1].startswith(
            f"{stated['sensitivity']:.2f} ({stated['sensitivity_interval'][0]:.2f}"
        )
    assert sum(int(row[1]) for row in histogram.rows) == sum(summary["reference"]["positive"])
    assert sum(int(row[3]) for row in histogram.rows) == sum(summary["reference"]["negative"])
    most = max(int(row[place]) for row in histogram.rows for place in (1, 3))
    for row in histogram.rows:
        for n, bar in ((int(row[1]), row[2]), (int(row[3]), row[4])):
            assert (len(bar) == 24) == (n == most)
            assert bool(bar) == bool(n)


def test_how_it_was_trained_and_its_limits_set(summary, card):
    training = facts(card["Training data"])
    assert training["trained on"] == "40 patients (14 positive, 26 negative)"
    assert training["samples"].startswith("80, of 40 patients more than one")
    [sites] = grids(card["Training data"])
    assert [list(row) for row in sites.rows] == [["A", "20"], ["B", "20"]]
    metrics = facts(card["Metrics"])
    assert metrics["set on"] == "out-of-fold scores of 14 severe and 26 mild patients, 2 × 4 folds"
    assert metrics["by the rule"] == RULE
    assert facts(card["Model details"])["seed"] == "1"
    error = summary["missing"]["error"]
    stated = facts(card["When it does not answer"])["error of that"]
    assert stated.startswith(f"at most {error['bound']:.1f} score points in {error['share']:.0%}")
    joint = facts(card["When it does not answer"])["out of range"]
    assert f"not reportable above {summary['range']['refused']:.2f}" in joint


def test_a_site_that_is_not_named_is_counted(summary):
    sites = {"named": [{"name": "A", "n_patients": 30}], "n_not_named": 2}
    training = summary["training"] | {"sites": sites | {"n_patients_not_named": 10}}
    card = {s.title: s for s in model_card(summary | {"training": training})}
    [grid] = grids(card["Training data"])
    assert grid.rows == (("A", "30"), ("2 sites not named", "10"))


def external(name, **changed):
    rate = {"sensitivity": 0.9, "sensitivity_interval": [0.8, 0.95]}
    rate |= {"specificity": 0.7, "specificity_interval": [0.6, 0.8], "limit": 30.0}
    return {
        **{"name": name, "synthetic": True, "fluid": "urine", "platform": ""},
        **{"n_patients": 1200, "n_positive": 300, "n_not_reportable": 7},
        "cohort_sha256": "c" * 64,
        "evaluated_sha256": "e" * 64,
        "auc": {"value": 0.81, "interval": None, "interval_kind": "DeLong"},
        "thresholds": [rate | {"name": "rule out"}, rate | {"name": "rule in"}],
        "calibration": {"slope": None, "slope_interval": None},
        "warnings": ["Only few."],
        **changed,
    }


def test_external_evaluations_are_shown_with_their_intervals(summary):
    carried = {"external_evaluations": [external("Clinic B")], "derived_from": ["d" * 64]}
    card = {s.title: s for s in model_card(summary | carried)}
    [cohorts] = grids(card["Evaluation data"])
    assert cohorts.rows == (
        ("Clinic B (SYNTHETIC)", "1,200 (300)", "7", "urine", "not reported", "c" * 12, "e" * 12),
    )
    figures = grids(card["Quantitative analyses"])[1]
    assert figures.rows == (
        (
            *("Clinic B (SYNTHETIC)", "0.81 (interval not reportable)"),
            *("0.90 (0.80 to 0.95)", "0.70 (0.60 to 0.80)", "not reported"),
        ),
    )
    assert ("caveat, Clinic B", "Only few.") in card["Caveats and recommendations"].blocks[0].rows
    assert facts(card["Model details"])["derived from"] == "d" * 64


def test_what_is_blank_is_not_reported_and_nothing_fails():
    text = markdown_card({})
    assert text.count("not reported") > 30
    assert all(f"## {title}\n" in text for title in MITCHELL)
    for section in model_card({"missing": None, "range": None, "evaluation": {}, "training": None}):
        for block in section.blocks:
            rows = block.rows
            assert all(all(isinstance(cell, str) for cell in row) for row in rows)


def test_scale_and_control_pool_are_said_with_their_limits_or_why_there_are_none():
    slope = {"n": 40, "lower": 0.71, "upper": 1.35, "reason": ""}
    pool = {"name": "QC", "n": 12, "n_batches": 4, "lower": -1.5, "upper": 0.25, "reason": ""}
    found = facts(model_card({"slope": slope, "control_pool": pool})[7])
    assert "a slope of 0.71 to 1.35" in found["scale"]
    assert found["QC pool"].startswith("QC: log-odds of -1.50 to 0.25, from 12 measurements in 4")
    none = {"lower": None, "upper": None, "reason": "only 2 of them"}
    found = facts(model_card({"slope": none, "control_pool": none, "platform": "timsTOF"})[7])
    assert (found["scale"], found["QC pool"]) == ("only 2 of them", "only 2 of them")
    assert facts(model_card({"platform": "timsTOF"})[0])["platform"] == "timsTOF"


HOSTILE = (
    "<script>alert(1)</script>",
    "![x](http://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "a | b | c",
    "*bold* _it_ `code` ~~gone~~",
    "x\n\n# Heading\n\n- list",
    "\x1b[2Jwiped\u202egnp",
    "&lt;b&gt; &copy;",
    "\\*not\\*",
    "$x$ www.evil.example me@evil.example <!-- -->",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_shown_and_never_obeyed(summary, name):
    panel = [{**summary["panel"][0], "id": name, "gene": name}]
    hostile = summary | {"name": name, "panel": panel, "not_for": [name]}
    hostile |= {"external_evaluations": [external(name)]}
    page = rendered(markdown_card(hostile))
    plain = rendered(markdown_card(summary | {"external_evaluations": [external("x")]}))
    tags = re.compile(r"<(/?[a-z!][^ >]*)")
    # One row in place of the panel's, no tag that the words of the card do not make.
    assert set(tags.findall(page)) <= set(tags.findall(plain))
    assert page.count("<h2>") == page.count("<h2") == len(MITCHELL)
    assert page.count("<h1>") == 1
    assert "\x1b" not in page
    assert "\u202e" not in page
    # The panel of one protein: as many cells as headings, bars in its name or not.
    panel_table = page.partition("</table>")[0]
    assert (panel_table.count("<th"), panel_table.count("<td")) == (1 + 6, 6)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_comes_out_as_it_went_in(text):
    """By an engine of its own: what is rendered is the text, white space and marks apart."""
    page = rendered(f"- **x**: {escaped(text)} end\n")
    [shown] = re.findall(r"^<ul>\n<li><strong>x</strong>: ([^<>]*)</li>\n</ul>\n$", page)
    assert html.unescape(shown).split() == [*printable(" ".join(text.split())).split(), "end"]


def test_the_card_says_nothing_of_a_patient(summary, toy):
    text = markdown_card(summary) + json.dumps(summary)
    names = [*toy.values.index, *toy.samples["patient_id"]]
    assert not [name for name in names if re.search(rf"\b{name}\b", text)]
