"""A report as plain data: built once, then rendered to HTML and to PDF."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pandas as pd

RESEARCH_ONLY = (
    "Research use only. Not a diagnostic device. "
    "Do not file in the patient record or use for treatment."
)


@dataclass(frozen=True)
class Paragraph:
    """Running text.

    Parameters
    ----------
    text : str
        Plain text; nothing in it is markup.
    role : {"body", "lead", "small"}
        "lead" is the one sentence to read first, "small" a footnote.

    Examples
    --------
    >>> Paragraph("The score fell.").role
    'body'
    """

    text: str
    role: Literal["body", "lead", "small"] = "body"


@dataclass(frozen=True)
class Points:
    """A list of short sentences.

    Examples
    --------
    >>> len(Points(("one", "two")).items)
    2
    """

    items: tuple[str, ...]


@dataclass(frozen=True)
class Headline:
    """The one number of a page, and what it means in words.

    Parameters
    ----------
    value : str
        The number, formatted.
    unit : str
        What it is counted in, for example "of 100".
    words : str
        The judgement, derived from the number.
    detail : str
        The interval or the reason.
    """

    value: str
    unit: str
    words: str
    detail: str = ""


@dataclass(frozen=True)
class Facts:
    """Named values in a fixed order.

    Parameters
    ----------
    items : tuple of (str, str)
        Name and value. An empty value is shown as "not reported".

    Examples
    --------
    >>> Facts((("Sample", "S1"), ("Requester", ""))).shown
    (('Sample', 'S1'), ('Requester', 'not reported'))
    """

    items: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """Items with every gap named."""
        return tuple((name, value or "not reported") for name, value in self.items)


@dataclass(frozen=True)
class Column:
    """One column of a table: what it holds, in which unit, on which side it is aligned."""

    title: str
    unit: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table of formatted text; the first column names the row.

    Parameters
    ----------
    caption : str
    columns : tuple of Column
    rows : tuple of tuple of str, shape (n_rows, n_columns)

    Raises
    ------
    ValueError
        If a row has another length than the header.

    Examples
    --------
    >>> Table("Slopes", (Column("Group"), Column("Slope", "per week", True)), (("a", "1"),)).rows
    (('a', '1'),)
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.caption!r}: row {number} has {len(row)} cells, "
                    f"expected {len(self.columns)}"
                )


@dataclass(frozen=True)
class Figure:
    """A picture, the numbers it was drawn from, and its words.

    Parameters
    ----------
    name : str
        Short name, unique in the document.
    svg : str
        One `<svg>` element.
    alt : str
        What a reader who cannot see the picture needs to know.
    caption : str
    frame : DataFrame
        The tidy frame the picture was drawn from.
    half : bool
        Two half figures may stand side by side.
    """

    name: str
    svg: str
    alt: str
    caption: str
    frame: pd.DataFrame = field(compare=False, repr=False)
    half: bool = False


@dataclass(frozen=True)
class Notice:
    """A sentence that must not be overlooked."""

    text: str
    kind: Literal["synthetic", "warning", "refused", "note"] = "note"


@dataclass(frozen=True)
class SignOff:
    """Lines to be filled in by hand.

    Examples
    --------
    >>> SignOff((("Reviewed by", ""),)).items[0][0]
    'Reviewed by'
    """

    items: tuple[tuple[str, str], ...]


Block: TypeAlias = Paragraph | Points | Headline | Facts | Table | Figure | Notice | SignOff


@dataclass(frozen=True)
class Section:
    """A headed part of a document.

    Parameters
    ----------
    title : str
    blocks : tuple of Block
    new_page : bool
        Start on a new page when printed.
    """

    title: str
    blocks: tuple[Block, ...]
    new_page: bool = False

    @property
    def anchor(self) -> str:
        """Name of the section in a link.

        Examples
        --------
        >>> Section("How sure?", ()).anchor
        'how-sure'
        """
        kept = "".join(c if c.isascii() and c.isalnum() else " " for c in self.title.lower())
        return "-".join(kept.split())


@dataclass(frozen=True)
class Document:
    """A whole report.

    Parameters
    ----------
    title : str
    kind : {"study", "patient"}
    language : str
        IETF tag of the words that proteoclass writes itself.
    banner : str
        Stands on every page: what the document must not be used for.
    watermark : str
        Stands on every page, large and pale; empty for none.
    status : str
        One line under the title.
    running : str
        Who or what the page is about, repeated at its head.
    created : str
        ISO date or date and time.
    sections : tuple of Section

    Examples
    --------
    >>> page = Document("A title", "study", sections=(Section("Result", (Paragraph("x"),)),))
    >>> [section.title for section in page.sections]
    ['Result']
    """

    title: str
    kind: Literal["study", "patient"]
    language: str = "en-GB"
    banner: str = RESEARCH_ONLY
    watermark: str = ""
    status: str = ""
    running: str = ""
    created: str = ""
    sections: tuple[Section, ...] = ()

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in reading order."""
        return tuple(
            block for part in self.sections for block in part.blocks if isinstance(block, Figure)
        )

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in reading order."""
        return tuple(
            block for part in self.sections for block in part.blocks if isinstance(block, Table)
        )
