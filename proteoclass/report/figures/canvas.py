"""One style and one palette for every picture, drawn without pyplot."""

from __future__ import annotations

import io
import re
from contextlib import ExitStack
from functools import cache
from types import TracebackType
from typing import Any

import matplotlib
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from proteoclass.report.glyphs import TEMPLATES, drawable

# The positive class has one colour in every picture; it and the negative class differ in
# lightness as well as in hue (safe for protanopia and deuteranopia), and both reach 4.5:1
# on white as text. Everything else is grey.
POSITIVE = "#B23A00"
NEGATIVE = "#2F6690"
INK = "#1F2933"
CONTEXT = "#5F6B78"
PALE = "#C9D1D9"
PALEST = "#E9EDF1"
BOLD = ["Open Sans Semibold", "DejaVu Sans"]

HALF = 3.4
WIDE = 4.4
FULL = 6.85


class Canvas:
    """A figure in the shared style that becomes one SVG element.

    Parameters
    ----------
    width, height : float
        Inches.
    layout : {"constrained", "none"}
        "none" where margins are set by hand, which is several times faster.

    Examples
    --------
    >>> with Canvas(3, 2) as canvas:
    ...     _ = canvas.axes().plot([0, 1], [0, 1])
    >>> canvas.svg.startswith("<svg")
    True
    """

    def __init__(self, width: float, height: float, layout: str = "constrained") -> None:
        self._stack = ExitStack()
        self._size = (width, height)
        self._layout = layout
        self.svg = ""

    def __enter__(self) -> Canvas:
        self._stack.enter_context(matplotlib.rc_context(_style()))
        self.figure = Figure(figsize=self._size, layout=self._layout)  # type: ignore[arg-type]
        FigureCanvasSVG(self.figure)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if kind is None:
                stream = io.StringIO()
                # No date: the same numbers must give the same bytes on any day.
                self.figure.savefig(stream, format="svg", metadata={"Date": None})
                self.svg = _bare(stream.getvalue())

    def axes(self, **options: Any) -> Axes:
        """Add one pair of axes that fills the figure.

        Examples
        --------
        >>> with Canvas(3, 2) as canvas:
        ...     canvas.axes().get_xlim()
        (np.float64(0.0), np.float64(1.0))
        """
        return self.figure.add_subplot(**options)


def label(text: object, longest: int = 24) -> str:
    """Return a name short enough for an axis, in characters the fonts have.

    Examples
    --------
    >>> label("x" * 30, longest=5), label("患者")
    ('xxxx…', '□□')
    """
    words = drawable(str(text))
    return words if len(words) <= longest else words[: longest - 1] + "…"


def beside(axes: Axes, height: float, words: str, *, gap: float = 0.03, **look: Any) -> None:
    """Write words beside the axes at a height of its data: left, or right for gap < 0.

    Examples
    --------
    >>> with Canvas(3, 2) as canvas:
    ...     beside(canvas.axes(), 0.5, "a row")
    """
    place, side = (-gap, "right") if gap > 0 else (1 - gap, "left")
    look = {"ha": side, "va": "center", **look}
    axes.text(place, height, words, transform=axes.get_yaxis_transform(), **look)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as mappings.

    Examples
    --------
    >>> records(pd.DataFrame({"a": [1]}))
    [{'a': 1}]
    """
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def class_colours(positive: str, negative: str) -> dict[str, str]:
    """Return the colour of each label of the outcome.

    Examples
    --------
    >>> class_colours("ICU", "ward")["ICU"] == POSITIVE
    True
    """
    return {negative: NEGATIVE, positive: POSITIVE}


@cache
def _style() -> Any:
    for path in sorted(TEMPLATES.glob("OpenSans-*.ttf")):
        font_manager.fontManager.addfont(str(path))
    # The library's own defaults come first, so that a user's matplotlibrc changes nothing.
    own: Any = matplotlib.rc_params_from_file(
        str(TEMPLATES.parent / "proteoclass.mplstyle"), use_default_template=False
    )
    defaults: Any = matplotlib.rcParamsDefault
    kept = {key: value for key, value in defaults.items() if key not in _NOT_LOOKS}
    return {**kept, **own}


_NOT_LOOKS = {
    key
    for key in matplotlib.rcParamsDefault
    if key.split(".")[0] in {"backend", "backend_fallback", "interactive", "toolbar", "timezone"}
    or key.startswith(("webagg", "tk", "macosx", "datapath", "keymap", "animation"))
}


def _bare(svg: str) -> str:
    """Keep the element alone: no prolog, no metadata, no comments, no fixed size."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S)
    # A style element inside a page reaches the whole page: its one rule moves to the root.
    rule = re.search(r'<style type="text/css">\*\{(.*?)\}</style>', svg)
    if rule:
        svg = svg.replace(rule.group(0), "", 1).replace(
            "<svg ", f'<svg style="{rule.group(1)}" ', 1
        )
    return svg.strip()
