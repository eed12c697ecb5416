"""Which characters the report's fonts can draw, and what stands for the others."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font

TEMPLATES = Path(__file__).parent / "templates"
SUBSTITUTE = "□"


def font_files() -> tuple[Path, ...]:
    """Return the font files of pictures and PDF, in the order they are tried.

    Examples
    --------
    >>> font_files()[0].name
    'OpenSans-Regular.ttf'
    """
    own = [TEMPLATES / f"OpenSans-{style}.ttf" for style in ("Regular", "Semibold", "Italic")]
    return (*own, *(dejavu_folder() / f"DejaVuSans{style}.ttf" for style in ("", "-Bold")))


def dejavu_folder() -> Path:
    """Return the folder of the fonts that Matplotlib ships.

    Examples
    --------
    >>> (dejavu_folder() / "DejaVuSans.ttf").is_file()
    True
    """
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def _covered() -> frozenset[int]:
    covered: set[int] = set()
    # A character counts only where the upright and the bold face both have it: a fact's
    # name, a heading and a cell must not differ in what they can show.
    for pair in (("OpenSans-Regular", "OpenSans-Semibold"), ("DejaVuSans", "DejaVuSans-Bold")):
        files = [path for stem in pair for path in font_files() if path.stem == stem]
        faces = [set(FT2Font(str(path)).get_charmap()) for path in files]
        covered |= set.intersection(*faces)
    return frozenset(covered)


def drawable(text: str) -> str:
    """Return text in which every character the fonts lack is an empty box.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Same length in characters.

    Examples
    --------
    >>> drawable("α-globin 患者")
    'α-globin □□'
    """
    return "".join(c if ord(c) in _covered() else SUBSTITUTE for c in text)
