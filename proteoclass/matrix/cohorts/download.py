"""One file of known size and hash over HTTP, through pooch."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from proteoclass._version import __version__
from proteoclass.errors import InputError, ProteoclassError, SystemFailureError

#: Seconds to wait for a connection, and for each next byte.
PATIENCE = 20.0
#: Seconds for one file; the largest of the catalogue has 3 MB.
DEADLINE = 600.0
#: Bytes that are waited for at once: a source that drips is noticed after this many.
_PIECE = 64


def download(
    url: str,
    target: Path,
    *,
    size: int,
    sha256: str,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Fetch a file and check that it is the one expected.

    Parameters
    ----------
    url : str
    target : Path
        File to write; its folder must exist.
    size : int
        Bytes that the file has; not one more is read.
    sha256 : str
        Of its content, hexadecimal.
    progress : callable, optional
        Called with bytes read and `size`.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    InputError
        If what came is not the file: too large, or another hash.
    SystemFailureError
        If the source cannot be reached, refuses, redirects, is too slow or breaks off,
        or the disk is full.

    Notes
    -----
    Redirects are not followed: the source answers at once, and what redirects is a login
    page or a proxy. No credentials are sent. Nothing is left of a file that failed.
    """
    receiver = _Receiver(url, target, size, progress)
    try:
        _retrieve(url, target, sha256, receiver)
    except ProteoclassError:
        raise
    except OSError as error:
        # What requests raises knows its response, what the operating system raises does not.
        if not hasattr(error, "response"):
            raise
        raise SystemFailureError(f"{url}: {receiver.why(error)}") from error
    except ValueError as error:  # pooch's word for another hash
        if receiver.cut_short():
            raise SystemFailureError(f"{url}: {receiver.broke_off()}") from error
        raise InputError(
            f"{url}: is not the file that was pinned: found SHA-256 {receiver.found()} "
            f"({receiver.done} bytes), expected {sha256[:12]} ({size} bytes); nothing was kept; "
            "try again, or fetch it from another --mirror"
        ) from error
    return target


def _retrieve(url: str, target: Path, sha256: str, receiver: _Receiver) -> None:
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256}",
            fname=target.name,
            path=str(target.parent),
            downloader=receiver,
            progressbar=False,
        )
    finally:
        logger.setLevel(level)


class _Receiver:
    """Pooch's downloader into a file that takes no more than it should."""

    def __init__(
        self, url: str, target: Path, size: int, progress: Callable[[int, int], None] | None
    ) -> None:
        self.url = url
        self.target = target
        self.size = size
        self.progress = progress
        self.done = 0
        self.digest = hashlib.sha256()
        self.until = time.monotonic() + DEADLINE
        self.stream: BinaryIO = io.BytesIO()
        self.response: Any = None

    def __call__(self, url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        from pooch import HTTPDownloader

        get = HTTPDownloader(
            chunk_size=_PIECE,
            timeout=PATIENCE,
            allow_redirects=False,
            auth=_nobody,
            hooks={"response": self.look},
            headers={"Accept-Encoding": "identity", "User-Agent": f"proteoclass/{__version__}"},
        )
        with _writing(self.target):
            self.stream = open(output_file, "wb")  # noqa: SIM115 - closed below
        try:
            get(url, self, pooch)
        finally:
            if self.response is not None:
                self.response.close()
            with _writing(self.target):
                self.stream.close()

    def look(self, response: Any, *_: Any, **__: Any) -> None:
        """Refuse an answer by its head."""
        self.response = response
        if 300 <= response.status_code < 400:
            elsewhere = str(response.headers.get("location", ""))[:120]
            raise SystemFailureError(
                f"{self.url}: redirects to {elsewhere!r}, which is not followed; a login page or "
                "a proxy may stand in between: open the address in a browser, or pass --mirror"
            )

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.done += len(piece)
        if self.done > self.size:
            raise InputError(
                f"{self.url}: has more than the {self.size} bytes expected, so it is not the file "
                "that was pinned; nothing was kept; try again, or fetch it from another --mirror"
            )
        if time.monotonic() > self.until:
            raise SystemFailureError(
                f"{self.url}: too slow, {self.done} of {self.size} bytes in {DEADLINE:g} seconds; "
                "nothing was kept; try again on a faster connection"
            )
        self.digest.update(piece)
        with _writing(self.target):
            self.stream.write(piece)
        if self.progress is not None:
            self.progress(self.done, self.size)

    def flush(self) -> None:
        """Do nothing: pooch flushes after each piece, and the file is flushed when closed."""

    def found(self) -> str:
        """Return the start of the hash of what came."""
        return self.digest.hexdigest()[:12]

    def cut_short(self) -> bool:
        """Say whether an answer of no declared length ended early."""
        declared = None if self.response is None else self.response.headers.get("content-length")
        return declared is None and self.done < self.size

    def broke_off(self) -> str:
        """Say how far it came."""
        return (
            f"the connection broke off after {self.done} of {self.size} bytes; nothing was kept; "
            "try again"
        )

    def why(self, error: OSError) -> str:
        """Say what went wrong on the way, and what to do."""
        response = getattr(error, "response", None)
        if response is not None:
            return (
                f"the source answers {response.status_code} {response.reason}; try again later, "
                "or fetch it from another --mirror"
            )
        if "Timeout" in type(error).__name__:
            return f"no answer within {PATIENCE:g} seconds; nothing was kept; try again"
        if self.response is not None:
            return self.broke_off()
        return (
            f"cannot be reached ({type(error).__name__}); check the address, the network and any "
            "proxy (HTTPS_PROXY), or fetch it from a --mirror"
        )


def _nobody(request: Any) -> Any:
    # Without this, a password kept for the host in ~/.netrc would be sent.
    return request


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Name failures to write here, lest they pass for failures of the network."""
    try:
        yield
    except OSError as error:
        raise SystemFailureError(
            f"{target.name}: cannot be written ({error.strerror or error}); nothing was kept; "
            "free space on the disk or choose another folder with -o"
        ) from error
