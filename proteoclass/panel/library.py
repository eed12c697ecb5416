"""Panel files found by name: the ones that ship with proteoclass, or a path."""

from __future__ import annotations

import os
from pathlib import Path

from proteoclass.errors import InputError
from proteoclass.panel.panel import Panel
from proteoclass.panel.toml import did_you_mean, read_toml


def panel_folder() -> Path:
    """Return the folder of the panels that ship with proteoclass.

    A wheel carries them as ``proteoclass/_panels``; an editable install and a bare
    checkout have them in ``panels/`` beside the package.

    Raises
    ------
    InputError
        If neither is there: the installation is incomplete.

    Examples
    --------
    >>> panel_folder().is_dir()
    True
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_panels", package.parent / "panels"):
        if folder.is_dir():
            return folder
    raise InputError(f"{package}: no panel files beside the package; install proteoclass again")


def list_panels() -> list[str]:
    """Return the names of the panels that ship with proteoclass, sorted.

    Examples
    --------
    >>> "kidney-injury-urine" in list_panels()
    True
    """
    return sorted(path.stem for path in panel_folder().glob("*.toml"))


def load_panel(name_or_path: str | os.PathLike[str]) -> Panel:
    """Load a panel by its name, or from a file.

    Parameters
    ----------
    name_or_path : str or path-like
        One of `list_panels`, or the path of a panel file. What looks like a path
        (a folder separator or the ending ``.toml``) is taken as one.

    Returns
    -------
    Panel

    Raises
    ------
    InputError
        If there is no such panel or file, or the file is not a panel.

    Examples
    --------
    >>> load_panel("kidney-injury-urine").proteins[0].gene
    'TIMP2'
    """
    text = os.fspath(name_or_path)
    if text.endswith(".toml") or os.sep in text or "/" in text:
        return _read(Path(text))
    known = list_panels()
    if text not in known:
        raise InputError(f"no panel is called {text!r}; {did_you_mean(text, known)}")
    return _read(panel_folder() / f"{text}.toml")


def _read(path: Path) -> Panel:
    return Panel.from_data(read_toml(path), str(path))
