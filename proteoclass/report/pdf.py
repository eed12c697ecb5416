"""A document as a tagged PDF."""

from __future__ import annotations

import datetime
import json
import os
import re
from dataclasses import asdict
from functools import cache
from typing import Any

import typst

from proteoclass.report.document import Block, Document, Facts, Figure, Notice, Section
from proteoclass.report.glyphs import SUBSTITUTE, TEMPLATES, dejavu_folder, drawable
from proteoclass.report.html import side_by_side

# Archival and accessible at once: PDF/A-2a and PDF/UA-1.
_STANDARDS: list[Any] = ["a-2a", "ua-1"]
# A column whose longest cell exceeds this many characters shares the width that is left.
_WIDE_TEXT = 44
_PATIENT_PAGES = 2
_PATIENT_SIZES = (8.8, 8.1, 7.4)


def render_pdf(document: Document) -> bytes:
    """Render a document to PDF with the same words and numbers as the HTML.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
        Tagged PDF with title and language, checked by the compiler against PDF/A-2a
        and PDF/UA-1. The same document gives the same bytes: the date inside is
        `SOURCE_DATE_EPOCH`, else the document's own.

    Notes
    -----
    A character that the fonts lack is drawn as an empty box, and a sentence at the end
    of the document says so.

    Examples
    --------
    >>> render_pdf(Document("A title", "study"))[:5]
    b'%PDF-'
    """
    data = _substituted(document)
    content = b""
    # A patient report keeps to two pages whatever the names in it: smaller print before a
    # third page, and never smaller than 7.4 points.
    for points in _PATIENT_SIZES:
        data["points"] = points
        content = _compiled(data, document.created)
        if document.kind != "patient" or count_pages(content) <= _PATIENT_PAGES:
            break
    return content


def count_pages(content: bytes) -> int:
    """Return how many pages a PDF of ours has.

    Examples
    --------
    >>> count_pages(render_pdf(Document("A title", "study")))
    1
    """
    return len(re.findall(rb"/Type\s*/Page\b", content))


def _compiled(data: dict[str, Any], created: str) -> bytes:
    return typst.compile(
        (TEMPLATES / "document.typ").read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(data, ensure_ascii=False)},
        pdf_standards=_STANDARDS,
        timestamp=timestamp(created),
    )


def timestamp(created: str) -> int:
    """Return the seconds since 1970 that stand for the document's date.

    Parameters
    ----------
    created : str
        ISO date or date and time; UTC where it names no zone.

    Returns
    -------
    int
        `SOURCE_DATE_EPOCH` where it is set to a number; 0 where nothing is known.

    Examples
    --------
    >>> import os
    >>> _ = os.environ.pop("SOURCE_DATE_EPOCH", None)
    >>> timestamp("1970-01-02"), timestamp("")
    (86400, 0)
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return int(epoch)
    try:
        moment = datetime.datetime.fromisoformat(created)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(int(moment.timestamp()), 0)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(TEMPLATES), str(dejavu_folder())],
    )


def _substituted(document: Document) -> dict[str, Any]:
    data, missing = _drawable(_plain(document))
    if missing:
        noun = "character is" if missing == 1 else "characters are"
        note = Notice(
            f"{missing} {noun} not in the fonts of this PDF and drawn as {SUBSTITUTE}; "
            "the HTML report shows them."
        )
        first = data["sections"][0] if data["sections"] else _section(Section("Note", ()))
        first["groups"].append([_block(note)])
        data["sections"] = data["sections"] or [first]
    return data


def _plain(document: Document) -> dict[str, Any]:
    language, _, region = document.language.partition("-")
    return {
        "title": document.title,
        "kind": document.kind,
        "lang": language,
        "region": region or None,
        "banner": document.banner,
        "watermark": document.watermark,
        "status": document.status,
        "running": document.running,
        "sections": [_section(section) for section in document.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "new_page": section.new_page,
        "groups": [[_block(block) for block in group] for group in side_by_side(section.blocks)],
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Figure):
        return {
            "type": "Figure",
            "svg": block.svg,
            "alt": block.alt,
            "caption": block.caption,
            "width": _natural_width(block.svg),
        }
    if isinstance(block, Facts):
        return {"type": "Facts", "items": block.shown}
    data: dict[str, Any] = {"type": type(block).__name__, **asdict(block)}
    if data["type"] == "Table":
        for place, column in enumerate(data["columns"]):
            longest = max((len(row[place]) for row in data["rows"]), default=0)
            column["wide"] = longest > _WIDE_TEXT
    return data


def _natural_width(svg: str) -> float:
    found = re.search(r'viewBox="0 0 ([0-9.]+)', svg)
    return float(found.group(1)) if found else 240.0


def _drawable(value: Any) -> tuple[Any, int]:
    """Replace what the fonts lack in every text but the pictures, and count it."""
    if isinstance(value, str):
        text = drawable(value)
        return text, sum(a != b for a, b in zip(value, text, strict=True))
    if isinstance(value, (list, tuple)):
        pairs = [_drawable(item) for item in value]
        return [item for item, _ in pairs], sum(n for _, n in pairs)
    if isinstance(value, dict):
        found = {key: (item, 0) if key == "svg" else _drawable(item) for key, item in value.items()}
        return {key: item for key, (item, _) in found.items()}, sum(n for _, n in found.values())
    return value, 0
