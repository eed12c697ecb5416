"""HTML and PDF: self-contained, safe, accessible, reproducible, and of one mind."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from run_folder import HOSTILE
from words import block_words, html_words, numbers, pdf_pages, squeeze

from proteoclass.report import Document, Run, render_html, render_pdf
from proteoclass.report.document import (
    RESEARCH_ONLY,
    Column,
    Facts,
    Figure,
    Headline,
    Notice,
    Paragraph,
    Points,
    Section,
    SignOff,
    Table,
)
from proteoclass.report.glyphs import SUBSTITUTE
from proteoclass.report.patient import patient_document
from proteoclass.report.pdf import count_pages, timestamp
from proteoclass.report.study import study_document

EVIL = (
    '<img src=x onerror="alert(1)"> & \'"; #let x = 1; $a$ *b* _c_ @d <label> \\ // /* '
    "{{ 7*7 }} {% x %}"
)


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def documents(run: Run) -> list[Document]:
    return [study_document(run), *(patient_document(run, name) for name in HOSTILE)]


@pytest.fixture(scope="module")
def pages(documents: list[Document]) -> list[str]:
    return [render_html(document) for document in documents]


def everything(text: str) -> Document:
    """A document with every kind of block, `text` in every place."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 10" width="240pt" height="10pt">'
        '<g id="a"><path d="M0 0h9"/></g><use href="#a"/></svg>'
    )
    picture = Figure("pic", svg, text, text, pd.DataFrame({"a": [1]}))
    half = Figure("half", svg, text, text, pd.DataFrame({"a": [1]}), half=True)
    other = Figure("other", svg, text, text, pd.DataFrame({"a": [1]}), half=True)
    blocks = (
        Paragraph(text, "lead"),
        Paragraph(text, "small"),
        Points((text, text)),
        Headline(text, text, text, text),
        Facts(((text, text), ("empty", ""))),
        Table(text, (Column(text, text), Column("n", "", True)), ((text, "1"),)),
        picture,
        half,
        other,
        *(Notice(text, kind) for kind in ("synthetic", "warning", "refused", "note")),
        SignOff(((text, ""), (text, text))),
    )
    return Document(
        text,
        "study",
        watermark="SYNTHETIC",
        status=text,
        running=text,
        created="2024-01-01",
        sections=(Section(text, blocks), Section("B", (), new_page=True)),
    )


def test_no_script_and_no_outside_reference(pages: list[str]) -> None:
    for page in pages:
        tags = _Tags(page)
        names = {tag for tag, _ in tags.tags}
        assert not names & {"script", "link", "iframe", "object", "embed", "img", "form", "base"}
        for _, attrs in tags.tags:
            assert not [name for name in attrs if name.startswith("on")]
            for name in ("src", "href", "xlink:href", "action", "srcset", "poster"):
                assert (attrs.get(name) or "#").startswith("#")
        body = re.sub(r'xmlns(:xlink)?="[^"]*"', "", page)
        outside = set(re.findall(r"(?:https?:)?//[\w.]+", body)) - {"//evil.example"}
        assert outside <= {"http://evil.example"}, "only as the text of a patient's id"
        assert not re.search(r"url\((?!#)", page)
        assert "@import" not in page


def test_a_content_security_policy_forbids_requests(pages: list[str]) -> None:
    for page in pages:
        policy = next(
            attrs["content"] or ""
            for attrs in _Tags(page).all("meta")
            if attrs.get("http-equiv") == "Content-Security-Policy"
        )
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "style-src 'unsafe-inline'" in policy


@pytest.mark.parametrize("name", [EVIL, *HOSTILE])
def test_every_value_is_escaped_in_every_place(name: str) -> None:
    plain = render_html(everything("plain"))
    page = render_html(everything(name))
    expected = [tag for tag, _ in _Tags(plain).tags]
    assert [tag for tag, _ in _Tags(page).tags] == expected, "a name never becomes markup"
    assert html_words(page).count(squeeze(name)) == html_words(plain).count("plain")


@pytest.mark.parametrize("name", [EVIL, *HOSTILE])
def test_a_pdf_shows_markup_as_text(name: str, tmp_path: Path) -> None:
    text = "".join(pdf_pages(render_pdf(everything(name)), tmp_path))
    drawn = "".join(c if c in "מטופל שבע" or ord(c) < 0x500 else SUBSTITUTE for c in name)
    if drawn.isascii():
        assert drawn.replace(" ", "")[:60] in text.replace(" ", "")
    elif SUBSTITUTE in drawn:
        assert drawn in text
        assert "not in the fonts of this PDF" in text


def test_ids_of_a_page_are_unique(pages: list[str]) -> None:
    for page in pages:
        ids = [attrs["id"] for _, attrs in _Tags(page).tags if attrs.get("id")]
        used = re.findall(r'(?:xlink:)?href="#([^"]+)"', page)
        assert len(set(ids)) == len(ids)
        assert set(used) <= set(ids)


def test_html_can_be_read_without_seeing_it(pages: list[str]) -> None:
    for page in pages:
        tags = _Tags(page)
        assert tags.all("html")[0]["lang"] == "en-GB"
        assert len(tags.all("h1")) == 1
        levels = [int(tag[1]) for tag, _ in tags.tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert set(levels[1:]) == {2}
        assert all(attrs.get("scope") in ("col", "row") for attrs in tags.all("th"))
        assert len(tags.all("table")) == len(tags.all("caption"))
        for attrs in tags.all("svg"):
            assert attrs["role"] == "img"
            assert len(attrs["aria-label"] or "") > 20
        assert tags.all("meta")[2]["content"] == "width=device-width, initial-scale=1"


def test_the_study_has_contents_that_lead_somewhere(pages: list[str]) -> None:
    links = [a["href"] for a in _Tags(pages[0]).all("a")]
    targets = {f"#{attrs['id']}" for attrs in _Tags(pages[0]).all("h2")} | {"#main"}
    assert len(links) == 12
    assert set(links) <= targets


def test_html_and_pdf_carry_the_same_words_and_numbers(
    documents: list[Document], pages: list[str], tmp_path: Path
) -> None:
    for document, page in zip(documents[:4], pages[:4], strict=True):
        pdf = " ".join(pdf_pages(render_pdf(document), tmp_path))
        in_html, in_pdf = html_words(page), numbers(pdf)
        for table in document.tables:
            for cell in (cell for row in table.rows for cell in row):
                assert squeeze(cell) in in_html
                assert numbers(squeeze(cell)) <= in_pdf
        for section in document.sections:
            assert squeeze(section.title) in pdf
            for words in (squeeze(_words(block)) for block in section.blocks):
                assert words in in_html
                assert numbers(words) <= in_pdf


def _words(block: Any) -> str:
    if isinstance(block, (Paragraph, Notice)):
        return block.text
    if isinstance(block, Headline):
        return f"{block.value} {block.unit} {block.words} {block.detail}".strip()
    return block.caption if isinstance(block, Figure) else ""


@pytest.mark.usefixtures("drawn_anew")
def test_rebuilding_gives_the_same_bytes(run: Run) -> None:
    first, again = patient_document(run, "PT-008"), patient_document(run, "PT-008")
    assert render_html(first) == render_html(again)
    assert render_pdf(first) == render_pdf(again)
    study = study_document(run)
    assert render_html(study) == render_html(study)
    assert render_pdf(study) == render_pdf(study)


def test_every_page_says_what_it_must_not_be_used_for(
    documents: list[Document], pages: list[str], tmp_path: Path
) -> None:
    for document, page in zip(documents, pages, strict=True):
        assert html_words(page).startswith("Skip to the report " + RESEARCH_ONLY)
        sheets = pdf_pages(render_pdf(document), tmp_path)
        for number, sheet in enumerate(sheets, start=1):
            assert RESEARCH_ONLY in sheet
            assert f"Page {number} of {len(sheets)}" in sheet
            assert "SYNTHETIC data, no real patient" in sheet


def test_real_data_carry_no_watermark(make_run: Any, tmp_path: Path) -> None:
    run = make_run(synthetic=False, fluid="plasma")
    blocks = [block for section in study_document(run).sections for block in section.blocks]
    assert "SYNTHETIC" not in block_words(blocks)
    for document in (patient_document(run, "PT-008"),):
        assert "SYNTHETIC" not in html_words(render_html(document))
        assert "SYNTHETIC" not in " ".join(pdf_pages(render_pdf(document), tmp_path))


def test_the_pdf_declares_archive_and_access(documents: list[Document]) -> None:
    content = render_pdf(documents[1])
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    assert b"/Lang(en-GB)" in content.replace(b" ", b"")
    assert b"<rdf:li xml:lang=" in content
    assert b"/MarkInfo" in content


def test_the_date_in_the_pdf_is_the_runs_or_the_environments(
    documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert timestamp("2024-05-01T09:30:00+00:00") == 1714555800
    assert timestamp("2024-05-01") == 1714521600
    assert timestamp("yesterday") == 0
    dated = render_pdf(documents[0])
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert timestamp("2024-05-01") == 1000000000
    assert render_pdf(documents[0]) != dated
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert timestamp("2024-05-01") == 1714521600


@pytest.mark.parametrize("patients", [range(7)])
def test_a_patient_report_has_at_most_two_pages(documents: list[Document], patients: range) -> None:
    counts = [count_pages(render_pdf(documents[1 + number])) for number in patients]
    assert max(counts) == 2
    assert min(counts) == 1, "a refused result needs one page"


def test_long_names_still_fit_two_pages(make_run: Any) -> None:
    long = "a label that somebody made far too long for any table or picture to hold"
    run = make_run(positive=long, negative=f"not {long}", hostile=True)
    for name in (HOSTILE[0], HOSTILE[5], "PT-010"):
        assert count_pages(render_pdf(patient_document(run, name))) <= 2


def test_characters_without_a_glyph_are_said(documents: list[Document], tmp_path: Path) -> None:
    chinese = documents[1 + HOSTILE.index("患者八")]
    text = " ".join(pdf_pages(render_pdf(chinese), tmp_path))
    assert f"6 characters are not in the fonts of this PDF and drawn as {SUBSTITUTE}" in text
    assert "患者八" in html_words(render_html(chinese))
    one = Document("病", "study")
    assert "1 character is not in the fonts" in " ".join(pdf_pages(render_pdf(one), tmp_path))


def test_a_table_with_a_row_too_short_is_a_bug() -> None:
    with pytest.raises(ValueError, match="row 0 has 1 cells, expected 2"):
        Table("t", (Column("a"), Column("b")), (("1",),))
