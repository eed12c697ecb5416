"""Where an HDF5 file keeps text of any length, checked before libhdf5 walks through it."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import BinaryIO

from proteoclass.errors import InputError

#: Bytes of memory for all text of a file, where the file itself is not larger.
MAX_TEXT = 1 << 28
#: What Python spends on a text besides its characters.
_TEXT_OBJECT = 50

_START = b"GCOL\x01\0\0\0"
_HEADER = struct.Struct("<HHIQ")


@dataclass(eq=False)
class TextBudget:
    """Memory that text of a file may still take.

    Text of any length stands in a file once, but any number of cells, in any number of
    datasets, can point to it: a small file would fill the memory.

    Parameters
    ----------
    left : int
        Bytes.
    longest : int
        Bytes that a single text of the file can have.
    """

    left: int
    longest: int

    def spend(self, texts: list[str], where: str) -> None:
        """Take what texts need.

        Raises
        ------
        InputError
            If there is less.
        """
        self.left -= sum(map(len, texts)) + _TEXT_OBJECT * len(texts)
        if self.left < 0:
            raise InputError(
                f"{where}: the text of the file takes more than {MAX_TEXT} bytes; drop text"
            )


def longest_text(stream: BinaryIO, where: str) -> int:
    """Return how many bytes the longest text of a file can have.

    Parameters
    ----------
    stream : binary stream
        Of a file on the disk that is not empty.
    where : str
        Its name, for messages.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If the texts do not follow each other to the end of their heap.

    Notes
    -----
    The layout is that of the global heap in
    https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html: after the signature and
    the size of the collection come objects, each with its index, its size, and its bytes up to
    a multiple of 8; index 0 is the space that is free. libhdf5 steps from one to the next
    without looking: where a wrong bit makes a step of nothing, it never returns
    (https://github.com/HDFGroup/hdf5/issues/1707).
    """
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        longest, place = 0, data.find(_START)
        while place >= 0:
            longest = max(longest, _longest_of(data, place, where))
            place = data.find(_START, place + len(_START))
    return longest


def _longest_of(data: mmap.mmap, start: int, where: str) -> int:
    end = start + int.from_bytes(data[start + 8 : start + 16], "little")
    longest, place = 0, start + 16
    while place + _HEADER.size <= end:
        if end > len(data):
            break
        index, _, _, size = _HEADER.unpack_from(data, place)
        step = size if index == 0 else _HEADER.size + (size + 7) // 8 * 8
        if step < _HEADER.size or place + step > end:
            break
        if index:
            longest = max(longest, size)
        place += step
    else:
        return longest
    raise InputError(
        f"{where}: damaged HDF5 file (text at byte {place} does not end where the next begins); "
        "write it again"
    )
