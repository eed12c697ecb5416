"""A document as one self-contained HTML file."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from proteoclass.report.document import Block, Document, Figure
from proteoclass.report.glyphs import TEMPLATES
from proteoclass.report.wording import moment


def render_html(document: Document) -> str:
    """Render a document to HTML that needs no script and no network.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        One file: styles and pictures are inside, every value is escaped, and a
        content security policy forbids any request.

    Examples
    --------
    >>> text = render_html(Document("A <b> title", "study"))
    >>> "A &lt;b&gt; title" in text, "default-src 'none'" in text
    (True, True)
    """
    return _template().render(d=document)


def side_by_side(blocks: Iterable[Block]) -> list[list[Block]]:
    """Group consecutive half-width figures; every other block stands alone.

    Examples
    --------
    >>> import pandas as pd
    >>> half = Figure("a", "<svg/>", "", "", pd.DataFrame(), half=True)
    >>> [len(group) for group in side_by_side([half, half, half])]
    [3]
    """
    groups: list[list[Block]] = []
    was_half = False
    for block in blocks:
        half = isinstance(block, Figure) and block.half
        if half and was_half:
            groups[-1].append(block)
        else:
            groups.append([block])
        was_half = half
    return groups


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["picture"] = _picture
    environment.filters["moment"] = moment
    environment.filters["side_by_side"] = side_by_side
    return environment.get_template("document.html.j2")


def _picture(figure: Figure) -> Markup:
    """Give the SVG its words, and ids that no other picture of the page has."""
    svg = figure.svg
    for attribute in ('id="', 'href="#', "url(#"):
        svg = svg.replace(attribute, f"{attribute}{figure.name}-")
    svg = re.sub(r' (?:width|height)="[0-9.]+pt"', "", svg, count=2)
    words = html.escape(figure.alt, quote=True)
    # The picture is proteoclass's own drawing, in which all text is outlines.
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{words}" ', 1))  # noqa: S704
