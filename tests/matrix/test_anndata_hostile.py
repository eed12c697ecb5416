"""AnnData files that are damaged or crafted: one line, nothing followed, nothing unpacked."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from h5ad_layout import (
    TEXT,
    attribute,
    both,
    column,
    h5ad,
    mark,
    names_of_columns,
    ours,
    read_apart,
    replaced,
    sparse,
    with_column,
)

from proteoclass.errors import InputError
from proteoclass.matrix.formats.anndata_read import read
from proteoclass.matrix.formats.quantities import Request
from proteoclass.matrix.read import read_matrix
from proteoclass.matrix.tables.preview import look_at


def found_in(path):
    return read(Request(look_at(path)))


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
    """A result or one line, whatever byte is changed: 120 of them, drawn by a fixed seed."""
    path = h5ad(tmp_path / "a.h5ad", gene=["ALB", "CST3"])
    whole = path.read_bytes()
    paths = []
    for place in map(int, np.random.default_rng(7).choice(len(whole), 120, replace=False)):
        paths.append(tmp_path / f"{place}.h5ad")
        changed = bytes([whole[place] ^ 0xFF])
        paths[-1].write_bytes(whole[:place] + changed + whole[place + 1 :])
    found = read_apart(paths)
    assert len(found) == 120
    right = [told for told, _ in found if told == "2 samples"]
    assert 0 < len(right) < 120
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
