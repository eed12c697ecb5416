"""What a file's bytes are, whatever its name says, and the UTF-8 text in them."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proteoclass.errors import InputError, SystemFailureError

#: Largest table file that is read into memory, and largest text after unpacking.
MAX_BYTES = 1 << 30
_PIECE = 1 << 20
#: First bytes of the binary formats that are read.
GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"
HDF5_MAGIC = b"\x89HDF"
#: Byte order marks of UTF-16 and UTF-32.
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)

_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (PARQUET_MAGIC, "a Parquet file"),
    (HDF5_MAGIC, "an HDF5 file (perhaps .h5ad)"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls); save it as .xlsx"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"RDX", "an R data file"),
    (b"{\\rtf", "a rich-text document"),
)
_MARKUP = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b'{"', "a JSON document"),
)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a file of bounded size.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bytes

    Raises
    ------
    InputError
        If there is no such file, it is a folder, a pipe or a device, it is empty or larger
        than 1 GiB.
    SystemFailureError
        If the operating system refuses.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     _ = target.write_bytes(b"x")
    ...     read_bytes(target)
    b'x'
    """
    with open_binary(path) as stream:
        if os.fstat(stream.fileno()).st_size > MAX_BYTES:
            raise InputError(
                f"{path}: has more than {MAX_BYTES} bytes, the most read; split the table"
            )
        data = stream.read()
    if not data or data.isspace():
        raise InputError(f"{path}: is empty, a table was expected; export it again")
    return data


@contextmanager
def open_binary(path: str | os.PathLike[str]) -> Iterator[io.BufferedReader]:
    """Open a file of any size for reading.

    Parameters
    ----------
    path : path-like

    Yields
    ------
    binary stream

    Raises
    ------
    InputError
        If there is no such file, or it is a folder, a pipe or a device.
    SystemFailureError
        If the operating system refuses.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "a.tsv"
    ...     _ = target.write_bytes(b"xyz")
    ...     with open_binary(target) as stream:
    ...         stream.read(2)
    b'xy'
    """
    target = Path(path)
    try:
        kind = target.stat().st_mode
        if stat.S_ISDIR(kind):
            raise InputError(f"{path}: is a folder, a file was expected; name the file in it")
        # Opening a pipe may wait for ever, a device may never end, and neither is read twice.
        if not stat.S_ISREG(kind):
            raise InputError(
                f"{path}: is a pipe or a device, a file was expected; write it to a file first"
            )
        stream = target.open("rb")
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name and the folder") from error
    except (OSError, ValueError) as error:
        raise SystemFailureError(
            f"{path}: cannot be read ({error}); check its permissions"
        ) from error
    try:
        with stream:
            yield stream
    except OSError as error:
        raise SystemFailureError(
            f"{path}: cannot be read to its end ({error.strerror or error}); check the disk"
        ) from error


def is_workbook(data: bytes) -> bool:
    """Say whether bytes are a zip archive that holds an Excel workbook.

    Examples
    --------
    >>> is_workbook(b"sample_id,P1")
    False
    """
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.startswith("xl/workbook") for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False  # a name that is no text is a ValueError


def table_text(data: bytes, where: str) -> tuple[bytes, tuple[str, ...]]:
    r"""Turn the bytes of a text table into plain UTF-8 with ``\n`` line ends.

    Gzip is unpacked (within the size limit), a byte order mark is obeyed and removed,
    UTF-16 without a mark is recognised, and what is not UTF-8 is read as Windows-1252
    and said so.

    Parameters
    ----------
    data : bytes
        The file as read.
    where : str
        Its name, for messages.

    Returns
    -------
    text : bytes
        UTF-8.
    notes : tuple of str
        What was assumed.

    Raises
    ------
    InputError
        If the content is not text: the message names what it looks like.

    Examples
    --------
    >>> table_text("\ufeffid\r\nµ".encode("utf-16"), "a.tsv")[0].decode()
    'id\nµ'
    """
    if data.startswith(GZIP_MAGIC):
        data = _unzipped(data, where)
    _refuse_binary(data, where)
    text, notes = _decoded(data, where)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if b"\r" in text:
        # A lone carriage return ends a line only in files of the classic Mac kind.
        text = text.replace(b"\r", b" " if b"\n" in text else b"\n")
    if not text or text.isspace():
        raise InputError(f"{where}: is empty, a table was expected; export it again")
    return text, notes


def _unzipped(data: bytes, where: str) -> bytes:
    text = io.BytesIO()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            # All at once would take the memory of the largest text for the smallest.
            while text.tell() <= MAX_BYTES and (piece := stream.read(_PIECE)):
                text.write(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{where}: damaged gzip file ({error}); copy it again") from error
    if text.tell() > MAX_BYTES:
        raise InputError(f"{where}: unpacks to more than {MAX_BYTES} bytes; split the table")
    return text.getvalue()


def _refuse_binary(data: bytes, where: str) -> None:
    kind = next((name for magic, name in _MAGIC if data.startswith(magic)), "")
    if data.startswith(b"PK\x03\x04"):
        kind = "a zip archive without an Excel workbook in it"
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = kind or next((name for magic, name in _MARKUP if start.startswith(magic)), "")
    if kind:
        raise InputError(
            f"{where}: looks like {kind}, expected a TSV, CSV or XLSX table; "
            "export the table again or correct the file name"
        )


def _decoded(data: bytes, where: str) -> tuple[bytes, tuple[str, ...]]:
    encoding = _utf16_kind(data)
    if encoding:
        try:
            return data.decode(encoding).lstrip("\ufeff").encode("utf-8"), ()
        except UnicodeError as error:
            raise InputError(f"{where}: damaged UTF-16 text ({error}); save it as UTF-8") from error
    if b"\x00" in data:
        raise InputError(
            f"{where}: looks like a binary file, expected a TSV, CSV or XLSX table; "
            "export the table again"
        )
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.isascii():
        return data, ()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if any(byte < 9 or 13 < byte < 32 for byte in data[:4096]):
            raise InputError(
                f"{where}: looks like a binary file, expected a TSV, CSV or XLSX table; "
                "export the table again"
            ) from None
        text = data.decode("cp1252", errors="replace").encode("utf-8")
        return text, ("The text is not UTF-8; it was read as Windows-1252.",)
    return data, ()


def _utf16_kind(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Latin text in UTF-16 without a mark has a zero in every second byte.
    start = data[:4096]
    if len(start) < 8 or len(data) % 2:
        return ""
    if start[1::2].count(0) > 0.9 * len(start[1::2]) and not start[::2].count(0):
        return "utf-16-le"
    if start[::2].count(0) > 0.9 * len(start[::2]) and not start[1::2].count(0):
        return "utf-16-be"
    return ""
