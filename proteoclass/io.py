"""Files written whole or not at all, and hashes of what was read."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from proteoclass.errors import (
    InputError,
    ProteoclassError,
    SystemFailureError,
    name_list,
    printable,
)
from proteoclass.temporary_files import temporary_file

if TYPE_CHECKING:
    import pandas as pd


def write_bytes(path: str | os.PathLike[str], content: bytes, *, force: bool = False) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part.

    The content goes to a temporary file in the same folder, is flushed to the disk,
    and is renamed over the target. A process that was killed leaves that file behind,
    hidden; the next one to write the same target, from five minutes later on, removes it.

    Parameters
    ----------
    path : path-like
        Target file; its folder must exist.
    content : bytes
        Whole content.
    force : bool
        Replace an existing file. Without it an existing file is an `InputError`.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    InputError
        If the target exists and `force` is false.
    SystemFailureError
        If the operating system refuses (no folder, no permission, disk full).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bytes(Path(folder) / "a.txt", b"whole").read_bytes()
    b'whole'
    """
    with new_file(path, force=force) as stream:
        stream.write(content)
    return Path(path)


@contextmanager
def new_file(path: str | os.PathLike[str], *, force: bool = False) -> Iterator[BinaryIO]:
    """Give a file to fill that takes its name only when the block ends well.

    For what is too long to be held at once; otherwise as `write_bytes`.

    Parameters
    ----------
    path : path-like
        Target file; its folder must exist.
    force : bool
        Replace an existing file.

    Yields
    ------
    binary stream

    Raises
    ------
    InputError, SystemFailureError
        As `write_bytes`; an `OSError` of the block counts as one of writing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with new_file(Path(folder) / "a.txt") as stream:
    ...         _ = stream.write(b"whole")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    """
    target = Path(path)
    refuse_overwrite(target, force=force)
    temporary = None
    try:
        handle, temporary = temporary_file(target)
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes 0600; a result is meant to be read by the group as any new file is.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise _refusal(target, "written", error) from error
    finally:
        # After the rename there is none; after any failure or Ctrl-C none may stay.
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str, *, force: bool = False) -> Path:
    r"""Write UTF-8 text as `write_bytes` does.

    Bytes of a file name that are no text (lone surrogates to Python) become escapes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "a.txt", "α\n").read_bytes()
    b'\xce\xb1\n'
    """
    return write_bytes(path, text.encode("utf-8", "backslashreplace"), force=force)


def write_json(path: str | os.PathLike[str], value: Any, *, force: bool = False) -> Path:
    """Write a JSON document, sorted and indented, with NaN and infinities as null.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_json(Path(folder) / "a.json", {"b": float("nan")}).read_text())
    {
     "b": null
    }
    <BLANKLINE>
    """
    return write_text(path, json_text(value), force=force)


def json_text(value: Any) -> str:
    r"""Return the text that `write_json` writes.

    Examples
    --------
    >>> json_text([1.5])
    '[\n 1.5\n]\n'
    """
    text = json.dumps(plain(value), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    # JSON itself escapes only what is below U+0020; a terminal obeys more than that.
    return re.sub(r"[^\n -~]", _escaped, text) + "\n"


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return character if printable(character) == character else json.dumps(character)[1:-1]


def write_table(path: str | os.PathLike[str], frame: pd.DataFrame, *, force: bool = False) -> Path:
    """Write a tidy frame as TSV without its index; floats in their shortest exact form.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     write_table(target, pd.DataFrame({"x": [0.1]})).read_text().split()
    ['x', '0.1']
    """
    return write_text(path, table_text(frame), force=force)


def table_text(frame: pd.DataFrame) -> str:
    r"""Return the text that `write_table` writes.

    An empty cell that is alone in its row is quoted: readers skip an empty line.

    Examples
    --------
    >>> import pandas as pd
    >>> table_text(pd.DataFrame({"x": [0.1, None], "y": [1, 2]}))
    'x\ty\n0.1\t1\n\t2\n'
    """
    # Before Python 3.13 a carriage return within a cell is quoted only where the line
    # ending holds one; unquoted it would end the row.
    text = frame.to_csv(sep="\t", index=False, lineterminator="\n\r")
    return text.replace("\n\r", "\n")


@contextmanager
def new_folder(
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> Iterator[Path]:
    """Give a folder to fill that takes its name only when the block ends well.

    Parameters
    ----------
    path : path-like
        The folder to make.
    force : bool
        Replace an existing folder. Only a folder that proteoclass wrote itself (it
        carries the marker file `.proteoclass`) is ever replaced.
    inputs : iterable of path-like
        Files that the block reads: a folder that holds one of them is not replaced.

    Yields
    ------
    Path
        A temporary folder beside the target.

    Raises
    ------
    InputError
        If the target exists and is not empty, and may not be replaced.
    SystemFailureError
        If the operating system refuses. An `OSError` of the block about a file
        elsewhere passes as it is.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     with new_folder(Path(parent) / "run") as folder:
    ...         _ = (folder / "a.txt").write_text("x")
    ...     sorted(f.name for f in (Path(parent) / "run").iterdir())
    ['.proteoclass', 'a.txt']
    """
    target = Path(path)
    _refuse_folder(target, force=force)
    _refuse_inputs(target, inputs)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
        os.chmod(temporary, 0o777 & ~_umask())
    except OSError as error:
        raise _refusal(target, "made", error) from error
    try:
        yield temporary
        _finish(temporary, target)
    except ProteoclassError as error:
        # The temporary name is nobody's but ours, and gone when the message is read.
        if str(temporary) not in str(error):
            raise
        raise type(error)(str(error).replace(str(temporary), str(target))) from error
    except OSError as error:
        # The block reads too: an input that fails is not this folder's fault.
        if error.filename is not None and str(temporary) not in str(error.filename):
            raise
        raise _refusal(target, "written", error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_overwrite(path: str | os.PathLike[str], *, force: bool) -> None:
    """Stop before work starts if the result would replace a file.

    Raises
    ------
    InputError
        If the target is a folder, a device or a pipe, or exists and `force` is false.
    SystemFailureError
        If the operating system refuses the name (too long, no permission).

    Examples
    --------
    >>> refuse_overwrite("/nowhere/new.tsv", force=False)
    """
    target = Path(path)
    try:
        is_folder, exists = target.is_dir(), target.exists()
        is_special = exists and not is_folder and not target.is_file()
    except OSError as error:
        raise _refusal(target, "written", error) from error
    if is_folder:
        raise InputError(f"{target}: is a folder, a file was expected; give a file name with -o")
    if is_special:
        # A rename would put a file in the place of the device, for every program there is.
        raise InputError(
            f"{target}: is a device or a pipe and is never replaced; give a file name with -o, or "
            "leave -o out for stdout"
        )
    if exists and not force:
        raise InputError(f"{target}: exists already; pass --force to replace it")


def sha256_file(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as handle:
    ...     sha256_file(handle.name)[:8]
    'e3b0c442'
    """
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def creation_date() -> str:
    """Return today's date (UTC), or that of SOURCE_DATE_EPOCH, so that builds repeat.

    Returns
    -------
    str
        ISO 8601, YYYY-MM-DD.

    Examples
    --------
    >>> len(creation_date())
    10
    """
    return creation_moment().date().isoformat()


def creation_moment() -> datetime.datetime:
    """Return this moment in UTC, or that of SOURCE_DATE_EPOCH.

    Returns
    -------
    datetime

    Raises
    ------
    InputError
        If SOURCE_DATE_EPOCH is set to what is not a moment in whole seconds.

    Examples
    --------
    >>> creation_moment().tzinfo
    datetime.timezone.utc
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return datetime.datetime.now(datetime.UTC)
    try:
        return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"SOURCE_DATE_EPOCH: found {epoch[:30]!r}, expected whole seconds since 1970; "
            "correct it or unset it"
        ) from error


def canonical_json(value: Any) -> bytes:
    r"""Return the one byte sequence that stands for a JSON value, to be hashed.

    Keys are sorted, no white space, UTF-8, NaN and infinities refused (ValueError).

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [0.5, "µ"]})
    b'{"a":[0.5,"\xc2\xb5"],"b":1}'
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def plain(value: Any) -> Any:
    """Turn NumPy and pandas scalars, arrays and tuples into plain JSON values.

    NaN, NaT, NA and infinities become None: JSON has no word for them. Dates become
    ISO 8601 text.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"a": np.array([1.0, np.nan])})
    {'a': [1.0, None]}
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return [plain(item) for item in items]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, os.PathLike):
        return str(value)
    # By name: pandas takes half a second to import, and most callers hold none of its values.
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value.isoformat() if isinstance(value, datetime.date) else value


def _refusal(target: Path, what: str, error: OSError) -> SystemFailureError:
    return SystemFailureError(
        f"{target}: cannot be {what} ({error.strerror or error}); choose another place with -o"
    )


def _refuse_folder(target: Path, *, force: bool) -> None:
    try:
        is_file = target.exists() and not target.is_dir()
        is_empty = is_file or not target.is_dir() or not any(target.iterdir())
    except OSError as error:
        raise _refusal(target, "made", error) from error
    if is_file:
        raise InputError(
            f"{target}: is a file, a folder was expected; choose another place with -o"
        )
    if is_empty:
        return
    if not force:
        raise InputError(f"{target}: exists already and is not empty; pass --force to replace it")
    if not (target / ".proteoclass").is_file():
        raise InputError(
            f"{target}: was not written by proteoclass and is never replaced; choose another folder"
        )


def _refuse_inputs(target: Path, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse to replace what the work is made from."""
    place = target.resolve()
    held = [Path(given).name for given in inputs if Path(given).resolve().is_relative_to(place)]
    if target.exists() and held:
        raise InputError(
            f"{target}: holds {name_list(held)}, which this command reads, and is not replaced; "
            "choose another folder with -o"
        )


def _finish(temporary: Path, target: Path) -> None:
    try:
        (temporary / ".proteoclass").write_text("written by proteoclass\n")
        _swap(temporary, target)
    except OSError as error:
        raise _refusal(target, "written", error) from error


def _swap(temporary: Path, target: Path) -> None:
    # A non-empty folder cannot be renamed over: the old one steps aside first.
    if not target.exists():
        os.rename(temporary, target)
        return
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-old-"))
    try:
        os.rename(target, aside / "old")
        os.rename(temporary, target)
    finally:
        # Back to its name, whatever stopped the exchange; if even that fails, the old
        # folder stays aside rather than being deleted.
        if not target.exists():
            os.rename(aside / "old", target)
        shutil.rmtree(aside, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
