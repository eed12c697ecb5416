"""The seal of an external evaluation: one hash over its figures and both its tables."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

from proteoclass.errors import InputError
from proteoclass.io import plain

#: What the seal covers beside the figures.
TABLES: Final = ("predictions.tsv", "scores.tsv")
FIGURES: Final = "evaluation.json"


def seal(summary: dict[str, Any], tables: dict[str, bytes]) -> str:
    """Return the hash of an evaluation's figures and tables.

    It tells an evaluation that was changed by accident or by hand. It is no signature: who
    can write the files can write another seal.

    Parameters
    ----------
    summary : dict
        Content of `evaluation.json`; a `seal` in it is left out.
    tables : dict of str to bytes
        Name and content of each of `TABLES`.

    Returns
    -------
    str
        SHA-256, in hexadecimal.

    Examples
    --------
    >>> seal({"n": 1, "seal": "x"}, {"a": b""}) == seal({"n": 1}, {"a": b""})
    True
    """
    figures = {key: value for key, value in plain(summary).items() if key != "seal"}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in tables.items()}
    # Escaped, for a name may hold what is no UTF-8.
    text = json.dumps({"figures": figures, "tables": hashes}, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_sealed(folder: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read an evaluation's folder, if it is as it was written.

    Parameters
    ----------
    folder : path-like
        That `evaluate --model FILE -o` wrote.

    Returns
    -------
    summary : dict
    tables : dict of str to bytes

    Raises
    ------
    InputError
        If a file is missing or is none of an evaluation, or the seal is broken.
    """
    place = Path(folder)
    tables = {name: _bytes(place / name) for name in TABLES}
    where = place / FIGURES
    try:
        summary = json.loads(_bytes(where).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: is no JSON ({str(error)[:80]}); evaluate again") from None
    if not isinstance(summary, dict) or summary.get("format") != "proteoclass-evaluation":
        raise InputError(f"{where}: is no evaluation; give the folder that `evaluate` wrote")
    if "model" not in summary:
        raise InputError(
            f"{where}: is a cross-validation, expected that of a locked model on another cohort; "
            "give the folder of `evaluate --model`"
        )
    if "seal" not in summary:
        raise InputError(f"{where}: has no seal: an older proteoclass wrote it; evaluate again")
    found = seal(summary, tables)
    if found != summary["seal"]:
        raise InputError(
            f"{where}: its seal does not fit the figures and tables (found {found[:12]}…, expected "
            f"{str(summary['seal'])[:12]}…): a file of the folder was altered; evaluate again"
        )
    return summary, tables


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(f"{path}: no such file; give the folder that `evaluate --model` wrote")
    return path.read_bytes()
