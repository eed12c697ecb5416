"""How a dataset of an HDF5 file is stored: what would not fit is refused before it is read."""

from __future__ import annotations

import math
import zlib
from typing import Any

from proteoclass.errors import InputError
from proteoclass.matrix.tables.content import MAX_BYTES
from proteoclass.matrix.tables.delimited import MAX_CELLS

#: Bytes of chunks that are kept unpacked, of each dataset: text is read in many small blocks.
CACHE = 1 << 28

# Numbers of the filters, https://github.com/HDFGroup/hdf5/blob/develop/src/H5Zpublic.h.
_GZIP, _SHUFFLE, _CHECKSUM, _LZF = 1, 2, 3, 32000
#: Largest chunk that LZF may unpack, as it cannot be checked beforehand.
_LARGEST_LZF = 1 << 23
_MAX_CHUNKS = 1 << 20
#: What a text of any length takes in a dataset: its length, and the place of its characters.
_TEXT = 16


def check_storage(dataset: Any, where: str, *, is_text: bool) -> None:
    """Refuse a dataset that is too large, or that unpacks to more than it declares.

    Parameters
    ----------
    dataset : h5py.Dataset
    where : str
        File and place in it, for messages.
    is_text : bool

    Raises
    ------
    InputError

    Notes
    -----
    libhdf5 unpacks a chunk to its end, whatever the dataset declares: two megabytes of gzip
    take two gigabytes for six numbers. Each chunk is therefore unpacked here first, up to the
    size that it should have. Only gzip and LZF are read, the two that anndata documents.
    """
    size = _TEXT if is_text and dataset.dtype.kind == "O" else dataset.dtype.itemsize
    cells = math.prod(dataset.shape)
    if cells > MAX_CELLS or cells * size > MAX_BYTES:
        raise InputError(
            f"{where}: has {cells} cells of {size} bytes, at most {MAX_CELLS} cells and "
            f"{MAX_BYTES} bytes are read; write a part of it"
        )
    if not dataset.chunks:
        return
    chunk = math.prod(dataset.chunks) * size
    lengths = zip(dataset.shape, dataset.chunks, strict=True)
    number = math.prod(-(-length // part) for length, part in lengths)
    if number > _MAX_CHUNKS or chunk > (CACHE if is_text else MAX_BYTES):
        raise InputError(
            f"{where}: is stored in {number} chunks of {chunk} bytes; write it in chunks of about "
            "1 MB"
        )
    _check_packing(dataset, chunk, where)


def _check_packing(dataset: Any, chunk: int, where: str) -> None:
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(i)[0] for i in range(plan.get_nfilters())]
    packed_by = next((each for each in filters if each in (_GZIP, _LZF)), None)
    # In one order and once each, or packed data could be packed again.
    if filters != [each for each in (_SHUFFLE, packed_by, _CHECKSUM) if each in filters]:
        raise InputError(
            f"{where}: is stored with the HDF5 filters {filters}; write it with gzip or none"
        )
    if packed_by == _LZF and chunk > _LARGEST_LZF:
        raise InputError(
            f"{where}: its LZF chunks have {chunk} bytes, at most {_LARGEST_LZF} are read; write "
            "it with gzip"
        )
    if packed_by == _GZIP:
        _check_gzip(dataset, chunk, filters.index(_GZIP), where)


def _check_gzip(dataset: Any, chunk: int, position: int, where: str) -> None:
    places: list[tuple[int, ...]] = []
    dataset.id.chunk_iter(lambda stored: places.append(stored.chunk_offset))
    for place in places:
        skipped, packed = dataset.id.read_direct_chunk(place)
        if skipped >> position & 1:
            continue
        if len(zlib.decompressobj().decompress(packed, chunk + 1)) > chunk:
            raise InputError(
                f"{where}: a chunk of {chunk} bytes unpacks to more; write the file again"
            )
