"""The HTML as a browser shows and prints it."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from everything import EVERYTHING
from words import pdf_pages, squeeze

from proteoclass.report import Run, render_html
from proteoclass.report.document import RESEARCH_ONLY
from proteoclass.report.patient import patient_document
from proteoclass.report.study import study_document

pytestmark = pytest.mark.browser

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium(folder: Path, *arguments: str) -> str:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed")
    command = [program, *_FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    return done.stdout.decode("utf-8")


@pytest.mark.parametrize("kind", ["study", "patient"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(run: Run, tmp_path: Path, kind: str, width: int) -> None:
    """The page is measured inside a frame of the given width, by a script of the test's own."""
    full = replace(run, evaluation={**run.evaluation, **EVERYTHING})
    document = study_document(full) if kind == "study" else patient_document(run, "x" * 500)
    page = re.sub(r"<meta http-equiv[^>]*>", "", render_html(document))
    outer = (
        f'<iframe id="f" width="{width}" height="800" style="border:0" '
        f'srcdoc="{html.escape(page)}"></iframe>'
        "<script>onload = () => { const d = f.contentDocument.documentElement;"
        "document.title = `width ${d.scrollWidth}`; }</script>"
    )
    path = tmp_path / "outer.html"
    path.write_text(outer, encoding="utf-8")
    dumped = chromium(tmp_path, "--dump-dom", path.as_uri())
    found = re.search(r"<title>width (\d+)</title>", dumped)
    assert found is not None
    assert int(found.group(1)) <= width


def test_a_printed_page_says_what_it_must_not_be_used_for(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render_html(patient_document(run, "PT-007")), encoding="utf-8")
    target = tmp_path / "printed.pdf"
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={target}", path.as_uri())
    pages = pdf_pages(target.read_bytes(), tmp_path)
    assert len(pages) >= 2
    for page in pages:
        assert squeeze(RESEARCH_ONLY) in page
        assert "SYNTHETIC" in page
