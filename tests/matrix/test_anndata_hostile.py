"""AnnData files that are damaged or crafted: one line, nothing followed, nothing unpacked."""

import json
import os
import re
import subprocess
import sys
import zlib

import h5py
import numpy as np
import pytest
from h5ad_layout import TEXT, column, h5ad, mark, parts, put

from proteoclass.errors import InputError
from proteoclass.matrix.formats.anndata_read import read
from proteoclass.matrix.formats.anndata_write import write_anndata
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.protein_matrix import ProteinMatrix
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import look_at

READER = """
import json, resource, sys
from proteoclass.matrix.read import read_matrix
for line in sys.stdin:
    try:
        told = f"{read_matrix(json.loads(line)).n_samples} samples"
    except BaseException as error:
        told = f"{type(error).__name__}: {error}"
    print(json.dumps([told, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]), flush=True)
"""


def read_apart(paths):
    """Read in a process that may crash; return what came of each file, and the memory in kB."""
    run = subprocess.run(
        [sys.executable, "-c", READER],
        input="".join(f"{json.dumps(str(path))}\n" for path in paths),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-500:]
    return [json.loads(line) for line in run.stdout.splitlines()]


def found_in(path):
    return read(Request(look_at(path)))


def replaced(place, cells, **attributes):
    def change(file):
        if place in file:
            del file[place]
        file[place] = cells
        file[place].attrs.update(attributes)

    return change


def with_column(name, cells, encoding=None):
    def change(file):
        column(file["obs"], name)
        if encoding is None:
            file["obs"][name] = cells
        else:
            parts(file["obs"], name, *encoding.split(), **cells)

    return change


def sparse(shape, *, data=(1.0,), indices=(0,), indptr=(0, 1, 1)):
    def change(file):
        arrays = {"data": data, "indices": indices, "indptr": indptr}
        told = {name: np.array(cells) for name, cells in arrays.items()}
        parts(file, "X", "csr_matrix", **told).attrs["shape"] = shape

    return change


def ours(**told):
    """`uns` as we write it, with something changed."""

    def change(file):
        given = {"layout": 1, "scale": "raw", "kind": "intensity", "quantity_scope": "run"}
        given |= {"fluid": "urine", **told}
        group = file.create_group("uns/proteoclass")
        for name, value in given.items():
            group[name] = value
        group["notes"] = np.array(["Read."], dtype=TEXT)
        group.create_group("renamed_obs")["names2"] = "day"
        group.create_group("renamed_var")

    return change


def attribute(place, **attributes):
    return lambda file: file[place].attrs.update(attributes)


def names_of_columns(*names):
    return lambda file: file["obs"].attrs.create("column-order", list(names), dtype=TEXT)


def both(*changes):
    return lambda file: [change(file) for change in changes]


def kind_of_lists(file):
    """As one wrong bit makes it of text; h5py crashed on what it then read."""
    file["X"].attrs.pop("encoding-type")
    lists, scalar = h5py.h5t.vlen_create(h5py.h5t.NATIVE_UINT8), h5py.h5s.create(h5py.h5s.SCALAR)
    h5py.h5a.create(file["X"].id, b"encoding-type", lists, scalar)


CODES = {"codes": [0, 1], "categories": ["a"]}
MASK = {"values": [1, 2], "mask": [1, 0]}
DAMAGED = {
    "no X": (lambda file: file.pop("X"), "no matrix X; found none"),
    "no obs": (lambda file: file.pop("obs"), "an HDF5 file without obs; expected an AnnData file"),
    "text in X": (replaced("X", [["a", "b"]] * 2), "/X: holds text, expected numbers"),
    "a number for a scale": (ours(scale=2.0), "scale: holds float64, expected text; write it"),
    "truth in X": (replaced("X", np.ones((2, 2), bool)), "/X: holds truth values, expected"),
    "complex in X": (replaced("X", np.ones((2, 2), complex)), "/X: holds complex128, expected"),
    "one dimension": (replaced("X", np.ones(4)), r"/X: has the shape \(4,\), expected samples x"),
    "empty X": (replaced("X", h5py.Empty("f")), "/X: holds nothing, expected an array"),
    "X is a type": (replaced("X", np.dtype("f8")), "/X: is a type, expected an array or a group"),
    "X of a future kind": (attribute("X", **{"encoding-type": "dask"}), "encoding 'dask 0.2.0'"),
    "too long": (replaced("X", np.ones((3, 2))), "X has 3 x 2 cells, expected 2 samples of obs"),
    "a kind that is no text": (
        kind_of_lists,
        "/X: attribute 'encoding-type' is neither text nor a number",
    ),
    "sparse without shape": (
        both(sparse((2, 2)), lambda file: file["X"].attrs.pop("shape")),
        r"/X: has the shape \(\), expected",
    ),
    "sparse, negative": (sparse((-2, -2)), r"has the shape \(-2, -2\)"),
    "sparse, out of itself": (sparse((2, 2), indices=(2,)), "parts of the sparse matrix do not"),
    "sparse, before itself": (sparse((2, 2), indices=(-1,)), "of the sparse matrix do not fit"),
    "sparse, falling": (
        sparse((2, 2), data=(1.0, 2.0), indices=(0, 1), indptr=(0, 3, 2)),
        "do not fit",
    ),
    "sparse, cut": (sparse((2, 2), indptr=(0, 1)), "do not fit"),
    "sparse, fractions": (sparse((2, 2), indices=(0.5,)), "do not fit"),
    "sparse, no indptr": (
        both(sparse((2, 2)), lambda file: file["X"].pop("indptr")),
        "/X: lacks 'indptr'",
    ),
    "old obs": (
        replaced("obs", np.zeros(2, dtype=[("index", "i4"), ("day", "f8")])),
        "obs is no table, as anndata wrote it before 0.7",
    ),
    "obs no frame": (attribute("obs", **{"encoding-type": "dict"}), "/obs: encoding 'dict 0.2.0'"),
    "obs without its index": (lambda file: file["obs"].pop("names"), "/obs: lacks 'names'"),
    "no such column": (lambda file: file["obs"].pop("day"), "/obs: lacks 'day'"),
    "column twice": (names_of_columns("day", "day"), "/obs: names day twice among its columns"),
    "column elsewhere": (names_of_columns("/X"), "/obs: lacks '/X'"),
    "column above": (names_of_columns("../X"), r"/obs: lacks '\.\./X'"),
    "column is the table": (names_of_columns("."), r"/obs: lacks '\.'"),
    "column too long": (replaced("obs/day", np.ones(3)), "/obs/day: has 3 cells, expected 2 as in"),
    "column of two dimensions": (replaced("obs/day", np.ones((2, 2))), "/obs/day: has 2 dim"),
    "column of an unknown kind": (
        attribute("obs/day", **{"encoding-type": "awkward", "encoding-version": "9"}),
        "/obs/day: encoding 'awkward 9' is not read",
    ),
    "column of records": (
        replaced("obs/day", np.zeros(2, dtype=[("a", "i4")])),
        r"/obs/day: holds \[\('a', '<i4'\)\], expected numbers",
    ),
    "text that is not UTF-8": (
        replaced("obs/day", np.array([b"caf\xe9", b"x"])),
        r"/obs/day: holds text that is not UTF-8 \(.*caf.xe9",
    ),
    "codes out of the categories": (
        with_column("new", CODES, "categorical 0.2.0"),
        "its codes do not fit its 1 categories",
    ),
    "codes of fractions": (
        with_column("new", CODES | {"codes": [0.0, 0.0]}, "categorical 0.2.0"),
        "its codes do not fit its 1 categories",
    ),
    "mask of numbers": (
        with_column("new", MASK, "nullable-integer 0.1.0"),
        "/obs/new: its mask does not fit its values",
    ),
    "mask too short": (
        with_column("new", MASK | {"mask": [True]}, "nullable-integer 0.1.0"),
        "its mask does not fit its values",
    ),
    "a table in a table": (with_column("new", {}, "dataframe 0.2.0"), "'dataframe 0.2.0' is not"),
    "a table in itself": (
        both(names_of_columns("new"), lambda file: file["obs"].update({"new": file["obs"]})),
        "/obs/new: encoding 'dataframe 0.2.0' is not read",
    ),
    "layers no group": (replaced("layers", np.ones(2)), "/layers: is an array, expected a group"),
    "scale": (ours(scale="log10"), r"uns\['proteoclass'\] says scale 'log10', expected one of raw"),
    "a later layout": (ours(layout=2), r"uns\['proteoclass'\] has layout 2, expected 1; read it"),
    "no layout": (replaced("uns/proteoclass/scale", "raw"), "/uns/proteoclass: lacks 'layout'"),
    "renamed alike": (
        both(ours(), with_column("names2", np.ones(2))),
        "/obs: uns.'proteoclass'. gives two columns one name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_what_does_not_fit_the_format_is_refused(tmp_path, name):
    change, message = DAMAGED[name]
    with pytest.raises(InputError, match=message) as caught:
        read_matrix(h5ad(tmp_path / "a.h5ad", change=change))
    assert str(caught.value).startswith(str(tmp_path / "a.h5ad"))


def test_a_file_cut_short_is_refused_and_so_is_a_sheet(tmp_path):
    path = h5ad(tmp_path / "a.h5ad")
    with pytest.raises(InputError, match=r"has no sheet 'A'; drop --sheet"):
        read_matrix(path, sheet="A")
    whole = path.read_bytes()
    for length in (100, len(whole) // 2, len(whole) - 100):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="damaged HDF5 file"):
            read_matrix(path)


def test_any_byte_may_be_wrong(tmp_path):
    """A result or one line, whatever byte is changed: 200 of them, drawn by a fixed seed."""
    path = h5ad(tmp_path / "a.h5ad", gene=["ALB", "CST3"])
    whole = path.read_bytes()
    paths = []
    for place in map(int, np.random.default_rng(7).choice(len(whole), 200, replace=False)):
        paths.append(tmp_path / f"{place}.h5ad")
        changed = bytes([whole[place] ^ 0xFF])
        paths[-1].write_bytes(whole[:place] + changed + whole[place + 1 :])
    found = read_apart(paths)
    assert len(found) == 200
    right = [told for told, _ in found if told == "2 samples"]
    assert 0 < len(right) < 200
    assert all(told == "2 samples" or told.startswith("InputError: ") for told, _ in found)


@pytest.mark.parametrize("step", [0, 8, 2**40, 2**64 - 16])
def test_texts_that_do_not_follow_each_other_are_not_walked(tmp_path, step):
    """libhdf5 2.0 does not return from a heap whose free space has no length."""
    path = h5ad(tmp_path / "a.h5ad")
    whole = bytearray(path.read_bytes())
    place = whole.index(b"GCOL")
    end = place + int.from_bytes(whole[place + 8 : place + 16], "little")
    at = place + 16
    while int.from_bytes(whole[at : at + 2], "little"):  # an object: its bytes in steps of 8
        at += 16 + -(-int.from_bytes(whole[at + 8 : at + 16], "little") // 8) * 8
    assert int.from_bytes(whole[at + 8 : at + 16], "little") == end - at
    whole[at + 8 : at + 16] = step.to_bytes(8, "little")
    path.write_bytes(whole)
    [(told, _)] = read_apart([path])
    assert f"damaged HDF5 file (text at byte {at} does not end where the next begins)" in told


def test_addresses_of_other_sizes_are_refused(tmp_path):
    plan = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    plan.set_sizes(4, 4)
    h5py.h5f.create(str(tmp_path / "a.h5ad").encode(), fcpl=plan).close()
    with pytest.raises(InputError, match="addresses that are not of 64 bits"):
        read_matrix(tmp_path / "a.h5ad")


class TestNothingLeadsOutOfTheFile:
    """The other file exists and holds the very matrix, and is not opened."""

    @pytest.fixture
    def opened(self, tmp_path, monkeypatch):
        with h5py.File(tmp_path / "other.h5", "w") as file:
            file["X"], file["day"] = np.ones((2, 2)), np.ones(2)
            file.create_group("obs")
        (tmp_path / "other.raw").write_bytes(np.ones(4).tobytes())
        monkeypatch.chdir(tmp_path)

    @pytest.mark.parametrize("place", ["X", "obs", "obs/day", "obs/names", "layers", "uns"])
    @pytest.mark.parametrize("other", ["other.h5", "absent.h5"])
    def test_external_links(self, tmp_path, opened, place, other):
        def change(file):
            if place in file:
                del file[place]
            file[place] = h5py.ExternalLink(other, "/" + place.rpartition("/")[2])

        with pytest.raises(InputError, match=f"a.h5ad, /{place}: is a link, which is not followed"):
            found_in(h5ad(tmp_path / "a.h5ad", change=change))

    @pytest.mark.parametrize("target", ["/var", "/nowhere", "/away/obs"])
    def test_soft_links(self, tmp_path, opened, target):
        def change(file):
            del file["obs"]
            file["away"] = h5py.ExternalLink("other.h5", "/")
            file["obs"] = h5py.SoftLink(target)

        with pytest.raises(InputError, match="/obs: is a link, which is not followed"):
            found_in(h5ad(tmp_path / "a.h5ad", change=change))

    def test_no_other_file_is_opened(self, tmp_path, opened):
        """Seen by the system: strace's place is taken by a pipe that blocks who opens it."""
        os.mkfifo(tmp_path / "pipe.h5")
        path = h5ad(
            tmp_path / "a.h5ad",
            change=both(
                lambda file: file.pop("X"),
                lambda file: file.update({"X": h5py.ExternalLink("pipe.h5", "/X")}),
            ),
        )
        code = (
            "from proteoclass.matrix.read import read_matrix\n"
            f"try: read_matrix({str(path)!r})\n"
            "except ValueError as error: print(error)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
        )
        assert "is a link" in run.stdout

    def test_storage_elsewhere(self, tmp_path, opened):
        def change(file):
            del file["X"]
            file.create_dataset("X", (2, 2), float, external=[("other.raw", 0, 32)])

        with pytest.raises(InputError, match="/X: is stored in another file"):
            found_in(h5ad(tmp_path / "a.h5ad", change=change))

    def test_virtual_datasets(self, tmp_path, opened):
        def change(file):
            del file["X"]
            layout = h5py.VirtualLayout((2, 2), float)
            layout[...] = h5py.VirtualSource("other.h5", "X", (2, 2))
            file.create_virtual_dataset("X", layout)

        with pytest.raises(InputError, match="/X: is stored in another file"):
            found_in(h5ad(tmp_path / "a.h5ad", change=change))

    @pytest.mark.parametrize("kind", [h5py.ref_dtype, h5py.regionref_dtype])
    def test_references(self, tmp_path, kind):
        def change(file):
            column(file["obs"], "new")
            file["obs"].create_dataset("new", (2,), kind)

        with pytest.raises(InputError, match="/obs/new: holds references, expected numbers"):
            found_in(h5ad(tmp_path / "a.h5ad", change=change))

    def test_categories_that_are_referred_to_are_looked_up_by_name(self, tmp_path):
        def change(file):
            file["secret"] = np.array(["one", "two"], dtype=TEXT)
            del file["obs/day"]
            file["obs/day"] = np.array([0, 1], dtype=np.int8)
            file["obs/day"].attrs["categories"] = file["secret"].ref

        with pytest.raises(InputError, match="/obs: lacks '__categories'"):
            found_in(h5ad(tmp_path / "a.h5ad", change=change))


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
            with_column("new", CODES, "categorical 0.2.0"),
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


def test_deep_groups_are_not_walked(tmp_path):
    """2,000 groups in each other where a column should stand, and where nobody looks."""

    def change(file):
        column(file["obs"], "deep")
        for top in (file["obs"].create_group("deep"), file.create_group("uns")):
            group = top
            for _ in range(2_000):
                group = mark(group.create_group("g"), "nullable-integer", "0.1.0")
        mark(file["obs/deep"], "nullable-integer", "0.1.0")

    path = h5ad(tmp_path / "a.h5ad", change=change)
    with pytest.raises(InputError, match="/obs/deep: lacks 'values'"):
        found_in(path)
    with h5py.File(path, "r+") as file:
        names_of_columns("day")(file)
    assert found_in(path).values.shape == (2, 2)


def test_too_many_cells_are_refused(tmp_path, monkeypatch):
    import pandas as pd

    matrix = ProteinMatrix.build(
        pd.DataFrame(np.ones((2, 3)), ["a", "b"], list("xyz")), scale="log2"
    )
    path = write_anndata(matrix, tmp_path / "a.h5ad")
    monkeypatch.setattr("proteoclass.matrix.formats.anndata_elements.MAX_CELLS", 5)
    with pytest.raises(InputError, match="/X: has 2 x 3 cells, at most 5 are read"):
        read_matrix(path)
