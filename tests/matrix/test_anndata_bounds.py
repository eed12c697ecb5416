"""AnnData files larger than they look: refused in one line, before they fill the memory."""

import re
import zlib

import h5py
import numpy as np
import pandas as pd
import pytest
from h5ad_layout import (
    TEXT,
    attribute,
    both,
    column,
    h5ad,
    mark,
    names_of_columns,
    put,
    read_apart,
    sparse,
    with_column,
)

from proteoclass.errors import InputError
from proteoclass.matrix.formats.anndata_write import write_anndata
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.read import read_matrix


def bomb(dataset):
    """Put half a gigabyte into a chunk of a few bytes."""
    packer = zlib.compressobj(9)
    zeros = bytes(1 << 20)
    content = b"".join(packer.compress(zeros) for _ in range(512)) + packer.flush()
    dataset.id.write_direct_chunk((0,) * dataset.ndim, content)


def twice_packed(file):
    """Gzip in gzip: half a megabyte of them would unpack to 500 GB."""
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((2, 2))
    plan.set_deflate(9)
    plan.set_deflate(9)
    del file["X"]
    space = h5py.h5s.create_simple((2, 2))
    h5py.h5d.create(file.id, b"X", h5py.h5t.NATIVE_DOUBLE, space, plan)


def declared(place, shape, kind=float, **storage):
    def change(file):
        if place in file:
            del file[place]
        file.create_dataset(place, shape, kind, **storage)

    return change


def text_that_is_shared(file):
    """Each of 6,000 samples carries the same 100 kB: plain in the file once."""
    number = 6_000
    put(file, "X", np.ones((number, 2)))
    put(file["obs"], "names", [f"s{i}" for i in range(number)])
    put(file["obs"], "day", np.ones(number))
    column(file["obs"], "note")
    note = file["obs"].create_dataset("note", (number,), TEXT, fillvalue="x" * 100_000)
    mark(note, "string-array")


TOO_MUCH = {
    "a declared giant": (declared("X", (10**9, 10**9)), "/X: has 1000000000 x 1000000000 cells"),
    "a giant in chunks": (
        declared("X", (10**6, 10**3), chunks=(1000, 1000), compression="gzip"),
        "/X: has 1000000 x 1000 cells, at most 48000000 are read",
    ),
    "a sparse giant": (sparse((10**6, 10**6)), "/X: has 1000000 x 1000000 cells, at most"),
    "a giant of data in a small sparse matrix": (
        both(sparse((2, 2)), declared("X/data", (10**9,), chunks=(10**6,))),
        "/X/data: has 1000000000 cells of 8 bytes",
    ),
    "a long column": (declared("obs/day", (10**9,)), "/obs/day: has 1000000000 cells, expected 2"),
    "a long index": (declared("obs/names", (10**9,)), "expected 1000000000 samples of obs"),
    "many categories": (
        both(
            with_column("new", {"codes": [0, 1], "categories": ["a"]}, "categorical 0.2.0"),
            declared("obs/new/categories", (10**8,), TEXT, chunks=(10**6,)),
        ),
        "/obs/new/categories: has 100000000 cells of 16 bytes",
    ),
    "wide text": (
        declared("obs/day", (2,), "S1000000000", chunks=(1,), compression="gzip"),
        "/obs/day: has 2 cells of 1000000000 bytes, at most 48000000 cells and 1073741824 bytes",
    ),
    "a chunk larger than all": (
        declared("X", (2, 2), chunks=(20_000, 20_000), maxshape=(None, None), compression="gzip"),
        "/X: is stored in 1 chunks of 3200000000 bytes; write it in chunks",
    ),
    "a chunk for each cell": (
        both(
            declared("obs/names", (1100,)), declared("var/names", (1100,)),
            declared("X", (1100, 1100), chunks=(1, 1)), names_of_columns(),
        ),
        "/X: is stored in 1210000 chunks of 8 bytes",
    ),
    "a bomb": (
        both(
            declared("X", (2, 2), chunks=(2, 2), compression="gzip"),
            lambda file: bomb(file["X"]),
        ),
        "/X: a chunk of 32 bytes unpacks to more",
    ),
    "a bomb of text": (
        both(
            declared("obs/day", (2,), TEXT, chunks=(2,), compression="gzip"),
            lambda file: bomb(file["obs/day"]),
        ),
        "/obs/day: a chunk of 32 bytes unpacks to more",
    ),
    "a bomb in a bomb": (twice_packed, r"/X: is stored with the HDF5 filters \[1, 1\]"),
    "another filter": (
        declared("X", (2, 2), "i4", chunks=(2, 2), scaleoffset=4),
        r"/X: is stored with the HDF5 filters \[6\]; write it with gzip or none",
    ),
    "large LZF": (
        declared("X", (2, 2), chunks=(2000, 2000), maxshape=(None, None), compression="lzf"),
        "/X: its LZF chunks have 32000000 bytes, at most 8388608",
    ),
    "text that is shared": (text_that_is_shared, "the text of the file takes more than 268435456"),
    "a long attribute": (
        both(
            lambda file: file.pop("obs"), lambda file: file.create_group("obs", track_order=True),
            attribute("obs", **{"encoding-type": "dataframe", "encoding-version": "0.2.0"}),
            attribute("obs", **{"_index": np.array(b"x", dtype="S2000000")}),
        ),
        "/obs: attribute '_index' may take 2000000 bytes, more than is read",
    ),
    "an attribute of texts that may be one": (
        names_of_columns("x" * 200_000, *map(str, range(1_999))),
        "/obs: attribute 'column-order' may take 400000000 bytes, more than is read",
    ),
    "wide tables": (
        both(
            sparse((48_000_000, 1)), declared("var/names", (1,), "S2"),
            declared("obs/names", (48_000_000,), "S2"),
        ),
        "/obs: has 48000000 rows x 1 columns, at most 48000000 cells are read; drop columns",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def too_much(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    paths = [h5ad(folder / "small.h5ad")]
    for number, (change, _) in enumerate(TOO_MUCH.values()):
        paths.append(h5ad(folder / f"{number}.h5ad"))
        with h5py.File(paths[-1], "r+", libver="latest") as file:
            change(file)
        assert paths[-1].stat().st_size < 5_000_000
    (_, before), *found = read_apart(paths)
    return {name: (*told, before) for name, told in zip(TOO_MUCH, found, strict=True)}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_large_is_refused_before_it_fills_the_memory(too_much, name):
    told, memory, before = too_much[name]
    assert re.search(f"^InputError: .*{TOO_MUCH[name][1]}", told), told
    assert memory - before < 600_000, "kB, of this file or one before it"


def test_too_many_cells_are_refused(tmp_path, monkeypatch):
    matrix = ProteinMatrix.build(
        pd.DataFrame(np.ones((2, 3)), ["a", "b"], list("xyz")), scale="log2"
    )
    path = write_anndata(matrix, tmp_path / "a.h5ad")
    monkeypatch.setattr("proteoclass.matrix.formats.anndata_elements.MAX_CELLS", 5)
    with pytest.raises(InputError, match="/X: has 2 x 3 cells, at most 5 are read"):
        read_matrix(path)
