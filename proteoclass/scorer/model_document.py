"""The text of a model file, read without trust: its size, its JSON, nothing of its meaning."""

from __future__ import annotations

import json
import os
import stat
from typing import Any

from proteoclass.errors import InputError, ModelRefusedError, SystemFailureError

MAX_BYTES = 64 * 2**20
#: A pipe whose other end says nothing must not hold the command up.
_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the JSON object that a model file holds.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    dict
        No key twice in it; numbers of any size.

    Raises
    ------
    InputError
        If there is no such file, or it is no regular file (a folder, a pipe, a device).
    SystemFailureError
        If the operating system does not let it be read.
    ModelRefusedError
        If it is too large, or no JSON object.

    Examples
    --------
    >>> read_document("no-such-model.json")
    Traceback (most recent call last):
    ...
    proteoclass.errors.InputError: no-such-model.json: no such file; give the path of a model
    """
    where = os.fspath(path)
    content = _content(where)
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_no_repeats, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ModelRefusedError(
            f"{where}: is not a model file ({reason[:120]}); get it again"
        ) from None
    if not isinstance(document, dict):
        raise ModelRefusedError(f"{where}: is not a proteoclass model; give the file `train` wrote")
    return document


def _content(where: str) -> bytes:
    """Return the bytes of a regular file, of one that grows while it is read no more than allowed.

    The file that was looked at is the file that is read, whatever takes its name meanwhile.
    """
    try:
        handle = os.open(where, os.O_RDONLY | _NO_WAITING)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise InputError(f"{where}: is no regular file; give the path of a model")
            with open(handle, "rb", closefd=False) as stream:
                content = b"" if found.st_size > MAX_BYTES else stream.read(MAX_BYTES + 1)
        finally:
            os.close(handle)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{where}: no such file; give the path of a model") from error
    except OSError as error:
        raise SystemFailureError(
            f"{where}: cannot be read ({error.strerror or error}); check the disk and its "
            "permissions"
        ) from error
    if found.st_size > MAX_BYTES or len(content) > MAX_BYTES:
        raise ModelRefusedError(
            f"{where}: is larger than {MAX_BYTES // 2**20} MiB, which no model is; get it again"
        )
    return content


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return mapping


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")
