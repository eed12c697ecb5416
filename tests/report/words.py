"""The words of a report, taken out of its renderings as a reader would meet them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from proteoclass.report import render_html
from proteoclass.report.document import Block, Document, Section


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("style", "svg", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "svg", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(data)


def html_words(text: str) -> str:
    parser = _Text()
    parser.feed(text)
    return squeeze(" ".join(parser.pieces))


def block_words(blocks: Iterable[Block]) -> str:
    """Words of a few blocks, rendered as the body of a report."""
    page = render_html(Document("", "study", banner="", sections=(Section("", tuple(blocks)),)))
    return html_words(page[page.index("<main") : page.index("</main>")])


def pdf_pages(content: bytes, folder: Path) -> list[str]:
    """Text of each page; skips where poppler is absent."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = folder / "report.pdf"
    path.write_bytes(content)
    done = subprocess.run(
        ["pdftotext", "-q", "-layout", str(path), "-"], capture_output=True, check=True
    )
    return [squeeze(page) for page in done.stdout.decode("utf-8").split("\f")[:-1]]


def squeeze(text: str) -> str:
    # Break opportunities and hard spaces are typography, not content.
    return re.sub(r"\s+", " ", text.replace("\u200b", "").replace("\u00a0", " ")).strip()


def numbers(text: str) -> set[str]:
    """Every number as it is printed."""
    return set(re.findall(r"[−+]?\d[\d,]*(?:\.\d+)?", text))
