"""A model card as Markdown, in which no name of a file is a mark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from proteoclass.errors import printable
from proteoclass.scorer.card_words import Facts, Grid, Section, part
from proteoclass.scorer.model_card import model_card

_MARKS = re.compile(r"([\\`*_\[\]|~$!#{}^])")
_NUMBER = re.compile(r"[<>]?[+−-]?[\d,]+(\.\d+)?")


def markdown_card(summary: Mapping[str, Any]) -> str:
    """Return the card of a model in Markdown.

    Parameters
    ----------
    summary : mapping
        As `SeverityModel.summary` returns it.

    Returns
    -------
    str

    Notes
    -----
    Mitchell et al. 2019, doi 10.1145/3287560.3287596.

    Examples
    --------
    >>> markdown_card({"name": "<b>ours</b>"}).splitlines()[0]
    '# Model card: &lt;b&gt;ours&lt;/b&gt;'
    """
    lines = [f"# Model card: {escaped(summary.get('name', ''))}", ""]
    if part(summary, "training").get("synthetic"):
        lines += ["**SYNTHETIC: trained on simulated patients. No number here is of a patient.**"]
        lines += [""]
    lines += [
        "Derived from the model file alone. Sections after Mitchell et al. 2019, doi "
        "10.1145/3287560.3287596; items are those of TRIPOD+AI, doi 10.1136/bmj-2023-078378, that "
        'have their place there, which is no claim that they are met. "not reported": the file '
        "does not say.",
        "",
    ]
    for section in model_card(summary):
        lines += _section(section)
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: object) -> str:
    r"""Return text of a file so that Markdown, HTML and a terminal show it as it is.

    Parameters
    ----------
    text : object

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> print(escaped("<i>*A*|B\n[x](http://y)"))
    &lt;i&gt;\*A\*\|B \[x\](http&#58;//y)
    """
    line = printable(" ".join(str(text).split()))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _MARKS.sub(r"\\\1", line)
    # A bare address or a name after @ becomes a link where Markdown is shown.
    line = line.replace("://", "&#58;//").replace("@", "&#64;")
    return re.sub(r"(?i)\bwww\.", lambda found: found[0][:-1] + "&#46;", line)


def _section(section: Section) -> list[str]:
    lines = [f"## {section.title}", "", f"TRIPOD+AI items {section.items}.", ""]
    for block in section.blocks:
        lines += _facts(block) if isinstance(block, Facts) else _grid(block)
        lines.append("")
    return lines


def _facts(facts: Facts) -> list[str]:
    return [f"- **{escaped(name)}**: {escaped(value)}" for name, value in facts.rows]


def _grid(grid: Grid) -> list[str]:
    columns = list(zip(*grid.rows, strict=True))
    right = [
        all(_NUMBER.fullmatch(cell) for cell in columns[place]) if columns else False
        for place in range(len(grid.heading))
    ]
    rows = [grid.heading, *grid.rows]
    body = ["| " + " | ".join(escaped(cell) for cell in row) + " |" for row in rows]
    rule = "|" + "|".join("---:" if number else "---" for number in right) + "|"
    return [f"{escaped(grid.title)}.", "", body[0], rule, *body[1:]]
