"""Files that become a result when it is whole, and those that killed processes left behind."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

#: Seconds after which a temporary file that nobody has locked is nobody's.
_ABANDONED_AFTER = 300


def temporary_file(target: Path) -> tuple[int, str]:
    """Make a hidden file beside a target, locked for as long as it is written.

    Parameters
    ----------
    target : Path
        What it is to be renamed to.

    Returns
    -------
    handle : int
    name : str

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     handle, name = temporary_file(Path(folder) / "scores.tsv")
    ...     os.close(handle)
    ...     Path(name).name.startswith(".proteoclass-")
    True
    """
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:8]
    prefix = f".proteoclass-{digest}-"
    _remove_abandoned(target.parent, prefix)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix)
    _locked(handle)
    return handle, name


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Remove what killed processes left of the same target; what is in use stays.

    The system takes a lock from a process that ends. Some network drives know the locks of
    one machine alone, so that a file must have lain still for a while too.
    """
    with suppress(OSError):
        for left in folder.glob(f"{prefix}*"):
            found = left.lstat()
            old = time.time() - found.st_mtime > _ABANDONED_AFTER
            if old and stat.S_ISREG(found.st_mode):
                with open(left, "r+b") as stream:
                    if _locked(stream.fileno()):
                        left.unlink()


def _locked(handle: int) -> bool:
    """Lock an open file if nobody else has; say whether that could be done."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
